/* Vectors: scratch, flattening, gathering, copying. Loops are made once per element width, not per type: moving values does not
 * look at them. */
#include "core/vector.h"

#include "core/hash.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

void vector_init(Vector *vector, Type type) {
    *vector = (Vector){.type = type, .kind = VECTOR_FLAT};
}

void vector_free(Vector *vector) {
    mem_free(vector->owned);
    mem_free(vector->owned_validity);
    vector_init(vector, vector->type);
}

Status vector_reserve(const Context *cx, Vector *vector, size_t bytes) {
    if (vector->owned_bytes < bytes) {
        mem_free(vector->owned);
        vector->owned_bytes = 0;
        TRY_ALLOC(cx, vector->owned, bytes);
        vector->owned_bytes = (uint32_t)bytes;
    }
    vector->data = vector->owned;
    return OK;
}

Status vector_prepare_flat(const Context *cx, Vector *vector, Type type) {
    vector->type = type;
    vector->kind = VECTOR_FLAT;
    vector->dictionary = NULL;
    vector->validity = NULL;
    return vector_reserve(cx, vector, (size_t)type_bytes(type) * BATCH_ROWS_MAX);
}

Status vector_prepare_codes(const Context *cx, Vector *vector, Type type, uint32_t code_bytes) {
    vector->type = type;
    vector->kind = VECTOR_CODES;
    vector->code_bytes = (uint8_t)code_bytes;
    vector->validity = NULL;
    return vector_reserve(cx, vector, (size_t)code_bytes * BATCH_ROWS_MAX);
}

Status vector_prepare_validity(const Context *cx, Vector *vector, bool all_valid) {
    if (vector->owned_validity == NULL) {
        TRY_ALLOC(cx, vector->owned_validity, VALIDITY_WORDS * sizeof(uint64_t));
    }
    vector->validity = vector->owned_validity;
    memset(vector->validity, all_valid ? 0xff : 0, VALIDITY_WORDS * sizeof(uint64_t));
    return OK;
}

Status vector_set_constant(const Context *cx, Vector *vector, const Value *value) {
    vector->type = value->type;
    vector->kind = VECTOR_CONSTANT;
    vector->dictionary = NULL;
    vector->validity = NULL;
    TRY(vector_reserve(cx, vector, sizeof(Text)));
    memset(vector->data, 0, sizeof(Text));
    if (value->is_null) {
        return vector_prepare_validity(cx, vector, false);
    }
    value_store(value, vector->data, 0);
    return OK;
}

void vector_borrow(Vector *to, const Vector *from) {
    if (to == from) {
        return;
    }
    void *owned = to->owned;
    uint64_t *owned_validity = to->owned_validity;
    uint32_t owned_bytes = to->owned_bytes;
    *to = *from;
    to->owned = owned;
    to->owned_validity = owned_validity;
    to->owned_bytes = owned_bytes;
}

static uint32_t code_at(const Vector *vector, uint32_t row) {
    switch (vector->code_bytes) {
    case 1: return ((const uint8_t *)vector->data)[row];
    case 2: return ((const uint16_t *)vector->data)[row];
    default: return ((const uint32_t *)vector->data)[row];
    }
}

Value vector_value(const Vector *vector, uint32_t row) {
    if (!vector_is_valid(vector, row)) {
        return value_null(vector->type);
    }
    if (vector->kind == VECTOR_CONSTANT) {
        return value_load(vector->type, vector->data, 0);
    }
    if (vector->kind == VECTOR_FLAT) {
        return value_load(vector->type, vector->data, row);
    }
    uint32_t code = code_at(vector, row);
    if (vector->dictionary != NULL) {
        return value_load(vector->type, vector->dictionary->values, code);
    }
    return value_i64(vector->type, (int64_t)((uint64_t)vector->base + code));
}

/* ------------------------------------------------------------------------------------------------------------- flatten */

typedef unsigned __int128 Wide;

#define REPEAT(ctype)                                                                                                          \
    for (uint32_t i = 0; i < rows; i++) {                                                                                      \
        memcpy((char *)out + i * sizeof(ctype), element, sizeof(ctype));                                                       \
    }

static void repeat_element(const void *element, uint32_t bytes, uint32_t rows, void *out) {
    switch (bytes) {
    case 1: memset(out, *(const uint8_t *)element, rows); break;
    case 2: REPEAT(uint16_t) break;
    case 4: REPEAT(uint32_t) break;
    case 8: REPEAT(uint64_t) break;
    default: REPEAT(Wide) break;
    }
}

#define LOOK_UP(code_type, value_type)                                                                                         \
    do {                                                                                                                       \
        const code_type *restrict codes = codes_;                                                                              \
        const value_type *restrict values = values_;                                                                           \
        value_type *restrict to = out;                                                                                         \
        for (uint32_t i = 0; i < rows; i++) {                                                                                  \
            to[i] = values[codes[i]];                                                                                          \
        }                                                                                                                      \
    } while (0)
