/* Finding rows: the tests are plain loops that the compiler vectorizes; turning masks into row numbers is written out per
 * instruction set, since compilers do not find the compressing stores. */
#include "kernels/select_kernels.h"
#include "kernels/dispatch.h"

#include <string.h>
#if defined(KERNEL_SET_avx2) || defined(KERNEL_SET_avx512) || defined(__SSE2__)
#include <immintrin.h>
#endif

/* Look-ups are loads: gather instructions make them slower, on some processors by far. */
#if defined(__clang__)
#define SCALAR_LOOP
#else
#define SCALAR_LOOP __attribute__((optimize("no-tree-vectorize")))
#endif

#define T uint8_t
#define NAME(f) f##_u8
#include "kernels/select_tests.inc.h"
#define T uint16_t
#define NAME(f) f##_u16
#include "kernels/select_tests.inc.h"
#define T uint32_t
#define NAME(f) f##_u32
#include "kernels/select_tests.inc.h"
#define T uint64_t
#define NAME(f) f##_u64
#include "kernels/select_tests.inc.h"

static void nulls(const uint64_t *restrict validity, uint8_t keep, uint32_t n, uint8_t *restrict mask) {
    for (uint32_t i = 0; i < n; i++) {
        uint8_t valid = validity[i >> 6] >> (i & 63) & 1;
        mask[i] = (uint8_t)((mask[i] & valid) | (keep & (valid ^ 1)));
    }
}

static void invert(uint32_t n, uint8_t *mask) {
    for (uint32_t i = 0; i < n; i++) {
        mask[i] ^= 1;
    }
}

/* ------------------------------------------------------------------------------------------------------- masks → bits → rows
 */

/* 64 mask bytes → 64 bits. */
static inline uint64_t word_of_mask(const uint8_t *mask) {
#if defined(KERNEL_SET_avx512)
    __m512i bytes = _mm512_loadu_si512(mask);
    return _mm512_test_epi8_mask(bytes, bytes);
#elif defined(KERNEL_SET_avx2)
    __m256i low = _mm256_loadu_si256((const __m256i *)mask), high = _mm256_loadu_si256((const __m256i *)(mask + 32));
    uint32_t low_bits = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(low, 7));
    uint32_t high_bits = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(high, 7));
    return low_bits | (uint64_t)high_bits << 32;
#elif defined(__SSE2__)
    uint64_t word = 0;
    for (uint32_t i = 0; i < 64; i += 16) {
        __m128i bytes = _mm_slli_epi16(_mm_loadu_si128((const __m128i *)(mask + i)), 7);
        word |= (uint64_t)(uint32_t)_mm_movemask_epi8(bytes) << i;
    }
    return word;
#else
    uint64_t word = 0;
    for (uint32_t i = 0; i < 64; i += 8) { /* the product collects bit 0 of each byte in the highest byte */
        uint64_t eight;
        memcpy(&eight, mask + i, 8);
        word |= (eight * UINT64_C(0x0102040810204080)) >> 56 << i;
    }
    return word;
#endif
}

static inline uint64_t tail_of_mask(const uint8_t *mask, uint32_t n) {
    uint8_t padded[64] = {0};
    memcpy(padded, mask, n);
    return word_of_mask(padded);
}

static uint32_t mark(const uint8_t *mask, uint32_t n, uint64_t *bits) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i += 64) {
        uint64_t word = n - i >= 64 ? word_of_mask(mask + i) : tail_of_mask(mask + i, n - i);
        bits[i / 64] = word;
        count += (uint32_t)__builtin_popcountll(word);
    }
    return count;
}

static uint32_t narrow(const uint8_t *mask, uint32_t n, uint64_t *bits) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i += 64) {
        uint64_t word = n - i >= 64 ? word_of_mask(mask + i) : tail_of_mask(mask + i, n - i);
        bits[i / 64] &= word;
        count += (uint32_t)__builtin_popcountll(bits[i / 64]);
    }
    return count;
}

/* Words with few bits are gone through bit by bit, others by the processor's compressing instructions, where it has them. */
enum { FEW_BITS = 6 };

static inline uint32_t store_bits(uint64_t word, uint32_t first, uint16_t *out) {
    uint32_t count = 0;
    for (; word != 0; word &= word - 1) {
        out[count++] = (uint16_t)(first + (uint32_t)__builtin_ctzll(word));
    }
    return count;
}

static inline uint32_t store_dense(uint64_t word, uint32_t first, uint16_t *out);

