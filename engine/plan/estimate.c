/* Row counts of the nodes of a plan (estimate.h). Conditions are estimate_filter.c's, distinct values and joins
 * estimate_keys.c's; what both know of a column is in estimate_column.c. */
#include "plan/estimate.h"
#include "plan/estimate_column.h"
#include "plan/file_scan.h"
#include "plan/scan_predicates.h"
#include "storage/segment_read.h"

#include <math.h>

#define RECURSION_ROUNDS 10 /* nobody knows: as PostgreSQL guesses */
#define ROWS_UNKNOWN 1000.0
#define ROWS_PER_CALL 10.0 /* of a function called for every row */

/* ---------------------------------------------------------------------------------------------------------------------- nodes
 */

static Status table_function_rows(const Context *cx, const LogicalPlan *plan, const LogicalNode *node, double *rows) {
    *rows = node->child_count > 0 ? node->children[0]->rows * ROWS_PER_CALL : ROWS_UNKNOWN;
    if (node->table_function.file != NULL) {
        *rows = node->table_function.file->rows;
    }
    if (node->child_count > 0 || strcmp(node->table_function.name, "generate_series") != 0 ||
        node->table_function.arg_count < 2) {
        return OK;
    }
    double bounds[3] = {0, 0, 1};
    for (uint32_t i = 0; i < node->table_function.arg_count && i < 3; i++) {
        const Expr *arg = node->table_function.args[i];
        Value value;
        if (!type_is_integer(arg->type) || !expr_is_constant(arg)) {
            return OK;
        }
        TRY(expr_eval_constant(cx, plan->arena, arg, &value));
        bounds[i] = (double)value.i64;
    }
    *rows = bounds[2] == 0 ? 0 : floor((bounds[1] - bounds[0]) / bounds[2]) + 1;
    *rows = *rows < 0 ? 0 : *rows;
    return OK;
}

static double limited_rows(const LogicalNode *node, double rows) {
    rows -= (double)node->limit.offset;
    rows = rows < 0 ? 0 : rows;
    return node->limit.limit >= 0 && rows > (double)node->limit.limit ? (double)node->limit.limit : rows;
}

/* Rows of the segments that the manifest alone cannot exclude: on a clustered table far fewer than the shares say. */
static Status surviving_rows(const Context *cx, const LogicalPlan *plan, const LogicalNode *get, double *rows) {
    const TableVersion *table = get->get.table;
    PredicateList predicates = {0};
    *rows = (double)table_planned_rows(table);
    for (uint32_t i = 0; i < get->get.filter_count; i++) {
        TRY(predicates_derive(cx, plan, get->get.filters[i], &predicates));
    }
    if (predicates.count == 0 || table->segment_count == 0) {
        return OK;
    }
    uint8_t *survives;
    uint32_t partitions, segments;
    uint64_t all = 0, left = 0;
    TRY_NEW_ARRAY(cx, plan->arena, survives, table->segment_count);
    table_prune(table, predicates.items, predicates.count, survives, &partitions, &segments);
    for (uint32_t s = 0; s < table->segment_count; s++) {
        all += table->segments[s].rows;
        left += survives[s] ? table->segments[s].rows : 0;
    }
    *rows = all == 0 ? 0 : *rows * (double)left / (double)all; /* segments of an ALL table count once per node */
    return OK;
}

static Status estimate_get(const Context *cx, const LogicalPlan *plan, LogicalNode *node) {
    double share, most;
    TRY(estimate_conjunction(cx, plan, node->get.filters, node->get.filter_count, &share));
    TRY(surviving_rows(cx, plan, node, &most));
    node->rows = (double)table_planned_rows(node->get.table) * share;
    node->rows = node->rows > most ? most : node->rows;
    node->rows = node->rows < 1 ? 1 : node->rows;
    return OK;
}

/* The subplan is estimated with its first reader. */
static Status shared_rows(const Context *cx, LogicalPlan *plan, LogicalNode *scan) {
    LogicalNode *shared = plan->shared[scan->shared_scan.index].node;
    if (shared->rows < 0) {
        TRY(estimate_node(cx, plan, shared));
    }
    scan->rows = shared->rows;
    return OK;
}

/* The groups of all sets together. */
static Status estimate_grouping_sets(const Context *cx, LogicalPlan *plan, LogicalNode *node) {
    const LogicalNode *expand = node->children[0];
    Expr **keys;
    TRY_NEW_ARRAY(cx, plan->arena, keys, expand->expand.key_count + 1);
    node->rows = 0;
    for (uint32_t s = 0; s < expand->expand.set_count; s++) {
        uint32_t count = 0;
        for (uint32_t k = 0; k < expand->expand.key_count; k++) {
            keys[count] = node->aggregate.groups[k];
            count += expand->expand.has_key[(size_t)s * expand->expand.key_count + k];
        }
        double groups;
        TRY(estimate_groups(cx, plan, keys, count, expand->children[0], &groups));
        node->rows += groups;
    }
    return OK;
}

static bool is_null_test(const Expr *expr) {
    return expr->kind == EXPR_IS_NULL && expr_is_column(expr->args[0]);
}

