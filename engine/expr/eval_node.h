/* Inside of the evaluator: one EvalNode of scratch per node of the expression, and what its files share.
 *
 *   eval.c             states, dispatch, calls and casts, the public functions
 *   eval_truth.c       three-valued logic on bitmaps: AND OR NOT IS NULL
 *   eval_compare.c     comparisons and IN: codes stay codes
 *   eval_branch.c      CASE and COALESCE, and evaluation on some rows only
 *   expr_table.c       tables of expressions
 *   eval_dictionary.c  an expression over one dictionary column, computed once per entry */
#ifndef DEPOT_EXPR_EVAL_NODE_H
#define DEPOT_EXPR_EVAL_NODE_H

#include "expr/direct_keys.h"
#include "expr/expr.h"

#define NO_SLOT UINT32_MAX

/* The rows that a subtree is evaluated on, copied together. */
typedef struct Narrow {
    Batch batch;     /* as many columns as the input; only `slots` are filled */
    uint32_t *slots; /* the slots that the subtree reads */
    uint32_t slot_count;
} Narrow;

/* A comparison with a constant, moved into the space of codes or integers: low <= x <= low + span, or not. */
typedef struct CodeRange {
    bool is_empty; /* nothing lies in the range */
    bool negate;
    uint64_t low, span;
} CodeRange;

/* Results of a subtree for each entry of the dictionary of the one column that it reads. */
typedef struct DictionaryResults {
    const Dictionary *dictionary; /* whose results these are; NULL: none yet */
    const Dictionary *candidate;  /* seen last, not worth it yet */
    const Dictionary *failing;    /* the subtree fails for one of its entries */
    uint64_t rows_seen;           /* rows of the candidate */
    void *values;                 /* of the result's class; owned */
    uint64_t *validity;           /* of the entries; NULL: no NULLs; owned */
    Value of_null;                /* the result for a NULL input */
    Arena text;                   /* text of the results */
} DictionaryResults;

/* The constants of an IN list, sorted. */
typedef struct InSet {
    uint32_t count;
    void *values;   /* of the class, ascending, distinct; owned */
    uint64_t *bits; /* integers near each other: bit (value - least); NULL otherwise; owned */
    int64_t least;
    uint64_t span;
    bool has_null;
} InSet;

typedef struct EvalNode {
    const Expr *expr;
    struct EvalNode *args; /* expr->arg_count of them */
    Vector out;
    Vector *flat;          /* CALL: flattened arguments; others: two operands */
    const Vector **inputs; /* CALL: what the loop gets */
    Narrow *narrow;        /* AND, OR, CASE, COALESCE: one per argument; filled for those that can fail */
    bool can_fail;
    uint32_t dictionary_slot; /* the one slot of a subtree worth computing per dictionary entry, or NO_SLOT */
    DictionaryResults *results;
    const Dictionary *range_dictionary; /* COMPARE: the dictionary that `range` was made for */
    CodeRange range;
    InSet *set;
    DirectScratch *scratch; /* TABLE */
} EvalNode;

struct ExprState {
    EvalNode root;
    Arena arena; /* the nodes */
    Arena text;  /* results of the current batch */
};

/* Truth values of up to BATCH_ROWS_MAX rows; no row is both. Bits past the last row are zero. */
typedef struct Truth {
    uint64_t is_true[VALIDITY_WORDS];
    uint64_t is_null[VALIDITY_WORDS];
} Truth;

Status eval_vector(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, const Vector **out) MUST_CHECK;
Status eval_truth(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, Truth *truth) MUST_CHECK;
Status eval_compare(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, Truth *truth) MUST_CHECK;
Status eval_distinct(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, Truth *truth) MUST_CHECK;
Status eval_in(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, Truth *truth) MUST_CHECK;
Status eval_case(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, const Vector **out) MUST_CHECK;
Status eval_table(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, const Vector **out) MUST_CHECK;
Status eval_coalesce(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, const Vector **out) MUST_CHECK;

void truth_fill(Truth *truth, uint32_t rows, bool is_true, bool is_null);
Status truth_from_vector(const Context *cx, const Vector *vector, uint32_t rows, Truth *truth) MUST_CHECK;
Status vector_from_truth(const Context *cx, const Truth *truth, uint32_t rows, Vector *out) MUST_CHECK;

Status in_set_create(const Context *cx, EvalNode *node) MUST_CHECK;

/* Copies the given rows of the slots that argument `index` reads. */
Status narrow_prepare(const Context *cx, Arena *arena, const Expr *expr, Narrow *narrow) MUST_CHECK;
Status narrow_gather(const Context *cx, Narrow *narrow, const Batch *batch, const uint16_t *rows, uint32_t count) MUST_CHECK;
void narrow_free(Narrow *narrow);

/* The slot if the node is worth a table of results per dictionary entry, else NO_SLOT. */
uint32_t dictionary_slot(const Expr *expr);
/* True if the batch's column is a dictionary vector and `results` now has its entries' results. */
Status dictionary_results(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, bool *ready) MUST_CHECK;
Status dictionary_gather(const Context *cx, EvalNode *node, const Batch *batch, const Vector **out) MUST_CHECK;
Status dictionary_truth(const Context *cx, EvalNode *node, const Batch *batch, Truth *truth) MUST_CHECK;
void dictionary_results_free(DictionaryResults *results);

/* Clears the values of NULL rows, so that every lane is defined. */
void vector_zero_nulls(Vector *vector, uint32_t rows);

#endif
