/* Regular expressions by PCRE2. See regex.h. Compiled patterns stay in a small table of the process, the least used makes room:
 * a query compiles its constant pattern once, whatever number of batches and threads ask for it. */
#include "expr/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <pthread.h>
#include <stdlib.h>

#define KEPT_MAX 32
#define PATTERN_BYTES_MAX 65535
#define MATCH_LIMIT 2000000 /* steps per search: a fraction of a second */
#define DEPTH_LIMIT 100000
#define HEAP_LIMIT_KB 65536

typedef struct Regex {
    pcre2_code *code;
    char *pattern; /* owned */
    uint32_t bytes, options;
    uint32_t users; /* this and the rest under the lock */
    bool is_kept;
    uint64_t last_use;
} Regex;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the rest */
static Regex *kept[KEPT_MAX];
static uint64_t uses;

/* ------------------------------------------------------------------------------------------------------------- translation */

typedef struct PatternText {
    char *data;
    size_t bytes;
} PatternText;

static void put(PatternText *out, const char *text) {
    size_t bytes = strlen(text);
    memcpy(out->data + out->bytes, text, bytes);
    out->bytes += bytes;
}

static void put_byte(PatternText *out, char byte) {
    out->data[out->bytes++] = byte;
}

/* PostgreSQL's escapes that PCRE2 spells otherwise. */
static const char *translated_escape(char letter) {
    switch (letter) {
    case 'm': return "\\b(?=\\w)";
    case 'M': return "\\b(?<=\\w)";
    case 'y': return "\\b";
    case 'Y': return "\\B";
    case 'Z': return "\\z";
    default: return NULL;
    }
}

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* \uwxyz becomes \x{wxyz}; returns how many bytes of the pattern were taken, or 0. */
static size_t put_code_point(PatternText *out, const char *pattern, size_t bytes) {
    size_t digits = pattern[0] == 'u' ? 4 : pattern[0] == 'U' ? 8 : 0;
    if (digits == 0 || bytes < digits + 1) {
        return 0;
    }
    for (size_t i = 1; i <= digits; i++) {
        if (!is_hex(pattern[i])) {
            return 0;
        }
    }
    put(out, "\\x{");
    memcpy(out->data + out->bytes, pattern + 1, digits);
    out->bytes += digits;
    put_byte(out, '}');
    return digits + 1;
}

static void translate_posix(const char *pattern, size_t bytes, PatternText *out) {
    bool in_brackets = false;
    for (size_t i = 0; i < bytes; i++) {
        if (pattern[i] == '\\' && i + 1 < bytes) {
            const char *translated = in_brackets ? NULL : translated_escape(pattern[i + 1]);
            size_t taken = translated == NULL ? put_code_point(out, pattern + i + 1, bytes - i - 1) : 1;
            if (translated != NULL) {
                put(out, translated);
            } else if (taken == 0) {
                put_byte(out, '\\');
                put_byte(out, pattern[i + 1]);
                taken = 1;
            }
            i += taken;
            continue;
        }
        if (pattern[i] == '[' && !in_brackets) {
            in_brackets = true;
            put_byte(out, '[');
            while (i + 1 < bytes && (pattern[i + 1] == '^' || (pattern[i + 1] == ']' && pattern[i] != ']'))) {
                put_byte(out, pattern[++i]); /* a bracket at the beginning is meant as itself */
            }
            continue;
        }
        if (in_brackets && pattern[i] == '[' && i + 1 < bytes && pattern[i + 1] == ':') { /* [:alpha:] */
            const char *end = memmem(pattern + i, bytes - i, ":]", 2);
            size_t length = end == NULL ? 1 : (size_t)(end - (pattern + i)) + 2;
            memcpy(out->data + out->bytes, pattern + i, length);
            out->bytes += length;
            i += length - 1;
            continue;
        }
        in_brackets = in_brackets && pattern[i] != ']';
        put_byte(out, pattern[i]);
    }
}

/* An escaped character of SIMILAR TO. Two escaped double quotes divide the pattern into three parts, the second is a group. */
static bool put_similar_escape(char c, uint32_t *quotes, PatternText *out) {
    if (c == '"') {
        put(out, *quotes == 0 ? ")(" : ")(?:");
        return ++*quotes <= 2;
    }
    if ((unsigned char)c < 0x80) {
        put_byte(out, '\\');
    }
    put_byte(out, c);
    return true;
}

