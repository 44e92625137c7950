/* Insert: hands batches to the table writer, numbered in the order of arrival, so that a source of one task keeps its order. */
#include "exec/pipeline.h"
#include "storage/table_writer.h"

typedef struct InsertShared {
    TableWriter *writer; /* owned until finished */
    _Atomic(uint64_t) next_sequence;
} InsertShared;

static Status insert_open(Task *task, const PhysicalNode *op, void *shared_) {
    InsertShared *shared = shared_;
    return table_writer_open(&task->cx, query_commit(task->query), op->insert.table, query_pool(task->query),
                             task->query->options.threads, &shared->writer);
}

static Status insert_consume(Task *task, const PhysicalNode *op, void *shared_, void *local, const Batch *in, Flow *flow) {
    InsertShared *shared = shared_;
    (void)op, (void)local;
    *flow = NEED_INPUT;
    return table_writer_append(&task->cx, shared->writer, atomic_fetch_add(&shared->next_sequence, 1), in, true);
}

static Status insert_finish(Task *task, const PhysicalNode *op, void *shared_, uint32_t *parts) {
    InsertShared *shared = shared_;
    TableWriter *writer = shared->writer;
    WriteReport report = {0};
    (void)op;
    *parts = 0;
    shared->writer = NULL; /* consumed in any case */
    TRY(table_writer_finish(&task->cx, writer, &report));
    query_add_rows_written(task->query, report.rows);
    return OK;
}

static void insert_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    InsertShared *shared = shared_;
    (void)op, (void)profile;
    table_writer_abort(shared->writer);
}

static const SinkClass insert_sink = {
    .name = "Insert",
    .shared_size = sizeof(InsertShared),
    .open = insert_open,
    .consume = insert_consume,
    .finish = insert_finish,
    .close = insert_close,
};
const OperatorClass insert_operator = {.sink = &insert_sink};
