/* Ranges of the merged order of runs on disk. Pivots are taken from the words that chunks begin with, which were kept when the
 * runs were written: all chunks have about as many rows, so these are an even sample. Where a pivot falls within a chunk is
 * found by reading it. */
#include "exec/sort_ranges.h"

static bool words_less(const uint64_t *a, const uint64_t *b, uint32_t words) {
    while (words > 1 && *a == *b) {
        a++;
        b++;
        words--;
    }
    return *a < *b;
}

/* --------------------------------------------------------------------------------------------------------------- choosing */

/* The heads of all chunks, and how they are sorted. */
typedef struct HeadSample {
    SortEncoding by_words; /* borrows: words alone are compared */
    uint64_t count;
    uint64_t *words;    /* owned */
    SortItem *items;    /* owned */
    SortItem *scratch;  /* owned */
    uint64_t *previous; /* the last pivot; owned */
} HeadSample;

static Status take_heads(const Context *cx, const SortShared *shared, HeadSample *sample) {
    uint32_t words = shared->encoding.words;
    for (uint32_t r = 0; r < shared->spilled_count; r++) {
        sample->count += shared->spilled[r].part.count;
    }
    TRY_ALLOC(cx, sample->words, sizeof *sample->words * words * sample->count);
    TRY_ALLOC(cx, sample->items, sizeof *sample->items * sample->count);
    TRY_ALLOC(cx, sample->scratch, sizeof *sample->scratch * sample->count);
    uint64_t *to = sample->words;
    for (uint32_t r = 0; r < shared->spilled_count; r++) {
        size_t count = (size_t)shared->spilled[r].part.count * words;
        memcpy(to, shared->spilled[r].heads, sizeof *to * count);
        to += count;
    }
    for (uint32_t i = 0; i < sample->count; i++) {
        sample->items[i] = (SortItem){sample->words[(size_t)i * words], i, i};
    }
    sample->by_words = shared->encoding;
    sample->by_words.is_exact = true;
    SortContext context = {.encoding = &sample->by_words, .words = sample->words};
    return sort_items(cx, &context, sample->items, sample->scratch, sample->count);
}

/* Bits beyond the first `bits` become 0. */
static void cut_words(uint64_t *words, uint32_t count, uint32_t bits) {
    for (uint32_t w = 0; w < count; w++) {
        uint32_t kept = bits > 64 * w ? bits - 64 * w : 0;
        words[w] &= kept >= 64 ? UINT64_MAX : kept == 0 ? 0 : UINT64_MAX << (64 - kept);
    }
}

static void take_pivots(const HeadSample *sample, uint32_t most, uint32_t bits, RunRanges *ranges) {
    uint32_t words = sample->by_words.words;
    memcpy(sample->previous, sample->words + (size_t)sample->items[0].index * words, sizeof *sample->words * words);
    for (uint32_t r = 1; r < most; r++) {
        const SortItem *item = &sample->items[sample->count * r / most];
        uint64_t *pivot = ranges->pivots + (size_t)(ranges->count - 1) * words;
        memcpy(pivot, sample->words + (size_t)item->index * words, sizeof *pivot * words);
        cut_words(pivot, words, bits);
        if (words_less(sample->previous, pivot, words)) {
            memcpy(sample->previous, pivot, sizeof *pivot * words);
            ranges->count++;
        }
    }
}

static Status choose(const Context *cx, const SortShared *shared, uint32_t most, uint32_t bits, HeadSample *sample,
                     RunRanges *ranges) {
    uint32_t words = shared->encoding.words, runs = shared->spilled_count;
    TRY(take_heads(cx, shared, sample));
    TRY_ALLOC(cx, sample->previous, sizeof *sample->previous * words);
    TRY_ALLOC(cx, ranges->pivots, sizeof *ranges->pivots * words * most);
    ranges->count = 1;
    ranges->run_count = runs;
    if (sample->count > 0) {
        take_pivots(sample, most, bits, ranges);
    }
    TRY_ALLOC_ZEROED(cx, ranges->begins, sizeof *ranges->begins * runs * (ranges->count + 1));
    for (uint32_t r = 0; r < runs; r++) {
        run_ranges_begins(ranges, ranges->count)[r] = shared->spilled[r].part.rows;
    }
    return OK;
}

Status run_ranges_choose(const Context *cx, const SortShared *shared, uint32_t most, uint32_t bits, RunRanges *ranges) {
    HeadSample sample = {0};
    Status status = choose(cx, shared, most, bits, &sample, ranges);
    mem_free(sample.words);
    mem_free(sample.items);
    mem_free(sample.scratch);
    mem_free(sample.previous);
    return status;
}

void run_ranges_free(RunRanges *ranges) {
    mem_free(ranges->pivots);
    mem_free(ranges->begins);
    *ranges = (RunRanges){0};
}

/* ---------------------------------------------------------------------------------------------------------------- finding */

/* What one pivot is looked for with. */
typedef struct PivotSearch {
    const SortEncoding *encoding;
    const uint64_t *pivot;
    SortEncoder encoder;
    uint64_t *words;  /* of a row; owned */
    RowBuffer buffer; /* a chunk */
} PivotSearch;

/* The first row of the chunk that does not come before the pivot; its rows if there is none. */
static uint32_t row_of_chunk(PivotSearch *search) {
    const RowChunk *chunk = search->buffer.chunks[0];
    uint32_t low = 0, high = chunk->rows;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        sort_encode_kept(search->encoding, &search->encoder, chunk, middle, 1, search->words);
        if (words_less(search->words, search->pivot, search->encoding->words)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* It is in the last chunk that begins before the pivot, or the row behind it. */
static Status find_in_run(Task *task, PivotSearch *search, const SpilledRun *run, uint64_t *begin) {
    uint32_t words = search->encoding->words, chunk = 0;
    *begin = 0;
    while (chunk < run->part.count && words_less(run->heads + (size_t)chunk * words, search->pivot, words)) {
        *begin += run->part.chunks[chunk++].rows;
    }
    if (chunk == 0) {
        return OK;
    }
    *begin -= run->part.chunks[--chunk].rows;
    row_buffer_free(&search->buffer);
    TRY(spill_read(task, &run->part, chunk, &search->buffer));
    *begin += row_of_chunk(search);
    return OK;
}

static Status find_in_runs(Task *task, const SortShared *shared, PivotSearch *search, uint64_t *begins) {
    TRY(sort_encoder_init(&task->cx, &search->encoder));
    TRY_ALLOC(&task->cx, search->words, sizeof *search->words * search->encoding->words);
    for (uint32_t r = 0; r < shared->spilled_count; r++) {
        TRY(find_in_run(task, search, &shared->spilled[r], &begins[r]));
    }
    return OK;
}

Status run_ranges_find(Task *task, const SortShared *shared, const RunRanges *ranges, uint32_t range, uint64_t *begins) {
    if (range == 0 || range == ranges->count) {
        for (uint32_t r = 0; r < shared->spilled_count; r++) {
            begins[r] = range == 0 ? 0 : shared->spilled[r].part.rows;
        }
        return OK;
    }
    PivotSearch search = {.encoding = &shared->encoding,
                          .pivot = ranges->pivots + (size_t)(range - 1) * shared->encoding.words};
    row_buffer_init(&search.buffer, &shared->format);
    Status status = find_in_runs(task, shared, &search, begins);
    row_buffer_free(&search.buffer);
    sort_encoder_free(&search.encoder);
    mem_free(search.words);
    return status;
}
