/* The window operator's source: evaluates the items over a part, and puts its rows out with the results. */
#include "exec/window.h"

static Status output_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    (void)shared;
    OutputLocal *local = local_;
    vector_init(&local->picked, type_make(TYPE_BIGINT));
    vector_init(&local->fallback, type_make(TYPE_BIGINT));
    vector_init(&local->flat, type_make(TYPE_BIGINT));
    TRY_ALLOC_ZEROED(&task->cx, local->results, sizeof *local->results * op->window.item_count);
    return batch_init_like(&task->cx, op, &local->out);
}

static Status start_slice(const Context *cx, const PhysicalNode *op, WindowShared *shared, OutputLocal *local, bool *is_done) {
    uint32_t number = atomic_fetch_add(&shared->next_slice, 1);
    *is_done = number >= shared->slice_count;
    if (*is_done) {
        return OK;
    }
    local->slice = shared->slices[number];
    local->part = &shared->parts[local->slice.part];
    local->next = local->slice.from;
    local->has_slice = true;
    for (uint32_t i = 0; i < op->window.item_count; i++) {
        WindowSlice slice = {.op = op,
                             .table = &shared->table,
                             .part = local->part,
                             .from = local->slice.from,
                             .to = local->slice.to,
                             .carry = window_carry_of(shared, op, local->slice.number, i),
                             .before = window_before_of(shared, local->slice.number, i),
                             .reach = shared->reaches == NULL ? 0 : shared->reaches[i]};
        if (shared->whole == NULL || shared->whole[i].validity == NULL) {
            TRY(window_evaluate(cx, &op->window.items[i], &slice, &local->results[i]));
        }
    }
    return OK;
}

/* A part that is one slice is not needed any more, nor are rows that no other slice reads. */
static void end_slice(const PhysicalNode *op, WindowShared *shared, OutputLocal *local) {
    for (uint32_t i = 0; local->results != NULL && i < op->window.item_count; i++) {
        window_result_free(&local->results[i]);
    }
    if (!local->has_slice) {
        return;
    }
    local->has_slice = false;
    if (shared->parting != PARTING_BY_RANGE) {
        window_part_free(&shared->parts[local->slice.part]);
        window_end_uses(shared, local->slice.part);
    }
    if (atomic_fetch_add(&shared->ended_slices, 1) + 1 == shared->slice_count) {
        row_table_free(&shared->table);
    }
}

/* The results of an item, and which of them is the next row's. */
static const WindowResult *result_of(const WindowShared *shared, const OutputLocal *local, uint32_t item, uint32_t *first) {
    if (shared->whole != NULL && shared->whole[item].validity != NULL) {
        *first = local->next;
        return &shared->whole[item];
    }
    *first = local->next - local->slice.from;
    return &local->results[item];
}

/* Missing rows of lag and lead take the default; `rows` are the current rows. */
static Status fill_defaults(const Context *cx, const WindowItem *item, const RowTable *table, const WindowResult *result,
                            uint32_t first, OutputLocal *local, uint32_t count, Vector *out) {
    const uint32_t *rows = local->part->rows + local->next;
    uint32_t width = type_bytes(item->type);
    TRY(row_table_gather(cx, table, item->args[2], rows, count, false, &local->fallback));
    TRY(vector_flatten(cx, &local->fallback, count, &local->flat));
    TRY(vector_flatten(cx, &local->picked, count, out));
    uint8_t *data = out->data;
    if (data == local->picked.data) { /* borrowed: our scratch, which may be changed */
        TRY(vector_prepare_flat(cx, out, item->type));
        memcpy(out->data, data, (size_t)count * width);
        data = out->data;
    }
    TRY(vector_prepare_validity(cx, out, true));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = first + i;
        bool takes_default = result->positions[at] == POSITION_NONE && bit_get(result->validity, at);
        bool valid = takes_default ? vector_is_valid(&local->flat, i) : vector_is_valid(&local->picked, i);
        if (takes_default) {
            memcpy(data + (size_t)i * width, (uint8_t *)local->flat.data + (size_t)i * width, width);
        }
        bit_put(out->validity, i, valid);
    }
    return OK;
}

