/* Where the rows of a relation of a join are before they are joined (join_graph.h). Lowering finds it again, with certainty; a
 * guess that is wrong here costs a worse plan and nothing else. */
#include "plan/join_graph.h"

#define LEADER_GROUPS 10000 /* so many are about where gathering them stops to pay */

static const LeafPlace anywhere = {PLACED_RANDOM, 0};

static LeafPlace place_of_get(const LogicalPlan *plan, const LogicalNode *get) {
    const TableVersion *table = get->get.table;
    if (table->dist_style == DIST_ALL) {
        return (LeafPlace){PLACED_REPLICATED, 0};
    }
    for (uint32_t i = 0; table->dist_style == DIST_KEY && i < get->column_count; i++) {
        if (plan->columns[get->columns[i]].table_column == table->schema->dist_column) {
            return (LeafPlace){PLACED_HASHED, get->columns[i]};
        }
    }
    return anywhere;
}

/* Follows the hashed column through expressions that pass it on. */
static LeafPlace place_through(LeafPlace below, Expr *const *exprs, const ColumnId *outputs, uint32_t count) {
    for (uint32_t i = 0; below.kind == PLACED_HASHED && i < count; i++) {
        const Expr *column = expr_widened_column(exprs[i]);
        if (column != NULL && column->kind == EXPR_COLUMN && column->column == below.hashed_by) {
            return (LeafPlace){PLACED_HASHED, outputs[i]};
        }
    }
    return below.kind == PLACED_HASHED ? anywhere : below;
}

static LeafPlace place_of_aggregate(const LogicalPlan *plan, const LogicalNode *node) {
    LeafPlace below = place_of_tree(plan, node->children[0]);
    uint32_t groups = node->aggregate.group_count;
    LeafPlace through = place_through(below, node->aggregate.groups, node->columns, groups);
    if (through.kind != PLACED_RANDOM) {
        return through;
    }
    if (groups == 0 || node->rows <= LEADER_GROUPS) {
        return (LeafPlace){PLACED_LEADER, 0};
    }
    return groups == 1 ? (LeafPlace){PLACED_HASHED, node->columns[0]} : anywhere;
}

static LeafPlace place_of_join(const LogicalPlan *plan, const LogicalNode *node) {
    LeafPlace left = place_of_tree(plan, node->children[0]), right = place_of_tree(plan, node->children[1]);
    if (node->join.kind == JOIN_FULL) {
        return anywhere;
    }
    return node->join.kind == JOIN_RIGHT || (node->join.kind == JOIN_INNER && left.kind == PLACED_REPLICATED) ? right : left;
}

static LeafPlace place_of_shared(const LogicalPlan *plan, const LogicalNode *scan) {
    LeafPlace below = place_of_tree(plan, plan->shared[scan->shared_scan.index].node);
    for (uint32_t i = 0; below.kind == PLACED_HASHED && i < scan->column_count; i++) {
        if (scan->shared_scan.inputs[i] == below.hashed_by) {
            return (LeafPlace){PLACED_HASHED, scan->columns[i]};
        }
    }
    return below.kind == PLACED_HASHED ? anywhere : below;
}

LeafPlace place_of_tree(const LogicalPlan *plan, const LogicalNode *node) {
    switch (node->kind) {
    case LOGICAL_GET: return place_of_get(plan, node);
    case LOGICAL_VALUES: return (LeafPlace){PLACED_REPLICATED, 0};
    case LOGICAL_FILTER:
    case LOGICAL_WINDOW: return place_of_tree(plan, node->children[0]);
    case LOGICAL_PROJECT:
        return place_through(place_of_tree(plan, node->children[0]), node->project.exprs, node->columns, node->column_count);
    case LOGICAL_JOIN: return place_of_join(plan, node);
    case LOGICAL_AGGREGATE: return place_of_aggregate(plan, node);
    case LOGICAL_SHARED_SCAN: return place_of_shared(plan, node);
    case LOGICAL_UNION:
    case LOGICAL_EXPAND: return anywhere;
    default: return (LeafPlace){PLACED_LEADER, 0};
    }
}

ColumnId sorted_where_placed(const LogicalPlan *plan, const LogicalNode *node) {
    if (node->kind != LOGICAL_GET || node->get.table->schema->sort_key_count == 0) {
        return UINT32_MAX;
    }
    const TableVersion *table = node->get.table;
    uint32_t key = table->schema->sort_keys[0];
    bool is_placed = table->dist_style == DIST_ALL || (table->dist_style == DIST_KEY && table->schema->dist_column == key);
    for (uint32_t s = 0; s < table->segment_count; s++) {
        is_placed &= table->segments[s].is_sorted;
    }
    for (uint32_t i = 0; is_placed && i < node->column_count; i++) {
        if (plan->columns[node->columns[i]].table_column == key) {
            return node->columns[i];
        }
    }
    return UINT32_MAX;
}
