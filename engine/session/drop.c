/* DROP TABLE, VIEW, SCHEMA: what is named, and with CASCADE what depends on it: views on relations, foreign keys on tables,
 * relations on their schema. RESTRICT, the default, refuses if anything that is not named depends on what is (2BP01). */
#include "bind/bind.h"
#include "core/notice.h"
#include "session/session.h"

#include <stdio.h>
#include <string.h>

/* Why a relation of the snapshot goes. */
typedef enum Fate { STAYS, IS_NAMED, IS_DRAGGED } Fate;

typedef struct Dropping {
    const AstDrop *ast;
    Snapshot *snapshot;
    Commit *commit;
    Arena *arena;
    Fate *fates; /* by number in the snapshot */
    uint32_t dragged;
    const char *first;   /* the first that depends: "view v depends on table t" */
    const char *dropped; /* what it depends on, for the message: "table t" */
} Dropping;

static const char *kind_name(const TableSchema *schema) {
    return schema->kind == RELATION_VIEW ? "view" : "table";
}

/* As it is called under the search path: with its schema unless a bare name means it. */
static const char *shown_name(const Context *cx, const Dropping *dropping, const TableSchema *schema) {
    const char *current = bind_current_schema(cx->settings, dropping->snapshot);
    bool is_near =
        (current != NULL && strcmp(current, schema->schema_name) == 0) || strcmp(schema->schema_name, TEMPORARY_SCHEMA) == 0;
    return is_near ? schema->name : arena_format(cx, dropping->arena, "%s.%s", schema->schema_name, schema->name);
}

/* Remembers the first dependency for the error, tells of each with CASCADE. */
static Status note_dependent(const Context *cx, Dropping *dropping, const char *dependent, const char *on) {
    if (dependent == NULL || on == NULL) {
        return OUT_OF_MEMORY;
    }
    if (dropping->dragged++ == 0) {
        dropping->first = arena_format(cx, dropping->arena, "%s depends on %s", dependent, on);
        dropping->dropped = on;
    }
    if (dropping->ast->cascade) {
        notice(cx, "drop cascades to %s", dependent);
    }
    return OK;
}

static uint32_t number_of(const Dropping *dropping, const TableVersion *relation) {
    for (uint32_t i = 0; i < snapshot_table_count(dropping->snapshot); i++) {
        if (snapshot_table(dropping->snapshot, i)->id == relation->id) {
            return i;
        }
    }
    return UINT32_MAX;
}

/* ---------------------------------------------------------------------------------------------------------------- what is
 * named */

static Status name_relation(const Context *cx, Dropping *dropping, const AstName *name) {
    const TableVersion *relation;
    bool wants_view = dropping->ast->object == AST_OBJECT_VIEW;
    const char *what = wants_view ? "view" : "table";
    TRY(bind_relation_if_exists(cx, dropping->snapshot, name, &relation));
    if (relation == NULL && !dropping->ast->if_exists) {
        return bind_missing_relation(cx, dropping->snapshot, name, what);
    }
    if (relation == NULL) {
        notice(cx, "%s \"%s\" does not exist, skipping", what, name->parts[name->count - 1].text);
        return OK;
    }
    if ((relation->schema->kind == RELATION_VIEW) != wants_view) {
        fail_at(cx, name->pos, WRONG_OBJECT_TYPE, "\"%s\" is not a %s", relation->schema->name, what);
        return fail_hint(cx, wants_view ? "DROP TABLE removes a table" : "DROP VIEW removes a view");
    }
    dropping->fates[number_of(dropping, relation)] = IS_NAMED;
    return OK;
}

/* A schema takes what stands in it along, if it may. */
static Status name_schema(const Context *cx, Dropping *dropping, const AstName *name) {
    const char *text = name->parts[0].text;
    if (name->count > 1) {
        return fail_unsupported(cx, name->pos, "a reference to another database");
    }
    if (strcmp(text, "pg_catalog") == 0 || strcmp(text, "information_schema") == 0 || strcmp(text, TEMPORARY_SCHEMA) == 0) {
        return fail_at(cx, name->pos, DEPENDENT_OBJECTS, "cannot drop schema %s because it is required by the database system",
                       text);
    }
    if (snapshot_find_namespace(dropping->snapshot, text) == NULL) {
        if (dropping->ast->if_exists) {
            notice(cx, "schema \"%s\" does not exist, skipping", text);
            return OK;
        }
        return fail_at(cx, name->pos, UNDEFINED_SCHEMA, "schema \"%s\" does not exist", text);
    }
    for (uint32_t i = 0; i < snapshot_table_count(dropping->snapshot); i++) {
        const TableSchema *schema = snapshot_table(dropping->snapshot, i)->schema;
        if (strcmp(schema->schema_name, text) == 0 && dropping->fates[i] == STAYS) {
            dropping->fates[i] = IS_DRAGGED;
            TRY(note_dependent(cx, dropping,
                               arena_format(cx, dropping->arena, "%s %s", kind_name(schema), shown_name(cx, dropping, schema)),
                               arena_format(cx, dropping->arena, "schema %s", text)));
        }
    }
    return commit_drop_namespace(cx, dropping->commit, text);
}

/* -------------------------------------------------------------------------------------------------------------- what depends
 */

/* The dropped relation that a view's query names, or NULL. */
static const TableSchema *dropped_below(const Dropping *dropping, const TableSchema *view) {
    for (uint32_t i = 0; i < view->dependency_count; i++) {
        const TableVersion *used = snapshot_find_table_by_id(dropping->snapshot, view->dependencies[i]);
        if (used != NULL && dropping->fates[number_of(dropping, used)] != STAYS) {
            return used->schema;
        }
    }
    return NULL;
}

