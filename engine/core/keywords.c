/* Keywords as quote_ident() sees them. */
#include "core/keywords.h"

#include <string.h>

typedef enum QuoteClass { QUOTE_UNRESERVED, QUOTE_COLUMN, QUOTE_FUNCTION, QUOTE_RESERVED } QuoteClass;

typedef struct Word {
    const char *text;
    QuoteClass quote_class;
} Word;

static const Word words[] = {
#define KEYWORD(word, token, class_) {word, QUOTE_##class_},
#include "core/keywords.def"
#undef KEYWORD
};

bool keyword_needs_quotes(const char *word, size_t bytes) {
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].text) == bytes && memcmp(words[i].text, word, bytes) == 0) {
            return words[i].quote_class != QUOTE_UNRESERVED;
        }
    }
    return false;
}
