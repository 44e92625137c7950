/* IN lists. */
#include "bind/binder.h"

Status make_nary(const Context *cx, Arena *arena, ExprKind kind, Expr *const *args, uint32_t count, SourcePos pos, Expr **out) {
    if (count == 1) {
        *out = args[0];
        return OK;
    }
    *out = expr_new(cx, arena, kind, type_make(TYPE_BOOLEAN), pos, count);
    TRY_POINTER(*out);
    memcpy((*out)->args, args, sizeof *args * count);
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- IN lists */

/* What an IN list comes to: a set of constants, a NULL, and comparisons with what is not constant. */
typedef struct InList {
    Expr *value;
    uint32_t constant_count, other_count;
    Expr **constants, **others;
    bool has_null;
} InList;

static Status split_list(const Context *cx, Place *place, Expr **items, uint32_t count, InList *list) {
    Arena *arena = place->binder->arena;
    TRY_NEW_ARRAY(cx, arena, list->constants, count + 1); /* [0] is for the value, when types are brought together */
    TRY_NEW_ARRAY(cx, arena, list->others, count);
    list->constants++;
    for (uint32_t i = 0; i < count; i++) {
        Expr *item = items[i];
        if (item->kind != EXPR_CONSTANT && expr_is_constant(item)) {
            TRY(expr_fold(cx, arena, item, &item));
        }
        if (item->kind != EXPR_CONSTANT) {
            list->others[list->other_count++] = item;
        } else if (item->value.is_null) {
            list->has_null = true;
        } else {
            list->constants[list->constant_count++] = item;
        }
    }
    return OK;
}

static bool fits(int64_t value, TypeId type) {
    return type == TYPE_SMALLINT ? value == (int16_t)value : type == TYPE_INTEGER ? value == (int32_t)value : true;
}

/* An integer column keeps its type, and with it its codes and zone maps: constants that it cannot hold fall out. False if the
 * list is not of integers, or nothing is left of it. */
static bool narrow_constants(const InList *list, Expr **kept, uint32_t *kept_count) {
    Type type = list->value->type;
    if (!type_is_integer(type)) {
        return false;
    }
    *kept_count = 0;
    for (uint32_t i = 0; i < list->constant_count; i++) {
        const Expr *item = list->constants[i];
        if (!type_is_integer(item->type)) {
            return false;
        }
        if (fits(item->value.i64, (TypeId)type.id)) {
            kept[(*kept_count)++] = list->constants[i];
        }
    }
    return *kept_count > 0;
}

static bool have_common_type(const InList *list) {
    Type type = list->value->type, common;
    bool is_known = !expr_is_literal(list->value);
    for (uint32_t i = 0; i < list->constant_count; i++) {
        const Expr *item = list->constants[i];
        if (expr_is_literal(item)) {
            continue;
        }
        if (is_known && !type_common(type, item->type, &common)) {
            return false;
        }
        type = is_known ? common : item->type;
        is_known = true;
    }
    return true;
}

static Status compare_each(const Context *cx, Place *place, const InList *list, SourcePos pos, Expr **out) {
    Expr **parts;
    TRY_NEW_ARRAY(cx, place->binder->arena, parts, list->constant_count);
    for (uint32_t i = 0; i < list->constant_count; i++) {
        TRY(operator_bind(cx, place->binder->arena, "=", list->value, list->constants[i], pos, &parts[i]));
    }
    return make_nary(cx, place->binder->arena, EXPR_OR, parts, list->constant_count, pos, out);
}

static Status make_set(const Context *cx, Place *place, const InList *list, SourcePos pos, Expr **out) {
    Arena *arena = place->binder->arena;
    Expr **members, *value = list->value;
    uint32_t count = 0;
    TRY_NEW_ARRAY(cx, arena, members, list->constant_count);
    if (narrow_constants(list, members, &count)) {
        for (uint32_t i = 0; i < count; i++) {
            Value narrowed = value_i64(value->type, members[i]->value.i64);
            members[i] = expr_constant(cx, arena, &narrowed, members[i]->pos);
            TRY_POINTER(members[i]);
        }
    } else {
        Type common;
        if (!have_common_type(list)) { /* the operator tells best what does not fit */
            return compare_each(cx, place, list, pos, out);
        }
        list->constants[-1] = value;
        TRY(cast_to_common(cx, arena, list->constants - 1, list->constant_count + 1, "IN", &common));
        value = list->constants[-1];
        count = list->constant_count;
        for (uint32_t i = 0; i < count; i++) {
            TRY(expr_fold(cx, arena, list->constants[i], &members[i]));
        }
    }
    *out = expr_new(cx, arena, EXPR_IN, type_make(TYPE_BOOLEAN), pos, count + 1);
    TRY_POINTER(*out);
    (*out)->args[0] = value;
    memcpy((*out)->args + 1, members, sizeof *members * count);
    return OK;
}

Status bind_in_list(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Arena *arena = place->binder->arena;
    if (ast->args.items[0]->kind == AST_ROW) {
        TRY(bind_row_in(cx, place, ast, out));
    } else {
        InList list = {0};
        Expr **args, **parts;
        uint32_t count = 0;
        TRY(bind_exprs(cx, place, &ast->args, &args));
        list.value = args[0];
        TRY(split_list(cx, place, args + 1, ast->args.count - 1, &list));
        TRY_NEW_ARRAY(cx, arena, parts, list.other_count + 2);
        if (list.constant_count == 1) {
            TRY(operator_bind(cx, arena, "=", list.value, list.constants[0], ast->pos, &parts[count++]));
        } else if (list.constant_count > 1) {
            TRY(make_set(cx, place, &list, ast->pos, &parts[count++]));
        }
        for (uint32_t i = 0; i < list.other_count; i++) {
            TRY(operator_bind(cx, arena, "=", list.value, list.others[i], ast->pos, &parts[count++]));
        }
        if (list.has_null) {
            Value null = value_null(type_make(TYPE_BOOLEAN));
            parts[count++] = expr_constant(cx, arena, &null, ast->pos);
            TRY_POINTER(parts[count - 1]);
        }
        TRY(make_nary(cx, arena, EXPR_OR, parts, count, ast->pos, out));
    }
    if (ast->negated) {
        *out = expr_not(cx, arena, *out);
        TRY_POINTER(*out);
    }
    return OK;
}
