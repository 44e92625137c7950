/* A block's bytes: validity (if some but not all rows are NULL), then the encoded values, then perhaps LZ4 or zstd over both.
 * What the bytes mean stands in the column's footer (BlockEntry), so a block has no header of its own. */
#include "storage/block.h"

#include "storage/encodings/codec.h"
#include "storage/encodings/encoding_classes.h"
#include "storage/encodings/pack.h"
#include "storage/encodings/repeats.h"
#include "storage/encodings/symbol_texts.h"
#include "storage/encodings/text_rows.h"

/* ENCODE AUTO tries LZ4 and zstd only where bits are not packed: on text, and on raw values. */
static bool codec_may_pay(const BlockInput *in, const BlockEntry *entry) {
    return entry->encoding == ENCODING_RAW && (type_class(in->type) == CLASS_TEXT || entry->plain_bytes >= 1024);
}

/* A codec in the plan of AUTO must save this much: it is undone before every first read. */
enum { PAYING_PERCENT_MAX = 85, ZSTD_OF_LZ4_PERCENT_MAX = 80 };
/* The blocks of a column are alike: one of so many is tried with all codecs. */
enum { BLOCKS_PER_CHOICE = 16 };

/* Repeats are for codes that stand packed behind the validity. */
static bool takes_repeats(const BlockEntry *entry) {
    return (entry->encoding == ENCODING_BITPACK || entry->encoding == ENCODING_DICT) && entry->bits > 0;
}

static bool repeats_pay(const BlockInput *in, const BlockEntry *entry) {
    return takes_repeats(entry) &&
           repeats_bytes(entry->bits, in->rows, in->stats.runs) * 100 < pack_bytes(entry->bits, in->rows) * PAYING_PERCENT_MAX;
}

static size_t compress_block(const BlockEntry *entry, CodecId codec, CodecState *state, const uint8_t *from, uint8_t *to) {
    if (codec != CODEC_REPEATS) {
        return codec_compress(state, codec, from, entry->plain_bytes, to);
    }
    if (!takes_repeats(entry)) {
        return 0;
    }
    size_t validity = block_validity_bytes(entry->rows, entry->nulls);
    memcpy(to, from, validity);
    size_t size = validity + repeats_compress(from + validity, entry->bits, entry->rows, to + validity);
    return size < entry->plain_bytes ? size : 0;
}

static CodecId choose_codec(const BlockInput *in, const BlockEntry *entry, CodecState *state, const uint8_t *from,
                            uint8_t *to) {
    if (repeats_pay(in, entry)) {
        return CODEC_REPEATS;
    }
    if (!codec_may_pay(in, entry)) {
        return CODEC_NONE;
    }
    if (state->blocks++ % BLOCKS_PER_CHOICE == 0) {
        size_t lz4 = compress_block(entry, CODEC_LZ4, state, from, to);
        size_t zstd = compress_block(entry, CODEC_ZSTD, state, from, to);
        state->paid = zstd > 0 && (lz4 == 0 || zstd * 100 < lz4 * ZSTD_OF_LZ4_PERCENT_MAX) ? CODEC_ZSTD : CODEC_LZ4;
    }
    return state->paid;
}

/* Replaces the plain bytes at the end of the image by compressed ones if that is asked for or pays. */
static Status apply_codec(const Context *cx, const BlockInput *in, CodecId want, CodecState *state, ByteBuffer *image,
                          BlockEntry *entry) {
    size_t plain = entry->plain_bytes;
    entry->codec = CODEC_NONE;
    entry->stored_bytes = entry->plain_bytes;
    if (want == CODEC_NONE || plain == 0) {
        return OK;
    }
    TRY(byte_buffer_reserve(cx, image, codec_bound(plain) + repeats_bytes(0, in->rows, 0)));
    uint8_t *from = image->data + image->used - plain, *to = image->data + image->used;
    CodecId codec = want == CODEC_AUTO ? choose_codec(in, entry, state, from, to) : want;
    size_t size = codec == CODEC_NONE ? 0 : compress_block(entry, codec, state, from, to);
    if (size > 0 && (want != CODEC_AUTO || size * 100 < plain * PAYING_PERCENT_MAX)) {
        memmove(from, to, size);
        image->used -= plain - size;
        entry->codec = (uint8_t)codec;
        entry->stored_bytes = (uint32_t)size;
    }
    return OK;
}

