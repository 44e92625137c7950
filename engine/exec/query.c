/* The life of a query: start, next, close. The calling thread works on the query's tasks while it waits for a batch. */
#include "exec/join_filter.h"
#include "exec/pipeline.h"
#include "exec/spill.h"

#include <assert.h>

#define RESULT_SLOTS_MIN 2

/* The nodes' accounts only count; the tasks' reserve from them in steps that are the smaller the more there are. An inner query
 * runs on the outer one's nodes. */
static Status init_accounts(Query *query) {
    const Query *outer = query->options.outer;
    assert(query->plan->topology.nodes > 0);
    uint32_t threads = query->options.threads, count = query->place_count * threads;
    TRY_NEW_ARRAY(&query->cx, &query->arena, query->node_accounts, query->place_count);
    TRY_NEW_ARRAY(&query->cx, &query->arena, query->accounts, count);
    for (uint32_t i = 0; i < query->place_count; i++) {
        MemoryAccount *parent = outer != NULL ? &outer->node_accounts[i] : query->cx.memory;
        memory_account_init(&query->node_accounts[i], parent, "query", 0);
        query->node_accounts[i].step_bytes = 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        memory_account_init(&query->accounts[i], &query->node_accounts[i / threads], "query", 0);
        query->accounts[i].step_bytes /= query->plan->topology.nodes;
    }
    return OK;
}

static Status query_init(Query *query) {
    const PhysicalPlan *plan = query->plan;
    query->place_count = plan->topology.nodes + 1;
    TRY(init_accounts(query));
    TRY(profile_init(query));
    TRY(result_init(&query->cx, &query->arena, RESULT_SLOTS_MIN + query->options.threads, &query->result));
    return pipelines_build(query);
}

static void start_runs(Query *query) {
    query->start_ns = query_clock_ns();
    query->next_progress_ns = query->start_ns + 100000000;
    Query *outer_inline = inline_query;
    inline_query = query;
    for (Pipeline *pipeline = query->pipelines; pipeline != NULL; pipeline = pipeline->next) {
        for (uint32_t i = 0; i < pipeline->run_count; i++) {
            run_release(&pipeline->runs[i]);
        }
    }
    inline_query = outer_inline;
}

Status query_start(const Context *cx, const PhysicalPlan *plan, WorkerPool *pool, const QueryOptions *options,
                   Query **query_out) {
    Query *query;
    *query_out = NULL;
    TRY_ALLOC_ZEROED(cx, query, sizeof *query);
    query->cx = *cx;
    query->cx.error = &query->setup_error;
    query->plan = plan;
    query->pool = pool;
    query->options = *options;
    query->options.threads = options->threads == 0 || pool == NULL ? 1 : options->threads;
    query->inline_last = &query->inline_first;
    pthread_mutex_init(&query->lock, NULL);
    pthread_mutex_init(&query->opening, NULL);
    arena_init(&query->arena);
    Status status = query_init(query);
    if (status != OK) {
        *cx->error = query->setup_error;
        query_close(query);
        return status;
    }
    start_runs(query);
    *query_out = query;
    return OK;
}

static bool caller_is_wanted(void *query_) {
    const Query *query = query_;
    return atomic_load(&query->stopping) || atomic_load(&query->is_complete) || atomic_load(&query->result.ready) > 0;
}

static void run_inline(Query *query) {
    Job *job = query->inline_first;
    query->inline_first = job->next;
    if (query->inline_first == NULL) {
        query->inline_last = &query->inline_first;
    }
    job->run(job);
}

/* Works until a batch is ready, the query is over or has failed. */
static Status work(const Context *cx, Query *query) {
    inline_query = NULL;
    while (!caller_is_wanted(query)) {
        TRY(check_cancel(cx));
        if (query->inline_first != NULL) {
            inline_query = query;
            run_inline(query);
            inline_query = NULL;
        } else if (query->group == NULL || !job_group_work_until(query->group, caller_is_wanted, query)) {
            if (query->inline_first == NULL && !caller_is_wanted(query)) {
                return fail(cx, INTERNAL_ERROR, "the query has stalled: every task waits");
            }
        }
    }
    return OK;
}

static Status take_error(const Context *cx, Query *query) {
    pthread_mutex_lock(&query->lock);
    Error error = query->error;
    pthread_mutex_unlock(&query->lock);
    *cx->error = error;
    return error.status;
}

Status query_next(const Context *cx, Query *query, const Batch **batch) {
    *batch = NULL;
    if (query->is_closed) {
        return OK;
    }
    Query *outer_calling = calling_query, *outer_inline = inline_query; /* a round of a recursion runs inside another query */
    calling_query = query;
    inline_query = query;
    result_release(query);
    Status status = work(cx, query);
    calling_query = outer_calling;
    inline_query = outer_inline;
    TRY(status);
    if (atomic_load(&query->stopping)) {
        return take_error(cx, query);
    }
    *batch = result_take(query);
    return OK;
}

/* Nothing runs any more; counters are complete. */
static void query_finish(Query *query) {
    if (query->is_closed) {
        return;
    }
    query->is_closed = true;
    atomic_store(&query->stopping, true);
    job_group_free(query->group);
    query->group = NULL;
    query_close_states(query);
    profile_finish(query);
}

const PlanProfile *query_profile(Query *query) {
    query_finish(query);
    return &query->profile;
}

