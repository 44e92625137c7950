/* What hash joins and nested loops share: lists of (probe row, build row) pairs, the residual condition over them, and the
 * output batch made from them. One JoinEmitter per task. */
#ifndef DEPOT_EXEC_JOIN_OUTPUT_H
#define DEPOT_EXEC_JOIN_OUTPUT_H

#include "exec/row_store.h"

#define PAIR_SLACK 16 /* kernels may write this many elements past the end */

typedef struct JoinPairs {
    uint32_t count;
    uint16_t probe[BATCH_ROWS_MAX + PAIR_SLACK];
    uint32_t build[BATCH_ROWS_MAX + PAIR_SLACK]; /* rows of the table; ROW_NONE: padded with NULLs */
} JoinPairs;

/* Where the build side comes in pieces: what the rows of a batch found in those before. */
typedef struct JoinSeen {
    bool is_last;                /* of the pieces: now it is known which rows have no partner */
    uint64_t *matched, *unknown; /* a bit per row; borrowed */
} JoinSeen;

typedef struct JoinEmitter {
    Batch out;
    Batch combined;       /* probe columns, then build columns: what the residual sees; only used slots are filled */
    bool *is_used;        /* per combined column; owned */
    ExprState *residual;  /* owned; NULL without a residual */
    Vector left, right;   /* scratch */
    JoinPairs *rest;      /* of probe rows without a partner; owned */
    const JoinSeen *seen; /* of the batch; borrowed; NULL: the build side is whole */
} JoinEmitter;

Status join_emitter_open(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op) MUST_CHECK;
void join_emitter_close(JoinEmitter *emitter);

/* Keeps the pairs for which the residual is true. */
Status join_filter_pairs(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in,
                         const RowTable *table, JoinPairs *pairs) MUST_CHECK;
/* Keeps the pairs whose keys are equal (after a match of hashes). */
Status join_verify_pairs(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in,
                         const RowTable *table, JoinPairs *pairs) MUST_CHECK;
/* emitter->out = the output columns of the pairs. `has_missing`: some build rows are ROW_NONE. `keeps_probe`: the pairs are
 * the rows of `in` in order, so that its columns pass without a copy. */
Status join_emit_pairs(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in, const RowTable *table,
                       const JoinPairs *pairs, bool has_missing, bool keeps_probe) MUST_CHECK;
/* Before the first pairs of a batch of so many rows: sets the bits of what is known of them. */
void join_begin_batch(const JoinEmitter *emitter, uint32_t rows, uint64_t *matched, uint64_t *unknown);
/* What follows the last pairs of a batch, by kind: padded rows, rows that found or missed a partner, marks. `matched`: rows
 * with a partner; `unknown` (MARK, ANTI_NULL): rows for which that is neither true nor false. *out stays NULL if nothing
 * follows. */
Status join_finish_batch(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in,
                         const RowTable *table, const uint64_t *matched, const uint64_t *unknown, const Batch **out) MUST_CHECK;
/* Sets the bits of probe rows that have a pair whose residual is NULL. */
Status join_note_unknown_pairs(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in,
                               const RowTable *table, const JoinPairs *pairs, uint64_t *unknown) MUST_CHECK;
/* Build rows without a probe row: probe columns are NULL. */
Status join_emit_unmatched(const Context *cx, Batch *out, const PhysicalNode *op, const RowTable *table, const uint32_t *rows,
                           uint32_t count) MUST_CHECK;
Status fail_second_row(const Context *cx); /* JOIN_SINGLE met a second match */

#endif
