/* Joins of rows on disk: splitting both sides, and joining the parts. See join_spill.h. */
#include "exec/join_spill.h"

#include "core/hash.h"
#include "exec/join_pieces.h"
#include "exec/key_finder.h"

#define PART_SHIFT 4   /* the lowest bits of the hash are the tags of an index */
#define LEVELS_MAX 4   /* the highest ones its buckets */
#define PIECES_FEW 4   /* splitting writes and reads both sides; that many pieces read the probe rows as often instead */
#define STUCK_SHARE 4  /* a part of which splitting left 3 / 4 together has few keys */
#define FORCED_PARTS 8 /* under force_spill every eighth part is split again */

/* Both sides, split by the hash of the keys. */
typedef struct JoinParts JoinParts;
struct JoinParts {
    JoinParts *outer; /* one part of it was split again; NULL: at the top */
    uint32_t count;   /* 1: not split */
    uint32_t level;
    uint64_t build_rows;
    SpillPart build[SPILL_PARTS], probe[SPILL_PARTS];
    _Atomic(uint32_t) next;
};

struct JoinWriter {
    JoinWriter *next;
    const PhysicalNode *op;
    bool is_build; /* else probe rows */
    uint32_t level;
    SpillWriter writer;
    Vector scratch;
};

struct JoinSpill {
    RowFormat build_format, probe_format; /* the first borrows its columns from the build */
    JoinParts parts;
    JoinWriter *writers; /* of all tasks that probe; guarded by the build's lock */
    bool is_gathered;    /* the writers were flushed into the parts; guarded by `gathering` */
    pthread_mutex_t gathering;
    _Atomic(uint64_t) split_bytes; /* on disk, of parts that were split again */
    _Atomic(uint64_t) piece_bytes;
};

/* ------------------------------------------------------------------------------------------------------------- splitting */

static uint32_t parts_of(const PhysicalNode *op) {
    return op->kind == PHYSICAL_NESTED_LOOP ? 1 : SPILL_PARTS;
}

static Status hash_keys(const Context *cx, JoinWriter *writer, const Batch *in, uint64_t *hashes) {
    const JoinSpec *spec = &writer->op->join;
    const uint32_t *keys = writer->is_build ? spec->build_keys : spec->probe_keys;
    if (!join_has_integer_key(writer->op)) {
        return join_hash_keys(cx, in, keys, spec->key_count, hashes);
    }
    int64_t values[BATCH_ROWS_MAX]; /* of any width */
    TRY(vector_load_i64(cx, &in->columns[keys[0]], in->rows, &writer->scratch, values));
    for (uint32_t i = 0; i < in->rows; i++) {
        hashes[i] = hash_u64((uint64_t)values[i]);
    }
    return OK;
}

static Status write_rows(Task *task, void *argument, const Batch *in) {
    JoinWriter *writer = argument;
    uint64_t hashes[BATCH_ROWS_MAX];
    uint8_t parts[BATCH_ROWS_MAX];
    if (writer->writer.part_count == 1) {
        return spill_writer_add(task, &writer->writer, in, NULL);
    }
    TRY(hash_keys(&task->cx, writer, in, hashes));
    for (uint32_t i = 0; i < in->rows; i++) {
        parts[i] = (uint8_t)(hashes[i] >> (PART_SHIFT + writer->level * SPILL_PART_BITS) & (SPILL_PARTS - 1));
    }
    return spill_writer_add(task, &writer->writer, in, parts);
}

static Status open_writer(Task *task, const PhysicalNode *op, const JoinSpill *spill, bool is_build, uint32_t level,
                          JoinWriter *writer) {
    writer->op = op;
    writer->is_build = is_build;
    writer->level = level;
    vector_init(&writer->scratch, type_make(TYPE_BIGINT));
    return spill_writer_open(&task->cx, &writer->writer, op->children[is_build],
                             is_build ? &spill->build_format : &spill->probe_format, parts_of(op));
}

static void close_writer(JoinWriter *writer) {
    spill_writer_close(&writer->writer);
    vector_free(&writer->scratch);
}

static Status take_parts(const Context *cx, SpillPart *to, JoinWriter *writer) {
    for (uint32_t p = 0; p < writer->writer.part_count; p++) {
        TRY(spill_part_join(cx, &to[p], &writer->writer.parts[p]));
    }
    return OK;
}

static void free_parts(JoinParts *parts) {
    for (uint32_t p = 0; p < SPILL_PARTS; p++) {
        spill_part_free(&parts->build[p]);
        spill_part_free(&parts->probe[p]);
    }
}

