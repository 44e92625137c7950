/* Building and asking the index of a join's build rows. See join_table.h. */
#include "exec/join_table.h"

#include "core/hash.h"
#include "kernels/hash_kernels.h"

#define PART_ROWS ((uint64_t)1 << 15) /* build rows that are worth a part of their own */
#define ARRAY_BYTES_FREE ((uint64_t)1 << 20)
#define PREFETCH_BYTES ((size_t)1 << 20) /* tables beyond the cache prefetch */

static uint8_t entry_bytes_for(uint64_t rows) {
    return rows < 0xff ? 1 : rows < 0xffff ? 2 : 4;
}

/* An array is used where it stays in the cache, or costs at most a few entries per row. */
static bool array_fits(uint64_t range, uint64_t rows) {
    return range * entry_bytes_for(rows) <= ARRAY_BYTES_FREE || range / 16 < rows;
}

static Status prepare_array(const Context *cx, JoinIndex *index, uint64_t rows, int64_t key_min, uint64_t range) {
    index->is_array = true;
    index->key_min = key_min;
    index->range = range;
    index->entry_bytes = entry_bytes_for(rows);
    TRY_ALLOC_ZEROED(cx, index->entries, (range + 1) * index->entry_bytes);
    if (index->keeps_duplicates) {
        TRY_ALLOC_ZEROED(cx, index->next, rows * sizeof *index->next);
    }
    return OK;
}

static Status prepare_hash(const Context *cx, JoinIndex *index, uint64_t rows) {
    index->bucket_bits = 4;
    while (((uint64_t)1 << index->bucket_bits) < rows) {
        index->bucket_bits++;
    }
    TRY_ALLOC_ZEROED(cx, index->heads, sizeof *index->heads << index->bucket_bits);
    TRY_ALLOC(cx, index->links, sizeof *index->links * rows);
    return OK;
}

Status join_index_prepare(const Context *cx, JoinIndex *index, const RowTable *table, bool is_integer, int64_t key_min,
                          int64_t key_max, uint32_t parts_max) {
    uint64_t rows = table->rows;
    index->is_exact = is_integer;
    uint64_t parts = rows / PART_ROWS + 1;
    index->parts = parts < parts_max ? (uint32_t)parts : parts_max;
    if (is_integer && key_min > key_max) { /* no row has a key: an array of nothing */
        return prepare_array(cx, index, rows, 0, 0);
    }
    uint64_t distance = (uint64_t)key_max - (uint64_t)key_min;
    if (is_integer && distance < UINT32_MAX && array_fits(distance + 1, rows)) {
        return prepare_array(cx, index, rows, key_min, distance + 1);
    }
    return prepare_hash(cx, index, rows);
}

/* ------------------------------------------------------------------------------------------------------------- building */

static inline uint32_t load_entry(const void *entries, uint32_t bytes, uint64_t at) {
    return bytes == 1   ? ((const uint8_t *)entries)[at]
           : bytes == 2 ? ((const uint16_t *)entries)[at]
                        : ((const uint32_t *)entries)[at];
}

static inline void store_entry(void *entries, uint32_t bytes, uint64_t at, uint32_t entry) {
    if (bytes == 1) {
        ((uint8_t *)entries)[at] = (uint8_t)entry;
    } else if (bytes == 2) {
        ((uint16_t *)entries)[at] = (uint16_t)entry;
    } else {
        ((uint32_t *)entries)[at] = entry;
    }
}

static bool row_has_null_key(const JoinIndex *index, const RowChunk *chunk, uint32_t row) {
    for (uint32_t k = 0; k < index->null_column_count; k++) {
        const uint64_t *validity = chunk->columns[index->null_columns[k]].validity;
        if (validity != NULL && !bit_get(validity, row)) {
            return true;
        }
    }
    return false;
}

static bool chunk_has_null_keys(const JoinIndex *index, const RowChunk *chunk) {
    for (uint32_t k = 0; k < index->null_column_count; k++) {
        if (chunk->columns[index->null_columns[k]].validity != NULL) {
            return true;
        }
    }
    return false;
}

