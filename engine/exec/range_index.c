/* Sorting and searching the build side of a range join. Keys are integers or floats bent into integers of the same order (NaN
 * above all). The filter is turned so that it always asks for "at least": its greatest value per block says which blocks have
 * no such row, so that the rows of long-past intervals cost next to nothing. */
#include "exec/range_index.h"

#include "exec/exec.h"

#define RADIX_BITS 8
#define RADIX_SIZE 256

/* ------------------------------------------------------------------------------------------------------------- the numbers */

/* Floats in the order of integers: -0 is 0, NaN above all. */
static int64_t bend_float(double value) {
    int64_t bits;
    value = value == 0 ? 0 : value;
    if (value != value) {
        return INT64_MAX;
    }
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

static bool is_float(StorageClass class_) {
    return class_ == CLASS_F32 || class_ == CLASS_F64;
}

static void bend_floats(StorageClass class_, const void *data, uint32_t count, int64_t *out) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = bend_float(class_ == CLASS_F32 ? (double)((const float *)data)[i] : ((const double *)data)[i]);
    }
}

/* A column of the build side, whole. */
static void load_build(const RowTable *table, uint32_t column, int64_t *out) {
    const ColumnFormat *format = &table->format->columns[column];
    if (is_float((StorageClass)format->storage_class)) {
        bend_floats((StorageClass)format->storage_class, table->laid_out[column].data, (uint32_t)table->rows, out);
    } else {
        column_format_load_i64(format, table->laid_out[column].data, (uint32_t)table->rows, out);
    }
    for (uint32_t i = 0; format->dictionary != NULL && i < table->rows; i++) {
        out[i] = value_load(format->type, format->dictionary->values, (uint32_t)out[i]).i64;
    }
}

