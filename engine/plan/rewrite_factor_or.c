/* Rewrite: (a AND b) OR (a AND c) becomes a AND (b OR c), so that a can be pushed down, serve as a join key, or prune. */
#include "plan/rewrite.h"

static bool list_has(const ExprList *list, const Expr *expr) {
    for (uint32_t i = 0; i < list->count; i++) {
        if (expr_equal(list->items[i], expr)) {
            return true;
        }
    }
    return false;
}

/* The conjuncts of the first branch that all other branches have too. */
static Status common_conjuncts(const Context *cx, LogicalPlan *plan, const ExprList *branches, uint32_t count,
                               ExprList *common) {
    for (uint32_t i = 0; i < branches[0].count; i++) {
        bool in_all = !expr_is_volatile(branches[0].items[i]);
        for (uint32_t b = 1; b < count && in_all; b++) {
            in_all = list_has(&branches[b], branches[0].items[i]);
        }
        if (in_all) {
            TRY(expr_list_add(cx, plan->arena, common, branches[0].items[i]));
        }
    }
    return OK;
}

/* What is left of the branches; *rest = NULL if one has nothing left, which makes the OR true. */
static Status remaining_or(const Context *cx, LogicalPlan *plan, const ExprList *branches, uint32_t count,
                           const ExprList *common, Expr **rest) {
    ExprList alternatives = {0};
    *rest = NULL;
    for (uint32_t b = 0; b < count; b++) {
        ExprList left = {0};
        for (uint32_t i = 0; i < branches[b].count; i++) {
            if (!list_has(common, branches[b].items[i])) {
                TRY(expr_list_add(cx, plan->arena, &left, branches[b].items[i]));
            }
        }
        if (left.count == 0) {
            return OK;
        }
        Expr *branch;
        TRY(expr_list_conjunction(cx, plan->arena, &left, &branch));
        TRY(expr_list_add_new(cx, plan->arena, &alternatives, branch));
    }
    return expr_list_disjunction(cx, plan->arena, &alternatives, rest);
}

static Status factor_or(const Context *cx, LogicalPlan *plan, Expr **place) {
    Expr *expr = *place;
    ExprList *branches, common = {0};
    TRY_NEW_ARRAY(cx, plan->arena, branches, expr->arg_count);
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        TRY(expr_list_add_conjuncts(cx, plan->arena, &branches[i], expr->args[i]));
    }
    TRY(common_conjuncts(cx, plan, branches, expr->arg_count, &common));
    if (common.count == 0) {
        return OK;
    }
    Expr *rest;
    TRY(remaining_or(cx, plan, branches, expr->arg_count, &common, &rest));
    if (rest != NULL) {
        TRY(expr_list_add(cx, plan->arena, &common, rest));
    }
    return expr_list_conjunction(cx, plan->arena, &common, place);
}

Status rewrite_factor(const Context *cx, LogicalPlan *plan, Expr **place) {
    if ((*place)->kind == EXPR_OR) {
        return factor_or(cx, plan, place);
    }
    if ((*place)->kind != EXPR_AND) {
        return OK;
    }
    ExprList conjuncts = {0}, flat = {0};
    TRY(expr_list_add_conjuncts(cx, plan->arena, &conjuncts, *place));
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        Expr *conjunct = conjuncts.items[i];
        TRY(rewrite_factor(cx, plan, &conjunct));
        TRY(expr_list_add_conjuncts(cx, plan->arena, &flat, conjunct));
    }
    return expr_list_conjunction(cx, plan->arena, &flat, place);
}

static Status factor_node(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    LogicalNode *node = *place;
    if (node->kind == LOGICAL_FILTER) {
        return rewrite_factor(cx, plan, &node->filter.condition);
    }
    if (node->kind == LOGICAL_JOIN && node->join.condition != NULL) {
        return rewrite_factor(cx, plan, &node->join.condition);
    }
    return OK;
}

static Status factor_tree(const Context *cx, LogicalPlan *plan, LogicalNode **root) {
    return rewrite_nodes(cx, plan, root, factor_node);
}

Status rewrite_factor_or(const Context *cx, LogicalPlan *plan) {
    return rewrite_roots(cx, plan, factor_tree);
}
