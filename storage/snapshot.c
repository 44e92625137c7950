/* What a reader holds: a version, pinned. Nothing that it names is removed meanwhile: a reader opens the root manifest that
 * CURRENT names, locks it shared, and starts over if it was removed in between; a writer removes only what it could lock. */
#include "storage/warehouse_state.h"

#include <stdio.h>
#include <time.h>

#define PIN_TRIES 1000

static Status read_pointer(const Context *cx, File *file, uint64_t *version) {
    char text[POINTER_BYTES_MAX];
    size_t bytes;
    TRY(file_read_some(cx, file, 0, text, sizeof text, &bytes));
    return pointer_decode(cx, text, bytes, version);
}

Status pointer_read(const Context *cx, FileSystem *files, uint64_t *version) {
    File *file;
    TRY(file_open(cx, files, POINTER_FILE, FILE_READ, &file));
    Status status = read_pointer(cx, file, version);
    file_close(file);
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

/* ------------------------------------------------------------------------------------------------------------------ pinning */

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

/* All below with the warehouse's mutex held. */

static void forget_pointer(Warehouse *warehouse) {
    file_close(warehouse->pointer);
    warehouse->pointer = NULL;
}

/* The pointer file is never changed, only replaced: as long as the open one has its name, what was read from it holds. */
static Status newest_version(const Context *cx, Warehouse *warehouse, uint64_t *version) {
    bool is_replaced = false;
    if (warehouse->pointer != NULL) {
        TRY(file_is_unlinked(cx, warehouse->pointer, &is_replaced));
    }
    if (is_replaced) {
        forget_pointer(warehouse);
    }
    if (warehouse->pointer == NULL) {
        TRY(file_open(cx, warehouse->files, POINTER_FILE, FILE_READ, &warehouse->pointer));
        Status status = read_pointer(cx, warehouse->pointer, &warehouse->pointer_version);
        if (status != OK) {
            forget_pointer(warehouse);
            return status;
        }
    }
    *version = warehouse->pointer_version;
    return OK;
}

/* A snapshot that nobody holds gives up its pin, so that writers may remove its version, but stays for the next reader. */
static bool rest(Snapshot *snapshot) {
    Error ignored;
    Context cx = {.error = &ignored, .memory = &snapshot->warehouse->memory};
    bool acquired;
    return snapshot->pin != NULL && file_lock(&cx, snapshot->pin, FILE_LOCK_NONE, &acquired) == OK;
}

/* Pins it again, unless its version is gone. */
static Status wake(const Context *cx, Snapshot *snapshot, bool *is_awake) {
    bool unlinked = false;
    TRY(file_lock(cx, snapshot->pin, FILE_LOCK_SHARED, is_awake));
    if (*is_awake) {
        TRY(file_is_unlinked(cx, snapshot->pin, &unlinked));
    }
    *is_awake = *is_awake && !unlinked;
    return OK;
}

static void forget_resting(Warehouse *warehouse) {
    Snapshot *snapshot = warehouse->current;
    warehouse->current = NULL;
    if (snapshot != NULL && snapshot->references == 0) {
        free_snapshot(snapshot);
    }
}

void warehouse_forget(Warehouse *warehouse) {
    forget_resting(warehouse);
    forget_pointer(warehouse);
    release_tables(warehouse->tables, warehouse->table_count);
}

uint64_t snapshot_next_serial(void) {
    static _Atomic(uint64_t) last;
    return atomic_fetch_add(&last, 1) + 1;
}

static Status snapshot_newest(const Context *cx, Warehouse *warehouse, Snapshot **snapshot_out) {
    uint64_t version;
    TRY(newest_version(cx, warehouse, &version));
    Snapshot *current = warehouse->current;
    bool is_awake = current != NULL && current->version == version;
    if (is_awake && current->references == 0) {
        TRY(wake(cx, current, &is_awake));
    }
    if (is_awake) {
        current->references++;
        *snapshot_out = current;
        return OK;
    }
    forget_resting(warehouse);
    Snapshot *snapshot;
    TRY_ALLOC_ZEROED(cx, snapshot, sizeof *snapshot);
    *snapshot = (Snapshot){.warehouse = warehouse, .serial = snapshot_next_serial(), .version = version, .references = 1};
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
                         .serial = snapshot_next_serial(),
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
    bool rests = is_last && warehouse->current == snapshot && rest(snapshot);
    if (is_last && !rests && warehouse->current == snapshot) {
        warehouse->current = NULL;
    }
    pthread_mutex_unlock(&warehouse->mutex);
    if (is_last) {
        if (!rests) {
            free_snapshot(snapshot);
        }
        if (atomic_load(&warehouse->has_leftovers)) {
            cleanup_leftovers(warehouse); /* this may have been the reader that they were kept for */
        }
    }
}

Warehouse *snapshot_warehouse(const Snapshot *snapshot) {
    return snapshot->warehouse;
}
SnapshotId snapshot_id(const Snapshot *snapshot) {
    const Snapshot *const *parts = (const Snapshot *const *)snapshot->parts;
    return parts[0] == NULL ? (SnapshotId){.serials = {snapshot->serial}}
                            : (SnapshotId){.serials = {parts[0]->serial, parts[1]->serial}};
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
