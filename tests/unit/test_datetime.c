/* The calendar: every day of four centuries to and from fields, awkward texts, truncation and months. */
#include "core/datetime.h"

#include "core/datetime_template.h"
#include "core/interval.h"
#include "core/value.h"
#include "kernels/calendar_kernels.h"

#include <criterion/criterion.h>
#include <string.h>

Test(datetime, days_and_fields_agree) {
    int32_t days = days_from_civil(1600, 1, 1);
    cr_assert_eq(days_from_civil(1970, 1, 1), 0);
    for (int32_t year = 1600; year < 2001; year++) {
        for (int32_t month = 1; month <= 12; month++) {
            for (int32_t day = 1; day <= month_days(year, month); day++, days++) {
                Civil civil = civil_from_days(days);
                cr_assert(civil.year == year && civil.month == month && civil.day == day, "%d-%d-%d", year, month, day);
                cr_assert_eq(days_from_civil(year, month, day), days);
            }
        }
    }
}

static Error error;
static const Context context = {.error = &error};

static const char *problem(Status status) {
    return status == INVALID_DATETIME_FORMAT ? "syntax" : status == DATETIME_OUT_OF_RANGE ? "field" : error.message;
}

static const char *parsed_as(TypeId type, const char *text) {
    static char buffer[VALUE_PRINT_MAX];
    Value value;
    const char *data;
    size_t bytes;
    Status status = value_parse(&context, type_make(type), text, strlen(text), &value);
    if (status != OK) {
        return problem(status);
    }
    value_print(&value, buffer, &data, &bytes);
    buffer[bytes] = 0;
    return buffer;
}

static const char *date_of(const char *text) {
    return parsed_as(TYPE_DATE, text);
}

static const char *timestamp_of(const char *text) {
    return parsed_as(TYPE_TIMESTAMP, text);
}

Test(datetime, reads_dates) {
    cr_expect_str_eq(date_of("1994-01-31"), "1994-01-31");
    cr_expect_str_eq(date_of(" 1994-1-3 "), "1994-01-03");
    cr_expect_str_eq(date_of("19940131"), "1994-01-31");
    cr_expect_str_eq(date_of("1/31/1994"), "1994-01-31");
    cr_expect_str_eq(date_of("1994/1/31"), "1994-01-31");
    cr_expect_str_eq(date_of("1/8/99"), "1999-01-08");
    cr_expect_str_eq(date_of("January 8, 1999"), "1999-01-08");
    cr_expect_str_eq(date_of("8 Jan 1999"), "1999-01-08");
    cr_expect_str_eq(date_of("1999-Jan-08"), "1999-01-08");
    cr_expect_str_eq(date_of("08-Jan-1999"), "1999-01-08");
    cr_expect_str_eq(date_of("0044-03-15 BC"), "0044-03-15 BC");
    cr_expect_str_eq(date_of("12345-06-07"), "12345-06-07");
    cr_expect_str_eq(date_of("1994-01-31 23:59:59"), "1994-01-31");
    cr_expect_str_eq(date_of("epoch"), "1970-01-01");
}

Test(datetime, refuses_dates) {
    cr_expect_str_eq(date_of(""), "syntax");
    cr_expect_str_eq(date_of("1994"), "syntax");
    cr_expect_str_eq(date_of("1994-01"), "syntax");
    cr_expect_str_eq(date_of("1994-01-31x"), "syntax");
    cr_expect_str_eq(date_of("hello"), "syntax");
    cr_expect_str_eq(date_of("1994-02-30"), "field");
    cr_expect_str_eq(date_of("1994-13-01"), "field");
    cr_expect_str_eq(date_of("0000-01-01"), "field");
    cr_expect_str_eq(date_of("999999-01-01"), "field");
}

