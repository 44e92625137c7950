/* gzip by zlib, zstd, LZ4 frames: each wants compressed bytes fed and gives plain ones. Several members or frames in one file
 * follow each other, as the tools of these formats write them. */
#include "storage/csv/csv_decompress.h"

#include <lz4frame.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define INPUT_BYTES ((size_t)256 << 10)

struct ByteStream {
    File *file;
    const CsvSource *source; /* instead of a file */
    uint64_t offset;
    CsvCompression compression;
    uint8_t *input; /* compressed bytes not yet used: [used, filled) */
    size_t used, filled;
    bool input_ended;
    bool in_frame; /* a member or frame has begun and not ended */
    z_stream gzip;
    bool has_gzip;
    ZSTD_DStream *zstd;
    LZ4F_dctx *lz4;
};

static CsvCompression guess_compression(const uint8_t *head, size_t bytes) {
    static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd}, lz4[] = {0x04, 0x22, 0x4d, 0x18};
    if (bytes >= 2 && memcmp(head, gzip, 2) == 0) {
        return CSV_GZIP;
    }
    if (bytes >= 4 && memcmp(head, zstd, 4) == 0) {
        return CSV_ZSTD;
    }
    return bytes >= 4 && memcmp(head, lz4, 4) == 0 ? CSV_LZ4 : CSV_PLAIN;
}

static Status start_decoder(const Context *cx, ByteStream *stream) {
    bool started = true;
    switch (stream->compression) {
    case CSV_GZIP: started = stream->has_gzip = inflateInit2(&stream->gzip, 15 + 16) == Z_OK; break;
    case CSV_ZSTD:
        stream->zstd = ZSTD_createDStream();
        started = stream->zstd != NULL;
        break;
    case CSV_LZ4: started = !LZ4F_isError(LZ4F_createDecompressionContext(&stream->lz4, LZ4F_VERSION)); break;
    default: break;
    }
    return started ? OK : fail(cx, OUT_OF_MEMORY, "out of memory: no decompressor");
}

static Status prepare_decoder(const Context *cx, ByteStream *stream, CsvCompression compression) {
    stream->compression = compression;
    if (compression == CSV_PLAIN) {
        return OK;
    }
    stream->input = mem_alloc(cx, INPUT_BYTES);
    return stream->input == NULL ? OUT_OF_MEMORY : start_decoder(cx, stream);
}

Status byte_stream_open_source(const Context *cx, const CsvSource *source, CsvCompression compression, ByteStream **out) {
    ByteStream *stream;
    TRY_ALLOC_ZEROED(cx, stream, sizeof *stream);
    stream->source = source;
    Status status = prepare_decoder(cx, stream, compression == CSV_AUTO ? CSV_PLAIN : compression);
    if (status != OK) {
        byte_stream_close(stream);
        stream = NULL;
    }
    *out = stream;
    return status;
}

Status byte_stream_open(const Context *cx, FileSystem *files, const char *path, CsvCompression compression, ByteStream **out) {
    ByteStream *stream;
    TRY_ALLOC_ZEROED(cx, stream, sizeof *stream);
    Status status;
    TRY_GOTO(file_open(cx, files, path, FILE_READ, &stream->file));
    uint8_t head[4];
    size_t got;
    TRY_GOTO(file_read_some(cx, stream->file, 0, head, sizeof head, &got));
    status = prepare_decoder(cx, stream, compression == CSV_AUTO ? guess_compression(head, got) : compression);
done:
    if (status != OK) {
        byte_stream_close(stream);
        stream = NULL;
    }
    *out = stream;
    return status;
}

void byte_stream_close(ByteStream *stream) {
    if (stream == NULL) {
        return;
    }
    if (stream->has_gzip) {
        inflateEnd(&stream->gzip);
    }
    ZSTD_freeDStream(stream->zstd);
    LZ4F_freeDecompressionContext(stream->lz4);
    mem_free(stream->input);
    file_close(stream->file);
    mem_free(stream);
}

