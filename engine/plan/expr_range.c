/* Ranges of exact numeric expressions (expr_range.h). */
#include "plan/expr_range.h"

#include "core/decimal.h"
#include "expr/functions.h"
#include "plan/moment_domain.h"

#include <string.h>

#define FOLLOWED_DIGITS 37 /* bounds beyond are not followed, so that adding two never overflows */

/* All values that are not NULL lie in [min, max], in units of the type's last digit. */
typedef struct ExprRange {
    __int128 min, max;
} ExprRange;

static bool is_exact(Type type) {
    return type_is_integer(type) || type.id == TYPE_DECIMAL;
}

static uint32_t scale_of(Type type) {
    return type.id == TYPE_DECIMAL ? type.scale : 0;
}

static bool range_fits(const ExprRange *range, uint32_t digits) {
    return decimal_fits(range->min, digits) && decimal_fits(range->max, digits);
}

static void range_include(ExprRange *range, __int128 value) {
    range->min = value < range->min ? value : range->min;
    range->max = value > range->max ? value : range->max;
}

static ExprRange range_product(const ExprRange *a, const ExprRange *b) { /* factors have few enough digits */
    __int128 first = a->min * b->min;
    ExprRange product = {first, first};
    range_include(&product, a->min * b->max);
    range_include(&product, a->max * b->min);
    range_include(&product, a->max * b->max);
    return product;
}

static bool range_of(const Subplan *input, const Expr *expr, ExprRange *range);

bool expr_is_null(const Expr *expr) {
    return expr->kind == EXPR_CONSTANT && expr->value.is_null;
}

static bool range_of_column(const Subplan *input, const Expr *expr, ExprRange *range) {
    uint32_t slot = subplan_find(input, expr->column);
    if (slot == UINT32_MAX) {
        return false;
    }
    const ColumnDomain *domain = &input->node->columns[slot].domain;
    *range = (ExprRange){domain->min, domain->max};
    return domain->has_range && domain->min <= domain->max && is_exact(expr->type);
}

static bool range_of_constant(const Expr *expr, ExprRange *range) {
    if (expr->value.is_null) {
        return false;
    }
    __int128 value = type_class(expr->type) == CLASS_I128 ? expr->value.i128 : expr->value.i64;
    *range = (ExprRange){value, value};
    return true;
}

