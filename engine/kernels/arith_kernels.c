/* Arithmetic loops for each storage class in three shapes: two vectors, vector and constant, constant and vector. */
#include "kernels/arith_kernels.h"

#include <math.h>

#define T int16_t
#define U uint16_t
#define W int32_t
#define NAME(f) f##_I16_vectors
#define A(i) a[i]
#define B(i) b[i]
#include "kernels/arith_integer.inc.h"
#define NAME(f) f##_I16_right_constant
#define A(i) a[i]
#define B(i) b[0]
#include "kernels/arith_integer.inc.h"
#define NAME(f) f##_I16_left_constant
#define A(i) a[0]
#define B(i) b[i]
#include "kernels/arith_integer.inc.h"
#undef T
#undef U
#undef W

#define T int32_t
#define U uint32_t
#define W int64_t
#define NAME(f) f##_I32_vectors
#define A(i) a[i]
#define B(i) b[i]
#include "kernels/arith_integer.inc.h"
#define NAME(f) f##_I32_right_constant
#define A(i) a[i]
#define B(i) b[0]
#include "kernels/arith_integer.inc.h"
#define NAME(f) f##_I32_left_constant
#define A(i) a[0]
#define B(i) b[i]
#include "kernels/arith_integer.inc.h"
#undef T
#undef U
#undef W

#define T int64_t
#define U uint64_t
#define W __int128
#define HALF int32_t
#define NAME(f) f##_I64_vectors
#define A(i) a[i]
#define B(i) b[i]
#include "kernels/arith_integer.inc.h"
#define NAME(f) f##_I64_right_constant
#define A(i) a[i]
#define B(i) b[0]
#include "kernels/arith_integer.inc.h"
#define NAME(f) f##_I64_left_constant
#define A(i) a[0]
#define B(i) b[i]
#include "kernels/arith_integer.inc.h"
#undef T
#undef U
#undef W
#undef HALF

#define NAME(f) f##_I128_vectors
#define A(i) a[i]
#define B(i) b[i]
#include "kernels/arith_wide.inc.h"
#define NAME(f) f##_I128_right_constant
#define A(i) a[i]
#define B(i) b[0]
#include "kernels/arith_wide.inc.h"
#define NAME(f) f##_I128_left_constant
#define A(i) a[0]
#define B(i) b[i]
#include "kernels/arith_wide.inc.h"

#define T float
#define B_T int32_t
#define INFINITE INFINITY
#define NAME(f) f##_F32_vectors
#define A(i) a[i]
#define B(i) b[i]
#include "kernels/arith_float.inc.h"
#define NAME(f) f##_F32_right_constant
#define A(i) a[i]
#define B(i) b[0]
#include "kernels/arith_float.inc.h"
#define NAME(f) f##_F32_left_constant
#define A(i) a[0]
#define B(i) b[i]
#include "kernels/arith_float.inc.h"
#undef T
#undef INFINITE
#undef B_T

#define T double
#define B_T int64_t
#define INFINITE (double)INFINITY
#define NAME(f) f##_F64_vectors
#define A(i) a[i]
#define B(i) b[i]
#include "kernels/arith_float.inc.h"
#define NAME(f) f##_F64_right_constant
#define A(i) a[i]
#define B(i) b[0]
#include "kernels/arith_float.inc.h"
#define NAME(f) f##_F64_left_constant
#define A(i) a[0]
#define B(i) b[i]
#include "kernels/arith_float.inc.h"
#undef T
#undef INFINITE
#undef B_T

#define INTEGER_LOOPS(tag, shape)                                                                                              \
    { add_##tag##_##shape, subtract_##tag##_##shape, multiply_##tag##_##shape, NULL }
#define FLOAT_LOOPS(tag, shape)                                                                                                \
    { add_##tag##_##shape, subtract_##tag##_##shape, multiply_##tag##_##shape, divide_##tag##_##shape }
#define SHAPE_LOOPS(shape)                                                                                                     \
    {                                                                                                                          \
        [CLASS_I16] = INTEGER_LOOPS(I16, shape), [CLASS_I32] = INTEGER_LOOPS(I32, shape),                                      \
        [CLASS_I64] = INTEGER_LOOPS(I64, shape), [CLASS_I128] = INTEGER_LOOPS(I128, shape),                                    \
        [CLASS_F32] = FLOAT_LOOPS(F32, shape), [CLASS_F64] = FLOAT_LOOPS(F64, shape)                                           \
    }

KERNEL_TABLE(struct ArithKernels, arith_kernels) = {
    .vectors = SHAPE_LOOPS(vectors),
    .right_constant = SHAPE_LOOPS(right_constant),
    .left_constant = SHAPE_LOOPS(left_constant),
};
