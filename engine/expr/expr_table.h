/* Expressions as tables: what an expression gives for every combination of its inputs' values, where these are few and known
 * (plan/tabulate.c). The different results are a dictionary, so that grouping, sorting and joining by them work on codes. */
#ifndef DEPOT_EXPR_EXPR_TABLE_H
#define DEPOT_EXPR_EXPR_TABLE_H

#include "expr/direct_keys.h"
#include "expr/expr.h"

struct ExprTable {
    const Expr *of;  /* what it stands for; for EXPLAIN */
    DirectKeys keys; /* key i numbers the values of args[i] of the EXPR_TABLE, and is its slot i */
    Dictionary results;
    uint32_t *codes;    /* by number of a combination; 0 where the result is NULL */
    uint64_t *validity; /* the same; NULL: no result is NULL */
};

/* The table of `over`, an expression over SLOTs 0 … keys->count - 1, for all combinations of the keys, but none with a NULL of
 * a key that cannot be NULL; everything is in the arena. *table is NULL if it fails for one of them, which no row may have, or
 * gives nothing but NULL. */
Status expr_table_create(const Context *cx, Arena *arena, const DirectKeys *keys, const bool *can_be_null, const Expr *over,
                         ExprTable **table) MUST_CHECK;

#endif
