/* Records to typed vectors. A parser belongs to one thread; it takes a chunk (csv_input.h) and gives batches of rows. Rows that
 * cannot be taken are left out and described. */
#ifndef DEPOT_STORAGE_CSV_PARSE_H
#define DEPOT_STORAGE_CSV_PARSE_H

#include "core/vector.h"
#include "storage/csv/csv_input.h"

#define CSV_FIELD_SKIPPED UINT32_MAX

/* How one field becomes a value. */
typedef struct CsvField {
    const char *name; /* of the column: for messages, and the key of JSON's members, whatever its case */
    Type type;
    uint32_t column; /* of the output batch; CSV_FIELD_SKIPPED: nobody wants it, it is not converted */
    bool not_null;
    bool null_if_quoted; /* the NULL text counts in quotes, too */
} CsvField;

typedef struct CsvFormat {
    CsvDialect dialect;
    uint32_t field_count;
    const CsvField *fields;
    const char *null_text;                 /* borrowed; NULL: none, as in JSON, which has a word for it */
    const char *date_format, *time_format; /* templates of to_date; NULL: what a literal takes */
    bool accept_invalid_utf8;              /* bad bytes become replacement_char */
    char replacement_char;
    bool blanks_as_null, empty_as_null, trim_blanks, fill_record, truncate_columns, ignore_blank_lines;
} CsvFormat;

/* A row that was not taken. */
typedef struct CsvReject {
    const char *file; /* as the input's path list has it */
    uint64_t line;
    const char *column; /* NULL: the row as a whole */
    Status status;      /* BAD_COPY_FORMAT, or what the value's error is elsewhere */
    char reason[256];
    char text[256]; /* of the record, cut */
} CsvReject;

typedef struct CsvParser CsvParser;

Status csv_parser_create(const Context *cx, const CsvFormat *format, CsvParser **parser);
void csv_parser_free(CsvParser *parser);
/* The chunk is the parser's to change until the next begin. */
Status csv_parser_begin(const Context *cx, CsvParser *parser, CsvChunk *chunk);
/* Fills the columns named by the fields with up to BATCH_ROWS_MAX rows (text is borrowed until the next begin); *rows = 0 at
 * the end of the chunk (a batch of rejects only also gives 0 rows: *at_end tells). */
Status csv_parser_next(const Context *cx, CsvParser *parser, Batch *out, uint32_t *rows, bool *at_end);
/* Rejects of the chunk so far: `count` of them, the first CSV_REJECTS_KEPT are there. */
#define CSV_REJECTS_KEPT 1000
const CsvReject *csv_parser_rejects(const CsvParser *parser, uint64_t *count);

#endif
