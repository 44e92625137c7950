/* Comparisons. With a constant on one side, integers and codes become one range test on raw bits: low <= x <= low + span as
 * unsigned distance, for every operator and width. A dictionary is searched once for the constant, and its position decides
 * for all rows. Everything else runs the loops of the storage class. */
#include "expr/eval_node.h"

#include "core/bits.h"
#include "kernels/compare_kernels.h"

#include <assert.h>
#include <stdlib.h>

/* ------------------------------------------------------------------------------------------------------------------- masks */

static void mask_not(uint64_t *mask, uint32_t rows) {
    uint64_t all[VALIDITY_WORDS];
    bits_fill(all, rows);
    for (uint32_t i = 0; i < BITS_WORDS(rows); i++) {
        mask[i] = all[i] & ~mask[i];
    }
}

/* NULL where either side is. */
static void apply_nulls(const uint64_t *a, const uint64_t *b, uint32_t rows, Truth *truth) {
    if (a == NULL && b == NULL) {
        memset(truth->is_null, 0, BITS_WORDS(rows) * sizeof(uint64_t));
        return;
    }
    bits_fill(truth->is_null, rows);
    for (uint32_t i = 0; i < BITS_WORDS(rows); i++) {
        uint64_t valid = (a != NULL ? a[i] : UINT64_MAX) & (b != NULL ? b[i] : UINT64_MAX);
        truth->is_null[i] &= ~valid;
        truth->is_true[i] &= valid;
    }
}

static bool order_satisfies(int order, CompareOp op) {
    switch (op) {
    case COMPARE_EQ: return order == 0;
    case COMPARE_NE: return order != 0;
    case COMPARE_LT: return order < 0;
    case COMPARE_LE: return order <= 0;
    case COMPARE_GT: return order > 0;
    case COMPARE_GE: return order >= 0;
    }
    return false;
}

/* ------------------------------------------------------------------------------------------------------------------ ranges */

/* [low, high] within [least, most], as distances from `origin`. */
static CodeRange range_within(__int128 low, __int128 high, __int128 least, __int128 most, int64_t origin, bool negate) {
    low = low > least ? low : least;
    high = high < most ? high : most;
    if (low > high) {
        return (CodeRange){.is_empty = true, .negate = negate};
    }
    return (CodeRange){.negate = negate, .low = (uint64_t)low - (uint64_t)origin, .span = (uint64_t)(high - low)};
}

/* x op constant, where x lies in [least, most]. */
static CodeRange range_of_integer(CompareOp op, int64_t constant, __int128 least, __int128 most, int64_t origin) {
    switch (op) {
    case COMPARE_EQ: return range_within(constant, constant, least, most, origin, false);
    case COMPARE_NE: return range_within(constant, constant, least, most, origin, true);
    case COMPARE_LT: return range_within(least, (__int128)constant - 1, least, most, origin, false);
    case COMPARE_LE: return range_within(least, constant, least, most, origin, false);
    case COMPARE_GT: return range_within((__int128)constant + 1, most, least, most, origin, false);
    case COMPARE_GE: return range_within(constant, most, least, most, origin, false);
    }
    return (CodeRange){.is_empty = true};
}

static CodeRange range_of_dictionary(const Dictionary *dictionary, CompareOp op, const Value *constant) {
    bool found;
    int64_t at = dictionary_lower_bound(dictionary, constant, &found);
    int64_t after = at + (found ? 1 : 0), last = (int64_t)dictionary->size - 1;
    switch (op) {
    case COMPARE_EQ: return range_within(at, after - 1, 0, last, 0, false);
    case COMPARE_NE: return range_within(at, after - 1, 0, last, 0, true);
    case COMPARE_LT: return range_within(0, at - 1, 0, last, 0, false);
    case COMPARE_LE: return range_within(0, after - 1, 0, last, 0, false);
    case COMPARE_GT: return range_within(after, last, 0, last, 0, false);
    case COMPARE_GE: return range_within(at, last, 0, last, 0, false);
    }
    return (CodeRange){.is_empty = true};
}

static uint32_t width_index(uint32_t bytes) {
    return (uint32_t)__builtin_ctz(bytes);
}

static void test_range(const Vector *vector, uint32_t bytes, const CodeRange *range, uint32_t rows, Truth *truth) {
    if (range->is_empty) {
        memset(truth->is_true, 0, BITS_WORDS(rows) * sizeof(uint64_t));
    } else {
        compare_kernels->range[width_index(bytes)](vector->data, range->low, range->span, rows, truth->is_true);
    }
    if (range->negate) {
        mask_not(truth->is_true, rows);
    }
}

