/* Expressions: one function per kind of node. Types meet through expr/'s casts and operators. */
#include "bind/select.h"

#include "core/decimal.h"
#include "core/interval.h"

#include <ctype.h>

const ClauseRule clause_rules[CLAUSE_COUNT] = {
#define CLAUSE(tag, what, columns, aggregates, windows) [CLAUSE_##tag] = {what, columns, aggregates, windows},
#include "bind/clauses.def"
#undef CLAUSE
};

Status bind_type(const Context *cx, const AstType *ast, Type *type) {
    if (ast->interval_fields != NULL && strcmp(ast->interval_fields, "day to second") != 0) { /* that one drops nothing */
        return fail_unsupported(cx, ast->pos, "a type INTERVAL with fields");
    }
    return type_from_name(cx, ast->pos, ast->name, ast->modifiers, ast->modifier_count, type);
}

SourcePos expr_start(const AstExpr *ast) {
    while (true) {
        switch (ast->kind) {
        case AST_BINARY:
        case AST_AND:
        case AST_OR:
        case AST_IS_NULL:
        case AST_IS_BOOLEAN:
        case AST_IS_DISTINCT:
        case AST_BETWEEN:
        case AST_LIKE:
        case AST_IN:
        case AST_IN_QUERY:
        case AST_QUANTIFIED: ast = ast->args.items[0]; break;
        case AST_CAST: return ast->pos < ast->args.items[0]->pos ? ast->pos : expr_start(ast->args.items[0]);
        default: return ast->pos;
        }
    }
}

bool expr_is_literal(const Expr *expr) {
    return expr->kind == EXPR_CONSTANT && (expr->is_unknown || expr->type.id == TYPE_NULL);
}

Status expr_known(const Context *cx, Arena *arena, Expr *expr, Expr **out) {
    *out = expr;
    return expr->is_unknown || expr->type.id == TYPE_NULL ? cast_implicit(cx, arena, expr, type_varchar(0), out) : OK;
}

Status bind_expr_known(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Expr *expr;
    TRY(bind_expr(cx, place, ast, &expr));
    return expr_known(cx, place->binder->arena, expr, out);
}

Status bind_exprs(const Context *cx, Place *place, const AstExprList *list, Expr ***out) {
    TRY_NEW_ARRAY(cx, place->binder->arena, *out, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(bind_expr(cx, place, list->items[i], &(*out)[i]));
    }
    return OK;
}

Status bind_boolean(const Context *cx, Place *place, const AstExpr *ast, const char *what, Expr **out) {
    Expr *expr;
    TRY(bind_expr(cx, place, ast, &expr));
    if (expr->type.id == TYPE_BOOLEAN) {
        *out = expr;
        return OK;
    }
    if (expr_is_literal(expr)) {
        return cast_implicit(cx, place->binder->arena, expr, type_make(TYPE_BOOLEAN), out);
    }
    char name[32];
    return fail_at(cx, expr_start(ast), DATATYPE_MISMATCH, "argument of %s must be type boolean, not type %s", what,
                   type_name(expr->type, name));
}

static bool holds_column(const Expr *node, void *unused) {
    (void)unused;
    return node->kind != EXPR_COLUMN;
}

Status bind_constant(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    TRY(bind_expr(cx, place, ast, out));
    if (!expr_walk(*out, holds_column, NULL)) {
        return fail_at(cx, ast->pos, INVALID_COLUMN_REFERENCE, "argument of %s must not contain variables",
                       clause_rules[place->clause].what);
    }
    return OK;
}

