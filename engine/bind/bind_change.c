/* DELETE and UPDATE: queries over the target and what stands beside it, that give the target's row ids and new values. */
#include "bind/bind_change.h"
#include "core/suggest.h"

Status change_begin(const Context *cx, Arena *arena, Snapshot *snapshot, const AstWith *with, const BindParameters *parameters,
                    Change *change) {
    *change = (Change){0};
    TRY(binder_create(cx, arena, snapshot, parameters, &change->binder));
    if (with != NULL) {
        TRY(bind_with_names(cx, change->binder, NULL, with, NULL, &change->ctes));
    }
    change->scope.ctes = change->ctes;
    return OK;
}

void change_find_target(Change *change) {
    for (uint32_t i = 0; i < change->scope.relation_count; i++) {
        if (change->scope.relations[i].target != NULL) {
            change->target = &change->scope.relations[i];
        }
    }
}

/* The target first, then what FROM or USING lists. */
static Status bind_rows_in_sight(const Context *cx, Change *change, AstFrom *target, const AstFromList *beside) {
    AstFromList all = {.count = beside->count + 1};
    TRY_NEW_ARRAY(cx, change->binder->arena, all.items, all.count);
    all.items[0] = target;
    if (beside->count > 0) {
        memcpy(all.items + 1, beside->items, sizeof *all.items * beside->count);
    }
    TRY(bind_from_list(cx, change->binder, &all, &change->scope, &change->node));
    change_find_target(change);
    return OK;
}

/* Filters the rows by WHERE (may be NULL). */
static Status change_where(const Context *cx, Change *change, const AstExpr *where) {
    PendingJoins pending = {0};
    Place place = {.binder = change->binder, .scope = &change->scope, .clause = CLAUSE_WHERE, .pending = &pending};
    Expr *condition = NULL;
    if (where == NULL) {
        return OK;
    }
    TRY(bind_condition(cx, &place, where, "WHERE", &condition));
    TRY(join_pending_values(cx, change->binder, &pending, &change->node));
    TRY(make_filter(cx, change->binder, condition, &change->node));
    return join_pending(cx, change->binder, &pending, PENDING_FILTERS, NULL, false, &change->node);
}

