/* Row values: (a, b) = (1, 2), (a, b) < (c, d), IN, BETWEEN, IS NULL, IS DISTINCT FROM. Each becomes conditions on the members.
 */
#include "bind/binder.h"

/* Lexicographic: l1 < r1 OR (l1 = r1 AND …), the last pair with the symbol itself. */
static Status order_members(const Context *cx, Place *place, const char *symbol, Expr *const *left, Expr *const *right,
                            uint32_t count, SourcePos pos, Expr **out) {
    Arena *arena = place->binder->arena;
    char strict[2] = {symbol[0], '\0'};
    TRY(operator_bind(cx, arena, symbol, left[count - 1], right[count - 1], pos, out));
    for (uint32_t i = count - 1; i-- > 0;) {
        Expr *parts[2], *equal;
        TRY(operator_bind(cx, arena, strict, left[i], right[i], pos, &parts[0]));
        TRY(operator_bind(cx, arena, "=", left[i], right[i], pos, &equal));
        parts[1] = expr_and(cx, arena, equal, *out);
        TRY_POINTER(parts[1]);
        TRY(make_nary(cx, arena, EXPR_OR, parts, 2, pos, out));
    }
    return OK;
}

Status bind_members(const Context *cx, Place *place, const char *symbol, Expr *const *left, Expr *const *right, uint32_t count,
                    SourcePos pos, Expr **out) {
    bool is_equal = strcmp(symbol, "=") == 0, is_unequal = strcmp(symbol, "<>") == 0;
    Expr **parts;
    if (count > 1 && !is_equal && !is_unequal) {
        return order_members(cx, place, symbol, left, right, count, pos, out);
    }
    TRY_NEW_ARRAY(cx, place->binder->arena, parts, count);
    for (uint32_t i = 0; i < count; i++) {
        TRY(operator_bind(cx, place->binder->arena, symbol, left[i], right[i], pos, &parts[i]));
    }
    return make_nary(cx, place->binder->arena, is_unequal ? EXPR_OR : EXPR_AND, parts, count, pos, out);
}

/* Row values of two sides, compared member by member; the right one may be a subquery. */
static Status compare_rows(const Context *cx, Place *place, const char *symbol, Expr *const *left, uint32_t left_count,
                           const AstExpr *right, SourcePos pos, Expr **out) {
    Expr **members;
    if (right->kind == AST_SUBQUERY) {
        BoundQuery query;
        TRY(bind_row_subquery(cx, place, right->query, &query));
        TRY(bind_query_columns(cx, place, right, &query, left_count, &members));
        return bind_members(cx, place, symbol, left, members, left_count, pos, out);
    }
    if (right->kind != AST_ROW) {
        return fail_unsupported(cx, right->pos, "a row value compared with something else");
    }
    if (right->args.count != left_count) {
        return fail_at(cx, pos, SYNTAX_ERROR, "unequal number of entries in row expressions");
    }
    TRY(bind_exprs(cx, place, &right->args, &members));
    return bind_members(cx, place, symbol, left, members, left_count, pos, out);
}

static bool compares_rows(const char *symbol) {
    static const char *const symbols[] = {"=", "<>", "<", "<=", ">", ">="};
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        if (strcmp(symbol, symbols[i]) == 0) {
            return true;
        }
    }
    return false;
}

Status bind_row_compare(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    const AstExpr *left = ast->args.items[0];
    if (!compares_rows(ast->symbol)) {
        return fail_at(cx, ast->pos, UNDEFINED_FUNCTION, "operator %s does not take row values", ast->symbol);
    }
    if (left->kind != AST_ROW || left->args.count == 0) {
        return fail_unsupported(cx, ast->pos, "a row value compared with something else");
    }
    Expr **members;
    TRY(bind_exprs(cx, place, &left->args, &members));
    return compare_rows(cx, place, ast->symbol, members, left->args.count, ast->args.items[1], ast->pos, out);
}

Status bind_row_in(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    const AstExpr *left = ast->args.items[0];
    uint32_t count = ast->args.count - 1;
    Expr **members, **parts;
    TRY(bind_exprs(cx, place, &left->args, &members));
    TRY_NEW_ARRAY(cx, place->binder->arena, parts, count);
    for (uint32_t i = 0; i < count; i++) {
        TRY(compare_rows(cx, place, "=", members, left->args.count, ast->args.items[i + 1], ast->pos, &parts[i]));
    }
    return make_nary(cx, place->binder->arena, EXPR_OR, parts, count, ast->pos, out);
}

