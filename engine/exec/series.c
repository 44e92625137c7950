/* The values of generate_series over integers, decimals, dates and timestamps (series.h). Numbers are counted in units of their
 * last digit. */
#include "exec/series.h"

#include "core/datetime.h"
#include "core/interval.h"

static __int128 as_number(const Value *value, bool by_interval) {
    if (type_class(value->type) == CLASS_I128) {
        return value->i128;
    }
    return by_interval && value->type.id == TYPE_DATE ? (__int128)value->i64 * MICROS_PER_DAY : value->i64;
}

/* Without a step: one, in units of the last digit. */
static __int128 one_of(Type type) {
    __int128 one = 1;
    for (uint32_t i = 0; type.id == TYPE_DECIMAL && i < type.scale; i++) {
        one *= 10;
    }
    return one;
}

Status series_start(const Context *cx, Series *series, const Value *args, uint32_t count) {
    *series = (Series){.step = one_of(args[0].type)};
    for (uint32_t i = 0; i < count; i++) {
        series->is_over |= args[i].is_null;
    }
    if (series->is_over) {
        return OK;
    }
    if (count > 2) {
        series->by_interval = args[2].type.id == TYPE_INTERVAL;
        series->interval = series->by_interval ? args[2].interval : (Interval){0};
        series->step = series->by_interval ? (interval_order(series->interval) > 0) - (interval_order(series->interval) < 0)
                                           : as_number(&args[2], false);
    }
    if (series->step == 0) {
        return fail(cx, INVALID_PARAMETER_VALUE, "step size cannot equal zero");
    }
    series->is_descending = series->step < 0;
    series->at = as_number(&args[0], series->by_interval);
    series->stop = as_number(&args[1], series->by_interval);
    return OK;
}

/* Moves on by the interval; the series is over where the next value would not be representable. A month can be shorter than the
 * days taken off again: an interval may stand still. */
static void step_by_interval(Series *series) {
    int64_t next;
    if (!timestamp_add_interval((int64_t)series->at, series->interval, &next)) {
        series->is_over = true;
        return;
    }
    series->is_over = series->is_descending ? next >= series->at : next <= series->at;
    series->at = next;
}

static bool is_past_stop(const Series *series) {
    return series->is_descending ? series->at < series->stop : series->at > series->stop;
}

static uint32_t fill_by_interval(Series *series, Vector *vector, uint32_t first, uint32_t most) {
    uint32_t rows = 0;
    while (rows < most && !series->is_over && !is_past_stop(series)) {
        int64_t rest, value = (int64_t)series->at;
        value = vector->type.id == TYPE_DATE ? timestamp_days(value, &rest) : value;
        Value boxed = value_i64(vector->type, value);
        value_store(&boxed, vector->data, first + rows++);
        step_by_interval(series);
    }
    series->is_over |= is_past_stop(series);
    return rows;
}

#define FILL(tag, ctype)                                                                                                       \
    case CLASS_##tag:                                                                                                          \
        for (uint32_t i = 0; i < rows; i++) {                                                                                  \
            ((ctype *)data)[i] = (ctype)(at + step * i);                                                                       \
        }                                                                                                                      \
        break;

static void fill_numbers(StorageClass class_, void *data, __int128 at, __int128 step, uint32_t rows) {
    switch (class_) {
        FILL(I16, int16_t)
        FILL(I32, int32_t)
        FILL(I64, int64_t)
        FILL(I128, __int128)
    default: break;
    }
}
#undef FILL

/* The numbers up to the end, which no step passes over: distances are less than 2^127, as numbers have at most 38 digits. */
static uint32_t fill_by_step(Series *series, Vector *vector, uint32_t first, uint32_t most) {
    __int128 left = series->is_descending ? series->at - series->stop : series->stop - series->at;
    __int128 step = series->is_descending ? -series->step : series->step;
    if (left < 0) {
        series->is_over = true;
        return 0;
    }
    __int128 count = left / step + 1;
    uint32_t rows = count < most ? (uint32_t)count : most;
    fill_numbers(type_class(vector->type), (char *)vector->data + (size_t)first * type_bytes(vector->type), series->at,
                 series->step, rows);
    series->is_over = count <= most;
    if (!series->is_over) {
        series->at += series->step * rows;
    }
    return rows;
}

uint32_t series_fill(Series *series, Vector *vector, uint32_t row, uint32_t row_end) {
    if (series->is_over || row == row_end) {
        return row;
    }
    return row + (series->by_interval ? fill_by_interval(series, vector, row, row_end - row)
                                      : fill_by_step(series, vector, row, row_end - row));
}
