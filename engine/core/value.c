/* Boxed values: load, store, compare, print, parse, and the placement hash. Casts between types stand in value_cast.c. */
#include "core/value.h"

#include "core/datetime.h"
#include "core/decimal.h"
#include "core/hash.h"
#include "core/interval.h"
#include "core/value_datetime.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

Value value_null(Type type) {
    return (Value){.type = type, .is_null = true};
}

Value value_i64(Type type, int64_t i64) {
    Value value = {.type = type};
    if (type_class(type) == CLASS_I128) {
        value.i128 = i64;
    } else {
        value.i64 = i64;
    }
    return value;
}

Value value_f64(Type type, double f64) {
    return (Value){.type = type, .f64 = f64};
}

Value value_text(Type type, Text text) {
    return (Value){.type = type, .text = text};
}

Value value_load(Type type, const void *data, uint32_t row) {
    Value value = {.type = type};
    switch (type_class(type)) {
    case CLASS_BOOL: value.i64 = ((const uint8_t *)data)[row]; break;
    case CLASS_I16: value.i64 = ((const int16_t *)data)[row]; break;
    case CLASS_I32: value.i64 = ((const int32_t *)data)[row]; break;
    case CLASS_I64: value.i64 = ((const int64_t *)data)[row]; break;
    case CLASS_I128: value.i128 = ((const __int128 *)data)[row]; break;
    case CLASS_F32: value.f64 = ((const float *)data)[row]; break;
    case CLASS_F64: value.f64 = ((const double *)data)[row]; break;
    case CLASS_TEXT: value.text = ((const Text *)data)[row]; break;
    case CLASS_INTERVAL: value.interval = ((const Interval *)data)[row]; break;
    case CLASS_COUNT: break;
    }
    return value;
}

void value_store(const Value *value, void *data, uint32_t row) {
    switch (type_class(value->type)) {
    case CLASS_BOOL: ((uint8_t *)data)[row] = (uint8_t)value->i64; break;
    case CLASS_I16: ((int16_t *)data)[row] = (int16_t)value->i64; break;
    case CLASS_I32: ((int32_t *)data)[row] = (int32_t)value->i64; break;
    case CLASS_I64: ((int64_t *)data)[row] = value->i64; break;
    case CLASS_I128: ((__int128 *)data)[row] = value->i128; break;
    case CLASS_F32: ((float *)data)[row] = (float)value->f64; break;
    case CLASS_F64: ((double *)data)[row] = value->f64; break;
    case CLASS_TEXT: ((Text *)data)[row] = value->text; break;
    case CLASS_INTERVAL: ((Interval *)data)[row] = value->interval; break;
    case CLASS_COUNT: break;
    }
}

static int compare_doubles(double a, double b) {
    if (isnan(a) || isnan(b)) {
        return isnan(a) - isnan(b);
    }
    return (a > b) - (a < b);
}

int value_compare(const Value *a, const Value *b) {
    switch (type_class(a->type)) {
    case CLASS_I128: return (a->i128 > b->i128) - (a->i128 < b->i128);
    case CLASS_F32:
    case CLASS_F64: return compare_doubles(a->f64, b->f64);
    case CLASS_TEXT: return text_compare(&a->text, &b->text);
    case CLASS_INTERVAL: {
        __int128 x = interval_order(a->interval), y = interval_order(b->interval);
        return (x > y) - (x < y);
    }
    default: return (a->i64 > b->i64) - (a->i64 < b->i64);
    }
}

