/* Scalar functions: each with awkward arguments, all with NULLs, overload resolution and its errors. Expected values are
 * PostgreSQL 15's wherever it has the function. */
#include "expr_fixture.h"

TestSuite(functions, .init = fixture_open, .fini = fixture_close);

#define T(text) value_of("text", text)
#define I(text) value_of("integer", text)
#define L(text) value_of("bigint", text)
#define N(text) value_of("decimal(12,3)", text)
#define D(text) value_of("double precision", text)
#define DAY(text) value_of("date", text)
#define TS(text) value_of("timestamp", text)
#define IV(text) value_of("interval", text)
#define CHECK(expected, name, ...) cr_expect_text(CALL(name, __VA_ARGS__), expected)
#define OPERATE(expected, left, symbol, right) cr_expect_text(operate(symbol, left, right), expected)

Test(functions, maths) {
    CHECK("5", "abs", I("-5"));
    CHECK("1.500", "abs", N("-1.5"));
    CHECK("ERROR: 22003 integer out of range", "abs", I("-2147483648"));
    CHECK("2", "mod", I("11"), I("3"));
    CHECK("-2", "mod", I("-11"), I("3"));
    CHECK("0", "mod", I("-2147483648"), I("-1"));
    CHECK("ERROR: 22012 division by zero", "mod", I("1"), I("0"));
    CHECK("-1", "ceil", N("-1.5"));
    CHECK("2", "ceil", N("1.001"));
    CHECK("-2", "floor", N("-1.001"));
    CHECK("-2", "round", N("-1.5"));
    CHECK("2", "round", D("2.5"));
    CHECK("1.26", "round", N("1.255"), I("2"));
    CHECK("-1.26", "round", N("-1.255"), I("2"));
    CHECK("1300", "round", N("1250"), I("-2"));
    CHECK("0", "round", N("1250"), I("-9"));
    CHECK("1.25", "trunc", N("1.259"), I("2"));
    CHECK("-1", "trunc", N("-1.9"));
    CHECK("-1", "trunc", D("-1.9"));
    CHECK("-1", "sign", N("-3.5"));
    CHECK("8", "power", D("2"), D("3"));
    CHECK("0.125", "power", D("2"), D("-3"));
    CHECK("ERROR: 22003 value out of range: overflow", "power", D("10"), D("400"));
    CHECK("3", "sqrt", D("9"));
    CHECK("ERROR: 2201F cannot take square root of a negative number", "sqrt", D("-1"));
    CHECK("ERROR: 2201E cannot take logarithm of zero", "ln", D("0"));
    CHECK("2", "log", D("100"));
    CHECK("3", "log", D("2"), D("8"));
    CHECK("2", "cbrt", D("8"));
    CHECK("180", "degrees", value_of("double precision", "3.141592653589793"));
    CHECK("3", "width_bucket", D("5.35"), D("0.024"), D("10.06"), I("5"));
    CHECK("6", "width_bucket", D("11"), D("0"), D("10"), I("5"));
    CHECK("6", "gcd", L("12"), L("-18"));
    CHECK("36", "lcm", L("12"), L("-18"));
    CHECK("7", "greatest", I("3"), I("7"), I(NULL));
    CHECK("2.500", "least", I("3"), N("2.5"));
    CHECK("NULL", "least", I(NULL), I(NULL));
    CHECK("2.5", "greatest", I("1"), value_of("decimal(2,1)", "2.5"), constant(type_make(TYPE_NULL), NULL));
}

