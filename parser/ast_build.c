/* Constructors of lists, names, types and expressions. Those of queries are in ast_build_query.c, of statements in
 * ast_build_statement.c. */
#include "parser/ast_build.h"

#include "parser/grammar.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(AstSelect) <= sizeof((Parser){0}.scrap), "the scrap node takes the largest node");
_Static_assert(sizeof(AstCreateTable) <= sizeof((Parser){0}.scrap), "the scrap node takes the largest node");

void parser_fail(Parser *p, SourcePos pos, Status status, const char *format, ...) {
    if (p->status == OK) {
        char message[sizeof p->cx->error->message];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        p->status = fail_at(p->cx, pos, status, "%s", message);
    }
}

void *parser_node(Parser *p, size_t bytes) {
    void *node = p->status == OK ? arena_alloc(p->cx, p->arena, bytes) : NULL;
    if (node == NULL) {
        p->status = p->status == OK ? OUT_OF_MEMORY : p->status;
        memset(p->scrap, 0, sizeof p->scrap);
        return p->scrap;
    }
    return node;
}

uint32_t ast_deepen(Parser *p, SourcePos pos, uint32_t children) {
    if (children >= AST_DEPTH_MAX) {
        parser_fail(p, pos, STATEMENT_TOO_COMPLEX, "statement is nested more than %d levels deep", AST_DEPTH_MAX);
    }
    return children + 1;
}

/* ------------------------------------------------------------------------------------------------------------ lists */

/* What all list types look like. */
typedef struct AnyList {
    uint32_t count, capacity, depth;
    void **items;
} AnyList;

static void list_append(Parser *p, AnyList *list, void *item, uint32_t depth) {
    if (list->count == list->capacity) {
        void **items = arena_grow(p->cx, p->arena, list->items, sizeof *items, &list->capacity);
        if (items == NULL) {
            p->status = OUT_OF_MEMORY;
            return;
        }
        list->items = items;
    }
    list->items[list->count++] = item;
    list->depth = ast_max_depth(list->depth, depth);
}

static uint32_t window_depth(const AstWindow *window) {
    uint32_t frame = ast_max_depth(ast_expr_depth(window->frame.start.offset), ast_expr_depth(window->frame.end.offset));
    return ast_max_depth(frame, ast_max_depth(window->partition_by.depth, window->order_by.depth));
}

uint32_t ast_group_depth(const AstGroupItem *item) {
    return 1 + ast_max_depth(ast_expr_depth(item->expr), ast_max_depth(item->exprs.depth, item->sets.depth));
}

#define LIST(append, List, Item, item_depth)                                                                                   \
    List append(Parser *p, List list, Item *item) {                                                                            \
        if (p->status == OK) {                                                                                                 \
            list_append(p, (AnyList *)&list, item, item_depth);                                                                \
        }                                                                                                                      \
        return list;                                                                                                           \
    }
#include "parser/ast_lists.def"
#undef LIST

AstExprList ast_expr_prepend(Parser *p, AstExpr *expr, AstExprList list) {
    AstExprList all = ast_expr_append(p, (AstExprList){0}, expr);
    for (uint32_t i = 0; i < list.count; i++) {
        all = ast_expr_append(p, all, list.items[i]);
    }
    return all;
}

AstExprList ast_when_append(Parser *p, AstExprList list, AstExpr *condition, AstExpr *value) {
    return ast_expr_append(p, ast_expr_append(p, list, condition), value);
}

/* -------------------------------------------------------------------------------------------------- names and types */

AstIdent *ast_ident(Parser *p, Token token) {
    AstIdent *ident;
    NEW_NODE(p, ident);
    *ident = (AstIdent){token.pos, token.text};
    return ident;
}

AstIdent *ast_dotted_ident(Parser *p, const AstIdent *a, const AstIdent *b) {
    AstIdent *ident;
    NEW_NODE(p, ident);
    ident->pos = a->pos;
    ident->text = arena_format(p->cx, p->arena, "%s.%s", a->text, b->text);
    p->status = ident->text == NULL ? OUT_OF_MEMORY : p->status;
    return ident;
}

AstName *ast_name(Parser *p, Token token) {
    AstName *name;
    NEW_NODE(p, name);
    name->pos = token.pos;
    name->count = 1;
    name->parts[0] = (AstIdent){token.pos, token.text};
    return name;
}

