/* Text to trees. All functions are thread-safe; nothing is kept between calls. */
#ifndef DEPOT_PARSER_PARSE_H
#define DEPOT_PARSER_PARSE_H

#include "parser/ast.h"

/* The statement that starts at or behind byte *at, empty ones skipped; *statement is NULL if there is none. *at moves behind it
 * and its semicolon. Positions in the tree and in errors are offsets into `text`. `text` need not end with a 0 and need not
 * outlive the call. SYNTAX_ERROR, FEATURE_NOT_SUPPORTED (named), STATEMENT_TOO_COMPLEX, INVALID_ENCODING, NAME_TOO_LONG,
 * OUT_OF_MEMORY; after an error *at stands behind the semicolon that ends the faulty statement, as far as one can tell. */
Status parse_statement(const Context *cx, Arena *arena, const char *text, size_t bytes, size_t *at,
                       AstStatement **statement) MUST_CHECK;
/* All statements of a text; an error in any of them is the error of the call. */
Status parse_statements(const Context *cx, Arena *arena, const char *text, size_t bytes,
                        AstStatementList *statements) MUST_CHECK;
/* One expression alone: what DEFAULT and CHECK keep as text. */
Status parse_expression(const Context *cx, Arena *arena, const char *text, size_t bytes, AstExpr **expr) MUST_CHECK;

/* The same for what is kept as text: every node stands at `pos`, the place in the statement that uses it. An error has
 * that place, too. */
Status parse_stored_statement(const Context *cx, Arena *arena, const char *text, SourcePos pos,
                              AstStatement **statement) MUST_CHECK;
Status parse_stored_query(const Context *cx, Arena *arena, const char *text, SourcePos pos, AstQuery **query) MUST_CHECK;
Status parse_stored_expression(const Context *cx, Arena *arena, const char *text, SourcePos pos, AstExpr **expr) MUST_CHECK;

/* True if a semicolon outside quotes and comments ends a first statement in `text`: *end is behind it. Otherwise *end = bytes:
 * more input is needed. Never fails, needs no memory; also for text with errors in it. */
bool sql_statement_complete(const char *text, size_t bytes, size_t *end);
/* True if there is nothing but blanks, comments and semicolons in `text`. */
bool sql_is_blank(const char *text, size_t bytes);

#endif
