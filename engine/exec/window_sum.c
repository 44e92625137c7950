/* COUNT, and SUM and AVG of exact numbers, over any frame: the difference of two running sums over the part. Sums of DOUBLE
 * would lose digits this way, and sums that might not fit 128 bits would overflow: these take states. */
#include "exec/window_part.h"

typedef struct SumWindow {
    const WindowItem *item;
    const WindowSlice *slice;
    const WindowFrames *frames;
    uint32_t low, high; /* rows that the frames reach */
    int64_t *values;    /* of these rows, 0 where they do not count; owned; one of the two */
    __int128 *wide_values;
    uint64_t *counting;      /* which rows count; owned */
    uint32_t *running_count; /* [i]: how many of the first i rows count; NULL: all; owned */
    int64_t *sums;           /* running; owned; one of the two */
    __int128 *wide_sums;
} SumWindow;

#define NAME(f) narrow_##f
#define T int64_t
#define S int64_t
#define FRAMES
#include "exec/window_sum.inc.h"
#define NAME(f) wide_##f
#define T int64_t
#define S __int128
#define FRAMES
#include "exec/window_sum.inc.h"
#define NAME(f) widest_##f
#define T __int128
#define S __int128
#include "exec/window_sum.inc.h"
#define NAME(f) count_##f
#define T uint32_t
#define S uint32_t
#include "exec/window_sum.inc.h"

/* -------------------------------------------------------------------------------------------------------------- loading */

static Status load_wide(const Context *cx, SumWindow *window) {
    Vector vector, flat;
    Status status = OK;
    vector_init(&vector, type_make(TYPE_BIGINT));
    vector_init(&flat, type_make(TYPE_BIGINT));
    for (uint32_t first = window->low; first < window->high; first += BATCH_ROWS_MAX) {
        uint32_t count = window->high - first < BATCH_ROWS_MAX ? window->high - first : BATCH_ROWS_MAX;
        TRY_GOTO(row_table_gather(cx, window->slice->table, window->item->args[0], window->slice->part->rows + first, count,
                                  false, &vector));
        TRY_GOTO(vector_flatten(cx, &vector, count, &flat));
        memcpy(window->wide_values + (first - window->low), flat.data, sizeof *window->wide_values * count);
        for (uint32_t i = 0; i < count; i++) {
            bit_put(window->counting, first - window->low + i, vector_is_valid(&flat, i));
        }
    }
done:
    vector_free(&vector);
    vector_free(&flat);
    return status;
}

static bool argument_is_wide(const SumWindow *window) {
    return type_class(window->item->aggregate->argument) == CLASS_I128;
}

static Status load_argument(const Context *cx, SumWindow *window) {
    uint32_t count = window->high - window->low;
    bits_fill(window->counting, count);
    if (window->item->arg_count == 0) {
        return OK;
    }
    if (window->item->aggregate->id == AGGREGATE_COUNT) {
        for (uint32_t i = 0; i < count; i++) {
            uint32_t row = window->slice->part->rows[window->low + i];
            bit_put(window->counting, i, row_table_is_valid(window->slice->table, window->item->args[0], row));
        }
        return OK;
    }
    if (argument_is_wide(window)) {
        TRY_ALLOC(cx, window->wide_values, sizeof *window->wide_values * count);
        return load_wide(cx, window);
    }
    TRY_ALLOC(cx, window->values, sizeof *window->values * count);
    return window_load_i64(cx, window->slice, window->item->args[0], window->low, window->high, window->values,
                           window->counting);
}

