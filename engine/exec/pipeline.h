/* Inside of the executor: pipelines, their runs and tasks. Operators see exec.h only.
 *
 *   Pipeline   source → stages → sink, read-only            one per path through the plan
 *   Run        a pipeline on one cluster node               waits for the sinks and runs that it depends on
 *   TaskRun    one task of a run: locals and position       runnable, running, blocked or over
 *   SinkState  the sink of an operator on one node          finishes after the last run that feeds it
 *
 * What guards what: `waits`, `feeders`, `tasks_left`, `jobs_left` are atomic counters, and whoever takes one to zero goes on
 * alone; events and the result queue are guarded by the query's lock; everything else is written before the first task runs or
 * belongs to one task. */
#ifndef DEPOT_EXEC_PIPELINE_H
#define DEPOT_EXEC_PIPELINE_H

#include "exec/exec.h"
#include "exec/interconnect.h"
#include "exec/result.h"
#include "storage/spill_file.h"

#include <pthread.h>

typedef struct Pipeline Pipeline;
typedef struct Run Run;
typedef struct TaskRun TaskRun;
typedef struct SinkState SinkState;

struct Pipeline {
    Pipeline *next;
    const PhysicalNode *source;
    const SourceClass *source_class;
    uint32_t stage_count;
    const PhysicalNode **stages; /* in the order in which batches pass them */
    const StageClass **stage_classes;
    const PhysicalNode *sink; /* NULL: the result queue */
    Run *runs;                /* one per node of its placement */
    uint32_t run_count;
};

typedef struct RunList {
    Run **runs;
    uint32_t count, capacity;
} RunList;

/* A join filter that crosses nodes: join_filter.c. */
typedef struct CrossingFilter {
    _Atomic(uint32_t) parts; /* nodes that have not published theirs */
    uint32_t first;          /* the node that puts them together */
    Interconnect *links;     /* owned; NULL: the filter does not cross */
    Message **received;      /* by place: what it was sent; owned */
} CrossingFilter;

/* One operator on one node: the shared state of all its roles. */
typedef struct OperatorState {
    void *shared;
    bool is_open;
    SinkState *sink;     /* breakers, joins */
    RunList after_probe; /* of what is left of a join: each waits for all runs that pass the join on that node */
} OperatorState;

struct SinkState {
    Query *query;
    const PhysicalNode *op;
    const SinkClass *class_;
    OperatorState *state;
    uint32_t node;
    _Atomic(uint32_t) feeders; /* runs that have not ended */
    uint32_t parts;
    _Atomic(uint32_t) next_part, jobs_left;
    struct FinishJob *jobs;
    RunList dependents;
    _Atomic(uint64_t) finish_ns, finish_cycles; /* merge excluded */
};

struct Run {
    Query *query;
    Pipeline *pipeline;
    uint32_t node;
    SinkState *sink;         /* NULL: the result */
    _Atomic(uint32_t) waits; /* sinks and runs that have not finished */
    _Atomic(uint32_t) tasks_left;
    _Atomic(int32_t) done_level; /* highest stage that wants no more input; stage_count for the sink, -1: none */
    _Atomic(bool) source_stopped;
    uint32_t task_count;
    TaskRun *tasks;
    RunList dependents;
    Job starter;
};

typedef enum TaskState { TASK_RUNNING, TASK_BLOCKED, TASK_WOKEN } TaskState;

typedef struct TaskCounters {
    uint64_t rows, batches;
    Effort spent;
} TaskCounters;

/* Roles of a task: 0 the source, 1 … stage_count the stages, stage_count + 1 the sink. */
struct TaskRun {
    Task task;
    Error error;
    Job job;
    Run *run;
    TaskRun *next_waiting; /* in an event's list */
    TaskState state;       /* guarded by the query's lock */
    bool is_open;
    int32_t level;          /* stage to push next; -1: the source; stage_count: the sink */
    const Batch **inputs;   /* [level] what is offered to it */
    bool *has_more;         /* [level] the stage answered MORE_OUTPUT to its input */
    void **locals;          /* [role]; NULL: not open */
    void **shared;          /* [role] */
    TaskCounters *counters; /* [role] */
};

