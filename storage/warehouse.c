/* Opening, creating and reading a warehouse. Several opens of one directory, in one process or in many, are independent:
 * all coordination is by locks of open files, which hold between threads as between processes.
 *
 * A reader pins a version: it opens the root manifest that CURRENT names, locks it shared, and starts over if it was removed in
 * between. From then on nothing that the version names is removed, for a writer removes only what it could lock. */
#include "storage/warehouse_state.h"

#include <stdio.h>
#include <time.h>

#define PIN_TRIES 1000

/* ------------------------------------------------------------------------------------------------------------------ reading */

Status pointer_read(const Context *cx, FileSystem *files, uint64_t *version) {
    File *file;
    TRY(file_open(cx, files, POINTER_FILE, FILE_READ, &file));
    char text[POINTER_BYTES_MAX];
    size_t bytes;
    Status status = file_read_some(cx, file, 0, text, sizeof text, &bytes);
    file_close(file);
    TRY(status);
    return pointer_decode(cx, text, bytes, version);
}

static Status fail_names_other(const Context *cx, const char *path) {
    return fail(cx, DATA_CORRUPTED, "manifest \"%s\" is not the one that belongs there", path);
}

Status root_read(const Context *cx, Arena *arena, FileSystem *files, uint64_t version, Root *root) {
    char path[FILE_PATH_MAX];
    root_manifest_path(version, path);
    uint8_t *data;
    size_t bytes;
    TRY(file_read_all(cx, files, path, MANIFEST_BYTES_MAX, &data, &bytes));
    Status status = root_manifest_decode(cx, arena, path, data, bytes, root);
    mem_free(data);
    TRY(status);
    return root->version == version ? OK : fail_names_other(cx, path);
}

static Status check_table(const Context *cx, const char *path, const RootTable *named, const TableState *state) {
    const TableVersion *table = &state->table;
    uint32_t slices = state->topology.nodes * state->topology.slices_per_node;
    if (table->id != named->id || table->version != named->version || state->checksum != named->checksum) {
        return fail_names_other(cx, path);
    }
    for (uint32_t i = 0; i < table->segment_count; i++) {
        const Segment *segment = &table->segments[i];
        bool has_live = segment->delete_map_id == 0 ? segment->deleted_rows == 0
                                                    : segment->deleted_rows > 0 && segment->deleted_rows < segment->rows;
        if (segment->slice >= slices || segment->rows > UINT32_MAX || !has_live) {
            return fail(cx, DATA_CORRUPTED, "manifest \"%s\": segment %llu makes no sense", path,
                        (unsigned long long)table->segments[i].id);
        }
    }
    return OK;
}

static Status load_into(const Context *cx, Warehouse *warehouse, Topology topology, const RootTable *named, TableState *state) {
    char path[FILE_PATH_MAX];
    table_manifest_path(named->id, named->version, path);
    uint8_t *data;
    size_t bytes;
    Status status = file_read_all(cx, warehouse->files, path, MANIFEST_BYTES_MAX, &data, &bytes);
    if (status == UNDEFINED_FILE) {
        return fail(cx, DATA_CORRUPTED, "manifest \"%s\", which the root manifest names, is missing", path);
    }
    TRY(status);
    state->topology = topology;
    state->warehouse = warehouse;
    status = table_manifest_decode(cx, path, data, bytes, state);
    mem_free(data);
    TRY(status);
    return check_table(cx, path, named, state);
}

Status table_load(const Context *cx, Warehouse *warehouse, Topology topology, const RootTable *named, TableState **state) {
    TRY(table_state_create(cx, state));
    Status status = load_into(cx, warehouse, topology, named, *state);
    if (status != OK) {
        table_state_release(*state);
    }
    return status;
}

static TableState *remembered(Warehouse *warehouse, const RootTable *named) {
    for (uint32_t i = 0; i < warehouse->table_count; i++) {
        TableState *state = warehouse->tables[i];
        if (state->table.id == named->id && state->table.version == named->version && state->checksum == named->checksum) {
            return state;
        }
    }
    return NULL;
}

static void release_tables(TableState **tables, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        table_state_release(tables[i]);
    }
    mem_free(tables);
}

