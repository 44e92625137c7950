/* Aggregation by sorting: rows are sorted by their groups, on disk where memory_limit asks for it, and then read group by
 * group. Aggregates that need all values of a group at its end, or only different ones, get them in order and keep none, so
 * that a group may be larger than memory. Where they ask for several orders, there are as many sorts, read side by side. */
#include "exec/group_reader.h"

typedef struct GroupAggShared {
    Arena arena; /* of the sets */
    uint32_t set_count;
    OrderedSet *sets;
    uint32_t *first_parts; /* per set: of the parts of finish */
    uint64_t groups;       /* put out */
} GroupAggShared;

typedef struct GroupAggLocal { /* per set */
    SortLocal *sorts;          /* owned */
    Batch *views;              /* owned */
} GroupAggLocal;

/* -------------------------------------------------------------------------------------------------------------------- sink */

static Status group_open(Task *task, const PhysicalNode *op, void *shared_) {
    GroupAggShared *shared = shared_;
    arena_init(&shared->arena);
    TRY(ordered_sets_open(task, op, &shared->arena, &shared->sets, &shared->set_count));
    TRY_NEW_ARRAY(&task->cx, &shared->arena, shared->first_parts, shared->set_count + 1);
    return OK;
}

static Status group_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    (void)op;
    GroupAggShared *shared = shared_;
    GroupAggLocal *local = local_;
    TRY_ALLOC_ZEROED(&task->cx, local->sorts, sizeof *local->sorts * shared->set_count);
    TRY_ALLOC_ZEROED(&task->cx, local->views, sizeof *local->views * shared->set_count);
    for (uint32_t s = 0; s < shared->set_count; s++) {
        OrderedSet *set = &shared->sets[s];
        TRY(batch_init_like(&task->cx, &set->input, &local->views[s]));
        TRY(sort_open_local(task, &set->sort, &set->rows, &local->sorts[s]));
    }
    return OK;
}

static Status group_consume(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, Flow *flow) {
    (void)op;
    GroupAggShared *shared = shared_;
    GroupAggLocal *local = local_;
    for (uint32_t s = 0; s < shared->set_count; s++) {
        OrderedSet *set = &shared->sets[s];
        ordered_set_view(set, in, &local->views[s]);
        TRY(sort_consume(task, &set->sort, &set->rows, &local->sorts[s], &local->views[s], flow));
    }
    return OK;
}

static Status group_merge(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    (void)op;
    GroupAggShared *shared = shared_;
    GroupAggLocal *local = local_;
    for (uint32_t s = 0; s < shared->set_count; s++) {
        TRY(sort_merge(task, &shared->sets[s].sort, &shared->sets[s].rows, &local->sorts[s]));
    }
    return OK;
}

static Status group_finish(Task *task, const PhysicalNode *op, void *shared_, uint32_t *parts) {
    (void)op;
    GroupAggShared *shared = shared_;
    *parts = 0;
    for (uint32_t s = 0; s < shared->set_count; s++) {
        uint32_t more;
        TRY(sort_finish(task, &shared->sets[s].sort, &shared->sets[s].rows, &more));
        *parts += more;
        shared->first_parts[s + 1] = *parts;
    }
    return OK;
}

static Status group_finish_part(Task *task, const PhysicalNode *op, void *shared_, uint32_t part) {
    (void)op;
    GroupAggShared *shared = shared_;
    uint32_t s = 0;
    while (part >= shared->first_parts[s + 1]) {
        s++;
    }
    return sort_finish_part(task, &shared->sets[s].sort, &shared->sets[s].rows, part - shared->first_parts[s]);
}

static Status group_finish_end(Task *task, const PhysicalNode *op, void *shared_) {
    (void)op;
    GroupAggShared *shared = shared_;
    for (uint32_t s = 0; s < shared->set_count; s++) {
        TRY(sort_finish_end(task, &shared->sets[s].sort, &shared->sets[s].rows));
    }
    return OK;
}

