/* The pool of threads and the job groups that run on it. A group keeps its own queue; the pool keeps the groups that have
 * something to run, and its threads take one job at a time from the first group that is below its thread limit. One lock guards
 * all of it: jobs are slices of milliseconds, so it is taken thousands of times a second, not millions. */
#include "core/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct JobGroup {
    WorkerPool *pool;
    JobGroup *next, *previous; /* among the pool's groups */
    Job *first, **last;        /* runnable */
    uint32_t threads_max;
    uint32_t running; /* jobs being run */
    uint32_t waiting; /* callers in job_group_work_until that sleep */
    uint64_t notifications;
    pthread_cond_t changed;
};

struct WorkerPool {
    pthread_mutex_t lock;
    pthread_cond_t work; /* threads of the pool sleep here */
    JobGroup *groups;
    pthread_t *threads;
    uint32_t thread_count; /* started */
    uint32_t wanted;       /* started on first need */
    uint32_t idle;
    bool stopping;
};

Status worker_pool_create(const Context *cx, uint32_t threads, WorkerPool **pool_out) {
    WorkerPool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        return fail(cx, OUT_OF_MEMORY, "out of memory: no worker pool");
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    *pool_out = pool;
    return worker_pool_grow(cx, pool, threads);
}

Status worker_pool_grow(const Context *cx, WorkerPool *pool, uint32_t threads) {
    pthread_mutex_lock(&pool->lock);
    Status status = OK;
    if (threads > pool->wanted + 1) {
        pthread_t *grown = realloc(pool->threads, sizeof *grown * threads);
        if (grown == NULL) {
            status = fail(cx, OUT_OF_MEMORY, "out of memory: no room for %u threads", threads);
        } else {
            pool->threads = grown;
            pool->wanted = threads - 1;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return status;
}

void worker_pool_free(WorkerPool *pool) {
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->thread_count; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool);
}

/* All below with the pool's lock held unless said otherwise. */

static bool group_can_run(const JobGroup *group) {
    return group->first != NULL && group->running < group->threads_max;
}

static JobGroup *runnable_group(WorkerPool *pool) {
    for (JobGroup *group = pool->groups; group != NULL; group = group->next) {
        if (group_can_run(group)) {
            return group;
        }
    }
    return NULL;
}

/* Takes the first job and runs it without the lock. */
static void run_one(JobGroup *group) {
    Job *job = group->first;
    group->first = job->next;
    if (group->first == NULL) {
        group->last = &group->first;
    }
    job->next = NULL;
    group->running++;
    pthread_mutex_unlock(&group->pool->lock);
    job->run(job);
    pthread_mutex_lock(&group->pool->lock);
    group->running--;
    if (group->waiting > 0) {
        pthread_cond_broadcast(&group->changed);
    }
}

static void *worker_main(void *pool_) {
    WorkerPool *pool = pool_;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping) {
        JobGroup *group = runnable_group(pool);
        if (group != NULL) {
            run_one(group);
        } else {
            pool->idle++;
            pthread_cond_wait(&pool->work, &pool->lock);
            pool->idle--;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Signals are the program's business: they go to its own threads, never to one of the pool. A thread that cannot be started is
 * not an error: the caller does the work. */
static void start_thread(WorkerPool *pool) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pool->thread_count += pthread_create(&pool->threads[pool->thread_count], NULL, worker_main, pool) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void wake_or_start_thread(WorkerPool *pool) {
    if (pool->idle > 0) {
        pthread_cond_signal(&pool->work);
    } else if (pool->thread_count < pool->wanted) {
        start_thread(pool);
    }
}

Status job_group_create(const Context *cx, WorkerPool *pool, uint32_t threads_max, JobGroup **group_out) {
    JobGroup *group = calloc(1, sizeof *group);
    if (group == NULL) {
        return fail(cx, OUT_OF_MEMORY, "out of memory: no job group");
    }
    group->pool = pool;
    group->last = &group->first;
    group->threads_max = threads_max == 0 ? 1 : threads_max;
    pthread_cond_init(&group->changed, NULL);
    pthread_mutex_lock(&pool->lock);
    group->next = pool->groups;
    if (pool->groups != NULL) {
        pool->groups->previous = group;
    }
    pool->groups = group;
    pthread_mutex_unlock(&pool->lock);
    *group_out = group;
    return OK;
}

void job_group_free(JobGroup *group) {
    if (group == NULL) {
        return;
    }
    WorkerPool *pool = group->pool;
    pthread_mutex_lock(&pool->lock);
    group->first = NULL;
    group->last = &group->first;
    while (group->running > 0) {
        group->waiting++;
        pthread_cond_wait(&group->changed, &pool->lock);
        group->waiting--;
        group->first = NULL; /* what a running job submitted meanwhile */
        group->last = &group->first;
    }
    if (group->previous != NULL) {
        group->previous->next = group->next;
    } else {
        pool->groups = group->next;
    }
    if (group->next != NULL) {
        group->next->previous = group->previous;
    }
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_destroy(&group->changed);
    free(group);
}

void job_group_submit(JobGroup *group, Job *job) {
    WorkerPool *pool = group->pool;
    pthread_mutex_lock(&pool->lock);
    job->next = NULL;
    *group->last = job;
    group->last = &job->next;
    if (group->waiting > 0) {
        pthread_cond_signal(&group->changed); /* the caller takes part: wake it first */
    }
    if (group->threads_max > 1 && (group->first->next != NULL || group->waiting == 0)) {
        wake_or_start_thread(pool);
    }
    pthread_mutex_unlock(&pool->lock);
}

bool job_group_work_until(JobGroup *group, bool (*done)(void *argument), void *argument) {
    WorkerPool *pool = group->pool;
    bool is_done = false;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        uint64_t seen = group->notifications;
        pthread_mutex_unlock(&pool->lock);
        is_done = done(argument);
        pthread_mutex_lock(&pool->lock);
        if (is_done) {
            break;
        }
        if (group_can_run(group)) {
            run_one(group);
        } else if (group->notifications != seen) {
            continue;
        } else if (group->running == 0 && group->first == NULL) {
            break; /* nothing runs and nothing can: the caller has to decide */
        } else {
            group->waiting++;
            pthread_cond_wait(&group->changed, &pool->lock);
            group->waiting--;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return is_done;
}

void job_group_notify(JobGroup *group) {
    pthread_mutex_lock(&group->pool->lock);
    group->notifications++;
    if (group->waiting > 0) {
        pthread_cond_broadcast(&group->changed);
    }
    pthread_mutex_unlock(&group->pool->lock);
}

/* ------------------------------------------------------------------------------------------------------------ for each */

typedef struct ForEach {
    void (*body)(void *argument, uint32_t i);
    void *argument;
    uint32_t count;
    _Atomic(uint32_t) next;
} ForEach;

typedef struct ForEachJob {
    Job job; /* first: the job is the struct */
    ForEach *loop;
} ForEachJob;

static void for_each_run(Job *job) {
    ForEach *loop = ((ForEachJob *)job)->loop;
    for (uint32_t i; (i = loop->next++) < loop->count;) {
        loop->body(loop->argument, i);
    }
}

static bool never_done(void *argument) {
    (void)argument;
    return false;
}

void workers_for_each(WorkerPool *pool, uint32_t threads, uint32_t count, void (*body)(void *argument, uint32_t i),
                      void *argument) {
    ForEach loop = {.body = body, .argument = argument, .count = count};
    Error error;
    Context cx = {.error = &error};
    ForEachJob jobs[64];
    uint32_t job_count = threads < count ? threads : count;
    job_count = job_count > 64 ? 64 : job_count;
    JobGroup *group = NULL;
    if (pool == NULL || job_count < 2 || job_group_create(&cx, pool, job_count, &group) != OK) {
        jobs[0] = (ForEachJob){.job.run = for_each_run, .loop = &loop};
        for_each_run(&jobs[0].job);
        return;
    }
    for (uint32_t i = 0; i < job_count; i++) {
        jobs[i] = (ForEachJob){.job.run = for_each_run, .loop = &loop};
        job_group_submit(group, &jobs[i].job);
    }
    job_group_work_until(group, never_done, NULL);
    job_group_free(group);
}
