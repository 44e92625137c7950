/* Function Scan: generate_series(start, stop [, step]) over integers, dates and timestamps, both ends included. Rows are made
 * as they are asked for, so a long series costs no memory. */
#include "core/datetime.h"
#include "core/interval.h"
#include "core/settings.h"
#include "exec/exec.h"

typedef struct SeriesLocal {
    Batch out;
    bool is_over;
    bool is_descending;
    bool by_interval; /* the values are timestamps then, also for DATE */
    int64_t at, stop, step;
    Interval interval;
} SeriesLocal;

static int64_t as_timestamp(const Value *value, bool by_interval) {
    return by_interval && value->type.id == TYPE_DATE ? value->i64 * MICROS_PER_DAY : value->i64;
}

static Status series_open(Task *task, const TableFunctionSpec *spec, SeriesLocal *local) {
    local->step = 1;
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
                                         : spec->args[2].i64;
    }
    if (local->step == 0) {
        return fail(&task->cx, INVALID_PARAMETER_VALUE, "step size of generate_series cannot be zero");
    }
    local->is_descending = local->step < 0;
    local->at = as_timestamp(&spec->args[0], local->by_interval);
    local->stop = as_timestamp(&spec->args[1], local->by_interval);
    return OK;
}

static Status series_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    SeriesLocal *local = local_;
    const TableFunctionSpec *spec = &op->table_function;
    (void)shared;
    TRY(series_open(task, spec, local));
    return batch_init_like(&task->cx, op, &local->out);
}

/* Moves on; the series is over past its end or where the next value would not be representable. */
static void series_step(SeriesLocal *local) {
    int64_t next;
    if (local->by_interval ? !timestamp_add_interval(local->at, local->interval, &next)
                           : __builtin_add_overflow(local->at, local->step, &next)) {
        local->is_over = true;
        return;
    }
    /* a month can be shorter than the days taken off again: an interval may stand still */
    local->is_over = local->is_descending ? next >= local->at : next <= local->at;
    local->at = next;
}

static void store(const SeriesLocal *local, Vector *vector, uint32_t row) {
    int64_t value = local->at;
    if (local->by_interval && vector->type.id == TYPE_DATE) {
        value = timestamp_days(local->at, &(int64_t){0});
    }
    Value boxed = value_i64(vector->type, value);
    value_store(&boxed, vector->data, row);
}

static Status series_next(Task *task, const PhysicalNode *op, void *shared, void *local_, const Batch **out, Flow *flow) {
    SeriesLocal *local = local_;
    (void)shared;
    uint32_t rows = 0, most = (uint32_t)task->cx.settings->batch_rows;
    Vector *vector = &local->out.columns[0];
    TRY(vector_prepare_flat(&task->cx, vector, op->columns[0].type));
    while (rows < most && !local->is_over) {
        if (local->is_descending ? local->at < local->stop : local->at > local->stop) {
            local->is_over = true;
            break;
        }
        store(local, vector, rows++);
        series_step(local);
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
