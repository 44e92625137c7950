/* When a merge join is possible, and when it is better than a hash join. Possible: both sides are scans whose segments are
 * sorted by a pair of join keys, and rows with equal keys are in one slice (both tables distributed by those columns) or on one
 * node (both there whole). Better: by rows looked at, against rows hashed and probed; the hash join's side lets its scan skip
 * what has no partner, which a filtered inner side makes the most of.
 *
 * Redshift merges what is at most a fifth unsorted and sorts that part; here segments are sorted always, each for itself, and
 * the join merges them. A table with a segment that is not is not merged. */
#include "plan/distribution.h"

#include "core/settings.h"

#include <math.h>

/* Nanoseconds per row, as measured on lineitem and orders. */
#define MERGE_ROW_NS 3.0  /* each row of either side, decoded and matched */
#define MERGE_PASS_NS 2.0 /* each inner row, for each halving of the segments that overlap */
#define HASH_BUILD_NS 10.0
#define HASH_FILTER_NS 1.0 /* each outer row, tested by the scan for the inner side's keys */
#define HASH_PROBE_NS 4.0  /* each outer row that is left */
#define CURSORS_MAX 256    /* segments that are open at once */

static const TableVersion *scanned_table(const Subplan *side) {
    return side->node->kind == PHYSICAL_SCAN ? side->node->scan.table : NULL;
}

/* Is the slot the column that the table's segments are sorted by first? */
static bool is_sorted_by(const Subplan *side, uint32_t slot) {
    const TableVersion *table = scanned_table(side);
    const TableSchema *schema = table->schema;
    if (schema->sort_key_count == 0 || schema->sort_keys[0] != side->node->scan.columns[slot]) {
        return false;
    }
    for (uint32_t i = 0; i < table->segment_count; i++) {
        if (!table->segments[i].is_sorted) {
            return false;
        }
    }
    return true;
}

/* Numbers of one kind, or texts: what orders alike on both sides. */
static bool orders_alike(Type a, Type b) {
    bool are_integers = type_is_integer(a) && type_is_integer(b);
    bool are_texts = type_is_text(a) && type_is_text(b);
    bool are_same = a.id == b.id && a.scale == b.scale && type_class(a) == type_class(b) && class_is_integer(type_class(a));
    return are_integers || are_texts || are_same;
}

/* Do rows with equal keys meet without moving? *by_slice: in one slice. */
static bool is_together(const Subplan *outer, const Subplan *inner, uint32_t outer_slot, uint32_t inner_slot, bool *by_slice) {
    const TableVersion *a = scanned_table(outer), *b = scanned_table(inner);
    *by_slice = a->dist_style == DIST_KEY && b->dist_style == DIST_KEY &&
                a->schema->dist_column == outer->node->scan.columns[outer_slot] &&
                b->schema->dist_column == inner->node->scan.columns[inner_slot];
    return *by_slice || (a->dist_style == DIST_ALL && b->dist_style == DIST_ALL);
}

/* How many of the table's segments a key is in, on average, within a slice. */
static double overlap_of(const Subplan *side, uint32_t slot) {
    const TableVersion *table = scanned_table(side);
    uint32_t column = side->node->scan.columns[slot], slices = 1;
    double covered = 0;
    const ColumnRange *all = &table->statistics[column].range;
    bool is_text = type_is_text(side->node->columns[slot].type);
    double width = !all->has_range || is_text ? 1 : (double)all->max.i64 - (double)all->min.i64 + 1;
    for (uint32_t i = 0; i < table->segment_count; i++) {
        const ColumnRange *range = &table->segments[i].columns[column].range;
        slices += i > 0 && table->segments[i].slice != table->segments[i - 1].slice;
        covered += is_text ? 1 : !range->has_range ? 0 : ((double)range->max.i64 - (double)range->min.i64 + 1) / width;
    }
    return covered / slices;
}

/* Scans that read what both methods read cost the same and are left out. */
static bool is_cheaper(JoinKind kind, const Subplan *outer, const Subplan *inner, double overlap) {
    double outer_rows = outer->node->rows, inner_rows = inner->node->rows, all = (double)scanned_table(inner)->rows;
    bool drops_unmatched = kind == JOIN_INNER || kind == JOIN_SEMI;
    double share = drops_unmatched && all > inner_rows ? inner_rows / all : 1;
    double passes = overlap > 1 ? log2(overlap) : 0;
    double merge = (outer_rows + inner_rows) * MERGE_ROW_NS + inner_rows * passes * MERGE_PASS_NS;
    double hash = inner_rows * HASH_BUILD_NS + outer_rows * (HASH_FILTER_NS + share * HASH_PROBE_NS);
    return merge < hash;
}

static void put_first(uint32_t *numbers, uint32_t i) {
    uint32_t moved = numbers[i];
    numbers[i] = numbers[0];
    numbers[0] = moved;
}

bool merge_join_fits(const Lowering *low, JoinKind kind, JoinMethod asked, JoinKeys *keys, const Subplan *outer,
                     const Subplan *inner, bool *by_slice) {
    bool is_kind = kind == JOIN_INNER || kind == JOIN_LEFT || kind == JOIN_SEMI || kind == JOIN_ANTI;
    bool is_allowed = asked == METHOD_MERGE || (asked == METHOD_ANY && low->cx->settings->enable_mergejoin);
    if (!is_kind || !is_allowed || scanned_table(outer) == NULL || scanned_table(inner) == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < keys->count; i++) {
        uint32_t outer_slot = keys->probe_slots[i], inner_slot = keys->build_slots[i];
        if (!is_sorted_by(outer, outer_slot) || !is_sorted_by(inner, inner_slot) ||
            !orders_alike(outer->node->columns[outer_slot].type, inner->node->columns[inner_slot].type) ||
            !is_together(outer, inner, outer_slot, inner_slot, by_slice)) {
            continue;
        }
        double outer_overlap = overlap_of(outer, outer_slot), inner_overlap = overlap_of(inner, inner_slot);
        bool fits =
            outer_overlap <= CURSORS_MAX && inner_overlap <= CURSORS_MAX &&
            (asked == METHOD_MERGE || !low->cx->settings->enable_hashjoin || is_cheaper(kind, outer, inner, inner_overlap));
        if (fits) {
            put_first(keys->probe_slots, i);
            put_first(keys->build_slots, i);
            put_first(keys->probe_ids, i);
            put_first(keys->build_ids, i);
        }
        return fits;
    }
    return false;
}
