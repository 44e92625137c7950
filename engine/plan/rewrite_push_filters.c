/* Rewrite: each conjunct moves down to the lowest node that has all its columns: through projections, groups, partitions and
 * unions, to the sides of joins, into the scan. Inner joins are taken apart as one block, so that what is known of one column
 * is derived for all columns that equal it; a block comes back as cross joins with conditions, left-deep in FROM order, for
 * rewrite_join_order to arrange. */
#include "plan/rewrite.h"

#define DERIVED_MAX 256 /* conjuncts of a block; no more are derived past it */

static Status push(const Context *cx, LogicalPlan *plan, LogicalNode **place, ExprList *conjuncts);

static Status push_nothing(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    ExprList none = {0};
    return push(cx, plan, place, &none);
}

static Status set_of_node(const Context *cx, LogicalPlan *plan, const LogicalNode *node, ColumnSet *set) {
    TRY(column_set_init(cx, plan->arena, plan, set));
    column_set_add_all(set, node->columns, node->column_count);
    return OK;
}

/* Can the condition be tested where these columns are? */
static bool can_move(const Expr *expr, const ColumnSet *columns) {
    return expr_is_within(expr, columns) && expr_has_columns(expr) && !expr_is_volatile(expr);
}

/* ------------------------------------------------------------------------------------------------------------------ constants
 */

/* Drops conjuncts that are true; *is_empty if one is false or NULL. */
static void settle_constants(ExprList *conjuncts, bool *is_empty) {
    uint32_t kept = 0;
    *is_empty = false;
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        const Expr *conjunct = conjuncts->items[i];
        if (conjunct->kind != EXPR_CONSTANT) {
            conjuncts->items[kept++] = conjuncts->items[i];
        } else if (conjunct->value.is_null || conjunct->value.i64 == 0) {
            *is_empty = true;
        }
    }
    conjuncts->count = kept;
}

/* No row survives: VALUES without rows takes the subtree's place. */
static Status replace_with_nothing(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    const LogicalNode *old = *place;
    LogicalNode *empty = logical_new(cx, plan->arena, LOGICAL_VALUES, old->pos, 0, old->column_count);
    if (empty == NULL) {
        return OUT_OF_MEMORY;
    }
    memcpy(empty->columns, old->columns, old->column_count * sizeof *old->columns);
    *place = empty;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- derivations
 */

typedef struct OnlyColumn {
    ColumnId id; /* UINT32_MAX: none yet */
} OnlyColumn;

static bool visit_only(const Expr *node, void *argument) {
    OnlyColumn *only = argument;
    if (node->kind != EXPR_COLUMN) {
        return true;
    }
    bool is_same = only->id == UINT32_MAX || only->id == node->column;
    only->id = node->column;
    return is_same;
}

/* The one column of an expression, or UINT32_MAX. */
static ColumnId only_column(const Expr *expr) {
    OnlyColumn only = {UINT32_MAX};
    return expr_walk(expr, visit_only, &only) ? only.id : UINT32_MAX;
}

/* With x = column: every condition on the column alone holds for x. */
static Status derive_for(const Context *cx, LogicalPlan *plan, ExprList *conjuncts, const Expr *column, Expr *x) {
    for (uint32_t i = 0; i < conjuncts->count && conjuncts->count < DERIVED_MAX; i++) {
        const Expr *conjunct = conjuncts->items[i];
        if (expr_is_volatile(conjunct) || expr_can_fail(conjunct) || only_column(conjunct) != column->column) {
            continue;
        }
        Expr *derived;
        TRY(expr_substitute(cx, plan->arena, conjunct, &column->column, &x, 1, &derived));
        TRY(expr_list_add_new(cx, plan->arena, conjuncts, derived));
    }
    return OK;
}

static bool same_kind_of_value(Type a, Type b) {
    return type_equal(a, b) || (a.id == b.id && a.id == TYPE_VARCHAR);
}

/* Appends what follows from the equalities among the conjuncts, until nothing new comes. */
static Status derive_across_equalities(const Context *cx, LogicalPlan *plan, ExprList *conjuncts) {
    uint32_t before;
    do {
        before = conjuncts->count;
        for (uint32_t i = 0; i < before; i++) {
            const Expr *equality = conjuncts->items[i];
            if (equality->kind != EXPR_COMPARE || equality->compare != COMPARE_EQ) {
                continue;
            }
            for (uint32_t side = 0; side < 2; side++) {
                Expr *column = equality->args[side], *other = equality->args[1 - side];
                if (expr_is_column(column) && expr_widened_column(other) != NULL && expr_has_columns(other) &&
                    same_kind_of_value(column->type, other->type)) {
                    TRY(derive_for(cx, plan, conjuncts, column, other));
                }
            }
        }
    } while (conjuncts->count > before && conjuncts->count < DERIVED_MAX);
    return OK;
}

/* From an OR over several relations: what each branch asks of this relation alone, ORed. Nothing if a branch asks nothing. */
static Status derive_from_or(const Context *cx, LogicalPlan *plan, const Expr *expr, const ColumnSet *relation,
                             ExprList *filters) {
    ExprList alternatives = {0};
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        ExprList conjuncts = {0}, own = {0};
        TRY(expr_list_add_conjuncts(cx, plan->arena, &conjuncts, expr->args[i]));
        for (uint32_t k = 0; k < conjuncts.count; k++) {
            if (can_move(conjuncts.items[k], relation)) {
                TRY(expr_list_add(cx, plan->arena, &own, conjuncts.items[k]));
            }
        }
        if (own.count == 0) {
            return OK;
        }
        Expr *branch;
        TRY(expr_list_conjunction(cx, plan->arena, &own, &branch));
        TRY(expr_list_add_new(cx, plan->arena, &alternatives, branch));
    }
    Expr *filter;
    TRY(expr_list_disjunction(cx, plan->arena, &alternatives, &filter));
    return expr_list_add_new(cx, plan->arena, filters, filter);
}

