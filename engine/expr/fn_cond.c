/* greatest, least and other functions over any type. */
#include "expr/fn_loop.h"

/* NULLs are passed over; NULL only if all are. */
static Status pick_extreme(const Context *cx, const Vector *const *args, uint32_t arg_count, uint32_t rows, bool greatest,
                           Vector *out) {
    for (uint32_t row = 0; row < rows; row++) {
        Value best = value_null(out->type);
        for (uint32_t i = 0; i < arg_count; i++) {
            Value value = vector_value(args[i], row);
            if (value.is_null) {
                continue;
            }
            int order = best.is_null ? 0 : value_compare(&value, &best);
            if (best.is_null || (greatest ? order > 0 : order < 0)) {
                best = value;
            }
        }
        if (best.is_null) {
            TRY(fn_set_null(cx, out, row));
        } else {
            best.type = out->type;
            value_store(&best, out->data, row);
        }
    }
    return OK;
}

Status fn_greatest(FN_PARAMETERS) {
    FN_UNUSED;
    return pick_extreme(cx, args, arg_count, rows, true, out);
}

Status fn_least(FN_PARAMETERS) {
    FN_UNUSED;
    return pick_extreme(cx, args, arg_count, rows, false, out);
}

Status fn_typeof(FN_PARAMETERS) {
    FN_UNUSED;
    char name[32];
    type_name(args[0]->type, name);
    char *copy = arena_copy_text(cx, arena, name, strlen(name));
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    for (uint32_t row = 0; row < rows; row++) {
        out_text(out, row, copy, strlen(copy));
    }
    return OK;
}

/* A number of LIMIT or OFFSET. */
Status fn_row_count(FN_PARAMETERS) {
    FN_UNUSED;
    bool is_limit = function->name[0] == 'l';
    for (uint32_t row = 0; row < rows; row++) {
        int64_t count = arg_I64(args[0], row);
        if (count < 0 && fn_row_valid(out, row)) {
            return fail(cx, is_limit ? INVALID_LIMIT : INVALID_OFFSET, "%s must not be negative",
                        is_limit ? "LIMIT" : "OFFSET");
        }
        ((int64_t *)out->data)[row] = count;
    }
    return OK;
}

/* The first argument, made NULL where it equals the second. */
Status fn_null_if_equal(FN_PARAMETERS) {
    FN_UNUSED;
    uint32_t bytes = type_bytes(out->type);
    for (uint32_t row = 0; row < rows; row++) {
        Value value = vector_value(args[0], row), other = vector_value(args[1], row);
        if (value.is_null || (!other.is_null && value_compare(&value, &other) == 0)) {
            memset((char *)out->data + (size_t)row * bytes, 0, bytes);
            TRY(fn_set_null(cx, out, row));
        } else {
            value_store(&value, out->data, row);
        }
    }
    return OK;
}
