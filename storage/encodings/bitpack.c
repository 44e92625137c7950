/* Frame of reference and bit packing: base + code, codes packed in lanes (pack.h). Also the class of dictionary blocks, whose
 * integers are the codes of the segment's dictionary; those start at base 0 unless a higher base saves bits, so that reading
 * needs no addition. */
#include "storage/encodings/encoding_classes.h"
#include "storage/encodings/pack.h"

static uint32_t frame_bits(const BlockInput *in) {
    return bits_needed((uint64_t)in->stats.max - (uint64_t)in->stats.min);
}

static uint64_t bitpack_size(const BlockInput *in) {
    return in->integers == NULL || in->is_codes ? ENCODING_CANNOT : pack_bytes(frame_bits(in), in->rows);
}

static void bitpack_encode(const BlockInput *in, BlockEntry *entry, uint8_t *out) {
    entry->bits = (uint8_t)frame_bits(in);
    block_entry_set_base(entry, in->wide_base + in->stats.min);
    pack_integers(in->integers, (uint64_t)in->stats.min, entry->bits, in->rows, out);
}

static bool bitpack_check(const BlockEntry *entry, Type type, const uint8_t *values, uint64_t bytes) {
    (void)values;
    StorageClass class_ = type_class(type);
    return bytes == pack_bytes(entry->bits, entry->rows) && class_ != CLASS_TEXT && class_ != CLASS_INTERVAL;
}

static void bitpack_codes(const ColumnBlock *block, uint32_t first, uint32_t count, void *codes) {
    unpack_codes(block->data, block->entry->bits, block->rows, first, count, codes);
}

static void bitpack_gather_codes(const ColumnBlock *block, const uint16_t *rows, uint32_t count, void *codes) {
    unpack_rows(block->data, block->entry->bits, block->rows, rows, count, codes);
}

const EncodingClass bitpack_encoding = {
    .name = "bitpack",
    .size = bitpack_size,
    .encode = bitpack_encode,
    .check = bitpack_check,
    .codes = bitpack_codes,
    .gather_codes = bitpack_gather_codes,
};

/* The base of the codes: their minimum if that makes them shorter. */
static int64_t dict_base(const BlockInput *in) {
    return bits_needed((uint64_t)in->stats.max) == frame_bits(in) ? 0 : in->stats.min;
}

static uint64_t dict_size(const BlockInput *in) {
    return in->is_codes ? pack_bytes(frame_bits(in), in->rows) : ENCODING_CANNOT;
}

static void dict_encode(const BlockInput *in, BlockEntry *entry, uint8_t *out) {
    entry->bits = (uint8_t)frame_bits(in);
    block_entry_set_base(entry, dict_base(in));
    pack_integers(in->integers, (uint64_t)dict_base(in), entry->bits, in->rows, out);
}

static bool dict_check(const BlockEntry *entry, Type type, const uint8_t *values, uint64_t bytes) {
    (void)type, (void)values;
    return bytes == pack_bytes(entry->bits, entry->rows) && (entry->flags & BLOCK_IS_CODES) != 0;
}

const EncodingClass dict_encoding = {
    .name = "dict",
    .size = dict_size,
    .encode = dict_encode,
    .check = dict_check,
    .codes = bitpack_codes,
    .gather_codes = bitpack_gather_codes,
};
