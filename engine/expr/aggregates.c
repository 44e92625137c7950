/* Names and types of aggregates and window functions, and how an aggregate is split between nodes. */
#include "expr/aggregates.h"

#include "expr/agg_loop.h"
#include "expr/bind_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct AggregateName {
    AggregateId id;
    const char *name;
} AggregateName;

static const AggregateName aggregate_names[] = {
#define AGGREGATE(tag, name, help) {AGGREGATE_##tag, name},
#include "expr/aggregates.def"
#undef AGGREGATE
};

static const char *const window_names[] = {
    [WINDOW_AGGREGATE] = "aggregate",
#define WINDOW(tag, name, arguments, help) [WINDOW_##tag] = name,
#include "expr/windows.def"
#undef WINDOW
};

static bool find_aggregate(const char *name, uint32_t arg_count, AggregateId *id) {
    for (size_t i = 0; i < sizeof aggregate_names / sizeof aggregate_names[0]; i++) {
        bool is_star = aggregate_names[i].id == AGGREGATE_COUNT_STAR;
        if (strcasecmp(name, aggregate_names[i].name) == 0 && is_star == (arg_count == 0)) {
            *id = aggregate_names[i].id;
            return true;
        }
    }
    return false;
}

bool aggregate_exists(const char *name) {
    AggregateId id;
    return find_aggregate(name, 1, &id) || find_aggregate(name, 0, &id);
}

static bool find_window(const char *name, WindowId *id) {
    for (int i = WINDOW_AGGREGATE + 1; i < WINDOW_COUNT_OF; i++) {
        if (strcasecmp(name, window_names[i]) == 0) {
            *id = (WindowId)i;
            return true;
        }
    }
    return false;
}

bool window_exists(const char *name) {
    WindowId id;
    return find_window(name, &id);
}

/* -------------------------------------------------------------------------------------------------------------- aggregates */

static Status fail_no_aggregate(const Context *cx, const char *name, Expr **args, uint32_t arg_count, SourcePos pos) {
    char type[32] = "";
    if (arg_count == 1) {
        type_name(args[0]->type, type);
    }
    if (arg_count > 1) {
        return fail_at(cx, pos, UNDEFINED_FUNCTION, "aggregate function %s does not take %u arguments", name, arg_count);
    }
    fail_at(cx, pos, UNDEFINED_FUNCTION, "function %s(%s) does not exist", name, type);
    return fail_hint(cx, arg_count == 0 ? "it takes one argument" : "an explicit cast may be needed");
}

static Status define(const Context *cx, Arena *arena, AggregateId id, const char *name, Type argument, Aggregate **out) {
    TRY_NEW(cx, arena, *out);
    (*out)->id = id;
    (*out)->name = name;
    (*out)->argument = argument;
    switch (id) {
    case AGGREGATE_COUNT_STAR:
    case AGGREGATE_COUNT: return agg_define_count(cx, *out);
    case AGGREGATE_SUM:
    case AGGREGATE_AVG: return agg_define_sum(cx, *out);
    case AGGREGATE_MIN:
    case AGGREGATE_MAX: return agg_define_extreme(cx, *out);
    case AGGREGATE_COUNT_OF: break;
    }
    return fail(cx, INTERNAL_ERROR, "aggregate %s has no loops", name);
}

static const char *static_name(AggregateId id) {
    for (size_t i = 0; i < sizeof aggregate_names / sizeof aggregate_names[0]; i++) {
        if (aggregate_names[i].id == id) {
            return aggregate_names[i].name;
        }
    }
    return "";
}

