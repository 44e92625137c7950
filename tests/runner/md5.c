#include "tests/runner/md5.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t rotate(uint32_t x, uint32_t by) {
    return x << by | x >> (32 - by);
}

static void add_block(uint32_t state[4], const unsigned char block[64]) {
    uint32_t words[16], a = state[0], b = state[1], c = state[2], d = state[3];
    memcpy(words, block, sizeof words);
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t round = i / 16, mixed, word;
        switch (round) {
        case 0: mixed = (b & c) | (~b & d), word = i; break;
        case 1: mixed = (d & b) | (~d & c), word = (5 * i + 1) % 16; break;
        case 2: mixed = b ^ c ^ d, word = (3 * i + 5) % 16; break;
        default: mixed = c ^ (b | ~d), word = 7 * i % 16; break;
        }
        uint32_t constant = (uint32_t)floor(fabs(sin((double)i + 1)) * 4294967296.0);
        uint32_t turned = rotate(a + mixed + constant + words[word], shifts[round][i % 4]);
        a = d, d = c, c = b, b += turned;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

void md5_hex(const void *bytes, size_t count, char hex[33]) {
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    size_t padded = (count + 8) / 64 * 64 + 64;
    unsigned char *copy = calloc(padded, 1);
    uint64_t bits = (uint64_t)count * 8;
    memcpy(copy, bytes, count);
    copy[count] = 0x80;
    memcpy(copy + padded - 8, &bits, 8);
    for (size_t i = 0; i < padded; i += 64) {
        add_block(state, copy + i);
    }
    free(copy);
    const unsigned char *digest = (const unsigned char *)state;
    for (int i = 0; i < 16; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
}
