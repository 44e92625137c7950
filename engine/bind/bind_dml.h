/* What INSERT and COPY share. */
#ifndef DEPOT_BIND_BIND_DML_H
#define DEPOT_BIND_BIND_DML_H

#include "bind/binder.h"

/* The table columns that a column list names, all if it is empty. UNDEFINED_COLUMN, DUPLICATE_COLUMN. */
Status bind_target_columns(const Context *cx, Arena *arena, const TableSchema *schema, const AstIdentList *names,
                           uint32_t **columns, uint32_t *count);

#endif
