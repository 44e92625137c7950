/* GROUP BY: binding its items, and turning what stands above the grouping into expressions over groups and aggregates. */
#include "bind/select.h"

static bool has_output(const Select *select, ColumnId id) {
    if (select->series != NULL && select->series_column == id) {
        return true;
    }
    for (uint32_t i = 0; i < select->call_count; i++) {
        if (select->calls[i].output == id) {
            return true;
        }
    }
    for (uint32_t i = 0; i < select->grouping_count; i++) {
        if (select->groupings[i].output == id) {
            return true;
        }
    }
    for (uint32_t w = 0; w < select->window_count; w++) {
        for (uint32_t i = 0; i < select->windows[w].call_count; i++) {
            if (select->windows[w].calls[i].output == id) {
                return true;
            }
        }
    }
    return false;
}

static bool has_pending(const PendingJoins *pending, ColumnId id) {
    for (uint32_t i = 0; i < pending->count; i++) {
        const PendingJoin *join = &pending->items[i];
        if (join->node == NULL) {
            continue;
        }
        if (join_adds_mark(join->kind) && join->mark == id) {
            return true;
        }
        for (uint32_t c = 0; c < join->node->column_count; c++) {
            if (join->node->columns[c] == id) {
                return true;
            }
        }
    }
    return false;
}

/* Is it a column of the rows that are grouped, not one of an enclosing query? */
static bool is_row_column(const Select *select, ColumnId id) {
    for (uint32_t i = 0; i < select->node->column_count; i++) {
        if (select->node->columns[i] == id) {
            return true;
        }
    }
    return has_pending(&select->before, id);
}

/* ------------------------------------------------------------------------------------------------------------ GROUP BY items
 */

static Status add_group(const Context *cx, Binder *binder, Select *select, Expr *expr, uint32_t *index) {
    for (*index = 0; *index < select->group_count; (*index)++) {
        if (expr_equal(select->groups[*index].expr, expr)) {
            return OK;
        }
    }
    Group group = {.expr = expr};
    bool is_outer = expr->kind == EXPR_COLUMN && !is_row_column(select, expr->column);
    TRY(is_outer ? plan_copy_column(cx, binder->plan, expr->column, &group.column)
                 : make_column_for(cx, binder, expr, NULL, &group.column));
    TRY_APPEND(cx, binder->arena, select->groups, select->group_capacity, select->group_count, group);
    return OK;
}

static Status add_group_to(const Context *cx, Binder *binder, Select *select, Expr *expr, GroupingSet *set) {
    uint32_t index;
    TRY(add_group(cx, binder, select, expr, &index));
    return grouping_set_add(cx, binder, set, index);
}

/* An item that stands for a column of the select list: bound again, over the rows of FROM. What its subqueries were the first
 * time is forgotten. */
static Status add_item_group(const Context *cx, Binder *binder, Select *select, SelectItem *item, GroupingSet *set) {
    if (item->ast != NULL) {
        Place place = select_row_place(binder, select, CLAUSE_GROUP_BY);
        for (uint32_t i = item->pending_first; i < item->pending_end; i++) {
            select->after.items[i].node = NULL;
        }
        TRY(bind_expr_known(cx, &place, item->ast, &item->expr));
    }
    return add_group_to(cx, binder, select, item->expr, set);
}

static Status find_alias(const Context *cx, Select *select, const AstExpr *ast, SelectItem **found) {
    *found = NULL;
    for (uint32_t i = 0; i < select->visible_count; i++) {
        SelectItem *item = &select->items[i];
        if (strcmp(item->name, ast->name->parts[0].text) != 0 || item->alias == NULL) {
            continue;
        }
        if (*found != NULL && !expr_equal((*found)->expr, item->expr)) {
            return fail_at(cx, ast->pos, AMBIGUOUS_COLUMN, "GROUP BY \"%s\" is ambiguous", item->name);
        }
        *found = item;
    }
    return OK;
}

