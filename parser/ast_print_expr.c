/* The text that trees are printed into; names, types and expressions. Parentheses follow the grammar's precedences. */
#include "parser/ast_print.h"

#include "parser/lexer.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------------- text */

void sql_put_bytes(Printer *out, const char *text, size_t bytes) {
    if (out->bytes + bytes + 1 > out->capacity && !out->failed) {
        size_t capacity = (out->capacity + bytes + 1) * 2;
        char *larger = arena_alloc(out->cx, out->arena, capacity);
        out->failed = larger == NULL;
        if (larger != NULL) {
            if (out->bytes > 0) {
                memcpy(larger, out->text, out->bytes);
            }
            out->text = larger;
            out->capacity = capacity;
        }
    }
    if (!out->failed) {
        memcpy(out->text + out->bytes, text, bytes);
        out->bytes += bytes;
        out->text[out->bytes] = 0;
    }
}

void sql_put(Printer *out, const char *text) {
    sql_put_bytes(out, text, strlen(text));
}

void sql_put_quoted(Printer *out, const char *text, char quote) {
    sql_put_bytes(out, &quote, 1);
    for (const char *c = text; *c != 0; c++) {
        sql_put_bytes(out, c, 1);
        if (*c == quote) {
            sql_put_bytes(out, c, 1);
        }
    }
    sql_put_bytes(out, &quote, 1);
}

void sql_put_string(Printer *out, const char *text) {
    sql_put_quoted(out, text, '\'');
}

void sql_put_upper(Printer *out, const char *text) {
    for (const char *c = text; *c != 0; c++) {
        char upper = *c >= 'a' && *c <= 'z' ? (char)(*c & ~0x20) : *c;
        sql_put_bytes(out, &upper, 1);
    }
}

void sql_put_number(Printer *out, int64_t number) {
    char buffer[24];
    snprintf(buffer, sizeof buffer, "%lld", (long long)number);
    sql_put(out, buffer);
}

/* Would the lexer read it back as one word? */
bool sql_is_plain_word(const char *text) {
    bool is_first = true;
    for (const char *c = text; *c != 0; c++, is_first = false) {
        bool is_letter = (*c >= 'a' && *c <= 'z') || *c == '_' || (*c & 0x80) != 0;
        if (!is_letter && (is_first || ((*c < '0' || *c > '9') && *c != '$'))) {
            return false;
        }
    }
    return !is_first;
}

void sql_put_ident(Printer *out, const char *text) {
    if (sql_is_plain_word(text) && keyword_find(text) == NULL) {
        sql_put(out, text);
    } else {
        sql_put_quoted(out, text, '"');
    }
}

void sql_put_name(Printer *out, const AstName *name) {
    for (uint32_t i = 0; i < name->count; i++) {
        sql_put(out, i == 0 ? "" : ".");
        sql_put_ident(out, name->parts[i].text);
    }
}

void sql_put_idents(Printer *out, const AstIdentList *idents) {
    sql_put(out, "(");
    for (uint32_t i = 0; i < idents->count; i++) {
        sql_put(out, i == 0 ? "" : ", ");
        sql_put_ident(out, idents->items[i]->text);
    }
    sql_put(out, ")");
}

void sql_put_idents_if_any(Printer *out, const AstIdentList *idents) {
    if (idents->count > 0) {
        sql_put(out, " ");
        sql_put_idents(out, idents);
    }
}

void sql_put_type(Printer *out, const AstType *type) {
    static const char *const words[] = {"double", "double precision", "interval", "time", "timestamp"};
    bool is_word = false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        is_word |= strcmp(words[i], type->name) == 0;
    }
    if (is_word) {
        sql_put_upper(out, type->name);
    } else {
        sql_put_ident(out, type->name);
    }
    for (uint32_t i = 0; i < type->modifier_count; i++) {
        sql_put(out, i == 0 ? "(" : ", ");
        sql_put_number(out, type->modifiers[i]);
    }
    sql_put(out, type->modifier_count > 0 ? ")" : "");
    if (type->interval_fields != NULL) {
        sql_put(out, " ");
        sql_put_upper(out, type->interval_fields);
    }
}

/* ------------------------------------------------------------------------------------------------------ expressions */