/* Views on what goes go, too, until nothing changes. */
static Status drag_views(const Context *cx, Dropping *dropping) {
    bool is_changed = true;
    while (is_changed) {
        is_changed = false;
        for (uint32_t i = 0; i < snapshot_table_count(dropping->snapshot); i++) {
            const TableSchema *schema = snapshot_table(dropping->snapshot, i)->schema;
            const TableSchema *below = dropping->fates[i] == STAYS ? dropped_below(dropping, schema) : NULL;
            if (below != NULL) {
                dropping->fates[i] = IS_DRAGGED;
                is_changed = true;
                TRY(note_dependent(
                    cx, dropping, arena_format(cx, dropping->arena, "view %s", shown_name(cx, dropping, schema)),
                    arena_format(cx, dropping->arena, "%s %s", kind_name(below), shown_name(cx, dropping, below))));
            }
        }
    }
    return OK;
}

static const TableSchema *dropped_target(const Dropping *dropping, const KeyConstraint *key) {
    const TableVersion *target =
        key->kind == KEY_FOREIGN ? snapshot_find_table(dropping->snapshot, key->target_schema, key->target_table) : NULL;
    bool is_dropped = target != NULL && dropping->fates[number_of(dropping, target)] != STAYS;
    return is_dropped ? target->schema : NULL;
}

/* A table that stays loses its foreign keys to tables that go. */
static Status drop_references(const Context *cx, Dropping *dropping, const TableVersion *table) {
    TableSchema schema = *table->schema;
    KeyConstraint *kept;
    TRY_NEW_ARRAY(cx, dropping->arena, kept, schema.key_count);
    schema.key_count = 0;
    for (uint32_t i = 0; i < table->schema->key_count; i++) {
        const KeyConstraint *key = &table->schema->keys[i];
        const TableSchema *target = dropped_target(dropping, key);
        if (target == NULL) {
            kept[schema.key_count++] = *key;
            continue;
        }
        TRY(note_dependent(
            cx, dropping,
            arena_format(cx, dropping->arena, "constraint %s on table %s", key->name, shown_name(cx, dropping, &schema)),
            arena_format(cx, dropping->arena, "table %s", shown_name(cx, dropping, target))));
    }
    schema.keys = kept;
    bool is_changed = schema.key_count != table->schema->key_count && dropping->ast->cascade;
    return is_changed ? commit_redefine_table(cx, dropping->commit, table->id, &schema) : OK;
}

/* -------------------------------------------------------------------------------------------------------------- the statement
 */

static Status fail_dependent(const Context *cx, const Dropping *dropping) {
    const AstNameList *names = &dropping->ast->names;
    if (names->count > 1) {
        fail_at(cx, names->items[0]->pos, DEPENDENT_OBJECTS,
                "cannot drop desired object(s) because other objects depend on them");
    } else {
        fail_at(cx, names->items[0]->pos, DEPENDENT_OBJECTS, "cannot drop %s because other objects depend on it",
                dropping->dropped);
    }
    return fail_hint(cx, "%s; DROP … CASCADE drops the dependent objects, too", dropping->first);
}

/* What goes stands in the warehouse or among the session's own relations: one statement changes one of them. */
static Status check_one_side(const Context *cx, const Dropping *dropping) {
    for (uint32_t i = 0; i < snapshot_table_count(dropping->snapshot); i++) {
        const TableVersion *relation = snapshot_table(dropping->snapshot, i);
        if (dropping->fates[i] != STAYS && table_warehouse(relation) != commit_warehouse(dropping->commit)) {
            fail_unsupported(cx, dropping->ast->names.items[0]->pos, "dropping a temporary relation together with others");
            return fail_hint(cx, "DROP %s %s first", relation->schema->kind == RELATION_VIEW ? "VIEW" : "TABLE",
                             relation->schema->name);
        }
    }
    return OK;
}

static Status drop_all(const Context *cx, Dropping *dropping) {
    uint32_t count = snapshot_table_count(dropping->snapshot);
    for (uint32_t i = 0; i < dropping->ast->names.count; i++) {
        const AstName *name = dropping->ast->names.items[i];
        TRY(dropping->ast->object == AST_OBJECT_SCHEMA ? name_schema(cx, dropping, name) : name_relation(cx, dropping, name));
    }
    TRY(drag_views(cx, dropping));
    for (uint32_t i = 0; i < count; i++) {
        if (dropping->fates[i] == STAYS) {
            TRY(drop_references(cx, dropping, snapshot_table(dropping->snapshot, i)));
        }
    }
    if (dropping->dragged > 0 && !dropping->ast->cascade) {
        return fail_dependent(cx, dropping);
    }
    TRY(check_one_side(cx, dropping));
    for (uint32_t i = 0; i < count; i++) {
        const TableSchema *schema = snapshot_table(dropping->snapshot, i)->schema;
        if (dropping->fates[i] != STAYS) {
            TRY(commit_drop_table(cx, dropping->commit, schema->schema_name, schema->name));
        }
    }
    return OK;
}

Status run_drop(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    Dropping dropping = {.ast = statement->ast->drop, .snapshot = run->snapshot, .commit = run->commit, .arena = &run->arena};
    TRY_NEW_ARRAY(cx, &run->arena, dropping.fates, snapshot_table_count(run->snapshot));
    return drop_all(cx, &dropping);
}
