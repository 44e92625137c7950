/* Statements that touch every part of the engine, with each allocation failing in turn: the answer is OUT_OF_MEMORY or right,
 * nothing crashes, tables stay as they were, and the next statement works. Leaks are AddressSanitizer's to find.
 * usage: out_of_memory [EVERY]: after the first 40 allocations of a statement only every EVERY-th is tried (default 7). */
#include "core/memory.h"
#include "engine/depot.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPILLED_SHARE 40 /* spilling allocates most per chunk, again and again */

static unsigned failures, injected;

static void complain(const char *sql, int64_t nth, const char *what) {
    fprintf(stderr, "allocation %lld of %s: %s\n", (long long)nth, sql, what);
    failures++;
}

static const char *const setup[] = {
    "CREATE TABLE t (id integer, g integer, v decimal(12,2), name varchar(40), d date) DISTSTYLE KEY DISTKEY (id) SORTKEY (d)",
    "CREATE TABLE e (g integer, label varchar(30)) DISTSTYLE EVEN",
    ("INSERT INTO t SELECT n, n % 50, n * 1.25, 'name number ' || n % 90, DATE '2020-01-01' + n % 700 "
     "FROM generate_series(1, 6000) AS s (n)"),
    "INSERT INTO e SELECT n, 'a label that is long ' || n FROM generate_series(0, 60) AS s (n)",
    "CREATE TABLE m (id integer, name varchar(40)) DISTKEY (id) SORTKEY (id) WITH (block_rows = 2048)",
    "INSERT INTO m SELECT n / 2, 'merged name number ' || n FROM generate_series(1, 5000) AS s (n)",
    "INSERT INTO m SELECT n, 'other name number ' || n FROM generate_series(1, 5000) AS s (n)",
    "CREATE TABLE p (id integer, v integer) PARTITION BY (truncate(20000, id))",
    "INSERT INTO p SELECT n, n % 9 FROM generate_series(1, 60000) AS s (n)",
};

/* Reading: the answer never changes. */
static const char *const questions[] = {
    "SELECT count(*), sum(v), min(name), max(d) FROM t WHERE d < DATE '2021-06-01' AND name LIKE 'name%'",
    "SELECT g, count(*), sum(v), count(DISTINCT name) FROM t GROUP BY g ORDER BY g",
    "SELECT e.label, sum(t.v) FROM t JOIN e ON t.g = e.g GROUP BY e.label ORDER BY 1",
    "SELECT count(*) FROM t a JOIN t b ON a.g = b.id LEFT JOIN e ON e.g = a.g",
    "SELECT name, id, v FROM t ORDER BY name, v DESC, id",
    "SELECT name, id FROM t ORDER BY v DESC, id LIMIT 20",
    ("SELECT id, sum(v) OVER (PARTITION BY g ORDER BY id ROWS BETWEEN 3 PRECEDING AND 2 FOLLOWING), rank() OVER (ORDER BY g) "
     "FROM t ORDER BY id"),
    ("WITH a AS (SELECT g, avg(v) AS m FROM t GROUP BY g) SELECT count(*) FROM t, a WHERE t.g = a.g AND t.v > a.m "
     "AND t.id IN (SELECT id FROM t WHERE g < 20)"),
    ("SELECT upper(name) || '!', CASE WHEN g > 10 THEN CAST(v AS varchar(20)) END, d + 1 FROM t UNION ALL "
     "SELECT label, NULL, NULL FROM e ORDER BY 1, 2, 3"),
    "SELECT count(*) FROM generate_series(1, 300) AS a (n) CROSS JOIN generate_series(1, 300) AS b (n) WHERE a.n < b.n",
    "SELECT count(*), max(a.name), min(b.name) FROM m a JOIN m b ON a.id = b.id AND a.name <> b.name",
    "SELECT count(*), count(b.name) FROM m a LEFT JOIN m b ON a.id = b.id AND a.name < b.name",
    "SELECT count(*), sum(a.v) FROM p a JOIN p b ON a.id = b.id",
    "SELECT date_trunc('month', d), count(DISTINCT g), count(DISTINCT id), sum(DISTINCT g) FROM t GROUP BY 1 ORDER BY 1",
    "SELECT DISTINCT EXTRACT(YEAR FROM d), g FROM t ORDER BY 1, 2",
    "SELECT count(*), sum(id) FROM (SELECT id, rank() OVER (PARTITION BY v % 2 ORDER BY v) AS place FROM p) AS x WHERE place = "
    "1",
    "EXPLAIN ANALYZE SELECT e.label, sum(t.v) FROM t JOIN e ON t.g = e.g GROUP BY e.label",
};

