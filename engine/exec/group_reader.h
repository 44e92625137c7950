/* One pass over the sorted rows of a set, in which groups come one after the other: their states stand in a window of groups
 * that are complete and of one that is still open. All sets give the same groups in the same order. */
#ifndef DEPOT_EXEC_GROUP_READER_H
#define DEPOT_EXEC_GROUP_READER_H

#include "exec/ordered_set.h"

typedef struct GroupReader GroupReader;

/* `op`: the aggregation. */
Status group_reader_open(Task *task, const PhysicalNode *op, const OrderedSet *set, GroupReader **reader) MUST_CHECK;
void group_reader_close(GroupReader *reader); /* NULL is fine */
/* Reads until a group is complete. *complete: how many are; 0 at the end. */
Status group_reader_fill(Task *task, GroupReader *reader, uint32_t *complete) MUST_CHECK;
/* The first `count` groups of the window: their keys, or the results of the set's items, in the columns of the aggregation's
 * output. Long text may be in `text` or in the window. */
Status group_reader_keys(const Context *cx, const GroupReader *reader, uint32_t count, Batch *out) MUST_CHECK;
Status group_reader_results(const Context *cx, const GroupReader *reader, uint32_t count, Arena *text, Batch *out) MUST_CHECK;
/* Forgets them. */
void group_reader_drop(GroupReader *reader, uint32_t count);

#endif
