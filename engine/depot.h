/* Depot: an embeddable columnar warehouse. This header is the manual of the C library.
 *
 *     depot *db;
 *     depot_error error;
 *     if (depot_open("sales", NULL, &db, &error) != DEPOT_OK) { fprintf(stderr, "%s\n", error.message); return 1; }
 *     depot_statement *statement;
 *     const char *sql = "SELECT region, sum(amount) FROM orders WHERE year = $1 GROUP BY 1";
 *     if (depot_prepare(db, sql, -1, &statement, NULL) == DEPOT_OK) {
 *         depot_bind_int64(statement, 1, 1995);
 *         while (depot_step(statement) == DEPOT_ROW) {
 *             printf("%s %s\n", depot_column_text(statement, 0), depot_column_text(statement, 1));
 *         }
 *         depot_finalize(statement);
 *     }
 *     if (depot_last_error(db)->code != DEPOT_OK) { fprintf(stderr, "%s\n", depot_last_error(db)->message); }
 *     depot_close(db);
 *
 * Threads. A depot (a connection) and what was made from it (statements, appenders) belong to one thread at a time, with two
 * exceptions that any thread may call at any time: depot_cancel and depot_appender_append. Different
 * connections are independent, also to the same directory: one connection writes at a time, any number read, in this process
 * and in others. A query runs on as many threads as the setting `threads` says; the thread that steps it is one of them.
 *
 * Ownership. What a call returns through a pointer to const is borrowed: text, batches and errors stay valid until the next
 * call on the same object, names of columns until depot_finalize. Everything opened is closed by its own close, before its
 * connection.
 *
 * Transactions. A statement alone is atomic: all of it is there once it has ended, or nothing. BEGIN … COMMIT make several
 * statements one (DDL and COPY included); ROLLBACK takes them back, settings changed by SET too.
 *   - Reading. All statements of a transaction read the version that was the newest when the first of them ran, plus what the
 *     transaction itself has changed. Nobody else sees its changes before COMMIT.
 *   - Writing. There is one writer at a time, in all processes. The first statement that writes takes the writer lock until the
 *     end of the transaction; another writer waits up to 5 seconds, then fails with 55P03 (lock_not_available).
 *   - Conflicts. If anything was committed between the version that the transaction has read and its first write, that write
 *     fails with 40001 (serialization_failure): run the transaction again. So transactions that write are serializable, and
 *     after its first write a transaction cannot conflict any more. One whose first statement writes never conflicts.
 *   - Errors. A statement that fails takes the whole transaction back; what follows fails with 25P02 until ROLLBACK (or COMMIT,
 *     which is then a ROLLBACK).
 *   - The end of a transaction also ends statements that are still being stepped through and read its changes: they fail with
 *     25000. An appender opened inside a transaction loads into it; a failed or aborted appender fails the transaction.
 *
 * Values. A result is read row by row (depot_step, depot_column_…) or batch by batch (depot_next_batch), not both.
 *
 * ABI. Structs that the caller fills start zeroed ({0}); new fields go at the end. */
#ifndef DEPOT_H
#define DEPOT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct depot depot;
typedef struct depot_statement depot_statement;
typedef struct depot_appender depot_appender;

typedef enum depot_code {
    DEPOT_OK = 0,
    DEPOT_ROW = 1,   /* depot_step: a row is there */
    DEPOT_DONE = 2,  /* depot_step, depot_next_batch: no more */
    DEPOT_ERROR = 3, /* depot_last_error says what; error->sqlstate what kind */
    DEPOT_MISUSE = 4 /* the call makes no sense here (a NULL handle, a column that is not there) */
} depot_code;

typedef struct depot_error {
    depot_code code;    /* DEPOT_OK if the last call succeeded */
    char sqlstate[6];   /* "42703"; "" if none */
    char message[1024]; /* without "ERROR:", no newline at the end */
    char hint[512];     /* "" if there is none */
    uint32_t line;      /* of the statement's text, from 1; 0: the error has no place */
    uint32_t column;    /* in characters, from 1 */
    char source[256];   /* that line of the text, cut if it is long: "" without a place */
    uint32_t caret;     /* where the column stands in `source`, in characters from 0 */
    uint32_t offset;    /* in bytes from the start of the text given to depot_prepare; UINT32_MAX without a place */
} depot_error;

const char *depot_version(void);
/* The dialect's keywords in alphabetical order, small letters: index 0, 1, … until NULL. For completion and highlighting. */
const char *depot_keyword(uint32_t index);

/* ---------------------------------------------------------------------------------------------------------- connections */

