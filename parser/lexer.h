/* Text to tokens. Knows quotes, comments, numbers and operators; which words are keywords stands in keywords.def. */
#ifndef DEPOT_PARSER_LEXER_H
#define DEPOT_PARSER_LEXER_H

#include "core/arena.h"

typedef struct Token {
    int code;      /* TOKEN_… of the grammar, 0 at the end of the text */
    SourcePos pos; /* [pos, end) of the text */
    SourcePos end;
    SourcePos start;  /* once it is fed to the grammar: where it stands in the text, whatever pos says (Parser.stored_at) */
    const char *text; /* words (folded), names, strings (escapes resolved), numbers as written; in arena. Operators: static */
    bool is_quoted;   /* "name" */
} Token;

typedef struct Lexer {
    const Context *cx;
    Arena *arena;
    const char *text; /* borrowed; need not end with a 0 */
    size_t bytes;
    size_t at; /* next byte to read */
} Lexer;

/* Fills *token with the next one; comments are skipped, except that a hint comment is a token, TOKEN_HINT. SYNTAX_ERROR for an
 * unterminated string, name or comment and for a malformed number; NAME_TOO_LONG; INVALID_ENCODING for a 0 byte. */
Status lexer_next(Lexer *lexer, Token *token) MUST_CHECK;

typedef enum KeywordClass {
    KEYWORD_UNRESERVED, /* a name anywhere */
    KEYWORD_COLUMN,     /* a name, but not of a function or type */
    KEYWORD_FUNCTION,   /* a function, but no other name */
    KEYWORD_RESERVED    /* a name only in quotes or after AS */
} KeywordClass;

typedef struct Keyword {
    const char *word; /* lower case */
    int code;
    KeywordClass class;
} Keyword;

uint32_t keyword_count(void);
const Keyword *keyword_at(uint32_t index);     /* in alphabetical order */
const Keyword *keyword_find(const char *word); /* NULL if it is none */

#endif
