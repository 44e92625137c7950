/* Loops of direct aggregation: group numbers from codes and values, counts and sums of groups. */
#include "kernels/agg_kernels.h"

#include "kernels/dispatch.h"

#define T uint8_t
#define NAME(f) f##_u8
#include "kernels/index.inc.h"
#define T uint16_t
#define NAME(f) f##_u16
#include "kernels/index.inc.h"
#define T uint32_t
#define NAME(f) f##_u32
#include "kernels/index.inc.h"
#define T int16_t
#define NAME(f) f##_i16
#include "kernels/index.inc.h"
#define T int32_t
#define NAME(f) f##_i32
#include "kernels/index.inc.h"
#define T int64_t
#define NAME(f) f##_i64
#include "kernels/index.inc.h"

static uint32_t greatest(const uint32_t *restrict values, uint32_t count) {
    uint32_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        most = values[i] > most ? values[i] : most;
    }
    return most;
}

static void count_groups(const uint32_t *groups, uint32_t count, uint64_t *counts, size_t copy) {
    uint32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        counts[groups[i]]++;
        counts[groups[i + 1] + copy]++;
        counts[groups[i + 2] + 2 * copy]++;
        counts[groups[i + 3] + 3 * copy]++;
    }
    for (; i < count; i++) {
        counts[groups[i]]++;
    }
}

KERNEL_TABLE(AggKernels, agg_kernels) = {
    .set_index = {set_index_u8, set_index_u16, set_index_u32, set_index_i16, set_index_i32, set_index_i64},
    .add_index = {add_index_u8, add_index_u16, add_index_u32, add_index_i16, add_index_i32, add_index_i64},
    .greatest = greatest,
    .count = count_groups,
    .sum = {sum_u8, sum_u16, sum_u32, sum_i16, sum_i32, sum_i64},
};
