/* Rows that an operator keeps: join builds, sort runs, windows. Columnar, in chunks; narrow where the plan knows how.
 *
 * A RowFormat says how each column is stored: as codes of its query dictionary, as codes over the least value of a known
 * range, or flat. A task appends batches to its own RowBuffer; the buffers of all tasks then make up a RowTable, read by
 * row number. A table is chunked (row number = chunk << ROW_CHUNK_BITS | row of the chunk, nothing was moved) or contiguous
 * (rows are numbered from 0; each column was copied into one array, for probes). */
#ifndef DEPOT_EXEC_ROW_STORE_H
#define DEPOT_EXEC_ROW_STORE_H

#include "core/memory.h"
#include "plan/physical.h"

#define ROW_CHUNK_BITS 16
#define ROW_CHUNK_ROWS ((uint32_t)1 << ROW_CHUNK_BITS)
#define ROW_NONE UINT32_MAX /* in row numbers: no row, all its values are NULL */

typedef struct ColumnFormat {
    Type type;
    uint8_t storage_class;
    uint8_t kind;  /* VECTOR_FLAT or VECTOR_CODES */
    uint8_t width; /* bytes per stored element: 1, 2, 4, 8, 16 */
    const Dictionary *dictionary;
    int64_t base; /* CODES without dictionary */
} ColumnFormat;

typedef struct RowFormat {
    uint32_t column_count;
    ColumnFormat *columns; /* owned */
} RowFormat;

typedef struct KeptColumn {
    void *data;         /* owned */
    uint64_t *validity; /* owned; NULL: no NULLs */
} KeptColumn;

typedef struct RowChunk {
    uint32_t rows, capacity;
    KeptColumn columns[];
} RowChunk;

typedef struct RowBuffer {
    const RowFormat *format; /* borrowed */
    uint64_t rows;
    uint32_t chunk_count, chunk_capacity;
    RowChunk **chunks;   /* owned */
    Arena text;          /* long text */
    uint64_t text_bytes; /* of it */
    Vector scratch;
} RowBuffer;

typedef struct TableColumn {
    void **data;         /* per chunk */
    uint64_t **validity; /* per chunk; NULL: no chunk has NULLs */
} TableColumn;

typedef struct RowTable RowTable;
struct RowTable {
    const RowFormat *format; /* borrowed */
    uint64_t rows;
    uint32_t chunk_count, chunk_capacity;
    RowChunk **chunks; /* owned */
    uint32_t arena_count, arena_capacity;
    Arena *arenas; /* owned: text */
    bool is_contiguous;
    TableColumn *columns; /* owned; set by row_table_open or row_table_lay_out */
    KeptColumn *laid_out; /* owned; contiguous: one array per column */
    void **laid_out_data; /* owned */
};

void column_format_init(ColumnFormat *format, const PhysicalColumn *column);
/* Formats of `columns` and, if asked for, one further flat BIGINT column (hashes). */
Status row_format_init(const Context *cx, RowFormat *format, const PhysicalColumn *columns, uint32_t column_count,
                       bool with_extra) MUST_CHECK;
void row_format_free(RowFormat *format);
uint64_t row_format_bytes(const RowFormat *format); /* of a row; NULLs and long texts aside */
/* Writes rows [first, first + count) of the vector to `out` in the format (NULL lanes: anything that is a valid code). Text
 * stays borrowed. `scratch` may be overwritten. */
Status column_format_store(const Context *cx, const ColumnFormat *format, const Vector *vector, uint32_t first, uint32_t count,
                           Vector *scratch, void *out) MUST_CHECK;

void row_buffer_init(RowBuffer *buffer, const RowFormat *format);
void row_buffer_free(RowBuffer *buffer);
uint64_t row_buffer_bytes(const RowBuffer *buffer); /* of its rows */
/* An empty chunk behind the others, whose arrays and rows the caller fills in. */
Status row_buffer_add_chunk(const Context *cx, RowBuffer *buffer, RowChunk **chunk) MUST_CHECK;
void row_chunk_free(RowChunk *chunk, uint32_t column_count); /* NULL is fine */
/* Copies the batch's rows; `extra` is the format's last column if it has one more than the batch, else NULL. */
Status row_buffer_append(const Context *cx, RowBuffer *buffer, const Batch *batch, const Vector *extra) MUST_CHECK;
/* The same for rows [first, end) of the batch. */
Status row_buffer_append_rows(const Context *cx, RowBuffer *buffer, const Batch *batch, const Vector *extra, uint32_t first,
                              uint32_t end) MUST_CHECK;
