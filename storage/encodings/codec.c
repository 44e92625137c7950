/* LZ4, zstd and XXH3, the only place in storage/encodings that sees them. */
#include "storage/encodings/codec.h"

#include "core/hash.h"

#include <lz4.h>
#include <zstd.h>

enum { ZSTD_LEVEL = 1 };

const char *codec_name(uint32_t id) {
    static const char *const names[CODEC_COUNT] = {"auto", "none", "lz4", "zstd", "repeats"};
    return id < CODEC_COUNT ? names[id] : "?";
}

size_t codec_bound(size_t bytes) {
    size_t lz4 = (size_t)LZ4_compressBound((int)bytes), zstd = ZSTD_compressBound(bytes);
    return lz4 > zstd ? lz4 : zstd;
}

void codec_state_free(CodecState *state) {
    ZSTD_freeCCtx(state->zstd);
    *state = (CodecState){0};
}

/* With working memory that is already there; without, zstd makes some for this call alone. */
static size_t compress_zstd(CodecState *state, const void *from, size_t bytes, void *to) {
    if (state != NULL && state->zstd == NULL) {
        state->zstd = ZSTD_createCCtx();
    }
    size_t size = state == NULL || state->zstd == NULL
                      ? ZSTD_compress(to, ZSTD_compressBound(bytes), from, bytes, ZSTD_LEVEL)
                      : ZSTD_compressCCtx(state->zstd, to, ZSTD_compressBound(bytes), from, bytes, ZSTD_LEVEL);
    return ZSTD_isError(size) ? 0 : size;
}

size_t codec_compress(CodecState *state, CodecId codec, const void *from, size_t bytes, void *to) {
    size_t size = 0;
    if (bytes == 0 || bytes > LZ4_MAX_INPUT_SIZE) {
        return 0;
    }
    if (codec == CODEC_LZ4) {
        size = (size_t)LZ4_compress_default(from, to, (int)bytes, LZ4_compressBound((int)bytes));
    } else if (codec == CODEC_ZSTD) {
        size = compress_zstd(state, from, bytes, to);
    }
    return size < bytes ? size : 0;
}

/* zstd works in memory of its own: that there is none says nothing about the input. */
static Status decompress_zstd(const Context *cx, const void *from, size_t from_bytes, void *to, size_t bytes, bool *is_good) {
    ZSTD_DCtx *zstd = ZSTD_createDCtx();
    if (zstd == NULL) {
        return fail(cx, OUT_OF_MEMORY, "out of memory: no decompressor");
    }
    *is_good = ZSTD_decompressDCtx(zstd, to, bytes, from, from_bytes) == bytes;
    ZSTD_freeDCtx(zstd);
    return OK;
}

Status codec_decompress(const Context *cx, CodecId codec, const void *from, size_t from_bytes, void *to, size_t bytes,
                        bool *is_good) {
    *is_good = false;
    if (codec == CODEC_ZSTD) {
        return decompress_zstd(cx, from, from_bytes, to, bytes, is_good);
    }
    *is_good = codec == CODEC_LZ4 && from_bytes <= INT32_MAX && bytes <= INT32_MAX &&
               LZ4_decompress_safe(from, to, (int)from_bytes, (int)bytes) == (int)bytes;
    return OK;
}

uint64_t codec_checksum(const void *data, size_t bytes) {
    return hash_bytes(data, bytes, 0);
}
