/* A plan in Amazon Redshift's terms: streams run one after the other, the segments of a stream side by side, the steps of a
 * segment in a row. A segment is a pipeline; a stream ends where all rows have to be there (hash table, aggregate, sort). */
#ifndef DEPOT_PLAN_QUERY_STEPS_H
#define DEPOT_PLAN_QUERY_STEPS_H

#include "plan/physical.h"
#include "plan/query_log.h"

/* What each step did, for the query log; in the arena. */
Status logged_steps(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile, LoggedStep **steps,
                    uint32_t *count);
/* The plan's operators as EXPLAIN shows them, with estimates only; in the arena. */
Status logged_nodes(const Context *cx, Arena *arena, const PhysicalPlan *plan, LoggedNode **nodes, uint32_t *count);
/* The alerts of the query, which ended well; in the arena. */
Status logged_alerts(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile,
                     LoggedAlert **alerts, uint32_t *count);

#endif
