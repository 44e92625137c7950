/* Transactions through the public header: what other connections see, conflicts, the writer lock, statements that are stepped
 * through while their transaction ends, the appender inside a transaction. */
#include "engine/depot.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];
static depot *a, *b; /* two connections to one warehouse */

static depot *connect(void) {
    depot *db;
    depot_error error;
    depot_options options = {.nodes = 2, .slices = 2};
    cr_assert_eq(depot_open(folder, &options, &db, &error), DEPOT_OK, "%s", error.message);
    return db;
}

static void must(depot *db, const char *sql) {
    cr_assert_eq(depot_execute(db, sql), DEPOT_OK, "%s: %s", sql, depot_last_error(db)->message);
}

static void must_fail(depot *db, const char *sql, const char *sqlstate) {
    cr_assert_eq(depot_execute(db, sql), DEPOT_ERROR, "%s", sql);
    cr_assert_str_eq(depot_last_error(db)->sqlstate, sqlstate, "%s: %s", sql, depot_last_error(db)->message);
}

/* The first column of the first row. */
static int64_t ask(depot *db, const char *sql) {
    depot_statement *statement;
    cr_assert_eq(depot_prepare(db, sql, -1, &statement, NULL), DEPOT_OK, "%s", depot_last_error(db)->message);
    cr_assert_eq(depot_step(statement), DEPOT_ROW, "%s: %s", sql, depot_last_error(db)->message);
    int64_t value = depot_column_int64(statement, 0);
    depot_finalize(statement);
    return value;
}

static int64_t rows_of(depot *db) {
    return ask(db, "SELECT count(*) FROM t");
}

