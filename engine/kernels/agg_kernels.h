/* Loops of direct aggregation: group numbers from codes and values. */
#ifndef DEPOT_KERNELS_AGG_KERNELS_H
#define DEPOT_KERNELS_AGG_KERNELS_H

#include "kernels/gather_kernels.h"

typedef struct AggKernels {
    /* groups[i] = (uint32_t)(in[i] + offset) × times, or that added to what stands there. in: INPUT_*. */
    void (*set_index[6])(const void *in, uint64_t offset, uint32_t times, uint32_t count, uint32_t *groups);
    void (*add_index[6])(const void *in, uint64_t offset, uint32_t times, uint32_t count, uint32_t *groups);
    uint32_t (*greatest)(const uint32_t *values, uint32_t count); /* 0 for none */
} AggKernels;

extern const AggKernels *_Atomic agg_kernels;

#endif
