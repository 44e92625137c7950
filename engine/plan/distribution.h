/* Where rows are and which exchanges bring them together: what the join order decided, the setting join_move or a hint asks
 * for, else the cheapest move that is right for the join's kind (join_cost.h). With one node no exchange is built, but
 * placements and labels are followed as if there were two. */
#ifndef DEPOT_PLAN_DISTRIBUTION_H
#define DEPOT_PLAN_DISTRIBUTION_H

#include "plan/join_cost.h"
#include "plan/lower.h"

static inline bool moves_rows(const Lowering *low) {
    return low->plan->topology.nodes > 1;
}

/* The placement of a table's rows, given the ids of its columns in the plan. */
Status placement_of_table(Lowering *low, const LogicalNode *get, Placement *placement);
/* The placement after a Project of `exprs` (output ids in `ids`). */
Status placement_project(Lowering *low, const Placement *in, const ColumnId *ids, Expr *const *exprs, uint32_t count,
                         Placement *out);
/* True if equal values of the columns are on one node, so that grouping by them needs no exchange. `nulls` says whether
 * rows with NULL keys must be together too. */
bool placement_groups(const Subplan *input, const uint32_t *slots, uint32_t count);

/* Puts the subplan on the leader: replicated subtrees are run there, others gathered (merged if a Sort is on top). */
Status exchange_to_leader(Lowering *low, Subplan *subplan);
/* A GATHER over *place, merging if a Sort is there; *place becomes the exchange. */
Status exchange_gather(Lowering *low, PhysicalNode **place);
/* Marks the subtree, which holds no exchange, to run on the leader. */
void run_on_leader(PhysicalNode *node);
/* Each row to the node of its keys' hash; rows with a NULL key stay where they are, or meet on one node. */
typedef enum NullRows { NULLS_STAY, NULLS_MEET } NullRows;
Status exchange_hash(Lowering *low, Subplan *subplan, const uint32_t *slots, uint32_t count, NullRows nulls);
/* Every node gets all rows. */
Status exchange_broadcast(Lowering *low, Subplan *subplan);

/* The keys of a join as slots and, beneath casts between integers, as columns (UINT32_MAX: an expression). */
typedef struct JoinKeys {
    uint32_t count;
    uint32_t *probe_slots, *build_slots;
    ColumnId *probe_ids, *build_ids;
} JoinKeys;
/* Which move others want for a join: the optimizer (ANY: none), hints (1 << JoinMove of each that they allow, and salt). A hint
 * goes before the setting join_move, that before the optimizer. */
typedef struct MoveWish {
    JoinStrategy optimizer;
    uint32_t hinted;
    bool wants_salt;
} MoveWish;
/* distribute_join.c. Adds the exchanges a join needs to its inputs, and says what was weighed and where its rows are. A wish
 * is followed if it is right; `rows` is what comes out. */
Status distribute_join(Lowering *low, JoinKind kind, JoinMatch match, MoveWish wish, double rows, const JoinKeys *keys,
                       Subplan *probe, Subplan *build, JoinAlternatives *weighed, Placement *placement);
/* One of the hash key's columns is `id`. */
bool hash_key_has(const HashKey *key, ColumnId id);

/* physical_merge_join.c. May and should the sides be merged? Then the pair of keys that both are sorted by becomes the first;
 * *by_slice: its partners are in one slice, else on one node. */
bool merge_join_fits(const Lowering *low, JoinKind kind, JoinMethod asked, JoinKeys *keys, const Subplan *outer,
                     const Subplan *inner, bool *by_slice);

/* physical_partition_join.c. Sets the spec's pairs if both sides are partitioned alike and it pays. */
Status partition_join_pairs(Lowering *low, const JoinKeys *keys, const Subplan *outer, const Subplan *inner, JoinSpec *spec);

#endif