Test(functions, arithmetic_of_decimals) {
    OPERATE("3.75", value_of("decimal(5,2)", "1.50"), "+", value_of("decimal(5,2)", "2.25"));
    OPERATE("3.7500", value_of("decimal(5,2)", "1.50"), "*", value_of("decimal(5,2)", "2.50"));
    OPERATE("0.3333333333333333", value_of("decimal(1,0)", "1"), "/", value_of("decimal(1,0)", "3"));
    OPERATE("-0.6666666666666667", value_of("decimal(1,0)", "-2"), "/", value_of("decimal(1,0)", "3"));
    OPERATE("1.25", I("1"), "+", value_of("decimal(5,2)", "0.25"));
    OPERATE("0.5", value_of("decimal(5,1)", "7.5"), "%", I("7"));
    OPERATE("ERROR: 22012 division by zero", value_of("decimal(5,1)", "7.5"), "/", I("0"));
    OPERATE("ERROR: 22003 numeric field overflow: the result does not fit decimal(38,0)",
            value_of("decimal(38,0)", "99999999999999999999999999999999999999"), "+", I("1"));
    OPERATE("12193263113702179522374638011112635269", value_of("decimal(38,0)", "1234567890123456789"), "*",
            value_of("decimal(38,0)", "9876543210987654321"));
    OPERATE("2.5", value_of("decimal(5,1)", "1.5"), "+", D("1"));
}

Test(functions, arithmetic_of_integers) {
    OPERATE("3", I("7"), "/", I("2"));
    OPERATE("-3", I("-7"), "/", I("2"));
    OPERATE("-1", I("-7"), "%", I("2"));
    OPERATE("ERROR: 22003 integer out of range", I("-2147483648"), "/", I("-1"));
    OPERATE("ERROR: 22003 integer out of range", I("2147483647"), "+", I("1"));
    OPERATE("ERROR: 22003 bigint out of range", L("9223372036854775807"), "*", I("2"));
    OPERATE("2147483648", I("2147483647"), "+", L("1"));
    OPERATE("ERROR: 22003 smallint out of range", value_of("smallint", "-32768"), "-", value_of("smallint", "1"));
    OPERATE("6", I("2"), "*", literal("3"));
    OPERATE("NULL", I(NULL), "+", I("1"));
    OPERATE("8", D("2"), "^", D("3"));
    OPERATE("ERROR: 22003 value out of range: overflow", D("1e308"), "*", D("10"));
    OPERATE("ERROR: 22012 division by zero", D("1"), "/", D("0"));
    OPERATE("Infinity", D("Infinity"), "+", D("1"));
}