static int binary_level(const char *symbol) {
    switch (symbol[0]) {
    case '+':
    case '-': return LEVEL_PLUS;
    case '*':
    case '/':
    case '%': return LEVEL_STAR;
    case '^': return LEVEL_CARET;
    case '=': return LEVEL_COMPARE;
    case '<':
    case '>': return strcmp(symbol, "<<") == 0 || strcmp(symbol, ">>") == 0 ? LEVEL_OP : LEVEL_COMPARE;
    default: return LEVEL_OP;
    }
}

static int expr_level(const AstExpr *expr) {
    switch (expr->kind) {
    case AST_OR: return LEVEL_OR;
    case AST_AND: return LEVEL_AND;
    case AST_NOT: return LEVEL_NOT;
    case AST_IS_NULL:
    case AST_IS_BOOLEAN:
    case AST_IS_DISTINCT: return LEVEL_IS;
    case AST_QUANTIFIED: return LEVEL_COMPARE;
    case AST_BETWEEN:
    case AST_LIKE:
    case AST_IN:
    case AST_IN_QUERY: return LEVEL_LIKE;
    case AST_BINARY: return binary_level(expr->symbol);
    case AST_UNARY: return expr->symbol[0] == '~' ? LEVEL_OP : LEVEL_SIGN;
    case AST_INTEGER:
    case AST_DECIMAL:
    case AST_DOUBLE: return expr->text[0] == '-' ? LEVEL_SIGN : LEVEL_PRIMARY;
    default: return LEVEL_PRIMARY;
    }
}

void sql_print_exprs(Printer *out, const AstExprList *exprs, uint32_t from) {
    for (uint32_t i = from; i < exprs->count; i++) {
        sql_put(out, i == from ? "" : ", ");
        sql_print_expr(out, exprs->items[i], LEVEL_ANY);
    }
}

static void print_order_items(Printer *out, const AstOrderList *order) {
    for (uint32_t i = 0; i < order->count; i++) {
        const AstOrderItem *item = order->items[i];
        sql_put(out, i == 0 ? "" : ", ");
        if (item->expr == NULL) {
            sql_put(out, "ALL");
        } else {
            sql_print_expr(out, item->expr, LEVEL_ANY);
        }
        sql_put(out, item->descending ? " DESC" : "");
        sql_put(out, item->nulls == AST_NULLS_FIRST ? " NULLS FIRST" : item->nulls == AST_NULLS_LAST ? " NULLS LAST" : "");
    }
}

void sql_print_order_by(Printer *out, const AstOrderList *order) {
    if (order->count > 0) {
        sql_put(out, " ORDER BY ");
        print_order_items(out, order);
    }
}

static void print_bound(Printer *out, const AstBound *bound) {
    static const char *const words[] = {"UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW", " FOLLOWING",
                                        "UNBOUNDED FOLLOWING"};
    if (bound->offset != NULL) {
        sql_print_expr(out, bound->offset, LEVEL_OP);
    }
    sql_put(out, words[bound->kind]);
}

static void print_frame(Printer *out, const AstFrame *frame) {
    static const char *const units[] = {"", "ROWS", "RANGE", "GROUPS"};
    static const char *const excludes[] = {"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"};
    sql_put(out, units[frame->unit]);
    sql_put(out, " BETWEEN ");
    print_bound(out, &frame->start);
    sql_put(out, " AND ");
    print_bound(out, &frame->end);
    sql_put(out, excludes[frame->exclude]);
}

void sql_print_window(Printer *out, const AstWindow *window) {
    const char *space = "";
    sql_put(out, "(");
    if (window->base != NULL) {
        sql_put_ident(out, window->base);
        space = " ";
    }
    if (window->partition_by.count > 0) {
        sql_put(out, space);
        sql_put(out, "PARTITION BY ");
        sql_print_exprs(out, &window->partition_by, 0);
        space = " ";
    }
    if (window->order_by.count > 0) {
        sql_put(out, space);
        sql_put(out, "ORDER BY ");
        print_order_items(out, &window->order_by);
        space = " ";
    }
    if (window->frame.unit != AST_FRAME_NONE) {
        sql_put(out, space);
        print_frame(out, &window->frame);
    }
    sql_put(out, ")");
}

