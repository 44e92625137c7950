/* Placement hashes of vectors: one loop per storage class, and per dictionary entry where a vector has few of them. */
#include "storage/distribute.h"

#include "core/hash.h"

/* Whole numbers hash as their 64-bit value. */
#define HASH_INTEGERS(ctype, base)                                                                                             \
    do {                                                                                                                       \
        const ctype *restrict values = data;                                                                                   \
        for (uint32_t i = 0; i < rows; i++) {                                                                                  \
            int64_t wide = (int64_t)((uint64_t)(base) + (uint64_t)(int64_t)values[i]);                                         \
            hashes[i] = hash_bytes(&wide, sizeof wide, seed);                                                                  \
        }                                                                                                                      \
    } while (0)

static bool is_whole(Type type) {
    return class_is_integer(type_class(type)) && type.id != TYPE_DECIMAL;
}

static void hash_values(Type type, const void *data, uint32_t rows, uint64_t seed, uint64_t *hashes) {
    for (uint32_t i = 0; i < rows; i++) {
        Value value = value_load(type, data, i);
        hashes[i] = value_placement_hash(&value, seed);
    }
}

static void hash_flat(Type type, const void *data, uint32_t rows, uint64_t seed, uint64_t *hashes) {
    if (!is_whole(type)) {
        hash_values(type, data, rows, seed, hashes);
        return;
    }
    switch (type_class(type)) {
    case CLASS_BOOL: HASH_INTEGERS(uint8_t, 0); break;
    case CLASS_I16: HASH_INTEGERS(int16_t, 0); break;
    case CLASS_I32: HASH_INTEGERS(int32_t, 0); break;
    default: HASH_INTEGERS(int64_t, 0); break;
    }
}

static void hash_frame_codes(const Vector *vector, uint32_t rows, uint64_t seed, uint64_t *hashes) {
    const void *data = vector->data;
    switch (vector->code_bytes) {
    case 1: HASH_INTEGERS(uint8_t, vector->base); break;
    case 2: HASH_INTEGERS(uint16_t, vector->base); break;
    default: HASH_INTEGERS(uint32_t, vector->base); break;
    }
}

static uint32_t code_at(const Vector *vector, uint32_t row) {
    switch (vector->code_bytes) {
    case 1: return ((const uint8_t *)vector->data)[row];
    case 2: return ((const uint16_t *)vector->data)[row];
    default: return ((const uint32_t *)vector->data)[row];
    }
}

static void hash_dictionary_codes(const Vector *vector, uint32_t rows, uint64_t seed, uint64_t *hashes) {
    const Dictionary *dictionary = vector->dictionary;
    if (dictionary->size <= BATCH_ROWS_MAX && dictionary->size < rows) {
        uint64_t of_entry[BATCH_ROWS_MAX];
        hash_flat(dictionary->type, dictionary->values, dictionary->size, seed, of_entry);
        for (uint32_t i = 0; i < rows; i++) {
            hashes[i] = of_entry[code_at(vector, i)];
        }
        return;
    }
    for (uint32_t i = 0; i < rows; i++) {
        Value value = value_load(dictionary->type, dictionary->values, code_at(vector, i));
        hashes[i] = value_placement_hash(&value, seed);
    }
}

/* A decimal's frame-of-reference codes. */
static void hash_decimal_codes(const Vector *vector, uint32_t rows, uint64_t seed, uint64_t *hashes) {
    for (uint32_t i = 0; i < rows; i++) {
        Value value = value_i64(vector->type, (int64_t)((uint64_t)vector->base + code_at(vector, i)));
        hashes[i] = value_placement_hash(&value, seed);
    }
}

Status placement_hash_vector(const Context *cx, const Vector *vector, uint32_t rows, uint64_t seed, uint64_t *hashes) {
    (void)cx;
    if (vector->kind == VECTOR_CONSTANT) {
        uint64_t hash;
        hash_flat(vector->type, vector->data, 1, seed, &hash);
        for (uint32_t i = 0; i < rows; i++) {
            hashes[i] = hash;
        }
    } else if (vector->kind == VECTOR_FLAT) {
        hash_flat(vector->type, vector->data, rows, seed, hashes);
    } else if (vector->dictionary != NULL) {
        hash_dictionary_codes(vector, rows, seed, hashes);
    } else if (is_whole(vector->type)) {
        hash_frame_codes(vector, rows, seed, hashes);
    } else {
        hash_decimal_codes(vector, rows, seed, hashes);
    }
    return OK;
}
