/* Opening, creating and reading a warehouse. Several opens of one directory, in one process or in many, are independent:
 * all coordination is by locks of open files, which hold between threads as between processes. */
#include "storage/warehouse_state.h"

#include <stdio.h>

/* ------------------------------------------------------------------------------------------------------------------ reading */

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
    warehouse_forget(warehouse);
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
