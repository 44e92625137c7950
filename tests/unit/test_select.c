/* The row-finding kernels of every instruction set against a plain loop. */
#include "core/bits.h"
#include "kernels/dispatch.h"
#include "kernels/select_kernels.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define MOST 2048

static uint64_t element(const void *values, uint32_t width, uint32_t i) {
    switch (width) {
    case 0: return ((const uint8_t *)values)[i];
    case 1: return ((const uint16_t *)values)[i];
    case 2: return ((const uint32_t *)values)[i];
    default: return ((const uint64_t *)values)[i];
    }
}

static void check_positions(const uint8_t *mask, uint32_t n) {
    uint16_t rows[MOST + SELECT_SLACK], again[MOST + SELECT_SLACK];
    uint64_t bits[BITS_WORDS(MOST)];
    uint32_t count = 0, marked = select_kernels->mark(mask, n, bits), found = select_kernels->positions(bits, n, rows);
    for (uint32_t i = 0; i < n; i++) {
        if (mask[i]) {
            cr_assert_eq(rows[count++], i);
        }
    }
    cr_assert_eq(found, count);
    cr_assert_eq(marked, count);
    for (uint32_t i = 0; i < n; i++) {
        again[i] = (uint16_t)(3 * i);
    }
    cr_assert_eq(select_kernels->positions_of(mask, again, n, again), count);
    for (uint32_t i = 0; i < count; i++) {
        cr_assert_eq(again[i], (uint16_t)(3 * rows[i]));
    }
}

static void check_width(uint32_t width, uint32_t n, uint64_t low, uint64_t span) {
    static uint64_t values[MOST], bits[BITS_WORDS(300)];
    static uint8_t mask[MOST], keep[256];
    for (uint32_t i = 0; i < sizeof values; i++) {
        ((uint8_t *)values)[i] = (uint8_t)rand() & (width == 0 || i % (1u << width) == 0 ? 0xff : 0);
    }
    for (uint32_t i = 0; i < 256; i++) {
        keep[i] = rand() % 3 == 0;
        bit_put(bits, i, rand() % 2);
    }
    select_kernels->range[width](values, low, span, n, mask);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t value = element(values, width, i);
        cr_assert_eq(mask[i], value >= low && value <= low + span);
    }
    check_positions(mask, n);
    select_kernels->bitmap[width](values, low, span, bits, 5, n, mask);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t value = element(values, width, i);
        cr_assert_eq(mask[i], value >= low && value <= low + span && bit_get(bits, value - low + 5));
    }
    if (width == 0) {
        select_kernels->bitmap_inside[width](values, 9, bits, n, mask);
        for (uint32_t i = 0; i < n; i++) {
            cr_assert_eq(mask[i], bit_get(bits, element(values, width, i) + 9));
        }
    }
    select_kernels->table[width](values, keep, n, mask);
    for (uint32_t i = 0; i < n; i++) {
        cr_assert_eq(mask[i], keep[element(values, width, i)]);
    }
    check_positions(mask, n);
}

static void check_nulls(uint32_t n) {
    uint64_t validity[MOST / 64];
    uint8_t mask[MOST], expected[MOST];
    for (uint32_t keep = 0; keep < 2; keep++) {
        for (uint32_t i = 0; i < MOST; i++) {
            bit_put(validity, i, rand() % 4 != 0);
            mask[i] = rand() % 2;
            expected[i] = bit_get(validity, i) ? mask[i] : (uint8_t)keep;
        }
        select_kernels->nulls(validity, (uint8_t)keep, n, mask);
        cr_assert(memcmp(mask, expected, n) == 0);
    }
    uint8_t third[MOST];
    uint64_t bits[BITS_WORDS(MOST)];
    uint32_t left = 0;
    for (uint32_t i = 0; i < n; i++) {
        third[i] = i % 3 == 0;
        left += third[i] && mask[i];
    }
    select_kernels->mark(third, n, bits);
    cr_assert_eq(select_kernels->narrow(mask, n, bits), left);
    for (uint32_t i = 0; i < BITS_WORDS(n) * 64; i++) {
        cr_assert_eq(bit_get(bits, i), i < n && third[i] && mask[i]);
    }
    select_kernels->invert(n, mask);
    for (uint32_t i = 0; i < n; i++) {
        cr_assert_eq(mask[i], !expected[i]);
    }
}

static void check_set(const char *name) {
    static const uint32_t counts[] = {0, 1, 7, 8, 15, 16, 17, 63, 64, 65, 100, 1000, 2047, 2048};
    Error error = {.status = OK};
    Context cx = {.error = &error};
    if (kernels_select(&cx, name) != OK) {
        return; /* this processor does not have it */
    }
    for (uint32_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        for (uint32_t width = 0; width < 4; width++) {
            check_width(width, counts[c], 0, 255);
            check_width(width, counts[c], 17, 100);
            check_width(width, counts[c], 200, 0);
        }
        check_nulls(counts[c]);
    }
    cr_assert_eq(kernels_select(&cx, "auto"), OK);
}

Test(select, baseline) {
    check_set("baseline");
}
Test(select, avx2) {
    check_set("avx2");
}
Test(select, avx512) {
    check_set("avx512");
}