Status change_plan(const Context *cx, const Change *change, const AstWith *with, ChangeKind kind, SourcePos pos,
                   LogicalPlan **plan) {
    if (with != NULL) {
        TRY(bind_with_unused(cx, change->binder, with, change->ctes));
    }
    LogicalNode *root = logical_new(cx, change->binder->arena, LOGICAL_CHANGE, pos, 1, 0);
    TRY_POINTER(root);
    root->children[0] = change->node;
    root->change.kind = kind;
    root->change.table = change->target->target;
    *plan = change->binder->plan;
    (*plan)->root = root;
    (*plan)->output_count = 0;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------- new values */

Status change_old_row(const Context *cx, Change *change, Expr ***row) {
    uint32_t count = change->target->target->schema->column_count;
    TRY_NEW_ARRAY(cx, change->binder->arena, *row, count + 2); /* room for what comes behind the columns */
    for (uint32_t i = 0; i < count; i++) {
        (*row)[i] = make_column(cx, change->binder, change->target->columns[i].id, POS_NONE);
        TRY_POINTER((*row)[i]);
    }
    return OK;
}

static Status fail_unknown_column(const Context *cx, const TableSchema *schema, const AstIdent *name) {
    Suggestion suggestion;
    suggestion_init(&suggestion, name->text);
    for (uint32_t c = 0; c < schema->column_count; c++) {
        suggestion_consider(&suggestion, schema->columns[c].name, NULL);
    }
    fail_at(cx, name->pos, UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist", name->text, schema->name);
    return suggestion.nearest == NULL ? UNDEFINED_COLUMN : fail_hint(cx, "did you mean \"%s\"?", suggestion.nearest);
}

/* The columns of an assignment; `is_set` has one flag per table column. */
static Status assigned_columns(const Context *cx, const Change *change, const AstIdentList *names, bool *is_set,
                               uint32_t *columns) {
    const TableSchema *schema = change->target->target->schema;
    for (uint32_t i = 0; i < names->count; i++) {
        columns[i] = schema_find_column(schema, names->items[i]->text);
        if (columns[i] == UINT32_MAX) {
            return fail_unknown_column(cx, schema, names->items[i]);
        }
        if (is_set[columns[i]]) {
            return fail_at(cx, names->items[i]->pos, SYNTAX_ERROR, "multiple assignments to same column \"%s\"",
                           names->items[i]->text);
        }
        is_set[columns[i]] = true;
    }
    return OK;
}

static Status assign(const Context *cx, const Change *change, Expr *value, SourcePos pos, uint32_t column, Expr **out) {
    return bind_assignment(cx, change->binder->arena, value, pos, &change->target->target->schema->columns[column],
                           "expression", out);
}

Status change_value(const Context *cx, Change *change, Place *place, const AstExpr *ast, uint32_t column, Expr **out) {
    if (ast->kind == AST_DEFAULT) {
        if (change->defaults == NULL) {
            TRY(bind_defaults(cx, change->binder->arena, change->target->target->schema, &change->defaults));
        }
        *out = change->defaults[column];
        return OK;
    }
    Expr *value;
    TRY(bind_expr(cx, place, ast, &value));
    return assign(cx, change, value, expr_start(ast), column, out);
}

/* (a, b) = (SELECT …) */
static Status assign_query(const Context *cx, Change *change, Place *place, const AstAssignment *assignment,
                           const uint32_t *columns, Expr **row) {
    BoundQuery query;
    TRY(bind_row_subquery(cx, place, assignment->query, &query));
    if (query.node->column_count != assignment->columns.count) {
        return fail_at(cx, assignment->query->pos, SYNTAX_ERROR, "number of columns does not match number of values");
    }
    for (uint32_t i = 0; i < assignment->columns.count; i++) {
        Expr *value = make_column(cx, change->binder, query.node->columns[i], query.positions[i]);
        TRY_POINTER(value);
        TRY(assign(cx, change, value, query.positions[i], columns[i], &row[columns[i]]));
    }
    return OK;
}

Status change_assign(const Context *cx, Change *change, const AstAssignmentList *set, PendingJoins *pending, Expr **row) {
    Place place = {.binder = change->binder, .scope = &change->scope, .clause = CLAUSE_UPDATE, .pending = pending};
    uint32_t column_count = change->target->target->schema->column_count, *columns;
    bool *is_set;
    TRY_NEW_ARRAY(cx, change->binder->arena, columns, column_count + 1);
    TRY_NEW_ARRAY(cx, change->binder->arena, is_set, column_count + 1);
    for (uint32_t a = 0; a < set->count; a++) {
        const AstAssignment *assignment = set->items[a];
        TRY(assigned_columns(cx, change, &assignment->columns, is_set, columns));
        if (assignment->query != NULL) {
            TRY(assign_query(cx, change, &place, assignment, columns, row));
            continue;
        }
        for (uint32_t i = 0; i < assignment->columns.count; i++) {
            TRY(change_value(cx, change, &place, assignment->values.items[i], columns[i], &row[columns[i]]));
        }
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------- the statements */

Status bind_delete(const Context *cx, Arena *arena, Snapshot *snapshot, const AstDelete *ast, const BindParameters *parameters,
                   LogicalPlan **plan) {
    Change change;
    TRY(change_begin(cx, arena, snapshot, ast->with, parameters, &change));
    TRY(bind_rows_in_sight(cx, &change, ast->target, &ast->using));
    TRY(change_where(cx, &change, ast->where));
    Expr *row_id = make_column(cx, change.binder, change.target->row_id, POS_NONE);
    TRY_POINTER(row_id);
    TRY(make_project(cx, change.binder, ast->target->pos, &row_id, NULL, 1, &change.node));
    return change_plan(cx, &change, ast->with, CHANGE_DELETE, ast->target->pos, plan);
}

/* Several rows of FROM may meet one of the target: the one with the least new values is taken, so that the answer does not
 * depend on where rows stand. */
static Status keep_one_per_row(const Context *cx, Change *change, SourcePos pos) {
    Binder *binder = change->binder;
    uint32_t columns = change->node->column_count;
    Expr **row_id, *is_first;
    SortKey *keys;
    TRY_NEW_ARRAY(cx, binder->arena, row_id, 1);
    TRY_NEW_ARRAY(cx, binder->arena, keys, columns);
    row_id[0] = make_column(cx, binder, change->node->columns[columns - 1], pos);
    TRY_POINTER(row_id[0]);
    for (uint32_t i = 0; i + 1 < columns; i++) {
        keys[i].expr = make_column(cx, binder, change->node->columns[i], pos);
        TRY_POINTER(keys[i].expr);
    }
    TRY(make_row_number(cx, binder, pos, row_id, 1, keys, columns - 1, &change->node));
    TRY(make_number_test(cx, binder, change->node->columns[columns], 1, pos, &is_first));
    TRY(make_filter(cx, binder, is_first, &change->node));
    return make_prefix(cx, binder, columns, &change->node);
}

Status bind_update(const Context *cx, Arena *arena, Snapshot *snapshot, const AstUpdate *ast, const BindParameters *parameters,
                   LogicalPlan **plan) {
    Change change;
    PendingJoins pending = {0};
    Expr **row;
    TRY(change_begin(cx, arena, snapshot, ast->with, parameters, &change));
    TRY(bind_rows_in_sight(cx, &change, ast->target, &ast->from));
    TRY(change_old_row(cx, &change, &row));
    TRY(change_assign(cx, &change, &ast->set, &pending, row));
    TRY(change_where(cx, &change, ast->where));
    TRY(join_pending_values(cx, change.binder, &pending, &change.node));
    const TableSchema *schema = change.target->target->schema;
    row[schema->column_count] = make_column(cx, change.binder, change.target->row_id, POS_NONE);
    TRY_POINTER(row[schema->column_count]);
    TRY(make_project(cx, change.binder, ast->target->pos, row, NULL, schema->column_count + 1, &change.node));
    if (ast->from.count > 0) {
        TRY(keep_one_per_row(cx, &change, ast->target->pos));
    }
    TRY(filter_checks(cx, change.binder, schema, NULL, &change.node));
    return change_plan(cx, &change, ast->with, CHANGE_UPDATE, ast->target->pos, plan);
}
