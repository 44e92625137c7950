/* The queue (draft_queue.h): a list of drafts under one lock, which is only held to take a step or to say that it is done. */
#include "storage/draft_queue.h"

#include "storage/statistics.h"

#include <pthread.h>

typedef enum DraftStage { DRAFT_UNSORTED, DRAFT_SORTING, DRAFT_COLUMNS, DRAFT_FINISHING } DraftStage;

typedef struct QueuedDraft {
    SegmentDraft draft;
    DraftStage stage;
    bool *taken; /* by column; owned */
    uint32_t columns_done;
    struct QueuedDraft *next;
} QueuedDraft;

struct DraftQueue {
    uint32_t column_count;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    QueuedDraft *first; /* in order of arrival; owned */
    uint64_t bytes;     /* of columns that are not written yet */
    DraftTotals totals;
    Status failure; /* the first; its error */
    Error error;
};

/* What a thread has taken. */
typedef struct DraftStep {
    QueuedDraft *queued;
    uint32_t column; /* in stage DRAFT_COLUMNS */
} DraftStep;

Status draft_queue_open(const Context *cx, uint32_t column_count, DraftQueue **out) {
    DraftQueue *queue;
    TRY_ALLOC_ZEROED(cx, queue, sizeof *queue);
    queue->column_count = column_count;
    queue->totals.sketches = mem_alloc_zeroed(cx, (size_t)column_count * HLL_BYTES);
    if (queue->totals.sketches == NULL) {
        mem_free(queue);
        return OUT_OF_MEMORY;
    }
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
    *out = queue;
    return OK;
}

static void free_queued(QueuedDraft *queued) {
    segment_draft_free(&queued->draft);
    mem_free(queued->taken);
    mem_free(queued);
}

void draft_queue_free(DraftQueue *queue) {
    if (queue == NULL) {
        return;
    }
    for (QueuedDraft *at = queue->first, *next; at != NULL; at = next) {
        next = at->next;
        free_queued(at);
    }
    pthread_mutex_destroy(&queue->lock);
    pthread_cond_destroy(&queue->changed);
    mem_free(queue->totals.sketches);
    mem_free(queue);
}

Status draft_queue_add(const Context *cx, DraftQueue *queue, SegmentDraft draft) {
    QueuedDraft *queued = mem_alloc_zeroed(cx, sizeof *queued);
    if (queued == NULL) {
        segment_draft_free(&draft);
        return OUT_OF_MEMORY;
    }
    queued->draft = draft;
    queued->taken = mem_alloc_zeroed(cx, sizeof *queued->taken * queue->column_count);
    if (queued->taken == NULL) {
        free_queued(queued);
        return OUT_OF_MEMORY;
    }
    pthread_mutex_lock(&queue->lock);
    QueuedDraft **end = &queue->first;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = queued;
    for (uint32_t c = 0; c < queue->column_count; c++) {
        queue->bytes += column_buffer_bytes(&draft.columns[c]);
    }
    pthread_mutex_unlock(&queue->lock);
    return OK;
}

uint64_t draft_queue_bytes(DraftQueue *queue) {
    pthread_mutex_lock(&queue->lock);
    uint64_t bytes = queue->bytes;
    pthread_mutex_unlock(&queue->lock);
    return bytes;
}

DraftTotals draft_queue_totals(const DraftQueue *queue) {
    return queue->totals;
}

/* ------------------------------------------------------------------------------------------------------------------ steps */

/* Of those that nobody has taken; the number of columns: none is left. Large ones first, so that no thread is left alone with
 * one at the end. */
static uint32_t largest_column(const DraftQueue *queue, const QueuedDraft *queued) {
    uint32_t largest = queue->column_count;
    uint64_t most = 0;
    for (uint32_t c = 0; c < queue->column_count; c++) {
        uint64_t bytes = queued->taken[c] ? 0 : column_buffer_bytes(&queued->draft.columns[c]);
        if (!queued->taken[c] && (largest == queue->column_count || bytes > most)) {
            largest = c;
            most = bytes;
        }
    }
    return largest;
}

