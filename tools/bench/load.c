/* What does not show in hot queries: time, size and peak memory of loading, peak memory of a suite of queries. Each engine
 * works in a process of its own, in turn. */
#include "tools/bench/bench.h"
#include "tools/bench/child.h"

typedef struct Job {
    const Bench *bench;
    const Dataset *dataset;
    EngineId engine;
    const char *csv;
} Job;

static bool load_tables(Engine *engine, const Job *job) {
    bool ok = true;
    for (uint32_t i = 0; ok && i < job->dataset->table_count; i++) {
        ok = engine_load_table(engine, job->dataset->table_at(i)->name, job->csv);
    }
    return ok && engine_settle(engine);
}

static bool load_job(const void *job_, double *seconds) {
    const Job *job = job_;
    Engine engine;
    bool ok = engine_open(job->bench, job->engine, job->bench->folder, &engine) && engine_make_tables(&engine, job->dataset);
    double started = bench_now_ms();
    ok = ok && load_tables(&engine, job);
    *seconds = (bench_now_ms() - started) / 1e3;
    engine_close(&engine);
    return ok;
}

static bool run_query(void *engine, const char *name, const char *sql) {
    bool ok = engine_run(engine, sql, NULL);
    if (!ok) {
        fprintf(stderr, "%s: not run\n", name);
    }
    return ok;
}

/* The whole suite twice: once cold, once hot. */
static bool queries_job(const void *job_, double *seconds) {
    const Job *job = job_;
    Engine engine;
    bool ok = engine_open(job->bench, job->engine, job->bench->folder, &engine);
    double started = bench_now_ms();
    for (int run = 0; ok && run < 2; run++) {
        ok = bench_each_query(job->bench, run_query, &engine);
    }
    *seconds = (bench_now_ms() - started) / 1e3;
    engine_close(&engine);
    return ok;
}

/* The generator has threads, and memory of its own. */
static bool csv_job(const void *job_, double *seconds) {
    const Job *job = job_;
    (void)seconds;
    return bench_make_csv(job->bench, job->dataset);
}

/* --------------------------------------------------------------------------------------------------------------- report */

static FILE *open_results(const Bench *bench) {
    FILE *out = bench->out == NULL ? NULL : fopen(bench->out, "w");
    if (out != NULL) {
        fprintf(out, "data,measure,version,threads,scale,sorted,slices,depot,duckdb,ratio\n");
    }
    printf("%-8s %-20s %10s %10s %8s\n", "data", "measure", engine_names[0], engine_names[1], "ratio");
    return out;
}

static void report(const Job *job, FILE *out, const char *measure, const double *values) {
    const Bench *bench = job->bench;
    double ratio = values[ENGINE_DEPOT] / values[ENGINE_DUCKDB];
    printf("%-8s %-20s %10.2f %10.2f %8.2f\n", job->dataset->name, measure, values[ENGINE_DEPOT], values[ENGINE_DUCKDB], ratio);
    fflush(stdout);
    if (out != NULL) {
        fprintf(out, "%s,%s,%s,%d,%g,%d,%d,%.3f,%.3f,%.3f\n", job->dataset->name, measure, depot_version(), bench->threads,
                bench->scale, bench->sorted, bench->slices, values[ENGINE_DEPOT], values[ENGINE_DUCKDB], ratio);
    }
}

/* Loads `runs` times in turn; the files of the last run stay. */
static bool load_in_turn(Job *job, int runs, FILE *out) {
    double seconds[ENGINE_COUNT][BENCH_RUNS_MAX], medians[ENGINE_COUNT], megabytes[ENGINE_COUNT], peaks[ENGINE_COUNT] = {0, 0};
    for (int run = 0; run < runs; run++) {
        for (uint32_t e = 0; e < ENGINE_COUNT; e++) {
            ChildReport child;
            job->engine = e;
            engine_remove_files(e, job->bench->folder);
            if (!child_run(load_job, job, &child)) {
                return false;
            }
            seconds[e][run] = child.seconds;
            peaks[e] = child.peak_mib > peaks[e] ? child.peak_mib : peaks[e];
        }
    }
    for (uint32_t e = 0; e < ENGINE_COUNT; e++) {
        medians[e] = bench_median(seconds[e], runs);
        megabytes[e] = engine_megabytes(e, job->bench->folder);
    }
    report(job, out, "load s", medians);
    report(job, out, "size MB", megabytes);
    report(job, out, "load peak MiB", peaks);
    return true;
}

static bool query_peaks(Job *job, FILE *out) {
    double seconds[ENGINE_COUNT], peaks[ENGINE_COUNT];
    for (uint32_t e = 0; e < ENGINE_COUNT; e++) {
        ChildReport child;
        job->engine = e;
        if (!child_run(queries_job, job, &child)) {
            return false;
        }
        seconds[e] = child.seconds;
        peaks[e] = child.peak_mib;
    }
    report(job, out, "queries twice s", seconds);
    report(job, out, "queries peak MiB", peaks);
    return true;
}

static bool measure(const Bench *bench, const Dataset *dataset, FILE *out) {
    char csv[BENCH_PATH_BYTES];
    Job job = {.bench = bench, .dataset = dataset, .csv = csv};
    ChildReport ignored;
    bench_csv_folder(bench, dataset, csv, sizeof csv);
    bool loads = bench->is_load || !bench->is_loaded;
    return (!loads || (child_run(csv_job, &job, &ignored) && load_in_turn(&job, bench->is_load ? bench->runs : 1, out))) &&
           (bench->is_load || query_peaks(&job, out));
}

bool bench_processes(const Bench *bench) {
    FILE *out = open_results(bench);
    bool ok = true;
    for (uint32_t i = 0; ok && i < bench->dataset_count; i++) {
        ok = measure(bench, bench->datasets[i], out);
    }
    if (out != NULL) {
        fclose(out);
    }
    return ok;
}
