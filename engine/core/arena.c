/* Bump allocation in chunks of growing size. */
#include "core/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CHUNK_BYTES_MIN 4096
#define CHUNK_BYTES_MAX ((size_t)1 << 20)
#define ALIGNMENT 16

struct ArenaChunk {
    struct ArenaChunk *older;
    size_t bytes; /* of data */
    _Alignas(ALIGNMENT) char data[];
};

void arena_init(Arena *arena) {
    *arena = (Arena){0};
}

void arena_free(Arena *arena) {
    for (ArenaChunk *chunk = arena->chunk; chunk != NULL;) {
        ArenaChunk *older = chunk->older;
        mem_free(chunk);
        chunk = older;
    }
    arena_init(arena);
}

static bool add_chunk_of(const Context *cx, Arena *arena, size_t wanted) {
    ArenaChunk *chunk = mem_alloc(cx, sizeof(ArenaChunk) + wanted);
    if (chunk == NULL) {
        return false;
    }
    chunk->older = arena->chunk;
    chunk->bytes = wanted;
    arena->chunk = chunk;
    arena->used = 0;
    return true;
}

static bool add_chunk(const Context *cx, Arena *arena, size_t bytes) {
    size_t wanted = arena->chunk == NULL ? CHUNK_BYTES_MIN : 2 * arena->chunk->bytes;
    wanted = wanted < CHUNK_BYTES_MIN ? CHUNK_BYTES_MIN : wanted > CHUNK_BYTES_MAX ? CHUNK_BYTES_MAX : wanted;
    return add_chunk_of(cx, arena, wanted < bytes ? bytes : wanted);
}

Status arena_reserve(const Context *cx, Arena *arena, size_t bytes) {
    return arena->chunk != NULL || add_chunk_of(cx, arena, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT) ? OK
                                                                                                            : OUT_OF_MEMORY;
}

void *arena_alloc(const Context *cx, Arena *arena, size_t bytes) {
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (arena->chunk == NULL || arena->chunk->bytes - arena->used < bytes) {
        if (!add_chunk(cx, arena, bytes)) {
            return NULL;
        }
    }
    void *memory = arena->chunk->data + arena->used;
    arena->used += bytes;
    return memset(memory, 0, bytes);
}

void *arena_grow(const Context *cx, Arena *arena, const void *array, size_t element_bytes, uint32_t *capacity) {
    uint32_t larger = mem_grown_capacity(cx, *capacity);
    void *grown = larger == 0 ? NULL : arena_alloc(cx, arena, element_bytes * larger);
    if (grown != NULL) {
        if (*capacity > 0) {
            memcpy(grown, array, element_bytes * *capacity);
        }
        *capacity = larger;
    }
    return grown;
}

char *arena_copy_text(const Context *cx, Arena *arena, const char *text, size_t bytes) {
    char *copy = arena_alloc(cx, arena, bytes + 1);
    if (copy != NULL && bytes > 0) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

char *arena_format(const Context *cx, Arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int bytes = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_alloc(cx, arena, (size_t)bytes + 1);
    if (text != NULL) {
        va_start(args, format);
        vsnprintf(text, (size_t)bytes + 1, format, args);
        va_end(args);
    }
    return text;
}
