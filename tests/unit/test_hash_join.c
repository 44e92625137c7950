/* Joins of all kinds against a naive join, over random rows with NULLs and duplicates, by array and by hash. */
#include "operator_driver.h"

typedef struct JoinCase {
    const char *name;
    uint32_t probe_rows, build_rows;
    Type probe_type, build_type;
    uint64_t key_range;
    int64_t key_scale; /* keys are multiples: sparse keys make a hash index */
    bool has_nulls, uses_dictionary;
    uint32_t key_count;
    bool has_residual; /* probe's second column <= build's */
} JoinCase;

static const JoinKind all_kinds[] = {JOIN_INNER, JOIN_LEFT, JOIN_RIGHT,     JOIN_FULL,
                                     JOIN_SEMI,  JOIN_ANTI, JOIN_ANTI_NULL, JOIN_MARK};

static Value key_value(Type type, uint64_t key, int64_t scale) {
    if (type_is_text(type)) {
        return value_text(type, driver_text((uint32_t)key));
    }
    return type.id == TYPE_DOUBLE ? value_f64(type, (double)key / 2) : value_i64(type, (int64_t)key * scale);
}

/* Columns: key, second key, row number. */
static Rows make_rows(const JoinCase *c, uint32_t count, Type type, uint64_t seed) {
    Rows rows = rows_new(count, (Type[]){type, type_make(TYPE_INTEGER), type_make(TYPE_BIGINT)}, 3);
    uint64_t random = seed;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t key = driver_random(&random) % c->key_range;
        if (!c->has_nulls || driver_random(&random) % 10 != 0) {
            *cell(&rows, i, 0) = key_value(type, key, c->key_scale);
        }
        *cell(&rows, i, 1) = value_i64(type_make(TYPE_INTEGER), (int64_t)(driver_random(&random) % 2));
        *cell(&rows, i, 2) = value_i64(type_make(TYPE_BIGINT), i);
    }
    if (c->uses_dictionary) {
        rows.columns[0].domain.dictionary = driver_dictionary();
    }
    return rows;
}

static bool keys_match(const JoinCase *c, const Rows *probe, uint32_t p, const Rows *build, uint32_t b) {
    for (uint32_t k = 0; k < c->key_count; k++) {
        Value x = *cell(probe, p, k), y = *cell(build, b, k);
        if (x.is_null || y.is_null) {
            return false;
        }
        y.type = x.type; /* integers of all widths are boxed alike */
        if (value_compare(&x, &y) != 0) {
            return false;
        }
    }
    return !c->has_residual || cell(probe, p, 1)->i64 <= cell(build, b, 1)->i64;
}

static void add_line(Lines *lines, const Rows *probe, int64_t p, const Rows *build, int64_t b, JoinKind kind,
                     const char *mark) {
    char line[512] = "";
    bool probe_only = kind == JOIN_SEMI || kind == JOIN_ANTI || kind == JOIN_ANTI_NULL || kind == JOIN_MARK;
    for (uint32_t c = 0; c < 3; c++) {
        Value null = value_null(type_make(TYPE_BIGINT));
        line_append_value(line, sizeof line, p < 0 ? &null : cell(probe, (uint32_t)p, c));
    }
    for (uint32_t c = 0; c < 3 && !probe_only; c++) {
        Value null = value_null(type_make(TYPE_BIGINT));
        line_append_value(line, sizeof line, b < 0 ? &null : cell(build, (uint32_t)b, c));
    }
    if (kind == JOIN_MARK) {
        strcat(line, mark);
    }
    lines_add(lines, line);
}

static void naive_join(const JoinCase *c, JoinKind kind, const Rows *probe, const Rows *build, Lines *lines) {
    bool *build_matched = calloc(build->count + 1, 1);
    bool build_has_null = false;
    for (uint32_t b = 0; b < build->count; b++) {
        build_has_null |= cell(build, b, 0)->is_null;
    }
    for (uint32_t p = 0; p < probe->count; p++) {
        uint32_t matches = 0;
        for (uint32_t b = 0; b < build->count; b++) {
            if (keys_match(c, probe, p, build, b)) {
                matches++;
                build_matched[b] = true;
                if (kind <= JOIN_FULL) {
                    add_line(lines, probe, p, build, b, kind, "");
                }
            }
        }
        bool unknown = build->count > 0 && (cell(probe, p, 0)->is_null || build_has_null);
        if ((kind == JOIN_SEMI && matches > 0) || (kind == JOIN_ANTI && matches == 0) ||
            (kind == JOIN_ANTI_NULL && matches == 0 && !unknown) ||
            ((kind == JOIN_LEFT || kind == JOIN_FULL) && matches == 0) || kind == JOIN_MARK) {
            add_line(lines, probe, p, build, -1, kind, matches > 0 ? "t|" : unknown ? "NULL|" : "f|");
        }
    }
    for (uint32_t b = 0; b < build->count && (kind == JOIN_RIGHT || kind == JOIN_FULL); b++) {
        if (!build_matched[b]) {
            add_line(lines, probe, -1, build, b, kind, "");
        }
    }
    free(build_matched);
}

