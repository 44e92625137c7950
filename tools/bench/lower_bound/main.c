/* depot-bound: how far is Depot from what the machine allows? Per query of a suite the bytes that Depot reads over the measured
 * speed of memory, and where there is one the time of the hand-written program (star.h), each taken in turns with Depot's in
 * one process. --overhead: what the counters of EXPLAIN ANALYZE cost. */
#include "tools/bench/lower_bound/star.h"
#include "tools/bench/measure.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: depot-bound WAREHOUSE --queries FOLDER [--threads N] [--kernels auto|baseline|avx2|avx512] [--runs N] "
    "[--overhead]\n"
    "Times all queries FOLDER/*.sql hot. With the star schema of scale 1 in the warehouse q1_1, q2_1 and q4_1 run\n"
    "beside hand-written programs, whose answers must be equal. --overhead: runs each query and its EXPLAIN\n"
    "ANALYZE in turns instead and compares the sums of the least times.\n";

enum { RUNS_MAX = 99, BANDWIDTH_WORDS = 64 << 20 };

typedef struct Options {
    const char *warehouse, *queries, *kernels;
    int threads, runs;
    bool overhead;
} Options;

/* ------------------------------------------------------------------------------------------------------------ instruction sets
 */

const Loops *loops_find(const char *name) {
    bool any = strcmp(name, "auto") == 0;
#ifdef DEPOT_X86
    __builtin_cpu_init();
    if ((any || strcmp(name, "avx512") == 0) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd")) {
        return &loops_avx512;
    }
    if ((any || strcmp(name, "avx2") == 0) && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
        return &loops_avx2;
    }
#endif
    return any || strcmp(name, "baseline") == 0 ? &loops_baseline : NULL;
}

/* ------------------------------------------------------------------------------------------------------------ speed of memory
 */

typedef struct Reader {
    const Loops *loops;
    const uint64_t *words;
    size_t count;
    uint64_t sum;
} Reader;

static void *reader_main(void *reader_) {
    Reader *reader = reader_;
    reader->sum = reader->loops->read(reader->words, reader->count);
    return NULL;
}

/* GB/s, the best of several readings of half a gigabyte. */
static double memory_speed(int threads) {
    uint64_t *words = malloc(sizeof *words * BANDWIDTH_WORDS);
    Reader readers[64];
    pthread_t others[64];
    double best = 1e9;
    memset(words, 1, sizeof *words * BANDWIDTH_WORDS);
    for (int round = 0; round < 7; round++) {
        double started = bench_now_ms();
        for (int i = 0; i < threads; i++) {
            size_t share = BANDWIDTH_WORDS / (size_t)threads;
            readers[i] = (Reader){loops_find("auto"), words + share * (size_t)i, share, 0};
            if (i > 0) {
                pthread_create(&others[i], NULL, reader_main, &readers[i]);
            }
        }
        reader_main(&readers[0]);
        for (int i = 1; i < threads; i++) {
            pthread_join(others[i], NULL);
        }
        double taken = bench_now_ms() - started;
        best = taken < best ? taken : best;
    }
    double speed = (double)(sizeof *words * BANDWIDTH_WORDS) / best / 1e6;
    fprintf(stderr, "%s", readers[0].sum == 1 ? "\n" : ""); /* what is not used is not read */
    free(words);
    return speed;
}

/* ------------------------------------------------------------------------------------------------------------------ bytes */

static bool run_statement(depot *db, const char *sql, char **text) {
    bool ok = bench_run_depot(db, sql, text);
    if (!ok) {
        fprintf(stderr, "%s\n", depot_last_error(db)->message);
    }
    return ok;
}

static char *explained(const char *sql) {
    size_t bytes = strlen(sql) + 32;
    char *text = malloc(bytes);
    snprintf(text, bytes, "EXPLAIN ANALYZE %s", sql);
    return text;
}

/* Bytes of the blocks that the query reads, from its own counters. */
static bool bytes_scanned(depot *db, const char *sql, double *bytes) {
    char *explain = explained(sql), *text = NULL;
    bool ok = run_statement(db, explain, &text);
    const char *line = ok ? strstr(text, "Bytes Scanned: ") : NULL;
    *bytes = line != NULL ? strtod(line + strlen("Bytes Scanned: "), NULL) : 0;
    free(explain);
    free(text);
    return line != NULL;
}

/* ----------------------------------------------------------------------------------------------------------------- timing */

typedef struct Bound {
    Options options;
    depot *db;
    Star *star; /* or NULL */
    const Loops *loops;
    double gb_per_second;
    double plain_ms, explained_ms; /* sums */
} Bound;

static bool answers_agree(Bound *bound, const char *name, const char *sql) {
    char *ours = NULL, *theirs = NULL;
    bool ok = run_statement(bound->db, sql, &theirs);
    star_run(bound->star, name, bound->loops, bound->options.threads, &ours);
    bool equal = ok && strcmp(ours, theirs) == 0;
    if (!equal) {
        fprintf(stderr, "%s: the hand-written program says\n%sDepot says\n%s", name, ours, ok ? theirs : "nothing\n");
    }
    free(ours);
    free(theirs);
    return equal;
}

