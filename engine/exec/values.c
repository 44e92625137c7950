/* Result: rows of constant expressions, for VALUES and for SELECT without FROM (one row of no columns). */
#include "core/settings.h"
#include "exec/exec.h"

typedef struct ValuesLocal {
    Batch out;
    Arena text;
    uint32_t next_row;
} ValuesLocal;

static Status values_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    ValuesLocal *local = local_;
    (void)shared;
    arena_init(&local->text);
    return batch_init_like(&task->cx, op, &local->out);
}

static Status fill_column(Task *task, const PhysicalNode *op, ValuesLocal *local, uint32_t column, uint32_t first,
                          uint32_t count) {
    Vector *vector = &local->out.columns[column];
    TRY(vector_prepare_flat(&task->cx, vector, op->columns[column].type));
    for (uint32_t i = 0; i < count; i++) {
        Value value;
        TRY(expr_eval_constant(&task->cx, &local->text, op->values.rows[first + i][column], &value));
        if (value.is_null) {
            if (vector->validity == NULL) {
                TRY(vector_prepare_validity(&task->cx, vector, true));
            }
            bit_clear(vector->validity, i);
            memset((char *)vector->data + (size_t)i * type_bytes(vector->type), 0, type_bytes(vector->type));
        } else {
            value_store(&value, vector->data, i);
        }
    }
    return OK;
}

static Status values_next(Task *task, const PhysicalNode *op, void *shared, void *local_, const Batch **out, Flow *flow) {
    ValuesLocal *local = local_;
    (void)shared;
    uint32_t left = op->values.row_count - local->next_row;
    uint32_t most = (uint32_t)task->cx.settings->batch_rows, count = left < most ? left : most;
    if (count == 0) {
        *flow = DONE;
        return OK;
    }
    arena_free(&local->text);
    for (uint32_t i = 0; i < op->column_count; i++) {
        TRY(fill_column(task, op, local, i, local->next_row, count));
    }
    local->next_row += count;
    local->out.rows = count;
    *out = &local->out;
    *flow = MORE_OUTPUT;
    return OK;
}

static void values_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    ValuesLocal *local = local_;
    (void)op, (void)shared, (void)profile;
    batch_free(&local->out);
    arena_free(&local->text);
}

static const SourceClass values_source = {
    .name = "Result",
    .local_size = sizeof(ValuesLocal),
    .open_local = values_open_local,
    .next = values_next,
    .close_local = values_close_local,
};
const OperatorClass values_operator = {.source = &values_source};
