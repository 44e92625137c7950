/* Aggregation by hashing: GROUP BY, DISTINCT, and aggregates without groups.
 *
 * Each task has a table of groups that stays in the cache; when it is full, its records move to 64 partitions by hash. A task
 * that met few groups hands them over unpartitioned, and if all did, one part merges them. Else each partition is merged by
 * itself when a task of the source comes to it, and goes when it has been read: no group stands twice but those of a part for
 * each task.
 *
 * Where memory_limit leaves too little room for more records, a task spills the rows themselves from then on, by the same 64
 * partitions; its records stay. When the source comes to a partition its rows are read back and go the way of all rows, which
 * works for every aggregate, whatever its states hold on to. A partition that is too large for that is split again
 * (hash_agg_spill.c).
 *
 * DISTINCT aggregates keep a second table per argument and FILTER whose key is (group, value) without states, partitioned by
 * the group's hash; after a partition's groups are merged, its distinct values are, and then they are fed to the states.
 * Without groups the values are partitioned by their own hash, and the partitions' states are merged at the end. */
#include "exec/hash_agg.h"
#include "core/hash.h"

#define LOCAL_BYTES_MAX ((size_t)4 << 20)
#define LOCAL_SHARE 8          /* of memory_limit, for the tables of all tasks */
#define LOCAL_GROUPS_MIN 4096u /* two batches at least */
#define SMALL_GROUPS_MAX 4096u
#define GROUPS_EXPECTED_MAX 32768u /* room made at once before records are merged, of which many may be equal */
#define PASSING_ROWS_PER_GROUP 2   /* a full table that met fewer rows per group is not worth its lookups */
#define PASSING_GROUPS_MAX (2 * BATCH_ROWS_MAX)
#define FORCED_PARTS 8

typedef struct HashAggLocal {
    KeyEncoder encoder;
    GroupTable table;
    size_t table_bytes_max;
    uint32_t groups_max;
    uint64_t rows, rows_since_flush;
    bool is_passing;        /* groups hardly repeat: records go to the partitions unmerged */
    bool is_loading;        /* reading a partition's spilled rows back: they are not spilled again */
    SpillWriter *spill;     /* owned; NULL: not spilling */
    RecordList *partitions; /* owned; made at the first flush */
    Arena text;
    AggregateFeed feed;
    uint32_t groups[BATCH_ROWS_MAX];
    /* DISTINCT, per set */
    KeyEncoder *set_encoders;   /* owned */
    GroupTable *set_tables;     /* owned */
    RecordList *set_partitions; /* set_count × GROUP_PARTITIONS; owned */
} HashAggLocal;

/* ------------------------------------------------------------------------------------------------------------------ open */

static Status find_distinct_sets(const Context *cx, const PhysicalNode *op, HashAggShared *shared) {
    const AggregateSpec *spec = &op->aggregate;
    TRY_ALLOC(cx, shared->set_of_item, sizeof *shared->set_of_item * spec->item_count);
    TRY_ALLOC_ZEROED(cx, shared->sets, sizeof *shared->sets * spec->item_count);
    for (uint32_t i = 0; i < spec->item_count; i++) {
        const AggregateItem *item = &spec->items[i];
        shared->set_of_item[i] = UINT32_MAX;
        if (!item->is_distinct || item->arg_count == 0) {
            continue;
        }
        uint32_t s = 0;
        while (s < shared->set_count && !aggregate_same_rows(shared->sets[s].item, item)) {
            s++;
        }
        if (s == shared->set_count) {
            shared->sets[s].item = item;
            shared->set_count++;
            TRY(group_layout_init_distinct(cx, &shared->sets[s].layout, &shared->layout, op->children[0]->columns, item->args,
                                           item->arg_count));
        }
        shared->set_of_item[i] = s;
    }
    return OK;
}

static Status agg_open(Task *task, const PhysicalNode *op, void *shared_) {
    HashAggShared *shared = shared_;
    const AggregateSpec *spec = &op->aggregate;
    const Context *cx = &task->cx;
    pthread_mutex_init(&shared->lock, NULL);
    shared->is_open = true;
    TRY(aggregate_states_init(cx, &shared->states, spec));
    TRY(group_layout_init(cx, &shared->layout, op->children[0]->columns, spec->groups, spec->group_count,
                          shared->states.bytes));
    TRY_ALLOC_ZEROED(cx, shared->results, sizeof *shared->results * GROUP_PARTITIONS);
    TRY(find_distinct_sets(cx, op, shared));
    return group_parts_open(cx, &shared->parts, shared->set_count);
}

