/* Any text as SQL, on a warehouse in memory with two small tables: an error or an answer, and plans that print. */
#include "engine/depot.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENTS_MAX 8
#define ROWS_MAX 2000

static depot *open_tables(void) {
    depot *db;
    depot_options options = {.nodes = 2, .slices = 2};
    if (depot_open(NULL, &options, &db, NULL) != DEPOT_OK ||
        depot_execute(
            db,
            "CREATE TABLE t (a integer, b varchar(20), c decimal(10,2), d date) DISTKEY (a) SORTKEY (d);"
            "CREATE TABLE u (a bigint, e double precision, f boolean) DISTSTYLE ALL;"
            "INSERT INTO t SELECT n, 'text ' || n % 7, n * 0.25, DATE '2020-01-01' + n FROM generate_series(1, 50) AS g (n);"
            "INSERT INTO u SELECT n, n / 3.0, n % 2 = 0 FROM generate_series(1, 30) AS g (n)") != DEPOT_OK) {
        abort();
    }
    depot_set(db, "threads", "1");
    depot_set(db, "memory_limit", "64MB");
    return db;
}

static int stop_soon(void *calls_, double share) {
    (void)share;
    int *calls = calls_;
    return ++*calls > 3; /* a third of a second */
}

/* Files and folders are other targets' business. */
static bool touches_files(const char *sql) {
    return strcasestr(sql, "copy") != NULL || strcasestr(sql, "depot_") != NULL || strcasestr(sql, "settings") != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    char *sql = malloc(bytes + 1);
    memcpy(sql, data, bytes);
    sql[bytes] = 0;
    depot *db = touches_files(sql) ? NULL : open_tables();
    const char *at = sql;
    for (int i = 0; db != NULL && i < STATEMENTS_MAX && *at != 0; i++) {
        depot_statement *statement;
        const char *tail;
        int calls = 0;
        if (depot_prepare(db, at, -1, &statement, &tail) != DEPOT_OK || statement == NULL) {
            break;
        }
        depot_progress(db, stop_soon, &calls);
        for (int row = 0; row < ROWS_MAX && depot_step(statement) == DEPOT_ROW; row++) {
            for (uint32_t c = 0; c < depot_column_count(statement); c++) {
                depot_column_text(statement, c);
            }
        }
        depot_finalize(statement);
        at = tail;
    }
    depot_close(db);
    free(sql);
    return 0;
}
