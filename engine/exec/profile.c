/* Counters of a query: one OperatorProfile per operator and node, filled when tasks and states close. */
#include "exec/pipeline.h"

#include <time.h>

uint64_t query_clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

Effort effort_now(const Task *task) {
    return task->collect_profile ? (Effort){query_clock_ns(), cycle_counter_read(&task->cycle_counter)} : (Effort){0};
}

Effort effort_since(const Task *task, Effort start) {
    Effort spent = effort_now(task);
    effort_subtract(&spent, start);
    return spent;
}

static Status init_exchange(Query *query, ExchangeProfile *profile) {
    const Context *cx = &query->cx;
    const Topology *topology = &query->plan->topology;
    uint32_t places = query->place_count, of_node = topology->slices_per_node, slices = topology->nodes * of_node;
    TRY_NEW_ARRAY(cx, &query->arena, profile->rows_to, places);
    TRY_NEW_ARRAY(cx, &query->arena, profile->bytes_to, places);
    TRY_NEW_ARRAY(cx, &query->arena, profile->rows_to_slice, slices);
    TRY_NEW_ARRAY(cx, &query->arena, profile->slice_rows, (of_node + 1) * slices);
    TRY_NEW_ARRAY(cx, &query->arena, profile->slice_bytes, (of_node + 1) * places);
    return OK;
}

static Status init_operator(Query *query, const PhysicalNode *op) {
    const Topology *topology = &query->plan->topology;
    for (uint32_t node = 0; node < query->place_count; node++) {
        OperatorProfile *profile = profile_of(query, op, node);
        if (op->kind == PHYSICAL_SCAN) {
            TRY_NEW_ARRAY(&query->cx, &query->arena, profile->scan.column_bytes, op->scan.column_count);
            TRY_NEW_ARRAY(&query->cx, &query->arena, profile->scan.slices, topology->nodes * topology->slices_per_node);
        } else if (op->kind == PHYSICAL_EXCHANGE) {
            TRY(init_exchange(query, &profile->exchange));
        }
    }
    for (uint32_t i = 0; i < op->child_count; i++) {
        TRY(init_operator(query, op->children[i]));
    }
    return OK;
}

Status profile_init(Query *query) {
    PlanProfile *profile = &query->profile;
    profile->node_count = query->place_count;
    profile->operator_count = query->plan->operator_count;
    if (query->options.outer != NULL) { /* the rounds of a recursion add to one profile */
        *profile = query->options.outer->profile;
        return OK;
    }
    TRY_NEW_ARRAY(&query->cx, &query->arena, profile->node_peak_bytes, profile->node_count);
    TRY_NEW_ARRAY(&query->cx, &query->arena, profile->operators, (size_t)profile->operator_count * profile->node_count);
    for (uint32_t i = 0; i < query->plan->shared_count; i++) {
        TRY(init_operator(query, query->plan->shared[i]));
    }
    return init_operator(query, query->plan->root);
}

OperatorProfile *profile_of(const Query *query, const PhysicalNode *op, uint32_t node) {
    return &query->profile.operators[(size_t)op->id * query->place_count + node];
}

void profile_add(OperatorProfile *profile, const TaskCounters *counters, bool is_output) {
    effort_add(&profile->spent, counters->spent);
    if (is_output) {
        profile->rows += counters->rows;
        profile->batches += counters->batches;
    }
}

/* With one node an exchange does not run: what its child put out is what passed through it. */
static void fill_passed_through(Query *query, const PhysicalNode *op) {
    for (uint32_t i = 0; i < op->child_count; i++) {
        fill_passed_through(query, op->children[i]);
    }
    if (op->kind == PHYSICAL_EXCHANGE && query->plan->topology.nodes == 1) {
        OperatorProfile *own = profile_of(query, op, 0), *child = profile_of(query, op->children[0], 0);
        own->rows = child->rows;
        own->batches = child->batches;
    }
}

void profile_finish(Query *query) {
    PlanProfile *profile = &query->profile;
    if (profile->operators == NULL || query->options.outer != NULL) {
        return;
    }
    fill_passed_through(query, query->plan->root);
    for (uint32_t i = 0; i < query->plan->shared_count; i++) {
        fill_passed_through(query, query->plan->shared[i]);
    }
    uint32_t leader = query->plan->topology.nodes;
    for (uint32_t i = 0; i < profile->operator_count * profile->node_count; i++) {
        const OperatorProfile *op = &profile->operators[i];
        profile->bytes_scanned += op->scan.bytes_scanned;
        uint64_t to_leader = op->exchange.bytes_to == NULL ? 0 : op->exchange.bytes_to[leader];
        profile->bytes_to_leader += to_leader;
        profile->bytes_moved += op->exchange.bytes_sent - to_leader;
    }
    profile->execution_ns = (query->end_ns != 0 ? query->end_ns : query_clock_ns()) - query->start_ns;
    profile->spilled_bytes = query->spill == NULL ? 0 : spill_file_bytes(query->spill);
    profile->peak_memory_bytes = (uint64_t)atomic_load(&query->cx.memory->peak_bytes);
    for (uint32_t i = 0; i < query->place_count; i++) {
        profile->node_peak_bytes[i] = (uint64_t)atomic_load(&query->node_accounts[i].peak_bytes);
    }
}
