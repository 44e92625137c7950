/* Views: a query kept as text. Its relations' names are qualified when the view is made, so that it means the same under every
 * search path; it is bound anew wherever it is used. */
#include "bind/binder.h"
#include "parser/parse.h"

#include <stdio.h>

/* ------------------------------------------------------------------------------------------------------------- in FROM */

/* The error's text begins with the view's name; its place is where the view is used. */
static Status fail_in_view(const Context *cx, const TableSchema *view, SourcePos pos, Status status) {
    Error *error = cx->error;
    char message[sizeof error->message];
    if (status == OUT_OF_MEMORY || status == QUERY_CANCELED) {
        return status;
    }
    snprintf(message, sizeof message, "%s", error->message);
    char hint[sizeof error->hint];
    snprintf(hint, sizeof hint, "%s", error->hint);
    fail_at(cx, pos, status, "view \"%s\": %s", view->name, message);
    return hint[0] == '\0' ? status : fail_hint(cx, "%s", hint);
}

/* The columns that the view was made with, whatever its query gives by now. */
static Status check_view_columns(const Context *cx, Binder *binder, const TableSchema *view, SourcePos pos, BoundQuery *query) {
    if (query->node->column_count < view->column_count) {
        return fail_at(cx, pos, INVALID_TABLE_DEFINITION, "view \"%s\" has %u columns, but its query gives %u", view->name,
                       view->column_count, query->node->column_count);
    }
    for (uint32_t i = 0; i < view->column_count; i++) {
        Type type = binder->plan->columns[query->node->columns[i]].type;
        if (!type_equal(type, view->columns[i].type)) {
            char declared[32], found[32];
            return fail_at(cx, pos, INVALID_TABLE_DEFINITION,
                           "column \"%s\" of view \"%s\" is of type %s, but its query gives %s", view->columns[i].name,
                           view->name, type_name(view->columns[i].type, declared), type_name(type, found));
        }
    }
    return query->node->column_count == view->column_count ? OK : make_prefix(cx, binder, view->column_count, &query->node);
}

Status bind_view(const Context *cx, Binder *binder, const TableSchema *view, SourcePos pos, LogicalNode **node) {
    RelationReferences *references = binder->references;
    AstQuery *ast;
    BoundQuery query;
    binder->references = NULL; /* what the view names is its own affair */
    Status status = parse_stored_query(cx, binder->arena, view->view_sql, pos, &ast);
    if (status == OK) {
        status = bind_query_body(cx, binder, NULL, NULL, ast, &query);
    }
    binder->references = references;
    if (status != OK) {
        return fail_in_view(cx, view, pos, status);
    }
    TRY(check_view_columns(cx, binder, view, pos, &query));
    *node = query.node;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------- CREATE VIEW */

/* The text of the query with every reference qualified. The tree is as it was afterwards. */
static Status print_qualified(const Context *cx, Arena *arena, const AstQuery *query, const RelationReferences *references,
                              const char **sql) {
    AstName *names;
    TRY_NEW_ARRAY(cx, arena, names, references->count);
    for (uint32_t i = 0; i < references->count; i++) {
        AstName *name = references->items[i].name;
        const TableSchema *schema = references->items[i].relation->schema;
        names[i] = *name;
        *name = (AstName){.pos = name->pos, .count = 2, .parts = {{name->pos, schema->schema_name}, {name->pos, schema->name}}};
    }
    *sql = ast_print_query(cx, arena, query);
    for (uint32_t i = references->count; i > 0; i--) {
        *references->items[i - 1].name = names[i - 1];
    }
    return *sql == NULL ? OUT_OF_MEMORY : OK;
}

static Status set_dependencies(const Context *cx, Arena *arena, const RelationReferences *references, TableSchema *schema) {
    uint64_t *ids;
    TRY_NEW_ARRAY(cx, arena, ids, references->count);
    for (uint32_t i = 0; i < references->count; i++) {
        uint64_t id = references->items[i].relation->id;
        bool is_known = false;
        for (uint32_t j = 0; j < schema->dependency_count; j++) {
            is_known = is_known || ids[j] == id;
        }
        if (!is_known) {
            ids[schema->dependency_count++] = id;
        }
    }
    schema->dependencies = ids;
    return OK;
}

static Status set_columns(const Context *cx, Arena *arena, const AstCreateView *ast, const LogicalPlan *plan,
                          const BoundQuery *query, TableSchema *schema) {
    const AstIdentList *names = &ast->columns;
    ColumnDef *columns;
    uint32_t count = query->node->column_count;
    if (names->count > count) {
        return fail_at(cx, names->items[count]->pos, SYNTAX_ERROR, "CREATE VIEW specifies more column names than columns");
    }
    if (count > COLUMNS_MAX) {
        return fail_at(cx, ast->name->pos, TOO_MANY_COLUMNS, "views can have at most %d columns", COLUMNS_MAX);
    }
    TRY_NEW_ARRAY(cx, arena, columns, count);
    for (uint32_t i = 0; i < count; i++) {
        columns[i].name = i < names->count ? names->items[i]->text : query->names[i];
        columns[i].type = plan->columns[query->node->columns[i]].type;
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(columns[i].name, columns[j].name) == 0) {
                return fail_at(cx, i < names->count ? names->items[i]->pos : query->positions[i], DUPLICATE_COLUMN,
                               "column \"%s\" specified more than once", columns[i].name);
            }
        }
    }
    schema->columns = columns;
    schema->column_count = count;
    return OK;
}

