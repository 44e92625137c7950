/* The schema of a table or view in its manifest: columns, physical design, constraints; from version 2 on also what a relation
 * is, comments, names of constraints, and the text of views. Each put_ function has its get_ twin below it. */
#include "storage/manifest.h"

static void put_type(ByteWriter *writer, Type type) {
    put_u8(writer, type.id);
    put_u8(writer, type.precision);
    put_u8(writer, type.scale);
    put_varint(writer, type.length);
}

static Type get_type(ByteReader *reader) {
    Type type = {.id = get_u8(reader), .precision = get_u8(reader), .scale = get_u8(reader)};
    type.length = get_limited(reader, UINT32_MAX);
    bool is_decimal = type.id == TYPE_DECIMAL;
    if (type.id >= TYPE_COUNT ||
        (is_decimal && (type.precision == 0 || type.precision > DECIMAL_PRECISION_MAX || type.scale > type.precision))) {
        reader->is_damaged = true;
        return type_make(TYPE_NULL);
    }
    return type;
}

#define COLUMN_NOT_NULL 1
#define COLUMN_HAS_DEFAULT 2

static void put_columns(ByteWriter *writer, const TableSchema *schema) {
    put_varint(writer, schema->column_count);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        const ColumnDef *column = &schema->columns[i];
        put_string(writer, column->name);
        put_type(writer, column->type);
        bool has_default = column->default_sql != NULL;
        put_u8(writer, (uint8_t)((column->not_null ? COLUMN_NOT_NULL : 0) | (has_default ? COLUMN_HAS_DEFAULT : 0)));
        put_u8(writer, column->encode.encoding);
        put_u8(writer, column->encode.codec);
        if (has_default) {
            put_string(writer, column->default_sql);
        }
    }
}

static Status get_columns(const Context *cx, Arena *arena, ByteReader *reader, TableSchema *schema) {
    schema->column_count = get_limited(reader, COLUMNS_MAX);
    ColumnDef *columns;
    TRY_NEW_ARRAY(cx, arena, columns, schema->column_count);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        TRY(get_string(cx, arena, reader, &columns[i].name));
        columns[i].type = get_type(reader);
        uint8_t flags = get_u8(reader);
        columns[i].not_null = flags & COLUMN_NOT_NULL;
        columns[i].encode.encoding = get_u8(reader);
        columns[i].encode.codec = get_u8(reader);
        if (flags & COLUMN_HAS_DEFAULT) {
            TRY(get_string(cx, arena, reader, &columns[i].default_sql));
        }
    }
    schema->columns = columns;
    return OK;
}

static void put_numbers(ByteWriter *writer, const uint32_t *numbers, uint32_t count) {
    put_varint(writer, count);
    for (uint32_t i = 0; i < count; i++) {
        put_varint(writer, numbers[i]);
    }
}

/* Column numbers of the table. */
static Status get_numbers(const Context *cx, Arena *arena, ByteReader *reader, uint32_t column_count, const uint32_t **numbers,
                          uint32_t *count) {
    *count = get_count(reader);
    uint32_t *made;
    TRY_NEW_ARRAY(cx, arena, made, *count);
    for (uint32_t i = 0; i < *count; i++) {
        made[i] = get_limited(reader, column_count - 1);
    }
    *numbers = made;
    return OK;
}

static void put_texts(ByteWriter *writer, const char *const *texts, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        put_string(writer, texts[i]);
    }
}

static Status get_texts(const Context *cx, Arena *arena, ByteReader *reader, uint32_t count, const char *const **texts) {
    const char **made;
    TRY_NEW_ARRAY(cx, arena, made, count);
    for (uint32_t i = 0; i < count; i++) {
        TRY(get_string(cx, arena, reader, &made[i]));
    }
    *texts = made;
    return OK;
}

static void put_keys(ByteWriter *writer, const TableSchema *schema) {
    put_varint(writer, schema->key_count);
    for (uint32_t i = 0; i < schema->key_count; i++) {
        const KeyConstraint *key = &schema->keys[i];
        put_u8(writer, (uint8_t)key->kind);
        put_numbers(writer, key->columns, key->column_count);
        if (key->kind == KEY_FOREIGN) {
            put_string(writer, key->target_table);
            put_u8(writer, key->target_columns != NULL);
            if (key->target_columns != NULL) {
                put_texts(writer, key->target_columns, key->column_count);
            }
        }
    }
}

