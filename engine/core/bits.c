/* Bitmaps, the calls that are not one line. */
#include "core/bits.h"

uint64_t bits_count(const uint64_t *words, uint64_t bits) {
    uint64_t count = 0;
    for (uint64_t i = 0; i < bits / 64; i++) {
        count += (uint64_t)__builtin_popcountll(words[i]);
    }
    if (bits % 64 != 0) {
        count += (uint64_t)__builtin_popcountll(words[bits / 64] & (((uint64_t)1 << (bits % 64)) - 1));
    }
    return count;
}

bool bits_all_set(const uint64_t *words, uint64_t bits) {
    for (uint64_t i = 0; i < bits / 64; i++) {
        if (words[i] != UINT64_MAX) {
            return false;
        }
    }
    uint64_t tail = ((uint64_t)1 << (bits % 64)) - 1;
    return bits % 64 == 0 || (words[bits / 64] & tail) == tail;
}

void bits_copy(const uint64_t *words, uint64_t from, uint64_t *out, uint64_t bits) {
    uint64_t shift = from % 64;
    uint64_t count = BITS_WORDS(bits);
    const uint64_t *in = words + from / 64;
    uint64_t last = (from + bits - 1) / 64 - from / 64; /* the last word that may be read */
    for (uint64_t i = 0; i < count; i++) {
        uint64_t high = shift != 0 && i + 1 <= last ? in[i + 1] << (64 - shift) : 0;
        out[i] = (in[i] >> shift) | high;
    }
    if (bits % 64 != 0) {
        out[count - 1] &= ((uint64_t)1 << (bits % 64)) - 1;
    }
}
