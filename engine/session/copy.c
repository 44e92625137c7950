/* COPY … FROM: threads take chunks of whole records, parse them and hand the batches to the table writer under the chunk's
 * number, so the table's rows stand in the files' order however many threads there are. Rows that cannot be taken are
 * collected; more than MAXERROR of them fail the load, and nothing is committed. */
#include "session/checks.h"
#include "session/session.h"
#include "storage/csv/csv_parse.h"
#include "storage/table_writer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REJECTS_SHOWN 1000
/* What a thread parses before its turn to append has come: no more of it means that threads wait for each other. */
#define BATCHES_AHEAD 32

/* What the threads share. */
typedef struct CopyLoad {
    const Context *cx;
    const CopySpec *spec;
    CsvFormat format;
    const Value *defaults; /* by table column; used where no field fills it */
    const bool *filled;    /* by table column */
    BoundCheck *checks;
    CsvInput *input;
    TableWriter *writer;
    pthread_mutex_t lock; /* guards the rest */
    CsvReject *rejects;
    uint32_t rejects_kept;
    uint64_t reject_count;
    Error error; /* of the first thread that failed */
    Status status;
    bool stop;
} CopyLoad;

/* What one thread has. */
typedef struct CopyWorker {
    Context cx;
    Error error;
    CopyLoad *load;
    CsvParser *parser;
    CsvChunk chunk;
    Batch batches[BATCHES_AHEAD]; /* in table order */
    uint32_t batch_count;         /* of them, parsed and not appended yet */
    RowChecks checks;
} CopyWorker;

/* --------------------------------------------------------------------------------------------------------------- set-up */

static Status make_format(const Context *cx, Arena *arena, const CopySpec *spec, CsvFormat *format) {
    const TableSchema *schema = spec->table->schema;
    CsvField *fields;
    TRY_NEW_ARRAY(cx, arena, fields, spec->field_count + 1);
    for (uint32_t i = 0; i < spec->field_count; i++) {
        const ColumnDef *column = &schema->columns[spec->fields[i]];
        fields[i] = (CsvField){.name = column->name,
                               .type = column->type,
                               .column = spec->fields[i],
                               .not_null = column->not_null,
                               .null_if_quoted = spec->null_if_quoted != NULL && spec->null_if_quoted[spec->fields[i]]};
    }
    copy_format(spec, format);
    format->field_count = spec->field_count;
    format->fields = fields;
    return OK;
}

static Status make_defaults(const Context *cx, Arena *arena, const CopySpec *spec, CopyLoad *load) {
    uint32_t count = spec->table->schema->column_count;
    Value *defaults;
    bool *filled;
    TRY_NEW_ARRAY(cx, arena, defaults, count);
    TRY_NEW_ARRAY(cx, arena, filled, count);
    for (uint32_t i = 0; i < count; i++) {
        filled[i] = spec->defaults[i] == NULL;
        if (!filled[i]) {
            TRY(expr_eval_constant(cx, arena, spec->defaults[i], &defaults[i]));
        }
    }
    load->defaults = defaults;
    load->filled = filled;
    return OK;
}

/* Batch `index` of the worker, made on first use. */
static Status open_batch(CopyWorker *worker, uint32_t index) {
    CopyLoad *load = worker->load;
    const Context *cx = &worker->cx;
    const TableSchema *schema = load->spec->table->schema;
    Batch *batch = &worker->batches[index];
    Type *types;
    if (batch->columns != NULL) {
        return OK;
    }
    TRY_ALLOC(cx, types, sizeof *types * (schema->column_count + 1));
    for (uint32_t i = 0; i < schema->column_count; i++) {
        types[i] = schema->columns[i].type;
    }
    Status status = batch_init(cx, batch, types, schema->column_count);
    mem_free(types);
    TRY(status);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        if (!load->filled[i]) {
            TRY(vector_set_constant(cx, &batch->columns[i], &load->defaults[i]));
        }
    }
    return OK;
}

static Status open_worker(CopyWorker *worker) {
    CopyLoad *load = worker->load;
    TRY(csv_parser_create(&worker->cx, &load->format, &worker->parser));
    return row_checks_open(&worker->cx, load->spec->table->schema, load->checks, &worker->checks);
}

