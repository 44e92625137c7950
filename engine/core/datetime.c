/* Calendar arithmetic and the text forms of dates and timestamps. Years begin in March, so that leap days come last. */
#include "core/datetime.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const month_names[12] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
const char *const day_names[7] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

#define DAYS_PER_ERA 146097
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

static int64_t floor_divide(int64_t a, int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

Civil civil_from_days(int32_t days) {
    int32_t year;
    uint32_t month, day;
    calendar_split(days, &year, &month, &day);
    return (Civil){.year = year, .month = (uint8_t)month, .day = (uint8_t)day};
}

int32_t days_from_civil(int32_t year, int32_t month, int32_t day) {
    int64_t months = (int64_t)year * 12 + month - 1 - 2; /* years that begin in March */
    int64_t march_year = floor_divide(months, 12);
    int32_t march_month = (int32_t)(months - march_year * 12);
    int64_t era = floor_divide(march_year, 400);
    int32_t year_of_era = (int32_t)(march_year - era * 400);
    int32_t day_of_year = (153 * march_month + 2) / 5;
    int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int32_t)(era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970 + day - 1);
}

bool year_is_leap(int32_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int32_t month_days(int32_t year, int32_t month) {
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && year_is_leap(year) ? 1 : 0);
}

bool civil_is_valid(int64_t year, int64_t month, int64_t day) {
    return year >= DATE_YEAR_MIN && year <= DATE_YEAR_MAX && month >= 1 && month <= 12 && day >= 1 &&
           day <= month_days((int32_t)year, (int32_t)month);
}

int32_t timestamp_days(int64_t timestamp, int64_t *micros) {
    int64_t days = floor_divide(timestamp, MICROS_PER_DAY);
    *micros = timestamp - days * MICROS_PER_DAY;
    return (int32_t)days;
}

#define DAYS_MIN (-JULIAN_1970) /* 4714-11-24 BC, PostgreSQL's first day */
#define DAYS_MAX 106751990      /* the last day whose microseconds fit 64 bits */

bool days_in_range(int64_t days) {
    return days >= DAYS_MIN && days <= DAYS_MAX;
}

bool timestamp_in_range(__int128 timestamp) {
    return timestamp >= (__int128)DAYS_MIN * MICROS_PER_DAY && timestamp < (__int128)(DAYS_MAX + 1) * MICROS_PER_DAY;
}

int64_t time_round(int64_t micros, uint32_t digits) {
    int64_t unit = 1;
    for (uint32_t i = digits; i < 6; i++) {
        unit *= 10;
    }
    int64_t half = unit / 2;
    return (micros >= 0 ? micros + half : micros - half) / unit * unit;
}

#define MICROS_TO_2000 (INT64_C(10957) * MICROS_PER_DAY)

int64_t timestamp_round(int64_t timestamp, uint32_t digits) {
    return digits >= 6 ? timestamp : time_round(timestamp - MICROS_TO_2000, digits) + MICROS_TO_2000;
}

bool date_add_months(int32_t days, int64_t months, int32_t *out) {
    Civil civil = civil_from_days(days);
    int64_t total = (int64_t)civil.year * 12 + civil.month - 1 + months;
    int64_t year = floor_divide(total, 12);
    if (year < DATE_YEAR_MIN || year > DATE_YEAR_MAX) {
        return false;
    }
    int32_t month = (int32_t)(total - year * 12) + 1, last = month_days((int32_t)year, month);
    *out = days_from_civil((int32_t)year, month, civil.day < last ? civil.day : last);
    return days_in_range(*out);
}

/* ------------------------------------------------------------------------------------------------------------------ fields */

typedef struct FieldName {
    const char *name;
    DateField field;
} FieldName;

