/* What functions of text share: bytes of arguments, and results that are built piece by piece. */
#ifndef DEPOT_EXPR_FN_TEXT_H
#define DEPOT_EXPR_FN_TEXT_H

#include "core/value.h"
#include "expr/fn_loop.h"

#define TEXT_RESULT_MAX ((size_t)1 << 30) /* bytes of one result, as in PostgreSQL */

static inline Status fail_too_long(const Context *cx) {
    return fail(cx, PROGRAM_LIMIT_EXCEEDED, "requested length too large");
}

/* Bytes of a text argument, borrowed from the vector. */
typedef struct Bytes {
    const char *data;
    size_t bytes;
} Bytes;

static inline Bytes arg_bytes(const Vector *vector, uint32_t row) {
    const Text *text = &((const Text *)vector->data)[vector->kind == VECTOR_CONSTANT ? 0 : row];
    return (Bytes){text_data(text), text->bytes};
}

/* Text under construction in the arena. */
typedef struct Builder {
    const Context *cx;
    Arena *arena;
    char *data;
    size_t bytes, capacity;
} Builder;

static inline Status builder_add(Builder *builder, const char *data, size_t bytes) {
    size_t wanted = builder->bytes + bytes;
    if (wanted > TEXT_RESULT_MAX) {
        return fail_too_long(builder->cx);
    }
    if (wanted > builder->capacity || builder->data == NULL) {
        size_t capacity = wanted < 32 ? 32 : 2 * wanted;
        char *grown = fn_text_room(builder->cx, builder->arena, capacity);
        if (grown == NULL) {
            return OUT_OF_MEMORY;
        }
        if (builder->bytes > 0) {
            memcpy(grown, builder->data, builder->bytes);
        }
        builder->data = grown;
        builder->capacity = capacity;
    }
    memcpy(builder->data + builder->bytes, data, bytes);
    builder->bytes = wanted;
    return OK;
}

static inline void out_built(Vector *out, uint32_t row, Builder *builder) {
    out_text(out, row, builder->data != NULL ? builder->data : "", builder->bytes);
    if (builder->bytes <= TEXT_INLINE_MAX) {
        builder->bytes = 0; /* the room may serve the next row */
        return;
    }
    builder->data += builder->bytes;
    builder->capacity -= builder->bytes;
    builder->bytes = 0;
}

/* As a cast to text prints it, booleans as t and f. */
static inline Status builder_add_value(Builder *builder, const Value *value) {
    char buffer[VALUE_PRINT_MAX];
    const char *data;
    size_t bytes;
    value_print_in(builder->cx->zone, value, buffer, &data, &bytes);
    return builder_add(builder, data, bytes);
}

#endif
