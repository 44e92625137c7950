/* MIN and MAX over frames that only move on, of values that have an order as 64-bit numbers (integers, dates, floats, codes of
 * a dictionary). A queue holds the rows that are, or may become, the least of a frame: each row that enters drops from its end
 * those that are greater, and rows that leave the frame drop from its front. What is least stands in front. The result is
 * that row's value, gathered when the slice is put out. */
#include "exec/window_part.h"

typedef struct Candidates {
    int64_t *keys;      /* of rows from `low` on; least first; owned */
    uint64_t *counting; /* which of these rows count; owned */
    uint32_t *queue;    /* positions; owned */
    uint32_t low, high;
} Candidates;

/* Numbers in the order of the values: codes as they are, since dictionaries are sorted. */
static Status number_values(const Context *cx, const Vector *vector, Vector *flat, uint32_t count, int64_t *out) {
    if (vector->kind == VECTOR_CODES) {
        Vector codes = *vector;
        codes.type = type_make(TYPE_BIGINT);
        codes.dictionary = NULL;
        codes.base = 0;
        return vector_load_i64(cx, &codes, count, flat, out);
    }
    if (class_is_integer(type_class(vector->type))) {
        return vector_load_i64(cx, vector, count, flat, out);
    }
    TRY(vector_flatten(cx, vector, count, flat));
    for (uint32_t i = 0; i < count; i++) {
        out[i] = window_number_of_double(vector->type.id == TYPE_REAL ? ((const float *)flat->data)[i]
                                                                      : ((const double *)flat->data)[i]);
    }
    return OK;
}

static bool has_numbers(const WindowItem *item, const RowTable *table) {
    const ColumnFormat *format = &table->format->columns[item->args[0]];
    return format->kind == VECTOR_CODES || class_is_integer(format->storage_class) || format->storage_class == CLASS_F32 ||
           format->storage_class == CLASS_F64;
}

static Status load_keys(const Context *cx, const WindowItem *item, const WindowSlice *slice, Candidates *candidates) {
    Vector vector, flat;
    Status status = OK;
    int64_t invert = item->aggregate->id == AGGREGATE_MAX ? -1 : 0;
    vector_init(&vector, type_make(TYPE_BIGINT));
    vector_init(&flat, type_make(TYPE_BIGINT));
    for (uint32_t first = candidates->low; first < candidates->high; first += BATCH_ROWS_MAX) {
        uint32_t left = candidates->high - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        int64_t *keys = candidates->keys + (first - candidates->low);
        TRY_GOTO(check_cancel(cx));
        TRY_GOTO(row_table_gather(cx, slice->table, item->args[0], slice->part->rows + first, count, false, &vector));
        TRY_GOTO(number_values(cx, &vector, &flat, count, keys));
        for (uint32_t i = 0; i < count; i++) {
            keys[i] ^= invert;
        }
        for (uint32_t i = 0; vector.validity != NULL && i < count; i++) {
            bit_put(candidates->counting, first - candidates->low + i, vector_is_valid(&vector, i));
        }
    }
done:
    vector_free(&vector);
    vector_free(&flat);
    return status;
}

static void pick_extremes(const Candidates *candidates, const WindowFrames *frames, const uint64_t *passing, uint32_t count,
                          uint32_t *positions) {
    uint32_t front = 0, end = 0, next = candidates->low, *queue = candidates->queue;
    const int64_t *keys = candidates->keys - candidates->low;
    for (uint32_t i = 0; i < count; i++) {
        for (; next < frames->ends[i]; next++) {
            if (!bit_get(candidates->counting, next - candidates->low) || (passing != NULL && !bit_get(passing, next))) {
                continue;
            }
            while (end > front && keys[queue[end - 1]] > keys[next]) {
                end--;
            }
            queue[end++] = next;
        }
        while (front < end && queue[front] < frames->starts[i]) {
            front++;
        }
        positions[i] = front < end ? queue[front] : POSITION_NONE;
    }
}

static Status find_extremes(const Context *cx, const WindowItem *item, const WindowSlice *slice, const WindowFrames *frames,
                            const uint64_t *passing, Candidates *candidates, WindowResult *result) {
    uint32_t count = slice->to - slice->from, reached;
    candidates->low = frames->starts[0];
    candidates->high = frames->ends[count - 1];
    reached = candidates->high - candidates->low;
    TRY_ALLOC(cx, candidates->keys, sizeof *candidates->keys * reached);
    TRY_ALLOC(cx, candidates->queue, sizeof *candidates->queue * reached);
    TRY_ALLOC(cx, candidates->counting, BITS_WORDS(reached) * 8 + 8);
    TRY_ALLOC(cx, result->positions, sizeof *result->positions * count);
    bits_fill(candidates->counting, reached);
    TRY(load_keys(cx, item, slice, candidates));
    pick_extremes(candidates, frames, passing, count, result->positions);
    return check_cancel(cx);
}

Status window_extreme(const Context *cx, const WindowItem *item, const WindowSlice *slice, const WindowFrames *frames,
                      const uint64_t *passing, WindowResult *result, bool *done) {
    bool is_extreme = item->aggregate->id == AGGREGATE_MIN || item->aggregate->id == AGGREGATE_MAX;
    *done = is_extreme && slice->carry == NULL && frames->exclude == EXCLUDE_NO_OTHERS && has_numbers(item, slice->table) &&
            type_equal(slice->table->format->columns[item->args[0]].type, item->type);
    if (!*done) {
        return OK;
    }
    Candidates candidates = {0};
    Status status = find_extremes(cx, item, slice, frames, passing, &candidates, result);
    mem_free(candidates.keys);
    mem_free(candidates.queue);
    mem_free(candidates.counting);
    return status;
}
