/* Arithmetic on arrays of one storage class. Loops run through all lanes and answer true if any lane went wrong (overflow;
 * for REAL and DOUBLE a result that became infinite or zero): the caller then looks for the first valid culprit. */
#ifndef DEPOT_KERNELS_ARITH_KERNELS_H
#define DEPOT_KERNELS_ARITH_KERNELS_H

#include "core/types.h"
#include "kernels/dispatch.h"

typedef enum ArithOp { ARITH_ADD, ARITH_SUBTRACT, ARITH_MULTIPLY, ARITH_DIVIDE, ARITH_OP_COUNT } ArithOp;
typedef bool ArithLoop(const void *a, const void *b, void *out, uint32_t n);

/* I16 I32 I64 I128 F32 F64; DIVIDE only F32 F64 (a zero divisor counts as trouble). Other entries are NULL. */
struct ArithKernels {
    ArithLoop *vectors[CLASS_COUNT][ARITH_OP_COUNT];
    ArithLoop *right_constant[CLASS_COUNT][ARITH_OP_COUNT]; /* b is one value */
    ArithLoop *left_constant[CLASS_COUNT][ARITH_OP_COUNT];  /* a is one value */
};
extern const struct ArithKernels *_Atomic arith_kernels;

#endif
