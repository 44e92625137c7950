/* ANY_VALUE, ARG_MIN and ARG_MAX: one row's value per group, the first or that with the least or greatest key. */
#include "expr/agg_kept.h"
#include "expr/agg_loop.h"
#include "expr/agg_order.h"

/* Keys that fit a word are kept and compared as words in their order; for arg_max inverted, so that the least wins always. */
typedef struct Picked {
    Kept value, key;
    uint64_t has_value;
} Picked;

static bool has_word_keys(const Aggregate *aggregate) {
    return aggregate->argument_count > 1 && order_has_words(type_class(aggregate->types[1]));
}

/* Is the key that of a row to take? `key` NULL: any row does. */
static bool improves(const Aggregate *aggregate, const Picked *picked, const Value *key) {
    if (!picked->has_value) {
        return true;
    }
    if (key == NULL) {
        return false;
    }
    Value current = kept_value(&picked->key, aggregate->types[1]);
    int order = value_compare(key, &current);
    return aggregate->id == AGGREGATE_ARG_MIN ? order < 0 : order > 0;
}

static Status take(const Context *cx, Picked *picked, const Value *value, const Value *key, Arena *arena) {
    picked->has_value = true;
    TRY(kept_set(cx, &picked->value, value, arena));
    return key == NULL ? OK : kept_set(cx, &picked->key, key, arena);
}

/* Rows with a NULL in either argument are passed over. */
static Status pick_rows(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                        const Vector *const *arguments, uint32_t rows, Arena *arena) {
    const Vector *keys = aggregate->argument_count > 1 ? arguments[1] : NULL;
    for (uint32_t row = 0; row < rows; row++) {
        Picked *picked = (Picked *)(void *)agg_state(states, stride, groups, row);
        if (!vector_is_valid(arguments[0], row) || (keys != NULL && !vector_is_valid(keys, row)) ||
            (keys == NULL && picked->has_value)) {
            continue;
        }
        Value value = vector_value(arguments[0], row), key = keys == NULL ? value : vector_value(keys, row);
        if (improves(aggregate, picked, keys == NULL ? NULL : &key)) {
            TRY(take(cx, picked, &value, keys == NULL ? NULL : &key, arena));
        }
    }
    return OK;
}

static Status take_word(const Context *cx, Picked *picked, const Value *value, uint64_t word, Arena *arena) {
    if (picked->has_value && word >= (uint64_t)picked->key.bits) {
        return OK;
    }
    picked->has_value = true;
    picked->key.bits = word;
    return kept_set(cx, &picked->value, value, arena);
}

/* The same with keys as words: a value is looked at only where its row wins. */
static Status pick_words(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                         const Vector *const *arguments, uint32_t rows, Arena *arena) {
    uint64_t words[BATCH_ROWS_MAX], inverted = aggregate->id == AGGREGATE_ARG_MAX ? UINT64_MAX : 0;
    const uint64_t *validity = agg_validity(arguments[1]);
    AggFlat flat;
    if (agg_all_null(arguments[0]) || agg_all_null(arguments[1])) {
        return OK;
    }
    TRY(agg_flatten(cx, arguments[1], rows, &flat));
    order_words(type_class(aggregate->types[1]), flat.data, rows, words);
    agg_flat_free(&flat);
    for (uint32_t row = 0; row < rows; row++) {
        Picked *picked = (Picked *)(void *)agg_state(states, stride, groups, row);
        uint64_t word = words[row] ^ inverted;
        if ((picked->has_value && word >= (uint64_t)picked->key.bits) || (validity != NULL && !bit_get(validity, row)) ||
            !vector_is_valid(arguments[0], row)) {
            continue;
        }
        Value value = vector_value(arguments[0], row);
        TRY(take_word(cx, picked, &value, word, arena));
    }
    return OK;
}

static Status pick_update(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                          const Vector *const *arguments, uint32_t rows, Arena *arena) {
    return (has_word_keys(aggregate) ? pick_words : pick_rows)(cx, aggregate, states, stride, groups, arguments, rows, arena);
}

static Status pick_merge(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                         const uint8_t *others, size_t other_stride, uint32_t count, Arena *arena) {
    bool has_key = aggregate->argument_count > 1;
    for (uint32_t i = 0; i < count; i++) {
        const Picked *other = (const Picked *)(const void *)(others + i * other_stride);
        if (!other->has_value) {
            continue;
        }
        Picked *picked = (Picked *)(void *)agg_state(states, stride, groups, i);
        Value value = kept_value(&other->value, aggregate->types[0]);
        if (has_word_keys(aggregate)) {
            TRY(take_word(cx, picked, &value, (uint64_t)other->key.bits, arena));
            continue;
        }
        Value key = has_key ? kept_value(&other->key, aggregate->types[1]) : value;
        if (improves(aggregate, picked, has_key ? &key : NULL)) {
            TRY(take(cx, picked, &value, has_key ? &key : NULL, arena));
        }
    }
    return OK;
}

static Status pick_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                          Vector *out, Arena *arena) {
    (void)arena;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    for (uint32_t i = 0; i < count; i++) {
        const Picked *picked = (const Picked *)(const void *)(states + i * stride);
        if (!picked->has_value) {
            TRY(agg_set_null(cx, out, i));
            continue;
        }
        Value value = kept_value(&picked->value, aggregate->result);
        value_store(&value, out->data, i);
    }
    return OK;
}

Status agg_define_pick(const Context *cx, Aggregate *aggregate) {
    (void)cx;
    bool has_text = type_is_text(aggregate->argument);
    for (uint32_t i = 1; i < aggregate->argument_count; i++) {
        has_text |= type_is_text(aggregate->types[i]);
    }
    aggregate->result = aggregate->argument;
    aggregate->state_bytes = sizeof(Picked);
    aggregate->is_plain = !has_text;
    aggregate->ignores_repeats = true;
    aggregate->update = pick_update;
    aggregate->merge = pick_merge;
    aggregate->finish = pick_finish;
    return OK;
}
