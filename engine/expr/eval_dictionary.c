/* A subtree that reads one column is computed once per dictionary entry instead of once per row: LIKE, IN,
 * upper(substring(…)) and whole CASEs over a dictionary column become one look-up by code. If it fails for an entry, which no
 * row may have, it is computed by rows after all. */
#include "expr/eval_node.h"

#include "core/bits.h"
#include "expr/functions.h"
#include "kernels/compare_kernels.h"

#define ENTRIES_MAX 65536

static bool find_only_slot(const Expr *node, void *slot_) {
    uint32_t *slot = slot_;
    if (node->kind == EXPR_CALL && node->function->volatility == VOLATILE) {
        return false;
    }
    if (node->kind == EXPR_SLOT) {
        if (*slot != NO_SLOT && *slot != node->slot) {
            return false;
        }
        *slot = node->slot;
    }
    return true;
}

/* column op constant has a faster way: a range of codes. */
static bool is_simple_compare(const Expr *expr) {
    return expr->kind == EXPR_COMPARE && ((expr->args[0]->kind == EXPR_SLOT && expr->args[1]->kind == EXPR_CONSTANT) ||
                                          (expr->args[1]->kind == EXPR_SLOT && expr->args[0]->kind == EXPR_CONSTANT));
}

uint32_t dictionary_slot(const Expr *expr) {
    bool is_kind = expr->kind == EXPR_CALL || expr->kind == EXPR_CAST || expr->kind == EXPR_COMPARE || expr->kind == EXPR_IN ||
                   expr->kind == EXPR_CASE || expr->kind == EXPR_COALESCE || expr->kind == EXPR_DISTINCT;
    uint32_t slot = NO_SLOT;
    if (!is_kind || is_simple_compare(expr) || !expr_walk(expr, find_only_slot, &slot)) {
        return NO_SLOT;
    }
    return slot;
}

void dictionary_results_free(DictionaryResults *results) {
    mem_free(results->values);
    mem_free(results->validity);
    arena_free(&results->text);
    *results = (DictionaryResults){0};
}

/* ---------------------------------------------------------------------------------------------------------------- building */

/* The subtree over `column` as its only column. The node's own way by dictionary is off meanwhile. */
static Status eval_over(const Context *cx, ExprState *state, EvalNode *node, const Vector *column, uint32_t rows,
                        const Vector **out) {
    uint32_t slot = node->dictionary_slot;
    Batch batch = {.rows = rows, .column_count = slot + 1};
    TRY_ALLOC_ZEROED(cx, batch.columns, (slot + 1) * sizeof *batch.columns);
    vector_borrow(&batch.columns[slot], column);
    node->dictionary_slot = NO_SLOT;
    Status status = eval_vector(cx, state, node, &batch, out);
    node->dictionary_slot = slot;
    if (status == OK && *out == &batch.columns[slot]) { /* the column itself: it must outlive the batch */
        *out = column;
    }
    mem_free(batch.columns);
    return status;
}

static Status store_null_result(const Context *cx, ExprState *state, EvalNode *node, Type input) {
    Vector null;
    Value value = value_null(input);
    vector_init(&null, input);
    const Vector *result;
    Status status = vector_set_constant(cx, &null, &value);
    if (status == OK) {
        status = eval_over(cx, state, node, &null, 1, &result);
    }
    if (status == OK) {
        value = vector_value(result, 0);
        value.type = node->expr->type;
        status = value_copy(cx, &node->results->text, &value, &node->results->of_null);
    }
    vector_free(&null);
    return status;
}

/* Results of entries [first, first + rows). */
static Status store_results(const Context *cx, DictionaryResults *results, const Vector *from, uint32_t first, uint32_t rows) {
    Vector copy;
    vector_init(&copy, from->type);
    Status status = vector_copy_deep(cx, &results->text, from, rows, &copy);
    if (status == OK) {
        uint32_t bytes = type_bytes(from->type);
        memcpy((char *)results->values + (size_t)first * bytes, copy.data, (size_t)rows * bytes);
        for (uint32_t i = 0; copy.validity != NULL && i < rows; i++) {
            bit_put(results->validity, first + i, bit_get(copy.validity, i));
        }
    }
    vector_free(&copy);
    return status;
}

