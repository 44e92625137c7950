/* Network: moves batches between nodes. A sink on the sending nodes, a source on the receiving ones, the interconnect between.
 *
 *   BROADCAST  every receiver gets a copy
 *   HASH       each row goes where its keys say (exchange_route.c)
 *   GATHER     all to the leader; with merge keys the sorted streams are merged (exchange_merge.c)
 *
 * With one node exchanges are not run at all (exec/pipeline.c). What stays on its own node takes the same way but is not
 * counted as sent. */
#include "exec/exchange.h"
#include "exec/exchange_route.h"
#include "exec/pipeline.h"

#define ROWS_PER_TASK 32768

/* What one task sent to other nodes. */
typedef struct SendCounts {
    uint64_t rows, bytes;
    uint64_t *rows_to, *bytes_to; /* owned; per receiver */
    uint64_t *slice_bytes;        /* owned; as ExchangeProfile.slice_bytes */
} SendCounts;

typedef struct SenderLocal {
    Vector *scratch; /* owned; flattening, one per column */
    Batch part;      /* HASH: the rows of one receiver */
    Router router;   /* HASH */
    bool *wanted;    /* owned; per receiver */
    SendCounts sent;
} SenderLocal;

typedef struct ReceiverLocal {
    Batch out;
    Message *message; /* owned; what `out` borrows from */
    MergeReceiver *merge;
} ReceiverLocal;

static uint32_t place_count(const Task *task) {
    return task->query->place_count;
}

static Status exchange_open(Task *task, const PhysicalNode *op, void *shared_) {
    ExchangeShared *shared = shared_;
    uint32_t first;
    operator_placement(task->query, op->children[0], &first, &shared->senders);
    return interconnect_open(&task->cx, place_count(task), (uint32_t)task->cx.settings->exchange_credit, &shared->interconnect);
}

static void exchange_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    ExchangeShared *shared = shared_;
    uint64_t messages, bytes;
    (void)op;
    interconnect_count(shared->interconnect, &messages, &bytes);
    profile->exchange.transport_messages += messages;
    profile->exchange.transport_bytes += bytes;
    interconnect_free(shared->interconnect);
}

/* -------------------------------------------------------------------------------------------------------------- sending */

static Status sender_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    SenderLocal *local = local_;
    const Context *cx = &task->cx;
    uint32_t places = place_count(task), own_slices = query_plan(task->query)->topology.slices_per_node;
    (void)shared;
    TRY(batch_init_like(cx, op, &local->part));
    TRY_ALLOC_ZEROED(cx, local->scratch, sizeof *local->scratch * op->column_count);
    TRY_ALLOC_ZEROED(cx, local->wanted, sizeof *local->wanted * places);
    TRY_ALLOC_ZEROED(cx, local->sent.rows_to, sizeof(uint64_t) * places);
    TRY_ALLOC_ZEROED(cx, local->sent.bytes_to, sizeof(uint64_t) * places);
    TRY_ALLOC_ZEROED(cx, local->sent.slice_bytes, sizeof(uint64_t) * places * (own_slices + 1));
    return op->exchange.kind == EXCHANGE_HASH ? router_open(task, &op->exchange, &local->router) : OK;
}

/* Adds a task's array, if it came to be opened, to the profile's. */
static void add_counts(const uint64_t *from, uint64_t *to) {
    for (uint32_t i = 0; from != NULL && i < mem_size(from) / sizeof *from; i++) {
        to[i] += from[i];
    }
}

static void add_sent(const SendCounts *sent, ExchangeProfile *profile) {
    profile->rows_sent += sent->rows;
    profile->bytes_sent += sent->bytes;
    add_counts(sent->rows_to, profile->rows_to);
    add_counts(sent->bytes_to, profile->bytes_to);
    add_counts(sent->slice_bytes, profile->slice_bytes);
}

