/* Buffered rows → the files of a segment, registered with a commit. The columns of a segment can be written by several threads:
 * prepare once, then every column in any order, then finish. */
#ifndef DEPOT_STORAGE_SEGMENT_WRITE_H
#define DEPOT_STORAGE_SEGMENT_WRITE_H

#include "storage/column_buffer.h"
#include "storage/column_write.h"

typedef struct SegmentDraft {
    Commit *commit;             /* borrowed */
    const TableSchema *schema;  /* borrowed */
    const ColumnEncoding *want; /* per column; borrowed */
    uint64_t table_id;
    Segment segment;        /* id, slice, partition, rows, block_rows, is_packed set by whoever makes the draft */
    ColumnBuffer *columns;  /* one per table column; owned */
    uint32_t *order;        /* owned */
    ColumnWritten *written; /* one per column; owned */
    Arena *arenas;          /* one per column, for its range; owned */
} SegmentDraft;

/* Sorts. */
Status segment_draft_prepare(const Context *cx, SegmentDraft *draft) MUST_CHECK;
/* Encodes a column, writes its file (unless packed), frees its rows. `loops` may share the work. `sketch` has HLL_BYTES, for
 * this call alone. */
Status segment_draft_write_column(const Context *cx, SegmentDraft *draft, uint32_t column, const SharedLoops *loops,
                                  uint8_t *sketch) MUST_CHECK;
/* Writes the packed file, if it is one; registers the segment. */
Status segment_draft_finish(const Context *cx, SegmentDraft *draft) MUST_CHECK;
void segment_draft_free(SegmentDraft *draft);

/* The encodings that the table's definition and the settings force_encoding and force_codec ask for; those that do not apply to
 * a column's type become AUTO, with a notice. `want` has one per column. */
void segment_wanted_encodings(const Context *cx, const TableSchema *schema, ColumnEncoding *want);

#endif
