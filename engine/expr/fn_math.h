/* What functions of DOUBLE share: loops over functions that may fail. */
#ifndef DEPOT_EXPR_FN_MATH_H
#define DEPOT_EXPR_FN_MATH_H

#include "expr/fn_loop.h"

typedef Status MathFunction(const Context *cx, double x, double y, double *result);

/* Runs a function that may fail over the valid rows. */
static inline Status run_math(const Context *cx, MathFunction *function, const Vector *const *args, uint32_t arg_count,
                              uint32_t rows, Vector *out) {
    for (uint32_t row = 0; row < rows; row++) {
        if (fn_row_valid(out, row)) {
            double y = arg_count > 1 ? arg_F64(args[1], row) : 0;
            TRY(function(cx, arg_F64(args[0], row), y, &((double *)out->data)[row]));
        }
    }
    return OK;
}

#define FALLIBLE(name, function)                                                                                               \
    Status name(FN_PARAMETERS) {                                                                                               \
        FN_UNUSED;                                                                                                             \
        return run_math(cx, function, args, arg_count, rows, out);                                                             \
    }

#endif