Test(datetime, reads_timestamps) {
    cr_expect_str_eq(timestamp_of("1994-01-31 10:20:30.5"), "1994-01-31 10:20:30.5");
    cr_expect_str_eq(timestamp_of("1994-01-31T10:20:30Z"), "1994-01-31 10:20:30");
    cr_expect_str_eq(timestamp_of("1994-01-31 10:20:30+02:00"), "1994-01-31 10:20:30");
    cr_expect_str_eq(timestamp_of("1994-01-31 10:20:30.123456"), "1994-01-31 10:20:30.123456");
    cr_expect_str_eq(timestamp_of("1994-01-31 10:20"), "1994-01-31 10:20:00");
    cr_expect_str_eq(timestamp_of("1994-01-31"), "1994-01-31 00:00:00");
    cr_expect_str_eq(timestamp_of("1994-01-31 04:05:06 PM"), "1994-01-31 16:05:06");
    cr_expect_str_eq(timestamp_of("1960-01-31 23:59:59.999999"), "1960-01-31 23:59:59.999999");
    cr_expect_str_eq(timestamp_of("1994-01-31 25:00:00"), "field");
    cr_expect_str_eq(timestamp_of("1994-01-31 10:61"), "field");
    cr_expect_str_eq(timestamp_of("1994-01-31 10"), "syntax");
}

static const char *by_template(const char *text, const char *pattern) {
    static char buffer[DATETIME_PRINT_MAX];
    Template template;
    TemplateResult read;
    if (template_parse(&context, pattern, strlen(pattern), &template) != OK) {
        return error.message;
    }
    Status status = template_read(&context, &template, text, strlen(text), &read);
    if (status != OK) {
        return problem(status);
    }
    int32_t days = days_from_civil(read.moment.date.year, read.moment.date.month, read.moment.date.day);
    buffer[timestamp_print(days * MICROS_PER_DAY + read.moment.micros, buffer)] = 0;
    return buffer;
}

Test(datetime, reads_by_templates) {
    cr_expect_str_eq(by_template("31.01.1994", "DD.MM.YYYY"), "1994-01-31 00:00:00");
    cr_expect_str_eq(by_template("01/31/1994", "MM/DD/YYYY"), "1994-01-31 00:00:00");
    cr_expect_str_eq(by_template("1994-01-31 10:20:30", "YYYY-MM-DD HH24:MI:SS"), "1994-01-31 10:20:30");
    cr_expect_str_eq(by_template("31-Jan-94", "DD-Mon-YY"), "1994-01-31 00:00:00");
    cr_expect_str_eq(by_template("1994.032", "YYYY.DDD"), "1994-02-01 00:00:00");
    cr_expect_str_eq(by_template("12:30 AM", "HH12:MI AM"), "0001-01-01 00:30:00 BC");
    cr_expect_str_eq(by_template("31.02.1994", "DD.MM.YYYY"), "field");
    cr_expect_str_eq(by_template("x", "DD.MM.YYYY"), "syntax");
    cr_expect_str_eq(by_template("31.01.1994 and more", "DD.MM.YYYY"), "1994-01-31 00:00:00");
}

Test(datetime, months_are_clamped) {
    int32_t out;
    cr_assert(date_add_months(days_from_civil(2004, 1, 31), 1, &out));
    cr_expect_eq(out, days_from_civil(2004, 2, 29));
    cr_assert(date_add_months(days_from_civil(2004, 3, 31), -13, &out));
    cr_expect_eq(out, days_from_civil(2003, 2, 28));
    cr_expect_not(date_add_months(0, INT32_MAX * INT64_C(1000), &out));
}

Test(datetime, iso_weeks) {
    int32_t year;
    cr_expect_eq(iso_week(days_from_civil(2005, 1, 1), &year), 53);
    cr_expect_eq(year, 2004);
    cr_expect_eq(iso_week(days_from_civil(2012, 12, 31), &year), 1);
    cr_expect_eq(year, 2013);
}

static const char *interval_of(const char *text) {
    static char buffer[INTERVAL_PRINT_MAX];
    Interval interval;
    switch (interval_parse(text, strlen(text), &interval)) {
    case INTERVAL_BAD_SYNTAX: return "syntax";
    case INTERVAL_TOO_BIG: return "big";
    case INTERVAL_OK: break;
    }
    interval_print(interval, buffer);
    return buffer;
}

