/* Redshift's printed costs (cost.h). */
#include "plan/cost.h"

#include <math.h>

#define COST_ROW 0.01        /* per row that an operator hands on */
#define COST_OPERATOR 0.0025 /* per row and clause evaluated */
#define COST_SORT_START 1e12 /* why every plan with ORDER BY begins with 1000… */
#define COST_BROADCAST 10000.0
#define BUCKET_ROWS_UNIQUE 8
#define BUCKET_ROWS 16

uint32_t type_width(Type type) {
    if (!type_is_text(type)) {
        return type_bytes(type);
    }
    uint32_t length = type.length == 0 ? 64 : type.length;
    return length / 2 + 4 < 64 ? length / 2 + 4 : 64;
}

uint32_t column_width(const LogicalColumn *column) {
    if (column->table == NULL || !type_is_text(column->type)) {
        return type_width(column->type);
    }
    return (uint32_t)ceil(column->table->statistics[column->table_column].average_bytes) + 4;
}

static void cost_scan(PhysicalNode *node) {
    double rows = (double)table_planned_rows(node->scan.table);
    node->cost_start = 0;
    node->cost_total = rows * COST_ROW + rows * COST_OPERATOR * node->scan.filter_count;
}

/* The Hash line above the build side costs what its child costs: nothing of its own. */
static void cost_hash_join(PhysicalNode *node) {
    const PhysicalNode *outer = node->children[0], *inner = node->children[1];
    double bucket_rows = node->rows <= outer->rows ? BUCKET_ROWS_UNIQUE : BUCKET_ROWS;
    double build = inner->cost_total + inner->rows * COST_OPERATOR;
    node->cost_start = outer->cost_start + build;
    node->cost_total =
        outer->cost_total + build + outer->rows * (COST_OPERATOR + COST_OPERATOR / 2 * bucket_rows) + node->rows * COST_ROW;
}

static void cost_merge_join(PhysicalNode *node) {
    const PhysicalNode *outer = node->children[0], *inner = node->children[1];
    node->cost_start = 0;
    node->cost_total =
        outer->cost_total + inner->cost_total + (outer->rows + inner->rows) * COST_OPERATOR + node->rows * COST_ROW;
}

static void cost_nested_loop(PhysicalNode *node) {
    const PhysicalNode *outer = node->children[0], *inner = node->children[1];
    node->cost_start = outer->cost_start + inner->cost_start;
    node->cost_total =
        outer->cost_total + inner->cost_total + outer->rows * inner->rows * COST_OPERATOR + node->rows * COST_ROW;
}

/* The build side is sorted, each probe row searched in it. */
static void cost_range_join(PhysicalNode *node) {
    const PhysicalNode *outer = node->children[0], *inner = node->children[1];
    double depth = log2(inner->rows < 2 ? 2 : inner->rows);
    double build = inner->cost_total + 2 * COST_OPERATOR * inner->rows * depth;
    node->cost_start = outer->cost_start + build;
    node->cost_total = outer->cost_total + build + outer->rows * depth * COST_OPERATOR + node->rows * COST_ROW;
}

static void cost_sort(PhysicalNode *node) {
    const PhysicalNode *input = node->children[0];
    double rows = input->rows < 2 ? 2 : input->rows;
    node->cost_start = input->cost_total + COST_SORT_START + 2 * COST_OPERATOR * rows * log2(rows);
    node->cost_total = node->cost_start + input->rows * COST_OPERATOR;
}

static void cost_limit(PhysicalNode *node) {
    const PhysicalNode *input = node->children[0];
    double share = input->rows > 0 ? node->rows / input->rows : 1;
    node->cost_start = input->cost_start;
    node->cost_total = input->cost_start + (input->cost_total - input->cost_start) * (share > 1 ? 1 : share);
}

/* 1/48 of a broadcast of the row is what one redistributed row was seen to cost. */
static void cost_exchange(PhysicalNode *node) {
    const PhysicalNode *input = node->children[0];
    uint64_t bytes = ((uint64_t)node->width + 8 + 3) / 4 * 4;
    double row = COST_BROADCAST * (double)bytes;
    double moved = node->exchange.kind == EXCHANGE_BROADCAST ? row : node->exchange.kind == EXCHANGE_HASH ? row / 48 : 0;
    node->cost_start = input->cost_start;
    node->cost_total = input->cost_total + input->rows * moved;
}

static void cost_over(PhysicalNode *node, double per_row, bool is_blocking) {
    const PhysicalNode *input = node->children[0];
    node->cost_total = input->cost_total + input->rows * per_row;
    node->cost_start = is_blocking ? node->cost_total : input->cost_start;
}

void cost_node(PhysicalNode *node) {
    switch (node->kind) {
    case PHYSICAL_SCAN: cost_scan(node); return;
    case PHYSICAL_HASH_JOIN: cost_hash_join(node); return;
    case PHYSICAL_MERGE_JOIN: cost_merge_join(node); return;
    case PHYSICAL_NESTED_LOOP: (node->join.algorithm == JOIN_BY_RANGE ? cost_range_join : cost_nested_loop)(node); return;
    case PHYSICAL_SORT: cost_sort(node); return;
    case PHYSICAL_LIMIT: cost_limit(node); return;
    case PHYSICAL_EXCHANGE: cost_exchange(node); return;
    case PHYSICAL_FILTER: cost_over(node, COST_OPERATOR, false); return;
    case PHYSICAL_AGGREGATE:
        cost_over(node, COST_OPERATOR * (node->aggregate.group_count + node->aggregate.item_count), true);
        return;
    case PHYSICAL_WINDOW: cost_over(node, COST_ROW * node->window.item_count, false); return;
    case PHYSICAL_MATERIALIZE: cost_over(node, COST_OPERATOR, true); return;
    case PHYSICAL_PROJECT:
    case PHYSICAL_CHANGE:
    case PHYSICAL_INSERT: cost_over(node, 0, false); return;
    default: break;
    }
    node->cost_start = 0;
    node->cost_total = node->rows * COST_ROW;
    for (uint32_t i = 0; i < node->child_count; i++) {
        node->cost_total += node->children[i]->cost_total;
    }
}

double network_seconds(const Settings *settings, uint32_t nodes, uint64_t bytes_moved, uint64_t bytes_to_leader) {
    if (nodes == 1 || bytes_moved + bytes_to_leader == 0) {
        return 0;
    }
    double per_second = (double)settings->network_mbit_per_second * 1e6 / 8;
    return (double)bytes_moved / per_second / nodes + (double)bytes_to_leader / per_second +
           (double)settings->network_latency_us / 1e6;
}

static uint64_t node_work(const PlanProfile *profile, uint32_t node) {
    uint64_t nanoseconds = 0;
    for (uint32_t i = 0; i < profile->operator_count; i++) {
        nanoseconds += operator_profile(profile, i, node)->spent.nanoseconds;
    }
    return nanoseconds;
}

uint64_t slowest_slice_ns(const PhysicalPlan *plan, const PlanProfile *profile) {
    uint64_t slowest = 0;
    for (uint32_t node = 0; node < plan->topology.nodes; node++) {
        uint64_t work = node_work(profile, node) / plan->topology.slices_per_node;
        slowest = work > slowest ? work : slowest;
    }
    return slowest + node_work(profile, plan->topology.nodes);
}
