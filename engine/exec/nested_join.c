/* Nested loop: every probe row meets every build row, a batch of pairs at a time; for cross joins, conditions without an
 * equality, and uncorrelated scalar subqueries (one build row: its values are appended as constants). A range join is one in
 * which a probe row only meets the build rows between its bounds (exec/range_index.h).
 *
 * MARK and NOT IN look at the condition's NULLs too: a row is unknown if some pair's condition is NULL and none is true. */
#include "core/settings.h"
#include "exec/join_build.h"
#include "exec/join_output.h"
#include "exec/join_spill.h"
#include "exec/range_index.h"

#define INDEX_ROW_BYTES 24 /* of a range index, at most */

typedef struct LoopShared {
    JoinBuild build;  /* first: see join_build.h */
    RangeIndex index; /* JOIN_BY_RANGE */
} LoopShared;

static bool is_range(const PhysicalNode *op) {
    return op->join.algorithm == JOIN_BY_RANGE;
}

static Status build_open(Task *task, const PhysicalNode *op, void *shared) {
    return join_build_open(&task->cx, shared, op, false);
}

static Status build_open_local(Task *task, const PhysicalNode *op, void *shared, void *local) {
    (void)task, (void)op;
    row_buffer_init(&((JoinRows *)local)->kept, &((JoinBuild *)shared)->format);
    return OK;
}

static Status build_consume(Task *task, const PhysicalNode *op, void *shared, void *local, const Batch *in, Flow *flow) {
    JoinRows *rows = local;
    *flow = NEED_INPUT;
    if (join_must_spill(task, shared, rows)) {
        TRY(join_spill_rows(task, op, shared, rows));
    }
    return rows->writer != NULL ? join_spill_add(task, rows, in) : row_buffer_append(&task->cx, &rows->kept, in, NULL);
}

static Status build_merge(Task *task, const PhysicalNode *op, void *shared, void *local) {
    (void)op;
    JoinBuild *build = shared;
    TRY(join_rows_end(task, local));
    pthread_mutex_lock(&build->lock);
    Status status = join_rows_take(task, build, local);
    pthread_mutex_unlock(&build->lock);
    return status;
}

/* The rows are copied once more; a range index has their numbers and keys. */
static bool has_room(const Context *cx, const JoinBuild *build) {
    int64_t row_bytes = INDEX_ROW_BYTES + (int64_t)row_format_bytes(&build->format);
    return (int64_t)build->table.rows * row_bytes < memory_left(cx->memory);
}

static Status build_finish(Task *task, const PhysicalNode *op, void *shared, uint32_t *parts) {
    JoinBuild *build = shared;
    build->has_rows = build->table.rows > 0 || build->spill != NULL;
    *parts = 0;
    if (build->spill != NULL || (!build->is_piece && !has_room(&task->cx, build))) {
        return join_spill_table(task, op, build);
    }
    *parts = op->children[1]->column_count;
    return join_build_finish(&task->cx, build, op);
}

static Status build_finish_part(Task *task, const PhysicalNode *op, void *shared, uint32_t part) {
    (void)op;
    return row_table_lay_out_column(&task->cx, &((JoinBuild *)shared)->table, part);
}

static Status build_finish_end(Task *task, const PhysicalNode *op, void *shared_) {
    LoopShared *shared = shared_;
    row_table_drop_chunks(&shared->build.table);
    return is_range(op) && shared->build.spill == NULL ? range_index_build(&task->cx, op, &shared->build.table, &shared->index)
                                                       : OK;
}

static void build_close_local(const PhysicalNode *op, void *shared, void *local, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    join_rows_close(local);
}

static void build_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op;
    LoopShared *shared = shared_;
    if (profile != NULL) {
        profile->memory_bytes += join_build_bytes(&shared->build) + range_index_bytes(&shared->index);
        profile->spilled_bytes += join_spill_bytes(shared->build.spill);
        profile->memory_bytes += join_spill_piece_bytes(shared->build.spill);
    }
    range_index_free(&shared->index);
    join_build_close(&shared->build);
}

/* ----------------------------------------------------------------------------------------------------------------- probe */

