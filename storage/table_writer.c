/* The writer of a table (table_writer.h). Under one lock, in order of sequence: rows are placed and copied into the builder of
 * their slice and partition. A builder that is full becomes a draft (segment_write.h), which the thread that filled it writes
 * after letting go of the lock, while others go on appending. */
#include "storage/table_writer.h"

#include "core/notice.h"
#include "core/settings.h"
#include "storage/draft_queue.h"
#include "storage/row_placement.h"
#include "storage/segment_read.h"
#include "storage/table_sample.h"

#include <time.h>

enum { SEGMENT_ROWS_TARGET = 1 << 20, WAIT_MS = 20 };
#define BUFFERED_BYTES_MAX ((uint64_t)192 << 20)
#define BUFFERED_SHARE 16 /* of memory_limit: each thread sorts and encodes what was buffered, in some times its bytes */

/* Rows of one slice and partition that are not in a draft yet. */
typedef struct Builder {
    uint32_t slice, partition;
    uint32_t rows;
    uint64_t bytes; /* of memory, as last counted */
    bool looked_for_tail;
    ColumnBuffer *columns; /* owned; NULL: no rows */
    uint32_t pending;      /* rows of the batch at hand that go here */
    uint16_t pending_rows[BATCH_ROWS_MAX];
} Builder;

struct TableWriter {
    Commit *commit;        /* borrowed */
    MemoryAccount *memory; /* borrowed; of what outlives an append */
    WorkerPool *pool;      /* borrowed */
    uint32_t threads;
    Arena arena; /* schema, want, scratch */
    TableSchema *schema;
    ColumnEncoding *want;
    uint64_t table_id;
    uint32_t nodes, slices;
    uint32_t segment_rows; /* target */
    Snapshot *snapshot;    /* of the commit as it was: where last segments are read from */
    bool takes_tails_last;
    uint64_t rows_before; /* of the table */
    uint64_t sample_rows; /* the table's rows from which on its sample is taken again */
    DraftQueue *drafts;   /* owned */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t turn;  /* next_sequence or failure changed */
    uint64_t next_sequence;
    Status failure; /* the first; its error */
    Error error;
    bool is_undecided; /* DISTSTYLE AUTO, never loaded: rows wait in `undecided` */
    Builder *undecided;
    RowPlacement placement;
    Builder **builders; /* by partition × slices + slice; owned */
    uint32_t builder_count;
    Builder **touched; /* by the batch at hand */
    uint32_t touched_count;
    uint64_t buffered_bytes;
    Vector *flat; /* columns of the batch at hand */
    WriteReport report;
};

/* ------------------------------------------------------------------------------------------------------------ opening, ending
 */

static Status open_placement(const Context *cx, TableWriter *w, const TableVersion *table) {
    TRY(row_placement_init(cx, &w->placement, w->commit, w->schema, w->table_id, table->rows));
    w->placement.style = table->dist_style;
    w->is_undecided = table->dist_is_open;
    if (w->is_undecided && w->nodes == 1) {
        w->is_undecided = false;
        return commit_resolve_distribution(cx, w->commit, w->table_id, AUTO_ALL_ROWS_MAX + 1, &w->placement.style);
    }
    return OK;
}

/* The first rows give a sample, then ten times those that the last one was of: ANALYZE does the rest. A faked number of rows
 * stays as it is. */
static uint64_t first_sample_rows(const TableVersion *table) {
    const SampleInfo *sample = &table->sample;
    return sample->rows_are_faked ? UINT64_MAX : table->rows == 0 || !sample->is_taken ? 1 : 10 * sample->table_rows;
}

