/* FROM: what each item gives, and what it puts into sight. */
#include "bind/bind_file.h"
#include "bind/bind_table_function.h"
#include "bind/from.h"

/* -------------------------------------------------------------------------------------------------------------- relations */

Status add_relation(const Context *cx, Binder *binder, const AstFrom *ast, Relation relation, const char *const *names,
                    FromItem *item) {
    const LogicalNode *node = item->node;
    const AstIdentList *aliases = &ast->alias_columns;
    if (ast->alias != NULL) {
        relation.name = ast->alias;
        relation.schema_name = NULL;
    }
    if (aliases->count > node->column_count) {
        return fail_at(cx, aliases->items[node->column_count]->pos, INVALID_COLUMN_REFERENCE,
                       "table \"%s\" has %u columns available but %u columns specified", relation.name, node->column_count,
                       aliases->count);
    }
    relation.column_count = node->column_count;
    TRY_NEW_ARRAY(cx, binder->arena, relation.columns, relation.column_count);
    uint32_t index = item->scope.relation_count;
    for (uint32_t i = 0; i < relation.column_count; i++) {
        const char *name = i < aliases->count ? aliases->items[i]->text : names[i];
        relation.columns[i] = (ScopeColumn){.name = name, .id = node->columns[i], .relation = index};
        TRY_APPEND(cx, binder->arena, item->scope.columns, item->scope.column_capacity, item->scope.column_count,
                   relation.columns[i]);
    }
    return scope_add_relation(cx, binder, &item->scope, &relation, ast->pos);
}

/* ----------------------------------------------------------------------------------------------------------------- tables */

static bool has_no_nulls(const TableVersion *table, uint32_t column) {
    return table->schema->columns[column].not_null || (table->statistics != NULL && table->statistics[column].range.nulls == 0);
}

static Status make_get(const Context *cx, Binder *binder, SourcePos pos, const TableVersion *table, const char *alias,
                       LogicalNode **node) {
    const TableSchema *schema = table->schema;
    LogicalNode *get = logical_new(cx, binder->arena, LOGICAL_GET, pos, 0, schema->column_count);
    TRY_POINTER(get);
    get->get.table = table;
    get->get.alias = alias;
    TRY_NEW_ARRAY(cx, binder->arena, get->get.table_columns, schema->column_count);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        const char *name = arena_format(cx, binder->arena, "%s.%s", alias, schema->columns[i].name);
        TRY_POINTER(name);
        TRY(plan_add_column(cx, binder->plan, schema->columns[i].type, name, !has_no_nulls(table, i), &get->columns[i]));
        LogicalColumn *column = &binder->plan->columns[get->columns[i]];
        column->table = table;
        column->table_column = i;
        column->scan = get;
        get->get.table_columns[i] = i;
    }
    get->get.first = get->columns[0];
    *node = get;
    return OK;
}

static Status relation_names(const Context *cx, Binder *binder, const TableSchema *schema, const char ***names) {
    TRY_NEW_ARRAY(cx, binder->arena, *names, schema->column_count);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        (*names)[i] = schema->columns[i].name;
    }
    return OK;
}

/* One more column of the Get, out of sight of names. */
static Status add_row_id(const Context *cx, Binder *binder, const TableVersion *table, FromItem *item) {
    LogicalNode *get = item->node;
    Relation *relation = &item->scope.relations[0];
    uint32_t count = get->column_count, *table_columns;
    ColumnId *columns;
    TRY_NEW_ARRAY(cx, binder->arena, columns, count + 1);
    TRY_NEW_ARRAY(cx, binder->arena, table_columns, count + 1);
    memcpy(columns, get->columns, sizeof *columns * count);
    memcpy(table_columns, get->get.table_columns, sizeof *table_columns * count);
    const char *name = arena_format(cx, binder->arena, "%s.row", get->get.alias);
    TRY_POINTER(name);
    TRY(plan_add_column(cx, binder->plan, type_make(TYPE_BIGINT), name, false, &relation->row_id));
    binder->plan->columns[relation->row_id].table_column = ROW_ID_COLUMN;
    columns[count] = relation->row_id;
    table_columns[count] = ROW_ID_COLUMN;
    get->columns = columns;
    get->get.table_columns = table_columns;
    get->column_count = count + 1;
    relation->target = table;
    return OK;
}

