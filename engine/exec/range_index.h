/* The build side of a range join in the order of its key: which build rows lie between the bounds of a probe row. */
#ifndef DEPOT_EXEC_RANGE_INDEX_H
#define DEPOT_EXEC_RANGE_INDEX_H

#include "exec/row_store.h"

#define RANGE_BLOCK_BITS 6 /* positions whose greatest filter value is kept, and of such blocks again */
#define RANGE_BLOCK ((uint32_t)1 << RANGE_BLOCK_BITS)

typedef struct RangeIndex {
    uint32_t count;     /* positions: build rows without NULLs in key and filter */
    int64_t *keys;      /* ascending; owned */
    uint32_t *rows;     /* build row of each position; owned */
    int64_t *filter;    /* NULL without a filter; a position passes if its value is at least the probe row's; owned */
    int64_t *blocks[2]; /* greatest filter values of RANGE_BLOCK positions, and of RANGE_BLOCK blocks; owned */
} RangeIndex;

/* The bounds of the rows of a batch. */
typedef struct RangeBounds {
    Vector flat;
    int64_t values[BATCH_ROWS_MAX];
    int64_t filter[BATCH_ROWS_MAX];
    uint32_t first[BATCH_ROWS_MAX], end[BATCH_ROWS_MAX]; /* positions */
} RangeBounds;

/* After the table is laid out. */
Status range_index_build(const Context *cx, const PhysicalNode *op, const RowTable *table, RangeIndex *index) MUST_CHECK;
void range_index_free(RangeIndex *index);
size_t range_index_bytes(const RangeIndex *index);
Status range_index_search(const Context *cx, const PhysicalNode *op, const RangeIndex *index, const Batch *in,
                          RangeBounds *bounds) MUST_CHECK;
/* The first position from `at` on, before `end`, whose filter value is at least `least`; `end` if there is none. */
uint32_t range_index_next(const RangeIndex *index, uint32_t at, uint32_t end, int64_t least);

#endif
