/* Rewrite: aggregates over the DISTINCT values of the same arguments become two groupings. The inner one groups by the
 * arguments too, so that each of their values comes once per group; other aggregates are split as between nodes:
 *
 *     SELECT g, count(DISTINCT a), avg(b) … GROUP BY g
 *     SELECT g, count(a), sum(s) / sum(n) FROM (SELECT g, a, sum(b) s, count(b) n … GROUP BY g, a) GROUP BY g
 *
 * Both groupings know all that groupings know: arrays where the values are few, parallel parts, two phases between nodes. Calls
 * over different arguments, or with a FILTER, stay with the sets of hash aggregation. */
#include "plan/rewrite.h"
#include "plan/split_calls.h"

typedef struct Distinct {
    LogicalNode *node;
    const AggregateCall *first; /* one of the calls with DISTINCT */
    SplitCall *splits;          /* of the others */
    LogicalNode *inner, *outer;
    Expr **values; /* first's arguments, as columns of the inner grouping */
} Distinct;

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
            if (split->split.count == 0) {
                return OK;
            }
            continue;
        }
        distinct->first = distinct->first == NULL ? call : distinct->first;
        if (call->filter != NULL || call->arg_count == 0 || !calls_take_same_values(call, distinct->first)) {
            return OK;
        }
    }
    *applies = distinct->first != NULL;
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
    return plan_column_expr(cx, plan, inner->columns[g], value);
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
        TRY(split_add_partials(cx, plan, &node->aggregate.calls[i], &distinct->splits[i], inner, &next));
    }
    inner->aggregate.call_count = next;
    inner->column_count = inner->aggregate.group_count + next;
    distinct->inner = inner;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------- the outer grouping */

/* A call over the values that stand apart now. */
static void add_over_values(const Distinct *distinct, const AggregateCall *call, uint32_t *next) {
    LogicalNode *outer = distinct->outer;
    AggregateCall *final = &outer->aggregate.calls[*next];
    *final = *call;
    final->is_distinct = false;
    final->args = distinct->values;
    outer->columns[outer->aggregate.group_count + (*next)++] = final->output;
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
        TRY(plan_column_expr(cx, plan, node->columns[g], &distinct->outer->aggregate.groups[g]));
    }
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        const AggregateCall *call = &node->aggregate.calls[i];
        if (call->is_distinct) {
            add_over_values(distinct, call, &next);
        } else {
            TRY(split_add_finals(cx, plan, call, &distinct->splits[i], NULL, distinct->outer, &next));
        }
    }
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
    return split_finish(cx, plan, node, distinct.splits, distinct.outer, place);
}

static Status rewrite_tree(const Context *cx, LogicalPlan *plan, LogicalNode **root) {
    return rewrite_nodes(cx, plan, root, split_distinct);
}

Status rewrite_distinct_calls(const Context *cx, LogicalPlan *plan) {
    return rewrite_roots(cx, plan, rewrite_tree);
}
