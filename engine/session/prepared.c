/* PREPARE, EXECUTE, DEALLOCATE. What is prepared is kept as text: an EXECUTE parses it into the arena of its run, where it
 * takes the place of the EXECUTE until the run ends. */
#include "bind/bind.h"
#include "parser/parse.h"
#include "session/session.h"

#include <string.h>

struct Prepared {
    Prepared *next;
    Arena arena; /* all below */
    const char *name, *sql;
    uint32_t parameter_count;
    const Type *types;
};

static Prepared **find_prepared(depot *db, const char *name) {
    Prepared **at = &db->prepared;
    while (*at != NULL && strcmp((*at)->name, name) != 0) {
        at = &(*at)->next;
    }
    return at;
}

static void remove_prepared(Prepared **at) {
    Prepared *removed = *at;
    *at = removed->next;
    arena_free(&removed->arena);
    mem_free(removed);
}

void prepared_free_all(depot *db) {
    while (db->prepared != NULL) {
        remove_prepared(&db->prepared);
    }
}

static Status fail_unknown(const Context *cx, const AstIdent *name) {
    return fail_at(cx, name->pos, UNDEFINED_PREPARED_STATEMENT, "prepared statement \"%s\" does not exist", name->text);
}

/* ----------------------------------------------------------------------------------------------------------------- PREPARE */

static Status fill_prepared(const Context *cx, depot_statement *statement, Prepared *prepared) {
    const AstPrepare *ast = statement->ast->prepare;
    uint32_t count = statement->ast->parameter_count;
    Type *types;
    arena_init(&prepared->arena);
    TRY(transaction_read(cx, statement));
    TRY(bind_prepared(cx, &prepared->arena, statement->run.snapshot, ast, count, &types));
    prepared->types = types;
    prepared->parameter_count = ast->types.count > count ? ast->types.count : count;
    prepared->name = arena_copy_text(cx, &prepared->arena, ast->name->text, strlen(ast->name->text));
    prepared->sql = ast_print(cx, &prepared->arena, ast->statement);
    return prepared->name == NULL || prepared->sql == NULL ? OUT_OF_MEMORY : OK;
}

static Status prepare(const Context *run_cx, depot_statement *statement) {
    depot *db = statement->db;
    const AstIdent *name = statement->ast->prepare->name;
    Context cx = *run_cx;
    Prepared *prepared;
    if (*find_prepared(db, name->text) != NULL) {
        return fail_at(&cx, name->pos, DUPLICATE_PREPARED_STATEMENT, "prepared statement \"%s\" already exists", name->text);
    }
    cx.memory = &db->memory; /* it outlives the run */
    TRY_ALLOC_ZEROED(&cx, prepared, sizeof *prepared);
    Status status = fill_prepared(&cx, statement, prepared);
    prepared->next = db->prepared;
    db->prepared = prepared;
    if (status != OK) {
        remove_prepared(&db->prepared);
    }
    return status;
}

/* ----------------------------------------------------------------------------------------------------------------- EXECUTE */

/* Puts the prepared statement and its arguments in the statement's place; run_end() puts them back. */
Status prepared_begin(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    const AstExecute *execute = statement->ast->execute;
    const Prepared *prepared = *find_prepared(statement->db, execute->name->text);
    BindParameters own = {.count = statement->parameter_count, .values = statement->parameters};
    AstStatement *ast;
    Value *values;
    if (prepared == NULL) {
        return fail_unknown(cx, execute->name);
    }
    TRY(bind_arguments_of(cx, &run->arena, execute, &own, prepared->types, prepared->parameter_count, &values));
    TRY(parse_stored_statement(cx, &run->arena, prepared->sql, execute->name->pos, &ast));
    ast->parameter_count = prepared->parameter_count; /* declared ones need not occur */
    run->execute = statement->ast;
    run->execute_parameters = statement->parameters;
    statement->ast = ast;
    statement->parameters = values;
    statement->tag = statement_tag(ast);
    return OK;
}

void prepared_end(depot_statement *statement) {
    Run *run = &statement->run;
    if (run->execute != NULL) {
        statement->ast = run->execute;
        statement->parameters = run->execute_parameters;
        run->execute = NULL;
    }
}

/* -------------------------------------------------------------------------------------------------------------- DEALLOCATE */

static Status deallocate(const Context *cx, depot_statement *statement) {
    depot *db = statement->db;
    const AstIdent *name = statement->ast->deallocate->name;
    if (name == NULL) {
        prepared_free_all(db);
        return OK;
    }
    Prepared **at = find_prepared(db, name->text);
    if (*at == NULL) {
        return fail_unknown(cx, name);
    }
    remove_prepared(at);
    return OK;
}

Status run_prepared(const Context *cx, depot_statement *statement) {
    return statement->ast->kind == AST_STATEMENT_PREPARE ? prepare(cx, statement) : deallocate(cx, statement);
}
