/* Plans that are used again: when they are, and that whatever they depend on is honoured. Looks into the run to see whether it
 * planned. */
#include "session/session.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];
static depot *db;

static depot *connect(void) {
    depot *opened;
    depot_error error;
    depot_options options = {.nodes = 2, .slices = 2};
    cr_assert_eq(depot_open(folder, &options, &opened, &error), DEPOT_OK, "%s", error.message);
    return opened;
}

static void must(const char *sql) {
    cr_assert_eq(depot_execute(db, sql), DEPOT_OK, "%s: %s", sql, depot_last_error(db)->message);
}

static void setup(void) {
    strcpy(folder, "/tmp/depot-plan-cache-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    db = connect();
    must("CREATE TABLE t (k integer, v integer) SORTKEY (k); INSERT INTO t SELECT x, x % 10 FROM generate_series(1, 1000) AS "
         "g(x)");
}
static void teardown(void) {
    depot_close(db);
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}
TestSuite(plan_cache, .init = setup, .fini = teardown, .timeout = 120);

static depot_statement *prepare(const char *sql) {
    depot_statement *statement;
    cr_assert_eq(depot_prepare(db, sql, -1, &statement, NULL), DEPOT_OK, "%s: %s", sql, depot_last_error(db)->message);
    return statement;
}

/* Runs it from the start: the first column of its first row. */
static int64_t run(depot_statement *statement, bool *planned) {
    depot_reset(statement);
    cr_assert_eq(depot_step(statement), DEPOT_ROW, "%s: %s", statement->text, depot_last_error(db)->message);
    int64_t value = depot_column_int64(statement, 0);
    *planned = statement->run.kept->is_new;
    depot_reset(statement);
    return value;
}

#define EXPECT_RUN(statement, wanted, wants_plan)                                                                              \
    do {                                                                                                                       \
        bool planned_;                                                                                                         \
        int64_t value_ = run(statement, &planned_);                                                                            \
        cr_expect_eq(value_, wanted, "%s gave %lld", (statement)->text, (long long)value_);                                    \
        cr_expect_eq(planned_, wants_plan, "%s was %splanned", (statement)->text, planned_ ? "" : "not ");                     \
    } while (0)

static void expect_text(const char *sql, int64_t wanted, bool wants_plan) {
    depot_statement *statement = prepare(sql);
    EXPECT_RUN(statement, wanted, wants_plan);
    depot_finalize(statement);
}

Test(plan_cache, a_reset_statement_keeps_its_plan) {
    depot_statement *statement = prepare("SELECT sum(v) FROM t WHERE k <= 10");
    EXPECT_RUN(statement, 45, true);
    EXPECT_RUN(statement, 45, false);
    EXPECT_RUN(statement, 45, false);
    depot_finalize(statement);
}

Test(plan_cache, the_same_text_has_the_same_plan) {
    expect_text("SELECT count(*) FROM t", 1000, true);
    expect_text("SELECT count(*) FROM t", 1000, false);
    expect_text("SELECT count(*)  FROM t", 1000, true);
    must("SET plan_cache = off");
    expect_text("SELECT count(*) FROM t", 1000, true);
    expect_text("SELECT count(*) FROM t", 1000, true);
}

Test(plan_cache, white_space_behind_a_statement_is_nothing) {
    const char *tail, *texts[] = {"SELECT max(v) FROM t;\n", "SELECT max(v) FROM t;", "SELECT max(v) FROM t; \t\r\n\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        depot_statement *statement;
        cr_assert_eq(depot_prepare(db, texts[i], -1, &statement, &tail), DEPOT_OK);
        EXPECT_RUN(statement, 9, i == 0);
        cr_expect_str_eq(statement->text, "SELECT max(v) FROM t;");
        cr_expect_str_eq(tail, "");
        depot_finalize(statement);
    }
    expect_text("SELECT max(v) FROM t\n", 9, true);
    expect_text("SELECT max(v) FROM t", 9, false);
    expect_text("SELECT max(v) FROM t; SELECT 1", 9, true); /* two statements */
    expect_text("SELECT max(v) FROM t; SELECT 1", 9, true);
}

Test(plan_cache, execute_keeps_the_plan) {
    must("PREPARE p(int) AS SELECT v FROM t WHERE k = $1");
    expect_text("EXECUTE p(7)", 7, true);
    expect_text("EXECUTE p(7)", 7, false);
    expect_text("EXECUTE p(7);", 7, false);
    expect_text("  EXECUTE p(3 + 4)", 7, true); /* its errors would stand elsewhere */
    expect_text("  EXECUTE p(8)", 8, true);
    depot_statement *running = prepare("EXECUTE p(8)");
    cr_assert_eq(depot_step(running), DEPOT_ROW);
    must("DEALLOCATE p");
    cr_expect_eq(depot_column_int64(running, 0), 8);
    cr_expect_eq(depot_step(running), DEPOT_DONE);
    depot_finalize(running);
}

Test(plan_cache, values_and_types_of_parameters_count) {
    depot_statement *statement = prepare("SELECT count(*) FROM t WHERE k <= $1");
    depot_bind_int64(statement, 1, 10);
    EXPECT_RUN(statement, 10, true);
    EXPECT_RUN(statement, 10, false);
    depot_bind_int64(statement, 1, 10);
    EXPECT_RUN(statement, 10, false);
    depot_bind_int64(statement, 1, 20);
    EXPECT_RUN(statement, 20, true);
    depot_bind_double(statement, 1, 20);
    EXPECT_RUN(statement, 20, true);
    depot_bind_text(statement, 1, "30", -1);
    EXPECT_RUN(statement, 30, true);
    depot_bind_text(statement, 1, "30", -1);
    EXPECT_RUN(statement, 30, false);
    depot_bind_text(statement, 1, "31", -1);
    EXPECT_RUN(statement, 31, true);
    depot_bind_null(statement, 1);
    EXPECT_RUN(statement, 0, true);
    EXPECT_RUN(statement, 0, false);
    depot_finalize(statement);
}

Test(plan_cache, what_changes_the_warehouse_is_honoured) {
    depot_statement *statement = prepare("SELECT count(*) FROM t WHERE k > 990");
    EXPECT_RUN(statement, 10, true);
    EXPECT_RUN(statement, 10, false);
    must("INSERT INTO t VALUES (2000, 1)");
    EXPECT_RUN(statement, 11, true);
    must("DELETE FROM t WHERE k = 2000");
    EXPECT_RUN(statement, 10, true);
    must("ANALYZE t");
    EXPECT_RUN(statement, 10, true);
    must("ALTER TABLE t ALTER DISTSTYLE ALL");
    EXPECT_RUN(statement, 10, true);
    must("ALTER WAREHOUSE RESIZE NODES 1 SLICES 3");
    EXPECT_RUN(statement, 10, true);
    EXPECT_RUN(statement, 10, false);
    must("DROP TABLE t; CREATE TABLE t (v VARCHAR(3), k DOUBLE PRECISION); INSERT INTO t VALUES ('x', 1e9)");
    EXPECT_RUN(statement, 1, true);
    must("DROP TABLE t");
    cr_expect_eq(depot_step(statement), DEPOT_ERROR);
    cr_expect_str_eq(depot_last_error(db)->sqlstate, "42P01");
    depot_finalize(statement);
}

Test(plan_cache, another_connection_is_honoured) {
    depot_statement *statement = prepare("SELECT count(*) FROM t");
    EXPECT_RUN(statement, 1000, true);
    EXPECT_RUN(statement, 1000, false);
    depot *other = connect();
    cr_assert_eq(depot_execute(other, "DELETE FROM t WHERE k <= 100"), DEPOT_OK);
    depot_close(other);
    EXPECT_RUN(statement, 900, true);
    EXPECT_RUN(statement, 900, false);
    depot_finalize(statement);
}

Test(plan_cache, names_are_looked_up_again) {
    must("CREATE SCHEMA s; CREATE VIEW w AS SELECT k FROM t WHERE k < 3");
    depot_statement *table = prepare("SELECT count(*) FROM t"), *view = prepare("SELECT count(*) FROM w");
    EXPECT_RUN(table, 1000, true);
    EXPECT_RUN(view, 2, true);
    EXPECT_RUN(view, 2, false);
    must("CREATE OR REPLACE VIEW w AS SELECT k FROM t WHERE k < 5");
    EXPECT_RUN(view, 4, true);
    must("SET search_path = s, public");
    EXPECT_RUN(table, 1000, true);
    must("CREATE TABLE s.t (a integer)");
    EXPECT_RUN(table, 0, true);
    must("SET search_path = public");
    EXPECT_RUN(table, 1000, true);
    must("CREATE TEMP TABLE t AS SELECT 1 AS a");
    EXPECT_RUN(table, 1, true);
    EXPECT_RUN(table, 1, false);
    EXPECT_RUN(view, 4, true);
    EXPECT_RUN(view, 4, false);
    must("INSERT INTO t VALUES (2)");
    EXPECT_RUN(table, 2, true);
    must("DROP TABLE t");
    EXPECT_RUN(table, 1000, true);
    depot_finalize(table);
    depot_finalize(view);
}

Test(plan_cache, settings_are_honoured) {
    depot_statement *statement = prepare("SELECT extract(hour FROM timestamptz '2024-07-01 12:00+00')");
    EXPECT_RUN(statement, 12, true);
    EXPECT_RUN(statement, 12, false);
    must("SET timezone = 'Europe/Berlin'");
    EXPECT_RUN(statement, 14, true);
    must("SET partition_pruning = off");
    EXPECT_RUN(statement, 14, true);
    must("RESET partition_pruning");
    EXPECT_RUN(statement, 14, true);
    EXPECT_RUN(statement, 14, false);
    must("BEGIN; SET timezone = 'Asia/Tokyo'");
    EXPECT_RUN(statement, 21, true);
    must("ROLLBACK");
    EXPECT_RUN(statement, 14, true);
    depot_finalize(statement);
}

Test(plan_cache, transactions_read_what_they_wrote) {
    depot_statement *statement = prepare("SELECT count(*) FROM t");
    EXPECT_RUN(statement, 1000, true);
    must("BEGIN");
    EXPECT_RUN(statement, 1000, false);
    must("INSERT INTO t VALUES (1, 1)");
    EXPECT_RUN(statement, 1001, true);
    EXPECT_RUN(statement, 1001, true);
    must("INSERT INTO t VALUES (1, 1)");
    EXPECT_RUN(statement, 1002, true);
    must("ROLLBACK");
    EXPECT_RUN(statement, 1000, true);
    EXPECT_RUN(statement, 1000, false);
    depot_finalize(statement);
}

Test(plan_cache, what_holds_for_a_moment_is_planned_each_time) {
    static const char *const momentary[] = {
        "SELECT count(*) FROM t WHERE now() > '2020-01-01'", "SELECT count(*) FROM t WHERE 'now'::timestamp > '2020-01-01'",
        "SELECT count(*) FROM t WHERE current_date > '2020-01-01'", "SELECT count(*) FROM t WHERE pg_last_query_id() > -2"};
    for (size_t i = 0; i < sizeof momentary / sizeof *momentary; i++) {
        expect_text(momentary[i], 1000, true);
        expect_text(momentary[i], 1000, true);
    }
    depot_statement *now = prepare("SELECT extract(epoch FROM now()) * 1000000");
    bool planned;
    int64_t first = run(now, &planned);
    cr_expect_gt(run(now, &planned), first);
    depot_finalize(now);
}

Test(plan_cache, two_runs_of_one_text_do_not_meet) {
    must("CREATE TEMP TABLE other AS SELECT 1 AS a");
    depot_statement *a = prepare("SELECT k FROM t ORDER BY k"), *b = prepare("SELECT k FROM t ORDER BY k");
    cr_expect_eq(a->known, b->known);
    for (int64_t i = 1; i <= 1000; i++) {
        cr_assert_eq(depot_step(a), DEPOT_ROW);
        cr_assert_eq(depot_step(b), DEPOT_ROW);
        cr_assert_eq(depot_column_int64(a, 0), i);
        cr_assert_eq(depot_column_int64(b, 0), i);
    }
    cr_expect_eq(depot_step(a), DEPOT_DONE);
    depot_finalize(a);
    EXPECT_RUN(b, 1, false);
    depot_finalize(b);
}

Test(plan_cache, more_texts_than_it_keeps) {
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 300; i++) {
            char sql[64];
            snprintf(sql, sizeof sql, "SELECT count(*) + %d FROM t WHERE k <= %d", i, i);
            expect_text(sql, 2 * i, true);
        }
    }
    expect_text("SELECT count(*) + 299 FROM t WHERE k <= 299", 598, false);
}

