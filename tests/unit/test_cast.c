/* Casts: the vectorized ones agree with value_cast() for every pair of types, kind of vector and awkward value; contexts. */
#include "expr_fixture.h"

#include "expr/cast.h"

TestSuite(cast, .init = fixture_open, .fini = fixture_close);

typedef struct Samples {
    const char *type;
    const char *texts[8]; /* NULL ends */
} Samples;

static const Samples samples[] = {
    {"boolean", {"t", "f"}},
    {"smallint", {"0", "1", "-32768", "32767", "-7"}},
    {"integer", {"0", "1", "-2147483648", "2147483647", "40000", "-9"}},
    {"bigint", {"0", "1", "-9223372036854775808", "9223372036854775807", "3000000000"}},
    {"decimal(9,2)", {"0", "1.50", "-2.50", "9999999.99", "0.49"}},
    {"decimal(30,5)", {"0", "1.5", "-123456789012345678.5", "9999999999999999999999.99999"}},
    {"real", {"0", "1.5", "-2.5", "3e38", "NaN", "1e-30"}},
    {"double precision", {"0", "1.5", "2.5", "-1e300", "1e18", "Infinity", "0.1"}},
    {"char(6)", {"a", "12", "", "t"}},
    {"varchar(40)", {"12", "-1.5", "1994-01-31", "1994-01-31 10:20:30", "1 day", "true", "a text that is longer than twelve"}},
    {"date", {"1970-01-01", "1969-12-31", "2024-02-29"}},
    {"timestamp", {"1970-01-01 00:00:00", "1969-12-31 23:59:59.5", "2024-02-29 12:00"}},
    {"interval", {"1 day", "-2 hours", "3 mons"}},
};
#define SAMPLE_COUNT (sizeof samples / sizeof samples[0])
static const char *const targets[] = {
    "boolean", "smallint",         "integer", "bigint",     "decimal(9,2)", "decimal(18,4)", "decimal(30,5)", "decimal(38,0)",
    "real",    "double precision", "char(3)", "varchar(5)", "varchar",      "date",          "timestamp",     "interval"};
#define ROWS 100

static void fill(const Samples *from, Vector *flat) {
    Type type = type_of(from->type);
    uint32_t count = 0;
    while (count < 8 && from->texts[count] != NULL) {
        count++;
    }
    vector_init(flat, type);
    cr_assert_eq(vector_prepare_flat(cx, flat, type), OK);
    cr_assert_eq(vector_prepare_validity(cx, flat, true), OK);
    memset(flat->data, 0, BATCH_ROWS_MAX * type_bytes(type));
    for (uint32_t row = 0; row < ROWS; row++) {
        if (row % 7 == 3) {
            bit_clear(flat->validity, row);
            continue;
        }
        const char *text = from->texts[row % count];
        Value value;
        cr_assert_eq(value_parse(cx, type, text, strlen(text), &value), OK, "%s", test_error.message);
        value_store(&value, flat->data, row);
    }
}

/* TRY_CAST: what value_cast() refuses is NULL. */
static void check_try(const Vector *in, Type to) {
    Vector flat, out;
    char a[32], b[32];
    vector_init(&flat, in->type);
    vector_init(&out, to);
    cr_assert_eq(cast_vector(cx, in, ROWS, to, true, &test_arena, &flat, &out), OK, "%s", test_error.message);
    cr_assert(type_equal(out.type, to));
    for (uint32_t row = 0; row < ROWS; row++) {
        Value from = vector_value(in, row), want, got = vector_value(&out, row);
        if (value_cast(cx, &test_arena, &from, to, &want) != OK) {
            want = value_null(to);
            error_clear(&test_error);
        }
        cr_assert(want.is_null == got.is_null && (want.is_null || value_compare(&want, &got) == 0),
                  "%s to %s: %s gave %s, not %s", type_name(in->type, a), type_name(to, b), show_value(&from), show_value(&got),
                  show_value(&want));
    }
    vector_free(&out);
    vector_free(&flat);
}

/* CAST fails exactly if some valid row does. */
static void check_strict(const Vector *in, Type to) {
    Vector flat, out;
    bool any_bad = false;
    for (uint32_t row = 0; row < ROWS; row++) {
        Value from = vector_value(in, row), result;
        any_bad |= value_cast(cx, &test_arena, &from, to, &result) != OK;
        error_clear(&test_error);
    }
    vector_init(&flat, in->type);
    vector_init(&out, to);
    Status status = cast_vector(cx, in, ROWS, to, false, &test_arena, &flat, &out);
    cr_expect_eq(status != OK, any_bad);
    error_clear(&test_error);
    vector_free(&out);
    vector_free(&flat);
}

