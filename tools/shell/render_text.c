/* csv, tsv, line, vertical and insert: one cell after the other. */
#include "tools/shell/render.h"

#include <string.h>

static void no_begin(Render *render) {
    (void)render;
}
static void no_end(Render *render) {
    (void)render;
}
static void end_line(Render *render) {
    fputc('\n', render->out);
}
static void no_end_row(Render *render) {
    (void)render;
}

/* ------------------------------------------------------------------------------------------------------------ csv, tsv */

static void write_csv(FILE *out, const char *text, size_t bytes) {
    if (strcspn(text, ",\"\r\n") == bytes && bytes > 0) {
        fwrite(text, 1, bytes, out);
        return;
    }
    if (bytes == 0) { /* empty text is not NULL */
        fputs("\"\"", out);
        return;
    }
    fputc('"', out);
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '"') {
            fputc('"', out);
        }
        fputc(text[i], out);
    }
    fputc('"', out);
}

static void csv_begin(Render *render) {
    for (uint32_t i = 0; render->options.header && i < render->column_count; i++) {
        fputs(i > 0 ? "," : "", render->out);
        write_csv(render->out, render->names[i], strlen(render->names[i]));
    }
    if (render->options.header) {
        fputc('\n', render->out);
    }
}

static void csv_cell(Render *render, uint32_t column, const char *text, size_t bytes) {
    fputs(column > 0 ? "," : "", render->out);
    if (text == NULL) {
        fputs(render_null(render, ""), render->out);
    } else {
        write_csv(render->out, text, bytes);
    }
}

/* A tab, line end or backslash in a value is written as an escape, so that a line stays a row. */
static void write_tsv(FILE *out, const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        switch (text[i]) {
        case '\t': fputs("\\t", out); break;
        case '\n': fputs("\\n", out); break;
        case '\r': fputs("\\r", out); break;
        case '\\': fputs("\\\\", out); break;
        default: fputc(text[i], out);
        }
    }
}

static void tsv_begin(Render *render) {
    for (uint32_t i = 0; render->options.header && i < render->column_count; i++) {
        fputs(i > 0 ? "\t" : "", render->out);
        write_tsv(render->out, render->names[i], strlen(render->names[i]));
    }
    if (render->options.header) {
        fputc('\n', render->out);
    }
}

static void tsv_cell(Render *render, uint32_t column, const char *text, size_t bytes) {
    fputs(column > 0 ? "\t" : "", render->out);
    if (text == NULL) {
        fputs(render_null(render, ""), render->out);
    } else {
        write_tsv(render->out, text, bytes);
    }
}

const RenderFormat csv_format = {"csv", csv_begin, csv_cell, end_line, no_end};
const RenderFormat tsv_format = {"tsv", tsv_begin, tsv_cell, end_line, no_end};

/* ------------------------------------------------------------------------------------------------------ line, vertical */

static size_t longest_name(const Render *render) {
    size_t longest = 0;
    for (uint32_t i = 0; i < render->column_count; i++) {
        size_t bytes = strlen(render->names[i]);
        longest = bytes > longest ? bytes : longest;
    }
    return longest;
}

static void line_cell(Render *render, uint32_t column, const char *text, size_t bytes) {
    if (column == 0 && render->rows > 0) {
        fputc('\n', render->out);
    }
    fprintf(render->out, "%*s = ", (int)longest_name(render), render->names[column]);
    fwrite(text == NULL ? render_null(render, "") : text, 1, text == NULL ? strlen(render_null(render, "")) : bytes,
           render->out);
    fputc('\n', render->out);
}

static void vertical_cell(Render *render, uint32_t column, const char *text, size_t bytes) {
    if (column == 0) {
        fprintf(render->out, "-[ RECORD %llu ]", (unsigned long long)render->rows + 1);
        for (size_t i = 0; i < 12; i++) {
            fputc('-', render->out);
        }
        fputc('\n', render->out);
    }
    fprintf(render->out, "%-*s | ", (int)longest_name(render), render->names[column]);
    fwrite(text == NULL ? render_null(render, "") : text, 1, text == NULL ? strlen(render_null(render, "")) : bytes,
           render->out);
    fputc('\n', render->out);
}

static void vertical_end(Render *render) {
    if (render->rows == 0) {
        fputs("(0 rows)\n", render->out);
    }
}

const RenderFormat line_format = {"line", no_begin, line_cell, no_end_row, no_end};
const RenderFormat vertical_format = {"vertical", no_begin, vertical_cell, no_end_row, vertical_end};

/* -------------------------------------------------------------------------------------------------------------- insert */

static void insert_cell(Render *render, uint32_t column, const char *text, size_t bytes) {
    fputs(column == 0 ? "INSERT INTO result VALUES (" : ", ", render->out);
    if (text == NULL) {
        fputs("NULL", render->out);
        return;
    }
    bool is_bare = render_type_is_number(render->types[column]) && strspn(text, "0123456789+-.e") == bytes;
    if (is_bare) {
        fwrite(text, 1, bytes, render->out);
        return;
    }
    fputc('\'', render->out);
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '\'') {
            fputc('\'', render->out);
        }
        fputc(text[i], render->out);
    }
    fputc('\'', render->out);
}

static void insert_end_row(Render *render) {
    fputs(");\n", render->out);
}

const RenderFormat insert_format = {"insert", no_begin, insert_cell, insert_end_row, no_end};
