/* Hash join: child 1 is built into a table with an index, child 0 probes it.
 *
 * The sink keeps the build rows per task; when all are there, each column is laid out as one array and the index is built, all
 * in parallel parts. The stage finds for each probe row its first candidate (all rows of a batch at once). Where a row can
 * have one match at most, the batch goes on in one piece, its columns untouched if every row matched. Otherwise candidates
 * are listed as pairs, up to a batch at a time, checked, and emitted; what has no partner follows after the last pair.
 *
 * Whether an array or a hash table indexes the keys is decided by the keys that came. */
#include "core/settings.h"
#include "exec/join_build.h"
#include "exec/join_filter.h"
#include "exec/join_output.h"
#include "exec/key_finder.h"
#include "kernels/hash_kernels.h"

#define INDEX_PARTS_MAX 8u

typedef struct JoinShared {
    JoinBuild build;          /* its lock also guards key_min, key_max, has_null_key */
    bool is_integer;          /* one key of an integer class on both sides */
    int64_t key_min, key_max; /* of the build rows with a key; min > max: there are none */
    bool has_null_key;
    JoinIndex index;
} JoinShared;

/* ----------------------------------------------------------------------------------------------------------------- build */

typedef struct BuildLocal {
    RowBuffer rows;
    int64_t key_min, key_max;
    bool has_null_key;
    uint64_t *hashes;   /* owned; unless is_integer */
    Vector hash_vector; /* views hashes */
    Vector scratch;
} BuildLocal;

static Type build_key_type(const PhysicalNode *op, uint32_t k) {
    return op->children[1]->columns[op->join.build_keys[k]].type;
}
static Type probe_key_type(const PhysicalNode *op, uint32_t k) {
    return op->children[0]->columns[op->join.probe_keys[k]].type;
}

static Status build_open(Task *task, const PhysicalNode *op, void *shared_) {
    JoinShared *shared = shared_;
    const JoinSpec *spec = &op->join;
    if ((spec->kind == JOIN_MARK || spec->kind == JOIN_ANTI_NULL) && (spec->key_count > 1 || spec->residual != NULL)) {
        return fail_unsupported(&task->cx, POS_NONE,
                                "IN over several columns or with a correlated condition, where NULLs matter,");
    }
    shared->is_integer = spec->key_count == 1 && class_is_integer(type_class(build_key_type(op, 0))) &&
                         class_is_integer(type_class(probe_key_type(op, 0)));
    shared->key_min = INT64_MAX;
    shared->key_max = INT64_MIN;
    return join_build_open(&task->cx, &shared->build, op, !shared->is_integer);
}

static Status build_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    (void)op;
    JoinShared *shared = shared_;
    BuildLocal *local = local_;
    row_buffer_init(&local->rows, &shared->build.format);
    vector_init(&local->hash_vector, type_make(TYPE_BIGINT));
    vector_init(&local->scratch, type_make(TYPE_BIGINT));
    local->key_min = INT64_MAX;
    local->key_max = INT64_MIN;
    if (!shared->is_integer) {
        TRY_ALLOC(&task->cx, local->hashes, sizeof *local->hashes * BATCH_ROWS_MAX);
        local->hash_vector.kind = VECTOR_FLAT;
        local->hash_vector.data = local->hashes;
    }
    return OK;
}

static bool has_null(const Vector *vector, uint32_t rows) {
    return vector->validity != NULL && !bits_all_set(vector->validity, vector->kind == VECTOR_CONSTANT ? 1 : rows);
}

static Status note_integer_keys(Task *task, BuildLocal *local, const Vector *key, uint32_t rows) {
    int64_t keys[BATCH_ROWS_MAX];
    TRY(vector_load_i64(&task->cx, key, rows, &local->scratch, keys));
    int64_t least = local->key_min, greatest = local->key_max;
    for (uint32_t i = 0; i < rows; i++) {
        if (key->validity == NULL || vector_is_valid(key, i)) {
            least = keys[i] < least ? keys[i] : least;
            greatest = keys[i] > greatest ? keys[i] : greatest;
        }
    }
    local->key_min = least;
    local->key_max = greatest;
    return OK;
}

