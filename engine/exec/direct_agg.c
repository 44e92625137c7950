/* Aggregation into an array: all group columns have small known domains, so a group's number is computed (direct_keys.h).
 * Every task has its own array of states; in the end they are merged entry by entry, in parts.
 *
 * The values of DISTINCT aggregates have small domains too: a set of them is a bit per group and value (direct_sets.h), and
 * what is in it is fed to the states in the end. */
#include "exec/direct_sets.h"
#include "exec/direct_sums.h"

#include <pthread.h>

#define FINISH_PARTS_MAX 64u
#define PART_ENTRIES 2048u /* that are worth a part of their own to be merged */

typedef struct DirectArray {
    uint8_t *states;  /* entries × state bytes; owned */
    uint8_t *is_used; /* per entry; owned */
    DirectBits bits;  /* values of DISTINCT aggregates */
} DirectArray;

typedef struct DirectShared {
    pthread_mutex_t lock; /* guards arrays, arenas and rows while tasks merge */
    bool is_open;
    AggregateStates layout;
    DirectKeys keys;
    uint32_t entries;
    DirectSets sets;
    SumPlan sums;
    DirectArray array; /* of the first task that ended; in the end of all */
    uint32_t other_count;
    DirectArray *others; /* owned: of the other tasks */
    uint32_t parts;      /* in which they are merged and DISTINCT values fed */
    uint32_t arena_count;
    Arena *arenas; /* owned: text of states */
    uint64_t rows; /* that were aggregated */
    uint32_t run_entries;
    _Atomic(uint32_t) next_run;
    _Atomic(uint64_t) groups;
} DirectShared;

typedef struct DirectLocal {
    DirectArray array;
    SumColumns sums;
    Arena text;
    AggregateFeed feed;
    uint32_t *groups; /* of a batch; owned */
    uint64_t rows;
    DirectScratch scratch;
} DirectLocal;

static Status array_allocate(const Context *cx, const DirectShared *shared, DirectArray *array) {
    TRY_ALLOC_ZEROED(cx, array->states, (size_t)shared->entries * shared->layout.bytes);
    TRY_ALLOC_ZEROED(cx, array->is_used, shared->entries);
    return direct_bits_init(cx, &shared->sets, shared->entries, &array->bits);
}

static void array_free(const DirectShared *shared, DirectArray *array) {
    direct_bits_free(&shared->sets, &array->bits);
    mem_free(array->states);
    mem_free(array->is_used);
    *array = (DirectArray){0};
}

static Status direct_open(Task *task, const PhysicalNode *op, void *shared_) {
    DirectShared *shared = shared_;
    const AggregateSpec *spec = &op->aggregate;
    const Context *cx = &task->cx;
    pthread_mutex_init(&shared->lock, NULL);
    shared->is_open = true;
    TRY(aggregate_states_init(cx, &shared->layout, spec));
    TRY(direct_keys_init(cx, &shared->keys, op->children[0], spec->groups, spec->group_count));
    shared->entries = shared->keys.entries;
    TRY(direct_sets_init(cx, &shared->sets, op));
    return sum_plan_init(cx, &shared->sums, op, shared->entries);
}

/* The groups of empty grouping sets are there even if no row comes. */
static Status use_empty_sets(const Context *cx, const PhysicalNode *op, const DirectShared *shared, DirectLocal *local) {
    Batch row;
    TRY(batch_init_like(cx, op->children[0], &row));
    Status status = OK;
    for (uint32_t i = 0; i < op->aggregate.empty_set_count && status == OK; i++) {
        status = aggregate_empty_set(cx, op, i, &row);
        status = status == OK ? direct_numbers(cx, &shared->keys, &local->scratch, &row, local->groups) : status;
        if (status == OK) {
            local->array.is_used[local->groups[0]] = 1;
        }
    }
    batch_free(&row);
    return status;
}

