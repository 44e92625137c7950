/* Number templates: parsing, printing, reading. The C locale: comma, point, a blank for the currency. */
#include "core/number_template.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

typedef struct NumberPattern {
    const char *text;
    size_t bytes;
} NumberPattern;

static const NumberPattern patterns[] = {
#define NUMBER_PATTERN(pattern, field) {pattern, sizeof(pattern) - 1},
#include "core/number_template.def"
#undef NUMBER_PATTERN
};
#define PATTERN_COUNT (sizeof patterns / sizeof patterns[0])

/* ----------------------------------------------------------------------------------------------------------------- parsing */

static bool is_spelled(const char *pattern, size_t bytes, const char *at, bool *is_lower) {
    bool upper = true, lower = true;
    for (size_t i = 0; i < bytes; i++) {
        upper = upper && at[i] == pattern[i];
        lower = lower && at[i] == tolower((unsigned char)pattern[i]);
    }
    *is_lower = lower && !upper;
    return upper || lower;
}

static bool match_pattern(const char *at, size_t bytes, NumberNode *node, size_t *used) {
    for (size_t i = 0; i < PATTERN_COUNT; i++) {
        if (patterns[i].bytes <= bytes && is_spelled(patterns[i].text, patterns[i].bytes, at, &node->is_lower)) {
            node->field = (uint8_t)i;
            *used = patterns[i].bytes;
            return true;
        }
    }
    return false;
}

static Status fail_template(const Context *cx, const char *what) {
    return fail(cx, SYNTAX_ERROR, "%s", what);
}

static Status add_digit_place(const Context *cx, NumberTemplate *t, bool is_zero) {
    if (t->has_brackets) {
        return fail_template(cx, "digits must be ahead of \"PR\"");
    }
    if (is_zero && !t->has_zero && !t->has_point) {
        t->has_zero = true;
        t->zero_start = t->before + 1;
    }
    if (!is_zero && t->is_shifted) {
        return ++t->shift <= 38 ? OK : fail(cx, INVALID_PARAMETER_VALUE, "more than 38 digits after \"V\"");
    }
    *(t->has_point ? &t->after : &t->before) += 1;
    t->zero_end = is_zero ? t->before + t->after : t->zero_end;
    return OK;
}

static Status add_point(const Context *cx, NumberTemplate *t) {
    if (t->has_point || t->is_shifted) {
        return fail_template(cx, t->has_point ? "multiple decimal points" : "cannot use \"V\" and decimal point together");
    }
    t->has_point = true;
    return OK;
}

static Status add_sign(const Context *cx, NumberTemplate *t) {
    if (t->has_sign) {
        return fail_template(cx, "cannot use \"S\" twice");
    }
    if (t->has_plus || t->has_minus || t->has_brackets) {
        return fail_template(cx, "cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together");
    }
    t->has_sign = true;
    t->sign = t->has_point ? NUMBER_SIGN_AFTER : NUMBER_SIGN_BEFORE;
    t->sign_place = t->has_point ? 0 : t->before;
    return OK;
}

