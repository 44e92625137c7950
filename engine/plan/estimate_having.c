/* Shares of groups: conditions on sums, means and counts, from the size of the groups and the spread of what is added up. */
#include "plan/estimate.h"
#include "plan/estimate_column.h"

#include "core/decimal.h"

#include <math.h>

typedef struct Spread {
    double mean, variance;
} Spread;

static double number_of(const Value *value) {
    if (type_class(value->type) == CLASS_F64 || type_class(value->type) == CLASS_F32) {
        return value->f64;
    }
    __int128 number = type_class(value->type) == CLASS_I128 ? value->i128 : value->i64;
    return value->type.id == TYPE_DECIMAL ? decimal_to_double(number, value->type.scale) : (double)number;
}

/* `share` of the values lie between low and high, each as likely as any other. */
static void add_stretch(double low, double high, double share, double *sum, double *squares) {
    *sum += share * (low + high) / 2;
    *squares += share * (low * low + low * high + high * high) / 3;
}

/* Of the values that are not NULL, by common values and histogram, or all alike between least and greatest. */
static bool spread_of(const KnownColumn *known, Spread *spread) {
    const ColumnStatistics *statistics = known->statistics;
    double sum = 0, squares = 0, common = 0;
    if (!type_is_numeric(statistics->range.min.type) || !statistics->range.has_range || known->nulls >= 1) {
        return false;
    }
    for (uint32_t i = 0; i < statistics->common_count; i++) {
        double value = number_of(&statistics->common[i].value), share = statistics->common[i].share / (1 - known->nulls);
        add_stretch(value, value, share, &sum, &squares);
        common += share;
    }
    double others = common < 1 ? 1 - common : 0;
    for (uint32_t i = 0; i + 1 < statistics->bound_count; i++) {
        add_stretch(number_of(&statistics->bounds[i]), number_of(&statistics->bounds[i + 1]),
                    others / (statistics->bound_count - 1), &sum, &squares);
    }
    if (statistics->bound_count < 2) {
        add_stretch(number_of(&statistics->range.min), number_of(&statistics->range.max), others, &sum, &squares);
    }
    *spread = (Spread){.mean = sum, .variance = squares > sum * sum ? squares - sum * sum : 0};
    return true;
}

/* The call's results over groups of `rows` rows on the average, whose sizes differ as if rows fell into groups by chance. */
static bool spread_of_call(const LogicalPlan *plan, const LogicalNode *input, const AggregateCall *call, double rows,
                           Spread *spread) {
    AggregateId id = call->aggregate->id;
    KnownColumn known;
    Spread values;
    if (call->is_distinct || call->filter != NULL) {
        return false;
    }
    if (id == AGGREGATE_COUNT_STAR) {
        *spread = (Spread){rows, rows};
        return true;
    }
    if (call->arg_count != 1 || !known_key(plan, input, call->args[0], &known)) {
        return false;
    }
    rows *= 1 - known.nulls;
    if (id == AGGREGATE_COUNT) {
        *spread = (Spread){rows, rows};
        return true;
    }
    if ((id != AGGREGATE_SUM && id != AGGREGATE_AVG) || rows <= 0 || !spread_of(&known, &values)) {
        return false;
    }
    *spread = id == AGGREGATE_AVG ? (Spread){values.mean, values.variance / rows}
                                  : (Spread){rows * values.mean, rows * (values.variance + values.mean * values.mean)};
    return true;
}

/* The share of sums of such a spread above the bound: sums of many come near the normal distribution. */
static double share_above(const Spread *spread, double bound) {
    if (spread->variance <= 0) {
        return spread->mean > bound ? 1 : 0;
    }
    return erfc((bound - spread->mean) / sqrt(2 * spread->variance)) / 2;
}

/* Groups by a column of a table: those of its common values are as large as these are common, the others share the rest. */
static bool share_of_sizes(const LogicalPlan *plan, const LogicalNode *aggregate, const AggregateCall *call, double bound,
                           double *share) {
    const LogicalNode *input = aggregate->children[0];
    double groups = aggregate->rows, others = groups, rows = input->rows, above = 0;
    KnownColumn key;
    Spread spread;
    bool is_known = aggregate->aggregate.group_count == 1 && known_key(plan, input, aggregate->aggregate.groups[0], &key);
    for (uint32_t i = 0; is_known && i < key.statistics->common_count && others > 1; i++, others--) {
        double here = key.statistics->common[i].share * input->rows;
        if (!spread_of_call(plan, input, call, here, &spread)) {
            return false;
        }
        above += share_above(&spread, bound);
        rows -= here;
    }
    if (!spread_of_call(plan, input, call, rows > 0 ? rows / others : 1, &spread)) {
        return false;
    }
    *share = clamp_share((above + others * share_above(&spread, bound)) / groups);
    return true;
}

static const AggregateCall *call_of(const LogicalNode *aggregate, const Expr *expr) {
    while (expr->kind == EXPR_CAST && type_is_numeric(expr->type)) {
        expr = expr->args[0];
    }
    for (uint32_t i = 0; i < aggregate->aggregate.call_count && expr->kind == EXPR_COLUMN; i++) {
        if (aggregate->aggregate.calls[i].output == expr->column) {
            return &aggregate->aggregate.calls[i];
        }
    }
    return NULL;
}

/* call op constant, either way round; false for everything else. */
static bool share_of_groups(const LogicalPlan *plan, const LogicalNode *aggregate, const Expr *conjunct, double *share) {
    if (conjunct->kind != EXPR_COMPARE || conjunct->compare == COMPARE_EQ || conjunct->compare == COMPARE_NE) {
        return false;
    }
    bool is_left = conjunct->args[1]->kind == EXPR_CONSTANT;
    const Expr *constant = conjunct->args[is_left ? 1 : 0];
    const AggregateCall *call = call_of(aggregate, conjunct->args[is_left ? 0 : 1]);
    double above;
    if (call == NULL || constant->kind != EXPR_CONSTANT || constant->value.is_null || !type_is_numeric(constant->type) ||
        aggregate->rows < 1 || !share_of_sizes(plan, aggregate, call, number_of(&constant->value), &above)) {
        return false;
    }
    CompareOp op = is_left ? conjunct->compare : compare_swapped(conjunct->compare);
    *share = op == COMPARE_GT || op == COMPARE_GE ? above : 1 - above;
    return true;
}

Status estimate_having(const Context *cx, const LogicalPlan *plan, const LogicalNode *aggregate, Expr *condition,
                       double *share) {
    ExprList conjuncts = {0};
    double known = 1, one;
    TRY(expr_list_add_conjuncts(cx, plan->arena, &conjuncts, condition));
    for (uint32_t i = 0; i < conjuncts.count;) {
        if (share_of_groups(plan, aggregate, conjuncts.items[i], &one)) {
            known *= one;
            conjuncts.items[i] = conjuncts.items[--conjuncts.count];
        } else {
            i++;
        }
    }
    TRY(estimate_conjunction(cx, plan, conjuncts.items, conjuncts.count, share));
    *share *= known;
    return OK;
}
