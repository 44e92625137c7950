/* Lowering of LOGICAL_GET: which columns are read, which filters run in the scan and in what order, what storage may prune
 * with, and what is known of the values that come out. */
#include "plan/cost.h"
#include "plan/dictionaries.h"
#include "plan/distribution.h"
#include "plan/estimate.h"
#include "plan/hints.h"
#include "plan/narrow.h"
#include "plan/scan_predicates.h"

#include "core/settings.h"
#include "storage/segment_read.h"

#include <stdlib.h>

/* The subplan of all columns read: the output first, then those that only filters need. */
static Status scan_columns(Lowering *low, const LogicalNode *get, Subplan *out) {
    ColumnSet used;
    TRY(column_set_init(low->cx, low->arena, low->logical, &used));
    for (uint32_t i = 0; i < get->get.filter_count; i++) {
        column_set_add_expr(&used, get->get.filters[i]);
    }
    for (uint32_t i = 0; i < get->column_count; i++) {
        if (column_set_has(&used, get->columns[i])) {
            bit_clear(used.bits, get->columns[i]);
        }
    }
    uint32_t hidden = (uint32_t)bits_count(used.bits, used.capacity);
    TRY(lower_new(low, PHYSICAL_SCAN, 0, get->column_count + hidden, out));
    uint32_t next = 0;
    for (uint32_t i = 0; i < get->column_count; i++) {
        lower_column(low, out, next++, get->columns[i]);
    }
    for (ColumnId id = 0; id < used.capacity && hidden > 0; id++) {
        if (bit_get(used.bits, id)) {
            lower_column(low, out, next++, id);
        }
    }
    return OK;
}

/* Query dictionaries serve text: equal texts are then equal codes everywhere. Integers come as frames of reference. */
static Status scan_dictionaries(Lowering *low, Subplan *scan) {
    ScanSpec *spec = &scan->node->scan;
    const Dictionary **dictionaries;
    TRY_NEW_ARRAY(low->cx, low->arena, dictionaries, spec->column_count + 1);
    for (uint32_t i = 0; i < spec->column_count; i++) {
        TRY(plan_dictionary(low->cx, low->logical, spec->table, spec->columns[i], &dictionaries[i]));
        scan->node->columns[i].domain.dictionary = dictionaries[i];
    }
    spec->dictionaries = dictionaries;
    return OK;
}

/* Ranges from the exact minima and maxima of the table version. */
static void scan_domains(Subplan *scan) {
    for (uint32_t i = 0; i < scan->node->column_count; i++) {
        PhysicalColumn *column = &scan->node->columns[i];
        if (scan->node->scan.columns[i] == ROW_ID_COLUMN) {
            continue;
        }
        const ColumnRange *range = &scan->node->scan.table->statistics[scan->node->scan.columns[i]].range;
        StorageClass storage_class = type_class(column->type);
        column->domain.can_be_null = range->nulls > 0;
        if (range->has_range && class_is_integer(storage_class)) {
            column->domain.has_range = true;
            column->domain.min = range->min.i64;
            column->domain.max = range->max.i64;
        }
    }
}

/* A range predicate also bounds what comes out of the scan. */
static void domains_narrow(Subplan *scan) {
    const ScanSpec *spec = &scan->node->scan;
    for (uint32_t p = 0; p < spec->predicate_count; p++) {
        const Predicate *predicate = &spec->predicates[p];
        for (uint32_t i = 0; i < scan->node->column_count; i++) {
            ColumnDomain *domain = &scan->node->columns[i].domain;
            if (spec->columns[i] != predicate->column || predicate->kind == PREDICATE_IS_NULL) {
                continue;
            }
            domain->can_be_null = false;
            if (!domain->has_range || (predicate->kind != PREDICATE_RANGE && predicate->kind != PREDICATE_IN) ||
                (predicate->kind == PREDICATE_IN && predicate->value_count == 0)) {
                continue;
            }
            bool is_in = predicate->kind == PREDICATE_IN;
            int64_t low = is_in ? predicate->values[0].i64 : predicate->has_low ? predicate->low.i64 : domain->min;
            int64_t high = is_in                 ? predicate->values[predicate->value_count - 1].i64
                           : predicate->has_high ? predicate->high.i64
                                                 : domain->max;
            int64_t min = low > domain->min ? low : domain->min, max = high < domain->max ? high : domain->max;
            if (min <= max) {
                domain->min = min;
                domain->max = max;
            }
        }
    }
}

