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

/* ----------------------------------------------------------------------------------------------------------------- frames */

static Status check_frame(const Context *cx, const AstFrame *frame) {
    AstBoundKind start = frame->start.kind, end = frame->end.kind;
    if (start == AST_BOUND_UNBOUNDED_FOLLOWING) {
        return fail_at(cx, frame->start.pos, WINDOWING_ERROR, "frame start cannot be UNBOUNDED FOLLOWING");
    }
    if (end == AST_BOUND_UNBOUNDED_PRECEDING) {
        return fail_at(cx, frame->end.pos, WINDOWING_ERROR, "frame end cannot be UNBOUNDED PRECEDING");
    }
    if (start == AST_BOUND_CURRENT_ROW && end == AST_BOUND_PRECEDING) {
        return fail_at(cx, frame->end.pos, WINDOWING_ERROR, "frame starting from current row cannot have preceding rows");
    }
    if (start == AST_BOUND_FOLLOWING && (end == AST_BOUND_PRECEDING || end == AST_BOUND_CURRENT_ROW)) {
        return fail_at(cx, frame->end.pos, WINDOWING_ERROR, "frame starting from following row cannot have preceding rows");
    }
    return OK;
}

static Status bind_bound(const Context *cx, Place *place, const AstFrame *frame, const AstBound *ast, const char *what,
                         FrameBound *bound, int64_t *offset) {
    static const FrameBound bounds[] = {
        [AST_BOUND_UNBOUNDED_PRECEDING] = BOUND_UNBOUNDED_PRECEDING,
        [AST_BOUND_PRECEDING] = BOUND_PRECEDING,
        [AST_BOUND_CURRENT_ROW] = BOUND_CURRENT_ROW,
        [AST_BOUND_FOLLOWING] = BOUND_FOLLOWING,
        [AST_BOUND_UNBOUNDED_FOLLOWING] = BOUND_UNBOUNDED_FOLLOWING,
    };
    *bound = bounds[ast->kind];
    if (ast->kind != AST_BOUND_PRECEDING && ast->kind != AST_BOUND_FOLLOWING) {
        return OK;
    }
    if (frame->unit != AST_FRAME_ROWS) {
        return fail_unsupported(cx, frame->pos,
                                frame->unit == AST_FRAME_RANGE ? "RANGE with an offset" : "GROUPS with an offset");
    }
    bool is_null;
    Place constant = {.binder = place->binder, .scope = place->scope, .clause = CLAUSE_FRAME};
    TRY(bind_constant_integer(cx, &constant, ast->offset, offset, &is_null));
    if (is_null) {
        return fail_at(cx, ast->offset->pos, NULL_NOT_ALLOWED, "frame %s offset must not be null", what);
    }
    if (*offset < 0) {
        return fail_at(cx, ast->offset->pos, INVALID_FRAME_OFFSET, "frame %s offset must not be negative", what);
    }
    return OK;
}

static Status bind_frame(const Context *cx, Place *place, const WindowSpec *spec, WindowFrame *out) {
    const AstFrame *frame = spec->frame;
    if (frame->unit == AST_FRAME_NONE) { /* up to the row and its peers; without an order all rows are peers */
        bool is_ordered = spec->order_by->count > 0;
        *out = (WindowFrame){.mode = is_ordered ? FRAME_RANGE : FRAME_ROWS,
                             .start = BOUND_UNBOUNDED_PRECEDING,
                             .end = is_ordered ? BOUND_CURRENT_ROW : BOUND_UNBOUNDED_FOLLOWING};
        return OK;
    }
    if (frame->exclude != AST_EXCLUDE_NO_OTHERS) {
        return fail_unsupported(cx, frame->pos, "EXCLUDE in a window frame");
    }
    if (frame->unit == AST_FRAME_GROUPS && spec->order_by->count == 0) {
        return fail_at(cx, frame->pos, WINDOWING_ERROR, "GROUPS mode requires an ORDER BY clause");
    }
    TRY(check_frame(cx, frame));
    out->mode = frame->unit == AST_FRAME_ROWS ? FRAME_ROWS : FRAME_RANGE; /* GROUPS without offsets is the same */
    TRY(bind_bound(cx, place, frame, &frame->start, "starting", &out->start, &out->start_offset));
    return bind_bound(cx, place, frame, &frame->end, "ending", &out->end, &out->end_offset);
}

