/* What the optimizer weighs: nanoseconds until the busiest node is done, from rows hashed, probed and handed on, and bytes
 * through the busiest link at the declared bandwidth. EXPLAIN's printed costs are others, in
 * Redshift's shape (cost.h). */
#ifndef DEPOT_PLAN_JOIN_COST_H
#define DEPOT_PLAN_JOIN_COST_H

#include "core/settings.h"
#include "plan/logical.h"

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

/* `rows` come out. */
JoinPrice price_join(const Cluster *cluster, JoinSteps steps, const JoinSide *probe, const JoinSide *build, double rows,
                     JoinMatch match);
/* A merge of two sides that are sorted and placed by the key: nothing moves. */
JoinPrice price_merge(const Cluster *cluster, const JoinSide *outer, const JoinSide *inner, double rows);
/* How rows of one group meet. */
typedef enum GroupingWay {
    GROUP_ONE_PHASE, /* the rows themselves go by the hash of their groups */
    GROUP_BY_HASH,   /* each node groups its rows; the partial results go by the hash of their groups */
    GROUP_ON_LEADER, /* each node groups its rows; the partial results go to the leader */
    GROUPING_WAY_COUNT
} GroupingWay;
/* `groups` in all; partial results have `partial_width` bytes. What stays on the nodes is taken to go to the leader at last. */
JoinPrice price_grouping(const Cluster *cluster, GroupingWay way, const JoinSide *input, double groups, double partial_width);
/* Partial results of all nodes together. */
double partial_groups(const Cluster *cluster, double rows, double groups);
/* Rows of one node find their groups, each as it would a partner. */
double group_ns(double rows, double groups);
/* The move that the setting join_move asks of every join; MOVE_ANY: none. */
JoinMove move_of_setting(const Settings *settings);

#endif