static Status build_consume(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, Flow *flow) {
    const JoinShared *shared = shared_;
    BuildLocal *local = local_;
    const uint32_t *keys = op->join.build_keys;
    *flow = NEED_INPUT;
    for (uint32_t k = 0; k < op->join.key_count; k++) {
        local->has_null_key |= has_null(&in->columns[keys[k]], in->rows);
    }
    if (shared->is_integer) {
        TRY(note_integer_keys(task, local, &in->columns[keys[0]], in->rows));
        return row_buffer_append(&task->cx, &local->rows, in, NULL);
    }
    TRY(join_hash_keys(&task->cx, in, keys, op->join.key_count, local->hashes));
    return row_buffer_append(&task->cx, &local->rows, in, &local->hash_vector);
}

static Status build_merge(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    (void)op;
    JoinShared *shared = shared_;
    BuildLocal *local = local_;
    uint32_t first_chunk;
    pthread_mutex_lock(&shared->build.lock);
    shared->key_min = local->key_min < shared->key_min ? local->key_min : shared->key_min;
    shared->key_max = local->key_max > shared->key_max ? local->key_max : shared->key_max;
    shared->has_null_key |= local->has_null_key;
    Status status = row_table_take(&task->cx, &shared->build.table, &local->rows, &first_chunk);
    pthread_mutex_unlock(&shared->build.lock);
    return status;
}

/* Parts: first one per column to lay out, then the index's. */
static Status build_finish(Task *task, const PhysicalNode *op, void *shared_, uint32_t *parts) {
    JoinShared *shared = shared_;
    const Context *cx = &task->cx;
    TRY(join_build_finish(cx, &shared->build, op));
    JoinIndex *index = &shared->index;
    index->keeps_duplicates = !(join_only_asks(op->join.kind) && op->join.residual == NULL);
    index->key_column = shared->is_integer ? op->join.build_keys[0] : shared->build.format.column_count - 1;
    index->null_column_count = op->join.key_count;
    index->null_columns = op->join.build_keys;
    TRY(join_index_prepare(cx, index, &shared->build.table, shared->is_integer, shared->key_min, shared->key_max,
                           task->task_count < INDEX_PARTS_MAX ? task->task_count + (task->task_count == 0) : INDEX_PARTS_MAX));
    *parts = shared->build.format.column_count + index->parts;
    return OK;
}

static Status build_finish_part(Task *task, const PhysicalNode *op, void *shared_, uint32_t part) {
    (void)op;
    JoinShared *shared = shared_;
    if (part < shared->build.format.column_count) {
        return row_table_lay_out_column(&task->cx, &shared->build.table, part);
    }
    return join_index_build_part(&task->cx, &shared->index, &shared->build.table, part - shared->build.format.column_count);
}

static Status build_finish_end(Task *task, const PhysicalNode *op, void *shared_) {
    JoinShared *shared = shared_;
    row_table_drop_chunks(&shared->build.table);
    if (op->join.publishes_filter) {
        KeyFilter *filter;
        TRY(join_filter_create(&task->cx, &shared->build.table, op->join.build_keys[op->join.filter_key], &filter));
        query_publish_filter(task->query, task->node, op->join.filter_id, filter);
    }
    return OK;
}

static void build_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    BuildLocal *local = local_;
    row_buffer_free(&local->rows);
    mem_free(local->hashes);
    vector_free(&local->scratch);
}

static void build_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op;
    JoinShared *shared = shared_;
    if (profile != NULL) {
        profile->memory_bytes += join_build_bytes(&shared->build) + join_index_bytes(&shared->index);
        profile->groups += shared->build.table.rows;
    }
    join_index_free(&shared->index);
    join_build_close(&shared->build);
}

/* ----------------------------------------------------------------------------------------------------------------- probe */

typedef struct ProbeLocal {
    JoinEmitter emitter;
    KeyFinder finder;
    JoinPairs *pairs;
    bool is_in_batch; /* pairs of the current batch are still to come */
    bool pairs_ended;
    uint32_t row;       /* next candidate: its probe row … */
    uint32_t candidate; /* … and build row + 1 */
    uint64_t matched[VALIDITY_WORDS];
    uint64_t unknown[VALIDITY_WORDS]; /* MARK: neither true nor false */
} ProbeLocal;

