/* Interval arithmetic and text. */
#include "core/interval.h"

#include "core/datetime.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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

bool interval_from_parts(double months, double days, double micros, Interval *out) {
    double whole_months = trunc(months);
    days += round((months - whole_months) * 30 * 1e6) / 1e6;
    double whole_days = trunc(days);
    micros += round((days - whole_days) * 86400e6);
    if (!(fabs(whole_months) <= INT32_MAX) || !(fabs(whole_days) <= INT32_MAX) || !(fabs(micros) < 9.2e18)) {
        return false;
    }
    *out = (Interval){.months = (int32_t)whole_months, .days = (int32_t)whole_days, .micros = (int64_t)rint(micros)};
    return true;
}

bool interval_multiply(Interval a, double factor, Interval *out) {
    return interval_from_parts(a.months * factor, a.days * factor, (double)a.micros * factor, out);
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

typedef struct IntervalSum { /* fields as read, fractions included */
    double months, days;
    double micros; /* exact below 2^53: 285 years */
} IntervalSum;

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool add_unit(IntervalSum *sum, DateField unit, double value) {
    switch (unit) {
    case FIELD_MICROSECOND: sum->micros += value; return true;
    case FIELD_MILLISECOND: sum->micros += value * 1e3; return true;
    case FIELD_SECOND: sum->micros += value * 1e6; return true;
    case FIELD_MINUTE: sum->micros += value * 60e6; return true;
    case FIELD_HOUR: sum->micros += value * 3600e6; return true;
    case FIELD_DAY: sum->days += value; return true;
    case FIELD_WEEK: sum->days += value * 7; return true;
    case FIELD_MONTH: sum->months += value; return true;
    case FIELD_QUARTER: sum->months += value * 3; return true;
    case FIELD_YEAR: sum->months += round(value * 12); return true;
    case FIELD_DECADE: sum->months += round(value * 120); return true;
    case FIELD_CENTURY: sum->months += round(value * 1200); return true;
    case FIELD_MILLENNIUM: sum->months += round(value * 12000); return true;
    default: return false;
    }
}

/* A number at *at: strtod needs a final 0, so at most 40 characters are copied. */
static bool read_number(const char **at, const char *end, double *value) {
    char buffer[41];
    size_t length = 0;
    const char *p = *at;
    if (p < end && (*p == '-' || *p == '+')) {
        buffer[length++] = *p++;
    }
    while (p < end && (is_digit(*p) || *p == '.') && length < 40) {
        buffer[length++] = *p++;
    }
    buffer[length] = 0;
    char *stop;
    *value = strtod(buffer, &stop);
    *at = p;
    return stop == buffer + length && length > 0;
}

/* hh:mm[:ss[.f]] after an optional sign; hours may be many. */
static bool read_clock(const char **at, const char *end, bool negative, IntervalSum *sum) {
    double hours = 0, minutes, seconds = 0;
    if (!read_number(at, end, &hours) || *at == end || **at != ':') {
        return false;
    }
    (*at)++;
    if (!read_number(at, end, &minutes) || minutes < 0 || minutes >= 60) {
        return false;
    }
    if (*at < end && **at == ':') {
        (*at)++;
        if (!read_number(at, end, &seconds) || seconds < 0 || seconds > 60) {
            return false;
        }
    }
    double micros = hours * 3600e6 + minutes * 60e6 + rint(seconds * 1e6);
    sum->micros += negative ? -micros : micros;
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
    double years, months;
    read_number(at, end, &years);
    (*at)++;
    if (!read_number(at, end, &months) || months >= 12) {
        return false;
    }
    sum->months += (years * 12 + months) * (negative ? -1 : 1);
    return true;
}

/* "3 days": a number with its unit. A bare number at the end is seconds; before a clock it is days. */
static bool read_quantity(const char **at, const char *end, IntervalSum *sum) {
    double value;
    if (!read_number(at, end, &value)) {
        return false;
    }
    skip_spaces(at, end);
    DateField unit = FIELD_SECOND;
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
    return add_unit(sum, unit, value);
}

static bool read_iso(const char *at, const char *end, IntervalSum *sum) {
    bool in_time = false, any = false;
    while (at < end) {
        if (*at == 'T' || *at == 't') {
            in_time = true;
            at++;
            continue;
        }
        double value;
        if (!read_number(&at, end, &value) || at == end) {
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
        add_unit(sum, unit, value);
        any = true;
    }
    return any;
}

static bool read_interval(const char *at, const char *end, IntervalSum *sum) {
    bool any = false;
    if (at < end && (*at == 'P' || *at == 'p')) {
        return read_iso(at + 1, end, sum);
    }
    for (skip_spaces(&at, end); at < end; skip_spaces(&at, end), any = true) {
        if (any && end - at == 3 && strncasecmp(at, "ago", 3) == 0) {
            *sum = (IntervalSum){-sum->months, -sum->days, -sum->micros};
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

IntervalParse interval_parse(const char *text, size_t bytes, Interval *out) {
    IntervalSum sum = {0};
    if (!read_interval(text, text + bytes, &sum)) {
        return INTERVAL_BAD_SYNTAX;
    }
    return interval_from_parts(sum.months, sum.days, sum.micros, out) ? INTERVAL_OK : INTERVAL_TOO_BIG;
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