static uint64_t stored_bytes(const JoinParts *parts) {
    uint64_t bytes = 0;
    for (uint32_t p = 0; p < SPILL_PARTS; p++) {
        bytes += parts->build[p].stored_bytes + parts->probe[p].stored_bytes;
    }
    return bytes;
}

/* ----------------------------------------------------------------------------------------------------------------- build */

/* Spilling begins, if nobody has begun it. */
static Status begin_spill(Task *task, const PhysicalNode *op, JoinBuild *build) {
    const Context *cx = &task->cx;
    const PhysicalNode *probe = op->children[0];
    JoinSpill *spill = NULL;
    pthread_mutex_lock(&build->lock);
    Status status = OK;
    if (build->spill == NULL) {
        spill = mem_alloc_zeroed(cx, sizeof *spill);
        status = spill == NULL ? OUT_OF_MEMORY : OK;
    }
    if (spill != NULL) {
        pthread_mutex_init(&spill->gathering, NULL);
        spill->parts.count = parts_of(op);
        spill->build_format = (RowFormat){op->children[1]->column_count, build->format.columns};
        status = row_format_init(cx, &spill->probe_format, probe->columns, probe->column_count, false);
        build->spill = spill;
    }
    pthread_mutex_unlock(&build->lock);
    return status;
}

bool join_must_spill(const Task *task, const JoinBuild *build, const JoinRows *rows) {
    return !build->is_piece && rows->writer == NULL && query_should_spill(task, row_buffer_bytes(&rows->kept));
}

static Status write_chunks(Task *task, const JoinSpill *spill, JoinWriter *writer, RowChunk *const *chunks, uint32_t count) {
    return row_chunks_each_batch(task, writer->op->children[1], &spill->build_format, chunks, count, write_rows, writer);
}

Status join_spill_rows(Task *task, const PhysicalNode *op, JoinBuild *build, JoinRows *rows) {
    TRY(begin_spill(task, op, build));
    TRY_ALLOC_ZEROED(&task->cx, rows->writer, sizeof *rows->writer);
    TRY(open_writer(task, op, build->spill, true, 0, rows->writer));
    TRY(write_chunks(task, build->spill, rows->writer, rows->kept.chunks, rows->kept.chunk_count));
    row_buffer_free(&rows->kept);
    return OK;
}

Status join_spill_add(Task *task, JoinRows *rows, const Batch *in) {
    return write_rows(task, rows->writer, in);
}

Status join_rows_end(Task *task, JoinRows *rows) {
    return rows->writer != NULL ? spill_writer_flush(task, &rows->writer->writer) : OK;
}

Status join_rows_take(Task *task, JoinBuild *build, JoinRows *rows) {
    uint32_t first_chunk;
    return rows->writer != NULL ? take_parts(&task->cx, build->spill->parts.build, rows->writer)
                                : row_table_take(&task->cx, &build->table, &rows->kept, &first_chunk);
}

void join_rows_close(JoinRows *rows) {
    if (rows->writer != NULL) {
        close_writer(rows->writer);
        mem_free(rows->writer);
    }
    row_buffer_free(&rows->kept);
}

Status join_spill_table(Task *task, const PhysicalNode *op, JoinBuild *build) {
    JoinWriter writer = {0};
    TRY(begin_spill(task, op, build));
    Status status = open_writer(task, op, build->spill, true, 0, &writer);
    TRY_GOTO(status);
    TRY_GOTO(write_chunks(task, build->spill, &writer, build->table.chunks, build->table.chunk_count));
    TRY_GOTO(spill_writer_flush(task, &writer.writer));
    TRY_GOTO(take_parts(&task->cx, build->spill->parts.build, &writer));
    row_table_free(&build->table);
done:
    close_writer(&writer);
    return status;
}

void join_spill_free(JoinSpill *spill) {
    if (spill == NULL) {
        return;
    }
    while (spill->writers != NULL) {
        JoinWriter *writer = spill->writers;
        spill->writers = writer->next;
        close_writer(writer);
        mem_free(writer);
    }
    free_parts(&spill->parts);
    pthread_mutex_destroy(&spill->gathering);
    row_format_free(&spill->probe_format);
    mem_free(spill);
}

uint64_t join_spill_bytes(const JoinSpill *spill) {
    return spill == NULL ? 0 : stored_bytes(&spill->parts) + atomic_load(&spill->split_bytes);
}

