/* How many bytes a plan reads at most: the column files of the segments that static pruning leaves. */
#include "plan/scan_budget.h"

#include "core/settings.h"
#include "storage/segment_read.h"

#include <string.h>

typedef struct ScanBound {
    uint64_t bytes;              /* that the plan's scans read at most, all columns and nodes; join filters may spare some */
    const PhysicalNode *largest; /* the scan with most of them; NULL: none reads anything */
    uint64_t largest_bytes;
} ScanBound;

static Status surviving_segments(const Context *cx, Arena *arena, const ScanSpec *scan, uint8_t **survives) {
    uint32_t partitions, segments;
    TRY_NEW_ARRAY(cx, arena, *survives, scan->table->segment_count + 1);
    memset(*survives, 1, scan->table->segment_count);
    if (cx->settings->partition_pruning && !scan->keeps_partitions && scan->predicate_count > 0) {
        table_prune(scan->table, scan->predicates, scan->predicate_count, *survives, &partitions, &segments);
    }
    return OK;
}

static Status add_scan(const Context *cx, Arena *arena, const PhysicalNode *node, ScanBound *bound) {
    const ScanSpec *scan = &node->scan;
    uint8_t *survives;
    uint64_t bytes = 0;
    TRY(surviving_segments(cx, arena, scan, &survives));
    for (uint32_t s = 0; s < scan->table->segment_count; s++) {
        for (uint32_t c = 0; survives[s] && c < scan->column_count; c++) {
            bytes += scan->columns[c] == ROW_ID_COLUMN ? 0 : scan->table->segments[s].columns[scan->columns[c]].file_bytes;
        }
    }
    bound->bytes += bytes;
    if (bytes > bound->largest_bytes) {
        bound->largest = node;
        bound->largest_bytes = bytes;
    }
    return OK;
}

static Status add_node(const Context *cx, Arena *arena, const PhysicalNode *node, ScanBound *bound) {
    TRY(node->kind == PHYSICAL_SCAN ? add_scan(cx, arena, node, bound) : OK);
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(add_node(cx, arena, node->children[i], bound));
    }
    return OK;
}

static Status scan_bound(const Context *cx, Arena *arena, const PhysicalPlan *plan, ScanBound *bound) {
    *bound = (ScanBound){0};
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        TRY(add_node(cx, arena, plan->shared[i], bound));
    }
    return add_node(cx, arena, plan->root, bound);
}

static Status refuse(const Context *cx, const ScanBound *bound) {
    const ScanSpec *scan = &bound->largest->scan;
    const TableSchema *schema = scan->table->schema;
    fail(cx, CONFIGURATION_LIMIT_EXCEEDED, "the statement may scan %llu bytes, scan_limit_bytes allows %lld",
         (unsigned long long)bound->bytes, (long long)cx->settings->scan_limit_bytes);
    const char *key = schema->partition_key_count > 0 ? schema->columns[schema->partition_keys[0].column].name : NULL;
    return fail_hint(cx, "%u of the %u columns of \"%s\" in %u of %u partitions are %llu bytes: name fewer columns%s%s",
                     scan->column_count, schema->column_count, schema->name, scan->partitions_read,
                     scan->table->partition_count, (unsigned long long)bound->largest_bytes, key == NULL ? "" : " or filter ",
                     key == NULL ? "" : key);
}

Status scan_budget_check(const Context *cx, Arena *arena, const PhysicalPlan *plan) {
    if (cx->settings->scan_limit_bytes == 0) {
        return OK;
    }
    ScanBound bound;
    TRY(scan_bound(cx, arena, plan, &bound));
    return bound.bytes > (uint64_t)cx->settings->scan_limit_bytes ? refuse(cx, &bound) : OK;
}