Test(datetime, reads_intervals) {
    cr_expect_str_eq(interval_of("1 year 2 mons 3 days 04:05:06.789"), "1 year 2 mons 3 days 04:05:06.789");
    cr_expect_str_eq(interval_of("1 day -02:00:00"), "1 day -02:00:00");
    cr_expect_str_eq(interval_of("-1 year 2 days"), "-1 years +2 days");
    cr_expect_str_eq(interval_of("1.5 days"), "1 day 12:00:00");
    cr_expect_str_eq(interval_of("1.5 months"), "1 mon 15 days");
    cr_expect_str_eq(interval_of("P1Y2M3DT4H5M6S"), "1 year 2 mons 3 days 04:05:06");
    cr_expect_str_eq(interval_of("1-2"), "1 year 2 mons");
    cr_expect_str_eq(interval_of("1 2:03"), "1 day 02:03:00");
    cr_expect_str_eq(interval_of("2 hours ago"), "-02:00:00");
    cr_expect_str_eq(interval_of("3 weeks"), "21 days");
    cr_expect_str_eq(interval_of("25:00:00"), "25:00:00");
    cr_expect_str_eq(interval_of("0"), "00:00:00");
    cr_expect_str_eq(interval_of("-00:00:01.5"), "-00:00:01.5");
    cr_expect_str_eq(interval_of("1 parsec"), "syntax");
    cr_expect_str_eq(interval_of(""), "syntax");
    cr_expect_str_eq(interval_of("99999999999 years"), "big");
}

/* Around midnights: of every ten thousandth day, of the first and last days that moments have, of today's. */
static uint32_t awkward_moments(int64_t *moments, uint32_t most) {
    uint32_t count = 0;
    for (int64_t day = -2440588; day <= 106751990 && count + 3 <= most; day += day > 0 && day < 20000 ? 37 : 9973) {
        moments[count++] = day * MICROS_PER_DAY;
        moments[count++] = day * MICROS_PER_DAY - (day > -2440588);
        moments[count++] = day * MICROS_PER_DAY + MICROS_PER_DAY - 1;
    }
    return count;
}

Test(datetime, whole_batches_have_the_same_days_and_fields) {
    enum { MOST = 40000 };
    static int64_t moments[MOST], years[MOST], months[MOST], of_month[MOST];
    static int32_t days[MOST], weeks[MOST], starts[MOST];
    static const char *const sets[] = {"baseline", "avx2", "avx512"};
    uint32_t count = awkward_moments(moments, MOST);
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        if (kernels_select(&context, sets[s]) != OK) {
            continue;
        }
        calendar_kernels->days(moments, count, days);
        calendar_kernels->year(days, count, years);
        calendar_kernels->month(days, count, months);
        calendar_kernels->day(days, count, of_month);
        calendar_kernels->week_start(days, count, weeks);
        calendar_kernels->month_start(days, count, starts);
        for (uint32_t i = 0; i < count; i++) {
            int64_t micros;
            int32_t start;
            cr_assert_eq(days[i], timestamp_days(moments[i], &micros), "%s: moment %ld", sets[s], moments[i]);
            cr_assert_eq(years[i], date_field(days[i], FIELD_YEAR));
            cr_assert_eq(months[i], date_field(days[i], FIELD_MONTH));
            cr_assert_eq(of_month[i], date_field(days[i], FIELD_DAY));
            cr_assert(date_truncate(days[i], FIELD_WEEK, &start) && weeks[i] == start, "%s: day %d", sets[s], days[i]);
            cr_assert(date_truncate(days[i], FIELD_MONTH, &start) && starts[i] == start, "%s: day %d", sets[s], days[i]);
            cr_assert_eq(days_from_civil(civil_from_days(days[i]).year, (int32_t)months[i], (int32_t)of_month[i]), days[i]);
        }
    }
    cr_assert_eq(kernels_select(&context, "auto"), OK);
}
