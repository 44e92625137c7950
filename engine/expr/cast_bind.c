/* Casts of bound expressions: literals are parsed at once, constants folded, and PostgreSQL's contexts are kept. */
#include "expr/bind_internal.h"
#include "expr/cast.h"

#include "core/decimal.h"

Status new_null(const Context *cx, Arena *arena, Type type, SourcePos pos, Expr **out) {
    Value null = value_null(type);
    *out = expr_constant(cx, arena, &null, pos);
    return *out != NULL ? OK : OUT_OF_MEMORY;
}

static Status fold_cast(const Context *cx, Arena *arena, const Expr *from, Type to, Expr **out) {
    Value value;
    if (from->wanted != NULL && from->wanted->id == TYPE_NULL) {
        *from->wanted = to;
    }
    Status status = value_cast(cx, arena, &from->value, to, &value);
    if (status != OK) {
        error_set_pos_if_none(cx, from->pos);
        return status;
    }
    *out = expr_constant(cx, arena, &value, from->pos);
    return *out != NULL ? OK : OUT_OF_MEMORY;
}

static Status wrap_cast(const Context *cx, Arena *arena, Expr *from, Type to, bool is_try, Expr **out) {
    *out = expr_cast(cx, arena, from, to);
    if (*out == NULL) {
        return OUT_OF_MEMORY;
    }
    if (*out != from) {
        (*out)->is_try = is_try;
    }
    return OK;
}

Status cast_unchecked(const Context *cx, Arena *arena, Expr *from, Type to, Expr **out) {
    if (type_equal(from->type, to) && !from->is_unknown) {
        *out = from;
        return OK;
    }
    if (from->kind == EXPR_CONSTANT) {
        return fold_cast(cx, arena, from, to, out);
    }
    return wrap_cast(cx, arena, from, to, false, out);
}

/* ------------------------------------------------------------------------------------------------------ stored text's length
 */

static Status check_length_loop(const Context *cx, const Function *function, const Vector *const *args, uint32_t arg_count,
                                uint32_t rows, Arena *arena, Vector *out) {
    (void)function, (void)arg_count, (void)arena;
    for (uint32_t row = 0; row < rows; row++) {
        if (!vector_is_valid(args[0], row)) {
            continue;
        }
        Value from = vector_value(args[0], row), checked;
        TRY(value_parse(cx, out->type, text_data(&from.text), from.text.bytes, &checked));
        value_store(&checked, out->data, row);
    }
    return OK;
}

/* Not in functions.def: SQL cannot name it. An assignment to VARCHAR(n) refuses what CAST would cut. */
static const Function check_length = {.name = "check_length",
                                      .arguments = "text",
                                      .result = "text",
                                      .help = "refuses text that is too long for its column",
                                      .is_strict = true,
                                      .can_fail = true,
                                      .volatility = IMMUTABLE,
                                      .loop = check_length_loop};

static Status bind_check_length(const Context *cx, Arena *arena, Expr *from, Type to, Expr **out) {
    Expr *call = expr_new(cx, arena, EXPR_CALL, to, from->pos, 1);
    if (call == NULL) {
        return OUT_OF_MEMORY;
    }
    call->function = &check_length;
    call->args[0] = from;
    *out = call;
    return OK;
}

static bool may_be_too_long(Type from, Type to) {
    return to.length > 0 && type_is_text(to) && !(from.id == to.id && from.length > 0 && from.length <= to.length);
}

/* --------------------------------------------------------------------------------------------------------------- contexts */

static Status fail_cast(const Context *cx, const Expr *from, Type to, bool is_explicit) {
    char from_name[32], to_name[32];
    type_name(from->type, from_name);
    type_name(to, to_name);
    if (is_explicit) {
        return fail_at(cx, from->pos, CANNOT_COERCE, "cannot cast type %s to %s", from_name, to_name);
    }
    fail_at(cx, from->pos, DATATYPE_MISMATCH, "expression is of type %s where %s is wanted", from_name, to_name);
    return cast_context(from->type, to) == CAST_NONE ? DATATYPE_MISMATCH
                                                     : fail_hint(cx, "write CAST(… AS %s) to convert it", to_name);
}

static Status parse_literal(const Context *cx, Arena *arena, const Expr *literal, Type to, bool is_explicit, Expr **out) {
    if (is_explicit || !type_is_text(to)) {
        return fold_cast(cx, arena, literal, to, out);
    }
    Value value;
    const Text *text = &literal->value.text;
    Status status = value_parse(cx, to, text_data(text), text->bytes, &value);
    if (status == OK) {
        status = value_copy(cx, arena, &value, &value);
    } else {
        error_set_pos_if_none(cx, literal->pos);
    }
    *out = status == OK ? expr_constant(cx, arena, &value, literal->pos) : NULL;
    return status == OK && *out == NULL ? OUT_OF_MEMORY : status;
}

