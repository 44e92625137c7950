/* Build sides of joins, and the source of their unmatched rows. See join_build.h. */
#include "exec/join_build.h"

#include "exec/join_spill.h"

static bool is_integer(const PhysicalNode *child, uint32_t slot) {
    return class_is_integer(type_class(child->columns[slot].type));
}

bool join_has_integer_key(const PhysicalNode *op) {
    const JoinSpec *spec = &op->join;
    return spec->key_count == 1 && is_integer(op->children[0], spec->probe_keys[0]) &&
           is_integer(op->children[1], spec->build_keys[0]);
}

Status join_build_open(const Context *cx, JoinBuild *build, const PhysicalNode *op, bool with_hashes) {
    const PhysicalNode *child = op->children[1];
    pthread_mutex_init(&build->lock, NULL);
    build->is_open = true;
    return row_format_init(cx, &build->format, child->columns, child->column_count, with_hashes);
}

Status join_build_finish(const Context *cx, JoinBuild *build, const PhysicalNode *op) {
    build->table.format = &build->format;
    TRY(row_table_prepare_layout(cx, &build->table));
    if (join_preserves_build(op->join.kind)) {
        TRY_ALLOC_ZEROED(cx, build->matched, build->table.rows);
    }
    return OK;
}

void join_build_close(JoinBuild *build) {
    join_spill_free(build->spill);
    row_table_free(&build->table);
    row_format_free(&build->format);
    mem_free(build->matched);
    if (build->is_open) {
        pthread_mutex_destroy(&build->lock);
    }
}

size_t join_build_bytes(const JoinBuild *build) {
    size_t bytes = 0;
    for (uint32_t c = 0; build->table.laid_out != NULL && c < build->format.column_count; c++) {
        bytes += build->table.rows * build->format.columns[c].width;
    }
    return bytes;
}

void join_build_drop_matched(const JoinBuild *build, JoinPairs *pairs) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < pairs->count; i++) {
        pairs->probe[kept] = pairs->probe[i];
        pairs->build[kept] = pairs->build[i];
        kept += __atomic_load_n(&build->matched[pairs->build[kept]], __ATOMIC_RELAXED) == 0;
    }
    pairs->count = kept;
}

void join_build_note_matches(JoinBuild *build, const uint32_t *rows, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        __atomic_store_n(&build->matched[rows[i]], 1, __ATOMIC_RELAXED);
    }
}

typedef struct UnmatchedLocal {
    Batch out;
} UnmatchedLocal;

static Status unmatched_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    (void)shared;
    return batch_init_like(&task->cx, op, &((UnmatchedLocal *)local_)->out);
}

static Status unmatched_next(Task *task, const PhysicalNode *op, void *shared, void *local_, const Batch **out, Flow *flow) {
    JoinBuild *build = shared;
    UnmatchedLocal *local = local_;
    uint32_t rows[BATCH_ROWS_MAX], count = 0;
    uint32_t most = source_batch_rows(task, BATCH_ROWS_MAX);
    uint64_t first = atomic_fetch_add(&build->unmatched_next, most);
    if (first >= build->table.rows) {
        *flow = DONE;
        return OK;
    }
    uint64_t end = first + most < build->table.rows ? first + most : build->table.rows;
    for (uint64_t row = first; row < end; row++) {
        rows[count] = (uint32_t)row;
        count += join_gives_build_row(op->join.kind, build->matched[row]);
    }
    *flow = count > 0 ? MORE_OUTPUT : NEED_INPUT;
    *out = &local->out;
    return count == 0 ? OK : join_emit_unmatched(&task->cx, &local->out, op, &build->table, rows, count);
}

static void unmatched_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    batch_free(&((UnmatchedLocal *)local_)->out);
}

static uint32_t unmatched_task_limit(Task *task, const PhysicalNode *op, void *shared) {
    (void)task, (void)op;
    return 1 + (uint32_t)(((JoinBuild *)shared)->table.rows / ROW_CHUNK_ROWS);
}

const SourceClass join_unmatched_source = {.name = "Join",
                                           .local_size = sizeof(UnmatchedLocal),
                                           .open_local = unmatched_open_local,
                                           .next = unmatched_next,
                                           .close_local = unmatched_close_local,
                                           .task_limit = unmatched_task_limit};
