/* PERCENTILE_CONT, PERCENTILE_DISC and MEDIAN: the state is a list of the values; the result is selected, not sorted. Over
 * values that come in order, of which the number is known, the one or two that matter are picked as they pass. */
#include "core/interval.h"
#include "expr/agg_kept.h"
#include "expr/agg_list.h"
#include "expr/agg_order.h"

#include <math.h>
#include <stdlib.h>

/* Where the result stands among n values in the order of WITHIN GROUP: at `rank`, or `part` of the way from it to the next. */
typedef struct Place {
    uint64_t rank;
    double part;
} Place;

static bool interpolates(const Aggregate *aggregate) {
    return aggregate->id != AGGREGATE_PERCENTILE_DISC;
}

static bool is_descending(const Aggregate *aggregate) {
    return aggregate->order_count > 0 && aggregate->order[0].is_descending;
}

static Place place_of(const Aggregate *aggregate, uint64_t count) {
    double fraction = aggregate->id == AGGREGATE_MEDIAN ? 0.5 : aggregate->direct[0].f64;
    if (interpolates(aggregate)) {
        double at = fraction * (double)(count - 1);
        return (Place){.rank = (uint64_t)floor(at), .part = at - floor(at)};
    }
    uint64_t number = (uint64_t)ceil(fraction * (double)count); /* from 1 */
    number = number < 1 ? 1 : number > count ? count : number;
    return (Place){.rank = number - 1};
}

static int64_t between_integers(int64_t low, int64_t high, double part) {
    return low + (int64_t)rint(part * ((double)high - (double)low));
}

/* The value `part` of the way from one word's to another's. */
static void word_between(StorageClass class, uint64_t low, uint64_t high, double part, void *out) {
    order_value(class, low, out);
    if (low == high) {
        return;
    }
    if (class == CLASS_F64) {
        double a = *(double *)out, b;
        order_value(class, high, &b);
        *(double *)out = a + part * (b - a);
        return;
    }
    int64_t a = (int64_t)(low ^ ORDER_SIGN), b = (int64_t)(high ^ ORDER_SIGN);
    order_value(class, (uint64_t)between_integers(a, b, part) ^ ORDER_SIGN, out);
}

/* The word after `low`, which was selected for the rank. */
static uint64_t next_word(const uint64_t *words, uint64_t count, uint64_t low, uint64_t rank) {
    uint64_t found = 0, next = UINT64_MAX;
    for (uint64_t i = 0; i < count; i++) {
        found += words[i] <= low;
        next = words[i] > low && words[i] < next ? words[i] : next;
    }
    return found > rank + 1 ? low : next;
}

/* For DESC all words are inverted. */
static void finish_words(const Aggregate *aggregate, uint64_t *words, uint64_t count, Place place, void *out) {
    StorageClass class = type_class(aggregate->argument);
    uint64_t inverted = is_descending(aggregate) ? UINT64_MAX : 0;
    for (uint64_t i = 0; i < count && inverted != 0; i++) {
        words[i] = ~words[i];
    }
    uint64_t low = order_select(words, count, place.rank), high = low;
    if (place.part != 0) {
        high = next_word(words, count, low, place.rank);
    }
    word_between(class, low ^ inverted, high ^ inverted, place.part, out);
}

/* -------------------------------------------------------------------------------------------------- values wider than a word
 */

