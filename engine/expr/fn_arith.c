/* Arithmetic operators on numbers. Loops of kernels/arith run through all lanes; only when one reports trouble does a scalar
 * pass look for a valid row that is to blame. */
#include "expr/fn_loop.h"

#include "kernels/arith_kernels.h"

#include <math.h>

/* -------------------------------------------------------------------------------------------------------- the slow path */

static bool integer_overflows(ArithOp op, __int128 a, __int128 b, Type type) {
    __int128 result;
    bool wraps = op == ARITH_ADD        ? __builtin_add_overflow(a, b, &result)
                 : op == ARITH_SUBTRACT ? __builtin_sub_overflow(a, b, &result)
                                        : __builtin_mul_overflow(a, b, &result);
    switch (type_class(type)) {
    case CLASS_I16: return wraps || result != (int16_t)result;
    case CLASS_I32: return wraps || result != (int32_t)result;
    case CLASS_I64: return wraps || result != (int64_t)result;
    default: return wraps || !decimal_fits(result, type.precision);
    }
}

static Status check_integer_row(const Context *cx, ArithOp op, const Vector *const *args, uint32_t row, Type type) {
    Value a = vector_value(args[0], row), b = vector_value(args[1], row);
    bool is_wide = type_class(type) == CLASS_I128;
    return integer_overflows(op, is_wide ? a.i128 : a.i64, is_wide ? b.i128 : b.i64, type) ? fail_overflow(cx, type) : OK;
}

static Status check_float_row(const Context *cx, ArithOp op, const Vector *const *args, const Vector *out, uint32_t row) {
    double a = vector_value(args[0], row).f64, b = vector_value(args[1], row).f64;
    double result = value_load(out->type, out->data, row).f64;
    if (op == ARITH_DIVIDE && b == 0 && !isnan(a)) {
        return fail_division_by_zero(cx);
    }
    if (isinf(result) && !isinf(a) && !isinf(b)) {
        return fail_overflow(cx, out->type);
    }
    bool may_underflow = (op == ARITH_MULTIPLY && b != 0) || (op == ARITH_DIVIDE && !isinf(b));
    if (result == 0 && a != 0 && may_underflow) {
        return fail(cx, NUMERIC_OUT_OF_RANGE, "value out of range: underflow");
    }
    return OK;
}

static Status find_culprit(const Context *cx, ArithOp op, const Vector *const *args, uint32_t rows, const Vector *out) {
    StorageClass class = type_class(out->type);
    bool is_float = class == CLASS_F32 || class == CLASS_F64;
    for (uint32_t row = 0; row < rows; row++) {
        if (fn_row_valid(out, row)) {
            TRY(is_float ? check_float_row(cx, op, args, out, row) : check_integer_row(cx, op, args, row, out->type));
        }
    }
    return OK;
}

/* Sums and products of DECIMAL(38, s) may pass 38 digits without passing 127 bits. */
static bool any_too_long(const Vector *out, uint32_t rows) {
    const __int128 *values = out->data;
    __int128 limit = decimal_power(out->type.precision);
    bool bad = false;
    for (uint32_t row = 0; row < rows; row++) {
        bad |= (values[row] >= limit) | (values[row] <= -limit);
    }
    return bad;
}

static Status run_kernel(const Context *cx, ArithOp op, const Vector *const *args, uint32_t rows, Vector *out) {
    StorageClass class = type_class(out->type);
    const Vector *a = args[0], *b = args[1];
    ArithLoop *loop = a->kind == VECTOR_CONSTANT && b->kind != VECTOR_CONSTANT   ? arith_kernels->left_constant[class][op]
                      : b->kind == VECTOR_CONSTANT && a->kind != VECTOR_CONSTANT ? arith_kernels->right_constant[class][op]
                                                                                 : arith_kernels->vectors[class][op];
    bool bad = loop(a->data, b->data, out->data, rows);
    if (class == CLASS_I128 && out->type.precision == DECIMAL_PRECISION_MAX) {
        bad |= any_too_long(out, rows);
    }
    return bad ? find_culprit(cx, op, args, rows, out) : OK;
}

Status fn_add(FN_PARAMETERS) {
    FN_UNUSED;
    return run_kernel(cx, ARITH_ADD, args, rows, out);
}

Status fn_subtract(FN_PARAMETERS) {
    FN_UNUSED;
    return run_kernel(cx, ARITH_SUBTRACT, args, rows, out);
}

Status fn_multiply(FN_PARAMETERS) {
    FN_UNUSED;
    return run_kernel(cx, ARITH_MULTIPLY, args, rows, out);
}

Status fn_divide_floats(FN_PARAMETERS) {
    FN_UNUSED;
    return run_kernel(cx, ARITH_DIVIDE, args, rows, out);
}

/* ---------------------------------------------------------------------------------------------------------------- decimals */

static void multiply_narrow(const Vector *const *args, uint32_t rows, __int128 *products) {
    for (uint32_t row = 0; row < rows; row++) {
        products[row] = (__int128)arg_I64(args[0], row) * arg_I64(args[1], row);
    }
}

