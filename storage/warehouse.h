/* A warehouse: a directory (or memory) with one committed version at a time. One writer, many readers, across processes.
 *
 * Version → snapshot: a reader pins the version it opened; nothing it names is deleted while it holds it. Writer → commit:
 * new files, new table manifests, a new root manifest, then one rename (storage/manifest.c). FORMAT.md has the bytes. */
#ifndef DEPOT_STORAGE_WAREHOUSE_H
#define DEPOT_STORAGE_WAREHOUSE_H

#include "core/predicate.h"
#include "core/schema.h"
#include "core/workers.h"
#include "storage/file.h"
#include "storage/statistics.h"

#include <pthread.h>

typedef struct Warehouse Warehouse; /* per process and open directory; thread-safe */
typedef struct Snapshot Snapshot;   /* one version, pinned; immutable, thread-safe */
typedef struct Commit Commit;       /* one writer's change; calls are thread-safe where said so */
typedef struct SegmentReader SegmentReader;
typedef struct TableSample TableSample; /* storage/table_sample.h */

#define VIRTUAL_BUCKETS 4096 /* placement: hash → bucket → slice by the map in the manifest */

typedef struct Topology {
    uint32_t nodes;
    uint32_t slices_per_node; /* slice s belongs to node s / slices_per_node */
} Topology;

typedef struct WarehouseOptions {
    bool read_only;
    bool create;             /* create it if it does not exist */
    uint64_t first_id;       /* used when created; 0: 1. For ids that are no other warehouse's */
    Topology topology;       /* used when created; 0 nodes: 1 node of 2 slices */
    int64_t cache_bytes_max; /* block cache; 0: half of what the process may use */
} WarehouseOptions;

/* `path` NULL: in memory, the same code on a memory-backed file.c. UNDEFINED_FILE, IO_ERROR, LOCK_NOT_AVAILABLE,
 * DATA_CORRUPTED … name the path. A writer that opens removes what a dead writer left behind; a reader removes nothing. */
Status warehouse_open(const Context *cx, const char *path, const WarehouseOptions *options, Warehouse **warehouse);
/* The same on a file system of the caller's, which must outlive it (tests). */
Status warehouse_open_on(const Context *cx, FileSystem *files, const WarehouseOptions *options, Warehouse **warehouse);
void warehouse_close(Warehouse *warehouse);             /* all snapshots released, no commit open; NULL is fine */
Topology warehouse_topology(Warehouse *warehouse);      /* of the version that was read last: a resize changes it */
const char *warehouse_path(const Warehouse *warehouse); /* "" in memory */
/* What the warehouse is called: its directory without the path; "memory" in memory. `name` takes FILE_PATH_MAX bytes. */
void warehouse_name(const Warehouse *warehouse, char *name);
bool warehouse_was_created(const Warehouse *warehouse);
FileSystem *warehouse_files(Warehouse *warehouse);
int64_t warehouse_cache_bytes_max(const Warehouse *warehouse);
/* What lives as long as the warehouse is charged here; a child of the account that warehouse_open was called with. */
MemoryAccount *warehouse_memory(Warehouse *warehouse);

/* A place where another part of storage hangs what it caches. Under `lock`; `release(object)` is called when the owner (a
 * warehouse, or a table version once its last snapshot is gone and a newer one is loaded) dies. */
typedef struct Attachment {
    pthread_mutex_t lock;
    void *object;
    void (*release)(void *object);
} Attachment;
Attachment *warehouse_attachment(Warehouse *warehouse); /* block cache and segment metadata: storage/cache.c */
Attachment *warehouse_history(Warehouse *warehouse);    /* what ran: plan/query_log.c */

/* ------------------------------------------------------------------------------------------------- what a version holds */

/* What the manifest knows of one column of one segment. */
typedef struct SegmentColumn {
    uint64_t file_bytes;
    uint64_t text_bytes;      /* text: the lengths of the segment's values added up */
    uint32_t dictionary_size; /* entries of the segment's dictionary; 0: not dictionary encoded throughout */
    ColumnRange range;
} SegmentColumn;