/* With force_spill: rows go to disk, and are read from there. */
static const char *const spilled[] = {
    "SELECT count(*), max(a.name), min(b.name) FROM m a FULL JOIN m b ON a.id = b.id AND a.name <> b.name",
    "SELECT count(*), sum(a.id) FROM m a WHERE NOT EXISTS (SELECT 1 FROM m b WHERE b.name = a.name AND b.id > a.id)",
    "SELECT count(*), count(b.id), min(e.label) FROM e LEFT JOIN p b ON e.g < b.id AND b.id < 200",
    "SELECT count(*), sum(a.v) FROM p a JOIN p b ON a.id = b.id",
};

/* Writing: all or nothing. A failure leaves the table away; what was written is dropped again. */
static const char *const writes[] = {
    "CREATE TABLE w (id integer, name varchar(40)) PARTITION BY (bucket(4, id))",
    "CREATE TABLE w AS SELECT * FROM t WHERE g < 30",
};

/* Changing rows: the table has its old rows or the new ones. Up to four statements that count as one. */
static const char *const changes[][4] = {
    {"DELETE FROM c WHERE g % 5 = 1"},
    {"DELETE FROM c USING e WHERE c.g = e.g AND e.label LIKE '%3%'"},
    {"UPDATE c SET id = id + 1, v = v * 2, name = upper(name) WHERE g < 25"},
    {"UPDATE c SET name = e.label FROM e WHERE c.g = e.g AND e.g % 2 = 0"},
    {"MERGE INTO c USING (SELECT id + 1000 AS id, g FROM t WHERE g < 10) AS s ON c.id = s.id WHEN MATCHED AND s.g = 3 THEN "
     "DELETE "
     "WHEN MATCHED THEN UPDATE SET v = s.g WHEN NOT MATCHED THEN INSERT (id, g) VALUES (s.id, s.g)"},
    {"TRUNCATE TABLE c"},
    {"BEGIN", "DELETE FROM c WHERE id % 2 = 0", "UPDATE c SET g = g + 1 WHERE id % 3 = 0", "COMMIT"},
    {"BEGIN", "INSERT INTO c SELECT id + 10000, g, v, name, d FROM c WHERE g = 7", "DELETE FROM c WHERE id > 12000", "COMMIT"},
};

/* Rows of the answer added up in a way that depends on every value; -1 after an error, -2 after out of memory. */
static int64_t answer(depot *db, const char *sql) {
    depot_statement *statement;
    depot_code code = depot_prepare(db, sql, -1, &statement, NULL);
    int64_t sum = 0;
    bool is_plan = strncmp(sql, "EXPLAIN", 7) == 0;
    while (code == DEPOT_OK || code == DEPOT_ROW) {
        code = depot_step(statement);
        for (uint32_t i = 0; code == DEPOT_ROW && !is_plan && i < depot_column_count(statement); i++) {
            const char *text = depot_column_text(statement, i);
            if (text == NULL && !depot_column_is_null(statement, i)) { /* no memory for the text */
                depot_finalize(statement);
                return -2;
            }
            for (size_t k = 0; text != NULL && text[k] != 0; k++) {
                sum = (sum * 31 + text[k]) % 1000000007;
            }
        }
    }
    depot_finalize(statement);
    if (code == DEPOT_DONE) {
        return sum;
    }
    return strcmp(depot_last_error(db)->sqlstate, "53200") == 0 ? -2 : -1;
}

