/* Windows without partitions whose rows do not fit: rows go to disk as sorted runs (sort_spill.c); the source merges them and
 * evaluates one stretch of the order after the other.
 *
 *     [first row] [rows that frames reach back to] [the stretch] [rows that frames reach forward to]
 *
 * A stretch is a part of its own (window_part.h), with a slice for what it puts out. What its rows have to know of all rows
 * before them is carried: how many there are, how many groups of peers, and the aggregates of frames that begin with the
 * partition. Where an item needs its peers or its partition whole, stretches end between them. Totals of frames that are all
 * rows are made while rows are spilled. */
#include "exec/window.h"

#include "exec/sort_spill.h"

#define STRETCH_ROWS_MAX ((int64_t)1 << 20)
#define STRETCH_ROWS_MIN ((int64_t)2 * BATCH_ROWS_MAX)
#define STRETCH_ROWS_FORCED 5       /* under force_spill: tests have few rows */
#define REACH_MAX (1 << 20)         /* of frames by rows, and of lag and lead; what reaches further needs its partition whole */
#define KEYS_MAX (WINDOW_PARTS - 4) /* a stretch has at most a slice per key, and one more */
#define ANYWHERE UINT32_MAX

/* What the items of the operator need of a stretch. */
typedef struct StreamNeeds {
    uint32_t rows_before, rows_after;
    uint32_t cut_keys; /* rows that agree in so many first keys stay together; ANYWHERE: any row may begin a stretch; 0: no */
    bool first_row;    /* of all */
} StreamNeeds;

/* What came before the next row, for one item. */
typedef struct StreamItem {
    WindowBefore before;
    WindowCarry carry;
} StreamItem;

struct WindowStream {
    SortShared sort; /* runs on disk; format and encoding are the window's */
    StreamNeeds needs;
    uint32_t *reaches;   /* per item: see WindowSlice; owned */
    WindowCarry *totals; /* per item whose frame is all rows; owned; sort.lock guards it while tasks end */
    /* the source's */
    uint64_t rows, bytes;
    RunMerge *merge; /* owned; NULL: nothing was read */
    bool is_over;    /* it has no more rows */
    SortEncoder encoder;
    uint64_t *words; /* of a batch; owned */
    Batch batch;
    SortRun ahead;     /* the next rows, in order, behind the context that was kept of those before */
    uint32_t context;  /* rows of `ahead` */
    bool has_gap;      /* the first of them is the first of all, and others are missing after it */
    StreamItem *items; /* owned */
};

/* ----------------------------------------------------------------------------------------------------------------- needs */

static void keep_together(StreamNeeds *needs, uint32_t keys) {
    needs->cut_keys = keys < needs->cut_keys ? keys : needs->cut_keys;
}

static void reach(StreamNeeds *needs, uint32_t before, uint32_t after) {
    needs->rows_before = before > needs->rows_before ? before : needs->rows_before;
    needs->rows_after = after > needs->rows_after ? after : needs->rows_after;
}

static void reach_bound(StreamNeeds *needs, const WindowItem *item, FrameBound bound, int64_t offset) {
    if (!bound_has_offset(bound)) {
        return;
    }
    if (item->frame.mode != FRAME_ROWS || offset > REACH_MAX) {
        keep_together(needs, item->partition_keys);
    } else {
        reach(needs, bound == BOUND_PRECEDING ? (uint32_t)offset : 0, bound == BOUND_FOLLOWING ? (uint32_t)offset : 0);
    }
}

static bool is_total(const WindowItem *item) {
    return item->id == WINDOW_AGGREGATE && window_way_of_item(item) == SLICE_CARRIED && window_frame_is_partition(&item->frame);
}

static bool needs_partition(const WindowItem *item) {
    const WindowFrame *frame = &item->frame;
    bool from_first = frame->start == BOUND_UNBOUNDED_PRECEDING, to_last = frame->end == BOUND_UNBOUNDED_FOLLOWING;
    bool is_one = item->partition_keys == 0;
    switch (item->id) {
    case WINDOW_FIRST_VALUE: return from_first && !(is_one && frame->exclude == EXCLUDE_NO_OTHERS);
    case WINDOW_LAST_VALUE: return to_last;
    case WINDOW_NTH_VALUE: return from_first || to_last;
    default: return is_total(item) && !is_one;
    }
}

