/* HyperLogLog with 4,096 registers, and ranges. The estimate is Ertl's improved raw estimator ("New cardinality estimation
 * algorithms for HyperLogLog sketches", 2017), which needs no tables and no switch between small and large ranges. */
#include "storage/statistics.h"

#include <math.h>

#define HLL_BITS 12
#define HLL_RANK_MAX (64 - HLL_BITS + 1)
_Static_assert(HLL_BYTES == 1 << HLL_BITS, "one byte per register");

/* The top bits choose the register; its rank is the number of leading zeros of the rest, plus one. */
void hll_add_hashes(uint8_t *sketch, const uint64_t *hashes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint64_t rest = hashes[i] << HLL_BITS | (uint64_t)1 << (HLL_BITS - 1); /* a sentinel bounds the zeros */
        uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
        uint8_t *at = &sketch[hashes[i] >> (64 - HLL_BITS)];
        *at = *at > rank ? *at : rank;
    }
}

void hll_merge(uint8_t *restrict into, const uint8_t *restrict from) {
    for (uint32_t i = 0; i < HLL_BYTES; i++) {
        into[i] = into[i] > from[i] ? into[i] : from[i];
    }
}

static double sigma(double x) {
    if (x == 1) {
        return INFINITY;
    }
    double y = 1, z = x, last;
    do {
        x *= x;
        last = z;
        z += x * y;
        y += y;
    } while (z != last);
    return z;
}

static double tau(double x) {
    if (x == 0 || x == 1) {
        return 0;
    }
    double y = 1, z = 1 - x, last;
    do {
        x = sqrt(x);
        last = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != last);
    return z / 3;
}

double hll_estimate(const uint8_t *sketch) {
    uint32_t counts[HLL_RANK_MAX + 1] = {0};
    for (uint32_t i = 0; i < HLL_BYTES; i++) {
        counts[sketch[i] <= HLL_RANK_MAX ? sketch[i] : HLL_RANK_MAX]++;
    }
    const double m = HLL_BYTES;
    double z = m * tau(1 - counts[HLL_RANK_MAX] / m);
    for (uint32_t rank = HLL_RANK_MAX - 1; rank >= 1; rank--) {
        z = 0.5 * (z + counts[rank]);
    }
    z += m * sigma(counts[0] / m);
    return m * m / (2 * M_LN2 * z);
}

/* Is the maximum of `a` the smaller one? A cut maximum stands for all that starts with it. */
static bool maximum_is_less(const ColumnRange *a, const ColumnRange *b) {
    int order = value_compare(&a->max, &b->max);
    return order < 0 || (order == 0 && !a->max_is_truncated && b->max_is_truncated);
}

/* The smaller of two maxima, if cut, may stand for something above the greater one, which then starts with it. */
static bool cut_may_exceed(const ColumnRange *smaller, const ColumnRange *greater) {
    const Text *a = &smaller->max.text, *b = &greater->max.text;
    return smaller->max_is_truncated && a->bytes <= b->bytes && memcmp(text_data(a), text_data(b), a->bytes) == 0;
}

void column_range_merge(ColumnRange *into, const ColumnRange *from) {
    into->rows += from->rows;
    into->nulls += from->nulls;
    if (!from->has_range) {
        return;
    }
    if (!into->has_range) {
        into->has_range = true;
        into->min = from->min;
        into->max = from->max;
        into->max_is_truncated = from->max_is_truncated;
        return;
    }
    if (value_compare(&from->min, &into->min) < 0) {
        into->min = from->min;
    }
    bool less = maximum_is_less(into, from);
    const ColumnRange *smaller = less ? into : from, *greater = less ? from : into;
    const ColumnRange *chosen = cut_may_exceed(smaller, greater) ? smaller : greater;
    Value max = chosen->max;
    into->max_is_truncated = chosen->max_is_truncated;
    into->max = max;
}
