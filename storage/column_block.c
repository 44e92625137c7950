/* Decoding an open block into vectors: codes where the encoding has them and the type's vectors take them, else values. */
#include "storage/block.h"
#include "storage/encodings/encoding_classes.h"
#include "storage/encodings/pack.h"
#include "storage/segment_table.h"
#include "storage/table_cache.h"

/* segment_read.c: everything of an open but how it decodes. */
Status column_block_load(const Context *cx, SegmentReader *reader, uint32_t column, uint32_t block, bool is_for_once,
                         ColumnBlock *out);

/* Codes that stand for base + code go up to 32 bits, and only where vectors have them: the integer classes. BOOLEAN is flat. */
static uint32_t frame_code_bytes(const BlockEntry *entry, Type type) {
    StorageClass class_ = type_class(type);
    bool takes_codes = class_ == CLASS_I16 || class_ == CLASS_I32 || class_ == CLASS_I64;
    return takes_codes && entry->bits <= 32 ? pack_code_bytes(entry->bits) : 0;
}

static uint32_t dictionary_code_bytes(uint32_t size) {
    return size <= 256 ? 1 : size <= 65536 ? 2 : 4;
}

static Status open_block(const Context *cx, SegmentReader *reader, uint32_t column, uint32_t block, bool is_for_once,
                         const Dictionary *query_dictionary, ColumnBlock *out) {
    TRY(column_block_load(cx, reader, column, block, is_for_once, out));
    out->base = (int64_t)out->entry->base[0];
    if (out->encoding->codes == NULL) {
        return OK;
    }
    if (out->segment_dictionary == NULL) {
        out->code_bytes = (uint8_t)frame_code_bytes(out->entry, out->type);
        return OK;
    }
    out->dictionary = out->segment_dictionary;
    if (query_dictionary != NULL) {
        uint32_t map_bytes;
        out->code_map = query_dictionary_map(query_dictionary, reader->segment.id, &map_bytes);
        out->map_bytes = (uint8_t)map_bytes;
        out->dictionary = query_dictionary;
    }
    out->code_bytes = (uint8_t)dictionary_code_bytes(out->dictionary->size);
    return OK;
}

Status column_block_open(const Context *cx, SegmentReader *reader, uint32_t column, uint32_t block,
                         const Dictionary *query_dictionary, ColumnBlock *out) {
    return open_block(cx, reader, column, block, false, query_dictionary, out);
}

Status column_block_open_for_once(const Context *cx, SegmentReader *reader, uint32_t column, uint32_t block, ColumnBlock *out) {
    return open_block(cx, reader, column, block, true, NULL, out);
}

/* Scratch for codes on their way: as many as a batch has, of the widest kind, and the slack. */
typedef struct CodeScratch {
    uint64_t codes[BATCH_ROWS_MAX + CODES_SLACK_BYTES / 8];
} CodeScratch;

static Status prepare_codes(const Context *cx, const ColumnBlock *block, Vector *out) {
    TRY(vector_reserve(cx, out, (size_t)BATCH_ROWS_MAX * 4 + CODES_SLACK_BYTES));
    return vector_prepare_codes(cx, out, block->type, block->code_bytes);
}

/* Is what the encoding gives already what the vector takes? */
static bool codes_are_final(const ColumnBlock *block) {
    return block->code_map == NULL && pack_code_bytes(block->entry->bits) == block->code_bytes;
}

/* Stored dictionary codes → codes of the vector's dictionary and width. `stored` has count of them and may be changed. */
static void translate_codes(const ColumnBlock *block, void *stored, uint32_t count, void *codes) {
    uint32_t stored_bytes = pack_code_bytes(block->entry->bits);
    uint64_t base = block->entry->base[0];
    CodeScratch wide;
    if ((base + ((UINT64_C(1) << block->entry->bits) - 1)) >> (stored_bytes * 8) != 0) { /* base + code may not fit */
        unpack_kernels->resize(stored, stored_bytes, count, 4, wide.codes);
        stored = wide.codes;
        stored_bytes = 4;
    }
    if (base != 0) {
        unpack_kernels->add_base(stored, base, count, stored_bytes);
    }
    if (block->code_map != NULL) {
        unpack_kernels->map_codes(stored, stored_bytes, block->code_map, block->map_bytes, count, codes);
    } else {
        unpack_kernels->resize(stored, stored_bytes, count, block->code_bytes, codes);
    }
}

/* Integer codes of `count` values → values of the class. */
static void flatten_codes(const ColumnBlock *block, void *codes, uint32_t count, void *out) {
    uint32_t code_bytes = pack_code_bytes(block->entry->bits), value_bytes = type_bytes(block->type);
    if (value_bytes == sizeof(__int128)) {
        CodeScratch wide;
        __int128 base = block_entry_base(block->entry), *values = out;
        unpack_kernels->resize(codes, code_bytes, count, 8, wide.codes);
        for (uint32_t i = 0; i < count; i++) {
            values[i] = base + (__int128)(unsigned __int128)wide.codes[i];
        }
        return;
    }
    unpack_kernels->resize(codes, code_bytes, count, value_bytes, out);
    unpack_kernels->add_base(out, block->entry->base[0], count, value_bytes);
}

