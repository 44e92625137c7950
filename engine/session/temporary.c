/* Temporary tables and views: a warehouse in memory that only this connection has, in the schema pg_temp, which is searched
 * before all others. A statement reads both warehouses in one snapshot and writes one of them. Inside a transaction the
 * temporary side has a commit of its own, which ends with the transaction's. */
#include "session/session.h"

#include <string.h>

#define FIRST_TEMPORARY_ID ((uint64_t)1 << 40) /* ids of a stored warehouse stay below */

static Status open_temporary(const Context *cx, depot *db) {
    WarehouseOptions options = {.create = true, .topology = warehouse_topology(db->warehouse), .first_id = FIRST_TEMPORARY_ID};
    if (db->temporary != NULL) {
        return OK;
    }
    Context own = *cx;
    own.memory = &db->memory; /* it outlives the run */
    return warehouse_open(&own, NULL, &options, &db->temporary);
}

/* ------------------------------------------------------------------------------------------------------- what is written to */

static bool is_in_temporary(const AstName *name) {
    return name->count == 2 && strcmp(name->parts[0].text, TEMPORARY_SCHEMA) == 0;
}

static const AstStatement *written(const AstStatement *ast) {
    return ast->kind == AST_STATEMENT_EXPLAIN ? ast->explain->statement : ast;
}

/* A new relation goes there if it says so. */
static bool makes_temporary(const AstStatement *ast) {
    switch (ast->kind) {
    case AST_STATEMENT_CREATE_TABLE: return ast->create_table->is_temporary || is_in_temporary(ast->create_table->name);
    case AST_STATEMENT_CREATE_VIEW: return ast->create_view->is_temporary || is_in_temporary(ast->create_view->name);
    default: return false;
    }
}

/* The existing relation that a statement changes, or NULL. `number` counts the names of DROP and TRUNCATE. */
static const AstName *changed_name(const AstStatement *ast, uint32_t number) {
    switch (ast->kind) {
    case AST_STATEMENT_INSERT: return number > 0 ? NULL : ast->insert->table;
    case AST_STATEMENT_DELETE: return number > 0 ? NULL : ast->delete->target->table.name;
    case AST_STATEMENT_UPDATE: return number > 0 ? NULL : ast->update->target->table.name;
    case AST_STATEMENT_MERGE: return number > 0 ? NULL : ast->merge->target->table.name;
    case AST_STATEMENT_ANALYZE: return number > 0 ? NULL : ast->analyze->table;
    case AST_STATEMENT_COPY: return number > 0 ? NULL : ast->copy->table;
    case AST_STATEMENT_COMMENT: return number > 0 || ast->comment->object == AST_OBJECT_SCHEMA ? NULL : ast->comment->name;
    case AST_STATEMENT_ALTER_TABLE: return number > 0 ? NULL : ast->alter_table->name;
    case AST_STATEMENT_TRUNCATE: return number < ast->truncate->names.count ? ast->truncate->names.items[number] : NULL;
    case AST_STATEMENT_DROP:
        return number < ast->drop->names.count && ast->drop->object != AST_OBJECT_SCHEMA ? ast->drop->names.items[number]
                                                                                         : NULL;
    default: return NULL;
    }
}

static bool exists(const Snapshot *snapshot, const AstStatement *ast, const AstName *name) {
    bool is_column = ast->kind == AST_STATEMENT_COMMENT && ast->comment->object == AST_OBJECT_COLUMN;
    uint32_t parts = name->count - (is_column && name->count > 1);
    bool is_near = parts == 1 || (parts == 2 && strcmp(name->parts[0].text, TEMPORARY_SCHEMA) == 0);
    return is_near && snapshot_find_table(snapshot, TEMPORARY_SCHEMA, name->parts[parts - 1].text) != NULL;
}

