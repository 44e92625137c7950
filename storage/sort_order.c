/* Sorting by integers: each key column becomes numbers that order as its values do (ranks), as many columns as fit are packed
 * into one 64-bit key, most significant first, and keys are sorted by radix, stably; what does not fit is sorted before, as
 * less significant. */
#include "storage/sort_order.h"

#include "storage/encodings/encoding.h"

#include <stdlib.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

typedef struct KeyedRow {
    uint64_t key;
    uint32_t row;
} KeyedRow;

typedef struct Sorter {
    uint32_t rows;
    uint64_t *ranks;         /* of one column, by row */
    KeyedRow *keyed, *other; /* in the order so far; other: scratch of the same size */
    uint32_t key_bits;       /* of keyed[].key that are in use */
} Sorter;

/* ------------------------------------------------------------------------------------------------------------------- ranks */

typedef struct TextOrder {
    const Text *entries;
} TextOrder;

static int compare_texts(const void *a, const void *b, void *order_) {
    const TextOrder *order = order_;
    return text_compare(&order->entries[*(const uint32_t *)a], &order->entries[*(const uint32_t *)b]);
}

static Status ranks_of_text(const Context *cx, const ColumnBuffer *column, Sorter *s) {
    uint32_t size = column->texts.size, *sorted, *rank, next = 0;
    const Text *entries = column->texts.entries;
    TRY_ALLOC(cx, sorted, sizeof *sorted * size * 2);
    rank = sorted + size;
    for (uint32_t e = 0; e < size; e++) {
        sorted[e] = e;
    }
    qsort_r(sorted, size, sizeof *sorted, compare_texts, &(TextOrder){entries});
    for (uint32_t e = 0; e < size; e++) {
        next += e > 0 && !text_equal(&entries[sorted[e - 1]], &entries[sorted[e]]);
        rank[sorted[e]] = next;
    }
    for (uint32_t i = 0; i < s->rows; i++) {
        s->ranks[i] = rank[column_buffer_entry(column, i)];
    }
    mem_free(sorted);
    return OK;
}

static int compare_rows(const void *a, const void *b, void *column_) {
    const ColumnBuffer *column = column_;
    Value x = value_load(column->type, column->values, *(const uint32_t *)a);
    Value y = value_load(column->type, column->values, *(const uint32_t *)b);
    return value_compare(&x, &y);
}

/* Any type: sorts the values themselves. */
static Status ranks_of_values(const Context *cx, const ColumnBuffer *column, Sorter *s) {
    uint32_t *sorted;
    uint64_t next = 0;
    TRY_ALLOC(cx, sorted, sizeof *sorted * s->rows);
    for (uint32_t i = 0; i < s->rows; i++) {
        sorted[i] = i;
    }
    qsort_r(sorted, s->rows, sizeof *sorted, compare_rows, (void *)(uintptr_t)column);
    for (uint32_t i = 0; i < s->rows; i++) {
        next += i > 0 && compare_rows(&sorted[i - 1], &sorted[i], (void *)(uintptr_t)column) != 0;
        s->ranks[sorted[i]] = next;
    }
    mem_free(sorted);
    return OK;
}

#define RANKS(class_, ctype)                                                                                                   \
    case class_:                                                                                                               \
        for (uint32_t i = 0; i < s->rows; i++) {                                                                               \
            s->ranks[i] = (uint64_t)(int64_t)((const ctype *)(const void *)column->values)[i] ^ (UINT64_C(1) << 63);           \
        }                                                                                                                      \
        return OK

static Status ranks_of_column(const Context *cx, const ColumnBuffer *column, Sorter *s) {
    switch (type_class(column->type)) {
        RANKS(CLASS_BOOL, uint8_t);
        RANKS(CLASS_I16, int16_t);
        RANKS(CLASS_I32, int32_t);
        RANKS(CLASS_I64, int64_t);
    case CLASS_TEXT: return ranks_of_text(cx, column, s);
    default: return ranks_of_values(cx, column, s);
    }
}

static bool is_null(const ColumnBuffer *column, uint32_t row) {
    return column->validity != NULL && !bit_get(column->validity, row);
}

