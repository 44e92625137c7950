/* Looking up the keys of probe batches. See key_finder.h. */
#include "exec/key_finder.h"

#include "core/hash.h"
#include "kernels/hash_kernels.h"

Status key_finder_open(const Context *cx, KeyFinder *finder) {
    vector_init(&finder->scratch, type_make(TYPE_BIGINT));
    TRY_ALLOC(cx, finder->heads, sizeof *finder->heads * BATCH_ROWS_MAX);
    TRY_ALLOC(cx, finder->keys, sizeof *finder->keys * BATCH_ROWS_MAX);
    TRY_ALLOC(cx, finder->hashes, sizeof *finder->hashes * BATCH_ROWS_MAX);
    return OK;
}

void key_finder_close(KeyFinder *finder) {
    vector_free(&finder->scratch);
    mem_free(finder->heads);
    mem_free(finder->keys);
    mem_free(finder->hashes);
    mem_free(finder->entry_heads);
}

Status join_hash_keys(const Context *cx, const Batch *in, const uint32_t *keys, uint32_t key_count, uint64_t *hashes) {
    for (uint32_t k = 0; k < key_count; k++) {
        TRY(hash_vector(cx, &in->columns[keys[k]], in->rows, k > 0, hashes));
    }
    return OK;
}

/* At most one candidate per row: array lookups and hash tables of distinct keys. */
static bool index_is_single(const JoinIndex *index) {
    return !index->has_duplicates || (index->is_exact && !index->keeps_duplicates);
}

/* Array index: the base of codes is folded into the offset. */
static Status find_in_array(const Context *cx, const JoinIndex *index, KeyFinder *finder, const Vector *key, uint32_t rows,
                            uint32_t *heads) {
    static const int input_of_class[CLASS_COUNT] = {
        [CLASS_BOOL] = INPUT_U8, [CLASS_I16] = INPUT_I16, [CLASS_I32] = INPUT_I32, [CLASS_I64] = INPUT_I64};
    uint32_t entry = (uint32_t)__builtin_ctz(index->entry_bytes);
    uint64_t offset = 0 - (uint64_t)index->key_min;
    int input = INPUT_I64;
    const void *data = key->data;
    if (key->kind == VECTOR_CODES && key->dictionary == NULL) {
        input = __builtin_ctz(key->code_bytes);
        offset += (uint64_t)key->base;
    } else if (key->kind == VECTOR_FLAT) {
        input = input_of_class[type_class(key->type)];
    } else {
        TRY(vector_load_i64(cx, key, rows, &finder->scratch, (int64_t *)finder->keys));
        data = finder->keys;
    }
    hash_kernels->lookup[input][entry](data, offset, index->range, index->entries, rows, heads);
    return OK;
}

