/* SHOW CREATE TABLE, SHOW CREATE VIEW: the statement that makes the relation again, as one cell of text. */
#include "bind/bind.h"
#include "parser/ast_print.h"
#include "session/session.h"
#include "storage/encodings/encoding.h"

#include <string.h>

static void put_columns(Printer *out, const TableSchema *schema, const uint32_t *columns, uint32_t count) {
    sql_put(out, "(");
    for (uint32_t i = 0; i < count; i++) {
        sql_put(out, i > 0 ? ", " : "");
        sql_put_ident(out, schema->columns[columns[i]].name);
    }
    sql_put(out, ")");
}

static void put_relation(Printer *out, const char *schema, const char *name) {
    sql_put_ident(out, schema);
    sql_put(out, ".");
    sql_put_ident(out, name);
}

static void put_column(Printer *out, const ColumnDef *column) {
    char type[32], encoding[32];
    sql_put_ident(out, column->name);
    sql_put(out, " ");
    sql_put_upper(out, type_name(column->type, type));
    if (column->default_sql != NULL) {
        sql_put(out, " DEFAULT ");
        sql_put(out, column->default_sql);
    }
    sql_put(out, column->not_null ? " NOT NULL" : "");
    if (column->encode.encoding != 0 || column->encode.codec != 0) {
        sql_put(out, " ENCODE ");
        const char *text = encoding_describe(column->encode, encoding);
        const char *plus = strstr(text, " + "); /* one word names both when they are declared */
        sql_put(out, plus != NULL ? plus + strlen(" + ") : text);
    }
}

static void put_key(Printer *out, const TableSchema *schema, const KeyConstraint *key) {
    static const char *const words[] = {"PRIMARY KEY ", "UNIQUE ", "FOREIGN KEY "};
    sql_put(out, words[key->kind]);
    put_columns(out, schema, key->columns, key->column_count);
    if (key->kind != KEY_FOREIGN) {
        return;
    }
    sql_put(out, " REFERENCES ");
    put_relation(out, key->target_schema, key->target_table);
    for (uint32_t i = 0; key->target_columns != NULL && i < key->column_count; i++) {
        sql_put(out, i == 0 ? " (" : ", ");
        sql_put_ident(out, key->target_columns[i]);
        sql_put(out, i + 1 == key->column_count ? ")" : "");
    }
}

static void put_elements(Printer *out, const TableSchema *schema) {
    for (uint32_t i = 0; i < schema->column_count; i++) {
        sql_put(out, i == 0 ? "\n    " : ",\n    ");
        put_column(out, &schema->columns[i]);
    }
    for (uint32_t i = 0; i < schema->key_count; i++) {
        sql_put(out, ",\n    ");
        put_key(out, schema, &schema->keys[i]);
    }
    for (uint32_t i = 0; i < schema->check_count; i++) {
        sql_put(out, ",\n    CONSTRAINT ");
        sql_put_ident(out, schema->checks[i].name);
        sql_put(out, " CHECK (");
        sql_put(out, schema->checks[i].sql);
        sql_put(out, ")");
    }
}

static void put_partition_key(Printer *out, const TableSchema *schema, const PartitionKey *key) {
    if (key->transform == PARTITION_IDENTITY) {
        sql_put_ident(out, schema->columns[key->column].name);
        return;
    }
    sql_put(out, partition_transform_name(key->transform));
    sql_put(out, "(");
    if (partition_transform_takes_number(key->transform)) {
        sql_put_number(out, key->parameter);
        sql_put(out, ", ");
    }
    sql_put_ident(out, schema->columns[key->column].name);
    sql_put(out, ")");
}

static void put_design(Printer *out, const TableSchema *schema) {
    static const char *const styles[] = {" DISTSTYLE AUTO", " DISTSTYLE EVEN", " DISTKEY ", " DISTSTYLE ALL"};
    sql_put(out, styles[schema->dist_style]);
    if (schema->dist_style == DIST_KEY) {
        put_columns(out, schema, &schema->dist_column, 1);
    }
    if (schema->sort_key_count > 0) {
        sql_put(out, " SORTKEY ");
        put_columns(out, schema, schema->sort_keys, schema->sort_key_count);
    }
    for (uint32_t i = 0; i < schema->partition_key_count; i++) {
        sql_put(out, i == 0 ? " PARTITION BY (" : ", ");
        put_partition_key(out, schema, &schema->partition_keys[i]);
        sql_put(out, i + 1 == schema->partition_key_count ? ")" : "");
    }
}

static void put_view(Printer *out, const TableSchema *schema) {
    sql_put(out, " (");
    for (uint32_t i = 0; i < schema->column_count; i++) {
        sql_put(out, i > 0 ? ", " : "");
        sql_put_ident(out, schema->columns[i].name);
    }
    sql_put(out, ") AS ");
    sql_put(out, schema->view_sql);
}

Status run_show_create(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    const TableVersion *table;
    TRY(transaction_read(cx, statement));
    TRY(bind_relation(cx, run->snapshot, statement->ast->show->relation, &table));
    const TableSchema *schema = table->schema;
    Printer out = {.cx = cx, .arena = &run->arena};
    bool is_view = schema->kind == RELATION_VIEW;
    sql_put(&out, is_view ? "CREATE VIEW " : "CREATE TABLE ");
    put_relation(&out, schema->schema_name, schema->name);
    if (is_view) {
        put_view(&out, schema);
    } else {
        sql_put(&out, " (");
        put_elements(&out, schema);
        sql_put(&out, "\n)");
        put_design(&out, schema);
    }
    if (out.failed) {
        return OUT_OF_MEMORY;
    }
    static const char *const names[] = {"statement"};
    const char *cell = out.text;
    TRY(text_table_create(cx, &run->arena, 1, names, &run->table));
    return text_table_add(cx, &run->arena, run->table, &cell);
}
