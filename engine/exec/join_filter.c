/* Key filters: least and greatest build key, and a bitmap of the keys where that is small for the rows it stands for, or a
 * Bloom filter where the plan says so. */
#include "exec/join_filter.h"

#include "exec/pipeline.h"

#include <assert.h>
#include <string.h>

/* Up to this range a bitmap always pays (128 KB); beyond, only up to some bits per row. */
#define BITMAP_RANGE_SMALL ((uint64_t)1 << 20)
#define BITMAP_BITS_PER_ROW 256
#define ROOM_SHARE 64                 /* of its range, that a large bitmap leaves at each end */
#define BITMAP_BITS_PER_ROW_SPARED 64 /* so much is cleared for each row that may be spared further work */

typedef void RunVisitor(KeyFilter *filter, const int64_t *keys, const uint64_t *validity, uint32_t first, uint32_t count);

static void widen_range(KeyFilter *filter, const int64_t *keys, const uint64_t *validity, uint32_t first, uint32_t count) {
    int64_t least = filter->is_empty ? INT64_MAX : filter->min, greatest = filter->is_empty ? INT64_MIN : filter->max;
    for (uint32_t i = 0; i < count; i++) {
        if (validity == NULL || bit_get(validity, first + i)) {
            least = keys[i] < least ? keys[i] : least;
            greatest = keys[i] > greatest ? keys[i] : greatest;
        }
    }
    filter->is_empty = least > greatest;
    filter->min = filter->is_empty ? 0 : least;
    filter->max = filter->is_empty ? 0 : greatest;
}

static void set_bits(KeyFilter *filter, const int64_t *keys, const uint64_t *validity, uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (validity == NULL || bit_get(validity, first + i)) {
            bit_set(filter->bitmap, (uint64_t)keys[i] - (uint64_t)filter->min);
        }
    }
}

static void add_to_bloom(KeyFilter *filter, const int64_t *keys, const uint64_t *validity, uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (validity == NULL || bit_get(validity, first + i)) {
            uint64_t hash = hash_u64((uint64_t)keys[i]);
            *key_filter_bloom_word(filter, hash) |= key_filter_bloom_bits(hash);
        }
    }
}

static Status visit_keys(const Context *cx, const RowTable *table, uint32_t column, RunVisitor *visit, KeyFilter *filter) {
    const ColumnFormat *format = &table->format->columns[column];
    int64_t keys[BATCH_ROWS_MAX];
    for (uint32_t c = 0; c < table->chunk_count; c++) {
        const RowChunk *chunk = table->chunks[c];
        const KeptColumn *kept = &chunk->columns[column];
        for (uint32_t first = 0; first < chunk->rows; first += BATCH_ROWS_MAX) {
            TRY(check_cancel(cx));
            uint32_t left = chunk->rows - first, count = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;
            column_format_load_i64(format, (const uint8_t *)kept->data + (size_t)first * format->width, count, keys);
            visit(filter, keys, kept->validity, first, count);
        }
    }
    return OK;
}

static Status alloc_bloom(const Context *cx, uint64_t words, KeyFilter *filter) {
    TRY_ALLOC_ZEROED(cx, filter->bloom, words * sizeof *filter->bloom);
    filter->bloom_words = words;
    return OK;
}

static bool bitmap_pays(uint64_t range, double rows, double scan_rows) {
    return range < BITMAP_RANGE_SMALL || (double)range / BITMAP_BITS_PER_ROW <= rows ||
           (double)range / BITMAP_BITS_PER_ROW_SPARED <= scan_rows;
}

/* Most blocks then lie inside, though the least and the greatest of all keys have no partner; their test is the cheaper one. */
static void leave_room(KeyFilter *filter) {
    uint64_t range = (uint64_t)filter->max - (uint64_t)filter->min;
    if (range < KEY_FILTER_REGISTER_BITS) {
        return;
    }
    int64_t room = (int64_t)(range / ROOM_SHARE);
    filter->min = filter->min < INT64_MIN + room ? INT64_MIN : filter->min - room;
    filter->max = filter->max > INT64_MAX - room ? INT64_MAX : filter->max + room;
}

