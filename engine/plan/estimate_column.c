/* Shares of rows by one column's statistics: common values count as they were met, the others are spread evenly between the
 * bounds of the histogram, or between minimum and maximum where there is none. */
#include "plan/estimate_column.h"

#include <math.h>
#include <stdlib.h>

double clamp_share(double share) {
    return share < 0 || share != share ? 0 : share > 1 ? 1 : share;
}

/* A declared key of this column alone makes its values differ. */
static bool is_unique(const TableSchema *schema, uint32_t column) {
    for (uint32_t i = 0; i < schema->key_count; i++) {
        const KeyConstraint *key = &schema->keys[i];
        if (key->kind != KEY_FOREIGN && key->column_count == 1 && key->columns[0] == column) {
            return true;
        }
    }
    return false;
}

/* Values that repeat little stay so in a table that is taken to be larger or smaller; few values stay few. */
static double planned_distinct(const KnownColumn *known) {
    double rows = (double)known->table->rows, distinct = known->statistics->distinct;
    if (is_unique(known->table->schema, known->column)) {
        return known->rows * (1 - known->nulls);
    }
    if (distinct > rows / 10 && rows > 0) {
        distinct *= known->rows / rows;
    }
    return distinct < known->rows ? distinct : known->rows;
}

void known_column(const TableVersion *table, uint32_t column, KnownColumn *known) {
    const ColumnStatistics *statistics = &table->statistics[column];
    const ColumnRange *range = &statistics->range;
    *known = (KnownColumn){.table = table, .column = column, .statistics = statistics};
    known->rows = (double)table_planned_rows(table);
    known->nulls = range->rows == 0 ? 0 : (double)range->nulls / (double)range->rows;
    known->others = 1 - known->nulls;
    for (uint32_t i = 0; i < statistics->common_count; i++) {
        known->others -= statistics->common[i].share;
    }
    known->others = known->others < 1e-6 ? 0 : known->others;
    double distinct = planned_distinct(known);
    known->distinct = distinct < 1 ? 1 : distinct;
}

bool known_expr(const LogicalPlan *plan, const Expr *expr, KnownColumn *known) {
    const Expr *column = expr_widened_column(expr);
    if (column == NULL || column->kind != EXPR_COLUMN || plan->columns[column->column].table == NULL) {
        return false;
    }
    const LogicalColumn *logical = &plan->columns[column->column];
    known_column(logical->table, logical->table_column, known);
    return true;
}

/* --------------------------------------------------------------------------------------------------------- places on a line */

/* For interpolation. Text is placed by its bytes from `skip` on. False for types that have no places. */
static bool value_place(const Value *value, uint32_t skip, double *place) {
    switch (type_class(value->type)) {
    case CLASS_BOOL:
    case CLASS_I16:
    case CLASS_I32:
    case CLASS_I64: *place = (double)value->i64; return true;
    case CLASS_I128: *place = (double)value->i128; return true;
    case CLASS_F32:
    case CLASS_F64: *place = value->f64; return true;
    case CLASS_TEXT: {
        const char *data = text_data(&value->text);
        *place = 0;
        for (uint32_t i = skip; i < skip + 6; i++) {
            *place = *place * 256 + (i < value->text.bytes ? (uint8_t)data[i] : 0);
        }
        return true;
    }
    default: return false;
    }
}

static uint32_t common_prefix(const Value *a, const Value *b) {
    uint32_t bytes = 0;
    while (type_is_text(a->type) && bytes < a->text.bytes && bytes < b->text.bytes &&
           text_data(&a->text)[bytes] == text_data(&b->text)[bytes]) {
        bytes++;
    }
    return bytes;
}

static double step_of(const Value *value) { /* from one whole number to the next */
    return class_is_integer(type_class(value->type)) ? 1 : 0;
}

/* The share that lies below the value, or up to it, of what goes from low to high, `high` itself included or not. */
static double interpolate(const Value *low, const Value *high, bool has_high, const Value *value, bool up_to) {
    double a, b, x;
    uint32_t skip = common_prefix(low, high);
    if (type_is_text(value->type) && common_prefix(low, value) < skip) {
        return value_compare(value, low) < 0 ? 0 : 1;
    }
    if (!value_place(low, skip, &a) || !value_place(high, skip, &b) || !value_place(value, skip, &x)) {
        return 0.5;
    }
    x += up_to ? step_of(value) : 0;
    b += has_high ? step_of(value) : 0;
    return b <= a ? 1 : clamp_share((x - a) / (b - a));
}

