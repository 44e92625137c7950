/* Exact decimal arithmetic. Products and quotients that need more than 128 bits on the way take the slow path: digit by digit
 * for division, four 64-bit limbs for multiplication. */
#include "core/decimal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 u128;

/* clang-format off */
#define POWERS_6(base) (base), (base) * 10, (base) * 100, (base) * 1000, (base) * 10000, (base) * 100000
#define POWER_6 ((__int128)1000000)
#define POWER_18 (POWER_6 * POWER_6 * POWER_6)

const __int128 decimal_powers[39] = {
    POWERS_6((__int128)1), POWERS_6(POWER_6),            POWERS_6(POWER_6 * POWER_6),
    POWERS_6(POWER_18),    POWERS_6(POWER_18 * POWER_6), POWERS_6(POWER_18 * POWER_6 * POWER_6),
    POWER_18 * POWER_18,   POWER_18 * POWER_18 * 10,     POWER_18 * POWER_18 * 100,
};
/* clang-format on */

static u128 magnitude(__int128 value) {
    return value < 0 ? -(u128)value : (u128)value;
}

static bool with_sign(u128 value, bool negative, __int128 *out) {
    if (value >= (u128)decimal_power(38)) {
        return false;
    }
    *out = negative ? -(__int128)value : (__int128)value;
    return true;
}

bool decimal_fits(__int128 value, uint32_t precision) {
    return magnitude(value) < (u128)decimal_power(precision);
}

uint32_t decimal_digits(__int128 value) {
    uint32_t digits = 1;
    while (digits <= 38 && magnitude(value) >= (u128)decimal_power(digits)) {
        digits++;
    }
    return digits;
}

/* value / divisor, half away from zero. Most fit 64 bits, where dividing costs a tenth. */
static u128 divide_rounded(u128 value, u128 divisor) {
    assert(divisor != 0);
    if (divisor == 1) {
        return value;
    }
    if ((value | divisor) >> 64 == 0) {
        uint64_t quotient = (uint64_t)value / (uint64_t)divisor, rest = (uint64_t)value % (uint64_t)divisor;
        return (u128)quotient + (rest >= (uint64_t)divisor - rest ? 1 : 0);
    }
    u128 quotient = value / divisor, rest = value - quotient * divisor;
    return quotient + (rest >= divisor - rest ? 1 : 0);
}

bool decimal_rescale(__int128 value, uint32_t from_scale, uint32_t to_scale, __int128 *out) {
    if (from_scale == to_scale) {
        *out = value;
        return true;
    }
    u128 size = magnitude(value);
    if (from_scale > to_scale) {
        return with_sign(divide_rounded(size, (u128)decimal_power(from_scale - to_scale)), value < 0, out);
    }
    u128 scaled;
    if (__builtin_mul_overflow(size, (u128)decimal_power(to_scale - from_scale), &scaled)) {
        return false;
    }
    return with_sign(scaled, value < 0, out);
}

/* ---------------------------------------------------------------------------------------------------------- wide arithmetic */

typedef struct Wide { /* an unsigned 256-bit integer */
    u128 high, low;
} Wide;

static Wide wide_multiply(u128 a, u128 b) {
    u128 a0 = (uint64_t)a, a1 = a >> 64, b0 = (uint64_t)b, b1 = b >> 64;
    u128 low = a0 * b0, middle1 = a1 * b0, middle2 = a0 * b1, high = a1 * b1;
    u128 carry = (low >> 64) + (uint64_t)middle1 + (uint64_t)middle2;
    return (Wide){.high = high + (middle1 >> 64) + (middle2 >> 64) + (carry >> 64), .low = carry << 64 | (uint64_t)low};
}

/* Divides by a divisor below 2^127, bit by bit; false if the quotient needs more than 128 bits. */
static bool wide_divide(Wide value, u128 divisor, u128 *quotient, u128 *rest) {
    if (value.high >= divisor) {
        return false;
    }
    u128 remainder = value.high, result = 0;
    for (int bit = 127; bit >= 0; bit--) {
        remainder = remainder << 1 | (value.low >> bit & 1);
        result <<= 1;
        if (remainder >= divisor) {
            remainder -= divisor;
            result |= 1;
        }
    }
    *quotient = result;
    *rest = remainder;
    return true;
}

static bool wide_divide_rounded(Wide value, u128 divisor, u128 *out) {
    u128 quotient, rest;
    if (value.high == 0) {
        *out = divide_rounded(value.low, divisor);
        return true;
    }
    if (!wide_divide(value, divisor, &quotient, &rest)) {
        return false;
    }
    *out = quotient + (rest >= divisor - rest ? 1 : 0);
    return true;
}

