/* Comparison loops: 64 values become 64 flag bytes (vector code), the flags become one word. */
#include "kernels/compare_kernels.h"

#ifdef DEPOT_X86
#include <immintrin.h>
#endif

/* Bit j of the result is flag j (0 or 1). */
static inline uint64_t pack_flags(const uint8_t flags[64]) {
#if defined(KERNEL_SET_avx512)
    __m512i bytes = _mm512_load_si512(flags);
    return _mm512_test_epi8_mask(bytes, bytes);
#elif defined(KERNEL_SET_avx2)
    __m256i low = _mm256_load_si256((const __m256i *)flags), high = _mm256_load_si256((const __m256i *)(flags + 32));
    return (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(low, 7)) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(high, 7)) << 32;
#else
    uint64_t word = 0;
    for (uint32_t group = 0; group < 8; group++) {
        uint64_t bytes;
        __builtin_memcpy(&bytes, flags + 8 * group, 8);
        word |= (bytes * UINT64_C(0x0102040810204080) >> 56) << (8 * group); /* gathers the lowest bit of each byte */
    }
    return word;
#endif
}

/* ------------------------------------------------------------------------------------------------------- ranges and tables */

#define LOOP range_8(const void *data, uint64_t low_, uint64_t span_, uint32_t n, uint64_t *mask)
#define TEST(i) ((uint8_t)(((const uint8_t *)data)[i] - (uint8_t)low_) <= (uint8_t)span_)
#include "kernels/compare_mask.inc.h"

#define LOOP range_16(const void *data, uint64_t low_, uint64_t span_, uint32_t n, uint64_t *mask)
#define TEST(i) ((uint16_t)(((const uint16_t *)data)[i] - (uint16_t)low_) <= (uint16_t)span_)
#include "kernels/compare_mask.inc.h"

#define LOOP range_32(const void *data, uint64_t low_, uint64_t span_, uint32_t n, uint64_t *mask)
#define TEST(i) (((const uint32_t *)data)[i] - (uint32_t)low_ <= (uint32_t)span_)
#include "kernels/compare_mask.inc.h"

#define LOOP range_64(const void *data, uint64_t low_, uint64_t span_, uint32_t n, uint64_t *mask)
#define TEST(i) (((const uint64_t *)data)[i] - low_ <= span_)
#include "kernels/compare_mask.inc.h"

#define LOOP table_8(const void *codes, const uint8_t *table, uint32_t n, uint64_t *mask)
#define TEST(i) (table[((const uint8_t *)codes)[i]] != 0)
#include "kernels/compare_mask.inc.h"

#define LOOP table_16(const void *codes, const uint8_t *table, uint32_t n, uint64_t *mask)
#define TEST(i) (table[((const uint16_t *)codes)[i]] != 0)
#include "kernels/compare_mask.inc.h"

#define LOOP table_32(const void *codes, const uint8_t *table, uint32_t n, uint64_t *mask)
#define TEST(i) (table[((const uint32_t *)codes)[i]] != 0)
#include "kernels/compare_mask.inc.h"

#define LOOP from_bytes(const uint8_t *bytes, uint32_t n, uint64_t *mask)
#define TEST(i) (bytes[i] != 0)
#include "kernels/compare_mask.inc.h"

/* ----------------------------------------------------------------------------------------------------------------- classes */

#define PLAIN_EQUAL(x, y) ((x) == (y))
#define PLAIN_LESS(x, y) ((x) < (y))
/* NaN equals NaN and is greater than everything else. */
#define FLOAT_EQUAL(x, y) (((x) == (y)) | (((x) != (x)) & ((y) != (y))))
#define FLOAT_LESS(x, y) (((x) < (y)) | (((y) != (y)) & ((x) == (x))))

#define T uint8_t
#define NAME(f) f##_BOOL
#define EQUAL PLAIN_EQUAL
#define LESS PLAIN_LESS
#include "kernels/compare_loops.inc.h"

#define T int16_t
#define NAME(f) f##_I16
#define EQUAL PLAIN_EQUAL
#define LESS PLAIN_LESS
#include "kernels/compare_loops.inc.h"

#define T int32_t
#define NAME(f) f##_I32
#define EQUAL PLAIN_EQUAL
#define LESS PLAIN_LESS
#include "kernels/compare_loops.inc.h"

#define T int64_t
#define NAME(f) f##_I64
#define EQUAL PLAIN_EQUAL
#define LESS PLAIN_LESS
#include "kernels/compare_loops.inc.h"

