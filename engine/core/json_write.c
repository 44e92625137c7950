/* JSON as text. */
#include "core/json_write.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define FIRST_BYTES 1024
#define NUMBER_BYTES_MAX 400 /* the longest double before its point has 309 digits */

const char *json_escape(char character, char escape[JSON_ESCAPE_BYTES]) {
    static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = character == 0 ? NULL : strchr(special, character);
    if (found == NULL && (unsigned char)character >= 0x20) {
        return NULL;
    }
    if (found != NULL) {
        snprintf(escape, JSON_ESCAPE_BYTES, "\\%c", letters[found - special]);
    } else {
        snprintf(escape, JSON_ESCAPE_BYTES, "\\u%04x", (unsigned)character);
    }
    return escape;
}

void json_writer_init(const Context *cx, Arena *arena, JsonWriter *writer) {
    *writer = (JsonWriter){.cx = cx, .arena = arena};
}

static Status put(JsonWriter *w, const char *text, size_t bytes) {
    if (w->bytes + bytes + 1 > w->capacity) {
        size_t capacity = w->capacity == 0 ? FIRST_BYTES : 2 * w->capacity;
        capacity = capacity < w->bytes + bytes + 1 ? w->bytes + bytes + 1 : capacity;
        char *grown;
        TRY_NEW_ARRAY(w->cx, w->arena, grown, capacity);
        if (w->bytes > 0) {
            memcpy(grown, w->text, w->bytes);
        }
        w->text = grown;
        w->capacity = capacity;
    }
    memcpy(w->text + w->bytes, text, bytes);
    w->bytes += bytes;
    w->text[w->bytes] = 0;
    return OK;
}

static Status put_escaped(JsonWriter *w, const char *text) {
    TRY(put(w, "\"", 1));
    for (const char *at = text; *at != 0; at++) {
        char escape[JSON_ESCAPE_BYTES];
        const char *escaped = json_escape(*at, escape);
        TRY(escaped == NULL ? put(w, at, 1) : put(w, escaped, strlen(escaped)));
    }
    return put(w, "\"", 1);
}

static Status put_line(JsonWriter *w) {
    TRY(put(w, "\n", w->bytes > 0 ? 1 : 0));
    for (uint32_t i = 0; i < w->depth; i++) {
        TRY(put(w, "  ", 2));
    }
    return OK;
}

/* What stands before a value: comma, line, key. */
static Status begin(JsonWriter *w, const char *key) {
    TRY(put(w, ",", w->needs_comma ? 1 : 0));
    TRY(put_line(w));
    w->needs_comma = true;
    if (key != NULL) {
        TRY(put_escaped(w, key));
        TRY(put(w, ": ", 2));
    }
    return OK;
}

Status json_open(JsonWriter *w, const char *key, char bracket) {
    TRY(begin(w, key));
    w->depth++;
    w->needs_comma = false;
    return put(w, &bracket, 1);
}

Status json_close(JsonWriter *w, char bracket) {
    w->depth--;
    TRY(w->needs_comma ? put_line(w) : OK);
    w->needs_comma = true;
    return put(w, &bracket, 1);
}

Status json_text(JsonWriter *w, const char *key, const char *text) {
    TRY(begin(w, key));
    return put_escaped(w, text);
}

static Status put_bare(JsonWriter *w, const char *key, const char *text) {
    TRY(begin(w, key));
    return put(w, text, strlen(text));
}

Status json_boolean(JsonWriter *w, const char *key, bool is_true) {
    return put_bare(w, key, is_true ? "true" : "false");
}

Status json_integer(JsonWriter *w, const char *key, uint64_t number) {
    char text[NUMBER_BYTES_MAX];
    snprintf(text, sizeof text, "%" PRIu64, number);
    return put_bare(w, key, text);
}

Status json_real(JsonWriter *w, const char *key, double number, int decimals) {
    char text[NUMBER_BYTES_MAX];
    snprintf(text, sizeof text, "%.*f", decimals, number);
    return put_bare(w, key, isfinite(number) ? text : "null");
}
