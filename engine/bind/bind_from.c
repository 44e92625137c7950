/* FROM: what each item gives, and what it puts into sight. */
#include "bind/bind_file.h"
#include "bind/bind_table_function.h"
#include "bind/binder.h"

/* What one item of FROM comes to. */
typedef struct FromItem {
    LogicalNode *node;
    Scope scope;    /* what it puts into sight; outer and ctes are the query's */
    Scope siblings; /* what stands further left, out of its sight: the `outer` of what it holds */
} FromItem;

static Status bind_from(const Context *cx, Binder *binder, const AstFrom *ast, const Scope *left, FromItem *item);

/* -------------------------------------------------------------------------------------------------------------- relations */

/* A relation over a node's columns, named by the item's alias (or `name`) and its column aliases. */
static Status add_relation(const Context *cx, Binder *binder, const AstFrom *ast, Relation relation, const char *const *names,
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
        get->get.table_columns[i] = i;
    }
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
    if (ast->alias == NULL) {
        bool is_values = ast->query->kind == AST_QUERY_VALUES;
        fail_at(cx, ast->pos, SYNTAX_ERROR, "%s in FROM must have an alias", is_values ? "VALUES" : "subquery");
        return fail_hint(cx, "for example FROM (%s …) AS x", is_values ? "VALUES" : "SELECT");
    }
    TRY(bind_query_body(cx, binder, item->scope.ctes, &item->siblings, ast->query, &query));
    item->node = query.node;
    return add_relation(cx, binder, ast, (Relation){0}, query.names, item);
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

/* ------------------------------------------------------------------------------------------------------------------ joins */

static Status find_using(const Context *cx, const Scope *scope, const AstIdent *name, const char *side, ScopeColumn *column) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < scope->column_count; i++) {
        if (strcmp(scope->columns[i].name, name->text) == 0 && found++ == 0) {
            *column = scope->columns[i];
        }
    }
    if (found == 1) {
        return OK;
    }
    return found == 0 ? fail_at(cx, name->pos, UNDEFINED_COLUMN,
                                "column \"%s\" specified in USING clause does not exist in %s table", name->text, side)
                      : fail_at(cx, name->pos, AMBIGUOUS_COLUMN, "common column name \"%s\" appears more than once in %s table",
                                name->text, side);
}

/* NATURAL is USING of all names that both sides have. */
static Status natural_columns(const Context *cx, Binder *binder, const AstFrom *ast, const FromItem *left,
                              const FromItem *right, AstIdentList *names) {
    TRY_NEW_ARRAY(cx, binder->arena, names->items, left->scope.column_count);
    for (uint32_t i = 0; i < left->scope.column_count; i++) {
        bool is_common = false;
        for (uint32_t j = 0; j < right->scope.column_count; j++) {
            is_common = is_common || strcmp(left->scope.columns[i].name, right->scope.columns[j].name) == 0;
        }
        if (is_common) {
            AstIdent *name;
            TRY_NEW(cx, binder->arena, name);
            *name = (AstIdent){.pos = ast->pos, .text = left->scope.columns[i].name};
            names->items[names->count++] = name;
        }
    }
    return OK;
}

/* The columns that USING merges: which pair, and what the merged one is. */
typedef struct Merged {
    uint32_t count;
    ScopeColumn *left, *right;
    Expr **exprs; /* value of the merged column, over both sides */
} Merged;

static Status merge_column(const Context *cx, Binder *binder, const AstFrom *ast, Merged *merged, uint32_t i, SourcePos pos,
                           Expr **condition) {
    Expr *sides[2], *equal;
    Type type;
    sides[0] = make_column(cx, binder, merged->left[i].id, pos);
    TRY_POINTER(sides[0]);
    sides[1] = make_column(cx, binder, merged->right[i].id, pos);
    TRY_POINTER(sides[1]);
    TRY(operator_bind(cx, binder->arena, "=", sides[0], sides[1], pos, &equal));
    *condition = expr_and(cx, binder->arena, *condition, equal);
    TRY_POINTER(*condition);
    TRY(cast_to_common(cx, binder->arena, sides, 2, "JOIN/USING", &type));
    merged->exprs[i] = sides[ast->join.type == AST_JOIN_RIGHT ? 1 : 0];
    if (ast->join.type == AST_JOIN_FULL) {
        merged->exprs[i] = expr_new(cx, binder->arena, EXPR_COALESCE, type, pos, 2);
        TRY_POINTER(merged->exprs[i]);
        memcpy(merged->exprs[i]->args, sides, sizeof sides);
    }
    return OK;
}

