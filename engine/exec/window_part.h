/* What the files of the window operator share.
 *
 * A part is rows in the order of (partition keys, order keys): those whose partition keys hash alike, or all rows of a window
 * without partitions. Inside a part rows are positions 0 … count - 1; `rows` names the kept rows. A slice is the positions
 * that one task evaluates and puts out; frames may reach outside of it.
 *
 *     window.c          keeps, parts and sorts the rows; window_output.c evaluates the items and puts rows out
 *     window_frame.c    frames; window_range.c those of RANGE with offsets
 *     window_eval.c     ranking functions, and functions that pick a row
 *     window_agg.c      aggregates: window_sum.c exact sums by differences of running sums, window_extreme.c MIN and MAX by a
 *                       queue of candidates, segment_tree.c all others; window_distinct.c DISTINCT */
#ifndef DEPOT_EXEC_WINDOW_PART_H
#define DEPOT_EXEC_WINDOW_PART_H

#include "exec/exec.h"
#include "exec/sort_run.h"

#define POSITION_NONE UINT32_MAX

/* Keys of a part as numbers in their order, for RANGE with offsets. */
typedef struct RangeKeys {
    int64_t *narrow; /* owned; one of the two */
    __int128 *wide;  /* DECIMAL of many digits, INTERVAL; owned */
} RangeKeys;

typedef struct WindowPart {
    uint32_t count;
    uint32_t *rows; /* of the table; owned */
    uint32_t key_count;
    uint64_t **starts;     /* [k]: bit per position: its first k keys differ from those before; NULL: nobody asks; owned */
    RangeKeys *range_keys; /* [k]: of key k - 1; owned */
} WindowPart;

#define WINDOW_STATE_BYTES_MAX 256

/* What an aggregate made of the rows before a slice, or of all rows where the frame is the partition: exact sums and counts,
 * else a state without pointers. */
typedef struct WindowCarry {
    _Alignas(16) uint8_t state[WINDOW_STATE_BYTES_MAX];
    __int128 sum;
    int64_t count;
} WindowCarry;

/* Where a part has only some rows of a partition (window_stream.c): what came before the slice, in the partition that goes on
 * with its first row. */
typedef struct WindowBefore {
    bool goes_on;    /* else the slice begins with a partition of its own, or the part has all of it */
    uint64_t rows;   /* of the partition */
    uint64_t groups; /* of peers, in these rows */
    uint64_t total;  /* rows of the whole partition; 0: not known, and nobody asks */
} WindowBefore;

typedef struct WindowSlice {
    const PhysicalNode *op;
    const RowTable *table;
    const WindowPart *part;
    uint32_t from, to;
    const WindowCarry *carry;   /* of the item; NULL: its frames are evaluated from their first row on */
    const WindowBefore *before; /* of the item; NULL: the part has whole partitions */
    uint32_t reach;             /* lag and lead find rows that are so far away; 0: any */
} WindowSlice;

/* Room for starts (and range keys) as the items of the operator ask for them. Rows must be there. */
Status window_part_open(const Context *cx, const WindowSpec *spec, const RowFormat *format, WindowPart *part) MUST_CHECK;
void window_part_free(WindowPart *part);

