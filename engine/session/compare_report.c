/* What COMPARE tells: a row per variant, headed by what a cluster would feel; what differs in the plans; then sentences. */
#include "session/compare.h"

#include <math.h>
#include <string.h>

/* --------------------------------------------------------------------------------------------------- what the plans are */

/* "d", "d, e": the relations below a node. */
static Status relations_below(const Context *cx, Arena *arena, const PhysicalNode *node, const char **text) {
    if (node->kind == PHYSICAL_SCAN) {
        const char *name = node->scan.alias != NULL ? node->scan.alias : node->scan.table->schema->name;
        *text = *text == NULL ? name : arena_format(cx, arena, "%s, %s", *text, name);
        return *text == NULL ? OUT_OF_MEMORY : OK;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(relations_below(cx, arena, node->children[i], text));
    }
    return OK;
}

static bool is_join(const PhysicalNode *node) {
    return node->kind == PHYSICAL_HASH_JOIN || node->kind == PHYSICAL_MERGE_JOIN || node->kind == PHYSICAL_NESTED_LOOP;
}

static Status add_feature(Variant *variant, const char *feature) {
    if (feature == NULL) {
        return OUT_OF_MEMORY;
    }
    variant->features[variant->feature_count++] = feature;
    return OK;
}

static Status add_features(const Context *cx, Arena *arena, const PhysicalNode *node, Variant *variant) {
    if (is_join(node)) {
        const char *inner = NULL;
        const char *method = node->kind == PHYSICAL_HASH_JOIN ? "hash" : node->kind == PHYSICAL_NESTED_LOOP ? "loop" : "merge";
        TRY(relations_below(cx, arena, node->children[1], &inner));
        const PhysicalNode *outer = node->children[0];
        bool is_salted = outer->kind == PHYSICAL_EXCHANGE && outer->exchange.salt != SALT_NONE;
        const char *filter = is_salted ? " salted" : node->join.publishes_filter ? " with filter" : "";
        TRY(add_feature(variant, arena_format(cx, arena, "%s: %s %s%s", inner == NULL ? "join" : inner, method,
                                              node->join.dist_label, filter)));
    }
    if (node->kind == PHYSICAL_SCAN && node->scan.table->schema->partition_key_count > 0) {
        const ScanSpec *scan = &node->scan;
        bool is_pruned = variant->settings.partition_pruning && !scan->keeps_partitions;
        TRY(add_feature(variant, arena_format(cx, arena, "%s: %s%u of %u partitions", scan->alias, is_pruned ? "at most " : "",
                                              scan->partitions_read, scan->table->partition_count)));
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(add_features(cx, arena, node->children[i], variant));
    }
    return OK;
}

static Status take_features(const Context *cx, Arena *arena, Variant *variant) {
    const PhysicalPlan *plan = variant->plan;
    TRY_NEW_ARRAY(cx, arena, variant->features, plan->operator_count + 1);
    TRY(add_features(cx, arena, plan->root, variant));
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        TRY(add_features(cx, arena, plan->shared[i], variant));
    }
    return OK;
}

static bool has_feature(const Variant *variant, const char *feature) {
    for (uint32_t i = 0; i < variant->feature_count; i++) {
        if (strcmp(variant->features[i], feature) == 0) {
            return true;
        }
    }
    return false;
}

