/* Conversion from one integer class to others: wants FROM and NAME(f); ends with the loops to I16, I32, I64, I128, F32, F64. */
#define TO int16_t
#define UNSIGNED_TO uint16_t
#define PAIR(f) NAME(f##_I16)
#include "kernels/cast_integer.inc.h"
#define TO int32_t
#define UNSIGNED_TO uint32_t
#define PAIR(f) NAME(f##_I32)
#include "kernels/cast_integer.inc.h"
#define TO int64_t
#define UNSIGNED_TO uint64_t
#define PAIR(f) NAME(f##_I64)
#include "kernels/cast_integer.inc.h"
#define TO __int128
#define UNSIGNED_TO unsigned __int128
#define PAIR(f) NAME(f##_I128)
#include "kernels/cast_integer.inc.h"

static bool NAME(convert_F32)(const void *from_, void *to_, uint32_t n) {
    const FROM *restrict from = from_;
    float *restrict to = to_;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (float)from[i];
    }
    return false;
}

static bool NAME(convert_F64)(const void *from_, void *to_, uint32_t n) {
    const FROM *restrict from = from_;
    double *restrict to = to_;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (double)from[i];
    }
    return false;
}
#undef FROM
#undef NAME
