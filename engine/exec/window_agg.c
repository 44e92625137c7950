/* Aggregates over window frames.
 *
 * Frames that are the partition take one state per partition. Exact sums and counts come from running sums (window_sum.c), the
 * least and the greatest from a queue (window_extreme.c). Else every row gets a state of its own, in bulk, and
 *   a frame that starts with the partition   carries one state forward from row to row,
 *   any other frame                          asks a segment tree.
 * DISTINCT over frames that slide keeps in the tree only the last of equal rows so far: each value is then in a frame once or
 * not at all. Aggregates that collect their values are fed the rows of each frame instead; frames that only grow go on with
 * what they have, and equal frames share their result. */
#include "exec/segment_tree.h"
#include "exec/window_part.h"

#define STATE_ALIGNMENT 16

typedef struct FrameStates {
    const WindowItem *item;
    const WindowSlice *slice;
    const WindowFrames *frames;
    const uint64_t *passing; /* rows of the part; NULL: all */
    uint32_t *previous;      /* DISTINCT over what collects: rows count whose equal comes before `frame_start`; owned */
    uint32_t frame_start;
    WindowResult *result;
    size_t stride;
    uint32_t low, high; /* rows that the slice's frames reach */
    uint8_t *leaves;    /* one state per row from `low` on; owned */
    uint8_t *states;    /* of the rows' frames, or of the partitions; owned */
    Vector arguments[AGGREGATE_ARGUMENTS_MAX];
    Vector flat, out;
} FrameStates;

static const uint32_t zeros[BATCH_ROWS_MAX];

static bool row_passes(const FrameStates *states, uint32_t at) {
    return (states->passing == NULL || bit_get(states->passing, at)) &&
           (states->previous == NULL || states->previous[at] == POSITION_NONE || states->previous[at] < states->frame_start);
}

/* The rows of [first, first + count) that pass, as positions and as rows of the table. */
static uint32_t list_passing(const FrameStates *states, uint32_t first, uint32_t count, uint32_t *positions, uint32_t *rows) {
    const uint32_t *all = states->slice->part->rows + first;
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        positions[found] = first + i;
        rows[found] = all[i];
        found += row_passes(states, first + i);
    }
    return found;
}

/* Updates target[groups[i]] with the arguments of rows[i]. */
static Status feed_rows(const Context *cx, FrameStates *states, uint8_t *target, const uint32_t *groups, const uint32_t *rows,
                        uint32_t count, Arena *arena) {
    const WindowItem *item = states->item;
    const Vector *arguments[AGGREGATE_ARGUMENTS_MAX];
    if (count == 0) {
        return OK;
    }
    for (uint32_t a = 0; a < item->arg_count; a++) {
        TRY(row_table_gather(cx, states->slice->table, item->args[a], rows, count, false, &states->arguments[a]));
        arguments[a] = &states->arguments[a];
    }
    return item->aggregate->update(cx, item->aggregate, target, states->stride, groups, arguments, count, arena);
}

/* Results of `count` states go to the slice's column, from row `first` of the slice on. */
static Status finish_rows(const Context *cx, FrameStates *states, const uint8_t *from, uint32_t first, uint32_t count) {
    const WindowItem *item = states->item;
    WindowResult *result = states->result;
    size_t width = type_bytes(item->type);
    TRY(item->aggregate->finish(cx, item->aggregate, from, states->stride, count, &states->out, &result->text));
    TRY(vector_flatten(cx, &states->out, count, &states->flat));
    memcpy(result->data + first * width, states->flat.data, count * width);
    for (uint32_t i = 0; states->flat.validity != NULL && i < count; i++) {
        bit_put(result->validity, first + i, bit_get(states->flat.validity, i));
    }
    return OK;
}

static Status finish_all(const Context *cx, FrameStates *states) {
    uint32_t rows = states->slice->to - states->slice->from;
    for (uint32_t first = 0; first < rows; first += BATCH_ROWS_MAX) {
        uint32_t count = rows - first < BATCH_ROWS_MAX ? rows - first : BATCH_ROWS_MAX;
        TRY(check_cancel(cx));
        TRY(finish_rows(cx, states, states->states + first * states->stride, first, count));
    }
    return OK;
}

/* Result i is that of the row before. */
static void repeat_result(const FrameStates *states, uint32_t i) {
    size_t width = type_bytes(states->item->type);
    memcpy(states->result->data + i * width, states->result->data + (i - 1) * width, width);
    bit_put(states->result->validity, i, bit_get(states->result->validity, i - 1));
}

