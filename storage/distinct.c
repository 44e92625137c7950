/* Distinct integers by bitmap or hash table. */
#include "storage/distinct.h"

#include "core/bits.h"
#include "core/hash.h"

#include <stdlib.h>

/* A bitmap of up to 2 MB stays in the second-level cache. */
#define BITMAP_RANGE_MAX (UINT64_C(1) << 24)
enum { SAMPLE = 4096, SAMPLE_DISTINCT_MAX = SAMPLE / 2 };

void distinct_free(DistinctSet *set) {
    mem_free(set->sorted);
    mem_free(set->bitmap);
    mem_free(set->ranks);
    mem_free(set->keys);
    mem_free(set->codes);
    *set = (DistinctSet){0};
}

static Status find_by_bitmap(const Context *cx, const int64_t *integers, uint32_t count, const IntegerStats *stats,
                             DistinctSet *set) {
    uint64_t range = (uint64_t)stats->max - (uint64_t)stats->min + 1, words = BITS_WORDS(range);
    set->min = stats->min;
    TRY_ALLOC_ZEROED(cx, set->bitmap, words * 8);
    TRY_ALLOC(cx, set->ranks, words * sizeof *set->ranks);
    for (uint32_t i = 0; i < count; i++) {
        bit_set(set->bitmap, (uint64_t)integers[i] - (uint64_t)stats->min);
    }
    for (uint64_t w = 0; w < words; w++) {
        set->ranks[w] = set->size;
        set->size += (uint32_t)__builtin_popcountll(set->bitmap[w]);
    }
    TRY_ALLOC(cx, set->sorted, set->size * sizeof *set->sorted);
    uint32_t at = 0;
    for (uint64_t w = 0; w < words; w++) {
        for (uint64_t word = set->bitmap[w]; word != 0; word &= word - 1) {
            set->sorted[at++] = (int64_t)((uint64_t)stats->min + w * 64 + (uint64_t)__builtin_ctzll(word));
        }
    }
    return OK;
}

/* Bucket of the key, or the empty one where it belongs. */
static uint32_t bucket_of(const DistinctSet *set, int64_t key) {
    uint32_t mask = set->bucket_count - 1, at = (uint32_t)hash_u64((uint64_t)key) & mask;
    while (set->codes[at] != 0 && set->keys[at] != key) {
        at = (at + 1) & mask;
    }
    return at;
}

static Status make_buckets(const Context *cx, DistinctSet *set, uint32_t count) {
    mem_free(set->keys);
    mem_free(set->codes);
    set->keys = NULL;
    set->codes = NULL;
    set->bucket_count = count;
    TRY_ALLOC(cx, set->keys, (size_t)count * sizeof *set->keys);
    TRY_ALLOC_ZEROED(cx, set->codes, (size_t)count * sizeof *set->codes);
    return OK;
}

static Status grow(const Context *cx, DistinctSet *set, uint32_t *capacity) {
    *capacity = *capacity == 0 ? 1024 : *capacity * 2;
    int64_t *sorted = mem_resize(cx, set->sorted, (size_t)*capacity * sizeof *sorted);
    if (sorted == NULL) {
        return OUT_OF_MEMORY;
    }
    set->sorted = sorted;
    TRY(make_buckets(cx, set, *capacity * 2));
    for (uint32_t i = 0; i < set->size; i++) {
        uint32_t at = bucket_of(set, set->sorted[i]);
        set->keys[at] = set->sorted[i];
        set->codes[at] = i + 1;
    }
    return OK;
}

/* Every step-th value; *found is false once more than size_max are distinct. */
static Status find_by_hash(const Context *cx, const int64_t *integers, uint32_t count, uint32_t step, uint32_t size_max,
                           DistinctSet *set, bool *found) {
    uint32_t capacity = 0;
    *found = true;
    for (uint32_t i = 0; i < count && *found; i += step) {
        if (set->size == capacity) {
            TRY(grow(cx, set, &capacity));
        }
        uint32_t at = bucket_of(set, integers[i]);
        if (set->codes[at] == 0) {
            set->keys[at] = integers[i];
            set->sorted[set->size++] = integers[i];
            set->codes[at] = set->size;
            *found = set->size <= size_max;
        }
    }
    return OK;
}

typedef struct OrderedKey {
    int64_t order, key;
} OrderedKey;

static int compare_ordered_keys(const void *a_, const void *b_) {
    const OrderedKey *a = a_, *b = b_;
    return a->order < b->order ? -1 : a->order > b->order;
}

static Status sort_keys(const Context *cx, DistinctSet *set, int64_t (*order)(int64_t)) {
    OrderedKey *keys;
    TRY_ALLOC(cx, keys, sizeof *keys * set->size);
    for (uint32_t i = 0; i < set->size; i++) {
        keys[i] = (OrderedKey){.order = order == NULL ? set->sorted[i] : order(set->sorted[i]), .key = set->sorted[i]};
    }
    qsort(keys, set->size, sizeof *keys, compare_ordered_keys);
    for (uint32_t i = 0; i < set->size; i++) {
        set->sorted[i] = keys[i].key;
        set->codes[bucket_of(set, keys[i].key)] = i + 1;
    }
    mem_free(keys);
    return OK;
}

static Status find(const Context *cx, const int64_t *integers, uint32_t count, const IntegerStats *stats, uint32_t size_max,
                   bool try_hard, int64_t (*order)(int64_t), DistinctSet *set, bool *found) {
    uint64_t range = (uint64_t)stats->max - (uint64_t)stats->min;
    if (order == NULL && range < BITMAP_RANGE_MAX && range / 64 < (uint64_t)count + 1024) {
        TRY(find_by_bitmap(cx, integers, count, stats, set));
        *found = set->size <= size_max;
        return OK;
    }
    if (!try_hard && count > SAMPLE) {
        TRY(find_by_hash(cx, integers, count, count / SAMPLE, SAMPLE_DISTINCT_MAX, set, found));
        distinct_free(set);
        if (!*found) {
            return OK;
        }
    }
    TRY(find_by_hash(cx, integers, count, 1, size_max, set, found));
    return *found ? sort_keys(cx, set, order) : OK;
}

Status distinct_find(const Context *cx, const int64_t *integers, uint32_t count, const IntegerStats *stats, uint32_t size_max,
                     bool try_hard, int64_t (*order)(int64_t), DistinctSet *set, bool *found) {
    *set = (DistinctSet){0};
    *found = false;
    Status status = find(cx, integers, count, stats, size_max, try_hard, order, set, found);
    if (status != OK || !*found) {
        distinct_free(set);
    }
    return status;
}

void distinct_encode(const DistinctSet *set, int64_t *integers, uint32_t count) {
    if (set->bitmap == NULL) {
        for (uint32_t i = 0; i < count; i++) {
            integers[i] = set->codes[bucket_of(set, integers[i])] - 1;
        }
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bit = (uint64_t)integers[i] - (uint64_t)set->min, word = bit >> 6;
        uint64_t below = set->bitmap[word] & ((UINT64_C(1) << (bit & 63)) - 1);
        integers[i] = set->ranks[word] + __builtin_popcountll(below);
    }
}
