/* Hash joins whose build side does not fit: both sides are split into parts by the hash of the keys and written to disk (the
 * first partition phase of a Grace hash join); after the probe, one part at a time is built and probed with the join's own
 * code. Whoever runs short of memory begins; rows that other tasks have kept follow when the build ends. */
#include "exec/hash_join.h"

#include "core/hash.h"

struct ProbeWriter {
    ProbeWriter *next;
    SpillWriter writer;
};

Status join_spill_begin(Task *task, const PhysicalNode *op, JoinShared *shared) {
    const Context *cx = &task->cx;
    const PhysicalNode *probe = op->children[0];
    JoinSpill *spill = NULL;
    pthread_mutex_lock(&shared->build.lock);
    Status status = OK;
    if (shared->spill == NULL) {
        spill = mem_alloc_zeroed(cx, sizeof *spill);
        status = spill == NULL ? OUT_OF_MEMORY : OK;
    }
    if (spill != NULL) {
        pthread_mutex_init(&spill->gathering, NULL);
        spill->build_format = (RowFormat){op->children[1]->column_count, shared->build.format.columns};
        status = row_format_init(cx, &spill->probe_format, probe->columns, probe->column_count, false);
        shared->spill = spill;
    }
    pthread_mutex_unlock(&shared->build.lock);
    return status;
}

void join_spill_free(JoinSpill *spill) {
    if (spill == NULL) {
        return;
    }
    while (spill->writers != NULL) {
        ProbeWriter *writer = spill->writers;
        spill->writers = writer->next;
        spill_writer_close(&writer->writer);
        mem_free(writer);
    }
    for (uint32_t p = 0; p < SPILL_PARTS; p++) {
        spill_part_free(&spill->build[p]);
        spill_part_free(&spill->probe[p]);
    }
    pthread_mutex_destroy(&spill->gathering);
    row_format_free(&spill->probe_format);
    mem_free(spill);
}

uint64_t join_spill_bytes(const JoinSpill *spill) {
    uint64_t bytes = 0;
    for (uint32_t p = 0; spill != NULL && p < SPILL_PARTS; p++) {
        bytes += spill->build[p].stored_bytes + spill->probe[p].stored_bytes;
    }
    return bytes;
}

