/* What the scalar functions share: element access for FLAT and CONSTANT arguments, and NULL handling of the result. */
#ifndef DEPOT_EXPR_FN_LOOP_H
#define DEPOT_EXPR_FN_LOOP_H

#include "core/bits.h"
#include "core/datetime.h"
#include "core/decimal.h"
#include "core/interval.h"
#include "expr/functions.h"

#define FN_PARAMETERS                                                                                                          \
    const Context *cx, const Function *function, const Vector *const *args, uint32_t arg_count, uint32_t rows, Arena *arena,   \
        Vector *out
#define FN_UNUSED ((void)cx, (void)function, (void)args, (void)arg_count, (void)rows, (void)arena, (void)out)

/* One element of a FLAT or CONSTANT vector. */
#define STORAGE_CLASS(tag, ctype, bytes)                                                                                       \
    static inline ctype arg_##tag(const Vector *vector, uint32_t row) {                                                        \
        return ((const ctype *)vector->data)[vector->kind == VECTOR_CONSTANT ? 0 : row];                                       \
    }
#include "core/storage_classes.def"
#undef STORAGE_CLASS

/* A DECIMAL of either class. */
static inline __int128 arg_decimal(const Vector *vector, uint32_t row) {
    return type_class(vector->type) == CLASS_I128 ? arg_I128(vector, row) : (__int128)arg_I64(vector, row);
}

static inline void out_decimal(Vector *out, uint32_t row, __int128 value) {
    if (type_class(out->type) == CLASS_I128) {
        ((__int128 *)out->data)[row] = value;
    } else {
        ((int64_t *)out->data)[row] = (int64_t)value;
    }
}

/* Strict functions: whether the row has only valid arguments. */
static inline bool fn_row_valid(const Vector *out, uint32_t row) {
    return out->validity == NULL || bit_get(out->validity, row);
}

/* Makes a row of the result NULL. */
static inline Status fn_set_null(const Context *cx, Vector *out, uint32_t row) {
    if (out->validity == NULL) {
        TRY(vector_prepare_validity(cx, out, true));
    }
    bit_clear(out->validity, row);
    return OK;
}

static inline Status fail_overflow(const Context *cx, Type type) {
    char name[32];
    if (type.id == TYPE_REAL || type.id == TYPE_DOUBLE) {
        return fail(cx, NUMERIC_OUT_OF_RANGE, "value out of range: overflow");
    }
    if (type.id == TYPE_DECIMAL) {
        return fail(cx, NUMERIC_OUT_OF_RANGE, "numeric field overflow: the result does not fit %s", type_name(type, name));
    }
    bool is_datetime = type_is_moment(type) || type.id == TYPE_TIME || type.id == TYPE_INTERVAL;
    return fail(cx, is_datetime ? DATETIME_OUT_OF_RANGE : NUMERIC_OUT_OF_RANGE, "%s out of range", type_name(type, name));
}

static inline Status fail_division_by_zero(const Context *cx) {
    return fail(cx, DIVISION_BY_ZERO, "division by zero");
}

/* Room for `bytes` of text that lives as long as the result; NULL after OUT_OF_MEMORY. */
static inline char *fn_text_room(const Context *cx, Arena *arena, size_t bytes) {
    return arena_alloc(cx, arena, bytes + 1);
}

static inline void out_text(Vector *out, uint32_t row, const char *data, size_t bytes) {
    ((Text *)out->data)[row] = text_view(data, (uint32_t)bytes);
}

#define FUNCTION(name, arguments, result, flags, loop, help) FunctionLoop loop;
#define FORM(name, arguments, result, binder, help)
#include "expr/functions.def"
#undef FUNCTION
#undef FORM

#endif
