/* A file in FROM: where it is, how it reads, and what is in it. */
#ifndef DEPOT_PLAN_FILE_SCAN_H
#define DEPOT_PLAN_FILE_SCAN_H

#include "storage/csv/csv_parse.h"

typedef struct FileScan {
    const char *pattern; /* as written */
    const char *const *paths;
    uint32_t path_count;
    CsvFormat format;      /* fields: all, with names and types; their columns mean nothing yet */
    const char **examples; /* a value of each field; NULL: the sample has none */
    double rows;           /* estimate */
    double bytes;          /* of all files, as they are stored */
} FileScan;

#endif
