/* Lowering of shared subplans: each becomes a Materialize of its own, when the first reader is met, and stays where its rows
 * are. Its readers have its placement. Only rows that every node has can be wanted in two places, on the nodes and on the
 * leader: then the subplan is lowered twice. */
#include "plan/distribution.h"

static Status add_root(Lowering *low, PhysicalNode *node) {
    PhysicalPlan *plan = low->plan;
    TRY_APPEND(low->cx, low->arena, plan->shared, plan->shared_capacity, plan->shared_count, node);
    return OK;
}

static Status lower_materialize(Lowering *low, uint32_t index, bool on_leader, Subplan *out) {
    const SharedSubplan *shared = &low->logical->shared[index];
    Subplan input;
    TRY(lower_node(low, shared->node, &input));
    if (on_leader) {
        run_on_leader(input.node);
    }
    TRY(lower_over(low, PHYSICAL_MATERIALIZE, &input, 0, out));
    out->node->materialize.name = shared->name;
    lower_finish(low, out);
    return add_root(low, out->node);
}

/* The scan's columns as expressions, for following the placement. */
static Status input_exprs(Lowering *low, const LogicalNode *node, Expr ***exprs) {
    TRY_NEW_ARRAY(low->cx, low->arena, *exprs, node->column_count + 1);
    for (uint32_t i = 0; i < node->column_count; i++) {
        const LogicalColumn *column = &low->logical->columns[node->shared_scan.inputs[i]];
        (*exprs)[i] = expr_column(low->cx, low->arena, column->id, column->type, column->name, POS_NONE);
        if ((*exprs)[i] == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    return OK;
}

Status lower_shared_scan(Lowering *low, const LogicalNode *node, Subplan *out) {
    Subplan *shared = &low->shared[node->shared_scan.index];
    if (shared->node == NULL) {
        TRY(lower_materialize(low, node->shared_scan.index, false, shared));
    }
    uint32_t *slots;
    Expr **exprs;
    TRY(lower_new(low, PHYSICAL_SHARED_SCAN, 0, node->column_count, out));
    TRY_NEW_ARRAY(low->cx, low->arena, slots, node->column_count + 1);
    for (uint32_t i = 0; i < node->column_count; i++) {
        TRY(subplan_slot(low, shared, node->shared_scan.inputs[i], &slots[i]));
        out->node->columns[i] = shared->node->columns[slots[i]];
        out->layout[i] = node->columns[i];
    }
    out->node->shared_scan = (SharedScanSpec){shared->node, slots};
    out->node->on_leader = shared->node->on_leader;
    out->node->rows = shared->node->rows;
    TRY(input_exprs(low, node, &exprs));
    TRY(placement_project(low, &shared->placement, node->columns, exprs, node->column_count, &out->placement));
    lower_finish(low, out);
    return OK;
}

static uint32_t shared_index(const Lowering *low, const PhysicalNode *materialize) {
    uint32_t index = 0;
    while (low->shared[index].node != materialize) {
        index++;
    }
    return index;
}

static Status move_readers(Lowering *low, PhysicalNode *node) {
    if (node->kind == PHYSICAL_SHARED_SCAN && node->on_leader && !node->shared_scan.shared->on_leader) {
        uint32_t index = shared_index(low, node->shared_scan.shared);
        Subplan *copy = &low->shared_copies[index];
        if (copy->node == NULL) {
            TRY(lower_materialize(low, index, true, copy));
        }
        node->shared_scan.shared = copy->node;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(move_readers(low, node->children[i]));
    }
    return OK;
}

/* Notes which subplans the tree reads, also through others. */
static void note_readers(const PhysicalPlan *plan, const PhysicalNode *node, bool *is_read) {
    for (uint32_t i = 0; node->kind == PHYSICAL_SHARED_SCAN && i < plan->shared_count; i++) {
        if (plan->shared[i] == node->shared_scan.shared && !is_read[i]) {
            is_read[i] = true;
            note_readers(plan, plan->shared[i], is_read);
        }
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        note_readers(plan, node->children[i], is_read);
    }
}

/* A subplan whose readers all went to the leader is not wanted on the nodes. */
static Status drop_unread(Lowering *low) {
    PhysicalPlan *plan = low->plan;
    bool *is_read;
    uint32_t kept = 0;
    TRY_NEW_ARRAY(low->cx, low->arena, is_read, plan->shared_count + 1);
    note_readers(plan, plan->root, is_read);
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        if (is_read[i]) {
            plan->shared[kept++] = plan->shared[i];
        }
    }
    plan->shared_count = kept;
    return OK;
}

Status lower_shared_copies(Lowering *low) {
    if (!moves_rows(low)) {
        return OK;
    }
    TRY(move_readers(low, low->plan->root));
    for (uint32_t i = 0; i < low->plan->shared_count; i++) { /* grows while it goes */
        TRY(move_readers(low, low->plan->shared[i]));
    }
    return drop_unread(low);
}
