/* Which table, view or schema a name means. An unqualified name is looked for among the session's temporary relations, then in
 * the schemas of search_path, in order; a new relation goes to the first of them that there is. */
#include "bind/binder.h"
#include "core/suggest.h"

#include <ctype.h>
#include <stdio.h>

/* The next name of a list "a, \"B c\", d", or false at its end. `name` has SETTING_BYTES_MAX bytes. */
static bool next_of_path(const char **at, char *name) {
    const char *c = *at;
    while (isspace((unsigned char)*c) || *c == ',') {
        c++;
    }
    if (*c == '\0') {
        return false;
    }
    bool is_quoted = *c == '"';
    size_t bytes = 0;
    for (c += is_quoted; *c != '\0' && (is_quoted ? *c != '"' : *c != ','); c++) {
        name[bytes++] = *c;
    }
    *at = c + (is_quoted && *c == '"');
    while (!is_quoted && bytes > 0 && isspace((unsigned char)name[bytes - 1])) {
        bytes--;
    }
    name[bytes] = '\0';
    return true;
}

/* Storage and tests may bind without a session. */
static const char *path_of(const Settings *settings) {
    return settings == NULL ? DEFAULT_SCHEMA : settings->search_path;
}

const char *bind_current_schema(const Settings *settings, const Snapshot *snapshot) {
    char name[SETTING_BYTES_MAX];
    for (const char *at = path_of(settings); next_of_path(&at, name);) {
        const Namespace *found = snapshot_find_namespace(snapshot, name);
        if (found != NULL) {
            return found->name;
        }
    }
    return NULL;
}

static const TableVersion *find_on_path(const Settings *settings, const Snapshot *snapshot, const char *name) {
    char schema_name[SETTING_BYTES_MAX];
    const TableVersion *found = snapshot_find_table(snapshot, TEMPORARY_SCHEMA, name);
    for (const char *at = path_of(settings); found == NULL && next_of_path(&at, schema_name);) {
        found = snapshot_find_table(snapshot, schema_name, name);
    }
    return found;
}

const SystemTable *system_relation(const AstName *name) {
    return name->count > 2
               ? NULL
               : system_table_find(name->count == 2 ? name->parts[0].text : NULL, name->parts[name->count - 1].text);
}

Status bind_relation_if_exists(const Context *cx, Snapshot *snapshot, const AstName *name, const TableVersion **relation) {
    const char *text = name->parts[name->count - 1].text;
    if (name->count > 2) {
        return fail_unsupported(cx, name->pos, "a reference to another database");
    }
    *relation = name->count == 2 ? snapshot_find_table(snapshot, name->parts[0].text, text)
                                 : find_on_path(cx->settings, snapshot, text);
    return OK;
}

static Status fail_missing_relation(const Context *cx, Snapshot *snapshot, Cte *ctes, const AstName *name, const char *what) {
    static const char *const system_prefixes[] = {"svv_", "stv_", "stl_", "svl_", "pg_", "sys_"};
    const char *text = name->parts[name->count - 1].text;
    bool is_system = name->count == 2 && strcmp(name->parts[0].text, CATALOG_SCHEMA) == 0;
    for (size_t i = 0; i < sizeof system_prefixes / sizeof *system_prefixes && name->count == 1; i++) {
        is_system = is_system || strncmp(text, system_prefixes[i], strlen(system_prefixes[i])) == 0;
    }
    if (is_system) {
        char view[200];
        snprintf(view, sizeof view, "the system view %s%s%s", name->count == 2 ? name->parts[0].text : "",
                 name->count == 2 ? "." : "", text);
        return fail_unsupported(cx, name->pos, view);
    }
    Suggestion suggestion;
    suggestion_init(&suggestion, text);
    bool is_information = name->count == 2 && strcmp(name->parts[0].text, INFORMATION_SCHEMA) == 0;
    for (uint32_t i = 0; i < SYSTEM_TABLE_COUNT && is_information; i++) {
        suggestion_consider(&suggestion, system_table_at(i)->name, NULL);
    }
    for (const Cte *cte = ctes; cte != NULL; cte = cte->earlier) {
        suggestion_consider(&suggestion, cte->ast->name, NULL);
    }
    for (uint32_t i = 0; i < snapshot_table_count(snapshot); i++) {
        const TableSchema *schema = snapshot_table(snapshot, i)->schema;
        suggestion_consider(&suggestion, schema->name, schema->schema_name);
    }
    fail_at(cx, name->pos, UNDEFINED_TABLE, name->count > 1 ? "%s \"%s.%s\" does not exist" : "%s \"%s%s\" does not exist",
            what, name->count > 1 ? name->parts[name->count - 2].text : "", text);
    if (suggestion.nearest == NULL) {
        return UNDEFINED_TABLE;
    }
    return suggestion.detail != NULL && strcmp(suggestion.nearest, text) == 0 /* in a schema that was not looked in */
               ? fail_hint(cx, "did you mean \"%s.%s\"?", (const char *)suggestion.detail, suggestion.nearest)
               : fail_hint(cx, "did you mean \"%s\"?", suggestion.nearest);
}

