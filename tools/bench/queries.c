/* The queries of a data set: every answer of both engines compared, hot runs timed in turn (A B A B …) in one process. */
#include "tools/bench/answers.h"
#include "tools/bench/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------- the list of them */

bool bench_each_query(const Bench *bench, QueryFunction *each, void *context) {
    char prefix[64];
    const char *path;
    bool ok = true;
    if (bench->queries != NULL) {
        return bench_each_file(bench->queries, each, context);
    }
    snprintf(prefix, sizeof prefix, "%s/queries/", bench->datasets[0]->name);
    for (uint32_t i = 0; (path = dataset_file_name(prefix, i)) != NULL; i++) {
        ok = bench_call_query(each, context, path, dataset_file(path)) && ok;
    }
    return ok;
}

/* --------------------------------------------------------------------------------------------------------------- running */

typedef struct Totals {
    const Bench *bench;
    Engine *engines;
    FILE *out; /* or NULL */
    double logs, worst, sums[ENGINE_COUNT];
    int asked, equal, empty, timed;
} Totals;

typedef enum Verdict { EQUAL, EQUAL_AND_EMPTY, DIFFERENT } Verdict;

static Verdict compare_answers(Engine *engines, const char *name, const char *sql) {
    char *ours = NULL, *theirs = NULL;
    Verdict verdict = DIFFERENT;
    if (engine_run(&engines[ENGINE_DEPOT], sql, &ours) && engine_run(&engines[ENGINE_DUCKDB], sql, &theirs)) {
        verdict = !answers_equal(name, ours, theirs) ? DIFFERENT : theirs[0] == 0 ? EQUAL_AND_EMPTY : EQUAL;
    } else {
        fprintf(stderr, "%s: not run\n", name);
    }
    free(ours);
    free(theirs);
    return verdict;
}

static bool time_both(const Totals *totals, const char *sql, double *medians) {
    double times[ENGINE_COUNT][BENCH_RUNS_MAX];
    for (int run = -1; run < totals->bench->runs; run++) { /* run -1 warms up */
        for (uint32_t e = 0; e < ENGINE_COUNT; e++) {
            double started = bench_clock_ms(totals->bench);
            if (!engine_run(&totals->engines[e], sql, NULL)) {
                return false;
            }
            times[e][run < 0 ? 0 : run] = bench_clock_ms(totals->bench) - started;
        }
    }
    for (uint32_t e = 0; e < ENGINE_COUNT; e++) {
        medians[e] = bench_median(times[e], totals->bench->runs);
    }
    return true;
}

static bool run_query(void *totals_, const char *name, const char *sql) {
    Totals *totals = totals_;
    const Bench *bench = totals->bench;
    double medians[ENGINE_COUNT];
    totals->asked++;
    Verdict verdict = compare_answers(totals->engines, name, sql);
    totals->equal += verdict != DIFFERENT;
    totals->empty += verdict == EQUAL_AND_EMPTY;
    if (verdict == DIFFERENT || bench->runs == 0) {
        return verdict != DIFFERENT;
    }
    if (!time_both(totals, sql, medians)) {
        return false;
    }
    double ratio = medians[ENGINE_DEPOT] / medians[ENGINE_DUCKDB];
    printf("%-28s %10.2f %10.2f %8.2f\n", name, medians[ENGINE_DEPOT], medians[ENGINE_DUCKDB], ratio);
    if (totals->out != NULL) {
        fprintf(totals->out, "%s,%s,%d,%g,%d,%d,%.3f,%.3f,%.3f\n", name, depot_version(), bench->threads, bench->scale,
                bench->sorted, bench->slices, medians[ENGINE_DEPOT], medians[ENGINE_DUCKDB], ratio);
    }
    totals->logs += log(ratio);
    totals->worst = ratio > totals->worst ? ratio : totals->worst;
    totals->sums[ENGINE_DEPOT] += medians[ENGINE_DEPOT];
    totals->sums[ENGINE_DUCKDB] += medians[ENGINE_DUCKDB];
    totals->timed++;
    return true;
}

static bool run_queries(const Bench *bench, Engine *engines) {
    Totals totals = {.bench = bench, .engines = engines, .out = bench->out == NULL ? NULL : fopen(bench->out, "w")};
    if (totals.out != NULL) {
        fprintf(totals.out, "query,version,threads,scale,sorted,slices,depot_ms,duckdb_ms,ratio\n");
    }
    if (bench->runs > 0) {
        printf("%-28s %10s %10s %8s\n", "query", "Depot ms", "DuckDB ms", "ratio");
    }
    bool ok = bench_each_query(bench, run_query, &totals);
    if (totals.timed > 0) {
        printf("geometric mean of ratios %.3f   worst %.2f   sum %.1f / %.1f ms = %.3f   ", exp(totals.logs / totals.timed),
               totals.worst, totals.sums[ENGINE_DEPOT], totals.sums[ENGINE_DUCKDB],
               totals.sums[ENGINE_DEPOT] / totals.sums[ENGINE_DUCKDB]);
    }
    printf("%d of %d answers equal, %d of them empty\n", totals.equal, totals.asked, totals.empty);
    if (totals.out != NULL) {
        fclose(totals.out);
    }
    return ok && totals.asked > 0;
}

/* --------------------------------------------------------------------------------------------------------------- loading */

/* In turn by table; the load suite measures this in processes of their own. */
static bool load_both(const Bench *bench, Engine *engines, const char *csv) {
    double seconds[ENGINE_COUNT] = {0, 0}, megabytes[ENGINE_COUNT];
    const Dataset *dataset = bench->datasets[0];
    bool ok = true;
    for (uint32_t e = 0; ok && e < ENGINE_COUNT; e++) {
        ok = engine_make_tables(&engines[e], dataset);
    }
    for (uint32_t i = 0; ok && i <= dataset->table_count; i++) {
        for (uint32_t e = 0; ok && e < ENGINE_COUNT; e++) {
            double started = bench_now_ms();
            ok = i == dataset->table_count ? engine_settle(&engines[e])
                                           : engine_load_table(&engines[e], dataset->table_at(i)->name, csv);
            seconds[e] += (bench_now_ms() - started) / 1e3;
        }
    }
    for (uint32_t e = 0; e < ENGINE_COUNT; e++) {
        megabytes[e] = engine_megabytes(e, bench->folder);
    }
    printf("load       Depot %8.2f s   DuckDB %8.2f s   ratio %.2f\n", seconds[0], seconds[1], seconds[0] / seconds[1]);
    printf("size       Depot %7.1f MB   DuckDB %7.1f MB   ratio %.2f\n", megabytes[0], megabytes[1],
           megabytes[0] / megabytes[1]);
    return ok;
}

bool bench_queries(const Bench *bench) {
    char csv[BENCH_PATH_BYTES];
    Engine engines[ENGINE_COUNT] = {0};
    bench_csv_folder(bench, bench->datasets[0], csv, sizeof csv);
    bool ok = bench->is_loaded || bench_make_csv(bench, bench->datasets[0]);
    for (uint32_t e = 0; ok && e < ENGINE_COUNT; e++) {
        ok = engine_open(bench, e, bench->folder, &engines[e]);
    }
    ok = ok && (bench->is_loaded || load_both(bench, engines, csv)) && run_queries(bench, engines);
    for (uint32_t e = 0; e < ENGINE_COUNT; e++) {
        engine_close(&engines[e]);
    }
    return ok;
}
