/* Rewrite: every expression is folded, and comparisons of a widened integer column with a constant are made in the column's
 * own type, so that scans can evaluate them on stored codes. */
#include "plan/rewrite.h"

static Expr *unwrap_comparison(const Context *cx, Arena *arena, const Expr *node, void *argument) {
    (void)argument;
    if (node->kind != EXPR_COMPARE || node->args[0]->kind == EXPR_CONSTANT || node->args[1]->kind != EXPR_CONSTANT ||
        node->args[0]->kind != EXPR_CAST) {
        return NULL;
    }
    const Expr *column = expr_widened_column(node->args[0]);
    const Value *bound = &node->args[1]->value;
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
