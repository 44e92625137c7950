/* Looking for a node of a physical plan. */
#include "plan/physical.h"

const PhysicalNode *physical_find(const PhysicalNode *node, PhysicalTest *test, const void *argument) {
    const PhysicalNode *found = test(node, argument) ? node : NULL;
    for (uint32_t i = 0; i < node->child_count && found == NULL; i++) {
        found = physical_find(node->children[i], test, argument);
    }
    return found;
}

const PhysicalNode *physical_plan_find(const PhysicalPlan *plan, PhysicalTest *test, const void *argument) {
    const PhysicalNode *found = physical_find(plan->root, test, argument);
    for (uint32_t i = 0; i < plan->shared_count && found == NULL; i++) {
        found = physical_find(plan->shared[i], test, argument);
    }
    return found;
}
