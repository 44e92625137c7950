/* Inside the binder: what its files share. See bind.h for which file does what. */
#ifndef DEPOT_BIND_BINDER_H
#define DEPOT_BIND_BINDER_H

#include "bind/bind.h"
#include "bind/scope.h"
#include "expr/functions.h"
#include "plan/columns.h"
#include "plan/system_table.h"

/* Query blocks that one statement may come to once its CTEs are written out, and how deep calls may nest. */
#define BIND_QUERIES_MAX 5000
#define BIND_DEPTH_MAX 2500

/* A relation that the text of a statement names, in the order of binding. */
typedef struct RelationReference {
    AstName *name;
    const TableVersion *relation;
} RelationReference;
typedef struct RelationReferences {
    uint32_t count, capacity;
    RelationReference *items;
} RelationReferences;

/* The places of the subqueries that are being bound, innermost first. */
typedef struct SubqueryPlace {
    const struct Place *place;
    const struct SubqueryPlace *around;
} SubqueryPlace;

/* One statement's binding. */
struct Binder {
    Arena *arena;
    Snapshot *snapshot;
    const BindParameters *parameters; /* may be NULL */
    LogicalPlan *plan;
    uint32_t query_count;
    uint32_t depth;
    const SubqueryPlace *subquery;  /* NULL: none is being bound */
    RelationReferences *references; /* gathers what the statement's own text names; NULL: nobody wants to know */
    Cte *cte;                       /* the WITH query that is being bound; NULL: none */
    const char *recursion_bar;      /* where that must not be read, for the message; NULL: it may */
};

Status binder_create(const Context *cx, Arena *arena, Snapshot *snapshot, const BindParameters *parameters, Binder **binder);
/* STATEMENT_TOO_COMPLEX past the limit; binder_leave undoes it. */
Status binder_enter(const Context *cx, Binder *binder, SourcePos pos);
static inline void binder_leave(Binder *binder) {
    binder->depth--;
}

#define TRY_POINTER(pointer)                                                                                                   \
    do {                                                                                                                       \
        if (__builtin_expect((pointer) == NULL, 0)) {                                                                          \
            return OUT_OF_MEMORY;                                                                                              \
        }                                                                                                                      \
    } while (0)

/* ------------------------------------------------------------------------------------------------------------ expressions */

typedef enum Clause {
#define CLAUSE(tag, what, columns, aggregates, windows) CLAUSE_##tag,
#include "bind/clauses.def"
#undef CLAUSE
    CLAUSE_COUNT
} Clause;

typedef struct ClauseRule {
    const char *what;
    bool has_columns;
    const char *aggregates, *windows; /* hints; NULL: allowed */
} ClauseRule;
extern const ClauseRule clause_rules[CLAUSE_COUNT];

/* A subquery used as a value, to be joined to the rows whose expression it stands in. */
typedef struct PendingJoin {
    JoinKind kind; /* SINGLE, MARK, EXISTS; SEMI, ANTI, ANTI_NULL */
    SourcePos pos;
    LogicalNode *node;
    Expr *condition; /* over both sides; may be NULL */
    ColumnId mark;
} PendingJoin;
typedef struct PendingJoins {
    uint32_t count, capacity;
    PendingJoin *items;
} PendingJoins;

typedef struct Select Select;

/* Where an expression stands: what may be in it and where its parts go. */
typedef struct Place {
    Binder *binder;
    const Scope *scope; /* never NULL */
    Clause clause;
    Select *select;        /* gathers aggregates and windows; NULL outside of SELECT */
    PendingJoins *pending; /* subqueries; NULL where there can be none */
} Place;

/* Where an expression's text begins: errors about an expression as a whole point there, as PostgreSQL's do. */
SourcePos expr_start(const AstExpr *ast);
/* Literals may come back with an unknown type (TYPE_NULL, is_unknown). */
Status bind_expr(const Context *cx, Place *place, const AstExpr *ast, Expr **out);
/* Unknown becomes text. */
Status bind_expr_known(const Context *cx, Place *place, const AstExpr *ast, Expr **out);
/* "argument of WHERE must be type boolean, not type integer" */
Status bind_boolean(const Context *cx, Place *place, const AstExpr *ast, const char *what, Expr **out);
/* An expression without columns: RANGE's offsets. */
Status bind_constant(const Context *cx, Place *place, const AstExpr *ast, Expr **out);
/* A constant integer: LIMIT, OFFSET, frame bounds. *is_null is set for NULL. */
Status bind_constant_integer(const Context *cx, Place *place, const AstExpr *ast, int64_t *value, bool *is_null);
Status bind_exprs(const Context *cx, Place *place, const AstExprList *list, Expr ***out);
Status bind_type(const Context *cx, const AstType *ast, Type *type);
Status expr_known(const Context *cx, Arena *arena, Expr *expr, Expr **out);
bool expr_is_literal(const Expr *expr); /* of unknown type */
Status bind_call(const Context *cx, Place *place, const AstExpr *ast, Expr **out);
Status bind_in_list(const Context *cx, Place *place, const AstExpr *ast, Expr **out);
/* left <symbol> right, of as many members each: = all, <> any, < and so on by the first that differ. */
Status bind_members(const Context *cx, Place *place, const char *symbol, Expr *const *left, Expr *const *right, uint32_t count,
                    SourcePos pos, Expr **out);
