/* Windows whose rows do not fit: rows go to disk by the hash of their partition keys; when all are there, one part at a time is
 * read back into a window of its own. Partitions are whole in a part, so its results are final. */
#include "exec/window.h"

/* Where rows go. */
typedef struct WindowSplit {
    const PhysicalNode *op;
    WindowFill *fill;
    SpillWriter *writer;
} WindowSplit;

static Status add_rows(Task *task, void *argument, const Batch *in) {
    const WindowSplit *to = argument;
    uint8_t parts[BATCH_ROWS_MAX];
    TRY(window_find_parts(&task->cx, &to->op->window, to->fill, in, parts));
    return spill_writer_add(task, to->writer, in, parts);
}

Status window_spill_rows(Task *task, const PhysicalNode *op, WindowLocal *local, const Batch *in) {
    return add_rows(task, &(WindowSplit){op, &local->fill, local->spill}, in);
}

static Status add_chunks(Task *task, WindowSplit *to, const RowFormat *format, RowChunk *const *chunks, uint32_t count) {
    return row_chunks_each_batch(task, to->op->children[0], format, chunks, count, add_rows, to);
}

Status window_spill_begin(Task *task, const PhysicalNode *op, WindowShared *shared, WindowLocal *local) {
    const Context *cx = &task->cx;
    TRY_ALLOC_ZEROED(cx, local->spill, sizeof *local->spill);
    TRY(spill_writer_open(cx, local->spill, op->children[0], &shared->format, WINDOW_PARTS));
    WindowSplit to = {op, &local->fill, local->spill};
    TRY(add_chunks(task, &to, &shared->format, local->run.rows.chunks, local->run.rows.chunk_count));
    for (uint32_t s = 0; local->run.shelves != NULL && s < WINDOW_SHELVES; s++) {
        const RowBuffer *shelf = &local->run.shelves[s];
        TRY(add_chunks(task, &to, &shared->format, shelf->chunks, shelf->chunk_count));
    }
    window_run_free(&local->run);
    memset(&local->run, 0, sizeof local->run);
    row_buffer_init(&local->run.rows, &shared->format);
    window_fill_free(&local->fill);
    memset(&local->fill, 0, sizeof local->fill);
    window_top_free(&local->top);
    memset(&local->top, 0, sizeof local->top);
    return window_fill_open(cx, &local->fill);
}

static Status take_parts(const Context *cx, WindowShared *shared, SpillWriter *writer) {
    if (shared->spilled == NULL) {
        TRY_ALLOC_ZEROED(cx, shared->spilled, sizeof *shared->spilled * WINDOW_PARTS);
    }
    for (uint32_t p = 0; p < WINDOW_PARTS; p++) {
        TRY(spill_part_join(cx, &shared->spilled[p], &writer->parts[p]));
    }
    return OK;
}

Status window_spill_take(Task *task, WindowShared *shared, WindowLocal *local) {
    return take_parts(&task->cx, shared, local->spill);
}

static Status spill_kept(Task *task, const PhysicalNode *op, WindowShared *shared, WindowFill *fill, SpillWriter *writer) {
    const Context *cx = &task->cx;
    TRY(spill_writer_open(cx, writer, op->children[0], &shared->format, WINDOW_PARTS));
    TRY(window_fill_open(cx, fill));
    TRY(add_chunks(task, &(WindowSplit){op, fill, writer}, &shared->format, shared->table.chunks, shared->table.chunk_count));
    TRY(spill_writer_flush(task, writer));
    return take_parts(cx, shared, writer);
}

