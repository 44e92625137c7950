#include "tools/bench/measure.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double bench_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
double bench_median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* ------------------------------------------------------------------------------------------------------------ statements */

static void print_row(depot_statement *statement, uint32_t columns, FILE *out) {
    for (uint32_t i = 0; i < columns; i++) {
        const char *cell = depot_column_text(statement, i);
        fprintf(out, "%s%s", i > 0 ? "|" : "", cell == NULL ? "NULL" : cell);
    }
    fputc('\n', out);
}

static bool fetch_all(depot_statement *statement, FILE *out) {
    const depot_batch *batch;
    depot_code code;
    if (out == NULL) {
        while ((code = depot_next_batch(statement, &batch)) == DEPOT_OK) {
        }
    } else {
        uint32_t columns = depot_column_count(statement);
        while ((code = depot_step(statement)) == DEPOT_ROW) {
            print_row(statement, columns, out);
        }
    }
    return code == DEPOT_DONE;
}

bool bench_run_depot(depot *db, const char *sql, char **text) {
    size_t bytes = 0;
    FILE *out = text == NULL ? NULL : open_memstream(text, &bytes);
    const char *at = sql;
    bool ok = true;
    while (ok && *at != 0) {
        depot_statement *statement;
        depot_code code = depot_prepare(db, at, -1, &statement, &at);
        if (statement == NULL) {
            ok = code == DEPOT_OK;
            break;
        }
        ok = fetch_all(statement, out);
        depot_finalize(statement);
    }
    if (out != NULL) {
        fclose(out);
    }
    return ok;
}

/* --------------------------------------------------------------------------------------------------------------- queries */

static char *read_file(const char *path) {
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t bytes = 0;
    if (file == NULL || getdelim(&text, &bytes, 0, file) < 0) {
        fprintf(stderr, "cannot read %s\n", path);
        free(text);
        text = NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    return text;
}

bool bench_call_query(QueryFunction *each, void *context, const char *path, const char *sql) {
    char name[32];
    const char *base = strrchr(path, '/') + 1;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(base, "."), base);
    return each(context, name, sql);
}

bool bench_each_file(const char *folder, QueryFunction *each, void *context) {
    glob_t files;
    char pattern[4096];
    snprintf(pattern, sizeof pattern, "%s/?*.sql", folder);
    bool ok = glob(pattern, 0, NULL, &files) == 0;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char *sql = read_file(files.gl_pathv[i]);
        ok = sql != NULL && bench_call_query(each, context, files.gl_pathv[i], sql) && ok;
        free(sql);
    }
    globfree(&files);
    return ok;
}
