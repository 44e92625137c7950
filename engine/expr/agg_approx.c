/* APPROX_COUNT_DISTINCT: HyperLogLog with Ertl's estimator ("New cardinality estimation algorithms for HyperLogLog sketches",
 * 2017), which needs no corrections for small or large counts. 2^12 registers: a standard error of 1.6 %.
 *
 * A hash gives a register (its upper bits) and a rank (1 + the leading zeros of the rest); a register keeps the greatest rank.
 * While a group has few registers above zero, its state lists them as (register << 8 | rank), in order; later there is a byte
 * per register. */
#include "core/hash.h"
#include "expr/agg_loop.h"

#include <math.h>

#define REGISTER_BITS 12
#define REGISTERS (1u << REGISTER_BITS)
#define RANK_MAX (64 - REGISTER_BITS + 1)
#define ENTRIES_FIRST 4u
#define ENTRIES_MAX 128u /* they are kept in order: more would be slow to put in place */

typedef struct Sketch {
    uint32_t count, capacity; /* entries; capacity REGISTERS: `registers` is in use */
    union {
        uint32_t *entries;
        uint8_t *registers;
    };
} Sketch;
_Static_assert(sizeof(Sketch) == 16, "a sketch that has little takes little");

static bool is_dense(const Sketch *sketch) {
    return sketch->capacity == REGISTERS;
}

static Status make_dense(const Context *cx, Sketch *sketch, Arena *arena) {
    uint8_t *registers = arena_alloc(cx, arena, REGISTERS);
    if (registers == NULL) {
        return OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i < sketch->count; i++) {
        registers[sketch->entries[i] >> 8] = (uint8_t)sketch->entries[i];
    }
    sketch->registers = registers;
    sketch->capacity = REGISTERS;
    return OK;
}

/* Room for one more entry, or registers. */
static Status grow(const Context *cx, Sketch *sketch, Arena *arena) {
    if (sketch->capacity >= ENTRIES_MAX) {
        return make_dense(cx, sketch, arena);
    }
    uint32_t capacity = sketch->capacity == 0 ? ENTRIES_FIRST : sketch->capacity * 2;
    uint32_t *entries = arena_alloc(cx, arena, capacity * sizeof *entries);
    if (entries == NULL) {
        return OUT_OF_MEMORY;
    }
    if (sketch->count > 0) {
        memcpy(entries, sketch->entries, sketch->count * sizeof *entries);
    }
    sketch->entries = entries;
    sketch->capacity = capacity;
    return OK;
}