static void setup(void) {
    strcpy(folder, "/tmp/depot-transaction-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    a = connect();
    must(a, "CREATE TABLE t (k integer, v integer); INSERT INTO t SELECT x, 0 FROM generate_series(1, 10) AS g(x)");
    b = connect();
}
static void teardown(void) {
    depot_close(a);
    depot_close(b);
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}
TestSuite(transaction, .init = setup, .fini = teardown, .timeout = 120);

Test(transaction, others_see_it_after_commit) {
    must(a, "BEGIN; DELETE FROM t WHERE k > 5; UPDATE t SET v = 1; INSERT INTO t VALUES (100, 1); CREATE TABLE u (x int)");
    cr_assert_eq(depot_transaction_state(a), DEPOT_TRANSACTION_OPEN);
    cr_assert_eq(rows_of(a), 6);
    cr_assert_eq(rows_of(b), 10);
    cr_assert_eq(ask(b, "SELECT sum(v) FROM t"), 0);
    must_fail(b, "SELECT * FROM u", "42P01");
    must(a, "COMMIT");
    cr_assert_eq(depot_transaction_state(a), DEPOT_TRANSACTION_NONE);
    cr_assert_eq(rows_of(b), 6);
    cr_assert_eq(ask(b, "SELECT sum(v) FROM t"), 6);
    must(b, "SELECT * FROM u");
}

Test(transaction, reads_one_version) {
    must(a, "BEGIN");
    must(b, "DELETE FROM t WHERE k = 1"); /* before the first statement: seen */
    cr_assert_eq(rows_of(a), 9);
    must(b, "DELETE FROM t WHERE k = 2");
    must(b, "INSERT INTO t SELECT x, 0 FROM generate_series(1, 5000) AS g(x)");
    must(b, "DROP TABLE t");
    cr_assert_eq(rows_of(a), 9);
    must(a, "COMMIT");
    must_fail(a, "SELECT count(*) FROM t", "42P01");
}

Test(transaction, a_write_after_an_old_read_conflicts) {
    must(a, "BEGIN");
    cr_assert_eq(rows_of(a), 10);
    must(b, "UPDATE t SET v = v + 1 WHERE k = 3");
    must_fail(a, "UPDATE t SET v = v + 1 WHERE k = 3", "40001");
    cr_assert_eq(depot_transaction_state(a), DEPOT_TRANSACTION_FAILED);
    must_fail(a, "SELECT 1", "25P02");
    must(a, "ROLLBACK");
    must(a, "BEGIN; UPDATE t SET v = v + 1 WHERE k = 3; COMMIT"); /* writes first: cannot conflict */
    cr_assert_eq(ask(b, "SELECT v FROM t WHERE k = 3"), 2);
    must(a, "BEGIN; SELECT * FROM t; UPDATE t SET v = v + 1 WHERE k = 3; COMMIT"); /* nobody was in between */
    cr_assert_eq(ask(b, "SELECT v FROM t WHERE k = 3"), 3);
}

Test(transaction, one_writer_at_a_time) {
    must(a, "BEGIN; INSERT INTO t VALUES (11, 0)");
    must_fail(b, "INSERT INTO t VALUES (12, 0)", "55P03");
    cr_assert_eq(rows_of(b), 10);
    must_fail(a, "SELECT 1 / 0", "22012"); /* takes it back, and lets the lock go */
    must(b, "INSERT INTO t VALUES (12, 0)");
    must(a, "ROLLBACK");
    cr_assert_eq(rows_of(a), 11);
}

Test(transaction, closing_takes_it_back) {
    must(a, "BEGIN; DELETE FROM t");
    depot_close(a);
    cr_assert_eq(rows_of(b), 10);
    must(b, "DELETE FROM t WHERE k = 1");
    a = connect();
    cr_assert_eq(rows_of(a), 9);
}

Test(transaction, a_statement_being_stepped_ends_with_it) {
    must(a, "BEGIN; INSERT INTO t SELECT x, 0 FROM generate_series(11, 9000) AS g(x)");
    depot_statement *reader, *old;
    cr_assert_eq(depot_prepare(a, "SELECT k FROM t", -1, &reader, NULL), DEPOT_OK);
    cr_assert_eq(depot_step(reader), DEPOT_ROW);
    must(a, "DELETE FROM t WHERE k > 20"); /* it goes on with what it began to read */
    for (int i = 1; i < 9000; i++) {
        cr_assert_eq(depot_step(reader), DEPOT_ROW, "row %d", i);
    }
    cr_assert_eq(depot_step(reader), DEPOT_DONE);
    depot_reset(reader);
    cr_assert_eq(depot_step(reader), DEPOT_ROW);
    must(a, "COMMIT");
    cr_assert_eq(depot_step(reader), DEPOT_ERROR);
    cr_assert_str_eq(depot_last_error(a)->sqlstate, "25000");
    depot_reset(reader);
    cr_assert_eq(depot_step(reader), DEPOT_ROW);
    depot_finalize(reader);
    /* What reads a committed version goes on. */
    must(a, "BEGIN");
    cr_assert_eq(depot_prepare(a, "SELECT k FROM t", -1, &old, NULL), DEPOT_OK);
    cr_assert_eq(depot_step(old), DEPOT_ROW);
    must(a, "ROLLBACK");
    must(b, "DROP TABLE t");
    for (int i = 1; i < 20; i++) {
        cr_assert_eq(depot_step(old), DEPOT_ROW, "row %d", i);
    }
    cr_assert_eq(depot_step(old), DEPOT_DONE);
    depot_finalize(old);
}

static void append(depot *db, bool commits) {
    depot_appender *appender;
    depot_error error;
    static const int32_t keys[] = {101, 102, 103}, values[] = {7, 8, 9};
    depot_column columns[] = {{.type = DEPOT_INTEGER, .element_bytes = 4, .values = keys},
                              {.type = DEPOT_INTEGER, .element_bytes = 4, .values = values}};
    depot_batch batch = {.rows = 3, .column_count = 2, .columns = columns};
    uint64_t rows;
    cr_assert_eq(depot_appender_open(db, NULL, "t", &appender), DEPOT_OK, "%s", depot_last_error(db)->message);
    cr_assert_eq(depot_appender_append(appender, 0, &batch, 1, &error), DEPOT_OK, "%s", error.message);
    if (commits) {
        cr_assert_eq(depot_appender_commit(appender, &rows), DEPOT_OK);
        cr_assert_eq(rows, 3);
    } else {
        depot_appender_abort(appender);
    }
}

Test(transaction, an_appender_loads_into_it) {
    must(a, "BEGIN; DELETE FROM t WHERE k <= 5");
    append(a, true);
    cr_assert_eq(rows_of(a), 8);
    cr_assert_eq(rows_of(b), 10);
    must(a, "DELETE FROM t WHERE k = 102; COMMIT");
    cr_assert_eq(rows_of(b), 7);
    must(a, "BEGIN");
    append(a, true);
    must(a, "ROLLBACK");
    cr_assert_eq(rows_of(b), 7);
    must(a, "BEGIN; DELETE FROM t");
    append(a, false);
    cr_assert_eq(depot_transaction_state(a), DEPOT_TRANSACTION_FAILED);
    must(a, "ROLLBACK");
    cr_assert_eq(rows_of(b), 7);
    append(a, true); /* on its own, as before */
    cr_assert_eq(rows_of(b), 10);
    must(a, "BEGIN READ ONLY");
    depot_appender *appender;
    cr_assert_eq(depot_appender_open(a, NULL, "t", &appender), DEPOT_ERROR);
    cr_assert_str_eq(depot_last_error(a)->sqlstate, "25006");
    must(a, "ROLLBACK");
}

Test(transaction, many_statements_leave_no_files_behind) {
    must(a, "BEGIN");
    for (int i = 0; i < 100; i++) {
        must(a, "INSERT INTO t VALUES (1000, 1)");
        must(a, "UPDATE t SET v = v + 1 WHERE k = 1000");
        must(a, "DELETE FROM t WHERE v = 40");
    }
    int64_t rows = rows_of(a);
    must(a, "COMMIT");
    cr_assert_eq(rows_of(b), rows);
    char command[200];
    snprintf(command, sizeof command, "test $(find %s/tables -type f | wc -l) -le 8", folder);
    cr_assert_eq(system(command), 0);
}

Test(transaction, parameters_and_counts) {
    depot_statement *statement;
    cr_assert_eq(depot_prepare(a, "UPDATE t SET v = $1 WHERE k < $2", -1, &statement, NULL), DEPOT_OK);
    depot_bind_int64(statement, 1, 5);
    depot_bind_int64(statement, 2, 4);
    cr_assert_eq(depot_step(statement), DEPOT_DONE);
    cr_assert_eq(depot_rows(statement), 3);
    cr_assert_str_eq(depot_statement_tag(statement), "UPDATE");
    depot_bind_int64(statement, 2, 2);
    cr_assert_eq(depot_step(statement), DEPOT_DONE);
    cr_assert_eq(depot_rows(statement), 1);
    depot_finalize(statement);
    cr_assert_eq(depot_prepare(a, "DELETE FROM t WHERE k IN ($1, 2)", -1, &statement, NULL), DEPOT_OK);
    depot_bind_int64(statement, 1, 9);
    cr_assert_eq(depot_step(statement), DEPOT_DONE);
    cr_assert_eq(depot_rows(statement), 2);
    cr_assert_str_eq(depot_statement_tag(statement), "DELETE");
    depot_finalize(statement);
    cr_assert_eq(ask(b, "SELECT sum(v) FROM t"), 10);
}
