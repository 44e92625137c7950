/* What a sample of a table's rows says of its columns: most common values, a histogram of the others, correlation. Taken by
 * ANALYZE and after rows were written into an empty table; kept by the table's manifest (FORMAT.md) until the next is taken. */
#ifndef DEPOT_STORAGE_TABLE_SAMPLE_H
#define DEPOT_STORAGE_TABLE_SAMPLE_H

#include "storage/warehouse.h"

#include <stdatomic.h>

#define SAMPLE_ROWS_MAX 30000
#define SAMPLE_BLOCKS_MAX 256 /* read per column; fewer rows of each where a table has more */
#define COMMON_VALUES_MAX 100
#define HISTOGRAM_BOUNDS_MAX 101
#define SAMPLE_CODES_MAX 256
#define DEPENDENCE_COLUMNS_MAX 48 /* of these first columns of a table pairs are looked at */
#define DEPENDENCE_MIN 0.05
#define SAMPLE_TEXT_BYTES_MAX 128 /* longer text is no common value, and cut where it is a bound */

typedef struct ColumnSample {
    uint32_t common_count, bound_count;
    const CommonValue *common; /* by falling share */
    const Value *bounds;       /* ascending */
    double correlation;
} ColumnSample;

/* Immutable once made; counted references. */
struct TableSample {
    uint64_t table_rows;   /* of the table when it was taken */
    uint64_t sampled_rows; /* looked at */
    uint32_t column_count;
    ColumnSample *columns;
    uint32_t dependence_count;
    const ColumnDependence *dependences;
    Arena arena; /* all that these point to */
    _Atomic(uint32_t) references;
};

/* Of no rows: nothing is known of any column. One reference is the caller's. */
Status table_sample_create(const Context *cx, uint32_t column_count, TableSample **sample) MUST_CHECK;
TableSample *table_sample_retain(TableSample *sample); /* NULL stays NULL */
void table_sample_release(TableSample *sample);        /* NULL is fine */
Status column_sample_copy(const Context *cx, Arena *arena, const ColumnSample *from, ColumnSample *to) MUST_CHECK;

/* The sampled values of one column in the order of rows. */
typedef struct SampledColumn {
    uint32_t count;
    const Value *values;     /* may be NULL values */
    const uint32_t *section; /* of each value: rows are compared for correlation within sections (segments); ascending */
    uint64_t table_rows;
    double distinct; /* of the whole table, as the sketch says */
} SampledColumn;

/* Sorts and counts; what is found is copied into the arena. `codes` NULL, or per row a number below SAMPLE_CODES_MAX, the same
 * for equal values: of each value, or where they are many of a stretch of them. */
Status column_sample_make(const Context *cx, Arena *arena, const SampledColumn *in, ColumnSample *out,
                          uint8_t *codes) MUST_CHECK;

/* Which columns depend on each other, from their codes: codes[column] has `rows` of them, or is NULL. Pairs that hardly depend
 * are left out. */
Status sample_dependences(const Context *cx, Arena *arena, uint8_t *const *codes, uint32_t columns, uint32_t rows,
                          uint32_t *count, const ColumnDependence **dependences) MUST_CHECK;

typedef struct SampleReport {
    uint64_t blocks, blocks_read; /* of each column */
} SampleReport;

/* Reads rows spread over all blocks, the same ones for the same rows of the table, and makes a sample of them. `columns` NULL:
 * of all; else what is known of a column without its flag is taken over from the sample before. */
Status table_sample_take(const Context *cx, Snapshot *snapshot, const TableVersion *table, const bool *columns,
                         WorkerPool *pool, uint32_t threads, SampleReport *report, TableSample **sample) MUST_CHECK;

#endif
