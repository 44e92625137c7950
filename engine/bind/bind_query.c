/* Whole queries: WITH, set operations, VALUES, LIMIT, and the plan around them. */
#include "bind/binder.h"

Status binder_create(const Context *cx, Arena *arena, Snapshot *snapshot, const BindParameters *parameters, Binder **binder) {
    TRY_NEW(cx, arena, *binder);
    TRY_NEW(cx, arena, (*binder)->plan);
    (*binder)->arena = arena;
    (*binder)->snapshot = snapshot;
    (*binder)->parameters = parameters;
    (*binder)->plan->arena = arena;
    (*binder)->plan->snapshot = snapshot;
    return OK;
}

Status binder_enter(const Context *cx, Binder *binder, SourcePos pos) {
    if (binder->depth >= BIND_DEPTH_MAX) {
        return fail_at(cx, pos, STATEMENT_TOO_COMPLEX, "the statement is nested too deeply");
    }
    binder->depth++;
    return OK;
}

static Status bind_output_key(const Context *cx, const AstExpr *ast, const char *what, const BoundQuery *query,
                              uint32_t *column) {
    bool is_position;
    TRY(bind_position(cx, ast, "ORDER BY", query->node->column_count, &is_position, column));
    if (is_position) {
        return OK;
    }
    bool is_name = ast->kind == AST_COLUMN && ast->name->count == 1;
    for (*column = 0; is_name && *column < query->node->column_count; (*column)++) {
        if (strcmp(query->names[*column], ast->name->parts[0].text) == 0) {
            return OK;
        }
    }
    if (is_name) {
        fail_at(cx, ast->pos, UNDEFINED_COLUMN, "column \"%s\" does not exist", ast->name->parts[0].text);
        return fail_hint(cx, "here ORDER BY takes the names of the result's columns, the first is \"%s\"", query->names[0]);
    }
    fail_at(cx, expr_start(ast), FEATURE_NOT_SUPPORTED, "invalid %s ORDER BY clause: only result column names can be used",
            what);
    return fail_hint(cx, "put the %s into a subquery: SELECT … FROM (…) ORDER BY …", what);
}

Status bind_output_order(const Context *cx, Binder *binder, const AstQuery *ast, const char *what, BoundQuery *query) {
    const AstOrderList *list = &ast->order_by;
    if (list->count == 0 || query->node->column_count == 0) {
        return OK;
    }
    bool by_all = list->items[0]->expr == NULL;
    uint32_t count = by_all ? query->node->column_count : list->count;
    SortKey *keys;
    TRY_NEW_ARRAY(cx, binder->arena, keys, count);
    for (uint32_t i = 0; i < count; i++) {
        const AstOrderItem *item = list->items[by_all ? 0 : i];
        uint32_t column = i;
        if (!by_all) {
            TRY(bind_output_key(cx, item->expr, what, query, &column));
        }
        keys[i] = (SortKey){.is_descending = item->descending, .nulls_first = order_nulls_first(item)};
        keys[i].expr = make_column(cx, binder, query->node->columns[column], item->pos);
        TRY_POINTER(keys[i].expr);
    }
    return make_sort(cx, binder, keys, count, &query->node);
}

/* ------------------------------------------------------------------------------------------------------------------ VALUES */

static Status bind_rows(const Context *cx, Place *place, const AstRowList *rows, LogicalNode *node, PendingJoins *pending) {
    for (uint32_t r = 0; r < rows->count; r++) {
        const AstRow *row = rows->items[r];
        place->pending = &pending[r];
        if (row->values.count != node->column_count) {
            return fail_at(cx, row->values.items[0]->pos, SYNTAX_ERROR, "VALUES lists must all be the same length");
        }
        TRY(bind_exprs(cx, place, &row->values, &node->values.rows[r]));
    }
    return OK;
}

