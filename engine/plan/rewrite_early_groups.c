/* Rewrite: rows are grouped before they are joined, where that is cheaper (eager aggregation, after Yan and Larson):
 *
 *     SELECT c.name, sum(o.price) FROM orders o JOIN customer c ON o.customer = c.key GROUP BY c.name
 *     SELECT c.name, sum(p) FROM (SELECT customer, sum(price) p FROM orders GROUP BY customer) o JOIN customer c …
 *
 * All rows of an early group agree in every column that joins and conditions above ask of them, so they find the same partners,
 * each of them as often as the group does: nothing has to be unique. Sums, counts, means and extremes of columns of that side
 * are split as between nodes (early_calls.c), so that the grouping above puts them together.
 *
 * Below the side of an outer join that gets NULLs only calls over columns as they are can be split: lone rows have NULL for
 * them, early or late. Runs after the joins are in order; the place is chosen by cost (SET early_groups). */
#include "plan/early_groups.h"

#include "plan/estimate.h"
#include "plan/rewrite.h"

#include "core/settings.h"

/* ------------------------------------------------------------------------------------------------------------------- the keys
 */

/* Values that are equal are the same, so that any of a group stands for all. */
static bool is_identical_if_equal(Type type) {
    return type.id != TYPE_REAL && type.id != TYPE_DOUBLE && type.id != TYPE_INTERVAL;
}

static bool is_own(const Expr *expr, const ColumnSet *own) {
    return early_is_safe(expr) && expr_has_columns(expr) && expr_is_within(expr, own);
}

/* What the rows of an input are grouped by: groups of the grouping above that are the input's own, and its columns that other
 * groups, joins and conditions above ask for, which are `wanted`. */
static Status find_keys(EarlyGroups *early, const LogicalNode *input, const ColumnSet *own, ColumnSet *wanted, bool gets_nulls,
                        ExprList *keys) {
    const Context *cx = early->cx;
    LogicalPlan *plan = early->plan;
    const LogicalNode *node = early->node;
    *keys = (ExprList){0};
    for (uint32_t g = 0; g < node->aggregate.group_count; g++) {
        Expr *group = node->aggregate.groups[g];
        bool is_key = is_own(group, own) && (!gets_nulls || expr_is_column(group));
        if (is_key) {
            TRY(expr_list_add_new(cx, plan->arena, keys, group));
        } else {
            column_set_add_expr(wanted, group);
        }
    }
    for (uint32_t i = 0; i < input->column_count; i++) {
        if (column_set_has(wanted, input->columns[i])) {
            Expr *column;
            TRY(plan_column_expr(cx, plan, input->columns[i], &column));
            TRY(expr_list_add_new(cx, plan->arena, keys, column));
        }
    }
    return OK;
}

static bool are_keys(const ExprList *keys) {
    bool are = keys->count > 0;
    for (uint32_t k = 0; k < keys->count; k++) {
        are = are && is_identical_if_equal(keys->items[k]->type);
    }
    return are;
}

/* ----------------------------------------------------------------------------------------------------------------- the places
 */

/* Does each row of this input come out as often as others of the same columns? `gets_nulls`: or not, and rows of NULLs come
 * besides. */
static bool passes_rows(const LogicalNode *node, uint32_t child, bool *gets_nulls) {
    if (node->kind == LOGICAL_FILTER) {
        return !expr_is_volatile(node->filter.condition);
    }
    if (node->kind != LOGICAL_JOIN || (node->join.condition != NULL && expr_is_volatile(node->join.condition))) {
        return false;
    }
    switch (node->join.kind) {
    case JOIN_INNER: return true;
    case JOIN_LEFT: *gets_nulls |= child == 1; return true;
    case JOIN_SEMI:
    case JOIN_ANTI:
    case JOIN_ANTI_NULL:
    case JOIN_MARK:
    case JOIN_EXISTS:
    case JOIN_SINGLE: return child == 0;
    default: return false;
    }
}

static Status consider_place(EarlyGroups *early, const EarlyPath *path, LogicalNode **place, const ColumnSet *own,
                             ColumnSet *wanted, bool gets_nulls) {
    EarlyChoice choice = {.place = place};
    TRY(find_keys(early, *place, own, wanted, gets_nulls, &choice.keys));
    if (!are_keys(&choice.keys)) {
        return OK;
    }
    TRY(early_price(early, path, &choice));
    bool is_better = early->best.place == NULL || choice.gain_ns > early->best.gain_ns;
    early->best = is_better ? choice : early->best;
    return OK;
}

static Status columns_of(const EarlyGroups *early, const LogicalNode *node, ColumnSet *columns) {
    TRY(column_set_init(early->cx, early->plan->arena, early->plan, columns));
    column_set_add_all(columns, node->columns, node->column_count);
    return OK;
}

