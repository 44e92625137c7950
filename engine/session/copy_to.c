/* COPY … TO: the rows of a table or query as text in a file, one line each, in the query's order. The formats and options are
 * those that COPY … FROM reads, so that what was written loads again as it was. */
#include "bind/bind.h"
#include "bind/bind_file.h"
#include "core/json_write.h"
#include "parser/parse.h"
#include "session/session.h"
#include "storage/file.h"

#include <string.h>

typedef struct CopyOut {
    const CopySpec *spec;
    const char *null_text;
    const TimeZone *zone;
    LogicalPlan *plan;
    File *file; /* NULL: the writer */
    depot_writer writer;
    void *writer_argument;
    char *buffer; /* of WRITER_BYTES, in the arena */
    size_t buffered;
} CopyOut;
#define WRITER_BYTES ((size_t)64 << 10)

static Status flush_out(const Context *cx, CopyOut *out) {
    if (out->file != NULL) {
        return file_flush(cx, out->file);
    }
    size_t bytes = out->buffered;
    out->buffered = 0;
    return bytes == 0 || out->writer(out->writer_argument, out->buffer, bytes) == 0
               ? OK
               : fail(cx, IO_ERROR, "could not write what COPY gives");
}

static Status put(const Context *cx, CopyOut *out, const char *data, size_t bytes) {
    if (out->file != NULL) {
        return file_append(cx, out->file, data, bytes);
    }
    while (bytes > 0) {
        size_t room = WRITER_BYTES - out->buffered, part = bytes < room ? bytes : room;
        memcpy(out->buffer + out->buffered, data, part);
        out->buffered += part;
        data += part;
        bytes -= part;
        TRY(out->buffered < WRITER_BYTES ? OK : flush_out(cx, out));
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ options */

/* What FROM understands and TO does not do yet. */
static Status check_options(const Context *cx, const AstCopy *copy, const CopySpec *spec) {
    static const char *const written[] = {"format", "delimiter", "header",   "quote",
                                          "escape", "null",      "encoding", "compression"};
    for (uint32_t i = 0; i < copy->options.count; i++) {
        const AstOption *option = copy->options.items[i];
        bool is_known = false;
        for (size_t k = 0; k < sizeof written / sizeof written[0]; k++) {
            is_known = is_known || strcmp(option->name, written[k]) == 0;
        }
        if (!is_known) {
            return fail_at(cx, option->pos, FEATURE_NOT_SUPPORTED, "option \"%s\" of COPY … TO is not supported yet",
                           option->name);
        }
    }
    if (spec->compression != COPY_COMPRESSION_AUTO && spec->compression != COPY_COMPRESSION_NONE) {
        return fail_unsupported(cx, copy->file_pos, "COMPRESSION of COPY … TO");
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- writing
 */

static bool needs_quotes(const CopyOut *out, const char *text, size_t bytes) {
    const CopySpec *spec = out->spec;
    if (strlen(out->null_text) == bytes && memcmp(out->null_text, text, bytes) == 0) {
        return true;
    }
    for (size_t i = 0; i < bytes; i++) {
        char c = text[i];
        if (c == spec->delimiter || c == spec->quote || c == spec->escape || c == '\n' || c == '\r') {
            return true;
        }
    }
    return bytes > 0 && (text[0] == ' ' || text[bytes - 1] == ' ');
}

static Status put_quoted(const Context *cx, CopyOut *out, const char *text, size_t bytes) {
    const CopySpec *spec = out->spec;
    TRY(put(cx, out, &spec->quote, 1));
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == spec->quote || text[i] == spec->escape) {
            TRY(put(cx, out, &spec->escape, 1));
        }
        TRY(put(cx, out, &text[i], 1));
    }
    return put(cx, out, &spec->quote, 1);
}

static Status put_escaped(const Context *cx, CopyOut *out, const char *text, size_t bytes) {
    const CopySpec *spec = out->spec;
    for (size_t i = 0; i < bytes; i++) {
        char c = text[i], letter = c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c;
        if (c == '\n' || c == '\r' || c == '\t' || c == spec->escape || c == spec->delimiter) {
            TRY(put(cx, out, &spec->escape, 1));
        }
        TRY(put(cx, out, &letter, 1));
    }
    return OK;
}

static Status put_text(const Context *cx, CopyOut *out, const char *text, size_t bytes) {
    if (!out->spec->is_quoted) {
        return put_escaped(cx, out, text, bytes);
    }
    return needs_quotes(out, text, bytes) ? put_quoted(cx, out, text, bytes) : put(cx, out, text, bytes);
}

/* ------------------------------------------------------------------------------------------------------------- JSON lines */

static Status put_json_string(const Context *cx, CopyOut *out, const char *text, size_t bytes) {
    TRY(put(cx, out, "\"", 1));
    for (size_t i = 0; i < bytes; i++) {
        char escape[JSON_ESCAPE_BYTES];
        const char *escaped = json_escape(text[i], escape);
        TRY(escaped == NULL ? put(cx, out, &text[i], 1) : put(cx, out, escaped, strlen(escaped)));
    }
    return put(cx, out, "\"", 1);
}

/* Numbers and truth values as JSON has them; what it has no form for (NaN, dates …) is a string. */
static Status put_json_value(const Context *cx, CopyOut *out, const Value *value) {
    char buffer[VALUE_PRINT_MAX];
    const char *text;
    size_t bytes;
    if (value->is_null) {
        return put(cx, out, "null", 4);
    }
    if (value->type.id == TYPE_BOOLEAN) {
        return value->i64 ? put(cx, out, "true", 4) : put(cx, out, "false", 5);
    }
    value_print_in(out->zone, value, buffer, &text, &bytes);
    bool is_number = type_is_numeric(value->type) && memchr(text, 'N', bytes) == NULL && memchr(text, 'I', bytes) == NULL;
    return is_number ? put(cx, out, text, bytes) : put_json_string(cx, out, text, bytes);
}

static Status put_object(const Context *cx, CopyOut *out, const Batch *batch, uint32_t row) {
    for (uint32_t c = 0; c < batch->column_count; c++) {
        Value value = vector_value(&batch->columns[c], row);
        const char *name = out->plan->output_names[c];
        TRY(put(cx, out, c == 0 ? "{" : ",", 1));
        TRY(put_json_string(cx, out, name, strlen(name)));
        TRY(put(cx, out, ":", 1));
        TRY(put_json_value(cx, out, &value));
    }
    return put(cx, out, "}\n", 2);
}

/* ------------------------------------------------------------------------------------------------------------------- rows */

static Status put_value(const Context *cx, CopyOut *out, const Value *value) {
    char buffer[VALUE_PRINT_MAX];
    const char *text;
    size_t bytes;
    if (value->is_null) {
        return put(cx, out, out->null_text, strlen(out->null_text));
    }
    value_print_in(out->zone, value, buffer, &text, &bytes);
    return put_text(cx, out, text, bytes);
}

static Status put_batch(const Context *cx, CopyOut *out, const Batch *batch) {
    for (uint32_t row = 0; row < batch->rows; row++) {
        if (out->spec->is_json) {
            TRY(put_object(cx, out, batch, row));
            continue;
        }
        for (uint32_t c = 0; c < batch->column_count; c++) {
            Value value = vector_value(&batch->columns[c], row);
            TRY(c == 0 ? OK : put(cx, out, &out->spec->delimiter, 1));
            TRY(put_value(cx, out, &value));
        }
        TRY(put(cx, out, "\n", 1));
    }
    return OK;
}

static Status put_header(const Context *cx, CopyOut *out, const LogicalPlan *plan) {
    for (uint32_t c = 0; c < plan->output_count; c++) {
        TRY(c == 0 ? OK : put(cx, out, &out->spec->delimiter, 1));
        TRY(put_text(cx, out, plan->output_names[c], strlen(plan->output_names[c])));
    }
    return put(cx, out, "\n", 1);
}

static Status put_rows(const Context *cx, CopyOut *out, Query *query, uint64_t *rows) {
    const Batch *batch;
    for (;;) {
        TRY(query_next(cx, query, &batch));
        if (batch == NULL) {
            return flush_out(cx, out);
        }
        TRY(put_batch(cx, out, batch));
        *rows += batch->rows;
    }
}

/* ---------------------------------------------------------------------------------------------------------------- the query */

/* COPY t (a, b) TO is COPY (SELECT a, b FROM t) TO. */
static Status table_query(const Context *cx, depot_statement *statement, const AstCopy *copy, AstQuery **query) {
    Arena *arena = &statement->run.arena;
    const TableVersion *relation;
    TRY(bind_relation(cx, statement->run.snapshot, copy->table, &relation));
    if (relation->schema->kind == RELATION_VIEW) {
        fail_at(cx, copy->table->pos, WRONG_OBJECT_TYPE, "cannot copy from view \"%s\"", relation->schema->name);
        return fail_hint(cx, "COPY (SELECT * FROM %s) TO … does it", relation->schema->name);
    }
    const char *sql = copy->columns.count == 0 ? "SELECT *" : "SELECT ";
    for (uint32_t i = 0; i < copy->columns.count && sql != NULL; i++) {
        const AstIdent *name = copy->columns.items[i];
        if (schema_find_column(relation->schema, name->text) == UINT32_MAX) {
            return fail_at(cx, name->pos, UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist", name->text,
                           relation->schema->name);
        }
        const char *quoted = ast_print_ident(cx, arena, name->text);
        sql = quoted == NULL ? NULL : arena_format(cx, arena, "%s%s%s", sql, i == 0 ? "" : ", ", quoted);
    }
    const char *schema = ast_print_ident(cx, arena, relation->schema->schema_name);
    const char *table = ast_print_ident(cx, arena, relation->schema->name);
    sql = sql == NULL || schema == NULL || table == NULL ? NULL : arena_format(cx, arena, "%s FROM %s.%s", sql, schema, table);
    return sql == NULL ? OUT_OF_MEMORY : parse_stored_query(cx, arena, sql, copy->table->pos, query);
}

static Status write_rows(const Context *cx, depot_statement *statement, CopyOut *out, Query *query) {
    Status status = out->spec->skip_lines > 0 ? put_header(cx, out, out->plan) : OK;
    return status == OK ? put_rows(cx, out, query, &statement->run.rows) : status;
}

static Status write_file(const Context *cx, depot_statement *statement, CopyOut *out, Query *query) {
    FileSystem *files;
    const AstCopy *copy = statement->ast->copy;
    TRY(file_system_host(cx, NULL, &files));
    Status status = file_open(cx, files, copy->file, FILE_CREATE, &out->file);
    if (status != OK) {
        error_set_pos_if_none(cx, copy->file_pos);
    }
    status = status == OK ? write_rows(cx, statement, out, query) : status;
    file_close(out->file);
    file_system_free(files);
    return status;
}

static Status write_out(const Context *cx, depot_statement *statement, CopyOut *out) {
    Query *query;
    const AstCopy *copy = statement->ast->copy;
    if (copy->file == NULL && out->writer == NULL) {
        return fail_at(cx, copy->file_pos, FEATURE_NOT_SUPPORTED, "COPY TO STDOUT: there is nowhere to write to here");
    }
    TRY_NEW_ARRAY(cx, &statement->run.arena, out->buffer, WRITER_BYTES);
    TRY(run_aside(cx, statement, out->plan, &query));
    Status status = copy->file == NULL ? write_rows(cx, statement, out, query) : write_file(cx, statement, out, query);
    query_log_take_counters(statement, query, status == OK);
    query_close(query);
    return status;
}

Status run_copy_to(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    const AstCopy *copy = statement->ast->copy;
    CopySpec *spec;
    AstQuery *query = copy->query;
    LogicalPlan *plan;
    BindParameters parameters = {.count = statement->ast->parameter_count, .values = statement->parameters};
    TRY(bind_file_options(cx, &run->arena, &copy->options, copy->file, &spec));
    TRY(check_options(cx, copy, spec));
    TRY(transaction_read(cx, statement));
    if (query == NULL) {
        TRY(table_query(cx, statement, copy, &query));
    }
    TRY(bind_query(cx, &run->arena, run->snapshot, query, &parameters, &plan));
    CopyOut out = {.spec = spec,
                   .zone = run->zone,
                   .plan = plan,
                   .writer = statement->db->writer,
                   .writer_argument = statement->db->streams_argument};
    out.null_text = spec->has_null_text ? spec->null_text : spec->is_quoted ? "" : "\\N";
    return write_out(cx, statement, &out);
}
