/* Row counts from statistics (estimate.h): uniform values between minimum and maximum, independent columns, keys of the
 * smaller side contained in the larger. Filters on text are tried on the column's dictionary where it is small. */
#include "plan/estimate.h"
#include "plan/file_scan.h"

#include "plan/dictionaries.h"
#include "plan/scan_predicates.h"
#include "storage/segment_read.h"

#include <math.h>

#define SHARE_DEFAULT 0.33 /* a condition nothing is known of */
#define SHARE_EQUAL 0.005  /* equality with unknown distinct count */
#define SHARE_LIKE 0.1
#define DISTINCT_DEFAULT 200.0
#define DICTIONARY_TRIED_MAX 4096 /* entries; larger dictionaries would cost planning time */
#define RECURSION_ROUNDS 10       /* nobody knows: as PostgreSQL guesses */
#define ROWS_UNKNOWN 1000.0
#define ROWS_PER_CALL 10.0 /* of a function called for every row */

static double clamp_share(double share) {
    return share < 0 || share != share ? 0 : share > 1 ? 1 : share;
}

static const ColumnStatistics *column_statistics(const LogicalPlan *plan, const Expr *expr, const TableVersion **table) {
    const Expr *column = expr_widened_column(expr);
    if (column == NULL || column->kind != EXPR_COLUMN) {
        return NULL;
    }
    const LogicalColumn *logical = &plan->columns[column->column];
    if (logical->table == NULL) {
        return NULL;
    }
    *table = logical->table;
    return &logical->table->statistics[logical->table_column];
}

/* ------------------------------------------------------------------------------------------------------------------- distinct
 */

/* Values met when `rows` are drawn from `distinct` equally frequent ones. */
static double distinct_among(double distinct, double rows) {
    if (distinct < 1) {
        return 1;
    }
    if (rows >= distinct * 20) {
        return distinct;
    }
    double met = distinct * (1 - exp(rows * log1p(-1 / (distinct + 1e-9))));
    met = distinct <= 1 ? 1 : met;
    return met < 1 ? 1 : met > rows ? (rows < 1 ? 1 : rows) : met;
}

typedef struct WidestColumn {
    const LogicalPlan *plan;
    double distinct; /* product over the columns met; 0: none */
} WidestColumn;

static bool visit_distinct(const Expr *node, void *argument) {
    WidestColumn *widest = argument;
    if (node->kind != EXPR_COLUMN) {
        return true;
    }
    const TableVersion *table;
    const ColumnStatistics *statistics = column_statistics(widest->plan, node, &table);
    double distinct = statistics == NULL ? DISTINCT_DEFAULT : statistics->distinct;
    widest->distinct = (widest->distinct == 0 ? 1 : widest->distinct) * (distinct < 1 ? 1 : distinct);
    return true;
}

double estimate_distinct(const LogicalPlan *plan, const Expr *expr, double rows) {
    WidestColumn widest = {plan, 0};
    (void)expr_walk(expr, visit_distinct, &widest);
    if (widest.distinct == 0) {
        return 1;
    }
    double distinct = widest.distinct;
    if (expr->kind == EXPR_CALL && distinct > DISTINCT_DEFAULT) { /* date_part, substring, …: fewer than the column has */
        distinct = sqrt(distinct);
    }
    if (expr->type.id == TYPE_BOOLEAN && distinct > 2) {
        distinct = 2;
    }
    double most = rows < 1 ? 1 : rows;
    return distinct < most ? distinct : most;
}

double estimate_groups(const LogicalPlan *plan, Expr *const *groups, uint32_t count, double rows) {
    double product = 1;
    for (uint32_t i = 0; i < count; i++) {
        product *= estimate_distinct(plan, groups[i], rows);
    }
    return count == 0 ? 1 : distinct_among(product, rows);
}

/* ---------------------------------------------------------------------------------------------------------------- text filters
 */

typedef struct OneColumn {
    ColumnId id;
    bool is_single;
    bool is_met;
} OneColumn;

static bool visit_one_column(const Expr *node, void *argument) {
    OneColumn *one = argument;
    if (node->kind == EXPR_COLUMN) {
        one->is_single &= !one->is_met || one->id == node->column;
        one->id = node->column;
        one->is_met = true;
    }
    return one->is_single;
}

static Expr *column_to_slot_zero(const Context *cx, Arena *arena, const Expr *node, void *argument) {
    (void)argument;
    return node->kind == EXPR_COLUMN ? expr_slot(cx, arena, 0, node->type, node->name) : NULL;
}

