/* Table functions: generate_series() and the storage views behind `depot check` and `depot inspect`. */
#ifndef DEPOT_BIND_BIND_TABLE_FUNCTION_H
#define DEPOT_BIND_BIND_TABLE_FUNCTION_H

#include "bind/scope.h"

/* *names: of the columns that its node has. */
Status bind_table_function(const Context *cx, Binder *binder, const Scope *scope, const AstFrom *ast, LogicalNode **node,
                           const char **name, const char ***names);

#endif