AstName *ast_name_append(Parser *p, AstName *name, Token token) {
    token = ast_word(p, token);
    if (p->status == OK && name->count == AST_NAME_PARTS_MAX) {
        parser_fail(p, name->pos, SYNTAX_ERROR, "name has more than %d parts", AST_NAME_PARTS_MAX);
    }
    if (p->status == OK) {
        name->parts[name->count++] = (AstIdent){token.pos, token.text};
    }
    return name;
}

/* A word is any token that begins like one: a name, a keyword, a quoted name. */
Token ast_word(Parser *p, Token token) {
    char first = p->lexer.text[token.start];
    bool is_word = first == '"' || first == '_' || (first & 0x80) != 0 || ((first | 0x20) >= 'a' && (first | 0x20) <= 'z');
    if (!is_word || token.code == TOKEN_STRING) {
        token.pos = token.start;
        parser_syntax_error(p, &token);
    }
    return token;
}

Token ast_negative_number(Parser *p, Token minus, Token number) {
    char *text = p->status == OK ? arena_format(p->cx, p->arena, "-%s", number.text) : NULL;
    if (text == NULL) {
        p->status = p->status == OK ? OUT_OF_MEMORY : p->status;
        return number;
    }
    number.pos = minus.pos;
    number.text = text;
    return number;
}

AstType *ast_type(Parser *p, Token name, const AstTypeModifiers *modifiers) {
    return ast_type_words(p, name, name.text, modifiers);
}

AstType *ast_type_words(Parser *p, Token first, const char *name, const AstTypeModifiers *modifiers) {
    AstType *type;
    NEW_NODE(p, type);
    type->pos = first.pos;
    type->name = name;
    if (modifiers != NULL) {
        type->modifier_count = modifiers->count;
        memcpy(type->modifiers, modifiers->values, sizeof type->modifiers);
    }
    return type;
}

AstType *ast_type_time(Parser *p, Token name, const AstTypeModifiers *modifiers, bool has_zone) {
    const char *zoned = name.code == TOKEN_TIME ? "timetz" : "timestamptz";
    return ast_type_words(p, name, has_zone ? zoned : name.text, modifiers);
}

AstType *ast_type_interval(Parser *p, Token name, const AstTypeModifiers *modifiers, const char *fields) {
    AstType *type = ast_type(p, name, modifiers);
    type->interval_fields = fields;
    return type;
}

/* VARCHAR(MAX) is Redshift's longest. */
AstTypeModifiers ast_type_modifier(Parser *p, const AstTypeModifiers *before, Token token) {
    AstTypeModifiers modifiers = before == NULL ? (AstTypeModifiers){0} : *before;
    if (modifiers.count == sizeof modifiers.values / sizeof modifiers.values[0]) {
        parser_fail(p, token.pos, SYNTAX_ERROR, "a type takes at most two modifiers");
        return modifiers;
    }
    errno = 0;
    long long value = token.code == TOKEN_ID ? TEXT_LENGTH_MAX : strtoll(token.text, NULL, 10);
    if (token.code == TOKEN_ID && strcmp(token.text, "max") != 0) {
        parser_fail(p, token.pos, SYNTAX_ERROR, "type modifier \"%s\" is not a number", token.text);
    } else if (errno == ERANGE) {
        parser_fail(p, token.pos, NUMERIC_OUT_OF_RANGE, "type modifier %s is out of range", token.text);
    }
    modifiers.values[modifiers.count++] = value;
    return modifiers;
}

const char *ast_interval_fields(Parser *p, Token from, Token to) {
    const char *text = p->status == OK ? arena_format(p->cx, p->arena, "%s to %s", from.text, to.text) : NULL;
    p->status = p->status == OK && text == NULL ? OUT_OF_MEMORY : p->status;
    return text;
}

/* ------------------------------------------------------------------------------------------------------ expressions */

static AstExpr *expr_of_list(Parser *p, AstExprKind kind, SourcePos pos, AstExprList args) {
    AstExpr *expr;
    NEW_NODE(p, expr);
    expr->kind = kind;
    expr->pos = pos;
    expr->args = args;
    expr->depth = ast_deepen(p, pos, args.depth);
    return expr;
}

