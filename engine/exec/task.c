/* Running tasks: from the source through the stages into the sink, one batch at a time, until DONE or BLOCKED; then what
 * follows when a task, a run or a sink is over. How a run starts and closes: run.c. */
#include "exec/pipeline.h"

_Thread_local Query *calling_query;
_Thread_local Query *inline_query;

typedef enum TaskEnd { END_OVER, END_BLOCKED, END_YIELD } TaskEnd;

/* ---------------------------------------------------------------------------------------------------------- scheduling */

static void keep_job(Query *query, Job *job) {
    job->next = NULL;
    *query->inline_last = job;
    query->inline_last = &job->next;
}

/* For any thread of the query. */
void share_job(Query *query, Job *job) {
    bool keep = query->options.threads == 1;
    if (!keep && query->group == NULL) {
        /* Only the calling thread gets here without a group: nobody else has had a job yet. */
        keep = job_group_create(&query->cx, query->pool, query->options.threads, &query->group) != OK;
    }
    if (keep) {
        keep_job(query, job);
    } else {
        job_group_submit(query->group, job);
    }
}

/* What follows from the end of a task, or is waited for by the caller: the calling thread keeps the first job for itself, so
 * that small queries wake nobody. */
static void keep_or_share_job(Query *query, Job *job) {
    if (inline_query == query && query->inline_first == NULL) {
        keep_job(query, job);
    } else {
        share_job(query, job);
    }
}

void query_fail(Query *query, const Error *error) {
    pthread_mutex_lock(&query->lock);
    if (query->error.status == OK) {
        query->error = *error;
        if (query->error.status == OK) {
            query->error.status = INTERNAL_ERROR;
        }
    }
    pthread_mutex_unlock(&query->lock);
    atomic_store(&query->stopping, true);
    if (query->group != NULL) {
        job_group_notify(query->group);
    }
}

static TaskRun *task_run_of(Task *task) {
    return (TaskRun *)((char *)task - offsetof(TaskRun, task));
}

uint64_t event_generation(const Event *event) {
    return atomic_load(&event->generation);
}

void event_wait(Task *task, Event *event, uint64_t generation) {
    TaskRun *waiter = task_run_of(task);
    pthread_mutex_lock(&task->query->lock);
    if (atomic_load(&event->generation) != generation) {
        waiter->state = TASK_WOKEN;
    } else {
        waiter->next_waiting = event->waiting;
        event->waiting = waiter;
    }
    pthread_mutex_unlock(&task->query->lock);
}

void event_fire(Query *query, Event *event) {
    TaskRun *runnable = NULL;
    pthread_mutex_lock(&query->lock);
    atomic_fetch_add(&event->generation, 1);
    TaskRun *waiter = event->waiting;
    event->waiting = NULL;
    while (waiter != NULL) {
        TaskRun *next = waiter->next_waiting;
        if (waiter->state == TASK_BLOCKED) {
            waiter->state = TASK_RUNNING;
            waiter->next_waiting = runnable;
            runnable = waiter;
        } else {
            waiter->state = TASK_WOKEN; /* still on its way out: it will look again instead */
        }
        waiter = next;
    }
    pthread_mutex_unlock(&query->lock);
    while (runnable != NULL) {
        TaskRun *next = runnable->next_waiting;
        keep_or_share_job(query, &runnable->job);
        runnable = next;
    }
}

/* After an operator answered BLOCKED. False: the event fired meanwhile, go on. */
static bool task_blocks(TaskRun *self) {
    pthread_mutex_lock(&self->task.query->lock);
    bool blocks = self->state == TASK_RUNNING;
    self->state = blocks ? TASK_BLOCKED : TASK_RUNNING;
    pthread_mutex_unlock(&self->task.query->lock);
    return blocks;
}

/* ------------------------------------------------------------------------------------------------------------ the loop */

static void *shared_of(const TaskRun *self, const PhysicalNode *op) {
    uint32_t node = operator_class(op)->spans_nodes ? 0 : self->run->node;
    return operator_state(self->run->query, op, node)->shared;
}

static Status open_local(TaskRun *self, uint32_t role, const PhysicalNode *op, size_t size,
                         Status (*open)(Task *, const PhysicalNode *, void *, void *)) {
    TRY_ALLOC_ZEROED(&self->task.cx, self->locals[role], size);
    return open != NULL ? open(&self->task, op, self->shared[role], self->locals[role]) : OK;
}