typedef struct Segment {
    uint64_t id;      /* unique in the warehouse, never reused */
    uint64_t version; /* of the warehouse when it was added; set by commit_add_segment */
    uint32_t slice;
    uint32_t partition; /* index into TableVersion.partitions */
    uint64_t rows;
    uint64_t deleted_rows;  /* marked in the delete map named by delete_map_id */
    uint64_t delete_map_id; /* 0: none */
    uint64_t bytes;         /* of the columns' files */
    uint32_t block_rows;
    bool is_packed;               /* one file instead of one per column */
    bool is_sorted;               /* by the table's sort key */
    const SegmentColumn *columns; /* one per table column */
} Segment;

typedef struct Partition {
    const char *directory; /* "year_d=1995/region=EU", "" for unpartitioned tables */
    uint32_t key_count;
    const Value *values; /* one per partition key, the transform's result; may be NULL values */
    uint64_t rows;
} Partition;

typedef struct CommonValue {
    Value value;
    double share; /* of all rows */
} CommonValue;

typedef struct ColumnStatistics {
    ColumnRange range;    /* over the live rows of the table */
    double distinct;      /* HyperLogLog estimate */
    double average_bytes; /* width of a value; text: mean length */
    uint64_t file_bytes;
    uint32_t common_count; /* most common values by falling share; 0: none known */
    const CommonValue *common;
    uint32_t bound_count; /* of a histogram of the other values: as many lie between any two neighbours; 0: none known */
    const Value *bounds;
    double correlation; /* of the order of values with the order of rows within segments, -1 to 1 */
} ColumnStatistics;

/* How much knowing one column says of another, of two columns a < b of a table: 0 nothing, 1 the one with fewer values follows
 * from the other. Rényi's mutual information of order 2 over that of full dependence. */
typedef struct ColumnDependence {
    uint32_t a, b;
    double strength;
} ColumnDependence;

/* What statistics know of a table, against what it holds: row counts, distinct counts and ranges follow every commit; common
 * values, histograms and correlation are of the sample that was last taken. */
typedef struct SampleInfo {
    bool is_taken;
    bool rows_are_faked; /* ALTER TABLE … SET STATISTICS: the optimizer is told another number of rows, until ANALYZE */
    uint64_t faked_rows;
    uint64_t table_rows;   /* of the table when the sample was taken */
    uint64_t sampled_rows; /* looked at */
    uint32_t dependence_count;
    const ColumnDependence *dependences; /* by columns; pairs that are not there hardly depend */
} SampleInfo;

typedef struct TableVersion {
    uint64_t id;      /* of the table, never reused */
    uint64_t version; /* changes with every commit that touches the table */
    const TableSchema *schema;
    const char *directory; /* where its segments are: "tables/lineorder-3" */
    uint64_t rows;         /* a DISTSTYLE ALL table counts each row once */
    uint64_t bytes;
    uint32_t segment_count;
    const Segment *segments; /* by slice, then age */
    uint32_t partition_count;
    const Partition *partitions;
    const ColumnStatistics *statistics; /* one per column */
    SampleInfo sample;
    DistStyle dist_style; /* AUTO resolved: ALL or EVEN (EVEN while nothing is loaded) */
    bool dist_is_open;    /* AUTO and never loaded: commit_resolve_distribution decides */
} TableVersion;

/* How many rows the optimizer takes the table to have. */
static inline uint64_t table_planned_rows(const TableVersion *table) {
    return table->sample.rows_are_faked ? table->sample.faked_rows : table->rows;
}
/* 0 to 1, as the table's sample says; 0 without one. */
double table_dependence(const TableVersion *table, uint32_t a, uint32_t b);
/* How far the rows that statistics are of are from those there are, in percent of these: 0 to 100. */
double table_stats_off(const TableVersion *table);

/* Where query dictionaries hang (table_dictionary). */
Attachment *table_attachment(const TableVersion *table);

/* A schema in the sense of SQL: a space of names. */
typedef struct Namespace {
    const char *name;
    const char *comment; /* NULL for none */
} Namespace;

