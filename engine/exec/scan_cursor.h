/* Sorted segments read in the order of their first sort column, from one key to another: what merge joins are made of.
 *
 * A key is a number of 64 bits that orders as the column does: integers, dates and decimals are their own, text is its first
 * eight bytes (so that equal texts have equal keys, and equal keys are looked at again). NULLs come last and have no key.
 *
 *   SortedScan   one scan's blocks with the least and greatest key of each, shared by the tasks
 *   ScanCursor   one segment of it, a batch at a time; belongs to a task */
#ifndef DEPOT_EXEC_SCAN_CURSOR_H
#define DEPOT_EXEC_SCAN_CURSOR_H

#include "exec/scan_block.h"

/* low <= key < high; with to_end high does not count, and rows without a key belong to it. */
typedef struct KeySpan {
    int64_t low, high;
    bool to_end;
} KeySpan;

typedef struct BlockKeys {
    int64_t low, high;
    bool has_keys, has_nulls;
} BlockKeys;

typedef struct SortedScan {
    const PhysicalNode *op;
    ScanShared *shared; /* of the scan, which opens and closes it */
    OperatorProfile *profile;
    uint32_t column;           /* of the scan: the key */
    bool keeps_nulls;          /* rows without a key are wanted */
    BlockKeys *blocks;         /* by number of the block in the scan; owned */
    _Atomic(uint8_t) *touched; /* by block: counted already (spans meet within blocks); owned */
} SortedScan;

typedef struct ScanCursor {
    ScanLocal local;
    bool is_open, is_over;
    uint32_t next_block; /* of the segment */
    KeySpan span;
    int64_t seek; /* rows with lesser keys are not needed: whole blocks of them are skipped */
    uint32_t at;  /* rows of the batch before it are done with; the reader's */
    uint32_t keyed;
    int64_t *keys; /* of rows [0, keyed) of local.out, the others have none; owned */
    Vector scratch;
    uint64_t rows, batches;
    Effort spent;
} ScanCursor;

Status sorted_scan_open(Task *task, const PhysicalNode *op, uint32_t column, bool keeps_nulls, SortedScan *scan) MUST_CHECK;
void sorted_scan_close(SortedScan *scan);

/* From the segment's first row in the span; there is no batch yet. May be started again. */
Status scan_cursor_start(Task *task, const SortedScan *scan, uint32_t segment, KeySpan span, ScanCursor *cursor) MUST_CHECK;
/* local.out = the next batch, at = 0; or is_over. */
Status scan_cursor_next(Task *task, const SortedScan *scan, ScanCursor *cursor) MUST_CHECK;
void scan_cursor_close(const SortedScan *scan, ScanCursor *cursor);
size_t scan_cursor_bytes(const ScanCursor *cursor);

/* The first of `count` ascending keys that is not less than `key`. */
uint32_t key_lower_bound(const int64_t *keys, uint32_t count, int64_t key);
/* The first that is greater. */
static inline uint32_t key_upper_bound(const int64_t *keys, uint32_t count, int64_t key) {
    return key == INT64_MAX ? count : key_lower_bound(keys, count, key + 1);
}

#endif
