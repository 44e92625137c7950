/* Parts of a hash aggregation that are too large for memory: their rows on disk and their records are split by the next bits of
 * the hash of the groups, as often as there are levels. Part results are made and freed as before. See hash_agg.h. */
#include "exec/hash_agg.h"

#define LEVELS_MAX 4 /* 16 million parts; and tables use the lower half of the hash */
_Static_assert(GROUP_PARTITIONS == SPILL_PARTS && LEVELS_MAX * GROUP_PARTITION_BITS <= 32, "parts name spilled parts");

Status group_parts_open(const Context *cx, GroupParts *parts, uint32_t set_count) {
    TRY_ALLOC_ZEROED(cx, parts->records, sizeof *parts->records * GROUP_PARTITIONS);
    TRY_ALLOC_ZEROED(cx, parts->distinct, sizeof *parts->distinct * set_count * GROUP_PARTITIONS);
    TRY_ALLOC_ZEROED(cx, parts->spilled, sizeof *parts->spilled * GROUP_PARTITIONS);
    return OK;
}

bool group_parts_can_split(const GroupParts *parts) {
    return parts->level + 1 < LEVELS_MAX;
}

uint64_t group_parts_bytes(const GroupParts *parts) {
    uint64_t bytes = 0;
    for (uint32_t p = 0; parts->spilled != NULL && p < GROUP_PARTITIONS; p++) {
        bytes += parts->spilled[p].stored_bytes;
    }
    return bytes;
}

void group_parts_free(GroupParts *parts, uint32_t set_count) {
    for (uint32_t p = 0; parts->records != NULL && p < GROUP_PARTITIONS; p++) {
        record_list_free(&parts->records[p]);
    }
    for (uint32_t p = 0; parts->distinct != NULL && p < set_count * GROUP_PARTITIONS; p++) {
        record_list_free(&parts->distinct[p]);
    }
    for (uint32_t p = 0; parts->spilled != NULL && p < GROUP_PARTITIONS; p++) {
        spill_part_free(&parts->spilled[p]);
    }
    mem_free(parts->records);
    mem_free(parts->distinct);
    mem_free(parts->spilled);
}

void part_result_init(PartResult *result) {
    *result = (PartResult){0};
    arena_init(&result->text);
    arena_init(&result->spilled_text);
}

void part_result_free(PartResult *result) {
    group_table_free(&result->table);
    record_list_free(&result->list);
    arena_free(&result->text);
    arena_free(&result->spilled_text);
}

/* ------------------------------------------------------------------------------------------------------------- splitting */

/* Where rows go. */
typedef struct RowSplit {
    const PhysicalNode *op;
    const GroupLayout *layout;
    uint32_t level;
    KeyEncoder encoder;
    SpillWriter writer;
} RowSplit;

static Status write_rows(Task *task, void *argument, const Batch *in) {
    RowSplit *to = argument;
    uint8_t parts[BATCH_ROWS_MAX];
    TRY(key_encode_batch(&task->cx, &to->encoder, to->layout, in, to->op->aggregate.groups));
    for (uint32_t i = 0; i < in->rows; i++) {
        parts[i] = (uint8_t)group_partition(to->encoder.hashes[i], to->level);
    }
    return spill_writer_add(task, &to->writer, in, parts);
}

static Status split_rows(Task *task, const PhysicalNode *op, const HashAggShared *shared, const SpillPart *from,
                         GroupParts *inner) {
    const Context *cx = &task->cx;
    RowSplit to = {.op = op, .layout = &shared->layout, .level = inner->level};
    Status status = key_encoder_init(cx, &to.encoder, &shared->layout);
    TRY_GOTO(status);
    TRY_GOTO(spill_writer_open(cx, &to.writer, op->children[0], &shared->row_format, GROUP_PARTITIONS));
    TRY_GOTO(spill_each_batch(task, op->children[0], &shared->row_format, from, write_rows, &to));
    TRY_GOTO(spill_writer_flush(task, &to.writer));
    for (uint32_t p = 0; p < GROUP_PARTITIONS; p++) {
        TRY_GOTO(spill_part_join(cx, &inner->spilled[p], &to.writer.parts[p]));
    }
done:
    spill_writer_close(&to.writer);
    key_encoder_free(&to.encoder);
    return status;
}

Status hash_agg_split_part(Task *task, const PhysicalNode *op, HashAggShared *shared, GroupParts *parts, uint32_t part,
                           GroupParts **split) {
    const Context *cx = &task->cx;
    GroupParts *inner;
    TRY_ALLOC_ZEROED(cx, inner, sizeof *inner);
    inner->outer = *split;
    inner->level = parts->level + 1;
    *split = inner;
    TRY(group_parts_open(cx, inner, shared->set_count));
    TRY(split_rows(task, op, shared, &parts->spilled[part], inner));
    TRY(record_list_split(cx, &parts->records[part], &shared->layout, inner->level, inner->records));
    for (uint32_t s = 0; s < shared->set_count; s++) {
        TRY(record_list_split(cx, &parts->distinct[s * GROUP_PARTITIONS + part], &shared->sets[s].layout, inner->level,
                              inner->distinct + (size_t)s * GROUP_PARTITIONS));
    }
    atomic_fetch_add(&shared->parts_split, 1);
    atomic_fetch_add(&shared->split_bytes, group_parts_bytes(inner));
    return OK;
}
