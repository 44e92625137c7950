/* The source of windows whose rows are sorted runs on disk: each task merges a range of the order and evaluates one stretch of
 * it after the other (see window_stream.c). A range begins with what its first row has to know of all rows before. */
#include "exec/window_stream.h"

#include "exec/sort_spill.h"

#define STRETCH_ROWS_MAX ((int64_t)1 << 20)
#define STRETCH_ROWS_MIN ((int64_t)2 * BATCH_ROWS_MAX)
#define STRETCH_ROWS_FORCED 5 /* under force_spill: tests have few rows */

/* What came before the next row, for one item. */
typedef struct StreamItem {
    WindowBefore before;
    WindowCarry carry;
} StreamItem;

struct StretchReader {
    WindowStream *stream; /* borrowed */
    RunMerge *merge;      /* owned */
    bool is_over;         /* it has no more rows */
    uint64_t left;        /* rows of the range that no stretch has had */
    SortEncoder encoder;
    uint64_t *words; /* of a batch; owned */
    Batch batch;
    SortRun ahead;     /* the next rows, in order, behind the context that was kept of those before */
    uint32_t context;  /* rows of `ahead` */
    bool has_gap;      /* the first of them is the first of all, and others are missing after it */
    StreamItem *items; /* owned */
};

/* --------------------------------------------------------------------------------------------------------- reading ahead */

static Status append_batch(const Context *cx, StretchReader *reader) {
    return sort_run_append(cx, &reader->ahead, &reader->stream->sort.encoding, &reader->batch, reader->words);
}

static Status read_rows(Task *task, StretchReader *reader, uint32_t most) {
    TRY(check_cancel(&task->cx));
    return run_merge_next(task, &reader->stream->sort, reader->merge, most, reader->words, &reader->batch);
}

static Status read_ahead(Task *task, StretchReader *reader) {
    TRY(read_rows(task, reader, BATCH_ROWS_MAX));
    reader->is_over = reader->batch.rows == 0;
    return reader->is_over ? OK : append_batch(&task->cx, reader);
}

/* Rows that runs have before those that frames of the range reach. */
static Status skip_rows(Task *task, StretchReader *reader, uint64_t rows) {
    for (; rows > 0; rows -= reader->batch.rows) {
        TRY(read_rows(task, reader, rows < BATCH_ROWS_MAX ? (uint32_t)rows : BATCH_ROWS_MAX));
    }
    return OK;
}

static Status read_first_row(Task *task, const PhysicalNode *op, StretchReader *reader) {
    TRY(run_merge_open(task, op->children[0], &reader->stream->sort, NULL, &reader->merge));
    TRY(read_rows(task, reader, 1));
    TRY(append_batch(&task->cx, reader));
    run_merge_close(reader->merge);
    reader->merge = NULL;
    return OK;
}

/* `begins`: room for a number per run. */
static Status start_range(Task *task, const PhysicalNode *op, StretchReader *reader, uint32_t range, uint64_t *begins) {
    const WindowStream *stream = reader->stream;
    const uint64_t *froms = run_ranges_begins(&stream->ranges, range), *ends = run_ranges_begins(&stream->ranges, range + 1);
    uint64_t before = 0, backward = 0, reached = stream->needs.rows_before;
    for (uint32_t r = 0; r < stream->ranges.run_count; r++) {
        uint64_t back = froms[r] < reached ? froms[r] : reached;
        begins[r] = froms[r] - back;
        backward += back;
        before += froms[r];
        reader->left += ends[r] - froms[r];
    }
    uint64_t context = before < reached ? before : reached;
    reader->has_gap = stream->needs.first_row && before > context;
    reader->context = (uint32_t)context + reader->has_gap;
    for (uint32_t i = 0; i < op->window.item_count; i++) {
        if (op->window.items[i].partition_keys == 0) { /* all other partitions begin with the range */
            reader->items[i].before.rows = before;
            reader->items[i].carry = stream->before[(size_t)range * op->window.item_count + i];
        }
    }
    if (reader->has_gap) {
        TRY(read_first_row(task, op, reader));
    }
    TRY(run_merge_open(task, op->children[0], &stream->sort, begins, &reader->merge));
    return skip_rows(task, reader, backward - context);
}