static bool call_has_tail(const AstCall *call) {
    return call->is_distinct || call->is_star || call->is_approximate || call->null_treatment != AST_NULLS_UNSPECIFIED ||
           call->order_by.count > 0 || call->within_group.count > 0 || call->filter != NULL || call->over != NULL;
}

static void print_call_tail(Printer *out, const AstCall *call) {
    if (call->within_group.count > 0) {
        sql_put(out, " WITHIN GROUP (ORDER BY ");
        print_order_items(out, &call->within_group);
        sql_put(out, ")");
    }
    sql_put(out, call->null_treatment == AST_IGNORE_NULLS ? " IGNORE NULLS" : "");
    sql_put(out, call->null_treatment == AST_RESPECT_NULLS ? " RESPECT NULLS" : "");
    if (call->filter != NULL) {
        sql_put(out, " FILTER (WHERE ");
        sql_print_expr(out, call->filter, LEVEL_ANY);
        sql_put(out, ")");
    }
    if (call->over != NULL) {
        sql_put(out, " OVER ");
        if (call->over->is_reference) {
            sql_put_ident(out, call->over->base);
        } else {
            sql_print_window(out, call->over);
        }
    }
}

static void print_function_name(Printer *out, const AstCall *call) {
    static const char *const keywords[] = {"day",     "hour",  "left",   "minute",    "month",
                                           "overlay", "right", "second", "substring", "year"};
    const char *name = call->name->parts[0].text;
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (call->name->count == 1 && !call_has_tail(call) && strcmp(name, keywords[i]) == 0) {
            sql_put(out, name);
            return;
        }
    }
    sql_put_name(out, call->name);
}

/* The forms with keywords between the arguments; false if the call has none. */
static bool print_special_call(Printer *out, const AstExpr *expr) {
    const AstCall *call = expr->call;
    const char *name = call->name->parts[0].text;
    if (call->is_bare) {
        sql_put_upper(out, name);
        sql_put(out, expr->args.count > 0 ? "(" : "");
        sql_print_exprs(out, &expr->args, 0);
        sql_put(out, expr->args.count > 0 ? ")" : "");
        return true;
    }
    if (call->name->count != 1 || expr->args.count != 2 || call_has_tail(call)) {
        return false;
    }
    if (strcmp(name, "extract") == 0 && expr->args.items[0]->kind == AST_STRING) {
        sql_put(out, "EXTRACT(");
        sql_put_string(out, expr->args.items[0]->text);
        sql_put(out, " FROM ");
        sql_print_expr(out, expr->args.items[1], LEVEL_ANY);
        sql_put(out, ")");
        return true;
    }
    if (strcmp(name, "position") == 0) {
        sql_put(out, "POSITION(");
        sql_print_expr(out, expr->args.items[1], LEVEL_OP);
        sql_put(out, " IN ");
        sql_print_expr(out, expr->args.items[0], LEVEL_OP);
        sql_put(out, ")");
        return true;
    }
    return false;
}

static void print_plain_call(Printer *out, const AstExpr *expr) {
    const AstCall *call = expr->call;
    sql_put(out, call->is_approximate ? "APPROXIMATE " : "");
    print_function_name(out, call);
    sql_put(out, call->is_star ? "(*" : call->is_distinct ? "(DISTINCT " : "(");
    sql_print_exprs(out, &expr->args, 0);
    sql_print_order_by(out, &call->order_by);
    sql_put(out, ")");
    print_call_tail(out, call);
}

void sql_print_query_in_parens(Printer *out, const AstQuery *query) {
    sql_put(out, "(");
    sql_print_query(out, query);
    sql_put(out, ")");
}

static void print_like(Printer *out, const AstExpr *expr) {
    static const char *const words[] = {" LIKE ", " ILIKE ", " SIMILAR TO "};
    sql_print_expr(out, expr->args.items[0], LEVEL_LIKE + 1);
    sql_put(out, expr->negated ? " NOT" : "");
    sql_put(out, words[expr->like]);
    sql_print_expr(out, expr->args.items[1], LEVEL_OP);
    if (expr->args.count > 2) {
        sql_put(out, " ESCAPE ");
        sql_print_expr(out, expr->args.items[2], LEVEL_OP);
    }
}

