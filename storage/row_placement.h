/* Where the rows of a batch go: slice by the table's distribution, partition by its partition keys. One per writer; not
 * thread-safe. */
#ifndef DEPOT_STORAGE_ROW_PLACEMENT_H
#define DEPOT_STORAGE_ROW_PLACEMENT_H

#include "storage/warehouse.h"

typedef struct PlacementEntry PlacementEntry;

typedef struct RowPlacement {
    Commit *commit;            /* borrowed */
    const TableSchema *schema; /* borrowed */
    uint64_t table_id;
    DistStyle style;
    uint32_t slices;
    uint64_t row_number; /* of the next row: rows go round by it */
    Vector *keys;        /* values of the partition keys in the batch; owned */
    Value *previous;     /* key values of the row before, and its partition */
    Value *values;       /* of the row at hand */
    uint32_t previous_partition;
    bool has_partition;       /* without keys: previous_partition is known */
    PlacementEntry **buckets; /* partitions met so far, by hash of the key values */
    uint32_t bucket_count;
    Arena arena;
} RowPlacement;

Status row_placement_init(const Context *cx, RowPlacement *placement, Commit *commit, const TableSchema *schema,
                          uint64_t table_id, uint64_t first_row_number) MUST_CHECK;
void row_placement_free(RowPlacement *placement);
/* slices[i], partitions[i] of row i (with DIST_ALL slices is not written: every node gets the row). */
Status row_placement_find(const Context *cx, RowPlacement *placement, const Batch *batch, uint32_t *slices,
                          uint32_t *partitions) MUST_CHECK;

#endif
