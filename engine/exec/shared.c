/* Shared subplans: Materialize keeps the rows of a subplan, per node and as they come; Shared Scan reads them, from several
 * places of the plan and with several tasks each.
 *
 * WorkTable Scan reads the rows that a recursion keeps from round to round in the same way.
 *
 * Rows stay in the chunks that the tasks filled (exec/row_store.h). A task of a scan takes a chunk at a time; with a single
 * task the rows come in the order of the chunks. Where memory_limit leaves no room for more, further rows go to disk and are
 * read from there by every scan. */
#include "exec/spill.h"

#include <pthread.h>

typedef struct Materialized {
    pthread_mutex_t lock; /* guards the table while tasks merge */
    bool is_open;
    RowFormat format;
    RowTable table;
    SpillPart spilled; /* the rows that the table does not have */
    SpillFile *file;   /* that they are in: of the query of the Materialize */
} Materialized;

typedef struct MaterializeLocal {
    RowBuffer rows;
    SpillWriter *spill; /* owned; NULL: rows are kept */
} MaterializeLocal;

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
    row_buffer_init(&((MaterializeLocal *)local)->rows, &shared->format);
    return OK;
}

static Status materialize_consume(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in,
                                  Flow *flow) {
    const Materialized *shared = shared_;
    MaterializeLocal *local = local_;
    *flow = NEED_INPUT;
    if (local->spill == NULL && query_is_tight(task)) {
        TRY_ALLOC_ZEROED(&task->cx, local->spill, sizeof *local->spill);
        TRY(spill_writer_open(&task->cx, local->spill, op, &shared->format, 1));
    }
    return local->spill != NULL ? spill_writer_add(task, local->spill, in, NULL)
                                : row_buffer_append(&task->cx, &local->rows, in, NULL);
}

static Status take_rows(Task *task, Materialized *shared, MaterializeLocal *local) {
    uint32_t first_chunk;
    TRY(row_table_take(&task->cx, &shared->table, &local->rows, &first_chunk));
    if (local->spill == NULL) {
        return OK;
    }
    TRY(query_spill_file(task, &shared->file));
    return spill_part_join(&task->cx, &shared->spilled, &local->spill->parts[0]);
}

static Status materialize_merge(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    (void)op;
    Materialized *shared = shared_;
    MaterializeLocal *local = local_;
    if (local->spill != NULL) {
        TRY(spill_writer_flush(task, local->spill));
    }
    pthread_mutex_lock(&shared->lock);
    Status status = take_rows(task, shared, local);
    pthread_mutex_unlock(&shared->lock);
    return status;
}

static Status materialize_finish(Task *task, const PhysicalNode *op, void *shared_, uint32_t *parts) {
    (void)op;
    *parts = 0;
    return row_table_open(&task->cx, &((Materialized *)shared_)->table);
}

static void materialize_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    MaterializeLocal *local = local_;
    if (local->spill != NULL) {
        spill_writer_close(local->spill);
        mem_free(local->spill);
    }
    row_buffer_free(&local->rows);
}

static void materialize_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op;
    Materialized *shared = shared_;
    if (profile != NULL) {
        profile->rows += shared->table.rows + shared->spilled.rows;
        profile->spilled_bytes += shared->spilled.stored_bytes;
    }
    for (uint32_t c = 0; profile != NULL && c < shared->format.column_count; c++) {
        profile->memory_bytes += shared->table.rows * shared->format.columns[c].width;
    }
    spill_part_free(&shared->spilled);
    row_table_free(&shared->table);
    row_format_free(&shared->format);
    if (shared->is_open) {
        pthread_mutex_destroy(&shared->lock);
    }
}

static const SinkClass materialize_sink = {.name = "Materialize",
                                           .shared_size = sizeof(Materialized),
                                           .local_size = sizeof(MaterializeLocal),
                                           .open = materialize_open,
                                           .open_local = materialize_open_local,
                                           .consume = materialize_consume,
                                           .merge = materialize_merge,
                                           .finish = materialize_finish,
                                           .close_local = materialize_close_local,
                                           .close = materialize_close};

/* ---------------------------------------------------------------------------------------------------------------- source */

typedef struct KeptRows {
    const RowTable *table;            /* borrowed from the Materialize */
    const Materialized *materialized; /* whose spilled chunks follow those of the table; NULL: none do */
    uint32_t chunk_count;             /* of both */
    _Atomic(uint32_t) next_chunk;
} KeptRows;

