/* Window functions over a slice of a sorted part: ranking functions give values; lag, lead and the value functions give
 * positions of rows whose values are gathered when the slice is put out. With IGNORE NULLS these count rows with a value only:
 * positions are turned into numbers of such rows and back. */
#include "exec/window_part.h"

void window_result_free(WindowResult *result) {
    mem_free(result->positions);
    mem_free(result->data);
    mem_free(result->validity);
    arena_free(&result->text);
    *result = (WindowResult){0};
}

/* -------------------------------------------------------------------------------------------------------------- loading */

Status window_load_i64(const Context *cx, const WindowSlice *slice, uint32_t slot, uint32_t from, uint32_t to, int64_t *values,
                       uint64_t *valid) {
    Vector vector, scratch;
    Status status = OK;
    vector_init(&vector, type_make(TYPE_BIGINT));
    vector_init(&scratch, type_make(TYPE_BIGINT));
    bits_fill(valid, to - from);
    for (uint32_t first = from; first < to; first += BATCH_ROWS_MAX) {
        uint32_t count = to - first < BATCH_ROWS_MAX ? to - first : BATCH_ROWS_MAX;
        TRY_GOTO(check_cancel(cx));
        TRY_GOTO(row_table_gather(cx, slice->table, slot, slice->part->rows + first, count, false, &vector));
        TRY_GOTO(vector_load_i64(cx, &vector, count, &scratch, values + (first - from)));
        for (uint32_t i = 0; vector.validity != NULL && i < count; i++) {
            bit_put(valid, first - from + i, vector_is_valid(&vector, i));
        }
    }
done:
    vector_free(&vector);
    vector_free(&scratch);
    return status;
}

/* -------------------------------------------------------------------------------------------------------------- ranking */

/* Number of buckets `buckets` for row `index` of `count`: the first count % buckets buckets have one row more. */
static int64_t bucket_of(uint64_t index, uint64_t count, uint64_t buckets) {
    uint64_t size = count / buckets, larger = count % buckets, rows_in_larger = larger * (size + 1);
    return 1 + (int64_t)(index < rows_in_larger ? index / (size + 1) : larger + (index - rows_in_larger) / size);
}

/* Groups of peers that begin in [first, at]. */
static uint32_t groups_up_to(const uint64_t *starts, uint32_t first, uint32_t at) {
    uint32_t groups = 0;
    for (; first <= at && first % 64 != 0; first++) {
        groups += bit_get(starts, first);
    }
    for (; first + 63 <= at; first += 64) {
        groups += (uint32_t)__builtin_popcountll(starts[first / 64]);
    }
    for (; first <= at; first++) {
        groups += bit_get(starts, first);
    }
    return groups;
}

static void number_rows(const PartitionSpan *span, int64_t *out) {
    int64_t number = (int64_t)span->before;
    for (uint32_t at = span->from; at < span->to; at++) {
        *out++ = ++number;
    }
}

/* How many rows of the partition come before the one at `at`. */
static int64_t rows_before(const PartitionSpan *span, uint32_t at) {
    return (int64_t)span->before + ((int64_t)at - (int64_t)span->from);
}

static void rank_rows(const uint64_t *peer_starts, const PartitionSpan *span, int64_t *out) {
    int64_t rank = rows_before(span, window_start_of(peer_starts, span->from)) + 1;
    for (uint32_t at = span->from; at < span->to; at++) {
        rank = bit_get(peer_starts, at) ? rows_before(span, at) + 1 : rank;
        *out++ = rank;
    }
}

static void rank_groups(const uint64_t *peer_starts, const WindowSlice *slice, const PartitionSpan *span, int64_t *out) {
    int64_t group = span->from == span->first ? 0 : groups_up_to(peer_starts, span->first, span->from - 1);
    if (slice->before != NULL && span->from == slice->from) {
        group = (int64_t)slice->before->groups;
    }
    for (uint32_t at = span->from; at < span->to; at++) {
        group += bit_get(peer_starts, at);
        *out++ = group;
    }
}

