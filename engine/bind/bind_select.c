/* One SELECT: its clauses are bound in PostgreSQL's order (so that of several errors the same one is reported), then stacked in
 * the order in which they are evaluated. */
#include "bind/select.h"

#include <stdlib.h>

/* ------------------------------------------------------------------------------------------------------------ select list */

static Status add_item(const Context *cx, Binder *binder, Select *select, SelectItem item) {
    if (select->item_count >= COLUMNS_MAX && item.name != NULL) {
        return fail_at(cx, item.pos, TOO_MANY_COLUMNS, "target lists can have at most %d entries", COLUMNS_MAX);
    }
    TRY_APPEND(cx, binder->arena, select->items, select->item_capacity, select->item_count, item);
    return OK;
}

static Status add_star_column(const Context *cx, Binder *binder, Select *select, const AstExpr *star,
                              const ScopeColumn *column) {
    SelectItem item = {.pos = star->pos, .name = column->name};
    item.expr = make_column(cx, binder, column->id, star->pos);
    TRY_POINTER(item.expr);
    return add_item(cx, binder, select, item);
}

static bool is_excluded(const AstExpr *star, const char *name) {
    for (uint32_t i = 0; i < star->star.exclude.count; i++) {
        if (strcmp(star->star.exclude.items[i]->text, name) == 0) {
            return true;
        }
    }
    return false;
}

/* * or t.* of these columns, less those that EXCLUDE names. */
static Status add_star_columns(const Context *cx, Binder *binder, Select *select, const AstExpr *star,
                               const ScopeColumn *columns, uint32_t count) {
    const AstIdentList *exclude = &star->star.exclude;
    for (uint32_t e = 0; e < exclude->count; e++) {
        uint32_t i = 0;
        while (i < count && strcmp(columns[i].name, exclude->items[e]->text) != 0) {
            i++;
        }
        if (i == count) {
            return fail_at(cx, exclude->items[e]->pos, UNDEFINED_COLUMN, "column \"%s\" specified in EXCLUDE does not exist",
                           exclude->items[e]->text);
        }
    }
    uint32_t before = select->item_count;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_excluded(star, columns[i].name)) {
            TRY(add_star_column(cx, binder, select, star, &columns[i]));
        }
    }
    return exclude->count == 0 || select->item_count > before
               ? OK
               : fail_at(cx, star->pos, SYNTAX_ERROR, "EXCLUDE leaves no column");
}

static Status expand_star(const Context *cx, Binder *binder, Select *select, const AstExpr *star) {
    const Scope *scope = &select->scope;
    if (star->star.of == NULL) {
        if (scope->relation_count == 0) {
            return fail_at(cx, star->pos, SYNTAX_ERROR, "SELECT * with no tables specified is not valid");
        }
        return add_star_columns(cx, binder, select, star, scope->columns, scope->column_count);
    }
    const Relation *relation;
    TRY(scope_find_relation(cx, scope, star->star.of, &relation));
    return add_star_columns(cx, binder, select, star, relation->columns, relation->column_count);
}

static Status bind_items(const Context *cx, Binder *binder, Select *select) {
    const AstSelectItemList *list = &select->ast->items;
    for (uint32_t i = 0; i < list->count; i++) {
        const AstSelectItem *ast = list->items[i];
        if (ast->expr->kind == AST_STAR) {
            TRY(expand_star(cx, binder, select, ast->expr));
            continue;
        }
        Place place = select_place(binder, select, CLAUSE_SELECT);
        const char *name = ast->alias != NULL ? ast->alias : ast_column_name(ast->expr);
        SelectItem item = {.pos = expr_start(ast->expr), .ast = ast->expr, .alias = ast->alias, .name = name};
        item.pending_first = select->after.count;
        TRY(bind_expr(cx, &place, ast->expr, &item.expr));
        item.pending_end = select->after.count;
        TRY(add_item(cx, binder, select, item));
    }
    select->visible_count = select->item_count;
    return OK;
}

/* A name that FROM knows, here or around, is that column. */
static bool is_column_name(const Scope *scope, const char *name) {
    for (; scope != NULL; scope = scope->outer) {
        if (scope_names_column(scope, name)) {
            return true;
        }
    }
    return false;
}

