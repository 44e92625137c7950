/* Inside lowering (physical*.c, distribution.c): logical nodes become physical ones bottom up. A Subplan is a lowered subtree
 * with the ColumnId behind each of its slots and what is known of where its rows are. */
#ifndef DEPOT_PLAN_LOWER_H
#define DEPOT_PLAN_LOWER_H

#include "plan/columns.h"
#include "plan/physical.h"

/* Columns that all hold the value of one hash key. */
typedef struct HashKey {
    uint32_t count;
    const ColumnId *ids;
} HashKey;

typedef struct Placement {
    PlacementKind kind;
    uint32_t key_count; /* HASHED */
    const HashKey *keys;
    bool nulls_together; /* HASHED by an exchange: rows with NULL keys are on one node; stored rows are spread */
} Placement;

typedef struct Subplan {
    PhysicalNode *node;
    ColumnId *layout; /* node->column_count ids */
    Placement placement;
} Subplan;

typedef struct Lowering {
    const Context *cx;
    Arena *arena;
    const LogicalPlan *logical;
    PhysicalPlan *plan;
    ColumnId next_column;   /* ids of computed columns, past the logical plan's */
    Subplan *shared;        /* by index of LogicalPlan.shared: its Materialize; node NULL before the first reader is met */
    Subplan *shared_copies; /* the same for readers on the leader, of subplans that are replicated */
} Lowering;

/* physical.c */
Status lower_node(Lowering *low, const LogicalNode *node, Subplan *out);
/* A node's columns `ids`, in that order. */
Status lower_columns(Lowering *low, const LogicalNode *node, const ColumnId *ids, uint32_t count, Subplan *out);
/* A node with room for its columns and layout; children are filled in by the caller. */
Status lower_new(Lowering *low, PhysicalKind kind, uint32_t child_count, uint32_t column_count, Subplan *out);
/* A node over `input` whose first columns are the input's. `added` more follow. */
Status lower_over(Lowering *low, PhysicalKind kind, const Subplan *input, uint32_t added, Subplan *out);
/* Costs and width, once spec, children and rows stand. */
void lower_finish(Lowering *low, Subplan *subplan);
uint32_t subplan_find(const Subplan *subplan, ColumnId id); /* slot, or UINT32_MAX */
Status subplan_slot(Lowering *low, const Subplan *subplan, ColumnId id, uint32_t *slot);
/* Columns become SLOTs of `first`, then (past its columns) of `second`, which may be NULL. */
Status lower_expr(Lowering *low, const Subplan *first, const Subplan *second, const Expr *expr, Expr **out);
/* slots[i] holds exprs[i]; columns that are not there are computed by a Project, which keeps all others (`keep_all`) or only
 * those asked for. ids[i] (may be NULL) is the column behind slots[i]. */
Status lower_exprs(Lowering *low, Subplan *input, Expr *const *exprs, uint32_t count, bool keep_all, uint32_t *slots);
/* Slot i of a Project passes column `from` of the input on. */
Status lower_pass(Lowering *low, const Subplan *input, uint32_t from, Subplan *project, uint32_t i);
/* Fills type, name and can_be_null of a column from the logical plan. */
void lower_column(Lowering *low, Subplan *subplan, uint32_t slot, ColumnId id);
Status lower_sort_keys(Lowering *low, const Subplan *input, const SortKey *keys, uint32_t count, const SortSlot **out);
/* The last step for a source whose rows come up on the leader: `out` gets the node's columns and rows, and stands there. */
Status lower_leader_source(Lowering *low, const LogicalNode *node, Subplan *out);
/* What a call of an aggregate or window function reads: its arguments, then its filter if there is one. */
Status lower_call_exprs(Lowering *low, Expr *const *args, uint32_t count, Expr *filter, ExprList *exprs);
Status lower_filter(Lowering *low, const Subplan *input, const Expr *condition, double rows, Subplan *out);

/* physical_shared.c */
Status lower_shared_scan(Lowering *low, const LogicalNode *node, Subplan *out);
/* Last: readers that were put on the leader, of rows that every node has, get a Materialize there. */
Status lower_shared_copies(Lowering *low);

/* physical_scan.c */
Status lower_get(Lowering *low, const LogicalNode *node, Subplan *out);
/* physical_join.c */
Status lower_join(Lowering *low, const LogicalNode *node, Subplan *out);
/* The scan, and its column, whose values reach `slot` of `node` unchanged; NULL if there is none. *travels: there is an
 * exchange between. Groupings may be on the way, by whose groups the slot is one: a value leaves whole groups out or none. */
PhysicalNode *trace_to_scan(PhysicalNode *node, uint32_t *slot, bool *travels);
/* physical_top_filter.c. Gives a Top-N's scan a filter by the Top-N's bound, where rows come from it without a stop. */
void lower_top_filter(Lowering *low, PhysicalNode *sort);
/* physical_recursion.c */
Status lower_recursion(Lowering *low, const LogicalNode *node, Subplan *out);
Status lower_working_scan(Lowering *low, const LogicalNode *node, Subplan *out);
/* After the plan is whole: the plans of its recursions get what they share with it. */
Status recursion_plans_finish(Lowering *low);
/* physical_range_join.c. Takes bounds of a key of the build side out of a join's conjuncts; *text is NULL if there are none. */
Status lower_range(Lowering *low, JoinKind kind, ExprList *conjuncts, Subplan *probe, Subplan *build, JoinRange *range,
                   const char **text);
/* Are all COLUMNs of the expression in the subplan's layout? */
bool subplan_has_all(const Subplan *subplan, const Expr *expr);
/* physical_agg.c */
Status lower_aggregate(Lowering *low, const LogicalNode *node, Subplan *out);
Status lower_expand(Lowering *low, const LogicalNode *node, Subplan *out);
/* Rows of one group on one node: by their group columns, or on the leader. */
Status bring_together(Lowering *low, Subplan *input, const uint32_t *slots, uint32_t count, bool is_large);
/* physical_window.c */
Status lower_window(Lowering *low, const LogicalNode *node, Subplan *out);

#endif
