/* DuckDB through its C API, loaded at run time from the shared library that the npm package @duckdb/node-api brings: nothing of
 * it is needed to build. */
#ifndef DEPOT_TOOLS_BENCH_PEER_DUCKDB_H
#define DEPOT_TOOLS_BENCH_PEER_DUCKDB_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Duckdb Duckdb;

/* Where the library is: $DUCKDB_LIBRARY, what tools/bench/run installed beside the build that this program is of, or a library
 * of the system. False after saying how to get it. */
bool duckdb_peer_find(char *library, size_t bytes);
/* `database` NULL: in memory. False after printing why. */
bool duckdb_peer_open(const char *library, const char *database, Duckdb **peer);
void duckdb_peer_close(Duckdb *peer);
/* Runs one statement to its last row. If `result` is not NULL, *result gets all cells as text, one row per line, cells
 * separated by |; free it. False after printing the error. */
bool duckdb_peer_run(Duckdb *peer, const char *sql, char **result);

#endif
