/* Looking into files: verifying a whole warehouse, and describing one file block by block (the table functions depot_check()
 * and depot_blocks('file')). */
#ifndef DEPOT_STORAGE_CHECK_H
#define DEPOT_STORAGE_CHECK_H

#include "core/predicate.h"
#include "storage/file.h"

/* One thing that is wrong. */
typedef struct CheckProblem {
    const char *file;    /* path in the warehouse; borrowed */
    int64_t block;       /* -1: not of one block */
    const char *problem; /* a sentence; borrowed */
} CheckProblem;
/* A failing visit ends the check with its status. */
typedef Status CheckVisit(const Context *cx, void *argument, const CheckProblem *problem);

/* Reads everything of the newest version from the files, past all caches: checksums, structure, every value; and sees that
 * counts, zone maps, sortedness, slices and partitions are what they are said to be. Damage goes to `visit`; errors are what
 * keeps the check itself from going on (QUERY_CANCELED, OUT_OF_MEMORY). */
Status warehouse_check(const Context *cx, FileSystem *files, CheckVisit *visit, void *argument) MUST_CHECK;

typedef struct BlockDescription {
    uint32_t column; /* number of the column in its table */
    uint64_t block;  /* number of the block in its column */
    uint64_t first_row;
    uint64_t bytes;       /* as stored */
    const char *encoding; /* static */
    const char *codec;    /* static */
    bool is_codes;        /* codes of the segment's dictionary */
    uint32_t dictionary_size;
    uint32_t bits;     /* of a code */
    ColumnRange range; /* text borrowed for the time of the visit */
} BlockDescription;
typedef Status BlockVisit(const Context *cx, void *argument, const BlockDescription *block);

/* A column file or packed file, known by its last bytes. DATA_CORRUPTED or WRONG_OBJECT_TYPE names the
 * path. */
Status file_inspect(const Context *cx, FileSystem *files, const char *path, BlockVisit *visit, void *argument) MUST_CHECK;

#endif