Test(functions, text) {
    CHECK("5", "length", T("h\xc3\xa9llo"));
    CHECK("6", "octet_length", T("h\xc3\xa9llo"));
    CHECK("H\xc3\x89LLO", "upper", T("h\xc3\xa9llo"));
    CHECK("hello world, how are you", "lower", T("HELLO World, How Are You"));
    CHECK("Hi Thomas O'Neil 3rd", "initcap", T("hi THOMAS o'neil 3RD"));
    CHECK("ell", "substring", T("hello"), I("2"), I("3"));
    CHECK("h", "substring", T("hello"), I("0"), I("2"));
    CHECK("", "substring", T("hello"), I("9"));
    CHECK("\xc3\xa9l", "substring", T("h\xc3\xa9llo"), I("2"), I("2"));
    CHECK("ERROR: 22011 negative substring length not allowed", "substring", T("hello"), I("2"), I("-1"));
    CHECK("he", "left", T("hello"), I("2"));
    CHECK("hel", "left", T("hello"), I("-2"));
    CHECK("lo", "right", T("hello"), I("2"));
    CHECK("llo", "right", T("hello"), I("-2"));
    CHECK("x", "trim", T("  x  "));
    CHECK("trim", "trim", T("yxtrimyyx"), T("xyz"));
    CHECK("trimyyx", "ltrim", T("yxtrimyyx"), T("xyz"));
    CHECK("yxtrim", "rtrim", T("yxtrimyyx"), T("xyz"));
    CHECK("xyxhi", "lpad", T("hi"), I("5"), T("xy"));
    CHECK("hixyx", "rpad", T("hi"), I("5"), T("xy"));
    CHECK("he", "lpad", T("hello"), I("2"));
    CHECK("3", "position", T("hello"), T("l"));
    CHECK("3", "charindex", T("l"), T("hello"));
    CHECK("3", "strpos", T("hello"), T("l"));
    CHECK("0", "strpos", T("hello"), T("z"));
    CHECK("heLLo and a tail that is long", "replace", T("hello and a tail that is long"), T("ll"), T("LL"));
    CHECK("a2x5", "translate", T("12345"), T("143"), T("ax"));
    CHECK("def", "split_part", T("abc~@~def~@~ghi"), T("~@~"), I("2"));
    CHECK("ghi", "split_part", T("abc,def,ghi"), T(","), I("-1"));
    CHECK("", "split_part", T("abc,def"), T(","), I("5"));
    CHECK("ERROR: 22023 field position must not be zero", "split_part", T("a"), T(","), I("0"));
    CHECK("\xc3\xa9h", "reverse", T("h\xc3\xa9"));
    CHECK("PgPgPgPgPgPgPg", "repeat", T("Pg"), I("7"));
    CHECK("a1t2.50", "concat", T("a"), I("1"), T(NULL), value_of("boolean", "t"), value_of("decimal(3,2)", "2.5"));
    CHECK("a,b", "concat_ws", T(","), T("a"), T(NULL), T("b"));
    CHECK("NULL", "concat_ws", T(NULL), T("a"));
    CHECK("\xe2\x82\xac", "chr", I("8364"));
    CHECK("8364", "ascii", T("\xe2\x82\xac"));
    CHECK("7fffffff", "to_hex", L("2147483647"));
    CHECK("t", "starts_with", T("alphabet"), T("alph"));
    CHECK("'O''Reilly'", "quote_literal", T("O'Reilly"));
    CHECK("\"Foo bar\"", "quote_ident", T("Foo bar"));
    OPERATE("value: 42", T("value: "), "||", I("42"));
    OPERATE("a text that is longer than twelve", T("a text that is"), "||", literal(" longer than twelve"));
    OPERATE("t", T("abc"), "~~", literal("_b%"));
    OPERATE("f", T("abc"), "!~~", literal("_b%"));
    OPERATE("t", T("ABC"), "~~*", literal("a%c"));
    CHECK("t", "like_escape", T("10%"), T("10#%"), T("#"));
    OPERATE("f", T("a"), "~", T("b"));
}