/* The entries for which the condition is true; fails like the condition. */
static Status count_entries(const Context *cx, ExprState *state, const Dictionary *dictionary, uint64_t *matches) {
    Vector vector;
    uint16_t rows[BATCH_ROWS_MAX];
    vector_init(&vector, dictionary->type);
    vector.kind = VECTOR_FLAT;
    *matches = 0;
    for (uint32_t first = 0; first < dictionary->size; first += BATCH_ROWS_MAX) {
        uint32_t left = dictionary->size - first, count;
        Batch batch = {.rows = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX, .column_count = 1, .columns = &vector};
        vector.data = (uint8_t *)(uintptr_t)dictionary->values + (size_t)first * type_bytes(dictionary->type);
        TRY(expr_select(cx, state, &batch, rows, &count));
        *matches += count;
    }
    return OK;
}

/* The share of a text column's dictionary that satisfies the condition. An error in the condition is left to run time. */
static Status dictionary_share(const Context *cx, const LogicalPlan *plan, const Expr *expr, double *share, bool *found) {
    OneColumn one = {.is_single = true};
    *found = false;
    if (!expr_walk(expr, visit_one_column, &one) || !one.is_met || expr_can_fail(expr) || expr_is_volatile(expr)) {
        return OK;
    }
    const LogicalColumn *column = &plan->columns[one.id];
    const Dictionary *dictionary;
    if (column->table == NULL) {
        return OK;
    }
    TRY(plan_dictionary(cx, plan, column->table, column->table_column, &dictionary));
    if (dictionary == NULL || dictionary->size == 0 || dictionary->size > DICTIONARY_TRIED_MAX) {
        return OK;
    }
    Expr *over_slot = expr_transform(cx, plan->arena, expr, column_to_slot_zero, NULL);
    ExprState *state;
    if (over_slot == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY(expr_state_create(cx, over_slot, &state));
    uint64_t matches;
    Status status = count_entries(cx, state, dictionary, &matches);
    expr_state_free(state);
    if (status == OUT_OF_MEMORY || status == QUERY_CANCELED) {
        return status;
    }
    *found = status == OK;
    *share = (double)matches / dictionary->size;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------------- ranges
 */

/* A place on a line, for interpolation. False for types that have none. */
static bool value_place(const Value *value, double *place) {
    switch (type_class(value->type)) {
    case CLASS_BOOL:
    case CLASS_I16:
    case CLASS_I32:
    case CLASS_I64: *place = (double)value->i64; return true;
    case CLASS_I128: *place = (double)value->i128; return true;
    case CLASS_F32:
    case CLASS_F64: *place = value->f64; return true;
    case CLASS_TEXT: {
        *place = 0;
        const char *data = text_data(&value->text);
        for (uint32_t i = 0; i < 6; i++) {
            *place = *place * 256 + (i < value->text.bytes ? (uint8_t)data[i] : 0);
        }
        return true;
    }
    default: return false;
    }
}

static double range_share(const ColumnStatistics *statistics, const Predicate *range) {
    double min, max, low, high;
    const ColumnRange *all = &statistics->range;
    double valid = all->rows == 0 ? 1 : 1 - (double)all->nulls / (double)all->rows;
    double least = statistics->distinct >= 1 ? 1 / statistics->distinct : SHARE_EQUAL;
    bool is_point = range->has_low && range->has_high && value_compare(&range->low, &range->high) == 0;
    if (!all->has_range || !value_place(&all->min, &min) || !value_place(&all->max, &max)) {
        return (is_point ? least : SHARE_DEFAULT) * valid;
    }
    double step = class_is_integer(type_class(all->min.type)) ? 1 : 0; /* bounds of whole numbers count */
    low = min;
    high = max + step;
    if (range->has_low && value_place(&range->low, &low)) {
        low += range->low_inclusive ? 0 : step;
    }
    if (range->has_high && value_place(&range->high, &high)) {
        high += range->high_inclusive ? step : 0;
    }
    if (high <= min || low > max || (low > high && step > 0)) {
        return 0;
    }
    low = low < min ? min : low;
    high = high > max + step ? max + step : high;
    double span = max + step - min;
    double share = span <= 0 ? 1 : (high - low) / span;
    return clamp_share(is_point ? least : share < least ? least : share) * valid;
}

static double predicate_share(const LogicalPlan *plan, const Expr *expr, const Predicate *predicate);

typedef struct TableOf {
    const LogicalPlan *plan;
    const TableVersion *table;
} TableOf;

static bool visit_table(const Expr *node, void *argument) {
    TableOf *of = argument;
    if (node->kind == EXPR_COLUMN) {
        of->table = of->plan->columns[node->column].table;
    }
    return of->table == NULL;
}

static double predicate_share(const LogicalPlan *plan, const Expr *expr, const Predicate *predicate) {
    TableOf of = {plan, NULL};
    (void)expr_walk(expr, visit_table, &of);
    if (of.table == NULL) {
        return SHARE_DEFAULT;
    }
    const ColumnStatistics *statistics = &of.table->statistics[predicate->column];
    double nulls = statistics->range.rows == 0 ? 0 : (double)statistics->range.nulls / (double)statistics->range.rows;
    switch (predicate->kind) {
    case PREDICATE_RANGE: return range_share(statistics, predicate);
    case PREDICATE_IN:
        return clamp_share(predicate->value_count / (statistics->distinct < 1 ? 1 : statistics->distinct)) * (1 - nulls);
    case PREDICATE_IS_NULL: return nulls;
    case PREDICATE_NOT_NULL: return 1 - nulls;
    default: return SHARE_DEFAULT;
    }
}

/* ---------------------------------------------------------------------------------------------------------------- selectivity
 */

static double compare_share(const LogicalPlan *plan, const Expr *expr) {
    const TableVersion *table;
    bool is_equality = expr->compare == COMPARE_EQ || expr->compare == COMPARE_NE;
    if (!is_equality) {
        return SHARE_DEFAULT;
    }
    double distinct = 0;
    for (uint32_t i = 0; i < 2; i++) {
        const ColumnStatistics *statistics = column_statistics(plan, expr->args[i], &table);
        double one = statistics != NULL ? statistics->distinct : expr_has_columns(expr->args[i]) ? DISTINCT_DEFAULT : 0;
        distinct = one > distinct ? one : distinct;
    }
    double share = distinct < 1 ? SHARE_EQUAL : 1 / distinct;
    return expr->compare == COMPARE_EQ ? share : 1 - share;
}

/* Conjuncts of one range each are joined per column first: a BETWEEN is one condition, not two. */
static Status conjunction_share(const Context *cx, const LogicalPlan *plan, Expr *const *conjuncts, uint32_t count,
                                double *share) {
    *share = 1;
    PredicateList ranges = {0};
    const Expr *some = NULL;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t before = ranges.count;
        double one;
        if (conjuncts[i]->kind == EXPR_COMPARE) {
            TRY(predicates_derive(cx, plan, conjuncts[i], &ranges));
        }
        bool is_range = ranges.count > before && ranges.items[before].kind == PREDICATE_RANGE;
        bool is_point = is_range && conjuncts[i]->compare == COMPARE_EQ;
        if (is_range && !is_point) {
            some = conjuncts[i];
            continue;
        }
        ranges.count = before;
        TRY(estimate_selectivity(cx, plan, conjuncts[i], &one));
        *share *= one;
    }
    predicates_intersect(&ranges);
    for (uint32_t i = 0; i < ranges.count; i++) {
        *share *= predicate_share(plan, some, &ranges.items[i]);
    }
    return OK;
}

static Status or_share(const Context *cx, const LogicalPlan *plan, const Expr *expr, double *share) {
    double none = 1;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        double one;
        TRY(estimate_selectivity(cx, plan, expr->args[i], &one));
        none *= 1 - one;
    }
    *share = 1 - none;
    return OK;
}

