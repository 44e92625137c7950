/* Costs in Redshift's shape, for display: PostgreSQL 8's formula without page costs and with a dominating network term. The
 * optimizer's own choices use plan/join_cost.c's model. */
#ifndef DEPOT_PLAN_COST_H
#define DEPOT_PLAN_COST_H

#include "core/settings.h"
#include "plan/physical.h"

/* Sets cost_start and cost_total from the spec, rows, width and the children's costs. */
void cost_node(PhysicalNode *node);
/* Modelled: time on the declared network. Each exchange waits once, each node sends its share at once. */
double network_seconds(const Settings *settings, uint32_t nodes, uint64_t bytes_moved, uint64_t bytes_to_leader);
/* What the slowest slice worked, and then the leader: a node's work divided among its slices. Profiles that were timed. */
uint64_t slowest_slice_ns(const PhysicalPlan *plan, const PlanProfile *profile);
/* Bytes per row of a column, estimated. */
uint32_t column_width(const LogicalColumn *column);
uint32_t type_width(Type type);

#endif