static Status fail_damaged(const Context *cx, const ByteStream *stream, const char *what) {
    return stream->source != NULL ? fail(cx, BAD_COPY_FORMAT, "%s", what)
                                  : fail(cx, BAD_COPY_FORMAT, "file \"%s\": %s", file_path(stream->file), what);
}

static Status inflate_some(const Context *cx, ByteStream *stream, char *to, size_t bytes, size_t *got) {
    z_stream *z = &stream->gzip;
    if (!stream->in_frame && inflateReset(z) != Z_OK) {
        return fail_damaged(cx, stream, "cannot start gzip");
    }
    z->next_in = stream->input + stream->used;
    z->avail_in = (uInt)(stream->filled - stream->used);
    z->next_out = (Bytef *)to;
    z->avail_out = (uInt)bytes;
    int result = inflate(z, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        return fail_damaged(cx, stream, "the gzip data is damaged");
    }
    stream->used = stream->filled - z->avail_in;
    stream->in_frame = result != Z_STREAM_END;
    *got = bytes - z->avail_out;
    return OK;
}

static Status unzstd_some(const Context *cx, ByteStream *stream, char *to, size_t bytes, size_t *got) {
    ZSTD_inBuffer in = {stream->input, stream->filled, stream->used};
    ZSTD_outBuffer out = {to, bytes, 0};
    size_t result = ZSTD_decompressStream(stream->zstd, &out, &in);
    if (ZSTD_isError(result)) {
        return fail_damaged(cx, stream, "the zstd data is damaged");
    }
    stream->used = in.pos;
    stream->in_frame = result != 0;
    *got = out.pos;
    return OK;
}

static Status unlz4_some(const Context *cx, ByteStream *stream, char *to, size_t bytes, size_t *got) {
    size_t taken = stream->filled - stream->used;
    *got = bytes;
    size_t result = LZ4F_decompress(stream->lz4, to, got, stream->input + stream->used, &taken, NULL);
    if (LZ4F_isError(result)) {
        return fail_damaged(cx, stream, "the LZ4 data is damaged");
    }
    stream->used += taken;
    stream->in_frame = result != 0;
    return OK;
}

static Status read_stored(const Context *cx, ByteStream *stream, void *to, size_t bytes, size_t *got) {
    if (stream->source == NULL) {
        TRY(file_read_some(cx, stream->file, stream->offset, to, bytes, got));
    } else {
        int64_t result = stream->source->read(stream->source->argument, to, bytes);
        if (result < 0) {
            return fail(cx, IO_ERROR, "could not read what COPY is given");
        }
        *got = (size_t)result;
    }
    stream->offset += *got;
    return OK;
}

static Status refill(const Context *cx, ByteStream *stream) {
    size_t got;
    TRY(read_stored(cx, stream, stream->input, INPUT_BYTES, &got));
    stream->used = 0;
    stream->filled = got;
    stream->input_ended = got == 0;
    return OK;
}

Status byte_stream_read(const Context *cx, ByteStream *stream, char *to, size_t bytes, size_t *got) {
    *got = 0;
    if (stream->compression == CSV_PLAIN) {
        return read_stored(cx, stream, to, bytes, got);
    }
    while (*got == 0) {
        if (stream->used == stream->filled && !stream->input_ended) {
            TRY(refill(cx, stream));
        }
        if (stream->used == stream->filled && !stream->in_frame) {
            return OK; /* the end, between frames */
        }
        bool was_ended = stream->input_ended;
        switch (stream->compression) {
        case CSV_GZIP: TRY(inflate_some(cx, stream, to, bytes, got)); break;
        case CSV_ZSTD: TRY(unzstd_some(cx, stream, to, bytes, got)); break;
        default: TRY(unlz4_some(cx, stream, to, bytes, got)); break;
        }
        if (*got == 0 && was_ended && stream->in_frame) {
            return fail_damaged(cx, stream, "the compressed data ends in the middle");
        }
    }
    return OK;
}
