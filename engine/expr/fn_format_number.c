/* to_char and to_number: numbers by templates (core/number_template.h). */
#include "core/number_template.h"
#include "expr/fn_loop.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The template of each row; a constant is parsed once. */
typedef struct TemplateReader {
    const Context *cx;
    const Vector *texts;
    bool is_known;
    NumberTemplate template;
} TemplateReader;

static Status template_next(TemplateReader *reader, uint32_t row) {
    if (reader->is_known) {
        return OK;
    }
    Text text = arg_TEXT(reader->texts, row);
    reader->is_known = reader->texts->kind == VECTOR_CONSTANT;
    return number_template_parse(reader->cx, text_data(&text), text.bytes, &reader->template);
}

/* A number as the template's printer wants it. */
typedef struct Digits {
    char text[NUMBER_DIGITS_MAX + DBL_MAX_10_EXP];
    uint32_t before;
    bool is_negative;
} Digits;

/* Roman numerals from 1 to 3999; others are #. */
static void roman_digits(const char *whole, bool is_negative, Digits *out) {
    static const char *const ones[] = {"", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"};
    static const char *const tens[] = {"", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC"};
    static const char *const hundreds[] = {"", "C", "CC", "CCC", "CD", "D", "DC", "DCC", "DCCC", "CM"};
    static const char *const thousands[] = {"", "M", "MM", "MMM"};
    long number = strlen(whole) > 4 ? 0 : strtol(whole, NULL, 10);
    if (is_negative || number < 1 || number > 3999) {
        memcpy(out->text, "###############", 16);
        return;
    }
    snprintf(out->text, 32, "%s%s%s%s", thousands[number / 1000], hundreds[number / 100 % 10], tens[number / 10 % 10],
             ones[number % 10]);
}

/* Digits of a DECIMAL with one before the point, rounded to `after` places, and its exponent: "4.86e-04". */
static void exponent_digits(__int128 value, uint32_t scale, int32_t after, char *out) {
    char digits[DECIMAL_PRINT_MAX];
    __int128 size = value < 0 ? -value : value, rounded = size;
    int32_t count = (int32_t)decimal_digits(size);
    if (count - 1 > after) {
        decimal_rescale(size, (uint32_t)(count - 1), (uint32_t)after, &rounded); /* as d.ddd */
        count += decimal_digits(rounded) > (uint32_t)after + 1 ? 1 : 0;          /* 9.99 becomes 10.0 */
    }
    decimal_print(rounded, 0, digits);
    int32_t known = (int32_t)strlen(digits), exponent = size == 0 ? 0 : count - 1 - (int32_t)scale;
    *out++ = digits[0];
    *out = '.';
    out += after > 0 ? 1 : 0;
    for (int32_t i = 1; i <= after; i++) {
        *out++ = i < known ? digits[i] : '0';
    }
    snprintf(out, 16, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}

/* value × 10^shift, rounded to `after` places. False if 38 digits do not hold it. */
static bool decimal_text(__int128 value, uint32_t scale, int32_t shift, int32_t after, Digits *out) {
    __int128 moved = value;
    uint32_t moved_scale = scale >= (uint32_t)shift ? scale - (uint32_t)shift : 0;
    if ((uint32_t)shift > scale && !decimal_rescale(value, 0, (uint32_t)shift - scale, &moved)) {
        return false;
    }
    uint32_t kept = moved_scale < (uint32_t)after ? moved_scale : (uint32_t)after;
    if (!decimal_rescale(moved, moved_scale, kept, &moved)) {
        return false;
    }
    out->is_negative = moved < 0;
    size_t bytes = decimal_print(moved < 0 ? -moved : moved, kept, out->text);
    out->before = (uint32_t)bytes - (kept > 0 ? kept + 1 : 0);
    if (kept == 0 && after > 0) {
        out->text[bytes++] = '.';
    }
    memset(out->text + bytes, '0', (size_t)after - kept);
    out->text[bytes + (size_t)after - kept] = 0;
    return true;
}

static void decimal_as_digits(const NumberTemplate *t, __int128 value, uint32_t scale, Digits *out) {
    out->is_negative = value < 0;
    if (t->is_exponent) {
        exponent_digits(value, scale, t->after, out->text);
    } else if (t->is_roman) {
        decimal_text(value, scale, 0, 0, out);
        char whole[DECIMAL_PRINT_MAX];
        snprintf(whole, sizeof whole, "%.*s", DECIMAL_PRINT_MAX - 1, out->text);
        roman_digits(whole, value < 0, out);
    } else if (!decimal_text(value, scale, t->shift, t->after, out)) {
        out->before = NUMBER_DIGITS_MAX; /* prints # */
    }
}

/* As many decimals as a double has digits; the rest is cut. */
static void double_as_digits(const NumberTemplate *t, double value, Digits *out) {
    double size = fabs(value);
    out->is_negative = signbit(value) && !isnan(value);
    if (t->is_exponent) {
        if (isfinite(value)) {
            snprintf(out->text, sizeof out->text, "%.*e", t->after, size);
        } else {
            size_t places = (size_t)t->before + (size_t)t->after + 6;
            memset(out->text, '#', places);
            out->text[places] = 0;
            out->text[t->before] = '.';
            out->is_negative = false;
        }
        return;
    }
    if (t->is_roman) {
        char whole[32];
        snprintf(whole, sizeof whole, "%.0f", size < 1e6 ? rint(size) : 1e6);
        roman_digits(whole, out->is_negative, out);
        return;
    }
    if (!isfinite(value)) {
        snprintf(out->text, sizeof out->text, isnan(value) ? "NaN" : "Infinity");
        out->before = (uint32_t)strlen(out->text);
        return;
    }
    for (int32_t i = 0; i < t->shift; i++) {
        size *= 10;
    }
    int32_t before = snprintf(out->text, sizeof out->text, "%.0f", size), after = t->after;
    after = before >= DBL_DIG ? 0 : before + after > DBL_DIG ? DBL_DIG - before : after;
    snprintf(out->text, sizeof out->text, "%.*f", after, size);
    if (before > t->before + t->shift) { /* only as many # as decimals are kept */
        size_t places = (size_t)t->before + (size_t)t->shift, bytes = places + (size_t)after + 1;
        memset(out->text, '#', bytes);
        out->text[places] = '.';
        out->text[bytes] = 0;
        out->before = (uint32_t)places;
        return;
    }
    const char *point = strchr(out->text, '.');
    out->before = (uint32_t)(point == NULL ? strlen(out->text) : (size_t)(point - out->text));
}

static Status print_row(const Context *cx, const NumberTemplate *t, const Digits *digits, uint32_t row, Arena *arena,
                        Vector *out) {
    if (t->count == 0) { /* as in PostgreSQL */
        return fn_set_null(cx, out, row);
    }
    char buffer[NUMBER_PRINT_MAX];
    size_t bytes = number_template_print(t, digits->text, digits->before, digits->is_negative, buffer);
    char *copy = bytes > TEXT_INLINE_MAX ? arena_copy_text(cx, arena, buffer, bytes) : buffer;
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    out_text(out, row, copy, bytes);
    return OK;
}

Status fn_to_char_decimal(FN_PARAMETERS) {
    FN_UNUSED;
    TemplateReader reader = {.cx = cx, .texts = args[1]};
    Digits digits;
    for (uint32_t row = 0; row < rows; row++) {
        if (fn_row_valid(out, row)) {
            TRY(template_next(&reader, row));
            decimal_as_digits(&reader.template, arg_decimal(args[0], row), args[0]->type.scale, &digits);
            TRY(print_row(cx, &reader.template, &digits, row, arena, out));
        }
    }
    return OK;
}

Status fn_to_char_double(FN_PARAMETERS) {
    FN_UNUSED;
    TemplateReader reader = {.cx = cx, .texts = args[1]};
    Digits digits;
    for (uint32_t row = 0; row < rows; row++) {
        if (fn_row_valid(out, row)) {
            TRY(template_next(&reader, row));
            double_as_digits(&reader.template, arg_F64(args[0], row), &digits);
            TRY(print_row(cx, &reader.template, &digits, row, arena, out));
        }
    }
    return OK;
}

Status fn_to_number(FN_PARAMETERS) {
    FN_UNUSED;
    TemplateReader reader = {.cx = cx, .texts = args[1]};
    for (uint32_t row = 0; row < rows; row++) {
        char number[NUMBER_TEMPLATE_MAX * 2 + 2];
        Text text = arg_TEXT(args[0], row);
        if (!fn_row_valid(out, row)) {
            continue;
        }
        TRY(template_next(&reader, row));
        const NumberTemplate *t = &reader.template;
        TRY(number_template_read(cx, t, text_data(&text), text.bytes, number));
        Type whole = type_decimal(DECIMAL_PRECISION_MAX, (uint32_t)t->after <= out->type.scale ? (uint32_t)t->after : 0);
        Value value;
        __int128 result;
        TRY(value_parse(cx, whole, number, strlen(number), &value));
        bool good = decimal_divide(value.i128, whole.scale, decimal_power((uint32_t)t->shift), 0, out->type.scale, &result);
        if (!good) {
            return fail_overflow(cx, out->type);
        }
        out_decimal(out, row, result);
    }
    return OK;
}
