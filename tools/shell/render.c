/* Driving a format through a result. */
#include "tools/shell/render.h"

#include <stdlib.h>
#include <string.h>

static const RenderFormat *const formats[] = {&box_format,   &markdown_format, &csv_format,      &tsv_format,  &json_format,
                                              &jsonl_format, &html_format,     &vertical_format, &line_format, &insert_format};

const RenderFormat *render_format_find(const char *name) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(formats[i]->name, name) == 0) {
            return formats[i];
        }
    }
    return NULL;
}

bool render_type_is_number(depot_type type) {
    return type >= DEPOT_SMALLINT && type <= DEPOT_DOUBLE;
}

const char *render_null(const Render *render, const char *own) {
    return render->options.null_text != NULL ? render->options.null_text : own;
}

bool render_keep_cell(Render *render, const char *text, size_t bytes) {
    if (render->cell_count == render->cell_capacity) {
        size_t capacity = render->cell_capacity == 0 ? 256 : 2 * render->cell_capacity;
        Cell *grown = realloc(render->cells, sizeof *grown * capacity);
        if (grown == NULL) {
            return false;
        }
        render->cells = grown;
        render->cell_capacity = capacity;
    }
    Cell *cell = &render->cells[render->cell_count];
    *cell = (Cell){NULL, bytes};
    if (text != NULL) {
        cell->text = malloc(bytes + 1);
        if (cell->text == NULL) {
            return false;
        }
        memcpy(cell->text, text, bytes);
        cell->text[bytes] = 0;
    }
    render->cell_count++;
    return true;
}

static void free_render(Render *render) {
    for (size_t i = 0; i < render->cell_count; i++) {
        free(render->cells[i].text);
    }
    for (uint32_t i = 0; render->names != NULL && i < render->column_count; i++) {
        free(render->names[i]);
    }
    free(render->cells);
    free(render->names);
    free(render->types);
}

static bool start_render(Render *render, depot_statement *statement) {
    render->names = calloc(render->column_count, sizeof *render->names);
    render->types = calloc(render->column_count, sizeof *render->types);
    bool ok = render->names != NULL && render->types != NULL;
    for (uint32_t i = 0; ok && i < render->column_count; i++) {
        render->types[i] = depot_column_type(statement, i);
        render->names[i] = strdup(depot_column_name(statement, i));
        ok = render->names[i] != NULL;
    }
    return ok;
}

int render_statement(const RenderFormat *format, const RenderOptions *options, depot_statement *statement, FILE *out) {
    Render render = {.out = out, .options = *options, .column_count = depot_column_count(statement)};
    if (render.column_count == 0) { /* no rows come back, or the statement failed: the step tells */
        depot_code code;
        while ((code = depot_step(statement)) == DEPOT_ROW) {
        }
        return code == DEPOT_DONE ? 0 : -1;
    }
    depot_code code = start_render(&render, statement) ? DEPOT_ROW : DEPOT_ERROR;
    bool begun = false;
    while (code == DEPOT_ROW) {
        code = depot_step(statement);
        if (!begun && code != DEPOT_ERROR) { /* an error on the first row leaves no header behind */
            format->begin(&render);
            begun = true;
        }
        if (code == DEPOT_ROW) {
            for (uint32_t i = 0; i < render.column_count; i++) {
                const char *text = depot_column_text(statement, i);
                format->cell(&render, i, text, text == NULL ? 0 : strlen(text));
            }
            render.rows++;
            format->end_row(&render);
        }
    }
    if (code == DEPOT_DONE) {
        format->end(&render);
    }
    free_render(&render);
    return code == DEPOT_DONE ? 0 : -1;
}