bool decimal_multiply(__int128 a, uint32_t a_scale, __int128 b, uint32_t b_scale, uint32_t to_scale, __int128 *out) {
    uint32_t surplus = a_scale + b_scale - to_scale;
    u128 product;
    if (surplus == 0) {
        return !__builtin_mul_overflow(magnitude(a), magnitude(b), &product) && with_sign(product, (a < 0) != (b < 0), out);
    }
    if (!__builtin_mul_overflow(magnitude(a), magnitude(b), &product)) {
        return with_sign(divide_rounded(product, (u128)decimal_power(surplus)), (a < 0) != (b < 0), out);
    }
    return wide_divide_rounded(wide_multiply(magnitude(a), magnitude(b)), (u128)decimal_power(surplus), &product) &&
           with_sign(product, (a < 0) != (b < 0), out);
}

DecimalDivisor decimal_divisor(uint32_t a_scale, __int128 b, uint32_t b_scale, uint32_t to_scale) {
    DecimalDivisor divisor = {.b = b, .shift = (int32_t)(to_scale + b_scale) - (int32_t)a_scale};
    while (divisor.shift > 0 && b != 0 && divisor.b % 10 == 0) {
        divisor.b /= 10;
        divisor.shift--;
    }
    return divisor;
}

bool decimal_divide_by(__int128 a, const DecimalDivisor *by, __int128 *out) {
    bool is_negative = (a < 0) != (by->b < 0);
    u128 b = magnitude(by->b), scaled, quotient;
    if (by->shift < 0) {
        if (__builtin_mul_overflow(b, (u128)decimal_power((uint32_t)-by->shift), &scaled) || scaled >> 127 != 0) {
            *out = 0; /* |a| < 10^38 is less than half of it */
            return true;
        }
        return with_sign(divide_rounded(magnitude(a), scaled), is_negative, out);
    }
    uint32_t shift = (uint32_t)by->shift;
    if (shift <= 38 && !__builtin_mul_overflow(magnitude(a), (u128)decimal_power(shift), &scaled)) {
        return with_sign(divide_rounded(scaled, b), is_negative, out);
    }
    Wide value = wide_multiply(magnitude(a), (u128)decimal_power(shift < 38 ? shift : 38));
    if (shift > 38) { /* at most 38 + 38: in two steps while it fits */
        if (value.high != 0) {
            return false;
        }
        value = wide_multiply(value.low, (u128)decimal_power(shift - 38));
    }
    return wide_divide_rounded(value, b, &quotient) && with_sign(quotient, is_negative, out);
}

bool decimal_divide(__int128 a, uint32_t a_scale, __int128 b, uint32_t b_scale, uint32_t to_scale, __int128 *out) {
    DecimalDivisor by = decimal_divisor(a_scale, b, b_scale, to_scale);
    return decimal_divide_by(a, &by, out);
}

/* ----------------------------------------------------------------------------------------------------------------- doubles */

static const double double_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

double decimal_to_double(__int128 value, uint32_t scale) {
    if (scale == 0) {
        return (double)value;
    }
    if (scale <= 22 && magnitude(value) <= (u128)1 << 53) {
        return (double)value / double_powers[scale]; /* both exact, so one rounding */
    }
    char buffer[DECIMAL_PRINT_MAX];
    decimal_print(value, scale, buffer);
    return strtod(buffer, NULL);
}

bool decimal_from_double(double value, uint32_t scale, __int128 *out) {
    if (scale <= 22) {
        double scaled = value * double_powers[scale], nearest = round(scaled);
        if (fabs(scaled) < 1e12 && fabs(fabs(scaled - nearest) - 0.5) > 2e-3) {
            *out = (__int128)nearest; /* far enough from a tie that the digits past the 15th cannot matter */
            return true;
        }
    }
    char buffer[40];
    int bytes = snprintf(buffer, sizeof buffer, "%.15g", value);
    return decimal_parse(buffer, (size_t)bytes, scale, out) == DECIMAL_OK;
}

/* ----------------------------------------------------------------------------------------------------------- text to and fro
 */

typedef struct DecimalText { /* significant digits and where the point stands */
    char digits[80];
    uint32_t count;   /* digits kept */
    int32_t exponent; /* value = 0.digits × 10^exponent */
    bool negative;
} DecimalText;

