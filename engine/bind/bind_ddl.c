/* CREATE TABLE: columns and physical design (constraints: bind_constraint.c); what is declared and not enforced is said in a
 * notice. */
#include "bind/bind_ddl.h"
#include "bind/bind_file.h"
#include "core/notice.h"
#include "core/suggest.h"
#include "storage/partition.h"

#include <stdlib.h>

#define BLOCK_ROWS_STEP 2048
#define BLOCK_ROWS_MAX 65536

/* ---------------------------------------------------------------------------------------------------------------- columns */

static Status add_column(const Context *cx, Creation *creation, const ColumnDef *column, SourcePos pos) {
    TableSchema *schema = creation->schema;
    for (uint32_t i = 0; i < schema->column_count; i++) {
        if (strcmp(creation->columns[i].name, column->name) == 0) {
            return fail_at(cx, pos, DUPLICATE_COLUMN, "column \"%s\" specified more than once", column->name);
        }
    }
    if (schema->column_count == COLUMNS_MAX) {
        return fail_at(cx, pos, TOO_MANY_COLUMNS, "tables can have at most %d columns", COLUMNS_MAX);
    }
    TRY_APPEND(cx, creation->arena, creation->positions, creation->position_capacity, creation->position_count, pos);
    TRY_APPEND(cx, creation->arena, creation->columns, creation->column_capacity, schema->column_count, *column);
    schema->columns = creation->columns;
    return OK;
}

Status find_column(const Context *cx, const Creation *creation, const AstIdent *ident, const char *what, uint32_t *column) {
    *column = schema_find_column(creation->schema, ident->text);
    if (*column != UINT32_MAX) {
        return OK;
    }
    Suggestion suggestion;
    suggestion_init(&suggestion, ident->text);
    for (uint32_t i = 0; i < creation->schema->column_count; i++) {
        suggestion_consider(&suggestion, creation->schema->columns[i].name, NULL);
    }
    fail_at(cx, ident->pos, UNDEFINED_COLUMN, "column \"%s\" named in %s does not exist", ident->text, what);
    return suggestion.nearest == NULL ? UNDEFINED_COLUMN : fail_hint(cx, "did you mean \"%s\"?", suggestion.nearest);
}

