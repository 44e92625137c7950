/* How an aggregate is split between nodes: each aggregates its rows, and what comes of it is aggregated again. Sums and
 * extremes do so by their values; others send the bytes of their states. */
#include "expr/agg_loop.h"
#include "expr/bind_internal.h"

static Status split_pair(const Context *cx, Arena *arena, const Aggregate *partial, AggregateId merge_id,
                         AggregateSplit *split) {
    Aggregate *merged;
    TRY(aggregate_define(cx, arena, merge_id, &partial->result, 1, &merged));
    split->partial[split->count] = partial;
    split->final[split->count] = merged;
    split->count++;
    return OK;
}

/* A sum of BIGINT partial sums would be DECIMAL: the last step casts it back. */
static Status cast_final(const Context *cx, Arena *arena, uint32_t slot, Type from, Type to, Expr **out) {
    Expr *value = expr_slot(cx, arena, slot, from, NULL);
    *out = expr_cast(cx, arena, value, to);
    return *out != NULL ? OK : OUT_OF_MEMORY;
}

static Status split_sum(const Context *cx, Arena *arena, const Aggregate *aggregate, AggregateSplit *split, Expr **finish) {
    TRY(split_pair(cx, arena, aggregate, AGGREGATE_SUM, split));
    Type merged = split->final[0]->result;
    return type_equal(merged, aggregate->result) ? OK : cast_final(cx, arena, 0, merged, aggregate->result, finish);
}

static Status split_count(const Context *cx, Arena *arena, const Aggregate *aggregate, AggregateSplit *split, Expr **finish) {
    TRY(split_pair(cx, arena, aggregate, AGGREGATE_SUM, split));
    Expr *args[2];
    Value zero = value_i64(type_make(TYPE_BIGINT), 0);
    TRY(cast_final(cx, arena, split->count - 1, split->final[split->count - 1]->result, aggregate->result, &args[0]));
    args[1] = expr_constant(cx, arena, &zero, POS_NONE);
    return args[1] == NULL ? OUT_OF_MEMORY : function_bind(cx, arena, "coalesce", args, 2, POS_NONE, finish);
}

