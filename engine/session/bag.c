/* Results as bags (bag.h). Two sums of row hashes differ for different bags but by a chance of 2^-128. */
#include "session/bag.h"

#include "core/hash.h"

#include <math.h>

#define TOLERANCE 1e-9
#define SECOND_HASH UINT64_C(0x2545f4914f6cdd1d)

Status bag_init(const Context *cx, Arena *arena, uint32_t column_count, Bag *bag) {
    *bag = (Bag){.column_count = column_count};
    TRY_NEW_ARRAY(cx, arena, bag->floats, column_count + 1);
    return OK;
}

static bool is_float(Type type) {
    return type.id == TYPE_REAL || type.id == TYPE_DOUBLE;
}

/* Which rows have a value, NULL, an infinity or no number there is exact; only finite values are summed up. */
static void add_floats(const Vector *vector, uint32_t rows, uint64_t *hashes, FloatSum *sum) {
    for (uint32_t i = 0; i < rows; i++) {
        Value value = vector_value(vector, i);
        uint64_t kind = value.is_null ? 1 : isnan(value.f64) ? 2 : isinf(value.f64) ? (value.f64 < 0 ? 3 : 4) : 0;
        if (kind == 0) {
            double weight = 0.5 + (double)(hashes[i] >> 11) * 0x1p-53;
            sum->sum += value.f64 * weight;
            sum->magnitude += fabs(value.f64) * weight;
        }
        hashes[i] = hash_combine(hashes[i], kind);
    }
}

Status bag_add(const Context *cx, Bag *bag, const Batch *batch) {
    uint64_t hashes[BATCH_ROWS_MAX];
    for (uint32_t i = 0; i < batch->rows; i++) {
        hashes[i] = batch->column_count;
    }
    for (uint32_t c = 0; c < batch->column_count; c++) {
        if (!is_float(batch->columns[c].type)) {
            TRY(hash_vector(cx, &batch->columns[c], batch->rows, true, hashes));
        }
    }
    for (uint32_t c = 0; c < batch->column_count; c++) {
        if (is_float(batch->columns[c].type)) {
            add_floats(&batch->columns[c], batch->rows, hashes, &bag->floats[c]);
        }
    }
    for (uint32_t i = 0; i < batch->rows; i++) {
        bag->sums[0] += hashes[i];
        bag->sums[1] += hash_combine(hashes[i], SECOND_HASH);
    }
    bag->rows += batch->rows;
    return OK;
}

bool bag_equal(const Bag *a, const Bag *b) {
    bool is_equal = a->rows == b->rows && a->sums[0] == b->sums[0] && a->sums[1] == b->sums[1];
    for (uint32_t c = 0; c < a->column_count && is_equal; c++) {
        double most = a->floats[c].magnitude + b->floats[c].magnitude;
        is_equal = fabs(a->floats[c].sum - b->floats[c].sum) <= TOLERANCE * most;
    }
    return is_equal;
}