static Status bind_using(const Context *cx, Binder *binder, const AstFrom *ast, const AstIdentList *names, const FromItem *left,
                         const FromItem *right, Merged *merged, Expr **condition) {
    merged->count = names->count;
    TRY_NEW_ARRAY(cx, binder->arena, merged->left, names->count);
    TRY_NEW_ARRAY(cx, binder->arena, merged->right, names->count);
    TRY_NEW_ARRAY(cx, binder->arena, merged->exprs, names->count);
    for (uint32_t i = 0; i < names->count; i++) {
        const AstIdent *name = names->items[i];
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(names->items[j]->text, name->text) == 0) {
                return fail_at(cx, name->pos, DUPLICATE_COLUMN, "column name \"%s\" appears more than once in USING clause",
                               name->text);
            }
        }
        TRY(find_using(cx, &left->scope, name, "left", &merged->left[i]));
        TRY(find_using(cx, &right->scope, name, "right", &merged->right[i]));
        TRY(merge_column(cx, binder, ast, merged, i, name->pos, condition));
    }
    return OK;
}

/* Above the join: computes merged columns that are not just one side's. */
static Status project_merged(const Context *cx, Binder *binder, const Merged *merged, FromItem *item, ColumnId *ids) {
    uint32_t passed = item->node->column_count, count = passed;
    Expr **exprs;
    TRY_NEW_ARRAY(cx, binder->arena, exprs, passed + merged->count);
    for (uint32_t i = 0; i < merged->count; i++) {
        if (merged->exprs[i]->kind != EXPR_COLUMN) {
            exprs[count++] = merged->exprs[i];
        }
    }
    for (uint32_t i = 0; i < passed && count > passed; i++) {
        exprs[i] = make_column(cx, binder, item->node->columns[i], item->node->pos);
        TRY_POINTER(exprs[i]);
    }
    if (count > passed) {
        TRY(make_project(cx, binder, item->node->pos, exprs, NULL, count, &item->node));
    }
    for (uint32_t i = 0, at = passed; i < merged->count; i++) {
        ids[i] = merged->exprs[i]->kind == EXPR_COLUMN ? merged->exprs[i]->column : item->node->columns[at++];
    }
    return OK;
}

static bool is_merged(const ScopeColumn *columns, uint32_t count, const ScopeColumn *column) {
    for (uint32_t i = 0; i < count; i++) {
        if (columns[i].id == column->id && strcmp(columns[i].name, column->name) == 0) {
            return true;
        }
    }
    return false;
}

/* In sight after the join: the merged columns, then what is left of each side. */
static Status combine_scopes(const Context *cx, Binder *binder, const AstFrom *ast, const FromItem *left, const FromItem *right,
                             const Merged *merged, FromItem *item) {
    Scope both = {0};
    ColumnId *ids;
    TRY(scope_append(cx, binder, &both, &left->scope, ast->pos));
    TRY(scope_append(cx, binder, &both, &right->scope, ast->join.right->pos));
    item->scope.relations = both.relations;
    item->scope.relation_count = both.relation_count;
    item->scope.relation_capacity = both.relation_capacity;
    TRY_NEW_ARRAY(cx, binder->arena, ids, merged->count);
    TRY(project_merged(cx, binder, merged, item, ids));
    for (uint32_t i = 0; i < merged->count; i++) {
        ScopeColumn column = {.name = merged->left[i].name, .id = ids[i], .relation = RELATION_MERGED};
        TRY_APPEND(cx, binder->arena, item->scope.columns, item->scope.column_capacity, item->scope.column_count, column);
    }
    for (uint32_t i = 0; i < both.column_count; i++) {
        const ScopeColumn *column = &both.columns[i];
        if (!is_merged(merged->left, merged->count, column) && !is_merged(merged->right, merged->count, column)) {
            TRY_APPEND(cx, binder->arena, item->scope.columns, item->scope.column_capacity, item->scope.column_count, *column);
        }
    }
    return OK;
}

/* Subqueries of an ON condition that look at rows of both sides, with the condition: it is tested above them. */
typedef struct PairJoins {
    PendingJoins joins;
    Expr *condition; /* NULL: there are none */
} PairJoins;