/* What reads no block has no bound. */
static void print_times(const char *name, double bytes, double least, double hand, double depot) {
    printf("%-28s %9.2f %9.3f", name, bytes / 1e6, least);
    if (hand > 0) {
        printf(" %9.2f", hand);
    } else {
        printf(" %9s", "");
    }
    printf(" %9.2f", depot);
    if (least > 0) {
        printf(" %8.1f", depot / least);
    } else {
        printf(" %8s", "");
    }
    if (hand > 0) {
        printf(" %8.2f", depot / hand);
    }
    fputc('\n', stdout);
    fflush(stdout);
}

static bool time_query(void *bound_, const char *name, const char *sql) {
    Bound *bound = bound_;
    double times[2][RUNS_MAX], bytes;
    const Options *options = &bound->options;
    bool by_hand = bound->star != NULL && star_has(name);
    if (!bytes_scanned(bound->db, sql, &bytes) || (by_hand && !answers_agree(bound, name, sql))) {
        return false;
    }
    for (int run = 0; run < options->runs; run++) {
        double started = bench_now_ms();
        if (by_hand) {
            star_run(bound->star, name, bound->loops, options->threads, NULL);
        }
        double between = bench_now_ms();
        if (!run_statement(bound->db, sql, NULL)) {
            return false;
        }
        times[0][run] = between - started;
        times[1][run] = bench_now_ms() - between;
    }
    double hand = bench_median(times[0], options->runs), depot = bench_median(times[1], options->runs);
    print_times(name, bytes, bytes / bound->gb_per_second / 1e6, by_hand ? hand : 0, depot);
    return true;
}

/* The least of each in turns. */
static bool time_overhead(void *bound_, const char *name, const char *sql) {
    Bound *bound = bound_;
    double least[2] = {1e9, 1e9};
    char *explain = explained(sql);
    bool ok = true;
    for (int run = 0; ok && run < bound->options.runs; run++) {
        for (int way = 0; ok && way < 2; way++) {
            double started = bench_now_ms();
            ok = run_statement(bound->db, way == 0 ? sql : explain, NULL);
            double taken = bench_now_ms() - started;
            least[way] = taken < least[way] ? taken : least[way];
        }
    }
    free(explain);
    printf("%-28s %9.2f %9.2f %7.2f %%\n", name, least[0], least[1], (least[1] / least[0] - 1) * 100);
    bound->plain_ms += least[0];
    bound->explained_ms += least[1];
    return ok;
}

/* -------------------------------------------------------------------------------------------------------------- options */

static bool parse_options(int argc, char **argv, Options *options) {
    *options = (Options){.kernels = "auto", .threads = 2, .runs = 15};
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
        i += name[0] == '-' && strcmp(name, "--overhead") != 0;
        if (strcmp(name, "--overhead") == 0) {
            options->overhead = true;
        } else if (strcmp(name, "--queries") == 0) {
            options->queries = value;
        } else if (strcmp(name, "--threads") == 0) {
            options->threads = atoi(value);
        } else if (strcmp(name, "--runs") == 0) {
            options->runs = atoi(value);
        } else if (strcmp(name, "--kernels") == 0) {
            options->kernels = value;
        } else if (name[0] != '-' && options->warehouse == NULL) {
            options->warehouse = name;
        } else {
            return false;
        }
    }
    return options->warehouse != NULL && options->queries != NULL && options->threads > 0 && options->threads <= 64 &&
           options->runs > 0 && options->runs <= RUNS_MAX;
}

static bool has_star(depot *db) {
    char *text = NULL;
    bool ok = run_statement(db, "SELECT count(*) FROM information_schema.tables WHERE table_name = 'lineorder'", &text);
    bool has = ok && strcmp(text, "1\n") == 0;
    free(text);
    return has;
}

static bool measure(Bound *bound) {
    const Options *options = &bound->options;
    char threads[16];
    if (options->overhead) {
        printf("%-28s %9s %9s %9s\n", "query", "plain", "explained", "overhead");
    } else if (has_star(bound->db) && !star_load(bound->db, &bound->star)) {
        star_free(bound->star);
        bound->star = NULL;
    }
    snprintf(threads, sizeof threads, "%d", options->threads);
    if (depot_set(bound->db, "threads", threads) != DEPOT_OK || depot_set(bound->db, "kernels", options->kernels) != DEPOT_OK) {
        fprintf(stderr, "%s\n", depot_last_error(bound->db)->message);
        return false;
    }
    if (!options->overhead) {
        bound->gb_per_second = memory_speed(options->threads);
        printf("memory %.1f GB/s, %d threads, %s\n", bound->gb_per_second, options->threads, bound->loops->name);
        printf("%-28s %9s %9s %9s %9s %8s %8s\n", "query", "MB read", "bound ms", "hand ms", "Depot ms", "/ bound", "/ hand");
    }
    bool ok = bench_each_file(options->queries, options->overhead ? time_overhead : time_query, bound);
    if (options->overhead) {
        printf("%-28s %9.2f %9.2f %7.2f %%\n", "sum", bound->plain_ms, bound->explained_ms,
               (bound->explained_ms / bound->plain_ms - 1) * 100);
    }
    return ok;
}

int main(int argc, char **argv) {
    Bound bound = {0};
    depot_error error;
    depot_options how = {.read_only = 1};
    if (!parse_options(argc, argv, &bound.options) || (bound.loops = loops_find(bound.options.kernels)) == NULL) {
        fputs(usage, stderr);
        return 2;
    }
    if (depot_open(bound.options.warehouse, &how, &bound.db, &error) != DEPOT_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    bool ok = measure(&bound);
    star_free(bound.star);
    depot_close(bound.db);
    return ok ? 0 : 1;
}
