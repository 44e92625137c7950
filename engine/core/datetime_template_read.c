/* Text to moments by templates. */
#include "core/datetime_template.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum DateMode { MODE_NONE, MODE_GREGORIAN, MODE_ISO_WEEK } DateMode;

/* Fields as read; 0 is not given, as in PostgreSQL. */
typedef struct Fields {
    DateMode mode;
    int32_t year, year_digits, century, month, day, day_of_year, week, week_of_month, weekday, julian, second_of_day;
    int32_t hour, minute, second, millis, micros, zone_hour, zone_minute;
    int zone_sign;
    bool is_bc, is_pm, is_clock12;
} Fields;

typedef struct TextReader {
    const Context *cx;
    const Template *template;
    const TemplateNode *node;
    const char *start, *at, *end;
    int32_t extra_skip; /* blanks passed over that no node of the template stands for */
    Fields fields;
} TextReader;

static bool is_separator(char c) {
    return (unsigned char)c > ' ' && (unsigned char)c < 0x7f && !isalnum((unsigned char)c);
}
static bool is_blank(char c) {
    return isspace((unsigned char)c) != 0;
}

static int shown(const TextReader *reader) {
    ptrdiff_t rest = reader->end - reader->at;
    return (int)(rest < 40 ? rest : 40);
}

static Status fail_value(TextReader *reader, const char *what) {
    fail(reader->cx, INVALID_DATETIME_FORMAT, "invalid value \"%.*s\" for \"%.*s\"", shown(reader), reader->at,
         reader->node->bytes, reader->node->text);
    return fail_hint(reader->cx, "%s", what);
}

/* ----------------------------------------------------------------------------------------------------------------- numbers */

/* Whether the text of a number may be longer than its pattern: something other than a digit follows. */
static bool ends_by_itself(const TextReader *reader) {
    const TemplateNode *next = reader->node + 1;
    if (reader->node->fill_off || reader->node->is_th || next == reader->template->nodes + reader->template->count) {
        return true;
    }
    bool is_character = next->field == TEMPLATE_TEXT || next->field == TEMPLATE_SEPARATOR;
    return is_character ? !isdigit((unsigned char)*next->text) : !next->is_numeric;
}

static Status read_digits(TextReader *reader, int32_t digits, int32_t *value, int32_t *used) {
    while (reader->at < reader->end && is_blank(*reader->at)) {
        reader->at++;
    }
    bool is_open = ends_by_itself(reader);
    const char *at = reader->at, *end = is_open || reader->end - at < digits ? reader->end : at + digits;
    if (!is_open && reader->end - at < digits) {
        fail(reader->cx, INVALID_DATETIME_FORMAT, "source string too short for \"%.*s\" formatting field", reader->node->bytes,
             reader->node->text);
        return fail_hint(reader->cx, "the field requires %d characters; without a fixed width use \"FM\"", digits);
    }
    bool negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+') ? 1 : 0;
    const char *first = at;
    int64_t number = 0;
    for (; at < end && isdigit((unsigned char)*at) && number <= INT32_MAX; at++) {
        number = number * 10 + (*at - '0');
    }
    if (at == first) {
        return fail_value(reader, "the value must be a whole number");
    }
    if (!is_open && at < end) {
        return fail_value(reader, "the field requires more digits; without a fixed width use \"FM\"");
    }
    if (number > INT32_MAX) {
        return fail(reader->cx, DATETIME_OUT_OF_RANGE, "value for \"%.*s\" in source string is out of range",
                    reader->node->bytes, reader->node->text);
    }
    *used = (int32_t)(at - reader->at);
    *value = (int32_t)(negative ? -number : number);
    reader->at = at;
    return OK;
}

static Status store(TextReader *reader, int32_t value, int32_t *field) {
    if (*field != 0 && *field != value) {
        return fail(reader->cx, INVALID_DATETIME_FORMAT, "conflicting values for \"%.*s\" field in formatting string",
                    reader->node->bytes, reader->node->text);
    }
    *field = value;
    return OK;
}

static Status read_field(TextReader *reader, int32_t *field) {
    int32_t value, used;
    TRY(read_digits(reader, reader->node->digits, &value, &used));
    return store(reader, value, field);
}

/* .5 is half a second, .05 a twentieth. */
static Status read_fraction(TextReader *reader, int32_t digits, int32_t units, int32_t *field) {
    int32_t value, used;
    TRY(read_digits(reader, digits, &value, &used));
    for (; used < units; used++) {
        value *= 10;
    }
    return store(reader, value, field);
}

