/* Numbers for combinations of values: each of some columns has a small known domain, so a combination's number is computed from
 * its codes or values, and nothing is hashed.
 *
 *     number = Σ (code or (value - min) / step) × times     each column has one further value for NULL
 *
 * Numbers are in the order of the values, the first column counting most. */
#ifndef DEPOT_EXPR_DIRECT_KEYS_H
#define DEPOT_EXPR_DIRECT_KEYS_H

#include "core/datetime.h"
#include "core/vector.h"

typedef struct DirectKey {
    uint32_t slot;
    Type type;
    const Dictionary *dictionary; /* or a range from min */
    int64_t min;
    int64_t step; /* numbers count steps of moments that are cut to `unit`; 1: values */
    DateField unit;
    uint32_t values; /* without NULL, whose number follows */
    uint32_t times;
} DirectKey;

typedef struct DirectKeys {
    uint32_t count;
    DirectKey *keys;
    uint32_t entries; /* numbers are smaller */
} DirectKeys;

/* Gives each key its share of the numbers (`times`), the last one 1. False if there would be INT32_MAX of them or more. */
bool direct_keys_place(DirectKeys *keys);

/* Scratch of one task. */
typedef struct DirectScratch {
    uint32_t *numbers; /* of one column; owned */
    Vector flat;
} DirectScratch;

Status direct_scratch_init(const Context *cx, DirectScratch *scratch) MUST_CHECK;
void direct_scratch_free(DirectScratch *scratch);

/* The numbers of the batch's rows. */
Status direct_numbers(const Context *cx, const DirectKeys *keys, DirectScratch *scratch, const Batch *in,
                      uint32_t *numbers) MUST_CHECK;
/* The values that column k has in these numbers. */
Status direct_decode(const Context *cx, const DirectKeys *keys, uint32_t k, const uint32_t *numbers, uint32_t count,
                     Vector *out) MUST_CHECK;

/* Numbers of a direct source that a task takes at once. */
#define DIRECT_RUN_ENTRIES 65536u

#endif