uint64_t join_spill_piece_bytes(const JoinSpill *spill) {
    return spill == NULL ? 0 : atomic_load(&spill->piece_bytes);
}

/* ----------------------------------------------------------------------------------------------------------------- probe */

static Status open_probe_writer(Task *task, const PhysicalNode *op, JoinBuild *build, JoinWriter **writer) {
    TRY_ALLOC_ZEROED(&task->cx, *writer, sizeof **writer);
    pthread_mutex_lock(&build->lock);
    (*writer)->next = build->spill->writers;
    build->spill->writers = *writer;
    pthread_mutex_unlock(&build->lock);
    return open_writer(task, op, build->spill, false, 0, *writer);
}

Status join_spill_probe(Task *task, const PhysicalNode *op, JoinBuild *build, JoinWriter **writer, const Batch *in) {
    if (*writer == NULL) {
        TRY(open_probe_writer(task, op, build, writer));
    }
    return write_rows(task, *writer, in);
}

/* After all probes: what their writers still hold. */
static Status gather_probe(Task *task, JoinSpill *spill) {
    Status status = OK;
    pthread_mutex_lock(&spill->gathering);
    for (JoinWriter *writer = spill->is_gathered ? NULL : spill->writers; writer != NULL && status == OK;
         writer = writer->next) {
        status = spill_writer_flush(task, &writer->writer);
        status = status == OK ? take_parts(&task->cx, spill->parts.probe, writer) : status;
    }
    spill->is_gathered = true;
    pthread_mutex_unlock(&spill->gathering);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- splitting again
 */

/* One side's rows of a part. */
static Status split_side(Task *task, const PhysicalNode *op, const JoinSpill *spill, bool is_build, uint32_t level,
                         const SpillPart *from, SpillPart *to) {
    JoinWriter writer = {0};
    Status status = open_writer(task, op, spill, is_build, level, &writer);
    TRY_GOTO(status);
    TRY_GOTO(spill_each_batch(task, op->children[is_build], writer.writer.format, from, write_rows, &writer));
    TRY_GOTO(spill_writer_flush(task, &writer.writer));
    TRY_GOTO(take_parts(&task->cx, to, &writer));
done:
    close_writer(&writer);
    return status;
}

/* *split, if the rows were split, is the new parts, else what it was. */
static Status split_part(Task *task, const PhysicalNode *op, JoinSpill *spill, JoinParts *parts, uint32_t number,
                         JoinParts **split) {
    JoinParts *inner;
    TRY_ALLOC_ZEROED(&task->cx, inner, sizeof *inner);
    inner->outer = *split;
    inner->count = SPILL_PARTS;
    inner->level = parts->level + 1;
    inner->build_rows = parts->build[number].rows;
    *split = inner;
    TRY(split_side(task, op, spill, true, inner->level, &parts->build[number], inner->build));
    TRY(split_side(task, op, spill, false, inner->level, &parts->probe[number], inner->probe));
    atomic_fetch_add(&spill->split_bytes, stored_bytes(inner));
    return OK;
}

static bool should_split(const Task *task, const JoinParts *parts, uint32_t number, uint64_t room) {
    const SpillPart *build = &parts->build[number];
    if (task->cx.settings->force_spill) {
        return parts->count > 1 && parts->level == 0 && number % FORCED_PARTS == 0;
    }
    bool is_stuck = parts->build_rows > 0 && build->rows > parts->build_rows / STUCK_SHARE * (STUCK_SHARE - 1);
    return parts->count > 1 && parts->level + 1 < LEVELS_MAX && !is_stuck &&
           join_piece_bytes(spill_part_bytes(build), build->rows) / PIECES_FEW > room;
}

/* ------------------------------------------------------------------------------------------------------------ part by part */

typedef struct SpilledLocal {
    JoinParts *split; /* of the part at hand, the last that was split first; owned; NULL: parts come from the top */
    bool is_joining;
    PieceJoin pieces;
} SpilledLocal;

static Status spilled_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    JoinBuild *build = shared;
    SpilledLocal *local = local_;
    TRY(piece_join_open(task, op, build, &build->spill->build_format, &build->spill->probe_format, &local->pieces));
    return gather_probe(task, build->spill);
}

/* Where there is one part, tasks share it: rows of one side each, of which that side's rows are joined independently. */
static uint32_t share_count(const Task *task, const PhysicalNode *op, const JoinParts *parts) {
    bool is_shared = parts->count == 1 && op->join.kind != JOIN_FULL;
    return is_shared && task->task_count > 0 ? task->task_count : 1;
}

