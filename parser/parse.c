/* Statements out of a text: the lexer's tokens, looked at one further so that a few words mean one thing only, are fed to the
 * grammar one statement at a time. */
#include "parser/parse.h"

#include "parser/ast_build.h"
#include "parser/grammar.h"

#include <string.h>

/* True if the keyword is one in front of `next`; otherwise it is a name. */
static bool keyword_holds(int code, const Token *next) {
    switch (code) {
    case TOKEN_CUBE:
    case TOKEN_EXTRACT:
    case TOKEN_FILTER:
    case TOKEN_OVERLAY:
    case TOKEN_PIVOT:
    case TOKEN_POSITION:
    case TOKEN_ROLLUP:
    case TOKEN_SUBSTRING:
    case TOKEN_TRIM:
    case TOKEN_TRY_CAST:
    case TOKEN_UNPIVOT: return next->code == TOKEN_LP;
    case TOKEN_APPROXIMATE: return next->code == TOKEN_ID;
    case TOKEN_AT: return next->code == TOKEN_TIME || next->code == TOKEN_LP;
    case TOKEN_DOUBLE: return next->code == TOKEN_PRECISION;
    case TOKEN_GROUPING: return next->code == TOKEN_SETS;
    case TOKEN_IGNORE:
    case TOKEN_RESPECT: return next->code == TOKEN_NULLS;
    case TOKEN_OVER: return next->code == TOKEN_LP || next->code == TOKEN_ID;
    case TOKEN_TOP: return next->code == TOKEN_INTEGER || next->code == TOKEN_PARAMETER;
    case TOKEN_WITHIN: return next->code == TOKEN_GROUP;
    default: return true;
    }
}

/* NOT and WITH in front of what makes them part of a longer word. */
static int two_words(int code, int next) {
    if (code == TOKEN_NOT) {
        bool is_operator =
            next == TOKEN_BETWEEN || next == TOKEN_IN || next == TOKEN_LIKE || next == TOKEN_ILIKE || next == TOKEN_SIMILAR;
        return is_operator ? TOKEN_NOT_LA : code;
    }
    return code == TOKEN_WITH && (next == TOKEN_TIME || next == TOKEN_ORDINALITY) ? TOKEN_WITH_LA : code;
}

/* Counts parentheses and finds the IN of POSITION(a IN b). */
static void track_parens(Parser *p) {
    uint32_t level = p->open_parens % PARSER_STACK_MAX;
    uint64_t *word = &p->position_parens[level / 64], bit = (uint64_t)1 << (level % 64);
    if (p->token.code == TOKEN_LP) {
        p->open_paren_pos = p->open_parens == 0 ? p->token.pos : p->open_paren_pos;
        p->open_parens++;
        level = p->open_parens % PARSER_STACK_MAX;
        word = &p->position_parens[level / 64];
        bit = (uint64_t)1 << (level % 64);
        *word = p->previous.code == TOKEN_POSITION ? *word | bit : *word & ~bit;
    } else if (p->token.code == TOKEN_RP) {
        p->has_stray_paren |= p->open_parens == 0;
        p->open_parens -= p->open_parens > 0 ? 1 : 0;
    } else if (p->token.code == TOKEN_IN && (*word & bit) != 0) {
        p->token.code = TOKEN_POSITION_IN;
        *word &= ~bit;
    }
}

/* The lexer's next token that matters: a hint comment does only right behind SELECT. */
static Status read_token(Parser *p, int before, Token *token) {
    do {
        TRY(lexer_next(&p->lexer, token));
    } while (token->code == TOKEN_HINT && before != TOKEN_SELECT);
    return OK;
}

/* 'a'<line break>'b' is one string, as the standard has it. */
static Status join_strings(Parser *p) {
    while (p->token.code == TOKEN_STRING && p->next.code == TOKEN_STRING && p->lexer.text[p->next.pos] == '\'' &&
           memchr(p->lexer.text + p->token.end, '\n', p->next.pos - p->token.end) != NULL) {
        p->token.text = arena_format(p->cx, p->arena, "%s%s", p->token.text, p->next.text);
        p->token.end = p->next.end;
        if (p->token.text == NULL) {
            return OUT_OF_MEMORY;
        }
        TRY(read_token(p, p->token.code, &p->next));
    }
    return OK;
}

Status parser_advance(Parser *p) {
    p->previous = p->token;
    p->token = p->next;
    if (p->token.code == TOKEN_SEMICOLON) {
        p->token.code = 0;
    }
    if (p->token.code == 0) {
        return OK;
    }
    TRY(read_token(p, p->token.code, &p->next));
    TRY(join_strings(p));
    if (!keyword_holds(p->token.code, &p->next)) {
        p->token.code = TOKEN_ID;
    }
    p->token.code = two_words(p->token.code, p->next.code);
    track_parens(p);
    return OK;
}

void parser_finish_statement(Parser *p, AstStatement *statement) {
    if (p->status == OK) {
        statement->start = p->start;
        statement->end = p->previous.end;
        statement->parameter_count = p->parameter_count;
        p->statement = statement;
    }
}

void parser_finish_expr(Parser *p, AstExpr *expr) {
    p->expr = expr;
}

static void parser_init(Parser *p, const Context *cx, Arena *arena, const char *text, size_t bytes, size_t at) {
    memset(p, 0, offsetof(Parser, scrap));
    p->cx = cx;
    p->arena = arena;
    p->lexer = (Lexer){.cx = cx, .arena = arena, .text = text, .bytes = bytes, .at = at};
}

