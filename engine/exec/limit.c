/* Limit: one counter for all tasks says which rows of the input a batch holds; rows before the offset and past the limit are
 * cut off, and DONE stops the source. With a source of one task (a sort) the input's order is the order of rows. */
#include "exec/exec.h"

typedef struct LimitShared {
    _Atomic(uint64_t) rows_seen;
} LimitShared;

typedef struct LimitLocal {
    Batch out;
    uint16_t rows[BATCH_ROWS_MAX];
} LimitLocal;

static Status limit_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    LimitLocal *local = local_;
    (void)shared;
    return batch_init_like(&task->cx, op, &local->out);
}

static Status cut_rows(Task *task, LimitLocal *local, const Batch *in, uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        local->rows[i] = (uint16_t)(first + i);
    }
    for (uint32_t i = 0; i < in->column_count; i++) {
        TRY(vector_gather(&task->cx, &in->columns[i], local->rows, count, &local->out.columns[i]));
    }
    local->out.rows = count;
    return OK;
}

static Status limit_push(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, const Batch **out,
                         Flow *flow) {
    LimitShared *shared = shared_;
    LimitLocal *local = local_;
    const LimitSpec *spec = &op->limit;
    uint64_t start = spec->offset > 0 ? (uint64_t)spec->offset : 0;
    uint64_t end = spec->limit < 0 || start > UINT64_MAX - (uint64_t)spec->limit ? UINT64_MAX : start + (uint64_t)spec->limit;
    uint64_t at = atomic_load(&shared->rows_seen);
    if (at < end) { /* the counter stops near the end: it cannot wrap around */
        at = atomic_fetch_add(&shared->rows_seen, in->rows);
    }
    uint64_t low = start > at ? start - at : 0, high = end > at ? end - at : 0;
    low = low < in->rows ? low : in->rows;
    high = high < in->rows ? high : in->rows;
    *flow = at >= end || end - at <= in->rows ? DONE : NEED_INPUT;
    if (low == 0 && high == in->rows) {
        *out = in;
    } else if (low < high) {
        TRY(cut_rows(task, local, in, (uint32_t)low, (uint32_t)(high - low)));
        *out = &local->out;
    }
    return OK;
}

static void limit_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    LimitLocal *local = local_;
    (void)op, (void)shared, (void)profile;
    batch_free(&local->out);
}

static const StageClass limit_stage = {
    .name = "Limit",
    .shared_size = sizeof(LimitShared),
    .local_size = sizeof(LimitLocal),
    .open_local = limit_open_local,
    .push = limit_push,
    .close_local = limit_close_local,
};
const OperatorClass limit_operator = {.stage = &limit_stage};
