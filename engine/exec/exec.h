/* The operator roles and how a query runs.
 *
 * exec/pipeline.c cuts the physical plan into pipelines: a source, stages, a sink. A pipeline runs once per cluster node (or on
 * the leader), each run with its own shared state; up to `threads` tasks work on a run, each with local states. A task pushes
 * batches from the source through the stages into the sink and can stop at any batch boundary. Nothing here waits on a lock:
 * whoever cannot go on answers BLOCKED, and the event it named makes the task runnable again.
 *
 * Order of calls, for each run:   open(shared) once → open_local per task → next/push/consume … → merge per task (after the
 * last batch of that task) → finish once → finish_part(0 … parts - 1) in parallel → finish_end once → dependants may start
 * → close_local, close when the query ends. Several pipelines may feed one sink (UNION ALL, unmatched rows of an outer join);
 * it finishes after the last. Locals are opened when a task meets its first batch: task 0 always has them, so a run without
 * any rows still opens and merges once, but further tasks that found nothing to do have no locals and do not merge.
 * Of a breaker's classes only the sink's open and close are called, since the shared state is one. */
#ifndef DEPOT_EXEC_EXEC_H
#define DEPOT_EXEC_EXEC_H

#include "core/cycles.h"
#include "core/settings.h"
#include "core/workers.h"
#include "plan/physical.h"

typedef enum Flow {
    NEED_INPUT,  /* ready for the next batch (stage, sink); source: no batch this time, call again */
    MORE_OUTPUT, /* a batch was produced; source: call again. Stage: call push again with the same input for more */
    BLOCKED,     /* cannot go on now; the task was registered with an event */
    DONE         /* nothing more will come (source), or nothing more is wanted (stage, sink: LIMIT) */
} Flow;

typedef struct Query Query;

/* One run of one pipeline by one thread at a time. */
typedef struct Task {
    Context cx; /* own Error; memory: the task's account under the query's */
    Query *query;
    uint32_t node;  /* cluster node this run belongs to; topology.nodes for the leader */
    uint32_t index; /* 0 … task_count - 1 of this run */
    uint32_t task_count;
    bool collect_profile;       /* EXPLAIN ANALYZE */
    CycleCounter cycle_counter; /* open while a job runs the task, if cycles are counted */
    /* The batch on its way through the stages to the sink: the slice that it was scanned from, and the id of the row that it
     * begins with. Set by scans; SLICE_UNKNOWN behind any other source. */
    uint32_t origin_slice;
    uint64_t origin_row;
} Task;
#define SLICE_UNKNOWN UINT32_MAX
/* What the thread has taken so far, zero unless the query is profiled; and since then. */
Effort effort_now(const Task *task);
Effort effort_since(const Task *task, Effort start);
/* Among the slices of its node, of which the last one stands for "not known": what a breaker or an exchange put out belongs to
 * the node. */
static inline uint32_t origin_in_node(const Task *task, const Topology *topology) {
    bool is_known = task->origin_slice != SLICE_UNKNOWN && task->node < topology->nodes;
    return is_known ? task->origin_slice % topology->slices_per_node : topology->slices_per_node;
}

/* All state pointers are zeroed memory of the class's size; `op` is the read-only spec. */
typedef struct SourceClass {
    const char *name;
    size_t shared_size, local_size;
    Status (*open)(Task *task, const PhysicalNode *op, void *shared);
    Status (*open_local)(Task *task, const PhysicalNode *op, void *shared, void *local);
    /* MORE_OUTPUT with *out filled (borrowed until the next call), NEED_INPUT without, BLOCKED or DONE. */
    Status (*next)(Task *task, const PhysicalNode *op, void *shared, void *local, const Batch **out, Flow *flow);
    void (*close_local)(const PhysicalNode *op, void *shared, void *local, OperatorProfile *profile);
    void (*close)(const PhysicalNode *op, void *shared, OperatorProfile *profile);
    /* How many tasks can be of use, asked after open (or after the sink has finished). NULL: one, which keeps the order. */
    uint32_t (*task_limit)(Task *task, const PhysicalNode *op, void *shared);
    /* Asked before anything is opened, of sources that run after others: there is nothing for them to do. May be NULL. */
    bool (*is_idle)(const PhysicalNode *op, const void *shared);
    /* Nothing more is wanted although DONE was not answered yet (a LIMIT above); may be NULL. */
    void (*stop)(Task *task, const PhysicalNode *op, void *shared);
} SourceClass;

