/* information_schema, as the SQL standard and PostgreSQL have it. Default privileges: everything is everyone's. */
#include "exec/system_table.h"

static const char *yes_or_no(bool is_yes) {
    return is_yes ? "YES" : "NO";
}

static Status add_schema(SystemFill *fill, const char *name) {
    ADD_ROW(fill, row_text(fill->database), row_text(name), row_text(SYSTEM_USER), row_null(), row_null(), row_null(),
            row_null());
    return OK;
}

Status fill_schemata(SystemFill *fill) {
    TRY(add_schema(fill, CATALOG_SCHEMA));
    TRY(add_schema(fill, INFORMATION_SCHEMA));
    for (uint32_t i = 0; i < snapshot_namespace_count(fill->snapshot); i++) {
        TRY(add_schema(fill, snapshot_namespace(fill->snapshot, i)->name));
    }
    return OK;
}

static const char *table_type(const TableSchema *schema) {
    return schema->kind == RELATION_VIEW                        ? "VIEW"
           : strcmp(schema->schema_name, TEMPORARY_SCHEMA) == 0 ? "LOCAL TEMPORARY"
                                                                : "BASE TABLE";
}

static Status add_table(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    (void)oid, (void)version;
    ADD_ROW(fill, row_text(fill->database), row_text(schema->schema_name), row_text(schema->name), row_text(table_type(schema)),
            row_null(), row_null(), row_null(), row_null(), row_null(), row_text(yes_or_no(schema->kind == RELATION_TABLE)),
            row_text("NO"), row_null());
    return OK;
}

Status fill_tables(SystemFill *fill) {
    return system_each_relation(fill, add_table);
}

static Value digits(Type type) {
    switch (type.id) {
    case TYPE_SMALLINT: return row_integer(16);
    case TYPE_INTEGER: return row_integer(32);
    case TYPE_BIGINT: return row_integer(64);
    case TYPE_REAL: return row_integer(24);
    case TYPE_DOUBLE: return row_integer(53);
    case TYPE_DECIMAL: return row_integer(type.precision);
    default: return row_null();
    }
}

static Value datetime_digits(Type type) {
    char category = sql_type_of(type)->category;
    return type.id == TYPE_DATE ? row_integer(0) : category == 'D' || category == 'T' ? row_integer(6) : row_null();
}

static Status add_column(SystemFill *fill, const TableSchema *schema, uint32_t number) {
    const ColumnDef *column = &schema->columns[number];
    const SqlType *type = sql_type_of(column->type);
    bool is_exact = type_is_integer(column->type) || column->type.id == TYPE_DECIMAL;
    Value length = type_is_text(column->type) && column->type.length > 0 ? row_integer(column->type.length) : row_null();
    ADD_ROW(fill, row_text(fill->database), row_text(schema->schema_name), row_text(schema->name), row_text(column->name),
            row_integer(number + 1), row_text(column->default_sql), row_text(yes_or_no(!column->not_null)),
            row_text(type->words), length, length, digits(column->type),
            type_is_numeric(column->type) ? row_integer(column->type.id == TYPE_DECIMAL ? 10 : 2) : row_null(),
            is_exact ? row_integer(column->type.id == TYPE_DECIMAL ? column->type.scale : 0) : row_null(),
            datetime_digits(column->type), row_text(fill->database), row_text(CATALOG_SCHEMA), row_text(type->name),
            row_text("NO"), row_text("NEVER"), row_text(yes_or_no(schema->kind == RELATION_TABLE)));
    return OK;
}

static Status add_columns(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    (void)oid, (void)version;
    for (uint32_t i = 0; i < schema->column_count; i++) {
        TRY(add_column(fill, schema, i));
    }
    return OK;
}

Status fill_columns(SystemFill *fill) {
    return system_each_relation(fill, add_columns);
}

static Status add_view(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    (void)oid;
    if (schema->kind == RELATION_VIEW && version != NULL) {
        ADD_ROW(fill, row_text(fill->database), row_text(schema->schema_name), row_text(schema->name),
                row_text(schema->view_sql), row_text("NONE"), row_text("NO"), row_text("NO"));
    }
    return OK;
}

Status fill_views(SystemFill *fill) {
    return system_each_relation(fill, add_view);
}

/* ------------------------------------------------------------------------------------------------------------- constraints */

static Status add_constraint(SystemFill *fill, const SystemConstraint *constraint) {
    static const char *const kinds[] = {"PRIMARY KEY", "UNIQUE", "FOREIGN KEY"};
    const TableSchema *schema = constraint->schema;
    Value database = row_text(fill->database), schema_name = row_text(schema->schema_name);
    ADD_ROW(fill, database, schema_name, row_text(constraint->name), database, schema_name, row_text(schema->name),
            row_text(constraint->key == NULL ? "CHECK" : kinds[constraint->key->kind]), row_text("NO"), row_text("NO"),
            row_text(yes_or_no(constraint->key == NULL)));
    return OK;
}

Status fill_table_constraints(SystemFill *fill) {
    return system_each_constraint(fill, add_constraint);
}

/* Where the column that a foreign key's column refers to stands in the key that it refers to. */
static Value target_position(const SystemFill *fill, const KeyConstraint *key, uint32_t column) {
    const TableVersion *target;
    bool is_known = key->kind == KEY_FOREIGN && system_target_key(fill, key, &target) != NULL;
    return is_known ? row_integer(column + 1) : row_null();
}

static Status add_key_columns(SystemFill *fill, const SystemConstraint *constraint) {
    const TableSchema *schema = constraint->schema;
    const KeyConstraint *key = constraint->key;
    Value database = row_text(fill->database), schema_name = row_text(schema->schema_name);
    for (uint32_t i = 0; key != NULL && i < key->column_count; i++) {
        ADD_ROW(fill, database, schema_name, row_text(constraint->name), database, schema_name, row_text(schema->name),
                row_text(schema->columns[key->columns[i]].name), row_integer(i + 1), target_position(fill, key, i));
    }
    return OK;
}

Status fill_key_column_usage(SystemFill *fill) {
    return system_each_constraint(fill, add_key_columns);
}

static Status add_reference(SystemFill *fill, const SystemConstraint *constraint) {
    const TableVersion *target;
    if (constraint->key == NULL || constraint->key->kind != KEY_FOREIGN) {
        return OK;
    }
    const KeyConstraint *key = system_target_key(fill, constraint->key, &target);
    ADD_ROW(fill, row_text(fill->database), row_text(constraint->schema->schema_name), row_text(constraint->name),
            row_text(key == NULL ? NULL : fill->database), row_text(key == NULL ? NULL : target->schema->schema_name),
            row_text(key == NULL ? NULL : key->name), row_text("NONE"), row_text("NO ACTION"), row_text("NO ACTION"));
    return OK;
}

Status fill_referential_constraints(SystemFill *fill) {
    return system_each_constraint(fill, add_reference);
}

static Status add_check(SystemFill *fill, const SystemConstraint *constraint) {
    if (constraint->check != NULL) {
        ADD_ROW(fill, row_text(fill->database), row_text(constraint->schema->schema_name), row_text(constraint->name),
                row_text(constraint->check->sql));
    }
    return OK;
}

Status fill_check_constraints(SystemFill *fill) {
    return system_each_constraint(fill, add_check);
}
