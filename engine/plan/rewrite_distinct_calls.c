/* Rewrite: aggregates over the DISTINCT values of the same arguments become two groupings. The inner one groups by the
 * arguments too, so that each of their values comes once per group; other aggregates are split as between nodes:
 *
 *     SELECT g, count(DISTINCT a), avg(b) … GROUP BY g
 *     SELECT g, count(a), sum(s) / sum(n) FROM (SELECT g, a, sum(b) s, count(b) n … GROUP BY g, a) GROUP BY g
 *
 * Both groupings know all that groupings know: arrays where the values are few, parallel parts, two phases between nodes. Calls
 * over different arguments, or with a FILTER, stay with the sets of hash aggregation. */
#include "plan/rewrite.h"

typedef struct SplitCall {
    AggregateSplit split;
    Expr *finish;
    ColumnId partials[2]; /* of the inner grouping */
} SplitCall;

typedef struct Distinct {
    LogicalNode *node;
    const AggregateCall *first; /* one of the calls with DISTINCT */
    SplitCall *splits;          /* of the others */
    LogicalNode *inner, *outer;
    Expr **values; /* first's arguments, as columns of the inner grouping */
    bool needs_project;
} Distinct;

static bool same_arguments(const AggregateCall *a, const AggregateCall *b) {
    bool same = a->arg_count == b->arg_count;
    for (uint32_t i = 0; i < a->arg_count && same; i++) {
        same = expr_equal(a->args[i], b->args[i]) && !expr_is_volatile(a->args[i]);
    }
    return same;
}

/* All DISTINCT calls are over the same arguments, and all others can be split. */
static Status check(const Context *cx, LogicalPlan *plan, Distinct *distinct, bool *applies) {
    LogicalNode *node = distinct->node;
    uint32_t count = node->aggregate.call_count;
    *applies = false;
    TRY_NEW_ARRAY(cx, plan->arena, distinct->splits, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const AggregateCall *call = &node->aggregate.calls[i];
        SplitCall *split = &distinct->splits[i];
        if (!call->is_distinct) {
            TRY(aggregate_split(cx, plan->arena, call->aggregate, &split->split, &split->finish));
            distinct->needs_project |= split->finish != NULL;
            if (split->split.count == 0) {
                return OK;
            }
            continue;
        }
        distinct->first = distinct->first == NULL ? call : distinct->first;
        if (call->filter != NULL || call->arg_count == 0 || !same_arguments(call, distinct->first)) {
            return OK;
        }
    }
    *applies = distinct->first != NULL;
    return OK;
}

static Status new_column(const Context *cx, LogicalPlan *plan, ColumnId id, Expr **out) {
    const LogicalColumn *column = &plan->columns[id];
    *out = expr_column(cx, plan->arena, id, column->type, column->name, POS_NONE);
    return *out == NULL ? OUT_OF_MEMORY : OK;
}

static Status new_grouping(const Context *cx, LogicalPlan *plan, LogicalNode *child, uint32_t groups, uint32_t calls,
                           SourcePos pos, LogicalNode **out) {
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

/* ------------------------------------------------------------------------------------------------------- the inner grouping */

/* The argument as a group of the inner node: one that is there already, or a further one. */
static Status add_value(const Context *cx, LogicalPlan *plan, LogicalNode *inner, Expr *argument, Expr **value) {
    uint32_t g = 0;
    while (g < inner->aggregate.group_count && !expr_equal(inner->aggregate.groups[g], argument)) {
        g++;
    }
    if (g == inner->aggregate.group_count) {
        inner->aggregate.groups[g] = argument;
        if (expr_is_column(argument)) {
            inner->columns[g] = argument->column;
        } else {
            bool can_be_null = expr_can_be_null(plan, argument);
            TRY(plan_add_column(cx, plan, argument->type, "distinct value", can_be_null, &inner->columns[g]));
        }
        inner->aggregate.group_count++;
    }
    return new_column(cx, plan, inner->columns[g], value);
}

static Status add_partials(const Context *cx, LogicalPlan *plan, const AggregateCall *call, SplitCall *split,
                           LogicalNode *inner, uint32_t *next) {
    for (uint32_t k = 0; k < split->split.count; k++) {
        AggregateCall *partial = &inner->aggregate.calls[*next];
        *partial = *call;
        partial->aggregate = split->split.partial[k];
        partial->arg_count = partial->aggregate->argument_count;
        TRY(plan_add_column(cx, plan, partial->aggregate->result, call->text, true, &partial->output));
        split->partials[k] = partial->output;
        inner->columns[inner->aggregate.group_count + (*next)++] = partial->output;
    }
    return OK;
}

static Status build_inner(const Context *cx, LogicalPlan *plan, Distinct *distinct) {
    LogicalNode *node = distinct->node, *inner;
    uint32_t groups = node->aggregate.group_count, values = distinct->first->arg_count, partials = 0, next = 0;
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        partials += distinct->splits[i].split.count;
    }
    TRY(new_grouping(cx, plan, node->children[0], groups + values, partials, node->pos, &inner));
    inner->aggregate.group_count = groups;
    memcpy(inner->aggregate.groups, node->aggregate.groups, sizeof *inner->aggregate.groups * groups);
    memcpy(inner->columns, node->columns, sizeof *inner->columns * groups);
    TRY_NEW_ARRAY(cx, plan->arena, distinct->values, values);
    for (uint32_t a = 0; a < values; a++) {
        TRY(add_value(cx, plan, inner, distinct->first->args[a], &distinct->values[a]));
    }
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        TRY(add_partials(cx, plan, &node->aggregate.calls[i], &distinct->splits[i], inner, &next));
    }
    inner->column_count = inner->aggregate.group_count + partials;
    distinct->inner = inner;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------- the outer grouping */

