/* What the suites of depot bench share: the options, and the two engines behind one face. */
#ifndef DEPOT_TOOLS_BENCH_H
#define DEPOT_TOOLS_BENCH_H

#include "datasets/dataset.h"
#include "tools/bench/measure.h"
#include "tools/bench/peer_duckdb.h"
#include "tools/tools.h"

#include <stdbool.h>
#include <stdio.h>

#define BENCH_RUNS_MAX 101
#define BENCH_THREADS_MAX 256
#define BENCH_PATH_BYTES 4096

typedef enum EngineId { ENGINE_DEPOT, ENGINE_DUCKDB, ENGINE_COUNT } EngineId;
extern const char *const engine_names[ENGINE_COUNT];

/* The options; pointers are borrowed from the command line. */
typedef struct Bench {
    bool is_load, is_memory, is_scaling; /* the load suite; peak memory, times by threads instead of times */
    uint32_t dataset_count;
    const Dataset *datasets[8]; /* of the load suite several, else one */
    const char *library;        /* NULL: no other engine */
    const char *folder, *csv, *queries, *out;
    double scale;
    int threads, runs, slices;
    bool sorted, is_loaded, is_cpu;
    int setting_count;
    const char *settings[16];
} Bench;

/* One engine on one warehouse. */
typedef struct Engine {
    EngineId id;
    depot *db;
    Duckdb *duckdb;
} Engine;

/* Opens FOLDER/depot or FOLDER/duckdb.db, which may not exist, with the threads and settings asked for. False after saying why;
 * engine_close() is due in any case. */
bool engine_open(const Bench *bench, EngineId id, const char *folder, Engine *engine);
void engine_close(Engine *engine);
/* Runs statements to the last row. If `text` is not NULL, *text gets all cells, one row per line, cells separated by |; free
 * it. False after printing the error. */
bool engine_run(Engine *engine, const char *sql, char **text);
/* Makes the tables of the data set, without rows. */
bool engine_make_tables(Engine *engine, const Dataset *dataset);
/* Loads a table from CSV/TABLE.tbl. */
bool engine_load_table(Engine *engine, const char *table, const char *csv);
/* After the last load: what is stored is where it stays. */
bool engine_settle(Engine *engine);
/* Takes away what engine_open() made in `folder`. */
void engine_remove_files(EngineId id, const char *folder);
double engine_megabytes(EngineId id, const char *folder); /* of 10^6 bytes */

/* Milliseconds by the clock that times queries. */
double bench_clock_ms(const Bench *bench);
/* Removes a folder with all that is in it, or a file. */
void bench_remove_tree(const char *path);
/* Where the CSV files of the data set are. */
void bench_csv_folder(const Bench *bench, const Dataset *dataset, char *folder, size_t bytes);
/* Makes them, if they are not given. */
bool bench_make_csv(const Bench *bench, const Dataset *dataset);

/* The queries of a data set: built in, or files of --queries, in order. False if one cannot be read or `each` says so. */
bool bench_each_query(const Bench *bench, QueryFunction *each, void *context);

/* The suites. */
bool bench_queries(const Bench *bench);
bool bench_scaling(const Bench *bench);   /* --scaling, of a loaded folder */
bool bench_processes(const Bench *bench); /* the load suite, and --memory */

#endif
