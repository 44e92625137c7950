/* The two engines through their C APIs: statement text in, last row fetched. */
#include "tools/bench/bench.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const engine_names[ENGINE_COUNT] = {"Depot", "DuckDB"};
static const char *const file_names[ENGINE_COUNT] = {"depot", "duckdb.db"};

bool engine_run(Engine *engine, const char *sql, char **text) {
    if (engine->id != ENGINE_DEPOT) {
        return duckdb_peer_run(engine->duckdb, sql, text);
    }
    bool ok = bench_run_depot(engine->db, sql, text);
    if (!ok) {
        print_error(depot_last_error(engine->db));
    }
    return ok;
}

/* --------------------------------------------------------------------------------------------------------------- opening */

static bool open_depot(const Bench *bench, const char *path, Engine *engine) {
    depot_error error;
    depot_options options = {.nodes = 1, .slices = (uint32_t)bench->slices};
    if (depot_open(path, &options, &engine->db, &error) != DEPOT_OK) {
        print_error(&error);
        return false;
    }
    bool ok = true;
    for (int i = 0; ok && i < bench->setting_count; i++) {
        char sql[256];
        snprintf(sql, sizeof sql, "SET %s", bench->settings[i]);
        ok = engine_run(engine, sql, NULL);
    }
    return ok;
}

bool engine_open(const Bench *bench, EngineId id, const char *folder, Engine *engine) {
    char path[BENCH_PATH_BYTES], sql[256];
    *engine = (Engine){.id = id};
    mkdir(folder, 0777);
    snprintf(path, sizeof path, "%s/%s", folder, file_names[id]);
    snprintf(sql, sizeof sql, "SET threads = %d", bench->threads);
    return (id == ENGINE_DEPOT ? open_depot(bench, path, engine) : duckdb_peer_open(bench->library, path, &engine->duckdb)) &&
           engine_run(engine, sql, NULL);
}

void engine_close(Engine *engine) {
    depot_close(engine->db);
    if (engine->duckdb != NULL) {
        duckdb_peer_close(engine->duckdb);
    }
    *engine = (Engine){.id = engine->id};
}

/* --------------------------------------------------------------------------------------------------------------- loading */

bool engine_make_tables(Engine *engine, const Dataset *dataset) {
    char path[128];
    snprintf(path, sizeof path, "%s/plain.sql", dataset->name);
    char *schema = strdup(dataset_file(path));
    for (char *hit; engine->id != ENGINE_DEPOT && (hit = strstr(schema, "DISTSTYLE EVEN")) != NULL;) {
        memset(hit, ' ', strlen("DISTSTYLE EVEN")); /* only Depot knows of distribution */
    }
    bool ok = engine_run(engine, schema, NULL);
    free(schema);
    return ok;
}

bool engine_load_table(Engine *engine, const char *table, const char *csv) {
    char sql[2 * BENCH_PATH_BYTES];
    const char *options = engine->id == ENGINE_DEPOT ? "FORMAT csv" : "HEADER false";
    snprintf(sql, sizeof sql, "COPY %s FROM '%s/%s.tbl' (DELIMITER '|', %s)", table, csv, table, options);
    return engine_run(engine, sql, NULL);
}

bool engine_settle(Engine *engine) {
    return engine->id == ENGINE_DEPOT || engine_run(engine, "CHECKPOINT", NULL);
}

/* ----------------------------------------------------------------------------------------------------------------- files */

static long long folder_bytes;
static int add_bytes(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)path, (void)walk;
    folder_bytes += kind == FTW_F ? info->st_size : 0;
    return 0;
}

double engine_megabytes(EngineId id, const char *folder) {
    char path[BENCH_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, file_names[id]);
    folder_bytes = 0;
    nftw(path, add_bytes, 16, FTW_PHYS);
    return (double)folder_bytes / 1e6;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

void bench_remove_tree(const char *path) {
    nftw(path, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
}

void engine_remove_files(EngineId id, const char *folder) {
    char path[BENCH_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, file_names[id]);
    bench_remove_tree(path);
}
