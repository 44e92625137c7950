/* Seq Scan: the blocks of this node's slices, in no order.
 *
 *   open     predicates and published join filters prune segments (manifest only); the blocks of what is left are numbered
 *   morsel   one block, from an atomic counter; with slice_affinity one counter per slice, each slice bound to one task
 *   narrow   of segments sorted by a key that a predicate bounds, only the blocks between the bounds are handed out
 *
 * How a block is read: scan_block.c. */
#include "core/settings.h"
#include "exec/pipeline.h"
#include "exec/scan_block.h"

/* Rows that are worth a task of their own. */
#define ROWS_PER_TASK 32768

/* ---------------------------------------------------------------------------------------------------------------- open */

static void node_slices(const Task *task, const PhysicalNode *op, uint32_t *first, uint32_t *end) {
    const Topology *topology = &query_plan(task->query)->topology;
    uint32_t per_node = topology->slices_per_node;
    bool on_leader = task->node == topology->nodes;
    bool has_copies = op->scan.table->dist_style == DIST_ALL;
    *first = on_leader ? 0 : task->node * per_node;
    *end = on_leader && !has_copies ? topology->nodes * per_node : *first + per_node;
}

static Status build_predicates(Task *task, const ScanSpec *spec, ScanShared *shared) {
    TRY_ALLOC_ZEROED(&task->cx, shared->predicates,
                     sizeof *shared->predicates * (spec->predicate_count + spec->join_filter_count + 1));
    if (spec->predicate_count > 0) {
        memcpy(shared->predicates, spec->predicates, sizeof *spec->predicates * spec->predicate_count);
    }
    shared->predicate_count = spec->predicate_count;
    for (uint32_t i = 0; i < spec->join_filter_count; i++) {
        const KeyFilter *keys = scan_join_filter(task, &spec->join_filters[i]);
        if (keys != NULL) {
            shared->predicates[shared->predicate_count++] =
                (Predicate){.kind = PREDICATE_KEYS, .column = spec->columns[spec->join_filters[i].column], .keys = keys};
        }
    }
    return OK;
}

static uint32_t blocks_of(const Segment *segment) {
    return (uint32_t)((segment->rows + segment->block_rows - 1) / segment->block_rows);
}

/* Lists the segments that survive and opens their readers; opens no file yet. */
static Status open_segments(Task *task, const PhysicalNode *op, ScanShared *shared, const uint8_t *survives) {
    const TableVersion *table = op->scan.table;
    uint32_t first_slice, end_slice;
    node_slices(task, op, &first_slice, &end_slice);
    uint32_t in_slice = 0; /* copies of a row stand at the same place of each slice's list: node 0 has the row's id */
    for (uint32_t i = 0; i < table->segment_count; i++) {
        const Segment *segment = &table->segments[i];
        in_slice = i > 0 && segment->slice == segment[-1].slice ? in_slice + 1 : 0;
        if (segment->slice < first_slice || segment->slice >= end_slice) {
            continue;
        }
        shared->profile.blocks += blocks_of(segment);
        if (!survives[i] || shared->steps.never) {
            shared->profile.blocks_pruned += blocks_of(segment);
            continue;
        }
        ScanSegment *entry = &shared->segments[shared->segment_count];
        TRY(segment_open(&task->cx, query_plan(task->query)->snapshot, table, segment, &entry->reader));
        entry->segment = segment;
        entry->number = table->dist_style == DIST_ALL ? in_slice : i;
        entry->first_block = shared->block_count;
        shared->block_count += segment_block_count(entry->reader);
        shared->rows += segment->rows;
        shared->block_rows_max = segment->block_rows > shared->block_rows_max ? segment->block_rows : shared->block_rows_max;
        shared->segment_count++;
    }
    return OK;
}

/* One queue, or with slice_affinity one per slice (segments are ordered by slice). */
static Status build_queues(Task *task, ScanShared *shared) {
    shared->has_affinity = task->cx.settings->slice_affinity;
    TRY_ALLOC_ZEROED(&task->cx, shared->queues, sizeof *shared->queues * (shared->segment_count + 1));
    for (uint32_t i = 0; i < shared->segment_count; i++) {
        const ScanSegment *segment = &shared->segments[i];
        if (i == 0 || (shared->has_affinity && segment->segment->slice != segment[-1].segment->slice)) {
            shared->queues[shared->queue_count].first = segment->first_block;
            atomic_init(&shared->queues[shared->queue_count++].next, segment->first_block);
        }
        shared->queues[shared->queue_count - 1].end = segment->first_block + segment_block_count(segment->reader);
    }
    return OK;
}

static Status prune(Task *task, const PhysicalNode *op, ScanShared *shared, uint8_t *survives) {
    const TableVersion *table = op->scan.table;
    uint32_t segments_read;
    memset(survives, 1, table->segment_count);
    shared->profile.partitions_read = table->partition_count;
    if (task->cx.settings->partition_pruning && !op->scan.keeps_partitions && shared->predicate_count > 0) {
        table_prune(table, shared->predicates, shared->predicate_count, survives, &shared->profile.partitions_read,
                    &segments_read);
    }
    TRY(open_segments(task, op, shared, survives));
    shared->is_backward = op->scan.top_filter.is_there && op->scan.top_filter.is_descending;
    query_progress_expect(task->query, shared->rows);
    return build_queues(task, shared);
}