static Status open_writer(const Context *cx, TableWriter *w, const TableVersion *table) {
    uint32_t column_count = table->schema->column_count;
    TRY(schema_copy(cx, &w->arena, table->schema, &w->schema));
    TRY_NEW_ARRAY(cx, &w->arena, w->want, column_count);
    TRY_NEW_ARRAY(cx, &w->arena, w->flat, column_count);
    TRY_NEW_ARRAY(cx, &w->arena, w->touched, BATCH_ROWS_MAX);
    TRY(draft_queue_open(cx, column_count, &w->drafts));
    segment_wanted_encodings(cx, w->schema, w->want);
    for (uint32_t c = 0; c < column_count; c++) {
        vector_init(&w->flat[c], w->schema->columns[c].type);
    }
    uint32_t block_rows = w->schema->block_rows;
    w->segment_rows = SEGMENT_ROWS_TARGET / block_rows * block_rows;
    w->rows_before = table->rows;
    w->sample_rows = first_sample_rows(table);
    TRY(commit_snapshot(cx, w->commit, &w->snapshot));
    return open_placement(cx, w, table);
}

Status table_writer_open(const Context *cx, Commit *commit, const TableVersion *table, WorkerPool *pool, uint32_t threads,
                         TableWriter **writer) {
    Topology topology = commit_topology(commit);
    TableWriter *w;
    TRY_ALLOC_ZEROED(cx, w, sizeof *w);
    w->commit = commit;
    w->memory = cx->memory;
    w->pool = pool;
    w->threads = threads;
    w->table_id = table->id;
    commit_use_workers(commit, pool, threads); /* to sync what is written */
    w->nodes = topology.nodes;
    w->slices = topology.nodes * topology.slices_per_node;
    arena_init(&w->arena);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->turn, NULL);
    Status status = open_writer(cx, w, table);
    if (status != OK) {
        table_writer_abort(w);
        return status;
    }
    *writer = w;
    return OK;
}

void table_writer_take_tails_last(TableWriter *w) {
    w->takes_tails_last = true;
}

static void free_columns(const TableWriter *w, ColumnBuffer *columns) {
    for (uint32_t c = 0; columns != NULL && c < w->schema->column_count; c++) {
        column_buffer_free(&columns[c]);
    }
    mem_free(columns);
}

static void free_builder(const TableWriter *w, Builder *builder) {
    if (builder != NULL) {
        free_columns(w, builder->columns);
        mem_free(builder);
    }
}

void table_writer_abort(TableWriter *w) {
    if (w == NULL) {
        return;
    }
    for (uint32_t b = 0; b < w->builder_count; b++) {
        free_builder(w, w->builders[b]);
    }
    free_builder(w, w->undecided);
    mem_free(w->builders);
    draft_queue_free(w->drafts);
    for (uint32_t c = 0; w->flat != NULL && c < w->schema->column_count; c++) {
        vector_free(&w->flat[c]);
    }
    if (w->placement.schema != NULL) {
        row_placement_free(&w->placement);
    }
    if (w->snapshot != NULL) {
        snapshot_release(w->snapshot);
    }
    arena_free(&w->arena);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->turn);
    mem_free(w);
}

/* -------------------------------------------------------------------------------------------------------------------- drafts
 */

/* The builder's rows become a draft; the builder is empty. */
static Status detach(const Context *cx, TableWriter *w, Builder *builder) {
    SegmentDraft draft = {
        .commit = w->commit,
        .schema = w->schema,
        .want = w->want,
        .table_id = w->table_id,
        .segment = {.id = commit_new_id(w->commit),
                    .slice = builder->slice,
                    .partition = builder->partition,
                    .rows = builder->rows,
                    .block_rows = w->schema->block_rows,
                    .is_packed = builder->rows < w->schema->block_rows},
        .columns = builder->columns,
    };
    w->buffered_bytes -= builder->bytes;
    builder->columns = NULL;
    builder->rows = 0;
    builder->bytes = 0;
    return draft_queue_add(cx, w->drafts, draft);
}

/* ------------------------------------------------------------------------------------------------------------------ builders
 */

static Status make_columns(const Context *cx, const TableWriter *w, Builder *builder) {
    TRY_ALLOC(cx, builder->columns, sizeof *builder->columns * w->schema->column_count);
    for (uint32_t c = 0; c < w->schema->column_count; c++) {
        column_buffer_init(&builder->columns[c], w->schema->columns[c].type);
    }
    return OK;
}

