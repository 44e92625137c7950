/* Text to dates and timestamps: the free forms of literals, and the templates of to_date and COPY's DATEFORMAT. */
#include "core/datetime.h"

#include <string.h>
#include <strings.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip_spaces(const char **at, const char *end) {
    while (*at < end && is_space(**at)) {
        (*at)++;
    }
}

/* Up to `digits_max` digits; returns how many there were. */
static uint32_t read_digits(const char **at, const char *end, uint32_t digits_max, int64_t *value) {
    uint32_t count = 0;
    *value = 0;
    while (*at < end && count < digits_max && is_digit(**at)) {
        *value = *value * 10 + (*(*at)++ - '0');
        count++;
    }
    return count;
}

size_t month_name_match(const char *at, const char *end, int32_t *month) {
    for (int32_t i = 0; i < 12; i++) {
        size_t length = strlen(month_names[i]);
        for (size_t try = length;; try = 3) {
            bool ends = (size_t)(end - at) == try || ((size_t)(end - at) > try && !is_letter(at[try]));
            if (ends && strncasecmp(at, month_names[i], try) == 0) {
                *month = i + 1;
                return try;
            }
            if (try == 3) {
                break;
            }
        }
    }
    return 0;
}

/* -------------------------------------------------------------------------------------------------------------- free forms */

typedef struct DateFields {
    int64_t numbers[3];
    uint32_t digits[3];
    uint32_t count;
    int32_t month_name; /* 0: none */
    uint32_t month_at;  /* numbers read before the name */
} DateFields;

/* A number or month name with what separates it from the next; false at something else. */
static bool read_date_field(const char **at, const char *end, DateFields *fields) {
    int32_t month;
    size_t name = month_name_match(*at, end, &month);
    if (name > 0) {
        if (fields->month_name != 0) {
            return false;
        }
        fields->month_name = month;
        fields->month_at = fields->count;
        *at += name;
        return true;
    }
    if (fields->count == 3) {
        return false;
    }
    fields->digits[fields->count] = read_digits(at, end, 8, &fields->numbers[fields->count]);
    return fields->digits[fields->count++] > 0;
}

static bool is_date_separator(char c) {
    return c == '-' || c == '/' || c == '.';
}

static uint32_t wanted_numbers(const DateFields *fields) {
    return fields->month_name != 0 ? 2 : 3;
}

static bool read_date_fields(const char **at, const char *end, DateFields *fields) {
    *fields = (DateFields){0};
    while (read_date_field(at, end, fields)) {
        bool is_compact = fields->count == 1 && fields->month_name == 0 && (fields->digits[0] == 6 || fields->digits[0] == 8);
        if (is_compact && (*at == end || !is_date_separator(**at))) {
            return true; /* yyyymmdd */
        }
        bool complete = fields->count == wanted_numbers(fields) && (fields->month_name != 0 || fields->count == 3);
        if (complete) {
            return true;
        }
        const char *before = *at;
        while (*at < end && (is_date_separator(**at) || **at == ',' || is_space(**at))) {
            (*at)++;
        }
        if (before == *at && !(*at < end && is_letter(**at))) {
            return false;
        }
    }
    return false;
}

static int64_t full_year(int64_t year, uint32_t digits) {
    return digits > 2 ? year : year < 70 ? year + 2000 : year + 1900;
}

/* Assigns year, month and day by PostgreSQL's MDY rule; a number of three digits or more is the year. */
static void assign_date_fields(const DateFields *f, int64_t *year, int64_t *month, int64_t *day) {
    if (f->count == 1) { /* yyyymmdd, yymmdd */
        *year = f->digits[0] == 6 ? full_year(f->numbers[0] / 10000, 2) : f->numbers[0] / 10000;
        *month = f->numbers[0] / 100 % 100;
        *day = f->numbers[0] % 100;
        return;
    }
    if (f->month_name != 0) {
        uint32_t year_at = f->digits[0] > 2 ? 0 : 1;
        *year = full_year(f->numbers[year_at], f->digits[year_at]);
        *month = f->month_name;
        *day = f->numbers[1 - year_at];
        return;
    }
    bool year_first = f->digits[0] > 2;
    *year = full_year(f->numbers[year_first ? 0 : 2], f->digits[year_first ? 0 : 2]);
    *month = f->numbers[year_first ? 1 : 0];
    *day = f->numbers[year_first ? 2 : 1];
}

