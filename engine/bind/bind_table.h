/* Expressions that belong to a table: DEFAULT and CHECK, kept as text. */
#ifndef DEPOT_BIND_BIND_TABLE_H
#define DEPOT_BIND_BIND_TABLE_H

#include "bind/binder.h"

/* Is it a value that the column can take? */
Status check_default(const Context *cx, Arena *arena, Snapshot *snapshot, const AstExpr *ast, const ColumnDef *column);
/* A condition on the table's columns: EXPR_COLUMN i is column i. */
Status bind_check(const Context *cx, Arena *arena, Snapshot *snapshot, const TableSchema *schema, const AstExpr *ast,
                  Expr **out);
/* Puts a Filter on rows of the table (its columns are the node's first ones) that raises CHECK_VIOLATION for one that violates
 * a constraint; rows for which `unless` (may be NULL) is true are let through. */
Status filter_checks(const Context *cx, Binder *binder, const TableSchema *schema, Expr *unless, LogicalNode **node);
/* Assignment to a column, with PostgreSQL's words where the types do not fit. */
Status bind_assignment(const Context *cx, Arena *arena, Expr *from, SourcePos pos, const ColumnDef *column, const char *what,
                       Expr **out);

#endif
