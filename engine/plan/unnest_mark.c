/* NOT IN and IN as a value over several keys or under further conditions: made of joins that only ask whether there is a
 * match, which know no NULLs.
 *
 * With c the comparison and s what says which rows count at all:   x IN (…)   is TRUE    if a row has s and c
 *                                                                            NULL    if a row has s, and c is NULL
 *                                                                            FALSE   otherwise
 * c can only be NULL where one of its sides is. So the second question is put twice: to the right rows with a NULL, few as a
 * rule, and by the left rows with a NULL: their key is a constant that all others lack. */
#include "plan/unnest.h"

typedef struct MarkParts {
    const Context *cx;
    LogicalPlan *plan;
    const ExprList *scope;
    Expr *compare;
    ColumnSet right; /* the right side's columns */
    uint32_t shared; /* the right side as a shared subplan */
    const LogicalNode *right_node;
} MarkParts;

static Status make_is_null(const MarkParts *parts, Expr *expr, Expr **out) {
    *out = expr_new(parts->cx, parts->plan->arena, EXPR_IS_NULL, type_make(TYPE_BOOLEAN), expr->pos, 1);
    if (*out == NULL) {
        return OUT_OF_MEMORY;
    }
    (*out)->args[0] = expr;
    return OK;
}

/* Whether a side of the comparison is NULL, as far as that hangs on columns (not) of the right side: ORed. NULL: it never is.
 */
static Status side_is_null(const MarkParts *parts, const Expr *expr, bool of_right, ExprList *tests) {
    bool is_split = expr->kind == EXPR_AND || expr->kind == EXPR_OR || expr->kind == EXPR_NOT ||
                    (expr->kind == EXPR_COMPARE && expr_touches(expr, &parts->right));
    if (is_split) {
        for (uint32_t i = 0; i < expr->arg_count; i++) {
            TRY(side_is_null(parts, expr->args[i], of_right, tests));
        }
        return OK;
    }
    if (!expr_can_be_null(parts->plan, expr) || expr_touches(expr, &parts->right) != of_right) {
        return OK;
    }
    Expr *test;
    TRY(make_is_null(parts, (Expr *)(uintptr_t)expr, &test));
    return expr_list_add(parts->cx, parts->plan->arena, tests, test);
}

/* Sides that mix both: then nothing is known before the rows meet. */
static bool has_mixed_side(const MarkParts *parts, const Expr *expr) {
    if (expr->kind == EXPR_AND || expr->kind == EXPR_OR || expr->kind == EXPR_NOT || expr->kind == EXPR_COMPARE) {
        for (uint32_t i = 0; i < expr->arg_count; i++) {
            if (has_mixed_side(parts, expr->args[i])) {
                return true;
            }
        }
        return false;
    }
    return expr_touches(expr, &parts->right) && !expr_is_within(expr, &parts->right);
}

/* One reader of the right side: its columns' ids replaced in the conditions. */
static Status read_right(const MarkParts *parts, LogicalNode **node, ExprList *conjuncts) {
    const Context *cx = parts->cx;
    LogicalPlan *plan = parts->plan;
    TRY(logical_shared_scan(cx, plan, parts->shared, parts->right_node->pos, node));
    Expr **columns;
    TRY_NEW_ARRAY(cx, plan->arena, columns, (*node)->column_count + 1);
    for (uint32_t i = 0; i < (*node)->column_count; i++) {
        TRY(plan_column(cx, plan, (*node)->columns[i], &columns[i]));
    }
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        TRY(expr_substitute(cx, plan->arena, conjuncts->items[i], (*node)->shared_scan.inputs, columns, (*node)->column_count,
                            &conjuncts->items[i]));
    }
    return OK;
}

static Status copy_list(const MarkParts *parts, const ExprList *from, ExprList *to) {
    for (uint32_t i = 0; i < from->count; i++) {
        TRY(expr_list_add(parts->cx, parts->plan->arena, to, from->items[i]));
    }
    return OK;
}

/* One question: *place gets a column (ANTI: loses the rows) for which a right row has all conditions. */
static Status ask(const MarkParts *parts, JoinKind kind, const ExprList *conditions, LogicalNode **place, ColumnId *mark) {
    LogicalNode *right;
    Expr *condition;
    ExprList own = {0};
    TRY(copy_list(parts, conditions, &own));
    TRY(read_right(parts, &right, &own));
    TRY(expr_list_conjunction(parts->cx, parts->plan->arena, &own, &condition));
    if (kind == JOIN_EXISTS) {
        TRY(plan_add_column(parts->cx, parts->plan, type_make(TYPE_BOOLEAN), "EXISTS", false, mark));
    }
    return make_plan_join(parts->cx, parts->plan, kind, *place, right, condition, *mark, place);
}

/* key = 1 for left rows with a NULL, else NULL: an equality that only they can meet. */
static Status add_null_key(const MarkParts *parts, Expr *is_null, ExprList *conditions) {
    const Context *cx = parts->cx;
    Arena *arena = parts->plan->arena;
    Value one = value_i64(type_make(TYPE_INTEGER), 1), none = value_null(type_make(TYPE_INTEGER));
    Expr *key = expr_new(cx, arena, EXPR_CASE, one.type, is_null->pos, 3);
    if (key == NULL) {
        return OUT_OF_MEMORY;
    }
    key->args[0] = is_null;
    key->args[1] = expr_constant(cx, arena, &one, POS_NONE);
    key->args[2] = expr_constant(cx, arena, &none, POS_NONE);
    bool failed = key->args[1] == NULL || key->args[2] == NULL;
    Expr *test = failed ? NULL : expr_compare(cx, arena, COMPARE_EQ, key, key->args[1]);
    return test == NULL ? OUT_OF_MEMORY : expr_list_add(cx, arena, conditions, test);
}

