/* Distinct counts and the merging of ranges. */
#include "storage_fixture.h"

#include "core/hash.h"

static void add_numbers(uint8_t *sketch, uint64_t first, uint64_t count) {
    for (uint64_t i = first; i < first + count; i++) {
        uint64_t hash = hash_u64(i * 7 + 13);
        hll_add_hashes(sketch, &hash, 1);
    }
}

Test(statistics, estimates_are_near) {
    static const uint64_t sizes[] = {0, 1, 2, 10, 100, 1000, 5000, 20000, 100000, 1000000, 5000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t sketch[HLL_BYTES] = {0};
        add_numbers(sketch, 0, sizes[i]);
        add_numbers(sketch, 0, sizes[i] / 2); /* seen twice counts once */
        double estimate = hll_estimate(sketch), size = (double)sizes[i];
        cr_assert_float_eq(estimate, size, 0.06 * size + 0.6, "%g for %g", estimate, size);
    }
}

Test(statistics, merging_is_adding) {
    uint8_t a[HLL_BYTES] = {0}, b[HLL_BYTES] = {0}, both[HLL_BYTES] = {0};
    add_numbers(a, 0, 30000);
    add_numbers(b, 20000, 30000);
    add_numbers(both, 0, 50000);
    hll_merge(a, b);
    cr_assert_arr_eq(a, both, HLL_BYTES);
    memset(a, 255, sizeof a); /* no sketch breaks it */
    cr_assert_gt(hll_estimate(a), 0);
}

static ColumnRange text_range(const char *min, const char *max, bool is_cut) {
    Type type = {.id = TYPE_VARCHAR};
    return (ColumnRange){true,
                         is_cut,
                         10,
                         1,
                         value_text(type, text_view(min, (uint32_t)strlen(min))),
                         value_text(type, text_view(max, (uint32_t)strlen(max)))};
}

static void check_merge(ColumnRange a, ColumnRange b, const char *max, bool is_cut) {
    ColumnRange ab = a, ba = b;
    column_range_merge(&ab, &b);
    column_range_merge(&ba, &a);
    Text want = text_view(max, (uint32_t)strlen(max));
    cr_assert(text_equal(&ab.max.text, &want) && text_equal(&ba.max.text, &want));
    cr_assert(ab.max_is_truncated == is_cut && ba.max_is_truncated == is_cut);
    cr_assert(ab.rows == 20 && ab.nulls == 2);
    cr_assert_eq(text_compare(&ab.min.text, &ba.min.text), 0);
}

Test(statistics, cut_maxima_stay_upper_bounds) {
    check_merge(text_range("a", "m", false), text_range("b", "x", false), "x", false);
    check_merge(text_range("a", "m", true), text_range("b", "x", false), "x", false);
    check_merge(text_range("a", "ab", true), text_range("b", "abc", false), "ab", true);
    check_merge(text_range("a", "ab", true), text_range("b", "abc", true), "ab", true);
    check_merge(text_range("a", "ab", true), text_range("b", "ab", false), "ab", true);
    ColumnRange none = {.rows = 5, .nulls = 5}, some = text_range("a", "b", false);
    column_range_merge(&none, &some);
    cr_assert(none.has_range && none.rows == 15 && none.nulls == 6);
}