/* ---------------------------------------------------------------------------------------------------------------- inner joins
 */

/* Takes from `conjuncts` those within the set (all of them over columns); the rest stays in order. */
static Status take_within(const Context *cx, LogicalPlan *plan, ExprList *conjuncts, const ColumnSet *set, ExprList *taken) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        Expr *conjunct = conjuncts->items[i];
        if (can_move(conjunct, set)) {
            TRY(expr_list_add_new(cx, plan->arena, taken, conjunct));
        } else {
            conjuncts->items[kept++] = conjunct;
        }
    }
    conjuncts->count = kept;
    return OK;
}

static Status push_relations(const Context *cx, LogicalPlan *plan, JoinBlock *block) {
    for (uint32_t r = 0; r < block->count; r++) {
        ColumnSet own;
        ExprList filters = {0};
        TRY(set_of_node(cx, plan, block->relations[r], &own));
        TRY(take_within(cx, plan, &block->conjuncts, &own, &filters));
        for (uint32_t i = 0; i < block->conjuncts.count; i++) {
            const Expr *conjunct = block->conjuncts.items[i];
            if (conjunct->kind == EXPR_OR && expr_touches(conjunct, &own)) {
                TRY(derive_from_or(cx, plan, conjunct, &own, &filters));
            }
        }
        TRY(push(cx, plan, &block->relations[r], &filters));
    }
    return OK;
}

static Status push_inner_block(const Context *cx, LogicalPlan *plan, LogicalNode **place, ExprList *conjuncts) {
    JoinBlock block = {.conjuncts = *conjuncts};
    TRY(join_block_collect(cx, plan, *place, &block));
    bool is_empty;
    settle_constants(&block.conjuncts, &is_empty);
    if (is_empty) {
        return replace_with_nothing(cx, plan, place);
    }
    TRY(derive_across_equalities(cx, plan, &block.conjuncts));
    TRY(push_relations(cx, plan, &block));
    LogicalNode *joined = block.relations[0];
    for (uint32_t r = 1; r < block.count; r++) {
        ColumnSet both;
        ExprList own = {0};
        Expr *condition;
        TRY(set_of_node(cx, plan, joined, &both));
        column_set_add_all(&both, block.relations[r]->columns, block.relations[r]->column_count);
        TRY(take_within(cx, plan, &block.conjuncts, &both, &own));
        TRY(expr_list_conjunction(cx, plan->arena, &own, &condition));
        TRY(rewrite_new_join(cx, plan, JOIN_INNER, joined, block.relations[r], condition, &joined));
    }
    *place = joined;
    return rewrite_wrap_filter(cx, plan, &block.conjuncts, place);
}