static Status add_node(const Context *cx, NumberTemplate *t, NumberField field) {
    static const char *const signs[] = {"cannot use \"S\" and \"MI\" together", "cannot use \"S\" and \"PL\" together",
                                        "cannot use \"S\" and \"SG\" together"};
    if (t->is_exponent && field != NUMBER_EXPONENT && field != NUMBER_CHARACTER) {
        return fail_template(cx, "\"EEEE\" must be the last pattern used");
    }
    switch (field) {
    case NUMBER_NINE:
    case NUMBER_ZERO: return add_digit_place(cx, t, field == NUMBER_ZERO);
    case NUMBER_POINT:
    case NUMBER_LOCAL_POINT: return add_point(cx, t);
    case NUMBER_FILL: t->is_fill_off = true; return OK;
    case NUMBER_LOCAL_SIGN: return add_sign(cx, t);
    case NUMBER_MINUS:
    case NUMBER_PLUS:
    case NUMBER_SIGN:
        if (t->has_sign) {
            return fail_template(cx, signs[field == NUMBER_MINUS ? 0 : field == NUMBER_PLUS ? 1 : 2]);
        }
        t->has_minus = t->has_minus || field != NUMBER_PLUS;
        t->has_plus = t->has_plus || field != NUMBER_MINUS;
        return OK;
    case NUMBER_BRACKETS:
        if (t->has_sign || t->has_plus || t->has_minus) {
            return fail_template(cx, "cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together");
        }
        t->has_brackets = true;
        return OK;
    case NUMBER_ROMAN: t->is_roman = true; return OK;
    case NUMBER_SHIFT:
        if (t->has_point) {
            return fail_template(cx, "cannot use \"V\" and decimal point together");
        }
        t->is_shifted = true;
        return OK;
    case NUMBER_EXPONENT:
        if (t->is_exponent || t->is_fill_off || t->has_sign || t->has_brackets || t->has_minus || t->has_plus || t->is_roman ||
            t->is_shifted) {
            fail_template(cx, "\"EEEE\" is incompatible with other formats");
            return fail_hint(cx, "\"EEEE\" may only be used together with digit and decimal point patterns");
        }
        t->is_exponent = true;
        return OK;
    default: return OK;
    }
}

static Status add_character(const Context *cx, NumberTemplate *t, char character) {
    t->nodes[t->count++] = (NumberNode){.field = NUMBER_CHARACTER, .character = character};
    return add_node(cx, t, NUMBER_CHARACTER);
}

