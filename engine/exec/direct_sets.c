/* Bits for the values of DISTINCT aggregates: see direct_sets.h. */
#include "exec/direct_sets.h"

/* -------------------------------------------------------------------------------------------------------------- which sets */

static Status open_set(const Context *cx, DirectSets *sets, const PhysicalNode *op, const AggregateItem *item) {
    DirectSet *set = &sets->sets[sets->count++];
    *set = (DirectSet){.item = item, .counts = true};
    TRY(direct_keys_init(cx, &set->values, op->children[0], item->args, 1));
    set->words = (set->values.entries + 63) / 64;
    return OK;
}

Status direct_sets_init(const Context *cx, DirectSets *sets, const PhysicalNode *op) {
    const AggregateSpec *spec = &op->aggregate;
    TRY_ALLOC(cx, sets->set_of_item, sizeof *sets->set_of_item * spec->item_count);
    TRY_ALLOC_ZEROED(cx, sets->sets, sizeof *sets->sets * spec->item_count);
    for (uint32_t i = 0; i < spec->item_count; i++) {
        const AggregateItem *item = &spec->items[i];
        uint32_t s = 0;
        sets->set_of_item[i] = UINT32_MAX;
        if (!item->is_distinct || item->arg_count == 0) {
            continue;
        }
        while (s < sets->count && !aggregate_same_rows(sets->sets[s].item, item)) {
            s++;
        }
        if (s == sets->count) {
            TRY(open_set(cx, sets, op, item));
        }
        sets->sets[s].counts &= item->aggregate->id == AGGREGATE_COUNT;
        sets->set_of_item[i] = s;
    }
    return OK;
}

void direct_sets_free(DirectSets *sets) {
    for (uint32_t s = 0; s < sets->count; s++) {
        direct_keys_free(&sets->sets[s].values);
    }
    mem_free(sets->sets);
    mem_free(sets->set_of_item);
}

/* ------------------------------------------------------------------------------------------------------------------- bits */

Status direct_bits_init(const Context *cx, const DirectSets *sets, uint64_t groups, DirectBits *bits) {
    TRY_ALLOC_ZEROED(cx, bits->words, sizeof *bits->words * (sets->count + 1));
    for (uint32_t s = 0; s < sets->count; s++) {
        TRY_ALLOC_ZEROED(cx, bits->words[s], sizeof(uint64_t) * sets->sets[s].words * groups);
    }
    return OK;
}

void direct_bits_free(const DirectSets *sets, DirectBits *bits) {
    for (uint32_t s = 0; bits->words != NULL && s < sets->count; s++) {
        mem_free(bits->words[s]);
    }
    mem_free(bits->words);
    bits->words = NULL;
}

/* Most values are there already: looking first keeps stores, and what would wait for them, away. */
static void add_values(uint64_t *words, uint64_t stride, const Vector *argument, const uint32_t *values, const uint32_t *groups,
                       const uint16_t *rows, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = rows == NULL ? i : rows[i];
        uint64_t *word = words + groups[row] * stride + values[row] / 64, bit = UINT64_C(1) << (values[row] % 64);
        if ((*word & bit) == 0 && vector_is_valid(argument, row)) {
            *word |= bit;
        }
    }
}

Status direct_bits_add(const Context *cx, const DirectSets *sets, DirectBits *bits, DirectScratch *scratch, AggregateFeed *feed,
                       const Batch *in, const uint32_t *groups) {
    uint32_t values[BATCH_ROWS_MAX];
    for (uint32_t s = 0; s < sets->count; s++) {
        const DirectSet *set = &sets->sets[s];
        const uint16_t *rows;
        uint32_t count;
        TRY(direct_numbers(cx, &set->values, scratch, in, values));
        TRY(aggregate_filter_rows(cx, set->item, in, feed, &rows, &count));
        add_values(bits->words[s], set->words, &in->columns[set->item->args[0]], values, groups, rows, count);
    }
    return OK;
}

void direct_bits_unite(const DirectSets *sets, uint64_t first, uint64_t end, DirectBits *bits, const DirectBits *others) {
    for (uint32_t s = 0; s < sets->count; s++) {
        uint64_t per_group = sets->sets[s].words, *words = bits->words[s];
        const uint64_t *more = others->words[s];
        for (uint64_t i = per_group * first; i < per_group * end; i++) {
            words[i] |= more[i];
        }
    }
}

/* ---------------------------------------------------------------------------------------------------------------- feeding */

static Status feed_values(const Context *cx, const DirectSets *sets, uint32_t s, const AggregateSpec *spec,
                          const AggregateStates *layout, uint8_t *state, const Vector *values, uint32_t count, Arena *text) {
    for (uint32_t i = 0; i < spec->item_count; i++) {
        const Aggregate *aggregate = spec->items[i].aggregate;
        if (sets->set_of_item[i] == s) {
            TRY(aggregate->update(cx, aggregate, state + layout->offsets[i], 0, NULL, &values, count, text));
        }
    }
    return OK;
}

/* Any value will do as often as there are some. */
static Status feed_count(const Context *cx, const DirectSets *sets, uint32_t s, const AggregateSpec *spec,
                         const AggregateStates *layout, uint8_t *state, const uint64_t *words, Vector *values, Arena *text) {
    uint64_t left = bits_count(words, sets->sets[s].words * 64);
    uint32_t first = 0;
    TRY(direct_decode(cx, &sets->sets[s].values, 0, &first, 1, values));
    Value value = vector_value(values, 0);
    TRY(vector_set_constant(cx, values, &value));
    for (; left > 0; left -= left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX) {
        TRY(feed_values(cx, sets, s, spec, layout, state, values, left < BATCH_ROWS_MAX ? (uint32_t)left : BATCH_ROWS_MAX,
                        text));
    }
    return OK;
}

static Status feed_set(const Context *cx, const DirectSets *sets, uint32_t s, const AggregateSpec *spec,
                       const AggregateStates *layout, uint8_t *state, const uint64_t *words, Vector *values, Arena *text) {
    uint32_t numbers[BATCH_ROWS_MAX], count = 0;
    const DirectSet *set = &sets->sets[s];
    for (uint64_t w = 0; w < set->words; w++) {
        for (uint64_t left = words[w]; left != 0; left &= left - 1) {
            numbers[count++] = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(left);
        }
        if (count + 64 > BATCH_ROWS_MAX || (w + 1 == set->words && count > 0)) {
            TRY(direct_decode(cx, &set->values, 0, numbers, count, values));
            TRY(feed_values(cx, sets, s, spec, layout, state, values, count, text));
            count = 0;
        }
    }
    return OK;
}

Status direct_bits_feed(const Context *cx, const DirectSets *sets, const DirectBits *bits, const AggregateSpec *spec,
                        const AggregateStates *layout, uint64_t group, uint8_t *state, Vector *values, Arena *text) {
    for (uint32_t s = 0; s < sets->count; s++) {
        const uint64_t *words = bits->words[s] + group * sets->sets[s].words;
        TRY((sets->sets[s].counts ? feed_count : feed_set)(cx, sets, s, spec, layout, state, words, values, text));
    }
    return OK;
}
