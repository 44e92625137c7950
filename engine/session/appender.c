/* Whole batches from the caller's threads into one commit: a thin shell around a table writer. */
#include "session/checks.h"
#include "session/session.h"
#include "storage/table_writer.h"

#include <pthread.h>
#include <string.h>

struct depot_appender {
    depot *db;
    Commit *commit;
    bool owns_commit; /* else it is the transaction's */
    TableWriter *writer;
    const TableVersion *table;
    Arena arena; /* of the bound checks */
    BoundCheck *checks;
    pthread_mutex_t lock; /* guards failed */
    bool failed;
};

static Status open_writer(const Context *cx, depot_appender *appender, const char *schema, const char *name) {
    depot *db = appender->db;
    TRY(transaction_commit(cx, db, "an appender", &appender->commit, &appender->owns_commit));
    TRY(commit_table(cx, appender->commit, schema == NULL ? "public" : schema, name, &appender->table));
    TRY(bind_checks(cx, &appender->arena, appender->table->schema, &appender->checks));
    return table_writer_open(cx, appender->commit, appender->table, db->pool, session_threads(&db->settings),
                             &appender->writer);
}

depot_code depot_appender_open(depot *db, const char *schema, const char *table, depot_appender **out) {
    Context cx = session_context(db);
    *out = NULL;
    if (db->appender != NULL) {
        return session_result(db, fail(&cx, OBJECT_IN_USE, "an appender is open on this connection"), NULL, 0);
    }
    depot_appender *appender = mem_alloc_zeroed(&cx, sizeof *appender);
    if (appender == NULL) {
        return session_result(db, OUT_OF_MEMORY, NULL, 0);
    }
    appender->db = db;
    pthread_mutex_init(&appender->lock, NULL);
    Status status = open_writer(&cx, appender, schema, table);
    db->appender = appender;
    if (status != OK) {
        depot_appender_abort(appender);
    } else {
        *out = appender;
    }
    return session_result(db, status, NULL, 0);
}

/* ------------------------------------------------------------------------------------------------- the caller's batches */

static Status check_column(const Context *cx, const TableSchema *schema, uint32_t index, const depot_column *column) {
    static const TypeId types[] = {
        [DEPOT_NULL] = TYPE_NULL,         [DEPOT_BOOLEAN] = TYPE_BOOLEAN, [DEPOT_SMALLINT] = TYPE_SMALLINT,
        [DEPOT_INTEGER] = TYPE_INTEGER,   [DEPOT_BIGINT] = TYPE_BIGINT,   [DEPOT_DECIMAL] = TYPE_DECIMAL,
        [DEPOT_REAL] = TYPE_REAL,         [DEPOT_DOUBLE] = TYPE_DOUBLE,   [DEPOT_CHAR] = TYPE_CHAR,
        [DEPOT_VARCHAR] = TYPE_VARCHAR,   [DEPOT_DATE] = TYPE_DATE,       [DEPOT_TIMESTAMP] = TYPE_TIMESTAMP,
        [DEPOT_INTERVAL] = TYPE_INTERVAL, [DEPOT_TIME] = TYPE_TIME,       [DEPOT_TIMESTAMPTZ] = TYPE_TIMESTAMPTZ,
    };
    const ColumnDef *wanted = &schema->columns[index];
    bool both_text = type_is_text(wanted->type) && (column->type == DEPOT_CHAR || column->type == DEPOT_VARCHAR);
    if ((unsigned)column->type >= sizeof types / sizeof *types || (types[column->type] != wanted->type.id && !both_text)) {
        char name[32];
        return fail(cx, DATATYPE_MISMATCH, "column \"%s\" is of type %s; the batch brings another type", wanted->name,
                    type_name(wanted->type, name));
    }
    return OK;
}

static Status take_texts(const Context *cx, const ColumnDef *column, const depot_column *in, uint32_t rows, Vector *out) {
    const depot_text *texts = in->values;
    TRY(vector_prepare_flat(cx, out, column->type));
    for (uint32_t i = 0; i < rows; i++) {
        bool valid = in->validity == NULL || bit_get(in->validity, i);
        const char *data = valid ? texts[i].data : "";
        uint32_t bytes = valid ? texts[i].bytes : 0;
        if (!utf8_valid(data, bytes)) {
            return fail(cx, INVALID_ENCODING, "row %u of column \"%s\" is not valid UTF-8", i, column->name);
        }
        if (column->type.length > 0 && bytes > column->type.length && utf8_length(data, bytes) > column->type.length) {
            return fail(cx, STRING_TOO_LONG, "row %u: value too long for column \"%s\"", i, column->name);
        }
        ((Text *)out->data)[i] = text_view(data, bytes);
    }
    return OK;
}

