/* ALTER TABLE: another name is a new definition; another physical design writes all rows again, in the same commit, through the
 * plan of INSERT … SELECT. Readers keep the version that they have. */
#include "bind/bind.h"
#include "core/notice.h"
#include "parser/parse.h"
#include "session/session.h"

#include <inttypes.h>

/* SELECT * FROM the table as the run's snapshot has it. */
static Status plan_all_rows(const Context *cx, Run *run, const TableSchema *schema, LogicalPlan **plan) {
    const char *schema_name = ast_print_ident(cx, &run->arena, schema->schema_name);
    const char *name = ast_print_ident(cx, &run->arena, schema->name);
    const char *sql =
        schema_name == NULL || name == NULL ? NULL : arena_format(cx, &run->arena, "SELECT * FROM %s.%s", schema_name, name);
    AstQuery *ast;
    if (sql == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY(parse_stored_query(cx, &run->arena, sql, POS_NONE, &ast));
    return bind_query(cx, &run->arena, run->snapshot, ast, NULL, plan);
}

Status rewrite_table(const Context *cx, depot_statement *statement, const TableVersion *table, const TableSchema *schema,
                     uint64_t *bytes) {
    Run *run = &statement->run;
    LogicalPlan *plan;
    const TableVersion *redesigned;
    uint64_t rows;
    TRY(plan_all_rows(cx, run, table->schema, &plan));
    TRY(commit_redesign_table(cx, run->commit, table->id, schema));
    TRY(commit_table(cx, run->commit, schema->schema_name, schema->name, &redesigned));
    TRY(plan_into_table(cx, plan, redesigned));
    Status status = run_write(cx, statement, plan, &rows);
    query_close(run->query);
    run->query = NULL;
    TRY(status);
    TRY(commit_table(cx, run->commit, schema->schema_name, schema->name, &redesigned));
    *bytes = redesigned->bytes;
    return OK;
}

Status run_alter_table(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    TableAlteration alteration;
    uint64_t bytes;
    TRY(bind_alter_table(cx, &run->arena, run->snapshot, statement->ast->alter_table, &alteration));
    if (alteration.table == NULL) {
        return OK;
    }
    if (!alteration.is_rewrite) {
        return commit_redefine_table(cx, run->commit, alteration.table->id, alteration.schema);
    }
    TRY(rewrite_table(cx, statement, alteration.table, alteration.schema, &bytes));
    notice(cx, "rewrote %" PRIu64 " rows of \"%s\": %" PRIu64 " bytes, before %" PRIu64, alteration.table->rows,
           alteration.schema->name, bytes, alteration.table->bytes);
    return OK;
}