/* A join node over two leaves. */
typedef struct JoinPlan {
    PhysicalNode node, probe, build;
    PhysicalNode *children[2];
    PhysicalColumn columns[7];
    JoinOutput outputs[7];
} JoinPlan;

static const uint32_t key_slots[] = {0, 1};

static void make_plan(JoinPlan *plan, const JoinCase *c, JoinKind kind, Rows *probe, Rows *build) {
    memset(plan, 0, sizeof *plan);
    plan->probe = (PhysicalNode){.column_count = 3, .columns = probe->columns};
    plan->build = (PhysicalNode){.column_count = 3, .columns = build->columns};
    plan->children[0] = &plan->probe;
    plan->children[1] = &plan->build;
    uint32_t count = kind <= JOIN_FULL || kind == JOIN_SINGLE ? 6 : 3;
    for (uint32_t i = 0; i < count; i++) {
        plan->outputs[i] = (JoinOutput){.from_build = i >= 3, .slot = i % 3};
        plan->columns[i] = i < 3 ? probe->columns[i] : build->columns[i - 3];
    }
    if (kind == JOIN_MARK) {
        plan->columns[count++] = (PhysicalColumn){.type = type_make(TYPE_BOOLEAN)};
    }
    plan->node = (PhysicalNode){.kind = PHYSICAL_HASH_JOIN,
                                .child_count = 2,
                                .children = plan->children,
                                .column_count = count,
                                .columns = plan->columns,
                                .join = {.kind = kind,
                                         .algorithm = JOIN_BY_HASH,
                                         .key_count = c->key_count,
                                         .probe_keys = key_slots,
                                         .build_keys = key_slots,
                                         .outputs = plan->outputs}};
}

static Expr *compare_slots(const Context *cx, Arena *arena, const JoinPlan *plan, CompareOp op, uint32_t probe,
                           uint32_t build) {
    return expr_compare(cx, arena, op, expr_slot(cx, arena, probe, plan->probe.columns[probe].type, NULL),
                        expr_slot(cx, arena, 3 + build, plan->build.columns[build].type, NULL));
}

/* A nested loop has no keys: all is in the residual. */
static void add_residual(const Context *cx, Arena *arena, const JoinCase *c, bool has_keys, JoinPlan *plan) {
    JoinSpec *spec = &plan->node.join;
    for (uint32_t k = 0; k < c->key_count && !has_keys; k++) {
        spec->residual = expr_and(cx, arena, spec->residual, compare_slots(cx, arena, plan, COMPARE_EQ, k, k));
        spec->key_count = 0;
    }
    if (c->has_residual) {
        spec->residual = expr_and(cx, arena, spec->residual, compare_slots(cx, arena, plan, COMPARE_LE, 1, 1));
    }
}

static void run_case(const JoinCase *c, const OperatorClass *join, JoinKind kind, uint32_t threads, uint32_t batch_rows) {
    bool is_null_aware = kind == JOIN_MARK || kind == JOIN_ANTI_NULL, has_keys = join == &hash_join_operator;
    bool same_types = c->probe_type.id == c->build_type.id;
    if ((is_null_aware && (c->key_count > 1 || c->has_residual)) || (!has_keys && !same_types)) {
        return; /* refused, and compared only after a cast */
    }
    Rows probe = make_rows(c, c->probe_rows, c->probe_type, 11), build = make_rows(c, c->build_rows, c->build_type, 23);
    JoinPlan plan;
    make_plan(&plan, c, kind, &probe, &build);
    Driver driver;
    Lines got = {.lock = PTHREAD_MUTEX_INITIALIZER}, expected = {.lock = PTHREAD_MUTEX_INITIALIZER};
    Arena arena;
    arena_init(&arena);
    driver_open(&driver, threads, batch_rows);
    add_residual(&driver.cx, &arena, c, has_keys, &plan);
    cr_assert_eq(driver_sink(&driver, &plan.node, join->sink, &build), OK, "%s", driver.error.message);
    cr_assert_eq(driver_stage(&driver, &plan.node, join->stage, &probe, &got), OK, "%s", driver.error.message);
    if (kind == JOIN_RIGHT || kind == JOIN_FULL) {
        cr_assert_eq(driver_source(&driver, &plan.node, join->unmatched, &got), OK);
    }
    naive_join(c, kind, &probe, &build, &expected);
    char what[128];
    snprintf(what, sizeof what, "%s kind %d threads %u batch %u", c->name, (int)kind, threads, batch_rows);
    assert_same_lines(&got, &expected, false, what);
    arena_free(&arena);
    driver_close(&driver, &plan.node, join->sink);
    free(probe.cells);
    free(build.cells);
}

static void run_all(const JoinCase *c) {
    static const uint32_t threads[] = {1, 2, 8}, sizes[] = {1, 7, 2048};
    for (uint32_t k = 0; k < sizeof all_kinds / sizeof *all_kinds; k++) {
        for (uint32_t t = 0; t < 3; t++) {
            for (uint32_t s = 0; s < 3; s++) {
                run_case(c, &hash_join_operator, all_kinds[k], threads[t], sizes[s]);
            }
        }
        run_case(c, &nested_join_operator, all_kinds[k], 1, 7);
        run_case(c, &nested_join_operator, all_kinds[k], 2, 2048);
    }
}

