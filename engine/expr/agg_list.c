/* Lists of values as states of aggregates. See agg_list.h. */
#include "expr/agg_list.h"

#define CHUNK_ELEMENTS_FIRST 4u
#define CHUNK_ELEMENTS_MAX 4096u
#define PREFETCH_ROWS 8u

uint32_t list_element_bytes(const Aggregate *aggregate) {
    return aggregate->argument_count == 1 ? type_bytes(aggregate->argument) : (aggregate->argument_count + 1) * LIST_SLOT_BYTES;
}

/* A further chunk at the list's end, which is full, for `wanted` elements or fewer. */
static Status add_chunk(const Context *cx, List *list, uint32_t bytes, uint64_t wanted, Arena *arena) {
    uint64_t capacity = list->last == NULL ? CHUNK_ELEMENTS_FIRST : (uint64_t)list->last->capacity * 2;
    capacity = capacity < wanted ? wanted : capacity;
    capacity = capacity > CHUNK_ELEMENTS_MAX ? CHUNK_ELEMENTS_MAX : capacity;
    ListChunk *chunk = arena_alloc(cx, arena, sizeof *chunk + capacity * bytes);
    if (chunk == NULL) {
        return OUT_OF_MEMORY;
    }
    chunk->capacity = (uint32_t)capacity;
    if (list->last != NULL) {
        list->last->count = list->last->capacity;
        list->last->next = chunk;
    } else {
        list->first = chunk;
    }
    list->last = chunk;
    list->end = chunk->elements;
    list->room = chunk->capacity;
    return OK;
}

static inline void list_grown(List *list, uint32_t bytes, uint32_t elements) {
    list->end += (size_t)elements * bytes;
    list->room -= elements;
    list->count += elements;
}

/* All rows go to one list. */
static Status append_run(const Context *cx, List *list, const uint8_t *values, uint32_t bytes, uint32_t rows, Arena *arena) {
    while (rows > 0) {
        if (list->room == 0) {
            TRY(add_chunk(cx, list, bytes, rows, arena));
        }
        uint32_t count = list->room < rows ? list->room : rows;
        memcpy(list->end, values, (size_t)count * bytes);
        list_grown(list, bytes, count);
        values += (size_t)count * bytes;
        rows -= count;
    }
    return OK;
}

/* Brings the state of a row to come near, and then the end of its list. */
static inline void prefetch_row(const uint8_t *states, size_t stride, const uint32_t *groups, uint32_t row, uint32_t rows) {
    if (groups != NULL && row + 2 * PREFETCH_ROWS < rows) {
        __builtin_prefetch(states + groups[row + 2 * PREFETCH_ROWS] * stride, 1);
        const List *list = (const List *)(const void *)(states + groups[row + PREFETCH_ROWS] * stride);
        __builtin_prefetch(list->end, 1);
    }
}

/* Values of a fixed width; made for each width. */
static inline __attribute__((always_inline)) Status append_rows(const Context *cx, uint8_t *states, size_t stride,
                                                                const uint32_t *groups, const uint8_t *values,
                                                                const uint64_t *validity, uint32_t rows, uint32_t bytes,
                                                                Arena *arena) {
    for (uint32_t row = 0; row < rows; row++) {
        prefetch_row(states, stride, groups, row, rows);
        if (validity != NULL && !bit_get(validity, row)) {
            continue;
        }
        List *list = (List *)(void *)agg_state(states, stride, groups, row);
        if (list->room == 0) {
            TRY(add_chunk(cx, list, bytes, 1, arena));
        }
        memcpy(list->end, values + (size_t)row * bytes, bytes);
        list_grown(list, bytes, 1);
    }
    return OK;
}

static Status append_values(const Context *cx, uint8_t *states, size_t stride, const uint32_t *groups, const uint8_t *values,
                            const uint64_t *validity, uint32_t rows, uint32_t bytes, Arena *arena) {
    if (groups == NULL && validity == NULL) {
        return append_run(cx, (List *)(void *)states, values, bytes, rows, arena);
    }
    switch (bytes) {
    case 1: return append_rows(cx, states, stride, groups, values, validity, rows, 1, arena);
    case 2: return append_rows(cx, states, stride, groups, values, validity, rows, 2, arena);
    case 4: return append_rows(cx, states, stride, groups, values, validity, rows, 4, arena);
    case 8: return append_rows(cx, states, stride, groups, values, validity, rows, 8, arena);
    default: return append_rows(cx, states, stride, groups, values, validity, rows, 16, arena);
    }
}

static Status own_text(const Context *cx, Text *text, Arena *arena) {
    if (text->bytes > TEXT_INLINE_MAX) {
        const char *copy = arena_copy_text(cx, arena, text->pointer, text->bytes);
        if (copy == NULL) {
            return OUT_OF_MEMORY;
        }
        *text = text_view(copy, text->bytes);
    }
    return OK;
}

