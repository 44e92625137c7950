/* DEFAULT and CHECK: checked when the table is made, bound from their text when rows are written. */
#include "bind/bind_table.h"
#include "parser/parse.h"

Status bind_assignment(const Context *cx, Arena *arena, Expr *from, SourcePos pos, const ColumnDef *column, const char *what,
                       Expr **out) {
    Status status = cast_bind(cx, arena, from, column->type, false, false, out);
    if (status != DATATYPE_MISMATCH && status != CANNOT_COERCE) {
        return status;
    }
    char to_name[32], from_name[32];
    fail_at(cx, pos, DATATYPE_MISMATCH, "column \"%s\" is of type %s but %s is of type %s", column->name,
            type_name(column->type, to_name), what, type_name(from->type, from_name));
    return fail_hint(cx, "cast it: CAST(… AS %s)", to_name);
}

static Status bind_default(const Context *cx, Binder *binder, const AstExpr *ast, const ColumnDef *column, Expr **out) {
    Scope none = {0};
    Place place = {.binder = binder, .scope = &none, .clause = CLAUSE_DEFAULT};
    Expr *expr;
    TRY(bind_expr(cx, &place, ast, &expr));
    return bind_assignment(cx, binder->arena, expr, expr_start(ast), column, "default expression", out);
}

Status check_default(const Context *cx, Arena *arena, Snapshot *snapshot, const AstExpr *ast, const ColumnDef *column) {
    Binder *binder;
    Expr *ignored;
    TRY(binder_create(cx, arena, snapshot, NULL, &binder));
    return bind_default(cx, binder, ast, column, &ignored);
}

/* The table's columns in sight: ColumnId i is column i of a binder that has no other columns. */
static Status table_scope(const Context *cx, Binder *binder, const TableSchema *schema, Scope *scope) {
    Relation relation = {.name = schema->name, .schema_name = schema->schema_name, .table_name = schema->name};
    relation.column_count = schema->column_count;
    TRY_NEW_ARRAY(cx, binder->arena, relation.columns, schema->column_count);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        const ColumnDef *column = &schema->columns[i];
        relation.columns[i] = (ScopeColumn){.name = column->name};
        TRY(plan_add_column(cx, binder->plan, column->type, column->name, !column->not_null, &relation.columns[i].id));
    }
    scope->columns = relation.columns;
    scope->column_count = schema->column_count;
    return scope_add_relation(cx, binder, scope, &relation, POS_NONE);
}

Status bind_check(const Context *cx, Arena *arena, Snapshot *snapshot, const TableSchema *schema, const AstExpr *ast,
                  Expr **out) {
    Binder *binder;
    Scope scope = {0};
    TRY(binder_create(cx, arena, snapshot, NULL, &binder));
    TRY(table_scope(cx, binder, schema, &scope));
    Place place = {.binder = binder, .scope = &scope, .clause = CLAUSE_CHECK};
    return bind_boolean(cx, &place, ast, "CHECK", out);
}

/* ------------------------------------------------------------------------------------------------------- when rows are written
 */

static Expr *column_to_slot(const Context *cx, Arena *arena, const Expr *node, void *unused) {
    (void)unused;
    return node->kind == EXPR_COLUMN ? expr_slot(cx, arena, node->column, node->type, node->name) : NULL;
}

Status bind_checks(const Context *cx, Arena *arena, const TableSchema *schema, BoundCheck **checks) {
    TRY_NEW_ARRAY(cx, arena, *checks, schema->check_count);
    for (uint32_t i = 0; i < schema->check_count; i++) {
        AstExpr *ast;
        Expr *condition;
        TRY(parse_stored_expression(cx, arena, schema->checks[i].sql, POS_NONE, &ast));
        TRY(bind_check(cx, arena, NULL, schema, ast, &condition));
        (*checks)[i].name = schema->checks[i].name;
        (*checks)[i].condition = expr_transform(cx, arena, condition, column_to_slot, NULL);
        TRY_POINTER((*checks)[i].condition);
    }
    return OK;
}

