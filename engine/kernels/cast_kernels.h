/* Conversions between arrays of numbers. Loops run through all lanes and answer true if some value did not fit; the caller then
 * casts value by value and finds out whether a valid row was concerned. */
#ifndef DEPOT_KERNELS_CAST_KERNELS_H
#define DEPOT_KERNELS_CAST_KERNELS_H

#include "core/types.h"
#include "kernels/dispatch.h"

typedef bool ConvertLoop(const void *from, void *to, uint32_t n);
/* to = from × factor, |to| < limit. */
typedef bool ScaleLoop(const void *from, __int128 factor, __int128 limit, void *to, uint32_t n);

struct CastKernels {
    ConvertLoop *convert[CLASS_COUNT][CLASS_COUNT];  /* [from][to] of I16 I32 I64 I128 F32 F64; doubles round half to even */
    ScaleLoop *scale_up[CLASS_COUNT][CLASS_COUNT];   /* I16 I32 I64 I128 to I64 I128: integers and DECIMAL to DECIMAL */
    ScaleLoop *scale_down[CLASS_COUNT][CLASS_COUNT]; /* from / factor, half away from zero: I64 I128 to I16 I32 I64 I128 */
};
extern const struct CastKernels *_Atomic cast_kernels;

#endif
