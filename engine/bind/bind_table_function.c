/* Functions in FROM. Their arguments are constants, or, for generate_series, expressions over the tables further left (such a
 * function is LATERAL without saying so). */
#include "bind/bind_table_function.h"
#include "bind/select.h"
#include "core/suggest.h"

typedef struct TableFunction {
    const char *name;
    uint32_t arg_count;
} TableFunction;
static const TableFunction table_functions[] = {
#define TABLE_FUNCTION(name, arguments, help) {#name, arguments},
#define TABLE_FUNCTION_COLUMN(function, name, type)
#include "plan/table_functions.def"
#undef TABLE_FUNCTION
#undef TABLE_FUNCTION_COLUMN
};

typedef struct TableFunctionColumn {
    const char *function, *name;
    TypeId type;
} TableFunctionColumn;
static const TableFunctionColumn table_function_columns[] = {
#define TABLE_FUNCTION(name, arguments, help)
#define TABLE_FUNCTION_COLUMN(function, name, type) {#function, #name, TYPE_##type},
#include "plan/table_functions.def"
#undef TABLE_FUNCTION
#undef TABLE_FUNCTION_COLUMN
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const TableFunction *find_function(const char *name) {
    for (size_t i = 0; i < COUNT(table_functions); i++) {
        if (strcmp(table_functions[i].name, name) == 0) {
            return &table_functions[i];
        }
    }
    return NULL;
}

static Status fail_undefined(const Context *cx, const AstExpr *call, const char *name) {
    if (function_exists(name) || aggregate_exists(name)) {
        fail_unsupported(cx, call->pos, "a scalar function in FROM");
        return fail_hint(cx, "write SELECT %s(…)", name);
    }
    Suggestion suggestion;
    suggestion_init(&suggestion, name);
    suggestion_consider(&suggestion, "generate_series", NULL);
    for (size_t i = 0; i < COUNT(table_functions); i++) {
        suggestion_consider(&suggestion, table_functions[i].name, NULL);
    }
    fail_at(cx, call->pos, UNDEFINED_FUNCTION, "table function %s() does not exist", name);
    return suggestion.nearest == NULL ? UNDEFINED_FUNCTION : fail_hint(cx, "did you mean \"%s\"?", suggestion.nearest);
}

static bool names_no_column(const Expr *node, void *unused) {
    (void)unused;
    return node->kind != EXPR_COLUMN;
}

/* Arguments of their own types; the tables further left are in sight. */
static Status bind_arguments(const Context *cx, Binder *binder, const Scope *scope, const AstExpr *call, PendingJoins *pending,
                             Expr ***args, bool *are_constant) {
    Scope none = {.outer = scope, .ctes = scope->ctes};
    Place place = {.binder = binder, .scope = &none, .clause = CLAUSE_FROM_FUNCTION, .pending = pending};
    TRY(bind_exprs(cx, &place, &call->args, args));
    *are_constant = true;
    for (uint32_t i = 0; i < call->args.count; i++) {
        *are_constant = *are_constant && expr_walk((*args)[i], names_no_column, NULL);
    }
    return OK;
}

static Status fold_constants(const Context *cx, Binder *binder, Expr **args, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        Value value;
        Status status = expr_eval_constant(cx, binder->arena, args[i], &value);
        if (status != OK) {
            error_set_pos_if_none(cx, args[i]->pos);
            return status;
        }
        args[i] = expr_constant(cx, binder->arena, &value, args[i]->pos);
        TRY_POINTER(args[i]);
    }
    return OK;
}

/* The digits behind the point of any of the numbers. */
static Type series_decimal(Expr *const *args, uint32_t count) {
    uint32_t scale = 0;
    for (uint32_t i = 0; i < count; i++) {
        scale = args[i]->type.id == TYPE_DECIMAL && args[i]->type.scale > scale ? args[i]->type.scale : scale;
    }
    return type_decimal(DECIMAL_PRECISION_MAX, (uint8_t)scale);
}

