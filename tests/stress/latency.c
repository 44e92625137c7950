/* What a statement costs beside its work: microseconds per execution, through the public interface, of statements that hardly
 * read anything. Prints a line per case and way: text (prepare, step, finalize each time), prepared (reset, step), execute (SQL
 * EXECUTE), planned (text, no plan is kept). usage: latency [WAREHOUSE [MILLISECONDS [CASE]]] (default: in memory, 200 ms per
 * figure, all cases) */
#include "engine/depot.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 11 /* of which the median is told */

typedef struct Case {
    const char *name, *sql;
    int64_t parameter; /* values 1 … parameter are bound to $1 in turn; 0: there is none */
} Case;

static depot *db;
static double budget_ms = 200;

static double now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void give_up(const char *what) {
    fprintf(stderr, "%s: %s\n", what, depot_last_error(db)->message);
    exit(1);
}

static void run_all(const char *sql) {
    if (depot_execute(db, sql) != DEPOT_OK) {
        give_up(sql);
    }
}

static uint64_t drain(depot_statement *statement) {
    const depot_batch *batch;
    uint64_t rows = 0;
    depot_code code;
    while ((code = depot_next_batch(statement, &batch)) == DEPOT_OK) {
        rows += batch->rows;
    }
    if (code != DEPOT_DONE) {
        give_up("next");
    }
    return rows;
}

static depot_statement *prepare(const char *sql) {
    depot_statement *statement;
    if (depot_prepare(db, sql, -1, &statement, NULL) != DEPOT_OK) {
        give_up(sql);
    }
    return statement;
}

typedef struct Way {
    const char *name;
    void (*run)(const Case *c, uint64_t i);
} Way;

static depot_statement *prepared;

static int64_t parameter_of(const Case *c, uint64_t i) {
    return (int64_t)(i * 7919 % (uint64_t)c->parameter) + 1;
}

static void run_text(const Case *c, uint64_t i) {
    char text[4096];
    const char *sql = c->sql;
    if (c->parameter > 0) {
        const char *place = strstr(sql, "$1");
        snprintf(text, sizeof text, "%.*s%lld%s", (int)(place - sql), sql, (long long)parameter_of(c, i), place + 2);
        sql = text;
    }
    depot_statement *statement = prepare(sql);
    drain(statement);
    depot_finalize(statement);
}

static void run_prepared(const Case *c, uint64_t i) {
    depot_reset(prepared);
    if (c->parameter > 0) {
        depot_bind_int64(prepared, 1, parameter_of(c, i));
    }
    drain(prepared);
}

static void run_execute(const Case *c, uint64_t i) {
    char text[64];
    snprintf(text, sizeof text, c->parameter > 0 ? "EXECUTE p(%lld)" : "EXECUTE p",
             c->parameter > 0 ? (long long)parameter_of(c, i) : 0);
    depot_statement *statement = prepare(text);
    drain(statement);
    depot_finalize(statement);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double measure(const Case *c, const Way *way) {
    double figures[ROUNDS], started = now_us();
    uint64_t count = 0, number = 0;
    for (; count < 3 || now_us() - started < budget_ms * 1e3 / ROUNDS; count++) {
        way->run(c, number++);
    }
    for (int round = 0; round < ROUNDS; round++) {
        started = now_us();
        for (uint64_t i = 0; i < count; i++) {
            way->run(c, number++);
        }
        figures[round] = (now_us() - started) / (double)count;
    }
    qsort(figures, ROUNDS, sizeof *figures, by_size);
    return figures[ROUNDS / 2];
}

static void tell(const Case *c) {
    static const Way ways[] = {{"text", run_text}, {"prepared", run_prepared}, {"execute", run_execute}, {"planned", run_text}};
    char text[4200];
    snprintf(text, sizeof text, c->parameter > 0 ? "PREPARE p(int) AS %s" : "PREPARE p AS %s", c->sql);
    run_all(text);
    prepared = prepare(c->sql);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        depot_set(db, "plan_cache", strcmp(ways[i].name, "planned") == 0 ? "off" : "on");
        printf("%-24s %-9s %10.2f us\n", c->name, ways[i].name, measure(c, &ways[i]));
        fflush(stdout);
    }
    depot_finalize(prepared);
    run_all("DEALLOCATE p");
}

/* Point queries on a table sorted by its key, and a table of 10,000 blocks of which one is wanted. */
static void make_tables(void) {
    run_all("CREATE TABLE IF NOT EXISTS latency_points (k INTEGER, a INTEGER, b VARCHAR(20)) SORTKEY (k);"
            "CREATE TABLE IF NOT EXISTS latency_blocks (k INTEGER, a INTEGER) SORTKEY (k)");
    depot_statement *statement = prepare("SELECT 1 FROM latency_points LIMIT 1");
    bool is_filled = drain(statement) > 0;
    depot_finalize(statement);
    if (!is_filled) {
        run_all("INSERT INTO latency_points SELECT x, x % 1000, 'name ' || x % 100 FROM generate_series(1, 1000000) AS g(x);"
                "DROP TABLE latency_blocks; SET block_rows = 2048;"
                "CREATE TABLE latency_blocks (k INTEGER, a INTEGER) SORTKEY (k);"
                "INSERT INTO latency_blocks SELECT x, x % 7 FROM generate_series(1, 20480000) AS g(x);"
                "SET block_rows = 8192");
    }
}

int main(int argc, char **argv) {
    static const Case cases[] = {
        {"SELECT 1", "SELECT 1", 0},
        {"SELECT $1", "SELECT $1 + 1", 1000000},
        {"same point", "SELECT * FROM latency_points WHERE k = 4711", 0},
        {"any point", "SELECT * FROM latency_points WHERE k = $1", 1000000},
        {"10,000 blocks, one read", "SELECT sum(a) FROM latency_blocks WHERE k = 10000000", 0},
        {"10,000 blocks, any read", "SELECT sum(a) FROM latency_blocks WHERE k = $1", 20480000},
    };
    depot_error error;
    if (argc > 2) {
        budget_ms = atof(argv[2]);
    }
    if (depot_open(argc > 1 ? argv[1] : NULL, NULL, &db, &error) != DEPOT_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    if (argc < 4 || strncmp(argv[3], "SELECT", 6) != 0) {
        make_tables();
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (argc < 4 || strcmp(argv[3], cases[i].name) == 0) {
            tell(&cases[i]);
        }
    }
    depot_close(db);
    return 0;
}
