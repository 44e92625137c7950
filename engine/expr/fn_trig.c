/* Circular and hyperbolic functions, of radians and of degrees. Degrees are exact where a school-book has exact values:
 * sind(30) is 0.5; each is scaled by what the library says for 30, 45 and 60 degrees, as PostgreSQL does. */
#include "expr/fn_math.h"

#include <math.h>

static Status check_input(const Context *cx, bool good) {
    return good ? OK : fail(cx, NUMERIC_OUT_OF_RANGE, "input is out of range");
}

#define CIRCULAR(name, expression, condition)                                                                                  \
    static Status name(const Context *cx, double x, double y, double *result) {                                                \
        (void)y;                                                                                                               \
        *result = (expression);                                                                                                \
        return check_input(cx, condition);                                                                                     \
    }
CIRCULAR(math_sin, sin(x), !isinf(x))
CIRCULAR(math_cos, cos(x), !isinf(x))
CIRCULAR(math_tan, tan(x), !isinf(x))
CIRCULAR(math_cot, 1 / tan(x), !isinf(x) && x != 0)
CIRCULAR(math_asin, asin(x), !(fabs(x) > 1))
CIRCULAR(math_acos, acos(x), !(fabs(x) > 1))
CIRCULAR(math_atan, atan(x), true)
CIRCULAR(math_sinh, sinh(x), !isinf(sinh(x)) || isinf(x))
CIRCULAR(math_cosh, cosh(x), !isinf(cosh(x)) || isinf(x))
CIRCULAR(math_tanh, tanh(x), true)
CIRCULAR(math_asinh, asinh(x), true)
CIRCULAR(math_acosh, acosh(x), !(x < 1))
CIRCULAR(math_atanh, atanh(x), !(fabs(x) > 1))

/* ----------------------------------------------------------------------------------------------------------------- degrees */

static double radians(double degrees) {
    return degrees * (M_PI / 180);
}

static double sine_to_30(double x) {
    return sin(radians(x)) / sin(radians(30)) / 2;
}

static double cosine_to_60(double x) {
    return 1 - (1 - cos(radians(x))) / (1 - cos(radians(60))) / 2;
}

/* Between 0 and 90 degrees. */
static double sine_to_90(double x) {
    return x <= 30 ? sine_to_30(x) : cosine_to_60(90 - x);
}
static double cosine_to_90(double x) {
    return x <= 60 ? cosine_to_60(x) : sine_to_30(90 - x);
}

static double sine_of_degrees(double x) {
    double size = fmod(fabs(x), 360), sign = x < 0 ? -1 : 1;
    if (size > 180) {
        size = 360 - size;
        sign = -sign;
    }
    return sign * sine_to_90(size > 90 ? 180 - size : size);
}

static double cosine_of_degrees(double x) {
    double size = fmod(fabs(x), 360);
    size = size > 180 ? 360 - size : size;
    return size > 90 ? -cosine_to_90(180 - size) : cosine_to_90(size);
}

static double tangent_of_degrees(double x) {
    double size = fmod(fabs(x), 360), sign = x < 0 ? -1 : 1;
    if (size > 180) {
        size = 360 - size;
        sign = -sign;
    }
    if (size > 90) {
        size = 180 - size;
        sign = -sign;
    }
    double of_45 = sine_to_90(45) / cosine_to_90(45);
    return sign * (sine_to_90(size) / cosine_to_90(size) / of_45) + 0.0; /* no -0 */
}

static double arc_sine_in_degrees(double x) {
    double size = fabs(x);
    double angle = size <= 0.5 ? asin(size) / asin(0.5) * 30 : 90 - acos(size) / acos(0.5) * 60;
    return x < 0 ? -angle : angle;
}

static double arc_cosine_in_degrees(double x) {
    return x >= 0 ? (x <= 0.5 ? 90 - asin(x) / asin(0.5) * 30 : acos(x) / acos(0.5) * 60) : 90 + arc_sine_in_degrees(-x);
}

static double arc_tangent_in_degrees(double x) {
    return atan(x) / atan(1) * 45;
}

CIRCULAR(math_sind, sine_of_degrees(x), !isinf(x))
CIRCULAR(math_cosd, cosine_of_degrees(x), !isinf(x))
CIRCULAR(math_tand, tangent_of_degrees(x), !isinf(x))
CIRCULAR(math_cotd, 1 / tangent_of_degrees(x), !isinf(x))
CIRCULAR(math_asind, arc_sine_in_degrees(x), !(fabs(x) > 1))
CIRCULAR(math_acosd, arc_cosine_in_degrees(x), !(fabs(x) > 1))
CIRCULAR(math_atand, arc_tangent_in_degrees(x), true)
#undef CIRCULAR

#define CIRCULAR_LOOP(name)                                                                                                    \
    Status fn_##name(FN_PARAMETERS) {                                                                                          \
        FN_UNUSED;                                                                                                             \
        return run_math(cx, math_##name, args, arg_count, rows, out);                                                          \
    }
CIRCULAR_LOOP(sin)
CIRCULAR_LOOP(cos)
CIRCULAR_LOOP(tan)
CIRCULAR_LOOP(cot)
CIRCULAR_LOOP(asin)
CIRCULAR_LOOP(acos)
CIRCULAR_LOOP(atan)
CIRCULAR_LOOP(sinh)
CIRCULAR_LOOP(cosh)
CIRCULAR_LOOP(tanh)
CIRCULAR_LOOP(asinh)
CIRCULAR_LOOP(acosh)
CIRCULAR_LOOP(atanh)
CIRCULAR_LOOP(sind)
CIRCULAR_LOOP(cosd)
CIRCULAR_LOOP(tand)
CIRCULAR_LOOP(cotd)
CIRCULAR_LOOP(asind)
CIRCULAR_LOOP(acosd)
CIRCULAR_LOOP(atand)
#undef CIRCULAR_LOOP

Status fn_atan2(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((double *)out->data)[row] = atan2(arg_F64(args[0], row), arg_F64(args[1], row));
    }
    return OK;
}

Status fn_atan2d(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((double *)out->data)[row] = atan2(arg_F64(args[0], row), arg_F64(args[1], row)) / atan(1) * 45;
    }
    return OK;
}
