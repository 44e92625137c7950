/* The heavy operators inside whole plans: parallel runs give what arithmetic says, and plans starved of memory fail cleanly. */
#include "hand_plan.h"

#include "expr/aggregates.h"
#include "expr/functions.h"

#define ROWS 9000
#define MODULUS 700

/* Columns of a series: n, n % MODULUS, and the latter as text. */
static PhysicalNode *numbers(HandPlan *h, int64_t rows) {
    PhysicalNode *series = hand_series(h, 1, rows);
    Type bigint = type_make(TYPE_BIGINT);
    PhysicalNode *op = hand_node(h, PHYSICAL_PROJECT, 3, bigint, series, NULL);
    op->columns[2].type = type_varchar(0);
    op->project.exprs = hand_alloc(h, sizeof(Expr *) * 3);
    Value modulus = value_i64(bigint, MODULUS);
    Expr *n = expr_slot(&h->cx, &h->arena, 0, bigint, "n"), *rest = NULL;
    Expr *divisor = expr_constant(&h->cx, &h->arena, &modulus, POS_NONE);
    cr_assert_eq(operator_bind(&h->cx, &h->arena, "%", n, divisor, POS_NONE, &rest), OK, "%s", h->error.message);
    op->project.exprs[0] = n;
    op->project.exprs[1] = rest;
    op->project.exprs[2] = expr_cast(&h->cx, &h->arena, rest, type_varchar(0));
    return op;
}

static const uint32_t column_0[] = {0}, column_1[] = {1}, columns_1_2[] = {1, 2};

static PhysicalNode *join(HandPlan *h, JoinKind kind, PhysicalNode *probe, PhysicalNode *build, bool by_text) {
    PhysicalNode *op = hand_node(h, PHYSICAL_HASH_JOIN, 4, type_make(TYPE_BIGINT), probe, build);
    JoinOutput *outputs = hand_alloc(h, sizeof *outputs * 4);
    outputs[0] = (JoinOutput){false, 0};
    outputs[1] = (JoinOutput){false, 2};
    outputs[2] = (JoinOutput){true, 0};
    outputs[3] = (JoinOutput){true, 2};
    op->columns[1].type = op->columns[3].type = type_varchar(0);
    op->join = (JoinSpec){.kind = kind,
                          .algorithm = JOIN_BY_HASH,
                          .key_count = 1 + by_text,
                          .probe_keys = by_text ? columns_1_2 : column_1,
                          .build_keys = by_text ? columns_1_2 : column_1,
                          .outputs = outputs};
    return op;
}

static const Aggregate *aggregate(HandPlan *h, const char *name, Type type) {
    Expr *args[] = {expr_slot(&h->cx, &h->arena, 0, type, "x")};
    const Aggregate *bound;
    cr_assert_eq(aggregate_bind(&h->cx, &h->arena, name, args, 1, POS_NONE, &bound), OK, "%s", h->error.message);
    return bound;
}

static const uint32_t number_slot[] = {0}, text_slot[] = {2};

/* sum(n), count(DISTINCT text), max(text) by `groups`. */
static PhysicalNode *group(HandPlan *h, PhysicalNode *child, const uint32_t *groups, uint32_t group_count, bool is_distinct) {
    PhysicalNode *op = hand_node(h, PHYSICAL_AGGREGATE, group_count + 3, type_make(TYPE_BIGINT), child, NULL);
    AggregateItem *items = hand_alloc(h, sizeof *items * 3);
    Type text = type_varchar(0);
    items[0] = (AggregateItem){.aggregate = aggregate(h, "sum", type_make(TYPE_BIGINT)), .arg_count = 1, .args = number_slot};
    items[1] = (AggregateItem){
        .aggregate = aggregate(h, "count", text), .arg_count = 1, .args = text_slot, .is_distinct = is_distinct};
    items[2] = (AggregateItem){.aggregate = aggregate(h, "max", text), .arg_count = 1, .args = text_slot};
    for (uint32_t i = 0; i < group_count; i++) {
        op->columns[i] = child->columns[groups[i]];
    }
    for (uint32_t i = 0; i < 3; i++) {
        op->columns[group_count + i].type = items[i].aggregate->result;
    }
    op->aggregate = (AggregateSpec){.group_count = group_count, .groups = groups, .item_count = 3, .items = items};
    return op;
}

static PhysicalNode *sort_by(HandPlan *h, PhysicalNode *child, uint32_t slot, int64_t limit) {
    PhysicalNode *op = hand_node(h, PHYSICAL_SORT, child->column_count, child->columns[0].type, child, NULL);
    memcpy(op->columns, child->columns, sizeof *op->columns * child->column_count);
    SortSlot *keys = hand_alloc(h, sizeof *keys * 2);
    keys[0] = (SortSlot){.slot = slot, .is_descending = slot != 0};
    keys[1] = (SortSlot){.slot = 0};
    op->sort = (SortSpec){.key_count = 2, .keys = keys, .limit = limit};
    return op;
}

