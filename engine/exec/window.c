/* Window functions: one operator for all windows that one sort serves.
 *
 * The sink keeps each task's rows with normalised keys (partition keys first) and the hash partition of each row, and lists
 * the rows by partition when its input ends. The hash partitions ("parts") are then sorted in parallel, and only the order and
 * the places where partitions and peers begin are kept. The source's tasks take a part at a time, evaluate all items over it
 * and gather the rows. A small input is one part, so that its result comes in the order of the keys. */
#include "exec/window.h"

#include "core/hash.h"

#define SMALL_ROWS 16384 /* up to here one part takes all */

typedef struct WindowLocal {
    WindowRun run;
    SortEncoder encoder;
    uint64_t *words;  /* of a batch; owned */
    uint64_t *hashes; /* of a batch; owned */
    uint8_t *parts;   /* of all rows; owned */
    uint64_t part_capacity;
} WindowLocal;

/* ------------------------------------------------------------------------------------------------------------------ sink */

static Status window_open(Task *task, const PhysicalNode *op, void *shared_) {
    WindowShared *shared = shared_;
    const WindowSpec *spec = &op->window;
    const PhysicalNode *child = op->children[0];
    const Context *cx = &task->cx;
    pthread_mutex_init(&shared->lock, NULL);
    shared->is_open = true;
    TRY(row_format_init(cx, &shared->format, child->columns, child->column_count, false));
    uint32_t key_count = spec->partition_count + spec->key_count;
    SortSlot *keys;
    TRY_ALLOC(cx, keys, sizeof *keys * key_count);
    for (uint32_t k = 0; k < key_count; k++) {
        keys[k] = k < spec->partition_count ? (SortSlot){.slot = spec->partitions[k]} : spec->keys[k - spec->partition_count];
    }
    Status status = sort_encoding_init(cx, &shared->encoding, child->columns, keys, key_count);
    mem_free(keys);
    return status;
}

static Status window_open_local(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    (void)op;
    const WindowShared *shared = shared_;
    WindowLocal *local = local_;
    sort_run_init(&local->run.run, &shared->format);
    TRY(sort_encoder_init(&task->cx, &local->encoder));
    TRY_ALLOC(&task->cx, local->words, sizeof *local->words * BATCH_ROWS_MAX * shared->encoding.words);
    TRY_ALLOC(&task->cx, local->hashes, sizeof *local->hashes * BATCH_ROWS_MAX);
    return OK;
}

static Status note_parts(const Context *cx, const WindowSpec *spec, WindowLocal *local, const Batch *in) {
    uint64_t rows = local->run.run.rows.rows;
    if (rows + in->rows > local->part_capacity) {
        uint64_t capacity = local->part_capacity == 0 ? 4 * BATCH_ROWS_MAX : local->part_capacity * 2;
        uint8_t *grown = mem_resize(cx, local->parts, capacity);
        if (grown == NULL) {
            return OUT_OF_MEMORY;
        }
        local->parts = grown;
        local->part_capacity = capacity;
    }
    memset(local->hashes, 0, sizeof *local->hashes * in->rows);
    for (uint32_t k = 0; k < spec->partition_count; k++) {
        TRY(hash_vector(cx, &in->columns[spec->partitions[k]], in->rows, k > 0, local->hashes));
    }
    for (uint32_t i = 0; i < in->rows; i++) {
        local->parts[rows + i] = (uint8_t)(local->hashes[i] >> (64 - WINDOW_PART_BITS));
    }
    return OK;
}

static Status window_consume(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, Flow *flow) {
    const WindowShared *shared = shared_;
    WindowLocal *local = local_;
    *flow = NEED_INPUT;
    TRY(sort_encode(&task->cx, &shared->encoding, &local->encoder, in, local->words));
    TRY(note_parts(&task->cx, &op->window, local, in));
    return sort_run_append(&task->cx, &local->run.run, &shared->encoding, in, local->words);
}

/* Lists the run's rows by part: streams of writes, one per part. */
static Status order_by_part(const Context *cx, const WindowShared *shared, WindowLocal *local) {
    WindowRun *run = &local->run;
    uint64_t rows = run->run.rows.rows;
    uint32_t next[WINDOW_PARTS] = {0}, words = shared->encoding.words;
    TRY_ALLOC(cx, run->items, sizeof *run->items * rows);
    TRY_ALLOC(cx, run->words, words == 1 ? 0 : sizeof *run->words * rows * words);
    TRY(check_cancel(cx));
    for (uint64_t i = 0; i < rows; i++) {
        next[local->parts[i]]++;
    }
    for (uint32_t p = 0; p < WINDOW_PARTS; p++) {
        run->begins[p + 1] = run->begins[p] + next[p];
        next[p] = run->begins[p];
    }
    for (uint64_t i = 0; i < rows; i++) {
        if (i % CANCEL_ROWS == 0) {
            TRY(check_cancel(cx));
        }
        const uint64_t *from = run->run.words + i * words;
        uint32_t to = next[local->parts[i]]++;
        run->items[to] = (SortItem){.key = from[0], .row = (uint32_t)i};
        if (words > 1) {
            memcpy(run->words + (size_t)to * words, from, sizeof *from * words);
        }
    }
    mem_free(run->run.words);
    run->run.words = NULL;
    return OK;
}

