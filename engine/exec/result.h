/* The bounded queue between the root pipeline and the caller who steps. Batches are copied into slots, so that tasks can go on
 * while the caller looks at one; a lone task on the calling thread hands its batch over without a copy. */
#ifndef DEPOT_EXEC_RESULT_H
#define DEPOT_EXEC_RESULT_H

#include "exec/exec.h"

typedef struct ResultSlot {
    struct ResultSlot *next;
    Batch batch;
    Arena text;
    bool is_initialised;
} ResultSlot;

typedef struct ResultQueue {
    ResultSlot *slots; /* in the query's arena */
    uint32_t slot_count;
    ResultSlot *free;
    ResultSlot *ready_first, **ready_last;
    ResultSlot *handed_out;  /* the caller has it */
    const Batch *direct;     /* borrowed from the blocked task */
    bool direct_taken;       /* the caller has or had it; the task may go on */
    _Atomic(uint32_t) ready; /* slots in the list, and the direct one */
    Event room;
} ResultQueue;

Status result_init(const Context *cx, Arena *arena, uint32_t slots, ResultQueue *queue);
void result_free(ResultQueue *queue);
/* As a sink: NEED_INPUT when the batch was taken, else BLOCKED. `may_hand_over`: the task is alone and on the calling thread.
 */
Status result_consume(Task *task, const Batch *in, bool may_hand_over, Flow *flow);
/* The caller's side. result_release gives back what was handed out last. */
void result_release(Query *query);
const Batch *result_take(Query *query); /* NULL: nothing ready */

#endif
