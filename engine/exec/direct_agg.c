/* Aggregation into an array: all group columns have small known domains, so a group's number is computed from its codes or
 * values, and nothing is hashed.
 *
 *     number = Σ (code or value - min) × times     each column has one further value for NULL
 *
 * Every task has its own array of states; they are merged entry by entry. Groups come out in the order of their numbers, which
 * is the order of their values. */
#include "exec/direct_sums.h"
#include "kernels/agg_kernels.h"

#include <pthread.h>

typedef struct DirectKey {
    uint32_t slot;
    Type type;
    const Dictionary *dictionary; /* or a range from min */
    int64_t min;
    uint32_t values; /* without NULL, whose number follows */
    uint32_t times;
} DirectKey;

typedef struct DirectArray {
    uint8_t *states;  /* entries × state bytes; owned */
    uint8_t *is_used; /* per entry; owned */
} DirectArray;

typedef struct DirectShared {
    pthread_mutex_t lock; /* guards array and arenas while tasks merge */
    bool is_open;
    AggregateStates layout;
    uint32_t key_count;
    DirectKey *keys; /* owned */
    uint32_t entries;
    SumPlan sums;
    DirectArray array; /* NULL until the first task merges */
    uint32_t arena_count;
    Arena *arenas; /* owned: text of states */
    uint64_t groups;
} DirectShared;

typedef struct DirectLocal {
    DirectArray array;
    SumColumns sums;
    Arena text;
    AggregateFeed feed;
    uint32_t *groups;  /* of a batch; owned */
    uint32_t *numbers; /* of one column with NULLs; owned */
    Vector scratch;
} DirectLocal;

static Status array_allocate(const Context *cx, const DirectShared *shared, DirectArray *array) {
    TRY_ALLOC_ZEROED(cx, array->states, (size_t)shared->entries * shared->layout.bytes);
    TRY_ALLOC_ZEROED(cx, array->is_used, shared->entries);
    return OK;
}

static void array_free(DirectArray *array) {
    mem_free(array->states);
    mem_free(array->is_used);
    *array = (DirectArray){0};
}

/* Sets the key's domain and returns its size without NULL; 0 if it has none. */
static uint64_t open_key(DirectKey *key, const PhysicalColumn *column, uint32_t slot) {
    const ColumnDomain *domain = &column->domain;
    uint64_t values = 0;
    *key = (DirectKey){.slot = slot, .type = column->type, .dictionary = domain->dictionary};
    if (domain->dictionary != NULL) {
        values = domain->dictionary->size;
    } else if (domain->has_range) {
        values = (uint64_t)domain->max - (uint64_t)domain->min + 1;
        key->min = domain->min;
    } else if (column->type.id == TYPE_BOOLEAN) {
        values = 2;
    }
    key->values = (uint32_t)values;
    return values;
}

static Status direct_open(Task *task, const PhysicalNode *op, void *shared_) {
    DirectShared *shared = shared_;
    const AggregateSpec *spec = &op->aggregate;
    const Context *cx = &task->cx;
    pthread_mutex_init(&shared->lock, NULL);
    shared->is_open = true;
    shared->key_count = spec->group_count;
    TRY(aggregate_states_init(cx, &shared->layout, spec));
    TRY_ALLOC_ZEROED(cx, shared->keys, sizeof *shared->keys * spec->group_count);
    uint64_t entries = 1;
    for (uint32_t k = spec->group_count; k-- > 0;) { /* the first column counts most */
        DirectKey *key = &shared->keys[k];
        uint64_t values = open_key(key, &op->children[0]->columns[spec->groups[k]], spec->groups[k]);
        if (values == 0 || values >= INT32_MAX || entries * (values + 1) >= INT32_MAX) {
            return fail(cx, INTERNAL_ERROR, "the plan groups directly by columns whose values are not few");
        }
        key->times = (uint32_t)entries;
        entries *= values + 1;
    }
    shared->entries = (uint32_t)entries;
    return sum_plan_init(cx, &shared->sums, op, shared->entries);
}

/* ----------------------------------------------------------------------------------------------------------- group numbers */

static Status fail_outside(const Context *cx) {
    return fail(cx, INTERNAL_ERROR, "a value to group by lies outside what the plan knows of its column");
}

/* The number of a constant's value. */
static Status number_of_constant(const Context *cx, const DirectKey *key, const Vector *vector, uint32_t *number) {
    Value value = vector_value(vector, 0);
    bool found = true;
    if (value.is_null) {
        *number = key->values;
    } else if (key->dictionary != NULL) {
        *number = dictionary_lower_bound(key->dictionary, &value, &found);
    } else {
        uint64_t distance = (uint64_t)value.i64 - (uint64_t)key->min;
        found = distance < key->values;
        *number = (uint32_t)distance;
    }
    return found ? OK : fail_outside(cx);
}

