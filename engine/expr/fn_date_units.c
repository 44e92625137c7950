/* Moving dates and moments by units, and the distance between two of them. */
#include "expr/fn_moment.h"

/* --------------------------------------------------------------------------------------------------------- moving by units */

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
    return unit <= FIELD_MILLENNIUM || unit == FIELD_DOW || unit == FIELD_DOY;
}

/* The result is a TIMESTAMP, or a TIMESTAMPTZ that moves by the session's clocks. */
Status fn_dateadd(FN_PARAMETERS) {
    FN_UNUSED;
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField unit;
    const TimeZone *zone = out->type.id == TYPE_TIMESTAMPTZ ? cx->zone : NULL;
    for (uint32_t row = 0; row < rows; row++) {
        Interval interval;
        TRY(field_next(&reader, row, &unit));
        if (!fn_row_valid(out, row)) {
            continue;
        }
        if (!is_length(unit)) {
            return fail_field(cx, unit, "dateadd");
        }
        int64_t moment = args[2]->type.id == TYPE_DATE ? arg_I32(args[2], row) * MICROS_PER_DAY : arg_I64(args[2], row);
        if (!unit_interval(unit, arg_I64(args[1], row), &interval) ||
            !timestamptz_add_interval(zone, moment, interval, &((int64_t *)out->data)[row])) {
            return fail_overflow(cx, out->type);
        }
    }
    return OK;
}

/* The last day of a month moves to the last day of the other. */
Status fn_add_months(FN_PARAMETERS) {
    FN_UNUSED;
    Moments moments;
    moments_load(cx, args[0], rows, &moments);
    for (uint32_t row = 0; row < rows; row++) {
        int64_t micros;
        int32_t days = timestamp_days(moments.at[row], &micros), moved;
        if (!fn_row_valid(out, row)) {
            continue;
        }
        if (!date_add_months(days, arg_I32(args[1], row), &moved)) {
            return fail_overflow(cx, out->type);
        }
        Civil before = civil_from_days(days), after = civil_from_days(moved);
        if (before.day == month_days(before.year, before.month)) {
            moved += month_days(after.year, after.month) - after.day;
        }
        if (!moment_store(cx, out, row, (__int128)moved * MICROS_PER_DAY + micros)) {
            return fail_overflow(cx, out->type);
        }
    }
    return OK;
}

/* Start of the bin of `stride` that holds the moment, bins counted from the origin. */
Status fn_date_bin(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        Interval stride = arg_INTERVAL(args[0], row);
        if (!fn_row_valid(out, row)) {
            continue;
        }
        if (stride.months != 0) {
            return fail(cx, FEATURE_NOT_SUPPORTED, "timestamps cannot be binned into intervals containing months or years");
        }
        __int128 width = (__int128)stride.days * MICROS_PER_DAY + stride.micros, origin = arg_I64(args[2], row);
        if (width <= 0) {
            return fail(cx, DATETIME_OUT_OF_RANGE, "stride must be greater than zero");
        }
        __int128 past = (arg_I64(args[1], row) - origin) % width;
        __int128 start = arg_I64(args[1], row) - past - (past < 0 ? width : 0);
        if (!timestamp_in_range(start)) {
            return fail_overflow(cx, out->type);
        }
        ((int64_t *)out->data)[row] = (int64_t)start;
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------- differences */

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

Status fn_datediff(FN_PARAMETERS) {
    FN_UNUSED;
    FieldReader reader = {.cx = cx, .names = args[0], .out = out};
    DateField unit;
    Moments from_moments, to_moments;
    moments_load(cx, args[1], rows, &from_moments);
    moments_load(cx, args[2], rows, &to_moments);
    for (uint32_t row = 0; row < rows; row++) {
        int64_t from = 0, to = 0;
        TRY(field_next(&reader, row, &unit));
        bool good = unit_number(from_moments.at[row], unit, &from) && unit_number(to_moments.at[row], unit, &to);
        if (!good && fn_row_valid(out, row)) {
            return fail_field(cx, unit, "datediff");
        }
        ((int64_t *)out->data)[row] = to - from;
    }
    return OK;
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
    Moments first, second;
    moments_load(cx, args[0], rows, &first);
    moments_load(cx, args[1], rows, &second);
    for (uint32_t row = 0; row < rows; row++) {
        ((double *)out->data)[row] = months_between(first.at[row], second.at[row]);
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

/* Of two moments, or of one up to today's midnight. */
Status fn_age(FN_PARAMETERS) {
    FN_UNUSED;
    Moments first, second;
    moments_load(cx, args[0], rows, &first);
    moments_load(cx, args[arg_count - 1], rows, &second);
    int64_t micros, today = timestamp_days(timezone_to_local(cx->zone, statement_now(cx)), &micros) * MICROS_PER_DAY;
    for (uint32_t row = 0; row < rows; row++) {
        int64_t a = arg_count > 1 ? first.at[row] : today, b = second.at[row];
        Interval age = a >= b ? age_forward(a, b) : age_forward(b, a);
        if (a < b) {
            age = (Interval){.months = -age.months, .days = -age.days, .micros = -age.micros};
        }
        ((Interval *)out->data)[row] = age;
    }
    return OK;
}

/* One period: its earlier end first, a NULL end last. False if both are NULL. */
typedef struct Period {
    int64_t start, end;
    bool is_open; /* the end is NULL */
} Period;

static bool period_at(const Vector *first, const Vector *second, uint32_t row, Period *period) {
    bool has_first = vector_is_valid(first, row), has_second = vector_is_valid(second, row);
    int64_t a = arg_I64(first, row), b = arg_I64(second, row);
    *period = (Period){.start = has_first ? a : b, .end = b, .is_open = !has_first || !has_second};
    if (has_first && has_second && a > b) {
        *period = (Period){.start = b, .end = a};
    }
    return has_first || has_second;
}

/* Half-open periods that share a moment; one that is a moment alone counts as itself. *is_known is false for NULL. */
static bool overlap(const Period *a, const Period *b, bool *is_known) {
    if (a->start == b->start) {
        *is_known = !a->is_open && !b->is_open;
        return true;
    }
    const Period *early = a->start < b->start ? a : b, *late = a->start < b->start ? b : a;
    bool reaches = !early->is_open && late->start < early->end;
    *is_known = !early->is_open && (reaches || !late->is_open);
    return reaches;
}

Status fn_overlaps(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        Period a, b;
        bool is_known = false, has_both = period_at(args[0], args[1], row, &a) && period_at(args[2], args[3], row, &b);
        ((uint8_t *)out->data)[row] = has_both && overlap(&a, &b, &is_known);
        if (!is_known) {
            TRY(fn_set_null(cx, out, row));
        }
    }
    return OK;
}