/* All inputs of joins on the way down from the grouping. `asked`: the columns that conditions on the way name. */
static Status consider_inputs(EarlyGroups *early, const EarlyPath *above, LogicalNode *node, const ColumnSet *asked,
                              bool gets_nulls) {
    ColumnSet asked_here;
    TRY(column_set_init(early->cx, early->plan->arena, early->plan, &asked_here));
    column_set_copy(&asked_here, asked);
    column_set_add_expr(&asked_here, node->kind == LOGICAL_FILTER ? node->filter.condition
                                     : node->kind == LOGICAL_JOIN ? node->join.condition
                                                                  : NULL);
    for (uint32_t c = 0; c < node->child_count; c++) {
        bool gets_nulls_here = gets_nulls;
        EarlyPath path = {.node = node, .child = c, .above = above};
        ColumnSet own, wanted;
        if (!passes_rows(node, c, &gets_nulls_here) || (gets_nulls_here && !early->are_plain)) {
            continue;
        }
        early_price_path(early, &path);
        TRY(columns_of(early, node->children[c], &own));
        TRY(column_set_init(early->cx, early->plan->arena, early->plan, &wanted));
        column_set_copy(&wanted, &asked_here);
        if (!early_calls_fit(early, &own, &wanted)) {
            continue;
        }
        if (node->kind == LOGICAL_JOIN) {
            TRY(consider_place(early, &path, &node->children[c], &own, &wanted, gets_nulls_here));
        }
        TRY(consider_inputs(early, &path, node->children[c], &asked_here, gets_nulls_here));
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- the plan
 */

/* The column of the early grouping that holds the group. */
static Status replace_group(EarlyGroups *early, const LogicalNode *inner, Expr **group) {
    for (uint32_t k = 0; k < inner->aggregate.group_count; k++) {
        if (expr_equal(inner->aggregate.groups[k], *group)) {
            return plan_column_expr(early->cx, early->plan, inner->columns[k], group);
        }
    }
    return OK;
}

static Status build_inner(EarlyGroups *early, LogicalNode **inner) {
    const Context *cx = early->cx;
    LogicalPlan *plan = early->plan;
    const ExprList *keys = &early->best.keys;
    LogicalNode *node = early->node, *out;
    uint32_t next = 0;
    ColumnSet own;
    TRY(columns_of(early, *early->best.place, &own));
    TRY(new_grouping(cx, plan, *early->best.place, keys->count, early_partials_most(early), node->pos, &out));
    for (uint32_t k = 0; k < keys->count; k++) {
        Expr *key = out->aggregate.groups[k] = keys->items[k];
        out->columns[k] = key->column;
        if (!expr_is_column(key)) {
            const char *text = expr_print(cx, plan->arena, key);
            TRY(text == NULL ? OUT_OF_MEMORY : OK);
            TRY(plan_add_column(cx, plan, key->type, text, expr_can_be_null(plan, key), &out->columns[k]));
        }
    }
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        TRY(early_add_partials(early, i, &own, out, &next));
    }
    out->aggregate.call_count = next;
    out->column_count = keys->count + next;
    out->aggregate.is_early = true;
    out->rows = early->best.groups;
    *inner = out;
    return OK;
}

static bool holds_node(const LogicalNode *tree, const LogicalNode *node) {
    bool holds = tree == node;
    for (uint32_t i = 0; i < tree->child_count && !holds; i++) {
        holds = holds_node(tree->children[i], node);
    }
    return holds;
}

/* Joins on the way have fewer rows and new columns, and look again how they join. */
static Status change_path(EarlyGroups *early, LogicalNode *node, double share) {
    if (node == *early->best.place) {
        return OK;
    }
    uint32_t on_way = 0;
    while (on_way < node->child_count && !holds_node(node->children[on_way], *early->best.place)) {
        on_way++;
    }
    TRY(change_path(early, node->children[on_way], share));
    if (node->kind == LOGICAL_JOIN) {
        node->join.strategy = (JoinStrategy){0};
        node->rows = node->rows * share < 1 ? 1 : node->rows * share;
    }
    return rewrite_set_columns(early->cx, early->plan, node);
}

static Status build_outer(EarlyGroups *early, const LogicalNode *inner, LogicalNode **place) {
    LogicalNode *node = early->node, *outer;
    uint32_t groups = node->aggregate.group_count, next = 0;
    TRY(new_grouping(early->cx, early->plan, node->children[0], groups, 2 * node->aggregate.call_count, node->pos, &outer));
    for (uint32_t g = 0; g < groups; g++) {
        outer->columns[g] = node->columns[g];
        outer->aggregate.groups[g] = node->aggregate.groups[g];
        TRY(replace_group(early, inner, &outer->aggregate.groups[g]));
    }
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        TRY(early_add_finals(early, i, outer, &next));
    }
    outer->aggregate.call_count = next;
    outer->column_count = groups + next;
    return split_finish(early->cx, early->plan, node, early->splits, outer, place);
}

static Status group_early(EarlyGroups *early, LogicalNode **place) {
    LogicalNode *inner;
    double rows = (*early->best.place)->rows;
    TRY(build_inner(early, &inner));
    *early->best.place = inner;
    TRY(change_path(early, early->node->children[0], early->best.groups / (rows < 1 ? 1 : rows)));
    return build_outer(early, inner, place);
}

static Status consider_grouping(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    LogicalNode *node = *place;
    EarlyGroups early = {.cx = cx, .plan = plan, .node = node, .is_forced = strcmp(cx->settings->early_groups, "always") == 0};
    ColumnSet asked;
    bool can = false;
    if (node->kind != LOGICAL_AGGREGATE ||
        (node->children[0]->kind != LOGICAL_JOIN && node->children[0]->kind != LOGICAL_FILTER)) {
        return OK;
    }
    TRY(early_calls_init(&early, &can));
    if (!can) {
        return OK;
    }
    TRY(estimate_node(cx, plan, node));
    TRY(early_find_wide(&early));
    TRY(column_set_init(cx, plan->arena, plan, &asked));
    TRY(consider_inputs(&early, NULL, node->children[0], &asked, false));
    bool is_wanted = early.best.place != NULL && (early.best.is_worth || early.is_forced);
    return is_wanted ? group_early(&early, place) : OK;
}

static Status rewrite_tree(const Context *cx, LogicalPlan *plan, LogicalNode **root) {
    return rewrite_nodes(cx, plan, root, consider_grouping);
}

Status rewrite_early_groups(const Context *cx, LogicalPlan *plan) {
    return strcmp(cx->settings->early_groups, "never") == 0 ? OK : rewrite_roots(cx, plan, rewrite_tree);
}
