/* Several connections in one process at the same time: readers beside writers, an appender fed by several threads, statements
 * cancelled from another thread, connections opened and closed. Every commit keeps the table's sums at zero, so a reader that
 * sees anything else saw a part of one. Run it under ThreadSanitizer: stress [SECONDS]. */
#include "engine/depot.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define READERS 3
#define BATCH_ROWS 1000 /* even: a row and its opposite */

static char folder[64];
static atomic_bool stopping;
static atomic_uint failures, answers, commits, cancellations;
static depot *reader_connections[READERS]; /* guarded by connections_lock, so that none is cancelled after its close */
static pthread_mutex_t connections_lock = PTHREAD_MUTEX_INITIALIZER;

static void report(const char *what, const depot_error *error) {
    fprintf(stderr, "%s: %s (%s)\n", what, error->message, error->sqlstate);
    atomic_fetch_add(&failures, 1);
}

static depot *open_warehouse(void) {
    depot *db;
    depot_error error;
    depot_options options = {.nodes = 2, .slices = 2};
    if (depot_open(folder, &options, &db, &error) != DEPOT_OK) {
        report("open", &error);
        return NULL;
    }
    return db;
}

static bool run(depot *db, const char *sql) {
    bool ok = depot_execute(db, sql) == DEPOT_OK;
    if (!ok) {
        report(sql, depot_last_error(db));
    }
    return ok;
}

/* ------------------------------------------------------------------------------------------------------------- readers */

/* The first column of every row must be 0. */
static const char *const questions[] = {
    "SELECT sum(v), count(*) FROM t",
    "SELECT sum(v), g FROM t GROUP BY g",
    "SELECT sum(v), name, count(DISTINCT id) FROM t GROUP BY name ORDER BY name",
    "SELECT sum(t.v), d.label FROM t JOIN d ON t.g = d.g WHERE d.label <> 'none' GROUP BY d.label ORDER BY 2",
    "SELECT sum(a.v + b.v) FROM t a JOIN (SELECT g, sum(v) AS v FROM t GROUP BY g) b ON a.g = b.g",
    "SELECT v * 0, rank() OVER (PARTITION BY g ORDER BY v, id) FROM t WHERE id % 10 = 3 ORDER BY name, id LIMIT 50",
    "SELECT 0, id, name FROM t ORDER BY v DESC, id LIMIT 100",
    "SELECT sum(v) FROM (SELECT v FROM t UNION ALL SELECT -v FROM t) u",
    "SELECT 0, count(*) FROM t a JOIN t b ON a.id = b.id WHERE a.g < 3",
};

static void ask(depot *db, const char *sql) {
    depot_statement *statement;
    depot_code code = depot_prepare(db, sql, -1, &statement, NULL);
    while (code == DEPOT_OK || code == DEPOT_ROW) {
        code = depot_step(statement);
        if (code == DEPOT_ROW && depot_column_int64(statement, 0) != 0) {
            fprintf(stderr, "%s: saw %s\n", sql, depot_column_text(statement, 0));
            atomic_fetch_add(&failures, 1);
            break;
        }
    }
    if (code == DEPOT_ERROR && strcmp(depot_last_error(db)->sqlstate, "57014") == 0) {
        atomic_fetch_add(&cancellations, 1);
    } else if (code == DEPOT_ERROR) {
        report(sql, depot_last_error(db));
    }
    depot_finalize(statement);
    atomic_fetch_add(&answers, 1);
}

static void set_reader(size_t number, depot *db) {
    pthread_mutex_lock(&connections_lock);
    reader_connections[number] = db;
    pthread_mutex_unlock(&connections_lock);
}

static void *read_all_the_time(void *number_) {
    size_t number = (size_t)number_;
    depot *db = open_warehouse();
    if (db == NULL) {
        return NULL;
    }
    depot_set(db, "threads", number == 0 ? "1" : "3");
    set_reader(number, db);
    for (size_t i = number; !atomic_load(&stopping); i++) {
        ask(db, questions[i % (sizeof questions / sizeof *questions)]);
    }
    set_reader(number, NULL);
    depot_close(db);
    return NULL;
}

