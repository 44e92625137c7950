/* External merge sort: runs go to disk in order, with their rows only; keys are made again when they are read. Each run has a
 * cursor with one chunk in memory; a heap of cursors by their next row gives the order. See sort_spill.h. */
#include "exec/sort_spill.h"

#define RUN_ROWS_MIN 16384u /* shorter runs would be too many */
#define FORCED_RUN_SHARE 8
#define ROOM_MIN ((int64_t)4 << 20) /* for what else grows by a batch */
#define CHUNK_BYTES_MIN ((uint64_t)1 << 13)
#define MEMORY_CHUNK_ROWS BATCH_ROWS_MAX /* of the rows in memory, given to their cursor at a time */

/* Under force_spill: a run is at least a share of those before, so that batches, of one row maybe, do not become as many runs
 * whose cursors together hold all rows. */
static bool forced_run_is_short(SortShared *shared, const SortRun *run) {
    uint64_t spilled = 0;
    pthread_mutex_lock(&shared->lock);
    for (uint32_t r = 0; r < shared->spilled_count; r++) {
        spilled += shared->spilled[r].part.rows;
    }
    pthread_mutex_unlock(&shared->lock);
    return run->rows.rows < spilled / FORCED_RUN_SHARE;
}

bool sort_has_room(const Task *task, SortShared *shared, const SortRun *run) {
    if (task->cx.settings->force_spill) {
        return forced_run_is_short(shared, run);
    }
    uint64_t rows = run->rows.rows;
    if (rows < RUN_ROWS_MIN) {
        return true;
    }
    /* Every task sorts its run: items twice; and the words may be about to double. */
    uint64_t row_bytes = 2 * sizeof(SortItem) + 8 * shared->encoding.words;
    if (shared->sorts_together > 0) {
        row_bytes = (row_bytes + row_format_bytes(&shared->format)) * shared->sorts_together;
    }
    return memory_left(task->cx.memory) > (int64_t)(rows * row_bytes) * task->task_count + ROOM_MIN;
}

/* The run is sorted, and all of its items were written. */
static Status note_heads(const Context *cx, const SortEncoding *encoding, const SortRun *run, SpilledRun *spilled) {
    uint32_t words = encoding->words;
    uint64_t row = 0;
    TRY_ALLOC(cx, spilled->heads, sizeof *spilled->heads * words * spilled->part.count);
    for (uint32_t c = 0; c < spilled->part.count; c++) {
        const uint64_t *head = run->words + (size_t)run->items[row].index * words;
        memcpy(spilled->heads + (size_t)c * words, head, sizeof *head * words);
        row += spilled->part.chunks[c].rows;
    }
    return OK;
}

static void spilled_run_free(SpilledRun *run) {
    spill_part_free(&run->part);
    mem_free(run->heads);
    run->heads = NULL;
}

static Status add_spilled_run(const Context *cx, SortShared *shared, SpilledRun *run) {
    pthread_mutex_lock(&shared->lock);
    SpilledRun *grown = mem_resize(cx, shared->spilled, sizeof *grown * (shared->spilled_count + 1));
    if (grown != NULL) {
        shared->spilled = grown;
        shared->spilled[shared->spilled_count++] = *run;
        *run = (SpilledRun){0};
    }
    pthread_mutex_unlock(&shared->lock);
    return grown == NULL ? OUT_OF_MEMORY : OK;
}

static Status write_items(Task *task, const SortRun *run, const RowTable *table, SpillWriter *writer, Batch *batch) {
    uint32_t rows[BATCH_ROWS_MAX];
    for (uint64_t first = 0; first < run->item_count; first += batch->rows) {
        batch->rows = run->item_count - first < BATCH_ROWS_MAX ? (uint32_t)(run->item_count - first) : BATCH_ROWS_MAX;
        for (uint32_t i = 0; i < batch->rows; i++) {
            rows[i] = run->items[first + i].row;
        }
        for (uint32_t c = 0; c < batch->column_count; c++) {
            TRY(row_table_gather(&task->cx, table, c, rows, batch->rows, false, &batch->columns[c]));
        }
        TRY(spill_writer_add(task, writer, batch, NULL));
    }
    return spill_writer_flush(task, writer);
}

/* Each run that is read takes a chunk of memory, and all sorts of an aggregation are read at once, twice maybe. */
static uint64_t chunk_bytes_of(const SortShared *shared, uint64_t most) {
    uint64_t bytes = shared->sorts_together > 0 ? most / (2 * shared->sorts_together) : most;
    return bytes < CHUNK_BYTES_MIN ? CHUNK_BYTES_MIN : bytes;
}

