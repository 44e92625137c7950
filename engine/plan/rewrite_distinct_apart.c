/* Rewrite: aggregates without GROUP BY over the DISTINCT values of different arguments of one table are asked apart, each over
 * its own scan, and their single rows put side by side:
 *
 *     SELECT count(DISTINCT a), count(DISTINCT b) FILTER (WHERE c), sum(d) FROM t
 *     SELECT * FROM (SELECT sum(d) FROM t), (SELECT count(DISTINCT a) FROM t), (SELECT count(DISTINCT b) FROM t WHERE c)
 *
 * Reading a column is cheap beside making its values distinct, which each part does in the best way for its column
 * (rewrite_distinct_calls.c): sets of several columns at once are those of hash aggregation. Where few rows pass the conditions
 * the sets are small, and looking for the rows again and again would cost more. */
#include "plan/estimate.h"
#include "plan/rewrite.h"
#include "plan/split_calls.h"

#define KEPT_SHARE_MIN 0.25 /* of a table's rows: below that the conditions are tested once */

typedef struct Apart {
    LogicalNode *node;
    uint32_t part_count;
    uint32_t *parts;  /* by call: calls with DISTINCT over the same values are one part, those without are the first */
    uint32_t *counts; /* calls, by part */
} Apart;

/* The part of call i: that of an equal one before it, or a further one. */
static void find_part(Apart *apart, uint32_t i) {
    const AggregateCall *calls = apart->node->aggregate.calls;
    uint32_t before = 0;
    while (before < i && !(calls[before].is_distinct && calls_take_same_values(&calls[before], &calls[i]) &&
                           calls_take_same_rows(&calls[before], &calls[i]))) {
        before++;
    }
    apart->parts[i] = before < i ? apart->parts[before] : apart->part_count++;
}

static Status find_parts(const Context *cx, LogicalPlan *plan, Apart *apart) {
    uint32_t count = apart->node->aggregate.call_count;
    TRY_NEW_ARRAY(cx, plan->arena, apart->parts, count + 1);
    TRY_NEW_ARRAY(cx, plan->arena, apart->counts, count + 1);
    memset(apart->counts, 0, sizeof *apart->counts * (count + 1));
    apart->part_count = 1;
    for (uint32_t i = 0; i < count; i++) {
        apart->parts[i] = 0;
        if (apart->node->aggregate.calls[i].is_distinct) {
            find_part(apart, i);
        }
        apart->counts[apart->parts[i]]++;
    }
    return OK;
}

/* Can the condition be tested again over another scan? */
static bool is_repeatable(const ColumnSet *columns, const Expr *condition) {
    return expr_is_within(condition, columns) && !expr_is_volatile(condition);
}

