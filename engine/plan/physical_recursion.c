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
    return lower_leader_source(low, node, out);
}

Status lower_working_scan(Lowering *low, const LogicalNode *node, Subplan *out) {
    TRY(lower_new(low, PHYSICAL_WORKING_SCAN, 0, node->column_count, out));
    out->node->working_scan.id = node->working_scan.recursion->recursion.id;
    return lower_leader_source(low, node, out);
}

/* --------------------------------------------------------------------------------------------------------- inner subplans */

/* Does the tree read the last rows of the recursion from outside of it? */
static bool reads_round(const PhysicalNode *node, uint32_t id) {
    if (node->kind == PHYSICAL_WORKING_SCAN) {
        return node->working_scan.id == id;
    }
    if (node->kind == PHYSICAL_SHARED_SCAN) {
        return reads_round(node->shared_scan.shared, id);
    }
    bool reads = false;
    uint32_t children = node->kind == PHYSICAL_RECURSION && node->recursion.id == id ? 1 : node->child_count;
    for (uint32_t i = 0; i < children && !reads; i++) {
        reads = reads_round(node->children[i], id);
    }
    return reads;
}

/* The innermost recursion of whose rounds each shared subplan is a part: inner ones are met later. */
static void find_owners(const PhysicalPlan *plan, const PhysicalNode *node, const PhysicalNode **owners) {
    for (uint32_t i = 0; node->kind == PHYSICAL_RECURSION && i < plan->shared_count; i++) {
        owners[i] = reads_round(plan->shared[i], node->recursion.id) ? node : owners[i];
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        find_owners(plan, node->children[i], owners);
    }
}

static Status finish_plans(Lowering *low, PhysicalNode *node, const PhysicalNode *const *owners) {
    const PhysicalPlan *plan = low->plan;
    for (uint32_t term = 0; node->kind == PHYSICAL_RECURSION && term < 2; term++) {
        PhysicalPlan *own = node->recursion.plans[term];
        own->operator_count = plan->operator_count;
        own->filter_count = plan->filter_count;
        own->root = node->children[term];
        TRY_NEW_ARRAY(low->cx, low->arena, own->shared, plan->shared_count + 1);
        for (uint32_t i = 0; term == 1 && i < plan->shared_count; i++) {
            if (owners[i] == node) {
                own->shared[own->shared_count++] = plan->shared[i];
            }
        }
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(finish_plans(low, node->children[i], owners));
    }
    return OK;
}

Status recursion_plans_finish(Lowering *low) {
    PhysicalPlan *plan = low->plan;
    const PhysicalNode **owners;
    bool *is_inner;
    TRY_NEW_ARRAY(low->cx, low->arena, owners, plan->shared_count + 1);
    TRY_NEW_ARRAY(low->cx, low->arena, is_inner, plan->shared_count + 1);
    find_owners(plan, plan->root, owners);
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        find_owners(plan, plan->shared[i], owners);
    }
    TRY(finish_plans(low, plan->root, owners));
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        TRY(finish_plans(low, plan->shared[i], owners));
        is_inner[i] = owners[i] != NULL;
    }
    plan->is_inner = is_inner;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------- another snapshot */

static void use_snapshot(const PhysicalNode *node, Snapshot *snapshot) {
    for (uint32_t term = 0; node->kind == PHYSICAL_RECURSION && term < 2; term++) {
        node->recursion.plans[term]->snapshot = snapshot;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        use_snapshot(node->children[i], snapshot);
    }
}

void physical_plan_use_snapshot(PhysicalPlan *plan, Snapshot *snapshot) {
    if (plan->snapshot == snapshot) {
        return;
    }
    plan->snapshot = snapshot;
    use_snapshot(plan->root, snapshot);
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        use_snapshot(plan->shared[i], snapshot);
    }
}
