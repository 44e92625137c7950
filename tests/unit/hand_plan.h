/* Physical plans built by hand, for tests of the executor: a few builders over one arena, and a way to run a plan. */
#ifndef DEPOT_TESTS_HAND_PLAN_H
#define DEPOT_TESTS_HAND_PLAN_H

#include "core/settings.h"
#include "exec/exec.h"

#include <criterion/criterion.h>

typedef struct HandPlan {
    Context cx;
    Error error;
    MemoryAccount memory;
    Settings settings;
    Arena arena;
    WorkerPool *pool;
    PhysicalPlan plan;
} HandPlan;

static inline void hand_init(HandPlan *h, uint32_t threads, uint32_t batch_rows) {
    memset(h, 0, sizeof *h);
    settings_init(&h->settings);
    h->settings.batch_rows = batch_rows;
    memory_account_init(&h->memory, NULL, "test", 0);
    h->cx = (Context){.error = &h->error, .memory = &h->memory, .settings = &h->settings};
    arena_init(&h->arena);
    cr_assert_eq(worker_pool_create(&h->cx, threads, &h->pool), OK);
    h->plan.arena = &h->arena;
    h->plan.topology = (Topology){.nodes = 1, .slices_per_node = 2};
}

static inline void hand_free(HandPlan *h) {
    worker_pool_free(h->pool);
    arena_free(&h->arena);
    cr_assert_eq(atomic_load(&h->memory.used_bytes), 0, "memory is left");
    memory_account_close(&h->memory);
}

static inline void *hand_alloc(HandPlan *h, size_t bytes) {
    void *memory = arena_alloc(&h->cx, &h->arena, bytes);
    cr_assert_not_null(memory);
    return memory;
}

/* A node of `columns` columns of one type; children follow. */
static inline PhysicalNode *hand_node(HandPlan *h, PhysicalKind kind, uint32_t columns, Type type, PhysicalNode *left,
                                      PhysicalNode *right) {
    PhysicalNode *op = hand_alloc(h, sizeof *op);
    op->kind = kind;
    op->id = h->plan.operator_count++;
    op->column_count = columns;
    op->columns = hand_alloc(h, sizeof *op->columns * (columns + 1));
    for (uint32_t i = 0; i < columns; i++) {
        op->columns[i] = (PhysicalColumn){.type = type, .name = "c"};
    }
    op->children = hand_alloc(h, sizeof *op->children * 2);
    op->children[0] = left;
    op->children[1] = right;
    op->child_count = (left != NULL) + (right != NULL);
    h->plan.root = op;
    return op;
}

static inline PhysicalNode *hand_series(HandPlan *h, int64_t start, int64_t stop) {
    PhysicalNode *op = hand_node(h, PHYSICAL_TABLE_FUNCTION, 1, type_make(TYPE_BIGINT), NULL, NULL);
    Value *args = hand_alloc(h, sizeof *args * 2);
    args[0] = value_i64(type_make(TYPE_BIGINT), start);
    args[1] = value_i64(type_make(TYPE_BIGINT), stop);
    op->table_function = (TableFunctionSpec){.name = "generate_series", .arg_count = 2, .args = args};
    return op;
}

static inline PhysicalNode *hand_limit(HandPlan *h, PhysicalNode *child, int64_t limit, int64_t offset) {
    PhysicalNode *op = hand_node(h, PHYSICAL_LIMIT, child->column_count, child->columns[0].type, child, NULL);
    op->limit = (LimitSpec){.limit = limit, .offset = offset};
    return op;
}

static inline PhysicalNode *hand_union(HandPlan *h, PhysicalNode *left, PhysicalNode *right) {
    return hand_node(h, PHYSICAL_UNION, left->column_count, left->columns[0].type, left, right);
}

static inline PhysicalNode *hand_exchange(HandPlan *h, PhysicalNode *child, ExchangeKind kind) {
    PhysicalNode *op = hand_node(h, PHYSICAL_EXCHANGE, child->column_count, child->columns[0].type, child, NULL);
    for (uint32_t i = 0; i < child->column_count; i++) {
        op->columns[i] = child->columns[i];
    }
    op->exchange.kind = kind;
    op->on_leader = kind == EXCHANGE_GATHER;
    return op;
}

static inline Query *hand_start(HandPlan *h, uint32_t threads) {
    Query *query = NULL;
    QueryOptions options = {.threads = threads, .collect_profile = true};
    cr_assert_eq(query_start(&h->cx, &h->plan, h->pool, &options, &query), OK, "%s", h->error.message);
    return query;
}

typedef struct HandTotals {
    uint64_t rows, batches;
    int64_t sum; /* of column 0 */
    bool is_ascending;
} HandTotals;

/* Steps through the whole result. Column 0 is of an integer class, if there is one. */
static inline HandTotals hand_drain(HandPlan *h, Query *query) {
    HandTotals totals = {.is_ascending = true};
    int64_t last = INT64_MIN;
    for (;;) {
        const Batch *batch;
        cr_assert_eq(query_next(&h->cx, query, &batch), OK, "%s", h->error.message);
        if (batch == NULL) {
            return totals;
        }
        cr_assert(batch->rows > 0 && batch->rows <= h->settings.batch_rows);
        totals.rows += batch->rows;
        totals.batches++;
        for (uint32_t i = 0; batch->column_count > 0 && i < batch->rows; i++) {
            Value value = vector_value(&batch->columns[0], i);
            totals.sum += value.is_null ? 0 : value.i64;
            totals.is_ascending &= value.i64 >= last;
            last = value.i64;
        }
    }
}

static inline HandTotals hand_run(HandPlan *h, uint32_t threads) {
    Query *query = hand_start(h, threads);
    HandTotals totals = hand_drain(h, query);
    query_close(query);
    return totals;
}

/* Runs the plan again and again, each time with another allocation that fails: an error, never a crash or a leak. */
static inline void hand_starve(HandPlan *h, uint32_t threads) {
    bool has_failed = true;
    for (int64_t nth = 1; has_failed; nth += 1 + nth / 16) {
        Query *query = NULL;
        QueryOptions options = {.threads = threads};
        memory_fail_nth(nth);
        Status status = query_start(&h->cx, &h->plan, h->pool, &options, &query);
        const Batch *batch = NULL;
        do {
            status = status == OK ? query_next(&h->cx, query, &batch) : status;
        } while (status == OK && batch != NULL);
        memory_fail_nth(0);
        query_close(query);
        cr_assert(status == OK || status == OUT_OF_MEMORY, "%s", h->error.message);
        has_failed = status != OK;
    }
}

/* Runs body(h, threads) at every size of batch and number of threads. */
static inline void hand_each(void (*body)(HandPlan *h, uint32_t threads)) {
    static const uint32_t threads[] = {1, 2, 8}, sizes[] = {1, 7, 2048};
    for (uint32_t t = 0; t < 3; t++) {
        for (uint32_t s = 0; s < 3; s++) {
            HandPlan h;
            hand_init(&h, threads[t], sizes[s]);
            body(&h, threads[t]);
            hand_free(&h);
        }
    }
}

#endif
