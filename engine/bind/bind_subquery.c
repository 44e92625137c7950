/* Subqueries as values. They do not see the rows around them (a correlated one is refused), so each is bound alone and joined
 * to the rows: a scalar one as one more column, IN as a mark, and IN as a conjunct of WHERE as a semi or anti join. */
#include "bind/binder.h"

#include <stdio.h>

static Status bind_inner(const Context *cx, Place *place, const AstQuery *ast, BoundQuery *query) {
    if (place->pending == NULL) {
        const char *what = clause_rules[place->clause].what;
        return place->clause == CLAUSE_CHECK
                   ? fail_at(cx, ast->pos, FEATURE_NOT_SUPPORTED, "cannot use subquery in check constraint")
               : place->clause == CLAUSE_DEFAULT
                   ? fail_at(cx, ast->pos, FEATURE_NOT_SUPPORTED, "cannot use subquery in DEFAULT expression")
                   : fail_at(cx, ast->pos, FEATURE_NOT_SUPPORTED, "a subquery in %s is not supported yet", what);
    }
    return bind_query_body(cx, place->binder, place->scope->ctes, place->scope, ast, query);
}

static Status check_one_column(const Context *cx, const AstExpr *ast, const BoundQuery *query) {
    if (query->node->column_count == 1) {
        return OK;
    }
    return ast->kind == AST_SUBQUERY ? fail_at(cx, ast->pos, SYNTAX_ERROR, "subquery must return only one column")
                                     : fail_at(cx, ast->pos, SYNTAX_ERROR, "subquery has too many columns");
}

static Status add_pending(const Context *cx, Place *place, PendingJoin join) {
    TRY_APPEND(cx, place->binder->arena, place->pending->items, place->pending->capacity, place->pending->count, join);
    return OK;
}

static Status add_scalar(const Context *cx, Place *place, SourcePos pos, LogicalNode *node, Expr **out) {
    TRY(add_pending(cx, place, (PendingJoin){.kind = JOIN_SINGLE, .pos = pos, .node = node}));
    *out = make_column(cx, place->binder, node->columns[0], pos);
    TRY_POINTER(*out);
    return OK;
}

Status bind_row_subquery(const Context *cx, Place *place, const AstQuery *ast, BoundQuery *query) {
    TRY(bind_inner(cx, place, ast, query));
    return add_pending(cx, place, (PendingJoin){.kind = JOIN_SINGLE, .pos = ast->pos, .node = query->node});
}

static Status bind_scalar(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    BoundQuery query;
    TRY(bind_inner(cx, place, ast->query, &query));
    TRY(check_one_column(cx, ast, &query));
    return add_scalar(cx, place, ast->pos, query.node, out);
}

/* EXISTS (q) is (SELECT count(*) FROM (q LIMIT 1)) > 0. */
static Status bind_exists(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Binder *binder = place->binder;
    BoundQuery query;
    TRY(bind_inner(cx, place, ast->query, &query));
    LogicalNode *limit = logical_new(cx, binder->arena, LOGICAL_LIMIT, ast->pos, 1, query.node->column_count);
    TRY_POINTER(limit);
    limit->children[0] = query.node;
    limit->limit.limit = 1;
    memcpy(limit->columns, query.node->columns, sizeof(ColumnId) * limit->column_count);
    AggregateCall call = {.text = "count(*)"};
    TRY(aggregate_bind(cx, binder->arena, "count", NULL, 0, ast->pos, &call.aggregate));
    TRY(plan_add_column(cx, binder->plan, call.aggregate->result, call.text, true, &call.output));
    LogicalNode *node = limit;
    TRY(make_aggregate(cx, binder, ast->pos, NULL, NULL, 0, &call, 1, &node));
    Expr *count, *zero;
    Value none = value_i64(call.aggregate->result, 0);
    TRY(add_scalar(cx, place, ast->pos, node, &count));
    zero = expr_constant(cx, binder->arena, &none, ast->pos);
    TRY_POINTER(zero);
    *out = expr_compare(cx, binder->arena, COMPARE_GT, count, zero);
    TRY_POINTER(*out);
    return OK;
}

/* key = the subquery's column. */
static Status bind_in_condition(const Context *cx, Place *place, const AstExpr *ast, LogicalNode **node, Expr **condition) {
    Expr *key, *column;
    BoundQuery query;
    if (ast->args.items[0]->kind == AST_ROW) {
        return fail_unsupported(cx, ast->args.items[0]->pos, "a row value IN a subquery");
    }
    TRY(bind_expr(cx, place, ast->args.items[0], &key));
    TRY(bind_inner(cx, place, ast->query, &query));
    TRY(check_one_column(cx, ast, &query));
    *node = query.node;
    column = make_column(cx, place->binder, query.node->columns[0], ast->pos);
    TRY_POINTER(column);
    return operator_bind(cx, place->binder->arena, "=", key, column, ast->pos, condition);
}