static void print_between(Printer *out, const AstExpr *expr) {
    sql_print_expr(out, expr->args.items[0], LEVEL_LIKE + 1);
    sql_put(out, expr->negated ? " NOT BETWEEN " : " BETWEEN ");
    sql_put(out, expr->symmetric ? "SYMMETRIC " : "");
    sql_print_expr(out, expr->args.items[1], LEVEL_LIKE + 1);
    sql_put(out, " AND ");
    sql_print_expr(out, expr->args.items[2], LEVEL_LIKE + 1);
}

static void print_in(Printer *out, const AstExpr *expr) {
    sql_print_expr(out, expr->args.items[0], LEVEL_LIKE + 1);
    sql_put(out, expr->negated ? " NOT IN (" : " IN (");
    if (expr->kind == AST_IN_QUERY) {
        sql_print_query(out, expr->query);
    } else {
        sql_print_exprs(out, &expr->args, 1);
    }
    sql_put(out, ")");
}

static void print_is(Printer *out, const AstExpr *expr) {
    static const char *const truths[] = {"TRUE", "FALSE", "UNKNOWN"};
    sql_print_expr(out, expr->args.items[0], LEVEL_IS + 1);
    sql_put(out, expr->negated ? " IS NOT " : " IS ");
    if (expr->kind == AST_IS_NULL) {
        sql_put(out, "NULL");
    } else if (expr->kind == AST_IS_BOOLEAN) {
        sql_put(out, truths[expr->truth]);
    } else {
        sql_put(out, "DISTINCT FROM ");
        sql_print_expr(out, expr->args.items[1], LEVEL_IS + 1);
    }
}

static void print_logic(Printer *out, const AstExpr *expr, const char *word, int level) {
    for (uint32_t i = 0; i < expr->args.count; i++) {
        sql_put(out, i == 0 ? "" : word);
        sql_print_expr(out, expr->args.items[i], level + 1);
    }
}

static void print_unary(Printer *out, const AstExpr *expr) {
    const AstExpr *operand = expr->args.items[0];
    bool is_signed = expr_level(operand) == LEVEL_SIGN; /* two minus signs would be a comment */
    sql_put(out, expr->symbol);
    sql_put(out, is_signed || expr->symbol[0] == '~' ? " " : "");
    sql_print_expr(out, operand, expr_level(expr) == LEVEL_SIGN ? LEVEL_SIGN : LEVEL_OP + 1);
}

static void print_binary(Printer *out, const AstExpr *expr) {
    int level = binary_level(expr->symbol);
    bool is_chain = level != LEVEL_COMPARE; /* a < b < c is no expression */
    sql_print_expr(out, expr->args.items[0], is_chain ? level : level + 1);
    sql_put(out, " ");
    sql_put(out, expr->symbol);
    sql_put(out, " ");
    sql_print_expr(out, expr->args.items[1], level + 1);
}

static void print_quantified(Printer *out, const AstExpr *expr) {
    sql_print_expr(out, expr->args.items[0], LEVEL_COMPARE + 1);
    sql_put(out, " ");
    sql_put(out, expr->symbol);
    sql_put(out, expr->is_all ? " ALL " : " ANY ");
    sql_print_query_in_parens(out, expr->query);
}

static void print_case(Printer *out, const AstExpr *expr) {
    uint32_t i = 0, end = expr->args.count - (expr->has_else ? 1 : 0);
    sql_put(out, "CASE");
    if (expr->has_operand) {
        sql_put(out, " ");
        sql_print_expr(out, expr->args.items[i++], LEVEL_ANY);
    }
    for (; i + 1 < end; i += 2) {
        sql_put(out, " WHEN ");
        sql_print_expr(out, expr->args.items[i], LEVEL_ANY);
        sql_put(out, " THEN ");
        sql_print_expr(out, expr->args.items[i + 1], LEVEL_ANY);
    }
    if (expr->has_else) {
        sql_put(out, " ELSE ");
        sql_print_expr(out, expr->args.items[end], LEVEL_ANY);
    }
    sql_put(out, " END");
}