static Status direct_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    DirectLocal *local = local_;
    const DirectShared *shared = shared_;
    arena_init(&local->text);
    aggregate_feed_init(&local->feed);
    local->feed.is_fed_elsewhere = shared->sums.is_summed;
    TRY(direct_scratch_init(&task->cx, &local->scratch));
    TRY_ALLOC(&task->cx, local->groups, sizeof *local->groups * BATCH_ROWS_MAX);
    TRY(array_allocate(&task->cx, shared, &local->array));
    TRY(sum_columns_init(&task->cx, &local->sums, &shared->sums));
    if (op->aggregate.group_count == 0) { /* the one group is there even if no row comes */
        local->array.is_used[0] = 1;
    }
    return op->aggregate.empty_set_count > 0 && task->index == 0 ? use_empty_sets(&task->cx, op, shared, local) : OK;
}

static void move_sums(const PhysicalNode *op, const DirectShared *shared, DirectLocal *local) {
    sum_columns_move(&local->sums, &shared->sums, &op->aggregate, &shared->layout, local->array.states, local->array.is_used);
}

static Status consume_sums(const Context *cx, const PhysicalNode *op, const DirectShared *shared, DirectLocal *local,
                           const Batch *in) {
    if (!sum_columns_have_room(&local->sums, &shared->sums, in->rows)) {
        move_sums(op, shared, local);
    }
    return sum_columns_add(cx, &local->sums, &shared->sums, in, local->groups);
}

static Status direct_consume(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, Flow *flow) {
    const DirectShared *shared = shared_;
    DirectLocal *local = local_;
    const Context *cx = &task->cx;
    *flow = NEED_INPUT;
    local->rows += in->rows;
    TRY(direct_numbers(cx, &shared->keys, &local->scratch, in, local->groups));
    if (shared->sums.has_items) {
        TRY(consume_sums(cx, op, shared, local, in));
    }
    for (uint32_t i = 0; i < in->rows && !shared->sums.has_items; i++) {
        local->array.is_used[local->groups[i]] = 1;
    }
    TRY(aggregate_feed_batch(cx, &op->aggregate, &shared->layout, &local->feed, in, local->array.states, shared->layout.bytes,
                             local->groups, &local->text));
    return direct_bits_add(cx, &shared->sets, &local->array.bits, &local->scratch, &local->feed, in, local->groups);
}

/* ----------------------------------------------------------------------------------------------------------------- merge */

/* Entries [first, end). */
static Status merge_array(const Context *cx, const PhysicalNode *op, DirectShared *shared, const DirectArray *other,
                          uint32_t first, uint32_t end, Arena *text) {
    uint32_t groups[BATCH_ROWS_MAX];
    for (; first < end; first += BATCH_ROWS_MAX) {
        uint32_t left = end - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        if (memchr(other->is_used + first, 1, count) == NULL) {
            continue;
        }
        TRY(check_cancel(cx));
        for (uint32_t i = 0; i < count; i++) {
            groups[i] = i;
            shared->array.is_used[first + i] |= other->is_used[first + i];
        }
        size_t offset = (size_t)first * shared->layout.bytes;
        TRY(aggregate_merge_states(cx, &op->aggregate, &shared->layout, shared->array.states + offset, shared->layout.bytes,
                                   groups, other->states + offset, shared->layout.bytes, count, text));
    }
    return OK;
}

static Status grow_arenas(const Context *cx, DirectShared *shared, uint32_t count) {
    Arena *grown = mem_resize(cx, shared->arenas, sizeof *grown * (shared->arena_count + count + 1));
    if (grown == NULL) {
        return OUT_OF_MEMORY;
    }
    shared->arenas = grown;
    return OK;
}

static Status take_array(const Context *cx, DirectShared *shared, DirectLocal *local) {
    if (shared->array.is_used == NULL) {
        shared->array = local->array;
    } else {
        DirectArray *grown = mem_resize(cx, shared->others, sizeof *grown * (shared->other_count + 1));
        if (grown == NULL) {
            return OUT_OF_MEMORY;
        }
        shared->others = grown;
        shared->others[shared->other_count++] = local->array;
    }
    local->array = (DirectArray){0};
    return OK;
}

