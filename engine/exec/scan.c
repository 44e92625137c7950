/* Seq Scan: the blocks of this node's slices, cheapest tests first, later columns decoded for surviving rows only.
 *
 *   open     predicates and published join filters prune segments (manifest only); the blocks of what is left are numbered
 *   morsel   one block, from an atomic counter; with slice_affinity one counter per slice, each slice bound to one task
 *   block    zone maps → skip; then each step (scan_step.c) narrows the selection, in the order of cost per row refused
 *   batches  the block's survivors, dense, `batch_rows` at a time; a block that passes whole is decoded in place
 *
 * Columns are opened (pinned in the block cache) only when a step or the output asks for them. */
#include "exec/scan.h"
#include "core/settings.h"
#include "exec/pipeline.h"
#include "kernels/select_kernels.h"
#include "storage/segment_read.h"

/* Rows that are worth a task of their own. */
#define ROWS_PER_TASK 32768
/* Steps are measured in one block of this many. */
#define MEASURE_EVERY 8

typedef struct ScanSegment {
    const Segment *segment;
    SegmentReader *reader; /* owned */
    uint32_t first_block;  /* number of its first block in the scan */
    uint32_t number;       /* of the segment in row ids */
} ScanSegment;

/* Blocks that are handed out by one counter. */
typedef struct MorselQueue {
    _Atomic(uint32_t) next;
    uint32_t end;
} MorselQueue;

typedef struct ScanShared {
    StepList steps;
    uint32_t predicate_count;
    Predicate *predicates; /* owned: the plan's, then one per published join filter */
    uint32_t segment_count, block_count;
    ScanSegment *segments; /* owned */
    uint64_t rows;
    uint32_t block_rows_max;
    bool has_affinity;
    uint32_t queue_count;
    MorselQueue *queues; /* owned */
    ScanProfile profile; /* what open() found */
} ScanShared;

typedef struct ScanColumn {
    bool is_open;
    ColumnBlock block;
} ScanColumn;

/* Which rows of the block have passed so far. */
typedef enum Selection { SELECTED_ALL, SELECTED_BY_MASK, SELECTED_BY_ROWS } Selection;

typedef struct ScanLocal {
    uint32_t queue;            /* being drained */
    uint32_t segment;          /* index of the segment of the current block */
    DeleteMap *deletes;        /* owned reference; of that segment, NULL: none */
    const Segment *deletes_of; /* the segment that `deletes` is of */
    bool has_block;
    uint32_t block, block_rows; /* within the segment */
    Selection selection;
    uint32_t selected, emitted;
    uint16_t *rows;      /* owned; SELECTED_BY_ROWS: ascending, `selected` of them */
    uint8_t *mask;       /* owned; SELECTED_BY_MASK: one byte per row of the block */
    ScanColumn *columns; /* owned; one per scan column */
    StepState *states;   /* owned; per step */
    uint32_t *order;     /* owned; steps, best first */
    ZoneAnswer *zones;   /* owned; what the block's zone map says of each step */
    uint32_t blocks_seen;
    Vector loaded; /* the column of a step that reads one */
    Batch scratch; /* columns as conditions see them */
    Batch out;
    ScanProfile profile;
} ScanLocal;

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
        const KeyFilter *keys = query_filter(task->query, task->node, spec->join_filters[i].filter_id);
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
    shared->profile.partitions = shared->profile.partitions_read = table->partition_count;
    if (task->cx.settings->partition_pruning && !op->scan.keeps_partitions && shared->predicate_count > 0) {
        table_prune(table, shared->predicates, shared->predicate_count, survives, &shared->profile.partitions_read,
                    &segments_read);
    }
    TRY(open_segments(task, op, shared, survives));
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