/* Column by column to the type common to all rows; *literal: the value, if it is one literal of unknown type. */
static Status unify_values(const Context *cx, Binder *binder, LogicalNode *node, uint32_t column, Expr **literal) {
    Expr **exprs;
    Type type;
    TRY_NEW_ARRAY(cx, binder->arena, exprs, node->values.row_count);
    for (uint32_t r = 0; r < node->values.row_count; r++) {
        exprs[r] = node->values.rows[r][column];
    }
    *literal = node->values.row_count == 1 && expr_is_literal(exprs[0]) ? exprs[0] : NULL;
    TRY(cast_to_common(cx, binder->arena, exprs, node->values.row_count, "VALUES", &type));
    bool can_be_null = false;
    for (uint32_t r = 0; r < node->values.row_count; r++) {
        node->values.rows[r][column] = exprs[r];
        can_be_null = can_be_null || expr_can_be_null(binder->plan, exprs[r]);
    }
    const char *name = arena_format(cx, binder->arena, "column%u", column + 1);
    TRY_POINTER(name);
    return plan_add_column(cx, binder->plan, type, name, can_be_null, &node->columns[column]);
}

Status bind_values(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast, BoundQuery *query) {
    const AstRowList *rows = &ast->values;
    uint32_t columns = rows->items[0]->values.count;
    Scope scope = {.outer = outer, .ctes = ctes};
    Place place = {.binder = binder, .scope = &scope, .clause = CLAUSE_VALUES};
    if (columns > COLUMNS_MAX) {
        return fail_at(cx, ast->pos, TOO_MANY_COLUMNS, "target lists can have at most %d entries", COLUMNS_MAX);
    }
    LogicalNode *node = logical_new(cx, binder->arena, LOGICAL_VALUES, ast->pos, 0, columns);
    TRY_POINTER(node);
    node->values.row_count = rows->count;
    TRY_NEW_ARRAY(cx, binder->arena, node->values.rows, rows->count);
    TRY_NEW_ARRAY(cx, binder->arena, query->names, columns);
    TRY_NEW_ARRAY(cx, binder->arena, query->literals, columns);
    TRY_NEW_ARRAY(cx, binder->arena, query->positions, columns);
    PendingJoins *pending;
    TRY_NEW_ARRAY(cx, binder->arena, pending, rows->count);
    TRY(bind_rows(cx, &place, rows, node, pending));
    for (uint32_t c = 0; c < columns; c++) {
        TRY(unify_values(cx, binder, node, c, &query->literals[c]));
        query->names[c] = binder->plan->columns[node->columns[c]].name;
        query->positions[c] = rows->items[0]->values.items[c]->pos;
    }
    TRY(compute_rows(cx, binder, pending, &node));
    query->node = node;
    TRY(bind_output_order(cx, binder, ast, "VALUES", query));
    return bind_limit(cx, binder, ctes, outer, ast, &query->node);
}

/* --------------------------------------------------------------------------------------------------------- set operations */

static const char *set_name(AstSetOp op) {
    static const char *const names[] = {[AST_UNION] = "UNION", [AST_INTERSECT] = "INTERSECT", [AST_EXCEPT] = "EXCEPT"};
    return names[op];
}

/* The inputs' outputs, cast column by column to common types; `added` leaves room for more expressions. */
static Status common_exprs(const Context *cx, Binder *binder, const BoundQuery *inputs, uint32_t count, const char *what,
                           uint32_t added, Expr ***exprs) {
    uint32_t columns = inputs[0].node->column_count;
    Expr **same;
    TRY_NEW_ARRAY(cx, binder->arena, same, count);
    for (uint32_t i = 0; i < count; i++) {
        TRY_NEW_ARRAY(cx, binder->arena, exprs[i], columns + added);
    }
    for (uint32_t c = 0; c < columns; c++) {
        Type type;
        for (uint32_t i = 0; i < count; i++) {
            Expr *literal = inputs[i].literals[c];
            same[i] = literal != NULL ? literal : make_column(cx, binder, inputs[i].node->columns[c], inputs[i].positions[c]);
            TRY_POINTER(same[i]);
        }
        TRY(cast_to_common(cx, binder->arena, same, count, what, &type));
        for (uint32_t i = 0; i < count; i++) {
            exprs[i][c] = same[i];
        }
    }
    return OK;
}

