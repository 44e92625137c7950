/* One block of a table at a time, the way every scan reads it: zone maps, deleted rows, steps (scan_step.c), and the survivors
 * as batches. Which block comes next is the caller's business: any (scan.c), or in the order of a key (scan_cursor.c).
 *
 *     set segment and block → scan_block_open → (narrow row_first, row_end) → scan_block_filter → scan_block_emit until
 *     has_block is false */
#ifndef DEPOT_EXEC_SCAN_BLOCK_H
#define DEPOT_EXEC_SCAN_BLOCK_H

#include "exec/scan.h"
#include "storage/segment_read.h"

typedef struct ScanSegment {
    const Segment *segment;
    SegmentReader *reader; /* owned */
    uint32_t first_block;  /* number of its first block in the scan */
    uint32_t number;       /* of the segment in row ids */
} ScanSegment;

/* Blocks that are handed out by one counter. */
typedef struct MorselQueue {
    _Atomic(uint32_t) next;
    uint32_t first, end;
} MorselQueue;

typedef struct ScanShared {
    StepList steps;
    uint32_t predicate_count;
    Predicate *predicates; /* owned: the plan's, then one per published join filter */
    uint32_t segment_count, block_count;
    ScanSegment *segments; /* owned */
    uint64_t rows;
    uint32_t block_rows_max;
    bool has_affinity;
    bool is_backward; /* the last block first: where rows lie in the order of time, the latest are what a Top-N wants */
    uint32_t queue_count;
    MorselQueue *queues; /* owned */
    ScanProfile profile; /* what open() found */
} ScanShared;

typedef struct ScanColumn {
    bool is_open;
    const uint8_t *ahead; /* where the column stands in the block that comes next; NULL: unknown */
    uint64_t bytes;       /* of the block in memory; the next one has about as many */
    ColumnBlock block;
} ScanColumn;

/* Which rows of the block have passed so far. */
typedef enum Selection { SELECTED_ALL, SELECTED_BY_BITS, SELECTED_BY_ROWS } Selection;

typedef struct ScanLocal {
    uint32_t queue;            /* being drained */
    uint32_t segment;          /* index of the segment of the current block */
    DeleteMap *deletes;        /* owned reference; of that segment, NULL: none */
    const Segment *deletes_of; /* the segment that `deletes` is of */
    bool has_block;
    bool has_ahead; /* the next block is taken already: its columns are prefetched while this one is worked on */
    uint32_t ahead_segment, ahead_block;
    uint32_t block, block_rows;  /* within the segment */
    uint32_t row_first, row_end; /* of the block's rows, those that are asked for */
    Selection selection;
    uint32_t selected, emitted;
    uint16_t *rows;      /* owned; SELECTED_BY_ROWS: ascending, `selected` of them */
    uint64_t *bits;      /* owned; SELECTED_BY_BITS: one bit per row of the block */
    ScanColumn *columns; /* owned; one per scan column */
    StepState *states;   /* owned; per step */
    ScanStep top_filter; /* as it was when the block was opened; the last step if there is one */
    uint32_t *order;     /* owned; steps, best first */
    ZoneAnswer *zones;   /* owned; what the block's zone map says of each step */
    uint32_t blocks_seen;
    Vector loaded; /* the column of a step that reads one */
    Batch scratch; /* columns as conditions see them */
    Batch out;
    ScanProfile profile;
} ScanLocal;

Status scan_local_open(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local) MUST_CHECK;
/* Adds the counters to `profile`. */
void scan_local_close(const PhysicalNode *op, const ScanShared *shared, ScanLocal *local, ScanProfile *profile);

/* After segment and block were set: all of its rows are asked for. *skip: no row of it can pass. */
Status scan_block_open(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, bool *skip) MUST_CHECK;
/* Rows [row_first, row_end) against delete map and steps; has_block: some are left. */
Status scan_block_filter(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local) MUST_CHECK;
/* local->out = the next rows that are left. */
Status scan_block_emit(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local) MUST_CHECK;
/* The current block of a column, pinned until the scan moves on. */
Status scan_block_column(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, uint32_t column,
                         const ColumnBlock **block) MUST_CHECK;

#endif
