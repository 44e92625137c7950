/* Follows a slot down to the scan that reads it. */
#include "plan/column_origin.h"

static ColumnOrigin none(void) {
    return (ColumnOrigin){0};
}

static ColumnOrigin of_join(const PhysicalNode *node, uint32_t slot) {
    bool has_mark = node->join.kind == JOIN_MARK || node->join.kind == JOIN_EXISTS;
    if (has_mark && slot + 1 == node->column_count) {
        return none();
    }
    const JoinOutput *output = &node->join.outputs[slot];
    return column_origin(node->children[output->from_build], output->slot);
}

static ColumnOrigin of_input(const PhysicalNode *node, uint32_t slot) {
    return slot < node->children[0]->column_count ? column_origin(node->children[0], slot) : none();
}

ColumnOrigin column_origin(const PhysicalNode *node, uint32_t slot) {
    switch (node->kind) {
    case PHYSICAL_SCAN:
        return node->scan.columns[slot] == ROW_ID_COLUMN ? none() : (ColumnOrigin){node, node->scan.columns[slot]};
    case PHYSICAL_PROJECT: {
        const Expr *expr = node->project.exprs[slot];
        return expr->kind == EXPR_SLOT ? column_origin(node->children[0], expr->slot) : none();
    }
    case PHYSICAL_HASH_JOIN:
    case PHYSICAL_NESTED_LOOP: return of_join(node, slot);
    case PHYSICAL_AGGREGATE:
        return slot < node->aggregate.group_count ? column_origin(node->children[0], node->aggregate.groups[slot]) : none();
    case PHYSICAL_SHARED_SCAN: return column_origin(node->shared_scan.shared, node->shared_scan.slots[slot]);
    case PHYSICAL_FILTER:
    case PHYSICAL_SORT:
    case PHYSICAL_LIMIT:
    case PHYSICAL_EXCHANGE:
    case PHYSICAL_MATERIALIZE:
    case PHYSICAL_FUNCTION_JOIN:
    case PHYSICAL_WINDOW: return of_input(node, slot);
    default: return none();
    }
}
