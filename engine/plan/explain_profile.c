/* What EXPLAIN ANALYZE counted (plan/profile.h), behind and below each operator's line and in the closing lines. With TIMING
 * off and MEMORY off only counts remain that are the same on every machine and at any number of threads. */
#include "plan/cost.h"
#include "plan/explain.h"

#include "core/settings.h"

#include <stdio.h>

#define ESTIMATE_OFF 10.0 /* times; a worse estimate is marked */

typedef unsigned long long Digits; /* what %llu prints */

static const OperatorProfile *profile_of(const Explainer *e, const PhysicalNode *node, uint32_t place) {
    return operator_profile(e->profile, node->id, place);
}

static uint64_t operator_ns(const Explainer *e, uint32_t id) {
    return operator_profile_sum(e->profile, id).spent.nanoseconds;
}

static uint64_t all_ns(const Explainer *e) {
    uint64_t ns = 0;
    for (uint32_t id = 0; id < e->profile->operator_count; id++) {
        ns += operator_ns(e, id);
    }
    return ns;
}

void explain_find_dearest(Explainer *e) {
    for (uint32_t rank = 0; rank < 3; rank++) {
        e->dearest[rank] = UINT32_MAX;
    }
    for (uint32_t id = 0; e->profile != NULL && id < e->profile->operator_count; id++) {
        uint32_t candidate = id;
        for (uint32_t rank = 0; rank < 3; rank++) {
            uint32_t held = e->dearest[rank];
            if (held == UINT32_MAX || operator_ns(e, candidate) > operator_ns(e, held)) {
                e->dearest[rank] = candidate;
                candidate = held;
            }
            if (candidate == UINT32_MAX) {
                break;
            }
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------ behind the line
 */

uint32_t explain_partitions_read(const Explainer *e, const PhysicalNode *scan) {
    return e->profile == NULL ? scan->scan.partitions_read : operator_profile_sum(e->profile, scan->id).scan.partitions_read;
}

/* Every node computes the same rows: of copies of a table, or after a broadcast. */
static bool is_replicated(const Explainer *e, const PhysicalNode *node) {
    if (node->on_leader || e->plan->topology.nodes == 1) {
        return false;
    }
    switch (node->kind) {
    case PHYSICAL_SCAN: return node->scan.table->dist_style == DIST_ALL;
    case PHYSICAL_EXCHANGE: return node->exchange.kind == EXCHANGE_BROADCAST;
    case PHYSICAL_VALUES:
    case PHYSICAL_TABLE_FUNCTION: return true;
    case PHYSICAL_SHARED_SCAN: return is_replicated(e, node->shared_scan.shared);
    default: break;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        if (!is_replicated(e, node->children[i])) {
            return false;
        }
    }
    return true;
}

static const char *estimate_mark(Explainer *e, double estimated, double actual) {
    double low = estimated < 1 ? 1 : estimated, high = actual < 1 ? 1 : actual;
    double times = low > high ? low / high : high / low;
    if (times <= ESTIMATE_OFF) {
        return "";
    }
    return arena_format(e->cx, e->arena, ", estimate %.0f times too %s", times, estimated > actual ? "high" : "low");
}

static const char *rank_mark(const Explainer *e, const PhysicalNode *node) {
    static const char *const marks[] = {", dearest", ", 2nd dearest", ", 3rd dearest"};
    for (uint32_t rank = 0; rank < 3; rank++) {
        if (e->dearest[rank] == node->id && operator_ns(e, node->id) > 0) {
            return marks[rank];
        }
    }
    return "";
}

static bool has_actual(const Explainer *e, bool is_cut) {
    return e->profile != NULL && (!is_cut || e->options->timing);
}

/* How often the same rows were made. */
static uint32_t loops_of(const Explainer *e, const PhysicalNode *node) {
    return is_replicated(e, node) ? e->plan->topology.nodes : 1;
}

/* Rows that went into the operator, or that a source read. */
static uint64_t rows_taken(const Explainer *e, const PhysicalNode *node, const OperatorProfile *sum) {
    uint64_t rows = node->child_count == 0 ? sum->rows : 0;
    for (uint32_t i = 0; i < node->child_count; i++) {
        rows += operator_profile_sum(e->profile, node->children[i]->id).rows;
    }
    return node->kind == PHYSICAL_SCAN ? sum->scan.rows_scanned : rows;
}

static double per_second(uint64_t count, uint64_t nanoseconds) {
    return nanoseconds == 0 ? 0 : (double)count * 1e9 / (double)nanoseconds;
}

/* ", 812.5 M rows/s, 4.10 GB/s": what one thread got done; ", 3.9 cycles/row" where they are counted. */
static const char *rate_text(Explainer *e, const PhysicalNode *node, const OperatorProfile *sum) {
    uint64_t taken = rows_taken(e, node, sum);
    double rows = per_second(taken, sum->spent.nanoseconds) / 1e6;
    double bytes = per_second(sum->scan.bytes_scanned, sum->spent.nanoseconds) / 1e9;
    if (rows == 0) {
        return "";
    }
    const char *rate = bytes == 0 ? arena_format(e->cx, e->arena, ", %.1f M rows/s", rows)
                                  : arena_format(e->cx, e->arena, ", %.1f M rows/s, %.2f GB/s", rows, bytes);
    return rate == NULL || sum->spent.cycles == 0
               ? rate
               : arena_format(e->cx, e->arena, "%s, %.1f cycles/row", rate, (double)sum->spent.cycles / (double)taken);
}

Status explain_actual(Explainer *e, const PhysicalNode *node, bool is_cut, const char **text) {
    *text = "";
    if (!has_actual(e, is_cut)) {
        return OK;
    }
    OperatorProfile sum = operator_profile_sum(e->profile, node->id);
    uint32_t loops = loops_of(e, node);
    const char *copies = loops > 1 ? " on each node" : "";
    sum.rows /= loops;
    const char *off = is_cut ? "" : estimate_mark(e, node->rows, (double)sum.rows);
    if (off == NULL) {
        return OUT_OF_MEMORY;
    }
    if (!e->options->timing) {
        *text = arena_format(e->cx, e->arena, " (actual rows=%llu%s%s)", (Digits)sum.rows, copies, off);
    } else {
        uint64_t all = all_ns(e);
        double share = all == 0 ? 0 : 100.0 * (double)sum.spent.nanoseconds / (double)all;
        const char *rate = rate_text(e, node, &sum);
        if (rate == NULL) {
            return OUT_OF_MEMORY;
        }
        *text = arena_format(e->cx, e->arena, " (actual rows=%llu%s%s time=%.3f ms, %.1f %%%s batches=%llu%s)",
                             (Digits)sum.rows, copies, off, (double)sum.spent.nanoseconds / 1e6, share, rate,
                             (Digits)sum.batches, rank_mark(e, node));
    }
    return *text == NULL ? OUT_OF_MEMORY : OK;
}

/* Time of the operator and of all below it. */
static uint64_t inclusive_ns(const Explainer *e, const PhysicalNode *node) {
    uint64_t ns = operator_ns(e, node->id);
    for (uint32_t i = 0; i < node->child_count; i++) {
        ns += inclusive_ns(e, node->children[i]);
    }
    return ns;
}

/* Time of what must have ended before the first row comes out. */
static uint64_t startup_ns(const Explainer *e, const PhysicalNode *node) {
    switch (node->kind) {
    case PHYSICAL_AGGREGATE:
    case PHYSICAL_SORT:
    case PHYSICAL_WINDOW:
    case PHYSICAL_MATERIALIZE: return inclusive_ns(e, node) - operator_ns(e, node->id);
    case PHYSICAL_HASH_JOIN:
    case PHYSICAL_NESTED_LOOP: return inclusive_ns(e, node->children[1]) + startup_ns(e, node->children[0]);
    default: return node->child_count == 0 ? 0 : startup_ns(e, node->children[0]);
    }
}

Status explain_actual_facts(Explainer *e, const PhysicalNode *node, bool is_cut) {
    if (!has_actual(e, is_cut)) {
        return OK;
    }
    uint32_t loops = loops_of(e, node);
    if (e->options->timing) {
        TRY(explain_fact_real(e, "Actual Startup Time", (double)startup_ns(e, node) / 1e6 / loops, 3));
        TRY(explain_fact_real(e, "Actual Total Time", (double)inclusive_ns(e, node) / 1e6 / loops, 3));
    }
    TRY(explain_fact(e, "Actual Rows", operator_profile_sum(e->profile, node->id).rows / loops));
    return explain_fact(e, "Actual Loops", loops);
}

/* What has no key in PostgreSQL. */
static Status own_facts(Explainer *e, const PhysicalNode *node, const OperatorProfile *sum, bool is_cut) {
    uint64_t rows = sum->rows / loops_of(e, node);
    double low = node->rows < 1 ? 1 : node->rows, high = rows < 1 ? 1 : (double)rows;
    TRY(is_cut ? OK : explain_fact_real(e, "Estimate Off By", low > high ? low / high : high / low, 2));
    if (!e->options->timing) {
        return OK;
    }
    TRY(explain_fact_real(e, "Exclusive Time", (double)sum->spent.nanoseconds / 1e6, 3));
    TRY(explain_fact_real(e, "Rows Per Second", per_second(rows_taken(e, node, sum), sum->spent.nanoseconds), 0));
    TRY(node->kind != PHYSICAL_SCAN
            ? OK
            : explain_fact_real(e, "Bytes Per Second", per_second(sum->scan.bytes_scanned, sum->spent.nanoseconds), 0));
    TRY(sum->spent.cycles == 0 ? OK : explain_fact(e, "Cycles", sum->spent.cycles));
    for (uint32_t rank = 0; rank < 3; rank++) {
        TRY(e->dearest[rank] == node->id ? explain_fact(e, "Dearest Rank", rank + 1) : OK);
    }
    return explain_fact(e, "Batches", sum->batches);
}

/* -------------------------------------------------------------------------------------------------------------- below the line
 */

double explain_skew(const uint64_t *loads, uint32_t count) {
    uint64_t most = 0, all = 0;
    for (uint32_t i = 0; i < count; i++) {
        most = loads[i] > most ? loads[i] : most;
        all += loads[i];
    }
    return all == 0 ? 1 : (double)most * count / (double)all;
}

static Status scan_column_bytes(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    const char *text = NULL;
    TRY(e->json == NULL ? OK : json_open(e->json, "Column Bytes", '{'));
    for (uint32_t c = 0; c < node->scan.column_count; c++) {
        uint64_t bytes = 0;
        for (uint32_t n = 0; n < e->profile->node_count; n++) {
            const OperatorProfile *p = profile_of(e, node, n);
            bytes += p->scan.column_bytes == NULL ? 0 : p->scan.column_bytes[c];
        }
        if (node->scan.columns[c] == ROW_ID_COLUMN) {
            continue;
        }
        const char *name = node->scan.table->schema->columns[node->scan.columns[c]].name;
        TRY(explain_fact(e, name, bytes));
        TRY(explain_append(e, &text, ", ", "%s %llu", name, (Digits)bytes));
    }
    TRY(e->json == NULL ? OK : json_close(e->json, '}'));
    return text == NULL ? OK : explain_line(e, indent, "Bytes: %s", text);
}

static Status skew_line(Explainer *e, uint32_t indent, const uint64_t *rows, uint32_t slices) {
    TRY(explain_fact_real(e, "Skew", explain_skew(rows, slices), 2));
    return explain_line(e, indent, "Skew: %.2f (rows of the fullest of %u slices over the mean)", explain_skew(rows, slices),
                        slices);
}

static Status scan_skew(Explainer *e, const PhysicalNode *node, uint32_t indent) {
    uint32_t slices = e->plan->topology.nodes * e->plan->topology.slices_per_node;
    uint64_t *rows;
    TRY_NEW_ARRAY(e->cx, e->arena, rows, slices + 1);
    for (uint32_t n = 0; n < e->profile->node_count; n++) {
        const ScanSlice *own = profile_of(e, node, n)->scan.slices;
        for (uint32_t s = 0; own != NULL && s < slices; s++) {
            rows[s] += own[s].rows;
        }
    }
    return slices < 2 ? OK : skew_line(e, indent, rows, slices);
}

static Status scan_facts(Explainer *e, const ScanProfile *scan) {
    TRY(explain_fact(e, "Blocks Total", scan->blocks));
    TRY(explain_fact(e, "Blocks Read", scan->blocks_read));
    TRY(explain_fact(e, "Blocks Pruned", scan->blocks_pruned));
    TRY(explain_fact(e, "Blocks Skipped", scan->blocks_skipped_zone + scan->blocks_skipped_join + scan->blocks_skipped_top));
    TRY(explain_fact(e, "Blocks Skipped By Zone Map", scan->blocks_skipped_zone));
    TRY(explain_fact(e, "Blocks Skipped By Join Filter", scan->blocks_skipped_join));
    TRY(explain_fact(e, "Blocks Skipped By Top Filter", scan->blocks_skipped_top));
    TRY(explain_fact(e, "Rows Read", scan->rows_scanned));
    TRY(explain_fact(e, "Rows Deleted Before", scan->rows_deleted));
    TRY(explain_fact(e, "Rows Removed by Filter", scan->rows_removed_filter));
    TRY(explain_fact(e, "Rows Removed by Join Filter", scan->rows_removed_join_filter));
    TRY(explain_fact(e, "Rows Removed by Top Filter", scan->rows_removed_top_filter));
    return explain_fact(e, "Bytes Scanned", scan->bytes_scanned);
}

/* partitions → blocks → rows read → rows kept */
static Status scan_funnel(Explainer *e, const PhysicalNode *node, const OperatorProfile *sum, uint32_t indent) {
    const ScanProfile *scan = &sum->scan;
    const char *partitions = "";
    if (node->scan.table->schema->partition_key_count > 0) {
        partitions =
            arena_format(e->cx, e->arena, "%u of %u partitions -> ", scan->partitions_read, node->scan.table->partition_count);
        if (partitions == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    TRY(explain_line(e, indent, "Funnel: %s%llu of %llu blocks -> %llu rows read -> %llu rows kept", partitions,
                     (Digits)scan->blocks_read, (Digits)scan->blocks, (Digits)scan->rows_scanned, (Digits)sum->rows));
    if (scan->blocks_read < scan->blocks) {
        TRY(explain_line(e, indent, "Blocks skipped: %llu pruned, %llu by zone map, %llu by join filter",
                         (Digits)scan->blocks_pruned, (Digits)scan->blocks_skipped_zone, (Digits)scan->blocks_skipped_join));
    }
    TRY(scan_facts(e, scan));
    if (scan->rows_deleted > 0) {
        TRY(explain_line(e, indent, "Rows deleted before: %llu", (Digits)scan->rows_deleted));
    }
    if (scan->rows_removed_filter + scan->rows_removed_join_filter > 0) {
        TRY(explain_line(e, indent, "Rows removed: %llu by filter, %llu by join filter", (Digits)scan->rows_removed_filter,
                         (Digits)scan->rows_removed_join_filter));
    }
    if (scan->blocks_skipped_top + scan->rows_removed_top_filter > 0) {
        TRY(explain_line(e, indent, "Top filter: %llu blocks skipped, %llu rows removed", (Digits)scan->blocks_skipped_top,
                         (Digits)scan->rows_removed_top_filter));
    }
    return scan_column_bytes(e, node, indent);
}

/* Each node has tables of its own. */
static Status memory_line(Explainer *e, const PhysicalNode *node, uint64_t bytes, uint32_t indent) {
    uint32_t most = 0;
    for (uint32_t n = 1; n < e->profile->node_count; n++) {
        most = profile_of(e, node, n)->memory_bytes > profile_of(e, node, most)->memory_bytes ? n : most;
    }
    if (node->on_leader || e->plan->topology.nodes == 1) {
        return explain_line(e, indent, "Memory: %llu bytes", (Digits)bytes);
    }
    Digits of_most = profile_of(e, node, most)->memory_bytes;
    TRY(explain_fact(e, "Most Memory Bytes Of A Node", of_most));
    return explain_line(e, indent, "Memory: %llu bytes, most node %u with %llu bytes", (Digits)bytes, most, of_most);
}

Status explain_counters(Explainer *e, const PhysicalNode *node, uint32_t indent, bool is_cut) {
    if (!has_actual(e, is_cut)) {
        return OK;
    }
    OperatorProfile sum = operator_profile_sum(e->profile, node->id);
    TRY(own_facts(e, node, &sum, is_cut));
    if (node->kind == PHYSICAL_SCAN) {
        TRY(scan_funnel(e, node, &sum, indent));
        TRY(is_replicated(e, node) ? OK : scan_skew(e, node, indent));
    }
    if (node->kind == PHYSICAL_EXCHANGE) {
        TRY(explain_exchange(e, node, &sum.exchange, indent));
    } else if (sum.exchange.bytes_sent > 0) {
        TRY(explain_line(e, indent, "Join filter sent: %llu bytes", (Digits)sum.exchange.bytes_sent));
        if (e->options->verbose) {
            TRY(explain_line(e, indent, "Join filter transport: %llu messages, %llu bytes",
                             (Digits)sum.exchange.transport_messages, (Digits)sum.exchange.transport_bytes));
        }
        TRY(explain_fact(e, "Join Filter Bytes Sent", sum.exchange.bytes_sent));
    }
    if (e->options->memory && sum.memory_bytes > 0) {
        TRY(memory_line(e, node, sum.memory_bytes, indent));
        TRY(explain_fact(e, "Memory Bytes", sum.memory_bytes));
    }
    if (e->options->memory && sum.spilled_bytes > 0) {
        TRY(explain_line(e, indent, "Spilled: %llu bytes", (Digits)sum.spilled_bytes));
    }
    if (e->options->memory && sum.parts_split > 0) {
        TRY(explain_line(e, indent, "Split again: %llu parts", (Digits)sum.parts_split));
        TRY(explain_fact(e, "Parts Split Again", sum.parts_split));
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- closing
 * lines */

static bool stops_early(const PhysicalNode *node, const void *ignored) {
    (void)ignored;
    if (node->kind != PHYSICAL_LIMIT || node->limit.limit < 0) {
        return false;
    }
    const PhysicalNode *below = node->children[0];
    while (below->kind == PHYSICAL_PROJECT || below->kind == PHYSICAL_EXCHANGE || below->kind == PHYSICAL_LIMIT) {
        below = below->children[0];
    }
    return below->kind != PHYSICAL_SORT && below->kind != PHYSICAL_AGGREGATE && below->kind != PHYSICAL_WINDOW;
}

static bool is_cut_anywhere(const PhysicalPlan *plan) {
    return physical_plan_find(plan, stops_early, NULL) != NULL;
}

static Status modelled_lines(Explainer *e) {
    const Settings *settings = e->cx->settings;
    double network = network_seconds(settings, e->plan->topology.nodes, e->profile->bytes_moved, e->profile->bytes_to_leader);
    double price = (double)settings->scan_price_cents_per_tb / 100;
    TRY(explain_line(e, 0, "Modelled:"));
    TRY(e->json == NULL ? OK : json_open(e->json, "Modelled", '{'));
    if (e->options->timing || !is_cut_anywhere(e->plan)) {
        TRY(explain_fact_real(e, "Network Seconds", network, 6));
        TRY(explain_line(e, 2, "Network: %.6f s at %lld Mbit/s and %lld us", network,
                         (long long)settings->network_mbit_per_second, (long long)settings->network_latency_us));
        double paid = (double)e->profile->bytes_scanned / 1e12 * price;
        TRY(explain_fact_real(e, "Scan Price Dollars", paid, 9));
        TRY(explain_line(e, 2, "Price of the scan: $%.9f at $%.2f per TB", paid, price));
    }
    if (e->options->timing) {
        double slowest = (double)slowest_slice_ns(e->plan, e->profile) / 1e9;
        TRY(explain_fact_real(e, "Slowest Slice Seconds", slowest, 6));
        TRY(explain_fact_real(e, "Elapsed Seconds", slowest + network, 6));
        TRY(explain_line(e, 2, "Elapsed: %.6f s (slowest slice %.6f s, then network)", slowest + network, slowest));
    }
    return e->json == NULL ? OK : json_close(e->json, '}');
}

/* "Bytes Moved: 12" */
static Status total(Explainer *e, const char *key, uint64_t number) {
    return e->json != NULL ? json_integer(e->json, key, number) : explain_line(e, 0, "%s: %llu", key, (Digits)number);
}

static Status total_ms(Explainer *e, const char *key, uint64_t ns) {
    double ms = (double)ns / 1e6;
    return e->json != NULL ? json_real(e->json, key, ms, 3) : explain_line(e, 0, "%s: %.3f ms", key, ms);
}

/* Of the operators; the plan is not counted. */
static Status cycles_total(Explainer *e) {
    uint64_t cycles = 0;
    for (uint32_t id = 0; id < e->profile->operator_count; id++) {
        cycles += operator_profile_sum(e->profile, id).spent.cycles;
    }
    return cycles > 0 ? total(e, "Cycles", cycles) : explain_line(e, 0, "Cycles: not counted, the kernel grants no counter");
}

/* Nodes have their peaks at moments of their own; the leader's is beside them. */
static Status memory_totals(Explainer *e) {
    const PlanProfile *p = e->profile;
    uint32_t nodes = e->plan->topology.nodes;
    uint64_t most = 0;
    TRY(total(e, "Peak Memory", p->peak_memory_bytes));
    for (uint32_t n = 0; n < nodes; n++) {
        most = p->node_peak_bytes[n] > most ? p->node_peak_bytes[n] : most;
    }
    if (nodes == 1) {
        return OK;
    }
    TRY(total(e, "Peak Memory Of A Node", most));
    return total(e, "Peak Memory Of The Leader", p->node_peak_bytes[nodes]);
}

Status explain_totals(Explainer *e) {
    const PlanProfile *p = e->profile;
    if (p == NULL) {
        return OK;
    }
    if (e->options->timing) {
        TRY(total_ms(e, "Planning Time", p->planning_ns));
        TRY(total_ms(e, "Execution Time", p->execution_ns));
        TRY(e->options->cycles ? cycles_total(e) : OK);
    }
    if (e->options->timing || !is_cut_anywhere(e->plan)) {
        TRY(total(e, "Bytes Scanned", p->bytes_scanned));
        TRY(total(e, "Bytes Moved", p->bytes_moved));
        TRY(total(e, "Bytes To Leader", p->bytes_to_leader));
    }
    TRY(e->options->memory ? memory_totals(e) : OK);
    TRY(total(e, "Spilled Bytes", p->spilled_bytes));
    return modelled_lines(e);
}
