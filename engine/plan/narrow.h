/* DECIMAL expressions in 64 bits where the type alone would ask for 128. */
#ifndef DEPOT_PLAN_NARROW_H
#define DEPOT_PLAN_NARROW_H

#include "plan/lower.h"

/* *out computes the same numbers at the same scale as DECIMAL(18, s) if all that is computed on the way has at most 18 digits
 * for whatever rows may come; else it is the expression itself. */
Status narrow_decimals(Lowering *low, const Subplan *input, Expr *expr, Expr **out);
/* *out is the condition, with the comparisons of wide decimals below AND, OR and NOT made in 64 bits where both sides allow it.
 */
Status narrow_comparisons(Lowering *low, const Subplan *input, const Expr *condition, const Expr **out);

#endif