Status warehouse_snapshot(const Context *cx, Warehouse *warehouse, Snapshot **snapshot);
/* The tables of two warehouses in one snapshot, which takes both over; schemas and version are the first's. Ids must differ. */
Status snapshot_join(const Context *cx, Snapshot *first, Snapshot *second, Snapshot **joined);
/* The warehouse that holds the table's files: not the snapshot's for tables of a joined one. */
Warehouse *table_warehouse(const TableVersion *table);
Snapshot *snapshot_retain(Snapshot *snapshot);
void snapshot_release(Snapshot *snapshot); /* NULL is fine */
Warehouse *snapshot_warehouse(const Snapshot *snapshot);
/* Snapshots of one id have the very same table versions, in the same memory. Of a joined one, its parts' serial numbers; none
 * is given out twice. */
typedef struct SnapshotId {
    uint64_t serials[2];
} SnapshotId;
SnapshotId snapshot_id(const Snapshot *snapshot);
static inline bool snapshot_id_equal(SnapshotId a, SnapshotId b) {
    return a.serials[0] == b.serials[0] && a.serials[1] == b.serials[1];
}
uint64_t snapshot_version(const Snapshot *snapshot);
Topology snapshot_topology(const Snapshot *snapshot);
uint32_t snapshot_table_count(const Snapshot *snapshot);
const TableVersion *snapshot_table(const Snapshot *snapshot, uint32_t index);
uint32_t snapshot_namespace_count(const Snapshot *snapshot);
const Namespace *snapshot_namespace(const Snapshot *snapshot, uint32_t index);
/* NULL if there is none. */
const Namespace *snapshot_find_namespace(const Snapshot *snapshot, const char *name);
const TableVersion *snapshot_find_table_by_id(const Snapshot *snapshot, uint64_t id);
const TableVersion *snapshot_find_table(const Snapshot *snapshot, const char *schema_name, const char *name);

/* --------------------------------------------------------------------------------------------------------------- commits */

/* Takes the writer lock of the warehouse (waits a little, then LOCK_NOT_AVAILABLE naming the holder's pid). The commit starts
 * from the newest version. READ_ONLY_TRANSACTION if opened read-only. */
Status commit_begin(const Context *cx, Warehouse *warehouse, Commit **commit);
Status commit_create_table(const Context *cx, Commit *commit, const TableSchema *schema); /* DUPLICATE_TABLE */
Status commit_drop_table(const Context *cx, Commit *commit, const char *schema_name, const char *name);
/* A new definition for a relation: the rows stay. A table keeps its columns' number and types, a view may change all. */
Status commit_redefine_table(const Context *cx, Commit *commit, uint64_t table_id, const TableSchema *schema);
/* The same with another physical design, for rows that are to be written again: none are left. */
Status commit_redesign_table(const Context *cx, Commit *commit, uint64_t table_id, const TableSchema *schema);
/* The topology of the new version. No table has rows left then: the caller writes them again, from a snapshot taken before.
 * INVALID_PARAMETER_VALUE. */
Status commit_resize(const Context *cx, Commit *commit, Topology topology);
Topology commit_topology(const Commit *commit);
/* Schemas: DUPLICATE_SCHEMA, UNDEFINED_SCHEMA. What stands in a schema is the caller's to drop before. */
Status commit_create_namespace(const Context *cx, Commit *commit, const char *name);
Status commit_drop_namespace(const Context *cx, Commit *commit, const char *name);
Status commit_comment_namespace(const Context *cx, Commit *commit, const char *name, const char *comment);
Status commit_truncate_table(const Context *cx, Commit *commit, uint64_t table_id); /* no rows are left */
/* The table as the commit sees it (own changes included). UNDEFINED_TABLE. */
Status commit_table(const Context *cx, Commit *commit, const char *schema_name, const char *name, const TableVersion **table);
/* The same; NULL if there is none, or no memory for it. */
const TableVersion *commit_find_table(Commit *commit, const char *schema_name, const char *name);
/* The commit's own state as a snapshot: what its statements read. Valid until the commit ends; release it before. */
Status commit_snapshot(const Context *cx, Commit *commit, Snapshot **snapshot);
Warehouse *commit_warehouse(const Commit *commit);
uint64_t commit_base_version(const Commit *commit); /* the version that it started from */
/* Between the statements of a long commit: forgets table versions that have changed since (commit_table's answers) and removes
 * files of segments that were taken back again. No snapshot of the commit may be held. */