Test(functions, dates) {
    CHECK("2001", "date_part", T("year"), DAY("2001-02-16"));
    CHECK("38", "date_part", T("doy"), DAY("2001-02-07"));
    CHECK("53", "date_part", T("week"), DAY("2005-01-01"));
    CHECK("2004", "date_part", T("isoyear"), DAY("2005-01-01"));
    CHECK("7", "date_part", T("isodow"), TS("2001-02-18 20:38:40"));
    CHECK("982384720.12", "date_part", T("epoch"), TS("2001-02-17 04:38:40.12"));
    CHECK("28.5", "date_part", T("second"), TS("2001-02-16 20:38:28.5"));
    CHECK("-1", "date_part", T("century"), DAY("0044-03-15 BC"));
    CHECK("21", "date_part", T("century"), DAY("2001-02-16"));
    CHECK("199", "date_part", T("decade"), DAY("1999-02-16"));
    CHECK("3", "date_part", T("month"), IV("2 years 3 months"));
    CHECK("ERROR: 22023 unit \"fortnight\" not recognized", "date_part", T("fortnight"), DAY("2001-02-16"));
    CHECK("1994", "extract", literal("year"), DAY("1994-12-31"));
    CHECK("30.500000", "extract", literal("second"), TS("1994-12-31 10:20:30.5"));
    CHECK("2001-02-16 20:00:00", "date_trunc", T("hour"), TS("2001-02-16 20:38:40"));
    CHECK("2001-01-01 00:00:00", "date_trunc", T("quarter"), TS("2001-02-16 20:38:40"));
    CHECK("2001-02-12 00:00:00", "date_trunc", T("week"), DAY("2001-02-16"));
    CHECK("1999-12-31 12:00:00", "date_trunc", T("hour"), TS("1999-12-31 12:30:00"));
    CHECK("1969-12-31 00:00:00", "date_trunc", T("day"), TS("1969-12-31 23:00:00"));
    CHECK("2004-02-29 00:00:00", "dateadd", literal("month"), I("1"), DAY("2004-01-31"));
    CHECK("2005-12-31 00:00:00", "dateadd", literal("day"), I("-1"), DAY("2006-01-01"));
    CHECK("3", "datediff", literal("month"), DAY("2004-01-31"), DAY("2004-04-01"));
    CHECK("-1", "datediff", literal("year"), DAY("2005-01-01"), DAY("2004-12-31"));
    CHECK("25", "datediff", literal("hour"), TS("2004-01-01 00:59"), TS("2004-01-02 01:00"));
    CHECK("2004-02-29", "last_day", DAY("2004-02-01"));
    CHECK("2004-03-31 00:00:00", "add_months", DAY("2004-02-29"), I("1"));
    CHECK("1.5", "months_between", TS("2004-03-16 12:00"), TS("2004-02-01"));
    CHECK("2001-02-20", "next_day", DAY("2001-02-16"), T("Tuesday"));
    CHECK("43 years 9 mons 27 days", "age", TS("2001-04-10"), TS("1957-06-13"));
    CHECK("-43 years -9 mons -27 days", "age", TS("1957-06-13"), TS("2001-04-10"));
    CHECK("1 mon 24 days 03:00:00", "age", TS("2001-03-25 02:00"), TS("2001-01-31 23:00"));
    CHECK("2013-07-15", "make_date", I("2013"), I("7"), I("15"));
    CHECK("ERROR: 22008 date field value out of range: 2013-02-29", "make_date", I("2013"), I("2"), I("29"));
    CHECK("2013-07-15 08:15:23.5", "make_timestamp", I("2013"), I("7"), I("15"), I("8"), I("15"), D("23.5"));
    CHECK("1 mon 5 days", "justify_days", IV("35 days"));
    CHECK("1 day 03:00:00", "justify_hours", IV("27 hours"));
}

Test(functions, arithmetic_of_dates) {
    OPERATE("2001-10-05", DAY("2001-09-28"), "+", I("7"));
    OPERATE("2001-10-05", I("7"), "+", DAY("2001-09-28"));
    OPERATE("2001-09-21", DAY("2001-09-28"), "-", I("7"));
    OPERATE("3", DAY("2001-10-01"), "-", DAY("2001-09-28"));
    OPERATE("3", DAY("2001-10-01"), "-", literal("2001-09-28"));
    OPERATE("2001-09-28 01:00:00", DAY("2001-09-28"), "+", IV("1 hour"));
    OPERATE("2004-02-29 12:00:00", TS("2004-01-31 12:00"), "+", IV("1 month"));
    OPERATE("2001-09-27 22:00:00", TS("2001-09-28 23:00"), "-", IV("1 day 1 hour"));
    OPERATE("1 day 15:00:00", TS("2001-09-29 03:00"), "-", TS("2001-09-27 12:00"));
    OPERATE("2 days 03:00:00", IV("1 day"), "+", IV("1 day 3 hours"));
    OPERATE("1 mon 15 days", IV("1 month"), "*", D("1.5"));
    OPERATE("03:25:42.857143", IV("1 day"), "/", I("7"));
    OPERATE("t", DAY("1994-01-01"), "<=", literal("1994-06-30"));
    OPERATE("ERROR: 22007 invalid input syntax for type date: \"soon\"", DAY("1994-01-01"), "=", literal("soon"));
    OPERATE("t", IV("30 days"), "=", IV("1 month"));
    OPERATE("ERROR: 22008 date out of range", DAY("2001-10-01"), "+", I("2147483647"));
}