/* ------------------------------------------------------------------------------------------------------ whole partitions */

/* partitions[i]: the number of the partition of row first + i, counted on from *number; the next row's is left there. */
static void number_partitions(const uint64_t *starts, uint32_t first, uint32_t count, uint32_t *number, uint32_t *partitions) {
    for (uint32_t i = 0; i < count; i++) {
        *number += bit_get(starts, first + i);
        partitions[i] = *number;
    }
}

static Status feed_partitions(const Context *cx, FrameStates *states, const uint64_t *starts) {
    uint32_t positions[BATCH_ROWS_MAX], rows[BATCH_ROWS_MAX], partitions[BATCH_ROWS_MAX], number = UINT32_MAX;
    for (uint32_t first = 0; first < states->slice->part->count; first += BATCH_ROWS_MAX) {
        uint32_t left = states->slice->part->count - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        number_partitions(starts, first, count, &number, partitions);
        uint32_t passing = list_passing(states, first, count, positions, rows);
        for (uint32_t i = 0; passing < count && i < passing; i++) {
            partitions[i] = partitions[positions[i] - first];
        }
        TRY(check_cancel(cx));
        TRY(feed_rows(cx, states, states->states, partitions, rows, passing, &states->result->text));
    }
    return OK;
}

/* The results of `count` partitions from `first_partition` on go to all their rows; *at is the next row of the slice. */
static Status spread_results(const Context *cx, FrameStates *states, const uint64_t *starts, uint32_t first_partition,
                             uint32_t count, uint32_t *at) {
    const WindowItem *item = states->item;
    size_t width = type_bytes(item->type);
    PartitionSpan span;
    TRY(item->aggregate->finish(cx, item->aggregate, states->states + first_partition * states->stride, states->stride, count,
                                &states->out, &states->result->text));
    TRY(vector_flatten(cx, &states->out, count, &states->flat));
    for (uint32_t p = 0; p < count && window_next_partition(states->slice, starts, at, &span); p++) {
        const uint8_t *value = (const uint8_t *)states->flat.data + p * width;
        bool valid = vector_is_valid(&states->flat, p);
        for (uint32_t i = span.from - states->slice->from; i < span.to - states->slice->from; i++) {
            memcpy(states->result->data + i * width, value, width);
            if (!valid) {
                bit_clear(states->result->validity, i);
            }
        }
    }
    return check_cancel(cx);
}

/* One state per partition of the part. */
static Status whole_partitions(const Context *cx, FrameStates *states) {
    const WindowPart *part = states->slice->part;
    const uint64_t *starts = part->starts[states->item->partition_keys];
    uint32_t partitions = (uint32_t)bits_count(starts, part->count), at = states->slice->from;
    TRY_ALLOC_ZEROED(cx, states->states, partitions * states->stride);
    TRY(feed_partitions(cx, states, starts));
    uint32_t first = at == 0 ? 0 : (uint32_t)bits_count(starts, at + 1) - 1;
    for (uint32_t count; first < partitions && at < states->slice->to; first += count) {
        count = partitions - first < BATCH_ROWS_MAX ? partitions - first : BATCH_ROWS_MAX;
        TRY(spread_results(cx, states, starts, first, count, &at));
    }
    return OK;
}

/* -------------------------------------------------------------------------------------------------------- merging states */

static Status fill_leaves(const Context *cx, FrameStates *states) {
    uint32_t positions[BATCH_ROWS_MAX], rows[BATCH_ROWS_MAX];
    for (uint32_t first = states->low; first < states->high; first += BATCH_ROWS_MAX) {
        uint32_t left = states->high - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        TRY(check_cancel(cx));
        count = list_passing(states, first, count, positions, rows);
        for (uint32_t i = 0; i < count; i++) {
            positions[i] -= states->low;
        }
        TRY(feed_rows(cx, states, states->leaves, positions, rows, count, &states->result->text));
    }
    return OK;
}

/* `state` takes in the leaves of rows [start, end). */
static Status merge_leaves(const Context *cx, const FrameStates *states, uint32_t start, uint32_t end, uint8_t *state) {
    const Aggregate *aggregate = states->item->aggregate;
    for (; start < end; start += BATCH_ROWS_MAX) {
        uint32_t count = end - start < BATCH_ROWS_MAX ? end - start : BATCH_ROWS_MAX;
        TRY(aggregate->merge(cx, aggregate, state, states->stride, zeros,
                             states->leaves + (start - states->low) * states->stride, states->stride, count,
                             &states->result->text));
    }
    return OK;
}

