/* Names and types of window functions. Aggregates: aggregate_bind.c, aggregate_split.c. */
#include "expr/aggregates.h"

#include "expr/bind_internal.h"

#include <strings.h>

static const char *const window_names[] = {
    [WINDOW_AGGREGATE] = "aggregate",
#define WINDOW(tag, name, arguments, help) [WINDOW_##tag] = name,
#include "expr/windows.def"
#undef WINDOW
};

static bool find_window(const char *name, WindowId *id) {
    for (int i = WINDOW_AGGREGATE + 1; i < WINDOW_COUNT_OF; i++) {
        if (strcasecmp(name, window_names[i]) == 0) {
            *id = (WindowId)i;
            return true;
        }
    }
    return false;
}

bool window_exists(const char *name) {
    WindowId id;
    return find_window(name, &id);
}

bool window_takes_nulls(const char *name) {
    WindowId id;
    return find_window(name, &id) && (id == WINDOW_LAG || id == WINDOW_LEAD || id == WINDOW_FIRST_VALUE ||
                                      id == WINDOW_LAST_VALUE || id == WINDOW_NTH_VALUE);
}

static Status check_count(const Context *cx, const char *name, uint32_t arg_count, uint32_t least, uint32_t most,
                          SourcePos pos) {
    if (arg_count >= least && arg_count <= most) {
        return OK;
    }
    if (least == most) {
        return fail_at(cx, pos, UNDEFINED_FUNCTION, "window function %s takes %u argument%s, not %u", name, least,
                       least == 1 ? "" : "s", arg_count);
    }
    return fail_at(cx, pos, UNDEFINED_FUNCTION, "window function %s takes %u to %u arguments, not %u", name, least, most,
                   arg_count);
}

/* lag(value [, offset [, default]]) */
static Status bind_lag(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos,
                       Type *result) {
    TRY(check_count(cx, name, arg_count, 1, 3, pos));
    if (arg_count > 1) {
        TRY(cast_implicit(cx, arena, args[1], type_make(TYPE_BIGINT), &args[1]));
    }
    if (arg_count == 3) {
        Expr *both[2] = {args[0], args[2]};
        TRY(cast_to_common(cx, arena, both, 2, name, result));
        args[0] = both[0];
        args[2] = both[1];
        return OK;
    }
    return cast_to_common(cx, arena, args, 1, name, result);
}

Status window_bind(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos,
                   WindowId *id, Type *result) {
    if (!find_window(name, id)) {
        return fail_at(cx, pos, UNDEFINED_FUNCTION, "window function %s does not exist", name);
    }
    switch (*id) {
    case WINDOW_LAG:
    case WINDOW_LEAD: return bind_lag(cx, arena, name, args, arg_count, pos, result);
    case WINDOW_FIRST_VALUE:
    case WINDOW_LAST_VALUE:
        TRY(check_count(cx, name, arg_count, 1, 1, pos));
        return cast_to_common(cx, arena, args, 1, name, result);
    case WINDOW_NTH_VALUE:
        TRY(check_count(cx, name, arg_count, 2, 2, pos));
        TRY(cast_implicit(cx, arena, args[1], type_make(TYPE_BIGINT), &args[1]));
        return cast_to_common(cx, arena, args, 1, name, result);
    case WINDOW_RATIO_TO_REPORT: *result = type_make(TYPE_DOUBLE); return check_count(cx, name, arg_count, 1, 1, pos);
    case WINDOW_NTILE:
        *result = type_make(TYPE_BIGINT);
        TRY(check_count(cx, name, arg_count, 1, 1, pos));
        return cast_implicit(cx, arena, args[0], type_make(TYPE_BIGINT), &args[0]);
    case WINDOW_PERCENT_RANK:
    case WINDOW_CUME_DIST: *result = type_make(TYPE_DOUBLE); return check_count(cx, name, arg_count, 0, 0, pos);
    default: *result = type_make(TYPE_BIGINT); return check_count(cx, name, arg_count, 0, 0, pos);
    }
}

Status aggregate_empty_value(const Context *cx, Arena *arena, const Aggregate *aggregate, Value *value) {
    uint8_t *state;
    Vector out;
    TRY_NEW_ARRAY(cx, arena, state, aggregate->state_bytes + 2 * 16);
    state += -(uintptr_t)state % 16;
    vector_init(&out, aggregate->result);
    Status status = aggregate->finish(cx, aggregate, state, aggregate->state_bytes, 1, &out, arena);
    if (status == OK) {
        Value result = vector_value(&out, 0);
        status = value_copy(cx, arena, &result, value);
    }
    vector_free(&out);
    return status;
}
