/* Joins whose build side does not fit: both sides go to disk, and are joined from there after the probe.
 *
 * Rows of hash joins are split into parts by the hash of the keys (the first partition phase of a Grace hash join); after the
 * probe, one part at a time is joined in memory. A part that is too large for that is split again, by other bits of the hash,
 * or, where that is of no use, its build rows come in pieces (join_pieces.h). Nested loops have one part, always in pieces.
 * Whoever runs short of memory begins; rows that other tasks have kept follow when the build ends. */
#ifndef DEPOT_EXEC_JOIN_SPILL_H
#define DEPOT_EXEC_JOIN_SPILL_H

#include "exec/join_build.h"

/* Keeps or spills the rows, as memory allows. */
bool join_must_spill(const Task *task, const JoinBuild *build, const JoinRows *rows);
/* The task's rows go to disk from here on, those that it has kept at once. Begins spilling, if nobody has. The build's lock is
 * not held. */
Status join_spill_rows(Task *task, const PhysicalNode *op, JoinBuild *build, JoinRows *rows) MUST_CHECK;
Status join_spill_add(Task *task, JoinRows *rows, const Batch *in) MUST_CHECK;
/* No more of the task's rows will come; called before they are taken. */
Status join_rows_end(Task *task, JoinRows *rows) MUST_CHECK;
/* Into the table or the parts; called with the build's lock held. */
Status join_rows_take(Task *task, JoinBuild *build, JoinRows *rows) MUST_CHECK;
void join_rows_close(JoinRows *rows);
/* When all were taken: those in the table go to disk, too. Begins spilling, if nobody has. */
Status join_spill_table(Task *task, const PhysicalNode *op, JoinBuild *build) MUST_CHECK;

/* *writer: the task's; NULL at first, owned by the JoinSpill. */
Status join_spill_probe(Task *task, const PhysicalNode *op, JoinBuild *build, JoinWriter **writer, const Batch *in) MUST_CHECK;

uint64_t join_spill_bytes(const JoinSpill *spill);       /* on disk; NULL is fine */
uint64_t join_spill_piece_bytes(const JoinSpill *spill); /* most that was in memory at once; NULL is fine */
void join_spill_free(JoinSpill *spill);                  /* NULL is fine */

/* Joins what was spilled, after all probes are over. */
extern const SourceClass join_spilled_source;

#endif
