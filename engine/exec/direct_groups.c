/* DISTINCT, and groups without aggregates, whose columns all have small known domains: a bit for each combination of values
 * (direct_keys.h). Every task sets bits of its own; they are united in the end, and read in runs by as many tasks as there are.
 */
#include "exec/agg_common.h"
#include "plan/direct_columns.h"

#include <pthread.h>

typedef struct GroupsShared {
    pthread_mutex_t lock; /* guards bits while tasks merge */
    bool is_open;
    DirectKeys keys;
    uint64_t words;
    uint64_t *bits; /* owned; NULL until the first task merges */
    _Atomic(uint32_t) next_run;
    _Atomic(uint64_t) groups;
} GroupsShared;

typedef struct GroupsLocal {
    uint64_t *bits; /* owned */
    uint32_t *numbers;
    DirectScratch scratch;
} GroupsLocal;

static Status sink_open(Task *task, const PhysicalNode *op, void *shared_) {
    GroupsShared *shared = shared_;
    pthread_mutex_init(&shared->lock, NULL);
    shared->is_open = true;
    TRY(direct_keys_init(&task->cx, &shared->keys, op->children[0], op->aggregate.groups, op->aggregate.group_count));
    shared->words = (shared->keys.entries + UINT64_C(63)) / 64;
    return OK;
}

static void add_groups(GroupsLocal *local, uint32_t rows) {
    for (uint32_t i = 0; i < rows; i++) { /* looking first: most bits are set already */
        uint64_t *word = &local->bits[local->numbers[i] / 64], bit = UINT64_C(1) << (local->numbers[i] % 64);
        if ((*word & bit) == 0) {
            *word |= bit;
        }
    }
}

/* The groups of empty grouping sets are there even if no row comes. */
static Status use_empty_sets(const Context *cx, const PhysicalNode *op, const GroupsShared *shared, GroupsLocal *local) {
    Batch row;
    TRY(batch_init_like(cx, op->children[0], &row));
    Status status = OK;
    for (uint32_t i = 0; i < op->aggregate.empty_set_count && status == OK; i++) {
        status = aggregate_empty_set(cx, op, i, &row);
        status = status == OK ? direct_numbers(cx, &shared->keys, &local->scratch, &row, local->numbers) : status;
        if (status == OK) {
            add_groups(local, 1);
        }
    }
    batch_free(&row);
    return status;
}

static Status sink_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    const GroupsShared *shared = shared_;
    GroupsLocal *local = local_;
    TRY(direct_scratch_init(&task->cx, &local->scratch));
    TRY_ALLOC(&task->cx, local->numbers, sizeof *local->numbers * BATCH_ROWS_MAX);
    TRY_ALLOC_ZEROED(&task->cx, local->bits, sizeof *local->bits * shared->words);
    return op->aggregate.empty_set_count > 0 && task->index == 0 ? use_empty_sets(&task->cx, op, shared, local) : OK;
}

static Status sink_consume(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, Flow *flow) {
    (void)op;
    const GroupsShared *shared = shared_;
    GroupsLocal *local = local_;
    *flow = NEED_INPUT;
    TRY(direct_numbers(&task->cx, &shared->keys, &local->scratch, in, local->numbers));
    add_groups(local, in->rows);
    return OK;
}

static Status sink_merge(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    (void)task, (void)op;
    GroupsShared *shared = shared_;
    GroupsLocal *local = local_;
    pthread_mutex_lock(&shared->lock);
    if (shared->bits == NULL) {
        shared->bits = local->bits;
        local->bits = NULL;
    } else {
        for (uint64_t w = 0; w < shared->words; w++) {
            shared->bits[w] |= local->bits[w];
        }
    }
    pthread_mutex_unlock(&shared->lock);
    return OK;
}

static void sink_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    GroupsLocal *local = local_;
    direct_scratch_free(&local->scratch);
    mem_free(local->numbers);
    mem_free(local->bits);
}

static void sink_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op;
    GroupsShared *shared = shared_;
    if (profile != NULL) {
        profile->groups += shared->groups;
        profile->memory_bytes += shared->words * sizeof *shared->bits;
    }
    mem_free(shared->bits);
    direct_keys_free(&shared->keys);
    if (shared->is_open) {
        pthread_mutex_destroy(&shared->lock);
    }
}

/* ---------------------------------------------------------------------------------------------------------------- source */

typedef struct ReaderLocal {
    Batch out;
    uint64_t next, end; /* words of the run */
    uint64_t left;      /* bits of the word before `next` that were not put out */
} ReaderLocal;

static Status source_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    (void)shared;
    return batch_init_like(&task->cx, op, &((ReaderLocal *)local_)->out);
}

/* Numbers of the run's next groups. */
static uint32_t next_numbers(const GroupsShared *shared, ReaderLocal *local, uint32_t most, uint32_t *numbers) {
    uint32_t count = 0;
    while (count < most && (local->left != 0 || local->next < local->end)) {
        if (local->left == 0) {
            local->left = shared->bits[local->next++];
        }
        for (; local->left != 0 && count < most; local->left &= local->left - 1) {
            numbers[count++] = (uint32_t)((local->next - 1) * 64) + (uint32_t)__builtin_ctzll(local->left);
        }
    }
    return count;
}

#define RUN_WORDS (DIRECT_RUN_ENTRIES / 64)

static Status source_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    (void)op;
    GroupsShared *shared = shared_;
    ReaderLocal *local = local_;
    uint32_t numbers[BATCH_ROWS_MAX], count = next_numbers(shared, local, source_batch_rows(task, BATCH_ROWS_MAX), numbers);
    if (count == 0) {
        local->next = (uint64_t)atomic_fetch_add(&shared->next_run, 1) * RUN_WORDS;
        local->end = local->next + RUN_WORDS < shared->words ? local->next + RUN_WORDS : shared->words;
        *flow = local->next < shared->words ? NEED_INPUT : DONE;
        return check_cancel(&task->cx);
    }
    atomic_fetch_add(&shared->groups, count);
    local->out.rows = count;
    for (uint32_t k = 0; k < shared->keys.count; k++) {
        TRY(direct_decode(&task->cx, &shared->keys, k, numbers, count, &local->out.columns[k]));
    }
    *out = &local->out;
    *flow = MORE_OUTPUT;
    return OK;
}

static void source_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    batch_free(&((ReaderLocal *)local_)->out);
}

static uint32_t source_task_limit(Task *task, const PhysicalNode *op, void *shared_) {
    (void)task, (void)op;
    return (uint32_t)(((const GroupsShared *)shared_)->words / RUN_WORDS) + 1;
}

static const SinkClass groups_sink = {.name = "HashAggregate",
                                      .shared_size = sizeof(GroupsShared),
                                      .local_size = sizeof(GroupsLocal),
                                      .open = sink_open,
                                      .open_local = sink_open_local,
                                      .consume = sink_consume,
                                      .merge = sink_merge,
                                      .close_local = sink_close_local,
                                      .close = sink_close};
static const SourceClass groups_source = {.name = "HashAggregate",
                                          .local_size = sizeof(ReaderLocal),
                                          .open_local = source_open_local,
                                          .next = source_next,
                                          .close_local = source_close_local,
                                          .task_limit = source_task_limit};

const OperatorClass direct_groups_operator = {.source = &groups_source, .sink = &groups_sink};
