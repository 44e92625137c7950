/* What a text says that is no statement: refusals by name, and syntax errors with the most likely cure. All guesses ask the
 * grammar itself what could have stood in a place. */
#include "parser/ast_build.h"
#include "parser/grammar.h"

#include <string.h>

void parser_too_complex(Parser *p) {
    parser_fail(p, p->token.pos, STATEMENT_TOO_COMPLEX, "statement is nested too deeply");
}

/* --------------------------------------------------------------------------------------------------------- refusals */

typedef enum RefusalPlace { AT_STATEMENT, AT_CLAUSE, AT_ALTERATION } RefusalPlace;
typedef struct Refusal {
    RefusalPlace place;
    const char *phrase, *name, *hint;
} Refusal;

static const Refusal refusals[] = {
#define STATEMENT(phrase, name, hint) {AT_STATEMENT, phrase, name, hint},
#define CLAUSE(phrase, name, hint) {AT_CLAUSE, phrase, name, hint},
#define ALTERATION(phrase, name, hint) {AT_ALTERATION, phrase, name, hint},
#include "parser/refusals.def"
#undef STATEMENT
#undef CLAUSE
#undef ALTERATION
};

static size_t phrase_word_bytes(const char *phrase) {
    return strcspn(phrase, " ");
}

/* Do the tokens from byte `at` on spell the phrase? Works on the text: the tokens may be ones that the grammar has not seen. */
static bool phrase_matches(const Parser *p, const char *phrase, SourcePos at) {
    Error ignored;
    Context quiet = *p->cx;
    quiet.error = &ignored;
    Lexer lexer = {.cx = &quiet, .arena = p->arena, .text = p->lexer.text, .bytes = p->lexer.bytes, .at = at};
    while (*phrase != 0) {
        Token token;
        size_t bytes = phrase_word_bytes(phrase);
        if (lexer_next(&lexer, &token) != OK || token.is_quoted || token.code == TOKEN_STRING) {
            return false;
        }
        bool has_text = token.text != NULL && token.text[0] != 0;
        const char *text = has_text ? token.text : lexer.text + token.pos;
        size_t text_bytes = has_text ? strlen(token.text) : token.end - token.pos;
        if (text_bytes != bytes || memcmp(text, phrase, bytes) != 0) {
            return false;
        }
        phrase += bytes;
        phrase += *phrase == ' ' ? 1 : 0;
    }
    return true;
}

static bool refuse(Parser *p, SourcePos pos, RefusalPlace place) {
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (refusals[i].place == place && phrase_matches(p, refusals[i].phrase, pos)) {
            p->status = fail_unsupported(p->cx, pos, refusals[i].name);
            if (refusals[i].hint[0] != 0) {
                p->status = fail_hint(p->cx, "%s", refusals[i].hint);
            }
            return true;
        }
    }
    return false;
}

static bool refuse_by_name(Parser *p, const Token *token) {
    return refuse(p, p->start, AT_STATEMENT) ||
           (grammar_accepts(p->states, TOKEN_SELECT, 0) && refuse(p, token->pos, AT_STATEMENT)) ||
           (phrase_matches(p, "alter table", p->start) && refuse(p, token->pos, AT_ALTERATION)) ||
           refuse(p, token->pos, AT_CLAUSE);
}

/* ------------------------------------------------------------------------------------------------------------ hints */

#define WORD_BYTES_MAX 24