/* A system table; its columns may be NULL. */
static Status bind_from_system(const Context *cx, Binder *binder, const AstFrom *ast, const SystemTable *table,
                               FromItem *item) {
    uint32_t count;
    const SystemColumn *columns = system_table_columns(table, &count);
    const char **names;
    LogicalNode *node = logical_new(cx, binder->arena, LOGICAL_TABLE_FUNCTION, ast->pos, 0, count);
    TRY_POINTER(node);
    TRY_NEW_ARRAY(cx, binder->arena, names, count);
    for (uint32_t i = 0; i < count; i++) {
        names[i] = columns[i].name;
        TRY(plan_add_column(cx, binder->plan, columns[i].type, names[i], true, &node->columns[i]));
    }
    node->table_function.name = table->name;
    node->table_function.system = table;
    item->node = node;
    Relation relation = {.schema_name = table->schema, .name = table->name, .table_name = table->name};
    return add_relation(cx, binder, ast, relation, names, item);
}

static Status bind_from_relation(const Context *cx, Binder *binder, const AstFrom *ast, FromItem *item) {
    const AstName *name = ast->table.name;
    const char *text = name->parts[name->count - 1].text;
    const TableVersion *table;
    const char **names;
    const SystemTable *system = system_relation(name);
    if (system != NULL && !ast->table.is_target) {
        return bind_from_system(cx, binder, ast, system, item);
    }
    TRY(ast->table.is_target ? bind_table(cx, binder->arena, binder->snapshot, name, &table)
                             : relation_find(cx, binder->snapshot, item->scope.ctes, name, &table));
    TRY(note_reference(cx, binder, ast->table.name, table));
    const TableSchema *schema = table->schema;
    Relation relation = {.schema_name = schema->schema_name, .name = schema->name, .table_name = schema->name};
    relation.is_table = schema->kind == RELATION_TABLE;
    TRY(relation_names(cx, binder, schema, &names));
    if (schema->kind == RELATION_VIEW) {
        TRY(bind_view(cx, binder, schema, ast->pos, &item->node));
    } else {
        TRY(make_get(cx, binder, ast->pos, table, ast->alias != NULL ? ast->alias : text, &item->node));
    }
    TRY(add_relation(cx, binder, ast, relation, names, item));
    return ast->table.is_target ? add_row_id(cx, binder, table, item) : OK;
}

/* ------------------------------------------------------------------------------------------------------ subqueries and CTEs */

static Status bind_from_query(const Context *cx, Binder *binder, const AstFrom *ast, FromItem *item) {
    BoundQuery query;
    TRY(bind_query_body(cx, binder, item->scope.ctes, &item->siblings, ast->query, &query));
    item->node = query.node;
    AstFrom named = *ast;
    if (ast->alias == NULL) { /* as in Redshift and PostgreSQL 16; a name of its own that nobody writes */
        named.alias = arena_format(cx, binder->arena, "unnamed subquery %u", ast->pos);
        TRY_POINTER(named.alias);
    }
    return add_relation(cx, binder, &named, (Relation){0}, query.names, item);
}

/* Rows of a table as they are, some of them: read again sooner than kept. */
static bool is_plain_scan(const LogicalNode *node) {
    switch (node->kind) {
    case LOGICAL_GET: return true;
    case LOGICAL_FILTER: return !expr_is_volatile(node->filter.condition) && is_plain_scan(node->children[0]);
    case LOGICAL_PROJECT:
        for (uint32_t i = 0; i < node->column_count; i++) {
            if (expr_is_volatile(node->project.exprs[i])) {
                return false;
            }
        }
        return is_plain_scan(node->children[0]);
    default: return false;
    }
}

Status cte_names(const Context *cx, Binder *binder, const AstCte *ast, const BoundQuery *query, const char ***names) {
    const AstIdentList *columns = &ast->columns;
    if (columns->count > query->node->column_count) {
        return fail_at(cx, ast->pos, INVALID_COLUMN_REFERENCE,
                       "WITH query \"%s\" has %u columns available but %u columns specified", ast->name,
                       query->node->column_count, columns->count);
    }
    TRY_NEW_ARRAY(cx, binder->arena, *names, query->node->column_count);
    for (uint32_t i = 0; i < query->node->column_count; i++) {
        (*names)[i] = i < columns->count ? columns->items[i]->text : query->names[i];
    }
    return OK;
}

/* A query that reads a recursion's rows stays one reference to it, however often it is read itself. */
static bool reads_working_rows(const LogicalNode *node) {
    bool reads = node->kind == LOGICAL_WORKING_SCAN;
    for (uint32_t i = 0; i < node->child_count && !reads; i++) {
        reads = reads_working_rows(node->children[i]);
    }
    return reads;
}