static uint32_t usable_encoding(const BlockInput *in, uint32_t want) {
    const EncodingClass *class_ = encoding_class(want);
    if (in->nulls == in->rows) {
        return ENCODING_CONSTANT;
    }
    return class_ != NULL && class_->size(in) != ENCODING_CANNOT ? want : encoding_choose(in);
}

Status block_write(const Context *cx, const BlockInput *in, ColumnEncoding want, CodecState *codecs, ByteBuffer *image,
                   BlockEntry *entry) {
    uint32_t validity_bytes = block_validity_bytes(in->rows, in->nulls);
    *entry = (BlockEntry){.offset = image->used, .rows = in->rows, .nulls = in->nulls};
    entry->flags = in->is_codes ? BLOCK_IS_CODES : 0;
    entry->encoding = (uint8_t)usable_encoding(in, want.encoding);
    const EncodingClass *class_ = encoding_class(entry->encoding);
    uint64_t bytes = class_->size(in) + validity_bytes;
    if (bytes > UINT32_MAX / 2) {
        return fail(cx, PROGRAM_LIMIT_EXCEEDED, "a block of %u rows takes more than 2 GB", in->rows);
    }
    TRY(byte_buffer_reserve(cx, image, bytes + 1)); /* there is memory even for blocks of no bytes */
    uint8_t *out = image->data + image->used;
    if (validity_bytes > 0) {
        memset(out, 0, validity_bytes);
        memcpy(out, in->validity, BITS_WORDS(in->rows) * 8);
    }
    class_->encode(in, entry, out + validity_bytes);
    image->used += bytes;
    entry->plain_bytes = (uint32_t)bytes;
    TRY(apply_codec(cx, in, want.codec, codecs, image, entry));
    entry->checksum = codec_checksum(image->data + entry->offset, entry->stored_bytes);
    return OK;
}

/* Kernels add codes to the base without a look at overflow: it must be a value of the type. */
static bool base_is_value(const BlockEntry *entry, Type type) {
    __int128 base = block_entry_base(entry);
    if (entry->encoding == ENCODING_RAW || (entry->flags & BLOCK_IS_CODES) != 0) {
        return true;
    }
    switch (type_class(type)) {
    case CLASS_I16: return base == (int16_t)base;
    case CLASS_I32: return base == (int32_t)base;
    case CLASS_I64: return base == (int64_t)base;
    default: return true;
    }
}

const char *block_entry_problem(const BlockEntry *entry, Type type) {
    if (entry->rows == 0 || entry->rows > 65536 || entry->nulls > entry->rows) {
        return "impossible row counts";
    }
    if (encoding_class(entry->encoding) == NULL || !encoding_takes_type(entry->encoding, type)) {
        return "impossible encoding";
    }
    if (entry->codec < CODEC_NONE || entry->codec >= CODEC_COUNT || (entry->flags & ~BLOCK_FLAGS_ALL) != 0 ||
        entry->bits > 64) {
        return "impossible header";
    }
    if (entry->codec == CODEC_NONE && entry->plain_bytes != entry->stored_bytes) {
        return "impossible sizes";
    }
    if (entry->codec == CODEC_REPEATS && !takes_repeats(entry)) {
        return "impossible codec";
    }
    if (!base_is_value(entry, type)) {
        return "impossible base";
    }
    return NULL;
}

static uint64_t round_up_64(uint64_t bytes) {
    return (bytes + 63) / 64 * 64;
}
static bool has_raw_text(const BlockEntry *entry, Type type) {
    return entry->encoding == ENCODING_RAW && type_class(type) == CLASS_TEXT;
}

uint64_t block_frame_bytes(const BlockEntry *entry, Type type) {
    return round_up_64(has_raw_text(entry, type) ? raw_text_frame_bytes(entry) : entry->plain_bytes);
}

/* Unpacks all codes once to see that none is past the dictionary. */
static bool codes_fit(const BlockEntry *entry, Type type, const CacheFrame *frame, uint32_t dictionary_size) {
    uint64_t base = entry->base[0];
    uint32_t code_bytes = pack_code_bytes(entry->bits);
    if (entry->base[1] != 0 || entry->bits > 32 || base >= dictionary_size) {
        return entry->nulls == entry->rows;
    }
    if (entry->encoding == ENCODING_CONSTANT || base + ((UINT64_C(1) << entry->bits) - 1) < dictionary_size) {
        return true;
    }
    ColumnBlock block = {
        .encoding = encoding_class(entry->encoding), .entry = entry, .data = frame->values, .type = type, .rows = entry->rows};
    for (uint32_t first = 0; first < entry->rows; first += PACK_CHUNK) {
        uint32_t here = entry->rows - first < PACK_CHUNK ? entry->rows - first : PACK_CHUNK;
        uint32_t narrow[PACK_CHUNK + CODES_SLACK_BYTES / 4], codes[PACK_CHUNK];
        block.encoding->codes(&block, first, here, narrow);
        unpack_kernels->resize(narrow, code_bytes, here, sizeof *codes, codes);
        uint32_t most = 0;
        for (uint32_t i = 0; i < here; i++) {
            most = codes[i] > most ? codes[i] : most;
        }
        if (base + most >= dictionary_size) {
            return false;
        }
    }
    return true;
}