static Status open_local_sets(const Context *cx, const HashAggShared *shared, HashAggLocal *local) {
    uint32_t count = shared->set_count;
    TRY_ALLOC_ZEROED(cx, local->set_encoders, sizeof *local->set_encoders * count);
    TRY_ALLOC_ZEROED(cx, local->set_tables, sizeof *local->set_tables * count);
    TRY_ALLOC_ZEROED(cx, local->set_partitions, sizeof *local->set_partitions * count * GROUP_PARTITIONS);
    for (uint32_t s = 0; s < count; s++) {
        local->set_tables[s].layout = &shared->sets[s].layout;
        TRY(key_encoder_init(cx, &local->set_encoders[s], &shared->sets[s].layout));
    }
    return OK;
}

/* All tasks may fill and flush their tables at once: there must be room for as many copies and for what is gathered to be
 * spilled. */
static size_t table_bytes_max(const Task *task) {
    int64_t share = memory_limit(task->cx.memory) / LOCAL_SHARE / (task->task_count > 0 ? task->task_count : 1);
    return share < (int64_t)LOCAL_BYTES_MAX ? (size_t)share : LOCAL_BYTES_MAX;
}

static uint32_t groups_max_of(const HashAggLocal *local, const GroupLayout *layout) {
    size_t most = local->table_bytes_max / (layout->record_bytes + 2 * sizeof(GroupSlot));
    return most < LOCAL_GROUPS_MIN ? LOCAL_GROUPS_MIN : (uint32_t)most;
}

/* The groups of empty grouping sets are there even if no row comes. */
static Status find_empty_sets(const Context *cx, const PhysicalNode *op, HashAggLocal *local) {
    Batch row;
    TRY(batch_init_like(cx, op->children[0], &row));
    Status status = group_table_reserve(cx, &local->table, op->aggregate.empty_set_count);
    for (uint32_t i = 0; i < op->aggregate.empty_set_count && status == OK; i++) {
        status = aggregate_empty_set(cx, op, i, &row);
        status = status == OK ? key_encode_batch(cx, &local->encoder, local->table.layout, &row, op->aggregate.groups) : status;
        status = status == OK ? group_table_find(cx, &local->table, local->encoder.keys, local->table.layout->key_bytes,
                                                 local->encoder.hashes, 1, &local->text, local->groups)
                              : status;
    }
    batch_free(&row);
    return status;
}

static Status open_tables(const Task *task, const HashAggShared *shared, HashAggLocal *local) {
    const Context *cx = &task->cx;
    arena_init(&local->text);
    aggregate_feed_init(&local->feed);
    local->table.layout = &shared->layout;
    local->table_bytes_max = table_bytes_max(task);
    local->groups_max = groups_max_of(local, &shared->layout);
    TRY(key_encoder_init(cx, &local->encoder, &shared->layout));
    return open_local_sets(cx, shared, local);
}

static Status agg_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    HashAggLocal *local = local_;
    const Context *cx = &task->cx;
    TRY(open_tables(task, shared_, local));
    if (op->aggregate.group_count == 0) { /* the one group is there even if no row comes */
        local->encoder.hashes[0] = 0;
        TRY(group_table_reserve(cx, &local->table, 1));
        return group_table_find(cx, &local->table, local->encoder.keys, 0, local->encoder.hashes, 1, NULL, local->groups);
    }
    return op->aggregate.empty_set_count > 0 && task->index == 0 ? find_empty_sets(cx, op, local) : OK;
}

/* --------------------------------------------------------------------------------------------------------------- consume */

static Status flush_groups(const Context *cx, HashAggLocal *local) {
    if (local->partitions == NULL) {
        TRY_ALLOC_ZEROED(cx, local->partitions, sizeof *local->partitions * GROUP_PARTITIONS);
    }
    return group_table_flush(cx, &local->table, local->partitions);
}

static Status flush_set(const Context *cx, HashAggLocal *local, uint32_t s) {
    return group_table_flush(cx, &local->set_tables[s], local->set_partitions + (size_t)s * GROUP_PARTITIONS);
}

/* A full table, and no room for its records: rows are spilled from here on. What the task holds is handed to the partitions. */
static Status start_spilling(Task *task, const PhysicalNode *op, HashAggShared *shared, HashAggLocal *local) {
    const Context *cx = &task->cx;
    const PhysicalNode *child = op->children[0];
    TRY(flush_groups(cx, local));
    for (uint32_t s = 0; s < shared->set_count; s++) {
        TRY(flush_set(cx, local, s));
        group_table_free(&local->set_tables[s]);
    }
    group_table_free(&local->table);
    pthread_mutex_lock(&shared->lock);
    Status status = shared->row_format.columns == NULL
                        ? row_format_init(cx, &shared->row_format, child->columns, child->column_count, false)
                        : OK;
    pthread_mutex_unlock(&shared->lock);
    TRY(status);
    TRY_ALLOC_ZEROED(cx, local->spill, sizeof *local->spill);
    return spill_writer_open(cx, local->spill, child, &shared->row_format, GROUP_PARTITIONS);
}

