/* depot gen SCHEMA: makes a built-in data set, into a warehouse through the appender, as CSV files, or both. Threads take
 * chunks in order, fill them side by side and hand them in under their numbers, so the result does not depend on how many there
 * are. */
#include "datasets/dataset.h"
#include "tools/tools.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: depot gen SCHEMA [--scale F] [--seed N] [--design plain|tuned|keyed] [--nodes N --slices M] "
    "[--into WAREHOUSE] [--csv DIR]\n"
    "                 [--zipf S] [--threads N]\n"
    "--zipf S: key k of a fact's customers, parts and suppliers comes as often as 1 / k^S (ssb, sample);\n"
    "          of the users of events (practice)\n"
    "SCHEMA:\n";

typedef struct GenOptions {
    const char *schema, *design, *into, *csv;
    GenScale scale;
    uint32_t nodes, slices, threads;
} GenOptions;

/* One table on its way: what the threads share. */
typedef struct Load {
    const GenTable *table;
    const GenScale *scale;
    depot_appender *appender; /* NULL without a warehouse */
    FILE *csv;                /* NULL without CSV */
    uint64_t chunks;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t csv_turn;
    uint64_t next_chunk, next_csv_chunk;
    uint64_t rows;
    depot_error error; /* the first failure */
    bool failed;
} Load;

/* ---------------------------------------------------------------------------------------------------------------- chunks */

static bool is_cents(GenKind kind) {
    return kind == GEN_CENTS5 || kind == GEN_CENTS7 || kind == GEN_CENTS15;
}

static bool column_create(GenColumn *column, GenKind kind) {
    column->kind = kind;
    column->validity = malloc(GEN_CHUNK_ROWS_MAX / 8);
    if (kind == GEN_TEXT) {
        column->texts = malloc(sizeof *column->texts * GEN_CHUNK_ROWS_MAX);
    } else if (is_cents(kind)) {
        column->cents = malloc(sizeof *column->cents * GEN_CHUNK_ROWS_MAX);
    } else if (kind == GEN_TIMESTAMP) {
        column->moments = malloc(sizeof *column->moments * GEN_CHUNK_ROWS_MAX);
    } else {
        column->ints = malloc(sizeof *column->ints * GEN_CHUNK_ROWS_MAX);
    }
    return column->validity != NULL &&
           (column->ints != NULL || column->cents != NULL || column->moments != NULL || column->texts != NULL);
}

static bool chunk_create(GenChunk *chunk, const GenTable *table) {
    *chunk = (GenChunk){.pool = malloc(GEN_TEXT_BYTES)};
    bool ok = chunk->pool != NULL;
    for (uint32_t i = 0; i < table->column_count; i++) {
        ok = column_create(&chunk->columns[i], table->kinds[i]) && ok;
    }
    return ok;
}

/* Empty, all rows to come not NULL. */
static void chunk_reset(GenChunk *chunk, const GenTable *table) {
    chunk->pool_used = 0;
    for (uint32_t i = 0; i < table->column_count; i++) {
        chunk->columns[i].has_nulls = false;
        memset(chunk->columns[i].validity, 0xff, GEN_CHUNK_ROWS_MAX / 8);
    }
}

static void chunk_free(GenChunk *chunk) {
    for (uint32_t i = 0; i < GEN_COLUMNS_MAX; i++) {
        free(chunk->columns[i].ints);
        free(chunk->columns[i].cents);
        free(chunk->columns[i].moments);
        free(chunk->columns[i].texts);
        free(chunk->columns[i].validity);
    }
    free(chunk->pool);
}

/* Rows from `first` on, a multiple of 64, as the engine takes them. */
static depot_column engine_column(const GenColumn *column, uint32_t first) {
    depot_column out = {.type = DEPOT_INTEGER, .element_bytes = 4};
    if (column->kind == GEN_TEXT) {
        out = (depot_column){.type = DEPOT_VARCHAR, .element_bytes = sizeof(depot_text), .values = column->texts + first};
    } else if (is_cents(column->kind)) {
        out = (depot_column){.type = DEPOT_DECIMAL, .scale = 2, .element_bytes = 8, .values = column->cents + first};
        out.precision = column->kind == GEN_CENTS5 ? 5 : column->kind == GEN_CENTS7 ? 7 : 15;
    } else if (column->kind == GEN_TIMESTAMP) {
        out = (depot_column){.type = DEPOT_TIMESTAMP, .element_bytes = 8, .values = column->moments + first};
    } else {
        out.type = column->kind == GEN_DATE ? DEPOT_DATE : DEPOT_INTEGER;
        out.values = column->ints + first;
    }
    out.validity = column->has_nulls ? column->validity + first / 64 : NULL;
    return out;
}