Status sort_spill_run(Task *task, const PhysicalNode *child, SortShared *shared, SortRun *run, int64_t limit) {
    const Context *cx = &task->cx;
    RowTable table = {0};
    Batch batch = {0};
    SpillWriter writer = {0};
    SpilledRun spilled = {0};
    uint32_t first_chunk;
    Status status = OK;
    TRY(sort_run_sort(cx, run, &shared->encoding, limit));
    TRY_GOTO(row_table_take(cx, &table, &run->rows, &first_chunk));
    TRY_GOTO(row_table_open(cx, &table));
    TRY_GOTO(batch_init_like(cx, child, &batch));
    TRY_GOTO(spill_writer_open(cx, &writer, child, &shared->format, 1));
    writer.chunk_bytes = chunk_bytes_of(shared, writer.chunk_bytes);
    TRY_GOTO(write_items(task, run, &table, &writer, &batch));
    TRY_GOTO(spill_part_join(cx, &spilled.part, &writer.parts[0]));
    TRY_GOTO(note_heads(cx, &shared->encoding, run, &spilled));
    TRY_GOTO(add_spilled_run(cx, shared, &spilled));
done:
    spilled_run_free(&spilled);
    spill_writer_close(&writer);
    batch_free(&batch);
    row_table_free(&table);
    sort_run_free(run);
    sort_run_init(run, &shared->format);
    return status;
}

uint64_t sort_spill_free(SortShared *shared) {
    uint64_t bytes = 0;
    for (uint32_t r = 0; r < shared->spilled_count; r++) {
        bytes += shared->spilled[r].part.stored_bytes;
        spilled_run_free(&shared->spilled[r]);
    }
    mem_free(shared->spilled);
    return bytes;
}

/* --------------------------------------------------------------------------------------------------------------- cursors */

typedef struct RunCursor {
    const SpillPart *run; /* NULL: the rows in memory */
    uint64_t next;        /* chunk of the run; row of the order in memory */
    RowBuffer rows;       /* one chunk */
    uint32_t skipped;     /* rows of the first chunk that come before the run's first */
    uint32_t at;          /* row of the chunk */
    uint64_t *words;      /* of the chunk's rows; owned */
} RunCursor;

typedef struct HeapEntry {
    uint64_t key; /* first word of the cursor's row */
    uint32_t cursor;
} HeapEntry;

struct RunMerge {
    uint32_t cursor_count;
    RunCursor *cursors; /* owned */
    uint32_t heap_count;
    HeapEntry *heap;   /* owned; the least first */
    bool chunk_ended;  /* that of the cursor on top: the rows handed out last may still be read */
    RowTable table;    /* views the cursors' chunks: chunk number = cursor */
    RowChunk **chunks; /* owned: the array */
    SortEncoder encoder;
    Batch view;
};

static void table_views_chunk(RunMerge *merge, uint32_t number, const RowFormat *format) {
    const RowChunk *chunk = merge->cursors[number].rows.chunks[0];
    merge->chunks[number] = merge->cursors[number].rows.chunks[0];
    for (uint32_t c = 0; c < format->column_count; c++) {
        merge->table.columns[c].data[number] = chunk->columns[c].data;
        merge->table.columns[c].validity[number] = chunk->columns[c].validity;
    }
}

static Status encode_chunk(const Context *cx, const SortEncoding *encoding, RunMerge *merge, RunCursor *cursor) {
    const RowChunk *chunk = cursor->rows.chunks[0];
    mem_free(cursor->words);
    cursor->words = NULL;
    TRY_ALLOC(cx, cursor->words, sizeof *cursor->words * encoding->words * chunk->rows);
    sort_encode_kept(encoding, &merge->encoder, chunk, 0, chunk->rows, cursor->words);
    return OK;
}

/* The cursor begins with row `row` of its run. */
static void seek_row(RunCursor *cursor, uint64_t row) {
    const SpillPart *run = cursor->run;
    while (cursor->next < run->count && row >= run->chunks[cursor->next].rows) {
        row -= run->chunks[cursor->next++].rows;
    }
    cursor->skipped = (uint32_t)row;
}

