/* Ranges of exact numeric expressions, and DECIMAL expressions in 64 bits where their ranges allow it (narrow.h). The type of a
 * product has the digits of both factors, mostly more than 18; the values of stored columns rarely do. */
#include "plan/narrow.h"

#include "core/decimal.h"
#include "expr/functions.h"
#include "plan/moment_domain.h"

#include <string.h>

#define NARROW_DIGITS 18
#define RANGE_DIGITS 37 /* bounds beyond are not followed, so that adding two never overflows */

/* All values that are not NULL lie in [min, max], in units of the type's last digit. */
typedef struct Range {
    __int128 min, max;
} Range;

static bool is_exact(Type type) {
    return type_is_integer(type) || type.id == TYPE_DECIMAL;
}

static uint32_t scale_of(Type type) {
    return type.id == TYPE_DECIMAL ? type.scale : 0;
}

static bool range_fits(const Range *range, uint32_t digits) {
    return decimal_fits(range->min, digits) && decimal_fits(range->max, digits);
}

static void range_include(Range *range, __int128 value) {
    range->min = value < range->min ? value : range->min;
    range->max = value > range->max ? value : range->max;
}

static Range range_product(const Range *a, const Range *b) { /* factors have few enough digits */
    __int128 first = a->min * b->min;
    Range product = {first, first};
    range_include(&product, a->min * b->max);
    range_include(&product, a->max * b->min);
    range_include(&product, a->max * b->max);
    return product;
}

static bool range_of(const Subplan *input, const Expr *expr, Range *range);

static bool is_null_constant(const Expr *expr) {
    return expr->kind == EXPR_CONSTANT && expr->value.is_null;
}

static bool range_of_column(const Subplan *input, const Expr *expr, Range *range) {
    uint32_t slot = subplan_find(input, expr->column);
    if (slot == UINT32_MAX) {
        return false;
    }
    const ColumnDomain *domain = &input->node->columns[slot].domain;
    *range = (Range){domain->min, domain->max};
    return domain->has_range && domain->min <= domain->max && is_exact(expr->type);
}

static bool range_of_constant(const Expr *expr, Range *range) {
    if (expr->value.is_null) {
        return false;
    }
    __int128 value = type_class(expr->type) == CLASS_I128 ? expr->value.i128 : expr->value.i64;
    *range = (Range){value, value};
    return true;
}

/* Casts that keep the number. */
static bool range_of_cast(const Subplan *input, const Expr *expr, Range *range) {
    const Expr *from = expr->args[0];
    if (expr->is_try || !is_exact(from->type) || scale_of(from->type) > scale_of(expr->type) || !range_of(input, from, range)) {
        return false;
    }
    Range power = {decimal_power(scale_of(expr->type) - scale_of(from->type)), 0};
    power.max = power.min;
    if (!range_fits(range, NARROW_DIGITS) || !range_fits(&power, NARROW_DIGITS)) {
        return false;
    }
    *range = range_product(range, &power);
    return true;
}

static bool is_product(const Expr *call) {
    return strcmp(call->function->name, "*") == 0;
}

/* +, - and * of two exact numbers whose result has all their digits after the point. */
static bool is_exact_arithmetic(const Expr *expr) {
    if (expr->kind != EXPR_CALL || expr->arg_count != 2 || !is_exact(expr->args[0]->type) || !is_exact(expr->args[1]->type)) {
        return false;
    }
    uint32_t a = scale_of(expr->args[0]->type), b = scale_of(expr->args[1]->type), scale = scale_of(expr->type);
    if (is_product(expr)) {
        return a + b == scale;
    }
    bool is_sum = strcmp(expr->function->name, "+") == 0 || strcmp(expr->function->name, "-") == 0;
    return is_sum && a == scale && b == scale;
}

static bool range_of_arithmetic(const Subplan *input, const Expr *expr, Range *range) {
    Range a, b;
    if (!is_exact_arithmetic(expr) || !range_of(input, expr->args[0], &a) || !range_of(input, expr->args[1], &b)) {
        return false;
    }
    if (is_product(expr)) {
        bool can = range_fits(&a, NARROW_DIGITS) && range_fits(&b, NARROW_DIGITS);
        *range = can ? range_product(&a, &b) : a;
        return can;
    }
    *range = expr->function->name[0] == '+' ? (Range){a.min + b.min, a.max + b.max} : (Range){a.min - b.max, a.max - b.min};
    return true;
}

