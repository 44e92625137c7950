/* Templates into nodes, and moments printed by them. */
#include "core/datetime_template.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum Spelling { SPELLING_CASES, SPELLING_NAMES, SPELLING_UPPER } Spelling;

typedef struct Pattern {
    const char *text;
    uint8_t bytes, digits;
    Spelling spelling;
} Pattern;

static const Pattern patterns[] = {
#define TEMPLATE_PATTERN(pattern, field, digits, spelling) {pattern, sizeof(pattern) - 1, digits, SPELLING_##spelling},
#include "core/datetime_template.def"
#undef TEMPLATE_PATTERN
};
#define PATTERN_COUNT (sizeof patterns / sizeof patterns[0])

/* ----------------------------------------------------------------------------------------------------------------- parsing */

static bool is_spelled(const Pattern *pattern, const char *at) {
    bool upper = true, lower = true, capitalized = true;
    for (uint32_t i = 0; i < pattern->bytes; i++) {
        upper = upper && at[i] == pattern->text[i];
        lower = lower && at[i] == tolower((unsigned char)pattern->text[i]);
        capitalized = capitalized && at[i] == (i == 0 ? pattern->text[i] : tolower((unsigned char)pattern->text[i]));
    }
    return upper || (lower && pattern->spelling != SPELLING_UPPER) || (capitalized && pattern->spelling == SPELLING_NAMES);
}

static bool match_pattern(const char *at, size_t bytes, uint32_t *found) {
    for (uint32_t i = 0; i < PATTERN_COUNT; i++) {
        if (patterns[i].bytes <= bytes && is_spelled(&patterns[i], at)) {
            *found = i;
            return true;
        }
    }
    return false;
}

static bool takes_prefix(const char **at, const char *end, const char *prefix) {
    bool is_there = end - *at >= 2 && strncasecmp(*at, prefix, 2) == 0;
    *at += is_there ? 2 : 0;
    return is_there;
}

/* FM, TM and FX before a pattern, TH after it. False, and nothing taken, if there is no pattern. */
static bool read_pattern(const char **at, const char *end, Template *template) {
    const char *start = *at;
    TemplateNode node = {0};
    uint32_t found;
    bool is_fixed = false, any = true;
    while (any) {
        any = false;
        if (takes_prefix(&start, end, "FM")) {
            node.fill_off = any = true;
        } else if (takes_prefix(&start, end, "FX")) {
            is_fixed = any = true;
        } else if (end - start >= 2 && strncmp(start, "TM", 2) == 0) {
            node.localized = any = true;
            start += 2;
        }
    }
    if (!match_pattern(start, (size_t)(end - start), &found)) {
        return false;
    }
    node.field = (uint8_t)found;
    node.digits = patterns[found].digits;
    node.is_numeric = node.digits > 0;
    node.bytes = patterns[found].bytes;
    node.text = start;
    start += patterns[found].bytes;
    node.is_th_upper = end - start >= 2 && strncmp(start, "TH", 2) == 0;
    node.is_th = node.is_th_upper || (end - start >= 2 && strncmp(start, "th", 2) == 0);
    *at = start + (node.is_th ? 2 : 0);
    template->is_fixed = template->is_fixed || is_fixed;
    template->nodes[template->count++] = node;
    return true;
}

static void add_character(Template *template, const char *at, bool is_quoted) {
    bool is_text = is_quoted || isalnum((unsigned char)*at) || (unsigned char)*at >= 0x80;
    template->nodes[template->count++] =
        (TemplateNode){.field = is_text ? TEMPLATE_TEXT : TEMPLATE_SEPARATOR, .bytes = 1, .text = at};
}

Status template_parse(const Context *cx, const char *text, size_t bytes, Template *template) {
    if (bytes > TEMPLATE_BYTES_MAX) {
        return fail(cx, INVALID_PARAMETER_VALUE, "a template of more than %d bytes", TEMPLATE_BYTES_MAX);
    }
    template->count = 0;
    template->is_fixed = false;
    for (const char *at = text, *end = text + bytes; at < end;) {
        if (*at == '"') {
            for (at++; at < end && *at != '"'; at++) {
                at += *at == '\\' && at + 1 < end ? 1 : 0;
                add_character(template, at, true);
            }
            at += at < end ? 1 : 0;
        } else if (!read_pattern(&at, end, template)) {
            at += *at == '\\' && at + 1 < end && at[1] == '"' ? 1 : 0;
            add_character(template, at, false);
            at++;
        }
    }
    return OK;
}