static const char *skip_spaces(const char *at, const char *end) {
    while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r'))) {
        at++;
    }
    return at;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static void take_digit(DecimalText *text, char digit, bool after_point) {
    if (text->count == 0 && digit == '0') {
        text->exponent -= after_point ? 1 : 0;
        return;
    }
    if (text->count < sizeof text->digits) {
        text->digits[text->count++] = digit;
    }
    text->exponent += after_point ? 0 : 1;
}

static bool read_exponent(const char **at, const char *end, DecimalText *text) {
    const char *p = *at + 1;
    bool negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+') ? 1 : 0;
    if (p == end || !is_digit(*p)) {
        return false;
    }
    int32_t exponent = 0;
    for (; p < end && is_digit(*p); p++) {
        exponent = exponent < 100000 ? exponent * 10 + (*p - '0') : exponent;
    }
    text->exponent += negative ? -exponent : exponent;
    *at = p;
    return true;
}

static bool read_decimal(const char *at, const char *end, DecimalText *text) {
    *text = (DecimalText){0};
    at = skip_spaces(at, end);
    if (at < end && (*at == '-' || *at == '+')) {
        text->negative = *at++ == '-';
    }
    bool any = false, after_point = false;
    for (; at < end && (is_digit(*at) || (*at == '.' && !after_point)); at++) {
        if (*at == '.') {
            after_point = true;
        } else {
            take_digit(text, *at, after_point);
            any = true;
        }
    }
    if (!any || (at < end && (*at == 'e' || *at == 'E') && !read_exponent(&at, end, text))) {
        return false;
    }
    return skip_spaces(at, end) == end;
}

DecimalParse decimal_parse(const char *text, size_t bytes, uint32_t scale, __int128 *out) {
    DecimalText parts;
    if (!read_decimal(text, text + bytes, &parts)) {
        return DECIMAL_BAD_SYNTAX;
    }
    int64_t kept = (int64_t)parts.exponent + scale; /* digits before the last wanted place */
    if (parts.count == 0 || kept < 0) {
        *out = 0;
        return DECIMAL_OK;
    }
    if (kept > 38) {
        return DECIMAL_TOO_BIG;
    }
    u128 value = 0;
    for (int64_t i = 0; i < kept; i++) {
        value = value * 10 + (u128)(i < parts.count ? parts.digits[i] - '0' : 0);
    }
    if (kept < parts.count && parts.digits[kept] >= '5') {
        value++;
    }
    return with_sign(value, parts.negative, out) ? DECIMAL_OK : DECIMAL_TOO_BIG;
}

size_t decimal_print(__int128 value, uint32_t scale, char *buffer) {
    char reversed[DECIMAL_PRINT_MAX];
    uint32_t count = 0;
    u128 rest = magnitude(value);
    while (rest > UINT64_MAX) { /* 128-bit division is slow: peel 18 digits at a time */
        uint64_t low = (uint64_t)(rest % (u128)(uint64_t)decimal_powers[18]);
        rest /= (u128)(uint64_t)decimal_powers[18];
        for (int i = 0; i < 18; i++, low /= 10) {
            reversed[count++] = (char)('0' + low % 10);
        }
    }
    for (uint64_t low = (uint64_t)rest; low > 0; low /= 10) {
        reversed[count++] = (char)('0' + low % 10);
    }
    while (count <= scale) {
        reversed[count++] = '0';
    }
    char *at = buffer;
    if (value < 0) {
        *at++ = '-';
    }
    while (count > 0) {
        if (count == scale) {
            *at++ = '.';
        }
        *at++ = reversed[--count];
    }
    *at = 0;
    return (size_t)(at - buffer);
}

uint32_t decimal_text_scale(const char *text, size_t bytes) {
    const char *end = text + bytes, *exponent = text;
    while (exponent < end && *exponent != 'e' && *exponent != 'E') {
        exponent++;
    }
    const char *point = memchr(text, '.', (size_t)(exponent - text));
    long scale = 0;
    for (const char *at = point == NULL ? exponent : point + 1; at < exponent && *at >= '0' && *at <= '9'; at++) {
        scale++;
    }
    if (exponent < end) {
        char power[8];
        snprintf(power, sizeof power, "%.*s", (int)(end - exponent - 1 < 7 ? end - exponent - 1 : 7), exponent + 1);
        scale -= strtol(power, NULL, 10);
    }
    return scale < 0 ? 0 : scale > 38 ? 38 : (uint32_t)scale;
}
