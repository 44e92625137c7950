/* Mathematical functions of DOUBLE, and rounding of DECIMAL. Domain errors are found before the call. */
#include "expr/fn_math.h"

#include <math.h>
#include <stdatomic.h>
#include <time.h>

/* A function of one DOUBLE that takes everything. */
#define PLAIN_UNARY(name, expression)                                                                                          \
    Status name(FN_PARAMETERS) {                                                                                               \
        FN_UNUSED;                                                                                                             \
        for (uint32_t row = 0; row < rows; row++) {                                                                            \
            double x = arg_F64(args[0], row);                                                                                  \
            ((double *)out->data)[row] = (expression);                                                                         \
        }                                                                                                                      \
        return OK;                                                                                                             \
    }
PLAIN_UNARY(fn_ceil, ceil(x))
PLAIN_UNARY(fn_floor, floor(x))
PLAIN_UNARY(fn_round, rint(x))
PLAIN_UNARY(fn_trunc, trunc(x))
PLAIN_UNARY(fn_sign, x > 0 ? 1 : x < 0 ? -1 : 0)
PLAIN_UNARY(fn_cbrt, cbrt(x))
PLAIN_UNARY(fn_degrees, x *(180 / M_PI))
PLAIN_UNARY(fn_radians, x *(M_PI / 180))
#undef PLAIN_UNARY

static Status fail_domain(const Context *cx, Status status, const char *what) {
    return fail(cx, status, "%s", what);
}

/* Infinite or zero where the inputs were neither. */
static Status check_range(const Context *cx, double x, double y, double result, bool zero_is_wrong) {
    if (isinf(result) && !isinf(x) && !isinf(y)) {
        return fail(cx, NUMERIC_OUT_OF_RANGE, "value out of range: overflow");
    }
    if (zero_is_wrong && result == 0) {
        return fail(cx, NUMERIC_OUT_OF_RANGE, "value out of range: underflow");
    }
    return OK;
}

static Status math_sqrt(const Context *cx, double x, double y, double *result) {
    (void)y;
    *result = sqrt(x);
    return x < 0 ? fail_domain(cx, INVALID_POWER_ARGUMENT, "cannot take square root of a negative number") : OK;
}

static Status math_exp(const Context *cx, double x, double y, double *result) {
    (void)y;
    *result = exp(x);
    return check_range(cx, x, 0, *result, !isinf(x));
}

static Status math_power(const Context *cx, double x, double y, double *result) {
    if (x == 0 && y < 0) {
        return fail_domain(cx, INVALID_POWER_ARGUMENT, "zero raised to a negative power is undefined");
    }
    if (x < 0 && !isinf(x) && isfinite(y) && y != rint(y)) {
        return fail_domain(cx, INVALID_POWER_ARGUMENT,
                           "a negative number raised to a non-integer power yields a complex result");
    }
    *result = pow(x, y);
    return check_range(cx, x, y, *result, x != 0 && isfinite(x) && isfinite(y));
}

static Status check_logarithm(const Context *cx, double x) {
    return x == 0  ? fail_domain(cx, INVALID_LOGARITHM_ARGUMENT, "cannot take logarithm of zero")
           : x < 0 ? fail_domain(cx, INVALID_LOGARITHM_ARGUMENT, "cannot take logarithm of a negative number")
                   : OK;
}

static Status math_ln(const Context *cx, double x, double y, double *result) {
    (void)y;
    *result = log(x);
    return check_logarithm(cx, x);
}

static Status math_log10(const Context *cx, double x, double y, double *result) {
    (void)y;
    *result = log10(x);
    return check_logarithm(cx, x);
}

static Status math_log2(const Context *cx, double x, double y, double *result) {
    (void)y;
    *result = log2(x);
    return check_logarithm(cx, x);
}

static Status math_log_base(const Context *cx, double base, double x, double *result) {
    TRY(check_logarithm(cx, base));
    TRY(check_logarithm(cx, x));
    if (base == 1) {
        return fail_division_by_zero(cx);
    }
    *result = log(x) / log(base);
    return OK;
}

FALLIBLE(fn_sqrt, math_sqrt)
FALLIBLE(fn_exp, math_exp)
FALLIBLE(fn_power, math_power)
FALLIBLE(fn_ln, math_ln)
FALLIBLE(fn_log10, math_log10)
FALLIBLE(fn_log2, math_log2)
FALLIBLE(fn_log_base, math_log_base)
#undef FALLIBLE