#define T __int128
#define NAME(f) f##_I128
#define EQUAL PLAIN_EQUAL
#define LESS PLAIN_LESS
#include "kernels/compare_loops.inc.h"

#define T float
#define NAME(f) f##_F32
#define EQUAL FLOAT_EQUAL
#define LESS FLOAT_LESS
#include "kernels/compare_loops.inc.h"

#define T double
#define NAME(f) f##_F64
#define EQUAL FLOAT_EQUAL
#define LESS FLOAT_LESS
#include "kernels/compare_loops.inc.h"

static inline bool text_less(const Text *a, const Text *b) {
    uint32_t x, y; /* the first four bytes decide most; unused ones are zero, so a shorter text is smaller or equal here */
    __builtin_memcpy(&x, a->inlined, 4);
    __builtin_memcpy(&y, b->inlined, 4);
    if (x != y) {
        return __builtin_bswap32(x) < __builtin_bswap32(y);
    }
    return text_compare(a, b) < 0;
}

#define T Text
#define NAME(f) f##_TEXT
#define EQUAL(x, y) text_equal(&(x), &(y))
#define LESS(x, y) text_less(&(x), &(y))
#include "kernels/compare_loops.inc.h"

static inline __int128 interval_key(const Interval *interval) { /* interval_order() of core/interval.h, inlined */
    return ((__int128)interval->months * 30 + interval->days) * INT64_C(86400000000) + interval->micros;
}

#define T Interval
#define NAME(f) f##_INTERVAL
#define EQUAL(x, y) (interval_key(&(x)) == interval_key(&(y)))
#define LESS(x, y) (interval_key(&(x)) < interval_key(&(y)))
#include "kernels/compare_loops.inc.h"

/* --------------------------------------------------------------------------------------------------- from and to row lists */

static void to_bytes(const uint64_t *mask, uint32_t n, uint8_t *bytes) {
    for (uint32_t i = 0; i < n; i++) {
        bytes[i] = mask[i / 64] >> (i % 64) & 1;
    }
}

#if defined(KERNEL_SET_avx512)
static uint32_t rows_of_mask(const uint64_t *mask, uint32_t n, uint16_t *rows) {
    const __m512i step = _mm512_set1_epi32(16);
    __m512i numbers = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i += 16) {
        __mmask16 bits = (__mmask16)(mask[i / 64] >> (i % 64));
        __m512i packed = _mm512_maskz_compress_epi32(bits, numbers);
        _mm256_storeu_si256((__m256i *)(rows + count), _mm512_cvtepi32_epi16(packed));
        count += (uint32_t)__builtin_popcount(bits);
        numbers = _mm512_add_epi32(numbers, step);
    }
    return count;
}
#else
static uint32_t rows_of_mask(const uint64_t *mask, uint32_t n, uint16_t *rows) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i += 64) {
        uint64_t word = mask[i / 64];
        if (word == UINT64_MAX) {
            for (uint32_t j = 0; j < 64; j++) {
                rows[count + j] = (uint16_t)(i + j);
            }
            count += 64;
            continue;
        }
        for (; word != 0; word &= word - 1) {
            rows[count++] = (uint16_t)(i + (uint32_t)__builtin_ctzll(word));
        }
    }
    return count;
}
#endif

#define CLASS_LOOPS(loop)                                                                                                      \
    {                                                                                                                          \
        [CLASS_BOOL] = loop##_BOOL, [CLASS_I16] = loop##_I16, [CLASS_I32] = loop##_I32, [CLASS_I64] = loop##_I64,              \
        [CLASS_I128] = loop##_I128, [CLASS_F32] = loop##_F32, [CLASS_F64] = loop##_F64, [CLASS_TEXT] = loop##_TEXT,            \
        [CLASS_INTERVAL] = loop##_INTERVAL                                                                                     \
    }

KERNEL_TABLE(struct CompareKernels, compare_kernels) = {
    .range = {range_8, range_16, range_32, range_64},
    .table = {table_8, table_16, table_32},
    .equal = CLASS_LOOPS(equal),
    .less = CLASS_LOOPS(less),
    .equal_constant = CLASS_LOOPS(equal_constant),
    .less_constant = CLASS_LOOPS(less_constant),
    .greater_constant = CLASS_LOOPS(greater_constant),
    .from_bytes = from_bytes,
    .to_bytes = to_bytes,
    .rows = rows_of_mask,
};