typedef struct StageClass {
    const char *name;
    size_t shared_size, local_size;
    Status (*open)(Task *task, const PhysicalNode *op, void *shared);
    Status (*open_local)(Task *task, const PhysicalNode *op, void *shared, void *local);
    /* NEED_INPUT: `in` is consumed; *out is set if a batch came of it, NULL if none. MORE_OUTPUT: *out is set, push the same
     * `in` again. DONE: *out as for NEED_INPUT, and no more input is wanted, from any task. */
    Status (*push)(Task *task, const PhysicalNode *op, void *shared, void *local, const Batch *in, const Batch **out,
                   Flow *flow);
    void (*close_local)(const PhysicalNode *op, void *shared, void *local, OperatorProfile *profile);
    void (*close)(const PhysicalNode *op, void *shared, OperatorProfile *profile);
} StageClass;

typedef struct SinkClass {
    const char *name;
    size_t shared_size, local_size;
    Status (*open)(Task *task, const PhysicalNode *op, void *shared);
    Status (*open_local)(Task *task, const PhysicalNode *op, void *shared, void *local);
    /* NEED_INPUT, BLOCKED (the batch was NOT taken: offer it again) or DONE. */
    Status (*consume)(Task *task, const PhysicalNode *op, void *shared, void *local, const Batch *in, Flow *flow);
    Status (*merge)(Task *task, const PhysicalNode *op, void *shared, void *local);      /* thread-safe; may be NULL */
    Status (*finish)(Task *task, const PhysicalNode *op, void *shared, uint32_t *parts); /* may be NULL: 0 parts */
    Status (*finish_part)(Task *task, const PhysicalNode *op, void *shared, uint32_t part);
    Status (*finish_end)(Task *task, const PhysicalNode *op, void *shared);
    void (*close_local)(const PhysicalNode *op, void *shared, void *local, OperatorProfile *profile);
    void (*close)(const PhysicalNode *op, void *shared, OperatorProfile *profile);
} SinkClass;

/* Which classes an operator is made of. A breaker (aggregate, sort, window, join build, exchange) is a sink of one pipeline
 * and a source (or, for joins, a stage) of another; the two sides share the sink's shared state: the source's and stage's
 * `shared` IS the sink's (its shared_size counts; source/stage open() is then not given fresh memory and must be NULL). */
typedef struct OperatorClass {
    const SourceClass *source;
    const StageClass *stage;
    const SinkClass *sink;
    const SourceClass *unmatched; /* joins: the source of build rows without a match, after the probe */
    const SourceClass *spilled;   /* joins: the source of what build and probe wrote to disk, after the probe */
    bool drives_children;         /* a source that reads its children itself: their shared states are opened before its own */
    bool spans_nodes; /* exchanges: one shared state for all nodes (opened once); finish is called per node, task->node says
                         which */
} OperatorClass;

/* One per operator file (exec/<name>.c), chosen by operator_class() from what the plan decided. */
extern const OperatorClass scan_operator, values_operator, table_function_operator, function_join_operator,
    storage_function_operator, filter_operator, project_operator, limit_operator, union_operator, exchange_operator,
    insert_operator, change_operator, materialize_operator, shared_scan_operator, recursion_operator, working_scan_operator;
extern const OperatorClass system_table_operator, file_scan_operator;
extern const OperatorClass hash_join_operator, merge_join_operator, partition_join_operator, nested_join_operator,
    hash_agg_operator, group_agg_operator, direct_agg_operator, direct_groups_operator, expand_operator, sort_operator,
    topn_operator, window_operator;
const OperatorClass *operator_class(const PhysicalNode *op); /* exec/operators.c; NULL: there is none */
/* A batch of the operator's output columns. */
/* Rows that a source puts into a batch: the setting batch_rows, or what is left. */
static inline uint32_t source_batch_rows(const Task *task, uint64_t left) {
    uint64_t most = (uint64_t)task->cx.settings->batch_rows;
    return (uint32_t)(left < most ? left : most);
}
Status batch_init_like(const Context *cx, const PhysicalNode *op, Batch *batch) MUST_CHECK;

