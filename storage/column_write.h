/* A column of a segment: buffered rows → dictionary or not → blocks → image. */
#ifndef DEPOT_STORAGE_COLUMN_WRITE_H
#define DEPOT_STORAGE_COLUMN_WRITE_H

#include "storage/column_buffer.h"
#include "storage/column_file.h"
#include "storage/warehouse.h"

/* Lets threads that have nothing else to do take part in a loop: runs one(argument, i) for all i below count, in any order, and
 * returns when all are done. */
typedef struct SharedLoops {
    void (*run)(void *owner, uint32_t count, void (*one)(void *argument, uint32_t i), void *argument);
    void *owner;
} SharedLoops;

typedef struct ColumnWrite {
    const ColumnBuffer *buffer;
    const uint32_t *order; /* row i of the segment is row order[i] of the buffer; NULL: as they are */
    ColumnEncoding want;
    uint64_t segment_id;
    uint32_t column;
    uint32_t block_rows;
    const SharedLoops *loops; /* NULL: the calling thread does it all */
} ColumnWrite;

typedef struct ColumnWritten {
    ByteBuffer image;     /* owned by the caller */
    SegmentColumn column; /* text of the range is in the arena */
    uint32_t encodings;   /* bit per EncodingId that a block has */
    uint8_t *sketch;      /* HLL_BYTES, the caller's: the values are added */
} ColumnWritten;

Status column_write(const Context *cx, Arena *arena, const ColumnWrite *write, ColumnWritten *out) MUST_CHECK;

#endif
