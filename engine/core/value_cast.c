/* Casts of one boxed value between types: the scalar truth that the vectorized casts of expr/cast.c agree with. */
#include "core/decimal.h"
#include "core/value_datetime.h"

#include <math.h>

static Status fail_cannot_cast(const Context *cx, Type from, Type to) {
    char from_name[32], to_name[32];
    return fail(cx, CANNOT_COERCE, "cannot cast type %s to %s", type_name(from, from_name), type_name(to, to_name));
}

static Status fail_out_of_range(const Context *cx, Type to) {
    char name[32];
    if (to.id == TYPE_DECIMAL) {
        fail(cx, NUMERIC_OUT_OF_RANGE, "numeric field overflow");
        return fail_hint(cx, "a field with precision %u, scale %u must round to an absolute value less than 10^%u",
                         to.precision, to.scale, to.precision - to.scale);
    }
    return fail(cx, NUMERIC_OUT_OF_RANGE, "%s out of range", type_name(to, name));
}

static __int128 decimal_of(const Value *value) {
    return type_class(value->type) == CLASS_I128 ? value->i128 : (__int128)value->i64;
}

static Status store_integer(const Context *cx, __int128 number, Value *out) {
    int64_t limit = out->type.id == TYPE_SMALLINT ? INT16_MAX : out->type.id == TYPE_INTEGER ? INT32_MAX : INT64_MAX;
    if (number > limit || number < -(__int128)limit - 1) {
        return fail_out_of_range(cx, out->type);
    }
    out->i64 = (int64_t)number;
    return OK;
}

static Status cast_to_integer(const Context *cx, const Value *from, Value *out) {
    switch ((TypeId)from->type.id) {
    case TYPE_BOOLEAN:
    case TYPE_SMALLINT:
    case TYPE_INTEGER:
    case TYPE_BIGINT: return store_integer(cx, from->i64, out);
    case TYPE_DECIMAL: {
        __int128 whole;
        decimal_rescale(decimal_of(from), from->type.scale, 0, &whole);
        return store_integer(cx, whole, out);
    }
    case TYPE_REAL:
    case TYPE_DOUBLE: {
        double whole = rint(from->f64); /* half to even, as PostgreSQL casts doubles */
        if (!(whole >= -0x1p63 && whole < 0x1p63)) {
            return fail_out_of_range(cx, out->type);
        }
        return store_integer(cx, (__int128)whole, out);
    }
    default: return fail_cannot_cast(cx, from->type, out->type);
    }
}

static Status cast_to_decimal(const Context *cx, const Value *from, Value *out) {
    __int128 number = 0;
    bool good;
    switch ((TypeId)from->type.id) {
    case TYPE_SMALLINT:
    case TYPE_INTEGER:
    case TYPE_BIGINT: good = decimal_rescale(from->i64, 0, out->type.scale, &number); break;
    case TYPE_DECIMAL: good = decimal_rescale(decimal_of(from), from->type.scale, out->type.scale, &number); break;
    case TYPE_REAL:
    case TYPE_DOUBLE: good = isfinite(from->f64) && decimal_from_double(from->f64, out->type.scale, &number); break;
    default: return fail_cannot_cast(cx, from->type, out->type);
    }
    if (!good || !decimal_fits(number, out->type.precision)) {
        return fail_out_of_range(cx, out->type);
    }
    if (type_class(out->type) == CLASS_I128) {
        out->i128 = number;
    } else {
        out->i64 = (int64_t)number;
    }
    return OK;
}

static Status cast_to_double(const Context *cx, const Value *from, Value *out) {
    switch ((TypeId)from->type.id) {
    case TYPE_SMALLINT:
    case TYPE_INTEGER:
    case TYPE_BIGINT: out->f64 = (double)from->i64; break;
    case TYPE_DECIMAL: out->f64 = decimal_to_double(decimal_of(from), from->type.scale); break;
    case TYPE_REAL:
    case TYPE_DOUBLE: out->f64 = from->f64; break;
    default: return fail_cannot_cast(cx, from->type, out->type);
    }
    if (out->type.id == TYPE_REAL) {
        float narrow = (float)out->f64;
        if (isinf(narrow) && isfinite(out->f64)) {
            return fail(cx, NUMERIC_OUT_OF_RANGE, "value out of range: overflow");
        }
        if (narrow == 0 && out->f64 != 0) {
            return fail(cx, NUMERIC_OUT_OF_RANGE, "value out of range: underflow");
        }
        out->f64 = narrow;
    }
    return OK;
}

/* An explicit cast to CHAR(n) or VARCHAR(n) cuts silently. A CHAR has no blanks at its end. */
static void cut_text(Type type, const char *data, size_t *bytes) {
    if (type.length > 0 && *bytes > type.length) {
        *bytes = utf8_offset(data, *bytes, type.length);
    }
    while (type.id == TYPE_CHAR && *bytes > 0 && data[*bytes - 1] == ' ') {
        (*bytes)--;
    }
}

void value_print_as_text(const TimeZone *zone, const Value *from, Type to, char *buffer, const char **text, size_t *bytes) {
    value_print_in(zone, from, buffer, text, bytes);
    if (from->type.id == TYPE_BOOLEAN) {
        *text = from->i64 ? "true" : "false";
        *bytes = strlen(*text);
    }
    cut_text(to, *text, bytes);
}

static Status cast_to_text(const Context *cx, Arena *arena, const Value *from, Value *out) {
    char buffer[VALUE_PRINT_MAX];
    const char *data;
    size_t bytes;
    value_print_as_text(cx->zone, from, out->type, buffer, &data, &bytes);
    out->text = text_view(data, (uint32_t)bytes);
    return value_copy(cx, arena, out, out);
}

static Status cast_to_boolean(const Context *cx, const Value *from, Value *out) {
    if (from->type.id != TYPE_BOOLEAN && !type_is_integer(from->type)) {
        return fail_cannot_cast(cx, from->type, out->type);
    }
    out->i64 = from->i64 != 0;
    return OK;
}

static Status cast_to_datetime(const Context *cx, const Value *from, Value *out) {
    bool is_possible;
    TRY(value_cast_datetime(cx, from, out, &is_possible));
    return is_possible ? OK : fail_cannot_cast(cx, from->type, out->type);
}

Status value_cast(const Context *cx, Arena *arena, const Value *from, Type to, Value *out) {
    Value input = *from;
    *out = (Value){.type = to};
    if (input.is_null || input.type.id == TYPE_NULL) {
        out->is_null = true;
        return OK;
    }
    if (type_is_text(to)) {
        return cast_to_text(cx, arena, &input, out);
    }
    if (type_is_text(input.type)) {
        return value_parse(cx, to, text_data(&input.text), input.text.bytes, out);
    }
    switch ((TypeId)to.id) {
    case TYPE_BOOLEAN: return cast_to_boolean(cx, &input, out);
    case TYPE_SMALLINT:
    case TYPE_INTEGER:
    case TYPE_BIGINT: return cast_to_integer(cx, &input, out);
    case TYPE_DECIMAL: return cast_to_decimal(cx, &input, out);
    case TYPE_REAL:
    case TYPE_DOUBLE: return cast_to_double(cx, &input, out);
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ: return cast_to_datetime(cx, &input, out);
    case TYPE_INTERVAL:
        if (input.type.id == TYPE_INTERVAL) {
            out->interval = input.interval;
            return OK;
        }
        return cast_to_datetime(cx, &input, out);
    default: return fail_cannot_cast(cx, input.type, to);
    }
}
