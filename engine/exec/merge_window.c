/* Windows of a merge join: see merge_window.h. Nothing here calls a function per row: keys are merged and matched in plain
 * loops over arrays of 64-bit numbers. */
#include "exec/merge_window.h"

#include "exec/scan_cursor.h"

/* Keys at most this far apart, on average, get a table of places. It stays within the nearer caches: a window is small. */
#define PLACES_PER_KEY 16
#define PLACES_MAX ((uint64_t)1 << 17)
#define PLACE_NONE UINT16_MAX

Status merge_window_open(const Context *cx, MergeWindow *window, const PhysicalNode *inner) {
    TRY(row_format_init(cx, &window->format, inner->columns, inner->column_count, false));
    row_buffer_init(&window->rows, &window->format);
    row_buffer_init(&window->spare, &window->format);
    return row_table_view(cx, &window->table, &window->rows);
}

void merge_window_close(MergeWindow *window) {
    if (window->format.columns == NULL) {
        return;
    }
    row_table_view_free(&window->table);
    row_buffer_free(&window->rows);
    row_buffer_free(&window->spare);
    row_format_free(&window->format);
    mem_free(window->keys);
    mem_free(window->numbers);
    mem_free(window->merged_keys);
    mem_free(window->merged_numbers);
    mem_free(window->pieces);
    mem_free(window->places);
}

void merge_window_clear(MergeWindow *window) {
    row_buffer_clear(&window->rows);
    window->first = window->count = window->sealed = window->piece_count = 0;
    window->has_duplicates = false;
}

/* ------------------------------------------------------------------------------------------------------------- dropping */

/* Copies what is left to the spare buffer, which takes the place of the other. */
static Status keep_rest(const Context *cx, MergeWindow *window, Batch *batch) {
    uint32_t left = window->count - window->first;
    for (uint32_t at = 0; at < left; at += batch->rows) {
        const uint32_t *numbers = window->numbers + window->first + at;
        batch->rows = left - at < BATCH_ROWS_MAX ? left - at : BATCH_ROWS_MAX;
        for (uint32_t c = 0; c < batch->column_count; c++) {
            TRY(row_table_gather(cx, &window->table, c, numbers, batch->rows, false, &batch->columns[c]));
        }
        TRY(row_buffer_append(cx, &window->spare, batch, NULL));
    }
    RowBuffer emptied = window->rows;
    window->rows = window->spare;
    window->spare = emptied;
    row_buffer_clear(&window->spare);
    memmove(window->keys, window->keys + window->first, left * sizeof *window->keys);
    for (uint32_t i = 0; i < left; i++) {
        window->numbers[i] = i;
    }
    window->first = 0;
    window->count = window->sealed = left;
    return OK;
}

static Status compact(const Context *cx, MergeWindow *window) {
    uint32_t columns = window->format.column_count;
    Type *types;
    Batch batch = {0};
    TRY_ALLOC(cx, types, sizeof *types * columns);
    for (uint32_t c = 0; c < columns; c++) {
        types[c] = window->format.columns[c].type;
    }
    Status status = batch_init(cx, &batch, types, columns);
    mem_free(types);
    status = status == OK ? keep_rest(cx, window, &batch) : status;
    batch_free(&batch);
    return status;
}

/* Rows are moved only where at least as many go. */
Status merge_window_drop(const Context *cx, MergeWindow *window, int64_t key) {
    window->first += key_lower_bound(window->keys + window->first, window->count - window->first, key);
    uint32_t left = window->count - window->first;
    if (left == 0) {
        merge_window_clear(window);
        return OK;
    }
    window->has_duplicates &= left > 1;
    return left <= window->first ? compact(cx, window) : OK;
}

/* --------------------------------------------------------------------------------------------------------------- adding */

static Status grow(const Context *cx, void **array, size_t bytes) {
    void *grown = mem_resize(cx, *array, bytes);
    if (grown == NULL) {
        return OUT_OF_MEMORY;
    }
    *array = grown;
    return OK;
}

static Status reserve(const Context *cx, MergeWindow *window, uint32_t more) {
    if (more > ROW_NONE - 1 - window->count) {
        return fail(cx, PROGRAM_LIMIT_EXCEEDED, "a merge join cannot keep more than 4,294,967,294 rows of one key");
    }
    if (window->count + more <= window->capacity) {
        return OK;
    }
    uint64_t capacity = window->capacity == 0 ? 2 * BATCH_ROWS_MAX : (uint64_t)window->capacity * 2;
    capacity = capacity > ROW_NONE ? ROW_NONE : capacity;
    TRY(grow(cx, (void **)&window->keys, capacity * sizeof *window->keys));
    TRY(grow(cx, (void **)&window->numbers, capacity * sizeof *window->numbers));
    window->capacity = (uint32_t)capacity;
    return OK;
}

