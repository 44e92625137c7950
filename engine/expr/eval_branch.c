/* CASE and COALESCE. A branch that cannot fail is computed for all rows and then picked from; one that can is computed only
 * for the rows that want it: its inputs are gathered, evaluated, and scattered back. */
#include "expr/eval_node.h"

#include "core/bits.h"
#include "kernels/compare_kernels.h"

/* ----------------------------------------------------------------------------------------------------------- rows gathered */

typedef struct SlotSet {
    uint32_t *slots;
    uint32_t count, slot_max;
} SlotSet;

static bool note_slot(const Expr *node, void *set_) {
    SlotSet *set = set_;
    if (node->kind != EXPR_SLOT) {
        return true;
    }
    set->slot_max = node->slot > set->slot_max ? node->slot : set->slot_max;
    for (uint32_t i = 0; set->slots != NULL && i < set->count; i++) {
        if (set->slots[i] == node->slot) {
            return true;
        }
    }
    if (set->slots != NULL) {
        set->slots[set->count] = node->slot;
    }
    set->count++;
    return true;
}

Status narrow_prepare(const Context *cx, Arena *arena, const Expr *expr, Narrow *narrow) {
    SlotSet set = {0};
    expr_walk(expr, note_slot, &set); /* counts */
    if (set.count == 0) {
        return OK;
    }
    TRY_NEW_ARRAY(cx, arena, set.slots, set.count);
    set.count = 0;
    expr_walk(expr, note_slot, &set);
    TRY_NEW_ARRAY(cx, arena, narrow->batch.columns, set.slot_max + 1);
    narrow->batch.column_count = set.slot_max + 1;
    narrow->slots = set.slots;
    narrow->slot_count = set.count; /* last: narrow_free goes by it */
    return OK;
}

Status narrow_gather(const Context *cx, Narrow *narrow, const Batch *batch, const uint16_t *rows, uint32_t count) {
    narrow->batch.rows = count;
    for (uint32_t i = 0; i < narrow->slot_count; i++) {
        uint32_t slot = narrow->slots[i];
        TRY(vector_gather(cx, &batch->columns[slot], rows, count, &narrow->batch.columns[slot]));
    }
    return OK;
}

void narrow_free(Narrow *narrow) {
    for (uint32_t i = 0; i < narrow->slot_count && narrow->batch.columns != NULL;
         i++) { /* memory may have run out in between */
        vector_free(&narrow->batch.columns[narrow->slots[i]]);
    }
}

/* ---------------------------------------------------------------------------------------------------------------- scatter */

static void scatter_bytes(uint32_t bytes, const void *from, const uint16_t *from_rows, const uint16_t *rows, uint32_t count,
                          void *to) {
#define SCATTER(T)                                                                                                             \
    for (uint32_t i = 0; i < count; i++) {                                                                                     \
        ((T *)to)[rows[i]] = ((const T *)from)[from_rows != NULL ? from_rows[i] : i];                                          \
    }
    switch (bytes) {
    case 1: SCATTER(uint8_t) break;
    case 2: SCATTER(uint16_t) break;
    case 4: SCATTER(uint32_t) break;
    case 8: SCATTER(uint64_t) break;
    default: SCATTER(__int128) break;
    }
#undef SCATTER
}

/* out[rows[i]] = from[from_rows[i]], or from[i] without from_rows. */
static Status scatter(const Context *cx, const Vector *from, uint32_t from_count, const uint16_t *from_rows,
                      const uint16_t *rows, uint32_t count, Vector *flat, Vector *out) {
    TRY(vector_flatten(cx, from, from_count, flat));
    scatter_bytes(type_bytes(out->type), flat->data, from_rows, rows, count, out->data);
    for (uint32_t i = 0; flat->validity != NULL && i < count; i++) {
        if (!bit_get(flat->validity, from_rows != NULL ? from_rows[i] : i)) {
            if (out->validity == NULL) {
                TRY(vector_prepare_validity(cx, out, true));
            }
            bit_clear(out->validity, rows[i]);
        }
    }
    return OK;
}

