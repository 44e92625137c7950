/* Aggregates: every one over every type and kind of vector, grouped and not, merged, and split in two phases. */
#include "expr_fixture.h"

TestSuite(aggregates, .init = fixture_open, .fini = fixture_close);

#define ROWS 150
#define GROUPS 4
#define STRIDE 48

typedef struct States {
    uint8_t bytes[GROUPS * STRIDE] __attribute__((aligned(16)));
} States;

static const Aggregate *bound(const char *name, Type type) {
    const Aggregate *aggregate;
    Expr *args[] = {expr_slot(cx, &test_arena, 0, type, NULL)};
    cr_assert_eq(aggregate_bind(cx, &test_arena, name, args, 1, 0, &aggregate), OK, "%s", test_error.message);
    cr_assert_leq(aggregate->state_bytes, STRIDE);
    return aggregate;
}

static const char *result_of(const Aggregate *aggregate, const States *states, uint32_t group) {
    Vector out;
    vector_init(&out, aggregate->result);
    if (aggregate->finish(cx, aggregate, states->bytes, STRIDE, GROUPS, &out, &test_arena) != OK) {
        vector_free(&out);
        return show_error();
    }
    Value value = vector_value(&out, group);
    const char *shown = show_value(&value);
    vector_free(&out);
    return shown;
}

static void update(const Aggregate *aggregate, States *states, const uint32_t *groups, const Vector *argument, uint32_t rows) {
    cr_assert_eq(aggregate->update(cx, aggregate, states->bytes, STRIDE, groups, &argument, rows, &test_arena), OK, "%s",
                 test_error.message);
}

/* i * 3 % 100 as codes of a byte over `base`, every 5th NULL if asked. */
static void make_codes(Vector *codes, Type type, int64_t base, bool with_nulls) {
    vector_init(codes, type);
    cr_assert_eq(vector_prepare_codes(cx, codes, type, 1), OK);
    codes->base = base;
    if (with_nulls) {
        cr_assert_eq(vector_prepare_validity(cx, codes, true), OK);
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        ((uint8_t *)codes->data)[i] = (uint8_t)(i * 3 % 100);
        if (with_nulls && i % 5 == 0) {
            bit_clear(codes->validity, i);
        }
    }
}

static const char *const names[] = {"count", "sum", "avg", "min", "max"};
static const char *const number_types[] = {"smallint", "integer", "bigint", "decimal(9,2)"};

/* Codes, their flat twin, grouped with everything in one group, and two halves merged: all alike. */
Test(aggregates, agree_on_every_way) {
    for (int n = 0; n < 5; n++) {
        for (int t = 0; t < 4; t++) {
            for (int nulls = 0; nulls < 2; nulls++) {
                const Aggregate *aggregate = bound(names[n], type_of(number_types[t]));
                Vector codes, flat;
                make_codes(&codes, type_of(number_types[t]), -50, nulls);
                vector_init(&flat, codes.type);
                cr_assert_eq(vector_flatten(cx, &codes, ROWS, &flat), OK);
                States by_codes = {0}, by_flat = {0}, grouped = {0}, halves = {0}, other = {0};
                uint32_t ones[ROWS], mapping[GROUPS] = {0, 1, 2, 3};
                for (int i = 0; i < ROWS; i++) {
                    ones[i] = 1;
                }
                update(aggregate, &by_codes, NULL, &codes, ROWS);
                update(aggregate, &by_flat, NULL, &flat, ROWS);
                update(aggregate, &grouped, ones, &codes, ROWS);
                Vector slice;
                vector_init(&slice, flat.type);
                cr_assert_eq(vector_slice(cx, &flat, 64, ROWS - 64, &slice), OK);
                update(aggregate, &halves, NULL, &flat, 64);
                update(aggregate, &other, NULL, &slice, ROWS - 64);
                cr_assert_eq(
                    aggregate->merge(cx, aggregate, halves.bytes, STRIDE, mapping, other.bytes, STRIDE, GROUPS, &test_arena),
                    OK);
                const char *want = result_of(aggregate, &by_codes, 0);
                cr_expect_text(result_of(aggregate, &by_flat, 0), want);
                cr_expect_text(result_of(aggregate, &grouped, 1), want);
                cr_expect_text(result_of(aggregate, &halves, 0), want);
                cr_expect_text(result_of(aggregate, &by_codes, 3), n == 0 ? "0" : "NULL");
                vector_free(&codes);
                vector_free(&flat);
                vector_free(&slice);
            }
        }
    }
}

static const char *over_constants(const char *name, const char *type, uint32_t count, const char *const *texts) {
    const Aggregate *aggregate = bound(name, type_of(type));
    States states = {0};
    for (uint32_t i = 0; i < count; i++) {
        Vector vector;
        Value value = constant(type_of(type), texts[i])->value;
        vector_init(&vector, value.type);
        cr_assert_eq(vector_set_constant(cx, &vector, &value), OK);
        update(aggregate, &states, NULL, &vector, 1);
        vector_free(&vector);
    }
    return result_of(aggregate, &states, 0);
}
#define OVER(name, type, ...)                                                                                                  \
    over_constants(name, type, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__})

