/* Merges the sorted streams of all senders into one. Of each sender one message is open; rows are picked from the smallest head
 * until one message is used up, then what was picked is put out and that sender's next message is awaited. */
#include "core/settings.h"
#include "exec/exchange.h"
#include "exec/pipeline.h"

typedef struct Stream {
    bool is_over;
    Message *message; /* owned; NULL: the next one is awaited */
    Batch batch;      /* flat */
    Batch view;       /* of the message */
    uint32_t row;     /* the head */
    Value *keys;      /* owned; of the head */
} Stream;

struct MergeReceiver {
    uint32_t stream_count, column_count, key_count;
    Stream *streams;
    uint32_t *picked_streams; /* owned; [output row] */
    uint16_t *picked_rows;    /* owned */
    Batch out;
};

Status merge_receiver_open(Task *task, const PhysicalNode *op, MergeReceiver **receiver_out) {
    const Context *cx = &task->cx;
    MergeReceiver *receiver;
    uint32_t first;
    TRY_ALLOC_ZEROED(cx, receiver, sizeof *receiver);
    *receiver_out = receiver;
    operator_placement(task->query, op->children[0], &first, &receiver->stream_count);
    receiver->column_count = op->column_count;
    receiver->key_count = op->exchange.merge_key_count;
    TRY(batch_init_like(cx, op, &receiver->out));
    TRY_ALLOC(cx, receiver->picked_streams, sizeof *receiver->picked_streams * BATCH_ROWS_MAX);
    TRY_ALLOC(cx, receiver->picked_rows, sizeof *receiver->picked_rows * BATCH_ROWS_MAX);
    TRY_ALLOC_ZEROED(cx, receiver->streams, sizeof *receiver->streams * receiver->stream_count);
    for (uint32_t i = 0; i < receiver->stream_count; i++) {
        TRY(batch_init_like(cx, op, &receiver->streams[i].batch));
        TRY(batch_init_like(cx, op, &receiver->streams[i].view));
        TRY_ALLOC(cx, receiver->streams[i].keys, sizeof(Value) * receiver->key_count);
    }
    return OK;
}

void merge_receiver_close(MergeReceiver *receiver) {
    if (receiver == NULL) {
        return;
    }
    for (uint32_t i = 0; receiver->streams != NULL && i < receiver->stream_count; i++) {
        mem_free(receiver->streams[i].message);
        mem_free(receiver->streams[i].keys);
        batch_free(&receiver->streams[i].batch);
        batch_free(&receiver->streams[i].view);
    }
    mem_free(receiver->streams);
    mem_free(receiver->picked_streams);
    mem_free(receiver->picked_rows);
    batch_free(&receiver->out);
    mem_free(receiver);
}

static void load_head(const ExchangeSpec *spec, Stream *stream) {
    for (uint32_t k = 0; k < spec->merge_key_count; k++) {
        stream->keys[k] = vector_value(&stream->batch.columns[spec->merge_keys[k].slot], stream->row);
    }
}

/* Every stream that is not over gets a head, or the task waits. */
static Status fill_streams(Task *task, const PhysicalNode *op, ExchangeShared *shared, MergeReceiver *receiver, bool *blocked) {
    uint32_t first, count;
    operator_placement(task->query, op->children[0], &first, &count);
    for (uint32_t i = 0; i < count; i++) {
        Stream *stream = &receiver->streams[i];
        if (stream->is_over || stream->message != NULL) {
            continue;
        }
        stream->message = interconnect_receive(task, shared->interconnect, task->node, first + i, count, &stream->is_over);
        if (stream->message == NULL) {
            if (stream->is_over) {
                continue;
            }
            *blocked = true;
            return OK;
        }
        message_open(stream->message, &stream->view);
        for (uint32_t c = 0; c < receiver->column_count; c++) {
            TRY(vector_flatten(&task->cx, &stream->view.columns[c], stream->view.rows, &stream->batch.columns[c]));
        }
        stream->batch.rows = stream->view.rows;
        stream->row = 0;
        load_head(&op->exchange, stream);
    }
    return OK;
}

