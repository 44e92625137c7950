/* Evaluation: every vector kind, NULLs, short circuits, CASE, dictionaries, and the fused selection. */
#include "expr_fixture.h"

#include "kernels/dispatch.h"

#define ROWS 200

TestSuite(expr, .init = fixture_open, .fini = fixture_close);

/* ------------------------------------------------------------------------------------------------------- columns of a batch */

static const char *const words[] = {"apple", "banana", "cherry", "a long word that is not inline", "zebra"};

/* Column 0 INTEGER flat: row - 100, every 7th NULL. 1 INTEGER codes over base 10: row % 50. 2 VARCHAR dictionary: word of row %
 * 5, every 11th NULL. 3 DOUBLE: row / 4. 4 VARCHAR flat: the same words. 5 INTEGER divisor: row % 3. */
typedef struct Columns {
    Batch batch;
    Text entries[5];
    Dictionary dictionary;
} Columns;

static void fill_columns(Columns *c) {
    Type types[] = {type_make(TYPE_INTEGER), type_make(TYPE_INTEGER), type_varchar(40),
                    type_make(TYPE_DOUBLE),  type_varchar(40),        type_make(TYPE_INTEGER)};
    cr_assert_eq(batch_init(cx, &c->batch, types, 6), OK);
    c->batch.rows = ROWS;
    Vector *v = c->batch.columns;
    for (int i = 0; i < 6; i++) {
        if (i == 1 || i == 2) {
            cr_assert_eq(vector_prepare_codes(cx, &v[i], types[i], 1), OK);
        } else {
            cr_assert_eq(vector_prepare_flat(cx, &v[i], types[i]), OK);
        }
    }
    cr_assert_eq(vector_prepare_validity(cx, &v[0], true), OK);
    cr_assert_eq(vector_prepare_validity(cx, &v[2], true), OK);
    for (int i = 0; i < 5; i++) {
        c->entries[i] = text_view(words[i], (uint32_t)strlen(words[i]));
    }
    int order[] = {3, 0, 1, 2, 4}; /* 'a long …' sorts first */
    Text sorted[5];
    for (int i = 0; i < 5; i++) {
        sorted[i] = c->entries[order[i]];
    }
    memcpy(c->entries, sorted, sizeof sorted);
    c->dictionary = (Dictionary){.type = type_varchar(40), .size = 5, .values = c->entries, .is_shared = true};
    v[1].base = 10;
    v[1].dictionary = NULL;
    v[2].dictionary = &c->dictionary;
    for (int row = 0; row < ROWS; row++) {
        ((int32_t *)v[0].data)[row] = row % 7 == 0 ? 0 : row - 100;
        ((uint8_t *)v[1].data)[row] = (uint8_t)(row % 50);
        ((uint8_t *)v[2].data)[row] = (uint8_t)(row % 5);
        ((double *)v[3].data)[row] = row / 4.0;
        ((Text *)v[4].data)[row] = c->entries[row % 5];
        ((int32_t *)v[5].data)[row] = row % 3;
        bit_put(v[0].validity, row, row % 7 != 0);
        bit_put(v[2].validity, row, row % 11 != 0);
    }
}

static void free_columns(Columns *c) {
    batch_free(&c->batch);
}

static Expr *slot(uint32_t index, const char *type) {
    return expr_slot(cx, &test_arena, index, type_of(type), NULL);
}

static Expr *op(const char *symbol, Expr *left, Expr *right) {
    Expr *out;
    cr_assert_eq(operator_bind(cx, &test_arena, symbol, left, right, 5, &out), OK, "%s", test_error.message);
    return out;
}

static Expr *function(const char *name, uint32_t count, Expr **args) {
    Expr *out;
    cr_assert_eq(function_bind(cx, &test_arena, name, args, count, 5, &out), OK, "%s", test_error.message);
    return out;
}