/* The next rows of the sorted order in memory. */
static Status read_memory(Task *task, const SortShared *shared, RunMerge *merge, RunCursor *cursor) {
    uint64_t left = shared->merge.rows - cursor->next;
    uint32_t count = left < MEMORY_CHUNK_ROWS ? (uint32_t)left : MEMORY_CHUNK_ROWS;
    for (uint32_t c = 0; c < merge->view.column_count; c++) {
        TRY(row_table_gather(&task->cx, &shared->table, c, shared->merge.order + cursor->next, count, false,
                             &merge->view.columns[c]));
    }
    merge->view.rows = count;
    cursor->next += count;
    return row_buffer_append(&task->cx, &cursor->rows, &merge->view, NULL);
}

/* The cursor's next chunk; it has no rows after the last. */
static Status refill(Task *task, const SortShared *shared, RunMerge *merge, uint32_t number) {
    RunCursor *cursor = &merge->cursors[number];
    row_buffer_free(&cursor->rows);
    cursor->at = cursor->skipped;
    cursor->skipped = 0;
    bool is_over = cursor->next >= (cursor->run != NULL ? cursor->run->count : shared->merge.rows);
    if (is_over) {
        return OK;
    }
    if (cursor->run != NULL) {
        TRY(spill_read(task, cursor->run, (uint32_t)cursor->next++, &cursor->rows));
    } else {
        TRY(read_memory(task, shared, merge, cursor));
    }
    table_views_chunk(merge, number, &shared->format);
    return encode_chunk(&task->cx, &shared->encoding, merge, cursor);
}

/* ------------------------------------------------------------------------------------------------------------------ heap */

/* Equal rows in the order of their runs: what was spilled first comes first, as it does in memory. */
static bool comes_before(const SortShared *shared, const RunMerge *merge, const HeapEntry *a, const HeapEntry *b) {
    const SortEncoding *encoding = &shared->encoding;
    if (a->key != b->key) {
        return a->key < b->key;
    }
    const RunCursor *left = &merge->cursors[a->cursor], *right = &merge->cursors[b->cursor];
    for (uint32_t w = 1; w < encoding->words; w++) {
        uint64_t word_a = left->words[(size_t)left->at * encoding->words + w];
        uint64_t word_b = right->words[(size_t)right->at * encoding->words + w];
        if (word_a != word_b) {
            return word_a < word_b;
        }
    }
    int order = encoding->is_exact
                    ? 0
                    : sort_compare_rows(encoding, encoding->tie_from, encoding->key_count, merge->chunks,
                                        (a->cursor << ROW_CHUNK_BITS) + left->at, (b->cursor << ROW_CHUNK_BITS) + right->at);
    return order != 0 ? order < 0 : a->cursor < b->cursor;
}

static void sift_down(const SortShared *shared, RunMerge *merge, uint32_t at) {
    HeapEntry *heap = merge->heap, entry = heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= merge->heap_count) {
            break;
        }
        if (child + 1 < merge->heap_count && comes_before(shared, merge, &heap[child + 1], &heap[child])) {
            child++;
        }
        if (!comes_before(shared, merge, &heap[child], &entry)) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = entry;
}

static uint64_t first_word(const SortShared *shared, const RunCursor *cursor) {
    return cursor->words[(size_t)cursor->at * shared->encoding.words];
}