static depot_code append_chunk(Load *load, uint64_t sequence, const GenChunk *chunk, depot_error *error) {
    depot_column columns[GEN_COLUMNS_MAX];
    uint32_t first = 0;
    do {
        uint32_t rows = chunk->rows - first < 2048 ? chunk->rows - first : 2048;
        for (uint32_t i = 0; i < load->table->column_count; i++) {
            columns[i] = engine_column(&chunk->columns[i], first);
        }
        depot_batch batch = {rows, load->table->column_count, columns};
        bool is_last = first + rows == chunk->rows;
        if (depot_appender_append(load->appender, sequence, &batch, is_last, error) != DEPOT_OK) {
            return DEPOT_ERROR;
        }
        first += rows;
    } while (first < chunk->rows);
    return DEPOT_OK;
}

#define CELL_BYTES_MAX 24 /* of a number, a date or a moment */

static int print_date(char *out, int32_t days) {
    GenDay day = gen_day(days);
    return snprintf(out, CELL_BYTES_MAX, "%04d-%02d-%02d", day.year, day.month, day.day);
}

static int print_moment(char *out, int64_t moment) {
    int64_t seconds = moment / 1000000, days = (seconds - (seconds < 0 ? 86399 : 0)) / 86400;
    int32_t of_day = (int32_t)(seconds - days * 86400);
    int bytes = print_date(out, (int32_t)days);
    return bytes + snprintf(out + bytes, 10, " %02d:%02d:%02d", of_day / 3600 % 24, of_day / 60 % 60, of_day % 60);
}

static int print_number(char *out, const GenColumn *column, uint32_t row) {
    if (is_cents(column->kind)) {
        long long cents = column->cents[row], size = llabs(cents);
        return snprintf(out, CELL_BYTES_MAX, "%s%lld.%02lld", cents < 0 ? "-" : "", size / 100, size % 100);
    }
    if (column->kind == GEN_DATE) {
        return print_date(out, column->ints[row]);
    }
    if (column->kind == GEN_TIMESTAMP) {
        return print_moment(out, column->moments[row]);
    }
    return snprintf(out, CELL_BYTES_MAX, "%d", column->ints[row]);
}

/* One line per row, | between fields, nothing for NULL. Returns the bytes written; `out` takes GEN_TEXT_BYTES and
 * CELL_BYTES_MAX per cell. */
static size_t print_chunk(const Load *load, const GenChunk *chunk, char *out) {
    char *at = out;
    for (uint32_t row = 0; row < chunk->rows; row++) {
        for (uint32_t i = 0; i < load->table->column_count; i++) {
            const GenColumn *column = &chunk->columns[i];
            if (i > 0) {
                *at++ = '|';
            }
            if (gen_is_null(column, row)) {
                continue;
            }
            if (column->kind == GEN_TEXT) {
                memcpy(at, column->texts[row].data, column->texts[row].bytes);
                at += column->texts[row].bytes;
            } else {
                at += print_number(at, column, row);
            }
        }
        *at++ = '\n';
    }
    return (size_t)(at - out);
}

static void fail_load(Load *load, const depot_error *error, const char *message) {
    pthread_mutex_lock(&load->lock);
    if (!load->failed) {
        load->failed = true;
        if (error != NULL) {
            load->error = *error;
        } else {
            load->error = (depot_error){.code = DEPOT_ERROR, .sqlstate = "58030"};
            snprintf(load->error.message, sizeof load->error.message, "%s", message);
        }
    }
    pthread_cond_broadcast(&load->csv_turn);
    pthread_mutex_unlock(&load->lock);
}

