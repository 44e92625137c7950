/* Computed texts of few values: tables in place of expressions (expr/expr_table.h). */
#ifndef DEPOT_PLAN_TABULATE_H
#define DEPOT_PLAN_TABULATE_H

#include "plan/lower.h"

/* Column `slot` of a Project over `input` is to be *expr, of logical columns. Fills its domain; *expr becomes a table where the
 * expression is a text whose inputs have far fewer combinations of values than the input has rows. */
Status lower_computed(Lowering *low, const Subplan *input, PhysicalColumn *column, const Expr **expr);

#endif
