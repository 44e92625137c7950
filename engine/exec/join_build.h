/* The build side that hash joins and nested loops share: the rows of child 1 in a contiguous table, and for RIGHT, FULL and
 * their like which of them found a partner. First member of both operators' shared states, so that one source gives the rows
 * that are left over, and one knows how rows are spilled (join_spill.h). */
#ifndef DEPOT_EXEC_JOIN_BUILD_H
#define DEPOT_EXEC_JOIN_BUILD_H

#include "exec/exec.h"
#include "exec/join_output.h"

#include <pthread.h>

typedef struct JoinSpill JoinSpill;

typedef struct JoinBuild {
    pthread_mutex_t lock; /* guards the table, `spill` (and what else the join collects) while tasks merge */
    bool is_open;
    bool is_piece;     /* of build rows that were spilled: it keeps all that it is given (join_pieces.h) */
    bool has_rows;     /* of the whole side, spilled ones included */
    bool has_null_key; /* hash joins: some row of the whole side has */
    RowFormat format;
    RowTable table;
    uint8_t *matched;                 /* where the kind preserves build rows: per row; set by all tasks */
    _Atomic(uint64_t) unmatched_next; /* first build row not yet taken by an unmatched source */
    JoinSpill *spill;                 /* owned; NULL: all build rows are in the table */
} JoinBuild;

typedef struct JoinWriter JoinWriter;

/* Build rows of a task. */
typedef struct JoinRows {
    RowBuffer kept;
    JoinWriter *writer; /* owned; NULL: rows are kept */
} JoinRows;

/* Build rows come out after the probe, by whether they have a partner. */
static inline bool join_preserves_build(JoinKind kind) {
    return kind == JOIN_RIGHT || kind == JOIN_FULL || join_asks_for_build(kind);
}
/* Is this the kind of build row that comes out at the end? */
static inline bool join_gives_build_row(JoinKind kind, uint8_t is_matched) {
    return is_matched == (kind == JOIN_RIGHT_SEMI);
}
static inline bool join_preserves_probe(JoinKind kind) {
    return kind == JOIN_LEFT || kind == JOIN_FULL || kind == JOIN_SINGLE;
}
/* One key, of an integer class on both sides. */
bool join_has_integer_key(const PhysicalNode *op);
Status join_build_open(const Context *cx, JoinBuild *build, const PhysicalNode *op, bool with_hashes) MUST_CHECK;
/* After the last merge: room for the layout (one part per column) and the flags. */
Status join_build_finish(const Context *cx, JoinBuild *build, const PhysicalNode *op) MUST_CHECK;
void join_build_close(JoinBuild *build);
size_t join_build_bytes(const JoinBuild *build);
/* Drops pairs whose build row has a partner already. */
void join_build_drop_matched(const JoinBuild *build, JoinPairs *pairs);
/* Remembers that these build rows have a partner. */
void join_build_note_matches(JoinBuild *build, const uint32_t *rows, uint32_t count);

extern const SourceClass join_unmatched_source;

#endif
