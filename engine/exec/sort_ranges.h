/* Cuts the merged order of sorted runs on disk into ranges, which tasks can merge side by side. */
#ifndef DEPOT_EXEC_SORT_RANGES_H
#define DEPOT_EXEC_SORT_RANGES_H

#include "exec/sort.h"

/* Zeroed memory has no ranges. */
typedef struct RunRanges {
    uint32_t count, run_count;
    uint64_t *pivots; /* per range but the first: the least words that a row of it may have; owned */
    uint64_t *begins; /* per range, and behind the last, and per run: rows of the run that come before; owned */
} RunRanges;

/* At most `most` ranges of about as many rows each, by the words that the runs' chunks begin with. Rows that agree in the first
 * `bits` bits of their words stay together. Where the ranges begin is not known before run_ranges_find. */
Status run_ranges_choose(const Context *cx, const SortShared *shared, uint32_t most, uint32_t bits,
                         RunRanges *ranges) MUST_CHECK;
/* Sets begins[run] of all runs for the range; `range` may be ranges->count. */
Status run_ranges_find(Task *task, const SortShared *shared, const RunRanges *ranges, uint32_t range,
                       uint64_t *begins) MUST_CHECK;
/* The range's row of ranges->begins. */
static inline uint64_t *run_ranges_begins(const RunRanges *ranges, uint32_t range) {
    return ranges->begins + (size_t)range * ranges->run_count;
}
void run_ranges_free(RunRanges *ranges);

#endif
