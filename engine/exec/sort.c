/* Sort: each task keeps its rows with normalised keys and sorts them when its input ends; parts of the merged order are found
 * by pivots and merged in parallel; the source gathers the payload in order. Where memory_limit leaves no room, sorted runs go
 * to disk, and the source merges them (sort_spill.c). */
#include "exec/sort.h"
#include "exec/sort_spill.h"

#define PART_ROWS ((uint64_t)1 << 16)
#define PARTS_MAX 64

Status sort_open(Task *task, const PhysicalNode *op, void *shared_) {
    SortShared *shared = shared_;
    const PhysicalNode *child = op->children[0];
    pthread_mutex_init(&shared->lock, NULL);
    shared->is_open = true;
    TRY(row_format_init(&task->cx, &shared->format, child->columns, child->column_count, false));
    return sort_encoding_init(&task->cx, &shared->encoding, child->columns, op->sort.keys, op->sort.key_count);
}

Status sort_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    const SortShared *shared = shared_;
    SortLocal *local = local_;
    sort_run_init(&local->run, &shared->format);
    TRY(sort_encoder_init(&task->cx, &local->encoder));
    TRY_ALLOC(&task->cx, local->words, sizeof *local->words * BATCH_ROWS_MAX * shared->encoding.words);
    TRY_ALLOC(&task->cx, local->threshold, sizeof *local->threshold * shared->encoding.words);
    TRY(batch_init_like(&task->cx, op->children[0], &local->near));
    return batch_init_like(&task->cx, op->children[0], &local->passing);
}

Status sort_consume(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, Flow *flow) {
    SortShared *shared = shared_;
    SortLocal *local = local_;
    *flow = NEED_INPUT;
    TRY(sort_encode(&task->cx, &shared->encoding, &local->encoder, in, local->words));
    TRY(sort_run_append(&task->cx, &local->run, &shared->encoding, in, local->words));
    if (sort_has_room(task, shared, &local->run)) {
        return OK;
    }
    local->has_spilled = true;
    return sort_spill_run(task, op->children[0], shared, &local->run, op->sort.limit);
}

static Status take_run(const Context *cx, SortShared *shared, SortRun *run) {
    SortRun *grown = mem_resize(cx, shared->runs, sizeof *grown * (shared->run_count + 1));
    if (grown == NULL) {
        return OUT_OF_MEMORY;
    }
    shared->runs = grown;
    uint32_t first_chunk;
    TRY(row_table_take(cx, &shared->table, &run->rows, &first_chunk));
    run->first_row = first_chunk << ROW_CHUNK_BITS;
    shared->runs[shared->run_count++] = *run;
    memset(run, 0, sizeof *run);
    return OK;
}

Status sort_merge(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    SortShared *shared = shared_;
    SortLocal *local = local_;
    if (local->has_spilled) {
        return local->run.rows.rows == 0 ? OK : sort_spill_run(task, op->children[0], shared, &local->run, op->sort.limit);
    }
    TRY(sort_run_sort(&task->cx, &local->run, &shared->encoding, op->sort.limit));
    if (shared->encoding.words == 1) { /* the items have them */
        mem_free(local->run.words);
        local->run.words = NULL;
    }
    pthread_mutex_lock(&shared->lock);
    Status status = take_run(&task->cx, shared, &local->run);
    pthread_mutex_unlock(&shared->lock);
    return status;
}

Status sort_finish(Task *task, const PhysicalNode *op, void *shared_, uint32_t *parts) {
    (void)op;
    SortShared *shared = shared_;
    TRY(row_table_open(&task->cx, &shared->table));
    shared->merge = (SortMerge){
        .encoding = &shared->encoding, .chunks = shared->table.chunks, .run_count = shared->run_count, .runs = shared->runs};
    uint64_t wanted = shared->table.rows / PART_ROWS;
    *parts = wanted == 0 ? 1 : wanted > PARTS_MAX ? PARTS_MAX : (uint32_t)wanted;
    return sort_merge_prepare(&task->cx, &shared->merge, *parts);
}

Status sort_finish_part(Task *task, const PhysicalNode *op, void *shared_, uint32_t part) {
    (void)op;
    return sort_merge_part(&task->cx, &((SortShared *)shared_)->merge, part);
}

