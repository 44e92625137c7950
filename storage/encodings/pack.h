/* Arrays of codes packed in chunks of 1,024 (kernels/unpack_kernels.h has the layout of one). The last chunk of an array holds
 * only the rows that its codes reach: with n codes left, ceil(ceil(n / L) × bits / T) rows of 128 bytes; the rest is zero and
 * not stored. */
#ifndef DEPOT_STORAGE_PACK_H
#define DEPOT_STORAGE_PACK_H

#include "kernels/unpack_kernels.h"

/* Width that codes of `bits` bits are unpacked to: 1, 2, 4 or 8 bytes. */
static inline uint32_t pack_code_bytes(uint32_t bits) {
    return bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
}
/* Chunks of an array of `count` codes, and how many codes one of them has. */
static inline uint32_t pack_chunks(uint32_t count) {
    return count / PACK_CHUNK + (count % PACK_CHUNK != 0);
}
static inline uint32_t pack_chunk_codes(uint32_t count, uint32_t chunk) {
    uint32_t left = count - chunk * PACK_CHUNK;
    return left < PACK_CHUNK ? left : PACK_CHUNK;
}
/* Bytes that `count` packed codes take. */
uint64_t pack_bytes(uint32_t bits, uint32_t count);
/* Codes are pack_code_bytes(bits) wide. */
void pack_codes(const void *codes, uint32_t bits, uint32_t count, uint8_t *packed);
/* The same from integers: packs integers[i] - base. */
void pack_integers(const int64_t *integers, uint64_t base, uint32_t bits, uint32_t count, uint8_t *packed);
/* Codes [first, first + count) of an array of `total`. */
void unpack_codes(const uint8_t *packed, uint32_t bits, uint32_t total, uint32_t first, uint32_t count, void *codes);
/* Chunk number `chunk`; `codes` has room for PACK_CHUNK. Codes past `total` are undefined. */
void unpack_chunk(const uint8_t *packed, uint32_t bits, uint32_t total, uint32_t chunk, void *codes);
/* codes[i] = code of rows[i] (ascending), from an array of `total`. */
void unpack_rows(const uint8_t *packed, uint32_t bits, uint32_t total, const uint16_t *rows, uint32_t count, void *codes);
/* codes[i] = chunk[rows[i] % PACK_CHUNK], of `code_bytes` each. */
void pick_codes(const void *chunk, uint32_t code_bytes, const uint16_t *rows, uint32_t count, void *codes);

#endif
