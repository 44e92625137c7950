/* ALTER TABLE: what the table is declared as afterwards, and whether its rows have to be written again for it. The attributes
 * are those of CREATE TABLE, bound by the same code. */
#include "bind/bind_ddl.h"
#include "core/notice.h"

#include <stdlib.h>
#include <string.h>

static Status open_creation(const Context *cx, Creation *creation, const TableSchema *from) {
    TableSchema *schema;
    TRY_NEW(cx, creation->arena, schema);
    *schema = *from;
    creation->schema = schema;
    creation->column_capacity = from->column_count;
    TRY_NEW_ARRAY(cx, creation->arena, creation->columns, from->column_count);
    memcpy(creation->columns, from->columns, from->column_count * sizeof *from->columns);
    schema->columns = creation->columns;
    return OK;
}

static Status alter_encoding(const Context *cx, Creation *creation, const AstAlteration *ast) {
    uint32_t column;
    TRY(find_column(cx, creation, ast->column, "ALTER COLUMN", &column));
    return bind_encoding(cx, ast->encoding_pos, ast->encoding, &creation->columns[column]);
}

/* The relation's own views hold its name, and its columns', in their text. */
static Status refuse_if_viewed(const Context *cx, const Creation *creation, uint64_t id, SourcePos pos, const char *what) {
    for (uint32_t i = 0; i < snapshot_table_count(creation->snapshot); i++) {
        const TableSchema *other = snapshot_table(creation->snapshot, i)->schema;
        for (uint32_t d = 0; d < other->dependency_count; d++) {
            if (other->dependencies[d] == id) {
                fail_at(cx, pos, DEPENDENT_OBJECTS, "cannot rename %s because view %s depends on it", what, other->name);
                return fail_hint(cx, "drop the view, and create it again afterwards");
            }
        }
    }
    return OK;
}

