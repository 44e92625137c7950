/* COUNT, SUM, AVG, MIN and MAX. Integer sums are exact in 64 or 128 bits; sums of DOUBLE carry what rounding lost (Neumaier).
 * Codes are summed and compared as codes where that is the same: sum = sum of codes + rows × base. */
#include "expr/agg_loop.h"

#include "core/decimal.h"
#include "core/interval.h"

#include <math.h>

/* ------------------------------------------------------------------------------------------------------------------- COUNT */

static Status count_rows(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                         const Vector *const *arguments, uint32_t rows, Arena *arena) {
    (void)cx, (void)aggregate, (void)arguments, (void)arena;
    if (groups == NULL) {
        *(int64_t *)states += rows;
        return OK;
    }
    for (uint32_t row = 0; row < rows; row++) {
        ++*(int64_t *)(states + groups[row] * stride);
    }
    return OK;
}

static Status count_values(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                           const uint32_t *groups, const Vector *const *arguments, uint32_t rows, Arena *arena) {
    const Vector *argument = arguments[0];
    if (agg_all_null(argument)) {
        return OK;
    }
    const uint64_t *validity = agg_validity(argument);
    if (validity == NULL) {
        return count_rows(cx, aggregate, states, stride, groups, arguments, rows, arena);
    }
    if (groups == NULL) {
        *(int64_t *)states += (int64_t)bits_count(validity, rows);
        return OK;
    }
    for (uint32_t row = 0; row < rows; row++) {
        *(int64_t *)(states + groups[row] * stride) += bit_get(validity, row);
    }
    return OK;
}

static Status count_merge(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                          const uint8_t *others, size_t other_stride, uint32_t count, Arena *arena) {
    (void)cx, (void)aggregate, (void)arena;
    for (uint32_t i = 0; i < count; i++) {
        *(int64_t *)agg_state(states, stride, groups, i) += *(const int64_t *)(others + i * other_stride);
    }
    return OK;
}