Status warehouse_remember_tables(const Context *cx, Warehouse *warehouse, TableState *const *tables, uint32_t count) {
    TableState **copy;
    TRY_ALLOC(cx, copy, count * sizeof *copy);
    for (uint32_t i = 0; i < count; i++) {
        copy[i] = table_state_retain(tables[i]);
    }
    release_tables(warehouse->tables, warehouse->table_count);
    warehouse->tables = copy;
    warehouse->table_count = count;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- snapshots */

/* *pin stays NULL if the version went away: the pointer must be read again. */
static Status pin_version(const Context *cx, FileSystem *files, uint64_t version, File **pin) {
    char path[FILE_PATH_MAX];
    root_manifest_path(version, path);
    *pin = NULL;
    File *file;
    Status status = file_open(cx, files, path, FILE_READ, &file);
    if (status == UNDEFINED_FILE) {
        return OK;
    }
    TRY(status);
    bool acquired = false, unlinked = false;
    status = file_lock(cx, file, FILE_LOCK_SHARED, &acquired);
    if (status == OK && acquired) {
        status = file_is_unlinked(cx, file, &unlinked);
    }
    if (status != OK || !acquired || unlinked) {
        file_close(file);
        return status;
    }
    *pin = file;
    return OK;
}

static Status pin_newest(const Context *cx, FileSystem *files, uint64_t *version, File **pin) {
    for (uint32_t i = 0; i < PIN_TRIES; i++) {
        TRY(pin_version(cx, files, *version, pin));
        if (*pin != NULL) {
            return OK;
        }
        TRY(check_cancel(cx));
        nanosleep(&(struct timespec){.tv_nsec = i < 10 ? 0 : 1000000}, NULL);
        TRY(pointer_read(cx, files, version));
    }
    char path[FILE_PATH_MAX];
    root_manifest_path(*version, path);
    return fail(cx, DATA_CORRUPTED, "manifest \"%s\", which \"" POINTER_FILE "\" names, is missing or stays locked", path);
}

static Status load_tables(const Context *cx, Snapshot *snapshot, const Root *root) {
    Warehouse *warehouse = snapshot->warehouse;
    TRY_ALLOC_ZEROED(cx, snapshot->tables, root->table_count * sizeof *snapshot->tables);
    for (uint32_t i = 0; i < root->table_count; i++) {
        TableState *known = remembered(warehouse, &root->tables[i]);
        if (known != NULL) {
            snapshot->tables[i] = table_state_retain(known);
        } else {
            TRY(table_load(cx, warehouse, root->topology, &root->tables[i], &snapshot->tables[i]));
        }
        snapshot->table_count++;
    }
    return warehouse_remember_tables(cx, warehouse, snapshot->tables, snapshot->table_count);
}

Status namespaces_copy(const Context *cx, Arena *arena, const Namespace *from, uint32_t count, Namespace **to) {
    TRY_NEW_ARRAY(cx, arena, *to, count);
    for (uint32_t i = 0; i < count; i++) {
        const char *comment = from[i].comment;
        (*to)[i].name = arena_copy_text(cx, arena, from[i].name, strlen(from[i].name));
        (*to)[i].comment = comment == NULL ? NULL : arena_copy_text(cx, arena, comment, strlen(comment));
        if ((*to)[i].name == NULL || (comment != NULL && (*to)[i].comment == NULL)) {
            return OUT_OF_MEMORY;
        }
    }
    return OK;
}

static Status fill_snapshot(const Context *cx, Snapshot *snapshot) {
    Warehouse *warehouse = snapshot->warehouse;
    TRY(pin_newest(cx, warehouse->files, &snapshot->version, &snapshot->pin));
    Arena arena;
    arena_init(&arena);
    Root root = {0};
    Status status = root_read(cx, &arena, warehouse->files, snapshot->version, &root);
    if (status == OK) {
        warehouse->topology = snapshot->topology = root.topology;
        status = load_tables(cx, snapshot, &root);
    }
    if (status == OK) {
        snapshot->namespace_count = root.namespace_count;
        status = namespaces_copy(cx, &snapshot->arena, root.namespaces, root.namespace_count, &snapshot->namespaces);
    }
    arena_free(&arena);
    return status;
}

static void free_snapshot(Snapshot *snapshot) {
    for (uint32_t i = 0; i < sizeof snapshot->parts / sizeof snapshot->parts[0]; i++) {
        snapshot_release(snapshot->parts[i]);
    }
    release_tables(snapshot->tables, snapshot->table_count);
    file_close(snapshot->pin);
    arena_free(&snapshot->arena);
    mem_free(snapshot);
}

/* With the warehouse's mutex held. */
static Status snapshot_newest(const Context *cx, Warehouse *warehouse, Snapshot **snapshot_out) {
    uint64_t version;
    TRY(pointer_read(cx, warehouse->files, &version));
    if (warehouse->current != NULL && warehouse->current->version == version) {
        warehouse->current->references++;
        *snapshot_out = warehouse->current;
        return OK;
    }
    Snapshot *snapshot;
    TRY_ALLOC_ZEROED(cx, snapshot, sizeof *snapshot);
    *snapshot = (Snapshot){.warehouse = warehouse, .version = version, .references = 1};
    Status status = fill_snapshot(cx, snapshot);
    if (status != OK) {
        free_snapshot(snapshot);
        return status;
    }
    warehouse->current = snapshot;
    *snapshot_out = snapshot;
    return OK;
}

Status warehouse_snapshot(const Context *cx, Warehouse *warehouse, Snapshot **snapshot) {
    Context own = warehouse_context(cx, warehouse);
    pthread_mutex_lock(&warehouse->mutex);
    Status status = snapshot_newest(&own, warehouse, snapshot);
    pthread_mutex_unlock(&warehouse->mutex);
    return status;
}

static Status fill_joined(const Context *cx, Snapshot *joined) {
    const Snapshot *const *parts = (const Snapshot *const *)joined->parts;
    TRY_ALLOC(cx, joined->tables, (parts[0]->table_count + parts[1]->table_count) * sizeof *joined->tables);
    for (uint32_t p = 0; p < 2; p++) {
        for (uint32_t i = 0; i < parts[p]->table_count; i++) {
            joined->tables[joined->table_count++] = table_state_retain(parts[p]->tables[i]);
        }
    }
    joined->namespace_count = parts[0]->namespace_count;
    return namespaces_copy(cx, &joined->arena, parts[0]->namespaces, parts[0]->namespace_count, &joined->namespaces);
}

Status snapshot_join(const Context *cx, Snapshot *first, Snapshot *second, Snapshot **out) {
    Context own = warehouse_context(cx, first->warehouse);
    Snapshot *joined;
    TRY_ALLOC_ZEROED(&own, joined, sizeof *joined);
    *joined = (Snapshot){.warehouse = first->warehouse,
                         .version = first->version,
                         .topology = first->topology,
                         .references = 1,
                         .parts = {first, second}};
    Status status = fill_joined(&own, joined);
    if (status != OK) {
        joined->parts[0] = joined->parts[1] = NULL; /* still the caller's */
        snapshot_release(joined);
        return status;
    }
    *out = joined;
    return OK;
}

Snapshot *snapshot_retain(Snapshot *snapshot) {
    pthread_mutex_lock(&snapshot->warehouse->mutex);
    snapshot->references++;
    pthread_mutex_unlock(&snapshot->warehouse->mutex);
    return snapshot;
}

void snapshot_release(Snapshot *snapshot) {
    if (snapshot == NULL) {
        return;
    }
    Warehouse *warehouse = snapshot->warehouse;
    pthread_mutex_lock(&warehouse->mutex);
    bool is_last = --snapshot->references == 0;
    if (is_last && warehouse->current == snapshot) {
        warehouse->current = NULL;
    }
    pthread_mutex_unlock(&warehouse->mutex);
    if (is_last) {
        free_snapshot(snapshot);
        if (atomic_load(&warehouse->has_leftovers)) {
            cleanup_leftovers(warehouse); /* this may have been the reader that they were kept for */
        }
    }
}

Warehouse *snapshot_warehouse(const Snapshot *snapshot) {
    return snapshot->warehouse;
}
uint64_t snapshot_version(const Snapshot *snapshot) {
    return snapshot->version;
}
Topology snapshot_topology(const Snapshot *snapshot) {
    return snapshot->topology;
}
uint32_t snapshot_table_count(const Snapshot *snapshot) {
    return snapshot->table_count;
}
const TableVersion *snapshot_table(const Snapshot *snapshot, uint32_t index) {
    return &snapshot->tables[index]->table;
}

uint32_t snapshot_namespace_count(const Snapshot *snapshot) {
    return snapshot->namespace_count;
}
const Namespace *snapshot_namespace(const Snapshot *snapshot, uint32_t index) {
    return &snapshot->namespaces[index];
}

const Namespace *snapshot_find_namespace(const Snapshot *snapshot, const char *name) {
    for (uint32_t i = 0; i < snapshot->namespace_count; i++) {
        if (strcmp(snapshot->namespaces[i].name, name) == 0) {
            return &snapshot->namespaces[i];
        }
    }
    return NULL;
}

const TableVersion *snapshot_find_table_by_id(const Snapshot *snapshot, uint64_t id) {
    for (uint32_t i = 0; i < snapshot->table_count; i++) {
        if (snapshot->tables[i]->table.id == id) {
            return &snapshot->tables[i]->table;
        }
    }
    return NULL;
}

const TableVersion *snapshot_find_table(const Snapshot *snapshot, const char *schema_name, const char *name) {
    for (uint32_t i = 0; i < snapshot->table_count; i++) {
        const TableVersion *table = &snapshot->tables[i]->table;
        if (strcmp(table->schema->name, name) == 0 && strcmp(table->schema->schema_name, schema_name) == 0) {
            return table;
        }
    }
    return NULL;
}

/* ----------------------------------------------------------------------------------------------------------------- creating */

#define CREATE_WAIT_MS 5000

static Status fail_not_a_warehouse(const Context *cx, FileSystem *files) {
    fail(cx, UNDEFINED_FILE, "\"%s\" is not a warehouse", file_system_root(files));
    return fail_hint(cx, "a warehouse is a directory with a file " POINTER_FILE "; a new one is made where nothing is yet");
}

/* Creating may have been cut short before; but what looks like a warehouse that lost its pointer is not overwritten. */
static Status visit_before_create(const Context *cx, void *argument, const char *name, bool is_directory) {
    (void)is_directory;
    static const char *const ours[] = {LOCK_FILE, MANIFEST_DIRECTORY, TABLES_DIRECTORY, POINTER_FILE_NEW};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (strcmp(name, ours[i]) == 0) {
            return OK;
        }
    }
    return fail_not_a_warehouse(cx, argument);
}

