/* OVER (…): windows by name, frames, and the Window nodes, one per distinct PARTITION BY and ORDER BY. */
#include "bind/select.h"

/* A window written out: base windows followed. */
typedef struct WindowSpec {
    const AstExprList *partition_by;
    const AstOrderList *order_by;
    const AstFrame *frame;
    SourcePos pos;
} WindowSpec;

static const AstWindow *find_window(const AstWindowList *windows, uint32_t before, const char *name) {
    for (uint32_t i = 0; i < before; i++) {
        if (strcmp(windows->items[i]->name, name) == 0) {
            return windows->items[i];
        }
    }
    return NULL;
}

/* `before`: how many of the WINDOW clause's windows may be named (a window sees the earlier ones). */
static Status resolve_window(const Context *cx, const AstWindowList *windows, uint32_t before, const AstWindow *ast,
                             WindowSpec *spec) {
    *spec = (WindowSpec){&ast->partition_by, &ast->order_by, &ast->frame, ast->pos};
    while (ast->base != NULL) {
        const AstWindow *base = find_window(windows, before, ast->base);
        if (base == NULL) {
            return fail_at(cx, ast->pos, UNDEFINED_OBJECT, "window \"%s\" does not exist", ast->base);
        }
        if (!ast->is_reference && base->frame.unit != AST_FRAME_NONE) {
            return fail_at(cx, ast->pos, WINDOWING_ERROR, "cannot copy window \"%s\" because it has a frame clause", ast->base);
        }
        if (ast->partition_by.count > 0) {
            return fail_at(cx, ast->pos, WINDOWING_ERROR, "cannot override PARTITION BY clause of window \"%s\"", ast->base);
        }
        if (base->order_by.count > 0 && spec->order_by->count > 0) {
            return fail_at(cx, ast->pos, WINDOWING_ERROR, "cannot override ORDER BY clause of window \"%s\"", ast->base);
        }
        spec->partition_by = base->partition_by.count > 0 ? &base->partition_by : spec->partition_by;
        spec->order_by = spec->order_by->count > 0 ? spec->order_by : &base->order_by;
        spec->frame = ast->is_reference ? &base->frame : spec->frame;
        for (before = 0; windows->items[before] != base; before++) {
        }
        ast = base;
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- sets */

static bool holds_expr(const WindowSet *set, const Expr *expr) {
    for (uint32_t i = 0; i < set->partition_count; i++) {
        if (expr_equal(set->partitions[i], expr)) {
            return true;
        }
    }
    return false;
}

static bool same_set(const WindowSet *a, const WindowSet *b) {
    if (a->partition_count != b->partition_count || a->key_count != b->key_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->partition_count; i++) {
        if (!expr_equal(a->partitions[i], b->partitions[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < a->key_count; i++) {
        const SortKey *x = &a->keys[i], *y = &b->keys[i];
        if (!expr_equal(x->expr, y->expr) || x->is_descending != y->is_descending || x->nulls_first != y->nulls_first) {
            return false;
        }
    }
    return true;
}

static Status bind_set(const Context *cx, Place *place, const WindowSpec *spec, WindowSet *set) {
    Binder *binder = place->binder;
    Place inner = select_place(binder, place->select, CLAUSE_WINDOW);
    set->pos = spec->pos;
    set->key_count = spec->order_by->count;
    TRY_NEW_ARRAY(cx, binder->arena, set->partitions, spec->partition_by->count);
    TRY_NEW_ARRAY(cx, binder->arena, set->keys, set->key_count);
    for (uint32_t i = 0; i < spec->partition_by->count; i++) {
        Expr *partition;
        TRY(bind_expr_known(cx, &inner, spec->partition_by->items[i], &partition));
        if (!holds_expr(set, partition)) {
            set->partitions[set->partition_count++] = partition;
        }
    }
    for (uint32_t i = 0; i < set->key_count; i++) {
        const AstOrderItem *item = spec->order_by->items[i];
        if (item->expr == NULL) {
            return fail_unsupported(cx, item->pos, "ORDER BY ALL in a window");
        }
        set->keys[i] = (SortKey){.is_descending = item->descending, .nulls_first = order_nulls_first(item)};
        TRY(bind_expr_known(cx, &inner, item->expr, &set->keys[i].expr));
    }
    return OK;
}

static Status find_or_add_set(const Context *cx, Binder *binder, Select *select, const WindowSet *set, WindowSet **found) {
    for (uint32_t i = 0; i < select->window_count; i++) {
        if (same_set(&select->windows[i], set)) {
            *found = &select->windows[i];
            return OK;
        }
    }
    TRY_APPEND(cx, binder->arena, select->windows, select->window_capacity, select->window_count, *set);
    *found = &select->windows[select->window_count - 1];
    return OK;
}

static bool same_call(const WindowCall *a, const WindowCall *b) {
    bool same_aggregate =
        a->aggregate == NULL ? b->aggregate == NULL : b->aggregate != NULL && aggregate_equal(a->aggregate, b->aggregate);
    bool same_filter = a->filter == NULL ? b->filter == NULL : b->filter != NULL && expr_equal(a->filter, b->filter);
    if (a->id != b->id || !same_aggregate || !same_filter || a->is_distinct != b->is_distinct ||
        a->ignores_nulls != b->ignores_nulls || !frame_equal(&a->frame, &b->frame) || a->arg_count != b->arg_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->arg_count; i++) {
        if (!expr_equal(a->args[i], b->args[i])) {
            return false;
        }
    }
    return true;
}

static Status add_call(const Context *cx, Binder *binder, WindowSet *set, WindowCall *call, ColumnId *output) {
    for (uint32_t i = 0; i < set->call_count; i++) {
        if (same_call(&set->calls[i], call)) {
            *output = set->calls[i].output;
            return OK;
        }
    }
    TRY(plan_add_column(cx, binder->plan, call->type, call->text, true, &call->output));
    TRY_APPEND(cx, binder->arena, set->calls, set->call_capacity, set->call_count, *call);
    *output = call->output;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ calls */

static Status check_window_call(const Context *cx, const Place *place, const AstExpr *ast, const char *name) {
    const ClauseRule *rule = &clause_rules[place->clause];
    const AstCall *call = ast->call;
    if (place->clause == CLAUSE_AGGREGATE) {
        fail_at(cx, ast->pos, GROUPING_ERROR, "aggregate function calls cannot contain window function calls");
        return fail_hint(cx, "%s", rule->windows);
    }
    if (place->clause == CLAUSE_WINDOW_CALL) {
        fail_at(cx, ast->pos, WINDOWING_ERROR, "window function calls cannot be nested");
        return fail_hint(cx, "%s", rule->windows);
    }
    if (rule->windows != NULL || place->select == NULL) {
        fail_at(cx, ast->pos, WINDOWING_ERROR, "window functions are not allowed in %s", rule->what);
        return rule->windows != NULL && rule->windows[0] != '\0' ? fail_hint(cx, "%s", rule->windows) : WINDOWING_ERROR;
    }
    bool is_ordered = call->order_by.count > 0 || call->within_group.count > 0;
    if (is_ordered && window_exists(name)) {
        return fail_unsupported(cx, ast->pos, "ORDER BY in the arguments of a window function");
    }
    if (call->null_treatment != AST_NULLS_UNSPECIFIED && !window_takes_nulls(name)) {
        return fail_at(cx, ast->pos, FEATURE_NOT_SUPPORTED, "function %s does not accept RESPECT NULLS or IGNORE NULLS", name);
    }
    if (call->is_distinct && window_exists(name)) {
        return fail_at(cx, ast->pos, WRONG_OBJECT_TYPE, "DISTINCT specified, but %s is not an aggregate function", name);
    }
    if (call->is_star && strcmp(name, "count") != 0) {
        return fail_at(cx, ast->pos, UNDEFINED_FUNCTION, "function %s(*) does not exist", name);
    }
    if (call->filter != NULL && window_exists(name)) {
        return fail_at(cx, ast->pos, FEATURE_NOT_SUPPORTED, "FILTER is not implemented for non-aggregate window functions");
    }
    return OK;
}

/* What OVER says: the set of calls over the same keys, and the frame. */
static Status bind_over(const Context *cx, Place *place, const AstWindow *over, WindowSet **set, WindowFrame *frame) {
    Select *select = place->select;
    const AstWindowList *windows = &select->ast->windows;
    WindowSpec spec;
    WindowSet made = {0};
    TRY(resolve_window(cx, windows, windows->count, over, &spec));
    TRY(bind_set(cx, place, &spec, &made));
    TRY(bind_frame(cx, place, spec.frame, &made, frame));
    return find_or_add_set(cx, place->binder, select, &made, set);
}

static Status bind_arguments(const Context *cx, Place *inner, const AstExpr *ast, const char *name, WindowCall *call) {
    Binder *binder = inner->binder;
    AggregateForm form = {.name = name, .pos = ast->pos, .arg_count = ast->args.count};
    if (ast->call->filter != NULL) {
        TRY(bind_boolean(cx, inner, ast->call->filter, "FILTER", &call->filter));
    }
    if (window_exists(name)) {
        TRY(bind_exprs(cx, inner, &ast->args, &form.args));
        TRY(call_label(cx, binder, ast->call, &form, &call->text));
        TRY(window_bind(cx, binder->arena, name, form.args, form.arg_count, ast->pos, &call->id, &call->type));
    } else {
        TRY(bind_aggregate_form(cx, inner, ast, name, &form, &call->text, &call->aggregate));
        call->id = WINDOW_AGGREGATE;
        call->type = call->aggregate->result;
        call->is_distinct = form.is_distinct;
        TRY(guard_by_filter(cx, binder->arena, call->filter, form.args, form.arg_count));
    }
    call->arg_count = form.arg_count;
    call->args = form.args;
    return OK;
}

/* ratio_to_report(x) is x / sum(x) as DOUBLE, NULL where the sum is 0. */
static Status bind_ratio(const Context *cx, Binder *binder, const AstExpr *ast, WindowSet *set, WindowCall *call, Expr **out) {
    Arena *arena = binder->arena;
    Value zero = value_f64(type_make(TYPE_DOUBLE), 0);
    ColumnId sum;
    Expr *share[2] = {call->args[0], NULL};
    TRY(aggregate_bind(cx, arena, "sum", call->args, 1, ast->pos, &call->aggregate));
    call->id = WINDOW_AGGREGATE;
    call->type = call->aggregate->result;
    TRY(add_call(cx, binder, set, call, &sum));
    Expr *quotient[2] = {make_column(cx, binder, sum, ast->pos), expr_constant(cx, arena, &zero, ast->pos)};
    TRY_POINTER(quotient[0]);
    TRY_POINTER(quotient[1]);
    TRY(cast_bind(cx, arena, share[0], type_make(TYPE_DOUBLE), true, false, &share[0]));
    TRY(cast_bind(cx, arena, quotient[0], type_make(TYPE_DOUBLE), true, false, &quotient[0]));
    TRY(function_bind(cx, arena, "nullif", quotient, 2, ast->pos, &share[1]));
    return operator_bind(cx, arena, "/", share[0], share[1], ast->pos, out);
}

static Status check_ratio(const Context *cx, const AstExpr *ast, const WindowSet *set, const WindowFrame *frame) {
    bool is_whole = frame->start == BOUND_UNBOUNDED_PRECEDING && frame->end == BOUND_UNBOUNDED_FOLLOWING;
    if (set->key_count == 0 && is_whole && frame->exclude == EXCLUDE_NO_OTHERS) {
        return OK;
    }
    return fail_at(cx, ast->pos, WINDOWING_ERROR, "ratio_to_report takes PARTITION BY only, no ORDER BY and no frame");
}

Status bind_window_call(const Context *cx, Place *place, const AstExpr *ast, const char *name, Expr **out) {
    Binder *binder = place->binder;
    const AstCall *ast_call = ast->call;
    TRY(check_window_call(cx, place, ast, name));
    Place inner = select_place(binder, place->select, CLAUSE_WINDOW_CALL);
    WindowCall call = {.ignores_nulls = ast_call->null_treatment == AST_IGNORE_NULLS};
    WindowSet *set;
    TRY(bind_arguments(cx, &inner, ast, name, &call));
    TRY(bind_over(cx, &inner, ast_call->over, &set, &call.frame));
    if (call.is_distinct && call.frame.exclude != EXCLUDE_NO_OTHERS) {
        return fail_unsupported(cx, ast->pos, "DISTINCT over a window frame with EXCLUDE");
    }
    if (call.id == WINDOW_RATIO_TO_REPORT) {
        TRY(check_ratio(cx, ast, set, &call.frame));
        return bind_ratio(cx, binder, ast, set, &call, out);
    }
    ColumnId output;
    TRY(add_call(cx, binder, set, &call, &output));
    *out = make_column(cx, binder, output, ast->pos);
    TRY_POINTER(*out);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ nodes */

/* Partition and sort keys of a Window are columns: what is computed is computed below it. */
static Status compute_keys(const Context *cx, Binder *binder, Select *select, WindowSet *set) {
    uint32_t passed = select->node->column_count, count = passed, keys = set->partition_count + set->key_count;
    Expr **exprs;
    TRY_NEW_ARRAY(cx, binder->arena, exprs, passed + keys);
    for (uint32_t i = 0; i < passed; i++) {
        exprs[i] = make_column(cx, binder, select->node->columns[i], set->pos);
        TRY_POINTER(exprs[i]);
    }
    for (uint32_t i = 0; i < keys; i++) {
        Expr *key = i < set->partition_count ? set->partitions[i] : set->keys[i - set->partition_count].expr;
        if (key->kind != EXPR_COLUMN) {
            exprs[count++] = key;
        }
    }
    if (count == passed) {
        return OK;
    }
    TRY(make_project(cx, binder, set->pos, exprs, NULL, count, &select->node));
    for (uint32_t i = 0; i < keys; i++) {
        Expr **key = i < set->partition_count ? &set->partitions[i] : &set->keys[i - set->partition_count].expr;
        if ((*key)->kind != EXPR_COLUMN) {
            *key = make_column(cx, binder, select->node->columns[passed++], (*key)->pos);
            TRY_POINTER(*key);
        }
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------- shared sorts */

static bool is_repeated(const SortKey *keys, uint32_t at) {
    for (uint32_t i = 0; i < at; i++) {
        if (expr_equal(keys[i].expr, keys[at].expr)) {
            return true;
        }
    }
    return false;
}

/* Does an order by `keys` serve the set: its partitions first, in any order, then its keys as they are? */
static bool order_serves(const SortKey *keys, uint32_t key_count, const WindowSet *set) {
    if (set->partition_count + set->key_count > key_count) {
        return false;
    }
    for (uint32_t i = 0; i < set->partition_count; i++) {
        if (!holds_expr(set, keys[i].expr) || is_repeated(keys, i)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < set->key_count; i++) {
        const SortKey *a = &keys[set->partition_count + i], *b = &set->keys[i];
        if (!expr_equal(a->expr, b->expr) || a->is_descending != b->is_descending || a->nulls_first != b->nulls_first) {
            return false;
        }
    }
    return true;
}

static void append_key(SortKey *keys, uint32_t *count, const SortKey *key) {
    for (uint32_t i = 0; i < *count; i++) {
        if (expr_equal(keys[i].expr, key->expr)) {
            return;
        }
    }
    keys[(*count)++] = *key;
}

/* The order of `large` that puts what `small` asks for first: small's partitions, its keys as far as they are partitions of
 * large, large's other partitions and its keys. */
static uint32_t order_for_both(const WindowSet *large, const WindowSet *small, SortKey *keys) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < small->partition_count; i++) {
        append_key(keys, &count, &(SortKey){.expr = small->partitions[i]});
    }
    for (uint32_t i = 0; i < small->key_count && holds_expr(large, small->keys[i].expr); i++) {
        append_key(keys, &count, &small->keys[i]);
    }
    for (uint32_t i = 0; i < large->partition_count; i++) {
        append_key(keys, &count, &(SortKey){.expr = large->partitions[i]});
    }
    memcpy(keys + count, large->keys, sizeof *keys * large->key_count);
    return count + large->key_count;
}

/* Sets that one sort serves. */
typedef struct SharedSort {
    const WindowSet *sets[16];
    uint32_t set_count;
    uint32_t partition_count; /* that all sets have */
    uint32_t key_count;
    SortKey *keys; /* partitions of all, then the rest */
} SharedSort;

static bool sort_serves_all(const SharedSort *sort, const SortKey *keys, uint32_t key_count) {
    for (uint32_t i = 0; i < sort->set_count; i++) {
        if (!order_serves(keys, key_count, sort->sets[i])) {
            return false;
        }
    }
    return true;
}

/* Rows of a window without partitions are not spread by them: such windows share among themselves only. */
static Status try_sharing(const Context *cx, Binder *binder, SharedSort *sort, const WindowSet *set, bool *is_shared) {
    const WindowSet *large = sort->sets[0];
    *is_shared = false;
    if (sort->set_count == sizeof sort->sets / sizeof *sort->sets ||
        (set->partition_count == 0) != (sort->partition_count == 0)) {
        return OK;
    }
    SortKey *keys = sort->keys;
    uint32_t key_count = sort->key_count;
    if (!order_serves(keys, key_count, set)) {
        TRY_NEW_ARRAY(cx, binder->arena, keys, sort->key_count + set->partition_count + set->key_count);
        key_count = order_for_both(large, set, keys);
        if (!order_serves(keys, key_count, set) || !sort_serves_all(sort, keys, key_count)) {
            return OK;
        }
    }
    *is_shared = true;
    sort->sets[sort->set_count++] = set;
    sort->keys = keys;
    sort->key_count = key_count;
    sort->partition_count = set->partition_count < sort->partition_count ? set->partition_count : sort->partition_count;
    return OK;
}

static Status start_sort(const Context *cx, Binder *binder, const WindowSet *set, SharedSort *sort) {
    *sort = (SharedSort){.sets = {set}, .set_count = 1, .partition_count = set->partition_count};
    TRY_NEW_ARRAY(cx, binder->arena, sort->keys, set->partition_count + set->key_count);
    sort->key_count = order_for_both(set, set, sort->keys);
    return OK;
}

/* One set for all that share: its partitions are those of all, and each call knows how many keys are its own. */
static Status merge_sets(const Context *cx, Binder *binder, const SharedSort *sort, WindowSet *merged) {
    *merged = (WindowSet){.pos = sort->sets[0]->pos,
                          .partition_count = sort->partition_count,
                          .key_count = sort->key_count - sort->partition_count,
                          .keys = sort->keys + sort->partition_count};
    TRY_NEW_ARRAY(cx, binder->arena, merged->partitions, sort->partition_count);
    for (uint32_t i = 0; i < sort->partition_count; i++) {
        merged->partitions[i] = sort->keys[i].expr;
    }
    for (uint32_t s = 0; s < sort->set_count; s++) {
        const WindowSet *set = sort->sets[s];
        for (uint32_t c = 0; c < set->call_count; c++) {
            WindowCall call = set->calls[c];
            call.partition_keys = set->partition_count;
            call.peer_keys = set->partition_count + set->key_count;
            TRY_APPEND(cx, binder->arena, merged->calls, merged->call_capacity, merged->call_count, call);
        }
    }
    return OK;
}

static Status add_window_node(const Context *cx, Binder *binder, Select *select, WindowSet *set) {
    TRY(compute_keys(cx, binder, select, set));
    LogicalNode *child = select->node;
    LogicalNode *node = logical_new(cx, binder->arena, LOGICAL_WINDOW, set->pos, 1, child->column_count + set->call_count);
    TRY_POINTER(node);
    node->children[0] = child;
    memcpy(node->columns, child->columns, sizeof(ColumnId) * child->column_count);
    for (uint32_t i = 0; i < set->call_count; i++) {
        node->columns[child->column_count + i] = set->calls[i].output;
    }
    node->window.partition_count = set->partition_count;
    node->window.partitions = set->partitions;
    node->window.key_count = set->key_count;
    node->window.keys = set->keys;
    node->window.call_count = set->call_count;
    node->window.calls = set->calls;
    select->node = node;
    return OK;
}

static void note_nulls(Binder *binder, const WindowSet *set) {
    for (uint32_t i = 0; i < set->call_count; i++) {
        const WindowCall *call = &set->calls[i];
        bool is_count =
            call->aggregate != NULL && (call->aggregate->id == AGGREGATE_COUNT || call->aggregate->id == AGGREGATE_COUNT_STAR);
        bool is_ranking = call->id == WINDOW_ROW_NUMBER || call->id == WINDOW_RANK || call->id == WINDOW_DENSE_RANK;
        binder->plan->columns[call->output].can_be_null = !is_count && !is_ranking;
    }
}

/* The set with the most keys that is left; NULL: none. */
static const WindowSet *largest_set(const Select *select, const bool *is_done) {
    const WindowSet *largest = NULL;
    for (uint32_t i = 0; i < select->window_count; i++) {
        const WindowSet *set = &select->windows[i];
        uint32_t keys = largest == NULL ? 0 : largest->partition_count + largest->key_count;
        if (!is_done[i] && (largest == NULL || set->partition_count + set->key_count > keys)) {
            largest = set;
        }
    }
    return largest;
}

Status window_rows(const Context *cx, Binder *binder, Select *select) {
    bool *is_done;
    TRY_NEW_ARRAY(cx, binder->arena, is_done, select->window_count);
    for (const WindowSet *set; (set = largest_set(select, is_done)) != NULL;) {
        SharedSort sort;
        WindowSet merged;
        TRY(start_sort(cx, binder, set, &sort));
        is_done[set - select->windows] = true;
        for (uint32_t i = 0; i < select->window_count; i++) {
            if (!is_done[i]) {
                TRY(try_sharing(cx, binder, &sort, &select->windows[i], &is_done[i]));
            }
        }
        TRY(merge_sets(cx, binder, &sort, &merged));
        TRY(add_window_node(cx, binder, select, &merged));
        note_nulls(binder, &merged);
    }
    return OK;
}
