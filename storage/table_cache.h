/* What a table version keeps in memory while it lives, hung at its attachment: the open segments it names, and the query
 * dictionaries of its columns. */
#ifndef DEPOT_STORAGE_TABLE_CACHE_H
#define DEPOT_STORAGE_TABLE_CACHE_H

#include "storage/segment_table.h"

/* A segment's way into a query dictionary. */
typedef struct SegmentCodeMap {
    uint64_t segment_id;
    void *map; /* segment code → query code; NULL: they are the same; owned */
} SegmentCodeMap;

/* The united dictionary of a column. What readers see is its first member. */
typedef struct QueryDictionary {
    Dictionary dictionary; /* its values stand in `united`; long text is borrowed from the segments' dictionaries */
    Dictionary *united;    /* owned */
    uint32_t map_bytes;    /* 1 or 2: width of codes */
    uint32_t segment_count;
    SegmentCodeMap *maps; /* by segment id; owned */
} QueryDictionary;

typedef struct ColumnCache {
    bool is_decided;                   /* query_dictionary says whether there is one */
    QueryDictionary *query_dictionary; /* owned */
} ColumnCache;

typedef struct TableCache {
    BlockCache *cache; /* borrowed */
    uint32_t segment_count, column_count;
    SegmentReader **readers; /* by index of segment; NULL: not opened yet; guarded by the attachment's lock */
    ColumnCache *columns;    /* guarded by the attachment's lock until decided */
} TableCache;

/* Reader of the segment, borrowed from the cache. */
Status table_cache_reader(const Context *cx, Snapshot *snapshot, const TableVersion *table, const Segment *segment,
                          SegmentReader **reader) MUST_CHECK;
/* The dictionary that the codes of a column in a segment are of. Borrowed from the reader. */
Status segment_dictionary(const Context *cx, SegmentReader *reader, uint32_t column, const Dictionary **dictionary) MUST_CHECK;
/* Metadata of a column, read on first use. Borrowed from the reader. */
Status segment_column_meta(const Context *cx, SegmentReader *reader, uint32_t column, const ColumnMeta **meta) MUST_CHECK;

/* The map of a segment into a query dictionary that table_dictionary gave. */
const void *query_dictionary_map(const Dictionary *query_dictionary, uint64_t segment_id, uint32_t *map_bytes);

#endif