static void *cancel_now_and_then(void *unused) {
    (void)unused;
    for (size_t i = 0; !atomic_load(&stopping); i++) {
        usleep(90000);
        pthread_mutex_lock(&connections_lock);
        depot *db = reader_connections[i % READERS];
        if (db != NULL) {
            depot_cancel(db);
        }
        pthread_mutex_unlock(&connections_lock);
    }
    return NULL;
}

static void *open_and_close(void *unused) {
    (void)unused;
    while (!atomic_load(&stopping)) {
        depot *db = open_warehouse();
        if (db == NULL) {
            return NULL;
        }
        ask(db, questions[0]);
        depot_close(db);
        usleep(20000);
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------------- writers */

static void *insert_all_the_time(void *unused) {
    (void)unused;
    depot *db = open_warehouse();
    for (int i = 0; db != NULL && !atomic_load(&stopping); i++) {
        char sql[200];
        snprintf(sql, sizeof sql,
                 "INSERT INTO t SELECT n, n %% 7, s * n, 'row ' || n %% 13 FROM generate_series(%d, %d) AS g (n), "
                 "(VALUES (1), (-1)) AS w (s)",
                 100 * i, 100 * i + 99);
        if (!run(db, sql) || !run(db, "CREATE TABLE extra AS SELECT g, count(*) AS n FROM t GROUP BY g") ||
            !run(db, "DROP TABLE extra")) {
            break;
        }
        atomic_fetch_add(&commits, 1);
        usleep(50000);
    }
    depot_close(db);
    return NULL;
}

typedef struct Load {
    depot_appender *appender;
    pthread_mutex_t lock;
    uint64_t next;
    uint64_t batches;
} Load;

static void *append_batches(void *load_) {
    Load *load = load_;
    for (;;) {
        pthread_mutex_lock(&load->lock);
        uint64_t number = load->next++;
        pthread_mutex_unlock(&load->lock);
        if (number >= load->batches) {
            return NULL;
        }
        int32_t ids[BATCH_ROWS], groups[BATCH_ROWS];
        int64_t values[BATCH_ROWS];
        depot_text names[BATCH_ROWS];
        for (int i = 0; i < BATCH_ROWS; i++) {
            ids[i] = (int32_t)(number * BATCH_ROWS) + i / 2;
            groups[i] = i / 2 % 7;
            values[i] = i % 2 == 0 ? i + 1 : -i;
            names[i] = i / 2 % 2 == 0 ? (depot_text){"short", 5} : (depot_text){"longer than twelve bytes", 24};
        }
        depot_column columns[] = {{.type = DEPOT_INTEGER, .element_bytes = 4, .values = ids},
                                  {.type = DEPOT_INTEGER, .element_bytes = 4, .values = groups},
                                  {.type = DEPOT_BIGINT, .element_bytes = 8, .values = values},
                                  {.type = DEPOT_VARCHAR, .element_bytes = sizeof *names, .values = names}};
        depot_batch batch = {BATCH_ROWS, 4, columns};
        depot_error error;
        if (depot_appender_append(load->appender, number, &batch, 1, &error) != DEPOT_OK) {
            report("append", &error);
        }
    }
}

static void append_once(depot *db, bool commit) {
    Load load = {.lock = PTHREAD_MUTEX_INITIALIZER, .batches = 6};
    pthread_t threads[3];
    if (depot_appender_open(db, NULL, "t", &load.appender) != DEPOT_OK) {
        report("appender", depot_last_error(db));
        return;
    }
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, append_batches, &load);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    uint64_t rows;
    if (!commit) {
        depot_appender_abort(load.appender);
    } else if (depot_appender_commit(load.appender, &rows) != DEPOT_OK) {
        report("commit", depot_last_error(db));
    } else {
        atomic_fetch_add(&commits, 1);
    }
}

static void *append_all_the_time(void *unused) {
    (void)unused;
    depot *db = open_warehouse();
    for (int i = 0; db != NULL && !atomic_load(&stopping); i++) {
        append_once(db, i % 4 != 3);
        usleep(70000);
    }
    depot_close(db);
    return NULL;
}

/* A row's opposite has its id, so that what goes by id keeps the sums; what does not stands in a transaction with its opposite.
 */
static const char *const changes[] = {
    "DELETE FROM t WHERE id % 40 = 7",
    "UPDATE t SET name = upper(name), g = (g + 1) % 7 WHERE id % 11 = 3",
    "UPDATE t SET v = -v WHERE g = 2",
    "BEGIN; UPDATE t SET v = v + 1 WHERE v > 0; UPDATE t SET v = v - 1 WHERE v < 0; COMMIT",
    "BEGIN; DELETE FROM t WHERE v > 100; INSERT INTO t SELECT id, g, 5, name FROM t WHERE v < -100; ROLLBACK",
    "MERGE INTO t USING (SELECT DISTINCT id FROM t WHERE id % 30 = 1) AS s ON t.id = s.id WHEN MATCHED AND t.id % 60 = 1 THEN "
    "DELETE "
    "WHEN MATCHED THEN UPDATE SET name = 'merged'",
    "BEGIN; TRUNCATE d; INSERT INTO d SELECT n, 'group number ' || n FROM generate_series(0, 6) AS g (n); COMMIT",
    "UPDATE t SET name = d.label FROM d WHERE t.g = d.g AND t.id % 5 = 0",
};

static void *change_all_the_time(void *unused) {
    (void)unused;
    depot *db = open_warehouse();
    for (size_t i = 0; db != NULL && !atomic_load(&stopping); i++) {
        const char *sql = changes[i % (sizeof changes / sizeof *changes)];
        bool is_done = depot_execute(db, sql) == DEPOT_OK;
        if (!is_done && strcmp(depot_last_error(db)->sqlstate, "55P03") != 0) { /* another writer may be slow */
            report(sql, depot_last_error(db));
        }
        if (depot_transaction_state(db) != DEPOT_TRANSACTION_NONE) {
            run(db, "ROLLBACK");
        }
        atomic_fetch_add(&commits, is_done);
        usleep(30000);
    }
    depot_close(db);
    return NULL;
}

/* ---------------------------------------------------------------------------------------------------------------- main */

static bool make_tables(void) {
    depot *db = open_warehouse();
    bool ok = db != NULL &&
              run(db, "CREATE TABLE t (id integer, g integer, v bigint, name varchar(40)) DISTSTYLE KEY DISTKEY (id)") &&
              run(db, "CREATE TABLE d (g integer, label varchar(20)) DISTSTYLE ALL") &&
              run(db, "INSERT INTO d SELECT n, 'group number ' || n FROM generate_series(0, 6) AS g (n)") &&
              run(db, "INSERT INTO t SELECT n, n % 7, s * n, 'row ' || n % 13 FROM generate_series(1, 5000) AS g (n), "
                      "(VALUES (1), (-1)) AS w (s)");
    depot_close(db);
    return ok;
}

int main(int argc, char **argv) {
    static void *(*const others[])(void *) = {cancel_now_and_then, open_and_close, insert_all_the_time, append_all_the_time,
                                              change_all_the_time};
    enum { OTHERS = sizeof others / sizeof *others };
    int seconds = argc > 1 ? atoi(argv[1]) : 3;
    pthread_t threads[READERS + OTHERS];
    snprintf(folder, sizeof folder, "/tmp/depot_stress_%d", (int)getpid());
    if (!make_tables()) {
        return 1;
    }
    for (size_t i = 0; i < READERS; i++) {
        pthread_create(&threads[i], NULL, read_all_the_time, (void *)i);
    }
    for (size_t i = 0; i < OTHERS; i++) {
        pthread_create(&threads[READERS + i], NULL, others[i], NULL);
    }
    for (int tenths = 0; tenths < 10 * seconds && atomic_load(&failures) == 0; tenths++) {
        usleep(100000);
    }
    atomic_store(&stopping, true);
    for (size_t i = 0; i < READERS + OTHERS; i++) {
        pthread_join(threads[i], NULL);
    }
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0) {
        fprintf(stderr, "%s is left\n", folder);
    }
    printf("%u answers, %u commits, %u cancelled, %u failures\n", answers, commits, cancellations, failures);
    return failures > 0 || commits == 0 || answers == 0;
}