static bool all_columns(Expr *const *exprs, const LogicalNode *node, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (exprs[i]->kind != EXPR_COLUMN || exprs[i]->column != node->columns[i]) {
            return false;
        }
    }
    return count == node->column_count;
}

/* UNION ALL of the inputs' expressions. */
static Status make_union(const Context *cx, Binder *binder, SourcePos pos, const BoundQuery *inputs, uint32_t count,
                         Expr ***exprs, uint32_t columns, const char *const *names, LogicalNode **out) {
    LogicalNode *node = logical_new(cx, binder->arena, LOGICAL_UNION, pos, count, columns);
    TRY_POINTER(node);
    TRY_NEW_ARRAY(cx, binder->arena, node->set_union.inputs, count);
    for (uint32_t i = 0; i < count; i++) {
        node->children[i] = inputs[i].node;
        if (!all_columns(exprs[i], inputs[i].node, columns)) {
            TRY(make_project(cx, binder, inputs[i].node->pos, exprs[i], NULL, columns, &node->children[i]));
        }
        node->set_union.inputs[i] = node->children[i]->columns;
    }
    for (uint32_t c = 0; c < columns; c++) {
        bool can_be_null = false;
        for (uint32_t i = 0; i < count; i++) {
            can_be_null = can_be_null || binder->plan->columns[node->set_union.inputs[i][c]].can_be_null;
        }
        TRY(plan_add_column(cx, binder->plan, exprs[0][c]->type, names[c], can_be_null, &node->columns[c]));
    }
    *out = node;
    return OK;
}

static Status add_tag_call(const Context *cx, Binder *binder, const char *name, ColumnId tag, SourcePos pos,
                           AggregateCall *call) {
    *call = (AggregateCall){.arg_count = 1, .text = name};
    TRY_NEW(cx, binder->arena, call->args);
    call->args[0] = make_column(cx, binder, tag, pos);
    TRY_POINTER(call->args[0]);
    TRY(aggregate_bind(cx, binder->arena, name, call->args, 1, pos, &call->aggregate));
    return plan_add_column(cx, binder->plan, call->aggregate->result, name, true, &call->output);
}

/* Numbers equal rows of each side, so that ALL is asked of rows that differ: the third 'x' of the left has a partner if the
 * right has three. The number comes behind the tag. */
static Status number_copies(const Context *cx, Binder *binder, SourcePos pos, LogicalNode **node) {
    Expr **partitions;
    uint32_t count = (*node)->column_count;
    TRY_NEW_ARRAY(cx, binder->arena, partitions, count);
    for (uint32_t i = 0; i < count; i++) {
        partitions[i] = make_column(cx, binder, (*node)->columns[i], pos);
        TRY_POINTER(partitions[i]);
    }
    return make_row_number(cx, binder, pos, partitions, count, NULL, 0, node);
}

/* INTERSECT and EXCEPT: the left rows tagged 0 and the right ones 1, grouped by all columns (NULLs are alike there, as they
 * have to be): in both if the tags go from 0 to 1, only left if the highest is 0. With ALL by their number among equals, too.
 */
