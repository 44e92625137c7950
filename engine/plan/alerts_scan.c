/* Alerts of scans: statistics, selectivity, and how the table's rows lie in its files and slices. */
#include "plan/alerts.h"

#include "core/settings.h"
#include "plan/explain.h"
#include "plan/query_log.h"

typedef unsigned long long Digits; /* what %llu prints */

/* Tables too small to matter raise nothing. */
static const TableVersion *table_of(const AlertFinder *f, const PhysicalNode *node) {
    const TableVersion *table = node->kind == PHYSICAL_SCAN ? node->scan.table : NULL;
    return table != NULL && table->rows >= (uint64_t)f->cx->settings->alert_rows_min ? table : NULL;
}

/* ----------------------------------------------------------------------------------------------------------------- statistics
 */

static bool has_statistics(const TableVersion *table) {
    return table->sample.is_taken || table->sample.rows_are_faked;
}

Status alert_missing_statistics(AlertFinder *f, const PhysicalNode *node) {
    const TableVersion *table = table_of(f, node);
    if (table == NULL || has_statistics(table)) {
        return OK;
    }
    const char *name = table->schema->name;
    return alert_raise(f, node, ALERT_TEXT(f, "%s has %llu rows and was never sampled", name, (Digits)table->rows),
                       ALERT_TEXT(f, "Run the ANALYZE command: ANALYZE %s", name));
}

Status alert_stale_statistics(AlertFinder *f, const PhysicalNode *node) {
    const TableVersion *table = table_of(f, node);
    if (table == NULL || !has_statistics(table) || table_stats_off(table) < (double)f->cx->settings->alert_stats_off_percent) {
        return OK;
    }
    const SampleInfo *sample = &table->sample;
    const char *name = table->schema->name;
    return alert_raise(f, node,
                       ALERT_TEXT(f, "%s has %llu rows, the statistics say %llu (stats_off %.1f)", name, (Digits)table->rows,
                                  (Digits)(sample->rows_are_faked ? sample->faked_rows : sample->table_rows),
                                  table_stats_off(table)),
                       ALERT_TEXT(f, "Run the ANALYZE command: ANALYZE %s", name));
}

/* ---------------------------------------------------------------------------------------------------------------- selectivity
 */

/* A column that a filter compares and that does not lead the sort key; UINT32_MAX: none. */
static uint32_t filtered_column(const ScanSpec *scan) {
    const TableSchema *schema = scan->table->schema;
    for (uint32_t i = 0; i < scan->filter_count; i++) {
        uint32_t column = scan->filters[i].column_count == 1 ? scan->columns[scan->filters[i].columns[0]] : ROW_ID_COLUMN;
        if (column != ROW_ID_COLUMN && (schema->sort_key_count == 0 || schema->sort_keys[0] != column)) {
            return column;
        }
    }
    return UINT32_MAX;
}

Status alert_selective_filter(AlertFinder *f, const PhysicalNode *node) {
    const TableVersion *table = table_of(f, node);
    uint32_t column = table == NULL ? UINT32_MAX : filtered_column(&node->scan);
    if (column == UINT32_MAX) {
        return OK;
    }
    ScanProfile scan = alert_sum(f, node).scan;
    uint64_t looked_at = scan.rows_scanned - scan.rows_deleted, kept = looked_at - scan.rows_removed_filter;
    bool is_selective = kept * 100 < looked_at * (uint64_t)f->cx->settings->alert_selective_percent;
    if (!is_selective || looked_at < (uint64_t)f->cx->settings->alert_rows_min) {
        return OK;
    }
    const char *details = ALERT_TEXT(f, "ratio=rows(%llu)/rows_pre_user_filter(%llu)=%.6f", (Digits)kept, (Digits)looked_at,
                                     (double)kept / (double)looked_at);
    const char *name = table->schema->name;
    return alert_raise(f, node, details,
                       ALERT_TEXT(f,
                                  "Review the choice of sort key to enable range restricted scans: ALTER TABLE %s ALTER "
                                  "SORTKEY (%s) lets zone maps skip blocks",
                                  name, table->schema->columns[column].name));
}

/* ---------------------------------------------------------------------------------------------------------------- the sort key
 */

static bool filters_column(const ScanSpec *scan, uint32_t column) {
    for (uint32_t i = 0; i < scan->predicate_count; i++) {
        if (scan->predicates[i].column == column) {
            return true;
        }
    }
    for (uint32_t i = 0; i < scan->join_filter_count; i++) {
        if (scan->columns[scan->join_filters[i].column] == column) {
            return true;
        }
    }
    return false;
}

bool scan_filters_sort_key(const ScanSpec *scan) {
    const TableSchema *schema = scan->table->schema;
    return schema->sort_key_count > 0 && filters_column(scan, schema->sort_keys[0]);
}

typedef struct ScanCount {
    uint64_t table_id;
    uint64_t scans, filtered;
} ScanCount;

