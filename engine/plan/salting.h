/* Which keys of a join are so frequent that the slice they hash to becomes the fullest: from the most common values that the
 * statistics know. A salted join spreads the outer rows of those keys over all slices and copies their inner rows to all. */
#ifndef DEPOT_PLAN_SALTING_H
#define DEPOT_PLAN_SALTING_H

#include "plan/lower.h"

typedef struct HotKeys {
    uint32_t count; /* 0: none is known, or rows are even without salting */
    const Value *values;
    double slice_skew, node_skew;               /* expected fullest slice and node over the mean, rows hashed by the key */
    double salted_slice_skew, salted_node_skew; /* the same with those keys spread */
} HotKeys;

/* No more keys than are needed to make rows that are hashed by the column even. `column` may be UINT32_MAX: nothing is known.
 */
Status hot_keys_find(const Lowering *low, ColumnId column, HotKeys *hot) MUST_CHECK;

#endif
