/* Windows without partitions whose rows do not fit: rows go to disk as sorted runs (sort_spill.c); tasks of the source merge
 * ranges of the order side by side (sort_ranges.c), and evaluate one stretch of a range after the other (window_stretch.c).
 *
 *     [first row] [rows that frames reach back to] [the stretch] [rows that frames reach forward to]
 *
 * A stretch is a part of its own (window_part.h), with a slice for what it puts out. What its rows have to know of all rows
 * before them is carried: how many there are, how many groups of peers, and the aggregates of frames that begin with the
 * partition. Where an item needs its peers or its partition whole, stretches end between them. Totals of frames that are all
 * rows are made while rows are spilled.
 *
 * A range begins with the number of rows before it, which the runs tell, and with their aggregates, for which the ranges are
 * added up in advance. It can begin only where partitions do, if an item has some. Groups of peers before it nobody knows:
 * dense_rank() is evaluated in one range. */
#include "exec/window_stream.h"

#include "exec/pipeline.h"
#include "exec/sort_spill.h"

#define REACH_MAX (1 << 20)         /* of frames by rows, and of lag and lead; what reaches further needs its partition whole */
#define KEYS_MAX (WINDOW_PARTS - 4) /* a stretch has at most a slice per key, and one more */
#define RANGES_PER_TASK 2
#define RANGES_FORCED 6     /* under force_spill, of any number of tasks */
#define ROOM_SHARE 4        /* of the memory that is left, what tasks that read runs may take for chunks of them */
#define READ_AGAIN_SHARE 8  /* of all chunks or rows, what ranges may read again */
#define ROWS_IN_ORDER 16384 /* so few rows come out in the order of their keys */

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

static bool is_carried(const WindowItem *item) {
    return item->id == WINDOW_AGGREGATE && window_way_of_item(item) == SLICE_CARRIED;
}

bool window_takes_total(const WindowItem *item) {
    return is_carried(item) && window_frame_is_partition(&item->frame);
}

bool window_carries_rows(const WindowItem *item) {
    return is_carried(item) && !window_frame_is_partition(&item->frame);
}

static bool needs_partition(const WindowItem *item) {
    const WindowFrame *frame = &item->frame;
    bool from_first = frame->start == BOUND_UNBOUNDED_PRECEDING, to_last = frame->end == BOUND_UNBOUNDED_FOLLOWING;
    bool is_one = item->partition_keys == 0;
    switch (item->id) {
    case WINDOW_FIRST_VALUE: return from_first && !(is_one && frame->exclude == EXCLUDE_NO_OTHERS);
    case WINDOW_LAST_VALUE: return to_last;
    case WINDOW_NTH_VALUE: return from_first || to_last;
    default: return window_takes_total(item) && !is_one;
    }
}