/* avg = sum / count, NULL where there is nothing; decimals with AVG's scale. */
static Status split_average(const Context *cx, Arena *arena, const Aggregate *aggregate, AggregateSplit *split, Expr **finish) {
    Aggregate *sum, *count;
    Expr *count_value, *zero_is_null, *args[2], *quotient;
    Value zero = value_i64(type_make(TYPE_BIGINT), 0);
    TRY(aggregate_define(cx, arena, AGGREGATE_SUM, aggregate->types, 1, &sum));
    TRY(aggregate_define(cx, arena, AGGREGATE_COUNT, aggregate->types, 1, &count));
    TRY(split_pair(cx, arena, sum, AGGREGATE_SUM, split));
    TRY(split_pair(cx, arena, count, AGGREGATE_SUM, split));
    TRY(cast_final(cx, arena, 1, split->final[1]->result, type_make(TYPE_BIGINT), &count_value));
    args[0] = count_value;
    args[1] = expr_constant(cx, arena, &zero, POS_NONE);
    if (args[1] == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY(function_bind(cx, arena, "nullif", args, 2, POS_NONE, &zero_is_null));
    Expr *total = expr_slot(cx, arena, 0, split->final[0]->result, NULL);
    if (total == NULL) {
        return OUT_OF_MEMORY;
    }
    if (aggregate->result.id == TYPE_DOUBLE) {
        TRY(cast_unchecked(cx, arena, total, type_make(TYPE_DOUBLE), &total));
        TRY(cast_unchecked(cx, arena, zero_is_null, type_make(TYPE_DOUBLE), &zero_is_null));
    } else if (aggregate->result.id == TYPE_INTERVAL) {
        TRY(cast_unchecked(cx, arena, zero_is_null, type_make(TYPE_DOUBLE), &zero_is_null));
    }
    TRY(operator_bind(cx, arena, "/", total, zero_is_null, POS_NONE, &quotient));
    if (aggregate->result.id == TYPE_DECIMAL && quotient->kind == EXPR_CALL) {
        quotient->type = aggregate->result; /* the division rounds to its result's scale */
        *finish = quotient;
        return OK;
    }
    return cast_unchecked(cx, arena, quotient, aggregate->result, finish);
}

/* ---------------------------------------------------------------------------------------------------------- states as bytes */

static Status save_state(const Context *cx, const Aggregate *aggregate, const uint8_t *state, Text *saved, Arena *arena) {
    if (aggregate->save != NULL) {
        return aggregate->save(cx, aggregate, state, saved, arena);
    }
    *saved = text_view((const char *)state, aggregate->state_bytes);
    return OK;
}

/* The finish of a partial aggregate. */
static Status save_states(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                          Vector *out, Arena *arena) {
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    for (uint32_t i = 0; i < count; i++) {
        TRY(save_state(cx, aggregate, states + i * stride, (Text *)out->data + i, arena));
    }
    return OK;
}

/* The bytes of plain states, side by side and aligned, merge at once. */
static Status merge_saved(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                          const Text *saved, uint32_t rows, Arena *arena) {
    static const uint32_t zeros[BATCH_ROWS_MAX];
    uint8_t *others;
    TRY_ALLOC(cx, others, (size_t)rows * stride);
    for (uint32_t i = 0; i < rows; i++) {
        memcpy(others + i * stride, text_data(&saved[i]), aggregate->state_bytes);
    }
    Status status =
        aggregate->merge(cx, aggregate, states, stride, groups != NULL ? groups : zeros, others, stride, rows, arena);
    mem_free(others);
    return status;
}

/* The update of a final aggregate: its argument is the saved states of the partial ones. */
static Status load_states(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                          const Vector *const *arguments, uint32_t rows, Arena *arena) {
    AggFlat flat;
    TRY(agg_flatten(cx, arguments[0], rows, &flat));
    const Text *saved = flat.data;
    Status status = OK;
    if (aggregate->load == NULL) {
        status = merge_saved(cx, aggregate, states, stride, groups, saved, rows, arena);
    }
    for (uint32_t i = 0; i < rows && aggregate->load != NULL && status == OK; i++) {
        status = aggregate->load(cx, aggregate, agg_state(states, stride, groups, i), &saved[i], arena);
    }
    agg_flat_free(&flat);
    return status;
}

static Status split_state(const Context *cx, Arena *arena, const Aggregate *aggregate, AggregateSplit *split) {
    Aggregate *partial, *final;
    Type *saved;
    TRY_NEW(cx, arena, partial);
    TRY_NEW(cx, arena, final);
    TRY_NEW(cx, arena, saved);
    *saved = type_varchar(0);
    *partial = *final = *aggregate;
    partial->result = *saved;
    partial->finish = save_states;
    final->value_count = final->argument_count = 1;
    final->argument = *saved;
    final->types = saved;
    final->update = load_states;
    *split = (AggregateSplit){.count = 1, .partial = {partial}, .final = {final}};
    return OK;
}

Status aggregate_split(const Context *cx, Arena *arena, const Aggregate *aggregate, AggregateSplit *split, Expr **finish) {
    *split = (AggregateSplit){0};
    *finish = NULL;
    switch (aggregate->id) {
    case AGGREGATE_MIN:
    case AGGREGATE_MAX: return split_pair(cx, arena, aggregate, aggregate->id, split);
    case AGGREGATE_SUM: return split_sum(cx, arena, aggregate, split, finish);
    case AGGREGATE_COUNT_STAR:
    case AGGREGATE_COUNT: return split_count(cx, arena, aggregate, split, finish);
    case AGGREGATE_AVG: return split_average(cx, arena, aggregate, split, finish);
    default: return aggregate->is_plain || aggregate->save != NULL ? split_state(cx, arena, aggregate, split) : OK;
    }
}
