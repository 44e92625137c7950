/* The second stage: LZ4 or zstd over the bytes of a block or dictionary. Packed codes have one more, repeats.h. */
#ifndef DEPOT_STORAGE_CODEC_H
#define DEPOT_STORAGE_CODEC_H

#include "core/hash.h"
#include "core/memory.h"
#include "storage/encodings/encoding.h"

const char *codec_name(uint32_t id); /* "none", "lz4", "zstd", "repeats"; "auto" for 0 */
/* Room that compressing `bytes` bytes may need. */
size_t codec_bound(size_t bytes);
/* What compressing one block after the other shares. Zeroed at first. */
typedef struct CodecState {
    void *zstd;      /* its working memory; owned */
    CodecId paid;    /* what was best when it was last looked at */
    uint32_t blocks; /* that were looked at */
} CodecState;
void codec_state_free(CodecState *state);

/* Compresses into `to` (codec_bound(bytes) of room); 0 if that fails or saves nothing. `state` may be NULL. */
size_t codec_compress(CodecState *state, CodecId codec, const void *from, size_t bytes, void *to);
/* Exactly `bytes` bytes of result; *is_good = false if the input is not that. OUT_OF_MEMORY if there is none for decompressing.
 */
Status codec_decompress(const Context *cx, CodecId codec, const void *from, size_t from_bytes, void *to, size_t bytes,
                        bool *is_good) MUST_CHECK;
/* XXH3 of stored bytes. */
uint64_t codec_checksum(const void *data, size_t bytes);

#endif