static Status make_matched(const Context *cx, Binder *binder, const AstQuery *ast, const BoundQuery inputs[2],
                           BoundQuery *query) {
    uint32_t columns = inputs[0].node->column_count;
    Expr **exprs[2], **groups, *test, *low_test;
    const char **names;
    TRY(common_exprs(cx, binder, inputs, 2, set_name(ast->set.op), 1, exprs));
    TRY_NEW_ARRAY(cx, binder->arena, names, columns + 1);
    memcpy(names, inputs[0].names, sizeof *names * columns);
    names[columns] = "side";
    for (uint32_t i = 0; i < 2; i++) {
        Value tag = value_i64(type_make(TYPE_INTEGER), i);
        exprs[i][columns] = expr_constant(cx, binder->arena, &tag, ast->pos);
        TRY_POINTER(exprs[i][columns]);
    }
    LogicalNode *node;
    TRY(make_union(cx, binder, ast->pos, inputs, 2, exprs, columns + 1, names, &node));
    AggregateCall calls[2];
    TRY(add_tag_call(cx, binder, "max", node->columns[columns], ast->pos, &calls[0]));
    TRY(add_tag_call(cx, binder, "min", node->columns[columns], ast->pos, &calls[1]));
    uint32_t group_count = columns + ast->set.is_all;
    ColumnId *group_columns;
    TRY_NEW_ARRAY(cx, binder->arena, groups, group_count);
    TRY_NEW_ARRAY(cx, binder->arena, group_columns, group_count);
    if (ast->set.is_all) {
        TRY(number_copies(cx, binder, ast->pos, &node));
    }
    for (uint32_t c = 0; c < group_count; c++) {
        group_columns[c] = node->columns[c < columns ? c : columns + 1];
        groups[c] = make_column(cx, binder, group_columns[c], ast->pos);
        TRY_POINTER(groups[c]);
    }
    bool is_intersect = ast->set.op == AST_INTERSECT;
    TRY(make_aggregate(cx, binder, ast->pos, groups, group_columns, group_count, calls, is_intersect ? 2 : 1, &node));
    TRY(make_number_test(cx, binder, calls[0].output, is_intersect ? 1 : 0, ast->pos, &test));
    if (is_intersect) {
        TRY(make_number_test(cx, binder, calls[1].output, 0, ast->pos, &low_test));
        test = expr_and(cx, binder->arena, test, low_test);
        TRY_POINTER(test);
    }
    TRY(make_filter(cx, binder, test, &node));
    TRY(make_prefix(cx, binder, columns, &node));
    query->node = node;
    return OK;
}

Status combine_inputs(const Context *cx, Binder *binder, const AstQuery *ast, BoundQuery *inputs, uint32_t count,
                      BoundQuery *query) {
    uint32_t columns = inputs[0].node->column_count;
    query->names = inputs[0].names;
    query->positions = inputs[0].positions;
    TRY_NEW_ARRAY(cx, binder->arena, query->literals, columns);
    if (columns == 0 && (ast->set.op != AST_UNION || !ast->set.is_all)) {
        return fail_unsupported(cx, ast->pos, "a set operation without columns");
    }
    if (ast->set.op == AST_UNION) {
        Expr ***exprs;
        TRY_NEW_ARRAY(cx, binder->arena, exprs, count);
        TRY(common_exprs(cx, binder, inputs, count, "UNION", 0, exprs));
        TRY(make_union(cx, binder, ast->pos, inputs, count, exprs, columns, query->names, &query->node));
        return ast->set.is_all ? OK : make_distinct(cx, binder, ast->pos, &query->node);
    }
    BoundQuery sides[2] = {inputs[0]};
    for (uint32_t i = 1; i < count; i++) {
        sides[1] = inputs[i];
        TRY(make_matched(cx, binder, ast, sides, query));
        sides[0] = *query;
    }
    return OK;
}

/* Where a WITH query must not read itself: rows that come later could take away what was put out. */
static const char *recursion_bar_of(const AstQuery *ast, uint32_t input) {
    if (ast->set.op == AST_UNION || (!ast->set.is_all && (ast->set.op == AST_INTERSECT || input == 0))) {
        return NULL;
    }
    return set_name(ast->set.op);
}

Status bind_set_input(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast, uint32_t i,
                      BoundQuery *inputs) {
    const char *bar = binder->recursion_bar, *own = recursion_bar_of(ast, i);
    binder->recursion_bar = bar == NULL ? own : bar;
    TRY(bind_query_body(cx, binder, ctes, outer, ast->set.inputs.items[i], &inputs[i]));
    binder->recursion_bar = bar;
    if (inputs[i].node->column_count != inputs[0].node->column_count) {
        SourcePos pos = inputs[i].node->column_count > 0 ? inputs[i].positions[0] : ast->set.inputs.items[i]->pos;
        return fail_at(cx, pos, SYNTAX_ERROR, "each %s query must have the same number of columns", set_name(ast->set.op));
    }
    return OK;
}

