/* How small a table's columns would be in each encoding: rows as they are stored are encoded by the writer itself, and its
 * bytes counted. Nothing is written. */
#ifndef DEPOT_STORAGE_COMPRESSION_H
#define DEPOT_STORAGE_COMPRESSION_H

#include "storage/warehouse.h"

typedef struct CompressionFinding {
    uint64_t rows; /* of the sample */
    uint64_t raw_bytes;
    uint64_t best_bytes;
    ColumnEncoding best; /* raw where nothing is smaller; lz4 and zstd where they are smaller by a tenth */
} CompressionFinding;

/* Looks at the first rows of each slice, at most `rows_max` in all. */
Status compression_measure(const Context *cx, Snapshot *snapshot, const TableVersion *table, uint32_t column, uint64_t rows_max,
                           CompressionFinding *finding) MUST_CHECK;

#endif