/* The calls over the inner node that call `i` becomes. */
static Status add_finals(const Context *cx, LogicalPlan *plan, Distinct *distinct, uint32_t i, uint32_t *next) {
    const AggregateCall *call = &distinct->node->aggregate.calls[i];
    LogicalNode *outer = distinct->outer;
    SplitCall *split = &distinct->splits[i];
    for (uint32_t k = 0; k < (call->is_distinct ? 1 : split->split.count); k++) {
        AggregateCall *final = &outer->aggregate.calls[*next];
        *final = *call;
        final->is_distinct = false;
        final->filter = NULL;
        if (call->is_distinct) {
            final->args = distinct->values;
        } else {
            final->aggregate = split->split.final[k];
            final->arg_count = 1;
            TRY_NEW(cx, plan->arena, final->args);
            TRY(new_column(cx, plan, split->partials[k], &final->args[0]));
        }
        if (split->finish != NULL) {
            TRY(plan_add_column(cx, plan, final->aggregate->result, call->text, true, &final->output));
            split->partials[k] = final->output;
        }
        outer->columns[outer->aggregate.group_count + (*next)++] = final->output;
    }
    return OK;
}

static Status build_outer(const Context *cx, LogicalPlan *plan, Distinct *distinct) {
    const LogicalNode *node = distinct->node;
    uint32_t groups = node->aggregate.group_count, calls = 0, next = 0;
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        calls += node->aggregate.calls[i].is_distinct ? 1 : distinct->splits[i].split.count;
    }
    TRY(new_grouping(cx, plan, distinct->inner, groups, calls, node->pos, &distinct->outer));
    for (uint32_t g = 0; g < groups; g++) {
        distinct->outer->columns[g] = node->columns[g];
        TRY(new_column(cx, plan, node->columns[g], &distinct->outer->aggregate.groups[g]));
    }
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        TRY(add_finals(cx, plan, distinct, i, &next));
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------- the last step */

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

static Status build_project(const Context *cx, LogicalPlan *plan, Distinct *distinct, LogicalNode **out) {
    const LogicalNode *node = distinct->node;
    uint32_t groups = node->aggregate.group_count;
    LogicalNode *project = logical_new(cx, plan->arena, LOGICAL_PROJECT, node->pos, 1, node->column_count);
    if (project == NULL) {
        return OUT_OF_MEMORY;
    }
    project->children[0] = distinct->outer;
    TRY_NEW_ARRAY(cx, plan->arena, project->project.exprs, node->column_count);
    for (uint32_t i = 0; i < node->column_count; i++) {
        const SplitCall *split = i < groups ? NULL : &distinct->splits[i - groups];
        Expr **expr = &project->project.exprs[i];
        project->columns[i] = node->columns[i];
        if (split == NULL || split->finish == NULL) {
            TRY(new_column(cx, plan, node->columns[i], expr));
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

static Status split_distinct(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    LogicalNode *node = *place;
    Distinct distinct = {.node = node};
    bool applies;
    if (node->kind != LOGICAL_AGGREGATE || node->children[0]->kind == LOGICAL_EXPAND) {
        return OK;
    }
    TRY(check(cx, plan, &distinct, &applies));
    if (!applies) {
        return OK;
    }
    TRY(build_inner(cx, plan, &distinct));
    TRY(build_outer(cx, plan, &distinct));
    *place = distinct.outer;
    return distinct.needs_project ? build_project(cx, plan, &distinct, place) : OK;
}

static Status rewrite_tree(const Context *cx, LogicalPlan *plan, LogicalNode **root) {
    return rewrite_nodes(cx, plan, root, split_distinct);
}

Status rewrite_distinct_calls(const Context *cx, LogicalPlan *plan) {
    return rewrite_roots(cx, plan, rewrite_tree);
}