Status aggregate_bind(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos,
                      const Aggregate **aggregate) {
    AggregateId id;
    if (arg_count > 1 || !find_aggregate(name, arg_count, &id)) {
        return fail_no_aggregate(cx, name, args, arg_count, pos);
    }
    Type argument = type_make(TYPE_NULL);
    if (arg_count == 1) {
        bool wants_number = id == AGGREGATE_SUM || id == AGGREGATE_AVG;
        if (expr_is_untyped(args[0])) {
            TRY(cast_unchecked(cx, arena, args[0], wants_number ? type_make(TYPE_DOUBLE) : type_varchar(0), &args[0]));
        }
        argument = args[0]->type;
        if (wants_number && !type_is_numeric(argument) && argument.id != TYPE_INTERVAL) {
            return fail_no_aggregate(cx, name, args, arg_count, pos);
        }
    }
    Aggregate *made;
    TRY(define(cx, arena, id, static_name(id), argument, &made));
    *aggregate = made;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- split */

static Status split_pair(const Context *cx, Arena *arena, const Aggregate *partial, AggregateId merge_id,
                         AggregateSplit *split) {
    Aggregate *merged;
    TRY(define(cx, arena, merge_id, partial->name, partial->result, &merged));
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
    TRY(define(cx, arena, AGGREGATE_SUM, "sum", aggregate->argument, &sum));
    TRY(define(cx, arena, AGGREGATE_COUNT, "count", aggregate->argument, &count));
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
    case AGGREGATE_COUNT_OF: break;
    }
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------------- windows */

static Status check_count(const Context *cx, const char *name, uint32_t arg_count, uint32_t least, uint32_t most,
                          SourcePos pos) {
    if (arg_count >= least && arg_count <= most) {
        return OK;
    }
    if (least == most) {
        return fail_at(cx, pos, UNDEFINED_FUNCTION, "window function %s takes %u argument%s, not %u", name, least,
                       least == 1 ? "" : "s", arg_count);
    }
    return fail_at(cx, pos, UNDEFINED_FUNCTION, "window function %s takes %u to %u arguments, not %u", name, least, most,
                   arg_count);
}

/* lag(value [, offset [, default]]) */
static Status bind_lag(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos,
                       Type *result) {
    TRY(check_count(cx, name, arg_count, 1, 3, pos));
    if (arg_count > 1) {
        TRY(cast_implicit(cx, arena, args[1], type_make(TYPE_BIGINT), &args[1]));
    }
    if (arg_count == 3) {
        Expr *both[2] = {args[0], args[2]};
        TRY(cast_to_common(cx, arena, both, 2, name, result));
        args[0] = both[0];
        args[2] = both[1];
        return OK;
    }
    return cast_to_common(cx, arena, args, 1, name, result);
}

Status window_bind(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos,
                   WindowId *id, Type *result) {
    if (!find_window(name, id)) {
        return fail_at(cx, pos, UNDEFINED_FUNCTION, "window function %s does not exist", name);
    }
    switch (*id) {
    case WINDOW_LAG:
    case WINDOW_LEAD: return bind_lag(cx, arena, name, args, arg_count, pos, result);
    case WINDOW_FIRST_VALUE:
    case WINDOW_LAST_VALUE:
        TRY(check_count(cx, name, arg_count, 1, 1, pos));
        return cast_to_common(cx, arena, args, 1, name, result);
    case WINDOW_NTH_VALUE:
        TRY(check_count(cx, name, arg_count, 2, 2, pos));
        TRY(cast_implicit(cx, arena, args[1], type_make(TYPE_BIGINT), &args[1]));
        return cast_to_common(cx, arena, args, 1, name, result);
    case WINDOW_NTILE:
        *result = type_make(TYPE_BIGINT);
        TRY(check_count(cx, name, arg_count, 1, 1, pos));
        return cast_implicit(cx, arena, args[0], type_make(TYPE_BIGINT), &args[0]);
    case WINDOW_PERCENT_RANK:
    case WINDOW_CUME_DIST: *result = type_make(TYPE_DOUBLE); return check_count(cx, name, arg_count, 0, 0, pos);
    default: *result = type_make(TYPE_BIGINT); return check_count(cx, name, arg_count, 0, 0, pos);
    }
}