static void add_frame_needs(const WindowItem *item, StreamNeeds *needs) {
    const WindowFrame *frame = &item->frame;
    if (window_way_of_item(item) == SLICE_WHOLE || needs_partition(item)) {
        keep_together(needs, item->partition_keys);
        return;
    }
    if (is_total(item)) {
        return;
    }
    needs->first_row |= item->id == WINDOW_FIRST_VALUE && frame->start == BOUND_UNBOUNDED_PRECEDING;
    reach_bound(needs, item, frame->start, frame->start_offset);
    reach_bound(needs, item, frame->end, frame->end_offset);
    if (frame->mode != FRAME_ROWS || frame->exclude == EXCLUDE_GROUP || frame->exclude == EXCLUDE_TIES) {
        keep_together(needs, item->peer_keys);
    }
}

static void add_shift_needs(const WindowItem *item, StreamNeeds *needs) {
    if (item->ignores_nulls) {
        keep_together(needs, item->partition_keys);
    } else if (item->arg_count == 1) { /* else only the rows know how far */
        reach(needs, item->id == WINDOW_LAG, item->id == WINDOW_LEAD);
    }
}

static void add_needs(const WindowItem *item, StreamNeeds *needs) {
    bool is_one = item->partition_keys == 0;
    switch (item->id) {
    case WINDOW_ROW_NUMBER: break;
    case WINDOW_RANK:
    case WINDOW_DENSE_RANK: keep_together(needs, item->peer_keys); break;
    case WINDOW_PERCENT_RANK:
    case WINDOW_CUME_DIST: keep_together(needs, is_one ? item->peer_keys : item->partition_keys); break;
    case WINDOW_NTILE:
        needs->first_row |= is_one;
        keep_together(needs, is_one ? ANYWHERE : item->partition_keys);
        break;
    case WINDOW_LAG:
    case WINDOW_LEAD: add_shift_needs(item, needs); break;
    default: add_frame_needs(item, needs); break;
    }
}

static StreamNeeds needs_of(const WindowSpec *spec) {
    StreamNeeds needs = {.rows_before = 1, .cut_keys = ANYWHERE};
    for (uint32_t i = 0; i < spec->item_count; i++) {
        add_needs(&spec->items[i], &needs);
    }
    return needs;
}

bool window_can_stream(const PhysicalNode *op) {
    const WindowSpec *spec = &op->window;
    return spec->partition_count + spec->key_count <= KEYS_MAX && needs_of(spec).cut_keys > 0;
}

/* --------------------------------------------------------------------------------------------------------------- filling */

/* A task's rows on their way to its next run. */
struct StreamFill {
    SortRun run;
    SortEncoder encoder;
    uint64_t *words;     /* of a batch; owned */
    WindowCarry *totals; /* per item; owned; NULL: none has any */
    uint32_t shift;      /* how far lag and lead have reached, at most REACH_MAX */
    Vector scratch;
    RowBuffer rows; /* of a batch, for the totals */
    RowTable view;
    uint32_t *numbers; /* 0, 1, …; owned */
};

static Status open_stream(const Context *cx, const PhysicalNode *op, const WindowShared *shared, WindowStream **out) {
    const WindowSpec *spec = &op->window;
    WindowStream *stream;
    TRY_ALLOC_ZEROED(cx, stream, sizeof *stream);
    *out = stream;
    pthread_mutex_init(&stream->sort.lock, NULL);
    stream->sort.format = shared->format;
    stream->sort.encoding = shared->encoding;
    stream->needs = needs_of(spec);
    sort_run_init(&stream->ahead, &stream->sort.format);
    TRY_ALLOC_ZEROED(cx, stream->reaches, sizeof *stream->reaches * spec->item_count);
    TRY_ALLOC_ZEROED(cx, stream->totals, sizeof *stream->totals * spec->item_count);
    TRY_ALLOC_ZEROED(cx, stream->items, sizeof *stream->items * spec->item_count);
    for (uint32_t i = 0; i < spec->item_count; i++) {
        const WindowItem *item = &spec->items[i];
        bool is_whole = stream->needs.cut_keys <= item->partition_keys;
        stream->reaches[i] = is_whole ? 0 : REACH_MAX;
    }
    return OK;
}

