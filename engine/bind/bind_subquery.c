/* Subqueries as values: each is bound to a plan and joined to the rows around it, a scalar one as one more column, IN and
 * EXISTS as a mark, and as a conjunct of WHERE as a semi or anti join. The plan may use columns of those rows (a correlated
 * subquery): rewrite_decorrelate makes such joins independent. */
#include "bind/binder.h"

static Status bind_inner(const Context *cx, Place *place, const AstQuery *ast, BoundQuery *query) {
    if (place->pending == NULL) {
        const char *what = clause_rules[place->clause].what;
        return place->clause == CLAUSE_CHECK
                   ? fail_at(cx, ast->pos, FEATURE_NOT_SUPPORTED, "cannot use subquery in check constraint")
               : place->clause == CLAUSE_DEFAULT
                   ? fail_at(cx, ast->pos, FEATURE_NOT_SUPPORTED, "cannot use subquery in DEFAULT expression")
                   : fail_at(cx, ast->pos, FEATURE_NOT_SUPPORTED, "a subquery in %s is not supported yet", what);
    }
    Binder *binder = place->binder;
    SubqueryPlace here = {place, binder->subquery};
    binder->subquery = &here;
    Status status = bind_query_body(cx, binder, place->scope->ctes, place->scope, ast, query);
    binder->subquery = here.around;
    return status;
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

/* (SELECT expression) of one row without columns is the expression, evaluated where the subquery stands: in a branch that is
 * not taken it does not fail. A volatile one stays a subquery, with one value for all rows. */
static Expr *lone_expression(const LogicalNode *node) {
    bool is_lone = node->kind == LOGICAL_PROJECT && node->children[0]->kind == LOGICAL_VALUES &&
                   node->children[0]->column_count == 0 && node->children[0]->values.row_count == 1;
    return is_lone && !expr_is_volatile(node->project.exprs[0]) ? node->project.exprs[0] : NULL;
}

static Status bind_scalar(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    BoundQuery query;
    TRY(bind_inner(cx, place, ast->query, &query));
    TRY(check_one_column(cx, ast, &query));
    *out = lone_expression(query.node);
    if (*out != NULL) {
        return OK;
    }
    return add_scalar(cx, place, ast->pos, query.node, out);
}

static Status add_marked(const Context *cx, Place *place, PendingJoin join, bool negated, Expr **out) {
    TRY(add_pending(cx, place, join));
    *out = make_column(cx, place->binder, join.mark, join.pos);
    TRY_POINTER(*out);
    if (negated) {
        *out = expr_not(cx, place->binder->arena, *out);
        TRY_POINTER(*out);
    }
    return OK;
}

static Status bind_exists(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    BoundQuery query;
    PendingJoin join = {.kind = JOIN_EXISTS, .pos = ast->pos};
    TRY(bind_inner(cx, place, ast->query, &query));
    join.node = query.node;
    TRY(plan_add_column(cx, place->binder->plan, type_make(TYPE_BOOLEAN), "EXISTS", false, &join.mark));
    return add_marked(cx, place, join, false, out);
}

Status bind_query_columns(const Context *cx, Place *place, const AstExpr *ast, const BoundQuery *query, uint32_t count,
                          Expr ***columns) {
    if (query->node->column_count != count) {
        return fail_at(cx, ast->pos, SYNTAX_ERROR, "subquery has too %s columns",
                       query->node->column_count > count ? "many" : "few");
    }
    TRY_NEW_ARRAY(cx, place->binder->arena, *columns, count);
    for (uint32_t i = 0; i < count; i++) {
        (*columns)[i] = make_column(cx, place->binder, query->node->columns[i], ast->pos);
        TRY_POINTER((*columns)[i]);
    }
    return OK;
}

/* left <symbol> the subquery's columns; a row value is compared member by member. */
static Status bind_comparison(const Context *cx, Place *place, const AstExpr *ast, const char *symbol, LogicalNode **node,
                              Expr **condition) {
    const AstExpr *left = ast->args.items[0];
    BoundQuery query;
    uint32_t count = left->kind == AST_ROW ? left->args.count : 1;
    Expr **members, **columns;
    TRY_NEW_ARRAY(cx, place->binder->arena, members, count);
    for (uint32_t i = 0; i < count; i++) {
        TRY(bind_expr(cx, place, left->kind == AST_ROW ? left->args.items[i] : left, &members[i]));
    }
    TRY(bind_inner(cx, place, ast->query, &query));
    TRY(bind_query_columns(cx, place, ast, &query, count, &columns));
    *node = query.node;
    return bind_members(cx, place, symbol, members, columns, count, ast->pos, condition);
}

static Status bind_mark(const Context *cx, Place *place, const AstExpr *ast, const char *symbol, bool negated, Expr **out) {
    PendingJoin join = {.kind = JOIN_MARK, .pos = ast->pos};
    TRY(bind_comparison(cx, place, ast, symbol, &join.node, &join.condition));
    TRY(plan_add_column(cx, place->binder->plan, type_make(TYPE_BOOLEAN), "IN", true, &join.mark));
    return add_marked(cx, place, join, negated, out);
}

/* -------------------------------------------------------------------------------------------------------------- ANY and ALL */

/* What of all values decides a comparison with any of them: the greatest, the least, or how many there are. */
typedef struct Extremes {
    AggregateCall calls[4]; /* greatest, least, all, those that are not NULL */
    LogicalNode *node;
} Extremes;

static Status add_extreme(const Context *cx, Place *place, Extremes *extremes, uint32_t index, const char *name,
                          ColumnId column, SourcePos pos) {
    AggregateCall *call = &extremes->calls[index];
    *call = (AggregateCall){.arg_count = column == UINT32_MAX ? 0 : 1, .text = name};
    TRY_NEW(cx, place->binder->arena, call->args);
    if (call->arg_count == 1) {
        call->args[0] = make_column(cx, place->binder, column, pos);
        TRY_POINTER(call->args[0]);
    }
    TRY(aggregate_bind(cx, place->binder->arena, name, call->args, call->arg_count, pos, &call->aggregate));
    return plan_add_column(cx, place->binder->plan, call->aggregate->result, name, true, &call->output);
}

static Status make_extremes(const Context *cx, Place *place, LogicalNode *node, SourcePos pos, Extremes *extremes) {
    ColumnId column = node->columns[0];
    extremes->node = node;
    TRY(add_extreme(cx, place, extremes, 0, "max", column, pos));
    TRY(add_extreme(cx, place, extremes, 1, "min", column, pos));
    TRY(add_extreme(cx, place, extremes, 2, "count", UINT32_MAX, pos));
    TRY(add_extreme(cx, place, extremes, 3, "count", column, pos));
    TRY(make_aggregate(cx, place->binder, pos, NULL, NULL, 0, extremes->calls, 4, &extremes->node));
    return add_pending(cx, place, (PendingJoin){.kind = JOIN_SINGLE, .pos = pos, .node = extremes->node});
}

static Status compare_extreme(const Context *cx, Place *place, const Extremes *extremes, uint32_t index, const char *symbol,
                              Expr *left, SourcePos pos, Expr **out) {
    Expr *column = make_column(cx, place->binder, extremes->calls[index].output, pos);
    TRY_POINTER(column);
    return operator_bind(cx, place->binder->arena, symbol, left, column, pos, out);
}

static Status compare_counts(const Context *cx, Place *place, const Extremes *extremes, CompareOp op, Expr *with, SourcePos pos,
                             Expr **out) {
    Expr *count = make_column(cx, place->binder, extremes->calls[2].output, pos);
    TRY_POINTER(count);
    *out = expr_compare(cx, place->binder->arena, op, count, with);
    TRY_POINTER(*out);
    return OK;
}

/* left is NULL, or one of the values is. */
static Status make_unknown(const Context *cx, Place *place, const Extremes *extremes, Expr *left, SourcePos pos, Expr **out) {
    Arena *arena = place->binder->arena;
    Expr *valid = make_column(cx, place->binder, extremes->calls[3].output, pos), *more;
    TRY_POINTER(valid);
    TRY(compare_counts(cx, place, extremes, COMPARE_GT, valid, pos, &more));
    *out = expr_new(cx, arena, EXPR_OR, type_make(TYPE_BOOLEAN), pos, 2);
    TRY_POINTER(*out);
    (*out)->args[0] = expr_new(cx, arena, EXPR_IS_NULL, type_make(TYPE_BOOLEAN), pos, 1);
    TRY_POINTER((*out)->args[0]);
    (*out)->args[0]->args[0] = left;
    (*out)->args[1] = more;
    return OK;
}

/* left < ANY: CASE WHEN left < greatest THEN TRUE WHEN no values THEN FALSE WHEN unknown THEN NULL ELSE FALSE END */
static Status make_any(const Context *cx, Place *place, const Extremes *extremes, const char *symbol, Expr *left, SourcePos pos,
                       Expr **out) {
    Arena *arena = place->binder->arena;
    bool is_less = symbol[0] == '<' && symbol[1] != '>', is_not_equal = strcmp(symbol, "<>") == 0;
    Expr *test, *other, *zero;
    Value none = value_i64(type_make(TYPE_BIGINT), 0),
          truth[3] = {value_i64(type_make(TYPE_BOOLEAN), 1), value_i64(type_make(TYPE_BOOLEAN), 0),
                      value_null(type_make(TYPE_BOOLEAN))};
    TRY(expr_check_shared(cx, left));
    TRY(expr_known(cx, arena, left, &left));
    TRY(compare_extreme(cx, place, extremes, is_less || is_not_equal ? 0 : 1, symbol, left, pos, &test));
    if (is_not_equal) {
        Expr *either = expr_new(cx, arena, EXPR_OR, type_make(TYPE_BOOLEAN), pos, 2);
        TRY_POINTER(either);
        TRY(compare_extreme(cx, place, extremes, 1, symbol, left, pos, &other));
        either->args[0] = test;
        either->args[1] = other;
        test = either;
    }
    *out = expr_new(cx, arena, EXPR_CASE, type_make(TYPE_BOOLEAN), pos, 7);
    TRY_POINTER(*out);
    zero = expr_constant(cx, arena, &none, pos);
    TRY_POINTER(zero);
    (*out)->args[0] = test;
    TRY(compare_counts(cx, place, extremes, COMPARE_EQ, zero, pos, &(*out)->args[2]));
    TRY(make_unknown(cx, place, extremes, left, pos, &(*out)->args[4]));
    static const uint8_t results[] = {0, 1, 2, 1};
    for (uint32_t i = 0; i < 4; i++) {
        Expr *constant = expr_constant(cx, arena, &truth[results[i]], pos);
        TRY_POINTER(constant);
        (*out)->args[i == 3 ? 6 : 2 * i + 1] = constant;
    }
    return OK;
}

static const char *negated_symbol(const char *symbol) {
    static const char *const pairs[][2] = {{"=", "<>"}, {"<", ">="}, {">", "<="}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        for (uint32_t side = 0; side < 2; side++) {
            if (strcmp(symbol, pairs[i][side]) == 0) {
                return pairs[i][1 - side];
            }
        }
    }
    return NULL;
}

static bool has_extremes(Type type) {
    return type.id != TYPE_BOOLEAN && type.id != TYPE_NULL;
}

/* x op ALL is NOT (x negated op ANY). */
static Status bind_quantified(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    const char *symbol = strcmp(ast->symbol, "!=") == 0 ? "<>" : ast->symbol;
    symbol = ast->is_all ? negated_symbol(symbol) : symbol;
    if (symbol == NULL || negated_symbol(symbol) == NULL) {
        fail_at(cx, ast->pos, WRONG_OBJECT_TYPE, "%s cannot be used with %s", ast->symbol, ast->is_all ? "ALL" : "ANY");
        return fail_hint(cx, "ANY and ALL compare: = <> < <= > >=");
    }
    if (ast->args.items[0]->kind == AST_ROW || strcmp(symbol, "=") == 0) {
        return bind_mark(cx, place, ast, symbol, ast->is_all, out);
    }
    Expr *left;
    BoundQuery query;
    Extremes extremes;
    TRY(bind_expr(cx, place, ast->args.items[0], &left));
    TRY(bind_inner(cx, place, ast->query, &query));
    TRY(check_one_column(cx, ast, &query));
    if (!has_extremes(place->binder->plan->columns[query.node->columns[0]].type)) {
        PendingJoin join = {.kind = JOIN_MARK, .pos = ast->pos, .node = query.node};
        Expr *column = make_column(cx, place->binder, query.node->columns[0], ast->pos);
        TRY_POINTER(column);
        TRY(operator_bind(cx, place->binder->arena, symbol, left, column, ast->pos, &join.condition));
        TRY(plan_add_column(cx, place->binder->plan, type_make(TYPE_BOOLEAN), "ANY", true, &join.mark));
        return add_marked(cx, place, join, ast->is_all, out);
    }
    TRY(make_extremes(cx, place, query.node, ast->pos, &extremes));
    TRY(make_any(cx, place, &extremes, symbol, left, ast->pos, out));
    if (ast->is_all) {
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
    return is_in(ast, &negated) ? bind_mark(cx, place, ast, "=", negated, out) : bind_quantified(cx, place, ast, out);
}

/* EXISTS and IN as a conjunct only let rows through. */
static Status bind_filter(const Context *cx, Place *place, const AstExpr *ast, bool negated) {
    PendingJoin join = {.kind = negated ? JOIN_ANTI : JOIN_SEMI, .pos = ast->pos};
    if (ast->kind == AST_EXISTS) {
        BoundQuery query;
        TRY(bind_inner(cx, place, ast->query, &query));
        join.node = query.node;
        return add_pending(cx, place, join);
    }
    join.kind = negated ? JOIN_ANTI_NULL : JOIN_SEMI;
    TRY(bind_comparison(cx, place, ast, "=", &join.node, &join.condition));
    return add_pending(cx, place, join);
}

static Status bind_conjunct(const Context *cx, Place *place, const AstExpr *ast, const char *what, Expr **out) {
    const AstExpr *inner = ast;
    bool negated = false, inner_negated = false;
    while (inner->kind == AST_NOT) {
        inner = inner->args.items[0];
        negated = !negated;
    }
    bool is_query = inner->kind == AST_IN_QUERY || inner->kind == AST_QUANTIFIED;
    if (inner->kind != AST_EXISTS && (!is_query || !is_in(inner, &inner_negated))) {
        return bind_boolean(cx, place, ast, what, out);
    }
    *out = NULL;
    return bind_filter(cx, place, inner, negated != inner_negated);
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

static PendingUse pending_use(const PendingJoin *join) {
    bool filters = join->kind == JOIN_SEMI || join->kind == JOIN_ANTI || join->kind == JOIN_ANTI_NULL;
    return filters ? PENDING_FILTERS : PENDING_VALUES;
}

Status pending_values(const Context *cx, Binder *binder, const PendingJoins *pending, ColumnSet *values) {
    TRY(column_set_init(cx, binder->arena, binder->plan, values));
    for (uint32_t i = 0; i < pending->count; i++) {
        const PendingJoin *join = &pending->items[i];
        if (join_adds_mark(join->kind)) {
            column_set_add(values, join->mark);
        } else if (pending_use(join) == PENDING_VALUES) {
            column_set_add_all(values, join->node->columns, join->node->column_count);
        }
    }
    return OK;
}

bool pending_looks_at(const PendingJoin *join, const ColumnSet *columns) {
    return (join->condition != NULL && expr_touches(join->condition, columns)) || tree_touches(join->node, columns);
}

Status join_pending(const Context *cx, Binder *binder, const PendingJoins *pending, PendingUse use, const ColumnSet *late,
                    bool is_late, LogicalNode **node) {
    for (uint32_t i = 0; i < pending->count; i++) {
        const PendingJoin *join = &pending->items[i];
        if (join->node == NULL || pending_use(join) != use || (late != NULL && pending_looks_at(join, late) != is_late)) {
            continue;
        }
        TRY(make_join(cx, binder, join->pos, join->kind, *node, join->node, join->condition, join->mark, node));
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- branches */

static bool gives_one_row(const LogicalNode *node) {
    while (node->kind == LOGICAL_PROJECT) {
        node = node->children[0];
    }
    return node->kind == LOGICAL_AGGREGATE && node->aggregate.group_count == 0 && node->aggregate.empty_set_count == 0;
}

static bool needs_guard(const PendingJoin *join) {
    bool may_be_many = join->kind == JOIN_SINGLE && !gives_one_row(join->node);
    return join->node != NULL && (may_be_many || tree_may_raise(join->node));
}

/* taken AND NOT (condition IS TRUE) … */
static Status make_guard(const Context *cx, Place *place, Expr *const *conditions, uint32_t stride, uint32_t count, Expr *taken,
                         Expr **guard) {
    Arena *arena = place->binder->arena;
    Value yes = value_i64(type_make(TYPE_BOOLEAN), 1);
    *guard = NULL;
    for (uint32_t i = 0; i < count; i++) {
        Expr *test = expr_new(cx, arena, EXPR_DISTINCT, type_make(TYPE_BOOLEAN), conditions[i * stride]->pos, 2);
        TRY_POINTER(test);
        test->args[0] = conditions[i * stride];
        test->args[1] = expr_constant(cx, arena, &yes, POS_NONE);
        TRY_POINTER(test->args[1]);
        *guard = expr_and(cx, arena, *guard, test);
        TRY_POINTER(*guard);
    }
    if (taken != NULL) {
        *guard = expr_and(cx, arena, *guard, taken);
        TRY_POINTER(*guard);
    }
    return OK;
}

Status guard_subqueries(const Context *cx, Place *place, uint32_t first, Expr *const *conditions, uint32_t stride,
                        uint32_t count, Expr *taken) {
    Expr *guard = NULL;
    for (uint32_t i = first; i < place_subqueries(place); i++) {
        PendingJoin *join = &place->pending->items[i];
        if (!needs_guard(join)) {
            continue;
        }
        if (guard == NULL) {
            TRY(make_guard(cx, place, conditions, stride, count, taken, &guard));
        }
        if (guard == NULL || expr_is_volatile(guard)) {
            return OK;
        }
        join->condition = expr_and(cx, place->binder->arena, guard, join->condition);
        TRY_POINTER(join->condition);
    }
    return OK;
}
