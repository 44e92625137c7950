/* Pulling conditions that name free columns up to the dependent join (unnest.h): out of filters and inner joins, through
 * projections and the left sides of other joins. Nothing else between may look at a free column. */
#include "plan/unnest.h"

static bool can_move(const Expr *conjunct) {
    return !expr_is_volatile(conjunct);
}

static bool can_pull_condition(const Unnest *u, const Expr *condition) {
    if (condition == NULL || !expr_touches(condition, &u->outer)) {
        return true;
    }
    if (condition->kind != EXPR_AND) {
        return can_move(condition);
    }
    for (uint32_t i = 0; i < condition->arg_count; i++) {
        if (!can_pull_condition(u, condition->args[i])) {
            return false;
        }
    }
    return true;
}

static bool can_pull_join(const Unnest *u, const LogicalNode *join) {
    const LogicalNode *left = join->children[0], *right = join->children[1];
    switch (join->join.kind) {
    case JOIN_INNER:
        return can_pull_condition(u, join->join.condition) && unnest_can_pull(u, left) && unnest_can_pull(u, right);
    case JOIN_RIGHT:
    case JOIN_FULL: return false;
    default: return !node_touches(join, &u->outer) && !tree_touches(right, &u->outer) && unnest_can_pull(u, left);
    }
}

bool unnest_can_pull(const Unnest *u, const LogicalNode *node) {
    if (!tree_touches(node, &u->outer)) {
        return true;
    }
    switch (node->kind) {
    case LOGICAL_FILTER: return can_pull_condition(u, node->filter.condition) && unnest_can_pull(u, node->children[0]);
    case LOGICAL_PROJECT: return !node_touches(node, &u->outer) && unnest_can_pull(u, node->children[0]);
    case LOGICAL_SORT: return unnest_can_pull(u, node->children[0]); /* without a LIMIT the order inside is nobody's */
    case LOGICAL_JOIN: return can_pull_join(u, node);
    default: return false;
    }
}

/* Takes the conjuncts that name free columns out of a condition. */
static Status split(Unnest *u, Expr **condition, ExprList *pulled) {
    ExprList all = {0}, kept = {0};
    TRY(expr_list_add_conjuncts(u->cx, u->plan->arena, &all, *condition));
    for (uint32_t i = 0; i < all.count; i++) {
        bool is_pulled = expr_touches(all.items[i], &u->outer);
        TRY(expr_list_add(u->cx, u->plan->arena, is_pulled ? pulled : &kept, all.items[i]));
    }
    return expr_list_conjunction(u->cx, u->plan->arena, &kept, condition);
}

static bool has_column(const LogicalNode *node, ColumnId id) {
    for (uint32_t i = 0; i < node->column_count; i++) {
        if (node->columns[i] == id) {
            return true;
        }
    }
    return false;
}

/* A projection passes on what the pulled conditions need of its input. */
static Status pass_needed(Unnest *u, LogicalNode *project, const ExprList *pulled) {
    const LogicalNode *child = project->children[0];
    ColumnSet needed;
    TRY(column_set_init(u->cx, u->plan->arena, u->plan, &needed));
    for (uint32_t i = 0; i < pulled->count; i++) {
        column_set_add_expr(&needed, pulled->items[i]);
    }
    for (uint32_t i = 0; i < child->column_count; i++) {
        Expr *column;
        if (column_set_has(&needed, child->columns[i]) && !has_column(project, child->columns[i])) {
            TRY(plan_column(u->cx, u->plan, child->columns[i], &column));
            TRY(project_add(u->cx, u->plan, project, child->columns[i], column));
        }
    }
    return OK;
}

static void set_columns(LogicalNode *node, const LogicalNode *like) {
    node->columns = like->columns;
    node->column_count = like->column_count;
}

static Status pull_join(Unnest *u, LogicalNode **place, ExprList *pulled) {
    LogicalNode *join = *place;
    TRY(unnest_pull(u, &join->children[0], pulled));
    if (join->join.kind == JOIN_INNER) {
        TRY(unnest_pull(u, &join->children[1], pulled));
        TRY(split(u, &join->join.condition, pulled));
    }
    return make_plan_join(u->cx, u->plan, join->join.kind, join->children[0], join->children[1], join->join.condition,
                          join->join.mark, place);
}

Status unnest_pull(Unnest *u, LogicalNode **place, ExprList *pulled) {
    LogicalNode *node = *place;
    if (!tree_touches(node, &u->outer)) {
        return OK;
    }
    switch (node->kind) {
    case LOGICAL_SORT: *place = node->children[0]; return unnest_pull(u, place, pulled);
    case LOGICAL_JOIN: return pull_join(u, place, pulled);
    case LOGICAL_PROJECT: TRY(unnest_pull(u, &node->children[0], pulled)); return pass_needed(u, node, pulled);
    default: break;
    }
    TRY(split(u, &node->filter.condition, pulled));
    TRY(unnest_pull(u, &node->children[0], pulled));
    set_columns(node, node->children[0]);
    if (node->filter.condition == NULL) {
        *place = node->children[0];
    }
    return OK;
}
