/* Fields, truncation and differences of dates and moments. */
#include "expr/fn_loop.h"

#include <strings.h>
#include <time.h>

/* -------------------------------------------------------------------------------------------------------------- field names */

static Status read_field(const Context *cx, const Vector *names, uint32_t row, DateField *field) {
    const Text *name = &((const Text *)names->data)[names->kind == VECTOR_CONSTANT ? 0 : row];
    if (date_field_from_name(text_data(name), name->bytes, field)) {
        return OK;
    }
    fail(cx, INVALID_PARAMETER_VALUE, "unit \"%.*s\" not recognized", (int)(name->bytes < 40 ? name->bytes : 40),
         text_data(name));
    return fail_hint(cx, "year, quarter, month, week, day, hour, minute, second, dow, doy, epoch and the like");
}

static Status fail_field(const Context *cx, const char *type) {
    return fail(cx, FEATURE_NOT_SUPPORTED, "this unit is not supported for type %s", type);
}

/* The field of each row; constants are looked up once. Rows that are not valid keep the last one. */
typedef struct FieldReader {
    const Context *cx;
    const Vector *names, *out;
    DateField field;
    bool is_known;
} FieldReader;

static Status next_field(FieldReader *reader, uint32_t row, DateField *field) {
    if (!reader->is_known && fn_row_valid(reader->out, row)) {
        TRY(read_field(reader->cx, reader->names, row, &reader->field));
        reader->is_known = reader->names->kind == VECTOR_CONSTANT;
    }
    *field = reader->field;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------- date_part, extract
 */

static double timestamp_part(int64_t timestamp, DateField field) {
    int64_t micros;
    int32_t days = timestamp_days(timestamp, &micros);
    switch (field) {
    case FIELD_MICROSECOND: return (double)(micros % MICROS_PER_MINUTE);
    case FIELD_MILLISECOND: return (double)(micros % MICROS_PER_MINUTE) / 1e3;
    case FIELD_SECOND: return (double)(micros % MICROS_PER_MINUTE) / 1e6;
    case FIELD_MINUTE: return (double)(micros / MICROS_PER_MINUTE % 60);
    case FIELD_HOUR: return (double)(micros / MICROS_PER_HOUR);
    case FIELD_EPOCH: return (double)timestamp / 1e6;
    default: return (double)date_field(days, field);
    }
}

/* A year is 365.25 days here, a month 30. */
static double interval_epoch(Interval interval) {
    int32_t years = interval.months / 12, months = interval.months % 12;
    return years * 365.25 * 86400 + months * 30.0 * 86400 + interval.days * 86400.0 + (double)interval.micros / 1e6;
}

static bool interval_part(Interval interval, DateField field, double *part) {
    int32_t years = interval.months / 12;
    switch (field) {
    case FIELD_MICROSECOND: *part = (double)(interval.micros % MICROS_PER_MINUTE); return true;
    case FIELD_MILLISECOND: *part = (double)(interval.micros % MICROS_PER_MINUTE) / 1e3; return true;
    case FIELD_SECOND: *part = (double)(interval.micros % MICROS_PER_MINUTE) / 1e6; return true;
    case FIELD_MINUTE: *part = (double)(interval.micros / MICROS_PER_MINUTE % 60); return true;
    case FIELD_HOUR: *part = (double)(interval.micros / MICROS_PER_HOUR); return true;
    case FIELD_DAY: *part = interval.days; return true;
    case FIELD_MONTH: *part = interval.months % 12; return true;
    case FIELD_QUARTER: *part = interval.months % 12 / 3 + 1; return true;
    case FIELD_YEAR: *part = years; return true;
    case FIELD_DECADE: *part = years / 10; return true;
    case FIELD_CENTURY: *part = years / 100; return true;
    case FIELD_MILLENNIUM: *part = years / 1000; return true;
    case FIELD_EPOCH: *part = interval_epoch(interval); return true;
    default: return false;
    }
}

static int64_t moment_at(const Vector *vector, uint32_t row) {
    return vector->type.id == TYPE_DATE ? arg_I32(vector, row) * MICROS_PER_DAY : arg_I64(vector, row);
}

static Status date_parts(const Context *cx, const Vector *const *args, uint32_t rows, Vector *out) {
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField field;
    for (uint32_t row = 0; row < rows; row++) {
        TRY(next_field(&reader, row, &field));
        ((double *)out->data)[row] = timestamp_part(moment_at(args[1], row), field);
    }
    return OK;
}

Status fn_date_part_date(FN_PARAMETERS) {
    FN_UNUSED;
    return date_parts(cx, args, rows, out);
}

Status fn_date_part_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    return date_parts(cx, args, rows, out);
}

