/* CREATE TABLE, CREATE TABLE AS, CREATE SCHEMA, CREATE VIEW, COMMENT ON, TRUNCATE: each inside the run's commit. */
#include "bind/bind.h"
#include "core/notice.h"
#include "session/session.h"

#include <string.h>

static Status create_table(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    BindParameters parameters = {.count = statement->ast->parameter_count, .values = statement->parameters};
    TableSchema *schema;
    LogicalPlan *query;
    TRY(bind_create_table(cx, &run->arena, run->snapshot, statement->ast->create_table, &parameters, &schema, &query));
    if (schema == NULL) {
        return OK; /* IF NOT EXISTS, and it does */
    }
    TRY(commit_create_table(cx, run->commit, schema));
    if (query == NULL) {
        return OK;
    }
    const TableVersion *table;
    TRY(commit_table(cx, run->commit, schema->schema_name, schema->name, &table));
    TRY(plan_into_table(cx, query, table));
    return run_write(cx, statement, query, &run->rows);
}

/* Names that begin with pg_ are the system's. */
static Status create_schema(const Context *cx, depot_statement *statement) {
    const AstCreateSchema *create = statement->ast->create_schema;
    const char *name = create->name->text;
    Run *run = &statement->run;
    if (strncmp(name, "pg_", 3) == 0) {
        fail_at(cx, create->name->pos, RESERVED_NAME, "unacceptable schema name \"%s\"", name);
        return fail_hint(cx, "names that begin with \"pg_\" are the system's");
    }
    bool exists = snapshot_find_namespace(run->snapshot, name) != NULL || strcmp(name, "information_schema") == 0;
    if (exists && create->if_not_exists) {
        notice(cx, "schema \"%s\" already exists, skipping", name);
        return OK;
    }
    if (exists) {
        return fail_at(cx, create->name->pos, DUPLICATE_SCHEMA, "schema \"%s\" already exists", name);
    }
    return commit_create_namespace(cx, run->commit, name);
}

static Status create_view(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    const AstCreateView *create = statement->ast->create_view;
    TableSchema *schema;
    const TableVersion *replaced;
    if (statement->ast->parameter_count > 0) {
        return fail_at(cx, create->name->pos, UNDEFINED_PARAMETER, "a view takes no parameters");
    }
    TRY(bind_create_view(cx, &run->arena, run->snapshot, create, &schema, &replaced));
    return replaced == NULL ? commit_create_table(cx, run->commit, schema)
                            : commit_redefine_table(cx, run->commit, replaced->id, schema);
}

/* ---------------------------------------------------------------------------------------------------------- COMMENT ON */

static Status comment_relation(const Context *cx, depot_statement *statement, const AstComment *comment) {
    Run *run = &statement->run;
    bool is_view = comment->object == AST_OBJECT_VIEW;
    const TableVersion *relation;
    TRY(bind_relation(cx, run->snapshot, comment->name, &relation));
    if ((relation->schema->kind == RELATION_VIEW) != is_view) {
        return fail_at(cx, comment->name->pos, WRONG_OBJECT_TYPE, "\"%s\" is not a %s", relation->schema->name,
                       is_view ? "view" : "table");
    }
    TableSchema schema = *relation->schema;
    schema.comment = comment->text;
    return commit_redefine_table(cx, run->commit, relation->id, &schema);
}

static Status comment_column(const Context *cx, depot_statement *statement, const AstComment *comment) {
    Run *run = &statement->run;
    AstName table = *comment->name;
    const TableVersion *relation;
    if (--table.count == 0) {
        return fail_at(cx, table.pos, SYNTAX_ERROR, "column name must be qualified");
    }
    const AstIdent *name = &comment->name->parts[table.count];
    TRY(bind_relation(cx, run->snapshot, &table, &relation));
    TableSchema schema = *relation->schema;
    ColumnDef *columns;
    uint32_t column = schema_find_column(&schema, name->text);
    if (column == UINT32_MAX) {
        return fail_at(cx, name->pos, UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist", name->text,
                       schema.name);
    }
    TRY_NEW_ARRAY(cx, &run->arena, columns, schema.column_count);
    memcpy(columns, schema.columns, sizeof *columns * schema.column_count);
    columns[column].comment = comment->text;
    schema.columns = columns;
    return commit_redefine_table(cx, run->commit, relation->id, &schema);
}

static Status comment_schema(const Context *cx, depot_statement *statement, const AstComment *comment) {
    if (comment->name->count > 1) {
        return fail_unsupported(cx, comment->name->pos, "a reference to another database");
    }
    Status status = commit_comment_namespace(cx, statement->run.commit, comment->name->parts[0].text, comment->text);
    if (status != OK) {
        error_set_pos_if_none(cx, comment->name->pos);
    }
    return status;
}

/* An empty text removes the comment, as NULL does. */
static Status comment_on(const Context *cx, depot_statement *statement) {
    AstComment comment = *statement->ast->comment;
    comment.text = comment.text != NULL && comment.text[0] == '\0' ? NULL : comment.text;
    switch (comment.object) {
    case AST_OBJECT_TABLE:
    case AST_OBJECT_VIEW: return comment_relation(cx, statement, &comment);
    case AST_OBJECT_COLUMN: return comment_column(cx, statement, &comment);
    case AST_OBJECT_SCHEMA: return comment_schema(cx, statement, &comment);
    }
    return OK;
}

static Status truncate_tables(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    const AstNameList *names = &statement->ast->truncate->names;
    for (uint32_t i = 0; i < names->count; i++) {
        const TableVersion *table;
        TRY(bind_table(cx, &run->arena, run->snapshot, names->items[i], &table));
        TRY(commit_truncate_table(cx, run->commit, table->id));
    }
    return OK;
}

Status run_ddl(const Context *cx, depot_statement *statement) {
    switch (statement->ast->kind) {
    case AST_STATEMENT_CREATE_SCHEMA: return create_schema(cx, statement);
    case AST_STATEMENT_CREATE_VIEW: return create_view(cx, statement);
    case AST_STATEMENT_COMMENT: return comment_on(cx, statement);
    case AST_STATEMENT_ALTER_TABLE: return run_alter_table(cx, statement);
    case AST_STATEMENT_RESIZE: return run_resize(cx, statement);
    case AST_STATEMENT_DROP: return run_drop(cx, statement);
    case AST_STATEMENT_TRUNCATE: return truncate_tables(cx, statement);
    default: return create_table(cx, statement);
    }
}
