/* COPY … TO: the rows of a table or query as text in a file, one line each, in the query's order. The formats and options are
 * those that COPY … FROM reads, so that what was written loads again as it was. */
#include "bind/bind.h"
#include "bind/bind_file.h"
#include "parser/parse.h"
#include "session/session.h"
#include "storage/file.h"

#include <string.h>

typedef struct CopyOut {
    const CopySpec *spec;
    const char *null_text;
    const TimeZone *zone;
    File *file;
} CopyOut;

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
    return copy->file != NULL ? OK : fail_unsupported(cx, copy->file_pos, "COPY … TO STDOUT");
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

static Status put_quoted(const Context *cx, const CopyOut *out, const char *text, size_t bytes) {
    const CopySpec *spec = out->spec;
    TRY(file_append(cx, out->file, &spec->quote, 1));
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == spec->quote || text[i] == spec->escape) {
            TRY(file_append(cx, out->file, &spec->escape, 1));
        }
        TRY(file_append(cx, out->file, &text[i], 1));
    }
    return file_append(cx, out->file, &spec->quote, 1);
}

static Status put_escaped(const Context *cx, const CopyOut *out, const char *text, size_t bytes) {
    const CopySpec *spec = out->spec;
    for (size_t i = 0; i < bytes; i++) {
        char c = text[i], letter = c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c;
        if (c == '\n' || c == '\r' || c == '\t' || c == spec->escape || c == spec->delimiter) {
            TRY(file_append(cx, out->file, &spec->escape, 1));
        }
        TRY(file_append(cx, out->file, &letter, 1));
    }
    return OK;
}

static Status put_text(const Context *cx, const CopyOut *out, const char *text, size_t bytes) {
    if (!out->spec->is_quoted) {
        return put_escaped(cx, out, text, bytes);
    }
    return needs_quotes(out, text, bytes) ? put_quoted(cx, out, text, bytes) : file_append(cx, out->file, text, bytes);
}

static Status put_value(const Context *cx, const CopyOut *out, const Value *value) {
    char buffer[VALUE_PRINT_MAX];
    const char *text;
    size_t bytes;
    if (value->is_null) {
        return file_append(cx, out->file, out->null_text, strlen(out->null_text));
    }
    value_print_in(out->zone, value, buffer, &text, &bytes);
    return put_text(cx, out, text, bytes);
}

static Status put_batch(const Context *cx, const CopyOut *out, const Batch *batch) {
    for (uint32_t row = 0; row < batch->rows; row++) {
        for (uint32_t c = 0; c < batch->column_count; c++) {
            Value value = vector_value(&batch->columns[c], row);
            TRY(c == 0 ? OK : file_append(cx, out->file, &out->spec->delimiter, 1));
            TRY(put_value(cx, out, &value));
        }
        TRY(file_append(cx, out->file, "\n", 1));
    }
    return OK;
}

static Status put_header(const Context *cx, const CopyOut *out, const LogicalPlan *plan) {
    for (uint32_t c = 0; c < plan->output_count; c++) {
        TRY(c == 0 ? OK : file_append(cx, out->file, &out->spec->delimiter, 1));
        TRY(put_text(cx, out, plan->output_names[c], strlen(plan->output_names[c])));
    }
    return file_append(cx, out->file, "\n", 1);
}

static Status put_rows(const Context *cx, const CopyOut *out, Query *query, uint64_t *rows) {
    const Batch *batch;
    for (;;) {
        TRY(query_next(cx, query, &batch));
        if (batch == NULL) {
            return file_flush(cx, out->file);
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

static Status write_file(const Context *cx, depot_statement *statement, CopyOut *out, LogicalPlan *plan) {
    Query *query;
    FileSystem *files;
    const AstCopy *copy = statement->ast->copy;
    TRY(run_aside(cx, statement, plan, &query));
    Status status = file_system_host(cx, NULL, &files);
    if (status != OK) {
        query_close(query);
        return status;
    }
    status = file_open(cx, files, copy->file, FILE_CREATE, &out->file);
    if (status != OK) {
        error_set_pos_if_none(cx, copy->file_pos);
    }
    status = status == OK && out->spec->skip_lines > 0 ? put_header(cx, out, plan) : status;
    status = status == OK ? put_rows(cx, out, query, &statement->run.rows) : status;
    file_close(out->file);
    file_system_free(files);
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
    CopyOut out = {.spec = spec, .zone = run->zone};
    out.null_text = spec->has_null_text ? spec->null_text : spec->is_quoted ? "" : "\\N";
    return write_file(cx, statement, &out, plan);
}