/* The part of each row. The index over a part takes other bits of the hash. */
static Status split(const Context *cx, const JoinShared *shared, const Batch *in, const uint32_t *keys, uint32_t key_count,
                    Vector *scratch, uint8_t *parts) {
    uint64_t hashes[BATCH_ROWS_MAX];
    if (shared->is_integer) { /* of any width */
        int64_t values[BATCH_ROWS_MAX];
        TRY(vector_load_i64(cx, &in->columns[keys[0]], in->rows, scratch, values));
        for (uint32_t i = 0; i < in->rows; i++) {
            hashes[i] = hash_u64((uint64_t)values[i]);
        }
    } else {
        TRY(join_hash_keys(cx, in, keys, key_count, hashes));
    }
    for (uint32_t i = 0; i < in->rows; i++) {
        parts[i] = (uint8_t)(hashes[i] & (SPILL_PARTS - 1));
    }
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------------- build */

/* Where build rows go. */
typedef struct BuildSplit {
    const PhysicalNode *op;
    const JoinShared *shared;
    SpillWriter *writer;
    Vector *scratch;
} BuildSplit;

static Status add_build_rows(Task *task, void *argument, const Batch *in) {
    const BuildSplit *to = argument;
    uint8_t parts[BATCH_ROWS_MAX];
    TRY(split(&task->cx, to->shared, in, to->op->join.build_keys, to->op->join.key_count, to->scratch, parts));
    return spill_writer_add(task, to->writer, in, parts);
}

Status join_spill_build(Task *task, const PhysicalNode *op, JoinShared *shared, BuildLocal *local, const Batch *in) {
    return add_build_rows(task, &(BuildSplit){op, shared, local->spill, &local->scratch}, in);
}

static Status add_chunks(Task *task, BuildSplit *to, RowChunk *const *chunks, uint32_t count) {
    return row_chunks_each_batch(task, to->op->children[1], &to->shared->spill->build_format, chunks, count, add_build_rows,
                                 to);
}

Status join_spill_open_build(Task *task, const PhysicalNode *op, JoinShared *shared, BuildLocal *local) {
    TRY_ALLOC_ZEROED(&task->cx, local->spill, sizeof *local->spill);
    TRY(spill_writer_open(&task->cx, local->spill, op->children[1], &shared->spill->build_format, SPILL_PARTS));
    BuildSplit to = {op, shared, local->spill, &local->scratch};
    TRY(add_chunks(task, &to, local->rows.chunks, local->rows.chunk_count));
    row_buffer_free(&local->rows);
    return OK;
}

static Status take_build(const Context *cx, JoinSpill *spill, SpillWriter *writer) {
    for (uint32_t p = 0; p < SPILL_PARTS; p++) {
        TRY(spill_part_join(cx, &spill->build[p], &writer->parts[p]));
    }
    return OK;
}

Status join_spill_take_build(Task *task, JoinShared *shared, BuildLocal *local) {
    return take_build(&task->cx, shared->spill, local->spill);
}

Status join_spill_table(Task *task, const PhysicalNode *op, JoinShared *shared) {
    const Context *cx = &task->cx;
    SpillWriter writer;
    Vector scratch;
    vector_init(&scratch, type_make(TYPE_BIGINT));
    BuildSplit to = {op, shared, &writer, &scratch};
    Status status = spill_writer_open(cx, &writer, op->children[1], &shared->spill->build_format, SPILL_PARTS);
    TRY_GOTO(status);
    TRY_GOTO(add_chunks(task, &to, shared->build.table.chunks, shared->build.table.chunk_count));
    TRY_GOTO(spill_writer_flush(task, &writer));
    TRY_GOTO(take_build(cx, shared->spill, &writer));
    row_table_free(&shared->build.table);
done:
    spill_writer_close(&writer);
    vector_free(&scratch);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------------- probe */

static Status open_probe_writer(Task *task, const PhysicalNode *op, JoinShared *shared, ProbeLocal *local) {
    ProbeWriter *writer;
    TRY_ALLOC_ZEROED(&task->cx, writer, sizeof *writer);
    pthread_mutex_lock(&shared->build.lock);
    writer->next = shared->spill->writers;
    shared->spill->writers = writer;
    pthread_mutex_unlock(&shared->build.lock);
    local->writer = writer;
    return spill_writer_open(&task->cx, &writer->writer, op->children[0], &shared->spill->probe_format, SPILL_PARTS);
}

Status join_spill_probe(Task *task, const PhysicalNode *op, JoinShared *shared, ProbeLocal *local, const Batch *in) {
    uint8_t parts[BATCH_ROWS_MAX];
    if (local->writer == NULL) {
        TRY(open_probe_writer(task, op, shared, local));
    }
    TRY(split(&task->cx, shared, in, op->join.probe_keys, op->join.key_count, &local->finder.scratch, parts));
    return spill_writer_add(task, &local->writer->writer, in, parts);
}

/* After all probes: what their writers still hold. */
static Status gather_probe(Task *task, JoinSpill *spill) {
    Status status = OK;
    pthread_mutex_lock(&spill->gathering);
    for (ProbeWriter *writer = spill->is_gathered ? NULL : spill->writers; writer != NULL && status == OK;
         writer = writer->next) {
        status = spill_writer_flush(task, &writer->writer);
        for (uint32_t p = 0; p < SPILL_PARTS && status == OK; p++) {
            status = spill_part_join(&task->cx, &spill->probe[p], &writer->writer.parts[p]);
        }
    }
    spill->is_gathered = true;
    pthread_mutex_unlock(&spill->gathering);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ part by part */

typedef struct SpilledLocal {
    JoinShared *part; /* owned; the part at hand as a join of its own; NULL: take the next */
    ProbeLocal probe;
    uint32_t number; /* of the part */
    uint32_t chunk;  /* of its probe rows: the next to read */
    uint32_t first;  /* row of the chunk that was read */
    RowBuffer rows;  /* of that chunk */
    Batch in;
    bool has_more;  /* the probe has more for `in` */
    bool is_probed; /* only build rows without a match may follow */
    uint64_t row;   /* of those: the next to look at */
    Batch unmatched;
} SpilledLocal;

static Status spilled_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    JoinShared *shared = shared_;
    SpilledLocal *local = local_;
    const Context *cx = &task->cx;
    row_buffer_init(&local->rows, &shared->spill->probe_format);
    TRY(batch_init_like(cx, op->children[0], &local->in));
    TRY(batch_init_like(cx, op, &local->unmatched));
    TRY(join_probe_open_local(task, op, shared, &local->probe));
    return gather_probe(task, shared->spill);
}

typedef struct PartBuild {
    const PhysicalNode *op;
    JoinShared *part;
    BuildLocal local;
} PartBuild;

static Status keep_rows(Task *task, void *argument, const Batch *in) {
    PartBuild *build = argument;
    return join_side_keep(task, build->op, build->part, &build->local, in);
}

static Status build_part_rows(Task *task, const PhysicalNode *op, const JoinSpill *spill, uint32_t number, JoinShared *part) {
    PartBuild build = {.op = op, .part = part};
    Status status = join_side_open_local(task, op, part, &build.local);
    status = status == OK
                 ? spill_each_batch(task, op->children[1], &spill->build_format, &spill->build[number], keep_rows, &build)
                 : status;
    status = status == OK ? join_side_merge(task, op, part, &build.local) : status;
    join_side_close_local(op, part, &build.local, NULL);
    return status;
}

/* What one part of the build is, against all of it. */
static Status build_part(Task *task, const PhysicalNode *op, JoinShared *shared, uint32_t number, JoinShared *part) {
    uint32_t steps;
    TRY(join_side_open(task, op, part));
    TRY(build_part_rows(task, op, shared->spill, number, part));
    part->has_null_key = shared->has_null_key;
    part->has_rows = true;
    TRY(join_side_prepare(task, op, part, &steps));
    for (uint32_t step = 0; step < steps; step++) {
        TRY(join_side_part(task, op, part, step));
    }
    row_table_drop_chunks(&part->build.table);
    uint64_t bytes = join_build_bytes(&part->build) + join_index_bytes(&part->index);
    uint64_t most = atomic_load(&shared->spill->bytes);
    while (most < bytes && !atomic_compare_exchange_weak(&shared->spill->bytes, &most, bytes)) {
    }
    return OK;
}

static void end_part(const PhysicalNode *op, SpilledLocal *local) {
    if (local->part != NULL) {
        join_side_close(op, local->part, NULL);
        mem_free(local->part);
        local->part = NULL;
    }
    row_buffer_free(&local->rows);
    local->probe.is_in_batch = false;
    key_finder_forget(&local->probe.finder);
}

static Status next_part(Task *task, const PhysicalNode *op, JoinShared *shared, SpilledLocal *local, bool *over) {
    local->number = atomic_fetch_add(&shared->spill->next_part, 1);
    *over = local->number >= SPILL_PARTS;
    if (*over) {
        return OK;
    }
    local->chunk = local->first = 0;
    local->row = 0;
    local->is_probed = local->has_more = false;
    TRY_ALLOC_ZEROED(&task->cx, local->part, sizeof *local->part);
    return build_part(task, op, shared, local->number, local->part);
}

/* The next probe rows of the part in local->in; false after the last. */
static Status next_probe_rows(Task *task, const JoinShared *shared, SpilledLocal *local, bool *found) {
    const SpillPart *part = &shared->spill->probe[local->number];
    *found = true;
    if (local->rows.rows == 0 || local->first >= local->rows.rows) {
        row_buffer_free(&local->rows);
        *found = local->chunk < part->count;
        if (!*found) {
            return OK;
        }
        TRY(spill_read(task, part, local->chunk++, &local->rows));
        local->first = 0;
    }
    uint32_t left = (uint32_t)local->rows.rows - local->first;
    row_chunk_view(&shared->spill->probe_format, local->rows.chunks[0], local->first,
                   left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX, &local->in);
    local->first += BATCH_ROWS_MAX;
    return OK;
}

static Status probe_part(Task *task, const PhysicalNode *op, const JoinShared *shared, SpilledLocal *local, const Batch **out) {
    Flow flow;
    if (!local->has_more) {
        bool found;
        TRY(next_probe_rows(task, shared, local, &found));
        local->is_probed = !found;
        if (!found) {
            return OK;
        }
    }
    TRY(join_probe_push(task, op, local->part, &local->probe, &local->in, out, &flow));
    local->has_more = flow == MORE_OUTPUT;
    local->is_probed = flow == DONE;
    return OK;
}

/* Build rows of the part without a match, a batch at a time; false after the last. */
static Status unmatched_of_part(Task *task, const PhysicalNode *op, SpilledLocal *local, const Batch **out, bool *over) {
    const JoinBuild *build = &local->part->build;
    uint32_t rows[BATCH_ROWS_MAX], count = 0;
    *over = !join_preserves_build(op->join.kind) || local->row >= build->table.rows;
    for (; !*over && local->row < build->table.rows && count < BATCH_ROWS_MAX; local->row++) {
        rows[count] = (uint32_t)local->row;
        count += join_gives_build_row(op->join.kind, build->matched[local->row]);
    }
    if (count == 0) {
        return OK;
    }
    *out = &local->unmatched;
    return join_emit_unmatched(&task->cx, &local->unmatched, op, &build->table, rows, count);
}

static Status spilled_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    JoinShared *shared = shared_;
    SpilledLocal *local = local_;
    bool over = false;
    *flow = NEED_INPUT;
    if (local->part == NULL) {
        TRY(next_part(task, op, shared, local, &over));
        *flow = over ? DONE : NEED_INPUT;
        return OK;
    }
    if (!local->is_probed) {
        TRY(probe_part(task, op, shared, local, out));
    } else {
        TRY(unmatched_of_part(task, op, local, out, &over));
    }
    if (over) {
        end_part(op, local);
    }
    *flow = *out != NULL ? MORE_OUTPUT : NEED_INPUT;
    return OK;
}

static void spilled_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    SpilledLocal *local = local_;
    end_part(op, local);
    join_probe_close_local(op, shared, &local->probe, profile);
    batch_free(&local->in);
    batch_free(&local->unmatched);
}

static bool spilled_is_idle(const PhysicalNode *op, const void *shared) {
    (void)op;
    return shared == NULL || ((const JoinShared *)shared)->spill == NULL;
}

static uint32_t spilled_task_limit(Task *task, const PhysicalNode *op, void *shared) {
    (void)task, (void)op, (void)shared;
    return SPILL_PARTS;
}

const SourceClass join_spilled_source = {.name = "Hash Join",
                                         .local_size = sizeof(SpilledLocal),
                                         .open_local = spilled_open_local,
                                         .next = spilled_next,
                                         .close_local = spilled_close_local,
                                         .task_limit = spilled_task_limit,
                                         .is_idle = spilled_is_idle};
