/* Aggregates over window frames. Every row gets a state of its own (all aggregates, FILTER included), in bulk. Then
 *   a frame that is the partition   merges the states of each partition once,
 *   a frame that starts with it     carries one state forward from row to row,
 *   any other frame                 asks a segment tree. */
#include "exec/segment_tree.h"
#include "exec/window_part.h"

#define STATE_ALIGNMENT 16
#define CANCEL_EVERY 1024

typedef struct FrameStates {
    const WindowItem *item;
    const WindowPart *part;
    size_t stride;
    uint8_t *leaves;         /* one state per row; owned */
    uint8_t *results;        /* the states of the rows' frames; owned */
    uint32_t *starts, *ends; /* frames of one partition; owned */
    Vector argument, filter, flat;
} FrameStates;

/* The rows of a batch that pass the FILTER, as positions in the part. */
static Status list_passing(const Context *cx, FrameStates *frames, const RowTable *table, uint32_t first, uint32_t count,
                           uint32_t *positions, uint32_t *rows, uint32_t *passing) {
    const uint32_t *all = frames->part->rows + first;
    const uint8_t *is_true = NULL;
    if (frames->item->has_filter) {
        TRY(row_table_gather(cx, table, frames->item->filter, all, count, false, &frames->filter));
        TRY(vector_flatten(cx, &frames->filter, count, &frames->flat));
        is_true = frames->flat.data;
    }
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        positions[found] = first + i;
        rows[found] = all[i];
        found += is_true == NULL || is_true[i];
    }
    *passing = found;
    return OK;
}

static Status fill_leaves(const Context *cx, FrameStates *frames, const RowTable *table, Arena *text) {
    const WindowItem *item = frames->item;
    uint32_t positions[BATCH_ROWS_MAX], rows[BATCH_ROWS_MAX];
    for (uint32_t first = 0; first < frames->part->count; first += BATCH_ROWS_MAX) {
        uint32_t left = frames->part->count - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        TRY(check_cancel(cx));
        TRY(list_passing(cx, frames, table, first, count, positions, rows, &count));
        const Vector *argument = NULL;
        if (item->arg_count > 0) {
            TRY(row_table_gather(cx, table, item->args[0], rows, count, false, &frames->argument));
            argument = &frames->argument;
        }
        if (count > 0) {
            TRY(item->aggregate->update(cx, item->aggregate, frames->leaves, frames->stride, positions, argument, count, text));
        }
    }
    return OK;
}

static const uint32_t zeros[BATCH_ROWS_MAX];

/* `state` takes in the leaves [start, end). */
static Status merge_leaves(const Context *cx, const FrameStates *frames, uint32_t start, uint32_t end, uint8_t *state,
                           Arena *text) {
    const Aggregate *aggregate = frames->item->aggregate;
    for (; start < end; start += BATCH_ROWS_MAX) {
        uint32_t count = end - start < BATCH_ROWS_MAX ? end - start : BATCH_ROWS_MAX;
        TRY(aggregate->merge(cx, aggregate, state, frames->stride, zeros, frames->leaves + start * frames->stride,
                             frames->stride, count, text));
    }
    return OK;
}

/* Frames that begin with the partition: their ends never go back, so one state is carried along. */
static Status running_partition(const Context *cx, FrameStates *frames, uint32_t first, uint32_t end, Arena *text) {
    _Alignas(16) uint8_t state[256] = {0};
    uint32_t taken = first;
    for (uint32_t at = first; at < end; at++) {
        if (frames->ends[at - first] > taken) {
            TRY(merge_leaves(cx, frames, taken, frames->ends[at - first], state, text));
            taken = frames->ends[at - first];
        }
        memcpy(frames->results + at * frames->stride, state, frames->stride);
        if (at % CANCEL_EVERY == 0) {
            TRY(check_cancel(cx));
        }
    }
    return OK;
}

