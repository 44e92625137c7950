/* MERGE: the source's rows beside the target's rows that meet them. Each row's clause is the first WHEN that fits, computed as
 * a column; new values are then a CASE over it, so that only the clause that counts is evaluated. */
#include "bind/bind_change.h"

typedef struct Merge {
    Change change;
    const AstMerge *ast;
    Scope source; /* what INSERT sees */
    ColumnId clause;
} Merge;

static Place when_place(Merge *merge, const AstMergeClause *clause, Clause what, PendingJoins *pending) {
    const Scope *scope = clause->is_matched ? &merge->change.scope : &merge->source;
    return (Place){.binder = merge->change.binder, .scope = scope, .clause = what, .pending = pending};
}

static bool has_unmatched(const AstMerge *ast) {
    for (uint32_t i = 0; i < ast->clauses.count; i++) {
        if (!ast->clauses.items[i]->is_matched) {
            return true;
        }
    }
    return false;
}

/* Source and target, joined by ON. */
static Status join_rows(const Context *cx, Merge *merge) {
    Change *change = &merge->change;
    const AstMerge *ast = merge->ast;
    AstFrom *sources[] = {ast->source}, *targets[] = {ast->target};
    Scope target = {.ctes = change->ctes};
    LogicalNode *source_node, *target_node;
    PendingJoins pending = {0};
    Expr *condition;
    merge->source.ctes = change->ctes;
    TRY(bind_from_list(cx, change->binder, &(AstFromList){.count = 1, .items = targets}, &target, &target_node));
    TRY(bind_from_list(cx, change->binder, &(AstFromList){.count = 1, .items = sources}, &merge->source, &source_node));
    TRY(scope_append(cx, change->binder, &change->scope, &merge->source, ast->source->pos));
    TRY(scope_append(cx, change->binder, &change->scope, &target, ast->target->pos));
    change_find_target(change);
    Place place = {.binder = change->binder, .scope = &change->scope, .clause = CLAUSE_JOIN, .pending = &pending};
    TRY(bind_boolean(cx, &place, ast->on, "JOIN/ON", &condition));
    for (uint32_t i = 0; i < pending.count; i++) {
        if (pending.items[i].kind != JOIN_SINGLE) {
            return fail_unsupported(cx, pending.items[i].pos, "IN (SELECT …) in the ON condition of MERGE");
        }
    }
    TRY(join_pending_values(cx, change->binder, &pending, &source_node));
    JoinKind kind = has_unmatched(ast) ? JOIN_LEFT : JOIN_INNER;
    return make_join(cx, change->binder, ast->target->pos, kind, source_node, target_node, condition, 0, &change->node);
}

/* --------------------------------------------------------------------------------------------------- which clause of each row
 */

static Expr *integer(const Context *cx, Arena *arena, int64_t number) {
    Value value = value_i64(type_make(TYPE_INTEGER), number);
    return expr_constant(cx, arena, &value, POS_NONE);
}

/* CASE WHEN conditions[0] THEN results[0] … ELSE `otherwise` END; without conditions it is `otherwise`. */
static Status make_case(const Context *cx, Arena *arena, Type type, Expr *const *conditions, Expr *const *results,
                        uint32_t count, Expr *otherwise, Expr **out) {
    *out = otherwise;
    if (count == 0) {
        return OK;
    }
    *out = expr_new(cx, arena, EXPR_CASE, type, POS_NONE, 2 * count + 1);
    TRY_POINTER(*out);
    for (uint32_t i = 0; i < count; i++) {
        (*out)->args[2 * i] = conditions[i];
        (*out)->args[2 * i + 1] = results[i];
    }
    (*out)->args[2 * count] = otherwise;
    return OK;
}

/* The number of the first clause of a kind whose condition holds, or NULL; DO NOTHING is NULL, too. */
static Status first_clause(const Context *cx, Merge *merge, bool is_matched, PendingJoins *pending, Expr **out) {
    const AstMergeClauseList *clauses = &merge->ast->clauses;
    Arena *arena = merge->change.binder->arena;
    Value none = value_null(type_make(TYPE_INTEGER));
    Expr **conditions, **numbers, *nothing = expr_constant(cx, arena, &none, POS_NONE), *otherwise = nothing;
    uint32_t count = 0;
    bool is_over = false; /* a clause without a condition came */
    TRY_POINTER(nothing);
    TRY_NEW_ARRAY(cx, arena, conditions, clauses->count);
    TRY_NEW_ARRAY(cx, arena, numbers, clauses->count);
    for (uint32_t i = 0; i < clauses->count; i++) {
        const AstMergeClause *clause = clauses->items[i];
        if (clause->is_matched != is_matched) {
            continue;
        }
        if (is_over) {
            return fail_at(cx, clause->pos, SYNTAX_ERROR, "unreachable WHEN clause specified after unconditional WHEN clause");
        }
        Expr *number = clause->action == AST_MERGE_NOTHING ? nothing : integer(cx, arena, i);
        TRY_POINTER(number);
        if (clause->condition == NULL) {
            is_over = true;
            otherwise = number;
            continue;
        }
        Place place = when_place(merge, clause, CLAUSE_MERGE_WHEN, pending);
        TRY(bind_boolean(cx, &place, clause->condition, "WHEN", &conditions[count]));
        numbers[count++] = number;
    }
    return make_case(cx, arena, type_make(TYPE_INTEGER), conditions, numbers, count, otherwise, out);
}

