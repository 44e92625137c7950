/* Small questions to the syntax tree. */
#include "parser/ast.h"

#include <string.h>

static const char *type_column_name(const AstType *type) {
    return type->name;
}

/* A query's only column names a scalar subquery. */
static const char *query_column_name(const AstQuery *query) {
    if (query->kind == AST_QUERY_SET_OPERATION) {
        return query_column_name(query->set.inputs.items[0]);
    }
    if (query->kind == AST_QUERY_VALUES) {
        return "column1";
    }
    if (query->select->items.count == 0) {
        return "?column?";
    }
    const AstSelectItem *item = query->select->items.items[0];
    return item->alias != NULL ? item->alias : ast_column_name(item->expr);
}

const char *ast_column_name(const AstExpr *expr) {
    static const char unnamed[] = "?column?";
    const char *name;
    switch (expr->kind) {
    case AST_COLUMN: return expr->name->parts[expr->name->count - 1].text;
    case AST_CALL: return expr->call->name->parts[expr->call->name->count - 1].text;
    case AST_TYPED_LITERAL: return type_column_name(expr->typed.type);
    case AST_ROW: return "row";
    case AST_EXISTS: return "exists";
    case AST_SUBQUERY: return query_column_name(expr->query);
    case AST_CAST:
        name = ast_column_name(expr->args.items[0]);
        return strcmp(name, unnamed) == 0 ? type_column_name(expr->cast.type) : name;
    case AST_CASE:
        name = expr->has_else ? ast_column_name(expr->args.items[expr->args.count - 1]) : unnamed;
        return strcmp(name, unnamed) == 0 ? "case" : name;
    default: return unnamed;
    }
}

const AstOption *ast_option_find(const AstOptionList *options, const char *name) {
    for (uint32_t i = options->count; i > 0; i--) {
        if (strcmp(options->items[i - 1]->name, name) == 0) {
            return options->items[i - 1];
        }
    }
    return NULL;
}
