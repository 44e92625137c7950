/* Expressions as tables: see expr_table.h. */
#include "expr/expr_table.h"

#include "core/bits.h"
#include "core/hash.h"
#include "expr/eval_node.h"

#include <stdlib.h>

/* ---------------------------------------------------------------------------------------------------------------- building */

/* A stretch of combinations with the same result: as they are in the order of the inputs' values, stretches are few. */
typedef struct Stretch {
    uint32_t first, end;
    Value result;
} Stretch;

typedef struct TableBuild {
    const Context *cx;
    Arena *arena;
    ExprTable *table;
    const bool *can_be_null; /* by key */
    Stretch *stretches;      /* in the arena */
    uint32_t count, capacity;
} TableBuild;

static bool same_result(const Value *a, const Value *b) {
    return a->is_null || b->is_null ? a->is_null == b->is_null : value_compare(a, b) == 0;
}

/* No row has this combination: it may have any result. */
static bool is_impossible(const TableBuild *build, uint32_t number) {
    const DirectKeys *keys = &build->table->keys;
    for (uint32_t k = 0; k < keys->count; k++) {
        const DirectKey *key = &keys->keys[k];
        if (!build->can_be_null[k] && number / key->times % (key->values + 1) == key->values) {
            return true;
        }
    }
    return false;
}

static Status add_results(TableBuild *build, const Vector *from, Type type, uint32_t first, uint32_t rows) {
    for (uint32_t i = 0; i < rows; i++) {
        Value value = vector_value(from, i);
        Stretch *last = build->count == 0 ? NULL : &build->stretches[build->count - 1];
        value.type = type;
        if (last != NULL && (is_impossible(build, first + i) || same_result(&last->result, &value))) {
            last->end = first + i + 1;
            continue;
        }
        Stretch next = {.first = first + i, .end = first + i + 1};
        TRY(value_copy(build->cx, build->arena, &value, &next.result));
        TRY_APPEND(build->cx, build->arena, build->stretches, build->capacity, build->count, next);
    }
    return OK;
}

/* The inputs of combinations [first, first + inputs->rows). */
static Status fill_inputs(const Context *cx, const DirectKeys *keys, uint32_t first, Batch *inputs) {
    uint32_t numbers[BATCH_ROWS_MAX];
    for (uint32_t i = 0; i < inputs->rows; i++) {
        numbers[i] = first + i;
    }
    for (uint32_t k = 0; k < keys->count; k++) {
        TRY(direct_decode(cx, keys, k, numbers, inputs->rows, &inputs->columns[k]));
    }
    return OK;
}

static Status eval_combinations(TableBuild *build, const Expr *over, ExprState *state, Batch *inputs) {
    const DirectKeys *keys = &build->table->keys;
    for (uint32_t first = 0; first < keys->entries; first += inputs->rows) {
        const Vector *results;
        inputs->rows = keys->entries - first < BATCH_ROWS_MAX ? keys->entries - first : BATCH_ROWS_MAX;
        TRY(fill_inputs(build->cx, keys, first, inputs));
        TRY(expr_eval(build->cx, state, inputs, &results));
        TRY(add_results(build, results, over->type, first, inputs->rows));
    }
    return OK;
}

static Status eval_all(TableBuild *build, const Expr *over) {
    const DirectKeys *keys = &build->table->keys;
    const Context *cx = build->cx;
    ExprState *state;
    Batch inputs;
    Type *types;
    TRY_NEW_ARRAY(cx, build->arena, types, keys->count);
    for (uint32_t k = 0; k < keys->count; k++) {
        types[k] = keys->keys[k].type;
    }
    TRY(expr_state_create(cx, over, &state));
    Status status = batch_init(cx, &inputs, types, keys->count);
    if (status == OK) {
        status = eval_combinations(build, over, state, &inputs);
        batch_free(&inputs);
    }
    expr_state_free(state);
    return status;
}

static int compare_stretches(const void *a_, const void *b_) {
    const Stretch *a = a_, *b = b_;
    if (a->result.is_null || b->result.is_null) {
        return b->result.is_null - a->result.is_null; /* NULLs first */
    }
    return value_compare(&a->result, &b->result);
}

