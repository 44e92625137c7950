/* JSON texts by yajl's parser of events. See json.h.
 *
 * level[d] belongs to the d-th open object or array; a value in it is on the path if level d is and its key or index is the
 * path's element d. The value behind the path's last element is noted; the rest is read only to see whether all is valid. */
#include "expr/json.h"

#include <yajl/yajl_parse.h>

typedef struct Level {
    bool is_array, is_on_path;
    bool next_fits; /* the value to come is on the path */
    uint32_t index; /* of the value to come, in an array */
} Level;

typedef struct Walk {
    const Context *cx;
    Arena *arena;
    yajl_handle parser;
    const Text *json, *path;
    uint32_t path_count;
    uint32_t depth;       /* open objects and arrays */
    uint32_t found_depth; /* of the part's object or array while it is open; else 0 */
    size_t found_start;
    JsonPart *part;
    bool is_too_deep, out_of_memory;
    Level levels[JSON_DEPTH_MAX + 1];
} Walk;

/* Is the array index the path's element? */
static bool index_fits(const Text *element, uint32_t index) {
    char digits[16];
    uint32_t bytes = 0;
    for (uint32_t rest = index; bytes == 0 || rest > 0; rest /= 10) {
        digits[sizeof digits - ++bytes] = (char)('0' + rest % 10);
    }
    return element->bytes == bytes && memcmp(text_data(element), digits + sizeof digits - bytes, bytes) == 0;
}

/* A value begins: is it on the path, and is it the one? */
static bool begin_value(Walk *walk, bool *is_found) {
    bool fits = true;
    if (walk->depth > 0) {
        Level *level = &walk->levels[walk->depth];
        if (level->is_array) {
            fits =
                level->is_on_path && walk->depth <= walk->path_count && index_fits(&walk->path[walk->depth - 1], level->index);
            level->index++;
        } else {
            fits = level->next_fits;
        }
    }
    *is_found = fits && walk->depth == walk->path_count;
    return fits;
}

static int note(Walk *walk, JsonKind kind, const char *data, size_t bytes) {
    *walk->part = (JsonPart){.kind = kind, .text = text_view(data, (uint32_t)bytes)};
    return 1;
}

static int on_null(void *walk_) {
    bool is_found;
    begin_value(walk_, &is_found);
    return is_found ? note(walk_, JSON_NULL, "", 0) : 1;
}

static int on_boolean(void *walk_, int value) {
    bool is_found;
    begin_value(walk_, &is_found);
    return is_found ? note(walk_, JSON_SCALAR, value ? "true" : "false", value ? 4 : 5) : 1;
}

static int on_number(void *walk_, const char *digits, size_t bytes) {
    bool is_found;
    begin_value(walk_, &is_found);
    return is_found ? note(walk_, JSON_SCALAR, digits, bytes) : 1;
}

static int on_string(void *walk_, const unsigned char *data, size_t bytes) {
    Walk *walk = walk_;
    bool is_found;
    begin_value(walk, &is_found);
    if (!is_found) {
        return 1;
    }
    const char *copy = arena_copy_text(walk->cx, walk->arena, (const char *)data, bytes);
    walk->out_of_memory = copy == NULL;
    return copy != NULL && note(walk, JSON_STRING, copy, bytes);
}

static int on_key(void *walk_, const unsigned char *data, size_t bytes) {
    Walk *walk = walk_;
    Level *level = &walk->levels[walk->depth];
    const Text *element = walk->depth <= walk->path_count ? &walk->path[walk->depth - 1] : NULL;
    level->next_fits =
        level->is_on_path && element != NULL && element->bytes == bytes && memcmp(text_data(element), data, bytes) == 0;
    return 1;
}

static int open_level(Walk *walk, bool is_array) {
    bool is_found, fits = begin_value(walk, &is_found);
    if (walk->depth == JSON_DEPTH_MAX) {
        walk->is_too_deep = true;
        return 0;
    }
    walk->depth++;
    walk->levels[walk->depth] = (Level){.is_array = is_array, .is_on_path = fits && !is_found};
    if (is_found) {
        walk->found_depth = walk->depth;
        walk->found_start = yajl_get_bytes_consumed(walk->parser) - 1;
    }
    return 1;
}

static int close_level(Walk *walk) {
    uint32_t elements = walk->levels[walk->depth].index;
    bool is_array = walk->levels[walk->depth].is_array, is_found = walk->depth == walk->found_depth;
    walk->depth--;
    if (!is_found) {
        return 1;
    }
    walk->found_depth = 0;
    note(walk, is_array ? JSON_ARRAY : JSON_OBJECT, text_data(walk->json) + walk->found_start,
         yajl_get_bytes_consumed(walk->parser) - walk->found_start);
    walk->part->elements = elements;
    return 1;
}

static int on_map(void *walk) {
    return open_level(walk, false);
}
static int on_array(void *walk) {
    return open_level(walk, true);
}
static int on_end(void *walk) {
    return close_level(walk);
}

static const yajl_callbacks events = {.yajl_null = on_null,
                                      .yajl_boolean = on_boolean,
                                      .yajl_number = on_number,
                                      .yajl_string = on_string,
                                      .yajl_start_map = on_map,
                                      .yajl_map_key = on_key,
                                      .yajl_end_map = on_end,
                                      .yajl_start_array = on_array,
                                      .yajl_end_array = on_end};

bool json_find(const Context *cx, const Text *json, const Text *path, uint32_t path_count, Arena *arena, JsonPart *part,
               Status *status) {
    Walk walk;
    memset(&walk, 0, offsetof(Walk, levels));
    walk.cx = cx;
    walk.arena = arena;
    walk.json = json;
    walk.path = path;
    walk.path_count = path_count;
    walk.part = part;
    *part = (JsonPart){.kind = JSON_ABSENT};
    *status = OK;
    walk.parser = yajl_alloc(&events, NULL, &walk);
    if (walk.parser == NULL) {
        *status = fail(cx, OUT_OF_MEMORY, "out of memory");
        return false;
    }
    yajl_status parsed = yajl_parse(walk.parser, (const unsigned char *)text_data(json), json->bytes);
    parsed = parsed == yajl_status_ok ? yajl_complete_parse(walk.parser) : parsed;
    yajl_free(walk.parser);
    if (walk.is_too_deep) {
        *status = fail(cx, PROGRAM_LIMIT_EXCEEDED, "the JSON text is nested deeper than %d", JSON_DEPTH_MAX);
    } else if (walk.out_of_memory) {
        *status = OUT_OF_MEMORY;
    }
    return parsed == yajl_status_ok;
}