/* The usual form, without looking at anything else: dddd-dd-dd. */
static bool iso_date(const char *at, const char *end, Civil *civil) {
    if (end - at < 10 || at[4] != '-' || at[7] != '-' || (end - at > 10 && is_digit(at[10]))) {
        return false;
    }
    static const uint8_t places[8] = {0, 1, 2, 3, 5, 6, 8, 9};
    uint32_t digits[8];
    for (int i = 0; i < 8; i++) {
        if (!is_digit(at[places[i]])) {
            return false;
        }
        digits[i] = (uint32_t)(at[places[i]] - '0');
    }
    *civil = (Civil){.year = (int32_t)(digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3]),
                     .month = (uint8_t)(digits[4] * 10 + digits[5]),
                     .day = (uint8_t)(digits[6] * 10 + digits[7])};
    return true;
}

static DateTimeParse read_date(const char **at, const char *end, int64_t *year, int64_t *month, int64_t *day) {
    Civil civil;
    if (iso_date(*at, end, &civil)) {
        *year = civil.year;
        *month = civil.month;
        *day = civil.day;
        *at += 10;
        return DATETIME_OK;
    }
    DateFields fields;
    if (!read_date_fields(at, end, &fields)) {
        return DATETIME_BAD_SYNTAX;
    }
    assign_date_fields(&fields, year, month, day);
    return DATETIME_OK;
}

static bool take_word(const char **at, const char *end, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(end - *at) < length || strncasecmp(*at, word, length) != 0) {
        return false;
    }
    *at += length;
    return true;
}

bool time_parse(const char **at, const char *end, int64_t *micros) {
    int64_t hour, minute, second = 0, fraction = 0;
    const char *p = *at;
    if (read_digits(&p, end, 2, &hour) == 0 || p == end || *p != ':') {
        return false;
    }
    p++;
    if (read_digits(&p, end, 2, &minute) != 2) {
        return false;
    }
    if (p < end && *p == ':') {
        p++;
        if (read_digits(&p, end, 2, &second) != 2) {
            return false;
        }
        if (p < end && *p == '.') {
            p++;
            uint32_t digits = read_digits(&p, end, 6, &fraction);
            for (; digits < 6; digits++) {
                fraction *= 10;
            }
            if (p < end && is_digit(*p)) {
                fraction += *p >= '5' ? 1 : 0;
            }
            while (p < end && is_digit(*p)) {
                p++;
            }
        }
    }
    const char *after = p;
    skip_spaces(&p, end);
    bool am = take_word(&p, end, "am"), pm = !am && take_word(&p, end, "pm");
    if (am || pm) {
        hour = hour >= 1 && hour <= 12 ? hour % 12 + (pm ? 12 : 0) : 99;
        after = p;
    }
    if (hour > 24 || minute > 59 || second > 60 || (hour == 24 && (minute > 0 || second > 0 || fraction > 0))) {
        *micros = -1;
    } else {
        *micros = hour * MICROS_PER_HOUR + minute * MICROS_PER_MINUTE + second * MICROS_PER_SECOND + fraction;
    }
    *at = after;
    return true;
}

/* Z, UTC, +hh, +hh:mm, -hhmm: understood and ignored. */
static void skip_zone(const char **at, const char *end) {
    if (take_word(at, end, "UTC") || take_word(at, end, "GMT") || take_word(at, end, "Z")) {
        return;
    }
    if (*at < end && (**at == '+' || **at == '-')) {
        const char *p = *at + 1;
        int64_t ignored;
        uint32_t digits = read_digits(&p, end, 4, &ignored);
        if (digits > 0 && p < end && *p == ':') {
            p++;
            digits = read_digits(&p, end, 2, &ignored);
        }
        *at = digits > 0 ? p : *at;
    }
}

