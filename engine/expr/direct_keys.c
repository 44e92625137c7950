/* Numbers for combinations of values of small domains: see direct_keys.h. */
#include "expr/direct_keys.h"

#include "kernels/agg_kernels.h"

bool direct_keys_place(DirectKeys *keys) {
    uint64_t entries = 1;
    for (uint32_t k = keys->count; k-- > 0;) { /* the first column counts most */
        DirectKey *key = &keys->keys[k];
        if (entries * ((uint64_t)key->values + 1) >= INT32_MAX) {
            return false;
        }
        key->times = (uint32_t)entries;
        entries *= (uint64_t)key->values + 1;
    }
    keys->entries = (uint32_t)entries;
    return true;
}

Status direct_scratch_init(const Context *cx, DirectScratch *scratch) {
    vector_init(&scratch->flat, type_make(TYPE_BIGINT));
    TRY_ALLOC(cx, scratch->numbers, sizeof *scratch->numbers * BATCH_ROWS_MAX);
    return OK;
}

void direct_scratch_free(DirectScratch *scratch) {
    vector_free(&scratch->flat);
    mem_free(scratch->numbers);
}

/* ---------------------------------------------------------------------------------------------------------------- numbers */

static Status fail_outside(const Context *cx) {
    return fail(cx, INTERNAL_ERROR, "a value to group by lies outside what the plan knows of its column");
}

/* The number of a constant's value. */
static Status number_of_constant(const Context *cx, const DirectKey *key, const Vector *vector, uint32_t *number) {
    Value value = vector_value(vector, 0);
    bool found = true;
    if (value.is_null) {
        *number = key->values;
    } else if (key->dictionary != NULL) {
        *number = dictionary_lower_bound(key->dictionary, &value, &found);
    } else {
        uint64_t distance = ((uint64_t)value.i64 - (uint64_t)key->min) / (uint64_t)key->step;
        found = distance < key->values;
        *number = (uint32_t)distance;
    }
    return found ? OK : fail_outside(cx);
}

/* What the loops read: the codes or values of the column, and what to add to each. */
static Status open_column(const Context *cx, const DirectKey *key, const Vector *vector, uint32_t rows, Vector *scratch,
                          const void **data, uint64_t *offset, int *input) {
    static const int input_of_class[CLASS_COUNT] = {
        [CLASS_BOOL] = INPUT_U8, [CLASS_I16] = INPUT_I16, [CLASS_I32] = INPUT_I32, [CLASS_I64] = INPUT_I64};
    bool is_codes = vector->kind == VECTOR_CODES;
    *offset = 0 - (uint64_t)key->min;
    if (is_codes && vector->dictionary != NULL && key->dictionary == NULL) {
        TRY(vector_flatten(cx, vector, rows, scratch));
        vector = scratch;
        is_codes = false;
    }
    *data = vector->data;
    *input = is_codes ? __builtin_ctz(vector->code_bytes) : input_of_class[type_class(vector->type)];
    *offset += is_codes && vector->dictionary == NULL ? (uint64_t)vector->base : 0;
    return OK;
}

/* A dictionary's column that comes as values: each is looked up. */
static Status numbers_of_values(const Context *cx, const DirectKey *key, const Vector *vector, uint32_t rows,
                                uint32_t *numbers) {
    for (uint32_t i = 0; i < rows; i++) {
        Value value = vector_value(vector, i);
        bool found = true;
        numbers[i] = value.is_null ? key->values : dictionary_lower_bound(key->dictionary, &value, &found);
        if (!found) {
            return fail_outside(cx);
        }
    }
    return OK;
}

/* Moments as numbers of steps: exact, since no difference has more than 52 bits. Lanes of NULLs may give anything. */
static Status numbers_of_steps(const Context *cx, const DirectKey *key, const Vector *vector, uint32_t rows, Vector *scratch,
                               uint32_t *numbers) {
    if (vector->kind != VECTOR_FLAT) {
        TRY(vector_flatten(cx, vector, rows, scratch));
        vector = scratch;
    }
    const int64_t *values = vector->data;
    double step = (double)key->step;
    for (uint32_t i = 0; i < rows; i++) {
        numbers[i] = (uint32_t)(int64_t)((double)(int64_t)((uint64_t)values[i] - (uint64_t)key->min) / step);
    }
    return OK;
}

