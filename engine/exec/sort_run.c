/* Sorting items, runs, and merging runs. See sort_run.h.
 *
 * Items are radix-sorted by one word at a time: by the first word, then each stretch of equal items by the next, and what no
 * word decides by the next bytes of its text, or comparing values. Short stretches are sorted by insertion. */
#include "exec/sort_run.h"

#include "exec/exec.h"

#define DIGIT_BITS 11
#define DIGIT_BITS_SMALL 8
#define SMALL_ITEMS 4096  /* up to here 8-bit digits: counting 2,048 would cost more than sorting */
#define CACHE_ITEMS 65536 /* two copies stay in the second cache */
#define INSERTION_MAX 48
#define TAIL_END 512      /* texts that are equal up to here are compared by value */
#define STEP_ITEMS 262144 /* of a pass over all items, between two looks for cancel: about a millisecond */

/* ---------------------------------------------------------------------------------------------------------------- items */

static void insertion_sort(SortItem *items, uint64_t count) {
    for (uint64_t i = 1; i < count; i++) {
        SortItem item = items[i];
        uint64_t at = i;
        for (; at > 0 && items[at - 1].key > item.key; at--) {
            items[at] = items[at - 1];
        }
        items[at] = item;
    }
}

static uint64_t step_end(uint64_t step, uint64_t count) {
    return count - step < STEP_ITEMS ? count : step + STEP_ITEMS;
}

/* Writes the items to `to` in the order of one digit; `starts` are where each digit's items begin. Stable. */
static Status scatter_by_digit(const Context *cx, const SortItem *from, SortItem *to, uint64_t count, uint32_t shift,
                               uint32_t mask, uint64_t *starts) {
    for (uint64_t step = 0; step < count; step += STEP_ITEMS) {
        uint64_t end = step_end(step, count);
        TRY(check_cancel(cx));
        for (uint64_t i = step; i < end; i++) {
            to[starts[from[i].key >> shift & mask]++] = from[i];
        }
    }
    return OK;
}

static Status count_digits(const Context *cx, const SortItem *items, uint64_t count, uint32_t shift, uint32_t mask,
                           uint64_t *counts) {
    for (uint64_t step = 0; step < count; step += STEP_ITEMS) {
        uint64_t end = step_end(step, count);
        TRY(check_cancel(cx));
        for (uint64_t i = step; i < end; i++) {
            counts[items[i].key >> shift & mask]++;
        }
    }
    return OK;
}

/* Turns counts into starts. */
static void sum_counts(uint64_t *counts, uint32_t digits) {
    uint64_t start = 0;
    for (uint32_t d = 0; d < digits; d++) {
        uint64_t here = counts[d];
        counts[d] = start;
        start += here;
    }
}

/* The bits in which keys differ. */
static Status differing_bits(const Context *cx, const SortItem *items, uint64_t count, uint64_t *bits_out) {
    uint64_t bits = 0;
    for (uint64_t step = 0; step < count; step += STEP_ITEMS) {
        uint64_t end = step_end(step, count);
        TRY(check_cancel(cx));
        for (uint64_t i = step; i < end; i++) {
            bits |= items[i].key ^ items[0].key;
        }
    }
    *bits_out = bits;
    return OK;
}

/* Least significant digit first, by the bits of `differing`. The result is in `from`, or in `to` if that is asked. */
static Status sort_by_digits(const Context *cx, SortItem *from, SortItem *to, uint64_t count, uint64_t differing,
                             bool wants_to) {
    uint32_t bits = count < SMALL_ITEMS ? DIGIT_BITS_SMALL : DIGIT_BITS, mask = (1u << bits) - 1;
    uint64_t counts[1u << DIGIT_BITS];
    for (uint32_t shift = 0; shift < 64 && differing >> shift != 0; shift += bits) {
        if ((differing >> shift & mask) == 0) {
            continue;
        }
        memset(counts, 0, sizeof *counts << bits);
        TRY(count_digits(cx, from, count, shift, mask, counts));
        sum_counts(counts, mask + 1);
        TRY(scatter_by_digit(cx, from, to, count, shift, mask, counts));
        SortItem *swap = from;
        from = to;
        to = swap;
        wants_to = !wants_to;
    }
    if (wants_to) {
        memcpy(to, from, sizeof *to * count);
    }
    return OK;
}

