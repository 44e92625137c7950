/* How a commit reaches the disk:
 *   1. a manifest for each table that changed, the root manifest, the new pointer beside the old one
 *   2. all new files and the directories they stand in are synced
 *   3. the pointer is renamed, its directory synced: from here on the version is the newest
 *   4. what only unpinned older versions needed is removed
 * A crash before 3 leaves the old version and orphans, after it the new one and retired files. */
#include "storage/commit_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---------------------------------------------------------------------------------------------------------- new files */

static Status note_file(const Context *cx, Commit *commit, const char *path, uint64_t id, bool is_directory) {
    NewFile *file;
    TRY_NEW(cx, &commit->arena, file);
    file->path = arena_copy_text(cx, &commit->arena, path, strlen(path));
    if (file->path == NULL) {
        return OUT_OF_MEMORY;
    }
    file->id = id;
    file->is_directory = is_directory;
    file->next = commit->files;
    commit->files = file;
    return OK;
}

static Status note_sync_directory(const Context *cx, Commit *commit, const char *path) {
    for (const SyncDirectory *known = commit->directories; known != NULL; known = known->next) {
        if (strcmp(known->path, path) == 0) {
            return OK;
        }
    }
    SyncDirectory *directory;
    TRY_NEW(cx, &commit->arena, directory);
    directory->path = arena_copy_text(cx, &commit->arena, path, strlen(path));
    directory->next = commit->directories;
    commit->directories = directory;
    return directory->path != NULL ? OK : OUT_OF_MEMORY;
}

/* Makes a directory and those above it, below tables/. `path` is changed and restored on the way. */
static Status make_directories(const Context *cx, Commit *commit, char *path) {
    for (char *slash = strchr(path, '/'); slash != NULL;) {
        char *next = strchr(slash + 1, '/');
        if (next != NULL) {
            *next = '\0';
        }
        bool made;
        Status status = file_make_directory(cx, commit->warehouse->files, path, &made);
        if (status == OK && made) {
            status = note_file(cx, commit, path, 0, true);
            *slash = '\0';
            status = status == OK ? note_sync_directory(cx, commit, path) : status;
            *slash = '/';
        }
        if (next != NULL) {
            *next = '/';
        }
        TRY(status);
        slash = next;
    }
    return note_sync_directory(cx, commit, path);
}

static void segment_directory(const char *table_directory, const Partition *partition, char *path) {
    snprintf(path, FILE_PATH_MAX, "%s%s%s", table_directory, partition->directory[0] != '\0' ? "/" : "", partition->directory);
}

/* "<directory>/s<slice>-<id>": what the names of a segment's files start with; `path` holds the directory. */
static void append_stem(const Segment *segment, char *path) {
    size_t bytes = strlen(path);
    snprintf(path + bytes, FILE_PATH_MAX - bytes, "/s%" PRIu32 "-%" PRIx64, segment->slice, segment->id);
}

static void append_suffix(const Segment *segment, uint32_t which, char *path) {
    size_t bytes = strlen(path);
    if (which == SEGMENT_FILE_PACKED) {
        snprintf(path + bytes, FILE_PATH_MAX - bytes, ".packed");
    } else if (which == SEGMENT_FILE_DELETES) {
        snprintf(path + bytes, FILE_PATH_MAX - bytes, ".d%" PRIx64, segment->delete_map_id);
    } else {
        snprintf(path + bytes, FILE_PATH_MAX - bytes, ".c%" PRIu32, which);
    }
}

void segment_file_path(const TableVersion *table, const Segment *segment, uint32_t which, char *path) {
    segment_directory(table->directory, &table->partitions[segment->partition], path);
    append_stem(segment, path);
    append_suffix(segment, which, path);
}