/* A table's scan, with or without a Filter over it, that keeps many of its rows. */
static Status check_input(const Context *cx, LogicalPlan *plan, LogicalNode *input, bool *fits) {
    LogicalNode *get = input->kind == LOGICAL_FILTER ? input->children[0] : input;
    ColumnSet columns;
    *fits = get->kind == LOGICAL_GET;
    if (!*fits || (input == get && get->get.filter_count == 0)) {
        return OK;
    }
    TRY(column_set_init(cx, plan->arena, plan, &columns));
    column_set_add_all(&columns, get->columns, get->column_count);
    *fits = input == get || is_repeatable(&columns, input->filter.condition);
    for (uint32_t i = 0; *fits && i < get->get.filter_count; i++) {
        *fits = is_repeatable(&columns, get->get.filters[i]);
    }
    if (*fits) {
        TRY(estimate_node(cx, plan, input));
        *fits = input->rows >= KEPT_SHARE_MIN * (double)table_planned_rows(get->get.table);
        estimate_forget(input);
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------- one part */

/* A second scan of the same table; to[i] is its column behind the first scan's column i. */
static Status copy_get(const Context *cx, LogicalPlan *plan, const LogicalNode *get, LogicalNode **copy, Expr **to) {
    *copy = logical_new(cx, plan->arena, LOGICAL_GET, get->pos, 0, get->column_count);
    if (*copy == NULL) {
        return OUT_OF_MEMORY;
    }
    (*copy)->get = get->get;
    for (uint32_t i = 0; i < get->column_count; i++) {
        TRY(plan_copy_column(cx, plan, get->columns[i], &(*copy)->columns[i]));
        plan->columns[(*copy)->columns[i]].scan = *copy;
        TRY(plan_column_expr(cx, plan, (*copy)->columns[i], &to[i]));
    }
    (*copy)->get.first = get->column_count > 0 ? (*copy)->columns[0] : get->get.first;
    TRY_NEW_ARRAY(cx, plan->arena, (*copy)->get.filters, get->get.filter_count + 1);
    for (uint32_t i = 0; i < get->get.filter_count; i++) {
        TRY(expr_substitute(cx, plan->arena, get->get.filters[i], get->columns, to, get->column_count,
                            &(*copy)->get.filters[i]));
    }
    return OK;
}

/* The rows of `input` for which `filter` (NULL: none) holds, under other ids. */
static Status copy_input(const Context *cx, LogicalPlan *plan, const LogicalNode *input, const Expr *filter, LogicalNode **copy,
                         Expr **to) {
    const LogicalNode *get = input->kind == LOGICAL_FILTER ? input->children[0] : input;
    const Expr *conditions[] = {input == get ? NULL : input->filter.condition, filter};
    ExprList conjuncts = {0};
    TRY(copy_get(cx, plan, get, copy, to));
    for (uint32_t i = 0; i < 2; i++) {
        Expr *condition;
        if (conditions[i] != NULL) {
            TRY(expr_substitute(cx, plan->arena, conditions[i], get->columns, to, get->column_count, &condition));
            TRY(expr_list_add_conjuncts(cx, plan->arena, &conjuncts, condition));
        }
    }
    TRY(rewrite_wrap_filter(cx, plan, &conjuncts, copy));
    return rewrite_push_filters_of(cx, plan, copy);
}

static Status copy_call(const Context *cx, LogicalPlan *plan, const LogicalNode *get, const AggregateCall *call,
                        Expr *const *to, AggregateCall *copy) {
    *copy = *call;
    copy->filter = NULL; /* its rows alone are there */
    TRY_NEW_ARRAY(cx, plan->arena, copy->args, call->arg_count + 1);
    for (uint32_t a = 0; a < call->arg_count; a++) {
        TRY(expr_substitute(cx, plan->arena, call->args[a], get->columns, to, get->column_count, &copy->args[a]));
    }
    return OK;
}

/* The calls of a part over rows of their own. */
static Status build_part(const Context *cx, LogicalPlan *plan, const Apart *apart, uint32_t part, LogicalNode **out) {
    const LogicalNode *node = apart->node, *input = node->children[0];
    const LogicalNode *get = input->kind == LOGICAL_FILTER ? input->children[0] : input;
    LogicalNode *rows = NULL;
    Expr **to;
    uint32_t next = 0;
    TRY_NEW_ARRAY(cx, plan->arena, to, get->column_count + 1);
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        const AggregateCall *call = &node->aggregate.calls[i];
        if (apart->parts[i] != part) {
            continue;
        }
        if (rows == NULL) {
            TRY(copy_input(cx, plan, input, call->filter, &rows, to));
            TRY(new_grouping(cx, plan, rows, 0, apart->counts[part], node->pos, out));
        }
        TRY(copy_call(cx, plan, get, call, to, &(*out)->aggregate.calls[next]));
        (*out)->columns[next++] = call->output;
    }
    return OK;
}

/* The calls without DISTINCT, over the rows as they were. */
static Status build_others(const Context *cx, LogicalPlan *plan, const Apart *apart, LogicalNode **out) {
    const LogicalNode *node = apart->node;
    uint32_t next = 0;
    TRY(new_grouping(cx, plan, node->children[0], 0, apart->counts[0], node->pos, out));
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        if (apart->parts[i] == 0) {
            (*out)->aggregate.calls[next] = node->aggregate.calls[i];
            (*out)->columns[next++] = node->aggregate.calls[i].output;
        }
    }
    return OK;
}

static Status take_apart(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    Apart apart = {.node = *place};
    bool fits;
    if (apart.node->kind != LOGICAL_AGGREGATE || apart.node->aggregate.group_count > 0) {
        return OK;
    }
    TRY(find_parts(cx, plan, &apart));
    if (apart.part_count < 3) {
        return OK;
    }
    TRY(check_input(cx, plan, apart.node->children[0], &fits));
    if (!fits) {
        return OK;
    }
    LogicalNode *all = NULL;
    for (uint32_t part = apart.counts[0] > 0 ? 0 : 1; part < apart.part_count; part++) {
        LogicalNode *one = NULL;
        TRY(part == 0 ? build_others(cx, plan, &apart, &one) : build_part(cx, plan, &apart, part, &one));
        if (all == NULL) {
            all = one;
        } else {
            TRY(rewrite_new_join(cx, plan, JOIN_INNER, all, one, NULL, &all));
        }
    }
    *place = all;
    return OK;
}

static Status rewrite_tree(const Context *cx, LogicalPlan *plan, LogicalNode **root) {
    return rewrite_nodes(cx, plan, root, take_apart);
}

Status rewrite_distinct_apart(const Context *cx, LogicalPlan *plan) {
    return rewrite_roots(cx, plan, rewrite_tree);
}