/* What was read of the text, comments included, must be UTF-8. */
static Status check_encoding(const Context *cx, const char *text, size_t from, size_t to) {
    size_t valid = from + utf8_valid_prefix(text + from, to - from);
    if (valid < to) {
        return fail_at(cx, (SourcePos)valid, INVALID_ENCODING, "the text is not valid UTF-8: byte 0x%02x",
                       (unsigned)(unsigned char)text[valid]);
    }
    return OK;
}

/* Positions are 32 bits wide. */
static Status check_size(const Context *cx, size_t bytes) {
    return bytes < POS_NONE ? OK : fail(cx, PROGRAM_LIMIT_EXCEEDED, "the text of statements is longer than 4 GB");
}

static bool has_byte_order_mark(const char *text, size_t bytes) {
    return bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
}

/* parse_statement without the care for *at after an error. */
static Status parse_next(const Context *cx, Arena *arena, const char *text, size_t bytes, size_t *at,
                         AstStatement **statement) {
    size_t start = *at == 0 && has_byte_order_mark(text, bytes) ? 3 : *at;
    Parser p;
    parser_init(&p, cx, arena, text, bytes, start);
    *statement = NULL;
    Status status;
    do {
        status = read_token(&p, 0, &p.next);
    } while (status == OK && p.next.code == TOKEN_SEMICOLON);
    if (status == OK && p.next.code != 0) {
        p.start = p.next.pos;
        status = grammar_run(&p, 0);
    }
    TRY(check_encoding(cx, text, start, p.lexer.at));
    TRY(status);
    *statement = p.statement;
    *at = p.lexer.at; /* the last token read was the end or the semicolon */
    return OK;
}

Status parse_statement(const Context *cx, Arena *arena, const char *text, size_t bytes, size_t *at, AstStatement **statement) {
    size_t start = *at, end;
    TRY(check_size(cx, bytes));
    Status status = parse_next(cx, arena, text, bytes, at, statement);
    if (status != OK) {
        (void)sql_statement_complete(text + start, bytes - start, &end);
        while (start + end < bytes && sql_is_blank(text + start, end)) { /* semicolons in front of the statement */
            start += end;
            (void)sql_statement_complete(text + start, bytes - start, &end);
        }
        *at = start + end;
    }
    return status;
}

Status parse_statements(const Context *cx, Arena *arena, const char *text, size_t bytes, AstStatementList *statements) {
    Parser list;
    parser_init(&list, cx, arena, text, bytes, 0);
    size_t at = 0;
    *statements = (AstStatementList){0};
    TRY(check_size(cx, bytes));
    for (;;) {
        AstStatement *statement;
        TRY(parse_next(cx, arena, text, bytes, &at, &statement));
        if (statement == NULL) {
            return OK;
        }
        *statements = ast_statement_append(&list, *statements, statement);
        TRY(list.status);
    }
}

/* A text of the catalog that the parser does not take is damage, or of a later version. */
static Status at_use(const Context *cx, SourcePos pos, Status status) {
    if (status != OK) {
        cx->error->pos = pos;
    }
    return status;
}

Status parse_stored_statement(const Context *cx, Arena *arena, const char *text, SourcePos pos, AstStatement **statement) {
    Parser p;
    parser_init(&p, cx, arena, text, strlen(text), 0);
    p.stored_at = &pos;
    Status status = read_token(&p, 0, &p.next);
    p.start = p.next.pos;
    status = status == OK ? grammar_run(&p, 0) : status;
    TRY(at_use(cx, pos, status));
    *statement = p.statement;
    (*statement)->pos = pos;
    return OK;
}

Status parse_stored_query(const Context *cx, Arena *arena, const char *text, SourcePos pos, AstQuery **query) {
    AstStatement *statement;
    TRY(parse_stored_statement(cx, arena, text, pos, &statement));
    if (statement->kind != AST_STATEMENT_QUERY) {
        return fail(cx, DATA_CORRUPTED, "the text of a view is no query");
    }
    *query = statement->query;
    return OK;
}

Status parse_stored_expression(const Context *cx, Arena *arena, const char *text, SourcePos pos, AstExpr **expr) {
    Parser p;
    parser_init(&p, cx, arena, text, strlen(text), 0);
    p.stored_at = &pos;
    Status status = read_token(&p, 0, &p.next);
    status = status == OK ? grammar_run(&p, TOKEN_START_EXPRESSION) : status;
    TRY(at_use(cx, pos, status));
    *expr = p.expr;
    return OK;
}

Status parse_expression(const Context *cx, Arena *arena, const char *text, size_t bytes, AstExpr **expr) {
    Parser p;
    *expr = NULL;
    TRY(check_size(cx, bytes));
    parser_init(&p, cx, arena, text, bytes, 0);
    Status status = read_token(&p, 0, &p.next);
    status = status == OK ? grammar_run(&p, TOKEN_START_EXPRESSION) : status;
    TRY(check_encoding(cx, text, 0, p.lexer.at));
    TRY(status);
    if (p.lexer.at < bytes && !sql_is_blank(text + p.lexer.at, bytes - p.lexer.at)) {
        return fail_at(cx, (SourcePos)p.lexer.at, SYNTAX_ERROR, "text goes on behind the expression");
    }
    *expr = p.expr;
    return OK;
}
