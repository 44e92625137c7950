/* The C API used in ways that its manual does not show: handles that are NULL, columns and parameters that are not there,
 * closing in the wrong order, resets at any moment, tables dropped under a reader. Each call says what is wrong; nothing
 * crashes or leaks. */
#include "engine/depot.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static unsigned failures;
static depot *db;

static void check(int holds, int line, const char *what) {
    if (!holds) {
        fprintf(stderr, "line %d: %s\n", line, what);
        failures++;
    }
}
#define CHECK(condition) check((condition), __LINE__, #condition)

static depot_statement *prepare(const char *sql) {
    depot_statement *statement = NULL;
    CHECK(depot_prepare(db, sql, -1, &statement, NULL) == DEPOT_OK);
    return statement;
}

static int fails_with(const char *sqlstate) {
    return strcmp(depot_last_error(db)->sqlstate, sqlstate) == 0;
}

static void handles_that_are_null(void) {
    depot_statement *statement;
    CHECK(depot_prepare(NULL, "SELECT 1", -1, &statement, NULL) == DEPOT_MISUSE && statement == NULL);
    CHECK(depot_prepare(db, NULL, -1, &statement, NULL) == DEPOT_MISUSE && statement == NULL);
    CHECK(depot_execute(NULL, "SELECT 1") == DEPOT_MISUSE && depot_execute(db, NULL) == DEPOT_MISUSE);
    const depot_batch *batch;
    CHECK(depot_step(NULL) == DEPOT_MISUSE && depot_reset(NULL) == DEPOT_MISUSE);
    CHECK(depot_next_batch(NULL, &batch) == DEPOT_MISUSE && batch == NULL);
    CHECK(depot_bind_int64(NULL, 1, 1) == DEPOT_MISUSE && depot_bind_text(NULL, 1, "x", -1) == DEPOT_MISUSE);
    depot_finalize(NULL);
    depot_close(NULL);
}

static void columns_and_rows(void) {
    depot_statement *statement = prepare("SELECT 1 AS a, 'x' AS b");
    CHECK(depot_column_text(statement, 0) == NULL && depot_column_name(statement, 2) == NULL);
    CHECK(depot_step(statement) == DEPOT_ROW);
    CHECK(depot_column_text(statement, 2) == NULL && depot_column_int64(statement, 1) == 0);
    CHECK(depot_step(statement) == DEPOT_DONE && depot_step(statement) == DEPOT_DONE);
    CHECK(depot_column_text(statement, 0) == NULL);
    CHECK(depot_reset(statement) == DEPOT_OK && depot_reset(statement) == DEPOT_OK);
    CHECK(depot_step(statement) == DEPOT_ROW && depot_reset(statement) == DEPOT_OK && depot_step(statement) == DEPOT_ROW);
    depot_finalize(statement);
}

static void parameters(void) {
    depot_statement *statement = prepare("SELECT $1::integer + 1, $2::text");
    CHECK(depot_bind_int64(statement, 0, 1) == DEPOT_MISUSE && depot_bind_text(statement, 3, "x", -1) == DEPOT_MISUSE);
    CHECK(depot_bind_text(statement, 1, "nonsense", -1) == DEPOT_OK);
    CHECK(depot_step(statement) == DEPOT_ERROR && fails_with("22P02"));
    CHECK(depot_step(statement) == DEPOT_ERROR);
    CHECK(depot_bind_text(statement, 2, "\xff", 1) == DEPOT_ERROR && fails_with("22021"));
    CHECK(depot_bind_int64(statement, 1, INT32_MAX) == DEPOT_OK);
    CHECK(depot_step(statement) == DEPOT_ERROR && fails_with("22003"));
    CHECK(depot_bind_text(statement, 1, "41", -1) == DEPOT_OK && depot_bind_text(statement, 2, "", 0) == DEPOT_OK);
    CHECK(depot_step(statement) == DEPOT_ROW && depot_column_int64(statement, 0) == 42);
    CHECK(depot_column_bytes(statement, 1) == 0 && !depot_column_is_null(statement, 1));
    CHECK(depot_bind_text(statement, 2, NULL, -1) == DEPOT_OK);
    CHECK(depot_step(statement) == DEPOT_ROW && depot_column_is_null(statement, 1));
    depot_finalize(statement);
}

/* What was bound before is given back: a statement of a loader is bound as long as there are rows. */
static void many_texts(void) {
    static char text[100001];
    memset(text, 'x', sizeof text - 1);
    depot_statement *statement = prepare("SELECT length($1)");
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    for (int i = 0; i < 10000; i++) {
        CHECK(depot_bind_text(statement, 1, text, (int64_t)sizeof text - 1 - i) == DEPOT_OK);
    }
    CHECK(depot_step(statement) == DEPOT_ROW && depot_column_int64(statement, 0) == 90001);
    depot_finalize(statement);
    getrusage(RUSAGE_SELF, &after);
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__ /* which keep what is freed */
    CHECK(after.ru_maxrss - before.ru_maxrss < 100 * 1024);       /* KiB, of 950 MB of text */
#endif
}

