/* Alerts of joins and exchanges: loops, rows that travel, keys that are hot. */
#include "plan/alerts.h"

#include "core/settings.h"
#include "plan/column_origin.h"
#include "plan/explain.h"

typedef unsigned long long Digits; /* what %llu prints */

Status alert_nested_loop(AlertFinder *f, const PhysicalNode *node) {
    if (node->kind != PHYSICAL_NESTED_LOOP || node->join.algorithm != JOIN_BY_LOOP) {
        return OK;
    }
    const PhysicalNode *outer = node->children[0], *inner = node->children[1];
    uint64_t pairs = 0;
    for (uint32_t n = 0; n < f->profile->node_count; n++) {
        pairs += alert_profile(f, outer, n)->rows * alert_profile(f, inner, n)->rows;
    }
    uint64_t outer_rows = alert_sum(f, outer).rows, inner_rows = alert_sum(f, inner).rows;
    if (pairs <= outer_rows || pairs <= inner_rows || pairs < (uint64_t)f->cx->settings->alert_rows_min) {
        return OK; /* one row on a side: nothing is compared twice */
    }
    const char *details = ALERT_TEXT(f, "%llu pairs of rows were compared", (Digits)pairs);
    return alert_raise(f, node, details,
                       node->join.residual == NULL
                           ? "Review the join predicates to avoid Cartesian products: the two sides have none in common"
                           : "Review the join predicates: with an equality between the sides a hash join is possible");
}

/* ------------------------------------------------------------------------------------------------------------- rows that move
 */

/* "(over 20 % of the 60000 rows of lineorder: SET alert_moved_percent; Redshift's threshold is 1000000 rows)" */
static bool is_large(const AlertFinder *f, uint64_t rows, const char **threshold) {
    const Settings *settings = f->cx->settings;
    uint64_t share = f->largest_rows * (uint64_t)settings->alert_moved_percent / 100;
    if (settings->alert_moved_rows > 0) {
        *threshold = ALERT_TEXT(f, "over %lld, SET alert_moved_rows", (long long)settings->alert_moved_rows);
        return rows > (uint64_t)settings->alert_moved_rows;
    }
    *threshold = ALERT_TEXT(f, "over %lld %% of the %llu rows of %s, SET alert_moved_percent; Redshift's threshold is 1000000",
                            (long long)settings->alert_moved_percent, (Digits)f->largest_rows, f->largest);
    return rows > share && rows >= (uint64_t)settings->alert_rows_min;
}

static Status check_moved(AlertFinder *f, const PhysicalNode *node, ExchangeKind kind, const char *solution) {
    if (node->kind != PHYSICAL_EXCHANGE || node->exchange.kind != kind) {
        return OK;
    }
    ExchangeProfile sum = alert_sum(f, node).exchange;
    const char *threshold;
    if (!is_large(f, sum.rows_sent, &threshold)) {
        return OK;
    }
    return threshold == NULL ? OUT_OF_MEMORY
                             : alert_raise(f, node,
                                           ALERT_TEXT(f, "rows(%llu), bytes(%llu) (%s)", (Digits)sum.rows_sent,
                                                      (Digits)sum.bytes_sent, threshold),
                                           solution);
}

Status alert_broadcast(AlertFinder *f, const PhysicalNode *node) {
    return check_moved(
        f, node, EXCHANGE_BROADCAST,
        "Review the choice of distribution key to collocate the join, or give a small inner table DISTSTYLE ALL");
}

Status alert_redistribution(AlertFinder *f, const PhysicalNode *node) {
    return check_moved(f, node, EXCHANGE_HASH, "Review the choice of distribution key to collocate the join or aggregation");
}

Status alert_skewed_redistribution(AlertFinder *f, const PhysicalNode *node) {
    if (node->kind != PHYSICAL_EXCHANGE || node->exchange.kind != EXCHANGE_HASH) {
        return OK;
    }
    uint32_t slices = f->plan->topology.nodes * f->plan->topology.slices_per_node;
    uint64_t *rows, all = 0;
    TRY_NEW_ARRAY(f->cx, f->arena, rows, slices);
    for (uint32_t n = 0; n < f->profile->node_count; n++) {
        const uint64_t *to = alert_profile(f, node, n)->exchange.rows_to_slice;
        for (uint32_t s = 0; to != NULL && s < slices; s++) {
            rows[s] += to[s];
            all += to[s];
        }
    }
    double skew = explain_skew(rows, slices);
    if (all < (uint64_t)f->cx->settings->alert_rows_min || skew * 100 < (double)f->cx->settings->alert_skew_percent) {
        return OK;
    }
    return alert_raise(
        f, node, ALERT_TEXT(f, "the fullest of %u slices got %.2f times the mean of %llu rows", slices, skew, (Digits)all),
        "A few keys have most of the rows; in a join, the hint SALT(table) behind SELECT spreads them over all nodes");
}

/* ----------------------------------------------------------------------------------------------------- joins on other columns
 */

/* The key's column, if the side is redistributed and that is a table's column which is not its distribution key. */
static ColumnOrigin wrong_key(const PhysicalNode *side, uint32_t slot) {
    const PhysicalNode *at = side;
    while (at->kind == PHYSICAL_PROJECT || at->kind == PHYSICAL_FILTER) {
        at = at->children[0];
    }
    ColumnOrigin origin = column_origin(side, slot);
    bool is_moved = at->kind == PHYSICAL_EXCHANGE && at->exchange.kind == EXCHANGE_HASH;
    if (!is_moved || origin.scan == NULL) {
        return (ColumnOrigin){0};
    }
    const TableSchema *schema = origin.scan->scan.table->schema;
    bool is_key = schema->dist_style == DIST_KEY && schema->dist_column == origin.column;
    return is_key ? (ColumnOrigin){0} : origin;
}

static Status add_cure(AlertFinder *f, ColumnOrigin origin, const char **columns, const char **cures) {
    if (origin.scan == NULL) {
        return OK;
    }
    const TableSchema *schema = origin.scan->scan.table->schema;
    const char *column = schema->columns[origin.column].name;
    *columns = ALERT_TEXT(f, "%s%s%s.%s", *columns == NULL ? "" : *columns, *columns == NULL ? "" : ", ", schema->name, column);
    *cures = ALERT_TEXT(f, "%s%sALTER TABLE %s ALTER DISTKEY %s", *cures == NULL ? "" : *cures, *cures == NULL ? "" : "; ",
                        schema->name, column);
    return *columns == NULL || *cures == NULL ? OUT_OF_MEMORY : OK;
}

Status alert_join_key(AlertFinder *f, const PhysicalNode *node) {
    if (node->kind != PHYSICAL_HASH_JOIN || f->plan->topology.nodes == 1 || node->join.key_count == 0) {
        return OK;
    }
    const char *columns = NULL, *cures = NULL;
    TRY(add_cure(f, wrong_key(node->children[0], node->join.probe_keys[0]), &columns, &cures));
    TRY(add_cure(f, wrong_key(node->children[1], node->join.build_keys[0]), &columns, &cures));
    uint64_t rows = alert_sum(f, node->children[0]).rows + alert_sum(f, node->children[1]).rows;
    if (columns == NULL || rows < (uint64_t)f->cx->settings->alert_rows_min) {
        return OK;
    }
    return alert_raise(f, node, ALERT_TEXT(f, "%s of %llu rows joined", columns, (Digits)rows),
                       ALERT_TEXT(f, "%s: rows of one key are on one node then, and stay there", cures));
}
