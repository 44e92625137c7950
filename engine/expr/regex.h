/* Regular expressions, by PCRE2: POSIX patterns as PostgreSQL takes them, and those of SIMILAR TO.
 *
 * What differs from PostgreSQL's "advanced" expressions: of alternatives the first that matches wins, not the longest; a
 * quantifier's own greed counts, not that of the whole; \B is "no word boundary"; there are no collating elements ([[.x.]]).
 * A pattern that takes too many steps for a text ends with PROGRAM_LIMIT_EXCEEDED instead of running for years. */
#ifndef DEPOT_EXPR_REGEX_H
#define DEPOT_EXPR_REGEX_H

#include "core/memory.h"
#include "core/text.h"

typedef enum RegexOption {
    REGEX_IGNORE_CASE = 1,
    REGEX_BY_LINE = 2,  /* . and [^…] do not match a newline, ^ and $ match at each line */
    REGEX_EXTENDED = 4, /* white space and comments in the pattern mean nothing */
    REGEX_LITERAL = 8,  /* the pattern is plain text */
    REGEX_SIMILAR = 16  /* SIMILAR TO, with backslash as its escape: % and _, the whole text has to match */
} RegexOption;

/* A compiled pattern in use by one thread. Compiled patterns are kept for the next who asks. */
typedef struct RegexMatcher {
    struct Regex *regex;
    void *match;     /* owned; of pcre2 */
    uint32_t groups; /* in parentheses */
} RegexMatcher;

/* INVALID_REGULAR_EXPRESSION. */
Status regex_open(const Context *cx, const Text *pattern, uint32_t options, RegexMatcher *matcher) MUST_CHECK;
void regex_close(RegexMatcher *matcher);
/* Looks for a match at or after byte `from`. PROGRAM_LIMIT_EXCEEDED. */
Status regex_find(const Context *cx, const RegexMatcher *matcher, const Text *text, size_t from, bool *found) MUST_CHECK;
/* Where group `group` (0: the match) of the last match lies; false if it took no part. */
bool regex_group(const RegexMatcher *matcher, uint32_t group, size_t *start, size_t *end);

#endif