static int64_t segment_files(void) {
    char command[200], line[32] = "";
    snprintf(command, sizeof command, "find %s/tables -type f | wc -l", folder);
    FILE *out = popen(command, "r");
    cr_assert_not_null(out);
    cr_assert_not_null(fgets(line, sizeof line, out));
    pclose(out);
    return atoll(line);
}

Test(plan_cache, a_waiting_plan_holds_no_files) {
    depot_statement *statement = prepare("SELECT count(*) FROM t");
    EXPECT_RUN(statement, 1000, true);
    cr_expect_gt(segment_files(), 0);
    depot *other = connect();
    cr_assert_eq(depot_execute(other, "TRUNCATE TABLE t"), DEPOT_OK);
    depot_close(other);
    cr_expect_eq(segment_files(), 0, "%lld files", (long long)segment_files());
    EXPECT_RUN(statement, 0, true);
    depot_finalize(statement);
}

Test(plan_cache, recursions_and_shared_subplans_run_again) {
    static const char sql[] = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r JOIN t ON k = n WHERE n < 50), "
                              "m AS MATERIALIZED (SELECT v FROM t WHERE k <= 100) "
                              "SELECT (SELECT sum(n) FROM r) + (SELECT sum(v) FROM m) + (SELECT count(*) FROM m)";
    must("CREATE TEMP TABLE other AS SELECT 1 AS a");
    expect_text(sql, 1275 + 450 + 100, true);
    expect_text(sql, 1275 + 450 + 100, false);
    expect_text(sql, 1275 + 450 + 100, false);
}
