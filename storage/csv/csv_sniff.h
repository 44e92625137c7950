/* What a text file without a table looks like: what separates its fields, whether it has a header, names and types of columns.
 */
#ifndef DEPOT_STORAGE_CSV_SNIFF_H
#define DEPOT_STORAGE_CSV_SNIFF_H

#include "core/types.h"
#include "storage/csv/csv_input.h"

/* What is known before looking: the dialect is what COPY would take for that name. */
typedef struct CsvHints {
    CsvDialect dialect;
    bool has_dialect; /* delimiter and quotes are given: nothing is guessed of them */
    bool has_header;  /* dialect.skip_lines is given: 1 is a header, more or 0 none that names columns */
    const char *null_text;
} CsvHints;

typedef struct CsvGuess {
    CsvDialect dialect; /* skip_lines 1: there is a header */
    uint32_t field_count;
    const char **names;    /* folded to lower case; all different */
    Type *types;           /* wide enough for the sample; wider where that is not all */
    const char **examples; /* the first value of each column, NULL if the sample has none */
    uint64_t rows;         /* of the sample … */
    uint64_t sample_bytes; /* … which takes so many bytes, plain */
    bool is_whole;         /* the sample is all there is */
    uint64_t bytes;        /* of all files, as they are stored */
} CsvGuess;

/* Looks at the head of the first files. BAD_COPY_FORMAT for what is empty or has records of different lengths. */
#define CSV_SAMPLE_BYTES ((size_t)4 << 20)
Status csv_sniff(const Context *cx, Arena *arena, const char *const *paths, uint32_t path_count, const CsvHints *hints,
                 CsvGuess *guess);

#endif
