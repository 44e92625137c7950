/* Boxed values: printing and reading every type, order, casts, and the placement hash that must never change. */
#include "expr_fixture.h"

#include <math.h>

TestSuite(value, .init = fixture_open, .fini = fixture_close);

static const char *round_trip(const char *type, const char *text) {
    Value value;
    return value_parse(cx, type_of(type), text, strlen(text), &value) == OK ? show_value(&value) : show_error();
}

Test(value, doubles_print_shortest) {
    const char *same[] = {"0.1",
                          "1e+20",
                          "100000000000000",
                          "1e+15",
                          "1.234567890123456e+15",
                          "0.0001",
                          "1e-05",
                          "5e-324",
                          "-0",
                          "Infinity",
                          "-Infinity",
                          "NaN",
                          "0.30000000000000004",
                          "1.7976931348623157e+308",
                          "-2.5",
                          "123456.789",
                          "2.2250738585072014e-308"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        cr_expect_text(round_trip("double precision", same[i]), same[i]);
    }
    const char *reals[] = {"0.1", "1e+06", "100000", "1.234567e+06", "3.4028235e+38", "1e-45", "16777216"};
    for (size_t i = 0; i + 1 < sizeof reals / sizeof reals[0]; i++) {
        cr_expect_text(round_trip("real", reals[i]), reals[i]);
    }
    cr_expect_text(round_trip("real", "16777216"), "1.6777216e+07");
}

Test(value, reads_and_refuses) {
    cr_expect_text(round_trip("integer", " 42 "), "42");
    cr_expect_text(round_trip("integer", "-2147483648"), "-2147483648");
    cr_expect_text(round_trip("integer", "2147483648"), "ERROR: 22003 value \"2147483648\" is out of range for type integer");
    cr_expect_text(round_trip("bigint", "-9223372036854775808"), "-9223372036854775808");
    cr_expect_text(round_trip("bigint", "99999999999999999999999"),
                   "ERROR: 22003 value \"99999999999999999999999\" is out of range for type bigint");
    cr_expect_text(round_trip("integer", "1.5"), "ERROR: 22P02 invalid input syntax for type integer: \"1.5\"");
    cr_expect_text(round_trip("integer", ""), "ERROR: 22P02 invalid input syntax for type integer: \"\"");
    cr_expect_text(round_trip("boolean", "YES"), "t");
    cr_expect_text(round_trip("boolean", "of"), "f");
    cr_expect_text(round_trip("boolean", "o"), "ERROR: 22P02 invalid input syntax for type boolean: \"o\"");
    cr_expect_text(round_trip("decimal(5,2)", "999.994"), "999.99");
    cr_expect_text(round_trip("decimal(5,2)", "999.995"),
                   "ERROR: 22003 value \"999.995\" is out of range for type decimal(5,2)");
    cr_expect_text(round_trip("double precision", "1e400"),
                   "ERROR: 22003 value \"1e400\" is out of range for type double precision");
    cr_expect_text(round_trip("double precision", "0x10"),
                   "ERROR: 22P02 invalid input syntax for type double precision: \"0x10\"");
    cr_expect_text(round_trip("varchar(3)", "abc  "), "abc");
    cr_expect_text(round_trip("varchar(3)", "abcd"), "ERROR: 22001 value too long for type varchar(3)");
    cr_expect_text(round_trip("char(3)", "ab "), "ab");
    cr_expect_text(round_trip("date", "1994-02-30"), "ERROR: 22008 date/time field value out of range: \"1994-02-30\"");
    cr_expect_text(round_trip("timestamp", "soon"), "ERROR: 22007 invalid input syntax for type timestamp: \"soon\"");
}

static const char *cast_value(const char *from, const char *text, const char *to) {
    Value value, out;
    cr_assert_eq(value_parse(cx, type_of(from), text, strlen(text), &value), OK, "%s", test_error.message);
    return value_cast(cx, &test_arena, &value, type_of(to), &out) == OK ? show_value(&out) : show_error();
}

Test(value, casts_round_and_check) {
    cr_expect_text(cast_value("double precision", "2.5", "integer"), "2");
    cr_expect_text(cast_value("double precision", "3.5", "integer"), "4");
    cr_expect_text(cast_value("decimal(5,2)", "2.50", "integer"), "3");
    cr_expect_text(cast_value("decimal(5,2)", "-2.50", "integer"), "-3");
    cr_expect_text(cast_value("bigint", "40000", "smallint"), "ERROR: 22003 smallint out of range");
    cr_expect_text(cast_value("double precision", "NaN", "integer"), "ERROR: 22003 integer out of range");
    cr_expect_text(cast_value("integer", "12345", "decimal(5,2)"), "ERROR: 22003 numeric field overflow");
    cr_expect_text(cast_value("double precision", "0.1", "decimal(30,20)"), "0.10000000000000000000");
    cr_expect_text(cast_value("double precision", "1e40", "real"), "ERROR: 22003 value out of range: overflow");
    cr_expect_text(cast_value("boolean", "t", "text"), "true");
    cr_expect_text(cast_value("text", "h\xc3\xa9llo", "varchar(2)"), "h\xc3\xa9");
    cr_expect_text(cast_value("text", "h\xc3\xa9llo", "char(2)"), "h\xc3\xa9");
    cr_expect_text(cast_value("timestamp", "1969-12-31 23:00", "date"), "1969-12-31");
    cr_expect_text(cast_value("date", "1994-01-01", "timestamp"), "1994-01-01 00:00:00");
    cr_expect_text(cast_value("date", "1994-01-01", "integer"), "ERROR: 42846 cannot cast type date to integer");
}

Test(value, order_puts_nan_last) {
    Type type = type_make(TYPE_DOUBLE);
    Value nan = value_f64(type, NAN), infinity = value_f64(type, INFINITY), zero = value_f64(type, 0),
          minus = value_f64(type, -0.0);
    cr_expect_gt(value_compare(&nan, &infinity), 0);
    cr_expect_eq(value_compare(&nan, &nan), 0);
    cr_expect_eq(value_compare(&zero, &minus), 0);
}

static uint64_t placement(const char *type, const char *text) {
    Value value;
    cr_assert_eq(value_parse(cx, type_of(type), text, strlen(text), &value), OK);
    return value_placement_hash(&value, 1);
}

Test(value, placement_agrees_between_types) {
    uint64_t seven = placement("integer", "7");
    cr_expect_eq(placement("smallint", "7"), seven);
    cr_expect_eq(placement("bigint", "7"), seven);
    cr_expect_eq(placement("decimal(10,0)", "7"), seven);
    cr_expect_eq(placement("decimal(10,2)", "7.00"), seven);
    cr_expect_eq(placement("decimal(30,5)", "7"), seven);
    cr_expect_eq(placement("decimal(10,3)", "7.100"), placement("decimal(30,1)", "7.1"));
    cr_expect_eq(placement("char(10)", "abc"), placement("varchar(20)", "abc"));
    cr_expect_eq(placement("double precision", "-0"), placement("real", "0"));
    cr_expect_neq(placement("integer", "8"), seven);
}
