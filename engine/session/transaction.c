/* What a statement reads and writes in. Outside of a transaction: the newest version, and a commit of its own. Inside: one
 * snapshot until the first write, from then on the transaction's commit, whose view of itself is what its statements read.
 *
 * The commit holds the writer lock and starts from the newest version. If that is not the version that the transaction has
 * read, its first write fails (40001); so a transaction that wrote is as if it had run alone. depot.h tells the rules to users.
 */
#include "session/session.h"

#include <string.h>

static bool is_open(const Transaction *transaction) {
    return transaction->state == TRANSACTION_OPEN;
}

Status transaction_admits(const Context *cx, const depot_statement *statement) {
    const AstStatement *ast = statement->ast;
    bool may_end_it = ast->kind == AST_STATEMENT_TRANSACTION && ast->transaction->kind != AST_BEGIN;
    if (statement->db->transaction.state != TRANSACTION_FAILED || may_end_it) {
        return OK;
    }
    fail(cx, IN_FAILED_TRANSACTION, "current transaction is aborted, commands ignored until end of transaction block");
    return fail_hint(cx, "ROLLBACK ends it");
}

/* -------------------------------------------------------------------------------------------------------------- reading */

void transaction_enter(depot_statement *statement) {
    Transaction *transaction = &statement->db->transaction;
    for (const depot_statement *reader = transaction->readers; reader != NULL; reader = reader->next_reader) {
        if (reader == statement) {
            return;
        }
    }
    statement->next_reader = transaction->readers;
    transaction->readers = statement;
}

static Status read_commit(const Context *cx, depot_statement *statement) {
    Transaction *transaction = &statement->db->transaction;
    TRY(commit_snapshot(cx, transaction->commit, &statement->run.snapshot));
    transaction_enter(statement);
    return OK;
}

static Status read_stored(const Context *cx, depot_statement *statement) {
    depot *db = statement->db;
    Transaction *transaction = &db->transaction;
    if (!is_open(transaction)) {
        return warehouse_snapshot(cx, db->warehouse, &statement->run.snapshot);
    }
    if (transaction->commit != NULL) {
        return read_commit(cx, statement);
    }
    if (transaction->snapshot == NULL) {
        TRY(warehouse_snapshot(cx, db->warehouse, &transaction->snapshot));
    }
    statement->run.snapshot = snapshot_retain(transaction->snapshot);
    return OK;
}

Status transaction_read(const Context *cx, depot_statement *statement) {
    TRY(read_stored(cx, statement));
    return temporary_join(cx, statement);
}

void transaction_leave(depot_statement *statement) {
    for (depot_statement **at = &statement->db->transaction.readers; *at != NULL; at = &(*at)->next_reader) {
        if (*at == statement) {
            *at = statement->next_reader;
            return;
        }
    }
}

/* -------------------------------------------------------------------------------------------------------------- writing */

static Status fail_conflict(const Context *cx) {
    fail(cx, SERIALIZATION_FAILURE,
         "could not serialize access: the warehouse was changed after the transaction began to read");
    return fail_hint(cx, "run the transaction again; one whose first statement writes cannot conflict");
}

static Status begin_commit(const Context *cx, depot *db) {
    Transaction *transaction = &db->transaction;
    Commit *commit;
    TRY(commit_begin(cx, db->warehouse, &commit));
    if (transaction->snapshot != NULL && snapshot_version(transaction->snapshot) != commit_base_version(commit)) {
        commit_abort(commit);
        return fail_conflict(cx);
    }
    transaction->commit = commit;
    return OK;
}

Status transaction_commit(const Context *cx, depot *db, const char *what, Commit **commit, bool *is_own) {
    Transaction *transaction = &db->transaction;
    *is_own = transaction->state == TRANSACTION_NONE;
    if (*is_own) {
        return commit_begin(cx, db->warehouse, commit);
    }
    if (transaction->state == TRANSACTION_FAILED) {
        return fail(cx, IN_FAILED_TRANSACTION, "the transaction is aborted: only ROLLBACK can follow");
    }
    if (transaction->is_read_only) {
        return fail(cx, READ_ONLY_TRANSACTION, "cannot execute %s in a read-only transaction", what);
    }
    if (transaction->commit == NULL) {
        TRY(begin_commit(cx, db));
    } else if (transaction->readers == NULL) {
        TRY(commit_tidy(cx, transaction->commit));
    }
    *commit = transaction->commit;
    return OK;
}

