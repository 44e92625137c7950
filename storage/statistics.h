/* Statistics of tables: distinct counts by HyperLogLog (Flajolet et al. 2007, with the range correction of Ertl 2017) and the
 * merging of ranges. A sketch is HLL_BYTES one-byte registers; hashes are hash_vector's, or any 64-bit hash with full
 * avalanche, as long as all rows of a column use the same. NULLs are left out by the caller. */
#ifndef DEPOT_STORAGE_STATISTICS_H
#define DEPOT_STORAGE_STATISTICS_H

#include "core/predicate.h"

#define HLL_BYTES 4096 /* 12 bits choose the register: standard error 1.6 % */

/* A sketch starts as zeros. */
void hll_add_hashes(uint8_t *sketch, const uint64_t *hashes, size_t count);
void hll_merge(uint8_t *into, const uint8_t *from);
double hll_estimate(const uint8_t *sketch);

/* Widens `into` by `from`: rows and nulls add up, minimum and maximum are the outer ones. Text stays borrowed. */
void column_range_merge(ColumnRange *into, const ColumnRange *from);

#endif
