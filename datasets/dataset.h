/* Built-in data sets: the same rows for a seed and a scale at any number of threads, because every row's random numbers come
 * from its own place (random_at), not from a running state.
 *
 * A data set is a schema (SQL, one file per design), tables made chunk by chunk, and queries. tools/gen.c loads them. */
#ifndef DEPOT_DATASETS_DATASET_H
#define DEPOT_DATASETS_DATASET_H

#include "engine/depot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GEN_COLUMNS_MAX 40
#define GEN_CHUNK_ROWS_MAX 4096
#define GEN_TEXT_BYTES ((size_t)GEN_CHUNK_ROWS_MAX * 512) /* text of one chunk */

typedef enum GenKind {
    GEN_INT32,
    GEN_DATE,   /* days since 1970-01-01 */
    GEN_CENTS5, /* DECIMAL(5,2), in hundredths; DECIMAL(7,2); DECIMAL(15,2) */
    GEN_CENTS7,
    GEN_CENTS15,
    GEN_TIMESTAMP, /* microseconds since 1970-01-01; whole seconds */
    GEN_TEXT
} GenKind;

typedef struct GenColumn {
    GenKind kind;
    int32_t *ints;      /* GEN_INT32, GEN_DATE */
    int64_t *cents;     /* GEN_CENTS… */
    int64_t *moments;   /* GEN_TIMESTAMP */
    depot_text *texts;  /* GEN_TEXT; the bytes stand in the chunk's pool or are static */
    uint64_t *validity; /* one bit per row; all set when a chunk begins */
    bool has_nulls;
} GenColumn;

/* Rows of one chunk, column by column. */
typedef struct GenChunk {
    uint32_t rows;
    GenColumn columns[GEN_COLUMNS_MAX];
    char *pool; /* GEN_TEXT_BYTES */
    size_t pool_used;
} GenChunk;

typedef struct GenScale {
    double factor;
    uint64_t seed;
    double zipf; /* exponent of the skew of fact keys (datasets that have the knob); 0: as the benchmark has them */
} GenScale;

typedef struct GenTable {
    const char *name;
    uint32_t column_count;
    const GenKind *kinds;
    uint64_t (*chunks)(const GenScale *scale);
    void (*fill)(const GenScale *scale, uint64_t chunk, GenChunk *out);
} GenTable;

typedef struct Dataset {
    const char *name;
    const char *help;
    bool has_zipf; /* follows GenScale.zipf */
    uint32_t table_count;
    const GenTable *(*table_at)(uint32_t index); /* in the order of loading */
} Dataset;

uint32_t dataset_count(void);
const Dataset *dataset_at(uint32_t index);
const Dataset *dataset_find(const char *name); /* NULL if there is none */

/* A file under datasets/ that was built in: "ssb/plain.sql". NULL if there is none; ends with a 0. */
const char *dataset_file(const char *path);
/* Names of built-in files that begin with `prefix`, in order: index 0, 1, … until NULL. */
const char *dataset_file_name(const char *prefix, uint32_t index);

/* ------------------------------------------------------------------------------------------------------ for generators */

/* Draws for one row: seeded by (seed, table, row), then a splitmix64 sequence. */
typedef struct Random {
    uint64_t state;
} Random;

static inline uint64_t random_next(Random *random) {
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
static inline Random random_at(uint64_t seed, uint32_t table, uint64_t row) {
    Random random = {seed * UINT64_C(0xd1342543de82ef95) + table};
    random.state = random_next(&random) ^ (row * UINT64_C(0x2545f4914f6cdd1d));
    random.state = random_next(&random);
    return random;
}
/* Uniform in [low, high]. */
static inline int32_t random_between(Random *random, int32_t low, int32_t high) {
    uint64_t range = (uint64_t)(int64_t)high - (uint64_t)(int64_t)low + 1;
    return (int32_t)(low + (int64_t)(((unsigned __int128)random_next(random) * range) >> 64));
}

/* A calendar day. */
typedef struct GenDay {
    int32_t year, month, day; /* month and day from 1 */
    int32_t of_year;          /* from 1 */
    int32_t of_week;          /* 0 = Sunday */
} GenDay;

GenDay gen_day(int32_t days); /* since 1970-01-01 */
int32_t gen_days(int32_t year, int32_t month, int32_t day);
int32_t gen_month_days(int32_t year, int32_t month);

static inline depot_text gen_static(const char *text, size_t bytes) {
    return (depot_text){text, (uint32_t)bytes};
}
static inline void gen_null(GenColumn *column, uint32_t row) {
    column->validity[row / 64] &= ~(UINT64_C(1) << (row % 64));
    column->has_nulls = true;
}
static inline bool gen_is_null(const GenColumn *column, uint32_t row) {
    return column->has_nulls && (column->validity[row / 64] >> (row % 64) & 1) == 0;
}
/* Room in the chunk's pool. */
char *gen_reserve(GenChunk *chunk, size_t bytes);
/* Formats into the chunk's pool. */
depot_text gen_format(GenChunk *chunk, const char *format, ...) __attribute__((__format__(printf, 2, 3)));

#endif
