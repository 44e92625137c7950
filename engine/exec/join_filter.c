/* Key filters: least and greatest build key, and a bitmap of the keys where that is small for the rows it stands for, or a
 * Bloom filter where the plan says so. */
#include "exec/join_filter.h"

#include "exec/pipeline.h"

/* Up to this range a bitmap always pays (128 KB); beyond, only up to some bits per row. */
#define BITMAP_RANGE_SMALL ((uint64_t)1 << 20)
#define BITMAP_BITS_PER_ROW 256
#define BITMAP_BITS_PER_PROBE 64 /* so much is cleared for each row that may be spared further work */

typedef void RunVisitor(KeyFilter *filter, const int64_t *keys, const uint64_t *validity, uint32_t first, uint32_t count);

static void widen_range(KeyFilter *filter, const int64_t *keys, const uint64_t *validity, uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (validity == NULL || bit_get(validity, first + i)) {
            filter->min = filter->is_empty || keys[i] < filter->min ? keys[i] : filter->min;
            filter->max = filter->is_empty || keys[i] > filter->max ? keys[i] : filter->max;
            filter->is_empty = false;
        }
    }
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
    const TableColumn *stored = &table->columns[column];
    int64_t keys[BATCH_ROWS_MAX];
    for (uint64_t first = 0; first < table->rows; first += BATCH_ROWS_MAX) {
        TRY(check_cancel(cx));
        uint32_t count = table->rows - first < BATCH_ROWS_MAX ? (uint32_t)(table->rows - first) : BATCH_ROWS_MAX;
        column_format_load_i64(format, (const uint8_t *)stored->data[0] + first * format->width, count, keys);
        visit(filter, keys, stored->validity == NULL ? NULL : stored->validity[0], (uint32_t)first, count);
    }
    return OK;
}

static Status alloc_bloom(const Context *cx, uint64_t words, KeyFilter *filter) {
    TRY_ALLOC_ZEROED(cx, filter->bloom, words * sizeof *filter->bloom);
    filter->bloom_words = words;
    return OK;
}

static bool bitmap_pays(uint64_t range, double rows, double probe_rows) {
    return range < BITMAP_RANGE_SMALL || (double)range / BITMAP_BITS_PER_ROW <= rows ||
           (double)range / BITMAP_BITS_PER_PROBE <= probe_rows;
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
        (!spec->filter_crosses && !bitmap_pays(range, (double)table->rows, op->children[0]->rows))) {
        return OK;
    }
    TRY_ALLOC_ZEROED(cx, filter->bitmap, BITS_WORDS(range + 1) * 8);
    TRY(visit_keys(cx, table, column, set_bits, filter));
    filter->keys = bits_count(filter->bitmap, range + 1);
    return OK;
}

static void free_filter(KeyFilter *filter) {
    mem_free(filter->bitmap);
    mem_free(filter->bloom);
    mem_free(filter);
}

