/* Intervals: months, days and microseconds, which do not convert into each other. */
#ifndef DEPOT_CORE_INTERVAL_H
#define DEPOT_CORE_INTERVAL_H

#include "core/datetime.h"
#include "core/types.h"

#define INTERVAL_PRINT_MAX 96

/* One number to compare and hash by: microseconds with 30-day months and 24-hour days. */
__int128 interval_order(Interval interval);
/* PostgreSQL's forms ("1 year 2 mons -3 days 04:05:06.7", "2 hours ago"), ISO 8601 ("P1Y2M3DT4H") and a bare number of
 * seconds. */
typedef enum IntervalParse { INTERVAL_OK, INTERVAL_BAD_SYNTAX, INTERVAL_TOO_BIG } IntervalParse;
IntervalParse interval_parse(const char *text, size_t bytes, Interval *out);
/* INTERVAL '…' first TO last: a number without a unit is of the last field, and what is below that is dropped. */
IntervalParse interval_parse_fields(const char *text, size_t bytes, DateField first, DateField last, Interval *out);
size_t interval_print(Interval interval, char *buffer);

/* False if a field overflows. */
bool interval_add(Interval a, Interval b, Interval *out);
bool interval_negate(Interval a, Interval *out);
/* Fractions of months go to days, of days to microseconds, as in PostgreSQL. */
bool interval_multiply(Interval a, double factor, Interval *out);
bool interval_divide(Interval a, double divisor, Interval *out); /* not by 0 */
/* 30 days become a month, 24 hours a day; interval_justify() does both. */
bool interval_justify_days(Interval interval, Interval *out);
bool interval_justify_hours(Interval interval, Interval *out);
bool interval_justify(Interval interval, Interval *out);
/* timestamp + interval: months (clamped), then days, then microseconds. */
bool timestamp_add_interval(int64_t timestamp, Interval interval, int64_t *out);

#endif
