/* Function Join: generate_series called for every row of the input, whose columns stand beside its values. Batches are filled
 * across input rows, so many short series make few batches. */
#include "core/settings.h"
#include "exec/exec.h"
#include "exec/series.h"

#define ARGS_MAX 3

typedef struct FunctionLocal {
    Batch out;
    bool is_in_batch; /* the series of `row` has begun */
    uint32_t row;
    Series series;
    uint16_t rows[BATCH_ROWS_MAX]; /* input row behind each output row */
} FunctionLocal;

static Status function_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    (void)shared;
    return batch_init_like(&task->cx, op, &((FunctionLocal *)local_)->out);
}

static Status start_row(Task *task, const FunctionJoinSpec *spec, FunctionLocal *local, const Batch *in) {
    Value args[ARGS_MAX];
    for (uint32_t i = 0; i < spec->arg_count; i++) {
        args[i] = vector_value(&in->columns[spec->args[i]], local->row);
    }
    return series_start(&task->cx, &local->series, args, spec->arg_count);
}

/* Fills the output; false if input is left. */
static Status fill(Task *task, const PhysicalNode *op, FunctionLocal *local, const Batch *in, bool *is_consumed) {
    const FunctionJoinSpec *spec = &op->function_join;
    Vector *values = &local->out.columns[op->column_count - 1];
    uint32_t count = 0, most = (uint32_t)task->cx.settings->batch_rows;
    while (local->row < in->rows && count < most) {
        if (!local->is_in_batch) {
            TRY(start_row(task, spec, local, in));
            local->is_in_batch = true;
        }
        uint32_t end = series_fill(&local->series, values, count, most);
        for (; count < end; count++) {
            local->rows[count] = (uint16_t)local->row;
        }
        if (local->series.is_over) {
            local->is_in_batch = false;
            local->row++;
        }
    }
    local->out.rows = count;
    *is_consumed = local->row == in->rows;
    return OK;
}

static Status function_push(Task *task, const PhysicalNode *op, void *shared, void *local_, const Batch *in, const Batch **out,
                            Flow *flow) {
    FunctionLocal *local = local_;
    bool is_consumed;
    (void)shared;
    TRY(check_cancel(&task->cx));
    TRY(vector_prepare_flat(&task->cx, &local->out.columns[op->column_count - 1], op->columns[op->column_count - 1].type));
    TRY(fill(task, op, local, in, &is_consumed));
    for (uint32_t c = 0; c + 1 < op->column_count; c++) {
        TRY(vector_gather(&task->cx, &in->columns[c], local->rows, local->out.rows, &local->out.columns[c]));
    }
    *out = local->out.rows > 0 ? &local->out : NULL;
    *flow = is_consumed ? NEED_INPUT : MORE_OUTPUT;
    if (is_consumed) {
        local->row = 0;
    }
    return OK;
}

static void function_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    batch_free(&((FunctionLocal *)local_)->out);
}

static const StageClass function_stage = {.name = "Function Join",
                                          .local_size = sizeof(FunctionLocal),
                                          .open_local = function_open_local,
                                          .push = function_push,
                                          .close_local = function_close_local};
const OperatorClass function_join_operator = {.stage = &function_stage};