/* Result i of a state that goes on: text that the state may overwrite is copied. */
static Status finish_running(const Context *cx, FrameStates *states, const uint8_t *state, uint32_t i) {
    TRY(finish_rows(cx, states, state, i, 1));
    if (!type_is_text(states->item->type)) {
        return OK;
    }
    Text *text = (Text *)(void *)states->result->data + i;
    if (text->bytes > TEXT_INLINE_MAX && bit_get(states->result->validity, i)) {
        const char *copy = arena_copy_text(cx, &states->result->text, text->pointer, text->bytes);
        if (copy == NULL) {
            return OUT_OF_MEMORY;
        }
        *text = text_view(copy, text->bytes);
    }
    return OK;
}

/* Frames that begin with the partition: their ends never go back, so one state is carried along. What points elsewhere may
 * change there later: such a state's result is taken at once. */
static Status running_frames(const Context *cx, FrameStates *states) {
    _Alignas(16) uint8_t state[WINDOW_STATE_BYTES_MAX] = {0};
    const WindowFrames *frames = states->frames;
    uint32_t count = states->slice->to - states->slice->from, taken = 0;
    bool is_plain = states->item->aggregate->is_plain;
    for (uint32_t i = 0; i < count; i++) {
        bool begins = i == 0 || frames->starts[i] != frames->starts[i - 1];
        if (begins) {
            memset(state, 0, sizeof state);
            taken = frames->starts[i];
        }
        if (i == 0 && states->slice->carry != NULL) {
            memcpy(state, states->slice->carry->state, sizeof state);
        }
        bool grows = frames->ends[i] > taken;
        TRY(merge_leaves(cx, states, taken, frames->ends[i], state));
        taken = grows ? frames->ends[i] : taken;
        if (is_plain) {
            memcpy(states->states + i * states->stride, state, states->stride);
        } else if (grows || begins) {
            TRY(finish_running(cx, states, state, i));
        } else {
            repeat_result(states, i);
        }
        if (i % CANCEL_ROWS == 0) {
            TRY(check_cancel(cx));
        }
    }
    return is_plain ? finish_all(cx, states) : OK;
}

static Status query_frame(const Context *cx, const FrameStates *states, const SegmentTree *tree, uint32_t i) {
    WindowRange ranges[WINDOW_RANGES_MAX];
    uint32_t count = window_frame_ranges(states->frames, states->slice->from, i, ranges);
    for (uint32_t r = 0; r < count; r++) {
        TRY(segment_tree_query(cx, tree, ranges[r].start - states->low, ranges[r].end - states->low,
                               states->states + i * states->stride, &states->result->text));
    }
    return i % CANCEL_ROWS == 0 ? check_cancel(cx) : OK;
}

static Status sliding_frames(const Context *cx, FrameStates *states) {
    SegmentTree tree;
    uint32_t count = states->slice->to - states->slice->from;
    Status status = segment_tree_build(cx, &tree, states->item->aggregate, states->leaves, states->stride,
                                       states->high - states->low, &states->result->text);
    for (uint32_t i = 0; i < count && status == OK; i++) {
        status = query_frame(cx, states, &tree, i);
    }
    segment_tree_free(&tree);
    return status == OK ? finish_all(cx, states) : status;
}

/* Rows enter the tree as frames end further on; each takes out the one that was equal to it. */
static Status sliding_distinct(const Context *cx, FrameStates *states, const uint32_t *previous) {
    const WindowFrames *frames = states->frames;
    uint32_t count = states->slice->to - states->slice->from, taken = states->low;
    uint8_t *current;
    SegmentTree tree = {0};
    Status status = OK;
    TRY_ALLOC_ZEROED(cx, current, (states->high - states->low) * states->stride);
    TRY_GOTO(segment_tree_build(cx, &tree, states->item->aggregate, current, states->stride, states->high - states->low,
                                &states->result->text));
    for (uint32_t i = 0; i < count; i++) {
        for (; taken < frames->ends[i]; taken++) {
            uint32_t at = taken - states->low;
            if (previous[taken] != POSITION_NONE && previous[taken] >= states->low) {
                uint32_t gone = previous[taken] - states->low;
                memset(current + gone * states->stride, 0, states->stride);
                TRY_GOTO(segment_tree_update(cx, &tree, gone, states->high - states->low, &states->result->text));
            }
            memcpy(current + at * states->stride, states->leaves + at * states->stride, states->stride);
            TRY_GOTO(segment_tree_update(cx, &tree, at, states->high - states->low, &states->result->text));
        }
        TRY_GOTO(query_frame(cx, states, &tree, i));
    }
    TRY_GOTO(finish_all(cx, states));
done:
    segment_tree_free(&tree);
    mem_free(current);
    return status;
}