static Status new_builder(const Context *cx, uint32_t slice, uint32_t partition, Builder **out) {
    Builder *builder = mem_alloc(cx, sizeof *builder);
    if (builder == NULL) {
        return OUT_OF_MEMORY;
    }
    memset(builder, 0, offsetof(Builder, pending_rows));
    builder->slice = slice;
    builder->partition = partition;
    *out = builder;
    return OK;
}

static Status builder_at(const Context *cx, TableWriter *w, uint32_t slice, uint32_t partition, Builder **out) {
    uint32_t index = partition * w->slices + slice;
    if (index >= w->builder_count) {
        uint32_t count = (partition + 1) * w->slices * 2;
        Builder **builders = mem_resize(cx, w->builders, sizeof *builders * count);
        if (builders == NULL) {
            return OUT_OF_MEMORY;
        }
        memset(builders + w->builder_count, 0, sizeof *builders * (count - w->builder_count));
        w->builders = builders;
        w->builder_count = count;
    }
    if (w->builders[index] == NULL) {
        TRY(new_builder(cx, slice, partition, &w->builders[index]));
    }
    *out = w->builders[index];
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------------- tails
 */

/* The last segment of the builder's slice and partition, if it is smaller than a block. */
static const Segment *find_tail(const TableWriter *w, const Builder *builder, const TableVersion **table) {
    const Segment *last = NULL;
    *table = snapshot_find_table(w->snapshot, w->schema->schema_name, w->schema->name);
    for (uint32_t s = 0; *table != NULL && s < (*table)->segment_count; s++) {
        const Segment *segment = &(*table)->segments[s];
        if (segment->slice == builder->slice && segment->partition == builder->partition &&
            (last == NULL || segment->id > last->id)) {
            last = segment;
        }
    }
    return last != NULL && last->rows < last->block_rows ? last : NULL;
}

/* Rows [first, first + count) of a vector that are not deleted. */
static Status append_live(const Context *cx, const Vector *flat, const DeleteMap *deletes, uint32_t first, uint32_t count,
                          ColumnBuffer *into) {
    uint8_t live[BATCH_ROWS_MAX];
    uint16_t rows[BATCH_ROWS_MAX];
    uint32_t kept = 0;
    if (deletes == NULL) {
        return column_buffer_append(cx, into, flat, NULL, count);
    }
    delete_map_live(deletes, first, count, live);
    for (uint32_t i = 0; i < count; i++) {
        rows[kept] = (uint16_t)i;
        kept += live[i];
    }
    return kept == 0 ? OK : column_buffer_append(cx, into, flat, rows, kept);
}

static Status read_tail_column(const Context *cx, SegmentReader *reader, uint32_t column, const DeleteMap *deletes,
                               Vector *read, Vector *flat, ColumnBuffer *into) {
    ColumnBlock block;
    TRY(column_block_open(cx, reader, column, 0, NULL, &block));
    Status status = OK;
    for (uint32_t first = 0; status == OK && first < block.rows; first += BATCH_ROWS_MAX) {
        uint32_t count = block.rows - first < BATCH_ROWS_MAX ? block.rows - first : BATCH_ROWS_MAX;
        status = column_block_decode(cx, &block, first, count, read);
        if (status == OK) {
            status = vector_flatten(cx, read, count, flat);
        }
        if (status == OK) {
            status = append_live(cx, flat, deletes, first, count, into);
        }
    }
    column_block_close(&block);
    return status;
}

static Status read_tail(const Context *cx, TableWriter *w, const TableVersion *table, const Segment *tail, Builder *builder) {
    SegmentReader *reader;
    DeleteMap *deletes = NULL;
    TRY(segment_open(cx, w->snapshot, table, tail, &reader));
    Status status = segment_deletes(cx, reader, tail, &deletes);
    for (uint32_t c = 0; status == OK && c < w->schema->column_count; c++) {
        Vector read, flat;
        vector_init(&read, w->schema->columns[c].type);
        vector_init(&flat, w->schema->columns[c].type);
        status = read_tail_column(cx, reader, c, deletes, &read, &flat, &builder->columns[c]);
        vector_free(&read);
        vector_free(&flat);
    }
    delete_map_release(deletes);
    segment_close(reader);
    return status;
}

/* Rows of a small last segment come first in the builder; the segment goes. */
static Status take_tail(const Context *cx, TableWriter *w, Builder *builder) {
    const TableVersion *table;
    const Segment *tail = find_tail(w, builder, &table);
    builder->looked_for_tail = true;
    if (tail == NULL) {
        return OK;
    }
    TRY(read_tail(cx, w, table, tail, builder));
    builder->rows = (uint32_t)(tail->rows - tail->deleted_rows);
    return commit_remove_segment(cx, w->commit, w->table_id, tail->id);
}

/* ----------------------------------------------------------------------------------------------------------------- appending
 */

static Status check_not_null(const Context *cx, const TableWriter *w, const Batch *batch) {
    for (uint32_t c = 0; c < w->schema->column_count; c++) {
        const Vector *column = &batch->columns[c];
        if (!w->schema->columns[c].not_null || column->validity == NULL || batch->rows == 0) {
            continue;
        }
        bool is_full =
            column->kind == VECTOR_CONSTANT ? bit_get(column->validity, 0) : bits_all_set(column->validity, batch->rows);
        if (!is_full) {
            return fail(cx, NOT_NULL_VIOLATION, "null value in column \"%s\" of relation \"%s\" violates not-null constraint",
                        w->schema->columns[c].name, w->schema->name);
        }
    }
    return OK;
}

static Status flatten_batch(const Context *cx, TableWriter *w, const Batch *batch) {
    for (uint32_t c = 0; c < w->schema->column_count; c++) {
        TRY(vector_flatten(cx, &batch->columns[c], batch->rows, &w->flat[c]));
    }
    return OK;
}

static Status append_rows(const Context *cx, TableWriter *w, Builder *builder, const uint16_t *rows, uint32_t count) {
    uint64_t bytes = 0;
    if (builder->columns == NULL) {
        TRY(make_columns(cx, w, builder));
        if (!builder->looked_for_tail && !w->takes_tails_last && builder != w->undecided) {
            TRY(take_tail(cx, w, builder));
        }
    }
    for (uint32_t c = 0; c < w->schema->column_count; c++) {
        TRY(column_buffer_append(cx, &builder->columns[c], &w->flat[c], rows, count));
        bytes += column_buffer_bytes(&builder->columns[c]);
    }
    builder->rows += count;
    w->buffered_bytes += bytes - builder->bytes;
    builder->bytes = bytes;
    return OK;
}

/* A builder is cut exactly at the target, so that the same rows make the same segments. */
static Status append_pending(const Context *cx, TableWriter *w, Builder *builder) {
    const uint16_t *rows = builder->pending_rows;
    uint32_t left = builder->pending;
    while (left > 0) {
        uint32_t room = w->segment_rows - builder->rows, here = left < room ? left : room;
        TRY(append_rows(cx, w, builder, rows, here));
        rows += here;
        left -= here;
        if (builder->rows >= w->segment_rows) {
            TRY(detach(cx, w, builder));
        }
    }
    return OK;
}

static Status add_pending(const Context *cx, TableWriter *w, uint32_t slice, uint32_t partition, uint32_t row) {
    Builder *builder;
    TRY(builder_at(cx, w, slice, partition, &builder));
    if (builder->pending == 0) {
        w->touched[w->touched_count++] = builder;
    }
    builder->pending_rows[builder->pending++] = (uint16_t)row;
    return OK;
}

static Status append_touched(const Context *cx, TableWriter *w) {
    Status status = OK;
    for (uint32_t t = 0; t < w->touched_count; t++) {
        if (status == OK) {
            status = append_pending(cx, w, w->touched[t]);
        }
        w->touched[t]->pending = 0;
    }
    w->touched_count = 0;
    return status;
}

/* Every node gets every row, on its first slice. */
static Status scatter_to_nodes(const Context *cx, TableWriter *w, uint32_t rows, const uint32_t *partitions) {
    for (uint32_t node = 0; node < w->nodes; node++) {
        for (uint32_t i = 0; i < rows; i++) {
            TRY(add_pending(cx, w, node * (w->slices / w->nodes), partitions[i], i));
        }
        TRY(append_touched(cx, w));
    }
    return OK;
}

/* The batch stands in w->flat. */
static Status scatter(const Context *cx, TableWriter *w, uint32_t rows) {
    uint32_t slices[BATCH_ROWS_MAX], partitions[BATCH_ROWS_MAX];
    Batch flat = {.rows = rows, .column_count = w->schema->column_count, .columns = w->flat};
    TRY(row_placement_find(cx, &w->placement, &flat, slices, partitions));
    if (w->placement.style == DIST_ALL) {
        return scatter_to_nodes(cx, w, rows, partitions);
    }
    for (uint32_t i = 0; i < rows; i++) {
        TRY(add_pending(cx, w, slices[i], partitions[i], i));
    }
    return append_touched(cx, w);
}

/* DISTSTYLE AUTO is decided by `rows`: the rows that waited find their place. */
static Status decide_distribution(const Context *cx, TableWriter *w, uint64_t rows) {
    Builder *waiting = w->undecided;
    w->is_undecided = false;
    TRY(commit_resolve_distribution(cx, w->commit, w->table_id, rows, &w->placement.style));
    for (uint32_t first = 0; waiting != NULL && first < waiting->rows; first += BATCH_ROWS_MAX) {
        uint32_t count = waiting->rows - first < BATCH_ROWS_MAX ? waiting->rows - first : BATCH_ROWS_MAX;
        for (uint32_t c = 0; c < w->schema->column_count; c++) {
            TRY(column_buffer_view(cx, &waiting->columns[c], first, count, &w->flat[c]));
        }
        TRY(scatter(cx, w, count));
    }
    if (waiting != NULL) {
        w->buffered_bytes -= waiting->bytes;
        free_builder(w, waiting);
        w->undecided = NULL;
    }
    return OK;
}

static Status let_wait(const Context *cx, TableWriter *w, uint32_t rows) {
    if (w->undecided == NULL) {
        TRY(new_builder(cx, 0, 0, &w->undecided));
    }
    TRY(append_rows(cx, w, w->undecided, NULL, rows));
    return w->undecided->rows > AUTO_ALL_ROWS_MAX ? decide_distribution(cx, w, w->undecided->rows) : OK;
}

static uint64_t buffered_bytes_max(const Context *cx) {
    uint64_t share = (uint64_t)cx->settings->memory_limit / BUFFERED_SHARE;
    return share > 0 && share < BUFFERED_BYTES_MAX ? share : BUFFERED_BYTES_MAX;
}

static uint64_t buffered_bytes(const TableWriter *w) {
    return w->buffered_bytes + draft_queue_bytes(w->drafts);
}

/* Over the bound: the largest builders go first. */
static Status keep_bound(const Context *cx, TableWriter *w) {
    while (w->buffered_bytes > buffered_bytes_max(cx)) {
        Builder *largest = NULL;
        for (uint32_t b = 0; b < w->builder_count; b++) {
            Builder *builder = w->builders[b];
            if (builder != NULL && builder->rows > 0 && (largest == NULL || builder->bytes > largest->bytes)) {
                largest = builder;
            }
        }
        if (largest == NULL) {
            return OK;
        }
        TRY(detach(cx, w, largest));
    }
    return OK;
}

static Status append_batch(const Context *cx, TableWriter *w, const Batch *batch) {
    TRY(check_not_null(cx, w, batch));
    TRY(flatten_batch(cx, w, batch));
    w->report.rows += batch->rows;
    if (w->is_undecided) {
        TRY(let_wait(cx, w, batch->rows));
    } else {
        TRY(scatter(cx, w, batch->rows));
    }
    return keep_bound(cx, w);
}

/* -------------------------------------------------------------------------------------------------------------------- turns */

/* The lock is held. */
static void remember_failure(const Context *cx, TableWriter *w, Status status) {
    if (status != OK && w->failure == OK) {
        w->failure = status;
        w->error = *cx->error;
    }
    pthread_cond_broadcast(&w->turn);
}

static Context writer_context(const Context *cx, const TableWriter *w) {
    Context own = *cx;
    own.memory = w->memory;
    return own;
}

static bool is_turn(const TableWriter *w, uint64_t sequence) {
    return w->failure != OK || w->next_sequence >= sequence;
}

static void wait_a_while(TableWriter *w) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WAIT_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&w->turn, &w->lock, &until);
}