/* What is made when it is read cannot be changed. */
static Status refuse_system_relation(const Context *cx, const AstName *name) {
    return system_relation(name) == NULL
               ? OK
               : fail_at(cx, name->pos, INSUFFICIENT_PRIVILEGE, "permission denied: \"%s\" is a system catalog",
                         name->parts[name->count - 1].text);
}

Status relation_find(const Context *cx, Snapshot *snapshot, Cte *ctes, const AstName *name, const TableVersion **relation) {
    TRY(refuse_system_relation(cx, name));
    TRY(bind_relation_if_exists(cx, snapshot, name, relation));
    return *relation != NULL ? OK : fail_missing_relation(cx, snapshot, ctes, name, "relation");
}

Status bind_relation(const Context *cx, Snapshot *snapshot, const AstName *name, const TableVersion **relation) {
    return relation_find(cx, snapshot, NULL, name, relation);
}

Status bind_missing_relation(const Context *cx, Snapshot *snapshot, const AstName *name, const char *what) {
    TRY(refuse_system_relation(cx, name));
    if (name->count == 2 && snapshot_find_namespace(snapshot, name->parts[0].text) == NULL) {
        return fail_at(cx, name->pos, UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name->parts[0].text);
    }
    return fail_missing_relation(cx, snapshot, NULL, name, what);
}

Status bind_table(const Context *cx, Arena *arena, Snapshot *snapshot, const AstName *name, const TableVersion **table) {
    (void)arena;
    TRY(relation_find(cx, snapshot, NULL, name, table));
    if ((*table)->schema->kind == RELATION_VIEW) {
        fail_at(cx, name->pos, WRONG_OBJECT_TYPE, "\"%s\" is not a table", (*table)->schema->name);
        return fail_hint(cx, "\"%s\" is a view: its rows are those of its query", (*table)->schema->name);
    }
    return OK;
}

Status note_reference(const Context *cx, Binder *binder, AstName *name, const TableVersion *relation) {
    RelationReferences *references = binder->references;
    if (references == NULL) {
        return OK;
    }
    RelationReference reference = {name, relation};
    TRY_APPEND(cx, binder->arena, references->items, references->capacity, references->count, reference);
    return OK;
}

static Status find_target_schema(const Context *cx, Snapshot *snapshot, const AstName *name, bool is_temporary,
                                 const char **schema_name) {
    if (name->count > 2) {
        return fail_unsupported(cx, name->pos, "a reference to another database");
    }
    if (is_temporary && name->count == 2 && strcmp(name->parts[0].text, TEMPORARY_SCHEMA) != 0) {
        return fail_at(cx, name->pos, INVALID_TABLE_DEFINITION, "cannot create temporary relation in non-temporary schema");
    }
    if (is_temporary || (name->count == 2 && strcmp(name->parts[0].text, TEMPORARY_SCHEMA) == 0)) {
        *schema_name = TEMPORARY_SCHEMA;
        return OK;
    }
    if (name->count == 1) {
        *schema_name = bind_current_schema(cx->settings, snapshot);
        return *schema_name != NULL ? OK : fail_at(cx, name->pos, UNDEFINED_SCHEMA, "no schema has been selected to create in");
    }
    const Namespace *found = snapshot_find_namespace(snapshot, name->parts[0].text);
    if (strcmp(name->parts[0].text, CATALOG_SCHEMA) == 0 || strcmp(name->parts[0].text, INFORMATION_SCHEMA) == 0) {
        return fail_at(cx, name->pos, INSUFFICIENT_PRIVILEGE, "permission denied to create \"%s.%s\"", name->parts[0].text,
                       name->parts[1].text);
    }
    if (found == NULL) {
        fail_at(cx, name->pos, UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name->parts[0].text);
        return fail_hint(cx, "CREATE SCHEMA %s makes it", name->parts[0].text);
    }
    *schema_name = found->name;
    return OK;
}

Status bind_target_schema(const Context *cx, Arena *arena, Snapshot *snapshot, const AstName *name, bool is_temporary,
                          const char **schema_name) {
    const char *found;
    TRY(find_target_schema(cx, snapshot, name, is_temporary, &found));
    *schema_name = arena_copy_text(cx, arena, found, strlen(found));
    return *schema_name == NULL ? OUT_OF_MEMORY : OK;
}