static Status open_range(Task *task, const PhysicalNode *op, StretchReader *reader, uint32_t range) {
    const Context *cx = &task->cx;
    const WindowStream *stream = reader->stream;
    uint64_t *begins;
    TRY(sort_encoder_init(cx, &reader->encoder));
    TRY(batch_init_like(cx, op->children[0], &reader->batch));
    TRY_ALLOC(cx, reader->words, sizeof *reader->words * BATCH_ROWS_MAX * stream->sort.encoding.words);
    TRY_ALLOC_ZEROED(cx, reader->items, sizeof *reader->items * op->window.item_count);
    TRY_ALLOC(cx, begins, sizeof *begins * stream->ranges.run_count);
    Status status = start_range(task, op, reader, range, begins);
    mem_free(begins);
    return status;
}

void window_reader_free(StretchReader *reader) {
    if (reader == NULL) {
        return;
    }
    run_merge_close(reader->merge);
    sort_run_free(&reader->ahead);
    sort_encoder_free(&reader->encoder);
    batch_free(&reader->batch);
    mem_free(reader->words);
    mem_free(reader->items);
    mem_free(reader);
}

/* Do rows a and b that were read agree in their first keys? */
static bool rows_agree(const StretchReader *reader, uint32_t key_count, uint32_t bits, uint32_t a, uint32_t b) {
    const SortEncoding *encoding = &reader->stream->sort.encoding;
    const SortRun *run = &reader->ahead;
    const uint64_t *words_a = run->words + (size_t)a * encoding->words, *words_b = run->words + (size_t)b * encoding->words;
    if (!window_same_bits(words_a, words_b, bits)) {
        return false;
    }
    return encoding->is_exact || encoding->tie_from >= key_count ||
           sort_compare_rows(encoding, encoding->tie_from, key_count, run->rows.chunks, a, b) == 0;
}

/* The first row at or after `from` that a stretch may begin with; the count of rows read if there is none. */
static uint32_t next_cut(const StretchReader *reader, uint32_t from) {
    uint32_t keys = reader->stream->needs.cut_keys, rows = (uint32_t)reader->ahead.rows.rows;
    if (keys == STREAM_CUT_ANYWHERE) {
        return from;
    }
    uint32_t bits = window_bits_of_keys(&reader->stream->sort.encoding, keys);
    while (from < rows && rows_agree(reader, keys, bits, from - 1, from)) {
        from++;
    }
    return from;
}

static uint32_t stretch_rows(const Task *task, const PhysicalNode *op, const WindowStream *stream) {
    if (task->cx.settings->force_spill) {
        return STRETCH_ROWS_FORCED + (stream->needs.rows_before + stream->needs.rows_after) / 4;
    }
    /* Rows and words as they are read and once more when they grow; and what the items make of them. */
    int64_t bytes = 16 * stream->sort.encoding.words + 48 * op->window.item_count;
    bytes += (int64_t)(2 * row_format_bytes(&stream->sort.format));
    int64_t rows = memory_left(task->cx.memory) / 2 / bytes / task->task_count;
    return (uint32_t)(rows < STRETCH_ROWS_MIN ? STRETCH_ROWS_MIN : rows > STRETCH_ROWS_MAX ? STRETCH_ROWS_MAX : rows);
}