Status fn_date_part_interval(FN_PARAMETERS) {
    FN_UNUSED;
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField field;
    for (uint32_t row = 0; row < rows; row++) {
        TRY(next_field(&reader, row, &field));
        if (!interval_part(arg_INTERVAL(args[1], row), field, &((double *)out->data)[row]) && fn_row_valid(out, row)) {
            return fail_field(cx, "interval");
        }
    }
    return OK;
}

Status fn_extract_date(FN_PARAMETERS) {
    FN_UNUSED;
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField field;
    for (uint32_t row = 0; row < rows; row++) {
        TRY(next_field(&reader, row, &field));
        ((int64_t *)out->data)[row] = field < FIELD_DAY      ? 0
                                      : field == FIELD_EPOCH ? arg_I32(args[1], row) * INT64_C(86400)
                                                             : date_field(arg_I32(args[1], row), field);
    }
    return OK;
}

Status fn_extract_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField field;
    for (uint32_t row = 0; row < rows; row++) {
        TRY(next_field(&reader, row, &field));
        ((int64_t *)out->data)[row] = (int64_t)timestamp_part(arg_I64(args[1], row), field);
    }
    return OK;
}

/* year(x), month(x) … */
static Status plain_parts(const Vector *arg, DateField field, uint32_t rows, Vector *out) {
    for (uint32_t row = 0; row < rows; row++) {
        int64_t micros;
        int32_t days = arg->type.id == TYPE_DATE ? arg_I32(arg, row) : timestamp_days(arg_I64(arg, row), &micros);
        ((int32_t *)out->data)[row] = (int32_t)date_field(days, field);
    }
    return OK;
}

#define PLAIN_PART(name, field)                                                                                                \
    Status name(FN_PARAMETERS) {                                                                                               \
        FN_UNUSED;                                                                                                             \
        return plain_parts(args[0], field, rows, out);                                                                         \
    }
PLAIN_PART(fn_year, FIELD_YEAR)
PLAIN_PART(fn_quarter, FIELD_QUARTER)
PLAIN_PART(fn_month, FIELD_MONTH)
PLAIN_PART(fn_week, FIELD_WEEK)
PLAIN_PART(fn_day, FIELD_DAY)
#undef PLAIN_PART

static int32_t day_at(const Vector *vector, uint32_t row) {
    int64_t micros;
    return vector->type.id == TYPE_DATE ? arg_I32(vector, row) : timestamp_days(arg_I64(vector, row), &micros);
}

Status fn_monthname(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        const char *name = month_names[date_field(day_at(args[0], row), FIELD_MONTH) - 1];
        out_text(out, row, name, strlen(name));
    }
    return OK;
}

Status fn_dayname(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        const char *name = day_names[date_field(day_at(args[0], row), FIELD_DOW)];
        out_text(out, row, name, strlen(name));
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- truncation */

static Status truncate_rows(const Context *cx, const Vector *const *args, uint32_t rows, Vector *out) {
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField field;
    for (uint32_t row = 0; row < rows; row++) {
        TRY(next_field(&reader, row, &field));
        if (!timestamp_truncate(moment_at(args[1], row), field, &((int64_t *)out->data)[row]) && fn_row_valid(out, row)) {
            return fail_field(cx, "timestamp");
        }
    }
    return OK;
}

Status fn_date_trunc_date(FN_PARAMETERS) {
    FN_UNUSED;
    return truncate_rows(cx, args, rows, out);
}

Status fn_date_trunc_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    return truncate_rows(cx, args, rows, out);
}

Status fn_trunc_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((int32_t *)out->data)[row] = day_at(args[0], row);
    }
    return OK;
}

Status fn_last_day(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        Civil civil = civil_from_days(day_at(args[0], row));
        ((int32_t *)out->data)[row] = days_from_civil(civil.year, civil.month, month_days(civil.year, civil.month));
    }
    return OK;
}

/* -------------------------------------------------------------------------------------------------------- moving by units */

static bool unit_interval(DateField unit, int64_t count, Interval *out) {
    static const int64_t months[FIELD_COUNT] = {[FIELD_MONTH] = 1,    [FIELD_QUARTER] = 3,    [FIELD_YEAR] = 12,
                                                [FIELD_DECADE] = 120, [FIELD_CENTURY] = 1200, [FIELD_MILLENNIUM] = 12000};
    static const int64_t days[FIELD_COUNT] = {[FIELD_DAY] = 1, [FIELD_WEEK] = 7, [FIELD_DOY] = 1, [FIELD_DOW] = 1};
    static const int64_t micros[FIELD_COUNT] = {[FIELD_MICROSECOND] = 1,
                                                [FIELD_MILLISECOND] = 1000,
                                                [FIELD_SECOND] = MICROS_PER_SECOND,
                                                [FIELD_MINUTE] = MICROS_PER_MINUTE,
                                                [FIELD_HOUR] = MICROS_PER_HOUR};
    return !__builtin_mul_overflow(months[unit], count, &out->months) &&
           !__builtin_mul_overflow(days[unit], count, &out->days) && !__builtin_mul_overflow(micros[unit], count, &out->micros);
}

