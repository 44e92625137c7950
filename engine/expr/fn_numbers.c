/* Functions of whole and exact numbers, and random ones. */
#include "core/value.h"
#include "expr/fn_loop.h"

#include <math.h>
#include <stdatomic.h>
#include <time.h>

static _Atomic(uint64_t) random_counter;

/* Each call of the loop takes its own stretch of one process-wide sequence (splitmix64). */
Status fn_random(FN_PARAMETERS) {
    FN_UNUSED;
    uint64_t expected = 0;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    atomic_compare_exchange_strong(&random_counter, &expected, (uint64_t)now.tv_nsec * UINT64_C(0x2545f4914f6cdd1d) + 1);
    uint64_t first = atomic_fetch_add(&random_counter, rows);
    for (uint32_t row = 0; row < rows; row++) {
        uint64_t x = (first + row) * UINT64_C(0x9e3779b97f4a7c15);
        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        x ^= x >> 31;
        ((double *)out->data)[row] = (double)(x >> 11) * 0x1p-53;
    }
    return OK;
}

/* A seed from -1 to 1 gives a start of the sequence. */
Status fn_setseed(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        double seed = arg_F64(args[0], row);
        if (fn_row_valid(out, row) && !(seed >= -1 && seed <= 1)) {
            return fail(cx, INVALID_PARAMETER_VALUE, "setseed parameter %g is out of allowed range [-1,1]", seed);
        }
        if (fn_row_valid(out, row)) {
            atomic_store(&random_counter, (uint64_t)(int64_t)(seed * 0x1p52) * UINT64_C(0x2545f4914f6cdd1d) + 1);
        }
        out_text(out, row, "", 0);
    }
    return OK;
}

static Status bucket_of(const Context *cx, double x, double low, double high, int32_t buckets, int32_t *result) {
    if (buckets <= 0) {
        return fail(cx, INVALID_WIDTH_BUCKET_ARGUMENT, "count must be greater than zero");
    }
    if (isnan(x) || !isfinite(low) || !isfinite(high)) {
        return fail(cx, INVALID_WIDTH_BUCKET_ARGUMENT,
                    "operand, lower bound, and upper bound cannot be NaN, bounds must be finite");
    }
    if (low == high) {
        return fail(cx, INVALID_WIDTH_BUCKET_ARGUMENT, "lower bound cannot equal upper bound");
    }
    bool ascending = low < high;
    if (ascending ? x < low : x > low) {
        *result = 0;
        return OK;
    }
    if (ascending ? x >= high : x <= high) {
        return __builtin_add_overflow(buckets, 1, result) ? fail_overflow(cx, type_make(TYPE_INTEGER)) : OK;
    }
    int32_t bucket = (int32_t)((x - low) / (high - low) * buckets);
    *result = (bucket < buckets ? bucket : buckets - 1) + 1;
    return OK;
}

Status fn_width_bucket(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        if (fn_row_valid(out, row)) {
            TRY(bucket_of(cx, arg_F64(args[0], row), arg_F64(args[1], row), arg_F64(args[2], row), arg_I32(args[3], row),
                          &((int32_t *)out->data)[row]));
        }
    }
    return OK;
}

static uint64_t magnitude(int64_t x) {
    return x < 0 ? -(uint64_t)x : (uint64_t)x;
}

