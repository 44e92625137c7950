/* Window functions over a sorted part: ranking functions give values, lag, lead and the value functions give positions of rows
 * whose values are gathered when the part is put out. */
#include "exec/window_part.h"

void window_result_free(WindowResult *result) {
    mem_free(result->positions);
    mem_free(result->data);
    mem_free(result->validity);
    arena_free(&result->text);
    *result = (WindowResult){0};
}

static void store_integer(const WindowItem *item, WindowResult *result, uint32_t at, int64_t value) {
    Value boxed = value_i64(item->type, value);
    value_store(&boxed, result->data, at);
}

/* An integer argument of every row of the part; `valid` gets a bit per row. */
static Status load_argument(const Context *cx, const RowTable *table, uint32_t slot, const WindowPart *part, int64_t **values,
                            uint64_t **valid) {
    TRY_ALLOC(cx, *values, sizeof **values * part->count);
    TRY_ALLOC_ZEROED(cx, *valid, BITS_WORDS(part->count) * 8);
    Vector vector, scratch;
    vector_init(&vector, type_make(TYPE_BIGINT));
    vector_init(&scratch, type_make(TYPE_BIGINT));
    Status status = OK;
    for (uint32_t first = 0; first < part->count; first += BATCH_ROWS_MAX) {
        uint32_t left = part->count - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
        TRY_GOTO(row_table_gather(cx, table, slot, part->rows + first, count, false, &vector));
        TRY_GOTO(vector_load_i64(cx, &vector, count, &scratch, *values + first));
        for (uint32_t i = 0; i < count; i++) {
            bit_put(*valid, first + i, vector_is_valid(&vector, i));
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

static void rank_partition(const WindowItem *item, const WindowPart *part, uint32_t first, uint32_t end, WindowResult *result) {
    uint32_t dense = 0, count = end - first;
    double *fractions = (double *)(void *)result->data;
    for (uint32_t peers = first; peers < end;) {
        uint32_t next = window_next_start(part->peer_starts, peers + 1, end);
        dense++;
        for (uint32_t at = peers; at < next; at++) {
            switch (item->id) {
            case WINDOW_ROW_NUMBER: store_integer(item, result, at, at - first + 1); break;
            case WINDOW_RANK: store_integer(item, result, at, peers - first + 1); break;
            case WINDOW_DENSE_RANK: store_integer(item, result, at, dense); break;
            case WINDOW_PERCENT_RANK: fractions[at] = count == 1 ? 0 : (double)(peers - first) / (count - 1); break;
            default: fractions[at] = (double)(next - first) / count; break; /* CUME_DIST */
            }
        }
        peers = next;
    }
}

/* The bucket count is the partition's first row's. */
static Status ntile_partition(const Context *cx, const WindowItem *item, uint32_t first, uint32_t end, const int64_t *buckets,
                              const uint64_t *valid, WindowResult *result) {
    if (!bit_get(valid, first)) {
        for (uint32_t at = first; at < end; at++) {
            bit_clear(result->validity, at);
            store_integer(item, result, at, 0);
        }
        return OK;
    }
    if (buckets[first] <= 0) {
        return fail(cx, INVALID_NTILE_ARGUMENT, "argument of ntile must be greater than zero");
    }
    for (uint32_t at = first; at < end; at++) {
        store_integer(item, result, at, bucket_of(at - first, end - first, (uint64_t)buckets[first]));
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------- picking rows */

/* lag and lead: the row `offset` away, if the partition has it. */
static void shift_partition(const WindowItem *item, uint32_t first, uint32_t end, const int64_t *offsets, const uint64_t *valid,
                            WindowResult *result) {
    for (uint32_t at = first; at < end; at++) {
        int64_t offset = offsets == NULL ? 1 : offsets[at];
        if (valid != NULL && !bit_get(valid, at)) {
            result->positions[at] = POSITION_NONE;
            bit_clear(result->validity, at); /* no default either */
            continue;
        }
        bool goes_back = (item->id == WINDOW_LAG) == (offset >= 0);
        uint64_t distance = offset >= 0 ? (uint64_t)offset : 0 - (uint64_t)offset;
        bool is_inside = distance <= (goes_back ? at - first : end - 1 - at);
        result->positions[at] = !is_inside ? POSITION_NONE : goes_back ? at - (uint32_t)distance : at + (uint32_t)distance;
    }
}

/* first_value, last_value, nth_value of the frames. */
static Status pick_partition(const Context *cx, const WindowItem *item, uint32_t first, uint32_t end, const uint32_t *starts,
                             const uint32_t *ends, const int64_t *numbers, const uint64_t *valid, WindowResult *result) {
    for (uint32_t at = first; at < end; at++) {
        uint32_t start = starts[at - first], stop = ends[at - first], picked = POSITION_NONE;
        if (item->id == WINDOW_NTH_VALUE && bit_get(valid, at)) {
            if (numbers[at] <= 0) {
                return fail(cx, INVALID_NTH_VALUE_ARGUMENT, "argument of nth_value must be greater than zero");
            }
            picked = start < stop && (uint64_t)numbers[at] <= stop - start ? start + (uint32_t)numbers[at] - 1 : POSITION_NONE;
        } else if (item->id != WINDOW_NTH_VALUE && start < stop) {
            picked = item->id == WINDOW_FIRST_VALUE ? start : stop - 1;
        }
        result->positions[at] = picked;
    }
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------- evaluation */

typedef struct Evaluation {
    int64_t *numbers; /* of the integer argument, if the function has one; owned */
    uint64_t *valid;
    uint32_t *starts, *ends; /* frames; owned */
} Evaluation;

static Status evaluate_partition(const Context *cx, const WindowItem *item, const WindowPart *part, uint32_t first,
                                 uint32_t end, Evaluation *evaluation, WindowResult *result) {
    switch (item->id) {
    case WINDOW_NTILE: return ntile_partition(cx, item, first, end, evaluation->numbers, evaluation->valid, result);
    case WINDOW_LAG:
    case WINDOW_LEAD: shift_partition(item, first, end, evaluation->numbers, evaluation->valid, result); return OK;
    case WINDOW_FIRST_VALUE:
    case WINDOW_LAST_VALUE:
    case WINDOW_NTH_VALUE:
        window_frames(part, &item->frame, first, end, evaluation->starts, evaluation->ends);
        return pick_partition(cx, item, first, end, evaluation->starts, evaluation->ends, evaluation->numbers,
                              evaluation->valid, result);
    default: rank_partition(item, part, first, end, result); return OK;
    }
}

static bool picks_rows(WindowId id) {
    return id == WINDOW_LAG || id == WINDOW_LEAD || id == WINDOW_FIRST_VALUE || id == WINDOW_LAST_VALUE ||
           id == WINDOW_NTH_VALUE;
}

/* The argument that is a number: ntile's first, the second of lag, lead and nth_value. UINT32_MAX: none. */
static uint32_t number_argument(const WindowItem *item) {
    uint32_t at = item->id == WINDOW_NTILE ? 0 : picks_rows(item->id) ? 1 : UINT32_MAX;
    return at < item->arg_count ? at : UINT32_MAX;
}

static Status open_evaluation(const Context *cx, const WindowItem *item, const RowTable *table, const WindowPart *part,
                              Evaluation *evaluation) {
    uint32_t argument = number_argument(item);
    if (argument != UINT32_MAX) {
        TRY(load_argument(cx, table, item->args[argument], part, &evaluation->numbers, &evaluation->valid));
    }
    if (picks_rows(item->id)) {
        TRY_ALLOC(cx, evaluation->starts, sizeof *evaluation->starts * part->count);
        TRY_ALLOC(cx, evaluation->ends, sizeof *evaluation->ends * part->count);
    }
    return OK;
}

static Status evaluate_function(const Context *cx, const WindowItem *item, const RowTable *table, const WindowPart *part,
                                WindowResult *result) {
    Evaluation evaluation = {0};
    Status status = OK;
    TRY_GOTO(open_evaluation(cx, item, table, part, &evaluation));
    for (uint32_t first = 0; first < part->count;) {
        uint32_t end = window_next_start(part->partition_starts, first + 1, part->count);
        TRY_GOTO(check_cancel(cx));
        TRY_GOTO(evaluate_partition(cx, item, part, first, end, &evaluation, result));
        first = end;
    }
done:
    mem_free(evaluation.numbers);
    mem_free(evaluation.valid);
    mem_free(evaluation.starts);
    mem_free(evaluation.ends);
    return status;
}

Status window_evaluate(const Context *cx, const WindowItem *item, const RowTable *table, const WindowPart *part,
                       WindowResult *result) {
    arena_init(&result->text);
    TRY_ALLOC(cx, result->validity, BITS_WORDS(part->count) * 8 + 8);
    bits_fill(result->validity, part->count);
    if (picks_rows(item->id)) {
        TRY_ALLOC(cx, result->positions, sizeof *result->positions * part->count);
    } else {
        TRY_ALLOC(cx, result->data, (size_t)type_bytes(item->type) * part->count);
    }
    return item->id == WINDOW_AGGREGATE ? window_aggregate(cx, item, table, part, result)
                                        : evaluate_function(cx, item, table, part, result);
}