/* ------------------------------------------------------------------------------------------------------------------- sets */

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
    set->partition_count = spec->partition_by->count;
    set->key_count = spec->order_by->count;
    TRY_NEW_ARRAY(cx, binder->arena, set->partitions, set->partition_count);
    TRY_NEW_ARRAY(cx, binder->arena, set->keys, set->key_count);
    for (uint32_t i = 0; i < set->partition_count; i++) {
        TRY(bind_expr_known(cx, &inner, spec->partition_by->items[i], &set->partitions[i]));
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
    bool same_frame = a->frame.mode == b->frame.mode && a->frame.start == b->frame.start && a->frame.end == b->frame.end &&
                      a->frame.start_offset == b->frame.start_offset && a->frame.end_offset == b->frame.end_offset;
    if (a->id != b->id || !same_aggregate || !same_filter || !same_frame || a->arg_count != b->arg_count) {
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
    if (call->is_distinct) {
        return fail_unsupported(cx, ast->pos, "DISTINCT in a window function");
    }
    bool is_ordered = call->order_by.count > 0 || call->within_group.count > 0;
    if (is_ordered && window_exists(name)) {
        return fail_unsupported(cx, ast->pos, "ORDER BY in the arguments of a window function");
    }
    if (call->null_treatment == AST_IGNORE_NULLS) {
        return fail_unsupported(cx, ast->pos, "IGNORE NULLS");
    }
    if (call->is_star && strcmp(name, "count") != 0) {
        return fail_at(cx, ast->pos, UNDEFINED_FUNCTION, "function %s(*) does not exist", name);
    }
    if (call->filter != NULL && window_exists(name)) {
        return fail_at(cx, ast->pos, FEATURE_NOT_SUPPORTED, "FILTER is not implemented for non-aggregate window functions");
    }
    return OK;
}

Status bind_window_call(const Context *cx, Place *place, const AstExpr *ast, const char *name, Expr **out) {
    Binder *binder = place->binder;
    const AstCall *ast_call = ast->call;
    TRY(check_window_call(cx, place, ast, name));
    Select *select = place->select;
    Place inner = select_place(binder, select, CLAUSE_WINDOW_CALL);
    WindowSpec spec;
    WindowSet set = {0}, *found;
    WindowCall call = {0};
    AggregateForm form = {.name = name, .pos = ast->pos, .arg_count = ast->args.count};
    const AstWindowList *windows = &select->ast->windows;
    TRY(resolve_window(cx, windows, windows->count, ast_call->over, &spec));
    if (ast_call->filter != NULL) {
        TRY(bind_boolean(cx, &inner, ast_call->filter, "FILTER", &call.filter));
    }
    if (window_exists(name)) {
        TRY(bind_exprs(cx, &inner, &ast->args, &form.args));
        TRY(call_label(cx, binder, ast_call, &form, &call.text));
        TRY(window_bind(cx, binder->arena, name, form.args, form.arg_count, ast->pos, &call.id, &call.type));
    } else {
        TRY(bind_aggregate_form(cx, &inner, ast, name, &form, &call.text, &call.aggregate));
        call.id = WINDOW_AGGREGATE;
        call.type = call.aggregate->result;
    }
    call.arg_count = form.arg_count;
    call.args = form.args;
    TRY(bind_frame(cx, &inner, &spec, &call.frame));
    TRY(bind_set(cx, place, &spec, &set));
    TRY(find_or_add_set(cx, binder, select, &set, &found));
    ColumnId output;
    TRY(add_call(cx, binder, found, &call, &output));
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

Status window_rows(const Context *cx, Binder *binder, Select *select) {
    for (uint32_t i = 0; i < select->window_count; i++) {
        TRY(add_window_node(cx, binder, select, &select->windows[i]));
        note_nulls(binder, &select->windows[i]);
    }
    return OK;
}