/* A step of a draft, or the time until something may have changed. The lock is held before and afterwards. */
static Status help_or_wait(const Context *cx, TableWriter *w, uint64_t sequence) {
    Context own = writer_context(cx, w);
    bool helped = false;
    pthread_mutex_unlock(&w->lock);
    Status status = draft_queue_help(&own, w->drafts, &helped);
    pthread_mutex_lock(&w->lock);
    if (status != OK) {
        remember_failure(cx, w, status);
    }
    if (!helped && !is_turn(w, sequence)) {
        wait_a_while(w);
    }
    return check_cancel(cx);
}

/* Returns with the lock held if OK. */
static Status wait_for_turn(const Context *cx, TableWriter *w, uint64_t sequence) {
    Status status = OK;
    pthread_mutex_lock(&w->lock);
    while (status == OK && !is_turn(w, sequence)) {
        status = help_or_wait(cx, w, sequence);
    }
    if (status == OK && w->failure != OK) {
        *cx->error = w->error;
        status = w->failure;
    }
    if (status != OK) {
        pthread_mutex_unlock(&w->lock);
    }
    return status;
}

Status table_writer_append(const Context *cx, TableWriter *w, uint64_t sequence, const Batch *batch, bool is_last) {
    Context own = writer_context(cx, w);
    TRY(wait_for_turn(cx, w, sequence));
    Status status = batch->rows > 0 ? append_batch(&own, w, batch) : OK;
    if (is_last) {
        w->next_sequence = sequence + 1;
    }
    bool is_full = buffered_bytes(w) > buffered_bytes_max(cx);
    remember_failure(cx, w, status);
    pthread_mutex_unlock(&w->lock);
    if (status == OK && (is_last || is_full)) { /* else others may wait for the rest of the sequence */
        status = draft_queue_work(&own, w->drafts);
        pthread_mutex_lock(&w->lock);
        remember_failure(cx, w, status);
        pthread_mutex_unlock(&w->lock);
    }
    return status;
}

