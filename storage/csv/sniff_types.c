/* The types of csv_sniff: one that every value of a column has in its plain spelling. Numbers with leading zeros stay text,
 * they are codes. */
#include "core/value.h"
#include "storage/csv/sniff.h"

#include <ctype.h>
#include <strings.h>

/* What a column's values can all be. */
typedef struct Candidate {
    bool any, can_boolean, can_integer, can_decimal, can_double, can_date, can_time, can_timestamp;
    bool fits_i32, fits_i64;
    uint32_t whole_digits, scale;
} Candidate;

void sniff_trim(const Field *field, const char **data, size_t *bytes) {
    *data = field->data;
    *bytes = field->bytes;
    while (*bytes > 0 && isspace((unsigned char)**data)) {
        ++*data, --*bytes;
    }
    while (*bytes > 0 && isspace((unsigned char)(*data)[*bytes - 1])) {
        --*bytes;
    }
}

bool sniff_parses(const Sniffer *sniffer, TypeId type, const char *data, size_t bytes) {
    Error ignored;
    Context quiet = *sniffer->cx;
    Value value;
    quiet.error = &ignored;
    return value_parse(&quiet, type_make(type), data, bytes, &value) == OK;
}

static bool is_word(const char *data, size_t bytes, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == bytes && strncasecmp(words[i], data, bytes) == 0) {
            return true;
        }
    }
    return false;
}

/* Digits with at most one point, no leading zeros, at most 38 digits: counts them. */
static bool is_plain_number(const char *data, size_t bytes, uint32_t *whole, uint32_t *scale) {
    size_t at = bytes > 0 && (data[0] == '-' || data[0] == '+');
    size_t first = at;
    *whole = *scale = 0;
    for (; at < bytes && isdigit((unsigned char)data[at]); at++) {
        ++*whole;
    }
    if (*whole == 0 || (*whole > 1 && data[first] == '0')) {
        return false;
    }
    if (at < bytes && data[at] == '.') {
        for (at++; at < bytes && isdigit((unsigned char)data[at]); at++) {
            ++*scale;
        }
        return at == bytes && *scale > 0;
    }
    return at == bytes;
}

static bool is_float(const char *data, size_t bytes) {
    bool has_digit = false;
    for (size_t i = 0; i < bytes; i++) {
        has_digit = has_digit || isdigit((unsigned char)data[i]);
        if (!isdigit((unsigned char)data[i]) && strchr("+-.eE", data[i]) == NULL) {
            return false;
        }
    }
    return has_digit && (data[0] != '0' || bytes == 1 || !isdigit((unsigned char)data[1]));
}

/* YYYY-MM-DD, and behind it a time: other orders of day and month would be guesses. */
static bool starts_with_date(const char *data, size_t bytes) {
    static const char form[] = "dddd-dd-dd";
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (i >= bytes || (form[i] == 'd' ? !isdigit((unsigned char)data[i]) : data[i] != form[i])) {
            return false;
        }
    }
    return true;
}

static bool has_zone(const char *data, size_t bytes) {
    return bytes > 11 && (memchr(data + 11, '+', bytes - 11) != NULL || memchr(data + 11, '-', bytes - 11) != NULL ||
                          memchr(data + 11, 'Z', bytes - 11) != NULL || memchr(data + 11, 'z', bytes - 11) != NULL);
}

static void consider_number(const Sniffer *sniffer, Candidate *candidate, const char *data, size_t bytes) {
    uint32_t whole, scale;
    bool is_plain = is_plain_number(data, bytes, &whole, &scale);
    candidate->can_integer = candidate->can_integer && is_plain && scale == 0;
    candidate->can_decimal = candidate->can_decimal && is_plain;
    candidate->can_double =
        candidate->can_double && (is_plain || (is_float(data, bytes) && sniff_parses(sniffer, TYPE_DOUBLE, data, bytes)));
    if (is_plain) {
        candidate->whole_digits = whole > candidate->whole_digits ? whole : candidate->whole_digits;
        candidate->scale = scale > candidate->scale ? scale : candidate->scale;
    }
}

