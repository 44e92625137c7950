/* PREPARE and EXECUTE: types of parameters and values for them. A prepared statement is kept as text and bound again for each
 * execution, so that it sees the tables as they are then. */
#include "bind/binder.h"

static Status bind_for_types(const Context *cx, Arena *arena, Snapshot *snapshot, const AstStatement *ast,
                             const BindParameters *parameters) {
    LogicalPlan *ignored;
    TableSchema *schema;
    switch (ast->kind) {
    case AST_STATEMENT_QUERY: return bind_query(cx, arena, snapshot, ast->query, parameters, &ignored);
    case AST_STATEMENT_INSERT: return bind_insert(cx, arena, snapshot, ast->insert, parameters, &ignored);
    case AST_STATEMENT_DELETE: return bind_delete(cx, arena, snapshot, ast->delete, parameters, &ignored);
    case AST_STATEMENT_UPDATE: return bind_update(cx, arena, snapshot, ast->update, parameters, &ignored);
    case AST_STATEMENT_MERGE: return bind_merge(cx, arena, snapshot, ast->merge, parameters, &ignored);
    case AST_STATEMENT_CREATE_TABLE:
        return bind_create_table(cx, arena, snapshot, ast->create_table, parameters, &schema, &ignored);
    default: return fail_unsupported(cx, ast->pos, "PREPARE of this statement");
    }
}

Status bind_prepared(const Context *cx, Arena *arena, Snapshot *snapshot, const AstPrepare *prepare, uint32_t count,
                     Type **types) {
    uint32_t declared = prepare->types.count, all = declared > count ? declared : count;
    TRY_NEW_ARRAY(cx, arena, *types, all + 1);
    for (uint32_t i = 0; i < all; i++) {
        (*types)[i] = type_make(TYPE_NULL);
        if (i < declared) {
            TRY(bind_type(cx, prepare->types.items[i], &(*types)[i]));
        }
    }
    BindParameters parameters = {.count = all, .wanted = *types};
    return bind_for_types(cx, arena, snapshot, prepare->statement, &parameters);
}

/* A place wants a DECIMAL of any digits, and text of any length. */
static Type without_modifiers(Type wanted, const Expr *arg) {
    if (type_is_text(wanted)) {
        return type_varchar(0);
    }
    return wanted.id == TYPE_DECIMAL && type_is_numeric(arg->type) ? arg->type : wanted;
}

static Status bind_argument(const Context *cx, Place *place, const AstExpr *ast, Type wanted, uint32_t number, Value *value) {
    Arena *arena = place->binder->arena;
    Expr *arg;
    TRY(bind_expr(cx, place, ast, &arg));
    bool is_open = wanted.id == TYPE_NULL || (wanted.id == TYPE_DECIMAL && expr_is_literal(arg));
    if (!is_open) {
        Type type = without_modifiers(wanted, arg);
        Status status = cast_bind(cx, arena, arg, type, false, false, &arg);
        if (status == DATATYPE_MISMATCH || status == CANNOT_COERCE) {
            char from[32], to[32];
            fail_at(cx, expr_start(ast), DATATYPE_MISMATCH,
                    "parameter $%u of type %s cannot be coerced to the expected type %s", number, type_name(arg->type, from),
                    type_name(type, to));
            return fail_hint(cx, "cast it: CAST(… AS %s)", to);
        }
        TRY(status);
    }
    Status status = expr_eval_constant(cx, arena, arg, value);
    if (status != OK) {
        error_set_pos_if_none(cx, expr_start(ast));
    }
    return status;
}

Status bind_arguments_of(const Context *cx, Arena *arena, const AstExecute *execute, const BindParameters *own,
                         const Type *types, uint32_t count, Value **values) {
    Binder *binder;
    Scope none = {0};
    if (execute->args.count != count) {
        fail_at(cx, execute->name->pos, SYNTAX_ERROR, "wrong number of parameters for prepared statement \"%s\"",
                execute->name->text);
        return fail_hint(cx, "expected %u parameters but got %u", count, execute->args.count);
    }
    TRY(binder_create(cx, arena, NULL, own, &binder));
    TRY_NEW_ARRAY(cx, arena, *values, count + 1);
    Place place = {.binder = binder, .scope = &none, .clause = CLAUSE_EXECUTE};
    for (uint32_t i = 0; i < count; i++) {
        TRY(bind_argument(cx, &place, execute->args.items[i], types[i], i + 1, &(*values)[i]));
    }
    return OK;
}