/* Sorts by items[].key, stable. What is larger than the cache is first split by the most significant digit. */
static Status radix_sort(const Context *cx, SortItem *items, SortItem *scratch, uint64_t count) {
    uint64_t differing;
    TRY(differing_bits(cx, items, count, &differing));
    if (count <= CACHE_ITEMS || differing >> DIGIT_BITS_SMALL == 0) {
        return sort_by_digits(cx, items, scratch, count, differing, false);
    }
    uint32_t shift = 64 - (uint32_t)__builtin_clzll(differing) - DIGIT_BITS_SMALL;
    uint32_t mask = (1u << DIGIT_BITS_SMALL) - 1;
    uint64_t counts[1u << DIGIT_BITS_SMALL] = {0};
    TRY(count_digits(cx, items, count, shift, mask, counts));
    sum_counts(counts, mask + 1);
    TRY(scatter_by_digit(cx, items, scratch, count, shift, mask, counts));
    for (uint32_t d = 0; d <= mask; d++) { /* counts are the ends now */
        uint64_t start = d == 0 ? 0 : counts[d - 1], here = counts[d] - start;
        TRY(check_cancel(cx));
        if (here <= INSERTION_MAX) {
            insertion_sort(scratch + start, here);
            memcpy(items + start, scratch + start, sizeof *items * here);
        } else {
            TRY(sort_by_digits(cx, scratch + start, items + start, here, differing & (((uint64_t)1 << shift) - 1), true));
        }
    }
    return OK;
}

/* Merge sort by the values of keys from `first_key` on, stable. */
static Status sort_by_value(const Context *cx, const SortContext *sort, SortItem *items, SortItem *scratch, uint64_t count,
                            uint32_t first_key) {
    const SortEncoding *encoding = sort->encoding;
    for (uint64_t width = 1; width < count && first_key < encoding->key_count; width *= 2) {
        for (uint64_t low = 0; low < count; low += 2 * width) {
            uint64_t middle = low + width < count ? low + width : count;
            uint64_t high = low + 2 * width < count ? low + 2 * width : count;
            uint64_t a = low, b = middle;
            TRY(check_cancel(cx));
            for (uint64_t i = low; i < high; i++) {
                bool takes_b = a == middle || (b < high && sort_compare_rows(encoding, first_key, encoding->key_count,
                                                                             sort->chunks, items[b].row, items[a].row) < 0);
                scratch[i] = items[takes_b ? b++ : a++];
            }
        }
        memcpy(items, scratch, sizeof *items * count);
    }
    return OK;
}

/* The stretch of items from `start` on whose keys are equal ends here. */
static uint64_t stretch_end(const SortItem *items, uint64_t start, uint64_t count) {
    uint64_t end = start + 1;
    while (end < count && items[end].key == items[start].key) {
        end++;
    }
    return end;
}

static Status sort_by_key(const Context *cx, SortItem *items, SortItem *scratch, uint64_t count) {
    if (count <= INSERTION_MAX) {
        insertion_sort(items, count);
        return OK;
    }
    return radix_sort(cx, items, scratch, count);
}

