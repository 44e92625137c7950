/* Appending to column buffers; the pool of texts. */
#include "storage/column_buffer.h"

#include "core/hash.h"

enum {
    POOL_KEEPS_LOOKING_BELOW = 1 << 15, /* entries up to which repeats are looked for in any case */
    POOL_ENTRIES_MAX = 1 << 20          /* and above which they are not */
};

void column_buffer_init(ColumnBuffer *buffer, Type type) {
    *buffer = (ColumnBuffer){.type = type};
    buffer->element_bytes = column_buffer_is_text(buffer) ? sizeof(uint32_t) : type_bytes(type);
    buffer->texts.is_distinct = true;
    arena_init(&buffer->texts.arena);
}

void column_buffer_free(ColumnBuffer *buffer) {
    mem_free(buffer->values);
    mem_free(buffer->validity);
    mem_free(buffer->texts.entries);
    mem_free(buffer->texts.buckets);
    arena_free(&buffer->texts.arena);
    column_buffer_init(buffer, buffer->type);
}

uint64_t column_buffer_bytes(const ColumnBuffer *buffer) {
    const TextPool *pool = &buffer->texts;
    return (uint64_t)buffer->capacity * buffer->element_bytes + (uint64_t)pool->capacity * sizeof(Text) + pool->arena_bytes +
           (uint64_t)pool->bucket_count * sizeof(uint32_t);
}

/* ----------------------------------------------------------------------------------------------------------------- the pool */

static uint64_t text_hash(const Text *text) {
    if (text->bytes > TEXT_INLINE_MAX) {
        return hash_bytes(text->pointer, text->bytes, 3);
    }
    uint64_t words[2];
    memcpy(words, text, sizeof words);
    return hash_combine(words[0], words[1]);
}

static void put_in_bucket(TextPool *pool, uint32_t entry) {
    uint32_t mask = pool->bucket_count - 1;
    uint32_t at = (uint32_t)text_hash(&pool->entries[entry]) & mask;
    while (pool->buckets[at] != 0) {
        at = (at + 1) & mask;
    }
    pool->buckets[at] = entry + 1;
}

static Status grow_buckets(const Context *cx, TextPool *pool) {
    uint32_t count = pool->bucket_count == 0 ? 64 : pool->bucket_count * 2;
    uint32_t *buckets;
    TRY_ALLOC_ZEROED(cx, buckets, sizeof *buckets * count);
    mem_free(pool->buckets);
    pool->buckets = buckets;
    pool->bucket_count = count;
    for (uint32_t entry = 0; entry < pool->size; entry++) {
        put_in_bucket(pool, entry);
    }
    return OK;
}

static Status add_entry(const Context *cx, TextPool *pool, const Text *text, uint32_t *entry) {
    Text own = *text;
    if (text->bytes > TEXT_INLINE_MAX) {
        char *copy = arena_copy_text(cx, &pool->arena, text->pointer, text->bytes);
        if (copy == NULL) {
            return OUT_OF_MEMORY;
        }
        own.pointer = copy;
        pool->arena_bytes += (text->bytes + 16) / 16 * 16;
    }
    *entry = pool->size;
    TRY_MEM_APPEND(cx, pool->entries, pool->capacity, pool->size, own);
    return OK;
}

/* Texts that hardly repeat, or too many: they are no longer looked for. */
static void stop_looking(TextPool *pool) {
    mem_free(pool->buckets);
    pool->buckets = NULL;
    pool->bucket_count = 0;
    pool->is_distinct = false;
}