/* --------------------------------------------------------------------------------------------------- vector and constant */

static void compare_codes(EvalNode *node, const Vector *vector, CompareOp op, const Value *constant, uint32_t rows,
                          Truth *truth) {
    CodeRange range;
    if (vector->dictionary == NULL) {
        __int128 most = vector->base + (((__int128)1 << (8 * vector->code_bytes)) - 1);
        range = range_of_integer(op, constant->i64, vector->base, most, vector->base);
    } else {
        /* a column, too, can be constant in a batch, and differ in the next: only a literal's range holds on */
        bool is_literal = node->args[0].expr->kind == EXPR_CONSTANT || node->args[1].expr->kind == EXPR_CONSTANT;
        if (node->range_dictionary != vector->dictionary || !is_literal) {
            node->range = range_of_dictionary(vector->dictionary, op, constant);
            node->range_dictionary = vector->dictionary;
        }
        range = node->range;
    }
    test_range(vector, vector->code_bytes, &range, rows, truth);
}

static void compare_integers(const Vector *vector, CompareOp op, int64_t constant, uint32_t rows, Truth *truth) {
    uint32_t bytes = type_bytes(vector->type);
    bool is_unsigned = bytes == 1;
    __int128 most = is_unsigned ? 255 : ((__int128)1 << (8 * bytes - 1)) - 1;
    __int128 least = is_unsigned ? 0 : -most - 1;
    CodeRange range = range_of_integer(op, constant, least, most, 0);
    test_range(vector, bytes, &range, rows, truth);
}

static void compare_values(const Vector *vector, CompareOp op, const void *constant, uint32_t rows, Truth *truth) {
    StorageClass class = type_class(vector->type);
    switch (op) {
    case COMPARE_EQ:
    case COMPARE_NE: compare_kernels->equal_constant[class](vector->data, constant, rows, truth->is_true); break;
    case COMPARE_LT:
    case COMPARE_GE: compare_kernels->less_constant[class](vector->data, constant, rows, truth->is_true); break;
    case COMPARE_GT:
    case COMPARE_LE: compare_kernels->greater_constant[class](vector->data, constant, rows, truth->is_true); break;
    }
    if (op == COMPARE_NE || op == COMPARE_GE || op == COMPARE_LE) {
        mask_not(truth->is_true, rows);
    }
}

static void compare_constant(EvalNode *node, const Vector *vector, CompareOp op, const Vector *constant, uint32_t rows,
                             Truth *truth) {
    Value value = vector_value(constant, 0);
    if (value.is_null) {
        truth_fill(truth, rows, false, true);
        return;
    }
    if (vector->kind == VECTOR_CODES) {
        compare_codes(node, vector, op, &value, rows, truth);
    } else if (class_is_integer(type_class(vector->type))) {
        compare_integers(vector, op, value.i64, rows, truth);
    } else {
        compare_values(vector, op, constant->data, rows, truth);
    }
    apply_nulls(vector->validity, NULL, rows, truth);
}

static void compare_two_constants(const Vector *a, CompareOp op, const Vector *b, uint32_t rows, Truth *truth) {
    Value x = vector_value(a, 0), y = vector_value(b, 0);
    bool is_null = x.is_null || y.is_null;
    truth_fill(truth, rows, !is_null && order_satisfies(value_compare(&x, &y), op), is_null);
}

/* ------------------------------------------------------------------------------------------------------------- two vectors */

/* Codes of one code space compare as unsigned integers of the same order. */
static bool same_code_space(const Vector *a, const Vector *b) {
    return a->kind == VECTOR_CODES && b->kind == VECTOR_CODES && a->code_bytes == b->code_bytes &&
           a->dictionary == b->dictionary && (a->dictionary != NULL || a->base == b->base);
}

static Status compare_vectors(const Context *cx, EvalNode *node, const Vector *a, CompareOp op, const Vector *b, uint32_t rows,
                              Truth *truth) {
    StorageClass class = type_class(a->type);
    const void *x = a->data, *y = b->data;
    if (same_code_space(a, b) && a->code_bytes == 1) {
        class = CLASS_BOOL; /* unsigned bytes */
    } else {
        TRY(vector_flatten(cx, a, rows, &node->flat[0]));
        TRY(vector_flatten(cx, b, rows, &node->flat[1]));
        x = node->flat[0].data;
        y = node->flat[1].data;
    }
    bool swap = op == COMPARE_GT || op == COMPARE_LE;
    if (op == COMPARE_EQ || op == COMPARE_NE) {
        compare_kernels->equal[class](x, y, rows, truth->is_true);
    } else {
        compare_kernels->less[class](swap ? y : x, swap ? x : y, rows, truth->is_true);
    }
    if (op == COMPARE_NE || op == COMPARE_GE || op == COMPARE_LE) {
        mask_not(truth->is_true, rows);
    }
    apply_nulls(a->validity, b->validity, rows, truth);
    return OK;
}