/* ----------------------------------------------------------------------------------------------------------------- finishing
 */

typedef struct Finishing {
    const Context *cx;
    TableWriter *writer;
} Finishing;

static void finish_some(void *finishing_, uint32_t i) {
    const Finishing *f = finishing_;
    Error error = {0};
    Context own = *f->cx;
    (void)i;
    own.error = &error;
    Status status = draft_queue_finish(&own, f->writer->drafts);
    pthread_mutex_lock(&f->writer->lock);
    remember_failure(&own, f->writer, status);
    pthread_mutex_unlock(&f->writer->lock);
}

static Status merge_sketches(const Context *cx, TableWriter *w) {
    const uint8_t *written = draft_queue_totals(w->drafts).sketches, **sketches;
    TRY_NEW_ARRAY(cx, &w->arena, sketches, w->schema->column_count);
    for (uint32_t c = 0; c < w->schema->column_count; c++) {
        sketches[c] = written + (size_t)c * HLL_BYTES;
    }
    return commit_merge_sketches(cx, w->commit, w->table_id, sketches);
}

/* All rows of the builder once more, behind those of the tail. */
static Status append_again(const Context *cx, TableWriter *w, Builder *builder, const ColumnBuffer *columns, uint32_t rows) {
    TRY(make_columns(cx, w, builder));
    TRY(take_tail(cx, w, builder));
    for (uint32_t first = 0; first < rows; first += BATCH_ROWS_MAX) {
        uint32_t count = rows - first < BATCH_ROWS_MAX ? rows - first : BATCH_ROWS_MAX;
        for (uint32_t c = 0; c < w->schema->column_count; c++) {
            TRY(column_buffer_view(cx, &columns[c], first, count, &w->flat[c]));
        }
        TRY(append_rows(cx, w, builder, NULL, count));
    }
    return OK;
}