static Status open_fill(const Context *cx, const PhysicalNode *op, WindowStream *stream, StreamFill *fill) {
    const WindowSpec *spec = &op->window;
    bool has_totals = false;
    for (uint32_t i = 0; i < spec->item_count; i++) {
        has_totals |= is_total(&spec->items[i]) && spec->items[i].partition_keys == 0;
    }
    sort_run_init(&fill->run, &stream->sort.format);
    row_buffer_init(&fill->rows, &stream->sort.format);
    vector_init(&fill->scratch, type_make(TYPE_BIGINT));
    TRY(sort_encoder_init(cx, &fill->encoder));
    TRY_ALLOC(cx, fill->words, sizeof *fill->words * BATCH_ROWS_MAX * stream->sort.encoding.words);
    if (!has_totals) {
        return OK;
    }
    TRY_ALLOC(cx, fill->numbers, sizeof *fill->numbers * BATCH_ROWS_MAX);
    for (uint32_t i = 0; i < BATCH_ROWS_MAX; i++) {
        fill->numbers[i] = i;
    }
    TRY_ALLOC_ZEROED(cx, fill->totals, sizeof *fill->totals * spec->item_count);
    return OK;
}

void window_stream_fill_free(StreamFill *fill) {
    if (fill == NULL) {
        return;
    }
    sort_run_free(&fill->run);
    sort_encoder_free(&fill->encoder);
    mem_free(fill->words);
    mem_free(fill->totals);
    vector_free(&fill->scratch);
    row_table_view_free(&fill->view);
    row_buffer_free(&fill->rows);
    mem_free(fill->numbers);
    mem_free(fill);
}

static Status add_totals(const Context *cx, const PhysicalNode *op, StreamFill *fill, const Batch *in) {
    row_buffer_clear(&fill->rows);
    TRY(row_buffer_append(cx, &fill->rows, in, NULL));
    TRY(row_table_view(cx, &fill->view, &fill->rows));
    WindowPart part = {.count = in->rows, .rows = fill->numbers};
    WindowSlice slice = {.op = op, .table = &fill->view, .part = &part, .to = in->rows};
    for (uint32_t i = 0; i < op->window.item_count; i++) {
        const WindowItem *item = &op->window.items[i];
        WindowCarry total = {0};
        if (is_total(item) && item->partition_keys == 0) {
            TRY(window_slice_total(cx, item, &slice, &total));
            TRY(window_carry_add(cx, item, &total, &fill->totals[i]));
        }
    }
    return OK;
}

static bool shifts_by_rows(const WindowItem *item) {
    return (item->id == WINDOW_LAG || item->id == WINDOW_LEAD) && item->arg_count > 1 && !item->ignores_nulls;
}

static Status note_shifts(const Context *cx, const PhysicalNode *op, StreamFill *fill, const Batch *in) {
    int64_t offsets[BATCH_ROWS_MAX];
    for (uint32_t i = 0; i < op->window.item_count; i++) {
        const WindowItem *item = &op->window.items[i];
        if (!shifts_by_rows(item)) {
            continue;
        }
        const Vector *by = &in->columns[item->args[1]];
        TRY(vector_load_i64(cx, by, in->rows, &fill->scratch, offsets));
        for (uint32_t r = 0; r < in->rows; r++) {
            uint64_t distance = offsets[r] < 0 ? 0 - (uint64_t)offsets[r] : (uint64_t)offsets[r];
            if (distance > fill->shift && vector_is_valid(by, r)) {
                fill->shift = distance < REACH_MAX ? (uint32_t)distance : REACH_MAX;
            }
        }
    }
    return OK;
}

/* Where rows go. */
typedef struct StreamWrite {
    const PhysicalNode *op;
    WindowStream *stream;
    StreamFill *fill;
} StreamWrite;

