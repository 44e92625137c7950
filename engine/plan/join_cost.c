/* The optimizer's own costs (join_cost.h). */
#include "plan/join_cost.h"

#include <math.h>

/* Nanoseconds of one core per row, measured with 2,000,000 rows probed into 1,000 to 2,000,000, array and hash in turn. */
#define BUILD_NS 15.0  /* into a table that stays in the first cache */
#define PROBE_NS 2.0   /* of such a table */
#define OUTPUT_NS 3.0  /* handed on */
#define STEP_NS 2.0    /* of a sort or a binary search */
#define MERGE_NS 3.0   /* read in order and matched */
#define PAIR_NS 0.5    /* compared by a nested loop */
#define SEND_NS 8.0    /* hashed, split by receiver and put into a message */
#define RECEIVE_NS 2.0 /* taken out of it */
#define COPY_BYTE_NS 0.2

uint32_t planned_nodes(const LogicalPlan *plan, uint32_t warehouse_nodes) {
    return plan->what_if != NULL && plan->what_if->nodes > 0 ? plan->what_if->nodes : warehouse_nodes;
}

Cluster cluster_of(const Settings *settings, uint32_t nodes) {
    return (Cluster){.nodes = nodes,
                     .byte_ns = 8e3 / (double)settings->network_mbit_per_second,
                     .latency_ns = 1e3 * (double)settings->network_latency_us};
}

static bool is_spread(PlacementKind placement) {
    return placement == PLACED_RANDOM || placement == PLACED_HASHED;
}

JoinSteps join_steps(JoinMove move, PlacementKind probe, PlacementKind build, bool has_keys) {
    const JoinSteps to_leader = {STEP_LEADER, STEP_LEADER};
    switch (move) {
    case MOVE_BROADCAST: return (JoinSteps){STEP_STAY, STEP_BROADCAST};
    case MOVE_INNER: return is_spread(probe) ? (JoinSteps){STEP_STAY, STEP_HASH} : to_leader;
    case MOVE_OUTER: return (JoinSteps){STEP_HASH, STEP_STAY};
    case MOVE_BOTH: return has_keys ? (JoinSteps){STEP_HASH, STEP_HASH} : to_leader;
    case MOVE_ANY:
    case MOVE_NONE: break;
    }
    return probe == PLACED_LEADER || build == PLACED_LEADER ? to_leader : (JoinSteps){STEP_STAY, STEP_STAY};
}

static PlacementKind placement_after(JoinStep step, PlacementKind before) {
    switch (step) {
    case STEP_BROADCAST: return PLACED_REPLICATED;
    case STEP_HASH: return PLACED_HASHED;
    case STEP_LEADER: return PLACED_LEADER;
    case STEP_STAY: break;
    }
    return before;
}

/* The rows that the busiest node has. */
static double share_of(const Cluster *cluster, PlacementKind placement, double rows) {
    return is_spread(placement) ? rows / cluster->nodes : rows;
}

/* Bytes of all links and of the busiest one. What is replicated already is sent by the leader, which has each row once. */
static JoinPrice price_moved(const Cluster *cluster, const JoinSide *side, double copies, double busiest, double received) {
    double bytes = side->rows * side->width, sent = share_of(cluster, side->placement, side->rows);
    sent = side->placement == PLACED_REPLICATED ? side->rows : sent;
    double work = sent * (SEND_NS + COPY_BYTE_NS * side->width) + received * (RECEIVE_NS + COPY_BYTE_NS * side->width);
    return (JoinPrice){work + bytes * busiest * cluster->byte_ns, bytes * copies};
}

/* Without latency. */
static JoinPrice price_exchange(const Cluster *cluster, JoinStep step, const JoinSide *side) {
    double n = cluster->nodes, others = (n - 1) / n;
    bool spread = is_spread(side->placement);
    if (step == STEP_STAY || (step == STEP_LEADER && !spread) || n <= 1) {
        return (JoinPrice){0, 0};
    }
    switch (step) {
    case STEP_BROADCAST:
        return spread ? price_moved(cluster, side, n - 1, others, side->rows) : price_moved(cluster, side, n, n, side->rows);
    case STEP_HASH:
        return spread ? price_moved(cluster, side, others, others / n, side->rows / n)
                      : price_moved(cluster, side, 1, 1, side->rows / n);
    case STEP_LEADER: return price_moved(cluster, side, 1, 1, side->rows);
    case STEP_STAY: break;
    }
    return (JoinPrice){0, 0};
}