/* Evaluates argument `index` for the given rows and puts the results there. */
static Status eval_branch(const Context *cx, ExprState *state, EvalNode *node, uint32_t index, const Batch *batch,
                          const uint16_t *rows, uint32_t count) {
    EvalNode *branch = &node->args[index];
    const Vector *result;
    if (count == 0) {
        return OK;
    }
    if (branch->can_fail && count < batch->rows) {
        TRY(narrow_gather(cx, &node->narrow[index], batch, rows, count));
        TRY(eval_vector(cx, state, branch, &node->narrow[index].batch, &result));
        return scatter(cx, result, count, NULL, rows, count, &node->flat[0], &node->out);
    }
    TRY(eval_vector(cx, state, branch, batch, &result));
    return scatter(cx, result, batch->rows, rows, rows, count, &node->flat[0], &node->out);
}

/* -------------------------------------------------------------------------------------------------------------------- CASE */

/* Truth of a WHEN on the rows that no earlier one took. */
static Status eval_when(const Context *cx, ExprState *state, EvalNode *node, uint32_t index, const Batch *batch,
                        const uint64_t *remaining, uint64_t *taken) {
    Truth truth;
    uint16_t rows[BATCH_ROWS_MAX + 16];
    uint32_t count = compare_kernels->rows(remaining, batch->rows, rows);
    uint32_t words = (uint32_t)BITS_WORDS(batch->rows);
    if (node->args[index].can_fail && count < batch->rows) {
        TRY(narrow_gather(cx, &node->narrow[index], batch, rows, count));
        TRY(eval_truth(cx, state, &node->args[index], &node->narrow[index].batch, &truth));
        memset(taken, 0, words * sizeof(uint64_t));
        for (uint32_t i = 0; i < count; i++) {
            taken[rows[i] / 64] |= (uint64_t)bit_get(truth.is_true, i) << (rows[i] % 64);
        }
        return OK;
    }
    TRY(eval_truth(cx, state, &node->args[index], batch, &truth));
    for (uint32_t i = 0; i < words; i++) {
        taken[i] = truth.is_true[i] & remaining[i];
    }
    return OK;
}

static bool any_bit(const uint64_t *mask, uint32_t rows) {
    uint64_t any = 0;
    for (uint32_t i = 0; i < BITS_WORDS(rows); i++) {
        any |= mask[i];
    }
    return any != 0;
}

Status eval_case(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, const Vector **out) {
    uint64_t remaining[VALIDITY_WORDS], taken[VALIDITY_WORDS];
    uint16_t rows[BATCH_ROWS_MAX + 16];
    uint32_t whens = node->expr->arg_count / 2;
    *out = &node->out;
    TRY(vector_prepare_flat(cx, &node->out, node->expr->type));
    bits_fill(remaining, batch->rows);
    for (uint32_t i = 0; i < whens && any_bit(remaining, batch->rows); i++) {
        TRY(eval_when(cx, state, node, 2 * i, batch, remaining, taken));
        TRY(eval_branch(cx, state, node, 2 * i + 1, batch, rows, compare_kernels->rows(taken, batch->rows, rows)));
        for (uint32_t word = 0; word < BITS_WORDS(batch->rows); word++) {
            remaining[word] &= ~taken[word];
        }
    }
    return eval_branch(cx, state, node, 2 * whens, batch, rows, compare_kernels->rows(remaining, batch->rows, rows));
}

/* ---------------------------------------------------------------------------------------------------------------- COALESCE */

Status eval_coalesce(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, const Vector **out) {
    uint64_t remaining[VALIDITY_WORDS];
    uint16_t rows[BATCH_ROWS_MAX + 16];
    TRY(eval_vector(cx, state, &node->args[0], batch, out));
    if ((*out)->validity == NULL || ((*out)->kind == VECTOR_CONSTANT && vector_is_valid(*out, 0))) {
        return OK;
    }
    const Vector *first = *out;
    TRY(vector_prepare_flat(cx, &node->out, node->expr->type));
    bits_fill(remaining, batch->rows);
    uint32_t count = compare_kernels->rows(remaining, batch->rows, rows);
    TRY(scatter(cx, first, batch->rows, rows, rows, count, &node->flat[0], &node->out));
    *out = &node->out;
    for (uint32_t i = 1; i < node->expr->arg_count && node->out.validity != NULL; i++) {
        bits_fill(remaining, batch->rows);
        for (uint32_t word = 0; word < BITS_WORDS(batch->rows); word++) {
            remaining[word] &= ~node->out.validity[word];
        }
        count = compare_kernels->rows(remaining, batch->rows, rows);
        for (uint32_t row = 0; row < count; row++) {
            bit_set(node->out.validity, rows[row]);
        }
        TRY(eval_branch(cx, state, node, i, batch, rows, count));
    }
    return OK;
}
