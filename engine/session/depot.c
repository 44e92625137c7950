/* The public calls of depot.h, on top of runs (statement.c). Nothing of the engine's types crosses this file. */
#include "core/page_pool.h"
#include "parser/lexer.h"
#include "parser/parse.h"
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

const char *depot_keyword(uint32_t index) {
    return index < keyword_count() ? keyword_at(index)->word : NULL;
}

const char *depot_version(void) {
    return DEPOT_VERSION;
}

/* --------------------------------------------------------------------------------------------------------------- errors */

/* The line of the text around the error, cut to what fits with the caret in view. */
static void fill_source(const char *text, size_t bytes, SourcePos pos, depot_error *out) {
    size_t start, end;
    source_locate(text, bytes, pos, &out->line, &out->column, &start, &end);
    out->caret = out->column - 1;
    size_t at = pos < bytes ? pos : bytes;
    while (at - start > sizeof out->source / 2) { /* far into a long line: cut its head, by whole characters */
        do {
            start++;
        } while (start < end && ((unsigned char)text[start] & 0xc0) == 0x80);
        out->caret--;
    }
    size_t shown = end - start;
    if (shown >= sizeof out->source) {
        shown = sizeof out->source - 1;
        while (shown > 0 && ((unsigned char)text[start + shown] & 0xc0) == 0x80) {
            shown--;
        }
    }
    for (size_t i = 0; i < shown; i++) {
        char c = text[start + i];
        out->source[i] = c == '\t' || c == '\r' ? ' ' : c;
    }
    out->source[shown] = 0;
}

void session_fill_error(const Error *error, Status status, const char *text, size_t bytes, depot_error *out) {
    *out = (depot_error){.code = status == OK ? DEPOT_OK : DEPOT_ERROR, .offset = UINT32_MAX};
    if (status == OK) {
        return;
    }
    strcpy(out->sqlstate, status_sqlstate(status));
    strcpy(out->message, error->message);
    strcpy(out->hint, error->hint);
    if (error->pos != POS_NONE && text != NULL) {
        out->offset = error->pos;
        fill_source(text, bytes, error->pos, out);
    }
}

depot_code session_result(depot *db, Status status, const char *text, size_t bytes) {
    session_fill_error(&db->error, status, text, bytes, &db->last_error);
    return db->last_error.code;
}

const depot_error *depot_last_error(const depot *db) {
    return &db->last_error;
}

static depot_code misuse(depot *db, const char *message) {
    if (db != NULL) {
        Context cx = session_context(db);
        session_result(db, fail(&cx, API_MISUSE, "%s", message), NULL, 0);
        db->last_error.code = DEPOT_MISUSE;
    }
    return DEPOT_MISUSE;
}

/* ---------------------------------------------------------------------------------------------------------- connections */

Context session_context(depot *db) {
    return (Context){
        .error = &db->error, .memory = &db->memory, .settings = &db->settings, .notices = db->notices, .zones = db->zones};
}

static Status open_parts(const Context *cx, depot *db, const char *path, const depot_options *options) {
    TRY(timezones_create(cx, &db->zones));
    TRY(plan_cache_create(cx, &db->plan_cache));
    WarehouseOptions wanted = {
        .read_only = options != NULL && options->read_only,
        .create = options == NULL || !options->read_only,
        .topology = {.nodes = options == NULL ? 0 : options->nodes, .slices_per_node = options == NULL ? 0 : options->slices},
        .cache_bytes_max = options == NULL ? 0 : (int64_t)options->cache_bytes_max,
    };
    if (wanted.topology.nodes == 0 && wanted.topology.slices_per_node != 0) {
        wanted.topology.nodes = 1;
    }
    if (wanted.topology.nodes != 0 && wanted.topology.slices_per_node == 0) {
        wanted.topology.slices_per_node = 2;
    }
    bool is_in_memory = path == NULL || path[0] == 0 || strcmp(path, ":memory:") == 0;
    TRY(warehouse_open(cx, is_in_memory ? NULL : path, &wanted, &db->warehouse));
    return worker_pool_create(cx, session_threads(&db->settings), &db->pool);
}