static int compare_key(const SortSlot *slot, const Value *a, const Value *b) {
    if (a->is_null || b->is_null) {
        int order = (int)b->is_null - (int)a->is_null; /* the NULL first */
        return slot->nulls_first ? order : -order;
    }
    int order = value_compare(a, b);
    return slot->is_descending ? -order : order;
}

static bool comes_before(const ExchangeSpec *spec, const Stream *a, const Stream *b) {
    for (uint32_t k = 0; k < spec->merge_key_count; k++) {
        int order = compare_key(&spec->merge_keys[k], &a->keys[k], &b->keys[k]);
        if (order != 0) {
            return order < 0;
        }
    }
    return false; /* the earlier stream keeps its place */
}

static uint32_t smallest_stream(const ExchangeSpec *spec, const MergeReceiver *receiver) {
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < receiver->stream_count; i++) {
        const Stream *stream = &receiver->streams[i];
        if (stream->message != NULL && (best == UINT32_MAX || comes_before(spec, stream, &receiver->streams[best]))) {
            best = i;
        }
    }
    return best;
}

/* Picks rows in order until the batch is full or a message is used up; returns how many. */
static uint32_t pick_rows(const ExchangeSpec *spec, MergeReceiver *receiver, uint32_t most) {
    uint32_t count = 0;
    while (count < most) {
        uint32_t at = smallest_stream(spec, receiver);
        if (at == UINT32_MAX) {
            break;
        }
        Stream *stream = &receiver->streams[at];
        receiver->picked_streams[count] = at;
        receiver->picked_rows[count++] = (uint16_t)stream->row++;
        if (stream->row == stream->batch.rows) {
            break;
        }
        load_head(spec, stream);
    }
    return count;
}

static Status copy_column(Task *task, MergeReceiver *receiver, uint32_t column, uint32_t count) {
    Vector *out = &receiver->out.columns[column];
    TRY(vector_prepare_flat(&task->cx, out, receiver->streams[0].batch.columns[column].type));
    TRY(vector_prepare_validity(&task->cx, out, true));
    uint32_t bytes = type_bytes(out->type);
    for (uint32_t i = 0; i < count; i++) {
        const Vector *in = &receiver->streams[receiver->picked_streams[i]].batch.columns[column];
        uint32_t row = receiver->picked_rows[i];
        memcpy((char *)out->data + (size_t)i * bytes, (const char *)in->data + (size_t)row * bytes, bytes);
        if (!vector_is_valid(in, row)) {
            bit_clear(out->validity, i);
        }
    }
    if (bits_all_set(out->validity, count)) {
        out->validity = NULL;
    }
    return OK;
}

/* Messages used up by the last batch; their text was borrowed until now. */
static void drop_used(MergeReceiver *receiver) {
    for (uint32_t i = 0; i < receiver->stream_count; i++) {
        Stream *stream = &receiver->streams[i];
        if (stream->message != NULL && stream->row == stream->batch.rows) {
            mem_free(stream->message);
            stream->message = NULL;
        }
    }
}

Status merge_receiver_next(Task *task, const PhysicalNode *op, ExchangeShared *shared, MergeReceiver *receiver,
                           const Batch **out, Flow *flow) {
    bool blocked = false;
    drop_used(receiver);
    TRY(fill_streams(task, op, shared, receiver, &blocked));
    if (blocked) {
        *flow = BLOCKED;
        return OK;
    }
    uint32_t count = pick_rows(&op->exchange, receiver, (uint32_t)task->cx.settings->batch_rows);
    for (uint32_t c = 0; c < receiver->column_count; c++) {
        TRY(copy_column(task, receiver, c, count));
    }
    receiver->out.rows = count;
    *out = &receiver->out;
    *flow = count > 0 ? MORE_OUTPUT : DONE;
    return OK;
}