static Status take_run(const Context *cx, WindowShared *shared, WindowRun *run) {
    WindowRun *grown = mem_resize(cx, shared->runs, sizeof *grown * (shared->run_count + 1));
    if (grown == NULL) {
        return OUT_OF_MEMORY;
    }
    shared->runs = grown;
    uint32_t first_chunk;
    TRY(row_table_take(cx, &shared->table, &run->run.rows, &first_chunk));
    run->run.first_row = first_chunk << ROW_CHUNK_BITS;
    shared->runs[shared->run_count++] = *run;
    memset(run, 0, sizeof *run);
    return OK;
}

static Status window_merge(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    (void)op;
    WindowShared *shared = shared_;
    WindowLocal *local = local_;
    TRY(order_by_part(&task->cx, shared, local));
    pthread_mutex_lock(&shared->lock);
    Status status = take_run(&task->cx, shared, &local->run);
    pthread_mutex_unlock(&shared->lock);
    return status;
}

static Status window_finish(Task *task, const PhysicalNode *op, void *shared_, uint32_t *parts) {
    WindowShared *shared = shared_;
    shared->part_count = op->window.partition_count == 0 || shared->table.rows <= SMALL_ROWS ? 1 : WINDOW_PARTS;
    *parts = shared->part_count;
    return row_table_open(&task->cx, &shared->table);
}

/* ----------------------------------------------------------------------------------------------------------- sorting a part */

typedef struct PartSort {
    SortItem *items;   /* owned */
    SortItem *scratch; /* owned */
    uint64_t *words;   /* of the items, if there are several per row; owned */
} PartSort;

/* The rows that all runs have for the part. */
static Status collect_part(const Context *cx, const WindowShared *shared, uint32_t part, uint64_t count, PartSort *sort) {
    uint32_t words = shared->encoding.words, last = shared->part_count == 1 ? WINDOW_PARTS : part + 1;
    TRY_ALLOC(cx, sort->items, sizeof *sort->items * count);
    TRY_ALLOC(cx, sort->scratch, sizeof *sort->scratch * count);
    TRY_ALLOC(cx, sort->words, words == 1 ? 0 : sizeof *sort->words * words * count);
    uint64_t at = 0;
    for (uint32_t r = 0; r < shared->run_count; r++) {
        const WindowRun *run = &shared->runs[r];
        uint64_t begin = run->begins[part], rows = run->begins[last] - begin;
        if (words > 1) {
            memcpy(sort->words + at * words, run->words + begin * words, sizeof *sort->words * rows * words);
        }
        for (uint64_t i = 0; i < rows; i++, at++) {
            if (i % CANCEL_ROWS == 0) {
                TRY(check_cancel(cx));
            }
            const SortItem *item = &run->items[begin + i];
            sort->items[at] = (SortItem){.key = item->key, .row = run->run.first_row + item->row, .index = (uint32_t)at};
        }
    }
    return OK;
}

/* Are the first `bits` bits of both keys the same? */
static bool same_bits(const uint64_t *a, const uint64_t *b, uint32_t bits) {
    for (; bits >= 64; bits -= 64, a++, b++) {
        if (*a != *b) {
            return false;
        }
    }
    return bits == 0 || (*a ^ *b) >> (64 - bits) == 0;
}

/* Bits of the first `key_count` keys, as far as they are encoded. */
static uint32_t bits_of_keys(const SortEncoding *encoding, uint32_t key_count) {
    uint32_t encoded = key_count < encoding->field_count ? key_count : encoding->field_count;
    if (encoded == 0) {
        return 0;
    }
    const SortField *last = &encoding->fields[encoded - 1];
    return last->place + 1 + last->bits;
}

static bool is_start(const WindowShared *shared, const PartSort *sort, uint32_t i, uint32_t key_count, uint32_t bits,
                     bool compares) {
    const SortEncoding *encoding = &shared->encoding;
    const SortItem *item = &sort->items[i], *before = item - 1;
    uint32_t words = encoding->words;
    bool differs =
        words == 1 ? !same_bits(&item->key, &before->key, bits)
                   : !same_bits(sort->words + (size_t)item->index * words, sort->words + (size_t)before->index * words, bits);
    return differs || (compares && sort_compare_rows(encoding, encoding->tie_from, key_count, shared->table.chunks, item->row,
                                                     before->row) != 0);
}