/* Events: tasks wait here instead of on a lock. The pattern is: read the generation, look at the condition, and if it does not
 * hold answer BLOCKED after event_wait(task, event, generation). If the event fired in between, the task is simply runnable
 * again at once, so no wake-up is lost. */
typedef struct Event {
    _Atomic(uint64_t) generation;
    struct TaskRun *waiting; /* guarded by the query's lock */
} Event;
uint64_t event_generation(const Event *event);
void event_wait(Task *task, Event *event, uint64_t generation);
void event_fire(Query *query, Event *event); /* from any thread */

/* ------------------------------------------------------------------------------------------------------- join filters */

/* Per node and filter id. Published once by the hash join's finish; the scan's pipeline starts after that. Filters that cross
 * nodes (JoinSpec.filter_crosses) travel: join_filter.h. */
void query_publish_filter(Query *query, uint32_t node, uint32_t filter_id, KeyFilter *filter); /* takes ownership */
const KeyFilter *query_filter(const Query *query, uint32_t node, uint32_t filter_id);          /* NULL: not published */

/* ------------------------------------------------------------------------------------------------------ bounds of Top-N */

/* Per node and bound id: rows whose first sort key comes after the bound are not wanted. Bounds are in the order of the sort:
 * for a descending key the value with all bits turned. */
#define NO_BOUND INT64_MAX
void query_tighten_bound(Task *task, uint32_t bound_id, int64_t bound); /* by any task, at any time */
int64_t query_bound(const Task *task, uint32_t bound_id);

/* -------------------------------------------------------------------------------------------------------------- queries */

typedef struct QueryOptions {
    uint32_t threads;
    bool collect_profile, count_cycles;
    Commit *commit; /* of plans that write; NULL otherwise */
    /* Called about every 100 ms while running, with rows scanned and rows to scan; may be NULL. */
    void (*progress)(void *argument, uint64_t done, uint64_t total);
    void *progress_argument;
    /* For the rounds of a recursion: the query whose operator runs this one, and the rows that its working scans read. */
    Query *outer;
    const struct WorkingTable *working;
} QueryOptions;

struct RowTable;
typedef struct WorkingTable {
    uint32_t id; /* of the recursion */
    const struct RowTable *rows;
    const struct WorkingTable *outer; /* of a recursion around it */
} WorkingTable;

/* `cx` (its memory account, settings, cancel flag, notices) and the plan must outlive the query. */
Status query_start(const Context *cx, const PhysicalPlan *plan, WorkerPool *pool, const QueryOptions *options, Query **query);
/* The next batch of the result, borrowed until the next call; *batch = NULL at the end. The calling thread works on the query
 * while it waits. At most a few batches are ever ready ahead: memory stays constant however slowly the caller steps. */
Status query_next(const Context *cx, Query *query, const Batch **batch);
/* A scan has read so many bytes: CONFIGURATION_LIMIT_EXCEEDED once scan_limit_bytes are passed, rounds of recursions
 * included. */
Status query_charge_scan(Task *task, uint64_t bytes);
/* Rows inserted, deleted, updated. */
uint64_t query_rows_written(const Query *query);
/* After the last batch: counters, owned by the query. */
const PlanProfile *query_profile(Query *query);
/* Stops what still runs, frees everything. NULL is fine. */
void query_close(Query *query);

/* The state of an operator on a node that another one has to see: a Materialize, for the scans of it. */
void *query_operator_state(const Query *query, const PhysicalNode *op, uint32_t node);
/* Is the Materialize computed by this query itself? Else by one around it, or within the rounds of a recursion. */
bool query_owns_shared(const Query *query, const PhysicalNode *shared);
/* The rows that came last in the recursion around this query. */
const struct RowTable *query_working_rows(const Query *query, uint32_t id);
/* Options for a query that runs inside of a task of this one. */
QueryOptions query_inner_options(Query *query);
/* This task's context for it: memory is charged to the query itself, since the inner one has tasks of its own. */
Context query_inner_context(const Task *task);
const WorkingTable *query_working(const Query *query);
const PhysicalPlan *query_plan(const Query *query);
Commit *query_commit(const Query *query);
WorkerPool *query_pool(const Query *query);

#endif