static Status fill(const Context *cx, const RowTable *table, const PhysicalNode *op, KeyFilter *filter) {
    const JoinSpec *spec = &op->join;
    uint32_t column = spec->build_keys[spec->filter_key];
    filter->is_empty = true;
    TRY(visit_keys(cx, table, column, widen_range, filter));
    if (spec->filter_bloom_words > 0) {
        TRY(alloc_bloom(cx, spec->filter_bloom_words, filter));
        return visit_keys(cx, table, column, add_to_bloom, filter);
    }
    uint64_t range = (uint64_t)filter->max - (uint64_t)filter->min;
    if (filter->is_empty || range >= KEY_FILTER_RANGE_MAX ||
        (!spec->filter_crosses && !bitmap_pays(range, (double)table->rows, spec->filter_rows))) {
        return OK;
    }
    if (!spec->filter_crosses) { /* the network would carry it */
        leave_room(filter);
    }
    uint64_t bits = (uint64_t)filter->max - (uint64_t)filter->min + 1;
    TRY_ALLOC_ZEROED(cx, filter->bitmap, BITS_WORDS(bits) * 8);
    TRY(visit_keys(cx, table, column, set_bits, filter));
    filter->keys = bits_count(filter->bitmap, bits);
    return OK;
}

void join_filter_free(KeyFilter *filter) {
    if (filter == NULL) {
        return;
    }
    mem_free(filter->bitmap);
    mem_free(filter->bloom);
    mem_free(filter);
}

