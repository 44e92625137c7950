/* Removing what no version needs any more. A version is needed while it is the newest or its root manifest is locked by a
 * reader. Files that a commit dropped stand on the root's list of retired files with the versions that named them; so no
 * directory is listed per commit. Only after a writer that died is everything listed, once (cleanup_orphans). */
#include "storage/warehouse_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Removes the root manifest of a version unless a reader holds it. */
static Status remove_version(const Context *cx, FileSystem *files, uint64_t version, bool *is_gone) {
    char path[FILE_PATH_MAX];
    root_manifest_path(version, path);
    File *file;
    Status status = file_open(cx, files, path, FILE_UPDATE, &file);
    if (status == UNDEFINED_FILE) {
        *is_gone = true;
        return OK;
    }
    TRY(status);
    status = file_lock(cx, file, FILE_LOCK_EXCLUSIVE, is_gone);
    if (status == OK && *is_gone) {
        status = file_remove(cx, files, path);
    }
    file_close(file);
    return status;
}

/* Removes the directories above a file, from below, as long as they are empty; tables/ itself stays. */
static Status remove_empty_directories(const Context *cx, FileSystem *files, const char *file_path) {
    char path[FILE_PATH_MAX];
    snprintf(path, sizeof path, "%s", file_path);
    for (;;) {
        char *slash = strrchr(path, '/');
        if (slash == NULL) {
            return OK;
        }
        *slash = '\0';
        bool removed;
        if (strchr(path, '/') == NULL) {
            return OK;
        }
        TRY(file_remove_directory(cx, files, path, &removed));
        if (!removed) {
            return OK;
        }
    }
}

/* The files of a retired entry, its directories too if they are empty then. */
static Status cleanup_retired(const Context *cx, FileSystem *files, const Retired *retired) {
    if (retired->column_files == 0) {
        TRY(file_remove(cx, files, retired->path));
    }
    for (uint32_t i = 0; i < retired->column_files; i++) {
        char path[FILE_PATH_MAX + 16];
        snprintf(path, sizeof path, "%s.c%u", retired->path, i);
        TRY(file_remove(cx, files, path));
    }
    return remove_empty_directories(cx, files, retired->path);
}

static bool is_needed(const Root *root, const Retired *retired) {
    for (uint32_t i = 0; i < root->older_count; i++) {
        if (root->older[i] >= retired->created && root->older[i] < retired->dropped) {
            return true;
        }
    }
    return false;
}

Status cleanup_versions(const Context *cx, FileSystem *files, Root *root) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < root->older_count; i++) {
        bool is_gone;
        TRY(remove_version(cx, files, root->older[i], &is_gone));
        if (!is_gone) {
            root->older[kept++] = root->older[i];
        }
    }
    root->older_count = kept;
    kept = 0;
    for (uint32_t i = 0; i < root->retired_count; i++) {
        if (is_needed(root, &root->retired[i])) {
            root->retired[kept++] = root->retired[i];
        } else {
            TRY(cleanup_retired(cx, files, &root->retired[i]));
        }
    }
    root->retired_count = kept;
    return OK;
}

static Status remove_leftovers(const Context *cx, Warehouse *warehouse, Arena *arena) {
    uint64_t version;
    Root root;
    TRY(pointer_read(cx, warehouse->files, &version));
    TRY(root_read(cx, arena, warehouse->files, version, &root));
    TRY(cleanup_versions(cx, warehouse->files, &root));
    atomic_store(&warehouse->has_leftovers, root.older_count > 0);
    return OK;
}

void cleanup_leftovers(Warehouse *warehouse) {
    Error error = {0};
    Context cx = {.error = &error, .memory = &warehouse->memory};
    WriterLock lock;
    if (writer_lock_acquire(&cx, warehouse->files, 0, &lock) != OK) {
        return;
    }
    Arena arena;
    arena_init(&arena);
    Status ignored = lock.was_clean ? remove_leftovers(&cx, warehouse, &arena) : OK;
    (void)ignored; /* the next commit tries again */
    arena_free(&arena);
    writer_lock_release(&lock);
}

/* ------------------------------------------------------------------------------------------------------------------ orphans */

/* What the newest version and the pinned ones name. */
typedef struct Needed {
    Warehouse *warehouse;
    Arena arena;
    uint64_t *ids; /* of segments and delete maps; mem_alloc; ascending once complete */
    uint32_t id_count, id_capacity;
    RootTable *tables; /* mem_alloc */
    uint32_t table_count, table_capacity;
    uint64_t newest;
} Needed;

static Status need_id(const Context *cx, Needed *needed, uint64_t id) {
    TRY_MEM_APPEND(cx, needed->ids, needed->id_capacity, needed->id_count, id);
    return OK;
}

