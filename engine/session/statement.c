/* One run of a statement: bind, optimize, lower, execute, fetch. A statement that writes takes the writer lock first, so that
 * it sees the newest version, and commits after its last row; inside a transaction, transaction.c says what it reads and when
 * it commits. */
#include "bind/bind.h"
#include "core/machine.h"
#include "core/suggest.h"
#include "plan/scan_budget.h"
#include "session/session.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

int64_t clock_micros_utc(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

uint32_t session_threads(const Settings *settings) {
    static _Atomic(long) known; /* asked once: the system reads files for the answer */
    if (settings->threads > 0) {
        return (uint32_t)settings->threads;
    }
    long processors = atomic_load_explicit(&known, memory_order_relaxed);
    if (processors == 0) {
        processors = sysconf(_SC_NPROCESSORS_ONLN);
        atomic_store_explicit(&known, processors, memory_order_relaxed);
    }
    return processors < 1 ? 1 : processors > 256 ? 256 : (uint32_t)processors;
}

int64_t memory_budget(const Settings *settings) {
    if (settings->memory_limit > 0) {
        return settings->memory_limit;
    }
    return machine_memory_bytes() / 10 * 8;
}

Context run_context(depot_statement *statement) {
    Context cx = session_context(statement->db);
    cx.memory = &statement->run.memory;
    cx.settings = &statement->run.settings;
    cx.cancel = &statement->db->cancel;
    cx.now_micros = statement->now_micros;
    cx.zone = statement->run.zone;
    return cx;
}

void run_begin(depot_statement *statement) {
    depot *db = statement->db;
    Run *run = &statement->run;
    *run = (Run){.settings = db->settings};
    memory_account_init(&run->memory, &db->memory, "query", memory_budget(&db->settings));
    arena_init(&run->arena);
    arena_init(&run->log_arena);
    Context cx = session_context(db);
    timezone_lookup(&cx, run->settings.timezone, strlen(run->settings.timezone), &run->zone); /* it was found when it was set */
    run->known = statement->known;
    atomic_store(&db->cancel, false);
    db->error.status = OK; /* of the statement before */
    run->started_micros = clock_micros_utc();
    statement->now_micros = db->transaction.state == TRANSACTION_OPEN ? db->transaction.now_micros : run->started_micros;
    statement->is_running = true;
}

uint64_t run_peak_memory_bytes(const Run *run) {
    int64_t planned = run->kept == NULL ? 0 : atomic_load(&run->kept->memory.used_bytes);
    return (uint64_t)(planned + atomic_load(&run->memory.peak_bytes));
}

static void give_plan_back(depot_statement *statement) {
    Run *run = &statement->run;
    bool is_new = run->kept != NULL && run->kept->is_new;
    kept_plan_give_back(run->known, run->kept);
    run->kept = NULL;
    if (is_new) {
        plan_cache_trim(statement->db->plan_cache);
    }
}

void run_end(depot_statement *statement) {
    Run *run = &statement->run;
    if (!statement->is_running) {
        return;
    }
    query_log_statement(statement, OK); /* given up before its end */
    statement->peak_memory_bytes = run_peak_memory_bytes(run);
    query_close(run->query);
    give_plan_back(statement);
    prepared_end(statement);
    transaction_leave(statement);
    commit_abort(run->owns_commit ? run->commit : NULL);
    batch_free(&run->table_batch);
    arena_free(&run->arena);
    arena_free(&run->log_arena);
    if (run->snapshot != NULL) {
        snapshot_release(run->snapshot);
    }
    statement->rows = run->rows;
    memory_account_close(&run->memory);
    statement->is_running = false;
    statement->has_row = false;
    statement->batch = NULL;
}

/* ------------------------------------------------------------------------------------------------------------- planning */

static Status lower(const Context *cx, depot_statement *statement, LogicalPlan *logical) {
    Topology topology = snapshot_topology(logical->snapshot);
    WhatIf *what_if = statement->run.what_if;
    logical->is_shown = statement->run.is_shown;
    if (what_if != NULL) {
        TRY(what_if_apply(cx, logical, what_if));
        topology.nodes = what_if->nodes > 0 ? what_if->nodes : topology.nodes;
    }
    TRY(plan_optimize(cx, logical));
    return plan_physical(cx, logical, topology, &statement->run.plan);
}

static BindParameters bound_parameters(const depot_statement *statement) {
    return (BindParameters){.count = statement->ast->parameter_count, .values = statement->parameters};
}

static Status plan_query(const Context *cx, depot_statement *statement, Arena *arena, const AstQuery *query) {
    BindParameters parameters = bound_parameters(statement);
    LogicalPlan *logical;
    TRY(bind_query(cx, arena, statement->run.snapshot, query, &parameters, &logical));
    return lower(cx, statement, logical);
}

static Status take_plan_types(const Context *cx, KeptPlan *kept) {
    const PhysicalNode *root = kept->plan->root;
    TRY_NEW_ARRAY(cx, &kept->arena, kept->types, root->column_count + 1);
    for (uint32_t i = 0; i < root->column_count; i++) {
        kept->types[i] = root->columns[i].type;
    }
    return OK;
}

/* Into memory that outlives the run. */
static Status make_plan(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    Context session = session_context(statement->db), own = *cx;
    session.settings = cx->settings;
    TRY(kept_plan_create(&session, run->memory.limit_bytes, run->snapshot, statement->ast->parameter_count,
                         statement->parameters, &run->kept));
    KeptPlan *kept = run->kept;
    own.memory = &kept->memory;
    own.is_momentary = &kept->is_momentary;
    TRY(plan_query(&own, statement, &kept->arena, statement->ast->query));
    kept->plan = run->plan;
    return take_plan_types(&own, kept);
}

static void tell_unfollowed(const Context *cx, const PhysicalPlan *plan) {
    for (uint32_t i = 0; i < plan->unfollowed_count; i++) {
        notice(cx, "hint not followed: %s", plan->unfollowed[i]);
    }
}

/* A query: by the plan of its last run, if that is still right. */
static Status plan_select(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    TRY(transaction_read(cx, statement));
    if (run->known != NULL && run->settings.plan_cache) {
        run->kept = kept_plan_take(cx, run->known, run->snapshot, statement->ast->parameter_count, statement->parameters);
    }
    if (run->kept == NULL) {
        TRY(make_plan(cx, statement));
    }
    run->plan = run->kept->plan;
    run->column_count = run->plan->root->column_count;
    run->names = run->plan->output_names;
    run->types = run->kept->types;
    tell_unfollowed(cx, run->plan);
    return OK;
}

/* INSERT, DELETE, UPDATE, MERGE. */
static Status plan_write(const Context *cx, depot_statement *statement, const AstStatement *ast) {
    BindParameters parameters = bound_parameters(statement);
    Arena *arena = &statement->run.arena;
    Snapshot *snapshot = statement->run.snapshot;
    LogicalPlan *logical;
    switch (ast->kind) {
    case AST_STATEMENT_INSERT: TRY(bind_insert(cx, arena, snapshot, ast->insert, &parameters, &logical)); break;
    case AST_STATEMENT_DELETE: TRY(bind_delete(cx, arena, snapshot, ast->delete, &parameters, &logical)); break;
    case AST_STATEMENT_UPDATE: TRY(bind_update(cx, arena, snapshot, ast->update, &parameters, &logical)); break;
    case AST_STATEMENT_MERGE: TRY(bind_merge(cx, arena, snapshot, ast->merge, &parameters, &logical)); break;
    default: return fail_unsupported(cx, ast->pos, "EXPLAIN of this statement");
    }
    return lower(cx, statement, logical);
}

static Status plan_explained(const Context *cx, depot_statement *statement) {
    const AstStatement *explained = statement->ast->explain->statement;
    Run *run = &statement->run;
    if (explained->kind == AST_STATEMENT_QUERY) {
        TRY(transaction_read(cx, statement));
        TRY(suppose(cx, statement, !run->is_shown));
        return plan_query(cx, statement, &run->arena, explained->query);
    }
    TRY(suppose(cx, statement, !run->is_shown));
    TRY(run->is_shown ? transaction_read(cx, statement) : transaction_write(cx, statement));
    return plan_write(cx, statement, explained);
}

static Status take_table_columns(const Context *cx, Run *run) {
    run->column_count = run->table->column_count;
    run->names = run->table->names;
    TRY_NEW_ARRAY(cx, &run->arena, run->types, run->column_count + 1);
    for (uint32_t i = 0; i < run->column_count; i++) {
        run->types[i] = type_varchar(0);
    }
    return batch_init(cx, &run->table_batch, run->types, run->column_count);
}

/* ------------------------------------------------------------------------------------------------------------ execution */

static void report_progress(void *statement_, uint64_t done, uint64_t total) {
    depot_statement *statement = statement_;
    depot *db = statement->db;
    double share = total == 0 ? 0 : (double)done / (double)total;
    if (db->progress != NULL && db->progress(db->progress_argument, share > 1 ? 1 : share) != 0) {
        atomic_store(&db->cancel, true);
    }
}

/* `explained`: NULL unless EXPLAIN ANALYZE asks. */
static Status start_query(const Context *cx, depot_statement *statement, const ExplainOptions *explained) {
    Run *run = &statement->run;
    uint32_t threads = session_threads(&run->settings);
    TRY(scan_budget_check(cx, &run->arena, run->plan));
    TRY(worker_pool_grow(cx, statement->db->pool, threads));
    QueryOptions options = {
        .threads = threads,
        .collect_profile = explained != NULL || query_log_wants_steps(&run->settings),
        .count_cycles = explained != NULL && explained->cycles,
        .commit = run->commit,
        .progress = statement->db->progress == NULL ? NULL : report_progress,
        .progress_argument = statement,
    };
    return query_start(cx, run->plan, statement->db->pool, &options, &run->query);
}

/* The query runs to its end; rows that come back are dropped. */
static Status drain_query(const Context *cx, Run *run, uint64_t *rows) {
    const Batch *batch;
    do {
        TRY(query_next(cx, run->query, &batch));
        *rows += batch == NULL ? 0 : batch->rows;
    } while (batch != NULL);
    return OK;
}

Status run_write(const Context *cx, depot_statement *statement, LogicalPlan *logical, uint64_t *rows) {
    Run *run = &statement->run;
    TRY(lower(cx, statement, logical));
    TRY(start_query(cx, statement, NULL));
    uint64_t returned = 0;
    TRY(drain_query(cx, run, &returned));
    query_log_take_counters(statement, run->query, true); /* the plan reads table versions that go with the commit */
    *rows = query_rows_written(run->query);
    return OK;
}

Status run_aside(const Context *cx, depot_statement *statement, LogicalPlan *logical, Query **query) {
    PhysicalPlan *plan;
    uint32_t threads = session_threads(&statement->run.settings);
    TRY(plan_optimize(cx, logical));
    TRY(plan_physical(cx, logical, snapshot_topology(logical->snapshot), &plan));
    TRY(scan_budget_check(cx, &statement->run.arena, plan));
    TRY(worker_pool_grow(cx, statement->db->pool, threads));
    return query_start(cx, plan, statement->db->pool, &(QueryOptions){.threads = threads}, query);
}

static const AstName *changed_table(const AstStatement *ast) {
    switch (ast->kind) {
    case AST_STATEMENT_INSERT: return ast->insert->table;
    case AST_STATEMENT_DELETE: return ast->delete->target->table.name;
    case AST_STATEMENT_UPDATE: return ast->update->target->table.name;
    default: return ast->merge->target->table.name;
    }
}

static Status run_change(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    TRY(transaction_write(cx, statement));
    uint64_t started = clock_ns();
    TRY(plan_write(cx, statement, statement->ast));
    run->planning_ns = clock_ns() - started;
    TRY(start_query(cx, statement, NULL));
    uint64_t returned = 0;
    TRY(drain_query(cx, run, &returned));
    run->rows = query_rows_written(run->query);
    query_log_take_counters(statement, run->query, true);
    query_close(run->query);
    run->query = NULL;
    TRY(verify_constraints(cx, statement, changed_table(statement->ast)));
    return transaction_written(cx, run);
}

static Status option_is_on(const Context *cx, const AstOption *option, bool *on) {
    static const char *const words[] = {"off", "on", "false", "true", "no", "yes", "0", "1"};
    if (option->value == NULL) {
        *on = true;
        return OK;
    }
    for (uint32_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(option->value, words[i]) == 0) {
            *on = i % 2 == 1;
            return OK;
        }
    }
    return fail_at(cx, option->value_pos, INVALID_PARAMETER_VALUE, "%s requires a Boolean value", option->name);
}