static Status sliding_partition(const Context *cx, FrameStates *frames, uint32_t first, uint32_t end, Arena *text) {
    SegmentTree tree;
    Status status = segment_tree_build(cx, &tree, frames->item->aggregate, frames->leaves + first * frames->stride,
                                       frames->stride, end - first, text);
    for (uint32_t at = first; at < end && status == OK; at++) {
        uint32_t start = frames->starts[at - first], stop = frames->ends[at - first];
        if (start < stop) {
            status = segment_tree_query(cx, &tree, start - first, stop - first, frames->results + at * frames->stride, text);
        }
        status = status == OK && at % CANCEL_EVERY == 0 ? check_cancel(cx) : status;
    }
    segment_tree_free(&tree);
    return status;
}

static Status frame_states(const Context *cx, FrameStates *frames, Arena *text) {
    const WindowPart *part = frames->part;
    const WindowFrame *frame = &frames->item->frame;
    bool is_running = window_frame_is_running(frame);
    for (uint32_t first = 0; first < part->count;) {
        uint32_t end = window_next_start(part->partition_starts, first + 1, part->count);
        window_frames(part, frame, first, end, frames->starts, frames->ends);
        TRY(is_running ? running_partition(cx, frames, first, end, text) : sliding_partition(cx, frames, first, end, text));
        first = end;
    }
    return OK;
}

/* Results of the states go to the part's column. */
static Status finish_states(const Context *cx, FrameStates *frames, WindowResult *result) {
    const WindowItem *item = frames->item;
    uint32_t width = type_bytes(item->type);
    for (uint32_t first = 0; first < frames->part->count; first += BATCH_ROWS_MAX) {
        uint32_t left = frames->part->count - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        TRY(item->aggregate->finish(cx, item->aggregate, frames->results + first * frames->stride, frames->stride, count,
                                    &frames->argument));
        TRY(vector_flatten(cx, &frames->argument, count, &frames->flat));
        memcpy(result->data + (size_t)first * width, frames->flat.data, (size_t)count * width);
        for (uint32_t i = 0; frames->flat.validity != NULL && i < count; i++) {
            bit_put(result->validity, first + i, bit_get(frames->flat.validity, i));
        }
    }
    return OK;
}

static Status open_frames(const Context *cx, FrameStates *frames) {
    uint32_t bytes = frames->item->aggregate->state_bytes, count = frames->part->count;
    frames->stride = (bytes + STATE_ALIGNMENT - 1) / STATE_ALIGNMENT * STATE_ALIGNMENT;
    if (frames->stride > 256) {
        return fail(cx, INTERNAL_ERROR, "the state of %s is too large for a window", frames->item->aggregate->name);
    }
    TRY_ALLOC_ZEROED(cx, frames->leaves, count * frames->stride);
    TRY_ALLOC_ZEROED(cx, frames->results, count * frames->stride);
    TRY_ALLOC(cx, frames->starts, count * sizeof *frames->starts);
    TRY_ALLOC(cx, frames->ends, count * sizeof *frames->ends);
    return OK;
}

Status window_aggregate(const Context *cx, const WindowItem *item, const RowTable *table, const WindowPart *part,
                        WindowResult *result) {
    FrameStates frames = {.item = item, .part = part};
    Status status = OK;
    vector_init(&frames.argument, item->type);
    vector_init(&frames.filter, type_make(TYPE_BOOLEAN));
    vector_init(&frames.flat, item->type);
    TRY_GOTO(open_frames(cx, &frames));
    TRY_GOTO(fill_leaves(cx, &frames, table, &result->text));
    TRY_GOTO(frame_states(cx, &frames, &result->text));
    TRY_GOTO(finish_states(cx, &frames, result));
done:
    mem_free(frames.leaves);
    mem_free(frames.results);
    mem_free(frames.starts);
    mem_free(frames.ends);
    vector_free(&frames.argument);
    vector_free(&frames.filter);
    vector_free(&frames.flat);
    return status;
}