static Status put_behind_tail(const Context *cx, TableWriter *w, Builder *builder) {
    const TableVersion *table;
    if (builder == NULL || builder->rows == 0 || find_tail(w, builder, &table) == NULL) {
        return OK;
    }
    ColumnBuffer *columns = builder->columns;
    uint32_t rows = builder->rows;
    w->buffered_bytes -= builder->bytes;
    builder->columns = NULL;
    builder->rows = 0;
    builder->bytes = 0;
    Status status = append_again(cx, w, builder, columns, rows);
    free_columns(w, columns);
    return status;
}

/* What was deleted meanwhile is gone from the tails by now. */
static Status take_tails_last(const Context *cx, TableWriter *w) {
    snapshot_release(w->snapshot);
    w->snapshot = NULL;
    TRY(commit_snapshot(cx, w->commit, &w->snapshot));
    for (uint32_t b = 0; b < w->builder_count; b++) {
        TRY(put_behind_tail(cx, w, w->builders[b]));
    }
    return OK;
}

static Status detach_all(const Context *cx, TableWriter *w) {
    if (w->is_undecided && w->undecided != NULL) {
        TRY(decide_distribution(cx, w, w->undecided->rows));
    }
    if (w->takes_tails_last) {
        TRY(take_tails_last(cx, w));
    }
    for (uint32_t b = 0; b < w->builder_count; b++) {
        if (w->builders[b] != NULL && w->builders[b]->rows > 0) {
            TRY(detach(cx, w, w->builders[b]));
        }
    }
    return OK;
}

