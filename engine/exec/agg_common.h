/* What direct and hash aggregation share: how states lie behind each other, feeding batches to them, reading results. */
#ifndef DEPOT_EXEC_AGG_COMMON_H
#define DEPOT_EXEC_AGG_COMMON_H

#include "exec/exec.h"

#define STATE_ALIGNMENT 16

/* Where each item's state lies in a group's states. */
typedef struct AggregateStates {
    uint32_t bytes;    /* of all items; a multiple of STATE_ALIGNMENT */
    uint32_t *offsets; /* per item; owned */
} AggregateStates;

Status aggregate_states_init(const Context *cx, AggregateStates *states, const AggregateSpec *spec) MUST_CHECK;
void aggregate_states_free(AggregateStates *states);

/* Both take the same arguments of the same rows. */
bool aggregate_same_rows(const AggregateItem *a, const AggregateItem *b);

/* Scratch of one task for feeding batches. */
typedef struct AggregateFeed {
    const bool *is_fed_elsewhere;              /* per item; borrowed; NULL: none is */
    uint16_t rows[BATCH_ROWS_MAX];             /* that pass an item's FILTER */
    uint32_t groups[BATCH_ROWS_MAX];           /* of those rows */
    Vector arguments[AGGREGATE_ARGUMENTS_MAX]; /* of those rows */
    Vector flat;
} AggregateFeed;

void aggregate_feed_init(AggregateFeed *feed);
void aggregate_feed_free(AggregateFeed *feed);

/* Rows of the batch that pass the item's FILTER: *rows = NULL if all do. */
Status aggregate_filter_rows(const Context *cx, const AggregateItem *item, const Batch *in, AggregateFeed *feed,
                             const uint16_t **rows, uint32_t *count) MUST_CHECK;
/* Updates the states of all items that are not DISTINCT nor fed elsewhere. States of group g start at states + g × stride;
 * groups NULL: all rows belong to group 0. */
Status aggregate_feed_batch(const Context *cx, const AggregateSpec *spec, const AggregateStates *layout, AggregateFeed *feed,
                            const Batch *in, uint8_t *states, size_t stride, const uint32_t *groups, Arena *text) MUST_CHECK;
/* states[groups[i]] take in others[i]; all items. */
Status aggregate_merge_states(const Context *cx, const AggregateSpec *spec, const AggregateStates *layout, uint8_t *states,
                              size_t stride, const uint32_t *groups, const uint8_t *others, size_t other_stride, uint32_t count,
                              Arena *text) MUST_CHECK;
/* What the results of groups cost goes by their rows, and these are many: even a few groups are worth several tasks. */
bool aggregate_finish_is_long(const AggregateSpec *spec, uint64_t rows);
/* Fills the item columns of `out` (after the groups) from `count` states. Long text of the results may be in `text`, which is
 * emptied first: it lives until the next call. */
Status aggregate_finish_items(const Context *cx, const AggregateSpec *spec, const AggregateStates *layout,
                              const uint8_t *states, size_t stride, uint32_t count, Arena *text, Batch *out) MUST_CHECK;

/* The one row that has the group columns of the empty grouping set number i of spec->empty_sets. `row` is a batch of the
 * input's columns. */
Status aggregate_empty_set(const Context *cx, const PhysicalNode *op, uint32_t i, Batch *row) MUST_CHECK;

#endif
