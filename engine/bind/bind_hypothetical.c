/* rank(x) WITHIN GROUP (ORDER BY y) and its kin: which place a row of those values would have. They are written as counts of
 * the rows that would stand before it, which every aggregation can do:
 *
 *   rank           1 + count(*) FILTER (WHERE before)
 *   dense_rank     1 + count(DISTINCT y) FILTER (WHERE before) + 1 if a NULL is among them
 *   percent_rank   count(*) FILTER (WHERE before) / count(*)
 *   cume_dist      (1 + count(*) FILTER (WHERE NOT after)) / (1 + count(*)) */
#include "bind/select.h"

/* A call being rewritten. A failed allocation is noted and the rest goes on over NULLs. */
typedef struct Rewriter {
    const Context *cx;
    Arena *arena;
    const AstExpr *ast;
    bool is_out_of_memory;
} Rewriter;

static void *allocate(Rewriter *r, size_t bytes) {
    void *memory = arena_alloc(r->cx, r->arena, bytes);
    r->is_out_of_memory = r->is_out_of_memory || memory == NULL;
    return memory == NULL ? NULL : memset(memory, 0, bytes);
}

static AstExpr *new_expr(Rewriter *r, AstExprKind kind, AstExpr *first, AstExpr *second) {
    AstExpr *expr = allocate(r, sizeof *expr);
    AstExpr **args = allocate(r, 2 * sizeof(AstExpr *));
    if (expr == NULL || args == NULL) {
        return NULL;
    }
    args[0] = first;
    args[1] = second;
    *expr = (AstExpr){.kind = kind, .pos = r->ast->pos, .depth = r->ast->depth};
    expr->args.items = args;
    expr->args.count = second != NULL ? 2 : first != NULL ? 1 : 0;
    return expr;
}

static AstExpr *new_binary(Rewriter *r, const char *symbol, AstExpr *left, AstExpr *right) {
    AstExpr *expr = new_expr(r, AST_BINARY, left, right);
    if (expr != NULL) {
        expr->symbol = symbol;
    }
    return expr;
}

static AstExpr *new_number(Rewriter *r, AstExprKind kind, const char *digits) {
    AstExpr *expr = new_expr(r, kind, NULL, NULL);
    if (expr != NULL) {
        expr->text = digits;
    }
    return expr;
}

static AstExpr *new_is_null(Rewriter *r, AstExpr *operand, bool negated) {
    AstExpr *expr = new_expr(r, AST_IS_NULL, operand, NULL);
    if (expr != NULL) {
        expr->negated = negated;
    }
    return expr;
}

/* name(first, second) FILTER (WHERE the call's own condition AND filter); name(*) without arguments. */
static AstExpr *new_call(Rewriter *r, const char *name, AstExpr *first, AstExpr *second, AstExpr *filter, bool is_aggregate) {
    AstExpr *expr = new_expr(r, AST_CALL, first, second);
    AstCall *call = allocate(r, sizeof *call);
    AstName *names = allocate(r, sizeof *names);
    AstExpr *own = is_aggregate ? r->ast->call->filter : NULL;
    if (expr == NULL || call == NULL || names == NULL) {
        return NULL;
    }
    *names = (AstName){.pos = r->ast->pos, .count = 1};
    names->parts[0].text = name;
    call->name = names;
    call->is_star = first == NULL;
    call->filter = own != NULL && filter != NULL ? new_expr(r, AST_AND, own, filter) : own != NULL ? own : filter;
    expr->call = call;
    return expr;
}

static AstExpr *new_count(Rewriter *r, AstExpr *filter) {
    return new_call(r, "count", NULL, NULL, filter, true);
}

/* Does the key's value stand before (or, `is_after`, behind) the argument? NULLs are ordered like any value. */
static AstExpr *stands_apart(Rewriter *r, const AstOrderItem *item, AstExpr *argument, bool is_after) {
    bool is_less = item->descending == is_after, nulls_apart = order_nulls_first(item) != is_after;
    AstExpr *compared = new_binary(r, is_less ? "<" : ">", item->expr, argument);
    AstExpr *null_apart = new_expr(r, AST_AND, new_is_null(r, nulls_apart ? item->expr : argument, false),
                                   new_is_null(r, nulls_apart ? argument : item->expr, true));
    return new_expr(r, AST_OR, compared, null_apart);
}

/* Of all keys: apart in the first, or equal there and apart in the rest. */
static AstExpr *rows_apart(Rewriter *r, bool is_after) {
    const AstOrderList *keys = &r->ast->call->within_group;
    AstExpr *apart = NULL;
    for (uint32_t i = keys->count; i-- > 0;) {
        AstExpr *argument = r->ast->args.items[i], *here = stands_apart(r, keys->items[i], argument, is_after);
        AstExpr *equal = new_expr(r, AST_IS_DISTINCT, keys->items[i]->expr, argument);
        if (equal != NULL) {
            equal->negated = true;
        }
        apart = apart == NULL ? here : new_expr(r, AST_OR, here, new_expr(r, AST_AND, equal, apart));
    }
    return apart;
}

