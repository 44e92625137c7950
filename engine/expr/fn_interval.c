/* Arithmetic of dates, moments and intervals. */
#include "expr/fn_moment.h"

/* ------------------------------------------------------------------------------------------------------------ date ± days */

static Status add_days(const Context *cx, const Vector *dates, const Vector *days, int sign, uint32_t rows, Vector *out) {
    int32_t *results = out->data;
    bool bad = false;
    for (uint32_t row = 0; row < rows; row++) {
        int64_t moved = (int64_t)arg_I32(dates, row) + (int64_t)sign * arg_I32(days, row);
        bad |= !days_in_range(moved);
        results[row] = (int32_t)moved;
    }
    for (uint32_t row = 0; bad && row < rows; row++) {
        int64_t moved = (int64_t)arg_I32(dates, row) + (int64_t)sign * arg_I32(days, row);
        if (fn_row_valid(out, row) && !days_in_range(moved)) {
            return fail_overflow(cx, out->type);
        }
    }
    return OK;
}

Status fn_date_plus_days(FN_PARAMETERS) {
    FN_UNUSED;
    return add_days(cx, args[0], args[1], 1, rows, out);
}

Status fn_days_plus_date(FN_PARAMETERS) {
    FN_UNUSED;
    return add_days(cx, args[1], args[0], 1, rows, out);
}

Status fn_date_minus_days(FN_PARAMETERS) {
    FN_UNUSED;
    return add_days(cx, args[0], args[1], -1, rows, out);
}

Status fn_date_minus_date(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((int32_t *)out->data)[row] = arg_I32(args[0], row) - arg_I32(args[1], row);
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------- moments and intervals */

/* TIMESTAMP, or TIMESTAMPTZ by the session's clocks. */
static Status move_timestamps(const Context *cx, const Vector *moments, const Vector *intervals, bool back, uint32_t rows,
                              Vector *out) {
    const TimeZone *zone = out->type.id == TYPE_TIMESTAMPTZ ? cx->zone : NULL;
    for (uint32_t row = 0; row < rows; row++) {
        int64_t moved = 0;
        Interval by = arg_INTERVAL(intervals, row);
        bool good = !back || interval_negate(by, &by);
        good = good && timestamptz_add_interval(zone, arg_I64(moments, row), by, &moved);
        if (!good && fn_row_valid(out, row)) {
            return fail_overflow(cx, out->type);
        }
        ((int64_t *)out->data)[row] = moved;
    }
    return OK;
}

Status fn_timestamp_plus_interval(FN_PARAMETERS) {
    FN_UNUSED;
    return move_timestamps(cx, args[0], args[1], false, rows, out);
}

Status fn_interval_plus_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    return move_timestamps(cx, args[1], args[0], false, rows, out);
}

Status fn_timestamp_minus_interval(FN_PARAMETERS) {
    FN_UNUSED;
    return move_timestamps(cx, args[0], args[1], true, rows, out);
}

/* Whole days and the rest, as PostgreSQL gives it. */
Status fn_timestamp_minus_timestamp(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        int64_t micros = (int64_t)((uint64_t)arg_I64(args[0], row) - (uint64_t)arg_I64(args[1], row));
        ((Interval *)out->data)[row] =
            (Interval){.days = (int32_t)(micros / MICROS_PER_DAY), .micros = micros % MICROS_PER_DAY};
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- intervals */

static Status combine_intervals(const Context *cx, const Vector *const *args, bool subtract, uint32_t rows, Vector *out) {
    for (uint32_t row = 0; row < rows; row++) {
        Interval b = arg_INTERVAL(args[1], row), *result = &((Interval *)out->data)[row];
        bool good = !subtract || interval_negate(b, &b);
        if (!(good && interval_add(arg_INTERVAL(args[0], row), b, result)) && fn_row_valid(out, row)) {
            return fail_overflow(cx, out->type);
        }
    }
    return OK;
}

Status fn_interval_add(FN_PARAMETERS) {
    FN_UNUSED;
    return combine_intervals(cx, args, false, rows, out);
}

Status fn_interval_subtract(FN_PARAMETERS) {
    FN_UNUSED;
    return combine_intervals(cx, args, true, rows, out);
}

Status fn_interval_negate(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        if (!interval_negate(arg_INTERVAL(args[0], row), &((Interval *)out->data)[row]) && fn_row_valid(out, row)) {
            return fail_overflow(cx, out->type);
        }
    }
    return OK;
}