depot_code depot_open(const char *path, const depot_options *options, depot **out, depot_error *error) {
    *out = NULL;
    depot *db = calloc(1, sizeof *db);
    if (db != NULL) {
        db->notices = notice_list_create();
    }
    if (db == NULL || db->notices == NULL) {
        free(db);
        if (error != NULL) {
            *error = (depot_error){.code = DEPOT_ERROR, .sqlstate = "53200", .message = "out of memory"};
        }
        return DEPOT_ERROR;
    }
    memory_account_init(&db->memory, NULL, "connection", 0);
    settings_init(&db->settings);
    Context cx = session_context(db);
    Status status = open_parts(&cx, db, path, options);
    if (error != NULL) {
        session_fill_error(&db->error, status, NULL, 0, error);
    }
    if (status != OK) {
        depot_close(db);
        return DEPOT_ERROR;
    }
    *out = db;
    return DEPOT_OK;
}

void depot_close(depot *db) {
    if (db == NULL) {
        return;
    }
    depot_appender_abort(db->appender);
    db->is_closed = db->open_statements > 0; /* the last of them closes it */
    if (db->is_closed) {
        return;
    }
    transaction_close(db);
    prepared_free_all(db);
    plan_cache_free(db->plan_cache);
    worker_pool_free(db->pool);
    warehouse_close(db->temporary);
    warehouse_close(db->warehouse);
    notice_list_free(db->notices);
    timezones_free(db->zones);
    memory_account_close(&db->memory);
    page_pool_settle();
    free(db);
}

int depot_was_created(const depot *db) {
    return warehouse_was_created(db->warehouse);
}
uint32_t depot_nodes(const depot *db) {
    return warehouse_topology(db->warehouse).nodes;
}
uint32_t depot_slices_per_node(const depot *db) {
    return warehouse_topology(db->warehouse).slices_per_node;
}
const char *depot_next_notice(depot *db) {
    return notice_take(db->notices);
}
void depot_cancel(depot *db) {
    atomic_store(&db->cancel, true);
}

void depot_streams(depot *db, depot_reader reader, depot_writer writer, void *argument) {
    db->reader = reader;
    db->writer = writer;
    db->streams_argument = argument;
}

void depot_progress(depot *db, int (*callback)(void *argument, double share), void *argument) {
    db->progress = callback;
    db->progress_argument = argument;
}

depot_transaction depot_transaction_state(const depot *db) {
    static const depot_transaction states[] = {[TRANSACTION_NONE] = DEPOT_TRANSACTION_NONE,
                                               [TRANSACTION_OPEN] = DEPOT_TRANSACTION_OPEN,
                                               [TRANSACTION_FAILED] = DEPOT_TRANSACTION_FAILED};
    return states[db->transaction.state];
}

depot_code depot_set(depot *db, const char *name, const char *value) {
    Context cx = session_context(db);
    return session_result(db, settings_set(&cx, &db->settings, name, value), NULL, 0);
}

/* ----------------------------------------------------------------------------------------------------------- statements */

static const char *transaction_tag(AstTransactionKind kind) {
    static const char *const tags[] = {[AST_BEGIN] = "BEGIN", [AST_COMMIT] = "COMMIT", [AST_ROLLBACK] = "ROLLBACK"};
    return tags[kind];
}

const char *statement_tag(const AstStatement *ast) {
    static const char *const drop_tags[] = {"DROP TABLE", "DROP VIEW", "DROP SCHEMA"};
    switch (ast->kind) {
    case AST_STATEMENT_QUERY: return "SELECT";
    case AST_STATEMENT_EXPLAIN: return "EXPLAIN";
    case AST_STATEMENT_COMPARE: return "COMPARE";
    case AST_STATEMENT_ADVISE: return "ADVISE";
    case AST_STATEMENT_CREATE_TABLE: return ast->create_table->query != NULL ? "CREATE TABLE AS" : "CREATE TABLE";
    case AST_STATEMENT_CREATE_SCHEMA: return "CREATE SCHEMA";
    case AST_STATEMENT_CREATE_VIEW: return "CREATE VIEW";
    case AST_STATEMENT_ALTER_TABLE: return "ALTER TABLE";
    case AST_STATEMENT_RESIZE: return "ALTER WAREHOUSE";
    case AST_STATEMENT_DROP: return drop_tags[ast->drop->object];
    case AST_STATEMENT_COMMENT: return "COMMENT";
    case AST_STATEMENT_PREPARE: return "PREPARE";
    case AST_STATEMENT_EXECUTE: return "EXECUTE";
    case AST_STATEMENT_DEALLOCATE: return ast->deallocate->name == NULL ? "DEALLOCATE ALL" : "DEALLOCATE";
    case AST_STATEMENT_INSERT: return "INSERT";
    case AST_STATEMENT_DELETE: return "DELETE";
    case AST_STATEMENT_UPDATE: return "UPDATE";
    case AST_STATEMENT_MERGE: return "MERGE";
    case AST_STATEMENT_TRUNCATE: return "TRUNCATE TABLE";
    case AST_STATEMENT_COPY: return "COPY";
    case AST_STATEMENT_ANALYZE: return ast->analyze->is_compression ? "ANALYZE COMPRESSION" : "ANALYZE";
    case AST_STATEMENT_TRANSACTION: return transaction_tag(ast->transaction->kind);
    case AST_STATEMENT_SET: return "SET";
    case AST_STATEMENT_RESET: return "RESET";
    case AST_STATEMENT_SHOW: return "SHOW";
    case AST_STATEMENT_DESCRIBE: return "DESCRIBE";
    }
    return "";
}