typedef struct KeptReader {
    Batch out, view;
    uint32_t chunk, row, rows; /* in work: rows [row, rows) of the chunk */
    RowBuffer loaded;          /* a chunk from disk */
} KeptReader;

static Status shared_scan_open(Task *task, const PhysicalNode *op, void *shared_) {
    KeptRows *shared = shared_;
    shared->materialized = query_operator_state(task->query, op->shared_scan.shared, task->node);
    shared->table = &shared->materialized->table;
    shared->chunk_count = shared->table->chunk_count + shared->materialized->spilled.count;
    return OK;
}

static Status working_scan_open(Task *task, const PhysicalNode *op, void *shared_) {
    KeptRows *shared = shared_;
    shared->table = query_working_rows(task->query, op->working_scan.id);
    shared->chunk_count = shared->table->chunk_count;
    return OK;
}

static uint32_t kept_task_limit(Task *task, const PhysicalNode *op, void *shared_) {
    (void)task, (void)op;
    return ((KeptRows *)shared_)->chunk_count;
}

static Status kept_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    const KeptRows *shared = shared_;
    KeptReader *local = local_;
    if (shared->materialized != NULL) {
        row_buffer_init(&local->loaded, &shared->materialized->format);
        TRY(batch_init_like(&task->cx, op->shared_scan.shared, &local->view));
    }
    return batch_init_like(&task->cx, op, &local->out);
}

/* False after the last chunk. */
static Status take_chunk(Task *task, KeptRows *shared, KeptReader *local, bool *found) {
    *found = true;
    while (local->row == local->rows) {
        local->chunk = atomic_fetch_add(&shared->next_chunk, 1);
        *found = local->chunk < shared->chunk_count;
        if (!*found) {
            return OK;
        }
        local->row = 0;
        if (local->chunk < shared->table->chunk_count) {
            local->rows = shared->table->chunks[local->chunk]->rows;
            continue;
        }
        const Materialized *from = shared->materialized;
        row_buffer_free(&local->loaded);
        TRY(spill_read_from(task, from->file, &from->spilled, local->chunk - shared->table->chunk_count, &local->loaded));
        local->rows = (uint32_t)local->loaded.rows;
    }
    return OK;
}

static Status gather_kept(const Context *cx, const PhysicalNode *op, const RowTable *table, KeptReader *local) {
    uint32_t rows[BATCH_ROWS_MAX];
    for (uint32_t i = 0; i < local->out.rows; i++) {
        rows[i] = (local->chunk << ROW_CHUNK_BITS) + local->row + i;
    }
    for (uint32_t c = 0; c < op->column_count; c++) {
        uint32_t column = op->kind == PHYSICAL_SHARED_SCAN ? op->shared_scan.slots[c] : c;
        TRY(row_table_gather(cx, table, column, rows, local->out.rows, false, &local->out.columns[c]));
    }
    return OK;
}

/* Rows of a chunk from disk; whole batches of them, however small batches are to be: views begin where validity allows it. */
static void view_loaded(const PhysicalNode *op, const KeptRows *shared, KeptReader *local) {
    uint32_t left = local->rows - local->row;
    local->out.rows = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
    row_chunk_view(&shared->materialized->format, local->loaded.chunks[0], local->row, local->out.rows, &local->view);
    for (uint32_t c = 0; c < op->column_count; c++) {
        vector_borrow(&local->out.columns[c], &local->view.columns[op->shared_scan.slots[c]]);
    }
}

static Status kept_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    KeptRows *shared = shared_;
    KeptReader *local = local_;
    bool found;
    *flow = DONE;
    TRY(take_chunk(task, shared, local, &found));
    if (!found) {
        return OK;
    }
    if (local->chunk >= shared->table->chunk_count) {
        view_loaded(op, shared, local);
    } else {
        local->out.rows = source_batch_rows(task, local->rows - local->row);
        TRY(gather_kept(&task->cx, op, shared->table, local));
    }
    local->row += local->out.rows;
    *out = &local->out;
    *flow = MORE_OUTPUT;
    return OK;
}

static void kept_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    KeptReader *local = local_;
    if (local->loaded.format != NULL) {
        row_buffer_free(&local->loaded);
    }
    batch_free(&local->view);
    batch_free(&local->out);
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