static Status bind_group_expr(const Context *cx, Binder *binder, Select *select, const AstExpr *ast, GroupingSet *set) {
    bool is_position;
    uint32_t position;
    if (ast->kind == AST_ROW) {
        for (uint32_t i = 0; i < ast->args.count; i++) {
            TRY(bind_group_expr(cx, binder, select, ast->args.items[i], set));
        }
        return OK;
    }
    TRY(bind_position(cx, ast, "GROUP BY", select->visible_count, &is_position, &position));
    if (is_position) {
        return add_item_group(cx, binder, select, &select->items[position], set);
    }
    if (ast->kind == AST_COLUMN && ast->name->count == 1 && !scope_has_column(&select->scope, ast->name->parts[0].text)) {
        SelectItem *item;
        TRY(find_alias(cx, select, ast, &item));
        if (item != NULL) {
            return add_item_group(cx, binder, select, item, set);
        }
    }
    Expr *expr;
    Place place = select_row_place(binder, select, CLAUSE_GROUP_BY);
    TRY(bind_expr_known(cx, &place, ast, &expr));
    return add_group_to(cx, binder, select, expr, set);
}

typedef struct ItemParts {
    const Select *select;
    bool has_rows, has_results; /* columns of FROM; aggregates and windows */
} ItemParts;

static bool note_part(const Expr *node, void *parts_) {
    ItemParts *parts = parts_;
    if (node->kind == EXPR_COLUMN && has_output(parts->select, node->column)) {
        parts->has_results = true;
    } else if (node->kind == EXPR_COLUMN && is_row_column(parts->select, node->column)) {
        parts->has_rows = true;
    }
    return true;
}

static bool is_row_part(const Expr *node, void *select) {
    return node->kind != EXPR_COLUMN ||
           (!has_output(select, node->column) && !has_pending(&((const Select *)select)->after, node->column));
}

bool select_is_of_rows(const Select *select, const Expr *expr) {
    return expr_walk(expr, is_row_part, (void *)(uintptr_t)select);
}

/* GROUP BY ALL: every item of the select list without an aggregate. */
static Status group_by_all(const Context *cx, Binder *binder, Select *select) {
    for (uint32_t i = 0; i < select->visible_count; i++) {
        ItemParts parts = {.select = select};
        expr_walk(select->items[i].expr, note_part, &parts);
        if (parts.has_rows && !parts.has_results) {
            TRY(add_item_group(cx, binder, select, &select->items[i], &select->sets.items[0]));
        }
    }
    return OK;
}

Status bind_group_by(const Context *cx, Binder *binder, Select *select) {
    const AstSelect *ast = select->ast;
    bool has_group_by = ast->group_all || ast->group_by.count > 0;
    TRY(bind_grouping_sets(cx, binder, select, bind_group_expr));
    if (ast->group_all) {
        TRY(group_by_all(cx, binder, select));
    }
    select->is_grouped = has_group_by || select->call_count > 0 || select->grouping_count > 0 || ast->having != NULL;
    return bind_grouping_values(cx, binder, select);
}

/* --------------------------------------------------------------------------------------------------------- above the grouping
 */

/* Is the column a group as it stands, in every grouping set? */
static bool is_group(const Select *select, ColumnId id) {
    for (uint32_t i = 0; i < select->group_count; i++) {
        const Expr *expr = select->groups[i].expr;
        if (expr->kind == EXPR_COLUMN && expr->column == id) {
            bool is_in_all = true;
            for (uint32_t s = 0; s < select->sets.count && is_in_all; s++) {
                is_in_all = grouping_set_has(&select->sets.items[s], i);
            }
            return is_in_all;
        }
    }
    return false;
}

static bool has_key_column(const Binder *binder, const Select *select, const Relation *relation, uint32_t table_column) {
    for (uint32_t i = 0; i < relation->column_count; i++) {
        ColumnId id = relation->columns[i].id;
        if (binder->plan->columns[id].table_column == table_column && is_group(select, id)) {
            return true;
        }
    }
    return false;
}

/* The relation of FROM whose column it is, if that is a table. */
static const Relation *table_of_column(const Binder *binder, const Select *select, ColumnId id) {
    const TableVersion *table = binder->plan->columns[id].table;
    for (uint32_t i = 0; i < select->scope.relation_count && table != NULL; i++) {
        const Relation *relation = &select->scope.relations[i];
        for (uint32_t c = 0; c < relation->column_count; c++) {
            if (relation->columns[c].id == id && relation->is_table) {
                return relation;
            }
        }
    }
    return NULL;
}

