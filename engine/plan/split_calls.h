/* A grouping as two, one over the other, in the logical plan: the inner one makes partial results as nodes do
 * (aggregate_split), the outer one puts them together, and a Project computes what is left (a mean from sum and count). Shared
 * by the rewrites that group twice. */
#ifndef DEPOT_PLAN_SPLIT_CALLS_H
#define DEPOT_PLAN_SPLIT_CALLS_H

#include "plan/logical.h"

typedef struct SplitCall {
    AggregateSplit split; /* count = 0: none of it is split */
    Expr *finish;         /* over SLOT 0 and 1, the finals; NULL: the first final itself */
    ColumnId partials[2]; /* of the inner grouping; those of the outer one once it has them and there is a finish */
} SplitCall;

/* Their arguments are equal, and the same for a row however often they are computed. */
bool calls_take_same_values(const AggregateCall *a, const AggregateCall *b);
/* Their filters are equal. */
bool calls_take_same_rows(const AggregateCall *a, const AggregateCall *b);
/* A column of the plan as an expression. */
Status plan_column_expr(const Context *cx, LogicalPlan *plan, ColumnId id, Expr **out);
/* A grouping with room for so many groups and calls; its columns are the caller's to set. */
Status new_grouping(const Context *cx, LogicalPlan *plan, LogicalNode *child, uint32_t groups, uint32_t calls, SourcePos pos,
                    LogicalNode **out);
/* The calls of `inner` that `call` becomes, from *next on. */
Status split_add_partials(const Context *cx, LogicalPlan *plan, const AggregateCall *call, SplitCall *split, LogicalNode *inner,
                          uint32_t *next);
/* The calls of `outer`, over those, or over args[k] in place of partial result k, where the call's filter holds. */
Status split_add_finals(const Context *cx, LogicalPlan *plan, const AggregateCall *call, SplitCall *split, Expr *const *args,
                        LogicalNode *outer, uint32_t *next);
/* *out has the columns of `node`, the grouping that was split: it is `outer`, or a Project over it. */
Status split_finish(const Context *cx, LogicalPlan *plan, const LogicalNode *node, const SplitCall *splits, LogicalNode *outer,
                    LogicalNode **out);

#endif