static Status task_open_source(TaskRun *self) {
    const Pipeline *pipeline = self->run->pipeline;
    self->shared[0] = shared_of(self, pipeline->source);
    return open_local(self, 0, pipeline->source, pipeline->source_class->local_size, pipeline->source_class->open_local);
}

static Status task_open_rest(TaskRun *self) {
    const Pipeline *pipeline = self->run->pipeline;
    self->is_open = true;
    for (uint32_t i = 0; i < pipeline->stage_count; i++) {
        const StageClass *class_ = pipeline->stage_classes[i];
        self->shared[i + 1] = shared_of(self, pipeline->stages[i]);
        TRY(open_local(self, i + 1, pipeline->stages[i], class_->local_size, class_->open_local));
    }
    if (pipeline->sink != NULL) {
        const SinkClass *class_ = self->run->sink->class_;
        uint32_t role = pipeline->stage_count + 1;
        self->shared[role] = shared_of(self, pipeline->sink);
        TRY(open_local(self, role, pipeline->sink, class_->local_size, class_->open_local));
    }
    return OK;
}

/* Calls the operator whose turn it is. *out: what it produced, if anything. */
static Status call_operator(TaskRun *self, int32_t level, const Batch **out, Flow *flow) {
    Task *task = &self->task;
    const Pipeline *pipeline = self->run->pipeline;
    uint32_t role = (uint32_t)(level + 1);
    void *shared = self->shared[role], *local = self->locals[role];
    if (level < 0) {
        return pipeline->source_class->next(task, pipeline->source, shared, local, out, flow);
    }
    const Batch *in = self->inputs[level];
    if ((uint32_t)level < pipeline->stage_count) {
        return pipeline->stage_classes[level]->push(task, pipeline->stages[level], shared, local, in, out, flow);
    }
    if (pipeline->sink == NULL) {
        bool may_hand_over =
            task->task_count == 1 && calling_query == task->query && atomic_load(&task->query->result_feeders) == 1;
        return result_consume(task, in, may_hand_over, flow);
    }
    return self->run->sink->class_->consume(task, pipeline->sink, shared, local, in, flow);
}

static Status call_counted(TaskRun *self, int32_t level, const Batch **out, Flow *flow) {
    TaskCounters *counters = &self->counters[level + 1];
    if (self->task.collect_profile) {
        Effort start = effort_now(&self->task);
        Status status = call_operator(self, level, out, flow);
        effort_add(&counters->spent, effort_since(&self->task, start));
        TRY(status);
    } else {
        TRY(call_operator(self, level, out, flow));
    }
    if (*out != NULL && *flow != BLOCKED) {
        counters->rows += (*out)->rows;
        counters->batches++;
    }
    return OK;
}

/* A stage or the sink wants nothing more: what is before it in this run ends, in all tasks. */
static void want_no_more(TaskRun *self, int32_t level) {
    Run *run = self->run;
    int32_t seen = atomic_load(&run->done_level);
    while (seen < level && !atomic_compare_exchange_weak(&run->done_level, &seen, level)) {
    }
    const SourceClass *source = run->pipeline->source_class;
    if (source->stop != NULL && !atomic_exchange(&run->source_stopped, true)) {
        source->stop(&self->task, run->pipeline->source, self->shared[0]);
    }
}

/* The next operator to call: the last one that has more of its old input, else the source. False: the task is over. */
static bool step_back(TaskRun *self) {
    int32_t done_level = atomic_load(&self->run->done_level);
    for (int32_t level = (int32_t)self->run->pipeline->stage_count - 1; level > done_level; level--) {
        if (self->has_more[level]) {
            self->level = level;
            return true;
        }
    }
    self->level = -1;
    return done_level < 0;
}

static void report_progress(Query *query) {
    uint64_t now = query_clock_ns();
    if (now >= query->next_progress_ns) {
        query->next_progress_ns = now + 100000000;
        query->options.progress(query->options.progress_argument, atomic_load(&query->progress_done),
                                atomic_load(&query->progress_total));
    }
}

/* Once per call of an operator: may the task go on? */
static Status look_up(TaskRun *self, bool *yield) {
    Query *query = self->task.query;
    TRY(check_cancel(&self->task.cx));
    *yield = atomic_load_explicit(&query->stopping, memory_order_relaxed);
    if (calling_query == query) {
        /* The caller waits for a batch and this thread could hand it over: leave the rest to the next step. */
        *yield |= self->level < 0 && atomic_load_explicit(&query->result.ready, memory_order_relaxed) > 0;
        if (query->options.progress != NULL) {
            report_progress(query);
        }
    }
    return OK;
}

