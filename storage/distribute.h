/* Row → slice. DISTSTYLE KEY: placement hash (value_placement_hash, seed 1) → virtual bucket → slice; EVEN: rows go round;
 * ALL: once per node, on the node's first slice; NULL keys go round. The same map places rows that exchanges move. */
#ifndef DEPOT_STORAGE_DISTRIBUTE_H
#define DEPOT_STORAGE_DISTRIBUTE_H

#include "storage/warehouse.h"

#define PLACEMENT_SEED 1

/* Slice of a placement hash. */
static inline uint32_t slice_of_hash(uint64_t hash, uint32_t slices) {
    return (uint32_t)(hash % VIRTUAL_BUCKETS) % slices;
}
/* value_placement_hash of each row of a vector of any kind. The hash of a NULL means nothing: the caller looks at the vector's
 * validity and spreads those rows round robin. */
Status placement_hash_vector(const Context *cx, const Vector *vector, uint32_t rows, uint64_t seed,
                             uint64_t *hashes) MUST_CHECK;

#endif
