/* Network: moves batches between nodes. A sink on the sending nodes, a source on the receiving ones, the interconnect between.
 *
 *   BROADCAST  every receiver gets a copy
 *   HASH       a row goes to the node on which a table distributed by the same keys would have it, NULL to node 0
 *   GATHER     all to the leader; with merge keys the sorted streams are merged (exchange_merge.c)
 *
 * With one node exchanges are not run at all (exec/pipeline.c). What stays on its own node takes the same way but is not
 * counted as sent. */
#include "exec/exchange.h"
#include "core/hash.h"
#include "exec/pipeline.h"
#include "storage/distribute.h"

/* Messages on their way per link: enough to keep a receiver busy, little enough to be no memory. */
#define CREDIT_MESSAGES 8
#define ROWS_PER_TASK 32768
#define PLACEMENT_SEED 1

typedef struct SenderLocal {
    Vector *scratch;      /* owned; flattening, one per column */
    Batch part;           /* HASH: the rows of one receiver */
    uint64_t *hashes;     /* owned; per row */
    uint64_t *key_hashes; /* owned; of one further key */
    uint16_t *rows;       /* owned; [receiver × BATCH_ROWS_MAX + i] */
    uint32_t *counts;     /* owned; per receiver */
    bool *wanted;         /* owned; per receiver */
    uint32_t from;
    uint64_t rows_sent, bytes_sent;
    uint64_t *bytes_to; /* owned; per receiver */
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
    return interconnect_open(&task->cx, place_count(task), CREDIT_MESSAGES, &shared->interconnect);
}

static void exchange_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    ExchangeShared *shared = shared_;
    (void)op, (void)profile;
    interconnect_free(shared->interconnect);
}

/* -------------------------------------------------------------------------------------------------------------- sending */

static Status sender_open_local(Task *task, const PhysicalNode *op, void *shared, void *local_) {
    SenderLocal *local = local_;
    const Context *cx = &task->cx;
    uint32_t places = place_count(task);
    (void)shared;
    TRY(batch_init_like(cx, op, &local->part));
    TRY_ALLOC_ZEROED(cx, local->scratch, sizeof *local->scratch * op->column_count);
    TRY_ALLOC_ZEROED(cx, local->wanted, sizeof *local->wanted * places);
    TRY_ALLOC_ZEROED(cx, local->counts, sizeof *local->counts * places);
    TRY_ALLOC_ZEROED(cx, local->bytes_to, sizeof *local->bytes_to * places);
    if (op->exchange.kind == EXCHANGE_HASH) {
        TRY_ALLOC(cx, local->hashes, sizeof *local->hashes * BATCH_ROWS_MAX);
        TRY_ALLOC(cx, local->key_hashes, sizeof *local->key_hashes * BATCH_ROWS_MAX);
        TRY_ALLOC(cx, local->rows, sizeof *local->rows * BATCH_ROWS_MAX * places);
    }
    return OK;
}

static void sender_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    SenderLocal *local = local_;
    (void)shared;
    profile->exchange.rows_sent += local->rows_sent;
    profile->exchange.bytes_sent += local->bytes_sent;
    if (local->bytes_to != NULL) {
        uint32_t places = (uint32_t)(mem_size(local->bytes_to) / sizeof *local->bytes_to);
        for (uint32_t i = 0; i < places * places; i++) { /* only this sender's row of the table is not zero */
            profile->exchange.bytes_by_pair[i] += i / places == local->from ? local->bytes_to[i % places] : 0;
        }
    }
    for (uint32_t i = 0; local->scratch != NULL && i < op->column_count; i++) {
        vector_free(&local->scratch[i]);
    }
    mem_free(local->scratch);
    mem_free(local->wanted);
    mem_free(local->counts);
    mem_free(local->bytes_to);
    mem_free(local->hashes);
    mem_free(local->key_hashes);
    mem_free(local->rows);
    batch_free(&local->part);
}

static void send(Task *task, ExchangeShared *shared, SenderLocal *local, uint32_t to, Message *message) {
    if (to != task->node) {
        local->rows_sent += message->rows;
        local->bytes_sent += message->bytes;
        local->bytes_to[to] += message->bytes;
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

/* NULL keys go to one place, so that groups of NULL meet. */
static void clear_null_hashes(const Vector *key, uint32_t rows, uint64_t *hashes) {
    for (uint32_t i = 0; key->validity != NULL && i < rows; i++) {
        hashes[i] = vector_is_valid(key, i) ? hashes[i] : 0;
    }
}

static Status hash_keys(Task *task, const ExchangeSpec *spec, SenderLocal *local, const Batch *in) {
    for (uint32_t k = 0; k < spec->key_count; k++) {
        const Vector *key = &in->columns[spec->keys[k]];
        uint64_t *hashes = k == 0 ? local->hashes : local->key_hashes;
        TRY(placement_hash_vector(&task->cx, key, in->rows, PLACEMENT_SEED, hashes));
        clear_null_hashes(key, in->rows, hashes);
        for (uint32_t i = 0; k > 0 && i < in->rows; i++) {
            local->hashes[i] = hash_combine(local->hashes[i], hashes[i]);
        }
    }
    return OK;
}

/* Sorts the rows' numbers by receiver. */
static void split_rows(const Topology *topology, SenderLocal *local, uint32_t rows) {
    uint32_t slices = topology->nodes * topology->slices_per_node;
    memset(local->counts, 0, sizeof *local->counts * topology->nodes);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t to = slice_of_hash(local->hashes[i], slices) / topology->slices_per_node;
        local->rows[to * BATCH_ROWS_MAX + local->counts[to]++] = (uint16_t)i;
    }
}

static Status send_part(Task *task, ExchangeShared *shared, SenderLocal *local, const Batch *in, uint32_t to) {
    const uint16_t *rows = local->rows + to * BATCH_ROWS_MAX;
    const Batch *part = in;
    if (local->counts[to] < in->rows) {
        for (uint32_t i = 0; i < in->column_count; i++) {
            TRY(vector_gather(&task->cx, &in->columns[i], rows, local->counts[to], &local->part.columns[i]));
        }
        local->part.rows = local->counts[to];
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
    TRY(hash_keys(task, &op->exchange, local, in));
    split_rows(topology, local, in->rows);
    for (uint32_t to = 0; to < topology->nodes; to++) {
        local->wanted[to] = local->counts[to] > 0;
    }
    if (!interconnect_take_credit(task, shared->interconnect, task->node, local->wanted)) {
        *blocked = true;
        return OK;
    }
    for (uint32_t to = 0; to < topology->nodes; to++) {
        if (local->counts[to] > 0) {
            TRY(send_part(task, shared, local, in, to));
        }
    }
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
    local->from = task->node;
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
