/* Rewrite: each node keeps only the columns that something above it uses. Runs last: it makes node->columns exact. */
#include "plan/rewrite.h"

typedef struct Pruner {
    const Context *cx;
    LogicalPlan *plan;
    ColumnSet *shared; /* by index: columns of the shared subplan that its readers use */
} Pruner;

static Status prune(Pruner *p, LogicalNode **place, const ColumnSet *required);

static Status copy_set(Pruner *p, const ColumnSet *from, ColumnSet *to) {
    TRY(column_set_init(p->cx, p->plan->arena, p->plan, to));
    column_set_copy(to, from);
    return OK;
}

static void columns_of_child(LogicalNode *node) {
    node->columns = node->children[0]->columns;
    node->column_count = node->children[0]->column_count;
}

static void prune_get(LogicalNode *node, const ColumnSet *required) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < node->column_count; i++) {
        if (column_set_has(required, node->columns[i])) {
            node->columns[kept] = node->columns[i];
            node->get.table_columns[kept++] = node->get.table_columns[i];
        }
    }
    node->column_count = kept;
}

static void prune_shared_scan(Pruner *p, LogicalNode *node, const ColumnSet *required) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < node->column_count; i++) {
        if (column_set_has(required, node->columns[i])) {
            column_set_add(&p->shared[node->shared_scan.index], node->shared_scan.inputs[i]);
            node->columns[kept] = node->columns[i];
            node->shared_scan.inputs[kept++] = node->shared_scan.inputs[i];
        }
    }
    node->column_count = kept;
}

/* A Project of which nothing is used gives way to its child: only the number of rows matters. */
static Status prune_project(Pruner *p, LogicalNode **place, const ColumnSet *required) {
    LogicalNode *node = *place;
    ColumnSet below;
    TRY(column_set_init(p->cx, p->plan->arena, p->plan, &below));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < node->column_count; i++) {
        if (column_set_has(required, node->columns[i])) {
            node->columns[kept] = node->columns[i];
            node->project.exprs[kept] = node->project.exprs[i];
            column_set_add_expr(&below, node->project.exprs[kept++]);
        }
    }
    node->column_count = kept;
    TRY(prune(p, &node->children[0], &below));
    if (kept == 0) {
        *place = node->children[0];
    }
    return OK;
}

static Status prune_join(Pruner *p, LogicalNode *node, const ColumnSet *required) {
    ColumnSet below;
    TRY(copy_set(p, required, &below));
    column_set_add_expr(&below, node->join.condition);
    TRY(prune(p, &node->children[0], &below));
    TRY(prune(p, &node->children[1], &below));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < node->column_count; i++) {
        bool is_mark = join_adds_mark(node->join.kind) && node->columns[i] == node->join.mark;
        if (is_mark || column_set_has(required, node->columns[i])) {
            node->columns[kept++] = node->columns[i];
        }
    }
    node->column_count = kept;
    return OK;
}

static Status prune_aggregate(Pruner *p, LogicalNode *node, const ColumnSet *required) {
    ColumnSet below;
    TRY(column_set_init(p->cx, p->plan->arena, p->plan, &below));
    uint32_t groups = node->aggregate.group_count, kept = 0;
    for (uint32_t i = 0; i < groups; i++) {
        column_set_add_expr(&below, node->aggregate.groups[i]);
    }
    for (uint32_t i = 0; i < node->aggregate.call_count; i++) {
        const AggregateCall *call = &node->aggregate.calls[i];
        bool is_last_chance = groups == 0 && kept == 0 && i + 1 == node->aggregate.call_count; /* one row, of something */
        if (!column_set_has(required, call->output) && !is_last_chance) {
            continue;
        }
        for (uint32_t a = 0; a < call->arg_count; a++) {
            column_set_add_expr(&below, call->args[a]);
        }
        column_set_add_expr(&below, call->filter);
        node->columns[groups + kept] = call->output;
        node->aggregate.calls[kept++] = *call;
    }
    node->aggregate.call_count = kept;
    node->column_count = groups + kept;
    return prune(p, &node->children[0], &below);
}

