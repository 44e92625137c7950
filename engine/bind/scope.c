/* Names of columns and tables: finding them, and saying well why one cannot be found. */
#include "bind/binder.h"
#include "core/suggest.h"

#include <ctype.h>
#include <stdio.h>

/* Fails if one of the scope's first `count` relations has the name. */
static Status check_is_new(const Context *cx, const Scope *scope, uint32_t count, const Relation *relation, SourcePos pos) {
    for (uint32_t i = 0; i < count && relation->name != NULL; i++) {
        const Relation *other = &scope->relations[i];
        bool same_schema = other->schema_name == NULL || relation->schema_name == NULL ||
                           strcmp(other->schema_name, relation->schema_name) == 0;
        if (other->name != NULL && same_schema && strcmp(other->name, relation->name) == 0) {
            fail_at(cx, pos, DUPLICATE_ALIAS, "table name \"%s\" specified more than once", relation->name);
            return fail_hint(cx, "give each use an alias of its own: %s AS a", relation->name);
        }
    }
    return OK;
}

static Status append_relation(const Context *cx, Binder *binder, Scope *scope, const Relation *relation) {
    TRY_APPEND(cx, binder->arena, scope->relations, scope->relation_capacity, scope->relation_count, *relation);
    return OK;
}

Status scope_add_relation(const Context *cx, Binder *binder, Scope *scope, const Relation *relation, SourcePos pos) {
    TRY(check_is_new(cx, scope, scope->relation_count, relation, pos));
    return append_relation(cx, binder, scope, relation);
}

/* The relations of `from` have different names already. */
Status scope_append(const Context *cx, Binder *binder, Scope *scope, const Scope *from, SourcePos pos) {
    uint32_t shift = scope->relation_count;
    for (uint32_t i = 0; i < from->relation_count; i++) {
        TRY(check_is_new(cx, scope, shift, &from->relations[i], pos));
        TRY(append_relation(cx, binder, scope, &from->relations[i]));
    }
    for (uint32_t i = 0; i < from->column_count; i++) {
        ScopeColumn column = from->columns[i];
        column.relation = column.relation == RELATION_MERGED ? RELATION_MERGED : column.relation + shift;
        TRY_APPEND(cx, binder->arena, scope->columns, scope->column_capacity, scope->column_count, column);
    }
    return OK;
}

Cte *cte_find(Cte *ctes, const char *name) {
    while (ctes != NULL && strcmp(ctes->ast->name, name) != 0) {
        ctes = ctes->earlier;
    }
    return ctes;
}

/* ------------------------------------------------------------------------------------------------------------- what is meant
 */

/* table.column or schema.table.column: qualifier[count - 1] is the table. */
static bool relation_is(const Relation *relation, const AstIdent *qualifier, uint32_t count) {
    if (relation->name == NULL || strcmp(relation->name, qualifier[count - 1].text) != 0) {
        return false;
    }
    return count == 1 || (relation->schema_name != NULL && strcmp(relation->schema_name, qualifier[count - 2].text) == 0);
}

static const Relation *find_relation(const Scope *scope, const AstIdent *qualifier, uint32_t count) {
    for (uint32_t i = 0; i < scope->relation_count; i++) {
        if (relation_is(&scope->relations[i], qualifier, count)) {
            return &scope->relations[i];
        }
    }
    return NULL;
}

/* Number of unqualified columns of that name; *column is the first. */
static uint32_t count_columns(const Scope *scope, const char *name, const ScopeColumn **column) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < scope->column_count; i++) {
        if (strcmp(scope->columns[i].name, name) == 0 && found++ == 0) {
            *column = &scope->columns[i];
        }
    }
    return found;
}

bool scope_names_column(const Scope *scope, const char *name) {
    const ScopeColumn *column;
    return count_columns(scope, name, &column) > 0;
}

bool scope_has_column(const Scope *scope, const char *name) {
    const ScopeColumn *column;
    return count_columns(scope, name, &column) == 1;
}

bool scope_has_id(const Scope *scope, ColumnId id) {
    for (uint32_t i = 0; i < scope->column_count; i++) {
        if (scope->columns[i].id == id) {
            return true;
        }
    }
    for (uint32_t i = 0; i < scope->relation_count; i++) { /* what USING has merged away */
        for (uint32_t c = 0; c < scope->relations[i].column_count; c++) {
            if (scope->relations[i].columns[c].id == id) {
                return true;
            }
        }
    }
    return false;
}

static const ScopeColumn *relation_column(const Relation *relation, const char *name, bool *is_ambiguous) {
    const ScopeColumn *found = NULL;
    for (uint32_t i = 0; i < relation->column_count; i++) {
        if (strcmp(relation->columns[i].name, name) == 0) {
            *is_ambiguous = found != NULL;
            found = &relation->columns[i];
        }
    }
    return found;
}

/* ------------------------------------------------------------------------------------------------------------------ errors */

