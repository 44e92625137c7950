/* What the aggregates share. */
#ifndef DEPOT_EXPR_AGG_LOOP_H
#define DEPOT_EXPR_AGG_LOOP_H

#include "core/bits.h"
#include "expr/aggregates.h"

typedef struct IntervalSum {
    Interval sum;
    int64_t count;
} IntervalSum;

static inline uint8_t *agg_state(uint8_t *states, size_t stride, const uint32_t *groups, uint32_t row) {
    return groups == NULL ? states : states + groups[row] * stride;
}

static inline bool agg_all_null(const Vector *argument) {
    return argument->kind == VECTOR_CONSTANT && !vector_is_valid(argument, 0);
}

/* A constant that is not NULL has no NULLs. */
static inline const uint64_t *agg_validity(const Vector *argument) {
    return argument->kind == VECTOR_CONSTANT ? NULL : argument->validity;
}

/* The values of any kind of vector as an array; flat ones are borrowed. */
typedef struct AggFlat {
    const void *data;
    Vector vector;
} AggFlat;

static inline Status agg_flatten(const Context *cx, const Vector *argument, uint32_t rows, AggFlat *flat) {
    vector_init(&flat->vector, argument->type);
    TRY(vector_flatten(cx, argument, rows, &flat->vector));
    flat->data = flat->vector.data;
    return OK;
}

static inline void agg_flat_free(AggFlat *flat) {
    vector_free(&flat->vector);
}

/* Makes row i of a result NULL, its value zero. */
static inline Status agg_set_null(const Context *cx, Vector *out, uint32_t row) {
    if (out->validity == NULL) {
        TRY(vector_prepare_validity(cx, out, true));
    }
    bit_clear(out->validity, row);
    uint32_t bytes = type_bytes(out->type);
    memset((char *)out->data + (size_t)row * bytes, 0, bytes);
    return OK;
}

/* Fill result, state_bytes and loops from id, types, direct values and order: the last column of aggregates.def. */
typedef Status AggregateDefine(const Context *cx, Aggregate *aggregate);
#define AGGREGATE(tag, name, values, direct, order, loops, help) AggregateDefine agg_define_##loops;
#define ALIAS(tag, name)
#include "expr/aggregates.def"
#undef AGGREGATE
#undef ALIAS

#endif
