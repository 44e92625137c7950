/* Sums of one element type into both kinds of state: wants T, SUFFIX and, where 64 bits may not hold the sum of a batch,
 * BATCH_SUM(values, rows). Defines narrow_sum_<SUFFIX> and wide_sum_<SUFFIX>, of the shape of SumLoop. */
#define SUM_JOIN_(a, b) a##_##b
#define SUM_JOIN(a, b) SUM_JOIN_(a, b)

#ifndef BATCH_SUM
#define BATCH_SUM SUM_JOIN(batch_sum, SUFFIX)
static __int128 BATCH_SUM(const T *values, uint32_t rows) {
    int64_t sum = 0;
    for (uint32_t row = 0; row < rows; row++) {
        sum += values[row];
    }
    return sum;
}
#endif

#define SUM_LOOP SUM_JOIN(wide_sum, SUFFIX)
#define ADD wide_add
#include "expr/agg_sum_loop.inc.h"

#define SUM_LOOP SUM_JOIN(narrow_sum, SUFFIX)
#define ADD narrow_add
#include "expr/agg_sum_loop.inc.h"

#undef SUM_JOIN_
#undef SUM_JOIN
#undef BATCH_SUM
#undef T
#undef SUFFIX
