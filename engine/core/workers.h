/* One pool of worker threads per process-wide Warehouse; queries put resumable jobs into it. The calling thread takes part:
 * with threads = 1 there is no other thread at all. */
#ifndef DEPOT_CORE_WORKERS_H
#define DEPOT_CORE_WORKERS_H

#include "core/memory.h"

typedef struct WorkerPool WorkerPool;

/* A job runs until it is done or blocked. Owned by whoever submits it; linked into the queue while runnable. */
typedef struct Job {
    struct Job *next;
    /* Runs a slice of work. The job may be resubmitted by itself or by an event before or after run returns. */
    void (*run)(struct Job *job);
} Job;

/* `threads` counts the caller: threads - 1 are started, on first need. */
Status worker_pool_create(const Context *cx, uint32_t threads, WorkerPool **pool);
void worker_pool_free(WorkerPool *pool); /* no job may be queued */
/* More threads if needed; never fewer. */
Status worker_pool_grow(const Context *cx, WorkerPool *pool, uint32_t threads);

/* A group: the jobs of one query. `threads_max` limits how many threads (the caller included) work on it at once. */
typedef struct JobGroup JobGroup;
Status job_group_create(const Context *cx, WorkerPool *pool, uint32_t threads_max, JobGroup **group);
void job_group_free(JobGroup *group);             /* waits for running jobs; queued ones are dropped unrun */
void job_group_submit(JobGroup *group, Job *job); /* makes it runnable; from any thread */
/* The caller works on the group's jobs until done(argument) is true or, if nothing is runnable or running, returns false. */
bool job_group_work_until(JobGroup *group, bool (*done)(void *argument), void *argument);
/* Wakes a caller that waits in job_group_work_until to look at done() again. */
void job_group_notify(JobGroup *group);

/* Runs body(argument, i) for i in [0, count) on up to `threads` threads, the caller included; for storage (parallel encode,
 * sync). `body` must not block on another. */
void workers_for_each(WorkerPool *pool, uint32_t threads, uint32_t count, void (*body)(void *argument, uint32_t i),
                      void *argument);

#endif
