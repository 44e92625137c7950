/* What the files that bind functions, operators, casts and forms share. */
#ifndef DEPOT_EXPR_BIND_INTERNAL_H
#define DEPOT_EXPR_BIND_INTERNAL_H

#include "expr/functions.h"

/* True for a literal or NULL that takes the type its place wants. */
static inline bool expr_is_untyped(const Expr *expr) {
    return expr->kind == EXPR_CONSTANT && (expr->is_unknown || expr->type.id == TYPE_NULL);
}

/* Casts where the caller knows that it is allowed: literals are parsed, constants folded, others wrapped in EXPR_CAST. */
Status cast_unchecked(const Context *cx, Arena *arena, Expr *from, Type to, Expr **out);
/* The DECIMAL that holds an integer expression: of its digits if it is a constant. Other types as they are. */
Type decimal_for(const Expr *expr);
/* Resolves among the entries of `name` and builds the call; *found is false if the name or no overload fits. */
Status call_bind(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos, bool *found,
                 Expr **call);
Status new_null(const Context *cx, Arena *arena, Type type, SourcePos pos, Expr **out);

typedef Status FormBinder(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, SourcePos pos, Expr **out);
#define FUNCTION(name, arguments, result, flags, loop, help)
#define FORM(name, arguments, result, binder, help) FormBinder binder;
#include "expr/functions.def"
#undef FUNCTION
#undef FORM

#endif