/* Sets the bits of items whose first `key_count` keys differ from those of the item before; starts are clear. */
static Status mark_starts(const Context *cx, const WindowShared *shared, const PartSort *sort, uint32_t count,
                          uint32_t key_count, uint64_t *starts) {
    const SortEncoding *encoding = &shared->encoding;
    uint32_t bits = bits_of_keys(encoding, key_count);
    bool compares = !encoding->is_exact && encoding->tie_from < key_count;
    starts[0] |= 1;
    for (uint32_t i = 1; i < count; i++) {
        if (i % CANCEL_ROWS == 0) {
            TRY(check_cancel(cx));
        }
        starts[i / 64] |= (uint64_t)is_start(shared, sort, i, key_count, bits, compares) << (i % 64);
    }
    return OK;
}

static Status sort_part(const Context *cx, const WindowShared *shared, const WindowSpec *spec, uint32_t count, PartSort *sort,
                        WindowPart *part) {
    SortContext context = {.encoding = &shared->encoding, .words = sort->words, .chunks = shared->table.chunks};
    if (shared->encoding.key_count > 0) {
        TRY(sort_items(cx, &context, sort->items, sort->scratch, count));
    }
    part->count = count;
    TRY(window_part_open(cx, spec, &shared->format, part));
    TRY_ALLOC(cx, part->rows, sizeof *part->rows * count);
    TRY(check_cancel(cx));
    for (uint32_t i = 0; i < count; i++) {
        part->rows[i] = sort->items[i].row;
    }
    for (uint32_t k = 0; k <= part->key_count; k++) {
        if (part->starts[k] != NULL) {
            TRY(mark_starts(cx, shared, sort, count, k, part->starts[k]));
        }
    }
    return window_load_range_keys(cx, spec, &shared->table, part, 0, count);
}

static Status window_finish_part(Task *task, const PhysicalNode *op, void *shared_, uint32_t p) {
    WindowShared *shared = shared_;
    uint64_t count = 0;
    for (uint32_t r = 0; r < shared->run_count; r++) {
        count += shared->runs[r].begins[shared->part_count == 1 ? WINDOW_PARTS : p + 1] - shared->runs[r].begins[p];
    }
    if (count == 0) {
        return OK;
    }
    PartSort sort = {0};
    Status status = collect_part(&task->cx, shared, p, count, &sort);
    if (status == OK) {
        status = sort_part(&task->cx, shared, &op->window, (uint32_t)count, &sort, &shared->parts[p]);
    }
    mem_free(sort.items);
    mem_free(sort.scratch);
    mem_free(sort.words);
    return status;
}

static void free_runs(WindowShared *shared) {
    for (uint32_t r = 0; r < shared->run_count; r++) {
        sort_run_free(&shared->runs[r].run);
        mem_free(shared->runs[r].items);
        mem_free(shared->runs[r].words);
    }
    mem_free(shared->runs);
    shared->runs = NULL;
    shared->run_count = 0;
}

static Status window_finish_end(Task *task, const PhysicalNode *op, void *shared_) {
    (void)task, (void)op;
    WindowShared *shared = shared_;
    for (uint32_t c = 0; c < shared->format.column_count; c++) {
        shared->bytes += shared->table.rows * shared->format.columns[c].width;
    }
    shared->bytes += shared->table.rows * (8 * shared->encoding.words + sizeof(uint32_t));
    free_runs(shared);
    return OK;
}

static void window_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    WindowLocal *local = local_;
    sort_run_free(&local->run.run);
    mem_free(local->run.items);
    mem_free(local->run.words);
    sort_encoder_free(&local->encoder);
    mem_free(local->words);
    mem_free(local->hashes);
    mem_free(local->parts);
}

static void window_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    (void)op;
    WindowShared *shared = shared_;
    if (profile != NULL) {
        profile->memory_bytes += shared->bytes;
    }
    free_runs(shared);
    for (uint32_t p = 0; p < WINDOW_PARTS; p++) {
        window_part_free(&shared->parts[p]);
    }
    row_table_free(&shared->table);
    sort_encoding_free(&shared->encoding);
    row_format_free(&shared->format);
    if (shared->is_open) {
        pthread_mutex_destroy(&shared->lock);
    }
}

static const SinkClass window_sink = {.name = "Window",
                                      .shared_size = sizeof(WindowShared),
                                      .local_size = sizeof(WindowLocal),
                                      .open = window_open,
                                      .open_local = window_open_local,
                                      .consume = window_consume,
                                      .merge = window_merge,
                                      .finish = window_finish,
                                      .finish_part = window_finish_part,
                                      .finish_end = window_finish_end,
                                      .close_local = window_close_local,
                                      .close = window_close};
const OperatorClass window_operator = {.source = &window_source, .sink = &window_sink};
