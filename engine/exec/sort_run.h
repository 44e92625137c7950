/* Sorted runs: the kept rows of a task with their normalised keys, sorted by themselves, and merged with those of other tasks.
 * Used by sort and Top-N; windows sort lists of rows with sort_items. */
#ifndef DEPOT_EXEC_SORT_RUN_H
#define DEPOT_EXEC_SORT_RUN_H

#include "exec/sort_key.h"

typedef struct SortItem {
    uint64_t key;   /* first word */
    uint32_t row;   /* of the chunked rows; names the payload */
    uint32_t index; /* of the row's words: words[index × encoding->words] */
} SortItem;

/* What comparing needs beside the items. */
typedef struct SortContext {
    const SortEncoding *encoding;
    const uint64_t *words;
    RowChunk *const *chunks; /* for comparison by value */
} SortContext;

/* Sorts items by their words (and by value where words do not decide); stable. `scratch`: as many items. */
Status sort_items(const Context *cx, const SortContext *sort, SortItem *items, SortItem *scratch, uint64_t count) MUST_CHECK;

typedef struct SortRun {
    RowBuffer rows;
    uint64_t *words;        /* rows × encoding->words, in row order; owned */
    uint64_t word_capacity; /* in rows */
    SortItem *items;        /* owned; once sorted */
    uint64_t item_count;
    uint32_t first_row; /* what to add to the items' rows in the table of all runs */
} SortRun;

void sort_run_init(SortRun *run, const RowFormat *format);
void sort_run_free(SortRun *run);
/* Appends the batch with its words. */
Status sort_run_append(const Context *cx, SortRun *run, const SortEncoding *encoding, const Batch *in,
                       const uint64_t *words) MUST_CHECK;
/* Sorts; keeps the first `limit` items (-1: all). */
Status sort_run_sort(const Context *cx, SortRun *run, const SortEncoding *encoding, int64_t limit) MUST_CHECK;
/* Drops all rows that are not among the items; the run is then unsorted again and holds the rows in order. */
Status sort_run_compact(const Context *cx, SortRun *run, const SortEncoding *encoding, const PhysicalNode *op) MUST_CHECK;

/* Merging: the runs' chunks are in one table by now. Part `part` of `parts` of the merged order is written to its place. */
typedef struct SortMerge {
    const SortEncoding *encoding;
    RowChunk *const *chunks; /* of the table of all runs */
    uint32_t run_count;
    SortRun *runs;
    uint32_t parts;
    uint64_t *bounds; /* owned: (parts + 1) × run_count: where each part begins in each run */
    uint32_t *order;  /* owned: rows of the table */
    uint64_t rows;
} SortMerge;

Status sort_merge_prepare(const Context *cx, SortMerge *merge, uint32_t parts) MUST_CHECK;
Status sort_merge_part(const Context *cx, SortMerge *merge, uint32_t part) MUST_CHECK;
void sort_merge_free(SortMerge *merge);

#endif