static Status looks_at_node(const Context *cx, Binder *binder, const PendingJoin *join, const LogicalNode *node, bool *looks) {
    ColumnSet columns;
    TRY(column_set_init(cx, binder->arena, binder->plan, &columns));
    column_set_add_all(&columns, node->columns, node->column_count);
    *looks = pending_looks_at(join, &columns);
    return OK;
}

/* A subquery that looks at one side only becomes columns of that side: seen by every pair, and by nobody else. */
static Status place_on_joins(const Context *cx, Binder *binder, const PendingJoins *pending, FromItem *left, FromItem *right,
                             PendingJoins *both) {
    for (uint32_t i = 0; i < pending->count; i++) {
        const PendingJoin *join = &pending->items[i];
        bool in_left, in_right;
        TRY(looks_at_node(cx, binder, join, left->node, &in_left));
        TRY(looks_at_node(cx, binder, join, right->node, &in_right));
        if (in_left && in_right) {
            TRY_APPEND(cx, binder->arena, both->items, both->capacity, both->count, *join);
        } else {
            LogicalNode **node = in_right ? &right->node : &left->node;
            TRY(make_join(cx, binder, join->pos, join->kind, *node, join->node, join->condition, join->mark, node));
        }
    }
    return OK;
}

static Status bind_on(const Context *cx, Binder *binder, const AstFrom *ast, const FromItem *item, FromItem *left,
                      FromItem *right, Expr **condition, PairJoins *pairs) {
    PendingJoins pending = {0};
    Place place = {.binder = binder, .scope = &item->scope, .clause = CLAUSE_JOIN, .pending = &pending};
    TRY(bind_boolean(cx, &place, ast->join.on, "JOIN/ON", condition));
    TRY(place_on_joins(cx, binder, &pending, left, right, &pairs->joins));
    if (pairs->joins.count > 0) {
        pairs->condition = *condition;
        *condition = NULL;
    }
    return OK;
}

static Status filter_pairs(const Context *cx, Binder *binder, const PairJoins *pairs, LogicalNode **node) {
    TRY(join_pending_values(cx, binder, &pairs->joins, node));
    return make_filter(cx, binder, pairs->condition, node);
}

/* The join of both sides. With conditions on pairs, an outer join's other side is filtered for each row of the kept one: it is
 * LATERAL. */
static Status make_from_join(const Context *cx, Binder *binder, const AstFrom *ast, FromItem *left, FromItem *right,
                             Expr *condition, const PairJoins *pairs, LogicalNode **node) {
    static const JoinKind kinds[] = {
        [AST_JOIN_INNER] = JOIN_INNER, [AST_JOIN_LEFT] = JOIN_LEFT,   [AST_JOIN_RIGHT] = JOIN_RIGHT,
        [AST_JOIN_FULL] = JOIN_FULL,   [AST_JOIN_CROSS] = JOIN_INNER,
    };
    if (pairs->condition == NULL) {
        return make_join(cx, binder, ast->pos, kinds[ast->join.type], left->node, right->node, condition, 0, node);
    }
    switch (ast->join.type) {
    case AST_JOIN_FULL:
        return fail_unsupported(cx, pairs->joins.items[0].pos, "a subquery over both sides of a FULL JOIN in its condition");
    case AST_JOIN_LEFT:
        TRY(filter_pairs(cx, binder, pairs, &right->node));
        return make_join(cx, binder, ast->pos, JOIN_LEFT, left->node, right->node, NULL, 0, node);
    case AST_JOIN_RIGHT:
        TRY(filter_pairs(cx, binder, pairs, &left->node));
        return make_join(cx, binder, ast->pos, JOIN_LEFT, right->node, left->node, NULL, 0, node);
    default:
        TRY(make_join(cx, binder, ast->pos, JOIN_INNER, left->node, right->node, NULL, 0, node));
        return filter_pairs(cx, binder, pairs, node);
    }
}

static Status bind_join_condition(const Context *cx, Binder *binder, const AstFrom *ast, FromItem *left, FromItem *right,
                                  Merged *merged, FromItem *item, Expr **condition, PairJoins *pairs) {
    AstIdentList natural = {0};
    if (ast->join.is_natural) {
        TRY(natural_columns(cx, binder, ast, left, right, &natural));
        return bind_using(cx, binder, ast, &natural, left, right, merged, condition);
    }
    if (ast->join.using.count > 0) {
        return bind_using(cx, binder, ast, &ast->join.using, left, right, merged, condition);
    }
    if (ast->join.on == NULL) {
        return OK;
    }
    FromItem seen = {.scope = {.outer = &item->siblings, .ctes = item->scope.ctes, .is_condition = true}};
    TRY(scope_append(cx, binder, &seen.scope, &left->scope, ast->pos));
    TRY(scope_append(cx, binder, &seen.scope, &right->scope, ast->join.right->pos));
    return bind_on(cx, binder, ast, &seen, left, right, condition, pairs);
}

