/* Arrays of packed codes: whole, by chunk, by row. */
#include "storage/encodings/pack.h"

#include <string.h>

/* Up to this many rows of a chunk are unpacked one by one; more, and unpacking the chunk is cheaper. */
enum { SINGLE_ROWS_MAX = 16 };

/* Bytes of a chunk that holds `count` codes. */
static uint64_t chunk_bytes(uint32_t bits, uint32_t count) {
    uint32_t lane_bits = pack_code_bytes(bits) * 8, lanes = PACK_CHUNK / lane_bits;
    uint32_t positions = (count + lanes - 1) / lanes;
    return (uint64_t)((positions * bits + lane_bits - 1) / lane_bits) * PACK_ROW_BYTES;
}

uint64_t pack_bytes(uint32_t bits, uint32_t count) {
    return (uint64_t)(count / PACK_CHUNK) * bits * PACK_ROW_BYTES + chunk_bytes(bits, count % PACK_CHUNK);
}

/* The last chunk goes through a whole one on the stack. */
static void pack_tail(const void *codes, uint32_t bits, uint32_t count, uint8_t *packed) {
    uint64_t padded[PACK_CHUNK], whole[PACK_CHUNK];
    memset(padded, 0, sizeof padded);
    memcpy(padded, codes, (size_t)count * pack_code_bytes(bits));
    unpack_kernels->pack(padded, bits, whole);
    memcpy(packed, whole, chunk_bytes(bits, count));
}

/* Codes are pack_code_bytes(bits) wide. */
void pack_codes(const void *codes, uint32_t bits, uint32_t count, uint8_t *packed) {
    uint32_t code_bytes = pack_code_bytes(bits), at = 0;
    for (; at + PACK_CHUNK <= count; at += PACK_CHUNK) {
        unpack_kernels->pack((const uint8_t *)codes + (size_t)at * code_bytes, bits, packed);
        packed += (size_t)bits * PACK_ROW_BYTES;
    }
    if (at < count) {
        pack_tail((const uint8_t *)codes + (size_t)at * code_bytes, bits, count - at, packed);
    }
}

void pack_integers(const int64_t *integers, uint64_t base, uint32_t bits, uint32_t count, uint8_t *packed) {
    uint64_t codes[PACK_CHUNK];
    for (uint32_t at = 0; at < count; at += PACK_CHUNK) {
        uint32_t here = count - at < PACK_CHUNK ? count - at : PACK_CHUNK;
        unpack_kernels->subtract_base(integers + at, base, here, pack_code_bytes(bits), codes);
        pack_codes(codes, bits, here, packed);
        packed += (size_t)bits * PACK_ROW_BYTES;
    }
}

void unpack_chunk(const uint8_t *packed, uint32_t bits, uint32_t total, uint32_t chunk, void *codes) {
    const uint8_t *from = packed + (size_t)chunk * bits * PACK_ROW_BYTES;
    uint32_t here = total - chunk * PACK_CHUNK;
    if (here >= PACK_CHUNK) {
        unpack_kernels->unpack(from, bits, codes);
        return;
    }
    uint64_t whole[PACK_CHUNK];
    uint64_t bytes = chunk_bytes(bits, here);
    memcpy(whole, from, bytes);
    memset((uint8_t *)whole + bytes, 0, (size_t)bits * PACK_ROW_BYTES - bytes);
    unpack_kernels->unpack(whole, bits, codes);
}

void unpack_codes(const uint8_t *packed, uint32_t bits, uint32_t total, uint32_t first, uint32_t count, void *codes) {
    uint32_t code_bytes = pack_code_bytes(bits);
    uint8_t *out = codes;
    while (count > 0) {
        uint32_t skip = first % PACK_CHUNK;
        uint32_t here = PACK_CHUNK - skip < count ? PACK_CHUNK - skip : count;
        if (here == PACK_CHUNK) {
            unpack_chunk(packed, bits, total, first / PACK_CHUNK, out);
        } else {
            uint64_t chunk[PACK_CHUNK];
            unpack_chunk(packed, bits, total, first / PACK_CHUNK, chunk);
            memcpy(out, (uint8_t *)chunk + (size_t)skip * code_bytes, (size_t)here * code_bytes);
        }
        out += (size_t)here * code_bytes;
        first += here;
        count -= here;
    }
}

#define T uint8_t
#define NAME(f) f##_u8
#include "storage/encodings/pack_rows.inc.h"
#define T uint16_t
#define NAME(f) f##_u16
#include "storage/encodings/pack_rows.inc.h"
#define T uint32_t
#define NAME(f) f##_u32
#include "storage/encodings/pack_rows.inc.h"
#define T uint64_t
#define NAME(f) f##_u64
#include "storage/encodings/pack_rows.inc.h"

/* `count` rows of one chunk. */
static void unpack_few(const uint8_t *chunk, uint32_t bits, const uint16_t *rows, uint32_t count, void *codes) {
    switch (pack_code_bytes(bits)) {
    case 1: unpack_few_u8(chunk, bits, rows, count, codes); break;
    case 2: unpack_few_u16(chunk, bits, rows, count, codes); break;
    case 4: unpack_few_u32(chunk, bits, rows, count, codes); break;
    default: unpack_few_u64(chunk, bits, rows, count, codes); break;
    }
}

void pick_codes(const void *chunk, uint32_t code_bytes, const uint16_t *rows, uint32_t count, void *codes) {
    switch (code_bytes) {
    case 1: pick_u8(chunk, rows, count, codes); break;
    case 2: pick_u16(chunk, rows, count, codes); break;
    case 4: pick_u32(chunk, rows, count, codes); break;
    default: pick_u64(chunk, rows, count, codes); break;
    }
}

void unpack_rows(const uint8_t *packed, uint32_t bits, uint32_t total, const uint16_t *rows, uint32_t count, void *codes) {
    uint32_t code_bytes = pack_code_bytes(bits);
    uint8_t *out = codes;
    if (bits == 0) {
        memset(out, 0, count);
        return;
    }
    for (uint32_t i = 0; i < count;) {
        uint32_t chunk = rows[i] / PACK_CHUNK, end = i + 1;
        while (end < count && rows[end] / PACK_CHUNK == chunk) {
            end++;
        }
        if (end - i <= SINGLE_ROWS_MAX) {
            unpack_few(packed + (size_t)chunk * bits * PACK_ROW_BYTES, bits, rows + i, end - i, out);
        } else {
            uint64_t whole[PACK_CHUNK];
            unpack_chunk(packed, bits, total, chunk, whole);
            pick_codes(whole, code_bytes, rows + i, end - i, out);
        }
        out += (size_t)(end - i) * code_bytes;
        i = end;
    }
}
