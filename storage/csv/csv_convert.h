/* Fields of one column to one vector. */
#ifndef DEPOT_STORAGE_CSV_CONVERT_H
#define DEPOT_STORAGE_CSV_CONVERT_H

#include "storage/csv/csv_parse.h"

/* One field as it stands in the chunk, quotes included. CSV_CELL_SLACK_BYTES behind its bytes may be read. */
typedef struct CsvCell {
    const char *data;
    uint32_t bytes;
    bool has_quotes; /* or escapes */
    bool is_null;
} CsvCell;

typedef struct CsvColumn {
    const CsvFormat *format;
    const CsvField *field;
    CsvCell *cells; /* by row */
    uint32_t rows;
    bool has_marks; /* quotes or escapes, in some cell of the chunk */
    bool check_utf8;
    /* By row: why it is rejected (NULL: it is not) and by which column. Rows rejected already are left alone. */
    const char **reasons, **bad_columns; /* by row: NULL, or why it is rejected, and whose column's value */
    Status *statuses;                    /* what such an error is outside COPY */
} CsvColumn;

/* Memory of one chunk: unescaped fields and reasons. One per parser. */
typedef struct CsvConverter {
    Arena arena;
    bool is_escaped; /* the tokenizer's: the last byte seen was an escape */
} CsvConverter;

void csv_converter_begin(CsvConverter *converter); /* frees what the last chunk took */
void csv_converter_free(CsvConverter *converter);
/* NULL rows and rejected ones hold zeros. */
Status csv_convert(const Context *cx, CsvConverter *converter, const CsvColumn *column, Vector *out) MUST_CHECK;

#endif
