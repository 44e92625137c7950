/* Joins of tables that are partitioned alike: by the same transforms of columns that the join makes equal, so that each
 * partition has its partners in one of the other side. Joined pair by pair, hash tables hold one partition (of one slice). */
#include "plan/distribution.h"

#include "core/settings.h"

#define ROWS_WORTH_PAIRS 50000 /* a smaller table stays in the caches whole */
#define SHARE_WORTH_PAIRS 0.5  /* else the inner side's keys, known before the outer side is read, are worth more */
#define PAIRS_COMPARED_MAX ((uint64_t)1 << 22)

/* The same transform of two columns that the join makes equal. */
static bool is_same_key(const JoinKeys *keys, const Subplan *outer, const Subplan *inner, const PartitionKey *a,
                        const PartitionKey *b) {
    if (a->transform != b->transform || a->parameter != b->parameter) {
        return false;
    }
    for (uint32_t i = 0; i < keys->count; i++) {
        uint32_t outer_slot = keys->probe_slots[i], inner_slot = keys->build_slots[i];
        if (outer->node->scan.columns[outer_slot] == a->column && inner->node->scan.columns[inner_slot] == b->column) {
            Type outer_type = outer->node->columns[outer_slot].type, inner_type = inner->node->columns[inner_slot].type;
            return outer_type.id == inner_type.id && outer_type.scale == inner_type.scale;
        }
    }
    return false;
}

static bool are_partitioned_alike(const JoinKeys *keys, const Subplan *outer, const Subplan *inner) {
    const TableSchema *a = outer->node->scan.table->schema, *b = inner->node->scan.table->schema;
    bool alike = a->partition_key_count > 0 && a->partition_key_count == b->partition_key_count;
    for (uint32_t k = 0; alike && k < a->partition_key_count; k++) {
        alike = is_same_key(keys, outer, inner, &a->partition_keys[k], &b->partition_keys[k]);
    }
    return alike;
}

/* NULL is in a partition of its own, which has no partners. */
static bool is_pair(const Partition *a, const Partition *b) {
    for (uint32_t k = 0; k < a->key_count; k++) {
        if (a->values[k].is_null || b->values[k].is_null || value_compare(&a->values[k], &b->values[k]) != 0) {
            return false;
        }
    }
    return true;
}

static Status list_pairs(Lowering *low, const TableVersion *outer, const TableVersion *inner, bool drops_unmatched,
                         JoinSpec *spec) {
    PartitionPair *pairs;
    TRY_NEW_ARRAY(low->cx, low->arena, pairs, outer->partition_count + 1);
    uint32_t count = 0;
    for (uint32_t a = 0; a < outer->partition_count; a++) {
        uint32_t b = 0;
        while (b < inner->partition_count && !is_pair(&outer->partitions[a], &inner->partitions[b])) {
            b++;
        }
        if (b < inner->partition_count || !drops_unmatched) {
            pairs[count++] = (PartitionPair){a, b < inner->partition_count ? b : UINT32_MAX};
        }
    }
    spec->pair_count = count > 1 ? count : 0;
    spec->pairs = pairs;
    return OK;
}

static bool is_worth_it(JoinKind kind, const Subplan *inner) {
    double rows = inner->node->rows, all = (double)inner->node->scan.table->rows;
    bool drops_unmatched = kind == JOIN_INNER || kind == JOIN_SEMI;
    return rows >= ROWS_WORTH_PAIRS && (!drops_unmatched || rows >= SHARE_WORTH_PAIRS * all);
}

Status partition_join_pairs(Lowering *low, const JoinKeys *keys, const Subplan *outer, const Subplan *inner, JoinSpec *spec) {
    JoinKind kind = spec->kind;
    bool is_kind = kind == JOIN_INNER || kind == JOIN_LEFT || kind == JOIN_SEMI || kind == JOIN_ANTI;
    if (!is_kind || !low->cx->settings->enable_partitionwise_join || outer->node->kind != PHYSICAL_SCAN ||
        inner->node->kind != PHYSICAL_SCAN || !are_partitioned_alike(keys, outer, inner) || !is_worth_it(kind, inner)) {
        return OK;
    }
    const TableVersion *a = outer->node->scan.table, *b = inner->node->scan.table;
    if ((uint64_t)a->partition_count * b->partition_count > PAIRS_COMPARED_MAX) {
        return OK;
    }
    bool is_local = !moves_rows(low) || (a->dist_style == DIST_ALL && b->dist_style == DIST_ALL);
    for (uint32_t i = 0; i < keys->count && !spec->pairs_by_slice; i++) {
        spec->pairs_by_slice = a->dist_style == DIST_KEY && b->dist_style == DIST_KEY &&
                               a->schema->dist_column == outer->node->scan.columns[keys->probe_slots[i]] &&
                               b->schema->dist_column == inner->node->scan.columns[keys->build_slots[i]];
    }
    bool drops_unmatched = kind == JOIN_INNER || kind == JOIN_SEMI;
    return is_local || spec->pairs_by_slice ? list_pairs(low, a, b, drops_unmatched, spec) : OK;
}