/* One run of rows of a chunk: `keys` of rows [first, first + count), the table's number of the run's first row. */
typedef struct KeyRun {
    const RowChunk *chunk;
    bool has_nulls;
    uint32_t first, count, table_row;
    int64_t keys[BATCH_ROWS_MAX];
} KeyRun;

static void insert_run_in_array(JoinIndex *index, const KeyRun *run, uint64_t low, uint64_t high) {
    bool has_duplicates = false;
    for (uint32_t i = run->count; i-- > 0;) { /* backwards: chains then run forwards */
        uint64_t at = (uint64_t)run->keys[i] - (uint64_t)index->key_min;
        if (at < low || at >= high || (run->has_nulls && row_has_null_key(index, run->chunk, run->first + i))) {
            continue;
        }
        uint32_t before = load_entry(index->entries, index->entry_bytes, at);
        if (before != 0) {
            has_duplicates = true;
            if (index->next == NULL) {
                continue;
            }
            index->next[run->table_row + i] = before;
        }
        store_entry(index->entries, index->entry_bytes, at, run->table_row + i + 1);
    }
    if (has_duplicates) {
        atomic_store_explicit(&index->has_duplicates, true, memory_order_relaxed);
    }
}

static inline uint64_t tag_of(uint64_t hash) {
    return (uint64_t)1 << (JOIN_TAG_SHIFT + (hash & 15));
}

static inline uint64_t hash_of_key(const JoinIndex *index, uint64_t key) {
    return index->is_exact ? hash_u64(key) : key;
}

/* Brings the lines that the run's inserts into [low, high) will touch: heads, then the links that they point to. */
static void prefetch_run(const JoinIndex *index, const KeyRun *run, uint64_t low, uint64_t high) {
    uint32_t shift = 64 - index->bucket_bits;
    for (uint32_t i = 0; i < run->count; i++) {
        uint64_t bucket = hash_of_key(index, (uint64_t)run->keys[i]) >> shift;
        if (bucket >= low && bucket < high) {
            __builtin_prefetch(&index->heads[bucket], 1);
        }
    }
    for (uint32_t i = 0; i < run->count; i++) {
        uint64_t hash = hash_of_key(index, (uint64_t)run->keys[i]), bucket = hash >> shift;
        uint64_t head = bucket >= low && bucket < high ? index->heads[bucket] : 0;
        if ((head & tag_of(hash)) != 0) {
            __builtin_prefetch(&index->links[(uint32_t)head - 1]);
        }
    }
}

static bool chain_has_key(const JoinIndex *index, uint64_t head, uint64_t key) {
    for (uint32_t at = (uint32_t)head; at != 0; at = index->links[at - 1].next) {
        if (index->links[at - 1].key == key) {
            return true;
        }
    }
    return false;
}

static void insert_run_in_hash(JoinIndex *index, const KeyRun *run, uint64_t low, uint64_t high) {
    bool has_duplicates = atomic_load_explicit(&index->has_duplicates, memory_order_relaxed);
    bool drops = !index->keeps_duplicates && index->is_exact;
    if ((sizeof *index->heads << index->bucket_bits) >= PREFETCH_BYTES) {
        prefetch_run(index, run, low, high);
    }
    for (uint32_t i = run->count; i-- > 0;) {
        uint64_t key = (uint64_t)run->keys[i];
        uint64_t hash = hash_of_key(index, key);
        uint64_t bucket = hash >> (64 - index->bucket_bits);
        if (bucket < low || bucket >= high || (run->has_nulls && row_has_null_key(index, run->chunk, run->first + i))) {
            continue;
        }
        uint64_t head = index->heads[bucket];
        if ((drops || !has_duplicates) && (head & tag_of(hash)) != 0 && chain_has_key(index, head, key)) {
            has_duplicates = true;
            if (drops) {
                continue;
            }
        }
        uint32_t row = run->table_row + i;
        index->links[row] = (JoinLink){.key = key, .next = (uint32_t)head};
        index->heads[bucket] = (head & ~JOIN_ROW_MASK) | tag_of(hash) | (row + 1);
    }
    if (has_duplicates) {
        atomic_store_explicit(&index->has_duplicates, true, memory_order_relaxed);
    }
}

