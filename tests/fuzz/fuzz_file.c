/* Any bytes in the place of a file of a small warehouse: a column file, a packed segment, a table manifest, a root manifest or
 * the pointer to it (chosen by the first byte). Built without checksums, so that what lies behind them is met. Reading gives
 * rows or an error; depot_check() and depot_blocks() name what is wrong. The warehouse is made once and one file replaced each
 * time. */
#include "engine/depot.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 64

static char folder[64], *files[FILES_MAX];
static int file_count;

static int note_file(const char *path, const struct stat *status, int kind, struct FTW *where) {
    (void)status, (void)where;
    if (kind == FTW_F && strstr(path, "lock") == NULL && file_count < FILES_MAX) {
        files[file_count++] = strdup(path);
    }
    return 0;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void make_warehouse(void) {
    depot *db;
    depot_options options = {.nodes = 1, .slices = 1};
    snprintf(folder, sizeof folder, "/dev/shm/depot_fuzz_%d", (int)getpid());
    if (depot_open(folder, &options, &db, NULL) != DEPOT_OK ||
        depot_execute(
            db,
            "SET block_rows = 2048;"
            "CREATE TABLE t (a integer, b varchar(20), c decimal(10,2), d date, e double precision) SORTKEY (d);"
            "INSERT INTO t SELECT CASE WHEN n % 9 <> 0 THEN n * 3 END, 'text ' || n % 70, n * 0.25, DATE '2020-01-01' + n / 9, "
            "n / 7.0 FROM generate_series(1, 5000) AS g (n);"
            "CREATE TABLE u (a bigint, f boolean, s varchar(30));"
            "INSERT INTO u SELECT n, n % 2 = 0, 'a longer text number ' || n FROM generate_series(1, 30) AS g (n);"
            "DELETE FROM t WHERE a % 5 = 1; DELETE FROM u WHERE f AND a > 3;"
            "SET force_codec = repeats;"
            "CREATE TABLE r (a integer ENCODE bitpack, b varchar(20) ENCODE dict, c bigint ENCODE delta, e integer ENCODE "
            "runlength);"
            "INSERT INTO r SELECT n / 3 * 7919 % 997, 'text ' || n / 2 * 31 % 70, n / 5 * 1000, n / 9 % 4 "
            "FROM generate_series(1, 2500) AS g (n);"
            "SET force_codec = zstd; CREATE TABLE z (LIKE r); INSERT INTO z SELECT * FROM r;"
            "SET force_codec = lz4; CREATE TABLE l (LIKE r); INSERT INTO l SELECT * FROM r") != DEPOT_OK) {
        abort();
    }
    depot_close(db);
    nftw(folder, note_file, 8, FTW_PHYS);
    qsort(files, (size_t)file_count, sizeof *files, by_name);
}

static char *read_file(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "r");
    char *data = malloc(1 << 20);
    *bytes = file == NULL ? 0 : fread(data, 1, 1 << 20, file);
    if (file != NULL) {
        fclose(file);
    }
    return data;
}

static void write_file(const char *path, const void *data, size_t bytes) {
    int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (file < 0 || write(file, data, bytes) != (ssize_t)bytes) {
        abort();
    }
    close(file);
}

static void read_all(const char *damaged) {
    depot *db;
    depot_options options = {.read_only = 1, .cache_bytes_max = 1 << 24};
    char sql[300];
    if (depot_open(folder, &options, &db, NULL) != DEPOT_OK) {
        return;
    }
    depot_set(db, "threads", "1");
    depot_set(db, "memory_limit", "256MB");
    snprintf(sql, sizeof sql, "SELECT * FROM depot_blocks('%s')", damaged);
    const char *const questions[] = {"SELECT * FROM t",
                                     "SELECT b, sum(a), max(d) FROM t WHERE d > DATE '2020-06-01' AND b <> 'text 3' GROUP BY b",
                                     "SELECT * FROM u WHERE a > 3",
                                     "SELECT b, a, count(*), sum(e) FROM r WHERE c > 9000 GROUP BY b, a",
                                     "SELECT * FROM r",
                                     "SELECT count(*), min(z.b) FROM z JOIN l ON z.c = l.c AND z.a < 500 AND l.b > 'text 3'",
                                     "SELECT * FROM depot_check()",
                                     sql};
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        depot_execute(db, questions[i]);
    }
    depot_close(db);
}

/* First byte: which file. Then, if the second byte is even, changes to it (two bytes of place, one of value); else the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    if (bytes < 2) {
        return 0;
    }
    if (file_count == 0) {
        make_warehouse();
    }
    const char *path = files[data[0] % file_count];
    size_t original_bytes;
    char *original = read_file(path, &original_bytes);
    if (data[1] % 2 == 1) {
        write_file(path, data + 2, bytes - 2);
    } else {
        char *changed = malloc(original_bytes + 1);
        memcpy(changed, original, original_bytes);
        for (size_t i = 2; i + 3 <= bytes && original_bytes > 0; i += 3) {
            size_t place = (size_t)(data[i] | data[i + 1] << 8) % original_bytes;
            changed[data[i + 1] >= 128 ? original_bytes - 1 - place % 256 % original_bytes : place] ^= (char)data[i + 2];
        }
        write_file(path, changed, original_bytes);
        free(changed);
    }
    read_all(path);
    write_file(path, original, original_bytes);
    free(original);
    return 0;
}
