/* The lexer: one regular expression per kind of token (re2c). The scanner below only finds where a token ends and what it is;
 * lexer_next() then resolves escapes, folds words and looks up keywords. What a regular expression cannot say (nested comments,
 * dollar quotes) is a loop of its own. The text need not end with a 0 byte. */
#include "parser/lexer.h"

#include "parser/grammar.h"
#include "parser/parse.h"

#include <string.h>

/* Kinds of token beside the grammar's. */
enum {
    RAW_WORD = 1000,
    RAW_QUOTED_NAME,
    RAW_STRING,
    RAW_ESCAPE_STRING,
    RAW_DOLLAR_STRING,
    RAW_UNTERMINATED_STRING,
    RAW_UNTERMINATED_DOLLAR,
    RAW_UNTERMINATED_NAME,
    RAW_UNTERMINATED_COMMENT,
    RAW_NUMBER_JUNK,
    RAW_PARAMETER_JUNK,
    RAW_ZERO_BYTE
};

/* --------------------------------------------------------------------------------------------------------- keywords */

static const Keyword keywords[] = {
#define KEYWORD(word, token, class_) {word, TOKEN_##token, KEYWORD_##class_},
#include "core/keywords.def"
#undef KEYWORD
};

uint32_t keyword_count(void) { return sizeof keywords / sizeof keywords[0]; }
const Keyword *keyword_at(uint32_t index) { return &keywords[index]; }

