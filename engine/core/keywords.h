/* Which words are keywords: one list for the lexer and for quoting names. */
#ifndef DEPOT_CORE_KEYWORDS_H
#define DEPOT_CORE_KEYWORDS_H

#include <stdbool.h>
#include <stddef.h>

/* True if a name that is this word, in lower case, must stand in quotes: every keyword but the unreserved ones. */
bool keyword_needs_quotes(const char *word, size_t bytes);

#endif