static Status prune_expand(Pruner *p, LogicalNode *node, const ColumnSet *required) {
    uint32_t added = node->expand.key_count + 1;
    const ColumnId *outputs = node->columns + node->column_count - added;
    ColumnSet below;
    TRY(copy_set(p, required, &below));
    column_set_add_all(&below, node->expand.keys, node->expand.key_count);
    TRY(prune(p, &node->children[0], &below));
    const LogicalNode *child = node->children[0];
    node->column_count = child->column_count + added;
    TRY_NEW_ARRAY(p->cx, p->plan->arena, node->columns, node->column_count);
    memcpy(node->columns, child->columns, child->column_count * sizeof *child->columns);
    memcpy(node->columns + child->column_count, outputs, added * sizeof *outputs);
    return OK;
}

/* Fields that nobody wants are not converted. A system table or function is made as a whole. */
static void prune_file(LogicalNode *node, const ColumnSet *required) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < node->column_count && node->table_function.file != NULL; i++) {
        if (column_set_has(required, node->columns[i])) {
            node->columns[kept] = node->columns[i];
            node->table_function.file_fields[kept++] = node->table_function.file_fields[i];
        }
    }
    node->column_count = node->table_function.file != NULL ? kept : node->column_count;
}

static Status prune_function(Pruner *p, LogicalNode *node, const ColumnSet *required) {
    if (node->child_count == 0) {
        prune_file(node, required);
        return OK;
    }
    ColumnId own = node->columns[node->column_count - 1];
    ColumnSet below;
    TRY(copy_set(p, required, &below));
    for (uint32_t i = 0; i < node->table_function.arg_count; i++) {
        column_set_add_expr(&below, node->table_function.args[i]);
    }
    TRY(prune(p, &node->children[0], &below));
    const LogicalNode *child = node->children[0];
    node->column_count = child->column_count + 1;
    TRY_NEW_ARRAY(p->cx, p->plan->arena, node->columns, node->column_count);
    memcpy(node->columns, child->columns, child->column_count * sizeof *child->columns);
    node->columns[child->column_count] = own;
    return OK;
}

static Status prune_window(Pruner *p, LogicalNode **place, const ColumnSet *required) {
    LogicalNode *node = *place;
    ColumnSet below;
    TRY(copy_set(p, required, &below));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < node->window.call_count; i++) {
        const WindowCall *call = &node->window.calls[i];
        if (!column_set_has(required, call->output)) {
            continue;
        }
        for (uint32_t a = 0; a < call->arg_count; a++) {
            column_set_add_expr(&below, call->args[a]);
        }
        column_set_add_expr(&below, call->filter);
        node->window.calls[kept++] = *call;
    }
    node->window.call_count = kept;
    if (kept == 0) {
        *place = node->children[0];
        return prune(p, place, required);
    }
    for (uint32_t i = 0; i < node->window.partition_count; i++) {
        column_set_add_expr(&below, node->window.partitions[i]);
    }
    for (uint32_t i = 0; i < node->window.key_count; i++) {
        column_set_add_expr(&below, node->window.keys[i].expr);
    }
    TRY(prune(p, &node->children[0], &below));
    const LogicalNode *child = node->children[0];
    node->column_count = child->column_count + kept;
    TRY_NEW_ARRAY(p->cx, p->plan->arena, node->columns, node->column_count);
    memcpy(node->columns, child->columns, child->column_count * sizeof *child->columns);
    for (uint32_t i = 0; i < kept; i++) {
        node->columns[child->column_count + i] = node->window.calls[i].output;
    }
    return OK;
}

static Status prune_sort(Pruner *p, LogicalNode *node, const ColumnSet *required) {
    ColumnSet below;
    TRY(copy_set(p, required, &below));
    for (uint32_t i = 0; i < node->sort.key_count; i++) {
        column_set_add_expr(&below, node->sort.keys[i].expr);
    }
    TRY(prune(p, &node->children[0], &below));
    columns_of_child(node);
    return OK;
}

static Status prune_union(Pruner *p, LogicalNode *node, const ColumnSet *required) {
    uint32_t kept = 0;
    for (uint32_t c = 0; c < node->child_count; c++) { /* they may be the children's own arrays, which change below */
        ColumnId *copy;
        TRY_NEW_ARRAY(p->cx, p->plan->arena, copy, node->column_count + 1);
        memcpy(copy, node->set_union.inputs[c], node->column_count * sizeof *copy);
        node->set_union.inputs[c] = copy;
    }
    for (uint32_t i = 0; i < node->column_count; i++) {
        bool is_last_chance = kept == 0 && i + 1 == node->column_count; /* one column carries the rows */
        if (!column_set_has(required, node->columns[i]) && !is_last_chance) {
            continue;
        }
        node->columns[kept] = node->columns[i];
        for (uint32_t c = 0; c < node->child_count; c++) {
            node->set_union.inputs[c][kept] = node->set_union.inputs[c][i];
        }
        kept++;
    }
    node->column_count = kept;
    for (uint32_t c = 0; c < node->child_count; c++) {
        ColumnSet below;
        TRY(column_set_init(p->cx, p->plan->arena, p->plan, &below));
        column_set_add_all(&below, node->set_union.inputs[c], kept);
        TRY(prune(p, &node->children[c], &below));
    }
    return OK;
}