/* SIMILAR TO: | * + ? {m,n} ( ) [ ] mean what they mean, % and _ stand for .* and ., all else for itself. */
static Status translate_similar(const Context *cx, const char *pattern, size_t bytes, PatternText *out) {
    bool in_brackets = false, has_parts = memmem(pattern, bytes, "\\\"", 2) != NULL;
    uint32_t quotes = 0;
    put(out, "^(?:");
    for (size_t i = 0; i < bytes; i++) {
        char c = pattern[i];
        if (c == '\\') {
            if (++i == bytes) {
                return fail(cx, INVALID_ESCAPE, "the pattern of SIMILAR TO must not end with its escape character");
            }
            if (!put_similar_escape(pattern[i], &quotes, out)) {
                return fail(cx, INVALID_ESCAPE, "a pattern of SIMILAR TO has at most two escaped double quotes");
            }
        } else if (in_brackets) {
            in_brackets = c != ']';
            put_byte(out, c);
        } else if (c == '%') {
            put(out, has_parts && quotes == 0 ? ".*?" : ".*"); /* the first part takes as little as it can */
        } else if (c == '_') {
            put_byte(out, '.');
        } else if (c == '(') {
            put(out, "(?:");
        } else {
            in_brackets = c == '[';
            put(out, c == '.' || c == '^' || c == '$' ? "\\" : "");
            put_byte(out, c);
        }
    }
    put(out, ")$");
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------- compilation */

static uint32_t compile_options(uint32_t options) {
    uint32_t flags = PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;
    flags |= options & REGEX_IGNORE_CASE ? PCRE2_CASELESS : 0;
    flags |= options & REGEX_BY_LINE ? PCRE2_MULTILINE : PCRE2_DOTALL;
    flags |= options & REGEX_EXTENDED ? PCRE2_EXTENDED : 0;
    if (options & REGEX_LITERAL) {
        flags = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_LITERAL | (options & REGEX_IGNORE_CASE ? PCRE2_CASELESS : 0);
    }
    return flags;
}

static Status compile_text(const Context *cx, const PatternText *text, Regex *regex) {
    int error;
    PCRE2_SIZE offset;
    regex->code = pcre2_compile((PCRE2_SPTR)text->data, text->bytes, compile_options(regex->options), &error, &offset, NULL);
    if (regex->code == NULL) {
        PCRE2_UCHAR message[200];
        pcre2_get_error_message(error, message, sizeof message);
        return fail(cx, INVALID_REGULAR_EXPRESSION, "invalid regular expression: %s", (const char *)message);
    }
    pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE); /* where it cannot, the interpreter does it */
    return OK;
}

static Status compile(const Context *cx, const char *pattern, Regex *regex) {
    PatternText text = {0};
    size_t room = (size_t)regex->bytes * 10 + 16; /* the longest translation of two bytes takes ten */
    TRY_ALLOC(cx, text.data, room);
    Status status = OK;
    if (regex->options & REGEX_SIMILAR) {
        status = translate_similar(cx, pattern, regex->bytes, &text);
    } else if (regex->options & REGEX_LITERAL) {
        memcpy(text.data, pattern, regex->bytes);
        text.bytes = regex->bytes;
    } else {
        translate_posix(pattern, regex->bytes, &text);
    }
    status = status == OK ? compile_text(cx, &text, regex) : status;
    mem_free(text.data);
    return status;
}

static void regex_free(Regex *regex) {
    if (regex != NULL) {
        pcre2_code_free(regex->code);
        free(regex->pattern);
        free(regex);
    }
}

/* ------------------------------------------------------------------------------------------------------- the kept patterns */

static bool is_same(const Regex *regex, const Text *pattern, uint32_t options) {
    return regex->bytes == pattern->bytes && regex->options == options &&
           memcmp(regex->pattern, text_data(pattern), pattern->bytes) == 0;
}

