/* A growing array of bytes: a file in the making. */
#ifndef DEPOT_STORAGE_BYTE_BUFFER_H
#define DEPOT_STORAGE_BYTE_BUFFER_H

#include "core/memory.h"

#include <string.h>

typedef struct ByteBuffer {
    uint8_t *data; /* owned; NULL while empty */
    size_t used, capacity;
} ByteBuffer;

/* Room for `bytes` more. */
static inline Status byte_buffer_reserve(const Context *cx, ByteBuffer *buffer, size_t bytes) {
    if (buffer->capacity - buffer->used < bytes) {
        size_t capacity = (buffer->used + bytes) * 3 / 2 + 64;
        uint8_t *data = mem_resize(cx, buffer->data, capacity);
        if (data == NULL) {
            return OUT_OF_MEMORY;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return OK;
}

static inline Status byte_buffer_append(const Context *cx, ByteBuffer *buffer, const void *data, size_t bytes) {
    TRY(byte_buffer_reserve(cx, buffer, bytes));
    if (bytes > 0) {
        memcpy(buffer->data + buffer->used, data, bytes);
    }
    buffer->used += bytes;
    return OK;
}

static inline void byte_buffer_free(ByteBuffer *buffer) {
    mem_free(buffer->data);
    *buffer = (ByteBuffer){0};
}

#endif
