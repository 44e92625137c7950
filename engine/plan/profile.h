/* What EXPLAIN ANALYZE shows, counted where the work happens (exec/), printed by plan/explain.c. One OperatorProfile per
 * physical node and cluster node; tasks add their own counters when they close. */
#ifndef DEPOT_PLAN_PROFILE_H
#define DEPOT_PLAN_PROFILE_H

#include "core/status.h"

/* What a part of the work took its thread. */
typedef struct Effort {
    uint64_t nanoseconds;
    uint64_t cycles; /* of the processor; 0 where they are not counted */
} Effort;

typedef struct ScanSlice {
    uint64_t rows;                       /* out */
    uint64_t rows_scanned, rows_deleted; /* as in ScanProfile */
    uint64_t bytes;                      /* stored bytes of its column blocks that were decoded */
} ScanSlice;

typedef struct ScanProfile {
    uint32_t partitions_read;
    uint64_t blocks;              /* of all segments of the scanned slices, columns not counted */
    uint64_t blocks_pruned;       /* in pruned partitions and segments */
    uint64_t blocks_skipped_zone; /* by a predicate's zone map */
    uint64_t blocks_skipped_join; /* by a join filter's keys */
    uint64_t blocks_skipped_top;  /* by the bound of a Top-N */
    uint64_t blocks_read;
    uint64_t rows_scanned; /* rows of the blocks read */
    uint64_t rows_deleted; /* of those, rows that delete maps name */
    uint64_t rows_removed_filter, rows_removed_join_filter, rows_removed_top_filter;
    uint64_t bytes_scanned; /* stored bytes of the column blocks that were decoded, cached or not */
    uint64_t bytes_read;    /* of those, bytes that came from files */
    uint64_t *column_bytes; /* stored bytes per ScanSpec.columns entry */
    ScanSlice *slices;      /* per slice of the warehouse */
} ScanProfile;

/* A message goes from a node to a node, so bytes are known per pair of nodes; a row of a HASH exchange goes to the slice that
 * its key's hash names. Where a batch was scanned is known through stages, not through breakers and exchanges: "own slices" has
 * one entry for each slice of the sending node and a last one for rows of which only the node is known. */
typedef struct ExchangeProfile {
    uint64_t rows_sent, bytes_sent; /* to other nodes; what stays on its node is not sent */
    uint64_t *rows_to, *bytes_to;   /* the same per receiving node; the leader is node `nodes` */
    uint64_t *rows_to_slice; /* HASH: per slice of the warehouse, rows placed there, those that stay on their node included */
    uint64_t *slice_rows;    /* HASH: [own slice × slices + slice]: the same by slice of origin */
    uint64_t *slice_bytes;   /* [own slice × (nodes + 1) + to]: bytes sent to other nodes */
    uint64_t transport_messages, transport_bytes; /* between nodes, all pairs, as the transport measured them; on node 0 only */
} ExchangeProfile;

typedef struct OperatorProfile {
    uint64_t rows, batches; /* output */
    Effort spent;           /* exclusive wall time of the tasks, summed */
    uint64_t memory_bytes;  /* peak of hash tables, runs, groups */
    uint64_t groups;        /* hash tables: entries */
    uint64_t spilled_bytes; /* written to disk for want of memory */
    uint64_t parts_split;   /* of what was spilled, parts too large for memory that were written again */
    ScanProfile scan;
    ExchangeProfile exchange;
} OperatorProfile;

typedef struct PlanProfile {
    uint32_t node_count; /* cluster nodes + leader */
    uint32_t operator_count;
    OperatorProfile *operators; /* [operator id × node_count + node] */
    uint64_t planning_ns, execution_ns;
    uint64_t peak_memory_bytes; /* of the statement, all nodes together */
    uint64_t *node_peak_bytes;  /* by node and leader, each at its own moment: what tasks and operators there held, messages
                                   until they are taken by their receiver. Leaves out what belongs to no node: the plan */
    uint64_t bytes_scanned, bytes_moved, bytes_to_leader, spilled_bytes;
} PlanProfile;

static inline const OperatorProfile *operator_profile(const PlanProfile *profile, uint32_t id, uint32_t node) {
    return &profile->operators[(size_t)id * profile->node_count + node];
}
static inline void effort_add(Effort *sum, Effort part) {
    sum->nanoseconds += part.nanoseconds;
    sum->cycles += part.cycles;
}
/* Takes out a part that was counted twice; clocks differ, nothing goes below zero. */
static inline void effort_subtract(Effort *sum, Effort part) {
    sum->nanoseconds -= part.nanoseconds < sum->nanoseconds ? part.nanoseconds : sum->nanoseconds;
    sum->cycles -= part.cycles < sum->cycles ? part.cycles : sum->cycles;
}
/* An operator's counters over all nodes. Arrays are left out; maxima of memory are added up, as they stand side by side. */
OperatorProfile operator_profile_sum(const PlanProfile *profile, uint32_t id);

#endif