Status window_spill_table(Task *task, const PhysicalNode *op, WindowShared *shared) {
    SpillWriter writer = {0};
    WindowFill fill = {0};
    Status status = spill_kept(task, op, shared, &fill, &writer);
    spill_writer_close(&writer);
    window_fill_free(&fill);
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- reading */

typedef struct PartLoad {
    const PhysicalNode *op;
    WindowShared *part;
    WindowLocal local;
} PartLoad;

static Status keep_rows(Task *task, void *argument, const Batch *in) {
    PartLoad *load = argument;
    Flow flow;
    return window_sink.consume(task, load->op, load->part, &load->local, in, &flow);
}

static Status load_rows(Task *task, const PhysicalNode *op, const WindowShared *shared, const SpillPart *rows,
                        WindowShared *part) {
    PartLoad load = {.op = op, .part = part};
    Status status = window_sink.open_local(task, op, part, &load.local);
    status = status == OK ? spill_each_batch(task, op->children[0], &shared->format, rows, keep_rows, &load) : status;
    status = status == OK ? window_sink.merge(task, op, part, &load.local) : status;
    window_sink.close_local(op, part, &load.local, NULL);
    return status;
}

/* The sink's steps, for the rows of one part. */
static Status load_part(Task *task, const PhysicalNode *op, WindowShared *shared, uint32_t number, OutputLocal *local) {
    uint32_t steps;
    TRY_ALLOC_ZEROED(&task->cx, local->loaded, sizeof *local->loaded);
    WindowShared *part = local->loaded;
    part->is_part = true;
    TRY(window_sink.open(task, op, part));
    TRY(load_rows(task, op, shared, &shared->spilled[number], part));
    TRY(window_sink.finish(task, op, part, &steps));
    for (uint32_t step = 0; step < steps; step++) {
        TRY(window_sink.finish_part(task, op, part, step));
    }
    TRY(window_sink.finish_end(task, op, part));
    uint64_t most = atomic_load(&shared->bytes);
    while (most < part->bytes && !atomic_compare_exchange_weak(&shared->bytes, &most, part->bytes)) {
    }
    return OK;
}

/* Rows, what sorting takes, and what the items make of them; an eighth more, as memory comes in steps. */
static bool is_too_large(const Task *task, const PhysicalNode *op, const WindowShared *shared, const SpillPart *part) {
    uint64_t bytes = row_format_bytes(&shared->format) + window_sort_bytes(&shared->encoding, true);
    bytes += 16 * op->window.item_count;
    return part->rows * (bytes + bytes / 8) > (uint64_t)memory_left(task->cx.memory) / task->task_count &&
           window_can_stream(op);
}

static Status next_part(Task *task, const PhysicalNode *op, WindowShared *shared, OutputLocal *local, Flow *flow) {
    uint32_t number = atomic_fetch_add(&shared->next_spilled, 1);
    *flow = number < WINDOW_PARTS ? NEED_INPUT : DONE;
    if (*flow == DONE) {
        return OK;
    }
    const SpillPart *part = &shared->spilled[number];
    return is_too_large(task, op, shared, part) ? window_stream_part(task, op, shared, part, &local->stream)
                                                : load_part(task, op, shared, number, local);
}

static Status next_of_stream(Task *task, const PhysicalNode *op, WindowShared *shared, OutputLocal *local, const Batch **out,
                             Flow *flow) {
    TRY(window_stream_next(task, op, local->stream, local, out, flow));
    if (*flow == DONE) {
        atomic_fetch_add(&shared->streamed_bytes, window_stream_free(local->stream));
        local->stream = NULL;
        *flow = NEED_INPUT;
    }
    return OK;
}

Status window_spilled_next(Task *task, const PhysicalNode *op, WindowShared *shared, OutputLocal *local, const Batch **out,
                           Flow *flow) {
    if (local->stream != NULL) {
        return next_of_stream(task, op, shared, local, out, flow);
    }
    if (local->loaded == NULL) {
        return next_part(task, op, shared, local, flow);
    }
    return window_loaded_next(task, op, local, out, flow);
}

Status window_loaded_next(Task *task, const PhysicalNode *op, OutputLocal *local, const Batch **out, Flow *flow) {
    TRY(window_output_next(task, op, local->loaded, local, out, flow));
    if (*flow == DONE) {
        window_loaded_free(op, local);
        *flow = NEED_INPUT;
    }
    return OK;
}

void window_loaded_free(const PhysicalNode *op, OutputLocal *local) {
    if (local->loaded != NULL) {
        window_sink.close(op, local->loaded, NULL);
        mem_free(local->loaded);
        local->loaded = NULL;
    }
}

uint64_t window_spill_free(WindowShared *shared) {
    uint64_t bytes = atomic_load(&shared->streamed_bytes);
    for (uint32_t p = 0; shared->spilled != NULL && p < WINDOW_PARTS; p++) {
        bytes += shared->spilled[p].stored_bytes;
        spill_part_free(&shared->spilled[p]);
    }
    mem_free(shared->spilled);
    return bytes;
}
