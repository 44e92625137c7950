/* Bound expressions: names resolved, types final, casts explicit. Read-only once built (rewrites build new nodes); in the
 * statement's arena. In logical plans a column is a ColumnId, unique in the statement; lowering turns it into a SLOT: the
 * position in the input batch. */
#ifndef DEPOT_EXPR_EXPR_H
#define DEPOT_EXPR_EXPR_H

#include "core/vector.h"

typedef uint32_t ColumnId;

typedef enum ExprKind {
    EXPR_CONSTANT,  /* value */
    EXPR_COLUMN,    /* column (ColumnId) */
    EXPR_SLOT,      /* slot of the input batch */
    EXPR_PARAMETER, /* parameter index from 0; replaced by a constant before planning */
    EXPR_CALL,      /* function over args */
    EXPR_CAST,      /* args[0] to type; is_try */
    EXPR_COMPARE,   /* args[0] op args[1], same storage class; three-valued */
    EXPR_AND,       /* args; n-ary */
    EXPR_OR,        /* args; n-ary */
    EXPR_NOT,       /* args[0] */
    EXPR_IS_NULL,   /* args[0]; never NULL. IS NOT NULL is NOT(IS_NULL) */
    EXPR_DISTINCT,  /* args[0] IS DISTINCT FROM args[1]; never NULL */
    EXPR_IN,        /* args[0] IN (args[1 …]), all constants of its type: a set */
    EXPR_CASE,      /* WHEN args[2i] THEN args[2i+1] … ELSE args[last] (always there); conditions are BOOLEAN */
    EXPR_COALESCE,  /* args of one type, evaluated only where needed */
    EXPR_TABLE,     /* table: its result for every combination of the args' values; made by plan/tabulate.c */
    EXPR_AGGREGATE, /* only in LogicalAggregate and, over a window, in LogicalWindow */
    EXPR_WINDOW     /* only in LogicalWindow */
} ExprKind;

typedef enum CompareOp { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE } CompareOp;

typedef struct Function Function;   /* expr/functions.h */
typedef struct Aggregate Aggregate; /* expr/aggregates.h */
typedef struct ExprTable ExprTable; /* expr/expr_table.h */

typedef struct Expr {
    ExprKind kind;
    Type type;
    SourcePos pos;
    uint32_t arg_count;
    bool is_unknown; /* CONSTANT: a bare string literal (VARCHAR without length), which takes the type that its place wants */
    Type *wanted;    /* CONSTANT in place of a parameter that has no value yet: the type that its place wants is noted there */
    struct Expr **args;
    union {
        Value value;              /* CONSTANT */
        ColumnId column;          /* COLUMN */
        uint32_t slot;            /* SLOT */
        uint32_t parameter;       /* PARAMETER */
        const Function *function; /* CALL */
        bool is_try;              /* CAST */
        CompareOp compare;        /* COMPARE */
        const ExprTable *table;   /* TABLE */
    };
    const char *name; /* COLUMN, SLOT: for EXPLAIN, "lineorder.lo_revenue"; may be NULL */
} Expr;

/* Builders; all can only fail with OUT_OF_MEMORY, and return NULL then. */
Expr *expr_new(const Context *cx, Arena *arena, ExprKind kind, Type type, SourcePos pos, uint32_t arg_count);
Expr *expr_constant(const Context *cx, Arena *arena, const Value *value, SourcePos pos);
Expr *expr_column(const Context *cx, Arena *arena, ColumnId column, Type type, const char *name, SourcePos pos);
Expr *expr_slot(const Context *cx, Arena *arena, uint32_t slot, Type type, const char *name);
Expr *expr_cast(const Context *cx, Arena *arena, Expr *from, Type type); /* `from` itself if the type is equal */
Expr *expr_compare(const Context *cx, Arena *arena, CompareOp op, Expr *left, Expr *right);
/* NULL operands are skipped: and(NULL, x) is x. */
Expr *expr_and(const Context *cx, Arena *arena, Expr *left, Expr *right);
Expr *expr_not(const Context *cx, Arena *arena, Expr *operand);

bool expr_equal(const Expr *a, const Expr *b); /* structurally, positions aside */
/* Calls visit(node, argument) for each node, parents first; stops early when it returns false, and returns that. */
bool expr_walk(const Expr *expr, bool (*visit)(const Expr *node, void *argument), void *argument);
/* A copy in which each node was replaced by what `replace` gives for it (NULL: copy the node and go on below it; NULL with
 * OUT_OF_MEMORY in cx->error ends it). NULL without memory. */
Expr *expr_transform(const Context *cx, Arena *arena, const Expr *expr,
                     Expr *(*replace)(const Context *cx, Arena *arena, const Expr *node, void *argument), void *argument);
/* Before one expression is put in several places (CASE x WHEN …, x BETWEEN …): trees that repeat themselves at each level would
 * grow without bounds. STATEMENT_TOO_COMPLEX if it has more than EXPR_SHARED_NODES_MAX nodes. */
#define EXPR_SHARED_NODES_MAX 1000
Status expr_check_shared(const Context *cx, const Expr *expr);
bool expr_is_constant(const Expr *expr); /* no column, slot, parameter or volatile call in it */
bool expr_can_fail(const Expr *expr);    /* evaluation may raise an error (division, casts, overflow) */
bool expr_is_volatile(const Expr *expr);
CompareOp compare_swapped(CompareOp op); /* a op b  =  b swapped(op) a */
CompareOp compare_negated(CompareOp op);
/* A COMPARE, turned if that puts its constant on the right. */
typedef struct Comparison {
    const Expr *left, *right;
    CompareOp op;
} Comparison;
Comparison expr_comparison(const Expr *compare);
const char *compare_symbol(CompareOp op);
/* SQL text for EXPLAIN and for shipping elsewhere; into the arena. */
char *expr_print(const Context *cx, Arena *arena, const Expr *expr);

/* Folds constants and simple identities (x AND true, NOT NOT x, CASE with constant conditions); errors in constant
 * subexpressions are left to run time if the branch may not be evaluated, else returned with their position. */
Status expr_fold(const Context *cx, Arena *arena, const Expr *expr, Expr **folded);

/* ------------------------------------------------------------------------------------------------------------- evaluation */

/* Everything that changes while an expression is evaluated: scratch vectors. One per task and expression. */
typedef struct ExprState ExprState;

/* `expr` holds SLOTs only (no COLUMN, PARAMETER, AGGREGATE, WINDOW). Memory comes from cx->memory, kept until the free. */
Status expr_state_create(const Context *cx, const Expr *expr, ExprState **state) MUST_CHECK;
void expr_state_free(ExprState *state);
/* *out is borrowed from the state (or from the batch), valid until the next call. May be FLAT, CONSTANT or CODES. Errors carry
 * the expression's position. */
Status expr_eval(const Context *cx, ExprState *state, const Batch *batch, const Vector **out) MUST_CHECK;
/* The rows where a BOOLEAN expression is true, ascending. `rows` takes BATCH_ROWS_MAX. */
Status expr_select(const Context *cx, ExprState *state, const Batch *batch, uint16_t *rows, uint32_t *count) MUST_CHECK;
/* A constant expression at once. */
Status expr_eval_constant(const Context *cx, Arena *arena, const Expr *expr, Value *value) MUST_CHECK;

#endif
