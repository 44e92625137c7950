/* Aggregates over window frames. Every row gets a state of its own (all aggregates, FILTER included), in bulk. Then
 *   a frame that starts with the partition   carries one state forward from row to row,
 *   any other frame                          asks a segment tree.
 * Aggregates that collect their values are fed the rows of each frame instead; frames that only grow go on with what they
 * have, and equal frames share their result. */
#include "exec/segment_tree.h"
#include "exec/window_part.h"

#define STATE_ALIGNMENT 16
#define STATE_BYTES_MAX 256

typedef struct FrameStates {
    const WindowItem *item;
    const WindowPart *part;
    size_t stride;
    uint8_t *leaves;         /* one state per row; owned */
    uint8_t *results;        /* the states of the rows' frames; owned */
    uint32_t *starts, *ends; /* frames of one partition; owned */
    Vector arguments[AGGREGATE_ARGUMENTS_MAX];
    Vector filter, flat, out;
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

/* Updates states[groups[i]] with the arguments of rows[i]. */
static Status feed_rows(const Context *cx, FrameStates *frames, const RowTable *table, uint8_t *states, const uint32_t *groups,
                        const uint32_t *rows, uint32_t count, Arena *text) {
    const WindowItem *item = frames->item;
    const Vector *arguments[AGGREGATE_ARGUMENTS_MAX];
    for (uint32_t a = 0; a < item->arg_count; a++) {
        TRY(row_table_gather(cx, table, item->args[a], rows, count, false, &frames->arguments[a]));
        arguments[a] = &frames->arguments[a];
    }
    return item->aggregate->update(cx, item->aggregate, states, frames->stride, groups, arguments, count, text);
}

static Status fill_leaves(const Context *cx, FrameStates *frames, const RowTable *table, Arena *text) {
    uint32_t positions[BATCH_ROWS_MAX], rows[BATCH_ROWS_MAX];
    for (uint32_t first = 0; first < frames->part->count; first += BATCH_ROWS_MAX) {
        uint32_t left = frames->part->count - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        TRY(check_cancel(cx));
        TRY(list_passing(cx, frames, table, first, count, positions, rows, &count));
        if (count > 0) {
            TRY(feed_rows(cx, frames, table, frames->leaves, positions, rows, count, text));
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

/* Results of `count` states go to the part's column, from row `first` on. */
static Status finish_rows(const Context *cx, FrameStates *frames, const uint8_t *states, uint32_t first, uint32_t count,
                          WindowResult *result) {
    const WindowItem *item = frames->item;
    size_t width = type_bytes(item->type);
    TRY(item->aggregate->finish(cx, item->aggregate, states, frames->stride, count, &frames->out, &result->text));
    TRY(vector_flatten(cx, &frames->out, count, &frames->flat));
    memcpy(result->data + first * width, frames->flat.data, count * width);
    for (uint32_t i = 0; frames->flat.validity != NULL && i < count; i++) {
        bit_put(result->validity, first + i, bit_get(frames->flat.validity, i));
    }
    return OK;
}

/* Result `at` is that of the row before. */
static void repeat_result(const FrameStates *frames, uint32_t at, WindowResult *result) {
    size_t width = type_bytes(frames->item->type);
    memcpy(result->data + at * width, result->data + (at - 1) * width, width);
    bit_put(result->validity, at, bit_get(result->validity, at - 1));
}

/* Result `at` of a state that goes on: text that the state may overwrite is copied. */
static Status finish_running(const Context *cx, FrameStates *frames, const uint8_t *state, uint32_t at, WindowResult *result) {
    TRY(finish_rows(cx, frames, state, at, 1, result));
    if (!type_is_text(frames->item->type)) {
        return OK;
    }
    Text *text = (Text *)(void *)result->data + at;
    if (text->bytes > TEXT_INLINE_MAX) {
        const char *copy = arena_copy_text(cx, &result->text, text->pointer, text->bytes);
        if (copy == NULL) {
            return OUT_OF_MEMORY;
        }
        *text = text_view(copy, text->bytes);
    }
    return OK;
}

/* Frames that begin with the partition: their ends never go back, so one state is carried along. What points elsewhere may
 * change there later: such a state's result is taken at once. */
static Status running_partition(const Context *cx, FrameStates *frames, uint32_t first, uint32_t end, WindowResult *result) {
    _Alignas(16) uint8_t state[STATE_BYTES_MAX] = {0};
    uint32_t taken = first;
    bool is_plain = frames->item->aggregate->is_plain;
    for (uint32_t at = first; at < end; at++) {
        bool grows = frames->ends[at - first] > taken;
        if (grows) {
            TRY(merge_leaves(cx, frames, taken, frames->ends[at - first], state, &result->text));
            taken = frames->ends[at - first];
        }
        if (is_plain) {
            memcpy(frames->results + at * frames->stride, state, frames->stride);
        } else if (grows || at == first) {
            TRY(finish_running(cx, frames, state, at, result));
        } else {
            repeat_result(frames, at, result);
        }
        if (at % CANCEL_ROWS == 0) {
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
        status = status == OK && at % CANCEL_ROWS == 0 ? check_cancel(cx) : status;
    }
    segment_tree_free(&tree);
    return status;
}

static Status feed_frame(const Context *cx, FrameStates *frames, const RowTable *table, uint32_t start, uint32_t end,
                         uint8_t *state, Arena *text) {
    uint32_t positions[BATCH_ROWS_MAX], rows[BATCH_ROWS_MAX];
    for (uint32_t first = start; first < end; first += BATCH_ROWS_MAX) {
        uint32_t count = end - first < BATCH_ROWS_MAX ? end - first : BATCH_ROWS_MAX;
        TRY(check_cancel(cx));
        TRY(list_passing(cx, frames, table, first, count, positions, rows, &count));
        if (count > 0) {
            TRY(feed_rows(cx, frames, table, state, NULL, rows, count, text));
        }
    }
    return OK;
}

static Status collecting_partition(const Context *cx, FrameStates *frames, const RowTable *table, uint32_t first, uint32_t end,
                                   Arena *text, WindowResult *result) {
    _Alignas(16) uint8_t state[STATE_BYTES_MAX] = {0};
    uint32_t taken_from = 0, taken_to = 0; /* what the state has */
    for (uint32_t at = first; at < end; at++) {
        uint32_t start = frames->starts[at - first], stop = frames->ends[at - first];
        stop = stop < start ? start : stop;
        if (at > first && start == taken_from && stop == taken_to) {
            repeat_result(frames, at, result);
            continue;
        }
        if (at == first || start != taken_from || stop < taken_to) {
            memset(state, 0, sizeof state);
            arena_free(text);
            taken_to = start;
        }
        TRY(feed_frame(cx, frames, table, taken_to, stop, state, text));
        taken_from = start;
        taken_to = stop;
        TRY(finish_rows(cx, frames, state, at, 1, result));
    }
    return OK;
}

static Status collecting_frames(const Context *cx, FrameStates *frames, const RowTable *table, WindowResult *result) {
    const WindowPart *part = frames->part;
    Arena text;
    Status status = OK;
    arena_init(&text);
    for (uint32_t first = 0; first < part->count && status == OK;) {
        uint32_t end = window_next_start(part->partition_starts, first + 1, part->count);
        window_frames(part, &frames->item->frame, first, end, frames->starts, frames->ends);
        status = collecting_partition(cx, frames, table, first, end, &text, result);
        first = end;
    }
    arena_free(&text);
    return status;
}

static Status frame_states(const Context *cx, FrameStates *frames, WindowResult *result) {
    const WindowPart *part = frames->part;
    const WindowFrame *frame = &frames->item->frame;
    bool is_running = window_frame_is_running(frame);
    for (uint32_t first = 0; first < part->count;) {
        uint32_t end = window_next_start(part->partition_starts, first + 1, part->count);
        window_frames(part, frame, first, end, frames->starts, frames->ends);
        TRY(is_running ? running_partition(cx, frames, first, end, result)
                       : sliding_partition(cx, frames, first, end, &result->text));
        first = end;
    }
    return OK;
}

static Status finish_states(const Context *cx, FrameStates *frames, WindowResult *result) {
    for (uint32_t first = 0; first < frames->part->count; first += BATCH_ROWS_MAX) {
        uint32_t left = frames->part->count - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        TRY(finish_rows(cx, frames, frames->results + first * frames->stride, first, count, result));
    }
    return OK;
}

static Status open_frames(const Context *cx, FrameStates *frames) {
    const Aggregate *aggregate = frames->item->aggregate;
    uint32_t count = frames->part->count;
    frames->stride = (aggregate->state_bytes + STATE_ALIGNMENT - 1) / STATE_ALIGNMENT * STATE_ALIGNMENT;
    if (frames->stride > STATE_BYTES_MAX) {
        return fail(cx, INTERNAL_ERROR, "the state of %s is too large for a window", aggregate->name);
    }
    if (!aggregate->collects) {
        TRY_ALLOC_ZEROED(cx, frames->leaves, count * frames->stride);
        TRY_ALLOC_ZEROED(cx, frames->results, count * frames->stride);
    }
    TRY_ALLOC(cx, frames->starts, count * sizeof *frames->starts);
    TRY_ALLOC(cx, frames->ends, count * sizeof *frames->ends);
    return OK;
}

static Status merged_frames(const Context *cx, FrameStates *frames, const RowTable *table, WindowResult *result) {
    bool is_finished = window_frame_is_running(&frames->item->frame) && !frames->item->aggregate->is_plain;
    TRY(fill_leaves(cx, frames, table, &result->text));
    TRY(frame_states(cx, frames, result));
    return is_finished ? OK : finish_states(cx, frames, result);
}

Status window_aggregate(const Context *cx, const WindowItem *item, const RowTable *table, const WindowPart *part,
                        WindowResult *result) {
    FrameStates frames = {.item = item, .part = part};
    for (uint32_t a = 0; a < item->arg_count; a++) {
        vector_init(&frames.arguments[a], type_make(TYPE_BIGINT));
    }
    vector_init(&frames.filter, type_make(TYPE_BOOLEAN));
    vector_init(&frames.flat, item->type);
    vector_init(&frames.out, item->type);
    Status status = open_frames(cx, &frames);
    if (status == OK) {
        status = item->aggregate->collects ? collecting_frames(cx, &frames, table, result)
                                           : merged_frames(cx, &frames, table, result);
    }
    mem_free(frames.leaves);
    mem_free(frames.results);
    mem_free(frames.starts);
    mem_free(frames.ends);
    for (uint32_t a = 0; a < item->arg_count; a++) {
        vector_free(&frames.arguments[a]);
    }
    vector_free(&frames.filter);
    vector_free(&frames.flat);
    vector_free(&frames.out);
    return status;
}
