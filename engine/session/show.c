/* SET, RESET, SHOW, DESCRIBE: settings and what a table is made of, as tables of text. */
#include "bind/bind.h"
#include "expr/functions.h"
#include "kernels/dispatch.h"
#include "session/session.h"
#include "storage/encodings/encoding.h"

#include <string.h>

Status text_table_create(const Context *cx, Arena *arena, uint32_t column_count, const char *const *names, TextTable **out) {
    TextTable *table;
    TRY_NEW(cx, arena, table);
    TRY_NEW_ARRAY(cx, arena, table->names, column_count);
    memcpy(table->names, names, sizeof *names * column_count);
    table->column_count = column_count;
    *out = table;
    return OK;
}

Status text_table_add(const Context *cx, Arena *arena, TextTable *table, const char *const *cells) {
    if (table->rows == table->capacity) {
        uint32_t capacity = table->capacity == 0 ? 16 : 2 * table->capacity;
        const char **grown;
        TRY_NEW_ARRAY(cx, arena, grown, (size_t)capacity * table->column_count);
        if (table->rows > 0) {
            memcpy(grown, table->cells, sizeof *grown * table->rows * table->column_count);
        }
        table->cells = grown;
        table->capacity = capacity;
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        const char **cell = &table->cells[(size_t)table->rows * table->column_count + i];
        if (cells[i] != NULL) {
            *cell = arena_copy_text(cx, arena, cells[i], strlen(cells[i]));
            if (*cell == NULL) {
                return OUT_OF_MEMORY;
            }
        }
    }
    table->rows++;
    return OK;
}

/* ------------------------------------------------------------------------------------ physical design as it is declared */

static const char *sort_text(const Context *cx, Arena *arena, const TableSchema *schema, uint32_t column) {
    for (uint32_t i = 0; i < schema->sort_key_count; i++) {
        if (schema->sort_keys[i] == column) {
            return arena_format(cx, arena, "%u", i + 1);
        }
    }
    return "";
}

static const char *partition_text(const Context *cx, Arena *arena, const TableSchema *schema, uint32_t column) {
    for (uint32_t i = 0; i < schema->partition_key_count; i++) {
        const PartitionKey *key = &schema->partition_keys[i];
        if (key->column != column) {
            continue;
        }
        const char *name = partition_transform_name(key->transform);
        return partition_transform_takes_number(key->transform)
                   ? arena_format(cx, arena, "%s(%lld)", name, (long long)key->parameter)
                   : name;
    }
    return "";
}

/* ---------------------------------------------------------------------------------------------------------- statements */

Status session_use_settings(const Context *cx, depot *db, const Settings *settings) {
    if (strcmp(db->settings.kernels, settings->kernels) != 0) {
        TRY(kernels_select(cx, settings->kernels)); /* of the whole process: not touched without need */
    }
    db->settings = *settings;
    return OK;
}

static Status set(const Context *cx, depot_statement *statement) {
    const AstSet *set = statement->ast->set;
    depot *db = statement->db;
    if (set->is_local) {
        return fail_unsupported(cx, statement->ast->pos, "SET LOCAL");
    }
    Settings changed = db->settings;
    if (set->name == NULL) {
        settings_init(&changed);
        return session_use_settings(cx, db, &changed);
    }
    Status status = settings_set(cx, &changed, set->name->text, set->value == NULL ? "default" : set->value);
    if (status == OK) {
        status = session_use_settings(cx, db, &changed);
    }
    if (status != OK) {
        error_set_pos_if_none(cx, status == UNDEFINED_OBJECT ? set->name->pos : set->value_pos);
    }
    return status;
}

static Status show_all(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    static const char *const names[] = {"name", "setting", "description"};
    TRY(text_table_create(cx, &run->arena, 3, names, &run->table));
    for (uint32_t i = 0; i < settings_count(); i++) {
        const SettingInfo *info = settings_info(i);
        char value[SETTING_BYTES_MAX];
        TRY(settings_get(cx, &statement->db->settings, info->name, value, sizeof value));
        const char *cells[] = {info->name, value, info->help};
        TRY(text_table_add(cx, &run->arena, run->table, cells));
    }
    return OK;
}

static Status show_setting(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    const AstIdent *name = statement->ast->show->name;
    char value[SETTING_BYTES_MAX];
    Status status = settings_get(cx, &statement->db->settings, name->text, value, sizeof value);
    if (status != OK) {
        error_set_pos_if_none(cx, name->pos);
        return status;
    }
    TRY(text_table_create(cx, &run->arena, 1, &name->text, &run->table));
    const char *cell = value;
    return text_table_add(cx, &run->arena, run->table, &cell);
}