/* An alias to the left in the select list (Redshift), or of all of it in QUALIFY, that may be used where the place is. */
static const SelectItem *find_item_alias(const Place *place, const char *name) {
    const Select *select = place->select;
    const SelectItem *found = NULL;
    bool sees_items = place->clause != CLAUSE_WHERE && place->clause != CLAUSE_HAVING && place->clause != CLAUSE_ORDER_BY;
    for (uint32_t i = 0; select != NULL && sees_items && i < select->item_count && found == NULL; i++) {
        const SelectItem *item = &select->items[i];
        found = item->alias != NULL && strcmp(item->alias, name) == 0 ? item : NULL;
    }
    return found;
}

static Status use_alias(const Context *cx, const Place *place, const AstExpr *ast, const SelectItem *item, Expr **out) {
    bool is_above = place->clause == CLAUSE_SELECT || place->clause == CLAUSE_QUALIFY || place->clause == CLAUSE_DISTINCT_ON;
    if (!is_above && !select_is_of_rows(place->select, item->expr)) {
        return fail_at(cx, ast->pos, GROUPING_ERROR,
                       "the alias \"%s\" of an aggregate, window function or subquery cannot be used in %s", item->alias,
                       clause_rules[place->clause].what);
    }
    if (expr_is_volatile(item->expr)) {
        return fail_unsupported(cx, ast->pos, "using the alias of a volatile expression in the same select list");
    }
    *out = item->expr;
    return expr_check_shared(cx, item->expr);
}

Status select_find_column(const Context *cx, Place *place, const AstExpr *ast, const ScopeColumn **column, Expr **out) {
    const AstName *name = ast->name;
    *column = NULL;
    if (name->count == 1 && !is_column_name(place->scope, name->parts[0].text)) {
        const SelectItem *item = find_item_alias(place, name->parts[0].text);
        if (item != NULL) {
            return use_alias(cx, place, ast, item, out);
        }
    }
    return scope_find_column(cx, place->scope, name, place->select == NULL ? NULL : &place->select->ast->items, column);
}

/* --------------------------------------------------------------------------------------------------------------- ORDER BY */

Status bind_position(const Context *cx, const AstExpr *ast, const char *what, uint32_t columns, bool *is_position,
                     uint32_t *position) {
    *is_position = ast->kind == AST_INTEGER;
    if (*is_position) {
        size_t digits = strspn(ast->text, "0123456789");
        uint64_t number = digits > 9 ? UINT64_MAX : (uint64_t)strtoull(ast->text, NULL, 10);
        if (number == 0 || number > columns) {
            return fail_at(cx, ast->pos, INVALID_COLUMN_REFERENCE, "%s position %s is not in select list", what, ast->text);
        }
        *position = (uint32_t)number - 1;
        return OK;
    }
    if (ast->kind == AST_STRING || ast->kind == AST_DECIMAL || ast->kind == AST_DOUBLE || ast->kind == AST_NULL ||
        ast->kind == AST_BOOLEAN) {
        fail_at(cx, ast->pos, SYNTAX_ERROR, "non-integer constant in %s", what);
        return ast->kind == AST_STRING ? fail_hint(cx, "a name stands without quotes or in double quotes: \"%s\"", ast->text)
                                       : SYNTAX_ERROR;
    }
    return OK;
}

/* An output column by its name; *item is UINT32_MAX if there is none. */
static Status find_output(const Context *cx, const Select *select, const AstExpr *ast, const char *what, uint32_t *item) {
    *item = UINT32_MAX;
    if (ast->kind != AST_COLUMN || ast->name->count != 1) {
        return OK;
    }
    for (uint32_t i = 0; i < select->visible_count; i++) {
        if (strcmp(select->items[i].name, ast->name->parts[0].text) != 0) {
            continue;
        }
        if (*item != UINT32_MAX && !expr_equal(select->items[*item].expr, select->items[i].expr)) {
            return fail_at(cx, ast->pos, AMBIGUOUS_COLUMN, "%s \"%s\" is ambiguous", what, select->items[i].name);
        }
        *item = *item == UINT32_MAX ? i : *item;
    }
    return OK;
}