Status value_copy(const Context *cx, Arena *arena, const Value *from, Value *to) {
    *to = *from;
    if (!from->is_null && type_is_text(from->type) && from->text.bytes > TEXT_INLINE_MAX) {
        char *copy = arena_copy_text(cx, arena, from->text.pointer, from->text.bytes);
        if (copy == NULL) {
            return OUT_OF_MEMORY;
        }
        to->text = text_view(copy, from->text.bytes);
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- printing */

static const char digit_pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
    "49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
    "9899";

static size_t print_i64(int64_t value, char *buffer) {
    char reversed[24], *at = reversed + sizeof reversed;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    for (; rest >= 100; rest /= 100) {
        memcpy(at -= 2, digit_pairs + 2 * (rest % 100), 2);
    }
    if (rest >= 10) {
        memcpy(at -= 2, digit_pairs + 2 * rest, 2);
    } else {
        *--at = (char)('0' + rest);
    }
    if (value < 0) {
        *--at = '-';
    }
    size_t bytes = (size_t)(reversed + sizeof reversed - at);
    memcpy(buffer, at, bytes);
    buffer[bytes] = 0;
    return bytes;
}

static bool reads_back(const char *text, double value, bool is_real) {
    return is_real ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
}

/* The fewest significant digits that read back as the same number, as d.ddde±xx. */
static void shortest_scientific(double value, bool is_real, char *buffer, size_t bytes) {
    int digits_safe = is_real ? 6 : 15, digits_max = is_real ? 9 : 17;
    bool is_tiny = fabs(value) < (is_real ? 1e-37 : 1e-307); /* denormals have fewer digits */
    for (int digits = is_tiny ? 1 : digits_safe; digits <= digits_max; digits++) {
        snprintf(buffer, bytes, "%.*e", digits - 1, value);
        if (reads_back(buffer, value, is_real)) {
            return;
        }
    }
}

static size_t print_digits(const char *digits, uint32_t count, int exponent, bool negative, int exponent_max, char *buffer) {
    char *at = buffer;
    if (negative) {
        *at++ = '-';
    }
    if (exponent < -4 || exponent >= exponent_max) {
        *at++ = digits[0];
        if (count > 1) {
            *at++ = '.';
            memcpy(at, digits + 1, count - 1);
            at += count - 1;
        }
        at += snprintf(at, 8, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
        return (size_t)(at - buffer);
    }
    for (int place = exponent < 0 ? 0 : exponent; place >= exponent - (int)count + 1 || place >= 0; place--) {
        if (place == -1) {
            *at++ = '.';
        }
        int index = exponent - place;
        *at++ = index >= 0 && index < (int)count ? digits[index] : '0';
    }
    *at = 0;
    return (size_t)(at - buffer);
}

/* As PostgreSQL 12 and later: shortest digits, exponent form below 1e-4 and from 1e15 (REAL: 1e6). */
static size_t print_double(double value, bool is_real, char *buffer) {
    if (isnan(value)) {
        return (size_t)snprintf(buffer, 16, "NaN");
    }
    if (isinf(value)) {
        return (size_t)snprintf(buffer, 16, "%s", value > 0 ? "Infinity" : "-Infinity");
    }
    if (value == rint(value) && fabs(value) < (is_real ? 1e6 : 1e15) && !(value == 0 && signbit(value))) {
        return print_i64((int64_t)value, buffer);
    }
    char scientific[40], digits[20];
    uint32_t count = 0;
    shortest_scientific(fabs(value), is_real, scientific, sizeof scientific);
    const char *at = scientific;
    for (; *at != 'e'; at++) {
        if (*at != '.') {
            digits[count++] = *at;
        }
    }
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    return print_digits(digits, count, atoi(at + 1), signbit(value), is_real ? 6 : 15, buffer);
}

void value_print(const Value *value, char *buffer, const char **text, size_t *bytes) {
    value_print_in(NULL, value, buffer, text, bytes);
}

void value_print_in(const TimeZone *zone, const Value *value, char *buffer, const char **text, size_t *bytes) {
    *text = buffer;
    *bytes = 0;
    if (value->is_null) {
        return;
    }
    switch ((TypeId)value->type.id) {
    case TYPE_BOOLEAN:
        buffer[0] = value->i64 ? 't' : 'f';
        *bytes = 1;
        break;
    case TYPE_SMALLINT:
    case TYPE_INTEGER:
    case TYPE_BIGINT: *bytes = print_i64(value->i64, buffer); break;
    case TYPE_DECIMAL:
        *bytes = decimal_print(type_class(value->type) == CLASS_I128 ? value->i128 : value->i64, value->type.scale, buffer);
        break;
    case TYPE_REAL: *bytes = print_double(value->f64, true, buffer); break;
    case TYPE_DOUBLE: *bytes = print_double(value->f64, false, buffer); break;
    case TYPE_CHAR:
    case TYPE_VARCHAR:
        *text = text_data(&value->text);
        *bytes = value->text.bytes;
        break;
    case TYPE_DATE: *bytes = date_print((int32_t)value->i64, buffer); break;
    case TYPE_TIMESTAMP: *bytes = timestamp_print(value->i64, buffer); break;
    case TYPE_TIMESTAMPTZ: *bytes = timestamptz_print(zone, value->i64, buffer); break;
    case TYPE_TIME: *bytes = time_print(value->i64, buffer); break;
    case TYPE_INTERVAL: *bytes = interval_print(value->interval, buffer); break;
    case TYPE_NULL:
    case TYPE_COUNT: break;
    }
}

/* ----------------------------------------------------------------------------------------------------------------- parsing */

#define SHOWN_MAX 120 /* bytes of a bad text that a message shows */

static int shown(size_t bytes) {
    return (int)(bytes < SHOWN_MAX ? bytes : SHOWN_MAX);
}

static Status fail_syntax(const Context *cx, Status status, Type type, const char *text, size_t bytes) {
    char name[32];
    return fail(cx, status, "invalid input syntax for type %s: \"%.*s\"", type_name(type_make(type.id), name), shown(bytes),
                text);
}

static Status fail_range(const Context *cx, Type type, const char *text, size_t bytes) {
    char name[32];
    return fail(cx, NUMERIC_OUT_OF_RANGE, "value \"%.*s\" is out of range for type %s", shown(bytes), text,
                type_name(type, name));
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim(const char **text, size_t *bytes) {
    while (*bytes > 0 && is_space(**text)) {
        (*text)++;
        (*bytes)--;
    }
    while (*bytes > 0 && is_space((*text)[*bytes - 1])) {
        (*bytes)--;
    }
}

static Status parse_integer(const Context *cx, Type type, const char *text, size_t bytes, Value *value) {
    const char *at = text;
    size_t length = bytes;
    trim(&at, &length);
    const char *end = at + length;
    bool negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+') ? 1 : 0;
    if (at == end) {
        return fail_syntax(cx, INVALID_TEXT_REPRESENTATION, type, text, bytes);
    }
    uint64_t size = 0;
    bool overflow = false;
    for (; at < end; at++) {
        uint32_t digit = (uint32_t)(unsigned char)*at - '0';
        if (digit > 9) {
            return fail_syntax(cx, INVALID_TEXT_REPRESENTATION, type, text, bytes);
        }
        overflow |= __builtin_mul_overflow(size, 10, &size) || __builtin_add_overflow(size, digit, &size);
    }
    uint64_t limit = type.id == TYPE_SMALLINT ? INT16_MAX : type.id == TYPE_INTEGER ? INT32_MAX : INT64_MAX;
    if (overflow || size > limit + (negative ? 1 : 0)) {
        return fail_range(cx, type, text, bytes);
    }
    value->i64 = negative ? (int64_t)-size : (int64_t)size;
    return OK;
}

static Status parse_decimal(const Context *cx, Type type, const char *text, size_t bytes, Value *value) {
    __int128 parsed;
    switch (decimal_parse(text, bytes, type.scale, &parsed)) {
    case DECIMAL_BAD_SYNTAX: return fail_syntax(cx, INVALID_TEXT_REPRESENTATION, type, text, bytes);
    case DECIMAL_TOO_BIG: return fail_range(cx, type, text, bytes);
    case DECIMAL_OK: break;
    }
    if (!decimal_fits(parsed, type.precision)) {
        return fail_range(cx, type, text, bytes);
    }
    if (type_class(type) == CLASS_I128) {
        value->i128 = parsed;
    } else {
        value->i64 = (int64_t)parsed;
    }
    return OK;
}

static bool is_decimal_number(const char *at, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        bool good =
            (at[i] >= '0' && at[i] <= '9') || at[i] == '.' || at[i] == 'e' || at[i] == 'E' || at[i] == '-' || at[i] == '+';
        if (!good) {
            return false;
        }
    }
    return bytes > 0;
}

static bool parse_special_double(const char *at, size_t bytes, double *out) {
    static const struct {
        const char *name;
        double value;
    } specials[] = {{"nan", NAN},       {"-nan", NAN},           {"+nan", NAN},      {"infinity", INFINITY},
                    {"inf", INFINITY},  {"+infinity", INFINITY}, {"+inf", INFINITY}, {"-infinity", -INFINITY},
                    {"-inf", -INFINITY}};
    for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++) {
        if (strlen(specials[i].name) == bytes && strncasecmp(specials[i].name, at, bytes) == 0) {
            *out = specials[i].value;
            return true;
        }
    }
    return false;
}

static Status parse_double(const Context *cx, Type type, const char *text, size_t bytes, Value *value) {
    const char *at = text;
    size_t length = bytes;
    trim(&at, &length);
    if (parse_special_double(at, length, &value->f64)) {
        return OK;
    }
    char stack[64], *stop, *copy = stack;
    if (!is_decimal_number(at, length)) {
        return fail_syntax(cx, INVALID_TEXT_REPRESENTATION, type, text, bytes);
    }
    if (length >= sizeof stack) {
        TRY_ALLOC(cx, copy, length + 1);
    }
    memcpy(copy, at, length);
    copy[length] = 0;
    value->f64 = type.id == TYPE_REAL ? (double)strtof(copy, &stop) : strtod(copy, &stop);
    bool complete = stop == copy + length;
    size_t mantissa = strcspn(copy, "eE");
    bool underflow = value->f64 == 0 && strcspn(copy, "123456789") < mantissa;
    if (copy != stack) {
        mem_free(copy);
    }
    if (!complete) {
        return fail_syntax(cx, INVALID_TEXT_REPRESENTATION, type, text, bytes);
    }
    return isinf(value->f64) || underflow ? fail_range(cx, type, text, bytes) : OK;
}

static Status parse_boolean(const Context *cx, Type type, const char *text, size_t bytes, Value *value) {
    static const char *const words[2][5] = {{"false", "no", "off", "0", NULL}, {"true", "yes", "on", "1", NULL}};
    const char *at = text;
    size_t length = bytes;
    trim(&at, &length);
    for (int truth = 0; truth < 2; truth++) {
        for (int i = 0; words[truth][i] != NULL; i++) {
            bool is_short_o = length == 1 && words[truth][i][0] == 'o'; /* "o" may be on or off */
            if (length > 0 && length <= strlen(words[truth][i]) && !is_short_o &&
                strncasecmp(words[truth][i], at, length) == 0) {
                value->i64 = truth;
                return OK;
            }
        }
    }
    return fail_syntax(cx, INVALID_TEXT_REPRESENTATION, type, text, bytes);
}

static Status parse_text(const Context *cx, Type type, const char *text, size_t bytes, Value *value) {
    size_t kept = bytes;
    if (type.id == TYPE_CHAR) {
        while (kept > 0 && text[kept - 1] == ' ') {
            kept--;
        }
    }
    if (type.length > 0 && kept > type.length) {
        size_t fits = utf8_offset(text, kept, type.length);
        while (kept > fits && text[kept - 1] == ' ') {
            kept--; /* surplus spaces may go, as the standard says */
        }
        if (kept > fits) {
            char name[32];
            return fail(cx, STRING_TOO_LONG, "value too long for type %s", type_name(type, name));
        }
    }
    if (kept > UINT32_MAX) {
        return fail(cx, PROGRAM_LIMIT_EXCEEDED, "text of more than 4 GB");
    }
    value->text = text_view(text, (uint32_t)kept);
    return OK;
}

static Status parse_interval(const Context *cx, Type type, const char *text, size_t bytes, Value *value) {
    switch (interval_parse(text, bytes, &value->interval)) {
    case INTERVAL_BAD_SYNTAX: return fail_syntax(cx, INVALID_DATETIME_FORMAT, type, text, bytes);
    case INTERVAL_TOO_BIG:
        return fail(cx, INTERVAL_OUT_OF_RANGE, "interval field value out of range: \"%.*s\"", shown(bytes), text);
    case INTERVAL_OK: break;
    }
    return OK;
}

Status value_parse(const Context *cx, Type type, const char *text, size_t bytes, Value *value) {
    *value = (Value){.type = type};
    switch ((TypeId)type.id) {
    case TYPE_BOOLEAN: return parse_boolean(cx, type, text, bytes, value);
    case TYPE_SMALLINT:
    case TYPE_INTEGER:
    case TYPE_BIGINT: return parse_integer(cx, type, text, bytes, value);
    case TYPE_DECIMAL: return parse_decimal(cx, type, text, bytes, value);
    case TYPE_REAL:
    case TYPE_DOUBLE: return parse_double(cx, type, text, bytes, value);
    case TYPE_CHAR:
    case TYPE_VARCHAR: return parse_text(cx, type, text, bytes, value);
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ: return value_parse_datetime(cx, type, text, bytes, value);
    case TYPE_INTERVAL: return parse_interval(cx, type, text, bytes, value);
    case TYPE_NULL:
    case TYPE_COUNT: break;
    }
    return fail(cx, DATATYPE_MISMATCH, "a value of unknown type cannot be read from text");
}

/* ---------------------------------------------------------------------------------------------------------- placement hash */

/* FORMAT.md, "Placement": the bytes that are hashed. Never to be changed. */
static uint64_t hash_decimal(__int128 mantissa, uint32_t scale, uint64_t seed) {
    while (scale > 0 && mantissa % 10 == 0) {
        mantissa /= 10;
        scale--;
    }
    if (scale == 0 && mantissa >= INT64_MIN && mantissa <= INT64_MAX) {
        int64_t integer = (int64_t)mantissa;
        return hash_bytes(&integer, sizeof integer, seed);
    }
    char bytes[17];
    memcpy(bytes, &mantissa, 16);
    bytes[16] = (char)scale;
    return hash_bytes(bytes, sizeof bytes, seed);
}

static uint64_t hash_double(double number, uint64_t seed) {
    double canonical = number == 0 ? 0.0 : isnan(number) ? (double)NAN : number;
    return hash_bytes(&canonical, sizeof canonical, seed);
}

static uint64_t hash_text(const Text *text, bool is_padded, uint64_t seed) {
    uint32_t bytes = text->bytes;
    const char *data = text_data(text);
    while (is_padded && bytes > 0 && data[bytes - 1] == ' ') {
        bytes--;
    }
    return hash_bytes(data, bytes, seed);
}

uint64_t value_placement_hash(const Value *value, uint64_t seed) {
    switch (type_class(value->type)) {
    case CLASS_I128: return hash_decimal(value->i128, value->type.scale, seed);
    case CLASS_F32:
    case CLASS_F64: return hash_double(value->f64, seed);
    case CLASS_TEXT: return hash_text(&value->text, value->type.id == TYPE_CHAR, seed);
    case CLASS_INTERVAL: {
        __int128 order = interval_order(value->interval);
        return hash_bytes(&order, sizeof order, seed);
    }
    default:
        return value->type.id == TYPE_DECIMAL ? hash_decimal(value->i64, value->type.scale, seed)
                                              : hash_bytes(&value->i64, sizeof value->i64, seed);
    }
}
