/* Texts that quote, number or format others. */
#include "core/keywords.h"
#include "expr/fn_text.h"

#include <stdio.h>

Status fn_to_hex(FN_PARAMETERS) {
    FN_UNUSED;
    Builder builder = {.cx = cx, .arena = arena};
    bool is_integer = args[0]->type.id == TYPE_INTEGER;
    for (uint32_t row = 0; row < rows; row++) {
        char digits[20];
        uint64_t bits = is_integer ? (uint32_t)arg_I32(args[0], row) : (uint64_t)arg_I64(args[0], row);
        int bytes = snprintf(digits, sizeof digits, "%llx", (unsigned long long)bits);
        TRY(builder_add(&builder, digits, (size_t)bytes));
        out_built(out, row, &builder);
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ quoting */

/* The text between quotes, with the characters of `doubled` inside doubled. */
static Status add_quoted(Builder *builder, Bytes text, const char *quote, const char *doubled) {
    TRY(builder_add(builder, quote, 1));
    for (size_t i = 0; i < text.bytes; i++) {
        TRY(builder_add(builder, text.data + i, 1));
        if (strchr(doubled, text.data[i]) != NULL && text.data[i] != 0) {
            TRY(builder_add(builder, text.data + i, 1));
        }
    }
    return builder_add(builder, quote, 1);
}

/* A backslash makes it an E string. */
static Status add_literal(Builder *builder, Bytes text) {
    if (memchr(text.data, '\\', text.bytes) != NULL) {
        TRY(builder_add(builder, "E", 1));
    }
    return add_quoted(builder, text, "'", "'\\");
}

static bool is_plain_name(Bytes text) {
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.data[i];
        bool good = (c >= 'a' && c <= 'z') || c == '_' || (i > 0 && c >= '0' && c <= '9');
        if (!good) {
            return false;
        }
    }
    return text.bytes > 0 && !keyword_needs_quotes(text.data, text.bytes);
}

static Status add_name(Builder *builder, Bytes text) {
    return is_plain_name(text) ? builder_add(builder, text.data, text.bytes) : add_quoted(builder, text, "\"", "\"");
}

Status fn_quote_literal(FN_PARAMETERS) {
    FN_UNUSED;
    Builder builder = {.cx = cx, .arena = arena};
    for (uint32_t row = 0; row < rows; row++) {
        TRY(add_literal(&builder, arg_bytes(args[0], row)));
        out_built(out, row, &builder);
    }
    return OK;
}

Status fn_quote_ident(FN_PARAMETERS) {
    FN_UNUSED;
    Builder builder = {.cx = cx, .arena = arena};
    for (uint32_t row = 0; row < rows; row++) {
        TRY(add_name(&builder, arg_bytes(args[0], row)));
        out_built(out, row, &builder);
    }
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------------- overlay */

/* The text with `count` characters from a position on replaced; as many as the new text has if no count is given. */
static Status overlay(Builder *builder, Bytes text, Bytes with, int64_t from, int64_t count) {
    if (from <= 0) {
        return fail(builder->cx, SUBSTRING_ERROR, "negative substring length not allowed");
    }
    if (from + count > INT32_MAX) {
        return fail(builder->cx, NUMERIC_OUT_OF_RANGE, "integer out of range");
    }
    int64_t after = from + count < 1 ? 1 : from + count;
    size_t head = utf8_offset(text.data, text.bytes, from - 1 > UINT32_MAX ? UINT32_MAX : (uint32_t)(from - 1));
    size_t tail = utf8_offset(text.data, text.bytes, after - 1 > UINT32_MAX ? UINT32_MAX : (uint32_t)(after - 1));
    TRY(builder_add(builder, text.data, head));
    TRY(builder_add(builder, with.data, with.bytes));
    return builder_add(builder, text.data + tail, text.bytes - tail);
}

Status fn_overlay(FN_PARAMETERS) {
    FN_UNUSED;
    Builder builder = {.cx = cx, .arena = arena};
    for (uint32_t row = 0; row < rows; row++) {
        Bytes text = arg_bytes(args[0], row), with = arg_bytes(args[1], row);
        if (!fn_row_valid(out, row)) {
            continue;
        }
        int64_t count = arg_count > 3 ? arg_I32(args[3], row) : (int64_t)utf8_length(with.data, with.bytes);
        TRY(overlay(&builder, text, with, arg_I32(args[2], row), count));
        out_built(out, row, &builder);
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ format */

/* One specifier of format(): %[position$][-][width]type, where the width may be a number, * or *position$. */
typedef struct Specifier {
    uint32_t argument; /* 0: the next one */
    bool is_left, has_width, width_from_argument;
    uint32_t width_argument; /* 0: the next one */
    int64_t width;
    char type;
} Specifier;

typedef struct Formatter {
    const Vector *const *args;
    uint32_t arg_count, row;
    uint32_t next; /* the argument after the one used last */
    Builder *builder;
} Formatter;

static Status fail_format(const Context *cx, const char *what) {
    return fail(cx, INVALID_PARAMETER_VALUE, "%s", what);
}

static bool read_number(const char **at, const char *end, int64_t *number) {
    const char *start = *at;
    *number = 0;
    while (*at < end && **at >= '0' && **at <= '9' && *number <= INT32_MAX) {
        *number = *number * 10 + (*(*at)++ - '0');
    }
    return *at > start;
}

static Status read_position(const Context *cx, int64_t number, uint32_t *argument) {
    if (number == 0) {
        return fail_format(cx, "format specifies argument 0, but arguments are numbered from 1");
    }
    *argument = number > UINT32_MAX - 1 ? UINT32_MAX - 1 : (uint32_t)number;
    return OK;
}

static Status read_specifier(const Context *cx, const char **at, const char *end, Specifier *s) {
    int64_t number;
    *s = (Specifier){0};
    const char *start = *at;
    if (read_number(at, end, &number) && *at < end && **at == '$') {
        (*at)++;
        TRY(read_position(cx, number, &s->argument));
    } else {
        *at = start;
    }
    while (*at < end && **at == '-') {
        s->is_left = true;
        (*at)++;
    }
    if (*at < end && **at == '*') {
        (*at)++;
        s->has_width = s->width_from_argument = true;
        if (read_number(at, end, &number)) {
            if (*at == end || **at != '$') {
                return fail_format(cx, "width argument position must be ended by \"$\"");
            }
            (*at)++;
            TRY(read_position(cx, number, &s->width_argument));
        }
    } else {
        s->has_width = read_number(at, end, &s->width);
    }
    if (*at == end) {
        fail_format(cx, "unterminated format() type specifier");
        return fail_hint(cx, "for a single \"%%\" use \"%%%%\"");
    }
    s->type = *(*at)++;
    return OK;
}

/* The argument of that number, or the next one. */
static Status take_argument(Formatter *f, uint32_t wanted, const Vector **argument) {
    uint32_t index = wanted > 0 ? wanted : f->next;
    if (index >= f->arg_count) {
        return fail_format(f->builder->cx, "too few arguments for format()");
    }
    f->next = index + 1;
    *argument = f->args[index];
    return OK;
}

static Status take_width(Formatter *f, Specifier *s) {
    const Vector *argument = NULL;
    if (!s->width_from_argument) {
        return OK;
    }
    TRY(take_argument(f, s->width_argument, &argument));
    Value width = vector_value(argument, f->row);
    if (!width.is_null && !type_is_integer(argument->type)) {
        return fail(f->builder->cx, DATATYPE_MISMATCH, "the width of format() is not a whole number");
    }
    s->width = width.is_null ? 0 : width.i64;
    s->is_left = s->is_left || s->width < 0;
    if (s->width == INT64_MIN) {
        return fail(f->builder->cx, NUMERIC_OUT_OF_RANGE, "number is out of range");
    }
    s->width = s->width < 0 ? -s->width : s->width;
    return OK;
}

static Status add_padding(Builder *builder, int64_t blanks) {
    if (blanks > (int64_t)TEXT_RESULT_MAX) {
        return fail_too_long(builder->cx);
    }
    for (; blanks > 0; blanks--) {
        TRY(builder_add(builder, " ", 1));
    }
    return OK;
}

/* The value as text, a literal or a name, in a builder of its own. */
static Status convert(Builder *converted, const Value *value, char type) {
    if (value->is_null) {
        if (type == 'I') {
            return fail(converted->cx, NULL_NOT_ALLOWED, "null values cannot be formatted as an SQL identifier");
        }
        return type == 'L' ? builder_add(converted, "NULL", 4) : OK;
    }
    if (type == 's') {
        return builder_add_value(converted, value);
    }
    Builder plain = {.cx = converted->cx, .arena = converted->arena};
    TRY(builder_add_value(&plain, value));
    Bytes text = {plain.data, plain.bytes};
    return type == 'L' ? add_literal(converted, text) : add_name(converted, text);
}

static Status add_specifier(Formatter *f, Specifier *s) {
    const Vector *argument = NULL;
    Builder converted = {.cx = f->builder->cx, .arena = f->builder->arena};
    if (strchr("sIL", s->type) == NULL || s->type == 0) {
        fail(f->builder->cx, INVALID_PARAMETER_VALUE, "unrecognized format() type specifier \"%c\"", s->type);
        return fail_hint(f->builder->cx, "for a single \"%%\" use \"%%%%\"");
    }
    TRY(take_width(f, s));
    TRY(take_argument(f, s->argument, &argument));
    Value value = vector_value(argument, f->row);
    TRY(convert(&converted, &value, s->type));
    const char *data = converted.data != NULL ? converted.data : "";
    int64_t blanks = s->width - (int64_t)utf8_length(data, converted.bytes);
    TRY(s->is_left ? OK : add_padding(f->builder, blanks));
    TRY(builder_add(f->builder, data, converted.bytes));
    return s->is_left ? add_padding(f->builder, blanks) : OK;
}

static Status format_row(Formatter *f, Bytes format) {
    for (const char *at = format.data, *end = at + format.bytes; at < end;) {
        const char *percent = memchr(at, '%', (size_t)(end - at));
        size_t plain = (size_t)((percent == NULL ? end : percent) - at);
        TRY(builder_add(f->builder, at, plain));
        at += plain;
        if (percent == NULL) {
            break;
        }
        at++;
        if (at < end && *at == '%') {
            TRY(builder_add(f->builder, at++, 1));
            continue;
        }
        Specifier specifier;
        TRY(read_specifier(f->builder->cx, &at, end, &specifier));
        TRY(add_specifier(f, &specifier));
    }
    return OK;
}

Status fn_format(FN_PARAMETERS) {
    FN_UNUSED;
    Builder builder = {.cx = cx, .arena = arena};
    for (uint32_t row = 0; row < rows; row++) {
        Formatter formatter = {.args = args, .arg_count = arg_count, .row = row, .next = 1, .builder = &builder};
        if (!vector_is_valid(args[0], row)) {
            TRY(fn_set_null(cx, out, row));
            out_text(out, row, "", 0);
            continue;
        }
        TRY(format_row(&formatter, arg_bytes(args[0], row)));
        out_built(out, row, &builder);
    }
    return OK;
}
