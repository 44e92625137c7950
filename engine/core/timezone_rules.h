/* What a zone is made of: the changes of its clocks so far, and a rule for the time after; private to timezone*.c. */
#ifndef DEPOT_CORE_TIMEZONE_RULES_H
#define DEPOT_CORE_TIMEZONE_RULES_H

#include "core/timezone.h"

#define ZONE_CLOCKS_MAX 256

/* A day of the year and a second of it: "M3.2.0/2" of a POSIX rule. */
typedef struct ZoneDate {
    enum { ZONE_DATE_WEEKDAY, ZONE_DATE_JULIAN, ZONE_DATE_ZERO_BASED } kind;
    int32_t month, week, day; /* JULIAN (1 to 365, no 29 February), ZERO_BASED: day alone */
    int32_t seconds;          /* local, of that day; may lie outside of it */
} ZoneDate;

/* Clocks of a POSIX rule: standard time alone, or summer time from `start` to `end` each year. */
typedef struct ZoneRule {
    ZoneClock standard, summer;
    bool has_summer;
    ZoneDate start, end; /* start: in standard time; end: in summer time */
} ZoneRule;

struct TimeZone {
    TimeZone *next;
    char name[ZONE_NAME_MAX];
    uint32_t change_count;
    uint32_t clock_count;
    int64_t *changes;      /* ascending, seconds UTC; behind the struct */
    uint8_t *change_clock; /* the clock from then on */
    ZoneClock *clocks;     /* the first is in force before the first change */
    bool has_rule;         /* after the last change */
    ZoneRule rule;
};

/* "EST5EDT,M3.2.0,M11.1.0", "<+0330>-3:30"; summer time without dates follows the rule of the United States. False if it is no
 * rule. */
bool zone_rule_parse(const char *text, size_t bytes, ZoneRule *rule);
/* Begin and end of summer time in a year, in seconds UTC. */
void zone_rule_year(const ZoneRule *rule, int32_t year, int64_t *start, int64_t *end);
/* From the bytes of a TZif file; `zone` is one allocation. INVALID_PARAMETER_VALUE if they are none. */
Status zone_file_parse(const Context *cx, const unsigned char *data, size_t bytes, TimeZone **zone);

#endif
