/* Calls: which kind of function a name is, and what may stand where. */
#include "bind/bind_session_call.h"
#include "bind/select.h"
#include "core/datetime.h"

#include <stdio.h>

/* What the dialect has and Depot will get: refused by name, so that nobody looks for a typing error. */
static const char *const planned_functions[] = {
    "ratio_to_report",
    "array_agg",
    "current_time",
    "try_cast",
};

static Status fail_undefined(const Context *cx, const AstExpr *ast, const char *name) {
    for (size_t i = 0; i < sizeof planned_functions / sizeof *planned_functions; i++) {
        if (strcmp(planned_functions[i], name) == 0) {
            char what[96];
            snprintf(what, sizeof what, "the function %s()", name);
            return fail_unsupported(cx, ast->pos, what);
        }
    }
    return OK;
}

/* The name without pg_catalog. */
static Status function_name(const Context *cx, const AstName *name, const char **text) {
    *text = name->parts[name->count - 1].text;
    if (name->count == 1 || (name->count == 2 && strcmp(name->parts[0].text, "pg_catalog") == 0)) {
        return OK;
    }
    return fail_at(cx, name->pos, UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name->parts[name->count - 2].text);
}

static bool takes_date_part(const char *name) {
    static const char *const names[] = {"dateadd", "date_add", "datediff", "date_diff", "date_part", "date_trunc"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool takes_first_present(const char *name) {
    return strcmp(name, "coalesce") == 0 || strcmp(name, "nvl") == 0 || strcmp(name, "ifnull") == 0;
}

/* coalesce looks at an argument only if those before it are NULL. */
static Status guard_argument(const Context *cx, Place *place, uint32_t first, Expr *const *args, uint32_t count) {
    Expr **present;
    if (count == 0 || place_subqueries(place) == first) {
        return OK;
    }
    TRY_NEW_ARRAY(cx, place->binder->arena, present, count);
    for (uint32_t i = 0; i < count; i++) {
        Expr *known, *test;
        TRY(expr_known(cx, place->binder->arena, args[i], &known));
        test = expr_new(cx, place->binder->arena, EXPR_IS_NULL, type_make(TYPE_BOOLEAN), known->pos, 1);
        TRY_POINTER(test);
        test->args[0] = known;
        present[i] = expr_not(cx, place->binder->arena, test);
        TRY_POINTER(present[i]);
    }
    return guard_subqueries(cx, place, first, present, 1, count, NULL);
}

static bool names_column(const Scope *scope, const char *word) {
    while (scope != NULL && !scope_names_column(scope, word)) {
        scope = scope->outer;
    }
    return scope != NULL;
}

/* The first argument of dateadd(month, …) is a word, not a column, unless it is no unit and there is such a column. */
static bool is_unit_word(const Place *place, const char *function, const AstExpr *arg) {
    DateField field;
    if (arg->kind != AST_COLUMN || arg->name->count != 1 || !takes_date_part(function)) {
        return false;
    }
    const char *word = arg->name->parts[0].text;
    return date_field_from_name(word, strlen(word), &field) || !names_column(place->scope, word);
}

static Status bind_arguments(const Context *cx, Place *place, const AstExpr *ast, const char *name, Expr ***args) {
    const AstExprList *list = &ast->args;
    TRY_NEW_ARRAY(cx, place->binder->arena, *args, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        const AstExpr *arg = list->items[i];
        AstExpr word;
        if (i == 0 && is_unit_word(place, name, arg)) {
            word = (AstExpr){.kind = AST_STRING, .pos = arg->pos, .text = arg->name->parts[0].text};
            arg = &word;
        }
        uint32_t subqueries = place_subqueries(place);
        TRY(bind_expr(cx, place, arg, &(*args)[i]));
        if (takes_first_present(name)) {
            TRY(guard_argument(cx, place, subqueries, *args, i));
        }
    }
    return OK;
}

static Status check_scalar(const Context *cx, const AstExpr *ast, const char *name) {
    const AstCall *call = ast->call;
    const char *what = call->is_distinct              ? "DISTINCT"
                       : call->filter != NULL         ? "FILTER"
                       : call->order_by.count > 0     ? "ORDER BY"
                       : call->within_group.count > 0 ? "WITHIN GROUP"
                                                      : NULL;
    if (what != NULL) {
        return fail_at(cx, ast->pos, WRONG_OBJECT_TYPE, "%s specified, but %s is not an aggregate function", what, name);
    }
    if (call->is_star) {
        return fail_at(cx, ast->pos, UNDEFINED_FUNCTION, "function %s(*) does not exist", name);
    }
    return OK;
}

Status bind_call(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    const char *name;
    const AstCall *call = ast->call;
    TRY(function_name(cx, call->name, &name));
    if (strcmp(name, "grouping") == 0 || strcmp(name, "grouping_id") == 0) {
        return bind_grouping_call(cx, place, ast, out);
    }
    bool is_aggregate = aggregate_exists(name), is_window = window_exists(name), is_scalar = function_exists(name);
    if (!is_aggregate && !is_window && !is_scalar) {
        TRY(bind_session_call(cx, place, ast, name, out));
        if (*out != NULL) {
            return OK;
        }
        TRY(fail_undefined(cx, ast, name));
    }
    if (call->over != NULL && (is_aggregate || is_window)) {
        return bind_window_call(cx, place, ast, name, out);
    }
    if (is_aggregate) {
        return bind_aggregate_call(cx, place, ast, name, out);
    }
    if (is_window && call->within_group.count > 0) {
        return bind_hypothetical_call(cx, place, ast, name, out);
    }
    if (is_window) {
        fail_at(cx, ast->pos, WRONG_OBJECT_TYPE, "window function %s requires an OVER clause", name);
        return fail_hint(cx, "write %s(…) OVER (PARTITION BY … ORDER BY …)", name);
    }
    if (call->over != NULL && is_scalar) {
        return fail_at(cx, ast->pos, WRONG_OBJECT_TYPE,
                       "OVER specified, but %s is not a window function nor an aggregate function", name);
    }
    if (strcmp(name, "generate_series") == 0) {
        return bind_series_item(cx, place, ast, out);
    }
    TRY(check_scalar(cx, ast, name));
    Expr **args;
    TRY(bind_arguments(cx, place, ast, name, &args));
    return function_bind(cx, place->binder->arena, name, args, ast->args.count, ast->pos, out);
}

/* "a, b DESC" */
static Status list_keys(const Context *cx, Binder *binder, const AggregateForm *form, const char **list) {
    *list = "";
    for (uint32_t i = 0; i < form->key_count; i++) {
        const char *text;
        TRY(expr_label(cx, binder, form->keys[i].expr, &text));
        *list = arena_format(cx, binder->arena, "%s%s%s%s", *list, i == 0 ? "" : ", ", text,
                             form->keys[i].is_descending ? " DESC" : "");
        TRY_POINTER(*list);
    }
    return OK;
}

Status call_label(const Context *cx, Binder *binder, const AstCall *call, const AggregateForm *form, const char **label) {
    const char *list = call->is_star ? "*" : "", *keys;
    for (uint32_t i = 0; i < form->arg_count; i++) {
        const char *text;
        TRY(expr_label(cx, binder, form->args[i], &text));
        list = arena_format(cx, binder->arena, "%s%s%s", list, i == 0 ? "" : ", ", text);
        TRY_POINTER(list);
    }
    TRY(list_keys(cx, binder, form, &keys));
    bool has_keys = form->key_count > 0, is_within = form->is_within_group;
    *label = arena_format(cx, binder->arena, "%s(%s%s%s%s)%s%s%s", form->name, call->is_distinct ? "DISTINCT " : "", list,
                          has_keys && !is_within ? " ORDER BY " : "", is_within ? "" : keys,
                          is_within ? " WITHIN GROUP (ORDER BY " : "", is_within ? keys : "", is_within ? ")" : "");
    TRY_POINTER(*label);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------- aggregates */

static Status check_aggregate_place(const Context *cx, const Place *place, const AstExpr *ast) {
    const ClauseRule *rule = &clause_rules[place->clause];
    for (uint32_t i = 0; place->select != NULL && i < place->select->scope.relation_count; i++) {
        if (place->select->scope.relations[i].is_working) {
            return fail_at(cx, ast->pos, INVALID_RECURSION,
                           "aggregate functions are not allowed in a recursive query's recursive term");
        }
    }
    if (rule->aggregates == NULL && place->select != NULL) {
        return OK;
    }
    if (place->clause == CLAUSE_AGGREGATE) {
        fail_at(cx, ast->pos, GROUPING_ERROR, "aggregate function calls cannot be nested");
    } else {
        fail_at(cx, ast->pos, GROUPING_ERROR, "aggregate functions are not allowed in %s", rule->what);
    }
    return rule->aggregates != NULL && rule->aggregates[0] != '\0' ? fail_hint(cx, "%s", rule->aggregates) : GROUPING_ERROR;
}

static Status check_aggregate_form(const Context *cx, const AstExpr *ast, const char *name) {
    const AstCall *call = ast->call;
    if (call->null_treatment == AST_IGNORE_NULLS) {
        return fail_unsupported(cx, ast->pos, "IGNORE NULLS");
    }
    if (call->is_star && strcmp(name, "count") != 0) {
        return fail_at(cx, ast->pos, UNDEFINED_FUNCTION, "function %s(*) does not exist", name);
    }
    if (!call->is_star && ast->args.count == 0 && strcmp(name, "count") == 0) {
        fail_at(cx, ast->pos, WRONG_OBJECT_TYPE, "count() needs an argument");
        return fail_hint(cx, "count(*) counts rows");
    }
    return OK;
}

static bool same_aggregate(const AggregateCall *a, const AggregateCall *b) {
    bool same_filter = a->filter == NULL ? b->filter == NULL : b->filter != NULL && expr_equal(a->filter, b->filter);
    if (!aggregate_equal(a->aggregate, b->aggregate) || a->is_distinct != b->is_distinct || !same_filter) {
        return false;
    }
    for (uint32_t i = 0; i < a->arg_count; i++) {
        if (!expr_equal(a->args[i], b->args[i]) || expr_is_volatile(a->args[i])) {
            return false;
        }
    }
    return true;
}

static Status bind_keys(const Context *cx, Place *place, const AstOrderList *order, AggregateForm *form) {
    form->key_count = order->count;
    TRY_NEW_ARRAY(cx, place->binder->arena, form->keys, order->count);
    for (uint32_t i = 0; i < order->count; i++) {
        const AstOrderItem *item = order->items[i];
        if (item->expr == NULL) {
            return fail_unsupported(cx, item->pos, "ORDER BY ALL in an aggregate");
        }
        form->keys[i] = (AggregateKey){.is_descending = item->descending, .nulls_first = order_nulls_first(item)};
        TRY(bind_expr_known(cx, place, item->expr, &form->keys[i].expr));
    }
    return OK;
}

Status bind_aggregate_form(const Context *cx, Place *place, const AstExpr *ast, const char *name, AggregateForm *form,
                           const char **label, const Aggregate **aggregate) {
    const AstCall *call = ast->call;
    *form = (AggregateForm){.name = name,
                            .pos = ast->pos,
                            .arg_count = ast->args.count,
                            .is_within_group = call->within_group.count > 0,
                            .is_distinct = call->is_distinct,
                            .is_approximate = call->is_approximate};
    TRY(check_aggregate_form(cx, ast, name));
    TRY(bind_exprs(cx, place, &ast->args, &form->args));
    TRY(bind_keys(cx, place, form->is_within_group ? &call->within_group : &call->order_by, form));
    TRY(call_label(cx, place->binder, call, form, label));
    return aggregate_bind_form(cx, place->binder->arena, form, aggregate);
}

/* How many queries further out the nearest column is from: 0 if one is of the place's own query, or there are none. */
typedef struct Level {
    const Scope *scope;
    uint32_t least; /* UINT32_MAX: no column was met */
} Level;

static bool note_level(const Expr *node, void *argument) {
    Level *level = argument;
    uint32_t depth = 0;
    if (node->kind != EXPR_COLUMN) {
        return true;
    }
    const Scope *scope = level->scope;
    while (scope != NULL && !scope_has_id(scope, node->column)) {
        scope = scope->outer;
        depth++;
    }
    depth = scope == NULL ? 0 : depth; /* computed for the query at hand */
    level->least = depth < level->least ? depth : level->least;
    return true;
}

/* The query that an aggregate belongs to is that of its nearest column. *place is where it stands in there. */
static Status find_aggregate_place(const Context *cx, const AggregateCall *call, const AstExpr *ast, const Place **place) {
    Level level = {(*place)->scope, UINT32_MAX};
    for (uint32_t i = 0; i < call->arg_count; i++) {
        expr_walk(call->args[i], note_level, &level);
    }
    if (call->filter != NULL) {
        expr_walk(call->filter, note_level, &level);
    }
    if (level.least == 0 || level.least == UINT32_MAX) {
        return OK;
    }
    const Scope *scope = level.scope;
    for (uint32_t i = 0; i < level.least; i++) {
        scope = scope->outer;
    }
    const SubqueryPlace *around = (*place)->binder->subquery;
    while (around != NULL && around->place->scope != scope) {
        around = around->around;
    }
    if (around == NULL) {
        return fail_at(cx, ast->pos, GROUPING_ERROR,
                       "aggregate functions are not allowed in FROM clause of their own query level");
    }
    *place = around->place;
    return OK;
}

Status guard_by_filter(const Context *cx, Arena *arena, Expr *filter, Expr **args, uint32_t arg_count) {
    if (filter == NULL || expr_is_volatile(filter)) {
        return OK;
    }
    for (uint32_t i = 0; i < arg_count; i++) {
        if (expr_is_constant(args[i]) || !expr_can_fail(args[i])) {
            continue;
        }
        Expr *guarded = expr_new(cx, arena, EXPR_CASE, args[i]->type, args[i]->pos, 3);
        Value null = value_null(args[i]->type);
        TRY_POINTER(guarded);
        guarded->args[0] = filter;
        guarded->args[1] = args[i];
        guarded->args[2] = expr_constant(cx, arena, &null, args[i]->pos);
        TRY_POINTER(guarded->args[2]);
        args[i] = guarded;
    }
    return OK;
}

static Status bind_aggregate_parts(const Context *cx, Place *place, const AstExpr *ast, const char *name, AggregateCall *call) {
    AggregateForm form;
    PendingJoins none = {0}, *pending = place->select != NULL ? &place->select->before : &none;
    Place inner = {.binder = place->binder,
                   .scope = place->scope,
                   .clause = CLAUSE_AGGREGATE,
                   .select = place->select,
                   .pending = pending};
    uint32_t subqueries = pending->count;
    TRY(bind_aggregate_form(cx, &inner, ast, name, &form, &call->text, &call->aggregate));
    call->arg_count = form.arg_count;
    call->args = form.args;
    call->is_distinct = form.is_distinct;
    if (ast->call->filter != NULL) {
        inner.clause = CLAUSE_FILTER;
        TRY(bind_boolean(cx, &inner, ast->call->filter, "FILTER", &call->filter));
        TRY(guard_by_filter(cx, place->binder->arena, call->filter, call->args, call->arg_count));
    }
    const Place *own = place;
    TRY(find_aggregate_place(cx, call, ast, &own));
    return own != place && pending->count > subqueries
               ? fail_unsupported(cx, ast->pos, "a subquery in an aggregate of an outer query")
               : OK;
}

Status bind_aggregate_call(const Context *cx, Place *place, const AstExpr *ast, const char *name, Expr **out) {
    Binder *binder = place->binder;
    const Place *own = place;
    AggregateCall call = {0};
    if (place->scope->outer == NULL) {
        TRY(check_aggregate_place(cx, place, ast));
    }
    TRY(bind_aggregate_parts(cx, place, ast, name, &call));
    TRY(find_aggregate_place(cx, &call, ast, &own));
    TRY(check_aggregate_place(cx, own, ast));
    Select *select = own->select;
    uint32_t i = 0;
    while (i < select->call_count && !same_aggregate(&select->calls[i], &call)) {
        i++;
    }
    if (i == select->call_count) {
        TRY(plan_add_column(cx, binder->plan, call.aggregate->result, call.text, true, &call.output));
        TRY_APPEND(cx, binder->arena, select->calls, select->call_capacity, select->call_count, call);
    }
    *out = make_column(cx, binder, select->calls[i].output, ast->pos);
    TRY_POINTER(*out);
    return OK;
}