#define LOOK_UP_WIDTHS(code_type)                                                                                              \
    switch (value_bytes) {                                                                                                     \
    case 1: LOOK_UP(code_type, uint8_t); break;                                                                                \
    case 2: LOOK_UP(code_type, uint16_t); break;                                                                               \
    case 4: LOOK_UP(code_type, uint32_t); break;                                                                               \
    case 8: LOOK_UP(code_type, uint64_t); break;                                                                               \
    default: LOOK_UP(code_type, Wide); break;                                                                                  \
    }

static void look_up(const void *codes_, uint32_t code_bytes, const void *values_, uint32_t value_bytes, uint32_t rows,
                    void *out) {
    switch (code_bytes) {
    case 1: LOOK_UP_WIDTHS(uint8_t) break;
    case 2: LOOK_UP_WIDTHS(uint16_t) break;
    default: LOOK_UP_WIDTHS(uint32_t) break;
    }
}

#define ADD_BASE(code_type, value_type)                                                                                        \
    do {                                                                                                                       \
        const code_type *restrict codes = codes_;                                                                              \
        value_type *restrict to = out;                                                                                         \
        for (uint32_t i = 0; i < rows; i++) {                                                                                  \
            to[i] = (value_type)((uint64_t)base + codes[i]);                                                                   \
        }                                                                                                                      \
    } while (0)
#define ADD_BASE_WIDTHS(code_type)                                                                                             \
    switch (value_bytes) {                                                                                                     \
    case 1: ADD_BASE(code_type, uint8_t); break;                                                                               \
    case 2: ADD_BASE(code_type, uint16_t); break;                                                                              \
    case 4: ADD_BASE(code_type, uint32_t); break;                                                                              \
    default: ADD_BASE(code_type, uint64_t); break;                                                                             \
    }

static void add_base(const void *codes_, uint32_t code_bytes, int64_t base, uint32_t value_bytes, uint32_t rows, void *out) {
    switch (code_bytes) {
    case 1: ADD_BASE_WIDTHS(uint8_t) break;
    case 2: ADD_BASE_WIDTHS(uint16_t) break;
    default: ADD_BASE_WIDTHS(uint32_t) break;
    }
}

/* Codes of NULL lanes are valid codes; flat lanes of NULLs must be zero. */
static void zero_null_lanes(void *data, uint32_t bytes, const uint64_t *validity, uint32_t rows) {
    for (uint32_t word = 0; word < BITS_WORDS(rows); word++) {
        uint64_t nulls = ~validity[word];
        while (nulls != 0) {
            uint32_t row = word * 64 + (uint32_t)__builtin_ctzll(nulls);
            if (row >= rows) {
                return;
            }
            memset((char *)data + (size_t)row * bytes, 0, bytes);
            nulls &= nulls - 1;
        }
    }
}

