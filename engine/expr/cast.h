/* Casts: which exist (casts.def), and the vectorized conversion behind EXPR_CAST. */
#ifndef DEPOT_EXPR_CAST_H
#define DEPOT_EXPR_CAST_H

#include "expr/expr.h"

typedef enum CastContext { CAST_NONE, CAST_EXPLICIT, CAST_ASSIGNMENT, CAST_IMPLICIT } CastContext;

/* The weakest context in which the cast may be applied; CAST_NONE: there is no such cast. */
CastContext cast_context(Type from, Type to);

/* Casts rows [0, rows) of any kind of vector. `flat` is scratch; text goes to the arena; with is_try a value that cannot be
 * cast becomes NULL. `out` may borrow from `in`. */
Status cast_vector(const Context *cx, const Vector *in, uint32_t rows, Type to, bool is_try, Arena *text_arena, Vector *flat,
                   Vector *out) MUST_CHECK;

#endif