/* generate_series(start, stop [, step]): integers, decimals, dates by days, timestamps (and dates) by an interval. */
static bool series_type(Expr *const *args, uint32_t count, Type *type) {
    if (count < 2 || count > 3) {
        return false;
    }
    TypeId widest = TYPE_INTEGER;
    uint32_t integers = 0, dates = 0, times = 0, numbers = 0, decimals = 0;
    for (uint32_t i = 0; i < count; i++) {
        decimals += args[i]->type.id == TYPE_DECIMAL;
        numbers += args[i]->type.id == TYPE_DECIMAL || type_is_integer(args[i]->type) || expr_is_literal(args[i]);
    }
    if (decimals > 0 && numbers == count) {
        *type = series_decimal(args, count);
        return true;
    }
    for (uint32_t i = 0; i < 2; i++) {
        integers += type_is_integer(args[i]->type) || expr_is_literal(args[i]);
        dates += args[i]->type.id == TYPE_DATE;
        times += args[i]->type.id == TYPE_DATE || args[i]->type.id == TYPE_TIMESTAMP || expr_is_literal(args[i]);
        widest = args[i]->type.id == TYPE_BIGINT ? TYPE_BIGINT : widest;
    }
    bool has_step = count == 3, by_interval = has_step && args[2]->type.id == TYPE_INTERVAL;
    bool by_integer = !has_step || type_is_integer(args[2]->type);
    if (by_integer && integers == 2) {
        *type = type_make(has_step && args[2]->type.id == TYPE_BIGINT ? TYPE_BIGINT : widest);
        return true;
    }
    if (by_integer && dates == 2) {
        *type = type_make(TYPE_DATE);
        return true;
    }
    *type = type_make(TYPE_TIMESTAMP);
    return by_interval && times == 2;
}

static Status bind_series(const Context *cx, Binder *binder, const AstExpr *call, Expr **args, LogicalNode *node) {
    Type type;
    uint32_t count = call->args.count;
    if (!series_type(args, count, &type)) {
        fail_at(cx, call->pos, UNDEFINED_FUNCTION, "generate_series() does not take these arguments");
        return fail_hint(cx, "generate_series(1, 10 [, 2]), (date, date [, days]) or (date, date, INTERVAL '1 month')");
    }
    for (uint32_t i = 0; i < 2; i++) {
        TRY(cast_implicit(cx, binder->arena, args[i], type, &args[i]));
    }
    if (count == 3 && type.id == TYPE_DECIMAL) {
        TRY(cast_implicit(cx, binder->arena, args[2], type, &args[2]));
    } else if (count == 3 && type_is_integer(args[2]->type)) {
        TRY(cast_implicit(cx, binder->arena, args[2], type_make(TYPE_BIGINT), &args[2]));
    }
    return plan_add_column(cx, binder->plan, type, "generate_series", false, &node->columns[0]);
}

static Status bind_listed(const Context *cx, Binder *binder, const TableFunction *function, const AstExpr *call, Expr **args,
                          LogicalNode *node) {
    if (call->args.count != function->arg_count) {
        return fail_at(cx, call->pos, UNDEFINED_FUNCTION, "%s() takes %u arguments", function->name, function->arg_count);
    }
    for (uint32_t i = 0; i < call->args.count; i++) {
        TRY(cast_implicit(cx, binder->arena, args[i], type_varchar(0), &args[i]));
    }
    uint32_t at = 0;
    for (size_t i = 0; i < COUNT(table_function_columns); i++) {
        const TableFunctionColumn *column = &table_function_columns[i];
        if (strcmp(column->function, function->name) == 0) {
            Type type = column->type == TYPE_VARCHAR ? type_varchar(0) : type_make(column->type);
            TRY(plan_add_column(cx, binder->plan, type, column->name, true, &node->columns[at++]));
        }
    }
    return OK;
}

static uint32_t column_count(const TableFunction *function) {
    uint32_t count = 0;
    for (size_t i = 0; function != NULL && i < COUNT(table_function_columns); i++) {
        count += strcmp(table_function_columns[i].function, function->name) == 0;
    }
    return function == NULL ? 1 : count;
}

/* Subqueries among the arguments give a row that the function is called for. */
static Status call_over_subqueries(const Context *cx, Binder *binder, const PendingJoins *pending, LogicalNode **node) {
    LogicalNode *function = *node, *row = logical_new(cx, binder->arena, LOGICAL_VALUES, function->pos, 0, 0);
    uint32_t own = function->column_count, passed;
    Expr **exprs;
    TRY_POINTER(row);
    row->values.row_count = 1;
    TRY_NEW_ARRAY(cx, binder->arena, row->values.rows, 1);
    TRY(join_pending_values(cx, binder, pending, &row));
    passed = row->column_count;
    TRY_NEW(cx, binder->arena, function->children);
    function->children[0] = row;
    function->child_count = 1;
    ColumnId *columns;
    TRY_NEW_ARRAY(cx, binder->arena, columns, passed + own);
    memcpy(columns, row->columns, sizeof *columns * passed);
    memcpy(columns + passed, function->columns, sizeof *columns * own);
    function->columns = columns;
    function->column_count = passed + own;
    TRY_NEW_ARRAY(cx, binder->arena, exprs, own);
    for (uint32_t i = 0; i < own; i++) {
        exprs[i] = make_column(cx, binder, columns[passed + i], function->pos);
        TRY_POINTER(exprs[i]);
    }
    return make_project(cx, binder, function->pos, exprs, NULL, own, node);
}

