/* Comparisons as bitmaps. Each loop looks at n values and writes bit i of `mask` for value i; the bits past n of the last word
 * are zero. `mask` holds (n + 63) / 64 words. A truth value with NULL is two bitmaps, so AND, OR and NOT of a batch are 32
 * words each (expr/eval.c). */
#ifndef DEPOT_KERNELS_COMPARE_KERNELS_H
#define DEPOT_KERNELS_COMPARE_KERNELS_H

#include "core/types.h"
#include "kernels/dispatch.h"

typedef void CompareLoop(const void *a, const void *b, uint32_t n, uint64_t *mask);
/* low <= x <= low + span, as distances modulo the width: one unsigned comparison. */
typedef void RangeLoop(const void *data, uint64_t low, uint64_t span, uint32_t n, uint64_t *mask);
/* table[code], which is 0 or 1. */
typedef void TableLoop(const void *codes, const uint8_t *table, uint32_t n, uint64_t *mask);

struct CompareKernels {
    RangeLoop *range[4];             /* values or codes of 1, 2, 4, 8 bytes: index log2 of the width */
    TableLoop *table[3];             /* codes of 1, 2, 4 bytes */
    CompareLoop *equal[CLASS_COUNT]; /* two vectors; DOUBLE: NaN equals itself and is above all */
    CompareLoop *less[CLASS_COUNT];
    CompareLoop *equal_constant[CLASS_COUNT]; /* vector and one value */
    CompareLoop *less_constant[CLASS_COUNT];
    CompareLoop *greater_constant[CLASS_COUNT];
    void (*from_bytes)(const uint8_t *bytes, uint32_t n, uint64_t *mask);
    /* `bytes` has room for n rounded up to 8. */
    void (*to_bytes)(const uint64_t *mask, uint32_t n, uint8_t *bytes);
    /* Positions of the set bits, ascending; `rows` has room for n rounded up to 16. Returns how many. */
    uint32_t (*rows)(const uint64_t *mask, uint32_t n, uint16_t *rows);
};
extern const struct CompareKernels *_Atomic compare_kernels;

#endif