static Status take_batch(const Context *cx, depot_appender *appender, const depot_batch *in, Batch *out) {
    const TableSchema *schema = appender->table->schema;
    if (in->column_count != schema->column_count || in->rows > BATCH_ROWS_MAX) {
        return fail(cx, API_MISUSE, "a batch for \"%s\" has %u columns and at most %d rows", schema->name, schema->column_count,
                    BATCH_ROWS_MAX);
    }
    out->rows = in->rows;
    for (uint32_t i = 0; i < in->column_count; i++) {
        const depot_column *column = &in->columns[i];
        Vector *vector = &out->columns[i];
        TRY(check_column(cx, schema, i, column));
        if (type_class(schema->columns[i].type) == CLASS_TEXT) {
            TRY(take_texts(cx, &schema->columns[i], column, in->rows, vector));
        } else {
            vector->data = (void *)column->values; /* read only */
        }
        vector->validity = (uint64_t *)column->validity;
    }
    return OK;
}

static Status append(const Context *cx, depot_appender *appender, uint64_t sequence, const depot_batch *in, bool is_last) {
    const TableSchema *schema = appender->table->schema;
    Type *types;
    Batch batch;
    TRY_ALLOC(cx, types, sizeof *types * (schema->column_count + 1));
    for (uint32_t i = 0; i < schema->column_count; i++) {
        types[i] = schema->columns[i].type;
    }
    RowChecks checks = {0};
    Status status = batch_init(cx, &batch, types, schema->column_count);
    if (status == OK) {
        status = take_batch(cx, appender, in, &batch);
    }
    if (status == OK && schema->check_count > 0) {
        status = row_checks_open(cx, schema, appender->checks, &checks);
        status = status != OK ? status : row_checks_run(cx, &checks, &batch);
    }
    row_checks_close(&checks);
    if (status == OK) {
        status = table_writer_append(cx, appender->writer, sequence, &batch, is_last);
    }
    batch_free(&batch);
    mem_free(types);
    return status;
}

depot_code depot_appender_append(depot_appender *appender, uint64_t sequence, const depot_batch *batch, int is_last,
                                 depot_error *out) {
    Error error;
    error_clear(&error);
    Context cx = session_context(appender->db);
    cx.error = &error;
    Status status = append(&cx, appender, sequence, batch, is_last != 0);
    if (status != OK) {
        pthread_mutex_lock(&appender->lock);
        appender->failed = true;
        pthread_mutex_unlock(&appender->lock);
    }
    if (out != NULL) {
        session_fill_error(&error, status, NULL, 0, out);
    }
    return status == OK ? DEPOT_OK : DEPOT_ERROR;
}

static void close_appender(depot_appender *appender) {
    appender->db->appender = NULL;
    arena_free(&appender->arena);
    pthread_mutex_destroy(&appender->lock);
    mem_free(appender);
}

depot_code depot_appender_commit(depot_appender *appender, uint64_t *rows) {
    depot *db = appender->db;
    Context cx = session_context(db);
    if (appender->failed) {
        depot_appender_abort(appender);
        return session_result(db, fail(&cx, INVALID_TRANSACTION_STATE, "an append failed: nothing was loaded"), NULL, 0);
    }
    WriteReport report = {0};
    TableWriter *writer = appender->writer;
    Commit *commit = appender->commit;
    appender->writer = NULL;
    appender->commit = NULL;
    Status status = table_writer_finish(&cx, writer, &report);
    if (status == OK && appender->owns_commit) {
        status = commit_finish(&cx, commit);
    } else if (appender->owns_commit) {
        commit_abort(commit);
    }
    if (status != OK) {
        transaction_fail(db);
    }
    if (rows != NULL) {
        *rows = report.rows;
    }
    close_appender(appender);
    return session_result(db, status, NULL, 0);
}

void depot_appender_abort(depot_appender *appender) {
    if (appender != NULL) {
        depot *db = appender->db;
        table_writer_abort(appender->writer);
        commit_abort(appender->owns_commit ? appender->commit : NULL);
        close_appender(appender);
        transaction_fail(db); /* segments of it may be in the transaction already */
    }
}
