/* PREPARE, EXECUTE, DEALLOCATE. What is prepared is kept as text: the first EXECUTE parses it, and a query's plan is kept with
 * the tree (plan_cache.h). It takes the place of the EXECUTE until the run ends. */
#include "bind/bind.h"
#include "session/session.h"

#include <string.h>

struct Prepared {
    Prepared *next;
    Arena arena; /* all below */
    const char *name, *sql;
    KnownText *known; /* a user of it; NULL until it is parsed */
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
    known_text_release(removed->known);
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

/* Parsed for EXECUTEs that name it at that place of their text, which is where errors are told. */
static Status find_tree(const Context *run_cx, depot_statement *statement, Prepared *prepared, SourcePos pos) {
    Context cx = *run_cx;
    cx.memory = &statement->db->memory; /* it outlives the run */
    if (prepared->known != NULL && prepared->known->stored_at == pos) {
        return OK;
    }
    known_text_release(prepared->known);
    TRY(known_text_stored(&cx, prepared->sql, pos, &prepared->known));
    prepared->known->ast->parameter_count = prepared->parameter_count; /* declared ones need not occur */
    return OK;
}

/* Puts the prepared statement and its arguments in the statement's place; run_end() puts them back. */
Status prepared_begin(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    const AstExecute *execute = statement->ast->execute;
    Prepared *prepared = *find_prepared(statement->db, execute->name->text);
    BindParameters own = {.count = statement->parameter_count, .values = statement->parameters};
    Value *values;
    if (prepared == NULL) {
        return fail_unknown(cx, execute->name);
    }
    TRY(bind_arguments_of(cx, &run->arena, execute, &own, prepared->types, prepared->parameter_count, &values));
    TRY(find_tree(cx, statement, prepared, execute->name->pos));
    run->execute = statement->ast;
    run->execute_parameters = statement->parameters;
    run->known = known_text_retain(prepared->known);
    statement->ast = run->known->ast;
    statement->parameters = values;
    statement->tag = statement_tag(statement->ast);
    return OK;
}

void prepared_end(depot_statement *statement) {
    Run *run = &statement->run;
    if (run->execute != NULL) {
        statement->ast = run->execute;
        statement->parameters = run->execute_parameters;
        known_text_release(run->known);
        run->known = statement->known;
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