/* The first use binds the query; where it is shared, later ones read the same rows. */
static Status bind_cte_rows(const Context *cx, Binder *binder, SourcePos pos, Cte *cte, LogicalNode **node) {
    const AstCte *ast = cte->ast;
    if (!cte->is_shared) {
        BoundQuery query;
        TRY(bind_cte_query(cx, binder, cte, &query));
        TRY(cte_names(cx, binder, ast, &query, &cte->names));
        *node = query.node;
        cte->is_used = true;
        bool is_closed; /* a correlated one has other rows for every outer row: it is bound anew wherever it is used */
        TRY(tree_is_closed(cx, binder->plan, query.node, &is_closed));
        cte->is_shared = is_closed && (ast->materialized == AST_MATERIALIZED_YES || reads_working_rows(query.node) ||
                                       (ast->materialized == AST_MATERIALIZED_DEFAULT && !is_plain_scan(query.node)));
        if (!cte->is_shared) {
            return OK;
        }
        TRY(plan_add_shared(cx, binder->plan, query.node, ast->name, &cte->shared_index));
        binder->plan->shared[cte->shared_index].is_fixed = ast->materialized == AST_MATERIALIZED_YES;
    }
    return logical_shared_scan(cx, binder->plan, cte->shared_index, pos, node);
}

Status bind_cte_unused(const Context *cx, Binder *binder, Cte *cte) {
    LogicalNode *ignored;
    return cte->is_used ? OK : bind_cte_rows(cx, binder, cte->ast->pos, cte, &ignored);
}

static Status bind_from_cte(const Context *cx, Binder *binder, const AstFrom *ast, Cte *cte, FromItem *item) {
    Relation relation = {.name = cte->ast->name, .table_name = cte->ast->name, .is_working = cte->is_binding};
    if (cte->is_binding) {
        TRY(bind_working_scan(cx, binder, ast, cte, item->scope.outer, &item->node));
    } else {
        TRY(bind_cte_rows(cx, binder, ast->pos, cte, &item->node));
    }
    return add_relation(cx, binder, ast, relation, cte->names, item);
}

/* ----------------------------------------------------------------------------------------------------------------- the list */

static Status bind_from_kind(const Context *cx, Binder *binder, const AstFrom *ast, FromItem *item) {
    switch (ast->kind) {
    case AST_FROM_QUERY: return bind_from_query(cx, binder, ast, item);
    case AST_FROM_JOIN: return bind_from_join(cx, binder, ast, item);
    case AST_FROM_FILE: {
        const char **names, *name;
        TRY(bind_from_file(cx, binder, ast, &item->node, &name, &names));
        return add_relation(cx, binder, ast, (Relation){.name = name}, names, item);
    }
    case AST_FROM_FUNCTION: {
        const char **names;
        const char *name;
        TRY(bind_table_function(cx, binder, &item->siblings, ast, &item->node, &name, &names));
        return add_relation(cx, binder, ast, (Relation){.name = name}, names, item);
    }
    case AST_FROM_TABLE: break;
    }
    if (ast->table.version != NULL) {
        return fail_unsupported(cx, ast->table.version->pos, "AT (VERSION …)");
    }
    bool may_be_cte = ast->table.name->count == 1 && !ast->table.is_target;
    Cte *cte = may_be_cte ? cte_find(item->scope.ctes, ast->table.name->parts[0].text) : NULL;
    return cte != NULL ? bind_from_cte(cx, binder, ast, cte, item) : bind_from_relation(cx, binder, ast, item);
}

Status bind_from(const Context *cx, Binder *binder, const AstFrom *ast, const Scope *left, FromItem *item) {
    *item = (FromItem){.scope = {.outer = left->outer, .ctes = left->ctes}, .siblings = *left};
    item->siblings.is_sibling = true;
    item->siblings.is_lateral = ast->is_lateral || ast->kind == AST_FROM_FUNCTION;
    TRY(binder_enter(cx, binder, ast->pos));
    Status status = bind_from_kind(cx, binder, ast, item);
    binder_leave(binder);
    return status;
}

Status bind_from_list(const Context *cx, Binder *binder, const AstFromList *list, Scope *scope, LogicalNode **node) {
    *node = NULL;
    for (uint32_t i = 0; i < list->count; i++) {
        FromItem item;
        TRY(bind_from(cx, binder, list->items[i], scope, &item));
        TRY(scope_append(cx, binder, scope, &item.scope, list->items[i]->pos));
        if (*node == NULL) {
            *node = item.node;
        } else {
            TRY(make_join(cx, binder, list->items[i]->pos, JOIN_INNER, *node, item.node, NULL, 0, node));
        }
    }
    if (*node == NULL) { /* SELECT without FROM: one row without columns */
        *node = logical_new(cx, binder->arena, LOGICAL_VALUES, POS_NONE, 0, 0);
        TRY_POINTER(*node);
        (*node)->values.row_count = 1;
        TRY_NEW_ARRAY(cx, binder->arena, (*node)->values.rows, 1);
    }
    return OK;
}
