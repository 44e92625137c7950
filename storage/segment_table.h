/* The open segments of a warehouse, by id: metadata and dictionaries are read once per process, however many statements and
 * table versions use them. A segment that no table version holds stays open for the next one, up to a number of idle ones. */
#ifndef DEPOT_STORAGE_SEGMENT_TABLE_H
#define DEPOT_STORAGE_SEGMENT_TABLE_H

#include "storage/block_cache.h"
#include "storage/column_file.h"
#include "storage/delete_map.h"
#include "storage/encodings/symbols.h"

typedef struct SegmentTable SegmentTable;

/* Delete maps that an open segment keeps: a reader's and a writer's version. */
#define DELETE_MAPS_KEPT 2

/* One column of an open segment. `meta`, `dictionary` and `symbols` are set once, under the reader's lock, and read without
 * it. */
typedef struct OpenColumn {
    _Atomic(ColumnMeta *) meta;         /* owned */
    _Atomic(Dictionary *) dictionary;   /* owned */
    _Atomic(SymbolTable *) symbols;     /* owned; of the blocks that the cache keeps as symbols; none in it: none are */
    CacheSlot *slots;                   /* one per block; owned; there if meta is */
    uint64_t image_offset, image_bytes; /* of the image in its file */
} OpenColumn;

struct SegmentReader {
    BlockCache *cache;         /* borrowed */
    FileSystem *files;         /* borrowed */
    Arena arena;               /* holds what follows */
    Segment segment;           /* id, slice, rows, block_rows, is_packed; partition is 0 of `place` */
    TableVersion place;        /* a table version of this one partition: for paths */
    const TableSchema *schema; /* names and types */
    OpenColumn *columns;
    bool directory_is_read;               /* packed: image offsets are known; guarded by lock */
    DeleteMap *deletes[DELETE_MAPS_KEPT]; /* those asked for last, newest first; owned references; guarded by lock */
    pthread_mutex_t lock;
    uint32_t references;            /* guarded by the table's lock */
    SegmentReader *next, *previous; /* idle ones, oldest first; guarded by the table's lock */
    SegmentReader *chain;           /* hash chain; guarded by the table's lock */
};

Status segment_table_create(const Context *cx, BlockCache *cache, SegmentTable **table);
void segment_table_free(SegmentTable *table); /* frees all open segments; NULL is fine */
/* The open segment, made if needed; a reference more. */
Status segment_table_open(const Context *cx, BlockCache *cache, FileSystem *files, const TableVersion *table,
                          const Segment *segment, SegmentReader **reader) MUST_CHECK;
void segment_table_release(SegmentReader *reader);

#endif