AstExpr *ast_expr(Parser *p, AstExprKind kind, Token token) {
    return expr_of_list(p, kind, token.pos, (AstExprList){0});
}

AstExpr *ast_expr_1(Parser *p, AstExprKind kind, Token token, AstExpr *a) {
    return expr_of_list(p, kind, token.pos, ast_expr_append(p, (AstExprList){0}, a));
}

AstExpr *ast_expr_2(Parser *p, AstExprKind kind, Token token, AstExpr *a, AstExpr *b) {
    return expr_of_list(p, kind, token.pos, ast_expr_append(p, ast_expr_append(p, (AstExprList){0}, a), b));
}

AstExpr *ast_negatable(AstExpr *expr, bool negated) {
    expr->negated = negated;
    return expr;
}

AstExpr *ast_expr_in_parens(AstExpr *expr) {
    expr->in_parens = true;
    return expr;
}

AstExpr *ast_literal(Parser *p, AstExprKind kind, Token token) {
    AstExpr *expr = ast_expr(p, kind, token);
    expr->text = token.text;
    return expr;
}

AstExpr *ast_boolean(Parser *p, Token token) {
    AstExpr *expr = ast_expr(p, AST_BOOLEAN, token);
    expr->boolean = token.code == TOKEN_TRUE;
    return expr;
}

AstExpr *ast_typed_literal(Parser *p, AstType *type, Token text) {
    AstExpr *expr = ast_expr(p, AST_TYPED_LITERAL, text);
    expr->pos = type->pos;
    expr->typed.type = type;
    expr->typed.text = text.text;
    return expr;
}

AstExpr *ast_parameter(Parser *p, Token token) {
    AstExpr *expr;
    NEW_NODE(p, expr);
    bool is_numbered = token.text[0] == '$';
    unsigned long number = is_numbered ? strtoul(token.text + 1, NULL, 10) : p->parameter_count + 1ul;
    p->has_numbered_parameters |= is_numbered;
    p->has_plain_parameters |= !is_numbered;
    if (p->has_numbered_parameters && p->has_plain_parameters) {
        parser_fail(p, token.pos, SYNTAX_ERROR, "a statement cannot mix parameters written ? and $n");
    } else if (number == 0 || number > 65535) {
        parser_fail(p, token.pos, UNDEFINED_PARAMETER, "there is no parameter %s", token.text);
    }
    *expr = (AstExpr){.kind = AST_PARAMETER, .pos = token.pos, .depth = 1, .parameter = (uint32_t)(number - 1)};
    p->parameter_count = number > p->parameter_count ? (uint32_t)number : p->parameter_count;
    return expr;
}

AstExpr *ast_column(Parser *p, AstName *name) {
    AstExpr *expr;
    NEW_NODE(p, expr);
    *expr = (AstExpr){.kind = AST_COLUMN, .pos = name->pos, .depth = 1, .name = name};
    return expr;
}

AstExpr *ast_star(Parser *p, Token token, AstName *qualifier, AstIdentList exclude) {
    AstExpr *expr = ast_expr(p, AST_STAR, token);
    expr->star.of = qualifier;
    expr->star.exclude = exclude;
    return expr;
}

AstExpr *ast_unary(Parser *p, Token op, AstExpr *operand) {
    bool is_number = operand->kind == AST_INTEGER || operand->kind == AST_DECIMAL || operand->kind == AST_DOUBLE;
    if (p->status == OK && op.code == TOKEN_MINUS && is_number && operand->text[0] != '-') {
        Token number = ast_negative_number(p, op, (Token){.text = operand->text});
        return ast_literal(p, operand->kind, number);
    }
    AstExpr *expr = ast_expr_1(p, AST_UNARY, op, operand);
    expr->symbol = op.text;
    return expr;
}

static bool is_comparison(int code) {
    return code >= TOKEN_EQ && code <= TOKEN_GE;
}

/* Lemon takes a < b < c in spite of %nonassoc. */
static void check_chain(Parser *p, Token op, const AstExpr *left) {
    bool is_chain = left->kind == AST_BINARY && !left->in_parens && strchr("=<>", left->symbol[0]) != NULL &&
                    strcmp(left->symbol, "<<") != 0 && strcmp(left->symbol, ">>") != 0;
    if (is_chain) {
        parser_fail(p, op.pos, SYNTAX_ERROR, "syntax error at or near \"%s\"", op.text);
        (void)fail_hint(p->cx, "Comparisons do not chain: write a %s b AND b %s c.", left->symbol, op.text);
    }
}