Status find_columns(const Context *cx, const Creation *creation, const AstIdentList *list, const char *what,
                    const uint32_t **columns) {
    uint32_t *found;
    TRY_NEW_ARRAY(cx, creation->arena, found, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(find_column(cx, creation, list->items[i], what, &found[i]));
        for (uint32_t j = 0; j < i; j++) {
            if (found[i] == found[j]) {
                return fail_at(cx, list->items[i]->pos, DUPLICATE_COLUMN, "column \"%s\" appears twice in %s",
                               list->items[i]->text, what);
            }
        }
    }
    *columns = found;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------- physical design */

Status add_sort_key(const Context *cx, Creation *creation, uint32_t column) {
    TRY_APPEND(cx, creation->arena, creation->sort_keys, creation->sort_capacity, creation->schema->sort_key_count, column);
    creation->schema->sort_keys = creation->sort_keys;
    return OK;
}

Status set_dist_key(const Context *cx, Creation *creation, SourcePos pos, uint32_t column) {
    if (creation->has_dist_key) {
        return fail_at(cx, pos, SYNTAX_ERROR, "DISTKEY is given twice: a table has one");
    }
    creation->has_dist_key = true;
    creation->schema->dist_style = creation->has_style ? creation->schema->dist_style : DIST_KEY;
    creation->schema->dist_column = column;
    return OK;
}

Status set_sort_key(const Context *cx, Creation *creation, SourcePos pos, uint32_t column) {
    if (creation->has_sort_key) {
        fail_at(cx, pos, SYNTAX_ERROR, "SORTKEY is given twice");
        return fail_hint(cx, "several columns stand in one clause behind the column list: SORTKEY (a, b)");
    }
    creation->has_sort_key = true;
    creation->schema->sort_key_count = 0;
    return add_sort_key(cx, creation, column);
}

static Status bind_partitions(const Context *cx, Creation *creation, const AstTableAttribute *ast) {
    TableSchema *schema = creation->schema;
    PartitionKey *keys;
    TRY_NEW_ARRAY(cx, creation->arena, keys, ast->partitions.count);
    if (creation->has_partitions) {
        return fail_at(cx, ast->pos, SYNTAX_ERROR, "PARTITION BY is given twice");
    }
    creation->has_partitions = true;
    for (uint32_t i = 0; i < ast->partitions.count; i++) {
        const AstPartitionItem *item = ast->partitions.items[i];
        keys[i] = (PartitionKey){.transform = item->transform, .parameter = item->parameter};
        TRY(find_column(cx, creation, item->column, "PARTITION BY", &keys[i].column));
        Status status = partition_key_check(cx, &keys[i], &schema->columns[keys[i].column]);
        if (status != OK) {
            error_set_pos_if_none(cx, item->pos);
            return status;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (keys[i].column == keys[j].column && keys[i].transform == keys[j].transform) {
                return fail_at(cx, item->pos, DUPLICATE_COLUMN, "column \"%s\" appears twice in PARTITION BY",
                               item->column->text);
            }
        }
    }
    schema->partition_keys = keys;
    schema->partition_key_count = ast->partitions.count;
    return OK;
}

static Status bind_sort_attribute(const Context *cx, Creation *creation, const AstTableAttribute *ast) {
    const uint32_t *columns;
    if (ast->sort_style == AST_SORT_INTERLEAVED) {
        fail_unsupported(cx, ast->pos, "INTERLEAVED SORTKEY");
        return fail_hint(cx, "a compound SORTKEY sorts by its first column, then the next");
    }
    if (creation->has_sort_key) {
        return fail_at(cx, ast->pos, SYNTAX_ERROR, "SORTKEY is given twice");
    }
    creation->has_sort_key = true;
    creation->schema->sort_key_count = 0;
    TRY(find_columns(cx, creation, &ast->columns, "SORTKEY", &columns));
    for (uint32_t i = 0; i < ast->columns.count; i++) {
        TRY(add_sort_key(cx, creation, columns[i]));
    }
    if (ast->sort_style == AST_SORT_AUTO) {
        notice(cx, "SORTKEY AUTO keeps rows in the order in which they are loaded");
    }
    return OK;
}

static Status bind_with_option(const Context *cx, Creation *creation, const AstOption *option) {
    if (strcmp(option->name, "block_rows") != 0) {
        fail_at(cx, option->pos, INVALID_PARAMETER_VALUE, "unrecognized parameter \"%s\"", option->name);
        return fail_hint(cx, "WITH takes block_rows");
    }
    char *end = NULL;
    long rows = option->value == NULL ? 0 : strtol(option->value, &end, 10);
    if (rows < BLOCK_ROWS_STEP || rows > BLOCK_ROWS_MAX || rows % BLOCK_ROWS_STEP != 0 || *end != '\0') {
        return fail_at(cx, option->value == NULL ? option->pos : option->value_pos, INVALID_PARAMETER_VALUE,
                       "block_rows must be a multiple of %d from %d to %d", BLOCK_ROWS_STEP, BLOCK_ROWS_STEP, BLOCK_ROWS_MAX);
    }
    creation->schema->block_rows = (uint32_t)rows;
    return OK;
}

Status bind_attribute(const Context *cx, Creation *creation, const AstTableAttribute *ast) {
    TableSchema *schema = creation->schema;
    switch (ast->kind) {
    case AST_ATTRIBUTE_DISTSTYLE:
        if (creation->has_style) {
            return fail_at(cx, ast->pos, SYNTAX_ERROR, "DISTSTYLE is given twice");
        }
        creation->has_style = true;
        creation->style_pos = ast->pos;
        schema->dist_style = ast->dist_style;
        return OK;
    case AST_ATTRIBUTE_DISTKEY: {
        uint32_t column;
        if (ast->columns.count != 1) {
            return fail_at(cx, ast->pos, SYNTAX_ERROR, "DISTKEY takes one column");
        }
        TRY(find_column(cx, creation, ast->columns.items[0], "DISTKEY", &column));
        return set_dist_key(cx, creation, ast->pos, column);
    }
    case AST_ATTRIBUTE_SORTKEY: return bind_sort_attribute(cx, creation, ast);
    case AST_ATTRIBUTE_PARTITION_BY: return bind_partitions(cx, creation, ast);
    case AST_ATTRIBUTE_ENCODE_AUTO:
        for (uint32_t i = 0; i < schema->column_count && creation->ast == NULL; i++) {
            creation->columns[i].encode = (ColumnEncoding){0}; /* ALTER TABLE: of all that are there */
        }
        return OK;
    case AST_ATTRIBUTE_OPTIONS:
        for (uint32_t i = 0; i < ast->options.count; i++) {
            TRY(bind_with_option(cx, creation, ast->options.items[i]));
        }
        return OK;
    }
    return fail_at(cx, ast->pos, INTERNAL_ERROR, "a table attribute of unknown kind %d", ast->kind);
}

Status check_distribution(const Context *cx, const Creation *creation) {
    static const char *const styles[] = {[DIST_AUTO] = "AUTO", [DIST_EVEN] = "EVEN", [DIST_KEY] = "KEY", [DIST_ALL] = "ALL"};
    DistStyle style = creation->schema->dist_style;
    if (creation->has_style && style == DIST_KEY && !creation->has_dist_key) {
        fail_at(cx, creation->style_pos, INVALID_TABLE_DEFINITION, "DISTSTYLE KEY needs a DISTKEY");
        return fail_hint(cx, "add DISTKEY (column)");
    }
    if (creation->has_style && style != DIST_KEY && creation->has_dist_key) {
        return fail_at(cx, creation->style_pos, INVALID_TABLE_DEFINITION, "DISTSTYLE %s has no DISTKEY", styles[style]);
    }
    return OK;
}

/* -------------------------------------------------------------------------------------------------- where columns come from */

static Status copy_like(const Context *cx, Creation *creation) {
    const AstCreateTable *ast = creation->ast;
    const TableVersion *table;
    TRY(bind_relation(cx, creation->snapshot, ast->like, &table));
    const TableSchema *from = table->schema;
    for (uint32_t i = 0; i < from->column_count; i++) {
        ColumnDef column = from->columns[i];
        column.default_sql = (ast->like_options & AST_LIKE_DEFAULTS) != 0 ? column.default_sql : NULL;
        column.comment = (ast->like_options & AST_LIKE_COMMENTS) != 0 ? column.comment : NULL;
        TRY(add_column(cx, creation, &column, ast->like->pos));
    }
    if (from->kind == RELATION_VIEW) {
        return OK;
    }
    creation->schema->dist_style = from->dist_style;
    creation->schema->dist_column = from->dist_column;
    creation->schema->partition_keys = from->partition_keys;
    creation->schema->partition_key_count = from->partition_key_count;
    creation->schema->block_rows = from->block_rows;
    for (uint32_t i = 0; i < from->sort_key_count; i++) {
        TRY(add_sort_key(cx, creation, from->sort_keys[i]));
    }
    for (uint32_t i = 0; i < from->check_count && (ast->like_options & AST_LIKE_CONSTRAINTS) != 0; i++) {
        TRY(copy_check(cx, creation, &from->checks[i]));
    }
    for (uint32_t i = 0; i < from->key_count && (ast->like_options & AST_LIKE_INDEXES) != 0; i++) {
        TRY(copy_key(cx, creation, &from->keys[i]));
    }
    return OK;
}

static Status define_column(const Context *cx, Creation *creation, const AstColumnDef *ast) {
    ColumnDef column = {.name = ast->name};
    if (ast->type == NULL) {
        fail_at(cx, ast->pos, SYNTAX_ERROR, "column \"%s\" has no type", ast->name);
        return fail_hint(cx, "write the type behind the name: %s INTEGER", ast->name);
    }
    TRY(bind_type(cx, ast->type, &column.type));
    TRY(set_not_null(cx, creation, ast, &column));
    return add_column(cx, creation, &column, ast->pos);
}

/* CREATE TABLE t [(a, b)] AS query, or FROM FILE: types, and names where none are given, are the query's. */
static Status define_from_query(const Context *cx, Creation *creation, const BindParameters *parameters, LogicalPlan **query) {
    const AstCreateTable *ast = creation->ast;
    AstQuery *rows = ast->query;
    if (ast->file != NULL) {
        TRY(make_file_query(cx, creation->arena, ast, &rows));
    }
    TRY(bind_query(cx, creation->arena, creation->snapshot, rows, parameters, query));
    if (ast->columns.count > (*query)->output_count) {
        return fail_at(cx, ast->columns.items[(*query)->output_count]->pos, SYNTAX_ERROR,
                       "too many column names were specified");
    }
    for (uint32_t i = 0; i < (*query)->output_count; i++) {
        const AstColumnDef *named = i < ast->columns.count ? ast->columns.items[i] : NULL;
        const LogicalColumn *output = &(*query)->columns[(*query)->outputs[i]];
        ColumnDef column = {.name = named != NULL ? named->name : (*query)->output_names[i], .type = output->type};
        if (named != NULL && named->type != NULL) {
            return fail_at(cx, named->type->pos, SYNTAX_ERROR, "CREATE TABLE … AS takes the types from the query");
        }
        TRY(add_column(cx, creation, &column, named != NULL ? named->pos : ast->name->pos));
    }
    return OK;
}

static Status define_columns(const Context *cx, Creation *creation, const BindParameters *parameters, LogicalPlan **query) {
    const AstCreateTable *ast = creation->ast;
    if (ast->like != NULL) {
        TRY(copy_like(cx, creation));
    }
    if (ast->query != NULL || ast->file != NULL) {
        return define_from_query(cx, creation, parameters, query);
    }
    uint32_t first = creation->schema->column_count;
    for (uint32_t i = 0; i < ast->columns.count; i++) {
        TRY(define_column(cx, creation, ast->columns.items[i]));
    }
    for (uint32_t i = 0; i < ast->columns.count; i++) {
        const AstConstraintList *constraints = &ast->columns.items[i]->constraints;
        for (uint32_t c = 0; c < constraints->count; c++) {
            TRY(bind_column_constraint(cx, creation, constraints->items[c], first + i));
        }
    }
    if (creation->schema->column_count == 0) {
        return fail_at(cx, ast->name->pos, INVALID_TABLE_DEFINITION, "table \"%s\" has no columns", creation->schema->name);
    }
    return OK;
}

static void tell_what_is_not_enforced(const Context *cx, const Creation *creation) {
    if (creation->has_primary || creation->has_unique || creation->has_foreign) {
        notice(cx, "%s%s%s%s%s of \"%s\" is declared, not enforced: the optimizer trusts it",
               creation->has_primary ? "PRIMARY KEY" : "", creation->has_primary && creation->has_unique ? ", " : "",
               creation->has_unique ? "UNIQUE" : "",
               creation->has_foreign && (creation->has_primary || creation->has_unique) ? ", " : "",
               creation->has_foreign ? "FOREIGN KEY" : "", creation->schema->name);
    }
}

static Status check_name(const Context *cx, Arena *arena, Snapshot *snapshot, const AstCreateTable *ast,
                         const char **schema_name, bool *exists) {
    const AstName *name = ast->name;
    const char *text = name->parts[name->count - 1].text;
    TRY(bind_target_schema(cx, arena, snapshot, name, ast->is_temporary, schema_name));
    *exists = snapshot_find_table(snapshot, *schema_name, text) != NULL;
    if (*exists && !ast->if_not_exists) {
        fail_at(cx, name->pos, DUPLICATE_TABLE, "relation \"%s\" already exists", text);
        return fail_hint(cx, "DROP TABLE %s, or CREATE TABLE IF NOT EXISTS", text);
    }
    if (*exists) {
        notice(cx, "relation \"%s\" already exists, skipping", text);
    }
    return OK;
}

Status bind_create_table(const Context *cx, Arena *arena, Snapshot *snapshot, const AstCreateTable *ast,
                         const BindParameters *parameters, TableSchema **schema, LogicalPlan **query) {
    Creation creation = {.arena = arena, .snapshot = snapshot, .ast = ast};
    bool exists;
    *schema = NULL;
    *query = NULL;
    const char *schema_name;
    TRY(check_name(cx, arena, snapshot, ast, &schema_name, &exists));
    if (exists) {
        return OK;
    }
    TRY_NEW(cx, arena, creation.schema);
    creation.schema->schema_name = schema_name;
    creation.schema->name = ast->name->parts[ast->name->count - 1].text;
    creation.schema->block_rows = (uint32_t)cx->settings->block_rows / BLOCK_ROWS_STEP * BLOCK_ROWS_STEP;
    TRY(define_columns(cx, &creation, parameters, query));
    for (uint32_t i = 0; i < ast->constraints.count; i++) {
        TRY(bind_table_constraint(cx, &creation, ast->constraints.items[i]));
    }
    for (uint32_t i = 0; i < ast->attributes.count; i++) {
        TRY(bind_attribute(cx, &creation, ast->attributes.items[i]));
    }
    TRY(check_distribution(cx, &creation));
    tell_what_is_not_enforced(cx, &creation);
    *schema = creation.schema;
    *query = ast->with_no_data ? NULL : *query;
    return OK;
}