Status transaction_write(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    bool is_temporary;
    TRY(temporary_is_target(cx, statement, &is_temporary));
    if (is_temporary) {
        TRY(temporary_commit(cx, statement));
        return transaction_read(cx, statement);
    }
    TRY(transaction_commit(cx, statement->db, statement->tag, &run->commit, &run->owns_commit));
    TRY(run->owns_commit ? warehouse_snapshot(cx, statement->db->warehouse, &run->snapshot) : read_commit(cx, statement));
    return temporary_join(cx, statement);
}

Status transaction_written(const Context *cx, Run *run) {
    Commit *commit = run->commit;
    run->commit = NULL; /* consumed in any case */
    return run->owns_commit ? commit_finish(cx, commit) : OK;
}

/* --------------------------------------------------------------------------------------------------------------- ending */

static void end_readers(Transaction *transaction) {
    while (transaction->readers != NULL) {
        depot_statement *reader = transaction->readers;
        run_end(reader); /* takes it off the list */
        reader->has_failed = reader->was_ended = true;
    }
}

/* Lets go of all that the transaction holds; its commits are the caller's. */
static Commit *release(Transaction *transaction, TransactionState state, Commit **temporary) {
    Commit *commit = transaction->commit;
    *temporary = transaction->temporary_commit;
    transaction->temporary_commit = NULL;
    end_readers(transaction);
    snapshot_release(transaction->snapshot);
    transaction->snapshot = NULL;
    transaction->commit = NULL;
    transaction->state = state;
    return commit;
}

static void abort_all(Transaction *transaction, TransactionState state) {
    Commit *temporary;
    commit_abort(release(transaction, state, &temporary));
    commit_abort(temporary);
}

void transaction_fail(depot *db) {
    if (is_open(&db->transaction)) {
        abort_all(&db->transaction, TRANSACTION_FAILED);
    }
}

void transaction_close(depot *db) {
    abort_all(&db->transaction, TRANSACTION_NONE);
}

static Status take_back(const Context *cx, depot *db) {
    if (db->transaction.state == TRANSACTION_NONE) {
        notice(cx, "WARNING:  there is no transaction in progress");
        return OK;
    }
    abort_all(&db->transaction, TRANSACTION_NONE);
    return session_use_settings(cx, db, &db->transaction.settings);
}

static Status make_durable(const Context *cx, depot *db) {
    if (db->transaction.state == TRANSACTION_NONE) {
        notice(cx, "WARNING:  there is no transaction in progress");
        return OK;
    }
    Commit *temporary, *commit = release(&db->transaction, TRANSACTION_NONE, &temporary);
    Status status = commit == NULL ? OK : commit_finish(cx, commit);
    if (status != OK) {
        Error error = *cx->error;
        Status ignored = session_use_settings(cx, db, &db->transaction.settings); /* they were in use before */
        (void)ignored;
        *cx->error = error;
        commit_abort(temporary);
        return status;
    }
    return temporary == NULL ? OK : commit_finish(cx, temporary); /* in memory: only memory can fail it */
}

static Status begin(const Context *cx, depot_statement *statement) {
    Transaction *transaction = &statement->db->transaction;
    if (is_open(transaction)) {
        notice(cx, "WARNING:  there is already a transaction in progress");
        return OK;
    }
    *transaction = (Transaction){.state = TRANSACTION_OPEN,
                                 .is_read_only = statement->ast->transaction->is_read_only,
                                 .now_micros = statement->now_micros,
                                 .settings = statement->db->settings};
    return OK;
}

Status run_transaction(const Context *cx, depot_statement *statement) {
    depot *db = statement->db;
    AstTransactionKind kind = statement->ast->transaction->kind;
    if (kind == AST_COMMIT && db->transaction.state == TRANSACTION_FAILED) {
        kind = AST_ROLLBACK;
        statement->tag = "ROLLBACK";
    }
    switch (kind) {
    case AST_BEGIN: return begin(cx, statement);
    case AST_COMMIT: return make_durable(cx, db);
    case AST_ROLLBACK: return take_back(cx, db);
    }
    return OK;
}