/* percent_rank, and cume_dist, which counts up to the last peer. */
static void rank_shares(const uint64_t *peer_starts, const PartitionSpan *span, bool to_last, double *out) {
    double count = (double)span->rows;
    uint32_t first = window_start_of(peer_starts, span->from);
    for (uint32_t at = span->from; at < span->to;) {
        uint32_t next = window_next_start(peer_starts, at + 1, span->end);
        double before = (double)rows_before(span, to_last ? next : first);
        double share = to_last ? before / count : count == 1 ? 0 : before / (count - 1);
        for (; at < next && at < span->to; at++) {
            *out++ = share;
        }
        first = next;
    }
}

/* The bucket count is that of the partition's first row. */
static Status fill_buckets(const Context *cx, const WindowItem *item, const WindowSlice *slice, const PartitionSpan *span,
                           WindowResult *result) {
    Value buckets = row_table_value(slice->table, item->args[0], slice->part->rows[span->first]);
    if (!buckets.is_null && buckets.i64 <= 0) {
        return fail(cx, INVALID_NTILE_ARGUMENT, "argument of ntile must be greater than zero");
    }
    int64_t *out = (int64_t *)(void *)result->data + (span->from - slice->from);
    for (uint32_t at = span->from; at < span->to; at++) {
        if (buckets.is_null) {
            *out++ = 0;
            bit_clear(result->validity, at - slice->from);
        } else {
            *out++ = bucket_of((uint64_t)rows_before(span, at), span->rows, (uint64_t)buckets.i64);
        }
    }
    return OK;
}

static Status evaluate_rank(const Context *cx, const WindowItem *item, const WindowSlice *slice, WindowResult *result) {
    const uint64_t *peer_starts = slice->part->starts[item->peer_keys];
    PartitionSpan span;
    for (uint32_t at = slice->from; window_next_partition(slice, slice->part->starts[item->partition_keys], &at, &span);) {
        int64_t *numbers = (int64_t *)(void *)result->data + (span.from - slice->from);
        switch (item->id) {
        case WINDOW_ROW_NUMBER: number_rows(&span, numbers); break;
        case WINDOW_RANK: rank_rows(peer_starts, &span, numbers); break;
        case WINDOW_DENSE_RANK: rank_groups(peer_starts, slice, &span, numbers); break;
        case WINDOW_NTILE: TRY(fill_buckets(cx, item, slice, &span, result)); break;
        default: rank_shares(peer_starts, &span, item->id == WINDOW_CUME_DIST, (double *)(void *)numbers); break;
        }
    }
    return check_cancel(cx);
}

/* --------------------------------------------------------------------------------------------------------- picking rows */

/* Rows that count for functions with IGNORE NULLS; the slice is the whole part then. */
typedef struct ValueRows {
    uint32_t *before;    /* [at]: how many rows with a value come before; owned */
    uint32_t *positions; /* of rows with a value; owned */
} ValueRows;

typedef struct Picking {
    const WindowItem *item;
    const WindowSlice *slice;
    int64_t *numbers; /* lag's and lead's offsets, nth_value's numbers, of the slice's rows; owned; NULL: always 1 */
    uint64_t *valid;
    WindowFrames frames;
    ValueRows rows;
} Picking;

static Status list_value_rows(const Context *cx, const WindowSlice *slice, uint32_t slot, ValueRows *rows) {
    uint32_t count = slice->part->count, found = 0;
    TRY_ALLOC(cx, rows->before, sizeof *rows->before * (count + 1));
    TRY_ALLOC(cx, rows->positions, sizeof *rows->positions * count);
    for (uint32_t at = 0; at < count; at++) {
        rows->before[at] = found;
        rows->positions[found] = at;
        found += row_table_is_valid(slice->table, slot, slice->part->rows[at]);
    }
    rows->before[count] = found;
    return OK;
}

/* The row `distance` away (negative: before), or POSITION_NONE. */
static uint32_t row_away(const PartitionSpan *span, uint32_t at, bool goes_back, uint64_t distance) {
    if (distance > (goes_back ? at - span->first : span->end - 1 - at)) {
        return POSITION_NONE;
    }
    return goes_back ? at - (uint32_t)distance : at + (uint32_t)distance;
}