/* Doubles as integers of the same order; NaN is above all. */
static inline int64_t window_number_of_double(double x) {
    x = x == 0 ? 0 : x != x ? __builtin_nan("") : x;
    int64_t bits;
    memcpy(&bits, &x, 8);
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

/* The next position at or after `from` whose bit is set; `count` if there is none. */
static inline uint32_t window_next_start(const uint64_t *starts, uint32_t from, uint32_t count) {
    while (from < count) {
        uint64_t word = starts[from / 64] >> (from % 64);
        if (word != 0) {
            from += (uint32_t)__builtin_ctzll(word);
            return from < count ? from : count;
        }
        from = (from / 64 + 1) * 64;
    }
    return count;
}
/* The last position at or before `at` whose bit is set; bit 0 always is. */
static inline uint32_t window_start_of(const uint64_t *starts, uint32_t at) {
    while (true) {
        uint64_t word = starts[at / 64] << (63 - at % 64);
        if (word != 0) {
            return at - (uint32_t)__builtin_clzll(word);
        }
        at = at / 64 * 64 - 1;
    }
}

/* A partition, and those of its rows that the slice has. */
typedef struct PartitionSpan {
    uint32_t first, end; /* of the partition */
    uint32_t from, to;   /* of the slice */
    uint64_t before;     /* rows of the partition before `from`, in the part or not */
    uint64_t rows;       /* of the partition */
} PartitionSpan;
/* The next partition of the slice; *at begins with slice->from. */
static inline bool window_next_partition(const WindowSlice *slice, const uint64_t *starts, uint32_t *at, PartitionSpan *span) {
    if (*at >= slice->to) {
        return false;
    }
    span->first = *at == slice->from ? window_start_of(starts, *at) : *at;
    span->end = window_next_start(starts, *at + 1, slice->part->count);
    span->from = *at;
    span->to = span->end < slice->to ? span->end : slice->to;
    bool goes_on = slice->before != NULL && span->from == slice->from;
    span->before = goes_on ? slice->before->rows : span->from - span->first;
    span->rows = goes_on && slice->before->total > 0 ? slice->before->total : span->end - span->first;
    *at = span->to;
    return true;
}

/* ---------------------------------------------------------------------------------------------------------------- frames */

/* Frame of row from + i: rows [starts[i], ends[i]), starts <= ends, neither ever goes back. EXCLUDE takes rows out of it. */
typedef struct WindowFrames {
    FrameExclude exclude;
    uint32_t *starts, *ends;     /* owned */
    uint32_t *peers, *peer_ends; /* the rows' groups of peers, for EXCLUDE GROUP and TIES; owned */
} WindowFrames;

Status window_frames_init(const Context *cx, const WindowItem *item, const WindowSlice *slice, WindowFrames *frames) MUST_CHECK;
void window_frames_free(WindowFrames *frames);
/* Loads the numbers of keys [from, to). */
Status window_load_range_keys(const Context *cx, const WindowSpec *spec, const RowTable *table, const WindowPart *part,
                              uint32_t from, uint32_t to) MUST_CHECK;
/* starts and ends of RANGE frames with offsets, for one partition. */
Status window_range_bounds(const Context *cx, const WindowItem *item, const WindowSlice *slice, const PartitionSpan *span,
                           uint32_t *starts, uint32_t *ends) MUST_CHECK;

typedef struct WindowRange {
    uint32_t start, end;
} WindowRange;
#define WINDOW_RANGES_MAX 3
/* The frame of row from + i as ranges without what is excluded, in order; how many. */
uint32_t window_frame_ranges(const WindowFrames *frames, uint32_t from, uint32_t i, WindowRange *ranges);
/* Frames begin with the partition, nothing is taken out. */
static inline bool window_frame_is_running(const WindowFrame *frame) {
    return frame->start == BOUND_UNBOUNDED_PRECEDING && frame->exclude == EXCLUDE_NO_OTHERS;
}
static inline bool window_frame_is_partition(const WindowFrame *frame) {
    return window_frame_is_running(frame) && frame->end == BOUND_UNBOUNDED_FOLLOWING;
}

/* ------------------------------------------------------------------------------------------------------------ evaluation */

/* What an item gives for a slice. */
typedef struct WindowResult {
    uint32_t *positions; /* functions that pick a row: its position in the part or POSITION_NONE; owned */
    uint8_t *data;       /* others: values of the item's class; owned */
    uint64_t *validity;  /* owned */
    Arena text;
} WindowResult;

void window_result_free(WindowResult *result);
/* Evaluates the item for the rows of the slice. */
Status window_evaluate(const Context *cx, const WindowItem *item, const WindowSlice *slice, WindowResult *result) MUST_CHECK;

/* Integers of rows [from, to) of the part, and which are not NULL (bit 0 is row `from`). */
Status window_load_i64(const Context *cx, const WindowSlice *slice, uint32_t slot, uint32_t from, uint32_t to, int64_t *values,
                       uint64_t *valid) MUST_CHECK;
/* Which of the rows [from, to) of the part an aggregate takes in: those that pass the FILTER, the first of each value for
 * DISTINCT (of the whole part then). *passing NULL: all. Owned by the caller. */
Status window_passing_rows(const Context *cx, const WindowItem *item, const WindowSlice *slice, uint32_t from, uint32_t to,
                           uint64_t **passing) MUST_CHECK;

/* Aggregates over frames; `result` has validity, all set. */
Status window_aggregate(const Context *cx, const WindowItem *item, const WindowSlice *slice, const WindowFrames *frames,
                        WindowResult *result) MUST_CHECK;
/* The aggregate of the slice's rows, and adding it to that of the rows before. */
Status window_slice_total(const Context *cx, const WindowItem *item, const WindowSlice *slice, WindowCarry *total) MUST_CHECK;
Status window_carry_add(const Context *cx, const WindowItem *item, const WindowCarry *total, WindowCarry *sum) MUST_CHECK;
/* Sums that window_sum makes without fail; and their total. */
bool window_sums_always(const WindowItem *item);
Status window_sum_total(const Context *cx, const WindowItem *item, const WindowSlice *slice, const uint64_t *passing,
                        WindowCarry *total) MUST_CHECK;
/* The ways to do it that are better than states, where *done says that they could. */
Status window_sum(const Context *cx, const WindowItem *item, const WindowSlice *slice, const WindowFrames *frames,
                  const uint64_t *passing, WindowResult *result, bool *done) MUST_CHECK;
Status window_extreme(const Context *cx, const WindowItem *item, const WindowSlice *slice, const WindowFrames *frames,
                      const uint64_t *passing, WindowResult *result, bool *done) MUST_CHECK;
/* previous[i]: the last row before i in its partition with the same arguments, POSITION_NONE if it is the first; rows that do
 * not pass, and those with a NULL, have POSITION_NONE and are not looked at. */
Status window_previous_equal(const Context *cx, const WindowItem *item, const WindowSlice *slice, const uint64_t *passing,
                             uint32_t *previous) MUST_CHECK;

#endif