/* NULL lanes of flat vectors are zero. */
static void zero_null_lanes(Vector *out, uint32_t count) {
    uint32_t bytes = type_bytes(out->type);
    for (uint32_t i = 0; i < count; i++) {
        if (!bit_get(out->validity, i)) {
            memset((uint8_t *)out->data + (size_t)i * bytes, 0, bytes);
        }
    }
}

/* Fills the vector from `codes`, as the encoding wrote them. For frame codes that are final they stand in out->data already. */
static Status finish_codes(const Context *cx, const ColumnBlock *block, uint32_t count, CodeScratch *scratch, Vector *out) {
    if (block->code_bytes == 0) {
        TRY(vector_prepare_flat(cx, out, block->type));
        flatten_codes(block, scratch->codes, count, out->data);
        return OK;
    }
    TRY(prepare_codes(cx, block, out));
    translate_codes(block, scratch->codes, count, out->data);
    return OK;
}

static bool reads_in_place(const ColumnBlock *block) {
    return block->code_bytes != 0 && codes_are_final(block) &&
           (block->segment_dictionary == NULL || block->entry->base[0] == 0);
}

static void set_meaning(const ColumnBlock *block, Vector *out) {
    out->dictionary = out->kind == VECTOR_CODES ? block->dictionary : NULL;
    out->base = out->kind == VECTOR_CODES && block->dictionary == NULL ? block->base : 0;
}

static Status decode_codes(const Context *cx, const ColumnBlock *block, uint32_t first, uint32_t count, Vector *out) {
    if (reads_in_place(block)) {
        TRY(prepare_codes(cx, block, out));
        block->encoding->codes(block, first, count, out->data);
    } else {
        CodeScratch scratch;
        block->encoding->codes(block, first, count, scratch.codes);
        TRY(finish_codes(cx, block, count, &scratch, out));
    }
    set_meaning(block, out);
    return OK;
}

static Status gather_codes(const Context *cx, const ColumnBlock *block, const uint16_t *rows, uint32_t count, Vector *out) {
    if (reads_in_place(block)) {
        TRY(prepare_codes(cx, block, out));
        block->encoding->gather_codes(block, rows, count, out->data);
    } else {
        CodeScratch scratch;
        block->encoding->gather_codes(block, rows, count, scratch.codes);
        TRY(finish_codes(cx, block, count, &scratch, out));
    }
    set_meaning(block, out);
    return OK;
}

/* Validity of rows [first, first + count), without a bitmap where all are valid. */
static Status slice_validity(const Context *cx, const ColumnBlock *block, uint32_t first, uint32_t count, Vector *out) {
    if (out->kind == VECTOR_CONSTANT) {
        return OK;
    }
    out->validity = NULL;
    if (block->validity == NULL) {
        return OK;
    }
    TRY(vector_prepare_validity(cx, out, false));
    bits_copy(block->validity, first, out->validity, count);
    if (bits_all_set(out->validity, count)) {
        out->validity = NULL;
    }
    return OK;
}

static Status gather_validity(const Context *cx, const ColumnBlock *block, const uint16_t *rows, uint32_t count, Vector *out) {
    if (out->kind == VECTOR_CONSTANT) {
        return OK;
    }
    out->validity = NULL;
    if (block->validity == NULL) {
        return OK;
    }
    TRY(vector_prepare_validity(cx, out, false));
    for (uint32_t i = 0; i < count; i++) {
        bit_put(out->validity, i, bit_get(block->validity, rows[i]));
    }
    if (bits_all_set(out->validity, count)) {
        out->validity = NULL;
    }
    return OK;
}

static void finish_nulls(const ColumnBlock *block, uint32_t count, Vector *out) {
    if (out->validity != NULL && out->kind == VECTOR_FLAT && block->encoding->codes != NULL) {
        zero_null_lanes(out, count);
    }
}

Status column_block_decode(const Context *cx, const ColumnBlock *block, uint32_t first, uint32_t count, Vector *out) {
    if (block->encoding->codes != NULL) {
        TRY(decode_codes(cx, block, first, count, out));
    } else {
        TRY(block->encoding->decode(cx, block, first, count, out));
    }
    TRY(slice_validity(cx, block, first, count, out));
    finish_nulls(block, count, out);
    return OK;
}

Status column_block_gather(const Context *cx, const ColumnBlock *block, const uint16_t *rows, uint32_t count, Vector *out) {
    if (block->encoding->codes != NULL) {
        TRY(gather_codes(cx, block, rows, count, out));
    } else {
        TRY(block->encoding->gather(cx, block, rows, count, out));
    }
    TRY(gather_validity(cx, block, rows, count, out));
    finish_nulls(block, count, out);
    return OK;
}