/* Reads until a stretch and what its frames reach are there: it ends with row *to, at most with the range. */
static Status read_stretch(Task *task, const PhysicalNode *op, StretchReader *reader, uint32_t *to) {
    uint64_t end = reader->context + reader->left;
    uint32_t cut = reader->context + stretch_rows(task, op, reader->stream);
    while (!reader->is_over) {
        uint32_t rows = (uint32_t)reader->ahead.rows.rows;
        cut = cut < rows && cut < end ? next_cut(reader, cut) : cut;
        cut = cut < end ? cut : (uint32_t)end;
        bool may_end = cut < rows || cut == end;
        if (may_end && rows >= (uint64_t)cut + reader->stream->needs.rows_after) {
            *to = cut;
            return OK;
        }
        TRY(read_ahead(task, reader));
    }
    *to = (uint32_t)(end < reader->ahead.rows.rows ? end : reader->ahead.rows.rows);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------- a stretch */

static Status open_part(const Context *cx, const PhysicalNode *op, const StretchReader *reader, WindowShared *stretch) {
    TRY_ALLOC_ZEROED(cx, stretch->parts, sizeof *stretch->parts);
    stretch->part_count = 1;
    WindowPart *part = &stretch->parts[0];
    part->count = (uint32_t)reader->ahead.rows.rows;
    TRY(window_part_open(cx, &op->window, &stretch->format, part));
    TRY_ALLOC(cx, part->rows, sizeof *part->rows * part->count);
    for (uint32_t at = 0; at < part->count; at++) {
        part->rows[at] = at;
    }
    for (uint32_t k = 0; k <= part->key_count; k++) {
        uint32_t bits = window_bits_of_keys(&reader->stream->sort.encoding, k);
        for (uint32_t at = 0; part->starts[k] != NULL && at < part->count; at++) {
            bit_put(part->starts[k], at, at == 0 || (k > 0 && !rows_agree(reader, k, bits, at - 1, at)));
        }
        TRY(check_cancel(cx));
    }
    return OK;
}

static uint64_t count_starts(const uint64_t *starts, uint32_t from, uint32_t to) {
    return bits_count(starts, to) - bits_count(starts, from);
}

/* The item has seen rows [from, to) of the part; those before `goes_on_to` are of the partition that the stretch began in. */
static Status pass_rows(const Context *cx, const PhysicalNode *op, const WindowShared *stretch, uint32_t i, StreamItem *state,
                        uint32_t from, uint32_t to, uint32_t goes_on_to) {
    const WindowItem *item = &op->window.items[i];
    const WindowPart *part = &stretch->parts[0];
    uint32_t first = window_start_of(part->starts[item->partition_keys], to - 1);
    if (first > from || (first == from && from >= goes_on_to)) {
        *state = (StreamItem){0};
        from = first;
    }
    state->before.rows += to - from;
    state->before.groups += count_starts(part->starts[item->peer_keys], from, to);
    if (!window_carries_rows(item)) {
        return OK;
    }
    WindowSlice slice = {.op = op, .table = &stretch->table, .part = part, .from = from, .to = to};
    WindowCarry total = {0};
    TRY(window_slice_total(cx, item, &slice, &total));
    return window_carry_add(cx, item, &total, &state->carry);
}

/* A slice of the stretch, and what each item has to know of the rows before it. */
static Status add_slice(const Context *cx, const PhysicalNode *op, StretchReader *reader, WindowShared *stretch, uint32_t from,
                        uint32_t to, const uint32_t *goes_on_to) {
    const WindowStream *stream = reader->stream;
    uint32_t number = stretch->slice_count++, count = op->window.item_count;
    stretch->sort_count = stretch->slice_count;
    stretch->slices[number] = (OutputSlice){.part = 0, .from = from, .to = to, .number = number};
    TRY_ALLOC_ZEROED(cx, stretch->befores[number], sizeof(WindowBefore) * count);
    TRY_ALLOC_ZEROED(cx, stretch->carries[number], sizeof(WindowCarry) * count);
    for (uint32_t i = 0; i < count; i++) {
        WindowBefore *before = &stretch->befores[number][i];
        *before = reader->items[i].before;
        before->goes_on = from < goes_on_to[i];
        before->total = op->window.items[i].partition_keys == 0 ? stream->rows : 0;
        bool is_total = window_takes_total(&op->window.items[i]);
        stretch->carries[number][i] = is_total ? stream->totals[i] : reader->items[i].carry;
        TRY(pass_rows(cx, op, stretch, i, &reader->items[i], from, to, goes_on_to[i]));
    }
    return OK;
}

/* Slices end where, for some item, the partition ends that goes on with the stretch. */
static Status add_slices(const Context *cx, const PhysicalNode *op, StretchReader *reader, WindowShared *stretch, uint32_t from,
                         uint32_t to, uint32_t *goes_on_to) {
    const WindowPart *part = &stretch->parts[0];
    for (uint32_t i = 0; i < op->window.item_count; i++) {
        uint32_t keys = op->window.items[i].partition_keys;
        goes_on_to[i] = keys == 0 ? to : window_next_start(part->starts[keys], from, to);
    }
    TRY_ALLOC_ZEROED(cx, stretch->slices, sizeof *stretch->slices * (part->key_count + 2));
    while (from < to) {
        uint32_t end = to;
        for (uint32_t i = 0; i < op->window.item_count; i++) {
            end = goes_on_to[i] > from && goes_on_to[i] < end ? goes_on_to[i] : end;
        }
        TRY(add_slice(cx, op, reader, stretch, from, end, goes_on_to));
        from = end;
    }
    return OK;
}

/* Rows [from, to) of the stretch are read ahead. */
static Status keep_rows(const Context *cx, StretchReader *reader, const WindowShared *stretch, uint32_t from, uint32_t to) {
    for (uint32_t first = from; first < to; first += BATCH_ROWS_MAX) {
        reader->batch.rows = to - first < BATCH_ROWS_MAX ? to - first : BATCH_ROWS_MAX;
        for (uint32_t c = 0; c < reader->stream->sort.format.column_count; c++) {
            TRY(row_table_gather(cx, &stretch->table, c, stretch->parts[0].rows + first, reader->batch.rows, false,
                                 &reader->batch.columns[c]));
        }
        TRY(sort_encode(cx, &reader->stream->sort.encoding, &reader->encoder, &reader->batch, reader->words));
        TRY(append_batch(cx, reader));
    }
    return OK;
}

/* What the next stretch needs of this one, which ended with row `to`. */
static Status keep_context(const Context *cx, StretchReader *reader, const WindowShared *stretch, uint32_t to) {
    uint32_t lowest = reader->has_gap, reached = reader->stream->needs.rows_before;
    uint32_t from = to - lowest > reached ? to - reached : lowest;
    reader->has_gap = reader->stream->needs.first_row && from > 0;
    if (reader->has_gap) {
        TRY(keep_rows(cx, reader, stretch, 0, 1));
    }
    TRY(keep_rows(cx, reader, stretch, from, to));
    reader->context = (uint32_t)reader->ahead.rows.rows;
    return keep_rows(cx, reader, stretch, to, stretch->parts[0].count);
}

/* The rows that were read become the table of the stretch. */
static Status take_table(const Context *cx, StretchReader *reader, WindowShared *stretch) {
    uint32_t first_chunk;
    TRY(row_table_take(cx, &stretch->table, &reader->ahead.rows, &first_chunk));
    TRY(row_table_open(cx, &stretch->table));
    sort_run_free(&reader->ahead);
    sort_run_init(&reader->ahead, &reader->stream->sort.format);
    return OK;
}

static Status make_stretch(Task *task, const PhysicalNode *op, StretchReader *reader, uint32_t to, uint32_t *goes_on_to,
                           WindowShared *stretch) {
    const Context *cx = &task->cx;
    uint32_t from = reader->context;
    stretch->is_part = true;
    TRY(window_sink.open(task, op, stretch));
    stretch->parting = PARTING_BY_RANGE;
    stretch->reaches = reader->stream->reaches;
    TRY(open_part(cx, op, reader, stretch));
    TRY(take_table(cx, reader, stretch));
    TRY(window_load_range_keys(cx, &op->window, &stretch->table, &stretch->parts[0], 0, stretch->parts[0].count));
    TRY(add_slices(cx, op, reader, stretch, from, to, goes_on_to));
    stretch->bytes += stretch->table.rows * row_format_bytes(&stretch->format);
    uint64_t most = atomic_load(&reader->stream->bytes);
    while (most < stretch->bytes && !atomic_compare_exchange_weak(&reader->stream->bytes, &most, stretch->bytes)) {
    }
    return keep_context(cx, reader, stretch, to);
}

static Status load_stretch(Task *task, const PhysicalNode *op, StretchReader *reader, OutputLocal *local) {
    uint32_t to, *goes_on_to;
    TRY(read_stretch(task, op, reader, &to));
    reader->left -= to - reader->context;
    TRY_ALLOC_ZEROED(&task->cx, local->loaded, sizeof *local->loaded);
    TRY_ALLOC(&task->cx, goes_on_to, sizeof *goes_on_to * op->window.item_count);
    Status status = make_stretch(task, op, reader, to, goes_on_to, local->loaded);
    mem_free(goes_on_to);
    return status;
}

static Status next_range(Task *task, const PhysicalNode *op, WindowStream *stream, OutputLocal *local, Flow *flow) {
    uint32_t range = atomic_fetch_add(&stream->next_range, 1);
    *flow = range < stream->ranges.count ? NEED_INPUT : DONE;
    if (*flow == DONE) {
        return OK;
    }
    TRY_ALLOC_ZEROED(&task->cx, local->reader, sizeof *local->reader);
    local->reader->stream = stream;
    sort_run_init(&local->reader->ahead, &stream->sort.format);
    return open_range(task, op, local->reader, range);
}

Status window_stream_next(Task *task, const PhysicalNode *op, WindowStream *stream, OutputLocal *local, const Batch **out,
                          Flow *flow) {
    if (local->loaded != NULL) {
        return window_loaded_next(task, op, local, out, flow);
    }
    if (local->reader == NULL) {
        return next_range(task, op, stream, local, flow);
    }
    *flow = NEED_INPUT;
    if (local->reader->left > 0) {
        return load_stretch(task, op, local->reader, local);
    }
    window_reader_free(local->reader);
    local->reader = NULL;
    return OK;
}
