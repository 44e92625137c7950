/* Which rows of a segment are deleted: a bitmap in memory, a Roaring bitmap in its file (FORMAT.md, "Delete maps"). A file is
 * written once; more deleted rows are a new map with a new id, beside the same segment. */
#ifndef DEPOT_STORAGE_DELETE_MAP_H
#define DEPOT_STORAGE_DELETE_MAP_H

#include "storage/warehouse.h"

#include <stdatomic.h>

typedef struct DeleteMap {
    _Atomic(uint32_t) references;
    uint64_t id;               /* of its file; 0: not written */
    uint64_t rows;             /* of the segment */
    _Atomic(uint64_t) words[]; /* bit per row; bits past `rows` are 0 */
} DeleteMap;

/* What `from` has (NULL: nothing), as one that can be added to; one reference is the caller's. */
Status delete_map_create(const Context *cx, uint64_t rows, const DeleteMap *from, DeleteMap **map) MUST_CHECK;
DeleteMap *delete_map_retain(DeleteMap *map);
void delete_map_release(DeleteMap *map); /* NULL is fine */
/* Marks a row; false if it was marked already. Any thread. */
static inline bool delete_map_add(DeleteMap *map, uint64_t row) {
    uint64_t bit = UINT64_C(1) << (row & 63);
    return (atomic_fetch_or_explicit(&map->words[row >> 6], bit, memory_order_relaxed) & bit) == 0;
}
/* mask[i] = row first + i is not deleted; first is a multiple of 64. Returns how many are not. */
uint32_t delete_map_live(const DeleteMap *map, uint64_t first, uint32_t count, uint8_t *mask);
/* How many rows of [first, first + count) are deleted; first is a multiple of 64. */
uint64_t delete_map_count(const DeleteMap *map, uint64_t first, uint64_t count);

/* The map that the segment's manifest entry names; DATA_CORRUPTED names the file. */
Status delete_map_read(const Context *cx, FileSystem *files, const TableVersion *table, const Segment *segment,
                       DeleteMap **map) MUST_CHECK;
/* From now on all rows of `map` are deleted: writes its file (with a fresh id) and enters it into the commit's version of the
 * table. A segment without rows that are left goes altogether. `segment` is as the commit's table has it. */
Status commit_delete_rows(const Context *cx, Commit *commit, uint64_t table_id, const Segment *segment,
                          DeleteMap *map) MUST_CHECK;

#endif
