/* Row counts from statistics. Everything here is a guess that costs time only when wrong; nothing is used for correctness. */
#ifndef DEPOT_PLAN_ESTIMATE_H
#define DEPOT_PLAN_ESTIMATE_H

#include "plan/columns.h"

/* Sets rows and largest_table of the whole tree. */
Status estimate_plan(const Context *cx, LogicalPlan *plan);
Status estimate_node(const Context *cx, LogicalPlan *plan, LogicalNode *node);
/* Of a tree: what was estimated before conditions have moved is no estimate for later. */
void estimate_forget(LogicalNode *node);
/* The share of rows for which a BOOLEAN expression is true, 0 to 1; for which all of several are. */
Status estimate_selectivity(const Context *cx, const LogicalPlan *plan, const Expr *expr, double *share);
Status estimate_conjunction(const Context *cx, const LogicalPlan *plan, Expr *const *conjuncts, uint32_t count, double *share);
/* Of an aggregate's groups, whose rows are set, the share for which the condition is true. */
Status estimate_having(const Context *cx, const LogicalPlan *plan, const LogicalNode *aggregate, Expr *condition,
                       double *share);
/* Distinct values of an expression among `rows` rows. */
double estimate_distinct(const LogicalPlan *plan, const Expr *expr, double rows);
/* Groups of the rows of a node, which are set. */
Status estimate_groups(const Context *cx, const LogicalPlan *plan, Expr *const *groups, uint32_t count,
                       const LogicalNode *input, double *rows);
/* Of all pairs of rows of two nodes, whose rows are set, the share for which left = right holds; for which left[i] = right[i]
 * for all i; for which a condition over both holds. */
Status estimate_equal_share(const Context *cx, const LogicalPlan *plan, const Expr *left, const Expr *right,
                            const LogicalNode *left_node, const LogicalNode *right_node, double *share);
Status estimate_keys_share(const Context *cx, const LogicalPlan *plan, Expr *const *left, Expr *const *right, uint32_t count,
                           const LogicalNode *left_node, const LogicalNode *right_node, double *share);
/* The share of the rows of `own` that have a partner in `other` by one key. */
Status estimate_partners(const Context *cx, const LogicalPlan *plan, Expr *own_key, Expr *other_key, const LogicalNode *own,
                         const LogicalNode *other, double *share);
Status estimate_condition(const Context *cx, const LogicalPlan *plan, const Expr *conjunct, double *share);
/* Rows of a join's output, from its inputs, whose rows are set, and its condition. */
Status estimate_join(const Context *cx, const LogicalPlan *plan, JoinKind kind, const Expr *condition, const LogicalNode *left,
                     const LogicalNode *right, double *rows);

#endif
