/* Text values: 16-byte views. Up to 12 bytes stand inside; longer ones keep a 4-byte prefix and a borrowed pointer, so that
 * most comparisons and all short strings touch no second cache line (the layout of Umbra and DuckDB). Bytes are UTF-8; text
 * compares by bytes. Unused inline bytes are zero, so equal short texts are equal as two words. */
#ifndef DEPOT_CORE_TEXT_H
#define DEPOT_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TEXT_INLINE_MAX 12

typedef struct Text {
    uint32_t bytes;
    union {
        char inlined[TEXT_INLINE_MAX];
        struct {
            char prefix[4];
            const char *pointer __attribute__((packed, aligned(4))); /* borrowed */
        };
    };
} Text;
_Static_assert(sizeof(Text) == 16, "a text view is two words");

static inline const char *text_data(const Text *text) {
    return text->bytes <= TEXT_INLINE_MAX ? text->inlined : text->pointer;
}

/* A view of `data`: borrows it if it is longer than TEXT_INLINE_MAX. */
static inline Text text_view(const char *data, uint32_t bytes) {
    Text text;
    memset(&text, 0, sizeof text);
    text.bytes = bytes;
    if (bytes <= TEXT_INLINE_MAX) {
        if (bytes > 0) {
            memcpy(text.inlined, data, bytes);
        }
    } else {
        memcpy(text.prefix, data, sizeof text.prefix);
        text.pointer = data;
    }
    return text;
}

static inline bool text_equal(const Text *a, const Text *b) {
    uint64_t head_a, head_b; /* length and prefix */
    memcpy(&head_a, a, 8);
    memcpy(&head_b, b, 8);
    if (head_a != head_b) {
        return false;
    }
    if (a->bytes <= TEXT_INLINE_MAX) {
        return memcmp(a->inlined + 4, b->inlined + 4, 8) == 0;
    }
    return memcmp(a->pointer, b->pointer, a->bytes) == 0;
}

/* <0, 0, >0 by bytes, the shorter first. */
int text_compare(const Text *a, const Text *b);

bool utf8_valid(const char *data, size_t bytes);
/* Byte offset of the first invalid sequence, or `bytes`. */
size_t utf8_valid_prefix(const char *data, size_t bytes);
uint32_t utf8_length(const char *data, size_t bytes); /* characters */
/* Byte offset of character `index` (from 0), at most `bytes`. */
size_t utf8_offset(const char *data, size_t bytes, uint32_t index);

/* The character at *at (below `bytes`), moving past it; a broken byte is read as itself. */
uint32_t utf8_next(const char *data, size_t bytes, size_t *at);
/* Writes a character in at most 4 bytes; returns how many. */
size_t utf8_put(uint32_t character, char *out);
uint32_t utf8_upper(uint32_t character);
uint32_t utf8_lower(uint32_t character);
bool utf8_is_letter_or_digit(uint32_t character);

/* A pattern of SQL LIKE over UTF-8, looked at once for many texts. Borrows its bytes. */
typedef struct LikePattern {
    const char *data;
    size_t bytes;
    size_t head, tail; /* bytes before the first and after the last %; all of them if there is none */
    char escape;
    bool ignore_case;
    bool is_plain; /* nothing but % is special */
} LikePattern;

/* `escape` is one byte or 0 for none. */
LikePattern like_prepare(const char *data, size_t bytes, char escape, bool ignore_case);
bool text_like(const LikePattern *pattern, const char *data, size_t bytes);

/* A pattern whose escape is `escape` (one character, or nothing) written with backslashes; out: 2 × bytes. Returns its bytes.
 */
size_t like_with_backslashes(const char *pattern, size_t bytes, const char *escape, size_t escape_bytes, char *out);
/* Whether the pattern ends with a backslash that escapes nothing. */
bool like_is_dangling(const char *pattern, size_t bytes);

#endif
