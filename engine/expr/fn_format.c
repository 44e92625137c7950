/* to_char, to_date, to_timestamp and to_number: values to text and back by templates. Numbers: fn_format_number.c. */
#include "expr/fn_loop.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>

static const Text *text_at(const Vector *vector, uint32_t row) {
    return &((const Text *)vector->data)[vector->kind == VECTOR_CONSTANT ? 0 : row];
}

/* ------------------------------------------------------------------------------------------------------------ dates to text */

typedef struct DateParts {
    int32_t days;
    Civil civil;
    int64_t micros;
} DateParts;

typedef enum FormatKind {
    FORMAT_YEAR4,
    FORMAT_YEAR3,
    FORMAT_YEAR2,
    FORMAT_YEAR1,
    FORMAT_ISO_YEAR4,
    FORMAT_ISO_YEAR2,
    FORMAT_MONTH_NUMBER,
    FORMAT_MONTH_NAME,
    FORMAT_MONTH_SHORT,
    FORMAT_DAY_OF_YEAR,
    FORMAT_DAY,
    FORMAT_WEEKDAY_NUMBER,
    FORMAT_ISO_WEEKDAY,
    FORMAT_WEEKDAY_NAME,
    FORMAT_WEEKDAY_SHORT,
    FORMAT_HOUR24,
    FORMAT_HOUR12,
    FORMAT_MINUTE,
    FORMAT_SECOND_OF_DAY,
    FORMAT_SECOND,
    FORMAT_MILLIS,
    FORMAT_MICROS,
    FORMAT_AM_PM,
    FORMAT_QUARTER,
    FORMAT_WEEK_OF_YEAR,
    FORMAT_WEEK_OF_MONTH,
    FORMAT_ISO_WEEK,
    FORMAT_CENTURY,
    FORMAT_JULIAN,
    FORMAT_ERA
} FormatKind;

typedef struct FormatItem {
    const char *pattern; /* longer ones first */
    FormatKind kind;
} FormatItem;

static const FormatItem format_items[] = {
    {"YYYY", FORMAT_YEAR4},
    {"YYY", FORMAT_YEAR3},
    {"YY", FORMAT_YEAR2},
    {"Y", FORMAT_YEAR1},
    {"IYYY", FORMAT_ISO_YEAR4},
    {"IY", FORMAT_ISO_YEAR2},
    {"IDDD", FORMAT_DAY_OF_YEAR},
    {"ID", FORMAT_ISO_WEEKDAY},
    {"IW", FORMAT_ISO_WEEK},
    {"MONTH", FORMAT_MONTH_NAME},
    {"MON", FORMAT_MONTH_SHORT},
    {"MM", FORMAT_MONTH_NUMBER},
    {"MI", FORMAT_MINUTE},
    {"MS", FORMAT_MILLIS},
    {"DDD", FORMAT_DAY_OF_YEAR},
    {"DD", FORMAT_DAY},
    {"DAY", FORMAT_WEEKDAY_NAME},
    {"DY", FORMAT_WEEKDAY_SHORT},
    {"D", FORMAT_WEEKDAY_NUMBER},
    {"HH24", FORMAT_HOUR24},
    {"HH12", FORMAT_HOUR12},
    {"HH", FORMAT_HOUR12},
    {"SSSSS", FORMAT_SECOND_OF_DAY},
    {"SSSS", FORMAT_SECOND_OF_DAY},
    {"SS", FORMAT_SECOND},
    {"US", FORMAT_MICROS},
    {"FF6", FORMAT_MICROS},
    {"FF3", FORMAT_MILLIS},
    {"AM", FORMAT_AM_PM},
    {"PM", FORMAT_AM_PM},
    {"A.M.", FORMAT_AM_PM},
    {"P.M.", FORMAT_AM_PM},
    {"AD", FORMAT_ERA},
    {"BC", FORMAT_ERA},
    {"Q", FORMAT_QUARTER},
    {"WW", FORMAT_WEEK_OF_YEAR},
    {"W", FORMAT_WEEK_OF_MONTH},
    {"CC", FORMAT_CENTURY},
    {"J", FORMAT_JULIAN},
};

static const FormatItem *match_item(const char *at, size_t bytes) {
    for (size_t i = 0; i < sizeof format_items / sizeof format_items[0]; i++) {
        size_t length = strlen(format_items[i].pattern);
        if (length <= bytes && strncasecmp(at, format_items[i].pattern, length) == 0) {
            return &format_items[i];
        }
    }
    return NULL;
}

