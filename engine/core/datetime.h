/* The proleptic Gregorian calendar: days and microseconds since 1970-01-01, to and from fields and text. From 4714-11-24 BC to
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
#define DATE_YEAR_MIN (-4713) /* 4714 BC: the Julian day 0 is its 24 November */
#define DATE_YEAR_MAX 294275
#define JULIAN_1970 2440588 /* the Julian day of 1970-01-01 */
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

/* Year, month and day of days since 1970, without a branch, so that loops over it become vectors: years of eras of 400 that
 * begin in March, divisions as products (C. Neri, L. Schneider: Euclidean affine functions and their application to calendar
 * algorithms, 2022). Any `days` may be asked for; those out of range give anything. */
#define CALENDAR_ERAS_BEFORE 12u /* before year 0, so that all days are counted from 0 on */
static inline void calendar_split(int32_t days, int32_t *year, uint32_t *month, uint32_t *day) {
    uint32_t quarters = 4 * ((uint32_t)days + 719468u + CALENDAR_ERAS_BEFORE * 146097u) + 3; /* of a day, from 1 March */
    uint32_t century = quarters / 146097, of_century = quarters % 146097 / 4;
    uint64_t years = UINT64_C(2939745) * (4 * of_century + 3);
    uint32_t of_year = (uint32_t)years / 2939745 / 4;
    uint32_t months = 2141 * of_year + 197913;
    uint32_t is_next = of_year >= 306; /* January and February */
    *year = (int32_t)(100 * century + (uint32_t)(years >> 32) + is_next) - (int32_t)(400 * CALENDAR_ERAS_BEFORE);
    *month = (months >> 16) - 12 * is_next;
    *day = (months & 0xffff) / 2141 + 1;
}

Civil civil_from_days(int32_t days);
int32_t days_from_civil(int32_t year, int32_t month, int32_t day); /* the month may lie outside 1 to 12, the day anywhere */
bool year_is_leap(int32_t year);
int32_t month_days(int32_t year, int32_t month);
bool civil_is_valid(int64_t year, int64_t month, int64_t day);
/* Days of the midnight at or before, and what is left. */
int32_t timestamp_days(int64_t timestamp, int64_t *micros);
bool days_in_range(int64_t days);
bool timestamp_in_range(__int128 timestamp);

/* Half away from 2000-01-01 for a timestamp, as PostgreSQL does; from midnight for a time. */
int64_t timestamp_round(int64_t timestamp, uint32_t digits);
int64_t time_round(int64_t micros, uint32_t digits);

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
    FIELD_JULIAN,
    FIELD_TIMEZONE, /* seconds east of UTC */
    FIELD_TIMEZONE_HOUR,
    FIELD_TIMEZONE_MINUTE,
    FIELD_COUNT
} DateField;

/* "year", "years", "yr", "qtr", "d" …; false if unknown. */
bool date_field_from_name(const char *name, size_t bytes, DateField *field);
const char *date_field_name(DateField field); /* its first name */
/* Whole fields (day and up, dow …) of a date; not for EPOCH and below DAY. */
int64_t date_field(int32_t days, DateField field);
int32_t iso_week(int32_t days, int32_t *iso_year);
/* The start of the field that holds the moment. Fields without a start (dow, doy …) give false. */
bool date_truncate(int32_t days, DateField field, int32_t *out);
bool timestamp_truncate(int64_t timestamp, DateField field, int64_t *out);

/* What a text says: special words and zones are resolved by value_datetime.c. */
typedef enum DateTimeSpecial {
    DATETIME_PLAIN,
    DATETIME_EPOCH,
    DATETIME_NOW,
    DATETIME_TODAY,
    DATETIME_TOMORROW,
    DATETIME_YESTERDAY,
    DATETIME_INFINITE
} DateTimeSpecial;

typedef enum DateTimeZone { DATETIME_ZONE_NONE, DATETIME_ZONE_OFFSET, DATETIME_ZONE_NAME } DateTimeZone;

typedef struct DateTimeText {
    bool is_time_only; /* asked for: a TIME, whose date may be missing */
    bool has_date, has_time;
    DateTimeSpecial special;
    int64_t days;
    int64_t micros; /* of the day; a whole day for 24:00 */
    DateTimeZone zone_kind;
    int32_t offset;   /* seconds east of UTC */
    const char *zone; /* borrowed from the text */
    size_t zone_bytes;
} DateTimeText;

/* PostgreSQL's forms, month first where ambiguous: 1994-1-31, 19940131, 1/31/1994, 31-Jan-1994, January 31, 1994 BC, J2449384,
 * 1994.031, with a time (10:20:30.5, 102030, 4:05 PM, T102030) and a zone (Z, +02:30, Europe/Berlin, CET). */
DateTimeParse datetime_read(const char *text, size_t bytes, bool is_time_only, DateTimeText *out);
/* Only "1994-01-31" and "1994-01-31 10:20:30[.5]"; false at anything else, right or wrong. */
bool date_parse_iso(const char *text, size_t bytes, int32_t *days);
bool timestamp_parse_iso(const char *text, size_t bytes, int64_t *timestamp);
/* Length of the month name (three letters or full, any case) at `at`, 0 if there is none. */
size_t month_name_match(const char *at, const char *end, int32_t *month);
extern const char *const month_names[12];
extern const char *const day_names[7]; /* from Sunday */

size_t date_print(int32_t days, char *buffer);
size_t timestamp_print(int64_t timestamp, char *buffer);
/* hh:mm:ss[.ffffff] without trailing zeros; hours may pass 24. */
size_t time_print(int64_t micros, char *buffer);

#endif