static Status write_rows(Task *task, void *argument, const Batch *in) {
    const StreamWrite *to = argument;
    StreamFill *fill = to->fill;
    SortShared *sort = &to->stream->sort;
    if (fill->totals != NULL) {
        TRY(add_totals(&task->cx, to->op, fill, in));
    }
    TRY(note_shifts(&task->cx, to->op, fill, in));
    TRY(sort_encode(&task->cx, &sort->encoding, &fill->encoder, in, fill->words));
    TRY(sort_run_append(&task->cx, &fill->run, &sort->encoding, in, fill->words));
    return sort_has_room(task, sort, &fill->run) ? OK : sort_spill_run(task, to->op->children[0], sort, &fill->run, -1);
}

/* Each chunk goes when its rows were written. */
static Status write_chunks(Task *task, const StreamWrite *to, RowChunk **chunks, uint32_t count) {
    StreamWrite write = *to;
    for (uint32_t c = 0; c < count; c++) {
        TRY(row_chunks_each_batch(task, to->op->children[0], &to->stream->sort.format, &chunks[c], 1, write_rows, &write));
        row_chunk_free(chunks[c], to->stream->sort.format.column_count);
        chunks[c] = NULL;
    }
    return OK;
}

static Status end_fill(Task *task, const StreamWrite *to) {
    WindowStream *stream = to->stream;
    StreamFill *fill = to->fill;
    if (fill->run.rows.rows > 0) {
        TRY(sort_spill_run(task, to->op->children[0], &stream->sort, &fill->run, -1));
    }
    Status status = OK;
    pthread_mutex_lock(&stream->sort.lock);
    reach(&stream->needs, fill->shift, fill->shift);
    for (uint32_t i = 0; fill->totals != NULL && i < to->op->window.item_count && status == OK; i++) {
        const WindowItem *item = &to->op->window.items[i];
        status = is_total(item) ? window_carry_add(&task->cx, item, &fill->totals[i], &stream->totals[i]) : OK;
    }
    pthread_mutex_unlock(&stream->sort.lock);
    return status;
}

/* The first to come opens the stream. */
static Status stream_of_all(const Context *cx, const PhysicalNode *op, WindowShared *shared) {
    pthread_mutex_lock(&shared->lock);
    Status status = shared->stream == NULL ? open_stream(cx, op, shared, &shared->stream) : OK;
    pthread_mutex_unlock(&shared->lock);
    return status;
}

Status window_stream_begin(Task *task, const PhysicalNode *op, WindowShared *shared, WindowLocal *local) {
    const Context *cx = &task->cx;
    RowBuffer kept = local->run.rows;
    memset(&local->run.rows, 0, sizeof local->run.rows);
    window_run_free(&local->run);
    memset(&local->run, 0, sizeof local->run);
    row_buffer_init(&local->run.rows, &shared->format);
    window_fill_free(&local->fill);
    memset(&local->fill, 0, sizeof local->fill);
    window_top_free(&local->top);
    memset(&local->top, 0, sizeof local->top);
    Status status = stream_of_all(cx, op, shared);
    TRY_GOTO(status);
    local->stream = mem_alloc_zeroed(cx, sizeof *local->stream);
    TRY_GOTO(local->stream == NULL ? OUT_OF_MEMORY : OK);
    TRY_GOTO(open_fill(cx, op, shared->stream, local->stream));
    StreamWrite to = {op, shared->stream, local->stream};
    TRY_GOTO(write_chunks(task, &to, kept.chunks, kept.chunk_count));
done:
    row_buffer_free(&kept);
    return status;
}

Status window_stream_rows(Task *task, const PhysicalNode *op, WindowShared *shared, WindowLocal *local, const Batch *in) {
    return write_rows(task, &(StreamWrite){op, shared->stream, local->stream}, in);
}

Status window_stream_end(Task *task, const PhysicalNode *op, WindowShared *shared, WindowLocal *local) {
    return end_fill(task, &(StreamWrite){op, shared->stream, local->stream});
}

Status window_stream_table(Task *task, const PhysicalNode *op, WindowShared *shared) {
    StreamFill *fill;
    TRY_ALLOC_ZEROED(&task->cx, fill, sizeof *fill);
    StreamWrite to = {op, shared->stream, fill};
    Status status = open_fill(&task->cx, op, shared->stream, fill);
    status = status == OK ? write_chunks(task, &to, shared->table.chunks, shared->table.chunk_count) : status;
    status = status == OK ? end_fill(task, &to) : status;
    window_stream_fill_free(fill);
    return status;
}