/* Where the register's entry stands or would stand. */
static uint32_t find_entry(const Sketch *sketch, uint32_t index) {
    uint32_t low = 0, high = sketch->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (sketch->entries[middle] >> 8 < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static Status add_rank(const Context *cx, Sketch *sketch, uint32_t index, uint8_t rank, Arena *arena) {
    if (!is_dense(sketch)) {
        uint32_t at = find_entry(sketch, index);
        if (at < sketch->count && sketch->entries[at] >> 8 == index) {
            if (rank > (uint8_t)sketch->entries[at]) {
                sketch->entries[at] = index << 8 | rank;
            }
            return OK;
        }
        if (sketch->count == sketch->capacity) {
            TRY(grow(cx, sketch, arena));
        }
        if (!is_dense(sketch)) {
            memmove(sketch->entries + at + 1, sketch->entries + at, (sketch->count - at) * sizeof *sketch->entries);
            sketch->entries[at] = index << 8 | rank;
            sketch->count++;
            return OK;
        }
    }
    if (rank > sketch->registers[index]) {
        sketch->registers[index] = rank;
    }
    return OK;
}

static Status add_hash(const Context *cx, Sketch *sketch, uint64_t hash, Arena *arena) {
    uint32_t index = (uint32_t)(hash >> (64 - REGISTER_BITS));
    uint64_t rest = hash << REGISTER_BITS;
    uint8_t rank = rest == 0 ? RANK_MAX : (uint8_t)(__builtin_clzll(rest) + 1);
    if (is_dense(sketch)) {
        if (rank > sketch->registers[index]) {
            sketch->registers[index] = rank;
        }
        return OK;
    }
    return add_rank(cx, sketch, index, rank, arena);
}

static Status approx_update(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                            const uint32_t *groups, const Vector *const *arguments, uint32_t rows, Arena *arena) {
    (void)aggregate;
    uint64_t hashes[BATCH_ROWS_MAX];
    if (agg_all_null(arguments[0])) {
        return OK;
    }
    const uint64_t *validity = agg_validity(arguments[0]);
    TRY(hash_vector(cx, arguments[0], rows, false, hashes));
    for (uint32_t row = 0; row < rows; row++) {
        if (validity == NULL || bit_get(validity, row)) { /* mixed once more: the hash of an integer is too regular */
            TRY(add_hash(cx, (Sketch *)(void *)agg_state(states, stride, groups, row),
                         hash_combine(hashes[row], UINT64_C(0x2545f4914f6cdd1d)), arena));
        }
    }
    return OK;
}

static Status take_sketch(const Context *cx, Sketch *sketch, const Sketch *other, Arena *arena) {
    if (is_dense(other) && !is_dense(sketch)) {
        TRY(make_dense(cx, sketch, arena));
    }
    uint32_t count = is_dense(other) ? REGISTERS : other->count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = is_dense(other) ? i : other->entries[i] >> 8;
        uint8_t rank = is_dense(other) ? other->registers[i] : (uint8_t)other->entries[i];
        if (is_dense(sketch)) {
            sketch->registers[index] = rank > sketch->registers[index] ? rank : sketch->registers[index];
        } else {
            TRY(add_rank(cx, sketch, index, rank, arena));
        }
    }
    return OK;
}

static Status approx_merge(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                           const uint32_t *groups, const uint8_t *others, size_t other_stride, uint32_t count, Arena *arena) {
    (void)aggregate;
    for (uint32_t i = 0; i < count; i++) {
        TRY(take_sketch(cx, (Sketch *)(void *)agg_state(states, stride, groups, i),
                        (const Sketch *)(const void *)(others + i * other_stride), arena));
    }
    return OK;
}

static double sigma(double x) {
    double y = 1, z = x, before;
    if (x == 1) {
        return INFINITY;
    }
    do {
        before = z;
        x *= x;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}

static double tau(double x) {
    double y = 1, z = 1 - x, before;
    if (x == 0 || x == 1) {
        return 0;
    }
    do {
        before = z;
        x = sqrt(x);
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

static int64_t estimate(const Sketch *sketch) {
    uint32_t counts[RANK_MAX + 1] = {0};
    if (is_dense(sketch)) {
        for (uint32_t i = 0; i < REGISTERS; i++) {
            counts[sketch->registers[i]]++;
        }
    } else {
        counts[0] = REGISTERS - sketch->count;
        for (uint32_t i = 0; i < sketch->count; i++) {
            counts[(uint8_t)sketch->entries[i]]++;
        }
    }
    double m = REGISTERS, z = m * tau(1 - counts[RANK_MAX] / m);
    for (uint32_t rank = RANK_MAX - 1; rank >= 1; rank--) {
        z = 0.5 * (z + counts[rank]);
    }
    z += m * sigma(counts[0] / m);
    return (int64_t)llround(m * m / (2 * log(2) * z));
}

static Status approx_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                            Vector *out, Arena *arena) {
    (void)arena;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    for (uint32_t i = 0; i < count; i++) {
        ((int64_t *)out->data)[i] = estimate((const Sketch *)(const void *)(states + i * stride));
    }
    return OK;
}

/* Between nodes go the entries, or the registers: their number tells which. */
static Status approx_save(const Context *cx, const Aggregate *aggregate, const uint8_t *state, Text *saved, Arena *arena) {
    (void)cx, (void)aggregate, (void)arena;
    const Sketch *sketch = (const Sketch *)(const void *)state;
    *saved = is_dense(sketch) ? text_view((const char *)sketch->registers, REGISTERS)
                              : text_view((const char *)sketch->entries, sketch->count * (uint32_t)sizeof *sketch->entries);
    return OK;
}

static Status approx_load(const Context *cx, const Aggregate *aggregate, uint8_t *state, const Text *saved, Arena *arena) {
    (void)aggregate;
    uint8_t registers[REGISTERS] __attribute__((aligned(4)));
    Sketch other = {.count = saved->bytes / sizeof(uint32_t), .registers = registers};
    if (saved->bytes == REGISTERS) {
        other = (Sketch){.capacity = REGISTERS, .registers = registers};
    }
    memcpy(registers, text_data(saved), saved->bytes);
    return take_sketch(cx, (Sketch *)(void *)state, &other, arena);
}

Status agg_define_approx(const Context *cx, Aggregate *aggregate) {
    (void)cx;
    _Static_assert(ENTRIES_MAX * sizeof(uint32_t) < REGISTERS, "entries are told from registers by their bytes");
    aggregate->result = type_make(TYPE_BIGINT);
    aggregate->state_bytes = sizeof(Sketch);
    aggregate->ignores_repeats = true;
    aggregate->update = approx_update;
    aggregate->merge = approx_merge;
    aggregate->finish = approx_finish;
    aggregate->save = approx_save;
    aggregate->load = approx_load;
    return OK;
}
