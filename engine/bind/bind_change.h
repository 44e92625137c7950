/* What DELETE, UPDATE and MERGE share: the target, its rows in sight, and new values for its columns. */
#ifndef DEPOT_BIND_BIND_CHANGE_H
#define DEPOT_BIND_BIND_CHANGE_H

#include "bind/bind_dml.h"
#include "bind/bind_table.h"

typedef struct Change {
    Binder *binder;
    Cte *ctes;         /* what WITH names mean; NULL without WITH */
    Scope scope;       /* all rows in sight: the target's and others' */
    LogicalNode *node; /* the rows so far */
    const Relation *target;
    Expr **defaults; /* by table column; NULL before they are needed */
} Change;

/* WITH and the binder itself. */
Status change_begin(const Context *cx, Arena *arena, Snapshot *snapshot, const AstWith *with, const BindParameters *parameters,
                    Change *change);
/* Once scope and node are there: which relation is the target. */
void change_find_target(Change *change);
/* The target's columns as they are, in table order. */
Status change_old_row(const Context *cx, Change *change, Expr ***row);
/* Puts what SET assigns into `row`; `pending` gathers subqueries. */
Status change_assign(const Context *cx, Change *change, const AstAssignmentList *set, PendingJoins *pending, Expr **row);
/* A DEFAULT or an expression for a column of the table. */
Status change_value(const Context *cx, Change *change, Place *place, const AstExpr *ast, uint32_t column, Expr **out);
/* The plan: the change of `node`, whose columns are as ChangeKind says. */
Status change_plan(const Context *cx, const Change *change, const AstWith *with, ChangeKind kind, SourcePos pos,
                   LogicalPlan **plan);

#endif
