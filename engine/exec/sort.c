/* Sort: each task keeps its rows with normalised keys and sorts them when its input ends; parts of the merged order are found
 * by pivots and merged in parallel; the source gathers the payload in order. */
#include "exec/sort.h"

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
    return batch_init_like(&task->cx, op->children[0], &local->passing);
}

static Status sort_consume(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, Flow *flow) {
    (void)op;
    const SortShared *shared = shared_;
    SortLocal *local = local_;
    *flow = NEED_INPUT;
    TRY(sort_encode(&task->cx, &shared->encoding, &local->encoder, in, local->words));
    return sort_run_append(&task->cx, &local->run, &shared->encoding, in, local->words);
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
    int64_t limit = op->sort.limit;
    shared->rows_out = limit >= 0 && (uint64_t)limit < shared->merge.rows ? (uint64_t)limit : shared->merge.rows;
    return OK;
}

void sort_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    SortLocal *local = local_;
    sort_run_free(&local->run);
    sort_encoder_free(&local->encoder);
    mem_free(local->words);
    mem_free(local->threshold);
    batch_free(&local->passing);
}

void sort_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op;
    SortShared *shared = shared_;
    if (profile != NULL) {
        profile->memory_bytes += shared->bytes;
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
} SortedLocal;

static Status sorted_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    (void)shared;
    return batch_init_like(&task->cx, op, &((SortedLocal *)local_)->out);
}

static Status sorted_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    const SortShared *shared = shared_;
    SortedLocal *local = local_;
    if (local->next >= shared->rows_out) {
        *flow = DONE;
        return OK;
    }
    local->out.rows = source_batch_rows(task, shared->rows_out - local->next);
    const uint32_t *rows = shared->merge.order + local->next;
    for (uint32_t c = 0; c < op->column_count; c++) {
        TRY(row_table_gather(&task->cx, &shared->table, c, rows, local->out.rows, false, &local->out.columns[c]));
    }
    local->next += local->out.rows;
    *out = &local->out;
    *flow = MORE_OUTPUT;
    return OK;
}

static void sorted_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    batch_free(&((SortedLocal *)local_)->out);
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
