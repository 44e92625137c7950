/* Top-N per group: row_number() <= 3 above a window tells it that further rows of a partition are not needed. The condition
 * stays; the window may drop rows that it refuses. That is right only where no call of the window looks at them. */
#include "plan/rewrite.h"

/* Calls whose value depends on earlier rows alone. */
static bool looks_back_only(const LogicalNode *window) {
    for (uint32_t i = 0; i < window->window.call_count; i++) {
        const WindowCall *call = &window->window.calls[i];
        bool is_rank = call->id == WINDOW_ROW_NUMBER || call->id == WINDOW_RANK || call->id == WINDOW_DENSE_RANK;
        if (!is_rank || call->partition_keys != window->window.partition_count ||
            call->peer_keys != window->window.partition_count + window->window.key_count) {
            return false;
        }
    }
    return true;
}

/* column <= constant and its kin: the greatest value that passes. */
static bool upper_bound(const Expr *condition, ColumnId *column, int64_t *bound) {
    if (condition->kind != EXPR_COMPARE) {
        return false;
    }
    Comparison it = expr_comparison(condition);
    const Expr *left = it.left, *right = it.right;
    if (left->kind != EXPR_COLUMN || right->kind != EXPR_CONSTANT || right->value.is_null || right->type.id != TYPE_BIGINT) {
        return false;
    }
    *column = left->column;
    *bound = it.op == COMPARE_LT ? right->value.i64 - 1 : right->value.i64;
    return (it.op == COMPARE_LE || it.op == COMPARE_EQ || (it.op == COMPARE_LT && right->value.i64 != INT64_MIN)) &&
           *bound >= 1;
}

static void limit_window(LogicalNode *window, ColumnId column, int64_t bound) {
    for (uint32_t i = 0; i < window->window.call_count; i++) {
        const WindowCall *call = &window->window.calls[i];
        bool limits = call->output == column && (call->id == WINDOW_ROW_NUMBER || call->id == WINDOW_RANK);
        if (limits && (window->window.row_limit == 0 || bound < window->window.row_limit)) {
            window->window.row_limit = bound;
            window->window.limit_keeps_ties = call->id == WINDOW_RANK;
        }
    }
}

static Status limit_below(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    LogicalNode *node = *place, *below = node->kind == LOGICAL_FILTER ? node->children[0] : NULL;
    while (below != NULL && (below->kind == LOGICAL_PROJECT || below->kind == LOGICAL_FILTER)) {
        below = below->children[0];
    }
    if (below == NULL || below->kind != LOGICAL_WINDOW || !looks_back_only(below)) {
        return OK;
    }
    ExprList conjuncts = {0};
    TRY(expr_list_add_conjuncts(cx, plan->arena, &conjuncts, node->filter.condition));
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        ColumnId column;
        int64_t bound;
        if (upper_bound(conjuncts.items[i], &column, &bound)) {
            limit_window(below, column, bound);
        }
    }
    return OK;
}

static Status limit_tree(const Context *cx, LogicalPlan *plan, LogicalNode **root) {
    return rewrite_nodes(cx, plan, root, limit_below);
}

Status rewrite_limit_windows(const Context *cx, LogicalPlan *plan) {
    return rewrite_roots(cx, plan, limit_tree);
}
