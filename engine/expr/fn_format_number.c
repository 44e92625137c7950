/* to_char and to_number: numbers by templates of 9, 0, comma, point, S, MI, PR, $ and FM. */
#include "expr/fn_loop.h"

#include <math.h>
#include <stdio.h>
#include <strings.h>

#define TEMPLATE_MAX 100

typedef struct NumberTemplate {
    char items[TEMPLATE_MAX]; /* 9 0 , . and literal characters, in order, without the words below */
    uint32_t count;
    uint32_t whole, decimals; /* digit places */
    int32_t first_zero;       /* index among the whole places of the first 0; -1: none */
    bool is_fill_mode, sign_first, sign_last, minus_last, minus_first, brackets;
} NumberTemplate;

static bool take(const char **at, const char *end, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(end - *at) < length || strncasecmp(*at, word, length) != 0) {
        return false;
    }
    *at += length;
    return true;
}

static void add_digit(NumberTemplate *t, char digit, bool after_point) {
    if (after_point) {
        t->decimals++;
    } else {
        if (digit == '0' && t->first_zero < 0) {
            t->first_zero = (int32_t)t->whole;
        }
        t->whole++;
    }
}

static Status fail_template(const Context *cx, const char *template, size_t bytes) {
    return fail(cx, INVALID_PARAMETER_VALUE, "\"%.*s\" is not a number template", (int)(bytes < 80 ? bytes : 80), template);
}

static Status read_template(const Context *cx, const char *template, size_t bytes, NumberTemplate *t) {
    const char *at = template, *end = template + bytes;
    bool after_point = false;
    *t = (NumberTemplate){.first_zero = -1};
    if (bytes >= TEMPLATE_MAX) {
        return fail_template(cx, template, bytes);
    }
    while (at < end) {
        bool any_digit = t->whole + t->decimals > 0;
        if (take(&at, end, "FM")) {
            t->is_fill_mode = true;
        } else if (take(&at, end, "PR")) {
            t->brackets = true;
        } else if (take(&at, end, "MI")) {
            *(any_digit ? &t->minus_last : &t->minus_first) = true;
        } else if (take(&at, end, "SG") || take(&at, end, "S")) {
            *(any_digit ? &t->sign_last : &t->sign_first) = true;
        } else if (*at == '9' || *at == '0') {
            add_digit(t, *at, after_point);
            t->items[t->count++] = *at++;
        } else if (*at == '.' || *at == 'D' || *at == 'd') {
            if (after_point) {
                return fail_template(cx, template, bytes);
            }
            after_point = true;
            t->items[t->count++] = '.';
            at++;
        } else if (*at == 'G' || *at == 'g') {
            t->items[t->count++] = ',';
            at++;
        } else if (take(&at, end, "EEEE") || take(&at, end, "RN") || take(&at, end, "V") || take(&at, end, "TH")) {
            return fail_unsupported(cx, POS_NONE, "this template of to_char");
        } else {
            t->items[t->count++] = *at++;
        }
    }
    return t->whole + t->decimals > 0 ? OK : fail_template(cx, template, bytes);
}

/* Digits of the number, right-aligned in the template's places. False if the places do not suffice. */
typedef struct NumberDigits {
    char whole[DECIMAL_PRINT_MAX], decimals[DECIMAL_PRINT_MAX];
    uint32_t whole_count;   /* 0 for a number below 1 */
    uint32_t decimals_kept; /* without trailing zeros, for FM */
    bool negative;
} NumberDigits;

static bool split_digits(__int128 value, uint32_t scale, const NumberTemplate *t, NumberDigits *digits) {
    char text[DECIMAL_PRINT_MAX];
    size_t bytes = decimal_print(value < 0 ? -value : value, scale, text);
    size_t whole = bytes - (scale > 0 ? scale + 1 : 0);
    digits->negative = value < 0;
    digits->whole_count = whole == 1 && text[0] == '0' ? 0 : (uint32_t)whole;
    memcpy(digits->whole, text, whole);
    memcpy(digits->decimals, text + bytes - scale, scale);
    digits->decimals_kept = scale;
    while (digits->decimals_kept > 0 && digits->decimals[digits->decimals_kept - 1] == '0') {
        digits->decimals_kept--;
    }
    return digits->whole_count <= t->whole;
}

/* The whole place `index` (from the left): its digit, or 0 for none. */
static char whole_digit(const NumberTemplate *t, const NumberDigits *digits, uint32_t index) {
    uint32_t from_right = t->whole - index; /* 1 is the units */
    if (from_right <= digits->whole_count) {
        return digits->whole[digits->whole_count - from_right];
    }
    bool zero_wanted = t->first_zero >= 0 && (uint32_t)t->first_zero <= index;
    bool lone_zero = t->decimals == 0 && from_right == 1; /* 0 is never empty */
    return zero_wanted || lone_zero ? '0' : 0;
}