typedef struct FinishJob {
    Job job;
    Task task;
    Error error;
    SinkState *sink;
} FinishJob;

struct Query {
    Context cx;        /* the caller's, with setup_error */
    Error setup_error; /* of query_start */
    Error error;       /* the first failure of a task */
    const PhysicalPlan *plan;
    WorkerPool *pool;
    QueryOptions options;
    uint32_t place_count; /* nodes and the leader: index of node arrays */
    Arena arena;          /* pipelines, runs, tasks; used by the caller only, before tasks run, or under `lock` */
    Pipeline *pipelines;
    OperatorState *states;            /* [operator id × place_count + node] */
    KeyFilter **filters;              /* [node × filter_count + id]; owned */
    CrossingFilter *crossing;         /* by filter id */
    _Atomic(int64_t) *bounds;         /* [node × bound_count + id] */
    MemoryAccount *node_accounts;     /* what tasks and states of each node hold, by place */
    MemoryAccount *accounts;          /* [place × threads + task index], below those of the nodes */
    pthread_mutex_t lock;             /* events, result queue, error, arena */
    pthread_mutex_t opening;          /* shared states are opened one after another */
    JobGroup *group;                  /* made when a second thread can be of use */
    Job *inline_first, **inline_last; /* what the calling thread runs itself, without waking anyone */
    SpillFile *spill;                 /* owned; made when the first rows are spilled, under `lock` */
    ResultQueue result;
    _Atomic(uint32_t) result_feeders; /* runs of the root pipelines that have not ended */
    _Atomic(bool) stopping;           /* failed or closing */
    _Atomic(bool) is_complete;        /* the root sink has finished */
    _Atomic(uint64_t) rows_written, progress_done, progress_total, bytes_charged;
    uint64_t next_progress_ns, start_ns, end_ns;
    PlanProfile profile;
    bool is_closed; /* states are closed, counters gathered */
};

/* pipeline.c: cuts the plan and links dependencies. */
Status pipelines_build(Query *query);
static inline OperatorState *operator_state(const Query *query, const PhysicalNode *op, uint32_t node) {
    return &query->states[(size_t)op->id * query->place_count + node];
}
/* First node and count of where an operator runs. */
void operator_placement(const Query *query, const PhysicalNode *op, uint32_t *first, uint32_t *count);

/* join_filter.c: for a join whose filter crosses nodes, before anything runs, and when all is over. */
Status join_filter_open(const Context *cx, Query *query, const PhysicalNode *op);
void join_filter_close(const Query *query, CrossingFilter *crossing);

/* task.c */
/* `task` gets a context of its own: the Error, and the memory account of its index. */
void task_init(Task *task, Query *query, uint32_t node, uint32_t index, uint32_t count, Error *error);
void task_job_run(Job *job);
void share_job(Query *query, Job *job); /* makes it runnable for any thread of the query */
/* For the query's arena: it outlives the tasks' accounts, so it is charged to the query itself. */
Context arena_context(const Query *query, const Task *task);
Status run_complete(Run *run, Task *last); /* after its last task, or without any: `task` lends its context */
void run_release(Run *run);                /* one dependency less; starts the run at zero */
void query_fail(Query *query, const Error *error);
extern _Thread_local Query *calling_query; /* the query that this thread is inside query_next of */
extern _Thread_local Query *inline_query;  /* …while outside of any task: new work may stay on this thread */

/* run.c */
void run_prepare(Run *run);            /* sets up the starter job */
void query_close_states(Query *query); /* closes locals and shared states, gathers counters */

/* profile.c */
Status profile_init(Query *query);
OperatorProfile *profile_of(const Query *query, const PhysicalNode *op, uint32_t node);
void profile_add(OperatorProfile *profile, const TaskCounters *counters, bool is_output);
void profile_finish(Query *query);
uint64_t query_clock_ns(void);

/* What sources tell the progress callback. */
void query_progress_expect(Query *query, uint64_t rows);
void query_progress_add(Query *query, uint64_t rows);
void query_add_rows_written(Query *query, uint64_t rows);

#endif
