/* Hash join: child 1 is built into a table with an index, child 0 probes it.
 *
 * The sink keeps the build rows per task; when all are there, each column is laid out as one array and the index is built, all
 * in parallel parts. The stage finds for each probe row its first candidate (all rows of a batch at once). Where a row can
 * have one match at most, the batch goes on in one piece, its columns untouched if every row matched. Otherwise candidates
 * are listed as pairs, up to a batch at a time, checked, and emitted; what has no partner follows after the last pair.
 *
 * Whether an array or a hash table indexes the keys is decided by the keys that came. */
#include "exec/hash_join.h"

#include "exec/join_spill.h"
#include "kernels/hash_kernels.h"

#define CHAINS_AHEAD 16u
#define HOPS_AHEAD 32u
#define PREFETCH_ROWS ((uint64_t)1 << 17) /* build rows whose links are beyond the cache */

Status join_probe_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    (void)shared;
    ProbeLocal *local = local_;
    TRY_ALLOC(&task->cx, local->pairs, sizeof *local->pairs);
    TRY(key_finder_open(&task->cx, &local->finder));
    return join_emitter_open(&task->cx, &local->emitter, op);
}

void join_probe_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    ProbeLocal *local = local_;
    join_emitter_close(&local->emitter);
    key_finder_close(&local->finder);
    mem_free(local->pairs);
}

static inline uint32_t next_candidate(const JoinShared *shared, JoinKind kind, uint32_t row, uint64_t key) {
    return join_asks_for_build(kind) ? join_index_next_open(&shared->index, row, key, shared->build.matched)
                                     : join_index_next(&shared->index, row, key);
}

/* Fetches the links of rows whose chains are read next, a hop of each chain after the other: each chain alone would wait for
 * every link. */
static void prefetch_chains(const JoinIndex *index, const uint32_t *heads, uint32_t rows) {
    uint32_t at[CHAINS_AHEAD], left = rows;
    memcpy(at, heads, rows * sizeof *at);
    for (uint32_t hop = 0; hop < HOPS_AHEAD && left > 0; hop++) {
        left = 0;
        for (uint32_t i = 0; i < rows; i++) {
            if (at[i] != 0) {
                at[i] = __atomic_load_n(join_index_link(index, at[i] - 1), __ATOMIC_RELAXED);
            }
            if (at[i] != 0) {
                __builtin_prefetch(join_index_link(index, at[i] - 1));
                left++;
            }
        }
    }
}

/* The next candidates of the batch as pairs; sets pairs_ended after the last. */
static void list_candidates(const JoinShared *shared, JoinKind kind, ProbeLocal *local, uint32_t rows, uint32_t most) {
    JoinPairs *pairs = local->pairs;
    if (local->finder.is_single) {
        pairs->count = hash_kernels->list_matches(local->finder.heads, rows, pairs->probe, pairs->build);
        local->pairs_ended = true;
        return;
    }
    uint32_t count = 0, row = local->row, candidate = local->candidate;
    if (join_only_asks(kind) && bit_get(local->matched, row)) { /* among the pairs before: the rest would change nothing */
        candidate = 0;
    }
    bool prefetches = shared->build.table.rows >= PREFETCH_ROWS;
    while (row < rows) {
        if (prefetches && row % CHAINS_AHEAD == 0) {
            uint32_t ahead = rows - row < CHAINS_AHEAD ? rows - row : CHAINS_AHEAD;
            prefetch_chains(&shared->index, local->finder.heads + row, ahead);
        }
        for (; candidate != 0 && count < most; count++) {
            pairs->probe[count] = (uint16_t)row;
            pairs->build[count] = candidate - 1;
            candidate = next_candidate(shared, kind, candidate - 1, local->finder.keys[row]);
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
    } else if (kind != JOIN_INNER && kind != JOIN_RIGHT && !join_asks_for_build(kind)) {
        for (uint32_t i = 0; i < pairs->count; i++) {
            bit_set(local->matched, pairs->probe[i]);
        }
    }
    return OK;
}

static Status next_pairs(const Context *cx, const PhysicalNode *op, JoinShared *shared, ProbeLocal *local, const Batch *in) {
    list_candidates(shared, op->join.kind, local, in->rows, (uint32_t)cx->settings->batch_rows);
    if (join_asks_for_build(op->join.kind)) {
        join_build_drop_matched(&shared->build, local->pairs);
    }
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
    memset(local->unknown, shared->build.has_null_key ? 0xff : 0, sizeof local->unknown);
    if (key->validity != NULL && shared->build.has_rows) {
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

/* Kinds that ask for build rows: pairs only leave a note there. */
static Status note_batch(const Context *cx, const PhysicalNode *op, JoinShared *shared, ProbeLocal *local, const Batch *in) {
    while (!local->pairs_ended) {
        TRY(next_pairs(cx, op, shared, local, in));
        TRY(check_cancel(cx));
    }
    local->is_in_batch = false;
    return OK;
}

static Status start_batch(const Context *cx, const PhysicalNode *op, JoinShared *shared, ProbeLocal *local, const Batch *in) {
    TRY(key_finder_find(cx, &local->finder, &op->join, &shared->index, &shared->build.table, in));
    join_begin_batch(&local->emitter, in->rows, local->matched, local->unknown);
    local->is_in_batch = true;
    local->pairs_ended = false;
    local->row = 0;
    local->candidate = local->finder.heads[0];
    return OK;
}

/* Without build rows, or with a NULL among them for NOT IN, no probe row can come through. */
static bool has_no_result(const JoinShared *shared, JoinKind kind) {
    if (kind == JOIN_INNER || kind == JOIN_SEMI || kind == JOIN_RIGHT || join_asks_for_build(kind)) {
        return !shared->build.has_rows;
    }
    return kind == JOIN_ANTI_NULL && shared->build.has_null_key;
}

Status join_probe_push(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, const Batch **out,
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
    if (shared->build.spill != NULL) {
        return join_spill_probe(task, op, &shared->build, &local->writer, in);
    }
    if (!local->is_in_batch) {
        TRY(start_batch(cx, op, shared, local, in));
    }
    if (join_asks_for_build(op->join.kind)) {
        return note_batch(cx, op, shared, local, in);
    }
    if (!join_only_asks(op->join.kind) && local->finder.is_single && local->emitter.seen == NULL) {
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

static const StageClass probe_stage = {.name = "Hash Join",
                                       .local_size = sizeof(ProbeLocal),
                                       .open_local = join_probe_open_local,
                                       .push = join_probe_push,
                                       .close_local = join_probe_close_local};
const OperatorClass hash_join_operator = {
    .stage = &probe_stage, .sink = &join_build_sink, .unmatched = &join_unmatched_source, .spilled = &join_spilled_source};