Status number_template_parse(const Context *cx, const char *text, size_t bytes, NumberTemplate *t) {
    if (bytes > NUMBER_TEMPLATE_MAX) {
        return fail(cx, INVALID_PARAMETER_VALUE, "a template of more than %d bytes", NUMBER_TEMPLATE_MAX);
    }
    memset(t, 0, offsetof(NumberTemplate, nodes));
    for (const char *at = text, *end = text + bytes; at < end;) {
        NumberNode node = {0};
        size_t used;
        if (*at == '"') {
            for (at++; at < end && *at != '"'; at++) {
                at += *at == '\\' && at + 1 < end ? 1 : 0;
                TRY(add_character(cx, t, *at));
            }
            at += at < end ? 1 : 0;
        } else if (match_pattern(at, (size_t)(end - at), &node, &used)) {
            TRY(add_node(cx, t, (NumberField)node.field));
            t->nodes[t->count++] = node;
            at += used;
        } else {
            at += *at == '\\' && at + 1 < end && at[1] == '"' ? 1 : 0;
            TRY(add_character(cx, t, *at++));
        }
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- printing */

typedef struct Printer {
    const NumberTemplate *t;
    const char *number, *digit; /* the digits; the next one */
    const char *last_relevant;  /* FM: the last digit or point that is printed; NULL: all are */
    int32_t pre_spaces;         /* places that the number does not fill */
    int32_t zero_start, place, place_count;
    NumberSign sign_side;
    char sign;
    bool is_sign_written, in_number, has_brackets;
    char *out;
} Printer;

static const char *last_relevant_digit(const char *number) {
    const char *last = strchr(number, '.');
    for (const char *at = last; at != NULL && *++at != 0;) {
        last = *at != '0' ? at : last;
    }
    return last;
}

/* A single 0 before the point gives way: '9.9' prints .1 */
static bool is_bare_zero(const Printer *p) {
    return !p->t->has_zero && p->number == p->digit && *p->number == '0' && p->t->after != 0;
}

static void put_sign_before(Printer *p) {
    if (p->t->has_sign) {
        if (p->sign_side == NUMBER_SIGN_BEFORE) {
            *p->out++ = p->sign;
            p->is_sign_written = true;
        }
        return;
    }
    p->is_sign_written = true;
    if (p->has_brackets) {
        *p->out++ = p->sign == '+' ? ' ' : '<';
    } else if (p->sign == '-') {
        *p->out++ = '-';
    } else if (!p->t->is_fill_off) {
        *p->out++ = ' ';
    }
}

static void put_digit(Printer *p, NumberField field) {
    bool ends_at_point = p->last_relevant != NULL && *p->last_relevant == '.';
    if (*p->digit == '.') {
        if (p->last_relevant == NULL || !ends_at_point || p->t->is_fill_off) {
            *p->out++ = '.';
        }
    } else if (p->last_relevant != NULL && p->digit > p->last_relevant && field != NUMBER_ZERO) {
        /* FM leaves it out */
    } else if (is_bare_zero(p)) {
        if (!p->t->is_fill_off) {
            *p->out++ = ' ';
        } else if (ends_at_point) {
            *p->out++ = '0';
        }
    } else if (*p->digit != 0) {
        *p->out++ = *p->digit;
        p->in_number = true;
    }
    p->digit += *p->digit != 0 ? 1 : 0;
}

static void put_place(Printer *p, NumberField field) {
    const NumberTemplate *t = p->t;
    if (t->is_roman) {
        return;
    }
    p->in_number = false;
    bool begins = p->place >= p->pre_spaces || (t->has_zero && p->zero_start == p->place);
    if (!p->is_sign_written && begins && (!is_bare_zero(p) || (p->last_relevant != NULL && *p->last_relevant == '.'))) {
        put_sign_before(p);
    }
    if (p->place < p->pre_spaces && (p->zero_start > p->place || !t->has_zero)) {
        if (!t->is_fill_off) {
            *p->out++ = ' ';
        }
    } else if (t->has_zero && p->place < p->pre_spaces && p->zero_start <= p->place) {
        *p->out++ = '0';
        p->in_number = true;
    } else {
        put_digit(p, field);
    }
    int32_t end = p->place_count + (p->pre_spaces > 0 ? 1 : 0) + (t->has_point ? 1 : 0);
    if (p->last_relevant != NULL && p->last_relevant == p->digit) {
        end = p->place;
    }
    if (p->place + 1 == end) {
        if (p->is_sign_written && p->has_brackets) {
            *p->out++ = p->sign == '+' ? ' ' : '>';
        } else if (t->has_sign && p->sign_side == NUMBER_SIGN_AFTER) {
            *p->out++ = p->sign;
        }
    }
    p->place++;
}

static void put_roman(Printer *p, bool is_lower) {
    p->out += snprintf(p->out, 32, p->t->is_fill_off ? "%s" : "%15s", p->number);
    for (char *at = p->out - strlen(p->number); is_lower && at < p->out; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
}

static void put_ordinal(Printer *p, bool is_lower) {
    size_t bytes = strlen(p->number);
    if (p->t->is_roman || *p->number == '#' || p->sign == '-' || p->t->has_point || bytes == 0) {
        return;
    }
    char last = p->number[bytes - 1], before = bytes > 1 ? p->number[bytes - 2] : '0';
    const char *suffix = before == '1' ? "TH" : last == '1' ? "ST" : last == '2' ? "ND" : last == '3' ? "RD" : "TH";
    for (int i = 0; i < 2; i++) {
        *p->out++ = (char)(is_lower ? tolower((unsigned char)suffix[i]) : suffix[i]);
    }
}

/* The sign where it stands, or a blank for the other one. */
static void put_one_sign(Printer *p, char wanted) {
    if (p->sign == wanted) {
        *p->out++ = wanted;
    } else if (!p->t->is_fill_off) {
        *p->out++ = ' ';
    }
}

static void put_node(Printer *p, const NumberNode *node) {
    switch ((NumberField)node->field) {
    case NUMBER_NINE:
    case NUMBER_ZERO:
    case NUMBER_POINT:
    case NUMBER_LOCAL_POINT: put_place(p, (NumberField)node->field); break;
    case NUMBER_COMMA:
    case NUMBER_GROUP:
        if (p->in_number || !p->t->is_fill_off) {
            *p->out++ = p->in_number ? ',' : ' ';
        }
        break;
    case NUMBER_CURRENCY: *p->out++ = ' '; break;
    case NUMBER_ROMAN: put_roman(p, node->is_lower); break;
    case NUMBER_ORDINAL: put_ordinal(p, node->is_lower); break;
    case NUMBER_MINUS: put_one_sign(p, '-'); break;
    case NUMBER_PLUS: put_one_sign(p, '+'); break;
    case NUMBER_SIGN: *p->out++ = p->sign; break;
    case NUMBER_CHARACTER: *p->out++ = node->character; break;
    default: break;
    }
}

static void prepare_sign(Printer *p, bool is_negative) {
    const NumberTemplate *t = p->t;
    p->sign = is_negative ? '-' : '+';
    p->sign_side = t->sign;
    p->has_brackets = t->has_brackets;
    if (t->has_plus || t->has_minus) {
        p->is_sign_written = !(t->has_plus && !t->has_minus);
        return;
    }
    p->has_brackets = t->has_brackets && (is_negative || !t->is_fill_off);
    p->is_sign_written = !is_negative && t->is_fill_off && !t->has_sign;
    if (t->sign == NUMBER_SIGN_BEFORE && t->before == t->sign_place) {
        p->sign_side = NUMBER_SIGN_AFTER;
    }
}

static void prepare_places(Printer *p) {
    const NumberTemplate *t = p->t;
    p->zero_start = t->zero_start > 0 ? t->zero_start - 1 : 0;
    p->place_count = t->after + t->before - 1;
    p->last_relevant = t->is_fill_off && t->has_point ? last_relevant_digit(p->number) : NULL;
    if (p->last_relevant != NULL && t->zero_end > p->pre_spaces) {
        int32_t last_zero = (int32_t)strlen(p->number) - 1;
        last_zero = t->zero_end - p->pre_spaces < last_zero ? t->zero_end - p->pre_spaces : last_zero;
        p->last_relevant = p->last_relevant < p->number + last_zero ? p->number + last_zero : p->last_relevant;
    }
    if (!p->is_sign_written && p->pre_spaces == 0) {
        p->place_count++;
    }
}

size_t number_template_print(const NumberTemplate *t, const char *digits, uint32_t before, bool is_negative, char *out) {
    char hashes[NUMBER_DIGITS_MAX];
    if (t->is_exponent) {
        return (size_t)snprintf(out, NUMBER_PRINT_MAX, "%c%s", is_negative ? '-' : ' ', digits);
    }
    NumberTemplate roman;
    if (t->is_roman) { /* only FM and plain characters count beside it */
        roman = *t;
        roman.before = roman.after = 0;
        roman.has_point = roman.has_zero = roman.has_sign = roman.has_brackets = roman.has_minus = roman.has_plus = false;
        t = &roman;
        is_negative = false;
    }
    Printer p = {.t = t, .number = digits, .out = out};
    int32_t places = t->before + t->shift;
    if (!t->is_roman && (int32_t)before < places) {
        p.pre_spaces = places - (int32_t)before;
    } else if (!t->is_roman && (int32_t)before > places) {
        memset(hashes, '#', (size_t)places + (size_t)t->after + 1);
        hashes[places] = '.';
        hashes[places + t->after + 1] = 0;
        p.number = hashes;
    }
    p.digit = p.number;
    prepare_sign(&p, is_negative);
    prepare_places(&p);
    p.place_count += t->shift;
    for (uint32_t i = 0; i < t->count; i++) {
        put_node(&p, &t->nodes[i]);
    }
    return (size_t)(p.out - out);
}

/* ----------------------------------------------------------------------------------------------------------------- reading */

typedef struct Reader {
    const NumberTemplate *t;
    const char *start, *at, *end;
    char *number, *out; /* the sign stands first */
    int32_t before, after;
    bool has_point;
} Reader;

static bool at_sign(const Reader *r) {
    return r->at < r->end && (*r->at == '-' || *r->at == '+');
}

static void read_sign_before(Reader *r) {
    bool is_bracket = !r->t->has_sign && r->t->has_brackets && *r->at == '<';
    if (r->t->has_sign && r->t->sign != NUMBER_SIGN_BEFORE) {
        is_bracket = false;
    }
    if (at_sign(r) || is_bracket) {
        *r->number = *r->at == '<' ? '-' : *r->at;
        r->at++;
    }
}

/* A sign behind the last digit: its place cannot be told from the template alone. */
static void read_sign_after(Reader *r, bool was_read) {
    if (r->t->has_sign && was_read && r->at + 1 < r->end && !isdigit((unsigned char)r->at[1])) {
        if (r->at[1] == '-' || r->at[1] == '+') {
            r->at++;
            *r->number = *r->at;
        }
    } else if (!was_read && !r->t->has_sign && (r->t->has_plus || r->t->has_minus) && at_sign(r)) {
        *r->number = *r->at;
    }
}

static void read_place(Reader *r, NumberField field) {
    bool was_read = false, is_digit_place = field == NUMBER_ZERO || field == NUMBER_NINE;
    r->at += *r->at == ' ' ? 1 : 0;
    if (r->at < r->end && *r->number == ' ' && is_digit_place && r->before + r->after == 0) {
        read_sign_before(r);
    }
    if (r->at >= r->end) {
        return;
    }
    if (isdigit((unsigned char)*r->at)) {
        if (r->has_point && r->after == r->t->after) {
            return;
        }
        *r->out++ = *r->at;
        *(r->has_point ? &r->after : &r->before) += 1;
        was_read = true;
    } else if (r->t->has_point && !r->has_point && *r->at == '.') {
        *r->out++ = '.';
        r->has_point = was_read = true;
    }
    if (*r->number == ' ' && r->before + r->after > 0) {
        read_sign_after(r, was_read);
    }
}

static void skip_others(Reader *r, int count) {
    while (count-- > 0 && r->at < r->end && strchr("0123456789.,+-", *r->at) == NULL) {
        r->at++;
        while (r->at < r->end && ((unsigned char)*r->at & 0xc0) == 0x80) {
            r->at++;
        }
    }
}

/* One node; the caller then passes over the character that was read, if `*is_read`. */
static void read_node(Reader *r, const NumberNode *node, bool *is_read) {
    *is_read = true;
    switch ((NumberField)node->field) {
    case NUMBER_NINE:
    case NUMBER_ZERO:
    case NUMBER_POINT:
    case NUMBER_LOCAL_POINT: read_place(r, (NumberField)node->field); return;
    case NUMBER_COMMA:
    case NUMBER_GROUP: *is_read = !r->t->is_fill_off && *r->at == ','; return;
    case NUMBER_MINUS:
    case NUMBER_PLUS:
    case NUMBER_SIGN:
        if ((*r->at == '-' && node->field != NUMBER_PLUS) || (*r->at == '+' && node->field != NUMBER_MINUS)) {
            *r->number = *r->at;
            return;
        }
        skip_others(r, 1);
        break;
    case NUMBER_CURRENCY: skip_others(r, 1); break;
    case NUMBER_ORDINAL: skip_others(r, 2); break;
    case NUMBER_CHARACTER: do { r->at++;
        } while (r->at < r->end && ((unsigned char)*r->at & 0xc0) == 0x80);
        break;
    default: break;
    }
    *is_read = false;
}

Status number_template_read(const Context *cx, const NumberTemplate *t, const char *text, size_t bytes, char *number) {
    if (t->is_exponent || t->is_roman) {
        return fail(cx, FEATURE_NOT_SUPPORTED, "\"%s\" not supported for input", t->is_exponent ? "EEEE" : "RN");
    }
    Reader r = {.t = t, .start = text, .at = text, .end = text + bytes, .number = number, .out = number + 1};
    *number = ' ';
    for (uint32_t i = 0; i < t->count && r.at < r.end; i++) {
        bool is_read;
        read_node(&r, &t->nodes[i], &is_read);
        r.at += is_read ? 1 : 0;
    }
    r.out -= r.out[-1] == '.' ? 1 : 0;
    *r.out = 0;
    return OK;
}
