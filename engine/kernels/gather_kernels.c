/* Gathers by row number and conversions between stored widths, for tables of kept rows. */
#include "kernels/gather_kernels.h"

#include "kernels/dispatch.h"

typedef struct Wide {
    uint64_t words[2];
} Wide;

#define T uint8_t
#define NAME(f) f##_8
#include "kernels/gather.inc.h"
#define T uint16_t
#define NAME(f) f##_16
#include "kernels/gather.inc.h"
#define T uint32_t
#define NAME(f) f##_32
#include "kernels/gather.inc.h"
#define T uint64_t
#define NAME(f) f##_64
#include "kernels/gather.inc.h"
#define T Wide
#define NAME(f) f##_128
#include "kernels/gather.inc.h"

#define T uint8_t
#define NAME(f) f##_from_u8
#include "kernels/rebase.inc.h"
#define T uint16_t
#define NAME(f) f##_from_u16
#include "kernels/rebase.inc.h"
#define T uint32_t
#define NAME(f) f##_from_u32
#include "kernels/rebase.inc.h"
#define T int16_t
#define NAME(f) f##_from_i16
#include "kernels/rebase.inc.h"
#define T int32_t
#define NAME(f) f##_from_i32
#include "kernels/rebase.inc.h"
#define T int64_t
#define NAME(f) f##_from_i64
#include "kernels/rebase.inc.h"

#define REBASE_ROW(from)                                                                                                       \
    { rebase_u8_from_##from, rebase_u16_from_##from, rebase_u32_from_##from }

KERNEL_TABLE(GatherKernels, gather_kernels) = {
    .gather = {gather_8, gather_16, gather_32, gather_64, gather_128},
    .gather_chunked = {gather_chunked_8, gather_chunked_16, gather_chunked_32, gather_chunked_64, gather_chunked_128},
    .rebase = {REBASE_ROW(u8), REBASE_ROW(u16), REBASE_ROW(u32), REBASE_ROW(i16), REBASE_ROW(i32), REBASE_ROW(i64)},
    .widen = {widen_from_u8, widen_from_u16, widen_from_u32, widen_from_i16, widen_from_i32, widen_from_i64},
};
