/* The proleptic Gregorian calendar: days and microseconds since 1970-01-01, to and from fields and text. From 4713 BC to
 * 294275 AD; year 0 is 1 BC. */
#ifndef DEPOT_CORE_DATETIME_H
#define DEPOT_CORE_DATETIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MICROS_PER_SECOND INT64_C(1000000)
#define MICROS_PER_MINUTE (60 * MICROS_PER_SECOND)
#define MICROS_PER_HOUR (60 * MICROS_PER_MINUTE)
#define MICROS_PER_DAY (24 * MICROS_PER_HOUR)
#define DATE_YEAR_MIN (-4712)
#define DATE_YEAR_MAX 294275
#define DATETIME_PRINT_MAX 48

typedef struct Civil {
    int32_t year;
    uint8_t month, day; /* from 1 */
} Civil;

typedef struct DateTime {
    Civil date;
    int64_t micros; /* of the day */
} DateTime;

typedef enum DateTimeParse { DATETIME_OK, DATETIME_BAD_SYNTAX, DATETIME_BAD_FIELD } DateTimeParse;

Civil civil_from_days(int32_t days);
int32_t days_from_civil(int32_t year, int32_t month, int32_t day); /* the month may lie outside 1 to 12, the day anywhere */
bool year_is_leap(int32_t year);
int32_t month_days(int32_t year, int32_t month);
bool civil_is_valid(int64_t year, int64_t month, int64_t day);
/* Days of the midnight at or before, and what is left. */
int32_t timestamp_days(int64_t timestamp, int64_t *micros);
bool days_in_range(int64_t days);
bool timestamp_in_range(__int128 timestamp);

/* The day is clamped to the month's last. False if the result is out of range. */
bool date_add_months(int32_t days, int64_t months, int32_t *out);

/* Parts of a date that date_part, date_trunc and to_char share. */
typedef enum DateField {
    FIELD_MICROSECOND,
    FIELD_MILLISECOND,
    FIELD_SECOND,
    FIELD_MINUTE,
    FIELD_HOUR,
    FIELD_DAY,
    FIELD_WEEK, /* ISO */
    FIELD_MONTH,
    FIELD_QUARTER,
    FIELD_YEAR,
    FIELD_DECADE,
    FIELD_CENTURY,
    FIELD_MILLENNIUM,
    FIELD_DOW,    /* Sunday is 0 */
    FIELD_ISODOW, /* Monday is 1 */
    FIELD_DOY,
    FIELD_ISOYEAR,
    FIELD_EPOCH,
    FIELD_COUNT
} DateField;

/* "year", "years", "yr", "qtr", "d" …; false if unknown. */
bool date_field_from_name(const char *name, size_t bytes, DateField *field);
/* Whole fields (day and up, dow …) of a date; not for EPOCH and below DAY. */
int64_t date_field(int32_t days, DateField field);
int32_t iso_week(int32_t days, int32_t *iso_year);
/* The start of the field that holds the moment. Fields without a start (dow, doy …) give false. */
bool date_truncate(int32_t days, DateField field, int32_t *out);
bool timestamp_truncate(int64_t timestamp, DateField field, int64_t *out);

/* ISO and PostgreSQL's usual forms, month first where ambiguous: 1994-1-31, 19940131, 1/31/1994, 31-Jan-1994, January 31, 1994,
 * 1994-01-31 BC. */
DateTimeParse date_parse(const char *text, size_t bytes, int32_t *days);
/* The same with a time: 1994-01-31 10:20:30.5, T between, Z or an offset after (ignored, as for PostgreSQL's timestamp). */
DateTimeParse timestamp_parse(const char *text, size_t bytes, int64_t *timestamp);
/* By a template of to_date: 'YYYY-MM-DD', 'DD.MM.YYYY HH24:MI:SS' … */
DateTimeParse datetime_parse_template(const char *text, size_t bytes, const char *template, size_t template_bytes,
                                      DateTime *out);
/* hh:mm[:ss[.ffffff]] [AM|PM]; the whole of [*at, end) up to the first character that does not belong. */
bool time_parse(const char **at, const char *end, int64_t *micros);
/* Length of the month name (three letters or full, any case) at `at`, 0 if there is none. */
size_t month_name_match(const char *at, const char *end, int32_t *month);
extern const char *const month_names[12];
extern const char *const day_names[7]; /* from Sunday */

size_t date_print(int32_t days, char *buffer);
size_t timestamp_print(int64_t timestamp, char *buffer);
/* hh:mm:ss[.ffffff] without trailing zeros; hours may pass 24. */
size_t time_print(int64_t micros, char *buffer);

#endif
