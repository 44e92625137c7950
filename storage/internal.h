/* What the parts of storage need of a warehouse beside warehouse.h; nothing above storage/ includes this. */
#ifndef DEPOT_STORAGE_INTERNAL_H
#define DEPOT_STORAGE_INTERNAL_H

#include "storage/block_cache.h"
#include "storage/file.h"
#include "storage/warehouse.h"

FileSystem *warehouse_files(Warehouse *warehouse);
BlockCache *warehouse_cache(Warehouse *warehouse); /* made by warehouse_open with cache_bytes_max, freed by warehouse_close */
Warehouse *snapshot_warehouse(const Snapshot *snapshot);
Warehouse *commit_warehouse(const Commit *commit);

/* Where a segment's files are: "<directory>/<segment id>.<column>.col", or "<directory>/<segment id>.seg" if it is packed. The
 * directory is the table's and the partition's; `column` UINT32_MAX means the packed file. `path` takes FILE_PATH_MAX bytes. */
#define SEGMENT_PACKED_FILE UINT32_MAX
Status segment_file_path(const Context *cx, uint64_t table_id, const Partition *partition, uint32_t slice, uint64_t segment_id,
                         uint32_t column, char *path) MUST_CHECK;
/* Makes the directory of a partition's segments of a slice, if it is not there yet. */
Status segment_make_directory(const Context *cx, Commit *commit, uint64_t table_id, uint32_t partition, uint32_t slice) MUST_CHECK;
/* The partition as the commit knows it (those added by commit_partition included); valid until the commit ends. */
const Partition *commit_partition_info(Commit *commit, uint64_t table_id, uint32_t partition);

#endif
