/* Repeats (repeats.h). Both ways go through 64-bit codes on the stack, a chunk at a time. */
#include "storage/encodings/repeats.h"

#include "core/bits.h"
#include "kernels/unpack_kernels.h"

#include <string.h>

size_t repeats_bytes(uint32_t bits, uint32_t rows, uint32_t fresh) {
    return (size_t)BITS_WORDS(rows) * 8 + pack_bytes(bits, fresh);
}

/* Chunk `chunk` of `total` packed codes, as 64 bits each. */
static void unpack_wide(const uint8_t *packed, uint32_t bits, uint32_t total, uint32_t chunk, uint64_t *codes) {
    uint64_t narrow[PACK_CHUNK];
    unpack_chunk(packed, bits, total, chunk, narrow);
    unpack_kernels->resize(narrow, pack_code_bytes(bits), PACK_CHUNK, sizeof *codes, codes);
}

/* At most a chunk. */
static uint8_t *pack_wide(const uint64_t *codes, uint32_t bits, uint32_t count, uint8_t *packed) {
    uint64_t narrow[PACK_CHUNK];
    unpack_kernels->resize(codes, sizeof *codes, count, pack_code_bytes(bits), narrow);
    pack_codes(narrow, bits, count, packed);
    return packed + pack_bytes(bits, count);
}

size_t repeats_compress(const uint8_t *packed, uint32_t bits, uint32_t rows, uint8_t *to) {
    uint64_t codes[PACK_CHUNK], fresh[PACK_CHUNK], previous = 0;
    uint32_t held = 0;
    uint8_t *out = to + (size_t)BITS_WORDS(rows) * 8;
    for (uint32_t first = 0; first < rows; first += PACK_CHUNK) {
        uint32_t here = rows - first < PACK_CHUNK ? rows - first : PACK_CHUNK;
        uint64_t marks[PACK_CHUNK / 64] = {0};
        unpack_wide(packed, bits, rows, first / PACK_CHUNK, codes);
        for (uint32_t i = 0; i < here; i++) {
            bool is_fresh = first + i == 0 || codes[i] != previous;
            marks[i / 64] |= (uint64_t)is_fresh << i % 64;
            fresh[held] = previous = codes[i];
            held += is_fresh;
            if (held == PACK_CHUNK) {
                out = pack_wide(fresh, bits, held, out);
                held = 0;
            }
        }
        memcpy(to + first / 8, marks, (size_t)BITS_WORDS(here) * 8);
    }
    out = pack_wide(fresh, bits, held, out);
    return (size_t)(out - to);
}

/* Two chunks of new codes: the one that is being given out and the next. */
typedef struct FreshCodes {
    const uint8_t *packed;
    uint32_t bits, count, next_chunk;
    int32_t at; /* in codes: the last one given out */
    uint64_t codes[2 * PACK_CHUNK];
} FreshCodes;

static void load_chunk(FreshCodes *fresh, uint64_t *codes) {
    if (fresh->next_chunk * PACK_CHUNK < fresh->count) {
        unpack_wide(fresh->packed, fresh->bits, fresh->count, fresh->next_chunk++, codes);
    }
}

/* The codes of 64 rows. No more than 63 are read behind fresh->at. */
static void expand_word(FreshCodes *fresh, uint64_t marks, uint64_t *codes) {
    if (fresh->at >= PACK_CHUNK) {
        memcpy(fresh->codes, fresh->codes + PACK_CHUNK, sizeof fresh->codes / 2);
        load_chunk(fresh, fresh->codes + PACK_CHUNK);
        fresh->at -= PACK_CHUNK;
    }
    int32_t at = fresh->at;
    for (uint32_t i = 0; i < 64; i++) {
        at += (int32_t)(marks >> i & 1);
        codes[i] = fresh->codes[at];
    }
    fresh->at = at;
}

/* Is the first code new, no bit set behind the rows, and are there as many codes as bits? */
static bool marks_are_true(const uint8_t *from, size_t bytes, uint32_t bits, uint32_t rows, uint32_t *count) {
    uint64_t sum = 0, word = 0;
    size_t words = BITS_WORDS(rows);
    if (rows == 0 || bytes < words * 8 || (from[0] & 1) == 0) {
        return false;
    }
    for (size_t w = 0; w < words; w++) {
        memcpy(&word, from + w * 8, sizeof word);
        sum += (uint64_t)__builtin_popcountll(word);
    }
    *count = (uint32_t)sum;
    return (rows % 64 == 0 || word >> rows % 64 == 0) && bytes == repeats_bytes(bits, rows, *count);
}

bool repeats_expand(const uint8_t *from, size_t bytes, uint32_t bits, uint32_t rows, uint8_t *packed) {
    FreshCodes fresh = {.packed = from + (size_t)BITS_WORDS(rows) * 8, .bits = bits, .at = -1};
    uint64_t codes[PACK_CHUNK];
    if (!marks_are_true(from, bytes, bits, rows, &fresh.count)) {
        return false;
    }
    load_chunk(&fresh, fresh.codes);
    load_chunk(&fresh, fresh.codes + PACK_CHUNK);
    for (uint32_t first = 0; first < rows; first += PACK_CHUNK) {
        uint32_t here = rows - first < PACK_CHUNK ? rows - first : PACK_CHUNK;
        for (uint32_t i = 0; i < here; i += 64) {
            uint64_t marks;
            memcpy(&marks, from + (first + i) / 8, sizeof marks);
            expand_word(&fresh, marks, codes + i);
        }
        packed = pack_wide(codes, bits, here, packed);
    }
    return true;
}
