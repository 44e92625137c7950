/* ANY_VALUE, ARG_MIN and ARG_MAX: one row's value per group, the first or that with the least or greatest key. */
#include "expr/agg_loop.h"

/* A value that outlives its batch. Long text stands in `room`, which is reused while what comes fits. */
typedef struct Kept {
    union {
        __int128 bits;
        Text text;
    };
    char *room;
    uint64_t room_bytes;
} Kept;

typedef struct Picked {
    Kept value, key;
    uint64_t has_value;
} Picked;

static Status keep(const Context *cx, Kept *kept, const Value *value, Arena *arena) {
    memcpy(&kept->bits, &value->i128, sizeof kept->bits);
    if (!type_is_text(value->type) || value->text.bytes <= TEXT_INLINE_MAX) {
        return OK;
    }
    if (value->text.bytes > kept->room_bytes) {
        kept->room_bytes = (uint64_t)value->text.bytes * 3 / 2;
        kept->room = arena_alloc(cx, arena, kept->room_bytes);
        if (kept->room == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    memcpy(kept->room, value->text.pointer, value->text.bytes);
    kept->text = text_view(kept->room, value->text.bytes);
    return OK;
}

static Value kept_value(const Kept *kept, Type type) {
    Value value = {.type = type};
    memcpy(&value.i128, &kept->bits, sizeof kept->bits);
    return value;
}

static Status take(const Context *cx, const Aggregate *aggregate, Picked *picked, const Value *value, const Value *key,
                   Arena *arena) {
    if (picked->has_value && aggregate->id == AGGREGATE_ANY_VALUE) {
        return OK;
    }
    if (picked->has_value) {
        Value current = kept_value(&picked->key, aggregate->types[1]);
        int order = value_compare(key, &current);
        if (aggregate->id == AGGREGATE_ARG_MIN ? order >= 0 : order <= 0) {
            return OK;
        }
    }
    picked->has_value = true;
    TRY(keep(cx, &picked->value, value, arena));
    return key == NULL ? OK : keep(cx, &picked->key, key, arena);
}

/* Rows with a NULL in either argument are passed over. */
static Status pick_update(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                          const Vector *const *arguments, uint32_t rows, Arena *arena) {
    const Vector *keys = aggregate->argument_count > 1 ? arguments[1] : NULL;
    for (uint32_t row = 0; row < rows; row++) {
        Picked *picked = (Picked *)(void *)agg_state(states, stride, groups, row);
        if (!vector_is_valid(arguments[0], row) || (keys != NULL && !vector_is_valid(keys, row))) {
            continue;
        }
        if (keys == NULL) {
            if (!picked->has_value) {
                Value value = vector_value(arguments[0], row);
                TRY(take(cx, aggregate, picked, &value, NULL, arena));
            }
            continue;
        }
        Value value = vector_value(arguments[0], row), key = vector_value(keys, row);
        TRY(take(cx, aggregate, picked, &value, &key, arena));
    }
    return OK;
}

static Status pick_merge(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                         const uint8_t *others, size_t other_stride, uint32_t count, Arena *arena) {
    bool has_key = aggregate->argument_count > 1;
    for (uint32_t i = 0; i < count; i++) {
        const Picked *other = (const Picked *)(const void *)(others + i * other_stride);
        if (!other->has_value) {
            continue;
        }
        Value value = kept_value(&other->value, aggregate->types[0]);
        Value key = has_key ? kept_value(&other->key, aggregate->types[1]) : value;
        TRY(take(cx, aggregate, (Picked *)(void *)agg_state(states, stride, groups, i), &value, has_key ? &key : NULL, arena));
    }
    return OK;
}

static Status pick_finish(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                          Vector *out, Arena *arena) {
    (void)arena;
    TRY(vector_prepare_flat(cx, out, aggregate->result));
    for (uint32_t i = 0; i < count; i++) {
        const Picked *picked = (const Picked *)(const void *)(states + i * stride);
        if (!picked->has_value) {
            TRY(agg_set_null(cx, out, i));
            continue;
        }
        Value value = kept_value(&picked->value, aggregate->result);
        value_store(&value, out->data, i);
    }
    return OK;
}

Status agg_define_pick(const Context *cx, Aggregate *aggregate) {
    (void)cx;
    bool has_text = type_is_text(aggregate->argument);
    for (uint32_t i = 1; i < aggregate->argument_count; i++) {
        has_text |= type_is_text(aggregate->types[i]);
    }
    aggregate->result = aggregate->argument;
    aggregate->state_bytes = sizeof(Picked);
    aggregate->is_plain = !has_text;
    aggregate->ignores_repeats = true;
    aggregate->update = pick_update;
    aggregate->merge = pick_merge;
    aggregate->finish = pick_finish;
    return OK;
}
