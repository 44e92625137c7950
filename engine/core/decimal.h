/* Exact decimal arithmetic on 128-bit integers: a DECIMAL(p, s) is value × 10^s. Results are rounded half away from zero; every
 * function tells by its result whether 38 digits were enough. */
#ifndef DEPOT_CORE_DECIMAL_H
#define DEPOT_CORE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECIMAL_PRINT_MAX 48
#define DECIMAL_SCALE_DEFAULT 10 /* of a bare DECIMAL, which is DECIMAL(38, 10) */

extern const __int128 decimal_powers[39];
/* 10^exponent, exponent <= 38. */
static inline __int128 decimal_power(uint32_t exponent) {
    return decimal_powers[exponent];
}
/* |value| < 10^precision. */
bool decimal_fits(__int128 value, uint32_t precision);
/* Decimal digits of |value|; 1 for 0. */
uint32_t decimal_digits(__int128 value);

bool decimal_rescale(__int128 value, uint32_t from_scale, uint32_t to_scale, __int128 *out);
/* a × b at scale a_scale + b_scale, rounded to to_scale (at most the sum). */
bool decimal_multiply(__int128 a, uint32_t a_scale, __int128 b, uint32_t b_scale, uint32_t to_scale, __int128 *out);
/* a / b rounded to to_scale; b is not 0. */
bool decimal_divide(__int128 a, uint32_t a_scale, __int128 b, uint32_t b_scale, uint32_t to_scale, __int128 *out);

/* For many divisions by the same b: a × 10^shift / b, without the powers of ten that both have. */
typedef struct DecimalDivisor {
    __int128 b;
    int32_t shift;
} DecimalDivisor;

DecimalDivisor decimal_divisor(uint32_t a_scale, __int128 b, uint32_t b_scale, uint32_t to_scale);
bool decimal_divide_by(__int128 a, const DecimalDivisor *by, __int128 *out);

/* The nearest double. */
double decimal_to_double(__int128 value, uint32_t scale);
/* From the 15 significant digits of a finite double, as PostgreSQL casts; false if 38 digits do not hold it. */
bool decimal_from_double(double value, uint32_t scale, __int128 *out);

typedef enum DecimalParse { DECIMAL_OK, DECIMAL_BAD_SYNTAX, DECIMAL_TOO_BIG } DecimalParse;
/* "-12.50", ".5", "1e3", spaces around; rounded to `scale`. */
DecimalParse decimal_parse(const char *text, size_t bytes, uint32_t scale, __int128 *out);
/* The decimals of a number in text, at most 38: 2 for "1.25" and "125e-2"; 0 for what is no number. */
uint32_t decimal_text_scale(const char *text, size_t bytes);
/* Digits and point without trailing zero; returns the length, at most DECIMAL_PRINT_MAX - 1. */
size_t decimal_print(__int128 value, uint32_t scale, char *buffer);

#endif