static uint32_t value_away(const ValueRows *rows, const PartitionSpan *span, uint32_t at, bool goes_back, uint64_t distance) {
    if (distance == 0) {
        return at;
    }
    uint32_t before = rows->before[goes_back ? at : at + 1];
    uint32_t there = goes_back ? before - rows->before[span->first] : rows->before[span->end] - before;
    if (distance > there) {
        return POSITION_NONE;
    }
    return rows->positions[goes_back ? before - (uint32_t)distance : before + (uint32_t)distance - 1];
}

static void shift_by_one(const PartitionSpan *span, bool goes_back, uint32_t *out) {
    for (uint32_t at = span->from; at < span->to; at++) {
        out[at - span->from] = goes_back ? at - 1 : at + 1;
    }
    if (goes_back && span->from == span->first) {
        out[0] = POSITION_NONE;
    } else if (!goes_back && span->to == span->end) {
        out[span->to - 1 - span->from] = POSITION_NONE;
    }
}

/* lag and lead. An offset that is NULL gives NULL, not the default. */
static void shift_partition(const Picking *picking, const PartitionSpan *span, WindowResult *result) {
    bool ignores_nulls = picking->item->ignores_nulls, is_lag = picking->item->id == WINDOW_LAG;
    uint32_t from = picking->slice->from;
    if (picking->numbers == NULL && !ignores_nulls) {
        shift_by_one(span, is_lag, result->positions + (span->from - from));
        return;
    }
    for (uint32_t at = span->from; at < span->to; at++) {
        int64_t offset = picking->numbers == NULL ? 1 : picking->numbers[at - from];
        if (picking->valid != NULL && !bit_get(picking->valid, at - from)) {
            result->positions[at - from] = POSITION_NONE;
            bit_clear(result->validity, at - from);
            continue;
        }
        bool goes_back = is_lag == (offset >= 0);
        uint64_t distance = offset >= 0 ? (uint64_t)offset : 0 - (uint64_t)offset;
        result->positions[at - from] =
            ignores_nulls ? value_away(&picking->rows, span, at, goes_back, distance) : row_away(span, at, goes_back, distance);
    }
}

/* Row number `index` of the ranges; POSITION_NONE past the last. */
static uint32_t row_of_ranges(const WindowRange *ranges, uint32_t count, uint64_t index) {
    for (uint32_t r = 0; r < count; r++) {
        if (index < ranges[r].end - ranges[r].start) {
            return ranges[r].start + (uint32_t)index;
        }
        index -= ranges[r].end - ranges[r].start;
    }
    return POSITION_NONE;
}

static uint32_t pick_row(const Picking *picking, uint32_t i, int64_t number) {
    WindowRange ranges[WINDOW_RANGES_MAX];
    const ValueRows *rows = &picking->rows;
    uint32_t count = window_frame_ranges(&picking->frames, picking->slice->from, i, ranges);
    uint64_t total = 0;
    for (uint32_t r = 0; r < count; r++) {
        ranges[r] =
            rows->before == NULL ? ranges[r] : (WindowRange){rows->before[ranges[r].start], rows->before[ranges[r].end]};
        total += ranges[r].end - ranges[r].start;
    }
    uint64_t index = picking->item->id == WINDOW_LAST_VALUE ? total - 1 : (uint64_t)number - 1;
    uint32_t picked = index >= total ? POSITION_NONE : row_of_ranges(ranges, count, index);
    return rows->before == NULL || picked == POSITION_NONE ? picked : rows->positions[picked];
}

/* first_value, last_value, nth_value of the frames. */
static Status pick_rows(const Context *cx, const Picking *picking, WindowResult *result) {
    uint32_t count = picking->slice->to - picking->slice->from;
    for (uint32_t i = 0; i < count; i++) {
        int64_t number = picking->numbers == NULL ? 1 : picking->numbers[i];
        if (picking->valid != NULL && !bit_get(picking->valid, i)) {
            result->positions[i] = POSITION_NONE;
            continue;
        }
        if (number <= 0) {
            return fail(cx, INVALID_NTH_VALUE_ARGUMENT, "argument of nth_value must be greater than zero");
        }
        result->positions[i] = pick_row(picking, i, number);
    }
    return check_cancel(cx);
}

static bool is_shift(WindowId id) {
    return id == WINDOW_LAG || id == WINDOW_LEAD;
}

