/* Join order: by cost, whatever the order of FROM. */
#include "plan_fixture.h"

static PlanFixture f;

static void setup(void) {
    fixture_open(&f, 1, NULL);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(join_order, .init = setup, .fini = teardown);

static const char *where = " where lo_custkey = c_custkey and lo_suppkey = s_suppkey and lo_partkey = p_partkey and "
                           "lo_orderdate = d_datekey and c_region = 'ASIA' and p_category = 'MFGR#12' group by d_year";

Test(join_order, does_not_follow_from) {
    static const char *const froms[] = {
        "lineorder, dates, customer, supplier, part", "part, supplier, customer, dates, lineorder",
        "dates, customer, lineorder, part, supplier", "customer, supplier, dates, part, lineorder"};
    const char *first = NULL;
    for (uint32_t i = 0; i < sizeof froms / sizeof *froms; i++) {
        fixture_plan(&f, arena_format(&f.cx, &f.arena, "select d_year, sum(lo_revenue) from %s%s", froms[i], where));
        const char *shape = fixture_shape(&f);
        first = first == NULL ? shape : first;
        cr_assert_str_eq(shape, first);
    }
}

static const PhysicalNode *deepest_probe(const PhysicalNode *node) {
    while (node->child_count > 0) {
        node = node->children[0];
    }
    return node;
}

Test(join_order, probes_the_fact_table) {
    for (uint32_t i = 1; i <= 4; i++) {
        for (uint32_t k = 1; k <= (i == 3 ? 4 : 3); k++) {
            char path[64];
            snprintf(path, sizeof path, "datasets/ssb/queries/q%u_%u.sql", i, k);
            char *sql = fixture_read(path);
            fixture_plan(&f, sql);
            cr_assert_str_eq(deepest_probe(f.physical->root)->scan.table->schema->name, "lineorder", "%s\n%s", path,
                             fixture_shape(&f));
            free(sql);
        }
    }
}

Test(join_order, uses_equalities_that_were_not_written) {
    fixture_plan(&f,
                 "select count(*) from customer, supplier, lineorder where lo_custkey = c_custkey and c_custkey = s_suppkey");
    cr_assert(!fixture_has(&f, "Nested Loop"), "%s", fixture_shape(&f));
}

Test(join_order, crosses_only_what_nothing_joins) {
    fixture_plan(&f, "select count(*) from lineorder, supplier, dates where lo_suppkey = s_suppkey and d_year = 1993");
    cr_assert(fixture_has(&f, "Nested Loop"), "%s", fixture_shape(&f));
    cr_assert(fixture_has(&f, "Hash Join"), "%s", fixture_shape(&f));
}

Test(join_order, joins_more_relations_than_it_can_try) {
    const char *sql = "select count(*) from dates d0";
    for (uint32_t i = 1; i < 20; i++) {
        sql = arena_format(&f.cx, &f.arena, "%s, dates d%u", sql, i);
    }
    sql = arena_format(&f.cx, &f.arena, "%s where d0.d_year = 1993", sql);
    for (uint32_t i = 1; i < 20; i++) {
        sql = arena_format(&f.cx, &f.arena, "%s and d%u.d_datekey = d%u.d_datekey", sql, i - 1, i);
    }
    fixture_plan(&f, sql);
    cr_assert(!fixture_has(&f, "Nested Loop"), "%s", fixture_shape(&f));
}

Test(join_order, keeps_residual_conditions) {
    fixture_plan(&f, "select count(*) from lineorder, supplier, part where lo_suppkey = s_suppkey and lo_partkey = p_partkey "
                     "and s_suppkey + p_partkey > lo_custkey");
    cr_assert(fixture_has(&f, "Join Filter"), "%s", fixture_shape(&f));
}

static const char *shape_with_seed(int64_t seed) {
    f.settings.join_order_seed = seed;
    fixture_plan(&f, arena_format(&f.cx, &f.arena,
                                  "select d_year, sum(lo_revenue) from lineorder, dates, customer, supplier, part%s", where));
    return fixture_shape(&f);
}

Test(join_order, takes_a_random_order_for_a_seed) {
    const char *best = shape_with_seed(0);
    uint32_t different = 0;
    for (int64_t seed = 1; seed <= 20; seed++) {
        const char *shape = shape_with_seed(seed);
        cr_assert_str_eq(shape_with_seed(seed), shape);
        cr_assert(!fixture_has(&f, "Nested Loop"), "%s", shape);
        different += strcmp(shape, best) != 0;
    }
    cr_assert_gt(different, 15);
    cr_assert_str_eq(shape_with_seed(0), best);
}

/* customer and orders-like copies of lineorder: what is distributed by the key of two joins in a row moves once. */
Test(join_order, keeps_rows_where_the_next_join_needs_them) {
    fixture_close(&f);
    fixture_open(&f, 4,
                 "create table a (k integer, x integer) distkey (x); create table b (k integer, y integer) distkey (k);"
                 "create table c (k integer, z integer) distkey (k);");
    fixture_rows(&f, "a", 4000000, 4000000);
    fixture_rows(&f, "b", 5000000, 5000000);
    fixture_rows(&f, "c", 3000000, 3000000);
    fixture_plan(&f, "select count(*) from a, b, c where a.k = b.k and b.k = c.k");
    uint32_t moved = 0;
    for (uint32_t i = 0; i < f.line_count; i++) {
        moved += strstr(f.lines[i], "Distribute by") != NULL || strstr(f.lines[i], "Broadcast") != NULL;
    }
    cr_assert_eq(moved, 1, "%s", fixture_shape(&f));
    cr_assert(fixture_has(&f, "DS_DIST_NONE"), "%s", fixture_shape(&f));
}