static Status visit_old_manifest(const Context *cx, void *argument, const char *name, bool is_directory) {
    (void)argument, (void)is_directory;
    if (strcmp(name, "root-1") != 0) {
        return fail(cx, DATA_CORRUPTED, "file \"" POINTER_FILE "\", which names the version of the warehouse, is missing");
    }
    return OK;
}

static Status write_file(const Context *cx, FileSystem *files, const char *path, const void *data, size_t bytes) {
    File *file;
    TRY(file_open(cx, files, path, FILE_CREATE, &file));
    Status status = file_append(cx, file, data, bytes);
    if (status == OK) {
        status = file_sync(cx, file);
    }
    file_close(file);
    return status;
}

static Status write_first_root(const Context *cx, FileSystem *files, Topology topology, uint64_t first_id) {
    Namespace first = {.name = DEFAULT_SCHEMA};
    Root root = {.version = 1,
                 .topology = topology,
                 .next_id = first_id == 0 ? 1 : first_id,
                 .namespace_count = 1,
                 .namespaces = &first};
    ByteWriter writer;
    char path[FILE_PATH_MAX], pointer[POINTER_BYTES_MAX];
    root_manifest_path(1, path);
    Status status = root_manifest_encode(cx, &root, &writer);
    if (status == OK) {
        status = write_file(cx, files, path, writer.data, writer.bytes);
    }
    mem_free(writer.data);
    TRY(status);
    return write_file(cx, files, POINTER_FILE_NEW, pointer, pointer_encode(1, pointer));
}