static void print_cast(Printer *out, const AstExpr *expr) {
    sql_put(out, expr->cast.is_try ? "TRY_CAST(" : "CAST(");
    sql_print_expr(out, expr->args.items[0], LEVEL_ANY);
    sql_put(out, " AS ");
    sql_put_type(out, expr->cast.type);
    sql_put(out, ")");
}

static void print_typed_literal(Printer *out, const AstExpr *expr) {
    AstType type = *expr->typed.type;
    type.interval_fields = NULL;
    sql_put_type(out, &type);
    sql_put(out, " ");
    sql_put_string(out, expr->typed.text);
    if (expr->typed.type->interval_fields != NULL) {
        sql_put(out, " ");
        sql_put_upper(out, expr->typed.type->interval_fields);
    }
}

static void print_parameter(Printer *out, const AstExpr *expr) {
    sql_put(out, "$");
    sql_put_number(out, (int64_t)expr->parameter + 1);
}

static void print_star(Printer *out, const AstExpr *expr) {
    const AstIdentList *exclude = &expr->star.exclude;
    if (expr->star.of != NULL) {
        sql_put_name(out, expr->star.of);
        sql_put(out, ".");
    }
    sql_put(out, "*");
    for (uint32_t i = 0; i < exclude->count; i++) {
        sql_put(out, i == 0 ? " EXCLUDE (" : ", ");
        sql_put_ident(out, exclude->items[i]->text);
    }
    sql_put(out, exclude->count > 0 ? ")" : "");
}

static void print_row(Printer *out, const AstExpr *expr) {
    sql_put(out, expr->args.count < 2 ? "ROW(" : "(");
    sql_print_exprs(out, &expr->args, 0);
    sql_put(out, ")");
}

static void print_bare_expr(Printer *out, const AstExpr *expr) {
    switch (expr->kind) {
    case AST_NULL: sql_put(out, "NULL"); break;
    case AST_BOOLEAN: sql_put(out, expr->boolean ? "TRUE" : "FALSE"); break;
    case AST_INTEGER:
    case AST_DECIMAL:
    case AST_DOUBLE: sql_put(out, expr->text); break;
    case AST_STRING: sql_put_string(out, expr->text); break;
    case AST_TYPED_LITERAL: print_typed_literal(out, expr); break;
    case AST_PARAMETER: print_parameter(out, expr); break;
    case AST_COLUMN: sql_put_name(out, expr->name); break;
    case AST_STAR: print_star(out, expr); break;
    case AST_DEFAULT: sql_put(out, "DEFAULT"); break;
    case AST_UNARY: print_unary(out, expr); break;
    case AST_BINARY: print_binary(out, expr); break;
    case AST_AND: print_logic(out, expr, " AND ", LEVEL_AND); break;
    case AST_OR: print_logic(out, expr, " OR ", LEVEL_OR); break;
    case AST_NOT:
        sql_put(out, "NOT ");
        sql_print_expr(out, expr->args.items[0], LEVEL_NOT);
        break;
    case AST_IS_NULL:
    case AST_IS_BOOLEAN:
    case AST_IS_DISTINCT: print_is(out, expr); break;
    case AST_BETWEEN: print_between(out, expr); break;
    case AST_LIKE: print_like(out, expr); break;
    case AST_IN:
    case AST_IN_QUERY: print_in(out, expr); break;
    case AST_EXISTS:
        sql_put(out, "EXISTS ");
        sql_print_query_in_parens(out, expr->query);
        break;
    case AST_SUBQUERY: sql_print_query_in_parens(out, expr->query); break;
    case AST_QUANTIFIED: print_quantified(out, expr); break;
    case AST_ROW: print_row(out, expr); break;
    case AST_CASE: print_case(out, expr); break;
    case AST_CAST: print_cast(out, expr); break;
    case AST_CALL:
        if (!print_special_call(out, expr)) {
            print_plain_call(out, expr);
        }
        break;
    }
}

/* In parentheses if it binds weaker than `level`. */
void sql_print_expr(Printer *out, const AstExpr *expr, int level) {
    bool in_parens = expr_level(expr) < level;
    sql_put(out, in_parens ? "(" : "");
    print_bare_expr(out, expr);
    sql_put(out, in_parens ? ")" : "");
}
