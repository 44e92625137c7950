/* SET scan_limit_bytes: a statement that would read more is refused before it starts, from what the manifest knows, and
 * stopped when it has read more (exec/scan_block.c): a recursion reads its tables once per round. */
#ifndef DEPOT_PLAN_SCAN_BUDGET_H
#define DEPOT_PLAN_SCAN_BUDGET_H

#include "plan/physical.h"

typedef struct ScanBound {
    uint64_t bytes;              /* that the plan's scans read at most, all columns and nodes; join filters may spare some */
    const PhysicalNode *largest; /* the scan with most of them; NULL: none reads anything */
    uint64_t largest_bytes;
} ScanBound;

Status scan_bound(const Context *cx, Arena *arena, const PhysicalPlan *plan, ScanBound *bound);
/* CONFIGURATION_LIMIT_EXCEEDED with the figures and what would read less. */
Status scan_budget_check(const Context *cx, Arena *arena, const PhysicalPlan *plan);

#endif
