/* Top-N: a sort of which only the first `limit` rows are wanted. A task keeps at most a few times that many: when its buffer is
 * full it is sorted, cut, and the last key kept becomes the threshold that later rows must beat. */
#include "exec/sort.h"

#define BUFFER_ROWS_MIN 1024
#define BUFFER_TIMES 4

/* Rows of the batch that the threshold does not rule out. */
static uint32_t list_passing(const SortLocal *local, uint32_t words, uint32_t rows, uint16_t *passing) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows; i++) {
        const uint64_t *row = local->words + (size_t)i * words;
        uint32_t w = 0;
        while (w + 1 < words && row[w] == local->threshold[w]) {
            w++;
        }
        passing[count] = (uint16_t)i;
        count += row[w] <= local->threshold[w];
    }
    return count;
}

/* The rows whose first key alone may do: most batches have none, and are then done with. */
static Status keep_near(const Context *cx, const SortShared *shared, SortLocal *local, const Batch **in) {
    uint16_t near[BATCH_ROWS_MAX];
    uint32_t count = 0, rows = (*in)->rows;
    uint64_t *heads = local->words;
    TRY(sort_encode_heads(cx, &shared->encoding, &local->encoder, *in, heads));
    for (uint32_t i = 0; i < rows; i++) {
        near[count] = (uint16_t)i;
        count += heads[i] <= local->threshold[0];
    }
    if (count == rows) {
        return OK;
    }
    for (uint32_t c = 0; c < (*in)->column_count && count > 0; c++) {
        TRY(vector_gather(cx, &(*in)->columns[c], near, count, &local->near.columns[c]));
    }
    local->near.rows = count;
    *in = &local->near;
    return OK;
}

/* Narrows the batch and its words to the rows listed. */
static Status keep_passing(const Context *cx, SortLocal *local, uint32_t words, const Batch *in, const uint16_t *passing,
                           uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        memmove(local->words + (size_t)i * words, local->words + (size_t)passing[i] * words, sizeof *local->words * words);
    }
    local->passing.rows = count;
    for (uint32_t c = 0; c < in->column_count; c++) {
        TRY(vector_gather(cx, &in->columns[c], passing, count, &local->passing.columns[c]));
    }
    return OK;
}

/* The first key of the worst row that is still wanted, for the scan. */
static void publish_bound(Task *task, const PhysicalNode *op, const SortRun *run, uint32_t row) {
    const SortSlot *key = &op->sort.keys[0];
    const ColumnFormat *format = &run->rows.format->columns[key->slot];
    const KeptColumn *column = &run->rows.chunks[row >> ROW_CHUNK_BITS]->columns[key->slot];
    uint32_t at = row & (ROW_CHUNK_ROWS - 1);
    if (column->validity == NULL || bit_get(column->validity, at)) {
        int64_t value = column_format_value(format, column->data, at).i64;
        query_tighten_bound(task, op->sort.bound_id, key->is_descending ? ~value : value);
    }
}

/* Cuts the buffer to the first `limit` rows. */
static Status cut(Task *task, const SortShared *shared, SortLocal *local, const PhysicalNode *op) {
    const Context *cx = &task->cx;
    const SortEncoding *encoding = &shared->encoding;
    SortRun *run = &local->run;
    TRY(sort_run_sort(cx, run, encoding, op->sort.limit));
    if (run->item_count > 0) {
        const SortItem *worst = &run->items[run->item_count - 1];
        memcpy(local->threshold, run->words + (size_t)worst->index * encoding->words, sizeof *run->words * encoding->words);
        local->has_threshold = true;
        if (op->sort.publishes_bound && run->item_count == (uint64_t)op->sort.limit) {
            publish_bound(task, op, run, worst->row);
        }
    }
    return sort_run_compact(cx, run, encoding, op->children[0]);
}

static Status topn_consume(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, Flow *flow) {
    const SortShared *shared = shared_;
    SortLocal *local = local_;
    const Context *cx = &task->cx;
    const SortEncoding *encoding = &shared->encoding;
    if (op->sort.limit == 0) {
        *flow = DONE;
        return OK;
    }
    *flow = NEED_INPUT;
    if (local->has_threshold && encoding->field_count > 0) {
        TRY(keep_near(cx, shared, local, &in));
        if (in->rows == 0) {
            return OK;
        }
    }
    TRY(sort_encode(cx, encoding, &local->encoder, in, local->words));
    if (local->has_threshold) {
        uint16_t passing[BATCH_ROWS_MAX];
        uint32_t count = list_passing(local, encoding->words, in->rows, passing);
        if (count == 0) {
            return OK;
        }
        if (count < in->rows) {
            TRY(keep_passing(cx, local, encoding->words, in, passing, count));
            in = &local->passing;
        }
    }
    TRY(sort_run_append(cx, &local->run, encoding, in, local->words));
    uint64_t most = (uint64_t)op->sort.limit * BUFFER_TIMES;
    return local->run.rows.rows < (most < BUFFER_ROWS_MIN ? BUFFER_ROWS_MIN : most) ? OK : cut(task, shared, local, op);
}

static const SinkClass topn_sink = {.name = "Sort",
                                    .shared_size = sizeof(SortShared),
                                    .local_size = sizeof(SortLocal),
                                    .open = sort_open,
                                    .open_local = sort_open_local,
                                    .consume = topn_consume,
                                    .merge = sort_merge,
                                    .finish = sort_finish,
                                    .finish_part = sort_finish_part,
                                    .finish_end = sort_finish_end,
                                    .close_local = sort_close_local,
                                    .close = sort_close};

const OperatorClass topn_operator = {.source = &sorted_source, .sink = &topn_sink};