Status join_filter_create(const Context *cx, const RowTable *table, const PhysicalNode *op, KeyFilter **filter) {
    TRY_ALLOC_ZEROED(cx, *filter, sizeof **filter);
    Status status = fill(cx, table, op, *filter);
    if (status != OK) {
        join_filter_free(*filter);
        *filter = NULL; /* its owner closes what there is */
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------------------- of all nodes
 *
 * Every node sends its part to the first node that the join runs on, which sends what they say together to all nodes that scan:
 * as messages, each on a link of its own with a credit of one. Who publishes last puts the parts together in the first node's
 * name; a scan takes its node's message when it opens, which is after that. A part that is missing (its rows were spilled)
 * means that there is no filter: senders end without a message. */

typedef struct FilterMessage {
    Message base;
    KeyFilter filter; /* under way without pointers */
    uint64_t bitmap_words;
    uint64_t words[]; /* bitmap or Bloom filter */
} FilterMessage;

static Status create_message(const Context *cx, const KeyFilter *filter, uint64_t bitmap_words, FilterMessage **out) {
    uint64_t bytes = sizeof(FilterMessage) + (bitmap_words + filter->bloom_words) * 8;
    TRY_ALLOC_ZEROED(cx, *out, bytes);
    (*out)->base.bytes = bytes;
    (*out)->filter = *filter;
    (*out)->filter.bitmap = (*out)->filter.bloom = NULL;
    (*out)->bitmap_words = bitmap_words;
    return OK;
}

/* What the message says; borrows from it. */
static KeyFilter filter_in(FilterMessage *message) {
    KeyFilter filter = message->filter;
    filter.bitmap = message->bitmap_words > 0 ? message->words : NULL;
    filter.bloom = filter.bloom_words > 0 ? message->words : NULL;
    return filter;
}

static Status pack_filter(const Context *cx, const KeyFilter *filter, FilterMessage **out) {
    uint64_t words = filter->bitmap == NULL ? 0 : mem_size(filter->bitmap) / 8;
    TRY(create_message(cx, filter, words, out));
    if (words + filter->bloom_words > 0) {
        memcpy((*out)->words, words > 0 ? filter->bitmap : filter->bloom, (words + filter->bloom_words) * 8);
    }
    return OK;
}

static void add_bits(const KeyFilter *part, KeyFilter *whole) {
    uint64_t range = (uint64_t)part->max - (uint64_t)part->min, shift = (uint64_t)part->min - (uint64_t)whole->min;
    for (uint64_t word = 0; word < BITS_WORDS(range + 1); word++) {
        for (uint64_t bits = part->bitmap[word]; bits != 0; bits &= bits - 1) {
            bit_set(whole->bitmap, shift + word * 64 + (uint64_t)__builtin_ctzll(bits));
        }
    }
}

static void add_bloom(const KeyFilter *part, KeyFilter *whole) {
    for (uint64_t word = 0; word < whole->bloom_words; word++) {
        whole->bloom[word] |= part->bloom[word];
    }
}

/* Least and greatest key of all, and the words of the bitmap that holds them; 0: none. It needs a bitmap of every part that has
 * keys; Bloom filters of all parts have the size that the plan gave them. */
static uint64_t measure_whole(const KeyFilter *parts, uint32_t count, KeyFilter *whole) {
    bool has_bitmaps = true;
    *whole = (KeyFilter){.is_empty = true, .bloom_words = parts[0].bloom_words};
    for (uint32_t i = 0; i < count; i++) {
        if (!parts[i].is_empty) {
            whole->min = whole->is_empty || parts[i].min < whole->min ? parts[i].min : whole->min;
            whole->max = whole->is_empty || parts[i].max > whole->max ? parts[i].max : whole->max;
            whole->is_empty = false;
            has_bitmaps &= parts[i].bitmap != NULL;
        }
    }
    uint64_t range = (uint64_t)whole->max - (uint64_t)whole->min;
    bool has_bitmap = !whole->is_empty && has_bitmaps && whole->bloom_words == 0 && range < KEY_FILTER_RANGE_MAX;
    return has_bitmap ? BITS_WORDS(range + 1) : 0;
}

/* A key of any part is one of the whole. */
static Status merge_parts(const Context *cx, const KeyFilter *parts, uint32_t count, FilterMessage **out) {
    KeyFilter whole;
    uint64_t words = measure_whole(parts, count, &whole);
    TRY(create_message(cx, &whole, words, out));
    whole = filter_in(*out);
    for (uint32_t i = 0; i < count; i++) {
        if (whole.bitmap != NULL && !parts[i].is_empty) {
            add_bits(&parts[i], &whole);
        } else if (whole.bloom != NULL) {
            add_bloom(&parts[i], &whole);
        }
    }
    (*out)->filter.keys = words == 0 ? 0 : bits_count((*out)->words, words * 64);
    return OK;
}

static CrossingFilter *crossing_of(const Query *query, const PhysicalNode *op) {
    return &query->crossing[op->join.filter_id];
}

Status join_filter_open(const Context *cx, Query *query, const PhysicalNode *op) {
    uint32_t count;
    CrossingFilter *crossing = crossing_of(query, op);
    operator_placement(query, op, &crossing->first, &count);
    atomic_init(&crossing->parts, count);
    TRY_NEW_ARRAY(cx, &query->arena, crossing->received, query->place_count);
    return interconnect_open(cx, query->place_count, 1, &crossing->links);
}

void join_filter_close(const Query *query, CrossingFilter *crossing) {
    for (uint32_t i = 0; crossing->received != NULL && i < query->place_count; i++) {
        mem_free(crossing->received[i]);
    }
    interconnect_free(crossing->links);
}

/* Moves the message. Its bytes count where they are sent. */
static Status send_message(Task *task, const PhysicalNode *op, uint32_t from, uint32_t to, FilterMessage *message) {
    bool *wanted = mem_alloc_zeroed(&task->cx, task->query->place_count);
    if (wanted == NULL) {
        mem_free(message);
        return OUT_OF_MEMORY;
    }
    Interconnect *links = crossing_of(task->query, op)->links;
    wanted[to] = true;
    bool has_credit = interconnect_take_credit(task, links, from, wanted);
    assert(has_credit); /* nothing else passes this link */
    (void)has_credit;
    mem_free(wanted);
    profile_of(task->query, op, from)->exchange.bytes_sent += from == to ? 0 : mem_size(message);
    interconnect_send(task->query, links, from, to, &message->base);
    return OK;
}

static Status send_part(Task *task, const PhysicalNode *op, const KeyFilter *filter) {
    CrossingFilter *crossing = crossing_of(task->query, op);
    if (filter != NULL) {
        FilterMessage *message;
        TRY(pack_filter(&task->cx, filter, &message));
        TRY(send_message(task, op, task->node, crossing->first, message));
    }
    interconnect_end(task->query, crossing->links, task->node);
    return OK;
}

/* Copies, to all nodes; the link of a node to itself is no network. */
static Status send_whole(Task *task, const PhysicalNode *op, const FilterMessage *whole) {
    for (uint32_t to = 0; to < query_plan(task->query)->topology.nodes; to++) {
        Message *copy;
        TRY(message_copy(&task->cx, &whole->base, &copy));
        TRY(send_message(task, op, crossing_of(task->query, op)->first, to, (FilterMessage *)copy));
    }
    return OK;
}

/* *count is 0 if a part is missing. */
static void receive_parts(Task *task, const CrossingFilter *crossing, FilterMessage **messages, KeyFilter *parts,
                          uint32_t *count) {
    bool over;
    for (uint32_t i = 0; i < *count; i++) {
        messages[i] =
            (FilterMessage *)interconnect_receive(task, crossing->links, crossing->first, crossing->first + i, 1, &over);
        if (messages[i] == NULL) {
            *count = 0;
            return;
        }
        parts[i] = filter_in(messages[i]);
    }
}

/* All parts are there: what the first node does. */
static Status spread(Task *task, const PhysicalNode *op) {
    CrossingFilter *crossing = crossing_of(task->query, op);
    FilterMessage **messages, *whole = NULL;
    KeyFilter *parts = NULL;
    uint32_t first, senders;
    operator_placement(task->query, op, &first, &senders);
    TRY_ALLOC_ZEROED(&task->cx, messages, sizeof *messages * senders);
    uint32_t count = senders;
    Status status = OK;
    parts = mem_alloc(&task->cx, sizeof *parts * senders);
    TRY_GOTO(parts == NULL ? OUT_OF_MEMORY : OK);
    receive_parts(task, crossing, messages, parts, &count);
    if (count > 0) {
        TRY_GOTO(merge_parts(&task->cx, parts, count, &whole));
        TRY_GOTO(send_whole(task, op, whole));
    }
    OperatorProfile *profile = profile_of(task->query, op, first);
    interconnect_count(crossing->links, &profile->exchange.transport_messages, &profile->exchange.transport_bytes);
done:
    for (uint32_t i = 0; i < senders; i++) {
        mem_free(messages[i]);
    }
    mem_free(messages);
    mem_free(parts);
    mem_free(whole);
    return status;
}

Status join_filter_publish(Task *task, const PhysicalNode *op, KeyFilter *filter) {
    if (!op->join.filter_crosses) {
        query_publish_filter(task->query, task->node, op->join.filter_id, filter);
        return OK;
    }
    Status status = send_part(task, op, filter);
    join_filter_free(filter);
    TRY(status);
    bool is_last = atomic_fetch_sub(&crossing_of(task->query, op)->parts, 1) == 1;
    return is_last ? spread(task, op) : OK;
}

const KeyFilter *join_filter_of_all_nodes(Task *task, uint32_t filter_id) {
    CrossingFilter *crossing = &task->query->crossing[filter_id];
    if (crossing->links == NULL || atomic_load(&crossing->parts) > 0) {
        return NULL;
    }
    FilterMessage **own = (FilterMessage **)&crossing->received[task->node];
    if (*own == NULL) {
        bool over;
        *own = (FilterMessage *)interconnect_receive(task, crossing->links, task->node, crossing->first, 1, &over);
        if (*own != NULL) {
            (*own)->filter = filter_in(*own);
        }
    }
    return *own == NULL ? NULL : &(*own)->filter;
}
