/* Comparison loops: lanes of a vector comparison become bits of a word. Numbers use the compiler's vector types, so that one
 * expression serves every instruction set; the rest makes 64 flag bytes and gathers their bits. */
#include "kernels/compare_kernels.h"

#ifdef DEPOT_X86
#include <immintrin.h>
#endif

/* ------------------------------------------------------------------------------------------------------- lanes to bits */

/* MASK_OF(bytes, lanes): bit j is lane j of a vector of `bytes`-wide lanes that are all ones or all zeros. */
#if defined(KERNEL_SET_avx512)
#define VECTOR_BYTES 64
typedef __m512i LaneBits;
static inline uint64_t lane_mask(uint32_t bytes, LaneBits lanes) {
    switch (bytes) {
    case 1: return _mm512_movepi8_mask(lanes);
    case 2: return _mm512_movepi16_mask(lanes);
    case 4: return _mm512_movepi32_mask(lanes);
    default: return _mm512_movepi64_mask(lanes);
    }
}
#elif defined(KERNEL_SET_avx2)
#define VECTOR_BYTES 32
typedef __m256i LaneBits;
static inline uint64_t lane_mask(uint32_t bytes, LaneBits lanes) {
    switch (bytes) {
    case 1: return (uint32_t)_mm256_movemask_epi8(lanes);
    case 2:
        return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1)));
    case 4: return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(lanes));
    default: return (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(lanes));
    }
}
#elif defined(DEPOT_X86)
#define VECTOR_BYTES 16
typedef __m128i LaneBits;
static inline uint64_t lane_mask(uint32_t bytes, LaneBits lanes) {
    switch (bytes) {
    case 1: return (uint32_t)_mm_movemask_epi8(lanes);
    case 2: return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(lanes, _mm_setzero_si128()));
    case 4: return (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(lanes));
    default: return (uint32_t)_mm_movemask_pd(_mm_castsi128_pd(lanes));
    }
}
#else
#define VECTOR_BYTES 16
typedef uint8_t LaneBits __attribute__((vector_size(16)));
static inline uint64_t lane_mask(uint32_t bytes, LaneBits lanes) {
    uint64_t word = 0;
    for (uint32_t i = 0; i < 16 / bytes; i++) {
        word |= (uint64_t)(lanes[i * bytes] & 1) << i;
    }
    return word;
}
#endif
#define MASK_OF(bytes, lanes) lane_mask(bytes, (LaneBits)(lanes))

/* Bit j of the result is flag j (0 or 1). */
static inline uint64_t pack_flags(const uint8_t flags[64]) {
    uint64_t word = 0;
    for (uint32_t group = 0; group < 8; group++) {
        uint64_t bytes;
        __builtin_memcpy(&bytes, flags + 8 * group, 8);
        word |= (bytes * UINT64_C(0x0102040810204080) >> 56) << (8 * group); /* gathers the lowest bit of each byte */
    }
    return word;
}

/* ------------------------------------------------------------------------------------------------------- ranges and tables */

/* Narrow scalars widen in C: the difference is brought back to their width. */
#define T_OF(x) __typeof__(x)

#define T uint8_t
#define TEST(x, y) ((T_OF(x))((x) - (uint8_t)low_) <= (y))
#define A ((const T *)data)
#define Y(R, i) ((uint8_t)span_)
#define LOOP range_8(const void *data, uint64_t low_, uint64_t span_, uint32_t n, uint64_t *mask)
#include "kernels/compare_mask.inc.h"
#undef T
#undef TEST

#define T uint16_t
#define TEST(x, y) ((T_OF(x))((x) - (uint16_t)low_) <= (y))
#define A ((const T *)data)
#define Y(R, i) ((uint16_t)span_)
#define LOOP range_16(const void *data, uint64_t low_, uint64_t span_, uint32_t n, uint64_t *mask)
#include "kernels/compare_mask.inc.h"
#undef T
#undef TEST

#define T uint32_t
#define TEST(x, y) ((T_OF(x))((x) - (uint32_t)low_) <= (y))
#define A ((const T *)data)
#define Y(R, i) ((uint32_t)span_)
#define LOOP range_32(const void *data, uint64_t low_, uint64_t span_, uint32_t n, uint64_t *mask)
#include "kernels/compare_mask.inc.h"
#undef T
#undef TEST

