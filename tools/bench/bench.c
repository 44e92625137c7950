/* depot bench ssb: Depot and DuckDB alternately on the same CSV files, in one process, through their C APIs: statement text in,
 * last row fetched, same clock. Prints load times, sizes, per query both medians and their ratio, then the geometric mean of
 * the ratios and the worst. */
#include "datasets/dataset.h"
#include "tools/bench/peer_duckdb.h"
#include "tools/tools.h"

#include <ftw.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const char usage[] =
    "usage: depot bench ssb --against LIBDUCKDB.SO --dir FOLDER [--scale F] [--threads N] [--runs N] [--slices N] [--csv "
    "FOLDER]\n"
    "                   [--out FILE.csv] [--sorted] [--set NAME=VALUE]...\n"
    "Makes the CSV files (or takes those of --csv), loads both engines into FOLDER, compares every answer, times hot runs.\n"
    "--sorted: the lineorder file is sorted by lo_orderdate first, for both.\n";

#define RUNS_MAX 101

typedef struct Bench {
    const char *library, *folder, *csv, *out;
    double scale;
    int threads, runs, slices;
    bool sorted;
    int setting_count;
    const char *settings[16];
    depot *db;
    Duckdb *duckdb;
} Bench;

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* ----------------------------------------------------------------------------------------------------------- statements */

static bool depot_run(Bench *bench, const char *sql, char **text) {
    size_t bytes = 0;
    FILE *out = text == NULL ? NULL : open_memstream(text, &bytes);
    const char *at = sql;
    bool ok = true;
    while (ok && *at != 0) {
        depot_statement *statement;
        const depot_batch *batch;
        depot_code code = depot_prepare(bench->db, at, -1, &statement, &at);
        if (statement == NULL) {
            ok = code == DEPOT_OK;
            break;
        }
        uint32_t columns = out == NULL ? 0 : depot_column_count(statement);
        if (out == NULL) {
            while ((code = depot_next_batch(statement, &batch)) == DEPOT_OK) {
            }
        } else {
            while ((code = depot_step(statement)) == DEPOT_ROW) {
                for (uint32_t i = 0; i < columns; i++) {
                    const char *cell = depot_column_text(statement, i);
                    fprintf(out, "%s%s", i > 0 ? "|" : "", cell == NULL ? "NULL" : cell);
                }
                fputc('\n', out);
            }
        }
        ok = code == DEPOT_DONE;
        depot_finalize(statement);
    }
    if (out != NULL) {
        fclose(out);
    }
    if (!ok) {
        print_error(depot_last_error(bench->db));
    }
    return ok;
}

static int compare_lines(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Order aside: ties may come in any. */
static bool same_rows(char *a, char *b) {
    size_t counts[2] = {0, 0};
    char *texts[2] = {a, b}, **lines[2];
    for (int side = 0; side < 2; side++) {
        lines[side] = malloc(sizeof(char *) * (strlen(texts[side]) + 1));
        for (char *line = strtok(texts[side], "\n"); line != NULL; line = strtok(NULL, "\n")) {
            lines[side][counts[side]++] = line;
        }
        qsort(lines[side], counts[side], sizeof(char *), compare_lines);
    }
    bool same = counts[0] == counts[1];
    for (size_t i = 0; same && i < counts[0]; i++) {
        same = strcmp(lines[0][i], lines[1][i]) == 0;
    }
    free(lines[0]);
    free(lines[1]);
    return same;
}

/* -------------------------------------------------------------------------------------------------------------- loading */

static long long folder_bytes;
static int add_bytes(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)path;
    (void)walk;
    folder_bytes += kind == FTW_F ? info->st_size : 0;
    return 0;
}
static double folder_megabytes(const char *path) {
    folder_bytes = 0;
    nftw(path, add_bytes, 16, FTW_PHYS);
    return (double)folder_bytes / 1e6;
}

static bool make_csv(Bench *bench, char *folder, size_t bytes) {
    if (bench->csv != NULL) {
        snprintf(folder, bytes, "%s", bench->csv);
        return true;
    }
    char scale[32];
    snprintf(folder, bytes, "%s/csv", bench->folder);
    snprintf(scale, sizeof scale, "%g", bench->scale);
    char *arguments[] = {"gen", "ssb", "--scale", scale, "--csv", folder};
    if (tool_gen(6, arguments) != EXIT_DONE) {
        return false;
    }
    if (bench->sorted) {
        char command[8192];
        snprintf(command, sizeof command,
                 "cd '%s' && LC_ALL=C sort -s -t'|' -k6,6n -S 2G lineorder.tbl -o sorted && mv sorted lineorder.tbl", folder);
        return system(command) == 0;
    }
    return true;
}