static uint32_t positions(const uint64_t *bits, uint32_t n, uint16_t *out) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i += 64) {
        uint64_t word = bits[i / 64];
        if (word != 0) {
            uint32_t few = (uint32_t)__builtin_popcountll(word) <= FEW_BITS;
            count += few ? store_bits(word, i, out + count) : store_dense(word, i, out + count);
        }
    }
    return count;
}

#if defined(KERNEL_SET_avx512)

/* 64 rows: 16 row numbers at a time are compressed as 32-bit lanes (16-bit compression needs VBMI2) and narrowed. */
static inline uint32_t store_lanes(__m512i rows, __mmask16 keep, uint16_t *out) {
    _mm256_storeu_si256((__m256i *)out, _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(keep, rows)));
    return (uint32_t)__builtin_popcount(keep);
}

static inline __mmask64 load_keep(const uint8_t *mask, uint32_t i, uint32_t n) {
    __mmask64 inside = n - i >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (n - i)) - 1;
    __m512i bytes = _mm512_maskz_loadu_epi8(inside, mask + i);
    return _mm512_test_epi8_mask(bytes, bytes);
}

static inline uint32_t store_dense(uint64_t word, uint32_t first, uint16_t *out) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    uint32_t count = 0;
    for (; word != 0; word >>= 16, first += 16) {
        count += store_lanes(_mm512_add_epi32(lanes, _mm512_set1_epi32((int)first)), (__mmask16)word, out + count);
    }
    return count;
}

static uint32_t positions_of(const uint8_t *mask, const uint16_t *rows, uint32_t n, uint16_t *out) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i += 64) {
        __mmask64 keep = load_keep(mask, i, n);
        for (uint32_t at = i; keep != 0; keep >>= 16, at += 16) {
            __mmask16 inside = n - at >= 16 ? 0xffff : (__mmask16)((1u << (n - at)) - 1);
            __m512i lanes = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(inside, rows + at));
            count += store_lanes(lanes, (__mmask16)keep, out + count);
        }
    }
    return count;
}

/* A bitmap of up to 2,048 bits fits four registers: a permutation of them is the look-up. */
enum { REGISTER_BITS = 2048 };

typedef struct BitRegisters {
    __m512i words[4];
} BitRegisters;

static inline BitRegisters load_bits(const uint64_t *bits, uint64_t count) {
    BitRegisters registers;
    uint64_t words = (count + 63) / 64;
    for (uint32_t r = 0; r < 4; r++) {
        uint64_t left = words > 8 * r ? words - 8 * r : 0;
        registers.words[r] = _mm512_maskz_loadu_epi64(left >= 8 ? 0xff : (__mmask8)((1u << left) - 1), bits + 8 * r);
    }
    return registers;
}

/* Which of 16 distances from the first bit are inside the span and set? */
static inline __mmask16 bits_set(const BitRegisters *registers, __m512i distance, __m512i span, __m512i offset) {
    __mmask16 inside = _mm512_cmple_epu32_mask(distance, span);
    __m512i bit = _mm512_add_epi32(distance, offset), word = _mm512_srli_epi32(bit, 5);
    __m512i low = _mm512_permutex2var_epi32(registers->words[0], word, registers->words[1]);
    __m512i high = _mm512_permutex2var_epi32(registers->words[2], word, registers->words[3]);
    __m512i found = _mm512_mask_blend_epi32(_mm512_test_epi32_mask(word, _mm512_set1_epi32(32)), low, high);
    found = _mm512_srlv_epi32(found, _mm512_and_si512(bit, _mm512_set1_epi32(31)));
    return _mm512_mask_test_epi32_mask(inside, found, _mm512_set1_epi32(1));
}

static inline __mmask16 first_lanes(uint32_t n) {
    return n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1);
}

static inline void store_mask(uint8_t *mask, uint32_t i, uint32_t n, __mmask16 keep) {
    _mm_mask_storeu_epi8(mask + i, first_lanes(n - i), _mm_maskz_set1_epi8(keep, 1));
}

static void bitmap_registers_u16(const void *values_, uint64_t low, uint64_t span, const uint64_t *bits, uint64_t offset,
                                 uint32_t n, uint8_t *mask) {
    if (offset + span >= REGISTER_BITS) {
        bitmap_u16(values_, low, span, bits, offset, n, mask);
        return;
    }
    const uint16_t *values = values_;
    BitRegisters registers = load_bits(bits, offset + span + 1);
    __m256i first = _mm256_set1_epi16((short)low);
    __m512i spans = _mm512_set1_epi32((int)span), offsets = _mm512_set1_epi32((int)offset);
    for (uint32_t i = 0; i < n; i += 16) {
        __m256i distance = _mm256_sub_epi16(_mm256_maskz_loadu_epi16(first_lanes(n - i), values + i), first);
        store_mask(mask, i, n, bits_set(&registers, _mm512_cvtepu16_epi32(distance), spans, offsets));
    }
}