/* Is the whole primary key of the column's table among the groups? Then a group has one value of it, as PostgreSQL says. */
static bool follows_from_key(const Binder *binder, const Select *select, ColumnId id) {
    const Relation *relation = table_of_column(binder, select, id);
    const TableSchema *schema = relation == NULL ? NULL : binder->plan->columns[id].table->schema;
    for (uint32_t k = 0; schema != NULL && k < schema->key_count; k++) {
        const KeyConstraint *key = &schema->keys[k];
        uint32_t found = 0;
        while (found < key->column_count && has_key_column(binder, select, relation, key->columns[found])) {
            found++;
        }
        if (key->kind == KEY_PRIMARY && found == key->column_count) {
            return true;
        }
    }
    return false;
}

typedef struct Regroup {
    const Context *cx;
    Binder *binder;
    Select *select;
    const Expr *culprit; /* a column that is neither grouped nor aggregated */
    bool failed;         /* out of memory */
} Regroup;

/* A group that every set has. */
static Status add_key_group(const Context *cx, Binder *binder, Select *select, Expr *expr, uint32_t *index) {
    TRY(add_group(cx, binder, select, expr, index));
    for (uint32_t s = 0; s < select->sets.count; s++) {
        TRY(grouping_set_add(cx, binder, &select->sets.items[s], *index));
    }
    if (has_grouping_sets(select)) {
        TRY(plan_copy_column(cx, binder->plan, expr->column, &select->groups[*index].column));
    }
    return OK;
}

static Expr *regroup_node(const Context *cx, Arena *arena, const Expr *node, void *regroup_) {
    Regroup *regroup = regroup_;
    Select *select = regroup->select;
    (void)arena;
    for (uint32_t i = 0; i < select->group_count && node->kind != EXPR_CONSTANT; i++) {
        if (expr_equal(select->groups[i].expr, node)) {
            return make_column(cx, regroup->binder, select->groups[i].column, node->pos);
        }
    }
    for (uint32_t i = 0; i < select->grouping_count && node->kind == EXPR_COLUMN; i++) {
        if (select->groupings[i].output == node->column) {
            return select->groupings[i].value;
        }
    }
    if (node->kind != EXPR_COLUMN || !is_row_column(select, node->column)) {
        return NULL;
    }
    if (!follows_from_key(regroup->binder, select, node->column)) {
        regroup->culprit = regroup->culprit == NULL ? node : regroup->culprit;
        return NULL;
    }
    Expr *group = make_column(cx, regroup->binder, node->column, node->pos);
    uint32_t index;
    regroup->failed = regroup->failed || group == NULL || add_key_group(cx, regroup->binder, select, group, &index) != OK;
    return regroup->failed ? NULL : make_column(cx, regroup->binder, select->groups[index].column, node->pos);
}

static Status fail_ungrouped(const Context *cx, const Regroup *regroup, bool in_subquery) {
    const Select *select = regroup->select;
    const char *name = regroup->binder->plan->columns[regroup->culprit->column].name;
    if (in_subquery) {
        fail_at(cx, regroup->culprit->pos, GROUPING_ERROR, "subquery uses ungrouped column \"%s\" from outer query", name);
        return fail_hint(cx, "add it to GROUP BY of the outer query");
    }
    fail_at(cx, regroup->culprit->pos, GROUPING_ERROR,
            "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function", name);
    return select->group_count == 0 ? fail_hint(cx, "add GROUP BY %s, or aggregate it: max(%s)", name, name)
                                    : fail_hint(cx, "add it to GROUP BY, or aggregate it: max(%s)", name);
}

static Status regroup_place(Expr **place, const Context *cx, Regroup *regroup, bool in_subquery) {
    *place = expr_transform(cx, regroup->binder->arena, *place, regroup_node, regroup);
    if (*place == NULL || regroup->failed) {
        return OUT_OF_MEMORY;
    }
    return regroup->culprit == NULL ? OK : fail_ungrouped(cx, regroup, in_subquery);
}

static Status regroup_expr(const Context *cx, Binder *binder, Select *select, Expr **expr) {
    Regroup regroup = {.cx = cx, .binder = binder, .select = select};
    return *expr == NULL ? OK : regroup_place(expr, cx, &regroup, false);
}