static bool is_length(DateField unit) {
    return unit != FIELD_ISODOW && unit != FIELD_ISOYEAR && unit != FIELD_EPOCH;
}

static Status add_units(const Context *cx, const Vector *const *args, uint32_t rows, Vector *out) {
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField unit;
    for (uint32_t row = 0; row < rows; row++) {
        Interval interval;
        TRY(next_field(&reader, row, &unit));
        if (!fn_row_valid(out, row)) {
            continue;
        }
        if (!is_length(unit)) {
            return fail_field(cx, "dateadd");
        }
        if (!unit_interval(unit, arg_I64(args[1], row), &interval) ||
            !timestamp_add_interval(moment_at(args[2], row), interval, &((int64_t *)out->data)[row])) {
            return fail_overflow(cx, out->type);
        }
    }
    return OK;
}

Status fn_dateadd_date(FN_PARAMETERS) {
    FN_UNUSED;
    return add_units(cx, args, rows, out);
}

Status fn_dateadd_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    return add_units(cx, args, rows, out);
}

/* The last day of a month moves to the last day of the other. */
Status fn_add_months(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        int64_t micros;
        int32_t days = timestamp_days(moment_at(args[0], row), &micros), moved;
        if (!fn_row_valid(out, row)) {
            continue;
        }
        if (!date_add_months(days, arg_I32(args[1], row), &moved)) {
            return fail_overflow(cx, out->type);
        }
        Civil from = civil_from_days(days), to = civil_from_days(moved);
        if (from.day == month_days(from.year, from.month)) {
            moved += month_days(to.year, to.month) - to.day;
        }
        ((int64_t *)out->data)[row] = moved * MICROS_PER_DAY + micros;
    }
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------- differences */

static int64_t floor_divide(int64_t a, int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

/* A number that grows by one at each boundary of the unit. */
static bool unit_number(int64_t timestamp, DateField unit, int64_t *number) {
    int64_t micros;
    int32_t days = timestamp_days(timestamp, &micros);
    Civil civil = civil_from_days(days);
    int64_t months = (int64_t)civil.year * 12 + civil.month - 1;
    switch (unit) {
    case FIELD_MICROSECOND: *number = timestamp; return true;
    case FIELD_MILLISECOND: *number = floor_divide(timestamp, 1000); return true;
    case FIELD_SECOND: *number = floor_divide(timestamp, MICROS_PER_SECOND); return true;
    case FIELD_MINUTE: *number = floor_divide(timestamp, MICROS_PER_MINUTE); return true;
    case FIELD_HOUR: *number = floor_divide(timestamp, MICROS_PER_HOUR); return true;
    case FIELD_DAY:
    case FIELD_DOY:
    case FIELD_DOW: *number = days; return true;
    case FIELD_WEEK: *number = floor_divide((int64_t)days + 3, 7); return true; /* 1970-01-01 was a Thursday */
    case FIELD_MONTH: *number = months; return true;
    case FIELD_QUARTER: *number = floor_divide(months, 3); return true;
    case FIELD_YEAR: *number = civil.year; return true;
    case FIELD_DECADE: *number = floor_divide(civil.year, 10); return true;
    case FIELD_CENTURY: *number = floor_divide((int64_t)civil.year - 1, 100); return true;
    case FIELD_MILLENNIUM: *number = floor_divide((int64_t)civil.year - 1, 1000); return true;
    default: return false;
    }
}

static Status count_units(const Context *cx, const Vector *const *args, uint32_t rows, Vector *out) {
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField unit;
    for (uint32_t row = 0; row < rows; row++) {
        int64_t from = 0, to = 0;
        TRY(next_field(&reader, row, &unit));
        bool good = unit_number(moment_at(args[1], row), unit, &from) && unit_number(moment_at(args[2], row), unit, &to);
        if (!good && fn_row_valid(out, row)) {
            return fail_field(cx, "datediff");
        }
        ((int64_t *)out->data)[row] = to - from;
    }
    return OK;
}

Status fn_datediff_date(FN_PARAMETERS) {
    FN_UNUSED;
    return count_units(cx, args, rows, out);
}

Status fn_datediff_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    return count_units(cx, args, rows, out);
}