/* A view may only be replaced by one that begins with the same columns, for others may use them. */
static Status check_replaced(const Context *cx, const AstCreateView *ast, const TableSchema *before, const TableSchema *after) {
    char from[32], to[32];
    if (after->column_count < before->column_count) {
        fail_at(cx, ast->name->pos, INVALID_TABLE_DEFINITION, "cannot drop columns from view");
        return fail_hint(cx, "DROP VIEW %s first", before->name);
    }
    for (uint32_t i = 0; i < before->column_count; i++) {
        const ColumnDef *old = &before->columns[i], *new = &after->columns[i];
        if (strcmp(old->name, new->name) != 0) {
            fail_at(cx, ast->name->pos, INVALID_TABLE_DEFINITION, "cannot change name of view column \"%s\" to \"%s\"",
                    old->name, new->name);
            return fail_hint(cx, "DROP VIEW %s first", before->name);
        }
        if (!type_equal(old->type, new->type)) {
            return fail_at(cx, ast->name->pos, INVALID_TABLE_DEFINITION,
                           "cannot change data type of view column \"%s\" from %s to %s", old->name, type_name(old->type, from),
                           type_name(new->type, to));
        }
    }
    return OK;
}

/* Does a relation use the view `id`, directly or through other views? */
static bool uses(const Snapshot *snapshot, const TableSchema *schema, uint64_t id) {
    for (uint32_t i = 0; i < schema->dependency_count; i++) {
        const TableVersion *used = snapshot_find_table_by_id(snapshot, schema->dependencies[i]);
        if (schema->dependencies[i] == id || (used != NULL && uses(snapshot, used->schema, id))) {
            return true;
        }
    }
    return false;
}

static Status find_replaced(const Context *cx, Snapshot *snapshot, const AstCreateView *ast, const TableSchema *schema,
                            const TableVersion **replaced) {
    const TableVersion *existing = snapshot_find_table(snapshot, schema->schema_name, schema->name);
    *replaced = NULL;
    if (existing == NULL) {
        return OK;
    }
    if (!ast->or_replace) {
        fail_at(cx, ast->name->pos, DUPLICATE_TABLE, "relation \"%s\" already exists", schema->name);
        return existing->schema->kind == RELATION_VIEW ? fail_hint(cx, "CREATE OR REPLACE VIEW gives it another query")
                                                       : DUPLICATE_TABLE;
    }
    if (existing->schema->kind != RELATION_VIEW) {
        return fail_at(cx, ast->name->pos, WRONG_OBJECT_TYPE, "\"%s\" is not a view", schema->name);
    }
    if (uses(snapshot, schema, existing->id)) {
        return fail_at(cx, ast->name->pos, INVALID_OBJECT_DEFINITION, "infinite recursion: view \"%s\" would use itself",
                       schema->name);
    }
    *replaced = existing;
    return OK;
}

/* A view that others see cannot read what only this session has. */
static Status refuse_temporary(const Context *cx, const AstCreateView *ast, const TableSchema *view,
                               const RelationReferences *references) {
    for (uint32_t i = 0; i < references->count; i++) {
        const TableSchema *used = references->items[i].relation->schema;
        if (strcmp(used->schema_name, TEMPORARY_SCHEMA) == 0 && strcmp(view->schema_name, TEMPORARY_SCHEMA) != 0) {
            fail_at(cx, ast->name->pos, INVALID_TABLE_DEFINITION, "view \"%s\" would read the temporary table \"%s\"",
                    view->name, used->name);
            return fail_hint(cx, "CREATE TEMP VIEW makes one that lasts as long as the table");
        }
    }
    return OK;
}

Status bind_create_view(const Context *cx, Arena *arena, Snapshot *snapshot, const AstCreateView *ast, TableSchema **out,
                        const TableVersion **replaced) {
    Binder *binder;
    BoundQuery query;
    RelationReferences references = {0};
    TableSchema *schema;
    TRY_NEW(cx, arena, schema);
    schema->kind = RELATION_VIEW;
    schema->name = ast->name->parts[ast->name->count - 1].text;
    TRY(bind_target_schema(cx, arena, snapshot, ast->name, ast->is_temporary, &schema->schema_name));
    TRY(binder_create(cx, arena, snapshot, NULL, &binder));
    binder->references = &references;
    TRY(bind_query_body(cx, binder, NULL, NULL, ast->query, &query));
    TRY(set_columns(cx, arena, ast, binder->plan, &query, schema));
    TRY(refuse_temporary(cx, ast, schema, &references));
    TRY(set_dependencies(cx, arena, &references, schema));
    TRY(print_qualified(cx, arena, ast->query, &references, &schema->view_sql));
    TRY(find_replaced(cx, snapshot, ast, schema, replaced));
    if (*replaced != NULL) {
        TRY(check_replaced(cx, ast, (*replaced)->schema, schema));
        schema->comment = (*replaced)->schema->comment;
    }
    *out = schema;
    return OK;
}
