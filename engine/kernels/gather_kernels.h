/* Gathers by row number, and conversions between stored widths. Index w of each table is log2 of the element's bytes. */
#ifndef DEPOT_KERNELS_GATHER_KERNELS_H
#define DEPOT_KERNELS_GATHER_KERNELS_H

#include <stdint.h>

typedef struct GatherKernels {
    /* out[i] = data[rows[i]]; elements of 1, 2, 4, 8, 16 bytes. */
    void (*gather[5])(const void *data, const uint32_t *rows, uint32_t count, void *out);
    /* The same where row = chunk << 16 | row of the chunk. */
    void (*gather_chunked[5])(void *const *chunks, const uint32_t *rows, uint32_t count, void *out);
    /* out[i] = (u8, u16, u32)(in[i] + offset); in: u8 u16 u32 (codes), then i16 i32 i64. Returns the OR of all 64-bit sums. */
    uint64_t (*rebase[6][3])(const void *in, int64_t offset, uint32_t count, void *out);
    /* out[i] = in[i] + offset, 64 bits wide. */
    void (*widen[6])(const void *in, int64_t offset, uint32_t count, int64_t *out);
} GatherKernels;

/* Which input of rebase and widen an element type is. */
enum { INPUT_U8, INPUT_U16, INPUT_U32, INPUT_I16, INPUT_I32, INPUT_I64 };

extern const GatherKernels *_Atomic gather_kernels;

#endif
