/* Forms: functions that are bound into CASE, COALESCE and casts, so that their branches are evaluated only where wanted. */
#include "expr/bind_internal.h"

#include "core/datetime.h"

static Status new_node(const Context *cx, Arena *arena, ExprKind kind, Type type, SourcePos pos, uint32_t arg_count,
                       Expr **out) {
    *out = expr_new(cx, arena, kind, type, pos, arg_count);
    return *out != NULL ? OK : OUT_OF_MEMORY;
}

Status bind_coalesce(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, SourcePos pos, Expr **out) {
    Type common;
    TRY(cast_to_common(cx, arena, args, arg_count, "COALESCE", &common));
    TRY(new_node(cx, arena, EXPR_COALESCE, common, pos, arg_count, out));
    for (uint32_t i = 0; i < arg_count; i++) {
        (*out)->args[i] = args[i];
    }
    return OK;
}

static Status new_case(const Context *cx, Arena *arena, Expr *condition, Expr *then, Expr *otherwise, SourcePos pos,
                       Expr **out) {
    TRY(new_node(cx, arena, EXPR_CASE, then->type, pos, 3, out));
    (*out)->args[0] = condition;
    (*out)->args[1] = then;
    (*out)->args[2] = otherwise;
    return OK;
}

/* One call, so that the first argument is evaluated once. Where the comparison runs in a wider type than the first argument
 * has, a CASE keeps the value itself from being converted there and back. */
Status bind_nullif(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, SourcePos pos, Expr **out) {
    (void)arg_count;
    Expr *equal, *null, *value = args[0];
    if (expr_is_untyped(value)) {
        TRY(cast_unchecked(cx, arena, value, expr_is_untyped(args[1]) ? type_varchar(0) : args[1]->type, &value));
    }
    TRY(operator_bind(cx, arena, "=", value, args[1], pos, &equal));
    if (!type_equal(equal->args[0]->type, value->type)) {
        TRY(expr_check_shared(cx, value));
        TRY(new_null(cx, arena, value->type, pos, &null));
        return new_case(cx, arena, equal, null, value, pos, out);
    }
    bool found;
    return call_bind(cx, arena, "null_if_equal", equal->args, 2, pos, &found, out);
}

Status bind_nvl2(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, SourcePos pos, Expr **out) {
    (void)arg_count;
    Type common;
    Expr *is_null;
    TRY(cast_to_common(cx, arena, args + 1, 2, "NVL2", &common));
    if (expr_is_untyped(args[0])) {
        TRY(cast_unchecked(cx, arena, args[0], type_varchar(0), &args[0]));
    }
    TRY(new_node(cx, arena, EXPR_IS_NULL, type_make(TYPE_BOOLEAN), pos, 1, &is_null));
    is_null->args[0] = args[0];
    return new_case(cx, arena, is_null, args[2], args[1], pos, out);
}

Status bind_iff(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, SourcePos pos, Expr **out) {
    (void)arg_count;
    Type common;
    TRY(cast_implicit(cx, arena, args[0], type_make(TYPE_BOOLEAN), &args[0]));
    TRY(cast_to_common(cx, arena, args + 1, 2, "IFF", &common));
    return new_case(cx, arena, args[0], args[1], args[2], pos, out);
}

/* x IS NOT DISTINCT FROM value. */
static Status decode_condition(const Context *cx, Arena *arena, Expr *x, Expr *value, SourcePos pos, Expr **out) {
    Expr *sides[2] = {x, value}, *distinct;
    Type common;
    TRY(cast_to_common(cx, arena, sides, 2, "DECODE", &common));
    TRY(new_node(cx, arena, EXPR_DISTINCT, type_make(TYPE_BOOLEAN), pos, 2, &distinct));
    distinct->args[0] = sides[0];
    distinct->args[1] = sides[1];
    *out = expr_not(cx, arena, distinct);
    return *out != NULL ? OK : OUT_OF_MEMORY;
}

Status bind_decode(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, SourcePos pos, Expr **out) {
    uint32_t pairs = (arg_count - 1) / 2;
    Expr **results;
    Type common;
    TRY(expr_check_shared(cx, args[0]));
    TRY_NEW_ARRAY(cx, arena, results, pairs + 1);
    for (uint32_t i = 0; i < pairs; i++) {
        results[i] = args[2 + 2 * i];
    }
    if (arg_count % 2 == 0) {
        results[pairs] = args[arg_count - 1];
    } else {
        TRY(new_null(cx, arena, type_make(TYPE_NULL), pos, &results[pairs]));
    }
    TRY(cast_to_common(cx, arena, results, pairs + 1, "DECODE", &common));
    TRY(new_node(cx, arena, EXPR_CASE, common, pos, 2 * pairs + 1, out));
    for (uint32_t i = 0; i < pairs; i++) {
        TRY(decode_condition(cx, arena, args[0], args[1 + 2 * i], pos, &(*out)->args[2 * i]));
        (*out)->args[2 * i + 1] = results[i];
    }
    (*out)->args[2 * pairs] = results[pairs];
    return OK;
}