static bool has_column(const LogicalNode *node, ColumnId column) {
    for (uint32_t i = 0; i < node->column_count; i++) {
        if (node->columns[i] == column) {
            return true;
        }
    }
    return false;
}

/* Above groups, of their sums and counts; above an outer join, a column of its right side is NULL in all rows that found no
 * partner. */
static Status filter_share(const Context *cx, const LogicalPlan *plan, const LogicalNode *node, double *share) {
    const LogicalNode *join = node->children[0];
    ExprList conjuncts = {0};
    double lone = 1;
    if (join->kind == LOGICAL_AGGREGATE) {
        return estimate_having(cx, plan, join, node->filter.condition, share);
    }
    if (join->kind != LOGICAL_JOIN || join->join.kind != JOIN_LEFT) {
        return estimate_selectivity(cx, plan, node->filter.condition, share);
    }
    TRY(expr_list_add_conjuncts(cx, plan->arena, &conjuncts, node->filter.condition));
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        const Expr *conjunct = conjuncts.items[i];
        if (is_null_test(conjunct) && has_column(join->children[1], conjunct->args[0]->column)) {
            double rows;
            TRY(estimate_join(cx, plan, JOIN_ANTI, join->join.condition, join->children[0], join->children[1], &rows));
            lone = join->rows < 1 ? 1 : rows / join->rows;
            conjuncts.items[i--] = conjuncts.items[--conjuncts.count];
        }
    }
    TRY(estimate_conjunction(cx, plan, conjuncts.items, conjuncts.count, share));
    *share *= lone;
    return OK;
}

/* A reader's share of a shared subplan that holds only what its readers ask for. */
static Status reader_share(const Context *cx, const LogicalPlan *plan, const LogicalNode *scan, double *share) {
    const Expr *asked = plan->shared[scan->shared_scan.index].asked;
    double all = 1;
    if (asked != NULL) {
        TRY(estimate_selectivity(cx, plan, asked, &all));
    }
    *share = *share < all ? *share / all : 1;
    return OK;
}

static Status estimate_one(const Context *cx, LogicalPlan *plan, LogicalNode *node) {
    double share, input = node->child_count > 0 ? node->children[0]->rows : 0;
    switch (node->kind) {
    case LOGICAL_GET: return node->rows >= 0 ? OK : estimate_get(cx, plan, node);
    case LOGICAL_VALUES: node->rows = node->values.row_count; return OK;
    case LOGICAL_TABLE_FUNCTION: return table_function_rows(cx, plan, node, &node->rows);
    case LOGICAL_FILTER:
        TRY(filter_share(cx, plan, node, &share));
        if (node->children[0]->kind == LOGICAL_SHARED_SCAN) {
            TRY(reader_share(cx, plan, node->children[0], &share));
        }
        node->rows = input * share < 1 ? 1 : input * share;
        return OK;
    case LOGICAL_JOIN:
        if (node->join.kind == JOIN_INNER && node->rows >= 0) { /* from the join order, which saw all keys at once */
            return OK;
        }
        return estimate_join(cx, plan, node->join.kind, node->join.condition, node->children[0], node->children[1],
                             &node->rows);
    case LOGICAL_AGGREGATE:
        if (node->children[0]->kind == LOGICAL_EXPAND) {
            return estimate_grouping_sets(cx, plan, node);
        }
        return estimate_groups(cx, plan, node->aggregate.groups, node->aggregate.group_count, node->children[0], &node->rows);
    case LOGICAL_EXPAND: node->rows = input * node->expand.set_count; return OK;
    case LOGICAL_LIMIT: node->rows = limited_rows(node, input); return OK;
    case LOGICAL_UNION:
        node->rows = 0;
        for (uint32_t i = 0; i < node->child_count; i++) {
            node->rows += node->children[i]->rows;
        }
        return OK;
    case LOGICAL_RECURSION: node->rows = input * RECURSION_ROUNDS; return OK;
    case LOGICAL_WORKING_SCAN: node->rows = node->working_scan.recursion->children[0]->rows; return OK;
    case LOGICAL_SHARED_SCAN: return shared_rows(cx, plan, node);
    case LOGICAL_PROJECT:
    case LOGICAL_WINDOW:
    case LOGICAL_SORT:
    case LOGICAL_CHANGE:
    case LOGICAL_INSERT: node->rows = input; return OK;
    }
    return OK;
}

Status estimate_node(const Context *cx, LogicalPlan *plan, LogicalNode *node) {
    node->largest_table = node->kind == LOGICAL_GET ? (double)table_planned_rows(node->get.table) : 0;
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(estimate_node(cx, plan, node->children[i]));
        double below = node->children[i]->largest_table;
        node->largest_table = below > node->largest_table ? below : node->largest_table;
    }
    return estimate_one(cx, plan, node);
}

void estimate_forget(LogicalNode *node) {
    node->rows = -1;
    for (uint32_t i = 0; i < node->child_count; i++) {
        estimate_forget(node->children[i]);
    }
}

Status estimate_plan(const Context *cx, LogicalPlan *plan) {
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        TRY(estimate_node(cx, plan, plan->shared[i].node));
    }
    return estimate_node(cx, plan, plan->root);
}