static Status intern(const Context *cx, TextPool *pool, const Text *text, uint32_t rows, uint32_t *entry) {
    if (!pool->is_distinct) {
        return add_entry(cx, pool, text, entry);
    }
    if (pool->size * 2 >= pool->bucket_count) {
        if (pool->size >= POOL_ENTRIES_MAX || (pool->size >= POOL_KEEPS_LOOKING_BELOW && pool->size > rows / 2)) {
            stop_looking(pool);
            return add_entry(cx, pool, text, entry);
        }
        TRY(grow_buckets(cx, pool));
    }
    uint32_t mask = pool->bucket_count - 1;
    uint32_t at = (uint32_t)text_hash(text) & mask;
    for (; pool->buckets[at] != 0; at = (at + 1) & mask) {
        if (text_equal(text, &pool->entries[pool->buckets[at] - 1])) {
            *entry = pool->buckets[at] - 1;
            return OK;
        }
    }
    TRY(add_entry(cx, pool, text, entry));
    pool->buckets[at] = *entry + 1;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- appending */

static Status reserve(const Context *cx, ColumnBuffer *buffer, uint32_t count) {
    if (buffer->capacity - buffer->rows >= count) {
        return OK;
    }
    uint32_t capacity = buffer->capacity < 256 ? 256 : buffer->capacity * 2;
    while (capacity - buffer->rows < count) {
        capacity *= 2;
    }
    uint8_t *values = mem_resize(cx, buffer->values, (size_t)capacity * buffer->element_bytes);
    if (values == NULL) {
        return OUT_OF_MEMORY;
    }
    buffer->values = values;
    if (buffer->validity != NULL) {
        uint64_t *validity = mem_resize(cx, buffer->validity, BITS_WORDS(capacity) * 8);
        if (validity == NULL) {
            return OUT_OF_MEMORY;
        }
        buffer->validity = validity;
    }
    buffer->capacity = capacity;
    return OK;
}

/* Called after reserve(), before rows grows. */
static Status append_validity(const Context *cx, ColumnBuffer *buffer, const Vector *flat, const uint16_t *rows,
                              uint32_t count) {
    if (flat->validity == NULL && buffer->validity == NULL) {
        return OK;
    }
    if (buffer->validity == NULL) {
        TRY_ALLOC(cx, buffer->validity, BITS_WORDS(buffer->capacity) * 8);
        memset(buffer->validity, 0xff, BITS_WORDS(buffer->capacity) * 8);
    }
    for (uint32_t i = 0; i < count; i++) {
        bool is_valid = flat->validity == NULL || bit_get(flat->validity, rows == NULL ? i : rows[i]);
        bit_put(buffer->validity, buffer->rows + i, is_valid);
        buffer->nulls += !is_valid;
    }
    return OK;
}

static Status append_texts(const Context *cx, ColumnBuffer *buffer, const Vector *flat, const uint16_t *rows, uint32_t count) {
    const Text *texts = flat->data;
    uint32_t *out = (uint32_t *)(void *)buffer->values + buffer->rows;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = rows == NULL ? i : rows[i];
        bool repeats = i > 0 && text_equal(&texts[row], &texts[rows == NULL ? i - 1 : rows[i - 1]]);
        if (repeats && buffer->texts.is_distinct) {
            out[i] = out[i - 1];
        } else {
            TRY(intern(cx, &buffer->texts, &texts[row], buffer->rows + i, &out[i]));
        }
    }
    return OK;
}

#define APPEND(bytes, ctype)                                                                                                   \
    case bytes:                                                                                                                \
        for (uint32_t i = 0; i < count; i++) {                                                                                 \
            ((ctype *)out)[i] = ((const ctype *)flat->data)[rows[i]];                                                          \
        }                                                                                                                      \
        break

static void append_fixed(const ColumnBuffer *buffer, const Vector *flat, const uint16_t *rows, uint32_t count) {
    void *out = buffer->values + (size_t)buffer->rows * buffer->element_bytes;
    if (rows == NULL) {
        memcpy(out, flat->data, (size_t)count * buffer->element_bytes);
        return;
    }
    switch (buffer->element_bytes) {
        APPEND(1, uint8_t);
        APPEND(2, uint16_t);
        APPEND(4, uint32_t);
        APPEND(8, uint64_t);
        APPEND(16, Interval);
    }
}

Status column_buffer_append(const Context *cx, ColumnBuffer *buffer, const Vector *flat, const uint16_t *rows, uint32_t count) {
    TRY(reserve(cx, buffer, count));
    TRY(append_validity(cx, buffer, flat, rows, count));
    if (column_buffer_is_text(buffer)) {
        TRY(append_texts(cx, buffer, flat, rows, count));
    } else {
        append_fixed(buffer, flat, rows, count);
    }
    buffer->rows += count;
    return OK;
}

Status column_buffer_view(const Context *cx, const ColumnBuffer *buffer, uint32_t first, uint32_t count, Vector *out) {
    TRY(vector_prepare_flat(cx, out, buffer->type));
    if (column_buffer_is_text(buffer)) {
        for (uint32_t i = 0; i < count; i++) {
            ((Text *)out->data)[i] = buffer->texts.entries[column_buffer_entry(buffer, first + i)];
        }
    } else {
        memcpy(out->data, buffer->values + (size_t)first * buffer->element_bytes, (size_t)count * buffer->element_bytes);
    }
    if (buffer->validity != NULL) {
        TRY(vector_prepare_validity(cx, out, false));
        bits_copy(buffer->validity, first, out->validity, count);
    }
    return OK;
}