bool template_is_of_days(const Template *template) {
    for (uint32_t i = 0; i < template->count; i++) {
        switch (template->nodes[i].field) {
        case TEMPLATE_YEAR_4:
        case TEMPLATE_YEAR_3:
        case TEMPLATE_YEAR_2:
        case TEMPLATE_YEAR_1:
        case TEMPLATE_YEAR_COMMA:
        case TEMPLATE_QUARTER:
        case TEMPLATE_MONTH:
        case TEMPLATE_MONTH_NAME:
        case TEMPLATE_MONTH_SHORT:
        case TEMPLATE_ROMAN_MONTH:
        case TEMPLATE_DAY:
        case TEMPLATE_DAY_NAME:
        case TEMPLATE_DAY_SHORT:
        case TEMPLATE_DAY_OF_YEAR:
        case TEMPLATE_WEEKDAY:
        case TEMPLATE_WEEK_OF_YEAR:
        case TEMPLATE_WEEK_OF_MONTH:
        case TEMPLATE_ISO_YEAR_4:
        case TEMPLATE_ISO_WEEK:
        case TEMPLATE_ISO_WEEKDAY:
        case TEMPLATE_TEXT:
        case TEMPLATE_SEPARATOR: break;
        default: return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------------------------------------------------------- printing */

typedef struct Printer {
    const TemplateTime *time;
    const TemplateNode *node;
    char *at;
} Printer;

#define ITEM_BYTES_MAX 24

static void put_number(Printer *printer, int64_t value, int width) {
    width += value < 0 ? 1 : 0;
    printer->at += snprintf(printer->at, ITEM_BYTES_MAX, "%0*lld", printer->node->fill_off ? 1 : width, (long long)value);
}

static void put_plain(Printer *printer, int64_t value) {
    printer->at += snprintf(printer->at, ITEM_BYTES_MAX, "%lld", (long long)value);
}

/* As the pattern is spelled; padded to `width` unless FM. */
static void put_word(Printer *printer, const char *word, size_t letters, size_t width) {
    const char *pattern = printer->node->text;
    bool lower = islower((unsigned char)pattern[0]);
    bool upper = !lower && (printer->node->bytes < 2 || !islower((unsigned char)pattern[1]));
    bool fill = !printer->node->fill_off && !printer->node->localized;
    for (size_t i = 0; i < letters; i++) {
        *printer->at++ = (char)(lower ? tolower((unsigned char)word[i]) : upper ? toupper((unsigned char)word[i]) : word[i]);
    }
    for (size_t i = letters; fill && i < width; i++) {
        *printer->at++ = ' ';
    }
}

static void put_whole_word(Printer *printer, const char *word) {
    put_word(printer, word, strlen(word), 0);
}

static void put_ordinal(Printer *printer, const char *start) {
    size_t bytes = (size_t)(printer->at - start);
    char last = bytes > 0 ? printer->at[-1] : '0', before = bytes > 1 ? printer->at[-2] : '0';
    const char *suffix = before == '1' ? "th" : last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th";
    for (int i = 0; i < 2; i++) {
        *printer->at++ = printer->node->is_th_upper ? (char)toupper((unsigned char)suffix[i]) : suffix[i];
    }
}

static const char *const roman_months[12] = {"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"};

static int64_t shown_year(const TemplateTime *time, int64_t year) {
    return !time->is_interval && year <= 0 ? 1 - year : year; /* there is no year 0 */
}

static int64_t iso_year_of(const TemplateTime *time) {
    int32_t iso_year = (int32_t)time->year;
    if (!time->is_interval) {
        iso_week(time->days, &iso_year);
    }
    return iso_year;
}

static int64_t field_of(const TemplateTime *time, DateField field) {
    return time->is_interval ? 0 : date_field(time->days, field);
}

static int64_t century_of(const TemplateTime *time) {
    return time->is_interval ? time->year / 100 : field_of(time, FIELD_CENTURY);
}

static int64_t day_of_year(const TemplateTime *time) {
    return time->is_interval ? time->days : field_of(time, FIELD_DOY);
}

static int64_t second_of_day(const TemplateTime *time) {
    return time->hour * 3600 + time->minute * 60 + time->second;
}

static int64_t iso_day_of_year(const TemplateTime *time) {
    int32_t iso_year;
    return time->is_interval ? time->days : (iso_week(time->days, &iso_year) - 1) * 7 + field_of(time, FIELD_ISODOW);
}

static void put_hour12(Printer *printer) {
    int64_t hour = printer->time->hour;
    put_number(printer, hour % 12 == 0 ? 12 : hour % 12, 2);
}

static void put_fraction(Printer *printer, int digits) {
    int32_t value = printer->time->micros;
    for (int i = digits; i < 6; i++) {
        value /= 10;
    }
    printer->at += snprintf(printer->at, ITEM_BYTES_MAX, "%0*d", digits, (int)value);
}

static void put_offset(Printer *printer, bool hours, bool minutes) {
    int32_t offset = printer->time->clock->offset, size = abs(offset);
    if (hours) {
        printer->at += snprintf(printer->at, ITEM_BYTES_MAX, "%c%02d", offset < 0 ? '-' : '+', size / 3600 % 100);
    }
    if (minutes && (!hours || size % 3600 != 0)) {
        printer->at += snprintf(printer->at, ITEM_BYTES_MAX, "%s%02d", hours ? ":" : "", size / 60 % 60);
    }
}

static void put_zone(Printer *printer) {
    const ZoneClock *clock = printer->time->clock;
    if (clock == NULL) {
        return;
    }
    switch ((TemplateField)printer->node->field) {
    case TEMPLATE_ZONE: put_whole_word(printer, clock->abbreviation); break;
    case TEMPLATE_ZONE_HOUR: put_offset(printer, true, false); break;
    case TEMPLATE_ZONE_MINUTE: put_offset(printer, false, true); break;
    default: put_offset(printer, true, true); break;
    }
}

static void put_month(Printer *printer, bool is_short) {
    const char *name = printer->time->month > 0 ? month_names[printer->time->month - 1] : "";
    put_word(printer, name, is_short && *name != 0 ? 3 : strlen(name), is_short ? 0 : 9);
}

static void put_roman_month(Printer *printer) {
    int32_t month = printer->time->month;
    const char *word = month == 0 ? "" : month > 0 ? roman_months[month - 1] : roman_months[12 + month];
    put_word(printer, word, strlen(word), 4);
}

static void put_year(Printer *printer, int64_t year, int width) {
    static const int64_t limits[] = {1, 10, 100, 1000};
    year = shown_year(printer->time, year);
    put_number(printer, width == 4 ? year : year % limits[width], width);
}

static void put_year_with_comma(Printer *printer) {
    int64_t year = shown_year(printer->time, printer->time->year);
    printer->at += snprintf(printer->at, ITEM_BYTES_MAX, "%lld,%03lld", (long long)(year / 1000), (long long)(year % 1000));
}

static void put_field(Printer *printer) {
    const TemplateTime *time = printer->time;
    bool is_pm = time->hour % 24 >= 12, is_bc = time->year <= 0;
    switch ((TemplateField)printer->node->field) {
    case TEMPLATE_MERIDIEM_DOTTED:
    case TEMPLATE_MERIDIEM_DOTTED_PM: put_whole_word(printer, is_pm ? "P.M." : "A.M."); break;
    case TEMPLATE_MERIDIEM:
    case TEMPLATE_MERIDIEM_PM: put_whole_word(printer, is_pm ? "PM" : "AM"); break;
    case TEMPLATE_ERA_DOTTED:
    case TEMPLATE_ERA_DOTTED_BC: put_whole_word(printer, is_bc ? "B.C." : "A.D."); break;
    case TEMPLATE_ERA:
    case TEMPLATE_ERA_BC: put_whole_word(printer, is_bc ? "BC" : "AD"); break;
    case TEMPLATE_CENTURY: put_number(printer, century_of(time), 2); break;
    case TEMPLATE_DAY_NAME:
        put_word(printer, day_names[field_of(time, FIELD_DOW)], strlen(day_names[field_of(time, FIELD_DOW)]), 9);
        break;
    case TEMPLATE_DAY_SHORT: put_word(printer, day_names[field_of(time, FIELD_DOW)], 3, 0); break;
    case TEMPLATE_DAY_OF_YEAR: put_number(printer, day_of_year(time), 3); break;
    case TEMPLATE_DAY: put_number(printer, time->day, 2); break;
    case TEMPLATE_WEEKDAY: put_plain(printer, field_of(time, FIELD_DOW) + 1); break;
    case TEMPLATE_FRACTION_1:
    case TEMPLATE_FRACTION_2:
    case TEMPLATE_FRACTION_3:
    case TEMPLATE_FRACTION_4:
    case TEMPLATE_FRACTION_5:
    case TEMPLATE_FRACTION_6:
    case TEMPLATE_MICROSECOND:
    case TEMPLATE_MILLISECOND: put_fraction(printer, printer->node->digits); break;
    case TEMPLATE_HOUR24: put_number(printer, time->hour, 2); break;
    case TEMPLATE_HOUR12:
    case TEMPLATE_HOUR: put_hour12(printer); break;
    case TEMPLATE_ISO_DAY_OF_YEAR: put_number(printer, iso_day_of_year(time), 3); break;
    case TEMPLATE_ISO_WEEKDAY: put_plain(printer, field_of(time, FIELD_ISODOW)); break;
    case TEMPLATE_ISO_WEEK: put_number(printer, field_of(time, FIELD_WEEK), 2); break;
    case TEMPLATE_ISO_YEAR_4:
    case TEMPLATE_ISO_YEAR_3:
    case TEMPLATE_ISO_YEAR_2:
    case TEMPLATE_ISO_YEAR_1: put_year(printer, iso_year_of(time), printer->node->digits); break;
    case TEMPLATE_JULIAN: put_plain(printer, time->days + (time->is_interval ? 0 : JULIAN_1970)); break;
    case TEMPLATE_MINUTE: put_number(printer, time->minute, 2); break;
    case TEMPLATE_MONTH: put_number(printer, time->month, 2); break;
    case TEMPLATE_MONTH_NAME: put_month(printer, false); break;
    case TEMPLATE_MONTH_SHORT: put_month(printer, true); break;
    case TEMPLATE_QUARTER:
        if (time->month != 0) {
            put_plain(printer, (time->month - 1) / 3 + 1);
        }
        break;
    case TEMPLATE_ROMAN_MONTH: put_roman_month(printer); break;
    case TEMPLATE_SECOND_OF_DAY:
    case TEMPLATE_SECOND_OF_DAY_4: put_plain(printer, second_of_day(time)); break;
    case TEMPLATE_SECOND: put_number(printer, time->second, 2); break;
    case TEMPLATE_OFFSET:
    case TEMPLATE_ZONE_HOUR:
    case TEMPLATE_ZONE_MINUTE:
    case TEMPLATE_ZONE: put_zone(printer); break;
    case TEMPLATE_WEEK_OF_YEAR: put_number(printer, (day_of_year(time) - 1) / 7 + 1, 2); break;
    case TEMPLATE_WEEK_OF_MONTH: put_plain(printer, (time->day - 1) / 7 + 1); break;
    case TEMPLATE_YEAR_COMMA: put_year_with_comma(printer); break;
    case TEMPLATE_YEAR_4:
    case TEMPLATE_YEAR_3:
    case TEMPLATE_YEAR_2:
    case TEMPLATE_YEAR_1: put_year(printer, time->year, printer->node->digits); break;
    case TEMPLATE_TEXT:
    case TEMPLATE_SEPARATOR: break;
    }
}

static bool has_interval(TemplateField field) {
    switch (field) {
    case TEMPLATE_ERA:
    case TEMPLATE_ERA_BC:
    case TEMPLATE_ERA_DOTTED:
    case TEMPLATE_ERA_DOTTED_BC:
    case TEMPLATE_MONTH_NAME:
    case TEMPLATE_MONTH_SHORT:
    case TEMPLATE_DAY_NAME:
    case TEMPLATE_DAY_SHORT:
    case TEMPLATE_WEEKDAY:
    case TEMPLATE_ISO_WEEKDAY:
    case TEMPLATE_OFFSET:
    case TEMPLATE_ZONE:
    case TEMPLATE_ZONE_HOUR:
    case TEMPLATE_ZONE_MINUTE: return false;
    default: return true;
    }
}

Status template_print(const Context *cx, const Template *template, const TemplateTime *time, char *buffer, size_t *bytes) {
    Printer printer = {.time = time, .at = buffer};
    for (uint32_t i = 0; i < template->count; i++) {
        const TemplateNode *node = printer.node = &template->nodes[i];
        char *start = printer.at;
        if (node->field == TEMPLATE_TEXT || node->field == TEMPLATE_SEPARATOR) {
            *printer.at++ = *node->text;
            continue;
        }
        if (time->is_interval && !has_interval((TemplateField)node->field)) {
            fail(cx, INVALID_DATETIME_FORMAT, "invalid format specification for an interval value");
            return fail_hint(cx, "intervals are not tied to specific calendar dates");
        }
        put_field(&printer);
        if (node->is_th && node->is_numeric) {
            put_ordinal(&printer, start);
        }
    }
    *bytes = (size_t)(printer.at - buffer);
    return OK;
}
