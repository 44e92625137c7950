/* Plain C over arrays: masks in loops that compilers vectorize, then lists of row numbers that each look-up shortens without a
 * branch, so that nothing is read of a row that a cheaper test has refused. */
#include "tools/bench/lower_bound/loops.h"

enum { CHUNK = 4096 };

static int64_t q1(const Facts *facts, size_t first, size_t end, uint16_t date_low, uint16_t date_high) {
    uint8_t keep[CHUNK];
    uint16_t span = date_high - date_low;
    uint64_t sum = 0;
    for (size_t at = first; at < end; at += CHUNK) {
        const uint8_t *discount = facts->discount + at, *quantity = facts->quantity + at;
        const uint16_t *date = facts->date + at;
        const uint32_t *price = facts->price + at;
        uint32_t n = end - at < CHUNK ? (uint32_t)(end - at) : CHUNK;
        for (uint32_t i = 0; i < n; i++) {
            keep[i] = ((uint8_t)(discount[i] - 1) <= 2) & (quantity[i] < 25);
        }
        for (uint32_t i = 0; i < n; i++) {
            keep[i] &= (uint16_t)(date[i] - date_low) <= span;
        }
        for (uint32_t i = 0; i < n; i++) { /* products stay below 2^28, their sum over a chunk below 2^40 */
            sum += (uint64_t)(price[i] * (uint32_t)(discount[i] & -keep[i]));
        }
    }
    return (int64_t)sum;
}

static uint32_t pick(const uint16_t *keys, const uint8_t *keep, uint32_t n, uint16_t *rows) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        rows[count] = (uint16_t)i;
        count += keep[keys[i]];
    }
    return count;
}

static uint32_t pick_narrow(const uint16_t *keys, const uint8_t *keep, uint32_t n, uint16_t *rows) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint16_t row = rows[i];
        rows[count] = row;
        count += keep[keys[row]];
    }
    return count;
}

static uint32_t pick_wide(const uint32_t *keys, const uint8_t *keep, uint32_t n, uint16_t *rows) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint16_t row = rows[i];
        rows[count] = row;
        count += keep[keys[row]];
    }
    return count;
}

static void q2(const Facts *facts, size_t first, size_t end, const Lookup *date, const Lookup *supplier, const Lookup *part,
               int64_t *sums) {
    uint16_t rows[CHUNK];
    for (size_t at = first; at < end; at += CHUNK) {
        uint32_t n = end - at < CHUNK ? (uint32_t)(end - at) : CHUNK;
        n = pick(facts->supplier + at, supplier->keep, n, rows);
        n = pick_wide(facts->part + at, part->keep, n, rows);
        for (uint32_t i = 0; i < n; i++) {
            size_t row = at + rows[i];
            sums[date->group[facts->date[row]] + part->group[facts->part[row]]] += facts->revenue[row];
        }
    }
}

static void q4(const Facts *facts, size_t first, size_t end, const Lookup *date, const Lookup *supplier, const Lookup *customer,
               const Lookup *part, int64_t *sums) {
    uint16_t rows[CHUNK];
    for (size_t at = first; at < end; at += CHUNK) {
        uint32_t n = end - at < CHUNK ? (uint32_t)(end - at) : CHUNK;
        n = pick(facts->supplier + at, supplier->keep, n, rows);
        n = pick_narrow(facts->customer + at, customer->keep, n, rows);
        n = pick_wide(facts->part + at, part->keep, n, rows);
        for (uint32_t i = 0; i < n; i++) {
            size_t row = at + rows[i];
            sums[date->group[facts->date[row]] + customer->group[facts->customer[row]]] +=
                (int64_t)facts->revenue[row] - facts->cost[row];
        }
    }
}

static uint64_t read_words(const uint64_t *words, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += words[i];
    }
    return sum;
}

#define LOOPS(set) const Loops loops_##set = {#set, q1, q2, q4, read_words};
#define LOOPS_OF(set) LOOPS(set)
LOOPS_OF(KERNEL_SET)