Status bind_set_operation(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast,
                          BoundQuery *query) {
    uint32_t count = ast->set.inputs.count;
    BoundQuery *inputs;
    if (is_recursive_union(binder, ast)) {
        return bind_recursive_union(cx, binder, ctes, outer, ast, query);
    }
    TRY_NEW_ARRAY(cx, binder->arena, inputs, count);
    for (uint32_t i = 0; i < count; i++) {
        TRY(bind_set_input(cx, binder, ctes, outer, ast, i, inputs));
    }
    TRY(combine_inputs(cx, binder, ast, inputs, count, query));
    TRY(bind_output_order(cx, binder, ast, set_name(ast->set.op), query));
    return bind_limit(cx, binder, ctes, outer, ast, &query->node);
}

/* -------------------------------------------------------------------------------------------------------------------- WITH */

static Status bind_kind(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast,
                        BoundQuery *query) {
    switch (ast->kind) {
    case AST_QUERY_SELECT: return bind_select(cx, binder, ctes, outer, ast, query);
    case AST_QUERY_SET_OPERATION: return bind_set_operation(cx, binder, ctes, outer, ast, query);
    case AST_QUERY_VALUES: return bind_values(cx, binder, ctes, outer, ast, query);
    }
    return fail_at(cx, ast->pos, INTERNAL_ERROR, "a query of unknown kind %d", ast->kind);
}

Status bind_with_names(const Context *cx, Binder *binder, const Scope *outer, const AstWith *with, Cte *ctes, Cte **last) {
    const AstCteList *list = &with->ctes;
    Cte *all;
    TRY_NEW_ARRAY(cx, binder->arena, all, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(list->items[i]->name, list->items[j]->name) == 0) {
                return fail_at(cx, list->items[i]->pos, DUPLICATE_ALIAS, "WITH query name \"%s\" specified more than once",
                               list->items[i]->name);
            }
        }
        all[i] = (Cte){.earlier = i == 0 ? ctes : &all[i - 1], .with = with, .ast = list->items[i], .outer = outer};
        all[i].sight = with->is_recursive ? &all[list->count - 1] : all[i].earlier;
    }
    *last = &all[list->count - 1];
    return OK;
}

Status bind_with_unused(const Context *cx, Binder *binder, const AstWith *with, Cte *last) {
    for (uint32_t i = 0; i < with->ctes.count; i++) {
        TRY(bind_cte_unused(cx, binder, last - (with->ctes.count - 1) + i));
    }
    return OK;
}

static Status bind_with(const Context *cx, Binder *binder, const Scope *outer, const AstQuery *ast, Cte *ctes,
                        BoundQuery *query) {
    Cte *last;
    TRY(bind_with_names(cx, binder, outer, ast->with, ctes, &last));
    TRY(bind_kind(cx, binder, last, outer, ast, query));
    return bind_with_unused(cx, binder, ast->with, last);
}

Status bind_query_body(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast,
                       BoundQuery *query) {
    if (++binder->query_count > BIND_QUERIES_MAX) {
        fail_at(cx, ast->pos, STATEMENT_TOO_COMPLEX, "the statement comes to more than %d queries", BIND_QUERIES_MAX);
        return fail_hint(cx, "every use of a WITH name that is NOT MATERIALIZED is a query of its own");
    }
    TRY(binder_enter(cx, binder, ast->pos));
    Status status =
        ast->with != NULL ? bind_with(cx, binder, outer, ast, ctes, query) : bind_kind(cx, binder, ctes, outer, ast, query);
    binder_leave(binder);
    return status;
}

Status bind_query(const Context *cx, Arena *arena, Snapshot *snapshot, const AstQuery *ast, const BindParameters *parameters,
                  LogicalPlan **plan) {
    Binder *binder;
    BoundQuery query;
    TRY(binder_create(cx, arena, snapshot, parameters, &binder));
    TRY(bind_query_body(cx, binder, NULL, NULL, ast, &query));
    *plan = binder->plan;
    (*plan)->root = query.node;
    (*plan)->output_count = query.node->column_count;
    (*plan)->outputs = query.node->columns;
    (*plan)->output_names = query.names;
    return OK;
}
