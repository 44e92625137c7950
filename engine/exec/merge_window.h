/* The part of a merge join's inner side that its outer rows are at: rows copied from one or more cursors, and their keys in
 * order. Rows are added at the end of the order and dropped from its beginning. */
#ifndef DEPOT_EXEC_MERGE_WINDOW_H
#define DEPOT_EXEC_MERGE_WINDOW_H

#include "exec/join_output.h"

typedef struct MergeWindow {
    RowFormat format;
    RowBuffer rows, spare; /* spare: takes what is kept when the rows before it are dropped */
    RowTable table;        /* a view of `rows` */
    uint32_t first, count, capacity;
    int64_t *keys;     /* [first, count) are ascending; owned */
    uint32_t *numbers; /* of their rows in the table; owned */
    int64_t *merged_keys;
    uint32_t *merged_numbers; /* scratch; owned */
    uint32_t sealed;          /* keys before it are in order; behind it stand ascending pieces */
    uint32_t *pieces;         /* where they begin; owned */
    uint32_t piece_count, piece_capacity;
    bool has_duplicates;
    uint16_t *places;     /* [key - least key]: its place behind `first`, PLACE_NONE: no row has the key; owned */
    uint64_t place_count; /* 0: the keys lie too far apart */
    size_t bytes_peak;
} MergeWindow;

Status merge_window_open(const Context *cx, MergeWindow *window, const PhysicalNode *inner) MUST_CHECK;
void merge_window_close(MergeWindow *window);
void merge_window_clear(MergeWindow *window);
/* Rows with lesser keys go. */
Status merge_window_drop(const Context *cx, MergeWindow *window, int64_t key) MUST_CHECK;
/* Copies rows [first, end) of a batch, whose keys ascend and are not less than any key from before the last seal. */
Status merge_window_add(const Context *cx, MergeWindow *window, const Batch *batch, const int64_t *keys, uint32_t first,
                        uint32_t end) MUST_CHECK;
/* After all that was added: brings the pieces into one order and makes the table readable. */
Status merge_window_seal(const Context *cx, MergeWindow *window) MUST_CHECK;

/* Where the search for partners stands: the next outer row, its first partner among the keys if it has any, and how many of
 * them are paired with it already. */
typedef struct MergeMark {
    uint32_t row, partner, done;
} MergeMark;
/* Where the search for partners of the row begins. */
MergeMark merge_window_mark(const MergeWindow *window, uint32_t row, int64_t key);
/* Pairs of outer rows [mark->row, end), whose keys ascend, and window rows of the same key. The mark moves on; where rows have
 * several partners, `most` pairs are made at once. `first_only`: one partner is enough. *is_single: no row has more than one
 * pair, and all rows are done with. */
void merge_window_match(const MergeWindow *window, const int64_t *keys, uint32_t end, bool first_only, uint32_t most,
                        MergeMark *mark, JoinPairs *pairs, bool *is_single);

#endif
