/* What a connection and a statement are made of; private to session/.
 *
 *   depot.c      the public calls        statement.c  one run: parse, bind, plan, execute, fetch
 *   ddl.c        CREATE, DROP            show.c       SET, SHOW, DESCRIBE: results that are tables of text
 *   analyze.c    ANALYZE
 *   prepared.c   PREPARE, EXECUTE        drop.c       DROP and what depends
 *   plan_cache.c texts and plans that are kept between runs
 *   copy.c       COPY                    appender.c   whole batches from outside
 *   query_log.c  what ended goes to the log
 *   transaction.c  what a statement reads and writes in, BEGIN to COMMIT or ROLLBACK */
#ifndef DEPOT_SESSION_SESSION_H
#define DEPOT_SESSION_SESSION_H

#include "core/notice.h"
#include "core/settings.h"
#include "core/timezone.h"
#include "depot.h"
#include "exec/exec.h"
#include "parser/ast.h"
#include "plan/query_log.h"
#include "session/plan_cache.h"

#include <stdatomic.h>

typedef enum TransactionState { TRANSACTION_NONE, TRANSACTION_OPEN, TRANSACTION_FAILED } TransactionState;

/* From BEGIN to COMMIT or ROLLBACK. A failed one holds nothing any more: it only waits for its end. */
typedef struct Transaction {
    TransactionState state;
    bool is_read_only;
    int64_t now_micros;       /* of BEGIN: what now() gives throughout */
    Settings settings;        /* as they were at BEGIN: what ROLLBACK brings back */
    Snapshot *snapshot;       /* owned; what its statements read, from the first of them until it writes */
    Commit *commit;           /* owned; from its first write on: what its statements read and change */
    Commit *temporary_commit; /* owned; the same for temporary tables */
    depot_statement *readers; /* runs that read in the commit; they end with it */
} Transaction;

typedef struct Prepared Prepared; /* prepared.c */

struct depot {
    MemoryAccount memory; /* everything of this connection; no limit of its own */
    Settings settings;
    Transaction transaction;
    Warehouse *warehouse;
    Warehouse *temporary; /* owned; temporary tables; NULL until the first */
    WorkerPool *pool;
    NoticeList *notices;
    TimeZones *zones;
    _Atomic(bool) cancel;
    Error error; /* scratch of the calling thread */
    depot_error last_error;
    depot_appender *appender; /* the open one, or NULL */
    Prepared *prepared;       /* owned; what PREPARE made, newest first */
    PlanCache *plan_cache;    /* owned */
    uint64_t open_statements; /* made and not finalized */
    bool is_closed;           /* with statements open: the last one's end is the connection's */
    int (*progress)(void *argument, double share);
    void *progress_argument;
    depot_reader reader; /* of COPY … FROM STDIN; NULL: there is none */
    depot_writer writer; /* of COPY … TO STDOUT */
    void *streams_argument;
};

/* A result that is not a query's: rows of text cells, in an arena. */
typedef struct TextTable {
    uint32_t column_count;
    const char **names;
    uint32_t rows, capacity;
    const char **cells; /* [row × column_count + column]; NULL is NULL */
} TextTable;

/* One execution of a statement. Made by the first step (or by asking for the result's columns), ended by reset. */
typedef struct Run {
    MemoryAccount memory; /* the query's budget: memory_limit */
    Arena arena;          /* plan, literals, text tables */
    Settings settings;    /* as they were when the run began */
    const TimeZone *zone; /* that these name */
    Snapshot *snapshot;
    Commit *commit;   /* of a statement that writes */
    bool owns_commit; /* the statement's own; else the transaction's */
    KnownText *known; /* whose plan a query runs by: the statement's text, or what PREPARE made; borrowed. NULL: none */
    KeptPlan *kept;   /* a query's; owned until the run ends */
    PhysicalPlan *plan;
    Query *query;
    TextTable *table;
    uint32_t table_next;    /* row to hand out */
    int64_t started_micros; /* by the clock, UTC */
    uint64_t planning_ns;
    LoggedQuery logged; /* what the log is told, as far as it is known */
    Arena log_arena;    /* its texts and arrays: query_log_context */
    bool is_logged;
    uint32_t column_count; /* of the result */
    const char **names;
    Type *types;
    uint64_t rows;
    WhatIf *what_if; /* of an EXPLAIN that supposes another warehouse; NULL: none */
    bool is_shown;   /* EXPLAIN without ANALYZE: the plan is not run */
    bool is_planned, is_done;
    AstStatement *execute; /* the EXECUTE in whose place a prepared statement runs (a user of `known`); NULL: none */
    Value *execute_parameters;
    Batch table_batch; /* rows of `table` as vectors */
} Run;