static Status scan_open(Task *task, const PhysicalNode *op, void *shared_) {
    ScanShared *shared = shared_;
    uint8_t *survives;
    TRY(build_predicates(task, &op->scan, shared));
    TRY(steps_build(task, op, &shared->steps));
    TRY_ALLOC_ZEROED(&task->cx, shared->segments, sizeof *shared->segments * (op->scan.table->segment_count + 1));
    TRY_ALLOC(&task->cx, survives, op->scan.table->segment_count);
    Status status = prune(task, op, shared, survives);
    mem_free(survives);
    return status;
}

/* -------------------------------------------------------------------------------------------------------------- narrowing */

/* What a predicate wants of the key that segments are sorted by: values between two bounds. */
typedef struct KeyBounds {
    uint32_t column;     /* of the table */
    Predicate low, high; /* PREDICATE_RANGE with one bound or none */
} KeyBounds;

static bool take_bounds(const TableSchema *schema, const Predicate *predicate, KeyBounds *bounds) {
    bool is_range = predicate->kind == PREDICATE_RANGE, is_list = predicate->kind == PREDICATE_IN && predicate->value_count > 0;
    bool is_on_key = schema->sort_key_count > 0 && predicate->column == schema->sort_keys[0];
    if (!is_on_key || !class_is_integer(type_class(schema->columns[predicate->column].type)) || (!is_range && !is_list)) {
        return false;
    }
    bounds->column = predicate->column;
    bounds->low = bounds->high = *predicate;
    bounds->low.kind = bounds->high.kind = PREDICATE_RANGE;
    if (is_list) {
        bounds->low.has_low = bounds->low.low_inclusive = bounds->high.has_high = bounds->high.high_inclusive = true;
        bounds->low.low = predicate->values[0];
        bounds->high.high = predicate->values[predicate->value_count - 1];
    }
    bounds->low.has_high = bounds->high.has_low = false;
    return true;
}

/* The first block of [first, end) that reaches the low bound (`past_high` false) or lies behind the high one; NULLs come last.
 */
static Status find_block(Task *task, SegmentReader *reader, const KeyBounds *bounds, bool past_high, uint32_t first,
                         uint32_t end, uint32_t *found) {
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        ColumnRange range;
        TRY(segment_block_range(&task->cx, reader, bounds->column, middle, &range));
        bool is_there = past_high ? !predicate_may_match(&bounds->high, &range)
                                  : range.nulls == range.rows || predicate_may_match(&bounds->low, &range);
        if (is_there) {
            end = middle;
        } else {
            first = middle + 1;
        }
    }
    *found = first;
    return OK;
}

/* The blocks of a sorted segment that all predicates on its key leave. */
static Status narrow_segment(Task *task, const PhysicalNode *op, const ScanSegment *segment, MorselQueue *queue) {
    uint32_t first = 0, end = segment_block_count(segment->reader);
    for (uint32_t i = 0; segment->segment->is_sorted && i < op->scan.predicate_count; i++) {
        KeyBounds bounds;
        if (take_bounds(op->scan.table->schema, &op->scan.predicates[i], &bounds)) {
            TRY(find_block(task, segment->reader, &bounds, false, first, end, &first));
            TRY(find_block(task, segment->reader, &bounds, true, first, end, &end));
        }
    }
    atomic_init(&queue->next, segment->first_block + first);
    queue->end = segment->first_block + end;
    return OK;
}

/* One queue per segment with something left. */
static Status narrow(Task *task, const PhysicalNode *op, ScanShared *shared, MorselQueue *queues) {
    uint32_t count = 0, skipped = shared->block_count;
    uint64_t rows = 0;
    for (uint32_t i = 0; i < shared->segment_count; i++) {
        MorselQueue *queue = &queues[count];
        TRY(narrow_segment(task, op, &shared->segments[i], queue));
        uint32_t blocks = queue->end - queue->next;
        rows += (uint64_t)blocks * shared->segments[i].segment->block_rows;
        skipped -= blocks;
        count += blocks > 0;
    }
    mem_free(shared->queues);
    shared->queues = queues;
    shared->queue_count = count;
    shared->profile.blocks_skipped_zone += skipped;
    if (rows < shared->rows) {
        query_progress_add(task->query, shared->rows - rows);
        shared->rows = rows;
    }
    return OK;
}

static bool can_narrow(const Task *task, const PhysicalNode *op, const ScanShared *shared) {
    bool may = task->cx.settings->block_skipping && !shared->has_affinity && shared->block_count > 1, bounds_key = false;
    for (uint32_t i = 0; may && i < op->scan.predicate_count; i++) {
        KeyBounds bounds;
        bounds_key = bounds_key || take_bounds(op->scan.table->schema, &op->scan.predicates[i], &bounds);
    }
    return bounds_key;
}

