/* One pass over the bytes of a line, strict: what is not JSON is told. See json_lines.h. */
#include "storage/csv/json_lines.h"

#include "core/text.h"
#include "storage/csv/csv_digits.h"

#include <string.h>

static const char *const not_json = "the line is no JSON object";
static const char *const unended = "the JSON object does not end";

static bool stop(JsonLine *line, const char *problem) {
    line->problem = line->problem == NULL ? problem : line->problem;
    return false;
}

static void skip_blank(JsonLine *line) {
    while (line->at < line->end && (*line->at == ' ' || *line->at == '\t' || *line->at == '\r' || *line->at == '\n')) {
        line->at++;
    }
}

static bool take(JsonLine *line, char c) {
    skip_blank(line);
    if (line->at < line->end && *line->at == c) {
        line->at++;
        return true;
    }
    return false;
}

void json_line_begin(JsonLine *line, const char *data, size_t bytes) {
    *line = (JsonLine){.at = data, .end = data + bytes};
    if (take(line, '{')) {
        line->is_open = true;
    } else {
        bool is_array = line->at < line->end && *line->at == '[';
        stop(line, is_array ? "the line is a JSON array: JSON lines hold an object each" : not_json);
    }
}

/* ----------------------------------------------------------------------------------------------------------------- strings */

static bool read_hex(const char *at, const char *end, uint32_t *value) {
    *value = 0;
    for (uint32_t i = 0; i < 4; i++) {
        char c = at + i < end ? at[i] : 0;
        uint32_t digit = c >= '0' && c <= '9'                     ? (uint32_t)(c - '0')
                         : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (uint32_t)((c | 0x20) - 'a') + 10
                                                                  : 16;
        if (digit > 15) {
            return false;
        }
        *value = *value * 16 + digit;
    }
    return true;
}

/* \u1234, or two of them for one character. Returns the bytes behind the backslash that were taken; 0: it is none. */
static size_t read_code_point(const char *at, const char *end, uint32_t *character) {
    uint32_t low;
    if (!read_hex(at + 1, end, character) || *character == 0) {
        return 0;
    }
    if (*character < 0xd800 || *character > 0xdfff) {
        return 5;
    }
    if (*character > 0xdbff || end - at < 11 || at[5] != '\\' || at[6] != 'u' || !read_hex(at + 7, end, &low) || low < 0xdc00 ||
        low > 0xdfff) {
        return 0;
    }
    *character = 0x10000 + ((*character - 0xd800) << 10) + (low - 0xdc00);
    return 11;
}

/* The string's content without its escapes; `to` has room for all of it. */
static bool unescape(JsonLine *line, const char *from, const char *end, char *to, uint32_t *bytes) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char *start = to;
    while (from < end) {
        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        from++;
        const char *letter = *from == 0 ? NULL : strchr(letters, *from);
        uint32_t character;
        size_t taken = 1;
        if (letter != NULL) {
            *to++ = meanings[letter - letters];
        } else if (*from == 'u' && (taken = read_code_point(from, end, &character)) > 0) {
            to += utf8_put(character, to);
        } else {
            return stop(line, "a JSON string holds an escape that is none");
        }
        from += taken;
    }
    *bytes = (uint32_t)(to - start);
    return true;
}

