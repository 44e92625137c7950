/* Dates, times and moments from the clock, from numbers, and from one time zone to another. */
#include "expr/fn_moment.h"

#include <math.h>

/* --------------------------------------------------------------------------------------------------------------- the clock */

/* To so many decimals of a second, as CURRENT_TIMESTAMP(3) asks for. */
static int64_t round_seconds(int64_t micros, int32_t decimals) {
    int64_t unit = 1;
    for (int32_t i = decimals < 0 ? 0 : decimals; i < 6; i++) {
        unit *= 10;
    }
    int64_t half = micros + unit / 2;
    return half - (half % unit + unit) % unit;
}

/* now() and its kin: TIMESTAMPTZ, or local TIMESTAMP, TIME, DATE. */
Status fn_now(FN_PARAMETERS) {
    FN_UNUSED;
    int64_t now = statement_now(cx), micros;
    int64_t local = timezone_to_local(cx->zone, now);
    for (uint32_t row = 0; row < rows; row++) {
        int32_t decimals = arg_count > 0 ? arg_I32(args[0], row) : 6;
        int32_t days = timestamp_days(round_seconds(local, decimals), &micros);
        switch ((TypeId)out->type.id) {
        case TYPE_DATE: ((int32_t *)out->data)[row] = days; break;
        case TYPE_TIME: ((int64_t *)out->data)[row] = micros; break;
        case TYPE_TIMESTAMP: ((int64_t *)out->data)[row] = round_seconds(local, decimals); break;
        default: ((int64_t *)out->data)[row] = round_seconds(now, decimals); break;
        }
    }
    return OK;
}

/* The time of the call: later than now() in a statement that runs for long. */
Status fn_clock_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((int64_t *)out->data)[row] = clock_now();
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------ from numbers */

static Status make_days(const Context *cx, const Vector *const *args, uint32_t row, int32_t *days) {
    int32_t year = arg_I32(args[0], row), month = arg_I32(args[1], row), day = arg_I32(args[2], row);
    int32_t astronomical = year < 0 ? year + 1 : year;
    if (year == 0 || !civil_is_valid(astronomical, month, day)) {
        return fail(cx, DATETIME_OUT_OF_RANGE, "date field value out of range: %d-%02d-%02d", year, month, day);
    }
    *days = days_from_civil(astronomical, month, day);
    return OK;
}

Status fn_make_date(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        if (fn_row_valid(out, row)) {
            TRY(make_days(cx, args, row, &((int32_t *)out->data)[row]));
        }
    }
    return OK;
}

static bool make_clock(int32_t hour, int32_t minute, double second, int64_t *micros) {
    bool good = hour >= 0 && hour <= 24 && minute >= 0 && minute <= 59 && second >= 0 && second <= 60;
    *micros = good ? hour * MICROS_PER_HOUR + minute * MICROS_PER_MINUTE + (int64_t)rint(second * 1e6) : 0;
    return good && *micros <= MICROS_PER_DAY;
}

static Status fail_clock(const Context *cx, int32_t hour, int32_t minute, double second) {
    return fail(cx, DATETIME_OUT_OF_RANGE, "time field value out of range: %d:%02d:%02g", hour, minute, second);
}

Status fn_make_time(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        int32_t hour = arg_I32(args[0], row), minute = arg_I32(args[1], row);
        double second = arg_F64(args[2], row);
        if (!make_clock(hour, minute, second, &((int64_t *)out->data)[row]) && fn_row_valid(out, row)) {
            return fail_clock(cx, hour, minute, second);
        }
    }
    return OK;
}

/* Year to second; for a TIMESTAMPTZ in the zone that the seventh argument names, or the session's. */
Status fn_make_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    const TimeZone *zones[BATCH_ROWS_MAX];
    if (arg_count > 6) {
        TRY(zones_load(cx, args[6], rows, out, zones));
    }
    for (uint32_t row = 0; row < rows; row++) {
        int32_t days, hour = arg_I32(args[3], row), minute = arg_I32(args[4], row);
        double second = arg_F64(args[5], row);
        int64_t micros;
        if (!fn_row_valid(out, row)) {
            continue;
        }
        TRY(make_days(cx, args, row, &days));
        if (!make_clock(hour, minute, second, &micros)) {
            return fail_clock(cx, hour, minute, second);
        }
        Context zoned = *cx;
        zoned.zone = arg_count > 6 ? zones[row] : cx->zone;
        if (!moment_store(&zoned, out, row, (__int128)days * MICROS_PER_DAY + micros)) {
            return fail_overflow(cx, out->type);
        }
    }
    return OK;
}

