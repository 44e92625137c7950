/* Constraints of CREATE TABLE: CHECK and NOT NULL, which are enforced, and keys, which are declared; DEFAULT and ENCODE of a
 * column. Each constraint has a name: the one given, or one made of the table's and the columns'. */
#include "bind/bind_ddl.h"
#include "core/notice.h"
#include "storage/encodings/encoding.h"

static bool has_constraint(const TableSchema *schema, const char *name) {
    for (uint32_t i = 0; i < schema->key_count; i++) {
        if (strcmp(schema->keys[i].name, name) == 0) {
            return true;
        }
    }
    for (uint32_t i = 0; i < schema->check_count; i++) {
        if (strcmp(schema->checks[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The name as given, or made as PostgreSQL makes it: <table>[_<column>…]_<suffix>, with a number if that is taken. */
static Status name_constraint(const Context *cx, const Creation *creation, const AstConstraint *ast, const uint32_t *columns,
                              uint32_t count, const char *suffix, const char **name) {
    Arena *arena = creation->arena;
    *name = ast == NULL ? NULL : ast->name;
    if (*name != NULL && has_constraint(creation->schema, *name)) {
        return ast->kind == AST_CONSTRAINT_CHECK
                   ? fail_at(cx, ast->pos, DUPLICATE_OBJECT, "check constraint \"%s\" already exists", *name)
                   : fail_at(cx, ast->pos, DUPLICATE_OBJECT, "constraint \"%s\" for relation \"%s\" already exists", *name,
                             creation->schema->name);
    }
    if (*name != NULL) {
        return OK;
    }
    const char *stem = creation->schema->name;
    for (uint32_t i = 0; i < count && stem != NULL; i++) {
        stem = arena_format(cx, arena, "%s_%s", stem, creation->columns[columns[i]].name);
    }
    *name = stem == NULL ? NULL : arena_format(cx, arena, "%s_%s", stem, suffix);
    for (uint32_t i = 1; *name != NULL && has_constraint(creation->schema, *name); i++) {
        *name = arena_format(cx, arena, "%s_%s%u", stem, suffix, i);
    }
    return *name == NULL ? OUT_OF_MEMORY : OK;
}

static Status add_key(const Context *cx, Creation *creation, const KeyConstraint *key) {
    TRY_APPEND(cx, creation->arena, creation->keys, creation->key_capacity, creation->schema->key_count, *key);
    creation->schema->keys = creation->keys;
    return OK;
}

/* The column that a condition is about, if there is just one: its name goes into the constraint's. */
typedef struct OnlyColumn {
    uint32_t column;
    bool has_others;
} OnlyColumn;

static bool note_only_column(const Expr *node, void *only_) {
    OnlyColumn *only = only_;
    if (node->kind == EXPR_COLUMN) {
        only->has_others = only->has_others || (only->column != UINT32_MAX && only->column != node->column);
        only->column = node->column;
    }
    return true;
}

static Status add_check(const Context *cx, Creation *creation, const AstConstraint *ast) {
    OnlyColumn only = {.column = UINT32_MAX};
    CheckConstraint check = {.sql = ast_print_expr(cx, creation->arena, ast->expr)};
    Expr *condition;
    TRY_POINTER(check.sql);
    TRY(bind_check(cx, creation->arena, creation->snapshot, creation->schema, ast->expr, &condition));
    (void)expr_walk(condition, note_only_column, &only);
    uint32_t named = only.column == UINT32_MAX || only.has_others ? 0 : 1;
    TRY(name_constraint(cx, creation, ast, &only.column, named, "check", &check.name));
    TRY_APPEND(cx, creation->arena, creation->checks, creation->check_capacity, creation->schema->check_count, check);
    creation->schema->checks = creation->checks;
    return OK;
}

static Status add_unique(const Context *cx, Creation *creation, const AstConstraint *ast, const uint32_t *columns,
                         uint32_t count) {
    KeyConstraint key = {.kind = KEY_UNIQUE, .column_count = count, .columns = columns};
    creation->has_unique = true;
    TRY(name_constraint(cx, creation, ast, columns, count, "key", &key.name));
    return add_key(cx, creation, &key);
}

static Status add_primary(const Context *cx, Creation *creation, const AstConstraint *ast, const uint32_t *columns,
                          uint32_t count) {
    KeyConstraint key = {.kind = KEY_PRIMARY, .column_count = count, .columns = columns};
    if (creation->has_primary) {
        return fail_at(cx, ast->pos, INVALID_TABLE_DEFINITION, "multiple primary keys for table \"%s\" are not allowed",
                       creation->schema->name);
    }
    creation->has_primary = true;
    for (uint32_t i = 0; i < count; i++) {
        creation->columns[columns[i]].not_null = true;
    }
    TRY(name_constraint(cx, creation, ast, NULL, 0, "pkey", &key.name));
    return add_key(cx, creation, &key);
}

Status copy_check(const Context *cx, Creation *creation, const CheckConstraint *check) {
    if (has_constraint(creation->schema, check->name)) {
        return fail_at(cx, creation->ast->name->pos, DUPLICATE_OBJECT, "constraint \"%s\" for relation \"%s\" already exists",
                       check->name, creation->schema->name);
    }
    TRY_APPEND(cx, creation->arena, creation->checks, creation->check_capacity, creation->schema->check_count, *check);
    creation->schema->checks = creation->checks;
    return OK;
}

Status copy_key(const Context *cx, Creation *creation, const KeyConstraint *key) {
    AstConstraint unnamed = {.pos = creation->ast->like->pos};
    switch (key->kind) {
    case KEY_PRIMARY: return add_primary(cx, creation, &unnamed, key->columns, key->column_count);
    case KEY_UNIQUE: return add_unique(cx, creation, &unnamed, key->columns, key->column_count);
    case KEY_FOREIGN: return OK; /* LIKE takes no references over */
    }
    return OK;
}

/* The columns of the table referred to: given, or its primary key. */
static Status check_target(const Context *cx, const AstConstraint *ast, uint32_t count, const TableSchema *target) {
    const AstIdentList *names = &ast->target_columns;
    if (names->count > 0 && names->count != count) {
        return fail_at(cx, ast->pos, INVALID_FOREIGN_KEY,
                       "number of referencing and referenced columns for foreign key disagree");
    }
    for (uint32_t i = 0; i < names->count; i++) {
        if (schema_find_column(target, names->items[i]->text) == UINT32_MAX) {
            return fail_at(cx, names->items[i]->pos, UNDEFINED_COLUMN,
                           "column \"%s\" referenced in foreign key constraint does not exist", names->items[i]->text);
        }
    }
    for (uint32_t i = 0; i < target->key_count && names->count == 0; i++) {
        if (target->keys[i].kind == KEY_PRIMARY && target->keys[i].column_count == count) {
            return OK;
        }
    }
    return names->count > 0
               ? OK
               : fail_at(cx, ast->pos, UNDEFINED_OBJECT, "there is no primary key for referenced table \"%s\"", target->name);
}

static Status add_foreign(const Context *cx, Creation *creation, const AstConstraint *ast, const uint32_t *columns,
                          uint32_t count) {
    const AstName *name = ast->target;
    const char *text = name->parts[name->count - 1].text;
    const TableSchema *target = creation->schema;
    bool is_here = name->count == 1 || strcmp(name->parts[name->count - 2].text, target->schema_name) == 0;
    if (!is_here || strcmp(text, target->name) != 0) {
        const TableVersion *table;
        TRY(bind_table(cx, creation->arena, creation->snapshot, name, &table));
        target = table->schema;
    }
    bool is_temporary = strcmp(creation->schema->schema_name, TEMPORARY_SCHEMA) == 0;
    if ((strcmp(target->schema_name, TEMPORARY_SCHEMA) == 0) != is_temporary) {
        return fail_at(cx, ast->pos, INVALID_TABLE_DEFINITION, "constraints on %s tables may reference only %s tables",
                       is_temporary ? "temporary" : "permanent", is_temporary ? "temporary" : "permanent");
    }
    TRY(check_target(cx, ast, count, target));
    KeyConstraint key = {.kind = KEY_FOREIGN, .column_count = count, .columns = columns};
    key.target_schema = target->schema_name;
    key.target_table = target->name;
    TRY(name_constraint(cx, creation, ast, columns, count, "fkey", &key.name));
    if (ast->target_columns.count > 0) {
        const char **names;
        TRY_NEW_ARRAY(cx, creation->arena, names, count);
        for (uint32_t i = 0; i < count; i++) {
            names[i] = ast->target_columns.items[i]->text;
        }
        key.target_columns = names;
    }
    creation->has_foreign = true;
    return add_key(cx, creation, &key);
}

Status bind_encoding(const Context *cx, SourcePos pos, const char *name, ColumnDef *column) {
    char type[32];
    TRY(encoding_from_name(cx, pos, name, &column->encode));
    if (column->encode.encoding != ENCODING_AUTO && !encoding_takes_type(column->encode.encoding, column->type)) {
        notice(cx, "ENCODE %s does not take %s: column \"%s\" is stored with ENCODE AUTO", name, type_name(column->type, type),
               column->name);
        column->encode.encoding = ENCODING_AUTO;
    }
    return OK;
}

/* A column's nullability may be said once. */
Status set_not_null(const Context *cx, Creation *creation, const AstColumnDef *ast, ColumnDef *column) {
    bool says_null = false, says_not_null = false;
    for (uint32_t i = 0; i < ast->constraints.count; i++) {
        const AstConstraint *constraint = ast->constraints.items[i];
        says_null = says_null || constraint->kind == AST_CONSTRAINT_NULL;
        says_not_null =
            says_not_null || constraint->kind == AST_CONSTRAINT_NOT_NULL || constraint->kind == AST_CONSTRAINT_PRIMARY_KEY;
        if (says_null && says_not_null) {
            return fail_at(cx, constraint->pos, SYNTAX_ERROR,
                           "conflicting NULL/NOT NULL declarations for column \"%s\" of table \"%s\"", ast->name,
                           creation->schema->name);
        }
    }
    column->not_null = column->not_null || says_not_null;
    return OK;
}

Status bind_column_constraint(const Context *cx, Creation *creation, const AstConstraint *ast, uint32_t index) {
    ColumnDef *column = &creation->columns[index];
    uint32_t *columns;
    TRY_NEW(cx, creation->arena, columns);
    *columns = index;
    switch (ast->kind) {
    case AST_CONSTRAINT_NOT_NULL:
    case AST_CONSTRAINT_NULL: return OK;
    case AST_CONSTRAINT_DEFAULT:
        if (column->default_sql != NULL) {
            return fail_at(cx, ast->pos, SYNTAX_ERROR, "multiple default values specified for column \"%s\" of table \"%s\"",
                           column->name, creation->schema->name);
        }
        TRY(check_default(cx, creation->arena, creation->snapshot, ast->expr, column));
        column->default_sql = ast_print_expr(cx, creation->arena, ast->expr);
        return column->default_sql == NULL ? OUT_OF_MEMORY : OK;
    case AST_CONSTRAINT_CHECK: return add_check(cx, creation, ast);
    case AST_CONSTRAINT_PRIMARY_KEY: return add_primary(cx, creation, ast, columns, 1);
    case AST_CONSTRAINT_UNIQUE: return add_unique(cx, creation, ast, columns, 1);
    case AST_CONSTRAINT_FOREIGN_KEY: return add_foreign(cx, creation, ast, columns, 1);
    case AST_CONSTRAINT_ENCODE: return bind_encoding(cx, ast->pos, ast->text, column);
    case AST_CONSTRAINT_DISTKEY: return set_dist_key(cx, creation, ast->pos, index);
    case AST_CONSTRAINT_SORTKEY: return set_sort_key(cx, creation, ast->pos, index);
    }
    return fail_at(cx, ast->pos, INTERNAL_ERROR, "a constraint of unknown kind %d", ast->kind);
}

Status bind_table_constraint(const Context *cx, Creation *creation, const AstConstraint *ast) {
    const uint32_t *columns;
    switch (ast->kind) {
    case AST_CONSTRAINT_CHECK: return add_check(cx, creation, ast);
    case AST_CONSTRAINT_PRIMARY_KEY:
        TRY(find_columns(cx, creation, &ast->columns, "PRIMARY KEY", &columns));
        return add_primary(cx, creation, ast, columns, ast->columns.count);
    case AST_CONSTRAINT_UNIQUE:
        TRY(find_columns(cx, creation, &ast->columns, "UNIQUE", &columns));
        return add_unique(cx, creation, ast, columns, ast->columns.count);
    case AST_CONSTRAINT_FOREIGN_KEY:
        TRY(find_columns(cx, creation, &ast->columns, "FOREIGN KEY", &columns));
        return add_foreign(cx, creation, ast, columns, ast->columns.count);
    default: return fail_at(cx, ast->pos, INTERNAL_ERROR, "a table constraint of unknown kind %d", ast->kind);
    }
}