static int compare_wide(const void *a, const void *b) {
    __int128 x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static int compare_text(const void *a, const void *b) {
    return text_compare(a, b);
}

static int compare_interval(const void *a, const void *b) {
    __int128 x = interval_order(*(const Interval *)a), y = interval_order(*(const Interval *)b);
    return (x > y) - (x < y);
}

static Status interval_between(const Context *cx, const Interval *low, const Interval *high, double part, Interval *out) {
    Interval less, distance, step;
    if (!interval_negate(*low, &less) || !interval_add(*high, less, &distance) || !interval_multiply(distance, part, &step) ||
        !interval_add(*low, step, out)) {
        return fail(cx, DATETIME_OUT_OF_RANGE, "interval out of range");
    }
    return OK;
}

static Status finish_wide(const Context *cx, const Aggregate *aggregate, const List *list, uint8_t *values, Place place,
                          void *out) {
    static int (*const comparisons[CLASS_COUNT])(const void *, const void *) = {
        [CLASS_I128] = compare_wide, [CLASS_TEXT] = compare_text, [CLASS_INTERVAL] = compare_interval};
    qsort(values, list->count, 16, comparisons[type_class(aggregate->argument)]);
    uint64_t at = is_descending(aggregate) ? list->count - 1 - place.rank : place.rank;
    const Interval *low = (const Interval *)(const void *)(values + at * 16);
    memcpy(out, low, 16);
    return place.part == 0 ? OK : interval_between(cx, low, is_descending(aggregate) ? low - 1 : low + 1, place.part, out);
}

/* ------------------------------------------------------------------------------------------------------------------- finish */

static Status finish_states(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                            uint8_t *values, uint64_t *words, Vector *out) {
    StorageClass class = type_class(aggregate->argument);
    size_t bytes = class_bytes(class);
    for (uint32_t i = 0; i < count; i++) {
        const List *list = (const List *)(const void *)(states + i * stride);
        if (list->count == 0 || (aggregate->direct_count > 0 && aggregate->direct[0].is_null)) {
            TRY(agg_set_null(cx, out, i));
            continue;
        }
        Place place = place_of(aggregate, list->count);
        uint8_t *result = (uint8_t *)out->data + i * bytes;
        TRY(check_cancel(cx));
        list_copy(aggregate, list, values);
        if (order_has_words(class)) {
            order_words(class, values, list->count, words);
            finish_words(aggregate, words, list->count, place, result);
        } else {
            TRY(finish_wide(cx, aggregate, list, values, place, result));
        }
    }
    return OK;
}

static Status quantile_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride,
                              uint32_t count, Vector *out, Arena *arena) {
    (void)arena;
    uint64_t longest = list_longest(states, stride, count);
    uint8_t *values;
    uint64_t *words;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    TRY_ALLOC(cx, values, longest * 16);
    words = mem_alloc(cx, longest * sizeof *words);
    Status status = words == NULL ? OUT_OF_MEMORY : finish_states(cx, aggregate, states, stride, count, values, words, out);
    mem_free(values);
    mem_free(words);
    return status;
}

/* ---------------------------------------------------------------------------------------------------------- values in order */

typedef struct Passed {
    uint64_t count; /* of the values that will come: set before the first */
    uint64_t seen;
    Kept low, high; /* what the result is, or lies between */
} Passed;

static Status passed_update(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                            const uint32_t *groups, const Vector *const *arguments, uint32_t rows, Arena *arena) {
    for (uint32_t row = 0; row < rows; row++) {
        Passed *passed = (Passed *)(void *)agg_state(states, stride, groups, row);
        if (!vector_is_valid(arguments[0], row)) {
            continue;
        }
        uint64_t rank = place_of(aggregate, passed->count).rank, at = passed->seen++;
        if (at == rank || at == rank + 1) {
            Value value = vector_value(arguments[0], row);
            TRY(kept_set(cx, at == rank ? &passed->low : &passed->high, &value, arena));
        }
    }
    return OK;
}

static Status passed_between(const Context *cx, const Aggregate *aggregate, const Passed *passed, double part, void *out) {
    StorageClass class = type_class(aggregate->argument);
    Value low = kept_value(&passed->low, aggregate->argument), high = kept_value(&passed->high, aggregate->argument);
    _Alignas(16) uint8_t values[2][16];
    uint64_t words[2];
    value_store(&low, values[0], 0);
    if (part == 0) {
        memcpy(out, values[0], class_bytes(class));
        return OK;
    }
    value_store(&high, values[1], 0);
    if (class == CLASS_INTERVAL) {
        return interval_between(cx, &low.interval, &high.interval, part, out);
    }
    order_words(class, values[0], 1, &words[0]);
    order_words(class, values[1], 1, &words[1]);
    word_between(class, words[0], words[1], part, out);
    return OK;
}

static Status passed_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                            Vector *out, Arena *arena) {
    (void)arena;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    size_t bytes = class_bytes(type_class(aggregate->argument));
    for (uint32_t i = 0; i < count; i++) {
        const Passed *passed = (const Passed *)(const void *)(states + i * stride);
        if (passed->seen == 0 || (aggregate->direct_count > 0 && aggregate->direct[0].is_null)) {
            TRY(agg_set_null(cx, out, i));
            continue;
        }
        Place place = place_of(aggregate, passed->count);
        TRY(passed_between(cx, aggregate, passed, place.part, (uint8_t *)out->data + i * bytes));
    }
    return OK;
}

static void quantile_stream(Aggregate *aggregate) {
    aggregate->collects = false;
    aggregate->needs_count = true;
    aggregate->state_bytes = sizeof(Passed);
    aggregate->update = passed_update;
    aggregate->merge = NULL;
    aggregate->finish = passed_finish;
}

Status agg_define_quantile(const Context *cx, Aggregate *aggregate) {
    if (aggregate->direct_count > 0 && !aggregate->direct[0].is_null) {
        double fraction = aggregate->direct[0].f64;
        if (!(fraction >= 0 && fraction <= 1)) {
            return fail(cx, NUMERIC_OUT_OF_RANGE, "percentile value %g is not between 0 and 1", fraction);
        }
    }
    list_define(aggregate);
    aggregate->result = aggregate->argument;
    aggregate->finish = quantile_finish;
    aggregate->stream = quantile_stream;
    return OK;
}