static AstExpr *dense_rank(Rewriter *r) {
    AstExpr *key = r->ast->call->within_group.items[0]->expr;
    AstExpr *values = new_call(r, "count", key, NULL, rows_apart(r, false), true);
    if (values != NULL) {
        values->call->is_distinct = true;
    }
    AstExpr *is_null = new_call(r, "iff", new_is_null(r, key, false), new_number(r, AST_INTEGER, "1"), NULL, false);
    AstExpr **args = allocate(r, 3 * sizeof(AstExpr *));
    if (is_null == NULL || args == NULL) {
        return NULL;
    }
    args[0] = is_null->args.items[0];
    args[1] = is_null->args.items[1];
    args[2] = new_number(r, AST_INTEGER, "0");
    is_null->args.items = args;
    is_null->args.count = 3;
    AstExpr *nulls = new_call(r, "coalesce", new_call(r, "max", is_null, NULL, rows_apart(r, false), true),
                              new_number(r, AST_INTEGER, "0"), NULL, false);
    return new_binary(r, "+", new_binary(r, "+", new_number(r, AST_INTEGER, "1"), values), nulls);
}

static AstExpr *percent_rank(Rewriter *r) {
    AstExpr *before = new_binary(r, "*", new_number(r, AST_DOUBLE, "1e0"), new_count(r, rows_apart(r, false)));
    AstExpr *rows = new_call(r, "nullif", new_count(r, NULL), new_number(r, AST_INTEGER, "0"), NULL, false);
    return new_call(r, "coalesce", new_binary(r, "/", before, rows), new_number(r, AST_DOUBLE, "0e0"), NULL, false);
}

static AstExpr *cume_dist(Rewriter *r) {
    AstExpr *not_after = new_expr(r, AST_IS_BOOLEAN, rows_apart(r, true), NULL);
    if (not_after != NULL) {
        not_after->truth = AST_TRUTH_TRUE;
        not_after->negated = true;
    }
    AstExpr *up_to = new_binary(r, "+", new_number(r, AST_DOUBLE, "1e0"), new_count(r, not_after));
    return new_binary(r, "/", up_to, new_binary(r, "+", new_number(r, AST_INTEGER, "1"), new_count(r, NULL)));
}

/* The arguments are the same for all rows. */
static Status check_arguments(const Context *cx, Place *place, const AstExpr *ast, const char *name) {
    const AstCall *call = ast->call;
    if (ast->args.count != call->within_group.count) {
        fail_at(cx, ast->pos, UNDEFINED_FUNCTION, "function %s has %u arguments for %u values of WITHIN GROUP", name,
                ast->args.count, call->within_group.count);
        return fail_hint(cx, "to use the hypothetical-set aggregate %s, the number of both must be the same", name);
    }
    Place nowhere = {.binder = place->binder, .scope = place->scope, .clause = place->clause, .select = place->select};
    for (uint32_t i = 0; i < ast->args.count; i++) {
        Expr *arg;
        if (call->within_group.items[i]->expr == NULL) {
            return fail_unsupported(cx, call->within_group.items[i]->pos, "ORDER BY ALL in an aggregate");
        }
        TRY(bind_expr(cx, &nowhere, ast->args.items[i], &arg));
        if (!expr_is_constant(arg) && arg->kind != EXPR_PARAMETER) {
            return fail_unsupported(cx, ast->args.items[i]->pos, "a direct argument of an aggregate that is not a constant");
        }
    }
    return OK;
}

Status bind_hypothetical_call(const Context *cx, Place *place, const AstExpr *ast, const char *name, Expr **out) {
    Rewriter r = {.cx = cx, .arena = place->binder->arena, .ast = ast};
    AstExpr *rewritten;
    TRY(check_arguments(cx, place, ast, name));
    if (strcmp(name, "rank") == 0) {
        rewritten = new_binary(&r, "+", new_number(&r, AST_INTEGER, "1"), new_count(&r, rows_apart(&r, false)));
    } else if (strcmp(name, "dense_rank") == 0 && ast->args.count == 1) {
        rewritten = dense_rank(&r);
    } else if (strcmp(name, "percent_rank") == 0) {
        rewritten = percent_rank(&r);
    } else if (strcmp(name, "cume_dist") == 0) {
        rewritten = cume_dist(&r);
    } else {
        return strcmp(name, "dense_rank") == 0
                   ? fail_unsupported(cx, ast->pos, "dense_rank() WITHIN GROUP of several values")
                   : fail_at(cx, ast->pos, WRONG_OBJECT_TYPE, "%s is not an ordered-set aggregate", name);
    }
    return r.is_out_of_memory ? OUT_OF_MEMORY : bind_expr(cx, place, rewritten, out);
}
