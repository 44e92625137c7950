/* What sort and Top-N share: they differ in how a task keeps its rows. Aggregation by sorting runs sorts inside of it. */
#ifndef DEPOT_EXEC_SORT_H
#define DEPOT_EXEC_SORT_H

#include "exec/exec.h"
#include "exec/sort_run.h"
#include "exec/spill.h"

#include <pthread.h>

/* A sorted run on disk. */
typedef struct SpilledRun {
    SpillPart part;
    uint64_t *heads; /* the words that each chunk begins with; owned */
} SpilledRun;

typedef struct SortShared {
    pthread_mutex_t lock; /* guards table and runs while tasks merge */
    bool is_open;
    RowFormat format;
    SortEncoding encoding;
    RowTable table;
    uint32_t run_count;
    SortRun *runs; /* owned; their rows were moved to the table */
    SortMerge merge;
    uint32_t spilled_count;
    SpilledRun *spilled; /* owned */
    uint64_t rows_out;   /* after the limit */
    uint64_t bytes;
    uint32_t sorts_together; /* of an aggregation, that grow side by side; its results need memory as well; 0: just a sort */
} SortShared;

typedef struct SortLocal {
    SortRun run;
    bool has_spilled;
    SortEncoder encoder;
    uint64_t *words; /* of a batch; owned */
    /* Top-N */
    bool has_threshold;
    uint64_t *threshold; /* words of the worst row kept; owned */
    Batch near, passing; /* rows of a batch that the threshold's first key does not rule out, and the whole of it */
} SortLocal;

Status sort_open(Task *task, const PhysicalNode *op, void *shared);
Status sort_open_local(Task *task, const PhysicalNode *op, void *shared, void *local);
Status sort_consume(Task *task, const PhysicalNode *op, void *shared, void *local, const Batch *in, Flow *flow);
Status sort_merge(Task *task, const PhysicalNode *op, void *shared, void *local);
Status sort_finish(Task *task, const PhysicalNode *op, void *shared, uint32_t *parts);
Status sort_finish_part(Task *task, const PhysicalNode *op, void *shared, uint32_t part);
Status sort_finish_end(Task *task, const PhysicalNode *op, void *shared);
void sort_close_local(const PhysicalNode *op, void *shared, void *local, OperatorProfile *profile);
void sort_close(const PhysicalNode *op, void *shared, OperatorProfile *profile);
extern const SourceClass sorted_source;

#endif