static Status distinct_frames(const Context *cx, FrameStates *states) {
    uint32_t *previous;
    TRY_ALLOC(cx, previous, sizeof *previous * states->slice->part->count);
    Status status = window_previous_equal(cx, states->item, states->slice, states->passing, previous);
    status = status != OK ? status : sliding_distinct(cx, states, previous);
    mem_free(previous);
    return status;
}

static Status merged_frames(const Context *cx, FrameStates *states) {
    uint32_t count = states->slice->to - states->slice->from;
    TRY_ALLOC_ZEROED(cx, states->leaves, (states->high - states->low) * states->stride);
    TRY_ALLOC_ZEROED(cx, states->states, count * states->stride);
    TRY(fill_leaves(cx, states));
    if (window_frame_is_running(&states->item->frame)) {
        return running_frames(cx, states);
    }
    return states->item->is_distinct ? distinct_frames(cx, states) : sliding_frames(cx, states);
}

/* ------------------------------------------------------------------------------------------------------------ collecting */

static Status feed_range(const Context *cx, FrameStates *states, uint32_t start, uint32_t end, uint8_t *state, Arena *arena) {
    uint32_t positions[BATCH_ROWS_MAX], rows[BATCH_ROWS_MAX];
    for (uint32_t first = start; first < end; first += BATCH_ROWS_MAX) {
        uint32_t count = end - first < BATCH_ROWS_MAX ? end - first : BATCH_ROWS_MAX;
        TRY(check_cancel(cx));
        count = list_passing(states, first, count, positions, rows);
        TRY(feed_rows(cx, states, state, NULL, rows, count, arena));
    }
    return OK;
}

/* What the state has: the rows [taken.start, taken.end) of a frame without exclusions. */
static Status collect_frame(const Context *cx, FrameStates *states, uint32_t i, WindowRange *taken, uint8_t *state,
                            Arena *arena) {
    const WindowFrames *frames = states->frames;
    uint32_t start = frames->starts[i], end = frames->ends[i];
    bool has_all = frames->exclude == EXCLUDE_NO_OTHERS;
    if (i > 0 && has_all && start == taken->start && end == taken->end) {
        repeat_result(states, i);
        return OK;
    }
    if (!has_all || start != taken->start || end < taken->end) {
        memset(state, 0, WINDOW_STATE_BYTES_MAX);
        arena_free(arena);
        *taken = (WindowRange){start, start};
        states->frame_start = start;
    }
    WindowRange ranges[WINDOW_RANGES_MAX] = {{taken->end, end}};
    uint32_t count = has_all ? 1 : window_frame_ranges(frames, states->slice->from, i, ranges);
    for (uint32_t r = 0; r < count; r++) {
        TRY(feed_range(cx, states, ranges[r].start, ranges[r].end, state, arena));
    }
    taken->end = end;
    return finish_rows(cx, states, state, i, 1);
}