static Status spill_rows(Task *task, HashAggLocal *local, const Batch *in) {
    uint8_t parts[BATCH_ROWS_MAX];
    for (uint32_t i = 0; i < in->rows; i++) {
        parts[i] = (uint8_t)group_partition(local->encoder.hashes[i], 0);
    }
    return spill_writer_add(task, local->spill, in, parts);
}

static Status make_room(const Context *cx, HashAggLocal *local, uint32_t rows) {
    if (local->table.count + rows <= local->groups_max) {
        return group_table_reserve(cx, &local->table, rows);
    }
    TRY(check_cancel(cx));
    if (!local->is_passing && local->rows_since_flush < local->table.count * PASSING_ROWS_PER_GROUP) {
        local->is_passing = true;
        local->groups_max = PASSING_GROUPS_MAX;
    }
    local->rows_since_flush = 0;
    TRY(flush_groups(cx, local));
    return group_table_reserve(cx, &local->table, rows);
}

/* The groups of a batch whose keys were encoded. */
static Status find_batch_groups(const Context *cx, HashAggLocal *local, uint32_t rows) {
    const KeyEncoder *encoder = &local->encoder;
    size_t stride = local->table.layout->key_bytes;
    TRY(make_room(cx, local, rows));
    local->rows_since_flush += rows;
    if (!local->is_passing) {
        return group_table_find(cx, &local->table, encoder->keys, stride, encoder->hashes, rows, &local->text, local->groups);
    }
    uint32_t first = local->table.count;
    group_table_append(&local->table, encoder->keys, stride, encoder->hashes, rows, local->groups);
    return group_table_own_text(cx, &local->table, first, &local->text);
}

/* Keys of a set's rows: the group's hash and key of every row, then the values. Rows without a first value drop out: no
 * aggregate takes them. */
static Status encode_distinct(const Context *cx, const HashAggShared *shared, HashAggLocal *local, uint32_t s, const Batch *in,
                              uint32_t *count) {
    const DistinctSet *set = &shared->sets[s];
    KeyEncoder *encoder = &local->set_encoders[s];
    const Vector *value = &in->columns[set->item->args[0]];
    uint32_t key_bytes = set->layout.key_bytes, group_bytes = shared->layout.key_bytes;
    memset(encoder->keys, 0, (size_t)in->rows * key_bytes);
    for (uint32_t i = 0; i < in->rows; i++) {
        uint8_t *key = encoder->keys + (size_t)i * key_bytes;
        memcpy(key, &local->encoder.hashes[i], 8);
        memcpy(key + 8, local->encoder.keys + (size_t)i * group_bytes, group_bytes);
    }
    memcpy(encoder->hashes, local->encoder.hashes, sizeof *encoder->hashes * in->rows);
    const KeyField *fields = &set->layout.fields[shared->layout.field_count];
    for (uint32_t a = 0; a < set->item->arg_count; a++) {
        const Vector *argument = &in->columns[set->item->args[a]];
        TRY(key_encode_field(cx, encoder, &fields[a], key_bytes, argument, in->rows));
        TRY(hash_vector(cx, argument, in->rows, true, encoder->hashes));
    }
    const uint16_t *rows;
    uint32_t passing, found = 0;
    TRY(aggregate_filter_rows(cx, set->item, in, &local->feed, &rows, &passing));
    for (uint32_t i = 0; i < passing; i++) {
        uint32_t row = rows == NULL ? i : rows[i];
        if (vector_is_valid(value, row)) {
            memmove(encoder->keys + (size_t)found * key_bytes, encoder->keys + (size_t)row * key_bytes, key_bytes);
            encoder->hashes[found++] = encoder->hashes[row];
        }
    }
    *count = found;
    return OK;
}

static Status consume_distinct(const Context *cx, const HashAggShared *shared, HashAggLocal *local, uint32_t s,
                               const Batch *in) {
    GroupTable *table = &local->set_tables[s];
    uint32_t count;
    TRY(encode_distinct(cx, shared, local, s, in, &count));
    if (table->count + count > groups_max_of(local, table->layout)) {
        TRY(flush_set(cx, local, s));
    }
    TRY(group_table_reserve(cx, table, count));
    return group_table_find(cx, table, local->set_encoders[s].keys, table->layout->key_bytes, local->set_encoders[s].hashes,
                            count, &local->text, local->groups);
}