static Status parse_one(const Context *cx, depot_statement *statement, const char *sql, size_t bytes, size_t *end) {
    PlanCache *cache = statement->db->settings.plan_cache ? statement->db->plan_cache : NULL;
    TRY(known_text_find(cx, cache, sql, bytes, end, &statement->known));
    if (statement->known == NULL) {
        return OK;
    }
    statement->ast = statement->known->ast;
    statement->text = statement->known->text;
    statement->text_bytes = statement->known->bytes;
    statement->tag = statement_tag(statement->ast);
    uint32_t count = statement->parameter_count = statement->ast->parameter_count;
    TRY_ALLOC(cx, statement->parameters, sizeof(Value) * (count + 1));
    for (uint32_t i = 0; i < count; i++) {
        statement->parameters[i] = value_null(type_make(TYPE_NULL));
    }
    TRY_ALLOC_ZEROED(cx, statement->parameter_texts, sizeof(char *) * (count + 1));
    return OK;
}

depot_code depot_prepare(depot *db, const char *sql, int64_t bytes, depot_statement **out, const char **tail) {
    *out = NULL;
    if (db == NULL || sql == NULL) {
        return misuse(db, "depot_prepare without a connection or a text");
    }
    size_t length = bytes < 0 ? strlen(sql) : (size_t)bytes;
    uint64_t started = clock_ns();
    notice_list_clear(db->notices);
    Context cx = session_context(db);
    depot_statement *statement = mem_alloc_zeroed(&cx, sizeof *statement);
    if (statement == NULL) {
        return session_result(db, OUT_OF_MEMORY, NULL, 0);
    }
    statement->db = db;
    db->open_statements++;
    size_t end = length;
    Status status = parse_one(&cx, statement, sql, length, &end);
    if (tail != NULL) {
        *tail = sql + end;
    }
    if (status != OK) {
        transaction_fail(db);
    }
    if (status != OK || statement->ast == NULL) {
        depot_finalize(statement);
        return session_result(db, status, sql, length);
    }
    statement->elapsed_ns = clock_ns() - started;
    *out = statement;
    return session_result(db, OK, NULL, 0);
}

static void free_outputs(depot_statement *statement) {
    batch_free(&statement->flat);
    mem_free(statement->columns);
    mem_free(statement->texts);
    statement->columns = NULL;
    statement->texts = NULL;
}

void depot_finalize(depot_statement *statement) {
    if (statement == NULL) {
        return;
    }
    run_end(statement);
    free_outputs(statement);
    known_text_release(statement->known);
    for (uint32_t i = 0; statement->parameter_texts != NULL && i < statement->parameter_count; i++) {
        mem_free(statement->parameter_texts[i]);
    }
    mem_free(statement->parameter_texts);
    mem_free(statement->parameters);
    mem_free(statement->cell);
    depot *db = statement->db;
    mem_free(statement);
    if (--db->open_statements == 0 && db->is_closed) {
        depot_close(db);
    }
}

depot_code depot_reset(depot_statement *statement) {
    if (statement == NULL) {
        return DEPOT_MISUSE;
    }
    run_end(statement);
    statement->has_failed = statement->was_ended = false;
    free_outputs(statement);
    return session_result(statement->db, OK, NULL, 0);
}

depot_code depot_execute(depot *db, const char *sql) {
    if (db == NULL || sql == NULL) {
        return misuse(db, "depot_execute without a connection or a text");
    }
    const char *text = sql;
    size_t bytes = strlen(sql);
    depot_code code = DEPOT_OK;
    while (code == DEPOT_OK && text < sql + bytes) {
        depot_statement *statement;
        code = depot_prepare(db, text, (int64_t)(sql + bytes - text), &statement, &text);
        if (statement == NULL) {
            continue;
        }
        while ((code = depot_step(statement)) == DEPOT_ROW) {
        }
        code = code == DEPOT_DONE ? DEPOT_OK : code;
        depot_finalize(statement);
    }
    return code;
}