typedef struct depot_options {
    int read_only;            /* nothing is created or removed */
    uint32_t nodes, slices;   /* topology of a warehouse that is created: nodes, slices per node; 0: 1 node of 2 slices */
    uint64_t cache_bytes_max; /* cached blocks; 0: half of what the process may use */
} depot_options;

/* Opens the warehouse in a directory, creating it if it is not there; `path` NULL, "" or ":memory:": a new one in memory.
 * `options` may be NULL. On failure *db is NULL and *error (may be NULL) is filled. */
depot_code depot_open(const char *path, const depot_options *options, depot **db, depot_error *error);
/* NULL is fine. Aborts an open appender; statements that are still open keep what they need until they are finalized. */
void depot_close(depot *db);
const depot_error *depot_last_error(const depot *db);
int depot_was_created(const depot *db); /* 1 if depot_open made the warehouse */
uint32_t depot_nodes(const depot *db);
uint32_t depot_slices_per_node(const depot *db);
/* SET name = value. */
depot_code depot_set(depot *db, const char *name, const char *value);
/* Between BEGIN and COMMIT or ROLLBACK? */
typedef enum depot_transaction {
    DEPOT_TRANSACTION_NONE,
    DEPOT_TRANSACTION_OPEN,
    DEPOT_TRANSACTION_FAILED /* taken back by an error; waits for ROLLBACK */
} depot_transaction;
depot_transaction depot_transaction_state(const depot *db);
/* The oldest notice not yet taken ("ENCODE lzo is stored as lz4"), or NULL. Valid until the next statement runs. Warnings start
 * with "WARNING:  ". */
const char *depot_next_notice(depot *db);
/* Makes the running statement end with 57014 (query_canceled) soon. From any thread and from a signal handler. */
void depot_cancel(depot *db);
/* Called about ten times a second by the thread that steps, while it waits: share of the work done, from 0 to 1. A return other
 * than 0 cancels. NULL switches it off. */
void depot_progress(depot *db, int (*callback)(void *argument, double share), void *argument);

/* Where COPY … FROM STDIN reads and COPY … TO STDOUT writes; NULL: such a statement is refused. A reader gives up to `bytes`
 * bytes: how many it gave, 0 at the end, -1 if it failed. A writer takes all bytes and returns 0, or another number if it
 * cannot. They are called by the thread that steps or by one of its workers, one call at a time; neither may use the
 * connection. */
typedef int64_t (*depot_reader)(void *argument, char *to, size_t bytes);
typedef int (*depot_writer)(void *argument, const char *data, size_t bytes);
void depot_streams(depot *db, depot_reader reader, depot_writer writer, void *argument);

/* ----------------------------------------------------------------------------------------------------------- statements */

/* The first statement of `sql`: `bytes` long, or -1 for text that ends with a 0. *tail (may be NULL) points at what follows it.
 * *statement is NULL, with DEPOT_OK, if there was nothing but white space, comments and semicolons. */
depot_code depot_prepare(depot *db, const char *sql, int64_t bytes, depot_statement **statement, const char **tail);
void depot_finalize(depot_statement *statement); /* NULL is fine; stops what still runs */
/* Runs all statements of the text, dropping their results. */
depot_code depot_execute(depot *db, const char *sql);
/* 1 if `sql` holds a statement that is complete (its semicolon seen outside quotes and comments); *end is where it stops. */
int depot_complete(const char *sql, size_t bytes, size_t *end);

/* Parameters $1 … $n; n is counted from 1. Text is copied. Binding ends a run: the next step starts again. */
uint32_t depot_parameter_count(const depot_statement *statement);
depot_code depot_bind_null(depot_statement *statement, uint32_t n);
depot_code depot_bind_bool(depot_statement *statement, uint32_t n, int value);
depot_code depot_bind_int64(depot_statement *statement, uint32_t n, int64_t value);
depot_code depot_bind_double(depot_statement *statement, uint32_t n, double value);
/* Text takes the type that its place wants, as a quoted literal does: dates, decimals, timestamps go this way. NULL (the
 * pointer) is NULL. */
depot_code depot_bind_text(depot_statement *statement, uint32_t n, const char *text, int64_t bytes);
depot_code depot_reset(depot_statement *statement); /* the next step runs it again, parameters kept */

/* DEPOT_ROW, DEPOT_DONE or DEPOT_ERROR. The first step runs the statement. */
depot_code depot_step(depot_statement *statement);

