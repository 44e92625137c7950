/* depot bench SCHEMA: Depot and DuckDB alternately on the same CSV files, in one process, through their C APIs: statement text
 * in, last row fetched, same clock. Prints load times, sizes, per query both medians and their ratio, then the geometric mean
 * of the ratios and the worst. */
#include "datasets/dataset.h"
#include "tools/bench/answers.h"
#include "tools/bench/peer_duckdb.h"
#include "tools/tools.h"

#include <ftw.h>
#include <glob.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const char usage[] =
    "usage: depot bench SCHEMA --against LIBDUCKDB.SO --dir FOLDER [--scale F] [--threads N] [--runs N] [--slices N] [--csv "
    "FOLDER]\n"
    "                   [--queries FOLDER] [--out FILE.csv] [--sorted] [--set NAME=VALUE]...\n"
    "Makes the CSV files of a data set (see depot gen; or takes those of --csv), loads both engines into FOLDER, compares "
    "every\n"
    "answer, times hot runs. --queries: files *.sql in place of the built-in ones. --runs 0: only compares.\n"
    "--sorted: the lineorder file of ssb is sorted by lo_orderdate first, for both.\n";

#define RUNS_MAX 101

typedef struct Bench {
    const Dataset *dataset;
    const char *library, *folder, *csv, *queries, *out;
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
    char *arguments[] = {"gen", (char *)bench->dataset->name, "--scale", scale, "--csv", folder};
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

static const char *schema_of(const Bench *bench) {
    char path[128];
    snprintf(path, sizeof path, "%s/plain.sql", bench->dataset->name);
    return dataset_file(path);
}

/* The schema as DuckDB takes it: without what is about distribution. */
static char *portable_schema(const Bench *bench) {
    char *schema = strdup(schema_of(bench));
    for (char *hit; (hit = strstr(schema, "DISTSTYLE EVEN")) != NULL;) {
        memset(hit, ' ', strlen("DISTSTYLE EVEN"));
    }
    return schema;
}

static bool load_both(Bench *bench, const char *csv) {
    double times[2] = {0, 0};
    char path[4096], sql[8192];
    char *schema = portable_schema(bench);
    bool ok = depot_run(bench, schema_of(bench), NULL) && duckdb_peer_run(bench->duckdb, schema, NULL);
    free(schema);
    for (uint32_t i = 0; ok && i < bench->dataset->table_count; i++) {
        const char *table = bench->dataset->table_at(i)->name;
        double started = now_ms();
        snprintf(sql, sizeof sql, "COPY %s FROM '%s/%s.tbl' (FORMAT csv, DELIMITER '|')", table, csv, table);
        ok = depot_run(bench, sql, NULL);
        double between = now_ms();
        snprintf(sql, sizeof sql, "COPY %s FROM '%s/%s.tbl' (DELIMITER '|', HEADER false)", table, csv, table);
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

typedef enum Verdict { EQUAL, EQUAL_AND_EMPTY, DIFFERENT } Verdict;

static Verdict compare_answers(Bench *bench, const char *name, const char *sql) {
    char *ours = NULL, *theirs = NULL;
    Verdict verdict = DIFFERENT;
    if (depot_run(bench, sql, &ours) && duckdb_peer_run(bench->duckdb, sql, &theirs)) {
        verdict = !answers_equal(name, ours, theirs) ? DIFFERENT : theirs[0] == 0 ? EQUAL_AND_EMPTY : EQUAL;
    } else {
        fprintf(stderr, "%s: not run\n", name);
    }
    free(ours);
    free(theirs);
    return verdict;
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

typedef struct Totals {
    FILE *out; /* or NULL */
    double logs, worst, sums[2];
    int asked, equal, empty, timed;
} Totals;

static bool run_query(Bench *bench, const char *path, const char *sql, Totals *totals) {
    char name[32];
    double ours, theirs;
    const char *base = strrchr(path, '/');
    snprintf(name, sizeof name, "%.*s", (int)strcspn(base + 1, "."), base + 1);
    totals->asked++;
    Verdict verdict = compare_answers(bench, name, sql);
    totals->equal += verdict != DIFFERENT;
    totals->empty += verdict == EQUAL_AND_EMPTY;
    if (verdict == DIFFERENT || bench->runs == 0) {
        return verdict != DIFFERENT;
    }
    if (!time_both(bench, sql, &ours, &theirs)) {
        return false;
    }
    double ratio = ours / theirs;
    printf("%-20s %10.2f %10.2f %8.2f\n", name, ours, theirs, ratio);
    if (totals->out != NULL) {
        fprintf(totals->out, "%s,%s,%d,%g,%d,%d,%.3f,%.3f,%.3f\n", name, depot_version(), bench->threads, bench->scale,
                bench->sorted, bench->slices, ours, theirs, ratio);
    }
    totals->logs += log(ratio);
    totals->worst = ratio > totals->worst ? ratio : totals->worst;
    totals->sums[0] += ours;
    totals->sums[1] += theirs;
    totals->timed++;
    return true;
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t bytes = 0;
    if (file == NULL || getdelim(&text, &bytes, 0, file) < 0) {
        fprintf(stderr, "depot bench: cannot read %s\n", path);
        free(text);
        text = NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    return text;
}

static bool run_folder(Bench *bench, Totals *totals) {
    glob_t files;
    char pattern[4096];
    snprintf(pattern, sizeof pattern, "%s/*.sql", bench->queries);
    bool ok = glob(pattern, 0, NULL, &files) == 0;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char *sql = read_file(files.gl_pathv[i]);
        ok = (sql != NULL && run_query(bench, files.gl_pathv[i], sql, totals)) && ok;
        free(sql);
    }
    globfree(&files);
    return ok;
}

static bool run_built_in(Bench *bench, Totals *totals) {
    char prefix[64];
    const char *path;
    bool ok = true;
    snprintf(prefix, sizeof prefix, "%s/queries/", bench->dataset->name);
    for (uint32_t i = 0; (path = dataset_file_name(prefix, i)) != NULL; i++) {
        ok = run_query(bench, path, dataset_file(path), totals) && ok;
    }
    return ok;
}

static bool run_queries(Bench *bench) {
    Totals totals = {.out = bench->out == NULL ? NULL : fopen(bench->out, "w")};
    if (totals.out != NULL) {
        fprintf(totals.out, "query,version,threads,scale,sorted,slices,depot_ms,duckdb_ms,ratio\n");
    }
    if (bench->runs > 0) {
        printf("%-20s %10s %10s %8s\n", "query", "Depot ms", "DuckDB ms", "ratio");
    }
    bool ok = bench->queries != NULL ? run_folder(bench, &totals) : run_built_in(bench, &totals);
    if (totals.timed > 0) {
        printf("geometric mean of ratios %.3f   worst %.2f   sum %.1f / %.1f ms = %.3f   ", exp(totals.logs / totals.timed),
               totals.worst, totals.sums[0], totals.sums[1], totals.sums[0] / totals.sums[1]);
    }
    printf("%d of %d answers equal, %d of them empty\n", totals.equal, totals.asked, totals.empty);
    if (totals.out != NULL) {
        fclose(totals.out);
    }
    return ok && totals.asked > 0;
}

/* -------------------------------------------------------------------------------------------------------------- options */

static bool parse_options(int argc, char **argv, Bench *bench) {
    *bench = (Bench){.scale = 1, .threads = 2, .runs = 7, .slices = 2};
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
        } else if (strcmp(name, "--queries") == 0) {
            bench->queries = value;
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
        } else if (name[0] != '-' && bench->dataset == NULL) {
            bench->dataset = dataset_find(name);
        } else {
            return false;
        }
    }
    return bench->dataset != NULL && bench->library != NULL && bench->folder != NULL && bench->scale > 0 &&
           bench->threads > 0 && (bench->runs == 0 || bench->runs >= 5) && bench->runs < RUNS_MAX && bench->slices > 0;
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
