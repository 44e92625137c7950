/* Distinct values of one column and of several, and from them groups and joins. Columns of one table together have at most as
 * many values as the table has rows, exactly as many if a declared key is among them, and fewer than all combinations where
 * the sample says that they depend on each other. */
#include "plan/estimate.h"
#include "plan/estimate_column.h"

#include <math.h>
#include <stdlib.h>

#define KEYS_COMPARED_MAX 32

/* ------------------------------------------------------------------------------------------------------------------- distinct
 */

/* Of a table as it is; what else comes in has lost rows and values alike. */
static double base_rows(const LogicalNode *node) {
    return node->kind == LOGICAL_GET ? (double)table_planned_rows(node->get.table) : node->rows;
}

/* Of `distinct` values, those that are left in the rows of a node. A scan has lost rows of its table for good; in what a join
 * has made rows of a table may come again and again, as if drawn and put back. */
static double distinct_left(double distinct, const LogicalNode *node) {
    double rows = node->rows, all = base_rows(node);
    if (distinct <= 1 || rows >= distinct * 20) {
        return distinct < 1 ? 1 : distinct;
    }
    double lost = node->kind == LOGICAL_GET ? pow(1 - clamp_share(rows / all), all / distinct) : exp(-rows / distinct);
    double left = distinct * (1 - lost), most = rows < 1 ? 1 : rows;
    return left < 1 ? 1 : left > most ? most : left;
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
    KnownColumn known;
    double distinct = known_expr(widest->plan, node, &known) ? known.distinct : DISTINCT_DEFAULT;
    widest->distinct = (widest->distinct == 0 ? 1 : widest->distinct) * distinct;
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

/* ------------------------------------------------------------------------------------------------------- several columns at
 * once
 */

typedef struct KeyPart { /* an expression, by table first, then by falling distinct count */
    const TableVersion *table;
    uint32_t column;
    double distinct;
} KeyPart;

static int compare_parts(const void *a_, const void *b_) {
    const KeyPart *a = a_, *b = b_;
    if (a->table != b->table) {
        return (uintptr_t)a->table < (uintptr_t)b->table ? -1 : 1;
    }
    if (a->distinct != b->distinct) {
        return a->distinct > b->distinct ? -1 : 1;
    }
    return a->column < b->column ? -1 : a->column > b->column;
}

static bool has_part(const KeyPart *parts, uint32_t count, uint32_t column) {
    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].column == column) {
            return true;
        }
    }
    return false;
}

static bool covers_key(const TableSchema *schema, const KeyPart *parts, uint32_t count) {
    for (uint32_t k = 0; k < schema->key_count; k++) {
        const KeyConstraint *key = &schema->keys[k];
        bool covers = key->kind != KEY_FOREIGN;
        for (uint32_t i = 0; i < key->column_count && covers; i++) {
            covers = has_part(parts, count, key->columns[i]);
        }
        if (covers) {
            return true;
        }
    }
    return false;
}

/* Parts of one table: a part counts as far as it does not follow from those before it. */
static double parts_distinct(const KeyPart *parts, uint32_t count) {
    const TableVersion *table = parts[0].table;
    double rows = (double)table_planned_rows(table), distinct = 1;
    if (covers_key(table->schema, parts, count)) {
        return rows;
    }
    for (uint32_t i = 0; i < count; i++) {
        double strength = 0;
        for (uint32_t j = 0; j < i && i < KEYS_COMPARED_MAX; j++) {
            double one = parts[i].column == parts[j].column ? 1 : table_dependence(table, parts[i].column, parts[j].column);
            strength = one > strength ? one : strength;
        }
        distinct *= pow(parts[i].distinct, 1 - strength);
    }
    return distinct < rows ? distinct : rows;
}