static void group_close_local(const PhysicalNode *op, void *shared_, void *local_, OperatorProfile *profile) {
    (void)op;
    GroupAggShared *shared = shared_;
    GroupAggLocal *local = local_;
    for (uint32_t s = 0; s < shared->set_count; s++) {
        if (local->sorts != NULL) {
            sort_close_local(&shared->sets[s].sort, &shared->sets[s].rows, &local->sorts[s], profile);
        }
        if (local->views != NULL) {
            batch_free(&local->views[s]);
        }
    }
    mem_free(local->sorts);
    mem_free(local->views);
}

static void group_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op;
    GroupAggShared *shared = shared_;
    ordered_sets_close(shared->sets, shared->set_count, profile);
    if (profile != NULL) {
        profile->groups += shared->groups;
    }
    arena_free(&shared->arena);
}

/* ------------------------------------------------------------------------------------------------------------------ source */

typedef struct GroupsLocal {
    Batch out;
    GroupReader **readers; /* per set; owned */
    uint32_t reader_count;
    Arena text; /* of the results put out last */
} GroupsLocal;

static Status groups_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    const GroupAggShared *shared = shared_;
    GroupsLocal *local = local_;
    arena_init(&local->text);
    TRY(batch_init_like(&task->cx, op, &local->out));
    TRY_ALLOC_ZEROED(&task->cx, local->readers, sizeof *local->readers * shared->set_count);
    local->reader_count = shared->set_count;
    for (uint32_t s = 0; s < shared->set_count; s++) {
        TRY(group_reader_open(task, op, &shared->sets[s], &local->readers[s]));
    }
    return OK;
}

/* The groups put out last make room; then as many as are complete in all sets, at most a batch. */
static Status fill_readers(Task *task, GroupsLocal *local, uint32_t *count) {
    uint32_t most = UINT32_MAX;
    for (uint32_t s = 0; s < local->reader_count; s++) {
        uint32_t complete;
        group_reader_drop(local->readers[s], local->out.rows);
        TRY(group_reader_fill(task, local->readers[s], &complete));
        most = complete < most ? complete : most;
    }
    *count = source_batch_rows(task, most);
    return OK;
}

static Status groups_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    (void)op;
    GroupAggShared *shared = shared_;
    GroupsLocal *local = local_;
    uint32_t count = 0;
    TRY(fill_readers(task, local, &count));
    local->out.rows = count;
    shared->groups += count;
    if (count == 0) {
        *flow = DONE;
        return OK;
    }
    arena_free(&local->text);
    TRY(group_reader_keys(&task->cx, local->readers[0], count, &local->out));
    for (uint32_t s = 0; s < local->reader_count; s++) {
        TRY(group_reader_results(&task->cx, local->readers[s], count, &local->text, &local->out));
    }
    *out = &local->out;
    *flow = MORE_OUTPUT;
    return OK;
}

static void groups_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    GroupsLocal *local = local_;
    for (uint32_t s = 0; s < local->reader_count; s++) {
        group_reader_close(local->readers[s]);
    }
    mem_free(local->readers);
    batch_free(&local->out);
    arena_free(&local->text);
}

static const SourceClass group_agg_source = {.name = "GroupAggregate",
                                             .local_size = sizeof(GroupsLocal),
                                             .open_local = groups_open_local,
                                             .next = groups_next,
                                             .close_local = groups_close_local};
static const SinkClass group_agg_sink = {.name = "GroupAggregate",
                                         .shared_size = sizeof(GroupAggShared),
                                         .local_size = sizeof(GroupAggLocal),
                                         .open = group_open,
                                         .open_local = group_open_local,
                                         .consume = group_consume,
                                         .merge = group_merge,
                                         .finish = group_finish,
                                         .finish_part = group_finish_part,
                                         .finish_end = group_finish_end,
                                         .close_local = group_close_local,
                                         .close = group_close};
const OperatorClass group_agg_operator = {.source = &group_agg_source, .sink = &group_agg_sink};
