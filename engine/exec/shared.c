/* Shared subplans: Materialize keeps the rows of a subplan, per node and as they come; Shared Scan reads them, from several
 * places of the plan and with several tasks each.
 *
 * WorkTable Scan reads the rows that a recursion keeps from round to round in the same way.
 *
 * Rows stay in the chunks that the tasks filled (exec/row_store.h). A task of a scan takes a chunk at a time; with a single
 * task the rows come in the order of the chunks. */
#include "exec/exec.h"
#include "exec/row_store.h"

#include <pthread.h>

typedef struct Materialized {
    pthread_mutex_t lock; /* guards the table while tasks merge */
    bool is_open;
    RowFormat format;
    RowTable table;
} Materialized;

/* ------------------------------------------------------------------------------------------------------------------ sink */

static Status materialize_open(Task *task, const PhysicalNode *op, void *shared_) {
    Materialized *shared = shared_;
    pthread_mutex_init(&shared->lock, NULL);
    shared->is_open = true;
    return row_format_init(&task->cx, &shared->format, op->columns, op->column_count, false);
}

static Status materialize_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local) {
    (void)task, (void)op;
    const Materialized *shared = shared_;
    row_buffer_init(local, &shared->format);
    return OK;
}

static Status materialize_consume(Task *task, const PhysicalNode *op, void *shared, void *local, const Batch *in, Flow *flow) {
    (void)op, (void)shared;
    *flow = NEED_INPUT;
    return row_buffer_append(&task->cx, local, in, NULL);
}

static Status materialize_merge(Task *task, const PhysicalNode *op, void *shared_, void *local) {
    (void)op;
    Materialized *shared = shared_;
    uint32_t first_chunk;
    pthread_mutex_lock(&shared->lock);
    Status status = row_table_take(&task->cx, &shared->table, local, &first_chunk);
    pthread_mutex_unlock(&shared->lock);
    return status;
}

static Status materialize_finish(Task *task, const PhysicalNode *op, void *shared_, uint32_t *parts) {
    (void)op;
    *parts = 0;
    return row_table_open(&task->cx, &((Materialized *)shared_)->table);
}

static void materialize_close_local(const PhysicalNode *op, void *shared, void *local, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    row_buffer_free(local);
}

static void materialize_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op;
    Materialized *shared = shared_;
    if (profile != NULL) {
        profile->rows += shared->table.rows;
    }
    for (uint32_t c = 0; profile != NULL && c < shared->format.column_count; c++) {
        profile->memory_bytes += shared->table.rows * shared->format.columns[c].width;
    }
    row_table_free(&shared->table);
    row_format_free(&shared->format);
    if (shared->is_open) {
        pthread_mutex_destroy(&shared->lock);
    }
}

static const SinkClass materialize_sink = {.name = "Materialize",
                                           .shared_size = sizeof(Materialized),
                                           .local_size = sizeof(RowBuffer),
                                           .open = materialize_open,
                                           .open_local = materialize_open_local,
                                           .consume = materialize_consume,
                                           .merge = materialize_merge,
                                           .finish = materialize_finish,
                                           .close_local = materialize_close_local,
                                           .close = materialize_close};

/* ---------------------------------------------------------------------------------------------------------------- source */

typedef struct KeptRows {
    const RowTable *table; /* borrowed from the Materialize */
    _Atomic(uint32_t) next_chunk;
} KeptRows;

typedef struct KeptReader {
    Batch out;
    uint32_t chunk, row, rows; /* in work: rows [row, rows) of the chunk */
} KeptReader;

static Status shared_scan_open(Task *task, const PhysicalNode *op, void *shared_) {
    KeptRows *shared = shared_;
    shared->table = &((Materialized *)query_operator_state(task->query, op->shared_scan.shared, task->node))->table;
    return OK;
}

static Status working_scan_open(Task *task, const PhysicalNode *op, void *shared_) {
    ((KeptRows *)shared_)->table = query_working_rows(task->query, op->working_scan.id);
    return OK;
}

static uint32_t kept_task_limit(Task *task, const PhysicalNode *op, void *shared_) {
    (void)task, (void)op;
    return ((KeptRows *)shared_)->table->chunk_count;
}

static Status kept_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    (void)shared;
    return batch_init_like(&task->cx, op, &((KeptReader *)local_)->out);
}

/* False after the last chunk. */
static bool take_chunk(KeptRows *shared, KeptReader *local) {
    while (local->row == local->rows) {
        local->chunk = atomic_fetch_add(&shared->next_chunk, 1);
        if (local->chunk >= shared->table->chunk_count) {
            return false;
        }
        local->row = 0;
        local->rows = shared->table->chunks[local->chunk]->rows;
    }
    return true;
}

static Status kept_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    KeptRows *shared = shared_;
    KeptReader *local = local_;
    *flow = DONE;
    if (!take_chunk(shared, local)) {
        return OK;
    }
    uint32_t rows[BATCH_ROWS_MAX];
    local->out.rows = source_batch_rows(task, local->rows - local->row);
    for (uint32_t i = 0; i < local->out.rows; i++) {
        rows[i] = (local->chunk << ROW_CHUNK_BITS) + local->row + i;
    }
    for (uint32_t c = 0; c < op->column_count; c++) {
        uint32_t column = op->kind == PHYSICAL_SHARED_SCAN ? op->shared_scan.slots[c] : c;
        TRY(row_table_gather(&task->cx, shared->table, column, rows, local->out.rows, false, &local->out.columns[c]));
    }
    local->row += local->out.rows;
    *out = &local->out;
    *flow = MORE_OUTPUT;
    return OK;
}

static void kept_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    batch_free(&((KeptReader *)local_)->out);
}

static const SourceClass shared_scan_source = {.name = "Shared Scan",
                                               .shared_size = sizeof(KeptRows),
                                               .local_size = sizeof(KeptReader),
                                               .open = shared_scan_open,
                                               .open_local = kept_open_local,
                                               .next = kept_next,
                                               .close_local = kept_close_local,
                                               .task_limit = kept_task_limit};

static const SourceClass working_scan_source = {.name = "WorkTable Scan",
                                                .shared_size = sizeof(KeptRows),
                                                .local_size = sizeof(KeptReader),
                                                .open = working_scan_open,
                                                .open_local = kept_open_local,
                                                .next = kept_next,
                                                .close_local = kept_close_local,
                                                .task_limit = kept_task_limit};

const OperatorClass working_scan_operator = {.source = &working_scan_source};
const OperatorClass materialize_operator = {.sink = &materialize_sink};
const OperatorClass shared_scan_operator = {.source = &shared_scan_source};