static Status scale_intervals(const Context *cx, const Vector *intervals, const Vector *factors, bool divide, uint32_t rows,
                              Vector *out) {
    for (uint32_t row = 0; row < rows; row++) {
        if (!fn_row_valid(out, row)) {
            continue;
        }
        double factor = arg_F64(factors, row);
        if (divide && factor == 0) {
            return fail_division_by_zero(cx);
        }
        Interval interval = arg_INTERVAL(intervals, row), *result = &((Interval *)out->data)[row];
        bool good = divide ? interval_divide(interval, factor, result) : interval_multiply(interval, factor, result);
        if (!good) {
            return fail_overflow(cx, out->type);
        }
    }
    return OK;
}

Status fn_interval_multiply(FN_PARAMETERS) {
    FN_UNUSED;
    return scale_intervals(cx, args[0], args[1], false, rows, out);
}

Status fn_interval_multiply_right(FN_PARAMETERS) {
    FN_UNUSED;
    return scale_intervals(cx, args[1], args[0], false, rows, out);
}

Status fn_interval_divide(FN_PARAMETERS) {
    FN_UNUSED;
    return scale_intervals(cx, args[0], args[1], true, rows, out);
}

/* justify_days and its kin. */
static Status justify_rows(const Context *cx, bool (*justify)(Interval, Interval *), const Vector *intervals, uint32_t rows,
                           Vector *out) {
    for (uint32_t row = 0; row < rows; row++) {
        if (!justify(arg_INTERVAL(intervals, row), &((Interval *)out->data)[row]) && fn_row_valid(out, row)) {
            return fail_overflow(cx, out->type);
        }
    }
    return OK;
}

Status fn_justify_days(FN_PARAMETERS) {
    FN_UNUSED;
    return justify_rows(cx, interval_justify_days, args[0], rows, out);
}

Status fn_justify_hours(FN_PARAMETERS) {
    FN_UNUSED;
    return justify_rows(cx, interval_justify_hours, args[0], rows, out);
}

Status fn_justify_interval(FN_PARAMETERS) {
    FN_UNUSED;
    return justify_rows(cx, interval_justify, args[0], rows, out);
}

/* ------------------------------------------------------------------------------------------------------------------- times */

Status fn_date_plus_time(FN_PARAMETERS) {
    FN_UNUSED;
    const Vector *dates = args[args[0]->type.id == TYPE_DATE ? 0 : 1], *times = args[args[0]->type.id == TYPE_DATE ? 1 : 0];
    for (uint32_t row = 0; row < rows; row++) {
        __int128 moment = (__int128)arg_I32(dates, row) * MICROS_PER_DAY + arg_I64(times, row);
        if (!timestamp_in_range(moment) && fn_row_valid(out, row)) {
            return fail_overflow(cx, out->type);
        }
        ((int64_t *)out->data)[row] = (int64_t)moment;
    }
    return OK;
}

static int64_t wrap_day(int64_t micros) {
    return (micros % MICROS_PER_DAY + MICROS_PER_DAY) % MICROS_PER_DAY;
}

/* The clock goes round; months and days do not move it. */
Status fn_time_plus_interval(FN_PARAMETERS) {
    FN_UNUSED;
    const Vector *times = args[args[0]->type.id == TYPE_TIME ? 0 : 1], *intervals = args[args[0]->type.id == TYPE_TIME ? 1 : 0];
    for (uint32_t row = 0; row < rows; row++) {
        ((int64_t *)out->data)[row] = wrap_day(arg_I64(times, row) + arg_INTERVAL(intervals, row).micros % MICROS_PER_DAY);
    }
    return OK;
}

Status fn_time_minus_interval(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((int64_t *)out->data)[row] = wrap_day(arg_I64(args[0], row) - arg_INTERVAL(args[1], row).micros % MICROS_PER_DAY);
    }
    return OK;
}

Status fn_time_minus_time(FN_PARAMETERS) {
    FN_UNUSED;
    for (uint32_t row = 0; row < rows; row++) {
        ((Interval *)out->data)[row] = (Interval){.micros = arg_I64(args[0], row) - arg_I64(args[1], row)};
    }
    return OK;
}
