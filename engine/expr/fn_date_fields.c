/* Fields of dates, moments, times and intervals, and their truncation. */
#include "expr/fn_moment.h"

#include <strings.h>

/* -------------------------------------------------------------------------------------------------------------- field names */

Status field_read(const Context *cx, const Vector *names, uint32_t row, DateField *field) {
    const Text *name = &((const Text *)names->data)[names->kind == VECTOR_CONSTANT ? 0 : row];
    if (date_field_from_name(text_data(name), name->bytes, field)) {
        return OK;
    }
    fail(cx, INVALID_PARAMETER_VALUE, "unit \"%.*s\" not recognized", (int)(name->bytes < 40 ? name->bytes : 40),
         text_data(name));
    return fail_hint(cx, "year, quarter, month, week, day, hour, minute, second, dow, doy, epoch and the like");
}

Status fail_field(const Context *cx, DateField field, const char *what) {
    return fail(cx, FEATURE_NOT_SUPPORTED, "unit \"%s\" not supported for %s", date_field_name(field), what);
}

/* ------------------------------------------------------------------------------------------------------------- whole fields */

static bool is_zone_field(DateField field) {
    return field >= FIELD_TIMEZONE && field <= FIELD_TIMEZONE_MINUTE;
}

static int64_t zone_field(int64_t offset_seconds, DateField field) {
    return field == FIELD_TIMEZONE        ? offset_seconds
           : field == FIELD_TIMEZONE_HOUR ? offset_seconds / 3600
                                          : offset_seconds / 60 % 60;
}

static int64_t clock_field(int64_t micros, DateField field) {
    switch (field) {
    case FIELD_MICROSECOND: return micros % MICROS_PER_MINUTE;
    case FIELD_MINUTE: return micros / MICROS_PER_MINUTE % 60;
    case FIELD_HOUR: return micros / MICROS_PER_HOUR;
    default: return 0;
    }
}

/* Which whole fields EXTRACT knows of a type. */
static bool has_field(Type type, DateField field) {
    switch ((TypeId)type.id) {
    case TYPE_DATE: return field >= FIELD_DAY && !is_zone_field(field);
    case TYPE_TIME: return field <= FIELD_HOUR;
    case TYPE_TIMESTAMPTZ: return true;
    default: return !is_zone_field(field);
    }
}

static void days_fields(const int32_t *days, DateField field, uint32_t rows, int64_t *out) {
    DayPartLoop *loop = field == FIELD_YEAR    ? calendar_kernels->year
                        : field == FIELD_MONTH ? calendar_kernels->month
                        : field == FIELD_DAY   ? calendar_kernels->day
                                               : NULL;
    if (loop != NULL) {
        loop(days, rows, out);
        return;
    }
    for (uint32_t row = 0; row < rows; row++) {
        out[row] = date_field(days[row], field);
    }
}

static void clock_fields(const int64_t *moments, DateField field, uint32_t rows, int64_t *out) {
    for (uint32_t row = 0; row < rows; row++) {
        int64_t micros;
        timestamp_days(moments[row], &micros);
        out[row] = clock_field(micros, field);
    }
}

static void zone_fields(const Vector *utc, const int64_t *local, DateField field, uint32_t rows, int64_t *out) {
    for (uint32_t row = 0; row < rows; row++) {
        out[row] = zone_field((local[row] - arg_I64(utc, row)) / MICROS_PER_SECOND, field);
    }
}

static bool any_valid(const Vector *out, uint32_t rows) {
    for (uint32_t row = 0; row < rows; row++) {
        if (fn_row_valid(out, row)) {
            return true;
        }
    }
    return false;
}

/* EXTRACT of a field that is a whole number; its name is a constant. */
Status fn_extract_field(FN_PARAMETERS) {
    FN_UNUSED;
    DateField field;
    if (!any_valid(out, rows)) {
        return OK;
    }
    TRY(field_read(cx, args[0], 0, &field));
    if (!has_field(args[1]->type, field)) {
        char name[40] = "type ";
        return fail_field(cx, field, (type_name(args[1]->type, name + 5), name));
    }
    if (field >= FIELD_DAY && !is_zone_field(field)) {
        Days days;
        days_load(cx, args[1], rows, &days);
        days_fields(days.at, field, rows, out->data);
        return OK;
    }
    Moments moments;
    moments_load(cx, args[1], rows, &moments);
    if (is_zone_field(field)) {
        zone_fields(args[1], moments.at, field, rows, out->data);
    } else {
        clock_fields(moments.at, field, rows, out->data);
    }
    return OK;
}