/* Makes bytes [from, from + 8) of the items' texts their keys. *are_equal: the texts end before them and are of one length. */
static Status load_tails(const Context *cx, const SortContext *sort, SortItem *items, uint64_t count, uint32_t from,
                         bool *are_equal) {
    const SortEncoding *encoding = sort->encoding;
    uint64_t invert = encoding->fields[encoding->tie_from].is_descending ? UINT64_MAX : 0;
    uint32_t least = UINT32_MAX, most = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t bytes;
        if (i % CANCEL_ROWS == CANCEL_ROWS - 1) {
            TRY(check_cancel(cx));
        }
        items[i].key = sort_text_word(encoding, sort->chunks, items[i].row, from, &bytes) ^ invert;
        least = bytes < least ? bytes : least;
        most = bytes > most ? bytes : most;
    }
    *are_equal = most <= from && least == most;
    return OK;
}

/* Items whose words, and whose texts of key tie_from up to byte `from`, are equal. */
static Status sort_by_tails(const Context *cx, const SortContext *sort, SortItem *items, SortItem *scratch, uint64_t count,
                            uint32_t from) {
    bool are_equal;
    TRY(load_tails(cx, sort, items, count, from, &are_equal));
    if (are_equal) {
        return sort_by_value(cx, sort, items, scratch, count, sort->encoding->tie_from + 1);
    }
    TRY(sort_by_key(cx, items, scratch, count));
    for (uint64_t start = 0, end; start < count; start = end) {
        end = stretch_end(items, start, count);
        if (end - start > 1 && from + 8 < TAIL_END) {
            TRY(sort_by_tails(cx, sort, items + start, scratch + start, end - start, from + 8));
        } else if (end - start > 1) {
            TRY(sort_by_value(cx, sort, items + start, scratch + start, end - start, sort->encoding->tie_from));
        }
    }
    return OK;
}

/* Items whose words before `word` are equal. Their keys are that word afterwards. */
static Status sort_from_word(const Context *cx, const SortContext *sort, SortItem *items, SortItem *scratch, uint64_t count,
                             uint32_t word) {
    const SortEncoding *encoding = sort->encoding;
    if (word == encoding->words) {
        return encoding->is_exact ? OK : sort_by_tails(cx, sort, items, scratch, count, TEXT_INLINE_MAX);
    }
    for (uint64_t i = 0; i < count && word > 0; i++) {
        if (i % CANCEL_ROWS == CANCEL_ROWS - 1) {
            TRY(check_cancel(cx));
        }
        items[i].key = sort->words[(size_t)items[i].index * encoding->words + word];
    }
    TRY(sort_by_key(cx, items, scratch, count));
    if (word + 1 == encoding->words && encoding->is_exact) {
        return OK;
    }
    for (uint64_t start = 0, end; start < count; start = end) {
        uint64_t key = items[start].key;
        end = stretch_end(items, start, count);
        if (end - start > 1) {
            TRY(sort_from_word(cx, sort, items + start, scratch + start, end - start, word + 1));
            for (uint64_t i = start; i < end; i++) { /* a later word stands there */
                items[i].key = key;
            }
        }
        if (start / CANCEL_ROWS != end / CANCEL_ROWS) {
            TRY(check_cancel(cx));
        }
    }
    return OK;
}

Status sort_items(const Context *cx, const SortContext *sort, SortItem *items, SortItem *scratch, uint64_t count) {
    return sort_from_word(cx, sort, items, scratch, count, 0);
}

/* ----------------------------------------------------------------------------------------------------------------- runs */

void sort_run_init(SortRun *run, const RowFormat *format) {
    memset(run, 0, sizeof *run);
    row_buffer_init(&run->rows, format);
}

void sort_run_free(SortRun *run) {
    if (run->rows.format != NULL) {
        row_buffer_free(&run->rows);
    }
    mem_free(run->words);
    mem_free(run->items);
    run->words = NULL;
    run->items = NULL;
}

