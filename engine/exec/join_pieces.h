/* Rows of a join's two sides that are on disk are joined in memory, by the join's own code: as many build rows as there is room
 * for — a piece — meet all probe rows, which are read again for each piece. What probe rows have found is kept until the last
 * one. Where the build side is small enough, one piece is all of it. */
#ifndef DEPOT_EXEC_JOIN_PIECES_H
#define DEPOT_EXEC_JOIN_PIECES_H

#include "exec/join_build.h"
#include "exec/spill.h"

/* Chunks [begin, end) of rows on disk. */
typedef struct SpillRange {
    const SpillPart *part; /* borrowed */
    uint32_t begin, end;
} SpillRange;

typedef struct PieceJoin {
    const PhysicalNode *op;
    const OperatorClass *class_; /* its sink builds a piece, its stage probes it */
    const JoinBuild *whole;      /* borrowed */
    SpillReader build, probe;
    SpillRange probe_rows;
    uint64_t piece_bytes, piece_rows; /* at most, but for the last batch */
    uint32_t batch_rows;
    void *piece;        /* the sink's shared state, a JoinBuild first; owned; NULL: the next is to be loaded */
    void *local;        /* the stage's, a JoinEmitter first; owned */
    bool is_last;       /* piece */
    bool is_probed;     /* only build rows without a match may follow */
    const Batch *in;    /* the stage has more for it */
    uint64_t row;       /* the next build row that may have no match */
    uint64_t *bits;     /* of all probe rows, as they are read: see JoinSeen; owned; NULL: nothing has to be kept */
    uint64_t next_bits; /* word */
    JoinSeen seen;      /* points there, for `in` */
    Batch unmatched;
    uint64_t bytes; /* of the largest piece */
} PieceJoin;

/* What build rows that take so many bytes in chunks need in memory once they are indexed. */
uint64_t join_piece_bytes(uint64_t chunk_bytes, uint64_t rows);
/* Formats of the sides' rows as they were spilled; borrowed, as is `whole`, which tells of the side as a whole. */
Status piece_join_open(Task *task, const PhysicalNode *op, const JoinBuild *whole, const RowFormat *build_format,
                       const RowFormat *probe_format, PieceJoin *join) MUST_CHECK;
/* These rows are joined next; bytes: for a piece. */
void piece_join_start(const Task *task, PieceJoin *join, SpillRange build, SpillRange probe, uint64_t bytes);
/* As a source: DONE after the last row of the two ranges. */
Status piece_join_next(Task *task, PieceJoin *join, const Batch **out, Flow *flow) MUST_CHECK;
void piece_join_close(PieceJoin *join); /* zeroed memory is fine */

#endif