#define ITEM_BYTES_MAX 24

/* "Month", "MONTH" or "month", as the template is written; padded to nine unless FM. */
static size_t put_name(char *out, const char *name, const char *pattern, size_t letters, bool fill) {
    size_t length = letters > 0 ? letters : strlen(name);
    bool all_upper = isupper((unsigned char)pattern[0]) && isupper((unsigned char)pattern[1]);
    bool all_lower = islower((unsigned char)pattern[0]);
    for (size_t i = 0; i < length; i++) {
        out[i] = (char)(all_upper ? toupper((unsigned char)name[i]) : all_lower ? tolower((unsigned char)name[i]) : name[i]);
    }
    for (; fill && length < 9; length++) {
        out[length] = ' ';
    }
    return length;
}

static size_t put_number(char *out, int64_t value, int width, bool fill) {
    return (size_t)snprintf(out, ITEM_BYTES_MAX, "%0*lld", fill ? width : 1, (long long)value);
}

static size_t put_meridiem(char *out, const char *pattern, bool is_pm) {
    bool dotted = pattern[1] == '.', lower = islower((unsigned char)pattern[0]);
    const char *word = is_pm ? (dotted ? (lower ? "p.m." : "P.M.") : (lower ? "pm" : "PM"))
                             : (dotted ? (lower ? "a.m." : "A.M.") : (lower ? "am" : "AM"));
    memcpy(out, word, strlen(word));
    return strlen(word);
}

static size_t put_item(char *out, const FormatItem *item, const char *pattern, const DateParts *p, bool fill) {
    int32_t iso_year, week = iso_week(p->days, &iso_year), year = p->civil.year > 0 ? p->civil.year : 1 - p->civil.year;
    int64_t hour = p->micros / MICROS_PER_HOUR, doy = date_field(p->days, FIELD_DOY);
    const char *month = month_names[p->civil.month - 1], *weekday = day_names[date_field(p->days, FIELD_DOW)];
    switch (item->kind) {
    case FORMAT_YEAR4: return put_number(out, year, 4, fill);
    case FORMAT_YEAR3: return put_number(out, year % 1000, 3, fill);
    case FORMAT_YEAR2: return put_number(out, year % 100, 2, fill);
    case FORMAT_YEAR1: return put_number(out, year % 10, 1, fill);
    case FORMAT_ISO_YEAR4: return put_number(out, iso_year, 4, fill);
    case FORMAT_ISO_YEAR2: return put_number(out, iso_year % 100, 2, fill);
    case FORMAT_MONTH_NUMBER: return put_number(out, p->civil.month, 2, fill);
    case FORMAT_MONTH_NAME: return put_name(out, month, pattern, 0, fill);
    case FORMAT_MONTH_SHORT: return put_name(out, month, pattern, 3, false);
    case FORMAT_DAY_OF_YEAR: return put_number(out, doy, 3, fill);
    case FORMAT_DAY: return put_number(out, p->civil.day, 2, fill);
    case FORMAT_WEEKDAY_NUMBER: return put_number(out, date_field(p->days, FIELD_DOW) + 1, 1, fill);
    case FORMAT_ISO_WEEKDAY: return put_number(out, date_field(p->days, FIELD_ISODOW), 1, fill);
    case FORMAT_WEEKDAY_NAME: return put_name(out, weekday, pattern, 0, fill);
    case FORMAT_WEEKDAY_SHORT: return put_name(out, weekday, pattern, 3, false);
    case FORMAT_HOUR24: return put_number(out, hour, 2, fill);
    case FORMAT_HOUR12: return put_number(out, hour % 12 == 0 ? 12 : hour % 12, 2, fill);
    case FORMAT_MINUTE: return put_number(out, p->micros / MICROS_PER_MINUTE % 60, 2, fill);
    case FORMAT_SECOND_OF_DAY: return put_number(out, p->micros / MICROS_PER_SECOND, 1, false);
    case FORMAT_SECOND: return put_number(out, p->micros / MICROS_PER_SECOND % 60, 2, fill);
    case FORMAT_MILLIS: return put_number(out, p->micros % MICROS_PER_SECOND / 1000, 3, true);
    case FORMAT_MICROS: return put_number(out, p->micros % MICROS_PER_SECOND, 6, true);
    case FORMAT_AM_PM: return put_meridiem(out, pattern, hour >= 12);
    case FORMAT_QUARTER: return put_number(out, date_field(p->days, FIELD_QUARTER), 1, fill);
    case FORMAT_WEEK_OF_YEAR: return put_number(out, (doy - 1) / 7 + 1, 2, fill);
    case FORMAT_WEEK_OF_MONTH: return put_number(out, (p->civil.day - 1) / 7 + 1, 1, fill);
    case FORMAT_ISO_WEEK: return put_number(out, week, 2, fill);
    case FORMAT_CENTURY: return put_number(out, date_field(p->days, FIELD_CENTURY), 2, fill);
    case FORMAT_JULIAN: return put_number(out, (int64_t)p->days + 2440588, 1, fill);
    case FORMAT_ERA: memcpy(out, p->civil.year > 0 ? "AD" : "BC", 2); return 2;
    }
    return 0;
}

