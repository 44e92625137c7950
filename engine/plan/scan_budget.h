/* SET scan_limit_bytes: a statement that would read more is refused before it starts, from what the manifest knows, and
 * stopped when it has read more (exec/scan_block.c): a recursion reads its tables once per round. */
#ifndef DEPOT_PLAN_SCAN_BUDGET_H
#define DEPOT_PLAN_SCAN_BUDGET_H

#include "plan/physical.h"

/* CONFIGURATION_LIMIT_EXCEEDED with the figures and what would read less. */
Status scan_budget_check(const Context *cx, Arena *arena, const PhysicalPlan *plan);

#endif