static void put_codes(ExprTable *table, const Stretch *stretch, uint32_t code) {
    for (uint32_t i = stretch->first; i < stretch->end; i++) {
        table->codes[i] = code;
    }
}

/* From stretches sorted by their results to entries of the dictionary, and codes. */
static Status store_results(TableBuild *build, Type type) {
    ExprTable *table = build->table;
    uint32_t size = 0, nulls = 0;
    uint64_t *hashes;
    void *values;
    while (nulls < build->count && build->stretches[nulls].result.is_null) {
        nulls++;
    }
    TRY_NEW_ARRAY(build->cx, build->arena, hashes, build->count - nulls + 1);
    values = arena_alloc(build->cx, build->arena, (build->count - nulls + 1) * (size_t)type_bytes(type));
    TRY_NEW_ARRAY(build->cx, build->arena, table->codes, table->keys.entries);
    if (values == NULL) {
        return OUT_OF_MEMORY;
    }
    if (nulls > 0) {
        TRY_NEW_ARRAY(build->cx, build->arena, table->validity, BITS_WORDS(table->keys.entries));
        bits_fill(table->validity, table->keys.entries);
    }
    for (uint32_t s = 0; s < nulls; s++) {
        for (uint32_t i = build->stretches[s].first; i < build->stretches[s].end; i++) {
            bit_clear(table->validity, i);
        }
    }
    for (uint32_t s = nulls; s < build->count; s++) {
        const Stretch *stretch = &build->stretches[s];
        if (s == nulls || value_compare(&stretch->result, &stretch[-1].result) != 0) {
            value_store(&stretch->result, values, size);
            hashes[size++] = hash_value(&stretch->result);
        }
        put_codes(table, stretch, size - 1);
    }
    table->results = (Dictionary){.type = type, .size = size, .values = values, .is_shared = true};
    atomic_store(&table->results.hashes, hashes);
    return OK;
}

Status expr_table_create(const Context *cx, Arena *arena, const DirectKeys *keys, const bool *can_be_null, const Expr *over,
                         ExprTable **table) {
    TableBuild build = {.cx = cx, .arena = arena, .can_be_null = can_be_null};
    *table = NULL;
    TRY_NEW(cx, arena, build.table);
    build.table->keys = *keys;
    Status status = eval_all(&build, over);
    if (status != OK && status_is_of_data(status)) {
        error_clear(cx->error);
        return OK;
    }
    TRY(status);
    qsort(build.stretches, build.count, sizeof *build.stretches, compare_stretches);
    TRY(store_results(&build, over->type));
    *table = build.table->results.size > 0 ? build.table : NULL;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- using */

static Status number_rows(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, uint32_t *numbers) {
    Batch inputs = {.rows = batch->rows, .column_count = node->expr->arg_count, .columns = node->flat};
    for (uint32_t i = 0; i < inputs.column_count; i++) {
        const Vector *input;
        TRY(eval_vector(cx, state, &node->args[i], batch, &input));
        vector_borrow(&inputs.columns[i], input);
    }
    if (node->scratch == NULL) {
        TRY_NEW(cx, &state->arena, node->scratch);
        TRY(direct_scratch_init(cx, node->scratch));
    }
    return direct_numbers(cx, &node->expr->table->keys, node->scratch, &inputs, numbers);
}

Status eval_table(const Context *cx, ExprState *state, EvalNode *node, const Batch *batch, const Vector **out) {
    const ExprTable *table = node->expr->table;
    uint32_t numbers[BATCH_ROWS_MAX];
    TRY(number_rows(cx, state, node, batch, numbers));
    TRY(vector_prepare_codes(cx, &node->out, node->expr->type, sizeof *table->codes));
    node->out.dictionary = &table->results;
    uint32_t *codes = node->out.data;
    for (uint32_t i = 0; i < batch->rows; i++) {
        codes[i] = table->codes[numbers[i]];
    }
    if (table->validity != NULL) {
        TRY(vector_prepare_validity(cx, &node->out, true));
        for (uint32_t i = 0; i < batch->rows; i++) {
            bit_put(node->out.validity, i, bit_get(table->validity, numbers[i]));
        }
    }
    *out = &node->out;
    return OK;
}