/* ---------------------------------------------------------------------------------------------------------------- other joins
 */

/* The join's own conditions go to a side where that does not change which rows match. */
static Status push_condition(const Context *cx, LogicalPlan *plan, LogicalNode *join, const ColumnSet *left,
                             const ColumnSet *right, ExprList *to_left, ExprList *to_right) {
    JoinKind kind = join->join.kind;
    ExprList own = {0};
    if (kind == JOIN_FULL || kind == JOIN_ANTI_NULL || kind == JOIN_MARK) {
        return OK;
    }
    TRY(expr_list_add_conjuncts(cx, plan->arena, &own, join->join.condition));
    ExprList known = {0}; /* what holds of every pair of rows that matches */
    for (uint32_t i = 0; i < to_left->count; i++) {
        TRY(expr_list_add_new(cx, plan->arena, &known, to_left->items[i]));
    }
    for (uint32_t i = 0; i < own.count; i++) {
        TRY(expr_list_add_new(cx, plan->arena, &known, own.items[i]));
    }
    TRY(derive_across_equalities(cx, plan, &known));
    TRY(take_within(cx, plan, &known, right, to_right));
    TRY(take_within(cx, plan, &own, right, to_right));
    if (kind == JOIN_SEMI) {
        TRY(take_within(cx, plan, &known, left, to_left));
        TRY(take_within(cx, plan, &own, left, to_left));
    }
    return expr_list_conjunction(cx, plan->arena, &own, &join->join.condition);
}

static Status push_join(const Context *cx, LogicalPlan *plan, LogicalNode **place, ExprList *conjuncts) {
    LogicalNode *join = *place;
    if (join->join.kind == JOIN_INNER) {
        return push_inner_block(cx, plan, place, conjuncts);
    }
    ColumnSet left, right;
    ExprList to_left = {0}, to_right = {0};
    TRY(set_of_node(cx, plan, join->children[0], &left));
    TRY(set_of_node(cx, plan, join->children[1], &right));
    if (join->join.kind != JOIN_FULL) {
        TRY(take_within(cx, plan, conjuncts, &left, &to_left));
    }
    TRY(push_condition(cx, plan, join, &left, &right, &to_left, &to_right));
    TRY(push(cx, plan, &join->children[0], &to_left));
    TRY(push(cx, plan, &join->children[1], &to_right));
    return rewrite_wrap_filter(cx, plan, conjuncts, place);
}

/* -------------------------------------------------------------------------------------------------------------- simple nodes
 */

static Status push_get(const Context *cx, LogicalPlan *plan, LogicalNode **place, ExprList *conjuncts) {
    LogicalNode *get = *place;
    ColumnSet own;
    ExprList filters = {0};
    TRY(set_of_node(cx, plan, get, &own));
    for (uint32_t i = 0; i < get->get.filter_count; i++) {
        TRY(expr_list_add_new(cx, plan->arena, &filters, get->get.filters[i]));
    }
    TRY(take_within(cx, plan, conjuncts, &own, &filters));
    for (uint32_t i = 0; i < filters.count; i++) { /* derived ones may compare widened columns */
        TRY(rewrite_unwrap_comparisons(cx, plan, &filters.items[i]));
    }
    get->get.filters = filters.items;
    get->get.filter_count = filters.count;
    return rewrite_wrap_filter(cx, plan, conjuncts, place);
}