static Status collecting_frames(const Context *cx, FrameStates *states) {
    _Alignas(16) uint8_t state[WINDOW_STATE_BYTES_MAX] = {0};
    uint32_t count = states->slice->to - states->slice->from;
    WindowRange taken = {POSITION_NONE, 0};
    Arena arena;
    Status status = OK;
    if (states->item->is_distinct && !window_frame_is_running(&states->item->frame)) {
        TRY_ALLOC(cx, states->previous, sizeof *states->previous * states->slice->part->count);
        TRY(window_previous_equal(cx, states->item, states->slice, states->passing, states->previous));
    }
    arena_init(&arena);
    for (uint32_t i = 0; i < count && status == OK; i++) {
        status = collect_frame(cx, states, i, &taken, state, &arena);
    }
    arena_free(&arena);
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- choice */

static Status open_states(const Context *cx, FrameStates *states) {
    const Aggregate *aggregate = states->item->aggregate;
    uint32_t count = states->slice->to - states->slice->from;
    states->stride = (aggregate->state_bytes + STATE_ALIGNMENT - 1) / STATE_ALIGNMENT * STATE_ALIGNMENT;
    if (states->stride > WINDOW_STATE_BYTES_MAX) {
        return fail(cx, INTERNAL_ERROR, "the state of %s is too large for a window", aggregate->name);
    }
    states->low = states->frames->starts[0];
    states->high = states->frames->ends[count - 1];
    TRY_ALLOC(cx, states->result->data, (size_t)type_bytes(states->item->type) * count);
    return OK;
}

static Status evaluate_states(const Context *cx, FrameStates *states) {
    TRY(open_states(cx, states));
    if (window_frame_is_partition(&states->item->frame) && states->slice->carry == NULL) {
        return whole_partitions(cx, states);
    }
    return states->item->aggregate->collects ? collecting_frames(cx, states) : merged_frames(cx, states);
}

static Status aggregate_by_states(const Context *cx, const WindowItem *item, const WindowSlice *slice,
                                  const WindowFrames *frames, const uint64_t *passing, WindowResult *result) {
    FrameStates states = {.item = item, .slice = slice, .frames = frames, .passing = passing, .result = result};
    for (uint32_t a = 0; a < item->arg_count; a++) {
        vector_init(&states.arguments[a], type_make(TYPE_BIGINT));
    }
    vector_init(&states.flat, item->type);
    vector_init(&states.out, item->type);
    Status status = evaluate_states(cx, &states);
    mem_free(states.leaves);
    mem_free(states.states);
    mem_free(states.previous);
    for (uint32_t a = 0; a < item->arg_count; a++) {
        vector_free(&states.arguments[a]);
    }
    vector_free(&states.flat);
    vector_free(&states.out);
    return status;
}

static Status choose_way(const Context *cx, const WindowItem *item, const WindowSlice *slice, const WindowFrames *frames,
                         const uint64_t *passing, WindowResult *result) {
    bool done = false;
    if (!item->is_distinct || window_frame_is_running(&item->frame)) { /* DISTINCT is in `passing` then */
        TRY(window_sum(cx, item, slice, frames, passing, result, &done));
        if (!done) {
            TRY(window_extreme(cx, item, slice, frames, passing, result, &done));
        }
    }
    return done ? OK : aggregate_by_states(cx, item, slice, frames, passing, result);
}

Status window_aggregate(const Context *cx, const WindowItem *item, const WindowSlice *slice, const WindowFrames *frames,
                        WindowResult *result) {
    uint64_t *passing;
    TRY(window_passing_rows(cx, item, slice, frames->starts[0], frames->ends[slice->to - slice->from - 1], &passing));
    Status status = choose_way(cx, item, slice, frames, passing, result);
    mem_free(passing);
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- totals */

static Status state_total(const Context *cx, const WindowItem *item, const WindowSlice *slice, const uint64_t *passing,
                          WindowCarry *total) {
    Arena unused;
    FrameStates states = {.item = item, .slice = slice, .passing = passing, .stride = WINDOW_STATE_BYTES_MAX};
    arena_init(&unused);
    for (uint32_t a = 0; a < item->arg_count; a++) {
        vector_init(&states.arguments[a], type_make(TYPE_BIGINT));
    }
    Status status = feed_range(cx, &states, slice->from, slice->to, total->state, &unused);
    for (uint32_t a = 0; a < item->arg_count; a++) {
        vector_free(&states.arguments[a]);
    }
    arena_free(&unused);
    return status;
}

Status window_slice_total(const Context *cx, const WindowItem *item, const WindowSlice *slice, WindowCarry *total) {
    uint64_t *passing;
    TRY(window_passing_rows(cx, item, slice, slice->from, slice->to, &passing));
    Status status = window_sums_always(item) ? window_sum_total(cx, item, slice, passing, total)
                                             : state_total(cx, item, slice, passing, total);
    mem_free(passing);
    return status;
}

Status window_carry_add(const Context *cx, const WindowItem *item, const WindowCarry *total, WindowCarry *sum) {
    const Aggregate *aggregate = item->aggregate;
    sum->sum += total->sum;
    sum->count += total->count;
    if (window_sums_always(item)) {
        return OK;
    }
    Arena unused; /* states without pointers need none */
    arena_init(&unused);
    Status status = aggregate->merge(cx, aggregate, sum->state, WINDOW_STATE_BYTES_MAX, zeros, total->state,
                                     WINDOW_STATE_BYTES_MAX, 1, &unused);
    arena_free(&unused);
    return status;
}