/* year(x), month(x) … */
static Status plain_parts(const Context *cx, const Vector *arg, DateField field, uint32_t rows, Vector *out) {
    Days days;
    int64_t parts[BATCH_ROWS_MAX];
    days_load(cx, arg, rows, &days);
    days_fields(days.at, field, rows, parts);
    for (uint32_t row = 0; row < rows; row++) {
        ((int32_t *)out->data)[row] = (int32_t)parts[row];
    }
    return OK;
}

#define PLAIN_PART(name, field)                                                                                                \
    Status name(FN_PARAMETERS) {                                                                                               \
        FN_UNUSED;                                                                                                             \
        return plain_parts(cx, args[0], field, rows, out);                                                                     \
    }
PLAIN_PART(fn_year, FIELD_YEAR)
PLAIN_PART(fn_quarter, FIELD_QUARTER)
PLAIN_PART(fn_month, FIELD_MONTH)
PLAIN_PART(fn_week, FIELD_WEEK)
PLAIN_PART(fn_day, FIELD_DAY)
#undef PLAIN_PART

Status fn_monthname(FN_PARAMETERS) {
    FN_UNUSED;
    Days days;
    days_load(cx, args[0], rows, &days);
    for (uint32_t row = 0; row < rows; row++) {
        const char *name = month_names[date_field(days.at[row], FIELD_MONTH) - 1];
        out_text(out, row, name, strlen(name));
    }
    return OK;
}

