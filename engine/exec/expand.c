/* Grouping Sets: every row once per set, with NULL in place of the keys that the set does not have. Nothing is copied: a batch
 * is handed on as many times as there are sets, its keys borrowed or constant. */
#include "exec/exec.h"

typedef struct ExpandLocal {
    Batch out;
    uint32_t set;
} ExpandLocal;

static Status expand_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    ExpandLocal *local = local_;
    (void)shared;
    return batch_init_like(&task->cx, op, &local->out);
}

static Status fill_keys(const Context *cx, const PhysicalNode *op, ExpandLocal *local, const Batch *in) {
    const ExpandSpec *spec = &op->expand;
    const bool *has_key = spec->has_key + (size_t)local->set * spec->key_count;
    Vector *keys = local->out.columns + in->column_count;
    for (uint32_t k = 0; k < spec->key_count; k++) {
        if (has_key[k]) {
            vector_borrow(&keys[k], &in->columns[spec->keys[k]]);
        } else {
            Value null = value_null(op->columns[in->column_count + k].type);
            TRY(vector_set_constant(cx, &keys[k], &null));
        }
    }
    Value number = value_i64(type_make(TYPE_INTEGER), local->set);
    return vector_set_constant(cx, &keys[spec->key_count], &number);
}

static Status expand_push(Task *task, const PhysicalNode *op, void *shared, void *local_, const Batch *in, const Batch **out,
                          Flow *flow) {
    ExpandLocal *local = local_;
    (void)shared;
    for (uint32_t i = 0; i < in->column_count; i++) {
        vector_borrow(&local->out.columns[i], &in->columns[i]);
    }
    TRY(fill_keys(&task->cx, op, local, in));
    local->out.rows = in->rows;
    local->set = (local->set + 1) % op->expand.set_count;
    *out = &local->out;
    *flow = local->set == 0 ? NEED_INPUT : MORE_OUTPUT;
    return OK;
}

static void expand_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    ExpandLocal *local = local_;
    (void)op, (void)shared, (void)profile;
    batch_free(&local->out);
}

static const StageClass expand_stage = {
    .name = "Grouping Sets",
    .local_size = sizeof(ExpandLocal),
    .open_local = expand_open_local,
    .push = expand_push,
    .close_local = expand_close_local,
};
const OperatorClass expand_operator = {.stage = &expand_stage};
