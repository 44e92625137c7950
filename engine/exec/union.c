/* Append: the pipelines of all children pass through here into one sink (exec/pipeline.c); nothing is left to do but count. */
#include "exec/exec.h"

static Status union_push(Task *task, const PhysicalNode *op, void *shared, void *local, const Batch *in, const Batch **out,
                         Flow *flow) {
    (void)task, (void)op, (void)shared, (void)local;
    *out = in;
    *flow = NEED_INPUT;
    return OK;
}

static const StageClass union_stage = {.name = "Append", .push = union_push};
const OperatorClass union_operator = {.stage = &union_stage};
