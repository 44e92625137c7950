/* The inner loops of the hand-written queries, compiled once per instruction set like the engine's kernels. Each takes `rows`
 * rows of narrow arrays and adds to what it is given. */
#ifndef LOWER_BOUND_LOOPS_H
#define LOWER_BOUND_LOOPS_H

#include <stddef.h>
#include <stdint.h>

/* Columns of lineorder, each value in as few bytes as it needs; keys and dates count from the least one. */
typedef struct Facts {
    size_t rows;
    uint16_t *date, *customer, *supplier;
    uint32_t *part, *price, *revenue, *cost;
    uint8_t *discount, *quantity;
} Facts;

/* What a key leads to, indexed by key: is it asked for, and its share of the group's number. */
typedef struct Lookup {
    uint8_t *keep;
    uint16_t *group;
} Lookup;

typedef struct Loops {
    const char *name;
    /* Σ price × discount where date, discount and quantity lie in ranges. */
    int64_t (*q1)(const Facts *facts, size_t first, size_t end, uint16_t date_low, uint16_t date_high);
    /* sums[group of date + group of part] += revenue where supplier and part are kept. */
    void (*q2)(const Facts *facts, size_t first, size_t end, const Lookup *date, const Lookup *supplier, const Lookup *part,
               int64_t *sums);
    /* sums[group of date + group of customer] += revenue - cost where supplier, customer and part are kept. */
    void (*q4)(const Facts *facts, size_t first, size_t end, const Lookup *date, const Lookup *supplier, const Lookup *customer,
               const Lookup *part, int64_t *sums);
    /* Reads everything: how fast is memory? */
    uint64_t (*read)(const uint64_t *words, size_t count);
} Loops;

extern const Loops loops_baseline, loops_avx2, loops_avx512;

/* The loops of that name, "auto": the best that the processor has; NULL if it has not or there are none. */
const Loops *loops_find(const char *name);

#endif
