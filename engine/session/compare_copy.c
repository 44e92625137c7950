/* Tables rebuilt under another design for COMPARE: temporary, named after the table's version and the design, so that they are
 * found again until the session ends or the table changes. Each is made by a run of its own beside COMPARE's. */
#include "bind/bind.h"
#include "core/hash.h"
#include "session/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "compare_"

static uint64_t hash_design(const TableSchema *schema) {
    uint64_t hash = hash_combine(schema->dist_style, schema->dist_style == DIST_KEY ? schema->dist_column : 0);
    for (uint32_t i = 0; i < schema->sort_key_count; i++) {
        hash = hash_combine(hash, schema->sort_keys[i]);
    }
    for (uint32_t i = 0; i < schema->partition_key_count; i++) {
        const PartitionKey *key = &schema->partition_keys[i];
        hash = hash_combine(hash_combine(hash, key->transform), key->column);
        hash = hash_combine(hash, (uint64_t)key->parameter);
    }
    return hash;
}

/* Copies of other versions of the table serve nobody any more. */
static Status drop_stale(const Context *cx, const Run *run, const TableVersion *table) {
    char all[NAME_BYTES_MAX], current[NAME_BYTES_MAX];
    snprintf(all, sizeof all, PREFIX "%" PRIu64 "_", table->id);
    snprintf(current, sizeof current, PREFIX "%" PRIu64 "_%" PRIu64 "_", table->id, table->version);
    for (uint32_t i = 0; i < snapshot_table_count(run->snapshot); i++) {
        const TableSchema *schema = snapshot_table(run->snapshot, i)->schema;
        if (strcmp(schema->schema_name, TEMPORARY_SCHEMA) == 0 && strncmp(schema->name, all, strlen(all)) == 0 &&
            strncmp(schema->name, current, strlen(current)) != 0) {
            TRY(commit_drop_table(cx, run->commit, TEMPORARY_SCHEMA, schema->name));
        }
    }
    return OK;
}

/* `schema` is the table's under the new design. */
static Status build(const Context *cx, depot_statement *child, const TableVersion *table, const TableSchema *schema,
                    const char *name) {
    Run *run = &child->run;
    TableSchema copy = *schema;
    const TableVersion *made;
    LogicalPlan *rows;
    uint64_t count;
    copy.schema_name = TEMPORARY_SCHEMA;
    copy.name = name;
    copy.key_count = copy.check_count = 0; /* what is true of the table is true of its copy */
    TRY(temporary_commit(cx, child));
    TRY(drop_stale(cx, run, table));
    TRY(plan_all_rows(cx, run, table->schema, &rows));
    TRY(commit_create_table(cx, run->commit, &copy));
    TRY(commit_table(cx, run->commit, TEMPORARY_SCHEMA, name, &made));
    TRY(plan_into_table(cx, rows, made));
    TRY(run_write(cx, child, rows, &count));
    TRY(commit_table(cx, run->commit, TEMPORARY_SCHEMA, name, &made));
    notice(cx, "rebuilt \"%s\" as %s.%s: %" PRIu64 " rows, %" PRIu64 " bytes written", table->schema->name, TEMPORARY_SCHEMA,
           name, count, made->bytes);
    query_close(run->query);
    run->query = NULL;
    return transaction_written(cx, run);
}

static Status find_or_build(const Context *cx, depot_statement *child, const AstTableDesign *design, Arena *arena,
                            TableCopy *copy) {
    Run *run = &child->run;
    const TableVersion *table;
    TableSchema *schema;
    TRY(transaction_read(cx, child));
    TRY(bind_design(cx, &run->arena, run->snapshot, design, &table, &schema));
    copy->table_id = table->id;
    copy->table_version = table->version;
    copy->name = arena_format(cx, arena, PREFIX "%" PRIu64 "_%" PRIu64 "_%08" PRIx32, table->id, table->version,
                              (uint32_t)hash_design(schema));
    if (copy->name == NULL) {
        return OUT_OF_MEMORY;
    }
    bool is_there = snapshot_find_table(run->snapshot, TEMPORARY_SCHEMA, copy->name) != NULL;
    return is_there ? OK : build(cx, child, table, schema, copy->name);
}

Status compare_copy(const Context *cx, depot_statement *statement, const AstTableDesign *design, TableCopy *copy) {
    depot_statement child = {.db = statement->db, .tag = "COMPARE", .text = (char[]){""}, .ast = statement->ast};
    TRY(check_cancel(cx));
    run_begin(&child);
    child.run.is_logged = true; /* COMPARE itself is what the log shows */
    Context child_cx = run_context(&child);
    Status status = find_or_build(&child_cx, &child, design, &statement->run.arena, copy);
    run_end(&child);
    return status;
}
