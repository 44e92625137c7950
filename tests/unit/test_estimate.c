/* Row estimates from statistics. */
#include "plan_fixture.h"

static PlanFixture f;

static void setup(void) {
    fixture_open(&f, 1, NULL);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(estimate, .init = setup, .fini = teardown);

static bool is_kind(const PhysicalNode *node, const void *kind) {
    return node->kind == *(const PhysicalKind *)kind;
}

static const PhysicalNode *find(const PhysicalNode *node, PhysicalKind kind) {
    return physical_find(node, is_kind, &kind);
}

static void expect(const char *sql, PhysicalKind kind, double rows) {
    fixture_plan(&f, sql);
    double found = find(f.physical->root, kind)->rows;
    cr_assert(found > rows * 0.95 && found < rows * 1.05, "%s: %.0f, not %.0f", sql, found, rows);
}

Test(estimate, filters) {
    expect("select * from lineorder where lo_discount between 1 and 3", PHYSICAL_SCAN, 6001171 * 3 / 11.0);
    expect("select * from lineorder where lo_discount = 4", PHYSICAL_SCAN, 6001171 / 11.0);
    expect("select * from lineorder where lo_discount <> 4", PHYSICAL_SCAN, 6001171 * 10 / 11.0);
    expect("select * from lineorder where lo_discount in (1, 2)", PHYSICAL_SCAN, 6001171 * 2 / 11.0);
    expect("select * from lineorder where lo_quantity > 100", PHYSICAL_SCAN, 1);
    expect("select * from lineorder where lo_quantity < 26 and lo_discount < 5", PHYSICAL_SCAN, 6001171 * 0.5 * 5 / 11.0);
    expect("select * from lineorder where lo_quantity is null", PHYSICAL_SCAN, 1);
}

Test(estimate, joins_on_keys) {
    expect("select lo_tax from lineorder, dates where lo_orderdate = d_datekey and d_year = 1993", PHYSICAL_HASH_JOIN,
           6001171 / 7.0);
    expect("select lo_tax from lineorder, customer where lo_custkey = c_custkey", PHYSICAL_HASH_JOIN, 6001171);
    expect("select lo_tax from lineorder left join customer on lo_custkey = c_custkey", PHYSICAL_HASH_JOIN, 6001171);
}

Test(estimate, groups) {
    expect("select d_year, count(*) from dates group by d_year", PHYSICAL_AGGREGATE, 7);
    expect("select count(*) from dates", PHYSICAL_AGGREGATE, 1);
    expect("select lo_orderdate, lo_discount, count(*) from lineorder group by 1, 2", PHYSICAL_AGGREGATE, 2406 * 11);
    expect("select lo_orderdate / 10000, count(*) from lineorder group by 1", PHYSICAL_AGGREGATE, 7);
    expect("select lo_orderdate % 10, count(*) from lineorder group by 1", PHYSICAL_AGGREGATE, 10);
    expect("select case when lo_orderkey > 7 then 'a' else 'b' end, count(*) from lineorder group by 1", PHYSICAL_AGGREGATE, 2);
    expect("select lo_orderdate + 1, count(*) from lineorder group by 1", PHYSICAL_AGGREGATE, 2406);
}

Test(estimate, arrays_for_dense_keys) {
    fixture_plan(&f, "select d_year, sum(lo_revenue) from lineorder, dates where lo_orderdate = d_datekey group by d_year");
    const PhysicalNode *join = find(f.physical->root, PHYSICAL_HASH_JOIN);
    cr_assert_eq(join->join.algorithm, JOIN_BY_ARRAY);
    cr_assert_eq(join->join.key_min, 19920101);
    const PhysicalNode *aggregate = find(f.physical->root, PHYSICAL_AGGREGATE);
    cr_assert(aggregate->aggregate.is_direct);
    cr_assert_eq(aggregate->aggregate.direct_entries, 7);
}

Test(estimate, join_filters_only_where_they_drop_rows) {
    fixture_plan(&f, "select count(*) from lineorder, customer where lo_custkey = c_custkey and c_region = 'ASIA'");
    cr_assert(find(f.physical->root, PHYSICAL_HASH_JOIN)->join.publishes_filter);
    fixture_plan(&f, "select count(*) from lineorder, customer where lo_custkey = c_custkey");
    cr_assert(!find(f.physical->root, PHYSICAL_HASH_JOIN)->join.publishes_filter);
}