Status join_filter_create(const Context *cx, const RowTable *table, const PhysicalNode *op, KeyFilter **filter) {
    TRY_ALLOC_ZEROED(cx, *filter, sizeof **filter);
    Status status = fill(cx, table, op, *filter);
    if (status != OK) {
        free_filter(*filter);
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------------------- of all nodes */

/* As a message between nodes: what the filter says, without pointers. */
static uint64_t message_bytes(const KeyFilter *filter) {
    return sizeof *filter + (filter->bitmap == NULL ? 0 : mem_size(filter->bitmap)) + filter->bloom_words * 8;
}

static void add_bits(const KeyFilter *part, KeyFilter *whole) {
    uint64_t words = mem_size(part->bitmap) / 8, shift = (uint64_t)part->min - (uint64_t)whole->min;
    for (uint64_t word = 0; word < words; word++) {
        for (uint64_t bits = part->bitmap[word]; bits != 0; bits &= bits - 1) {
            bit_set(whole->bitmap, shift + word * 64 + (uint64_t)__builtin_ctzll(bits));
        }
    }
}

/* Those of all parts have the size that the plan gave them. */
static Status merge_blooms(const Context *cx, const KeyFilter *const *parts, uint32_t count, KeyFilter *whole) {
    TRY(alloc_bloom(cx, parts[0]->bloom_words, whole));
    for (uint32_t i = 0; i < count; i++) {
        for (uint64_t word = 0; word < whole->bloom_words; word++) {
            whole->bloom[word] |= parts[i]->bloom[word];
        }
    }
    return OK;
}

/* A key of any part is one of the whole. A bitmap needs one of every part that has keys. */
static Status merge_into(const Context *cx, const KeyFilter *const *parts, uint32_t count, KeyFilter *whole) {
    bool has_bitmaps = true;
    whole->is_empty = true;
    for (uint32_t i = 0; i < count; i++) {
        if (!parts[i]->is_empty) {
            whole->min = whole->is_empty || parts[i]->min < whole->min ? parts[i]->min : whole->min;
            whole->max = whole->is_empty || parts[i]->max > whole->max ? parts[i]->max : whole->max;
            whole->is_empty = false;
            has_bitmaps &= parts[i]->bitmap != NULL;
        }
    }
    if (parts[0]->bloom_words > 0) {
        return merge_blooms(cx, parts, count, whole);
    }
    uint64_t range = (uint64_t)whole->max - (uint64_t)whole->min;
    if (whole->is_empty || !has_bitmaps || range >= KEY_FILTER_RANGE_MAX) {
        return OK;
    }
    TRY_ALLOC_ZEROED(cx, whole->bitmap, BITS_WORDS(range + 1) * 8);
    for (uint32_t i = 0; i < count; i++) {
        if (!parts[i]->is_empty) {
            add_bits(parts[i], whole);
        }
    }
    whole->keys = bits_count(whole->bitmap, range + 1);
    return OK;
}

/* The parts that the first node does not have itself travel there, the whole to all other nodes. */
static void count_sent(const Task *task, const PhysicalNode *op, uint32_t first, const KeyFilter *const *parts, uint32_t count,
                       const KeyFilter *whole) {
    uint32_t nodes = query_plan(task->query)->topology.nodes;
    for (uint32_t i = 1; i < count; i++) {
        profile_of(task->query, op, first + i)->exchange.bytes_sent += message_bytes(parts[i]);
    }
    uint64_t receivers = first == nodes ? nodes : nodes - 1;
    profile_of(task->query, op, first)->exchange.bytes_sent += receivers * message_bytes(whole);
}

static Status merge_parts(Task *task, const PhysicalNode *op) {
    uint32_t first, count;
    operator_placement(task->query, op, &first, &count);
    const KeyFilter **parts;
    TRY_ALLOC(&task->cx, parts, sizeof *parts * count);
    Status status = OK;
    KeyFilter *whole = NULL;
    for (uint32_t i = 0; i < count; i++) {
        parts[i] = query_filter(task->query, first + i, op->join.filter_id);
        if (parts[i] == NULL) {
            goto done;
        }
    }
    whole = mem_alloc_zeroed(&task->cx, sizeof *whole);
    status = whole == NULL ? OUT_OF_MEMORY : merge_into(&task->cx, parts, count, whole);
    if (status == OK) {
        count_sent(task, op, first, parts, count, whole);
        query_publish_filter(task->query, FILTER_OF_ALL_NODES, op->join.filter_id, whole);
    } else if (whole != NULL) {
        free_filter(whole);
    }
done:
    mem_free(parts);
    return status;
}

Status join_filter_publish(Task *task, const PhysicalNode *op, KeyFilter *filter) {
    query_publish_filter(task->query, task->node, op->join.filter_id, filter);
    bool is_last = atomic_fetch_sub(&task->query->filter_parts[op->join.filter_id], 1) == 1;
    return op->join.filter_crosses && is_last ? merge_parts(task, op) : OK;
}
