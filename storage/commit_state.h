/* A commit in the making. Shared by commit.c (what changes) and commit_finish.c (how it reaches the disk). */
#ifndef DEPOT_STORAGE_COMMIT_STATE_H
#define DEPOT_STORAGE_COMMIT_STATE_H

#include "storage/warehouse_state.h"

typedef struct CommitPartition {
    Partition *partition; /* in the commit's arena */
    uint64_t hash;        /* of its key values */
    bool is_touched;      /* by this commit's load */
    bool has_directory;   /* made or seen by this commit */
} CommitPartition;

/* A table that the commit touches. All in the commit's arena. */
typedef struct CommitTable {
    struct CommitTable *next; /* in order of touching */
    uint64_t id;
    bool is_changed;
    bool is_dropped;
    bool has_new_columns; /* a view: what the base knew of its columns means nothing */
    TableState *base;     /* owned reference; NULL: the table is new */
    const TableSchema *schema;
    const char *directory;
    DistStyle dist_style;
    bool dist_is_open;
    uint32_t segment_count, segment_capacity;
    Segment *segments; /* what it will hold */
    uint32_t partition_count, partition_capacity;
    CommitPartition *partitions;
    uint32_t partitions_touched;
    uint8_t **sketches;  /* of the rows added; NULL entries: none */
    TableSample *sample; /* a reference; NULL: none was taken */
    bool rows_are_faked;
    uint64_t faked_rows;
    TableState *view; /* the table as the commit sees it; borrowed from commit->views; NULL after a change */
} CommitTable;

/* A state built for a caller of this commit; kept until it ends, for the caller may still read it. */
typedef struct CommitView {
    struct CommitView *next;
    TableState *state; /* owned reference */
} CommitView;

/* A file or directory that the commit made. */
typedef struct NewFile {
    struct NewFile *next; /* newest first */
    uint64_t id;          /* of the segment or delete map; 0: a manifest or a directory */
    bool is_directory;
    const char *path;
} NewFile;

/* A directory in which an entry was made: it is synced with the files. */
typedef struct SyncDirectory {
    struct SyncDirectory *next;
    const char *path;
} SyncDirectory;

struct Commit {
    Warehouse *warehouse;
    WriterLock lock;
    Snapshot *base;
    Root root; /* of the base; in the arena */
    Arena arena;
    pthread_mutex_t mutex; /* guards all below, the arena and lock.next_id */
    CommitTable *tables;
    CommitView *views;
    NewFile *files;
    SyncDirectory *directories;
    bool is_resized;         /* root.topology is the commit's own */
    bool namespaces_changed; /* root.namespaces are the commit's own */
    WorkerPool *pool;        /* borrowed; may be NULL */
    uint32_t threads;
};

void commit_free(Commit *commit);
/* Takes the mutex; gives the context for what is done under it, whose memory is the warehouse's. */
Context commit_lock(const Context *cx, Commit *commit);
/* Gives it back, and the status as it is. */
Status commit_unlock(Commit *commit, Status status);
/* The table if the commit has touched it, else NULL. */
CommitTable *commit_touched_table(const Commit *commit, uint64_t table_id);
/* The table to change, taken up from the base on first touch; UNDEFINED_TABLE if it was dropped. */
Status commit_touch_table(const Context *cx, Commit *commit, uint64_t table_id, CommitTable **table);
/* The table as the commit sees it; *state is borrowed until the commit ends. */
Status commit_table_view(const Context *cx, Commit *commit, uint64_t table_id, TableState **state);
/* Removes files of segments and delete maps that the commit wrote and took back again. */
Status commit_remove_unused_files(const Context *cx, Commit *commit);
/* Removes all that the commit made. */
Status commit_remove_files(const Context *cx, Commit *commit);

#endif
