/* The fingerprint of a result as a bag: which rows it has and how often, in whatever order they come. DOUBLE and REAL columns
 * are compared with a tolerance, since their sums depend on the order of addition. */
#ifndef DEPOT_SESSION_BAG_H
#define DEPOT_SESSION_BAG_H

#include "core/arena.h"
#include "core/vector.h"

typedef struct FloatSum {
    double sum, magnitude; /* of the values, each weighted by the other columns of its row */
} FloatSum;

typedef struct Bag {
    uint64_t rows;
    uint64_t sums[2]; /* of two hashes of each row */
    uint32_t column_count;
    FloatSum *floats; /* per column; those of other types stay 0 */
} Bag;

Status bag_init(const Context *cx, Arena *arena, uint32_t column_count, Bag *bag);
Status bag_add(const Context *cx, Bag *bag, const Batch *batch);
bool bag_equal(const Bag *a, const Bag *b);

#endif