/* ------------------------------------------------------------------------------------------------------------------- ranges
 */

/* Of the values in the histogram, the share below the value, or up to it. */
static double histogram_share(const ColumnStatistics *statistics, const Value *value, bool up_to) {
    uint32_t first = 0, count = statistics->bound_count;
    while (count > 0) { /* the first bound that is not below */
        uint32_t half = count / 2;
        int order = value_compare(&statistics->bounds[first + half], value);
        bool is_below = order < 0 || (order == 0 && up_to);
        first = is_below ? first + half + 1 : first;
        count = is_below ? count - half - 1 : half;
    }
    if (first == 0 || first == statistics->bound_count) {
        return first == 0 ? 0 : 1;
    }
    bool is_last = first + 1 == statistics->bound_count;
    double within = interpolate(&statistics->bounds[first - 1], &statistics->bounds[first], is_last, value, up_to);
    return (first - 1 + within) / (statistics->bound_count - 1);
}

/* As minimum and maximum say, which are those of all rows there are now. */
static double even_share(const ColumnRange *range, const Value *value, bool up_to) {
    if (value_compare(value, &range->min) < 0) {
        return 0;
    }
    return value_compare(value, &range->max) > 0 ? 1 : interpolate(&range->min, &range->max, true, value, up_to);
}

/* Rows that came after the sample are not in its histogram: they are spread evenly. */
static double share_after_sample(const TableVersion *table) {
    double rows = (double)table->rows, known = (double)table->sample.table_rows;
    return !table->sample.is_taken ? 1 : rows > known ? 1 - known / rows : 0;
}

/* The share of all rows whose value is below, or up to it. */
static double share_below(const KnownColumn *known, const Value *value, bool up_to) {
    const ColumnStatistics *statistics = known->statistics;
    double common = 0, late = share_after_sample(known->table), even = even_share(&statistics->range, value, up_to);
    for (uint32_t i = 0; i < statistics->common_count; i++) {
        int order = value_compare(&statistics->common[i].value, value);
        common += order < 0 || (order == 0 && up_to) ? statistics->common[i].share : 0;
    }
    double others = statistics->bound_count > 1 ? histogram_share(statistics, value, up_to) : even;
    return (1 - late) * (common + known->others * others) + late * (1 - known->nulls) * even;
}

static bool is_outside(const ColumnRange *range, const Value *value) {
    return value_compare(value, &range->min) < 0 || (value_compare(value, &range->max) > 0 && !range->max_is_truncated);
}

static double known_equal_share(const KnownColumn *known, const Value *value) {
    const ColumnStatistics *statistics = known->statistics;
    if (value->is_null || (statistics->range.has_range && is_outside(&statistics->range, value))) {
        return 0;
    }
    for (uint32_t i = 0; i < statistics->common_count; i++) {
        if (value_compare(&statistics->common[i].value, value) == 0) {
            return statistics->common[i].share;
        }
    }
    double distinct = known->distinct - statistics->common_count;
    return known->others / (distinct < 1 ? 1 : distinct);
}

/* Within minimum and maximum a range is taken to have at least one of the values that are not common. */
static double range_share(const KnownColumn *known, const Predicate *range) {
    const ColumnRange *all = &known->statistics->range;
    if (range->has_low && range->has_high) {
        int order = value_compare(&range->low, &range->high);
        if (order >= 0) {
            return order > 0 ? 0 : known_equal_share(known, &range->low);
        }
    }
    if (!all->has_range) {
        return SHARE_DEFAULT * (1 - known->nulls);
    }
    bool is_beyond = (range->has_low && value_compare(&range->low, &all->max) > 0 && !all->max_is_truncated) ||
                     (range->has_high && value_compare(&range->high, &all->min) < 0);
    double high = range->has_high ? share_below(known, &range->high, range->high_inclusive) : 1 - known->nulls;
    double low = range->has_low ? share_below(known, &range->low, !range->low_inclusive) : 0;
    double share = clamp_share(high - low), least = known->others / known->distinct;
    return is_beyond ? 0 : share < least ? least : share;
}