static bool is_referenced(const Creation *creation, const TableSchema *target) {
    for (uint32_t i = 0; i < snapshot_table_count(creation->snapshot); i++) {
        const TableSchema *other = snapshot_table(creation->snapshot, i)->schema;
        for (uint32_t k = 0; k < other->key_count; k++) {
            const KeyConstraint *key = &other->keys[k];
            if (key->kind == KEY_FOREIGN && strcmp(key->target_table, target->name) == 0 &&
                strcmp(key->target_schema, target->schema_name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static Status refuse_if_referenced(const Context *cx, const Creation *creation, SourcePos pos, const char *what) {
    return is_referenced(creation, creation->schema)
               ? fail_at(cx, pos, DEPENDENT_OBJECTS, "cannot rename %s because a foreign key refers to it", what)
               : OK;
}

static Status rename_table(const Context *cx, Creation *creation, const AstAlteration *ast, uint64_t id) {
    const char *name = ast->name->text;
    const char *what = arena_format(cx, creation->arena, "table %s", creation->schema->name);
    TRY_POINTER(what);
    if (snapshot_find_table(creation->snapshot, creation->schema->schema_name, name) != NULL) {
        return fail_at(cx, ast->name->pos, DUPLICATE_TABLE, "relation \"%s\" already exists", name);
    }
    TRY(refuse_if_viewed(cx, creation, id, ast->pos, what));
    TRY(refuse_if_referenced(cx, creation, ast->pos, what));
    creation->schema->name = name;
    return OK;
}

static Status rename_column(const Context *cx, Creation *creation, const AstAlteration *ast, uint64_t id) {
    uint32_t column;
    const char *what = arena_format(cx, creation->arena, "column %s", ast->column->text);
    TRY_POINTER(what);
    TRY(find_column(cx, creation, ast->column, "RENAME", &column));
    if (schema_find_column(creation->schema, ast->name->text) != UINT32_MAX) {
        return fail_at(cx, ast->name->pos, DUPLICATE_COLUMN, "column \"%s\" of relation \"%s\" already exists", ast->name->text,
                       creation->schema->name);
    }
    if (creation->schema->check_count > 0) {
        fail_unsupported(cx, ast->pos, "RENAME COLUMN of a table with CHECK constraints");
        return fail_hint(cx, "their text names the columns");
    }
    TRY(refuse_if_viewed(cx, creation, id, ast->pos, what));
    TRY(refuse_if_referenced(cx, creation, ast->pos, what));
    creation->columns[column].name = ast->name->text;
    return OK;
}

#define FAKED_ROWS_MAX INT64_C(1000000000000000)

/* (rows = n): the only statistics that can be faked. */
static Status set_statistics(const Context *cx, const AstAlteration *ast, TableAlteration *out) {
    for (uint32_t i = 0; i < ast->options.count; i++) {
        const AstOption *option = ast->options.items[i];
        if (strcmp(option->name, "rows") != 0) {
            fail_at(cx, option->pos, SYNTAX_ERROR, "unrecognized option \"%s\" of SET STATISTICS", option->name);
            return fail_hint(
                cx, "it is SET STATISTICS (rows = n): as many rows the optimizer takes the table to have, until ANALYZE");
        }
        char *end = NULL;
        long long rows = option->value == NULL ? -1 : strtoll(option->value, &end, 10);
        if (rows < 0 || rows > FAKED_ROWS_MAX || end == option->value || *end != '\0') {
            return fail_at(cx, option->value == NULL ? option->pos : option->value_pos, INVALID_PARAMETER_VALUE,
                           "rows takes a whole number from 0 to %lld", (long long)FAKED_ROWS_MAX);
        }
        out->fakes_rows = true;
        out->faked_rows = (uint64_t)rows;
    }
    return OK;
}

static Status alter(const Context *cx, Creation *creation, const AstAlteration *ast, TableAlteration *out) {
    switch (ast->kind) {
    case AST_ALTER_ATTRIBUTES:
        for (uint32_t i = 0; i < ast->attributes.count; i++) {
            TRY(bind_attribute(cx, creation, ast->attributes.items[i]));
        }
        out->is_rewrite = true;
        return OK;
    case AST_ALTER_ENCODE: out->is_rewrite = true; return alter_encoding(cx, creation, ast);
    case AST_ALTER_RENAME: return rename_table(cx, creation, ast, out->table->id);
    case AST_ALTER_RENAME_COLUMN: return rename_column(cx, creation, ast, out->table->id);
    case AST_ALTER_STATISTICS: return set_statistics(cx, ast, out);
    }
    return fail_at(cx, ast->pos, INTERNAL_ERROR, "an alteration of unknown kind %d", ast->kind);
}

Status bind_alter_table(const Context *cx, Arena *arena, Snapshot *snapshot, const AstAlterTable *ast, TableAlteration *out) {
    Creation creation = {.arena = arena, .snapshot = snapshot};
    *out = (TableAlteration){0};
    if (ast->if_exists) {
        TRY(bind_relation_if_exists(cx, snapshot, ast->name, &out->table));
        if (out->table == NULL) {
            notice(cx, "relation \"%s\" does not exist, skipping", ast->name->parts[ast->name->count - 1].text);
            return OK;
        }
    }
    TRY(bind_table(cx, arena, snapshot, ast->name, &out->table));
    TRY(open_creation(cx, &creation, out->table->schema));
    for (uint32_t i = 0; i < ast->alterations.count; i++) {
        TRY(alter(cx, &creation, ast->alterations.items[i], out));
    }
    TRY(check_distribution(cx, &creation));
    out->schema = creation.schema;
    return OK;
}

Status bind_design(const Context *cx, Arena *arena, Snapshot *snapshot, const AstTableDesign *ast, const TableVersion **table,
                   TableSchema **schema) {
    Creation creation = {.arena = arena, .snapshot = snapshot};
    TRY(bind_table(cx, arena, snapshot, ast->table, table));
    TRY(open_creation(cx, &creation, (*table)->schema));
    for (uint32_t i = 0; i < ast->attributes.count; i++) {
        TRY(bind_attribute(cx, &creation, ast->attributes.items[i]));
    }
    TRY(check_distribution(cx, &creation));
    *schema = creation.schema;
    return OK;
}