/* All columns go round: which of them tell rows apart is not known here. */
static Status prune_recursion(Pruner *p, LogicalNode *node) {
    for (uint32_t c = 0; c < 2; c++) {
        ColumnSet below;
        TRY(column_set_init(p->cx, p->plan->arena, p->plan, &below));
        column_set_add_all(&below, node->recursion.inputs[c], node->column_count);
        TRY(prune(p, &node->children[c], &below));
    }
    return OK;
}

static Status prune(Pruner *p, LogicalNode **place, const ColumnSet *required) {
    LogicalNode *node = *place;
    ColumnSet below;
    switch (node->kind) {
    case LOGICAL_GET: prune_get(node, required); return OK;
    case LOGICAL_VALUES: return OK;
    case LOGICAL_TABLE_FUNCTION: return prune_function(p, node, required);
    case LOGICAL_FILTER:
        TRY(copy_set(p, required, &below));
        column_set_add_expr(&below, node->filter.condition);
        TRY(prune(p, &node->children[0], &below));
        columns_of_child(node);
        return OK;
    case LOGICAL_PROJECT: return prune_project(p, place, required);
    case LOGICAL_JOIN: return prune_join(p, node, required);
    case LOGICAL_AGGREGATE: return prune_aggregate(p, node, required);
    case LOGICAL_EXPAND: return prune_expand(p, node, required);
    case LOGICAL_WINDOW: return prune_window(p, place, required);
    case LOGICAL_SORT: return prune_sort(p, node, required);
    case LOGICAL_LIMIT:
        TRY(prune(p, &node->children[0], required));
        columns_of_child(node);
        return OK;
    case LOGICAL_UNION: return prune_union(p, node, required);
    case LOGICAL_RECURSION: return prune_recursion(p, node);
    case LOGICAL_WORKING_SCAN: return OK;
    case LOGICAL_SHARED_SCAN: prune_shared_scan(p, node, required); return OK;
    case LOGICAL_CHANGE:
    case LOGICAL_INSERT:
        TRY(column_set_init(p->cx, p->plan->arena, p->plan, &below));
        column_set_add_all(&below, node->children[0]->columns, node->children[0]->column_count);
        return prune(p, &node->children[0], &below);
    }
    return OK;
}

/* Each shared subplan follows when all trees that read it are done. */
static Status prune_shared(Pruner *p) {
    uint32_t count = p->plan->shared_count, left = count;
    bool *is_done, *is_read;
    TRY_NEW_ARRAY(p->cx, p->plan->arena, is_done, count + 1);
    TRY_NEW_ARRAY(p->cx, p->plan->arena, is_read, count + 1);
    while (left > 0) {
        memset(is_read, 0, count);
        for (uint32_t i = 0; i < count; i++) {
            if (!is_done[i]) {
                logical_note_shared(p->plan->shared[i].node, is_read);
            }
        }
        for (uint32_t i = 0; i < count; i++) {
            if (!is_done[i] && !is_read[i]) {
                TRY(prune(p, &p->plan->shared[i].node, &p->shared[i]));
                is_done[i] = true;
                left--;
            }
        }
    }
    return OK;
}

Status rewrite_prune_columns(const Context *cx, LogicalPlan *plan) {
    ColumnSet required;
    Pruner pruner = {.cx = cx, .plan = plan};
    TRY_NEW_ARRAY(cx, plan->arena, pruner.shared, plan->shared_count + 1);
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        TRY(column_set_init(cx, plan->arena, plan, &pruner.shared[i]));
    }
    TRY(column_set_init(cx, plan->arena, plan, &required));
    column_set_add_all(&required, plan->outputs, plan->output_count);
    TRY(prune(&pruner, &plan->root, &required));
    return prune_shared(&pruner);
}
