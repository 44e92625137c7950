/* Distinct values of one column and of several, and from them groups and joins. Columns of one table together have at most as
 * many values as the table has rows, exactly as many if a declared key is among them, and fewer than all combinations where
 * the sample says that they depend on each other. */
#include "plan/estimate.h"
#include "plan/estimate_column.h"

#include <math.h>
#include <stdlib.h>

#define KEYS_COMPARED_MAX 32
#define ALONE_WEIGHT 0.25 /* of several keys that meet by chance alone, against those that one side has from the other */

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

/* ------------------------------------------------------------------------------------------------------ restricted keys */

/* The share of a column's values that the filters on it alone let through where it is scanned. */
static Status values_kept(const Context *cx, const LogicalPlan *plan, const Expr *expr, double *share) {
    const Expr *column = expr_widened_column(expr);
    const LogicalNode *scan = column == NULL || column->kind != EXPR_COLUMN ? NULL : plan->columns[column->column].scan;
    KnownColumn known;
    ExprList own = {0};
    bool is_one = false;
    *share = 1;
    if (scan == NULL || !known_expr(plan, column, &known)) {
        return OK;
    }
    for (uint32_t i = 0; i < scan->get.filter_count; i++) {
        Expr *filter = scan->get.filters[i];
        if (estimate_single_column(filter) == column->column) {
            TRY(expr_list_add(cx, plan->arena, &own, filter));
            is_one = is_one || (filter->kind == EXPR_COMPARE && filter->compare == COMPARE_EQ);
        }
    }
    if (own.count > 0) {
        TRY(estimate_conjunction(cx, plan, own.items, own.count, share));
    }
    double one = 1 / known.distinct;
    *share = is_one || *share < one ? one : *share;
    return OK;
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

/* Are all columns of some declared key of one table on one side? */
static Status keys_are_declared(const Context *cx, const LogicalPlan *plan, Expr *const *left, Expr *const *right,
                                uint32_t count, bool *are_declared) {
    KeyPart *parts;
    TRY_NEW_ARRAY(cx, plan->arena, parts, count);
    *are_declared = false;
    for (uint32_t side = 0; side < 2 && !*are_declared; side++) {
        uint32_t known_count = 0;
        KnownColumn known = {0};
        for (uint32_t i = 0; i < count; i++) {
            if (known_expr(plan, side == 0 ? left[i] : right[i], &known)) {
                parts[known_count++] = (KeyPart){known.table, known.column, known.distinct};
            }
        }
        *are_declared = known_count == count && known.table != NULL && covers_key(known.table->schema, parts, count);
    }
    return OK;
}

/* Combinations of the values of expressions over a node's columns, those of different tables and computed ones being
 * independent. `as_scanned`: of the values that filters on a column alone have left. */
static Status joint_distinct(const Context *cx, const LogicalPlan *plan, Expr *const *exprs, uint32_t count,
                             const LogicalNode *node, bool as_scanned, double *distinct) {
    KeyPart *parts;
    uint32_t part_count = 0;
    TRY_NEW_ARRAY(cx, plan->arena, parts, count + 1);
    *distinct = 1;
    for (uint32_t i = 0; i < count; i++) {
        KnownColumn known;
        if (known_key(plan, node, exprs[i], &known)) {
            double kept = 1;
            if (as_scanned) {
                TRY(values_kept(cx, plan, exprs[i], &kept));
            }
            parts[part_count++] = (KeyPart){known.table, known.column, known.distinct * kept};
        } else {
            *distinct *= estimate_distinct(plan, exprs[i], node->rows);
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
    TRY(joint_distinct(cx, plan, groups, count, input, true, &distinct));
    *rows = count == 0 ? 1 : distinct_left(distinct, input);
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------------- joins
 */

/* Filters on a key itself, which both sides have if one has them, leave fewer values to meet: this share of them. Of values
 * that differ from row to row it is known better, and there it is the smaller one. */
static Status both_kept(const Context *cx, const LogicalPlan *plan, const Expr *left, const Expr *right, double *share) {
    double a, b;
    TRY(values_kept(cx, plan, left, &a));
    TRY(values_kept(cx, plan, right, &b));
    *share = a < 1 && b < 1 ? (a < b ? a : b) : 1;
    return OK;
}

/* What chooses among the rows of a scan, besides its key. */
typedef struct Choices {
    const LogicalPlan *plan;
    const LogicalNode *scan;
    const KnownColumn *key;
    double strength; /* how far a column that a condition names depends on the key, or the key on it */
} Choices;

static bool visit_chosen(const Expr *node, void *choices_) {
    Choices *choices = choices_;
    const LogicalColumn *column = node->kind == EXPR_COLUMN ? &choices->plan->columns[node->column] : NULL;
    if (column != NULL && column->table == choices->key->table && column->table_column != choices->key->column) {
        double one = table_dependence(column->table, choices->key->column, column->table_column);
        choices->strength = one > choices->strength ? one : choices->strength;
    }
    return true;
}

/* Conditions of the scan, and of filters and joins that choose among its rows above it. */
static void note_choices(Choices *choices, const LogicalNode *node) {
    if (node == choices->scan) {
        for (uint32_t i = 0; i < node->get.filter_count; i++) {
            (void)expr_walk(node->get.filters[i], visit_chosen, choices);
        }
        return;
    }
    if (node->kind == LOGICAL_FILTER) {
        (void)expr_walk(node->filter.condition, visit_chosen, choices);
    } else if (node->kind == LOGICAL_JOIN && node->join.kind == JOIN_SEMI && node->join.condition != NULL) {
        (void)expr_walk(node->join.condition, visit_chosen, choices);
    } else if (node->kind != LOGICAL_JOIN && node->kind != LOGICAL_PROJECT) {
        return;
    }
    bool is_inner = node->kind == LOGICAL_JOIN && node->join.kind == JOIN_INNER;
    for (uint32_t i = 0; i < (is_inner ? 2 : 1); i++) {
        note_choices(choices, node->children[i]);
    }
}

/* A table of days may cover centuries, and the facts that refer to it five years: a filter on the year then chooses among these
 * years and not among all. How many times more rows meet: the other side's values lie in the share `inside` of the own range,
 * and as far as filtered columns depend on the key, what they let through lies there, too. */
static double filters_lie_inside(const LogicalPlan *plan, const LogicalNode *node, const Expr *key, const KnownColumn *own,
                                 const KnownColumn *other) {
    const Expr *column = expr_widened_column(key);
    double inside = known_overlap(own, other);
    Choices choices = {plan, plan->columns[column->column].scan, own, 0};
    if (choices.scan != NULL && inside < 1) {
        note_choices(&choices, node);
    }
    double least = other->distinct < own->distinct ? other->distinct / own->distinct : 1; /* as many must lie there */
    inside = inside < least ? least : inside;
    return pow(inside, -choices.strength);
}

static double key_distinct(const LogicalPlan *plan, const LogicalNode *node, const Expr *key) {
    KnownColumn known;
    return known_key(plan, node, key, &known) ? known.distinct : estimate_distinct(plan, key, base_rows(node));
}

Status estimate_equal_share(const Context *cx, const LogicalPlan *plan, const Expr *left, const Expr *right,
                            const LogicalNode *left_node, const LogicalNode *right_node, double *share) {
    KnownColumn a, b;
    if (known_key(plan, left_node, left, &a) && known_key(plan, right_node, right, &b)) {
        double kept;
        TRY(both_kept(cx, plan, left, right, &kept));
        kept /= filters_lie_inside(plan, left_node, left, &a, &b) * filters_lie_inside(plan, right_node, right, &b, &a);
        *share = clamp_share(known_join_share(&a, &b) / kept);
        return OK;
    }
    double x = key_distinct(plan, left_node, left), y = key_distinct(plan, right_node, right);
    *share = 1 / (x > y ? x : y);
    return OK;
}

/* The same columns of the same tables on both sides: their combinations are the same ones, whatever was computed of them. */
static bool are_same_columns(const LogicalPlan *plan, Expr *const *left, Expr *const *right, uint32_t count) {
    uint32_t same = 0;
    for (uint32_t i = 0; i < count; i++) {
        KnownColumn a, b;
        bool a_is_known = known_expr(plan, left[i], &a), b_is_known = known_expr(plan, right[i], &b);
        if (a_is_known != b_is_known || (a_is_known && (a.table != b.table || a.column != b.column))) {
            return false;
        }
        same += a_is_known;
    }
    return same > 0;
}

/* By one key as its values say. By several: if they are a declared key of one side, the other refers to it, and there are as
 * many values as rows on that side. If not, either they depend on each other in a way that nobody told, and the side with
 * fewer of the combinations has them from the other; or they are independent. The truth is taken to lie between, the nearer to
 * the first the more keys there are: nobody joins by many columns that have nothing to do with each other. */
Status estimate_keys_share(const Context *cx, const LogicalPlan *plan, Expr *const *left, Expr *const *right, uint32_t count,
                           const LogicalNode *left_node, const LogicalNode *right_node, double *share) {
    double a, b, alone = 1, left_rows = base_rows(left_node), right_rows = base_rows(right_node);
    for (uint32_t i = 0; i < count; i++) {
        double one;
        TRY(estimate_equal_share(cx, plan, left[i], right[i], left_node, right_node, &one));
        alone *= one;
    }
    *share = alone;
    if (count < 2) {
        return OK;
    }
    bool is_key;
    TRY(keys_are_declared(cx, plan, left, right, count, &is_key));
    is_key = is_key || are_same_columns(plan, left, right, count);
    TRY(joint_distinct(cx, plan, left, count, left_node, true, &a));
    TRY(joint_distinct(cx, plan, right, count, right_node, true, &b));
    a = a < left_rows || left_rows < 1 ? a : left_rows;
    b = b < right_rows || right_rows < 1 ? b : right_rows;
    double contained = 1 / (a > b ? a : b);
    *share = contained < alone ? alone : is_key ? contained : contained * pow(alone / contained, ALONE_WEIGHT / count);
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

/* What each branch of an OR asks of one column is asked of that column's scan, too: that part is counted there. */
static Status branches_share(const Context *cx, const LogicalPlan *plan, const Expr *expr, ColumnId column, double *share) {
    double sum = 0;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        ExprList conjuncts = {0}, own = {0};
        double one;
        TRY(expr_list_add_conjuncts(cx, plan->arena, &conjuncts, expr->args[i]));
        for (uint32_t k = 0; k < conjuncts.count; k++) {
            if (estimate_single_column(conjuncts.items[k]) == column) {
                TRY(expr_list_add(cx, plan->arena, &own, conjuncts.items[k]));
            }
        }
        TRY(estimate_conjunction(cx, plan, own.items, own.count, &one));
        sum += own.count == 0 ? 1 : one;
    }
    *share = clamp_share(sum);
    return OK;
}

static Status or_condition(const Context *cx, const LogicalPlan *plan, const Expr *expr, double *share) {
    ExprList conjuncts = {0};
    TRY(estimate_selectivity(cx, plan, expr, share));
    TRY(expr_list_add_conjuncts(cx, plan->arena, &conjuncts, expr->args[0]));
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        ColumnId column = estimate_single_column(conjuncts.items[i]);
        bool is_repeated = column == NO_COLUMN;
        for (uint32_t k = 0; k < i; k++) {
            is_repeated = is_repeated || estimate_single_column(conjuncts.items[k]) == column;
        }
        double one = 1;
        if (!is_repeated) {
            TRY(branches_share(cx, plan, expr, column, &one));
        }
        *share = one > 0 ? *share / one : *share;
    }
    *share = clamp_share(*share);
    return OK;
}

Status estimate_condition(const Context *cx, const LogicalPlan *plan, const Expr *conjunct, double *share) {
    if (conjunct->kind == EXPR_OR && estimate_single_column(conjunct) == NO_COLUMN) {
        return or_condition(cx, plan, conjunct, share);
    }
    if (is_equality(conjunct)) {
        KnownColumn a, b;
        double x = known_expr(plan, conjunct->args[0], &a) ? a.distinct : DISTINCT_DEFAULT,
               y = known_expr(plan, conjunct->args[1], &b) ? b.distinct : DISTINCT_DEFAULT;
        *share = 1 / (x > y ? x : y);
        return OK;
    }
    return estimate_selectivity(cx, plan, conjunct, share);
}

/* The share of one side's rows that have a partner. The values of the side with fewer of them are among those of the other;
 * with further conditions each of a row's partners has its own chance to hold. */
static Status partner_share(const Context *cx, const LogicalPlan *plan, const JoinKeys *keys, bool of_left,
                            const LogicalNode *own, const LogicalNode *other, double inner, double *share) {
    double own_values, other_values, kept = 1;
    if (keys->count == 0) {
        *share = own->rows < 1 ? 0 : clamp_share(inner / own->rows);
        return OK;
    }
    Expr *const *own_keys = of_left ? keys->left : keys->right, *const *other_keys = of_left ? keys->right : keys->left;
    TRY(joint_distinct(cx, plan, own_keys, keys->count, own, false, &own_values));
    TRY(joint_distinct(cx, plan, other_keys, keys->count, other, false, &other_values));
    for (uint32_t i = 0; i < keys->count; i++) {
        double one;
        KnownColumn a, b;
        TRY(both_kept(cx, plan, own_keys[i], other_keys[i], &one));
        kept *= one;
        if (known_key(plan, own, own_keys[i], &a) && known_key(plan, other, other_keys[i], &b)) {
            kept /= filters_lie_inside(plan, other, other_keys[i], &b, &a);
        }
    }
    double most = own_values > other_values ? own_values : other_values;
    *share = clamp_share(distinct_left(other_values, other) / (most * kept));
    if (keys->rest < 1 && *share > 0) {
        double partners = inner / keys->rest / (own->rows * *share + 1e-9);
        *share *= 1 - pow(1 - clamp_share(keys->rest), partners < 1 ? 1 : partners);
    }
    return OK;
}

Status estimate_partners(const Context *cx, const LogicalPlan *plan, Expr *own_key, Expr *other_key, const LogicalNode *own,
                         const LogicalNode *other, double *share) {
    JoinKeys keys = {.count = 1, .left = &own_key, .right = &other_key, .rest = 1};
    return partner_share(cx, plan, &keys, true, own, other, 0, share);
}

#define PARTNERS_MOST 0.98 /* a few rows are always without */

Status estimate_join(const Context *cx, const LogicalPlan *plan, JoinKind kind, const Expr *condition, const LogicalNode *left,
                     const LogicalNode *right, double *rows) {
    JoinKeys keys;
    double share, of_left, of_right;
    TRY(find_keys(cx, plan, condition, left, right, &keys));
    TRY(estimate_keys_share(cx, plan, keys.left, keys.right, keys.count, left, right, &share));
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
    case JOIN_RIGHT_SEMI: *rows = right->rows * of_right; break;
    case JOIN_RIGHT_ANTI: *rows = lone_right; break;
    case JOIN_ANTI:
    case JOIN_ANTI_NULL: *rows = left->rows - matched; break;
    case JOIN_MARK:
    case JOIN_EXISTS:
    case JOIN_SINGLE: *rows = left->rows; break;
    }
    *rows = *rows < 1 ? 1 : *rows;
    return OK;
}