static Status fail_ambiguous(const Context *cx, const Scope *scope, const AstName *name) {
    const char *text = name->parts[name->count - 1].text;
    const char *tables[2] = {NULL, NULL};
    uint32_t found = 0;
    for (uint32_t i = 0; i < scope->column_count; i++) {
        const ScopeColumn *column = &scope->columns[i];
        if (found < 2 && strcmp(column->name, text) == 0 && column->relation != RELATION_MERGED) {
            tables[found++] = scope->relations[column->relation].name;
        }
    }
    fail_at(cx, name->pos, AMBIGUOUS_COLUMN, "column reference \"%s\" is ambiguous", text);
    if (name->count == 1 && tables[0] != NULL && tables[1] != NULL && strcmp(tables[0], tables[1]) != 0) {
        return fail_hint(cx, "say which table's: %s.%s or %s.%s", tables[0], text, tables[1], text);
    }
    return fail_hint(cx, "two columns have this name; give them different ones with AS");
}

static Status fail_missing_relation(const Context *cx, const Scope *scope, const AstIdent *qualifier, uint32_t count) {
    const char *name = qualifier[count - 1].text;
    Suggestion suggestion;
    suggestion_init(&suggestion, name);
    for (uint32_t i = 0; i < scope->relation_count; i++) {
        const Relation *relation = &scope->relations[i];
        if (relation->table_name != NULL && strcmp(relation->table_name, name) == 0) {
            fail_at(cx, qualifier[0].pos, UNDEFINED_TABLE, "invalid reference to FROM-clause entry for table \"%s\"", name);
            return fail_hint(cx, "the table has the alias \"%s\" here", relation->name);
        }
        if (relation->name != NULL) {
            suggestion_consider(&suggestion, relation->name, NULL);
        }
    }
    fail_at(cx, qualifier[0].pos, UNDEFINED_TABLE, "missing FROM-clause entry for table \"%s\"", name);
    return suggestion.nearest == NULL ? UNDEFINED_TABLE : fail_hint(cx, "did you mean \"%s\"?", suggestion.nearest);
}

static bool looks_quoted(const char *name) {
    for (; *name != '\0'; name++) {
        if (!(islower((unsigned char)*name) || isdigit((unsigned char)*name) || *name == '_' || (unsigned char)*name >= 0x80)) {
            return true;
        }
    }
    return false;
}

/* Looks at the columns of relations [first, last) except of `skipped`. */
static void consider_columns(const Scope *scope, const Relation *only, Suggestion *suggestion) {
    for (uint32_t i = 0; i < scope->relation_count; i++) {
        const Relation *relation = &scope->relations[i];
        for (uint32_t c = 0; c < relation->column_count && (only == NULL || only == relation); c++) {
            suggestion_consider(suggestion, relation->columns[c].name, relation);
        }
    }
}

