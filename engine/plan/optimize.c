/* plan_optimize: the rewrites in order, then estimates for lowering. And what the rewrites share (rewrite.h). */
#include "plan/estimate.h"
#include "plan/rewrite.h"

Status rewrite_roots(const Context *cx, LogicalPlan *plan,
                     Status (*rewrite)(const Context *cx, LogicalPlan *plan, LogicalNode **root)) {
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        LogicalNode *root = plan->shared[i].node; /* the array may move when `rewrite` adds to it */
        TRY(rewrite(cx, plan, &root));
        plan->shared[i].node = root;
    }
    return rewrite(cx, plan, &plan->root);
}

Status rewrite_nodes(const Context *cx, LogicalPlan *plan, LogicalNode **place,
                     Status (*rewrite)(const Context *cx, LogicalPlan *plan, LogicalNode **place)) {
    for (uint32_t i = 0; i < (*place)->child_count; i++) {
        TRY(rewrite_nodes(cx, plan, &(*place)->children[i], rewrite));
    }
    return rewrite(cx, plan, place);
}

typedef struct RewriteCall {
    const Context *cx;
    LogicalPlan *plan;
    Status (*rewrite)(const Context *cx, LogicalPlan *plan, Expr **place);
} RewriteCall;

static Status call_rewrite(Expr **place, void *argument) {
    const RewriteCall *call = argument;
    return call->rewrite(call->cx, call->plan, place);
}

Status rewrite_exprs(const Context *cx, LogicalPlan *plan, LogicalNode *node,
                     Status (*rewrite)(const Context *cx, LogicalPlan *plan, Expr **place)) {
    RewriteCall call = {cx, plan, rewrite};
    return logical_each_expr(node, call_rewrite, &call);
}

Status rewrite_wrap_filter(const Context *cx, LogicalPlan *plan, const ExprList *conjuncts, LogicalNode **place) {
    if (conjuncts->count == 0) {
        return OK;
    }
    LogicalNode *child = *place;
    LogicalNode *filter = logical_new(cx, plan->arena, LOGICAL_FILTER, child->pos, 1, child->column_count);
    if (filter == NULL) {
        return OUT_OF_MEMORY;
    }
    filter->children[0] = child;
    memcpy(filter->columns, child->columns, child->column_count * sizeof *child->columns);
    TRY(expr_list_conjunction(cx, plan->arena, conjuncts, &filter->filter.condition));
    *place = filter;
    return OK;
}

Status rewrite_new_join(const Context *cx, LogicalPlan *plan, JoinKind kind, LogicalNode *left, LogicalNode *right,
                        Expr *condition, LogicalNode **join) {
    *join = logical_new(cx, plan->arena, LOGICAL_JOIN, left->pos, 2, left->column_count + right->column_count);
    if (*join == NULL) {
        return OUT_OF_MEMORY;
    }
    (*join)->children[0] = left;
    (*join)->children[1] = right;
    (*join)->join.kind = kind;
    (*join)->join.condition = condition;
    memcpy((*join)->columns, left->columns, left->column_count * sizeof *left->columns);
    memcpy((*join)->columns + left->column_count, right->columns, right->column_count * sizeof *right->columns);
    return OK;
}

static Status block_add(const Context *cx, LogicalPlan *plan, JoinBlock *block, LogicalNode *relation) {
    TRY_APPEND(cx, plan->arena, block->relations, block->capacity, block->count, relation);
    return OK;
}

Status join_block_collect(const Context *cx, LogicalPlan *plan, LogicalNode *node, JoinBlock *block) {
    if (node->kind == LOGICAL_FILTER && !expr_is_volatile(node->filter.condition)) {
        TRY(expr_list_add_conjuncts(cx, plan->arena, &block->conjuncts, node->filter.condition));
        return join_block_collect(cx, plan, node->children[0], block);
    }
    if (node->kind == LOGICAL_JOIN && node->join.kind == JOIN_INNER) {
        TRY(expr_list_add_conjuncts(cx, plan->arena, &block->conjuncts, node->join.condition));
        TRY(join_block_collect(cx, plan, node->children[0], block));
        return join_block_collect(cx, plan, node->children[1], block);
    }
    return block_add(cx, plan, block, node);
}

/* What writes counts on its child's order of columns: a Project holds it fast while joins below change theirs. */
static Status fix_written_order(const Context *cx, LogicalPlan *plan) {
    bool writes = plan->root->kind == LOGICAL_INSERT || plan->root->kind == LOGICAL_CHANGE;
    if (!writes || plan->root->children[0]->kind == LOGICAL_PROJECT) {
        return OK;
    }
    LogicalNode *child = plan->root->children[0];
    LogicalNode *project = logical_new(cx, plan->arena, LOGICAL_PROJECT, child->pos, 1, child->column_count);
    if (project == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY_NEW_ARRAY(cx, plan->arena, project->project.exprs, child->column_count + 1);
    for (uint32_t i = 0; i < child->column_count; i++) {
        const LogicalColumn *column = &plan->columns[child->columns[i]];
        project->columns[i] = child->columns[i];
        project->project.exprs[i] = expr_column(cx, plan->arena, child->columns[i], column->type, column->name, POS_NONE);
        if (project->project.exprs[i] == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    project->children[0] = child;
    plan->root->children[0] = project;
    return OK;
}

Status plan_optimize(const Context *cx, LogicalPlan *plan) {
    TRY(fix_written_order(cx, plan));
#define REWRITE(name, text) TRY(rewrite_##name(cx, plan));
#include "plan/rewrites.def"
#undef REWRITE
    return estimate_plan(cx, plan);
}