int depot_complete(const char *sql, size_t bytes, size_t *end) {
    return sql_statement_complete(sql, bytes, end);
}

/* ----------------------------------------------------------------------------------------------------------- parameters */

uint32_t depot_parameter_count(const depot_statement *statement) {
    return statement->parameter_count;
}

static bool has_parameter(const depot_statement *statement, uint32_t n) {
    return statement != NULL && n > 0 && n <= statement->parameter_count;
}

/* `text` is what the value views, or NULL; the statement's from now on. */
static depot_code bind_value(depot_statement *statement, uint32_t n, Value value, char *text) {
    if (!has_parameter(statement, n)) {
        return misuse(statement == NULL ? NULL : statement->db, "there is no parameter of that number");
    }
    depot_reset(statement);
    mem_free(statement->parameter_texts[n - 1]);
    statement->parameter_texts[n - 1] = text;
    statement->parameters[n - 1] = value;
    return DEPOT_OK;
}

depot_code depot_bind_null(depot_statement *statement, uint32_t n) {
    return bind_value(statement, n, value_null(type_make(TYPE_NULL)), NULL);
}
depot_code depot_bind_bool(depot_statement *statement, uint32_t n, int value) {
    return bind_value(statement, n, value_i64(type_make(TYPE_BOOLEAN), value != 0), NULL);
}
depot_code depot_bind_int64(depot_statement *statement, uint32_t n, int64_t value) {
    return bind_value(statement, n, value_i64(type_make(TYPE_BIGINT), value), NULL);
}
depot_code depot_bind_double(depot_statement *statement, uint32_t n, double value) {
    return bind_value(statement, n, value_f64(type_make(TYPE_DOUBLE), value), NULL);
}
depot_code depot_bind_text(depot_statement *statement, uint32_t n, const char *text, int64_t bytes) {
    if (text == NULL || !has_parameter(statement, n)) {
        return depot_bind_null(statement, n);
    }
    size_t length = bytes < 0 ? strlen(text) : (size_t)bytes;
    Context cx = session_context(statement->db);
    if (length > UINT32_MAX || !utf8_valid(text, length)) {
        return session_result(statement->db, fail(&cx, INVALID_ENCODING, "the parameter's text is not valid UTF-8"), NULL, 0);
    }
    char *copy = mem_alloc(&cx, length + 1);
    if (copy == NULL) {
        return session_result(statement->db, OUT_OF_MEMORY, NULL, 0);
    }
    memcpy(copy, text, length);
    copy[length] = 0;
    return bind_value(statement, n, value_text(type_varchar(0), text_view(copy, (uint32_t)length)), copy);
}

/* ------------------------------------------------------------------------------------------------------------- stepping */

static depot_code finish_call(depot_statement *statement, Status status, uint64_t started) {
    statement->elapsed_ns += clock_ns() - started;
    if (status != OK || statement->run.is_done) {
        query_log_statement(statement, status);
    }
    if (status != OK) {
        run_end(statement);
        statement->has_failed = true;
        transaction_fail(statement->db);
    }
    return session_result(statement->db, status, statement->text, statement->text_bytes);
}

/* The statement failed before: the error is there already, unless it was ended from outside. */
static depot_code failed_before(depot_statement *statement) {
    if (statement->was_ended) {
        Context cx = session_context(statement->db);
        session_result(statement->db,
                       fail(&cx, INVALID_TRANSACTION_STATE, "the transaction that this statement read in has ended"), NULL, 0);
    }
    return DEPOT_ERROR;
}

/* The next batch that has rows; NULL at the end. */
static Status fetch_rows(depot_statement *statement, const Batch **batch) {
    Status status;
    do {
        status = run_fetch(statement, batch);
    } while (status == OK && *batch != NULL && (*batch)->rows == 0);
    return status;
}

depot_code depot_step(depot_statement *statement) {
    if (statement == NULL) {
        return DEPOT_MISUSE;
    }
    if (statement->has_row && statement->row + 1 < statement->batch->rows) {
        statement->row++;
        return DEPOT_ROW;
    }
    if (statement->has_failed) {
        return failed_before(statement);
    }
    uint64_t started = clock_ns();
    const Batch *batch;
    Status status = fetch_rows(statement, &batch);
    statement->batch = status == OK ? batch : NULL;
    statement->row = 0;
    statement->has_row = statement->batch != NULL;
    depot_code code = finish_call(statement, status, started);
    return code != DEPOT_OK ? code : statement->has_row ? DEPOT_ROW : DEPOT_DONE;
}