static Status get_key(const Context *cx, Arena *arena, ByteReader *reader, uint32_t column_count, KeyConstraint *key) {
    uint8_t kind = get_u8(reader);
    if (kind > KEY_FOREIGN) {
        reader->is_damaged = true;
        return OK;
    }
    key->kind = kind;
    TRY(get_numbers(cx, arena, reader, column_count, &key->columns, &key->column_count));
    if (kind == KEY_FOREIGN) {
        TRY(get_string(cx, arena, reader, &key->target_table));
        if (get_u8(reader) != 0) {
            TRY(get_texts(cx, arena, reader, key->column_count, &key->target_columns));
        }
    }
    return OK;
}

static Status get_keys(const Context *cx, Arena *arena, ByteReader *reader, TableSchema *schema) {
    schema->key_count = get_count(reader);
    KeyConstraint *keys;
    TRY_NEW_ARRAY(cx, arena, keys, schema->key_count);
    for (uint32_t i = 0; i < schema->key_count; i++) {
        TRY(get_key(cx, arena, reader, schema->column_count, &keys[i]));
    }
    schema->keys = keys;
    return OK;
}

static void put_partition_keys(ByteWriter *writer, const TableSchema *schema) {
    put_varint(writer, schema->partition_key_count);
    for (uint32_t i = 0; i < schema->partition_key_count; i++) {
        put_u8(writer, (uint8_t)schema->partition_keys[i].transform);
        put_varint(writer, schema->partition_keys[i].column);
        put_zigzag(writer, schema->partition_keys[i].parameter);
    }
}

static Status get_partition_keys(const Context *cx, Arena *arena, ByteReader *reader, TableSchema *schema) {
    schema->partition_key_count = get_count(reader);
    PartitionKey *keys;
    TRY_NEW_ARRAY(cx, arena, keys, schema->partition_key_count);
    for (uint32_t i = 0; i < schema->partition_key_count; i++) {
        uint8_t transform = get_u8(reader);
        reader->is_damaged |= transform > PARTITION_TRUNCATE;
        keys[i].transform = transform;
        keys[i].column = get_limited(reader, schema->column_count - 1);
        keys[i].parameter = get_zigzag(reader);
    }
    schema->partition_keys = keys;
    return OK;
}

