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

/* A loop of a thread that writes a column, in which others take part; on that thread's stack. */
typedef struct OpenLoop {
    void (*one)(void *argument, uint32_t i);
    void *argument;
    uint32_t count, next; /* `next` and those after it are not taken yet */
    uint32_t running;     /* rounds that other threads are in */
    struct OpenLoop *other;
} OpenLoop;

struct DraftQueue {
    uint32_t column_count;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    QueuedDraft *first; /* in order of arrival; owned */
    OpenLoop *loops;    /* of which rounds may be left */
    uint64_t bytes;     /* of columns that are not written yet */
    DraftTotals totals;
    Status failure; /* the first; its error */
    Error error;
};

/* What a thread has taken. */
typedef struct DraftStep {
    OpenLoop *loop; /* a round of it; NULL: a step of a draft */
    uint32_t round;
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

static bool take_round(const DraftQueue *queue, DraftStep *step) {
    for (OpenLoop *loop = queue->loops; loop != NULL; loop = loop->other) {
        if (loop->next < loop->count) {
            *step = (DraftStep){.loop = loop, .round = loop->next++};
            loop->running++;
            return true;
        }
    }
    return false;
}

/* The caller holds the lock. False if no step can be taken now. What was begun is ended first. */
static bool take_step(DraftQueue *queue, DraftStep *step) {
    if (take_round(queue, step)) {
        return true;
    }
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

/* Runs a loop whose rounds other threads may take (SharedLoops). */
static void run_loop(void *queue_, uint32_t count, void (*one)(void *argument, uint32_t i), void *argument) {
    DraftQueue *queue = queue_;
    OpenLoop loop = {.one = one, .argument = argument, .count = count};
    pthread_mutex_lock(&queue->lock);
    loop.other = queue->loops;
    queue->loops = &loop;
    pthread_cond_broadcast(&queue->changed);
    while (loop.next < loop.count) {
        uint32_t round = loop.next++;
        pthread_mutex_unlock(&queue->lock);
        one(argument, round);
        pthread_mutex_lock(&queue->lock);
    }
    OpenLoop **at = &queue->loops;
    while (*at != &loop) {
        at = &(*at)->other;
    }
    *at = loop.other;
    while (loop.running > 0) {
        pthread_cond_wait(&queue->changed, &queue->lock);
    }
    pthread_mutex_unlock(&queue->lock);
}

/* Called without the lock, left with it. */
static void do_round(DraftQueue *queue, const DraftStep *step) {
    step->loop->one(step->loop->argument, step->round);
    pthread_mutex_lock(&queue->lock);
    step->loop->running--;
}

static Status write_column(const Context *cx, DraftQueue *queue, const DraftStep *step) {
    SharedLoops loops = {run_loop, queue};
    uint8_t sketch[HLL_BYTES] = {0};
    uint64_t bytes = column_buffer_bytes(&step->queued->draft.columns[step->column]);
    Status status = segment_draft_write_column(cx, &step->queued->draft, step->column, &loops, sketch);
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
    Status status = check_cancel(cx);
    if (status != OK) {
        pthread_mutex_lock(&queue->lock);
        return status;
    }
    if (queued->stage == DRAFT_COLUMNS) {
        return write_column(cx, queue, step);
    }
    status = segment_draft_prepare(cx, &queued->draft);
    pthread_mutex_lock(&queue->lock);
    queued->stage = DRAFT_COLUMNS;
    return status;
}

/* The lock is held before and afterwards. False if no step can be taken now, or one has failed. */
static bool work_once(const Context *cx, DraftQueue *queue) {
    DraftStep step;
    if (queue->failure != OK || !take_step(queue, &step)) {
        return false;
    }
    pthread_mutex_unlock(&queue->lock);
    if (step.loop != NULL) {
        do_round(queue, &step); /* whose loop it is has the error, and waits for it: it is not left out */
    } else {
        Status status = do_step(cx, queue, &step);
        if (status != OK && queue->failure == OK) {
            queue->failure = status;
            queue->error = *cx->error;
        }
    }
    pthread_cond_broadcast(&queue->changed);
    return true;
}

/* The lock is held; it is given up. */
static Status end_work(const Context *cx, DraftQueue *queue) {
    Status status = queue->failure;
    if (status != OK) {
        *cx->error = queue->error;
    }
    pthread_mutex_unlock(&queue->lock);
    return status;
}

Status draft_queue_help(const Context *cx, DraftQueue *queue, bool *helped) {
    pthread_mutex_lock(&queue->lock);
    *helped = work_once(cx, queue);
    return end_work(cx, queue);
}

Status draft_queue_work(const Context *cx, DraftQueue *queue) {
    pthread_mutex_lock(&queue->lock);
    while (work_once(cx, queue)) {
    }
    return end_work(cx, queue);
}

Status draft_queue_finish(const Context *cx, DraftQueue *queue) {
    pthread_mutex_lock(&queue->lock);
    while (queue->failure == OK && queue->first != NULL) {
        if (!work_once(cx, queue) && queue->failure == OK && queue->first != NULL) {
            pthread_cond_wait(&queue->changed, &queue->lock);
        }
    }
    return end_work(cx, queue);
}