/* One call and what follows from its answer. *over: the task has nothing left to do. */
static Status task_step(TaskRun *self, bool *blocked, bool *over) {
    int32_t stages = (int32_t)self->run->pipeline->stage_count, level = self->level;
    if (level >= 0 && level <= atomic_load_explicit(&self->run->done_level, memory_order_relaxed)) {
        *over = !step_back(self);
        return OK;
    }
    const Batch *out = NULL;
    Flow flow = NEED_INPUT;
    TRY(call_counted(self, level, &out, &flow));
    if (flow == BLOCKED) {
        *blocked = true;
        return OK;
    }
    if (level < 0) {
        if (flow == MORE_OUTPUT && out != NULL && out->rows > 0) {
            if (!self->is_open) {
                TRY(task_open_rest(self));
            }
            self->inputs[0] = out;
            self->level = 0;
        } else {
            *over = flow == DONE || atomic_load(&self->run->done_level) >= 0;
        }
        return OK;
    }
    if (flow == DONE) {
        want_no_more(self, level);
    }
    if (level < stages) {
        self->has_more[level] = flow == MORE_OUTPUT;
        if (out != NULL && out->rows > 0) {
            self->inputs[level + 1] = out;
            self->level = level + 1;
            return OK;
        }
    }
    *over = !step_back(self);
    return OK;
}

static Status task_loop(TaskRun *self, TaskEnd *end) {
    if (self->locals[0] == NULL) {
        TRY(task_open_source(self));
        if (self->task.index == 0) {
            TRY(task_open_rest(self));
        }
    }
    for (;;) {
        bool yield = false, blocked = false, over = false;
        TRY(look_up(self, &yield));
        if (yield) {
            *end = END_YIELD;
            return OK;
        }
        TRY(task_step(self, &blocked, &over));
        if (over) {
            *end = END_OVER;
            return OK;
        }
        if (blocked && task_blocks(self)) {
            *end = END_BLOCKED;
            return OK;
        }
    }
}

/* ------------------------------------------------------------------------------------------------- what comes afterwards */

static void complete(Query *query) {
    query->end_ns = query_clock_ns();
    atomic_store(&query->is_complete, true);
    if (query->group != NULL) {
        job_group_notify(query->group);
    }
}

void run_release(Run *run) {
    if (atomic_fetch_sub(&run->waits, 1) == 1) {
        keep_or_share_job(run->query, &run->starter);
    }
}

static void release_all(const RunList *list) {
    for (uint32_t i = 0; i < list->count; i++) {
        run_release(list->runs[i]);
    }
}

/* For the thread that runs the task now. The caller closes it at the end of its job, when another thread may have the task. */
static CycleCounter task_count_cycles(Task *task) {
    task->cycle_counter = task->query->options.count_cycles ? cycle_counter_open() : (CycleCounter){0};
    return task->cycle_counter;
}

static void sink_spent(SinkState *sink, Effort spent) {
    atomic_fetch_add(&sink->finish_ns, spent.nanoseconds);
    atomic_fetch_add(&sink->finish_cycles, spent.cycles);
}

static Status finish_parts(FinishJob *self) {
    SinkState *sink = self->sink;
    for (;;) {
        uint32_t part = atomic_fetch_add(&sink->next_part, 1);
        if (part >= sink->parts || atomic_load(&sink->query->stopping)) {
            return OK;
        }
        TRY(check_cancel(&self->task.cx));
        TRY(sink->class_->finish_part(&self->task, sink->op, sink->state->shared, part));
    }
}

static Status finish_end(FinishJob *self) {
    SinkState *sink = self->sink;
    return sink->class_->finish_end != NULL ? sink->class_->finish_end(&self->task, sink->op, sink->state->shared) : OK;
}

