/* Reading sorted rows group by group. See group_reader.h.
 *
 * Aggregates that must know how many values a group has before the first one comes are served by a second pass over the same
 * rows, which runs ahead of the first by a group and only counts. */
#include "exec/group_reader.h"

struct GroupReader {
    const OrderedSet *set;
    GroupReader *counter; /* the pass that counts ahead; owned; NULL: nobody asks */
    bool is_counter;
    bool is_over;
    void *sorted; /* the sort's local state; owned */
    GroupTable window;
    uint64_t dropped; /* groups that have left the window */
    KeyEncoder keys;
    AggregateFeed feed;
    uint32_t groups[BATCH_ROWS_MAX]; /* of a batch's rows, in the window */
    uint16_t rows[BATCH_ROWS_MAX];   /* that count as values */
    Arena text;                      /* of the window's keys and states */
    Arena old_text;                  /* the same, of groups before `old_end`, counted from the first of all */
    uint64_t old_end;
    /* DISTINCT */
    KeyEncoder values;
    GroupTable last;     /* one record: the last value that was taken */
    uint64_t last_group; /* its group, counted from the first of all */
    Arena last_text;
};

/* -------------------------------------------------------------------------------------------------------------------- open */

/* Groups that are there without rows: the only one if there are no keys, else those of empty grouping sets. */
static Status add_empty_sets(const Context *cx, const PhysicalNode *op, GroupReader *reader) {
    const OrderedSet *set = reader->set;
    Batch row = {0}, view = {0};
    Status status = OK;
    TRY_GOTO(batch_init_like(cx, op->children[0], &row));
    TRY_GOTO(batch_init_like(cx, &set->input, &view));
    for (uint32_t i = 0; i < op->aggregate.empty_set_count; i++) {
        TRY_GOTO(aggregate_empty_set(cx, op, i, &row));
        ordered_set_view(set, &row, &view);
        TRY_GOTO(key_encode_batch(cx, &reader->keys, reader->window.layout, &view, set->spec.groups));
        TRY_GOTO(group_table_reserve(cx, &reader->window, 1));
        group_table_append(&reader->window, reader->keys.keys, 0, reader->keys.hashes, 1, reader->groups);
    }
done:
    batch_free(&row);
    batch_free(&view);
    return status;
}

static Status add_first_groups(const Context *cx, const PhysicalNode *op, GroupReader *reader) {
    if (op->aggregate.group_count == 0) {
        reader->keys.hashes[0] = 0;
        TRY(group_table_reserve(cx, &reader->window, 1));
        group_table_append(&reader->window, reader->keys.keys, 0, reader->keys.hashes, 1, reader->groups);
        return OK;
    }
    return reader->set->rows.rows_out == 0 ? add_empty_sets(cx, op, reader) : OK;
}

static Status open_pass(Task *task, const PhysicalNode *op, const OrderedSet *set, bool is_counter, GroupReader **out) {
    const Context *cx = &task->cx;
    GroupReader *reader;
    TRY_ALLOC_ZEROED(cx, reader, sizeof *reader);
    *out = reader;
    reader->set = set;
    reader->is_counter = is_counter;
    reader->window.layout = is_counter ? &set->counts : &set->groups;
    reader->last.layout = &set->distinct;
    reader->feed.is_fed_elsewhere = NULL;
    arena_init(&reader->text);
    arena_init(&reader->old_text);
    arena_init(&reader->last_text);
    aggregate_feed_init(&reader->feed);
    reader->feed.is_fed_elsewhere = set->is_ordered;
    TRY(key_encoder_init(cx, &reader->keys, reader->window.layout));
    if (set->distinct.fields != NULL) {
        TRY(key_encoder_init(cx, &reader->values, &set->distinct));
    }
    TRY_ALLOC_ZEROED(cx, reader->sorted, sorted_source.local_size);
    TRY(sorted_source.open_local(task, &set->sort, (void *)(uintptr_t)&set->rows, reader->sorted));
    return add_first_groups(cx, op, reader);
}

Status group_reader_open(Task *task, const PhysicalNode *op, const OrderedSet *set, GroupReader **reader) {
    TRY(open_pass(task, op, set, false, reader));
    return set->needs_count ? open_pass(task, op, set, true, &(*reader)->counter) : OK;
}

void group_reader_close(GroupReader *reader) {
    if (reader == NULL) {
        return;
    }
    if (reader->sorted != NULL) {
        sorted_source.close_local(&reader->set->sort, (void *)(uintptr_t)&reader->set->rows, reader->sorted, NULL);
    }
    group_reader_close(reader->counter);
    mem_free(reader->sorted);
    group_table_free(&reader->window);
    group_table_free(&reader->last);
    key_encoder_free(&reader->keys);
    key_encoder_free(&reader->values);
    aggregate_feed_free(&reader->feed);
    arena_free(&reader->text);
    arena_free(&reader->old_text);
    arena_free(&reader->last_text);
    mem_free(reader);
}

/* ------------------------------------------------------------------------------------------------------------------- groups */

