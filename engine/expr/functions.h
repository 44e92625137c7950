/* The scalar functions: one table (functions.def) declares every one: name, argument types, result type, NULL rule,
 * volatility, implementation, a line of help. Operators are functions too: "+", "||". */
#ifndef DEPOT_EXPR_FUNCTIONS_H
#define DEPOT_EXPR_FUNCTIONS_H

#include "expr/expr.h"

/* Computes rows [0, rows) from argument vectors (FLAT or CONSTANT). `out` is FLAT of the result type. If the function is
 * strict, out->validity says already which rows have only valid arguments: the loop skips the others where they could fail, may
 * clear more bits (fn_out_null), and leaves NULL lanes as it likes. Otherwise out->validity is NULL and the loop deals with it.
 */
typedef Status FunctionLoop(const Context *cx, const struct Function *function, const Vector *const *args, uint32_t arg_count,
                            uint32_t rows, Arena *text_arena, Vector *out);

typedef enum Volatility { IMMUTABLE, STABLE, VOLATILE } Volatility;

struct Function {
    const char *name;
    const char *arguments; /* as \df prints them: "text, integer" */
    const char *result;
    const char *help;
    bool is_strict; /* any NULL argument gives NULL */
    bool can_fail;  /* some arguments raise an error */
    Volatility volatility;
    FunctionLoop *loop;
};

/* Picks the overload for `name` over bound arguments and casts them; the result is an EXPR_CALL (or a plainer node where one
 * exists: coalesce → EXPR_COALESCE, nullif → CASE). UNDEFINED_FUNCTION with the argument types and a hint, AMBIGUOUS_FUNCTION.
 */
Status function_bind(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos,
                     Expr **call);
/* Binary and unary operators by symbol: + - * / % || = <> < <= > >= ~~ (LIKE) … with PostgreSQL's implicit casts. */
Status operator_bind(const Context *cx, Arena *arena, const char *symbol, Expr *left, Expr *right, SourcePos pos, Expr **out);
/* args[0] LIKE args[1] [ESCAPE args[2]]; INVALID_ESCAPE. */
Status like_bind(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, bool ignore_case, SourcePos pos, Expr **out);
/* INVALID_ESCAPE unless the escape is one character or nothing. */
Status like_check_escape(const Context *cx, const char *escape, size_t bytes);
/* Casts for assignment (INSERT, is_explicit false) or CAST (is_explicit true). CANNOT_COERCE, DATATYPE_MISMATCH. Unknown
 * literals are parsed at once. */
Status cast_bind(const Context *cx, Arena *arena, Expr *from, Type to, bool is_explicit, bool is_try, Expr **out);
/* Casts only where PostgreSQL would do so implicitly; DATATYPE_MISMATCH otherwise. */
Status cast_implicit(const Context *cx, Arena *arena, Expr *from, Type to, Expr **out);
/* Brings several expressions to their common type (CASE branches, UNION columns, VALUES, IN lists). `what` is for the message:
 * "CASE types %s and %s cannot be matched". */
Status cast_to_common(const Context *cx, Arena *arena, Expr **exprs, uint32_t count, const char *what, Type *common);

bool function_exists(const char *name);
uint32_t function_count(void);
const Function *function_at(uint32_t index);
/* The nearest name of a function, aggregate or window function, or NULL. */
const char *function_suggest(const char *name);

#endif