Status window_stream_part(Task *task, const PhysicalNode *op, WindowShared *shared, const SpillPart *part,
                          WindowStream **stream) {
    StreamFill *fill;
    TRY(open_stream(&task->cx, op, shared, stream));
    TRY_ALLOC_ZEROED(&task->cx, fill, sizeof *fill);
    StreamWrite to = {op, *stream, fill};
    Status status = open_fill(&task->cx, op, *stream, fill);
    status = status == OK ? spill_each_batch(task, op->children[0], &shared->format, part, write_rows, &to) : status;
    status = status == OK ? end_fill(task, &to) : status;
    window_stream_fill_free(fill);
    return status;
}

uint64_t window_stream_bytes(const WindowStream *stream) {
    return stream->bytes;
}

uint64_t window_stream_free(WindowStream *stream) {
    uint64_t bytes = 0;
    if (stream == NULL) {
        return 0;
    }
    run_merge_close(stream->merge);
    for (uint32_t r = 0; r < stream->sort.spilled_count; r++) {
        bytes += stream->sort.spilled[r].stored_bytes;
        spill_part_free(&stream->sort.spilled[r]);
    }
    mem_free(stream->sort.spilled);
    pthread_mutex_destroy(&stream->sort.lock);
    sort_run_free(&stream->ahead);
    sort_encoder_free(&stream->encoder);
    batch_free(&stream->batch);
    mem_free(stream->words);
    mem_free(stream->reaches);
    mem_free(stream->totals);
    mem_free(stream->items);
    mem_free(stream);
    return bytes;
}

/* --------------------------------------------------------------------------------------------------------- reading ahead */

static Status open_source(Task *task, const PhysicalNode *op, WindowStream *stream) {
    const Context *cx = &task->cx;
    for (uint32_t r = 0; r < stream->sort.spilled_count; r++) {
        stream->rows += stream->sort.spilled[r].rows;
    }
    TRY(sort_encoder_init(cx, &stream->encoder));
    TRY(batch_init_like(cx, op->children[0], &stream->batch));
    TRY_ALLOC(cx, stream->words, sizeof *stream->words * BATCH_ROWS_MAX * stream->sort.encoding.words);
    return run_merge_open(task, op->children[0], &stream->sort, &stream->merge);
}

static Status append_batch(const Context *cx, WindowStream *stream) {
    const SortEncoding *encoding = &stream->sort.encoding;
    TRY(sort_encode(cx, encoding, &stream->encoder, &stream->batch, stream->words));
    return sort_run_append(cx, &stream->ahead, encoding, &stream->batch, stream->words);
}

static Status read_ahead(Task *task, WindowStream *stream) {
    TRY(check_cancel(&task->cx));
    TRY(run_merge_next(task, &stream->sort, stream->merge, BATCH_ROWS_MAX, &stream->batch));
    stream->is_over = stream->batch.rows == 0;
    return stream->is_over ? OK : append_batch(&task->cx, stream);
}

/* Do rows a and b that were read agree in their first keys? */
static bool rows_agree(const WindowStream *stream, uint32_t key_count, uint32_t bits, uint32_t a, uint32_t b) {
    const SortEncoding *encoding = &stream->sort.encoding;
    const SortRun *run = &stream->ahead;
    const uint64_t *words_a = run->words + (size_t)a * encoding->words, *words_b = run->words + (size_t)b * encoding->words;
    if (!window_same_bits(words_a, words_b, bits)) {
        return false;
    }
    return encoding->is_exact || encoding->tie_from >= key_count ||
           sort_compare_rows(encoding, encoding->tie_from, key_count, run->rows.chunks, a, b) == 0;
}