static Status prepare_file(const Context *cx, Commit *commit, uint64_t table_id, const Segment *segment, uint32_t which,
                           char *path) {
    CommitTable *table;
    TRY(commit_touch_table(cx, commit, table_id, &table));
    CommitPartition *partition = &table->partitions[segment->partition];
    segment_directory(table->directory, partition->partition, path);
    if (!partition->has_directory) {
        TRY(make_directories(cx, commit, path));
        partition->has_directory = true;
    }
    append_stem(segment, path);
    append_suffix(segment, which, path);
    return note_file(cx, commit, path, which == SEGMENT_FILE_DELETES ? segment->delete_map_id : segment->id, false);
}

Status commit_create_file(const Context *cx, Commit *commit, uint64_t table_id, const Segment *segment, uint32_t which,
                          File **file) {
    char path[FILE_PATH_MAX];
    Context own = commit_lock(cx, commit);
    TRY(commit_unlock(commit, prepare_file(&own, commit, table_id, segment, which, path)));
    return file_open(&own, commit->warehouse->files, path, FILE_CREATE, file);
}

/* Newest first, so that a directory is empty when its turn comes. */
Status commit_remove_files(const Context *cx, Commit *commit) {
    FileSystem *files = commit->warehouse->files;
    for (const NewFile *file = commit->files; file != NULL; file = file->next) {
        bool removed;
        TRY(file->is_directory ? file_remove_directory(cx, files, file->path, &removed) : file_remove(cx, files, file->path));
    }
    commit->files = NULL;
    return OK;
}

static int compare_ids(const void *a_, const void *b_) {
    uint64_t a = *(const uint64_t *)a_, b = *(const uint64_t *)b_;
    return (a > b) - (a < b);
}

/* Ids of all segments and delete maps that the commit's tables name; mem_alloc, ascending. */
static Status used_ids(const Context *cx, const Commit *commit, uint64_t **ids_out, size_t *count) {
    size_t most = 0;
    for (const CommitTable *table = commit->tables; table != NULL; table = table->next) {
        most += 2 * (size_t)table->segment_count;
    }
    uint64_t *ids;
    TRY_ALLOC(cx, ids, sizeof *ids * (most + 1));
    *count = 0;
    for (const CommitTable *table = commit->tables; table != NULL; table = table->next) {
        for (uint32_t i = 0; i < table->segment_count; i++) {
            ids[(*count)++] = table->segments[i].id;
            ids[(*count)++] = table->segments[i].delete_map_id;
        }
    }
    if (*count > 1) {
        qsort(ids, *count, sizeof *ids, compare_ids);
    }
    *ids_out = ids;
    return OK;
}

Status commit_remove_unused_files(const Context *cx, Commit *commit) {
    uint64_t *ids;
    size_t count;
    TRY(used_ids(cx, commit, &ids, &count));
    Status status = OK;
    for (NewFile **at = &commit->files; *at != NULL && status == OK;) {
        NewFile *file = *at;
        if (file->id == 0 || (count > 0 && bsearch(&file->id, ids, count, sizeof *ids, compare_ids) != NULL)) {
            at = &file->next;
            continue;
        }
        status = file_remove(cx, commit->warehouse->files, file->path);
        if (status == OK) {
            *at = file->next;
        }
    }
    mem_free(ids);
    return status;
}

/* ------------------------------------------------------------------------------------------------------- building versions */

static int compare_segments(const void *a_, const void *b_) {
    const Segment *a = a_, *b = b_;
    if (a->slice != b->slice) {
        return a->slice < b->slice ? -1 : 1;
    }
    return (a->id > b->id) - (a->id < b->id);
}

