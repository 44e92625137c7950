/* Reading POSIX rules and TZif files (RFC 8536). Nothing in a file is trusted. */
#include "core/timezone_rules.h"

#include "core/datetime.h"
#include "core/memory.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------------------- POSIX rules */

typedef struct RuleReader {
    const char *at, *end;
} RuleReader;

static bool take(RuleReader *reader, char c) {
    bool is_there = reader->at < reader->end && *reader->at == c;
    reader->at += is_there;
    return is_there;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool read_count(RuleReader *reader, int32_t least, int32_t most, int32_t *value) {
    const char *start = reader->at;
    *value = 0;
    while (reader->at < reader->end && is_digit(*reader->at) && *value <= most) {
        *value = *value * 10 + (*reader->at++ - '0');
    }
    return reader->at > start && *value >= least && *value <= most;
}

/* [+-]hh[:mm[:ss]] */
static bool read_seconds(RuleReader *reader, int32_t hours_max, int32_t *seconds) {
    bool negative = take(reader, '-');
    int32_t hours, minutes = 0, rest = 0;
    if (!negative) {
        take(reader, '+');
    }
    if (!read_count(reader, 0, hours_max, &hours) || (take(reader, ':') && !read_count(reader, 0, 59, &minutes)) ||
        (take(reader, ':') && !read_count(reader, 0, 59, &rest))) {
        return false;
    }
    *seconds = (hours * 3600 + minutes * 60 + rest) * (negative ? -1 : 1);
    return true;
}

static bool read_abbreviation(RuleReader *reader, ZoneClock *clock) {
    bool quoted = take(reader, '<');
    size_t length = 0;
    while (reader->at < reader->end && (is_letter(*reader->at) || (quoted && (is_digit(*reader->at) || *reader->at == '+' ||
                                                                              *reader->at == '-' || *reader->at == ':')))) {
        if (length + 1 >= sizeof clock->abbreviation) {
            return false;
        }
        clock->abbreviation[length++] = *reader->at++;
    }
    clock->abbreviation[length] = 0;
    return !quoted || take(reader, '>');
}

static bool read_date(RuleReader *reader, ZoneDate *date) {
    *date = (ZoneDate){.seconds = 2 * 3600};
    bool good;
    if (take(reader, 'M')) {
        good = read_count(reader, 1, 12, &date->month) && take(reader, '.') && read_count(reader, 1, 5, &date->week) &&
               take(reader, '.') && read_count(reader, 0, 6, &date->day);
    } else if (take(reader, 'J')) {
        date->kind = ZONE_DATE_JULIAN;
        good = read_count(reader, 1, 365, &date->day);
    } else {
        date->kind = ZONE_DATE_ZERO_BASED;
        good = read_count(reader, 0, 365, &date->day);
    }
    return good && (!take(reader, '/') || read_seconds(reader, 167, &date->seconds));
}

bool zone_rule_parse(const char *text, size_t bytes, ZoneRule *rule) {
    RuleReader reader = {text, text + bytes};
    *rule = (ZoneRule){0};
    int32_t west;
    if (!read_abbreviation(&reader, &rule->standard) || !read_seconds(&reader, 23, &west)) {
        return false;
    }
    rule->standard.offset = -west;
    if (reader.at == reader.end) {
        return true;
    }
    rule->has_summer = rule->summer.is_dst = true;
    if (!read_abbreviation(&reader, &rule->summer)) {
        return false;
    }
    rule->summer.offset = rule->standard.offset + 3600;
    if (reader.at < reader.end && *reader.at != ',') {
        if (!read_seconds(&reader, 23, &west)) {
            return false;
        }
        rule->summer.offset = -west;
    }
    if (reader.at == reader.end) {
        RuleReader usual = {",M3.2.0,M11.1.0", NULL};
        usual.end = usual.at + strlen(usual.at);
        reader = usual;
    }
    return take(&reader, ',') && read_date(&reader, &rule->start) && take(&reader, ',') && read_date(&reader, &rule->end) &&
           reader.at == reader.end;
}

static int64_t date_seconds(const ZoneDate *date, int32_t year) {
    int64_t first = days_from_civil(year, 1, 1), days = first + date->day;
    if (date->kind == ZONE_DATE_JULIAN) {
        days = first + date->day - 1 + (date->day > 59 && year_is_leap(year) ? 1 : 0);
    } else if (date->kind == ZONE_DATE_WEEKDAY) {
        int32_t month_first = days_from_civil(year, date->month, 1), length = month_days(year, date->month);
        int32_t ahead = (date->day - (int32_t)date_field(month_first, FIELD_DOW) + 7) % 7 + 7 * (date->week - 1);
        days = month_first + (ahead < length ? ahead : ahead - 7); /* the fifth is the last */
    }
    return days * 86400 + date->seconds;
}

void zone_rule_year(const ZoneRule *rule, int32_t year, int64_t *start, int64_t *end) {
    *start = date_seconds(&rule->start, year) - rule->standard.offset;
    *end = date_seconds(&rule->end, year) - rule->summer.offset;
}

/* ------------------------------------------------------------------------------------------------------------- TZif files */

#define HEADER_BYTES 44

typedef struct FileCounts {
    uint32_t is_utc, is_standard, leaps, changes, clocks, characters;
} FileCounts;

typedef struct FileReader {
    const unsigned char *at, *end;
} FileReader;

static uint64_t read_big_endian(const unsigned char *at, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static bool read_header(FileReader *reader, FileCounts *counts, int *version) {
    if (reader->end - reader->at < HEADER_BYTES || memcmp(reader->at, "TZif", 4) != 0) {
        return false;
    }
    *version = reader->at[4];
    uint32_t *fields[6] = {&counts->is_utc,  &counts->is_standard, &counts->leaps,
                           &counts->changes, &counts->clocks,      &counts->characters};
    for (int i = 0; i < 6; i++) {
        *fields[i] = (uint32_t)read_big_endian(reader->at + 20 + 4 * i, 4);
        if (*fields[i] > 100000) {
            return false;
        }
    }
    reader->at += HEADER_BYTES;
    return counts->clocks >= 1 && counts->clocks <= ZONE_CLOCKS_MAX;
}

static size_t block_bytes(const FileCounts *c, size_t time_bytes) {
    return c->changes * (time_bytes + 1) + c->clocks * 6 + c->characters + c->leaps * (time_bytes + 4) + c->is_standard +
           c->is_utc;
}

static TimeZone *new_zone(const Context *cx, uint32_t changes, uint32_t clocks) {
    TimeZone *zone = mem_alloc_zeroed(cx, sizeof *zone + changes * (sizeof(int64_t) + 1) + clocks * sizeof(ZoneClock));
    if (zone != NULL) {
        zone->change_count = changes;
        zone->clock_count = clocks;
        zone->changes = (int64_t *)(zone + 1);
        zone->clocks = (ZoneClock *)(zone->changes + changes);
        zone->change_clock = (uint8_t *)(zone->clocks + clocks);
    }
    return zone;
}

static bool read_changes(TimeZone *zone, const unsigned char *at) {
    for (uint32_t i = 0; i < zone->change_count; i++) {
        zone->changes[i] = (int64_t)read_big_endian(at + 8 * (size_t)i, 8);
        zone->change_clock[i] = at[8 * (size_t)zone->change_count + i];
        if (zone->change_clock[i] >= zone->clock_count || (i > 0 && zone->changes[i] <= zone->changes[i - 1])) {
            return false;
        }
    }
    return true;
}

static bool read_clocks(TimeZone *zone, const unsigned char *at, uint32_t characters) {
    const char *names = (const char *)at + 6 * (size_t)zone->clock_count;
    for (uint32_t i = 0; i < zone->clock_count; i++, at += 6) {
        ZoneClock *clock = &zone->clocks[i];
        clock->offset = (int32_t)read_big_endian(at, 4);
        clock->is_dst = at[4] != 0;
        if (at[5] >= characters || clock->offset <= -ZONE_SECONDS_MAX || clock->offset >= ZONE_SECONDS_MAX) {
            return false;
        }
        size_t room = characters - at[5], most = sizeof clock->abbreviation - 1;
        memcpy(clock->abbreviation, names + at[5], strnlen(names + at[5], room < most ? room : most));
    }
    return true;
}

static bool read_footer(TimeZone *zone, FileReader reader) {
    if (reader.at == reader.end || *reader.at++ != '\n') {
        return false;
    }
    const unsigned char *stop = memchr(reader.at, '\n', (size_t)(reader.end - reader.at));
    if (stop == NULL) {
        return false;
    }
    zone->has_rule = stop > reader.at;
    return !zone->has_rule || zone_rule_parse((const char *)reader.at, (size_t)(stop - reader.at), &zone->rule);
}

Status zone_file_parse(const Context *cx, const unsigned char *data, size_t bytes, TimeZone **out) {
    FileReader reader = {data, data + bytes};
    FileCounts counts;
    int version;
    bool good = read_header(&reader, &counts, &version) && version >= '2';
    size_t skipped = good ? block_bytes(&counts, 4) : 0; /* the same again with 32 bits, for old readers */
    good = good && (size_t)(reader.end - reader.at) >= skipped;
    reader.at += good ? skipped : 0;
    good = good && read_header(&reader, &counts, &version) && (size_t)(reader.end - reader.at) >= block_bytes(&counts, 8);
    if (!good) {
        return fail(cx, INVALID_PARAMETER_VALUE, "not a time zone file");
    }
    TimeZone *zone = new_zone(cx, counts.changes, counts.clocks);
    if (zone == NULL) {
        return OUT_OF_MEMORY;
    }
    good = read_changes(zone, reader.at) && read_clocks(zone, reader.at + 9 * (size_t)counts.changes, counts.characters);
    reader.at += block_bytes(&counts, 8);
    if (!good || !read_footer(zone, reader)) {
        mem_free(zone);
        return fail(cx, INVALID_PARAMETER_VALUE, "the time zone file is damaged");
    }
    *out = zone;
    return OK;
}