/* What the loops read: the codes or values of the column, and what to add to each. */
static Status open_column(const Context *cx, const DirectKey *key, const Vector *vector, uint32_t rows, Vector *scratch,
                          const void **data, uint64_t *offset, int *input) {
    static const int input_of_class[CLASS_COUNT] = {
        [CLASS_BOOL] = INPUT_U8, [CLASS_I16] = INPUT_I16, [CLASS_I32] = INPUT_I32, [CLASS_I64] = INPUT_I64};
    bool is_codes = vector->kind == VECTOR_CODES;
    *offset = 0 - (uint64_t)key->min;
    if (is_codes && vector->dictionary != NULL && key->dictionary == NULL) {
        TRY(vector_flatten(cx, vector, rows, scratch));
        vector = scratch;
        is_codes = false;
    }
    *data = vector->data;
    *input = is_codes ? __builtin_ctz(vector->code_bytes) : input_of_class[type_class(vector->type)];
    *offset += is_codes && vector->dictionary == NULL ? (uint64_t)vector->base : 0;
    return OK;
}

/* A dictionary's column that comes as values: each is looked up. */
static Status numbers_of_values(const Context *cx, const DirectKey *key, const Vector *vector, uint32_t rows,
                                uint32_t *numbers) {
    for (uint32_t i = 0; i < rows; i++) {
        Value value = vector_value(vector, i);
        bool found = true;
        numbers[i] = value.is_null ? key->values : dictionary_lower_bound(key->dictionary, &value, &found);
        if (!found) {
            return fail_outside(cx);
        }
    }
    return OK;
}

/* Sets (first column) or adds the column's share of the group numbers. */
static Status add_column(const Context *cx, DirectLocal *local, const DirectKey *key, const Vector *vector, uint32_t rows,
                         bool is_first) {
    uint32_t *groups = local->groups;
    if (vector->kind == VECTOR_CONSTANT) {
        uint32_t number;
        TRY(number_of_constant(cx, key, vector, &number));
        for (uint32_t i = 0; i < rows; i++) {
            groups[i] = (is_first ? 0 : groups[i]) + number * key->times;
        }
        return OK;
    }
    const void *data = NULL;
    uint64_t offset = 0;
    int input = 0;
    if (key->dictionary != NULL && !(vector->kind == VECTOR_CODES && vector->dictionary == key->dictionary)) {
        TRY(numbers_of_values(cx, key, vector, rows, local->numbers));
        (is_first ? agg_kernels->set_index : agg_kernels->add_index)[INPUT_U32](local->numbers, 0, key->times, rows, groups);
        return OK;
    }
    TRY(open_column(cx, key, vector, rows, &local->scratch, &data, &offset, &input));
    if (vector->validity == NULL) {
        (is_first ? agg_kernels->set_index : agg_kernels->add_index)[input](data, offset, key->times, rows, groups);
        return OK;
    }
    agg_kernels->set_index[input](data, offset, 1, rows, local->numbers);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t number = bit_get(vector->validity, i) ? local->numbers[i] : key->values;
        groups[i] = (is_first ? 0 : groups[i]) + number * key->times;
    }
    return OK;
}

static Status batch_numbers(const Context *cx, const DirectShared *shared, DirectLocal *local, const Batch *in) {
    for (uint32_t k = 0; k < shared->key_count; k++) {
        TRY(add_column(cx, local, &shared->keys[k], &in->columns[shared->keys[k].slot], in->rows, k == 0));
    }
    return agg_kernels->greatest(local->groups, in->rows) >= shared->entries ? fail_outside(cx) : OK;
}