/* The value of each row, by evaluating a batch in one go and row by row: both must agree; so must selection. */
static void check_with_kernels(Columns *c, const Expr *expr) {
    ExprState *state, *single_state;
    const Vector *all, *one;
    uint16_t rows[BATCH_ROWS_MAX];
    uint32_t count, at = 0;
    cr_assert_eq(expr_state_create(cx, expr, &state), OK, "%s", test_error.message);
    cr_assert_eq(expr_state_create(cx, expr, &single_state), OK);
    if (expr->type.id == TYPE_BOOLEAN) {
        cr_assert_eq(expr_select(cx, state, &c->batch, rows, &count), OK, "%s", test_error.message);
    }
    cr_assert_eq(expr_eval(cx, state, &c->batch, &all), OK, "%s", test_error.message);
    Batch single;
    Type types[6];
    for (int i = 0; i < 6; i++) {
        types[i] = c->batch.columns[i].type;
    }
    cr_assert_eq(batch_init(cx, &single, types, 6), OK);
    for (uint16_t row = 0; row < ROWS; row++) {
        Vector flat[6];
        single.rows = 1;
        for (int i = 0; i < 6; i++) {
            Value value = vector_value(&c->batch.columns[i], row);
            value.type = types[i];
            vector_init(&flat[i], types[i]);
            cr_assert_eq(vector_set_constant(cx, &flat[i], &value), OK);
            vector_borrow(&single.columns[i], &flat[i]);
        }
        cr_assert_eq(expr_eval(cx, single_state, &single, &one), OK, "%s", test_error.message);
        Value want = vector_value(one, 0), got = vector_value(all, row);
        cr_assert_eq(want.is_null, got.is_null, "row %u of %s", row, expr_print(cx, &test_arena, expr));
        cr_assert(want.is_null || value_compare(&want, &got) == 0, "row %u of %s: %s, not %s", row,
                  expr_print(cx, &test_arena, expr), show_value(&got), show_value(&want));
        if (expr->type.id == TYPE_BOOLEAN) {
            bool selected = at < count && rows[at] == row;
            at += selected;
            cr_assert_eq(selected, !want.is_null && want.i64 != 0, "selection of row %u", row);
        }
        for (int i = 0; i < 6; i++) {
            vector_free(&flat[i]);
        }
    }
    batch_free(&single);
    expr_state_free(state);
    expr_state_free(single_state);
}

/* With the loops of every instruction set that the processor has. */
static void check_all_ways(Columns *c, const Expr *expr) {
    static const char *const sets[] = {"baseline", "avx2", "avx512"};
    for (int i = 0; i < 3; i++) {
        if (kernels_select(cx, sets[i]) == OK) {
            check_with_kernels(c, expr);
        }
        error_clear(&test_error);
    }
    cr_assert_eq(kernels_select(cx, "auto"), OK);
}

static const char *const compare_symbols[] = {"=", "<>", "<", "<=", ">", ">="};

Test(expr, comparisons_agree_on_every_vector_kind) {
    Columns c;
    fill_columns(&c);
    for (int i = 0; i < 6; i++) {
        const char *s = compare_symbols[i];
        check_all_ways(&c, op(s, slot(0, "integer"), value_of("integer", "12")));
        check_all_ways(&c, op(s, value_of("integer", "-2147483648"), slot(0, "integer")));
        check_all_ways(&c, op(s, slot(1, "integer"), value_of("integer", "30")));
        check_all_ways(&c, op(s, slot(1, "integer"), value_of("bigint", "3000000000")));
        check_all_ways(&c, op(s, slot(1, "integer"), value_of("integer", "9")));
        check_all_ways(&c, op(s, slot(2, "varchar(40)"), literal("banana")));
        check_all_ways(&c, op(s, slot(2, "varchar(40)"), literal("b")));
        check_all_ways(&c, op(s, slot(4, "varchar(40)"), literal("banana")));
        check_all_ways(&c, op(s, slot(4, "varchar(40)"), literal("a long word that is not inline")));
        check_all_ways(&c, op(s, slot(2, "varchar(40)"), slot(4, "varchar(40)")));
        check_all_ways(&c, op(s, slot(0, "integer"), slot(1, "integer")));
        check_all_ways(&c, op(s, slot(3, "double precision"), slot(1, "integer")));
        check_all_ways(&c, op(s, slot(3, "double precision"), value_of("double precision", "NaN")));
    }
    free_columns(&c);
}

