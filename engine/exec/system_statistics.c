/* pg_stats: what the optimizer knows of columns, in PostgreSQL's words. Lists are texts of the form of its arrays. */
#include "exec/system_table.h"

#include "storage/statistics.h"

#include <stdio.h>

/* A list as it grows: items separated by commas, in braces. */
typedef struct ListText {
    SystemFill *fill;
    char *bytes; /* owned */
    size_t count, capacity;
} ListText;

static Status list_put(ListText *list, const char *bytes, size_t count) {
    if (list->count + count > list->capacity) {
        size_t capacity = (list->count + count) * 2 + 64;
        char *grown = mem_resize(list->fill->cx, list->bytes, capacity);
        if (grown == NULL) {
            return OUT_OF_MEMORY;
        }
        list->bytes = grown;
        list->capacity = capacity;
    }
    memcpy(list->bytes + list->count, bytes, count);
    list->count += count;
    return OK;
}

static bool needs_quotes(const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        if (strchr("{}\",\\ ", text[i]) != NULL) {
            return true;
        }
    }
    return bytes == 0;
}

static Status list_put_item(ListText *list, const char *text, size_t bytes) {
    bool quotes = needs_quotes(text, bytes);
    TRY(list_put(list, list->count == 0 ? "{" : ",", 1));
    if (!quotes) {
        return list_put(list, text, bytes);
    }
    TRY(list_put(list, "\"", 1));
    for (size_t i = 0; i < bytes; i++) {
        TRY(list_put(list, "\\", text[i] == '"' || text[i] == '\\'));
        TRY(list_put(list, &text[i], 1));
    }
    return list_put(list, "\"", 1);
}

static Status list_put_value(ListText *list, const Value *value) {
    char buffer[VALUE_PRINT_MAX];
    const char *text;
    size_t bytes;
    value_print(value, buffer, &text, &bytes);
    return list_put_item(list, text, bytes);
}

static Status list_put_number(ListText *list, double number) {
    char buffer[32];
    return list_put_item(list, buffer, (size_t)snprintf(buffer, sizeof buffer, "%.6g", number));
}

/* A list without items is no list. */
static Status list_end(ListText *list, Value *value) {
    *value = row_null();
    if (list->count == 0) {
        return OK;
    }
    TRY(list_put(list, "}", 1));
    char *copy = arena_copy_text(list->fill->cx, list->fill->arena, list->bytes, list->count);
    *value = row_text(copy);
    list->count = 0;
    return copy == NULL ? OUT_OF_MEMORY : OK;
}

static Status make_lists(ListText *list, const ColumnStatistics *statistics, Value *common, Value *shares, Value *bounds) {
    for (uint32_t i = 0; i < statistics->common_count; i++) {
        TRY(list_put_value(list, &statistics->common[i].value));
    }
    TRY(list_end(list, common));
    for (uint32_t i = 0; i < statistics->common_count; i++) {
        TRY(list_put_number(list, statistics->common[i].share));
    }
    TRY(list_end(list, shares));
    for (uint32_t i = 0; i < statistics->bound_count; i++) {
        TRY(list_put_value(list, &statistics->bounds[i]));
    }
    return list_end(list, bounds);
}

static Status add_column(SystemFill *fill, const TableVersion *table, uint32_t column) {
    const ColumnStatistics *statistics = &table->statistics[column];
    double rows = (double)statistics->range.rows;
    Value common, shares, bounds;
    ListText list = {.fill = fill};
    Status status = make_lists(&list, statistics, &common, &shares, &bounds);
    mem_free(list.bytes);
    TRY(status);
    ADD_ROW(fill, row_text(table->schema->schema_name), row_text(table->schema->name),
            row_text(table->schema->columns[column].name), row_boolean(false),
            row_double(rows == 0 ? 0 : (double)statistics->range.nulls / rows), row_double(statistics->average_bytes),
            row_double(statistics->distinct), common, shares, bounds, row_double(statistics->correlation));
    return OK;
}

static Status add_columns(SystemFill *fill, uint64_t oid, const TableSchema *schema, const TableVersion *version) {
    (void)oid;
    for (uint32_t i = 0; version != NULL && version->sample.is_taken && i < schema->column_count; i++) {
        TRY(add_column(fill, version, i));
    }
    return OK;
}

Status fill_pg_stats(SystemFill *fill) {
    return system_each_relation(fill, add_columns);
}
