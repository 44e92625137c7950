/* Words in the order of values, and selection among them: quickselect without branches in its loop, whose pivots come from
 * samples, so that about one and a half passes do. See agg_order.h. */
#include "expr/agg_order.h"

#include <math.h>
#include <string.h>

#define SMALL_COUNT 24u
#define SAMPLE_MAX 63u

bool order_has_words(StorageClass class) {
    return class != CLASS_I128 && class != CLASS_TEXT && class != CLASS_INTERVAL;
}

static uint64_t word_of_double(double value) {
    uint64_t bits;
    value = value == 0 ? 0 : value != value ? (double)NAN : value;
    memcpy(&bits, &value, sizeof bits);
    return bits & ORDER_SIGN ? ~bits : bits | ORDER_SIGN;
}

static double double_of_word(uint64_t word) {
    double value;
    word = word & ORDER_SIGN ? word & ~ORDER_SIGN : ~word;
    memcpy(&value, &word, sizeof value);
    return value;
}

#define WORDS_OF(ctype, expression)                                                                                            \
    do {                                                                                                                       \
        const ctype *from = values;                                                                                            \
        for (uint64_t i = 0; i < count; i++) {                                                                                 \
            words[i] = (expression);                                                                                           \
        }                                                                                                                      \
    } while (0)

void order_words(StorageClass class, const void *values, uint64_t count, uint64_t *words) {
    switch (class) {
    case CLASS_BOOL: WORDS_OF(uint8_t, from[i] ^ ORDER_SIGN); break;
    case CLASS_I16: WORDS_OF(int16_t, (uint64_t)(int64_t)from[i] ^ ORDER_SIGN); break;
    case CLASS_I32: WORDS_OF(int32_t, (uint64_t)(int64_t)from[i] ^ ORDER_SIGN); break;
    case CLASS_F32: WORDS_OF(float, word_of_double(from[i])); break;
    case CLASS_F64: WORDS_OF(double, word_of_double(from[i])); break;
    default: WORDS_OF(int64_t, (uint64_t)from[i] ^ ORDER_SIGN); break;
    }
}

void order_value(StorageClass class, uint64_t word, void *out) {
    int64_t integer = (int64_t)(word ^ ORDER_SIGN);
    switch (class) {
    case CLASS_BOOL: *(uint8_t *)out = (uint8_t)integer; break;
    case CLASS_I16: *(int16_t *)out = (int16_t)integer; break;
    case CLASS_I32: *(int32_t *)out = (int32_t)integer; break;
    case CLASS_F32: *(float *)out = (float)double_of_word(word); break;
    case CLASS_F64: *(double *)out = double_of_word(word); break;
    default: *(int64_t *)out = integer; break;
    }
}

static void insertion_sort(uint64_t *words, uint64_t count) {
    for (uint64_t i = 1; i < count; i++) {
        uint64_t word = words[i], at = i;
        for (; at > 0 && words[at - 1] > word; at--) {
            words[at] = words[at - 1];
        }
        words[at] = word;
    }
}

/* A word near the wanted rank: that of a sample's. */
static uint64_t choose_pivot(const uint64_t *words, uint64_t count, uint64_t rank, uint64_t *seed) {
    uint64_t sample[SAMPLE_MAX], size = count < 1000 ? 5 : count < 20000 ? 15 : SAMPLE_MAX;
    for (uint64_t i = 0; i < size; i++) {
        *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        sample[i] = words[(uint64_t)((unsigned __int128)*seed * count >> 64)];
    }
    insertion_sort(sample, size);
    return sample[(uint64_t)((unsigned __int128)rank * size / count)];
}

/* Brings words below the pivot (or, with `or_equal`, up to it) to the front; returns how many there are. */
static uint64_t partition(uint64_t *words, uint64_t count, uint64_t pivot, bool or_equal) {
    uint64_t below = 0;
    pivot += or_equal; /* never of the greatest word: then all words would be equal to it */
    for (uint64_t i = 0; i < count; i++) {
        uint64_t word = words[i];
        words[i] = words[below];
        words[below] = word;
        below += word < pivot;
    }
    return below;
}

uint64_t order_select(uint64_t *words, uint64_t count, uint64_t rank) {
    uint64_t seed = count;
    while (count > SMALL_COUNT) {
        uint64_t pivot = choose_pivot(words, count, rank, &seed);
        uint64_t below = partition(words, count, pivot, false);
        if (rank < below) {
            count = below;
            continue;
        }
        words += below;
        count -= below;
        rank -= below;
        uint64_t equal = pivot == UINT64_MAX ? count : partition(words, count, pivot, true);
        if (rank < equal) {
            return pivot;
        }
        words += equal;
        count -= equal;
        rank -= equal;
    }
    insertion_sort(words, count);
    return words[rank];
}