Status fn_pi(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((double *)out->data)[row] = M_PI;
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------ rounding to places */

static double round_double(double x, int32_t places, bool cut) {
    if (!isfinite(x) || places > 300) {
        return x;
    }
    double power = pow(10, places < 0 ? -places : places);
    double scaled = places < 0 ? x / power : x * power;
    if (!isfinite(scaled) || (places >= 0 && fabs(scaled) >= 0x1p52)) {
        return x; /* no digits there */
    }
    double whole = cut ? trunc(scaled) : round(scaled);
    return places < 0 ? whole * power : whole / power;
}

static Status round_doubles(const Vector *const *args, uint32_t rows, bool cut, Vector *out) {
    for (uint32_t row = 0; row < rows; row++) {
        ((double *)out->data)[row] = round_double(arg_F64(args[0], row), arg_I32(args[1], row), cut);
    }
    return OK;
}

Status fn_round_places(FN_PARAMETERS) {
    FN_UNUSED;
    return round_doubles(args, rows, false, out);
}

Status fn_trunc_places(FN_PARAMETERS) {
    FN_UNUSED;
    return round_doubles(args, rows, true, out);
}

typedef enum Rounding { ROUND_HALF, ROUND_CUT, ROUND_UP, ROUND_DOWN } Rounding;

/* Rounds a DECIMAL of `scale` to a multiple of 10^-places, still at `scale`. */
static bool round_decimal(__int128 value, uint32_t scale, int32_t places, Rounding rounding, __int128 *out) {
    *out = value;
    if (places >= (int32_t)scale) {
        return true;
    }
    int64_t drop = (int64_t)scale - places;
    if (drop > DECIMAL_PRECISION_MAX) {
        *out = 0;
        return true;
    }
    __int128 step = decimal_power((uint32_t)drop), rest = value % step, cut = value - rest;
    __int128 size = rest < 0 ? -rest : rest;
    bool away = (rounding == ROUND_HALF && size >= step - size) || (rounding == ROUND_UP && rest > 0) ||
                (rounding == ROUND_DOWN && rest < 0);
    *out = cut;
    return !away || !__builtin_add_overflow(cut, value < 0 ? -step : step, out);
}

/* All rows in 64 bits, those of NULLs too, for one number of places (a constant). False if some result does not fit, or the
 * places are not those of the type: then rows are rounded one by one. */
static bool round_narrow(const Vector *in, int32_t places, uint32_t rows, Rounding rounding, Vector *out) {
    int64_t drop = (int64_t)in->type.scale - places;
    if (in->kind != VECTOR_FLAT || type_class(in->type) != CLASS_I64 || drop <= 0 || drop > DECIMAL_PRECISION_I64 ||
        out->type.scale != (places > 0 ? places : 0) || places < 0) {
        return false;
    }
    int64_t step = (int64_t)decimal_power((uint32_t)drop), most = 0;
    int64_t up = rounding == ROUND_HALF ? step - step / 2 : rounding == ROUND_UP ? 1 : INT64_MAX; /* rests from here on */
    int64_t down = rounding == ROUND_HALF ? -up : rounding == ROUND_DOWN ? -1 : INT64_MIN;        /* and up to here */
    const int64_t *values = in->data;
    int64_t results[BATCH_ROWS_MAX];
    for (uint32_t row = 0; row < rows; row++) {
        int64_t quotient = values[row] / step, rest = values[row] - quotient * step;
        quotient += (rest >= up) - (rest <= down);
        results[row] = quotient;
        int64_t size = quotient < 0 ? -quotient : quotient;
        most = size > most ? size : most;
    }
    if (!decimal_fits(most, out->type.precision)) {
        return false;
    }
    for (uint32_t row = 0; row < rows; row++) {
        out_decimal(out, row, results[row]);
    }
    return true;
}

static Status round_decimals(const Context *cx, const Vector *const *args, uint32_t arg_count, uint32_t rows, Rounding rounding,
                             Vector *out) {
    uint32_t scale = args[0]->type.scale;
    bool is_constant = arg_count == 1 || args[1]->kind == VECTOR_CONSTANT;
    if (is_constant && round_narrow(args[0], arg_count > 1 ? arg_I32(args[1], 0) : 0, rows, rounding, out)) {
        return OK;
    }
    for (uint32_t row = 0; row < rows; row++) {
        if (!fn_row_valid(out, row)) {
            continue;
        }
        __int128 rounded, result = 0;
        int32_t places = arg_count > 1 ? arg_I32(args[1], row) : 0;
        bool good = round_decimal(arg_decimal(args[0], row), scale, places, rounding, &rounded) &&
                    decimal_rescale(rounded, scale, out->type.scale, &result) && decimal_fits(result, out->type.precision);
        if (!good) {
            return fail_overflow(cx, out->type);
        }
        out_decimal(out, row, result);
    }
    return OK;
}

Status fn_round_decimal(FN_PARAMETERS) {
    FN_UNUSED;
    return round_decimals(cx, args, arg_count, rows, ROUND_HALF, out);
}

Status fn_trunc_decimal(FN_PARAMETERS) {
    FN_UNUSED;
    return round_decimals(cx, args, arg_count, rows, ROUND_CUT, out);
}

Status fn_ceil_decimal(FN_PARAMETERS) {
    FN_UNUSED;
    return round_decimals(cx, args, arg_count, rows, ROUND_UP, out);
}

Status fn_floor_decimal(FN_PARAMETERS) {
    FN_UNUSED;
    return round_decimals(cx, args, arg_count, rows, ROUND_DOWN, out);
}

Status fn_sign_decimal(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        __int128 value = arg_decimal(args[0], row);
        ((int32_t *)out->data)[row] = (value > 0) - (value < 0);
    }
    return OK;
}