static Status show_functions(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    static const char *const names[] = {"function", "arguments", "result", "description"};
    TRY(text_table_create(cx, &run->arena, 4, names, &run->table));
    for (uint32_t i = 0; i < function_count(); i++) {
        const Function *function = function_at(i);
        const char *cells[] = {function->name, function->arguments, function->result, function->help};
        TRY(text_table_add(cx, &run->arena, run->table, cells));
    }
    return OK;
}

static Status show_tables(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    TRY(transaction_read(cx, statement));
    static const char *const names[] = {"schema", "table", "rows", "bytes", "segments", "partitions", "diststyle"};
    TRY(text_table_create(cx, &run->arena, 7, names, &run->table));
    for (uint32_t i = 0; i < snapshot_table_count(run->snapshot); i++) {
        const TableVersion *table = snapshot_table(run->snapshot, i);
        char style[DIST_TEXT_BYTES_MAX];
        if (table->schema->kind == RELATION_VIEW) {
            continue;
        }
        const char *cells[] = {table->schema->schema_name,
                               table->schema->name,
                               arena_format(cx, &run->arena, "%llu", (unsigned long long)table->rows),
                               arena_format(cx, &run->arena, "%llu", (unsigned long long)table->bytes),
                               arena_format(cx, &run->arena, "%u", table->segment_count),
                               arena_format(cx, &run->arena, "%u", table->partition_count),
                               schema_dist_text(table->schema, table->dist_style, style)};
        TRY(text_table_add(cx, &run->arena, run->table, cells));
    }
    return OK;
}

/* What SELECT … FROM 'file' would give, with a value of each column. */
static Status describe_file(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    const AstDescribe *describe = statement->ast->describe;
    FileScan *scan;
    TRY(bind_file(cx, &run->arena, describe->file, describe->file_pos, &describe->options, &scan));
    static const char *const names[] = {"column", "type", "example"};
    TRY(text_table_create(cx, &run->arena, 3, names, &run->table));
    for (uint32_t i = 0; i < scan->format.field_count; i++) {
        const CsvField *field = &scan->format.fields[i];
        char type[32];
        const char *cells[] = {field->name, type_name(field->type, type), scan->examples[i]};
        TRY(text_table_add(cx, &run->arena, run->table, cells));
    }
    return OK;
}

static Status describe(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    const AstDescribe *describe = statement->ast->describe;
    if (describe->file != NULL) {
        return describe_file(cx, statement);
    }
    TRY(transaction_read(cx, statement));
    const TableVersion *table;
    TRY(bind_relation(cx, run->snapshot, describe->table, &table));
    static const char *const names[] = {"column", "type", "nullable", "encoding", "distkey", "sortkey", "partition", "default"};
    TRY(text_table_create(cx, &run->arena, 8, names, &run->table));
    for (uint32_t i = 0; i < table->schema->column_count; i++) {
        const ColumnDef *column = &table->schema->columns[i];
        char type[32], encoding[32];
        const char *cells[] = {column->name,
                               type_name(column->type, type),
                               column->not_null ? "not null" : "",
                               encoding_describe(column->encode, encoding),
                               table->schema->dist_style == DIST_KEY && table->schema->dist_column == i ? "distkey" : "",
                               sort_text(cx, &run->arena, table->schema, i),
                               partition_text(cx, &run->arena, table->schema, i),
                               column->default_sql == NULL ? "" : column->default_sql};
        TRY(text_table_add(cx, &run->arena, run->table, cells));
    }
    return OK;
}

Status run_show(const Context *cx, depot_statement *statement) {
    if (statement->ast->kind == AST_STATEMENT_SET || statement->ast->kind == AST_STATEMENT_RESET) {
        return set(cx, statement);
    }
    if (statement->ast->kind == AST_STATEMENT_DESCRIBE) {
        return describe(cx, statement);
    }
    switch (statement->ast->show->kind) {
    case AST_SHOW_ALL: return show_all(cx, statement);
    case AST_SHOW_FUNCTIONS: return show_functions(cx, statement);
    case AST_SHOW_TABLES: return show_tables(cx, statement);
    case AST_SHOW_CREATE: return run_show_create(cx, statement);
    default: return show_setting(cx, statement);
    }
}