/* An item of ORDER BY or DISTINCT ON: a position, an output name, or an expression, which may become a hidden item. */
static Status bind_order_item(const Context *cx, Binder *binder, Select *select, const AstExpr *ast, Clause clause,
                              uint32_t *item) {
    const char *what = clause_rules[clause].what;
    bool is_position;
    TRY(bind_position(cx, ast, what, select->visible_count, &is_position, item));
    if (is_position) {
        return OK;
    }
    TRY(find_output(cx, select, ast, what, item));
    if (*item != UINT32_MAX) {
        return OK;
    }
    Place place = select_place(binder, select, clause);
    Expr *expr;
    TRY(bind_expr_known(cx, &place, ast, &expr));
    for (*item = 0; *item < select->item_count && !expr_equal(select->items[*item].expr, expr); (*item)++) {
    }
    if (*item < select->item_count) {
        return OK;
    }
    if (select->ast->distinct == AST_DISTINCT_ALL_COLUMNS) {
        return fail_at(cx, expr_start(ast), INVALID_COLUMN_REFERENCE,
                       "for SELECT DISTINCT, ORDER BY expressions must appear in select list");
    }
    return add_item(cx, binder, select, (SelectItem){.pos = ast->pos, .ast = ast, .expr = expr});
}

static Status bind_order(const Context *cx, Binder *binder, Select *select, const AstOrderList *list) {
    bool by_all = list->count == 1 && list->items[0]->expr == NULL;
    select->order_count = by_all ? select->visible_count : list->count;
    TRY_NEW_ARRAY(cx, binder->arena, select->order, select->order_count);
    for (uint32_t i = 0; i < select->order_count; i++) {
        const AstOrderItem *item = list->items[by_all ? 0 : i];
        OrderKey *key = &select->order[i];
        *key = (OrderKey){.item = i, .is_descending = item->descending, .nulls_first = order_nulls_first(item)};
        if (!by_all) {
            TRY(bind_order_item(cx, binder, select, item->expr, CLAUSE_ORDER_BY, &key->item));
        }
    }
    return OK;
}

static Status make_sort_key(const Context *cx, Binder *binder, const Select *select, uint32_t i, SortKey *key) {
    const OrderKey *order = &select->order[i];
    *key = (SortKey){.is_descending = order->is_descending, .nulls_first = order->nulls_first};
    key->expr = make_column(cx, binder, select->node->columns[order->item], select->items[order->item].pos);
    TRY_POINTER(key->expr);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------ DISTINCT ON */

static bool is_distinct_item(const Select *select, uint32_t item) {
    for (uint32_t i = 0; i < select->distinct_count; i++) {
        if (select->distinct[i] == item) {
            return true;
        }
    }
    return false;
}

static uint32_t count_ordered(const Select *select, uint32_t item, uint32_t keys) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < keys; i++) {
        count += select->order[i].item == item;
    }
    return count;
}

/* ORDER BY says which row is the first of its kind: it must begin with what DISTINCT ON names, in any order. */
static Status check_distinct_order(const Context *cx, const Select *select) {
    const AstExprList *list = &select->ast->distinct_on;
    uint32_t matched = 0;
    while (matched < select->order_count && is_distinct_item(select, select->order[matched].item)) {
        matched++;
    }
    for (uint32_t i = 0; i < list->count && matched < select->order_count; i++) {
        uint32_t item = select->distinct[i];
        if (count_ordered(select, item, matched) == 0 ||
            count_ordered(select, item, select->order_count) > count_ordered(select, item, matched)) {
            fail_at(cx, expr_start(list->items[i]), INVALID_COLUMN_REFERENCE,
                    "SELECT DISTINCT ON expressions must match initial ORDER BY expressions");
            return fail_hint(cx, "let ORDER BY begin with the expressions of DISTINCT ON; what follows them picks the row");
        }
    }
    return OK;
}

static Status bind_distinct_on(const Context *cx, Binder *binder, Select *select) {
    const AstExprList *list = &select->ast->distinct_on;
    TRY_NEW_ARRAY(cx, binder->arena, select->distinct, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(bind_order_item(cx, binder, select, list->items[i], CLAUSE_DISTINCT_ON, &select->distinct[i]));
        select->distinct_count++;
    }
    return check_distinct_order(cx, select);
}