Status fn_dayname(FN_PARAMETERS) {
    FN_UNUSED;
    Days days;
    days_load(cx, args[0], rows, &days);
    for (uint32_t row = 0; row < rows; row++) {
        const char *name = day_names[date_field(days.at[row], FIELD_DOW)];
        out_text(out, row, name, strlen(name));
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------- fields with a fraction */

/* Microseconds since 1970: of a moment with a zone in UTC, of others as if they were. */
static int64_t epoch_micros(const Vector *vector, const int64_t *local, uint32_t row) {
    return vector->type.id == TYPE_TIMESTAMPTZ ? arg_I64(vector, row) : local[row];
}

/* A year is 365.25 days here, a month 30. */
static __int128 interval_epoch(Interval interval) {
    int64_t years = interval.months / 12, months = interval.months % 12;
    int64_t quarters = years * 1461 + (months * 30 + interval.days) * 4; /* of a day */
    return (__int128)quarters * (MICROS_PER_DAY / 4) + interval.micros;
}

/* Whole seconds of a DATE. */
Status fn_extract_epoch_date(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((int64_t *)out->data)[row] = arg_I32(args[0], row) * INT64_C(86400);
    }
    return OK;
}

/* EXTRACT(EPOCH …) as DECIMAL of microseconds. */
Status fn_extract_epoch(FN_PARAMETERS) {
    FN_UNUSED;
    if (args[0]->type.id == TYPE_INTERVAL) {
        for (uint32_t row = 0; row < rows; row++) {
            out_decimal(out, row, interval_epoch(arg_INTERVAL(args[0], row)));
        }
        return OK;
    }
    Moments moments;
    moments_load(cx, args[0], rows, &moments);
    for (uint32_t row = 0; row < rows; row++) {
        out_decimal(out, row, epoch_micros(args[0], moments.at, row));
    }
    return OK;
}

static int64_t micros_of_minute(const Vector *vector, const int64_t *local, uint32_t row) {
    int64_t micros;
    if (vector->type.id == TYPE_INTERVAL) {
        return arg_INTERVAL(vector, row).micros % MICROS_PER_MINUTE;
    }
    timestamp_days(local[row], &micros);
    return micros % MICROS_PER_MINUTE;
}

/* EXTRACT(SECOND …) with six decimals, EXTRACT(MILLISECOND …) with three: the same digits. */
Status fn_extract_second(FN_PARAMETERS) {
    FN_UNUSED;
    Moments moments = {.at = NULL};
    if (args[0]->type.id != TYPE_INTERVAL) {
        moments_load(cx, args[0], rows, &moments);
    }
    for (uint32_t row = 0; row < rows; row++) {
        out_decimal(out, row, micros_of_minute(args[0], moments.at, row));
    }
    return OK;
}

/* The Julian day with its fraction, 20 decimals as PostgreSQL prints. */
Status fn_extract_julian(FN_PARAMETERS) {
    FN_UNUSED;
    Moments moments;
    moments_load(cx, args[0], rows, &moments);
    for (uint32_t row = 0; row < rows; row++) {
        int64_t micros;
        __int128 days = (__int128)timestamp_days(moments.at[row], &micros) + JULIAN_1970, fraction = 0;
        decimal_divide(micros, 0, MICROS_PER_DAY, 0, out->type.scale, &fraction);
        out_decimal(out, row, days * decimal_power(out->type.scale) + fraction);
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- date_part */

static double moment_part(int64_t local, int64_t epoch, DateField field) {
    int64_t micros;
    int32_t days = timestamp_days(local, &micros);
    switch (field) {
    case FIELD_MILLISECOND: return (double)(micros % MICROS_PER_MINUTE) / 1e3;
    case FIELD_SECOND: return (double)(micros % MICROS_PER_MINUTE) / 1e6;
    case FIELD_EPOCH: return (double)epoch / 1e6;
    case FIELD_JULIAN: return (double)days + JULIAN_1970 + (double)micros / (double)MICROS_PER_DAY;
    default: return field <= FIELD_HOUR ? (double)clock_field(micros, field) : (double)date_field(days, field);
    }
}

Status fn_date_part(FN_PARAMETERS) {
    FN_UNUSED;
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField field;
    Moments moments;
    moments_load(cx, args[1], rows, &moments);
    bool is_date = args[1]->type.id == TYPE_DATE;
    for (uint32_t row = 0; row < rows; row++) {
        TRY(field_next(&reader, row, &field));
        bool good = has_field(args[1]->type, field) || is_date || (args[1]->type.id == TYPE_TIME && field == FIELD_EPOCH);
        if ((!good || (is_date && is_zone_field(field))) && fn_row_valid(out, row)) {
            char name[40] = "type ";
            return fail_field(cx, field, (type_name(args[1]->type, name + 5), name));
        }
        int64_t epoch = is_date ? moments.at[row] : epoch_micros(args[1], moments.at, row);
        ((double *)out->data)[row] = is_zone_field(field)
                                         ? (double)zone_field((moments.at[row] - epoch) / MICROS_PER_SECOND, field)
                                         : moment_part(moments.at[row], epoch, field);
    }
    return OK;
}

static bool interval_field(Interval interval, DateField field, int64_t *part) {
    int32_t years = interval.months / 12;
    switch (field) {
    case FIELD_MICROSECOND: *part = interval.micros % MICROS_PER_MINUTE; return true;
    case FIELD_MINUTE: *part = interval.micros / MICROS_PER_MINUTE % 60; return true;
    case FIELD_HOUR: *part = interval.micros / MICROS_PER_HOUR; return true;
    case FIELD_DAY: *part = interval.days; return true;
    case FIELD_MONTH: *part = interval.months % 12; return true;
    case FIELD_QUARTER: *part = interval.months % 12 / 3 + 1; return true;
    case FIELD_YEAR: *part = years; return true;
    case FIELD_DECADE: *part = years / 10; return true;
    case FIELD_CENTURY: *part = years / 100; return true;
    case FIELD_MILLENNIUM: *part = years / 1000; return true;
    default: return false;
    }
}

static bool interval_part(Interval interval, DateField field, double *part) {
    int64_t whole;
    switch (field) {
    case FIELD_MILLISECOND: *part = (double)(interval.micros % MICROS_PER_MINUTE) / 1e3; return true;
    case FIELD_SECOND: *part = (double)(interval.micros % MICROS_PER_MINUTE) / 1e6; return true;
    case FIELD_EPOCH: *part = (double)interval_epoch(interval) / 1e6; return true;
    default:
        if (!interval_field(interval, field, &whole)) {
            return false;
        }
        *part = (double)whole;
        return true;
    }
}

Status fn_date_part_interval(FN_PARAMETERS) {
    FN_UNUSED;
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField field;
    for (uint32_t row = 0; row < rows; row++) {
        TRY(field_next(&reader, row, &field));
        if (!interval_part(arg_INTERVAL(args[1], row), field, &((double *)out->data)[row]) && fn_row_valid(out, row)) {
            return fail_field(cx, field, "type interval");
        }
    }
    return OK;
}

Status fn_extract_field_interval(FN_PARAMETERS) {
    FN_UNUSED;
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField field;
    for (uint32_t row = 0; row < rows; row++) {
        TRY(field_next(&reader, row, &field));
        if (!interval_field(arg_INTERVAL(args[1], row), field, &((int64_t *)out->data)[row]) && fn_row_valid(out, row)) {
            return fail_field(cx, field, "type interval");
        }
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- truncation */

/* dow, doy and the like begin nowhere. */
static Status fail_start(const Context *cx, DateField field) {
    return fail(cx, INVALID_PARAMETER_VALUE, "unit \"%s\" not recognized for date_trunc", date_field_name(field));
}

/* PostgreSQL gives intervals the weeks that dates have no months for: not at all. */
static bool interval_truncate(Interval in, DateField field, Interval *out) {
    static const int32_t months[FIELD_COUNT] = {[FIELD_MONTH] = 1,    [FIELD_QUARTER] = 3,    [FIELD_YEAR] = 12,
                                                [FIELD_DECADE] = 120, [FIELD_CENTURY] = 1200, [FIELD_MILLENNIUM] = 12000};
    static const int64_t micros[FIELD_COUNT] = {[FIELD_MICROSECOND] = 1,
                                                [FIELD_MILLISECOND] = 1000,
                                                [FIELD_SECOND] = MICROS_PER_SECOND,
                                                [FIELD_MINUTE] = MICROS_PER_MINUTE,
                                                [FIELD_HOUR] = MICROS_PER_HOUR};
    *out = in;
    if (micros[field] != 0) {
        out->micros -= in.micros % micros[field];
    } else if (field == FIELD_DAY) {
        out->micros = 0;
    } else if (months[field] != 0) {
        *out = (Interval){.months = in.months - in.months % months[field]};
    } else {
        return false;
    }
    return true;
}

Status fn_date_trunc_interval(FN_PARAMETERS) {
    FN_UNUSED;
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField field;
    for (uint32_t row = 0; row < rows; row++) {
        TRY(field_next(&reader, row, &field));
        if (!interval_truncate(arg_INTERVAL(args[1], row), field, &((Interval *)out->data)[row]) && fn_row_valid(out, row)) {
            return fail_field(cx, field, "type interval");
        }
    }
    return OK;
}

/* Hours and less are cut in UTC: a clock that is set back shows an hour twice, and both begin. */
static bool truncate_zoned(const TimeZone *zone, int64_t utc, DateField field, int64_t *out) {
    int64_t local = timezone_to_local(zone, utc);
    if (!timestamp_truncate(local, field, out)) {
        return false;
    }
    *out = field < FIELD_DAY ? utc - (local - *out) : timezone_from_local(zone, *out);
    return true;
}

static Status truncate_zoned_rows(const Context *cx, const TimeZone *const *zones, const Vector *const *args, uint32_t rows,
                                  Vector *out) {
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField field;
    for (uint32_t row = 0; row < rows; row++) {
        TRY(field_next(&reader, row, &field));
        const TimeZone *zone = zones == NULL ? cx->zone : zones[row];
        if (!truncate_zoned(zone, arg_I64(args[1], row), field, &((int64_t *)out->data)[row]) && fn_row_valid(out, row)) {
            return fail_start(cx, field);
        }
    }
    return OK;
}

Status fn_date_trunc_zoned(FN_PARAMETERS) {
    FN_UNUSED;
    return truncate_zoned_rows(cx, NULL, args, rows, out);
}

/* date_trunc('day', moment, 'Europe/Berlin') */
Status fn_date_trunc_in_zone(FN_PARAMETERS) {
    FN_UNUSED;
    const TimeZone *zones[BATCH_ROWS_MAX];
    TRY(zones_load(cx, args[2], rows, out, zones));
    return truncate_zoned_rows(cx, zones, args, rows, out);
}

/* By days, for whole batches; false: by fields of its own kind. */
static bool truncate_days(const Context *cx, const Vector *vector, DateField field, uint32_t rows, int64_t *out) {
    int32_t starts[BATCH_ROWS_MAX];
    Days days;
    if (field != FIELD_DAY && field != FIELD_WEEK && field != FIELD_MONTH) {
        return false;
    }
    days_load(cx, vector, rows, &days);
    if (field != FIELD_DAY) {
        (field == FIELD_WEEK ? calendar_kernels->week_start : calendar_kernels->month_start)(days.at, rows, starts);
    }
    const int32_t *from = field == FIELD_DAY ? days.at : starts;
    for (uint32_t row = 0; row < rows; row++) {
        out[row] = from[row] * MICROS_PER_DAY;
    }
    return true;
}

Status fn_date_trunc(FN_PARAMETERS) {
    FN_UNUSED;
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField field;
    Moments moments;
    if (args[0]->kind == VECTOR_CONSTANT && any_valid(out, rows)) {
        TRY(field_read(cx, args[0], 0, &field));
        if (truncate_days(cx, args[1], field, rows, out->data)) {
            return OK;
        }
    }
    moments_load(cx, args[1], rows, &moments);
    for (uint32_t row = 0; row < rows; row++) {
        TRY(field_next(&reader, row, &field));
        if (!timestamp_truncate(moments.at[row], field, &((int64_t *)out->data)[row]) && fn_row_valid(out, row)) {
            return fail_start(cx, field);
        }
    }
    return OK;
}

Status fn_trunc_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    Days days;
    days_load(cx, args[0], rows, &days);
    memcpy(out->data, days.at, rows * sizeof *days.at);
    return OK;
}

Status fn_last_day(FN_PARAMETERS) {
    FN_UNUSED;
    Days days;
    days_load(cx, args[0], rows, &days);
    for (uint32_t row = 0; row < rows; row++) {
        Civil civil = civil_from_days(days.at[row]);
        ((int32_t *)out->data)[row] = days_from_civil(civil.year, civil.month, month_days(civil.year, civil.month));
    }
    return OK;
}

/* A weekday's name or its first two or three letters. */
static bool weekday_from_name(const Text *name, int32_t *weekday) {
    const char *data = text_data(name);
    for (int32_t day = 0; day < 7; day++) {
        bool good_length = name->bytes == 2 || name->bytes == 3 || name->bytes == strlen(day_names[day]);
        if (good_length && strncasecmp(data, day_names[day], name->bytes) == 0) {
            *weekday = day;
            return true;
        }
    }
    return false;
}

Status fn_next_day(FN_PARAMETERS) {
    FN_UNUSED;
    Days days;
    days_load(cx, args[0], rows, &days);
    for (uint32_t row = 0; row < rows; row++) {
        const Text *name = &((const Text *)args[1]->data)[args[1]->kind == VECTOR_CONSTANT ? 0 : row];
        int32_t weekday = 0;
        if (fn_row_valid(out, row) && !weekday_from_name(name, &weekday)) {
            return fail(cx, INVALID_PARAMETER_VALUE, "\"%.*s\" is not a weekday", (int)(name->bytes < 40 ? name->bytes : 40),
                        text_data(name));
        }
        int32_t ahead = (weekday - (int32_t)date_field(days.at[row], FIELD_DOW) + 7) % 7;
        ((int32_t *)out->data)[row] = days.at[row] + (ahead == 0 ? 7 : ahead);
    }
    return OK;
}
