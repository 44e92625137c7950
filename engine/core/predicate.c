/* What a predicate can say of a run of rows from its minimum, maximum and NULL count. */
#include "core/predicate.h"

#include <assert.h>

/* Can any key lie in [low, high]? */
static bool key_filter_overlaps(const KeyFilter *filter, int64_t low, int64_t high) {
    if (filter->is_empty || high < filter->min || low > filter->max) {
        return false;
    }
    if (filter->bitmap == NULL) {
        return true;
    }
    uint64_t first = low <= filter->min ? 0 : (uint64_t)low - (uint64_t)filter->min;
    uint64_t last = (uint64_t)(high >= filter->max ? filter->max : high) - (uint64_t)filter->min;
    uint64_t first_mask = UINT64_MAX << (first % 64);
    uint64_t last_mask = UINT64_MAX >> (63 - last % 64);
    if (first / 64 == last / 64) {
        return (filter->bitmap[first / 64] & first_mask & last_mask) != 0;
    }
    if ((filter->bitmap[first / 64] & first_mask) != 0 || (filter->bitmap[last / 64] & last_mask) != 0) {
        return true;
    }
    for (uint64_t word = first / 64 + 1; word < last / 64; word++) {
        if (filter->bitmap[word] != 0) {
            return true;
        }
    }
    return false;
}

/* May `value` be <= the run's maximum (and, with `or_equal` false, below it)? A truncated maximum hides a suffix: anything that
 * starts with it may still be below the true one. */
static bool below_max(const Value *value, const ColumnRange *range, bool or_equal) {
    int order = value_compare(value, &range->max);
    if (order < 0 || (or_equal && order == 0)) {
        return true;
    }
    if (!range->max_is_truncated) {
        return false;
    }
    const Text *max = &range->max.text;
    return value->text.bytes >= max->bytes && memcmp(text_data(&value->text), text_data(max), max->bytes) == 0;
}

static bool above_min(const Value *value, const ColumnRange *range, bool or_equal) {
    int order = value_compare(value, &range->min);
    return order > 0 || (or_equal && order == 0);
}

static bool range_may_match(const Predicate *p, const ColumnRange *range) {
    /* Some row r has min <= r <= max; the predicate wants low <= r <= high. */
    return (!p->has_low || below_max(&p->low, range, p->low_inclusive)) &&
           (!p->has_high || above_min(&p->high, range, p->high_inclusive));
}

static bool in_may_match(const Predicate *p, const ColumnRange *range) {
    for (uint32_t i = 0; i < p->value_count; i++) {
        if (below_max(&p->values[i], range, true) && above_min(&p->values[i], range, true)) {
            return true;
        }
    }
    return false;
}

bool predicate_may_match(const Predicate *predicate, const ColumnRange *range) {
    if (range->rows == 0) {
        return false;
    }
    if (predicate->kind == PREDICATE_IS_NULL) {
        return range->nulls > 0;
    }
    if (range->nulls == range->rows) {
        return false; /* every other predicate is false or NULL for a NULL */
    }
    if (!range->has_range) {
        return true;
    }
    switch (predicate->kind) {
    case PREDICATE_RANGE: return range_may_match(predicate, range);
    case PREDICATE_IN: return in_may_match(predicate, range);
    case PREDICATE_KEYS: return key_filter_overlaps(predicate->keys, range->min.i64, range->max.i64);
    default: return true;
    }
}