static Status take_snapshot(const Context *cx, depot_statement *statement, Snapshot **snapshot) {
    Transaction *transaction = &statement->db->transaction;
    if (transaction->temporary_commit == NULL) {
        return warehouse_snapshot(cx, statement->db->temporary, snapshot);
    }
    return commit_snapshot(cx, transaction->temporary_commit, snapshot);
}

Status temporary_is_target(const Context *cx, depot_statement *statement, bool *is_target) {
    const AstStatement *ast = written(statement->ast);
    *is_target = makes_temporary(ast);
    if (*is_target || statement->db->temporary == NULL) {
        return OK;
    }
    Snapshot *snapshot;
    TRY(take_snapshot(cx, statement, &snapshot));
    const AstName *name, *other = NULL;
    for (uint32_t i = 0; (name = changed_name(ast, i)) != NULL; i++) {
        bool is_temporary = exists(snapshot, ast, name);
        *is_target = *is_target || is_temporary;
        other = is_temporary ? other : name;
    }
    snapshot_release(snapshot);
    return *is_target && other != NULL ? fail_unsupported(cx, other->pos, "one statement over temporary and other tables") : OK;
}

/* ---------------------------------------------------------------------------------------------------- reading and writing */

/* The commit on the temporary side that is open, if any. */
static Commit *open_commit(const depot_statement *statement) {
    Commit *own = statement->run.commit;
    bool is_temporary = own != NULL && commit_warehouse(own) == statement->db->temporary;
    return is_temporary ? own : statement->db->transaction.temporary_commit;
}

/* Both sides of a joined snapshot are read on the slices of the first. Where the warehouse was resized since, the temporary
 * side follows, as long as nothing stands in it. */
static Status follow_resize(const Context *cx, depot_statement *statement, const Snapshot *temporary) {
    Topology topology = snapshot_topology(statement->run.snapshot), before = snapshot_topology(temporary);
    Commit *commit = open_commit(statement);
    bool is_own = commit == NULL;
    if (topology.nodes == before.nodes && topology.slices_per_node == before.slices_per_node) {
        return OK;
    }
    if (snapshot_table_count(temporary) > 0) {
        fail(cx, OBJECT_IN_USE,
             "the warehouse was resized to %u nodes of %u slices: temporary tables made before cannot be read with it",
             topology.nodes, topology.slices_per_node);
        return fail_hint(cx, "connect again");
    }
    if (is_own) {
        TRY(commit_begin(cx, statement->db->temporary, &commit));
    }
    Status status = commit_resize(cx, commit, topology);
    if (status != OK && is_own) {
        commit_abort(commit);
    }
    TRY(status);
    return is_own ? commit_finish(cx, commit) : OK;
}

Status temporary_join(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    Snapshot *temporary, *joined;
    if (statement->db->temporary == NULL) {
        return OK;
    }
    TRY(take_snapshot(cx, statement, &temporary));
    if (statement->db->transaction.temporary_commit != NULL) {
        transaction_enter(statement);
    }
    Status status = follow_resize(cx, statement, temporary);
    if (status == OK) {
        status = snapshot_join(cx, run->snapshot, temporary, &joined);
    }
    if (status != OK) {
        snapshot_release(temporary);
        return status;
    }
    run->snapshot = joined;
    return OK;
}

Status temporary_commit(const Context *cx, depot_statement *statement) {
    depot *db = statement->db;
    Transaction *transaction = &db->transaction;
    Run *run = &statement->run;
    TRY(open_temporary(cx, db));
    run->owns_commit = transaction->state == TRANSACTION_NONE;
    if (run->owns_commit) {
        return commit_begin(cx, db->temporary, &run->commit);
    }
    if (transaction->temporary_commit == NULL) {
        TRY(commit_begin(cx, db->temporary, &transaction->temporary_commit));
    } else if (transaction->readers == NULL) {
        TRY(commit_tidy(cx, transaction->temporary_commit));
    }
    run->commit = transaction->temporary_commit;
    return OK;
}
