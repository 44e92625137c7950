/* The few calls of DuckDB's C API that a benchmark needs (duckdb.h of version 1.x; the API is stable). */
#include "tools/bench/peer_duckdb.h"

#include <dlfcn.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Result { /* duckdb_result */
    uint64_t column_count, row_count, rows_changed;
    void *columns;
    char *error_message;
    void *internal_data;
} Result;

struct Duckdb {
    void *library, *database, *connection;
    int (*open)(const char *path, void **database);
    int (*connect)(void *database, void **connection);
    void (*disconnect)(void **connection);
    void (*close)(void **database);
    int (*query)(void *connection, const char *sql, Result *result);
    void (*destroy_result)(Result *result);
    const char *(*result_error)(Result *result);
    uint64_t (*column_count)(Result *result);
    uint64_t (*row_count)(Result *result);
    char *(*value_varchar)(Result *result, uint64_t column, uint64_t row);
    void (*free)(void *memory);
};

/* ---------------------------------------------------------------------------------------------------------- the library */

/* build/bench/node_modules/… as seen from build/release/depot. */
static bool find_installed(char *library, size_t bytes) {
    char program[4096], pattern[4096 + 64];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    glob_t found;
    if (length <= 0) {
        return false;
    }
    program[length] = 0;
    *strrchr(program, '/') = 0;
    snprintf(pattern, sizeof pattern, "%s/../bench/node_modules/@duckdb/*/libduckdb.so", program);
    bool is_there = glob(pattern, 0, NULL, &found) == 0;
    if (is_there) {
        snprintf(library, bytes, "%s", found.gl_pathv[0]);
    }
    globfree(&found);
    return is_there;
}

static bool find_in_system(char *library, size_t bytes) {
    void *handle = dlopen("libduckdb.so", RTLD_LAZY | RTLD_LOCAL);
    snprintf(library, bytes, "libduckdb.so");
    if (handle != NULL) {
        dlclose(handle);
    }
    return handle != NULL;
}

bool duckdb_peer_find(char *library, size_t bytes) {
    const char *named = getenv("DUCKDB_LIBRARY");
    if (named != NULL && named[0] != 0) {
        snprintf(library, bytes, "%s", named);
        return true;
    }
    if (find_installed(library, bytes) || find_in_system(library, bytes)) {
        return true;
    }
    fprintf(stderr, "libduckdb.so was not found: tools/bench/run installs it and starts this program, or name it in the "
                    "environment variable\nDUCKDB_LIBRARY or as --against FILE\n");
    return false;
}

/* ------------------------------------------------------------------------------------------------------------- its calls */

static bool find(Duckdb *peer, const char *name, void *function) {
    void *found = dlsym(peer->library, name);
    memcpy(function, &found, sizeof found);
    if (found == NULL) {
        fprintf(stderr, "the library has no %s\n", name);
    }
    return found != NULL;
}

bool duckdb_peer_open(const char *library, const char *database, Duckdb **out) {
    Duckdb *peer = calloc(1, sizeof *peer);
    *out = peer;
    peer->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (peer->library == NULL) {
        fprintf(stderr, "cannot load DuckDB: %s\n", dlerror());
        return false;
    }
    return find(peer, "duckdb_open", &peer->open) && find(peer, "duckdb_connect", &peer->connect) &&
           find(peer, "duckdb_disconnect", &peer->disconnect) && find(peer, "duckdb_close", &peer->close) &&
           find(peer, "duckdb_query", &peer->query) && find(peer, "duckdb_destroy_result", &peer->destroy_result) &&
           find(peer, "duckdb_result_error", &peer->result_error) && find(peer, "duckdb_column_count", &peer->column_count) &&
           find(peer, "duckdb_row_count", &peer->row_count) && find(peer, "duckdb_value_varchar", &peer->value_varchar) &&
           find(peer, "duckdb_free", &peer->free) && peer->open(database, &peer->database) == 0 &&
           peer->connect(peer->database, &peer->connection) == 0;
}

void duckdb_peer_close(Duckdb *peer) {
    if (peer->connection != NULL) {
        peer->disconnect(&peer->connection);
        peer->close(&peer->database);
    }
    free(peer); /* the library stays loaded: it has threads of its own */
}

static char *result_text(Duckdb *peer, Result *result) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    uint64_t columns = peer->column_count(result), rows = peer->row_count(result);
    for (uint64_t row = 0; row < rows; row++) {
        for (uint64_t column = 0; column < columns; column++) {
            char *value = peer->value_varchar(result, column, row);
            fprintf(out, "%s%s", column > 0 ? "|" : "", value == NULL ? "NULL" : value);
            peer->free(value);
        }
        fputc('\n', out);
    }
    fclose(out);
    return text;
}

bool duckdb_peer_run(Duckdb *peer, const char *sql, char **text) {
    Result result = {0};
    bool ok = peer->query(peer->connection, sql, &result) == 0;
    if (!ok) {
        fprintf(stderr, "DuckDB: %s\n", peer->result_error(&result));
    } else if (text != NULL) {
        *text = result_text(peer, &result);
    }
    peer->destroy_result(&result);
    return ok;
}