/* Only rows that pass count; the values of others become 0. */
static Status drop_others(const Context *cx, SumWindow *window, const uint64_t *passing) {
    uint32_t count = window->high - window->low;
    for (uint32_t i = 0; passing != NULL && i < count; i++) {
        bit_put(window->counting, i, bit_get(window->counting, i) && bit_get(passing, window->low + i));
    }
    TRY(check_cancel(cx));
    if (bits_all_set(window->counting, count)) {
        return OK;
    }
    uint32_t *counts;
    TRY_ALLOC(cx, window->running_count, sizeof *window->running_count * (count + 1));
    TRY_ALLOC(cx, counts, sizeof *counts * count);
    for (uint32_t i = 0; i < count; i++) {
        counts[i] = bit_get(window->counting, i);
    }
    count_run(counts, count, window->running_count);
    for (uint32_t i = 0; i < count && window->values != NULL; i++) {
        window->values[i] &= -(int64_t)counts[i];
    }
    for (uint32_t i = 0; i < count && window->wide_values != NULL; i++) {
        window->wide_values[i] = counts[i] ? window->wide_values[i] : 0;
    }
    mem_free(counts);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ sums */

/* Bits of the largest value, its sign aside. */
static uint32_t value_bits(const SumWindow *window) {
    uint32_t count = window->high - window->low;
    uint64_t bits = 0, high = 0;
    for (uint32_t i = 0; i < count && window->values != NULL; i++) {
        bits |= (uint64_t)(window->values[i] ^ window->values[i] >> 63);
    }
    for (uint32_t i = 0; i < count && window->wide_values != NULL; i++) {
        __int128 value = window->wide_values[i] ^ window->wide_values[i] >> 127;
        high |= (uint64_t)(value >> 64);
        bits |= (uint64_t)value;
    }
    return high != 0 ? 128 - (uint32_t)__builtin_clzll(high) : bits != 0 ? 64 - (uint32_t)__builtin_clzll(bits) : 0;
}

static Status run_sums(const Context *cx, SumWindow *window, bool *fits) {
    TRY(check_cancel(cx));
    uint32_t count = window->high - window->low, bits = value_bits(window) + 33; /* up to 2^32 of them, and a sign */
    *fits = bits <= 128;
    TRY(check_cancel(cx));
    if (!*fits || (window->values == NULL && window->wide_values == NULL)) {
        return OK;
    }
    if (window->values != NULL && bits <= 64) {
        TRY_ALLOC(cx, window->sums, sizeof *window->sums * (count + 1));
        narrow_run(window->values, count, window->sums);
        return OK;
    }
    TRY_ALLOC(cx, window->wide_sums, sizeof *window->wide_sums * (count + 1));
    if (window->values != NULL) {
        wide_run(window->values, count, window->wide_sums);
    } else {
        widest_run(window->wide_values, count, window->wide_sums);
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- results */

static void count_frames(const SumWindow *window, uint32_t first, uint32_t count, int64_t *out) {
    const WindowFrames *frames = window->frames;
    const uint32_t *before = window->running_count == NULL ? NULL : window->running_count - window->low;
    bool has_all = frames->exclude == EXCLUDE_NO_OTHERS;
    for (uint32_t i = 0; has_all && before == NULL && i < count; i++) {
        out[i] = frames->ends[first + i] - frames->starts[first + i];
    }
    for (uint32_t i = 0; has_all && before != NULL && i < count; i++) {
        out[i] = before[frames->ends[first + i]] - before[frames->starts[first + i]];
    }
    for (uint32_t i = 0; !has_all && i < count; i++) {
        WindowRange ranges[WINDOW_RANGES_MAX];
        uint32_t parts = window_frame_ranges(frames, window->slice->from, first + i, ranges);
        out[i] = 0;
        for (uint32_t r = 0; r < parts; r++) {
            out[i] += before == NULL ? ranges[r].end - ranges[r].start : before[ranges[r].end] - before[ranges[r].start];
        }
    }
}

static void add_carry(const WindowCarry *carry, uint32_t count, __int128 *sums, int64_t *counts) {
    for (uint32_t i = 0; carry != NULL && i < count; i++) {
        sums[i] += carry->sum;
        counts[i] += carry->count;
    }
}

static Status finish_sums(const Context *cx, const SumWindow *window, Vector *out, WindowResult *result) {
    const WindowItem *item = window->item;
    uint32_t rows = window->slice->to - window->slice->from;
    size_t width = type_bytes(item->type);
    __int128 sums[BATCH_ROWS_MAX];
    int64_t counts[BATCH_ROWS_MAX];
    for (uint32_t first = 0; first < rows; first += BATCH_ROWS_MAX) {
        uint32_t count = rows - first < BATCH_ROWS_MAX ? rows - first : BATCH_ROWS_MAX;
        TRY(check_cancel(cx));
        count_frames(window, first, count, counts);
        if (window->sums != NULL) {
            narrow_of_frames(window->sums, window, first, count, sums);
        } else if (window->wide_sums != NULL) {
            wide_of_frames(window->wide_sums, window, first, count, sums);
        }
        add_carry(window->slice->carry, count, sums, counts);
        TRY(aggregate_finish_sums(cx, item->aggregate, sums, counts, count, out));
        memcpy(result->data + first * width, out->data, count * width);
        for (uint32_t i = 0; out->validity != NULL && i < count; i++) {
            bit_put(result->validity, first + i, bit_get(out->validity, i));
        }
    }
    return OK;
}

static Status evaluate_sum(const Context *cx, SumWindow *window, const uint64_t *passing, WindowResult *result, bool *done) {
    uint32_t count = window->slice->to - window->slice->from;
    TRY_ALLOC(cx, window->counting, BITS_WORDS(window->high - window->low) * 8 + 8);
    TRY(load_argument(cx, window));
    TRY(drop_others(cx, window, passing));
    TRY(run_sums(cx, window, done));
    if (!*done) {
        return OK;
    }
    Vector out;
    vector_init(&out, window->item->type);
    TRY_ALLOC(cx, result->data, (size_t)type_bytes(window->item->type) * count);
    Status status = finish_sums(cx, window, &out, result);
    vector_free(&out);
    return status;
}

static void free_sums(SumWindow *window) {
    mem_free(window->values);
    mem_free(window->wide_values);
    mem_free(window->counting);
    mem_free(window->running_count);
    mem_free(window->sums);
    mem_free(window->wide_sums);
}

Status window_sum(const Context *cx, const WindowItem *item, const WindowSlice *slice, const WindowFrames *frames,
                  const uint64_t *passing, WindowResult *result, bool *done) {
    *done = false;
    if (!aggregate_is_exact_sum(item->aggregate) || (slice->carry != NULL && !window_sums_always(item))) {
        return OK;
    }
    SumWindow window = {.item = item, .slice = slice, .frames = frames};
    window.low = frames->starts[0];
    window.high = frames->ends[slice->to - slice->from - 1];
    Status status = evaluate_sum(cx, &window, passing, result, done);
    free_sums(&window);
    return status;
}

/* -------------------------------------------------------------------------------------------------------------- totals */

bool window_sums_always(const WindowItem *item) {
    return aggregate_is_exact_sum(item->aggregate) && type_class(item->aggregate->argument) != CLASS_I128;
}

static Status add_up(const Context *cx, SumWindow *window, const uint64_t *passing, WindowCarry *total) {
    uint32_t count = window->high - window->low;
    TRY_ALLOC(cx, window->counting, BITS_WORDS(count) * 8 + 8);
    TRY(load_argument(cx, window));
    TRY(drop_others(cx, window, passing));
    total->count = window->running_count == NULL ? count : window->running_count[count];
    for (uint32_t i = 0; i < count && window->values != NULL; i++) {
        total->sum += window->values[i];
    }
    return OK;
}

Status window_sum_total(const Context *cx, const WindowItem *item, const WindowSlice *slice, const uint64_t *passing,
                        WindowCarry *total) {
    SumWindow window = {.item = item, .slice = slice, .low = slice->from, .high = slice->to};
    Status status = add_up(cx, &window, passing, total);
    free_sums(&window);
    return status;
}