Test(aggregates, have_results_of_their_types) {
    cr_expect_text(OVER("sum", "integer", "2147483647", "2147483647", NULL), "4294967294");
    cr_expect_text(OVER("sum", "bigint", "9223372036854775807", "1"), "9223372036854775808");
    cr_expect_text(OVER("avg", "integer", "1", "2"), "1.5");
    cr_expect_text(OVER("avg", "bigint", "9223372036854775807", "9223372036854775807"), "9.223372036854776e+18");
    cr_expect_text(OVER("avg", "decimal(5,2)", "1.00", "1.00", "0.00"), "0.6666666666666667");
    cr_expect_text(OVER("sum", "decimal(38,0)", "99999999999999999999999999999999999999", "1"),
                   "ERROR: 22003 sum does not fit decimal(38,0)");
    cr_expect_text(OVER("sum", "double precision", "1e16", "1", "-1e16"), "1");
    cr_expect_text(OVER("sum", "double precision", "Infinity", "1"), "Infinity");
    cr_expect_text(OVER("sum", "interval", "1 day", "2 hours"), "1 day 02:00:00");
    cr_expect_text(OVER("avg", "interval", "1 day", "2 days"), "1 day 12:00:00");
    cr_expect_text(OVER("min", "text", "pear", "a much longer piece of text", "fig", NULL), "a much longer piece of text");
    cr_expect_text(OVER("max", "text", "pear", "zebra and more of it", "fig", NULL), "zebra and more of it");
    cr_expect_text(OVER("max", "double precision", "1", "NaN", "Infinity"), "NaN");
    cr_expect_text(OVER("min", "date", "1994-01-02", "1994-01-01"), "1994-01-01");
    cr_expect_text(OVER("max", "interval", "29 days", "1 mon"), "1 mon");
    cr_expect_text(OVER("min", "boolean", "t", "f"), "f");
    cr_expect_text(OVER("count", "text", "a", NULL, "b"), "2");
    cr_expect_text(OVER("sum", "integer", NULL), "NULL");
}

Test(aggregates, extremes_of_text_reuse_their_room) {
    const Aggregate *aggregate = bound("min", type_varchar(0));
    States states = {0};
    char text[64];
    Vector vector;
    vector_init(&vector, aggregate->argument);
    cr_assert_eq(vector_prepare_flat(cx, &vector, aggregate->argument), OK);
    for (int i = 0; i < 5000; i++) { /* each is less than the one before */
        snprintf(text, sizeof text, "%05d is a long text, and shorter and shorter", 99999 - i);
        ((Text *)vector.data)[0] = text_view(text, (uint32_t)strlen(text));
        update(aggregate, &states, NULL, &vector, 1);
    }
    cr_expect_text(result_of(aggregate, &states, 0), "95000 is a long text, and shorter and shorter");
    cr_expect_lt(test_account.used_bytes, 100000);
    vector_free(&vector);
}

/* Partial results of two nodes, through columns, give what one node gives. */
static const char *in_two_phases(const char *name, const char *type) {
    const Aggregate *aggregate = bound(name, type_of(type));
    AggregateSplit split;
    Expr *finish;
    cr_assert_eq(aggregate_split(cx, &test_arena, aggregate, &split, &finish), OK);
    Type types[2] = {split.final[0]->result, split.count > 1 ? split.final[1]->result : type_make(TYPE_NULL)};
    Batch finals;
    cr_assert_eq(batch_init(cx, &finals, types, split.count), OK);
    finals.rows = 1;
    for (uint32_t part = 0; part < split.count; part++) {
        States merged = {0};
        for (int node = 0; node < 2; node++) {
            States states = {0};
            Vector codes, partial;
            make_codes(&codes, type_of(type), node * 1000, node == 1);
            vector_init(&partial, split.partial[part]->result);
            update(split.partial[part], &states, NULL, &codes, ROWS);
            cr_assert_eq(split.partial[part]->finish(cx, split.partial[part], states.bytes, STRIDE, 1, &partial, &test_arena),
                         OK);
            update(split.final[part], &merged, NULL, &partial, 1);
            vector_free(&codes);
            vector_free(&partial);
        }
        cr_assert_eq(
            split.final[part]->finish(cx, split.final[part], merged.bytes, STRIDE, 1, &finals.columns[part], &test_arena), OK);
    }
    Value value = vector_value(&finals.columns[0], 0);
    if (finish != NULL) {
        ExprState *state;
        const Vector *out;
        cr_assert(type_equal(finish->type, aggregate->result));
        cr_assert_eq(expr_state_create(cx, finish, &state), OK);
        cr_assert_eq(expr_eval(cx, state, &finals, &out), OK, "%s", test_error.message);
        value = vector_value(out, 0);
        value.type = aggregate->result;
        const char *shown = show_value(&value);
        expr_state_free(state);
        batch_free(&finals);
        return shown;
    }
    const char *shown = show_value(&value);
    batch_free(&finals);
    return shown;
}

static const char *in_one_phase(const char *name, const char *type) {
    const Aggregate *aggregate = bound(name, type_of(type));
    States states = {0};
    for (int node = 0; node < 2; node++) {
        Vector codes;
        make_codes(&codes, type_of(type), node * 1000, node == 1);
        update(aggregate, &states, NULL, &codes, ROWS);
        vector_free(&codes);
    }
    return result_of(aggregate, &states, 0);
}

Test(aggregates, split_between_nodes) {
    for (int n = 0; n < 5; n++) {
        for (int t = 0; t < 4; t++) {
            cr_expect_text(in_two_phases(names[n], number_types[t]), in_one_phase(names[n], number_types[t]));
        }
    }
}

Test(aggregates, refuse_wrong_types) {
    const Aggregate *aggregate;
    Expr *text[] = {expr_slot(cx, &test_arena, 0, type_varchar(0), NULL)};
    cr_expect_eq(aggregate_bind(cx, &test_arena, "sum", text, 1, 3, &aggregate), UNDEFINED_FUNCTION);
    cr_expect_eq(test_error.pos, 3);
    cr_expect(aggregate_exists("COUNT"));
    cr_expect_not(aggregate_exists("rank"));
    cr_expect(window_exists("rank"));
}