static int64_t next_nth(int64_t nth, int64_t every) {
    return nth < 40 ? nth + 1 : nth + every;
}

static void try_question(depot *db, const char *sql, int64_t every) {
    int64_t wanted = answer(db, sql);
    if (wanted < 0) {
        complain(sql, 0, depot_last_error(db)->message);
        return;
    }
    for (int64_t nth = 1;; nth = next_nth(nth, every)) {
        memory_fail_nth(nth);
        int64_t got = answer(db, sql);
        bool fired = memory_fail_nth(0) <= 0;
        if (got != wanted && got != -2) {
            complain(sql, nth, got == -1 ? depot_last_error(db)->message : "another answer");
        }
        if (!fired) {
            break;
        }
        injected++;
        if (nth % 16 == 0 && (got = answer(db, sql)) != wanted) {
            complain(sql, nth, got < 0 ? depot_last_error(db)->message : "another answer afterwards");
        }
    }
}

static void try_write(depot *db, const char *sql, int64_t every) {
    bool fired = true;
    for (int64_t nth = 1; fired; nth = next_nth(nth, every)) {
        memory_fail_nth(nth);
        int64_t got = answer(db, sql);
        fired = memory_fail_nth(0) <= 0;
        injected += fired;
        if (got == -1) {
            complain(sql, nth, depot_last_error(db)->message);
        }
        bool exists = answer(db, "SELECT count(*) FROM w") >= 0;
        if (exists != (got >= 0)) {
            complain(sql, nth, exists ? "failed, but the table is there" : "done, but the table is not there");
        }
        if (exists && answer(db, "DROP TABLE w") < 0) {
            complain(sql, nth, depot_last_error(db)->message);
            return;
        }
    }
}

/* `source`: the statement that fills; the table keeps its rows or has all new ones. */
static void try_fill(depot *db, const char *source, int64_t every) {
    bool fired = true;
    for (int64_t nth = 1; fired; nth = next_nth(nth, every)) {
        if (answer(db, "CREATE TABLE w (id integer, g integer, v decimal(12,2), name varchar(40), d date) "
                       "PARTITION BY (year(d)) SORTKEY (name)") < 0) {
            complain(source, nth, depot_last_error(db)->message);
            return;
        }
        int64_t empty = answer(db, "SELECT count(*) FROM w");
        memory_fail_nth(nth);
        int64_t got = answer(db, source);
        fired = memory_fail_nth(0) <= 0;
        injected += fired;
        int64_t rows = answer(db, "SELECT count(*) FROM w");
        if (got == -1) {
            complain(source, nth, depot_last_error(db)->message);
        }
        if (rows < 0 || (got < 0) != (rows == empty)) {
            complain(source, nth, "the table has a part of the rows");
        }
        if (answer(db, "DROP TABLE w") < 0) {
            complain(source, nth, depot_last_error(db)->message);
            return;
        }
    }
}

#define STATE "SELECT id, g, v, name, d FROM c ORDER BY id, g, name"

/* False: the table cannot be made. */
static bool fill_changed(depot *db) {
    return answer(db, "DROP TABLE IF EXISTS c") >= 0 &&
           answer(db,
                  "CREATE TABLE c (id integer NOT NULL, g integer, v decimal(12,2), name varchar(40), d date, CHECK (id > 0)) "
                  "PARTITION BY (year(d)) SORTKEY (id) WITH (block_rows = 2048)") >= 0 &&
           answer(db, "INSERT INTO c SELECT * FROM t") >= 0 && answer(db, "DELETE FROM c WHERE id % 10 = 3") >= 0;
}