static Status need_table(const Context *cx, Needed *needed, Topology topology, const RootTable *named) {
    TRY_MEM_APPEND(cx, needed->tables, needed->table_capacity, needed->table_count, *named);
    TableState *state;
    TRY(table_load(cx, needed->warehouse, topology, named, &state));
    Status status = OK;
    for (uint32_t i = 0; status == OK && i < state->table.segment_count; i++) {
        const Segment *segment = &state->table.segments[i];
        status = need_id(cx, needed, segment->id);
        if (status == OK && segment->delete_map_id != 0) {
            status = need_id(cx, needed, segment->delete_map_id);
        }
    }
    table_state_release(state);
    return status;
}

static Status need_version(const Context *cx, Needed *needed, uint64_t version) {
    Root root;
    TRY(root_read(cx, &needed->arena, needed->warehouse->files, version, &root));
    for (uint32_t i = 0; i < root.table_count; i++) {
        TRY(need_table(cx, needed, root.topology, &root.tables[i]));
    }
    return OK;
}

/* Root manifests: the newest stays, a pinned one is needed, others go. */
static Status visit_root(const Context *cx, void *argument, const char *name, bool is_directory) {
    Needed *needed = argument;
    uint64_t version;
    if (is_directory || !root_manifest_name_parse(name, &version) || version == needed->newest) {
        return OK;
    }
    bool is_gone;
    TRY(remove_version(cx, needed->warehouse->files, version, &is_gone));
    return is_gone ? OK : need_version(cx, needed, version);
}

static Status visit_table_manifest(const Context *cx, void *argument, const char *name, bool is_directory) {
    Needed *needed = argument;
    uint64_t id, version;
    if (is_directory || !table_manifest_name_parse(name, &id, &version)) {
        return OK;
    }
    for (size_t i = 0; i < needed->table_count; i++) {
        if (needed->tables[i].id == id && needed->tables[i].version == version) {
            return OK;
        }
    }
    char path[FILE_PATH_MAX];
    table_manifest_path(id, version, path);
    return file_remove(cx, needed->warehouse->files, path);
}

static int compare_ids(const void *a_, const void *b_) {
    uint64_t a = *(const uint64_t *)a_, b = *(const uint64_t *)b_;
    return (a > b) - (a < b);
}

/* The id that decides whether a file of tables/ is needed: of its delete map or its segment. False: not one of ours. */
static bool segment_file_id(const char *name, uint64_t *id) {
    uint32_t slice;
    int stem = 0, end = 0;
    if (sscanf(name, "s%" SCNu32 "-%" SCNx64 "%n", &slice, id, &stem) != 2 || name[stem] != '.') {
        return false;
    }
    if (sscanf(name + stem, ".d%" SCNx64 "%n", id, &end) == 1) {
        return name[stem + end] == '\0';
    }
    return strncmp(name + stem, ".c", 2) == 0 || strcmp(name + stem, ".packed") == 0;
}

typedef struct TreeWalk {
    Needed *needed;
    const char *path;
} TreeWalk;

static Status visit_tree(const Context *cx, void *argument, const char *name, bool is_directory) {
    TreeWalk *walk = argument;
    FileSystem *files = walk->needed->warehouse->files;
    char path[FILE_PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", walk->path, name) >= FILE_PATH_MAX) {
        return OK; /* longer than any that we make */
    }
    if (is_directory) {
        TreeWalk below = {walk->needed, path};
        bool removed;
        TRY(file_list(cx, files, path, visit_tree, &below));
        return file_remove_directory(cx, files, path, &removed);
    }
    uint64_t id;
    bool is_ours = segment_file_id(name, &id);
    bool is_needed_file = is_ours && walk->needed->id_count > 0 &&
                          bsearch(&id, walk->needed->ids, walk->needed->id_count, sizeof id, compare_ids) != NULL;
    return is_ours && !is_needed_file ? file_remove(cx, files, path) : OK;
}

static Status remove_orphans(const Context *cx, Needed *needed) {
    FileSystem *files = needed->warehouse->files;
    TRY(pointer_read(cx, files, &needed->newest));
    TRY(need_version(cx, needed, needed->newest));
    TRY(file_list(cx, files, MANIFEST_DIRECTORY, visit_root, needed));
    TRY(file_list(cx, files, MANIFEST_DIRECTORY, visit_table_manifest, needed));
    if (needed->id_count > 0) {
        qsort(needed->ids, needed->id_count, sizeof *needed->ids, compare_ids);
    }
    TreeWalk walk = {needed, TABLES_DIRECTORY};
    TRY(file_list(cx, files, TABLES_DIRECTORY, visit_tree, &walk));
    return file_remove(cx, files, POINTER_FILE_NEW);
}

Status cleanup_orphans(const Context *cx, Warehouse *warehouse) {
    Needed needed = {.warehouse = warehouse};
    arena_init(&needed.arena);
    Status status = remove_orphans(cx, &needed);
    arena_free(&needed.arena);
    mem_free(needed.ids);
    mem_free(needed.tables);
    return status;
}