/* Years, months and the like of days and moments. */
static bool range_of_field(const Subplan *input, const Expr *expr, Range *range) {
    int64_t min, max;
    bool is_known = moment_field_range(input, expr, &min, &max);
    *range = is_known ? (Range){min, max} : *range;
    return is_known;
}

/* The results of CASE and the arguments of COALESCE: which of them are values. */
static bool is_result(const Expr *expr, uint32_t i) {
    return expr->kind == EXPR_COALESCE || i % 2 == 1 || i + 1 == expr->arg_count;
}

static bool range_of_branches(const Subplan *input, const Expr *expr, Range *range) {
    bool found = false;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        Range result;
        if (!is_result(expr, i) || is_null_constant(expr->args[i])) {
            continue;
        }
        if (!range_of(input, expr->args[i], &result)) {
            return false;
        }
        *range = found ? *range : result;
        range_include(range, result.min);
        range_include(range, result.max);
        found = true;
    }
    return found;
}

static bool range_of(const Subplan *input, const Expr *expr, Range *range) {
    bool is_known = false;
    if (is_exact(expr->type)) {
        switch (expr->kind) {
        case EXPR_CONSTANT: is_known = range_of_constant(expr, range); break;
        case EXPR_COLUMN: is_known = range_of_column(input, expr, range); break;
        case EXPR_CAST: is_known = range_of_cast(input, expr, range); break;
        case EXPR_CALL: is_known = range_of_arithmetic(input, expr, range) || range_of_field(input, expr, range); break;
        case EXPR_CASE:
        case EXPR_COALESCE: is_known = range_of_branches(input, expr, range); break;
        default: break;
        }
    }
    return is_known && range_fits(range, RANGE_DIGITS);
}

static bool can_be_null(const Subplan *input, const Expr *expr) {
    if (expr->kind == EXPR_COLUMN) {
        uint32_t slot = subplan_find(input, expr->column);
        return slot == UINT32_MAX || input->node->columns[slot].domain.can_be_null;
    }
    if (expr->kind == EXPR_CONSTANT) {
        return expr->value.is_null;
    }
    bool keeps = is_exact_arithmetic(expr) || (expr->kind == EXPR_CAST && !expr->is_try) || expr->kind == EXPR_CASE;
    for (uint32_t i = 0; i < expr->arg_count && keeps; i++) {
        keeps = (expr->kind == EXPR_CASE && !is_result(expr, i)) || !can_be_null(input, expr->args[i]);
    }
    return !keeps;
}

ColumnDomain expr_domain(const Subplan *input, const Expr *expr) {
    ColumnDomain domain = {.can_be_null = can_be_null(input, expr)};
    Range range;
    if (expr->kind == EXPR_COLUMN) {
        uint32_t slot = subplan_find(input, expr->column);
        return slot == UINT32_MAX ? domain : input->node->columns[slot].domain;
    }
    if (class_is_integer(type_class(expr->type)) && range_of(input, expr, &range) && range_fits(&range, NARROW_DIGITS)) {
        domain.has_range = true;
        domain.min = (int64_t)range.min;
        domain.max = (int64_t)range.max;
    } else {
        moment_domain(input, expr, &domain);
    }
    return domain;
}

/* --------------------------------------------------------------------------------------------------------------- narrowing */

/* Can this be computed with 18 digits throughout? */
static bool can_narrow(const Subplan *input, const Expr *expr) {
    Range range;
    if (is_null_constant(expr)) {
        return true;
    }
    if (!is_exact(expr->type) || !range_of(input, expr, &range) || !range_fits(&range, NARROW_DIGITS)) {
        return false;
    }
    bool has_operands = expr->kind == EXPR_CALL || expr->kind == EXPR_CAST;
    bool has_results = expr->kind == EXPR_CASE || expr->kind == EXPR_COALESCE;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if ((has_operands || (has_results && is_result(expr, i))) && !can_narrow(input, expr->args[i])) {
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
        args[i] = has_results && !is_result(expr, i) ? expr->args[i] : narrow(cx, arena, expr->args[i]);
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
    Type type = type_decimal(NARROW_DIGITS, expr->type.scale);
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