Status sort_run_append(const Context *cx, SortRun *run, const SortEncoding *encoding, const Batch *in, const uint64_t *words) {
    uint64_t rows = run->rows.rows + in->rows;
    if (rows >= ROW_NONE) {
        return fail(cx, PROGRAM_LIMIT_EXCEEDED, "a sort cannot hold more than 4,294,967,294 rows");
    }
    if (rows > run->word_capacity) {
        uint64_t capacity = run->word_capacity == 0 ? 4 * BATCH_ROWS_MAX : run->word_capacity * 2;
        uint64_t *grown = mem_resize(cx, run->words, capacity * encoding->words * sizeof *grown);
        if (grown == NULL) {
            return OUT_OF_MEMORY;
        }
        run->words = grown;
        run->word_capacity = capacity;
    }
    memcpy(run->words + run->rows.rows * encoding->words, words, sizeof *words * encoding->words * in->rows);
    return row_buffer_append(cx, &run->rows, in, NULL);
}

Status sort_run_sort(const Context *cx, SortRun *run, const SortEncoding *encoding, int64_t limit) {
    uint64_t rows = run->rows.rows;
    SortItem *scratch;
    mem_free(run->items);
    run->items = NULL;
    TRY_ALLOC(cx, run->items, sizeof *run->items * rows);
    TRY_ALLOC(cx, scratch, sizeof *scratch * rows);
    Status status = OK;
    for (uint64_t i = 0; i < rows && status == OK; i++) { /* all chunks but the last are full: row numbers have no gaps */
        status = i % CANCEL_ROWS == 0 ? check_cancel(cx) : OK;
        run->items[i] = (SortItem){.key = run->words[i * encoding->words], .row = (uint32_t)i, .index = (uint32_t)i};
    }
    SortContext sort = {.encoding = encoding, .words = run->words, .chunks = run->rows.chunks};
    status = status != OK ? status : sort_items(cx, &sort, run->items, scratch, rows);
    mem_free(scratch);
    run->item_count = limit >= 0 && (uint64_t)limit < rows ? (uint64_t)limit : rows;
    return status;
}

/* Appends the run's items, in order, to `kept`, reading them from `table`. */
static Status copy_items(const Context *cx, const SortRun *run, const RowTable *table, const SortEncoding *encoding,
                         Batch *batch, SortRun *kept) {
    uint64_t *words;
    TRY_ALLOC(cx, words, sizeof *words * BATCH_ROWS_MAX * encoding->words);
    Status status = OK;
    uint32_t rows[BATCH_ROWS_MAX];
    for (uint64_t first = 0; status == OK && first < run->item_count; first += batch->rows) {
        batch->rows = run->item_count - first < BATCH_ROWS_MAX ? (uint32_t)(run->item_count - first) : BATCH_ROWS_MAX;
        for (uint32_t i = 0; i < batch->rows; i++) {
            const SortItem *item = &run->items[first + i];
            rows[i] = item->row;
            memcpy(words + (size_t)i * encoding->words, run->words + (size_t)item->index * encoding->words,
                   sizeof *words * encoding->words);
        }
        for (uint32_t c = 0; status == OK && c < batch->column_count; c++) {
            status = row_table_gather(cx, table, c, rows, batch->rows, false, &batch->columns[c]);
        }
        status = status != OK ? status : sort_run_append(cx, kept, encoding, batch, words);
    }
    mem_free(words);
    return status;
}

Status sort_run_compact(const Context *cx, SortRun *run, const SortEncoding *encoding, const PhysicalNode *op) {
    RowTable table = {0};
    Batch batch = {0};
    SortRun kept;
    uint32_t first_chunk;
    Status status = OK;
    sort_run_init(&kept, run->rows.format);
    TRY_GOTO(row_table_take(cx, &table, &run->rows, &first_chunk));
    TRY_GOTO(row_table_open(cx, &table));
    TRY_GOTO(batch_init_like(cx, op, &batch));
    TRY_GOTO(copy_items(cx, run, &table, encoding, &batch, &kept));
    sort_run_free(run);
    *run = kept;
    memset(&kept, 0, sizeof kept);
done:
    sort_run_free(&kept);
    batch_free(&batch);
    row_table_free(&table);
    return status;
}

