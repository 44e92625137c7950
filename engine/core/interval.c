/* Interval arithmetic and text. */
#include "core/interval.h"

#include "core/datetime.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

__int128 interval_order(Interval interval) {
    return ((__int128)interval.months * 30 + interval.days) * MICROS_PER_DAY + interval.micros;
}

bool interval_add(Interval a, Interval b, Interval *out) {
    return !__builtin_add_overflow(a.months, b.months, &out->months) && !__builtin_add_overflow(a.days, b.days, &out->days) &&
           !__builtin_add_overflow(a.micros, b.micros, &out->micros);
}

bool interval_negate(Interval a, Interval *out) {
    return !__builtin_sub_overflow(0, a.months, &out->months) && !__builtin_sub_overflow(0, a.days, &out->days) &&
           !__builtin_sub_overflow((int64_t)0, a.micros, &out->micros);
}

/* Fields as they come out of a multiplication; what is left of months and days moves down, as PostgreSQL's interval_mul(). */
static bool from_fractions(double months, double days, double micros, Interval *out) {
    double whole_months = trunc(months), whole_days = trunc(days);
    double month_days = rint((months - whole_months) * 30 * 1e6) / 1e6;
    double seconds = rint((days - whole_days + month_days - trunc(month_days)) * 86400 * 1e6) / 1e6;
    whole_days += trunc(month_days) + trunc(seconds / 86400);
    seconds -= trunc(seconds / 86400) * 86400;
    micros = rint(micros + seconds * 1e6);
    if (!(fabs(whole_months) <= INT32_MAX) || !(fabs(whole_days) <= INT32_MAX) || !(fabs(micros) < 0x1p63)) {
        return false;
    }
    *out = (Interval){.months = (int32_t)whole_months, .days = (int32_t)whole_days, .micros = (int64_t)micros};
    return true;
}

bool interval_multiply(Interval a, double factor, Interval *out) {
    return from_fractions(a.months * factor, a.days * factor, (double)a.micros * factor, out);
}

bool interval_divide(Interval a, double divisor, Interval *out) {
    return from_fractions(a.months / divisor, a.days / divisor, (double)a.micros / divisor, out);
}

/* ------------------------------------------------------------------------------------------------------------- justifying */

/* Moves whole units up, then gives both the same sign. */
static bool justify(int64_t unit, int64_t *high, int64_t *low) {
    if (__builtin_add_overflow(*high, *low / unit, high)) {
        return false;
    }
    *low %= unit;
    if (*high > 0 && *low < 0) {
        *low += unit;
        (*high)--;
    } else if (*high < 0 && *low > 0) {
        *low -= unit;
        (*high)++;
    }
    return true;
}

static bool from_wide(int64_t months, int64_t days, int64_t micros, Interval *out) {
    *out = (Interval){.months = (int32_t)months, .days = (int32_t)days, .micros = micros};
    return months == out->months && days == out->days;
}

bool interval_justify_days(Interval interval, Interval *out) {
    int64_t months = interval.months, days = interval.days;
    return justify(30, &months, &days) && from_wide(months, days, interval.micros, out);
}

bool interval_justify_hours(Interval interval, Interval *out) {
    int64_t days = interval.days, micros = interval.micros;
    return justify(MICROS_PER_DAY, &days, &micros) && from_wide(interval.months, days, micros, out);
}

bool interval_justify(Interval interval, Interval *out) {
    int64_t months = interval.months, days = interval.days + interval.micros / MICROS_PER_DAY;
    int64_t micros = interval.micros % MICROS_PER_DAY;
    months += days / 30;
    days %= 30;
    if (months > 0 && (days < 0 || (days == 0 && micros < 0))) {
        days += 30;
        months--;
    } else if (months < 0 && (days > 0 || (days == 0 && micros > 0))) {
        days -= 30;
        months++;
    }
    return justify(MICROS_PER_DAY, &days, &micros) && from_wide(months, days, micros, out);
}

bool timestamp_add_interval(int64_t timestamp, Interval interval, int64_t *out) {
    int64_t micros;
    int32_t days = timestamp_days(timestamp, &micros);
    if (interval.months != 0 && !date_add_months(days, interval.months, &days)) {
        return false;
    }
    __int128 result = ((__int128)days + interval.days) * MICROS_PER_DAY + micros + interval.micros;
    *out = (int64_t)result;
    return timestamp_in_range(result);
}