static Status load_probe(const Context *cx, const Vector *vector, uint32_t rows, Vector *flat, int64_t *out) {
    StorageClass class_ = type_class(vector->type);
    if (!is_float(class_)) {
        return vector_load_i64(cx, vector, rows, flat, out);
    }
    TRY(vector_flatten(cx, vector, rows, flat));
    bend_floats(class_, flat->data, rows, out);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ build */

static uint8_t digit_of(int64_t key, uint32_t shift) {
    return (uint8_t)(((uint64_t)key ^ (uint64_t)1 << 63) >> shift);
}

/* One pass of a radix sort; false if all keys have the same digit. */
static bool sort_pass(const int64_t *keys, const uint32_t *rows, uint32_t count, uint32_t shift, int64_t *keys_out,
                      uint32_t *rows_out) {
    uint32_t starts[RADIX_SIZE] = {0}, start = 0;
    for (uint32_t i = 0; i < count; i++) {
        starts[digit_of(keys[i], shift)]++;
    }
    if (starts[digit_of(keys[0], shift)] == count) {
        return false;
    }
    for (uint32_t d = 0; d < RADIX_SIZE; d++) {
        uint32_t size = starts[d];
        starts[d] = start;
        start += size;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t to = starts[digit_of(keys[i], shift)]++;
        keys_out[to] = keys[i];
        rows_out[to] = rows[i];
    }
    return true;
}

static Status sort_keys(const Context *cx, RangeIndex *index) {
    int64_t *keys;
    uint32_t *rows;
    TRY_ALLOC(cx, keys, sizeof *keys * (index->count + 1));
    rows = mem_alloc(cx, sizeof *rows * (index->count + 1));
    if (rows == NULL) {
        mem_free(keys);
        return OUT_OF_MEMORY;
    }
    Status status = OK;
    for (uint32_t shift = 0; shift < 64 && index->count > 0 && status == OK; shift += RADIX_BITS) {
        status = check_cancel(cx);
        if (status == OK && sort_pass(index->keys, index->rows, index->count, shift, keys, rows)) {
            int64_t *sorted_keys = keys;
            uint32_t *sorted_rows = rows;
            keys = index->keys;
            rows = index->rows;
            index->keys = sorted_keys;
            index->rows = sorted_rows;
        }
    }
    mem_free(keys);
    mem_free(rows);
    return status;
}

/* Build rows without a NULL in the key or the filter can match. */
static void list_rows(const JoinRange *range, const RowTable *table, RangeIndex *index) {
    for (uint32_t row = 0; row < table->rows; row++) {
        bool is_valid = row_table_is_valid(table, range->build_key, row) &&
                        (!range->has_filter || row_table_is_valid(table, range->filter_key, row));
        index->keys[index->count] = index->keys[row];
        index->rows[index->count] = row;
        index->count += is_valid;
    }
}

static void greatest_of_blocks(const int64_t *values, uint32_t count, int64_t *blocks) {
    for (uint32_t first = 0; first < count; first += RANGE_BLOCK) {
        uint32_t end = first + RANGE_BLOCK < count ? first + RANGE_BLOCK : count;
        int64_t greatest = values[first];
        for (uint32_t i = first + 1; i < end; i++) {
            greatest = values[i] > greatest ? values[i] : greatest;
        }
        blocks[first >> RANGE_BLOCK_BITS] = greatest;
    }
}

/* "at least" turns round for filter_key < bound; a strict comparison is one of the next number. */
static int64_t turned(const JoinRange *range, int64_t value) {
    return range->filter_op == COMPARE_LT || range->filter_op == COMPARE_LE ? ~value : value;
}

static Status build_filter(const Context *cx, const JoinRange *range, const RowTable *table, RangeIndex *index) {
    int64_t *values;
    uint32_t blocks = (index->count + RANGE_BLOCK - 1) / RANGE_BLOCK;
    TRY_ALLOC(cx, index->filter, sizeof *index->filter * (index->count + 1));
    TRY_ALLOC(cx, index->blocks[0], sizeof(int64_t) * (blocks + 1));
    TRY_ALLOC(cx, index->blocks[1], sizeof(int64_t) * (blocks / RANGE_BLOCK + 2));
    TRY_ALLOC(cx, values, sizeof *values * (table->rows + 1));
    load_build(table, range->filter_key, values);
    for (uint32_t i = 0; i < index->count; i++) {
        index->filter[i] = turned(range, values[index->rows[i]]);
    }
    mem_free(values);
    greatest_of_blocks(index->filter, index->count, index->blocks[0]);
    greatest_of_blocks(index->blocks[0], blocks, index->blocks[1]);
    return OK;
}

Status range_index_build(const Context *cx, const PhysicalNode *op, const RowTable *table, RangeIndex *index) {
    const JoinRange *range = &op->join.range;
    TRY_ALLOC(cx, index->keys, sizeof *index->keys * (table->rows + 1));
    TRY_ALLOC(cx, index->rows, sizeof *index->rows * (table->rows + 1));
    load_build(table, range->build_key, index->keys);
    list_rows(range, table, index);
    TRY(sort_keys(cx, index));
    return range->has_filter ? build_filter(cx, range, table, index) : OK;
}

void range_index_free(RangeIndex *index) {
    mem_free(index->keys);
    mem_free(index->rows);
    mem_free(index->filter);
    mem_free(index->blocks[0]);
    mem_free(index->blocks[1]);
}

size_t range_index_bytes(const RangeIndex *index) {
    return index->count * (sizeof *index->keys + sizeof *index->rows + (index->filter == NULL ? 0 : sizeof *index->filter));
}

/* ------------------------------------------------------------------------------------------------------------------ probe */

/* The first position whose key is not less than `key`, or (after) greater than it. */
static uint32_t search(const RangeIndex *index, int64_t key, bool after) {
    uint32_t first = 0, left = index->count;
    while (left > 0) {
        uint32_t half = left / 2;
        bool goes_on = after ? index->keys[first + half] <= key : index->keys[first + half] < key;
        first = goes_on ? first + half + 1 : first;
        left = goes_on ? left - half - 1 : half;
    }
    return first;
}

static void search_all(const RangeIndex *index, const int64_t *keys, bool after, uint32_t rows, uint32_t *positions) {
    for (uint32_t i = 0; i < rows; i++) {
        positions[i] = i > 0 && keys[i] == keys[i - 1] ? positions[i - 1] : search(index, keys[i], after);
    }
}

/* Rows whose bound is NULL have no partner. */
static void drop_nulls(const Vector *vector, uint32_t rows, RangeBounds *bounds) {
    for (uint32_t i = 0; vector->validity != NULL && i < rows; i++) {
        bounds->end[i] = vector_is_valid(vector, i) ? bounds->end[i] : 0;
    }
}

Status range_index_search(const Context *cx, const PhysicalNode *op, const RangeIndex *index, const Batch *in,
                          RangeBounds *bounds) {
    const JoinRange *range = &op->join.range;
    memset(bounds->first, 0, sizeof *bounds->first * in->rows);
    for (uint32_t i = 0; i < in->rows; i++) {
        bounds->end[i] = index->count;
    }
    if (range->has_low) {
        TRY(load_probe(cx, &in->columns[range->low], in->rows, &bounds->flat, bounds->values));
        search_all(index, bounds->values, !range->low_inclusive, in->rows, bounds->first);
        drop_nulls(&in->columns[range->low], in->rows, bounds);
    }
    if (range->has_high) {
        TRY(load_probe(cx, &in->columns[range->high], in->rows, &bounds->flat, bounds->values));
        uint32_t ends[BATCH_ROWS_MAX];
        search_all(index, bounds->values, range->high_inclusive, in->rows, ends);
        for (uint32_t i = 0; i < in->rows; i++) {
            bounds->end[i] = ends[i] < bounds->end[i] ? ends[i] : bounds->end[i];
        }
        drop_nulls(&in->columns[range->high], in->rows, bounds);
    }
    if (!range->has_filter) {
        return OK;
    }
    bool is_strict = range->filter_op == COMPARE_LT || range->filter_op == COMPARE_GT;
    TRY(load_probe(cx, &in->columns[range->filter_bound], in->rows, &bounds->flat, bounds->values));
    for (uint32_t i = 0; i < in->rows; i++) {
        int64_t least = turned(range, bounds->values[i]);
        bounds->end[i] = is_strict && least == INT64_MAX ? 0 : bounds->end[i]; /* nothing is beyond it */
        bounds->filter[i] = is_strict && least < INT64_MAX ? least + 1 : least;
    }
    drop_nulls(&in->columns[range->filter_bound], in->rows, bounds);
    return OK;
}

uint32_t range_index_next(const RangeIndex *index, uint32_t at, uint32_t end, int64_t least) {
    while (at < end) {
        if ((at & (RANGE_BLOCK * RANGE_BLOCK - 1)) == 0 && index->blocks[1][at >> (2 * RANGE_BLOCK_BITS)] < least) {
            at += RANGE_BLOCK * RANGE_BLOCK;
        } else if ((at & (RANGE_BLOCK - 1)) == 0 && index->blocks[0][at >> RANGE_BLOCK_BITS] < least) {
            at += RANGE_BLOCK;
        } else if (index->filter[at] >= least) {
            return at;
        } else {
            at++;
        }
    }
    return end;
}
