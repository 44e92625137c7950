/* Function Scan: generate_series(start, stop [, step]) over integers, decimals, dates and timestamps, both ends included. Rows
 * are made as they are asked for, so a long series costs no memory. Numbers are counted in units of their last digit. */
#include "core/datetime.h"
#include "core/interval.h"
#include "core/settings.h"
#include "exec/exec.h"

typedef struct SeriesLocal {
    Batch out;
    bool is_over;
    bool is_descending;
    bool by_interval; /* the values are timestamps then, also for DATE */
    __int128 at, stop, step;
    Interval interval;
} SeriesLocal;

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

static Status series_open(Task *task, const TableFunctionSpec *spec, SeriesLocal *local) {
    local->step = one_of(spec->args[0].type);
    for (uint32_t i = 0; i < spec->arg_count; i++) {
        local->is_over |= spec->args[i].is_null;
    }
    if (local->is_over) {
        return OK;
    }
    if (spec->arg_count > 2) {
        local->by_interval = spec->args[2].type.id == TYPE_INTERVAL;
        local->interval = local->by_interval ? spec->args[2].interval : (Interval){0};
        local->step = local->by_interval ? (interval_order(local->interval) > 0) - (interval_order(local->interval) < 0)
                                         : as_number(&spec->args[2], false);
    }
    if (local->step == 0) {
        return fail(&task->cx, INVALID_PARAMETER_VALUE, "step size cannot equal zero");
    }
    local->is_descending = local->step < 0;
    local->at = as_number(&spec->args[0], local->by_interval);
    local->stop = as_number(&spec->args[1], local->by_interval);
    return OK;
}

static Status series_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    SeriesLocal *local = local_;
    const TableFunctionSpec *spec = &op->table_function;
    (void)shared;
    TRY(series_open(task, spec, local));
    return batch_init_like(&task->cx, op, &local->out);
}

/* Moves on by the interval; the series is over where the next value would not be representable. A month can be shorter than the
 * days taken off again: an interval may stand still. */
static void step_by_interval(SeriesLocal *local) {
    int64_t next;
    if (!timestamp_add_interval((int64_t)local->at, local->interval, &next)) {
        local->is_over = true;
        return;
    }
    local->is_over = local->is_descending ? next >= local->at : next <= local->at;
    local->at = next;
}

static uint32_t fill_by_interval(SeriesLocal *local, Vector *vector, uint32_t most) {
    uint32_t rows = 0;
    while (rows < most && !local->is_over && (local->is_descending ? local->at >= local->stop : local->at <= local->stop)) {
        int64_t rest, value = (int64_t)local->at;
        value = vector->type.id == TYPE_DATE ? timestamp_days(value, &rest) : value;
        Value boxed = value_i64(vector->type, value);
        value_store(&boxed, vector->data, rows++);
        step_by_interval(local);
    }
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
static uint32_t fill_by_step(SeriesLocal *local, Vector *vector, uint32_t most) {
    __int128 left = local->is_descending ? local->at - local->stop : local->stop - local->at;
    __int128 step = local->is_descending ? -local->step : local->step;
    if (left < 0) {
        return 0;
    }
    __int128 count = left / step + 1;
    uint32_t rows = count < most ? (uint32_t)count : most;
    fill_numbers(type_class(vector->type), vector->data, local->at, local->step, rows);
    local->is_over = count <= most;
    if (!local->is_over) {
        local->at += local->step * rows;
    }
    return rows;
}

static Status series_next(Task *task, const PhysicalNode *op, void *shared, void *local_, const Batch **out, Flow *flow) {
    SeriesLocal *local = local_;
    (void)shared;
    uint32_t rows = 0, most = (uint32_t)task->cx.settings->batch_rows;
    Vector *vector = &local->out.columns[0];
    TRY(vector_prepare_flat(&task->cx, vector, op->columns[0].type));
    if (!local->is_over) {
        rows = local->by_interval ? fill_by_interval(local, vector, most) : fill_by_step(local, vector, most);
    }
    local->out.rows = rows;
    *out = &local->out;
    *flow = rows > 0 ? MORE_OUTPUT : DONE;
    return OK;
}

static void series_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    SeriesLocal *local = local_;
    (void)op, (void)shared, (void)profile;
    batch_free(&local->out);
}

static const SourceClass series_source = {
    .name = "Function Scan",
    .local_size = sizeof(SeriesLocal),
    .open_local = series_open_local,
    .next = series_next,
    .close_local = series_close_local,
};
const OperatorClass table_function_operator = {.source = &series_source};
