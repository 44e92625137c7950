/* Zones by name, loaded when first asked for, and the two directions between UTC and local time. */
#include "core/timezone.h"

#include "core/datetime.h"
#include "core/memory.h"
#include "core/timezone_rules.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ZONE_DIRECTORY "/usr/share/zoneinfo"
#define ZONE_FILE_BYTES_MAX ((size_t)1 << 18)
#define ZONES_MAX 2000 /* more than there are names; rules can be spelled without end */

struct TimeZones {
    MemoryAccount *memory;
    pthread_mutex_t lock; /* of the list; zones never change */
    TimeZone *first;
    uint32_t count;
};

Status timezones_create(const Context *cx, TimeZones **zones) {
    TRY_ALLOC_ZEROED(cx, *zones, sizeof **zones);
    (*zones)->memory = cx->memory;
    pthread_mutex_init(&(*zones)->lock, NULL);
    return OK;
}

void timezones_free(TimeZones *zones) {
    for (TimeZone *zone = zones == NULL ? NULL : zones->first, *next; zone != NULL; zone = next) {
        next = zone->next;
        mem_free(zone);
    }
    if (zones != NULL) {
        pthread_mutex_destroy(&zones->lock);
    }
    mem_free(zones);
}

const char *timezone_name(const TimeZone *zone) {
    return zone == NULL ? "UTC" : zone->name;
}

/* --------------------------------------------------------------------------------------------------------------- the files */

static bool is_part_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+';
}

/* Appends the directory's entry of this name in any case to `path`; false if there is none. */
static bool find_entry(char *path, size_t path_bytes, const char *name, size_t bytes) {
    DIR *directory = opendir(path);
    bool found = false;
    size_t used = strlen(path);
    if (directory == NULL) {
        return false;
    }
    for (struct dirent *entry; !found && (entry = readdir(directory)) != NULL;) {
        if (strlen(entry->d_name) == bytes && strncasecmp(entry->d_name, name, bytes) == 0) {
            found = (size_t)snprintf(path + used, path_bytes - used, "/%s", entry->d_name) < path_bytes - used;
        }
    }
    closedir(directory);
    return found;
}

/* The file of a zone: parts of letters, digits, _ - and + between slashes. */
static bool find_file(const char *name, size_t bytes, char *path, size_t path_bytes) {
    snprintf(path, path_bytes, ZONE_DIRECTORY);
    for (size_t at = 0; at < bytes;) {
        size_t length = 0;
        while (at + length < bytes && is_part_character(name[at + length])) {
            length++;
        }
        bool ends = at + length == bytes || name[at + length] == '/';
        if (length == 0 || !ends || !find_entry(path, path_bytes, name + at, length)) {
            return false;
        }
        at += length + 1;
    }
    return bytes > 0;
}

static Status read_file(const Context *cx, int file, TimeZone **zone) {
    unsigned char *data;
    size_t bytes = 0;
    TRY_ALLOC(cx, data, ZONE_FILE_BYTES_MAX);
    for (ssize_t got; (got = read(file, data + bytes, ZONE_FILE_BYTES_MAX - bytes)) > 0;) {
        bytes += (size_t)got;
    }
    Status status = zone_file_parse(cx, data, bytes, zone);
    mem_free(data);
    return status;
}

static Status load_file(const Context *cx, const char *name, size_t bytes, TimeZone **zone) {
    char path[PATH_MAX];
    *zone = NULL;
    int file = find_file(name, bytes, path, sizeof path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) {
        return OK;
    }
    Status status = read_file(cx, file, zone);
    close(file);
    if (status == OK) {
        snprintf((*zone)->name, ZONE_NAME_MAX, "%.*s", ZONE_NAME_MAX - 1, path + strlen(ZONE_DIRECTORY) + 1);
    }
    return status == INVALID_PARAMETER_VALUE ? OK : status; /* a directory, or some other file */
}

