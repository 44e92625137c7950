/* SET verify_constraints = on: after a statement has written to a table, queries over what it would commit look for rows that
 * its declared keys forbid: keys that are there twice, references to rows that are not there. One that is found fails the
 * statement, and nothing is committed. */
#include "bind/bind.h"
#include "parser/parse.h"
#include "session/session.h"

#include <string.h>

/* A text that grows; NULL once memory has run out. */
static const char *join(const Context *cx, Arena *arena, const char *a, const char *b) {
    return a == NULL || b == NULL ? NULL : arena_format(cx, arena, "%s%s", a, b);
}

/* `before` + column + `between` + the next column …: "c.a = p.b AND c.x = p.y" has two lists of names. */
static const char *list_columns(const Context *cx, Arena *arena, const TableSchema *schema, const KeyConstraint *key,
                                const char *before, const char *after, const char *between) {
    const char *text = "";
    for (uint32_t i = 0; i < key->column_count; i++) {
        const char *name = ast_print_ident(cx, arena, schema->columns[key->columns[i]].name);
        text = join(cx, arena, text, i == 0 ? before : arena_format(cx, arena, "%s%s", between, before));
        text = join(cx, arena, join(cx, arena, text, name), after);
    }
    return text;
}

static const char *relation_name(const Context *cx, Arena *arena, const char *schema, const char *name) {
    const char *quoted = ast_print_ident(cx, arena, schema);
    return join(cx, arena, join(cx, arena, quoted, "."), ast_print_ident(cx, arena, name));
}

static const char *unique_question(const Context *cx, Arena *arena, const TableSchema *schema, const KeyConstraint *key) {
    return arena_format(cx, arena, "SELECT %s FROM %s AS c WHERE %s GROUP BY %s HAVING count(*) > 1 LIMIT 1",
                        list_columns(cx, arena, schema, key, "c.", "", ", "),
                        relation_name(cx, arena, schema->schema_name, schema->name),
                        list_columns(cx, arena, schema, key, "c.", " IS NOT NULL", " AND "),
                        list_columns(cx, arena, schema, key, "c.", "", ", "));
}

/* The names of the columns referred to: given, or those of the primary key. */
static const char *target_name(const TableSchema *target, const KeyConstraint *key, uint32_t column) {
    if (key->target_columns != NULL) {
        return key->target_columns[column];
    }
    for (uint32_t i = 0; i < target->key_count; i++) {
        if (target->keys[i].kind == KEY_PRIMARY && target->keys[i].column_count == key->column_count) {
            return target->columns[target->keys[i].columns[column]].name;
        }
    }
    return NULL;
}

static const char *reference_question(const Context *cx, Arena *arena, const TableSchema *schema, const KeyConstraint *key,
                                      const TableSchema *target) {
    const char *matches = "";
    for (uint32_t i = 0; i < key->column_count; i++) {
        const char *own = ast_print_ident(cx, arena, schema->columns[key->columns[i]].name);
        const char *name = target_name(target, key, i), *other = name == NULL ? NULL : ast_print_ident(cx, arena, name);
        matches = own == NULL || other == NULL || matches == NULL
                      ? NULL
                      : arena_format(cx, arena, "%s%sp.%s = c.%s", matches, i == 0 ? "" : " AND ", other, own);
    }
    return matches == NULL
               ? NULL
               : arena_format(cx, arena,
                              "SELECT %s FROM %s AS c WHERE %s AND NOT EXISTS (SELECT 1 FROM %s AS p WHERE %s) LIMIT 1",
                              list_columns(cx, arena, schema, key, "c.", "", ", "),
                              relation_name(cx, arena, schema->schema_name, schema->name),
                              list_columns(cx, arena, schema, key, "c.", " IS NOT NULL", " AND "),
                              relation_name(cx, arena, target->schema_name, target->name), matches);
}