/* A join in parentheses with an alias is one relation; what it was made of is out of sight. */
static Status rename_join(const Context *cx, Binder *binder, const AstFrom *ast, FromItem *item) {
    Scope inner = item->scope;
    FromItem renamed = {.node = item->node, .scope = {.outer = inner.outer, .ctes = inner.ctes}};
    LogicalNode view = {.column_count = inner.column_count};
    const char **names;
    TRY_NEW_ARRAY(cx, binder->arena, names, inner.column_count);
    TRY_NEW_ARRAY(cx, binder->arena, view.columns, inner.column_count);
    for (uint32_t i = 0; i < inner.column_count; i++) {
        names[i] = inner.columns[i].name;
        view.columns[i] = inner.columns[i].id;
    }
    renamed.node = &view;
    TRY(add_relation(cx, binder, ast, (Relation){.name = ast->alias}, names, &renamed));
    renamed.node = item->node;
    *item = renamed;
    return OK;
}

/* A WITH query must not read itself where a missing partner shows. */
static Status bind_join_side(const Context *cx, Binder *binder, const AstFrom *ast, bool is_nullable, const Scope *left,
                             FromItem *item) {
    const char *bar = binder->recursion_bar;
    binder->recursion_bar = bar == NULL && is_nullable ? "an outer join" : bar;
    Status status = bind_from(cx, binder, ast, left, item);
    binder->recursion_bar = bar;
    return status;
}

/* LATERAL on the right of a RIGHT or FULL JOIN cannot see the left side. */
static Status check_lateral_join(const Context *cx, Binder *binder, const AstFrom *ast, const FromItem *left,
                                 const FromItem *right) {
    ColumnSet columns;
    if (ast->join.type != AST_JOIN_RIGHT && ast->join.type != AST_JOIN_FULL) {
        return OK;
    }
    TRY(column_set_init(cx, binder->arena, binder->plan, &columns));
    column_set_add_all(&columns, left->node->columns, left->node->column_count);
    if (!tree_touches(right->node, &columns)) {
        return OK;
    }
    fail_at(cx, ast->join.right->pos, INVALID_COLUMN_REFERENCE, "invalid reference to the left side of a %s JOIN",
            ast->join.type == AST_JOIN_RIGHT ? "RIGHT" : "FULL");
    return fail_hint(cx, "the combining JOIN type must be INNER or LEFT for a LATERAL reference");
}

static Status bind_from_join(const Context *cx, Binder *binder, const AstFrom *ast, FromItem *item) {
    FromItem left, right;
    Merged merged = {0};
    PairJoins pairs = {0};
    Expr *condition = NULL;
    bool keeps_left = ast->join.type == AST_JOIN_LEFT, keeps_right = ast->join.type == AST_JOIN_RIGHT;
    bool keeps_both = ast->join.type == AST_JOIN_FULL;
    TRY(bind_join_side(cx, binder, ast->join.left, keeps_right || keeps_both, &item->siblings, &left));
    Scope further_left = {.outer = item->siblings.outer, .ctes = item->siblings.ctes};
    TRY(scope_append(cx, binder, &further_left, &item->siblings, ast->pos));
    TRY(scope_append(cx, binder, &further_left, &left.scope, ast->pos));
    TRY(bind_join_side(cx, binder, ast->join.right, keeps_left || keeps_both, &further_left, &right));
    TRY(check_lateral_join(cx, binder, ast, &left, &right));
    TRY(bind_join_condition(cx, binder, ast, &left, &right, &merged, item, &condition, &pairs));
    TRY(make_from_join(cx, binder, ast, &left, &right, condition, &pairs, &item->node));
    TRY(combine_scopes(cx, binder, ast, &left, &right, &merged, item));
    return ast->alias == NULL ? OK : rename_join(cx, binder, ast, item);
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

static Status bind_from(const Context *cx, Binder *binder, const AstFrom *ast, const Scope *left, FromItem *item) {
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
