/* Rewrite: every expression is folded, and comparisons of a widened column (an integer, a date taken as a timestamp) with a
 * constant are made in the column's own type, so that scans can evaluate them on stored codes. */
#include "plan/rewrite.h"

#include "core/datetime.h"

/* date op timestamp: the day's comparison, where there is one. */
static Expr *unwrap_date(const Context *cx, Arena *arena, const Expr *node, const Value *bound) {
    int64_t day = bound->i64 / MICROS_PER_DAY - (bound->i64 % MICROS_PER_DAY < 0);
    CompareOp op = node->compare;
    if (day * MICROS_PER_DAY != bound->i64) { /* within the day: its midnight lies before */
        if (op == COMPARE_EQ || op == COMPARE_NE) {
            return NULL;
        }
        op = op == COMPARE_LT || op == COMPARE_LE ? COMPARE_LE : COMPARE_GT;
    }
    Value date = value_i64(type_make(TYPE_DATE), day);
    Expr *constant = expr_constant(cx, arena, &date, node->args[1]->pos);
    return constant == NULL ? NULL : expr_compare(cx, arena, op, node->args[0]->args[0], constant);
}

static Expr *unwrap_comparison(const Context *cx, Arena *arena, const Expr *node, void *argument) {
    (void)argument;
    if (node->kind != EXPR_COMPARE || node->args[0]->kind == EXPR_CONSTANT || node->args[1]->kind != EXPR_CONSTANT ||
        node->args[0]->kind != EXPR_CAST) {
        return NULL;
    }
    const Value *bound = &node->args[1]->value;
    if (!bound->is_null && node->args[0]->type.id == TYPE_TIMESTAMP && node->args[0]->args[0]->type.id == TYPE_DATE &&
        node->args[0]->args[0]->kind == EXPR_COLUMN) {
        return unwrap_date(cx, arena, node, bound);
    }
    const Expr *column = expr_widened_column(node->args[0]);
    if (column == NULL || bound->is_null || !type_is_integer(node->args[1]->type)) {
        return NULL;
    }
    int64_t most = column->type.id == TYPE_SMALLINT ? INT16_MAX : INT32_MAX;
    if (column->type.id == TYPE_BIGINT || bound->i64 > most || bound->i64 < -most - 1) {
        return NULL;
    }
    Value narrow = value_i64(column->type, bound->i64);
    Expr *constant = expr_constant(cx, arena, &narrow, node->args[1]->pos);
    return constant == NULL ? NULL : expr_compare(cx, arena, node->compare, (Expr *)(uintptr_t)column, constant);
}

Status rewrite_unwrap_comparisons(const Context *cx, LogicalPlan *plan, Expr **place) {
    *place = expr_transform(cx, plan->arena, *place, unwrap_comparison, NULL);
    return *place == NULL ? OUT_OF_MEMORY : OK;
}

static Status fold_expr(const Context *cx, LogicalPlan *plan, Expr **place) {
    Expr *folded;
    TRY(expr_fold(cx, plan->arena, *place, &folded));
    *place = folded;
    if (folded->kind == EXPR_CONSTANT || folded->kind == EXPR_COLUMN) {
        return OK;
    }
    return rewrite_unwrap_comparisons(cx, plan, place);
}

static Status fold_node(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    return rewrite_exprs(cx, plan, *place, fold_expr);
}

static Status fold_tree(const Context *cx, LogicalPlan *plan, LogicalNode **root) {
    return rewrite_nodes(cx, plan, root, fold_node);
}

Status rewrite_fold(const Context *cx, LogicalPlan *plan) {
    return rewrite_roots(cx, plan, fold_tree);
}
