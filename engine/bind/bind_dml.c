/* INSERT: rows of VALUES or of a query, brought to the table's columns and types. */
#include "bind/bind_dml.h"
#include "bind/bind_table.h"
#include "core/suggest.h"

Status bind_target_columns(const Context *cx, Arena *arena, const TableSchema *schema, const AstIdentList *names,
                           uint32_t **columns, uint32_t *count) {
    *count = names->count == 0 ? schema->column_count : names->count;
    TRY_NEW_ARRAY(cx, arena, *columns, *count);
    for (uint32_t i = 0; i < *count; i++) {
        if (names->count == 0) {
            (*columns)[i] = i;
            continue;
        }
        const AstIdent *name = names->items[i];
        (*columns)[i] = schema_find_column(schema, name->text);
        if ((*columns)[i] == UINT32_MAX) {
            Suggestion suggestion;
            suggestion_init(&suggestion, name->text);
            for (uint32_t c = 0; c < schema->column_count; c++) {
                suggestion_consider(&suggestion, schema->columns[c].name, NULL);
            }
            fail_at(cx, name->pos, UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist", name->text,
                    schema->name);
            return suggestion.nearest == NULL ? UNDEFINED_COLUMN : fail_hint(cx, "did you mean \"%s\"?", suggestion.nearest);
        }
        for (uint32_t j = 0; j < i; j++) {
            if ((*columns)[j] == (*columns)[i]) {
                return fail_at(cx, name->pos, DUPLICATE_COLUMN, "column \"%s\" specified more than once", name->text);
            }
        }
    }
    return OK;
}

/* An INSERT while it is being bound. */
typedef struct Insertion {
    Binder *binder;
    const AstInsert *ast;
    Cte *ctes; /* what WITH names mean; NULL without WITH */
    const TableVersion *table;
    uint32_t target_count;
    uint32_t *targets; /* table column of each value */
    Expr **defaults;   /* by table column */
} Insertion;

static Status check_count(const Context *cx, const Insertion *insertion, uint32_t values, SourcePos first_extra) {
    if (values > insertion->target_count) {
        return fail_at(cx, first_extra, SYNTAX_ERROR, "INSERT has more expressions than target columns");
    }
    if (values < insertion->target_count && insertion->ast->columns.count > 0) {
        return fail_at(cx, insertion->ast->columns.items[values]->pos, SYNTAX_ERROR,
                       "INSERT has more target columns than expressions");
    }
    return OK;
}

static Status assign(const Context *cx, const Insertion *insertion, uint32_t index, Expr *from, SourcePos pos, Expr **row) {
    uint32_t column = insertion->targets[index];
    return bind_assignment(cx, insertion->binder->arena, from, pos, &insertion->table->schema->columns[column], "expression",
                           &row[column]);
}

static Status copy_defaults(const Context *cx, const Insertion *insertion, Expr ***row) {
    uint32_t count = insertion->table->schema->column_count;
    TRY_NEW_ARRAY(cx, insertion->binder->arena, *row, count);
    memcpy(*row, insertion->defaults, sizeof **row * count);
    return OK;
}

/* One row of VALUES over the table's columns. */
static Status bind_row(const Context *cx, const Insertion *insertion, Place *place, const AstRow *ast, Expr ***row) {
    uint32_t values = ast->values.count;
    TRY(check_count(cx, insertion, values,
                    values > insertion->target_count ? ast->values.items[insertion->target_count]->pos : ast->pos));
    TRY(copy_defaults(cx, insertion, row));
    for (uint32_t i = 0; i < values; i++) {
        Expr *value;
        if (ast->values.items[i]->kind != AST_DEFAULT) {
            TRY(bind_expr(cx, place, ast->values.items[i], &value));
            TRY(assign(cx, insertion, i, value, expr_start(ast->values.items[i]), *row));
        }
    }
    return OK;
}

/* Columns for values computed for the table. */
static Status make_table_columns(const Context *cx, const Insertion *insertion, LogicalNode *node) {
    const TableSchema *schema = insertion->table->schema;
    for (uint32_t i = 0; i < schema->column_count; i++) {
        TRY(plan_add_column(cx, insertion->binder->plan, schema->columns[i].type, schema->columns[i].name, true,
                            &node->columns[i]));
    }
    return OK;
}

static Status make_rows(const Context *cx, const Insertion *insertion, uint32_t rows, SourcePos pos, LogicalNode **node) {
    *node = logical_new(cx, insertion->binder->arena, LOGICAL_VALUES, pos, 0, insertion->table->schema->column_count);
    TRY_POINTER(*node);
    (*node)->values.row_count = rows;
    TRY_NEW_ARRAY(cx, insertion->binder->arena, (*node)->values.rows, rows);
    return make_table_columns(cx, insertion, *node);
}

