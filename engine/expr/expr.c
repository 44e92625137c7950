/* The tree of bound expressions: builders, walks, comparison. Printing stands in expr_print.c. */
#include "expr/expr.h"

#include "core/decimal.h"
#include "expr/functions.h"

Expr *expr_new(const Context *cx, Arena *arena, ExprKind kind, Type type, SourcePos pos, uint32_t arg_count) {
    Expr *expr = arena_alloc(cx, arena, sizeof *expr);
    if (expr == NULL) {
        return NULL;
    }
    expr->kind = kind;
    expr->type = type;
    expr->pos = pos;
    expr->arg_count = arg_count;
    if (arg_count > 0) {
        expr->args = arena_alloc(cx, arena, arg_count * sizeof *expr->args);
        if (expr->args == NULL) {
            return NULL;
        }
    }
    return expr;
}

Expr *expr_constant(const Context *cx, Arena *arena, const Value *value, SourcePos pos) {
    Expr *expr = expr_new(cx, arena, EXPR_CONSTANT, value->type, pos, 0);
    if (expr != NULL) {
        expr->value = *value;
    }
    return expr;
}

Expr *expr_column(const Context *cx, Arena *arena, ColumnId column, Type type, const char *name, SourcePos pos) {
    Expr *expr = expr_new(cx, arena, EXPR_COLUMN, type, pos, 0);
    if (expr != NULL) {
        expr->column = column;
        expr->name = name;
    }
    return expr;
}

Expr *expr_slot(const Context *cx, Arena *arena, uint32_t slot, Type type, const char *name) {
    Expr *expr = expr_new(cx, arena, EXPR_SLOT, type, POS_NONE, 0);
    if (expr != NULL) {
        expr->slot = slot;
        expr->name = name;
    }
    return expr;
}

static Expr *expr_unary(const Context *cx, Arena *arena, ExprKind kind, Type type, Expr *operand) {
    if (operand == NULL) {
        return NULL;
    }
    Expr *expr = expr_new(cx, arena, kind, type, operand->pos, 1);
    if (expr != NULL) {
        expr->args[0] = operand;
    }
    return expr;
}

Expr *expr_cast(const Context *cx, Arena *arena, Expr *from, Type type) {
    if (from != NULL && type_equal(from->type, type)) {
        return from;
    }
    return expr_unary(cx, arena, EXPR_CAST, type, from);
}

Expr *expr_compare(const Context *cx, Arena *arena, CompareOp op, Expr *left, Expr *right) {
    if (left == NULL || right == NULL) {
        return NULL;
    }
    Expr *expr = expr_new(cx, arena, EXPR_COMPARE, type_make(TYPE_BOOLEAN), left->pos, 2);
    if (expr != NULL) {
        expr->compare = op;
        expr->args[0] = left;
        expr->args[1] = right;
    }
    return expr;
}

/* Appends the operand, or its operands if it is a conjunction itself: ANDs stay flat. */
static uint32_t append_conjuncts(Expr *to, uint32_t count, Expr *operand) {
    if (operand->kind != EXPR_AND) {
        to->args[count++] = operand;
        return count;
    }
    for (uint32_t i = 0; i < operand->arg_count; i++) {
        to->args[count++] = operand->args[i];
    }
    return count;
}

static uint32_t conjunct_count(const Expr *expr) {
    return expr->kind == EXPR_AND ? expr->arg_count : 1;
}

Expr *expr_and(const Context *cx, Arena *arena, Expr *left, Expr *right) {
    if (left == NULL || right == NULL) {
        return left != NULL ? left : right;
    }
    uint32_t count = conjunct_count(left) + conjunct_count(right);
    Expr *expr = expr_new(cx, arena, EXPR_AND, type_make(TYPE_BOOLEAN), left->pos, count);
    if (expr != NULL) {
        append_conjuncts(expr, append_conjuncts(expr, 0, left), right);
    }
    return expr;
}

Expr *expr_not(const Context *cx, Arena *arena, Expr *operand) {
    return expr_unary(cx, arena, EXPR_NOT, type_make(TYPE_BOOLEAN), operand);
}

/* -------------------------------------------------------------------------------------------------------------- comparison */

static bool constants_equal(const Value *a, const Value *b) {
    return a->is_null || b->is_null ? a->is_null == b->is_null : value_compare(a, b) == 0;
}