/* The number without its sign; leading blanks stand for unused places unless FM. */
static size_t put_body(const NumberTemplate *t, const NumberDigits *digits, bool overflow, char *out) {
    uint32_t whole = 0, decimals = 0;
    size_t bytes = 0;
    bool begun = false, after_point = false;
    uint32_t last_zero = 0; /* decimals that FM keeps: up to the last 0 of the template */
    for (uint32_t i = 0, place = 0, seen_point = 0; i < t->count; i++) {
        seen_point |= t->items[i] == '.';
        if (seen_point && (t->items[i] == '9' || t->items[i] == '0')) {
            place++;
            last_zero = t->items[i] == '0' ? place : last_zero;
        }
    }
    for (uint32_t i = 0; i < t->count; i++) {
        char item = t->items[i], c = item;
        if (item == '.') {
            after_point = begun = true;
        } else if (item == ',') {
            c = begun ? ',' : ' ';
        } else if ((item == '9' || item == '0') && !after_point) {
            c = overflow ? '#' : whole_digit(t, digits, whole);
            whole++;
            begun |= c != 0;
            c = c != 0 ? c : ' ';
        } else if (item == '9' || item == '0') {
            bool dropped = t->is_fill_mode && decimals >= digits->decimals_kept && decimals >= last_zero;
            c = overflow ? '#' : dropped ? 0 : digits->decimals[decimals];
            decimals++;
        }
        if (c != 0 && !(c == ' ' && t->is_fill_mode && (item == ',' || item == '9' || item == '0'))) {
            out[bytes++] = c;
        }
    }
    return bytes;
}

/* Puts the sign where the template wants it; without any wish, before the first digit. */
static size_t put_signed(const NumberTemplate *t, const NumberDigits *digits, const char *body, size_t bytes, char *out) {
    size_t written = 0, blanks = strspn(body, " ");
    bool plain = !t->sign_last && !t->minus_last && !t->minus_first && !t->brackets;
    char sign = digits->negative ? '-' : t->sign_first ? '+' : ' ';
    blanks = blanks < bytes ? blanks : bytes;
    if (t->minus_first) {
        out[written++] = digits->negative ? '-' : ' ';
    }
    memcpy(out + written, body, blanks);
    written += blanks;
    if (plain && !(t->is_fill_mode && sign == ' ')) {
        memmove(out + written, &sign, 1);
        written++;
    } else if (t->brackets && !(t->is_fill_mode && !digits->negative)) {
        out[written++] = digits->negative ? '<' : ' ';
    }
    memcpy(out + written, body + blanks, bytes - blanks);
    written += bytes - blanks;
    if (t->sign_last) {
        out[written++] = digits->negative ? '-' : '+';
    } else if (t->minus_last && !(t->is_fill_mode && !digits->negative)) {
        out[written++] = digits->negative ? '-' : ' ';
    } else if (t->brackets && !(t->is_fill_mode && !digits->negative)) {
        out[written++] = digits->negative ? '>' : ' ';
    }
    return written;
}

static Status format_number(const Context *cx, __int128 value, uint32_t scale, const Text *template, Arena *arena, Vector *out,
                            uint32_t row) {
    NumberTemplate t;
    NumberDigits digits = {0};
    char body[TEMPLATE_MAX + 1], result[TEMPLATE_MAX + 8];
    __int128 rounded;
    TRY(read_template(cx, text_data(template), template->bytes, &t));
    if (t.decimals > DECIMAL_PRECISION_MAX) {
        return fail_template(cx, text_data(template), template->bytes);
    }
    bool fits = decimal_rescale(value, scale, t.decimals, &rounded) && split_digits(rounded, t.decimals, &t, &digits);
    digits.negative = value < 0 && !(fits && rounded == 0);
    size_t bytes = put_body(&t, &digits, !fits, body);
    body[bytes] = 0;
    bytes = put_signed(&t, &digits, body, bytes, result);
    char *copy = bytes > TEXT_INLINE_MAX ? arena_copy_text(cx, arena, result, bytes) : result;
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    out_text(out, row, copy, bytes);
    return OK;
}

static const Text *text_at(const Vector *vector, uint32_t row) {
    return &((const Text *)vector->data)[vector->kind == VECTOR_CONSTANT ? 0 : row];
}

Status fn_to_char_decimal(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        if (fn_row_valid(out, row)) {
            TRY(format_number(cx, arg_decimal(args[0], row), args[0]->type.scale, text_at(args[1], row), arena, out, row));
        }
    }
    return OK;
}

Status fn_to_char_double(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        double value = arg_F64(args[0], row);
        __int128 decimal;
        if (!fn_row_valid(out, row)) {
            continue;
        }
        uint32_t scale = fabs(value) < 1e20 ? 15 : 0;
        if (!isfinite(value) || !decimal_from_double(value, scale, &decimal)) {
            return fail(cx, NUMERIC_OUT_OF_RANGE, "this number cannot be formatted");
        }
        TRY(format_number(cx, decimal, scale, text_at(args[1], row), arena, out, row));
    }
    return OK;
}

/* Digits, point and sign of the text; everything else that a template may contain is passed over. */
static bool read_number(const Text *text, char *digits, size_t *count) {
    const char *data = text_data(text);
    bool negative = false, any = false;
    *count = 1; /* room for the sign */
    for (uint32_t i = 0; i < text->bytes; i++) {
        char c = data[i];
        if ((c >= '0' && c <= '9') || c == '.') {
            if (*count > 60) {
                return false;
            }
            digits[(*count)++] = c;
            any |= c != '.';
        } else if (c == '-' || c == '<') {
            negative = true;
        } else if (strchr(",$ +>", c) == NULL) {
            return false;
        }
    }
    digits[0] = negative ? '-' : '+';
    return any;
}

Status fn_to_number(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        const Text *text = text_at(args[0], row);
        char digits[64];
        size_t count;
        __int128 value;
        if (!fn_row_valid(out, row)) {
            continue;
        }
        if (!read_number(text, digits, &count) || decimal_parse(digits, count, out->type.scale, &value) != DECIMAL_OK) {
            return fail(cx, INVALID_TEXT_REPRESENTATION, "invalid input syntax for type decimal: \"%.*s\"",
                        (int)(text->bytes < 80 ? text->bytes : 80), text_data(text));
        }
        out_decimal(out, row, value);
    }
    return OK;
}