static Status regroup_subquery_expr(Expr **place, void *argument) {
    Regroup *regroup = argument;
    return regroup_place(place, regroup->cx, regroup, true);
}

/* What a subquery uses of the rows around it, which are groups there. */
static Status regroup_subquery(Regroup *regroup, LogicalNode *node) {
    TRY(logical_each_expr(node, regroup_subquery_expr, regroup));
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(regroup_subquery(regroup, node->children[i]));
    }
    return OK;
}

static Status regroup_windows(const Context *cx, Binder *binder, Select *select, WindowSet *set) {
    for (uint32_t i = 0; i < set->partition_count; i++) {
        TRY(regroup_expr(cx, binder, select, &set->partitions[i]));
    }
    for (uint32_t i = 0; i < set->key_count; i++) {
        TRY(regroup_expr(cx, binder, select, &set->keys[i].expr));
    }
    for (uint32_t c = 0; c < set->call_count; c++) {
        WindowCall *call = &set->calls[c];
        TRY(regroup_expr(cx, binder, select, &call->filter));
        for (uint32_t i = 0; i < call->arg_count; i++) {
            TRY(regroup_expr(cx, binder, select, &call->args[i]));
        }
    }
    return OK;
}

static Status regroup_pending(const Context *cx, Binder *binder, Select *select, PendingJoins *pending) {
    for (uint32_t i = 0; i < pending->count; i++) {
        PendingJoin *join = &pending->items[i];
        Regroup regroup = {.cx = cx, .binder = binder, .select = select};
        if (join->node != NULL) {
            TRY(regroup_expr(cx, binder, select, &join->condition));
            TRY(regroup_subquery(&regroup, join->node));
        }
    }
    return OK;
}

Status regroup_select(const Context *cx, Binder *binder, Select *select) {
    if (!select->is_grouped) {
        return OK;
    }
    for (uint32_t i = 0; i < select->item_count; i++) {
        TRY(regroup_expr(cx, binder, select, &select->items[i].expr));
    }
    TRY(regroup_expr(cx, binder, select, &select->having));
    TRY(regroup_expr(cx, binder, select, &select->qualify));
    for (uint32_t i = 0; i < select->window_count; i++) {
        TRY(regroup_windows(cx, binder, select, &select->windows[i]));
    }
    for (uint32_t i = 0; select->series != NULL && i < select->series->table_function.arg_count; i++) {
        TRY(regroup_expr(cx, binder, select, &select->series->table_function.args[i]));
    }
    TRY(regroup_pending(cx, binder, select, &select->choosing));
    return regroup_pending(cx, binder, select, &select->after);
}

/* A group that exists has a row, so most aggregates of a column without NULLs are not NULL. */
static void note_nulls(Binder *binder, const Select *select) {
    for (uint32_t i = 0; i < select->call_count; i++) {
        const AggregateCall *call = &select->calls[i];
        bool is_count = call->aggregate->id == AGGREGATE_COUNT || call->aggregate->id == AGGREGATE_COUNT_STAR;
        bool is_full = select->group_count > 0 && !has_grouping_sets(select) && call->filter == NULL && call->arg_count == 1 &&
                       !expr_can_be_null(binder->plan, call->args[0]);
        binder->plan->columns[call->output].can_be_null = !is_count && !is_full;
    }
}

Status group_rows(const Context *cx, Binder *binder, Select *select) {
    if (!select->is_grouped) {
        return OK;
    }
    note_nulls(binder, select);
    SourcePos pos = select->ast->group_pos == POS_NONE ? select->ast->pos : select->ast->group_pos;
    Expr **groups;
    ColumnId *columns;
    TRY_NEW_ARRAY(cx, binder->arena, groups, select->group_count);
    TRY_NEW_ARRAY(cx, binder->arena, columns, select->group_count);
    for (uint32_t i = 0; i < select->group_count; i++) {
        groups[i] = select->groups[i].expr;
        columns[i] = select->groups[i].column;
    }
    if (has_grouping_sets(select)) {
        return aggregate_grouping_sets(cx, binder, pos, select);
    }
    return make_aggregate(cx, binder, pos, groups, columns, select->group_count, select->calls, select->call_count,
                          &select->node);
}