/* Adds numbers that have been looked up or computed; rows that are NULL have another. */
static void add_numbers(const DirectScratch *scratch, const DirectKey *key, const Vector *vector, uint32_t rows, bool is_first,
                        uint32_t *groups) {
    for (uint32_t i = 0; i < rows; i++) {
        bool is_null = vector->validity != NULL && !bit_get(vector->validity, i);
        groups[i] = (is_first ? 0 : groups[i]) + (is_null ? key->values : scratch->numbers[i]) * key->times;
    }
}

/* Sets (first column) or adds the column's share of the numbers. */
static Status add_column(const Context *cx, DirectScratch *scratch, const DirectKey *key, const Vector *vector, uint32_t rows,
                         bool is_first, uint32_t *groups) {
    if (vector->kind == VECTOR_CONSTANT) {
        uint32_t number;
        TRY(number_of_constant(cx, key, vector, &number));
        for (uint32_t i = 0; i < rows; i++) {
            groups[i] = (is_first ? 0 : groups[i]) + number * key->times;
        }
        return OK;
    }
    const void *data = NULL;
    uint64_t offset = 0;
    int input = 0;
    if (key->dictionary != NULL && !(vector->kind == VECTOR_CODES && vector->dictionary == key->dictionary)) {
        TRY(numbers_of_values(cx, key, vector, rows, scratch->numbers));
        (is_first ? agg_kernels->set_index : agg_kernels->add_index)[INPUT_U32](scratch->numbers, 0, key->times, rows, groups);
        return OK;
    }
    if (key->step > 1) {
        TRY(numbers_of_steps(cx, key, vector, rows, &scratch->flat, scratch->numbers));
        add_numbers(scratch, key, vector, rows, is_first, groups);
        return OK;
    }
    TRY(open_column(cx, key, vector, rows, &scratch->flat, &data, &offset, &input));
    if (vector->validity == NULL) {
        (is_first ? agg_kernels->set_index : agg_kernels->add_index)[input](data, offset, key->times, rows, groups);
        return OK;
    }
    agg_kernels->set_index[input](data, offset, 1, rows, scratch->numbers);
    add_numbers(scratch, key, vector, rows, is_first, groups);
    return OK;
}

Status direct_numbers(const Context *cx, const DirectKeys *keys, DirectScratch *scratch, const Batch *in, uint32_t *numbers) {
    if (keys->count == 0) {
        memset(numbers, 0, sizeof *numbers * in->rows);
        return OK;
    }
    for (uint32_t k = 0; k < keys->count; k++) {
        TRY(add_column(cx, scratch, &keys->keys[k], &in->columns[keys->keys[k].slot], in->rows, k == 0, numbers));
    }
    return agg_kernels->greatest(numbers, in->rows) >= keys->entries ? fail_outside(cx) : OK;
}

/* ---------------------------------------------------------------------------------------------------------------- values */

/* The last start of the unit before the next step. */
static int64_t step_start(const DirectKey *key, uint32_t number) {
    int64_t start = 0;
    timestamp_truncate(key->min + key->step * (number + INT64_C(1)) - 1, key->unit, &start);
    return start;
}

static Status decode_steps(const Context *cx, const DirectKey *key, const uint32_t *entries, uint32_t count, Vector *out) {
    TRY(vector_prepare_flat(cx, out, key->type));
    int64_t *values = out->data;
    uint32_t last = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = entries[i] / key->times % (key->values + 1);
        if (number == key->values && out->validity == NULL) {
            TRY(vector_prepare_validity(cx, out, true));
        }
        if (number == key->values) {
            bit_clear(out->validity, i);
        }
        values[i] = number == last ? values[i - 1] : step_start(key, number);
        last = number;
    }
    return OK;
}

Status direct_decode(const Context *cx, const DirectKeys *keys, uint32_t k, const uint32_t *numbers, uint32_t count,
                     Vector *out) {
    const DirectKey *key = &keys->keys[k];
    if (key->step > 1) {
        return decode_steps(cx, key, numbers, count, out);
    }
    TRY(vector_prepare_codes(cx, out, key->type, 4));
    out->dictionary = key->dictionary;
    out->base = key->min;
    uint32_t *codes = out->data;
    bool has_null = false;
    for (uint32_t i = 0; i < count; i++) {
        codes[i] = numbers[i] / key->times % (key->values + 1);
        has_null |= codes[i] == key->values;
    }
    if (has_null) {
        TRY(vector_prepare_validity(cx, out, true));
        for (uint32_t i = 0; i < count; i++) {
            if (codes[i] == key->values) {
                bit_clear(out->validity, i);
                codes[i] = 0;
            }
        }
    }
    return OK;
}