/* Ranks from 0; NULLs last. Returns the bits that they take; 65: NULLs have no number left. */
static uint32_t normalize_ranks(const ColumnBuffer *column, Sorter *s) {
    uint64_t min = UINT64_MAX, max = 0;
    for (uint32_t i = 0; i < s->rows; i++) {
        if (!is_null(column, i)) {
            min = s->ranks[i] < min ? s->ranks[i] : min;
            max = s->ranks[i] > max ? s->ranks[i] : max;
        }
    }
    if (min > max) {
        min = max = 0; /* nothing but NULLs */
    }
    if (column->nulls > 0 && max - min == UINT64_MAX) {
        return 65;
    }
    for (uint32_t i = 0; i < s->rows; i++) {
        s->ranks[i] = is_null(column, i) ? max - min + 1 : s->ranks[i] - min;
    }
    return bits_needed(max - min + (column->nulls > 0));
}

/* ------------------------------------------------------------------------------------------------------------------ sorting */

static bool keys_are_sorted(const Sorter *s) {
    for (uint32_t i = 1; i < s->rows; i++) {
        if (s->keyed[i].key < s->keyed[i - 1].key) {
            return false;
        }
    }
    return true;
}

static void sort_digit(Sorter *s, uint32_t shift) {
    uint32_t starts[DIGITS] = {0}, at = 0;
    for (uint32_t i = 0; i < s->rows; i++) {
        starts[s->keyed[i].key >> shift & (DIGITS - 1)]++;
    }
    for (uint32_t d = 0; d < DIGITS; d++) {
        uint32_t count = starts[d];
        starts[d] = at;
        at += count;
    }
    for (uint32_t i = 0; i < s->rows; i++) {
        s->other[starts[s->keyed[i].key >> shift & (DIGITS - 1)]++] = s->keyed[i];
    }
    KeyedRow *swap = s->keyed;
    s->keyed = s->other;
    s->other = swap;
}

/* Sorts by the keys packed so far; then there are none. */
static void sort_keys(Sorter *s) {
    if (!keys_are_sorted(s)) {
        for (uint32_t shift = 0; shift < s->key_bits; shift += DIGIT_BITS) {
            sort_digit(s, shift);
        }
    }
    for (uint32_t i = 0; i < s->rows; i++) {
        s->keyed[i].key = 0;
    }
    s->key_bits = 0;
}

/* Adds a column above the bits in use, sorting first by those if it does not fit. */
static Status add_key(const Context *cx, const ColumnBuffer *column, Sorter *s) {
    TRY(ranks_of_column(cx, column, s));
    uint32_t bits = normalize_ranks(column, s);
    if (bits == 65) {
        TRY(ranks_of_values(cx, column, s));
        bits = normalize_ranks(column, s);
    }
    if (s->key_bits + bits > 64) {
        sort_keys(s);
    }
    for (uint32_t i = 0; bits > 0 && i < s->rows; i++) {
        s->keyed[i].key |= s->ranks[s->keyed[i].row] << s->key_bits;
    }
    s->key_bits += bits;
    return OK;
}

static bool is_identity(const Sorter *s) {
    for (uint32_t i = 0; i < s->rows; i++) {
        if (s->keyed[i].row != i) {
            return false;
        }
    }
    return true;
}

static Status find_order(const Context *cx, const TableSchema *schema, const ColumnBuffer *columns, Sorter *s,
                         uint32_t **order) {
    TRY_ALLOC(cx, s->ranks, sizeof *s->ranks * s->rows);
    TRY_ALLOC_ZEROED(cx, s->keyed, sizeof *s->keyed * s->rows);
    TRY_ALLOC(cx, s->other, sizeof *s->other * s->rows);
    for (uint32_t i = 0; i < s->rows; i++) {
        s->keyed[i].row = i;
    }
    for (uint32_t k = schema->sort_key_count; k-- > 0;) {
        TRY(check_cancel(cx));
        TRY(add_key(cx, &columns[schema->sort_keys[k]], s));
    }
    sort_keys(s);
    if (is_identity(s)) {
        return OK;
    }
    TRY_ALLOC(cx, *order, sizeof **order * s->rows);
    for (uint32_t i = 0; i < s->rows; i++) {
        (*order)[i] = s->keyed[i].row;
    }
    return OK;
}

Status sort_order_find(const Context *cx, const TableSchema *schema, const ColumnBuffer *columns, uint32_t rows,
                       uint32_t **order) {
    *order = NULL;
    if (schema->sort_key_count == 0 || rows < 2) {
        return OK;
    }
    Sorter s = {.rows = rows};
    Status status = find_order(cx, schema, columns, &s, order);
    mem_free(s.ranks);
    mem_free(s.keyed);
    mem_free(s.other);
    return status;
}
