/* Loops of direct aggregation: group numbers from codes and values, counts and sums of groups. */
#ifndef DEPOT_KERNELS_AGG_KERNELS_H
#define DEPOT_KERNELS_AGG_KERNELS_H

#include "kernels/gather_kernels.h"

#include <stddef.h>

typedef struct AggKernels {
    /* groups[i] = (uint32_t)(in[i] + offset) × times, or that added to what stands there. in: INPUT_*. */
    void (*set_index[6])(const void *in, uint64_t offset, uint32_t times, uint32_t count, uint32_t *groups);
    void (*add_index[6])(const void *in, uint64_t offset, uint32_t times, uint32_t count, uint32_t *groups);
    uint32_t (*greatest)(const uint32_t *values, uint32_t count); /* 0 for none */
    /* counts[groups[i]] += 1, sums[groups[i]] += in[i] + base, modulo 2^64. Neighbouring rows may go to four arrays that begin
     * `copy` numbers apart; 0: there is one. */
    void (*count)(const uint32_t *groups, uint32_t count, uint64_t *counts, size_t copy);
    void (*sum[6])(const void *in, int64_t base, const uint32_t *groups, uint32_t count, int64_t *sums, size_t copy);
} AggKernels;

extern const AggKernels *_Atomic agg_kernels;

#endif