static Status take_local(const Context *cx, DirectShared *shared, DirectLocal *local) {
    TRY(grow_arenas(cx, shared, 1));
    TRY(take_array(cx, shared, local));
    shared->rows += local->rows;
    shared->arenas[shared->arena_count++] = local->text;
    arena_init(&local->text);
    return OK;
}

static Status direct_merge(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    DirectShared *shared = shared_;
    DirectLocal *local = local_;
    move_sums(op, shared, local);
    pthread_mutex_lock(&shared->lock);
    Status status = take_local(&task->cx, shared, local);
    pthread_mutex_unlock(&shared->lock);
    return status;
}

/* Arrays are merged, and values of DISTINCT aggregates reach the states: a part for each run of groups, with an arena of its
 * own. Short arrays of one part are merged without waking anyone. */
static uint32_t finish_parts(const DirectShared *shared) {
    uint32_t parts = shared->sets.count > 0    ? shared->entries
                     : shared->other_count > 0 ? shared->entries / PART_ENTRIES + 1
                                               : 0;
    return parts < FINISH_PARTS_MAX ? parts : FINISH_PARTS_MAX;
}

static Status direct_finish(Task *task, const PhysicalNode *op, void *shared_, uint32_t *parts) {
    DirectShared *shared = shared_;
    shared->run_entries =
        aggregate_finish_is_long(&op->aggregate, shared->rows) ? shared->entries / FINISH_PARTS_MAX + 1 : DIRECT_RUN_ENTRIES;
    *parts = shared->parts = finish_parts(shared);
    TRY(grow_arenas(&task->cx, shared, *parts));
    for (uint32_t i = 0; i < *parts; i++) {
        arena_init(&shared->arenas[shared->arena_count++]);
    }
    return OK;
}

static Status feed_sets(const Context *cx, const PhysicalNode *op, DirectShared *shared, uint32_t first, uint32_t end,
                        Arena *text) {
    Vector values;
    Status status = OK;
    vector_init(&values, type_make(TYPE_BIGINT));
    for (uint32_t group = first; group < end && status == OK; group++) {
        if (shared->array.is_used[group]) {
            status = direct_bits_feed(cx, &shared->sets, &shared->array.bits, &op->aggregate, &shared->layout, group,
                                      shared->array.states + (size_t)group * shared->layout.bytes, &values, text);
        }
    }
    vector_free(&values);
    return status;
}

static Status direct_finish_part(Task *task, const PhysicalNode *op, void *shared_, uint32_t part) {
    DirectShared *shared = shared_;
    uint64_t parts = shared->parts;
    uint32_t first = (uint32_t)(part * (uint64_t)shared->entries / parts);
    uint32_t end = (uint32_t)((part + 1) * (uint64_t)shared->entries / parts);
    Arena *text = &shared->arenas[shared->arena_count - parts + part];
    for (uint32_t i = 0; i < shared->other_count; i++) {
        TRY(merge_array(&task->cx, op, shared, &shared->others[i], first, end, text));
        direct_bits_unite(&shared->sets, first, end, &shared->array.bits, &shared->others[i].bits);
    }
    return shared->sets.count == 0 ? OK : feed_sets(&task->cx, op, shared, first, end, text);
}

static void free_others(DirectShared *shared) {
    for (uint32_t i = 0; i < shared->other_count; i++) {
        array_free(shared, &shared->others[i]);
    }
    mem_free(shared->others);
    shared->others = NULL;
    shared->other_count = 0;
}

static Status direct_finish_end(Task *task, const PhysicalNode *op, void *shared) {
    (void)task, (void)op;
    free_others(shared);
    return OK;
}

static void direct_close_local(const PhysicalNode *op, void *shared_, void *local_, OperatorProfile *profile) {
    (void)op, (void)profile;
    const DirectShared *shared = shared_;
    DirectLocal *local = local_;
    array_free(shared, &local->array);
    arena_free(&local->text);
    aggregate_feed_free(&local->feed);
    sum_columns_free(&local->sums);
    direct_scratch_free(&local->scratch);
    mem_free(local->groups);
}