static const FieldName field_names[] = {
    {"microsecond", FIELD_MICROSECOND},
    {"us", FIELD_MICROSECOND},
    {"usec", FIELD_MICROSECOND},
    {"microsec", FIELD_MICROSECOND},
    {"usecond", FIELD_MICROSECOND},
    {"millisecond", FIELD_MILLISECOND},
    {"ms", FIELD_MILLISECOND},
    {"msec", FIELD_MILLISECOND},
    {"millisec", FIELD_MILLISECOND},
    {"msecond", FIELD_MILLISECOND},
    {"second", FIELD_SECOND},
    {"sec", FIELD_SECOND},
    {"s", FIELD_SECOND},
    {"minute", FIELD_MINUTE},
    {"min", FIELD_MINUTE},
    {"mi", FIELD_MINUTE},
    {"m", FIELD_MINUTE},
    {"hour", FIELD_HOUR},
    {"hr", FIELD_HOUR},
    {"h", FIELD_HOUR},
    {"day", FIELD_DAY},
    {"d", FIELD_DAY},
    {"week", FIELD_WEEK},
    {"w", FIELD_WEEK},
    {"isoweek", FIELD_WEEK},
    {"month", FIELD_MONTH},
    {"mon", FIELD_MONTH},
    {"mm", FIELD_MONTH},
    {"quarter", FIELD_QUARTER},
    {"qtr", FIELD_QUARTER},
    {"q", FIELD_QUARTER},
    {"year", FIELD_YEAR},
    {"yr", FIELD_YEAR},
    {"y", FIELD_YEAR},
    {"decade", FIELD_DECADE},
    {"dec", FIELD_DECADE},
    {"century", FIELD_CENTURY},
    {"centurie", FIELD_CENTURY},
    {"c", FIELD_CENTURY},
    {"millennium", FIELD_MILLENNIUM},
    {"millennia", FIELD_MILLENNIUM},
    {"mil", FIELD_MILLENNIUM},
    {"dow", FIELD_DOW},
    {"dayofweek", FIELD_DOW},
    {"weekday", FIELD_DOW},
    {"dw", FIELD_DOW},
    {"isodow", FIELD_ISODOW},
    {"doy", FIELD_DOY},
    {"dayofyear", FIELD_DOY},
    {"yearday", FIELD_DOY},
    {"isoyear", FIELD_ISOYEAR},
    {"epoch", FIELD_EPOCH},
    {"julian", FIELD_JULIAN},
    {"timezone", FIELD_TIMEZONE},
    {"timezone_hour", FIELD_TIMEZONE_HOUR},
    {"timezone_h", FIELD_TIMEZONE_HOUR},
    {"timezone_minute", FIELD_TIMEZONE_MINUTE},
    {"timezone_m", FIELD_TIMEZONE_MINUTE},
};

bool date_field_from_name(const char *name, size_t bytes, DateField *field) {
    for (size_t i = 0; i < sizeof field_names / sizeof field_names[0]; i++) {
        size_t length = strlen(field_names[i].name);
        bool plural = bytes == length + 1 && length > 1 && (name[length] == 's' || name[length] == 'S');
        if ((bytes == length || plural) && strncasecmp(field_names[i].name, name, length) == 0) {
            *field = field_names[i].field;
            return true;
        }
    }
    return false;
}

const char *date_field_name(DateField field) {
    for (size_t i = 0; i < sizeof field_names / sizeof field_names[0]; i++) {
        if (field_names[i].field == field) {
            return field_names[i].name;
        }
    }
    return "unknown";
}

static int32_t day_of_week(int32_t days) {
    return (int32_t)(((int64_t)days + 4) % 7 + 7) % 7;
}

int32_t iso_week(int32_t days, int32_t *iso_year) {
    int32_t thursday = days - (day_of_week(days) + 6) % 7 + 3;
    *iso_year = civil_from_days(thursday).year;
    return (thursday - days_from_civil(*iso_year, 1, 1)) / 7 + 1;
}

/* The first year of the run of `years` years that counts from year 1. */
static int32_t year_run_start(int32_t year, int32_t years) {
    return (int32_t)floor_divide(year - 1, years) * years + 1;
}

static int64_t year_run_number(int32_t year, int32_t years) {
    return year > 0 ? (year - 1) / years + 1 : -((int64_t)(-year) / years + 1);
}

int64_t date_field(int32_t days, DateField field) {
    Civil civil = civil_from_days(days);
    int32_t iso_year;
    switch (field) {
    case FIELD_DAY: return civil.day;
    case FIELD_WEEK: return iso_week(days, &iso_year);
    case FIELD_MONTH: return civil.month;
    case FIELD_QUARTER: return (civil.month - 1) / 3 + 1;
    case FIELD_YEAR: return civil.year > 0 ? civil.year : civil.year - 1; /* there is no year 0 */
    case FIELD_DECADE: return floor_divide(civil.year, 10);
    case FIELD_CENTURY: return year_run_number(civil.year, 100);
    case FIELD_MILLENNIUM: return year_run_number(civil.year, 1000);
    case FIELD_DOW: return day_of_week(days);
    case FIELD_ISODOW: return (day_of_week(days) + 6) % 7 + 1;
    case FIELD_DOY: return days - days_from_civil(civil.year, 1, 1) + 1;
    case FIELD_ISOYEAR: iso_week(days, &iso_year); return iso_year > 0 ? iso_year : iso_year - 1;
    case FIELD_JULIAN: return (int64_t)days + JULIAN_1970;
    default: return 0;
    }
}

