/* Rewrite: RIGHT joins become LEFT joins with the sides exchanged, and an outer join whose added NULL rows some condition above
 * would refuse anyway becomes an inner join (or a FULL one a LEFT one). Going down, the columns are collected that cannot be
 * NULL in any row that survives. */
#include "plan/rewrite.h"

#include "expr/functions.h"

/* The expression is NULL whenever all columns of the set are NULL. */
static bool becomes_null(const Expr *expr, const ColumnSet *columns) {
    switch (expr->kind) {
    case EXPR_COLUMN: return column_set_has(columns, expr->column);
    case EXPR_CONSTANT: return expr->value.is_null;
    case EXPR_CAST:
    case EXPR_NOT:
    case EXPR_IN: return becomes_null(expr->args[0], columns);
    case EXPR_COMPARE: return becomes_null(expr->args[0], columns) || becomes_null(expr->args[1], columns);
    case EXPR_CALL:
        for (uint32_t i = 0; i < expr->arg_count && expr->function->is_strict; i++) {
            if (becomes_null(expr->args[i], columns)) {
                return true;
            }
        }
        return false;
    default: return false;
    }
}

/* True if the condition cannot be true where all columns of the set are NULL. */
static bool rejects_null(const Expr *condition, const ColumnSet *columns) {
    switch (condition->kind) {
    case EXPR_AND:
        for (uint32_t i = 0; i < condition->arg_count; i++) {
            if (rejects_null(condition->args[i], columns)) {
                return true;
            }
        }
        return false;
    case EXPR_OR:
        for (uint32_t i = 0; i < condition->arg_count; i++) {
            if (!rejects_null(condition->args[i], columns)) {
                return false;
            }
        }
        return true;
    case EXPR_NOT:
        if (condition->args[0]->kind == EXPR_IS_NULL) {
            return becomes_null(condition->args[0]->args[0], columns);
        }
        return becomes_null(condition->args[0], columns);
    default: return becomes_null(condition, columns);
    }
}

static Status simplify(const Context *cx, LogicalPlan *plan, LogicalNode *node, const ColumnSet *not_null);

/* Adds the columns that the condition, known to be true, shows not to be NULL. */
static Status add_rejected(const Context *cx, LogicalPlan *plan, const Expr *condition, ColumnSet *not_null) {
    if (condition == NULL) {
        return OK;
    }
    ColumnSet mentioned, one;
    TRY(column_set_init(cx, plan->arena, plan, &mentioned));
    TRY(column_set_init(cx, plan->arena, plan, &one));
    column_set_add_expr(&mentioned, condition);
    for (ColumnId id = 0; id < mentioned.capacity; id++) {
        if (!bit_get(mentioned.bits, id)) {
            continue;
        }
        bit_set(one.bits, id);
        if (rejects_null(condition, &one)) {
            column_set_add(not_null, id);
        }
        bit_clear(one.bits, id);
    }
    return OK;
}

static bool has_any(const ColumnSet *set, const LogicalNode *node) {
    for (uint32_t i = 0; i < node->column_count; i++) {
        if (column_set_has(set, node->columns[i])) {
            return true;
        }
    }
    return false;
}

/* The sides may have more columns than the join, which lists what it had before they were unnested. */
static Status swap_sides(const Context *cx, LogicalPlan *plan, LogicalNode *join) {
    LogicalNode *left = join->children[0], *right = join->children[1];
    join->children[0] = right;
    join->children[1] = left;
    join->column_count = left->column_count + right->column_count;
    TRY_NEW_ARRAY(cx, plan->arena, join->columns, join->column_count + 1);
    memcpy(join->columns, right->columns, right->column_count * sizeof *right->columns);
    memcpy(join->columns + right->column_count, left->columns, left->column_count * sizeof *left->columns);
    join->join.kind = JOIN_LEFT;
    return OK;
}

