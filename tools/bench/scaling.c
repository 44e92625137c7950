/* What more threads bring: hot runs with one thread and with several in turn (A B A B …) in one process, so that a machine
 * whose clock drifts is the same for both. What no engine can exceed there, a loop that shares nothing, is timed in between. */
#include "tools/bench/bench.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------- the perfect loop */

#define LOOP_STEPS (8U << 20) /* some milliseconds */

static void *loop_main(void *steps_) {
    uint32_t *steps = steps_;
    volatile uint64_t kept;
    uint64_t state = *steps;
    for (uint32_t i = 0; i < *steps; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U; /* each waits for the one before */
    }
    kept = state;
    (void)kept;
    return NULL;
}

/* LOOP_STEPS in all, in equal shares. A thread that cannot be started takes its share away, which shows as a ratio above all
 * threads. */
static void run_loop(int threads) {
    pthread_t started[BENCH_THREADS_MAX];
    uint32_t steps = LOOP_STEPS / (uint32_t)threads;
    int count = 0;
    while (count < threads - 1 && pthread_create(&started[count], NULL, loop_main, &steps) == 0) {
        count++;
    }
    loop_main(&steps);
    while (count > 0) {
        pthread_join(started[--count], NULL);
    }
}

/* ---------------------------------------------------------------------------------------------------------------- running */

enum { LOOP = ENGINE_COUNT, RUNNER_COUNT };

/* Median milliseconds with one thread, and with all. */
typedef struct Pair {
    double one, all;
} Pair;

typedef struct Scaling {
    const Bench *bench;
    Engine *engines;
    bool runs[RUNNER_COUNT];
    Pair sums[RUNNER_COUNT];
    int timed;
} Scaling;

static double ratio(Pair pair) {
    return pair.one / pair.all;
}

/* Each time with other threads than before, so the first run, which plans the query anew and starts them, is not timed. */
static bool time_engine(const Scaling *scaling, uint32_t id, int threads, const char *sql, double *ms) {
    Engine *engine = &scaling->engines[id];
    char set[64];
    snprintf(set, sizeof set, "SET threads = %d", threads);
    if (!engine_run(engine, set, NULL) || !engine_run(engine, sql, NULL)) {
        return false;
    }
    double started = bench_clock_ms(scaling->bench);
    bool ok = engine_run(engine, sql, NULL);
    *ms = bench_clock_ms(scaling->bench) - started;
    return ok;
}

static bool time_once(const Scaling *scaling, uint32_t runner, int threads, const char *sql, double *ms) {
    if (runner != LOOP) {
        return time_engine(scaling, runner, threads, sql, ms);
    }
    double started = bench_clock_ms(scaling->bench);
    run_loop(threads);
    *ms = bench_clock_ms(scaling->bench) - started;
    return true;
}

static bool time_in_turn(const Scaling *scaling, const char *sql, Pair *medians) {
    static double one[RUNNER_COUNT][BENCH_RUNS_MAX], all[RUNNER_COUNT][BENCH_RUNS_MAX];
    const Bench *bench = scaling->bench;
    for (int run = 0; run < bench->runs; run++) {
        for (uint32_t r = 0; r < RUNNER_COUNT; r++) {
            if (scaling->runs[r] &&
                !(time_once(scaling, r, 1, sql, &one[r][run]) && time_once(scaling, r, bench->threads, sql, &all[r][run]))) {
                return false;
            }
        }
    }
    for (uint32_t r = 0; r < RUNNER_COUNT; r++) {
        if (scaling->runs[r]) {
            medians[r] = (Pair){bench_median(one[r], bench->runs), bench_median(all[r], bench->runs)};
        }
    }
    return true;
}

static void print_line(const Scaling *scaling, const char *name, const Pair *pairs) {
    printf("%-28s", name);
    for (uint32_t r = 0; r < RUNNER_COUNT; r++) {
        if (scaling->runs[r]) {
            printf(" %10.2f %10.2f %8.2f", pairs[r].one, pairs[r].all, ratio(pairs[r]));
        }
    }
    putchar('\n');
}

static bool run_query(void *scaling_, const char *name, const char *sql) {
    Scaling *scaling = scaling_;
    Pair medians[RUNNER_COUNT];
    if (!time_in_turn(scaling, sql, medians)) {
        return false;
    }
    print_line(scaling, name, medians);
    for (uint32_t r = 0; r < RUNNER_COUNT; r++) {
        if (scaling->runs[r]) {
            scaling->sums[r].one += medians[r].one;
            scaling->sums[r].all += medians[r].all;
        }
    }
    scaling->timed++;
    return true;
}

static void print_heading(const Scaling *scaling) {
    printf("%-28s", "query");
    for (uint32_t r = 0; r < RUNNER_COUNT; r++) {
        if (scaling->runs[r]) {
            const char *name = r == LOOP ? "loop" : engine_names[r];
            printf(" %8s 1 %8s %d %8s", name, name, scaling->bench->threads, "ratio");
        }
    }
    putchar('\n');
}

bool bench_scaling(const Bench *bench) {
    Engine engines[ENGINE_COUNT] = {0};
    Scaling scaling = {.bench = bench, .engines = engines, .runs = {true, bench->library != NULL, true}};
    bool ok = true;
    for (uint32_t e = 0; ok && e < ENGINE_COUNT; e++) {
        ok = !scaling.runs[e] || engine_open(bench, e, bench->folder, &engines[e]);
    }
    if (ok) {
        print_heading(&scaling);
        ok = bench_each_query(bench, run_query, &scaling) && scaling.timed > 0;
        print_line(&scaling, "sum", scaling.sums);
    }
    for (uint32_t e = 0; e < ENGINE_COUNT; e++) {
        engine_close(&engines[e]);
    }
    return ok;
}
