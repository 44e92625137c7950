/* What EXPLAIN ANALYZE says of an exchange: what was sent, which node got most of it, and how evenly rows were placed. */
#include "plan/explain.h"

typedef unsigned long long Digits; /* what %llu prints */

static const ExchangeProfile *profile_at(const Explainer *e, const PhysicalNode *node, uint32_t place) {
    return &operator_profile(e->profile, node->id, place)->exchange;
}

typedef struct Loads {
    uint32_t count;
    uint64_t *values;
    uint32_t most, least; /* which */
} Loads;

static void find_extremes(Loads *loads) {
    for (uint32_t i = 1; i < loads->count; i++) {
        loads->most = loads->values[i] > loads->values[loads->most] ? i : loads->most;
        loads->least = loads->values[i] < loads->values[loads->least] ? i : loads->least;
    }
}

/* Bytes that arrived at each node from others. */
static Status received_loads(Explainer *e, const PhysicalNode *node, Loads *loads) {
    *loads = (Loads){.count = e->plan->topology.nodes};
    TRY_NEW_ARRAY(e->cx, e->arena, loads->values, loads->count);
    for (uint32_t n = 0; n < e->profile->node_count; n++) {
        const uint64_t *to = profile_at(e, node, n)->bytes_to;
        for (uint32_t i = 0; to != NULL && i < loads->count; i++) {
            loads->values[i] += to[i];
        }
    }
    find_extremes(loads);
    return OK;
}

/* Rows that a HASH exchange placed on each slice, and on each node. */
static Status placed_loads(Explainer *e, const PhysicalNode *node, Loads *slices, Loads *nodes) {
    uint32_t of_node = e->plan->topology.slices_per_node;
    *nodes = (Loads){.count = e->plan->topology.nodes};
    *slices = (Loads){.count = nodes->count * of_node};
    TRY_NEW_ARRAY(e->cx, e->arena, nodes->values, nodes->count);
    TRY_NEW_ARRAY(e->cx, e->arena, slices->values, slices->count);
    for (uint32_t n = 0; n < e->profile->node_count; n++) {
        const uint64_t *to = profile_at(e, node, n)->rows_to_slice;
        for (uint32_t i = 0; to != NULL && i < slices->count; i++) {
            slices->values[i] += to[i];
            nodes->values[i / of_node] += to[i];
        }
    }
    find_extremes(slices);
    return OK;
}

/* Where a batch came from, if that is known, and where its rows went: one line per pair of slices. */
static Status slice_pairs(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    uint32_t of_node = e->plan->topology.slices_per_node, slices = e->plan->topology.nodes * of_node;
    for (uint32_t from = 0; from < e->profile->node_count * (of_node + 1); from++) {
        uint32_t sender = from / (of_node + 1), own = from % (of_node + 1);
        const uint64_t *rows = profile_at(e, node, sender)->slice_rows;
        const char *text = NULL;
        for (uint32_t to = 0; rows != NULL && to < slices; to++) {
            if (rows[own * slices + to] > 0) {
                TRY(explain_append(e, &text, ", ", "%u: %llu", to, (Digits)rows[own * slices + to]));
            }
        }
        if (text != NULL && own < of_node) {
            TRY(explain_line(e, indent, "Rows of slice %u to slices: %s", sender * of_node + own, text));
        } else if (text != NULL) {
            TRY(explain_line(e, indent, "Rows of %s %u to slices: %s", sender < e->plan->topology.nodes ? "node" : "leader",
                             sender, text));
        }
    }
    return OK;
}

static Status placement_counters(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    Loads slices, nodes;
    TRY(placed_loads(e, node, &slices, &nodes));
    TRY(explain_line(e, indent, "Placed: most slice %u with %llu rows, least slice %u with %llu rows", slices.most,
                     (Digits)slices.values[slices.most], slices.least, (Digits)slices.values[slices.least]));
    double by_slice = explain_skew(slices.values, slices.count), by_node = explain_skew(nodes.values, nodes.count);
    TRY(explain_fact(e, "Most Placed Rows", slices.values[slices.most]));
    TRY(explain_fact(e, "Least Placed Rows", slices.values[slices.least]));
    TRY(explain_fact_real(e, "Skew", by_slice, 2));
    TRY(explain_fact_real(e, "Skew By Node", by_node, 2));
    return explain_line(e, indent, "Skew: %.2f (rows of the fullest of %u slices over the mean), %.2f by node", by_slice,
                        slices.count, by_node);
}

Status explain_exchange(Explainer *e, const PhysicalNode *node, const ExchangeProfile *sum, uint32_t indent) {
    if (e->plan->topology.nodes == 1) {
        return explain_line(e, indent, "moved 0 bytes: one node");
    }
    TRY(explain_line(e, indent, "Sent: %llu rows, %llu bytes", (Digits)sum->rows_sent, (Digits)sum->bytes_sent));
    TRY(explain_fact(e, "Rows Sent", sum->rows_sent));
    TRY(explain_fact(e, "Bytes Sent", sum->bytes_sent));
    if (e->options->verbose) {
        TRY(explain_fact(e, "Transport Bytes", sum->transport_bytes));
        TRY(explain_line(e, indent, "Transport: %llu messages, %llu bytes", (Digits)sum->transport_messages,
                         (Digits)sum->transport_bytes));
    }
    if (node->exchange.kind == EXCHANGE_GATHER) {
        return OK;
    }
    Loads loads;
    TRY(received_loads(e, node, &loads));
    TRY(explain_line(e, indent, "Received: most node %u with %llu bytes, least node %u with %llu bytes", loads.most,
                     (Digits)loads.values[loads.most], loads.least, (Digits)loads.values[loads.least]));
    TRY(explain_fact(e, "Most Received Bytes", loads.values[loads.most]));
    TRY(explain_fact(e, "Least Received Bytes", loads.values[loads.least]));
    if (node->exchange.kind == EXCHANGE_HASH) {
        TRY(placement_counters(e, node, indent));
        TRY(e->options->verbose ? slice_pairs(e, node, indent) : OK);
    }
    return OK;
}