static Status count_scans(void *count_, const LoggedQuery *query) {
    ScanCount *count = count_;
    for (uint32_t i = 0; i < query->step_count; i++) {
        const LoggedStep *step = &query->steps[i];
        if (step->table_id == count->table_id && strcmp(step->name, "scan") == 0) {
            count->scans++;
            count->filtered += step->filters_sort_key;
        }
    }
    return OK;
}

Status alert_unused_sort_key(AlertFinder *f, const PhysicalNode *node) {
    const TableVersion *table = table_of(f, node);
    if (table == NULL || table->schema->sort_key_count == 0 || scan_filters_sort_key(&node->scan)) {
        return OK;
    }
    ScanCount count = {.table_id = table->id};
    TRY(query_log_each(snapshot_warehouse(f->plan->snapshot), count_scans, &count));
    if (count.filtered > 0 || count.scans + 1 < (uint64_t)f->cx->settings->alert_sort_key_scans) {
        return OK;
    }
    const char *column = table->schema->columns[table->schema->sort_keys[0]].name, *name = table->schema->name;
    return alert_raise(f, node, ALERT_TEXT(f, "%s.%s in the last %llu scans of it", name, column, (Digits)count.scans + 1),
                       ALERT_TEXT(f, "Sort %s by what its queries filter: ALTER TABLE %s ALTER SORTKEY (…)", name, name));
}

/* ----------------------------------------------------------------------------------------------------------- rows and files
 */

Status alert_deleted_rows(AlertFinder *f, const PhysicalNode *node) {
    const TableVersion *table = table_of(f, node);
    if (table == NULL) {
        return OK;
    }
    ScanProfile scan = alert_sum(f, node).scan;
    if (scan.rows_deleted < (uint64_t)f->cx->settings->alert_rows_min ||
        scan.rows_deleted * 100 < scan.rows_scanned * (uint64_t)f->cx->settings->alert_deleted_percent) {
        return OK;
    }
    const TableSchema *schema = table->schema;
    const char *style = schema->dist_style == DIST_KEY
                            ? ALERT_TEXT(f, "DISTKEY %s", schema->columns[schema->dist_column].name)
                            : ALERT_TEXT(f, "DISTSTYLE %s", table->dist_style == DIST_ALL ? "ALL" : "EVEN");
    const char *details =
        ALERT_TEXT(f, "%llu of the %llu rows read of %s", (Digits)scan.rows_deleted, (Digits)scan.rows_scanned, schema->name);
    return alert_raise(f, node, details,
                       style == NULL ? NULL
                                     : ALERT_TEXT(f,
                                                  "Write the table again without them, as VACUUM does in Redshift: ALTER "
                                                  "TABLE %s ALTER %s",
                                                  schema->name, style));
}

Status alert_small_files(AlertFinder *f, const PhysicalNode *node) {
    const TableVersion *table = table_of(f, node);
    if (table == NULL) {
        return OK;
    }
    uint64_t small = 0, rows = 0;
    for (uint32_t i = 0; i < table->segment_count; i++) {
        small += table->segments[i].is_packed;
        rows += table->segments[i].is_packed ? table->segments[i].rows : 0;
    }
    if (small < (uint64_t)f->cx->settings->alert_small_files || small * 2 < table->segment_count) {
        return OK;
    }
    const char *name = table->schema->name;
    return alert_raise(f, node,
                       ALERT_TEXT(f, "%llu of the %u segments of %s hold less than a block, %.0f rows on average",
                                  (Digits)small, table->segment_count, name, (double)rows / (double)small),
                       table->partition_count > 1
                           ? ALERT_TEXT(f,
                                        "%s has %u partitions: partition by something coarser, ALTER TABLE %s writes it again",
                                        name, table->partition_count, name)
                           : ALERT_TEXT(f, "Load %s in fewer and larger batches", name));
}

Status alert_skewed_table(AlertFinder *f, const PhysicalNode *node) {
    const TableVersion *table = table_of(f, node);
    uint32_t slices = f->plan->topology.nodes * f->plan->topology.slices_per_node;
    if (table == NULL || table->dist_style == DIST_ALL) {
        return OK;
    }
    uint64_t *rows;
    TRY_NEW_ARRAY(f->cx, f->arena, rows, slices);
    for (uint32_t i = 0; i < table->segment_count; i++) {
        rows[table->segments[i].slice] += table->segments[i].rows - table->segments[i].deleted_rows;
    }
    double skew = explain_skew(rows, slices);
    if (skew * 100 < (double)f->cx->settings->alert_skew_percent) {
        return OK;
    }
    const TableSchema *schema = table->schema;
    const char *why = schema->dist_style == DIST_KEY
                          ? ALERT_TEXT(f,
                                       "%s is no even key: ALTER TABLE %s ALTER DISTKEY … (of many values, none of them "
                                       "frequent), or ALTER DISTSTYLE EVEN",
                                       schema->columns[schema->dist_column].name, schema->name)
                          : ALERT_TEXT(f, "Write it again: ALTER TABLE %s ALTER DISTSTYLE EVEN", schema->name);
    return alert_raise(
        f, node,
        ALERT_TEXT(f, "the fullest of %u slices has %.2f times the mean of the rows of %s", slices, skew, schema->name), why);
}