Status bind_table_function(const Context *cx, Binder *binder, const Scope *scope, const AstFrom *ast, LogicalNode **out,
                           const char **name, const char ***names) {
    const AstExpr *call = ast->function.call;
    const AstName *function_name = call->call->name;
    *name = function_name->parts[function_name->count - 1].text;
    const TableFunction *function = find_function(*name);
    bool is_series = strcmp(*name, "generate_series") == 0;
    if (function == NULL && !is_series) {
        return fail_undefined(cx, call, *name);
    }
    LogicalNode *node = logical_new(cx, binder->arena, LOGICAL_TABLE_FUNCTION, ast->pos, 0, column_count(function));
    TRY_POINTER(node);
    Expr **args;
    PendingJoins pending = {0};
    bool are_constant;
    TRY(bind_arguments(cx, binder, scope, call, &pending, &args, &are_constant));
    TRY(is_series ? bind_series(cx, binder, call, args, node) : bind_listed(cx, binder, function, call, args, node));
    if (are_constant) {
        TRY(fold_constants(cx, binder, args, call->args.count));
    } else if (!is_series) {
        return fail_unsupported(cx, call->args.items[0]->pos, "a function in FROM, but generate_series(), over columns");
    }
    node->table_function.name = *name;
    node->table_function.arg_count = call->args.count;
    node->table_function.args = args;
    TRY_NEW_ARRAY(cx, binder->arena, *names, node->column_count + 1);
    for (uint32_t i = 0; i < node->column_count; i++) { /* a series has one column, named like itself */
        (*names)[i] = is_series && ast->alias != NULL ? ast->alias : binder->plan->columns[node->columns[i]].name;
    }
    *out = node;
    if (!ast->function.with_ordinality) {
        return pending.count == 0 ? OK : call_over_subqueries(cx, binder, &pending, out);
    }
    if (!are_constant) {
        return fail_unsupported(cx, ast->pos, "WITH ORDINALITY of a function over columns");
    }
    (*names)[node->column_count] = "ordinality";
    return make_row_number(cx, binder, ast->pos, NULL, 0, NULL, 0, out);
}

/* ------------------------------------------------------------------------------------------------------- in the select list */

/* Is the call the expression itself, or an operand that is evaluated whenever the expression is? */
static bool is_evaluated_in(const AstExpr *expr, const AstExpr *call) {
    if (expr == call) {
        return true;
    }
    bool is_open = expr->kind == AST_CAST || expr->kind == AST_BINARY || expr->kind == AST_UNARY;
    for (uint32_t i = 0; is_open && i < expr->args.count; i++) {
        if (is_evaluated_in(expr->args.items[i], call)) {
            return true;
        }
    }
    return false;
}

static bool is_item(const Select *select, const AstExpr *call) {
    for (uint32_t i = 0; i < select->ast->items.count; i++) {
        if (is_evaluated_in(select->ast->items.items[i]->expr, call)) {
            return true;
        }
    }
    return false;
}

Status bind_series_item(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Select *select = place->select;
    Expr **args;
    if (select == NULL || place->clause != CLAUSE_SELECT || !is_item(select, ast) || select->series != NULL) {
        fail_unsupported(cx, ast->pos, "generate_series() here");
        return fail_hint(cx, "it stands in FROM, or once in a select list: SELECT … FROM generate_series(1, 10) AS g(n)");
    }
    TRY(bind_exprs(cx, place, &ast->args, &args));
    LogicalNode *node = logical_new(cx, place->binder->arena, LOGICAL_TABLE_FUNCTION, ast->pos, 1, 1);
    TRY_POINTER(node);
    TRY(bind_series(cx, place->binder, ast, args, node));
    node->table_function.name = "generate_series";
    node->table_function.arg_count = ast->args.count;
    node->table_function.args = args;
    select->series = node;
    select->series_column = node->columns[0];
    *out = make_column(cx, place->binder, select->series_column, ast->pos);
    return *out == NULL ? OUT_OF_MEMORY : OK;
}

Status series_rows(const Context *cx, Binder *binder, Select *select) {
    LogicalNode *node = select->series, *child = select->node;
    if (node == NULL) {
        return OK;
    }
    node->children[0] = child;
    node->column_count = child->column_count + 1;
    TRY_NEW_ARRAY(cx, binder->arena, node->columns, node->column_count);
    memcpy(node->columns, child->columns, sizeof *node->columns * child->column_count);
    node->columns[child->column_count] = select->series_column;
    select->node = node;
    return OK;
}
