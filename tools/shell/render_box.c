/* box and markdown: columns as wide as their widest cell, counted in terminal columns. */
#include "tools/shell/render.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static void no_begin(Render *render) {
    (void)render;
}
static void no_end_row(Render *render) {
    (void)render;
}

static void keep(Render *render, uint32_t column, const char *text, size_t bytes) {
    (void)column;
    if (!render_keep_cell(render, text, bytes)) {
        render_keep_cell(render, NULL, 0);
    }
}

/* Terminal columns of a text; line ends and other controls are shown as one. */
static size_t display_width(const char *text, size_t bytes) {
    size_t width = 0;
    for (size_t at = 0; at < bytes;) {
        utf8proc_int32_t character;
        utf8proc_ssize_t step =
            utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(bytes - at), &character);
        int columns = step <= 0 || character < 0x20 ? 1 : utf8proc_charwidth(character);
        width += columns < 0 ? 0 : (size_t)columns;
        at += step <= 0 ? 1 : (size_t)step;
    }
    return width;
}

static void write_shown(FILE *out, const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        fputc((unsigned char)text[i] < 0x20 ? ' ' : text[i], out);
    }
}

static void write_padded(FILE *out, const char *text, size_t bytes, size_t width, bool to_right) {
    int padding = (int)(width - display_width(text, bytes));
    fprintf(out, " %*s", to_right ? padding : 0, "");
    write_shown(out, text, bytes);
    fprintf(out, "%*s ", to_right ? 0 : padding, "");
}

static Cell shown_cell(const Render *render, size_t index) {
    Cell cell = render->cells[index];
    if (cell.text == NULL) {
        cell.text = (char *)render_null(render, "");
        cell.bytes = strlen(cell.text);
    }
    return cell;
}

static size_t *column_widths(const Render *render) {
    size_t *widths = calloc(render->column_count, sizeof *widths);
    for (uint32_t i = 0; widths != NULL && i < render->column_count; i++) {
        widths[i] = render->options.header ? display_width(render->names[i], strlen(render->names[i])) : 0;
        widths[i] = widths[i] < 3 ? 3 : widths[i];
    }
    for (size_t i = 0; widths != NULL && i < render->cell_count; i++) {
        Cell cell = shown_cell(render, i);
        size_t width = display_width(cell.text, cell.bytes);
        size_t *widest = &widths[i % render->column_count];
        *widest = width > *widest ? width : *widest;
    }
    return widths;
}

static void write_rule(const Render *render, const size_t *widths, const char *left, const char *middle, const char *right) {
    for (uint32_t i = 0; i < render->column_count; i++) {
        fputs(i == 0 ? left : middle, render->out);
        for (size_t k = 0; k < widths[i] + 2; k++) {
            fputs("─", render->out);
        }
    }
    fprintf(render->out, "%s\n", right);
}

static void write_rows(const Render *render, const size_t *widths, const char *bar) {
    for (size_t i = 0; i < render->cell_count; i++) {
        uint32_t column = (uint32_t)(i % render->column_count);
        Cell cell = shown_cell(render, i);
        fputs(bar, render->out);
        write_padded(render->out, cell.text, cell.bytes, widths[column], render_type_is_number(render->types[column]));
        if (column + 1 == render->column_count) {
            fprintf(render->out, "%s\n", bar);
        }
    }
}

static void write_header(const Render *render, const size_t *widths, const char *bar) {
    for (uint32_t i = 0; i < render->column_count; i++) {
        fputs(bar, render->out);
        write_padded(render->out, render->names[i], strlen(render->names[i]), widths[i], false);
    }
    fprintf(render->out, "%s\n", bar);
}

static void box_end(Render *render) {
    size_t *widths = column_widths(render);
    if (widths == NULL) {
        return;
    }
    write_rule(render, widths, "┌", "┬", "┐");
    if (render->options.header) {
        write_header(render, widths, "│");
        write_rule(render, widths, "├", "┼", "┤");
    }
    write_rows(render, widths, "│");
    write_rule(render, widths, "└", "┴", "┘");
    if (render->options.footer) {
        fprintf(render->out, "(%llu row%s)\n", (unsigned long long)render->rows, render->rows == 1 ? "" : "s");
    }
    free(widths);
}

/* A bar would end the cell. */
static void markdown_keep(Render *render, uint32_t column, const char *text, size_t bytes) {
    size_t bars = 0;
    for (size_t i = 0; text != NULL && i < bytes; i++) {
        bars += text[i] == '|';
    }
    char *escaped = bars == 0 ? NULL : malloc(bytes + bars);
    if (escaped == NULL) {
        keep(render, column, text, bytes);
        return;
    }
    size_t length = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '|') {
            escaped[length++] = '\\';
        }
        escaped[length++] = text[i];
    }
    keep(render, column, escaped, length);
    free(escaped);
}

static void markdown_end(Render *render) {
    size_t *widths = column_widths(render);
    if (widths == NULL) {
        return;
    }
    write_header(render, widths, "|");
    for (uint32_t i = 0; i < render->column_count; i++) {
        bool is_number = render_type_is_number(render->types[i]);
        fputs("|", render->out);
        for (size_t k = 0; k < widths[i] + 2; k++) {
            fputc(is_number && k == widths[i] + 1 ? ':' : '-', render->out);
        }
    }
    fputs("|\n", render->out);
    write_rows(render, widths, "|");
    free(widths);
}

const RenderFormat box_format = {"box", no_begin, keep, no_end_row, box_end};
const RenderFormat markdown_format = {"markdown", no_begin, markdown_keep, no_end_row, markdown_end};
