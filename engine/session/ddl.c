/* CREATE TABLE, CREATE TABLE AS, DROP TABLE: each inside the run's commit. */
#include "bind/bind.h"
#include "session/session.h"

static Status create_table(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    BindParameters parameters = {.count = statement->ast->parameter_count, .values = statement->parameters};
    TableSchema *schema;
    LogicalPlan *query;
    TRY(bind_create_table(cx, &run->arena, run->snapshot, statement->ast->create_table, &parameters, &schema, &query));
    if (schema == NULL) {
        return OK; /* IF NOT EXISTS, and it does */
    }
    TRY(commit_create_table(cx, run->commit, schema));
    if (query == NULL) {
        return OK;
    }
    const TableVersion *table;
    TRY(commit_table(cx, run->commit, schema->schema_name, schema->name, &table));
    TRY(plan_into_table(cx, query, table));
    return run_write(cx, statement, query, &run->rows);
}

static Status drop_tables(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    const AstDropTable *drop = statement->ast->drop_table;
    for (uint32_t i = 0; i < drop->names.count; i++) {
        const AstName *name = drop->names.items[i];
        const TableVersion *table;
        if (drop->if_exists) {
            TRY(bind_table_if_exists(cx, &run->arena, run->snapshot, name, &table));
        } else {
            TRY(bind_table(cx, &run->arena, run->snapshot, name, &table));
        }
        if (table == NULL) {
            notice(cx, "table \"%s\" does not exist, skipping", name->parts[name->count - 1].text);
            continue;
        }
        TRY(commit_drop_table(cx, run->commit, table->schema->schema_name, table->schema->name));
    }
    return OK;
}

Status run_ddl(const Context *cx, depot_statement *statement) {
    return statement->ast->kind == AST_STATEMENT_CREATE_TABLE ? create_table(cx, statement) : drop_tables(cx, statement);
}
