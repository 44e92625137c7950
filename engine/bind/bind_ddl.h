/* Inside CREATE TABLE: a table while it is being defined. Shared by bind_ddl.c and bind_constraint.c. */
#ifndef DEPOT_BIND_BIND_DDL_H
#define DEPOT_BIND_BIND_DDL_H

#include "bind/bind_table.h"

/* A table while it is being defined. */
typedef struct Creation {
    Arena *arena;
    Snapshot *snapshot;
    const AstCreateTable *ast; /* NULL: ALTER TABLE */
    TableSchema *schema;
    uint32_t column_capacity, key_capacity, check_capacity, sort_capacity;
    ColumnDef *columns;
    SourcePos *positions; /* of the columns */
    uint32_t position_count, position_capacity;
    KeyConstraint *keys;
    CheckConstraint *checks;
    uint32_t *sort_keys;
    bool has_primary, has_unique, has_foreign;                  /* for the notices */
    bool has_style, has_dist_key, has_sort_key, has_partitions; /* said already */
    SourcePos style_pos;
} Creation;

/* UNDEFINED_COLUMN with the nearest name; `what` is the clause that names it. */
Status find_column(const Context *cx, const Creation *creation, const AstIdent *ident, const char *what, uint32_t *column);
/* Several, all different. */
Status find_columns(const Context *cx, const Creation *creation, const AstIdentList *list, const char *what,
                    const uint32_t **columns);
Status set_dist_key(const Context *cx, Creation *creation, SourcePos pos, uint32_t column);
Status set_sort_key(const Context *cx, Creation *creation, SourcePos pos, uint32_t column);
Status add_sort_key(const Context *cx, Creation *creation, uint32_t column);

/* One attribute of CREATE TABLE or ALTER TABLE; whether they agree about the distribution is for check_distribution, at the
 * end. */
Status bind_attribute(const Context *cx, Creation *creation, const AstTableAttribute *ast);
Status check_distribution(const Context *cx, const Creation *creation);

/* bind_constraint.c */
/* ENCODE `name` for the column; with a notice AUTO where the encoding does not take its type. */
Status bind_encoding(const Context *cx, SourcePos pos, const char *name, ColumnDef *column);
Status set_not_null(const Context *cx, Creation *creation, const AstColumnDef *ast, ColumnDef *column);
Status bind_column_constraint(const Context *cx, Creation *creation, const AstConstraint *ast, uint32_t index);
Status bind_table_constraint(const Context *cx, Creation *creation, const AstConstraint *ast);
/* A constraint taken over from another table; names are made anew. */
Status copy_check(const Context *cx, Creation *creation, const CheckConstraint *check);
Status copy_key(const Context *cx, Creation *creation, const KeyConstraint *key);

#endif