static Status explain_format(const Context *cx, const AstOption *option, ExplainOptions *options) {
    if (option->value == NULL) {
        return fail_at(cx, option->pos, SYNTAX_ERROR, "%s requires a parameter", option->name);
    }
    options->is_json = strcasecmp(option->value, "json") == 0;
    if (!options->is_json && strcasecmp(option->value, "text") != 0) {
        fail_at(cx, option->value_pos, INVALID_PARAMETER_VALUE, "unrecognized value for EXPLAIN option \"%s\": \"%s\"",
                option->name, option->value);
        return fail_hint(cx, "the formats are TEXT and JSON");
    }
    return OK;
}

/* After an error: the nearest name, or all of them. */
static Status hint_explain_option(const Context *cx, const char *name) {
    static const char *const names[] = {"analyze", "alternatives", "format",  "timing",    "memory",  "verbose",  "cycles",
                                        "nodes",   "scale",        "distkey", "diststyle", "sortkey", "partition"};
    Suggestion suggestion;
    suggestion_init(&suggestion, name);
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
        suggestion_consider(&suggestion, names[i], NULL);
    }
    return suggestion.nearest != NULL
               ? fail_hint(cx, "did you mean \"%s\"?", suggestion.nearest)
               : fail_hint(
                     cx,
                     "the options are ANALYZE, ALTERNATIVES, CYCLES, FORMAT, TIMING, MEMORY, VERBOSE; NODES, SCALE, DISTKEY, "
                     "DISTSTYLE, SORTKEY, PARTITION for what is not there");
}