/* TRY_CAST of a constant: what cannot be cast is NULL. */
static Status try_constant(const Context *cx, Arena *arena, Expr *from, Type to, Expr **out) {
    Status status = fold_cast(cx, arena, from, to, out);
    if (status == OK || status == OUT_OF_MEMORY || status == CANNOT_COERCE) {
        return status;
    }
    error_clear(cx->error);
    return new_null(cx, arena, to, from->pos, out);
}

Status cast_bind(const Context *cx, Arena *arena, Expr *from, Type to, bool is_explicit, bool is_try, Expr **out) {
    if (is_try && from->kind == EXPR_CONSTANT) {
        return try_constant(cx, arena, from, to, out);
    }
    if (expr_is_untyped(from) && from->is_unknown) {
        return parse_literal(cx, arena, from, to, is_explicit, out);
    }
    if (type_equal(from->type, to)) {
        *out = from;
        return OK;
    }
    if (cast_context(from->type, to) < (is_explicit ? CAST_EXPLICIT : CAST_ASSIGNMENT)) {
        return fail_cast(cx, from, to, is_explicit);
    }
    if (!is_explicit && may_be_too_long(from->type, to)) {
        Expr *text;
        TRY(cast_unchecked(cx, arena, from, type_varchar(0), &text));
        return bind_check_length(cx, arena, text, to, out);
    }
    return is_try ? wrap_cast(cx, arena, from, to, true, out) : cast_unchecked(cx, arena, from, to, out);
}

Status cast_implicit(const Context *cx, Arena *arena, Expr *from, Type to, Expr **out) {
    if (from->is_unknown) {
        return fold_cast(cx, arena, from, to, out);
    }
    if (cast_context(from->type, to) != CAST_IMPLICIT) {
        return fail_cast(cx, from, to, false);
    }
    return cast_unchecked(cx, arena, from, to, out);
}

/* ------------------------------------------------------------------------------------------------------------ common types */

Type decimal_for(const Expr *expr) {
    if (expr->kind == EXPR_CONSTANT && type_is_integer(expr->type) && !expr->value.is_null) {
        return type_decimal(decimal_digits(expr->value.i64), 0);
    }
    switch ((TypeId)expr->type.id) {
    case TYPE_SMALLINT: return type_decimal(5, 0);
    case TYPE_INTEGER: return type_decimal(10, 0);
    case TYPE_BIGINT: return type_decimal(19, 0);
    default: return expr->type;
    }
}

static bool is_exact_number(Type type) {
    return type_is_integer(type) || type.id == TYPE_DECIMAL;
}

/* Like type_common, but integer constants ask for no more digits than they have. */
static bool common_of(Type so_far, const Expr *expr, Type *common) {
    Type type = expr->type;
    if (is_exact_number(type) && so_far.id == TYPE_DECIMAL) {
        type = decimal_for(expr);
    }
    return type_common(so_far, type, common);
}

/* No literal is cut to the length of the text that it meets: where one is longer, the common type is. */
static Type long_enough(Type type, Expr *const *exprs, uint32_t count) {
    for (uint32_t i = 0; i < count && type_is_text(type) && type.length > 0; i++) {
        const Text *text = &exprs[i]->value.text;
        if (!expr_is_untyped(exprs[i]) || exprs[i]->value.is_null) {
            continue;
        }
        uint32_t length = utf8_length(text_data(text), text->bytes);
        type.length = length > type.length ? length : type.length;
    }
    return type;
}

Status cast_to_common(const Context *cx, Arena *arena, Expr **exprs, uint32_t count, const char *what, Type *common) {
    Type type = type_make(TYPE_NULL);
    bool any_decimal = false;
    for (uint32_t i = 0; i < count; i++) {
        any_decimal |= exprs[i]->type.id == TYPE_DECIMAL;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (expr_is_untyped(exprs[i])) {
            continue;
        }
        Type merged;
        Type first = type.id == TYPE_NULL && any_decimal && type_is_integer(exprs[i]->type) ? decimal_for(exprs[i]) : type;
        if (!common_of(first, exprs[i], &merged)) {
            char a[32], b[32];
            return fail_at(cx, exprs[i]->pos, DATATYPE_MISMATCH, "%s types %s and %s cannot be matched", what,
                           type_name(type, a), type_name(exprs[i]->type, b));
        }
        type = merged;
    }
    type = type.id == TYPE_NULL ? type_varchar(0) : long_enough(type, exprs, count);
    for (uint32_t i = 0; i < count; i++) {
        TRY(cast_unchecked(cx, arena, exprs[i], type, &exprs[i]));
    }
    *common = type;
    return OK;
}