static void consider(const Sniffer *sniffer, Candidate *candidate, const Field *field) {
    static const char *const booleans[] = {"true", "false", "t", "f"};
    const char *data;
    size_t bytes;
    sniff_trim(field, &data, &bytes);
    bool is_dated = starts_with_date(data, bytes);
    candidate->any = true;
    if (field->is_string) {
        candidate->can_boolean = candidate->can_integer = candidate->can_decimal = candidate->can_double = false;
    }
    candidate->can_boolean = candidate->can_boolean && is_word(data, bytes, booleans, sizeof booleans / sizeof booleans[0]);
    if (candidate->can_double) {
        consider_number(sniffer, candidate, data, bytes);
    }
    candidate->fits_i32 = candidate->fits_i32 && candidate->can_integer && sniff_parses(sniffer, TYPE_INTEGER, data, bytes);
    candidate->fits_i64 = candidate->fits_i64 && candidate->can_integer && sniff_parses(sniffer, TYPE_BIGINT, data, bytes);
    candidate->can_date = candidate->can_date && is_dated && bytes == 10 && sniff_parses(sniffer, TYPE_DATE, data, bytes);
    candidate->can_timestamp =
        candidate->can_timestamp && is_dated && !has_zone(data, bytes) && sniff_parses(sniffer, TYPE_TIMESTAMP, data, bytes);
    candidate->can_time = candidate->can_time && bytes >= 5 && bytes <= 15 && memchr(data, ':', bytes) != NULL && !is_dated &&
                          isdigit((unsigned char)data[0]) && sniff_parses(sniffer, TYPE_TIME, data, bytes);
}

/* Beyond the sample there may be longer numbers. */
static Type candidate_type(const Candidate *candidate, bool is_whole) {
    if (!candidate->any) {
        return type_varchar(0);
    }
    if (candidate->can_boolean) {
        return type_make(TYPE_BOOLEAN);
    }
    if (candidate->can_integer && candidate->fits_i64) {
        return type_make(candidate->fits_i32 && is_whole ? TYPE_INTEGER : TYPE_BIGINT);
    }
    if (candidate->can_decimal && is_whole && candidate->whole_digits + candidate->scale <= DECIMAL_PRECISION_MAX) {
        return type_decimal(candidate->whole_digits + candidate->scale, candidate->scale);
    }
    if (candidate->can_double) {
        return type_make(TYPE_DOUBLE);
    }
    return candidate->can_date        ? type_make(TYPE_DATE)
           : candidate->can_timestamp ? type_make(TYPE_TIMESTAMP)
           : candidate->can_time      ? type_make(TYPE_TIME)
                                      : type_varchar(0);
}

Status sniff_types(const Sniffer *sniffer, const Records *records, uint32_t first, Type *types, const char **examples) {
    uint32_t count = records->counts[0];
    for (uint32_t c = 0; c < count; c++) {
        Candidate candidate = {.can_boolean = true,
                               .can_integer = true,
                               .can_decimal = true,
                               .can_double = true,
                               .can_date = true,
                               .can_time = true,
                               .can_timestamp = true,
                               .fits_i32 = true,
                               .fits_i64 = true};
        examples[c] = NULL;
        for (uint32_t r = first; r < records->count; r++) {
            const Field *field = &records->fields[(uint64_t)r * count + c];
            if (field->is_null) {
                continue;
            }
            consider(sniffer, &candidate, field);
            if (examples[c] == NULL) {
                examples[c] =
                    arena_copy_text(sniffer->cx, sniffer->arena, field->data, utf8_valid_prefix(field->data, field->bytes));
                if (examples[c] == NULL) {
                    return OUT_OF_MEMORY;
                }
            }
        }
        types[c] = candidate_type(&candidate, sniffer->is_whole);
    }
    return OK;
}