typedef struct LoopLocal {
    JoinEmitter emitter;
    JoinPairs *pairs;
    bool is_in_batch;
    uint32_t row;        /* next pair: probe row … */
    uint32_t build;      /* … and build row, or position in the index */
    RangeBounds *bounds; /* JOIN_BY_RANGE: of the batch; owned */
    uint64_t matched[VALIDITY_WORDS];
    uint64_t unknown[VALIDITY_WORDS];
    JoinWriter *writer; /* NULL: nothing was spilled; owned by the JoinSpill */
} LoopLocal;

static Status loop_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    (void)shared;
    LoopLocal *local = local_;
    TRY_ALLOC(&task->cx, local->pairs, sizeof *local->pairs);
    if (is_range(op)) {
        TRY_ALLOC(&task->cx, local->bounds, sizeof *local->bounds);
        vector_init(&local->bounds->flat, type_make(TYPE_BIGINT));
    }
    return join_emitter_open(&task->cx, &local->emitter, op);
}

static void loop_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    LoopLocal *local = local_;
    join_emitter_close(&local->emitter);
    if (local->bounds != NULL) {
        vector_free(&local->bounds->flat);
    }
    mem_free(local->bounds);
    mem_free(local->pairs);
}

/* The next pairs of the batch. Rows that are decided already are passed over if only that is asked. */
static void list_pairs(const JoinBuild *build, LoopLocal *local, uint32_t rows, bool only_asks, uint32_t most) {
    JoinPairs *pairs = local->pairs;
    uint32_t count = 0;
    while (local->row < rows && count < most) {
        if (local->build == build->table.rows || (only_asks && bit_get(local->matched, local->row))) {
            local->row++;
            local->build = 0;
            continue;
        }
        uint64_t left = build->table.rows - local->build;
        uint32_t more = left < most - count ? (uint32_t)left : most - count;
        for (uint32_t i = 0; i < more; i++) {
            pairs->probe[count + i] = (uint16_t)local->row;
            pairs->build[count + i] = local->build + i;
        }
        count += more;
        local->build += more;
    }
    pairs->count = count;
}

/* Goes to the next probe row that is not decided; false after the last. */
static bool next_row(const RangeIndex *index, LoopLocal *local, uint32_t rows, bool only_asks) {
    const RangeBounds *bounds = local->bounds;
    while (local->row < rows) {
        bool is_decided = only_asks && bit_get(local->matched, local->row);
        uint32_t first = bounds->first[local->row], end = is_decided ? 0 : bounds->end[local->row];
        local->build = local->build < first ? first : local->build;
        if (index->filter != NULL && local->build < end) {
            local->build = range_index_next(index, local->build, end, bounds->filter[local->row]);
        }
        if (local->build < end) {
            return true;
        }
        local->row++;
        local->build = 0;
    }
    return false;
}

/* The next pairs of rows within their bounds. */
static void list_range_pairs(const RangeIndex *index, LoopLocal *local, uint32_t rows, bool only_asks, bool one_is_enough,
                             uint32_t most) {
    JoinPairs *pairs = local->pairs;
    uint32_t count = 0;
    while (count < most && next_row(index, local, rows, only_asks)) {
        uint32_t left = local->bounds->end[local->row] - local->build;
        uint32_t more = index->filter != NULL || one_is_enough ? 1 : left < most - count ? left : most - count;
        for (uint32_t i = 0; i < more; i++) {
            pairs->probe[count + i] = (uint16_t)local->row;
            pairs->build[count + i] = index->rows[local->build + i];
        }
        count += more;
        local->build += more;
        if (one_is_enough) {
            local->row++;
            local->build = 0;
        }
    }
    pairs->count = count;
}

static Status note_matches(const Context *cx, const PhysicalNode *op, JoinBuild *build, LoopLocal *local) {
    const JoinPairs *pairs = local->pairs;
    if (join_preserves_build(op->join.kind)) {
        join_build_note_matches(build, pairs->build, pairs->count);
    }
    for (uint32_t i = 0; i < pairs->count; i++) {
        if (op->join.kind == JOIN_SINGLE && bit_get(local->matched, pairs->probe[i])) {
            return fail_second_row(cx);
        }
        bit_set(local->matched, pairs->probe[i]);
    }
    return OK;
}

