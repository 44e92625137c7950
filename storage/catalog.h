/* The versions of tables in memory: what a table manifest says, with what follows from it (statistics, row counts). Shared by
 * snapshots and immutable once built. Internal to storage: others see TableVersion (storage/warehouse.h). */
#ifndef DEPOT_STORAGE_CATALOG_H
#define DEPOT_STORAGE_CATALOG_H

#include "storage/table_sample.h"

/* One immutable version of a table; counted references. */
typedef struct TableState {
    TableVersion table;   /* first: what others see */
    Warehouse *warehouse; /* borrowed; where its files are */
    Topology topology;
    Arena arena;              /* everything `table` points to */
    uint64_t checksum;        /* of its manifest; the root repeats it */
    const uint8_t **sketches; /* one HyperLogLog per column; NULL: no values */
    TableSample *sample;      /* a reference; NULL: none was taken */
    Attachment attachment;
    _Atomic(uint32_t) references;
} TableState;

/* An empty state with one reference, to be filled by its maker. */
Status table_state_create(const Context *cx, TableState **state);
TableState *table_state_retain(TableState *state);
void table_state_release(TableState *state); /* NULL is fine */
/* From segments, partitions, schema, sketches and sample: rows, bytes, statistics. */
Status table_state_summarize(const Context *cx, TableState *state);
/* A table of style ALL stands once on each node; the copy on node 0 is counted. */
bool table_counts_segment(const TableVersion *table, const Segment *segment);
/* Deep copies of a segment's columns, a partition. */
Status segment_copy(const Context *cx, Arena *arena, uint32_t column_count, const Segment *from, Segment *to);
Status partition_copy(const Context *cx, Arena *arena, const Partition *from, Partition *to);
/* "tables/lineorder-3" */
Status table_directory(const Context *cx, Arena *arena, const char *name, uint64_t id, const char **directory);

typedef struct RootTable {
    uint64_t id, version, checksum; /* names manifests/table-<id>-<version> */
} RootTable;

/* Files that no version from `dropped` on names, and none before `created` did. Removed when no pinned version lies in
 * [created, dropped). */
typedef struct Retired {
    uint64_t created, dropped;
    const char *path;      /* the file itself, or the stem of … */
    uint32_t column_files; /* … this many files <stem>.c0, <stem>.c1, …; 0: one file */
} Retired;

/* What a root manifest says. */
typedef struct Root {
    uint64_t version;
    Topology topology;
    uint64_t next_id; /* of tables, segments and delete maps */
    uint32_t table_count;
    RootTable *tables;
    uint32_t older_count;
    uint64_t *older; /* earlier versions whose manifests may still be there */
    uint32_t retired_count;
    Retired *retired;
    uint32_t namespace_count;
    Namespace *namespaces;
} Root;

#endif
