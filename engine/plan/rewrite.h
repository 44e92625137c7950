/* The rewrites of rewrites.def, and what they share. Each transforms the plan in place. */
#ifndef DEPOT_PLAN_REWRITE_H
#define DEPOT_PLAN_REWRITE_H

#include "plan/columns.h"

#define REWRITE(name, text) Status rewrite_##name(const Context *cx, LogicalPlan *plan);
#include "plan/rewrites.def"
#undef REWRITE

/* Calls rewrite on the root of each tree: those of the shared subplans, then the plan's own. */
Status rewrite_roots(const Context *cx, LogicalPlan *plan,
                     Status (*rewrite)(const Context *cx, LogicalPlan *plan, LogicalNode **root));
/* Calls rewrite on each node, children first; it may put another node in the place. */
Status rewrite_nodes(const Context *cx, LogicalPlan *plan, LogicalNode **place,
                     Status (*rewrite)(const Context *cx, LogicalPlan *plan, LogicalNode **place));
/* Calls rewrite on each expression of the node itself; it may put another in the place. */
Status rewrite_exprs(const Context *cx, LogicalPlan *plan, LogicalNode *node,
                     Status (*rewrite)(const Context *cx, LogicalPlan *plan, Expr **place));
/* CAST(small AS BIGINT) = 7 becomes small = 7, where the constant fits. */
Status rewrite_unwrap_comparisons(const Context *cx, LogicalPlan *plan, Expr **place);
/* (a AND b) OR (a AND c) becomes a AND (b OR c). */
Status rewrite_factor(const Context *cx, LogicalPlan *plan, Expr **place);
/* What some reader of a shared subplan wants, over the subplan's columns, once its readers' conditions have moved down to them:
 * rows for which it is not true are read by nobody. *asked = NULL: all rows may be wanted. */
Status shared_asked(const Context *cx, LogicalPlan *plan, uint32_t index, Expr **asked);
/* What push_filters does, for one tree again. */
Status rewrite_push_filters_of(const Context *cx, LogicalPlan *plan, LogicalNode **root);
/* A Filter over *place if the list is not empty. */
Status rewrite_wrap_filter(const Context *cx, LogicalPlan *plan, const ExprList *conjuncts, LogicalNode **place);
/* A join of the two with left's and then right's columns. */
Status rewrite_new_join(const Context *cx, LogicalPlan *plan, JoinKind kind, LogicalNode *left, LogicalNode *right,
                        Expr *condition, LogicalNode **join);

/* sink_join.c. The input of *place that has all the columns, where a join that keeps, drops or extends left rows one by one may
 * stand instead of above *place; NULL: none. */
LogicalNode **rewrite_lower_place(LogicalNode **place, const ColumnSet *columns);
/* Puts such a join, taken out above *place, over the lowest input that has all the columns. */
Status rewrite_sink_join(const Context *cx, LogicalPlan *plan, LogicalNode **place, LogicalNode *join,
                         const ColumnSet *columns);
/* The columns of a join or filter, after its inputs have got others. */
Status rewrite_set_columns(const Context *cx, LogicalPlan *plan, LogicalNode *node);

/* A maximal tree of inner joins and the filters among them, taken apart: the relations that it joins and all conditions. */
typedef struct JoinBlock {
    uint32_t count, capacity;
    LogicalNode **relations;
    ExprList conjuncts;
} JoinBlock;
Status join_block_collect(const Context *cx, LogicalPlan *plan, LogicalNode *node, JoinBlock *block);

#endif
