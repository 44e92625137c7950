/* Window functions: one operator for all windows that one sort serves.
 *
 * The sink keeps each task's rows, listed by part. A part has the rows whose
 * partition keys hash alike; without partitions, those in a range of the sort keys, all parts in a row then being one; and rows
 * that come sorted stay as they come. Parts are sorted in parallel, and the places where partitions and groups of peers begin
 * are marked. The source's tasks take a slice at a time (a part, or a range of the one part), evaluate all items over it
 * and gather the rows. Where memory_limit leaves no room, rows go to disk by part (window_spill.c), or sorted
 * (window_stream.c). A small input is one part, so that its result comes in the order of the keys. */
#include "exec/window.h"

#define SMALL_ROWS 16384 /* up to here one part takes all */

/* ------------------------------------------------------------------------------------------------------------------ sink */

static Status window_open(Task *task, const PhysicalNode *op, void *shared_) {
    WindowShared *shared = shared_;
    const WindowSpec *spec = &op->window;
    const PhysicalNode *child = op->children[0];
    const Context *cx = &task->cx;
    pthread_mutex_init(&shared->lock, NULL);
    shared->is_open = true;
    shared->parting = spec->partition_count == 0            ? PARTING_BY_RANGE
                      : spec->is_sorted && !shared->is_part ? PARTING_BY_CHUNK
                                                            : PARTING_BY_HASH;
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
    const WindowShared *shared = shared_;
    WindowLocal *local = local_;
    row_buffer_init(&local->run.rows, &shared->format);
    TRY(sort_encoder_init(&task->cx, &local->encoder));
    TRY(window_fill_open(&task->cx, &local->fill));
    return window_top_is_possible(shared, &op->window) ? window_top_open(&task->cx, shared, &op->window, &local->top) : OK;
}

static Status begin_spilling(Task *task, const PhysicalNode *op, WindowShared *shared, WindowLocal *local) {
    if (shared->parting != PARTING_BY_RANGE) {
        return window_spill_begin(task, op, shared, local);
    }
    return window_can_stream(op) ? window_stream_begin(task, op, shared, local) : OK;
}

static bool is_tight(const Task *task, const WindowShared *shared, const WindowLocal *local) {
    uint64_t row_bytes = window_sort_bytes(&shared->encoding, shared->parting == PARTING_BY_HASH);
    uint64_t bytes = (local->run.row_count + local->fill.rows) * task->task_count * row_bytes;
    return query_is_tight(task) || (int64_t)bytes > memory_left(task->cx.memory);
}

static Status window_consume(Task *task, const PhysicalNode *op, void *shared_, void *local_, const Batch *in, Flow *flow) {
    WindowShared *shared = shared_;
    WindowLocal *local = local_;
    *flow = NEED_INPUT;
    if (local->spill == NULL && local->stream == NULL && !shared->is_part && is_tight(task, shared, local)) {
        TRY(begin_spilling(task, op, shared, local));
    }
    if (local->spill != NULL) {
        return window_spill_rows(task, op, local, in);
    }
    if (local->stream != NULL) {
        return window_stream_rows(task, op, shared, local, in);
    }
    TRY(window_fill_reserve(&task->cx, &local->fill, in->rows));
    if (local->top.limit == 0 || local->top.is_off) {
        return window_fill_append(&task->cx, shared, &op->window, &local->fill, &local->run, in);
    }
    TRY(window_top_reserve(&task->cx, shared, &local->top, &local->fill));
    TRY(sort_encode(&task->cx, &shared->encoding, &local->encoder, in, local->top.words));
    return window_top_append(&task->cx, shared, &op->window, &local->top, &local->fill, &local->run, in);
}

static Status choose_splitters(const Context *cx, WindowShared *shared, WindowLocal *local) {
    pthread_mutex_lock(&shared->lock);
    Status status = window_choose_splitters(cx, shared, &local->run, &local->encoder);
    pthread_mutex_unlock(&shared->lock);
    return status;
}

/* `rows` has nothing left but texts. */
static Status take_shelves(const Context *cx, RowTable *table, WindowRun *run) {
    for (uint32_t s = 0; s < WINDOW_SHELVES; s++) {
        uint32_t first_chunk;
        TRY(row_table_take(cx, table, &run->shelves[s], &first_chunk));
        run->shelf_begins[s] = first_chunk << ROW_CHUNK_BITS;
    }
    run->shelf_begins[WINDOW_SHELVES] = table->chunk_count << ROW_CHUNK_BITS;
    TRY(row_table_take_text(cx, table, &run->rows));
    row_buffer_free(&run->rows);
    return OK;
}

static Status take_rows(const Context *cx, RowTable *table, WindowRun *run) {
    uint32_t first_chunk;
    TRY(row_table_take(cx, table, &run->rows, &first_chunk));
    run->first_row = first_chunk << ROW_CHUNK_BITS;
    return OK;
}

