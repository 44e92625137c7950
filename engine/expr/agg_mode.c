/* MODE: the state is a list of the values; in the end they are counted in a hash table. Of values equally often there, the
 * first in the order of WITHIN GROUP wins. Over values in that order, equal ones are counted as they pass. */
#include "core/hash.h"
#include "expr/agg_kept.h"
#include "expr/agg_list.h"
#include "expr/agg_order.h"

#define SLOTS_FIRST 64u

typedef struct ModeSlot {
    uint64_t hash; /* of the value; with count 0 the slot is free */
    uint64_t count;
    uint64_t element; /* number of the first one */
} ModeSlot;

typedef struct ModeTable {
    const Aggregate *aggregate;
    const uint8_t *values; /* all elements */
    uint64_t size, used;   /* size is a power of two */
    ModeSlot *slots;       /* owned */
} ModeTable;

static Value element_value(const ModeTable *table, uint64_t element) {
    Type type = table->aggregate->argument;
    return value_load(type, table->values + element * type_bytes(type), 0);
}

static bool same_value(const ModeTable *table, uint64_t a, uint64_t b) {
    Value x = element_value(table, a), y = element_value(table, b);
    return value_compare(&x, &y) == 0;
}

static ModeSlot *find_slot(const ModeTable *table, uint64_t hash, uint64_t element) {
    uint64_t at = hash & (table->size - 1);
    while (table->slots[at].count > 0 &&
           !(table->slots[at].hash == hash && same_value(table, table->slots[at].element, element))) {
        at = (at + 1) & (table->size - 1);
    }
    return &table->slots[at];
}

static Status grow(const Context *cx, ModeTable *table) {
    ModeTable larger = *table;
    larger.size = table->size == 0 ? SLOTS_FIRST : table->size * 4;
    TRY_ALLOC_ZEROED(cx, larger.slots, larger.size * sizeof *larger.slots);
    for (uint64_t i = 0; i < table->size; i++) {
        if (table->slots[i].count > 0) {
            *find_slot(&larger, table->slots[i].hash, table->slots[i].element) = table->slots[i];
        }
    }
    mem_free(table->slots);
    *table = larger;
    return OK;
}

static Status count_values(const Context *cx, ModeTable *table, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        Value value = element_value(table, i);
        uint64_t hash = hash_value(&value);
        if (table->used * 2 >= table->size) {
            TRY(check_cancel(cx));
            TRY(grow(cx, table));
        }
        ModeSlot *slot = find_slot(table, hash, i);
        if (slot->count++ == 0) {
            slot->hash = hash;
            slot->element = i;
            table->used++;
        }
    }
    return OK;
}

/* The number of the element that wins. */
static uint64_t winner(const ModeTable *table) {
    bool is_descending = table->aggregate->order[0].is_descending;
    uint64_t best = 0, best_count = 0;
    for (uint64_t i = 0; i < table->size; i++) {
        const ModeSlot *slot = &table->slots[i];
        if (slot->count == 0 || slot->count < best_count) {
            continue;
        }
        if (slot->count == best_count) {
            Value value = element_value(table, slot->element), current = element_value(table, best);
            int order = value_compare(&value, &current);
            if (is_descending ? order <= 0 : order >= 0) {
                continue;
            }
        }
        best = slot->element;
        best_count = slot->count;
    }
    return best;
}

static Status finish_list(const Context *cx, ModeTable *table, const List *list, uint8_t *values, Vector *out, uint32_t row) {
    size_t bytes = type_bytes(table->aggregate->argument);
    list_copy(table->aggregate, list, values);
    memset(table->slots, 0, table->size * sizeof *table->slots);
    table->used = 0;
    TRY(check_cancel(cx));
    TRY(count_values(cx, table, list->count));
    memcpy((uint8_t *)out->data + row * bytes, values + winner(table) * bytes, bytes);
    return OK;
}

static Status mode_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                          Vector *out, Arena *arena) {
    (void)arena;
    uint8_t *values;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    TRY_ALLOC(cx, values, list_longest(states, stride, count) * 16);
    ModeTable table = {.aggregate = aggregate, .values = values};
    Status status = grow(cx, &table);
    for (uint32_t i = 0; i < count && status == OK; i++) {
        const List *list = (const List *)(const void *)(states + i * stride);
        status = list->count == 0 ? agg_set_null(cx, out, i) : finish_list(cx, &table, list, values, out, i);
    }
    mem_free(table.slots);
    mem_free(values);
    return status;
}

/* ---------------------------------------------------------------------------------------------------------- values in order */

typedef struct Runs {
    Kept best, current; /* equal values behind each other */
    uint64_t best_count, current_count;
} Runs;

static void end_run(Runs *runs) {
    if (runs->current_count > runs->best_count) {
        Kept swap = runs->best;
        runs->best = runs->current;
        runs->best_count = runs->current_count;
        runs->current = swap;
    }
    runs->current_count = 0;
}

static Status runs_update(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                          const Vector *const *arguments, uint32_t rows, Arena *arena) {
    for (uint32_t row = 0; row < rows; row++) {
        Runs *runs = (Runs *)(void *)agg_state(states, stride, groups, row);
        if (!vector_is_valid(arguments[0], row)) {
            continue;
        }
        Value value = vector_value(arguments[0], row), current = kept_value(&runs->current, aggregate->argument);
        if (runs->current_count == 0 || value_compare(&value, &current) != 0) {
            end_run(runs);
            TRY(kept_set(cx, &runs->current, &value, arena));
        }
        runs->current_count++;
    }
    return OK;
}

static Status runs_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                          Vector *out, Arena *arena) {
    (void)arena;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    for (uint32_t i = 0; i < count; i++) {
        const Runs *runs = (const Runs *)(const void *)(states + i * stride);
        bool is_current = runs->current_count > runs->best_count;
        Value value = kept_value(is_current ? &runs->current : &runs->best, aggregate->result);
        if (runs->current_count + runs->best_count == 0) {
            TRY(agg_set_null(cx, out, i));
        } else {
            value_store(&value, out->data, i);
        }
    }
    return OK;
}

static void mode_stream(Aggregate *aggregate) {
    aggregate->collects = false;
    aggregate->state_bytes = sizeof(Runs);
    aggregate->update = runs_update;
    aggregate->merge = NULL;
    aggregate->finish = runs_finish;
}

Status agg_define_mode(const Context *cx, Aggregate *aggregate) {
    (void)cx;
    list_define(aggregate);
    aggregate->result = aggregate->argument;
    aggregate->finish = mode_finish;
    aggregate->stream = mode_stream;
    return OK;
}
