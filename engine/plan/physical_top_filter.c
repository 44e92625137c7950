/* The filter that a Top-N gives to its scan. See ScanTopFilter. */
#include "plan/lower.h"

#include "core/settings.h"

static bool any_can_fail(Expr *const *exprs, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (expr_can_fail(exprs[i])) {
            return true;
        }
    }
    return false;
}

static bool filters_can_fail(const ScanSpec *scan) {
    for (uint32_t i = 0; i < scan->filter_count; i++) {
        if (expr_can_fail(scan->filters[i].condition)) {
            return true;
        }
    }
    return false;
}

/* Which rows the scan drops depends on how fast its tasks are: whether the query fails may not. */
static bool path_can_fail(const PhysicalNode *node) {
    switch (node->kind) {
    case PHYSICAL_SCAN: return filters_can_fail(&node->scan);
    case PHYSICAL_FILTER:
        if (expr_can_fail(node->filter.condition)) {
            return true;
        }
        break;
    case PHYSICAL_PROJECT:
        if (any_can_fail(node->project.exprs, node->column_count)) {
            return true;
        }
        break;
    default:
        if (node->join.kind == JOIN_SINGLE || (node->join.residual != NULL && expr_can_fail(node->join.residual))) {
            return true;
        }
    }
    return path_can_fail(node->children[0]);
}

/* A grouping hands on nothing before it has read all rows. */
static bool groups_on_path(const PhysicalNode *node) {
    return node->kind == PHYSICAL_AGGREGATE || (node->kind != PHYSICAL_SCAN && groups_on_path(node->children[0]));
}

void lower_top_filter(Lowering *low, PhysicalNode *sort) {
    const SortSlot *key = &sort->sort.keys[0];
    uint32_t slot = key->slot;
    bool travels;
    if (!low->cx->settings->top_filters || sort->sort.key_count == 0 ||
        !class_is_integer(type_class(sort->children[0]->columns[slot].type))) {
        return;
    }
    PhysicalNode *scan = trace_to_scan(sort->children[0], &slot, &travels);
    if (scan == NULL || travels || groups_on_path(sort->children[0]) || scan->scan.top_filter.is_there ||
        path_can_fail(sort->children[0])) {
        return;
    }
    sort->sort.publishes_bound = true;
    sort->sort.bound_id = low->plan->bound_count++;
    scan->scan.top_filter = (ScanTopFilter){.is_there = true,
                                            .column = slot,
                                            .bound_id = sort->sort.bound_id,
                                            .is_descending = key->is_descending,
                                            .nulls_first = key->nulls_first};
}
