/* Starting a run (shared states are opened, tasks made) and closing what was opened. */
#include "exec/pipeline.h"

#define TASK_BYTES_MIN ((int64_t)8 << 20) /* of memory_limit, per task of a run */

/* ------------------------------------------------------------------------------------------------------- starting a run */

static Status open_state(Task *task, const PhysicalNode *op, size_t size,
                         Status (*open)(Task *, const PhysicalNode *, void *)) {
    uint32_t node = operator_class(op)->spans_nodes ? 0 : task->node;
    OperatorState *state = operator_state(task->query, op, node);
    if (state->is_open) {
        return OK;
    }
    TRY_ALLOC_ZEROED(&task->cx, state->shared, size);
    state->is_open = true;
    return open != NULL ? open(task, op, state->shared) : OK;
}

/* The state that all roles of an operator share. */
static Status open_operator(Task *task, const PhysicalNode *op) {
    const OperatorClass *class_ = operator_class(op);
    if (class_->sink != NULL) {
        return open_state(task, op, class_->sink->shared_size, class_->sink->open);
    }
    if (class_->stage != NULL) {
        return open_state(task, op, class_->stage->shared_size, class_->stage->open);
    }
    for (uint32_t i = 0; class_->drives_children && i < op->child_count; i++) {
        TRY(open_operator(task, op->children[i]));
    }
    return open_state(task, op, class_->source->shared_size, class_->source->open);
}

static Status open_operators(Run *run, Task *task) {
    const Pipeline *pipeline = run->pipeline;
    if (pipeline->sink != NULL) {
        TRY(open_operator(task, pipeline->sink));
    }
    for (uint32_t i = 0; i < pipeline->stage_count; i++) {
        TRY(open_operator(task, pipeline->stages[i]));
    }
    return open_operator(task, pipeline->source);
}

static Status make_tasks(Run *run, const Context *cx, uint32_t count) {
    Query *query = run->query;
    uint32_t stages = run->pipeline->stage_count, roles = stages + 2;
    TRY_NEW_ARRAY(cx, &query->arena, run->tasks, count);
    for (uint32_t i = 0; i < count; i++) {
        TaskRun *self = &run->tasks[i];
        self->run = run;
        self->job.run = task_job_run;
        self->level = -1;
        task_init(&self->task, query, run->node, i, count, &self->error);
        TRY_NEW_ARRAY(cx, &query->arena, self->inputs, roles);
        TRY_NEW_ARRAY(cx, &query->arena, self->has_more, roles);
        TRY_NEW_ARRAY(cx, &query->arena, self->locals, roles);
        TRY_NEW_ARRAY(cx, &query->arena, self->shared, roles);
        TRY_NEW_ARRAY(cx, &query->arena, self->counters, roles);
    }
    run->task_count = count;
    atomic_store(&run->tasks_left, count);
    return OK;
}

/* Each task has batches, tables and buffers of parts of its own, however little it may keep. */
static uint32_t tasks_with_room(const Task *task) {
    int64_t tasks = memory_limit(task->cx.memory) / TASK_BYTES_MIN;
    return tasks < 1 ? 1 : tasks < UINT32_MAX ? (uint32_t)tasks : UINT32_MAX;
}

static uint32_t useful_tasks(Run *run, Task *task) {
    const SourceClass *source = run->pipeline->source_class;
    uint32_t node = operator_class(run->pipeline->source)->spans_nodes ? 0 : run->node;
    void *shared = operator_state(run->query, run->pipeline->source, node)->shared;
    uint32_t limit = source->task_limit != NULL ? source->task_limit(task, run->pipeline->source, shared) : 1;
    uint32_t room = tasks_with_room(task);
    uint32_t count = limit < run->query->options.threads ? limit : run->query->options.threads;
    count = room < count ? room : count;
    return count == 0 ? 1 : count;
}

/* Several runs may share a sink or a stage: what one of them could not open no other may take for open, so the query fails
 * before the lock is given back. *opened is false if it has failed already. */
static Status open_together(Run *run, Task *task, bool *opened) {
    Query *query = run->query;
    pthread_mutex_lock(&query->opening);
    bool goes_on = !atomic_load(&query->stopping);
    Status status = goes_on ? open_operators(run, task) : OK;
    if (status != OK) {
        query_fail(query, task->cx.error);
    }
    pthread_mutex_unlock(&query->opening);
    *opened = goes_on && status == OK;
    return status;
}