static Status explain_options(const Context *cx, const AstOptionList *list, ExplainOptions *options) {
    *options = (ExplainOptions){.timing = true, .memory = true};
    for (uint32_t i = 0; i < list->count; i++) {
        const AstOption *option = list->items[i];
        if (is_supposition(option)) {
            continue;
        }
        if (strcmp(option->name, "format") == 0) {
            TRY(explain_format(cx, option, options));
            continue;
        }
        bool *field = strcmp(option->name, "analyze") == 0        ? &options->analyze
                      : strcmp(option->name, "timing") == 0       ? &options->timing
                      : strcmp(option->name, "cycles") == 0       ? &options->cycles
                      : strcmp(option->name, "memory") == 0       ? &options->memory
                      : strcmp(option->name, "verbose") == 0      ? &options->verbose
                      : strcmp(option->name, "alternatives") == 0 ? &options->alternatives
                                                                  : NULL;
        if (field == NULL) {
            fail_at(cx, option->pos, SYNTAX_ERROR, "unrecognized EXPLAIN option \"%s\"", option->name);
            return hint_explain_option(cx, option->name);
        }
        TRY(option_is_on(cx, option, field));
    }
    return options->cycles && !options->analyze ? fail(cx, INVALID_PARAMETER_VALUE, "EXPLAIN option CYCLES requires ANALYZE")
                                                : OK;
}