static Status build_results(const Context *cx, ExprState *state, EvalNode *node, const Dictionary *dictionary, Type input) {
    DictionaryResults *results = node->results;
    uint64_t rows_seen = results->rows_seen;
    dictionary_results_free(results);
    results->candidate = dictionary;
    results->rows_seen = rows_seen;
    TRY_ALLOC(cx, results->values, (size_t)dictionary->size * type_bytes(node->expr->type));
    TRY_ALLOC(cx, results->validity, BITS_WORDS(dictionary->size) * sizeof(uint64_t));
    bits_fill(results->validity, dictionary->size);
    for (uint32_t first = 0; first < dictionary->size; first += BATCH_ROWS_MAX) {
        uint32_t rows = dictionary->size - first < BATCH_ROWS_MAX ? dictionary->size - first : BATCH_ROWS_MAX;
        Vector entries = {.type = input,
                          .kind = VECTOR_FLAT,
                          .data = (char *)(uintptr_t)dictionary->values + (size_t)first * type_bytes(input)};
        const Vector *result;
        TRY(eval_over(cx, state, node, &entries, rows, &result));
        TRY(store_results(cx, results, result, first, rows));
    }
    TRY(store_null_result(cx, state, node, input));
    if (bits_all_set(results->validity, dictionary->size)) {
        mem_free(results->validity);
        results->validity = NULL;
    }
    results->dictionary = dictionary;
    return OK;
}

/* build_results, unless the subtree fails for an entry. */
static Status try_results(const Context *cx, ExprState *state, EvalNode *node, const Dictionary *dictionary, Type input) {
    Status status = build_results(cx, state, node, dictionary, input);
    if (status != OK && status_is_of_data(status)) {
        error_clear(cx->error);
        dictionary_results_free(node->results);
        node->results->failing = dictionary;
        return OK;
    }
    return status;
}