static Status ensure_planned(depot_statement *statement) {
    if (statement->has_failed) {
        return statement->db->error.status;
    }
    if (statement->is_running && statement->run.is_planned) {
        return OK;
    }
    uint64_t started = clock_ns();
    Status status = run_plan(statement);
    finish_call(statement, status, started);
    return status;
}

uint32_t depot_column_count(depot_statement *statement) {
    return ensure_planned(statement) == OK ? statement->run.column_count : 0;
}

static bool has_column(depot_statement *statement, uint32_t column) {
    return column < depot_column_count(statement);
}

const char *depot_column_name(depot_statement *statement, uint32_t column) {
    return has_column(statement, column) ? statement->run.names[column] : NULL;
}

static depot_type public_type(Type type) {
    static const depot_type types[] = {
        [TYPE_NULL] = DEPOT_VARCHAR, /* a bare NULL reads as text */
        [TYPE_BOOLEAN] = DEPOT_BOOLEAN,     [TYPE_SMALLINT] = DEPOT_SMALLINT,
        [TYPE_INTEGER] = DEPOT_INTEGER,     [TYPE_BIGINT] = DEPOT_BIGINT,
        [TYPE_DECIMAL] = DEPOT_DECIMAL,     [TYPE_REAL] = DEPOT_REAL,
        [TYPE_DOUBLE] = DEPOT_DOUBLE,       [TYPE_CHAR] = DEPOT_CHAR,
        [TYPE_VARCHAR] = DEPOT_VARCHAR,     [TYPE_DATE] = DEPOT_DATE,
        [TYPE_TIMESTAMP] = DEPOT_TIMESTAMP, [TYPE_INTERVAL] = DEPOT_INTERVAL,
        [TYPE_TIME] = DEPOT_TIME,           [TYPE_TIMESTAMPTZ] = DEPOT_TIMESTAMPTZ,
    };
    _Static_assert(sizeof types / sizeof *types == TYPE_COUNT, "every type has a public one");
    return types[type.id];
}

depot_type depot_column_type(depot_statement *statement, uint32_t column) {
    return has_column(statement, column) ? public_type(statement->run.types[column]) : DEPOT_NULL;
}

static Status cell_reserve(depot_statement *statement, size_t bytes) {
    if (statement->cell_capacity < bytes) {
        Context cx = session_context(statement->db);
        mem_free(statement->cell);
        statement->cell_capacity = 0;
        TRY_ALLOC(&cx, statement->cell, bytes);
        statement->cell_capacity = bytes;
    }
    return OK;
}

const char *depot_column_type_name(depot_statement *statement, uint32_t column) {
    if (!has_column(statement, column) || cell_reserve(statement, 64) != OK) {
        return NULL;
    }
    return type_name(statement->run.types[column], statement->cell);
}

/* The boxed value of a column of the current row; a NULL if there is none. */
static Value current_value(const depot_statement *statement, uint32_t column) {
    if (!statement->has_row || column >= statement->run.column_count) {
        return value_null(type_make(TYPE_NULL));
    }
    return vector_value(&statement->batch->columns[column], statement->row);
}

int depot_column_is_null(depot_statement *statement, uint32_t column) {
    return current_value(statement, column).is_null;
}

/* As a cast to `type` would; a NULL where that fails. */
static Value converted_value(depot_statement *statement, uint32_t column, TypeId type) {
    Value value = current_value(statement, column);
    Value converted = value_null(type_make(type));
    if (!value.is_null) {
        Error error;
        Context cx = session_context(statement->db);
        cx.error = &error;
        cx.zone = statement->run.zone;
        Arena arena;
        arena_init(&arena);
        if (value_cast(&cx, &arena, &value, type_make(type), &converted) != OK) {
            converted = value_null(type_make(type));
        }
        arena_free(&arena);
    }
    return converted;
}

int64_t depot_column_int64(depot_statement *statement, uint32_t column) {
    Value value = converted_value(statement, column, TYPE_BIGINT);
    return value.is_null ? 0 : value.i64;
}

double depot_column_double(depot_statement *statement, uint32_t column) {
    Value value = converted_value(statement, column, TYPE_DOUBLE);
    return value.is_null ? 0 : value.f64;
}