static const char *read_values(const BlockEntry *entry, Type type, uint32_t dictionary_size, uint64_t bytes,
                               CacheFrame *frame) {
    if (has_raw_text(entry, type)) {
        if (!raw_text_open(entry, frame->data + (frame->values - frame->data), bytes)) {
            return "text lengths do not add up";
        }
    } else if (!encoding_class(entry->encoding)->check(entry, type, frame->values, bytes)) {
        return "encoded values do not add up";
    }
    if ((entry->flags & BLOCK_IS_CODES) != 0 && !codes_fit(entry, type, frame, dictionary_size)) {
        return "a code is past the dictionary";
    }
    return NULL;
}

/* Undoes the second stage into `plain`, entry->plain_bytes long. */
static Status read_stored(const Context *cx, const BlockEntry *entry, const uint8_t *stored, uint8_t *plain, bool *is_good) {
    if (entry->codec != CODEC_REPEATS) {
        return codec_decompress(cx, entry->codec, stored, entry->stored_bytes, plain, entry->plain_bytes, is_good);
    }
    uint32_t validity = block_validity_bytes(entry->rows, entry->nulls);
    *is_good = entry->stored_bytes >= validity && entry->plain_bytes == validity + pack_bytes(entry->bits, entry->rows);
    if (*is_good) {
        memcpy(plain, stored, validity);
        *is_good =
            repeats_expand(stored + validity, entry->stored_bytes - validity, entry->bits, entry->rows, plain + validity);
    }
    return OK;
}

/* The frame has the plain bytes. */
static const char *read_plain(const BlockEntry *entry, Type type, uint32_t dictionary_size, CacheFrame *frame) {
    uint32_t validity_bytes = block_validity_bytes(entry->rows, entry->nulls);
    if (validity_bytes > entry->plain_bytes) {
        return "validity does not fit";
    }
    frame->values = frame->data + validity_bytes;
    if (validity_bytes > 0) {
        frame->validity = (const uint64_t *)(const void *)frame->data;
        if (bits_count(frame->validity, entry->rows) != entry->rows - entry->nulls) {
            return "NULL count does not match";
        }
    }
    return read_values(entry, type, dictionary_size, entry->plain_bytes - validity_bytes, frame);
}

Status block_read(const Context *cx, const BlockEntry *entry, Type type, uint32_t dictionary_size, const uint8_t *stored,
                  CacheFrame *frame, const char **problem) {
    bool is_good = true;
    if (CHECKSUMS_COUNT && codec_checksum(stored, entry->stored_bytes) != entry->checksum) {
        *problem = "checksum does not match";
        return OK;
    }
    if (entry->codec != CODEC_NONE) {
        TRY(read_stored(cx, entry, stored, frame->data, &is_good));
    }
    *problem = is_good ? read_plain(entry, type, dictionary_size, frame) : "compressed bytes cannot be read";
    return OK;
}

bool block_takes_symbols(const BlockEntry *entry, Type type) {
    return has_raw_text(entry, type);
}

Status block_find_symbols(const Context *cx, const BlockEntry *entry, const CacheFrame *frame, SymbolTable *out) {
    return symbol_texts_train(cx, entry, frame->values, out);
}

Status block_recode(const Context *cx, const BlockEntry *entry, const SymbolTable *symbols, CacheFrame *frame) {
    uint32_t validity_bytes = block_validity_bytes(entry->rows, entry->nulls);
    uint8_t *data;
    TRY(symbol_texts_make(cx, entry, frame->values, symbols, validity_bytes, &data));
    if (data == NULL) {
        return OK;
    }
    memcpy(data, frame->data, validity_bytes);
    mem_free(frame->data);
    frame->data = data;
    frame->bytes = mem_size(data);
    frame->values = data + validity_bytes;
    frame->validity = validity_bytes > 0 ? (const uint64_t *)(const void *)data : NULL;
    frame->is_recoded = true;
    return OK;
}
