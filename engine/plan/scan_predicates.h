/* Predicates that storage can prune with, derived from a scan's filters. Each is implied by the filters; none replaces them. */
#ifndef DEPOT_PLAN_SCAN_PREDICATES_H
#define DEPOT_PLAN_SCAN_PREDICATES_H

#include "plan/columns.h"

/* What the conjunct over columns of `table` implies for single columns; appended to `predicates` (arena, growing). COLUMNs are
 * looked up in the plan. */
typedef struct PredicateList {
    uint32_t count, capacity;
    Predicate *items;
} PredicateList;

Status predicates_derive(const Context *cx, const LogicalPlan *plan, const Expr *conjunct, PredicateList *predicates);
/* Joins the ranges of each column into one. */
void predicates_intersect(PredicateList *predicates);

#endif