/* The schema as DuckDB takes it: without what is about distribution. */
static char *portable_schema(void) {
    char *schema = strdup(dataset_file("ssb/plain.sql"));
    for (char *hit; (hit = strstr(schema, "DISTSTYLE EVEN")) != NULL;) {
        memset(hit, ' ', strlen("DISTSTYLE EVEN"));
    }
    return schema;
}

static bool load_both(Bench *bench, const char *csv) {
    static const char *const tables[] = {"dates", "customer", "supplier", "part", "lineorder"};
    double times[2] = {0, 0};
    char path[4096], sql[8192];
    char *schema = portable_schema();
    bool ok = depot_run(bench, dataset_file("ssb/plain.sql"), NULL) && duckdb_peer_run(bench->duckdb, schema, NULL);
    free(schema);
    for (size_t i = 0; ok && i < sizeof tables / sizeof *tables; i++) {
        double started = now_ms();
        snprintf(sql, sizeof sql, "COPY %s FROM '%s/%s.tbl' (FORMAT csv, DELIMITER '|')", tables[i], csv, tables[i]);
        ok = depot_run(bench, sql, NULL);
        double between = now_ms();
        snprintf(sql, sizeof sql, "COPY %s FROM '%s/%s.tbl' (DELIMITER '|', HEADER false)", tables[i], csv, tables[i]);
        ok = ok && duckdb_peer_run(bench->duckdb, sql, NULL);
        times[0] += between - started;
        times[1] += now_ms() - between;
    }
    double started = now_ms();
    ok = ok && duckdb_peer_run(bench->duckdb, "CHECKPOINT", NULL);
    times[1] += now_ms() - started;
    snprintf(path, sizeof path, "%s/depot", bench->folder);
    double depot_megabytes = folder_megabytes(path);
    snprintf(path, sizeof path, "%s/duckdb.db", bench->folder);
    double duckdb_megabytes = folder_megabytes(path);
    printf("load       Depot %8.2f s   DuckDB %8.2f s   ratio %.2f\n", times[0] / 1e3, times[1] / 1e3, times[0] / times[1]);
    printf("size       Depot %7.1f MB   DuckDB %7.1f MB   ratio %.2f\n", depot_megabytes, duckdb_megabytes,
           depot_megabytes / duckdb_megabytes);
    return ok;
}

/* --------------------------------------------------------------------------------------------------------------- timing */

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static bool check_answers(Bench *bench, const char *name, const char *sql) {
    char *ours = NULL, *theirs = NULL;
    bool ok = depot_run(bench, sql, &ours) && duckdb_peer_run(bench->duckdb, sql, &theirs);
    if (ok && !same_rows(ours, theirs)) {
        fprintf(stderr, "%s: the answers differ\n", name);
        ok = false;
    }
    free(ours);
    free(theirs);
    return ok;
}

static bool time_both(Bench *bench, const char *sql, double *ours, double *theirs) {
    double times[2][RUNS_MAX];
    for (int run = -1; run < bench->runs; run++) { /* run -1 warms up */
        int slot = run < 0 ? 0 : run;
        double started = now_ms();
        if (!depot_run(bench, sql, NULL)) {
            return false;
        }
        double between = now_ms();
        if (!duckdb_peer_run(bench->duckdb, sql, NULL)) {
            return false;
        }
        times[0][slot] = between - started;
        times[1][slot] = now_ms() - between;
    }
    *ours = median(times[0], bench->runs);
    *theirs = median(times[1], bench->runs);
    return true;
}

