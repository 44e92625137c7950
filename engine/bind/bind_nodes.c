/* Making the plan's nodes, with their columns. */
#include "bind/binder.h"

#define LABEL_BYTES_MAX 160

Expr *make_column(const Context *cx, Binder *binder, ColumnId id, SourcePos pos) {
    const LogicalColumn *column = &binder->plan->columns[id];
    return expr_column(cx, binder->arena, id, column->type, column->name, pos);
}

Status expr_label(const Context *cx, Binder *binder, const Expr *expr, const char **label) {
    char *text = expr_print(cx, binder->arena, expr);
    TRY_POINTER(text);
    if (strlen(text) > LABEL_BYTES_MAX) { /* labels of labels would grow without bound */
        size_t bytes = LABEL_BYTES_MAX;
        while (bytes > 0 && ((unsigned char)text[bytes] & 0xc0) == 0x80) {
            bytes--;
        }
        strcpy(text + bytes, "…");
    }
    *label = text;
    return OK;
}

Status make_column_for(const Context *cx, Binder *binder, const Expr *expr, const char *name, ColumnId *id) {
    if (expr->kind == EXPR_COLUMN) {
        *id = expr->column;
        return OK;
    }
    if (name == NULL) {
        TRY(expr_label(cx, binder, expr, &name));
    }
    return plan_add_column(cx, binder->plan, expr->type, name, expr_can_be_null(binder->plan, expr), id);
}

static bool has_id(const ColumnId *ids, uint32_t count, ColumnId id) {
    for (uint32_t i = 0; i < count; i++) {
        if (ids[i] == id) {
            return true;
        }
    }
    return false;
}

Status make_filter(const Context *cx, Binder *binder, Expr *condition, LogicalNode **node) {
    if (condition == NULL) {
        return OK;
    }
    LogicalNode *child = *node;
    *node = logical_new(cx, binder->arena, LOGICAL_FILTER, condition->pos, 1, child->column_count);
    TRY_POINTER(*node);
    (*node)->children[0] = child;
    memcpy((*node)->columns, child->columns, sizeof(ColumnId) * child->column_count);
    (*node)->filter.condition = condition;
    return OK;
}

static void make_nullable(Binder *binder, const LogicalNode *node) {
    for (uint32_t i = 0; i < node->column_count; i++) {
        binder->plan->columns[node->columns[i]].can_be_null = true;
    }
}

Status make_join(const Context *cx, Binder *binder, SourcePos pos, JoinKind kind, LogicalNode *left, LogicalNode *right,
                 Expr *condition, ColumnId mark, LogicalNode **node) {
    bool takes_right = !join_only_asks(kind);
    uint32_t columns = left->column_count + (takes_right ? right->column_count : join_adds_mark(kind));
    LogicalNode *join = logical_new(cx, binder->arena, LOGICAL_JOIN, pos, 2, columns);
    TRY_POINTER(join);
    join->children[0] = left;
    join->children[1] = right;
    join->join.kind = kind;
    join->join.condition = condition;
    join->join.mark = mark;
    memcpy(join->columns, left->columns, sizeof(ColumnId) * left->column_count);
    if (takes_right) {
        memcpy(join->columns + left->column_count, right->columns, sizeof(ColumnId) * right->column_count);
    } else if (join_adds_mark(kind)) {
        join->columns[left->column_count] = mark;
    }
    if (kind == JOIN_LEFT || kind == JOIN_FULL || kind == JOIN_SINGLE) {
        make_nullable(binder, right);
    }
    if (kind == JOIN_RIGHT || kind == JOIN_FULL) {
        make_nullable(binder, left);
    }
    *node = join;
    return OK;
}