static void add_placed(const Router *router, ExchangeProfile *profile) {
    uint32_t slices = router->nodes * router->slices_per_node;
    add_counts(router->slice_rows, profile->slice_rows);
    for (uint32_t i = 0; router->slice_rows != NULL && i < (router->slices_per_node + 1) * slices; i++) {
        profile->rows_to_slice[i % slices] += router->slice_rows[i];
    }
}

static void sender_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    SenderLocal *local = local_;
    (void)shared;
    add_sent(&local->sent, &profile->exchange);
    add_placed(&local->router, &profile->exchange);
    for (uint32_t i = 0; local->scratch != NULL && i < op->column_count; i++) {
        vector_free(&local->scratch[i]);
    }
    mem_free(local->scratch);
    mem_free(local->wanted);
    mem_free(local->sent.rows_to);
    mem_free(local->sent.bytes_to);
    mem_free(local->sent.slice_bytes);
    router_close(&local->router);
    batch_free(&local->part);
}

static void send(Task *task, ExchangeShared *shared, SenderLocal *local, uint32_t to, Message *message) {
    if (to != task->node) {
        const Topology *topology = &query_plan(task->query)->topology;
        SendCounts *sent = &local->sent;
        sent->rows += message->rows;
        sent->bytes += message->bytes;
        sent->rows_to[to] += message->rows;
        sent->bytes_to[to] += message->bytes;
        sent->slice_bytes[origin_in_node(task, topology) * place_count(task) + to] += message->bytes;
    }
    interconnect_send(task->query, shared->interconnect, task->node, to, message);
}

/* To all receivers of the operator: GATHER has one. */
static Status consume_for_all(Task *task, const PhysicalNode *op, ExchangeShared *shared, SenderLocal *local, const Batch *in,
                              bool *blocked) {
    uint32_t first, count;
    operator_placement(task->query, op, &first, &count);
    for (uint32_t to = first; to < first + count; to++) {
        local->wanted[to] = true;
    }
    if (!interconnect_take_credit(task, shared->interconnect, task->node, local->wanted)) {
        *blocked = true;
        return OK;
    }
    Message *message, *copy;
    TRY(message_create(&task->cx, in, local->scratch, &message));
    for (uint32_t to = first + 1; to < first + count; to++) {
        Status status = message_copy(&task->cx, message, &copy);
        if (status != OK) {
            mem_free(message);
            return status;
        }
        send(task, shared, local, to, copy);
    }
    send(task, shared, local, first, message);
    return OK;
}

static Status send_part(Task *task, ExchangeShared *shared, SenderLocal *local, const Batch *in, uint32_t to) {
    const uint16_t *rows = local->router.rows + to * BATCH_ROWS_MAX;
    uint32_t count = local->router.counts[to];
    const Batch *part = in;
    if (count < in->rows) {
        for (uint32_t i = 0; i < in->column_count; i++) {
            TRY(vector_gather(&task->cx, &in->columns[i], rows, count, &local->part.columns[i]));
        }
        local->part.rows = count;
        part = &local->part;
    }
    Message *message;
    TRY(message_create(&task->cx, part, local->scratch, &message));
    send(task, shared, local, to, message);
    return OK;
}

static Status consume_by_hash(Task *task, const PhysicalNode *op, ExchangeShared *shared, SenderLocal *local, const Batch *in,
                              bool *blocked) {
    const Topology *topology = &query_plan(task->query)->topology;
    TRY(router_split(task, &op->exchange, &local->router, in));
    for (uint32_t to = 0; to < topology->nodes; to++) {
        local->wanted[to] = local->router.counts[to] > 0;
    }
    if (!interconnect_take_credit(task, shared->interconnect, task->node, local->wanted)) {
        *blocked = true;
        return OK;
    }
    for (uint32_t to = 0; to < topology->nodes; to++) {
        if (local->router.counts[to] > 0) {
            TRY(send_part(task, shared, local, in, to));
        }
    }
    router_count(task, &local->router);
    return OK;
}

