/* Writes one JSON text, a value per line, two spaces per level. Inside an object every value has a key, inside an array (and
 * outside of all) the key is NULL. Texts are UTF-8. */
#ifndef DEPOT_CORE_JSON_WRITE_H
#define DEPOT_CORE_JSON_WRITE_H

#include "core/arena.h"

typedef struct JsonWriter {
    const Context *cx;
    Arena *arena;
    char *text; /* in the arena; ends in 0 */
    size_t bytes, capacity;
    uint32_t depth;
    bool needs_comma;
} JsonWriter;

#define JSON_ESCAPE_BYTES 8
/* How a JSON string has a character that cannot stand in it as it is, a text that ends in 0; NULL: it can. */
const char *json_escape(char character, char escape[JSON_ESCAPE_BYTES]);

void json_writer_init(const Context *cx, Arena *arena, JsonWriter *writer);
Status json_open(JsonWriter *writer, const char *key, char bracket); /* '{' or '[' … */
Status json_close(JsonWriter *writer, char bracket);                 /* … '}' or ']' */
Status json_text(JsonWriter *writer, const char *key, const char *text);
Status json_boolean(JsonWriter *writer, const char *key, bool is_true);
Status json_integer(JsonWriter *writer, const char *key, uint64_t number);
/* NaN and infinities, which JSON has not got, become null. */
Status json_real(JsonWriter *writer, const char *key, double number, int decimals);

#endif
