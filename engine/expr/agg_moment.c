/* Variance, covariance, correlation and linear regression. One pass after Youngs and Cramer, as PostgreSQL does it: what is
 * kept is the count, the sums and the sums of squared distances from the mean, which does not cancel as sums of squares would.
 */
#include "expr/agg_loop.h"

#include <math.h>

typedef struct Moments { /* of one column */
    double count, sum, squares;
    uint64_t overflow; /* finite values gave an infinite sum */
} Moments;

typedef struct PairMoments {
    double count, sum_x, squares_x, sum_y, squares_y, products;
    uint64_t overflow;
} PairMoments;

/* A sum became infinite: by an infinite value, then the squares are NaN, or by overflow. */
static uint64_t note_infinite(double *sum_or_squares, double *squares, bool was_finite) {
    if (!isinf(*sum_or_squares)) {
        return 0;
    }
    *squares = NAN;
    return was_finite;
}

/* ----------------------------------------------------------------------------------------------------------------- one column
 */

static inline void moments_add(Moments *m, double value) {
    bool was_finite = isfinite(m->sum) && isfinite(value);
    m->count++;
    m->sum += value;
    if (m->count > 1) {
        double distance = value * m->count - m->sum;
        m->squares += distance * distance / (m->count * (m->count - 1));
    } else if (!isfinite(value)) {
        m->squares = NAN;
    }
    if (__builtin_expect(!isfinite(m->sum + m->squares), 0)) {
        m->overflow |= note_infinite(&m->squares, &m->squares, was_finite) | note_infinite(&m->sum, &m->squares, was_finite);
    }
}

static Status moments_update(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                             const uint32_t *groups, const Vector *const *arguments, uint32_t rows, Arena *arena) {
    (void)aggregate, (void)arena;
    if (agg_all_null(arguments[0])) {
        return OK;
    }
    const uint64_t *validity = agg_validity(arguments[0]);
    AggFlat flat;
    TRY(agg_flatten(cx, arguments[0], rows, &flat));
    const double *values = flat.data;
    for (uint32_t row = 0; row < rows; row++) {
        if (validity == NULL || bit_get(validity, row)) {
            moments_add((Moments *)(void *)agg_state(states, stride, groups, row), values[row]);
        }
    }
    agg_flat_free(&flat);
    return OK;
}

/* What two counts and sums add to the squares of both together (Chan). */
static double squares_between(double count_a, double sum_a, double count_b, double sum_b, double other_sum_a,
                              double other_sum_b) {
    double a = sum_a / count_a - sum_b / count_b, b = other_sum_a / count_a - other_sum_b / count_b;
    return count_a * count_b * a * b / (count_a + count_b);
}

static Status moments_merge(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                            const uint32_t *groups, const uint8_t *others, size_t other_stride, uint32_t count, Arena *arena) {
    (void)cx, (void)aggregate, (void)arena;
    for (uint32_t i = 0; i < count; i++) {
        Moments *m = (Moments *)(void *)agg_state(states, stride, groups, i);
        const Moments *o = (const Moments *)(const void *)(others + i * other_stride);
        if (m->count == 0) {
            *m = *o;
        } else if (o->count > 0) {
            bool was_finite = isfinite(m->sum) && isfinite(o->sum);
            m->squares += o->squares + squares_between(m->count, m->sum, o->count, o->sum, m->sum, o->sum);
            m->count += o->count;
            m->sum += o->sum;
            m->overflow |= o->overflow | note_infinite(&m->squares, &m->squares, was_finite) |
                           note_infinite(&m->sum, &m->squares, was_finite);
        }
    }
    return OK;
}

static double moments_result(const Aggregate *aggregate, const Moments *m) {
    bool is_population = aggregate->id == AGGREGATE_VAR_POP || aggregate->id == AGGREGATE_STDDEV_POP;
    bool is_deviation = aggregate->id == AGGREGATE_STDDEV_POP || aggregate->id == AGGREGATE_STDDEV_SAMP;
    double variance = m->squares / (is_population ? m->count : m->count - 1);
    return is_deviation ? sqrt(variance) : variance;
}

