/* Time zones: IANA names from the system's tzdata (TZif files), POSIX rules ("EST5EDT", "UTC+3"), fixed offsets and the usual
 * abbreviations. Local times that a clock shows twice or never are read as PostgreSQL does: with the offset that is in force
 * after a clock is set back, and before one is set forward. NULL stands for UTC. */
#ifndef DEPOT_CORE_TIMEZONE_H
#define DEPOT_CORE_TIMEZONE_H

#include "core/status.h"

#define ZONE_NAME_MAX 64
#define ZONE_ABBREVIATION_MAX 12
#define ZONE_SECONDS_MAX (24 * 3600) /* offsets from UTC are below a day */

typedef struct TimeZone TimeZone;
typedef struct TimeZones TimeZones; /* those loaded so far; any thread */

/* What the clocks show from some moment on. */
typedef struct ZoneClock {
    int32_t offset; /* seconds east of UTC */
    bool is_dst;
    char abbreviation[ZONE_ABBREVIATION_MAX];
} ZoneClock;

/* Zones live as long as the cache, charged to cx->memory at its creation. */
Status timezones_create(const Context *cx, TimeZones **zones);
void timezones_free(TimeZones *zones); /* NULL is fine */
/* From cx->zones; *zone may become NULL for UTC. INVALID_PARAMETER_VALUE if there is no such zone. Names are matched in any
 * case. "+3" and the like are POSIX here: west of Greenwich; see timezone_fixed() for the other meaning. */
Status timezone_find(const Context *cx, const char *name, size_t bytes, const TimeZone **zone);
/* The same without an error: false. */
bool timezone_lookup(const Context *cx, const char *name, size_t bytes, const TimeZone **zone);
/* A zone without rules, `seconds` east of UTC. */
Status timezone_fixed(const Context *cx, int32_t seconds, const TimeZone **zone);
const char *timezone_name(const TimeZone *zone);

/* Which clock is in force at a moment, in seconds since 1970 UTC. */
const ZoneClock *timezone_clock(const TimeZone *zone, int64_t seconds);
/* TIMESTAMPTZ (microseconds UTC) to TIMESTAMP and back. */
int64_t timezone_to_local(const TimeZone *zone, int64_t micros);
int64_t timezone_from_local(const TimeZone *zone, int64_t local_micros);

/* "+02", "-03:30", "+00:19:32"; buffer of at least 12 bytes. */
size_t timezone_print_offset(int32_t seconds, char *buffer);

#endif