/* CHAR(n) has no blanks at its end inside; whoever reads it gets all n characters, as in PostgreSQL. */
static size_t blanks_behind(const Value *value, const char *text, size_t bytes) {
    size_t characters = value->type.id == TYPE_CHAR ? utf8_length(text, bytes) : 0;
    return value->type.id == TYPE_CHAR && characters < value->type.length ? value->type.length - characters : 0;
}

const char *depot_column_text(depot_statement *statement, uint32_t column) {
    Value value = current_value(statement, column);
    char buffer[VALUE_PRINT_MAX];
    const char *text;
    size_t bytes;
    if (value.is_null) {
        return NULL;
    }
    value_print_in(statement->run.zone, &value, buffer, &text, &bytes);
    size_t blanks = blanks_behind(&value, text, bytes);
    if (cell_reserve(statement, bytes + blanks + 1) != OK) {
        return NULL;
    }
    memcpy(statement->cell, text, bytes);
    memset(statement->cell + bytes, ' ', blanks);
    statement->cell[bytes + blanks] = 0;
    statement->cell_bytes = bytes + blanks;
    return statement->cell;
}

size_t depot_column_bytes(depot_statement *statement, uint32_t column) {
    return depot_column_text(statement, column) == NULL ? 0 : statement->cell_bytes;
}

const char *depot_statement_tag(const depot_statement *statement) {
    return statement->tag;
}

uint64_t depot_rows(const depot_statement *statement) {
    return statement->is_running ? statement->run.rows : statement->rows;
}

double depot_milliseconds(const depot_statement *statement) {
    return (double)statement->elapsed_ns / 1e6;
}

uint64_t depot_peak_memory_bytes(const depot_statement *statement) {
    return statement->is_running ? run_peak_memory_bytes(&statement->run) : statement->peak_memory_bytes;
}

/* -------------------------------------------------------------------------------------------------------- whole batches */

static Status prepare_output(const Context *cx, depot_statement *statement) {
    const Run *run = &statement->run;
    if (statement->columns != NULL) {
        return OK;
    }
    TRY(batch_init(cx, &statement->flat, run->types, run->column_count));
    TRY_ALLOC_ZEROED(cx, statement->columns, sizeof *statement->columns * (run->column_count + 1));
    uint32_t text_columns = 0;
    for (uint32_t i = 0; i < run->column_count; i++) {
        Type type = run->types[i];
        bool is_text = type_class(type) == CLASS_TEXT;
        text_columns += is_text;
        statement->columns[i] = (depot_column){.type = public_type(type),
                                               .precision = type.id == TYPE_DECIMAL ? type.precision : 0,
                                               .scale = type.scale,
                                               .element_bytes = is_text ? sizeof(depot_text) : type_bytes(type)};
    }
    if (text_columns > 0) {
        TRY_ALLOC(cx, statement->texts, sizeof(depot_text) * BATCH_ROWS_MAX * text_columns);
    }
    statement->out = (depot_batch){.column_count = run->column_count, .columns = statement->columns};
    return OK;
}

static Status fill_output(const Context *cx, depot_statement *statement, const Batch *batch) {
    TRY(prepare_output(cx, statement));
    depot_text *texts = statement->texts;
    statement->out.rows = batch->rows;
    for (uint32_t i = 0; i < batch->column_count; i++) {
        Vector *flat = &statement->flat.columns[i];
        TRY(vector_flatten(cx, &batch->columns[i], batch->rows, flat));
        statement->columns[i].validity = flat->validity;
        statement->columns[i].values = flat->data;
        if (type_class(flat->type) == CLASS_TEXT) {
            const Text *views = flat->data;
            for (uint32_t row = 0; row < batch->rows; row++) {
                texts[row] = (depot_text){text_data(&views[row]), views[row].bytes};
            }
            statement->columns[i].values = texts;
            texts += BATCH_ROWS_MAX;
        }
    }
    return OK;
}

depot_code depot_next_batch(depot_statement *statement, const depot_batch **out) {
    *out = NULL;
    if (statement == NULL) {
        return DEPOT_MISUSE;
    }
    if (statement->has_failed) {
        return failed_before(statement);
    }
    uint64_t started = clock_ns();
    const Batch *batch;
    Status status = fetch_rows(statement, &batch);
    if (status == OK && batch != NULL) {
        Context cx = session_context(statement->db);
        status = fill_output(&cx, statement, batch);
        *out = &statement->out;
    }
    depot_code code = finish_call(statement, status, started);
    return code != DEPOT_OK ? code : batch == NULL ? DEPOT_DONE : DEPOT_OK;
}
