/* Vectorized casts. Same bits under another name cost nothing and keep codes; numbers run through kernels; the rest, and
 * whatever a kernel found trouble in, goes value by value through value_cast(). */
#include "expr/cast.h"

#include "core/bits.h"
#include "core/datetime.h"
#include "core/decimal.h"
#include "core/timezone.h"
#include "expr/eval_node.h"
#include "kernels/calendar_kernels.h"
#include "kernels/cast_kernels.h"

static const uint8_t contexts[TYPE_COUNT][TYPE_COUNT] = {
#define CAST(from, to, context) [TYPE_##from][TYPE_##to] = CAST_##context,
#include "expr/casts.def"
#undef CAST
};

CastContext cast_context(Type from, Type to) {
    return from.id == to.id || from.id == TYPE_NULL ? CAST_IMPLICIT : (CastContext)contexts[from.id][to.id];
}

/* ---------------------------------------------------------------------------------------------------------------- relabel */

static bool text_needs_no_cut(Type from, Type to) {
    return to.length == 0 ? to.id == TYPE_VARCHAR || from.id == TYPE_CHAR
                          : from.id == to.id && from.length > 0 && from.length <= to.length;
}

/* The same bits mean the same value in both types. */
static bool is_relabel(Type from, Type to) {
    if (type_class(from) != type_class(to)) {
        return false;
    }
    if (from.id == TYPE_DECIMAL && to.id == TYPE_DECIMAL) {
        return from.scale == to.scale && from.precision <= to.precision;
    }
    if (type_is_text(from) && type_is_text(to)) {
        return text_needs_no_cut(from, to);
    }
    return from.id == to.id && type_second_digits(to) >= type_second_digits(from);
}

/* Codes over a base are integers already: only the type's name changes if all of them fit. */
static bool codes_fit(const Vector *in, Type to) {
    if (in->kind != VECTOR_CODES || in->dictionary != NULL || !type_is_integer(in->type) || !type_is_integer(to)) {
        return false;
    }
    int64_t limit = to.id == TYPE_SMALLINT ? INT16_MAX : to.id == TYPE_INTEGER ? INT32_MAX : INT64_MAX;
    return to.id >= in->type.id ||
           (in->base >= -limit - 1 && (__int128)in->base + ((int64_t)1 << (8 * in->code_bytes)) - 1 <= limit);
}

/* ----------------------------------------------------------------------------------------------------------- value by value */

static Status cast_one(const Context *cx, const Value *from, Type to, bool is_try, Arena *arena, Value *out) {
    Status status = value_cast(cx, arena, from, to, out);
    if (status != OK && is_try && status_is_of_data(status)) {
        error_clear(cx->error);
        *out = value_null(to);
        return OK;
    }
    return status;
}

static Status cast_rows(const Context *cx, const Vector *flat, uint32_t rows, Type to, bool is_try, Arena *arena, Vector *out) {
    uint32_t bytes = type_bytes(to);
    for (uint32_t row = 0; row < rows; row++) {
        if (!vector_is_valid(flat, row)) {
            continue;
        }
        Value from = value_load(flat->type, flat->data, row), result;
        TRY(cast_one(cx, &from, to, is_try, arena, &result));
        if (!result.is_null) {
            value_store(&result, out->data, row);
            continue;
        }
        memset((char *)out->data + (size_t)row * bytes, 0, bytes);
        if (out->validity != out->owned_validity || out->validity == NULL) {
            const uint64_t *validity = out->validity;
            TRY(vector_prepare_validity(cx, out, true));
            for (uint32_t word = 0; validity != NULL && word < BITS_WORDS(rows); word++) {
                out->validity[word] = validity[word];
            }
        }
        bit_clear(out->validity, row);
    }
    return OK;
}

