/* Predicates on one column that storage can use to prune without knowing SQL: what must hold for a row to survive. A
 * predicate never lies on the safe side only: "cannot match" is exact knowledge, "may match" is not. */
#ifndef DEPOT_CORE_PREDICATE_H
#define DEPOT_CORE_PREDICATE_H

#include "core/hash.h"
#include "core/vector.h"

/* The keys of a join's build side, for pruning and for dropping rows in the probe side's scan. Integer classes only: minimum,
 * maximum and, if the range is at most KEY_FILTER_RANGE_MAX, one bit per value; or a Bloom filter, which also contains a few
 * keys that are not there. Without either only the range is known. Immutable once published. NULL never matches. */
#define KEY_FILTER_RANGE_MAX ((uint64_t)1 << 26)
#define KEY_FILTER_REGISTER_BITS 2048 /* a bitmap of so many bits is tested fastest: some processors hold it in registers */

typedef struct KeyFilter {
    bool is_empty;    /* no build row at all */
    int64_t min, max; /* no key lies outside; of a large bitmap they leave some room */
    uint64_t *bitmap; /* NULL, or bit (key - min); owned */
    uint64_t keys;    /* distinct keys if a bitmap is there */
    uint64_t *bloom;  /* NULL, or bloom_words (a power of two) words; owned. All bits of a key are in one word */
    uint64_t bloom_words;
} KeyFilter;

static inline uint64_t *key_filter_bloom_word(const KeyFilter *filter, uint64_t hash) {
    return &filter->bloom[(hash >> 32) & (filter->bloom_words - 1)];
}
/* Four bits, from the hash's lower half. */
static inline uint64_t key_filter_bloom_bits(uint64_t hash) {
    return (uint64_t)1 << (hash & 63) | (uint64_t)1 << (hash >> 6 & 63) | (uint64_t)1 << (hash >> 12 & 63) |
           (uint64_t)1 << (hash >> 18 & 63);
}
static inline bool key_filter_bloom_has(const KeyFilter *filter, int64_t key) {
    uint64_t hash = hash_u64((uint64_t)key), bits = key_filter_bloom_bits(hash);
    return (*key_filter_bloom_word(filter, hash) & bits) == bits;
}

static inline bool key_filter_contains(const KeyFilter *filter, int64_t key) {
    return !filter->is_empty && key >= filter->min && key <= filter->max &&
           (filter->bitmap == NULL || bit_get(filter->bitmap, (uint64_t)key - (uint64_t)filter->min)) &&
           (filter->bloom == NULL || key_filter_bloom_has(filter, key));
}

typedef enum PredicateKind {
    PREDICATE_RANGE, /* low and/or high bound */
    PREDICATE_IN,    /* one of values, ascending */
    PREDICATE_IS_NULL,
    PREDICATE_NOT_NULL,
    PREDICATE_KEYS /* a KeyFilter */
} PredicateKind;

/* Bounds have the column's type. */
typedef struct Predicate {
    PredicateKind kind;
    uint32_t column; /* of the table */
    bool has_low, has_high, low_inclusive, high_inclusive;
    Value low, high;
    uint32_t value_count;
    const Value *values;
    const KeyFilter *keys; /* borrowed */
} Predicate;

/* What is known of a run of rows: of a block, a segment or a partition. */
typedef struct ColumnRange {
    bool has_range;        /* min and max are set (some row is not NULL) */
    bool max_is_truncated; /* text: max is a prefix; the true maximum may be greater than it by any suffix */
    uint64_t rows, nulls;
    Value min, max;
} ColumnRange;

/* False only if no row in the run can satisfy the predicate. */
bool predicate_may_match(const Predicate *predicate, const ColumnRange *range);

#endif
