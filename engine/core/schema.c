/* Table definitions: lookup and deep copy. */
#include "core/schema.h"

#include <stdio.h>
#include <string.h>

uint32_t schema_find_column(const TableSchema *schema, const char *name) {
    for (uint32_t i = 0; i < schema->column_count; i++) {
        if (strcmp(schema->columns[i].name, name) == 0) {
            return i;
        }
    }
    return UINT32_MAX;
}

const char *partition_transform_name(PartitionTransform transform) {
    static const char *const names[] = {
        [PARTITION_IDENTITY] = "identity", [PARTITION_YEAR] = "year",     [PARTITION_MONTH] = "month",
        [PARTITION_DAY] = "day",           [PARTITION_BUCKET] = "bucket", [PARTITION_TRUNCATE] = "truncate"};
    return names[transform];
}

const char *schema_dist_text(const TableSchema *schema, DistStyle in_use, char *text) {
    static const char *const styles[] = {"AUTO", "EVEN", "KEY", "ALL"};
    if (schema->dist_style == DIST_KEY) {
        snprintf(text, DIST_TEXT_BYTES_MAX, "KEY(%s)", schema->columns[schema->dist_column].name);
    } else if (schema->dist_style == DIST_AUTO) {
        snprintf(text, DIST_TEXT_BYTES_MAX, "AUTO(%s)", styles[in_use]);
    } else {
        snprintf(text, DIST_TEXT_BYTES_MAX, "%s", styles[schema->dist_style]);
    }
    return text;
}

static Status copy_name(const Context *cx, Arena *arena, const char *from, const char **to) {
    *to = NULL;
    if (from != NULL) {
        *to = arena_copy_text(cx, arena, from, strlen(from));
        if (*to == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    return OK;
}

static Status copy_names(const Context *cx, Arena *arena, const char *const *from, uint32_t count, const char *const **to) {
    if (from == NULL) {
        *to = NULL;
        return OK;
    }
    const char **names;
    TRY_NEW_ARRAY(cx, arena, names, count);
    for (uint32_t i = 0; i < count; i++) {
        TRY(copy_name(cx, arena, from[i], &names[i]));
    }
    *to = names;
    return OK;
}

static Status copy_numbers(const Context *cx, Arena *arena, const uint32_t *from, uint32_t count, const uint32_t **to) {
    uint32_t *numbers;
    TRY_NEW_ARRAY(cx, arena, numbers, count);
    if (count > 0) {
        memcpy(numbers, from, sizeof *numbers * count);
    }
    *to = numbers;
    return OK;
}

static Status copy_columns(const Context *cx, Arena *arena, const TableSchema *from, TableSchema *to) {
    ColumnDef *columns;
    TRY_NEW_ARRAY(cx, arena, columns, from->column_count);
    for (uint32_t i = 0; i < from->column_count; i++) {
        columns[i] = from->columns[i];
        TRY(copy_name(cx, arena, from->columns[i].name, &columns[i].name));
        TRY(copy_name(cx, arena, from->columns[i].default_sql, &columns[i].default_sql));
        TRY(copy_name(cx, arena, from->columns[i].comment, &columns[i].comment));
    }
    to->columns = columns;
    return OK;
}

static Status copy_keys(const Context *cx, Arena *arena, const TableSchema *from, TableSchema *to) {
    KeyConstraint *keys;
    TRY_NEW_ARRAY(cx, arena, keys, from->key_count);
    for (uint32_t i = 0; i < from->key_count; i++) {
        const KeyConstraint *key = &from->keys[i];
        keys[i] = *key;
        TRY(copy_name(cx, arena, key->name, &keys[i].name));
        TRY(copy_name(cx, arena, key->target_schema, &keys[i].target_schema));
        TRY(copy_numbers(cx, arena, key->columns, key->column_count, &keys[i].columns));
        TRY(copy_name(cx, arena, key->target_table, &keys[i].target_table));
        TRY(copy_names(cx, arena, key->target_columns, key->column_count, &keys[i].target_columns));
    }
    to->keys = keys;
    return OK;
}

static Status copy_checks(const Context *cx, Arena *arena, const TableSchema *from, TableSchema *to) {
    CheckConstraint *checks;
    TRY_NEW_ARRAY(cx, arena, checks, from->check_count);
    for (uint32_t i = 0; i < from->check_count; i++) {
        TRY(copy_name(cx, arena, from->checks[i].name, &checks[i].name));
        TRY(copy_name(cx, arena, from->checks[i].sql, &checks[i].sql));
    }
    to->checks = checks;
    return OK;
}

static Status copy_view(const Context *cx, Arena *arena, const TableSchema *from, TableSchema *to) {
    uint64_t *ids;
    TRY_NEW_ARRAY(cx, arena, ids, from->dependency_count);
    if (from->dependency_count > 0) {
        memcpy(ids, from->dependencies, sizeof *ids * from->dependency_count);
    }
    to->dependencies = ids;
    return copy_name(cx, arena, from->view_sql, &to->view_sql);
}

Status schema_copy(const Context *cx, Arena *arena, const TableSchema *from, TableSchema **to) {
    TableSchema *copy;
    TRY_NEW(cx, arena, copy);
    *copy = *from;
    TRY(copy_name(cx, arena, from->schema_name, &copy->schema_name));
    TRY(copy_name(cx, arena, from->name, &copy->name));
    TRY(copy_name(cx, arena, from->comment, &copy->comment));
    TRY(copy_columns(cx, arena, from, copy));
    TRY(copy_numbers(cx, arena, from->sort_keys, from->sort_key_count, &copy->sort_keys));
    PartitionKey *partition_keys;
    TRY_NEW_ARRAY(cx, arena, partition_keys, from->partition_key_count);
    if (from->partition_key_count > 0) {
        memcpy(partition_keys, from->partition_keys, sizeof *partition_keys * from->partition_key_count);
    }
    copy->partition_keys = partition_keys;
    TRY(copy_keys(cx, arena, from, copy));
    TRY(copy_checks(cx, arena, from, copy));
    TRY(copy_view(cx, arena, from, copy));
    *to = copy;
    return OK;
}