/* Over (partition by `slot` order by n): row_number(), lag(text), max(text) over a sliding frame. */
static PhysicalNode *window_over(HandPlan *h, PhysicalNode *child, const uint32_t *slot) {
    PhysicalNode *op = hand_node(h, PHYSICAL_WINDOW, 6, type_make(TYPE_BIGINT), child, NULL);
    static const uint32_t text_slot[] = {2};
    memcpy(op->columns, child->columns, sizeof *op->columns * 3);
    op->columns[4].type = op->columns[5].type = type_varchar(0);
    WindowItem *items = hand_alloc(h, sizeof *items * 3);
    items[0] = (WindowItem){.id = WINDOW_ROW_NUMBER, .type = type_make(TYPE_BIGINT)};
    items[1] = (WindowItem){.id = WINDOW_LAG, .type = type_varchar(0), .arg_count = 1, .args = text_slot};
    items[2] =
        (WindowItem){.id = WINDOW_AGGREGATE,
                     .type = type_varchar(0),
                     .aggregate = aggregate(h, "max", type_varchar(0)),
                     .arg_count = 1,
                     .args = text_slot,
                     .frame = {.mode = FRAME_ROWS, .start = BOUND_PRECEDING, .start_offset = 9, .end = BOUND_CURRENT_ROW}};
    for (uint32_t i = 0; i < 3; i++) {
        items[i].partition_keys = 1;
        items[i].peer_keys = 2;
    }
    SortSlot *keys = hand_alloc(h, sizeof *keys);
    keys[0] = (SortSlot){.slot = 0};
    op->window =
        (WindowSpec){.partition_count = 1, .partitions = slot, .key_count = 1, .keys = keys, .item_count = 3, .items = items};
    return op;
}

static void joins(HandPlan *h, uint32_t threads) {
    join(h, JOIN_INNER, numbers(h, ROWS), numbers(h, MODULUS), false);
    cr_assert_eq(hand_run(h, threads).rows, ROWS);
    join(h, JOIN_FULL, numbers(h, 100), numbers(h, MODULUS), true);
    HandTotals totals = hand_run(h, threads);
    cr_assert_eq(totals.rows, MODULUS);
    cr_assert_eq(totals.sum, 100 * 101 / 2);
}
Test(operator_plans, joins) {
    hand_each(joins);
}

static void groups(HandPlan *h, uint32_t threads) {
    group(h, numbers(h, ROWS), columns_1_2, 2, true);
    cr_assert_eq(hand_run(h, threads).rows, MODULUS);
    group(h, numbers(h, ROWS), column_0, 1, false);
    HandTotals totals = hand_run(h, threads);
    cr_assert_eq(totals.rows, ROWS);
    cr_assert_eq(totals.sum, (int64_t)ROWS * (ROWS + 1) / 2);
    group(h, numbers(h, ROWS), NULL, 0, true);
    cr_assert_eq(hand_run(h, threads).rows, 1);
}
Test(operator_plans, groups) {
    hand_each(groups);
}

static void sorts(HandPlan *h, uint32_t threads) {
    sort_by(h, numbers(h, ROWS), 0, -1);
    HandTotals totals = hand_run(h, threads);
    cr_assert(totals.rows == ROWS && totals.is_ascending);
    sort_by(h, numbers(h, 50000), 0, 20);
    totals = hand_run(h, threads);
    cr_assert(totals.rows == 20 && totals.is_ascending && totals.sum == 210);
}
Test(operator_plans, sorts) {
    hand_each(sorts);
}

static void windows(HandPlan *h, uint32_t threads) {
    window_over(h, numbers(h, 3 * ROWS), column_1);
    HandTotals totals = hand_run(h, threads);
    cr_assert_eq(totals.rows, 3 * ROWS);
    cr_assert_eq(totals.sum, 3LL * ROWS * (3 * ROWS + 1) / 2);
}
Test(operator_plans, windows) {
    hand_each(windows);
}

static void starve(HandPlan *h, uint32_t threads) {
    if (h->settings.batch_rows != 2048) {
        return;
    }
    join(h, JOIN_FULL, numbers(h, 5000), numbers(h, MODULUS), true);
    hand_starve(h, threads);
    join(h, JOIN_LEFT, numbers(h, 5000), numbers(h, 5 * MODULUS), false);
    hand_starve(h, threads);
    group(h, numbers(h, ROWS), columns_1_2, 2, true);
    hand_starve(h, threads);
    group(h, numbers(h, 20000), column_0, 1, false);
    hand_starve(h, threads);
    group(h, numbers(h, ROWS), NULL, 0, true);
    hand_starve(h, threads);
    sort_by(h, numbers(h, ROWS), 2, -1);
    hand_starve(h, threads);
    sort_by(h, numbers(h, 40000), 2, 20);
    hand_starve(h, threads);
    window_over(h, numbers(h, 20000), column_1);
    hand_starve(h, threads);
}
Test(operator_plans, out_of_memory) {
    hand_each(starve);
}

/* A budget that is too small ends the query with the name of the setting. */
static void over_budget(HandPlan *h, uint32_t threads) {
    h->memory.limit_bytes = 512 << 10; /* less than a task reserves at once */
    group(h, numbers(h, 400000), column_0, 1, false);
    Query *query = hand_start(h, threads);
    const Batch *batch;
    cr_assert_eq(query_next(&h->cx, query, &batch), OUT_OF_MEMORY);
    cr_assert_not_null(strstr(h->error.message, "memory_limit"));
    query_close(query);
}
Test(operator_plans, over_budget) {
    HandPlan h;
    hand_init(&h, 2, 2048);
    over_budget(&h, 2);
    hand_free(&h);
}