static Expr *in_list(Expr *operand, uint32_t count, Expr **values) {
    Expr *in = expr_new(cx, &test_arena, EXPR_IN, type_make(TYPE_BOOLEAN), 0, count + 1);
    in->args[0] = operand;
    memcpy(in->args + 1, values, count * sizeof *values);
    return in;
}

Test(expr, in_lists) {
    Columns c;
    fill_columns(&c);
    Type integer = type_make(TYPE_INTEGER), text = type_varchar(40);
    Expr *numbers[40];
    for (int i = 0; i < 40; i++) {
        char digits[16];
        snprintf(digits, sizeof digits, "%d", i * 3 - 60);
        numbers[i] = constant(integer, digits);
    }
    check_all_ways(&c, in_list(slot(0, "integer"), 3, numbers + 20));
    check_all_ways(&c, in_list(slot(0, "integer"), 40, numbers));
    check_all_ways(&c, in_list(slot(1, "integer"), 40, numbers));
    numbers[1] = constant(integer, NULL);
    check_all_ways(&c, in_list(slot(0, "integer"), 2, numbers));
    Expr *two[] = {constant(text, "banana"), constant(text, "zebra")};
    check_all_ways(&c, in_list(slot(2, "varchar(40)"), 2, two));
    check_all_ways(&c, in_list(slot(4, "varchar(40)"), 2, two));
    free_columns(&c);
}

static Expr *is_null(Expr *operand) {
    Expr *expr = expr_new(cx, &test_arena, EXPR_IS_NULL, type_make(TYPE_BOOLEAN), 0, 1);
    expr->args[0] = operand;
    return expr;
}

static Expr *either(Expr *a, Expr *b) {
    Expr *expr = expr_new(cx, &test_arena, EXPR_OR, type_make(TYPE_BOOLEAN), 0, 2);
    expr->args[0] = a;
    expr->args[1] = b;
    return expr;
}

Test(expr, logic_has_three_values) {
    Columns c;
    fill_columns(&c);
    Expr *a = op(">", slot(0, "integer"), value_of("integer", "0"));
    Expr *b = op("=", slot(2, "varchar(40)"), literal("banana"));
    check_all_ways(&c, expr_and(cx, &test_arena, a, b));
    check_all_ways(&c, either(a, b));
    check_all_ways(&c, expr_not(cx, &test_arena, either(a, b)));
    check_all_ways(&c, expr_not(cx, &test_arena, expr_and(cx, &test_arena, a, expr_not(cx, &test_arena, b))));
    check_all_ways(&c, is_null(slot(0, "integer")));
    check_all_ways(&c, either(is_null(slot(2, "varchar(40)")), constant(type_make(TYPE_BOOLEAN), NULL)));
    Expr *distinct = expr_new(cx, &test_arena, EXPR_DISTINCT, type_make(TYPE_BOOLEAN), 0, 2);
    distinct->args[0] = slot(2, "varchar(40)");
    distinct->args[1] = slot(4, "varchar(40)");
    check_all_ways(&c, distinct);
    free_columns(&c);
}

static Expr *case_when(Expr *condition, Expr *then, Expr *otherwise) {
    Expr *expr = expr_new(cx, &test_arena, EXPR_CASE, then->type, 0, 3);
    expr->args[0] = condition;
    expr->args[1] = then;
    expr->args[2] = otherwise;
    return expr;
}