/* check_row(condition, constraint, table): true, or the error. Not in functions.def: SQL cannot name it. */
static Status check_row_loop(const Context *cx, const Function *function, const Vector *const *args, uint32_t arg_count,
                             uint32_t rows, Arena *arena, Vector *out) {
    uint8_t *passes = out->data;
    (void)function, (void)arg_count, (void)arena;
    for (uint32_t row = 0; row < rows; row++) {
        Value condition = vector_value(args[0], row);
        if (!condition.is_null && condition.i64 == 0) {
            Value name = vector_value(args[1], 0), table = vector_value(args[2], 0);
            return fail(cx, CHECK_VIOLATION, "new row for relation \"%.*s\" violates check constraint \"%.*s\"",
                        (int)table.text.bytes, text_data(&table.text), (int)name.text.bytes, text_data(&name.text));
        }
        passes[row] = 1;
    }
    return OK;
}

static const Function check_row = {.name = "check_row",
                                   .arguments = "boolean, text, text",
                                   .result = "boolean",
                                   .help = "refuses a row that violates a CHECK",
                                   .can_fail = true,
                                   .volatility = VOLATILE, /* it stays where it is put */
                                   .loop = check_row_loop};

static Expr *slot_to_column(const Context *cx, Arena *arena, const Expr *node, void *ids_) {
    const ColumnId *ids = ids_;
    return node->kind == EXPR_SLOT ? expr_column(cx, arena, ids[node->slot], node->type, node->name, node->pos) : NULL;
}

static Status new_text(const Context *cx, Arena *arena, const char *text, Expr **out) {
    Value value = value_text(type_varchar(0), text_view(text, (uint32_t)strlen(text)));
    *out = expr_constant(cx, arena, &value, POS_NONE);
    TRY_POINTER(*out);
    return OK;
}

static Status allow(const Context *cx, Arena *arena, Expr *unless, Expr **condition) {
    if (unless != NULL) {
        Expr *either = expr_new(cx, arena, EXPR_OR, type_make(TYPE_BOOLEAN), POS_NONE, 2);
        TRY_POINTER(either);
        either->args[0] = unless;
        either->args[1] = *condition;
        *condition = either;
    }
    return OK;
}

Status filter_checks(const Context *cx, Binder *binder, const TableSchema *schema, Expr *unless, LogicalNode **node) {
    Arena *arena = binder->arena;
    BoundCheck *checks;
    Expr *all = NULL;
    TRY(bind_checks(cx, arena, schema, &checks));
    for (uint32_t i = 0; i < schema->check_count; i++) {
        Expr *call = expr_new(cx, arena, EXPR_CALL, type_make(TYPE_BOOLEAN), POS_NONE, 3);
        TRY_POINTER(call);
        call->function = &check_row;
        call->args[0] = expr_transform(cx, arena, checks[i].condition, slot_to_column, (*node)->columns);
        TRY_POINTER(call->args[0]);
        TRY(allow(cx, arena, unless, &call->args[0]));
        TRY(new_text(cx, arena, checks[i].name, &call->args[1]));
        TRY(new_text(cx, arena, schema->name, &call->args[2]));
        all = expr_and(cx, arena, all, call);
        TRY_POINTER(all);
    }
    return make_filter(cx, binder, all, node);
}

Status bind_check_violation(const Context *cx, const TableSchema *schema, const BoundCheck *check) {
    return fail(cx, CHECK_VIOLATION, "new row for relation \"%s\" violates check constraint \"%s\"", schema->name, check->name);
}

Status bind_defaults(const Context *cx, Arena *arena, const TableSchema *schema, Expr ***defaults) {
    Binder *binder;
    TRY(binder_create(cx, arena, NULL, NULL, &binder));
    TRY_NEW_ARRAY(cx, arena, *defaults, schema->column_count);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        const ColumnDef *column = &schema->columns[i];
        if (column->default_sql == NULL) {
            Value null = value_null(column->type);
            (*defaults)[i] = expr_constant(cx, arena, &null, POS_NONE);
            TRY_POINTER((*defaults)[i]);
            continue;
        }
        AstExpr *ast;
        TRY(parse_stored_expression(cx, arena, column->default_sql, POS_NONE, &ast));
        TRY(bind_default(cx, binder, ast, column, &(*defaults)[i]));
    }
    return OK;
}