/* The caller holds the lock. False if no step can be taken now. */
static bool take_step(DraftQueue *queue, DraftStep *step) {
    for (QueuedDraft *at = queue->first; at != NULL; at = at->next) {
        if (at->stage == DRAFT_UNSORTED) {
            at->stage = DRAFT_SORTING;
            *step = (DraftStep){.queued = at};
            return true;
        }
        uint32_t column = at->stage == DRAFT_COLUMNS ? largest_column(queue, at) : queue->column_count;
        if (column < queue->column_count) {
            at->taken[column] = true;
            *step = (DraftStep){.queued = at, .column = column};
            return true;
        }
    }
    return false;
}

static void remove_draft(DraftQueue *queue, QueuedDraft *queued) {
    QueuedDraft **at = &queue->first;
    while (*at != queued) {
        at = &(*at)->next;
    }
    *at = queued->next;
    free_queued(queued);
}

/* Whoever wrote the last column registers the segment. Called and left with the lock held. */
static Status end_column(const Context *cx, DraftQueue *queue, QueuedDraft *queued) {
    if (++queued->columns_done < queue->column_count) {
        return OK;
    }
    queued->stage = DRAFT_FINISHING;
    pthread_mutex_unlock(&queue->lock);
    Status status = segment_draft_finish(cx, &queued->draft);
    pthread_mutex_lock(&queue->lock);
    if (status == OK) {
        queue->totals.segments++;
        queue->totals.bytes += queued->draft.segment.bytes;
        remove_draft(queue, queued);
    }
    return status;
}

static Status write_column(const Context *cx, DraftQueue *queue, const DraftStep *step) {
    uint8_t sketch[HLL_BYTES] = {0};
    uint64_t bytes = column_buffer_bytes(&step->queued->draft.columns[step->column]);
    Status status = segment_draft_write_column(cx, &step->queued->draft, step->column, sketch);
    pthread_mutex_lock(&queue->lock);
    if (status == OK) {
        queue->bytes -= bytes;
        hll_merge(queue->totals.sketches + (size_t)step->column * HLL_BYTES, sketch);
        status = end_column(cx, queue, step->queued);
    }
    return status;
}

/* Called without the lock, left with it. */
static Status do_step(const Context *cx, DraftQueue *queue, const DraftStep *step) {
    QueuedDraft *queued = step->queued;
    if (queued->stage == DRAFT_COLUMNS) {
        return write_column(cx, queue, step);
    }
    Status status = segment_draft_prepare(cx, &queued->draft);
    pthread_mutex_lock(&queue->lock);
    queued->stage = DRAFT_COLUMNS;
    return status;
}

static Status work(const Context *cx, DraftQueue *queue, bool waits) {
    DraftStep step;
    pthread_mutex_lock(&queue->lock);
    while (queue->failure == OK) {
        if (take_step(queue, &step)) {
            pthread_mutex_unlock(&queue->lock);
            Status status = check_cancel(cx);
            if (status == OK) {
                status = do_step(cx, queue, &step);
            } else {
                pthread_mutex_lock(&queue->lock);
            }
            if (status != OK && queue->failure == OK) {
                queue->failure = status;
                queue->error = *cx->error;
            }
            pthread_cond_broadcast(&queue->changed);
        } else if (waits && queue->first != NULL) {
            pthread_cond_wait(&queue->changed, &queue->lock);
        } else {
            break;
        }
    }
    Status status = queue->failure;
    if (status != OK) {
        *cx->error = queue->error;
    }
    pthread_mutex_unlock(&queue->lock);
    return status;
}

Status draft_queue_work(const Context *cx, DraftQueue *queue) {
    return work(cx, queue, false);
}

Status draft_queue_finish(const Context *cx, DraftQueue *queue) {
    return work(cx, queue, true);
}