AstExpr *ast_binary(Parser *p, Token op, AstExpr *left, AstExpr *right) {
    if (p->status == OK && is_comparison(op.code)) {
        check_chain(p, op, left);
    }
    AstExpr *expr = ast_expr_2(p, AST_BINARY, op, left, right);
    expr->symbol = op.text;
    return expr;
}

AstExpr *ast_logic(Parser *p, AstExprKind kind, Token op, AstExpr *left, AstExpr *right) {
    if (p->status != OK || left->kind != kind) {
        return ast_expr_2(p, kind, op, left, right);
    }
    left->args = ast_expr_append(p, left->args, right);
    left->depth = ast_deepen(p, op.pos, left->args.depth);
    return left;
}

AstExpr *ast_is_boolean(Parser *p, Token op, AstExpr *operand, AstTruth truth) {
    AstExpr *expr = ast_expr_1(p, AST_IS_BOOLEAN, op, operand);
    expr->truth = truth;
    return expr;
}

AstExpr *ast_between(Parser *p, Token op, bool symmetric, AstExpr *operand, AstExpr *low, AstExpr *high) {
    AstExprList args = ast_expr_append(p, (AstExprList){0}, operand);
    AstExpr *expr = expr_of_list(p, AST_BETWEEN, op.pos, ast_expr_append(p, ast_expr_append(p, args, low), high));
    expr->symmetric = symmetric;
    return expr;
}

AstExpr *ast_in(Parser *p, Token op, AstExpr *operand, AstInList list) {
    if (list.query != NULL) {
        return ast_query_expr(p, AST_IN_QUERY, op.pos, operand, list.query);
    }
    return expr_of_list(p, AST_IN, op.pos, ast_expr_prepend(p, operand, list.exprs));
}

AstExpr *ast_like(Parser *p, Token op, AstExpr *operand, AstExpr *pattern, AstExpr *escape) {
    AstExprList args = ast_expr_append(p, ast_expr_append(p, (AstExprList){0}, operand), pattern);
    args = escape == NULL ? args : ast_expr_append(p, args, escape);
    AstExpr *expr = expr_of_list(p, AST_LIKE, op.pos, args);
    expr->like = op.code == TOKEN_LIKE ? AST_LIKE_PLAIN : op.code == TOKEN_ILIKE ? AST_LIKE_ILIKE : AST_LIKE_SIMILAR;
    return expr;
}

/* ~~ is LIKE, ~~* ILIKE, with ! in front NOT. */
AstExpr *ast_infix(Parser *p, Token op, AstExpr *left, AstExpr *right) {
    const char *tildes = op.text + (op.text[0] == '!');
    if (strncmp(tildes, "~~", 2) != 0) {
        return ast_binary(p, op, left, right);
    }
    Token like = {.code = tildes[2] == '*' ? TOKEN_ILIKE : TOKEN_LIKE, .pos = op.pos, .end = op.end};
    return ast_negatable(ast_like(p, like, left, right, NULL), op.text[0] == '!');
}

AstExpr *ast_query_expr(Parser *p, AstExprKind kind, SourcePos pos, AstExpr *operand, AstQuery *query) {
    AstExprList args = operand == NULL ? (AstExprList){0} : ast_expr_append(p, (AstExprList){0}, operand);
    AstExpr *expr;
    NEW_NODE(p, expr);
    *expr = (AstExpr){.kind = kind, .pos = pos, .args = args};
    expr->query = query;
    expr->depth = ast_deepen(p, pos, ast_max_depth(args.depth, query->depth));
    return expr;
}

AstExpr *ast_quantified(Parser *p, AstExpr *left, Token op, bool is_all, AstQuery *query) {
    AstExpr *expr = ast_query_expr(p, AST_QUANTIFIED, op.pos, left, query);
    expr->symbol = op.text;
    expr->is_all = is_all;
    return expr;
}

AstExpr *ast_row_expr(Parser *p, Token token, AstExprList values) {
    return expr_of_list(p, AST_ROW, token.pos, values);
}