/* Chunks reach the file in order: each waits for the one before. */
static void write_csv(Load *load, uint64_t chunk, const char *text, size_t bytes) {
    pthread_mutex_lock(&load->lock);
    while (load->next_csv_chunk != chunk && !load->failed) {
        pthread_cond_wait(&load->csv_turn, &load->lock);
    }
    bool failed = load->failed;
    pthread_mutex_unlock(&load->lock);
    bool written = failed || fwrite(text, 1, bytes, load->csv) == bytes;
    pthread_mutex_lock(&load->lock);
    load->next_csv_chunk++;
    pthread_cond_broadcast(&load->csv_turn);
    pthread_mutex_unlock(&load->lock);
    if (!written) {
        fail_load(load, NULL, "cannot write the CSV file");
    }
}

static bool take_chunk(Load *load, uint64_t *chunk) {
    pthread_mutex_lock(&load->lock);
    bool taken = !load->failed && load->next_chunk < load->chunks;
    *chunk = taken ? load->next_chunk++ : 0;
    pthread_mutex_unlock(&load->lock);
    return taken;
}

static void *load_main(void *load_) {
    Load *load = load_;
    GenChunk chunk;
    char *text = malloc(GEN_TEXT_BYTES + (size_t)GEN_CHUNK_ROWS_MAX * GEN_COLUMNS_MAX * CELL_BYTES_MAX);
    if (!chunk_create(&chunk, load->table) || text == NULL) {
        fail_load(load, NULL, "out of memory");
    }
    uint64_t number;
    while (take_chunk(load, &number)) {
        depot_error error;
        chunk_reset(&chunk, load->table);
        load->table->fill(load->scale, number, &chunk);
        if (load->csv != NULL) {
            write_csv(load, number, text, print_chunk(load, &chunk, text));
        }
        if (load->appender != NULL && append_chunk(load, number, &chunk, &error) != DEPOT_OK) {
            fail_load(load, &error, NULL);
        }
        pthread_mutex_lock(&load->lock);
        load->rows += chunk.rows;
        pthread_mutex_unlock(&load->lock);
    }
    chunk_free(&chunk);
    free(text);
    return NULL;
}

static void run_threads(Load *load, uint32_t threads) {
    pthread_t others[64];
    uint32_t started = 0;
    while (started + 1 < threads && started < 64 && pthread_create(&others[started], NULL, load_main, load) == 0) {
        started++;
    }
    load_main(load);
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(others[i], NULL);
    }
}

/* ---------------------------------------------------------------------------------------------------------------- tables */

/* A data set, or some tables of it, in one design: the table t as <prefix>t<suffix>. */
typedef struct Copy {
    const char *dataset, *design, *prefix, *suffix;
    const char *tables; /* names with blanks between; NULL: all */
} Copy;

static bool is_wanted(const Copy *copy, const char *name, size_t bytes) {
    for (const char *at = copy->tables; at != NULL && *at != 0; at += *at == ' ') {
        size_t length = strcspn(at, " ");
        if (length == bytes && memcmp(at, name, bytes) == 0) {
            return true;
        }
        at += length;
    }
    return copy->tables == NULL;
}

static int load_table(depot *db, const GenTable *table, const Copy *copy, const GenOptions *options) {
    Load load = {.table = table, .scale = &options->scale, .chunks = table->chunks(&options->scale)};
    char name[128];
    snprintf(name, sizeof name, "%s%s%s", copy->prefix, table->name, copy->suffix);
    pthread_mutex_init(&load.lock, NULL);
    pthread_cond_init(&load.csv_turn, NULL);
    if (options->csv != NULL) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s.tbl", options->csv, name);
        load.csv = fopen(path, "w");
        if (load.csv == NULL) {
            fprintf(stderr, "depot gen: cannot write %s: %s\n", path, strerror(errno));
            return EXIT_FAILED;
        }
    }
    if (db != NULL && depot_appender_open(db, NULL, name, &load.appender) != DEPOT_OK) {
        fail_load(&load, depot_last_error(db), NULL);
    }
    run_threads(&load, options->threads);
    if (load.csv != NULL && fclose(load.csv) != 0) {
        fail_load(&load, NULL, "cannot write the CSV file");
    }
    if (load.failed) {
        depot_appender_abort(load.appender);
    } else if (load.appender != NULL && depot_appender_commit(load.appender, NULL) != DEPOT_OK) {
        fail_load(&load, depot_last_error(db), NULL);
    }
    pthread_cond_destroy(&load.csv_turn);
    pthread_mutex_destroy(&load.lock);
    if (load.failed) {
        print_error(&load.error);
        return EXIT_FAILED;
    }
    fprintf(stderr, "%s: %llu rows\n", name, (unsigned long long)load.rows);
    return EXIT_DONE;
}

