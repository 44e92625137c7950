/* Differences of neighbours, less the smallest difference, packed; each chunk of 1,024 rows starts with its own code, so that
 * chunks decode alone. Sums wrap at the width of the codes, which hold both the range and the differences. For values that
 * climb: keys in load order, timestamps. */
#include "storage/encodings/encoding_classes.h"
#include "storage/encodings/pack.h"

typedef struct DeltaHeader {
    uint64_t delta_min; /* wrapping */
    uint8_t delta_bits;
    uint8_t zero[7];
} DeltaHeader;
_Static_assert(sizeof(DeltaHeader) == 16, "FORMAT.md says 16 bytes");

static uint32_t delta_bits(const BlockInput *in) {
    return bits_needed((uint64_t)in->stats.delta_max - (uint64_t)in->stats.delta_min);
}

static uint32_t code_bits(const BlockInput *in) {
    uint32_t bits = bits_needed((uint64_t)in->stats.max - (uint64_t)in->stats.min);
    return bits > delta_bits(in) ? bits : delta_bits(in);
}

static uint64_t payload_bytes(uint32_t rows, uint32_t bits) {
    return sizeof(DeltaHeader) + (uint64_t)pack_chunks(rows) * sizeof(uint64_t) + pack_bytes(bits, rows);
}

/* Codes must not be wider than the values: flat vectors are made from them. */
static uint64_t delta_size(const BlockInput *in) {
    if (in->integers == NULL || in->is_codes || pack_code_bytes(code_bits(in)) > type_bytes(in->type)) {
        return ENCODING_CANNOT;
    }
    return payload_bytes(in->rows, delta_bits(in));
}

static void delta_encode(const BlockInput *in, BlockEntry *entry, uint8_t *out) {
    DeltaHeader header = {.delta_min = (uint64_t)in->stats.delta_min, .delta_bits = (uint8_t)delta_bits(in)};
    memcpy(out, &header, sizeof header);
    uint8_t *starts = out + sizeof header;
    uint8_t *packed = starts + (size_t)pack_chunks(in->rows) * sizeof(uint64_t);
    entry->bits = (uint8_t)code_bits(in);
    block_entry_set_base(entry, in->wide_base + in->stats.min);
    for (uint32_t at = 0; at < in->rows; at += PACK_CHUNK) {
        int64_t deltas[PACK_CHUNK];
        uint32_t here = in->rows - at < PACK_CHUNK ? in->rows - at : PACK_CHUNK;
        const int64_t *values = in->integers + at;
        deltas[0] = in->stats.delta_min;
        for (uint32_t i = 1; i < here; i++) {
            deltas[i] = (int64_t)((uint64_t)values[i] - (uint64_t)values[i - 1]);
        }
        uint64_t start = (uint64_t)values[0] - (uint64_t)in->stats.min;
        memcpy(starts + (size_t)(at / PACK_CHUNK) * sizeof start, &start, sizeof start);
        pack_integers(deltas, header.delta_min, header.delta_bits, here, packed);
        packed += pack_bytes(header.delta_bits, here);
    }
}

static bool delta_check(const BlockEntry *entry, Type type, const uint8_t *values, uint64_t bytes) {
    DeltaHeader header;
    StorageClass class_ = type_class(type);
    if (bytes < sizeof header || class_ == CLASS_TEXT || class_ == CLASS_INTERVAL) {
        return false;
    }
    memcpy(&header, values, sizeof header);
    return header.delta_bits <= entry->bits && pack_code_bytes(entry->bits) <= type_bytes(type) &&
           bytes == payload_bytes(entry->rows, header.delta_bits);
}

static void decode_chunk(const ColumnBlock *block, uint32_t chunk, void *codes) {
    DeltaHeader header;
    memcpy(&header, block->data, sizeof header);
    const uint8_t *starts = block->data + sizeof header;
    const uint8_t *packed = starts + (size_t)pack_chunks(block->rows) * sizeof(uint64_t);
    uint32_t from_bytes = pack_code_bytes(header.delta_bits), to_bytes = pack_code_bytes(block->entry->bits);
    uint64_t start;
    memcpy(&start, starts + (size_t)chunk * sizeof start, sizeof start);
    if (from_bytes == to_bytes) {
        unpack_chunk(packed, header.delta_bits, block->rows, chunk, codes);
    } else {
        uint64_t narrow[PACK_CHUNK];
        unpack_chunk(packed, header.delta_bits, block->rows, chunk, narrow);
        unpack_kernels->resize(narrow, from_bytes, PACK_CHUNK, to_bytes, codes);
    }
    unpack_kernels->sum_deltas(codes, start, header.delta_min, PACK_CHUNK, to_bytes);
}

static void delta_codes(const ColumnBlock *block, uint32_t first, uint32_t count, void *codes) {
    uint32_t code_bytes = pack_code_bytes(block->entry->bits);
    uint8_t *out = codes;
    while (count > 0) {
        uint32_t skip = first % PACK_CHUNK;
        uint32_t here = PACK_CHUNK - skip < count ? PACK_CHUNK - skip : count;
        if (here == PACK_CHUNK) {
            decode_chunk(block, first / PACK_CHUNK, out);
        } else {
            uint64_t chunk[PACK_CHUNK];
            decode_chunk(block, first / PACK_CHUNK, chunk);
            memcpy(out, (uint8_t *)chunk + (size_t)skip * code_bytes, (size_t)here * code_bytes);
        }
        out += (size_t)here * code_bytes;
        first += here;
        count -= here;
    }
}

const EncodingClass delta_encoding = {
    .name = "delta",
    .size = delta_size,
    .encode = delta_encode,
    .check = delta_check,
    .codes = delta_codes,
    .gather_codes = gather_codes_by_chunks,
};
