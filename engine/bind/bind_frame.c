/* Frames of windows: which bounds go together, and their offsets, which are constants of the query. */
#include "bind/select.h"
#include "core/decimal.h"
#include "core/interval.h"

static Clause frame_clause(const AstFrame *frame) {
    switch (frame->unit) {
    case AST_FRAME_RANGE: return CLAUSE_FRAME_RANGE;
    case AST_FRAME_GROUPS: return CLAUSE_FRAME_GROUPS;
    default: return CLAUSE_FRAME;
    }
}

static Status fail_null_offset(const Context *cx, const AstExpr *offset, const char *what) {
    return fail_at(cx, expr_start(offset), NULL_NOT_ALLOWED, "frame %s offset must not be null", what);
}

/* ROWS and GROUPS: a number of them. */
static Status bind_count(const Context *cx, Place *place, const AstExpr *ast, const char *what, int64_t *offset) {
    bool is_null;
    TRY(bind_constant_integer(cx, place, ast, offset, &is_null));
    if (is_null) {
        return fail_null_offset(cx, ast, what);
    }
    return *offset >= 0 ? OK : fail_at(cx, expr_start(ast), INVALID_FRAME_OFFSET, "frame %s offset must not be negative", what);
}

/* ------------------------------------------------------------------------------------------------------------------ RANGE */

/* What the distance to a key of the type is made of, TYPE_NULL if keys of the type have none. */
static Type distance_type(Type key) {
    switch ((TypeId)key.id) {
    case TYPE_SMALLINT:
    case TYPE_INTEGER:
    case TYPE_BIGINT: return type_make(TYPE_BIGINT);
    case TYPE_DECIMAL: return key;
    case TYPE_REAL:
    case TYPE_DOUBLE: return type_make(TYPE_DOUBLE);
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
    case TYPE_TIME:
    case TYPE_INTERVAL: return type_make(TYPE_INTERVAL);
    default: return type_make(TYPE_NULL);
    }
}

static bool is_integer(Type type) {
    return type.id == TYPE_SMALLINT || type.id == TYPE_INTEGER || type.id == TYPE_BIGINT;
}

static bool distance_fits(const Expr *offset, Type distance) {
    Type type = offset->type;
    switch ((TypeId)distance.id) {
    case TYPE_BIGINT: return expr_is_literal(offset) || is_integer(type);
    case TYPE_DECIMAL: return expr_is_literal(offset) || is_integer(type) || type.id == TYPE_DECIMAL;
    case TYPE_DOUBLE: return expr_is_literal(offset) || type_is_numeric(type);
    default: return expr_is_literal(offset) || type.id == TYPE_INTERVAL;
    }
}

static Status check_distance(const Context *cx, const AstExpr *ast, const Expr *offset, Type key) {
    char key_name[48], offset_name[48];
    Type distance = distance_type(key);
    if (distance.id == TYPE_NULL) {
        return fail_at(cx, expr_start(ast), FEATURE_NOT_SUPPORTED,
                       "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", type_name(key, key_name));
    }
    if (distance_fits(offset, distance)) {
        return OK;
    }
    fail_at(cx, expr_start(ast), FEATURE_NOT_SUPPORTED,
            "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s",
            type_name(key, key_name), type_name(offset->type, offset_name));
    return fail_hint(cx, distance.id == TYPE_INTERVAL ? "write an interval: INTERVAL '1 day' PRECEDING"
                                                      : "Cast the offset value to an appropriate type.");
}

/* Decimals have a distance at the key's scale: keys are whole multiples of it, so digits past it only decide which of two
 * neighbours is meant. `takes_upper`: the bound is away from the row, as the start of FOLLOWING is. */
static bool scale_distance(const Value *offset, Type key, bool takes_upper, Value *out) {
    __int128 digits = type_class(offset->type) == CLASS_I128 ? offset->i128 : offset->i64, power;
    *out = (Value){.type = type_decimal(DECIMAL_PRECISION_MAX, key.scale)};
    if (offset->type.scale <= key.scale) {
        power = decimal_power(key.scale - offset->type.scale);
        if (__builtin_mul_overflow(digits, power, &out->i128)) { /* past all keys */
            out->i128 = decimal_power(DECIMAL_PRECISION_MAX) * (digits < 0 ? -1 : 1);
        }
        return true;
    }
    power = decimal_power(offset->type.scale - key.scale);
    out->i128 = digits / power + (digits > 0 && takes_upper && digits % power != 0);
    return digits >= 0;
}

static bool is_negative(const Value *offset) {
    switch (type_class(offset->type)) {
    case CLASS_I128: return offset->i128 < 0;
    case CLASS_F64: return !(offset->f64 >= 0);
    case CLASS_INTERVAL: return interval_order(offset->interval) < 0;
    default: return offset->i64 < 0;
    }
}

/* A bare literal takes the type that the distance wants; decimals keep their digits until they are scaled. */
static Status evaluate_distance(const Context *cx, Arena *arena, const AstExpr *ast, Expr *offset, Type key, Value *out) {
    Type distance = distance_type(key);
    if (distance.id != TYPE_DECIMAL) {
        TRY(cast_bind(cx, arena, offset, distance, false, false, &offset));
    } else if (expr_is_literal(offset)) {
        TRY(cast_bind(cx, arena, offset, type_decimal(DECIMAL_PRECISION_MAX, DECIMAL_SCALE_DEFAULT), false, false, &offset));
    } else if (offset->type.id != TYPE_DECIMAL) {
        TRY(cast_bind(cx, arena, offset, type_decimal(DECIMAL_PRECISION_MAX, 0), false, false, &offset));
    }
    Status status = expr_eval_constant(cx, arena, offset, out);
    if (status != OK) {
        error_set_pos_if_none(cx, ast->pos);
    }
    return status;
}