/* Behind the first quote. */
static Status read_string(const Context *cx, Arena *arena, JsonLine *line, const char **data, uint32_t *bytes) {
    const char *start = line->at;
    bool has_escapes = false;
    for (; line->at < line->end && *line->at != '"'; line->at++) {
        if ((unsigned char)*line->at < 0x20) {
            stop(line, not_json);
            return OK;
        }
        has_escapes |= *line->at == '\\';
        line->at += *line->at == '\\' && line->at + 1 < line->end;
    }
    if (line->at == line->end) {
        stop(line, "a JSON string does not end");
        return OK;
    }
    const char *end = line->at++;
    *data = start;
    *bytes = (uint32_t)(end - start);
    if (has_escapes && arena != NULL) {
        char *copy = arena_alloc(cx, arena, *bytes + CSV_CELL_SLACK_BYTES);
        if (copy == NULL) {
            return OUT_OF_MEMORY;
        }
        *data = copy;
        unescape(line, start, end, copy, bytes);
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------ values */

static bool is_digit(const JsonLine *line) {
    return line->at < line->end && *line->at >= '0' && *line->at <= '9';
}

static bool skip_digits(JsonLine *line) {
    bool any = is_digit(line);
    while (is_digit(line)) {
        line->at++;
    }
    return any || stop(line, not_json);
}

static bool skip_number(JsonLine *line) {
    line->at += line->at < line->end && *line->at == '-';
    bool is_zero = line->at < line->end && *line->at == '0';
    const char *whole = line->at;
    if (!skip_digits(line) || (is_zero && line->at - whole > 1)) {
        return stop(line, not_json);
    }
    if (line->at < line->end && *line->at == '.') {
        line->at++;
        skip_digits(line);
    }
    if (line->at < line->end && (*line->at | 0x20) == 'e') {
        line->at++;
        line->at += line->at < line->end && (*line->at == '+' || *line->at == '-');
        skip_digits(line);
    }
    return line->problem == NULL;
}

static bool skip_word(JsonLine *line, const char *word) {
    size_t bytes = strlen(word);
    if ((size_t)(line->end - line->at) < bytes || memcmp(line->at, word, bytes) != 0) {
        return stop(line, not_json);
    }
    line->at += bytes;
    return true;
}

static Status skip_value(const Context *cx, JsonLine *line, uint32_t depth);

static Status skip_string(const Context *cx, JsonLine *line) {
    const char *data;
    uint32_t bytes;
    return read_string(cx, NULL, line, &data, &bytes);
}

/* Behind the opening bracket. */
static Status skip_tree(const Context *cx, JsonLine *line, bool is_object, uint32_t depth) {
    char close = is_object ? '}' : ']';
    if (take(line, close)) {
        return OK;
    }
    do {
        if (is_object) {
            if (!take(line, '"')) {
                stop(line, not_json);
                return OK;
            }
            TRY(skip_string(cx, line));
            if (line->problem == NULL && !take(line, ':')) {
                stop(line, not_json);
            }
        }
        TRY(skip_value(cx, line, depth));
    } while (line->problem == NULL && take(line, ','));
    if (line->problem == NULL && !take(line, close)) {
        stop(line, not_json);
    }
    return OK;
}

static Status skip_value(const Context *cx, JsonLine *line, uint32_t depth) {
    if (line->problem != NULL || depth > JSON_LINE_DEPTH_MAX) {
        stop(line, "the JSON object is nested too deeply");
        return OK;
    }
    skip_blank(line);
    switch (line->at < line->end ? *line->at : 0) {
    case '"': line->at++; return skip_string(cx, line);
    case '{': line->at++; return skip_tree(cx, line, true, depth + 1);
    case '[': line->at++; return skip_tree(cx, line, false, depth + 1);
    case 't': skip_word(line, "true"); return OK;
    case 'f': skip_word(line, "false"); return OK;
    case 'n': skip_word(line, "null"); return OK;
    default: skip_number(line); return OK;
    }
}

static Status read_value(const Context *cx, Arena *arena, JsonLine *line, JsonMember *member) {
    skip_blank(line);
    const char *start = line->at;
    char first = start < line->end ? *start : 0;
    if (first == '"') {
        member->kind = JSON_MEMBER_STRING;
        line->at++;
        return read_string(cx, arena, line, &member->data, &member->bytes);
    }
    member->kind = first == 'n' ? JSON_MEMBER_NULL : first == '{' || first == '[' ? JSON_MEMBER_TREE : JSON_MEMBER_WORD;
    TRY(skip_value(cx, line, 0));
    member->data = start;
    member->bytes = (uint32_t)(line->at - start);
    return OK;
}

Status json_line_next(const Context *cx, Arena *arena, JsonLine *line, JsonMember *member, bool *found) {
    *found = false;
    if (line->problem != NULL || !line->is_open) {
        return OK;
    }
    if (take(line, '"')) {
        TRY(read_string(cx, arena, line, &member->key, &member->key_bytes));
        if (line->problem == NULL && !take(line, ':')) {
            stop(line, not_json);
        }
        if (line->problem == NULL) {
            TRY(read_value(cx, arena, line, member));
        }
        *found = line->problem == NULL;
        if (*found && take(line, ',')) {
            skip_blank(line);
            if (line->at == line->end || *line->at != '"') {
                *found = stop(line, not_json);
            }
        } else if (*found) {
            skip_blank(line);
            if (line->at == line->end || *line->at != '}') {
                *found = stop(line, line->at == line->end ? unended : not_json);
            }
        }
        return OK;
    }
    line->is_open = false;
    if (!take(line, '}')) {
        stop(line, line->at == line->end ? unended : not_json);
        return OK;
    }
    skip_blank(line);
    if (line->at < line->end) {
        stop(line, "something follows the JSON object");
    }
    return OK;
}