static uint32_t scan_task_limit(Task *task, const PhysicalNode *op, void *shared_) {
    const ScanShared *shared = shared_;
    (void)task, (void)op;
    return shared->has_affinity ? shared->queue_count : (uint32_t)((shared->rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK);
}

static Status init_scratch(Task *task, const ScanSpec *spec, Batch *batch) {
    Type *types;
    TRY_ALLOC(&task->cx, types, sizeof *types * spec->column_count);
    for (uint32_t i = 0; i < spec->column_count; i++) {
        types[i] = scan_column_type(spec, i);
    }
    Status status = batch_init(&task->cx, batch, types, spec->column_count);
    mem_free(types);
    return status;
}

static Status scan_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    ScanShared *shared = shared_;
    ScanLocal *local = local_;
    const Context *cx = &task->cx;
    const Topology *topology = &query_plan(task->query)->topology;
    uint32_t steps = shared->steps.count, columns = op->scan.column_count;
    local->queue = shared->has_affinity ? task->index : 0;
    vector_init(&local->loaded, type_make(TYPE_NULL));
    TRY(batch_init_like(cx, op, &local->out));
    TRY(init_scratch(task, &op->scan, &local->scratch));
    TRY_ALLOC_ZEROED(cx, local->columns, sizeof *local->columns * columns);
    TRY_ALLOC_ZEROED(cx, local->profile.column_bytes, sizeof(uint64_t) * columns);
    TRY_ALLOC_ZEROED(cx, local->profile.slice_rows, sizeof(uint64_t) * topology->nodes * topology->slices_per_node);
    TRY_ALLOC(cx, local->rows, sizeof *local->rows * (shared->block_rows_max + SELECT_SLACK));
    TRY_ALLOC(cx, local->mask, shared->block_rows_max);
    TRY_ALLOC_ZEROED(cx, local->states, sizeof *local->states * steps);
    TRY_ALLOC_ZEROED(cx, local->order, sizeof *local->order * steps);
    TRY_ALLOC_ZEROED(cx, local->zones, sizeof *local->zones * steps);
    for (uint32_t i = 0; i < steps; i++) {
        local->order[i] = i;
        TRY(step_open(task, &shared->steps.steps[i], &local->states[i]));
    }
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------- columns */

static void close_columns(const PhysicalNode *op, ScanLocal *local) {
    for (uint32_t i = 0; local->columns != NULL && i < op->scan.column_count; i++) {
        if (local->columns[i].is_open) {
            column_block_close(&local->columns[i].block);
            local->columns[i].is_open = false;
        }
    }
}

static SegmentReader *reader_of(const ScanShared *shared, const ScanLocal *local) {
    return shared->segments[local->segment].reader;
}

/* The current block of a column, pinned until the scan moves on. */
static Status open_column(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, uint32_t column,
                          const ColumnBlock **block) {
    ScanColumn *entry = &local->columns[column];
    *block = &entry->block;
    if (entry->is_open) {
        return OK;
    }
    SegmentReader *reader = reader_of(shared, local);
    uint32_t table_column = op->scan.columns[column];
    const Dictionary *dictionary = op->scan.dictionaries != NULL ? op->scan.dictionaries[column] : NULL;
    uint64_t bytes;
    TRY(column_block_open(&task->cx, reader, table_column, local->block, dictionary, &entry->block));
    entry->is_open = true;
    TRY(segment_block_bytes(&task->cx, reader, table_column, local->block, &bytes));
    local->profile.column_bytes[column] += bytes;
    local->profile.bytes_scanned += bytes;
    local->profile.bytes_read += entry->block.read_bytes;
    return OK;
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

/* The next block of this task; false: there is none. */
static bool take_morsel(const Task *task, ScanShared *shared, ScanLocal *local) {
    for (; local->queue < shared->queue_count; local->queue += shared->has_affinity ? task->task_count : 1) {
        MorselQueue *queue = &shared->queues[local->queue];
        uint32_t number = atomic_load_explicit(&queue->next, memory_order_relaxed);
        if (number < queue->end) {
            number = atomic_fetch_add_explicit(&queue->next, 1, memory_order_relaxed);
        }
        if (number < queue->end) {
            local->segment = segment_of_block(shared, local->segment, number);
            local->block = number - shared->segments[local->segment].first_block;
            local->block_rows = segment_block_row_count(reader_of(shared, local), local->block);
            return true;
        }
    }
    return false;
}

/* Zone maps against the predicates. *skip: no row of the block can pass. */
static Status check_zones(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, bool *skip) {
    *skip = false;
    for (uint32_t i = 0; i < shared->predicate_count && task->cx.settings->block_skipping; i++) {
        const Predicate *predicate = &shared->predicates[i];
        ColumnRange range;
        TRY(segment_block_range(&task->cx, reader_of(shared, local), predicate->column, local->block, &range));
        if (!predicate_may_match(predicate, &range)) {
            local->profile.blocks_skipped_zone += i < op->scan.predicate_count;
            local->profile.blocks_skipped_join += i >= op->scan.predicate_count;
            *skip = true;
            return OK;
        }
    }
    for (uint32_t i = 0; i < shared->steps.count; i++) {
        const ScanStep *step = &shared->steps.steps[i];
        local->zones[i] = ZONE_MAYBE;
        if (step->by_value) {
            ColumnRange range;
            TRY(segment_block_range(&task->cx, reader_of(shared, local), op->scan.columns[step->column], local->block, &range));
            local->zones[i] = step_zone(step, &range);
        }
    }
    return OK;
}

/* Number of the block's first row in its segment. */
static uint64_t first_row(const ScanShared *shared, const ScanLocal *local) {
    return (uint64_t)local->block * shared->segments[local->segment].segment->block_rows;
}

/* Deleted rows are out from the start. */
static Status select_undeleted(Task *task, ScanShared *shared, ScanLocal *local) {
    const ScanSegment *in = &shared->segments[local->segment];
    local->selection = SELECTED_ALL;
    local->selected = local->block_rows;
    if (local->deletes_of != in->segment) {
        delete_map_release(local->deletes);
        local->deletes = NULL;
        local->deletes_of = NULL;
        TRY(segment_deletes(&task->cx, in->reader, in->segment, &local->deletes));
        local->deletes_of = in->segment;
    }
    uint64_t first = first_row(shared, local);
    if (local->deletes != NULL && delete_map_count(local->deletes, first, local->block_rows) > 0) {
        local->selected = delete_map_live(local->deletes, first, local->block_rows, local->mask);
        local->selection = SELECTED_BY_MASK;
        local->profile.rows_deleted += local->block_rows - local->selected;
    }
    return OK;
}

static void list_rows(ScanLocal *local) {
    if (local->selection == SELECTED_ALL) {
        for (uint32_t i = 0; i < local->block_rows; i++) {
            local->rows[i] = (uint16_t)i;
        }
    } else if (local->selection == SELECTED_BY_MASK) {
        select_kernels->positions(local->mask, 0, local->block_rows, local->rows);
    }
    local->selection = SELECTED_BY_ROWS;
}

/* --------------------------------------------------------------------------------------------------------------- filtering */

/* The values of the rows at hand: `n` rows from `first` of the list, or of the block. */
static Status load(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, uint32_t column, uint32_t first,
                   uint32_t n, Vector *out) {
    const ColumnBlock *block;
    TRY(open_column(task, op, shared, local, column, &block));
    return local->selection == SELECTED_BY_ROWS ? column_block_gather(&task->cx, block, local->rows + first, n, out)
                                                : column_block_decode(&task->cx, block, first, n, out);
}

/* mask[i]: the row passes the step. */
static Status test_rows(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, uint32_t index,
                        uint32_t first, uint32_t n, uint8_t *mask) {
    const ScanStep *step = &shared->steps.steps[index];
    Batch *batch = &local->scratch;
    if (!step->reads_many) {
        Vector *vector = &local->loaded;
        TRY(load(task, op, shared, local, step->column, first, n, vector));
        return step_mask(task, step, &local->states[index], batch, vector, reader_of(shared, local), local->zones[index], n,
                         mask);
    }
    for (uint32_t i = 0; i < step->filter->column_count; i++) {
        uint32_t column = step->filter->columns[i];
        TRY(load(task, op, shared, local, column, first, n, &batch->columns[column]));
    }
    return step_mask_rows(task, &local->states[index], batch, n, mask);
}

/* All rows of the block are tested, also those refused before: where most are left, that is cheaper than picking them. */
static Status narrow_mask(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, uint32_t index) {
    uint8_t window[BATCH_ROWS_MAX];
    uint32_t kept = 0;
    bool is_first = local->selection == SELECTED_ALL;
    for (uint32_t first = 0; first < local->block_rows; first += BATCH_ROWS_MAX) {
        uint32_t left = local->block_rows - first, n = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        uint8_t *into = local->mask + first, *mask = is_first ? into : window;
        TRY(test_rows(task, op, shared, local, index, first, n, mask));
        kept += select_kernels->narrow(mask, n, into);
    }
    local->selection = kept == local->block_rows ? SELECTED_ALL : SELECTED_BY_MASK;
    local->selected = kept;
    return OK;
}

/* Only the rows that are left are tested. */
static Status narrow_rows(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, uint32_t index) {
    uint8_t mask[BATCH_ROWS_MAX];
    uint32_t before = local->selected, kept = 0;
    list_rows(local);
    for (uint32_t first = 0; first < before; first += BATCH_ROWS_MAX) {
        uint32_t n = before - first < BATCH_ROWS_MAX ? before - first : BATCH_ROWS_MAX;
        TRY(test_rows(task, op, shared, local, index, first, n, mask));
        kept += select_kernels->positions_of(mask, local->rows + first, n, local->rows + kept);
    }
    local->selected = kept;
    return OK;
}

/* Narrows the selection by one step; *looked_at: rows tested. */
static Status apply_step(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, uint32_t index,
                         uint32_t *looked_at) {
    uint32_t before = local->selected;
    bool may_test_all = local->selection == SELECTED_BY_MASK && !shared->steps.steps[index].can_fail;
    bool is_dense =
        local->selection == SELECTED_ALL || (may_test_all && before >= local->states[index].dense_from * local->block_rows);
    *looked_at = is_dense ? local->block_rows : before;
    TRY(is_dense ? narrow_mask(task, op, shared, local, index) : narrow_rows(task, op, shared, local, index));
    uint64_t *removed = shared->steps.steps[index].filter != NULL ? &local->profile.rows_removed_filter
                                                                  : &local->profile.rows_removed_join_filter;
    *removed += before - local->selected;
    return OK;
}

static Status apply_measured(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, uint32_t index) {
    StepState *state = &local->states[index];
    uint32_t before = local->selected, looked_at;
    uint64_t start = query_clock_ns();
    TRY(apply_step(task, op, shared, local, index, &looked_at));
    state->cost_ns = 0.5 * state->cost_ns + 0.5 * (double)(query_clock_ns() - start) / looked_at;
    state->pass_rate = 0.5 * state->pass_rate + 0.5 * (double)local->selected / before;
    return OK;
}

/* Rows refused per nanosecond, the most first (insertion sort: there are a handful); what may fail stays behind the others, so
 * that `x <> 0 AND 10 / x > 2` never divides by zero. */
static void order_steps(const ScanShared *shared, ScanLocal *local, uint32_t count) {
    const ScanStep *steps = shared->steps.steps;
    for (uint32_t i = 1; i < count; i++) {
        uint32_t moving = local->order[i], at = i;
        if (steps[moving].can_fail) {
            continue;
        }
        const StepState *state = &local->states[moving];
        double gain = (1 - state->pass_rate) / (state->cost_ns + 1e-3);
        for (; at > 0; at--) {
            const StepState *other = &local->states[local->order[at - 1]];
            bool stays = !steps[local->order[at - 1]].can_fail;
            if (stays && (1 - other->pass_rate) / (other->cost_ns + 1e-3) >= gain) {
                break;
            }
            local->order[at] = local->order[at - 1];
        }
        local->order[at] = moving;
    }
}

static Status filter_block(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local) {
    uint32_t count = shared->steps.count, looked_at;
    bool measure = local->blocks_seen++ % MEASURE_EVERY == 0;
    for (uint32_t i = 0; i < count && local->selected > 0; i++) {
        uint32_t index = local->order[i];
        if (local->zones[index] != ZONE_ALWAYS) {
            TRY(measure ? apply_measured(task, op, shared, local, index)
                        : apply_step(task, op, shared, local, index, &looked_at));
        }
    }
    if (measure) {
        order_steps(shared, local, count);
    }
    if (local->selection == SELECTED_BY_MASK && local->selected == local->block_rows) {
        local->selection = SELECTED_ALL;
    } else if (local->selection == SELECTED_BY_MASK) {
        list_rows(local);
    }
    return OK;
}

/* *found: the block has rows to give. */
static Status next_block(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, bool *found, bool *over) {
    close_columns(op, local);
    local->has_block = *found = false;
    *over = !take_morsel(task, shared, local);
    if (*over) {
        return OK;
    }
    bool skip;
    query_progress_add(task->query, local->block_rows);
    TRY(check_zones(task, op, shared, local, &skip));
    if (skip) {
        return OK;
    }
    local->profile.blocks_read++;
    local->profile.rows_scanned += local->block_rows;
    TRY(select_undeleted(task, shared, local));
    TRY(filter_block(task, op, shared, local));
    local->profile.slice_rows[shared->segments[local->segment].segment->slice] += local->selected;
    local->emitted = 0;
    local->has_block = *found = local->selected > 0;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- output */

/* Is it a run of rows that decodes in place? */
static bool decodes_in_place(const ScanLocal *local, uint32_t n, uint32_t *first) {
    if (local->selection == SELECTED_ALL) {
        *first = local->emitted;
    } else {
        *first = local->rows[local->emitted];
        if (local->rows[local->emitted + n - 1] - *first != n - 1) {
            return false;
        }
    }
    return *first % 64 == 0;
}

/* Of the `n` rows that come next. */
static Status emit_row_ids(Task *task, const ScanShared *shared, const ScanLocal *local, uint32_t n, Vector *out) {
    int64_t first = row_id(shared->segments[local->segment].number, first_row(shared, local));
    TRY(vector_prepare_flat(&task->cx, out, type_make(TYPE_BIGINT)));
    int64_t *ids = out->data;
    for (uint32_t i = 0; i < n; i++) {
        ids[i] = first + (local->selection == SELECTED_BY_ROWS ? local->rows[local->emitted + i] : local->emitted + i);
    }
    return OK;
}

static Status emit(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local) {
    uint32_t left = local->selected - local->emitted, most = (uint32_t)task->cx.settings->batch_rows;
    uint32_t n = left < most ? left : most, first;
    bool in_place = decodes_in_place(local, n, &first);
    if (!in_place) {
        list_rows(local);
    }
    for (uint32_t i = 0; i < op->column_count; i++) {
        const ColumnBlock *block;
        Vector *out = &local->out.columns[i];
        if (op->scan.columns[i] == ROW_ID_COLUMN) {
            TRY(emit_row_ids(task, shared, local, n, out));
            continue;
        }
        TRY(open_column(task, op, shared, local, i, &block));
        TRY(in_place ? column_block_decode(&task->cx, block, first, n, out)
                     : column_block_gather(&task->cx, block, local->rows + local->emitted, n, out));
    }
    local->out.rows = n;
    local->emitted += n;
    local->has_block = local->emitted < local->selected;
    return OK;
}

static Status scan_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    ScanShared *shared = shared_;
    ScanLocal *local = local_;
    if (!local->has_block) {
        bool found, over;
        TRY(next_block(task, op, shared, local, &found, &over));
        if (!found) {
            *flow = over ? DONE : NEED_INPUT;
            return OK;
        }
    }
    TRY(emit(task, op, shared, local));
    *out = &local->out;
    *flow = MORE_OUTPUT;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- close */

static void add_profile(const PhysicalNode *op, const ScanProfile *from, ScanProfile *to) {
    to->blocks_skipped_zone += from->blocks_skipped_zone;
    to->blocks_skipped_join += from->blocks_skipped_join;
    to->blocks_read += from->blocks_read;
    to->rows_scanned += from->rows_scanned;
    to->rows_deleted += from->rows_deleted;
    to->rows_removed_filter += from->rows_removed_filter;
    to->rows_removed_join_filter += from->rows_removed_join_filter;
    to->bytes_scanned += from->bytes_scanned;
    to->bytes_read += from->bytes_read;
    for (uint32_t i = 0; from->column_bytes != NULL && i < op->scan.column_count; i++) {
        to->column_bytes[i] += from->column_bytes[i];
    }
    for (uint32_t i = 0; from->slice_rows != NULL && i < mem_size(from->slice_rows) / sizeof(uint64_t); i++) {
        to->slice_rows[i] += from->slice_rows[i];
    }
}

static void scan_close_local(const PhysicalNode *op, void *shared_, void *local_, OperatorProfile *profile) {
    ScanShared *shared = shared_;
    ScanLocal *local = local_;
    close_columns(op, local);
    delete_map_release(local->deletes);
    add_profile(op, &local->profile, &profile->scan);
    for (uint32_t i = 0; local->states != NULL && i < shared->steps.count; i++) {
        step_close(&local->states[i]);
    }
    mem_free(local->states);
    mem_free(local->order);
    mem_free(local->zones);
    mem_free(local->rows);
    mem_free(local->mask);
    mem_free(local->columns);
    mem_free(local->profile.column_bytes);
    mem_free(local->profile.slice_rows);
    vector_free(&local->loaded);
    batch_free(&local->scratch);
    batch_free(&local->out);
}

static void scan_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    ScanShared *shared = shared_;
    (void)op;
    profile->scan.partitions = shared->profile.partitions;
    profile->scan.partitions_read = shared->profile.partitions_read;
    profile->scan.blocks = shared->profile.blocks;
    profile->scan.blocks_pruned = shared->profile.blocks_pruned;
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