static void close_worker(CopyWorker *worker) {
    row_checks_close(&worker->checks);
    for (uint32_t i = 0; i < BATCHES_AHEAD; i++) {
        batch_free(&worker->batches[i]);
    }
    csv_parser_free(worker->parser);
    csv_chunk_free(&worker->chunk);
}

/* -------------------------------------------------------------------------------------------------------------- rejects */

static int reject_order(const void *a_, const void *b_) {
    const CsvReject *a = a_, *b = b_;
    int by_file = strcmp(a->file, b->file);
    return by_file != 0 ? by_file : (a->line > b->line) - (a->line < b->line);
}

/* Takes over the parser's rejects of a chunk. True if there are too many now. */
static bool take_rejects(CopyWorker *worker) {
    CopyLoad *load = worker->load;
    uint64_t count;
    const CsvReject *rejects = csv_parser_rejects(worker->parser, &count);
    if (count == 0) {
        return false;
    }
    pthread_mutex_lock(&load->lock);
    uint64_t kept = count < CSV_REJECTS_KEPT ? count : CSV_REJECTS_KEPT;
    for (uint64_t i = 0; i < kept && load->rejects_kept < REJECTS_SHOWN; i++) {
        load->rejects[load->rejects_kept++] = rejects[i];
    }
    load->reject_count += count;
    bool too_many = load->reject_count > load->spec->max_errors;
    load->stop = load->stop || too_many;
    pthread_mutex_unlock(&load->lock);
    return too_many;
}

static void describe_reject(const CsvReject *reject, char *text, size_t bytes) {
    snprintf(text, bytes, "%s, line %llu%s%s: %s: \"%s\"", reject->file, (unsigned long long)reject->line,
             reject->column == NULL ? "" : ", column ", reject->column == NULL ? "" : reject->column, reject->reason,
             reject->text);
}