/* Partitions, and the new number of each; a final version leaves out those without segments. */
static Status build_partitions(const Context *cx, const CommitTable *table, bool is_final, TableState *state,
                               uint32_t *numbers) {
    bool keeps_empty = !is_final || table->schema->partition_key_count == 0;
    for (uint32_t i = 0; i < table->partition_count; i++) {
        numbers[i] = keeps_empty ? 1 : 0;
    }
    for (uint32_t i = 0; i < table->segment_count; i++) {
        numbers[table->segments[i].partition] = 1;
    }
    Partition *partitions;
    TRY_NEW_ARRAY(cx, &state->arena, partitions, table->partition_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < table->partition_count; i++) {
        if (numbers[i] != 0) {
            TRY(partition_copy(cx, &state->arena, table->partitions[i].partition, &partitions[count]));
            numbers[i] = count++;
        }
    }
    state->table.partitions = partitions;
    state->table.partition_count = count;
    return OK;
}

static Status build_segments(const Context *cx, const CommitTable *table, const uint32_t *numbers, TableState *state) {
    Segment *segments;
    TRY_NEW_ARRAY(cx, &state->arena, segments, table->segment_count);
    for (uint32_t i = 0; i < table->segment_count; i++) {
        TRY(segment_copy(cx, &state->arena, table->schema->column_count, &table->segments[i], &segments[i]));
        segments[i].partition = numbers[table->segments[i].partition];
    }
    if (table->segment_count > 1) {
        qsort(segments, table->segment_count, sizeof *segments, compare_segments);
    }
    state->table.segments = segments;
    state->table.segment_count = table->segment_count;
    return OK;
}

static Status build_sketches(const Context *cx, const CommitTable *table, TableState *state) {
    uint32_t columns = table->schema->column_count;
    TRY_NEW_ARRAY(cx, &state->arena, state->sketches, columns);
    for (uint32_t i = 0; i < columns; i++) {
        const uint8_t *before = table->base != NULL && !table->has_new_columns ? table->base->sketches[i] : NULL,
                      *added = table->sketches[i];
        if (before != NULL || added != NULL) {
            uint8_t *sketch;
            TRY_NEW_ARRAY(cx, &state->arena, sketch, HLL_BYTES);
            if (before != NULL) {
                hll_merge(sketch, before);
            }
            if (added != NULL) {
                hll_merge(sketch, added);
            }
            state->sketches[i] = sketch;
        }
    }
    return OK;
}

