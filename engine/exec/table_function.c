/* Function Scan: generate_series(start, stop [, step]). Rows are made as they are asked for, so a long series costs no memory.
 */
#include "core/settings.h"
#include "exec/exec.h"
#include "exec/series.h"

typedef struct SeriesLocal {
    Batch out;
    Series series;
} SeriesLocal;

static Status series_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    SeriesLocal *local = local_;
    const TableFunctionSpec *spec = &op->table_function;
    (void)shared;
    TRY(series_start(&task->cx, &local->series, spec->args, spec->arg_count));
    return batch_init_like(&task->cx, op, &local->out);
}

static Status series_next(Task *task, const PhysicalNode *op, void *shared, void *local_, const Batch **out, Flow *flow) {
    SeriesLocal *local = local_;
    Vector *vector = &local->out.columns[0];
    (void)shared;
    TRY(vector_prepare_flat(&task->cx, vector, op->columns[0].type));
    local->out.rows = series_fill(&local->series, vector, 0, (uint32_t)task->cx.settings->batch_rows);
    *out = &local->out;
    *flow = local->out.rows > 0 ? MORE_OUTPUT : DONE;
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