/* What not all of the plans have. */
static Status differences(const Context *cx, Arena *arena, const Variant *variants, uint32_t count, const Variant *variant,
                          const char **text) {
    *text = NULL;
    for (uint32_t i = 0; i < variant->feature_count; i++) {
        uint32_t having = 0;
        for (uint32_t v = 0; v < count; v++) {
            having += has_feature(&variants[v], variant->features[i]);
        }
        if (having < count) {
            *text = *text == NULL ? variant->features[i] : arena_format(cx, arena, "%s; %s", *text, variant->features[i]);
            TRY(*text == NULL ? OUT_OF_MEMORY : OK);
        }
    }
    *text = *text == NULL ? "the same" : *text;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------ the table */

static const char *const headings[] = {"variant",     "bytes moved",   "slowest ms",     "network ms",     "elapsed ms",
                                       "local ms",    "local range",   "rows scanned",   "blocks skipped", "bytes scanned",
                                       "peak memory", "spilled bytes", "plan differs in"};
#define HEADINGS (sizeof headings / sizeof *headings)

static double ms(uint64_t nanoseconds) {
    return (double)nanoseconds / 1e6;
}

static uint64_t median(const Variant *variant) {
    return variant->runs_ns[variant->run_count / 2];
}

static Status add_row(const Context *cx, Run *run, const Variant *variants, uint32_t count, const Variant *variant) {
    const Figures *f = &variant->figures;
    Arena *arena = &run->arena;
    const char *cells[HEADINGS];
    uint32_t n = 0;
    double network = f->network_seconds * 1e3;
    typedef unsigned long long Digits;
    cells[n++] = variant->name;
    cells[n++] = arena_format(cx, arena, "%llu", (Digits)f->bytes_moved);
    cells[n++] = arena_format(cx, arena, "%.3f", ms(variant->slowest_ns[variant->run_count / 2]));
    cells[n++] = arena_format(cx, arena, "%.3f", network);
    cells[n++] = arena_format(cx, arena, "%.3f", ms(variant->slowest_ns[variant->run_count / 2]) + network);
    cells[n++] = arena_format(cx, arena, "%.3f", ms(median(variant)));
    cells[n++] = arena_format(cx, arena, "%.3f to %.3f", ms(variant->runs_ns[0]), ms(variant->runs_ns[variant->run_count - 1]));
    cells[n++] = arena_format(cx, arena, "%llu", (Digits)f->rows_scanned);
    cells[n++] = arena_format(cx, arena, "%llu of %llu", (Digits)f->blocks_skipped, (Digits)f->blocks);
    cells[n++] = arena_format(cx, arena, "%llu", (Digits)f->bytes_scanned);
    cells[n++] = arena_format(cx, arena, "%llu", (Digits)f->peak_memory_bytes);
    cells[n++] = arena_format(cx, arena, "%llu", (Digits)f->spilled_bytes);
    TRY(differences(cx, arena, variants, count, variant, &cells[n]));
    for (uint32_t i = 0; i < n; i++) {
        TRY(cells[i] == NULL ? OUT_OF_MEMORY : OK);
    }
    return text_table_add(cx, arena, run->table, cells);
}

/* -------------------------------------------------------------------------------------------------------- the sentences */

static bool has_label(const PhysicalNode *node, const void *label) {
    return is_join(node) && strcmp(node->join.dist_label, label) == 0;
}

/* Why one plan moves less than the other; *text NULL: nothing that one sentence could say. */
static Status why_less_moves(const Context *cx, Arena *arena, const Variant *less, const Variant *more, const char **text) {
    const PhysicalNode *spread = physical_find(less->plan->root, has_label, "DS_BCAST_INNER");
    const PhysicalNode *all = physical_find(less->plan->root, has_label, "DS_DIST_ALL_NONE");
    const PhysicalNode *met = physical_find(less->plan->root, has_label, "DS_DIST_NONE");
    const PhysicalNode *copied = physical_find(more->plan->root, has_label, "DS_BCAST_INNER");
    const PhysicalNode *about = met != NULL ? met : all != NULL ? all : spread != NULL ? spread : copied;
    const char *inner = NULL;
    *text = NULL;
    if (about == NULL) {
        return OK;
    }
    TRY(relations_below(cx, arena, about->children[1], &inner));
    inner = inner == NULL ? "the inner side" : inner;
    if (about == met) {
        *text = arena_format(cx, arena, " because %s meets its partners on the nodes where they are", inner);
    } else if (about == all) {
        *text = arena_format(cx, arena, " because every node has all of %s", inner);
    } else if (about == spread) {
        *text = arena_format(cx, arena, " because %s is small (about %.0f rows)", inner, about->children[1]->rows);
    } else {
        *text =
            arena_format(cx, arena, " because %s (about %.0f rows) would go to every node", inner, about->children[1]->rows);
    }
    return *text == NULL ? OUT_OF_MEMORY : OK;
}

typedef uint64_t FigureOf(const Variant *variant);
static uint64_t moved(const Variant *variant) {
    return variant->figures.bytes_moved;
}
static uint64_t scanned(const Variant *variant) {
    return variant->figures.bytes_scanned;
}
static uint64_t memory_of(const Variant *variant) {
    return variant->figures.peak_memory_bytes;
}

static const Variant *extreme(const Variant *variants, uint32_t count, FigureOf *figure, bool is_most) {
    const Variant *found = &variants[0];
    for (uint32_t i = 1; i < count; i++) {
        bool is_beyond = is_most ? figure(&variants[i]) > figure(found) : figure(&variants[i]) < figure(found);
        found = is_beyond ? &variants[i] : found;
    }
    return found;
}

/* "A moves 38 times the bytes of B …"; false if all are alike within a tenth. */
static bool tell_figure(const Context *cx, const Variant *variants, uint32_t count, FigureOf *figure, const char *verb,
                        const char *what, const char *why) {
    const Variant *least = extreme(variants, count, figure, false), *most = extreme(variants, count, figure, true);
    uint64_t low = figure(least), high = figure(most);
    double times = (double)high / (double)(low == 0 ? 1 : low);
    if (high == low || (low > 0 && times < 1.1)) {
        return false;
    }
    if (low == 0) {
        notice(cx, "%s %s %llu %s, %s none%s", most->name, verb, (unsigned long long)high, what, least->name, why);
    } else {
        notice(cx, "%s %s %.*f times the %s of %s%s", most->name, verb, times < 10 ? 1 : 0, times, what, least->name, why);
    }
    return true;
}

/* What was moved stands last: it is what a cluster feels. */
static Status tell_counters(const Context *cx, Arena *arena, const Variant *variants, uint32_t count) {
    const char *why;
    TRY(why_less_moves(cx, arena, extreme(variants, count, moved, false), extreme(variants, count, moved, true), &why));
    bool is_told = tell_figure(cx, variants, count, scanned, "scans", "bytes", "");
    is_told |= tell_figure(cx, variants, count, moved, "moves", "bytes", why == NULL ? "" : why);
    if (!is_told && !tell_figure(cx, variants, count, memory_of, "needs", "memory", "")) {
        notice(cx, "all variants move, scan and keep about as much");
    }
    return OK;
}

static void tell_times(const Context *cx, const Variant *variants, uint32_t count) {
    const Variant *fast = &variants[0], *slow = &variants[0];
    for (uint32_t i = 1; i < count; i++) {
        fast = median(&variants[i]) < median(fast) ? &variants[i] : fast;
        slow = median(&variants[i]) > median(slow) ? &variants[i] : slow;
    }
    double times = (double)median(slow) / (double)median(fast);
    if (fast->runs_ns[fast->run_count - 1] >= slow->runs_ns[0]) {
        notice(cx, "no measurable difference in local time: the ranges overlap");
    } else {
        notice(cx, "%s takes %.1f times the local time of %s", slow->name, times, fast->name);
    }
}

Status compare_report(const Context *cx, depot_statement *statement, Variant *variants, uint32_t count) {
    Run *run = &statement->run;
    for (uint32_t i = 0; i < count; i++) {
        TRY(take_features(cx, &run->arena, &variants[i]));
    }
    TRY(text_table_create(cx, &run->arena, HEADINGS, headings, &run->table));
    for (uint32_t i = 0; i < count; i++) {
        TRY(add_row(cx, run, variants, count, &variants[i]));
    }
    notice(cx, "%llu equal %s from each of %u variants; times are medians of %u runs", (unsigned long long)variants[0].bag.rows,
           variants[0].bag.rows == 1 ? "row" : "rows", count, variants[0].run_count);
    if (variants[0].plan->topology.nodes == 1) {
        notice(cx, "one node: nothing moves; EXPLAIN (NODES 4) shows what would");
    }
    tell_times(cx, variants, count);
    return tell_counters(cx, &run->arena, variants, count);
}
