/* Sets of columns and lists of conjuncts (columns.h). */
#include "plan/columns.h"

Status column_set_init(const Context *cx, Arena *arena, const LogicalPlan *plan, ColumnSet *set) {
    set->capacity = plan->column_count;
    TRY_NEW_ARRAY(cx, arena, set->bits, BITS_WORDS(set->capacity) + 1);
    return OK;
}

void column_set_add_all(ColumnSet *set, const ColumnId *ids, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        column_set_add(set, ids[i]);
    }
}

void column_set_copy(ColumnSet *set, const ColumnSet *other) {
    memcpy(set->bits, other->bits, BITS_WORDS(set->capacity) * sizeof *set->bits);
}

static bool visit_add(const Expr *node, void *argument) {
    if (node->kind == EXPR_COLUMN) {
        column_set_add(argument, node->column);
    }
    return true;
}

void column_set_add_expr(ColumnSet *set, const Expr *expr) {
    if (expr != NULL) {
        (void)expr_walk(expr, visit_add, set);
    }
}

static bool visit_within(const Expr *node, void *argument) {
    return node->kind != EXPR_COLUMN || column_set_has(argument, node->column);
}

bool expr_is_within(const Expr *expr, const ColumnSet *set) {
    return expr_walk(expr, visit_within, (void *)set);
}

static bool visit_outside(const Expr *node, void *argument) {
    return node->kind != EXPR_COLUMN || !column_set_has(argument, node->column);
}

bool expr_touches(const Expr *expr, const ColumnSet *set) {
    return !expr_walk(expr, visit_outside, (void *)set);
}

static bool visit_no_column(const Expr *node, void *argument) {
    (void)argument;
    return node->kind != EXPR_COLUMN && node->kind != EXPR_SLOT;
}

bool expr_has_columns(const Expr *expr) {
    return !expr_walk(expr, visit_no_column, NULL);
}

bool expr_can_be_null(const LogicalPlan *plan, const Expr *expr) {
    switch (expr->kind) {
    case EXPR_CONSTANT: return expr->value.is_null;
    case EXPR_COLUMN: return plan->columns[expr->column].can_be_null;
    case EXPR_IS_NULL:
    case EXPR_DISTINCT: return false;
    case EXPR_COMPARE:
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_NOT:
    case EXPR_IN:
        for (uint32_t i = 0; i < expr->arg_count; i++) {
            if (expr_can_be_null(plan, expr->args[i])) {
                return true;
            }
        }
        return false;
    case EXPR_CAST: return expr->is_try || expr_can_be_null(plan, expr->args[0]);
    case EXPR_CASE:
        for (uint32_t i = 1; i < expr->arg_count; i += 2) {
            if (expr_can_be_null(plan, expr->args[i])) {
                return true;
            }
        }
        return expr_can_be_null(plan, expr->args[expr->arg_count - 1]);
    case EXPR_COALESCE:
        for (uint32_t i = 0; i < expr->arg_count; i++) {
            if (!expr_can_be_null(plan, expr->args[i])) {
                return false;
            }
        }
        return true;
    default: return true;
    }
}

const Expr *expr_widened_column(const Expr *expr) {
    while (expr->kind == EXPR_CAST && type_is_integer(expr->type) && type_is_integer(expr->args[0]->type) &&
           type_bytes(expr->type) >= type_bytes(expr->args[0]->type)) {
        expr = expr->args[0];
    }
    return expr->kind == EXPR_COLUMN || expr->kind == EXPR_SLOT ? expr : NULL;
}

Status expr_list_add(const Context *cx, Arena *arena, ExprList *list, Expr *expr) {
    TRY_APPEND(cx, arena, list->items, list->capacity, list->count, expr);
    return OK;
}

#define SEARCHED_MAX 256 /* a program's conditions by the ten thousand must not cost a search of all for each */

Status expr_list_add_new(const Context *cx, Arena *arena, ExprList *list, Expr *expr) {
    for (uint32_t i = 0; i < list->count && i < SEARCHED_MAX; i++) {
        if (expr_equal(list->items[i], expr)) {
            return OK;
        }
    }
    return expr_list_add(cx, arena, list, expr);
}

static bool is_true(const Expr *expr) {
    return expr->kind == EXPR_CONSTANT && expr->type.id == TYPE_BOOLEAN && !expr->value.is_null && expr->value.i64 != 0;
}

Status expr_list_add_conjuncts(const Context *cx, Arena *arena, ExprList *list, Expr *condition) {
    if (condition == NULL || is_true(condition)) {
        return OK;
    }
    if (condition->kind != EXPR_AND) {
        return expr_list_add_new(cx, arena, list, condition);
    }
    for (uint32_t i = 0; i < condition->arg_count; i++) {
        TRY(expr_list_add_conjuncts(cx, arena, list, condition->args[i]));
    }
    return OK;
}

static Status list_join(const Context *cx, Arena *arena, const ExprList *list, ExprKind kind, Expr **out) {
    if (list->count == 0) {
        *out = NULL;
        return OK;
    }
    if (list->count == 1) {
        *out = list->items[0];
        return OK;
    }
    *out = expr_new(cx, arena, kind, type_make(TYPE_BOOLEAN), list->items[0]->pos, list->count);
    if (*out == NULL) {
        return OUT_OF_MEMORY;
    }
    memcpy((*out)->args, list->items, list->count * sizeof *list->items);
    return OK;
}

Status expr_list_conjunction(const Context *cx, Arena *arena, const ExprList *list, Expr **condition) {
    return list_join(cx, arena, list, EXPR_AND, condition);
}

Status expr_list_disjunction(const Context *cx, Arena *arena, const ExprList *list, Expr **condition) {
    return list_join(cx, arena, list, EXPR_OR, condition);
}

typedef struct Substitution {
    const ColumnId *from;
    Expr *const *to;
    uint32_t count;
} Substitution;

static Expr *replace_column(const Context *cx, Arena *arena, const Expr *node, void *argument) {
    (void)cx;
    (void)arena;
    const Substitution *substitution = argument;
    if (node->kind != EXPR_COLUMN) {
        return NULL;
    }
    for (uint32_t i = 0; i < substitution->count; i++) {
        if (substitution->from[i] == node->column) {
            return substitution->to[i];
        }
    }
    return NULL;
}

Status expr_substitute(const Context *cx, Arena *arena, const Expr *expr, const ColumnId *from, Expr *const *to, uint32_t count,
                       Expr **out) {
    Substitution substitution = {from, to, count};
    *out = expr_transform(cx, arena, expr, replace_column, &substitution);
    return *out == NULL ? OUT_OF_MEMORY : OK;
}
