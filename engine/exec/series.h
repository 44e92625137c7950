/* generate_series: the values from start to stop, both included, for those who make rows of them. */
#ifndef DEPOT_EXEC_SERIES_H
#define DEPOT_EXEC_SERIES_H

#include "core/value.h"
#include "core/vector.h"

typedef struct Series {
    bool is_over;
    bool is_descending;
    bool by_interval; /* the values are timestamps then, also for DATE */
    __int128 at, stop, step;
    Interval interval;
} Series;

/* Integers, decimals, dates or timestamps; the third argument, the step, may be missing. With a NULL the series is over at
 * once. */
Status series_start(const Context *cx, Series *series, const Value *args, uint32_t count) MUST_CHECK;
/* Writes the next values to rows [row, row_end) of a flat vector; returns the first row not written. */
uint32_t series_fill(Series *series, Vector *vector, uint32_t row, uint32_t row_end);

#endif
