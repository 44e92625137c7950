/* JSON texts, by yajl: are they valid, what stands at a path. Numbers keep their digits, objects and arrays their text. */
#ifndef DEPOT_EXPR_JSON_H
#define DEPOT_EXPR_JSON_H

#include "core/arena.h"
#include "core/text.h"

/* Values inside of each other at most. */
#define JSON_DEPTH_MAX 1000

typedef enum JsonKind { JSON_ABSENT, JSON_NULL, JSON_SCALAR, JSON_STRING, JSON_OBJECT, JSON_ARRAY } JsonKind;

typedef struct JsonPart {
    JsonKind kind;     /* of what stands at the path; of the last one if keys repeat */
    Text text;         /* borrowed from the JSON text; of strings, without escapes, in the arena */
    uint32_t elements; /* of an array */
} JsonPart;

/* Walks to the value at a path of keys (and, in arrays, of indexes from 0). False: the text is no JSON; *status tells whether
 * that is all. */
bool json_find(const Context *cx, const Text *json, const Text *path, uint32_t path_count, Arena *arena, JsonPart *part,
               Status *status);

#endif