/* Writes at most ITEM_BYTES_MAX bytes for each byte of the template. */
static size_t format_date(const DateParts *parts, const char *template, size_t bytes, char *out) {
    size_t written = 0;
    bool fill = true;
    for (size_t at = 0; at < bytes;) {
        const FormatItem *item = match_item(template + at, bytes - at);
        if (template[at] == '"') {
            for (at++; at < bytes && template[at] != '"'; at++) {
                out[written++] = template[at];
            }
            at++;
        } else if (bytes - at >= 2 && strncasecmp(template + at, "FM", 2) == 0) {
            fill = false; /* for the next item */
            at += 2;
        } else if (item != NULL) {
            written += put_item(out + written, item, template + at, parts, fill);
            at += strlen(item->pattern);
            fill = true;
        } else {
            out[written++] = template[at++];
        }
    }
    return written;
}

Status fn_to_char_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        const Text *template = text_at(args[1], row);
        DateParts parts;
        if (!fn_row_valid(out, row)) {
            continue;
        }
        if (template->bytes > 256) {
            return fail(cx, INVALID_PARAMETER_VALUE, "a template of more than 256 bytes");
        }
        char buffer[256 * ITEM_BYTES_MAX];
        parts.days = timestamp_days(arg_I64(args[0], row), &parts.micros);
        parts.civil = civil_from_days(parts.days);
        size_t bytes = format_date(&parts, text_data(template), template->bytes, buffer);
        char *copy = bytes > TEXT_INLINE_MAX ? arena_copy_text(cx, arena, buffer, bytes) : buffer;
        if (copy == NULL) {
            return OUT_OF_MEMORY;
        }
        out_text(out, row, copy, bytes);
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------ text to dates */

static Status read_datetime(const Context *cx, const Text *text, const Text *template, int64_t *days, int64_t *micros) {
    DateTime parsed;
    DateTimeParse result = datetime_parse_template(text_data(text), text->bytes, text_data(template), template->bytes, &parsed);
    int shown = (int)(text->bytes < 80 ? text->bytes : 80);
    if (result == DATETIME_BAD_SYNTAX) {
        return fail(cx, INVALID_DATETIME_FORMAT, "\"%.*s\" does not have the form \"%.*s\"", shown, text_data(text),
                    (int)(template->bytes < 80 ? template->bytes : 80), text_data(template));
    }
    if (result == DATETIME_BAD_FIELD) {
        return fail(cx, DATETIME_OUT_OF_RANGE, "date/time field value out of range: \"%.*s\"", shown, text_data(text));
    }
    *days = days_from_civil(parsed.date.year, parsed.date.month, parsed.date.day);
    *micros = parsed.micros;
    return OK;
}

Status fn_to_date(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        int64_t days, micros;
        if (fn_row_valid(out, row)) {
            TRY(read_datetime(cx, text_at(args[0], row), text_at(args[1], row), &days, &micros));
            ((int32_t *)out->data)[row] = (int32_t)days;
        }
    }
    return OK;
}

Status fn_to_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        int64_t days, micros;
        if (fn_row_valid(out, row)) {
            TRY(read_datetime(cx, text_at(args[0], row), text_at(args[1], row), &days, &micros));
            ((int64_t *)out->data)[row] = days * MICROS_PER_DAY + micros;
        }
    }
    return OK;
}

Status fn_to_timestamp_epoch(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        double micros = rint(arg_F64(args[0], row) * 1e6);
        bool good = fabs(micros) < 9.2e18 && timestamp_in_range((__int128)micros);
        if (!good && fn_row_valid(out, row)) {
            return fail_overflow(cx, out->type);
        }
        ((int64_t *)out->data)[row] = good ? (int64_t)micros : 0;
    }
    return OK;
}
