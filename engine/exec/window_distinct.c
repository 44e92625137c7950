/* Which rows of a part an aggregate over a window takes in: FILTER, and DISTINCT through the last equal row before each row,
 * found with a hash table per part. */
#include "core/hash.h"
#include "exec/window_part.h"

/* ---------------------------------------------------------------------------------------------------------------- FILTER */

static Status filter_rows(const Context *cx, uint32_t slot, const WindowSlice *slice, uint32_t from, uint32_t to,
                          uint64_t *passing) {
    Vector vector, flat;
    Status status = OK;
    vector_init(&vector, type_make(TYPE_BOOLEAN));
    vector_init(&flat, type_make(TYPE_BOOLEAN));
    for (uint32_t first = from; first < to; first += BATCH_ROWS_MAX) {
        uint32_t count = to - first < BATCH_ROWS_MAX ? to - first : BATCH_ROWS_MAX;
        TRY_GOTO(row_table_gather(cx, slice->table, slot, slice->part->rows + first, count, false, &vector));
        TRY_GOTO(vector_flatten(cx, &vector, count, &flat));
        for (uint32_t i = 0; i < count; i++) {
            bit_put(passing, first + i, ((const uint8_t *)flat.data)[i] != 0 && vector_is_valid(&flat, i));
        }
    }
done:
    vector_free(&vector);
    vector_free(&flat);
    return status;
}

/* -------------------------------------------------------------------------------------------------------------- DISTINCT */

typedef struct EqualRows {
    const WindowItem *item;
    const WindowSlice *slice;
    uint64_t *hashes;   /* of the rows' arguments; owned */
    uint64_t *has_null; /* owned */
    uint32_t *table;    /* the last row of each value; owned */
    uint64_t mask;
} EqualRows;

static Status hash_arguments(const Context *cx, EqualRows *equal) {
    const WindowSlice *slice = equal->slice;
    Vector vector;
    Status status = OK;
    vector_init(&vector, type_make(TYPE_BIGINT));
    for (uint32_t first = 0; first < slice->part->count; first += BATCH_ROWS_MAX) {
        uint32_t left = slice->part->count - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        TRY_GOTO(check_cancel(cx));
        for (uint32_t a = 0; a < equal->item->arg_count; a++) {
            TRY_GOTO(
                row_table_gather(cx, slice->table, equal->item->args[a], slice->part->rows + first, count, false, &vector));
            TRY_GOTO(hash_vector(cx, &vector, count, a > 0, equal->hashes + first));
            for (uint32_t i = 0; i < count; i++) {
                if (a < equal->item->aggregate->value_count && !vector_is_valid(&vector, i)) {
                    bit_set(equal->has_null, first + i);
                }
            }
        }
    }
done:
    vector_free(&vector);
    return status;
}

static bool same_arguments(const EqualRows *equal, uint32_t a, uint32_t b) {
    const WindowSlice *slice = equal->slice;
    for (uint32_t i = 0; i < equal->item->arg_count; i++) {
        Value x = row_table_value(slice->table, equal->item->args[i], slice->part->rows[a]);
        Value y = row_table_value(slice->table, equal->item->args[i], slice->part->rows[b]);
        if (x.is_null != y.is_null || (!x.is_null && value_compare(&x, &y) != 0)) {
            return false;
        }
    }
    return true;
}

/* The last row equal to `at`; `at` takes its place. Rows of other partitions, which the table is not emptied of, count as free
 * places: what was put in after them is of this partition and was put there because they were free. */
static uint32_t replace_last(EqualRows *equal, uint32_t first, uint32_t at) {
    uint64_t slot = equal->hashes[at] & equal->mask;
    for (;; slot = (slot + 1) & equal->mask) {
        uint32_t there = equal->table[slot];
        if (there == POSITION_NONE || there < first) {
            equal->table[slot] = at;
            return POSITION_NONE;
        }
        if (equal->hashes[there] == equal->hashes[at] && same_arguments(equal, there, at)) {
            equal->table[slot] = at;
            return there;
        }
    }
}

static Status find_equal(const Context *cx, EqualRows *equal, const uint64_t *passing, uint32_t *previous) {
    const WindowPart *part = equal->slice->part;
    const uint64_t *starts = part->starts[equal->item->partition_keys];
    uint64_t slots = 64;
    while (slots < (uint64_t)part->count * 2) {
        slots *= 2;
    }
    equal->mask = slots - 1;
    TRY_ALLOC(cx, equal->hashes, sizeof *equal->hashes * part->count);
    TRY_ALLOC_ZEROED(cx, equal->has_null, BITS_WORDS(part->count) * 8);
    TRY_ALLOC(cx, equal->table, sizeof *equal->table * slots);
    memset(equal->table, 0xff, sizeof *equal->table * slots);
    TRY(hash_arguments(cx, equal));
    for (uint32_t at = 0, first = 0; at < part->count; at++) {
        first = bit_get(starts, at) ? at : first;
        bool counts = (passing == NULL || bit_get(passing, at)) && !bit_get(equal->has_null, at);
        previous[at] = counts ? replace_last(equal, first, at) : POSITION_NONE;
    }
    return check_cancel(cx);
}

Status window_previous_equal(const Context *cx, const WindowItem *item, const WindowSlice *slice, const uint64_t *passing,
                             uint32_t *previous) {
    EqualRows equal = {.item = item, .slice = slice};
    Status status = find_equal(cx, &equal, passing, previous);
    mem_free(equal.hashes);
    mem_free(equal.has_null);
    mem_free(equal.table);
    return status;
}

/* Frames that begin with the partition have a value since its first row. */
static Status keep_first_rows(const Context *cx, const WindowItem *item, const WindowSlice *slice, uint64_t *passing) {
    uint32_t *previous;
    TRY_ALLOC(cx, previous, sizeof *previous * slice->part->count);
    Status status = window_previous_equal(cx, item, slice, passing, previous);
    for (uint32_t at = 0; status == OK && at < slice->part->count; at++) {
        if (previous[at] != POSITION_NONE) {
            bit_clear(passing, at);
        }
    }
    mem_free(previous);
    return status;
}

Status window_passing_rows(const Context *cx, const WindowItem *item, const WindowSlice *slice, uint32_t from, uint32_t to,
                           uint64_t **passing) {
    bool keeps_first = item->is_distinct && window_frame_is_running(&item->frame);
    *passing = NULL;
    if (!item->has_filter && !keeps_first) {
        return OK;
    }
    TRY_ALLOC(cx, *passing, BITS_WORDS(slice->part->count) * 8 + 8);
    bits_fill(*passing, slice->part->count);
    if (item->is_distinct) {
        from = 0;
        to = slice->part->count;
    }
    Status status = item->has_filter ? filter_rows(cx, item->filter, slice, from, to, *passing) : OK;
    status = status == OK && keeps_first ? keep_first_rows(cx, item, slice, *passing) : status;
    if (status != OK) {
        mem_free(*passing);
        *passing = NULL;
    }
    return status;
}
