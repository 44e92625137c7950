/* depot bench: Depot and DuckDB in turn on the same CSV files, through their C APIs. Options, and what the suites share:
 * queries.c times hot queries in one process, load.c what needs processes of their own. */
#include "tools/bench/bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const char usage[] =
    "usage: depot bench NAME --against LIBDUCKDB.SO --dir FOLDER [--scale F] [--threads N] [--runs N] [--slices N]\n"
    "                   [--csv FOLDER] [--queries FOLDER] [--out FILE.csv] [--sorted] [--memory] [--set NAME=VALUE]...\n"
    "                   [--loaded] [--cpu]\n"
    "       depot bench load [NAME]... --against LIBDUCKDB.SO --dir FOLDER [the same options]\n"
    "NAME is a data set (see depot gen). Makes its CSV files in FOLDER, or takes those of --csv; loads both engines there, "
    "compares\n"
    "every answer, times hot runs. --queries: files *.sql in place of the built-in ones. --runs 0: only compares.\n"
    "--sorted: the lineorder file of ssb is sorted by lo_orderdate first, for both.\n"
    "--memory: instead, the peak memory of loading and of all queries, each engine in processes of its own.\n"
    "--loaded: FOLDER is that of an earlier run; nothing is made or loaded. --cpu: times of queries are what all threads "
    "computed, for\n"
    "busy machines.\n"
    "load: seconds, size and peak memory of loading data sets (ssb and tpch), each run in a process of its own; --csv holds a\n"
    "folder for each.\n";

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

/* ------------------------------------------------------------------------------------------------------------------- CSV */

void bench_csv_folder(const Bench *bench, const Dataset *dataset, char *folder, size_t bytes) {
    if (bench->csv != NULL) {
        snprintf(folder, bytes, "%s%s%s", bench->csv, bench->is_load ? "/" : "", bench->is_load ? dataset->name : "");
    } else {
        snprintf(folder, bytes, "%s/csv%s%s", bench->folder, bench->is_load ? "-" : "", bench->is_load ? dataset->name : "");
    }
}

bool bench_make_csv(const Bench *bench, const Dataset *dataset) {
    char folder[BENCH_PATH_BYTES], scale[32], command[2 * BENCH_PATH_BYTES];
    if (bench->csv != NULL) {
        return true;
    }
    bench_csv_folder(bench, dataset, folder, sizeof folder);
    snprintf(scale, sizeof scale, "%g", bench->scale);
    char *arguments[] = {"gen", (char *)dataset->name, "--scale", scale, "--csv", folder};
    if (tool_gen(6, arguments) != EXIT_DONE) {
        return false;
    }
    if (bench->sorted && strcmp(dataset->name, "ssb") == 0) {
        snprintf(command, sizeof command,
                 "cd '%s' && LC_ALL=C sort -s -t'|' -k6,6n -S 2G lineorder.tbl -o sorted && mv sorted lineorder.tbl", folder);
        return system(command) == 0;
    }
    return true;
}

/* --------------------------------------------------------------------------------------------------------------- options */

static bool take_name(const char *name, Bench *bench) {
    if (strcmp(name, "load") == 0 && bench->dataset_count == 0) {
        bench->is_load = true;
        return true;
    }
    const Dataset *dataset = dataset_find(name);
    if (dataset == NULL || bench->dataset_count == (bench->is_load ? sizeof bench->datasets / sizeof *bench->datasets : 1)) {
        return false;
    }
    bench->datasets[bench->dataset_count++] = dataset;
    return true;
}

/* What is not said: two data sets to load, three runs of it, seven of queries. */
static bool complete_options(Bench *bench) {
    if (bench->is_load && bench->dataset_count == 0) {
        bench->dataset_count = 2;
        bench->datasets[0] = dataset_find("ssb");
        bench->datasets[1] = dataset_find("tpch");
    }
    bench->runs = bench->runs >= 0 ? bench->runs : bench->is_load ? 3 : 7;
    int least = bench->is_load ? 1 : 5;
    return bench->dataset_count > 0 && bench->library != NULL && bench->folder != NULL && bench->scale > 0 &&
           bench->threads > 0 && bench->slices > 0 && bench->runs < BENCH_RUNS_MAX &&
           (bench->runs >= least || (bench->runs == 0 && !bench->is_load));
}

/* Options without a value. */
static bool take_flag(const char *name, Bench *bench) {
    struct {
        const char *name;
        bool *is_given;
    } flags[] = {{"--sorted", &bench->sorted},
                 {"--memory", &bench->is_memory},
                 {"--loaded", &bench->is_loaded},
                 {"--cpu", &bench->is_cpu}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(name, flags[i].name) == 0) {
            *flags[i].is_given = true;
            return true;
        }
    }
    return false;
}

static bool parse_options(int argc, char **argv, Bench *bench) {
    *bench = (Bench){.scale = 1, .threads = 2, .runs = -1, .slices = 2};
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
        if (take_flag(name, bench)) {
            continue;
        }
        i += name[0] == '-';
        if (strcmp(name, "--against") == 0) {
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
        } else if (name[0] == '-' || !take_name(name, bench)) {
            return false;
        }
    }
    return complete_options(bench);
}

int tool_bench(int argc, char **argv) {
    Bench bench;
    if (asks_for_help(argc, argv)) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (!parse_options(argc, argv, &bench)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    mkdir(bench.folder, 0777);
    bool ok = bench.is_load || bench.is_memory ? bench_processes(&bench) : bench_queries(&bench);
    return ok ? EXIT_DONE : EXIT_FAILED;
}