static Status settle_kind(const Context *cx, LogicalPlan *plan, LogicalNode *join, const ColumnSet *not_null) {
    bool keeps_left = has_any(not_null, join->children[0]), keeps_right = has_any(not_null, join->children[1]);
    if (join->join.kind == JOIN_FULL && (keeps_left || keeps_right)) {
        join->join.kind = keeps_left && keeps_right ? JOIN_INNER : keeps_left ? JOIN_LEFT : JOIN_RIGHT;
        keeps_left = keeps_right = false;
    }
    if (join->join.kind == JOIN_RIGHT) {
        TRY(swap_sides(cx, plan, join));
        keeps_right = keeps_left;
    }
    if (join->join.kind == JOIN_LEFT && keeps_right) {
        join->join.kind = JOIN_INNER;
    }
    return OK;
}

/* What the condition refuses holds for a side whose unmatched rows do not come out. */
static Status simplify_join(const Context *cx, LogicalPlan *plan, LogicalNode *join, const ColumnSet *not_null) {
    TRY(settle_kind(cx, plan, join, not_null));
    JoinKind kind = join->join.kind;
    ColumnSet none, above, both;
    TRY(column_set_init(cx, plan->arena, plan, &none));
    TRY(column_set_init(cx, plan->arena, plan, &above));
    TRY(column_set_init(cx, plan->arena, plan, &both));
    if (kind != JOIN_FULL) {
        column_set_copy(&above, not_null);
    }
    column_set_copy(&both, &above);
    bool condition_binds = kind != JOIN_ANTI_NULL && kind != JOIN_MARK && kind != JOIN_FULL;
    if (condition_binds) {
        TRY(add_rejected(cx, plan, join->join.condition, &both));
    }
    bool left_binds = kind == JOIN_INNER || kind == JOIN_SEMI;
    TRY(simplify(cx, plan, join->children[0], left_binds ? &both : &above));
    return simplify(cx, plan, join->children[1], condition_binds ? &both : &none);
}

static Status simplify_project(const Context *cx, LogicalPlan *plan, LogicalNode *node, const ColumnSet *not_null) {
    ColumnSet below;
    TRY(column_set_init(cx, plan->arena, plan, &below));
    for (uint32_t i = 0; i < node->column_count; i++) {
        if (column_set_has(not_null, node->columns[i]) && expr_is_column(node->project.exprs[i])) {
            column_set_add(&below, node->project.exprs[i]->column);
        }
    }
    return simplify(cx, plan, node->children[0], &below);
}

static Status simplify_aggregate(const Context *cx, LogicalPlan *plan, LogicalNode *node, const ColumnSet *not_null) {
    ColumnSet below;
    TRY(column_set_init(cx, plan->arena, plan, &below));
    for (uint32_t i = 0; i < node->aggregate.group_count; i++) {
        if (column_set_has(not_null, node->columns[i]) && expr_is_column(node->aggregate.groups[i])) {
            column_set_add(&below, node->aggregate.groups[i]->column);
        }
    }
    return simplify(cx, plan, node->children[0], &below);
}

static Status simplify(const Context *cx, LogicalPlan *plan, LogicalNode *node, const ColumnSet *not_null) {
    ColumnSet below;
    TRY(column_set_init(cx, plan->arena, plan, &below));
    switch (node->kind) {
    case LOGICAL_JOIN: return simplify_join(cx, plan, node, not_null);
    case LOGICAL_PROJECT: return simplify_project(cx, plan, node, not_null);
    case LOGICAL_AGGREGATE: return simplify_aggregate(cx, plan, node, not_null);
    case LOGICAL_FILTER:
        column_set_copy(&below, not_null);
        TRY(add_rejected(cx, plan, node->filter.condition, &below));
        break;
    case LOGICAL_SORT: column_set_copy(&below, not_null); break;
    default: break; /* nothing above reaches through */
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(simplify(cx, plan, node->children[i], &below));
    }
    return OK;
}

static Status simplify_tree(const Context *cx, LogicalPlan *plan, LogicalNode **root) {
    ColumnSet none;
    TRY(column_set_init(cx, plan->arena, plan, &none));
    return simplify(cx, plan, *root, &none);
}

Status rewrite_outer_joins(const Context *cx, LogicalPlan *plan) {
    return rewrite_roots(cx, plan, simplify_tree);
}
