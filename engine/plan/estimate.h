/* Row counts from statistics. Everything here is a guess that costs time only when wrong; nothing is used for correctness. */
#ifndef DEPOT_PLAN_ESTIMATE_H
#define DEPOT_PLAN_ESTIMATE_H

#include "plan/columns.h"

/* Sets node->rows of the whole tree. */
Status estimate_plan(const Context *cx, LogicalPlan *plan);
Status estimate_node(const Context *cx, LogicalPlan *plan, LogicalNode *node);
/* The share of rows for which a BOOLEAN expression is true, 0 to 1. */
Status estimate_selectivity(const Context *cx, const LogicalPlan *plan, const Expr *expr, double *share);
/* Distinct values of an expression among `rows` rows. */
double estimate_distinct(const LogicalPlan *plan, const Expr *expr, double rows);
/* Rows of a join's output, from its inputs' rows and its condition. */
Status estimate_join(const Context *cx, const LogicalPlan *plan, JoinKind kind, const Expr *condition, double left,
                     double right, double *rows);
double estimate_groups(const LogicalPlan *plan, Expr *const *groups, uint32_t count, double rows);

#endif
