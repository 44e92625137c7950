/* Values as unsigned words in their order, and selecting among words: for percentiles and modes. */
#ifndef DEPOT_EXPR_AGG_ORDER_H
#define DEPOT_EXPR_AGG_ORDER_H

#include "core/types.h"

/* The word of an integer is its two's complement with this bit turned. */
#define ORDER_SIGN ((uint64_t)1 << 63)

/* True if values of the class fit a word. */
bool order_has_words(StorageClass class);
/* words[i] of values[i] compare as the values do; NaN is above all, -0 is 0. */
void order_words(StorageClass class, const void *values, uint64_t count, uint64_t *words);
/* The value of a word at `out`, of the class's width. */
void order_value(StorageClass class, uint64_t word, void *out);
/* The word that would stand at `rank` were the words sorted. Words before it are then not greater, those behind not less. */
uint64_t order_select(uint64_t *words, uint64_t count, uint64_t rank);

#endif