static Status probe_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    (void)shared;
    ProbeLocal *local = local_;
    TRY_ALLOC(&task->cx, local->pairs, sizeof *local->pairs);
    TRY(key_finder_open(&task->cx, &local->finder));
    return join_emitter_open(&task->cx, &local->emitter, op);
}

static void probe_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    ProbeLocal *local = local_;
    join_emitter_close(&local->emitter);
    key_finder_close(&local->finder);
    mem_free(local->pairs);
}

/* The next candidates of the batch as pairs; sets pairs_ended after the last. */
static void list_candidates(const JoinIndex *index, ProbeLocal *local, uint32_t rows, uint32_t most) {
    JoinPairs *pairs = local->pairs;
    if (local->finder.is_single) {
        pairs->count = hash_kernels->list_matches(local->finder.heads, rows, pairs->probe, pairs->build);
        local->pairs_ended = true;
        return;
    }
    uint32_t count = 0, row = local->row, candidate = local->candidate;
    while (row < rows) {
        for (; candidate != 0 && count < most; count++) {
            pairs->probe[count] = (uint16_t)row;
            pairs->build[count] = candidate - 1;
            candidate = join_index_next(index, candidate - 1, local->finder.keys[row]);
        }
        if (candidate != 0) {
            break; /* full */
        }
        row++;
        candidate = row < rows ? local->finder.heads[row] : 0;
    }
    pairs->count = count;
    local->row = row;
    local->candidate = candidate;
    local->pairs_ended = row == rows;
}

/* Remembers which rows have found a partner. */
static Status note_matches(const Context *cx, const PhysicalNode *op, JoinShared *shared, ProbeLocal *local) {
    const JoinPairs *pairs = local->pairs;
    JoinKind kind = op->join.kind;
    if (join_preserves_build(kind)) {
        join_build_note_matches(&shared->build, pairs->build, pairs->count);
    }
    if (kind == JOIN_SINGLE) {
        for (uint32_t i = 0; i < pairs->count; i++) {
            if (bit_get(local->matched, pairs->probe[i])) {
                return fail_second_row(cx);
            }
            bit_set(local->matched, pairs->probe[i]);
        }
    } else if (kind != JOIN_INNER && kind != JOIN_RIGHT) {
        for (uint32_t i = 0; i < pairs->count; i++) {
            bit_set(local->matched, pairs->probe[i]);
        }
    }
    return OK;
}

static Status next_pairs(const Context *cx, const PhysicalNode *op, JoinShared *shared, ProbeLocal *local, const Batch *in) {
    list_candidates(&shared->index, local, in->rows, (uint32_t)cx->settings->batch_rows);
    if (!local->finder.is_verified) {
        TRY(join_verify_pairs(cx, &local->emitter, op, in, &shared->build.table, local->pairs));
    }
    TRY(join_filter_pairs(cx, &local->emitter, op, in, &shared->build.table, local->pairs));
    return note_matches(cx, op, shared, local);
}

/* LEFT, FULL, SINGLE with at most one match per row: one batch of all rows, the probe columns as they are. */
static Status emit_padded(const Context *cx, const PhysicalNode *op, JoinShared *shared, ProbeLocal *local, const Batch *in) {
    JoinPairs *pairs = local->pairs;
    uint32_t matched = pairs->count;
    for (uint32_t i = matched; i-- > 0;) { /* spread out from the end, in place: row i has pair number <= i */
        uint32_t build = pairs->build[i];
        uint32_t next = i + 1 == matched ? in->rows : pairs->probe[i + 1];
        for (uint32_t row = pairs->probe[i] + 1; row < next; row++) {
            pairs->build[row] = ROW_NONE;
        }
        pairs->build[pairs->probe[i]] = build;
    }
    for (uint32_t row = 0; row < (matched == 0 ? in->rows : pairs->probe[0]); row++) {
        pairs->build[row] = ROW_NONE;
    }
    pairs->count = in->rows;
    return join_emit_pairs(cx, &local->emitter, op, in, &shared->build.table, pairs, matched < in->rows, true);
}

