/* What dates and times take from the session: its time zone and the beginning of its statement. */
#include "core/value_datetime.h"

#include "core/datetime.h"
#include "core/interval.h"

#include <stdio.h>
#include <time.h>

int64_t clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * MICROS_PER_SECOND + now.tv_nsec / 1000;
}

int64_t statement_now(const Context *cx) {
    note_momentary(cx);
    return cx->now_micros != 0 ? cx->now_micros : clock_now();
}

/* ----------------------------------------------------------------------------------------------------------------- parsing */

static int shown(size_t bytes) {
    return (int)(bytes < 120 ? bytes : 120);
}

static Status check(const Context *cx, Type type, DateTimeParse result, const char *text, size_t bytes) {
    char name[32];
    switch (result) {
    case DATETIME_BAD_SYNTAX:
        return fail(cx, INVALID_DATETIME_FORMAT, "invalid input syntax for type %s: \"%.*s\"", type_name(type, name),
                    shown(bytes), text);
    case DATETIME_BAD_FIELD:
        return fail(cx, DATETIME_OUT_OF_RANGE, "date/time field value out of range: \"%.*s\"", shown(bytes), text);
    case DATETIME_OK: break;
    }
    return OK;
}

/* now, today … as a local time; a clock beside today counts. */
static Status resolve_special(const Context *cx, DateTimeText *read, bool *is_moment, int64_t *moment) {
    *is_moment = false;
    *moment = 0;
    if (read->special == DATETIME_PLAIN) {
        return OK;
    }
    int64_t now = statement_now(cx), local = timezone_to_local(cx->zone, now), time;
    *is_moment = read->special == DATETIME_NOW || read->special == DATETIME_EPOCH;
    *moment = read->special == DATETIME_NOW ? now : 0;
    switch (read->special) {
    case DATETIME_INFINITE: return fail(cx, FEATURE_NOT_SUPPORTED, "infinite dates and timestamps are not supported yet");
    case DATETIME_TODAY: read->days = timestamp_days(local, &time); break;
    case DATETIME_TOMORROW: read->days = timestamp_days(local, &time) + INT64_C(1); break;
    case DATETIME_YESTERDAY: read->days = timestamp_days(local, &time) - INT64_C(1); break;
    case DATETIME_NOW:
    case DATETIME_EPOCH:
    case DATETIME_PLAIN: break;
    }
    return OK;
}

/* UTC of a local time in the zone that the text names, or in the session's. */
static Status to_utc(const Context *cx, const DateTimeText *read, int64_t local, int64_t *utc) {
    const TimeZone *zone = cx->zone;
    if (read->zone_kind == DATETIME_ZONE_OFFSET) {
        *utc = local - read->offset * MICROS_PER_SECOND;
        return OK;
    }
    if (read->zone_kind == DATETIME_ZONE_NAME) {
        TRY(timezone_find(cx, read->zone, read->zone_bytes, &zone));
    }
    *utc = timezone_from_local(zone, local);
    return OK;
}

/* A word that is no zone makes the text wrong, also where its zone would be ignored. */
static DateTimeParse check_zone(const Context *cx, const DateTimeText *read) {
    const TimeZone *zone;
    bool is_known = read->zone_kind != DATETIME_ZONE_NAME || timezone_lookup(cx, read->zone, read->zone_bytes, &zone);
    return is_known ? DATETIME_OK : DATETIME_BAD_SYNTAX;
}

static Status assign(const Context *cx, Type type, const DateTimeText *read, bool is_moment, int64_t moment, Value *value) {
    __int128 local =
        is_moment ? (__int128)timezone_to_local(cx->zone, moment) : (__int128)read->days * MICROS_PER_DAY + read->micros;
    int64_t time, utc = moment;
    if (type.id == TYPE_TIME) {
        value->i64 = is_moment ? (timestamp_days((int64_t)local, &time), time) : read->micros;
        value->i64 = time_round(value->i64, type_second_digits(type));
        return OK;
    }
    if (!timestamp_in_range(local)) {
        return DATETIME_OUT_OF_RANGE;
    }
    if (type.id == TYPE_TIMESTAMPTZ && !is_moment) {
        TRY(to_utc(cx, read, (int64_t)local, &utc));
    }
    bool is_epoch = is_moment && read->special == DATETIME_EPOCH; /* 1970-01-01 00:00 in every type */
    switch ((TypeId)type.id) {
    case TYPE_DATE: value->i64 = is_epoch ? 0 : timestamp_days((int64_t)local, &time); break;
    case TYPE_TIMESTAMP: value->i64 = timestamp_round(is_epoch ? 0 : (int64_t)local, type_second_digits(type)); break;
    default: value->i64 = timestamp_round(utc, type_second_digits(type)); break;
    }
    return timestamp_in_range(utc) ? OK : DATETIME_OUT_OF_RANGE;
}

