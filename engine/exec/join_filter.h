/* Makes the KeyFilter that a join's build side hands to the probe side's scan. */
#ifndef DEPOT_EXEC_JOIN_FILTER_H
#define DEPOT_EXEC_JOIN_FILTER_H

#include "exec/exec.h"
#include "exec/row_store.h"

/* Of an integer key column of the table's chunks. *filter: from cx->memory, moved to the caller. */
Status join_filter_create(const Context *cx, const RowTable *table, const PhysicalNode *op, KeyFilter **filter) MUST_CHECK;
void join_filter_free(KeyFilter *filter); /* NULL is fine */
/* Hands over (moves) the filter of the join's build side on the task's node, NULL if there is none. If it crosses nodes, the
 * parts go to one node and together from there to all, as messages; these count as bytes that the join sent. */
Status join_filter_publish(Task *task, const PhysicalNode *op, KeyFilter *filter) MUST_CHECK;
/* What the task's node was sent of a filter that crosses nodes; NULL: nothing. When all parts are published; one scan at a
 * time.
 */
const KeyFilter *join_filter_of_all_nodes(Task *task, uint32_t filter_id);

#endif
