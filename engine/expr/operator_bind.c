/* Operators: comparisons become EXPR_COMPARE over operands of one type, the rest are functions named by their symbol. */
#include "expr/bind_internal.h"
#include "expr/cast.h"

#include "core/decimal.h"

#include <string.h>

static bool comparison_from_symbol(const char *symbol, CompareOp *op) {
    static const char *const symbols[] = {"=", "<>", "<", "<=", ">", ">="};
    for (int i = 0; i < 6; i++) {
        if (strcmp(symbol, symbols[i]) == 0) {
            *op = (CompareOp)i;
            return true;
        }
    }
    *op = COMPARE_NE;
    return strcmp(symbol, "!=") == 0 || strcmp(symbol, "==") == 0;
}

static const char *operand_name(const Expr *expr, char *buffer) {
    return expr->is_unknown ? "unknown" : type_name(expr->type, buffer);
}

static Status fail_no_operator(const Context *cx, const char *symbol, const Expr *left, const Expr *right, SourcePos pos) {
    char a[32], b[32];
    if (right == NULL) {
        fail_at(cx, pos, UNDEFINED_FUNCTION, "operator does not exist: %s %s", symbol, operand_name(left, a));
    } else {
        fail_at(cx, pos, UNDEFINED_FUNCTION, "operator does not exist: %s %s %s", operand_name(left, a), symbol,
                operand_name(right, b));
    }
    return fail_hint(cx, "no operator of this name takes these types; an explicit cast may be needed");
}

static Status bind_comparison(const Context *cx, Arena *arena, const char *symbol, CompareOp op, Expr *left, Expr *right,
                              SourcePos pos, Expr **out) {
    Expr *sides[2] = {left, right};
    Type common;
    if (!expr_is_untyped(left) && !expr_is_untyped(right) && !type_common(left->type, right->type, &common)) {
        return fail_no_operator(cx, symbol, left, right, pos);
    }
    TRY(cast_to_common(cx, arena, sides, 2, "comparison", &common));
    *out = expr_compare(cx, arena, op, sides[0], sides[1]);
    if (*out == NULL) {
        return OUT_OF_MEMORY;
    }
    (*out)->pos = pos;
    return OK;
}

/* What a literal is taken for beside a value: its own type, but a factor of an interval is a number and what moves a TIME is an
 * interval. NULL: the operators that exist decide; beside a moment, too. */
static Type literal_type(const char *symbol, const Expr *literal, Type other) {
    bool is_product = symbol[0] == '*' || symbol[0] == '/';
    switch ((TypeId)other.id) {
    case TYPE_DECIMAL: {
        const Text *text = &literal->value.text;
        return type_decimal(DECIMAL_PRECISION_MAX, decimal_text_scale(text_data(text), text->bytes));
    }
    case TYPE_INTERVAL: return type_make(is_product ? TYPE_DOUBLE : TYPE_INTERVAL);
    case TYPE_TIME: return type_make(is_product ? TYPE_DOUBLE : symbol[0] == '+' ? TYPE_INTERVAL : TYPE_TIME);
    case TYPE_BOOLEAN: return type_make(TYPE_NULL);
    default: return type_is_text(other) || type_is_moment(other) ? type_make(TYPE_NULL) : other;
    }
}

static Status adapt_literal(const Context *cx, Arena *arena, const char *symbol, Expr **literal, const Expr *other) {
    if (!(*literal)->is_unknown || strcmp(symbol, "||") == 0) {
        return OK;
    }
    Type to = literal_type(symbol, *literal, other->type);
    return to.id == TYPE_NULL ? OK : cast_unchecked(cx, arena, *literal, to, literal);
}

/* text || anything is text. */
static Status bind_concat(const Context *cx, Arena *arena, Expr *left, Expr *right, SourcePos pos, Expr **out) {
    Expr *sides[2] = {left, right};
    if (!type_is_text(left->type) && !type_is_text(right->type) && left->type.id != TYPE_NULL && right->type.id != TYPE_NULL) {
        return fail_no_operator(cx, "||", left, right, pos);
    }
    for (int i = 0; i < 2; i++) {
        if (!type_is_text(sides[i]->type) || sides[i]->is_unknown) {
            TRY(cast_unchecked(cx, arena, sides[i], type_varchar(0), &sides[i]));
        }
    }
    bool found;
    return call_bind(cx, arena, "||", sides, 2, pos, &found, out);
}

static Status bind_negated(const Context *cx, Arena *arena, const char *symbol, Expr *left, Expr *right, SourcePos pos,
                           Expr **out) {
    Expr *positive;
    TRY(operator_bind(cx, arena, symbol, left, right, pos, &positive));
    *out = expr_not(cx, arena, positive);
    return *out != NULL ? OK : OUT_OF_MEMORY;
}

/* -'1': a number, an interval? */
static Status check_prefix(const Context *cx, const char *symbol, const Expr *operand, SourcePos pos) {
    if (!operand->is_unknown || (strcmp(symbol, "-") != 0 && strcmp(symbol, "~") != 0)) {
        return OK;
    }
    fail_at(cx, pos, AMBIGUOUS_FUNCTION, "operator is not unique: %s unknown", symbol);
    return fail_hint(cx, "an explicit cast says which operator is meant");
}

static Status bind_unary_plus(const Context *cx, Arena *arena, Expr *operand, SourcePos pos, Expr **out) {
    *out = operand;
    if (operand->is_unknown) {
        return cast_unchecked(cx, arena, operand, type_make(TYPE_DOUBLE), out);
    }
    bool is_number = type_is_numeric(operand->type) || operand->type.id == TYPE_NULL;
    return is_number ? OK : fail_no_operator(cx, "+", operand, NULL, pos);
}

Status operator_bind(const Context *cx, Arena *arena, const char *symbol, Expr *left, Expr *right, SourcePos pos, Expr **out) {
    CompareOp op;
    if (left == NULL) { /* a prefix operator: its operand stands on the right or on the left */
        left = right;
        right = NULL;
    }
    if (right != NULL && comparison_from_symbol(symbol, &op)) {
        return bind_comparison(cx, arena, symbol, strcmp(symbol, "==") == 0 ? COMPARE_EQ : op, left, right, pos, out);
    }
    if (symbol[0] == '!' && symbol[1] == '~' && right != NULL) {
        return bind_negated(cx, arena, symbol + 1, left, right, pos, out);
    }
    if (right != NULL && strcmp(symbol, "||") == 0) {
        return bind_concat(cx, arena, left, right, pos, out);
    }
    if (right == NULL) {
        TRY(check_prefix(cx, symbol, left, pos));
    }
    if (right == NULL && strcmp(symbol, "+") == 0) {
        return bind_unary_plus(cx, arena, left, pos, out);
    }
    Expr *sides[2] = {left, right};
    if (right != NULL && symbol[0] != '~') {
        TRY(adapt_literal(cx, arena, symbol, &sides[0], right));
        TRY(adapt_literal(cx, arena, symbol, &sides[1], left));
    }
    bool found;
    TRY(call_bind(cx, arena, symbol, sides, right != NULL ? 2 : 1, pos, &found, out));
    if (found) {
        return OK;
    }
    return fail_no_operator(cx, symbol, left, right, pos);
}
