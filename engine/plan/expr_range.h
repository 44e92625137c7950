/* What is known of the values of expressions over a subplan's rows, from the domains of the columns that they read. */
#ifndef DEPOT_PLAN_EXPR_RANGE_H
#define DEPOT_PLAN_EXPR_RANGE_H

#include "plan/lower.h"

#define EXPR_RANGE_DIGITS 18 /* of decimals in 64 bits */

/* Moments included; an expression of more than EXPR_RANGE_DIGITS has no range. */
ColumnDomain expr_domain(const Subplan *input, const Expr *expr);
/* An exact number that never has more than EXPR_RANGE_DIGITS digits. */
bool expr_is_narrow(const Subplan *input, const Expr *expr);
bool expr_is_null(const Expr *expr); /* the constant NULL */
/* Of a CASE or COALESCE: is argument i one of its values, not a condition? */
bool expr_is_result(const Expr *expr, uint32_t i);

#endif
