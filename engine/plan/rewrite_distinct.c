/* Rewrite: a grouping without aggregates (DISTINCT) goes where its input cannot hold two equal rows: its columns take in all
 * groups of an aggregation below, or a declared key of the table below. */
#include "plan/rewrite.h"

/* No two rows of the node agree in all columns of the set. */
static bool is_unique_by(const LogicalPlan *plan, const LogicalNode *node, const ColumnSet *set);

static bool has_all(const ColumnSet *set, const ColumnId *ids, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (!column_set_has(set, ids[i])) {
            return false;
        }
    }
    return true;
}

static bool set_has_table_column(const LogicalNode *get, const ColumnSet *set, uint32_t table_column) {
    for (uint32_t i = 0; i < get->column_count; i++) {
        if (get->get.table_columns[i] == table_column && column_set_has(set, get->columns[i])) {
            return true;
        }
    }
    return false;
}

/* UNIQUE lets NULLs repeat, so only a primary key counts. */
static bool has_primary_key(const LogicalNode *get, const ColumnSet *set) {
    const TableSchema *schema = get->get.table->schema;
    for (uint32_t k = 0; k < schema->key_count; k++) {
        bool is_whole = schema->keys[k].kind == KEY_PRIMARY;
        for (uint32_t i = 0; i < schema->keys[k].column_count && is_whole; i++) {
            is_whole = set_has_table_column(get, set, schema->keys[k].columns[i]);
        }
        if (is_whole) {
            return true;
        }
    }
    return false;
}

static bool is_unique_by(const LogicalPlan *plan, const LogicalNode *node, const ColumnSet *set) {
    switch (node->kind) {
    case LOGICAL_GET: return has_primary_key(node, set);
    case LOGICAL_VALUES: return node->values.row_count <= 1;
    case LOGICAL_AGGREGATE: return has_all(set, node->columns, node->aggregate.group_count);
    case LOGICAL_FILTER:
    case LOGICAL_SORT:
    case LOGICAL_LIMIT: return is_unique_by(plan, node->children[0], set);
    case LOGICAL_JOIN: {
        JoinKind kind = node->join.kind;
        return (join_only_asks(kind) || kind == JOIN_SINGLE) && is_unique_by(plan, node->children[0], set);
    }
    default: return false;
    }
}

/* DISTINCT over columns alone; anything computed by it would have to be computed elsewhere. */
static Status drop_distinct(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    LogicalNode *node = *place;
    if (node->kind != LOGICAL_AGGREGATE || node->aggregate.call_count > 0 || node->aggregate.group_count == 0) {
        return OK;
    }
    ColumnSet groups;
    TRY(column_set_init(cx, plan->arena, plan, &groups));
    for (uint32_t i = 0; i < node->aggregate.group_count; i++) {
        if (!expr_is_column(node->aggregate.groups[i])) {
            return OK;
        }
        column_set_add(&groups, node->aggregate.groups[i]->column);
    }
    const LogicalNode *child = node->children[0];
    while (child->kind == LOGICAL_PROJECT) { /* that passes the groups on under their own ids */
        for (uint32_t i = 0; i < child->column_count; i++) {
            const Expr *expr = child->project.exprs[i];
            bool is_passed = expr_is_column(expr) && expr->column == child->columns[i];
            if (column_set_has(&groups, child->columns[i]) && !is_passed) {
                bit_clear(groups.bits, child->columns[i]);
            }
        }
        child = child->children[0];
    }
    if (!is_unique_by(plan, child, &groups)) {
        return OK;
    }
    LogicalNode *project = logical_new(cx, plan->arena, LOGICAL_PROJECT, node->pos, 1, node->column_count);
    if (project == NULL) {
        return OUT_OF_MEMORY;
    }
    memcpy(project->columns, node->columns, node->column_count * sizeof *node->columns);
    project->children[0] = node->children[0];
    project->project.exprs = node->aggregate.groups;
    *place = project;
    return OK;
}

static Status drop_tree(const Context *cx, LogicalPlan *plan, LogicalNode **root) {
    return rewrite_nodes(cx, plan, root, drop_distinct);
}

Status rewrite_distinct(const Context *cx, LogicalPlan *plan) {
    return rewrite_roots(cx, plan, drop_tree);
}
