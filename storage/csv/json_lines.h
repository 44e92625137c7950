/* JSON lines: an object per line. Reads the members of one object after the other. */
#ifndef DEPOT_STORAGE_JSON_LINES_H
#define DEPOT_STORAGE_JSON_LINES_H

#include "core/arena.h"

/* Objects and arrays inside of each other at most. */
#define JSON_LINE_DEPTH_MAX 200

typedef enum JsonMemberKind { JSON_MEMBER_NULL, JSON_MEMBER_STRING, JSON_MEMBER_WORD, JSON_MEMBER_TREE } JsonMemberKind;

/* A key and its value: a string without its escapes, a number or true or false as it stands, an object or array as its text. */
typedef struct JsonMember {
    const char *key, *data; /* borrowed from the line, or in the arena where there were escapes */
    uint32_t key_bytes, bytes;
    JsonMemberKind kind;
} JsonMember;

typedef struct JsonLine {
    const char *at, *end;
    const char *problem; /* why the line is not taken; NULL: nothing so far */
    bool is_open;
} JsonLine;

/* At the head of a line that is not blank. */
void json_line_begin(JsonLine *line, const char *data, size_t bytes);
/* The next member; *found is false at the end of the object, or where line->problem says what is wrong. Only fails without
 * memory. */
Status json_line_next(const Context *cx, Arena *arena, JsonLine *line, JsonMember *member, bool *found) MUST_CHECK;

#endif
