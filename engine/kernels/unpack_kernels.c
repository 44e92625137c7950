/* The loops of bit packing, run lengths and deltas (unpack_kernels.h has the layout). Rows are handled as two halves of 64
 * bytes, so that a half is one AVX-512 register; lanes narrower than 64 bits are shifted together as 64-bit words and masked,
 * which gives 8-bit lanes the shift that processors lack. */
#include "kernels/unpack_kernels.h"

#include "kernels/dispatch.h"

#include <string.h>

typedef uint64_t Half __attribute__((vector_size(64), aligned(1), may_alias));
typedef uint64_t Word __attribute__((aligned(1), may_alias)); /* packed codes stand anywhere in a block */
enum { HALVES_PER_ROW = PACK_ROW_BYTES / 64, WORDS_PER_ROW = PACK_ROW_BYTES / 8 };

/* `low` set bits in every lane of a 64-bit word. */
static inline __attribute__((always_inline)) uint64_t lane_mask(uint32_t low, uint32_t lane_bits) {
    uint64_t lane = low >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << low) - 1;
    uint64_t mask = 0;
    for (uint32_t at = 0; at < 64; at += lane_bits) {
        mask |= lane << at;
    }
    return mask;
}

static inline __attribute__((always_inline)) void unpack_chunk(const Half *in, uint32_t bits, uint32_t lane_bits, Half *out) {
    for (uint32_t half = 0; half < HALVES_PER_ROW; half++) {
#pragma GCC unroll 64
        for (uint32_t position = 0; position < lane_bits; position++) {
            uint32_t row = position * bits / lane_bits;
            uint32_t shift = position * bits % lane_bits;
            Half word = in[row * HALVES_PER_ROW + half];
            if (shift + bits <= lane_bits) {
                out[position * HALVES_PER_ROW + half] = (word >> shift) & lane_mask(bits, lane_bits);
            } else {
                uint32_t low = lane_bits - shift; /* bits in this row; the rest in the next */
                Half next = in[(row + 1) * HALVES_PER_ROW + half];
                out[position * HALVES_PER_ROW + half] =
                    ((word >> shift) & lane_mask(low, lane_bits)) | ((next & lane_mask(bits - low, lane_bits)) << low);
            }
        }
    }
}

#define UNPACK_WIDTH(bits, lane_bits)                                                                                          \
    static void unpack_##bits(const void *packed, void *codes) {                                                               \
        unpack_chunk(packed, bits, lane_bits, codes);                                                                          \
    }
#include "kernels/unpack_widths.inc.h"
#undef UNPACK_WIDTH

static void (*const unpack_functions[33])(const void *packed, void *codes) = {
#define UNPACK_WIDTH(bits, lane_bits) [bits] = unpack_##bits,
#include "kernels/unpack_widths.inc.h"
#undef UNPACK_WIDTH
};

/* Wide codes are rare: one loop for widths 33 to 64. */
static __attribute__((noinline)) void unpack_wide(const Word *packed, uint32_t bits, Word *codes) {
    uint64_t mask = lane_mask(bits, 64);
    for (uint32_t position = 0; position < 64; position++) {
        uint32_t row = position * bits / 64, shift = position * bits % 64;
        const Word *word = packed + (size_t)row * WORDS_PER_ROW;
        Word *out = codes + (size_t)position * WORDS_PER_ROW;
        if (shift + bits <= 64) {
            for (uint32_t lane = 0; lane < WORDS_PER_ROW; lane++) {
                out[lane] = word[lane] >> shift & mask;
            }
        } else {
            for (uint32_t lane = 0; lane < WORDS_PER_ROW; lane++) {
                out[lane] = (word[lane] >> shift | word[lane + WORDS_PER_ROW] << (64 - shift)) & mask;
            }
        }
    }
}

static void unpack(const void *packed, uint32_t bits, void *codes) {
    if (bits == 0) {
        memset(codes, 0, PACK_CHUNK);
    } else if (bits <= 32) {
        unpack_functions[bits](packed, codes);
    } else {
        unpack_wide(packed, bits, codes);
    }
}