/* Behind "CREATE TABLE " or "ALTER TABLE ", with which every statement of a schema file begins a line; NULL elsewhere. */
static const char *named_table(const char *line) {
    static const char *const verbs[] = {"CREATE TABLE ", "ALTER TABLE "};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strncmp(line, verbs[i], strlen(verbs[i])) == 0) {
            return line + strlen(verbs[i]);
        }
    }
    return NULL;
}

/* The statements about wanted tables, under the copy's names. */
static void put_statements(FILE *out, const char *sql, const Copy *copy) {
    for (const char *line = sql; *line != 0; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *name = named_table(line);
        size_t bytes = name == NULL ? 0 : strcspn(name, " ");
        if (name != NULL && is_wanted(copy, name, bytes)) {
            int rest = (int)strcspn(name + bytes, ";");
            fprintf(out, "%.*s%s%.*s%s%.*s;\n", (int)(name - line), line, copy->prefix, (int)bytes, name, copy->suffix, rest,
                    name + bytes);
        }
    }
}

/* Every design starts from plain.sql; its own file says what tables gain over that. All in one commit. */
static depot_code create_tables(depot *db, const char *design, const Copy *copy) {
    char path[128], *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (out == NULL) {
        return DEPOT_ERROR;
    }
    snprintf(path, sizeof path, "%s/plain.sql", copy->dataset);
    fputs("BEGIN;\n", out);
    put_statements(out, dataset_file(path), copy);
    put_statements(out, design, copy);
    fputs("COMMIT", out);
    fclose(out);
    depot_code code = depot_execute(db, text);
    free(text);
    return code;
}

static int load_copy(depot *db, const Copy *copy, const GenOptions *options) {
    const Dataset *dataset = dataset_find(copy->dataset);
    bool is_plain = strcmp(copy->design, "plain") == 0;
    char path[128];
    snprintf(path, sizeof path, "%s/%s.sql", copy->dataset, copy->design);
    const char *design = is_plain ? "" : dataset_file(path);
    if (design == NULL) {
        fprintf(stderr, "depot gen: \"%s\" has no design \"%s\"\n", copy->dataset, copy->design);
        return EXIT_USAGE;
    }
    if (db != NULL && create_tables(db, design, copy) != DEPOT_OK) {
        print_error(depot_last_error(db));
        return EXIT_FAILED;
    }
    for (uint32_t i = 0; i < dataset->table_count; i++) {
        const GenTable *table = dataset->table_at(i);
        int status = is_wanted(copy, table->name, strlen(table->name)) ? load_table(db, table, copy, options) : EXIT_DONE;
        if (status != EXIT_DONE) {
            return status;
        }
    }
    return EXIT_DONE;
}

/* The sample warehouse: SSB with and without a physical design, and TPC-H's two facts by their common key and dealt out one by
 * one, in blocks so small that every segment has several. */
