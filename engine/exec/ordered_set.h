/* What aggregation by sorting keeps: the rows of the input, sorted by groups and, within a group, in the order that an
 * aggregate asks for. Aggregates that ask for the same order of the same values share a set; the first set serves as well those
 * that ask for none. */
#ifndef DEPOT_EXEC_ORDERED_SET_H
#define DEPOT_EXEC_ORDERED_SET_H

#include "exec/agg_common.h"
#include "exec/group_table.h"
#include "exec/sort.h"

typedef struct OrderedSet {
    PhysicalNode input, sort; /* a sort of its own over the columns that its items take: no part of the plan */
    PhysicalNode *child;      /* &input: the sort's children */
    uint32_t *slots;          /* of the aggregation's input, one per column of `input` */
    SortShared rows;
    AggregateSpec spec;          /* groups and items, over the columns of `input` */
    uint32_t *outputs;           /* per item: its number in the aggregation */
    bool *is_ordered;            /* per item: it takes the values in order */
    const AggregateItem *values; /* the first of those; NULL: there is none */
    bool needs_count;            /* some of those must know how many values a group has */
    AggregateStates states;
    GroupLayout groups;   /* keys of the groups, with states */
    GroupLayout counts;   /* the same with a uint64_t */
    GroupLayout distinct; /* keys of the values, if they are DISTINCT */
} OrderedSet;

/* The sets of an aggregation, at least one, in the arena; their sorts are open. What is there is freed by close, also after an
 * error. */
Status ordered_sets_open(Task *task, const PhysicalNode *op, Arena *arena, OrderedSet **sets, uint32_t *count) MUST_CHECK;
void ordered_sets_close(OrderedSet *sets, uint32_t count, OperatorProfile *profile);
/* The set's columns of a batch of the aggregation's input, borrowed. */
void ordered_set_view(const OrderedSet *set, const Batch *in, Batch *view);

#endif
