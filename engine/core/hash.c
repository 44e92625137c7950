/* Hashing of vectors. One loop per storage class; codes of a dictionary look their hash up. */
#include "core/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const void *data, size_t bytes, uint64_t seed) {
    return XXH3_64bits_withSeed(data, bytes, seed);
}

static inline uint64_t hash_f64(double x) {
    if (x == 0) {
        x = 0; /* -0 as 0 */
    }
    if (x != x) {
        return hash_u64(UINT64_C(0x7ff8000000000000));
    }
    uint64_t bits;
    memcpy(&bits, &x, 8);
    return hash_u64(bits);
}
static inline uint64_t hash_i128(__int128 x) {
    int64_t low = (int64_t)x;
    return x == low ? hash_u64((uint64_t)low) : hash_combine(hash_u64((uint64_t)x), (uint64_t)(x >> 64));
}
static inline uint64_t hash_text(const Text *text) {
    return hash_bytes(text_data(text), text->bytes, 3);
}
static inline uint64_t hash_interval(const Interval *i) { /* as it compares: 30-day months, 24-hour days */
    __int128 micros = ((__int128)i->months * 30 + i->days) * INT64_C(86400000000) + i->micros;
    return hash_i128(micros);
}

uint64_t hash_value(const Value *value) {
    if (value->is_null) {
        return HASH_NULL;
    }
    switch (type_class(value->type)) {
    case CLASS_I128: return hash_i128(value->i128);
    case CLASS_F32:
    case CLASS_F64: return hash_f64(value->f64);
    case CLASS_TEXT: return hash_text(&value->text);
    case CLASS_INTERVAL: return hash_interval(&value->interval);
    default: return hash_u64((uint64_t)value->i64);
    }
}

#define HASH_ROWS(ctype, expression)                                                                                           \
    do {                                                                                                                       \
        const ctype *restrict values = data;                                                                                   \
        for (uint32_t i = 0; i < rows; i++) {                                                                                  \
            out[i] = expression;                                                                                               \
        }                                                                                                                      \
    } while (0)

static void hash_flat(StorageClass storage_class, const void *data, uint32_t rows, uint64_t *restrict out) {
    switch (storage_class) {
    case CLASS_BOOL: HASH_ROWS(uint8_t, hash_u64(values[i])); break;
    case CLASS_I16: HASH_ROWS(int16_t, hash_u64((uint64_t)(int64_t)values[i])); break;
    case CLASS_I32: HASH_ROWS(int32_t, hash_u64((uint64_t)(int64_t)values[i])); break;
    case CLASS_I64: HASH_ROWS(int64_t, hash_u64((uint64_t)values[i])); break;
    case CLASS_I128: HASH_ROWS(__int128, hash_i128(values[i])); break;
    case CLASS_F32: HASH_ROWS(float, hash_f64((double)values[i])); break;
    case CLASS_F64: HASH_ROWS(double, hash_f64(values[i])); break;
    case CLASS_TEXT: HASH_ROWS(Text, hash_text(&values[i])); break;
    case CLASS_INTERVAL: HASH_ROWS(Interval, hash_interval(&values[i])); break;
    case CLASS_COUNT: break;
    }
}

#define HASH_CODES(ctype)                                                                                                      \
    do {                                                                                                                       \
        if (hashes != NULL) {                                                                                                  \
            HASH_ROWS(ctype, hashes[values[i]]);                                                                               \
        } else {                                                                                                               \
            HASH_ROWS(ctype, hash_u64((uint64_t)vector->base + values[i]));                                                    \
        }                                                                                                                      \
    } while (0)

static Status hash_codes(const Context *cx, const Vector *vector, uint32_t rows, uint64_t *restrict out) {
    const void *data = vector->data;
    const uint64_t *hashes = NULL;
    if (vector->dictionary != NULL) {
        hashes = dictionary_hashes(cx, vector->dictionary);
        if (hashes == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    switch (vector->code_bytes) {
    case 1: HASH_CODES(uint8_t); break;
    case 2: HASH_CODES(uint16_t); break;
    default: HASH_CODES(uint32_t); break;
    }
    return OK;
}

static Status hash_column(const Context *cx, const Vector *vector, uint32_t rows, uint64_t *out) {
    if (vector->kind == VECTOR_CODES) {
        TRY(hash_codes(cx, vector, rows, out));
    } else if (vector->kind == VECTOR_CONSTANT) {
        Value value = vector_value(vector, 0);
        uint64_t hash = hash_value(&value);
        for (uint32_t i = 0; i < rows; i++) {
            out[i] = hash;
        }
        return OK;
    } else {
        hash_flat(type_class(vector->type), vector->data, rows, out);
    }
    if (vector->validity != NULL) {
        for (uint32_t i = 0; i < rows; i++) {
            out[i] = bit_get(vector->validity, i) ? out[i] : HASH_NULL;
        }
    }
    return OK;
}

Status hash_vector(const Context *cx, const Vector *vector, uint32_t rows, bool combine, uint64_t *hashes) {
    if (!combine) {
        return hash_column(cx, vector, rows, hashes);
    }
    uint64_t column[BATCH_ROWS_MAX];
    TRY(hash_column(cx, vector, rows, column));
    for (uint32_t i = 0; i < rows; i++) {
        hashes[i] = hash_combine(hashes[i], column[i]);
    }
    return OK;
}