#define T uint64_t
#define TEST(x, y) ((T_OF(x))((x) - (uint64_t)low_) <= (y))
#define A ((const T *)data)
#define Y(R, i) ((uint64_t)span_)
#define LOOP range_64(const void *data, uint64_t low_, uint64_t span_, uint32_t n, uint64_t *mask)
#include "kernels/compare_mask.inc.h"
#undef T
#undef TEST

#define LOOP table_8(const void *codes, const uint8_t *table, uint32_t n, uint64_t *mask)
#define FLAG(i) table[((const uint8_t *)codes)[i]]
#include "kernels/compare_scalar.inc.h"

#define LOOP table_16(const void *codes, const uint8_t *table, uint32_t n, uint64_t *mask)
#define FLAG(i) table[((const uint16_t *)codes)[i]]
#include "kernels/compare_scalar.inc.h"

#define LOOP table_32(const void *codes, const uint8_t *table, uint32_t n, uint64_t *mask)
#define FLAG(i) table[((const uint32_t *)codes)[i]]
#include "kernels/compare_scalar.inc.h"

#define T uint8_t
#define TEST(x, y) ((x) != (y))
#define A bytes
#define Y(R, i) ((uint8_t)0)
#define LOOP from_bytes(const uint8_t *bytes, uint32_t n, uint64_t *mask)
#include "kernels/compare_mask.inc.h"
#undef T
#undef TEST

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
#include "kernels/compare_scalar_loops.inc.h"

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
#include "kernels/compare_scalar_loops.inc.h"

static inline __int128 interval_key(const Interval *interval) { /* interval_order() of core/interval.h, inlined */
    return ((__int128)interval->months * 30 + interval->days) * INT64_C(86400000000) + interval->micros;
}

#define T Interval
#define NAME(f) f##_INTERVAL
#define EQUAL(x, y) (interval_key(&(x)) == interval_key(&(y)))
#define LESS(x, y) (interval_key(&(x)) < interval_key(&(y)))
#include "kernels/compare_scalar_loops.inc.h"

/* --------------------------------------------------------------------------------------------------- from and to row lists */

static void to_bytes(const uint64_t *mask, uint32_t n, uint8_t *bytes) {
    for (uint32_t i = 0; i < n; i += 8) { /* whole groups: `bytes` has room for n rounded up to 8 */
        uint64_t spread = (mask[i / 64] >> (i % 64) & 0xff) * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);
        spread = (spread + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7 & UINT64_C(0x0101010101010101);
        __builtin_memcpy(bytes + i, &spread, 8);
    }
}

#define SPARSE_BITS 12 /* below this many of 64, picking bits one by one is faster */

static inline uint32_t pick_bits(uint64_t word, uint32_t first, uint16_t *rows) {
    uint32_t count = 0;
    for (; word != 0; word &= word - 1) {
        rows[count++] = (uint16_t)(first + (uint32_t)__builtin_ctzll(word));
    }
    return count;
}

#if defined(KERNEL_SET_avx512)
/* 16 row numbers at a time, those of set bits packed to the front. */
static inline uint32_t compress_bits(uint64_t word, uint32_t first, uint16_t *rows) {
    const __m512i numbers = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    uint32_t count = 0;
    for (uint32_t j = 0; j < 64; j += 16) {
        __mmask16 bits = (__mmask16)(word >> j);
        __m512i packed = _mm512_maskz_compress_epi32(bits, _mm512_add_epi32(numbers, _mm512_set1_epi32((int)(first + j))));
        _mm256_storeu_si256((__m256i *)(rows + count), _mm512_cvtepi32_epi16(packed));
        count += (uint32_t)__builtin_popcount(bits);
    }
    return count;
}
#else
static inline uint32_t compress_bits(uint64_t word, uint32_t first, uint16_t *rows) {
    if (word != UINT64_MAX) {
        return pick_bits(word, first, rows);
    }
    for (uint32_t j = 0; j < 64; j++) {
        rows[j] = (uint16_t)(first + j);
    }
    return 64;
}
#endif

static uint32_t rows_of_mask(const uint64_t *mask, uint32_t n, uint16_t *rows) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i += 64) {
        uint64_t word = mask[i / 64];
        bool is_sparse = __builtin_popcountll(word) < SPARSE_BITS || n - i < 64;
        count += is_sparse ? pick_bits(word, i, rows + count) : compress_bits(word, i, rows + count);
    }
    return count;
}

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
