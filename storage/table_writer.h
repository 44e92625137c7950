/* Rows → segments. Takes batches in table column order and the table's exact types, decides slice (storage/distribute.c) and
 * partition (storage/partition.c) of each row, buffers per slice and partition, sorts by the sort key, cuts segments and
 * blocks, encodes, writes. Appends are thread-safe; the row order of one `sequence` after another is kept: a caller that
 * numbers its batches 0, 1, 2 … gets the same files whatever the number of threads. */
#ifndef DEPOT_STORAGE_TABLE_WRITER_H
#define DEPOT_STORAGE_TABLE_WRITER_H

#include "storage/warehouse.h"

typedef struct TableWriter TableWriter;

typedef struct WriteReport {
    uint64_t rows;
    uint64_t bytes;
    uint32_t segments;
    uint32_t partitions;
} WriteReport;

/* `pool` is used to encode and write full segments in parallel; `threads` at most. */
Status table_writer_open(const Context *cx, Commit *commit, const TableVersion *table, WorkerPool *pool, uint32_t threads,
                         TableWriter **writer);
/* For a change that also deletes: last segments are looked at when the writer finishes, deletes of the commit applied by then.
 */
void table_writer_take_tails_last(TableWriter *writer);
/* Copies the rows. NOT NULL is checked here (NOT_NULL_VIOLATION names column). Blocks (briefly) until all lower sequences have
 * been appended, so sequences must be handed out in order to running threads. A sequence may be given in several calls;
 * `is_last` ends it. */
Status table_writer_append(const Context *cx, TableWriter *writer, uint64_t sequence, const Batch *batch, bool is_last);
/* Flushes and registers all segments with the commit. A last segment under one block of its slice and partition that stood in
 * the table before is rewritten together with the new rows. Consumes the writer. */
Status table_writer_finish(const Context *cx, TableWriter *writer, WriteReport *report);
void table_writer_abort(TableWriter *writer); /* NULL is fine; files go with commit_abort */

#endif