static const uint8_t *last_key(const GroupTable *table) {
    return table->records + (size_t)(table->count - 1) * table->layout->record_bytes + GROUP_KEY_OFFSET;
}

/* groups[] of the batch's rows; the window takes those that begin in it. */
static Status find_groups(const Context *cx, GroupReader *reader, const Batch *in) {
    GroupTable *window = &reader->window;
    const GroupLayout *layout = window->layout;
    size_t stride = layout->key_bytes;
    uint8_t *keys = reader->keys.keys;
    uint64_t *hashes = reader->keys.hashes;
    uint32_t starts[BATCH_ROWS_MAX], added[BATCH_ROWS_MAX], count = 0;
    if (layout->field_count == 0) {
        memset(reader->groups, 0, sizeof *reader->groups * in->rows);
        return OK;
    }
    TRY(key_encode_batch(cx, &reader->keys, layout, in, reader->set->spec.groups));
    for (uint32_t i = 0; i < in->rows; i++) {
        const uint8_t *before = i > 0 ? keys + (i - 1) * stride : window->count > 0 ? last_key(window) : NULL;
        if (before == NULL || !group_keys_equal(layout, before, keys + i * stride)) {
            starts[count++] = i;
        }
        reader->groups[i] = window->count + count - 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        memmove(keys + i * stride, keys + starts[i] * stride, stride);
        hashes[i] = hashes[starts[i]];
    }
    uint32_t first = window->count;
    TRY(group_table_reserve(cx, window, count));
    group_table_append(window, keys, stride, hashes, count, added);
    return group_table_own_text(cx, window, first, &reader->text);
}

/* All groups of the window, or all but the one that may go on. */
static uint32_t complete_groups(const GroupReader *reader) {
    return reader->is_over || reader->window.count == 0 ? reader->window.count : reader->window.count - 1;
}

/* ------------------------------------------------------------------------------------------------------------------- values */

static Status keep_last_value(const Context *cx, GroupReader *reader, uint32_t row) {
    size_t stride = reader->set->distinct.key_bytes;
    uint32_t number;
    reader->last.count = 0;
    reader->last_group = reader->dropped + reader->groups[row];
    arena_free(&reader->last_text);
    TRY(group_table_reserve(cx, &reader->last, 1));
    group_table_append(&reader->last, reader->values.keys + row * stride, stride, &reader->values.hashes[row], 1, &number);
    return group_table_own_text(cx, &reader->last, 0, &reader->last_text);
}

/* Of the rows listed, which have a value: those that differ from the one before in their group. */
static Status drop_repeats(const Context *cx, GroupReader *reader, const Batch *in, uint32_t *count) {
    const GroupLayout *layout = &reader->set->distinct;
    size_t stride = layout->key_bytes;
    uint32_t found = 0;
    if (*count == 0) {
        return OK;
    }
    TRY(key_encode_batch(cx, &reader->values, layout, in, reader->set->values->args));
    const uint8_t *before = reader->last.count > 0 ? last_key(&reader->last) : NULL;
    uint64_t before_group = reader->last_group;
    for (uint32_t i = 0; i < *count; i++) {
        uint32_t row = reader->rows[i];
        const uint8_t *key = reader->values.keys + row * stride;
        uint64_t group = reader->dropped + reader->groups[row];
        if (before == NULL || group != before_group || !group_keys_equal(layout, before, key)) {
            reader->rows[found++] = (uint16_t)row;
        }
        before = key;
        before_group = group;
    }
    uint32_t last = reader->rows[*count - 1];
    last = found > 0 ? reader->rows[found - 1] : last;
    *count = found;
    return found > 0 ? keep_last_value(cx, reader, last) : OK;
}

/* rows[]: those that the ordered items take. */
static Status find_values(const Context *cx, GroupReader *reader, const Batch *in, uint32_t *count) {
    const AggregateItem *item = reader->set->values;
    const Vector *value = &in->columns[item->args[0]];
    const uint16_t *rows;
    uint32_t passing, found = 0;
    TRY(aggregate_filter_rows(cx, item, in, &reader->feed, &rows, &passing));
    for (uint32_t i = 0; i < passing; i++) {
        uint32_t row = rows == NULL ? i : rows[i];
        reader->rows[found] = (uint16_t)row;
        found += vector_is_valid(value, row);
    }
    *count = found;
    return item->is_distinct ? drop_repeats(cx, reader, in, count) : OK;
}

static uint8_t *states_of(const GroupReader *reader) {
    return reader->window.records + reader->window.layout->states_offset;
}

static void count_values(GroupReader *reader, uint32_t count) {
    size_t stride = reader->window.layout->record_bytes;
    for (uint32_t i = 0; i < count; i++) {
        (*(uint64_t *)(void *)(states_of(reader) + reader->groups[reader->rows[i]] * stride))++;
    }
}