static Status find_integers(const Context *cx, const JoinIndex *index, KeyFinder *finder, const Vector *key, uint32_t rows,
                            uint32_t *heads) {
    if (index->is_array) {
        return find_in_array(cx, index, finder, key, rows, heads);
    }
    TRY(vector_load_i64(cx, key, rows, &finder->scratch, (int64_t *)finder->keys));
    hash_kernels->hash_u64s(finder->keys, rows, finder->hashes);
    join_index_find(index, finder->keys, finder->hashes, rows, heads);
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------- dictionaries */

/* The first row of the chain that really has the entry's value. */
static uint32_t verified_head(const JoinIndex *index, const RowTable *table, uint32_t column, uint32_t head, uint64_t hash,
                              const Value *value) {
    while (head != 0) {
        Value other = row_table_value(table, column, head - 1);
        if (value_compare(value, &other) == 0) {
            break;
        }
        head = join_index_next(index, head - 1, hash);
    }
    return head;
}

/* heads of the entries [first, first + count). */
static Status find_entries(const Context *cx, KeyFinder *finder, const JoinSpec *spec, const JoinIndex *index,
                           const RowTable *table, const Dictionary *dictionary, uint32_t first, uint32_t count,
                           uint32_t *heads) {
    if (index->is_exact) {
        size_t offset = (size_t)first * type_bytes(dictionary->type);
        Vector entries = {.type = dictionary->type, .kind = VECTOR_FLAT, .data = (uint8_t *)dictionary->values + offset};
        return find_integers(cx, index, finder, &entries, count, heads);
    }
    const uint64_t *hashes = dictionary_hashes(cx, dictionary);
    if (hashes == NULL) {
        return OUT_OF_MEMORY;
    }
    join_index_find(index, hashes + first, hashes + first, count, heads);
    for (uint32_t i = 0; i < count; i++) {
        Value value = value_load(dictionary->type, dictionary->values, first + i);
        heads[i] = verified_head(index, table, spec->build_keys[0], heads[i], hashes[first + i], &value);
    }
    return OK;
}

void key_finder_forget(KeyFinder *finder) {
    mem_free(finder->entry_heads);
    finder->entry_heads = NULL;
    finder->dictionary = NULL;
}

static Status look_up_dictionary(const Context *cx, KeyFinder *finder, const JoinSpec *spec, const JoinIndex *index,
                                 const RowTable *table, const Dictionary *dictionary) {
    key_finder_forget(finder);
    TRY_ALLOC_ZEROED(cx, finder->entry_heads, sizeof *finder->entry_heads * (dictionary->size + 1)); /* a 0 at the end */
    for (uint32_t first = 0; first < dictionary->size; first += BATCH_ROWS_MAX) {
        uint32_t left = dictionary->size - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        TRY(find_entries(cx, finder, spec, index, table, dictionary, first, count, finder->entry_heads + first));
    }
    finder->dictionary = dictionary;
    return OK;
}

/* Chains of a hash index are followed by the rows' keys, which a lookup by code does not make. */
static bool may_use_dictionary(const JoinSpec *spec, const JoinIndex *index, const Vector *key) {
    return spec->key_count == 1 && key->kind == VECTOR_CODES && key->dictionary != NULL && key->dictionary->is_shared &&
           (index->is_array || !index->keeps_duplicates || index_is_single(index));
}

/* Finds by code if that pays by now; *is_done tells. */
static Status find_by_code(const Context *cx, KeyFinder *finder, const JoinSpec *spec, const JoinIndex *index,
                           const RowTable *table, const Batch *in, bool *is_done) {
    const Vector *key = &in->columns[spec->probe_keys[0]];
    *is_done = false;
    if (!may_use_dictionary(spec, index, key)) {
        return OK;
    }
    finder->rows_seen = finder->seen == key->dictionary ? finder->rows_seen + in->rows : in->rows;
    finder->seen = key->dictionary;
    if (finder->dictionary != key->dictionary) {
        if (finder->rows_seen < key->dictionary->size) {
            return OK;
        }
        TRY(look_up_dictionary(cx, finder, spec, index, table, key->dictionary));
    }
    hash_kernels->lookup[__builtin_ctz(key->code_bytes)][2](key->data, 0, key->dictionary->size, finder->entry_heads, in->rows,
                                                            finder->heads);
    *is_done = true;
    return OK;
}

static void clear_heads_of_nulls(const Vector *key, uint32_t rows, uint32_t *heads) {
    if (key->validity == NULL) {
        return;
    }
    for (uint32_t i = 0; i < rows; i++) {
        heads[i] = vector_is_valid(key, i) ? heads[i] : 0;
    }
}

Status key_finder_find(const Context *cx, KeyFinder *finder, const JoinSpec *spec, const JoinIndex *index,
                       const RowTable *table, const Batch *in) {
    bool by_code;
    TRY(find_by_code(cx, finder, spec, index, table, in, &by_code));
    if (!by_code && index->is_exact) {
        TRY(find_integers(cx, index, finder, &in->columns[spec->probe_keys[0]], in->rows, finder->heads));
    } else if (!by_code) {
        TRY(join_hash_keys(cx, in, spec->probe_keys, spec->key_count, finder->keys));
        join_index_find(index, finder->keys, finder->keys, in->rows, finder->heads);
    }
    for (uint32_t k = 0; k < spec->key_count; k++) {
        clear_heads_of_nulls(&in->columns[spec->probe_keys[k]], in->rows, finder->heads);
    }
    finder->is_verified = index->is_exact || by_code;
    finder->is_single = index_is_single(index) || (by_code && !index->keeps_duplicates);
    return OK;
}