static Status insert_values(const Context *cx, const Insertion *insertion, LogicalNode **node) {
    const AstQuery *query = insertion->ast->query;
    const AstRowList *rows = &query->values;
    Scope none = {.ctes = insertion->ctes};
    Place place = {.binder = insertion->binder, .scope = &none, .clause = CLAUSE_VALUES};
    PendingJoins *pending;
    TRY_NEW_ARRAY(cx, insertion->binder->arena, pending, rows->count);
    TRY(make_rows(cx, insertion, rows->count, query->pos, node));
    for (uint32_t r = 0; r < rows->count; r++) {
        const AstRow *row = rows->items[r];
        if (row->values.count != rows->items[0]->values.count) {
            return fail_at(cx, row->values.items[0]->pos, SYNTAX_ERROR, "VALUES lists must all be the same length");
        }
        place.pending = &pending[r];
        TRY(bind_row(cx, insertion, &place, row, &(*node)->values.rows[r]));
    }
    return compute_rows(cx, insertion->binder, pending, node);
}

static Status insert_defaults(const Context *cx, const Insertion *insertion, LogicalNode **node) {
    TRY(make_rows(cx, insertion, 1, insertion->ast->table->pos, node));
    return copy_defaults(cx, insertion, &(*node)->values.rows[0]);
}

static Status insert_query(const Context *cx, const Insertion *insertion, LogicalNode **node) {
    const AstQuery *ast = insertion->ast->query;
    BoundQuery query;
    Expr **row;
    TRY(bind_query_body(cx, insertion->binder, insertion->ctes, NULL, ast, &query));
    uint32_t values = query.node->column_count;
    TRY(check_count(cx, insertion, values,
                    values > insertion->target_count ? query.positions[insertion->target_count] : ast->pos));
    TRY(copy_defaults(cx, insertion, &row));
    for (uint32_t i = 0; i < values; i++) {
        Expr *value = query.literals[i];
        if (value == NULL) {
            value = make_column(cx, insertion->binder, query.node->columns[i], query.positions[i]);
            TRY_POINTER(value);
        }
        TRY(assign(cx, insertion, i, value, query.positions[i], row));
    }
    *node = query.node;
    return make_project(cx, insertion->binder, ast->pos, row, NULL, insertion->table->schema->column_count, node);
}

static bool is_plain_values(const AstQuery *query) {
    return query->kind == AST_QUERY_VALUES && query->with == NULL && query->order_by.count == 0 && query->limit == NULL &&
           query->offset == NULL;
}

Status plan_into_table(const Context *cx, LogicalPlan *plan, const TableVersion *table) {
    LogicalNode *insert = logical_new(cx, plan->arena, LOGICAL_INSERT, plan->root->pos, 1, 0);
    TRY_POINTER(insert);
    insert->children[0] = plan->root;
    insert->insert.table = table;
    plan->root = insert;
    plan->output_count = 0;
    return OK;
}

Status bind_insert(const Context *cx, Arena *arena, Snapshot *snapshot, const AstInsert *ast, const BindParameters *parameters,
                   LogicalPlan **plan) {
    Insertion insertion = {.ast = ast};
    TRY(binder_create(cx, arena, snapshot, parameters, &insertion.binder));
    if (ast->with != NULL) {
        TRY(bind_with_names(cx, insertion.binder, NULL, ast->with, NULL, &insertion.ctes));
    }
    TRY(bind_table(cx, arena, snapshot, ast->table, &insertion.table));
    const TableSchema *schema = insertion.table->schema;
    TRY(bind_target_columns(cx, arena, schema, &ast->columns, &insertion.targets, &insertion.target_count));
    TRY(bind_defaults(cx, arena, schema, &insertion.defaults));
    *plan = insertion.binder->plan;
    LogicalNode **root = &(*plan)->root;
    if (ast->query == NULL) {
        TRY(insert_defaults(cx, &insertion, root));
    } else {
        TRY(is_plain_values(ast->query) ? insert_values(cx, &insertion, root) : insert_query(cx, &insertion, root));
    }
    if (ast->with != NULL) {
        TRY(bind_with_unused(cx, insertion.binder, ast->with, insertion.ctes));
    }
    TRY(filter_checks(cx, insertion.binder, schema, NULL, root));
    return plan_into_table(cx, *plan, insertion.table);
}