static int load_sample(depot *db, const GenOptions *options) {
    static const Copy copies[] = {
        {"ssb", "tuned", "", "", NULL},
        {"ssb", "plain", "plain_", "", NULL},
        {"tpch", "keyed", "", "", "orders lineitem"},
        {"tpch", "plain", "", "_even", "orders lineitem"},
    };
    if (db != NULL && depot_set(db, "block_rows", "2048") != DEPOT_OK) {
        print_error(depot_last_error(db));
        return EXIT_FAILED;
    }
    int status = EXIT_DONE;
    for (size_t i = 0; i < sizeof copies / sizeof *copies && status == EXIT_DONE; i++) {
        status = load_copy(db, &copies[i], options);
    }
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- options */

static int print_usage(FILE *out) {
    fputs(usage, out);
    for (uint32_t i = 0; i < dataset_count(); i++) {
        fprintf(out, "  %-8s %s\n", dataset_at(i)->name, dataset_at(i)->help);
    }
    fputs("  sample   the sample warehouse: ssb at scale 0.1 on 4 nodes of 2 slices, tuned and plain side by side;\n"
          "           orders and lineitem of tpch, keyed and (orders_even, lineitem_even) plain\n",
          out);
    return out == stdout ? EXIT_DONE : EXIT_USAGE;
}

static bool parse_number(const char *text, double least, double *number) {
    char *end;
    *number = strtod(text, &end);
    return end != text && *end == 0 && *number >= least && *number <= 1e9;
}

static bool parse_option(const char *name, const char *value, GenOptions *options) {
    double number = 0;
    if (strcmp(name, "--design") == 0) {
        options->design = value;
    } else if (strcmp(name, "--into") == 0) {
        options->into = value;
    } else if (strcmp(name, "--csv") == 0) {
        options->csv = value;
    } else if (strcmp(name, "--scale") == 0) {
        return parse_number(value, 0.0001, &options->scale.factor) && options->scale.factor <= 300;
    } else if (strcmp(name, "--seed") == 0) {
        char *end;
        options->scale.seed = strtoull(value, &end, 10);
        return end != value && *end == 0;
    } else if (strcmp(name, "--zipf") == 0) {
        return parse_number(value, 0, &options->scale.zipf) && options->scale.zipf <= 4;
    } else {
        uint32_t *field = strcmp(name, "--nodes") == 0     ? &options->nodes
                          : strcmp(name, "--slices") == 0  ? &options->slices
                          : strcmp(name, "--threads") == 0 ? &options->threads
                                                           : NULL;
        if (field == NULL || !parse_number(value, 1, &number) || number > 1024) {
            return false;
        }
        *field = (uint32_t)number;
    }
    return true;
}

static bool parse_options(int argc, char **argv, GenOptions *options) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *options = (GenOptions){
        .design = "plain", .scale = {.factor = 1, .seed = 1}, .threads = processors < 1 ? 1 : (uint32_t)processors};
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' && options->schema == NULL) {
            options->schema = argv[i];
            if (strcmp(argv[i], "sample") == 0) {
                options->scale.factor = 0.1;
                options->nodes = 4;
            }
        } else if (argv[i][0] != '-' || i + 1 == argc || !parse_option(argv[i], argv[i + 1], options)) {
            fprintf(stderr, "depot gen: wrong argument \"%s\"\n", argv[i]);
            return false;
        } else {
            i++;
        }
    }
    if (options->schema == NULL || (options->into == NULL && options->csv == NULL)) {
        fprintf(stderr, "depot gen: a schema and --into or --csv are needed\n");
        return false;
    }
    return true;
}

int tool_gen(int argc, char **argv) {
    GenOptions options;
    if (asks_for_help(argc, argv)) {
        return print_usage(stdout);
    }
    if (!parse_options(argc, argv, &options)) {
        return print_usage(stderr);
    }
    bool is_sample = strcmp(options.schema, "sample") == 0;
    const Dataset *dataset = is_sample ? NULL : dataset_find(options.schema);
    if (dataset == NULL && !is_sample) {
        fprintf(stderr, "depot gen: there is no data set \"%s\"\n", options.schema);
        return print_usage(stderr);
    }
    if (options.scale.zipf > 0 && !(is_sample || dataset->has_zipf)) {
        fprintf(stderr, "depot gen: the keys of \"%s\" cannot be skewed: --zipf is for ssb, practice and sample\n",
                options.schema);
        return EXIT_USAGE;
    }
    if (options.csv != NULL && mkdir(options.csv, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "depot gen: cannot make %s: %s\n", options.csv, strerror(errno));
        return EXIT_FAILED;
    }
    depot *db = NULL;
    if (options.into != NULL) {
        depot_options open = {.nodes = options.nodes, .slices = options.slices};
        depot_error error;
        if (depot_open(options.into, &open, &db, &error) != DEPOT_OK) {
            print_error(&error);
            return EXIT_CANNOT_OPEN;
        }
    }
    int status;
    if (is_sample) {
        status = load_sample(db, &options);
    } else {
        status = load_copy(db, &(Copy){dataset->name, options.design, "", "", NULL}, &options);
    }
    depot_close(db);
    return status;
}
