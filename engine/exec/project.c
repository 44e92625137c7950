/* Project: one expression per output column. A bare slot costs nothing: its vector is passed on as it is. */
#include "exec/exec.h"

typedef struct ProjectLocal {
    Batch out;
    ExprState **states; /* NULL for a bare slot */
} ProjectLocal;

static Status project_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    ProjectLocal *local = local_;
    (void)shared;
    TRY(batch_init_like(&task->cx, op, &local->out));
    TRY_ALLOC_ZEROED(&task->cx, local->states, sizeof *local->states * op->column_count);
    for (uint32_t i = 0; i < op->column_count; i++) {
        if (op->project.exprs[i]->kind != EXPR_SLOT) {
            TRY(expr_state_create(&task->cx, op->project.exprs[i], &local->states[i]));
        }
    }
    return OK;
}

static Status project_push(Task *task, const PhysicalNode *op, void *shared, void *local_, const Batch *in, const Batch **out,
                           Flow *flow) {
    ProjectLocal *local = local_;
    (void)shared;
    for (uint32_t i = 0; i < op->column_count; i++) {
        const Vector *value;
        if (local->states[i] == NULL) {
            value = &in->columns[op->project.exprs[i]->slot];
        } else {
            TRY(expr_eval(&task->cx, local->states[i], in, &value));
        }
        vector_borrow(&local->out.columns[i], value);
    }
    local->out.rows = in->rows;
    *out = &local->out;
    *flow = NEED_INPUT;
    return OK;
}

static void project_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    ProjectLocal *local = local_;
    (void)shared, (void)profile;
    for (uint32_t i = 0; local->states != NULL && i < op->column_count; i++) {
        expr_state_free(local->states[i]);
    }
    mem_free(local->states);
    batch_free(&local->out);
}

static const StageClass project_stage = {
    .name = "Project",
    .local_size = sizeof(ProjectLocal),
    .open_local = project_open_local,
    .push = project_push,
    .close_local = project_close_local,
};
const OperatorClass project_operator = {.stage = &project_stage};