static Status feed_values(const Context *cx, GroupReader *reader, const Batch *in, uint32_t count) {
    const OrderedSet *set = reader->set;
    const Vector *arguments[AGGREGATE_ARGUMENTS_MAX];
    for (uint32_t a = 0; a < set->values->arg_count; a++) {
        arguments[a] = &in->columns[set->values->args[a]];
        if (count < in->rows) {
            TRY(vector_gather(cx, arguments[a], reader->rows, count, &reader->feed.arguments[a]));
            arguments[a] = &reader->feed.arguments[a];
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        reader->feed.groups[i] = reader->groups[reader->rows[i]];
    }
    for (uint32_t i = 0; i < set->spec.item_count && count > 0; i++) {
        const Aggregate *aggregate = set->spec.items[i].aggregate;
        if (set->is_ordered[i]) {
            TRY(aggregate->update(cx, aggregate, states_of(reader) + set->states.offsets[i], set->groups.record_bytes,
                                  reader->feed.groups, arguments, count, &reader->text));
        }
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------------- read */

static Status read_batch(Task *task, GroupReader *reader);

/* Tells the states of the window's groups from `first` on how many values will come. */
static Status take_counts(Task *task, GroupReader *reader, uint32_t first) {
    const OrderedSet *set = reader->set;
    GroupReader *counter = reader->counter;
    while (!counter->is_over && complete_groups(counter) < reader->window.count) {
        TRY(read_batch(task, counter));
    }
    for (uint32_t g = first; g < reader->window.count; g++) {
        const uint8_t *count = states_of(counter) + (size_t)g * set->counts.record_bytes;
        uint8_t *states = states_of(reader) + (size_t)g * set->groups.record_bytes;
        for (uint32_t i = 0; i < set->spec.item_count; i++) {
            if (set->spec.items[i].aggregate->needs_count) {
                memcpy(states + set->states.offsets[i], count, sizeof(uint64_t));
            }
        }
    }
    return OK;
}

static Status feed_batch(Task *task, GroupReader *reader, const Batch *in, uint32_t first_new) {
    const Context *cx = &task->cx;
    const OrderedSet *set = reader->set;
    uint32_t count = 0;
    if (!reader->is_counter) {
        TRY(aggregate_feed_batch(cx, &set->spec, &set->states, &reader->feed, in, states_of(reader), set->groups.record_bytes,
                                 reader->groups, &reader->text));
    }
    if (reader->counter != NULL) {
        TRY(take_counts(task, reader, first_new));
    }
    if (set->values == NULL) {
        return OK;
    }
    TRY(find_values(cx, reader, in, &count));
    if (reader->is_counter) {
        count_values(reader, count);
        return OK;
    }
    return feed_values(cx, reader, in, count);
}

static Status read_batch(Task *task, GroupReader *reader) {
    const OrderedSet *set = reader->set;
    const Batch *in;
    Flow flow;
    TRY(check_cancel(&task->cx));
    TRY(sorted_source.next(task, &set->sort, (void *)(uintptr_t)&set->rows, reader->sorted, &in, &flow));
    if (flow == DONE) {
        reader->is_over = true;
        return OK;
    }
    /* The only group without keys is in the window from the start. */
    uint32_t first_new = set->spec.group_count == 0 ? 0 : reader->window.count;
    TRY(find_groups(&task->cx, reader, in));
    return feed_batch(task, reader, in, first_new);
}

Status group_reader_fill(Task *task, GroupReader *reader, uint32_t *complete) {
    while (!reader->is_over && complete_groups(reader) == 0) {
        TRY(read_batch(task, reader));
    }
    *complete = complete_groups(reader);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ results */

Status group_reader_keys(const Context *cx, const GroupReader *reader, uint32_t count, Batch *out) {
    const GroupLayout *layout = reader->window.layout;
    for (uint32_t g = 0; g < layout->field_count; g++) {
        TRY(group_decode_field(cx, &layout->fields[g], reader->window.records, layout->record_bytes, count, &out->columns[g]));
    }
    return OK;
}

Status group_reader_results(const Context *cx, const GroupReader *reader, uint32_t count, Arena *text, Batch *out) {
    const OrderedSet *set = reader->set;
    for (uint32_t i = 0; i < set->spec.item_count; i++) {
        const Aggregate *aggregate = set->spec.items[i].aggregate;
        TRY(aggregate->finish(cx, aggregate, states_of(reader) + set->states.offsets[i], set->groups.record_bytes, count,
                              &out->columns[set->spec.group_count + set->outputs[i]], text));
    }
    return OK;
}

/* Text goes once all groups that may refer to it have gone: it is set aside when what was set aside before is free. */
static void renew_text(GroupReader *reader) {
    if (reader->dropped >= reader->old_end) {
        arena_free(&reader->old_text);
        reader->old_text = reader->text;
        reader->old_end = reader->dropped + reader->window.count;
        arena_init(&reader->text);
    }
}

void group_reader_drop(GroupReader *reader, uint32_t count) {
    GroupTable *window = &reader->window;
    size_t bytes = window->layout->record_bytes;
    if (count == 0) {
        return;
    }
    window->count -= count;
    memmove(window->records, window->records + count * bytes, window->count * bytes);
    reader->dropped += count;
    renew_text(reader);
    if (reader->counter != NULL) {
        group_reader_drop(reader->counter, count);
    }
}