Test(cast, vectors_agree_with_values) {
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        Vector flat;
        fill(&samples[i], &flat);
        for (size_t j = 0; j < sizeof targets / sizeof targets[0]; j++) {
            Type to = type_of(targets[j]);
            if (cast_context(flat.type, to) == CAST_NONE) {
                continue;
            }
            check_try(&flat, to);
            check_strict(&flat, to);
        }
        vector_free(&flat);
    }
}

Test(cast, integers_stay_codes) {
    Vector codes, flat, out;
    vector_init(&codes, type_make(TYPE_INTEGER));
    vector_init(&flat, codes.type);
    vector_init(&out, codes.type);
    cr_assert_eq(vector_prepare_codes(cx, &codes, codes.type, 1), OK);
    codes.base = 32700;
    memset(codes.data, 60, ROWS);
    cr_assert_eq(cast_vector(cx, &codes, ROWS, type_make(TYPE_BIGINT), false, &test_arena, &flat, &out), OK);
    cr_expect_eq(out.kind, VECTOR_CODES);
    cr_expect_eq(vector_value(&out, 0).i64, 32760);
    cr_assert_eq(cast_vector(cx, &codes, ROWS, type_make(TYPE_SMALLINT), false, &test_arena, &flat, &out), OK);
    cr_expect_eq(out.kind, VECTOR_FLAT); /* code 255 would not fit */
    cr_expect_eq(vector_value(&out, 0).i64, 32760);
    vector_free(&codes);
    vector_free(&flat);
    vector_free(&out);
}

static const char *bind(Expr *from, const char *to, bool is_explicit, bool is_try) {
    Expr *out;
    return cast_bind(cx, &test_arena, from, type_of(to), is_explicit, is_try, &out) == OK ? evaluate(out) : show_error();
}

Test(cast, contexts_are_kept) {
    cr_expect_text(bind(value_of("text", "5"), "integer", true, false), "5");
    cr_expect_text(bind(value_of("text", "5"), "integer", false, false),
                   "ERROR: 42804 expression is of type varchar where integer is wanted");
    cr_expect_text(bind(literal("5"), "integer", false, false), "5");
    cr_expect_text(bind(literal("x"), "integer", false, false), "ERROR: 22P02 invalid input syntax for type integer: \"x\"");
    cr_expect_text(bind(literal("x"), "integer", true, true), "NULL");
    cr_expect_text(bind(value_of("bigint", "5"), "smallint", false, false), "5");
    cr_expect_text(bind(value_of("boolean", "t"), "integer", true, false), "1");
    cr_expect_text(bind(value_of("boolean", "t"), "integer", false, false),
                   "ERROR: 42804 expression is of type boolean where integer is wanted");
    cr_expect_text(bind(value_of("date", "1994-01-01"), "integer", true, false),
                   "ERROR: 42846 cannot cast type date to integer");
    cr_expect_text(bind(literal("abcdef"), "varchar(3)", true, false), "abc");
    cr_expect_text(bind(literal("abcdef"), "varchar(3)", false, false), "ERROR: 22001 value too long for type varchar(3)");
    cr_expect_text(bind(value_of("text", "abcdef"), "varchar(3)", false, false),
                   "ERROR: 22001 value too long for type varchar(3)");
    cr_expect_text(bind(value_of("text", "abc   "), "varchar(3)", false, false), "abc");
    cr_expect_text(bind(constant(type_make(TYPE_NULL), NULL), "date", false, false), "NULL");
}

Test(cast, common_types_of_lists) {
    Type common;
    char name[32];
    Expr *numbers[] = {value_of("integer", "1"), value_of("decimal(5,2)", "2.5"), literal("3")};
    cr_assert_eq(cast_to_common(cx, &test_arena, numbers, 3, "VALUES", &common), OK);
    cr_expect_str_eq(type_name(common, name), "decimal(5,2)");
    cr_expect_text(evaluate(numbers[0]), "1.00");
    cr_expect_text(evaluate(numbers[2]), "3.00");
    Expr *unknown[] = {literal("a"), constant(type_make(TYPE_NULL), NULL)};
    cr_assert_eq(cast_to_common(cx, &test_arena, unknown, 2, "UNION", &common), OK);
    cr_expect_str_eq(type_name(common, name), "varchar");
    Expr *mixed[] = {value_of("integer", "1"), value_of("date", "1994-01-01")};
    cr_expect_eq(cast_to_common(cx, &test_arena, mixed, 2, "UNION", &common), DATATYPE_MISMATCH);
    cr_expect_text(show_error(), "ERROR: 42804 UNION types integer and date cannot be matched");
}
