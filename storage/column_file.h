/* A column of a segment as bytes: blocks, dictionary, footer (what is known of each block), tail. The image is a file of its
 * own, or one part of a packed file. Every byte is under a checksum or compared with what it must be. FORMAT.md has the bytes.
 */
#ifndef DEPOT_STORAGE_COLUMN_FILE_H
#define DEPOT_STORAGE_COLUMN_FILE_H

#include "core/predicate.h"
#include "storage/byte_buffer.h"
#include "storage/encodings/encoding.h"

#define COLUMN_FILE_MAGIC "DEPOTCOL"
#define PACKED_FILE_MAGIC "DEPOTSEG"
#define COLUMN_FILE_VERSION 1
#define COLUMN_FILE_VERSION_REPEATS 2 /* has blocks with CODEC_REPEATS, which version 1 did not know */
#define RANGE_TEXT_BYTES_MAX 64       /* minima and maxima are cut to this */

/* The last bytes of an image. Offsets are from the image's start; blocks, dictionary, footer and tail follow each other without
 * gaps. */
typedef struct ColumnTail {
    uint64_t segment_id;
    uint64_t rows;
    uint64_t footer_offset;
    uint64_t footer_checksum;
    uint64_t dictionary_offset; /* where the blocks end */
    uint64_t dictionary_checksum;
    uint32_t footer_bytes; /* block_count entries, then the text of minima and maxima */
    uint32_t block_count;
    uint32_t block_rows;
    uint32_t column;
    uint32_t dictionary_size; /* entries; 0: there is none */
    uint32_t dictionary_stored_bytes;
    uint32_t dictionary_plain_bytes;
    uint8_t dictionary_codec;
    uint8_t type_id, precision, scale;
    uint32_t version;
    uint32_t zero;
    uint64_t tail_checksum; /* of the bytes above */
    char magic[8];
} ColumnTail;
_Static_assert(sizeof(ColumnTail) == 104, "FORMAT.md says 104 bytes");

/* The end of a packed file; before it stands one PackedEntry per column, before those the images. */
typedef struct PackedEntry {
    uint64_t offset, bytes;
} PackedEntry;
typedef struct PackedTail {
    uint64_t segment_id;
    uint32_t column_count;
    uint32_t version;
    uint64_t checksum; /* of the entries and the bytes above */
    char magic[8];
} PackedTail;
_Static_assert(sizeof(PackedTail) == 32, "FORMAT.md says 32 bytes");

/* What is in memory of an image: tail and footer, checked. */
typedef struct ColumnMeta {
    ColumnTail tail;
    Type type;
    const BlockEntry *entries; /* in footer */
    const char *texts;         /* in footer */
    uint32_t text_bytes;
    uint8_t *footer; /* owned */
} ColumnMeta;

/* Appends footer and tail to an image that has its blocks and dictionary. `tail` has segment_id, rows, dictionary_*,
 * block_rows, column; the rest is filled here. */
Status column_image_finish(const Context *cx, ByteBuffer *image, Type type, const BlockEntry *entries, uint32_t block_count,
                           const ByteBuffer *range_text, ColumnTail *tail) MUST_CHECK;
/* Is this the tail of an image of `image_bytes` bytes? NULL, or what is wrong. */
const char *column_tail_problem(const ColumnTail *tail, uint64_t image_bytes, Type type);
/* The footer belongs to meta->tail; its bytes are in meta->footer. Fills entries and texts. NULL, or what is wrong. */
const char *column_footer_problem(ColumnMeta *meta);
/* Range of a block. Text borrows from the footer. */
void column_meta_range(const ColumnMeta *meta, uint32_t block, ColumnRange *range);

/* Appends directory and tail of a packed file. */
Status packed_file_finish(const Context *cx, ByteBuffer *file, uint64_t segment_id, const PackedEntry *entries,
                          uint32_t column_count) MUST_CHECK;
/* `end` is the end of the file from its directory on. */
const char *packed_tail_problem(const PackedTail *tail, const PackedEntry *entries, uint64_t file_bytes, uint64_t segment_id);

#endif