/* ----------------------------------------------------------------------------------------------------------------- parsing */

/* Fields as read. */
typedef struct IntervalSum {
    int64_t months, days, micros;
    bool is_too_big;
    DateField bare;     /* the unit of a number without one */
    bool minutes_first; /* 1:02 is a minute and two seconds */
} IntervalSum;

/* A number as written: -1.5 is {1, 0.5, true}. */
typedef struct Number {
    int64_t whole;
    double fraction;
    bool is_negative;
    bool is_too_big;
} Number;

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void add(IntervalSum *sum, int64_t *field, bool negative, int64_t amount) {
    sum->is_too_big |= negative ? __builtin_sub_overflow(*field, amount, field) : __builtin_add_overflow(*field, amount, field);
}

static void add_times(IntervalSum *sum, int64_t *field, const Number *number, int64_t unit) {
    int64_t amount;
    if (number->is_too_big || __builtin_mul_overflow(number->whole, unit, &amount)) {
        sum->is_too_big = true;
        return;
    }
    add(sum, field, number->is_negative, amount);
}

static void add_micros(IntervalSum *sum, const Number *number, int64_t unit) {
    add_times(sum, &sum->micros, number, unit);
    add(sum, &sum->micros, number->is_negative, (int64_t)rint(number->fraction * (double)unit));
}

/* The fraction of the last day goes to the clock. */
static void add_days(IntervalSum *sum, const Number *number, int64_t unit, int64_t *field, int64_t field_unit) {
    double days = number->fraction * (double)unit;
    add_times(sum, field, number, field_unit);
    add(sum, &sum->days, number->is_negative, (int64_t)days);
    add(sum, &sum->micros, number->is_negative, (int64_t)rint((days - trunc(days)) * (double)MICROS_PER_DAY));
}

static void add_years(IntervalSum *sum, const Number *number, int64_t years) {
    add_times(sum, &sum->months, number, years * 12);
    add(sum, &sum->months, number->is_negative, (int64_t)rint(number->fraction * (double)years * 12));
}

static bool add_unit(IntervalSum *sum, DateField unit, const Number *number) {
    switch (unit) {
    case FIELD_MICROSECOND: add_micros(sum, number, 1); return true;
    case FIELD_MILLISECOND: add_micros(sum, number, 1000); return true;
    case FIELD_SECOND: add_micros(sum, number, MICROS_PER_SECOND); return true;
    case FIELD_MINUTE: add_micros(sum, number, MICROS_PER_MINUTE); return true;
    case FIELD_HOUR: add_micros(sum, number, MICROS_PER_HOUR); return true;
    case FIELD_DAY: add_days(sum, number, 1, &sum->days, 1); return true;
    case FIELD_WEEK: add_days(sum, number, 7, &sum->days, 7); return true;
    case FIELD_MONTH: add_days(sum, number, 30, &sum->months, 1); return true;
    case FIELD_QUARTER: add_days(sum, number, 90, &sum->months, 3); return true;
    case FIELD_YEAR: add_years(sum, number, 1); return true;
    case FIELD_DECADE: add_years(sum, number, 10); return true;
    case FIELD_CENTURY: add_years(sum, number, 100); return true;
    case FIELD_MILLENNIUM: add_years(sum, number, 1000); return true;
    default: return false;
    }
}

/* Digits with at most one point and an optional sign. */
static bool read_number(const char **at, const char *end, Number *number) {
    const char *p = *at;
    bool any = false;
    *number = (Number){.is_negative = p < end && *p == '-'};
    if (p < end && (*p == '-' || *p == '+')) {
        for (p++; p < end && is_space(*p); p++) {
        }
    }
    for (; p < end && is_digit(*p); p++, any = true) {
        number->is_too_big |= __builtin_mul_overflow(number->whole, 10, &number->whole) ||
                              __builtin_add_overflow(number->whole, *p - '0', &number->whole);
    }
    if (p < end && *p == '.') {
        int64_t digits = 0, unit = 1;
        for (p++; p < end && is_digit(*p); p++, any = true) {
            if (unit < INT64_C(1000000000000000)) {
                digits = digits * 10 + (*p - '0');
                unit *= 10;
            }
        }
        number->fraction = (double)digits / (double)unit;
    }
    *at = p;
    return any;
}

