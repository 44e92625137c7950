/* What statistics say of one column of a table; shared by the files of estimates (estimate*.c). */
#ifndef DEPOT_PLAN_ESTIMATE_COLUMN_H
#define DEPOT_PLAN_ESTIMATE_COLUMN_H

#include "plan/columns.h"

#define SHARE_DEFAULT 0.33 /* a condition nothing is known of */
#define SHARE_EQUAL 0.005  /* equality with unknown distinct count */
#define DISTINCT_DEFAULT 200.0

/* A column as the optimizer takes it to be: of as many rows as SET STATISTICS says. */
typedef struct KnownColumn {
    const TableVersion *table;
    uint32_t column;
    const ColumnStatistics *statistics;
    double rows;     /* of the table */
    double distinct; /* at least 1; all rows, if a declared key is this column alone */
    double nulls;    /* share of rows */
    double others;   /* share of rows that are neither NULL nor of a common value */
} KnownColumn;

void known_column(const TableVersion *table, uint32_t column, KnownColumn *known);
/* The same for a column, maybe widened, that comes from a table as it is. False for everything else. */
bool known_expr(const LogicalPlan *plan, const Expr *expr, KnownColumn *known);

/* estimate_path.c: the same for a column of a node that comes from a table by way of other nodes. */
bool known_key(const LogicalPlan *plan, const LogicalNode *node, const Expr *expr, KnownColumn *known);

/* Shares of all rows. */
double known_predicate_share(const KnownColumn *known, const Predicate *predicate);
/* Of all pairs of rows of two tables, the share whose columns are equal. */
double known_join_share(const KnownColumn *a, const KnownColumn *b);

/* The share of the own range of values, from minimum to maximum, in which the other column's values lie; 1 if nobody knows. */
double known_overlap(const KnownColumn *own, const KnownColumn *other);
double clamp_share(double share);
/* The only column that an expression names; NO_COLUMN if it names several, or none. */
#define NO_COLUMN UINT32_MAX
ColumnId estimate_single_column(const Expr *expr);

#endif