static void direct_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op;
    DirectShared *shared = shared_;
    if (profile != NULL) {
        profile->groups += shared->groups;
        profile->memory_bytes += (uint64_t)shared->entries * (shared->layout.bytes + 1);
    }
    array_free(shared, &shared->array);
    free_others(shared);
    for (uint32_t i = 0; i < shared->arena_count; i++) {
        arena_free(&shared->arenas[i]);
    }
    mem_free(shared->arenas);
    direct_keys_free(&shared->keys);
    direct_sets_free(&shared->sets);
    sum_plan_free(&shared->sums);
    aggregate_states_free(&shared->layout);
    if (shared->is_open) {
        pthread_mutex_destroy(&shared->lock);
    }
}

/* ---------------------------------------------------------------------------------------------------------------- source */

typedef struct GroupsLocal {
    Batch out;
    uint8_t *states;    /* of the groups of a batch, side by side; owned */
    uint32_t next, end; /* entries of the run */
    Arena text;         /* of the results put out last */
} GroupsLocal;

static Status groups_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    GroupsLocal *local = local_;
    arena_init(&local->text);
    TRY_ALLOC(&task->cx, local->states, (size_t)((DirectShared *)shared_)->layout.bytes * BATCH_ROWS_MAX);
    return batch_init_like(&task->cx, op, &local->out);
}

static Status groups_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    DirectShared *shared = shared_;
    GroupsLocal *local = local_;
    uint32_t entries[BATCH_ROWS_MAX], count = 0, bytes = shared->layout.bytes, most = source_batch_rows(task, BATCH_ROWS_MAX);
    for (; local->next < local->end && count < most; local->next++) {
        if (shared->array.is_used[local->next]) {
            memcpy(local->states + (size_t)count * bytes, shared->array.states + (size_t)local->next * bytes, bytes);
            entries[count++] = local->next;
        }
    }
    if (count == 0) {
        uint64_t first = (uint64_t)atomic_fetch_add(&shared->next_run, 1) * shared->run_entries,
                 end = first + shared->run_entries;
        local->end = end < shared->entries ? (uint32_t)end : shared->entries;
        local->next = first < local->end ? (uint32_t)first : local->end;
        *flow = first < shared->entries ? NEED_INPUT : DONE;
        return OK;
    }
    atomic_fetch_add(&shared->groups, count);
    local->out.rows = count;
    for (uint32_t k = 0; k < shared->keys.count; k++) {
        TRY(direct_decode(&task->cx, &shared->keys, k, entries, count, &local->out.columns[k]));
    }
    *out = &local->out;
    *flow = MORE_OUTPUT;
    return aggregate_finish_items(&task->cx, &op->aggregate, &shared->layout, local->states, bytes, count, &local->text,
                                  &local->out);
}

static void groups_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    GroupsLocal *local = local_;
    mem_free(local->states);
    batch_free(&local->out);
    arena_free(&local->text);
}

static const SinkClass direct_sink = {.name = "HashAggregate",
                                      .shared_size = sizeof(DirectShared),
                                      .local_size = sizeof(DirectLocal),
                                      .open = direct_open,
                                      .open_local = direct_open_local,
                                      .consume = direct_consume,
                                      .merge = direct_merge,
                                      .finish = direct_finish,
                                      .finish_part = direct_finish_part,
                                      .finish_end = direct_finish_end,
                                      .close_local = direct_close_local,
                                      .close = direct_close};
static uint32_t groups_task_limit(Task *task, const PhysicalNode *op, void *shared_) {
    (void)task, (void)op;
    const DirectShared *shared = shared_;
    return shared->entries / shared->run_entries + 1;
}

static const SourceClass groups_source = {.name = "HashAggregate",
                                          .local_size = sizeof(GroupsLocal),
                                          .open_local = groups_open_local,
                                          .next = groups_next,
                                          .close_local = groups_close_local,
                                          .task_limit = groups_task_limit};

const OperatorClass direct_agg_operator = {.source = &groups_source, .sink = &direct_sink};