static Status load_rule(const Context *cx, const char *name, const char *text, TimeZone **zone) {
    ZoneRule rule;
    *zone = NULL;
    if (!zone_rule_parse(text, strlen(text), &rule)) {
        return OK;
    }
    TRY_ALLOC_ZEROED(cx, *zone, sizeof **zone + sizeof(ZoneClock));
    (*zone)->clocks = (ZoneClock *)(*zone + 1);
    (*zone)->clocks[0] = rule.standard;
    (*zone)->clock_count = 1;
    (*zone)->has_rule = rule.has_summer;
    (*zone)->rule = rule;
    snprintf((*zone)->name, ZONE_NAME_MAX, "%s", name);
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- the cache */

typedef struct ZoneAbbreviation {
    const char *name, *zone;
} ZoneAbbreviation;

static const ZoneAbbreviation abbreviations[] = {
#define ABBREVIATION(name, zone) {name, zone},
#include "core/timezone_abbreviations.def"
#undef ABBREVIATION
};

static TimeZone *cached(const TimeZones *zones, const char *name) {
    TimeZone *zone = zones->first;
    while (zone != NULL && strcasecmp(zone->name, name) != 0) {
        zone = zone->next;
    }
    return zone;
}

static Status load(const Context *cx, const char *name, TimeZone **zone) {
    for (size_t i = 0; i < sizeof abbreviations / sizeof abbreviations[0]; i++) {
        if (strcasecmp(abbreviations[i].name, name) == 0) {
            const char *text = abbreviations[i].zone;
            TRY(load_rule(cx, name, text, zone));
            return *zone != NULL ? OK : load_file(cx, text, strlen(text), zone);
        }
    }
    TRY(load_file(cx, name, strlen(name), zone));
    return *zone != NULL ? OK : load_rule(cx, name, name, zone);
}

static Status find_locked(const Context *cx, const char *name, const TimeZone **out) {
    TimeZone *zone = cached(cx->zones, name);
    if (zone == NULL) {
        if (cx->zones->count == ZONES_MAX) {
            return fail(cx, PROGRAM_LIMIT_EXCEEDED, "more than %d time zones", ZONES_MAX);
        }
        Context charged = *cx;
        charged.memory = cx->zones->memory;
        TRY(load(&charged, name, &zone));
        TimeZone *same = zone == NULL ? NULL : cached(cx->zones, zone->name);
        if (same != NULL) { /* known by its canonical name */
            mem_free(zone);
            zone = same;
        } else if (zone != NULL) {
            zone->next = cx->zones->first;
            cx->zones->first = zone;
            cx->zones->count++;
        }
    }
    *out = zone;
    return OK;
}

static bool is_utc(const char *name) {
    return strcasecmp(name, "UTC") == 0 || strcasecmp(name, "GMT") == 0 || strcasecmp(name, "Z") == 0;
}

static Status find(const Context *cx, const char *name, size_t bytes, const TimeZone **zone, bool *found) {
    char copy[ZONE_NAME_MAX];
    *zone = NULL;
    *found = false;
    if (bytes == 0 || bytes >= sizeof copy || memchr(name, 0, bytes) != NULL) {
        return OK;
    }
    memcpy(copy, name, bytes);
    copy[bytes] = 0;
    if (is_utc(copy)) {
        *found = true;
        return OK;
    }
    if (cx->zones == NULL) {
        return OK;
    }
    pthread_mutex_lock(&cx->zones->lock);
    Status status = find_locked(cx, copy, zone);
    pthread_mutex_unlock(&cx->zones->lock);
    *found = status == OK && *zone != NULL;
    return status;
}

Status timezone_find(const Context *cx, const char *name, size_t bytes, const TimeZone **zone) {
    bool found;
    TRY(find(cx, name, bytes, zone, &found));
    if (found) {
        return OK;
    }
    fail(cx, INVALID_PARAMETER_VALUE, "time zone \"%.*s\" not recognized", (int)(bytes < 80 ? bytes : 80), name);
    return fail_hint(cx, "a name such as 'Europe/Berlin' or 'UTC', or an offset");
}

bool timezone_lookup(const Context *cx, const char *name, size_t bytes, const TimeZone **zone) {
    Error error;
    Context quiet = *cx;
    quiet.error = &error;
    bool found;
    return find(&quiet, name, bytes, zone, &found) == OK && found;
}

Status timezone_fixed(const Context *cx, int32_t seconds, const TimeZone **zone) {
    char east[16], west[16], name[ZONE_NAME_MAX];
    timezone_print_offset(seconds, east);
    timezone_print_offset(-seconds, west);
    snprintf(name, sizeof name, "<%s>%s", east, west);
    return timezone_find(cx, name, strlen(name), zone);
}

/* ----------------------------------------------------------------------------------------------------------------- clocks */

static int32_t year_of(int64_t seconds) {
    int64_t days = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
    return civil_from_days((int32_t)days).year;
}

static const ZoneClock *rule_clock(const ZoneRule *rule, int64_t seconds) {
    if (!rule->has_summer) {
        return &rule->standard;
    }
    int64_t start, end;
    zone_rule_year(rule, year_of(seconds + rule->standard.offset), &start, &end);
    bool is_summer = start < end ? seconds >= start && seconds < end : seconds >= start || seconds < end;
    return is_summer ? &rule->summer : &rule->standard;
}

/* How many changes are at or before a moment. */
static uint32_t changes_until(const TimeZone *zone, int64_t seconds) {
    uint32_t low = 0, high = zone->change_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->changes[middle] <= seconds) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const ZoneClock *timezone_clock(const TimeZone *zone, int64_t seconds) {
    static const ZoneClock utc = {.abbreviation = "UTC"};
    if (zone == NULL) {
        return &utc;
    }
    uint32_t count = changes_until(zone, seconds);
    if (count == zone->change_count && zone->has_rule) {
        return rule_clock(&zone->rule, seconds);
    }
    return &zone->clocks[count == 0 ? 0 : zone->change_clock[count - 1]];
}

/* The first change after a moment; false if there is none. */
static bool next_change(const TimeZone *zone, int64_t seconds, int64_t *change) {
    uint32_t count = changes_until(zone, seconds);
    if (count < zone->change_count) {
        *change = zone->changes[count];
        return true;
    }
    if (!zone->has_rule || !zone->rule.has_summer) {
        return false;
    }
    int32_t year = year_of(seconds);
    *change = INT64_MAX;
    for (int32_t y = year - 1; y <= year + 1; y++) {
        int64_t found[2];
        zone_rule_year(&zone->rule, y, &found[0], &found[1]);
        for (int i = 0; i < 2; i++) {
            *change = found[i] > seconds && found[i] < *change ? found[i] : *change;
        }
    }
    return true;
}

/* As PostgreSQL's DetermineTimeZoneOffset: around a change, the clock that holds where only one does, else the later moment. */
static int32_t timezone_local_offset(const TimeZone *zone, int64_t local) {
    int64_t before_day = local - ZONE_SECONDS_MAX, change;
    int32_t before = timezone_clock(zone, before_day)->offset;
    if (zone == NULL || !next_change(zone, before_day, &change)) {
        return before;
    }
    int32_t after = timezone_clock(zone, change)->offset;
    bool is_before = local - before < change, is_after = local - after >= change;
    if (is_before != is_after) {
        return is_before ? before : after;
    }
    return before < after ? before : after;
}

static int64_t seconds_of(int64_t micros) {
    return micros / MICROS_PER_SECOND - (micros % MICROS_PER_SECOND < 0 ? 1 : 0);
}

int64_t timezone_to_local(const TimeZone *zone, int64_t micros) {
    return zone == NULL ? micros : micros + timezone_clock(zone, seconds_of(micros))->offset * MICROS_PER_SECOND;
}

int64_t timezone_from_local(const TimeZone *zone, int64_t micros) {
    return zone == NULL ? micros : micros - timezone_local_offset(zone, seconds_of(micros)) * MICROS_PER_SECOND;
}

size_t timezone_print_offset(int32_t seconds, char *buffer) {
    int32_t size = seconds < 0 ? -seconds : seconds;
    int length = snprintf(buffer, 12, "%c%02d", seconds < 0 ? '-' : '+', size / 3600 % 100);
    if (size % 3600 != 0) {
        length += snprintf(buffer + length, 4, ":%02d", size / 60 % 60);
    }
    if (size % 60 != 0) {
        length += snprintf(buffer + length, 4, ":%02d", size % 60);
    }
    return (size_t)length;
}