static Status create_locked(const Context *cx, Warehouse *warehouse, Topology topology, uint64_t first_id, WriterLock *lock) {
    FileSystem *files = warehouse->files;
    bool exists, made;
    TRY(file_exists(cx, files, POINTER_FILE, &exists));
    if (exists) {
        return OK; /* another process was faster */
    }
    TRY(file_list(cx, files, "", visit_before_create, files));
    TRY(file_make_directory(cx, files, MANIFEST_DIRECTORY, &made));
    TRY(file_make_directory(cx, files, TABLES_DIRECTORY, &made));
    TRY(file_list(cx, files, MANIFEST_DIRECTORY, visit_old_manifest, NULL));
    TRY(write_first_root(cx, files, topology, first_id));
    TRY(file_sync_directory(cx, files, MANIFEST_DIRECTORY));
    TRY(file_rename(cx, files, POINTER_FILE_NEW, POINTER_FILE));
    TRY(file_sync_directory(cx, files, ""));
    warehouse->was_created = true;
    return writer_lock_mark(cx, lock, WRITER_DONE);
}

Status topology_check(const Context *cx, Topology topology) {
    uint64_t slices = (uint64_t)topology.nodes * topology.slices_per_node;
    return slices == 0 || slices > SLICES_MAX
               ? fail(cx, INVALID_PARAMETER_VALUE, "a warehouse has 1 to %d slices in all", SLICES_MAX)
               : OK;
}

