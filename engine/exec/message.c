/* Batches as bytes: sizes first, then one pass that copies. */
#include "exec/message.h"

#include "core/memory.h"

#define ALIGN 64
#define ALIGNED(bytes) (((uint64_t)(bytes) + ALIGN - 1) / ALIGN * ALIGN)

typedef struct ColumnHeader {
    Type type;
    uint8_t kind, code_bytes;
    bool has_validity;
    int64_t base;
    const Dictionary *dictionary;  /* identity of a query dictionary: valid on every node while the statement runs */
    uint64_t data, validity, text; /* offsets from the message */
} ColumnHeader;

static ColumnHeader *column_headers(const Message *message) {
    return (ColumnHeader *)((char *)message + ALIGNED(sizeof *message));
}

/* How a vector travels: codes that every node understands as they are, anything else flat. */
static Status travelling_form(const Context *cx, const Vector *in, uint32_t rows, Vector *scratch, const Vector **out) {
    *out = in;
    if (in->kind == VECTOR_CODES && in->dictionary != NULL && !in->dictionary->is_shared) {
        TRY(vector_flatten(cx, in, rows, scratch));
        *out = scratch;
    }
    return OK;
}

static uint32_t element_count(const Vector *vector, uint32_t rows) {
    return vector->kind == VECTOR_CONSTANT ? 1 : rows;
}

static uint32_t element_bytes(const Vector *vector) {
    return vector->kind == VECTOR_CODES ? vector->code_bytes : type_bytes(vector->type);
}

static bool has_texts(const Vector *vector) {
    return vector->kind != VECTOR_CODES && type_class(vector->type) == CLASS_TEXT;
}

static uint64_t long_text_bytes(const Vector *vector, uint32_t elements) {
    uint64_t bytes = 0;
    const Text *texts = vector->data;
    for (uint32_t i = 0; has_texts(vector) && i < elements; i++) {
        bytes += texts[i].bytes > TEXT_INLINE_MAX ? texts[i].bytes : 0;
    }
    return bytes;
}

static uint64_t column_size(const Vector *vector, uint32_t rows) {
    uint32_t elements = element_count(vector, rows);
    uint64_t validity = vector->validity != NULL ? VALIDITY_WORDS * 8 : 0;
    return ALIGNED((uint64_t)elements * element_bytes(vector)) + ALIGNED(validity) + ALIGNED(long_text_bytes(vector, elements));
}

/* Copies long texts behind the views and makes the views point there, by offset. */
static void write_texts(char *message, const Vector *vector, uint32_t elements, uint64_t views, uint64_t at) {
    const Text *from = vector->data;
    Text *to = (Text *)(message + views);
    for (uint32_t i = 0; i < elements; i++) {
        if (from[i].bytes > TEXT_INLINE_MAX) {
            memcpy(message + at, from[i].pointer, from[i].bytes);
            to[i].pointer = (const char *)(uintptr_t)at;
            at += from[i].bytes;
        }
    }
}

static uint64_t write_column(Message *message, ColumnHeader *header, const Vector *vector, uint64_t at) {
    char *base = (char *)message;
    uint32_t elements = element_count(vector, message->rows);
    uint64_t data_bytes = (uint64_t)elements * element_bytes(vector);
    *header = (ColumnHeader){.type = vector->type,
                             .kind = vector->kind,
                             .code_bytes = vector->code_bytes,
                             .has_validity = vector->validity != NULL,
                             .base = vector->base,
                             .dictionary = vector->kind == VECTOR_CODES ? vector->dictionary : NULL};
    header->data = at;
    memcpy(base + at, vector->data, data_bytes);
    at += ALIGNED(data_bytes);
    header->validity = at;
    if (header->has_validity) {
        memset(base + at, 0, VALIDITY_WORDS * 8);
        memcpy(base + at, vector->validity, BITS_WORDS(elements) * 8);
        at += ALIGNED(VALIDITY_WORDS * 8);
    }
    header->text = at;
    if (has_texts(vector)) {
        write_texts(base, vector, elements, header->data, at);
        at += ALIGNED(long_text_bytes(vector, elements));
    }
    return at;
}

Status message_create(const Context *cx, const Batch *in, Vector *scratch, Message **message) {
    uint64_t start = ALIGNED(sizeof **message) + ALIGNED(sizeof(ColumnHeader) * in->column_count), bytes = start;
    const Vector **columns;
    TRY_ALLOC(cx, columns, sizeof *columns * in->column_count);
    Status status = OK;
    for (uint32_t i = 0; i < in->column_count; i++) {
        TRY_GOTO(travelling_form(cx, &in->columns[i], in->rows, &scratch[i], &columns[i]));
        bytes += column_size(columns[i], in->rows);
    }
    *message = mem_alloc(cx, bytes);
    if (*message == NULL) {
        status = OUT_OF_MEMORY;
        goto done;
    }
    **message = (Message){.rows = in->rows, .column_count = in->column_count, .bytes = bytes};
    uint64_t at = start;
    for (uint32_t i = 0; i < in->column_count; i++) {
        at = write_column(*message, &column_headers(*message)[i], columns[i], at);
    }
done:
    mem_free(columns);
    return status;
}

Status message_copy(const Context *cx, const Message *from, Message **to) {
    TRY_ALLOC(cx, *to, from->bytes);
    memcpy(*to, from, from->bytes);
    return OK;
}

static void point_texts(char *message, Text *texts, uint32_t elements) {
    for (uint32_t i = 0; i < elements; i++) {
        if (texts[i].bytes > TEXT_INLINE_MAX) {
            texts[i].pointer = message + (uintptr_t)texts[i].pointer;
        }
    }
}

void message_open(Message *message, Batch *out) {
    char *base = (char *)message;
    for (uint32_t i = 0; i < message->column_count; i++) {
        const ColumnHeader *header = &column_headers(message)[i];
        Vector view = {.type = header->type,
                       .kind = header->kind,
                       .code_bytes = header->code_bytes,
                       .base = header->base,
                       .dictionary = header->dictionary,
                       .data = base + header->data,
                       .validity = header->has_validity ? (uint64_t *)(base + header->validity) : NULL};
        if (has_texts(&view)) {
            point_texts(base, view.data, element_count(&view, message->rows));
        }
        vector_borrow(&out->columns[i], &view);
    }
    out->rows = message->rows;
}