/* The kept pattern, now in use, or NULL. */
static Regex *find_kept(const Text *pattern, uint32_t options) {
    Regex *found = NULL;
    pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < KEPT_MAX && found == NULL; i++) {
        if (kept[i] != NULL && is_same(kept[i], pattern, options)) {
            found = kept[i];
            found->users++;
            found->last_use = ++uses;
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* Puts the pattern where nothing or the least used unused one is. If all are in use it is not kept. */
static void keep(Regex *regex) {
    Regex **place = NULL, *evicted = NULL;
    pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < KEPT_MAX && (place == NULL || *place != NULL); i++) {
        if (kept[i] == NULL || (kept[i]->users == 0 && (place == NULL || kept[i]->last_use < (*place)->last_use))) {
            place = &kept[i];
        }
    }
    if (place != NULL) {
        evicted = *place;
        *place = regex;
        regex->is_kept = true;
        regex->last_use = ++uses;
    }
    pthread_mutex_unlock(&lock);
    regex_free(evicted);
}

static Status compile_new(const Context *cx, const Text *pattern, uint32_t options, Regex **out) {
    if (pattern->bytes > PATTERN_BYTES_MAX) {
        return fail(cx, INVALID_REGULAR_EXPRESSION, "invalid regular expression: longer than %d bytes", PATTERN_BYTES_MAX);
    }
    Regex *regex = calloc(1, sizeof *regex);
    char *copy = malloc((size_t)pattern->bytes + 1);
    if (regex == NULL || copy == NULL) {
        free(regex);
        free(copy);
        return fail(cx, OUT_OF_MEMORY, "out of memory");
    }
    memcpy(copy, text_data(pattern), pattern->bytes);
    *regex = (Regex){.pattern = copy, .bytes = pattern->bytes, .options = options, .users = 1};
    Status status = compile(cx, copy, regex);
    if (status != OK) {
        regex_free(regex);
        return status;
    }
    keep(regex);
    *out = regex;
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------- matching */

/* One for all: PCRE2 only reads it. */
static pcre2_match_context *limits;

static void make_limits(void) {
    limits = pcre2_match_context_create(NULL);
    if (limits != NULL) {
        pcre2_set_match_limit(limits, MATCH_LIMIT);
        pcre2_set_depth_limit(limits, DEPTH_LIMIT);
        pcre2_set_heap_limit(limits, HEAP_LIMIT_KB);
    }
}

Status regex_open(const Context *cx, const Text *pattern, uint32_t options, RegexMatcher *matcher) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    *matcher = (RegexMatcher){0};
    pthread_once(&once, make_limits);
    matcher->regex = find_kept(pattern, options);
    if (matcher->regex == NULL) {
        TRY(compile_new(cx, pattern, options, &matcher->regex));
    }
    pcre2_pattern_info(matcher->regex->code, PCRE2_INFO_CAPTURECOUNT, &matcher->groups);
    matcher->match = pcre2_match_data_create_from_pattern(matcher->regex->code, NULL);
    if (matcher->match == NULL || limits == NULL) {
        regex_close(matcher);
        return fail(cx, OUT_OF_MEMORY, "out of memory");
    }
    return OK;
}

void regex_close(RegexMatcher *matcher) {
    Regex *regex = matcher->regex;
    if (matcher->match != NULL) {
        pcre2_match_data_free(matcher->match);
    }
    if (regex != NULL) {
        pthread_mutex_lock(&lock);
        bool is_last = --regex->users == 0 && !regex->is_kept;
        pthread_mutex_unlock(&lock);
        if (is_last) {
            regex_free(regex);
        }
    }
    *matcher = (RegexMatcher){0};
}

Status regex_find(const Context *cx, const RegexMatcher *matcher, const Text *text, size_t from, bool *found) {
    int result = pcre2_match(matcher->regex->code, (PCRE2_SPTR)text_data(text), text->bytes, from, PCRE2_NO_UTF_CHECK,
                             matcher->match, limits);
    *found = result > 0;
    if (result > 0 || result == PCRE2_ERROR_NOMATCH) {
        return OK;
    }
    if (result == PCRE2_ERROR_NOMEMORY) {
        return fail(cx, OUT_OF_MEMORY, "out of memory");
    }
    fail(cx, PROGRAM_LIMIT_EXCEEDED, "the regular expression takes too many steps for a text of %u bytes", text->bytes);
    return fail_hint(cx, "repetitions inside of repetitions, as in (a+)+, make a pattern slow");
}

bool regex_group(const RegexMatcher *matcher, uint32_t group, size_t *start, size_t *end) {
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(matcher->match);
    if (group > matcher->groups || ends[2 * group] == PCRE2_UNSET) {
        return false;
    }
    *start = ends[2 * group];
    *end = ends[2 * group + 1];
    return *start <= *end; /* \K may turn them round */
}
