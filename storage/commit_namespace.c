/* Schemas (namespaces) that a commit makes, drops and comments on: a list of the root manifest. */
#include "storage/commit_state.h"

static Namespace *find_namespace(const Commit *commit, const char *name) {
    for (uint32_t i = 0; i < commit->root.namespace_count; i++) {
        if (strcmp(commit->root.namespaces[i].name, name) == 0) {
            return &commit->root.namespaces[i];
        }
    }
    return NULL;
}

static Status fail_no_namespace(const Context *cx, const char *name) {
    return fail(cx, UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name);
}

/* A list of the commit's own with room for one more. */
static Status change_namespaces(const Context *cx, Commit *commit) {
    Root *root = &commit->root;
    Namespace *copy;
    TRY_NEW_ARRAY(cx, &commit->arena, copy, root->namespace_count + 1);
    if (root->namespace_count > 0) {
        memcpy(copy, root->namespaces, sizeof *copy * root->namespace_count);
    }
    root->namespaces = copy;
    commit->namespaces_changed = true;
    return OK;
}

static Status create_namespace(const Context *cx, Commit *commit, const char *name) {
    if (find_namespace(commit, name) != NULL) {
        return fail(cx, DUPLICATE_SCHEMA, "schema \"%s\" already exists", name);
    }
    TRY(change_namespaces(cx, commit));
    const char *copy = arena_copy_text(cx, &commit->arena, name, strlen(name));
    commit->root.namespaces[commit->root.namespace_count++] = (Namespace){.name = copy};
    return copy == NULL ? OUT_OF_MEMORY : OK;
}

static Status drop_namespace(const Context *cx, Commit *commit, const char *name) {
    if (find_namespace(commit, name) == NULL) {
        return fail_no_namespace(cx, name);
    }
    TRY(change_namespaces(cx, commit));
    Root *root = &commit->root;
    Namespace *dropped = find_namespace(commit, name), *end = root->namespaces + root->namespace_count--;
    memmove(dropped, dropped + 1, (size_t)(end - (dropped + 1)) * sizeof *dropped);
    return OK;
}

static Status comment_namespace(const Context *cx, Commit *commit, const char *name, const char *comment) {
    if (find_namespace(commit, name) == NULL) {
        return fail_no_namespace(cx, name);
    }
    TRY(change_namespaces(cx, commit));
    const char *copy = comment == NULL ? NULL : arena_copy_text(cx, &commit->arena, comment, strlen(comment));
    find_namespace(commit, name)->comment = copy;
    return comment != NULL && copy == NULL ? OUT_OF_MEMORY : OK;
}

Status commit_create_namespace(const Context *cx, Commit *commit, const char *name) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, create_namespace(&own, commit, name));
}

Status commit_drop_namespace(const Context *cx, Commit *commit, const char *name) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, drop_namespace(&own, commit, name));
}

Status commit_comment_namespace(const Context *cx, Commit *commit, const char *name, const char *comment) {
    Context own = commit_lock(cx, commit);
    return commit_unlock(commit, comment_namespace(&own, commit, name, comment));
}