static bool add_distinct_slot(const Expr *node, void *argument) {
    ScanFilter *filter = argument;
    if (node->kind != EXPR_SLOT) {
        return true;
    }
    for (uint32_t i = 0; i < filter->column_count; i++) {
        if (filter->columns[i] == node->slot) {
            return true;
        }
    }
    filter->columns[filter->column_count++] = node->slot;
    return true;
}

typedef struct RankedFilter {
    Expr *condition; /* over COLUMNs */
    double rank;     /* ascending: what removes the most rows for the least work */
    uint32_t order;
} RankedFilter;

static int compare_ranks(const void *a_, const void *b_) {
    const RankedFilter *a = a_, *b = b_;
    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    return a->order < b->order ? -1 : 1;
}

static bool count_nodes(const Expr *node, void *argument) {
    double *work = argument;
    *work += node->kind == EXPR_CALL ? 8 : 1;
    return true;
}

/* Work per row removed, in comparisons. */
static Status filter_rank(Lowering *low, const Expr *condition, double *rank) {
    double share, work = 0;
    TRY(estimate_selectivity(low->cx, low->logical, condition, &share));
    (void)expr_walk(condition, count_nodes, &work);
    *rank = work / (1.0001 - share);
    return OK;
}

static Status scan_filters(Lowering *low, const LogicalNode *get, Subplan *scan) {
    ScanSpec *spec = &scan->node->scan;
    RankedFilter *ranked;
    TRY_NEW_ARRAY(low->cx, low->arena, ranked, get->get.filter_count + 1);
    for (uint32_t i = 0; i < get->get.filter_count; i++) {
        ranked[i] = (RankedFilter){.condition = get->get.filters[i], .order = i};
        if (get->get.filter_count > 1) {
            TRY(filter_rank(low, get->get.filters[i], &ranked[i].rank));
        }
    }
    qsort(ranked, get->get.filter_count, sizeof *ranked, compare_ranks);
    TRY_NEW_ARRAY(low->cx, low->arena, spec->filters, get->get.filter_count + 1);
    spec->filter_count = get->get.filter_count;
    for (uint32_t i = 0; i < spec->filter_count; i++) {
        ScanFilter *filter = &spec->filters[i];
        const Expr *condition;
        TRY(narrow_comparisons(low, scan, ranked[i].condition, &condition));
        TRY(lower_expr(low, scan, NULL, condition, &filter->condition));
        TRY_NEW_ARRAY(low->cx, low->arena, filter->columns, spec->column_count + 1);
        (void)expr_walk(filter->condition, add_distinct_slot, filter);
    }
    return OK;
}

static Status scan_predicates(Lowering *low, const LogicalNode *get, Subplan *scan) {
    ScanSpec *spec = &scan->node->scan;
    PredicateList list = {0};
    for (uint32_t i = 0; i < get->get.filter_count; i++) {
        TRY(predicates_derive(low->cx, low->logical, get->get.filters[i], &list));
    }
    predicates_intersect(&list);
    spec->predicates = list.items;
    spec->predicate_count = list.count;
    spec->partitions_read = spec->table->partition_count;
    spec->keeps_partitions = hints_keep_partitions(low->logical, get);
    if (list.count == 0 || spec->table->segment_count == 0 || spec->keeps_partitions || !low->cx->settings->partition_pruning) {
        return OK;
    }
    uint8_t *survives;
    uint32_t segments;
    TRY_NEW_ARRAY(low->cx, low->arena, survives, spec->table->segment_count);
    table_prune(spec->table, list.items, list.count, survives, &spec->partitions_read, &segments);
    return OK;
}