/* -------------------------------------------------------------------------------------------------------------- merging */

/* Items of different runs (their numbers). */
static int compare_items(const SortMerge *merge, uint32_t run_a, const SortItem *a, uint32_t run_b, const SortItem *b) {
    const SortEncoding *encoding = merge->encoding;
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    for (uint32_t w = 1; w < encoding->words; w++) {
        uint64_t word_a = merge->runs[run_a].words[(size_t)a->index * encoding->words + w];
        uint64_t word_b = merge->runs[run_b].words[(size_t)b->index * encoding->words + w];
        if (word_a != word_b) {
            return word_a < word_b ? -1 : 1;
        }
    }
    return encoding->is_exact ? 0
                              : sort_compare_rows(encoding, encoding->tie_from, encoding->key_count, merge->chunks,
                                                  merge->runs[run_a].first_row + a->row, merge->runs[run_b].first_row + b->row);
}

/* The first item of `run` that is not less than the pivot. */
static uint64_t lower_bound(const SortMerge *merge, uint32_t run, uint32_t pivot_run, const SortItem *pivot) {
    uint64_t low = 0, high = merge->runs[run].item_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (compare_items(merge, run, &merge->runs[run].items[middle], pivot_run, pivot) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t longest_run(const SortMerge *merge) {
    uint32_t longest = 0;
    for (uint32_t r = 1; r < merge->run_count; r++) {
        longest = merge->runs[r].item_count > merge->runs[longest].item_count ? r : longest;
    }
    return longest;
}

Status sort_merge_prepare(const Context *cx, SortMerge *merge, uint32_t parts) {
    merge->parts = parts;
    merge->rows = 0;
    for (uint32_t r = 0; r < merge->run_count; r++) {
        merge->rows += merge->runs[r].item_count;
    }
    TRY_ALLOC(cx, merge->order, sizeof *merge->order * merge->rows);
    TRY_ALLOC_ZEROED(cx, merge->bounds, sizeof *merge->bounds * (parts + 1) * merge->run_count);
    if (merge->rows == 0) {
        return OK;
    }
    uint32_t longest = longest_run(merge);
    const SortRun *run = &merge->runs[longest];
    for (uint32_t p = 1; p <= parts; p++) {
        const SortItem *pivot = &run->items[run->item_count * p / parts - (p == parts)];
        for (uint32_t r = 0; r < merge->run_count; r++) {
            merge->bounds[p * merge->run_count + r] =
                p == parts ? merge->runs[r].item_count : lower_bound(merge, r, longest, pivot);
        }
    }
    return OK;
}

Status sort_merge_part(const Context *cx, SortMerge *merge, uint32_t part) {
    uint32_t runs = merge->run_count;
    uint64_t *at, out = 0, end = 0;
    TRY_ALLOC(cx, at, sizeof *at * runs);
    const uint64_t *bounds = merge->bounds + (size_t)part * runs;
    for (uint32_t r = 0; r < runs; r++) {
        at[r] = bounds[r];
        out += bounds[r];
        end += bounds[runs + r];
    }
    Status status = OK;
    for (; out < end && status == OK; out++) {
        uint32_t least = UINT32_MAX;
        for (uint32_t r = 0; r < runs; r++) {
            if (at[r] < bounds[runs + r] && (least == UINT32_MAX || compare_items(merge, r, &merge->runs[r].items[at[r]], least,
                                                                                  &merge->runs[least].items[at[least]]) < 0)) {
                least = r;
            }
        }
        merge->order[out] = merge->runs[least].first_row + merge->runs[least].items[at[least]++].row;
        status = out % CANCEL_ROWS == 0 ? check_cancel(cx) : OK;
    }
    mem_free(at);
    return status;
}

void sort_merge_free(SortMerge *merge) {
    mem_free(merge->bounds);
    mem_free(merge->order);
}
