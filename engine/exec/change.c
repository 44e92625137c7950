/* Change: DELETE, UPDATE, MERGE. Rows of the table are marked in delete maps, one per segment that is touched, by all tasks at
 * once; new versions of rows and new rows go to a table writer. At the end the maps enter the commit, then the writer finishes:
 * in this order, so that the last segments that it rewrites have lost their deleted rows. */
#include "exec/pipeline.h"
#include "storage/segment_read.h"
#include "storage/table_writer.h"

typedef struct ChangeShared {
    MemoryAccount *memory; /* borrowed; of the maps */
    TableWriter *writer;   /* owned until finished; NULL for DELETE */
    _Atomic(uint64_t) next_sequence;
    _Atomic(uint64_t) changed; /* rows marked, rows inserted */
    uint32_t map_count;
    _Atomic(DeleteMap *) *maps; /* owned, by segment number of row ids; NULL: not touched */
    pthread_mutex_t lock;       /* taken to make a map */
} ChangeShared;

typedef struct ChangeLocal {
    Vector ids, actions; /* of the batch at hand, flat */
    Batch written;       /* MERGE: the rows of a batch that are written */
    uint16_t rows[BATCH_ROWS_MAX];
} ChangeLocal;

/* Columns of the input. */
static uint32_t row_id_column(const PhysicalNode *op) {
    return op->change.kind == CHANGE_DELETE ? 0 : op->change.table->schema->column_count;
}

static Status change_open(Task *task, const PhysicalNode *op, void *shared_) {
    ChangeShared *shared = shared_;
    const TableVersion *table = op->change.table;
    shared->memory = task->cx.memory;
    shared->map_count = table->segment_count;
    pthread_mutex_init(&shared->lock, NULL);
    TRY_ALLOC_ZEROED(&task->cx, shared->maps, sizeof *shared->maps * (table->segment_count + 1));
    if (op->change.kind == CHANGE_DELETE) {
        return OK;
    }
    TRY(table_writer_open(&task->cx, query_commit(task->query), table, query_pool(task->query), task->query->options.threads,
                          &shared->writer));
    table_writer_take_tails_last(shared->writer);
    return OK;
}

static Status change_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    ChangeLocal *local = local_;
    (void)shared;
    vector_init(&local->ids, type_make(TYPE_BIGINT));
    vector_init(&local->actions, type_make(TYPE_INTEGER));
    if (op->change.kind != CHANGE_MERGE) {
        return OK;
    }
    PhysicalNode row = {.column_count = op->change.table->schema->column_count, .columns = op->children[0]->columns};
    return batch_init_like(&task->cx, &row, &local->written);
}

/* --------------------------------------------------------------------------------------------------------------- marking */

/* The deleted rows of a segment as it was, to add to. */
static Status copy_deletes(const Context *cx, Task *task, const TableVersion *table, const Segment *segment, DeleteMap **map) {
    SegmentReader *reader;
    DeleteMap *before;
    TRY(segment_open(cx, query_plan(task->query)->snapshot, table, segment, &reader));
    TRY(segment_deletes(cx, reader, segment, &before));
    Status status = delete_map_create(cx, segment->rows, before, map);
    delete_map_release(before);
    segment_close(reader);
    return status;
}

static Status find_map(Task *task, const PhysicalNode *op, ChangeShared *shared, uint32_t number, DeleteMap **map) {
    *map = atomic_load_explicit(&shared->maps[number], memory_order_acquire);
    if (*map != NULL) {
        return OK;
    }
    Context own = task->cx;
    own.memory = shared->memory;
    Status status = OK;
    pthread_mutex_lock(&shared->lock);
    *map = atomic_load(&shared->maps[number]);
    if (*map == NULL) {
        status = copy_deletes(&own, task, op->change.table, &op->change.table->segments[number], map);
        if (status == OK) {
            atomic_store_explicit(&shared->maps[number], *map, memory_order_release);
        }
    }
    pthread_mutex_unlock(&shared->lock);
    return status;
}

static Status fail_twice(const Context *cx) {
    fail(cx, CARDINALITY_VIOLATION, "MERGE command cannot affect row a second time");
    return fail_hint(cx, "Ensure that not more than one source row matches any one target row.");
}

/* Marks the rows of `ids`; only[i] (NULL: all) picks them. */
static Status mark_rows(Task *task, const PhysicalNode *op, ChangeShared *shared, const Vector *ids, const uint16_t *only,
                        uint32_t count) {
    int64_t last = -1;
    uint32_t marked = 0;
    DeleteMap *map = NULL;
    for (uint32_t i = 0; i < count; i++) {
        int64_t id = ((const int64_t *)ids->data)[only == NULL ? i : only[i]];
        if (id >> 32 != last) {
            last = id >> 32;
            TRY(find_map(task, op, shared, (uint32_t)last, &map));
        }
        marked += delete_map_add(map, (uint32_t)id);
    }
    atomic_fetch_add(&shared->changed, marked);
    return marked == count || op->change.kind != CHANGE_MERGE ? OK : fail_twice(&task->cx);
}

/* -------------------------------------------------------------------------------------------------------------- consuming */

static Status write_rows(Task *task, ChangeShared *shared, const Batch *in, uint32_t columns) {
    Batch rows = {.rows = in->rows, .column_count = columns, .columns = in->columns};
    return table_writer_append(&task->cx, shared->writer, atomic_fetch_add(&shared->next_sequence, 1), &rows, true);
}

