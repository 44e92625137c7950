/* Sorted runs on disk and their merging, for sorts that do not fit into memory. */
#ifndef DEPOT_EXEC_SORT_SPILL_H
#define DEPOT_EXEC_SORT_SPILL_H

#include "exec/sort.h"

/* Does the memory that is left allow another batch to be kept and all to be sorted? */
bool sort_has_room(const Task *task, SortShared *shared, const SortRun *run);
/* Sorts the run and writes it to disk, its first `limit` rows (-1: all); it is empty afterwards. `child`: whose output the rows
 * are. */
Status sort_spill_run(Task *task, const PhysicalNode *child, SortShared *shared, SortRun *run, int64_t limit) MUST_CHECK;
uint64_t sort_spill_free(SortShared *shared); /* bytes that were on disk */

/* Merges the runs on disk and, where some tasks kept theirs, the sorted rows in memory. `begins`: per run, the row that it is
 * merged from; NULL: the first. */
typedef struct RunMerge RunMerge;
Status run_merge_open(Task *task, const PhysicalNode *child, const SortShared *shared, const uint64_t *begins,
                      RunMerge **merge) MUST_CHECK;
/* At most a batch of rows in order; 0 rows at the end. `words`: room for theirs, or NULL. */
Status run_merge_next(Task *task, const SortShared *shared, RunMerge *merge, uint32_t most, uint64_t *words,
                      Batch *out) MUST_CHECK;
void run_merge_close(RunMerge *merge); /* NULL is fine */

#endif
