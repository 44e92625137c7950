/* Texts of a block in memory: packed lengths, where each chunk's texts begin, and the texts one after the other. Views of rows
 * are made when they are read: kept, they would be 16 bytes for each row of every text column that was ever scanned. */
#ifndef DEPOT_STORAGE_TEXT_ROWS_H
#define DEPOT_STORAGE_TEXT_ROWS_H

#include "core/text.h"
#include "storage/encodings/encoding.h"

/* Making views reads this many bytes past the last text. */
#define TEXT_ROWS_SLACK 16

typedef struct TextRows {
    const uint8_t *lengths; /* packed codes of `bits` bits */
    const uint32_t *starts; /* per chunk of PACK_CHUNK rows, in `texts` */
    const char *texts;
    uint32_t bits, rows;
} TextRows;

/* Where each chunk begins, from the lengths. False if they do not sum to `text_bytes`. */
bool text_rows_starts(const uint8_t *lengths, uint32_t bits, uint32_t rows, uint64_t text_bytes, uint32_t *starts);
/* Where the rows of a chunk end in `texts`; room for PACK_CHUNK. Those past the last row are undefined. */
void text_rows_ends(const TextRows *in, uint32_t chunk, uint32_t *ends);

/* Views of `count` texts, the first of which begins `start` bytes after the chunk and at `texts`. */
void text_views(const char *texts, uint32_t start, const uint32_t *ends, uint32_t count, Text *out);

/* Views of rows [first, first + count), which point into the texts. */
void text_rows_views(const TextRows *in, uint32_t first, uint32_t count, Text *out);
/* The same of `count` rows, ascending. */
void text_rows_gather(const TextRows *in, const uint16_t *rows, uint32_t count, Text *out);

/* A view of text that TEXT_ROWS_SLACK readable bytes follow, without a branch on its length. */
static inline Text text_rows_view(const char *data, uint32_t bytes) {
    /* By length: bits of the prefix, and of the eight bytes behind it. */
    static const uint32_t prefix_masks[TEXT_INLINE_MAX + 1] = {0,   0xff, 0xffff, 0xffffff, ~0U, ~0U, ~0U,
                                                               ~0U, ~0U,  ~0U,    ~0U,      ~0U, ~0U};
    static const uint64_t rest_masks[TEXT_INLINE_MAX + 1] = {
        0, 0, 0, 0, 0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff, ~UINT64_C(0)};
    uint32_t head = bytes < TEXT_INLINE_MAX ? bytes : TEXT_INLINE_MAX, prefix;
    uint64_t rest;
    memcpy(&prefix, data, sizeof prefix);
    memcpy(&rest, data + sizeof prefix, sizeof rest);
    prefix &= prefix_masks[head];
    rest &= rest_masks[head];
    rest = bytes <= TEXT_INLINE_MAX ? rest : (uint64_t)(uintptr_t)data;
    Text text;
    memcpy(&text, &bytes, sizeof bytes);
    memcpy((char *)&text + 4, &prefix, sizeof prefix);
    memcpy((char *)&text + 8, &rest, sizeof rest);
    return text;
}

/* Blocks of raw text: behind their bytes the frame has the starts. */
uint64_t raw_text_frame_bytes(const BlockEntry *entry);
/* Fills them in; `values` are the first of `bytes` bytes behind the validity. False if the lengths do not fit the bytes. */
bool raw_text_open(const BlockEntry *entry, uint8_t *values, uint64_t bytes);
TextRows raw_text_rows(const BlockEntry *entry, const uint8_t *values);

#endif
