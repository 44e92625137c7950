/* Bitmaps: bit i of word i/64. In validity bitmaps a set bit means "not NULL". */
#ifndef DEPOT_CORE_BITS_H
#define DEPOT_CORE_BITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BITS_WORDS(bits) (((uint64_t)(bits) + 63) / 64)

static inline bool bit_get(const uint64_t *words, uint64_t i) {
    return words[i >> 6] >> (i & 63) & 1;
}
static inline void bit_set(uint64_t *words, uint64_t i) {
    words[i >> 6] |= (uint64_t)1 << (i & 63);
}
static inline void bit_clear(uint64_t *words, uint64_t i) {
    words[i >> 6] &= ~((uint64_t)1 << (i & 63));
}
static inline void bit_put(uint64_t *words, uint64_t i, bool on) {
    uint64_t mask = (uint64_t)1 << (i & 63);
    words[i >> 6] = (words[i >> 6] & ~mask) | (on ? mask : 0);
}
/* Sets the first n bits, clears the rest of the last word. */
static inline void bits_fill(uint64_t *words, uint64_t n) {
    memset(words, 0xff, n / 64 * 8);
    if (n % 64 != 0) {
        words[n / 64] = ((uint64_t)1 << (n % 64)) - 1;
    }
}
uint64_t bits_count(const uint64_t *words, uint64_t bits); /* set bits among the first `bits` */
bool bits_all_set(const uint64_t *words, uint64_t bits);
/* Copies `bits` bits from bit `from` of `words` to bit 0 of `out`; bits past the end of the last word are cleared. */
void bits_copy(const uint64_t *words, uint64_t from, uint64_t *out, uint64_t bits);

#endif