/* The plan as rows of text, or as one JSON text. */
static Status explain_table(const Context *cx, Run *run, const PlanProfile *profile, const ExplainOptions *options) {
    static const char *const heading[] = {"QUERY PLAN"};
    TRY(text_table_create(cx, &run->arena, 1, heading, &run->table));
    if (options->is_json) {
        const char *text;
        TRY(explain_json(cx, &run->arena, run->plan, profile, options, &text));
        return text_table_add(cx, &run->arena, run->table, &text);
    }
    const char **lines;
    uint32_t count;
    TRY(explain_lines(cx, &run->arena, run->plan, profile, options, &lines, &count));
    for (uint32_t i = 0; i < count; i++) {
        TRY(text_table_add(cx, &run->arena, run->table, &lines[i]));
    }
    return OK;
}

static Status run_explain(const Context *cx, depot_statement *statement, uint64_t started) {
    Run *run = &statement->run;
    ExplainOptions options;
    TRY(explain_options(cx, &statement->ast->explain->options, &options));
    statement->run.is_shown = !options.analyze;
    TRY(plan_explained(cx, statement));
    run->planning_ns = clock_ns() - started;
    PlanProfile profile = {0};
    if (options.analyze) {
        TRY(start_query(cx, statement, &options));
        uint64_t rows = 0;
        uint64_t execution_started = clock_ns();
        TRY(drain_query(cx, run, &rows));
        profile = *query_profile(run->query);
        profile.planning_ns = run->planning_ns;
        profile.execution_ns = clock_ns() - execution_started;
        profile.peak_memory_bytes = (uint64_t)atomic_load(&run->memory.peak_bytes);
        if (run->commit != NULL) {
            TRY(transaction_written(cx, run));
        }
    }
    return explain_table(cx, run, options.analyze ? &profile : NULL, &options);
}

/* The log takes what CREATE TABLE … AS counted while the commit's tables, which the plan names, are there. */
static Status run_definition(const Context *cx, depot_statement *statement) {
    TRY(transaction_write(cx, statement));
    Status status = run_ddl(cx, statement);
    query_log_take_counters(statement, statement->run.query, status == OK);
    TRY(status);
    return transaction_written(cx, &statement->run);
}