Status make_project(const Context *cx, Binder *binder, SourcePos pos, Expr *const *exprs, const char *const *names,
                    uint32_t count, LogicalNode **node) {
    LogicalNode *child = *node;
    LogicalNode *project = logical_new(cx, binder->arena, LOGICAL_PROJECT, pos, 1, count);
    TRY_POINTER(project);
    project->children[0] = child;
    TRY_NEW_ARRAY(cx, binder->arena, project->project.exprs, count);
    for (uint32_t i = 0; i < count; i++) {
        project->project.exprs[i] = exprs[i];
        bool is_column = exprs[i]->kind == EXPR_COLUMN;
        bool is_own = is_column && has_id(child->columns, child->column_count, exprs[i]->column); /* else: of an outer query */
        if (is_column && (!is_own || has_id(project->columns, i, exprs[i]->column))) {
            TRY(plan_copy_column(cx, binder->plan, exprs[i]->column, &project->columns[i]));
        } else {
            TRY(make_column_for(cx, binder, exprs[i], names == NULL ? NULL : names[i], &project->columns[i]));
        }
    }
    *node = project;
    return OK;
}

Status make_aggregate(const Context *cx, Binder *binder, SourcePos pos, Expr *const *groups, const ColumnId *group_columns,
                      uint32_t group_count, const AggregateCall *calls, uint32_t call_count, LogicalNode **node) {
    LogicalNode *aggregate = logical_new(cx, binder->arena, LOGICAL_AGGREGATE, pos, 1, group_count + call_count);
    TRY_POINTER(aggregate);
    aggregate->children[0] = *node;
    aggregate->aggregate.group_count = group_count;
    aggregate->aggregate.call_count = call_count;
    TRY_NEW_ARRAY(cx, binder->arena, aggregate->aggregate.groups, group_count);
    TRY_NEW_ARRAY(cx, binder->arena, aggregate->aggregate.calls, call_count);
    for (uint32_t i = 0; i < group_count; i++) {
        aggregate->aggregate.groups[i] = groups[i];
        aggregate->columns[i] = group_columns[i];
    }
    for (uint32_t i = 0; i < call_count; i++) {
        aggregate->aggregate.calls[i] = calls[i];
        aggregate->columns[group_count + i] = calls[i].output;
    }
    *node = aggregate;
    return OK;
}

/* Rows [first, end) of VALUES: as they are, or one row over its subqueries. */
static Status rows_part(const Context *cx, Binder *binder, const LogicalNode *values, uint32_t first, uint32_t end,
                        const PendingJoins *pending, LogicalNode **out) {
    bool is_computed = pending->count > 0;
    LogicalNode *part = logical_new(cx, binder->arena, is_computed ? LOGICAL_PROJECT : LOGICAL_VALUES, values->pos, is_computed,
                                    values->column_count);
    TRY_POINTER(part);
    for (uint32_t i = 0; i < values->column_count; i++) {
        TRY(plan_copy_column(cx, binder->plan, values->columns[i], &part->columns[i]));
    }
    *out = part;
    if (!is_computed) {
        part->values.row_count = end - first;
        part->values.rows = values->values.rows + first;
        return OK;
    }
    LogicalNode *row = logical_new(cx, binder->arena, LOGICAL_VALUES, values->pos, 0, 0);
    TRY_POINTER(row);
    row->values.row_count = 1;
    TRY_NEW_ARRAY(cx, binder->arena, row->values.rows, 1);
    TRY(join_pending_values(cx, binder, pending, &row));
    part->children[0] = row;
    part->project.exprs = values->values.rows[first];
    return OK;
}

Status compute_rows(const Context *cx, Binder *binder, const PendingJoins *pending, LogicalNode **node) {
    const LogicalNode *values = *node;
    uint32_t rows = values->values.row_count, parts = 0, first = 0;
    bool is_computed = false;
    for (uint32_t r = 0; r < rows; r++) {
        is_computed = is_computed || pending[r].count > 0;
    }
    if (!is_computed) {
        return OK;
    }
    LogicalNode *all = logical_new(cx, binder->arena, LOGICAL_UNION, values->pos, rows, values->column_count);
    TRY_POINTER(all);
    memcpy(all->columns, values->columns, sizeof(ColumnId) * values->column_count);
    TRY_NEW_ARRAY(cx, binder->arena, all->set_union.inputs, rows);
    while (first < rows) {
        uint32_t end = first + 1;
        while (pending[first].count == 0 && end < rows && pending[end].count == 0) {
            end++;
        }
        TRY(rows_part(cx, binder, values, first, end, &pending[first], &all->children[parts]));
        all->set_union.inputs[parts] = all->children[parts]->columns;
        parts++;
        first = end;
    }
    all->child_count = parts;
    *node = all;
    return OK;
}