/* AND or OR of one or more conditions. */
Status make_nary(const Context *cx, Arena *arena, ExprKind kind, Expr *const *args, uint32_t count, SourcePos pos, Expr **out);
/* bind_row.c: what stands around row values (a, b). All take the whole expression; IN without its NOT. */
Status bind_row_compare(const Context *cx, Place *place, const AstExpr *ast, Expr **out);
Status bind_row_in(const Context *cx, Place *place, const AstExpr *ast, Expr **out);
Status bind_row_between(const Context *cx, Place *place, const AstExpr *ast, Expr **out);
Status bind_row_is_distinct(const Context *cx, Place *place, const AstExpr *ast, Expr **out);
Status bind_row_is_null(const Context *cx, Place *place, const AstExpr *ast, Expr **out);
/* AST_SUBQUERY, AST_EXISTS, AST_IN_QUERY, AST_QUANTIFIED as values. */
Status bind_subquery(const Context *cx, Place *place, const AstExpr *ast, Expr **out);
/* A condition: its conjuncts IN (query) and NOT IN (query) become semi and anti joins of place->pending, the others are ANDed
 * (*out may be NULL). */
Status bind_condition(const Context *cx, Place *place, const AstExpr *ast, const char *what, Expr **out);
/* The number of subqueries so far at the place. */
static inline uint32_t place_subqueries(const Place *place) {
    return place->pending == NULL ? 0 : place->pending->count;
}
/* Subqueries from `first` on stand where they may not be evaluated: only where none of conditions[0 … count) is true and
 * `taken` (NULL: none) is. Those that could raise an error are computed for such rows alone. */
Status guard_subqueries(const Context *cx, Place *place, uint32_t first, Expr *const *conditions, uint32_t stride,
                        uint32_t count, Expr *taken);
/* Columns that pending joins compute: values of scalar subqueries and marks. */
Status pending_values(const Context *cx, Binder *binder, const PendingJoins *pending, ColumnSet *values);
/* Does the subquery, or what it is compared with, name a column of the set? */
bool pending_looks_at(const PendingJoin *join, const ColumnSet *columns);
typedef enum PendingUse { PENDING_VALUES, PENDING_FILTERS } PendingUse; /* those that compute values, or that filter */
/* Puts the pending joins of one use on top of a node: all (`late` NULL), or those that do, or do not, look at a column of
 * `late`.
 */
Status join_pending(const Context *cx, Binder *binder, const PendingJoins *pending, PendingUse use, const ColumnSet *late,
                    bool is_late, LogicalNode **node);
static inline Status join_pending_values(const Context *cx, Binder *binder, const PendingJoins *pending, LogicalNode **node) {
    return join_pending(cx, binder, pending, PENDING_VALUES, NULL, false, node);
}

/* ---------------------------------------------------------------------------------------------------------------- queries */

typedef struct BoundQuery {
    LogicalNode *node;  /* its columns are the outputs, in order; all different */
    const char **names; /* one per column */
    Expr **literals; /* per column: the literal of unknown type that it is throughout (the column itself is text); else NULL */
    SourcePos *positions; /* per column: of its expression, for messages */
} BoundQuery;

/* (a, b) = (SELECT …): the columns of its one row. */
Status bind_row_subquery(const Context *cx, Place *place, const AstQuery *ast, BoundQuery *query);
/* References to the columns of a subquery, which must be `count`. */
Status bind_query_columns(const Context *cx, Place *place, const AstExpr *ast, const BoundQuery *query, uint32_t count,
                          Expr ***columns);

/* `outer`: the scope around it, for telling a correlated subquery from a wrong name; ctes: what WITH names mean. */
Status bind_query_body(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast,
                       BoundQuery *query);
Status bind_values(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast, BoundQuery *query);
Status bind_set_operation(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast,
                          BoundQuery *query);
Status bind_select(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast, BoundQuery *query);
/* Fills a scope with what FROM gives and returns its rows. */
Status bind_from_list(const Context *cx, Binder *binder, const AstFromList *list, Scope *scope, LogicalNode **node);
/* bind_recursive.c. The query of a WITH name, which may be recursive. */
Status bind_cte_query(const Context *cx, Binder *binder, Cte *cte, BoundQuery *query);
/* The reference of a WITH query to itself. INVALID_RECURSION where there can be none. */
Status bind_working_scan(const Context *cx, Binder *binder, const AstFrom *ast, Cte *cte, const Scope *outer,
                         LogicalNode **node);
/* Is it the UNION of a WITH RECURSIVE that is being bound? */
bool is_recursive_union(const Binder *binder, const AstQuery *ast);
Status bind_recursive_union(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast,
                            BoundQuery *query);