Status merge_window_add(const Context *cx, MergeWindow *window, const Batch *batch, const int64_t *keys, uint32_t first,
                        uint32_t end) {
    uint32_t number = (uint32_t)window->rows.rows, count = end - first;
    if (count == 0) {
        return OK;
    }
    TRY(reserve(cx, window, count));
    TRY(row_buffer_append_rows(cx, &window->rows, batch, NULL, first, end));
    TRY_MEM_APPEND(cx, window->pieces, window->piece_capacity, window->piece_count, window->count);
    memcpy(window->keys + window->count, keys + first, count * sizeof *keys);
    for (uint32_t i = 0; i < count; i++) {
        window->numbers[window->count + i] = number + i;
    }
    window->count += count;
    return OK;
}

/* Ascending keys [a, b) and [b, c) into one order, without branches on the keys. */
static void merge_two(const int64_t *keys, const uint32_t *numbers, uint32_t a, uint32_t b, uint32_t c, int64_t *out_keys,
                      uint32_t *out_numbers) {
    uint32_t left = a, right = b, out = a;
    while (left < b && right < c) {
        bool takes_right = keys[right] < keys[left];
        uint32_t from = takes_right ? right : left;
        out_keys[out] = keys[from];
        out_numbers[out++] = numbers[from];
        right += takes_right;
        left += !takes_right;
    }
    uint32_t from = left < b ? left : right, rest = left < b ? b - left : c - right;
    memcpy(out_keys + out, keys + from, rest * sizeof *keys);
    memcpy(out_numbers + out, numbers + from, rest * sizeof *numbers);
}

/* Merges the pieces in pairs until one is left. */
static Status merge_pieces(const Context *cx, MergeWindow *window) {
    if (mem_size(window->merged_keys) < window->capacity * sizeof *window->keys) {
        TRY(grow(cx, (void **)&window->merged_keys, window->capacity * sizeof *window->keys));
        TRY(grow(cx, (void **)&window->merged_numbers, window->capacity * sizeof *window->numbers));
    }
    while (window->piece_count > 1) {
        uint32_t kept = 0;
        for (uint32_t p = 0; p < window->piece_count; p += 2) {
            uint32_t a = window->pieces[p], b = p + 1 < window->piece_count ? window->pieces[p + 1] : window->count;
            uint32_t c = p + 2 < window->piece_count ? window->pieces[p + 2] : window->count;
            merge_two(window->keys, window->numbers, a, b, c, window->merged_keys, window->merged_numbers);
            window->pieces[kept++] = a;
        }
        window->piece_count = kept;
        uint32_t from = window->sealed, count = window->count - from;
        memcpy(window->keys + from, window->merged_keys + from, count * sizeof *window->keys);
        memcpy(window->numbers + from, window->merged_numbers + from, count * sizeof *window->numbers);
    }
    return OK;
}

static bool has_equal_neighbours(const int64_t *keys, uint32_t count) {
    uint32_t equal = 0;
    for (uint32_t i = 1; i < count; i++) {
        equal += keys[i] == keys[i - 1];
    }
    return equal > 0;
}

static size_t bytes_of(const MergeWindow *window) {
    size_t row_bytes = 0;
    for (uint32_t c = 0; c < window->format.column_count; c++) {
        row_bytes += window->format.columns[c].width;
    }
    return (window->rows.rows + window->spare.rows) * row_bytes + mem_size(window->keys) + mem_size(window->numbers) +
           mem_size(window->merged_keys) + mem_size(window->merged_numbers) + mem_size(window->places);
}

/* Where single keys lie close together, a table by key says where each is: no search, and no step waits for the one before. */
static Status list_places(const Context *cx, MergeWindow *window) {
    uint32_t count = window->count - window->first;
    window->place_count = 0;
    if (count == 0 || count >= PLACE_NONE || window->has_duplicates) {
        return OK;
    }
    const int64_t *keys = window->keys + window->first;
    uint64_t width = (uint64_t)keys[count - 1] - (uint64_t)keys[0];
    if (width >= PLACES_MAX || width >= (uint64_t)count * PLACES_PER_KEY) {
        return OK;
    }
    if (mem_size(window->places) < (width + 1) * sizeof *window->places) {
        TRY(grow(cx, (void **)&window->places, (width + 1) * sizeof *window->places));
    }
    memset(window->places, 0xff, (width + 1) * sizeof *window->places);
    for (uint32_t i = 0; i < count; i++) {
        window->places[(uint64_t)keys[i] - (uint64_t)keys[0]] = (uint16_t)i;
    }
    window->place_count = width + 1;
    return OK;
}