/* The groups of empty grouping sets are there even if no row comes. */
static Status use_empty_sets(const Context *cx, const PhysicalNode *op, const DirectShared *shared, DirectLocal *local) {
    Batch row;
    TRY(batch_init_like(cx, op->children[0], &row));
    Status status = OK;
    for (uint32_t i = 0; i < op->aggregate.empty_set_count && status == OK; i++) {
        status = aggregate_empty_set(cx, op, i, &row);
        status = status == OK ? batch_numbers(cx, shared, local, &row) : status;
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
    vector_init(&local->scratch, type_make(TYPE_BIGINT));
    TRY_ALLOC(&task->cx, local->groups, sizeof *local->groups * BATCH_ROWS_MAX);
    TRY_ALLOC(&task->cx, local->numbers, sizeof *local->numbers * BATCH_ROWS_MAX);
    TRY(array_allocate(&task->cx, shared, &local->array));
    TRY(sum_columns_init(&task->cx, &local->sums, &shared->sums));
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
    TRY(batch_numbers(cx, shared, local, in));
    if (shared->sums.has_items) {
        TRY(consume_sums(cx, op, shared, local, in));
    }
    for (uint32_t i = 0; i < in->rows && !shared->sums.has_items; i++) {
        local->array.is_used[local->groups[i]] = 1;
    }
    return aggregate_feed_batch(cx, &op->aggregate, &shared->layout, &local->feed, in, local->array.states,
                                shared->layout.bytes, local->groups, &local->text);
}

/* ----------------------------------------------------------------------------------------------------------------- merge */

static Status merge_arrays(const Context *cx, const PhysicalNode *op, DirectShared *shared, const DirectArray *other,
                           Arena *text) {
    uint32_t groups[BATCH_ROWS_MAX];
    for (uint32_t first = 0; first < shared->entries; first += BATCH_ROWS_MAX) {
        uint32_t left = shared->entries - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        if (memchr(other->is_used + first, 1, count) == NULL) {
            continue;
        }
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

static Status take_local(const Context *cx, const PhysicalNode *op, DirectShared *shared, DirectLocal *local) {
    if (shared->array.is_used == NULL) {
        shared->array = local->array;
        local->array = (DirectArray){0};
    } else {
        TRY(merge_arrays(cx, op, shared, &local->array, &local->text));
    }
    Arena *grown = mem_resize(cx, shared->arenas, sizeof *grown * (shared->arena_count + 1));
    if (grown == NULL) {
        return OUT_OF_MEMORY;
    }
    shared->arenas = grown;
    shared->arenas[shared->arena_count++] = local->text;
    arena_init(&local->text);
    return OK;
}

static Status direct_merge(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    DirectShared *shared = shared_;
    DirectLocal *local = local_;
    move_sums(op, shared, local);
    pthread_mutex_lock(&shared->lock);
    Status status = take_local(&task->cx, op, shared, local);
    pthread_mutex_unlock(&shared->lock);
    array_free(&local->array);
    return status;
}

static void direct_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    DirectLocal *local = local_;
    array_free(&local->array);
    arena_free(&local->text);
    aggregate_feed_free(&local->feed);
    sum_columns_free(&local->sums);
    vector_free(&local->scratch);
    mem_free(local->groups);
    mem_free(local->numbers);
}

static void direct_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op;
    DirectShared *shared = shared_;
    if (profile != NULL) {
        profile->groups += shared->groups;
        profile->memory_bytes += (uint64_t)shared->entries * (shared->layout.bytes + 1);
    }
    array_free(&shared->array);
    for (uint32_t i = 0; i < shared->arena_count; i++) {
        arena_free(&shared->arenas[i]);
    }
    mem_free(shared->arenas);
    mem_free(shared->keys);
    sum_plan_free(&shared->sums);
    aggregate_states_free(&shared->layout);
    if (shared->is_open) {
        pthread_mutex_destroy(&shared->lock);
    }
}

/* ---------------------------------------------------------------------------------------------------------------- source */

typedef struct GroupsLocal {
    Batch out;
    uint8_t *states; /* of the groups of a batch, side by side; owned */
    uint32_t next;   /* entry */
    Arena text;      /* of the results put out last */
} GroupsLocal;

static Status groups_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    GroupsLocal *local = local_;
    arena_init(&local->text);
    TRY_ALLOC(&task->cx, local->states, (size_t)((DirectShared *)shared_)->layout.bytes * BATCH_ROWS_MAX);
    return batch_init_like(&task->cx, op, &local->out);
}

static Status decode_key(const Context *cx, const DirectKey *key, const uint32_t *entries, uint32_t count, Vector *out) {
    TRY(vector_prepare_codes(cx, out, key->type, 4));
    out->dictionary = key->dictionary;
    out->base = key->min;
    uint32_t *codes = out->data;
    bool has_null = false;
    for (uint32_t i = 0; i < count; i++) {
        codes[i] = entries[i] / key->times % (key->values + 1);
        has_null |= codes[i] == key->values;
    }
    if (has_null) {
        TRY(vector_prepare_validity(cx, out, true));
        for (uint32_t i = 0; i < count; i++) {
            if (codes[i] == key->values) {
                bit_clear(out->validity, i);
                codes[i] = 0;
            }
        }
    }
    return OK;
}

static Status groups_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    DirectShared *shared = shared_;
    GroupsLocal *local = local_;
    uint32_t entries[BATCH_ROWS_MAX], count = 0, bytes = shared->layout.bytes, most = source_batch_rows(task, BATCH_ROWS_MAX);
    for (; local->next < shared->entries && count < most; local->next++) {
        if (shared->array.is_used[local->next]) {
            memcpy(local->states + (size_t)count * bytes, shared->array.states + (size_t)local->next * bytes, bytes);
            entries[count++] = local->next;
        }
    }
    if (count == 0) {
        *flow = DONE;
        return OK;
    }
    shared->groups += count;
    local->out.rows = count;
    for (uint32_t k = 0; k < shared->key_count; k++) {
        TRY(decode_key(&task->cx, &shared->keys[k], entries, count, &local->out.columns[k]));
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
                                      .close_local = direct_close_local,
                                      .close = direct_close};
/* One task reads the groups: they are few. */
static const SourceClass groups_source = {.name = "HashAggregate",
                                          .local_size = sizeof(GroupsLocal),
                                          .open_local = groups_open_local,
                                          .next = groups_next,
                                          .close_local = groups_close_local};

const OperatorClass direct_agg_operator = {.source = &groups_source, .sink = &direct_sink};
