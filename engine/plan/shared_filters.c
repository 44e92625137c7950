/* What readers ask of a shared subplan: where each reader stands under conditions of its own, the subplan need only compute the
 * rows that one of them wants. The readers keep their conditions. */
#include "plan/rewrite.h"

#define READERS_MAX 16 /* more alternatives cost more than the rows that they exclude */

typedef struct Asking {
    const Context *cx;
    LogicalPlan *plan;
    uint32_t index;        /* of the subplan */
    ColumnSet sinking;     /* its columns whose conditions get below what it computes */
    ExprList alternatives; /* what each reader wants, over the subplan's columns */
    uint32_t readers;
    bool wants_all; /* a reader has no condition that would sink */
} Asking;

/* ------------------------------------------------------------------------------------------------------ what gets below it */

static bool sinks(const ColumnSet *below, const Expr *expr) {
    return !expr_is_volatile(expr) && expr_is_within(expr, below);
}

static Status add_sinking(const Context *cx, LogicalPlan *plan, const LogicalNode *node, ColumnSet *set);

static Status add_of_project(const Context *cx, LogicalPlan *plan, const LogicalNode *node, ColumnSet *set) {
    ColumnSet below;
    TRY(column_set_init(cx, plan->arena, plan, &below));
    TRY(add_sinking(cx, plan, node->children[0], &below));
    for (uint32_t i = 0; i < node->column_count; i++) {
        if (sinks(&below, node->project.exprs[i])) {
            column_set_add(set, node->columns[i]);
        }
    }
    return OK;
}

static Status add_of_union(const Context *cx, LogicalPlan *plan, const LogicalNode *node, ColumnSet *set) {
    ColumnSet below;
    TRY(column_set_init(cx, plan->arena, plan, &below));
    for (uint32_t c = 0; c < node->child_count; c++) {
        TRY(add_sinking(cx, plan, node->children[c], &below));
    }
    for (uint32_t i = 0; i < node->column_count; i++) {
        bool in_all = true;
        for (uint32_t c = 0; c < node->child_count; c++) {
            in_all = in_all && column_set_has(&below, node->set_union.inputs[c][i]);
        }
        if (in_all) {
            column_set_add(set, node->columns[i]);
        }
    }
    return OK;
}

/* Adds the node's columns by which conditions reach rows before they are grouped, joined or numbered. */
static Status add_sinking(const Context *cx, LogicalPlan *plan, const LogicalNode *node, ColumnSet *set) {
    switch (node->kind) {
    case LOGICAL_GET:
    case LOGICAL_SHARED_SCAN: column_set_add_all(set, node->columns, node->column_count); return OK;
    case LOGICAL_JOIN: {
        const LogicalNode *left = node->children[0];
        bool is_inner = node->join.kind == JOIN_INNER, keeps_left = node->join.kind != JOIN_FULL;
        column_set_add_all(set, is_inner ? node->columns : left->columns,
                           is_inner     ? node->column_count
                           : keeps_left ? left->column_count
                                        : 0);
        return OK;
    }
    case LOGICAL_AGGREGATE:
        if (node->children[0]->kind != LOGICAL_EXPAND) {
            column_set_add_all(set, node->columns, node->aggregate.group_count);
        }
        return OK;
    case LOGICAL_WINDOW:
        for (uint32_t i = 0; i < node->window.partition_count; i++) {
            column_set_add_expr(set, node->window.partitions[i]);
        }
        return OK;
    case LOGICAL_PROJECT: return add_of_project(cx, plan, node, set);
    case LOGICAL_UNION: return add_of_union(cx, plan, node, set);
    case LOGICAL_FILTER:
    case LOGICAL_SORT: return add_sinking(cx, plan, node->children[0], set);
    default: return OK;
    }
}

/* ----------------------------------------------------------------------------------------------------------------- readers */

/* The reader's conditions that hold of one row for sure and would sink, over the subplan's columns. */
static Status add_reader(Asking *asking, const LogicalNode *scan, Expr *condition) {
    LogicalPlan *plan = asking->plan;
    const Context *cx = asking->cx;
    ExprList all = {0}, wanted = {0};
    Expr **inputs;
    TRY_NEW_ARRAY(cx, plan->arena, inputs, scan->column_count + 1);
    for (uint32_t i = 0; i < scan->column_count; i++) {
        const LogicalColumn *column = &plan->columns[scan->shared_scan.inputs[i]];
        inputs[i] = expr_column(cx, plan->arena, column->id, column->type, column->name, POS_NONE);
        if (inputs[i] == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    TRY(expr_list_add_conjuncts(cx, plan->arena, &all, condition));
    for (uint32_t i = 0; i < all.count; i++) {
        Expr *asked;
        TRY(expr_substitute(cx, plan->arena, all.items[i], scan->columns, inputs, scan->column_count, &asked));
        if (!expr_can_fail(asked) && expr_has_columns(asked) && sinks(&asking->sinking, asked)) {
            TRY(expr_list_add_new(cx, plan->arena, &wanted, asked));
        }
    }
    Expr *alternative;
    TRY(expr_list_conjunction(cx, plan->arena, &wanted, &alternative));
    asking->readers++;
    asking->wants_all = asking->wants_all || alternative == NULL || asking->readers > READERS_MAX;
    return asking->wants_all ? OK : expr_list_add_new(cx, plan->arena, &asking->alternatives, alternative);
}

static Status add_readers(Asking *asking, const LogicalNode *node, Expr *condition) {
    if (asking->wants_all) {
        return OK;
    }
    if (node->kind == LOGICAL_SHARED_SCAN && node->shared_scan.index == asking->index) {
        return add_reader(asking, node, condition);
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(add_readers(asking, node->children[i], node->kind == LOGICAL_FILTER ? node->filter.condition : NULL));
    }
    return OK;
}

Status shared_asked(const Context *cx, LogicalPlan *plan, uint32_t index, Expr **asked) {
    Asking asking = {.cx = cx, .plan = plan, .index = index};
    *asked = NULL;
    TRY(column_set_init(cx, plan->arena, plan, &asking.sinking));
    TRY(add_sinking(cx, plan, plan->shared[index].node, &asking.sinking));
    TRY(add_readers(&asking, plan->root, NULL));
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        TRY(add_readers(&asking, plan->shared[i].node, NULL));
    }
    if (asking.wants_all || asking.readers == 0) {
        return OK;
    }
    TRY(expr_list_disjunction(cx, plan->arena, &asking.alternatives, asked));
    return rewrite_factor(cx, plan, asked);
}
