/* A warehouse that is not there: planned as if it had other nodes, more rows or another design. what_if_apply puts table
 * versions that do not exist in the place of the stored ones, so that estimates, placements and costs need not know; a plan
 * made so never runs. */
#ifndef DEPOT_PLAN_WHAT_IF_H
#define DEPOT_PLAN_WHAT_IF_H

#include "storage/warehouse.h"

typedef struct LogicalPlan LogicalPlan;

/* Another design for one table. */
typedef struct DesignChange {
    const TableVersion *table;
    const TableSchema *schema; /* of the same columns */
} DesignChange;

/* A table version that does not exist, and the one that it stands for. */
typedef struct SupposedTable {
    const TableVersion *stored, *supposed;
} SupposedTable;

typedef struct WhatIf {
    uint32_t nodes; /* 0: as they are */
    double scale;   /* times the rows of every table; 1: as they are */
    uint32_t change_count;
    const DesignChange *changes;
    uint32_t table_count; /* set by what_if_apply: all tables of the plan */
    SupposedTable *tables;
} WhatIf;

/* Makes `what_if` the plan's, before it is optimized. FEATURE_NOT_SUPPORTED for a partitioning whose parts only the data know.
 */
Status what_if_apply(const Context *cx, LogicalPlan *plan, WhatIf *what_if);
/* Puts one version of a table in the place of another, wherever the plan reads it. */
void plan_put_tables(LogicalPlan *plan, const SupposedTable *tables, uint32_t count);
/* The version on disk of a table of the plan. */
const TableVersion *what_if_stored(const LogicalPlan *plan, const TableVersion *table);
/* "32 nodes, 10000 times the rows, lineorder DISTKEY(lo_custkey)" */
Status what_if_text(const Context *cx, Arena *arena, const WhatIf *what_if, const char **text);

#endif