/* What is asked of a constant below may be known now: 's' = 'w'. */
static Status fold_moved(const Context *cx, LogicalPlan *plan, Expr **moved) {
    return expr_can_fail(*moved) ? OK : expr_fold(cx, plan->arena, *moved, moved);
}

/* Conjuncts over the outputs from[…] are asked of to[…] below; those over anything else stay above. */
static Status push_substituted(const Context *cx, LogicalPlan *plan, LogicalNode **place, const ColumnId *from, Expr *const *to,
                               uint32_t count, ExprList *conjuncts) {
    ColumnSet passed;
    ExprList moving = {0}, below = {0};
    TRY(column_set_init(cx, plan->arena, plan, &passed));
    for (uint32_t i = 0; i < count; i++) {
        if (!expr_is_volatile(to[i])) {
            column_set_add(&passed, from[i]);
        }
    }
    TRY(take_within(cx, plan, conjuncts, &passed, &moving));
    for (uint32_t i = 0; i < moving.count; i++) {
        Expr *moved;
        TRY(expr_substitute(cx, plan->arena, moving.items[i], from, to, count, &moved));
        TRY(fold_moved(cx, plan, &moved));
        TRY(expr_list_add_conjuncts(cx, plan->arena, &below, moved));
    }
    TRY(push(cx, plan, &(*place)->children[0], &below));
    return rewrite_wrap_filter(cx, plan, conjuncts, place);
}

static Status push_window(const Context *cx, LogicalPlan *plan, LogicalNode **place, ExprList *conjuncts) {
    LogicalNode *window = *place;
    ColumnSet partition;
    ExprList below = {0};
    TRY(column_set_init(cx, plan->arena, plan, &partition));
    for (uint32_t i = 0; i < window->window.partition_count; i++) {
        column_set_add_expr(&partition, window->window.partitions[i]);
    }
    TRY(take_within(cx, plan, conjuncts, &partition, &below));
    TRY(push(cx, plan, &window->children[0], &below));
    return rewrite_wrap_filter(cx, plan, conjuncts, place);
}

/* What is asked of the rows that a function is called for is asked before the call. */
static Status push_function(const Context *cx, LogicalPlan *plan, LogicalNode **place, ExprList *conjuncts) {
    LogicalNode *function = *place;
    ColumnSet passed;
    ExprList below = {0};
    if (function->child_count > 0) {
        TRY(set_of_node(cx, plan, function->children[0], &passed));
        TRY(take_within(cx, plan, conjuncts, &passed, &below));
        TRY(push(cx, plan, &function->children[0], &below));
    }
    return rewrite_wrap_filter(cx, plan, conjuncts, place);
}

