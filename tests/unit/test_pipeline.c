/* Pipelines, tasks, the result queue, and the small operators, on plans built by hand. */
#include "hand_plan.h"

static void series(HandPlan *h, uint32_t threads) {
    hand_series(h, 1, 5000);
    HandTotals totals = hand_run(h, threads);
    cr_assert_eq(totals.rows, 5000);
    cr_assert_eq(totals.sum, 5000LL * 5001 / 2);
    cr_assert(totals.is_ascending);
}
Test(pipeline, series) {
    hand_each(series);
}

static void empty_series(HandPlan *h, uint32_t threads) {
    hand_series(h, 1, 0);
    cr_assert_eq(hand_run(h, threads).rows, 0);
}
Test(pipeline, empty_series) {
    hand_each(empty_series);
}

static void one_row_of_nothing(HandPlan *h, uint32_t threads) {
    PhysicalNode *op = hand_node(h, PHYSICAL_VALUES, 0, type_make(TYPE_INTEGER), NULL, NULL);
    Expr **row = NULL;
    op->values = (ValuesSpec){.row_count = 1, .rows = &row};
    cr_assert_eq(hand_run(h, threads).rows, 1);
}
Test(pipeline, one_row_of_nothing) {
    hand_each(one_row_of_nothing);
}

static void limit_with_offset(HandPlan *h, uint32_t threads) {
    hand_limit(h, hand_series(h, 1, INT64_MAX), 100, 3000); /* an endless source has to be stopped */
    HandTotals totals = hand_run(h, threads);
    cr_assert_eq(totals.rows, 100);
    cr_assert_eq(totals.sum, (3001LL + 3100) * 100 / 2);
    cr_assert(totals.is_ascending);
}
Test(pipeline, limit_with_offset) {
    hand_each(limit_with_offset);
}

static void limit_zero(HandPlan *h, uint32_t threads) {
    hand_limit(h, hand_series(h, 1, INT64_MAX), 0, 0);
    cr_assert_eq(hand_run(h, threads).rows, 0);
}
Test(pipeline, limit_zero) {
    hand_each(limit_zero);
}

static void offset_alone(HandPlan *h, uint32_t threads) {
    hand_limit(h, hand_series(h, 1, 3000), -1, 2990);
    cr_assert_eq(hand_run(h, threads).rows, 10);
}
Test(pipeline, offset_alone) {
    hand_each(offset_alone);
}

static void union_of_three(HandPlan *h, uint32_t threads) {
    PhysicalNode *first = hand_union(h, hand_series(h, 1, 1000), hand_series(h, 1001, 2000));
    hand_union(h, first, hand_series(h, 2001, 5000));
    HandTotals totals = hand_run(h, threads);
    cr_assert_eq(totals.rows, 5000);
    cr_assert_eq(totals.sum, 5000LL * 5001 / 2);
}
Test(pipeline, union_of_three) {
    hand_each(union_of_three);
}

static void limit_over_union(HandPlan *h, uint32_t threads) {
    hand_limit(h, hand_union(h, hand_series(h, 1, INT64_MAX), hand_series(h, 1, INT64_MAX)), 4000, 0);
    cr_assert_eq(hand_run(h, threads).rows, 4000);
}
Test(pipeline, limit_over_union) {
    hand_each(limit_over_union);
}

static void bad_step(HandPlan *h, uint32_t threads) {
    PhysicalNode *op = hand_series(h, 1, 5);
    Value *args = hand_alloc(h, sizeof *args * 3);
    memcpy(args, op->table_function.args, sizeof *args * 2);
    args[2] = value_i64(type_make(TYPE_BIGINT), 0);
    op->table_function.args = args;
    op->table_function.arg_count = 3;
    Query *query = hand_start(h, threads);
    const Batch *batch;
    cr_assert_eq(query_next(&h->cx, query, &batch), INVALID_PARAMETER_VALUE);
    cr_assert_null(batch);
    cr_assert_eq(query_next(&h->cx, query, &batch), INVALID_PARAMETER_VALUE);
    query_close(query);
}
Test(pipeline, errors_reach_the_caller) {
    hand_each(bad_step);
}

static void close_midway(HandPlan *h, uint32_t threads) {
    hand_union(h, hand_series(h, 1, INT64_MAX), hand_series(h, 1, INT64_MAX));
    for (uint32_t steps = 0; steps < 20; steps += 5) {
        Query *query = hand_start(h, threads);
        for (uint32_t i = 0; i < steps; i++) {
            const Batch *batch;
            cr_assert_eq(query_next(&h->cx, query, &batch), OK);
            cr_assert_not_null(batch);
        }
        query_close(query);
    }
}
Test(pipeline, close_midway) {
    hand_each(close_midway);
}

static void cancel(HandPlan *h, uint32_t threads) {
    _Atomic(bool) flag = false;
    h->cx.cancel = &flag;
    hand_series(h, 1, INT64_MAX);
    Query *query = hand_start(h, threads);
    const Batch *batch;
    cr_assert_eq(query_next(&h->cx, query, &batch), OK);
    atomic_store(&flag, true);
    Status status = OK;
    for (uint32_t i = 0; i < 100 && status == OK; i++) { /* what was ready may still come */
        status = query_next(&h->cx, query, &batch);
    }
    cr_assert_eq(status, QUERY_CANCELED);
    query_close(query);
}
Test(pipeline, cancel) {
    hand_each(cancel);
}

static void counters(HandPlan *h, uint32_t threads) {
    PhysicalNode *source = hand_series(h, 1, 100000);
    PhysicalNode *top = hand_limit(h, source, 10000, 0);
    Query *query = hand_start(h, threads);
    hand_drain(h, query);
    const PlanProfile *profile = query_profile(query);
    cr_assert_eq(profile->operators[top->id * profile->node_count].rows, 10000);
    cr_assert_geq(profile->operators[source->id * profile->node_count].rows, 10000);
    cr_assert_leq(profile->operators[source->id * profile->node_count].rows, 10000 + (uint64_t)h->settings.batch_rows);
    query_close(query);
}
Test(pipeline, counters) {
    hand_each(counters);
}

Test(pipeline, memory_is_constant) {
    HandPlan h;
    hand_init(&h, 2, 2048);
    hand_union(&h, hand_series(&h, 1, 3000000), hand_series(&h, 1, 3000000));
    cr_assert_eq(hand_run(&h, 2).rows, 6000000);
    cr_assert_lt(atomic_load(&h.memory.peak_bytes), 4 << 20);
    hand_free(&h);
}

static void starve(HandPlan *h, uint32_t threads) {
    hand_limit(h, hand_union(h, hand_series(h, 1, 9000), hand_series(h, 1, 9000)), 10000, 3);
    hand_starve(h, threads);
}
Test(pipeline, out_of_memory) {
    hand_each(starve);
}
