/* Values as they are. Fixed-width classes: the array. Text: the lengths, packed, then the bytes (text_rows.h). */
#include "storage/encodings/encoding_classes.h"
#include "storage/encodings/pack.h"
#include "storage/encodings/text_rows.h"

static uint32_t longest(const BlockInput *in, uint64_t *bytes) {
    const Text *texts = in->values;
    uint32_t most = 0;
    *bytes = 0;
    for (uint32_t i = 0; i < in->rows; i++) {
        most = texts[i].bytes > most ? texts[i].bytes : most;
        *bytes += texts[i].bytes;
    }
    return most;
}

static uint64_t raw_size(const BlockInput *in) {
    if (in->is_codes) {
        return ENCODING_CANNOT;
    }
    if (type_class(in->type) != CLASS_TEXT) {
        return (uint64_t)in->rows * type_bytes(in->type);
    }
    uint64_t bytes;
    uint32_t bits = bits_needed(longest(in, &bytes));
    return pack_bytes(bits, in->rows) + bytes;
}

static void encode_text(const BlockInput *in, BlockEntry *entry, uint8_t *out) {
    const Text *texts = in->values;
    uint64_t bytes;
    entry->bits = (uint8_t)bits_needed(longest(in, &bytes));
    int64_t lengths[PACK_CHUNK];
    for (uint32_t at = 0; at < in->rows; at += PACK_CHUNK) {
        uint32_t here = in->rows - at < PACK_CHUNK ? in->rows - at : PACK_CHUNK;
        for (uint32_t i = 0; i < here; i++) {
            lengths[i] = texts[at + i].bytes;
        }
        pack_integers(lengths, 0, entry->bits, here, out);
        out += pack_bytes(entry->bits, here);
    }
    for (uint32_t i = 0; i < in->rows; i++) {
        memcpy(out, text_data(&texts[i]), texts[i].bytes);
        out += texts[i].bytes;
    }
}

static void raw_encode(const BlockInput *in, BlockEntry *entry, uint8_t *out) {
    if (type_class(in->type) == CLASS_TEXT) {
        encode_text(in, entry, out);
    } else {
        memcpy(out, in->values, (size_t)in->rows * type_bytes(in->type));
    }
}

/* Text has been looked at by raw_text_open. */
static bool raw_check(const BlockEntry *entry, Type type, const uint8_t *values, uint64_t bytes) {
    (void)values;
    return type_class(type) == CLASS_TEXT || bytes == (uint64_t)entry->rows * type_bytes(type);
}

static Status raw_decode(const Context *cx, const ColumnBlock *block, uint32_t first, uint32_t count, Vector *out) {
    if (type_class(block->type) == CLASS_TEXT) {
        TRY(vector_prepare_flat(cx, out, block->type));
        TextRows texts = raw_text_rows(block->entry, block->data);
        text_rows_views(&texts, first, count, out->data);
        return OK;
    }
    out->type = block->type;
    out->kind = VECTOR_FLAT;
    out->dictionary = NULL;
    out->data = (void *)(uintptr_t)(block->data + (size_t)first * type_bytes(block->type));
    return OK;
}

#define PICK(bytes, ctype)                                                                                                     \
    case bytes:                                                                                                                \
        for (uint32_t i = 0; i < count; i++) {                                                                                 \
            ((ctype *)out->data)[i] = ((const ctype *)(const void *)block->data)[rows[i]];                                     \
        }                                                                                                                      \
        break

static Status raw_gather(const Context *cx, const ColumnBlock *block, const uint16_t *rows, uint32_t count, Vector *out) {
    TRY(vector_prepare_flat(cx, out, block->type));
    if (type_class(block->type) == CLASS_TEXT) {
        TextRows texts = raw_text_rows(block->entry, block->data);
        text_rows_gather(&texts, rows, count, out->data);
        return OK;
    }
    switch (type_bytes(block->type)) {
        PICK(1, uint8_t);
        PICK(2, uint16_t);
        PICK(4, uint32_t);
        PICK(8, uint64_t);
        PICK(16, __int128);
    }
    return OK;
}

const EncodingClass raw_encoding = {
    .name = "raw",
    .size = raw_size,
    .encode = raw_encode,
    .check = raw_check,
    .decode = raw_decode,
    .gather = raw_gather,
};