static Status next_pairs(const Context *cx, const PhysicalNode *op, LoopShared *shared, LoopLocal *local, const Batch *in) {
    JoinBuild *build = &shared->build;
    JoinEmitter *emitter = &local->emitter;
    JoinKind kind = op->join.kind;
    uint32_t most = (uint32_t)cx->settings->batch_rows;
    if (is_range(op)) {
        bool only_asks = join_only_asks(kind);
        list_range_pairs(&shared->index, local, in->rows, only_asks, only_asks && op->join.residual == NULL, most);
    } else {
        list_pairs(build, local, in->rows, join_only_asks(kind), most);
    }
    if (kind == JOIN_MARK || kind == JOIN_ANTI_NULL) {
        TRY(join_note_unknown_pairs(cx, emitter, op, in, &build->table, local->pairs, local->unknown));
    }
    if (op->join.key_count > 0) {
        TRY(join_verify_pairs(cx, emitter, op, in, &build->table, local->pairs));
    }
    TRY(join_filter_pairs(cx, emitter, op, in, &build->table, local->pairs));
    return note_matches(cx, op, build, local);
}

/* One build row and no condition: its values as constants beside the probe columns. */
static Status push_constants(const Context *cx, const PhysicalNode *op, JoinBuild *build, LoopLocal *local, const Batch *in) {
    Batch *out = &local->emitter.out;
    out->rows = in->rows;
    for (uint32_t c = 0; c < op->column_count; c++) {
        JoinOutput output = op->join.outputs[c];
        if (output.from_build) {
            Value value = row_table_value(&build->table, output.slot, 0);
            TRY(vector_set_constant(cx, &out->columns[c], &value));
        } else {
            vector_borrow(&out->columns[c], &in->columns[output.slot]);
        }
    }
    if (join_preserves_build(op->join.kind)) {
        join_build_note_matches(build, &(uint32_t){0}, 1);
    }
    return OK;
}

static Status loop_push(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, const Batch **out,
                        Flow *flow) {
    LoopShared *shared = shared_;
    JoinBuild *build = &shared->build;
    LoopLocal *local = local_;
    const Context *cx = &task->cx;
    JoinKind kind = op->join.kind;
    *out = NULL;
    *flow = NEED_INPUT;
    if (!build->has_rows && (kind == JOIN_INNER || kind == JOIN_SEMI || kind == JOIN_RIGHT)) {
        *flow = DONE;
        return OK;
    }
    if (in->rows == 0) {
        return OK;
    }
    if (build->spill != NULL) {
        return join_spill_probe(task, op, build, &local->writer, in);
    }
    if (build->table.rows == 1 && op->join.residual == NULL && op->join.key_count == 0 && !join_only_asks(kind) &&
        !is_range(op) && local->emitter.seen == NULL) {
        *out = &local->emitter.out;
        return push_constants(cx, op, build, local, in);
    }
    if (!local->is_in_batch) {
        local->is_in_batch = true;
        local->row = local->build = 0;
        join_begin_batch(&local->emitter, in->rows, local->matched, local->unknown);
        if (is_range(op)) {
            TRY(range_index_search(cx, op, &shared->index, in, local->bounds));
        }
    }
    while (local->row < in->rows) {
        TRY(check_cancel(cx));
        TRY(next_pairs(cx, op, shared, local, in));
        if (!join_only_asks(kind) && local->pairs->count > 0) {
            TRY(join_emit_pairs(cx, &local->emitter, op, in, &build->table, local->pairs, false, false));
            *out = &local->emitter.out;
            *flow = MORE_OUTPUT;
            return OK;
        }
    }
    local->is_in_batch = false;
    return join_finish_batch(cx, &local->emitter, op, in, &build->table, local->matched, local->unknown, out);
}

static const SinkClass build_sink = {.name = "Materialize",
                                     .shared_size = sizeof(LoopShared),
                                     .local_size = sizeof(JoinRows),
                                     .open = build_open,
                                     .open_local = build_open_local,
                                     .consume = build_consume,
                                     .merge = build_merge,
                                     .finish = build_finish,
                                     .finish_part = build_finish_part,
                                     .finish_end = build_finish_end,
                                     .close_local = build_close_local,
                                     .close = build_close};
static const StageClass loop_stage = {.name = "Nested Loop",
                                      .local_size = sizeof(LoopLocal),
                                      .open_local = loop_open_local,
                                      .push = loop_push,
                                      .close_local = loop_close_local};

const OperatorClass nested_join_operator = {
    .stage = &loop_stage, .sink = &build_sink, .unmatched = &join_unmatched_source, .spilled = &join_spilled_source};
