/* The rewrites, seen in the plans that come of them. */
#include "plan_fixture.h"

static PlanFixture f;

static void setup(void) {
    fixture_open(&f, 1,
                 "create table t(a int not null, b bigint, d date, at timestamp, s varchar(20)) distkey(a);"
                 "create table u(a int not null, b bigint, d date, s varchar(20)) distkey(a);"
                 "create table v(a int not null, b bigint) distkey(a)");
    fixture_rows(&f, "t", 100000, 50000);
    fixture_rows(&f, "u", 10000, 10000);
    fixture_rows(&f, "v", 1000, 1000);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(rewrite, .init = setup, .fini = teardown);

static void has(const char *sql, const char *part) {
    fixture_plan(&f, sql);
    cr_assert(fixture_has(&f, part), "%s has no \"%s\":\n%s", sql, part, fixture_shape(&f));
}

static void lacks(const char *sql, const char *part) {
    fixture_plan(&f, sql);
    cr_assert(!fixture_has(&f, part), "%s has \"%s\":\n%s", sql, part, fixture_shape(&f));
}

Test(rewrite, filters_reach_the_scan) {
    has("select * from (select a + 1 as x, b from t) q where b = 3", "Filter: (t.b = 3)");
    has("select * from (select a, count(*) n from t group by a) q where a = 3 and n > 1", "Filter: (t.a = 3)");
    has("select * from (select a, count(*) n from t group by a) q where a = 3 and n > 1", "Filter: (count(*) > 1)");
    has("select * from (select a, rank() over (partition by a order by b) r from t) q where a = 3 and r = 1",
        "Filter: (t.a = 3)");
    has("select * from (select a, b from t union all select a, b from u) q where b = 3", "Filter: (u.b = 3)");
    lacks("select * from (select a from t limit 3) q where a = 3", "Filter: (t.a = 3)\n  ->");
}

Test(rewrite, conditions_cross_equalities) {
    has("select * from t, u where t.a = u.a and u.a = 7", "Filter: (t.a = 7)");
    has("select * from t, u, v where t.a = u.a and u.a = v.a and v.a < 7", "Filter: (t.a < 7)");
    has("select * from t left join u on t.a = u.a where t.a = 7", "Filter: (u.a = 7)");
    lacks("select * from t left join u on t.a = u.a and t.b = 7", "Zone maps");
    has("select * from t left join u on t.a = u.a and u.b = 7", "Filter: (u.b = 7)");
}

Test(rewrite, outer_joins_turn_inner) {
    lacks("select * from t left join u on t.a = u.a where u.b > 5", " Left ");
    has("select * from u left join v on u.a = v.a where v.b is null", "Hash Left Join");
    has("select * from u left join v on u.a = v.a where coalesce(v.b, 1) = 1", "Hash Left Join");
    lacks("select * from t full join u on t.a = u.a where t.b = 1 and u.b = 1", " Full ");
    has("select * from u full join v on u.a = v.a where u.b = 1", "Hash Right Join");
    lacks("select * from t left join u on t.a = u.a join v on u.b = v.b", " Left ");
}

Test(rewrite, branches_of_or_are_factored) {
    has("select * from t, u where (t.a = u.a and t.b = 1) or (t.a = u.a and t.b = 2)",
        "Hash Cond: (\"outer\".a = \"inner\".a)");
    has("select * from t, u where t.a = u.a and ((t.b = 1 and u.b = 2) or (t.b = 3 and u.b = 4))",
        "Filter: (u.b = 2 OR u.b = 4)");
}

Test(rewrite, only_used_columns_are_read) {
    fixture_plan(&f, "select count(*) from (select a, b, d from t) q");
    const PhysicalNode *scan = f.physical->root;
    while (scan->child_count > 0) {
        scan = scan->children[0];
    }
    cr_assert_eq(scan->column_count, 0);
    cr_assert_eq(scan->scan.column_count, 0);
    fixture_plan(&f, "select sum(b) from t where a > 5 and d is not null");
    scan = f.physical->root;
    while (scan->child_count > 0) {
        scan = scan->children[0];
    }
    cr_assert_eq(scan->column_count, 1);
    cr_assert_eq(scan->scan.column_count, 3);
}

Test(rewrite, nothing_is_read_for_a_false_condition) {
    fixture_expect(&f, "select a from t where 1 = 2", "XN Result\n");
    fixture_expect(&f, "select t.a from t join u on t.a = u.a and 1 = 2", "XN Result\n");
}

Test(rewrite, zone_maps_are_derived) {
    has("select * from t where d between date '1995-01-01' and date '1995-12-31'",
        "Zone maps:  d between '1995-01-01' and '1995-12-31'");
    has("select * from t where extract(year from d) = 1995", "Zone maps:  d >= '1995-01-01' and d < '1996-01-01'");
    has("select * from t where date_trunc('month', at) = timestamp '1995-02-01'", "Zone maps:  at >= '1995-02-01 00:00:00'");
    has("select * from t where d < timestamp '1995-02-01 12:00'", "Zone maps:  d <= '1995-02-01'");
    has("select * from t where s like 'ab%'", "Zone maps:  s >= 'ab' and s < 'ac'");
    has("select * from t where b = 5 or b = 3", "Zone maps:  b in (3, 5)");
    has("select * from t where b between 1 and 2 or b between 5 and 9", "Zone maps:  b between 1 and 9");
    has("select * from t where a > 5000000000 or a < 3", "Filter");
    has("select * from t where b is null", "Zone maps:  b is null");
    lacks("select * from t where s like '%ab'", "Zone maps");
    lacks("select * from t where b = 1 or d is null", "Zone maps");
}