static bool is_alias(const AstSelectItemList *aliases, const char *name) {
    for (uint32_t i = 0; aliases != NULL && i < aliases->count; i++) {
        if (aliases->items[i]->alias != NULL && strcmp(aliases->items[i]->alias, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Nothing is near: lists what there is, if that is a line. */
static Status hint_columns(const Context *cx, const Relation *relation) {
    char names[256] = "";
    size_t bytes = 0;
    for (uint32_t i = 0; i < relation->column_count && bytes < sizeof names; i++) {
        bytes += (size_t)snprintf(names + bytes, sizeof names - bytes, "%s%s", i == 0 ? "" : ", ", relation->columns[i].name);
    }
    return bytes < sizeof names && relation->name != NULL ? fail_hint(cx, "\"%s\" has %s", relation->name, names)
                                                          : UNDEFINED_COLUMN;
}

static Status hint_missing_column(const Context *cx, const Scope *scope, const char *name, const AstSelectItemList *aliases) {
    if (is_alias(aliases, name)) {
        return fail_hint(cx,
                         "\"%s\" is an alias of the select list, which is computed later: write the expression here, or "
                         "filter in an outer query",
                         name);
    }
    for (uint32_t i = 0; i < scope->relation_count; i++) {
        if (scope->relations[i].name != NULL && strcmp(scope->relations[i].name, name) == 0) {
            return fail_hint(cx, "\"%s\" is a table; its columns are %s.*", name, name);
        }
    }
    Suggestion suggestion;
    suggestion_init(&suggestion, name);
    consider_columns(scope, NULL, &suggestion);
    if (suggestion.nearest != NULL) {
        const Relation *relation = suggestion.detail;
        return relation->name != NULL && scope->relation_count > 1
                   ? fail_hint(cx, "did you mean \"%s\" of \"%s\"?", suggestion.nearest, relation->name)
                   : fail_hint(cx, "did you mean \"%s\"?", suggestion.nearest);
    }
    if (looks_quoted(name)) {
        return fail_hint(cx, "double quotes enclose names; a text value stands in single quotes: '%s'", name);
    }
    if (scope->relation_count == 0) {
        return fail_hint(cx, "there is no FROM clause; a text value stands in single quotes: '%s'", name);
    }
    return scope->relation_count == 1 ? hint_columns(cx, &scope->relations[0]) : UNDEFINED_COLUMN;
}

static Status fail_missing_column(const Context *cx, const Scope *scope, const AstName *name, const Relation *relation,
                                  const AstSelectItemList *aliases) {
    const char *text = name->parts[name->count - 1].text;
    if (relation == NULL) {
        fail_at(cx, name->pos, UNDEFINED_COLUMN, "column \"%s\" does not exist", text);
        return hint_missing_column(cx, scope, text, aliases);
    }
    fail_at(cx, name->pos, UNDEFINED_COLUMN, "column %s.%s does not exist", name->parts[name->count - 2].text, text);
    Suggestion suggestion;
    suggestion_init(&suggestion, text);
    consider_columns(scope, relation, &suggestion);
    if (suggestion.nearest == NULL) {
        consider_columns(scope, NULL, &suggestion);
    }
    if (suggestion.nearest == NULL) {
        return UNDEFINED_COLUMN;
    }
    const Relation *nearest = suggestion.detail;
    return fail_hint(cx, "did you mean \"%s.%s\"?", nearest->name == NULL ? "" : nearest->name, suggestion.nearest);
}

static bool knows_name(const Scope *scope, const AstName *name) {
    const ScopeColumn *column;
    return name->count == 1 ? count_columns(scope, name->parts[0].text, &column) > 0
                            : find_relation(scope, name->parts, name->count - 1) != NULL;
}

static bool is_hidden(const Scope *scope) {
    return scope->is_sibling && !scope->is_lateral;
}

/* The nearest scope that knows the name and can be seen, or NULL; *hidden: one that cannot be seen. */
static const Scope *scope_with(const Scope *scope, const AstName *name, const Scope **hidden) {
    *hidden = NULL;
    for (; scope != NULL; scope = scope->outer) {
        bool knows = knows_name(scope, name);
        if (knows && !is_hidden(scope)) {
            return scope;
        }
        *hidden = knows && *hidden == NULL ? scope : *hidden;
    }
    return NULL;
}

static Status fail_out_of_sight(const Context *cx, const Scope *scope, const AstName *name) {
    const char *text = name->parts[name->count > 1 ? name->count - 2 : 0].text;
    fail_at(cx, name->pos, name->count > 1 ? UNDEFINED_TABLE : UNDEFINED_COLUMN,
            name->count > 1 ? "invalid reference to FROM-clause entry for table \"%s\"" : "column \"%s\" does not exist", text);
    return scope->is_condition
               ? fail_hint(cx, "JOIN binds tighter than a comma: ON sees only the tables that its JOIN joins")
               : fail_hint(cx, "to see the tables further left, a subquery in FROM must be marked with LATERAL");
}

/* The column of a scope that knows the name. */
static Status find_in_scope(const Context *cx, const Scope *scope, const AstName *name, const AstSelectItemList *aliases,
                            const ScopeColumn **column) {
    const char *text = name->parts[name->count - 1].text;
    if (name->count == 1) {
        return count_columns(scope, text, column) > 1 ? fail_ambiguous(cx, scope, name) : OK;
    }
    bool is_ambiguous = false;
    const Relation *relation = find_relation(scope, name->parts, name->count - 1);
    *column = relation_column(relation, text, &is_ambiguous);
    if (is_ambiguous) {
        return fail_ambiguous(cx, scope, name);
    }
    return *column != NULL ? OK : fail_missing_column(cx, scope, name, relation, aliases);
}

Status scope_find_column(const Context *cx, const Scope *scope, const AstName *name, const AstSelectItemList *aliases,
                         const ScopeColumn **column) {
    const Scope *hidden;
    if (name->count > 3) {
        return fail_unsupported(cx, name->pos, "a reference to another database");
    }
    const Scope *found = scope_with(scope, name, &hidden);
    if (found != NULL) {
        return find_in_scope(cx, found, name, aliases, column);
    }
    if (hidden != NULL) {
        return fail_out_of_sight(cx, scope, name);
    }
    return name->count > 1 ? fail_missing_relation(cx, scope, name->parts, name->count - 1)
                           : fail_missing_column(cx, scope, name, NULL, aliases);
}

Status scope_find_relation(const Context *cx, const Scope *scope, const AstName *name, const Relation **relation) {
    *relation = NULL;
    for (const Scope *seen = scope; seen != NULL && *relation == NULL; seen = seen->outer) {
        *relation = is_hidden(seen) ? NULL : find_relation(seen, name->parts, name->count);
    }
    return *relation != NULL ? OK : fail_missing_relation(cx, scope, name->parts, name->count);
}