/* The questions whether the comparison is NULL; each adds its mark, if it is asked for one. */
static Status ask_nulls(const MarkParts *parts, JoinKind kind, LogicalNode **place, ColumnId *marks, uint32_t *count) {
    const Context *cx = parts->cx;
    Arena *arena = parts->plan->arena;
    Expr *unknown, *test;
    ExprList tests[2] = {{0}, {0}};
    TRY(make_is_null(parts, parts->compare, &unknown));
    bool is_mixed = has_mixed_side(parts, parts->compare);
    for (uint32_t side = 0; side < 2 && !is_mixed; side++) {
        TRY(side_is_null(parts, parts->compare, side == 1, &tests[side]));
    }
    for (uint32_t side = 0; side < 2; side++) {
        ExprList conditions = {0};
        if (is_mixed ? side == 1 : tests[side].count == 0) {
            continue;
        }
        TRY(copy_list(parts, parts->scope, &conditions));
        TRY(expr_list_add(cx, arena, &conditions, unknown));
        if (!is_mixed) {
            TRY(expr_list_disjunction(cx, arena, &tests[side], &test));
            TRY(side == 1 ? expr_list_add(cx, arena, &conditions, test) : add_null_key(parts, test, &conditions));
        }
        TRY(ask(parts, kind, &conditions, place, &marks[*count]));
        ++*count;
    }
    return OK;
}

/* CASE WHEN found THEN TRUE WHEN unknown … THEN NULL ELSE FALSE END */
static Status make_value(const MarkParts *parts, const ColumnId *marks, uint32_t count, Expr **out) {
    const Context *cx = parts->cx;
    Arena *arena = parts->plan->arena;
    *out = expr_new(cx, arena, EXPR_CASE, type_make(TYPE_BOOLEAN), parts->compare->pos, 2 * count + 1);
    if (*out == NULL) {
        return OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i <= count; i++) {
        Value value = i == 0       ? value_i64(type_make(TYPE_BOOLEAN), 1)
                      : i == count ? value_i64(type_make(TYPE_BOOLEAN), 0)
                                   : value_null(type_make(TYPE_BOOLEAN));
        Expr *constant = expr_constant(cx, arena, &value, POS_NONE);
        if (constant == NULL) {
            return OUT_OF_MEMORY;
        }
        (*out)->args[i == count ? 2 * count : 2 * i + 1] = constant;
        if (i < count) {
            TRY(plan_column(cx, parts->plan, marks[i], &(*out)->args[2 * i]));
        }
    }
    return OK;
}

static Status all_conditions(const MarkParts *parts, ExprList *all) {
    TRY(copy_list(parts, parts->scope, all));
    return expr_list_add_conjuncts(parts->cx, parts->plan->arena, all, parts->compare);
}

/* Nothing can be NULL: one question is all. */
static Status ask_plainly(const MarkParts *parts, LogicalNode **place) {
    const LogicalNode *join = *place;
    ExprList all = {0};
    Expr *condition;
    TRY(all_conditions(parts, &all));
    TRY(expr_list_conjunction(parts->cx, parts->plan->arena, &all, &condition));
    if (join->join.kind == JOIN_MARK) {
        parts->plan->columns[join->join.mark].can_be_null = false;
    }
    return make_plan_join(parts->cx, parts->plan, join->join.kind == JOIN_MARK ? JOIN_EXISTS : JOIN_ANTI, join->children[0],
                          join->children[1], condition, join->join.mark, place);
}

Status unnest_mark(const Context *cx, LogicalPlan *plan, LogicalNode **place, const ExprList *scope, Expr *compare) {
    const LogicalNode *join = *place;
    MarkParts parts = {.cx = cx, .plan = plan, .scope = scope, .compare = compare, .right_node = join->children[1]};
    ExprList all = {0};
    ColumnId marks[3] = {0};
    uint32_t count = 1;
    if (compare == NULL || !expr_can_be_null(plan, compare)) {
        return ask_plainly(&parts, place);
    }
    TRY(column_set_init(cx, plan->arena, plan, &parts.right));
    column_set_add_all(&parts.right, join->children[1]->columns, join->children[1]->column_count);
    TRY(unnest_share(cx, plan, join->children[1], "subquery", &parts.shared));
    TRY(all_conditions(&parts, &all));
    bool is_mark = join->join.kind == JOIN_MARK;
    ColumnId mark = join->join.mark;
    JoinKind kind = is_mark ? JOIN_EXISTS : JOIN_ANTI;
    *place = join->children[0];
    TRY(ask(&parts, kind, &all, place, &marks[0]));
    TRY(ask_nulls(&parts, kind, place, marks, &count));
    if (!is_mark) {
        return OK;
    }
    Expr *value;
    TRY(make_value(&parts, marks, count, &value));
    TRY(project_over(cx, plan, place));
    return project_add(cx, plan, *place, mark, value);
}