Test(functions, formats) {
    CHECK("1994-03-07 15:04:05", "to_char", TS("1994-03-07 15:04:05.678"), T("YYYY-MM-DD HH24:MI:SS"));
    CHECK("Monday   , 07  Mar 1994", "to_char", TS("1994-03-07 15:04"), T("Day, DD  Mon YYYY"));
    CHECK("MARCH 07, 94 03 PM", "to_char", TS("1994-03-07 15:04"), T("FMMONTH DD, YY HH12 AM"));
    CHECK("q1 10 066 2 1", "to_char", TS("1994-03-07"), T("\"q\"Q IW DDD D W"));
    CHECK(" 1,485.800", "to_char", N("1485.8"), T("9,999.999"));
    CHECK(" 125", "to_char", I("125"), T("999"));
    CHECK("-125", "to_char", I("-125"), T("999"));
    CHECK(" ###", "to_char", I("1250"), T("999"));
    CHECK("     -.10", "to_char", N("-0.1"), T("99999.99"));
    CHECK("-.1", "to_char", N("-0.1"), T("FM9.99"));
    CHECK(" 0.1", "to_char", N("0.1"), T("0.9"));
    CHECK("    12", "to_char", I("12"), T("99999"));
    CHECK(" 0012", "to_char", I("12"), T("0000"));
    CHECK("485-", "to_char", I("-485"), T("999MI"));
    CHECK("<485>", "to_char", I("-485"), T("999PR"));
    CHECK("+485", "to_char", I("485"), T("S999"));
    CHECK("1,234,567.89", "to_char", D("1234567.891"), T("FM9,999,999.99"));
    CHECK("2000-12-05", "to_date", T("05 Dec 2000"), T("DD Mon YYYY"));
    CHECK("2000-12-05", "to_date", T("20001205"), T("YYYYMMDD"));
    CHECK("2000-12-05 13:07:09+00", "to_timestamp", T("05.12.2000 01:07:09 PM"), T("DD.MM.YYYY HH12:MI:SS AM"));
    CHECK("ERROR: 22007 invalid value \"abc\" for \"YYYY\"", "to_date", T("abc"), T("YYYY"));
    CHECK("2010-09-13 04:32:03.5+00", "to_timestamp", D("1284352323.5"));
    CHECK("-12454.8", "to_number", T("12,454.8-"), T("99G999D9S"));
}

Test(functions, forms) {
    CHECK("b", "coalesce", T(NULL), T("b"), T("c"));
    CHECK("2", "nvl", I(NULL), I("2"));
    CHECK("NULL", "nullif", I("1"), I("1"));
    CHECK("1", "nullif", I("1"), I("2"));
    CHECK("x", "nvl2", I("1"), T("x"), T("y"));
    CHECK("y", "nvl2", I(NULL), T("x"), T("y"));
    CHECK("two", "decode", I("2"), I("1"), T("one"), I("2"), T("two"), T("many"));
    CHECK("none", "decode", I(NULL), I("1"), T("one"), I(NULL), T("none"));
    CHECK("many", "decode", I("3"), I("1"), T("one"), T("many"));
    CHECK("1994-01-01", "date", TS("1994-01-01 10:00"));
    CHECK("ERROR: 42804 COALESCE types integer and varchar cannot be matched", "coalesce", I("1"), T("b"));
}

Test(functions, statement_time_stands_still) {
    test_context.now_micros = INT64_C(981173106000000);
    Expr *now;
    cr_assert_eq(function_bind(cx, &test_arena, "now", NULL, 0, 0, &now), OK);
    cr_expect_text(evaluate(now), "2001-02-03 04:05:06+00");
    cr_assert_eq(function_bind(cx, &test_arena, "current_date", NULL, 0, 0, &now), OK);
    cr_expect_text(evaluate(now), "2001-02-03");
}