Status merge_window_seal(const Context *cx, MergeWindow *window) {
    if (window->piece_count > 1) {
        TRY(merge_pieces(cx, window));
    }
    window->piece_count = 0;
    if (!window->has_duplicates) {
        uint32_t from = window->sealed > window->first ? window->sealed - 1 : window->first;
        window->has_duplicates = has_equal_neighbours(window->keys + from, window->count - from);
    }
    window->sealed = window->count;
    TRY(list_places(cx, window));
    size_t bytes = bytes_of(window);
    window->bytes_peak = bytes > window->bytes_peak ? bytes : window->bytes_peak;
    return row_table_view(cx, &window->table, &window->rows);
}

/* ------------------------------------------------------------------------------------------------------------- matching */

MergeMark merge_window_mark(const MergeWindow *window, uint32_t row, int64_t key) {
    uint32_t before = key_lower_bound(window->keys + window->first, window->count - window->first, key);
    return (MergeMark){row, window->first + before, 0};
}

static uint32_t match_by_place(const MergeWindow *window, const int64_t *keys, uint32_t from, uint32_t end, JoinPairs *pairs) {
    const uint32_t *numbers = window->numbers + window->first;
    const uint16_t *places = window->places;
    uint64_t least = (uint64_t)window->keys[window->first], width = window->place_count;
    uint32_t count = 0;
    for (uint32_t row = from; row < end; row++) {
        uint64_t distance = (uint64_t)keys[row] - least;
        bool is_within = distance < width;
        uint16_t place = places[is_within ? distance : 0];
        bool is_there = is_within && place != PLACE_NONE;
        pairs->probe[count] = (uint16_t)row;
        pairs->build[count] = numbers[is_there ? place : 0];
        count += is_there;
    }
    return count;
}

/* One step moves on in one of the two lists; the first partner of a row is taken. */
static uint32_t match_first(const MergeWindow *window, const int64_t *keys, uint32_t end, MergeMark *mark, JoinPairs *pairs) {
    const int64_t *others = window->keys;
    const uint32_t *numbers = window->numbers;
    uint32_t row = mark->row, other = mark->partner, others_end = window->count, count = 0;
    while (row < end && other < others_end) {
        int64_t key = keys[row], other_key = others[other];
        pairs->probe[count] = (uint16_t)row;
        pairs->build[count] = numbers[other];
        count += key == other_key;
        row += key <= other_key;
        other += key > other_key;
    }
    *mark = (MergeMark){end, other, 0};
    return count;
}

/* The same with all partners, where no two rows have the same key: then a partner has at most one row. */
static uint32_t match_partners(const MergeWindow *window, const int64_t *keys, uint32_t end, uint32_t most, MergeMark *mark,
                               JoinPairs *pairs) {
    const int64_t *others = window->keys;
    const uint32_t *numbers = window->numbers;
    uint32_t row = mark->row, other = mark->partner + mark->done, others_end = window->count, count = 0;
    while (row < end && other < others_end && count < most) {
        int64_t key = keys[row], other_key = others[other];
        pairs->probe[count] = (uint16_t)row;
        pairs->build[count] = numbers[other];
        count += key == other_key;
        row += key < other_key;
        other += key >= other_key;
    }
    *mark = (MergeMark){other == others_end ? end : row, other, 0};
    return count;
}

/* Every row of a key with every partner of it. */
static uint32_t match_all(const MergeWindow *window, const int64_t *keys, uint32_t end, uint32_t most, MergeMark *mark,
                          JoinPairs *pairs) {
    const int64_t *others = window->keys;
    uint32_t row = mark->row, partner = mark->partner, done = mark->done, others_end = window->count, count = 0;
    for (; row < end; row++) {
        int64_t key = keys[row];
        while (partner < others_end && others[partner] < key) {
            partner++;
        }
        uint32_t other = partner + done;
        for (; other < others_end && others[other] == key && count < most; other++) {
            pairs->probe[count] = (uint16_t)row;
            pairs->build[count++] = window->numbers[other];
        }
        if (other < others_end && others[other] == key) { /* full */
            done = other - partner;
            break;
        }
        done = 0;
    }
    *mark = (MergeMark){row, partner, done};
    return count;
}

void merge_window_match(const MergeWindow *window, const int64_t *keys, uint32_t end, bool first_only, uint32_t most,
                        MergeMark *mark, JoinPairs *pairs, bool *is_single) {
    *is_single = first_only || !window->has_duplicates;
    if (window->first == window->count) {
        pairs->count = 0;
        mark->row = end;
    } else if (!*is_single) {
        bool is_unique = !has_equal_neighbours(keys + mark->row, end - mark->row);
        pairs->count = (is_unique ? match_partners : match_all)(window, keys, end, most, mark, pairs);
    } else if (window->place_count > 0) {
        pairs->count = match_by_place(window, keys, mark->row, end, pairs);
        mark->row = end;
    } else {
        pairs->count = match_first(window, keys, end, mark, pairs);
    }
}