/* Fewer than four digits mean the year next to 2020. */
static int32_t near_2020(int32_t year) {
    return year < 70 ? year + 2000 : year < 100 ? year + 1900 : year < 520 ? year + 2000 : year < 1000 ? year + 1000 : year;
}

static Status read_year(TextReader *reader) {
    int32_t value, used, digits = reader->node->digits;
    TRY(read_digits(reader, digits, &value, &used));
    TRY(store(reader, digits < 4 && used < 4 ? near_2020(value) : value, &reader->fields.year));
    reader->fields.year_digits = digits;
    return OK;
}

static Status read_year_with_comma(TextReader *reader) {
    char copy[24];
    size_t bytes = (size_t)(reader->end - reader->at) < sizeof copy - 1 ? (size_t)(reader->end - reader->at) : sizeof copy - 1;
    memcpy(copy, reader->at, bytes);
    copy[bytes] = 0;
    char *comma;
    long thousands = strtol(copy, &comma, 10);
    if (comma == copy || *comma != ',' || !isdigit((unsigned char)comma[1]) || labs(thousands) > 1000000) {
        return fail_value(reader, "the value must be a whole number with a comma");
    }
    int32_t rest = 0, used = 1;
    for (; used <= 3 && isdigit((unsigned char)comma[used]); used++) {
        rest = rest * 10 + (comma[used] - '0');
    }
    reader->at += comma - copy + used;
    reader->fields.year_digits = 4;
    return store(reader, (int32_t)thousands * 1000 + rest, &reader->fields.year);
}

/* ------------------------------------------------------------------------------------------------------------------- words */

/* The longest of the words that stands here. */
static Status read_word(TextReader *reader, const char *const *words, int32_t count, size_t letters, int32_t *index) {
    size_t longest = 0;
    for (int32_t i = 0; i < count; i++) {
        size_t bytes = letters > 0 ? letters : strlen(words[i]);
        if (bytes > longest && (size_t)(reader->end - reader->at) >= bytes && strncasecmp(reader->at, words[i], bytes) == 0) {
            longest = bytes;
            *index = i;
        }
    }
    if (longest == 0) {
        return fail_value(reader, "the given value did not match any of the allowed values for this field");
    }
    reader->at += longest;
    return OK;
}

static Status read_meridiem(TextReader *reader) {
    static const char *const words[] = {"am", "pm", "a.m.", "p.m."};
    int32_t index = 0;
    TRY(read_word(reader, words, 4, 0, &index));
    reader->fields.is_pm = index % 2 == 1;
    reader->fields.is_clock12 = true;
    return OK;
}

static Status read_era(TextReader *reader) {
    static const char *const words[] = {"ad", "bc", "a.d.", "b.c."};
    int32_t index = 0;
    TRY(read_word(reader, words, 4, 0, &index));
    reader->fields.is_bc = index % 2 == 1;
    return OK;
}

static Status read_month_name(TextReader *reader, size_t letters) {
    int32_t index = 0;
    TRY(read_word(reader, month_names, 12, letters, &index));
    return store(reader, index + 1, &reader->fields.month);
}

static Status read_roman_month(TextReader *reader) {
    static const char *const words[] = {"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"};
    int32_t index = 0;
    TRY(read_word(reader, words, 12, 0, &index));
    return store(reader, index + 1, &reader->fields.month);
}

static Status read_weekday_name(TextReader *reader, size_t letters) {
    int32_t index = 0;
    TRY(read_word(reader, day_names, 7, letters, &index));
    return store(reader, index + 1, &reader->fields.weekday);
}

/* The sign may have been taken for the separator before. */
static Status read_zone_hour(TextReader *reader) {
    Fields *fields = &reader->fields;
    if (reader->at < reader->end && (*reader->at == '+' || *reader->at == '-' || *reader->at == ' ')) {
        fields->zone_sign = *reader->at++ == '-' ? -1 : 1;
    } else {
        fields->zone_sign = reader->extra_skip > 0 && reader->at > reader->start && reader->at[-1] == '-' ? -1 : 1;
    }
    return read_field(reader, &fields->zone_hour);
}

static Status read_zone_minute(TextReader *reader) {
    reader->fields.zone_sign = reader->fields.zone_sign == 0 ? 1 : reader->fields.zone_sign;
    return read_field(reader, &reader->fields.zone_minute);
}

/* -------------------------------------------------------------------------------------------------------------- the fields */

