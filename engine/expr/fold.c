/* Constant folding, bottom up. A constant subexpression that fails is left as it is: it may stand in a branch that is never
 * taken; it raises its error when it is evaluated. */
#include "expr/expr.h"

#include "expr/functions.h"

static Status fold(const Context *cx, Arena *arena, const Expr *expr, bool may_be_skipped, Expr **out);

static bool is_truth(const Expr *expr, bool truth) {
    return expr->kind == EXPR_CONSTANT && !expr->value.is_null && (expr->value.i64 != 0) == truth;
}

static bool is_null(const Expr *expr) {
    return expr->kind == EXPR_CONSTANT && expr->value.is_null;
}

static Status new_boolean(const Context *cx, Arena *arena, bool truth, SourcePos pos, Expr **out) {
    Value value = value_i64(type_make(TYPE_BOOLEAN), truth);
    *out = expr_constant(cx, arena, &value, pos);
    return *out != NULL ? OK : OUT_OF_MEMORY;
}

/* AND: true disappears, false decides. OR the other way round. */
static Status fold_and_or(const Context *cx, Arena *arena, Expr *expr, Expr **out) {
    bool is_and = expr->kind == EXPR_AND;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (is_truth(expr->args[i], !is_and)) {
            return new_boolean(cx, arena, !is_and, expr->pos, out);
        }
        if (!is_truth(expr->args[i], is_and)) {
            expr->args[kept++] = expr->args[i];
        }
    }
    if (kept == 0) {
        return new_boolean(cx, arena, is_and, expr->pos, out);
    }
    expr->arg_count = kept;
    *out = kept == 1 ? expr->args[0] : expr;
    return OK;
}

static Expr *fold_not(Expr *expr) {
    Expr *operand = expr->args[0];
    if (operand->kind == EXPR_NOT) {
        return operand->args[0];
    }
    if (operand->kind == EXPR_COMPARE) { /* NULL stays NULL either way */
        Expr *negated = operand;
        negated->compare = compare_negated(operand->compare);
        return negated;
    }
    return expr;
}

/* Branches whose condition is never true go; one that is always true ends the list. */
static Expr *fold_case(Expr *expr) {
    uint32_t kept = 0, whens = expr->arg_count / 2;
    for (uint32_t i = 0; i < whens; i++) {
        Expr *condition = expr->args[2 * i], *result = expr->args[2 * i + 1];
        if (is_truth(condition, false) || is_null(condition)) {
            continue;
        }
        if (is_truth(condition, true)) {
            expr->args[kept] = result;
            expr->arg_count = kept + 1;
            return kept == 0 ? result : expr;
        }
        expr->args[kept] = condition;
        expr->args[kept + 1] = result;
        kept += 2;
    }
    expr->args[kept] = expr->args[2 * whens];
    expr->arg_count = kept + 1;
    return kept == 0 ? expr->args[0] : expr;
}

static Expr *fold_coalesce(Expr *expr) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (is_null(expr->args[i]) && i + 1 < expr->arg_count) {
            continue;
        }
        expr->args[kept++] = expr->args[i];
        if (expr->args[i]->kind == EXPR_CONSTANT && !expr->args[i]->value.is_null) {
            break;
        }
    }
    expr->arg_count = kept;
    return kept == 1 ? expr->args[0] : expr;
}

static Status simplify(const Context *cx, Arena *arena, Expr *expr, Expr **out) {
    *out = expr;
    switch (expr->kind) {
    case EXPR_AND:
    case EXPR_OR: return fold_and_or(cx, arena, expr, out);
    case EXPR_NOT: *out = fold_not(expr); return OK;
    case EXPR_CASE: *out = fold_case(expr); return OK;
    case EXPR_COALESCE: *out = fold_coalesce(expr); return OK;
    default: return OK;
    }
}

static bool args_are_constants(const Expr *expr) {
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (expr->args[i]->kind != EXPR_CONSTANT) {
            return false;
        }
    }
    return true;
}

static bool is_foldable(const Expr *expr) {
    switch (expr->kind) {
    case EXPR_CONSTANT:
    case EXPR_COLUMN:
    case EXPR_SLOT:
    case EXPR_PARAMETER:
    case EXPR_AGGREGATE:
    case EXPR_WINDOW: return false;
    case EXPR_CALL: return expr->function->volatility != VOLATILE && args_are_constants(expr);
    default: return args_are_constants(expr);
    }
}

static Status evaluate(const Context *cx, Arena *arena, Expr *expr, bool may_be_skipped, Expr **out) {
    Value value;
    Status status = expr_eval_constant(cx, arena, expr, &value);
    if (status == OK) {
        *out = expr_constant(cx, arena, &value, expr->pos);
        return *out != NULL ? OK : OUT_OF_MEMORY;
    }
    if (may_be_skipped && status != OUT_OF_MEMORY && status != QUERY_CANCELED) {
        error_clear(cx->error);
        *out = expr;
        return OK;
    }
    return status;
}

/* Arguments past the first of AND, OR, CASE and COALESCE may never be evaluated. */
static bool arg_may_be_skipped(const Expr *expr, uint32_t index, bool may_be_skipped) {
    bool has_branches =
        expr->kind == EXPR_AND || expr->kind == EXPR_OR || expr->kind == EXPR_CASE || expr->kind == EXPR_COALESCE;
    return may_be_skipped || (has_branches && index > 0);
}

static Status fold(const Context *cx, Arena *arena, const Expr *expr, bool may_be_skipped, Expr **out) {
    Expr *copy = expr_new(cx, arena, expr->kind, expr->type, expr->pos, 0);
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    *copy = *expr;
    TRY_NEW_ARRAY(cx, arena, copy->args, expr->arg_count);
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        TRY(fold(cx, arena, expr->args[i], arg_may_be_skipped(expr, i, may_be_skipped), &copy->args[i]));
    }
    Expr *simpler;
    TRY(simplify(cx, arena, copy, &simpler));
    if (is_foldable(simpler)) {
        return evaluate(cx, arena, simpler, may_be_skipped, out);
    }
    *out = simpler;
    return OK;
}

Status expr_fold(const Context *cx, Arena *arena, const Expr *expr, Expr **folded) {
    return fold(cx, arena, expr, true, folded);
}
