/* Exchanges between four nodes, on plans built by hand: every node generates the same series. */
#include "hand_plan.h"

#define NODES 4
#define SLICES_PER_NODE 2

static void use_nodes(HandPlan *h) {
    h->plan.topology = (Topology){.nodes = NODES, .slices_per_node = SLICES_PER_NODE};
}

static const uint32_t key_slot[] = {0};
static const SortSlot merge_slot[] = {{.slot = 0}};

static PhysicalNode *hashed(HandPlan *h, PhysicalNode *child) {
    PhysicalNode *op = hand_exchange(h, child, EXCHANGE_HASH);
    op->exchange.key_count = 1;
    op->exchange.keys = key_slot;
    return op;
}

static void gather(HandPlan *h, uint32_t threads) {
    use_nodes(h);
    hand_exchange(h, hand_series(h, 1, 5000), EXCHANGE_GATHER);
    HandTotals totals = hand_run(h, threads);
    cr_assert_eq(totals.rows, NODES * 5000);
    cr_assert_eq(totals.sum, NODES * 5000LL * 5001 / 2);
}
Test(exchange, gather) {
    hand_each(gather);
}

static void broadcast(HandPlan *h, uint32_t threads) {
    use_nodes(h);
    hand_exchange(h, hand_exchange(h, hand_series(h, 1, 3000), EXCHANGE_BROADCAST), EXCHANGE_GATHER);
    cr_assert_eq(hand_run(h, threads).rows, NODES * NODES * 3000);
}
Test(exchange, broadcast) {
    hand_each(broadcast);
}

static void broadcast_from_leader(HandPlan *h, uint32_t threads) {
    use_nodes(h);
    PhysicalNode *source = hand_series(h, 1, 3000);
    source->on_leader = true;
    hand_exchange(h, hand_exchange(h, source, EXCHANGE_BROADCAST), EXCHANGE_GATHER);
    cr_assert_eq(hand_run(h, threads).rows, NODES * 3000);
}
Test(exchange, broadcast_from_leader) {
    hand_each(broadcast_from_leader);
}

static void hash(HandPlan *h, uint32_t threads) {
    use_nodes(h);
    PhysicalNode *moved = hashed(h, hand_series(h, 1, 5000));
    hand_exchange(h, moved, EXCHANGE_GATHER);
    Query *query = hand_start(h, threads);
    HandTotals totals = hand_drain(h, query);
    cr_assert_eq(totals.rows, NODES * 5000);
    cr_assert_eq(totals.sum, NODES * 5000LL * 5001 / 2);
    const PlanProfile *profile = query_profile(query);
    uint64_t rows = 0, sent = 0, bytes = 0, to_others = 0, of_slices = 0, placed = 0;
    for (uint32_t node = 0; node < NODES; node++) {
        const OperatorProfile *counted = &profile->operators[moved->id * profile->node_count + node];
        cr_assert_eq(counted->rows % NODES, 0, "equal keys meet");
        cr_assert_eq(counted->exchange.bytes_to[node], 0, "what stays is not sent");
        rows += counted->rows;
        sent += counted->exchange.rows_sent;
        bytes += counted->exchange.bytes_sent;
        for (uint32_t to = 0; to <= NODES; to++) {
            to_others += counted->exchange.bytes_to[to];
            for (uint32_t own = 0; own <= SLICES_PER_NODE; own++) {
                of_slices += counted->exchange.slice_bytes[own * (NODES + 1) + to];
            }
        }
        for (uint32_t slice = 0; slice < NODES * SLICES_PER_NODE; slice++) {
            placed += counted->exchange.rows_to_slice[slice];
        }
    }
    cr_assert_eq(bytes, profile->operators[moved->id * profile->node_count].exchange.transport_bytes, "as the transport says");
    cr_assert_eq(profile->bytes_moved, bytes, "and no other exchange moved any between nodes");
    cr_assert_eq(to_others, bytes);
    cr_assert_eq(of_slices, bytes);
    cr_assert_eq(placed, rows);
    cr_assert_eq(rows, NODES * 5000);
    cr_assert_eq(sent, (NODES - 1) * 5000, "each key stays on one of the nodes that had it");
    query_close(query);
}
Test(exchange, hash) {
    hand_each(hash);
}

static void hash_twice(HandPlan *h, uint32_t threads) {
    use_nodes(h);
    PhysicalNode *again = hashed(h, hashed(h, hand_series(h, 1, 5000)));
    hand_exchange(h, again, EXCHANGE_GATHER);
    Query *query = hand_start(h, threads);
    hand_drain(h, query);
    const PlanProfile *profile = query_profile(query);
    for (uint32_t node = 0; node < NODES; node++) {
        cr_assert_eq(profile->operators[again->id * profile->node_count + node].exchange.rows_sent, 0, "all are there already");
    }
    query_close(query);
}
Test(exchange, hash_twice) {
    hand_each(hash_twice);
}