static int64_t run_change(depot *db, const char *const *statements) {
    int64_t got = 0;
    for (int i = 0; i < 4 && statements[i] != NULL && got >= 0; i++) {
        got = answer(db, statements[i]);
    }
    return got;
}

static void try_change(depot *db, const char *const *statements, int64_t every) {
    bool fired = true, is_filled = false;
    int64_t before = 0, after = -1;
    const char *named = statements[1] != NULL ? statements[1] : statements[0];
    for (int64_t nth = 0; fired; nth = next_nth(nth, every)) {
        if (!is_filled && !fill_changed(db)) {
            complain(named, nth, depot_last_error(db)->message);
            return;
        }
        before = answer(db, STATE);
        memory_fail_nth(nth == 0 ? INT64_MAX : nth); /* the first time nothing fails */
        int64_t got = run_change(db, statements);
        fired = memory_fail_nth(0) <= 0 || nth == 0;
        injected += nth > 0 && fired;
        if (got == -1) {
            complain(named, nth, depot_last_error(db)->message);
        }
        answer(db, "ROLLBACK"); /* a warning where there is nothing to take back */
        int64_t state = answer(db, STATE);
        after = nth == 0 ? state : after;
        if (state != (got >= 0 ? after : before)) {
            complain(named, nth, "the table has neither its old rows nor the new ones");
        }
        is_filled = got < 0;
    }
}

static bool write_csv(const char *path) {
    FILE *file = fopen(path, "w");
    for (int i = 0; file != NULL && i < 3000; i++) {
        fprintf(file, "%d,%d,%d.50,\"name, number %d\",%d-02-03\n", i, i % 9, i, i % 40, 2001 + i % 4);
    }
    return file != NULL && fclose(file) == 0;
}

static void try_everything(const char *path, int64_t every) {
    depot *db;
    depot_error error;
    depot_options options = {.nodes = 4, .slices = 2};
    char csv[64], copy[200];
    snprintf(csv, sizeof csv, "/tmp/depot_memory_%d.csv", (int)getpid());
    snprintf(copy, sizeof copy, "COPY w FROM '%s' (FORMAT csv)", csv);
    if (!write_csv(csv) || depot_open(path, &options, &db, &error) != DEPOT_OK) {
        complain("open", 0, "not possible");
        return;
    }
    depot_set(db, "threads", "2");
    for (size_t i = 0; i < sizeof setup / sizeof *setup; i++) {
        if (answer(db, setup[i]) < 0) {
            complain(setup[i], 0, depot_last_error(db)->message);
        }
    }
    depot_set(db, "plan_cache", "off"); /* so that planning is done each time */
    for (size_t i = 0; failures == 0 && i < sizeof questions / sizeof *questions; i++) {
        try_question(db, questions[i], every);
    }
    depot_set(db, "plan_cache", "on");
    for (size_t i = 0; failures == 0 && i < sizeof questions / sizeof *questions; i += 5) {
        try_question(db, questions[i], every);
    }
    depot_set(db, "force_spill", "on");
    for (size_t i = 0; failures == 0 && i < sizeof spilled / sizeof *spilled; i++) {
        try_question(db, spilled[i], every * SPILLED_SHARE);
    }
    depot_set(db, "force_spill", "off");
    for (size_t i = 0; failures == 0 && i < sizeof writes / sizeof *writes; i++) {
        try_write(db, writes[i], every);
    }
    if (failures == 0) {
        try_fill(db, copy, every);
        try_fill(db, "INSERT INTO w SELECT * FROM t WHERE g < 20", every);
    }
    for (size_t i = 0; failures == 0 && i < sizeof changes / sizeof *changes; i++) {
        try_change(db, changes[i], every);
    }
    depot_close(db);
    unlink(csv);
}

int main(int argc, char **argv) {
    int64_t every = argc > 1 ? atoi(argv[1]) : 7;
    try_everything(NULL, every < 1 ? 1 : every);
    printf("%u allocations failed in turn, %u failures\n", injected, failures);
    return failures > 0;
}
