/* Reading blocks: see scan_block.h.
 *
 *   block    zone maps → skip; then each step (scan_step.c) narrows the selection, in the order of cost per row refused
 *   batches  the block's survivors, dense, `batch_rows` at a time; a block that passes whole is decoded in place
 *
 * Columns are opened (pinned in the block cache) only when a step or the output asks for them. */
#include "exec/scan_block.h"
#include "core/settings.h"
#include "exec/pipeline.h"
#include "kernels/select_kernels.h"

/* Steps are measured in one block of this many. */
#define MEASURE_EVERY 8

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

Status scan_local_open(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local) {
    const Context *cx = &task->cx;
    const Topology *topology = &query_plan(task->query)->topology;
    uint32_t steps = shared->steps.count, columns = op->scan.column_count;
    vector_init(&local->loaded, type_make(TYPE_NULL));
    TRY(batch_init_like(cx, op, &local->out));
    TRY(init_scratch(task, &op->scan, &local->scratch));
    TRY_ALLOC_ZEROED(cx, local->columns, sizeof *local->columns * columns);
    TRY_ALLOC_ZEROED(cx, local->profile.column_bytes, sizeof(uint64_t) * columns);
    TRY_ALLOC_ZEROED(cx, local->profile.slices, sizeof(ScanSlice) * topology->nodes * topology->slices_per_node);
    TRY_ALLOC(cx, local->rows, sizeof *local->rows * (shared->block_rows_max + SELECT_SLACK));
    TRY_ALLOC(cx, local->bits, sizeof *local->bits * BITS_WORDS(shared->block_rows_max));
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

/* Counters of the slice that is being read. */
static ScanSlice *slice_of(const ScanShared *shared, ScanLocal *local) {
    return &local->profile.slices[shared->segments[local->segment].segment->slice];
}

/* The current block of a column, pinned until the scan moves on. */
Status scan_block_column(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, uint32_t column,
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
    entry->bytes = entry->block.data_bytes;
    entry->ahead = !local->has_ahead
                       ? NULL
                       : column_block_address(shared->segments[local->ahead_segment].reader, table_column, local->ahead_block);
    local->profile.column_bytes[column] += bytes;
    TRY(task->cx.settings->scan_limit_bytes == 0 ? OK : query_charge_scan(task, bytes));
    local->profile.bytes_scanned += bytes;
    slice_of(shared, local)->bytes += bytes;
    local->profile.bytes_read += entry->block.read_bytes;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------- block by block */

static const ScanStep *step_at(const ScanShared *shared, const ScanLocal *local, uint32_t index) {
    const ScanStep *step = &shared->steps.steps[index];
    return step->is_top_filter ? &local->top_filter : step;
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
        bool is_top_filter = shared->steps.steps[i].is_top_filter;
        if (is_top_filter && !step_of_bound(task, &op->scan.top_filter, &local->top_filter)) {
            local->zones[i] = ZONE_ALWAYS;
            continue;
        }
        const ScanStep *step = step_at(shared, local, i);
        local->zones[i] = ZONE_MAYBE;
        if (step->by_value) {
            ColumnRange range;
            TRY(segment_block_range(&task->cx, reader_of(shared, local), op->scan.columns[step->column], local->block, &range));
            local->zones[i] = step_zone(step, &range);
        }
        if (is_top_filter && local->zones[i] == ZONE_NEVER && task->cx.settings->block_skipping) {
            local->profile.blocks_skipped_top++;
            *skip = true;
            return OK;
        }
    }
    return OK;
}

/* Number of the block's first row in its segment. */
static uint64_t first_row(const ScanShared *shared, const ScanLocal *local) {
    return (uint64_t)local->block * shared->segments[local->segment].segment->block_rows;
}

/* Of the rows that are asked for, those that are not deleted. */
static void select_live(ScanLocal *local, uint64_t first_row) {
    uint8_t mask[BATCH_ROWS_MAX];
    local->selected = 0;
    for (uint32_t first = 0; first < local->block_rows; first += BATCH_ROWS_MAX) {
        uint32_t left = local->block_rows - first, n = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        uint32_t from = local->row_first > first ? local->row_first - first : 0;
        uint32_t to = local->row_end > first ? local->row_end - first : 0;
        (void)delete_map_live(local->deletes, first_row + first, n, mask);
        memset(mask, 0, from < n ? from : n);
        memset(mask + (to < n ? to : n), 0, n - (to < n ? to : n));
        local->selected += select_kernels->mark(mask, n, local->bits + first / 64);
    }
    local->selection = SELECTED_BY_BITS;
}

/* The rows that are asked for, without those that are deleted. */
static Status select_rows(Task *task, ScanShared *shared, ScanLocal *local) {
    const ScanSegment *in = &shared->segments[local->segment];
    uint32_t count = local->row_end - local->row_first;
    local->selection = SELECTED_ALL;
    local->selected = count;
    if (local->deletes_of != in->segment) {
        delete_map_release(local->deletes);
        local->deletes = NULL;
        local->deletes_of = NULL;
        TRY(segment_deletes(&task->cx, in->reader, in->segment, &local->deletes));
        local->deletes_of = in->segment;
    }
    uint64_t first = first_row(shared, local);
    if (local->deletes != NULL && delete_map_count(local->deletes, first, local->block_rows) > 0) {
        select_live(local, first);
        local->profile.rows_deleted += count - local->selected;
    } else if (count < local->block_rows) {
        for (uint32_t i = 0; i < count; i++) {
            local->rows[i] = (uint16_t)(local->row_first + i);
        }
        local->selection = SELECTED_BY_ROWS;
    }
    return OK;
}

static void list_rows(ScanLocal *local) {
    if (local->selection == SELECTED_ALL) {
        for (uint32_t i = 0; i < local->block_rows; i++) {
            local->rows[i] = (uint16_t)i;
        }
    } else if (local->selection == SELECTED_BY_BITS) {
        select_kernels->positions(local->bits, local->block_rows, local->rows);
    }
    local->selection = SELECTED_BY_ROWS;
}

/* --------------------------------------------------------------------------------------------------------------- filtering */

/* Picking fewer rows than one in this many touches too little of a block to prefetch it. */
#define PREFETCH_ROWS_PER_PICK 64

/* While rows [first, first + n) of `rows` that are read of a column are worked on, the same part of the next block is brought
 * near: memory is slow to answer and blocks are too short for the processor to see them coming. */
static void prefetch_ahead(const ScanLocal *local, uint32_t column, uint32_t first, uint32_t n, uint32_t rows) {
    const ScanColumn *entry = &local->columns[column];
    if (entry->ahead == NULL || (uint64_t)rows * PREFETCH_ROWS_PER_PICK < local->block_rows) {
        return;
    }
    uint64_t end = entry->bytes * (first + n) / rows;
    for (uint64_t at = entry->bytes * first / rows; at < end; at += 64) {
        __builtin_prefetch(entry->ahead + at, 0, 2);
    }
    __asm__ volatile(""); /* else compilers take the function for one without effect and drop its calls */
}

/* The values of the rows at hand: `n` rows from `first` of the list, or of the block. */
static Status load(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, uint32_t column, uint32_t first,
                   uint32_t n, Vector *out) {
    const ColumnBlock *block;
    TRY(scan_block_column(task, op, shared, local, column, &block));
    prefetch_ahead(local, column, first, n, local->selection == SELECTED_BY_ROWS ? local->selected : local->block_rows);
    return local->selection == SELECTED_BY_ROWS ? column_block_gather(&task->cx, block, local->rows + first, n, out)
                                                : column_block_decode(&task->cx, block, first, n, out);
}

/* mask[i]: the row passes the step. */
static Status test_rows(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, uint32_t index,
                        uint32_t first, uint32_t n, uint8_t *mask) {
    const ScanStep *step = step_at(shared, local, index);
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
static Status narrow_bits(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, uint32_t index) {
    uint8_t mask[BATCH_ROWS_MAX];
    uint32_t kept = 0;
    bool is_first = local->selection == SELECTED_ALL;
    for (uint32_t first = 0; first < local->block_rows; first += BATCH_ROWS_MAX) {
        uint32_t left = local->block_rows - first, n = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        TRY(test_rows(task, op, shared, local, index, first, n, mask));
        kept += (is_first ? select_kernels->mark : select_kernels->narrow)(mask, n, local->bits + first / 64);
    }
    local->selection = kept == local->block_rows ? SELECTED_ALL : SELECTED_BY_BITS;
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
    bool may_test_all = local->selection == SELECTED_BY_BITS && !shared->steps.steps[index].can_fail;
    bool is_dense =
        local->selection == SELECTED_ALL || (may_test_all && before >= local->states[index].dense_from * local->block_rows);
    *looked_at = is_dense ? local->block_rows : before;
    TRY(is_dense ? narrow_bits(task, op, shared, local, index) : narrow_rows(task, op, shared, local, index));
    const ScanStep *step = &shared->steps.steps[index];
    uint64_t *removed = step->filter != NULL  ? &local->profile.rows_removed_filter
                        : step->is_top_filter ? &local->profile.rows_removed_top_filter
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
    if (local->selection == SELECTED_BY_BITS && local->selected == local->block_rows) {
        local->selection = SELECTED_ALL;
    } else if (local->selection == SELECTED_BY_BITS) {
        list_rows(local);
    }
    return OK;
}

Status scan_block_open(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local, bool *skip) {
    close_columns(op, local);
    local->has_block = false;
    local->block_rows = segment_block_row_count(reader_of(shared, local), local->block);
    local->row_first = 0;
    local->row_end = local->block_rows;
    return check_zones(task, op, shared, local, skip);
}

Status scan_block_filter(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local) {
    ScanSlice *slice = slice_of(shared, local);
    uint64_t deleted_before = local->profile.rows_deleted;
    local->profile.rows_scanned += local->row_end - local->row_first;
    slice->rows_scanned += local->row_end - local->row_first;
    TRY(select_rows(task, shared, local));
    slice->rows_deleted += local->profile.rows_deleted - deleted_before;
    TRY(filter_block(task, op, shared, local));
    slice->rows += local->selected;
    local->emitted = 0;
    local->has_block = local->selected > 0;
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

Status scan_block_emit(Task *task, const PhysicalNode *op, ScanShared *shared, ScanLocal *local) {
    uint32_t left = local->selected - local->emitted, most = (uint32_t)task->cx.settings->batch_rows;
    uint32_t n = left < most ? left : most, first;
    bool in_place = decodes_in_place(local, n, &first);
    if (!in_place) {
        list_rows(local);
    }
    task->origin_slice = shared->segments[local->segment].segment->slice;
    task->origin_row = row_id(shared->segments[local->segment].number, first_row(shared, local) + local->emitted);
    for (uint32_t i = 0; i < op->column_count; i++) {
        const ColumnBlock *block;
        Vector *out = &local->out.columns[i];
        if (op->scan.columns[i] == ROW_ID_COLUMN) {
            TRY(emit_row_ids(task, shared, local, n, out));
            continue;
        }
        TRY(scan_block_column(task, op, shared, local, i, &block));
        prefetch_ahead(local, i, local->emitted, n, local->selected);
        TRY(in_place ? column_block_decode(&task->cx, block, first, n, out)
                     : column_block_gather(&task->cx, block, local->rows + local->emitted, n, out));
    }
    local->out.rows = n;
    local->emitted += n;
    local->has_block = local->emitted < local->selected;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- close */

static void add_profile(const PhysicalNode *op, const ScanProfile *from, ScanProfile *to) {
    to->blocks_skipped_zone += from->blocks_skipped_zone;
    to->blocks_skipped_join += from->blocks_skipped_join;
    to->blocks_skipped_top += from->blocks_skipped_top;
    to->blocks_read += from->blocks_read;
    to->rows_scanned += from->rows_scanned;
    to->rows_deleted += from->rows_deleted;
    to->rows_removed_filter += from->rows_removed_filter;
    to->rows_removed_join_filter += from->rows_removed_join_filter;
    to->rows_removed_top_filter += from->rows_removed_top_filter;
    to->bytes_scanned += from->bytes_scanned;
    to->bytes_read += from->bytes_read;
    for (uint32_t i = 0; from->column_bytes != NULL && i < op->scan.column_count; i++) {
        to->column_bytes[i] += from->column_bytes[i];
    }
    for (uint32_t i = 0; from->slices != NULL && i < mem_size(from->slices) / sizeof(ScanSlice); i++) {
        to->slices[i].rows += from->slices[i].rows;
        to->slices[i].rows_scanned += from->slices[i].rows_scanned;
        to->slices[i].rows_deleted += from->slices[i].rows_deleted;
        to->slices[i].bytes += from->slices[i].bytes;
    }
}

void scan_local_close(const PhysicalNode *op, const ScanShared *shared, ScanLocal *local, ScanProfile *profile) {
    close_columns(op, local);
    delete_map_release(local->deletes);
    add_profile(op, &local->profile, profile);
    for (uint32_t i = 0; local->states != NULL && i < shared->steps.count; i++) {
        step_close(&local->states[i]);
    }
    mem_free(local->states);
    mem_free(local->order);
    mem_free(local->zones);
    mem_free(local->rows);
    mem_free(local->bits);
    mem_free(local->columns);
    mem_free(local->profile.column_bytes);
    mem_free(local->profile.slices);
    vector_free(&local->loaded);
    batch_free(&local->scratch);
    batch_free(&local->out);
}