/* The cursor on top has gone on: to its next row, to its next chunk, or it is over. */
static Status replace_top(Task *task, const SortShared *shared, RunMerge *merge) {
    uint32_t number = merge->heap[0].cursor;
    const RunCursor *cursor = &merge->cursors[number];
    if (cursor->at == cursor->rows.rows) {
        TRY(refill(task, shared, merge, number));
    }
    if (cursor->rows.rows == 0) {
        merge->heap[0] = merge->heap[--merge->heap_count];
    } else {
        merge->heap[0].key = first_word(shared, cursor);
    }
    if (merge->heap_count > 0) {
        sift_down(shared, merge, 0);
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- merging */

static Status open_table(const Context *cx, const SortShared *shared, RunMerge *merge) {
    RowTable *table = &merge->table;
    table->format = &shared->format;
    table->rows = 1; /* it has some */
    table->chunk_count = merge->cursor_count;
    TRY_ALLOC_ZEROED(cx, merge->chunks, sizeof *merge->chunks * merge->cursor_count);
    TRY_ALLOC_ZEROED(cx, table->columns, sizeof *table->columns * shared->format.column_count);
    for (uint32_t c = 0; c < shared->format.column_count; c++) {
        TRY_ALLOC_ZEROED(cx, table->columns[c].data, sizeof(void *) * merge->cursor_count);
        TRY_ALLOC_ZEROED(cx, table->columns[c].validity, sizeof(uint64_t *) * merge->cursor_count);
    }
    return OK;
}

static Status open_cursors(Task *task, const SortShared *shared, const uint64_t *begins, RunMerge *merge) {
    merge->cursor_count = shared->spilled_count + 1;
    TRY_ALLOC_ZEROED(&task->cx, merge->cursors, sizeof *merge->cursors * merge->cursor_count);
    TRY_ALLOC(&task->cx, merge->heap, sizeof *merge->heap * merge->cursor_count);
    for (uint32_t i = 0; i < merge->cursor_count; i++) {
        row_buffer_init(&merge->cursors[i].rows, &shared->format);
        merge->cursors[i].run = i < shared->spilled_count ? &shared->spilled[i].part : NULL;
        if (begins != NULL && i < shared->spilled_count) {
            seek_row(&merge->cursors[i], begins[i]);
        }
    }
    TRY(open_table(&task->cx, shared, merge));
    for (uint32_t i = 0; i < merge->cursor_count; i++) {
        TRY(refill(task, shared, merge, i));
        if (merge->cursors[i].rows.rows > 0) {
            merge->heap[merge->heap_count++] = (HeapEntry){first_word(shared, &merge->cursors[i]), i};
        }
    }
    for (uint32_t i = merge->heap_count / 2; i-- > 0;) {
        sift_down(shared, merge, i);
    }
    return OK;
}

Status run_merge_open(Task *task, const PhysicalNode *child, const SortShared *shared, const uint64_t *begins,
                      RunMerge **merge) {
    TRY_ALLOC_ZEROED(&task->cx, *merge, sizeof **merge);
    TRY(batch_init_like(&task->cx, child, &(*merge)->view));
    TRY(sort_encoder_init(&task->cx, &(*merge)->encoder));
    return open_cursors(task, shared, begins, *merge);
}

/* The words of rows of the table. */
static void copy_words(const SortShared *shared, const RunMerge *merge, const uint32_t *rows, uint32_t count, uint64_t *to) {
    uint32_t words = shared->encoding.words;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t *from = merge->cursors[rows[i] >> ROW_CHUNK_BITS].words;
        from += (size_t)(rows[i] & (ROW_CHUNK_ROWS - 1)) * words;
        for (uint32_t w = 0; w < words; w++) { /* few: a call per row would take longer */
            *to++ = from[w];
        }
    }
}

/* A batch ends early where a chunk does: its rows are read before the chunk goes. */
Status run_merge_next(Task *task, const SortShared *shared, RunMerge *merge, uint32_t most, uint64_t *words, Batch *out) {
    uint32_t rows[BATCH_ROWS_MAX];
    if (merge->chunk_ended) {
        TRY(replace_top(task, shared, merge));
    }
    merge->chunk_ended = false;
    out->rows = 0;
    while (merge->heap_count > 0 && out->rows < most && !merge->chunk_ended) {
        uint32_t number = merge->heap[0].cursor;
        RunCursor *cursor = &merge->cursors[number];
        rows[out->rows++] = (number << ROW_CHUNK_BITS) + cursor->at++;
        merge->chunk_ended = cursor->at == cursor->rows.rows;
        if (!merge->chunk_ended) {
            TRY(replace_top(task, shared, merge));
        }
    }
    for (uint32_t c = 0; c < shared->format.column_count && out->rows > 0; c++) {
        TRY(row_table_gather(&task->cx, &merge->table, c, rows, out->rows, false, &out->columns[c]));
    }
    if (words != NULL) {
        copy_words(shared, merge, rows, out->rows, words);
    }
    return OK;
}

void run_merge_close(RunMerge *merge) {
    if (merge == NULL) {
        return;
    }
    for (uint32_t i = 0; merge->cursors != NULL && i < merge->cursor_count; i++) {
        row_buffer_free(&merge->cursors[i].rows);
        mem_free(merge->cursors[i].words);
    }
    for (uint32_t c = 0; merge->table.columns != NULL && c < merge->table.format->column_count; c++) {
        mem_free(merge->table.columns[c].data);
        mem_free(merge->table.columns[c].validity);
    }
    mem_free(merge->table.columns);
    mem_free(merge->chunks);
    mem_free(merge->cursors);
    mem_free(merge->heap);
    sort_encoder_free(&merge->encoder);
    batch_free(&merge->view);
    mem_free(merge);
}