static void texts_of_statements(void) {
    depot_statement *statement;
    CHECK(depot_prepare(db, " -- nothing\n;; /* still */", -1, &statement, NULL) == DEPOT_OK && statement == NULL);
    CHECK(depot_prepare(db, "SELECT 1\0SELECT 2", 17, &statement, NULL) == DEPOT_ERROR && statement == NULL);
    CHECK(depot_prepare(db, "SELECT '\xff'", -1, &statement, NULL) == DEPOT_ERROR && statement == NULL);
    CHECK(depot_prepare(db, "SELECT 'abc", -1, &statement, NULL) == DEPOT_ERROR && statement == NULL);
    CHECK(depot_set(db, "nosuch", "1") == DEPOT_ERROR && depot_set(db, "threads", "1'; DROP TABLE t; --") == DEPOT_ERROR);
}

static void read_side_by_side(void) {
    CHECK(depot_execute(db, "CREATE TABLE t AS SELECT n FROM generate_series(1, 20000) AS g(n)") == DEPOT_OK);
    depot_statement *up = prepare("SELECT n FROM t ORDER BY n"), *down = prepare("SELECT n FROM t ORDER BY n DESC");
    CHECK(depot_step(up) == DEPOT_ROW && depot_step(down) == DEPOT_ROW && depot_column_int64(down, 0) == 20000);
    CHECK(depot_execute(db, "INSERT INTO t VALUES (0); DROP TABLE t") == DEPOT_OK);
    int rows = 1;
    while (depot_step(up) == DEPOT_ROW) {
        rows++;
    }
    CHECK(rows == 20000);
    CHECK(depot_reset(down) == DEPOT_OK && depot_step(down) == DEPOT_ERROR && fails_with("42P01"));
    CHECK(depot_column_count(down) == 0 && depot_column_name(down, 0) == NULL);
    depot_finalize(down);
    depot_finalize(up);
}

static void *cancel_often(void *stop) {
    while (!atomic_load((_Atomic(int) *)stop)) {
        depot_cancel(db);
        usleep(300);
    }
    return NULL;
}

static void cancelled_from_elsewhere(void) {
    _Atomic(int) stop = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, cancel_often, &stop);
    for (int i = 0; i < 50; i++) {
        depot_code code = depot_execute(db, "SELECT count(*) FROM generate_series(1, 100000) AS g(n) WHERE n % 3 = 1");
        CHECK(code == DEPOT_OK || fails_with("57014"));
    }
    atomic_store(&stop, 1);
    pthread_join(thread, NULL);
}

static void closed_before_its_statements(void) {
    depot *other;
    depot_statement *running, *waiting, *writing;
    depot_appender *appender;
    CHECK(depot_open(NULL, NULL, &other, NULL) == DEPOT_OK);
    CHECK(depot_execute(other, "CREATE TABLE t (a integer); BEGIN; INSERT INTO t VALUES (1)") == DEPOT_OK);
    CHECK(depot_prepare(other, "SELECT n FROM generate_series(1, 100000000) AS g(n)", -1, &running, NULL) == DEPOT_OK);
    CHECK(depot_prepare(other, "SELECT 1", -1, &waiting, NULL) == DEPOT_OK);
    CHECK(depot_prepare(other, "INSERT INTO t VALUES (2)", -1, &writing, NULL) == DEPOT_OK);
    CHECK(depot_step(running) == DEPOT_ROW);
    depot_close(other);
    CHECK(depot_step(running) == DEPOT_ROW);
    depot_finalize(running);
    CHECK(depot_step(writing) == DEPOT_DONE);
    depot_finalize(writing);
    depot_finalize(waiting);
    CHECK(depot_open(NULL, NULL, &other, NULL) == DEPOT_OK && depot_execute(other, "CREATE TABLE t (a integer)") == DEPOT_OK);
    CHECK(depot_appender_open(other, "public", "t", &appender) == DEPOT_OK);
    depot_close(other);
}

int main(void) {
    CHECK(depot_open(NULL, NULL, &db, NULL) == DEPOT_OK);
    handles_that_are_null();
    columns_and_rows();
    parameters();
    many_texts();
    texts_of_statements();
    read_side_by_side();
    cancelled_from_elsewhere();
    closed_before_its_statements();
    depot_close(db);
    printf("%u failures\n", failures);
    return failures > 0;
}