/* EXTRACT gives whole fields as BIGINT; seconds and the like are exact DECIMALs, in functions of their own. */
static const char *fraction_function(DateField field, Type type) {
    switch (field) {
    case FIELD_SECOND: return type.id == TYPE_DATE ? NULL : "extract_second";
    case FIELD_MILLISECOND: return type.id == TYPE_DATE ? NULL : "extract_millisecond";
    case FIELD_EPOCH: return "extract_epoch";
    case FIELD_JULIAN: return type.id == TYPE_TIMESTAMP || type.id == TYPE_TIMESTAMPTZ ? "extract_julian" : NULL;
    default: return NULL;
    }
}

Status bind_extract(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, SourcePos pos, Expr **out) {
    DateField field;
    const Text *name = &args[0]->value.text;
    bool is_known =
        args[0]->kind == EXPR_CONSTANT && !args[0]->value.is_null && date_field_from_name(text_data(name), name->bytes, &field);
    const char *function = is_known ? fraction_function(field, args[1]->type) : NULL;
    return function == NULL ? function_bind(cx, arena, "extract_field", args, arg_count, pos, out)
                            : function_bind(cx, arena, function, args + 1, 1, pos, out);
}

/* The end of a period as an interval from its start. */
static Status period_end(const Context *cx, Arena *arena, Expr **ends, SourcePos pos) {
    if (ends[1]->type.id != TYPE_INTERVAL || ends[1]->is_unknown) {
        return OK;
    }
    TRY(expr_check_shared(cx, ends[0]));
    return operator_bind(cx, arena, "+", ends[0], ends[1], pos, &ends[1]);
}

Status bind_overlaps(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, SourcePos pos, Expr **out) {
    Type common;
    bool found;
    TRY(period_end(cx, arena, &args[0], pos));
    TRY(period_end(cx, arena, &args[2], pos));
    TRY(cast_to_common(cx, arena, args, arg_count, "OVERLAPS", &common));
    TRY(call_bind(cx, arena, "periods_overlap", args, arg_count, pos, &found, out));
    char name[32];
    return found ? OK
                 : fail_at(cx, pos, UNDEFINED_FUNCTION, "function overlaps does not exist for %s", type_name(common, name));
}

static Status bind_quote(const Context *cx, Arena *arena, Expr *arg, SourcePos pos, Expr **out) {
    bool found;
    TRY(cast_unchecked(cx, arena, arg, type_varchar(0), &arg));
    return call_bind(cx, arena, "quote_literal", &arg, 1, pos, &found, out);
}

Status bind_quote_literal(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, SourcePos pos, Expr **out) {
    (void)arg_count;
    return bind_quote(cx, arena, args[0], pos, out);
}

/* coalesce(quote_literal(x), 'NULL') */
Status bind_quote_nullable(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, SourcePos pos, Expr **out) {
    Expr *sides[2];
    Value word = value_text(type_varchar(0), text_view("NULL", 4));
    (void)arg_count;
    TRY(bind_quote(cx, arena, args[0], pos, &sides[0]));
    sides[1] = expr_constant(cx, arena, &word, pos);
    return sides[1] == NULL ? OUT_OF_MEMORY : bind_coalesce(cx, arena, sides, 2, pos, out);
}

/* As PostgreSQL spells it. */
Status bind_typeof(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, SourcePos pos, Expr **out) {
    static const char *const names[] = {[TYPE_DECIMAL] = "numeric",
                                        [TYPE_CHAR] = "character",
                                        [TYPE_VARCHAR] = "character varying",
                                        [TYPE_TIMESTAMP] = "timestamp without time zone",
                                        [TYPE_TIME] = "time without time zone",
                                        [TYPE_TIMESTAMPTZ] = "timestamp with time zone"};
    (void)arg_count;
    TypeId id = args[0]->is_unknown ? TYPE_NULL : (TypeId)args[0]->type.id;
    char text[32];
    const char *name = id < sizeof names / sizeof *names && names[id] != NULL ? names[id] : type_name(type_make(id), text);
    const char *copy = arena_copy_text(cx, arena, name, strlen(name));
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    Value word = value_text(type_varchar(0), text_view(copy, (uint32_t)strlen(copy)));
    *out = expr_constant(cx, arena, &word, pos);
    return *out == NULL ? OUT_OF_MEMORY : OK;
}

/* A type's name as a function: float8(x). */
static Status bind_to(const Context *cx, Arena *arena, Expr *arg, TypeId type, Expr **out) {
    return cast_bind(cx, arena, arg, type_make(type), true, false, out);
}

#define CAST_FORM(name, type)                                                                                                  \
    Status bind_##name(const Context *cx, Arena *arena, Expr **args, uint32_t arg_count, SourcePos pos, Expr **out) {          \
        (void)arg_count, (void)pos;                                                                                            \
        return bind_to(cx, arena, args[0], type, out);                                                                         \
    }
CAST_FORM(date, TYPE_DATE)
CAST_FORM(float8, TYPE_DOUBLE)
CAST_FORM(float4, TYPE_REAL)
CAST_FORM(int2, TYPE_SMALLINT)
CAST_FORM(int4, TYPE_INTEGER)
CAST_FORM(int8, TYPE_BIGINT)