/* The first row of each kind, in the order of what ORDER BY adds. */
static Status distinct_on_rows(const Context *cx, Binder *binder, Select *select) {
    LogicalNode **node = &select->node;
    uint32_t columns = (*node)->column_count, key_count = 0;
    Expr **partitions, *is_first;
    SortKey *keys;
    TRY_NEW_ARRAY(cx, binder->arena, partitions, select->distinct_count);
    TRY_NEW_ARRAY(cx, binder->arena, keys, select->order_count);
    for (uint32_t i = 0; i < select->distinct_count; i++) {
        partitions[i] = make_column(cx, binder, (*node)->columns[select->distinct[i]], select->ast->pos);
        TRY_POINTER(partitions[i]);
    }
    for (uint32_t i = 0; i < select->order_count; i++) {
        if (!is_distinct_item(select, select->order[i].item)) {
            TRY(make_sort_key(cx, binder, select, i, &keys[key_count++]));
        }
    }
    TRY(make_row_number(cx, binder, select->ast->pos, partitions, select->distinct_count, keys, key_count, node));
    TRY(make_number_test(cx, binder, (*node)->columns[columns], 1, select->ast->pos, &is_first));
    TRY(make_filter(cx, binder, is_first, node));
    return make_prefix(cx, binder, columns, node);
}

/* ------------------------------------------------------------------------------------------------------------------ nodes */

static Status project_items(const Context *cx, Binder *binder, Select *select, BoundQuery *query) {
    uint32_t count = select->item_count;
    Expr **exprs;
    const char **labels;
    TRY_NEW_ARRAY(cx, binder->arena, exprs, count);
    TRY_NEW_ARRAY(cx, binder->arena, labels, count);
    TRY_NEW_ARRAY(cx, binder->arena, query->names, count);
    TRY_NEW_ARRAY(cx, binder->arena, query->literals, count);
    TRY_NEW_ARRAY(cx, binder->arena, query->positions, count);
    for (uint32_t i = 0; i < count; i++) {
        SelectItem *item = &select->items[i];
        query->names[i] = item->name;
        query->positions[i] = item->pos;
        query->literals[i] = expr_is_literal(item->expr) ? item->expr : NULL;
        labels[i] = item->alias;
        TRY(expr_known(cx, binder->arena, item->expr, &exprs[i]));
    }
    return make_project(cx, binder, select->ast->pos, exprs, labels, count, &select->node);
}

static Status sort_rows(const Context *cx, Binder *binder, Select *select) {
    SortKey *keys;
    if (select->order_count == 0) {
        return OK;
    }
    TRY_NEW_ARRAY(cx, binder->arena, keys, select->order_count);
    for (uint32_t i = 0; i < select->order_count; i++) {
        TRY(make_sort_key(cx, binder, select, i, &keys[i]));
    }
    return make_sort(cx, binder, keys, select->order_count, &select->node);
}

/* WHERE, HAVING: first what needs no subquery's value, so that subqueries are computed for the rows that are left. */
static Status filter_by(const Context *cx, Binder *binder, const PendingJoins *joins, Expr *condition, LogicalNode **node) {
    ColumnSet values;
    ExprList all = {0}, parts[2] = {{0}, {0}};
    TRY(pending_values(cx, binder, joins, &values));
    TRY(expr_list_add_conjuncts(cx, binder->arena, &all, condition));
    for (uint32_t i = 0; i < all.count; i++) {
        TRY(expr_list_add(cx, binder->arena, &parts[expr_touches(all.items[i], &values)], all.items[i]));
    }
    for (uint32_t late = 0; late < 2; late++) {
        Expr *part;
        TRY(expr_list_conjunction(cx, binder->arena, &parts[late], &part));
        TRY(make_filter(cx, binder, part, node));
        TRY(join_pending(cx, binder, joins, PENDING_FILTERS, &values, late, node));
        if (!late) {
            TRY(join_pending_values(cx, binder, joins, node));
        }
    }
    return OK;
}

static Status filter_rows(const Context *cx, Binder *binder, Select *select) {
    TRY(filter_by(cx, binder, &select->filtering, select->where, &select->node));
    return join_pending_values(cx, binder, &select->before, &select->node);
}

static Status window_outputs(const Context *cx, Binder *binder, const Select *select, ColumnSet *outputs) {
    TRY(column_set_init(cx, binder->arena, binder->plan, outputs));
    for (uint32_t w = 0; w < select->window_count; w++) {
        for (uint32_t i = 0; i < select->windows[w].call_count; i++) {
            column_set_add(outputs, select->windows[w].calls[i].output);
        }
    }
    return OK;
}

