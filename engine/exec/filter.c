/* Filter: keeps the rows where a condition is true, and compacts the columns (batches are dense). */
#include "exec/exec.h"

typedef struct FilterLocal {
    ExprState *condition;
    Batch out;
    uint16_t rows[BATCH_ROWS_MAX];
} FilterLocal;

static Status filter_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    FilterLocal *local = local_;
    (void)shared;
    TRY(batch_init_like(&task->cx, op, &local->out));
    return expr_state_create(&task->cx, op->filter.condition, &local->condition);
}

static Status filter_push(Task *task, const PhysicalNode *op, void *shared, void *local_, const Batch *in, const Batch **out,
                          Flow *flow) {
    FilterLocal *local = local_;
    (void)op, (void)shared;
    uint32_t count;
    *flow = NEED_INPUT;
    TRY(expr_select(&task->cx, local->condition, in, local->rows, &count));
    if (count == 0) {
        return OK;
    }
    if (count == in->rows) {
        *out = in;
        return OK;
    }
    for (uint32_t i = 0; i < in->column_count; i++) {
        TRY(vector_gather(&task->cx, &in->columns[i], local->rows, count, &local->out.columns[i]));
    }
    local->out.rows = count;
    *out = &local->out;
    return OK;
}

static void filter_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    FilterLocal *local = local_;
    (void)op, (void)shared, (void)profile;
    expr_state_free(local->condition);
    batch_free(&local->out);
}

static const StageClass filter_stage = {
    .name = "Filter",
    .local_size = sizeof(FilterLocal),
    .open_local = filter_open_local,
    .push = filter_push,
    .close_local = filter_close_local,
};
const OperatorClass filter_operator = {.stage = &filter_stage};
