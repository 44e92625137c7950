/* One item of FROM while it is being bound. Shared by bind_from.c and bind_join.c. */
#ifndef DEPOT_BIND_FROM_H
#define DEPOT_BIND_FROM_H

#include "bind/binder.h"

/* What one item of FROM comes to. */
typedef struct FromItem {
    LogicalNode *node;
    Scope scope;    /* what it puts into sight; outer and ctes are the query's */
    Scope siblings; /* what stands further left, out of its sight: the `outer` of what it holds */
} FromItem;

/* `left`: what stands further left in the same FROM. */
Status bind_from(const Context *cx, Binder *binder, const AstFrom *ast, const Scope *left, FromItem *item);
Status bind_from_join(const Context *cx, Binder *binder, const AstFrom *ast, FromItem *item);
/* A relation over the node's columns, named by the item's alias (or relation.name) and its column aliases. */
Status add_relation(const Context *cx, Binder *binder, const AstFrom *ast, Relation relation, const char *const *names,
                    FromItem *item);

#endif
