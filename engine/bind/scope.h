/* Which names mean which columns: what a FROM clause puts into sight. */
#ifndef DEPOT_BIND_SCOPE_H
#define DEPOT_BIND_SCOPE_H

#include "parser/ast.h"
#include "plan/logical.h"

typedef struct Binder Binder;
typedef struct Scope Scope;

/* A name of WITH. Its query is bound in the sight that it had where it was written: once, as a shared subplan of the plan, or
 * anew wherever it is used. */
typedef struct Cte {
    struct Cte *earlier; /* names before it, and those of enclosing queries */
    struct Cte *sight;   /* what its own query sees: those; WITH RECURSIVE: all of its list, too */
    const AstWith *with;
    const AstCte *ast;
    const Scope *outer;
    bool is_used;          /* set when it is bound somewhere */
    bool is_shared;        /* then: */
    uint32_t shared_index; /* of the plan's shared subplans */
    const char **names;    /* of its columns */
    struct Cte *around;    /* the one in whose query this one is being bound; while is_binding */
    bool is_binding;
    /* WITH RECURSIVE x AS (term UNION term that reads x): */
    LogicalNode *recursion; /* while the second term is bound; NULL: x may not be read */
    Type *types;            /* of its columns then */
    uint32_t column_count, references;
} Cte;

typedef struct ScopeColumn {
    const char *name;
    ColumnId id;
    uint32_t relation; /* index; RELATION_MERGED: a column merged by USING or NATURAL */
} ScopeColumn;
#define RELATION_MERGED UINT32_MAX

/* A table, subquery or function of FROM, by the name that qualifies its columns. */
typedef struct Relation {
    const char *schema_name;    /* NULL if it has an alias or is no table */
    const char *name;           /* alias or table name; NULL: cannot be named */
    const char *table_name;     /* the table or WITH name behind the alias; NULL: none */
    bool is_table;              /* stored, not a query */
    const TableVersion *target; /* the table that the statement changes, if this is it; else NULL */
    ColumnId row_id;            /* of the target's rows */
    bool is_working;            /* the recursive reference to a WITH query */
    uint32_t column_count;
    ScopeColumn *columns;
} Relation;

struct Scope {
    const Scope *outer; /* of the enclosing query; NULL at the top */
    bool is_sibling;    /* an `outer` of items further left in the same FROM */
    bool is_lateral;    /* …for an item that may see them */
    bool is_condition;  /* of ON: the two sides of a join */
    Cte *ctes;
    uint32_t relation_count, relation_capacity;
    Relation *relations;
    uint32_t column_count, column_capacity; /* what an unqualified name and * mean, in order */
    ScopeColumn *columns;
};

/* DUPLICATE_ALIAS if a relation of the name is there already. */
Status scope_add_relation(const Context *cx, Binder *binder, Scope *scope, const Relation *relation, SourcePos pos);
/* Takes over everything that `from` has. */
Status scope_append(const Context *cx, Binder *binder, Scope *scope, const Scope *from, SourcePos pos);
/* Finds name, t.name or schema.t.name. `aliases`: the select list, for hints; may be NULL. UNDEFINED_COLUMN, AMBIGUOUS_COLUMN,
 * UNDEFINED_TABLE with hints. The nearest scope that knows the name counts. */
Status scope_find_column(const Context *cx, const Scope *scope, const AstName *name, const AstSelectItemList *aliases,
                         const ScopeColumn **column);
/* Is there any unqualified column of that name in the scope itself? */
bool scope_names_column(const Scope *scope, const char *name);
/* Does the scope itself have the column, under whatever name? */
bool scope_has_id(const Scope *scope, ColumnId id);
/* Is there exactly one unqualified column of that name? */
bool scope_has_column(const Scope *scope, const char *name);
/* The relation that t.* or schema.t.* names. */
Status scope_find_relation(const Context *cx, const Scope *scope, const AstName *name, const Relation **relation);
Cte *cte_find(Cte *ctes, const char *name);

#endif