static Status fill_table_state(const Context *cx, const Commit *commit, const CommitTable *table, bool is_final,
                               TableState *state) {
    TableVersion *version = &state->table;
    state->topology = commit->root.topology;
    state->warehouse = commit->warehouse;
    version->id = table->id;
    version->version = commit->base->version + 1;
    version->dist_style = table->dist_style;
    version->dist_is_open = table->dist_is_open;
    TableSchema *schema;
    TRY(schema_copy(cx, &state->arena, table->schema, &schema));
    version->schema = schema;
    version->directory = arena_copy_text(cx, &state->arena, table->directory, strlen(table->directory));
    uint32_t *numbers;
    TRY_NEW_ARRAY(cx, &state->arena, numbers, table->partition_count);
    if (version->directory == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY(build_partitions(cx, table, is_final, state, numbers));
    TRY(build_segments(cx, table, numbers, state));
    TRY(build_sketches(cx, table, state));
    state->sample = table_sample_retain(table->sample);
    version->sample = (SampleInfo){.rows_are_faked = table->rows_are_faked, .faked_rows = table->faked_rows};
    return table_state_summarize(cx, state);
}

/* The state is kept on the commit's list. */
static Status build_table(const Context *cx, Commit *commit, const CommitTable *table, bool is_final, TableState **state) {
    CommitView *view;
    TRY_NEW(cx, &commit->arena, view);
    TRY(table_state_create(cx, &view->state));
    view->next = commit->views;
    commit->views = view;
    *state = view->state;
    return fill_table_state(cx, commit, table, is_final, *state);
}

Status commit_table_view(const Context *cx, Commit *commit, uint64_t table_id, TableState **state) {
    CommitTable *table;
    TRY(commit_touch_table(cx, commit, table_id, &table));
    if (!table->is_changed) {
        *state = table->base;
        return OK;
    }
    if (table->view == NULL) {
        TRY(build_table(cx, commit, table, false, state));
        table->view = *state;
    }
    *state = table->view;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------ what is retired */

typedef struct Finish {
    Commit *commit;
    Root root; /* the new one; in the commit's arena */
    uint32_t retired_capacity;
    uint32_t state_count;
    TableState **states; /* of all tables of the new version; borrowed */
} Finish;

static Status retire(const Context *cx, Finish *finish, uint64_t created, const char *path, uint32_t column_files) {
    Root *root = &finish->root;
    Arena *arena = &finish->commit->arena;
    const char *copy = arena_copy_text(cx, arena, path, strlen(path));
    if (copy == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY_APPEND(cx, arena, root->retired, finish->retired_capacity, root->retired_count,
               (Retired){.created = created, .dropped = root->version, .path = copy, .column_files = column_files});
    return OK;
}

static Status retire_delete_map(const Context *cx, Finish *finish, const TableVersion *table, const Segment *segment) {
    char path[FILE_PATH_MAX];
    segment_file_path(table, segment, SEGMENT_FILE_DELETES, path);
    return retire(cx, finish, segment->version, path, 0);
}

static Status retire_segment(const Context *cx, Finish *finish, const TableVersion *table, const Segment *segment) {
    char path[FILE_PATH_MAX];
    if (segment->delete_map_id != 0) {
        TRY(retire_delete_map(cx, finish, table, segment));
    }
    if (segment->is_packed) {
        segment_file_path(table, segment, SEGMENT_FILE_PACKED, path);
        return retire(cx, finish, segment->version, path, 0);
    }
    segment_directory(table->directory, &table->partitions[segment->partition], path);
    append_stem(segment, path);
    return retire(cx, finish, segment->version, path, table->schema->column_count);
}

static Status retire_table_manifest(const Context *cx, Finish *finish, const TableVersion *table) {
    char path[FILE_PATH_MAX];
    table_manifest_path(table->id, table->version, path);
    return retire(cx, finish, table->version, path, 0);
}

/* What the base version of a table names and the new one does not. Both lists are ordered by slice and id. */
static Status retire_difference(const Context *cx, Finish *finish, const TableVersion *before, const TableVersion *after) {
    TRY(retire_table_manifest(cx, finish, before));
    for (uint32_t i = 0; i < before->segment_count; i++) {
        const Segment *segment = &before->segments[i];
        const Segment *kept = after != NULL && after->segment_count > 0
                                  ? bsearch(segment, after->segments, after->segment_count, sizeof *kept, compare_segments)
                                  : NULL;
        if (kept == NULL) {
            TRY(retire_segment(cx, finish, before, segment));
        } else if (segment->delete_map_id != 0 && kept->delete_map_id != segment->delete_map_id) {
            TRY(retire_delete_map(cx, finish, before, segment));
        }
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------- writing it down */

static Status write_new(const Context *cx, Commit *commit, const char *path, const void *data, size_t bytes) {
    TRY(note_file(cx, commit, path, 0, false));
    File *file;
    TRY(file_open(cx, commit->warehouse->files, path, FILE_CREATE, &file));
    Status status = file_append(cx, file, data, bytes);
    if (status == OK) {
        status = file_flush(cx, file);
    }
    file_close(file);
    return status;
}

static Status write_table(const Context *cx, Commit *commit, TableState *state) {
    char path[FILE_PATH_MAX];
    table_manifest_path(state->table.id, state->table.version, path);
    ByteWriter writer;
    Status status = table_manifest_encode(cx, state, &writer, &state->checksum);
    if (status == OK) {
        status = write_new(cx, commit, path, writer.data, writer.bytes);
    }
    mem_free(writer.data);
    return status;
}

static Status write_root(const Context *cx, Finish *finish) {
    char path[FILE_PATH_MAX], pointer[POINTER_BYTES_MAX];
    root_manifest_path(finish->root.version, path);
    ByteWriter writer;
    Status status = root_manifest_encode(cx, &finish->root, &writer);
    if (status == OK) {
        status = write_new(cx, finish->commit, path, writer.data, writer.bytes);
    }
    mem_free(writer.data);
    TRY(status);
    return write_new(cx, finish->commit, POINTER_FILE_NEW, pointer, pointer_encode(finish->root.version, pointer));
}

static void add_state(Finish *finish, TableState *state) {
    finish->states[finish->state_count++] = state;
    finish->root.tables[finish->root.table_count++] =
        (RootTable){.id = state->table.id, .version = state->table.version, .checksum = state->checksum};
}

static Status write_tables(const Context *cx, Finish *finish) {
    Commit *commit = finish->commit;
    for (uint32_t i = 0; i < commit->base->table_count; i++) {
        TableState *state = commit->base->tables[i];
        CommitTable *touched = commit_touched_table(commit, state->table.id);
        if (touched == NULL || !touched->is_changed) {
            add_state(finish, state);
        }
    }
    for (CommitTable *table = commit->tables; table != NULL; table = table->next) {
        TableState *state = NULL;
        if (!table->is_changed) {
            continue;
        }
        if (!table->is_dropped) {
            TRY(build_table(cx, commit, table, true, &state));
            TRY(write_table(cx, commit, state));
            add_state(finish, state);
        }
        if (table->base != NULL) {
            TRY(retire_difference(cx, finish, &table->base->table, state != NULL ? &state->table : NULL));
        }
    }
    return OK;
}

/* The new root: the base's lists, with the base itself among the older versions. */
static Status begin_root(const Context *cx, Finish *finish) {
    Commit *commit = finish->commit;
    Root *root = &finish->root;
    uint32_t tables = commit->base->table_count;
    for (CommitTable *table = commit->tables; table != NULL; table = table->next) {
        tables++;
    }
    *root = commit->root;
    root->version++;
    root->table_count = 0;
    TRY_NEW_ARRAY(cx, &commit->arena, root->tables, tables);
    TRY_NEW_ARRAY(cx, &commit->arena, finish->states, tables);
    TRY_NEW_ARRAY(cx, &commit->arena, root->older, commit->root.older_count + 1);
    if (commit->root.older_count > 0) {
        memcpy(root->older, commit->root.older, commit->root.older_count * sizeof *root->older);
    }
    root->older[root->older_count++] = commit->base->version;
    finish->retired_capacity = root->retired_count;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ syncing */

typedef struct SyncItem {
    const char *path;
    bool is_directory;
} SyncItem;

typedef struct SyncList {
    const Context *cx; /* of the caller: shared parts only */
    FileSystem *files;
    SyncItem *items;
    uint32_t count;
    pthread_mutex_t mutex; /* guards what follows */
    Status status;
    Error error; /* the first */
} SyncList;

static void sync_item(void *argument, uint32_t i) {
    SyncList *list = argument;
    const SyncItem *item = &list->items[i];
    Error error = {0};
    Context cx = *list->cx;
    cx.error = &error;
    Status status =
        item->is_directory ? file_sync_directory(&cx, list->files, item->path) : file_sync_path(&cx, list->files, item->path);
    if (status != OK) {
        pthread_mutex_lock(&list->mutex);
        if (list->status == OK) {
            list->status = status;
            list->error = error;
        }
        pthread_mutex_unlock(&list->mutex);
    }
}

static Status collect_items(const Context *cx, Commit *commit, SyncList *list) {
    uint32_t most = 1;
    for (const NewFile *file = commit->files; file != NULL; file = file->next) {
        most++;
    }
    for (const SyncDirectory *directory = commit->directories; directory != NULL; directory = directory->next) {
        most++;
    }
    TRY_NEW_ARRAY(cx, &commit->arena, list->items, most);
    for (const NewFile *file = commit->files; file != NULL; file = file->next) {
        if (!file->is_directory) {
            list->items[list->count++] = (SyncItem){file->path, false};
        }
    }
    for (const SyncDirectory *directory = commit->directories; directory != NULL; directory = directory->next) {
        list->items[list->count++] = (SyncItem){directory->path, true};
    }
    list->items[list->count++] = (SyncItem){MANIFEST_DIRECTORY, true};
    return OK;
}

static Status sync_all(const Context *cx, Commit *commit) {
    SyncList list = {.cx = cx, .files = commit->warehouse->files};
    TRY(collect_items(cx, commit, &list));
    pthread_mutex_init(&list.mutex, NULL);
    if (commit->pool != NULL) {
        workers_for_each(commit->pool, commit->threads, list.count, sync_item, &list);
    } else {
        for (uint32_t i = 0; i < list.count && list.status == OK; i++) {
            sync_item(&list, i);
        }
    }
    pthread_mutex_destroy(&list.mutex);
    if (list.status != OK) {
        *cx->error = list.error;
    }
    return list.status;
}

/* ---------------------------------------------------------------------------------------------------------------- the rename
 */

static bool is_anything_changed(const Commit *commit) {
    if (commit->namespaces_changed || commit->is_resized) {
        return true;
    }
    for (const CommitTable *table = commit->tables; table != NULL; table = table->next) {
        if (table->is_changed && !(table->is_dropped && table->base == NULL)) {
            return true;
        }
    }
    return false;
}

/* After the rename: the base is let go, what it alone needed is removed. What fails here is left to the next writer. */
static void clean_after(const Context *cx, Finish *finish) {
    Commit *commit = finish->commit;
    snapshot_release(commit->base);
    commit->base = NULL;
    Status status = cleanup_versions(cx, commit->warehouse->files, &finish->root);
    atomic_store(&commit->warehouse->has_leftovers, finish->root.older_count > 0);
    if (status != OK || writer_lock_mark(cx, &commit->lock, WRITER_DONE) != OK) {
        error_clear(cx->error);
    }
}

static Status prepare(const Context *cx, Finish *finish) {
    TRY(commit_remove_unused_files(cx, finish->commit));
    TRY(begin_root(cx, finish));
    TRY(write_tables(cx, finish));
    finish->root.next_id = finish->commit->lock.next_id;
    TRY(write_root(cx, finish));
    return sync_all(cx, finish->commit);
}

static Status publish(const Context *cx, Finish *finish) {
    Warehouse *warehouse = finish->commit->warehouse;
    pthread_mutex_lock(&warehouse->mutex);
    Status status = warehouse_remember_tables(cx, warehouse, finish->states, finish->state_count);
    pthread_mutex_unlock(&warehouse->mutex);
    return status;
}

static Status finish_changed(const Context *cx, Commit *commit) {
    Finish finish = {.commit = commit};
    FileSystem *files = commit->warehouse->files;
    Status status = prepare(cx, &finish);
    if (status == OK) {
        status = file_rename(cx, files, POINTER_FILE_NEW, POINTER_FILE);
    }
    if (status != OK) {
        commit_abort(commit);
        return status;
    }
    status = file_sync_directory(cx, files, "");
    if (status != OK) { /* the version stands, but may not outlive a power cut: nothing old is removed */
        commit_free(commit);
        return status;
    }
    if (publish(cx, &finish) != OK) {
        error_clear(cx->error); /* the next snapshot reads the manifests instead */
    }
    clean_after(cx, &finish);
    commit_free(commit);
    return OK;
}

Status commit_finish(const Context *cx, Commit *commit) {
    Context own = warehouse_context(cx, commit->warehouse);
    if (!is_anything_changed(commit)) {
        commit_abort(commit);
        return OK;
    }
    return finish_changed(&own, commit);
}
