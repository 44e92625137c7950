/* The calls of a grouping that groups early (early_groups.h): what each needs of the input that is grouped, its partial results
 * there and its last step above. A CASE or FILTER whose conditions are about other inputs chooses among partial results instead
 * of values, since all rows of an early group agree in what it asks:
 *
 *     sum(CASE WHEN d.day = 'Sunday' THEN s.price END)   becomes   sum(CASE WHEN d.day = 'Sunday' THEN s.sum_price END) */
#include "plan/early_groups.h"

static bool is_split_by_value(AggregateId id) {
    return id == AGGREGATE_SUM || id == AGGREGATE_COUNT || id == AGGREGATE_COUNT_STAR || id == AGGREGATE_AVG ||
           id == AGGREGATE_MIN || id == AGGREGATE_MAX;
}

bool early_is_safe(const Expr *expr) {
    return expr == NULL || (!expr_is_volatile(expr) && !expr_can_fail(expr));
}

static bool is_null(const Expr *expr) {
    return expr->kind == EXPR_CONSTANT && expr->value.is_null;
}

static bool set_is_within(const ColumnSet *set, const ColumnSet *other) {
    for (ColumnId id = 0; id < set->capacity; id++) {
        if (bit_get(set->bits, id) && !column_set_has(other, id)) {
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------------- what a call needs */

static bool is_result(const Expr *cases, uint32_t arg) {
    return arg % 2 == 1 || arg + 1 == cases->arg_count;
}

/* The results of a CASE that are values of the aggregate's type, each once, and the columns of its conditions. */
static Status take_case_apart(EarlyGroups *early, EarlyCall *call, const Expr *cases) {
    ExprList results = {0};
    call->can_branch = !expr_is_volatile(cases);
    for (uint32_t i = 0; i < cases->arg_count; i++) {
        Expr *arg = cases->args[i];
        if (!is_result(cases, i)) {
            column_set_add_expr(&call->conditions, arg);
        } else if (!is_null(arg)) {
            call->can_branch = call->can_branch && early_is_safe(arg) && type_equal(arg->type, cases->type);
            TRY(expr_list_add_new(early->cx, early->plan->arena, &results, arg));
        }
    }
    call->results = results.items;
    call->result_count = results.count;
    return OK;
}

static Status find_needs(EarlyGroups *early, EarlyCall *call) {
    const AggregateCall *written = call->call;
    const Context *cx = early->cx;
    LogicalPlan *plan = early->plan;
    TRY(column_set_init(cx, plan->arena, plan, &call->whole));
    TRY(column_set_init(cx, plan->arena, plan, &call->conditions));
    TRY(column_set_init(cx, plan->arena, plan, &call->values));
    call->can_stay = early_is_safe(written->filter);
    for (uint32_t a = 0; a < written->arg_count; a++) {
        call->can_stay = call->can_stay && early_is_safe(written->args[a]);
        column_set_add_expr(&call->whole, written->args[a]);
    }
    if (written->filter != NULL) {
        call->results = written->args;
        call->result_count = 1;
        call->can_branch = !expr_is_volatile(written->filter) && (written->arg_count == 0 || early_is_safe(written->args[0]));
        column_set_add_expr(&call->conditions, written->filter);
        column_set_copy(&call->values, &call->whole);
        column_set_add_expr(&call->whole, written->filter);
    } else if (written->arg_count == 1 && written->args[0]->kind == EXPR_CASE) {
        TRY(take_case_apart(early, call, written->args[0]));
        for (uint32_t r = 0; r < call->result_count; r++) {
            column_set_add_expr(&call->values, call->results[r]);
        }
    }
    return OK;
}

/* A value computed for rows that the joins would have dropped must not raise an error. */
Status early_calls_init(EarlyGroups *early, bool *can) {
    const LogicalNode *node = early->node;
    TRY_NEW_ARRAY(early->cx, early->plan->arena, early->calls, node->aggregate.call_count + 1);
    TRY_NEW_ARRAY(early->cx, early->plan->arena, early->splits, node->aggregate.call_count + 1);
    early->are_plain = *can = true;
    for (uint32_t i = 0; i < node->aggregate.call_count && *can; i++) {
        const AggregateCall *call = &node->aggregate.calls[i];
        SplitCall *split = &early->splits[i];
        early->calls[i].call = call;
        TRY(find_needs(early, &early->calls[i]));
        *can = is_split_by_value(call->aggregate->id) && !call->is_distinct &&
               (early->calls[i].can_stay || early->calls[i].can_branch);
        early->are_plain &= call->arg_count == 1 && call->filter == NULL && expr_is_column(call->args[0]);
        TRY(aggregate_split(early->cx, early->plan->arena, call->aggregate, &split->split, &split->finish));
    }
    return OK;
}

static bool stays_whole(const EarlyCall *call, const ColumnSet *own) {
    return call->can_stay && set_is_within(&call->whole, own);
}

bool early_calls_fit(const EarlyGroups *early, const ColumnSet *own, ColumnSet *asked) {
    for (uint32_t i = 0; i < early->node->aggregate.call_count; i++) {
        const EarlyCall *call = &early->calls[i];
        if (stays_whole(call, own)) {
            continue;
        }
        if (!call->can_branch || !set_is_within(&call->values, own)) {
            return false;
        }
        for (ColumnId id = 0; id < call->conditions.capacity; id++) {
            if (bit_get(call->conditions.bits, id)) {
                column_set_add(asked, id);
            }
        }
    }
    return true;
}

/* -------------------------------------------------------------------------------------------------- partial and last results
 */

uint32_t early_partials_most(const EarlyGroups *early) {
    uint32_t most = 0;
    for (uint32_t i = 0; i < early->node->aggregate.call_count; i++) {
        uint32_t results = early->calls[i].result_count;
        most += early->splits[i].split.count * (results > 1 ? results : 1);
    }
    return most;
}

Status early_add_partials(EarlyGroups *early, uint32_t index, const ColumnSet *own, LogicalNode *inner, uint32_t *next) {
    EarlyCall *call = &early->calls[index];
    SplitCall *split = &early->splits[index];
    call->is_whole = stays_whole(call, own);
    if (call->is_whole) {
        return split_add_partials(early->cx, early->plan, call->call, split, inner, next);
    }
    TRY_NEW_ARRAY(early->cx, early->plan->arena, call->parts, call->result_count + 1);
    for (uint32_t r = 0; r < call->result_count; r++) {
        AggregateCall part = *call->call;
        part.filter = NULL;
        part.args = call->results + r;
        call->parts[r].split = split->split;
        TRY(split_add_partials(early->cx, early->plan, &part, &call->parts[r], inner, next));
    }
    return OK;
}

/* The partial result k of what the CASE gives. */
static Status partial_of(EarlyGroups *early, const EarlyCall *call, const Expr *result, Type type, uint32_t k, Expr **out) {
    for (uint32_t r = 0; r < call->result_count; r++) {
        if (expr_equal(call->results[r], result)) {
            return plan_column_expr(early->cx, early->plan, call->parts[r].partials[k], out);
        }
    }
    Value null = value_null(type);
    *out = expr_constant(early->cx, early->plan->arena, &null, result->pos);
    return *out == NULL ? OUT_OF_MEMORY : OK;
}

/* What the last step is of: a column, or a CASE of them. */
static Status choose_partial(EarlyGroups *early, const EarlyCall *call, const AggregateSplit *split, uint32_t k, Expr **out) {
    if (call->call->filter != NULL) {
        return plan_column_expr(early->cx, early->plan, call->parts[0].partials[k], out);
    }
    const Expr *cases = call->call->args[0];
    Type type = split->partial[k]->result;
    *out = expr_new(early->cx, early->plan->arena, EXPR_CASE, type, cases->pos, cases->arg_count);
    if (*out == NULL) {
        return OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i < cases->arg_count; i++) {
        (*out)->args[i] = cases->args[i];
        if (is_result(cases, i)) {
            TRY(partial_of(early, call, cases->args[i], type, k, &(*out)->args[i]));
        }
    }
    return OK;
}

Status early_add_finals(EarlyGroups *early, uint32_t index, LogicalNode *outer, uint32_t *next) {
    const EarlyCall *call = &early->calls[index];
    SplitCall *split = &early->splits[index];
    Expr *args[2];
    if (call->is_whole) {
        return split_add_finals(early->cx, early->plan, call->call, split, NULL, outer, next);
    }
    for (uint32_t k = 0; k < split->split.count; k++) {
        TRY(choose_partial(early, call, &split->split, k, &args[k]));
    }
    return split_add_finals(early->cx, early->plan, call->call, split, args, outer, next);
}
