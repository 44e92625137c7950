/* Sets of values for DISTINCT aggregates over groups that have numbers: a bit per group and value. */
#ifndef DEPOT_EXEC_DIRECT_SETS_H
#define DEPOT_EXEC_DIRECT_SETS_H

#include "exec/agg_common.h"
#include "plan/direct_columns.h"

/* One set of values per group; items with the same argument and filter share it. */
typedef struct DirectSet {
    const AggregateItem *item; /* the first that uses it */
    DirectKeys values;
    uint64_t words; /* of a group's bits */
    bool counts;    /* only counts use it: which values there are does not matter */
} DirectSet;

typedef struct DirectSets {
    uint32_t count;
    DirectSet *sets;       /* owned */
    uint32_t *set_of_item; /* owned; UINT32_MAX: not DISTINCT */
} DirectSets;

Status direct_sets_init(const Context *cx, DirectSets *sets, const PhysicalNode *op) MUST_CHECK;
void direct_sets_free(DirectSets *sets);

/* Bits per set, of one task or of all. */
typedef struct DirectBits {
    uint64_t **words; /* per set: groups × words; owned */
} DirectBits;

Status direct_bits_init(const Context *cx, const DirectSets *sets, uint64_t groups, DirectBits *bits) MUST_CHECK;
void direct_bits_free(const DirectSets *sets, DirectBits *bits);
/* The batch's values join the sets of their groups. NULLs and rows that the item's FILTER refuses do not. */
Status direct_bits_add(const Context *cx, const DirectSets *sets, DirectBits *bits, DirectScratch *scratch, AggregateFeed *feed,
                       const Batch *in, const uint32_t *groups) MUST_CHECK;
/* Of groups [first, end). */
void direct_bits_unite(const DirectSets *sets, uint64_t first, uint64_t end, DirectBits *bits, const DirectBits *others);
/* Feeds the values of a group to the states of the items: `state` is the group's. */
Status direct_bits_feed(const Context *cx, const DirectSets *sets, const DirectBits *bits, const AggregateSpec *spec,
                        const AggregateStates *layout, uint64_t group, uint8_t *state, Vector *values, Arena *text) MUST_CHECK;

#endif