/* Some table is full, and the query is short of memory. */
static bool should_spill(const Task *task, const HashAggShared *shared, const HashAggLocal *local, uint32_t rows) {
    if (local->is_loading) {
        return false;
    }
    bool is_full = local->table.count + rows > local->groups_max || task->cx.settings->force_spill;
    for (uint32_t s = 0; s < shared->set_count; s++) {
        is_full |= local->set_tables[s].count + rows > groups_max_of(local, local->set_tables[s].layout);
    }
    return is_full && query_is_tight(task);
}

static Status agg_consume(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, Flow *flow) {
    HashAggShared *shared = shared_;
    HashAggLocal *local = local_;
    const Context *cx = &task->cx;
    const AggregateSpec *spec = &op->aggregate;
    const GroupLayout *layout = &shared->layout;
    const uint32_t *groups = NULL;
    *flow = NEED_INPUT;
    local->rows += in->rows;
    if (spec->group_count > 0) {
        TRY(key_encode_batch(cx, &local->encoder, layout, in, spec->groups));
        if (local->spill == NULL && should_spill(task, shared, local, in->rows)) {
            TRY(start_spilling(task, op, shared, local));
        }
        if (local->spill != NULL) {
            return spill_rows(task, local, in);
        }
        TRY(find_batch_groups(cx, local, in->rows));
        groups = local->groups;
    } else if (shared->set_count > 0) {
        memset(local->encoder.hashes, 0, sizeof *local->encoder.hashes * in->rows);
    }
    TRY(aggregate_feed_batch(cx, spec, &shared->states, &local->feed, in, local->table.records + layout->states_offset,
                             layout->record_bytes, groups, &local->text));
    for (uint32_t s = 0; s < shared->set_count; s++) {
        TRY(consume_distinct(cx, shared, local, s, in));
    }
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------------- merge */

static Status take_arena(const Context *cx, HashAggShared *shared, Arena *arena) {
    Arena *grown = mem_resize(cx, shared->arenas, sizeof *grown * (shared->arena_count + 1));
    if (grown == NULL) {
        return OUT_OF_MEMORY;
    }
    shared->arenas = grown;
    shared->arenas[shared->arena_count++] = *arena;
    arena_init(arena);
    return OK;
}

static Status take_local(const Context *cx, HashAggShared *shared, HashAggLocal *local) {
    const GroupTable *table = &local->table;
    TRY(take_arena(cx, shared, &local->text));
    for (uint32_t g = 0; local->partitions == NULL && g < table->count; g++) {
        TRY(record_list_add(cx, &shared->small, table->layout, table->records + (size_t)g * table->layout->record_bytes));
    }
    for (uint32_t p = 0; local->partitions != NULL && p < GROUP_PARTITIONS; p++) {
        record_list_join(&shared->parts.records[p], &local->partitions[p]);
    }
    for (uint32_t p = 0; p < shared->set_count * GROUP_PARTITIONS; p++) {
        record_list_join(&shared->parts.distinct[p], &local->set_partitions[p]);
    }
    for (uint32_t p = 0; local->spill != NULL && p < GROUP_PARTITIONS; p++) {
        TRY(spill_part_join(cx, &shared->parts.spilled[p], &local->spill->parts[p]));
    }
    shared->rows += local->rows;
    shared->is_partitioned |= local->partitions != NULL;
    shared->hardly_repeats |= local->is_passing;
    shared->moves += local->partitions != NULL ? 2 : table->count > 0;
    return OK;
}

static Status agg_merge(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    (void)op;
    HashAggShared *shared = shared_;
    HashAggLocal *local = local_;
    const Context *cx = &task->cx;
    if (local->spill != NULL) {
        TRY(spill_writer_flush(task, local->spill));
    }
    for (uint32_t s = 0; s < shared->set_count; s++) {
        TRY(flush_set(cx, local, s));
        group_table_free(&local->set_tables[s]);
    }
    if (local->partitions != NULL || local->table.count > SMALL_GROUPS_MAX) {
        TRY(flush_groups(cx, local));
    }
    pthread_mutex_lock(&shared->lock);
    Status status = take_local(cx, shared, local);
    pthread_mutex_unlock(&shared->lock);
    group_table_free(&local->table);
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------- finish */

/* Finds or adds the groups of `count` records' keys; `key_offset`, `hash_offset`: where they stand in a record. */
static Status find_record_groups(const Context *cx, GroupTable *table, const uint8_t *records, size_t stride,
                                 uint32_t key_offset, uint32_t hash_offset, uint32_t count, uint32_t *groups) {
    uint64_t hashes[BATCH_ROWS_MAX];
    for (uint32_t i = 0; i < count; i++) {
        memcpy(&hashes[i], records + i * stride + hash_offset, 8);
    }
    TRY(group_table_reserve(cx, table, count));
    return group_table_find(cx, table, records + key_offset, stride, hashes, count, NULL, groups);
}

/* Merges the records of the list into the table, freeing block after block. `spec` NULL: keys only. */
static Status merge_list(const Context *cx, const HashAggShared *shared, const AggregateSpec *spec, RecordList *list,
                         GroupTable *table, Arena *text) {
    const GroupLayout *layout = table->layout;
    uint32_t groups[BATCH_ROWS_MAX];
    uint64_t expected = list->count < GROUPS_EXPECTED_MAX || shared->hardly_repeats ? list->count : GROUPS_EXPECTED_MAX;
    TRY(group_table_reserve(cx, table, expected > UINT32_MAX ? UINT32_MAX : (uint32_t)expected));
    while (list->first != NULL) {
        RecordBlock *block = list->first;
        TRY(check_cancel(cx));
        for (uint32_t first = 0; first < block->count; first += BATCH_ROWS_MAX) {
            uint32_t count = block->count - first < BATCH_ROWS_MAX ? block->count - first : BATCH_ROWS_MAX;
            const uint8_t *records = block->records + (size_t)first * layout->record_bytes;
            TRY(find_record_groups(cx, table, records, layout->record_bytes, GROUP_KEY_OFFSET, 0, count, groups));
            if (spec != NULL) {
                TRY(aggregate_merge_states(cx, spec, &shared->states, table->records + layout->states_offset,
                                           layout->record_bytes, groups, records + layout->states_offset, layout->record_bytes,
                                           count, text));
            }
        }
        list->first = block->next;
        mem_free(block);
    }
    *list = (RecordList){0};
    return OK;
}

/* Feeds `count` distinct records to the items of the set: states of the groups at `states`. */
static Status feed_distinct(const Context *cx, const PhysicalNode *op, const HashAggShared *shared, uint32_t s,
                            const uint8_t *records, uint32_t count, uint8_t *states, const uint32_t *groups, Vector *values,
                            Arena *text) {
    const GroupLayout *layout = &shared->sets[s].layout;
    const AggregateSpec *spec = &op->aggregate;
    const Vector *arguments[AGGREGATE_ARGUMENTS_MAX];
    for (uint32_t a = 0; a < shared->sets[s].item->arg_count; a++) {
        const KeyField *field = &layout->fields[shared->layout.field_count + a];
        TRY(group_decode_field(cx, field, records, layout->record_bytes, count, &values[a]));
        arguments[a] = &values[a];
    }
    for (uint32_t i = 0; i < spec->item_count; i++) {
        const Aggregate *aggregate = spec->items[i].aggregate;
        if (shared->set_of_item[i] == s) {
            TRY(aggregate->update(cx, aggregate, states + shared->states.offsets[i], shared->layout.record_bytes, groups,
                                  arguments, count, text));
        }
    }
    return OK;
}

/* Makes a partition's values of one set distinct and feeds them: to the groups of `main`, or without groups to `states`. */
static Status finish_distinct(const Context *cx, const PhysicalNode *op, const HashAggShared *shared, uint32_t s,
                              RecordList *distinct, GroupTable *main, uint8_t *states, Arena *text) {
    const GroupLayout *layout = &shared->sets[s].layout;
    GroupTable values = {.layout = layout};
    Vector columns[AGGREGATE_ARGUMENTS_MAX];
    uint32_t groups[BATCH_ROWS_MAX], column_count = shared->sets[s].item->arg_count;
    for (uint32_t a = 0; a < column_count; a++) {
        vector_init(&columns[a], type_make(TYPE_BIGINT));
    }
    Status status = OK;
    TRY_GOTO(merge_list(cx, shared, NULL, distinct, &values, text));
    for (uint32_t first = 0; first < values.count; first += BATCH_ROWS_MAX) {
        uint32_t count = values.count - first < BATCH_ROWS_MAX ? values.count - first : BATCH_ROWS_MAX;
        const uint8_t *records = values.records + (size_t)first * layout->record_bytes;
        TRY_GOTO(check_cancel(cx));
        if (main != NULL) {
            TRY_GOTO(find_record_groups(cx, main, records, layout->record_bytes, GROUP_KEY_OFFSET + 8, GROUP_KEY_OFFSET, count,
                                        groups));
            states = main->records + shared->layout.states_offset;
        }
        TRY_GOTO(feed_distinct(cx, op, shared, s, records, count, states, main == NULL ? NULL : groups, columns, text));
    }
done:
    group_table_free(&values);
    for (uint32_t a = 0; a < column_count; a++) {
        vector_free(&columns[a]);
    }
    return status;
}

/* Without groups: the one group is merged here, and parts are for the distinct values. */
static Status finish_ungrouped(const Context *cx, const PhysicalNode *op, HashAggShared *shared, uint32_t *parts) {
    PartResult *result = &shared->results[0];
    result->table.layout = &shared->layout;
    shared->result_count = 1;
    *parts = shared->set_count > 0 ? GROUP_PARTITIONS : 0;
    TRY_ALLOC_ZEROED(cx, shared->part_states, (size_t)shared->states.bytes * *parts);
    return merge_list(cx, shared, &op->aggregate, &shared->small, &result->table, &result->text);
}

static Status agg_finish(Task *task, const PhysicalNode *op, void *shared_, uint32_t *parts) {
    HashAggShared *shared = shared_;
    const Context *cx = &task->cx;
    for (uint32_t p = 0; p < GROUP_PARTITIONS; p++) {
        part_result_init(&shared->results[p]);
    }
    if (op->aggregate.group_count == 0) {
        return finish_ungrouped(cx, op, shared, parts);
    }
    if (!shared->is_partitioned && shared->set_count == 0 && !aggregate_finish_is_long(&op->aggregate, shared->rows)) {
        shared->result_count = 1;
        record_list_join(&shared->parts.records[0], &shared->small);
    } else {
        shared->result_count = GROUP_PARTITIONS;
        TRY(record_list_split(cx, &shared->small, &shared->layout, 0, shared->parts.records));
    }
    shared->part_by_part = shared->result_count > 1;
    for (uint32_t p = 0; shared->part_by_part && p < GROUP_PARTITIONS; p++) {
        shared->bytes += shared->parts.records[p].count * shared->layout.record_bytes;
    }
    *parts = shared->part_by_part ? 0 : shared->result_count;
    return OK;
}

/* One result, or results one at a time: then the largest counts, if it takes more than the records that were collected. */
static void note_bytes(HashAggShared *shared, uint64_t bytes) {
    if (!shared->part_by_part) {
        atomic_fetch_add(&shared->bytes, bytes);
        return;
    }
    uint64_t most = atomic_load(&shared->bytes);
    while (most < bytes && !atomic_compare_exchange_weak(&shared->bytes, &most, bytes)) {
    }
}

/* The result of a part from its records; it may have groups of rows that were spilled. */
static Status finish_groups(Task *task, const PhysicalNode *op, HashAggShared *shared, GroupParts *parts, uint32_t part,
                            PartResult *result) {
    const Context *cx = &task->cx;
    if (shared->moves <= 1 && shared->set_count == 0) {
        record_list_join(&result->list, &parts->records[part]);
        atomic_fetch_add(&shared->groups, result->list.count);
        return OK;
    }
    result->table.layout = &shared->layout;
    TRY(merge_list(cx, shared, &op->aggregate, &parts->records[part], &result->table, &result->text));
    for (uint32_t s = 0; s < shared->set_count; s++) {
        TRY(finish_distinct(cx, op, shared, s, &parts->distinct[s * GROUP_PARTITIONS + part], &result->table, NULL,
                            &result->text));
    }
    mem_free(result->table.slots); /* only the records are read from here on */
    result->table.slots = NULL;
    atomic_fetch_add(&shared->groups, result->table.count);
    note_bytes(shared, (uint64_t)result->table.capacity * shared->layout.record_bytes);
    return OK;
}

static Status agg_finish_part(Task *task, const PhysicalNode *op, void *shared_, uint32_t part) {
    HashAggShared *shared = shared_;
    PartResult *result = &shared->results[part];
    if (op->aggregate.group_count > 0) {
        return finish_groups(task, op, shared, &shared->parts, part, result);
    }
    for (uint32_t s = 0; s < shared->set_count; s++) {
        TRY(finish_distinct(&task->cx, op, shared, s, &shared->parts.distinct[s * GROUP_PARTITIONS + part], NULL,
                            shared->part_states + (size_t)part * shared->states.bytes, &result->text));
    }
    return OK;
}

static Status agg_finish_end(Task *task, const PhysicalNode *op, void *shared_) {
    HashAggShared *shared = shared_;
    if (op->aggregate.group_count > 0 || shared->set_count == 0) {
        return OK;
    }
    PartResult *result = &shared->results[0];
    uint32_t group = 0;
    for (uint32_t p = 0; p < GROUP_PARTITIONS; p++) {
        TRY(aggregate_merge_states(&task->cx, &op->aggregate, &shared->states,
                                   result->table.records + shared->layout.states_offset, shared->layout.record_bytes, &group,
                                   shared->part_states + (size_t)p * shared->states.bytes, shared->states.bytes, 1,
                                   &result->text));
    }
    return OK;
}

static void agg_close_local(const PhysicalNode *op, void *shared_, void *local_, OperatorProfile *profile) {
    (void)op, (void)profile;
    const HashAggShared *shared = shared_;
    HashAggLocal *local = local_;
    key_encoder_free(&local->encoder);
    group_table_free(&local->table);
    arena_free(&local->text);
    aggregate_feed_free(&local->feed);
    for (uint32_t p = 0; local->partitions != NULL && p < GROUP_PARTITIONS; p++) {
        record_list_free(&local->partitions[p]);
    }
    for (uint32_t p = 0; local->set_partitions != NULL && p < shared->set_count * GROUP_PARTITIONS; p++) {
        record_list_free(&local->set_partitions[p]);
    }
    for (uint32_t s = 0; s < shared->set_count; s++) {
        if (local->set_encoders != NULL) {
            key_encoder_free(&local->set_encoders[s]);
        }
        if (local->set_tables != NULL) {
            group_table_free(&local->set_tables[s]);
        }
    }
    if (local->spill != NULL) {
        spill_writer_close(local->spill);
        mem_free(local->spill);
    }
    mem_free(local->partitions);
    mem_free(local->set_partitions);
    mem_free(local->set_encoders);
    mem_free(local->set_tables);
}

/* -------------------------------------------------------------------------------------------------------- part by part */

/* A task's share of what is left; twice as much is for what takes its output, such as a table of groups and the copy that is
 * made of it before it is spilled. */
static uint64_t part_room(const Task *task) {
    int64_t room = memory_left(task->cx.memory) / 3 / (task->task_count > 0 ? task->task_count : 1);
    return room > 0 ? (uint64_t)room : 0;
}

/* At most, if no group repeats. */
static uint64_t groups_of_part(const GroupParts *parts, uint32_t part) {
    return parts->spilled[part].rows + parts->records[part].count;
}

/* With that many groups. */
static bool groups_have_room(const HashAggShared *shared, const GroupParts *parts, uint32_t part, uint64_t room) {
    uint64_t groups = groups_of_part(parts, part);
    return groups <= UINT32_MAX / 4 && group_table_growth(&(GroupTable){.layout = &shared->layout}, (uint32_t)groups) < room;
}

/* What the task has taken for the part, and what the next rows and the part's records may take. `used_before`: by the task. Few
 * groups would not be parted by splitting. */
static bool outgrows(const Task *task, const HashAggShared *shared, const HashAggLocal *local, uint64_t more,
                     int64_t used_before, uint64_t room) {
    int64_t used = memory_used(task->cx.memory) - used_before;
    uint64_t bytes = used > 0 ? (uint64_t)used : 0;
    if (local->table.count < GROUP_PARTITIONS) {
        return false;
    }
    bytes += group_table_growth(&local->table, more > UINT32_MAX ? UINT32_MAX : (uint32_t)more);
    for (uint32_t s = 0; s < shared->set_count; s++) {
        bytes += group_table_growth(&local->set_tables[s], BATCH_ROWS_MAX);
    }
    return bytes > room;
}

/* Reads the rows into the task's tables, unless they turn out to be too large. */
static Status read_spilled(Task *task, const PhysicalNode *op, HashAggShared *shared, const GroupParts *parts, uint32_t part,
                           HashAggLocal *local, bool *is_too_large) {
    const SpillPart *rows = &parts->spilled[part];
    SpillReader reader = {0};
    const Batch *in = NULL;
    Flow flow;
    uint64_t room = part_room(task);
    int64_t used_before = memory_used(task->cx.memory);
    bool can_split = group_parts_can_split(parts);
    Status status = spill_reader_open(&task->cx, &reader, op->children[0], &shared->row_format);
    TRY_GOTO(status);
    spill_reader_start(&reader, rows, 0, rows->count);
    do {
        TRY_GOTO(spill_reader_next(task, &reader, BATCH_ROWS_MAX, &in));
        *is_too_large =
            in != NULL && can_split && outgrows(task, shared, local, in->rows + parts->records[part].count, used_before, room);
        TRY_GOTO(in == NULL || *is_too_large ? OK : agg_consume(task, op, shared, local, in, &flow));
    } while (in != NULL && !*is_too_large);
done:
    spill_reader_close(&reader);
    return status;
}

static Status load_rows(Task *task, const PhysicalNode *op, HashAggShared *shared, GroupParts *parts, uint32_t part,
                        HashAggLocal *local, PartResult *result, bool *is_too_large) {
    const Context *cx = &task->cx;
    local->is_loading = true;
    TRY(open_tables(task, shared, local));
    local->groups_max = UINT32_MAX; /* its table is the part's */
    if (shared->hardly_repeats && groups_have_room(shared, parts, part, part_room(task))) {
        TRY(group_table_reserve(cx, &local->table, (uint32_t)groups_of_part(parts, part)));
    }
    TRY(read_spilled(task, op, shared, parts, part, local, is_too_large));
    if (*is_too_large) {
        return OK;
    }
    result->table = local->table;
    local->table = (GroupTable){0};
    for (uint32_t s = 0; s < shared->set_count; s++) {
        uint32_t list = s * GROUP_PARTITIONS + part;
        TRY(flush_set(cx, local, s));
        for (uint32_t p = 0; p < GROUP_PARTITIONS; p++) {
            record_list_join(&parts->distinct[list], &local->set_partitions[s * GROUP_PARTITIONS + p]);
        }
    }
    result->spilled_text = local->text;
    arena_init(&local->text);
    return OK;
}

/* Under force_spill every eighth part is, at the first level. */
static bool is_surely_too_large(const Task *task, const HashAggShared *shared, const GroupParts *parts, uint32_t part) {
    if (task->cx.settings->force_spill) {
        return parts->level == 0 && part % FORCED_PARTS == 0;
    }
    return group_parts_can_split(parts) && shared->hardly_repeats && !groups_have_room(shared, parts, part, part_room(task));
}

Status hash_agg_load_part(Task *task, const PhysicalNode *op, HashAggShared *shared, GroupParts *parts, uint32_t part,
                          PartResult *result, bool *is_too_large) {
    HashAggLocal *local;
    *is_too_large = false;
    if (parts->spilled[part].rows == 0) {
        return finish_groups(task, op, shared, parts, part, result);
    }
    *is_too_large = is_surely_too_large(task, shared, parts, part);
    if (*is_too_large) {
        return OK;
    }
    TRY_ALLOC_ZEROED(&task->cx, local, sizeof *local);
    Status status = load_rows(task, op, shared, parts, part, local, result, is_too_large);
    agg_close_local(op, shared, local, NULL);
    mem_free(local);
    return status == OK && !*is_too_large ? finish_groups(task, op, shared, parts, part, result) : status;
}

static void free_results(HashAggShared *shared) {
    for (uint32_t p = 0; shared->results != NULL && p < GROUP_PARTITIONS; p++) {
        part_result_free(&shared->results[p]);
    }
    mem_free(shared->results);
    mem_free(shared->part_states);
}

static void agg_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op;
    HashAggShared *shared = shared_;
    uint64_t spilled_bytes = group_parts_bytes(&shared->parts) + shared->split_bytes;
    for (uint32_t s = 0; shared->sets != NULL && s < shared->set_count; s++) {
        group_layout_free(&shared->sets[s].layout);
    }
    for (uint32_t i = 0; i < shared->arena_count; i++) {
        arena_free(&shared->arenas[i]);
    }
    group_parts_free(&shared->parts, shared->set_count);
    free_results(shared);
    record_list_free(&shared->small);
    group_layout_free(&shared->layout);
    aggregate_states_free(&shared->states);
    mem_free(shared->sets);
    mem_free(shared->set_of_item);
    mem_free(shared->arenas);
    row_format_free(&shared->row_format);
    if (profile != NULL) {
        profile->groups += shared->groups;
        profile->memory_bytes += shared->bytes;
        profile->spilled_bytes += spilled_bytes;
        profile->parts_split += shared->parts_split;
    }
    if (shared->is_open) {
        pthread_mutex_destroy(&shared->lock);
    }
}

static const SinkClass agg_sink = {.name = "HashAggregate",
                                   .shared_size = sizeof(HashAggShared),
                                   .local_size = sizeof(HashAggLocal),
                                   .open = agg_open,
                                   .open_local = agg_open_local,
                                   .consume = agg_consume,
                                   .merge = agg_merge,
                                   .finish = agg_finish,
                                   .finish_part = agg_finish_part,
                                   .finish_end = agg_finish_end,
                                   .close_local = agg_close_local,
                                   .close = agg_close};
const OperatorClass hash_agg_operator = {.source = &hash_agg_source, .sink = &agg_sink};