static uint64_t common_divisor(uint64_t a, uint64_t b) {
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static int64_t integer_at(const Vector *vector, uint32_t row) {
    return vector->type.id == TYPE_INTEGER ? arg_I32(vector, row) : arg_I64(vector, row);
}

/* Of two INTEGERs or two BIGINTs. */
static Status divisors(const Context *cx, const Vector *const *args, uint32_t rows, bool multiple, Vector *out) {
    uint64_t limit = out->type.id == TYPE_INTEGER ? INT32_MAX : INT64_MAX;
    for (uint32_t row = 0; row < rows; row++) {
        uint64_t a = magnitude(integer_at(args[0], row)), b = magnitude(integer_at(args[1], row)),
                 result = common_divisor(a, b);
        bool overflow = multiple && result != 0 && __builtin_mul_overflow(a / result, b, &result);
        if ((overflow || result > limit) && fn_row_valid(out, row)) {
            return fail_overflow(cx, out->type);
        }
        Value value = value_i64(out->type, (int64_t)result);
        value_store(&value, out->data, row);
    }
    return OK;
}

Status fn_gcd(FN_PARAMETERS) {
    FN_UNUSED;
    return divisors(cx, args, rows, false, out);
}

Status fn_lcm(FN_PARAMETERS) {
    FN_UNUSED;
    return divisors(cx, args, rows, true, out);
}

/* ------------------------------------------------------------------------------------------------------- exact decimals */

static unsigned __int128 wide_magnitude(__int128 x) {
    return x < 0 ? -(unsigned __int128)x : (unsigned __int128)x;
}

static unsigned __int128 wide_divisor(unsigned __int128 a, unsigned __int128 b) {
    while (b != 0) {
        unsigned __int128 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Both arguments have the scale of the result. */
static Status decimal_divisors(const Context *cx, const Vector *const *args, uint32_t rows, bool multiple, Vector *out) {
    unsigned __int128 limit = (unsigned __int128)decimal_power(out->type.precision);
    for (uint32_t row = 0; row < rows; row++) {
        unsigned __int128 a = wide_magnitude(arg_decimal(args[0], row)), b = wide_magnitude(arg_decimal(args[1], row));
        unsigned __int128 result = wide_divisor(a, b);
        bool overflow = multiple && result != 0 && __builtin_mul_overflow(a / result, b, &result);
        if ((overflow || result >= limit) && fn_row_valid(out, row)) {
            return fail_overflow(cx, out->type);
        }
        out_decimal(out, row, (__int128)result);
    }
    return OK;
}

Status fn_gcd_decimal(FN_PARAMETERS) {
    FN_UNUSED;
    return decimal_divisors(cx, args, rows, false, out);
}

Status fn_lcm_decimal(FN_PARAMETERS) {
    FN_UNUSED;
    return decimal_divisors(cx, args, rows, true, out);
}

Status fn_factorial(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        int64_t number = arg_I64(args[0], row);
        __int128 product = 1;
        if (!fn_row_valid(out, row)) {
            continue;
        }
        if (number < 0) {
            return fail(cx, NUMERIC_OUT_OF_RANGE, "factorial of a negative number is undefined");
        }
        for (int64_t i = 2; i <= number; i++) {
            if (i > 33) { /* 34! has 39 digits */
                return fail_overflow(cx, out->type);
            }
            product *= i;
        }
        out_decimal(out, row, product);
    }
    return OK;
}

/* The quotient, cut: the dividend less its remainder is a multiple of the divisor. */
Status fn_div(FN_PARAMETERS) {
    FN_UNUSED;
    uint32_t a_scale = args[0]->type.scale, b_scale = args[1]->type.scale, scale = a_scale > b_scale ? a_scale : b_scale;
    for (uint32_t row = 0; row < rows; row++) {
        __int128 a = 0, b = 0;
        if (!fn_row_valid(out, row)) {
            continue;
        }
        if (arg_decimal(args[1], row) == 0) {
            return fail_division_by_zero(cx);
        }
        bool good = decimal_rescale(arg_decimal(args[0], row), a_scale, scale, &a) &&
                    decimal_rescale(arg_decimal(args[1], row), b_scale, scale, &b) && decimal_fits(a / b, out->type.precision);
        if (!good) {
            return fail_overflow(cx, out->type);
        }
        out_decimal(out, row, a / b);
    }
    return OK;
}

Status fn_scale(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((int32_t *)out->data)[row] = args[0]->type.scale;
    }
    return OK;
}

Status fn_min_scale(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        __int128 value = arg_decimal(args[0], row);
        int32_t scale = args[0]->type.scale;
        for (; scale > 0 && value % 10 == 0; scale--) {
            value /= 10;
        }
        ((int32_t *)out->data)[row] = scale;
    }
    return OK;
}
