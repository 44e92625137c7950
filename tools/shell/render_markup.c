/* json, jsonl and html. */
#include "tools/shell/render.h"

#include <string.h>

static void write_json_text(FILE *out, const char *text, size_t bytes) {
    fputc('"', out);
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        switch (c) {
        case '"': fputs("\\\"", out); break;
        case '\\': fputs("\\\\", out); break;
        case '\n': fputs("\\n", out); break;
        case '\r': fputs("\\r", out); break;
        case '\t': fputs("\\t", out); break;
        default:
            if (c < 0x20) {
                fprintf(out, "\\u%04x", c);
            } else {
                fputc(c, out);
            }
        }
    }
    fputc('"', out);
}

static void write_json_value(const Render *render, uint32_t column, const char *text, size_t bytes) {
    if (text == NULL) {
        fputs("null", render->out);
    } else if (render->types[column] == DEPOT_BOOLEAN) {
        fputs(text[0] == 't' ? "true" : "false", render->out);
    } else if (render_type_is_number(render->types[column]) && strspn(text, "0123456789+-.e") == bytes) {
        fwrite(text, 1, bytes, render->out);
    } else { /* NaN and Infinity are no JSON numbers */
        write_json_text(render->out, text, bytes);
    }
}

static void write_member(Render *render, uint32_t column, const char *text, size_t bytes) {
    fputs(column == 0 ? "{" : ",", render->out);
    write_json_text(render->out, render->names[column], strlen(render->names[column]));
    fputc(':', render->out);
    write_json_value(render, column, text, bytes);
}

static void json_begin(Render *render) {
    fputc('[', render->out);
}
static void json_cell(Render *render, uint32_t column, const char *text, size_t bytes) {
    if (column == 0) {
        fputs(render->rows == 0 ? "" : ",\n", render->out);
    }
    write_member(render, column, text, bytes);
}
static void json_end_row(Render *render) {
    fputc('}', render->out);
}
static void json_end(Render *render) {
    fputs("]\n", render->out);
}

static void jsonl_begin(Render *render) {
    (void)render;
}
static void jsonl_end_row(Render *render) {
    fputs("}\n", render->out);
}
static void jsonl_end(Render *render) {
    (void)render;
}

const RenderFormat json_format = {"json", json_begin, json_cell, json_end_row, json_end};
const RenderFormat jsonl_format = {"jsonl", jsonl_begin, write_member, jsonl_end_row, jsonl_end};

/* ---------------------------------------------------------------------------------------------------------------- html */

static void write_html(FILE *out, const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        switch (text[i]) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        default: fputc(text[i], out);
        }
    }
}

static void html_begin(Render *render) {
    fputs("<table>\n", render->out);
    for (uint32_t i = 0; render->options.header && i < render->column_count; i++) {
        fputs(i == 0 ? "<tr><th>" : "</th><th>", render->out);
        write_html(render->out, render->names[i], strlen(render->names[i]));
    }
    fputs(render->options.header ? "</th></tr>\n" : "", render->out);
}

static void html_cell(Render *render, uint32_t column, const char *text, size_t bytes) {
    fputs(column == 0 ? "<tr>" : "", render->out);
    fputs(render_type_is_number(render->types[column]) ? "<td align=\"right\">" : "<td>", render->out);
    const char *shown = text == NULL ? render_null(render, "") : text;
    write_html(render->out, shown, text == NULL ? strlen(shown) : bytes);
    fputs("</td>", render->out);
}

static void html_end_row(Render *render) {
    fputs("</tr>\n", render->out);
}
static void html_end(Render *render) {
    fputs("</table>\n", render->out);
}

const RenderFormat html_format = {"html", html_begin, html_cell, html_end_row, html_end};