/* Combinations of the values of expressions, those of different tables and computed ones being independent. */
static Status joint_distinct(const Context *cx, const LogicalPlan *plan, Expr *const *exprs, uint32_t count, double rows,
                             double *distinct) {
    KeyPart *parts;
    uint32_t part_count = 0;
    TRY_NEW_ARRAY(cx, plan->arena, parts, count + 1);
    *distinct = 1;
    for (uint32_t i = 0; i < count; i++) {
        KnownColumn known;
        if (known_expr(plan, exprs[i], &known)) {
            parts[part_count++] = (KeyPart){known.table, known.column, known.distinct};
        } else {
            *distinct *= estimate_distinct(plan, exprs[i], rows);
        }
    }
    qsort(parts, part_count, sizeof *parts, compare_parts);
    for (uint32_t first = 0, end; first < part_count; first = end) {
        for (end = first + 1; end < part_count && parts[end].table == parts[first].table; end++) {
        }
        *distinct *= parts_distinct(parts + first, end - first);
    }
    return OK;
}

Status estimate_groups(const Context *cx, const LogicalPlan *plan, Expr *const *groups, uint32_t count,
                       const LogicalNode *input, double *rows) {
    double distinct;
    TRY(joint_distinct(cx, plan, groups, count, input->rows, &distinct));
    *rows = count == 0 ? 1 : distinct_left(distinct, input);
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------------- joins
 */

double estimate_equal_share(const LogicalPlan *plan, const Expr *a, const Expr *b, double rows_a, double rows_b) {
    KnownColumn left, right;
    if (known_expr(plan, a, &left) && known_expr(plan, b, &right)) {
        return known_join_share(&left, &right);
    }
    double x = estimate_distinct(plan, a, rows_a), y = estimate_distinct(plan, b, rows_b);
    return 1 / (x > y ? x : y);
}

/* By one key as its values say; by several as many of them as there are, together, on the side that has more. */
Status estimate_keys_share(const Context *cx, const LogicalPlan *plan, Expr *const *left, Expr *const *right, uint32_t count,
                           double left_rows, double right_rows, double *share) {
    if (count <= 1) {
        *share = count == 0 ? 1 : estimate_equal_share(plan, left[0], right[0], left_rows, right_rows);
        return OK;
    }
    double a, b, single = 1;
    TRY(joint_distinct(cx, plan, left, count, left_rows, &a));
    TRY(joint_distinct(cx, plan, right, count, right_rows, &b));
    a = a < left_rows || left_rows < 1 ? a : left_rows;
    b = b < right_rows || right_rows < 1 ? b : right_rows;
    for (uint32_t i = 0; i < count; i++) {
        single *= estimate_equal_share(plan, left[i], right[i], left_rows, right_rows);
    }
    *share = 1 / (a > b ? a : b);
    *share = *share < single ? single : *share; /* skew makes more of them meet */
    return OK;
}

typedef struct JoinKeys {
    uint32_t count;
    Expr **left, **right;
    double rest; /* share of all other conditions */
} JoinKeys;

static bool visit_belonging(const Expr *expr, void *node_) {
    const LogicalNode *node = node_;
    bool is_found = expr->kind != EXPR_COLUMN;
    for (uint32_t i = 0; i < node->column_count && !is_found; i++) {
        is_found = node->columns[i] == expr->column;
    }
    return is_found;
}

static bool belongs(const LogicalNode *node, const Expr *expr) {
    return expr_walk(expr, visit_belonging, (void *)(uintptr_t)node);
}

static bool is_equality(const Expr *expr) {
    return expr->kind == EXPR_COMPARE && expr->compare == COMPARE_EQ && expr_has_columns(expr->args[0]) &&
           expr_has_columns(expr->args[1]);
}

static Status find_keys(const Context *cx, const LogicalPlan *plan, const Expr *condition, const LogicalNode *left,
                        const LogicalNode *right, JoinKeys *keys) {
    ExprList conjuncts = {0};
    *keys = (JoinKeys){.rest = 1};
    TRY(expr_list_add_conjuncts(cx, plan->arena, &conjuncts, (Expr *)(uintptr_t)condition));
    TRY_NEW_ARRAY(cx, plan->arena, keys->left, conjuncts.count + 1);
    TRY_NEW_ARRAY(cx, plan->arena, keys->right, conjuncts.count + 1);
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        Expr *conjunct = conjuncts.items[i];
        double one;
        for (uint32_t own = 0; own < 2 && is_equality(conjunct); own++) {
            if (belongs(left, conjunct->args[own]) && belongs(right, conjunct->args[1 - own])) {
                keys->left[keys->count] = conjunct->args[own];
                keys->right[keys->count++] = conjunct->args[1 - own];
                conjunct = NULL;
                break;
            }
        }
        if (conjunct != NULL) {
            TRY(estimate_condition(cx, plan, conjunct, &one));
            keys->rest *= one;
        }
    }
    return OK;
}

