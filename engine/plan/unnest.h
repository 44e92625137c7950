/* Inside rewrite_decorrelate: how one dependent join is taken apart, after Neumann and Kemper, "Unnesting Arbitrary Queries".
 *
 * A join depends if its right side uses columns of its left side: its free columns. Conditions are pulled up into the join
 * where nothing in between needs them (unnest_pull.c). Otherwise the right side is computed once for all values that the free
 * columns have (unnest_push.c): each of its nodes gets columns more, one per free column, and the join then matches them with
 * the left side's own. Where the values come from is decided at the bottom: an equality with a column in there gives them
 * ("covers"), or a join with the domain does: the distinct values of the left side, a shared subplan. */
#ifndef DEPOT_PLAN_UNNEST_H
#define DEPOT_PLAN_UNNEST_H

#include "plan/rewrite.h"

typedef struct Unnest {
    const Context *cx;
    LogicalPlan *plan;
    LogicalNode **left; /* the left side; a reader of a shared subplan once there is a domain */
    ColumnSet outer;    /* all columns of the left side */
    uint32_t count;
    ColumnId *free;  /* those that the right side uses */
    uint32_t *uses;  /* per free column: how often */
    Expr **keys;     /* per free column: the expression of the left side that its column on the right equals */
    ExprList guards; /* conditions of the join on the left side alone: rows without them want nothing of the right side */
    bool restricts;  /* covered values are computed for the domain only: others could raise an error, or are many more */
    bool has_domain;
    bool passes_nulls; /* columns of the domain stand for free columns: they may be NULL */
    uint32_t domain;   /* index of the shared subplan; its columns are those of `free` in order */
    bool is_split;     /* several branches of the right side give values: all of them in the free columns' own types */
} Unnest;

/* A reference to a column of the plan. */
Status plan_column(const Context *cx, LogicalPlan *plan, ColumnId id, Expr **out);
/* Makes a tree a shared subplan; FEATURE_NOT_SUPPORTED if its rows differ from round to round of a WITH RECURSIVE. */
Status unnest_share(const Context *cx, LogicalPlan *plan, LogicalNode *node, const char *name, uint32_t *index);
/* Adds a column to a node's output. */
Status node_add_columns(const Context *cx, LogicalPlan *plan, LogicalNode *node, const ColumnId *ids, uint32_t count);
/* A Project over *place that passes all its columns on; the caller adds more with project_add. */
Status project_over(const Context *cx, LogicalPlan *plan, LogicalNode **place);
Status project_add(const Context *cx, LogicalPlan *plan, LogicalNode *project, ColumnId id, Expr *expr);
/* A join of any kind with the columns that it has. */
Status make_plan_join(const Context *cx, LogicalPlan *plan, JoinKind kind, LogicalNode *left, LogicalNode *right,
                      Expr *condition, ColumnId mark, LogicalNode **join);

/* Is the left side so much smaller than the tree that it pays to compute the tree for its values alone? */
Status unnest_left_is_small(Unnest *u, LogicalNode *node, bool *is_small);

/* True if every use of the free columns in the tree is a condition that can move above it. */
bool unnest_can_pull(const Unnest *u, const LogicalNode *node);
/* Moves them out, into `pulled`; the tree then gives all columns that they need. */
Status unnest_pull(Unnest *u, LogicalNode **place, ExprList *pulled);

/* Makes the tree independent of the left side: columns[i] of its output is then the value of free column i that a row is for.
 */
Status unnest_push(Unnest *u, LogicalNode **place, ColumnId *columns);
/* Adds the conditions that match the left side with what unnest_push gave. */
Status unnest_match(Unnest *u, const ColumnId *columns, ExprList *conjuncts);

/* What unnest_push does by kind of node; all give columns as it does. */
Status unnest_push_join(Unnest *u, LogicalNode **place, ColumnId *columns);
Status unnest_push_cross(Unnest *u, LogicalNode **place, ColumnId *columns);
/* A tree without free columns under conditions. */
Status unnest_push_conditions(Unnest *u, LogicalNode **place, ExprList *conjuncts, ColumnId *columns);
/* A reader of the domain. */
Status unnest_scan_domain(Unnest *u, SourcePos pos, LogicalNode **node, ColumnId *columns);
/* The node's own expressions name columns[…] instead of the free ones. */
Status unnest_replace(Unnest *u, LogicalNode *node, const ColumnId *columns);
/* Both sides of the join have a column per free column: they must be for the same values. */
Status unnest_match_sides(Unnest *u, LogicalNode *join, const ColumnId *left, const ColumnId *right);
/* Adds to a Project the one of *id and `other` that is not NULL, above a FULL JOIN; *id becomes that. */
Status unnest_project_either(Unnest *u, LogicalNode *project, ColumnId *id, ColumnId other);
/* Groups by the columns, too. */
Status unnest_add_groups(Unnest *u, LogicalNode *aggregate, const ColumnId *columns);

/* Aggregates that are not NULL over no rows, where an outer join makes them so. Begin renames them in the node, before it is
 * joined; end adds a Project above the join that puts things right. */
typedef struct EmptyGroups {
    uint32_t count;
    ColumnId *outputs;
    Expr **exprs;
} EmptyGroups;
Status empty_groups_begin(const Context *cx, LogicalPlan *plan, LogicalNode *aggregate, EmptyGroups *groups);
Status empty_groups_end(const Context *cx, LogicalPlan *plan, const EmptyGroups *groups, LogicalNode **place);

Status join_depends(const Context *cx, const LogicalPlan *plan, const LogicalNode *join, bool *depends);

/* left ANTI_NULL or MARK right, of conditions that a hash join does not know the NULLs of. `scope`: which right rows count at
 * all (a NULL is no match); `compare`: the comparison whose truth is asked, three-valued; NULL: there is none. */
Status unnest_mark(const Context *cx, LogicalPlan *plan, LogicalNode **place, const ExprList *scope, Expr *compare);

#endif