static Status union_exprs(const Context *cx, LogicalPlan *plan, const LogicalNode *node, uint32_t child, Expr ***out) {
    TRY_NEW_ARRAY(cx, plan->arena, *out, node->column_count + 1);
    for (uint32_t i = 0; i < node->column_count; i++) {
        const LogicalColumn *column = &plan->columns[node->set_union.inputs[child][i]];
        (*out)[i] = expr_column(cx, plan->arena, column->id, column->type, column->name, POS_NONE);
        if ((*out)[i] == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    return OK;
}

static Status push_union(const Context *cx, LogicalPlan *plan, LogicalNode **place, ExprList *conjuncts) {
    LogicalNode *node = *place;
    ColumnSet own;
    ExprList moving = {0};
    TRY(set_of_node(cx, plan, node, &own));
    TRY(take_within(cx, plan, conjuncts, &own, &moving));
    for (uint32_t c = 0; c < node->child_count; c++) {
        Expr **exprs;
        ExprList below = {0};
        TRY(union_exprs(cx, plan, node, c, &exprs));
        for (uint32_t i = 0; i < moving.count; i++) {
            Expr *moved;
            TRY(expr_substitute(cx, plan->arena, moving.items[i], node->columns, exprs, node->column_count, &moved));
            TRY(fold_moved(cx, plan, &moved));
            TRY(expr_list_add_new(cx, plan->arena, &below, moved));
        }
        TRY(push(cx, plan, &node->children[c], &below));
    }
    return rewrite_wrap_filter(cx, plan, conjuncts, place);
}

/* ----------------------------------------------------------------------------------------------------------------- dispatch */

/* Consumes the conjuncts: they hold for every row of *place afterwards. */
static Status push(const Context *cx, LogicalPlan *plan, LogicalNode **place, ExprList *conjuncts) {
    LogicalNode *node = *place;
    bool is_empty;
    if (node->kind == LOGICAL_FILTER) {
        ExprList all = *conjuncts;
        TRY(expr_list_add_conjuncts(cx, plan->arena, &all, node->filter.condition));
        *place = node->children[0];
        return push(cx, plan, place, &all);
    }
    settle_constants(conjuncts, &is_empty);
    if (is_empty) {
        return replace_with_nothing(cx, plan, place);
    }
    switch (node->kind) {
    case LOGICAL_GET: return push_get(cx, plan, place, conjuncts);
    case LOGICAL_JOIN: return push_join(cx, plan, place, conjuncts);
    case LOGICAL_UNION: return push_union(cx, plan, place, conjuncts);
    case LOGICAL_WINDOW: return push_window(cx, plan, place, conjuncts);
    case LOGICAL_TABLE_FUNCTION: return push_function(cx, plan, place, conjuncts);
    case LOGICAL_PROJECT:
        return push_substituted(cx, plan, place, node->columns, node->project.exprs, node->column_count, conjuncts);
    case LOGICAL_AGGREGATE:
        if (node->children[0]->kind == LOGICAL_EXPAND) { /* a group can be there without a row below */
            TRY(push_nothing(cx, plan, &node->children[0]));
            return rewrite_wrap_filter(cx, plan, conjuncts, place);
        }
        return push_substituted(cx, plan, place, node->columns, node->aggregate.groups, node->aggregate.group_count, conjuncts);
    case LOGICAL_SORT: return push(cx, plan, &node->children[0], conjuncts);
    default:
        for (uint32_t i = 0; i < node->child_count; i++) {
            TRY(push_nothing(cx, plan, &node->children[i]));
        }
        return rewrite_wrap_filter(cx, plan, conjuncts, place);
    }
}

/* ---------------------------------------------------------------------------------------------------------- shared subplans
 */

/* One of those not yet done that none of them reads. */
static uint32_t next_read_by_none(const LogicalPlan *plan, const bool *is_done, bool *is_read) {
    memset(is_read, 0, plan->shared_count * sizeof *is_read);
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        if (!is_done[i]) {
            logical_note_shared(plan->shared[i].node, is_read);
        }
    }
    uint32_t next = 0;
    while (is_done[next] || is_read[next]) {
        next++;
    }
    return next;
}

static Status push_shared(const Context *cx, LogicalPlan *plan, uint32_t index) {
    SharedSubplan *shared = &plan->shared[index];
    ExprList conjuncts = {0};
    if (!shared->is_fixed) {
        TRY(shared_asked(cx, plan, index, &shared->asked));
        TRY(expr_list_add_conjuncts(cx, plan->arena, &conjuncts, shared->asked));
    }
    return push(cx, plan, &shared->node, &conjuncts);
}

Status rewrite_push_filters_of(const Context *cx, LogicalPlan *plan, LogicalNode **root) {
    return push_nothing(cx, plan, root);
}

/* Readers come before what they read, so that it is known what they ask for. */
Status rewrite_push_filters(const Context *cx, LogicalPlan *plan) {
    bool *is_done, *is_read;
    TRY(push_nothing(cx, plan, &plan->root));
    TRY_NEW_ARRAY(cx, plan->arena, is_done, plan->shared_count + 1);
    TRY_NEW_ARRAY(cx, plan->arena, is_read, plan->shared_count + 1);
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        uint32_t next = next_read_by_none(plan, is_done, is_read);
        TRY(push_shared(cx, plan, next));
        is_done[next] = true;
    }
    return OK;
}
