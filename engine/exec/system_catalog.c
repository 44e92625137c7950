/* pg_catalog: the tables of PostgreSQL that tools and people ask most. Numbers of objects (oid) follow from ids that are never
 * used twice; those of schemas only hold within a version. */
#include "exec/system_table.h"

#include "expr/functions.h"

#include <stdio.h>

#define UTF8_ENCODING 6 /* PostgreSQL's number */
#define PAGE_BYTES 8192
#define NUMBERS_BYTES_MAX 64

static Status add_namespace(SystemFill *fill, const char *name) {
    ADD_ROW(fill, row_number(system_namespace_oid(fill, name)), row_text(name), row_number(SYSTEM_USER_OID), row_null());
    return OK;
}

Status fill_pg_namespace(SystemFill *fill) {
    TRY(add_namespace(fill, CATALOG_SCHEMA));
    TRY(add_namespace(fill, INFORMATION_SCHEMA));
    for (uint32_t i = 0; i < snapshot_namespace_count(fill->snapshot); i++) {
        TRY(add_namespace(fill, snapshot_namespace(fill->snapshot, i)->name));
    }
    return OK;
}

static bool has_primary_key(const TableSchema *schema) {
    for (uint32_t i = 0; i < schema->key_count; i++) {
        if (schema->keys[i].kind != KEY_FOREIGN) {
            return true;
        }
    }
    return false;
}

/* relhasindex tells of declared keys: tools look for them only then. */
static Status add_class(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    bool is_temporary = strcmp(schema->schema_name, TEMPORARY_SCHEMA) == 0, is_view = schema->kind == RELATION_VIEW;
    uint64_t bytes = version == NULL ? 0 : version->bytes;
    ADD_ROW(fill, row_number(oid), row_text(schema->name), row_number(system_namespace_oid(fill, schema->schema_name)),
            row_number(0), row_number(SYSTEM_USER_OID), row_number(0), row_number(0),
            row_number((bytes + PAGE_BYTES - 1) / PAGE_BYTES),
            row_double(version == NULL || is_view ? -1 : (double)version->rows), row_boolean(has_primary_key(schema)),
            row_boolean(false), row_text(is_temporary ? "t" : "p"), row_text(is_view ? "v" : "r"),
            row_number(schema->column_count), row_number(schema->check_count), row_boolean(is_view), row_boolean(false),
            row_boolean(false), row_boolean(false), row_null());
    return OK;
}

Status fill_pg_class(SystemFill *fill) {
    return system_each_relation(fill, add_class);
}

static Status add_attributes(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    (void)version;
    for (uint32_t i = 0; i < schema->column_count; i++) {
        const ColumnDef *column = &schema->columns[i];
        const SqlType *type = sql_type_of(column->type);
        ADD_ROW(fill, row_number(oid), row_text(column->name), row_number(type->oid), row_integer(type->bytes),
                row_number(i + 1), row_integer(sql_type_modifier(column->type)), row_boolean(column->not_null),
                row_boolean(column->default_sql != NULL), row_text(""), row_text(""), row_boolean(false), row_number(0));
    }
    return OK;
}

Status fill_pg_attribute(SystemFill *fill) {
    return system_each_relation(fill, add_attributes);
}

static Status add_defaults(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    (void)version;
    for (uint32_t i = 0; i < schema->column_count; i++) {
        const char *sql = schema->columns[i].default_sql;
        if (sql != NULL) {
            ADD_ROW(fill, row_number((oid << 16) + i), row_number(oid), row_number(i + 1), row_text(sql), row_text(sql));
        }
    }
    return OK;
}

Status fill_pg_attrdef(SystemFill *fill) {
    return system_each_relation(fill, add_defaults);
}

Status fill_pg_type(SystemFill *fill) {
    for (uint32_t i = 0; i < sql_type_count(); i++) {
        const SqlType *type = sql_type_at(i);
        char category[] = {type->category, '\0'};
        ADD_ROW(fill, row_number(type->oid), row_text(type->name), row_number(system_namespace_oid(fill, CATALOG_SCHEMA)),
                row_number(SYSTEM_USER_OID), row_integer(type->bytes), row_text(type->category == 'X' ? "p" : "b"),
                row_text(category), row_boolean(true), row_text(","), row_number(0), row_number(0), row_number(0),
                row_integer(-1));
    }
    return OK;
}

static Status add_pg_table(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    (void)oid, (void)version;
    if (schema->kind == RELATION_TABLE) {
        ADD_ROW(fill, row_text(schema->schema_name), row_text(schema->name), row_text(SYSTEM_USER), row_null(),
                row_boolean(has_primary_key(schema)), row_boolean(false), row_boolean(false), row_boolean(false));
    }
    return OK;
}

Status fill_pg_tables(SystemFill *fill) {
    return system_each_relation(fill, add_pg_table);
}

static Status add_pg_view(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    (void)oid;
    if (schema->kind == RELATION_VIEW && version != NULL) {
        ADD_ROW(fill, row_text(schema->schema_name), row_text(schema->name), row_text(SYSTEM_USER), row_text(schema->view_sql));
    }
    return OK;
}

Status fill_pg_views(SystemFill *fill) {
    return system_each_relation(fill, add_pg_view);
}

/* ------------------------------------------------------------------------------------------------------------- constraints */

/* "{1,3}": columns by number, from 1. */
static const char *column_numbers(const SystemFill *fill, const uint32_t *columns, uint32_t count) {
    const char *text = "{";
    for (uint32_t i = 0; i < count && text != NULL; i++) {
        text = arena_format(fill->cx, fill->arena, "%s%s%u", text, i == 0 ? "" : ",", columns[i] + 1);
    }
    return text == NULL ? NULL : arena_format(fill->cx, fill->arena, "%s}", text);
}

