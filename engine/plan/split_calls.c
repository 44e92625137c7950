/* Grouping twice (split_calls.h). */
#include "plan/split_calls.h"

bool calls_take_same_values(const AggregateCall *a, const AggregateCall *b) {
    bool same = a->arg_count == b->arg_count;
    for (uint32_t i = 0; i < a->arg_count && same; i++) {
        same = expr_equal(a->args[i], b->args[i]) && !expr_is_volatile(a->args[i]);
    }
    return same;
}

bool calls_take_same_rows(const AggregateCall *a, const AggregateCall *b) {
    return a->filter == NULL || b->filter == NULL ? a->filter == b->filter : expr_equal(a->filter, b->filter);
}

Status plan_column_expr(const Context *cx, LogicalPlan *plan, ColumnId id, Expr **out) {
    const LogicalColumn *column = &plan->columns[id];
    *out = expr_column(cx, plan->arena, id, column->type, column->name, POS_NONE);
    return *out == NULL ? OUT_OF_MEMORY : OK;
}

Status new_grouping(const Context *cx, LogicalPlan *plan, LogicalNode *child, uint32_t groups, uint32_t calls, SourcePos pos,
                    LogicalNode **out) {
    LogicalNode *node = logical_new(cx, plan->arena, LOGICAL_AGGREGATE, pos, 1, groups + calls);
    if (node == NULL) {
        return OUT_OF_MEMORY;
    }
    node->children[0] = child;
    TRY_NEW_ARRAY(cx, plan->arena, node->aggregate.groups, groups + 1);
    TRY_NEW_ARRAY(cx, plan->arena, node->aggregate.calls, calls + 1);
    node->aggregate.group_count = groups;
    node->aggregate.call_count = calls;
    *out = node;
    return OK;
}

static bool same_call(const AggregateCall *a, const AggregateCall *b) {
    return aggregate_equal(a->aggregate, b->aggregate) && calls_take_same_values(a, b) && calls_take_same_rows(a, b);
}

/* Sums and means, or branches of several CASEs, may want the same partial result. */
static const AggregateCall *find_call(const LogicalNode *grouping, uint32_t count, const AggregateCall *call) {
    for (uint32_t i = 0; i < count; i++) {
        if (same_call(&grouping->aggregate.calls[i], call)) {
            return &grouping->aggregate.calls[i];
        }
    }
    return NULL;
}

Status split_add_partials(const Context *cx, LogicalPlan *plan, const AggregateCall *call, SplitCall *split, LogicalNode *inner,
                          uint32_t *next) {
    for (uint32_t k = 0; k < split->split.count; k++) {
        AggregateCall partial = *call;
        partial.aggregate = split->split.partial[k];
        partial.arg_count = partial.aggregate->argument_count;
        const AggregateCall *same = find_call(inner, *next, &partial);
        if (same == NULL) {
            TRY(plan_add_column(cx, plan, partial.aggregate->result, call->text, true, &partial.output));
            inner->aggregate.calls[*next] = partial;
            inner->columns[inner->aggregate.group_count + (*next)++] = partial.output;
        }
        split->partials[k] = same == NULL ? partial.output : same->output;
    }
    return OK;
}

Status split_add_finals(const Context *cx, LogicalPlan *plan, const AggregateCall *call, SplitCall *split, Expr *const *args,
                        LogicalNode *outer, uint32_t *next) {
    for (uint32_t k = 0; k < split->split.count; k++) {
        AggregateCall *final = &outer->aggregate.calls[*next];
        *final =
            (AggregateCall){.output = call->output, .aggregate = split->split.final[k], .arg_count = 1, .text = call->text};
        TRY_NEW(cx, plan->arena, final->args);
        if (args == NULL) {
            TRY(plan_column_expr(cx, plan, split->partials[k], &final->args[0]));
        } else {
            final->args[0] = args[k];
            final->filter = call->filter;
        }
        if (split->finish != NULL) {
            TRY(plan_add_column(cx, plan, final->aggregate->result, call->text, true, &final->output));
            split->partials[k] = final->output;
        }
        outer->columns[outer->aggregate.group_count + (*next)++] = final->output;
    }
    return OK;
}

typedef struct Finals {
    const LogicalPlan *plan;
    const ColumnId *columns; /* what SLOT 0 and 1 stand for */
} Finals;

static Expr *slot_to_column(const Context *cx, Arena *arena, const Expr *expr, void *finals_) {
    const Finals *finals = finals_;
    if (expr->kind != EXPR_SLOT) {
        return NULL;
    }
    ColumnId id = finals->columns[expr->slot];
    return expr_column(cx, arena, id, expr->type, finals->plan->columns[id].name, POS_NONE);
}

static bool needs_project(const LogicalNode *node, const SplitCall *splits) {
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        if (splits[i].finish != NULL) {
            return true;
        }
    }
    return false;
}

Status split_finish(const Context *cx, LogicalPlan *plan, const LogicalNode *node, const SplitCall *splits, LogicalNode *outer,
                    LogicalNode **out) {
    uint32_t groups = node->aggregate.group_count;
    *out = outer;
    if (!needs_project(node, splits)) {
        return OK;
    }
    LogicalNode *project = logical_new(cx, plan->arena, LOGICAL_PROJECT, node->pos, 1, node->column_count);
    if (project == NULL) {
        return OUT_OF_MEMORY;
    }
    project->children[0] = outer;
    TRY_NEW_ARRAY(cx, plan->arena, project->project.exprs, node->column_count);
    for (uint32_t i = 0; i < node->column_count; i++) {
        const SplitCall *split = i < groups ? NULL : &splits[i - groups];
        Expr **expr = &project->project.exprs[i];
        project->columns[i] = node->columns[i];
        if (split == NULL || split->finish == NULL) {
            TRY(plan_column_expr(cx, plan, node->columns[i], expr));
            continue;
        }
        Finals finals = {plan, split->partials};
        *expr = expr_transform(cx, plan->arena, split->finish, slot_to_column, &finals);
        if (*expr == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    *out = project;
    return OK;
}