/* Points the long texts among `count` views at copies that the buffer owns. */
Status row_buffer_own_text(const Context *cx, RowBuffer *buffer, Text *texts, uint32_t count) MUST_CHECK;
/* Forgets all rows; memory for the next ones is kept. */
void row_buffer_clear(RowBuffer *buffer);

/* Copies rows[i] of the batch to row targets[i], in order: a row that is there is replaced, rows from buffer->rows on are new
 * and come without gaps. What long text was replaced stays in the arena. */
Status row_buffer_put(const Context *cx, RowBuffer *buffer, const Batch *batch, const uint16_t *rows, const uint32_t *targets,
                      uint32_t count) MUST_CHECK;
/* Row i of the chunk becomes what its row order[i] was. */
Status row_buffer_permute(const Context *cx, RowBuffer *buffer, uint32_t chunk, const uint32_t *order) MUST_CHECK;

/* Deals out the first chunk: rows order[begins[i]] … order[begins[i + 1] - 1] of it go to the end of targets[i], and from
 * `buffer`. Their long texts stay with it: its arena must live as long as the targets' rows. */
Status row_buffer_deal(const Context *cx, RowBuffer *buffer, const uint32_t *order, const uint32_t *begins, RowBuffer *targets,
                       uint32_t target_count) MUST_CHECK;

/* Zeroed memory is an empty table. Takes everything out of the buffer; callers guard the table with their lock. Gives the
 * number that the table gave the buffer's first chunk. */
Status row_table_take(const Context *cx, RowTable *table, RowBuffer *buffer, uint32_t *first_chunk) MUST_CHECK;
/* Takes only the texts: of a buffer whose rows were dealt out. */
Status row_table_take_text(const Context *cx, RowTable *table, RowBuffer *buffer) MUST_CHECK;
/* After the last take: makes the chunked table readable. PROGRAM_LIMIT_EXCEEDED if it has too many rows. */
Status row_table_open(const Context *cx, RowTable *table) MUST_CHECK;
/* Makes `table`, which owns no chunks, readable as the rows of the buffer, until the next call for another state of it. Row
 * numbers are the order of appending. row_table_view_free ends it. */
Status row_table_view(const Context *cx, RowTable *table, const RowBuffer *buffer) MUST_CHECK;
void row_table_view_free(RowTable *table);
/* Instead of open: allocates contiguous columns; row_table_lay_out_column fills each (any thread, any order). */
Status row_table_prepare_layout(const Context *cx, RowTable *table) MUST_CHECK;
Status row_table_lay_out_column(const Context *cx, RowTable *table, uint32_t column) MUST_CHECK;
void row_table_drop_chunks(RowTable *table); /* after all columns are laid out */
/* Of a chunked table that is open: nobody reads rows of this chunk any more. Other threads may read those of others. */
void row_table_drop_chunk(RowTable *table, uint32_t chunk);
void row_table_free(RowTable *table);

static inline bool row_table_is_valid(const RowTable *table, uint32_t column, uint32_t row) {
    const TableColumn *c = &table->columns[column];
    uint32_t chunk = table->is_contiguous ? 0 : row >> ROW_CHUNK_BITS;
    uint32_t at = table->is_contiguous ? row : row & (ROW_CHUNK_ROWS - 1);
    return c->validity == NULL || c->validity[chunk] == NULL || bit_get(c->validity[chunk], at);
}
/* out[i] = the column's value of rows[i]; with `may_miss`, ROW_NONE gives NULL. CODES or FLAT; text is borrowed from the table.
 */
Status row_table_gather(const Context *cx, const RowTable *table, uint32_t column, const uint32_t *rows, uint32_t count,
                        bool may_miss, Vector *out) MUST_CHECK;
Value row_table_value(const RowTable *table, uint32_t column, uint32_t row);
/* Element `at` of those stored at `data`. */
Value column_format_value(const ColumnFormat *format, const void *data, uint32_t at);
/* Integer values of `count` elements stored at `data`, widened. */
void column_format_load_i64(const ColumnFormat *format, const void *data, uint32_t count, int64_t *out);

/* Widens an integer-class vector of any kind; NULL lanes hold anything. */
Status vector_load_i64(const Context *cx, const Vector *vector, uint32_t rows, Vector *scratch, int64_t *out) MUST_CHECK;

#endif
