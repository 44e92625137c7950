/* One SELECT while it is being bound. Rows pass through it in levels:
 *
 *   FROM → (before) → WHERE → groups and aggregates → (after) → HAVING → windows → QUALIFY → select list → DISTINCT → ORDER BY
 *
 * Expressions above the grouping are first bound against the columns of FROM; once all aggregates are known, what equals a
 * group expression becomes a reference to that group, and a column of FROM that is left over is an error (bind_group.c). */
#ifndef DEPOT_BIND_SELECT_H
#define DEPOT_BIND_SELECT_H

#include "bind/binder.h"

typedef struct SelectItem {
    SourcePos pos;
    const AstExpr *ast; /* NULL: a column that * stands for */
    const char *alias;  /* NULL: none was written */
    const char *name;   /* of the output column; NULL: a hidden column, for ORDER BY */
    Expr *expr;
} SelectItem;

typedef struct Group {
    Expr *expr;
    ColumnId column; /* that holds it above the grouping */
} Group;

/* Window calls over the same PARTITION BY and ORDER BY. */
typedef struct WindowSet {
    SourcePos pos;
    uint32_t partition_count, key_count, call_count, call_capacity;
    Expr **partitions;
    SortKey *keys;
    WindowCall *calls;
} WindowSet;

typedef struct OrderKey {
    uint32_t item;
    bool is_descending, nulls_first;
} OrderKey;

struct Select {
    const AstSelect *ast;
    Scope scope;
    LogicalNode *node; /* the rows so far */
    uint32_t item_count, item_capacity, visible_count;
    SelectItem *items;
    PendingJoins before, after;
    Expr *where, *having, *qualify; /* may be NULL */
    bool is_grouped;
    uint32_t group_count, group_capacity;
    Group *groups;
    uint32_t call_count, call_capacity;
    AggregateCall *calls;
    uint32_t window_count, window_capacity;
    WindowSet *windows;
    uint32_t order_count;
    OrderKey *order;
};

/* Expressions above the grouping. */
static inline Place select_place(Binder *binder, Select *select, Clause clause) {
    return (Place){.binder = binder, .scope = &select->scope, .clause = clause, .select = select, .pending = &select->after};
}
/* Expressions over the rows of FROM. */
static inline Place select_row_place(Binder *binder, Select *select, Clause clause) {
    return (Place){.binder = binder, .scope = &select->scope, .clause = clause, .select = select, .pending = &select->before};
}

/* A column reference; in QUALIFY also an alias of the select list: then *column is NULL and *out its expression. */
Status select_find_column(const Context *cx, Place *place, const AstExpr *ast, const ScopeColumn **column, Expr **out);
Status bind_aggregate_call(const Context *cx, Place *place, const AstExpr *ast, const char *name, Expr **out);
Status bind_window_call(const Context *cx, Place *place, const AstExpr *ast, const char *name, Expr **out);
/* "sum(DISTINCT t.x)"; before the form is bound. */
Status call_label(const Context *cx, Binder *binder, const AstCall *call, const AggregateForm *form, const char **label);
/* An aggregate's arguments and order, bound at the place; FILTER and OVER are the caller's. */
Status bind_aggregate_form(const Context *cx, Place *place, const AstExpr *ast, const char *name, AggregateForm *form,
                           const char **label, const Aggregate **aggregate);

/* GROUP BY, after everything else has been bound. */
Status bind_group_by(const Context *cx, Binder *binder, Select *select);
/* Turns everything above the grouping into expressions over groups and aggregates; GROUPING_ERROR. */
Status regroup_select(const Context *cx, Binder *binder, Select *select);
/* Adds the Aggregate node. */
Status group_rows(const Context *cx, Binder *binder, Select *select);
/* Adds the Window nodes. */
Status window_rows(const Context *cx, Binder *binder, Select *select);

#endif
