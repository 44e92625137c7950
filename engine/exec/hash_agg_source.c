/* Reads the groups of a hash aggregation: a task takes a part at a time and decodes its records into batches. */
#include "exec/hash_agg.h"

typedef struct GroupsLocal {
    Batch out;
    GroupParts *split;        /* of the part at hand, the last that was split first; owned; NULL: parts come from the top */
    PartResult own;           /* part by part */
    PartResult *result;       /* being read; NULL: take the next */
    const RecordBlock *block; /* its list's block */
    uint32_t next;            /* record of the block or table */
    Arena text;               /* of the results put out last */
} GroupsLocal;

static Status groups_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    (void)shared;
    GroupsLocal *local = local_;
    arena_init(&local->text);
    part_result_init(&local->own);
    return batch_init_like(&task->cx, op, &local->out);
}

/* The next run of records of the part, at most a batch; 0 at its end. */
static uint32_t next_records(const Task *task, const HashAggShared *shared, GroupsLocal *local, const uint8_t **records) {
    uint32_t record_bytes = shared->layout.record_bytes;
    if (local->result->list.first != NULL) {
        while (local->block != NULL && local->next == local->block->count) {
            local->block = local->block->next;
            local->next = 0;
        }
        if (local->block == NULL) {
            return 0;
        }
    }
    const uint8_t *base = local->block != NULL ? local->block->records : local->result->table.records;
    uint32_t left = (local->block != NULL ? local->block->count : local->result->table.count) - local->next;
    uint32_t count = source_batch_rows(task, left);
    *records = base + (size_t)local->next * record_bytes;
    local->next += count;
    return count;
}

static void end_split(GroupsLocal *local, uint32_t set_count) {
    GroupParts *split = local->split;
    local->split = split->outer;
    group_parts_free(split, set_count);
    mem_free(split);
}

/* Loads the next part, or splits it, or goes back to those that its parts come from. */
static Status next_part(Task *task, const PhysicalNode *op, HashAggShared *shared, GroupsLocal *local, bool *is_over) {
    GroupParts *parts = local->split != NULL ? local->split : &shared->parts;
    uint32_t part = local->split != NULL ? parts->next++ : atomic_fetch_add(&shared->next_result, 1);
    bool is_too_large;
    *is_over = part >= GROUP_PARTITIONS && local->split == NULL;
    if (part >= GROUP_PARTITIONS) {
        if (local->split != NULL) {
            end_split(local, shared->set_count);
        }
        return OK;
    }
    TRY(hash_agg_load_part(task, op, shared, parts, part, &local->own, &is_too_large));
    if (is_too_large) {
        return hash_agg_split_part(task, op, shared, parts, part, &local->split);
    }
    local->result = &local->own;
    return OK;
}

static Status next_result(Task *task, const PhysicalNode *op, HashAggShared *shared, GroupsLocal *local, bool *is_over) {
    local->next = 0;
    local->block = NULL;
    if (shared->part_by_part) {
        TRY(next_part(task, op, shared, local, is_over));
    } else {
        uint32_t number = atomic_fetch_add(&shared->next_result, 1);
        *is_over = number >= shared->result_count;
        local->result = *is_over ? NULL : &shared->results[number];
    }
    local->block = local->result != NULL ? local->result->list.first : NULL;
    return OK;
}

static Status groups_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    HashAggShared *shared = shared_;
    GroupsLocal *local = local_;
    const Context *cx = &task->cx;
    if (local->result == NULL) {
        bool is_over = false;
        TRY(next_result(task, op, shared, local, &is_over));
        *flow = is_over ? DONE : NEED_INPUT;
        if (local->result == NULL) {
            return OK;
        }
    }
    const uint8_t *records = NULL;
    local->out.rows = next_records(task, shared, local, &records);
    if (local->out.rows == 0) {
        if (shared->part_by_part) {
            part_result_free(&local->own);
            part_result_init(&local->own);
        }
        local->result = NULL;
        *flow = NEED_INPUT;
        return OK;
    }
    for (uint32_t g = 0; g < op->aggregate.group_count; g++) {
        TRY(group_decode_field(cx, &shared->layout.fields[g], records, shared->layout.record_bytes, local->out.rows,
                               &local->out.columns[g]));
    }
    *out = &local->out;
    *flow = MORE_OUTPUT;
    return aggregate_finish_items(cx, &op->aggregate, &shared->states, records + shared->layout.states_offset,
                                  shared->layout.record_bytes, local->out.rows, &local->text, &local->out);
}

static void groups_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)profile;
    GroupsLocal *local = local_;
    batch_free(&local->out);
    part_result_free(&local->own);
    while (local->split != NULL) {
        end_split(local, ((const HashAggShared *)shared)->set_count);
    }
    arena_free(&local->text);
}

/* Part by part: as many tasks as there is room for the largest part's table. */
static uint32_t groups_task_limit(Task *task, const PhysicalNode *op, void *shared_) {
    (void)op;
    const HashAggShared *shared = shared_;
    uint64_t most = 1;
    for (uint32_t p = 0; p < shared->result_count && shared->part_by_part; p++) {
        uint64_t rows = shared->parts.spilled[p].rows + shared->parts.records[p].count;
        most = rows > most ? rows : most;
    }
    int64_t room = memory_left(task->cx.memory) / (int64_t)(most * hash_agg_group_bytes(shared));
    return !shared->part_by_part || room > shared->result_count ? shared->result_count : room < 1 ? 1 : (uint32_t)room;
}

const SourceClass hash_agg_source = {.name = "HashAggregate",
                                     .local_size = sizeof(GroupsLocal),
                                     .open_local = groups_open_local,
                                     .next = groups_next,
                                     .close_local = groups_close_local,
                                     .task_limit = groups_task_limit};
