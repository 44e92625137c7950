/* One SELECT while it is being bound. Rows pass through it in levels:
 *
 *   FROM → (filtering) → WHERE → (before) → groups and aggregates → (choosing) → HAVING → (after) → windows → series →
 * QUALIFY → select list → DISTINCT → ORDER BY
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
    uint32_t pending_first, pending_end; /* its subqueries in Select.after */
} SelectItem;

typedef struct Group {
    Expr *expr;
    ColumnId column; /* that holds it above the grouping */
} Group;

/* One of GROUPING SETS, and of what ROLLUP and CUBE stand for. */
typedef struct GroupingSet {
    uint32_t count, capacity;
    uint32_t *groups; /* indexes; a group may come twice */
} GroupingSet;
typedef struct GroupingSets {
    uint32_t count, capacity;
    GroupingSet *items;
} GroupingSets;

/* GROUPING(a, b): one bit per argument, 1 where the row's set does not have it. */
typedef struct GroupingCall {
    ColumnId output; /* stands for it until all sets are known */
    uint32_t arg_count;
    Expr **args;
    Expr *value; /* over the set's number */
} GroupingCall;

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
    /* Subqueries of WHERE; of what is grouped and aggregated; of HAVING; of all above that. */
    PendingJoins filtering, before, choosing, after;
    Expr *where, *having, *qualify; /* may be NULL */
    bool is_grouped;
    uint32_t group_count, group_capacity;
    Group *groups;
    GroupingSets sets;   /* more than one: several groupings at once */
    ColumnId set_number; /* of the row's set, above the grouping */
    uint32_t grouping_count, grouping_capacity;
    GroupingCall *groupings;
    uint32_t call_count, call_capacity;
    AggregateCall *calls;
    uint32_t window_count, window_capacity;
    WindowSet *windows;
    LogicalNode *series; /* generate_series() in the select list: every row once per number; NULL: none */
    ColumnId series_column;
    uint32_t order_count;
    OrderKey *order;
    uint32_t distinct_count; /* DISTINCT ON */
    uint32_t *distinct;      /* items */
};

/* Expressions above the grouping. */
static inline Place select_place(Binder *binder, Select *select, Clause clause) {
    return (Place){.binder = binder, .scope = &select->scope, .clause = clause, .select = select, .pending = &select->after};
}
/* Expressions over the rows of FROM. */
static inline Place select_row_place(Binder *binder, Select *select, Clause clause) {
    return (Place){.binder = binder, .scope = &select->scope, .clause = clause, .select = select, .pending = &select->before};
}

/* The hints of the comment behind SELECT go to the plan (bind_hints.c). */
Status bind_hints(const Context *cx, Binder *binder, const Select *select);
/* A column reference, or an alias of the select list: then *column is NULL and *out its expression. */
Status select_find_column(const Context *cx, Place *place, const AstExpr *ast, const ScopeColumn **column, Expr **out);
Status bind_aggregate_call(const Context *cx, Place *place, const AstExpr *ast, const char *name, Expr **out);
Status bind_window_call(const Context *cx, Place *place, const AstExpr *ast, const char *name, Expr **out);
/* rank(3) WITHIN GROUP (ORDER BY x) and its kin (bind_hypothetical.c). */
Status bind_hypothetical_call(const Context *cx, Place *place, const AstExpr *ast, const char *name, Expr **out);
/* "sum(DISTINCT t.x)"; before the form is bound. */
Status call_label(const Context *cx, Binder *binder, const AstCall *call, const AggregateForm *form, const char **label);
/* sum(1 / x) FILTER (WHERE x <> 0) must not fail where x is 0: arguments that can fail become CASE WHEN filter THEN … END. */
Status guard_by_filter(const Context *cx, Arena *arena, Expr *filter, Expr **args, uint32_t arg_count);
/* An aggregate's arguments and order, bound at the place; FILTER and OVER are the caller's. */
Status bind_aggregate_form(const Context *cx, Place *place, const AstExpr *ast, const char *name, AggregateForm *form,
                           const char **label, const Aggregate **aggregate);

Status bind_grouping_call(const Context *cx, Place *place, const AstExpr *ast, Expr **out);
/* The grouping sets that the items of GROUP BY come to; `bind` adds the groups of an expression to a set. */
typedef Status GroupBinder(const Context *cx, Binder *binder, Select *select, const AstExpr *ast, GroupingSet *set);
Status bind_grouping_sets(const Context *cx, Binder *binder, Select *select, GroupBinder *bind);
Status grouping_set_add(const Context *cx, Binder *binder, GroupingSet *set, uint32_t group);
bool grouping_set_has(const GroupingSet *set, uint32_t group);
static inline bool has_grouping_sets(const Select *select) {
    return select->sets.count > 1;
}
/* Gives every GROUPING() its value. */
Status bind_grouping_values(const Context *cx, Binder *binder, Select *select);
/* Adds the Expand and the Aggregate over it. */
Status aggregate_grouping_sets(const Context *cx, Binder *binder, SourcePos pos, Select *select);
/* Is the expression one of rows of FROM alone, without aggregates, windows and subqueries? */
bool select_is_of_rows(const Select *select, const Expr *expr);
/* GROUP BY, after everything else has been bound. */
Status bind_group_by(const Context *cx, Binder *binder, Select *select);
/* Turns everything above the grouping into expressions over groups and aggregates; GROUPING_ERROR. */
Status regroup_select(const Context *cx, Binder *binder, Select *select);
/* Adds the Aggregate node. */
Status group_rows(const Context *cx, Binder *binder, Select *select);
/* The frame of a window whose keys are bound (bind_frame.c). */
Status bind_frame(const Context *cx, Place *place, const AstFrame *frame, const WindowSet *set, WindowFrame *out);
bool frame_equal(const WindowFrame *a, const WindowFrame *b);
/* generate_series() as an item of the select list. */
Status bind_series_item(const Context *cx, Place *place, const AstExpr *ast, Expr **out);
/* Adds its node. */
Status series_rows(const Context *cx, Binder *binder, Select *select);
/* Adds the Window nodes. */
Status window_rows(const Context *cx, Binder *binder, Select *select);

#endif