static Status append_texts(const Context *cx, uint8_t *states, size_t stride, const uint32_t *groups, const Text *texts,
                           const uint64_t *validity, uint32_t rows, Arena *arena) {
    for (uint32_t row = 0; row < rows; row++) {
        prefetch_row(states, stride, groups, row, rows);
        if (validity != NULL && !bit_get(validity, row)) {
            continue;
        }
        List *list = (List *)(void *)agg_state(states, stride, groups, row);
        if (list->room == 0) {
            TRY(add_chunk(cx, list, sizeof *texts, 1, arena));
        }
        Text *text = (Text *)(void *)list->end;
        *text = texts[row];
        TRY(own_text(cx, text, arena));
        list->text_bytes += text->bytes;
        list_grown(list, sizeof *texts, 1);
    }
    return OK;
}

/* One row of any arguments: `element` was zeroed. */
static Status fill_element(const Context *cx, const Aggregate *aggregate, const AggFlat *flats, const Vector *const *arguments,
                           uint32_t row, uint8_t *element, Arena *arena) {
    uint32_t nulls = 0;
    for (uint32_t a = 0; a < aggregate->argument_count; a++) {
        uint32_t bytes = type_bytes(aggregate->types[a]);
        uint8_t *slot = element + a * LIST_SLOT_BYTES;
        if (!vector_is_valid(arguments[a], row)) {
            nulls |= 1u << a;
            continue;
        }
        memcpy(slot, (const uint8_t *)flats[a].data + (size_t)row * bytes, bytes);
        if (type_is_text(aggregate->types[a])) {
            TRY(own_text(cx, (Text *)(void *)slot, arena));
        }
    }
    memcpy(element + aggregate->argument_count * LIST_SLOT_BYTES, &nulls, sizeof nulls);
    return OK;
}

/* Several arguments. */
static Status append_elements(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                              const uint32_t *groups, const AggFlat *flats, const Vector *const *arguments, uint32_t rows,
                              Arena *arena) {
    uint32_t bytes = list_element_bytes(aggregate);
    bool has_text = type_is_text(aggregate->argument);
    for (uint32_t row = 0; row < rows; row++) {
        prefetch_row(states, stride, groups, row, rows);
        if (!vector_is_valid(arguments[0], row)) {
            continue;
        }
        List *list = (List *)(void *)agg_state(states, stride, groups, row);
        if (list->room == 0) {
            TRY(add_chunk(cx, list, bytes, 1, arena));
        }
        TRY(fill_element(cx, aggregate, flats, arguments, row, list->end, arena));
        list->text_bytes += has_text ? ((const Text *)(const void *)list->end)->bytes : 0;
        list_grown(list, bytes, 1);
    }
    return OK;
}

static Status list_update(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                          const Vector *const *arguments, uint32_t rows, Arena *arena) {
    AggFlat flats[AGGREGATE_ARGUMENTS_MAX];
    uint32_t made = 0;
    Status status = OK;
    if (agg_all_null(arguments[0])) {
        return OK;
    }
    while (made < aggregate->argument_count && status == OK) {
        status = agg_flatten(cx, arguments[made], rows, &flats[made]);
        made++;
    }
    const uint64_t *validity = agg_validity(arguments[0]);
    if (status == OK && aggregate->argument_count > 1) {
        status = append_elements(cx, aggregate, states, stride, groups, flats, arguments, rows, arena);
    } else if (status == OK && type_is_text(aggregate->argument)) {
        status = append_texts(cx, states, stride, groups, flats[0].data, validity, rows, arena);
    } else if (status == OK) {
        uint32_t bytes = type_bytes(aggregate->argument);
        status = append_values(cx, states, stride, groups, flats[0].data, validity, rows, bytes, arena);
    }
    for (uint32_t a = 0; a < made; a++) {
        agg_flat_free(&flats[a]);
    }
    return status;
}

static Status list_merge(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                         const uint8_t *others, size_t other_stride, uint32_t count, Arena *arena) {
    (void)cx, (void)aggregate, (void)arena;
    for (uint32_t i = 0; i < count; i++) {
        List *list = (List *)(void *)agg_state(states, stride, groups, i);
        const List *other = (const List *)(const void *)(others + i * other_stride);
        if (other->count == 0) {
            continue;
        }
        if (list->last != NULL) {
            list->last->count = list_chunk_count(list, list->last);
            list->last->next = other->first;
        } else {
            list->first = other->first;
        }
        list->last = other->last;
        list->end = other->end;
        list->room = other->room;
        list->count += other->count;
        list->text_bytes += other->text_bytes;
    }
    return OK;
}

void list_copy(const Aggregate *aggregate, const List *list, uint8_t *out) {
    size_t bytes = list_element_bytes(aggregate);
    for (const ListChunk *chunk = list->first; chunk != NULL; chunk = chunk->next) {
        size_t count = list_chunk_count(list, chunk);
        memcpy(out, chunk->elements, count * bytes);
        out += count * bytes;
    }
}

uint64_t list_longest(const uint8_t *states, size_t stride, uint32_t count) {
    uint64_t longest = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t elements = ((const List *)(const void *)(states + i * stride))->count;
        longest = elements > longest ? elements : longest;
    }
    return longest;
}

void list_define(Aggregate *aggregate) {
    aggregate->state_bytes = sizeof(List);
    aggregate->collects = true;
    aggregate->update = list_update;
    aggregate->merge = list_merge;
}