/* Edit distance with swaps of neighbours (optimal string alignment); both words at most WORD_BYTES_MAX bytes. */
static uint32_t edit_distance(const char *a, const char *b) {
    uint32_t rows[3][WORD_BYTES_MAX + 1], *before = rows[0], *last = rows[1], *now = rows[2];
    uint32_t a_bytes = (uint32_t)strlen(a), b_bytes = (uint32_t)strlen(b);
    for (uint32_t j = 0; j <= b_bytes; j++) {
        last[j] = j;
        before[j] = 0;
    }
    for (uint32_t i = 1; i <= a_bytes; i++) {
        now[0] = i;
        for (uint32_t j = 1; j <= b_bytes; j++) {
            uint32_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            now[j] = is_swap && before[j - 2] + 1 < best ? before[j - 2] + 1 : best;
        }
        uint32_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[b_bytes];
}

/* The keyword nearest to a misspelt word that the grammar takes at `states`, with `then` behind it; NULL if none is near. */
static const Keyword *nearest_keyword(const ParserStates *states, const Token *word, int then) {
    size_t bytes = strlen(word->text);
    if (word->is_quoted || bytes < 3 || bytes > WORD_BYTES_MAX) {
        return NULL;
    }
    const Keyword *nearest = NULL;
    uint32_t least = bytes <= 4 ? 2 : 3; /* one edit in short words, two in others */
    for (uint32_t i = 0; i < keyword_count(); i++) {
        const Keyword *keyword = keyword_at(i);
        if (keyword->code == TOKEN_RESERVED_WORD || strlen(keyword->word) > WORD_BYTES_MAX || strlen(keyword->word) < 2) {
            continue;
        }
        uint32_t distance = edit_distance(word->text, keyword->word);
        if (distance > 0 && distance < least && grammar_accepts(states, keyword->code, then)) {
            nearest = keyword;
            least = distance;
        }
    }
    return nearest;
}

static void hint_keyword(const Parser *p, const Keyword *keyword) {
    char upper[WORD_BYTES_MAX + 1];
    size_t i;
    for (i = 0; keyword->word[i] != 0; i++) {
        upper[i] = keyword->word[i] >= 'a' && keyword->word[i] <= 'z' ? (char)(keyword->word[i] & ~0x20) : keyword->word[i];
    }
    upper[i] = 0;
    (void)fail_hint(p->cx, "Did you mean %s?", upper);
}

static bool is_word(const Token *token) {
    return token->code == TOKEN_ID || keyword_find(token->text) != NULL;
}

/* Did the word at or before the error want to be a keyword? */
static bool hint_misspelt(const Parser *p, const Token *token) {
    const Keyword *keyword = NULL;
    if (token->code == TOKEN_ID) {
        keyword = nearest_keyword(p->states, token, 0);
    }
    if (keyword == NULL && p->previous.code == TOKEN_ID) { /* SELECT a FORM t: FORM passed as a's alias */
        keyword = nearest_keyword(p->states_before, &p->previous, token->code);
    }
    if (keyword != NULL) {
        hint_keyword(p, keyword);
    }
    return keyword != NULL;
}

static bool starts_value(int code) {
    return code == TOKEN_ID || code == TOKEN_STRING || code == TOKEN_INTEGER || code == TOKEN_DECIMAL ||
           code == TOKEN_DOUBLE_NUMBER || code == TOKEN_PARAMETER;
}

static void hint_punctuation(const Parser *p, const Token *token) {
    if (token->code == 0 && p->open_parens > 0) {
        uint32_t line, column;
        size_t start, end;
        source_locate(p->lexer.text, p->lexer.bytes, p->open_paren_pos, &line, &column, &start, &end);
        (void)fail_hint(p->cx, "The parenthesis opened at line %u, column %u is not closed.", line, column);
    } else if (token->code == TOKEN_RP && p->has_stray_paren) {
        (void)fail_hint(p->cx, "No parenthesis is open here.");
    } else if (grammar_accepts(p->states, TOKEN_ON, 0) && grammar_accepts(p->states, TOKEN_USING, 0)) {
        (void)fail_hint(p->cx, "A JOIN needs ON and a condition, or USING and columns; CROSS JOIN takes neither.");
    } else if (p->previous.code == TOKEN_COMMA && token->code != TOKEN_COMMA) {
        (void)fail_hint(p->cx, "Is there a comma too much before it?");
    } else if (starts_value(token->code) && grammar_accepts(p->states, TOKEN_COMMA, token->code)) {
        (void)fail_hint(p->cx, "Is a comma missing before it?");
    } else if (token->code == TOKEN_EQ && p->previous.code == TOKEN_EQ) {
        (void)fail_hint(p->cx, "Equality is a single = in SQL.");
    } else if (token->code == TOKEN_SELECT && grammar_accepts(p->states, TOKEN_LP, TOKEN_SELECT)) {
        (void)fail_hint(p->cx, "A query inside another stands in parentheses of its own.");
    } else if (token->code == TOKEN_COMMA && grammar_accepts(p->states, TOKEN_OFFSET, TOKEN_INTEGER)) {
        (void)fail_hint(p->cx, "LIMIT takes one number; OFFSET says how many rows to skip.");
    } else if (is_word(token) && keyword_find(token->text) != NULL && grammar_accepts(p->states, TOKEN_ID, 0)) {
        (void)fail_hint(p->cx, "\"%s\" is a reserved word: as a name it needs double quotes.", token->text);
    }
}

void parser_syntax_error(Parser *p, const Token *token) {
    if (p->status != OK || refuse_by_name(p, token)) {
        return;
    }
    if (token->code == 0 && p->next.code == 0) {
        parser_fail(p, (SourcePos)p->lexer.bytes, SYNTAX_ERROR, "syntax error at end of input");
    } else {
        int bytes = (int)(token->end - token->pos > 60 ? 60 : token->end - token->pos);
        parser_fail(p, token->pos, SYNTAX_ERROR, "syntax error at or near \"%.*s\"", bytes, p->lexer.text + token->pos);
    }
    if (!hint_misspelt(p, token)) {
        hint_punctuation(p, token);
    }
}
