/* LIMIT and OFFSET: numbers, or, where they come from a subquery or an enclosing query, a condition on the number of the row.
 */
#include "bind/binder.h"

/* One of the two. */
typedef struct RowCount {
    const AstExpr *ast; /* NULL: it was not written */
    Expr *expr;         /* a BIGINT, not negative */
    bool is_constant;
    int64_t number; /* if it is constant; -1: NULL, or not written */
} RowCount;

static bool holds_column(const Expr *node, void *unused) {
    (void)unused;
    return node->kind != EXPR_COLUMN;
}

static Status bind_bigint(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    char name[32];
    TRY(bind_expr(cx, place, ast, out));
    if (!expr_is_literal(*out) && !type_is_numeric((*out)->type)) {
        return fail_at(cx, expr_start(ast), DATATYPE_MISMATCH, "argument of %s must be type bigint, not type %s",
                       clause_rules[place->clause].what, type_name((*out)->type, name));
    }
    return cast_bind(cx, place->binder->arena, *out, type_make(TYPE_BIGINT), false, false, out);
}

static Status constant_count(const Context *cx, const Place *place, RowCount *count) {
    Value value;
    Status status = expr_eval_constant(cx, place->binder->arena, count->expr, &value);
    if (status != OK) {
        error_set_pos_if_none(cx, count->ast->pos);
        return status;
    }
    if (!value.is_null && value.i64 < 0) {
        return fail_at(cx, count->ast->pos, place->clause == CLAUSE_LIMIT ? INVALID_LIMIT : INVALID_OFFSET,
                       "%s must not be negative", clause_rules[place->clause].what);
    }
    count->number = value.is_null ? -1 : value.i64;
    return OK;
}

static Status bind_count(const Context *cx, Place *place, const AstExpr *ast, RowCount *count) {
    *count = (RowCount){.ast = ast, .is_constant = true, .number = -1};
    if (ast == NULL) {
        return OK;
    }
    uint32_t subqueries = place_subqueries(place);
    TRY(bind_bigint(cx, place, ast, &count->expr));
    count->is_constant = place_subqueries(place) == subqueries && expr_walk(count->expr, holds_column, NULL);
    if (count->is_constant) {
        return constant_count(cx, place, count);
    }
    const char *check = place->clause == CLAUSE_LIMIT ? "limit_count" : "offset_count";
    return function_bind(cx, place->binder->arena, check, &count->expr, 1, ast->pos, &count->expr);
}

static Status make_limit(const Context *cx, Binder *binder, const AstQuery *ast, int64_t limit, int64_t offset,
                         LogicalNode **node) {
    LogicalNode *child = *node;
    *node = logical_new(cx, binder->arena, LOGICAL_LIMIT, ast->pos, 1, child->column_count);
    TRY_POINTER(*node);
    (*node)->children[0] = child;
    memcpy((*node)->columns, child->columns, sizeof(ColumnId) * child->column_count);
    (*node)->limit.limit = limit;
    (*node)->limit.offset = offset;
    if (ast->with_ties && child->kind == LOGICAL_SORT) {
        (*node)->limit.tie_key_count = child->sort.key_count;
        (*node)->limit.tie_keys = child->sort.keys;
    }
    return OK;
}

/* coalesce(expr, instead) */
static Status make_default(const Context *cx, Arena *arena, Expr *expr, Value instead, Expr **out) {
    *out = expr_new(cx, arena, EXPR_COALESCE, expr->type, expr->pos, 2);
    TRY_POINTER(*out);
    (*out)->args[0] = expr;
    (*out)->args[1] = expr_constant(cx, arena, &instead, expr->pos);
    TRY_POINTER((*out)->args[1]);
    return OK;
}

/* number > offset AND number - offset <= limit; a NULL limit is none, a NULL offset 0. */
static Status make_range(const Context *cx, Binder *binder, Expr *number, const RowCount *limit, const RowCount *offset,
                         Expr **out) {
    Arena *arena = binder->arena;
    *out = NULL;
    if (offset->ast != NULL) {
        Expr *skipped, *is_behind;
        TRY(make_default(cx, arena, offset->expr, value_i64(type_make(TYPE_BIGINT), 0), &skipped));
        TRY(operator_bind(cx, arena, ">", number, skipped, offset->ast->pos, &is_behind));
        TRY(operator_bind(cx, arena, "-", number, skipped, offset->ast->pos, &number));
        *out = is_behind;
    }
    if (limit->ast != NULL) {
        Expr *is_within, *is_wanted;
        TRY(operator_bind(cx, arena, "<=", number, limit->expr, limit->ast->pos, &is_within));
        TRY(make_default(cx, arena, is_within, value_i64(type_make(TYPE_BOOLEAN), 1), &is_wanted));
        *out = expr_and(cx, arena, *out, is_wanted);
        TRY_POINTER(*out);
    }
    return OK;
}

/* Numbers the rows in their order and keeps those that the counts ask for. */
static Status filter_by_number(const Context *cx, Binder *binder, const AstQuery *ast, const PendingJoins *pending,
                               const RowCount *limit, const RowCount *offset, LogicalNode **node) {
    const LogicalNode *sort = (*node)->kind == LOGICAL_SORT ? *node : NULL;
    SortKey *keys = sort == NULL ? NULL : sort->sort.keys;
    uint32_t key_count = sort == NULL ? 0 : sort->sort.key_count;
    *node = sort == NULL ? *node : sort->children[0];
    uint32_t columns = (*node)->column_count;
    Expr *number, *condition;
    TRY(make_row_number(cx, binder, ast->pos, NULL, 0, keys, key_count, node));
    number = make_column(cx, binder, (*node)->columns[columns], ast->pos);
    TRY_POINTER(number);
    TRY(join_pending_values(cx, binder, pending, node));
    TRY(make_range(cx, binder, number, limit, offset, &condition));
    TRY(make_filter(cx, binder, condition, node));
    TRY(make_prefix(cx, binder, columns, node));
    return sort == NULL ? OK : make_sort(cx, binder, keys, key_count, node);
}

Status bind_limit(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast, LogicalNode **node) {
    Scope scope = {.outer = outer, .ctes = ctes};
    PendingJoins pending = {0};
    Place place = {.binder = binder, .scope = &scope, .clause = CLAUSE_LIMIT, .pending = &pending};
    RowCount limit, offset;
    if (ast->with_ties && ast->order_by.count == 0) {
        return fail_at(cx, ast->limit->pos, SYNTAX_ERROR, "WITH TIES cannot be specified without ORDER BY clause");
    }
    TRY(bind_count(cx, &place, ast->limit, &limit));
    place.clause = CLAUSE_OFFSET;
    TRY(bind_count(cx, &place, ast->offset, &offset));
    if (limit.is_constant && offset.is_constant) {
        int64_t skipped = offset.number < 0 ? 0 : offset.number;
        return limit.number < 0 && skipped == 0 ? OK : make_limit(cx, binder, ast, limit.number, skipped, node);
    }
    if (ast->with_ties) {
        return fail_unsupported(cx, ast->limit->pos, "WITH TIES of a number that is not constant");
    }
    return filter_by_number(cx, binder, ast, &pending, &limit, &offset, node);
}
