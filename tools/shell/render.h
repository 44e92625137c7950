/* Output formats: a table of functions each. A result is begun, given row by row, cell by cell, and ended. Streaming formats
 * write at once; those that align columns keep the cells until the end. */
#ifndef DEPOT_TOOLS_SHELL_RENDER_H
#define DEPOT_TOOLS_SHELL_RENDER_H

#include "engine/depot.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct RenderOptions {
    bool header;
    const char *null_text; /* NULL: the format's own */
    bool footer;           /* "(3 rows)" under a box */
} RenderOptions;

typedef struct Cell {
    char *text; /* NULL is NULL */
    size_t bytes;
} Cell;

typedef struct Render {
    FILE *out;
    RenderOptions options;
    uint32_t column_count;
    char **names; /* owned */
    depot_type *types;
    uint64_t rows;
    /* Formats that keep what they get. */
    Cell *cells;
    size_t cell_count, cell_capacity;
    void *state;
} Render;

typedef struct RenderFormat {
    const char *name;
    void (*begin)(Render *render);
    void (*cell)(Render *render, uint32_t column, const char *text, size_t bytes); /* text NULL: NULL */
    void (*end_row)(Render *render);
    void (*end)(Render *render);
} RenderFormat;

extern const RenderFormat box_format, markdown_format, csv_format, tsv_format, json_format, jsonl_format, html_format,
    vertical_format, line_format, insert_format;
/* NULL if there is none of that name. */
const RenderFormat *render_format_find(const char *name);

/* Runs the statement and renders its rows; 0, or -1 after an error or without memory for it. */
int render_statement(const RenderFormat *format, const RenderOptions *options, depot_statement *statement, FILE *out);

bool render_type_is_number(depot_type type);
bool render_keep_cell(Render *render, const char *text, size_t bytes);
const char *render_null(const Render *render, const char *own);

#endif