static bool run_queries(Bench *bench) {
    double logs = 0, worst = 0, sums[2] = {0, 0};
    int count = 0;
    bool ok = true;
    FILE *out = bench->out == NULL ? NULL : fopen(bench->out, "w");
    if (out != NULL) {
        fprintf(out, "query,version,threads,scale,sorted,slices,depot_ms,duckdb_ms,ratio\n");
    }
    printf("%-8s %10s %10s %8s\n", "query", "Depot ms", "DuckDB ms", "ratio");
    const char *path;
    for (uint32_t i = 0; (path = dataset_file_name("ssb/queries/", i)) != NULL; i++) {
        const char *sql = dataset_file(path);
        char name[32];
        double ours, theirs;
        snprintf(name, sizeof name, "%.4s", path + strlen("ssb/queries/"));
        if (!check_answers(bench, name, sql) || !time_both(bench, sql, &ours, &theirs)) {
            ok = false;
            continue;
        }
        double ratio = ours / theirs;
        printf("%-8s %10.2f %10.2f %8.2f\n", name, ours, theirs, ratio);
        if (out != NULL) {
            fprintf(out, "%s,%s,%d,%g,%d,%d,%.3f,%.3f,%.3f\n", name, depot_version(), bench->threads, bench->scale,
                    bench->sorted, bench->slices, ours, theirs, ratio);
        }
        logs += log(ratio);
        worst = ratio > worst ? ratio : worst;
        sums[0] += ours;
        sums[1] += theirs;
        count++;
    }
    printf("geometric mean of ratios %.3f   worst %.2f   sum %.1f / %.1f ms = %.3f   %d of 13 answers equal\n",
           count == 0 ? 0 : exp(logs / count), worst, sums[0], sums[1], sums[0] / sums[1], count);
    if (out != NULL) {
        fclose(out);
    }
    return ok && count > 0;
}

/* -------------------------------------------------------------------------------------------------------------- options */

static bool parse_options(int argc, char **argv, Bench *bench) {
    *bench = (Bench){.scale = 1, .threads = 2, .runs = 7, .slices = 2};
    bool is_ssb = false;
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
        i += name[0] == '-' && strcmp(name, "--sorted") != 0;
        if (strcmp(name, "--sorted") == 0) {
            bench->sorted = true;
        } else if (strcmp(name, "--against") == 0) {
            bench->library = value;
        } else if (strcmp(name, "--dir") == 0) {
            bench->folder = value;
        } else if (strcmp(name, "--csv") == 0) {
            bench->csv = value;
        } else if (strcmp(name, "--out") == 0) {
            bench->out = value;
        } else if (strcmp(name, "--scale") == 0) {
            bench->scale = strtod(value, NULL);
        } else if (strcmp(name, "--threads") == 0) {
            bench->threads = atoi(value);
        } else if (strcmp(name, "--runs") == 0) {
            bench->runs = atoi(value);
        } else if (strcmp(name, "--slices") == 0) {
            bench->slices = atoi(value);
        } else if (strcmp(name, "--set") == 0 && bench->setting_count < 16) {
            bench->settings[bench->setting_count++] = value;
        } else if (strcmp(name, "ssb") == 0) {
            is_ssb = true;
        } else {
            return false;
        }
    }
    return is_ssb && bench->library != NULL && bench->folder != NULL && bench->scale > 0 && bench->threads > 0 &&
           bench->runs >= 5 && bench->runs < RUNS_MAX && bench->slices > 0;
}

static bool open_both(Bench *bench) {
    char path[4096], sql[256];
    depot_error error;
    depot_options options = {.nodes = 1, .slices = (uint32_t)bench->slices};
    mkdir(bench->folder, 0777);
    snprintf(path, sizeof path, "%s/depot", bench->folder);
    if (depot_open(path, &options, &bench->db, &error) != DEPOT_OK) {
        print_error(&error);
        return false;
    }
    snprintf(path, sizeof path, "%s/duckdb.db", bench->folder);
    if (!duckdb_peer_open(bench->library, path, &bench->duckdb)) {
        return false;
    }
    snprintf(sql, sizeof sql, "SET threads = %d", bench->threads);
    bool ok = depot_run(bench, sql, NULL) && duckdb_peer_run(bench->duckdb, sql, NULL);
    for (int i = 0; ok && i < bench->setting_count; i++) {
        snprintf(sql, sizeof sql, "SET %s", bench->settings[i]);
        ok = depot_run(bench, sql, NULL);
    }
    return ok;
}

int tool_bench(int argc, char **argv) {
    Bench bench;
    char csv[4096];
    if (asks_for_help(argc, argv)) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (!parse_options(argc, argv, &bench)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    mkdir(bench.folder, 0777);
    bool ok = make_csv(&bench, csv, sizeof csv) && open_both(&bench) && load_both(&bench, csv) && run_queries(&bench);
    depot_close(bench.db);
    if (bench.duckdb != NULL) {
        duckdb_peer_close(bench.duckdb);
    }
    return ok ? EXIT_DONE : EXIT_FAILED;
}
