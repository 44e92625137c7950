/* Decimal arithmetic against results known exactly. */
#include "core/decimal.h"

#include <criterion/criterion.h>
#include <string.h>

static __int128 number(const char *text, uint32_t scale) {
    __int128 value = 0;
    cr_assert_eq(decimal_parse(text, strlen(text), scale, &value), DECIMAL_OK, "%s", text);
    return value;
}

static const char *shown(__int128 value, uint32_t scale) {
    static char buffer[DECIMAL_PRINT_MAX];
    decimal_print(value, scale, buffer);
    return buffer;
}

Test(decimal, parses_and_prints) {
    cr_expect_str_eq(shown(number("12.345", 2), 2), "12.35");
    cr_expect_str_eq(shown(number("-12.345", 2), 2), "-12.35");
    cr_expect_str_eq(shown(number(" .5 ", 2), 2), "0.50");
    cr_expect_str_eq(shown(number("-0.004", 2), 2), "0.00");
    cr_expect_str_eq(shown(number("1e3", 0), 0), "1000");
    cr_expect_str_eq(shown(number("1.5e-2", 3), 3), "0.015");
    cr_expect_str_eq(shown(number("99999999999999999999999999999999999999", 0), 0), "99999999999999999999999999999999999999");
    cr_expect_str_eq(shown(number("-1234567890123456789.0123456789", 10), 10), "-1234567890123456789.0123456789");
    cr_expect_str_eq(shown(number("000123", 0), 0), "123");
    cr_expect_str_eq(shown(number("0.5", 0), 0), "1");
    cr_expect_str_eq(shown(number("1e-999999999", 2), 2), "0.00");
}

Test(decimal, refuses_what_is_no_number) {
    const char *bad[] = {"", " ", "-", ".", "1.2.3", "1e", "1x", "--1", "e5", "NaN"};
    __int128 value;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(decimal_parse(bad[i], strlen(bad[i]), 2, &value), DECIMAL_BAD_SYNTAX, "\"%s\"", bad[i]);
    }
    cr_expect_eq(decimal_parse("1e38", 4, 0, &value), DECIMAL_TOO_BIG);
    cr_expect_eq(decimal_parse("1e999999999", 11, 0, &value), DECIMAL_TOO_BIG);
    cr_expect_eq(decimal_parse("99999999999999999999999999999999999999.5", 40, 0, &value), DECIMAL_TOO_BIG);
}

Test(decimal, rounds_half_away_from_zero) {
    __int128 out;
    cr_assert(decimal_rescale(125, 2, 1, &out) && out == 13);
    cr_assert(decimal_rescale(-125, 2, 1, &out) && out == -13);
    cr_assert(decimal_rescale(124, 2, 1, &out) && out == 12);
    cr_assert(decimal_rescale(5, 0, 37, &out) && out == decimal_power(37) * 5);
    cr_assert_not(decimal_rescale(50, 0, 37, &out));
}

Test(decimal, multiplies_past_128_bits) {
    __int128 out, big = decimal_power(37);
    cr_assert(decimal_multiply(big, 20, 2, 0, 20, &out) && out == 2 * big);
    cr_assert_not(decimal_multiply(big, 0, big, 0, 0, &out));
    cr_assert(decimal_multiply(big, 37, big, 37, 37, &out) && out == big);
    cr_assert(decimal_multiply(-(big + 5), 37, big, 37, 36, &out) && out == -(big / 10) - 1);
}

Test(decimal, divides_with_a_wide_numerator) {
    __int128 out;
    cr_assert(decimal_divide(1, 0, 3, 0, 16, &out) && out == 3333333333333333);
    cr_assert(decimal_divide(2, 0, -3, 0, 0, &out) && out == -1);
    cr_assert(decimal_divide(decimal_power(37), 0, decimal_power(37), 0, 37, &out) && out == decimal_power(37));
    cr_assert(decimal_divide(decimal_power(37) * 9, 2, 7, 0, 2, &out) && out == decimal_power(37) * 9 / 7 + 1);
    cr_assert(decimal_divide(1, 38, 1, 0, 0, &out) && out == 0);
    cr_assert(decimal_divide(5, 1, 1, 0, 0, &out) && out == 1);
    cr_assert_not(decimal_divide(decimal_power(37), 0, 1, 38, 38, &out));
}

Test(decimal, meets_doubles) {
    __int128 out;
    cr_expect_eq(decimal_to_double(number("0.1", 1), 1), 0.1);
    cr_expect_eq(decimal_to_double(number("-123456789012345678.9", 1), 1), -123456789012345678.9);
    cr_expect_eq(decimal_to_double(number("0.12345678901234567890123", 23), 23), 0.12345678901234567890123);
    cr_assert(decimal_from_double(0.1, 20, &out));
    cr_expect_str_eq(shown(out, 20), "0.10000000000000000000");
    cr_assert(decimal_from_double(1.005, 2, &out));
    cr_expect_str_eq(shown(out, 2), "1.01");
    cr_assert(decimal_from_double(-2.5, 0, &out));
    cr_expect_str_eq(shown(out, 0), "-3");
    cr_assert_not(decimal_from_double(1e39, 0, &out));
}

Test(decimal, counts_digits) {
    cr_expect_eq(decimal_digits(0), 1);
    cr_expect_eq(decimal_digits(-99), 2);
    cr_expect_eq(decimal_digits(decimal_power(37)), 38);
    cr_expect(decimal_fits(99, 2));
    cr_expect_not(decimal_fits(-100, 2));
}
