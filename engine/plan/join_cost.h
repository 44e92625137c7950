/* What the optimizer weighs: nanoseconds until the busiest node is done, from rows hashed, probed and handed on, and bytes
 * through the busiest link at the declared bandwidth. EXPLAIN's printed costs are others, in
 * Redshift's shape (cost.h). */
#ifndef DEPOT_PLAN_JOIN_COST_H
#define DEPOT_PLAN_JOIN_COST_H

#include "core/settings.h"
#include "plan/logical.h"

/* More groups than this are finished on the nodes, by a hash exchange; fewer on the leader. */
#define GATHER_GROUPS_MAX 100000

/* Labels are followed on one node too: as if there were so many. */
#define NODES_LABELLED 2

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

/* How rows of the two sides find each other. */
typedef enum JoinMatch {
    MATCH_KEYS,  /* equal keys: hashed */
    MATCH_RANGE, /* the inner side is sorted, each outer row searches it */
    MATCH_PAIRS  /* every pair is looked at */
} JoinMatch;

typedef struct JoinPrice {
    double nanoseconds; /* of this join and its exchanges, without what stands below */
    double bytes;       /* over the network, all links together */
} JoinPrice;

/* Without latency. */
JoinPrice price_exchange(const Cluster *cluster, JoinStep step, const JoinSide *side);
/* `rows` come out. */
JoinPrice price_join(const Cluster *cluster, JoinSteps steps, const JoinSide *probe, const JoinSide *build, double rows,
                     JoinMatch match);
/* A merge of two sides that are sorted and placed by the key: nothing moves. */
JoinPrice price_merge(const Cluster *cluster, const JoinSide *outer, const JoinSide *inner, double rows);
/* The move that the setting join_move asks of every join; MOVE_ANY: none. */
JoinMove move_of_setting(const Settings *settings);

#endif