/* hh:mm[:ss[.f]] after an optional sign; hours may be many. mm:ss.f where two fields end in a fraction. */
static bool read_clock(const char **at, const char *end, bool negative, IntervalSum *sum) {
    Number first, second = {0}, third = {0};
    if (!read_number(at, end, &first) || first.fraction != 0 || *at == end || **at != ':') {
        return false;
    }
    (*at)++;
    const char *second_at = *at;
    if (*at < end && !is_space(**at) && (!read_number(at, end, &second) || !is_digit(*second_at))) {
        return false;
    }
    bool is_short =
        memchr(second_at, '.', (size_t)(*at - second_at)) != NULL || (sum->minutes_first && !(*at < end && **at == ':'));
    if (!is_short && *at < end && **at == ':') {
        (*at)++;
        if (*at == end || !is_digit(**at) || !read_number(at, end, &third)) {
            return false;
        }
    }
    Number hours = is_short ? (Number){0} : first, minutes = is_short ? first : second, seconds = is_short ? second : third;
    if (minutes.whole > 59 || seconds.whole > 60) {
        sum->is_too_big = true;
    }
    hours.is_negative = minutes.is_negative = seconds.is_negative = negative;
    add_micros(sum, &hours, MICROS_PER_HOUR);
    add_micros(sum, &minutes, MICROS_PER_MINUTE);
    add_micros(sum, &seconds, MICROS_PER_SECOND);
    return true;
}

static bool looks_like_clock(const char *at, const char *end) {
    while (at < end && is_digit(*at)) {
        at++;
    }
    return at < end && *at == ':';
}

/* years-months after an optional sign. */
static bool looks_like_years_months(const char *at, const char *end) {
    const char *start = at;
    while (at < end && is_digit(*at)) {
        at++;
    }
    return at > start && at + 1 < end && *at == '-' && is_digit(at[1]);
}

static bool read_unit(const char **at, const char *end, DateField *unit) {
    const char *start = *at;
    while (*at < end && is_letter(**at)) {
        (*at)++;
    }
    return *at > start && date_field_from_name(start, (size_t)(*at - start), unit);
}

static void skip_spaces(const char **at, const char *end) {
    while (*at < end && is_space(**at)) {
        (*at)++;
    }
}

static bool read_years_months(const char **at, const char *end, bool negative, IntervalSum *sum) {
    Number years, months;
    read_number(at, end, &years);
    (*at)++;
    if (!read_number(at, end, &months) || months.fraction != 0) {
        return false;
    }
    sum->is_too_big |= months.whole > 11;
    years.is_negative = months.is_negative = negative;
    add_times(sum, &sum->months, &years, 12);
    add_times(sum, &sum->months, &months, 1);
    return true;
}

/* "3 days": a number with its unit. A bare number at the end is seconds; before a clock it is days. */
static bool read_quantity(const char **at, const char *end, IntervalSum *sum) {
    Number number;
    if (!read_number(at, end, &number)) {
        return false;
    }
    skip_spaces(at, end);
    DateField unit = sum->bare;
    if (*at < end && is_letter(**at)) {
        if (!read_unit(at, end, &unit)) {
            return false;
        }
    } else if (*at < end) {
        const char *next = *at + (**at == '-' || **at == '+' ? 1 : 0);
        if (!looks_like_clock(next, end)) {
            return false;
        }
        unit = FIELD_DAY;
    }
    return add_unit(sum, unit, &number);
}

static bool read_iso(const char *at, const char *end, IntervalSum *sum) {
    bool in_time = false, any = false;
    while (at < end) {
        if (*at == 'T' || *at == 't') {
            in_time = true;
            at++;
            continue;
        }
        Number number;
        if (!read_number(&at, end, &number) || at == end) {
            return false;
        }
        DateField unit;
        switch (*at++ | 0x20) {
        case 'y': unit = FIELD_YEAR; break;
        case 'm': unit = in_time ? FIELD_MINUTE : FIELD_MONTH; break;
        case 'w': unit = FIELD_WEEK; break;
        case 'd': unit = FIELD_DAY; break;
        case 'h': unit = FIELD_HOUR; break;
        case 's': unit = FIELD_SECOND; break;
        default: return false;
        }
        add_unit(sum, unit, &number);
        any = true;
    }
    return any;
}

