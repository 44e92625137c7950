/* Expressions over batches. The tree is turned once into nodes with scratch vectors; a batch then walks the nodes, each of
 * which runs loops over all rows. Nothing here looks at single rows. */
#include "expr/eval_node.h"

#include "core/bits.h"
#include "expr/cast.h"
#include "expr/functions.h"
#include "kernels/compare_kernels.h"

/* ------------------------------------------------------------------------------------------------------------------ states */

static Status create_node(const Context *cx, Arena *arena, const Expr *expr, EvalNode *node);

static Status create_args(const Context *cx, Arena *arena, const Expr *expr, EvalNode *node) {
    TRY_NEW_ARRAY(cx, arena, node->args, expr->arg_count);
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        TRY(create_node(cx, arena, expr->args[i], &node->args[i]));
    }
    return OK;
}

static Status create_scratch(const Context *cx, Arena *arena, const Expr *expr, EvalNode *node) {
    uint32_t flat_count = expr->arg_count > 2 ? expr->arg_count : 2;
    TRY_NEW_ARRAY(cx, arena, node->flat, flat_count);
    for (uint32_t i = 0; i < flat_count; i++) {
        vector_init(&node->flat[i], i < expr->arg_count ? expr->args[i]->type : expr->type);
    }
    TRY_NEW_ARRAY(cx, arena, node->inputs, flat_count);
    return OK;
}

static bool has_branches(const Expr *expr) {
    return expr->kind == EXPR_AND || expr->kind == EXPR_OR || expr->kind == EXPR_CASE || expr->kind == EXPR_COALESCE;
}

/* AND and OR look at operands that cannot fail first: they may spare the others. */
static Status create_branches(const Context *cx, Arena *arena, const Expr *expr, EvalNode *node) {
    if (expr->kind == EXPR_AND || expr->kind == EXPR_OR) {
        EvalNode *ordered;
        uint32_t count = 0;
        TRY_NEW_ARRAY(cx, arena, ordered, expr->arg_count);
        for (int failing = 0; failing < 2; failing++) {
            for (uint32_t i = 0; i < expr->arg_count; i++) {
                if (node->args[i].can_fail == failing) {
                    ordered[count++] = node->args[i];
                }
            }
        }
        node->args = ordered;
    }
    TRY_NEW_ARRAY(cx, arena, node->narrow, expr->arg_count);
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        TRY(narrow_prepare(cx, arena, node->args[i].expr, &node->narrow[i]));
    }
    return OK;
}

static Status create_node(const Context *cx, Arena *arena, const Expr *expr, EvalNode *node) {
    node->expr = expr;
    node->can_fail = expr_can_fail(expr);
    node->dictionary_slot = dictionary_slot(expr);
    vector_init(&node->out, expr->type);
    switch (expr->kind) {
    case EXPR_CONSTANT: return vector_set_constant(cx, &node->out, &expr->value);
    case EXPR_SLOT: return OK;
    case EXPR_COLUMN:
    case EXPR_PARAMETER:
    case EXPR_AGGREGATE:
    case EXPR_WINDOW: return fail_at(cx, expr->pos, INTERNAL_ERROR, "an expression was not lowered to slots");
    default: break;
    }
    TRY(create_args(cx, arena, expr, node));
    TRY(create_scratch(cx, arena, expr, node));
    if (node->dictionary_slot != NO_SLOT) {
        TRY_NEW(cx, arena, node->results);
    }
    if (expr->kind == EXPR_IN) {
        TRY_NEW(cx, arena, node->set);
        return in_set_create(cx, node);
    }
    return has_branches(expr) ? create_branches(cx, arena, expr, node) : OK;
}

static void free_node(EvalNode *node) {
    if (node->expr == NULL) {
        return; /* creation stopped before it */
    }
    vector_free(&node->out);
    for (uint32_t i = 0; node->flat != NULL && i < (node->expr->arg_count > 2 ? node->expr->arg_count : 2); i++) {
        vector_free(&node->flat[i]);
    }
    for (uint32_t i = 0; node->args != NULL && i < node->expr->arg_count; i++) {
        free_node(&node->args[i]);
        if (node->narrow != NULL) {
            narrow_free(&node->narrow[i]);
        }
    }
    if (node->results != NULL) {
        dictionary_results_free(node->results);
    }
    if (node->scratch != NULL) {
        direct_scratch_free(node->scratch);
    }
    if (node->set != NULL) {
        mem_free(node->set->values);
        mem_free(node->set->bits);
    }
}

Status expr_state_create(const Context *cx, const Expr *expr, ExprState **state_out) {
    ExprState *state;
    *state_out = NULL;
    TRY_ALLOC_ZEROED(cx, state, sizeof *state);
    arena_init(&state->arena);
    arena_init(&state->text);
    Status status = create_node(cx, &state->arena, expr, &state->root);
    if (status != OK) {
        expr_state_free(state);
        return status;
    }
    *state_out = state;
    return OK;
}

void expr_state_free(ExprState *state) {
    if (state == NULL) {
        return;
    }
    free_node(&state->root);
    arena_free(&state->text);
    arena_free(&state->arena);
    mem_free(state);
}

/* ------------------------------------------------------------------------------------------------------------------- calls */

void vector_zero_nulls(Vector *vector, uint32_t rows) {
    uint32_t bytes = type_bytes(vector->type);
    for (uint32_t first = 0; first < rows; first += 64) {
        uint64_t nulls = ~vector->validity[first / 64];
        if (rows - first < 64) {
            nulls &= ((uint64_t)1 << (rows - first)) - 1;
        }
        for (; nulls != 0; nulls &= nulls - 1) {
            size_t row = first + (uint32_t)__builtin_ctzll(nulls);
            memset((char *)vector->data + row * bytes, 0, bytes);
        }
    }
}

