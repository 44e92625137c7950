/* LIKE and ILIKE: an operator where the pattern is a constant that cannot fail, else a function that knows the escape. */
#include "expr/bind_internal.h"

#include "core/text.h"

static bool is_text_constant(const Expr *expr) {
    return expr->kind == EXPR_CONSTANT && !expr->value.is_null && type_class(expr->type) == CLASS_TEXT;
}

/* A constant pattern and escape as a constant pattern with backslashes; false if it has to be looked at row by row. */
static Status constant_pattern(const Context *cx, Arena *arena, const Expr *pattern, const Expr *escape, Expr **out,
                               bool *is_plain) {
    *is_plain = is_text_constant(pattern) && (escape == NULL || is_text_constant(escape));
    if (!*is_plain) {
        return OK;
    }
    Text text = pattern->value.text, mark = escape == NULL ? text_view("\\", 1) : escape->value.text;
    char *data = arena_alloc(cx, arena, (size_t)text.bytes * 2 + 1);
    if (data == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY(like_check_escape(cx, text_data(&mark), mark.bytes));
    size_t bytes = like_with_backslashes(text_data(&text), text.bytes, text_data(&mark), mark.bytes, data);
    *is_plain = !like_is_dangling(data, bytes);
    if (!*is_plain) {
        return OK;
    }
    Value value = value_text(pattern->type, text_view(data, (uint32_t)bytes));
    *out = expr_constant(cx, arena, &value, pattern->pos);
    return *out == NULL ? OUT_OF_MEMORY : OK;
}

/* args: text, pattern and, for three, the escape. */
Status like_bind(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, bool ignore_case, SourcePos pos,
                 Expr **out) {
    Expr *escape = arg_count == 3 ? args[2] : NULL;
    bool is_plain;
    TRY(operator_bind(cx, arena, ignore_case ? "~~*" : "~~", args[0], args[1], pos, out));
    if ((*out)->kind != EXPR_CALL) {
        return OK;
    }
    TRY(constant_pattern(cx, arena, (*out)->args[1], escape, &(*out)->args[1], &is_plain));
    if (is_plain) {
        return OK;
    }
    Value backslash = value_text(type_varchar(0), text_view("\\", 1));
    Expr *with_escape[3] = {(*out)->args[0], (*out)->args[1], escape};
    if (escape == NULL) {
        with_escape[2] = expr_constant(cx, arena, &backslash, pos);
        if (with_escape[2] == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    return function_bind(cx, arena, ignore_case ? "ilike_escape" : "like_escape", with_escape, 3, pos, out);
}