static Status run_statement(const Context *cx, depot_statement *statement, uint64_t started) {
    Run *run = &statement->run;
    switch (statement->ast->kind) {
    case AST_STATEMENT_QUERY: return plan_select(cx, statement);
    case AST_STATEMENT_EXPLAIN: return run_explain(cx, statement, started);
    case AST_STATEMENT_COMPARE: return run_compare(cx, statement);
    case AST_STATEMENT_ADVISE: return run_advise(cx, statement);
    case AST_STATEMENT_INSERT:
    case AST_STATEMENT_DELETE:
    case AST_STATEMENT_UPDATE:
    case AST_STATEMENT_MERGE: return run_change(cx, statement);
    case AST_STATEMENT_CREATE_TABLE:
    case AST_STATEMENT_CREATE_SCHEMA:
    case AST_STATEMENT_CREATE_VIEW:
    case AST_STATEMENT_ALTER_TABLE:
    case AST_STATEMENT_RESIZE:
    case AST_STATEMENT_DROP:
    case AST_STATEMENT_COMMENT:
    case AST_STATEMENT_TRUNCATE: return run_definition(cx, statement);
    case AST_STATEMENT_COPY:
        if (statement->ast->copy->is_to) {
            return run_copy_to(cx, statement);
        }
        TRY(transaction_write(cx, statement));
        TRY(run_copy(cx, statement));
        TRY(verify_constraints(cx, statement, statement->ast->copy->table));
        return transaction_written(cx, run);
    case AST_STATEMENT_PREPARE:
    case AST_STATEMENT_DEALLOCATE: return run_prepared(cx, statement);
    case AST_STATEMENT_EXECUTE:
        TRY(prepared_begin(cx, statement));
        return run_statement(cx, statement, started); /* what is prepared is no EXECUTE */
    case AST_STATEMENT_ANALYZE:
        if (statement->ast->analyze->is_compression) {
            return run_analyze_compression(cx, statement);
        }
        TRY(transaction_write(cx, statement));
        TRY(run_analyze(cx, statement));
        return transaction_written(cx, run);
    case AST_STATEMENT_TRANSACTION: return run_transaction(cx, statement);
    case AST_STATEMENT_SET:
    case AST_STATEMENT_RESET:
    case AST_STATEMENT_SHOW:
    case AST_STATEMENT_DESCRIBE: return run_show(cx, statement);
    }
    return OK;
}

static bool is_select(const depot_statement *statement) {
    return statement->ast->kind == AST_STATEMENT_QUERY;
}

Status run_plan(depot_statement *statement) {
    if (statement->is_running && statement->run.is_planned) {
        return OK;
    }
    if (statement->db->appender != NULL) {
        Context cx = session_context(statement->db);
        return fail(&cx, OBJECT_IN_USE, "an appender is open on this connection");
    }
    uint64_t started = clock_ns();
    run_begin(statement);
    Context cx = run_context(statement);
    Run *run = &statement->run;
    TRY(transaction_admits(&cx, statement));
    TRY(run_statement(&cx, statement, started));
    if (run->table != NULL) {
        TRY(take_table_columns(&cx, run));
    }
    run->is_done = run->table == NULL && !is_select(statement);
    run->planning_ns = run->planning_ns == 0 && is_select(statement) ? clock_ns() - started : run->planning_ns;
    run->is_planned = true;
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------- fetching */

static Status fetch_table(const Context *cx, Run *run, const Batch **batch) {
    const TextTable *table = run->table;
    uint32_t rows = table->rows - run->table_next;
    rows = rows > BATCH_ROWS_MAX ? BATCH_ROWS_MAX : rows;
    *batch = rows == 0 ? NULL : &run->table_batch;
    run->table_batch.rows = rows;
    for (uint32_t c = 0; c < table->column_count; c++) {
        Vector *vector = &run->table_batch.columns[c];
        TRY(vector_prepare_flat(cx, vector, type_varchar(0)));
        TRY(vector_prepare_validity(cx, vector, true));
        for (uint32_t r = 0; r < rows; r++) {
            const char *cell = table->cells[(size_t)(run->table_next + r) * table->column_count + c];
            bit_put(vector->validity, r, cell != NULL);
            ((Text *)vector->data)[r] = text_view(cell == NULL ? "" : cell, cell == NULL ? 0 : (uint32_t)strlen(cell));
        }
    }
    run->table_next += rows;
    return OK;
}

Status run_fetch(depot_statement *statement, const Batch **batch) {
    Run *run = &statement->run;
    *batch = NULL;
    TRY(run_plan(statement));
    if (run->is_done) {
        return OK;
    }
    Context cx = run_context(statement);
    if (run->table != NULL) {
        TRY(fetch_table(&cx, run, batch));
    } else {
        if (run->query == NULL) {
            TRY(start_query(&cx, statement, NULL));
        }
        TRY(query_next(&cx, run->query, batch));
    }
    run->is_done = *batch == NULL;
    run->rows += *batch == NULL ? 0 : (*batch)->rows;
    return OK;
}