/* Computing all entries pays once as many rows have been seen: never more than twice the work of either way. */
Status dictionary_results(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, bool *ready) {
    const Vector *column = &batch->columns[node->dictionary_slot];
    DictionaryResults *results = node->results;
    *ready = false;
    if (column->kind != VECTOR_CODES || column->dictionary == NULL || column->dictionary->size > ENTRIES_MAX) {
        return OK;
    }
    const Dictionary *dictionary = column->dictionary;
    *ready = results->dictionary == dictionary;
    if (*ready || results->failing == dictionary) {
        return OK;
    }
    results->rows_seen = results->candidate == dictionary ? results->rows_seen + batch->rows : batch->rows;
    results->candidate = dictionary;
    if (results->rows_seen < dictionary->size) {
        return OK;
    }
    TRY(try_results(cx, state, node, dictionary, column->type));
    *ready = results->dictionary == dictionary;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- using */

/* Rows where the input is NULL get of_null; without a branch, as NULLs may stand anywhere. */
static void put_of_null(const DictionaryResults *results, const uint64_t *validity, uint32_t rows, Vector *out) {
    _Alignas(16) uint8_t of_null[16];
    value_store(&results->of_null, of_null, 0);
#define PUT(T)                                                                                                                 \
    T null;                                                                                                                    \
    memcpy(&null, of_null, sizeof null);                                                                                       \
    for (uint32_t i = 0; i < rows; i++) {                                                                                      \
        ((T *)out->data)[i] = bit_get(validity, i) ? ((T *)out->data)[i] : null;                                               \
    }
    switch (type_bytes(out->type)) {
    case 1: {
        PUT(uint8_t)
    } break;
    case 2: {
        PUT(uint16_t)
    } break;
    case 4: {
        PUT(uint32_t)
    } break;
    case 8: {
        PUT(uint64_t)
    } break;
    default: {
        PUT(__int128)
    } break;
    }
#undef PUT
}

/* Validity of the results: of the entries by code, and of_null where the input is NULL. */
static Status result_validity(const Context *cx, const DictionaryResults *results, const Vector *column, const uint32_t *codes,
                              uint32_t rows, Vector *out) {
    if (results->validity != NULL || (column->validity != NULL && results->of_null.is_null)) {
        TRY(vector_prepare_validity(cx, out, true));
    }
    for (uint32_t row = 0; results->validity != NULL && row < rows; row++) {
        bit_put(out->validity, row, bit_get(results->validity, codes[row]));
    }
    if (column->validity == NULL) {
        return OK;
    }
    if (results->of_null.is_null) {
        for (uint32_t w = 0; w < (rows + 63) / 64; w++) {
            out->validity[w] &= column->validity[w];
        }
        return OK;
    }
    put_of_null(results, column->validity, rows, out);
    for (uint32_t w = 0; out->validity != NULL && w < (rows + 63) / 64; w++) {
        out->validity[w] |= ~column->validity[w];
    }
    return OK;
}

static void widen_codes(const Vector *column, uint32_t rows, uint32_t *codes) {
    switch (column->code_bytes) {
    case 1:
        for (uint32_t i = 0; i < rows; i++) {
            codes[i] = ((const uint8_t *)column->data)[i];
        }
        break;
    case 2:
        for (uint32_t i = 0; i < rows; i++) {
            codes[i] = ((const uint16_t *)column->data)[i];
        }
        break;
    default: memcpy(codes, column->data, rows * sizeof *codes); break;
    }
}

static void look_up(const void *values, uint32_t bytes, const uint32_t *codes, uint32_t rows, void *out) {
#define LOOK_UP(T)                                                                                                             \
    for (uint32_t i = 0; i < rows; i++) {                                                                                      \
        ((T *)out)[i] = ((const T *)values)[codes[i]];                                                                         \
    }
    switch (bytes) {
    case 1: LOOK_UP(uint8_t) break;
    case 2: LOOK_UP(uint16_t) break;
    case 4: LOOK_UP(uint32_t) break;
    case 8: LOOK_UP(uint64_t) break;
    default: LOOK_UP(__int128) break;
    }
#undef LOOK_UP
}

Status dictionary_gather(const Context *cx, EvalNode *node, const Batch *batch, const Vector **out) {
    const Vector *column = &batch->columns[node->dictionary_slot];
    uint32_t codes[BATCH_ROWS_MAX];
    widen_codes(column, batch->rows, codes);
    TRY(vector_prepare_flat(cx, &node->out, node->expr->type));
    look_up(node->results->values, type_bytes(node->expr->type), codes, batch->rows, node->out.data);
    TRY(result_validity(cx, node->results, column, codes, batch->rows, &node->out));
    if (node->out.validity != NULL) {
        vector_zero_nulls(&node->out, batch->rows);
    }
    *out = &node->out;
    return OK;
}

Status dictionary_truth(const Context *cx, EvalNode *node, const Batch *batch, Truth *truth) {
    const Vector *column = &batch->columns[node->dictionary_slot];
    if (node->results->validity != NULL || (column->validity != NULL && !node->results->of_null.is_null)) {
        const Vector *vector;
        TRY(dictionary_gather(cx, node, batch, &vector));
        return truth_from_vector(cx, vector, batch->rows, truth);
    }
    uint32_t width = column->code_bytes == 1 ? 0 : column->code_bytes == 2 ? 1 : 2;
    compare_kernels->table[width](column->data, node->results->values, batch->rows, truth->is_true);
    memset(truth->is_null, 0, BITS_WORDS(batch->rows) * sizeof(uint64_t));
    for (uint32_t i = 0; column->validity != NULL && i < BITS_WORDS(batch->rows); i++) {
        uint64_t rows_here = batch->rows - 64 * i;
        uint64_t mask = rows_here >= 64 ? UINT64_MAX : ((uint64_t)1 << rows_here) - 1;
        truth->is_null[i] = mask & ~column->validity[i];
        truth->is_true[i] &= column->validity[i];
    }
    return OK;
}