static void pack(const void *codes, uint32_t bits, void *packed) {
    uint32_t lane_bits = bits <= 8 ? 8 : bits <= 16 ? 16 : bits <= 32 ? 32 : 64;
    const Word *in = codes;
    Word *out = packed;
    memset(out, 0, (size_t)bits * PACK_ROW_BYTES);
    for (uint32_t position = 0; position < lane_bits && bits > 0; position++) {
        uint32_t row = position * bits / lane_bits, shift = position * bits % lane_bits;
        uint32_t low = lane_bits - shift < bits ? lane_bits - shift : bits;
        uint64_t low_mask = lane_mask(low, lane_bits);
        for (uint32_t word = 0; word < WORDS_PER_ROW; word++) {
            out[row * WORDS_PER_ROW + word] |= (in[position * WORDS_PER_ROW + word] & low_mask) << shift;
        }
        if (low < bits) {
            uint64_t high_mask = lane_mask(bits - low, lane_bits);
            for (uint32_t word = 0; word < WORDS_PER_ROW; word++) {
                out[(row + 1) * WORDS_PER_ROW + word] |= in[position * WORDS_PER_ROW + word] >> low & high_mask;
            }
        }
    }
}

/* Neighbours within a chunk. What those before have shown stands in *s. */
static void add_deltas(const int64_t *values, uint32_t count, IntegerStats *s) {
    int64_t delta_min = s->delta_min, delta_max = s->delta_max;
    uint64_t changes = 0, falls = 0;
    for (uint32_t i = 1; i < count; i++) {
        falls |= values[i] < values[i - 1];
        int64_t delta = (int64_t)((uint64_t)values[i] - (uint64_t)values[i - 1]);
        changes += delta != 0;
        delta_min = delta < delta_min ? delta : delta_min;
        delta_max = delta > delta_max ? delta : delta_max;
    }
    s->runs += (uint32_t)changes;
    s->is_sorted &= falls == 0;
    s->delta_min = delta_min;
    s->delta_max = delta_max;
}

static IntegerStats stats(const int64_t *values, uint32_t count) {
    int64_t delta = count > 1 ? (int64_t)((uint64_t)values[1] - (uint64_t)values[0]) : 0;
    IntegerStats s = {.runs = 1, .is_sorted = true, .delta_min = delta, .delta_max = delta};
    int64_t min = values[0], max = values[0];
    for (uint32_t i = 0; i < count; i++) {
        min = values[i] < min ? values[i] : min;
        max = values[i] > max ? values[i] : max;
    }
    s.min = min;
    s.max = max;
    for (uint32_t at = 0; at < count; at += PACK_CHUNK) {
        uint32_t here = count - at < PACK_CHUNK ? count - at : PACK_CHUNK;
        add_deltas(values + at, here, &s);
        s.runs += at > 0 && values[at] != values[at - 1];
        s.is_sorted &= at == 0 || values[at] >= values[at - 1];
    }
    return s;
}

#define T uint8_t
#define NAME(f) f##_u8
#include "kernels/unpack_loops.inc.h"
#define T uint16_t
#define NAME(f) f##_u16
#include "kernels/unpack_loops.inc.h"
#define T uint32_t
#define NAME(f) f##_u32
#include "kernels/unpack_loops.inc.h"
#define T uint64_t
#define NAME(f) f##_u64
#include "kernels/unpack_loops.inc.h"

#define T uint8_t
#define NAME(f) f##_u8
#include "kernels/map_loops.inc.h"
#define T uint16_t
#define NAME(f) f##_u16
#include "kernels/map_loops.inc.h"
#define T uint32_t
#define NAME(f) f##_u32
#include "kernels/map_loops.inc.h"

static void subtract_base(const int64_t *values, uint64_t base, uint32_t count, uint32_t code_bytes, void *codes) {
    switch (code_bytes) {
    case 1: subtract_base_u8(values, base, count, codes); break;
    case 2: subtract_base_u16(values, base, count, codes); break;
    case 4: subtract_base_u32(values, base, count, codes); break;
    default: subtract_base_u64(values, base, count, codes); break;
    }
}

static void add_base(void *codes, uint64_t base, uint32_t count, uint32_t code_bytes) {
    switch (code_bytes) {
    case 1: add_base_u8(codes, (uint8_t)base, count); break;
    case 2: add_base_u16(codes, (uint16_t)base, count); break;
    case 4: add_base_u32(codes, (uint32_t)base, count); break;
    default: add_base_u64(codes, base, count); break;
    }
}

