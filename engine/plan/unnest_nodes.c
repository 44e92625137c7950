/* Carrying the free columns' values through the nodes of a dependent join's right side, but for joins (unnest_push.c). */
#include "plan/unnest.h"

static void columns_of_child(LogicalNode *node) {
    node->columns = node->children[0]->columns;
    node->column_count = node->children[0]->column_count;
}

/* ---------------------------------------------------------------------------------------------------------------- aggregation
 */

static Status fill_empty(const Context *cx, LogicalPlan *plan, AggregateCall *call, const Value *value, EmptyGroups *groups) {
    Type type = call->aggregate->result;
    Expr *either = expr_new(cx, plan->arena, EXPR_COALESCE, type, POS_NONE, 2);
    if (either == NULL) {
        return OUT_OF_MEMORY;
    }
    groups->outputs[groups->count] = call->output;
    groups->exprs[groups->count++] = either;
    TRY(plan_add_column(cx, plan, type, call->text, true, &call->output));
    TRY(plan_column(cx, plan, call->output, &either->args[0]));
    either->args[1] = expr_constant(cx, plan->arena, value, POS_NONE);
    return either->args[1] == NULL ? OUT_OF_MEMORY : OK;
}

Status empty_groups_begin(const Context *cx, LogicalPlan *plan, LogicalNode *aggregate, EmptyGroups *groups) {
    uint32_t count = aggregate->aggregate.call_count, first = aggregate->aggregate.group_count;
    *groups = (EmptyGroups){0};
    TRY_NEW_ARRAY(cx, plan->arena, groups->outputs, count + 1);
    TRY_NEW_ARRAY(cx, plan->arena, groups->exprs, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        AggregateCall *call = &aggregate->aggregate.calls[i];
        Value value;
        TRY(aggregate_empty_value(cx, plan->arena, call->aggregate, &value));
        if (value.is_null) {
            plan->columns[call->output].can_be_null = true;
        } else {
            TRY(fill_empty(cx, plan, call, &value, groups));
            aggregate->columns[first + i] = call->output;
        }
    }
    return OK;
}

Status empty_groups_end(const Context *cx, LogicalPlan *plan, const EmptyGroups *groups, LogicalNode **place) {
    if (groups->count == 0) {
        return OK;
    }
    TRY(project_over(cx, plan, place));
    for (uint32_t i = 0; i < groups->count; i++) {
        TRY(project_add(cx, plan, *place, groups->outputs[i], groups->exprs[i]));
    }
    return OK;
}

Status unnest_add_groups(Unnest *u, LogicalNode *node, const ColumnId *columns) {
    uint32_t count = node->aggregate.group_count + u->count;
    Expr **groups;
    ColumnId *outputs;
    TRY_NEW_ARRAY(u->cx, u->plan->arena, groups, count + 1);
    TRY_NEW_ARRAY(u->cx, u->plan->arena, outputs, node->column_count + u->count + 1);
    for (uint32_t i = 0; i < u->count; i++) {
        outputs[i] = columns[i];
        TRY(plan_column(u->cx, u->plan, columns[i], &groups[i]));
    }
    for (uint32_t i = 0; i < node->aggregate.group_count; i++) {
        groups[u->count + i] = node->aggregate.groups[i];
    }
    for (uint32_t i = 0; i < node->column_count; i++) {
        outputs[u->count + i] = node->columns[i];
    }
    node->aggregate.groups = groups;
    node->aggregate.group_count = count;
    node->columns = outputs;
    node->column_count += u->count;
    return OK;
}

/* Without GROUP BY there is a row for every value, also where nothing came in. */
static Status add_empty_groups(Unnest *u, LogicalNode **place, ColumnId *columns) {
    LogicalNode *domain;
    ColumnId *own;
    EmptyGroups groups;
    TRY_NEW_ARRAY(u->cx, u->plan->arena, own, u->count + 1);
    TRY(empty_groups_begin(u->cx, u->plan, *place, &groups));
    TRY(unnest_scan_domain(u, (*place)->pos, &domain, own));
    TRY(make_plan_join(u->cx, u->plan, JOIN_LEFT, domain, *place, NULL, 0, place));
    TRY(unnest_match_sides(u, *place, own, columns));
    memcpy(columns, own, u->count * sizeof *own);
    return empty_groups_end(u->cx, u->plan, &groups, place);
}