static void add_frame_needs(const WindowItem *item, StreamNeeds *needs) {
    const WindowFrame *frame = &item->frame;
    if (window_way_of_item(item) == SLICE_WHOLE || needs_partition(item)) {
        keep_together(needs, item->partition_keys);
        return;
    }
    if (window_takes_total(item)) {
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
    if (!is_one && item->partition_keys < needs->range_keys) {
        needs->range_keys = item->partition_keys;
    }
    switch (item->id) {
    case WINDOW_ROW_NUMBER: break;
    case WINDOW_DENSE_RANK: needs->is_serial |= is_one; /* fallthrough */
    case WINDOW_RANK: keep_together(needs, item->peer_keys); break;
    case WINDOW_PERCENT_RANK:
    case WINDOW_CUME_DIST: keep_together(needs, is_one ? item->peer_keys : item->partition_keys); break;
    case WINDOW_NTILE:
        needs->first_row |= is_one;
        keep_together(needs, is_one ? STREAM_CUT_ANYWHERE : item->partition_keys);
        break;
    case WINDOW_LAG:
    case WINDOW_LEAD: add_shift_needs(item, needs); break;
    default: add_frame_needs(item, needs); break;
    }
}

static StreamNeeds needs_of(const WindowSpec *spec) {
    StreamNeeds needs = {.rows_before = 1, .cut_keys = STREAM_CUT_ANYWHERE, .range_keys = STREAM_CUT_ANYWHERE};
    for (uint32_t i = 0; i < spec->item_count; i++) {
        add_needs(&spec->items[i], &needs);
    }
    needs.range_keys = needs.cut_keys < needs.range_keys ? needs.cut_keys : needs.range_keys;
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
    TRY_ALLOC_ZEROED(cx, stream->reaches, sizeof *stream->reaches * spec->item_count);
    TRY_ALLOC_ZEROED(cx, stream->totals, sizeof *stream->totals * spec->item_count);
    for (uint32_t i = 0; i < spec->item_count; i++) {
        const WindowItem *item = &spec->items[i];
        bool is_whole = stream->needs.cut_keys <= item->partition_keys;
        stream->reaches[i] = is_whole ? 0 : REACH_MAX;
    }
    return OK;
}

/* Over all rows. */
static bool any_item(const WindowSpec *spec, bool (*wants)(const WindowItem *item)) {
    for (uint32_t i = 0; i < spec->item_count; i++) {
        if (wants(&spec->items[i]) && spec->items[i].partition_keys == 0) {
            return true;
        }
    }
    return false;
}

static Status open_fill(const Context *cx, const PhysicalNode *op, WindowStream *stream, StreamFill *fill) {
    const WindowSpec *spec = &op->window;
    bool has_totals = any_item(spec, window_takes_total);
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

/* Adds the aggregates of the slice's rows to the totals of items over all rows that want them. */
static Status add_slice(const Context *cx, bool (*wants)(const WindowItem *item), const WindowSlice *slice,
                        WindowCarry *totals) {
    for (uint32_t i = 0; i < slice->op->window.item_count; i++) {
        const WindowItem *item = &slice->op->window.items[i];
        WindowCarry total = {0};
        if (wants(item) && item->partition_keys == 0) {
            TRY(window_slice_total(cx, item, slice, &total));
            TRY(window_carry_add(cx, item, &total, &totals[i]));
        }
    }
    return OK;
}

static Status add_totals(const Context *cx, const PhysicalNode *op, StreamFill *fill, const Batch *in) {
    row_buffer_clear(&fill->rows);
    TRY(row_buffer_append(cx, &fill->rows, in, NULL));
    TRY(row_table_view(cx, &fill->view, &fill->rows));
    WindowPart part = {.count = in->rows, .rows = fill->numbers};
    WindowSlice slice = {.op = op, .table = &fill->view, .part = &part, .to = in->rows};
    return add_slice(cx, window_takes_total, &slice, fill->totals);
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
        status = window_takes_total(item) ? window_carry_add(&task->cx, item, &fill->totals[i], &stream->totals[i]) : OK;
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

static Status open_ranges(const Context *cx, const PhysicalNode *op, WindowStream *stream, uint32_t most) {
    const SortEncoding *encoding = &stream->sort.encoding;
    uint32_t keys = stream->needs.range_keys;
    uint32_t bits = keys == STREAM_CUT_ANYWHERE ? UINT32_MAX : window_bits_of_keys(encoding, keys);
    TRY(run_ranges_choose(cx, &stream->sort, most, bits, &stream->ranges));
    TRY_ALLOC_ZEROED(cx, stream->before, sizeof *stream->before * stream->ranges.count * op->window.item_count);
    return OK;
}

static void count_rows(WindowStream *stream) {
    for (uint32_t r = 0; r < stream->sort.spilled_count; r++) {
        stream->rows += stream->sort.spilled[r].part.rows;
    }
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
    count_rows(*stream);
    return status == OK ? open_ranges(&task->cx, op, *stream, 1) : status;
}

uint64_t window_stream_bytes(const WindowStream *stream) {
    return atomic_load(&stream->bytes);
}

uint64_t window_stream_free(WindowStream *stream) {
    if (stream == NULL) {
        return 0;
    }
    uint64_t bytes = sort_spill_free(&stream->sort);
    pthread_mutex_destroy(&stream->sort.lock);
    run_ranges_free(&stream->ranges);
    mem_free(stream->before);
    mem_free(stream->reaches);
    mem_free(stream->totals);
    mem_free(stream);
    return bytes;
}

/* ---------------------------------------------------------------------------------------------------------------- ranges */

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* What reads a range has a chunk of each run in memory. Where a range begins, such chunks are read up to three times; and
 * rows that its frames reach are read again. */
static uint32_t most_ranges(const Task *task, const WindowStream *stream) {
    const SortShared *sort = &stream->sort;
    uint64_t runs = sort->spilled_count, chunks = 0, tasks = task->query->options.threads;
    for (uint32_t r = 0; r < runs; r++) {
        chunks += sort->spilled[r].part.count;
    }
    if (stream->needs.is_serial || chunks == 0) {
        return 1;
    }
    if (task->cx.settings->force_spill) {
        return RANGES_FORCED;
    }
    uint64_t chunk_bytes = stream->rows / chunks * (row_format_bytes(&sort->format) + 8 * sort->encoding.words) + 1;
    uint64_t room = (uint64_t)memory_left(task->cx.memory) / ROOM_SHARE / (runs * chunk_bytes);
    uint64_t most = room < tasks ? room : RANGES_PER_TASK * tasks;
    most = least(most, 1 + chunks / READ_AGAIN_SHARE / runs);
    most = least(most, 1 + stream->rows / READ_AGAIN_SHARE / (runs * stream->needs.rows_before));
    return most == 0 ? 1 : (uint32_t)most;
}

Status window_stream_split(Task *task, const PhysicalNode *op, WindowStream *stream, uint32_t *ranges) {
    count_rows(stream);
    TRY(open_ranges(&task->cx, op, stream, most_ranges(task, stream)));
    *ranges = stream->ranges.count;
    return OK;
}

/* Rows of a run, whose aggregates are added up. */
typedef struct RunRows {
    const PhysicalNode *op;
    const SpillPart *run;
    uint64_t begin, end;
    RowBuffer buffer; /* a chunk */
    RowTable view;
    uint32_t *numbers;   /* 0, 1, …; owned */
    WindowCarry *totals; /* borrowed */
} RunRows;

/* Chunk `number`, whose first row is row `first` of the run. */
static Status add_chunk(Task *task, RunRows *rows, uint32_t number, uint64_t first) {
    uint32_t count = rows->run->chunks[number].rows;
    row_buffer_free(&rows->buffer);
    TRY(spill_read(task, rows->run, number, &rows->buffer));
    TRY(row_table_view(&task->cx, &rows->view, &rows->buffer));
    WindowPart part = {.count = count, .rows = rows->numbers};
    WindowSlice slice = {.op = rows->op, .table = &rows->view, .part = &part};
    slice.from = rows->begin > first ? (uint32_t)(rows->begin - first) : 0;
    slice.to = (uint32_t)least(rows->end - first, count);
    return add_slice(&task->cx, window_carries_rows, &slice, rows->totals);
}

static Status add_run(Task *task, RunRows *rows) {
    uint64_t first = 0;
    for (uint32_t c = 0; c < rows->run->count && first < rows->end; c++) {
        if (first + rows->run->chunks[c].rows > rows->begin) {
            TRY(add_chunk(task, rows, c, first));
        }
        first += rows->run->chunks[c].rows;
    }
    return OK;
}

/* The range's totals, for the next one. */
static Status add_runs(Task *task, WindowStream *stream, uint32_t range, uint64_t *ends, RunRows *rows) {
    TRY(run_ranges_find(task, &stream->sort, &stream->ranges, range + 1, ends));
    TRY_ALLOC(&task->cx, rows->numbers, sizeof *rows->numbers * ROW_CHUNK_ROWS);
    for (uint32_t i = 0; i < ROW_CHUNK_ROWS; i++) {
        rows->numbers[i] = i;
    }
    for (uint32_t r = 0; r < stream->ranges.run_count; r++) {
        rows->run = &stream->sort.spilled[r].part;
        rows->begin = run_ranges_begins(&stream->ranges, range)[r];
        rows->end = ends[r];
        TRY(add_run(task, rows));
    }
    return OK;
}

Status window_stream_find(Task *task, const PhysicalNode *op, WindowStream *stream, uint32_t range) {
    RunRows rows = {.op = op, .totals = stream->before + (size_t)(range + 1) * op->window.item_count};
    uint64_t *ends;
    TRY(run_ranges_find(task, &stream->sort, &stream->ranges, range, run_ranges_begins(&stream->ranges, range)));
    if (range + 1 == stream->ranges.count || !any_item(&op->window, window_carries_rows)) {
        return OK;
    }
    TRY_ALLOC(&task->cx, ends, sizeof *ends * stream->ranges.run_count);
    row_buffer_init(&rows.buffer, &stream->sort.format);
    Status status = add_runs(task, stream, range, ends, &rows);
    row_table_view_free(&rows.view);
    row_buffer_free(&rows.buffer);
    mem_free(rows.numbers);
    mem_free(ends);
    return status;
}

Status window_stream_join(const Context *cx, const PhysicalNode *op, WindowStream *stream) {
    for (uint32_t range = 1; range < stream->ranges.count; range++) {
        const WindowCarry *before = stream->before + (size_t)(range - 1) * op->window.item_count;
        for (uint32_t i = 0; i < op->window.item_count; i++) {
            const WindowItem *item = &op->window.items[i];
            if (window_carries_rows(item) && item->partition_keys == 0) {
                TRY(window_carry_add(cx, item, &before[i], &stream->before[(size_t)range * op->window.item_count + i]));
            }
        }
    }
    return OK;
}

uint32_t window_stream_tasks(const WindowStream *stream) {
    return stream->rows <= ROWS_IN_ORDER ? 1 : stream->ranges.count;
}
