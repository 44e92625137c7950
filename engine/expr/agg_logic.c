/* BOOL_AND, BOOL_OR, BIT_AND, BIT_OR, BIT_XOR, COUNT_IF: one word per group. */
#include "expr/agg_loop.h"

typedef struct Word {
    int64_t bits;
    int64_t count; /* of values */
} Word;

static inline int64_t combined(AggregateId id, int64_t a, int64_t b) {
    switch (id) {
    case AGGREGATE_BOOL_AND:
    case AGGREGATE_BIT_AND: return a & b;
    case AGGREGATE_BIT_XOR: return a ^ b;
    case AGGREGATE_COUNT_IF: return a + b;
    default: return a | b;
    }
}

static inline void take_word(AggregateId id, Word *word, int64_t bits, int64_t count) {
    word->bits = word->count == 0 ? bits : combined(id, word->bits, bits);
    word->count += count;
}

static int64_t load_word(StorageClass class, const void *data, uint32_t row) {
    switch (class) {
    case CLASS_BOOL: return ((const uint8_t *)data)[row];
    case CLASS_I16: return ((const int16_t *)data)[row];
    case CLASS_I32: return ((const int32_t *)data)[row];
    default: return ((const int64_t *)data)[row];
    }
}

static Status logic_update(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                           const uint32_t *groups, const Vector *const *arguments, uint32_t rows, Arena *arena) {
    (void)arena;
    if (agg_all_null(arguments[0])) {
        return OK;
    }
    const uint64_t *validity = agg_validity(arguments[0]);
    StorageClass class = type_class(aggregate->argument);
    AggFlat flat;
    TRY(agg_flatten(cx, arguments[0], rows, &flat));
    for (uint32_t row = 0; row < rows; row++) {
        if (validity == NULL || bit_get(validity, row)) {
            take_word(aggregate->id, (Word *)(void *)agg_state(states, stride, groups, row), load_word(class, flat.data, row),
                      1);
        }
    }
    agg_flat_free(&flat);
    return OK;
}

static Status logic_merge(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                          const uint8_t *others, size_t other_stride, uint32_t count, Arena *arena) {
    (void)cx, (void)arena;
    for (uint32_t i = 0; i < count; i++) {
        const Word *other = (const Word *)(const void *)(others + i * other_stride);
        if (other->count > 0) {
            take_word(aggregate->id, (Word *)(void *)agg_state(states, stride, groups, i), other->bits, other->count);
        }
    }
    return OK;
}

static Status logic_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                           Vector *out, Arena *arena) {
    (void)arena;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    for (uint32_t i = 0; i < count; i++) {
        const Word *word = (const Word *)(const void *)(states + i * stride);
        if (word->count == 0) {
            TRY(agg_set_null(cx, out, i));
            continue;
        }
        Value value = value_i64(aggregate->result, word->bits);
        value_store(&value, out->data, i);
    }
    return OK;
}

Status agg_define_logic(const Context *cx, Aggregate *aggregate) {
    (void)cx;
    aggregate->result = aggregate->id == AGGREGATE_COUNT_IF ? type_make(TYPE_BIGINT) : aggregate->argument;
    aggregate->state_bytes = sizeof(Word);
    aggregate->is_plain = true;
    aggregate->ignores_repeats = aggregate->id != AGGREGATE_BIT_XOR && aggregate->id != AGGREGATE_COUNT_IF;
    aggregate->update = logic_update;
    aggregate->merge = logic_merge;
    aggregate->finish = logic_finish;
    return OK;
}
