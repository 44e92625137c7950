/* How the window operator keeps its rows: each chunk of a task's rows is listed by part when it is full, while it is in the
 * cache, so that the rows of a part lie together in every chunk; parts by hash go from there to shelves. */
#include "exec/window.h"

#include "core/hash.h"

#include <stdlib.h>

#define FILL_ROWS_FIRST 4096
#define SAMPLE_ROWS 4096

Status window_fill_open(const Context *cx, WindowFill *fill) {
    TRY_ALLOC(cx, fill->hashes, sizeof *fill->hashes * BATCH_ROWS_MAX);
    TRY_ALLOC(cx, fill->order, sizeof *fill->order * ROW_CHUNK_ROWS);
    return OK;
}

void window_fill_free(WindowFill *fill) {
    mem_free(fill->parts);
    mem_free(fill->hashes);
    mem_free(fill->order);
}

Status window_fill_reserve(const Context *cx, WindowFill *fill, uint32_t rows) {
    uint64_t capacity = fill->capacity == 0 ? FILL_ROWS_FIRST : fill->capacity;
    while (capacity < (uint64_t)fill->rows + rows) {
        capacity *= 2;
    }
    if (capacity != fill->capacity) {
        uint8_t *grown = mem_resize(cx, fill->parts, capacity);
        if (grown == NULL) {
            return OUT_OF_MEMORY;
        }
        fill->parts = grown;
        fill->capacity = capacity;
    }
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------- parting */

/* fill->order lists the chunk's rows by part. */
static void order_by_part(const uint8_t *parts, uint32_t rows, uint32_t *begins, uint32_t *order) {
    uint32_t next[WINDOW_PARTS] = {0};
    for (uint32_t i = 0; i < rows; i++) {
        next[parts[i]]++;
    }
    begins[0] = 0;
    for (uint32_t p = 0; p < WINDOW_PARTS; p++) {
        begins[p + 1] = begins[p] + next[p];
        next[p] = begins[p];
    }
    for (uint32_t i = 0; i < rows; i++) {
        order[next[parts[i]]++] = i;
    }
}

static Status add_chunk(const Context *cx, WindowRun *run, WindowChunk **chunk) {
    TRY_MEM_APPEND(cx, run->chunks, run->chunk_capacity, run->chunk_count, (WindowChunk){0});
    *chunk = &run->chunks[run->chunk_count - 1];
    return OK;
}

static Status open_shelves(const Context *cx, WindowRun *run) {
    if (run->shelves != NULL) {
        return OK;
    }
    TRY_ALLOC(cx, run->shelves, sizeof *run->shelves * WINDOW_SHELVES);
    for (uint32_t s = 0; s < WINDOW_SHELVES; s++) {
        row_buffer_init(&run->shelves[s], run->rows.format);
    }
    return OK;
}

/* Moves the chunk, the first in `rows`, to the shelves. */
static Status shelve_chunk(const Context *cx, const uint32_t *order, WindowRun *run, WindowChunk *chunk) {
    uint32_t begins[WINDOW_SHELVES + 1];
    TRY(open_shelves(cx, run));
    for (uint32_t s = 0; s <= WINDOW_SHELVES; s++) {
        begins[s] = chunk->begins[s * WINDOW_SHELF_PARTS];
    }
    for (uint32_t s = 0; s < WINDOW_SHELVES; s++) {
        chunk->places[s] = (uint32_t)run->shelves[s].rows;
    }
    return row_buffer_deal(cx, &run->rows, order, begins, run->shelves, WINDOW_SHELVES);
}

/* `rows` rows of the fill, from row `first` on, are a chunk. The only one of a run stays in its place. */
static Status end_chunk(const Context *cx, const WindowShared *shared, WindowFill *fill, WindowRun *run, uint32_t first,
                        uint32_t rows, bool is_only) {
    WindowChunk *chunk;
    TRY(check_cancel(cx));
    TRY(add_chunk(cx, run, &chunk));
    run->row_count += rows;
    if (shared->parting == PARTING_BY_HASH) {
        order_by_part(fill->parts + first, rows, chunk->begins, fill->order);
        return is_only ? row_buffer_permute(cx, &run->rows, 0, fill->order) : shelve_chunk(cx, fill->order, run, chunk);
    }
    for (uint32_t p = 1; p <= WINDOW_PARTS; p++) {
        chunk->begins[p] = rows;
    }
    return OK;
}

Status window_hash_partitions(const Context *cx, const WindowSpec *spec, WindowFill *fill, const Batch *in) {
    memset(fill->hashes, 0, sizeof *fill->hashes * in->rows);
    for (uint32_t k = 0; k < spec->partition_count; k++) {
        TRY(hash_vector(cx, &in->columns[spec->partitions[k]], in->rows, k > 0, fill->hashes));
    }
    return OK;
}

Status window_find_parts(const Context *cx, const WindowSpec *spec, WindowFill *fill, const Batch *in, uint8_t *parts) {
    TRY(window_hash_partitions(cx, spec, fill, in));
    for (uint32_t i = 0; i < in->rows; i++) {
        parts[i] = (uint8_t)(fill->hashes[i] >> (64 - WINDOW_PART_BITS));
    }
    return OK;
}

Status window_fill_append(const Context *cx, const WindowShared *shared, const WindowSpec *spec, WindowFill *fill,
                          WindowRun *run, const Batch *in) {
    if (run->row_count + fill->rows + in->rows >= ROW_NONE) {
        return fail(cx, PROGRAM_LIMIT_EXCEEDED, "a window cannot hold more than 4,294,967,294 rows");
    }
    if (shared->parting == PARTING_BY_HASH) {
        if (fill->rows + in->rows > ROW_CHUNK_ROWS) {
            TRY(end_chunk(cx, shared, fill, run, 0, fill->rows, false));
            fill->rows = 0;
        }
        TRY(window_find_parts(cx, spec, fill, in, fill->parts + fill->rows));
    }
    TRY(row_buffer_append(cx, &run->rows, in, NULL));
    fill->rows += in->rows;
    return window_fill_end_chunks(cx, shared, fill, run);
}

Status window_fill_end_chunks(const Context *cx, const WindowShared *shared, WindowFill *fill, WindowRun *run) {
    uint32_t ended = 0;
    for (; fill->rows - ended >= ROW_CHUNK_ROWS; ended += ROW_CHUNK_ROWS) {
        TRY(end_chunk(cx, shared, fill, run, ended, ROW_CHUNK_ROWS, false));
    }
    if (ended > 0) {
        fill->rows -= ended;
        memmove(fill->parts, fill->parts + ended, fill->rows);
    }
    return OK;
}

Status window_fill_end(const Context *cx, const WindowShared *shared, WindowFill *fill, WindowRun *run) {
    TRY(window_fill_end_chunks(cx, shared, fill, run));
    uint32_t left = fill->rows;
    fill->rows = 0;
    return left == 0 ? OK : end_chunk(cx, shared, fill, run, 0, left, run->chunk_count == 0);
}

void window_run_free(WindowRun *run) {
    if (run->rows.format != NULL) {
        row_buffer_free(&run->rows);
    }
    for (uint32_t s = 0; run->shelves != NULL && s < WINDOW_SHELVES; s++) {
        row_buffer_free(&run->shelves[s]);
    }
    mem_free(run->shelves);
    mem_free(run->chunks);
    *run = (WindowRun){0};
}

/* --------------------------------------------------------------------------------------------------------------- ranges */

static int compare_words(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint32_t chunk_rows(const WindowChunk *chunk) {
    return chunk->begins[WINDOW_PARTS];
}

Status window_choose_splitters(const Context *cx, WindowShared *shared, const WindowRun *run, SortEncoder *encoder) {
    uint64_t *sample, *words, step = run->row_count / SAMPLE_ROWS + 1, count = 0;
    if (shared->has_splitters || run->row_count == 0) {
        return OK;
    }
    TRY_ALLOC(cx, sample, sizeof *sample * (SAMPLE_ROWS + 1 + shared->encoding.words));
    words = sample + SAMPLE_ROWS + 1;
    for (uint64_t row = 0; row < run->row_count; row += step) {
        const RowChunk *chunk = run->rows.chunks[row >> ROW_CHUNK_BITS];
        sort_encode_kept(&shared->encoding, encoder, chunk, row & (ROW_CHUNK_ROWS - 1), 1, words);
        sample[count++] = words[0];
    }
    qsort(sample, count, sizeof *sample, compare_words);
    for (uint32_t p = 0; p + 1 < WINDOW_PARTS; p++) {
        shared->splitters[p] = sample[count * (p + 1) / WINDOW_PARTS];
    }
    shared->has_splitters = true;
    mem_free(sample);
    return OK;
}

/* How many splitters the word has reached. */
static uint8_t part_of_word(const uint64_t *splitters, uint64_t word) {
    uint32_t part = 0;
    for (uint32_t half = WINDOW_PARTS / 2; half > 0; half /= 2) {
        part += word >= splitters[part + half - 1] ? half : 0;
    }
    return (uint8_t)part;
}

/* Without keys any order will do: chunks stay as they are. */
static void part_by_number(WindowRun *run) {
    for (uint32_t c = 0; c < run->chunk_count; c++) {
        WindowChunk *chunk = &run->chunks[c];
        uint32_t part = (uint32_t)((uint64_t)c * WINDOW_PARTS / run->chunk_count), rows = chunk_rows(chunk);
        for (uint32_t p = 0; p <= WINDOW_PARTS; p++) {
            chunk->begins[p] = p <= part ? 0 : rows;
        }
    }
}

/* fill->parts of the chunk's rows. `words`: of a batch. */
static void find_ranges(const WindowShared *shared, SortEncoder *encoder, const RowChunk *chunk, uint64_t *words,
                        uint8_t *parts) {
    for (uint32_t first = 0; first < chunk->rows; first += BATCH_ROWS_MAX) {
        uint32_t rows = chunk->rows - first < BATCH_ROWS_MAX ? chunk->rows - first : BATCH_ROWS_MAX;
        sort_encode_kept(&shared->encoding, encoder, chunk, first, rows, words);
        for (uint32_t i = 0; i < rows; i++) {
            parts[first + i] = part_of_word(shared->splitters, words[(size_t)i * shared->encoding.words]);
        }
    }
}

static Status part_chunks(const Context *cx, const WindowShared *shared, SortEncoder *encoder, uint64_t *words,
                          WindowFill *fill, WindowRun *run) {
    for (uint32_t c = 0; c < run->chunk_count; c++) {
        TRY(check_cancel(cx));
        find_ranges(shared, encoder, run->rows.chunks[c], words, fill->parts);
        order_by_part(fill->parts, chunk_rows(&run->chunks[c]), run->chunks[c].begins, fill->order);
        TRY(row_buffer_permute(cx, &run->rows, c, fill->order));
    }
    return OK;
}

Status window_part_by_range(const Context *cx, const WindowShared *shared, SortEncoder *encoder, WindowFill *fill,
                            WindowRun *run) {
    uint64_t *words;
    if (shared->encoding.key_count == 0) {
        part_by_number(run);
        return OK;
    }
    TRY_ALLOC(cx, words, sizeof *words * BATCH_ROWS_MAX * shared->encoding.words);
    Status status = part_chunks(cx, shared, encoder, words, fill, run);
    mem_free(words);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- collecting */

static const RowChunk *chunk_of_run(const WindowShared *shared, const WindowRun *run, uint32_t number) {
    return shared->table.chunks[(run->first_row >> ROW_CHUNK_BITS) + number];
}

/* Appends `rows` rows of the table, from row `first` on. */
static void collect_rows(const WindowShared *shared, SortEncoder *encoder, uint32_t first, uint32_t rows, PartSort *sort) {
    uint32_t width = shared->encoding.words;
    while (rows > 0) {
        uint32_t at = first & (ROW_CHUNK_ROWS - 1), room = ROW_CHUNK_ROWS - at, count = rows < room ? rows : room;
        uint64_t *words = sort->words + sort->count * width;
        sort_encode_kept(&shared->encoding, encoder, shared->table.chunks[first >> ROW_CHUNK_BITS], at, count, words);
        for (uint32_t i = 0; i < count; i++, sort->count++, words += width) {
            sort->items[sort->count] = (SortItem){.key = words[0], .row = first + i, .index = (uint32_t)sort->count};
        }
        first += count;
        rows -= count;
    }
}

/* The table's row where a part's rows of a chunk begin. */
static uint32_t place_of_part(const WindowRun *run, uint32_t number, uint32_t part) {
    const WindowChunk *chunk = &run->chunks[number];
    if (run->shelves == NULL) {
        return run->first_row + (number << ROW_CHUNK_BITS) + chunk->begins[part];
    }
    uint32_t shelf = part / WINDOW_SHELF_PARTS;
    return run->shelf_begins[shelf] + chunk->places[shelf] + chunk->begins[part] - chunk->begins[shelf * WINDOW_SHELF_PARTS];
}

static Status collect_parted(const Context *cx, const WindowShared *shared, SortEncoder *encoder, uint32_t part,
                             PartSort *sort) {
    uint32_t last = shared->sort_count == 1 ? WINDOW_PARTS : part + 1;
    for (uint32_t r = 0; r < shared->run_count; r++) {
        const WindowRun *run = &shared->runs[r];
        for (uint32_t c = 0; c < run->chunk_count; c++) {
            const uint32_t *begins = run->chunks[c].begins;
            TRY(check_cancel(cx));
            for (uint32_t p = part; p < last; p++) {
                collect_rows(shared, encoder, place_of_part(run, c, p), begins[p + 1] - begins[p], sort);
            }
        }
    }
    return OK;
}

/* The run and the chunk that a part is of; the number of the chunk in its run. */
static const WindowRun *run_of_part(const WindowShared *shared, uint32_t part, uint32_t *chunk) {
    const WindowRun *run = shared->runs;
    for (*chunk = part; *chunk >= run->chunk_count; run++) {
        *chunk -= run->chunk_count;
    }
    return run;
}

static void encode_row(const WindowShared *shared, SortEncoder *encoder, const WindowRun *run, uint64_t row, uint64_t *words) {
    const RowChunk *chunk = chunk_of_run(shared, run, (uint32_t)(row >> ROW_CHUNK_BITS));
    sort_encode_kept(&shared->encoding, encoder, chunk, row & (ROW_CHUNK_ROWS - 1), 1, words);
}

/* The first row at or after the chunk's first that begins a partition: the rows that go on with the partition of the row before
 * come first. */
static Status first_partition(const Context *cx, const WindowShared *shared, const WindowSpec *spec, SortEncoder *encoder,
                              const WindowRun *run, uint32_t chunk, uint64_t *row) {
    uint64_t low = (uint64_t)chunk << ROW_CHUNK_BITS, high = run->row_count, before = low - 1;
    uint64_t *words, *other;
    *row = low < high ? low : high;
    if (low == 0 || low >= high) {
        return OK;
    }
    TRY_ALLOC(cx, words, sizeof *words * shared->encoding.words * 2);
    other = words + shared->encoding.words;
    encode_row(shared, encoder, run, before, words);
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        encode_row(shared, encoder, run, middle, other);
        bool goes_on = window_same_keys(shared, spec->partition_count, words, run->first_row + (uint32_t)before, other,
                                        run->first_row + (uint32_t)middle);
        low = goes_on ? middle + 1 : low;
        high = goes_on ? high : middle;
    }
    mem_free(words);
    *row = low;
    return OK;
}

Status window_collect_chunk(const Context *cx, const WindowShared *shared, const WindowSpec *spec, SortEncoder *encoder,
                            uint32_t part, PartSort *sort) {
    uint32_t chunk;
    const WindowRun *run = run_of_part(shared, part, &chunk);
    uint64_t from, to;
    TRY(first_partition(cx, shared, spec, encoder, run, chunk, &from));
    TRY(first_partition(cx, shared, spec, encoder, run, chunk + 1, &to));
    if (from >= to) {
        return OK;
    }
    TRY_ALLOC(cx, sort->items, sizeof *sort->items * (to - from));
    TRY_ALLOC(cx, sort->words, sizeof *sort->words * shared->encoding.words * (to - from));
    TRY(check_cancel(cx));
    collect_rows(shared, encoder, run->first_row + (uint32_t)from, (uint32_t)(to - from), sort);
    return OK;
}

uint64_t window_part_rows(const WindowShared *shared, uint32_t part) {
    uint32_t last = shared->sort_count == 1 ? WINDOW_PARTS : part + 1;
    uint64_t rows = 0;
    for (uint32_t r = 0; r < shared->run_count; r++) {
        for (uint32_t c = 0; c < shared->runs[r].chunk_count; c++) {
            rows += shared->runs[r].chunks[c].begins[last] - shared->runs[r].chunks[c].begins[part];
        }
    }
    return rows;
}

Status window_collect_part(const Context *cx, const WindowShared *shared, SortEncoder *encoder, uint32_t part, PartSort *sort) {
    uint64_t count = window_part_rows(shared, part);
    TRY_ALLOC(cx, sort->items, sizeof *sort->items * count);
    TRY_ALLOC(cx, sort->scratch, sizeof *sort->scratch * count);
    TRY_ALLOC(cx, sort->words, sizeof *sort->words * shared->encoding.words * count);
    return collect_parted(cx, shared, encoder, part, sort);
}

/* -------------------------------------------------------------------------------------------------------- giving back */

/* BY_CHUNK: a part's last partition may reach into later chunks. */
static void use_by_chunk(WindowShared *shared) {
    for (uint32_t p = 0; p < shared->part_count; p++) {
        const WindowPart *part = &shared->parts[p];
        uint32_t last = part->count == 0 ? p : part->rows[part->count - 1] >> ROW_CHUNK_BITS;
        for (uint32_t c = p; c <= last; c++) {
            ChunkUse *use = &shared->uses[c];
            use->first_part = p < use->first_part ? p : use->first_part;
            use->last_part = c;
        }
    }
}

/* BY_HASH: a shelf has some parts, what is not shelved may have all. */
static void use_by_shelf(WindowShared *shared) {
    for (uint32_t r = 0; r < shared->run_count; r++) {
        const WindowRun *run = &shared->runs[r];
        for (uint32_t s = 0; run->shelves != NULL && s < WINDOW_SHELVES; s++) {
            uint32_t end = run->shelf_begins[s + 1] >> ROW_CHUNK_BITS, part = s * WINDOW_SHELF_PARTS;
            for (uint32_t c = run->shelf_begins[s] >> ROW_CHUNK_BITS; c < end; c++) {
                shared->uses[c].first_part = part;
                shared->uses[c].last_part = part + WINDOW_SHELF_PARTS - 1;
            }
        }
    }
}

static bool is_used_by(const ChunkUse *use, uint32_t part) {
    return use->first_part <= part && part <= use->last_part;
}

Status window_note_uses(const Context *cx, WindowShared *shared) {
    bool by_chunk = shared->parting == PARTING_BY_CHUNK;
    if (shared->parting == PARTING_BY_RANGE || shared->slice_count <= 1) {
        return OK;
    }
    TRY_ALLOC(cx, shared->uses, sizeof *shared->uses * shared->table.chunk_count);
    for (uint32_t c = 0; c < shared->table.chunk_count; c++) {
        shared->uses[c] = (ChunkUse){.first_part = by_chunk ? c : 0, .last_part = by_chunk ? c : WINDOW_PARTS - 1};
    }
    if (by_chunk) {
        use_by_chunk(shared);
    } else {
        use_by_shelf(shared);
    }
    for (uint32_t i = 0; i < shared->slice_count; i++) {
        for (uint32_t c = 0; c < shared->table.chunk_count; c++) {
            shared->uses[c].slices += is_used_by(&shared->uses[c], shared->slices[i].part);
        }
    }
    return OK;
}

void window_end_uses(WindowShared *shared, uint32_t part) {
    for (uint32_t c = 0; shared->uses != NULL && c < shared->table.chunk_count; c++) {
        ChunkUse *use = &shared->uses[c];
        if (is_used_by(use, part) && atomic_fetch_sub(&use->slices, 1) == 1) {
            row_table_drop_chunk(&shared->table, c);
        }
    }
}