AstExpr *ast_case(Parser *p, Token token, AstExpr *operand, AstExprList whens, AstExpr *otherwise) {
    AstExprList args = operand == NULL ? whens : ast_expr_prepend(p, operand, whens);
    args = otherwise == NULL ? args : ast_expr_append(p, args, otherwise);
    AstExpr *expr = expr_of_list(p, AST_CASE, token.pos, args);
    expr->has_operand = operand != NULL;
    expr->has_else = otherwise != NULL;
    return expr;
}

AstExpr *ast_cast(Parser *p, Token token, AstExpr *operand, AstType *type, bool is_try) {
    AstExpr *expr = ast_expr_1(p, AST_CAST, token, operand);
    expr->cast.type = type;
    expr->cast.is_try = is_try;
    return expr;
}

/* ------------------------------------------------------------------------------------------------------------ calls */

AstExpr *ast_call(Parser *p, AstName *name, AstExprList args) {
    AstExpr *expr = expr_of_list(p, AST_CALL, name->pos, args);
    AstCall *call = parser_node(p, sizeof *call);
    if (p->status == OK) {
        call->name = name;
        expr->call = call;
    }
    return expr;
}

AstExpr *ast_call_word(Parser *p, Token word, AstExprList args) {
    return ast_call(p, ast_name(p, word), args);
}

AstExpr *ast_call_star(Parser *p, AstName *name) {
    AstExpr *expr = ast_call(p, name, (AstExprList){0});
    if (p->status == OK) {
        expr->call->is_star = true;
    }
    return expr;
}

AstExpr *ast_call_bare(Parser *p, Token word, const Token *precision) {
    AstExprList args = {0};
    if (precision != NULL) {
        args = ast_expr_append(p, args, ast_literal(p, AST_INTEGER, *precision));
    }
    AstExpr *expr = ast_call_word(p, word, args);
    if (p->status == OK) {
        expr->call->is_bare = true;
    }
    return expr;
}

static AstExpr *call_named(Parser *p, Token at, const char *name, AstExprList args) {
    at.text = name;
    return ast_call_word(p, at, args);
}

AstExpr *ast_call_2(Parser *p, Token at, const char *name, AstExpr *a, AstExpr *b) {
    return call_named(p, at, name, ast_expr_append(p, ast_expr_append(p, (AstExprList){0}, a), b));
}

AstExpr *ast_call_3(Parser *p, Token at, const char *name, AstExpr *a, AstExpr *b, AstExpr *c) {
    AstExprList args = ast_expr_append(p, ast_expr_append(p, (AstExprList){0}, a), b);
    return call_named(p, at, name, ast_expr_append(p, args, c));
}

AstExpr *ast_overlaps(Parser *p, Token word, AstExpr *left, AstExpr *right) {
    const AstExpr *sides[2] = {left, right};
    AstExprList args = {0};
    for (int i = 0; i < 2 && p->status == OK; i++) {
        if (sides[i]->kind != AST_ROW || sides[i]->args.count != 2) {
            parser_fail(p, sides[i]->pos, SYNTAX_ERROR, "wrong number of parameters on %s side of OVERLAPS expression",
                        i == 0 ? "left" : "right");
            return ast_expr(p, AST_NULL, word);
        }
        args = ast_expr_append(p, args, sides[i]->args.items[0]);
        args = ast_expr_append(p, args, sides[i]->args.items[1]);
    }
    return call_named(p, word, "overlaps", args);
}

AstExpr *ast_call_4(Parser *p, Token at, const char *name, AstExpr *a, AstExpr *b, AstExpr *c, AstExpr *d) {
    AstExprList args = ast_expr_append(p, ast_expr_append(p, (AstExprList){0}, a), b);
    return call_named(p, at, name, ast_expr_append(p, ast_expr_append(p, args, c), d));
}

AstExpr *ast_call_substring_for(Parser *p, Token at, AstExpr *text, AstExpr *length) {
    AstExpr *one = ast_literal(p, AST_INTEGER, (Token){.pos = at.pos, .text = "1"});
    return ast_call_3(p, at, "substring", text, one, length);
}

AstExpr *ast_call_trim(Parser *p, Token at, const char *name, AstExpr *characters, AstExprList args) {
    args = characters == NULL ? args : ast_expr_append(p, args, characters);
    return call_named(p, at, name, args);
}