static bool nobody_listens(Task *task, const PhysicalNode *op, const ExchangeShared *shared) {
    uint32_t first, count;
    operator_placement(task->query, op, &first, &count);
    for (uint32_t to = first; to < first + count; to++) {
        if (!interconnect_is_closed(shared->interconnect, to)) {
            return false;
        }
    }
    return true;
}

static Status sender_consume(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, Flow *flow) {
    ExchangeShared *shared = shared_;
    SenderLocal *local = local_;
    bool blocked = false;
    if (nobody_listens(task, op, shared)) {
        *flow = DONE;
        return OK;
    }
    TRY(op->exchange.kind == EXCHANGE_HASH ? consume_by_hash(task, op, shared, local, in, &blocked)
                                           : consume_for_all(task, op, shared, local, in, &blocked));
    *flow = blocked ? BLOCKED : NEED_INPUT;
    return OK;
}

static Status sender_finish(Task *task, const PhysicalNode *op, void *shared_, uint32_t *parts) {
    ExchangeShared *shared = shared_;
    (void)op;
    *parts = 0;
    interconnect_end(task->query, shared->interconnect, task->node);
    return OK;
}

static const SinkClass exchange_sink = {
    .name = "Network",
    .shared_size = sizeof(ExchangeShared),
    .local_size = sizeof(SenderLocal),
    .open = exchange_open,
    .open_local = sender_open_local,
    .consume = sender_consume,
    .finish = sender_finish,
    .close_local = sender_close_local,
    .close = exchange_close,
};

/* ------------------------------------------------------------------------------------------------------------- receiving */

static Status receiver_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    ReceiverLocal *local = local_;
    (void)shared;
    TRY(batch_init_like(&task->cx, op, &local->out));
    return op->exchange.merge_key_count > 0 ? merge_receiver_open(task, op, &local->merge) : OK;
}

static void receiver_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    ReceiverLocal *local = local_;
    (void)op, (void)shared, (void)profile;
    mem_free(local->message);
    merge_receiver_close(local->merge);
    batch_free(&local->out);
}

static Status receiver_next(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch **out, Flow *flow) {
    ExchangeShared *shared = shared_;
    ReceiverLocal *local = local_;
    bool over;
    if (local->merge != NULL) {
        return merge_receiver_next(task, op, shared, local->merge, out, flow);
    }
    mem_free(local->message);
    local->message = interconnect_receive(task, shared->interconnect, task->node, UINT32_MAX, shared->senders, &over);
    if (local->message == NULL) {
        *flow = over ? DONE : BLOCKED;
        return OK;
    }
    message_open(local->message, &local->out);
    *out = &local->out;
    *flow = MORE_OUTPUT;
    return OK;
}

static void receiver_stop(Task *task, const PhysicalNode *op, void *shared_) {
    ExchangeShared *shared = shared_;
    (void)op;
    interconnect_close(task->query, shared->interconnect, task->node);
}

/* Merged streams are one; else by the rows that are expected here. */
static uint32_t receiver_task_limit(Task *task, const PhysicalNode *op, void *shared) {
    uint32_t first, count;
    (void)shared;
    operator_placement(task->query, op, &first, &count);
    double rows = op->exchange.kind == EXCHANGE_BROADCAST ? op->rows : op->rows / count;
    return op->exchange.merge_key_count > 0 || rows < ROWS_PER_TASK ? 1
           : rows > 1e9                                             ? UINT32_MAX
                                                                    : (uint32_t)rows / ROWS_PER_TASK;
}

static const SourceClass exchange_source = {
    .name = "Network",
    .local_size = sizeof(ReceiverLocal),
    .open_local = receiver_open_local,
    .next = receiver_next,
    .close_local = receiver_close_local,
    .task_limit = receiver_task_limit,
    .stop = receiver_stop,
};
const OperatorClass exchange_operator = {.source = &exchange_source, .sink = &exchange_sink, .spans_nodes = true};
