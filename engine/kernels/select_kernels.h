/* Kernels that find the rows of a vector which pass a test. A test fills a mask of one byte per row (0 or 1); `mark` and
 * `narrow` gather masks into bits, one per row and zero behind the last; `positions` turns bits into row numbers. Indexes [0 …
 * 3] are the width of an element: 1, 2, 4, 8 bytes. Signed values are taken as their unsigned bits: (value - low) <= span
 * modulo the width is right for both. */
#ifndef DEPOT_KERNELS_SELECT_KERNELS_H
#define DEPOT_KERNELS_SELECT_KERNELS_H

#include <stdint.h>

/* Room that `positions` and `positions_of` may write past the last row number. */
#define SELECT_SLACK 32

typedef struct SelectKernels {
    /* mask = low <= value <= low + span */
    void (*range[4])(const void *values, uint64_t low, uint64_t span, uint32_t n, uint8_t *mask);
    /* mask = keep[code]; every code is an index of it */
    void (*table[4])(const void *codes, const uint8_t *keep, uint32_t n, uint8_t *mask);
    /* mask = low <= value <= low + span and bit (value - low + offset) of `bits` is set */
    void (*bitmap[4])(const void *values, uint64_t low, uint64_t span, const uint64_t *bits, uint64_t offset, uint32_t n,
                      uint8_t *mask);
    /* The same where every code + shift is known to be a bit of `bits`. */
    void (*bitmap_inside[4])(const void *codes, uint64_t shift, const uint64_t *bits, uint32_t n, uint8_t *mask);
    /* Rows that are NULL (validity bit 0) get `keep`. */
    void (*nulls)(const uint64_t *validity, uint8_t keep, uint32_t n, uint8_t *mask);
    void (*invert)(uint32_t n, uint8_t *mask);
    /* bits = mask; returns how many are set. */
    uint32_t (*mark)(const uint8_t *mask, uint32_t n, uint64_t *bits);
    /* bits &= mask; returns how many are left. */
    uint32_t (*narrow)(const uint8_t *mask, uint32_t n, uint64_t *bits);
    /* out = i for each bit i that is set among the first n; returns how many. */
    uint32_t (*positions)(const uint64_t *bits, uint32_t n, uint16_t *out);
    /* out = rows[i] for each i with mask[i]; `out` may be `rows`. */
    uint32_t (*positions_of)(const uint8_t *mask, const uint16_t *rows, uint32_t n, uint16_t *out);
} SelectKernels;

extern const SelectKernels *_Atomic select_kernels;

/* Index of an element width: 1, 2, 4, 8 bytes → 0 … 3. */
static inline uint32_t select_width(uint32_t bytes) {
    return (uint32_t)__builtin_ctz(bytes);
}

#endif