/* How much slower a table of so many rows is than one that stays in the first cache. */
typedef struct TableFactor {
    double rows_max, build, probe;
} TableFactor;

static const TableFactor *table_factor(double rows) {
    static const TableFactor factors[] = {{4096, 1, 1}, {65536, 1.3, 2}, {524288, 1.8, 6}, {HUGE_VAL, 2.5, 15}};
    const TableFactor *factor = factors;
    while (rows > factor->rows_max) {
        factor++;
    }
    return factor;
}

static double match_ns(JoinMatch match, double probed, double built) {
    const TableFactor *factor = table_factor(built);
    switch (match) {
    case MATCH_KEYS: return built * BUILD_NS * factor->build + probed * PROBE_NS * factor->probe;
    case MATCH_RANGE: return (built + probed) * STEP_NS * log2(built < 2 ? 2 : built);
    case MATCH_PAIRS: break;
    }
    return built * probed * PAIR_NS;
}

JoinPrice price_join(const Cluster *cluster, JoinSteps steps, const JoinSide *probe, const JoinSide *build, double rows,
                     JoinMatch match) {
    PlacementKind p = placement_after(steps.probe, probe->placement), b = placement_after(steps.build, build->placement);
    JoinPrice moved = price_exchange(cluster, steps.probe, probe), price = price_exchange(cluster, steps.build, build);
    double probed = share_of(cluster, p, probe->rows), built = share_of(cluster, b, build->rows);
    double out = is_spread(p) || is_spread(b) ? rows / cluster->nodes : rows;
    bool waits = price.bytes > 0 || moved.bytes > 0; /* for both sides at once */
    price.nanoseconds +=
        (waits ? cluster->latency_ns : 0) + moved.nanoseconds + match_ns(match, probed, built) + out * OUTPUT_NS;
    price.bytes += moved.bytes;
    return price;
}

JoinPrice price_merge(const Cluster *cluster, const JoinSide *outer, const JoinSide *inner, double rows) {
    double read = share_of(cluster, outer->placement, outer->rows) + share_of(cluster, inner->placement, inner->rows);
    return (JoinPrice){read * MERGE_NS + share_of(cluster, outer->placement, rows) * OUTPUT_NS, 0};
}

double partial_groups(const Cluster *cluster, double rows, double groups) {
    double on_node = rows / cluster->nodes, met = groups * (1 - exp(-on_node / groups));
    return cluster->nodes * (met < 1 ? 1 : met);
}

double group_ns(double rows, double groups) {
    return match_ns(MATCH_KEYS, rows, groups);
}

JoinPrice price_grouping(const Cluster *cluster, GroupingWay way, const JoinSide *input, double groups, double partial_width) {
    double n = cluster->nodes, partial_rows = partial_groups(cluster, input->rows, groups);
    JoinSide partial = {PLACED_RANDOM, partial_rows, partial_width}, result = {PLACED_HASHED, groups, partial_width};
    JoinPrice moved =
        price_exchange(cluster, way == GROUP_ON_LEADER ? STEP_LEADER : STEP_HASH, way == GROUP_ONE_PHASE ? input : &partial);
    JoinPrice at_last = price_exchange(cluster, STEP_LEADER, &result);
    double work;
    if (way == GROUP_ONE_PHASE) {
        work = group_ns(input->rows / n, groups / n) + at_last.nanoseconds;
    } else if (way == GROUP_BY_HASH) {
        work = group_ns(input->rows / n, partial_rows / n) + group_ns(partial_rows / n, groups / n) + at_last.nanoseconds;
    } else {
        work = group_ns(input->rows / n, partial_rows / n) + group_ns(partial_rows, groups);
    }
    double waits = way == GROUP_ON_LEADER ? 1 : 2;
    return (JoinPrice){waits * cluster->latency_ns + moved.nanoseconds + work, moved.bytes};
}

JoinMove move_of_setting(const Settings *settings) {
    static const char *const names[] = {[MOVE_NONE] = "none",
                                        [MOVE_BROADCAST] = "broadcast",
                                        [MOVE_INNER] = "inner",
                                        [MOVE_OUTER] = "outer",
                                        [MOVE_BOTH] = "both"};
    for (JoinMove move = MOVE_NONE; move <= MOVE_BOTH; move++) {
        if (strcmp(settings->join_move, names[move]) == 0) {
            return move;
        }
    }
    return MOVE_ANY;
}
