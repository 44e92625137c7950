/* Counts and sums of direct aggregation in columns of 64-bit numbers, beside the states of the other items.
 *
 * A sum takes part if its argument is never NULL and its values have a known bound: so many rows can be added before 64 bits
 * might overflow that it is enough to count rows; then the columns move to the aggregates' states. Items over the same argument
 * share a column. With few groups each column stands there several times and neighbouring rows go to different copies, since
 * an addition would wait for the one before it in the same place. */
#ifndef DEPOT_EXEC_DIRECT_SUMS_H
#define DEPOT_EXEC_DIRECT_SUMS_H

#include "exec/agg_common.h"

/* What all tasks share. */
typedef struct SumPlan {
    bool has_items; /* some item is dealt with here; then moving also says which groups had rows */
    uint32_t column_count;
    uint32_t *slots;          /* per column: of the input; owned */
    uint32_t *column_of_item; /* owned; SUM_COLUMN_NONE: none of its own */
    bool *is_summed;          /* per item: it is dealt with here; owned */
    uint64_t rows_max;        /* between two moves */
    uint32_t entries, copies;
} SumPlan;
#define SUM_COLUMN_NONE UINT32_MAX

typedef struct SumColumns {
    uint64_t *counts; /* copies × entries; owned */
    int64_t *sums;    /* column_count × copies × entries; owned */
    uint64_t rows;    /* since the last move */
    Vector scratch;
    int64_t *values; /* of a batch; owned */
} SumColumns;

Status sum_plan_init(const Context *cx, SumPlan *plan, const PhysicalNode *op, uint32_t entries) MUST_CHECK;
void sum_plan_free(SumPlan *plan);

Status sum_columns_init(const Context *cx, SumColumns *columns, const SumPlan *plan) MUST_CHECK;
void sum_columns_free(SumColumns *columns);
/* False: the columns have to be moved before so many rows are added. */
bool sum_columns_have_room(const SumColumns *columns, const SumPlan *plan, uint32_t rows);
Status sum_columns_add(const Context *cx, SumColumns *columns, const SumPlan *plan, const Batch *in,
                       const uint32_t *groups) MUST_CHECK;
/* Moves all to the groups' states and empties the columns; sets is_used of groups that had rows. */
void sum_columns_move(SumColumns *columns, const SumPlan *plan, const AggregateSpec *spec, const AggregateStates *layout,
                      uint8_t *states, uint8_t *is_used);

#endif