/* Asked when the scan is about to hand out blocks itself: the moment to see which ones. What cannot be read is told when it is
 * read as a block: then nothing is narrowed. */
static uint32_t scan_task_limit(Task *task, const PhysicalNode *op, void *shared_) {
    ScanShared *shared = shared_;
    Error ignored;
    Task quiet = *task;
    quiet.cx.error = &ignored;
    if (can_narrow(task, op, shared)) {
        MorselQueue *queues = mem_alloc_zeroed(&quiet.cx, sizeof *queues * (shared->segment_count + 1));
        if (queues == NULL || narrow(&quiet, op, shared, queues) != OK) {
            mem_free(queues);
        }
    }
    return shared->has_affinity ? shared->queue_count : (uint32_t)((shared->rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK);
}

static Status scan_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    ScanShared *shared = shared_;
    ScanLocal *local = local_;
    local->queue = shared->has_affinity ? task->index : 0;
    return scan_local_open(task, op, shared, local);
}

/* ---------------------------------------------------------------------------------------------------------- block by block */

static uint32_t segment_of_block(const ScanShared *shared, uint32_t from, uint32_t number) {
    uint32_t low = number >= shared->segments[from].first_block ? from : 0, high = shared->segment_count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;
        if (shared->segments[middle].first_block <= number) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

/* A block of this task: index of its segment, number in there; false: there is none. Leaves `spare` blocks of the
 * last queue to others. */
static bool take_morsel(const Task *task, ScanShared *shared, ScanLocal *local, uint32_t spare, uint32_t *segment,
                        uint32_t *block) {
    for (; local->queue < shared->queue_count; local->queue += shared->has_affinity ? task->task_count : 1) {
        MorselQueue *queue = &shared->queues[local->queue];
        uint32_t number = atomic_load_explicit(&queue->next, memory_order_relaxed);
        bool is_last = shared->has_affinity || local->queue + 1 == shared->queue_count;
        if (is_last && spare > 0 && (number >= queue->end || queue->end - number < spare)) {
            return false;
        }
        if (number < queue->end) {
            number = atomic_fetch_add_explicit(&queue->next, 1, memory_order_relaxed);
        }
        if (number < queue->end) {
            if (shared->is_backward) {
                number = queue->first + (queue->end - 1 - number);
            }
            *segment = segment_of_block(shared, local->segment, number);
            *block = number - shared->segments[*segment].first_block;
            return true;
        }
    }
    return false;
}

/* The task's next block is taken ahead, so that it can be prefetched, while there are at least this many for every task. */
#define BLOCKS_LEFT_MIN 4

static bool next_morsel(const Task *task, ScanShared *shared, ScanLocal *local) {
    if (local->has_ahead) {
        local->segment = local->ahead_segment;
        local->block = local->ahead_block;
        local->has_ahead = false;
        return true;
    }
    return take_morsel(task, shared, local, 0, &local->segment, &local->block);
}

/* *over: there is none. */
static Status next_block(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, bool *over) {
    bool skip;
    *over = !next_morsel(task, shared, local);
    if (*over) {
        return OK;
    }
    TRY(scan_block_open(task, op, shared, local, &skip));
    query_progress_add(task->query, local->block_rows);
    if (skip) {
        return OK;
    }
    local->profile.blocks_read++;
    local->has_ahead =
        take_morsel(task, shared, local, BLOCKS_LEFT_MIN * task->task_count, &local->ahead_segment, &local->ahead_block);
    return scan_block_filter(task, op, shared, local);
}

static Status scan_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    ScanShared *shared = shared_;
    ScanLocal *local = local_;
    if (!local->has_block) {
        bool over;
        TRY(next_block(task, op, shared, local, &over));
        if (!local->has_block) {
            *flow = over ? DONE : NEED_INPUT;
            return OK;
        }
    }
    TRY(scan_block_emit(task, op, shared, local));
    *out = &local->out;
    *flow = MORE_OUTPUT;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- close */

static void scan_close_local(const PhysicalNode *op, void *shared, void *local, OperatorProfile *profile) {
    scan_local_close(op, shared, local, &profile->scan);
}

static void scan_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    ScanShared *shared = shared_;
    (void)op;
    profile->scan.partitions_read = shared->profile.partitions_read;
    profile->scan.blocks = shared->profile.blocks;
    profile->scan.blocks_pruned = shared->profile.blocks_pruned;
    profile->scan.blocks_skipped_zone += shared->profile.blocks_skipped_zone;
    for (uint32_t i = 0; i < shared->segment_count; i++) {
        segment_close(shared->segments[i].reader);
    }
    steps_free(&shared->steps);
    mem_free(shared->segments);
    mem_free(shared->queues);
    mem_free(shared->predicates);
}

static const SourceClass scan_source = {
    .name = "Seq Scan",
    .shared_size = sizeof(ScanShared),
    .local_size = sizeof(ScanLocal),
    .open = scan_open,
    .open_local = scan_open_local,
    .next = scan_next,
    .close_local = scan_close_local,
    .close = scan_close,
    .task_limit = scan_task_limit,
};
const OperatorClass scan_operator = {.source = &scan_source};