typedef enum depot_type {
    DEPOT_NULL = 0,
    DEPOT_BOOLEAN,    /* bool8: 0 or 1 */
    DEPOT_SMALLINT,   /* int16 */
    DEPOT_INTEGER,    /* int32 */
    DEPOT_BIGINT,     /* int64 */
    DEPOT_DECIMAL,    /* value × 10^scale: int64 up to 18 digits, else a 16-byte integer */
    DEPOT_REAL,       /* float */
    DEPOT_DOUBLE,     /* double */
    DEPOT_CHAR,       /* depot_text */
    DEPOT_VARCHAR,    /* depot_text */
    DEPOT_DATE,       /* int32: days since 1970-01-01 */
    DEPOT_TIMESTAMP,  /* int64: microseconds since 1970-01-01 00:00:00 */
    DEPOT_INTERVAL,   /* depot_interval */
    DEPOT_TIME,       /* int64: microseconds since midnight */
    DEPOT_TIMESTAMPTZ /* int64: microseconds since 1970-01-01 00:00:00 UTC; its text is in the session's time zone */
} depot_type;

typedef struct depot_interval {
    int32_t months, days;
    int64_t micros;
} depot_interval;

/* Columns of the result, from 0. Known before the first step, too, once all parameters are bound. */
uint32_t depot_column_count(depot_statement *statement);
const char *depot_column_name(depot_statement *statement, uint32_t column);
depot_type depot_column_type(depot_statement *statement, uint32_t column);
const char *depot_column_type_name(depot_statement *statement, uint32_t column); /* "decimal(12,2)" */
/* Of the row that the last step stood on. Numbers convert as a cast would, to 0 where they cannot. Text is what psql prints,
 * CHAR(n) with the blanks that fill it; NULL (the pointer) for NULL. */
int depot_column_is_null(depot_statement *statement, uint32_t column);
int64_t depot_column_int64(depot_statement *statement, uint32_t column);
double depot_column_double(depot_statement *statement, uint32_t column);
const char *depot_column_text(depot_statement *statement, uint32_t column);
size_t depot_column_bytes(depot_statement *statement, uint32_t column); /* of depot_column_text, without the final 0 */

/* "SELECT", "INSERT", "UPDATE", "COPY", "CREATE TABLE", "EXPLAIN" …; static. */
const char *depot_statement_tag(const depot_statement *statement);
/* Rows returned so far, or inserted, deleted, updated. */
uint64_t depot_rows(const depot_statement *statement);
/* Wall time inside the engine so far, parse to last row. */
double depot_milliseconds(const depot_statement *statement);
/* Highest counted memory of the last run. */
uint64_t depot_peak_memory_bytes(const depot_statement *statement);

/* -------------------------------------------------------------------------------------------------------- whole batches */

typedef struct depot_text {
    const char *data;
    uint32_t bytes;
} depot_text;

/* One column of a batch: an array of the type's element (see depot_type); `validity` NULL, or one bit per row, 1 = not NULL.
 * Rows that are NULL hold zeros. */
typedef struct depot_column {
    depot_type type;
    uint8_t precision, scale; /* DECIMAL */
    uint32_t element_bytes;
    const void *values;
    const uint64_t *validity;
} depot_column;

typedef struct depot_batch {
    uint32_t rows;
    uint32_t column_count;
    const depot_column *columns;
} depot_batch;

/* *batch is borrowed until the next call on the statement. DEPOT_OK with a batch of at least one row, DEPOT_DONE or
 * DEPOT_ERROR. */
depot_code depot_next_batch(depot_statement *statement, const depot_batch **batch);

/* ------------------------------------------------------------------------------------------------------------- appender */

/* Loads whole batches, from several threads, in one commit: nothing is visible before depot_appender_commit, everything after.
 * The connection can do nothing else meanwhile. */
depot_code depot_appender_open(depot *db, const char *schema, const char *table, depot_appender **appender);
/* Columns in table order, of exactly the table's types (text for CHAR and VARCHAR), at most 2,048 rows. Batches land in the
 * order of `sequence` (0, 1, 2, … without gaps), whichever thread brings them; the call waits until all lower ones are in, so
 * hand the numbers out in order. The batch is copied. Any thread. On DEPOT_ERROR, *error (may be NULL) is filled, and the
 * appender only takes an abort. */
depot_code depot_appender_append(depot_appender *appender, uint64_t sequence, const depot_batch *batch, int is_last_of_sequence,
                                 depot_error *error);
/* Both end the appender. */
depot_code depot_appender_commit(depot_appender *appender, uint64_t *rows);
void depot_appender_abort(depot_appender *appender);

#ifdef __cplusplus
}
#endif

#endif
