/* What the data sets after TPC's specifications share: their words, keys, prices and counting of chunks. */
#ifndef DEPOT_DATASETS_TPC_H
#define DEPOT_DATASETS_TPC_H

#include "datasets/dataset.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define CHUNK_ROWS 2048
#define NATION_COUNT 25
#define REGION_COUNT 5
#define COLOR_COUNT 92
#define SEGMENT_COUNT 5
#define SHIP_MODE_COUNT 7

typedef struct Nation {
    const char *name;
    int32_t region;
} Nation;

extern const Nation nations[NATION_COUNT];
extern const char *const regions[REGION_COUNT];
extern const char *const colors[COLOR_COUNT];
extern const char *const segments[SEGMENT_COUNT];
extern const char *const ship_modes[SHIP_MODE_COUNT];

/* Rows of a table that has `per_unit` at scale 1; at least one. */
uint64_t rows_at(double per_unit, const GenScale *scale);
uint64_t chunks_of(uint64_t rows); /* of CHUNK_ROWS */
uint32_t rows_of_chunk(uint64_t chunk, uint64_t rows);

const char *pick(Random *random, const char *const *words, size_t count);
depot_text word(const char *text);
depot_text random_address(GenChunk *out, Random *random, int32_t bytes_min, int32_t bytes_max);
depot_text random_phone(GenChunk *out, Random *random, int32_t nation);
depot_text random_part_type(GenChunk *out, Random *random);
depot_text random_container(GenChunk *out, Random *random);

int32_t retail_price(int32_t part); /* in cents */
/* Of the 32 keys from a multiple of 32 on, the first 8 are used. */
int32_t sparse_key(uint64_t order);
/* Only customers whose key is not a multiple of 3 order (if there are enough of them). */
int32_t ordering_customer(Random *random, int32_t customers);

#endif