static void bitmap_registers_u32(const void *values_, uint64_t low, uint64_t span, const uint64_t *bits, uint64_t offset,
                                 uint32_t n, uint8_t *mask) {
    if (offset + span >= REGISTER_BITS) {
        bitmap_u32(values_, low, span, bits, offset, n, mask);
        return;
    }
    const uint32_t *values = values_;
    BitRegisters registers = load_bits(bits, offset + span + 1);
    __m512i first = _mm512_set1_epi32((int)low);
    __m512i spans = _mm512_set1_epi32((int)span), offsets = _mm512_set1_epi32((int)offset);
    for (uint32_t i = 0; i < n; i += 16) {
        __m512i distance = _mm512_sub_epi32(_mm512_maskz_loadu_epi32(first_lanes(n - i), values + i), first);
        store_mask(mask, i, n, bits_set(&registers, distance, spans, offsets));
    }
}
#define BITMAP_U16 bitmap_registers_u16
#define BITMAP_U32 bitmap_registers_u32

#elif defined(KERNEL_SET_avx2)

/* pext packs the indexes (one per byte) of the rows that are kept among eight. */
static inline __m128i kept_indexes(uint64_t masks) {
    uint64_t packed = _pext_u64(UINT64_C(0x0706050403020100), masks * 0xff);
    return _mm_cvtepu8_epi16(_mm_cvtsi64_si128((long long)packed));
}

static inline uint32_t store_dense(uint64_t word, uint32_t first, uint16_t *out) {
    uint32_t count = 0;
    for (; word != 0; word >>= 8, first += 8) {
        uint64_t masks = _pdep_u64(word & 0xff, UINT64_C(0x0101010101010101));
        _mm_storeu_si128((__m128i *)(out + count), _mm_add_epi16(kept_indexes(masks), _mm_set1_epi16((short)first)));
        count += (uint32_t)__builtin_popcountll(masks);
    }
    return count;
}

/* Eight mask bytes at once; the tail is filled with zeros. */
static inline uint64_t load_masks(const uint8_t *mask, uint32_t i, uint32_t n) {
    uint64_t bytes = 0;
    memcpy(&bytes, mask + i, n - i < 8 ? n - i : 8);
    return bytes;
}

static uint32_t positions_of(const uint8_t *mask, const uint16_t *rows, uint32_t n, uint16_t *out) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i += 8) {
        uint64_t masks = load_masks(mask, i, n);
        if (masks != 0) {
            uint16_t eight[8] = {0};
            memcpy(eight, rows + i, sizeof *rows * (n - i < 8 ? n - i : 8));
            __m128i bytes = _mm_add_epi16(_mm_mullo_epi16(kept_indexes(masks), _mm_set1_epi16(0x0202)), _mm_set1_epi16(0x0100));
            _mm_storeu_si128((__m128i *)(out + count), _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)eight), bytes));
            count += (uint32_t)__builtin_popcountll(masks);
        }
    }
    return count;
}

#else

/* Every row number is written, those that stay count. */
static inline uint32_t store_dense(uint64_t word, uint32_t first, uint16_t *out) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < 64; i++) {
        out[count] = (uint16_t)(first + i);
        count += word >> i & 1;
    }
    return count;
}

static uint32_t positions_of(const uint8_t *mask, const uint16_t *rows, uint32_t n, uint16_t *out) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        out[count] = rows[i];
        count += mask[i];
    }
    return count;
}

#endif

#ifndef BITMAP_U16
#define BITMAP_U16 bitmap_u16
#define BITMAP_U32 bitmap_u32
#endif

KERNEL_TABLE(SelectKernels, select_kernels) = {
    .range = {range_u8, range_u16, range_u32, range_u64},
    .table = {table_u8, table_u16, table_u32, table_u64},
    .bitmap = {bitmap_u8, BITMAP_U16, BITMAP_U32, bitmap_u64},
    .bitmap_inside = {bitmap_inside_u8, bitmap_inside_u16, bitmap_inside_u32, bitmap_inside_u64},
    .nulls = nulls,
    .invert = invert,
    .mark = mark,
    .narrow = narrow,
    .positions = positions,
    .positions_of = positions_of,
};
