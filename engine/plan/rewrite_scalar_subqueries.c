/* Rewrite: a scalar subquery that a condition compares with one relation is joined to that relation, not to the result of all
 * joins: WHERE d_month = (SELECT …) then chooses among dates before facts are joined to them. */
#include "plan/rewrite.h"

/* What the condition names on the single join's left side. False if it does not compare that with the subquery alone. */
static Status compared_columns(const Context *cx, LogicalPlan *plan, const LogicalNode *single, const Expr *condition,
                               ColumnSet *columns, bool *is_compared) {
    const LogicalNode *left = single->children[0], *right = single->children[1];
    ColumnSet both, named, value;
    TRY(column_set_init(cx, plan->arena, plan, &both));
    TRY(column_set_init(cx, plan->arena, plan, &named));
    TRY(column_set_init(cx, plan->arena, plan, &value));
    TRY(column_set_init(cx, plan->arena, plan, columns));
    column_set_add_all(&value, right->columns, right->column_count);
    column_set_add_all(&both, right->columns, right->column_count);
    column_set_add_all(&both, left->columns, left->column_count);
    column_set_add_expr(&named, condition);
    for (uint32_t i = 0; i < left->column_count; i++) {
        if (column_set_has(&named, left->columns[i])) {
            column_set_add(columns, left->columns[i]);
        }
    }
    *is_compared = !expr_is_volatile(condition) && expr_touches(condition, &value) && expr_is_within(condition, &both) &&
                   bits_count(columns->bits, columns->capacity) > 0;
    return OK;
}

/* *place is a join of all rows with a scalar subquery's one. */
static Status sink_single(const Context *cx, LogicalPlan *plan, const ExprList *conditions, LogicalNode **place, bool *sinks) {
    LogicalNode *single = *place;
    for (uint32_t i = 0; i < conditions->count; i++) {
        ColumnSet columns;
        bool is_compared;
        TRY(compared_columns(cx, plan, single, conditions->items[i], &columns, &is_compared));
        if (is_compared && rewrite_lower_place(&single->children[0], &columns) != NULL) {
            *sinks = true;
            *place = single->children[0];
            return rewrite_sink_join(cx, plan, place, single, &columns);
        }
    }
    return OK;
}

static Status sink_below(const Context *cx, LogicalPlan *plan, ExprList *conditions, LogicalNode **place, bool *sinks);

static Status sink_anew(const Context *cx, LogicalPlan *plan, LogicalNode **root, bool *sinks) {
    ExprList conditions = {0};
    return sink_below(cx, plan, &conditions, root, sinks);
}

static bool keeps_left(const LogicalNode *node) {
    return node->kind == LOGICAL_FILTER ||
           (node->kind == LOGICAL_JOIN && node->join.kind != JOIN_RIGHT && node->join.kind != JOIN_FULL);
}

/* The conditions are those above that hold for every row of *place that matters. *sinks: something below has moved. */
static Status sink_below(const Context *cx, LogicalPlan *plan, ExprList *conditions, LogicalNode **place, bool *sinks) {
    LogicalNode *node = *place;
    bool is_inner = node->kind == LOGICAL_JOIN && node->join.kind == JOIN_INNER, moves = false;
    if (node->kind == LOGICAL_FILTER || is_inner) {
        TRY(expr_list_add_conjuncts(cx, plan->arena, conditions, is_inner ? node->join.condition : node->filter.condition));
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        if (is_inner || (keeps_left(node) && i == 0)) {
            TRY(sink_below(cx, plan, conditions, &node->children[i], &moves));
        } else {
            TRY(sink_anew(cx, plan, &node->children[i], sinks));
        }
    }
    if (moves) {
        TRY(rewrite_set_columns(cx, plan, node));
    }
    *sinks |= moves;
    bool is_free = node->kind == LOGICAL_JOIN && node->join.kind == JOIN_SINGLE && node->join.condition == NULL;
    return is_free ? sink_single(cx, plan, conditions, place, sinks) : OK;
}

static Status sink_tree(const Context *cx, LogicalPlan *plan, LogicalNode **root) {
    bool sinks = false;
    TRY(sink_anew(cx, plan, root, &sinks));
    return sinks ? rewrite_push_filters_of(cx, plan, root) : OK; /* the conditions follow */
}

Status rewrite_scalar_subqueries(const Context *cx, LogicalPlan *plan) {
    return rewrite_roots(cx, plan, sink_tree);
}
