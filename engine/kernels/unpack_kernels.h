/* Bit packing in lanes: 1,024 codes of `bits` bits (a chunk) in 128 × bits bytes.
 *
 * A chunk is made for the lane width T that its codes are unpacked to: 8, 16, 32 or 64 bits, the narrowest that holds them. It
 * has L = 1024 / T lanes; code i stands in lane i % L at position i / L, its bits at position × bits of the lane's own stream
 * of T-bit words, and word w of all lanes stands together (row w, 128 bytes):
 *
 *     row 0: | word 0 of lane 0 | word 0 of lane 1 | … | word 0 of lane L - 1 |
 *     row 1: | word 1 of lane 0 | …
 *
 * So unpacking is the same shift and mask on whole rows, and the codes come out in order: a row of output per position. (The
 * idea is FastLanes', Afroozeh and Boncz 2023.) */
#ifndef DEPOT_KERNELS_UNPACK_KERNELS_H
#define DEPOT_KERNELS_UNPACK_KERNELS_H

#include "core/status.h"

#define PACK_CHUNK 1024
#define PACK_ROW_BYTES 128

/* What a pass over the integers of a block finds. */
typedef struct IntegerStats {
    int64_t min, max;
    uint32_t runs;                /* runs of equal values */
    bool is_sorted;               /* no value is less than the one before, in its chunk or not */
    int64_t delta_min, delta_max; /* of neighbours in one chunk, wrapping; 0 if there is one value */
} IntegerStats;

typedef struct UnpackKernels {
    /* One chunk → PACK_CHUNK codes of 1, 2, 4 or 8 bytes (bits <= 8, 16, 32, 64). bits 0 reads nothing. */
    void (*unpack)(const void *packed, uint32_t bits, void *codes);
    /* PACK_CHUNK codes → 128 × bits bytes. */
    void (*pack)(const void *codes, uint32_t bits, void *packed);
    IntegerStats (*stats)(const int64_t *values, uint32_t count); /* count > 0 */
    /* codes[i] = values[i] - base, of the given width. */
    void (*subtract_base)(const int64_t *values, uint64_t base, uint32_t count, uint32_t code_bytes, void *codes);
    /* codes[i] += base. */
    void (*add_base)(void *codes, uint64_t base, uint32_t count, uint32_t code_bytes);
    /* out[i] = codes[i], wider or cut; widths in bytes. */
    void (*resize)(const void *codes, uint32_t from_bytes, uint32_t count, uint32_t to_bytes, void *out);
    /* Run lengths → values: run r is lengths[r] + 1 times values[r]; stops after `room` values. Returns the values written.
     * Writes up to 64 bytes past the end of `out`. */
    uint32_t (*expand_runs)(const void *values, const uint16_t *lengths, uint32_t runs, uint32_t room, uint32_t value_bytes,
                            void *out);
    /* In place: codes[0] = start, codes[i] = codes[i - 1] + codes[i] + delta_min. */
    void (*sum_deltas)(void *codes, uint64_t start, uint64_t delta_min, uint32_t count, uint32_t code_bytes);
    /* out[i] = map[codes[i]]; widths in bytes, 1, 2 or 4. */
    void (*map_codes)(const void *codes, uint32_t code_bytes, const void *map, uint32_t map_bytes, uint32_t count, void *out);
} UnpackKernels;

extern const UnpackKernels *_Atomic unpack_kernels;

#endif