static void finish_job_run(Job *job) {
    FinishJob *self = (FinishJob *)((char *)job - offsetof(FinishJob, job));
    SinkState *sink = self->sink;
    Query *query = sink->query, *saved = inline_query;
    inline_query = NULL;
    CycleCounter counter = task_count_cycles(&self->task);
    Effort start = effort_now(&self->task);
    Status status = finish_parts(self);
    bool is_last = atomic_fetch_sub(&sink->jobs_left, 1) == 1;
    if (status == OK && is_last && !atomic_load(&query->stopping)) {
        status = finish_end(self);
    }
    sink_spent(sink, effort_since(&self->task, start));
    cycle_counter_close(&counter);
    inline_query = saved;
    if (status != OK) {
        query_fail(query, &self->error);
    } else if (is_last && !atomic_load(&query->stopping)) {
        release_all(&sink->dependents);
        if (sink->op == query->plan->root && physical_writes(sink->op->kind)) {
            complete(query);
        }
    }
}

void task_init(Task *task, Query *query, uint32_t node, uint32_t index, uint32_t count, Error *error) {
    *task = (Task){.cx = query->cx,
                   .query = query,
                   .node = node,
                   .index = index,
                   .task_count = count,
                   .collect_profile = query->options.collect_profile,
                   .origin_slice = SLICE_UNKNOWN};
    task->cx.error = error;
    task->cx.memory = &query->accounts[node * query->options.threads + index % query->options.threads];
}

Context arena_context(const Query *query, const Task *task) {
    Context cx = task->cx;
    cx.memory = query->cx.memory;
    return cx;
}

static Status make_finish_jobs(SinkState *sink, const Task *last, uint32_t count) {
    Query *query = sink->query;
    Context cx = arena_context(query, last);
    pthread_mutex_lock(&query->lock);
    sink->jobs = arena_alloc(&cx, &query->arena, sizeof *sink->jobs * count);
    pthread_mutex_unlock(&query->lock);
    if (sink->jobs == NULL) {
        return OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        FinishJob *job = &sink->jobs[i];
        job->job.run = finish_job_run;
        job->sink = sink;
        task_init(&job->task, query, sink->node, i, count, &job->error);
    }
    return OK;
}

/* The last run that fed the sink is over: finish, the parts in parallel, then whoever waits for it. `last` is that run's last
 * task; it lends its context to finish(). */
static Status sink_finish(SinkState *sink, Task *last) {
    Query *query = sink->query;
    if (sink->class_->finish != NULL) {
        Effort start = effort_now(last);
        TRY(sink->class_->finish(last, sink->op, sink->state->shared, &sink->parts));
        sink_spent(sink, effort_since(last, start));
    }
    uint32_t jobs = sink->parts < query->options.threads ? sink->parts : query->options.threads;
    jobs = jobs == 0 ? 1 : jobs;
    TRY(make_finish_jobs(sink, last, jobs));
    atomic_store(&sink->jobs_left, jobs);
    for (uint32_t i = 1; i < jobs; i++) {
        share_job(query, &sink->jobs[i].job);
    }
    finish_job_run(&sink->jobs[0].job);
    return OK;
}

Status run_complete(Run *run, Task *last) {
    Query *query = run->query;
    release_all(&run->dependents);
    if (run->sink == NULL) {
        if (atomic_fetch_sub(&query->result_feeders, 1) == 1) {
            complete(query);
        }
        return OK;
    }
    return atomic_fetch_sub(&run->sink->feeders, 1) == 1 ? sink_finish(run->sink, last) : OK;
}

static Status task_end(TaskRun *self) {
    Run *run = self->run;
    if (self->is_open && run->sink != NULL && run->sink->class_->merge != NULL) {
        uint32_t role = run->pipeline->stage_count + 1;
        Effort start = effort_now(&self->task);
        TRY(run->sink->class_->merge(&self->task, run->sink->op, self->shared[role], self->locals[role]));
        effort_add(&self->counters[role].spent, effort_since(&self->task, start));
    }
    return atomic_fetch_sub(&run->tasks_left, 1) == 1 ? run_complete(run, &self->task) : OK;
}

void task_job_run(Job *job) {
    TaskRun *self = (TaskRun *)((char *)job - offsetof(TaskRun, job));
    Query *query = self->task.query, *saved = inline_query;
    TaskEnd end = END_YIELD;
    inline_query = NULL;
    CycleCounter counter = task_count_cycles(&self->task);
    Status status = task_loop(self, &end);
    inline_query = saved;
    if (status == OK && end == END_OVER) {
        status = task_end(self);
    }
    cycle_counter_close(&counter);
    if (status != OK) {
        query_fail(query, &self->error);
    } else if (end == END_YIELD && !atomic_load(&query->stopping)) {
        share_job(query, job);
    }
    /* END_BLOCKED: another thread may have the task by now; it is not touched any more. */
}