double known_predicate_share(const KnownColumn *known, const Predicate *predicate) {
    double share = 0;
    switch (predicate->kind) {
    case PREDICATE_RANGE: return range_share(known, predicate);
    case PREDICATE_IN:
        for (uint32_t i = 0; i < predicate->value_count; i++) {
            share += known_equal_share(known, &predicate->values[i]);
        }
        return clamp_share(share);
    case PREDICATE_IS_NULL: return known->nulls;
    case PREDICATE_NOT_NULL: return 1 - known->nulls;
    default: return SHARE_DEFAULT;
    }
}

/* -------------------------------------------------------------------------------------------------------------------- joins
 */

static bool are_alike(const KnownColumn *a, const KnownColumn *b) {
    StorageClass class_a = type_class(a->table->schema->columns[a->column].type),
                 class_b = type_class(b->table->schema->columns[b->column].type);
    return class_a == class_b || (class_is_integer(class_a) && class_is_integer(class_b));
}

#define OVERLAP_LEAST 1e-4

double known_overlap(const KnownColumn *own, const KnownColumn *other) {
    const ColumnRange *a = &own->statistics->range, *b = &other->statistics->range;
    if (!a->has_range || !b->has_range || !are_alike(own, other) || type_is_text(a->min.type)) {
        return 1;
    }
    double share = even_share(a, &b->max, true) - even_share(a, &b->min, false);
    return share < OVERLAP_LEAST ? OVERLAP_LEAST : clamp_share(share);
}

static int compare_common(const void *a_, const void *b_) {
    const CommonValue *a = *(const CommonValue *const *)a_, *b = *(const CommonValue *const *)b_;
    return value_compare(&a->value, &b->value);
}

typedef struct CommonList { /* by value */
    uint32_t count;
    const CommonValue *items[128];
} CommonList;

static void sort_common(const ColumnStatistics *statistics, CommonList *list) {
    uint32_t most = sizeof list->items / sizeof *list->items;
    list->count = statistics->common_count < most ? statistics->common_count : most;
    for (uint32_t i = 0; i < list->count; i++) {
        list->items[i] = &statistics->common[i];
    }
    qsort(list->items, list->count, sizeof *list->items, compare_common);
}

/* What the common values of both sides have to do with each other. */
typedef struct Meeting {
    double both;           /* sum of products of shares of values that are common on both sides */
    uint32_t count;        /* of these values */
    double lone_a, lone_b; /* shares of common values that the other side does not list */
} Meeting;

static Meeting meet(const ColumnStatistics *a, const ColumnStatistics *b) {
    CommonList as, bs;
    Meeting m = {0};
    sort_common(a, &as);
    sort_common(b, &bs);
    uint32_t j = 0;
    for (uint32_t i = 0; i < as.count; i++) {
        while (j < bs.count && value_compare(&bs.items[j]->value, &as.items[i]->value) < 0) {
            m.lone_b += bs.items[j++]->share;
        }
        if (j < bs.count && value_compare(&bs.items[j]->value, &as.items[i]->value) == 0) {
            m.both += as.items[i]->share * bs.items[j++]->share;
            m.count++;
        } else {
            m.lone_a += as.items[i]->share;
        }
    }
    for (; j < bs.count; j++) {
        m.lone_b += bs.items[j]->share;
    }
    return m;
}

/* From the view of `a`: its lone common values meet b's others, its others meet all of b that no common value of its met. */
static double share_from(const KnownColumn *a, const KnownColumn *b, const Meeting *m, double lone_a, double lone_b) {
    double b_others = b->distinct - b->statistics->common_count, b_unmet = b->distinct - m->count, share = m->both;
    share += b_others >= 1 ? lone_a * b->others / b_others : 0;
    share += b_unmet >= 1 ? a->others * (b->others + lone_b) / b_unmet : 0;
    return share;
}

/* Seen from the side with more values, what the other has none of finds no partner: the smaller of both views holds. */
double known_join_share(const KnownColumn *a, const KnownColumn *b) {
    double most = a->distinct > b->distinct ? a->distinct : b->distinct;
    if (!are_alike(a, b) || a->statistics->common_count == 0 || b->statistics->common_count == 0) {
        return (1 - a->nulls) * (1 - b->nulls) / most;
    }
    Meeting m = meet(a->statistics, b->statistics);
    double from_a = share_from(a, b, &m, m.lone_a, m.lone_b), from_b = share_from(b, a, &m, m.lone_b, m.lone_a);
    return from_a < from_b ? from_a : from_b;
}
