/* Hashing of values for hash tables (seed 3; not the placement hash, which is fixed for ever: value_placement_hash).
 * Equal values of the integer classes hash alike whatever their width, so INTEGER joins BIGINT. NULL hashes to HASH_NULL. */
#ifndef DEPOT_CORE_HASH_H
#define DEPOT_CORE_HASH_H

#include "core/vector.h"

#define HASH_NULL UINT64_C(0x9ae16a3b2f90404f)

static inline uint64_t hash_u64(uint64_t x) { /* murmur3's finalizer: bijective, full avalanche */
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    x ^= x >> 33;
    return x;
}
static inline uint64_t hash_combine(uint64_t a, uint64_t b) {
    return hash_u64(a * UINT64_C(0x9e3779b97f4a7c15) + b);
}
/* XXH3 of bytes. */
uint64_t hash_bytes(const void *data, size_t bytes, uint64_t seed);
uint64_t hash_value(const Value *value);
/* hashes[i] of row i; `combine` folds into what stands there (next key column). DOUBLE: -0 as 0, all NaN alike. */
Status hash_vector(const Context *cx, const Vector *vector, uint32_t rows, bool combine, uint64_t *hashes) MUST_CHECK;

/* A fuzzer would hardly ever guess a checksum: its build goes on to what lies behind. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define CHECKSUMS_COUNT false
#else
#define CHECKSUMS_COUNT true
#endif

#endif
