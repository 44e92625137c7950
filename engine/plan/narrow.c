/* DECIMAL expressions in 64 bits where the ranges of all that is computed allow it (narrow.h). The type of a product has the
 * digits of both factors, mostly more than 18; the values of stored columns rarely do. */
#include "plan/narrow.h"

#include "plan/expr_range.h"

/* Can this be computed with 18 digits throughout? */
static bool can_narrow(const Subplan *input, const Expr *expr) {
    if (expr_is_null(expr)) {
        return true;
    }
    if (!expr_is_narrow(input, expr)) {
        return false;
    }
    bool has_operands = expr->kind == EXPR_CALL || expr->kind == EXPR_CAST;
    bool has_results = expr->kind == EXPR_CASE || expr->kind == EXPR_COALESCE;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if ((has_operands || (has_results && expr_is_result(expr, i))) && !can_narrow(input, expr->args[i])) {
            return false;
        }
    }
    return true;
}

static Expr *narrow(const Context *cx, Arena *arena, const Expr *expr);

static Expr *narrow_constant(const Context *cx, Arena *arena, const Expr *expr, Type type) {
    __int128 number = expr->value.is_null ? 0 : type_class(expr->type) == CLASS_I128 ? expr->value.i128 : expr->value.i64;
    Value value = value_i64(type, (int64_t)number);
    value.is_null = expr->value.is_null;
    return expr_constant(cx, arena, &value, expr->pos);
}

static Expr *narrow_copy(const Context *cx, Arena *arena, const Expr *expr, Type type) {
    Expr *copy = expr_new(cx, arena, expr->kind, type, expr->pos, expr->arg_count);
    if (copy == NULL) {
        return NULL;
    }
    Expr **args = copy->args;
    *copy = *expr;
    copy->type = type;
    copy->args = args;
    bool has_results = expr->kind == EXPR_CASE || expr->kind == EXPR_COALESCE;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        args[i] = has_results && !expr_is_result(expr, i) ? expr->args[i] : narrow(cx, arena, expr->args[i]);
        if (args[i] == NULL) {
            return NULL;
        }
    }
    return copy;
}

/* Integers stay what they are; decimals become DECIMAL(18, s). */
static Expr *narrow(const Context *cx, Arena *arena, const Expr *expr) {
    if (expr->type.id != TYPE_DECIMAL || expr->kind == EXPR_COLUMN) {
        return (Expr *)(uintptr_t)expr;
    }
    Type type = type_decimal(EXPR_RANGE_DIGITS, expr->type.scale);
    if (expr->kind == EXPR_CONSTANT) {
        return narrow_constant(cx, arena, expr, type);
    }
    if (expr->kind == EXPR_CAST && expr->args[0]->type.id == TYPE_DECIMAL && expr->args[0]->type.scale == expr->type.scale) {
        return narrow(cx, arena, expr->args[0]);
    }
    return narrow_copy(cx, arena, expr, type);
}

Status narrow_decimals(Lowering *low, const Subplan *input, Expr *expr, Expr **out) {
    *out = expr;
    if (expr->type.id != TYPE_DECIMAL || type_class(expr->type) != CLASS_I128 || !can_narrow(input, expr)) {
        return OK;
    }
    *out = narrow(low->cx, low->arena, expr);
    return *out == NULL ? OUT_OF_MEMORY : OK;
}

/* ------------------------------------------------------------------------------------------------------------- comparisons */

static bool is_wide_decimal(const Expr *expr) {
    return expr->type.id == TYPE_DECIMAL && type_class(expr->type) == CLASS_I128;
}

/* Both sides or none: they are compared as one storage class. */
static bool is_narrow_comparison(const Subplan *input, const Expr *expr) {
    return expr->kind == EXPR_COMPARE && is_wide_decimal(expr->args[0]) && is_wide_decimal(expr->args[1]) &&
           can_narrow(input, expr->args[0]) && can_narrow(input, expr->args[1]);
}

Status narrow_comparisons(Lowering *low, const Subplan *input, const Expr *condition, const Expr **out) {
    *out = condition;
    bool is_logic = condition->kind == EXPR_AND || condition->kind == EXPR_OR || condition->kind == EXPR_NOT;
    bool is_narrow = is_narrow_comparison(input, condition);
    if (!is_logic && !is_narrow) {
        return OK;
    }
    Expr *copy = expr_new(low->cx, low->arena, condition->kind, condition->type, condition->pos, condition->arg_count);
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    Expr **args = copy->args;
    *copy = *condition;
    copy->args = args;
    for (uint32_t i = 0; i < condition->arg_count; i++) {
        const Expr *arg;
        if (is_narrow) {
            Expr *narrower;
            TRY(narrow_decimals(low, input, condition->args[i], &narrower));
            arg = narrower;
        } else {
            TRY(narrow_comparisons(low, input, condition->args[i], &arg));
        }
        args[i] = (Expr *)(uintptr_t)arg;
    }
    return OK;
}