/* Names of the columns of a WITH query: its own list, then those of the query. */
Status cte_names(const Context *cx, Binder *binder, const AstCte *ast, const BoundQuery *query, const char ***names);
/* Input i of a set operation, which must have as many columns as inputs[0]. */
Status bind_set_input(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast, uint32_t i,
                      BoundQuery *inputs);
/* UNION and its kin over inputs that are bound. */
Status combine_inputs(const Context *cx, Binder *binder, const AstQuery *ast, BoundQuery *inputs, uint32_t count,
                      BoundQuery *query);
/* A WITH query that nobody reads must be right, too. */
/* WITH: its names in front of `ctes`; *last is the one that sees all of them. Once what follows is bound, the names that it did
 * not use are bound, too: they must be right. */
Status bind_with_names(const Context *cx, Binder *binder, const Scope *outer, const AstWith *with, Cte *ctes, Cte **last);
Status bind_with_unused(const Context *cx, Binder *binder, const AstWith *with, Cte *last);
Status bind_cte_unused(const Context *cx, Binder *binder, Cte *cte);
/* ORDER BY of a query without a select list: by position or output name only. */
Status bind_output_order(const Context *cx, Binder *binder, const AstQuery *ast, const char *what, BoundQuery *query);
/* bind_limit.c */
Status bind_limit(const Context *cx, Binder *binder, Cte *ctes, const Scope *outer, const AstQuery *ast, LogicalNode **node);
/* nulls_first of an ORDER BY item: NULLs are greater than all values unless it says otherwise. */
static inline bool order_nulls_first(const AstOrderItem *item) {
    return item->nulls == AST_NULLS_DEFAULT ? item->descending : item->nulls == AST_NULLS_FIRST;
}
/* True if the item is an integer literal; *position is it. SYNTAX_ERROR for other literals. */
Status bind_position(const Context *cx, const AstExpr *ast, const char *what, uint32_t columns, bool *is_position,
                     uint32_t *position);
/* bind_relation.c. The table or view that a name means: unqualified names are looked for along the search path. UNDEFINED_TABLE
 * with the nearest name, CTEs included. */
Status relation_find(const Context *cx, Snapshot *snapshot, Cte *ctes, const AstName *name, const TableVersion **relation);
/* The system table that a name means, or NULL: pg_catalog stands before all schemas of the search path. */
const SystemTable *system_relation(const AstName *name);
Status note_reference(const Context *cx, Binder *binder, AstName *name, const TableVersion *relation);
/* bind_view.c. The rows of a view: its query, bound where it is used. Positions inside it are the place of use. */
Status bind_view(const Context *cx, Binder *binder, const TableSchema *view, SourcePos pos, LogicalNode **node);

/* ------------------------------------------------------------------------------------------------------------------ nodes */

Status make_filter(const Context *cx, Binder *binder, Expr *condition, LogicalNode **node);
/* columns: left's then right's (semi and anti: left's; mark: left's and the mark). */
Status make_join(const Context *cx, Binder *binder, SourcePos pos, JoinKind kind, LogicalNode *left, LogicalNode *right,
                 Expr *condition, ColumnId mark, LogicalNode **node);
/* Column i computes exprs[i]; a bare column of the child keeps its id, the first time it comes. names: per column, NULL entries
 * (or NULL) for the expression's text. */
Status make_project(const Context *cx, Binder *binder, SourcePos pos, Expr *const *exprs, const char *const *names,
                    uint32_t count, LogicalNode **node);
Status make_aggregate(const Context *cx, Binder *binder, SourcePos pos, Expr *const *groups, const ColumnId *group_columns,
                      uint32_t group_count, const AggregateCall *calls, uint32_t call_count, LogicalNode **node);
/* Removes rows that are there twice. */
Status make_distinct(const Context *cx, Binder *binder, SourcePos pos, LogicalNode **node);
/* row_number() OVER (PARTITION BY partitions ORDER BY keys) behind the node's columns; all are COLUMNs. */
Status make_row_number(const Context *cx, Binder *binder, SourcePos pos, Expr **partitions, uint32_t partition_count,
                       SortKey *keys, uint32_t key_count, LogicalNode **node);
/* column = number, for a column of an integer type */
Status make_number_test(const Context *cx, Binder *binder, ColumnId id, int64_t number, SourcePos pos, Expr **out);
/* The first `count` columns only. */
Status make_prefix(const Context *cx, Binder *binder, uint32_t count, LogicalNode **node);
/* VALUES of which some rows hold subqueries (pending[row]): such rows are computed over these. */
Status compute_rows(const Context *cx, Binder *binder, const PendingJoins *pending, LogicalNode **node);
Status make_sort(const Context *cx, Binder *binder, const SortKey *keys, uint32_t key_count, LogicalNode **node);
/* A reference to a column of the plan. */
Expr *make_column(const Context *cx, Binder *binder, ColumnId id, SourcePos pos);
/* A column that holds an expression's value: the expression's own if it is a column, else a new one. */
Status make_column_for(const Context *cx, Binder *binder, const Expr *expr, const char *name, ColumnId *id);
/* A short text of an expression for EXPLAIN. */
Status expr_label(const Context *cx, Binder *binder, const Expr *expr, const char **label);

#endif