Status fn_multiply_decimals(FN_PARAMETERS) {
    FN_UNUSED;
    Type a = args[0]->type, b = args[1]->type;
    bool narrow = type_class(a) == CLASS_I64 && type_class(b) == CLASS_I64;
    bool exact = (uint32_t)a.scale + b.scale == out->type.scale;
    if (narrow && type_class(out->type) == CLASS_I64) {
        return run_kernel(cx, ARITH_MULTIPLY, args, rows, out);
    }
    if (narrow && exact) { /* at most 36 digits */
        multiply_narrow(args, rows, out->data);
        return OK;
    }
    for (uint32_t row = 0; row < rows; row++) {
        __int128 product = 0;
        if (fn_row_valid(out, row) && !decimal_multiply(arg_decimal(args[0], row), a.scale, arg_decimal(args[1], row), b.scale,
                                                        out->type.scale, &product)) {
            return fail_overflow(cx, out->type);
        }
        out_decimal(out, row, product);
    }
    return OK;
}

Status fn_divide_decimals(FN_PARAMETERS) {
    FN_UNUSED;
    const Vector *b = args[1];
    uint32_t a_scale = args[0]->type.scale, b_scale = b->type.scale;
    __int128 limit = decimal_power(out->type.precision);
    DecimalDivisor divisor = {0};
    for (uint32_t row = 0; row < rows; row++) {
        if (!fn_row_valid(out, row)) {
            continue;
        }
        if (divisor.b == 0 || b->kind != VECTOR_CONSTANT) {
            divisor = decimal_divisor(a_scale, arg_decimal(b, row), b_scale, out->type.scale);
        }
        __int128 quotient;
        if (divisor.b == 0) {
            return fail_division_by_zero(cx);
        }
        if (!decimal_divide_by(arg_decimal(args[0], row), &divisor, &quotient) || quotient >= limit || quotient <= -limit) {
            return fail_overflow(cx, out->type);
        }
        out_decimal(out, row, quotient);
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------- integer quotients and signs */

#define INTEGER_LOOP(tag, T, RESULT)                                                                                           \
    for (uint32_t row = 0; row < rows; row++) {                                                                                \
        T a = arg_##tag(args[0], row), b = arg_##tag(args[1], row);                                                            \
        bool safe = b != 0 && b != -1;                                                                                         \
        ((T *)out->data)[row] = safe ? (T)(RESULT) : 0;                                                                        \
        bad |= !safe;                                                                                                          \
    }

/* Rows whose divisor is 0 or -1, which the loops leave out. */
static Status fix_divisions(const Context *cx, bool is_modulo, const Vector *const *args, uint32_t rows, Vector *out) {
    for (uint32_t row = 0; row < rows; row++) {
        if (!fn_row_valid(out, row)) {
            continue;
        }
        Value a = vector_value(args[0], row), b = vector_value(args[1], row);
        bool is_wide = type_class(out->type) == CLASS_I128;
        __int128 divisor = is_wide ? b.i128 : b.i64;
        if (divisor == 0) {
            return fail_division_by_zero(cx);
        }
        if (divisor != -1) {
            continue;
        }
        if (!is_modulo && integer_overflows(ARITH_SUBTRACT, 0, a.i64, out->type)) {
            return fail_overflow(cx, out->type);
        }
        Value result = value_i64(out->type, is_modulo ? 0 : -a.i64);
        value_store(&result, out->data, row);
    }
    return OK;
}

Status fn_divide(FN_PARAMETERS) {
    FN_UNUSED;
    bool bad = false;
    switch (type_class(out->type)) {
    case CLASS_I16: INTEGER_LOOP(I16, int16_t, a / b) break;
    case CLASS_I32: INTEGER_LOOP(I32, int32_t, a / b) break;
    default: INTEGER_LOOP(I64, int64_t, a / b) break;
    }
    return bad ? fix_divisions(cx, false, args, rows, out) : OK;
}

Status fn_modulo(FN_PARAMETERS) {
    FN_UNUSED;
    bool bad = false;
    switch (type_class(out->type)) {
    case CLASS_I16: INTEGER_LOOP(I16, int16_t, a % b) break;
    case CLASS_I32: INTEGER_LOOP(I32, int32_t, a % b) break;
    case CLASS_I64: INTEGER_LOOP(I64, int64_t, a % b) break;
    default: INTEGER_LOOP(I128, __int128, a % b) break;
    }
    return bad ? fix_divisions(cx, true, args, rows, out) : OK;
}

/* -x, or |x| where `only_negative`. The least integer has no negative. */
static Status negate(const Context *cx, const Vector *arg, uint32_t rows, bool only_negative, Vector *out) {
    StorageClass class = type_class(out->type);
    for (uint32_t row = 0; row < rows; row++) {
        Value value = value_load(arg->type, arg->data, arg->kind == VECTOR_CONSTANT ? 0 : row);
        if (class == CLASS_F32 || class == CLASS_F64) {
            value.f64 = only_negative ? fabs(value.f64) : -value.f64;
        } else if (class == CLASS_I128) {
            value.i128 = only_negative && value.i128 >= 0 ? value.i128 : -value.i128;
        } else if (!only_negative || value.i64 < 0) {
            if (integer_overflows(ARITH_SUBTRACT, 0, value.i64, out->type) && fn_row_valid(out, row)) {
                return fail_overflow(cx, out->type);
            }
            value.i64 = (int64_t) - (uint64_t)value.i64;
        }
        value_store(&value, out->data, row);
    }
    return OK;
}

Status fn_negate(FN_PARAMETERS) {
    FN_UNUSED;
    return negate(cx, args[0], rows, false, out);
}

Status fn_abs(FN_PARAMETERS) {
    FN_UNUSED;
    return negate(cx, args[0], rows, true, out);
}