Status join_index_build_part(const Context *cx, JoinIndex *index, const RowTable *table, uint32_t part) {
    uint64_t slots = index->is_array ? index->range : (uint64_t)1 << index->bucket_bits;
    uint64_t low = slots / index->parts * part;
    uint64_t high = part + 1 == index->parts ? slots : slots / index->parts * (part + 1);
    const ColumnFormat *format = &table->format->columns[index->key_column];
    uint64_t chunk_end = table->rows;
    for (uint32_t c = table->chunk_count; c-- > 0;) {
        const RowChunk *chunk = table->chunks[c];
        chunk_end -= chunk->rows;
        KeyRun run = {.chunk = chunk, .has_nulls = chunk_has_null_keys(index, chunk)};
        for (uint32_t end = chunk->rows; end > 0; end = run.first) {
            TRY(check_cancel(cx));
            run.first = (end - 1) / BATCH_ROWS_MAX * BATCH_ROWS_MAX;
            run.count = end - run.first;
            run.table_row = (uint32_t)(chunk_end + run.first);
            const uint8_t *data = chunk->columns[index->key_column].data;
            column_format_load_i64(format, data + (size_t)run.first * format->width, run.count, run.keys);
            if (index->is_array) {
                insert_run_in_array(index, &run, low, high);
            } else {
                insert_run_in_hash(index, &run, low, high);
            }
        }
    }
    return OK;
}

void join_index_free(JoinIndex *index) {
    mem_free(index->entries);
    mem_free(index->next);
    mem_free(index->heads);
    mem_free(index->links);
    memset(index, 0, sizeof *index);
}

size_t join_index_bytes(const JoinIndex *index) {
    const void *const parts[] = {index->entries, index->next, index->heads, index->links};
    size_t bytes = 0;
    for (uint32_t i = 0; i < 4; i++) {
        bytes += parts[i] == NULL ? 0 : mem_size(parts[i]);
    }
    return bytes;
}

/* --------------------------------------------------------------------------------------------------------------- asking */

static inline uint32_t find_in_bucket(const JoinIndex *index, uint64_t head, uint64_t hash, uint64_t key) {
    uint32_t at = (head & tag_of(hash)) != 0 ? (uint32_t)head : 0;
    while (at != 0 && index->links[at - 1].key != key) {
        at = __atomic_load_n(&index->links[at - 1].next, __ATOMIC_RELAXED);
    }
    return at;
}

void join_index_find(const JoinIndex *index, const uint64_t *keys, const uint64_t *hashes, uint32_t count, uint32_t *heads) {
    uint32_t shift = 64 - index->bucket_bits;
    if ((sizeof *index->heads << index->bucket_bits) < PREFETCH_BYTES) {
        for (uint32_t i = 0; i < count; i++) {
            heads[i] = find_in_bucket(index, index->heads[hashes[i] >> shift], hashes[i], keys[i]);
        }
        return;
    }
    for (uint32_t i = 0; i < count; i++) { /* two passes: first the heads' lines, then the links' */
        __builtin_prefetch(&index->heads[hashes[i] >> shift]);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t head = index->heads[hashes[i] >> shift];
        heads[i] = (head & tag_of(hashes[i])) != 0 ? (uint32_t)head : 0;
        if (heads[i] != 0) {
            __builtin_prefetch(&index->links[heads[i] - 1]);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = heads[i];
        while (at != 0 && index->links[at - 1].key != keys[i]) {
            at = __atomic_load_n(&index->links[at - 1].next, __ATOMIC_RELAXED);
        }
        heads[i] = at;
    }
}