Test(expr, branches_that_fail_run_only_where_wanted) {
    Columns c;
    fill_columns(&c);
    Expr *zero = value_of("integer", "0");
    Expr *quotient = op("/", slot(1, "integer"), slot(5, "integer")); /* the divisor is 0 in every third row */
    Expr *is_zero = op("=", slot(5, "integer"), zero);
    check_all_ways(&c, case_when(is_zero, constant(type_make(TYPE_INTEGER), NULL), quotient));
    check_all_ways(&c,
                   expr_and(cx, &test_arena, op("<>", slot(5, "integer"), zero), op(">", quotient, value_of("integer", "3"))));
    check_all_ways(&c, either(is_zero, op(">", quotient, value_of("integer", "3"))));
    Expr *args[] = {case_when(is_zero, value_of("integer", "7"), constant(type_make(TYPE_INTEGER), NULL)), quotient};
    check_all_ways(&c, function("coalesce", 2, args));
    ExprState *state;
    const Vector *out;
    cr_assert_eq(expr_state_create(cx, quotient, &state), OK);
    cr_expect_eq(expr_eval(cx, state, &c.batch, &out), DIVISION_BY_ZERO);
    cr_expect_eq(test_error.pos, 5);
    expr_state_free(state);
    free_columns(&c);
}

Test(expr, arithmetic_over_nulls_codes_and_constants) {
    Columns c;
    fill_columns(&c);
    const char *symbols[] = {"+", "-", "*"};
    for (int i = 0; i < 3; i++) {
        check_all_ways(&c, op(symbols[i], slot(0, "integer"), slot(1, "integer")));
        check_all_ways(&c, op(symbols[i], slot(0, "integer"), value_of("integer", "3")));
        check_all_ways(&c, op(symbols[i], value_of("decimal(5,2)", "1.25"), slot(1, "integer")));
        check_all_ways(&c, op(symbols[i], slot(3, "double precision"), slot(1, "integer")));
    }
    Expr *big = op("+", slot(0, "integer"), value_of("integer", "2147483600"));
    ExprState *state;
    const Vector *out;
    cr_assert_eq(expr_state_create(cx, big, &state), OK);
    cr_expect_eq(expr_eval(cx, state, &c.batch, &out), NUMERIC_OUT_OF_RANGE);
    cr_expect_text(show_error(), "ERROR: 22003 integer out of range");
    expr_state_free(state);
    free_columns(&c);
}

Test(expr, prints_as_sql) {
    Expr *a = slot(0, "integer"), *sum = op("+", a, op("*", slot(1, "integer"), value_of("integer", "2")));
    a->name = "t.a";
    Expr *both = expr_and(cx, &test_arena, op(">", sum, value_of("integer", "5")), is_null(slot(2, "varchar(40)")));
    cr_expect_str_eq(expr_print(cx, &test_arena, both), "t.a + @1 * 2 > 5 AND @2 IS NULL");
    Expr *product = op("*", op("-", a, value_of("integer", "1")), a);
    cr_expect_str_eq(expr_print(cx, &test_arena, product), "(t.a - 1) * t.a");
    Expr *date = op("<", slot(3, "date"), literal("1994-01-01"));
    cr_expect_str_eq(expr_print(cx, &test_arena, date), "@3 < DATE '1994-01-01'");
}

Test(expr, folds_constants) {
    Expr *folded;
    Expr *sum = op("+", value_of("integer", "1"), op("*", value_of("integer", "2"), value_of("integer", "3")));
    cr_assert_eq(expr_fold(cx, &test_arena, sum, &folded), OK);
    cr_expect_str_eq(expr_print(cx, &test_arena, folded), "7");
    Expr *truth = constant(type_make(TYPE_BOOLEAN), "t"), *test = op(">", slot(0, "integer"), value_of("integer", "5"));
    cr_assert_eq(expr_fold(cx, &test_arena, expr_and(cx, &test_arena, truth, test), &folded), OK);
    cr_expect_str_eq(expr_print(cx, &test_arena, folded), "@0 > 5");
    cr_assert_eq(expr_fold(cx, &test_arena, expr_not(cx, &test_arena, test), &folded), OK);
    cr_expect_str_eq(expr_print(cx, &test_arena, folded), "@0 <= 5");
    Expr *failing = op("/", value_of("integer", "1"), value_of("integer", "0"));
    cr_assert_eq(expr_fold(cx, &test_arena, failing, &folded), OK);
    cr_expect_str_eq(expr_print(cx, &test_arena, folded), "1 / 0");
}