static SpillRange range_of_share(const SpillPart *part, uint32_t share, uint32_t shares) {
    return (SpillRange){part, (uint32_t)((uint64_t)part->count * share / shares),
                        (uint32_t)((uint64_t)part->count * (share + 1) / shares)};
}

/* What build rows may take in memory: all tasks load some, and what takes their output has some, too. */
static uint64_t piece_room(const Task *task) {
    int64_t room = memory_left(task->cx.memory) / 4 * 3 / (task->task_count > 0 ? task->task_count : 1);
    return room > 0 ? (uint64_t)room : 0;
}

static bool has_result(JoinKind kind, SpillRange build, SpillRange probe) {
    bool asks_build = kind == JOIN_INNER || kind == JOIN_SEMI || kind == JOIN_RIGHT || join_asks_for_build(kind);
    return build.begin < build.end ? probe.begin < probe.end || join_preserves_build(kind)
                                   : probe.begin < probe.end && !asks_build;
}

static Status join_part(Task *task, const PhysicalNode *op, JoinSpill *spill, JoinParts *parts, uint32_t unit,
                        SpilledLocal *local) {
    uint32_t shares = share_count(task, op, parts), number = unit / shares, share = unit % shares;
    bool shares_build = join_preserves_build(op->join.kind);
    SpillRange build = range_of_share(&parts->build[number], shares_build ? share : 0, shares_build ? shares : 1);
    SpillRange probe = range_of_share(&parts->probe[number], shares_build ? 0 : share, shares_build ? 1 : shares);
    uint64_t room = piece_room(task);
    if (!has_result(op->join.kind, build, probe)) {
        return OK;
    }
    if (should_split(task, parts, number, room)) {
        return split_part(task, op, spill, parts, number, &local->split);
    }
    piece_join_start(task, &local->pieces, build, probe, room);
    local->is_joining = true;
    return OK;
}

static void end_split(SpilledLocal *local) {
    JoinParts *split = local->split;
    local->split = split->outer;
    free_parts(split);
    mem_free(split);
}

static Status next_part(Task *task, const PhysicalNode *op, JoinSpill *spill, SpilledLocal *local, bool *over) {
    JoinParts *parts = local->split != NULL ? local->split : &spill->parts;
    uint32_t unit = atomic_fetch_add(&parts->next, 1);
    if (unit < parts->count * share_count(task, op, parts)) {
        return join_part(task, op, spill, parts, unit, local);
    }
    *over = local->split == NULL;
    if (!*over) {
        end_split(local);
    }
    return OK;
}

static void note_bytes(JoinSpill *spill, uint64_t bytes) {
    uint64_t most = atomic_load(&spill->piece_bytes);
    while (most < bytes && !atomic_compare_exchange_weak(&spill->piece_bytes, &most, bytes)) {
    }
}

static Status spilled_next(Task *task, const PhysicalNode *op, void *shared, void *local_, const Batch **out, Flow *flow) {
    JoinSpill *spill = ((JoinBuild *)shared)->spill;
    SpilledLocal *local = local_;
    bool over = false;
    if (!local->is_joining) {
        TRY(next_part(task, op, spill, local, &over));
        *flow = over ? DONE : NEED_INPUT;
        return OK;
    }
    TRY(piece_join_next(task, &local->pieces, out, flow));
    if (*flow == DONE) {
        note_bytes(spill, local->pieces.bytes);
        local->is_joining = false;
        *flow = NEED_INPUT;
    }
    return OK;
}

static void spilled_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    SpilledLocal *local = local_;
    (void)op, (void)shared, (void)profile;
    piece_join_close(&local->pieces);
    while (local->split != NULL) {
        end_split(local);
    }
}

static bool spilled_is_idle(const PhysicalNode *op, const void *shared) {
    (void)op;
    return shared == NULL || ((const JoinBuild *)shared)->spill == NULL;
}

static uint32_t spilled_task_limit(Task *task, const PhysicalNode *op, void *shared) {
    (void)task, (void)op, (void)shared;
    return SPILL_PARTS;
}

const SourceClass join_spilled_source = {.name = "Join",
                                         .local_size = sizeof(SpilledLocal),
                                         .open_local = spilled_open_local,
                                         .next = spilled_next,
                                         .close_local = spilled_close_local,
                                         .task_limit = spilled_task_limit,
                                         .is_idle = spilled_is_idle};