static double constant_share(const Value *value) {
    return value->is_null ? 0 : value->i64 != 0;
}

Status estimate_selectivity(const Context *cx, const LogicalPlan *plan, const Expr *expr, double *share) {
    bool found;
    PredicateList list = {0};
    switch (expr->kind) {
    case EXPR_CONSTANT: *share = constant_share(&expr->value); return OK;
    case EXPR_AND: return conjunction_share(cx, plan, expr->args, expr->arg_count, share);
    case EXPR_NOT:
        if (expr->args[0]->kind != EXPR_IS_NULL) {
            TRY(estimate_selectivity(cx, plan, expr->args[0], share));
            *share = 1 - *share;
            return OK;
        }
        break;
    default: break;
    }
    TRY(dictionary_share(cx, plan, expr, share, &found));
    if (found) {
        return OK;
    }
    if (expr->kind == EXPR_OR) {
        return or_share(cx, plan, expr, share);
    }
    TRY(predicates_derive(cx, plan, expr, &list));
    if (list.count > 0) {
        *share = predicate_share(plan, expr, &list.items[0]);
    } else {
        *share = expr->kind == EXPR_COMPARE ? compare_share(plan, expr)
                 : expr->kind == EXPR_IN    ? clamp_share((expr->arg_count - 1) * SHARE_EQUAL)
                 : expr->kind == EXPR_CALL  ? SHARE_LIKE
                                            : SHARE_DEFAULT;
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------------- joins
 */

static bool is_equality(const Expr *expr) {
    return expr->kind == EXPR_COMPARE && expr->compare == COMPARE_EQ && expr_has_columns(expr->args[0]) &&
           expr_has_columns(expr->args[1]);
}

/* A second key is rarely independent of the first: each further one counts less. */
static Status join_share(const Context *cx, const LogicalPlan *plan, const ExprList *conjuncts, double left, double right,
                         double *share) {
    *share = 1;
    double weight = 1;
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        const Expr *conjunct = conjuncts->items[i];
        if (!is_equality(conjunct)) {
            double one;
            TRY(estimate_selectivity(cx, plan, conjunct, &one));
            *share *= one;
            continue;
        }
        double most = left > right ? left : right;
        double a = estimate_distinct(plan, conjunct->args[0], most), b = estimate_distinct(plan, conjunct->args[1], most);
        *share *= pow(1 / (a > b ? a : b), weight);
        weight /= 2;
    }
    return OK;
}

Status estimate_join(const Context *cx, const LogicalPlan *plan, JoinKind kind, const Expr *condition, double left,
                     double right, double *rows) {
    ExprList conjuncts = {0};
    double share;
    TRY(expr_list_add_conjuncts(cx, plan->arena, &conjuncts, (Expr *)(uintptr_t)condition));
    TRY(join_share(cx, plan, &conjuncts, left, right, &share));
    double inner = left * right * share;
    double matched = inner < left ? inner : left * 0.9;
    switch (kind) {
    case JOIN_INNER: *rows = inner; break;
    case JOIN_LEFT: *rows = inner > left ? inner : left; break;
    case JOIN_RIGHT: *rows = inner > right ? inner : right; break;
    case JOIN_FULL: *rows = inner + (left > inner ? left - inner : 0) + (right > inner ? right - inner : 0); break;
    case JOIN_SEMI: *rows = matched; break;
    case JOIN_ANTI:
    case JOIN_ANTI_NULL: *rows = left - matched; break;
    case JOIN_MARK:
    case JOIN_EXISTS:
    case JOIN_SINGLE: *rows = left; break;
    }
    *rows = *rows < 1 ? 1 : *rows;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------------- nodes
 */

static Status table_function_rows(const Context *cx, const LogicalPlan *plan, const LogicalNode *node, double *rows) {
    *rows = node->child_count > 0 ? node->children[0]->rows * ROWS_PER_CALL : ROWS_UNKNOWN;
    if (node->table_function.file != NULL) {
        *rows = node->table_function.file->rows;
    }
    if (node->child_count > 0 || strcmp(node->table_function.name, "generate_series") != 0 ||
        node->table_function.arg_count < 2) {
        return OK;
    }
    double bounds[3] = {0, 0, 1};
    for (uint32_t i = 0; i < node->table_function.arg_count && i < 3; i++) {
        const Expr *arg = node->table_function.args[i];
        Value value;
        if (!type_is_integer(arg->type) || !expr_is_constant(arg)) {
            return OK;
        }
        TRY(expr_eval_constant(cx, plan->arena, arg, &value));
        bounds[i] = (double)value.i64;
    }
    *rows = bounds[2] == 0 ? 0 : floor((bounds[1] - bounds[0]) / bounds[2]) + 1;
    *rows = *rows < 0 ? 0 : *rows;
    return OK;
}

static double limited_rows(const LogicalNode *node, double rows) {
    rows -= (double)node->limit.offset;
    rows = rows < 0 ? 0 : rows;
    return node->limit.limit >= 0 && rows > (double)node->limit.limit ? (double)node->limit.limit : rows;
}

/* Rows of the segments that the manifest alone cannot exclude: on a clustered table far fewer than the shares say. */
static Status surviving_rows(const Context *cx, const LogicalPlan *plan, const LogicalNode *get, double *rows) {
    const TableVersion *table = get->get.table;
    PredicateList predicates = {0};
    *rows = (double)table->rows;
    for (uint32_t i = 0; i < get->get.filter_count; i++) {
        TRY(predicates_derive(cx, plan, get->get.filters[i], &predicates));
    }
    if (predicates.count == 0 || table->segment_count == 0) {
        return OK;
    }
    uint8_t *survives;
    uint32_t partitions, segments;
    uint64_t all = 0, left = 0;
    TRY_NEW_ARRAY(cx, plan->arena, survives, table->segment_count);
    table_prune(table, predicates.items, predicates.count, survives, &partitions, &segments);
    for (uint32_t s = 0; s < table->segment_count; s++) {
        all += table->segments[s].rows;
        left += survives[s] ? table->segments[s].rows : 0;
    }
    *rows = all == 0 ? 0 : *rows * (double)left / (double)all; /* segments of an ALL table count once per node */
    return OK;
}

static Status estimate_get(const Context *cx, const LogicalPlan *plan, LogicalNode *node) {
    double share, most;
    TRY(conjunction_share(cx, plan, node->get.filters, node->get.filter_count, &share));
    TRY(surviving_rows(cx, plan, node, &most));
    node->rows = (double)node->get.table->rows * share;
    node->rows = node->rows > most ? most : node->rows;
    node->rows = node->rows < 1 ? 1 : node->rows;
    return OK;
}

/* The subplan is estimated with its first reader. */
static Status shared_rows(const Context *cx, LogicalPlan *plan, LogicalNode *scan) {
    LogicalNode *shared = plan->shared[scan->shared_scan.index].node;
    if (shared->rows < 0) {
        TRY(estimate_node(cx, plan, shared));
    }
    scan->rows = shared->rows;
    return OK;
}

/* The groups of all sets together. */
static Status estimate_grouping_sets(const Context *cx, LogicalPlan *plan, LogicalNode *node) {
    const LogicalNode *expand = node->children[0];
    double rows = expand->children[0]->rows;
    Expr **keys;
    TRY_NEW_ARRAY(cx, plan->arena, keys, expand->expand.key_count + 1);
    node->rows = 0;
    for (uint32_t s = 0; s < expand->expand.set_count; s++) {
        uint32_t count = 0;
        for (uint32_t k = 0; k < expand->expand.key_count; k++) {
            keys[count] = node->aggregate.groups[k];
            count += expand->expand.has_key[(size_t)s * expand->expand.key_count + k];
        }
        node->rows += estimate_groups(plan, keys, count, rows);
    }
    return OK;
}

static Status estimate_one(const Context *cx, LogicalPlan *plan, LogicalNode *node) {
    double share, input = node->child_count > 0 ? node->children[0]->rows : 0;
    switch (node->kind) {
    case LOGICAL_GET: return node->rows >= 0 ? OK : estimate_get(cx, plan, node);
    case LOGICAL_VALUES: node->rows = node->values.row_count; return OK;
    case LOGICAL_TABLE_FUNCTION: return table_function_rows(cx, plan, node, &node->rows);
    case LOGICAL_FILTER:
        TRY(estimate_selectivity(cx, plan, node->filter.condition, &share));
        node->rows = input * share < 1 ? 1 : input * share;
        return OK;
    case LOGICAL_JOIN:
        if (node->join.kind == JOIN_INNER && node->rows >= 0) { /* from the join order, which saw all keys at once */
            return OK;
        }
        return estimate_join(cx, plan, node->join.kind, node->join.condition, input, node->children[1]->rows, &node->rows);
    case LOGICAL_AGGREGATE:
        if (node->children[0]->kind == LOGICAL_EXPAND) {
            return estimate_grouping_sets(cx, plan, node);
        }
        node->rows = estimate_groups(plan, node->aggregate.groups, node->aggregate.group_count, input);
        return OK;
    case LOGICAL_EXPAND: node->rows = input * node->expand.set_count; return OK;
    case LOGICAL_LIMIT: node->rows = limited_rows(node, input); return OK;
    case LOGICAL_UNION:
        node->rows = 0;
        for (uint32_t i = 0; i < node->child_count; i++) {
            node->rows += node->children[i]->rows;
        }
        return OK;
    case LOGICAL_RECURSION: node->rows = input * RECURSION_ROUNDS; return OK;
    case LOGICAL_WORKING_SCAN: node->rows = node->working_scan.recursion->children[0]->rows; return OK;
    case LOGICAL_SHARED_SCAN: return shared_rows(cx, plan, node);
    case LOGICAL_PROJECT:
    case LOGICAL_WINDOW:
    case LOGICAL_SORT:
    case LOGICAL_CHANGE:
    case LOGICAL_INSERT: node->rows = input; return OK;
    }
    return OK;
}

Status estimate_node(const Context *cx, LogicalPlan *plan, LogicalNode *node) {
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(estimate_node(cx, plan, node->children[i]));
    }
    return estimate_one(cx, plan, node);
}

Status estimate_plan(const Context *cx, LogicalPlan *plan) {
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        TRY(estimate_node(cx, plan, plan->shared[i].node));
    }
    return estimate_node(cx, plan, plan->root);
}