const Keyword *keyword_find(const char *word) {
    uint32_t low = 0, high = keyword_count();
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = strcmp(word, keywords[middle].word);
        if (order == 0) {
            return &keywords[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* --------------------------------------------------------------------------------------------------------- scanning */

/* Past the end of a comment that starts at `cursor` (comments nest); NULL if it has no end. */
static const char *comment_end(const char *cursor, const char *limit) {
    uint32_t depth = 0;
    while (limit - cursor >= 2) {
        if (cursor[0] == '/' && cursor[1] == '*') {
            depth++;
            cursor += 2;
        } else if (cursor[0] == '*' && cursor[1] == '/') {
            depth--;
            cursor += 2;
            if (depth == 0) {
                return cursor;
            }
        } else {
            cursor++;
        }
    }
    return NULL;
}

/* Past the end of a $tag$…$tag$ string whose opening tag is [begin, cursor); NULL if it has no end. */
static const char *dollar_end(const char *begin, const char *cursor, const char *limit) {
    size_t tag_bytes = (size_t)(cursor - begin);
    const char *close = memmem(cursor, (size_t)(limit - cursor), begin, tag_bytes);
    return close == NULL ? NULL : close + tag_bytes;
}

/* The kind of the next token at *at: a TOKEN_ or a RAW_. Its bytes are [*start, *at) afterwards. An unterminated token reaches
 * to the end of the text. */
static int scan(const char *text, size_t bytes, size_t *at, size_t *start) {
    const char *limit = text + bytes, *cursor = text + *at, *marker = cursor, *begin, *end;
    int code;
again:
    begin = cursor;
    /*!re2c
        re2c:api = custom;
        re2c:api:style = free-form;
        re2c:yyfill:enable = 0;
        re2c:define:YYCTYPE = "unsigned char";
        re2c:define:YYPEEK = "(cursor < limit ? (unsigned char)*cursor : 0)";
        re2c:define:YYSKIP = "++cursor;";
        re2c:define:YYBACKUP = "marker = cursor;";
        re2c:define:YYRESTORE = "cursor = marker;";

        space = [ \t\r\n\f\v]+;
        first = [a-zA-Z_\x80-\xff];
        digit = [0-9];
        word = first (first | digit | "$")*;
        integer = digit+;
        decimal = digit+ "." digit* | "." digit+;
        exponent = [eE] [-+]? digit+;
        number = (integer | decimal) exponent?;
        quoted = [^'\x00] | "''";
        escaped = [^'\\\x00] | "''" | [\\] [^\x00];

        space               { goto again; }
        "--" [^\n\x00]*     { goto again; }
        "/*"                {
            end = comment_end(begin, limit);
            if (end == NULL) { cursor = limit; code = RAW_UNTERMINATED_COMMENT; goto done; }
            cursor = end;
            if (begin[2] == '+') { code = TOKEN_HINT; goto done; }
            goto again;
        }

        word                { code = RAW_WORD; goto done; }
        ["] ([^"\x00] | ["]["])* ["]    { code = RAW_QUOTED_NAME; goto done; }
        ["] ([^"\x00] | ["]["])*        { code = RAW_UNTERMINATED_NAME; goto done; }
        ['] quoted* [']                 { code = RAW_STRING; goto done; }
        ['] quoted*                     { code = RAW_UNTERMINATED_STRING; goto done; }
        [eE]['] escaped* [']            { code = RAW_ESCAPE_STRING; goto done; }
        [eE]['] escaped*                { code = RAW_UNTERMINATED_STRING; goto done; }
        "$" (first (first | digit)*)? "$"   {
            end = dollar_end(begin, cursor, limit);
            if (end == NULL) { cursor = limit; code = RAW_UNTERMINATED_DOLLAR; goto done; }
            cursor = end;
            code = RAW_DOLLAR_STRING;
            goto done;
        }

        integer             { code = TOKEN_INTEGER; goto done; }
        decimal             { code = TOKEN_DECIMAL; goto done; }
        (integer | decimal) exponent    { code = TOKEN_DOUBLE_NUMBER; goto done; }
        number first (first | digit | "$")* { code = RAW_NUMBER_JUNK; goto done; }
        "$" digit+          { code = TOKEN_PARAMETER; goto done; }
        "$" digit+ first (first | digit)*   { code = RAW_PARAMETER_JUNK; goto done; }
        "?"                 { code = TOKEN_PARAMETER; goto done; }

        "("                 { code = TOKEN_LP; goto done; }
        ")"                 { code = TOKEN_RP; goto done; }
        ","                 { code = TOKEN_COMMA; goto done; }
        ";"                 { code = TOKEN_SEMICOLON; goto done; }
        "."                 { code = TOKEN_DOT; goto done; }
        "::"                { code = TOKEN_TYPECAST; goto done; }
        "="                 { code = TOKEN_EQ; goto done; }
        "<>" | "!="         { code = TOKEN_NE; goto done; }
        "<"                 { code = TOKEN_LT; goto done; }
        "<="                { code = TOKEN_LE; goto done; }
        ">"                 { code = TOKEN_GT; goto done; }
        ">="                { code = TOKEN_GE; goto done; }
        "+"                 { code = TOKEN_PLUS; goto done; }
        "-"                 { code = TOKEN_MINUS; goto done; }
        "*"                 { code = TOKEN_STAR; goto done; }
        "/"                 { code = TOKEN_SLASH; goto done; }
        "%"                 { code = TOKEN_PERCENT; goto done; }
        "^"                 { code = TOKEN_CARET; goto done; }
        "||" | "~" | "~*" | "!~" | "!~*" | "~~" | "~~*" | "!~~" | "!~~*" | "&" | "|" | "#" | "<<" | ">>" | "@" | "|/" | "||/" { code = TOKEN_OP; goto done; }

        [\x00]              { code = begin < limit ? RAW_ZERO_BYTE : 0; goto done; }
        "->" | "->>" | "#>" | "#>>" | "@>" | "<@" | "=>" | ":=" | "&&" { code = TOKEN_ILLEGAL; goto done; }
        *                   { code = TOKEN_ILLEGAL; goto done; }
    */
done:
    *start = (size_t)(begin - text);
    *at = (size_t)((cursor < limit ? cursor : limit) - text);
    return code;
}

/* ----------------------------------------------------------------------------------------------- resolving the text */

/* Takes one quote of each pair out of `text`, in place. */
static void unquote(char *text, char quote) {
    char *out = text;
    for (const char *in = text; *in != 0; in++) {
        *out++ = *in;
        if (*in == quote) {
            in++;
        }
    }
    *out = 0;
}

static int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Reads up to `digits_max` digits of `base` at *in and moves past them; -1 if there is none. */
static int32_t read_digits(const char **in, int base, int digits_max) {
    int32_t value = -1;
    for (int i = 0; i < digits_max && digit_value(**in) < base; i++) {
        value = (value < 0 ? 0 : value) * base + digit_value(*(*in)++);
    }
    return value;
}

static char *utf8_write(char *out, int32_t c) {
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *out++ = (char)(0xe0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    } else {
        *out++ = (char)(0xf0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    }
    return out;
}

/* One backslash escape: *in stands behind the backslash. Never longer than what it replaces. False if it is malformed. */
static bool resolve_escape(const char **in, char **out) {
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    char letter = *(*in)++;
    const char *found = strchr(letters, letter);
    int32_t value;
    if (found != NULL) {
        *(*out)++ = meanings[found - letters];
        return true;
    }
    if (letter == 'u' || letter == 'U') {
        value = read_digits(in, 16, letter == 'u' ? 4 : 6 + 2);
        bool is_character = value > 0 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
        *out = is_character ? utf8_write(*out, value) : *out;
        return is_character;
    }
    if (letter == 'x' || (letter >= '0' && letter <= '7')) {
        *in -= letter == 'x' ? 0 : 1;
        value = letter == 'x' ? read_digits(in, 16, 2) : read_digits(in, 8, 3);
        *(*out)++ = (char)value;
        return value > 0 && value <= 0xff;
    }
    *(*out)++ = letter;
    return true;
}

static Status resolve_escapes(const Lexer *lexer, const Token *token, char *text) {
    char *out = text;
    const char *in = text;
    while (*in != 0) {
        if (*in == '\\') {
            in++;
            if (!resolve_escape(&in, &out)) {
                return fail_at(lexer->cx, token->pos, INVALID_ESCAPE, "invalid escape sequence in the string");
            }
        } else {
            in += in[0] == '\'' ? 1 : 0; /* the second of a pair */
            *out++ = *in++;
        }
    }
    *out = 0;
    if (!utf8_valid(text, (size_t)(out - text))) {
        return fail_at(lexer->cx, token->pos, INVALID_ENCODING, "escape sequences give a string that is not valid UTF-8");
    }
    return OK;
}

/* The token's text without `head` bytes in front and `tail` bytes behind. */
static Status copy_text(const Lexer *lexer, Token *token, uint32_t head, uint32_t tail, char **copy) {
    *copy = arena_copy_text(lexer->cx, lexer->arena, lexer->text + token->pos + head, token->end - token->pos - head - tail);
    token->text = *copy;
    return *copy == NULL ? OUT_OF_MEMORY : OK;
}

static Status check_name(const Lexer *lexer, const Token *token) {
    size_t bytes = strlen(token->text);
    if (bytes == 0) {
        return fail_at(lexer->cx, token->pos, SYNTAX_ERROR, "a name in double quotes must not be empty");
    }
    if (bytes > NAME_BYTES_MAX) {
        return fail_at(lexer->cx, token->pos, NAME_TOO_LONG, "name \"%.40s…\" is longer than %d bytes", token->text,
                       NAME_BYTES_MAX);
    }
    return OK;
}

static Status finish_word(const Lexer *lexer, Token *token) {
    char *text;
    TRY(copy_text(lexer, token, 0, 0, &text));
    for (char *c = text; *c != 0; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
    }
    const Keyword *keyword = keyword_find(text);
    token->code = keyword == NULL ? TOKEN_ID : keyword->code;
    return check_name(lexer, token);
}

static Status finish_quoted_name(const Lexer *lexer, Token *token) {
    char *text;
    TRY(copy_text(lexer, token, 1, 1, &text));
    unquote(text, '"');
    token->code = TOKEN_ID;
    token->is_quoted = true;
    return check_name(lexer, token);
}

static Status finish_string(const Lexer *lexer, Token *token) {
    char *text;
    int kind = token->code;
    token->code = TOKEN_STRING;
    if (kind == RAW_DOLLAR_STRING) {
        const char *open = lexer->text + token->pos;
        const char *tag_end = memchr(open + 1, '$', token->end - token->pos - 1);
        uint32_t tag_bytes = (uint32_t)(tag_end - open + 1);
        return copy_text(lexer, token, tag_bytes, tag_bytes, &text);
    }
    if (kind == RAW_ESCAPE_STRING) {
        TRY(copy_text(lexer, token, 2, 1, &text));
        return resolve_escapes(lexer, token, text);
    }
    TRY(copy_text(lexer, token, 1, 1, &text));
    unquote(text, '\'');
    return OK;
}

static Status refuse_number(const Lexer *lexer, const Token *token) {
    const char *text = lexer->text + token->pos;
    int bytes = (int)(token->end - token->pos > 60 ? 60 : token->end - token->pos);
    (void)fail_at(lexer->cx, token->pos, SYNTAX_ERROR, "trailing junk after numeric literal at or near \"%.*s\"", bytes, text);
    if (memchr(text, '_', (size_t)bytes) != NULL) {
        return fail_hint(lexer->cx, "Write the digits without underscores.");
    }
    return SYNTAX_ERROR;
}

static Status refuse_token(const Lexer *lexer, const Token *token) {
    switch (token->code) {
    case RAW_UNTERMINATED_DOLLAR:
        (void)fail_at(lexer->cx, token->pos, SYNTAX_ERROR, "unterminated dollar-quoted string");
        return fail_hint(lexer->cx, "The string ends where the $…$ that it begins with stands again.");
    case RAW_UNTERMINATED_STRING:
        (void)fail_at(lexer->cx, token->pos, SYNTAX_ERROR, "unterminated quoted string");
        return fail_hint(lexer->cx, "The string that starts here has no closing quote; a quote inside a string is written twice.");
    case RAW_UNTERMINATED_NAME:
        (void)fail_at(lexer->cx, token->pos, SYNTAX_ERROR, "unterminated quoted name");
        return fail_hint(lexer->cx, "The name that starts here has no closing double quote; strings stand in single quotes.");
    case RAW_UNTERMINATED_COMMENT: return fail_at(lexer->cx, token->pos, SYNTAX_ERROR, "unterminated /* comment");
    case RAW_NUMBER_JUNK: return refuse_number(lexer, token);
    case RAW_PARAMETER_JUNK:
        return fail_at(lexer->cx, token->pos, SYNTAX_ERROR, "trailing junk after parameter at or near \"%.*s\"",
                       (int)(token->end - token->pos > 60 ? 60 : token->end - token->pos), lexer->text + token->pos);
    default: return fail_at(lexer->cx, token->pos, INVALID_ENCODING, "the text holds a 0 byte");
    }
}

/* Operators have static text, so that trees may point at it. */
static const char *operator_text(int code, const char *text, uint32_t bytes) {
    static const char *const ops[] = {"||", "~", "~*", "!~", "!~*", "~~", "~~*", "!~~", "!~~*", "&", "|", "#", "<<", ">>", "@", "|/", "||/"};
    switch (code) {
    case TOKEN_EQ: return "=";
    case TOKEN_NE: return "<>";
    case TOKEN_LT: return "<";
    case TOKEN_LE: return "<=";
    case TOKEN_GT: return ">";
    case TOKEN_GE: return ">=";
    case TOKEN_PLUS: return "+";
    case TOKEN_MINUS: return "-";
    case TOKEN_STAR: return "*";
    case TOKEN_SLASH: return "/";
    case TOKEN_PERCENT: return "%";
    case TOKEN_CARET: return "^";
    default: break;
    }
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        if (strlen(ops[i]) == bytes && memcmp(ops[i], text, bytes) == 0) {
            return ops[i];
        }
    }
    return "";
}

Status lexer_next(Lexer *lexer, Token *token) {
    size_t start;
    char *text;
    int code = scan(lexer->text, lexer->bytes, &lexer->at, &start);
    *token = (Token){.code = code, .pos = (SourcePos)start, .end = (SourcePos)lexer->at};
    switch (code) {
    case RAW_WORD: return finish_word(lexer, token);
    case RAW_QUOTED_NAME: return finish_quoted_name(lexer, token);
    case RAW_STRING:
    case RAW_ESCAPE_STRING:
    case RAW_DOLLAR_STRING: return finish_string(lexer, token);
    case TOKEN_INTEGER:
    case TOKEN_DECIMAL:
    case TOKEN_DOUBLE_NUMBER:
    case TOKEN_PARAMETER: return copy_text(lexer, token, 0, 0, &text);
    case TOKEN_HINT: return copy_text(lexer, token, 3, 2, &text);
    default: break;
    }
    if (code >= RAW_WORD) {
        return refuse_token(lexer, token);
    }
    token->text = operator_text(code, lexer->text + start, token->end - token->pos);
    return OK;
}

bool sql_statement_complete(const char *text, size_t bytes, size_t *end) {
    size_t at = 0, start;
    for (;;) {
        int code = scan(text, bytes, &at, &start);
        if (code == TOKEN_SEMICOLON) {
            *end = at;
            return true;
        }
        if (code == 0 || (code >= RAW_UNTERMINATED_STRING && code <= RAW_UNTERMINATED_COMMENT)) {
            *end = bytes;
            return false;
        }
    }
}

bool sql_is_blank(const char *text, size_t bytes) {
    size_t at = 0, start;
    int code;
    do {
        code = scan(text, bytes, &at, &start);
    } while (code == TOKEN_SEMICOLON || code == TOKEN_HINT);
    return code == 0;
}