/* ----------------------------------------------------------------------------------------------- BETWEEN, DISTINCT, IS NULL */

static Status negate_if(const Context *cx, Place *place, bool is_negated, Expr **expr) {
    if (is_negated) {
        *expr = expr_not(cx, place->binder->arena, *expr);
        TRY_POINTER(*expr);
    }
    return OK;
}

typedef struct Row {
    uint32_t count;
    Expr **members;
} Row;

static Status bind_row(const Context *cx, Place *place, const AstExpr *ast, Row *row) {
    if (ast->kind != AST_ROW || ast->args.count == 0) {
        return fail_unsupported(
            cx, ast->pos, ast->kind == AST_ROW ? "a row value without members" : "a row value compared with something else");
    }
    row->count = ast->args.count;
    TRY(bind_exprs(cx, place, &ast->args, &row->members));
    for (uint32_t i = 0; i < row->count; i++) { /* they come to stand in several places */
        TRY(expr_check_shared(cx, row->members[i]));
    }
    return OK;
}

static Status check_counts(const Context *cx, const Row *left, const Row *right, SourcePos pos) {
    return left->count == right->count ? OK : fail_at(cx, pos, SYNTAX_ERROR, "unequal number of entries in row expressions");
}

static Status row_between(const Context *cx, Place *place, const Row *row, const Row *low, const Row *high, SourcePos pos,
                          Expr **out) {
    Expr *both[2];
    TRY(check_counts(cx, row, low, pos));
    TRY(check_counts(cx, row, high, pos));
    TRY(bind_members(cx, place, ">=", row->members, low->members, row->count, pos, &both[0]));
    TRY(bind_members(cx, place, "<=", row->members, high->members, row->count, pos, &both[1]));
    return make_nary(cx, place->binder->arena, EXPR_AND, both, 2, pos, out);
}

Status bind_row_between(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Row rows[3];
    Expr *both[2];
    for (uint32_t i = 0; i < 3; i++) {
        TRY(bind_row(cx, place, ast->args.items[i], &rows[i]));
    }
    TRY(row_between(cx, place, &rows[0], &rows[1], &rows[2], ast->pos, &both[0]));
    *out = both[0];
    if (ast->symmetric) {
        TRY(row_between(cx, place, &rows[0], &rows[2], &rows[1], ast->pos, &both[1]));
        TRY(make_nary(cx, place->binder->arena, EXPR_OR, both, 2, ast->pos, out));
    }
    return negate_if(cx, place, ast->negated, out);
}

Status bind_row_is_distinct(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Arena *arena = place->binder->arena;
    Row left, right;
    Expr **parts;
    TRY(bind_row(cx, place, ast->args.items[0], &left));
    TRY(bind_row(cx, place, ast->args.items[1], &right));
    TRY(check_counts(cx, &left, &right, ast->pos));
    TRY_NEW_ARRAY(cx, arena, parts, left.count);
    for (uint32_t i = 0; i < left.count; i++) {
        Type type;
        parts[i] = expr_new(cx, arena, EXPR_DISTINCT, type_make(TYPE_BOOLEAN), ast->pos, 2);
        TRY_POINTER(parts[i]);
        parts[i]->args[0] = left.members[i];
        parts[i]->args[1] = right.members[i];
        TRY(cast_to_common(cx, arena, parts[i]->args, 2, "IS DISTINCT FROM", &type));
    }
    TRY(make_nary(cx, arena, EXPR_OR, parts, left.count, ast->pos, out));
    return negate_if(cx, place, ast->negated, out);
}

/* IS NULL: all members are; IS NOT NULL: none is. One is not the opposite of the other. */
Status bind_row_is_null(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Arena *arena = place->binder->arena;
    Row row;
    Expr **parts;
    TRY(bind_row(cx, place, ast->args.items[0], &row));
    TRY_NEW_ARRAY(cx, arena, parts, row.count);
    for (uint32_t i = 0; i < row.count; i++) {
        Expr *member;
        TRY(expr_known(cx, arena, row.members[i], &member));
        parts[i] = expr_new(cx, arena, EXPR_IS_NULL, type_make(TYPE_BOOLEAN), ast->pos, 1);
        TRY_POINTER(parts[i]);
        parts[i]->args[0] = member;
        TRY(negate_if(cx, place, ast->negated, &parts[i]));
    }
    return make_nary(cx, arena, EXPR_AND, parts, row.count, ast->pos, out);
}
