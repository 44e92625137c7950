/* The window operator's source: evaluates the items over a part, and puts its rows out with the results. */
#include "exec/window.h"

typedef struct OutputLocal {
    Batch out;
    WindowPart *part;              /* being put out; NULL: take the next */
    uint32_t next;                 /* position */
    WindowResult *results;         /* per item; owned */
    Vector picked, fallback, flat; /* lag's and lead's value and default */
} OutputLocal;

static Status output_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    (void)shared;
    OutputLocal *local = local_;
    vector_init(&local->picked, type_make(TYPE_BIGINT));
    vector_init(&local->fallback, type_make(TYPE_BIGINT));
    vector_init(&local->flat, type_make(TYPE_BIGINT));
    TRY_ALLOC_ZEROED(&task->cx, local->results, sizeof *local->results * op->window.item_count);
    return batch_init_like(&task->cx, op, &local->out);
}

static Status start_part(const Context *cx, const PhysicalNode *op, WindowShared *shared, OutputLocal *local, bool *is_done) {
    uint32_t p = atomic_fetch_add(&shared->next_part, 1);
    *is_done = p >= shared->part_count;
    if (*is_done) {
        return OK;
    }
    local->part = &shared->parts[p];
    local->next = 0;
    for (uint32_t i = 0; i < op->window.item_count && local->part->count > 0; i++) {
        WindowSlice slice = {.op = op, .table = &shared->table, .part = local->part, .from = 0, .to = local->part->count};
        TRY(window_evaluate(cx, &op->window.items[i], &slice, &local->results[i]));
    }
    return OK;
}

static void end_part(const PhysicalNode *op, OutputLocal *local) {
    for (uint32_t i = 0; local->results != NULL && i < op->window.item_count; i++) {
        window_result_free(&local->results[i]);
    }
    if (local->part != NULL) {
        window_part_free(local->part);
    }
    local->part = NULL;
}

/* Missing rows of lag and lead take the default; `rows` are the current rows. */
static Status fill_defaults(const Context *cx, const WindowItem *item, const RowTable *table, const WindowResult *result,
                            OutputLocal *local, uint32_t count, Vector *out) {
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
        uint32_t at = local->next + i;
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
                            OutputLocal *local, uint32_t count, Vector *out) {
    uint32_t rows[BATCH_ROWS_MAX];
    bool has_missing = false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t position = result->positions[local->next + i];
        rows[i] = position == POSITION_NONE ? ROW_NONE : local->part->rows[position];
        has_missing |= position == POSITION_NONE;
    }
    bool has_default = item->arg_count > 2 && has_missing;
    TRY(row_table_gather(cx, table, item->args[0], rows, count, has_missing, has_default ? &local->picked : out));
    return has_default ? fill_defaults(cx, item, table, result, local, count, out) : OK;
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
    uint32_t count = source_batch_rows(task, local->part->count - local->next);
    uint32_t inputs = op->children[0]->column_count;
    local->out.rows = count;
    for (uint32_t c = 0; c < inputs; c++) {
        TRY(row_table_gather(cx, &shared->table, c, local->part->rows + local->next, count, false, &local->out.columns[c]));
    }
    for (uint32_t i = 0; i < op->window.item_count; i++) {
        const WindowItem *item = &op->window.items[i];
        const WindowResult *result = &local->results[i];
        Vector *out = &local->out.columns[inputs + i];
        TRY(result->positions != NULL ? output_picked(cx, item, &shared->table, result, local, count, out)
                                      : output_values(cx, item, result, local->next, count, out));
    }
    local->next += count;
    return OK;
}

static Status output_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    WindowShared *shared = shared_;
    OutputLocal *local = local_;
    *flow = NEED_INPUT;
    if (local->part == NULL) {
        bool is_done;
        TRY(start_part(&task->cx, op, shared, local, &is_done));
        *flow = is_done ? DONE : NEED_INPUT;
        return OK;
    }
    if (local->next == local->part->count) {
        end_part(op, local);
        return OK;
    }
    *flow = MORE_OUTPUT;
    *out = &local->out;
    return output_batch(task, op, shared, local);
}

static void output_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)shared, (void)profile;
    OutputLocal *local = local_;
    end_part(op, local);
    mem_free(local->results);
    batch_free(&local->out);
    vector_free(&local->picked);
    vector_free(&local->fallback);
    vector_free(&local->flat);
}

static uint32_t output_task_limit(Task *task, const PhysicalNode *op, void *shared_) {
    (void)task, (void)op;
    return ((const WindowShared *)shared_)->part_count;
}

const SourceClass window_source = {.name = "Window",
                                   .local_size = sizeof(OutputLocal),
                                   .open_local = output_open_local,
                                   .next = output_next,
                                   .close_local = output_close_local,
                                   .task_limit = output_task_limit};