Test(functions, unknown_ones_are_named) {
    CHECK("ERROR: 42883 function lenght(varchar) does not exist", "lenght", T("x"));
    cr_expect_str_eq(function_suggest("lenght"), "length");
    cr_expect_str_eq(function_suggest("coutn"), "count");
    cr_expect_null(function_suggest("zzzzzzzzzz"));
    CHECK("ERROR: 42883 function left(varchar) does not exist", "left", T("x"));
    CHECK("ERROR: 0A000 function encode is not supported yet", "encode", T("x"));
    OPERATE("ERROR: 42883 operator does not exist: integer = varchar", I("1"), "=", T("1"));
    OPERATE("ERROR: 42883 operator does not exist: boolean + integer", value_of("boolean", "t"), "+", I("1"));
    OPERATE("ERROR: 42883 operator does not exist: date = integer", DAY("1994-01-01"), "=", I("1"));
}

/* ------------------------------------------------------------------------------------------- walking the table of functions */

#define ARGS_MAX 8

/* Slots of the types that an entry names; how many. */
static uint32_t slots_of(const Function *function, Expr **slots, Type *types) {
    char list[128];
    uint32_t count = 0;
    snprintf(list, sizeof list, "%s", function->arguments);
    for (char *save, *word = strtok_r(list, ",", &save); word != NULL; word = strtok_r(NULL, ",", &save), count++) {
        word += strspn(word, " ");
        word[strcspn(word, ".")] = 0;
        types[count] = strcmp(word, "any") == 0       ? type_make(TYPE_INTEGER)
                       : strcmp(word, "decimal") == 0 ? type_decimal(12, 3)
                                                      : type_of(word);
        slots[count] = expr_slot(cx, &test_arena, count, types[count], NULL);
    }
    return count;
}

static Status bind_entry(const Function *function, Expr **slots, uint32_t count, Expr **call) {
    return strchr("+-*/%^|~", function->name[0]) != NULL
               ? operator_bind(cx, &test_arena, function->name, slots[0], count > 1 ? slots[1] : NULL, 0, call)
               : function_bind(cx, &test_arena, function->name, slots, count, 0, call);
}

/* A batch of NULLs, whose lanes are zero, raises no error, and a strict function answers NULL in every row. */
Test(functions, every_one_takes_nulls) {
    for (uint32_t i = 0; i < function_count(); i++) {
        const Function *function = function_at(i);
        Expr *slots[ARGS_MAX], *call;
        Type types[ARGS_MAX];
        uint32_t count = slots_of(function, slots, types);
        if (function->loop == NULL || count == 0) {
            continue;
        }
        cr_expect(strlen(function->help) > 0);
        cr_assert_eq(bind_entry(function, slots, count, &call), OK, "%s(%s): %s", function->name, function->arguments,
                     test_error.message);
        cr_expect(call->kind == EXPR_CALL && call->function == function, "%s(%s) is not reached", function->name,
                  function->arguments);
        for (int constant_at = -1; constant_at < (int)count; constant_at++) {
            Batch batch;
            ExprState *state;
            const Vector *out;
            cr_assert_eq(batch_init(cx, &batch, types, count), OK);
            batch.rows = 70;
            for (uint32_t arg = 0; arg < count; arg++) {
                Value null = value_null(types[arg]);
                if ((int)arg == constant_at) {
                    cr_assert_eq(vector_set_constant(cx, &batch.columns[arg], &null), OK);
                } else {
                    cr_assert_eq(vector_prepare_flat(cx, &batch.columns[arg], types[arg]), OK);
                    memset(batch.columns[arg].data, 0, BATCH_ROWS_MAX * type_bytes(types[arg]));
                    cr_assert_eq(vector_prepare_validity(cx, &batch.columns[arg], false), OK);
                }
            }
            cr_assert_eq(expr_state_create(cx, call, &state), OK);
            cr_expect_eq(expr_eval(cx, state, &batch, &out), OK, "%s(%s): %s", function->name, function->arguments,
                         test_error.message);
            for (uint32_t row = 0; function->is_strict && row < batch.rows; row++) {
                cr_assert(!vector_is_valid(out, row), "%s(%s) row %u", function->name, function->arguments, row);
            }
            expr_state_free(state);
            batch_free(&batch);
        }
    }
}