Status bind_constant_integer(const Context *cx, Place *place, const AstExpr *ast, int64_t *value, bool *is_null) {
    Arena *arena = place->binder->arena;
    const char *what = clause_rules[place->clause].what;
    Expr *expr;
    TRY(bind_constant(cx, place, ast, &expr));
    char name[32];
    if (!expr_is_literal(expr) && !type_is_numeric(expr->type)) {
        return fail_at(cx, expr_start(ast), DATATYPE_MISMATCH, "argument of %s must be type bigint, not type %s", what,
                       type_name(expr->type, name));
    }
    TRY(cast_bind(cx, arena, expr, type_make(TYPE_BIGINT), false, false, &expr));
    Value result;
    Status status = expr_eval_constant(cx, arena, expr, &result);
    if (status != OK) {
        error_set_pos_if_none(cx, ast->pos);
        return status;
    }
    *is_null = result.is_null;
    *value = result.is_null ? 0 : result.i64;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- literals */

static Status parse_constant(const Context *cx, Arena *arena, Type type, const char *text, SourcePos pos, Expr **out) {
    Value value;
    Status status = value_parse(cx, type, text, strlen(text), &value);
    if (status != OK) {
        error_set_pos_if_none(cx, pos);
        return status;
    }
    *out = expr_constant(cx, arena, &value, pos);
    TRY_POINTER(*out);
    return OK;
}

/* The narrowest of INTEGER, BIGINT and DECIMAL that holds the digits; a minus may stand before them. */
static Status bind_integer(const Context *cx, Arena *arena, const AstExpr *ast, Expr **out) {
    bool is_negative = ast->text[0] == '-';
    const char *digits = ast->text + is_negative;
    while (*digits == '0' && digits[1] != '\0') {
        digits++;
    }
    size_t count = strlen(digits);
    Type type = type_make(TYPE_INTEGER);
    if (count > DECIMAL_PRECISION_MAX) {
        return fail_at(cx, ast->pos, NUMERIC_OUT_OF_RANGE, "a number of %zu digits: DECIMAL holds at most %d", count,
                       DECIMAL_PRECISION_MAX);
    }
    if (count > 19 || (count == 19 && strcmp(digits, is_negative ? "9223372036854775808" : "9223372036854775807") > 0)) {
        type = type_decimal((uint32_t)count, 0);
    } else if (count > 10 || (count == 10 && strcmp(digits, is_negative ? "2147483648" : "2147483647") > 0)) {
        type = type_make(TYPE_BIGINT);
    }
    return parse_constant(cx, arena, type, ast->text, ast->pos, out);
}

static Status bind_decimal(const Context *cx, Arena *arena, const AstExpr *ast, Expr **out) {
    const char *point = strchr(ast->text, '.');
    const char *digits = ast->text + (ast->text[0] == '-');
    while (*digits == '0') {
        digits++;
    }
    uint32_t whole = point == NULL ? (uint32_t)strlen(digits) : (uint32_t)(point - digits);
    uint32_t scale = point == NULL ? 0 : (uint32_t)strlen(point + 1);
    if (whole + scale > DECIMAL_PRECISION_MAX) {
        return fail_at(cx, ast->pos, NUMERIC_OUT_OF_RANGE, "a number of %u digits: DECIMAL holds at most %d", whole + scale,
                       DECIMAL_PRECISION_MAX);
    }
    return parse_constant(cx, arena, type_decimal(whole + scale == 0 ? 1 : whole + scale, scale), ast->text, ast->pos, out);
}

static Status bind_string(const Context *cx, Arena *arena, const AstExpr *ast, Expr **out) {
    Value value = value_text(type_varchar(0), text_view(ast->text, (uint32_t)strlen(ast->text)));
    *out = expr_constant(cx, arena, &value, ast->pos);
    TRY_POINTER(*out);
    (*out)->is_unknown = true;
    return OK;
}

/* INTERVAL '1-2' YEAR TO MONTH */
static Status bind_interval_fields(const Context *cx, Arena *arena, const AstExpr *ast, Expr **out) {
    const char *fields = ast->typed.type->interval_fields, *to = strstr(fields, " to "), *text = ast->typed.text;
    DateField first, last;
    const char *last_name = to == NULL ? fields : to + 4;
    date_field_from_name(fields, to == NULL ? strlen(fields) : (size_t)(to - fields), &first);
    date_field_from_name(last_name, strlen(last_name), &last);
    if ((first == FIELD_YEAR && last < FIELD_MONTH) || (first == FIELD_MONTH && last != FIELD_MONTH) || first < last) {
        return fail_at(cx, ast->pos, SYNTAX_ERROR, "INTERVAL has no fields %s", fields);
    }
    Value value = {.type = type_make(TYPE_INTERVAL)};
    switch (interval_parse_fields(text, strlen(text), first, last, &value.interval)) {
    case INTERVAL_BAD_SYNTAX:
        return fail_at(cx, ast->pos, INVALID_DATETIME_FORMAT, "invalid input syntax for type interval: \"%.80s\"", text);
    case INTERVAL_TOO_BIG:
        return fail_at(cx, ast->pos, INTERVAL_OUT_OF_RANGE, "interval field value out of range: \"%.80s\"", text);
    case INTERVAL_OK: break;
    }
    *out = expr_constant(cx, arena, &value, ast->pos);
    return *out != NULL ? OK : OUT_OF_MEMORY;
}

/* CAST(x AS DECIMAL) without digits keeps those that x has, where its type or text tells. */
static Type plain_decimal_for(const Expr *operand) {
    if (operand->type.id == TYPE_DECIMAL) {
        return operand->type;
    }
    if (type_is_integer(operand->type)) {
        return type_decimal(operand->type.id == TYPE_SMALLINT ? 5 : operand->type.id == TYPE_INTEGER ? 10 : 19, 0);
    }
    bool is_text = operand->kind == EXPR_CONSTANT && !operand->value.is_null && type_is_text(operand->type);
    return type_decimal(DECIMAL_PRECISION_MAX,
                        is_text ? decimal_text_scale(text_data(&operand->value.text), operand->value.text.bytes)
                                : DECIMAL_SCALE_DEFAULT);
}

static Status bind_typed_literal(const Context *cx, Arena *arena, const AstExpr *ast, Expr **out) {
    Type type;
    if (ast->typed.type->interval_fields != NULL) {
        return bind_interval_fields(cx, arena, ast, out);
    }
    TRY(bind_type(cx, ast->typed.type, &type));
    Expr *literal;
    AstExpr string = {.kind = AST_STRING, .pos = ast->pos, .text = ast->typed.text};
    TRY(bind_string(cx, arena, &string, &literal));
    if (type.id == TYPE_DECIMAL && ast->typed.type->modifier_count == 0) {
        type = plain_decimal_for(literal);
    }
    return cast_bind(cx, arena, literal, type, true, false, out);
}

static Status bind_parameter(const Context *cx, Binder *binder, const AstExpr *ast, Expr **out) {
    const BindParameters *parameters = binder->parameters;
    Value value = value_null(type_make(TYPE_NULL));
    if (parameters != NULL && parameters->values != NULL) {
        if (ast->parameter >= parameters->count) {
            return fail_at(cx, ast->pos, UNDEFINED_PARAMETER, "there is no parameter $%u", ast->parameter + 1);
        }
        value = parameters->values[ast->parameter];
    } else if (parameters == NULL) {
        return fail_at(cx, ast->pos, UNDEFINED_PARAMETER, "there is no parameter $%u", ast->parameter + 1);
    }
    *out = expr_constant(cx, binder->arena, &value, ast->pos);
    TRY_POINTER(*out);
    (*out)->is_unknown = value.type.id == TYPE_VARCHAR && value.type.length == 0 && !value.is_null;
    if (parameters->values == NULL && parameters->wanted != NULL && ast->parameter < parameters->count) {
        Type *wanted = &parameters->wanted[ast->parameter];
        (*out)->type = (*out)->value.type = *wanted;
        (*out)->wanted = wanted;
    }
    return OK;
}

static Status bind_literal(const Context *cx, Binder *binder, const AstExpr *ast, Expr **out) {
    Arena *arena = binder->arena;
    Value value;
    switch (ast->kind) {
    case AST_INTEGER: return bind_integer(cx, arena, ast, out);
    case AST_DECIMAL: return bind_decimal(cx, arena, ast, out);
    case AST_DOUBLE: return parse_constant(cx, arena, type_make(TYPE_DOUBLE), ast->text, ast->pos, out);
    case AST_STRING: return bind_string(cx, arena, ast, out);
    case AST_TYPED_LITERAL: return bind_typed_literal(cx, arena, ast, out);
    case AST_PARAMETER: return bind_parameter(cx, binder, ast, out);
    case AST_BOOLEAN: value = value_i64(type_make(TYPE_BOOLEAN), ast->boolean); break;
    default: value = value_null(type_make(TYPE_NULL)); break;
    }
    *out = expr_constant(cx, arena, &value, ast->pos);
    TRY_POINTER(*out);
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------- operators */

static Status bind_unary(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Expr *operand;
    TRY(bind_expr(cx, place, ast->args.items[0], &operand));
    return operator_bind(cx, place->binder->arena, ast->symbol, NULL, operand, ast->pos, out);
}

static Status bind_binary(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    if (ast->args.items[0]->kind == AST_ROW || ast->args.items[1]->kind == AST_ROW) {
        return bind_row_compare(cx, place, ast, out);
    }
    Expr *left, *right;
    TRY(bind_expr(cx, place, ast->args.items[0], &left));
    TRY(bind_expr(cx, place, ast->args.items[1], &right));
    return operator_bind(cx, place->binder->arena, ast->symbol, left, right, ast->pos, out);
}

static Status bind_logical(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    bool is_and = ast->kind == AST_AND;
    Expr *expr =
        expr_new(cx, place->binder->arena, is_and ? EXPR_AND : EXPR_OR, type_make(TYPE_BOOLEAN), ast->pos, ast->args.count);
    TRY_POINTER(expr);
    for (uint32_t i = 0; i < ast->args.count; i++) {
        TRY(bind_boolean(cx, place, ast->args.items[i], is_and ? "AND" : "OR", &expr->args[i]));
    }
    *out = expr;
    return OK;
}

static Status negate_if(const Context *cx, Place *place, bool negated, Expr **expr) {
    if (negated) {
        *expr = expr_not(cx, place->binder->arena, *expr);
        TRY_POINTER(*expr);
    }
    return OK;
}

static Status bind_not(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    TRY(bind_boolean(cx, place, ast->args.items[0], "NOT", out));
    return negate_if(cx, place, true, out);
}

static Status make_is_null(const Context *cx, Place *place, Expr *operand, SourcePos pos, Expr **out) {
    TRY(expr_known(cx, place->binder->arena, operand, &operand));
    *out = expr_new(cx, place->binder->arena, EXPR_IS_NULL, type_make(TYPE_BOOLEAN), pos, 1);
    TRY_POINTER(*out);
    (*out)->args[0] = operand;
    return OK;
}

static Status bind_is_null(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Expr *operand;
    TRY(bind_expr(cx, place, ast->args.items[0], &operand));
    TRY(make_is_null(cx, place, operand, ast->pos, out));
    return negate_if(cx, place, ast->negated, out);
}

/* x IS TRUE is x IS NOT DISTINCT FROM true. */
static Status bind_is_boolean(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Arena *arena = place->binder->arena;
    Expr *operand;
    TRY(bind_boolean(cx, place, ast->args.items[0], "IS TRUE", &operand));
    if (ast->truth == AST_TRUTH_UNKNOWN) {
        TRY(make_is_null(cx, place, operand, ast->pos, out));
        return negate_if(cx, place, ast->negated, out);
    }
    Value truth = value_i64(type_make(TYPE_BOOLEAN), ast->truth == AST_TRUTH_TRUE);
    *out = expr_new(cx, arena, EXPR_DISTINCT, type_make(TYPE_BOOLEAN), ast->pos, 2);
    TRY_POINTER(*out);
    (*out)->args[0] = operand;
    (*out)->args[1] = expr_constant(cx, arena, &truth, ast->pos);
    TRY_POINTER((*out)->args[1]);
    return negate_if(cx, place, !ast->negated, out);
}

static Status bind_is_distinct(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Arena *arena = place->binder->arena;
    Expr *sides[2];
    TRY(bind_expr(cx, place, ast->args.items[0], &sides[0]));
    TRY(bind_expr(cx, place, ast->args.items[1], &sides[1]));
    Expr *equal;
    TRY(operator_bind(cx, arena, "=", sides[0], sides[1], ast->pos, &equal)); /* for its casts */
    if (equal->kind == EXPR_COMPARE) {
        sides[0] = equal->args[0];
        sides[1] = equal->args[1];
    } else {
        Type common;
        TRY(cast_to_common(cx, arena, sides, 2, "IS DISTINCT FROM", &common));
    }
    *out = expr_new(cx, arena, EXPR_DISTINCT, type_make(TYPE_BOOLEAN), ast->pos, 2);
    TRY_POINTER(*out);
    (*out)->args[0] = sides[0];
    (*out)->args[1] = sides[1];
    return negate_if(cx, place, ast->negated, out);
}

static Status make_between(const Context *cx, Place *place, Expr *value, Expr *low, Expr *high, SourcePos pos, Expr **out) {
    Arena *arena = place->binder->arena;
    Expr *from, *to;
    TRY(operator_bind(cx, arena, ">=", value, low, pos, &from));
    TRY(operator_bind(cx, arena, "<=", value, high, pos, &to));
    *out = expr_and(cx, arena, from, to);
    TRY_POINTER(*out);
    return OK;
}

static Status make_or(const Context *cx, Arena *arena, Expr *left, Expr *right, Expr **out) {
    *out = expr_new(cx, arena, EXPR_OR, type_make(TYPE_BOOLEAN), left->pos, 2);
    TRY_POINTER(*out);
    (*out)->args[0] = left;
    (*out)->args[1] = right;
    return OK;
}

static Status bind_between(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Expr **args;
    TRY(bind_exprs(cx, place, &ast->args, &args));
    TRY(expr_check_shared(cx, args[0]));
    TRY(make_between(cx, place, args[0], args[1], args[2], ast->pos, out));
    if (ast->symmetric) {
        Expr *swapped;
        TRY(make_between(cx, place, args[0], args[2], args[1], ast->pos, &swapped));
        TRY(make_or(cx, place->binder->arena, *out, swapped, out));
    }
    return negate_if(cx, place, ast->negated, out);
}

static Status bind_similar(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Expr **args;
    TRY(bind_exprs(cx, place, &ast->args, &args));
    TRY(function_bind(cx, place->binder->arena, "similar_to", args, ast->args.count, ast->pos, out));
    return negate_if(cx, place, ast->negated, out);
}

static Status bind_like(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    if (ast->like == AST_LIKE_SIMILAR) {
        return bind_similar(cx, place, ast, out);
    }
    Expr **args;
    TRY(bind_exprs(cx, place, &ast->args, &args));
    TRY(like_bind(cx, place->binder->arena, args, ast->args.count, ast->like == AST_LIKE_ILIKE, ast->pos, out));
    return negate_if(cx, place, ast->negated, out);
}

/* ------------------------------------------------------------------------------------------------------------ CASE, casts */

static Status bind_case_condition(const Context *cx, Place *place, Expr *operand, const AstExpr *when, Expr **out) {
    if (operand == NULL) {
        return bind_boolean(cx, place, when, "CASE/WHEN", out);
    }
    Expr *value;
    TRY(bind_expr(cx, place, when, &value));
    return operator_bind(cx, place->binder->arena, "=", operand, value, when->pos, out);
}

static Status bind_case(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Arena *arena = place->binder->arena;
    uint32_t first = ast->has_operand ? 1 : 0;
    uint32_t branches = (ast->args.count - first - (ast->has_else ? 1 : 0)) / 2;
    Expr *operand = NULL, **results; /* ELSE first, as PostgreSQL asks for types */
    if (ast->has_operand) {
        TRY(bind_expr_known(cx, place, ast->args.items[0], &operand));
        TRY(expr_check_shared(cx, operand));
    }
    TRY_NEW_ARRAY(cx, arena, results, branches + 1);
    Expr *expr = expr_new(cx, arena, EXPR_CASE, type_make(TYPE_NULL), ast->pos, branches * 2 + 1);
    TRY_POINTER(expr);
    for (uint32_t i = 0; i < branches; i++) {
        uint32_t subqueries = place_subqueries(place);
        TRY(bind_case_condition(cx, place, operand, ast->args.items[first + 2 * i], &expr->args[2 * i]));
        TRY(guard_subqueries(cx, place, subqueries, expr->args, 2, i, NULL));
        subqueries = place_subqueries(place);
        TRY(bind_expr(cx, place, ast->args.items[first + 2 * i + 1], &results[i + 1]));
        TRY(guard_subqueries(cx, place, subqueries, expr->args, 2, i, expr->args[2 * i]));
    }
    if (ast->has_else) {
        uint32_t subqueries = place_subqueries(place);
        TRY(bind_expr(cx, place, ast->args.items[ast->args.count - 1], &results[0]));
        TRY(guard_subqueries(cx, place, subqueries, expr->args, 2, branches, NULL));
    } else {
        Value null = value_null(type_make(TYPE_NULL));
        results[0] = expr_constant(cx, arena, &null, ast->pos);
        TRY_POINTER(results[0]);
    }
    TRY(cast_to_common(cx, arena, results, branches + 1, "CASE", &expr->type));
    for (uint32_t i = 0; i < branches; i++) {
        expr->args[2 * i + 1] = results[i + 1];
    }
    expr->args[2 * branches] = results[0];
    *out = expr;
    return OK;
}

static Status bind_cast(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Type type;
    Expr *operand;
    TRY(bind_type(cx, ast->cast.type, &type));
    TRY(bind_expr(cx, place, ast->args.items[0], &operand));
    if (type.id == TYPE_DECIMAL && ast->cast.type->modifier_count == 0) {
        type = plain_decimal_for(operand);
    }
    Status status = cast_bind(cx, place->binder->arena, operand, type, true, ast->cast.is_try, out);
    if (status == CANNOT_COERCE) {
        cx->error->pos = ast->pos;
    }
    return status;
}

static Status bind_column(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    bool is_limit = place->clause == CLAUSE_LIMIT || place->clause == CLAUSE_OFFSET;
    if (!clause_rules[place->clause].has_columns && !(is_limit && place->scope->outer != NULL)) {
        return place->clause == CLAUSE_DEFAULT
                   ? fail_at(cx, ast->pos, FEATURE_NOT_SUPPORTED, "cannot use column reference in DEFAULT expression")
                   : fail_at(cx, ast->pos, INVALID_COLUMN_REFERENCE, "argument of %s must not contain variables",
                             clause_rules[place->clause].what);
    }
    const ScopeColumn *column;
    TRY(select_find_column(cx, place, ast, &column, out));
    if (column == NULL) {
        return OK;
    }
    *out = make_column(cx, place->binder, column->id, ast->pos);
    TRY_POINTER(*out);
    return OK;
}

static bool has_row(const AstExpr *ast) {
    return ast->args.items[0]->kind == AST_ROW;
}

static Status bind_expr_kind(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    switch (ast->kind) {
    case AST_NULL:
    case AST_BOOLEAN:
    case AST_INTEGER:
    case AST_DECIMAL:
    case AST_DOUBLE:
    case AST_STRING:
    case AST_TYPED_LITERAL:
    case AST_PARAMETER: return bind_literal(cx, place->binder, ast, out);
    case AST_COLUMN: return bind_column(cx, place, ast, out);
    case AST_STAR: return fail_at(cx, ast->pos, SYNTAX_ERROR, "* stands for columns only in the select list and in count(*)");
    case AST_DEFAULT: return fail_at(cx, ast->pos, SYNTAX_ERROR, "DEFAULT is not allowed in this context");
    case AST_UNARY: return bind_unary(cx, place, ast, out);
    case AST_BINARY: return bind_binary(cx, place, ast, out);
    case AST_AND:
    case AST_OR: return bind_logical(cx, place, ast, out);
    case AST_NOT: return bind_not(cx, place, ast, out);
    case AST_IS_NULL: return has_row(ast) ? bind_row_is_null(cx, place, ast, out) : bind_is_null(cx, place, ast, out);
    case AST_IS_BOOLEAN: return bind_is_boolean(cx, place, ast, out);
    case AST_IS_DISTINCT:
        return has_row(ast) ? bind_row_is_distinct(cx, place, ast, out) : bind_is_distinct(cx, place, ast, out);
    case AST_BETWEEN: return has_row(ast) ? bind_row_between(cx, place, ast, out) : bind_between(cx, place, ast, out);
    case AST_LIKE: return bind_like(cx, place, ast, out);
    case AST_IN: return bind_in_list(cx, place, ast, out);
    case AST_IN_QUERY:
    case AST_EXISTS:
    case AST_SUBQUERY:
    case AST_QUANTIFIED: return bind_subquery(cx, place, ast, out);
    case AST_ROW: return fail_unsupported(cx, ast->pos, "a row value");
    case AST_CASE: return bind_case(cx, place, ast, out);
    case AST_CAST: return bind_cast(cx, place, ast, out);
    case AST_CALL: return bind_call(cx, place, ast, out);
    }
    return fail_at(cx, ast->pos, INTERNAL_ERROR, "an expression of unknown kind %d", ast->kind);
}

Status bind_expr(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    TRY(binder_enter(cx, place->binder, ast->pos));
    Status status = bind_expr_kind(cx, place, ast, out);
    if (status != OK && status != OUT_OF_MEMORY) {
        error_set_pos_if_none(cx, ast->pos);
    }
    binder_leave(place->binder);
    return status;
}
