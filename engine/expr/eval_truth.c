/* Three-valued logic on bitmaps. A row's truth is one of three: a bit in is_true, a bit in is_null, or neither (false). */
#include "expr/eval_node.h"

#include "core/bits.h"
#include "kernels/compare_kernels.h"

void truth_fill(Truth *truth, uint32_t rows, bool is_true, bool is_null) {
    memset(truth, 0, sizeof *truth);
    if (is_null) {
        bits_fill(truth->is_null, rows);
    } else if (is_true) {
        bits_fill(truth->is_true, rows);
    }
}

/* Clears is_true where NULL, and sets is_null from the validity. */
static void apply_validity(const uint64_t *validity, uint32_t rows, Truth *truth) {
    uint32_t words = (uint32_t)BITS_WORDS(rows);
    if (validity == NULL) {
        memset(truth->is_null, 0, words * sizeof(uint64_t));
        return;
    }
    bits_fill(truth->is_null, rows);
    for (uint32_t i = 0; i < words; i++) {
        truth->is_null[i] &= ~validity[i];
        truth->is_true[i] &= validity[i];
    }
}

Status truth_from_vector(const Context *cx, const Vector *vector, uint32_t rows, Truth *truth) {
    if (vector->kind == VECTOR_CONSTANT) {
        bool valid = vector_is_valid(vector, 0);
        truth_fill(truth, rows, valid && *(const uint8_t *)vector->data != 0, !valid);
        return OK;
    }
    Vector flat;
    vector_init(&flat, vector->type);
    Status status = vector_flatten(cx, vector, rows, &flat);
    if (status == OK) {
        compare_kernels->from_bytes(flat.data, rows, truth->is_true);
        apply_validity(flat.validity, rows, truth);
    }
    vector_free(&flat);
    return status;
}

Status vector_from_truth(const Context *cx, const Truth *truth, uint32_t rows, Vector *out) {
    TRY(vector_prepare_flat(cx, out, type_make(TYPE_BOOLEAN)));
    compare_kernels->to_bytes(truth->is_true, rows, out->data);
    uint64_t any = 0;
    for (uint32_t i = 0; i < BITS_WORDS(rows); i++) {
        any |= truth->is_null[i];
    }
    if (any != 0) {
        TRY(vector_prepare_validity(cx, out, true));
        for (uint32_t i = 0; i < BITS_WORDS(rows); i++) {
            out->validity[i] &= ~truth->is_null[i];
        }
    }
    return OK;
}

static void truth_not(Truth *truth, uint32_t rows) {
    uint64_t all[VALIDITY_WORDS];
    bits_fill(all, rows);
    for (uint32_t i = 0; i < BITS_WORDS(rows); i++) {
        truth->is_true[i] = all[i] & ~truth->is_true[i] & ~truth->is_null[i];
    }
}

static void truth_and(Truth *into, const Truth *other, uint32_t rows) {
    for (uint32_t i = 0; i < BITS_WORDS(rows); i++) {
        uint64_t is_true = into->is_true[i] & other->is_true[i];
        uint64_t not_false = (into->is_true[i] | into->is_null[i]) & (other->is_true[i] | other->is_null[i]);
        into->is_true[i] = is_true;
        into->is_null[i] = not_false & ~is_true;
    }
}

static void truth_or(Truth *into, const Truth *other, uint32_t rows) {
    for (uint32_t i = 0; i < BITS_WORDS(rows); i++) {
        into->is_true[i] |= other->is_true[i];
        into->is_null[i] = (into->is_null[i] | other->is_null[i]) & ~into->is_true[i];
    }
}

/* Rows that the next operand can still change: AND: not false yet; OR: not true yet. */
static uint32_t open_rows(const Truth *truth, uint32_t rows, bool is_and, uint16_t *open) {
    uint64_t mask[VALIDITY_WORDS];
    bits_fill(mask, rows);
    for (uint32_t i = 0; i < BITS_WORDS(rows); i++) {
        mask[i] &= is_and ? truth->is_true[i] | truth->is_null[i] : ~truth->is_true[i];
    }
    return compare_kernels->rows(mask, rows, open);
}