static void sum_deltas(void *codes, uint64_t start, uint64_t delta_min, uint32_t count, uint32_t code_bytes) {
    switch (code_bytes) {
    case 1: sum_deltas_u8(codes, (uint8_t)start, (uint8_t)delta_min, count); break;
    case 2: sum_deltas_u16(codes, (uint16_t)start, (uint16_t)delta_min, count); break;
    case 4: sum_deltas_u32(codes, (uint32_t)start, (uint32_t)delta_min, count); break;
    default: sum_deltas_u64(codes, start, delta_min, count); break;
    }
}

static uint32_t expand_runs(const void *values, const uint16_t *lengths, uint32_t runs, uint32_t room, uint32_t value_bytes,
                            void *out) {
    switch (value_bytes) {
    case 1: return expand_runs_u8(values, lengths, runs, room, out);
    case 2: return expand_runs_u16(values, lengths, runs, room, out);
    case 4: return expand_runs_u32(values, lengths, runs, room, out);
    default: return expand_runs_u64(values, lengths, runs, room, out);
    }
}

/* from → to, widths that differ: dense loops, one per pair. */
#define RESIZE_LOOP(from, to)                                                                                                  \
    static void resize_##from##_##to(const from *restrict in, uint32_t count, to *restrict out) {                              \
        for (uint32_t i = 0; i < count; i++) {                                                                                 \
            out[i] = (to)in[i];                                                                                                \
        }                                                                                                                      \
    }
RESIZE_LOOP(uint8_t, uint16_t)
RESIZE_LOOP(uint8_t, uint32_t)
RESIZE_LOOP(uint8_t, uint64_t)
RESIZE_LOOP(uint16_t, uint32_t)
RESIZE_LOOP(uint16_t, uint64_t)
RESIZE_LOOP(uint32_t, uint64_t)
RESIZE_LOOP(uint16_t, uint8_t)
RESIZE_LOOP(uint32_t, uint8_t)
RESIZE_LOOP(uint32_t, uint16_t)
RESIZE_LOOP(uint64_t, uint8_t)
RESIZE_LOOP(uint64_t, uint16_t)
RESIZE_LOOP(uint64_t, uint32_t)

static void resize(const void *codes, uint32_t from_bytes, uint32_t count, uint32_t to_bytes, void *out) {
    switch (from_bytes * 16 + to_bytes) {
    case 0x12: resize_uint8_t_uint16_t(codes, count, out); break;
    case 0x14: resize_uint8_t_uint32_t(codes, count, out); break;
    case 0x18: resize_uint8_t_uint64_t(codes, count, out); break;
    case 0x21: resize_uint16_t_uint8_t(codes, count, out); break;
    case 0x24: resize_uint16_t_uint32_t(codes, count, out); break;
    case 0x28: resize_uint16_t_uint64_t(codes, count, out); break;
    case 0x41: resize_uint32_t_uint8_t(codes, count, out); break;
    case 0x42: resize_uint32_t_uint16_t(codes, count, out); break;
    case 0x48: resize_uint32_t_uint64_t(codes, count, out); break;
    case 0x81: resize_uint64_t_uint8_t(codes, count, out); break;
    case 0x82: resize_uint64_t_uint16_t(codes, count, out); break;
    case 0x84: resize_uint64_t_uint32_t(codes, count, out); break;
    default: memcpy(out, codes, (size_t)count * to_bytes); break;
    }
}

static void map_codes(const void *codes, uint32_t code_bytes, const void *map, uint32_t map_bytes, uint32_t count, void *out) {
    switch (code_bytes * 16 + map_bytes) {
    case 0x11: map_to_u8_u8(codes, map, count, out); break;
    case 0x12: map_to_u16_u8(codes, map, count, out); break;
    case 0x14: map_to_u32_u8(codes, map, count, out); break;
    case 0x21: map_to_u8_u16(codes, map, count, out); break;
    case 0x22: map_to_u16_u16(codes, map, count, out); break;
    case 0x24: map_to_u32_u16(codes, map, count, out); break;
    case 0x41: map_to_u8_u32(codes, map, count, out); break;
    case 0x42: map_to_u16_u32(codes, map, count, out); break;
    default: map_to_u32_u32(codes, map, count, out); break;
    }
}

KERNEL_TABLE(UnpackKernels, unpack_kernels) = {
    .unpack = unpack,
    .pack = pack,
    .stats = stats,
    .subtract_base = subtract_base,
    .add_base = add_base,
    .resize = resize,
    .expand_runs = expand_runs,
    .sum_deltas = sum_deltas,
    .map_codes = map_codes,
};