static bool is_idle(const Run *run) {
    const Pipeline *pipeline = run->pipeline;
    const OperatorState *state = operator_state(run->query, pipeline->source, run->node);
    return pipeline->source_class->is_idle != NULL && pipeline->source_class->is_idle(pipeline->source, state->shared);
}

static Status run_start(Run *run, Task *task, bool *started) {
    Query *query = run->query;
    TRY(open_together(run, task, started));
    if (!*started) {
        return OK;
    }
    uint32_t count = useful_tasks(run, task);
    Context cx = arena_context(query, task);
    pthread_mutex_lock(&query->lock);
    Status status = make_tasks(run, &cx, count);
    pthread_mutex_unlock(&query->lock);
    return status;
}

static void run_starter(Job *job) {
    Run *run = (Run *)((char *)job - offsetof(Run, starter));
    Query *query = run->query;
    if (atomic_load(&query->stopping)) {
        return;
    }
    Error error = {.status = OK};
    Task task;
    task_init(&task, query, run->node, 0, 1, &error);
    if (is_idle(run)) {
        if (run_complete(run, &task) != OK) {
            query_fail(query, &error);
        }
        return;
    }
    bool started;
    if (run_start(run, &task, &started) != OK) {
        query_fail(query, &error);
        return;
    }
    if (!started) {
        return;
    }
    for (uint32_t i = 1; i < run->task_count; i++) {
        share_job(query, &run->tasks[i].job);
    }
    task_job_run(&run->tasks[0].job);
}

void run_prepare(Run *run) {
    run->starter.run = run_starter;
}

/* ------------------------------------------------------------------------------------------------------------- closing */

static void close_task(TaskRun *self) {
    Query *query = self->run->query;
    const Pipeline *pipeline = self->run->pipeline;
    uint32_t last = pipeline->stage_count + 1, node = self->run->node;
    for (uint32_t role = 0; role <= last; role++) {
        const PhysicalNode *op = role == 0 ? pipeline->source : role < last ? pipeline->stages[role - 1] : pipeline->sink;
        if (op == NULL || self->locals[role] == NULL) {
            continue;
        }
        void (*close)(const PhysicalNode *, void *, void *, OperatorProfile *) =
            role == 0     ? pipeline->source_class->close_local
            : role < last ? pipeline->stage_classes[role - 1]->close_local
                          : self->run->sink->class_->close_local;
        OperatorProfile *profile = profile_of(query, op, node);
        profile_add(profile, &self->counters[role], role < last);
        if (close != NULL) {
            close(op, self->shared[role], self->locals[role], profile);
        }
        mem_free(self->locals[role]);
        self->locals[role] = NULL;
    }
}

static void close_operator(Query *query, const PhysicalNode *op) {
    const OperatorClass *class_ = operator_class(op);
    for (uint32_t node = 0; node < query->place_count; node++) {
        OperatorState *state = operator_state(query, op, node);
        OperatorProfile *profile = profile_of(query, op, node);
        if (state->sink != NULL) {
            effort_add(&profile->spent,
                       (Effort){atomic_load(&state->sink->finish_ns), atomic_load(&state->sink->finish_cycles)});
        }
        if (state->is_open) {
            void (*close)(const PhysicalNode *, void *, OperatorProfile *) = class_->sink != NULL    ? class_->sink->close
                                                                             : class_->stage != NULL ? class_->stage->close
                                                                                                     : class_->source->close;
            if (close != NULL) {
                close(op, state->shared, profile);
            }
            mem_free(state->shared);
            state->is_open = false;
        }
    }
    for (uint32_t i = 0; i < op->child_count; i++) {
        close_operator(query, op->children[i]);
    }
}

void query_close_states(Query *query) {
    for (Pipeline *pipeline = query->pipelines; pipeline != NULL; pipeline = pipeline->next) {
        for (uint32_t i = 0; i < pipeline->run_count; i++) {
            for (uint32_t t = 0; pipeline->runs != NULL && t < pipeline->runs[i].task_count; t++) {
                close_task(&pipeline->runs[i].tasks[t]);
            }
        }
    }
    if (query->states != NULL) {
        close_operator(query, query->plan->root);
        for (uint32_t i = 0; i < query->plan->shared_count; i++) {
            close_operator(query, query->plan->shared[i]);
        }
    }
}