static bool is_no_row_id(const Expr *node, void *logical_) {
    const LogicalPlan *logical = logical_;
    return node->kind != EXPR_COLUMN || logical->columns[node->column].table_column != ROW_ID_COLUMN;
}

/* Conditions that may fail wait for those that cannot: the scan tests in any order, and whole blocks at once, but
 * a <> 0 AND 10 / a > 2 must not divide by the zeros that its first half refuses. Row ids are only there once rows come out. */
static Status split_filters(Lowering *low, const LogicalNode *get, ExprList *inside, ExprList *above) {
    ExprList failing = {0};
    for (uint32_t i = 0; i < get->get.filter_count; i++) {
        Expr *filter = get->get.filters[i];
        bool is_testable = expr_walk(filter, is_no_row_id, (void *)low->logical);
        TRY(expr_list_add(low->cx, low->arena, !is_testable ? above : expr_can_fail(filter) ? &failing : inside, filter));
    }
    ExprList *to = inside->count == 0 ? inside : above;
    for (uint32_t i = 0; i < failing.count; i++) {
        TRY(expr_list_add(low->cx, low->arena, to, failing.items[i]));
    }
    return OK;
}

/* What the scan itself does of a GET: its filters `inside`, and the columns that the conditions `above` it read handed on. */
static Status scan_part(Lowering *low, const LogicalNode *get, const ExprList *inside, const ExprList *above,
                        LogicalNode *part) {
    ColumnSet read;
    TRY(column_set_init(low->cx, low->arena, low->logical, &read));
    for (uint32_t i = 0; i < above->count; i++) {
        column_set_add_expr(&read, above->items[i]);
    }
    *part = *get;
    part->get.filters = inside->items;
    part->get.filter_count = inside->count;
    TRY_NEW_ARRAY(low->cx, low->arena, part->columns, get->column_count + bits_count(read.bits, read.capacity) + 1);
    memcpy(part->columns, get->columns, get->column_count * sizeof *get->columns);
    for (uint32_t i = 0; i < get->column_count; i++) {
        if (column_set_has(&read, get->columns[i])) {
            bit_clear(read.bits, get->columns[i]);
        }
    }
    for (ColumnId id = 0; id < read.capacity && above->count > 0; id++) {
        if (bit_get(read.bits, id)) {
            part->columns[part->column_count++] = id;
        }
    }
    return OK;
}

static Status lower_scan(Lowering *low, const LogicalNode *node, Subplan *out) {
    TRY(scan_columns(low, node, out));
    ScanSpec *spec = &out->node->scan;
    spec->table = node->get.table;
    spec->alias = node->get.alias;
    spec->column_count = out->node->column_count;
    uint32_t *columns;
    TRY_NEW_ARRAY(low->cx, low->arena, columns, spec->column_count + 1);
    for (uint32_t i = 0; i < spec->column_count; i++) {
        columns[i] = low->logical->columns[out->layout[i]].table_column;
    }
    spec->columns = columns;
    TRY(scan_dictionaries(low, out));
    scan_domains(out);
    TRY(scan_filters(low, node, out));
    return placement_of_table(low, node, &out->placement);
}

Status lower_get(Lowering *low, const LogicalNode *node, Subplan *out) {
    ExprList inside = {0}, above = {0};
    LogicalNode part;
    Expr *condition;
    TRY(split_filters(low, node, &inside, &above));
    TRY(scan_part(low, node, &inside, &above, &part));
    TRY(lower_scan(low, &part, out));
    TRY(scan_predicates(low, node, out)); /* of all filters: rows that only a condition above refuses may be skipped, too */
    domains_narrow(out);
    out->node->column_count = part.column_count; /* the rest is read, not handed on */
    out->node->rows = node->rows;
    lower_finish(low, out);
    TRY(expr_list_conjunction(low->cx, low->arena, &above, &condition));
    return condition == NULL ? OK : lower_filter(low, out, condition, node->rows, out);
}
