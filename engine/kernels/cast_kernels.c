/* Conversion loops for each pair of numeric storage classes. */
#include "kernels/cast_kernels.h"

#include <math.h>

#define FROM int16_t
#define NAME(f) f##_I16
#include "kernels/cast_pair.inc.h"

#define FROM int32_t
#define NAME(f) f##_I32
#include "kernels/cast_pair.inc.h"

#define FROM int64_t
#define NAME(f) f##_I64
#include "kernels/cast_pair.inc.h"

#define FROM __int128
#define NAME(f) f##_I128
#include "kernels/cast_pair.inc.h"

#define FROM float
#define ROUND rintf
#define TO int16_t
#define HIGH 0x1p15f
#define NAME convert_I16_F32
#include "kernels/cast_float.inc.h"
#define TO int32_t
#define HIGH 0x1p31f
#define NAME convert_I32_F32
#include "kernels/cast_float.inc.h"
#define TO int64_t
#define HIGH 0x1p63f
#define NAME convert_I64_F32
#include "kernels/cast_float.inc.h"
#undef FROM
#undef ROUND

#define FROM double
#define ROUND rint
#define TO int16_t
#define HIGH 0x1p15
#define NAME convert_I16_F64
#include "kernels/cast_float.inc.h"
#define TO int32_t
#define HIGH 0x1p31
#define NAME convert_I32_F64
#include "kernels/cast_float.inc.h"
#define TO int64_t
#define HIGH 0x1p63
#define NAME convert_I64_F64
#include "kernels/cast_float.inc.h"
#undef FROM
#undef ROUND

static bool convert_F64_F32(const void *from_, void *to_, uint32_t n) {
    const float *restrict from = from_;
    double *restrict to = to_;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = from[i];
    }
    return false;
}

static bool convert_F32_F64(const void *from_, void *to_, uint32_t n) {
    const double *restrict from = from_;
    float *restrict to = to_;
    int bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (float)from[i];
        bad |= (isinf(to[i]) & !isinf(from[i])) | ((to[i] == 0) & (from[i] != 0));
    }
    return bad != 0;
}

/* Rows of the tables: from one class to all. */
#define INTEGER_ROW(loop, tag)                                                                                                 \
    [CLASS_I16] = loop##_I16_##tag, [CLASS_I32] = loop##_I32_##tag, [CLASS_I64] = loop##_I64_##tag,                            \
    [CLASS_I128] = loop##_I128_##tag
#define CONVERT_ROW(tag)                                                                                                       \
    { INTEGER_ROW(convert, tag), [CLASS_F32] = convert_F32_##tag, [CLASS_F64] = convert_F64_##tag }

KERNEL_TABLE(struct CastKernels, cast_kernels) = {
    .convert = {[CLASS_I16] = CONVERT_ROW(I16),
                [CLASS_I32] = CONVERT_ROW(I32),
                [CLASS_I64] = CONVERT_ROW(I64),
                [CLASS_I128] = CONVERT_ROW(I128),
                [CLASS_F32] = {[CLASS_I16] = convert_I16_F32,
                               [CLASS_I32] = convert_I32_F32,
                               [CLASS_I64] = convert_I64_F32,
                               [CLASS_F64] = convert_F64_F32},
                [CLASS_F64] = {[CLASS_I16] = convert_I16_F64,
                               [CLASS_I32] = convert_I32_F64,
                               [CLASS_I64] = convert_I64_F64,
                               [CLASS_F32] = convert_F32_F64}},
    .scale_up = {[CLASS_I16] = {INTEGER_ROW(scale_up, I16)},
                 [CLASS_I32] = {INTEGER_ROW(scale_up, I32)},
                 [CLASS_I64] = {INTEGER_ROW(scale_up, I64)},
                 [CLASS_I128] = {INTEGER_ROW(scale_up, I128)}},
    .scale_down = {[CLASS_I16] = {INTEGER_ROW(scale_down, I16)},
                   [CLASS_I32] = {INTEGER_ROW(scale_down, I32)},
                   [CLASS_I64] = {INTEGER_ROW(scale_down, I64)},
                   [CLASS_I128] = {INTEGER_ROW(scale_down, I128)}},
};