/* The rows with one more column, the number of their clause; those without one are left out. */
static Status number_rows(const Context *cx, Merge *merge) {
    Change *change = &merge->change;
    Binder *binder = change->binder;
    PendingJoins pending = {0};
    Expr *matched, *unmatched, *number, **exprs;
    TRY(first_clause(cx, merge, true, &pending, &matched));
    TRY(first_clause(cx, merge, false, &pending, &unmatched));
    TRY(join_pending_values(cx, binder, &pending, &change->node));
    Expr *is_unmatched = expr_new(cx, binder->arena, EXPR_IS_NULL, type_make(TYPE_BOOLEAN), POS_NONE, 1);
    TRY_POINTER(is_unmatched);
    is_unmatched->args[0] = make_column(cx, binder, change->target->row_id, POS_NONE);
    TRY_POINTER(is_unmatched->args[0]);
    uint32_t tests = has_unmatched(merge->ast); /* else all rows are matched */
    TRY(make_case(cx, binder->arena, type_make(TYPE_INTEGER), &is_unmatched, &unmatched, tests, matched, &number));
    uint32_t count = change->node->column_count;
    const char **names;
    TRY_NEW_ARRAY(cx, binder->arena, exprs, count + 1);
    TRY_NEW_ARRAY(cx, binder->arena, names, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        exprs[i] = make_column(cx, binder, change->node->columns[i], POS_NONE);
        TRY_POINTER(exprs[i]);
    }
    exprs[count] = number;
    names[count] = "clause";
    TRY(make_project(cx, binder, merge->ast->target->pos, exprs, names, count + 1, &change->node));
    merge->clause = change->node->columns[count];
    Expr *is_none = expr_new(cx, binder->arena, EXPR_IS_NULL, type_make(TYPE_BOOLEAN), POS_NONE, 1);
    TRY_POINTER(is_none);
    is_none->args[0] = make_column(cx, binder, merge->clause, POS_NONE);
    TRY_POINTER(is_none->args[0]);
    Expr *is_some = expr_not(cx, binder->arena, is_none);
    TRY_POINTER(is_some);
    return make_filter(cx, binder, is_some, &change->node);
}

/* ------------------------------------------------------------------------------------------------------------- new values */

static Status inserted_row(const Context *cx, Merge *merge, const AstMergeClause *clause, PendingJoins *pending, Expr **row) {
    Change *change = &merge->change;
    const TableSchema *schema = change->target->target->schema;
    Place place = when_place(merge, clause, CLAUSE_VALUES, pending);
    AstExpr by_default = {.kind = AST_DEFAULT};
    uint32_t *columns, count;
    TRY(bind_target_columns(cx, change->binder->arena, schema, &clause->columns, &columns, &count));
    for (uint32_t i = 0; i < schema->column_count; i++) {
        TRY(change_value(cx, change, &place, &by_default, i, &row[i]));
    }
    uint32_t values = clause->row == NULL ? 0 : clause->row->values.count;
    if (values > count) {
        return fail_at(cx, clause->row->values.items[count]->pos, SYNTAX_ERROR,
                       "INSERT has more expressions than target columns");
    }
    if (clause->row != NULL && values < count && clause->columns.count > 0) {
        return fail_at(cx, clause->columns.items[values]->pos, SYNTAX_ERROR, "INSERT has more target columns than expressions");
    }
    for (uint32_t i = 0; i < values; i++) {
        TRY(change_value(cx, change, &place, clause->row->values.items[i], columns[i], &row[columns[i]]));
    }
    return OK;
}