/* The operand on `count` rows only; the others get the value that changes nothing. */
static Status eval_on_open_rows(const Context *cx, ExprState *state, EvalNode *node, uint32_t index, const Batch *batch,
                                const uint16_t *open, uint32_t count, bool is_and, Truth *truth) {
    Truth narrow_truth;
    TRY(narrow_gather(cx, &node->narrow[index], batch, open, count));
    TRY(eval_truth(cx, state, &node->args[index], &node->narrow[index].batch, &narrow_truth));
    truth_fill(truth, batch->rows, is_and, false);
    for (uint32_t i = 0; i < count; i++) {
        bit_put(truth->is_true, open[i], bit_get(narrow_truth.is_true, i));
        bit_put(truth->is_null, open[i], bit_get(narrow_truth.is_null, i));
    }
    return OK;
}

#define NARROW_SHARE 8 /* below 1/8 of the rows, copying them together pays even where nothing can fail */

static Status eval_and_or(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, Truth *truth) {
    bool is_and = node->expr->kind == EXPR_AND;
    uint16_t open[BATCH_ROWS_MAX + 16];
    Truth operand;
    TRY(eval_truth(cx, state, &node->args[0], batch, truth));
    for (uint32_t i = 1; i < node->expr->arg_count; i++) {
        uint32_t count = open_rows(truth, batch->rows, is_and, open);
        if (count == 0) {
            return OK;
        }
        bool is_costly =
            node->args[i].can_fail || (node->args[i].expr->kind == EXPR_CALL && count < batch->rows / NARROW_SHARE);
        if (is_costly && count < batch->rows) {
            TRY(eval_on_open_rows(cx, state, node, i, batch, open, count, is_and, &operand));
        } else {
            TRY(eval_truth(cx, state, &node->args[i], batch, &operand));
        }
        if (is_and) {
            truth_and(truth, &operand, batch->rows);
        } else {
            truth_or(truth, &operand, batch->rows);
        }
    }
    return OK;
}

static Status eval_is_null(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, Truth *truth) {
    const Vector *operand;
    TRY(eval_vector(cx, state, &node->args[0], batch, &operand));
    if (operand->kind == VECTOR_CONSTANT) {
        truth_fill(truth, batch->rows, !vector_is_valid(operand, 0), false);
        return OK;
    }
    apply_validity(operand->validity, batch->rows, truth);
    memcpy(truth->is_true, truth->is_null, BITS_WORDS(batch->rows) * sizeof(uint64_t));
    memset(truth->is_null, 0, BITS_WORDS(batch->rows) * sizeof(uint64_t));
    return OK;
}

Status eval_truth(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, Truth *truth) {
    if (node->dictionary_slot != NO_SLOT) {
        bool ready;
        TRY(dictionary_results(cx, state, node, batch, &ready));
        if (ready) {
            return dictionary_truth(cx, node, batch, truth);
        }
    }
    switch (node->expr->kind) {
    case EXPR_AND:
    case EXPR_OR: return eval_and_or(cx, state, node, batch, truth);
    case EXPR_NOT:
        TRY(eval_truth(cx, state, &node->args[0], batch, truth));
        truth_not(truth, batch->rows);
        return OK;
    case EXPR_IS_NULL: return eval_is_null(cx, state, node, batch, truth);
    case EXPR_COMPARE: return eval_compare(cx, state, node, batch, truth);
    case EXPR_DISTINCT: return eval_distinct(cx, state, node, batch, truth);
    case EXPR_IN: return eval_in(cx, state, node, batch, truth);
    default: break;
    }
    const Vector *vector;
    TRY(eval_vector(cx, state, node, batch, &vector));
    return truth_from_vector(cx, vector, batch->rows, truth);
}