/* The first `hot` numbers of the series are hot. */
static PhysicalNode *salted(HandPlan *h, SaltRole role, uint32_t hot) {
    PhysicalNode *op = hashed(h, hand_series(h, 1, 5000));
    Value *values = hand_alloc(h, sizeof *values * hot);
    for (uint32_t i = 0; i < hot; i++) {
        values[i] = value_i64(type_make(TYPE_INTEGER), i + 1);
    }
    op->exchange.salt = role;
    op->exchange.hot_count = hot;
    op->exchange.hot_values = values;
    hand_exchange(h, op, EXCHANGE_GATHER);
    return op;
}

static void spread(HandPlan *h, uint32_t threads) {
    use_nodes(h);
    PhysicalNode *op = salted(h, SALT_SPREAD, 5000);
    Query *query = hand_start(h, threads);
    HandTotals totals = hand_drain(h, query);
    cr_assert_eq(totals.rows, NODES * 5000, "no row is lost or doubled");
    cr_assert_eq(totals.sum, NODES * 5000LL * 5001 / 2);
    const PlanProfile *profile = query_profile(query);
    for (uint32_t slice = 0; slice < NODES * SLICES_PER_NODE; slice++) {
        uint64_t rows = 0;
        for (uint32_t node = 0; node < NODES; node++) {
            rows += profile->operators[op->id * profile->node_count + node].exchange.rows_to_slice[slice];
        }
        cr_assert_eq(rows, 5000 / SLICES_PER_NODE, "in turn over all slices");
    }
    query_close(query);
}
Test(exchange, spread) {
    hand_each(spread);
}

static void copy(HandPlan *h, uint32_t threads) {
    use_nodes(h);
    PhysicalNode *op = salted(h, SALT_COPY, 10);
    Query *query = hand_start(h, threads);
    HandTotals totals = hand_drain(h, query);
    cr_assert_eq(totals.rows, NODES * 4990 + NODES * NODES * 10, "hot rows reach every node");
    cr_assert_eq(totals.sum, NODES * (5000LL * 5001 / 2 - 55) + NODES * NODES * 55);
    const PlanProfile *profile = query_profile(query);
    for (uint32_t node = 0; node < NODES; node++) {
        const OperatorProfile *counted = &profile->operators[op->id * profile->node_count + node];
        cr_assert_eq(counted->rows % NODES, 0);
        cr_assert_geq(counted->rows, NODES * 10);
    }
    query_close(query);
}
Test(exchange, copy) {
    hand_each(copy);
}

static void merge(HandPlan *h, uint32_t threads) {
    use_nodes(h);
    PhysicalNode *op = hand_exchange(h, hashed(h, hand_series(h, 1, 1)), EXCHANGE_GATHER);
    op->children[0] = hand_series(h, 1, 5000);
    h->plan.root = op;
    op->exchange.merge_key_count = 1;
    op->exchange.merge_keys = merge_slot;
    HandTotals totals = hand_run(h, threads);
    cr_assert_eq(totals.rows, NODES * 5000);
    cr_assert(totals.is_ascending);
}
Test(exchange, merge) {
    hand_each(merge);
}

static void limit_stops_the_nodes(HandPlan *h, uint32_t threads) {
    use_nodes(h);
    PhysicalNode *endless = hashed(h, hand_exchange(h, hand_series(h, 1, INT64_MAX), EXCHANGE_BROADCAST));
    PhysicalNode *op = hand_limit(h, hand_exchange(h, endless, EXCHANGE_GATHER), 5000, 0);
    op->on_leader = true;
    cr_assert_eq(hand_run(h, threads).rows, 5000);
}
Test(exchange, limit_stops_the_nodes) {
    hand_each(limit_stops_the_nodes);
}

static void close_midway(HandPlan *h, uint32_t threads) {
    use_nodes(h);
    hand_exchange(h, hashed(h, hand_series(h, 1, INT64_MAX)), EXCHANGE_GATHER);
    Query *query = hand_start(h, threads);
    const Batch *batch;
    cr_assert_eq(query_next(&h->cx, query, &batch), OK);
    query_close(query);
}
Test(exchange, close_midway) {
    hand_each(close_midway);
}

static void costs_nothing_on_one_node(HandPlan *h, uint32_t threads) {
    PhysicalNode *top = hand_exchange(h, hashed(h, hand_series(h, 1, 5000)), EXCHANGE_GATHER);
    Query *query = hand_start(h, threads);
    cr_assert_eq(hand_drain(h, query).rows, 5000);
    const PlanProfile *profile = query_profile(query);
    cr_assert_eq(profile->operators[top->id * profile->node_count].rows, 5000);
    cr_assert_eq(profile->bytes_moved, 0);
    query_close(query);
}
Test(exchange, costs_nothing_on_one_node) {
    hand_each(costs_nothing_on_one_node);
}

static void starve(HandPlan *h, uint32_t threads) {
    use_nodes(h);
    PhysicalNode *op = hand_exchange(h, hashed(h, hand_series(h, 1, 3000)), EXCHANGE_GATHER);
    hand_starve(h, threads);
    h->plan.root = op;
    op->children[0] = op->children[0]->children[0]; /* sorted streams */
    op->exchange.merge_key_count = 1;
    op->exchange.merge_keys = merge_slot;
    hand_starve(h, threads);
}
Test(exchange, out_of_memory) {
    hand_each(starve);
}