/* The first row at or after `from` that a stretch may begin with; the count of rows read if there is none. */
static uint32_t next_cut(const WindowStream *stream, uint32_t from) {
    uint32_t keys = stream->needs.cut_keys, rows = (uint32_t)stream->ahead.rows.rows;
    if (keys == ANYWHERE) {
        return from;
    }
    uint32_t bits = window_bits_of_keys(&stream->sort.encoding, keys);
    while (from < rows && rows_agree(stream, keys, bits, from - 1, from)) {
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
    for (uint32_t c = 0; c < stream->sort.format.column_count; c++) {
        bytes += 2 * stream->sort.format.columns[c].width;
    }
    int64_t rows = memory_left(task->cx.memory) / 2 / bytes;
    return (uint32_t)(rows < STRETCH_ROWS_MIN ? STRETCH_ROWS_MIN : rows > STRETCH_ROWS_MAX ? STRETCH_ROWS_MAX : rows);
}

/* Reads until a stretch and what its frames reach are there: it ends with row *to. */
static Status read_stretch(Task *task, const PhysicalNode *op, WindowStream *stream, uint32_t *to) {
    uint32_t cut = stream->context + stretch_rows(task, op, stream);
    while (!stream->is_over) {
        uint32_t rows = (uint32_t)stream->ahead.rows.rows;
        cut = cut < rows ? next_cut(stream, cut) : cut;
        if (cut < rows && rows - cut >= stream->needs.rows_after) {
            *to = cut;
            return OK;
        }
        TRY(read_ahead(task, stream));
    }
    *to = (uint32_t)stream->ahead.rows.rows;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------- a stretch */

static Status open_part(const Context *cx, const PhysicalNode *op, const WindowStream *stream, WindowShared *stretch) {
    TRY_ALLOC_ZEROED(cx, stretch->parts, sizeof *stretch->parts);
    stretch->part_count = 1;
    WindowPart *part = &stretch->parts[0];
    part->count = (uint32_t)stream->ahead.rows.rows;
    TRY(window_part_open(cx, &op->window, &stretch->format, part));
    TRY_ALLOC(cx, part->rows, sizeof *part->rows * part->count);
    for (uint32_t at = 0; at < part->count; at++) {
        part->rows[at] = at;
    }
    for (uint32_t k = 0; k <= part->key_count; k++) {
        uint32_t bits = window_bits_of_keys(&stream->sort.encoding, k);
        for (uint32_t at = 0; part->starts[k] != NULL && at < part->count; at++) {
            bit_put(part->starts[k], at, at == 0 || (k > 0 && !rows_agree(stream, k, bits, at - 1, at)));
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
    if (item->id != WINDOW_AGGREGATE || window_way_of_item(item) != SLICE_CARRIED || is_total(item)) {
        return OK;
    }
    WindowSlice slice = {.op = op, .table = &stretch->table, .part = part, .from = from, .to = to};
    WindowCarry total = {0};
    TRY(window_slice_total(cx, item, &slice, &total));
    return window_carry_add(cx, item, &total, &state->carry);
}

/* A slice of the stretch, and what each item has to know of the rows before it. */
static Status add_slice(const Context *cx, const PhysicalNode *op, WindowStream *stream, WindowShared *stretch, uint32_t from,
                        uint32_t to, const uint32_t *goes_on_to) {
    uint32_t number = stretch->slice_count++, count = op->window.item_count;
    stretch->sort_count = stretch->slice_count;
    stretch->slices[number] = (OutputSlice){.part = 0, .from = from, .to = to, .number = number};
    TRY_ALLOC_ZEROED(cx, stretch->befores[number], sizeof(WindowBefore) * count);
    TRY_ALLOC_ZEROED(cx, stretch->carries[number], sizeof(WindowCarry) * count);
    for (uint32_t i = 0; i < count; i++) {
        WindowBefore *before = &stretch->befores[number][i];
        *before = stream->items[i].before;
        before->goes_on = from < goes_on_to[i];
        before->total = op->window.items[i].partition_keys == 0 ? stream->rows : 0;
        stretch->carries[number][i] = is_total(&op->window.items[i]) ? stream->totals[i] : stream->items[i].carry;
        TRY(pass_rows(cx, op, stretch, i, &stream->items[i], from, to, goes_on_to[i]));
    }
    return OK;
}

/* Slices end where, for some item, the partition ends that goes on with the stretch. */
static Status add_slices(const Context *cx, const PhysicalNode *op, WindowStream *stream, WindowShared *stretch, uint32_t from,
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
        TRY(add_slice(cx, op, stream, stretch, from, end, goes_on_to));
        from = end;
    }
    return OK;
}

/* Rows [from, to) of the stretch are read ahead. */
static Status keep_rows(const Context *cx, WindowStream *stream, const WindowShared *stretch, uint32_t from, uint32_t to) {
    for (uint32_t first = from; first < to; first += BATCH_ROWS_MAX) {
        stream->batch.rows = to - first < BATCH_ROWS_MAX ? to - first : BATCH_ROWS_MAX;
        for (uint32_t c = 0; c < stream->sort.format.column_count; c++) {
            TRY(row_table_gather(cx, &stretch->table, c, stretch->parts[0].rows + first, stream->batch.rows, false,
                                 &stream->batch.columns[c]));
        }
        TRY(append_batch(cx, stream));
    }
    return OK;
}

/* What the next stretch needs of this one, which ended with row `to`. */
static Status keep_context(const Context *cx, WindowStream *stream, const WindowShared *stretch, uint32_t to) {
    uint32_t lowest = stream->has_gap, reached = stream->needs.rows_before;
    uint32_t from = to - lowest > reached ? to - reached : lowest;
    stream->has_gap = stream->needs.first_row && from > 0;
    if (stream->has_gap) {
        TRY(keep_rows(cx, stream, stretch, 0, 1));
    }
    TRY(keep_rows(cx, stream, stretch, from, to));
    stream->context = (uint32_t)stream->ahead.rows.rows;
    return keep_rows(cx, stream, stretch, to, stretch->parts[0].count);
}

/* The rows that were read become the table of the stretch. */
static Status take_table(const Context *cx, WindowStream *stream, WindowShared *stretch) {
    uint32_t first_chunk;
    TRY(row_table_take(cx, &stretch->table, &stream->ahead.rows, &first_chunk));
    TRY(row_table_open(cx, &stretch->table));
    sort_run_free(&stream->ahead);
    sort_run_init(&stream->ahead, &stream->sort.format);
    return OK;
}

static Status make_stretch(Task *task, const PhysicalNode *op, WindowStream *stream, uint32_t to, uint32_t *goes_on_to,
                           WindowShared *stretch) {
    const Context *cx = &task->cx;
    uint32_t from = stream->context;
    stretch->is_part = true;
    TRY(window_sink.open(task, op, stretch));
    stretch->parting = PARTING_BY_RANGE;
    stretch->reaches = stream->reaches;
    TRY(open_part(cx, op, stream, stretch));
    TRY(take_table(cx, stream, stretch));
    TRY(window_load_range_keys(cx, &op->window, &stretch->table, &stretch->parts[0], 0, stretch->parts[0].count));
    TRY(add_slices(cx, op, stream, stretch, from, to, goes_on_to));
    for (uint32_t c = 0; c < stretch->format.column_count; c++) {
        stretch->bytes += stretch->table.rows * stretch->format.columns[c].width;
    }
    stream->bytes = stretch->bytes > stream->bytes ? stretch->bytes : stream->bytes;
    return keep_context(cx, stream, stretch, to);
}

static Status load_stretch(Task *task, const PhysicalNode *op, WindowStream *stream, OutputLocal *local, Flow *flow) {
    uint32_t to, *goes_on_to;
    TRY(read_stretch(task, op, stream, &to));
    *flow = to > stream->context ? NEED_INPUT : DONE;
    if (*flow == DONE) {
        return OK;
    }
    TRY_ALLOC_ZEROED(&task->cx, local->loaded, sizeof *local->loaded);
    TRY_ALLOC(&task->cx, goes_on_to, sizeof *goes_on_to * op->window.item_count);
    Status status = make_stretch(task, op, stream, to, goes_on_to, local->loaded);
    mem_free(goes_on_to);
    return status;
}

Status window_stream_next(Task *task, const PhysicalNode *op, WindowStream *stream, OutputLocal *local, const Batch **out,
                          Flow *flow) {
    if (stream->merge == NULL) {
        TRY(open_source(task, op, stream));
    }
    if (local->loaded == NULL) {
        return load_stretch(task, op, stream, local, flow);
    }
    return window_loaded_next(task, op, local, out, flow);
}