/* The texts of version 1 had neither names nor schemas: they are what a declaration without a name gets. */
static Status name_old_constraints(const Context *cx, Arena *arena, TableSchema *schema) {
    static const char *const suffixes[] = {"pkey", "key", "fkey"};
    KeyConstraint *keys = (KeyConstraint *)schema->keys;
    CheckConstraint *checks = (CheckConstraint *)schema->checks;
    for (uint32_t i = 0; i < schema->key_count; i++) {
        keys[i].target_schema = DEFAULT_SCHEMA;
        keys[i].name = i == 0 ? arena_format(cx, arena, "%s_%s", schema->name, suffixes[keys[i].kind])
                              : arena_format(cx, arena, "%s_%s%u", schema->name, suffixes[keys[i].kind], i);
        if (keys[i].name == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    for (uint32_t i = 0; i < schema->check_count; i++) {
        checks[i].name =
            i == 0 ? arena_format(cx, arena, "%s_check", schema->name) : arena_format(cx, arena, "%s_check%u", schema->name, i);
        if (checks[i].name == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    return OK;
}

/* What version 2 added: kind, comments, names of constraints, views. */
static void put_schema_2(ByteWriter *writer, const TableSchema *schema) {
    put_u8(writer, (uint8_t)schema->kind);
    put_text_if_any(writer, schema->comment);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        put_text_if_any(writer, schema->columns[i].comment);
    }
    for (uint32_t i = 0; i < schema->key_count; i++) {
        put_string(writer, schema->keys[i].name);
        put_text_if_any(writer, schema->keys[i].target_schema);
    }
    for (uint32_t i = 0; i < schema->check_count; i++) {
        put_string(writer, schema->checks[i].name);
    }
    if (schema->kind == RELATION_VIEW) {
        put_string(writer, schema->view_sql);
        put_varint(writer, schema->dependency_count);
        for (uint32_t i = 0; i < schema->dependency_count; i++) {
            put_varint(writer, schema->dependencies[i]);
        }
    }
}

static Status get_view(const Context *cx, Arena *arena, ByteReader *reader, TableSchema *schema) {
    TRY(get_string(cx, arena, reader, &schema->view_sql));
    schema->dependency_count = get_count(reader);
    uint64_t *ids;
    TRY_NEW_ARRAY(cx, arena, ids, schema->dependency_count);
    for (uint32_t i = 0; i < schema->dependency_count; i++) {
        ids[i] = get_varint(reader);
    }
    schema->dependencies = ids;
    return OK;
}

static Status get_schema_2(const Context *cx, Arena *arena, ByteReader *reader, TableSchema *schema) {
    ColumnDef *columns = (ColumnDef *)schema->columns;
    KeyConstraint *keys = (KeyConstraint *)schema->keys;
    CheckConstraint *checks = (CheckConstraint *)schema->checks;
    if (reader->version < 2) {
        return name_old_constraints(cx, arena, schema);
    }
    uint8_t kind = get_u8(reader);
    reader->is_damaged |= kind > RELATION_VIEW;
    schema->kind = kind;
    TRY(get_text_if_any(cx, arena, reader, &schema->comment));
    for (uint32_t i = 0; i < schema->column_count; i++) {
        TRY(get_text_if_any(cx, arena, reader, &columns[i].comment));
    }
    for (uint32_t i = 0; i < schema->key_count; i++) {
        TRY(get_string(cx, arena, reader, &keys[i].name));
        TRY(get_text_if_any(cx, arena, reader, &keys[i].target_schema));
    }
    for (uint32_t i = 0; i < schema->check_count; i++) {
        TRY(get_string(cx, arena, reader, &checks[i].name));
    }
    return kind == RELATION_VIEW ? get_view(cx, arena, reader, schema) : OK;
}

static Status get_checks(const Context *cx, Arena *arena, ByteReader *reader, TableSchema *schema) {
    schema->check_count = get_count(reader);
    CheckConstraint *checks;
    TRY_NEW_ARRAY(cx, arena, checks, schema->check_count);
    for (uint32_t i = 0; i < schema->check_count; i++) {
        TRY(get_string(cx, arena, reader, &checks[i].sql));
    }
    schema->checks = checks;
    return OK;
}

void put_schema(ByteWriter *writer, const TableSchema *schema) {
    put_string(writer, schema->schema_name);
    put_string(writer, schema->name);
    put_columns(writer, schema);
    put_u8(writer, (uint8_t)schema->dist_style);
    put_varint(writer, schema->dist_column);
    put_numbers(writer, schema->sort_keys, schema->sort_key_count);
    put_partition_keys(writer, schema);
    put_keys(writer, schema);
    put_varint(writer, schema->check_count);
    for (uint32_t i = 0; i < schema->check_count; i++) {
        put_string(writer, schema->checks[i].sql);
    }
    put_varint(writer, schema->block_rows);
    put_schema_2(writer, schema);
}

Status get_schema(const Context *cx, Arena *arena, ByteReader *reader, TableSchema *schema) {
    TRY(get_string(cx, arena, reader, &schema->schema_name));
    TRY(get_string(cx, arena, reader, &schema->name));
    TRY(get_columns(cx, arena, reader, schema));
    uint8_t style = get_u8(reader);
    reader->is_damaged |= style > DIST_ALL || schema->column_count == 0;
    schema->dist_style = style;
    schema->dist_column = get_limited(reader, schema->column_count);
    TRY(get_numbers(cx, arena, reader, schema->column_count, &schema->sort_keys, &schema->sort_key_count));
    TRY(get_partition_keys(cx, arena, reader, schema));
    TRY(get_keys(cx, arena, reader, schema));
    TRY(get_checks(cx, arena, reader, schema));
    schema->block_rows = get_limited(reader, UINT32_MAX);
    return get_schema_2(cx, arena, reader, schema);
}