/* Date, optional time and zone, optional AD or BC, and nothing else. */
static DateTimeParse parse_datetime(const char *text, size_t bytes, int64_t *days, int64_t *micros) {
    const char *at = text, *end = text + bytes;
    int64_t year, month, day;
    skip_spaces(&at, end);
    if (take_word(&at, end, "epoch")) {
        skip_spaces(&at, end);
        *days = *micros = 0;
        return at == end ? DATETIME_OK : DATETIME_BAD_SYNTAX;
    }
    DateTimeParse result = read_date(&at, end, &year, &month, &day);
    if (result != DATETIME_OK) {
        return result;
    }
    *micros = 0;
    if (at < end && (*at == 'T' || *at == 't' || is_space(*at))) {
        const char *before = at;
        at++;
        skip_spaces(&at, end);
        if (time_parse(&at, end, micros)) {
            skip_spaces(&at, end);
            skip_zone(&at, end);
        } else if (*before == 'T' || *before == 't') {
            return DATETIME_BAD_SYNTAX;
        }
    } else if (at < end && (*at == 'Z' || *at == 'z' || *at == '+')) {
        skip_zone(&at, end);
    }
    skip_spaces(&at, end);
    bool bc = take_word(&at, end, "BC");
    if (!bc) {
        take_word(&at, end, "AD");
    }
    skip_spaces(&at, end);
    if (at != end) {
        return DATETIME_BAD_SYNTAX;
    }
    if (year == 0 || *micros < 0 || !civil_is_valid(bc ? 1 - year : year, month, day)) {
        return DATETIME_BAD_FIELD;
    }
    *days = days_from_civil((int32_t)(bc ? 1 - year : year), (int32_t)month, (int32_t)day);
    return days_in_range(*days) ? DATETIME_OK : DATETIME_BAD_FIELD;
}

DateTimeParse date_parse(const char *text, size_t bytes, int32_t *days) {
    Civil civil;
    if (bytes == 10 && iso_date(text, text + bytes, &civil)) {
        if (civil.year == 0 || !civil_is_valid(civil.year, civil.month, civil.day)) {
            return DATETIME_BAD_FIELD;
        }
        *days = days_from_civil(civil.year, civil.month, civil.day);
        return DATETIME_OK;
    }
    int64_t wide, micros;
    DateTimeParse result = parse_datetime(text, bytes, &wide, &micros);
    *days = result == DATETIME_OK ? (int32_t)wide : 0;
    return result;
}

DateTimeParse timestamp_parse(const char *text, size_t bytes, int64_t *timestamp) {
    int64_t days, micros;
    DateTimeParse result = parse_datetime(text, bytes, &days, &micros);
    *timestamp = result == DATETIME_OK ? days * MICROS_PER_DAY + micros : 0;
    return result;
}

/* --------------------------------------------------------------------------------------------------------------- templates */

typedef struct TemplateFields {
    int64_t year, month, day, hour, minute, second, micros, day_of_year;
    bool is_pm, is_am;
} TemplateFields;

typedef struct TemplateItem {
    const char *pattern;
    uint32_t digits;
    size_t offset; /* of the int64_t in TemplateFields */
} TemplateItem;

#define ITEM(pattern, digits, field)                                                                                           \
    { pattern, digits, offsetof(TemplateFields, field) }
static const TemplateItem template_items[] = {
    ITEM("YYYY", 4, year), ITEM("YY", 2, year),   ITEM("MM", 2, month),   ITEM("DDD", 3, day_of_year), ITEM("DD", 2, day),
    ITEM("HH24", 2, hour), ITEM("HH12", 2, hour), ITEM("HH", 2, hour),    ITEM("MI", 2, minute),       ITEM("SS", 2, second),
    ITEM("MS", 3, micros), ITEM("US", 6, micros), ITEM("FF6", 6, micros), ITEM("FF3", 3, micros),
};
#undef ITEM