/* The rows of a batch whose action is one of two. */
static uint32_t pick(const Vector *actions, uint32_t rows, ChangeAction one, ChangeAction other, uint16_t *picked) {
    const int32_t *values = actions->data;
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows; i++) {
        picked[count] = (uint16_t)i;
        count += values[i] == (int32_t)one || values[i] == (int32_t)other;
    }
    return count;
}

static Status merge_rows(Task *task, const PhysicalNode *op, ChangeShared *shared, ChangeLocal *local, const Batch *in) {
    uint32_t columns = op->change.table->schema->column_count;
    TRY(vector_flatten(&task->cx, &in->columns[columns + 1], in->rows, &local->actions));
    uint32_t count = pick(&local->actions, in->rows, ACTION_UPDATE, ACTION_DELETE, local->rows);
    TRY(mark_rows(task, op, shared, &local->ids, local->rows, count));
    atomic_fetch_add(&shared->changed, in->rows - count); /* inserted */
    count = pick(&local->actions, in->rows, ACTION_UPDATE, ACTION_INSERT, local->rows);
    if (count == 0) {
        return OK;
    }
    for (uint32_t c = 0; c < columns; c++) {
        TRY(vector_gather(&task->cx, &in->columns[c], local->rows, count, &local->written.columns[c]));
    }
    local->written.rows = count;
    return write_rows(task, shared, &local->written, columns);
}

static Status change_consume(Task *task, const PhysicalNode *op, void *shared, void *local_, const Batch *in, Flow *flow) {
    ChangeLocal *local = local_;
    uint32_t at = row_id_column(op);
    *flow = NEED_INPUT;
    TRY(vector_flatten(&task->cx, &in->columns[at], in->rows, &local->ids));
    if (op->change.kind == CHANGE_MERGE) {
        return merge_rows(task, op, shared, local, in);
    }
    TRY(mark_rows(task, op, shared, &local->ids, NULL, in->rows));
    return op->change.kind == CHANGE_UPDATE ? write_rows(task, shared, in, at) : OK;
}

/* -------------------------------------------------------------------------------------------------------------- finishing */

/* A table on every node has each row there at the same place of the same segment: the one with the same number in its slice. */
static Status delete_copies(const Context *cx, Commit *commit, const TableVersion *table, uint32_t number, DeleteMap *map) {
    const Segment *first = &table->segments[number];
    uint32_t in_slice = 0;
    for (uint32_t i = 0; i < table->segment_count; i++) {
        const Segment *segment = &table->segments[i];
        in_slice = i > 0 && segment->slice == segment[-1].slice ? in_slice + 1 : 0;
        if (in_slice != number) {
            continue;
        }
        if (segment->rows != first->rows || segment->deleted_rows != first->deleted_rows) {
            return fail(cx, DATA_CORRUPTED, "the copies of table \"%s\" on the nodes differ (segments %llu and %llu)",
                        table->schema->name, (unsigned long long)first->id, (unsigned long long)segment->id);
        }
        TRY(commit_delete_rows(cx, commit, table->id, segment, map));
    }
    return OK;
}

static Status apply_deletes(Task *task, const PhysicalNode *op, ChangeShared *shared) {
    const TableVersion *table = op->change.table;
    Commit *commit = query_commit(task->query);
    for (uint32_t i = 0; i < shared->map_count; i++) {
        DeleteMap *map = atomic_load(&shared->maps[i]);
        if (map != NULL && table->dist_style == DIST_ALL) {
            TRY(delete_copies(&task->cx, commit, table, i, map));
        } else if (map != NULL) {
            TRY(commit_delete_rows(&task->cx, commit, table->id, &table->segments[i], map));
        }
    }
    return OK;
}

static Status change_finish(Task *task, const PhysicalNode *op, void *shared_, uint32_t *parts) {
    ChangeShared *shared = shared_;
    *parts = 0;
    TRY(apply_deletes(task, op, shared));
    if (shared->writer != NULL) {
        TableWriter *writer = shared->writer;
        WriteReport report = {0};
        shared->writer = NULL; /* consumed in any case */
        TRY(table_writer_finish(&task->cx, writer, &report));
    }
    query_add_rows_written(task->query, atomic_load(&shared->changed));
    return OK;
}

static void change_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    ChangeLocal *local = local_;
    (void)op, (void)shared, (void)profile;
    vector_free(&local->ids);
    vector_free(&local->actions);
    batch_free(&local->written);
}

static void change_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    ChangeShared *shared = shared_;
    (void)op, (void)profile;
    table_writer_abort(shared->writer);
    for (uint32_t i = 0; shared->maps != NULL && i < shared->map_count; i++) {
        delete_map_release(atomic_load(&shared->maps[i]));
    }
    mem_free((void *)shared->maps);
    pthread_mutex_destroy(&shared->lock);
}

static const SinkClass change_sink = {
    .name = "Change",
    .shared_size = sizeof(ChangeShared),
    .local_size = sizeof(ChangeLocal),
    .open = change_open,
    .open_local = change_open_local,
    .consume = change_consume,
    .finish = change_finish,
    .close_local = change_close_local,
    .close = change_close,
};
const OperatorClass change_operator = {.sink = &change_sink};
