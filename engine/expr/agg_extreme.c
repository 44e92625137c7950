/* MIN and MAX over every type. Over codes with a single state, the least code is found first: order of codes is order of
 * values. */
#include "expr/agg_loop.h"

#include "core/interval.h"

typedef struct Extreme {
    union {
        int64_t i64;
        double f64;
        __int128 i128;
        Text text; /* long text stands in `room` */
        Interval interval;
    };
    char *room; /* in the arena; reused while what comes fits, so that improving row by row does not fill the arena */
    uint32_t room_bytes;
    bool has_value;
} Extreme;
_Static_assert(sizeof(Extreme) == 32, "MIN and MAX keep 32 bytes per group");

static Value extreme_value(const Extreme *state, Type type) {
    Value value = {.type = type};
    memcpy(&value.i128, &state->i128, sizeof state->i128);
    return value;
}

static bool improves(const Aggregate *aggregate, const Extreme *state, const Value *value) {
    if (!state->has_value) {
        return true;
    }
    Value current = extreme_value(state, aggregate->argument);
    int order = value_compare(value, &current);
    return aggregate->id == AGGREGATE_MIN ? order < 0 : order > 0;
}

static Status keep_text(const Context *cx, Extreme *state, const Text *text, Arena *arena) {
    if (text->bytes <= TEXT_INLINE_MAX) {
        state->text = *text;
        return OK;
    }
    if (text->bytes > state->room_bytes) {
        uint32_t bytes = text->bytes < UINT32_MAX / 2 ? text->bytes + text->bytes / 2 : text->bytes;
        char *room = arena_alloc(cx, arena, bytes);
        if (room == NULL) {
            return OUT_OF_MEMORY;
        }
        state->room = room;
        state->room_bytes = bytes;
    }
    memcpy(state->room, text->pointer, text->bytes);
    state->text = text_view(state->room, text->bytes);
    return OK;
}

static Status take_value(const Context *cx, const Aggregate *aggregate, uint8_t *state_, const Value *value, Arena *arena) {
    Extreme *state = (Extreme *)state_;
    if (!improves(aggregate, state, value)) {
        return OK;
    }
    state->has_value = true;
    if (type_is_text(value->type)) {
        return keep_text(cx, state, &value->text, arena);
    }
    memcpy(&state->i128, &value->i128, sizeof state->i128);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------- fast paths */

#define NUMBER_LESS(a, b) ((a) < (b))
#define FLOAT_LESS(a, b) ((a) < (b) || ((b) != (b) && (a) == (a))) /* NaN is above all */

#define T uint8_t
#define MEMBER i64
#define NAME extreme_BOOL
#define LESS NUMBER_LESS
#include "expr/agg_extreme.inc.h"
#define T int16_t
#define MEMBER i64
#define NAME extreme_I16
#define LESS NUMBER_LESS
#include "expr/agg_extreme.inc.h"
#define T int32_t
#define MEMBER i64
#define NAME extreme_I32
#define LESS NUMBER_LESS
#include "expr/agg_extreme.inc.h"
#define T int64_t
#define MEMBER i64
#define NAME extreme_I64
#define LESS NUMBER_LESS
#include "expr/agg_extreme.inc.h"
#define T __int128
#define MEMBER i128
#define NAME extreme_I128
#define LESS NUMBER_LESS
#include "expr/agg_extreme.inc.h"
#define T float
#define MEMBER f64
#define NAME extreme_F32
#define LESS FLOAT_LESS
#include "expr/agg_extreme.inc.h"
#define T double
#define MEMBER f64
#define NAME extreme_F64
#define LESS FLOAT_LESS
#include "expr/agg_extreme.inc.h"

typedef void ExtremeLoop(bool is_min, uint8_t *states, size_t stride, const uint32_t *groups, const void *data,
                         const uint64_t *validity, uint32_t rows);
static ExtremeLoop *const number_loops[CLASS_COUNT] = {
    [CLASS_BOOL] = extreme_BOOL, [CLASS_I16] = extreme_I16, [CLASS_I32] = extreme_I32, [CLASS_I64] = extreme_I64,
    [CLASS_I128] = extreme_I128, [CLASS_F32] = extreme_F32, [CLASS_F64] = extreme_F64};

static uint32_t code_at(const Vector *vector, uint32_t row) {
    switch (vector->code_bytes) {
    case 1: return ((const uint8_t *)vector->data)[row];
    case 2: return ((const uint16_t *)vector->data)[row];
    default: return ((const uint32_t *)vector->data)[row];
    }
}

/* The row of the least or greatest code; UINT32_MAX if all rows are NULL. */
static uint32_t extreme_code_row(bool is_min, const Vector *vector, uint32_t rows) {
    uint32_t best = UINT32_MAX, best_code = 0;
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t code = code_at(vector, row);
        bool better = best == UINT32_MAX || (is_min ? code < best_code : code > best_code);
        if (better && vector_is_valid(vector, row)) {
            best = row;
            best_code = code;
        }
    }
    return best;
}

