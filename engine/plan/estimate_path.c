/* From the columns of a node down to those of the tables that they come from, through projections, groups, unions and shared
 * subplans. */
#include "plan/estimate_column.h"

static uint32_t output_of(const LogicalNode *node, ColumnId column) {
    for (uint32_t i = 0; i < node->column_count; i++) {
        if (node->columns[i] == column) {
            return i;
        }
    }
    return UINT32_MAX;
}

static const Expr *behind_column(const LogicalPlan *plan, const LogicalNode *node, const Expr *expr, Expr *scratch);

/* A column that a node hands on under another id, or of which it is the union: as its (first) input has it. */
static const Expr *behind_output(const LogicalPlan *plan, const LogicalNode *node, uint32_t output, Expr *scratch) {
    const LogicalNode *child = node->child_count > 0 ? node->children[0] : NULL;
    ColumnId column = NO_COLUMN;
    switch (node->kind) {
    case LOGICAL_PROJECT:
        return expr_is_column(node->project.exprs[output]) ? behind_column(plan, child, node->project.exprs[output], scratch)
                                                           : NULL;
    case LOGICAL_AGGREGATE:
        return output < node->aggregate.group_count && expr_is_column(node->aggregate.groups[output])
                   ? behind_column(plan, child, node->aggregate.groups[output], scratch)
                   : NULL;
    case LOGICAL_UNION: column = node->set_union.inputs[0][output]; break;
    case LOGICAL_SHARED_SCAN:
        column = node->shared_scan.inputs[output];
        child = plan->shared[node->shared_scan.index].node;
        break;
    default: return NULL;
    }
    *scratch = (Expr){.kind = EXPR_COLUMN, .type = plan->columns[column].type, .column = column};
    return behind_column(plan, child, scratch, scratch);
}

/* The column of a table from which a column of the node comes; NULL if it comes from none. May use `scratch`. */
static const Expr *behind_column(const LogicalPlan *plan, const LogicalNode *node, const Expr *expr, Expr *scratch) {
    if (plan->columns[expr->column].table != NULL) {
        return expr;
    }
    uint32_t output = node == NULL ? UINT32_MAX : output_of(node, expr->column);
    if (output == UINT32_MAX) {
        return NULL;
    }
    const Expr *found = behind_output(plan, node, output, scratch);
    for (uint32_t i = 0; i < node->child_count && found == NULL; i++) {
        bool hands_on = output_of(node->children[i], expr->column) != UINT32_MAX;
        found = hands_on ? behind_column(plan, node->children[i], expr, scratch) : NULL;
    }
    return found;
}

bool known_key(const LogicalPlan *plan, const LogicalNode *node, const Expr *expr, KnownColumn *known) {
    const Expr *column = expr_widened_column(expr);
    Expr scratch;
    if (column == NULL || column->kind != EXPR_COLUMN) {
        return false;
    }
    column = behind_column(plan, node, column, &scratch);
    return column != NULL && known_expr(plan, column, known);
}