Status value_parse_datetime(const Context *cx, Type type, const char *text, size_t bytes, Value *value) {
    int32_t days;
    *value = (Value){.type = type};
    if (type.id == TYPE_DATE && date_parse_iso(text, bytes, &days)) {
        value->i64 = days;
        return OK;
    }
    if ((type.id == TYPE_TIMESTAMP || (type.id == TYPE_TIMESTAMPTZ && cx->zone == NULL)) &&
        timestamp_parse_iso(text, bytes, &value->i64)) {
        value->i64 = timestamp_round(value->i64, type_second_digits(type));
        return OK;
    }
    DateTimeText read;
    DateTimeParse result = datetime_read(text, bytes, type.id == TYPE_TIME, &read);
    TRY(check(cx, type, result == DATETIME_OK ? check_zone(cx, &read) : result, text, bytes));
    bool is_moment;
    int64_t moment;
    TRY(resolve_special(cx, &read, &is_moment, &moment));
    Status status = assign(cx, type, &read, is_moment, moment, value);
    return status == DATETIME_OUT_OF_RANGE ? check(cx, type, DATETIME_BAD_FIELD, text, bytes) : status;
}

/* ------------------------------------------------------------------------------------------------------------------- casts */

static Status cast_time(const Value *from, Value *out, bool *is_possible) {
    int64_t time = from->i64;
    if (from->type.id == TYPE_INTERVAL) {
        time = from->interval.micros % MICROS_PER_DAY;
        time += time < 0 ? MICROS_PER_DAY : 0;
    } else if (from->type.id == TYPE_TIMESTAMP) {
        timestamp_days(from->i64, &time);
    } else if (from->type.id != TYPE_TIME) {
        *is_possible = false;
    }
    if (out->type.id == TYPE_INTERVAL) {
        out->interval = (Interval){.micros = time};
    } else {
        out->i64 = time_round(time, type_second_digits(out->type));
    }
    return OK;
}

Status value_cast_datetime(const Context *cx, const Value *from, Value *out, bool *is_possible) {
    Value local = *from;
    *is_possible = true;
    if (from->type.id == TYPE_TIMESTAMPTZ && out->type.id != TYPE_TIMESTAMPTZ) {
        local = value_i64(type_make(TYPE_TIMESTAMP), timezone_to_local(cx->zone, from->i64));
    } else if (from->type.id == TYPE_DATE && out->type.id != TYPE_DATE) {
        local = value_i64(type_make(TYPE_TIMESTAMP), from->i64 * MICROS_PER_DAY);
    }
    if (out->type.id == TYPE_TIME || out->type.id == TYPE_INTERVAL) {
        *is_possible = from->type.id != TYPE_DATE;
        return cast_time(&local, out, is_possible);
    }
    if (!type_is_moment(from->type) || !type_is_moment(out->type)) {
        *is_possible = false;
        return OK;
    }
    int64_t time;
    if (local.type.id == out->type.id) {
        out->i64 = local.i64;
    } else if (out->type.id == TYPE_DATE) {
        out->i64 = timestamp_days(local.i64, &time);
    } else {
        out->i64 = timezone_from_local(cx->zone, local.i64);
    }
    if (out->type.id != TYPE_DATE) {
        out->i64 = timestamp_round(out->i64, type_second_digits(out->type));
    }
    bool good = out->type.id == TYPE_DATE || timestamp_in_range(out->i64);
    return good ? OK : fail(cx, DATETIME_OUT_OF_RANGE, "timestamp out of range");
}

/* -------------------------------------------------------------------------------------------------------------- arithmetic */

bool timestamptz_add_interval(const TimeZone *zone, int64_t timestamp, Interval interval, int64_t *out) {
    if (zone == NULL) {
        return timestamp_add_interval(timestamp, interval, out);
    }
    Interval calendar = {.months = interval.months, .days = interval.days};
    if (interval.months != 0 || interval.days != 0) {
        if (!timestamp_add_interval(timezone_to_local(zone, timestamp), calendar, &timestamp)) {
            return false;
        }
        timestamp = timezone_from_local(zone, timestamp);
    }
    return timestamp_add_interval(timestamp, (Interval){.micros = interval.micros}, out);
}

/* ---------------------------------------------------------------------------------------------------------------- printing */

size_t timestamptz_print(const TimeZone *zone, int64_t timestamp, char *buffer) {
    int64_t local = timezone_to_local(zone, timestamp);
    size_t bytes = timestamp_print(local, buffer);
    bool is_bc = bytes > 3 && buffer[bytes - 1] == 'C';
    bytes -= is_bc ? 3 : 0;
    bytes += timezone_print_offset((int32_t)((local - timestamp) / MICROS_PER_SECOND), buffer + bytes);
    if (is_bc) {
        memcpy(buffer + bytes, " BC", 3);
        bytes += 3;
    }
    buffer[bytes] = 0;
    return bytes;
}
