/* Joining what is on disk, a piece of the build side at a time. See join_pieces.h. */
#include "exec/join_pieces.h"

#define INDEX_ROW_BYTES 64 /* link, bucket heads, hash and flag of a row, at most */
#define FORCED_PIECES 4    /* under force_spill: tests have few rows */
#define FORCED_BATCH_ROWS 64

/* The rows are copied once more, into one array per column, before their chunks go. */
uint64_t join_piece_bytes(uint64_t chunk_bytes, uint64_t rows) {
    return 2 * chunk_bytes + rows * INDEX_ROW_BYTES;
}

Status piece_join_open(Task *task, const PhysicalNode *op, const JoinBuild *whole, const RowFormat *build_format,
                       const RowFormat *probe_format, PieceJoin *join) {
    const Context *cx = &task->cx;
    join->op = op;
    join->class_ = op->kind == PHYSICAL_NESTED_LOOP ? &nested_join_operator : &hash_join_operator;
    join->whole = whole;
    TRY(spill_reader_open(cx, &join->build, op->children[1], build_format));
    TRY(spill_reader_open(cx, &join->probe, op->children[0], probe_format));
    return batch_init_like(cx, op, &join->unmatched);
}

static uint64_t rows_of(SpillRange range) {
    uint64_t rows = 0;
    for (uint32_t i = range.begin; i < range.end; i++) {
        rows += range.part->chunks[i].rows;
    }
    return rows;
}

void piece_join_start(const Task *task, PieceJoin *join, SpillRange build, SpillRange probe, uint64_t bytes) {
    bool is_forced = task->cx.settings->force_spill;
    spill_reader_start(&join->build, build.part, build.begin, build.end);
    join->probe_rows = probe;
    join->piece_bytes = bytes;
    join->piece_rows = is_forced ? rows_of(build) / FORCED_PIECES : UINT32_MAX / 2;
    join->batch_rows = is_forced ? FORCED_BATCH_ROWS : BATCH_ROWS_MAX;
}

static void end_piece(PieceJoin *join) {
    if (join->local != NULL) {
        join->class_->stage->close_local(join->op, join->piece, join->local, NULL);
        mem_free(join->local);
    }
    if (join->piece != NULL) {
        join->class_->sink->close(join->op, join->piece, NULL);
        mem_free(join->piece);
    }
    join->piece = join->local = NULL;
    join->in = NULL;
    join->is_probed = false;
    join->row = join->next_bits = 0;
    if (join->is_last) {
        mem_free(join->bits);
        join->bits = NULL;
    }
}

void piece_join_close(PieceJoin *join) {
    join->is_last = true;
    end_piece(join);
    spill_reader_close(&join->build);
    spill_reader_close(&join->probe);
    batch_free(&join->unmatched);
}

/* --------------------------------------------------------------------------------------------------------------- loading */

/* Of rows of the chunk that the reader has at hand. */
static uint64_t bytes_of_rows(const SpillReader *reader, uint32_t rows) {
    const SpillChunk *chunk = &reader->part->chunks[reader->chunk - 1];
    return join_piece_bytes((uint64_t)chunk->extent.bytes * rows / chunk->rows, rows);
}

static Status keep_rows(Task *task, PieceJoin *join, void *local) {
    uint64_t bytes = 0, rows = 0;
    const Batch *in;
    Flow flow;
    do {
        TRY(spill_reader_next(task, &join->build, join->batch_rows, &in));
        if (in != NULL) {
            TRY(join->class_->sink->consume(task, join->op, join->piece, local, in, &flow));
            rows += in->rows;
            bytes += bytes_of_rows(&join->build, in->rows);
        }
    } while (in != NULL && bytes < join->piece_bytes && rows < join->piece_rows);
    join->bytes = bytes > join->bytes ? bytes : join->bytes;
    join->is_last = spill_reader_is_over(&join->build);
    return OK;
}

static Status finish_piece(Task *task, PieceJoin *join) {
    const SinkClass *sink = join->class_->sink;
    JoinBuild *build = join->piece;
    uint32_t parts;
    TRY(sink->finish(task, join->op, join->piece, &parts));
    for (uint32_t part = 0; part < parts; part++) {
        TRY(sink->finish_part(task, join->op, join->piece, part));
    }
    TRY(sink->finish_end(task, join->op, join->piece));
    build->has_rows = join->whole->has_rows;
    build->has_null_key = join->whole->has_null_key;
    return OK;
}

