/* Key filters: least and greatest build key, and a bitmap of the keys where that is small for the rows it stands for. */
#include "exec/join_filter.h"

#include "core/predicate.h"

/* Up to this range a bitmap always pays (128 KB); beyond, only up to some bits per row. */
#define BITMAP_RANGE_SMALL ((uint64_t)1 << 20)
#define BITMAP_BITS_PER_ROW 256

typedef void RunVisitor(KeyFilter *filter, const int64_t *keys, const uint64_t *validity, uint32_t first, uint32_t count);

static void widen_range(KeyFilter *filter, const int64_t *keys, const uint64_t *validity, uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (validity == NULL || bit_get(validity, first + i)) {
            filter->min = filter->is_empty || keys[i] < filter->min ? keys[i] : filter->min;
            filter->max = filter->is_empty || keys[i] > filter->max ? keys[i] : filter->max;
            filter->is_empty = false;
        }
    }
}

static void set_bits(KeyFilter *filter, const int64_t *keys, const uint64_t *validity, uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (validity == NULL || bit_get(validity, first + i)) {
            bit_set(filter->bitmap, (uint64_t)keys[i] - (uint64_t)filter->min);
        }
    }
}

static Status visit_keys(const Context *cx, const RowTable *table, uint32_t column, RunVisitor *visit, KeyFilter *filter) {
    const ColumnFormat *format = &table->format->columns[column];
    const TableColumn *stored = &table->columns[column];
    int64_t keys[BATCH_ROWS_MAX];
    for (uint64_t first = 0; first < table->rows; first += BATCH_ROWS_MAX) {
        TRY(check_cancel(cx));
        uint32_t count = table->rows - first < BATCH_ROWS_MAX ? (uint32_t)(table->rows - first) : BATCH_ROWS_MAX;
        column_format_load_i64(format, (const uint8_t *)stored->data[0] + first * format->width, count, keys);
        visit(filter, keys, stored->validity == NULL ? NULL : stored->validity[0], (uint32_t)first, count);
    }
    return OK;
}

static Status fill(const Context *cx, const RowTable *table, uint32_t column, KeyFilter *filter) {
    filter->is_empty = true;
    TRY(visit_keys(cx, table, column, widen_range, filter));
    uint64_t range = (uint64_t)filter->max - (uint64_t)filter->min;
    if (filter->is_empty || range >= KEY_FILTER_RANGE_MAX ||
        (range >= BITMAP_RANGE_SMALL && range / BITMAP_BITS_PER_ROW > table->rows)) {
        return OK;
    }
    TRY_ALLOC_ZEROED(cx, filter->bitmap, BITS_WORDS(range + 1) * 8);
    TRY(visit_keys(cx, table, column, set_bits, filter));
    filter->keys = bits_count(filter->bitmap, range + 1);
    return OK;
}

Status join_filter_create(const Context *cx, const RowTable *table, uint32_t column, KeyFilter **filter) {
    TRY_ALLOC_ZEROED(cx, *filter, sizeof **filter);
    Status status = fill(cx, table, column, *filter);
    if (status != OK) {
        mem_free((*filter)->bitmap);
        mem_free(*filter);
    }
    return status;
}