static Status add_key(SystemFill *fill, const SystemConstraint *constraint) {
    static const char *const kinds[] = {"p", "u", "f"};
    const KeyConstraint *key = constraint->key;
    bool is_foreign = key->kind == KEY_FOREIGN;
    const TableVersion *target = NULL;
    const KeyConstraint *target_key = is_foreign ? system_target_key(fill, key, &target) : NULL;
    ADD_ROW(fill, row_number(constraint->oid), row_text(constraint->name),
            row_number(system_namespace_oid(fill, constraint->schema->schema_name)), row_text(kinds[key->kind]),
            row_boolean(false), row_boolean(false), row_boolean(false), row_number(constraint->table_oid), row_number(0),
            row_number(0), row_number(target == NULL ? 0 : system_table_oid(target)), row_text(is_foreign ? "a" : " "),
            row_text(is_foreign ? "a" : " "), row_text(column_numbers(fill, key->columns, key->column_count)),
            row_text(target_key == NULL ? NULL : column_numbers(fill, target_key->columns, target_key->column_count)),
            row_null(), row_null());
    return OK;
}

static Status add_constraint(SystemFill *fill, const SystemConstraint *constraint) {
    if (constraint->key != NULL) {
        return add_key(fill, constraint);
    }
    Value sql = row_text(constraint->check->sql);
    ADD_ROW(fill, row_number(constraint->oid), row_text(constraint->name),
            row_number(system_namespace_oid(fill, constraint->schema->schema_name)), row_text("c"), row_boolean(false),
            row_boolean(false), row_boolean(true), row_number(constraint->table_oid), row_number(0), row_number(0),
            row_number(0), row_text(" "), row_text(" "), row_null(), row_null(), sql, sql);
    return OK;
}

Status fill_pg_constraint(SystemFill *fill) {
    return system_each_constraint(fill, add_constraint);
}

/* ---------------------------------------------------------------------------------------------------------------- comments */

static Status add_description(SystemFill *fill, uint64_t oid, uint64_t class_oid, uint32_t number, const char *comment) {
    if (comment != NULL) {
        ADD_ROW(fill, row_number(oid), row_number(class_oid), row_number(number), row_text(comment));
    }
    return OK;
}

static Status add_descriptions(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    (void)version;
    TRY(add_description(fill, oid, CLASS_OID, 0, schema->comment));
    for (uint32_t i = 0; i < schema->column_count; i++) {
        TRY(add_description(fill, oid, CLASS_OID, i + 1, schema->columns[i].comment));
    }
    return OK;
}

Status fill_pg_description(SystemFill *fill) {
    for (uint32_t i = 0; i < snapshot_namespace_count(fill->snapshot); i++) {
        const Namespace *named = snapshot_namespace(fill->snapshot, i);
        TRY(add_description(fill, system_namespace_oid(fill, named->name), NAMESPACE_OID, 0, named->comment));
    }
    return system_each_relation(fill, add_descriptions);
}

/* -------------------------------------------------------------------------------------------------- the warehouse as a whole
 */

Status fill_pg_database(SystemFill *fill) {
    ADD_ROW(fill, row_number(1), row_text(fill->database), row_number(SYSTEM_USER_OID), row_number(UTF8_ENCODING),
            row_text("C"), row_text("C"), row_boolean(false), row_boolean(true));
    return OK;
}

Status fill_pg_user(SystemFill *fill) {
    ADD_ROW(fill, row_text(SYSTEM_USER), row_number(SYSTEM_USER_OID), row_boolean(true), row_boolean(true));
    return OK;
}

Status fill_pg_roles(SystemFill *fill) {
    ADD_ROW(fill, row_text(SYSTEM_USER), row_boolean(true), row_boolean(true), row_number(SYSTEM_USER_OID));
    return OK;
}

Status fill_pg_settings(SystemFill *fill) {
    Settings initial;
    settings_init(&initial);
    for (uint32_t i = 0; i < settings_count(); i++) {
        const SettingInfo *info = settings_info(i);
        char value[SETTING_BYTES_MAX], first[SETTING_BYTES_MAX];
        TRY(settings_get(fill->cx, fill->cx->settings, info->name, value, sizeof value));
        TRY(settings_get(fill->cx, &initial, info->name, first, sizeof first));
        ADD_ROW(fill, row_text(info->name), row_text(value), row_null(), row_text("Depot"), row_text(info->help),
                row_text("user"), row_null(), row_text(strcmp(value, first) == 0 ? "default" : "session"), row_text(first),
                row_text(first));
    }
    return OK;
}

static uint32_t argument_count(const char *arguments) {
    uint32_t count = arguments[0] != '\0';
    for (const char *c = arguments; *c != '\0'; c++) {
        count += *c == ',';
    }
    return count;
}

Status fill_pg_proc(SystemFill *fill) {
    static const char *const volatilities[] = {"i", "s", "v"};
    for (uint32_t i = 0; i < function_count(); i++) {
        const Function *function = function_at(i);
        ADD_ROW(fill, row_number(i + 1), row_text(function->name), row_number(system_namespace_oid(fill, CATALOG_SCHEMA)),
                row_text("f"), row_boolean(function->is_strict), row_text(volatilities[function->volatility]),
                row_number(argument_count(function->arguments)), row_text(function->arguments), row_text(function->result),
                row_text(function->help));
    }
    return OK;
}