static Status report_rejects(const Context *cx, CopyLoad *load) {
    char text[1024];
    if (load->reject_count == 0) {
        return OK;
    }
    qsort(load->rejects, load->rejects_kept, sizeof *load->rejects, reject_order);
    if (load->reject_count > load->spec->max_errors) {
        describe_reject(&load->rejects[0], text, sizeof text);
        fail(cx, load->rejects[0].status, "COPY %s: %s", load->spec->table->schema->name, text);
        return fail_hint(cx, "nothing was loaded; MAXERROR n lets a load leave out up to n rows");
    }
    for (uint32_t i = 0; i < load->rejects_kept; i++) {
        describe_reject(&load->rejects[i], text, sizeof text);
        notice(cx, "rejected %s", text);
    }
    notice(cx, "%llu rows were rejected", (unsigned long long)load->reject_count);
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------- threads */

/* The next batches of the chunk, as many as fit. */
static Status parse_ahead(CopyWorker *worker, bool *at_end) {
    const Context *cx = &worker->cx;
    for (worker->batch_count = 0; !*at_end && worker->batch_count < BATCHES_AHEAD; worker->batch_count++) {
        uint32_t rows;
        TRY(open_batch(worker, worker->batch_count));
        Batch *batch = &worker->batches[worker->batch_count];
        TRY(csv_parser_next(cx, worker->parser, batch, &rows, at_end));
        TRY(row_checks_run(cx, &worker->checks, batch));
    }
    return OK;
}

static Status append_parsed(CopyWorker *worker, bool is_last) {
    for (uint32_t i = 0; i < worker->batch_count; i++) {
        TRY(table_writer_append(&worker->cx, worker->load->writer, worker->chunk.sequence, &worker->batches[i],
                                is_last && i + 1 == worker->batch_count));
    }
    return OK;
}

/* So that no thread waits for it. The first error is the one to tell. */
static void end_sequence(CopyWorker *worker) {
    Error ignored;
    Context quiet = worker->cx;
    quiet.error = &ignored;
    Batch none = {.column_count = worker->load->spec->table->schema->column_count};
    (void)!table_writer_append(&quiet, worker->load->writer, worker->chunk.sequence, &none, true);
}

static Status load_chunk(CopyWorker *worker) {
    bool at_end = false, is_ended = false;
    Status status = csv_parser_begin(&worker->cx, worker->parser, &worker->chunk);
    while (status == OK && !at_end) {
        TRY_GOTO(parse_ahead(worker, &at_end));
        if (at_end && take_rejects(worker)) {
            break;
        }
        TRY_GOTO(append_parsed(worker, at_end));
        is_ended = at_end;
    }
done:
    if (!is_ended) {
        end_sequence(worker);
    }
    return status;
}

static bool should_stop(CopyLoad *load) {
    pthread_mutex_lock(&load->lock);
    bool stop = load->stop;
    pthread_mutex_unlock(&load->lock);
    return stop;
}

static Status load_chunks(CopyWorker *worker) {
    TRY(open_worker(worker));
    bool done = false;
    while (!should_stop(worker->load)) {
        TRY(csv_input_next(&worker->cx, worker->load->input, &worker->chunk, &done));
        if (done) {
            break;
        }
        TRY(load_chunk(worker));
    }
    return OK;
}

static void run_worker(void *load_, uint32_t index) {
    (void)index;
    CopyLoad *load = load_;
    CopyWorker worker = {.cx = *load->cx, .load = load};
    error_clear(&worker.error);
    worker.cx.error = &worker.error;
    Status status = load_chunks(&worker);
    close_worker(&worker);
    if (status != OK) {
        pthread_mutex_lock(&load->lock);
        if (load->status == OK) {
            load->status = status;
            load->error = worker.error;
        }
        load->stop = true;
        pthread_mutex_unlock(&load->lock);
    }
}

static Status load_files(const Context *cx, depot_statement *statement, CopyLoad *load, uint64_t *rows) {
    WorkerPool *pool = statement->db->pool;
    uint32_t threads = session_threads(&statement->run.settings);
    TRY(worker_pool_grow(cx, pool, threads));
    TRY(table_writer_open(cx, statement->run.commit, load->spec->table, pool, threads, &load->writer));
    workers_for_each(pool, threads, threads, run_worker, load);
    if (load->status != OK) {
        *cx->error = load->error;
        return load->status;
    }
    TRY(report_rejects(cx, load));
    WriteReport report;
    TableWriter *writer = load->writer;
    load->writer = NULL;
    TRY(table_writer_finish(cx, writer, &report));
    *rows = report.rows;
    return OK;
}

static Status list_paths(const Context *cx, Arena *arena, const CopySpec *spec, const char *const **paths, uint32_t *count) {
    static const char *const standard_input[] = {"standard input"};
    if (spec->file == NULL) {
        *paths = standard_input;
        *count = 1;
        return OK;
    }
    Status status = csv_list_files(cx, arena, spec->file, paths, count);
    if (status != OK) {
        error_set_pos_if_none(cx, spec->file_pos);
    }
    return status;
}

Status run_copy(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    CopySpec *spec;
    TRY(bind_copy(cx, &run->arena, run->snapshot, statement->ast->copy, &spec));
    CsvSource source = {statement->db->reader, statement->db->streams_argument};
    if (spec->file == NULL && source.read == NULL) {
        return fail_at(cx, statement->ast->pos, FEATURE_NOT_SUPPORTED, "COPY FROM STDIN: there is nothing to read from here");
    }
    CopyLoad load = {.cx = cx, .spec = spec};
    TRY(make_format(cx, &run->arena, spec, &load.format));
    TRY(make_defaults(cx, &run->arena, spec, &load));
    TRY(bind_checks(cx, &run->arena, spec->table->schema, &load.checks));
    TRY_NEW_ARRAY(cx, &run->arena, load.rejects, REJECTS_SHOWN);
    const char *const *paths;
    uint32_t path_count;
    TRY(list_paths(cx, &run->arena, spec, &paths, &path_count));
    TRY(csv_input_create(cx, &load.format.dialect, paths, path_count, &load.input));
    if (spec->file == NULL) {
        csv_input_use_source(load.input, &source);
    }
    pthread_mutex_init(&load.lock, NULL);
    Status status = load_files(cx, statement, &load, &run->rows);
    table_writer_abort(load.writer);
    pthread_mutex_destroy(&load.lock);
    csv_input_free(load.input);
    return status;
}