AstExpr *ast_call_order(Parser *p, AstExpr *expr, AstOrderList order_by, AstNullTreatment nulls) {
    if (p->status != OK) {
        return expr;
    }
    AstExpr *last = expr->args.items[expr->args.count - 1];
    if (nulls == AST_NULLS_UNSPECIFIED && order_by.count == 0 && last->kind == AST_CALL && last->call->over == NULL) {
        nulls = last->call->null_treatment; /* lag(f(x) IGNORE NULLS): only a window function can ignore NULLs */
        last->call->null_treatment = AST_NULLS_UNSPECIFIED;
    }
    expr->call->order_by = order_by;
    expr->call->null_treatment = nulls;
    expr->depth = ast_deepen(p, expr->pos, ast_max_depth(expr->args.depth, order_by.depth));
    return expr;
}

AstExpr *ast_call_distinct(Parser *p, AstExpr *expr) {
    if (p->status == OK) {
        expr->call->is_distinct = true;
    }
    return expr;
}

AstExpr *ast_call_approximate(Parser *p, AstExpr *expr) {
    if (p->status == OK) {
        expr->call->is_approximate = true;
    }
    return expr;
}

AstExpr *ast_call_tail(Parser *p, AstExpr *expr, AstOrderList within_group, AstNullTreatment nulls, AstExpr *filter,
                       AstWindow *over) {
    if (p->status != OK) {
        return expr;
    }
    AstCall *call = expr->call;
    call->within_group = within_group;
    call->null_treatment = nulls == AST_NULLS_UNSPECIFIED ? call->null_treatment : nulls;
    call->filter = filter;
    call->over = over;
    uint32_t depth = ast_max_depth(within_group.depth, ast_expr_depth(filter));
    depth = ast_max_depth(depth, over == NULL ? 0 : window_depth(over));
    expr->depth = ast_max_depth(expr->depth, ast_deepen(p, expr->pos, depth));
    return expr;
}

AstOrderItem *ast_order_item(Parser *p, SourcePos pos, AstExpr *expr, bool descending, AstNulls nulls) {
    AstOrderItem *item;
    NEW_NODE(p, item);
    *item = (AstOrderItem){pos, expr, descending, nulls};
    return item;
}

AstWindow *ast_window(Parser *p, AstIdent *base, AstExprList partition_by, AstOrderList order_by, AstFrame frame) {
    AstWindow *window;
    NEW_NODE(p, window);
    *window = (AstWindow){.pos = p->previous.pos, .partition_by = partition_by, .order_by = order_by, .frame = frame};
    if (base != NULL) {
        window->pos = base->pos;
        window->base = base->text;
    }
    return window;
}

AstWindow *ast_window_named(Parser *p, AstWindow *window, const AstIdent *name) {
    if (p->status == OK) {
        window->name = name->text;
        window->pos = name->pos;
    }
    return window;
}

AstWindow *ast_window_reference(Parser *p, const AstIdent *name) {
    AstWindow *window;
    NEW_NODE(p, window);
    *window = (AstWindow){.pos = name->pos, .base = name->text, .is_reference = true, .frame.pos = POS_NONE};
    return window;
}

AstFrame ast_frame(Parser *p, Token unit, AstBound start, const AstBound *end, AstExclude exclude) {
    AstFrame frame = {.pos = unit.pos, .start = start, .exclude = exclude};
    frame.unit = unit.code == TOKEN_ROWS ? AST_FRAME_ROWS : unit.code == TOKEN_RANGE ? AST_FRAME_RANGE : AST_FRAME_GROUPS;
    frame.end = end != NULL ? *end : (AstBound){unit.pos, AST_BOUND_CURRENT_ROW, NULL};
    if (frame.start.kind > frame.end.kind || frame.end.kind == AST_BOUND_UNBOUNDED_PRECEDING) {
        parser_fail(p, unit.pos, WINDOWING_ERROR, "a window frame cannot end before it starts");
    }
    if (frame.start.kind == AST_BOUND_UNBOUNDED_FOLLOWING) {
        parser_fail(p, unit.pos, WINDOWING_ERROR, "a window frame cannot start at UNBOUNDED FOLLOWING");
    }
    return frame;
}
