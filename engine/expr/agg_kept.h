/* Values in states of aggregates that outlive the batch that they came in. */
#ifndef DEPOT_EXPR_AGG_KEPT_H
#define DEPOT_EXPR_AGG_KEPT_H

#include "core/value.h"

/* Zeroed memory holds none. Long text stands in `room`, which is reused while what comes fits. */
typedef struct Kept {
    union {
        __int128 bits;
        Text text;
    };
    char *room; /* in the states' arena */
    uint64_t room_bytes;
} Kept;

/* `value` is not NULL. */
Status kept_set(const Context *cx, Kept *kept, const Value *value, Arena *arena) MUST_CHECK;
/* Text is borrowed. */
Value kept_value(const Kept *kept, Type type);

#endif