static Status bind_in_mark(const Context *cx, Place *place, const AstExpr *ast, bool negated, Expr **out) {
    PendingJoin join = {.kind = JOIN_MARK, .pos = ast->pos};
    TRY(bind_in_condition(cx, place, ast, &join.node, &join.condition));
    TRY(plan_add_column(cx, place->binder->plan, type_make(TYPE_BOOLEAN), "IN", true, &join.mark));
    TRY(add_pending(cx, place, join));
    *out = make_column(cx, place->binder, join.mark, ast->pos);
    TRY_POINTER(*out);
    if (negated) {
        *out = expr_not(cx, place->binder->arena, *out);
        TRY_POINTER(*out);
    }
    return OK;
}

/* = ANY is IN and <> ALL is NOT IN. */
static bool is_in(const AstExpr *ast, bool *negated) {
    *negated = ast->kind == AST_QUANTIFIED ? ast->is_all : ast->negated;
    return ast->kind == AST_IN_QUERY || (ast->kind == AST_QUANTIFIED && strcmp(ast->symbol, ast->is_all ? "<>" : "=") == 0);
}

Status bind_subquery(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    bool negated;
    switch (ast->kind) {
    case AST_SUBQUERY: return bind_scalar(cx, place, ast, out);
    case AST_EXISTS: return bind_exists(cx, place, ast, out);
    default: break;
    }
    if (!is_in(ast, &negated)) {
        char what[64];
        snprintf(what, sizeof what, "%s %s (SELECT …)", ast->symbol, ast->is_all ? "ALL" : "ANY");
        fail_unsupported(cx, ast->pos, what);
        return fail_hint(cx, "compare with (SELECT max(…) FROM …) or (SELECT min(…) FROM …)");
    }
    return bind_in_mark(cx, place, ast, negated, out);
}

static Status bind_conjunct(const Context *cx, Place *place, const AstExpr *ast, const char *what, Expr **out) {
    const AstExpr *inner = ast;
    bool negated = false, inner_negated;
    while (inner->kind == AST_NOT) {
        inner = inner->args.items[0];
        negated = !negated;
    }
    if ((inner->kind != AST_IN_QUERY && inner->kind != AST_QUANTIFIED) || !is_in(inner, &inner_negated)) {
        return bind_boolean(cx, place, ast, what, out);
    }
    negated = negated != inner_negated;
    PendingJoin join = {.kind = negated ? JOIN_ANTI_NULL : JOIN_SEMI, .pos = inner->pos};
    TRY(bind_in_condition(cx, place, inner, &join.node, &join.condition));
    *out = NULL;
    return add_pending(cx, place, join);
}

typedef struct Conjuncts {
    uint32_t count, capacity;
    Expr **items;
} Conjuncts;

/* AND inside AND (BETWEEN, too) adds its parts: the optimizer moves each for itself. */
static Status add_conjuncts(const Context *cx, Arena *arena, Expr *expr, Conjuncts *conjuncts) {
    if (expr->kind == EXPR_AND) {
        for (uint32_t i = 0; i < expr->arg_count; i++) {
            TRY(add_conjuncts(cx, arena, expr->args[i], conjuncts));
        }
        return OK;
    }
    TRY_APPEND(cx, arena, conjuncts->items, conjuncts->capacity, conjuncts->count, expr);
    return OK;
}

static Status gather_conjuncts(const Context *cx, Place *place, const AstExpr *ast, const char *what, Conjuncts *conjuncts) {
    if (ast->kind == AST_AND) {
        for (uint32_t i = 0; i < ast->args.count; i++) {
            TRY(gather_conjuncts(cx, place, ast->args.items[i], "AND", conjuncts));
        }
        return OK;
    }
    Expr *expr;
    TRY(bind_conjunct(cx, place, ast, what, &expr));
    return expr == NULL ? OK : add_conjuncts(cx, place->binder->arena, expr, conjuncts);
}

Status bind_condition(const Context *cx, Place *place, const AstExpr *ast, const char *what, Expr **out) {
    Conjuncts conjuncts = {0};
    TRY(gather_conjuncts(cx, place, ast, what, &conjuncts));
    *out = conjuncts.count == 1 ? conjuncts.items[0] : NULL;
    if (conjuncts.count > 1) {
        *out = expr_new(cx, place->binder->arena, EXPR_AND, type_make(TYPE_BOOLEAN), ast->pos, conjuncts.count);
        TRY_POINTER(*out);
        memcpy((*out)->args, conjuncts.items, sizeof *conjuncts.items * conjuncts.count);
    }
    return OK;
}

static bool pending_filters(const PendingJoin *join) {
    return join->kind == JOIN_SEMI || join->kind == JOIN_ANTI_NULL;
}

Status join_pending(const Context *cx, Binder *binder, const PendingJoins *pending, bool filters, LogicalNode **node) {
    for (uint32_t i = 0; i < pending->count; i++) {
        const PendingJoin *join = &pending->items[i];
        if (pending_filters(join) == filters) {
            TRY(make_join(cx, binder, join->pos, join->kind, *node, join->node, join->condition, join->mark, node));
        }
    }
    return OK;
}