Status estimate_condition(const Context *cx, const LogicalPlan *plan, const Expr *conjunct, double *share) {
    if (is_equality(conjunct)) {
        *share = estimate_equal_share(plan, conjunct->args[0], conjunct->args[1], 1e6, 1e6);
        return OK;
    }
    return estimate_selectivity(cx, plan, conjunct, share);
}

/* The share of one side's rows that have a partner. The values of the side with fewer of them are among those of the other;
 * with further conditions each of a row's partners has its own chance to hold. */
static Status partner_share(const Context *cx, const LogicalPlan *plan, const JoinKeys *keys, bool of_left,
                            const LogicalNode *own, const LogicalNode *other, double inner, double *share) {
    double own_values, other_values;
    if (keys->count == 0) {
        *share = own->rows < 1 ? 0 : clamp_share(inner / own->rows);
        return OK;
    }
    Expr *const *own_keys = of_left ? keys->left : keys->right, *const *other_keys = of_left ? keys->right : keys->left;
    TRY(joint_distinct(cx, plan, own_keys, keys->count, own->rows, &own_values));
    TRY(joint_distinct(cx, plan, other_keys, keys->count, other->rows, &other_values));
    double most = own_values > other_values ? own_values : other_values;
    *share = clamp_share(distinct_left(other_values, other) / most);
    if (keys->rest < 1 && *share > 0) {
        double partners = inner / keys->rest / (own->rows * *share + 1e-9);
        *share *= 1 - pow(1 - clamp_share(keys->rest), partners < 1 ? 1 : partners);
    }
    return OK;
}

#define PARTNERS_MOST 0.98 /* a few rows are always without */

Status estimate_join(const Context *cx, const LogicalPlan *plan, JoinKind kind, const Expr *condition, const LogicalNode *left,
                     const LogicalNode *right, double *rows) {
    JoinKeys keys;
    double share, of_left, of_right;
    TRY(find_keys(cx, plan, condition, left, right, &keys));
    TRY(estimate_keys_share(cx, plan, keys.left, keys.right, keys.count, base_rows(left), base_rows(right), &share));
    double inner = left->rows * right->rows * share * keys.rest;
    TRY(partner_share(cx, plan, &keys, true, left, right, inner, &of_left));
    TRY(partner_share(cx, plan, &keys, false, right, left, inner, &of_right));
    double matched = left->rows * (of_left < PARTNERS_MOST ? of_left : PARTNERS_MOST);
    double lone = left->rows * (1 - of_left), lone_right = right->rows * (1 - of_right);
    switch (kind) {
    case JOIN_INNER: *rows = inner; break;
    case JOIN_LEFT: *rows = inner + lone > left->rows ? inner + lone : left->rows; break;
    case JOIN_RIGHT: *rows = inner + lone_right > right->rows ? inner + lone_right : right->rows; break;
    case JOIN_FULL: *rows = inner + lone + lone_right; break;
    case JOIN_SEMI: *rows = left->rows * of_left; break;
    case JOIN_ANTI:
    case JOIN_ANTI_NULL: *rows = left->rows - matched; break;
    case JOIN_MARK:
    case JOIN_EXISTS:
    case JOIN_SINGLE: *rows = left->rows; break;
    }
    *rows = *rows < 1 ? 1 : *rows;
    return OK;
}
