/* The parts of a window operator: rows whose partition keys hash alike, sorted by (partition keys, order keys), with the places
 * where partitions and groups of peers begin. Evaluation works on one part at a time. Inside a part rows are positions
 * 0 … count - 1; `rows` names the kept rows. */
#ifndef DEPOT_EXEC_WINDOW_PART_H
#define DEPOT_EXEC_WINDOW_PART_H

#include "exec/exec.h"
#include "exec/sort_run.h"

#define POSITION_NONE UINT32_MAX

typedef struct WindowPart {
    uint32_t count;
    uint32_t *rows;             /* of the table; owned */
    uint64_t *partition_starts; /* bit per position; owned */
    uint64_t *peer_starts;      /* bit per position: first of its peers; owned */
} WindowPart;

void window_part_free(WindowPart *part);

/* The next position at or after `from` whose bit is set; `count` if there is none. */
static inline uint32_t window_next_start(const uint64_t *starts, uint32_t from, uint32_t count) {
    while (from < count && !bit_get(starts, from)) {
        from = from % 64 == 0 && starts[from / 64] == 0 ? from + 64 : from + 1;
    }
    return from < count ? from : count;
}

/* Frames of all rows of the partition [first, end): rows [starts[i - first], ends[i - first]), empty where start >= end. */
void window_frames(const WindowPart *part, const WindowFrame *frame, uint32_t first, uint32_t end, uint32_t *starts,
                   uint32_t *ends);
/* Frames begin with the partition, and never shrink. */
bool window_frame_is_running(const WindowFrame *frame);

/* What an item gives for a part. */
typedef struct WindowResult {
    uint32_t *positions; /* functions that pick a row: its position or POSITION_NONE; owned */
    uint8_t *data;       /* others: values of the item's class; owned */
    uint64_t *validity;  /* NULL: no NULLs; owned */
    Arena text;
} WindowResult;

void window_result_free(WindowResult *result);
/* Evaluates the item for all rows of the part. */
Status window_evaluate(const Context *cx, const WindowItem *item, const RowTable *table, const WindowPart *part,
                       WindowResult *result) MUST_CHECK;
/* Aggregates over frames (window_agg.c). `result` has room already. */
Status window_aggregate(const Context *cx, const WindowItem *item, const RowTable *table, const WindowPart *part,
                        WindowResult *result) MUST_CHECK;

#endif
