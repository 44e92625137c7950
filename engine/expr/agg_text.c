/* LISTAGG and STRING_AGG: the state is a list of texts with the keys of their order; the end sorts and joins them. Over texts
 * in order, the state is their bytes. */
#include "expr/agg_list.h"

#include <stdlib.h>

/* A VARCHAR's length has 32 bits; a result beyond a gigabyte is a mistake, as in PostgreSQL. */
#define RESULT_BYTES_MAX ((uint64_t)1 << 30)

/* Order of two elements by the keys; 0: they are alike. */
static int compare_elements(const void *a_, const void *b_, void *aggregate_) {
    const Aggregate *aggregate = aggregate_;
    const uint8_t *a = *(const uint8_t *const *)a_, *b = *(const uint8_t *const *)b_;
    uint32_t a_nulls = list_element_nulls(aggregate, a), b_nulls = list_element_nulls(aggregate, b);
    for (uint32_t k = 0; k < aggregate->order_count; k++) {
        const AggregateOrder *key = &aggregate->order[k];
        Type type = aggregate->types[key->argument];
        bool a_null = a_nulls >> key->argument & 1, b_null = b_nulls >> key->argument & 1;
        if (a_null || b_null) {
            if (a_null != b_null) {
                return a_null == key->nulls_first ? -1 : 1;
            }
            continue;
        }
        Value x = value_load(type, a + key->argument * LIST_SLOT_BYTES, 0);
        Value y = value_load(type, b + key->argument * LIST_SLOT_BYTES, 0);
        int order = value_compare(&x, &y);
        if (order != 0) {
            return key->is_descending ? -order : order;
        }
    }
    return 0;
}

/* Pointers to the list's elements, in order. */
static void order_elements(const Aggregate *aggregate, const List *list, const uint8_t **elements) {
    size_t bytes = list_element_bytes(aggregate);
    uint64_t at = 0;
    for (const ListChunk *chunk = list->first; chunk != NULL; chunk = chunk->next) {
        for (uint32_t i = 0; i < list_chunk_count(list, chunk); i++) {
            elements[at++] = chunk->elements + i * bytes;
        }
    }
    if (aggregate->order_count > 0) {
        qsort_r(elements, list->count, sizeof *elements, compare_elements, (void *)(uintptr_t)aggregate);
    }
}

static const Text *separator_of(const Aggregate *aggregate) {
    static const Text none;
    bool has_separator = aggregate->direct_count > 0 && !aggregate->direct[0].is_null;
    return has_separator ? &aggregate->direct[0].text : &none;
}

static Status check_length(const Context *cx, const Aggregate *aggregate, uint64_t bytes) {
    return bytes <= RESULT_BYTES_MAX
               ? OK
               : fail(cx, PROGRAM_LIMIT_EXCEEDED, "the result of %s is longer than 1 GB", aggregate->name);
}

static Status join(const Context *cx, const Aggregate *aggregate, const List *list, const uint8_t **elements, Text *out,
                   Arena *arena) {
    const Text *separator = separator_of(aggregate);
    uint64_t bytes = list->text_bytes + (list->count - 1) * separator->bytes;
    TRY(check_length(cx, aggregate, bytes));
    char *joined = arena_alloc(cx, arena, bytes + 1), *at = joined;
    if (joined == NULL) {
        return OUT_OF_MEMORY;
    }
    order_elements(aggregate, list, elements);
    for (uint64_t i = 0; i < list->count; i++) {
        const Text *text = (const Text *)(const void *)elements[i];
        if (i > 0) {
            memcpy(at, text_data(separator), separator->bytes);
            at += separator->bytes;
        }
        memcpy(at, text_data(text), text->bytes);
        at += text->bytes;
    }
    *out = text_view(joined, (uint32_t)bytes);
    return OK;
}