static Status take_run(const Context *cx, WindowShared *shared, WindowRun *run) {
    WindowRun *grown = mem_resize(cx, shared->runs, sizeof *grown * (shared->run_count + 1));
    if (grown == NULL) {
        return OUT_OF_MEMORY;
    }
    shared->runs = grown;
    TRY(run->shelves != NULL ? take_shelves(cx, &shared->table, run) : take_rows(cx, &shared->table, run));
    shared->runs[shared->run_count++] = *run;
    memset(run, 0, sizeof *run);
    return OK;
}

static Status window_merge(Task *task, const PhysicalNode *op, void *shared_, void *local_) {
    const Context *cx = &task->cx;
    WindowShared *shared = shared_;
    WindowLocal *local = local_;
    if (local->stream != NULL) {
        return window_stream_end(task, op, shared, local);
    }
    if (local->spill != NULL) {
        TRY(spill_writer_flush(task, local->spill));
    }
    TRY(window_fill_end(cx, shared, &local->fill, &local->run));
    if (shared->parting == PARTING_BY_RANGE) {
        TRY(choose_splitters(cx, shared, local));
        TRY(window_part_by_range(cx, shared, &local->encoder, &local->fill, &local->run));
    }
    pthread_mutex_lock(&shared->lock);
    Status status = local->spill != NULL ? window_spill_take(task, shared, local) : take_run(cx, shared, &local->run);
    pthread_mutex_unlock(&shared->lock);
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------- finish */

/* One part for all rows, sorted by ranges. */
static Status open_one_part(const Context *cx, WindowShared *shared, const WindowSpec *spec) {
    WindowPart *part = &shared->parts[0];
    for (uint32_t p = 0; p < shared->sort_count; p++) {
        shared->offsets[p + 1] = shared->offsets[p] + (uint32_t)window_part_rows(shared, p);
    }
    part->count = (uint32_t)shared->table.rows;
    TRY(window_part_open(cx, spec, &shared->format, part));
    TRY_ALLOC(cx, part->rows, sizeof *part->rows * part->count);
    return OK;
}

static uint32_t count_chunks(const WindowShared *shared) {
    uint32_t chunks = 0;
    for (uint32_t r = 0; r < shared->run_count; r++) {
        chunks += shared->runs[r].chunk_count;
    }
    return chunks;
}

static void free_runs(WindowShared *shared) {
    for (uint32_t r = 0; r < shared->run_count; r++) {
        window_run_free(&shared->runs[r]);
    }
    mem_free(shared->runs);
    shared->runs = NULL;
    shared->run_count = 0;
}

/* Rows that some tasks kept follow those on disk. */
static Status finish_spilling(Task *task, const PhysicalNode *op, WindowShared *shared, uint32_t *parts) {
    Status status = shared->stream != NULL ? window_stream_table(task, op, shared) : window_spill_table(task, op, shared);
    free_runs(shared);
    row_table_free(&shared->table);
    TRY(status);
    return shared->stream != NULL ? window_stream_split(task, op, shared->stream, parts) : OK;
}

static Status window_finish(Task *task, const PhysicalNode *op, void *shared_, uint32_t *parts) {
    const Context *cx = &task->cx;
    WindowShared *shared = shared_;
    *parts = 0;
    if (shared->stream != NULL || shared->spilled != NULL) {
        return finish_spilling(task, op, shared, parts);
    }
    TRY(row_table_open(cx, &shared->table));
    bool is_small = shared->table.rows <= SMALL_ROWS;
    shared->sort_count = shared->parting == PARTING_BY_CHUNK ? count_chunks(shared) : is_small ? 1 : WINDOW_PARTS;
    shared->part_count = shared->parting == PARTING_BY_RANGE ? 1 : shared->sort_count;
    TRY_ALLOC_ZEROED(cx, shared->parts, sizeof *shared->parts * (shared->part_count + 1));
    TRY_ALLOC_ZEROED(cx, shared->slices, sizeof *shared->slices * (shared->sort_count + 1));
    *parts = shared->sort_count;
    return shared->parting == PARTING_BY_RANGE ? open_one_part(cx, shared, &op->window) : OK;
}

/* --------------------------------------------------------------------------------------------------------- marking starts */

uint32_t window_bits_of_keys(const SortEncoding *encoding, uint32_t key_count) {
    uint32_t encoded = key_count < encoding->field_count ? key_count : encoding->field_count;
    if (encoded == 0) {
        return 0;
    }
    const SortField *last = &encoding->fields[encoded - 1];
    return last->place + 1 + last->bits;
}

bool window_same_keys(const WindowShared *shared, uint32_t key_count, const uint64_t *words_a, uint32_t row_a,
                      const uint64_t *words_b, uint32_t row_b) {
    const SortEncoding *encoding = &shared->encoding;
    if (!window_same_bits(words_a, words_b, window_bits_of_keys(encoding, key_count))) {
        return false;
    }
    return encoding->is_exact || encoding->tie_from >= key_count ||
           sort_compare_rows(encoding, encoding->tie_from, key_count, shared->table.chunks, row_a, row_b) == 0;
}

static const uint64_t *words_of_item(const WindowShared *shared, const PartSort *sort, const SortItem *item) {
    return shared->encoding.words == 1 ? &item->key : sort->words + (size_t)item->index * shared->encoding.words;
}

/* Sets the bits of items whose first `key_count` keys differ from those of the item before; the first item's is the caller's.
 * Neighbouring parts share words of the bitmap. */
static Status mark_starts(const Context *cx, const WindowShared *shared, const PartSort *sort, uint32_t offset,
                          uint32_t key_count, uint64_t *starts) {
    const SortEncoding *encoding = &shared->encoding;
    uint32_t bits = window_bits_of_keys(encoding, key_count), at = offset + 1, end = offset + (uint32_t)sort->count;
    bool compares = !encoding->is_exact && encoding->tie_from < key_count;
    while (at < end) {
        uint64_t word = 0;
        uint32_t place = at / 64;
        for (; at < end && at / 64 == place; at++) {
            const SortItem *item = &sort->items[at - offset], *before = item - 1;
            bool differs = encoding->words == 1 ? !window_same_bits(&item->key, &before->key, bits)
                                                : !window_same_bits(words_of_item(shared, sort, item),
                                                                    words_of_item(shared, sort, before), bits);
            differs = differs || (compares && sort_compare_rows(encoding, encoding->tie_from, key_count, shared->table.chunks,
                                                                item->row, before->row) != 0);
            word |= (uint64_t)differs << (at % 64);
        }
        __atomic_fetch_or(&starts[place], word, __ATOMIC_RELAXED);
        if (place % (CANCEL_ROWS / 64) == 0) {
            TRY(check_cancel(cx));
        }
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- sorting */

/* Rows, starts and numbers of the sorted items, from position `offset` of the part on. */
static Status place_items(const Context *cx, const WindowShared *shared, const WindowSpec *spec, const PartSort *sort,
                          uint32_t offset, WindowPart *part) {
    for (uint32_t i = 0; i < sort->count; i++) {
        part->rows[offset + i] = sort->items[i].row;
    }
    TRY(check_cancel(cx));
    for (uint32_t k = 0; k <= part->key_count; k++) {
        if (part->starts[k] != NULL) {
            TRY(mark_starts(cx, shared, sort, offset, k, part->starts[k]));
        }
    }
    return window_load_range_keys(cx, spec, &shared->table, part, offset, offset + (uint32_t)sort->count);
}

static void mark_first(const WindowPart *part) {
    for (uint32_t k = 0; k <= part->key_count; k++) {
        if (part->starts[k] != NULL) {
            bit_set(part->starts[k], 0);
        }
    }
}

/* The part's words are freed with its sort: those of its ends are needed once more. */
static Status note_edge(const Context *cx, const WindowShared *shared, const PartSort *sort, PartEdge *edge) {
    uint32_t words = shared->encoding.words;
    const SortItem *first = &sort->items[0], *last = &sort->items[sort->count - 1];
    TRY_ALLOC(cx, edge->words, sizeof *edge->words * words * 2);
    memcpy(edge->words, words_of_item(shared, sort, first), sizeof *edge->words * words);
    memcpy(edge->words + words, words_of_item(shared, sort, last), sizeof *edge->words * words);
    edge->first = first->row;
    edge->last = last->row;
    return OK;
}

static Status sort_part(const Context *cx, WindowShared *shared, const PhysicalNode *op, uint32_t number, PartSort *sort) {
    const WindowSpec *spec = &op->window;
    SortContext context = {.encoding = &shared->encoding, .words = sort->words, .chunks = shared->table.chunks};
    if (shared->encoding.key_count > 0 && shared->parting != PARTING_BY_CHUNK) {
        TRY(sort_items(cx, &context, sort->items, sort->scratch, sort->count));
    }
    if (shared->parting == PARTING_BY_RANGE) {
        TRY(note_edge(cx, shared, sort, &shared->edges[number]));
        TRY(place_items(cx, shared, spec, sort, shared->offsets[number], &shared->parts[0]));
        return window_add_totals(cx, shared, op, number);
    }
    WindowPart *part = &shared->parts[number];
    part->count = (uint32_t)sort->count;
    TRY(window_part_open(cx, spec, &shared->format, part));
    TRY_ALLOC(cx, part->rows, sizeof *part->rows * part->count);
    mark_first(part);
    return place_items(cx, shared, spec, sort, 0, part);
}

static Status window_finish_part(Task *task, const PhysicalNode *op, void *shared_, uint32_t p) {
    const Context *cx = &task->cx;
    WindowShared *shared = shared_;
    if (shared->stream != NULL) {
        return window_stream_find(task, op, shared->stream, p);
    }
    PartSort sort = {0};
    SortEncoder encoder = {0};
    Status status = sort_encoder_init(cx, &encoder);
    if (status == OK) {
        status = shared->parting == PARTING_BY_CHUNK ? window_collect_chunk(cx, shared, &op->window, &encoder, p, &sort)
                                                     : window_collect_part(cx, shared, &encoder, p, &sort);
    }
    status = status == OK ? window_top_narrow(cx, shared, &op->window, &sort) : status;
    if (status == OK && sort.count > 0) {
        status = sort_part(cx, shared, op, p, &sort);
    }
    mem_free(sort.items);
    mem_free(sort.scratch);
    mem_free(sort.words);
    sort_encoder_free(&encoder);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------------- end */

/* What the sorts of the ranges could not see: where the first row of each differs from the last before it. */
static void mark_edges(WindowShared *shared) {
    const WindowPart *part = &shared->parts[0];
    const PartEdge *before = NULL;
    uint32_t words = shared->encoding.words;
    if (part->count == 0) {
        return;
    }
    mark_first(part);
    for (uint32_t p = 0; p < shared->sort_count; p++) {
        const PartEdge *edge = &shared->edges[p];
        for (uint32_t k = 0; edge->words != NULL && before != NULL && k <= part->key_count; k++) {
            if (part->starts[k] != NULL &&
                !window_same_keys(shared, k, before->words + words, before->last, edge->words, edge->first)) {
                bit_set(part->starts[k], shared->offsets[p]);
            }
        }
        before = edge->words != NULL ? edge : before;
    }
}

static void list_slices(WindowShared *shared) {
    for (uint32_t p = 0; p < shared->sort_count; p++) {
        OutputSlice slice = {.part = p, .number = p};
        if (shared->parting == PARTING_BY_RANGE) {
            slice = (OutputSlice){.part = 0, .from = shared->offsets[p], .to = shared->offsets[p + 1], .number = p};
        } else {
            slice.to = shared->parts[p].count;
        }
        if (slice.from < slice.to) {
            shared->slices[shared->slice_count++] = slice;
        }
    }
}

static Status window_finish_end(Task *task, const PhysicalNode *op, void *shared_) {
    WindowShared *shared = shared_;
    if (shared->stream != NULL) {
        return window_stream_join(&task->cx, op, shared->stream);
    }
    for (uint32_t c = 0; c < shared->format.column_count; c++) {
        shared->bytes += shared->table.rows * shared->format.columns[c].width;
    }
    shared->bytes += shared->table.rows * sizeof(uint32_t);
    list_slices(shared);
    TRY(window_note_uses(&task->cx, shared));
    free_runs(shared);
    if (shared->parting != PARTING_BY_RANGE) {
        return OK;
    }
    mark_edges(shared);
    return window_add_carries(&task->cx, shared, op);
}

static void window_close_local(const PhysicalNode *op, void *shared, void *local_, OperatorProfile *profile) {
    (void)op, (void)shared, (void)profile;
    WindowLocal *local = local_;
    if (local->spill != NULL) {
        spill_writer_close(local->spill);
        mem_free(local->spill);
    }
    window_stream_fill_free(local->stream);
    window_run_free(&local->run);
    window_fill_free(&local->fill);
    window_top_free(&local->top);
    sort_encoder_free(&local->encoder);
}

static void window_close(const PhysicalNode *op, void *shared_, OperatorProfile *profile) {
    WindowShared *shared = shared_;
    shared->bytes += shared->stream == NULL ? 0 : window_stream_bytes(shared->stream);
    uint64_t spilled_bytes = window_spill_free(shared) + window_stream_free(shared->stream);
    if (profile != NULL) {
        profile->memory_bytes += shared->bytes;
        profile->spilled_bytes += spilled_bytes;
    }
    free_runs(shared);
    for (uint32_t p = 0; shared->parts != NULL && p < shared->part_count; p++) {
        window_part_free(&shared->parts[p]);
    }
    for (uint32_t p = 0; p < WINDOW_PARTS; p++) {
        mem_free(shared->edges[p].words);
    }
    window_carries_free(shared, op);
    mem_free(shared->parts);
    mem_free(shared->slices);
    mem_free(shared->uses);
    row_table_free(&shared->table);
    sort_encoding_free(&shared->encoding);
    row_format_free(&shared->format);
    if (shared->is_open) {
        pthread_mutex_destroy(&shared->lock);
    }
}

const SinkClass window_sink = {.name = "Window",
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
