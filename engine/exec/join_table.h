/* The index of a join's build rows: from a key to the rows that may have it.
 *
 * Array: one integer key in a small range. entries[key - key_min] = row + 1 (0: none), as wide as the row count needs, so
 * that dimensions stay in the cache; rows of the same key are chained through `next`.
 * Hash: bucket chains. heads[top bits of the hash] = 16 tag bits | row + 1, so that most misses cost one access; each row has
 * a link of its key and the next row. For one integer key the link's key is the value and a match is certain; otherwise it is
 * the 64-bit hash, and the caller compares the values.
 *
 * Built in parts: each part owns a range of keys or buckets and reads all rows. Row numbers are given out as row + 1. */
#ifndef DEPOT_EXEC_JOIN_TABLE_H
#define DEPOT_EXEC_JOIN_TABLE_H

#include "exec/row_store.h"

#define JOIN_TAG_SHIFT 48
#define JOIN_ROW_MASK (((uint64_t)1 << JOIN_TAG_SHIFT) - 1)

typedef struct JoinLink {
    uint64_t key;  /* the integer key, or the hash of all keys */
    uint32_t next; /* row + 1 of the next row in the bucket, 0 at the end */
} JoinLink;

typedef struct JoinIndex {
    bool is_array;
    bool is_exact;                /* a found row has the key; else its keys must be compared */
    bool keeps_duplicates;        /* false: one row per key is enough (semi joins) */
    _Atomic(bool) has_duplicates; /* some key (or hash) has several rows */
    uint32_t parts;
    uint32_t key_column; /* is_exact: column of the table; else the column of hashes */
    uint32_t null_column_count;
    const uint32_t *null_columns; /* rows with a NULL in one of these are left out */
    int64_t key_min;              /* array */
    uint64_t range;               /* array: entries */
    uint8_t entry_bytes;
    void *entries;  /* owned */
    uint32_t *next; /* owned; array */
    uint32_t bucket_bits;
    uint64_t *heads; /* owned; hash */
    JoinLink *links; /* owned; hash */
} JoinIndex;

/* Chooses array or hash and allocates. [key_min, key_max]: of the rows with a key, if is_integer. parts_max: as many as can be
 * built at once; each reads all keys. */
Status join_index_prepare(const Context *cx, JoinIndex *index, const RowTable *table, bool is_integer, int64_t key_min,
                          int64_t key_max, uint32_t parts_max) MUST_CHECK;
/* Reads the table's chunks. */
Status join_index_build_part(const Context *cx, JoinIndex *index, const RowTable *table, uint32_t part) MUST_CHECK;
void join_index_free(JoinIndex *index);
size_t join_index_bytes(const JoinIndex *index);

/* heads[i] = first candidate of keys[i], row + 1 or 0. Hash index only. */
void join_index_find(const JoinIndex *index, const uint64_t *keys, const uint64_t *hashes, uint32_t count, uint32_t *heads);

/* The link from `row` (array: of its key, hash: of its bucket) to the next. Links may change while they are read: see below. */
static inline uint32_t *join_index_link(const JoinIndex *index, uint32_t row) {
    return index->is_array ? &index->next[row] : &index->links[row].next;
}

/* The next candidate after `row` (row + 1, 0: none). */
static inline uint32_t join_index_next(const JoinIndex *index, uint32_t row, uint64_t key) {
    uint32_t at = __atomic_load_n(join_index_link(index, row), __ATOMIC_RELAXED);
    while (at != 0 && !index->is_array && index->links[at - 1].key != key) {
        at = __atomic_load_n(&index->links[at - 1].next, __ATOMIC_RELAXED);
    }
    return at;
}

/* The same where rows with a mark in `done` are no candidates any more: they are taken out of the chain on the way, so that the
 * next one who comes is spared them. Several tasks may do so at once, while marks are set: whichever link is left in the end
 * skips marked rows alone. */
static inline uint32_t join_index_next_open(const JoinIndex *index, uint32_t row, uint64_t key, const uint8_t *done) {
    uint32_t at;
    do {
        uint32_t *link = join_index_link(index, row);
        uint32_t linked = __atomic_load_n(link, __ATOMIC_RELAXED);
        for (at = linked; at != 0 && __atomic_load_n(&done[at - 1], __ATOMIC_RELAXED) != 0;) {
            at = __atomic_load_n(join_index_link(index, at - 1), __ATOMIC_RELAXED);
        }
        if (at != linked) {
            __atomic_store_n(link, at, __ATOMIC_RELAXED);
        }
        row = at - 1;
    } while (at != 0 && !index->is_array && index->links[row].key != key);
    return at;
}

#endif