static Status listagg_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride,
                             uint32_t count, Vector *out, Arena *arena) {
    const uint8_t **elements;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    TRY_ALLOC(cx, elements, list_longest(states, stride, count) * sizeof *elements);
    Status status = OK;
    for (uint32_t i = 0; i < count && status == OK; i++) {
        const List *list = (const List *)(const void *)(states + i * stride);
        status =
            list->count == 0 ? agg_set_null(cx, out, i) : join(cx, aggregate, list, elements, (Text *)out->data + i, arena);
    }
    mem_free(elements);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- texts in order */

#define PIECE_BYTES_MIN ((uint64_t)48)
#define PIECE_BYTES_MAX ((uint64_t)64 << 10)

typedef struct Piece {
    struct Piece *next;
    uint64_t used, room;
    char bytes[];
} Piece;

typedef struct Pieces {
    Piece *first, *last;
    uint64_t bytes, texts;
} Pieces;

static Status add_piece(const Context *cx, Pieces *pieces, Arena *arena) {
    uint64_t room = pieces->bytes < PIECE_BYTES_MIN ? PIECE_BYTES_MIN : pieces->bytes;
    room = room > PIECE_BYTES_MAX ? PIECE_BYTES_MAX : room;
    Piece *piece = arena_alloc(cx, arena, sizeof *piece + room);
    if (piece == NULL) {
        return OUT_OF_MEMORY;
    }
    piece->room = room;
    *(pieces->last == NULL ? &pieces->first : &pieces->last->next) = piece;
    pieces->last = piece;
    return OK;
}

static Status add_bytes(const Context *cx, Pieces *pieces, const Text *text, Arena *arena) {
    const char *from = text_data(text);
    for (uint64_t left = text->bytes, count; left > 0; left -= count, from += count) {
        if (pieces->last == NULL || pieces->last->used == pieces->last->room) {
            TRY(add_piece(cx, pieces, arena));
        }
        Piece *piece = pieces->last;
        count = left < piece->room - piece->used ? left : piece->room - piece->used;
        memcpy(piece->bytes + piece->used, from, count);
        piece->used += count;
        pieces->bytes += count;
    }
    return OK;
}

static Status pieces_update(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride,
                            const uint32_t *groups, const Vector *const *arguments, uint32_t rows, Arena *arena) {
    const Text *separator = separator_of(aggregate);
    for (uint32_t row = 0; row < rows; row++) {
        if (!vector_is_valid(arguments[0], row)) {
            continue;
        }
        Pieces *pieces = (Pieces *)(void *)agg_state(states, stride, groups, row);
        Value value = vector_value(arguments[0], row);
        TRY(check_length(cx, aggregate, pieces->bytes + separator->bytes + value.text.bytes));
        TRY(pieces->texts++ > 0 ? add_bytes(cx, pieces, separator, arena) : OK);
        TRY(add_bytes(cx, pieces, &value.text, arena));
    }
    return OK;
}

static Status pieces_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                            Vector *out, Arena *arena) {
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    for (uint32_t i = 0; i < count; i++) {
        const Pieces *pieces = (const Pieces *)(const void *)(states + i * stride);
        if (pieces->texts == 0) {
            TRY(agg_set_null(cx, out, i));
            continue;
        }
        char *joined = arena_alloc(cx, arena, pieces->bytes + 1), *at = joined;
        if (joined == NULL) {
            return OUT_OF_MEMORY;
        }
        for (const Piece *piece = pieces->first; piece != NULL; at += piece->used, piece = piece->next) {
            memcpy(at, piece->bytes, piece->used);
        }
        ((Text *)out->data)[i] = text_view(joined, (uint32_t)pieces->bytes);
    }
    return OK;
}

static void listagg_stream(Aggregate *aggregate) {
    aggregate->collects = false;
    aggregate->state_bytes = sizeof(Pieces);
    aggregate->update = pieces_update;
    aggregate->merge = NULL;
    aggregate->finish = pieces_finish;
}

Status agg_define_listagg(const Context *cx, Aggregate *aggregate) {
    (void)cx;
    list_define(aggregate);
    aggregate->result = type_varchar(0);
    aggregate->finish = listagg_finish;
    aggregate->stream = listagg_stream;
    return OK;
}
