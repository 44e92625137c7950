/* LISTAGG and STRING_AGG: the state is a list of texts with the keys of their order; the end sorts and joins them. */
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

static Status join(const Context *cx, const Aggregate *aggregate, const List *list, const uint8_t **elements, Text *out,
                   Arena *arena) {
    static const Text none;
    bool has_separator = aggregate->direct_count > 0 && !aggregate->direct[0].is_null;
    const Text *separator = has_separator ? &aggregate->direct[0].text : &none;
    uint64_t bytes = list->text_bytes + (list->count - 1) * separator->bytes;
    if (bytes > RESULT_BYTES_MAX) {
        return fail(cx, PROGRAM_LIMIT_EXCEEDED, "the result of %s is longer than 1 GB", aggregate->name);
    }
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

Status agg_define_listagg(const Context *cx, Aggregate *aggregate) {
    (void)cx;
    list_define(aggregate);
    aggregate->result = type_varchar(0);
    aggregate->finish = listagg_finish;
    return OK;
}