Status vector_flatten(const Context *cx, const Vector *in, uint32_t rows, Vector *out) {
    if (in->kind == VECTOR_FLAT) {
        vector_borrow(out, in);
        return OK;
    }
    assert(in != out);
    uint32_t bytes = type_bytes(in->type);
    TRY(vector_prepare_flat(cx, out, in->type));
    if (in->kind == VECTOR_CONSTANT) {
        if (in->validity != NULL && !bit_get(in->validity, 0)) {
            memset(out->data, 0, (size_t)bytes * rows);
            return vector_prepare_validity(cx, out, false);
        }
        repeat_element(in->data, bytes, rows, out->data);
        return OK;
    }
    if (in->dictionary != NULL) {
        look_up(in->data, in->code_bytes, in->dictionary->values, bytes, rows, out->data);
    } else {
        add_base(in->data, in->code_bytes, in->base, bytes, rows, out->data);
    }
    out->validity = in->validity;
    if (in->validity != NULL) {
        zero_null_lanes(out->data, bytes, in->validity, rows);
    }
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------- gather */

static Status gather_validity(const Context *cx, const uint64_t *validity, const uint16_t *rows, uint32_t count, Vector *out) {
    TRY(vector_prepare_validity(cx, out, false));
    for (uint32_t i = 0; i < count; i++) {
        out->validity[i >> 6] |= (uint64_t)bit_get(validity, rows[i]) << (i & 63);
    }
    return OK;
}

Status vector_gather(const Context *cx, const Vector *in, const uint16_t *rows, uint32_t count, Vector *out) {
    if (in->kind == VECTOR_CONSTANT) {
        vector_borrow(out, in);
        return OK;
    }
    uint32_t bytes;
    if (in->kind == VECTOR_CODES) {
        bytes = in->code_bytes;
        TRY(vector_prepare_codes(cx, out, in->type, bytes));
        out->dictionary = in->dictionary;
        out->base = in->base;
    } else {
        bytes = type_bytes(in->type);
        TRY(vector_prepare_flat(cx, out, in->type));
    }
    look_up(rows, sizeof *rows, in->data, bytes, count, out->data);
    if (in->validity != NULL) {
        TRY(gather_validity(cx, in->validity, rows, count, out));
    }
    return OK;
}

Status vector_slice(const Context *cx, const Vector *in, uint32_t first, uint32_t count, Vector *out) {
    vector_borrow(out, in);
    if (in->kind == VECTOR_CONSTANT) {
        return OK;
    }
    uint32_t bytes = in->kind == VECTOR_CODES ? in->code_bytes : type_bytes(in->type);
    out->data = (char *)in->data + (size_t)first * bytes;
    if (in->validity == NULL) {
        return OK;
    }
    if (first % 64 == 0) {
        out->validity = in->validity + first / 64;
        return OK;
    }
    TRY(vector_prepare_validity(cx, out, false));
    bits_copy(in->validity, first, out->validity, count);
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- copy */

static Status copy_long_texts(const Context *cx, Arena *arena, Text *texts, uint32_t rows) {
    for (uint32_t i = 0; i < rows; i++) {
        if (texts[i].bytes > TEXT_INLINE_MAX) {
            char *copy = arena_copy_text(cx, arena, texts[i].pointer, texts[i].bytes);
            if (copy == NULL) {
                return OUT_OF_MEMORY;
            }
            texts[i] = text_view(copy, texts[i].bytes);
        }
    }
    return OK;
}

Status vector_copy_deep(const Context *cx, Arena *text_arena, const Vector *in, uint32_t rows, Vector *out) {
    TRY(vector_flatten(cx, in, rows, out));
    if (out->data != out->owned) {
        const void *data = out->data;
        const uint64_t *validity = out->validity;
        TRY(vector_prepare_flat(cx, out, in->type));
        memcpy(out->data, data, (size_t)type_bytes(in->type) * rows);
        out->validity = (uint64_t *)validity;
    }
    if (out->validity != NULL && out->validity != out->owned_validity) {
        const uint64_t *validity = out->validity;
        TRY(vector_prepare_validity(cx, out, false));
        memcpy(out->validity, validity, BITS_WORDS(rows) * 8);
    }
    return type_class(in->type) == CLASS_TEXT ? copy_long_texts(cx, text_arena, out->data, rows) : OK;
}

/* -------------------------------------------------------------------------------------------------------- dictionaries */

const uint64_t *dictionary_hashes(const Context *cx, const Dictionary *dictionary_) {
    Dictionary *dictionary = (Dictionary *)dictionary_; /* the one field that changes, once */
    const uint64_t *hashes = atomic_load_explicit(&dictionary->hashes, memory_order_acquire);
    if (hashes != NULL) {
        return hashes;
    }
    /* Outlives the statement, so it is not charged to it: at most 512 KB per shared dictionary. */
    uint64_t *made = malloc(((size_t)dictionary->size + 1) * sizeof *made);
    if (made == NULL) {
        fail(cx, OUT_OF_MEMORY, "out of memory: the machine has no %u hashes left", dictionary->size);
        return NULL;
    }
    for (uint32_t i = 0; i < dictionary->size; i++) {
        Value value = value_load(dictionary->type, dictionary->values, i);
        made[i] = hash_value(&value);
    }
    const uint64_t *expected = NULL;
    if (!atomic_compare_exchange_strong(&dictionary->hashes, &expected, made)) {
        free(made);
        return expected;
    }
    return made;
}

uint32_t dictionary_lower_bound(const Dictionary *dictionary, const Value *value, bool *found) {
    uint32_t low = 0, high = dictionary->size;
    *found = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        Value entry = value_load(dictionary->type, dictionary->values, middle);
        int order = value_compare(&entry, value);
        if (order < 0) {
            low = middle + 1;
        } else {
            *found |= order == 0;
            high = middle;
        }
    }
    return low;
}

/* ------------------------------------------------------------------------------------------------------------- batches */

Status batch_init(const Context *cx, Batch *batch, const Type *types, uint32_t column_count) {
    *batch = (Batch){.column_count = column_count};
    TRY_ALLOC_ZEROED(cx, batch->columns, sizeof(Vector) * (column_count + 1));
    for (uint32_t i = 0; i < column_count; i++) {
        vector_init(&batch->columns[i], types[i]);
    }
    return OK;
}

void batch_free(Batch *batch) {
    for (uint32_t i = 0; i < batch->column_count && batch->columns != NULL; i++) {
        vector_free(&batch->columns[i]);
    }
    mem_free(batch->columns);
    *batch = (Batch){0};
}