static Status compare_operands(const Context *cx, EvalNode *node, const Vector *a, CompareOp op, const Vector *b, uint32_t rows,
                               Truth *truth) {
    if (a->kind == VECTOR_CONSTANT && b->kind == VECTOR_CONSTANT) {
        compare_two_constants(a, op, b, rows, truth);
    } else if (b->kind == VECTOR_CONSTANT) {
        compare_constant(node, a, op, b, rows, truth);
    } else if (a->kind == VECTOR_CONSTANT) {
        compare_constant(node, b, compare_swapped(op), a, rows, truth);
    } else {
        return compare_vectors(cx, node, a, op, b, rows, truth);
    }
    return OK;
}

Status eval_compare(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, Truth *truth) {
    const Vector *a, *b;
    TRY(eval_vector(cx, state, &node->args[0], batch, &a));
    TRY(eval_vector(cx, state, &node->args[1], batch, &b));
    return compare_operands(cx, node, a, node->expr->compare, b, batch->rows, truth);
}

/* IS DISTINCT FROM: as <>, but NULL is a value: both NULL is false, one NULL is true. */
Status eval_distinct(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, Truth *truth) {
    const Vector *sides[2];
    uint64_t nulls[2][VALIDITY_WORDS];
    for (int side = 0; side < 2; side++) {
        TRY(eval_vector(cx, state, &node->args[side], batch, &sides[side]));
        const Vector *vector = sides[side];
        bits_fill(nulls[side], batch->rows);
        for (uint32_t i = 0; i < BITS_WORDS(batch->rows); i++) {
            uint64_t valid = vector->validity == NULL          ? UINT64_MAX
                             : vector->kind == VECTOR_CONSTANT ? (vector_is_valid(vector, 0) ? UINT64_MAX : 0)
                                                               : vector->validity[i];
            nulls[side][i] &= ~valid;
        }
    }
    TRY(compare_operands(cx, node, sides[0], COMPARE_NE, sides[1], batch->rows, truth));
    for (uint32_t i = 0; i < BITS_WORDS(batch->rows); i++) {
        truth->is_true[i] |= nulls[0][i] ^ nulls[1][i];
        truth->is_null[i] = 0;
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- IN lists */

static int compare_sortable(const void *a, const void *b) {
    return value_compare(a, b);
}

#define IN_SPAN_MAX 65535 /* 8 KB of bits */

/* The bitmap of a dense set of integers. */
static Status create_bits(const Context *cx, InSet *set, Type type) {
    if (!class_is_integer(type_class(type)) || set->count == 0) {
        return OK;
    }
    set->least = value_load(type, set->values, 0).i64;
    set->span = (uint64_t)value_load(type, set->values, set->count - 1).i64 - (uint64_t)set->least;
    if (set->span > IN_SPAN_MAX) {
        return OK;
    }
    TRY_ALLOC_ZEROED(cx, set->bits, BITS_WORDS(set->span + 1) * sizeof(uint64_t));
    for (uint32_t i = 0; i < set->count; i++) {
        bit_set(set->bits, (uint64_t)value_load(type, set->values, i).i64 - (uint64_t)set->least);
    }
    return OK;
}

Status in_set_create(const Context *cx, EvalNode *node) {
    InSet *set = node->set;
    Type type = node->args[0].expr->type;
    uint32_t count = node->expr->arg_count - 1, kept = 0;
    Value *values;
    TRY_ALLOC(cx, values, (count + 1) * sizeof *values);
    for (uint32_t i = 1; i <= count; i++) {
        const Expr *constant = node->args[i].expr;
        assert(constant->kind == EXPR_CONSTANT);
        set->has_null |= constant->value.is_null;
        if (!constant->value.is_null) {
            values[kept++] = constant->value;
        }
    }
    qsort(values, kept, sizeof *values, compare_sortable);
    set->values = mem_alloc(cx, (size_t)(kept + 1) * type_bytes(type));
    for (uint32_t i = 0; set->values != NULL && i < kept; i++) {
        if (i == 0 || value_compare(&values[i - 1], &values[i]) != 0) {
            value_store(&values[i], set->values, set->count++);
        }
    }
    mem_free(values);
    return set->values != NULL ? create_bits(cx, set, type) : OUT_OF_MEMORY;
}

static bool set_contains(const InSet *set, const Value *value) {
    uint32_t low = 0, high = set->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        Value at = value_load(value->type, set->values, middle);
        int order = value_compare(value, &at);
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return false;
}

#define IN_LOOPS_MAX 16 /* up to here one vectorized pass per constant is faster than a search per row */

static void in_by_passes(const InSet *set, const Vector *flat, uint32_t rows, Truth *truth) {
    StorageClass class = type_class(flat->type);
    uint64_t mask[VALIDITY_WORDS];
    memset(truth->is_true, 0, BITS_WORDS(rows) * sizeof(uint64_t));
    for (uint32_t i = 0; i < set->count; i++) {
        const void *constant = (const char *)set->values + (size_t)i * class_bytes(class);
        compare_kernels->equal_constant[class](flat->data, constant, rows, mask);
        for (uint32_t word = 0; word < BITS_WORDS(rows); word++) {
            truth->is_true[word] |= mask[word];
        }
    }
}

static void in_by_search(const InSet *set, const Vector *flat, uint32_t rows, Truth *truth) {
    memset(truth->is_true, 0, BITS_WORDS(rows) * sizeof(uint64_t));
    for (uint32_t row = 0; row < rows; row++) {
        Value value = value_load(flat->type, flat->data, row);
        truth->is_true[row / 64] |= (uint64_t)set_contains(set, &value) << (row % 64);
    }
}

/* Codes over a base: each constant is one code, or none. */
static void in_by_codes(const InSet *set, const Vector *codes, uint32_t rows, Truth *truth) {
    uint64_t mask[VALIDITY_WORDS];
    uint64_t most = ((uint64_t)1 << (8 * codes->code_bytes)) - 1;
    memset(truth->is_true, 0, BITS_WORDS(rows) * sizeof(uint64_t));
    for (uint32_t i = 0; i < set->count; i++) {
        uint64_t code = (uint64_t)value_load(codes->type, set->values, i).i64 - (uint64_t)codes->base;
        if (code > most) {
            continue;
        }
        compare_kernels->range[width_index(codes->code_bytes)](codes->data, code, 0, rows, mask);
        for (uint32_t word = 0; word < BITS_WORDS(rows); word++) {
            truth->is_true[word] |= mask[word];
        }
    }
}

/* Integers: one bit per value between the least and the greatest of the set. */
static void in_by_bits(const InSet *set, const Vector *flat, uint32_t rows, Truth *truth) {
    memset(truth->is_true, 0, BITS_WORDS(rows) * sizeof(uint64_t));
    for (uint32_t row = 0; row < rows; row++) {
        uint64_t distance = (uint64_t)value_load(flat->type, flat->data, row).i64 - (uint64_t)set->least;
        bool found = distance <= set->span && bit_get(set->bits, distance);
        truth->is_true[row / 64] |= (uint64_t)found << (row % 64);
    }
}

static Status in_values(const Context *cx, EvalNode *node, const Vector *operand, uint32_t rows, Truth *truth) {
    const InSet *set = node->set;
    bool few = set->count <= IN_LOOPS_MAX;
    if (few && operand->kind == VECTOR_CODES && operand->dictionary == NULL) {
        in_by_codes(set, operand, rows, truth);
        return OK;
    }
    TRY(vector_flatten(cx, operand, rows, &node->flat[0]));
    if (few) {
        in_by_passes(set, &node->flat[0], rows, truth);
    } else if (set->bits != NULL) {
        in_by_bits(set, &node->flat[0], rows, truth);
    } else {
        in_by_search(set, &node->flat[0], rows, truth);
    }
    return OK;
}

Status eval_in(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, Truth *truth) {
    const InSet *set = node->set;
    const Vector *operand;
    uint32_t rows = batch->rows;
    TRY(eval_vector(cx, state, &node->args[0], batch, &operand));
    if (operand->kind == VECTOR_CONSTANT) {
        Value value = vector_value(operand, 0);
        truth_fill(truth, rows, !value.is_null && set_contains(set, &value), value.is_null);
    } else {
        TRY(in_values(cx, node, operand, rows, truth));
        apply_nulls(operand->validity, NULL, rows, truth);
    }
    if (set->has_null) { /* not found among values one of which is unknown */
        uint64_t all[VALIDITY_WORDS];
        bits_fill(all, rows);
        for (uint32_t i = 0; i < BITS_WORDS(rows); i++) {
            truth->is_null[i] = all[i] & ~truth->is_true[i];
        }
    }
    return OK;
}