static Status output_picked(const Context *cx, const WindowItem *item, const RowTable *table, const WindowResult *result,
                            uint32_t first, OutputLocal *local, uint32_t count, Vector *out) {
    uint32_t rows[BATCH_ROWS_MAX];
    bool has_missing = false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t position = result->positions[first + i];
        rows[i] = position == POSITION_NONE ? ROW_NONE : local->part->rows[position];
        has_missing |= position == POSITION_NONE;
    }
    bool has_default = item->arg_count > 2 && has_missing;
    TRY(row_table_gather(cx, table, item->args[0], rows, count, has_missing, has_default ? &local->picked : out));
    return has_default ? fill_defaults(cx, item, table, result, first, local, count, out) : OK;
}

static Status output_values(const Context *cx, const WindowItem *item, const WindowResult *result, uint32_t first,
                            uint32_t count, Vector *out) {
    uint32_t width = type_bytes(item->type);
    TRY(vector_prepare_flat(cx, out, item->type));
    memcpy(out->data, result->data + (size_t)first * width, (size_t)count * width);
    TRY(vector_prepare_validity(cx, out, true));
    bits_copy(result->validity, first, out->validity, count);
    if (bits_all_set(out->validity, count)) {
        out->validity = NULL;
    }
    return OK;
}

static Status output_batch(const Task *task, const PhysicalNode *op, const WindowShared *shared, OutputLocal *local) {
    const Context *cx = &task->cx;
    uint32_t count = source_batch_rows(task, local->slice.to - local->next);
    uint32_t inputs = op->children[0]->column_count;
    local->out.rows = count;
    for (uint32_t c = 0; c < inputs; c++) {
        TRY(row_table_gather(cx, &shared->table, c, local->part->rows + local->next, count, false, &local->out.columns[c]));
    }
    for (uint32_t i = 0; i < op->window.item_count; i++) {
        const WindowItem *item = &op->window.items[i];
        uint32_t first;
        const WindowResult *result = result_of(shared, local, i, &first);
        Vector *out = &local->out.columns[inputs + i];
        TRY(result->positions != NULL ? output_picked(cx, item, &shared->table, result, first, local, count, out)
                                      : output_values(cx, item, result, first, count, out));
    }
    local->next += count;
    return OK;
}

Status window_output_next(Task *task, const PhysicalNode *op, WindowShared *shared, OutputLocal *local, const Batch **out,
                          Flow *flow) {
    *flow = NEED_INPUT;
    if (!local->has_slice) {
        bool is_done;
        TRY(start_slice(&task->cx, op, shared, local, &is_done));
        *flow = is_done ? DONE : NEED_INPUT;
        return OK;
    }
    if (local->next == local->slice.to) {
        end_slice(op, shared, local);
        return OK;
    }
    *flow = MORE_OUTPUT;
    *out = &local->out;
    return output_batch(task, op, shared, local);
}

static Status output_next(Task *task, const PhysicalNode *op, void *shared_, void *local, const Batch **out, Flow *flow) {
    WindowShared *shared = shared_;
    if (shared->stream != NULL) {
        return window_stream_next(task, op, shared->stream, local, out, flow);
    }
    return shared->spilled != NULL ? window_spilled_next(task, op, shared, local, out, flow)
                                   : window_output_next(task, op, shared, local, out, flow);
}

static void output_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)profile;
    OutputLocal *local = local_;
    end_slice(op, local->loaded != NULL ? local->loaded : shared, local);
    window_loaded_free(op, local);
    window_reader_free(local->reader);
    window_stream_free(local->stream);
    mem_free(local->results);
    batch_free(&local->out);
    vector_free(&local->picked);
    vector_free(&local->fallback);
    vector_free(&local->flat);
}

static uint32_t output_task_limit(Task *task, const PhysicalNode *op, void *shared_) {
    (void)task, (void)op;
    const WindowShared *shared = shared_;
    if (shared->stream != NULL) {
        return window_stream_tasks(shared->stream);
    }
    uint32_t slices = shared->spilled != NULL ? WINDOW_PARTS : shared->slice_count;
    return slices == 0 ? 1 : slices;
}

const SourceClass window_source = {.name = "Window",
                                   .local_size = sizeof(OutputLocal),
                                   .open_local = output_open_local,
                                   .next = output_next,
                                   .close_local = output_close_local,
                                   .task_limit = output_task_limit};
