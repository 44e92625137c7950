/* What the two sides of a stream share: rows go to sorted runs (window_stream.c), and are evaluated in stretches of the merged
 * order (window_stretch.c). */
#ifndef DEPOT_EXEC_WINDOW_STREAM_H
#define DEPOT_EXEC_WINDOW_STREAM_H

#include "exec/sort_ranges.h"
#include "exec/window.h"

#define STREAM_CUT_ANYWHERE UINT32_MAX

/* What the items of the operator need of a stretch. */
typedef struct StreamNeeds {
    uint32_t rows_before, rows_after;
    uint32_t cut_keys; /* rows that agree in so many first keys stay together; STREAM_CUT_ANYWHERE: any row may begin a stretch;
                          0: no */
    uint32_t range_keys; /* the same of ranges of the order, which begin with partitions of items that have some */
    bool first_row;      /* of all */
    bool is_serial;      /* what is carried is known only when all rows before were merged */
} StreamNeeds;

struct WindowStream {
    SortShared sort; /* runs on disk; format and encoding are the window's */
    StreamNeeds needs;
    uint32_t *reaches;   /* per item: see WindowSlice; owned */
    WindowCarry *totals; /* per item whose frame is all rows; owned; sort.lock guards it while tasks end */
    uint64_t rows;
    RunRanges ranges;    /* of the merged order */
    WindowCarry *before; /* per range and item that carries its aggregate: that of the rows before the range; owned */
    _Atomic(uint32_t) next_range;
    _Atomic(uint64_t) bytes; /* of the largest stretch */
};

/* Is the aggregate of the rows before carried from stretch to stretch? */
bool window_carries_rows(const WindowItem *item);
/* Is its frame all rows of the partition, and their aggregate made as a total? */
bool window_takes_total(const WindowItem *item);

#endif