static Status create(const Context *cx, Warehouse *warehouse, Topology topology, uint64_t first_id) {
    if (topology.nodes == 0) {
        topology = (Topology){.nodes = 1, .slices_per_node = 2};
    }
    TRY(topology_check(cx, topology));
    TRY(file_list(cx, warehouse->files, "", visit_before_create, warehouse->files)); /* before LOCK is made */
    WriterLock lock;
    TRY(writer_lock_acquire(cx, warehouse->files, CREATE_WAIT_MS, &lock));
    Status status = create_locked(cx, warehouse, topology, first_id, &lock);
    writer_lock_release(&lock);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------------ opening */

/* A writer that opens tidies up after a dead one. While another one lives, there is nothing to do. */
static Status tidy_up(const Context *cx, Warehouse *warehouse) {
    WriterLock lock;
    Status status = writer_lock_acquire(cx, warehouse->files, 0, &lock);
    if (status == LOCK_NOT_AVAILABLE) {
        error_clear(cx->error);
        return OK;
    }
    if (status != OK) {
        return fail_hint(cx, "to read only, open the warehouse read-only: that needs no permission to write");
    }
    if (!lock.was_clean) {
        status = cleanup_orphans(cx, warehouse);
        if (status == OK) {
            status = writer_lock_mark(cx, &lock, WRITER_DONE);
        }
    }
    writer_lock_release(&lock);
    return status;
}

static Status open_filled(const Context *cx, Warehouse *warehouse, const WarehouseOptions *options) {
    bool exists;
    TRY(file_exists(cx, warehouse->files, POINTER_FILE, &exists));
    if (!exists && (options->read_only || !options->create)) {
        return fail_not_a_warehouse(cx, warehouse->files);
    }
    if (!exists) {
        TRY(create(cx, warehouse, options->topology, options->first_id));
    }
    Snapshot *snapshot;
    TRY(warehouse_snapshot(cx, warehouse, &snapshot)); /* so that damage is told at once */
    snapshot_release(snapshot);
    return exists && !options->read_only ? tidy_up(cx, warehouse) : OK;
}

static Status warehouse_make(const Context *cx, FileSystem *files, bool owns_files, const WarehouseOptions *options,
                             Warehouse **warehouse_out) {
    Warehouse *warehouse;
    TRY_ALLOC_ZEROED(cx, warehouse, sizeof *warehouse);
    warehouse->files = files;
    warehouse->owns_files = owns_files;
    warehouse->read_only = options->read_only;
    warehouse->cache_bytes_max = options->cache_bytes_max;
    strcpy(warehouse->path, file_system_root(files));
    memory_account_init(&warehouse->memory, cx->memory, "warehouse", 0);
    pthread_mutex_init(&warehouse->mutex, NULL);
    pthread_mutex_init(&warehouse->attachment.lock, NULL);
    pthread_mutex_init(&warehouse->history.lock, NULL);
    Context own = warehouse_context(cx, warehouse);
    Status status = open_filled(&own, warehouse, options);
    if (status != OK) {
        warehouse->owns_files = false; /* the caller's, until it has a warehouse */
        warehouse_close(warehouse);
        return status;
    }
    *warehouse_out = warehouse;
    return OK;
}

Status warehouse_open_on(const Context *cx, FileSystem *files, const WarehouseOptions *options, Warehouse **warehouse) {
    return warehouse_make(cx, files, false, options, warehouse);
}

/* The directory that `path` is in. */
static void parent_path(const char *path, char *parent) {
    size_t bytes = strlen(path);
    while (bytes > 1 && path[bytes - 1] == '/') {
        bytes--;
    }
    while (bytes > 0 && path[bytes - 1] != '/') {
        bytes--;
    }
    memcpy(parent, path, bytes);
    parent[bytes] = '\0';
}

/* Makes the directory itself if it may be created; its own entry is synced too. */
static Status make_root(const Context *cx, const char *path, const WarehouseOptions *options) {
    char parent[FILE_PATH_MAX];
    if (strlen(path) >= FILE_PATH_MAX) {
        return fail(cx, INVALID_NAME, "the path \"%.100s…\" is longer than %d bytes", path, FILE_PATH_MAX - 1);
    }
    parent_path(path, parent);
    FileSystem *host;
    TRY(file_system_host(cx, NULL, &host));
    bool exists, made = false;
    Status status = file_exists(cx, host, path, &exists);
    if (status == OK && !exists && options->create && !options->read_only) {
        status = file_make_directory(cx, host, path, &made);
    }
    if (status == OK && made) {
        status = file_sync_directory(cx, host, parent);
    }
    file_system_free(host);
    return status;
}

Status warehouse_open(const Context *cx, const char *path, const WarehouseOptions *options, Warehouse **warehouse) {
    FileSystem *files;
    WarehouseOptions used = *options;
    if (path == NULL) {
        used.create = true;
        TRY(file_system_memory(cx, &files));
    } else {
        TRY(make_root(cx, path, options));
        TRY(file_system_host(cx, path, &files));
    }
    Status status = warehouse_make(cx, files, true, &used, warehouse);
    if (status != OK) {
        file_system_free(files);
    }
    return status;
}

void warehouse_close(Warehouse *warehouse) {
    if (warehouse == NULL) {
        return;
    }
    release_tables(warehouse->tables, warehouse->table_count);
    attachment_close(&warehouse->attachment);
    attachment_close(&warehouse->history);
    if (warehouse->owns_files) {
        file_system_free(warehouse->files);
    }
    pthread_mutex_destroy(&warehouse->mutex);
    memory_account_close(&warehouse->memory);
    mem_free(warehouse);
}

Topology warehouse_topology(Warehouse *warehouse) {
    pthread_mutex_lock(&warehouse->mutex);
    Topology topology = warehouse->topology;
    pthread_mutex_unlock(&warehouse->mutex);
    return topology;
}
const char *warehouse_path(const Warehouse *warehouse) {
    return warehouse->path;
}
void warehouse_name(const Warehouse *warehouse, char *name) {
    const char *path = warehouse->path;
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') {
        end--;
    }
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    snprintf(name, FILE_PATH_MAX, "%.*s", (int)(end - start), path + start);
    if (start == end) {
        snprintf(name, FILE_PATH_MAX, "memory");
    }
}

bool warehouse_was_created(const Warehouse *warehouse) {
    return warehouse->was_created;
}
FileSystem *warehouse_files(Warehouse *warehouse) {
    return warehouse->files;
}
int64_t warehouse_cache_bytes_max(const Warehouse *warehouse) {
    return warehouse->cache_bytes_max;
}
MemoryAccount *warehouse_memory(Warehouse *warehouse) {
    return &warehouse->memory;
}
Attachment *warehouse_attachment(Warehouse *warehouse) {
    return &warehouse->attachment;
}
Attachment *warehouse_history(Warehouse *warehouse) {
    return &warehouse->history;
}
