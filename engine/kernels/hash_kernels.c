/* Loops of joins: looking keys up in arrays and listing matches. */
#include "kernels/hash_kernels.h"

#include "core/hash.h"
#include "kernels/dispatch.h"

#ifdef KERNEL_SET_avx512
#include <immintrin.h>
#endif

#define T uint8_t
#define NAME(f) f##_by_u8
#include "kernels/lookup.inc.h"
#define T uint16_t
#define NAME(f) f##_by_u16
#include "kernels/lookup.inc.h"
#define T uint32_t
#define NAME(f) f##_by_u32
#include "kernels/lookup.inc.h"
#define T int16_t
#define NAME(f) f##_by_i16
#include "kernels/lookup.inc.h"
#define T int32_t
#define NAME(f) f##_by_i32
#include "kernels/lookup.inc.h"
#define T int64_t
#define NAME(f) f##_by_i64
#include "kernels/lookup.inc.h"

static uint32_t list_matches(const uint32_t *restrict heads, uint32_t count, uint16_t *restrict probe,
                             uint32_t *restrict build) {
    uint32_t found = 0, i = 0;
#ifdef KERNEL_SET_avx512
    const __m512i step = _mm512_set1_epi32(16), one = _mm512_set1_epi32(1);
    __m512i rows = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (; i + 16 <= count; i += 16) {
        __m512i head = _mm512_loadu_si512(heads + i);
        __mmask16 mask = _mm512_test_epi32_mask(head, head);
        _mm512_storeu_si512(build + found, _mm512_maskz_compress_epi32(mask, _mm512_sub_epi32(head, one)));
        __m512i compact = _mm512_maskz_compress_epi32(mask, rows);
        _mm256_storeu_si256((__m256i *)(void *)(probe + found), _mm512_cvtepi32_epi16(compact));
        found += (uint32_t)__builtin_popcount(mask);
        rows = _mm512_add_epi32(rows, step);
    }
#endif
    for (; i < count; i++) {
        probe[found] = (uint16_t)i;
        build[found] = heads[i] - 1;
        found += heads[i] != 0;
    }
    return found;
}

static void hash_u64s(const uint64_t *restrict keys, uint32_t count, uint64_t *restrict out) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = hash_u64(keys[i]);
    }
}

#define LOOKUP_ROW(key)                                                                                                        \
    { lookup_u8_by_##key, lookup_u16_by_##key, lookup_u32_by_##key }

KERNEL_TABLE(HashKernels, hash_kernels) = {
    .lookup = {LOOKUP_ROW(u8), LOOKUP_ROW(u16), LOOKUP_ROW(u32), LOOKUP_ROW(i16), LOOKUP_ROW(i32), LOOKUP_ROW(i64)},
    .list_matches = list_matches,
    .hash_u64s = hash_u64s,
};