static DateMode mode_of(TemplateField field) {
    switch (field) {
    case TEMPLATE_ISO_DAY_OF_YEAR:
    case TEMPLATE_ISO_WEEKDAY:
    case TEMPLATE_ISO_WEEK:
    case TEMPLATE_ISO_YEAR_4:
    case TEMPLATE_ISO_YEAR_3:
    case TEMPLATE_ISO_YEAR_2:
    case TEMPLATE_ISO_YEAR_1: return MODE_ISO_WEEK;
    case TEMPLATE_DAY_OF_YEAR:
    case TEMPLATE_DAY:
    case TEMPLATE_WEEKDAY:
    case TEMPLATE_MONTH:
    case TEMPLATE_MONTH_NAME:
    case TEMPLATE_MONTH_SHORT:
    case TEMPLATE_ROMAN_MONTH:
    case TEMPLATE_WEEK_OF_YEAR:
    case TEMPLATE_WEEK_OF_MONTH:
    case TEMPLATE_YEAR_COMMA:
    case TEMPLATE_YEAR_4:
    case TEMPLATE_YEAR_3:
    case TEMPLATE_YEAR_2:
    case TEMPLATE_YEAR_1: return MODE_GREGORIAN;
    default: return MODE_NONE;
    }
}

static Status set_mode(TextReader *reader, DateMode mode) {
    Fields *fields = &reader->fields;
    if (mode != MODE_NONE && fields->mode != MODE_NONE && fields->mode != mode) {
        fail(reader->cx, INVALID_DATETIME_FORMAT, "invalid combination of date conventions");
        return fail_hint(reader->cx, "do not mix Gregorian and ISO week date conventions in a formatting template");
    }
    fields->mode = mode != MODE_NONE ? mode : fields->mode;
    return OK;
}

static Status read_node(TextReader *reader) {
    Fields *fields = &reader->fields;
    int32_t ignored = 0, used;
    switch ((TemplateField)reader->node->field) {
    case TEMPLATE_MERIDIEM_DOTTED:
    case TEMPLATE_MERIDIEM_DOTTED_PM:
    case TEMPLATE_MERIDIEM:
    case TEMPLATE_MERIDIEM_PM: return read_meridiem(reader);
    case TEMPLATE_ERA_DOTTED:
    case TEMPLATE_ERA_DOTTED_BC:
    case TEMPLATE_ERA:
    case TEMPLATE_ERA_BC: return read_era(reader);
    case TEMPLATE_CENTURY: return read_field(reader, &fields->century);
    case TEMPLATE_DAY_NAME: return read_weekday_name(reader, 0);
    case TEMPLATE_DAY_SHORT: return read_weekday_name(reader, 3);
    case TEMPLATE_DAY_OF_YEAR:
    case TEMPLATE_ISO_DAY_OF_YEAR: return read_field(reader, &fields->day_of_year);
    case TEMPLATE_DAY: return read_field(reader, &fields->day);
    case TEMPLATE_WEEKDAY: return read_field(reader, &fields->weekday);
    case TEMPLATE_ISO_WEEKDAY:
        TRY(read_digits(reader, 1, &ignored, &used));
        return store(reader, ignored == 7 ? 1 : ignored + 1, &fields->weekday);
    case TEMPLATE_FRACTION_1:
    case TEMPLATE_FRACTION_2:
    case TEMPLATE_FRACTION_3:
    case TEMPLATE_FRACTION_4:
    case TEMPLATE_FRACTION_5:
    case TEMPLATE_FRACTION_6:
    case TEMPLATE_MICROSECOND: return read_fraction(reader, reader->node->digits, 6, &fields->micros);
    case TEMPLATE_MILLISECOND: return read_fraction(reader, 3, 3, &fields->millis);
    case TEMPLATE_HOUR12:
    case TEMPLATE_HOUR: fields->is_clock12 = true; return read_field(reader, &fields->hour);
    case TEMPLATE_HOUR24: return read_field(reader, &fields->hour);
    case TEMPLATE_ISO_WEEK:
    case TEMPLATE_WEEK_OF_YEAR: return read_field(reader, &fields->week);
    case TEMPLATE_JULIAN: return read_field(reader, &fields->julian);
    case TEMPLATE_MINUTE: return read_field(reader, &fields->minute);
    case TEMPLATE_MONTH: return read_field(reader, &fields->month);
    case TEMPLATE_MONTH_NAME: return read_month_name(reader, 0);
    case TEMPLATE_MONTH_SHORT: return read_month_name(reader, 3);
    case TEMPLATE_OFFSET:
    case TEMPLATE_ZONE:
        return fail(reader->cx, FEATURE_NOT_SUPPORTED, "formatting field \"%.*s\" is only supported in to_char",
                    reader->node->bytes, reader->node->text);
    case TEMPLATE_QUARTER: return read_digits(reader, 1, &ignored, &used); /* which day of it is not said */
    case TEMPLATE_ROMAN_MONTH: return read_roman_month(reader);
    case TEMPLATE_SECOND_OF_DAY:
    case TEMPLATE_SECOND_OF_DAY_4: return read_field(reader, &fields->second_of_day);
    case TEMPLATE_SECOND: return read_field(reader, &fields->second);
    case TEMPLATE_ZONE_HOUR: return read_zone_hour(reader);
    case TEMPLATE_ZONE_MINUTE: return read_zone_minute(reader);
    case TEMPLATE_WEEK_OF_MONTH: return read_field(reader, &fields->week_of_month);
    case TEMPLATE_YEAR_COMMA: return read_year_with_comma(reader);
    case TEMPLATE_ISO_YEAR_4:
    case TEMPLATE_ISO_YEAR_3:
    case TEMPLATE_ISO_YEAR_2:
    case TEMPLATE_ISO_YEAR_1:
    case TEMPLATE_YEAR_4:
    case TEMPLATE_YEAR_3:
    case TEMPLATE_YEAR_2:
    case TEMPLATE_YEAR_1: return read_year(reader);
    case TEMPLATE_TEXT:
    case TEMPLATE_SEPARATOR: break;
    }
    return OK;
}