struct depot_statement {
    depot *db;
    KnownText *known; /* a user of it; its text and tree: */
    const char *text;
    size_t text_bytes;
    AstStatement *ast;
    const char *tag; /* "SELECT"; static */
    uint32_t parameter_count;
    Value *parameters;      /* parameter_count; while an EXECUTE runs, what it was given */
    char **parameter_texts; /* of each parameter that is text; owned */
    Run run;
    bool is_running;              /* `run` holds something */
    bool has_failed;              /* until the next reset: stepping again tells the same error, and runs nothing */
    bool was_ended;               /* it failed because the transaction that it read in has ended */
    depot_statement *next_reader; /* of Transaction.readers */
    int64_t now_micros;           /* when the run began: what now() gives */
    uint64_t rows;                /* of the run that ended last */
    uint64_t peak_memory_bytes;   /* the same */
    uint64_t elapsed_ns;
    /* Rows read one by one, and batches handed out. */
    const Batch *batch;
    uint32_t row;
    bool has_row;
    char *cell; /* depot_column_text's answer */
    size_t cell_capacity, cell_bytes;
    Batch flat; /* `batch` without codes and constants, for depot_next_batch */
    depot_column *columns;
    depot_text *texts; /* BATCH_ROWS_MAX per column of text */
    depot_batch out;
};

uint64_t clock_ns(void);
int64_t clock_micros_utc(void);
uint32_t session_threads(const Settings *settings);

/* Makes these the connection's settings. */
Status session_use_settings(const Context *cx, depot *db, const Settings *settings);
/* A Context of the connection itself (prepare, SET …), and of a run. */
Context session_context(depot *db);
Context run_context(depot_statement *statement);
/* Turns the scratch error into last_error, with its place in `text`. Returns DEPOT_ERROR, or DEPOT_OK for OK. */
depot_code session_result(depot *db, Status status, const char *text, size_t bytes);
void session_fill_error(const Error *error, Status status, const char *text, size_t bytes, depot_error *out);

/* Plans what can be planned, so that the result's columns are known; statements without a result run to their end. Idempotent.
 */
Status run_plan(depot_statement *statement);
/* The next batch of the result, NULL at the end. */
Status run_fetch(depot_statement *statement, const Batch **batch);
uint64_t run_peak_memory_bytes(const Run *run);  /* the plan's included */
int64_t memory_budget(const Settings *settings); /* bytes that a query may use */
void run_begin(depot_statement *statement);
void run_end(depot_statement *statement); /* back to where nothing ran */
/* query_log.c: the run has ended, well or not; only the first call counts. */
void query_log_statement(depot_statement *statement, Status status);
/* Keeps the counters of the statement's query, which is closed next. */
void query_log_take_counters(depot_statement *statement, Query *query, bool ended_well);
bool query_log_wants_steps(const Settings *settings);
/* Runs a plan that writes into the run's commit to its end; *rows is what was written. */
Status run_write(const Context *cx, depot_statement *statement, LogicalPlan *logical, uint64_t *rows);

/* ------------------------------------------------------------------------------------------------------- transactions */