static Status integer_rows(Unnest *u, SourcePos pos, const uint32_t *numbers, uint32_t count, LogicalNode **node) {
    *node = logical_new(u->cx, u->plan->arena, LOGICAL_VALUES, pos, 0, 1);
    if (*node == NULL) {
        return OUT_OF_MEMORY;
    }
    (*node)->values.row_count = count;
    TRY_NEW_ARRAY(u->cx, u->plan->arena, (*node)->values.rows, count);
    for (uint32_t i = 0; i < count; i++) {
        Value value = value_i64(type_make(TYPE_INTEGER), numbers[i]);
        TRY_NEW(u->cx, u->plan->arena, (*node)->values.rows[i]);
        (*node)->values.rows[i][0] = expr_constant(u->cx, u->plan->arena, &value, pos);
        if ((*node)->values.rows[i][0] == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    return plan_add_column(u->cx, u->plan, type_make(TYPE_INTEGER), "grouping set", false, &(*node)->columns[0]);
}

/* The grouping sets () have a row for every value, also where nothing came in: (values × numbers of those sets) FULL JOIN the
 * groups. The set's number is the last group. */
static Status add_empty_sets(Unnest *u, LogicalNode **place, ColumnId *columns) {
    LogicalNode *node = *place, *domain, *numbers, *wanted;
    uint32_t at = node->aggregate.group_count - 1;
    ColumnId *own, number = node->columns[at], values_number;
    EmptyGroups groups;
    Expr *sides[2];
    TRY_NEW_ARRAY(u->cx, u->plan->arena, own, u->count + 1);
    TRY(integer_rows(u, node->pos, node->aggregate.empty_sets, node->aggregate.empty_set_count, &numbers));
    values_number = numbers->columns[0];
    node->aggregate.empty_set_count = 0;
    TRY(plan_copy_column(u->cx, u->plan, number, &node->columns[at]));
    TRY(empty_groups_begin(u->cx, u->plan, node, &groups));
    TRY(unnest_scan_domain(u, node->pos, &domain, own));
    TRY(make_plan_join(u->cx, u->plan, JOIN_INNER, domain, numbers, NULL, 0, &wanted));
    TRY(plan_column(u->cx, u->plan, values_number, &sides[0]));
    TRY(plan_column(u->cx, u->plan, node->columns[at], &sides[1]));
    Expr *same_set = expr_compare(u->cx, u->plan->arena, COMPARE_EQ, sides[0], sides[1]);
    if (same_set == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY(make_plan_join(u->cx, u->plan, JOIN_FULL, wanted, node, same_set, 0, place));
    TRY(unnest_match_sides(u, *place, own, columns));
    TRY(project_over(u->cx, u->plan, place));
    TRY(unnest_project_either(u, *place, &values_number, node->columns[at]));
    (*place)->columns[(*place)->column_count - 1] = number;
    for (uint32_t i = 0; i < u->count; i++) {
        TRY(unnest_project_either(u, *place, &columns[i], own[i]));
    }
    return empty_groups_end(u->cx, u->plan, &groups, place);
}

static Status push_aggregate(Unnest *u, LogicalNode **place, ColumnId *columns) {
    LogicalNode *node = *place;
    bool is_whole = node->aggregate.group_count == 0;
    TRY(unnest_push(u, &node->children[0], columns));
    TRY(unnest_replace(u, node, columns));
    TRY(unnest_add_groups(u, node, columns));
    if (node->aggregate.empty_set_count > 0) {
        return add_empty_sets(u, place, columns);
    }
    return is_whole ? add_empty_groups(u, place, columns) : OK;
}

static Status push_expand(Unnest *u, LogicalNode *node, ColumnId *columns) {
    uint32_t added = node->expand.key_count + 1;
    const ColumnId *outputs = node->columns + node->column_count - added;
    TRY(unnest_push(u, &node->children[0], columns));
    columns_of_child(node);
    return node_add_columns(u->cx, u->plan, node, outputs, added);
}

/* --------------------------------------------------------------------------------------------------------- windows and limits
 */

static Status window_outputs(const Context *cx, LogicalPlan *plan, LogicalNode *node) {
    columns_of_child(node);
    for (uint32_t i = 0; i < node->window.call_count; i++) {
        TRY(node_add_columns(cx, plan, node, &node->window.calls[i].output, 1));
    }
    return OK;
}

static Status add_partitions(Unnest *u, LogicalNode *node, const ColumnId *columns) {
    uint32_t count = node->window.partition_count;
    Expr **partitions;
    TRY_NEW_ARRAY(u->cx, u->plan->arena, partitions, u->count + count + 1);
    for (uint32_t i = 0; i < u->count; i++) {
        TRY(plan_column(u->cx, u->plan, columns[i], &partitions[i]));
    }
    for (uint32_t i = 0; i < count; i++) {
        partitions[u->count + i] = node->window.partitions[i];
    }
    node->window.partitions = partitions;
    node->window.partition_count = u->count + count;
    for (uint32_t i = 0; i < node->window.call_count; i++) {
        node->window.calls[i].partition_keys += u->count;
        node->window.calls[i].peer_keys += u->count;
    }
    return OK;
}

static Status push_window(Unnest *u, LogicalNode *node, ColumnId *columns) {
    TRY(unnest_push(u, &node->children[0], columns));
    TRY(unnest_replace(u, node, columns));
    TRY(add_partitions(u, node, columns));
    return window_outputs(u->cx, u->plan, node);
}

static Status compare_number(Unnest *u, CompareOp op, ColumnId id, int64_t bound, ExprList *conjuncts) {
    Value value = value_i64(type_make(TYPE_BIGINT), bound);
    Expr *column, *constant = expr_constant(u->cx, u->plan->arena, &value, POS_NONE);
    TRY(plan_column(u->cx, u->plan, id, &column));
    Expr *test = constant == NULL ? NULL : expr_compare(u->cx, u->plan->arena, op, column, constant);
    return test == NULL ? OUT_OF_MEMORY : expr_list_add(u->cx, u->plan->arena, conjuncts, test);
}

/* The rows of each value are numbered and ranked in the order of the Sort below, if there is one. */
static Status number_rows(Unnest *u, LogicalNode **place, const LogicalNode *sort, const ColumnId *columns,
                          ColumnId numbers[2]) {
    static const WindowId ids[] = {WINDOW_ROW_NUMBER, WINDOW_RANK};
    static const char *const texts[] = {"row_number()", "rank()"};
    LogicalNode *child = *place;
    LogicalNode *window = logical_new(u->cx, u->plan->arena, LOGICAL_WINDOW, child->pos, 1, 0);
    if (window == NULL) {
        return OUT_OF_MEMORY;
    }
    window->children[0] = child;
    window->window.key_count = sort == NULL ? 0 : sort->sort.key_count;
    window->window.keys = sort == NULL ? NULL : sort->sort.keys;
    window->window.call_count = 2;
    TRY_NEW_ARRAY(u->cx, u->plan->arena, window->window.calls, 2);
    for (uint32_t i = 0; i < 2; i++) {
        WindowCall *call = &window->window.calls[i];
        *call =
            (WindowCall){.id = ids[i], .type = type_make(TYPE_BIGINT), .text = texts[i], .peer_keys = window->window.key_count};
        TRY(plan_add_column(u->cx, u->plan, call->type, call->text, false, &call->output));
        numbers[i] = call->output;
    }
    TRY(add_partitions(u, window, columns));
    *place = window;
    return window_outputs(u->cx, u->plan, window);
}

static Status push_limit(Unnest *u, LogicalNode **place, ColumnId *columns) {
    const LogicalNode *node = *place;
    LogicalNode *child = node->children[0], *sort = child->kind == LOGICAL_SORT ? child : NULL;
    int64_t limit = node->limit.limit, offset = node->limit.offset, last;
    bool with_ties = node->limit.tie_key_count > 0;
    *place = sort != NULL ? sort->children[0] : child;
    TRY(unnest_push(u, place, columns));
    if (sort != NULL) {
        TRY(unnest_replace(u, sort, columns));
    }
    ColumnId numbers[2];
    ExprList conjuncts = {0};
    TRY(number_rows(u, place, sort, columns, numbers));
    if (offset > 0) {
        TRY(compare_number(u, COMPARE_GT, numbers[0], offset, &conjuncts));
    }
    if (limit >= 0 && !__builtin_add_overflow(limit, offset, &last)) {
        TRY(compare_number(u, COMPARE_LE, numbers[with_ties], last, &conjuncts));
    }
    return rewrite_wrap_filter(u->cx, u->plan, &conjuncts, place);
}

/* --------------------------------------------------------------------------------------------------------------- other nodes
 */

static Status push_filter(Unnest *u, LogicalNode *node, ColumnId *columns) {
    TRY(unnest_push(u, &node->children[0], columns));
    columns_of_child(node);
    return unnest_replace(u, node, columns);
}

/* The values of columns that the Project does not make itself, under their own ids. */
static Status push_project(Unnest *u, LogicalNode *node, ColumnId *columns) {
    TRY(unnest_push(u, &node->children[0], columns));
    TRY(unnest_replace(u, node, columns));
    for (uint32_t i = 0; i < u->count; i++) {
        Expr *column;
        uint32_t at = 0;
        while (at < node->column_count && node->columns[at] != columns[i]) {
            at++;
        }
        if (at == node->column_count) {
            TRY(plan_column(u->cx, u->plan, columns[i], &column));
            TRY(project_add(u->cx, u->plan, node, columns[i], column));
        }
    }
    return OK;
}

static Status push_sort(Unnest *u, LogicalNode **place, ColumnId *columns) {
    *place = (*place)->children[0]; /* only a LIMIT would ask for the order */
    return unnest_push(u, place, columns);
}

static Status push_union(Unnest *u, LogicalNode *node, ColumnId *columns) {
    ColumnId **added;
    TRY_NEW_ARRAY(u->cx, u->plan->arena, added, node->child_count + 1);
    u->is_split |= node->child_count > 1;
    for (uint32_t c = 0; c < node->child_count; c++) {
        ColumnId *inputs;
        TRY_NEW_ARRAY(u->cx, u->plan->arena, added[c], u->count + 1);
        TRY_NEW_ARRAY(u->cx, u->plan->arena, inputs, node->column_count + u->count + 1);
        TRY(unnest_push(u, &node->children[c], added[c]));
        memcpy(inputs, node->set_union.inputs[c], node->column_count * sizeof *inputs);
        memcpy(inputs + node->column_count, added[c], u->count * sizeof *inputs);
        node->set_union.inputs[c] = inputs;
    }
    for (uint32_t i = 0; i < u->count; i++) {
        TRY(plan_copy_column(u->cx, u->plan, u->free[i], &columns[i]));
        for (uint32_t c = 0; c < node->child_count; c++) {
            u->plan->columns[columns[i]].can_be_null |= u->plan->columns[added[c][i]].can_be_null;
        }
    }
    return node_add_columns(u->cx, u->plan, node, columns, u->count);
}

/* One row of expressions, for every value. */
static Status values_row(Unnest *u, const LogicalNode *values, uint32_t row, LogicalNode **out, ColumnId *columns) {
    LogicalNode *project = logical_new(u->cx, u->plan->arena, LOGICAL_PROJECT, values->pos, 1, values->column_count);
    if (project == NULL) {
        return OUT_OF_MEMORY;
    }
    project->project.exprs = values->values.rows[row];
    for (uint32_t i = 0; i < values->column_count; i++) {
        project->columns[i] = values->columns[i];
        if (values->values.row_count > 1) { /* the union of the rows has the ids of VALUES */
            TRY(plan_copy_column(u->cx, u->plan, values->columns[i], &project->columns[i]));
        }
    }
    TRY(unnest_scan_domain(u, values->pos, &project->children[0], columns));
    TRY(unnest_replace(u, project, columns));
    for (uint32_t i = 0; i < u->count; i++) {
        Expr *column;
        TRY(plan_column(u->cx, u->plan, columns[i], &column));
        TRY(project_add(u->cx, u->plan, project, columns[i], column));
    }
    *out = project;
    return OK;
}

static Status push_values(Unnest *u, LogicalNode **place, ColumnId *columns) {
    const LogicalNode *values = *place;
    uint32_t rows = values->values.row_count;
    if (rows == 1) {
        return values_row(u, values, 0, place, columns);
    }
    LogicalNode *all = logical_new(u->cx, u->plan->arena, LOGICAL_UNION, values->pos, rows, values->column_count);
    if (all == NULL) {
        return OUT_OF_MEMORY;
    }
    memcpy(all->columns, values->columns, values->column_count * sizeof *all->columns);
    TRY_NEW_ARRAY(u->cx, u->plan->arena, all->set_union.inputs, rows);
    for (uint32_t r = 0; r < rows; r++) {
        TRY(values_row(u, values, r, &all->children[r], columns));
        all->set_union.inputs[r] = all->children[r]->columns;
    }
    for (uint32_t i = 0; i < u->count; i++) {
        TRY(plan_copy_column(u->cx, u->plan, u->free[i], &columns[i]));
    }
    *place = all;
    return node_add_columns(u->cx, u->plan, all, columns, u->count);
}

/* The function is called for every value. */
static Status push_function(Unnest *u, LogicalNode *node, ColumnId *columns) {
    uint32_t own = node->child_count == 0 ? node->column_count : node->column_count - node->children[0]->column_count;
    const ColumnId *outputs = node->columns + node->column_count - own;
    if (node->child_count == 0) {
        TRY_NEW(u->cx, u->plan->arena, node->children);
        TRY(unnest_scan_domain(u, node->pos, &node->children[0], columns));
        node->child_count = 1;
    } else {
        TRY(unnest_push(u, &node->children[0], columns));
    }
    TRY(unnest_replace(u, node, columns));
    columns_of_child(node);
    return node_add_columns(u->cx, u->plan, node, outputs, own);
}

Status unnest_push(Unnest *u, LogicalNode **place, ColumnId *columns) {
    LogicalNode *node = *place;
    if (!tree_touches(node, &u->outer)) {
        return unnest_push_cross(u, place, columns);
    }
    if (unnest_can_pull(u, node)) {
        ExprList conjuncts = {0};
        TRY(unnest_pull(u, place, &conjuncts));
        return unnest_push_conditions(u, place, &conjuncts, columns);
    }
    switch (node->kind) {
    case LOGICAL_FILTER: return push_filter(u, node, columns);
    case LOGICAL_PROJECT: return push_project(u, node, columns);
    case LOGICAL_JOIN: return unnest_push_join(u, place, columns);
    case LOGICAL_AGGREGATE: return push_aggregate(u, place, columns);
    case LOGICAL_EXPAND: return push_expand(u, node, columns);
    case LOGICAL_WINDOW: return push_window(u, node, columns);
    case LOGICAL_SORT: return push_sort(u, place, columns);
    case LOGICAL_LIMIT: return push_limit(u, place, columns);
    case LOGICAL_UNION: return push_union(u, node, columns);
    case LOGICAL_VALUES: return push_values(u, place, columns);
    case LOGICAL_TABLE_FUNCTION: return push_function(u, node, columns);
    case LOGICAL_RECURSION: return fail_unsupported(u->cx, node->pos, "a correlated WITH RECURSIVE");
    default: return fail(u->cx, INTERNAL_ERROR, "a correlated subquery holds logical node kind %d", (int)node->kind);
    }
}
