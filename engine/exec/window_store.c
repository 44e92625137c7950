/* How the window operator keeps its rows: each chunk of a task's rows is listed by part when it is full, while it is in the
 * cache, so that the rows of a part lie together in every chunk. */
#include "exec/window.h"

#include "core/hash.h"
#include "kernels/gather_kernels.h"

#include <stdlib.h>

#define FILL_ROWS_FIRST 4096
#define SAMPLE_ROWS 4096

Status window_fill_open(const Context *cx, WindowFill *fill) {
    TRY_ALLOC(cx, fill->hashes, sizeof *fill->hashes * BATCH_ROWS_MAX);
    TRY_ALLOC(cx, fill->order, sizeof *fill->order * ROW_CHUNK_ROWS);
    return OK;
}

void window_fill_free(WindowFill *fill) {
    mem_free(fill->words);
    mem_free(fill->parts);
    mem_free(fill->hashes);
    mem_free(fill->order);
}

Status window_fill_reserve(const Context *cx, const WindowShared *shared, WindowFill *fill, uint32_t rows, uint64_t **words) {
    uint32_t capacity = fill->capacity == 0 ? FILL_ROWS_FIRST : fill->capacity;
    while (capacity < fill->rows + rows) {
        capacity *= 2;
    }
    if (capacity != fill->capacity) {
        uint64_t *grown = mem_resize(cx, fill->words, sizeof *grown * capacity * shared->encoding.words);
        if (grown == NULL) {
            return OUT_OF_MEMORY;
        }
        fill->words = grown;
        uint8_t *parts = mem_resize(cx, fill->parts, capacity);
        if (parts == NULL) {
            return OUT_OF_MEMORY;
        }
        fill->parts = parts;
        fill->capacity = capacity;
    }
    *words = fill->words + (size_t)fill->rows * shared->encoding.words;
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

static void list_words(const uint64_t *from, uint32_t words, const uint32_t *order, uint32_t rows, uint64_t *to) {
    if (words <= 2) {
        gather_kernels->gather[words == 1 ? 3 : 4](from, order, rows, to);
        return;
    }
    for (uint32_t i = 0; i < rows; i++) {
        for (uint32_t w = 0; w < words; w++) {
            to[(size_t)i * words + w] = from[(size_t)order[i] * words + w];
        }
    }
}

static Status add_chunk(const Context *cx, WindowRun *run, WindowChunk **chunk) {
    if (run->chunk_count == run->chunk_capacity) {
        uint32_t capacity = run->chunk_capacity == 0 ? 8 : run->chunk_capacity * 2;
        WindowChunk *grown = mem_resize(cx, run->chunks, sizeof *grown * capacity);
        if (grown == NULL) {
            return OUT_OF_MEMORY;
        }
        run->chunks = grown;
        run->chunk_capacity = capacity;
    }
    *chunk = &run->chunks[run->chunk_count++];
    **chunk = (WindowChunk){0};
    return OK;
}

/* `rows` rows of the fill are a chunk. */
static Status end_chunk(const Context *cx, const WindowShared *shared, WindowFill *fill, WindowRun *run, uint32_t first,
                        uint32_t rows) {
    uint32_t words = shared->encoding.words, number = run->chunk_count;
    const uint64_t *from = fill->words + (size_t)first * words;
    WindowChunk *chunk;
    TRY(check_cancel(cx));
    TRY(add_chunk(cx, run, &chunk));
    TRY_ALLOC(cx, chunk->words, sizeof *chunk->words * words * rows);
    run->row_count += rows;
    if (shared->parting == PARTING_BY_HASH) {
        order_by_part(fill->parts + first, rows, chunk->begins, fill->order);
        list_words(from, words, fill->order, rows, chunk->words);
        return row_buffer_permute(cx, &run->rows, number, fill->order);
    }
    for (uint32_t p = 1; p <= WINDOW_PARTS; p++) {
        chunk->begins[p] = rows;
    }
    memcpy(chunk->words, from, sizeof *chunk->words * words * rows);
    return OK;
}

Status window_hash_partitions(const Context *cx, const WindowSpec *spec, WindowFill *fill, const Batch *in) {
    memset(fill->hashes, 0, sizeof *fill->hashes * in->rows);
    for (uint32_t k = 0; k < spec->partition_count; k++) {
        TRY(hash_vector(cx, &in->columns[spec->partitions[k]], in->rows, k > 0, fill->hashes));
    }
    return OK;
}

static Status note_parts(const Context *cx, const WindowSpec *spec, WindowFill *fill, const Batch *in) {
    TRY(window_hash_partitions(cx, spec, fill, in));
    for (uint32_t i = 0; i < in->rows; i++) {
        fill->parts[fill->rows + i] = (uint8_t)(fill->hashes[i] >> (64 - WINDOW_PART_BITS));
    }
    return OK;
}

Status window_fill_append(const Context *cx, const WindowShared *shared, const WindowSpec *spec, WindowFill *fill,
                          WindowRun *run, const Batch *in) {
    if (run->row_count + fill->rows + in->rows >= ROW_NONE) {
        return fail(cx, PROGRAM_LIMIT_EXCEEDED, "a window cannot hold more than 4,294,967,294 rows");
    }
    if (shared->parting == PARTING_BY_HASH) {
        TRY(note_parts(cx, spec, fill, in));
    }
    TRY(row_buffer_append(cx, &run->rows, in, NULL));
    fill->rows += in->rows;
    if (fill->rows < ROW_CHUNK_ROWS) {
        return OK;
    }
    TRY(end_chunk(cx, shared, fill, run, 0, ROW_CHUNK_ROWS));
    uint32_t left = fill->rows - ROW_CHUNK_ROWS, words = shared->encoding.words;
    memcpy(fill->words, fill->words + (size_t)ROW_CHUNK_ROWS * words, sizeof *fill->words * words * left);
    memcpy(fill->parts, fill->parts + ROW_CHUNK_ROWS, left);
    fill->rows = left;
    return OK;
}

Status window_fill_end_chunks(const Context *cx, const WindowShared *shared, WindowFill *fill, WindowRun *run) {
    for (; fill->rows - fill->ended >= ROW_CHUNK_ROWS; fill->ended += ROW_CHUNK_ROWS) {
        TRY(end_chunk(cx, shared, fill, run, fill->ended, ROW_CHUNK_ROWS));
    }
    return OK;
}

Status window_fill_end(const Context *cx, const WindowShared *shared, WindowFill *fill, WindowRun *run) {
    TRY(window_fill_end_chunks(cx, shared, fill, run));
    return fill->ended == fill->rows ? OK : end_chunk(cx, shared, fill, run, fill->ended, fill->rows - fill->ended);
}

void window_run_free(WindowRun *run) {
    if (run->rows.format != NULL) {
        row_buffer_free(&run->rows);
    }
    for (uint32_t c = 0; c < run->chunk_count; c++) {
        mem_free(run->chunks[c].words);
    }
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

Status window_choose_splitters(const Context *cx, WindowShared *shared, const WindowRun *run) {
    uint64_t *sample, step = run->row_count / SAMPLE_ROWS + 1, count = 0;
    if (shared->has_splitters || run->row_count == 0) {
        return OK;
    }
    TRY_ALLOC(cx, sample, sizeof *sample * (SAMPLE_ROWS + 1));
    for (uint64_t row = 0; row < run->row_count; row += step) {
        const WindowChunk *chunk = &run->chunks[row >> ROW_CHUNK_BITS];
        sample[count++] = chunk->words[(row & (ROW_CHUNK_ROWS - 1)) * shared->encoding.words];
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

Status window_part_by_range(const Context *cx, const WindowShared *shared, WindowFill *fill, WindowRun *run) {
    uint32_t words = shared->encoding.words;
    if (shared->encoding.key_count == 0) {
        part_by_number(run);
        return OK;
    }
    for (uint32_t c = 0; c < run->chunk_count; c++) {
        WindowChunk *chunk = &run->chunks[c];
        uint32_t rows = chunk_rows(chunk);
        uint64_t *listed;
        TRY(check_cancel(cx));
        for (uint32_t i = 0; i < rows; i++) {
            fill->parts[i] = part_of_word(shared->splitters, chunk->words[(size_t)i * words]);
        }
        order_by_part(fill->parts, rows, chunk->begins, fill->order);
        TRY_ALLOC(cx, listed, sizeof *listed * words * rows);
        list_words(chunk->words, words, fill->order, rows, listed);
        mem_free(chunk->words);
        chunk->words = listed;
        TRY(row_buffer_permute(cx, &run->rows, c, fill->order));
    }
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------- collecting */

/* Appends rows [begin, end) of the chunk. */
static void collect_rows(const WindowShared *shared, const WindowRun *run, uint32_t number, uint32_t begin, uint32_t end,
                         PartSort *sort) {
    const WindowChunk *chunk = &run->chunks[number];
    uint32_t words = shared->encoding.words, first = run->first_row + (number << ROW_CHUNK_BITS);
    if (words > 1 && end > begin) {
        memcpy(sort->words + sort->count * words, chunk->words + (size_t)begin * words,
               sizeof *sort->words * words * (end - begin));
    }
    for (uint32_t i = begin; i < end; i++, sort->count++) {
        sort->items[sort->count] =
            (SortItem){.key = chunk->words[(size_t)i * words], .row = first + i, .index = (uint32_t)sort->count};
    }
}

static Status collect_parted(const Context *cx, const WindowShared *shared, uint32_t part, PartSort *sort) {
    uint32_t last = shared->sort_count == 1 ? WINDOW_PARTS : part + 1;
    for (uint32_t r = 0; r < shared->run_count; r++) {
        const WindowRun *run = &shared->runs[r];
        for (uint32_t c = 0; c < run->chunk_count; c++) {
            TRY(check_cancel(cx));
            collect_rows(shared, run, c, run->chunks[c].begins[part], run->chunks[c].begins[last], sort);
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

static const uint64_t *words_of_row(const WindowShared *shared, const WindowRun *run, uint64_t row) {
    return run->chunks[row >> ROW_CHUNK_BITS].words + (row & (ROW_CHUNK_ROWS - 1)) * shared->encoding.words;
}

/* The first row at or after the chunk's first that begins a partition. */
static uint64_t first_partition(const WindowShared *shared, const WindowSpec *spec, const WindowRun *run, uint32_t chunk) {
    uint64_t row = (uint64_t)chunk << ROW_CHUNK_BITS;
    while (row > 0 && row < run->row_count &&
           window_same_keys(shared, spec->partition_count, words_of_row(shared, run, row - 1),
                            run->first_row + (uint32_t)row - 1, words_of_row(shared, run, row),
                            run->first_row + (uint32_t)row)) {
        row++;
    }
    return row < run->row_count ? row : run->row_count;
}

Status window_collect_chunk(const Context *cx, const WindowShared *shared, const WindowSpec *spec, uint32_t part,
                            PartSort *sort) {
    uint32_t chunk, words = shared->encoding.words;
    const WindowRun *run = run_of_part(shared, part, &chunk);
    uint64_t from = first_partition(shared, spec, run, chunk), to = first_partition(shared, spec, run, chunk + 1);
    if (from >= to) {
        return OK;
    }
    TRY_ALLOC(cx, sort->items, sizeof *sort->items * (to - from));
    TRY_ALLOC(cx, sort->words, words == 1 ? 0 : sizeof *sort->words * words * (to - from));
    for (uint64_t row = from, end; row < to; row = end) {
        uint32_t number = (uint32_t)(row >> ROW_CHUNK_BITS), begin = (uint32_t)(row & (ROW_CHUNK_ROWS - 1));
        end = ((uint64_t)number + 1) << ROW_CHUNK_BITS;
        end = end < to ? end : to;
        TRY(check_cancel(cx));
        collect_rows(shared, run, number, begin, begin + (uint32_t)(end - row), sort);
    }
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

Status window_collect_part(const Context *cx, const WindowShared *shared, uint32_t part, PartSort *sort) {
    uint64_t count = window_part_rows(shared, part);
    uint32_t words = shared->encoding.words;
    TRY_ALLOC(cx, sort->items, sizeof *sort->items * count);
    TRY_ALLOC(cx, sort->scratch, sizeof *sort->scratch * count);
    TRY_ALLOC(cx, sort->words, words == 1 ? 0 : sizeof *sort->words * words * count);
    return collect_parted(cx, shared, part, sort);
}
