/* The distinct values of an array of integers, and their order numbers: what a dictionary of numbers is made from. A bitmap
 * where the range is small, else a hash table that gives up early where values hardly repeat. */
#ifndef DEPOT_STORAGE_DISTINCT_H
#define DEPOT_STORAGE_DISTINCT_H

#include "core/memory.h"
#include "kernels/unpack_kernels.h"

typedef struct DistinctSet {
    uint32_t size;    /* distinct values */
    int64_t *sorted;  /* ascending in the order asked for; owned */
    int64_t min;      /* bitmap: of bit 0 */
    uint64_t *bitmap; /* owned; NULL: hashed */
    uint32_t *ranks;  /* bitmap: set bits before each word; owned */
    int64_t *keys;    /* hashed: by bucket; owned */
    uint32_t *codes;  /* hashed: order number + 1 of the key, 0: empty; owned */
    uint32_t bucket_count;
} DistinctSet;

/* `order` maps an integer to one that compares as the value it stands for; NULL: itself. More than `size_max` distinct values,
 * or (unless `try_hard`) a sample in which they hardly repeat: *found is false. */
Status distinct_find(const Context *cx, const int64_t *integers, uint32_t count, const IntegerStats *stats, uint32_t size_max,
                     bool try_hard, int64_t (*order)(int64_t), DistinctSet *set, bool *found) MUST_CHECK;
/* In place: integer → order number. */
void distinct_encode(const DistinctSet *set, int64_t *integers, uint32_t count);
void distinct_free(DistinctSet *set);

#endif