static Status moments_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride,
                             uint32_t count, Vector *out, Arena *arena) {
    (void)arena;
    bool is_sample = aggregate->id == AGGREGATE_VAR_SAMP || aggregate->id == AGGREGATE_STDDEV_SAMP;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    for (uint32_t i = 0; i < count; i++) {
        const Moments *m = (const Moments *)(const void *)(states + i * stride);
        if (m->count < (is_sample ? 2 : 1)) {
            TRY(agg_set_null(cx, out, i));
            continue;
        }
        if (m->overflow) {
            return fail(cx, NUMERIC_OUT_OF_RANGE, "value out of range: overflow");
        }
        ((double *)out->data)[i] = moments_result(aggregate, m);
    }
    return OK;
}

Status agg_define_moments(const Context *cx, Aggregate *aggregate) {
    (void)cx;
    aggregate->result = type_make(TYPE_DOUBLE);
    aggregate->state_bytes = sizeof(Moments);
    aggregate->is_plain = true;
    aggregate->update = moments_update;
    aggregate->merge = moments_merge;
    aggregate->finish = moments_finish;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- two columns
 */

/* After any change of the sums. */
static void pair_check(PairMoments *m, bool x_was_finite, bool y_was_finite) {
    m->overflow |=
        note_infinite(&m->products, &m->products, x_was_finite && y_was_finite) |
        note_infinite(&m->squares_x, &m->squares_x, x_was_finite) | note_infinite(&m->sum_x, &m->squares_x, x_was_finite) |
        note_infinite(&m->squares_y, &m->squares_y, y_was_finite) | note_infinite(&m->sum_y, &m->squares_y, y_was_finite);
    if (isnan(m->squares_x) || isnan(m->squares_y)) {
        m->products = NAN;
    }
}

static inline void pair_add(PairMoments *m, double x, double y) {
    bool x_was_finite = isfinite(m->sum_x) && isfinite(x), y_was_finite = isfinite(m->sum_y) && isfinite(y);
    m->count++;
    m->sum_x += x;
    m->sum_y += y;
    if (m->count > 1) {
        double distance_x = x * m->count - m->sum_x, distance_y = y * m->count - m->sum_y;
        double scale = 1 / (m->count * (m->count - 1));
        m->squares_x += distance_x * distance_x * scale;
        m->squares_y += distance_y * distance_y * scale;
        m->products += distance_x * distance_y * scale;
    } else {
        m->squares_x = isfinite(x) ? 0 : NAN;
        m->squares_y = isfinite(y) ? 0 : NAN;
    }
    if (__builtin_expect(!isfinite(m->sum_x + m->sum_y + m->squares_x + m->squares_y + m->products), 0)) {
        pair_check(m, x_was_finite, y_was_finite);
    }
}

/* The first argument is y, as in SQL. Rows with a NULL in either count nowhere. */
static Status pair_update(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                          const Vector *const *arguments, uint32_t rows, Arena *arena) {
    (void)aggregate, (void)arena;
    if (agg_all_null(arguments[0]) || agg_all_null(arguments[1])) {
        return OK;
    }
    const uint64_t *valid_y = agg_validity(arguments[0]), *valid_x = agg_validity(arguments[1]);
    AggFlat flat_y, flat_x;
    TRY(agg_flatten(cx, arguments[0], rows, &flat_y));
    Status status = agg_flatten(cx, arguments[1], rows, &flat_x);
    for (uint32_t row = 0; row < rows && status == OK; row++) {
        if ((valid_x == NULL || bit_get(valid_x, row)) && (valid_y == NULL || bit_get(valid_y, row))) {
            pair_add((PairMoments *)(void *)agg_state(states, stride, groups, row), ((const double *)flat_x.data)[row],
                     ((const double *)flat_y.data)[row]);
        }
    }
    agg_flat_free(&flat_y);
    agg_flat_free(&flat_x);
    return status;
}

static void pair_merge_one(PairMoments *m, const PairMoments *o) {
    if (m->count == 0) {
        *m = *o;
        return;
    }
    if (o->count == 0) {
        return;
    }
    m->squares_x += o->squares_x + squares_between(m->count, m->sum_x, o->count, o->sum_x, m->sum_x, o->sum_x);
    m->squares_y += o->squares_y + squares_between(m->count, m->sum_y, o->count, o->sum_y, m->sum_y, o->sum_y);
    m->products += o->products + squares_between(m->count, m->sum_x, o->count, o->sum_x, m->sum_y, o->sum_y);
    bool x_was_finite = isfinite(m->sum_x) && isfinite(o->sum_x), y_was_finite = isfinite(m->sum_y) && isfinite(o->sum_y);
    m->count += o->count;
    m->sum_x += o->sum_x;
    m->sum_y += o->sum_y;
    m->overflow |= o->overflow;
    pair_check(m, x_was_finite, y_was_finite);
}

static Status pair_merge(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                         const uint8_t *others, size_t other_stride, uint32_t count, Arena *arena) {
    (void)cx, (void)aggregate, (void)arena;
    for (uint32_t i = 0; i < count; i++) {
        pair_merge_one((PairMoments *)(void *)agg_state(states, stride, groups, i),
                       (const PairMoments *)(const void *)(others + i * other_stride));
    }
    return OK;
}

/* False: the result is NULL. */
static bool pair_result(AggregateId id, const PairMoments *m, double *result) {
    double least = id == AGGREGATE_COVAR_SAMP ? 2 : 1;
    bool is_flat = m->squares_x == 0; /* all x are the same: no line goes through */
    if (m->count < least) {
        return false;
    }
    switch (id) {
    case AGGREGATE_COVAR_POP: *result = m->products / m->count; return true;
    case AGGREGATE_COVAR_SAMP: *result = m->products / (m->count - 1); return true;
    case AGGREGATE_REGR_SXX: *result = m->squares_x; return true;
    case AGGREGATE_REGR_SYY: *result = m->squares_y; return true;
    case AGGREGATE_REGR_SXY: *result = m->products; return true;
    case AGGREGATE_REGR_AVGX: *result = m->sum_x / m->count; return true;
    case AGGREGATE_REGR_AVGY: *result = m->sum_y / m->count; return true;
    case AGGREGATE_REGR_SLOPE: *result = m->products / m->squares_x; return !is_flat;
    case AGGREGATE_REGR_INTERCEPT: *result = (m->sum_y - m->sum_x * m->products / m->squares_x) / m->count; return !is_flat;
    case AGGREGATE_REGR_R2:
        *result = m->squares_y == 0 ? 1 : m->products * m->products / (m->squares_x * m->squares_y);
        return !is_flat;
    default: /* CORR */ *result = m->products / sqrt(m->squares_x * m->squares_y); return !is_flat && m->squares_y != 0;
    }
}

static Status pair_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                          Vector *out, Arena *arena) {
    (void)arena;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    for (uint32_t i = 0; i < count; i++) {
        const PairMoments *m = (const PairMoments *)(const void *)(states + i * stride);
        if (aggregate->id == AGGREGATE_REGR_COUNT) {
            ((int64_t *)out->data)[i] = (int64_t)m->count;
            continue;
        }
        if (m->overflow) {
            return fail(cx, NUMERIC_OUT_OF_RANGE, "value out of range: overflow");
        }
        if (!pair_result(aggregate->id, m, (double *)out->data + i)) {
            TRY(agg_set_null(cx, out, i));
        }
    }
    return OK;
}

Status agg_define_pair(const Context *cx, Aggregate *aggregate) {
    (void)cx;
    aggregate->result = type_make(aggregate->id == AGGREGATE_REGR_COUNT ? TYPE_BIGINT : TYPE_DOUBLE);
    aggregate->state_bytes = sizeof(PairMoments);
    aggregate->is_plain = true;
    aggregate->update = pair_update;
    aggregate->merge = pair_merge;
    aggregate->finish = pair_finish;
    return OK;
}
