/* What warehouse.c, snapshot.c, commit.c, writer_lock.c and cleanup.c share. Internal to them. */
#ifndef DEPOT_STORAGE_WAREHOUSE_STATE_H
#define DEPOT_STORAGE_WAREHOUSE_STATE_H

#include "storage/catalog.h"
#include "storage/manifest.h"

struct Warehouse {
    MemoryAccount memory;
    FileSystem *files; /* owned if owns_files */
    bool owns_files;
    bool read_only;
    bool was_created;
    int64_t cache_bytes_max;
    Attachment attachment, history;
    _Atomic(bool) has_leftovers; /* the last commit could not remove all that it retired */
    pthread_mutex_t mutex;       /* guards all below */
    Topology topology;           /* of the version read last */
    Snapshot *current;           /* the newest that was read; without references it rests: its pin is open, but not locked */
    File *pointer;               /* the pointer file, kept open; what it names as long as it is not replaced: */
    uint64_t pointer_version;
    uint32_t table_count;
    TableState **tables; /* the newest version loaded of each table; owned references */
    char path[FILE_PATH_MAX];
};

struct Snapshot {
    Warehouse *warehouse;
    uint64_t serial; /* no other snapshot of the process has it, now or later */
    uint64_t version;
    Topology topology;
    uint32_t references; /* guarded by the warehouse's mutex */
    File *pin;           /* the root manifest, locked shared; NULL: a commit's view of itself */
    uint32_t table_count;
    TableState **tables; /* owned references */
    Snapshot *parts[2];  /* owned references; of a joined snapshot */
    Arena arena;         /* the namespaces */
    uint32_t namespace_count;
    Namespace *namespaces;
};

/* The caller's context, with memory charged to the warehouse. */
static inline Context warehouse_context(const Context *cx, Warehouse *warehouse) {
    Context own = *cx;
    own.memory = &warehouse->memory;
    return own;
}

void attachment_close(Attachment *attachment);

/* --------------------------------------------------------------------------------------------------- reading versions */

/* Can a warehouse have it? INVALID_PARAMETER_VALUE. */
Status topology_check(const Context *cx, Topology topology);
Status pointer_read(const Context *cx, FileSystem *files, uint64_t *version);
uint64_t snapshot_next_serial(void);
/* What is kept for readers to come: the warehouse closes. */
void warehouse_forget(Warehouse *warehouse);
/* Reads and decodes a root manifest; *root is in the arena. */
Status root_read(const Context *cx, Arena *arena, FileSystem *files, uint64_t version, Root *root);
/* The version of a table that a root of that topology names. */
Status table_load(const Context *cx, Warehouse *warehouse, Topology topology, const RootTable *named, TableState **state);
/* Deep copies in the arena. */
Status namespaces_copy(const Context *cx, Arena *arena, const Namespace *from, uint32_t count, Namespace **to);
/* Makes these the warehouse's newest table versions (retaining them). */
Status warehouse_remember_tables(const Context *cx, Warehouse *warehouse, TableState *const *tables, uint32_t count);

/* --------------------------------------------------------------------------------------------------- the writer lock
 *
 * The file LOCK is locked exclusively by the writer, and says in one line who wrote last, on which boot of the machine, whether
 * it came to its end, and the next free id, so that an id given out by a commit that was taken back is not given out again. */

typedef struct WriterLock {
    File *file;       /* NULL: not held */
    bool was_clean;   /* the last writer came to its end, on this boot: nothing can have been left behind */
    uint64_t next_id; /* at least */
} WriterLock;

#define LOCK_FILE "LOCK"
/* Waits up to `wait_ms`; LOCK_NOT_AVAILABLE then names the holder's pid. */
Status writer_lock_acquire(const Context *cx, FileSystem *files, uint32_t wait_ms, WriterLock *lock);
typedef enum WriterMark { WRITER_BUSY, WRITER_DONE } WriterMark;
Status writer_lock_mark(const Context *cx, WriterLock *lock, WriterMark mark);
void writer_lock_release(WriterLock *lock); /* not held is fine */

/* --------------------------------------------------------------------------------------------------- removing what is dead
 *
 * Only the holder of the writer lock may call these. */

/* Removes versions of root->older that no reader has pinned, and retired files that no remaining version names; takes what
 * is gone off both lists. */
Status cleanup_versions(const Context *cx, FileSystem *files, Root *root);
/* Tries again what the last commit of this process could not remove, unless a writer is at work. */
void cleanup_leftovers(Warehouse *warehouse);
/* After a writer died: removes every manifest, segment file and directory that no pinned version and not the newest names. */
Status cleanup_orphans(const Context *cx, Warehouse *warehouse);

#endif