/* ------------------------------------------------------------------------------------------------------------------- loops */

static Status extreme_rows(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                           const uint32_t *groups, const Vector *argument, uint32_t rows, Arena *arena) {
    for (uint32_t row = 0; row < rows; row++) {
        Value value = vector_value(argument, row);
        if (!value.is_null) {
            TRY(take_value(cx, aggregate, agg_state(states, stride, groups, row), &value, arena));
        }
    }
    return OK;
}

/* Text: compared where it lies; only what improves a state is boxed and copied. */
static Status extreme_texts(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                            const uint32_t *groups, const Vector *argument, uint32_t rows, Arena *arena) {
    const uint64_t *validity = agg_validity(argument);
    int wanted = aggregate->id == AGGREGATE_MIN ? -1 : 1;
    AggFlat flat;
    TRY(agg_flatten(cx, argument, rows, &flat));
    const Text *texts = flat.data;
    Status status = OK;
    for (uint32_t row = 0; row < rows && status == OK; row++) {
        Extreme *state = (Extreme *)agg_state(states, stride, groups, row);
        bool is_valid = validity == NULL || bit_get(validity, row);
        if (is_valid && (!state->has_value || text_compare(&texts[row], &state->text) * wanted > 0)) {
            state->has_value = true;
            status = keep_text(cx, state, &texts[row], arena);
        }
    }
    agg_flat_free(&flat);
    return status;
}

static Status extreme_update(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                             const uint32_t *groups, const Vector *const *arguments, uint32_t rows, Arena *arena) {
    const Vector *argument = arguments[0];
    bool is_min = aggregate->id == AGGREGATE_MIN;
    ExtremeLoop *loop = number_loops[type_class(argument->type)];
    if (rows == 0 || agg_all_null(argument)) {
        return OK;
    }
    if (groups == NULL && argument->kind != VECTOR_FLAT) {
        uint32_t row = argument->kind == VECTOR_CONSTANT ? 0 : extreme_code_row(is_min, argument, rows);
        if (row == UINT32_MAX) {
            return OK;
        }
        Value value = vector_value(argument, row);
        return take_value(cx, aggregate, states, &value, arena);
    }
    if (type_is_text(argument->type)) {
        return extreme_texts(cx, aggregate, states, stride, groups, argument, rows, arena);
    }
    if (loop == NULL) {
        return extreme_rows(cx, aggregate, states, stride, groups, argument, rows, arena);
    }
    AggFlat flat;
    TRY(agg_flatten(cx, argument, rows, &flat));
    loop(is_min, states, stride, groups, flat.data, agg_validity(argument), rows);
    agg_flat_free(&flat);
    return OK;
}

static Status extreme_merge(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                            const uint32_t *groups, const uint8_t *others, size_t other_stride, uint32_t count, Arena *arena) {
    for (uint32_t i = 0; i < count; i++) {
        const Extreme *other = (const Extreme *)(others + i * other_stride);
        if (other->has_value) {
            Value value = extreme_value(other, aggregate->argument);
            TRY(take_value(cx, aggregate, agg_state(states, stride, groups, i), &value, arena));
        }
    }
    return OK;
}

static Status extreme_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride,
                             uint32_t count, Vector *out, Arena *arena) {
    (void)arena;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    for (uint32_t i = 0; i < count; i++) {
        const Extreme *state = (const Extreme *)(states + i * stride);
        if (!state->has_value) {
            TRY(agg_set_null(cx, out, i));
            continue;
        }
        Value value = extreme_value(state, aggregate->result);
        value_store(&value, out->data, i);
    }
    return OK;
}

Status agg_define_extreme(const Context *cx, Aggregate *aggregate) {
    (void)cx;
    aggregate->result = aggregate->argument;
    aggregate->state_bytes = sizeof(Extreme);
    aggregate->is_plain = !type_is_text(aggregate->argument);
    aggregate->ignores_repeats = true;
    aggregate->update = extreme_update;
    aggregate->merge = extreme_merge;
    aggregate->finish = extreme_finish;
    return OK;
}