#define INTEGER_TYPE                                                                                                           \
    { .id = TYPE_INTEGER }
#define BIGINT_TYPE                                                                                                            \
    { .id = TYPE_BIGINT }
#define SMALLINT_TYPE                                                                                                          \
    { .id = TYPE_SMALLINT }
#define VARCHAR_TYPE                                                                                                           \
    { .id = TYPE_VARCHAR }
#define DOUBLE_TYPE                                                                                                            \
    { .id = TYPE_DOUBLE }

Test(hash_join, array_with_duplicates) {
    run_all(&(JoinCase){"duplicates", 700, 500, INTEGER_TYPE, INTEGER_TYPE, 300, 1, true, false, 1});
}
Test(hash_join, array_of_another_width) {
    run_all(&(JoinCase){"width", 600, 80, BIGINT_TYPE, SMALLINT_TYPE, 200, 1, true, false, 1});
}
Test(hash_join, sparse_integers) {
    run_all(&(JoinCase){"sparse", 700, 500, BIGINT_TYPE, BIGINT_TYPE, 400, 1000003, true, false, 1});
}
Test(hash_join, no_nulls) {
    run_all(&(JoinCase){"no nulls", 700, 300, INTEGER_TYPE, INTEGER_TYPE, 400, -7, false, false, 1});
}
Test(hash_join, text) {
    run_all(&(JoinCase){"text", 500, 100, VARCHAR_TYPE, VARCHAR_TYPE, 64, 1, true, false, 1});
}
Test(hash_join, dictionary) {
    run_all(&(JoinCase){"dictionary", 500, 100, VARCHAR_TYPE, VARCHAR_TYPE, 64, 1, true, true, 1});
}
Test(hash_join, doubles) {
    run_all(&(JoinCase){"double", 500, 100, DOUBLE_TYPE, DOUBLE_TYPE, 90, 1, true, false, 1});
}
Test(hash_join, two_keys) {
    run_all(&(JoinCase){"two keys", 500, 200, INTEGER_TYPE, INTEGER_TYPE, 90, 1, true, false, 2});
}
Test(hash_join, empty_build) {
    run_all(&(JoinCase){"empty build", 300, 0, INTEGER_TYPE, INTEGER_TYPE, 90, 1, true, false, 1});
}
Test(hash_join, empty_probe) {
    run_all(&(JoinCase){"empty probe", 0, 300, VARCHAR_TYPE, VARCHAR_TYPE, 90, 1, true, false, 1});
}
Test(hash_join, many_matches_per_row) {
    run_all(&(JoinCase){"many", 60, 3000, INTEGER_TYPE, INTEGER_TYPE, 2, 1, true, false, 1});
}

Test(hash_join, residual) {
    run_all(&(JoinCase){"residual", 500, 300, INTEGER_TYPE, INTEGER_TYPE, 60, 1, true, false, 1, true});
}
Test(hash_join, residual_over_text) {
    run_all(&(JoinCase){"residual text", 300, 200, VARCHAR_TYPE, VARCHAR_TYPE, 60, 1, true, false, 1, true});
}

/* SINGLE is LEFT as long as no row has two matches. */
Test(hash_join, single) {
    JoinCase c = {"single", 50, 40, INTEGER_TYPE, INTEGER_TYPE, 1u << 30, 1, false, false, 1};
    Rows probe = make_rows(&c, 50, c.probe_type, 5), build = make_rows(&c, 40, c.build_type, 6);
    for (uint32_t i = 0; i < 20; i++) {
        *cell(&build, i, 0) = *cell(&probe, i, 0);
    }
    for (uint32_t duplicates = 0; duplicates < 2; duplicates++) {
        *cell(&build, 30, 0) = duplicates ? *cell(&probe, 3, 0) : *cell(&build, 30, 0);
        JoinPlan plan;
        make_plan(&plan, &c, JOIN_SINGLE, &probe, &build);
        Driver driver;
        Lines got = {.lock = PTHREAD_MUTEX_INITIALIZER}, expected = {.lock = PTHREAD_MUTEX_INITIALIZER};
        driver_open(&driver, 1, 16);
        cr_assert_eq(driver_sink(&driver, &plan.node, hash_join_operator.sink, &build), OK);
        Status status = driver_stage(&driver, &plan.node, hash_join_operator.stage, &probe, &got);
        cr_assert_eq(status, duplicates ? CARDINALITY_VIOLATION : OK);
        if (!duplicates) {
            naive_join(&c, JOIN_LEFT, &probe, &build, &expected);
            assert_same_lines(&got, &expected, false, "single");
        } else {
            lines_free(&got);
        }
        driver_close(&driver, &plan.node, hash_join_operator.sink);
    }
    free(probe.cells);
    free(build.cells);
}