static bool read_interval(const char *at, const char *end, IntervalSum *sum) {
    bool any = false;
    while (at < end && is_space(end[-1])) {
        end--;
    }
    if (at < end && (*at == 'P' || *at == 'p')) {
        return read_iso(at + 1, end, sum);
    }
    for (skip_spaces(&at, end); at < end; skip_spaces(&at, end), any = true) {
        if (any && end - at == 3 && strncasecmp(at, "ago", 3) == 0) {
            IntervalSum before = *sum;
            *sum = (IntervalSum){.is_too_big = before.is_too_big, .bare = before.bare, .minutes_first = before.minutes_first};
            add(sum, &sum->months, true, before.months);
            add(sum, &sum->days, true, before.days);
            add(sum, &sum->micros, true, before.micros);
            return true;
        }
        if (*at == '@') {
            at++;
            continue;
        }
        bool negative = *at == '-';
        const char *unsigned_at = at + (*at == '-' || *at == '+' ? 1 : 0);
        bool good;
        if (looks_like_clock(unsigned_at, end)) {
            at = unsigned_at;
            good = read_clock(&at, end, negative, sum);
        } else if (looks_like_years_months(unsigned_at, end)) {
            at = unsigned_at;
            good = read_years_months(&at, end, negative, sum);
        } else {
            good = read_quantity(&at, end, sum);
        }
        if (!good) {
            return false;
        }
    }
    return any;
}

/* Drops what is below the field. */
static void truncate_fields(IntervalSum *sum, DateField last) {
    switch (last) {
    case FIELD_YEAR:
        sum->months -= sum->months % 12;
        sum->days = sum->micros = 0;
        break;
    case FIELD_MONTH: sum->days = sum->micros = 0; break;
    case FIELD_DAY: sum->micros = 0; break;
    case FIELD_HOUR: sum->micros -= sum->micros % MICROS_PER_HOUR; break;
    case FIELD_MINUTE: sum->micros -= sum->micros % MICROS_PER_MINUTE; break;
    default: break;
    }
}

IntervalParse interval_parse_fields(const char *text, size_t bytes, DateField first, DateField last, Interval *out) {
    IntervalSum sum = {.bare = last, .minutes_first = first == FIELD_MINUTE && last == FIELD_SECOND};
    if (!read_interval(text, text + bytes, &sum)) {
        return INTERVAL_BAD_SYNTAX;
    }
    truncate_fields(&sum, last);
    bool fits = !sum.is_too_big && from_wide(sum.months, sum.days, sum.micros, out);
    return fits ? INTERVAL_OK : INTERVAL_TOO_BIG;
}

IntervalParse interval_parse(const char *text, size_t bytes, Interval *out) {
    return interval_parse_fields(text, bytes, FIELD_YEAR, FIELD_SECOND, out);
}

/* ---------------------------------------------------------------------------------------------------------------- printing */

#define FIELD_BYTES_MAX 32 /* " +" or " -", 19 digits, a blank, "years" or "mons" */

/* One field such as "-3 days"; after a negative field a positive one has its sign. */
static char *put_field(char *at, char *start, int64_t value, const char *unit, bool *after_negative) {
    if (value == 0) {
        return at;
    }
    at += snprintf(at, FIELD_BYTES_MAX, "%s%s%lld %s%s", at > start ? " " : "", *after_negative && value > 0 ? "+" : "",
                   (long long)value, unit, value == 1 ? "" : "s");
    *after_negative = value < 0;
    return at;
}

size_t interval_print(Interval interval, char *buffer) {
    char *at = buffer;
    bool after_negative = false;
    at = put_field(at, buffer, interval.months / 12, "year", &after_negative);
    at = put_field(at, buffer, interval.months % 12, "mon", &after_negative);
    at = put_field(at, buffer, interval.days, "day", &after_negative);
    if (interval.micros != 0 || at == buffer) {
        uint64_t micros = interval.micros < 0 ? -(uint64_t)interval.micros : (uint64_t)interval.micros;
        at += snprintf(at, FIELD_BYTES_MAX, "%s%s", at > buffer ? " " : "",
                       interval.micros < 0 ? "-"
                       : after_negative    ? "+"
                                           : "");
        if (micros > INT64_MAX) {
            micros = INT64_MAX;
        }
        at += time_print((int64_t)micros, at);
    }
    *at = 0;
    return (size_t)(at - buffer);
}