/* Only the order and the payload are needed from here on. */
Status sort_finish_end(Task *task, const PhysicalNode *op, void *shared_) {
    (void)task;
    SortShared *shared = shared_;
    for (uint32_t c = 0; c < shared->format.column_count; c++) {
        shared->bytes += shared->table.rows * shared->format.columns[c].width;
    }
    shared->bytes += shared->table.rows * (sizeof(SortItem) + 8 * shared->encoding.words);
    for (uint32_t r = 0; r < shared->run_count; r++) {
        sort_run_free(&shared->runs[r]);
    }
    shared->run_count = 0;
    uint64_t rows = shared->merge.rows;
    for (uint32_t r = 0; r < shared->spilled_count; r++) {
        rows += shared->spilled[r].part.rows;
    }
    int64_t limit = op->sort.limit;
    shared->rows_out = limit >= 0 && (uint64_t)limit < rows ? (uint64_t)limit : rows;
    return OK;
}

void sort_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    SortLocal *local = local_;
    sort_run_free(&local->run);
    sort_encoder_free(&local->encoder);
    mem_free(local->words);
    mem_free(local->threshold);
    batch_free(&local->near);
    batch_free(&local->passing);
}

void sort_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op;
    SortShared *shared = shared_;
    if (profile != NULL) {
        profile->memory_bytes += shared->bytes;
    }
    uint64_t spilled_bytes = sort_spill_free(shared);
    if (profile != NULL) {
        profile->spilled_bytes += spilled_bytes;
    }
    for (uint32_t r = 0; r < shared->run_count; r++) {
        sort_run_free(&shared->runs[r]);
    }
    mem_free(shared->runs);
    sort_merge_free(&shared->merge);
    row_table_free(&shared->table);
    sort_encoding_free(&shared->encoding);
    row_format_free(&shared->format);
    if (shared->is_open) {
        pthread_mutex_destroy(&shared->lock);
    }
}

/* ---------------------------------------------------------------------------------------------------------------- source */

typedef struct SortedLocal {
    Batch out;
    uint64_t next;
    RunMerge *runs; /* owned; NULL: all rows are in memory */
} SortedLocal;

static Status sorted_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    const SortShared *shared = shared_;
    SortedLocal *local = local_;
    TRY(batch_init_like(&task->cx, op, &local->out));
    return shared->spilled_count > 0 ? run_merge_open(task, op->children[0], shared, NULL, &local->runs) : OK;
}

static Status gather_in_order(Task *task, const PhysicalNode *op, const SortShared *shared, SortedLocal *local,
                              uint32_t count) {
    const uint32_t *rows = shared->merge.order + local->next;
    local->out.rows = count;
    for (uint32_t c = 0; c < op->column_count; c++) {
        TRY(row_table_gather(&task->cx, &shared->table, c, rows, count, false, &local->out.columns[c]));
    }
    return OK;
}

static Status sorted_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    const SortShared *shared = shared_;
    SortedLocal *local = local_;
    if (local->next >= shared->rows_out) {
        *flow = DONE;
        return OK;
    }
    uint32_t most = source_batch_rows(task, shared->rows_out - local->next);
    TRY(local->runs != NULL ? run_merge_next(task, shared, local->runs, most, NULL, &local->out)
                            : gather_in_order(task, op, shared, local, most));
    local->next += local->out.rows;
    *out = &local->out;
    *flow = MORE_OUTPUT;
    return OK;
}

static void sorted_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    SortedLocal *local = local_;
    run_merge_close(local->runs);
    batch_free(&local->out);
}

const SourceClass sorted_source = {.name = "Sort",
                                   .local_size = sizeof(SortedLocal),
                                   .open_local = sorted_open_local,
                                   .next = sorted_next,
                                   .close_local = sorted_close_local};

static const SinkClass sort_sink = {.name = "Sort",
                                    .shared_size = sizeof(SortShared),
                                    .local_size = sizeof(SortLocal),
                                    .open = sort_open,
                                    .open_local = sort_open_local,
                                    .consume = sort_consume,
                                    .merge = sort_merge,
                                    .finish = sort_finish,
                                    .finish_part = sort_finish_part,
                                    .finish_end = sort_finish_end,
                                    .close_local = sort_close_local,
                                    .close = sort_close};

const OperatorClass sort_operator = {.source = &sorted_source, .sink = &sort_sink};