static void free_filters(Query *query) {
    for (uint32_t i = 0; query->crossing != NULL && i < query->plan->filter_count; i++) {
        join_filter_close(query, &query->crossing[i]);
    }
    for (uint32_t i = 0; query->filters != NULL && i < query->plan->filter_count * query->place_count; i++) {
        join_filter_free(query->filters[i]);
    }
}

void query_close(Query *query) {
    if (query == NULL) {
        return;
    }
    query_finish(query);
    free_filters(query);
    spill_file_close(query->spill);
    result_free(&query->result);
    for (uint32_t i = 0; query->accounts != NULL && i < query->place_count * query->options.threads; i++) {
        memory_account_close(&query->accounts[i]);
    }
    for (uint32_t i = 0; query->accounts != NULL && i < query->place_count; i++) {
        memory_account_close(&query->node_accounts[i]);
    }
    arena_free(&query->arena);
    pthread_mutex_destroy(&query->opening);
    pthread_mutex_destroy(&query->lock);
    mem_free(query);
}

/* -------------------------------------------------------------------------------------------------- what operators ask for */

static KeyFilter **filter_at(const Query *query, uint32_t node, uint32_t filter_id) {
    return &query->filters[(size_t)node * query->plan->filter_count + filter_id];
}

void query_publish_filter(Query *query, uint32_t node, uint32_t filter_id, KeyFilter *filter) {
    *filter_at(query, node, filter_id) = filter;
}

const KeyFilter *query_filter(const Query *query, uint32_t node, uint32_t filter_id) {
    return *filter_at(query, node, filter_id);
}

void query_tighten_bound(Task *task, uint32_t bound_id, int64_t bound) {
    const Query *query = task->query;
    _Atomic(int64_t) *place = &query->bounds[(size_t)task->node * query->plan->bound_count + bound_id];
    int64_t known = atomic_load_explicit(place, memory_order_relaxed);
    while (bound < known &&
           !atomic_compare_exchange_weak_explicit(place, &known, bound, memory_order_relaxed, memory_order_relaxed)) {
    }
}

int64_t query_bound(const Task *task, uint32_t bound_id) {
    const Query *query = task->query;
    return atomic_load_explicit(&query->bounds[(size_t)task->node * query->plan->bound_count + bound_id], memory_order_relaxed);
}

static const char *spill_directory(const Query *query) {
    const char *set = query->cx.settings->spill_directory;
    const char *warehouse = warehouse_path(snapshot_warehouse(query->plan->snapshot));
    return set[0] != '\0' ? set : warehouse[0] != '\0' ? warehouse : "/tmp";
}

Status query_spill_file(Task *task, SpillFile **file) {
    Query *query = task->query;
    Context cx = arena_context(query, task);
    pthread_mutex_lock(&query->lock);
    Status status = query->spill == NULL ? spill_file_open(&cx, spill_directory(query), &query->spill) : OK;
    *file = query->spill;
    pthread_mutex_unlock(&query->lock);
    return status;
}

Status query_charge_scan(Task *task, uint64_t bytes) {
    Query *query = task->query;
    while (query->options.outer != NULL) {
        query = query->options.outer;
    }
    int64_t limit = task->cx.settings->scan_limit_bytes;
    uint64_t charged = atomic_fetch_add_explicit(&query->bytes_charged, bytes, memory_order_relaxed) + bytes;
    if (charged <= (uint64_t)limit) {
        return OK;
    }
    fail(&task->cx, CONFIGURATION_LIMIT_EXCEEDED, "the statement has scanned %llu bytes, scan_limit_bytes allows %lld",
         (unsigned long long)charged, (long long)limit);
    return fail_hint(&task->cx, "a recursion scans its tables once per round");
}

uint64_t query_rows_written(const Query *query) {
    return atomic_load(&query->rows_written);
}
void query_add_rows_written(Query *query, uint64_t rows) {
    atomic_fetch_add(&query->rows_written, rows);
}
void query_progress_expect(Query *query, uint64_t rows) {
    atomic_fetch_add(&query->progress_total, rows);
}
void query_progress_add(Query *query, uint64_t rows) {
    atomic_fetch_add_explicit(&query->progress_done, rows, memory_order_relaxed);
}
bool query_owns_shared(const Query *query, const PhysicalNode *shared) {
    const PhysicalPlan *plan = query->plan;
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        if (plan->shared[i] == shared) {
            return plan->is_inner == NULL || !plan->is_inner[i];
        }
    }
    return false;
}

void *query_operator_state(const Query *query, const PhysicalNode *op, uint32_t node) {
    while (query->options.outer != NULL && !query_owns_shared(query, op)) {
        query = query->options.outer;
    }
    return operator_state(query, op, node)->shared;
}

const struct RowTable *query_working_rows(const Query *query, uint32_t id) {
    const WorkingTable *working = query->options.working;
    while (working->id != id) {
        working = working->outer;
    }
    return working->rows;
}

const WorkingTable *query_working(const Query *query) {
    return query->options.working;
}

QueryOptions query_inner_options(Query *query) {
    return (QueryOptions){.threads = query->options.threads,
                          .collect_profile = query->options.collect_profile,
                          .count_cycles = query->options.count_cycles,
                          .outer = query};
}

Context query_inner_context(const Task *task) {
    return arena_context(task->query, task);
}

const PhysicalPlan *query_plan(const Query *query) {
    return query->plan;
}
Commit *query_commit(const Query *query) {
    return query->options.commit;
}
WorkerPool *query_pool(const Query *query) {
    return query->pool;
}
