/* Visiting the expressions of logical nodes, and what follows from them: which columns a tree uses, makes and wants from
 * outside. */
#include "plan/columns.h"

typedef struct Visit {
    Status (*visit)(Expr **place, void *argument);
    void *argument;
} Visit;

static Status visit_list(const Visit *visit, Expr **exprs, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        TRY(visit->visit(&exprs[i], visit->argument));
    }
    return OK;
}

static Status visit_optional(const Visit *visit, Expr **place) {
    return *place == NULL ? OK : visit->visit(place, visit->argument);
}

static Status visit_keys(const Visit *visit, SortKey *keys, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        TRY(visit->visit(&keys[i].expr, visit->argument));
    }
    return OK;
}

static Status visit_aggregate(const Visit *visit, LogicalNode *node) {
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        AggregateCall *call = &node->aggregate.calls[i];
        TRY(visit_list(visit, call->args, call->arg_count));
        TRY(visit_optional(visit, &call->filter));
    }
    return visit_list(visit, node->aggregate.groups, node->aggregate.group_count);
}

static Status visit_window(const Visit *visit, LogicalNode *node) {
    for (uint32_t i = 0; i < node->window.call_count; i++) {
        WindowCall *call = &node->window.calls[i];
        TRY(visit_list(visit, call->args, call->arg_count));
        TRY(visit_optional(visit, &call->filter));
    }
    TRY(visit_list(visit, node->window.partitions, node->window.partition_count));
    return visit_keys(visit, node->window.keys, node->window.key_count);
}

Status logical_each_expr(LogicalNode *node, Status (*function)(Expr **place, void *argument), void *argument) {
    const Visit visit = {function, argument};
    switch (node->kind) {
    case LOGICAL_GET: return visit_list(&visit, node->get.filters, node->get.filter_count);
    case LOGICAL_VALUES:
        for (uint32_t r = 0; r < node->values.row_count; r++) {
            TRY(visit_list(&visit, node->values.rows[r], node->column_count));
        }
        return OK;
    case LOGICAL_TABLE_FUNCTION: return visit_list(&visit, node->table_function.args, node->table_function.arg_count);
    case LOGICAL_FILTER: return function(&node->filter.condition, argument);
    case LOGICAL_PROJECT: return visit_list(&visit, node->project.exprs, node->column_count);
    case LOGICAL_JOIN: return visit_optional(&visit, &node->join.condition);
    case LOGICAL_AGGREGATE: return visit_aggregate(&visit, node);
    case LOGICAL_WINDOW: return visit_window(&visit, node);
    case LOGICAL_SORT: return visit_keys(&visit, node->sort.keys, node->sort.key_count);
    case LOGICAL_EXPAND:
    case LOGICAL_LIMIT:
    case LOGICAL_UNION:
    case LOGICAL_SHARED_SCAN:
    case LOGICAL_RECURSION:
    case LOGICAL_WORKING_SCAN:
    case LOGICAL_CHANGE:
    case LOGICAL_INSERT: return OK;
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------ columns of a
 * tree
 */

static Status add_columns(Expr **place, void *set) {
    column_set_add_expr(set, *place);
    return OK;
}

void column_set_add_tree(ColumnSet *set, const LogicalNode *node) {
    (void)logical_each_expr((LogicalNode *)(uintptr_t)node, add_columns, set);
    for (uint32_t i = 0; i < node->child_count; i++) {
        column_set_add_tree(set, node->children[i]);
    }
}

typedef struct Touch {
    const ColumnSet *set;
    bool is_met;
} Touch;

static Status note_touch(Expr **place, void *argument) {
    Touch *touch = argument;
    touch->is_met = touch->is_met || expr_touches(*place, touch->set);
    return OK;
}

bool node_touches(const LogicalNode *node, const ColumnSet *set) {
    Touch touch = {set, false};
    (void)logical_each_expr((LogicalNode *)(uintptr_t)node, note_touch, &touch);
    return touch.is_met;
}

bool tree_touches(const LogicalNode *node, const ColumnSet *set) {
    if (node_touches(node, set)) {
        return true;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        if (tree_touches(node->children[i], set)) {
            return true;
        }
    }
    return false;
}

static void remove_made(ColumnSet *set, const LogicalNode *node) {
    for (uint32_t i = 0; i < node->column_count; i++) {
        if (node->columns[i] < set->capacity) {
            bit_clear(set->bits, node->columns[i]);
        }
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        remove_made(set, node->children[i]);
    }
}

/* Columns that the tree names and does not make: those of enclosing queries. */
static Status tree_outer_columns(const Context *cx, const LogicalPlan *plan, const LogicalNode *node, ColumnSet *outer) {
    TRY(column_set_init(cx, plan->arena, plan, outer));
    column_set_add_tree(outer, node);
    remove_made(outer, node);
    return OK;
}

Status tree_is_closed(const Context *cx, const LogicalPlan *plan, const LogicalNode *node, bool *is_closed) {
    ColumnSet outer;
    TRY(tree_outer_columns(cx, plan, node, &outer));
    *is_closed = bits_count(outer.bits, outer.capacity) == 0;
    return OK;
}