static void list_unknown_rows(const JoinShared *shared, const PhysicalNode *op, ProbeLocal *local, const Batch *in) {
    const Vector *key = &in->columns[op->join.probe_keys[0]];
    memset(local->unknown, shared->has_null_key ? 0xff : 0, sizeof local->unknown);
    if (key->validity != NULL && shared->build.table.rows > 0) {
        for (uint32_t i = 0; i < in->rows; i++) {
            if (!vector_is_valid(key, i)) {
                bit_set(local->unknown, i);
            }
        }
    }
}

/* INNER and RIGHT, and preserved probe rows with one match at most: the batch gives at most one batch. */
static Status push_single(const Context *cx, const PhysicalNode *op, JoinShared *shared, ProbeLocal *local, const Batch *in,
                          const Batch **out) {
    TRY(next_pairs(cx, op, shared, local, in));
    if (join_preserves_probe(op->join.kind)) {
        TRY(emit_padded(cx, op, shared, local, in));
    } else if (local->pairs->count > 0) {
        TRY(join_emit_pairs(cx, &local->emitter, op, in, &shared->build.table, local->pairs, false,
                            local->pairs->count == in->rows));
    } else {
        return OK;
    }
    *out = &local->emitter.out;
    return OK;
}

static Status start_batch(const Context *cx, const PhysicalNode *op, JoinShared *shared, ProbeLocal *local, const Batch *in) {
    TRY(key_finder_find(cx, &local->finder, &op->join, &shared->index, &shared->build.table, in));
    memset(local->matched, 0, sizeof local->matched);
    local->is_in_batch = true;
    local->pairs_ended = false;
    local->row = 0;
    local->candidate = local->finder.heads[0];
    return OK;
}

/* Without build rows, or with a NULL among them for NOT IN, no probe row can come through. */
static bool has_no_result(const JoinShared *shared, JoinKind kind) {
    if (kind == JOIN_INNER || kind == JOIN_SEMI || kind == JOIN_RIGHT) {
        return shared->build.table.rows == 0;
    }
    return kind == JOIN_ANTI_NULL && shared->has_null_key;
}

static Status probe_push(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, const Batch **out,
                         Flow *flow) {
    JoinShared *shared = shared_;
    ProbeLocal *local = local_;
    const Context *cx = &task->cx;
    *out = NULL;
    *flow = NEED_INPUT;
    if (has_no_result(shared, op->join.kind)) {
        *flow = DONE;
        return OK;
    }
    if (in->rows == 0) {
        return OK;
    }
    if (!local->is_in_batch) {
        TRY(start_batch(cx, op, shared, local, in));
    }
    if (!join_only_asks(op->join.kind) && local->finder.is_single) {
        local->is_in_batch = false;
        return push_single(cx, op, shared, local, in, out);
    }
    while (!local->pairs_ended) {
        TRY(next_pairs(cx, op, shared, local, in));
        if (!join_only_asks(op->join.kind) && local->pairs->count > 0) {
            TRY(join_emit_pairs(cx, &local->emitter, op, in, &shared->build.table, local->pairs, false, false));
            *out = &local->emitter.out;
            *flow = MORE_OUTPUT;
            return OK;
        }
        TRY(check_cancel(cx));
    }
    local->is_in_batch = false;
    if (op->join.kind == JOIN_MARK || op->join.kind == JOIN_ANTI_NULL) {
        list_unknown_rows(shared, op, local, in);
    }
    return join_finish_batch(cx, &local->emitter, op, in, &shared->build.table, local->matched, local->unknown, out);
}

/* ----------------------------------------------------------------------------------------------------------------- table */

static const SinkClass build_sink = {.name = "Hash",
                                     .shared_size = sizeof(JoinShared),
                                     .local_size = sizeof(BuildLocal),
                                     .open = build_open,
                                     .open_local = build_open_local,
                                     .consume = build_consume,
                                     .merge = build_merge,
                                     .finish = build_finish,
                                     .finish_part = build_finish_part,
                                     .finish_end = build_finish_end,
                                     .close_local = build_close_local,
                                     .close = build_close};
static const StageClass probe_stage = {.name = "Hash Join",
                                       .local_size = sizeof(ProbeLocal),
                                       .open_local = probe_open_local,
                                       .push = probe_push,
                                       .close_local = probe_close_local};
const OperatorClass hash_join_operator = {.stage = &probe_stage, .sink = &build_sink, .unmatched = &join_unmatched_source};