/* The row that a clause leaves, and the ChangeAction behind it. */
static Status clause_row(const Context *cx, Merge *merge, const AstMergeClause *clause, PendingJoins *pending, Expr ***row) {
    static const ChangeAction actions[] = {
        [AST_MERGE_UPDATE] = ACTION_UPDATE, [AST_MERGE_DELETE] = ACTION_DELETE, [AST_MERGE_INSERT] = ACTION_INSERT};
    Change *change = &merge->change;
    uint32_t columns = change->target->target->schema->column_count;
    TRY(change_old_row(cx, change, row));
    if (clause->action == AST_MERGE_UPDATE) {
        TRY(change_assign(cx, change, &clause->set, pending, *row));
    } else if (clause->action == AST_MERGE_INSERT) {
        TRY(inserted_row(cx, merge, clause, pending, *row));
    }
    (*row)[columns] = integer(cx, change->binder->arena, actions[clause->action]);
    TRY_POINTER((*row)[columns]);
    return OK;
}

/* The rows of all clauses that change something, and the test for each. */
static Status clause_rows(const Context *cx, Merge *merge, PendingJoins *pending, Expr **tests, Expr ***rows, uint32_t *count) {
    const AstMergeClauseList *clauses = &merge->ast->clauses;
    Binder *binder = merge->change.binder;
    *count = 0;
    for (uint32_t i = 0; i < clauses->count; i++) {
        if (clauses->items[i]->action == AST_MERGE_NOTHING) {
            continue;
        }
        Expr *clause = make_column(cx, binder, merge->clause, POS_NONE), *number = integer(cx, binder->arena, i);
        TRY_POINTER(clause);
        TRY_POINTER(number);
        tests[*count] = expr_compare(cx, binder->arena, COMPARE_EQ, clause, number);
        TRY_POINTER(tests[*count]);
        TRY(clause_row(cx, merge, clauses->items[i], pending, &rows[(*count)++]));
    }
    return OK;
}

/* The last row stands for ELSE: every row has a clause by now. Without any clause that changes something nothing comes here. */
static Status project_rows(const Context *cx, Merge *merge) {
    Change *change = &merge->change;
    Binder *binder = change->binder;
    const TableSchema *schema = change->target->target->schema;
    PendingJoins pending = {0};
    uint32_t columns = schema->column_count, clause_count = merge->ast->clauses.count, count;
    Expr **tests, ***rows, **results, **exprs;
    TRY_NEW_ARRAY(cx, binder->arena, tests, clause_count);
    TRY_NEW_ARRAY(cx, binder->arena, rows, clause_count + 1);
    TRY_NEW_ARRAY(cx, binder->arena, results, clause_count + 1);
    TRY_NEW_ARRAY(cx, binder->arena, exprs, columns + 2);
    TRY(clause_rows(cx, merge, &pending, tests, rows, &count));
    if (count == 0) {
        TRY(change_old_row(cx, change, &rows[0]));
        rows[0][columns] = integer(cx, binder->arena, ACTION_DELETE);
        TRY_POINTER(rows[0][columns]);
        count = 1;
    }
    for (uint32_t c = 0; c <= columns; c++) {
        for (uint32_t i = 0; i < count; i++) {
            results[i] = rows[i][c];
        }
        Type type = c < columns ? schema->columns[c].type : type_make(TYPE_INTEGER);
        TRY(make_case(cx, binder->arena, type, tests, results, count - 1, results[count - 1], &exprs[c < columns ? c : c + 1]));
    }
    exprs[columns] = make_column(cx, binder, change->target->row_id, POS_NONE);
    TRY_POINTER(exprs[columns]);
    TRY(join_pending_values(cx, binder, &pending, &change->node));
    return make_project(cx, binder, merge->ast->target->pos, exprs, NULL, columns + 2, &change->node);
}

static Status check_rows(const Context *cx, Merge *merge) {
    Change *change = &merge->change;
    const TableSchema *schema = change->target->target->schema;
    Arena *arena = change->binder->arena;
    if (schema->check_count == 0) {
        return OK;
    }
    Expr *action = make_column(cx, change->binder, change->node->columns[schema->column_count + 1], POS_NONE);
    Expr *delete = integer(cx, arena, ACTION_DELETE);
    TRY_POINTER(action);
    TRY_POINTER(delete);
    Expr *is_delete = expr_compare(cx, arena, COMPARE_EQ, action, delete);
    TRY_POINTER(is_delete);
    return filter_checks(cx, change->binder, schema, is_delete, &change->node);
}

Status bind_merge(const Context *cx, Arena *arena, Snapshot *snapshot, const AstMerge *ast, const BindParameters *parameters,
                  LogicalPlan **plan) {
    Merge merge = {.ast = ast};
    TRY(change_begin(cx, arena, snapshot, ast->with, parameters, &merge.change));
    TRY(join_rows(cx, &merge));
    TRY(number_rows(cx, &merge));
    TRY(project_rows(cx, &merge));
    TRY(check_rows(cx, &merge));
    return change_plan(cx, &merge.change, ast->with, CHANGE_MERGE, ast->target->pos, plan);
}
