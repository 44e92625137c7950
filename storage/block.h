/* One block of a column: values → bytes in a file, and back into a frame of the cache. */
#ifndef DEPOT_STORAGE_BLOCK_H
#define DEPOT_STORAGE_BLOCK_H

#include "storage/block_cache.h"
#include "storage/byte_buffer.h"
#include "storage/encodings/codec.h"
#include "storage/encodings/encoding.h"
#include "storage/encodings/symbols.h"

/* Encodes the rows and appends the stored bytes to `image`. `want` says encoding and codec; 0 or one that does not take this
 * block: the best. `codecs` is the column's. Fills all of `entry` but its range and sortedness. */
Status block_write(const Context *cx, const BlockInput *in, ColumnEncoding want, CodecState *codecs, ByteBuffer *image,
                   BlockEntry *entry) MUST_CHECK;

/* Is what the entry says possible for a column of this type? NULL, or what is wrong. */
const char *block_entry_problem(const BlockEntry *entry, Type type);

/* Bytes of a frame for the block. */
uint64_t block_frame_bytes(const BlockEntry *entry, Type type);
/* Stored bytes → frame: checksum, second stage, structure, codes below `dictionary_size`. frame->data has
 * block_frame_bytes(). `stored` may be frame->data itself if the codec is none. Returns OK with *problem set to what is wrong
 * with the bytes, NULL if nothing is. OUT_OF_MEMORY. */
Status block_read(const Context *cx, const BlockEntry *entry, Type type, uint32_t dictionary_size, const uint8_t *stored,
                  CacheFrame *frame, const char **problem) MUST_CHECK;

/* May a block that was read be kept as symbols? */
bool block_takes_symbols(const BlockEntry *entry, Type type);
/* Symbols for the blocks of a column from one of them; none if they would not pay. */
Status block_find_symbols(const Context *cx, const BlockEntry *entry, const CacheFrame *frame, SymbolTable *out) MUST_CHECK;
/* Puts the block's texts as symbols in place of the frame's data if that pays. The table must live as long. */
Status block_recode(const Context *cx, const BlockEntry *entry, const SymbolTable *symbols, CacheFrame *frame) MUST_CHECK;

#endif