/* Above the grouping: subqueries that look at a window's result come after it. */
static Status filter_groups(const Context *cx, Binder *binder, Select *select) {
    ColumnSet windows;
    LogicalNode **node = &select->node;
    TRY(filter_by(cx, binder, &select->choosing, select->having, node));
    TRY(window_outputs(cx, binder, select, &windows));
    TRY(join_pending(cx, binder, &select->after, PENDING_VALUES, &windows, false, node));
    TRY(window_rows(cx, binder, select));
    return join_pending(cx, binder, &select->after, PENDING_VALUES, &windows, true, node);
}

/* Stacks what was bound on the rows of FROM. */
static Status build_select(const Context *cx, Binder *binder, Select *select, const AstQuery *ast, BoundQuery *query) {
    LogicalNode **node = &select->node;
    TRY(filter_rows(cx, binder, select));
    TRY(group_rows(cx, binder, select));
    TRY(filter_groups(cx, binder, select));
    TRY(series_rows(cx, binder, select));
    TRY(make_filter(cx, binder, select->qualify, node));
    TRY(project_items(cx, binder, select, query));
    if (select->ast->distinct == AST_DISTINCT_ALL_COLUMNS) {
        TRY(make_distinct(cx, binder, select->ast->pos, node));
    } else if (select->distinct_count > 0) {
        TRY(distinct_on_rows(cx, binder, select));
    }
    TRY(sort_rows(cx, binder, select));
    TRY(bind_limit(cx, binder, select->scope.ctes, select->scope.outer, ast, node));
    TRY(make_prefix(cx, binder, select->visible_count, node));
    query->node = *node;
    return OK;
}

static Status check_windows(const Context *cx, const AstWindowList *windows) {
    for (uint32_t i = 0; i < windows->count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(windows->items[i]->name, windows->items[j]->name) == 0) {
                return fail_at(cx, windows->items[i]->pos, WINDOWING_ERROR, "window \"%s\" is already defined",
                               windows->items[i]->name);
            }
        }
    }
    return OK;
}

static Status bind_having(const Context *cx, Binder *binder, Select *select) {
    Place having = select_place(binder, select, CLAUSE_HAVING);
    having.pending = &select->choosing;
    return select->ast->having == NULL ? OK : bind_condition(cx, &having, select->ast->having, "HAVING", &select->having);
}

static Status bind_qualify(const Context *cx, Binder *binder, Select *select) {
    Place qualify = select_place(binder, select, CLAUSE_QUALIFY);
    return select->ast->qualify == NULL ? OK : bind_boolean(cx, &qualify, select->ast->qualify, "QUALIFY", &select->qualify);
}

Status bind_select(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast, BoundQuery *query) {
    const AstSelect *ast_select = ast->select;
    Select select = {.ast = ast_select, .scope = {.outer = outer, .ctes = ctes}};
    TRY(check_windows(cx, &ast_select->windows));
    TRY(bind_from_list(cx, binder, &ast_select->from, &select.scope, &select.node));
    TRY(bind_hints(cx, binder, &select));
    TRY(bind_items(cx, binder, &select));
    if (ast_select->where != NULL) {
        Place where = select_row_place(binder, &select, CLAUSE_WHERE);
        where.pending = &select.filtering;
        TRY(bind_condition(cx, &where, ast_select->where, "WHERE", &select.where));
    }
    if (ast_select->distinct == AST_DISTINCT_ALL_COLUMNS && select.visible_count == 0) {
        return fail_at(cx, ast->pos, SYNTAX_ERROR, "SELECT DISTINCT must have at least one column");
    }
    TRY(bind_having(cx, binder, &select));
    TRY(bind_qualify(cx, binder, &select));
    TRY(bind_order(cx, binder, &select, &ast->order_by));
    if (ast_select->distinct == AST_DISTINCT_ON) {
        TRY(bind_distinct_on(cx, binder, &select));
    }
    TRY(bind_group_by(cx, binder, &select));
    TRY(regroup_select(cx, binder, &select));
    return build_select(cx, binder, &select, ast, query);
}
