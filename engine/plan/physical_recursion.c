/* Lowering of WITH RECURSIVE: its two terms become plans of their own, whose rows end on the leader. The rows of the last round
 * are there, too; a join with a large table broadcasts them. */
#include "plan/distribution.h"

static Status lower_term(Lowering *low, const LogicalNode *node, uint32_t term, PhysicalPlan **out) {
    Subplan root;
    TRY(lower_columns(low, node->children[term], node->recursion.inputs[term], node->column_count, &root));
    TRY(exchange_to_leader(low, &root));
    TRY_NEW(low->cx, low->arena, *out);
    **out = (PhysicalPlan){.arena = low->arena, .snapshot = low->plan->snapshot, .topology = low->plan->topology};
    (*out)->root = root.node;
    return OK;
}

Status lower_recursion(Lowering *low, const LogicalNode *node, Subplan *out) {
    TRY(lower_new(low, PHYSICAL_RECURSION, 2, node->column_count, out));
    RecursionSpec *spec = &out->node->recursion;
    spec->id = node->recursion.id;
    spec->is_distinct = node->recursion.is_distinct;
    for (uint32_t term = 0; term < 2; term++) {
        TRY(lower_term(low, node, term, &spec->plans[term]));
        out->node->children[term] = spec->plans[term]->root;
    }
    for (uint32_t i = 0; i < node->column_count; i++) {
        lower_column(low, out, i, node->columns[i]);
    }
    out->node->rows = node->rows;
    out->node->on_leader = moves_rows(low);
    out->placement.kind = PLACED_LEADER;
    lower_finish(low, out);
    return OK;
}

Status lower_working_scan(Lowering *low, const LogicalNode *node, Subplan *out) {
    TRY(lower_new(low, PHYSICAL_WORKING_SCAN, 0, node->column_count, out));
    out->node->working_scan.id = node->working_scan.recursion->recursion.id;
    for (uint32_t i = 0; i < node->column_count; i++) {
        lower_column(low, out, i, node->columns[i]);
    }
    out->node->rows = node->rows;
    out->node->on_leader = moves_rows(low);
    out->placement.kind = PLACED_LEADER;
    lower_finish(low, out);
    return OK;
}

void recursion_plans_finish(const PhysicalPlan *plan, PhysicalNode *node) {
    for (uint32_t term = 0; node->kind == PHYSICAL_RECURSION && term < 2; term++) {
        node->recursion.plans[term]->operator_count = plan->operator_count;
        node->recursion.plans[term]->filter_count = plan->filter_count;
        node->recursion.plans[term]->root = node->children[term];
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        recursion_plans_finish(plan, node->children[i]);
    }
}
