/* depot bench: Depot and DuckDB in turn on the same CSV files, through their C APIs. Options, and what the suites share:
 * queries.c times hot queries in one process, scaling.c by threads, load.c what needs processes of their own. */
#include "tools/bench/bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: depot bench NAME --against duckdb [--dir FOLDER] [--scale F] [--threads N] [--runs N] [--slices N]\n"
    "                   [--csv FOLDER] [--queries FOLDER] [--out FILE.csv] [--sorted] [--memory] [--set NAME=VALUE]...\n"
    "                   [--loaded] [--cpu]\n"
    "       depot bench NAME --against duckdb|none --scaling --loaded --dir FOLDER [--threads N] [--runs N]\n"
    "                   [--queries FOLDER] [--cpu] [--set NAME=VALUE]...\n"
    "       depot bench load [NAME]... --against duckdb [the same options]\n"
    "NAME is a data set (see depot gen). Makes its CSV files in FOLDER, or takes those of --csv; loads both engines there, "
    "compares\n"
    "every answer, times hot runs. --queries: files *.sql in place of the built-in ones. --runs 0: only\n"
    "compares; else at least 5 (load: 1).\n"
    "--against duckdb: the library that tools/bench/run installs, or $DUCKDB_LIBRARY; or the path of a libduckdb.so.\n"
    "--dir: where files go and stay; without it a folder in $TMPDIR that is removed at the end.\n"
    "--sorted: the lineorder file of ssb is sorted by lo_orderdate first, for both.\n"
    "--memory: instead, the peak memory of loading (not with --loaded) and of all queries, each engine in processes of "
    "its\nown.\n"
    "--loaded: FOLDER is that of an earlier run; nothing is made or loaded. --cpu: times of queries are what all threads "
    "computed, for\n"
    "busy machines.\n"
    "--scaling: instead, each query with one thread and with N in turn, and what that brings: one thread's time by that of N;\n"
    "last the same for a loop that shares nothing, which is what the machine allows. --against none: of Depot alone.\n"
    "load: seconds, size and peak memory of loading data sets (ssb and tpch), each run in a process of its own; --csv holds a\n"
    "folder for each.\n";

double bench_clock_ms(const Bench *bench) {
    struct timespec now;
    clock_gettime(bench->is_cpu ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
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
    bool fits_scaling = bench->is_scaling ? bench->is_loaded && !bench->is_load && !bench->is_memory && bench->runs > 0
                                          : strcmp(bench->library, "none") != 0;
    return fits_scaling && bench->dataset_count > 0 && (bench->folder != NULL || !bench->is_loaded) && bench->scale > 0 &&
           bench->threads > 0 && bench->threads <= BENCH_THREADS_MAX && bench->slices > 0 && bench->runs < BENCH_RUNS_MAX &&
           (bench->runs >= least || (bench->runs == 0 && !bench->is_load));
}

/* Options without a value. */
static bool take_flag(const char *name, Bench *bench) {
    struct {
        const char *name;
        bool *is_given;
    } flags[] = {{"--sorted", &bench->sorted},
                 {"--memory", &bench->is_memory},
                 {"--scaling", &bench->is_scaling},
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
    *bench = (Bench){.library = "duckdb", .scale = 1, .threads = 2, .runs = -1, .slices = 2};
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

/* --------------------------------------------------------------------------------------------------------------- running */

static bool find_library(Bench *bench) {
    static char path[BENCH_PATH_BYTES];
    if (strcmp(bench->library, "none") == 0) {
        bench->library = NULL;
        return true;
    }
    if (strcmp(bench->library, "duckdb") == 0) {
        bench->library = path;
        if (!duckdb_peer_find(path, sizeof path)) {
            return false;
        }
    }
    bool is_there = strchr(bench->library, '/') == NULL || access(bench->library, R_OK) == 0;
    if (!is_there) { /* said before data is made for it */
        fprintf(stderr, "cannot read %s\n", bench->library);
    }
    return is_there;
}

static bool make_temporary(char *folder, size_t bytes) {
    const char *above = getenv("TMPDIR");
    snprintf(folder, bytes, "%s/depot-bench.XXXXXX", above != NULL && above[0] != 0 ? above : "/tmp");
    bool ok = mkdtemp(folder) != NULL;
    if (!ok) {
        fprintf(stderr, "cannot make a folder %s\n", folder);
    }
    return ok;
}

static bool run_suite(const Bench *bench) {
    return bench->is_scaling                    ? bench_scaling(bench)
           : bench->is_load || bench->is_memory ? bench_processes(bench)
                                                : bench_queries(bench);
}

static bool run_in_folder(Bench *bench) {
    char temporary[BENCH_PATH_BYTES];
    if (bench->folder != NULL) {
        mkdir(bench->folder, 0777);
        return run_suite(bench);
    }
    if (!make_temporary(temporary, sizeof temporary)) {
        return false;
    }
    bench->folder = temporary;
    bool ok = run_suite(bench);
    bench_remove_tree(temporary);
    bench->folder = NULL;
    return ok;
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
    return find_library(&bench) && run_in_folder(&bench) ? EXIT_DONE : EXIT_FAILED;
}