/* Casts that keep the number. */
static bool range_of_cast(const Subplan *input, const Expr *expr, ExprRange *range) {
    const Expr *from = expr->args[0];
    if (expr->is_try || !is_exact(from->type) || scale_of(from->type) > scale_of(expr->type) || !range_of(input, from, range)) {
        return false;
    }
    ExprRange power = {decimal_power(scale_of(expr->type) - scale_of(from->type)), 0};
    power.max = power.min;
    if (!range_fits(range, EXPR_RANGE_DIGITS) || !range_fits(&power, EXPR_RANGE_DIGITS)) {
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

static bool range_of_arithmetic(const Subplan *input, const Expr *expr, ExprRange *range) {
    ExprRange a, b;
    if (!is_exact_arithmetic(expr) || !range_of(input, expr->args[0], &a) || !range_of(input, expr->args[1], &b)) {
        return false;
    }
    if (is_product(expr)) {
        bool can = range_fits(&a, EXPR_RANGE_DIGITS) && range_fits(&b, EXPR_RANGE_DIGITS);
        *range = can ? range_product(&a, &b) : a;
        return can;
    }
    *range =
        expr->function->name[0] == '+' ? (ExprRange){a.min + b.min, a.max + b.max} : (ExprRange){a.min - b.max, a.max - b.min};
    return true;
}

/* -x, x % y, x / constant, |x| and the like: what follows from the operands' ranges. */
typedef bool RangeRule(const Subplan *input, const Expr *call, ExprRange *range);

static bool range_of_negation(const Subplan *input, const Expr *call, ExprRange *range) {
    ExprRange a;
    bool is_known = call->arg_count == 1 && range_of(input, call->args[0], &a);
    *range = is_known ? (ExprRange){-a.max, -a.min} : *range;
    return is_known;
}

static __int128 greatest_magnitude(const ExprRange *range) {
    return range->max > -range->min ? range->max : -range->min;
}

/* Nearer to zero than the divisor, on the dividend's side and no further than it. */
static bool range_of_remainder(const Subplan *input, const Expr *call, ExprRange *range) {
    ExprRange a, b;
    if (!type_is_integer(call->type) || !range_of(input, call->args[1], &b) || greatest_magnitude(&b) == 0) {
        return false;
    }
    __int128 most = greatest_magnitude(&b) - 1;
    *range = (ExprRange){-most, most};
    if (range_of(input, call->args[0], &a)) {
        range->min = a.min >= 0 ? 0 : a.min > -most ? a.min : -most;
        range->max = a.max <= 0 ? 0 : a.max < most ? a.max : most;
    }
    return true;
}

/* By a positive constant: quotients keep the order of the dividends. Those of decimals are rounded at their last digit. */
static bool range_of_quotient(const Subplan *input, const Expr *call, ExprRange *range) {
    ExprRange a, b;
    if (!is_exact(call->args[0]->type) || !is_exact(call->args[1]->type) || !range_of(input, call->args[0], &a) ||
        !range_of(input, call->args[1], &b) || b.min != b.max || b.min <= 0) {
        return false;
    }
    if (type_is_integer(call->type)) {
        *range = (ExprRange){a.min / b.min, a.max / b.min};
        return true;
    }
    int32_t shift = (int32_t)(scale_of(call->type) + scale_of(call->args[1]->type)) - (int32_t)scale_of(call->args[0]->type);
    if (shift < 0 || (uint32_t)shift + EXPR_RANGE_DIGITS > FOLLOWED_DIGITS || !range_fits(&a, EXPR_RANGE_DIGITS)) {
        return false;
    }
    __int128 power = decimal_power((uint32_t)shift);
    *range = (ExprRange){a.min * power / b.min - 1, a.max * power / b.min + 1};
    return true;
}

/* floor, ceil, round and trunc to whole numbers. */
static bool range_of_whole(const Subplan *input, const Expr *call, ExprRange *range) {
    ExprRange a;
    if (call->arg_count != 1 || scale_of(call->type) != 0 || !is_exact(call->args[0]->type) ||
        !range_of(input, call->args[0], &a)) {
        return false;
    }
    __int128 power = decimal_power(scale_of(call->args[0]->type));
    *range = (ExprRange){a.min / power - 1, a.max / power + 1};
    return true;
}

static bool range_of_magnitude(const Subplan *input, const Expr *call, ExprRange *range) {
    ExprRange a;
    bool is_known = range_of(input, call->args[0], &a);
    *range = is_known ? (ExprRange){a.min > 0 ? a.min : a.max < 0 ? -a.max : 0, greatest_magnitude(&a)} : *range;
    return is_known;
}

static bool range_of_sign(const Subplan *input, const Expr *call, ExprRange *range) {
    (void)input, (void)call;
    *range = (ExprRange){-1, 1};
    return true;
}

static RangeRule *rule_of(const Expr *expr) {
    static const struct {
        const char *name;
        RangeRule *rule;
    } rules[] = {{"-", range_of_negation},  {"%", range_of_remainder},   {"mod", range_of_remainder}, {"/", range_of_quotient},
                 {"floor", range_of_whole}, {"ceil", range_of_whole},    {"ceiling", range_of_whole}, {"round", range_of_whole},
                 {"trunc", range_of_whole}, {"abs", range_of_magnitude}, {"sign", range_of_sign}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules && expr->kind == EXPR_CALL && expr->function->is_strict; i++) {
        if (strcmp(expr->function->name, rules[i].name) == 0) {
            return rules[i].rule;
        }
    }
    return NULL;
}

static bool range_of_function(const Subplan *input, const Expr *expr, ExprRange *range) {
    RangeRule *rule = rule_of(expr);
    return rule != NULL && rule(input, expr, range);
}

/* Years, months and the like of days and moments, and days between them. */
static bool range_of_field(const Subplan *input, const Expr *expr, ExprRange *range) {
    int64_t min, max;
    bool is_known = moment_field_range(input, expr, &min, &max) || moment_distance_range(input, expr, &min, &max);
    *range = is_known ? (ExprRange){min, max} : *range;
    return is_known;
}

/* The results of CASE and the arguments of COALESCE: which of them are values. */
bool expr_is_result(const Expr *expr, uint32_t i) {
    return expr->kind == EXPR_COALESCE || i % 2 == 1 || i + 1 == expr->arg_count;
}

static bool range_of_branches(const Subplan *input, const Expr *expr, ExprRange *range) {
    bool found = false;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        ExprRange result;
        if (!expr_is_result(expr, i) || expr_is_null(expr->args[i])) {
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

static bool range_of(const Subplan *input, const Expr *expr, ExprRange *range) {
    bool is_known = false;
    if (is_exact(expr->type)) {
        switch (expr->kind) {
        case EXPR_CONSTANT: is_known = range_of_constant(expr, range); break;
        case EXPR_COLUMN: is_known = range_of_column(input, expr, range); break;
        case EXPR_CAST: is_known = range_of_cast(input, expr, range); break;
        case EXPR_CALL:
            is_known = range_of_arithmetic(input, expr, range) || range_of_function(input, expr, range) ||
                       range_of_field(input, expr, range);
            break;
        case EXPR_CASE:
        case EXPR_COALESCE: is_known = range_of_branches(input, expr, range); break;
        default: break;
        }
    }
    return is_known && range_fits(range, FOLLOWED_DIGITS);
}

static bool can_be_null(const Subplan *input, const Expr *expr) {
    if (expr->kind == EXPR_COLUMN) {
        uint32_t slot = subplan_find(input, expr->column);
        return slot == UINT32_MAX || input->node->columns[slot].domain.can_be_null;
    }
    if (expr->kind == EXPR_CONSTANT) {
        return expr->value.is_null;
    }
    bool keeps = is_exact_arithmetic(expr) || rule_of(expr) != NULL || (expr->kind == EXPR_CAST && !expr->is_try) ||
                 expr->kind == EXPR_CASE;
    for (uint32_t i = 0; i < expr->arg_count && keeps; i++) {
        keeps = (expr->kind == EXPR_CASE && !expr_is_result(expr, i)) || !can_be_null(input, expr->args[i]);
    }
    return !keeps;
}

ColumnDomain expr_domain(const Subplan *input, const Expr *expr) {
    ColumnDomain domain = {.can_be_null = can_be_null(input, expr)};
    ExprRange range;
    if (expr->kind == EXPR_COLUMN) {
        uint32_t slot = subplan_find(input, expr->column);
        return slot == UINT32_MAX ? domain : input->node->columns[slot].domain;
    }
    if (class_is_integer(type_class(expr->type)) && range_of(input, expr, &range) && range_fits(&range, EXPR_RANGE_DIGITS)) {
        domain.has_range = true;
        domain.min = (int64_t)range.min;
        domain.max = (int64_t)range.max;
    } else {
        moment_domain(input, expr, &domain);
    }
    return domain;
}

bool expr_is_narrow(const Subplan *input, const Expr *expr) {
    ExprRange range;
    return is_exact(expr->type) && range_of(input, expr, &range) && range_fits(&range, EXPR_RANGE_DIGITS);
}