Status commit_tidy(const Context *cx, Commit *commit);
/* Lets commit_finish sync its files with up to `threads` threads of the pool. */
void commit_use_workers(Commit *commit, WorkerPool *pool, uint32_t threads);
/* Syncs all new files, writes manifests, renames, releases the lock; consumes the commit in any case. After OK the change is
 * durable and visible to new snapshots. */
Status commit_finish(const Context *cx, Commit *commit);
/* Forgets everything, removes the files written so far, releases the lock. NULL is fine. */
void commit_abort(Commit *commit);

/* For segment writers, all thread-safe: a fresh id of a segment or delete map, the files to write to, registration of what was
 * written. */
uint64_t commit_new_id(Commit *commit);
/* Finds or adds the partition with these key values (thread-safe). CONFIGURATION_LIMIT_EXCEEDED past
 * max_partitions_per_load. */
Status commit_partition(const Context *cx, Commit *commit, uint64_t table_id, const Value *values, uint32_t *partition);
/* Which file of a segment: a column number, or one of these. */
#define SEGMENT_FILE_PACKED UINT32_MAX        /* all columns of a segment smaller than one block */
#define SEGMENT_FILE_DELETES (UINT32_MAX - 1) /* the delete map that Segment.delete_map_id names */
/* Path relative to the warehouse; `path` takes FILE_PATH_MAX bytes. Reads id, slice, partition, delete_map_id of the segment.
 */
void segment_file_path(const TableVersion *table, const Segment *segment, uint32_t which, char *path);
/* Makes a file of a segment of this commit, its directory too. Append, file_flush, file_close: commit_finish syncs it,
 * commit_abort removes it. `segment` needs id, slice and partition. */
Status commit_create_file(const Context *cx, Commit *commit, uint64_t table_id, const Segment *segment, uint32_t which,
                          File **file) MUST_CHECK;
/* DISTSTYLE AUTO, on the first rows of a table: ALL if the warehouse has several nodes and `rows` (all that the load brings, or
 * more than that many so far) are at most AUTO_ALL_ROWS_MAX, else EVEN. It stays so: changing it is a rewrite. Other tables
 * answer what they are. A table that gets segments without being asked becomes EVEN. */
#define AUTO_ALL_ROWS_MAX 65536
Status commit_resolve_distribution(const Context *cx, Commit *commit, uint64_t table_id, uint64_t rows, DistStyle *style);
/* `segment` is copied, ranges and text included. */
Status commit_add_segment(const Context *cx, Commit *commit, uint64_t table_id, const Segment *segment);
/* The segment's delete map is the one of that id, with that many rows. */
Status commit_mark_deleted(const Context *cx, Commit *commit, uint64_t table_id, uint64_t segment_id, uint64_t delete_map_id,
                           uint64_t deleted_rows);
/* The segment leaves the new version (its files stay until no reader's version names them). */
Status commit_remove_segment(const Context *cx, Commit *commit, uint64_t table_id, uint64_t segment_id);
/* The table's statistics are of this sample from now on, and its rows are not faked any more. Takes over the reference. */
Status commit_set_sample(const Context *cx, Commit *commit, uint64_t table_id, TableSample *sample);
/* The optimizer takes the table to have so many rows, until a sample is taken. */
Status commit_fake_rows(const Context *cx, Commit *commit, uint64_t table_id, uint64_t rows);
/* Distinct-count sketches of the rows added: one HyperLogLog of HLL_BYTES per column, merged into the table's. */
Status commit_merge_sketches(const Context *cx, Commit *commit, uint64_t table_id, const uint8_t *const *sketches);

#endif