static Status count_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                           Vector *out, Arena *arena) {
    (void)arena;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    for (uint32_t i = 0; i < count; i++) {
        ((int64_t *)out->data)[i] = *(const int64_t *)(states + i * stride);
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------- sums of exact numbers */

typedef struct NarrowSum { /* of values in 32 bits: 2^31 of them fit */
    int64_t sum;
    int64_t count;
} NarrowSum;

typedef struct WideSum { /* of other BIGINT and DECIMAL */
    __int128 sum;
    int64_t count;
    bool overflow;
} WideSum;

typedef struct FloatSum {
    double sum, lost;
    int64_t count;
    uint64_t has_infinity; /* among the values: a sum without one must stay finite */
} FloatSum;

/* Wraps: the values of a damaged file may be past the statistics that made the state narrow. */
static void narrow_add(uint8_t *state, int64_t sum, int64_t count) {
    NarrowSum *s = (NarrowSum *)state;
    s->sum = (int64_t)((uint64_t)s->sum + (uint64_t)sum);
    s->count += count;
}

static void wide_add(uint8_t *state, __int128 sum, int64_t count) {
    WideSum *s = (WideSum *)state;
    s->overflow |= __builtin_add_overflow(s->sum, sum, &s->sum);
    s->count += count;
}

/* Neumaier's sum: `lost` gathers the low bits that each addition dropped. */
static void float_add(uint8_t *state, double value) {
    FloatSum *s = (FloatSum *)state;
    double sum = s->sum + value;
    s->lost += fabs(s->sum) >= fabs(value) ? (s->sum - sum) + value : (value - sum) + s->sum;
    s->sum = sum;
    s->count++;
    s->has_infinity |= !isfinite(value);
}

#define FLOAT_LANES 8
typedef double FloatLanes __attribute__((vector_size(FLOAT_LANES * sizeof(double))));

/* All values into one state: a lane waits only for itself. Knuth's sum of two, which needs no comparison, in each. A batch
 * whose lanes leave the finite numbers is added value by value, which may not. */
static void float_add_all(uint8_t *state, const double *values, uint32_t rows) {
    FloatLanes sums = {0}, lost = {0};
    uint32_t row = 0;
    for (; row + FLOAT_LANES <= rows; row += FLOAT_LANES) {
        FloatLanes value;
        memcpy(&value, values + row, sizeof value);
        FloatLanes sum = sums + value, part = sum - sums;
        lost += (sums - (sum - part)) + (value - part);
        sums = sum;
    }
    bool is_finite = true;
    for (uint32_t lane = 0; lane < FLOAT_LANES; lane++) {
        is_finite = is_finite && isfinite(sums[lane]);
    }
    if (!is_finite) {
        row = 0;
    } else if (row > 0) {
        FloatSum *s = (FloatSum *)state;
        for (uint32_t lane = 0; lane < FLOAT_LANES; lane++) {
            float_add(state, sums[lane]);
            s->lost += lost[lane];
        }
        s->count += row - FLOAT_LANES;
    }
    for (; row < rows; row++) {
        float_add(state, values[row]);
    }
}

/* A batch of 64-bit integers: the halves are summed apart, which is vector code and cannot overflow. */
static __int128 batch_sum_i64(const int64_t *values, uint32_t rows) {
    int64_t high = 0;
    uint64_t low = 0;
    for (uint32_t row = 0; row < rows; row++) {
        high += values[row] >> 32;
        low += (uint32_t)values[row];
    }
    return (__int128)high * ((int64_t)1 << 32) + low;
}

#define T uint8_t
#define SUFFIX u8
#include "expr/agg_sum.inc.h"
#define T uint16_t
#define SUFFIX u16
#include "expr/agg_sum.inc.h"
#define T uint32_t
#define SUFFIX u32
#include "expr/agg_sum.inc.h"
#define T int16_t
#define SUFFIX i16
#include "expr/agg_sum.inc.h"
#define T int32_t
#define SUFFIX i32
#include "expr/agg_sum.inc.h"
#define T int64_t
#define SUFFIX i64
#define BATCH_SUM batch_sum_i64
#include "expr/agg_sum.inc.h"

static void sum_i128(uint8_t *states, size_t stride, const uint32_t *groups, const void *data, const uint64_t *validity,
                     int64_t base, uint32_t rows) {
    (void)base;
    for (uint32_t row = 0; row < rows; row++) {
        if (validity == NULL || bit_get(validity, row)) {
            wide_add(agg_state(states, stride, groups, row), ((const __int128 *)data)[row], 1);
        }
    }
}

typedef void SumLoop(uint8_t *states, size_t stride, const uint32_t *groups, const void *data, const uint64_t *validity,
                     int64_t base, uint32_t rows);

static SumLoop *loop_for_codes(bool narrow, uint32_t code_bytes) {
    static SumLoop *const loops[2][3] = {{wide_sum_u8, wide_sum_u16, wide_sum_u32},
                                         {narrow_sum_u8, narrow_sum_u16, narrow_sum_u32}};
    return loops[narrow][code_bytes == 1 ? 0 : code_bytes == 2 ? 1 : 2];
}

static SumLoop *loop_for_values(bool narrow, StorageClass class) {
    switch (class) {
    case CLASS_I16: return narrow_sum_i16;
    case CLASS_I32: return narrow_sum_i32;
    case CLASS_I64: return narrow ? narrow_sum_i64 : wide_sum_i64;
    default: return sum_i128;
    }
}

static void sum_constant(const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                         const Vector *argument, uint32_t rows) {
    Value value = vector_value(argument, 0);
    __int128 number = type_class(argument->type) == CLASS_I128 ? value.i128 : value.i64;
    for (uint32_t row = 0; row < (groups == NULL ? 1 : rows); row++) {
        int64_t times = groups == NULL ? rows : 1;
        __int128 product = 0;
        uint8_t *state = agg_state(states, stride, groups, row);
        if (aggregate->is_narrow) {
            narrow_add(state, (int64_t)(number * times), times);
        } else {
            ((WideSum *)state)->overflow |= __builtin_mul_overflow(number, times, &product);
            wide_add(state, product, times);
        }
    }
}

static Status sum_numbers(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                          const Vector *const *arguments, uint32_t rows, Arena *arena) {
    const Vector *argument = arguments[0];
    (void)arena;
    if (agg_all_null(argument)) {
        return OK;
    }
    if (argument->kind == VECTOR_CONSTANT) {
        sum_constant(aggregate, states, stride, groups, argument, rows);
        return OK;
    }
    if (argument->kind == VECTOR_CODES && argument->dictionary == NULL) {
        SumLoop *loop = loop_for_codes(aggregate->is_narrow, argument->code_bytes);
        loop(states, stride, groups, argument->data, argument->validity, argument->base, rows);
        return OK;
    }
    AggFlat flat;
    TRY(agg_flatten(cx, argument, rows, &flat));
    loop_for_values(aggregate->is_narrow, type_class(argument->type))(states, stride, groups, flat.data, argument->validity, 0,
                                                                      rows);
    agg_flat_free(&flat);
    return OK;
}

static Status sum_floats(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                         const Vector *const *arguments, uint32_t rows, Arena *arena) {
    const Vector *argument = arguments[0];
    (void)arena;
    if (agg_all_null(argument)) {
        return OK;
    }
    AggFlat flat;
    TRY(agg_flatten(cx, argument, rows, &flat));
    const uint64_t *validity = agg_validity(argument);
    bool is_one_sum = groups == NULL && validity == NULL && aggregate->argument.id == TYPE_DOUBLE;
    if (is_one_sum) {
        float_add_all(states, flat.data, rows);
    }
    for (uint32_t row = 0; row < rows && !is_one_sum; row++) {
        if (validity == NULL || bit_get(validity, row)) {
            double value =
                aggregate->argument.id == TYPE_REAL ? ((const float *)flat.data)[row] : ((const double *)flat.data)[row];
            float_add(agg_state(states, stride, groups, row), value);
        }
    }
    agg_flat_free(&flat);
    return OK;
}

static Status sum_intervals(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                            const uint32_t *groups, const Vector *const *arguments, uint32_t rows, Arena *arena) {
    const Vector *argument = arguments[0];
    (void)arena;
    for (uint32_t row = 0; row < rows; row++) {
        Value value = vector_value(argument, row);
        IntervalSum *state = (IntervalSum *)agg_state(states, stride, groups, row);
        if (value.is_null) {
            continue;
        }
        if (!interval_add(state->sum, value.interval, &state->sum)) {
            return fail(cx, DATETIME_OUT_OF_RANGE, "%s: interval out of range", aggregate->name);
        }
        state->count++;
    }
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------- merging sums */

static Status sum_merge(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                        const uint8_t *others, size_t other_stride, uint32_t count, Arena *arena) {
    (void)arena;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *state = agg_state(states, stride, groups, i);
        const uint8_t *other = others + i * other_stride;
        if (aggregate->is_narrow) {
            const NarrowSum *o = (const NarrowSum *)other;
            narrow_add(state, o->sum, o->count);
        } else if (aggregate->argument.id == TYPE_REAL || aggregate->argument.id == TYPE_DOUBLE) {
            const FloatSum *o = (const FloatSum *)other;
            FloatSum *s = (FloatSum *)state;
            int64_t values = s->count + o->count;
            uint64_t has_infinity = s->has_infinity | o->has_infinity;
            float_add(state, o->sum);
            s->has_infinity = has_infinity;
            s->lost += o->lost;
            s->count = values;
        } else if (aggregate->argument.id == TYPE_INTERVAL) {
            const IntervalSum *o = (const IntervalSum *)other;
            IntervalSum *s = (IntervalSum *)state;
            if (!interval_add(s->sum, o->sum, &s->sum)) {
                return fail(cx, DATETIME_OUT_OF_RANGE, "%s: interval out of range", aggregate->name);
            }
            s->count += o->count;
        } else {
            const WideSum *o = (const WideSum *)other;
            wide_add(state, o->sum, o->count);
            ((WideSum *)state)->overflow |= o->overflow;
        }
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------- finishing sums */

static double float_total(const FloatSum *state) {
    return isfinite(state->sum) ? state->sum + state->lost : state->sum; /* infinities make `lost` NaN */
}

static Status finish_float(const Context *cx, const Aggregate *aggregate, const FloatSum *state, Vector *out, uint32_t row) {
    if (state->count == 0) {
        return agg_set_null(cx, out, row);
    }
    double total = float_total(state);
    if (!isfinite(out->type.id == TYPE_REAL ? (float)total : total) && !state->has_infinity) {
        return fail(cx, NUMERIC_OUT_OF_RANGE, "value out of range: overflow");
    }
    total = aggregate->id == AGGREGATE_AVG ? total / (double)state->count : total;
    Value value = value_f64(out->type, total);
    value_store(&value, out->data, row);
    return OK;
}

static Status finish_decimal(const Context *cx, const Aggregate *aggregate, __int128 sum, int64_t count, Vector *out,
                             uint32_t row) {
    __int128 result = sum;
    bool good = true;
    if (aggregate->id == AGGREGATE_AVG) {
        uint32_t scale = aggregate->argument.id == TYPE_DECIMAL ? aggregate->argument.scale : 0;
        good = decimal_divide(sum, scale, count, 0, out->type.scale, &result);
    }
    if (!good || !decimal_fits(result, out->type.precision)) {
        char name[32];
        fail(cx, NUMERIC_OUT_OF_RANGE, "%s does not fit %s", aggregate->name, type_name(out->type, name));
        return aggregate->argument.precision < DECIMAL_PRECISION_MAX
                   ? NUMERIC_OUT_OF_RANGE
                   : fail_hint(cx,
                               "cast its argument to DECIMAL(37, …) for more digits before the point and fewer behind it, or "
                               "to DOUBLE PRECISION");
    }
    if (type_class(out->type) == CLASS_I128) {
        ((__int128 *)out->data)[row] = result;
    } else {
        ((int64_t *)out->data)[row] = (int64_t)result;
    }
    return OK;
}

static Status finish_exact(const Context *cx, const Aggregate *aggregate, const uint8_t *state, Vector *out, uint32_t row) {
    bool narrow = aggregate->is_narrow;
    int64_t count = narrow ? ((const NarrowSum *)state)->count : ((const WideSum *)state)->count;
    __int128 sum = narrow ? ((const NarrowSum *)state)->sum : ((const WideSum *)state)->sum;
    if (count == 0) {
        return agg_set_null(cx, out, row);
    }
    if (!narrow && ((const WideSum *)state)->overflow) {
        return fail(cx, NUMERIC_OUT_OF_RANGE, "%s has more than 38 digits", aggregate->name);
    }
    if (out->type.id == TYPE_DOUBLE) {
        ((double *)out->data)[row] = (double)sum / (double)count;
        return OK;
    }
    if (out->type.id == TYPE_BIGINT) {
        ((int64_t *)out->data)[row] = (int64_t)sum;
        return OK;
    }
    return finish_decimal(cx, aggregate, sum, count, out, row);
}

static Status finish_interval(const Context *cx, const Aggregate *aggregate, const IntervalSum *state, Vector *out,
                              uint32_t row) {
    if (state->count == 0) {
        return agg_set_null(cx, out, row);
    }
    Interval result = state->sum;
    if (aggregate->id == AGGREGATE_AVG && !interval_divide(state->sum, (double)state->count, &result)) {
        return fail(cx, DATETIME_OUT_OF_RANGE, "interval out of range");
    }
    ((Interval *)out->data)[row] = result;
    return OK;
}

static Status sum_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                         Vector *out, Arena *arena) {
    (void)arena;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *state = states + i * stride;
        switch ((TypeId)aggregate->argument.id) {
        case TYPE_REAL:
        case TYPE_DOUBLE: TRY(finish_float(cx, aggregate, (const FloatSum *)state, out, i)); break;
        case TYPE_INTERVAL: TRY(finish_interval(cx, aggregate, (const IntervalSum *)state, out, i)); break;
        default: TRY(finish_exact(cx, aggregate, state, out, i)); break;
        }
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------- sums made elsewhere
 */

bool aggregate_is_exact_sum(const Aggregate *aggregate) {
    if (aggregate->id == AGGREGATE_COUNT_STAR || aggregate->id == AGGREGATE_COUNT) {
        return true;
    }
    TypeId type = (TypeId)aggregate->argument.id;
    return (aggregate->id == AGGREGATE_SUM || aggregate->id == AGGREGATE_AVG) &&
           (type == TYPE_SMALLINT || type == TYPE_INTEGER || type == TYPE_BIGINT || type == TYPE_DECIMAL);
}

static Status finish_sum(const Context *cx, const Aggregate *aggregate, __int128 sum, int64_t count, Vector *out,
                         uint32_t row) {
    if (aggregate->is_narrow) {
        NarrowSum state = {.sum = (int64_t)sum, .count = count};
        return finish_exact(cx, aggregate, (const uint8_t *)&state, out, row);
    }
    WideSum state = {.sum = sum, .count = count};
    return finish_exact(cx, aggregate, (const uint8_t *)&state, out, row);
}

Status aggregate_finish_sums(const Context *cx, const Aggregate *aggregate, const __int128 *sums, const int64_t *counts,
                             uint32_t count, Vector *out) {
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    if (aggregate->id == AGGREGATE_COUNT_STAR || aggregate->id == AGGREGATE_COUNT) {
        memcpy(out->data, counts, sizeof *counts * count);
        return OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        TRY(finish_sum(cx, aggregate, sums[i], counts[i], out, i));
    }
    return OK;
}

void aggregate_add_sums(const Aggregate *aggregate, uint8_t *states, size_t stride, const int64_t *sums, const int64_t *counts,
                        uint32_t count) {
    bool counts_only = aggregate->id == AGGREGATE_COUNT_STAR || aggregate->id == AGGREGATE_COUNT;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *state = states + i * stride;
        if (counts_only) {
            *(int64_t *)state += counts[i];
        } else if (aggregate->is_narrow) {
            narrow_add(state, sums[i], counts[i]);
        } else {
            wide_add(state, sums[i], counts[i]);
        }
    }
}

/* ----------------------------------------------------------------------------------------------------------------- binding */

Status agg_define_count(const Context *cx, Aggregate *aggregate) {
    (void)cx;
    aggregate->result = type_make(TYPE_BIGINT);
    aggregate->state_bytes = 16;
    aggregate->is_plain = true;
    aggregate->update = aggregate->id == AGGREGATE_COUNT_STAR ? count_rows : count_values;
    aggregate->merge = count_merge;
    aggregate->finish = count_finish;
    return OK;
}

/* As of a quotient: 38 digits, which every sum of decimals has, say nothing about a value's size. */
static Type average_type(Type argument) {
    uint32_t whole = argument.precision < DECIMAL_PRECISION_MAX ? argument.precision - argument.scale : 0;
    uint32_t room = DECIMAL_PRECISION_MAX - whole;
    uint32_t scale = room < 16 ? room : 16;
    return type_decimal(DECIMAL_PRECISION_MAX, scale < argument.scale ? argument.scale : scale);
}

static Type sum_result(AggregateId id, Type argument) {
    bool is_average = id == AGGREGATE_AVG;
    switch ((TypeId)argument.id) {
    case TYPE_SMALLINT:
    case TYPE_INTEGER: return type_make(is_average ? TYPE_DOUBLE : TYPE_BIGINT);
    case TYPE_BIGINT: return is_average ? type_make(TYPE_DOUBLE) : type_decimal(DECIMAL_PRECISION_MAX, 0);
    case TYPE_DECIMAL: return is_average ? average_type(argument) : type_decimal(DECIMAL_PRECISION_MAX, argument.scale);
    case TYPE_REAL: return type_make(is_average ? TYPE_DOUBLE : TYPE_REAL);
    case TYPE_DOUBLE: return type_make(TYPE_DOUBLE);
    case TYPE_INTERVAL: return type_make(TYPE_INTERVAL);
    default: return type_make(TYPE_NULL);
    }
}

Status agg_define_sum(const Context *cx, Aggregate *aggregate) {
    (void)cx;
    _Static_assert(sizeof(WideSum) == 32 && sizeof(FloatSum) <= 32 && sizeof(IntervalSum) <= 32, "states are 16 or 32 bytes");
    aggregate->result = sum_result(aggregate->id, aggregate->argument);
    aggregate->is_narrow = aggregate->argument.id == TYPE_SMALLINT || aggregate->argument.id == TYPE_INTEGER;
    aggregate->state_bytes = aggregate->is_narrow ? sizeof(NarrowSum) : sizeof(WideSum);
    bool is_float = aggregate->argument.id == TYPE_REAL || aggregate->argument.id == TYPE_DOUBLE;
    aggregate->update = is_float ? sum_floats : aggregate->argument.id == TYPE_INTERVAL ? sum_intervals : sum_numbers;
    aggregate->merge = sum_merge;
    aggregate->finish = sum_finish;
    aggregate->is_plain = true;
    return OK;
}

void aggregate_narrow_sum(Aggregate *aggregate) {
    aggregate->is_narrow = true;
    aggregate->state_bytes = sizeof(NarrowSum);
}