/* lag and lead in a part that has not all rows. */
static Status check_reach(const Context *cx, const Picking *picking, uint32_t count) {
    uint32_t reach = is_shift(picking->item->id) ? picking->slice->reach : 0;
    for (uint32_t i = 0; reach > 0 && i < count; i++) {
        if (bit_get(picking->valid, i) && (picking->numbers[i] > reach || picking->numbers[i] < -(int64_t)reach)) {
            fail(cx, OUT_OF_MEMORY, "out of memory: lag and lead over more than %u rows need the partition in memory", reach);
            return fail_hint(cx, "raise memory_limit");
        }
    }
    return OK;
}

static Status open_picking(const Context *cx, Picking *picking) {
    const WindowItem *item = picking->item;
    const WindowSlice *slice = picking->slice;
    uint32_t count = slice->to - slice->from;
    if (item->arg_count > 1) {
        TRY_ALLOC(cx, picking->numbers, sizeof *picking->numbers * count);
        TRY_ALLOC(cx, picking->valid, BITS_WORDS(count) * 8 + 8);
        TRY(window_load_i64(cx, slice, item->args[1], slice->from, slice->to, picking->numbers, picking->valid));
        TRY(check_reach(cx, picking, count));
    }
    return item->ignores_nulls ? list_value_rows(cx, slice, item->args[0], &picking->rows) : OK;
}

static Status evaluate_picking(const Context *cx, Picking *picking, WindowResult *result) {
    const WindowItem *item = picking->item;
    const WindowSlice *slice = picking->slice;
    TRY(open_picking(cx, picking));
    if (!is_shift(item->id)) {
        TRY(window_frames_init(cx, item, slice, &picking->frames));
        return pick_rows(cx, picking, result);
    }
    PartitionSpan span;
    for (uint32_t at = slice->from; window_next_partition(slice, slice->part->starts[item->partition_keys], &at, &span);) {
        shift_partition(picking, &span, result);
    }
    return check_cancel(cx);
}

static bool picks_rows(WindowId id) {
    return is_shift(id) || id == WINDOW_FIRST_VALUE || id == WINDOW_LAST_VALUE || id == WINDOW_NTH_VALUE;
}

static Status evaluate_picked(const Context *cx, const WindowItem *item, const WindowSlice *slice, WindowResult *result) {
    Picking picking = {.item = item, .slice = slice};
    TRY_ALLOC(cx, result->positions, sizeof *result->positions * (slice->to - slice->from));
    Status status = evaluate_picking(cx, &picking, result);
    mem_free(picking.numbers);
    mem_free(picking.valid);
    mem_free(picking.rows.before);
    mem_free(picking.rows.positions);
    window_frames_free(&picking.frames);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- evaluation */

/* The rows before the slice are in what was carried; all rows are where the frame is the partition. */
static void begin_with_slice(const WindowItem *item, const WindowSlice *slice, WindowFrames *frames) {
    bool is_partition = window_frame_is_partition(&item->frame);
    for (uint32_t i = 0; i < slice->to - slice->from; i++) {
        frames->starts[i] = slice->from;
        frames->ends[i] = is_partition ? slice->from : frames->ends[i];
    }
}

static Status evaluate_aggregate(const Context *cx, const WindowItem *item, const WindowSlice *slice, WindowResult *result) {
    WindowFrames frames;
    Status status = window_frames_init(cx, item, slice, &frames);
    if (status == OK && slice->carry != NULL) {
        begin_with_slice(item, slice, &frames);
    }
    status = status != OK ? status : window_aggregate(cx, item, slice, &frames, result);
    window_frames_free(&frames);
    return status;
}

Status window_evaluate(const Context *cx, const WindowItem *item, const WindowSlice *slice, WindowResult *result) {
    uint32_t count = slice->to - slice->from;
    arena_init(&result->text);
    TRY_ALLOC(cx, result->validity, BITS_WORDS(count) * 8 + 8);
    bits_fill(result->validity, count);
    if (item->id == WINDOW_AGGREGATE) {
        return evaluate_aggregate(cx, item, slice, result);
    }
    if (picks_rows(item->id)) {
        return evaluate_picked(cx, item, slice, result);
    }
    TRY_ALLOC(cx, result->data, (size_t)type_bytes(item->type) * count);
    return evaluate_rank(cx, item, slice, result);
}
