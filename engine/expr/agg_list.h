/* Lists of values: the states of aggregates that need all values at the end (percentiles, mode, listagg).
 *
 * A list is a chain of growing chunks in the arena; long text is copied there. An element is the value in its storage class,
 * or, for calls of several arguments, a slot of 16 bytes per argument and a mask of those that are NULL. Rows whose first
 * argument is NULL are not taken. */
#ifndef DEPOT_EXPR_AGG_LIST_H
#define DEPOT_EXPR_AGG_LIST_H

#include "expr/agg_loop.h"

#define LIST_SLOT_BYTES 16u

typedef struct ListChunk {
    struct ListChunk *next;
    uint32_t count, capacity; /* the last chunk's count is in the list */
    uint8_t elements[];
} ListChunk;

/* What appending needs is here: the chunk itself is only touched where it is written. */
typedef struct List {
    ListChunk *first, *last;
    uint8_t *end;  /* of the last chunk's elements */
    uint32_t room; /* further elements that the last chunk takes */
    uint32_t reserved;
    uint64_t count;
    uint64_t text_bytes; /* of all first values, if they are text */
} List;
_Static_assert(sizeof(List) == 48, "lists take 48 bytes per group");

/* Bytes of an element. */
uint32_t list_element_bytes(const Aggregate *aggregate);
/* The mask of NULLs in an element of several arguments: bit per argument. */
static inline uint32_t list_element_nulls(const Aggregate *aggregate, const uint8_t *element) {
    uint32_t nulls = 0;
    if (aggregate->argument_count > 1) {
        memcpy(&nulls, element + aggregate->argument_count * LIST_SLOT_BYTES, sizeof nulls);
    }
    return nulls;
}

/* Elements of one of the list's chunks. */
static inline uint32_t list_chunk_count(const List *list, const ListChunk *chunk) {
    return chunk == list->last ? chunk->capacity - list->room : chunk->count;
}
/* Copies all elements, one behind the other. */
void list_copy(const Aggregate *aggregate, const List *list, uint8_t *out);
/* The most elements of `count` states. */
uint64_t list_longest(const uint8_t *states, size_t stride, uint32_t count);
/* Sets what all these aggregates share. */
void list_define(Aggregate *aggregate);

#endif