/* One character of the template stands for one of the text, whichever; separators may be missing. */
static void skip_character(TextReader *reader, bool is_separator_node) {
    if (reader->template->is_fixed) {
        reader->at++;
    } else if (is_separator_node) {
        bool is_there = reader->at < reader->end && (is_blank(*reader->at) || is_separator(*reader->at));
        reader->at += is_there;
        reader->extra_skip += is_there ? 0 : -1;
    } else if (reader->extra_skip > 0) {
        reader->extra_skip--;
    } else {
        reader->at++;
        while (reader->at < reader->end && ((unsigned char)*reader->at & 0xc0) == 0x80) {
            reader->at++;
        }
    }
}

static Status read_nodes(TextReader *reader, uint32_t *used) {
    const Template *template = reader->template;
    uint32_t i = 0;
    for (; i < template->count && reader->at < reader->end; i++) {
        const TemplateNode *node = reader->node = &template->nodes[i];
        while (!template->is_fixed && (node->field != TEMPLATE_TEXT || i == 0) && reader->at < reader->end &&
               is_blank(*reader->at)) {
            reader->at++;
            reader->extra_skip++;
        }
        if (reader->at == reader->end) {
            break;
        }
        if (node->field == TEMPLATE_TEXT || node->field == TEMPLATE_SEPARATOR) {
            skip_character(reader, node->field == TEMPLATE_SEPARATOR);
            continue;
        }
        TRY(set_mode(reader, mode_of((TemplateField)node->field)));
        TRY(read_node(reader));
        if (node->is_th && reader->end - reader->at >= 2) {
            reader->at += 2;
        }
        if (!template->is_fixed) {
            reader->extra_skip = 0;
        }
        while (!template->is_fixed && reader->at < reader->end && is_blank(*reader->at)) {
            reader->at++;
            reader->extra_skip++;
        }
    }
    *used = i;
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------------- results */

static Status fail_range(const TextReader *reader) {
    ptrdiff_t bytes = reader->end - reader->start;
    return fail(reader->cx, DATETIME_OUT_OF_RANGE, "date/time field value out of range: \"%.*s\"",
                (int)(bytes < 80 ? bytes : 80), reader->start);
}

static bool finish_clock(const Context *cx, Fields *f) {
    if (f->second_of_day != 0) {
        f->hour = f->second_of_day / 3600;
        f->minute = f->second_of_day / 60 % 60;
        f->second = f->second_of_day % 60;
    }
    if (!f->is_clock12) {
        return true;
    }
    if (f->hour < 1 || f->hour > 12) {
        fail(cx, INVALID_DATETIME_FORMAT, "hour \"%d\" is invalid for the 12-hour clock", f->hour);
        fail_hint(cx, "use the 24-hour clock, or give an hour between 1 and 12");
        return false;
    }
    f->hour = f->hour % 12 + (f->is_pm ? 12 : 0);
    return true;
}

/* The astronomical year: 0 is 1 BC, which is also what no year at all means. */
static int64_t finish_year(const Fields *f) {
    int64_t century = f->is_bc ? -(int64_t)f->century : f->century, year = f->year;
    if (year != 0 && century != 0 && f->year_digits <= 2) {
        int64_t low = year % 100;
        return low == 0      ? century * 100 + (century < 0 ? 1 : 0)
               : century < 0 ? (century + 1) * 100 - low + 1
                             : (century - 1) * 100 + low;
    }
    if (year != 0) {
        year = f->is_bc ? -year : year;
        return year < 0 ? year + 1 : year;
    }
    return century == 0 ? 0 : century > 0 ? (century - 1) * 100 + 1 : century * 100 + 1;
}

static int64_t iso_week_monday(int64_t year, int64_t week) {
    int32_t fourth = days_from_civil((int32_t)year, 1, 4);
    return fourth - (date_field(fourth, FIELD_ISODOW) - 1) + (week - 1) * 7;
}

static Status finish_date(TextReader *reader, int64_t year, int64_t *days) {
    Fields *f = &reader->fields;
    int64_t month = f->month != 0 ? f->month : 1, day = f->day != 0 ? f->day : 1, day_of_year = f->day_of_year;
    bool is_iso = f->mode == MODE_ISO_WEEK;
    if (year < DATE_YEAR_MIN || year > DATE_YEAR_MAX) {
        return fail_range(reader);
    }
    if (f->week_of_month != 0) {
        day = ((int64_t)f->week_of_month - 1) * 7 + 1;
    }
    if (f->julian != 0) {
        *days = (int64_t)f->julian - JULIAN_1970;
        return OK;
    }
    if (f->week != 0 && is_iso) {
        int64_t weekday = f->weekday == 0 ? 1 : f->weekday == 1 ? 7 : f->weekday - 1;
        *days = iso_week_monday(year, f->week) + weekday - 1;
        return OK;
    }
    day_of_year = f->week != 0 ? ((int64_t)f->week - 1) * 7 + 1 : day_of_year;
    if (day_of_year != 0 && (month <= 1 || day <= 1)) {
        if (year == 0 && !f->is_bc) {
            return fail(reader->cx, INVALID_DATETIME_FORMAT, "cannot calculate day of year without year information");
        }
        bool exists = is_iso || (day_of_year >= 1 && day_of_year <= (year_is_leap((int32_t)year) ? 366 : 365));
        *days = (is_iso ? iso_week_monday(year, 1) : days_from_civil((int32_t)year, 1, 1)) + day_of_year - 1;
        return exists ? OK : fail_range(reader);
    }
    if (!civil_is_valid(year, month, day)) {
        return fail_range(reader);
    }
    *days = days_from_civil((int32_t)year, (int32_t)month, (int32_t)day);
    return OK;
}

static Status finish(TextReader *reader, TemplateResult *result) {
    Fields *f = &reader->fields;
    int64_t days = 0;
    if (!finish_clock(reader->cx, f)) {
        return INVALID_DATETIME_FORMAT;
    }
    TRY(finish_date(reader, finish_year(f), &days));
    int64_t fraction = f->millis * INT64_C(1000) + f->micros;
    bool good = days_in_range(days) && f->hour >= 0 && f->hour < 24 && f->minute >= 0 && f->minute < 60 && f->second >= 0 &&
                f->second < 60 && fraction >= 0 && fraction < MICROS_PER_SECOND && f->zone_hour >= 0 && f->zone_hour <= 15 &&
                f->zone_minute >= 0 && f->zone_minute < 60;
    if (!good) {
        return fail_range(reader);
    }
    result->moment.date = civil_from_days((int32_t)days);
    result->moment.micros =
        f->hour * MICROS_PER_HOUR + f->minute * MICROS_PER_MINUTE + f->second * MICROS_PER_SECOND + fraction;
    result->has_offset = f->zone_sign != 0;
    result->offset = f->zone_sign * (f->zone_hour * 3600 + f->zone_minute * 60);
    return OK;
}

Status template_read(const Context *cx, const Template *template, const char *text, size_t bytes, TemplateResult *result) {
    TextReader reader = {.cx = cx, .template = template, .start = text, .at = text, .end = text + bytes};
    uint32_t used;
    TRY(read_nodes(&reader, &used));
    *result = (TemplateResult){.is_whole_match = reader.at >= reader.end && used == template->count};
    return finish(&reader, result);
}