/* Years, months, weeks, days, hours, minutes, seconds: as many as are given. */
Status fn_make_interval(FN_PARAMETERS) {
    FN_UNUSED;
    static const int32_t months[] = {12, 1}, days[] = {7, 1};
    static const int64_t micros[] = {MICROS_PER_HOUR, MICROS_PER_MINUTE};
    for (uint32_t row = 0; row < rows; row++) {
        __int128 month_sum = 0, day_sum = 0, micro_sum = 0;
        for (uint32_t i = 0; i < arg_count && i < 6; i++) {
            __int128 number = arg_I32(args[i], row);
            month_sum += i < 2 ? number * months[i] : 0;
            day_sum += i >= 2 && i < 4 ? number * days[i - 2] : 0;
            micro_sum += i >= 4 ? number * micros[i - 4] : 0;
        }
        double seconds = arg_count > 6 ? rint(arg_F64(args[6], row) * 1e6) : 0;
        bool good = fabs(seconds) < 9e18;
        micro_sum += good ? (int64_t)seconds : 0;
        Interval interval = {(int32_t)month_sum, (int32_t)day_sum, (int64_t)micro_sum};
        good = good && interval.months == month_sum && interval.days == day_sum && interval.micros == micro_sum;
        if (!good && fn_row_valid(out, row)) {
            return fail_overflow(cx, out->type);
        }
        ((Interval *)out->data)[row] = interval;
    }
    return OK;
}

/* Infinite dates are refused where they are read. */
Status fn_isfinite(FN_PARAMETERS) {
    FN_UNUSED;
    memset(out->data, 1, rows);
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------- time zones */

Status zones_load(const Context *cx, const Vector *names, uint32_t rows, const Vector *out, const TimeZone **zones) {
    bool is_known = false;
    const TimeZone *zone = NULL;
    for (uint32_t row = 0; row < rows; row++) {
        if (!is_known && fn_row_valid(out, row)) {
            Text name = arg_TEXT(names, row);
            TRY(timezone_find(cx, text_data(&name), name.bytes, &zone));
            is_known = names->kind == VECTOR_CONSTANT;
        }
        zones[row] = zone;
    }
    return OK;
}

/* TIMESTAMPTZ to local time, or local time to TIMESTAMPTZ. */
static int64_t change_zone(const TimeZone *zone, int64_t moment, bool to_local) {
    return to_local ? timezone_to_local(zone, moment) : timezone_from_local(zone, moment);
}

static Status check_moment(const Context *cx, const Vector *out, uint32_t row) {
    bool good = timestamp_in_range(((const int64_t *)out->data)[row]) || !fn_row_valid(out, row);
    return good ? OK : fail_overflow(cx, out->type);
}

/* moment AT TIME ZONE name, called as timezone(name, moment). */
Status fn_timezone(FN_PARAMETERS) {
    FN_UNUSED;
    const TimeZone *zones[BATCH_ROWS_MAX];
    TRY(zones_load(cx, args[0], rows, out, zones));
    for (uint32_t row = 0; row < rows; row++) {
        ((int64_t *)out->data)[row] = change_zone(zones[row], arg_I64(args[1], row), out->type.id == TYPE_TIMESTAMP);
        TRY(check_moment(cx, out, row));
    }
    return OK;
}

Status fn_timezone_interval(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        Interval offset = arg_INTERVAL(args[0], row);
        int64_t sign = out->type.id == TYPE_TIMESTAMP ? 1 : -1;
        if ((offset.months != 0 || offset.days != 0) && fn_row_valid(out, row)) {
            return fail(cx, INVALID_PARAMETER_VALUE, "interval time zone must not include months or days");
        }
        __int128 moved = (__int128)arg_I64(args[1], row) + sign * (offset.micros / MICROS_PER_SECOND * MICROS_PER_SECOND);
        ((int64_t *)out->data)[row] = timestamp_in_range(moved) ? (int64_t)moved : INT64_MAX;
        TRY(check_moment(cx, out, row));
    }
    return OK;
}

/* convert_timezone([from,] to, moment): local time in another zone; from is UTC if it is not given. */
Status fn_convert_timezone(FN_PARAMETERS) {
    FN_UNUSED;
    const TimeZone *from[BATCH_ROWS_MAX], *to[BATCH_ROWS_MAX];
    if (arg_count == 3) {
        TRY(zones_load(cx, args[0], rows, out, from));
    }
    TRY(zones_load(cx, args[arg_count - 2], rows, out, to));
    for (uint32_t row = 0; row < rows; row++) {
        int64_t utc = arg_I64(args[arg_count - 1], row);
        utc = arg_count == 3 ? timezone_from_local(from[row], utc) : utc;
        ((int64_t *)out->data)[row] = timezone_to_local(to[row], utc);
        TRY(check_moment(cx, out, row));
    }
    return OK;
}