static Status build_piece(Task *task, PieceJoin *join) {
    const SinkClass *sink = join->class_->sink;
    void *local;
    TRY_ALLOC_ZEROED(&task->cx, join->piece, sink->shared_size);
    ((JoinBuild *)join->piece)->is_piece = true;
    TRY(sink->open(task, join->op, join->piece));
    TRY_ALLOC_ZEROED(&task->cx, local, sink->local_size);
    Status status = sink->open_local(task, join->op, join->piece, local);
    status = status == OK ? keep_rows(task, join, local) : status;
    status = status == OK ? sink->merge(task, join->op, join->piece, local) : status;
    sink->close_local(join->op, join->piece, local, NULL);
    mem_free(local);
    return status == OK ? finish_piece(task, join) : status;
}

/* Are rows put out, or not, by what they find in all of the pieces? */
static bool asks_all_pieces(JoinKind kind) {
    return join_preserves_probe(kind) || join_only_asks(kind);
}

static Status load_piece(Task *task, PieceJoin *join) {
    const StageClass *stage = join->class_->stage;
    TRY(build_piece(task, join));
    TRY_ALLOC_ZEROED(&task->cx, join->local, stage->local_size);
    TRY(stage->open_local(task, join->op, join->piece, join->local));
    spill_reader_start(&join->probe, join->probe_rows.part, join->probe_rows.begin, join->probe_rows.end);
    if (join->bits == NULL && !join->is_last && asks_all_pieces(join->op->join.kind)) {
        uint64_t words = 0;
        for (uint32_t i = join->probe_rows.begin; i < join->probe_rows.end; i++) {
            words += 2 * BITS_WORDS(join->probe_rows.part->chunks[i].rows);
        }
        TRY_ALLOC_ZEROED(&task->cx, join->bits, words * sizeof *join->bits);
    }
    join->seen.is_last = join->is_last;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- probing */

/* Its bits stand where they stood for the piece before, since batches come alike. */
static Status next_batch(Task *task, PieceJoin *join) {
    JoinEmitter *emitter = join->local;
    TRY(spill_reader_next(task, &join->probe, join->batch_rows, &join->in));
    if (join->in != NULL && join->bits != NULL) {
        join->seen.matched = join->bits + join->next_bits;
        join->seen.unknown = join->seen.matched + BITS_WORDS(join->in->rows);
        join->next_bits += 2 * BITS_WORDS(join->in->rows);
        emitter->seen = &join->seen;
    }
    return OK;
}

static Status probe_piece(Task *task, PieceJoin *join, const Batch **out) {
    Flow flow;
    if (join->in == NULL) {
        TRY(next_batch(task, join));
        join->is_probed = join->in == NULL;
        if (join->is_probed) {
            return OK;
        }
    }
    TRY(join->class_->stage->push(task, join->op, join->piece, join->local, join->in, out, &flow));
    join->in = flow == MORE_OUTPUT ? join->in : NULL;
    join->is_probed = flow == DONE;
    return OK;
}

/* Build rows of the piece without a match, a batch at a time. */
static Status unmatched_of_piece(Task *task, PieceJoin *join, const Batch **out, bool *over) {
    const JoinBuild *build = join->piece;
    JoinKind kind = join->op->join.kind;
    uint32_t rows[BATCH_ROWS_MAX], count = 0;
    *over = !join_preserves_build(kind) || join->row >= build->table.rows;
    for (; !*over && join->row < build->table.rows && count < BATCH_ROWS_MAX; join->row++) {
        rows[count] = (uint32_t)join->row;
        count += join_gives_build_row(kind, build->matched[join->row]);
    }
    if (count == 0) {
        return OK;
    }
    *out = &join->unmatched;
    return join_emit_unmatched(&task->cx, &join->unmatched, join->op, &build->table, rows, count);
}

Status piece_join_next(Task *task, PieceJoin *join, const Batch **out, Flow *flow) {
    bool over = false;
    *flow = NEED_INPUT;
    if (join->piece == NULL) {
        return load_piece(task, join);
    }
    if (!join->is_probed) {
        TRY(probe_piece(task, join, out));
    } else {
        TRY(unmatched_of_piece(task, join, out, &over));
    }
    if (over) {
        end_piece(join);
        *flow = join->is_last ? DONE : NEED_INPUT;
    } else {
        *flow = *out != NULL ? MORE_OUTPUT : NEED_INPUT;
    }
    return OK;
}
