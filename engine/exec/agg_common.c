/* States of aggregates: layout, feeding, merging, finishing. See agg_common.h. */
#include "exec/agg_common.h"

#define LONG_FINISH_ROWS 32768u

Status aggregate_states_init(const Context *cx, AggregateStates *states, const AggregateSpec *spec) {
    TRY_ALLOC(cx, states->offsets, sizeof *states->offsets * spec->item_count);
    states->bytes = 0;
    for (uint32_t i = 0; i < spec->item_count; i++) {
        states->offsets[i] = states->bytes;
        uint32_t bytes = spec->items[i].aggregate->state_bytes;
        states->bytes += (bytes + STATE_ALIGNMENT - 1) / STATE_ALIGNMENT * STATE_ALIGNMENT;
    }
    return OK;
}

void aggregate_states_free(AggregateStates *states) {
    mem_free(states->offsets);
    states->offsets = NULL;
}

bool aggregate_same_rows(const AggregateItem *a, const AggregateItem *b) {
    return a->arg_count == b->arg_count && memcmp(a->args, b->args, sizeof *a->args * a->arg_count) == 0 &&
           a->has_filter == b->has_filter && (!a->has_filter || a->filter == b->filter);
}

void aggregate_feed_init(AggregateFeed *feed) {
    feed->is_fed_elsewhere = NULL;
    for (uint32_t i = 0; i < AGGREGATE_ARGUMENTS_MAX; i++) {
        vector_init(&feed->arguments[i], type_make(TYPE_BIGINT));
    }
    vector_init(&feed->flat, type_make(TYPE_BOOLEAN));
}

void aggregate_feed_free(AggregateFeed *feed) {
    for (uint32_t i = 0; i < AGGREGATE_ARGUMENTS_MAX; i++) {
        vector_free(&feed->arguments[i]);
    }
    vector_free(&feed->flat);
}

Status aggregate_filter_rows(const Context *cx, const AggregateItem *item, const Batch *in, AggregateFeed *feed,
                             const uint16_t **rows, uint32_t *count) {
    *rows = NULL;
    *count = in->rows;
    if (!item->has_filter) {
        return OK;
    }
    const Vector *filter = &in->columns[item->filter];
    TRY(vector_flatten(cx, filter, in->rows, &feed->flat));
    const uint8_t *is_true = feed->flat.data; /* NULL lanes are zero */
    uint32_t found = 0;
    for (uint32_t i = 0; i < in->rows; i++) {
        feed->rows[found] = (uint16_t)i;
        found += is_true[i] != 0;
    }
    *count = found;
    *rows = found == in->rows ? NULL : feed->rows;
    return OK;
}

static Status feed_item(const Context *cx, const AggregateItem *item, AggregateFeed *feed, const Batch *in, uint8_t *states,
                        size_t stride, const uint32_t *groups, Arena *text) {
    const Vector *arguments[AGGREGATE_ARGUMENTS_MAX];
    const uint16_t *rows;
    uint32_t count;
    TRY(aggregate_filter_rows(cx, item, in, feed, &rows, &count));
    for (uint32_t a = 0; a < item->arg_count; a++) {
        arguments[a] = &in->columns[item->args[a]];
    }
    if (rows != NULL) {
        for (uint32_t a = 0; a < item->arg_count; a++) {
            TRY(vector_gather(cx, arguments[a], rows, count, &feed->arguments[a]));
            arguments[a] = &feed->arguments[a];
        }
        for (uint32_t i = 0; groups != NULL && i < count; i++) {
            feed->groups[i] = groups[rows[i]];
        }
        groups = groups == NULL ? NULL : feed->groups;
    }
    if (count == 0) {
        return OK;
    }
    return item->aggregate->update(cx, item->aggregate, states, stride, groups, arguments, count, text);
}

Status aggregate_feed_batch(const Context *cx, const AggregateSpec *spec, const AggregateStates *layout, AggregateFeed *feed,
                            const Batch *in, uint8_t *states, size_t stride, const uint32_t *groups, Arena *text) {
    for (uint32_t i = 0; i < spec->item_count; i++) {
        bool is_fed_elsewhere = feed->is_fed_elsewhere != NULL && feed->is_fed_elsewhere[i];
        if (!spec->items[i].is_distinct && !is_fed_elsewhere) {
            TRY(feed_item(cx, &spec->items[i], feed, in, states + layout->offsets[i], stride, groups, text));
        }
    }
    return OK;
}

Status aggregate_merge_states(const Context *cx, const AggregateSpec *spec, const AggregateStates *layout, uint8_t *states,
                              size_t stride, const uint32_t *groups, const uint8_t *others, size_t other_stride, uint32_t count,
                              Arena *text) {
    for (uint32_t i = 0; i < spec->item_count; i++) {
        const Aggregate *aggregate = spec->items[i].aggregate;
        TRY(aggregate->merge(cx, aggregate, states + layout->offsets[i], stride, groups, others + layout->offsets[i],
                             other_stride, count, text));
    }
    return OK;
}

bool aggregate_finish_is_long(const AggregateSpec *spec, uint64_t rows) {
    bool collects = false;
    for (uint32_t i = 0; i < spec->item_count; i++) {
        collects |= spec->items[i].aggregate->collects;
    }
    return collects && rows >= LONG_FINISH_ROWS;
}

Status aggregate_finish_items(const Context *cx, const AggregateSpec *spec, const AggregateStates *layout,
                              const uint8_t *states, size_t stride, uint32_t count, Arena *text, Batch *out) {
    arena_free(text);
    for (uint32_t i = 0; i < spec->item_count; i++) {
        const Aggregate *aggregate = spec->items[i].aggregate;
        Vector *column = &out->columns[spec->group_count + i];
        TRY(aggregate->finish(cx, aggregate, states + layout->offsets[i], stride, count, column, text));
    }
    return OK;
}

Status aggregate_empty_set(const Context *cx, const PhysicalNode *op, uint32_t i, Batch *row) {
    const AggregateSpec *spec = &op->aggregate;
    uint32_t keys = spec->group_count - 1, number_slot = spec->groups[keys];
    for (uint32_t k = 0; k < keys; k++) {
        Value null = value_null(op->children[0]->columns[spec->groups[k]].type);
        TRY(vector_set_constant(cx, &row->columns[spec->groups[k]], &null));
    }
    Value number = value_i64(op->children[0]->columns[number_slot].type, spec->empty_sets[i]);
    row->rows = 1;
    return vector_set_constant(cx, &row->columns[number_slot], &number);
}
