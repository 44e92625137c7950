/* ALTER TABLE and ALTER WAREHOUSE RESIZE. Another name is a new definition. Another physical design, or another topology,
 * writes all rows again, in the same commit, through the plan of INSERT … SELECT: the plan reads the version from before, so it
 * runs on the nodes from before; the writer deals rows out to the slices of the new version. Readers keep the version that they
 * have. */
#include "bind/bind.h"
#include "core/notice.h"
#include "parser/parse.h"
#include "session/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

Status plan_all_rows(const Context *cx, Run *run, const TableSchema *schema, LogicalPlan **plan) {
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

/* The commit has the table without rows, in its new design: `plan` fills it. Says what that came to. */
static Status fill_table(const Context *cx, depot_statement *statement, const TableVersion *before, const TableSchema *schema,
                         LogicalPlan *plan) {
    Run *run = &statement->run;
    const TableVersion *table;
    uint64_t rows;
    TRY(commit_table(cx, run->commit, schema->schema_name, schema->name, &table));
    TRY(plan_into_table(cx, plan, table));
    Status status = run_write(cx, statement, plan, &rows);
    query_close(run->query);
    run->query = NULL;
    TRY(status);
    TRY(commit_table(cx, run->commit, schema->schema_name, schema->name, &table));
    notice(cx, "rewrote %" PRIu64 " rows of \"%s\": %" PRIu64 " bytes, before %" PRIu64, rows, schema->name, table->bytes,
           before->bytes);
    return OK;
}

static Status change_table(const Context *cx, depot_statement *statement, const TableAlteration *alteration) {
    Run *run = &statement->run;
    const TableVersion *table = alteration->table;
    LogicalPlan *plan;
    if (!alteration->is_rewrite) {
        return commit_redefine_table(cx, run->commit, table->id, alteration->schema);
    }
    if (table->rows == 0) {
        return commit_redesign_table(cx, run->commit, table->id, alteration->schema);
    }
    TRY(plan_all_rows(cx, run, table->schema, &plan));
    TRY(commit_redesign_table(cx, run->commit, table->id, alteration->schema));
    return fill_table(cx, statement, table, alteration->schema, plan);
}

Status run_alter_table(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    TableAlteration alteration;
    TRY(bind_alter_table(cx, &run->arena, run->snapshot, statement->ast->alter_table, &alteration));
    if (alteration.table == NULL) {
        return OK;
    }
    TRY(change_table(cx, statement, &alteration));
    return alteration.fakes_rows ? commit_fake_rows(cx, run->commit, alteration.table->id, alteration.faked_rows) : OK;
}

/* ---------------------------------------------------------------------------------------------------------------- resizing */

static Status read_count(const Context *cx, const AstOption *option, uint32_t *count) {
    char *end = NULL;
    long number = option->value == NULL || option->is_quoted ? 0 : strtol(option->value, &end, 10);
    if (number < 1 || number > INT32_MAX || *end != '\0') {
        return fail_at(cx, option->value == NULL ? option->pos : option->value_pos, INVALID_PARAMETER_VALUE,
                       "%s takes a whole number from 1 on", option->name);
    }
    *count = (uint32_t)number;
    return OK;
}

/* What is not said stays as it is. */
static Status read_topology(const Context *cx, const AstOptionList *options, Topology *topology) {
    for (uint32_t i = 0; i < options->count; i++) {
        const AstOption *option = options->items[i];
        uint32_t *count = strcmp(option->name, "nodes") == 0    ? &topology->nodes
                          : strcmp(option->name, "slices") == 0 ? &topology->slices_per_node
                                                                : NULL;
        if (count == NULL) {
            fail_at(cx, option->pos, SYNTAX_ERROR, "unrecognized option \"%s\" of ALTER WAREHOUSE RESIZE", option->name);
            return fail_hint(cx, "it is NODES n SLICES m: nodes, and slices of each node");
        }
        if (ast_option_find(options, option->name) != option) {
            return fail_at(cx, option->pos, SYNTAX_ERROR, "option \"%s\" is given twice", option->name);
        }
        TRY(read_count(cx, option, count));
    }
    return OK;
}

Status run_resize(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    const AstOptionList *options = &statement->ast->alter_warehouse->options;
    Topology before = snapshot_topology(run->snapshot), topology = before;
    uint32_t tables = snapshot_table_count(run->snapshot);
    LogicalPlan **plans;
    TRY(read_topology(cx, options, &topology));
    if (topology.nodes == before.nodes && topology.slices_per_node == before.slices_per_node) {
        notice(cx, "the warehouse has %u nodes of %u slices already", topology.nodes, topology.slices_per_node);
        return OK;
    }
    for (uint32_t i = 0; i < tables; i++) {
        const TableSchema *schema = snapshot_table(run->snapshot, i)->schema;
        if (strcmp(schema->schema_name, TEMPORARY_SCHEMA) == 0) {
            fail_at(cx, statement->ast->pos, OBJECT_IN_USE, "temporary table \"%s\" stands on the slices of now", schema->name);
            return fail_hint(cx, "drop the temporary tables, or resize on a connection that has none");
        }
    }
    TRY_NEW_ARRAY(cx, &run->arena, plans, tables);
    for (uint32_t i = 0; i < tables; i++) {
        const TableVersion *table = snapshot_table(run->snapshot, i);
        if (table->rows > 0) {
            TRY(plan_all_rows(cx, run, table->schema, &plans[i]));
        }
    }
    Status status = commit_resize(cx, run->commit, topology);
    if (status != OK) {
        error_set_pos_if_none(cx, options->items[0]->pos);
        return status;
    }
    for (uint32_t i = 0; i < tables; i++) {
        const TableVersion *table = snapshot_table(run->snapshot, i);
        if (plans[i] != NULL) {
            TRY(fill_table(cx, statement, table, table->schema, plans[i]));
        }
    }
    notice(cx, "the warehouse has %u nodes of %u slices", topology.nodes, topology.slices_per_node);
    return OK;
}
