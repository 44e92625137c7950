/* Loops of joins: looking keys up in arrays and listing matches. */
#ifndef DEPOT_KERNELS_HASH_KERNELS_H
#define DEPOT_KERNELS_HASH_KERNELS_H

#include "kernels/gather_kernels.h"

typedef struct HashKernels {
    /* out[i] = entries[keys[i] + offset], 0 where that is not below `range`. keys: INPUT_*; entries: u8, u16, u32, with one
     * further entry at `range` that is 0. */
    void (*lookup[6][3])(const void *keys, uint64_t offset, uint64_t range, const void *entries, uint32_t count, uint32_t *out);
    /* Lists the i with heads[i] != 0: probe[k] = i, build[k] = heads[i] - 1. Returns how many. Both take count + 16. */
    uint32_t (*list_matches)(const uint32_t *heads, uint32_t count, uint16_t *probe, uint32_t *build);
    /* out[i] = hash_u64(keys[i]) */
    void (*hash_u64s)(const uint64_t *keys, uint32_t count, uint64_t *out);
} HashKernels;

extern const HashKernels *_Atomic hash_kernels;

#endif
