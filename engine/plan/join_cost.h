/* What the optimizer weighs: nanoseconds until the busiest node is done, from rows hashed, probed and handed on, and bytes
 * through the busiest link at the declared bandwidth. EXPLAIN's printed costs are others, in
 * Redshift's shape (cost.h). */
#ifndef DEPOT_PLAN_JOIN_COST_H
#define DEPOT_PLAN_JOIN_COST_H

#include "core/settings.h"
#include "plan/logical.h"

typedef struct Cluster {
    double nodes; /* at least 1 */
    double byte_ns, latency_ns;
} Cluster;

/* The nodes that the plan is made for: those of its what-if, else the warehouse's. */
uint32_t planned_nodes(const LogicalPlan *plan, uint32_t warehouse_nodes);
Cluster cluster_of(const Settings *settings, uint32_t nodes);

/* An input of a join. */
typedef struct JoinSide {
    PlacementKind placement;
    double rows; /* all together; of a replicated side each row once */
    double width;
} JoinSide;

/* What a side does before it is joined. */
typedef enum JoinStep {
    STEP_STAY,
    STEP_BROADCAST,
    STEP_HASH,
    STEP_LEADER /* what every node has is computed on the leader instead; the rest is gathered */
} JoinStep;

typedef struct JoinSteps {
    JoinStep probe, build;
} JoinSteps;

/* What a move means for sides that are placed so. Whether the move is right for the join is the caller's to know. */
JoinSteps join_steps(JoinMove move, PlacementKind probe, PlacementKind build, bool has_keys);
PlacementKind placement_after(JoinStep step, PlacementKind before);

typedef struct JoinPrice {
    double nanoseconds; /* of this join and its exchanges, without what stands below */
    double bytes;       /* over the network, all links together */
} JoinPrice;

JoinPrice price_exchange(const Cluster *cluster, JoinStep step, const JoinSide *side);
/* A hash join by equal keys, or a loop without any, `rows` of which come out. */
JoinPrice price_join(const Cluster *cluster, JoinSteps steps, const JoinSide *probe, const JoinSide *build, double rows,
                     bool has_keys);

#endif
