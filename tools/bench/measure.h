/* What `depot bench` and depot-bound share: the clock, statements run to their last row, the queries of a folder. */
#ifndef DEPOT_TOOLS_BENCH_MEASURE_H
#define DEPOT_TOOLS_BENCH_MEASURE_H

#include "engine/depot.h"

#include <stdbool.h>

double bench_now_ms(void);
double bench_median(double *values, int count); /* sorts them */

/* Runs statements to the last row. If `text` is not NULL, *text gets all cells, one row per line, cells separated by |; free
 * it. False if one fails: depot_last_error(db) says why. */
bool bench_run_depot(depot *db, const char *sql, char **text);

typedef bool QueryFunction(void *context, const char *name, const char *sql);
/* Calls `each` with a file's text; the query is called as the file, up to the first point. */
bool bench_call_query(QueryFunction *each, void *context, const char *path, const char *sql);
/* FOLDER/?*.sql in the order of the names. False if there is none, one cannot be read (after saying so), or `each` says so; the
 * others are called all the same. */
bool bench_each_file(const char *folder, QueryFunction *each, void *context);

#endif
