/* The build side that hash joins and nested loops share: the rows of child 1 in a contiguous table, and for RIGHT, FULL and
 * their like which of them found a partner. First member of both operators' shared states, so that one source gives the rows
 * that are left over. */
#ifndef DEPOT_EXEC_JOIN_BUILD_H
#define DEPOT_EXEC_JOIN_BUILD_H

#include "exec/exec.h"
#include "exec/join_output.h"

#include <pthread.h>

typedef struct JoinBuild {
    pthread_mutex_t lock; /* guards the table (and what else the join collects) while tasks merge */
    bool is_open;
    RowFormat format;
    RowTable table;
    uint8_t *matched;                 /* where the kind preserves build rows: per row; set by all tasks */
    _Atomic(uint64_t) unmatched_next; /* first build row not yet taken by an unmatched source */
} JoinBuild;

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
