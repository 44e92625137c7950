/* How many different values an expression has at most: from those of the columns in it, and from its range where that is known
 * (fields of moments, months from the first to the last, quotients of whole numbers). */
#include "plan/estimate.h"
#include "plan/estimate_column.h"
#include "plan/expr_range.h"
#include "plan/moment_domain.h"

#include "expr/functions.h"

#include <math.h>

#define KNOWN_MAX 8 /* of an expression whose range is looked at */

/* The columns of an expression as a node would have them that reads the whole tables. */
typedef struct Known {
    const LogicalPlan *plan;
    uint32_t count;
    ColumnId ids[KNOWN_MAX];
    PhysicalColumn columns[KNOWN_MAX];
} Known;

static ColumnDomain domain_of(const LogicalPlan *plan, const Expr *column) {
    KnownColumn known;
    bool is_known = known_expr(plan, column, &known) && class_is_integer(type_class(column->type));
    const ColumnRange *range = is_known ? &known.statistics->range : NULL;
    if (range == NULL || !range->has_range) {
        return (ColumnDomain){.can_be_null = true};
    }
    return (ColumnDomain){.has_range = true, .min = range->min.i64, .max = range->max.i64, .can_be_null = known.nulls > 0};
}

static bool note_column(const Expr *node, void *known_) {
    Known *known = known_;
    uint32_t i = 0;
    if (node->kind != EXPR_COLUMN) {
        return true;
    }
    while (i < known->count && known->ids[i] != node->column) {
        i++;
    }
    if (i == KNOWN_MAX) {
        return false;
    }
    known->ids[i] = node->column;
    known->columns[i] = (PhysicalColumn){.type = node->type, .domain = domain_of(known->plan, node)};
    known->count = i == known->count ? i + 1 : known->count;
    return true;
}

/* As many as the range has room for; HUGE_VAL: nobody knows. */
static double values_in_range(const LogicalPlan *plan, const Expr *expr) {
    Known known = {.plan = plan};
    if (!expr_walk(expr, note_column, &known)) {
        return HUGE_VAL;
    }
    PhysicalNode node = {.column_count = known.count, .columns = known.columns};
    const Subplan input = {.node = &node, .layout = known.ids};
    const PhysicalColumn column = {.type = expr->type, .domain = expr_domain(&input, expr)};
    uint64_t size = column_domain_size(&column);
    return size == 0 ? HUGE_VAL : (double)size;
}

static double values_of(const LogicalPlan *plan, const Expr *expr);

/* x / 10, x % 10: of whole numbers. HUGE_VAL for all else. */
static double values_of_division(const LogicalPlan *plan, const Expr *call) {
    const char *name = call->function->name;
    bool divides = strcmp(name, "/") == 0, is_rest = strcmp(name, "%") == 0 || strcmp(name, "mod") == 0;
    if ((!divides && !is_rest) || call->arg_count != 2 || !type_is_integer(call->type) ||
        call->args[1]->kind != EXPR_CONSTANT || call->args[1]->value.is_null || call->args[1]->value.i64 == 0) {
        return HUGE_VAL;
    }
    double divisor = fabs((double)call->args[1]->value.i64);
    return is_rest ? divisor : floor(values_in_range(plan, call->args[0]) / divisor) + 1;
}

/* Other arguments, other results. */
static bool keeps_apart(const Function *function) {
    static const char *const names[] = {"+", "-", "*", "||"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(function->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Where no range says how many there are, substring, length and the like are taken to bring together what they are given. */
static double values_of_call(const LogicalPlan *plan, const Expr *call) {
    double combinations = 1, most = values_of_division(plan, call);
    for (uint32_t i = 0; i < call->arg_count; i++) {
        combinations *= values_of(plan, call->args[i]);
    }
    most = most < HUGE_VAL ? most : values_in_range(plan, call);
    bool is_guessed = most == HUGE_VAL && combinations > DISTINCT_DEFAULT && !keeps_apart(call->function);
    return is_guessed ? sqrt(combinations) : combinations < most ? combinations : most;
}

static double values_of_results(const LogicalPlan *plan, const Expr *expr) {
    double sum = 0;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        bool is_result = expr->kind == EXPR_COALESCE || i % 2 == 1 || i + 1 == expr->arg_count;
        sum += is_result ? values_of(plan, expr->args[i]) : 0;
    }
    return sum;
}

static double values_of_kind(const LogicalPlan *plan, const Expr *expr) {
    KnownColumn known;
    switch (expr->kind) {
    case EXPR_COLUMN: return known_expr(plan, expr, &known) ? known.distinct : DISTINCT_DEFAULT;
    case EXPR_CALL: return values_of_call(plan, expr);
    case EXPR_CASE:
    case EXPR_COALESCE: return values_of_results(plan, expr);
    case EXPR_CAST: return values_of(plan, expr->args[0]);
    default: return DISTINCT_DEFAULT;
    }
}

static double values_of(const LogicalPlan *plan, const Expr *expr) {
    if (!expr_has_columns(expr)) {
        return 1;
    }
    if (expr->type.id == TYPE_BOOLEAN && expr->kind != EXPR_COLUMN) {
        return 2;
    }
    double values = values_of_kind(plan, expr);
    bool has_results = expr->kind == EXPR_CASE || expr->kind == EXPR_COALESCE || expr->kind == EXPR_CAST;
    double most = has_results ? values_in_range(plan, expr) : HUGE_VAL;
    return values < most ? values : most;
}

double estimate_distinct(const LogicalPlan *plan, const Expr *expr, double rows) {
    double values = values_of(plan, expr), most = rows < 1 ? 1 : rows;
    return values < most ? values : most;
}