static bool is_month_end(Civil civil) {
    return civil.day == month_days(civil.year, civil.month);
}

/* Whole months where the days agree or both end their month; else the rest in 31sts. */
static double months_between(int64_t a, int64_t b) {
    int64_t a_micros, b_micros;
    Civil x = civil_from_days(timestamp_days(a, &a_micros)), y = civil_from_days(timestamp_days(b, &b_micros));
    double months = (x.year - y.year) * 12.0 + x.month - y.month;
    if (x.day == y.day || (is_month_end(x) && is_month_end(y))) {
        return months;
    }
    double days = x.day - y.day + (double)(a_micros - b_micros) / (double)MICROS_PER_DAY;
    return months + days / 31;
}

Status fn_months_between(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((double *)out->data)[row] = months_between(arg_I64(args[0], row), arg_I64(args[1], row));
    }
    return OK;
}

/* later - earlier in years and months, days and time, borrowing days from the earlier month. */
static Interval age_forward(int64_t later, int64_t earlier) {
    int64_t later_micros, earlier_micros;
    Civil x = civil_from_days(timestamp_days(later, &later_micros)),
          y = civil_from_days(timestamp_days(earlier, &earlier_micros));
    int64_t micros = later_micros - earlier_micros;
    int32_t days = x.day - y.day, months = (x.year - y.year) * 12 + x.month - y.month;
    if (micros < 0) {
        micros += MICROS_PER_DAY;
        days--;
    }
    if (days < 0) {
        days += month_days(y.year, y.month);
        months--;
    }
    return (Interval){.months = months, .days = days, .micros = micros};
}

static int64_t statement_micros(const Context *cx) {
    if (cx->now_micros != 0) {
        return cx->now_micros;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * MICROS_PER_SECOND + now.tv_nsec / 1000;
}

Status fn_age(FN_PARAMETERS) {
    FN_UNUSED;
    int64_t today = floor_divide(statement_micros(cx), MICROS_PER_DAY) * MICROS_PER_DAY;
    for (uint32_t row = 0; row < rows; row++) {
        int64_t a = arg_count > 1 ? arg_I64(args[0], row) : today, b = arg_I64(args[arg_count - 1], row);
        Interval age = a >= b ? age_forward(a, b) : age_forward(b, a);
        if (a < b) {
            age = (Interval){.months = -age.months, .days = -age.days, .micros = -age.micros};
        }
        ((Interval *)out->data)[row] = age;
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- making */

Status fn_now(FN_PARAMETERS) {
    FN_UNUSED;
    int64_t now = statement_micros(cx);
    for (uint32_t row = 0; row < rows; row++) {
        ((int64_t *)out->data)[row] = now;
    }
    return OK;
}

Status fn_current_date(FN_PARAMETERS) {
    FN_UNUSED;
    int64_t today = floor_divide(statement_micros(cx), MICROS_PER_DAY);
    for (uint32_t row = 0; row < rows; row++) {
        ((int32_t *)out->data)[row] = (int32_t)today;
    }
    return OK;
}

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

Status fn_make_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        int32_t days, hour = arg_I32(args[3], row), minute = arg_I32(args[4], row);
        double second = arg_F64(args[5], row);
        if (!fn_row_valid(out, row)) {
            continue;
        }
        TRY(make_days(cx, args, row, &days));
        if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || !(second >= 0 && second <= 60)) {
            return fail(cx, DATETIME_OUT_OF_RANGE, "time field value out of range: %d:%02d:%g", hour, minute, second);
        }
        int64_t micros = hour * MICROS_PER_HOUR + minute * MICROS_PER_MINUTE + (int64_t)(second * 1e6 + 0.5);
        if (!timestamp_in_range((__int128)days * MICROS_PER_DAY + micros)) {
            return fail_overflow(cx, out->type);
        }
        ((int64_t *)out->data)[row] = days * MICROS_PER_DAY + micros;
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
    for (uint32_t row = 0; row < rows; row++) {
        const Text *name = &((const Text *)args[1]->data)[args[1]->kind == VECTOR_CONSTANT ? 0 : row];
        int32_t days = day_at(args[0], row), weekday = 0;
        if (fn_row_valid(out, row) && !weekday_from_name(name, &weekday)) {
            return fail(cx, INVALID_PARAMETER_VALUE, "\"%.*s\" is not a weekday", (int)(name->bytes < 40 ? name->bytes : 40),
                        text_data(name));
        }
        int32_t ahead = (weekday - (int32_t)date_field(days, FIELD_DOW) + 7) % 7;
        ((int32_t *)out->data)[row] = days + (ahead == 0 ? 7 : ahead);
    }
    return OK;
}
