/* The open segments of a warehouse, by id: metadata and dictionaries are read once per process, however many statements use
 * them. Made and freed by block_cache.c, used by segment_read.c. */
#ifndef DEPOT_STORAGE_SEGMENT_TABLE_H
#define DEPOT_STORAGE_SEGMENT_TABLE_H

#include "storage/block_cache.h"

typedef struct SegmentTable SegmentTable;
Status segment_table_create(const Context *cx, BlockCache *cache, SegmentTable **table);
void segment_table_free(SegmentTable *table); /* frees all open segments; NULL is fine */

#endif
