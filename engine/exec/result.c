/* The bounded result queue. Slots go from `free` to the task that fills one, to `ready`, to the caller and back; the query's
 * lock guards the lists, copying happens outside of it. */
#include "exec/pipeline.h"

Status result_init(const Context *cx, Arena *arena, uint32_t slots, ResultQueue *queue) {
    TRY_NEW_ARRAY(cx, arena, queue->slots, slots);
    queue->slot_count = slots;
    queue->ready_last = &queue->ready_first;
    for (uint32_t i = 0; i < slots; i++) {
        queue->slots[i].next = queue->free;
        queue->free = &queue->slots[i];
        arena_init(&queue->slots[i].text);
    }
    return OK;
}

void result_free(ResultQueue *queue) {
    for (uint32_t i = 0; i < queue->slot_count; i++) {
        arena_free(&queue->slots[i].text);
        if (queue->slots[i].is_initialised) {
            batch_free(&queue->slots[i].batch);
        }
    }
}

static Status slot_fill(const Context *cx, ResultSlot *slot, const Batch *in) {
    if (!slot->is_initialised) {
        Type *types;
        TRY_ALLOC(cx, types, sizeof *types * in->column_count);
        for (uint32_t i = 0; i < in->column_count; i++) {
            types[i] = in->columns[i].type;
        }
        Status status = batch_init(cx, &slot->batch, types, in->column_count);
        mem_free(types);
        TRY(status);
        slot->is_initialised = true;
    }
    arena_free(&slot->text);
    for (uint32_t i = 0; i < in->column_count; i++) {
        TRY(vector_copy_deep(cx, &slot->text, &in->columns[i], in->rows, &slot->batch.columns[i]));
    }
    slot->batch.rows = in->rows;
    return OK;
}

static void slot_is_ready(Query *query, ResultSlot *slot) {
    ResultQueue *queue = &query->result;
    pthread_mutex_lock(&query->lock);
    slot->next = NULL;
    *queue->ready_last = slot;
    queue->ready_last = &slot->next;
    pthread_mutex_unlock(&query->lock);
    atomic_fetch_add(&queue->ready, 1);
    if (query->group != NULL && calling_query != query) {
        job_group_notify(query->group);
    }
}

/* The batch stays with the blocked task while the caller looks at it. */
static bool hand_over(ResultQueue *queue, const Batch *in) {
    if (atomic_load(&queue->ready) > 0) {
        return false;
    }
    queue->direct = in;
    atomic_store(&queue->ready, 1);
    return true;
}

Status result_consume(Task *task, const Batch *in, bool may_hand_over, Flow *flow) {
    ResultQueue *queue = &task->query->result;
    uint64_t generation = event_generation(&queue->room);
    if (queue->direct == in && queue->direct_taken) {
        queue->direct = NULL;
        queue->direct_taken = false;
        *flow = NEED_INPUT;
        return OK;
    }
    if (may_hand_over && hand_over(queue, in)) {
        event_wait(task, &queue->room, generation);
        *flow = BLOCKED;
        return OK;
    }
    pthread_mutex_lock(&task->query->lock);
    ResultSlot *slot = queue->free;
    if (slot != NULL) {
        queue->free = slot->next;
    }
    pthread_mutex_unlock(&task->query->lock);
    if (slot == NULL) {
        event_wait(task, &queue->room, generation);
        *flow = BLOCKED;
        return OK;
    }
    TRY(slot_fill(&task->cx, slot, in));
    slot_is_ready(task->query, slot);
    *flow = NEED_INPUT;
    return OK;
}

void result_release(Query *query) {
    ResultQueue *queue = &query->result;
    if (queue->direct_taken) {
        event_fire(query, &queue->room);
    } else if (queue->handed_out != NULL) {
        pthread_mutex_lock(&query->lock);
        queue->handed_out->next = queue->free;
        queue->free = queue->handed_out;
        queue->handed_out = NULL;
        pthread_mutex_unlock(&query->lock);
        event_fire(query, &queue->room);
    }
}

const Batch *result_take(Query *query) {
    ResultQueue *queue = &query->result;
    if (atomic_load(&queue->ready) == 0) {
        return NULL;
    }
    atomic_fetch_sub(&queue->ready, 1);
    if (queue->direct != NULL) {
        queue->direct_taken = true;
        return queue->direct;
    }
    pthread_mutex_lock(&query->lock);
    ResultSlot *slot = queue->ready_first;
    queue->ready_first = slot->next;
    if (queue->ready_first == NULL) {
        queue->ready_last = &queue->ready_first;
    }
    queue->handed_out = slot;
    pthread_mutex_unlock(&query->lock);
    return &slot->batch;
}