static bool nodes_equal(const Expr *a, const Expr *b) {
    if (a->kind != b->kind || a->arg_count != b->arg_count || !type_equal(a->type, b->type)) {
        return false;
    }
    switch (a->kind) {
    case EXPR_CONSTANT: return constants_equal(&a->value, &b->value);
    case EXPR_COLUMN: return a->column == b->column;
    case EXPR_SLOT: return a->slot == b->slot;
    case EXPR_PARAMETER: return a->parameter == b->parameter;
    case EXPR_CALL: return a->function == b->function && a->function->volatility != VOLATILE;
    case EXPR_CAST: return a->is_try == b->is_try;
    case EXPR_COMPARE: return a->compare == b->compare;
    case EXPR_TABLE: return a->table == b->table;
    default: return true;
    }
}

bool expr_equal(const Expr *a, const Expr *b) {
    if (a == b) {
        return true;
    }
    if (a == NULL || b == NULL || !nodes_equal(a, b)) {
        return false;
    }
    for (uint32_t i = 0; i < a->arg_count; i++) {
        if (!expr_equal(a->args[i], b->args[i])) {
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------------------------- walks */

bool expr_walk(const Expr *expr, bool (*visit)(const Expr *node, void *argument), void *argument) {
    if (!visit(expr, argument)) {
        return false;
    }
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (!expr_walk(expr->args[i], visit, argument)) {
            return false;
        }
    }
    return true;
}

Expr *expr_transform(const Context *cx, Arena *arena, const Expr *expr,
                     Expr *(*replace)(const Context *cx, Arena *arena, const Expr *node, void *argument), void *argument) {
    Expr *replacement = replace(cx, arena, expr, argument);
    if (replacement != NULL || cx->error->status == OUT_OF_MEMORY) {
        return replacement;
    }
    Expr *copy = expr_new(cx, arena, expr->kind, expr->type, expr->pos, 0);
    if (copy == NULL) {
        return NULL;
    }
    *copy = *expr;
    if (expr->arg_count > 0) {
        copy->args = arena_alloc(cx, arena, expr->arg_count * sizeof *copy->args);
        if (copy->args == NULL) {
            return NULL;
        }
    }
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        copy->args[i] = expr_transform(cx, arena, expr->args[i], replace, argument);
        if (copy->args[i] == NULL) {
            return NULL;
        }
    }
    return copy;
}

static bool count_node(const Expr *node, void *left_) {
    (void)node;
    uint32_t *left = left_;
    return (*left)-- > 0;
}

Status expr_check_shared(const Context *cx, const Expr *expr) {
    uint32_t left = EXPR_SHARED_NODES_MAX;
    if (expr_walk(expr, count_node, &left)) {
        return OK;
    }
    fail_at(cx, expr->pos, STATEMENT_TOO_COMPLEX, "this expression is too large to be compared with several values");
    return fail_hint(cx, "compute it in a subquery and refer to its column");
}

static bool node_is_constant(const Expr *node, void *argument) {
    (void)argument;
    switch (node->kind) {
    case EXPR_COLUMN:
    case EXPR_SLOT:
    case EXPR_PARAMETER:
    case EXPR_AGGREGATE:
    case EXPR_WINDOW: return false;
    case EXPR_CALL: return node->function->volatility != VOLATILE;
    default: return true;
    }
}

bool expr_is_constant(const Expr *expr) {
    return expr_walk(expr, node_is_constant, NULL);
}

static bool node_is_not_volatile(const Expr *node, void *argument) {
    (void)argument;
    return node->kind != EXPR_CALL || node->function->volatility != VOLATILE;
}

bool expr_is_volatile(const Expr *expr) {
    return !expr_walk(expr, node_is_not_volatile, NULL);
}

static uint32_t whole_digits(Type type) {
    return (uint32_t)type.precision - type.scale;
}

static uint32_t integer_digits(Type type) {
    return type.id == TYPE_SMALLINT ? 5 : type.id == TYPE_INTEGER ? 10 : 19;
}

/* Integer widening and the like never fail; text to anything may. */
static bool cast_can_fail(Type from, Type to) {
    if (from.id == to.id && from.id != TYPE_DECIMAL) {
        return false;
    }
    if (type_is_text(to) || from.id == TYPE_NULL) {
        return false;
    }
    if (type_is_integer(from) && type_is_integer(to)) {
        return to.id < from.id;
    }
    if (type_is_integer(from) && to.id == TYPE_DECIMAL) {
        return whole_digits(to) < integer_digits(from);
    }
    if (type_is_integer(from) || from.id == TYPE_BOOLEAN) {
        return to.id == TYPE_DECIMAL || to.id == TYPE_SMALLINT;
    }
    if (from.id == TYPE_DECIMAL && to.id == TYPE_DECIMAL) {
        return to.precision - to.scale < from.precision - from.scale + (to.scale < from.scale ? 1 : 0);
    }
    bool to_double = to.id == TYPE_DOUBLE && (from.id == TYPE_DECIMAL || from.id == TYPE_REAL);
    bool same_clock = from.id != TYPE_TIMESTAMPTZ && to.id != TYPE_TIMESTAMPTZ; /* the ends of time may lie in another day */
    return !to_double && !(type_is_moment(from) && type_is_moment(to) && same_clock) && to.id != TYPE_TIME &&
           from.id != TYPE_TIME;
}

static __int128 constant_units(const Expr *expr) {
    return type_class(expr->type) == CLASS_I128 ? expr->value.i128 : expr->value.i64;
}

/* The most digits before the point that a number's values can have: of the type that it had before it was widened. */
static uint32_t digits_of(const Expr *expr) {
    Type type = expr->type;
    if (expr->kind == EXPR_CAST && !expr->is_try && expr->args[0]->type.id == TYPE_DECIMAL &&
        whole_digits(expr->args[0]->type) < whole_digits(type)) {
        return digits_of(expr->args[0]) + (type.scale < expr->args[0]->type.scale); /* it may be rounded up */
    }
    if (expr->kind == EXPR_CAST && type_is_integer(expr->args[0]->type)) {
        uint32_t digits = integer_digits(expr->args[0]->type);
        return digits < whole_digits(type) ? digits : whole_digits(type);
    }
    if (expr->kind == EXPR_CONSTANT && !expr->value.is_null) {
        uint32_t digits = decimal_digits(constant_units(expr));
        return digits > type.scale ? digits - type.scale : 0;
    }
    return whole_digits(type);
}

/* The type of the result has room for whatever comes of the arguments. */
static bool decimals_cannot_fail(const Expr *call) {
    const char *operation = call->function->name;
    if (call->arg_count != 2 || call->type.id != TYPE_DECIMAL || call->args[0]->type.id != TYPE_DECIMAL ||
        call->args[1]->type.id != TYPE_DECIMAL || operation[1] != '\0') {
        return false;
    }
    uint32_t a = digits_of(call->args[0]), b = digits_of(call->args[1]), room = whole_digits(call->type);
    uint32_t a_scale = call->args[0]->type.scale, b_scale = call->args[1]->type.scale;
    switch (operation[0]) {
    case '+':
    case '-': return room > (a > b ? a : b);
    case '*': return room >= a + b && call->type.scale >= a_scale + b_scale;
    case '/':
        return call->args[1]->kind == EXPR_CONSTANT && !call->args[1]->value.is_null && constant_units(call->args[1]) != 0 &&
               room >= a + b_scale;
    default: return false;
    }
}

static bool node_cannot_fail(const Expr *node, void *argument) {
    (void)argument;
    if (node->kind == EXPR_CALL) {
        return !node->function->can_fail || decimals_cannot_fail(node);
    }
    return node->kind != EXPR_CAST || node->is_try || !cast_can_fail(node->args[0]->type, node->type);
}

bool expr_can_fail(const Expr *expr) {
    return !expr_walk(expr, node_cannot_fail, NULL);
}

/* --------------------------------------------------------------------------------------------------------------- operators */

CompareOp compare_swapped(CompareOp op) {
    static const CompareOp swapped[] = {COMPARE_EQ, COMPARE_NE, COMPARE_GT, COMPARE_GE, COMPARE_LT, COMPARE_LE};
    return swapped[op];
}

Comparison expr_comparison(const Expr *compare) {
    const Expr *left = compare->args[0], *right = compare->args[1];
    return left->kind == EXPR_CONSTANT ? (Comparison){right, left, compare_swapped(compare->compare)}
                                       : (Comparison){left, right, compare->compare};
}

CompareOp compare_negated(CompareOp op) {
    static const CompareOp negated[] = {COMPARE_NE, COMPARE_EQ, COMPARE_GE, COMPARE_GT, COMPARE_LE, COMPARE_LT};
    return negated[op];
}

const char *compare_symbol(CompareOp op) {
    static const char *const symbols[] = {"=", "<>", "<", "<=", ">", ">="};
    return symbols[op];
}
