/* Rows of one column on their way into a segment: a fixed-width array, or for text numbers of entries in a pool that holds each
 * distinct text once, for as long as texts repeat. Charged to the account of the context it grows with. */
#ifndef DEPOT_STORAGE_COLUMN_BUFFER_H
#define DEPOT_STORAGE_COLUMN_BUFFER_H

#include "core/arena.h"
#include "core/vector.h"

typedef struct TextPool {
    Text *entries; /* owned; long text stands in the arena */
    uint32_t size, capacity;
    bool is_distinct;  /* no entry is there twice */
    uint32_t *buckets; /* hash → entry + 1; owned; NULL once texts turned out not to repeat */
    uint32_t bucket_count;
    Arena arena;
    uint64_t arena_bytes;
} TextPool;

typedef struct ColumnBuffer {
    Type type;
    uint32_t element_bytes; /* of values: the class's, 4 for text */
    uint32_t rows, nulls, capacity;
    uint8_t *values;    /* owned; NULL rows hold zeros */
    uint64_t *validity; /* owned; NULL: no NULLs so far */
    TextPool texts;     /* type text */
} ColumnBuffer;

void column_buffer_init(ColumnBuffer *buffer, Type type);
void column_buffer_free(ColumnBuffer *buffer);
/* Appends rows[0 … count) of a FLAT vector; `rows` NULL: the first `count`. */
Status column_buffer_append(const Context *cx, ColumnBuffer *buffer, const Vector *flat, const uint16_t *rows,
                            uint32_t count) MUST_CHECK;
/* Rows [first, first + count), count <= BATCH_ROWS_MAX, as a FLAT vector. Text borrows from the buffer. */
Status column_buffer_view(const Context *cx, const ColumnBuffer *buffer, uint32_t first, uint32_t count,
                          Vector *out) MUST_CHECK;
uint64_t column_buffer_bytes(const ColumnBuffer *buffer); /* of memory */

static inline bool column_buffer_is_text(const ColumnBuffer *buffer) {
    return type_class(buffer->type) == CLASS_TEXT;
}
static inline uint32_t column_buffer_entry(const ColumnBuffer *buffer, uint32_t row) {
    return ((const uint32_t *)(const void *)buffer->values)[row];
}

#endif
