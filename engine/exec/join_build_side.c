/* The build side of a hash join: its rows are kept per task; when all are there, each column is laid out as one array and the
 * index is built, all in parallel parts. Where memory_limit leaves no room, rows are spilled instead (join_spill.c). */
#include "core/settings.h"
#include "exec/hash_join.h"
#include "exec/join_filter.h"
#include "exec/join_spill.h"

#define INDEX_PARTS_MAX 8u
#define INDEX_ROW_BYTES 32 /* of a hash index: link and bucket heads, at most */

Status join_side_open(Task *task, const PhysicalNode *op, void *shared_) {
    JoinShared *shared = shared_;
    const JoinSpec *spec = &op->join;
    if ((spec->kind == JOIN_MARK || spec->kind == JOIN_ANTI_NULL) && (spec->key_count > 1 || spec->residual != NULL)) {
        return fail_unsupported(&task->cx, POS_NONE,
                                "IN over several columns or with a correlated condition, where NULLs matter,");
    }
    shared->is_integer = join_has_integer_key(op);
    shared->key_min = INT64_MAX;
    shared->key_max = INT64_MIN;
    return join_build_open(&task->cx, &shared->build, op, !shared->is_integer);
}

Status join_side_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    (void)op;
    JoinShared *shared = shared_;
    BuildLocal *local = local_;
    row_buffer_init(&local->rows.kept, &shared->build.format);
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

/* What the whole side's keys have to be known for, wherever the rows go. */
static Status note_keys(Task *task, const PhysicalNode *op, const JoinShared *shared, BuildLocal *local, const Batch *in) {
    const uint32_t *keys = op->join.build_keys;
    for (uint32_t k = 0; k < op->join.key_count; k++) {
        local->has_null_key |= has_null(&in->columns[keys[k]], in->rows);
    }
    return shared->is_integer ? note_integer_keys(task, local, &in->columns[keys[0]], in->rows) : OK;
}

static Status keep_rows(Task *task, const PhysicalNode *op, const JoinShared *shared, BuildLocal *local, const Batch *in) {
    if (shared->is_integer) {
        return row_buffer_append(&task->cx, &local->rows.kept, in, NULL);
    }
    TRY(join_hash_keys(&task->cx, in, op->join.build_keys, op->join.key_count, local->hashes));
    return row_buffer_append(&task->cx, &local->rows.kept, in, &local->hash_vector);
}

Status join_side_consume(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, Flow *flow) {
    JoinShared *shared = shared_;
    BuildLocal *local = local_;
    *flow = NEED_INPUT;
    if (join_must_spill(task, &shared->build, &local->rows)) {
        TRY(join_spill_rows(task, op, &shared->build, &local->rows));
    }
    TRY(note_keys(task, op, shared, local, in));
    return local->rows.writer != NULL ? join_spill_add(task, &local->rows, in) : keep_rows(task, op, shared, local, in);
}

Status join_side_merge(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    (void)op;
    JoinShared *shared = shared_;
    BuildLocal *local = local_;
    TRY(join_rows_end(task, &local->rows));
    pthread_mutex_lock(&shared->build.lock);
    shared->key_min = local->key_min < shared->key_min ? local->key_min : shared->key_min;
    shared->key_max = local->key_max > shared->key_max ? local->key_max : shared->key_max;
    shared->build.has_null_key |= local->has_null_key;
    Status status = join_rows_take(task, &shared->build, &local->rows);
    pthread_mutex_unlock(&shared->build.lock);
    return status;
}

static Status prepare_index(Task *task, const PhysicalNode *op, JoinShared *shared, uint32_t *parts) {
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

/* The rows are copied once more, into one array per column, before their chunks go; and each has a link. */
static bool has_room_for_index(const Context *cx, const JoinShared *shared) {
    int64_t row_bytes = INDEX_ROW_BYTES + (int64_t)row_format_bytes(&shared->build.format);
    return (int64_t)shared->build.table.rows * row_bytes < memory_left(cx->memory);
}

Status join_side_finish(Task *task, const PhysicalNode *op, void *shared_, uint32_t *parts) {
    JoinShared *shared = shared_;
    JoinBuild *build = &shared->build;
    build->has_rows = build->table.rows > 0 || build->spill != NULL;
    *parts = 0;
    if (build->spill != NULL || (!build->is_piece && !has_room_for_index(&task->cx, shared))) {
        return join_spill_table(task, op, build);
    }
    return prepare_index(task, op, shared, parts);
}

/* The index first, which takes longest. */
Status join_side_part(Task *task, const PhysicalNode *op, void *shared_, uint32_t part) {
    (void)op;
    JoinShared *shared = shared_;
    if (part < shared->index.parts) {
        return join_index_build_part(&task->cx, &shared->index, &shared->build.table, part);
    }
    return row_table_lay_out_column(&task->cx, &shared->build.table, part - shared->index.parts);
}

static bool makes_filter(const PhysicalNode *op, const JoinShared *shared) {
    return op->join.publishes_filter && !shared->build.is_piece && shared->build.spill == NULL;
}

/* The filter is made beside the index: a part before those of the join side. */
static Status build_finish(Task *task, const PhysicalNode *op, void *shared, uint32_t *parts) {
    TRY(join_side_finish(task, op, shared, parts));
    *parts += makes_filter(op, shared);
    return OK;
}

static Status build_part(Task *task, const PhysicalNode *op, void *shared_, uint32_t part) {
    JoinShared *shared = shared_;
    if (!makes_filter(op, shared)) {
        return join_side_part(task, op, shared, part);
    }
    return part == 0 ? join_filter_create(&task->cx, &shared->build.table, op, &shared->filter)
                     : join_side_part(task, op, shared, part - 1);
}

static Status build_finish_end(Task *task, const PhysicalNode *op, void *shared_) {
    JoinShared *shared = shared_;
    row_table_drop_chunks(&shared->build.table);
    if (!op->join.publishes_filter || shared->build.is_piece) {
        return OK;
    }
    KeyFilter *filter = shared->filter; /* none if the rows are not at hand */
    shared->filter = NULL;
    return join_filter_publish(task, op, filter);
}

void join_side_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    BuildLocal *local = local_;
    join_rows_close(&local->rows);
    mem_free(local->hashes);
    vector_free(&local->scratch);
}

void join_side_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op;
    JoinShared *shared = shared_;
    if (profile != NULL) {
        profile->memory_bytes += join_build_bytes(&shared->build) + join_index_bytes(&shared->index);
        profile->groups += shared->build.table.rows;
        profile->spilled_bytes += join_spill_bytes(shared->build.spill);
        profile->memory_bytes += join_spill_piece_bytes(shared->build.spill);
    }
    join_filter_free(shared->filter);
    join_index_free(&shared->index);
    join_build_close(&shared->build);
}

const SinkClass join_build_sink = {.name = "Hash",
                                   .shared_size = sizeof(JoinShared),
                                   .local_size = sizeof(BuildLocal),
                                   .open = join_side_open,
                                   .open_local = join_side_open_local,
                                   .consume = join_side_consume,
                                   .merge = join_side_merge,
                                   .finish = build_finish,
                                   .finish_part = build_part,
                                   .finish_end = build_finish_end,
                                   .close_local = join_side_close_local,
                                   .close = join_side_close};
