/* Reading a segment: blocks of block_rows rows, the same rows for all columns. Metadata of all blocks is read once per segment
 * and column and kept by the warehouse; block data goes through the block cache (checksum verified when it enters). Damage is
 * an error with table, column, segment and block. All calls are thread-safe. */
#ifndef DEPOT_STORAGE_SEGMENT_READ_H
#define DEPOT_STORAGE_SEGMENT_READ_H

#include "storage/delete_map.h"

/* Borrowed from the snapshot; opens no file until a column is asked for. */
Status segment_open(const Context *cx, Snapshot *snapshot, const TableVersion *table, const Segment *segment,
                    SegmentReader **reader);
void segment_close(SegmentReader *reader);
uint32_t segment_block_count(const SegmentReader *reader);
uint32_t segment_block_row_count(const SegmentReader *reader, uint32_t block); /* rows of the block */
/* Zone map of a block. Reads the column's metadata (not its data) on first use. */
Status segment_block_range(const Context *cx, SegmentReader *reader, uint32_t column, uint32_t block, ColumnRange *range);
/* Bytes of the block on disk, as stored. */
Status segment_block_bytes(const Context *cx, SegmentReader *reader, uint32_t column, uint32_t block, uint64_t *bytes);

/* A pinned block of one column, decodable. Keep it on the stack; close it when done. Vectors that point into it (text views
 * without dictionary) are valid until then. */
typedef struct ColumnBlock {
    const struct EncodingClass *encoding;
    const struct BlockEntry *entry;       /* what the file says of the block */
    struct CacheSlot *slot;               /* pinned */
    const uint8_t *data;                  /* encoded values, second stage undone */
    const uint64_t *validity;             /* of the whole block; NULL: no NULLs, or nothing but NULLs (entry) */
    const Dictionary *segment_dictionary; /* of the codes as stored; NULL: none */
    const Dictionary *dictionary; /* of the codes as decoded: the segment's, or the query dictionary if one was asked for */
    const void *code_map;         /* segment code → query code, map_bytes wide, or NULL if they are the same */
    Type type;
    uint32_t rows;
    int64_t base; /* frame of reference */
    uint8_t map_bytes;
    uint8_t code_bytes;  /* width codes are decoded to; 0: decodes flat */
    uint64_t data_bytes; /* of data */
    uint64_t read_bytes; /* bytes on disk that this open really read; 0 on a cache hit */
} ColumnBlock;

/* `query_dictionary` NULL or from table_dictionary(): codes are then of that space. */
Status column_block_open(const Context *cx, SegmentReader *reader, uint32_t column, uint32_t block,
                         const Dictionary *query_dictionary, ColumnBlock *out) MUST_CHECK;
void column_block_close(ColumnBlock *block);
/* Without a query dictionary, for a block that is closed unkept: nothing is done for later reads. */
Status column_block_open_for_once(const Context *cx, SegmentReader *reader, uint32_t column, uint32_t block,
                                  ColumnBlock *out) MUST_CHECK;
/* Closes it; what this open had to read does not stay in the cache. */
void column_block_close_unkept(SegmentReader *reader, ColumnBlock *block);
/* Where the block's values stood when it was loaded last, without a pin: an address to prefetch, not to read. NULL: unknown. */
const uint8_t *column_block_address(SegmentReader *reader, uint32_t column, uint32_t block);
/* Rows [first, first + count) of the block; first is a multiple of 64, count <= BATCH_ROWS_MAX. CODES where the encoding has
 * them, CONSTANT for constant blocks, else FLAT. Uses out's scratch. */
Status column_block_decode(const Context *cx, const ColumnBlock *block, uint32_t first, uint32_t count, Vector *out) MUST_CHECK;
/* out[i] = row rows[i] of the block (ascending); count <= BATCH_ROWS_MAX. Decodes only what is asked for where that pays. */
Status column_block_gather(const Context *cx, const ColumnBlock *block, const uint16_t *rows, uint32_t count,
                           Vector *out) MUST_CHECK;

/* Rows of the segment that are deleted in the table version that `segment` is of; *map NULL if none. The caller releases it. */
Status segment_deletes(const Context *cx, SegmentReader *reader, const Segment *segment, DeleteMap **map) MUST_CHECK;

/* The query dictionary of a column: the sorted union of its segments' dictionaries, if each live segment has one and they sum
 * to at most 65,536 entries; else *dictionary = NULL. Kept by the snapshot's table version until the last snapshot goes. */
Status table_dictionary(const Context *cx, Snapshot *snapshot, const TableVersion *table, uint32_t column,
                        const Dictionary **dictionary);

/* -------------------------------------------------------------------------------------------- pruning without opening files */

/* The segments left by the predicates (ANDed), from the manifest alone: partition values first, then segment ranges.
 * `survives` has one byte per segment. *partitions_read counts partitions with a segment left. */
void table_prune(const TableVersion *table, const Predicate *predicates, uint32_t count, uint8_t *survives,
                 uint32_t *partitions_read, uint32_t *segments_read);

#endif