static void count_partitions(TableWriter *w) {
    for (uint32_t p = 0; p < w->builder_count / w->slices; p++) {
        bool is_touched = false;
        for (uint32_t s = 0; s < w->slices; s++) {
            is_touched = is_touched || w->builders[p * w->slices + s] != NULL;
        }
        w->report.partitions += is_touched;
    }
}

/* Of what the commit would leave. */
static Status take_sample(const Context *cx, TableWriter *w) {
    SampleReport report;
    TableSample *sample;
    snapshot_release(w->snapshot);
    w->snapshot = NULL;
    TRY(commit_snapshot(cx, w->commit, &w->snapshot));
    const TableVersion *table = snapshot_find_table_by_id(w->snapshot, w->table_id);
    TRY(table_sample_take(cx, w->snapshot, table, NULL, w->pool, w->threads, &report, &sample));
    return commit_set_sample(cx, w->commit, w->table_id, sample);
}

static Status finish(const Context *cx, TableWriter *w) {
    if (w->failure != OK) {
        *cx->error = w->error;
        return w->failure;
    }
    TRY(detach_all(cx, w));
    Finishing f = {.cx = cx, .writer = w};
    workers_for_each(w->pool, w->threads, w->threads, finish_some, &f);
    if (w->failure != OK) {
        *cx->error = w->error;
        return w->failure;
    }
    DraftTotals totals = draft_queue_totals(w->drafts);
    w->report.segments = totals.segments;
    w->report.bytes = totals.bytes;
    count_partitions(w);
    if (w->report.rows == 0) {
        return OK;
    }
    TRY(merge_sketches(cx, w));
    return w->rows_before + w->report.rows >= w->sample_rows ? take_sample(cx, w) : OK;
}

Status table_writer_finish(const Context *cx, TableWriter *w, WriteReport *report) {
    Context own = writer_context(cx, w);
    Status status = finish(&own, w);
    *report = w->report;
    table_writer_abort(w);
    return status;
}