static bool is_null_constant(const Vector *vector) {
    return vector->kind == VECTOR_CONSTANT && !vector_is_valid(vector, 0);
}

static Status set_null(const Context *cx, EvalNode *node) {
    Value null = value_null(node->expr->type);
    return vector_set_constant(cx, &node->out, &null);
}

/* Evaluates the arguments into node->inputs, codes flattened. */
static Status eval_arguments(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, bool *all_constant,
                             bool *any_null_constant) {
    *all_constant = true;
    *any_null_constant = false;
    for (uint32_t i = 0; i < node->expr->arg_count; i++) {
        TRY(eval_vector(cx, state, &node->args[i], batch, &node->inputs[i]));
        if (node->inputs[i]->kind == VECTOR_CODES) {
            TRY(vector_flatten(cx, node->inputs[i], batch->rows, &node->flat[i]));
            node->inputs[i] = &node->flat[i];
        }
        *all_constant &= node->inputs[i]->kind == VECTOR_CONSTANT;
        *any_null_constant |= is_null_constant(node->inputs[i]);
    }
    return OK;
}

/* out->validity = rows in which no argument is NULL. */
static Status combine_validity(const Context *cx, EvalNode *node, uint32_t rows) {
    bool any = false;
    for (uint32_t i = 0; i < node->expr->arg_count; i++) {
        const uint64_t *validity = node->inputs[i]->validity;
        if (validity == NULL || node->inputs[i]->kind == VECTOR_CONSTANT) {
            continue; /* a constant that is NULL was dealt with before */
        }
        if (!any) {
            TRY(vector_prepare_validity(cx, &node->out, true));
            any = true;
        }
        for (uint32_t word = 0; word < BITS_WORDS(rows); word++) {
            node->out.validity[word] &= validity[word];
        }
    }
    return OK;
}

static Status eval_call(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, const Vector **out) {
    const Function *function = node->expr->function;
    bool all_constant, any_null_constant;
    *out = &node->out;
    TRY(eval_arguments(cx, state, node, batch, &all_constant, &any_null_constant));
    if (function->is_strict && any_null_constant) {
        return set_null(cx, node);
    }
    bool once = all_constant && function->volatility != VOLATILE;
    uint32_t rows = once ? 1 : batch->rows;
    TRY(vector_prepare_flat(cx, &node->out, node->expr->type));
    if (function->is_strict) {
        TRY(combine_validity(cx, node, rows));
    }
    Status status = function->loop(cx, function, node->inputs, node->expr->arg_count, rows, &state->text, &node->out);
    if (status != OK) {
        error_set_pos_if_none(cx, node->expr->pos);
        return status;
    }
    if (node->out.validity != NULL) {
        vector_zero_nulls(&node->out, rows);
    }
    if (once) {
        node->out.kind = VECTOR_CONSTANT;
    }
    return OK;
}

static Status eval_cast(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, const Vector **out) {
    const Vector *in;
    TRY(eval_vector(cx, state, &node->args[0], batch, &in));
    Status status =
        cast_vector(cx, in, batch->rows, node->expr->type, node->expr->is_try, &state->text, &node->flat[0], &node->out);
    if (status != OK) {
        error_set_pos_if_none(cx, node->expr->pos);
    }
    *out = &node->out;
    return status;
}

static Status eval_logic(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, const Vector **out) {
    Truth truth;
    TRY(eval_truth(cx, state, node, batch, &truth));
    *out = &node->out;
    return vector_from_truth(cx, &truth, batch->rows, &node->out);
}

Status eval_vector(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, const Vector **out) {
    if (node->dictionary_slot != NO_SLOT) {
        bool ready;
        TRY(dictionary_results(cx, state, node, batch, &ready));
        if (ready) {
            return dictionary_gather(cx, node, batch, out);
        }
    }
    switch (node->expr->kind) {
    case EXPR_CONSTANT: *out = &node->out; return OK;
    case EXPR_SLOT: *out = &batch->columns[node->expr->slot]; return OK;
    case EXPR_CALL: return eval_call(cx, state, node, batch, out);
    case EXPR_CAST: return eval_cast(cx, state, node, batch, out);
    case EXPR_CASE: return eval_case(cx, state, node, batch, out);
    case EXPR_COALESCE: return eval_coalesce(cx, state, node, batch, out);
    case EXPR_TABLE: return eval_table(cx, state, node, batch, out);
    default: return eval_logic(cx, state, node, batch, out);
    }
}

/* ------------------------------------------------------------------------------------------------------------------ public */

Status expr_eval(const Context *cx, ExprState *state, const Batch *batch, const Vector **out) {
    arena_free(&state->text);
    return eval_vector(cx, state, &state->root, batch, out);
}

Status expr_select(const Context *cx, ExprState *state, const Batch *batch, uint16_t *rows, uint32_t *count) {
    Truth truth;
    arena_free(&state->text);
    TRY(eval_truth(cx, state, &state->root, batch, &truth));
    *count = compare_kernels->rows(truth.is_true, batch->rows, rows);
    return OK;
}

Status expr_eval_constant(const Context *cx, Arena *arena, const Expr *expr, Value *value) {
    if (expr->kind == EXPR_CONSTANT) {
        *value = expr->value;
        return OK;
    }
    ExprState *state;
    const Batch one_row = {.rows = 1};
    const Vector *out;
    TRY(expr_state_create(cx, expr, &state));
    Status status = expr_eval(cx, state, &one_row, &out);
    if (status == OK) {
        Value result = vector_value(out, 0);
        result.type = expr->type;
        status = value_copy(cx, arena, &result, value);
    }
    expr_state_free(state);
    return status;
}
