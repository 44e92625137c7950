/* Packed codes: every width, chunk boundaries, single rows, on every instruction set the processor has; and the loops beside
 * them. */
#include "core/bits.h"
#include "core/hash.h"
#include "kernels/dispatch.h"
#include "storage/encodings/pack.h"

#include <criterion/criterion.h>

enum { ROWS_MAX = 3 * PACK_CHUNK + 77 };

static const char *const sets[] = {"baseline", "avx2", "avx512"};

static bool select_kernels(const char *name) {
    Error error = {0};
    Context cx = {.error = &error};
    return kernels_select(&cx, name) == OK;
}

static uint64_t code_of(uint32_t bits, uint32_t i) {
    uint64_t noise = hash_u64(i + bits * 7919);
    return bits == 64 ? noise : noise & ((UINT64_C(1) << bits) - 1);
}

static uint64_t read_code(const void *codes, uint32_t bits, uint32_t i) {
    uint64_t code = 0;
    memcpy(&code, (const uint8_t *)codes + (size_t)i * pack_code_bytes(bits), pack_code_bytes(bits));
    return code;
}

static void check_codes(const void *codes, uint32_t bits, uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        cr_assert_eq(read_code(codes, bits, i), code_of(bits, first + i), "%u bits, row %u", bits, first + i);
    }
}

static void check_width(uint32_t bits, uint32_t count) {
    static int64_t integers[ROWS_MAX];
    static uint8_t packed[ROWS_MAX * 8 + 64 * PACK_ROW_BYTES];
    static uint64_t codes[ROWS_MAX + PACK_CHUNK];
    const uint64_t base = UINT64_C(0xfffffffffffff123);
    for (uint32_t i = 0; i < count; i++) {
        integers[i] = (int64_t)(base + code_of(bits, i));
    }
    uint64_t bytes = pack_bytes(bits, count);
    memset(packed, 0xa5, sizeof packed);
    pack_integers(integers, base, bits, count, packed);
    cr_assert_eq(packed[bytes], 0xa5, "%u codes of %u bits write past their end", count, bits);
    unpack_codes(packed, bits, count, 0, count, codes);
    check_codes(codes, bits, 0, count);
    if (count > 100) {
        unpack_codes(packed, bits, count, 64, count - 100, codes);
        check_codes(codes, bits, 64, count - 100);
    }
    for (uint32_t step = 1; step < 300; step = step * 3 + 1) {
        uint16_t rows[ROWS_MAX];
        uint32_t picked = 0;
        for (uint32_t row = step / 2; row < count; row += step) {
            rows[picked++] = (uint16_t)row;
        }
        unpack_rows(packed, bits, count, rows, picked, codes);
        for (uint32_t i = 0; i < picked; i++) {
            cr_assert_eq(read_code(codes, bits, i), code_of(bits, rows[i]));
        }
    }
}

Test(bitpack, every_width_on_every_set) {
    const uint32_t counts[] = {1, 31, 129, 1023, 1024, 1025, 2048, ROWS_MAX};
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        if (!select_kernels(sets[s])) {
            continue;
        }
        for (uint32_t bits = 0; bits <= 64; bits++) {
            for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
                check_width(bits, counts[c]);
            }
        }
    }
    select_kernels("auto");
}

Test(bitpack, runs_expand_to_every_width) {
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        if (!select_kernels(sets[s])) {
            continue;
        }
        for (uint32_t width = 1; width <= 8; width *= 2) {
            uint8_t values[8 * 50], out[8 * 4000 + 64];
            uint16_t lengths[50];
            uint32_t total = 0;
            for (uint32_t r = 0; r < 50; r++) {
                lengths[r] = (uint16_t)(hash_u64(r) % (r % 7 == 0 ? 300 : 5));
                total += lengths[r] + 1u;
                memset(values + (size_t)r * width, (int)r + 1, width);
            }
            uint32_t room = total - 3;
            cr_assert_eq(unpack_kernels->expand_runs(values, lengths, 50, room, width, out), room);
            for (uint32_t r = 0, at = 0; r < 50; r++) {
                for (uint32_t i = 0; i <= lengths[r] && at < room; i++, at++) {
                    cr_assert_eq(out[(size_t)at * width], r + 1);
                    cr_assert_eq(out[(size_t)at * width + width - 1], r + 1);
                }
            }
        }
    }
    select_kernels("auto");
}

/* Chunks of the delta encoding start with a value of their own. */
Test(bitpack, stats_leave_out_differences_between_chunks) {
    int64_t values[3 * PACK_CHUNK];
    for (uint32_t i = 0; i < 3 * PACK_CHUNK; i++) {
        values[i] = i + i / PACK_CHUNK * 5000;
    }
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        if (select_kernels(sets[s])) {
            IntegerStats got = unpack_kernels->stats(values, 3 * PACK_CHUNK);
            cr_assert(got.delta_min == 1 && got.delta_max == 1 && got.runs == 3 * PACK_CHUNK && got.is_sorted);
        }
    }
    select_kernels("auto");
}

Test(bitpack, stats_see_that_values_fall_anywhere) {
    int64_t values[3 * PACK_CHUNK];
    uint32_t places[] = {1, PACK_CHUNK - 1, PACK_CHUNK, PACK_CHUNK + 1, 2 * PACK_CHUNK, 3 * PACK_CHUNK - 1};
    for (uint32_t p = 0; p < sizeof places / sizeof *places; p++) {
        for (uint32_t i = 0; i < 3 * PACK_CHUNK; i++) {
            values[i] = i < places[p] ? INT64_MAX - 3 * PACK_CHUNK + i : INT64_MIN + i;
        }
        for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
            if (select_kernels(sets[s])) {
                cr_assert_not(unpack_kernels->stats(values, 3 * PACK_CHUNK).is_sorted);
                cr_assert(unpack_kernels->stats(values, places[p]).is_sorted);
            }
        }
    }
    select_kernels("auto");
}

Test(bitpack, stats_are_those_of_a_plain_loop) {
    int64_t values[2 * PACK_CHUNK];
    for (uint32_t round = 0; round < 20; round++) {
        uint32_t count = 1 + round * 107;
        for (uint32_t i = 0; i < count; i++) {
            values[i] = (int64_t)hash_u64(i / 3 + round) >> (round * 3);
        }
        select_kernels("baseline");
        IntegerStats want = unpack_kernels->stats(values, count);
        for (size_t s = 1; s < sizeof sets / sizeof *sets; s++) {
            if (select_kernels(sets[s])) {
                IntegerStats got = unpack_kernels->stats(values, count);
                cr_assert(got.min == want.min && got.max == want.max && got.runs == want.runs &&
                          got.is_sorted == want.is_sorted && got.delta_min == want.delta_min &&
                          got.delta_max == want.delta_max);
            }
        }
    }
    select_kernels("auto");
}
