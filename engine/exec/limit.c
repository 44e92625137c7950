/* Limit: one counter for all tasks says which rows of the input a batch holds; rows before the offset and past the limit are
 * cut off, and DONE stops the source. With a source of one task (a sort) the input's order is the order of rows.
 *
 * WITH TIES stands on such a source: once the last row is known, a condition says which rows are like it, and it is over with
 * the first that is not. */
#include "exec/exec.h"

typedef struct LimitShared {
    _Atomic(uint64_t) rows_seen;
} LimitShared;

typedef struct LimitLocal {
    Batch out;
    uint16_t rows[BATCH_ROWS_MAX];
    Arena arena;        /* of the condition */
    ExprState *is_tied; /* NULL: the last row has not come yet */
} LimitLocal;

static Status limit_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    LimitLocal *local = local_;
    (void)shared;
    arena_init(&local->arena);
    return batch_init_like(&task->cx, op, &local->out);
}

/* key IS NOT DISTINCT FROM its value in `row`, for all keys. */
static Status tie_to(const Context *cx, const PhysicalNode *op, LimitLocal *local, const Batch *in, uint32_t row) {
    Expr *all = NULL;
    for (uint32_t i = 0; i < op->limit.tie_slot_count; i++) {
        uint32_t slot = op->limit.tie_slots[i];
        Value value = vector_value(&in->columns[slot], row), kept;
        Expr *differs = expr_new(cx, &local->arena, EXPR_DISTINCT, type_make(TYPE_BOOLEAN), POS_NONE, 2), *equal;
        if (differs == NULL || value_copy(cx, &local->arena, &value, &kept) != OK) {
            return OUT_OF_MEMORY;
        }
        differs->args[0] = expr_slot(cx, &local->arena, slot, op->columns[slot].type, NULL);
        differs->args[1] = expr_constant(cx, &local->arena, &kept, POS_NONE);
        equal = expr_not(cx, &local->arena, differs);
        if (differs->args[0] == NULL || differs->args[1] == NULL || equal == NULL) {
            return OUT_OF_MEMORY;
        }
        all = expr_and(cx, &local->arena, all, equal);
    }
    return all == NULL ? OUT_OF_MEMORY : expr_state_create(cx, all, &local->is_tied);
}

/* Moves *end past the rows that are tied to the last one. */
static Status extend_by_ties(const Context *cx, LimitLocal *local, const Batch *in, uint64_t *end) {
    uint32_t count, i = 0;
    TRY(expr_select(cx, local->is_tied, in, local->rows, &count));
    while (i < count && local->rows[i] < *end) {
        i++;
    }
    while (i < count && local->rows[i] == *end) {
        i++;
        *end += 1;
    }
    return OK;
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
    if (at < end || local->is_tied != NULL) { /* the counter stops near the end: it cannot wrap around */
        at = atomic_fetch_add(&shared->rows_seen, in->rows);
    }
    uint64_t low = start > at ? start - at : 0, high = end > at ? end - at : 0;
    low = low < in->rows ? low : in->rows;
    high = high < in->rows ? high : in->rows;
    *flow = at >= end || end - at <= in->rows ? DONE : NEED_INPUT;
    if (*flow == DONE && op->limit.tie_slot_count > 0 && op->limit.limit > 0) {
        if (local->is_tied == NULL) {
            TRY(tie_to(&task->cx, op, local, in, (uint32_t)high - 1));
        }
        TRY(extend_by_ties(&task->cx, local, in, &high));
        *flow = high == in->rows ? NEED_INPUT : DONE;
    }
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
    expr_state_free(local->is_tied);
    arena_free(&local->arena);
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