/* May the statement run? IN_FAILED_TRANSACTION. */
Status transaction_admits(const Context *cx, const depot_statement *statement);
/* Fills run.snapshot with what the statement reads: the transaction's view, or the newest version. */
Status transaction_read(const Context *cx, depot_statement *statement);
/* Fills run.commit and run.snapshot. Takes the writer lock, unless the transaction has it already. LOCK_NOT_AVAILABLE,
 * READ_ONLY_TRANSACTION; SERIALIZATION_FAILURE if the transaction has read a version that is not the newest any more. */
Status transaction_write(const Context *cx, depot_statement *statement);
/* The statement has written all: commits, unless that is the transaction's to do. */
Status transaction_written(const Context *cx, Run *run);
/* For writers without a statement: the transaction's commit, or (*is_own) one of their own. `what` for messages. */
Status transaction_commit(const Context *cx, depot *db, const char *what, Commit **commit, bool *is_own);
/* The run ends: it reads in the transaction no more. */
void transaction_enter(depot_statement *statement); /* the run reads in the transaction's commits: it ends with them */
void transaction_leave(depot_statement *statement);
/* After any error: an open transaction is taken back, and waits for ROLLBACK. */
void transaction_fail(depot *db);
void transaction_close(depot *db);                                     /* the connection ends */
Status run_transaction(const Context *cx, depot_statement *statement); /* BEGIN, COMMIT, ROLLBACK */

/* SELECT * FROM the table as the run's snapshot has it. */
Status plan_all_rows(const Context *cx, Run *run, const TableSchema *schema, LogicalPlan **plan);
Status run_advise(const Context *cx, depot_statement *statement);  /* ADVISE: fills run.table */
Status run_compare(const Context *cx, depot_statement *statement); /* COMPARE: fills run.table */
/* suppose.c: an option of EXPLAIN that says what to suppose; fills run.what_if from all of them. */
bool is_supposition(const AstOption *option);
Status suppose(const Context *cx, depot_statement *statement, bool is_run);
Status run_ddl(const Context *cx, depot_statement *statement);  /* CREATE, DROP, COMMENT, TRUNCATE */
Status run_drop(const Context *cx, depot_statement *statement); /* DROP */
Status run_alter_table(const Context *cx, depot_statement *statement);
Status run_analyze_compression(const Context *cx, depot_statement *statement); /* fills run.table */
Status run_resize(const Context *cx, depot_statement *statement);              /* ALTER WAREHOUSE RESIZE */
Status run_copy(const Context *cx, depot_statement *statement);                /* COPY … FROM */
/* verify.c: SET verify_constraints, over what the run's commit holds. */
Status verify_constraints(const Context *cx, depot_statement *statement, const AstName *target);
/* Runs a plan beside the run's own; the query is the caller's to close. */
Status run_aside(const Context *cx, depot_statement *statement, LogicalPlan *logical, Query **query);
/* temporary.c: does the statement change temporary relations? Then their commit is the run's. */
Status temporary_is_target(const Context *cx, depot_statement *statement, bool *is_target);
Status temporary_commit(const Context *cx, depot_statement *statement);
/* Adds them to what the run reads. */
Status temporary_join(const Context *cx, depot_statement *statement);
Status run_prepared(const Context *cx, depot_statement *statement);   /* PREPARE, DEALLOCATE */
Status prepared_begin(const Context *cx, depot_statement *statement); /* EXECUTE: the prepared statement takes its place … */
void prepared_end(depot_statement *statement); /* … until the run ends; its plan is given back before */
void prepared_free_all(depot *db);
const char *statement_tag(const AstStatement *ast);
Status run_copy_to(const Context *cx, depot_statement *statement); /* COPY … TO */
Status run_show(const Context *cx, depot_statement *statement);    /* SHOW, DESCRIBE: fills run.table; SET, RESET */
Status run_analyze(const Context *cx, depot_statement *statement); /* ANALYZE */
Status run_show_create(const Context *cx, depot_statement *statement);

Status text_table_create(const Context *cx, Arena *arena, uint32_t column_count, const char *const *names, TextTable **table);
/* `cells` are copied; NULL cells are NULL. */
Status text_table_add(const Context *cx, Arena *arena, TextTable *table, const char *const *cells);

#endif
