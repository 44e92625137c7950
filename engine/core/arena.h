/* Memory that dies at once: trees, plans, names. Bump allocation in chunks from a counted account. Not thread-safe. */
#ifndef DEPOT_CORE_ARENA_H
#define DEPOT_CORE_ARENA_H

#include "core/memory.h"

typedef struct ArenaChunk ArenaChunk;
typedef struct Arena {
    ArenaChunk *chunk; /* newest first; owned */
    size_t used;       /* bytes used of the newest chunk */
} Arena;

void arena_init(Arena *arena);
void arena_free(Arena *arena); /* the arena is empty and usable again */

/* An empty arena gets its first chunk of this size, for one that is kept: what follows fits without a larger one. */
Status arena_reserve(const Context *cx, Arena *arena, size_t bytes) MUST_CHECK;
/* Aligned to 16 bytes, zeroed; NULL after filling the error. */
void *arena_alloc(const Context *cx, Arena *arena, size_t bytes) MUST_CHECK;
char *arena_copy_text(const Context *cx, Arena *arena, const char *text, size_t bytes) MUST_CHECK; /* adds a final 0 */
char *arena_format(const Context *cx, Arena *arena, const char *format, ...) FORMAT_LIKE_PRINTF(3, 4);

/* A place twice as large for an array in the arena that is full; its elements are copied, what follows them is zeroed. NULL
 * after filling the error. */
void *arena_grow(const Context *cx, Arena *arena, const void *array, size_t element_bytes, uint32_t *capacity) MUST_CHECK;

/* pointer = a zeroed object of its type, or return OUT_OF_MEMORY. */
#define TRY_NEW(cx, arena, pointer) TRY_NEW_ARRAY(cx, arena, pointer, 1)
#define TRY_NEW_ARRAY(cx, arena, pointer, count)                                                                               \
    do {                                                                                                                       \
        (pointer) = arena_alloc((cx), (arena), sizeof(*(pointer)) * (size_t)(count));                                          \
        if (__builtin_expect((pointer) == NULL, 0)) {                                                                          \
            return OUT_OF_MEMORY;                                                                                              \
        }                                                                                                                      \
    } while (0)
/* Adds an item to a growing array in the arena, or returns OUT_OF_MEMORY. */
#define TRY_APPEND(cx, arena, items, capacity, count, ...)                                                                     \
    do {                                                                                                                       \
        if ((count) == (capacity)) {                                                                                           \
            void *grown_ = arena_grow((cx), (arena), (items), sizeof(*(items)), &(capacity));                                  \
            if (grown_ == NULL) {                                                                                              \
                return OUT_OF_MEMORY;                                                                                          \
            }                                                                                                                  \
            (items) = grown_;                                                                                                  \
        }                                                                                                                      \
        (items)[(count)++] = (__VA_ARGS__);                                                                                    \
    } while (0)

#endif