Status make_sort(const Context *cx, Binder *binder, const SortKey *keys, uint32_t key_count, LogicalNode **node) {
    LogicalNode *child = *node;
    *node = logical_new(cx, binder->arena, LOGICAL_SORT, keys[0].expr->pos, 1, child->column_count);
    TRY_POINTER(*node);
    (*node)->children[0] = child;
    memcpy((*node)->columns, child->columns, sizeof(ColumnId) * child->column_count);
    TRY_NEW_ARRAY(cx, binder->arena, (*node)->sort.keys, key_count);
    memcpy((*node)->sort.keys, keys, sizeof *keys * key_count);
    (*node)->sort.key_count = key_count;
    return OK;
}

Status make_row_number(const Context *cx, Binder *binder, SourcePos pos, Expr **partitions, uint32_t partition_count,
                       SortKey *keys, uint32_t key_count, LogicalNode **node) {
    LogicalNode *child = *node;
    WindowCall *call;
    TRY_NEW(cx, binder->arena, call);
    *call = (WindowCall){.id = WINDOW_ROW_NUMBER,
                         .partition_keys = partition_count,
                         .peer_keys = partition_count + key_count,
                         .text = "row_number()"};
    TRY(window_bind(cx, binder->arena, "row_number", NULL, 0, pos, &call->id, &call->type));
    TRY(plan_add_column(cx, binder->plan, call->type, call->text, false, &call->output));
    *node = logical_new(cx, binder->arena, LOGICAL_WINDOW, pos, 1, child->column_count + 1);
    TRY_POINTER(*node);
    (*node)->children[0] = child;
    memcpy((*node)->columns, child->columns, sizeof(ColumnId) * child->column_count);
    (*node)->columns[child->column_count] = call->output;
    (*node)->window.partition_count = partition_count;
    (*node)->window.partitions = partitions;
    (*node)->window.key_count = key_count;
    (*node)->window.keys = keys;
    (*node)->window.call_count = 1;
    (*node)->window.calls = call;
    return OK;
}

Status make_number_test(const Context *cx, Binder *binder, ColumnId id, int64_t number, SourcePos pos, Expr **out) {
    Value value = value_i64(binder->plan->columns[id].type, number);
    Expr *column = make_column(cx, binder, id, pos), *constant = expr_constant(cx, binder->arena, &value, pos);
    TRY_POINTER(column);
    TRY_POINTER(constant);
    *out = expr_compare(cx, binder->arena, COMPARE_EQ, column, constant);
    TRY_POINTER(*out);
    return OK;
}

static Status columns_of(const Context *cx, Binder *binder, const LogicalNode *node, Expr ***exprs) {
    TRY_NEW_ARRAY(cx, binder->arena, *exprs, node->column_count);
    for (uint32_t i = 0; i < node->column_count; i++) {
        (*exprs)[i] = make_column(cx, binder, node->columns[i], node->pos);
        TRY_POINTER((*exprs)[i]);
    }
    return OK;
}

Status make_distinct(const Context *cx, Binder *binder, SourcePos pos, LogicalNode **node) {
    Expr **groups;
    TRY(columns_of(cx, binder, *node, &groups));
    return make_aggregate(cx, binder, pos, groups, (*node)->columns, (*node)->column_count, NULL, 0, node);
}

Status make_prefix(const Context *cx, Binder *binder, uint32_t count, LogicalNode **node) {
    Expr **exprs;
    if (count == (*node)->column_count) {
        return OK;
    }
    TRY(columns_of(cx, binder, *node, &exprs));
    return make_project(cx, binder, (*node)->pos, exprs, NULL, count, node);
}