bool date_truncate(int32_t days, DateField field, int32_t *out) {
    Civil civil = civil_from_days(days);
    int32_t iso_year;
    switch (field) {
    case FIELD_WEEK: *out = days - (day_of_week(days) + 6) % 7; return true;
    case FIELD_MONTH: *out = days_from_civil(civil.year, civil.month, 1); return true;
    case FIELD_QUARTER: *out = days_from_civil(civil.year, (civil.month - 1) / 3 * 3 + 1, 1); return true;
    case FIELD_YEAR: *out = days_from_civil(civil.year, 1, 1); return true;
    case FIELD_DECADE: *out = days_from_civil((int32_t)floor_divide(civil.year, 10) * 10, 1, 1); return true;
    case FIELD_CENTURY: *out = days_from_civil(year_run_start(civil.year, 100), 1, 1); return true;
    case FIELD_MILLENNIUM: *out = days_from_civil(year_run_start(civil.year, 1000), 1, 1); return true;
    case FIELD_ISOYEAR: *out = days - 7 * (iso_week(days, &iso_year) - 1) - (day_of_week(days) + 6) % 7; return true;
    case FIELD_DOW:
    case FIELD_ISODOW:
    case FIELD_DOY:
    case FIELD_EPOCH:
    case FIELD_JULIAN:
    case FIELD_TIMEZONE:
    case FIELD_TIMEZONE_HOUR:
    case FIELD_TIMEZONE_MINUTE:
    case FIELD_COUNT: return false;
    default: *out = days; return true; /* DAY and below */
    }
}

bool timestamp_truncate(int64_t timestamp, DateField field, int64_t *out) {
    static const int64_t steps[] = {[FIELD_MICROSECOND] = 1,
                                    [FIELD_MILLISECOND] = 1000,
                                    [FIELD_SECOND] = MICROS_PER_SECOND,
                                    [FIELD_MINUTE] = MICROS_PER_MINUTE,
                                    [FIELD_HOUR] = MICROS_PER_HOUR,
                                    [FIELD_DAY] = MICROS_PER_DAY};
    if (field <= FIELD_DAY) {
        *out = floor_divide(timestamp, steps[field]) * steps[field];
        return true;
    }
    int64_t micros;
    int32_t days;
    if (!date_truncate(timestamp_days(timestamp, &micros), field, &days)) {
        return false;
    }
    *out = days * MICROS_PER_DAY;
    return true;
}

/* ---------------------------------------------------------------------------------------------------------------- printing */

static char *put_padded(char *at, uint32_t value, uint32_t width) {
    char digits[12];
    uint32_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count < width) {
        digits[count++] = '0';
    }
    while (count > 0) {
        *at++ = digits[--count];
    }
    return at;
}

static char *put_date(char *at, Civil civil) {
    at = put_padded(at, (uint32_t)(civil.year > 0 ? civil.year : 1 - civil.year), 4);
    *at++ = '-';
    at = put_padded(at, civil.month, 2);
    *at++ = '-';
    return put_padded(at, civil.day, 2);
}

static char *put_time(char *at, int64_t micros) {
    at = put_padded(at, (uint32_t)(micros / MICROS_PER_HOUR), 2);
    *at++ = ':';
    at = put_padded(at, (uint32_t)(micros / MICROS_PER_MINUTE % 60), 2);
    *at++ = ':';
    at = put_padded(at, (uint32_t)(micros / MICROS_PER_SECOND % 60), 2);
    uint32_t fraction = (uint32_t)(micros % MICROS_PER_SECOND), width = 6;
    if (fraction > 0) {
        *at++ = '.';
        for (; fraction % 10 == 0; fraction /= 10) {
            width--;
        }
        at = put_padded(at, fraction, width);
    }
    return at;
}

static size_t finish_print(char *buffer, char *at, int32_t year) {
    if (year <= 0) {
        memcpy(at, " BC", 3);
        at += 3;
    }
    *at = 0;
    return (size_t)(at - buffer);
}

size_t date_print(int32_t days, char *buffer) {
    Civil civil = civil_from_days(days);
    return finish_print(buffer, put_date(buffer, civil), civil.year);
}

size_t timestamp_print(int64_t timestamp, char *buffer) {
    int64_t micros;
    Civil civil = civil_from_days(timestamp_days(timestamp, &micros));
    char *at = put_date(buffer, civil);
    *at++ = ' ';
    return finish_print(buffer, put_time(at, micros), civil.year);
}

size_t time_print(int64_t micros, char *buffer) {
    char *at = put_time(buffer, micros);
    *at = 0;
    return (size_t)(at - buffer);
}
