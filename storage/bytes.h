/* Writing and reading the bytes of manifests: little-endian numbers, varints (LEB128), zigzag varints, texts with a varint
 * length. Both remember that something went wrong and then do nothing more, so that only the end is checked. */
#ifndef DEPOT_STORAGE_BYTES_H
#define DEPOT_STORAGE_BYTES_H

#include "core/memory.h"

#include <string.h>

typedef struct ByteWriter {
    const Context *cx;
    uint8_t *data; /* owned: mem_free */
    size_t bytes, capacity;
    Status status; /* OUT_OF_MEMORY sticks */
} ByteWriter;

/* Room for `bytes` more, or NULL. */
static inline uint8_t *put_space(ByteWriter *writer, size_t bytes) {
    if (writer->status != OK) {
        return NULL;
    }
    if (writer->bytes + bytes > writer->capacity) {
        size_t capacity = (writer->bytes + bytes) * 2 + 256;
        uint8_t *data = mem_resize(writer->cx, writer->data, capacity);
        if (data == NULL) {
            writer->status = OUT_OF_MEMORY;
            return NULL;
        }
        writer->data = data;
        writer->capacity = capacity;
    }
    writer->bytes += bytes;
    return writer->data + writer->bytes - bytes;
}

static inline void put_bytes(ByteWriter *writer, const void *data, size_t bytes) {
    uint8_t *at = put_space(writer, bytes);
    if (at != NULL && bytes > 0) {
        memcpy(at, data, bytes);
    }
}

static inline void put_u8(ByteWriter *writer, uint8_t x) {
    put_bytes(writer, &x, 1);
}
static inline void put_u16(ByteWriter *writer, uint16_t x) {
    put_bytes(writer, &x, 2);
}
static inline void put_u32(ByteWriter *writer, uint32_t x) {
    put_bytes(writer, &x, 4);
}
static inline void put_u64(ByteWriter *writer, uint64_t x) {
    put_bytes(writer, &x, 8);
}

static inline void put_varint(ByteWriter *writer, uint64_t x) {
    uint8_t buffer[10];
    uint32_t n = 0;
    for (; x >= 0x80; x >>= 7) {
        buffer[n++] = (uint8_t)(x | 0x80);
    }
    buffer[n++] = (uint8_t)x;
    put_bytes(writer, buffer, n);
}

static inline void put_zigzag(ByteWriter *writer, int64_t x) {
    put_varint(writer, (uint64_t)x << 1 ^ (uint64_t)(x >> 63));
}

static inline void put_text(ByteWriter *writer, const char *text, size_t bytes) {
    put_varint(writer, bytes);
    put_bytes(writer, text, bytes);
}
static inline void put_string(ByteWriter *writer, const char *text) {
    put_text(writer, text, strlen(text));
}

typedef struct ByteReader {
    const uint8_t *at, *end; /* borrowed */
    uint32_t version;        /* of the format that is read */
    bool is_damaged;         /* something was asked for past the end, or was impossible */
} ByteReader;

/* The next `bytes` bytes, or NULL. */
static inline const uint8_t *get_bytes(ByteReader *reader, uint64_t bytes) {
    if (reader->is_damaged || bytes > (uint64_t)(reader->end - reader->at)) {
        reader->is_damaged = true;
        return NULL;
    }
    reader->at += bytes;
    return reader->at - bytes;
}

static inline void get_fixed(ByteReader *reader, void *to, size_t bytes) {
    const uint8_t *from = get_bytes(reader, bytes);
    if (from != NULL) {
        memcpy(to, from, bytes);
    }
}

static inline uint8_t get_u8(ByteReader *reader) {
    uint8_t x = 0;
    get_fixed(reader, &x, 1);
    return x;
}
static inline uint16_t get_u16(ByteReader *reader) {
    uint16_t x = 0;
    get_fixed(reader, &x, 2);
    return x;
}
static inline uint32_t get_u32(ByteReader *reader) {
    uint32_t x = 0;
    get_fixed(reader, &x, 4);
    return x;
}
static inline uint64_t get_u64(ByteReader *reader) {
    uint64_t x = 0;
    get_fixed(reader, &x, 8);
    return x;
}

static inline uint64_t get_varint(ByteReader *reader) {
    uint64_t x = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
        uint8_t byte = get_u8(reader);
        x |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return x;
        }
    }
    reader->is_damaged = true;
    return 0;
}

static inline int64_t get_zigzag(ByteReader *reader) {
    uint64_t x = get_varint(reader);
    return (int64_t)(x >> 1 ^ (0 - (x & 1)));
}

/* A varint of at most `most`. */
static inline uint32_t get_limited(ByteReader *reader, uint32_t most) {
    uint64_t x = get_varint(reader);
    if (x > most) {
        reader->is_damaged = true;
        return 0;
    }
    return (uint32_t)x;
}

/* A number of things that take at least one byte each: what is left bounds it, so that it can be allocated. */
static inline uint32_t get_count(ByteReader *reader) {
    uint64_t left = (uint64_t)(reader->end - reader->at);
    return get_limited(reader, left < UINT32_MAX ? (uint32_t)left : UINT32_MAX);
}

#endif