/* Numbers and moments into texts. */
static Status cast_rows_to_text(const Context *cx, const Vector *flat, uint32_t rows, Type to, Arena *arena, Vector *out) {
    Text *texts = out->data;
    for (uint32_t row = 0; row < rows; row++) {
        if (!vector_is_valid(flat, row)) {
            continue;
        }
        Value from = value_load(flat->type, flat->data, row);
        char buffer[VALUE_PRINT_MAX];
        const char *data;
        size_t bytes;
        value_print_as_text(cx->zone, &from, to, buffer, &data, &bytes);
        if (bytes > TEXT_INLINE_MAX) {
            data = arena_copy_text(cx, arena, data, bytes);
            if (data == NULL) {
                return OUT_OF_MEMORY;
            }
        }
        texts[row] = text_view(data, (uint32_t)bytes);
    }
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------------- kernels */

static uint32_t scale_of(Type type) {
    return type.id == TYPE_DECIMAL ? type.scale : 0;
}

/* |value| < limit for what `to` holds. */
static __int128 limit_of(Type to) {
    switch ((TypeId)to.id) {
    case TYPE_SMALLINT: return (__int128)INT16_MAX + 1;
    case TYPE_INTEGER: return (__int128)INT32_MAX + 1;
    case TYPE_BIGINT: return (__int128)INT64_MAX + 1;
    default: return decimal_power(to.precision);
    }
}

/* True if the kernel did it all. */
static bool cast_exact_numbers(const void *from, Type from_type, Type to, uint32_t rows, void *out) {
    StorageClass a = type_class(from_type), b = type_class(to);
    uint32_t from_scale = scale_of(from_type), to_scale = scale_of(to);
    if (from_type.id != TYPE_DECIMAL && to.id != TYPE_DECIMAL) {
        return !cast_kernels->convert[a][b](from, out, rows);
    }
    if (from_scale > to_scale) {
        return !cast_kernels->scale_down[a][b](from, decimal_power(from_scale - to_scale), limit_of(to), out, rows);
    }
    if (to.id != TYPE_DECIMAL) {
        return !cast_kernels->convert[a][b](from, out, rows);
    }
    uint32_t step = to_scale - from_scale;
    bool narrows = step > 18 && b == CLASS_I64; /* the factor itself would not fit */
    return !narrows && !cast_kernels->scale_up[a][b](from, decimal_power(step), limit_of(to), out, rows);
}

static bool cast_to_float(const void *from, Type from_type, Type to, uint32_t rows, void *out) {
    if (from_type.id != TYPE_DECIMAL) {
        return !cast_kernels->convert[type_class(from_type)][type_class(to)](from, out, rows);
    }
    if (to.id == TYPE_REAL) {
        return false;
    }
    double *doubles = out;
    for (uint32_t i = 0; i < rows; i++) {
        __int128 value = type_class(from_type) == CLASS_I128 ? ((const __int128 *)from)[i] : ((const int64_t *)from)[i];
        doubles[i] = decimal_to_double(value, from_type.scale);
    }
    return true;
}

static bool is_float(Type type) {
    return type.id == TYPE_REAL || type.id == TYPE_DOUBLE;
}

/* DATE, TIMESTAMP and TIMESTAMPTZ into each other. False if a result is out of range: then the slow way says which. */
static bool cast_moments(const Context *cx, const Vector *flat, Type to, uint32_t rows, void *out) {
    bool from_zoned = flat->type.id == TYPE_TIMESTAMPTZ && cx->zone != NULL, good = true;
    bool to_zoned = to.id == TYPE_TIMESTAMPTZ && cx->zone != NULL;
    uint32_t digits = to.id == TYPE_DATE ? 6 : type_second_digits(to);
    if (flat->type.id == TYPE_TIMESTAMP && to.id == TYPE_DATE) { /* every moment has a day */
        calendar_kernels->days(flat->data, rows, out);
        return true;
    }
    for (uint32_t i = 0; i < rows; i++) {
        int64_t moment =
            flat->type.id == TYPE_DATE ? ((const int32_t *)flat->data)[i] * MICROS_PER_DAY : ((const int64_t *)flat->data)[i];
        moment = from_zoned ? timezone_to_local(cx->zone, moment) : moment;
        moment = to_zoned ? timezone_from_local(cx->zone, moment) : moment;
        moment = digits < 6 ? timestamp_round(moment, digits) : moment;
        good = good && timestamp_in_range(moment);
        if (to.id == TYPE_DATE) {
            int64_t micros;
            ((int32_t *)out)[i] = timestamp_days(moment, &micros);
        } else {
            ((int64_t *)out)[i] = moment;
        }
    }
    return good;
}

static bool cast_by_kernel(const Context *cx, const Vector *flat, Type to, uint32_t rows, void *out) {
    if (type_is_moment(flat->type) && type_is_moment(to)) {
        return cast_moments(cx, flat, to, rows, out);
    }
    if (!type_is_numeric(flat->type) || !type_is_numeric(to)) {
        return false;
    }
    if (is_float(to)) {
        return cast_to_float(flat->data, flat->type, to, rows, out);
    }
    if (!is_float(flat->type)) {
        return cast_exact_numbers(flat->data, flat->type, to, rows, out);
    }
    return to.id != TYPE_DECIMAL && !cast_kernels->convert[type_class(flat->type)][type_class(to)](flat->data, out, rows);
}

static Status cast_constant(const Context *cx, const Vector *in, Type to, bool is_try, Arena *arena, Vector *out) {
    Value from = vector_value(in, 0), result;
    TRY(cast_one(cx, &from, to, is_try, arena, &result));
    return vector_set_constant(cx, out, &result);
}

Status cast_vector(const Context *cx, const Vector *in, uint32_t rows, Type to, bool is_try, Arena *text_arena, Vector *flat,
                   Vector *out) {
    if (is_relabel(in->type, to) || codes_fit(in, to)) {
        vector_borrow(out, in);
        out->type = to;
        return OK;
    }
    if (in->kind == VECTOR_CONSTANT) {
        return cast_constant(cx, in, to, is_try, text_arena, out);
    }
    TRY(vector_flatten(cx, in, rows, flat));
    TRY(vector_prepare_flat(cx, out, to));
    out->validity = flat->validity;
    if (type_is_text(to) && !type_is_text(flat->type)) {
        TRY(cast_rows_to_text(cx, flat, rows, to, text_arena, out));
    } else if (!cast_by_kernel(cx, flat, to, rows, out->data)) {
        TRY(cast_rows(cx, flat, rows, to, is_try, text_arena, out));
    }
    if (out->validity != NULL) {
        vector_zero_nulls(out, rows);
    }
    return OK;
}