static Status bind_distance(const Context *cx, Place *place, const AstBound *bound, bool is_start, Type key, Value *out) {
    const AstExpr *ast = bound->offset;
    const char *what = is_start ? "starting" : "ending";
    Expr *offset;
    TRY(bind_constant(cx, place, ast, &offset));
    TRY(check_distance(cx, ast, offset, key));
    TRY(evaluate_distance(cx, place->binder->arena, ast, offset, key, out));
    if (out->is_null) {
        return fail_null_offset(cx, ast, what);
    }
    if (key.id == TYPE_TIME) { /* a time has no days to move by */
        out->interval.months = out->interval.days = 0;
    }
    bool negative = is_negative(out);
    if (key.id == TYPE_DECIMAL) {
        Value given = *out;
        scale_distance(&given, key, is_start == (bound->kind == AST_BOUND_FOLLOWING), out);
    }
    return !negative
               ? OK
               : fail_at(cx, expr_start(ast), INVALID_FRAME_OFFSET, "invalid preceding or following size in window function");
}

/* ----------------------------------------------------------------------------------------------------------------- bounds */

static Status bind_bound(const Context *cx, Place *place, const AstFrame *frame, bool is_start, const WindowSet *set,
                         WindowFrame *out) {
    const AstBound *ast = is_start ? &frame->start : &frame->end;
    if (ast->kind != AST_BOUND_PRECEDING && ast->kind != AST_BOUND_FOLLOWING) {
        return OK;
    }
    Place constant = {.binder = place->binder, .scope = place->scope, .clause = frame_clause(frame)};
    if (frame->unit != AST_FRAME_RANGE) {
        return bind_count(cx, &constant, ast->offset, is_start ? "starting" : "ending",
                          is_start ? &out->start_offset : &out->end_offset);
    }
    if (set->key_count != 1) {
        return fail_at(cx, frame->pos, WINDOWING_ERROR,
                       "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column");
    }
    return bind_distance(cx, &constant, ast, is_start, set->keys[0].expr->type, is_start ? &out->start_range : &out->end_range);
}

/* Frames that say the same in fewer words: GROUPS without offsets is RANGE, without an order all rows are peers. */
static void simplify_frame(const WindowSet *set, WindowFrame *frame) {
    bool has_offset = bound_has_offset(frame->start) || bound_has_offset(frame->end);
    if (frame->mode == FRAME_GROUPS && !has_offset) {
        frame->mode = FRAME_RANGE;
    }
    if (frame->mode == FRAME_RANGE && set->key_count == 0) {
        frame->start = BOUND_UNBOUNDED_PRECEDING;
        frame->end = BOUND_UNBOUNDED_FOLLOWING;
    }
    if (frame->start == BOUND_UNBOUNDED_PRECEDING && frame->end == BOUND_UNBOUNDED_FOLLOWING) {
        frame->mode = FRAME_ROWS;
    }
}

Status bind_frame(const Context *cx, Place *place, const AstFrame *frame, const WindowSet *set, WindowFrame *out) {
    static const FrameMode modes[] = {
        [AST_FRAME_NONE] = FRAME_RANGE,
        [AST_FRAME_ROWS] = FRAME_ROWS,
        [AST_FRAME_RANGE] = FRAME_RANGE,
        [AST_FRAME_GROUPS] = FRAME_GROUPS,
    };
    static const FrameBound bounds[] = {
        [AST_BOUND_UNBOUNDED_PRECEDING] = BOUND_UNBOUNDED_PRECEDING,
        [AST_BOUND_PRECEDING] = BOUND_PRECEDING,
        [AST_BOUND_CURRENT_ROW] = BOUND_CURRENT_ROW,
        [AST_BOUND_FOLLOWING] = BOUND_FOLLOWING,
        [AST_BOUND_UNBOUNDED_FOLLOWING] = BOUND_UNBOUNDED_FOLLOWING,
    };
    static const FrameExclude excludes[] = {
        [AST_EXCLUDE_NO_OTHERS] = EXCLUDE_NO_OTHERS,
        [AST_EXCLUDE_CURRENT_ROW] = EXCLUDE_CURRENT_ROW,
        [AST_EXCLUDE_GROUP] = EXCLUDE_GROUP,
        [AST_EXCLUDE_TIES] = EXCLUDE_TIES,
    };
    bool is_default = frame->unit == AST_FRAME_NONE; /* up to the row and its peers */
    if (frame->unit == AST_FRAME_GROUPS && set->key_count == 0) {
        return fail_at(cx, frame->pos, WINDOWING_ERROR, "GROUPS mode requires an ORDER BY clause");
    }
    *out = (WindowFrame){.mode = modes[frame->unit],
                         .start = is_default ? BOUND_UNBOUNDED_PRECEDING : bounds[frame->start.kind],
                         .end = is_default ? BOUND_CURRENT_ROW : bounds[frame->end.kind],
                         .exclude = is_default ? EXCLUDE_NO_OTHERS : excludes[frame->exclude]};
    if (!is_default) {
        TRY(bind_bound(cx, place, frame, true, set, out));
        TRY(bind_bound(cx, place, frame, false, set, out));
    }
    simplify_frame(set, out);
    return OK;
}

static bool same_distance(const Value *a, const Value *b) {
    return a->type.id == b->type.id && (a->type.id == TYPE_NULL || value_compare(a, b) == 0);
}

bool frame_equal(const WindowFrame *a, const WindowFrame *b) {
    return a->mode == b->mode && a->start == b->start && a->end == b->end && a->exclude == b->exclude &&
           a->start_offset == b->start_offset && a->end_offset == b->end_offset &&
           same_distance(&a->start_range, &b->start_range) && same_distance(&a->end_range, &b->end_range);
}
