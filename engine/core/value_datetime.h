/* Dates, times and moments as values: from and to text in the session's time zone, and into each other. */
#ifndef DEPOT_CORE_VALUE_DATETIME_H
#define DEPOT_CORE_VALUE_DATETIME_H

#include "core/timezone.h"
#include "core/value.h"

/* When the statement began, in microseconds UTC. */
int64_t statement_now(const Context *cx);
/* The clock now, as a TIMESTAMPTZ. */
int64_t clock_now(void);
/* DATE, TIME, TIMESTAMP, TIMESTAMPTZ. INVALID_DATETIME_FORMAT, DATETIME_OUT_OF_RANGE. */
Status value_parse_datetime(const Context *cx, Type type, const char *text, size_t bytes, Value *value);
/* Between DATE, TIME, TIMESTAMP, TIMESTAMPTZ and, for TIME, INTERVAL. *is_possible says whether there is such a cast. */
Status value_cast_datetime(const Context *cx, const Value *from, Value *out, bool *is_possible);

/* Months and days move the local time, the rest the moment; `zone` NULL for a TIMESTAMP. False if the result is out of range.
 */
bool timestamptz_add_interval(const TimeZone *zone, int64_t timestamp, Interval interval, int64_t *out);
size_t timestamptz_print(const TimeZone *zone, int64_t timestamp, char *buffer);

#endif