static bool read_template_number(const char **at, const char *end, const TemplateItem *item, TemplateFields *fields) {
    int64_t value;
    skip_spaces(at, end);
    uint32_t digits = read_digits(at, end, item->digits, &value);
    if (digits == 0) {
        return false;
    }
    if (item->offset == offsetof(TemplateFields, year) && item->digits == 2) {
        value = full_year(value, 2);
    } else if (item->offset == offsetof(TemplateFields, micros)) {
        for (; digits < 6; digits++) { /* a fraction: .5 is 500 ms */
            value *= 10;
        }
    }
    memcpy((char *)fields + item->offset, &value, sizeof value);
    return true;
}

/* Month and day names, AM and PM; false if the template does not stand at one or the text does not match. */
static bool read_template_word(const char **template, const char *template_end, const char **at, const char *end,
                               TemplateFields *fields, bool *matched) {
    int32_t month;
    *matched = true;
    skip_spaces(at, end);
    if (take_word(template, template_end, "MONTH") || take_word(template, template_end, "MON")) {
        size_t length = month_name_match(*at, end, &month);
        *at += length;
        fields->month = length > 0 ? month : fields->month;
        return length > 0;
    }
    if (take_word(template, template_end, "DAY") || take_word(template, template_end, "DY")) {
        const char *start = *at;
        while (*at < end && is_letter(**at)) {
            (*at)++;
        }
        return *at > start;
    }
    if (take_word(template, template_end, "AM") || take_word(template, template_end, "PM")) {
        fields->is_am = take_word(at, end, "AM");
        fields->is_pm = !fields->is_am && take_word(at, end, "PM");
        return fields->is_am || fields->is_pm;
    }
    *matched = false;
    return true;
}

static bool read_template(const char *at, const char *end, const char *template, const char *template_end,
                          TemplateFields *fields) {
    while (template <template_end) {
        const TemplateItem *item = NULL;
        for (size_t i = 0; i < sizeof template_items / sizeof template_items[0] && item == NULL; i++) {
            item = take_word(&template, template_end, template_items[i].pattern) ? &template_items[i] : NULL;
        }
        bool matched = false;
        if (item != NULL) {
            if (!read_template_number(&at, end, item, fields)) {
                return false;
            }
            continue;
        }
        if (is_letter(*template) && !take_word(&template, template_end, "FM") &&
            !read_template_word(&template, template_end, &at, end, fields, &matched)) {
            return false;
        }
        if (matched) {
            continue;
        }
        if (template <template_end && !is_digit(*template)) { /* a separator: itself or any other, if there is one */
            bool quoted = *template == '"';
            template ++;
            if (!quoted && at < end && !is_digit(*at) && !(is_letter(*at) && !is_letter(template[-1]))) {
                at++;
            }
        } else if (template <template_end) {
            template ++;
        }
    }
    skip_spaces(&at, end);
    return at == end;
}

DateTimeParse datetime_parse_template(const char *text, size_t bytes, const char *template, size_t template_bytes,
                                      DateTime *out) {
    TemplateFields f = {.year = 1, .month = 1, .day = 1};
    if (!read_template(text, text + bytes, template, template + template_bytes, &f)) {
        return DATETIME_BAD_SYNTAX;
    }
    if (f.is_am || f.is_pm) {
        if (f.hour < 1 || f.hour > 12) {
            return DATETIME_BAD_FIELD;
        }
        f.hour = f.hour % 12 + (f.is_pm ? 12 : 0);
    }
    if (f.year == 0 || !civil_is_valid(f.year, f.month, f.day) || f.hour > 23 || f.minute > 59 || f.second > 59 ||
        f.day_of_year > (year_is_leap((int32_t)f.year) ? 366 : 365)) {
        return DATETIME_BAD_FIELD;
    }
    out->date = (Civil){.year = (int32_t)f.year, .month = (uint8_t)f.month, .day = (uint8_t)f.day};
    if (f.day_of_year > 0) {
        out->date = civil_from_days(days_from_civil((int32_t)f.year, 1, 1) + (int32_t)f.day_of_year - 1);
    }
    out->micros = f.hour * MICROS_PER_HOUR + f.minute * MICROS_PER_MINUTE + f.second * MICROS_PER_SECOND + f.micros;
    return DATETIME_OK;
}