/* "(1, x)": the first row that came. */
static const char *print_row(const Context *cx, Arena *arena, const Batch *batch) {
    const char *text = "(";
    for (uint32_t c = 0; c < batch->column_count; c++) {
        char buffer[VALUE_PRINT_MAX];
        const char *cell;
        size_t bytes;
        Value value = vector_value(&batch->columns[c], 0);
        value_print(&value, buffer, &cell, &bytes);
        text = text == NULL ? NULL : arena_format(cx, arena, "%s%s%.*s", text, c == 0 ? "" : ", ", (int)bytes, cell);
    }
    return join(cx, arena, text, ")");
}

static Status fail_key(const Context *cx, Arena *arena, const TableSchema *schema, const KeyConstraint *key,
                       const Batch *batch) {
    const char *columns = list_columns(cx, arena, schema, key, "", "", ", "), *row = print_row(cx, arena, batch);
    if (columns == NULL || row == NULL) {
        return OUT_OF_MEMORY;
    }
    if (key->kind == KEY_FOREIGN) {
        fail(cx, FOREIGN_KEY_VIOLATION, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", schema->name,
             key->name);
        return fail_hint(cx, "key (%s)=%s is not present in table \"%s\"", columns, row, key->target_table);
    }
    fail(cx, UNIQUE_VIOLATION, "duplicate key value violates unique constraint \"%s\"", key->name);
    return fail_hint(cx, "key (%s)=%s is there more than once", columns, row);
}

static Status verify_key(const Context *cx, depot_statement *statement, Snapshot *snapshot, const TableSchema *schema,
                         const KeyConstraint *key) {
    Arena *arena = &statement->run.arena;
    const TableVersion *target =
        key->kind == KEY_FOREIGN ? snapshot_find_table(snapshot, key->target_schema, key->target_table) : NULL;
    if (key->kind == KEY_FOREIGN && target == NULL) {
        return OK;
    }
    const char *sql = key->kind == KEY_FOREIGN ? reference_question(cx, arena, schema, key, target->schema)
                                               : unique_question(cx, arena, schema, key);
    if (sql == NULL) {
        return OUT_OF_MEMORY;
    }
    AstQuery *ast;
    LogicalPlan *plan;
    Query *query;
    const Batch *batch;
    TRY(parse_stored_query(cx, arena, sql, POS_NONE, &ast));
    TRY(bind_query(cx, arena, snapshot, ast, NULL, &plan));
    TRY(run_aside(cx, statement, plan, &query));
    Status status;
    do {
        status = query_next(cx, query, &batch);
    } while (status == OK && batch != NULL && batch->rows == 0);
    if (status == OK && batch != NULL) {
        status = fail_key(cx, arena, schema, key, batch);
    }
    query_close(query);
    return status;
}

/* The keys of the table, and the references to it: rows that they mean may be gone. */
static Status verify_table(const Context *cx, depot_statement *statement, Snapshot *snapshot, const TableVersion *table) {
    for (uint32_t i = 0; i < table->schema->key_count; i++) {
        TRY(verify_key(cx, statement, snapshot, table->schema, &table->schema->keys[i]));
    }
    for (uint32_t t = 0; t < snapshot_table_count(snapshot); t++) {
        const TableSchema *other = snapshot_table(snapshot, t)->schema;
        for (uint32_t i = 0; i < other->key_count; i++) {
            const KeyConstraint *key = &other->keys[i];
            if (key->kind == KEY_FOREIGN && strcmp(key->target_table, table->schema->name) == 0 &&
                strcmp(key->target_schema, table->schema->schema_name) == 0 && other != table->schema) {
                TRY(verify_key(cx, statement, snapshot, other, key));
            }
        }
    }
    return OK;
}

Status verify_constraints(const Context *cx, depot_statement *statement, const AstName *target) {
    Run *run = &statement->run;
    Snapshot *after;
    const TableVersion *table;
    if (!run->settings.verify_constraints || run->commit == NULL) {
        return OK;
    }
    TRY(commit_snapshot(cx, run->commit, &after));
    Status status = bind_relation_if_exists(cx, after, target, &table);
    if (status == OK && table != NULL) {
        status = verify_table(cx, statement, after, table);
    }
    snapshot_release(after);
    return status;
}
