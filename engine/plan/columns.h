/* Sets of columns and lists of conjuncts: the small change of rewrites and lowering. All memory is in the statement's arena. */
#ifndef DEPOT_PLAN_COLUMNS_H
#define DEPOT_PLAN_COLUMNS_H

#include "plan/logical.h"

/* A set of ColumnIds below `capacity`; ids beyond it are never members. */
typedef struct ColumnSet {
    uint32_t capacity;
    uint64_t *bits;
} ColumnSet;

Status column_set_init(const Context *cx, Arena *arena, const LogicalPlan *plan, ColumnSet *set);
static inline bool column_set_has(const ColumnSet *set, ColumnId id) {
    return id < set->capacity && bit_get(set->bits, id);
}
static inline void column_set_add(ColumnSet *set, ColumnId id) {
    if (id < set->capacity) {
        bit_set(set->bits, id);
    }
}
void column_set_add_all(ColumnSet *set, const ColumnId *ids, uint32_t count);
void column_set_copy(ColumnSet *set, const ColumnSet *other); /* of the same capacity */
/* Adds every COLUMN of the expression; NULL is fine. */
void column_set_add_expr(ColumnSet *set, const Expr *expr);
bool expr_is_within(const Expr *expr, const ColumnSet *set); /* every COLUMN is a member */
bool expr_touches(const Expr *expr, const ColumnSet *set);   /* some COLUMN is a member */
bool expr_has_columns(const Expr *expr);
bool expr_can_be_null(const LogicalPlan *plan, const Expr *expr);
static inline bool expr_is_column(const Expr *expr) {
    return expr->kind == EXPR_COLUMN;
}
/* The COLUMN or SLOT under casts between integer types that keep every value; NULL if it is anything else. */
const Expr *expr_widened_column(const Expr *expr);

/* Calls visit on each expression of the node itself, keys of sorts and partitions included; it may put another in the place. */
Status logical_each_expr(LogicalNode *node, Status (*visit)(Expr **place, void *argument), void *argument);
/* Adds every column that an expression of the tree names, whether the tree makes it or wants it from outside. */
void column_set_add_tree(ColumnSet *set, const LogicalNode *node);
bool node_touches(const LogicalNode *node, const ColumnSet *set); /* an expression of the node itself names a member */
bool tree_touches(const LogicalNode *node, const ColumnSet *set); /* …of the node or below it */

/* False for a tree that names a column of an enclosing query. */
Status tree_is_closed(const Context *cx, const LogicalPlan *plan, const LogicalNode *node, bool *is_closed);

/* May computing the tree for other rows than those asked for raise an error that data make likely? (rewrite_decorrelate.c) */
bool tree_may_raise(const LogicalNode *node);

typedef struct ExprList {
    uint32_t count, capacity;
    Expr **items;
} ExprList;

Status expr_list_add(const Context *cx, Arena *arena, ExprList *list, Expr *expr);
/* The same, unless an equal expression is among the first few hundred already: duplicates are work, not errors. */
Status expr_list_add_new(const Context *cx, Arena *arena, ExprList *list, Expr *expr);
/* Flattens nested ANDs; NULL and TRUE add nothing. */
Status expr_list_add_conjuncts(const Context *cx, Arena *arena, ExprList *list, Expr *condition);
/* The conjunction of all; *condition = NULL if there are none. */
Status expr_list_conjunction(const Context *cx, Arena *arena, const ExprList *list, Expr **condition);
/* Same for OR; the list is not empty. */
Status expr_list_disjunction(const Context *cx, Arena *arena, const ExprList *list, Expr **condition);

/* A copy of `expr` in which each COLUMN from[i] is replaced by to[i]. */
Status expr_substitute(const Context *cx, Arena *arena, const Expr *expr, const ColumnId *from, Expr *const *to, uint32_t count,
                       Expr **out);

#endif
