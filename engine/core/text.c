/* Text: comparison, UTF-8, LIKE. */
#include "core/text.h"

#include <utf8proc.h>

int text_compare(const Text *a, const Text *b) {
    uint32_t shorter = a->bytes < b->bytes ? a->bytes : b->bytes;
    int order = memcmp(text_data(a), text_data(b), shorter);
    return order != 0 ? order : (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

/* Bytes of the well-formed sequence at data (Unicode 15, table 3-7), 0 if it is not one. */
static size_t utf8_sequence(const unsigned char *data, size_t left) {
    unsigned char lead = data[0];
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    size_t bytes = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (left < bytes) {
        return 0;
    }
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (data[1] < low || data[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < bytes; i++) {
        if ((data[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return bytes;
}

size_t utf8_valid_prefix(const char *data, size_t bytes) {
    size_t at = 0;
    while (at < bytes) {
        while (at + 8 <= bytes) { /* runs of ASCII, a word at a time */
            uint64_t word;
            memcpy(&word, data + at, 8);
            if ((word & UINT64_C(0x8080808080808080)) != 0) {
                break;
            }
            at += 8;
        }
        if (at == bytes) {
            break;
        }
        size_t sequence = utf8_sequence((const unsigned char *)data + at, bytes - at);
        if (sequence == 0) {
            break;
        }
        at += sequence;
    }
    return at;
}

bool utf8_valid(const char *data, size_t bytes) {
    return utf8_valid_prefix(data, bytes) == bytes;
}

static bool is_continuation(char c) {
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Eight bytes at a time: a continuation has its first bit set and its second clear. */
uint32_t utf8_length(const char *data, size_t bytes) {
    uint32_t continuations = 0;
    size_t i = 0;
    for (; i + 8 <= bytes; i += 8) {
        uint64_t word;
        memcpy(&word, data + i, 8);
        word = word >> 7 & ~(word >> 6) & UINT64_C(0x0101010101010101);
        continuations += (uint32_t)(word * UINT64_C(0x0101010101010101) >> 56);
    }
    for (; i < bytes; i++) {
        continuations += is_continuation(data[i]);
    }
    return (uint32_t)bytes - continuations;
}

static size_t next_character(const char *data, size_t bytes, size_t at) {
    at++;
    while (at < bytes && is_continuation(data[at])) {
        at++;
    }
    return at;
}

size_t utf8_offset(const char *data, size_t bytes, uint32_t index) {
    size_t at = 0;
    while (at < bytes && index > 0) {
        at = next_character(data, bytes, at);
        index--;
    }
    return at;
}

/* ---------------------------------------------------------------------------------------------------------------- LIKE */

typedef struct LikeMatcher {
    const char *data, *pattern;
    size_t bytes, pattern_bytes;
    char escape;
    bool ignore_case;
} LikeMatcher;

static int32_t folded_character(const char *data, size_t bytes, size_t at) {
    utf8proc_int32_t character = 0;
    if (utf8proc_iterate((const utf8proc_uint8_t *)data + at, (utf8proc_ssize_t)(bytes - at), &character) < 0) {
        return (unsigned char)data[at];
    }
    return utf8proc_tolower(character);
}

/* Matches one character of the pattern (at *p, not %) with one of the data (at *d) and steps over both. */
static bool match_character(const LikeMatcher *m, size_t *d, size_t *p) {
    if (*d >= m->bytes) {
        return false;
    }
    size_t data_next = next_character(m->data, m->bytes, *d);
    if (m->pattern[*p] == '_' && m->escape != '_') {
        *d = data_next;
        (*p)++;
        return true;
    }
    size_t at = *p;
    if (m->escape != 0 && m->pattern[at] == m->escape && at + 1 < m->pattern_bytes) {
        at++;
    }
    size_t pattern_next = next_character(m->pattern, m->pattern_bytes, at);
    bool equal;
    if (m->ignore_case) {
        equal = folded_character(m->data, m->bytes, *d) == folded_character(m->pattern, m->pattern_bytes, at);
    } else {
        equal = data_next - *d == pattern_next - at && memcmp(m->data + *d, m->pattern + at, data_next - *d) == 0;
    }
    *d = data_next;
    *p = pattern_next;
    return equal;
}

/* Greedy with one point to go back to: after a later % the earlier ones need not move, so time is at most data × pattern. */
static bool like_match(const LikeMatcher *m) {
    size_t d = 0, p = 0;
    size_t retry_d = 0, retry_p = SIZE_MAX;
    while (d < m->bytes || p < m->pattern_bytes) {
        if (p < m->pattern_bytes && m->pattern[p] == '%' && m->escape != '%') {
            retry_p = ++p;
            retry_d = d;
            if (p == m->pattern_bytes) {
                return true;
            }
            continue;
        }
        if (p < m->pattern_bytes && match_character(m, &d, &p)) {
            continue;
        }
        if (retry_p == SIZE_MAX || retry_d >= m->bytes) {
            return false;
        }
        retry_d = next_character(m->data, m->bytes, retry_d);
        d = retry_d;
        p = retry_p;
    }
    return true;
}

/* Most texts are short: memmem() would prepare its tables for longer than it then searches. */
static const char *find_piece(const char *data, size_t bytes, const char *piece, size_t piece_bytes) {
    enum { SHORT_TEXT_BYTES = 128 };
    if (bytes > SHORT_TEXT_BYTES) {
        return memmem(data, bytes, piece, piece_bytes);
    }
    for (const char *end = data + bytes; (size_t)(end - data) >= piece_bytes; data++) {
        data = memchr(data, piece[0], (size_t)(end - data) - piece_bytes + 1);
        if (data == NULL || memcmp(data, piece, piece_bytes) == 0) {
            return data;
        }
    }
    return NULL;
}

/* What stands between % and %, one after the other, each as early as it can be. */
static bool match_middle(const char *data, size_t bytes, const char *pattern, const char *pattern_end) {
    while (pattern < pattern_end) {
        const char *next = memchr(pattern, '%', (size_t)(pattern_end - pattern));
        size_t piece_bytes = (size_t)(next - pattern);
        if (piece_bytes > 0) {
            const char *found = find_piece(data, bytes, pattern, piece_bytes);
            if (found == NULL) {
                return false;
            }
            bytes -= (size_t)(found - data) + piece_bytes;
            data = found + piece_bytes;
        }
        pattern = next + 1;
    }
    return true;
}

/* Bytes are as good as characters here: no character of UTF-8 is found inside another. */
static bool like_plain(const LikePattern *p, const char *data, size_t bytes) {
    if (p->head == p->bytes) {
        return bytes == p->bytes && memcmp(data, p->data, bytes) == 0;
    }
    const char *tail = p->data + p->bytes - p->tail;
    return bytes >= p->head + p->tail && memcmp(data, p->data, p->head) == 0 &&
           memcmp(data + bytes - p->tail, tail, p->tail) == 0 &&
           match_middle(data + p->head, bytes - p->head - p->tail, p->data + p->head + 1, tail);
}

LikePattern like_prepare(const char *data, size_t bytes, char escape, bool ignore_case) {
    LikePattern pattern = {.data = data, .bytes = bytes, .escape = escape, .ignore_case = ignore_case};
    pattern.is_plain = !ignore_case && memchr(data, '_', bytes) == NULL && (escape == 0 || memchr(data, escape, bytes) == NULL);
    while (pattern.head < bytes && data[pattern.head] != '%') {
        pattern.head++;
    }
    while (pattern.tail < bytes && data[bytes - pattern.tail - 1] != '%') {
        pattern.tail++;
    }
    return pattern;
}

size_t like_with_backslashes(const char *pattern, size_t bytes, const char *escape, size_t escape_bytes, char *out) {
    char *to = out;
    for (size_t i = 0; i < bytes;) {
        bool is_escape = escape_bytes > 0 && bytes - i >= escape_bytes && memcmp(pattern + i, escape, escape_bytes) == 0;
        if (is_escape) {
            i += escape_bytes;
        }
        if (is_escape || pattern[i] == '\\') {
            *to++ = '\\';
        }
        if (i < bytes) {
            *to++ = pattern[i++];
        }
    }
    return (size_t)(to - out);
}

bool like_is_dangling(const char *pattern, size_t bytes) {
    size_t backslashes = 0;
    while (backslashes < bytes && pattern[bytes - backslashes - 1] == '\\') {
        backslashes++;
    }
    return backslashes % 2 == 1;
}

/* -------------------------------------------------------------------------------------------------------- single characters */

static bool is_ascii(uint32_t character) {
    return character < 0x80;
}

uint32_t utf8_next(const char *data, size_t bytes, size_t *at) {
    if (is_ascii((unsigned char)data[*at])) {
        return (unsigned char)data[(*at)++];
    }
    utf8proc_int32_t character = 0;
    utf8proc_ssize_t length =
        utf8proc_iterate((const utf8proc_uint8_t *)data + *at, (utf8proc_ssize_t)(bytes - *at), &character);
    if (length <= 0) {
        return (unsigned char)data[(*at)++];
    }
    *at += (size_t)length;
    return (uint32_t)character;
}

size_t utf8_put(uint32_t character, char *out) {
    if (is_ascii(character)) {
        *out = (char)character;
        return 1;
    }
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)character, (utf8proc_uint8_t *)out);
}

uint32_t utf8_upper(uint32_t character) {
    if (is_ascii(character)) {
        return character - (character >= 'a' && character <= 'z' ? 'a' - 'A' : 0);
    }
    return character == 0xdf ? character : (uint32_t)utf8proc_toupper((utf8proc_int32_t)character); /* ß has no one capital */
}

uint32_t utf8_lower(uint32_t character) {
    if (is_ascii(character)) {
        return character + (character >= 'A' && character <= 'Z' ? 'a' - 'A' : 0);
    }
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)character);
}

bool utf8_is_letter_or_digit(uint32_t character) {
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)character);
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) || category == UTF8PROC_CATEGORY_ND;
}

bool text_like(const LikePattern *pattern, const char *data, size_t bytes) {
    if (pattern->is_plain) {
        return like_plain(pattern, data, bytes);
    }
    LikeMatcher m = {data, pattern->data, bytes, pattern->bytes, pattern->escape, pattern->ignore_case};
    return like_match(&m);
}
