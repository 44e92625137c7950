/* Full segments on their way to disk, in steps that any thread may take: sort, then each column for itself, then register;
 * the blocks of a large column are shared out again. So threads that have nothing else to do write side by side, and none has
 * to stop for a whole segment. */
#ifndef DEPOT_STORAGE_DRAFT_QUEUE_H
#define DEPOT_STORAGE_DRAFT_QUEUE_H

#include "storage/segment_write.h"

typedef struct DraftQueue DraftQueue;

/* What the steps have written so far. */
typedef struct DraftTotals {
    uint32_t segments;
    uint64_t bytes;
    uint8_t *sketches; /* HLL_BYTES per column; the queue's */
} DraftTotals;

Status draft_queue_open(const Context *cx, uint32_t column_count, DraftQueue **queue) MUST_CHECK;
void draft_queue_free(DraftQueue *queue); /* with the drafts that are left; NULL is fine */
/* Takes the draft over, also if that fails. */
Status draft_queue_add(const Context *cx, DraftQueue *queue, SegmentDraft draft) MUST_CHECK;
/* Takes one step, if one can be taken now. */
Status draft_queue_help(const Context *cx, DraftQueue *queue, bool *helped) MUST_CHECK;
/* Takes steps until none can be taken: all are done, or wait for one that another thread is at. The first error is every later
 * caller's as well. */
Status draft_queue_work(const Context *cx, DraftQueue *queue) MUST_CHECK;
/* The same until all are done; threads that find nothing to do wait for the others. */
Status draft_queue_finish(const Context *cx, DraftQueue *queue) MUST_CHECK;
uint64_t draft_queue_bytes(DraftQueue *queue); /* of memory: rows that are not written yet */
/* For when no thread works any more. */
DraftTotals draft_queue_totals(const DraftQueue *queue);

#endif
