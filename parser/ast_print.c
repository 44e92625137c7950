/* SQL text from the syntax tree. Every construct has one spelling here (casts are CAST, COPY's options a list, frames BETWEEN),
 * which parses to the same tree again. Parentheses follow the grammar's precedences. */
#include "parser/ast.h"
#include "parser/lexer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct Printer {
    const Context *cx;
    Arena *arena;
    char *text; /* in arena */
    size_t bytes, capacity;
    bool failed; /* out of memory */
} Printer;

/* How tightly a construct binds, in the order of grammar.y. */
enum {
    LEVEL_ANY,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_IS,
    LEVEL_COMPARE,
    LEVEL_LIKE,
    LEVEL_ESCAPE,
    LEVEL_OP,
    LEVEL_PLUS,
    LEVEL_STAR,
    LEVEL_CARET,
    LEVEL_SIGN,
    LEVEL_PRIMARY
};

static void print_expr(Printer *out, const AstExpr *expr, int level);
static void print_query(Printer *out, const AstQuery *query);
static void print_from(Printer *out, const AstFrom *from);

/* ---------------------------------------------------------------------------------------------------------------------- text
 */

static void put_bytes(Printer *out, const char *text, size_t bytes) {
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

static void put(Printer *out, const char *text) {
    put_bytes(out, text, strlen(text));
}

static void put_quoted(Printer *out, const char *text, char quote) {
    put_bytes(out, &quote, 1);
    for (const char *c = text; *c != 0; c++) {
        put_bytes(out, c, 1);
        if (*c == quote) {
            put_bytes(out, c, 1);
        }
    }
    put_bytes(out, &quote, 1);
}

static void put_string(Printer *out, const char *text) {
    put_quoted(out, text, '\'');
}

static void put_upper(Printer *out, const char *text) {
    for (const char *c = text; *c != 0; c++) {
        char upper = *c >= 'a' && *c <= 'z' ? (char)(*c & ~0x20) : *c;
        put_bytes(out, &upper, 1);
    }
}

static void put_number(Printer *out, int64_t number) {
    char buffer[24];
    snprintf(buffer, sizeof buffer, "%lld", (long long)number);
    put(out, buffer);
}

/* Would the lexer read it back as one word? */
static bool is_plain_word(const char *text) {
    bool is_first = true;
    for (const char *c = text; *c != 0; c++, is_first = false) {
        bool is_letter = (*c >= 'a' && *c <= 'z') || *c == '_' || (*c & 0x80) != 0;
        if (!is_letter && (is_first || ((*c < '0' || *c > '9') && *c != '$'))) {
            return false;
        }
    }
    return !is_first;
}

static void put_ident(Printer *out, const char *text) {
    if (is_plain_word(text) && keyword_find(text) == NULL) {
        put(out, text);
    } else {
        put_quoted(out, text, '"');
    }
}

static void put_name(Printer *out, const AstName *name) {
    for (uint32_t i = 0; i < name->count; i++) {
        put(out, i == 0 ? "" : ".");
        put_ident(out, name->parts[i].text);
    }
}

static void put_idents(Printer *out, const AstIdentList *idents) {
    put(out, "(");
    for (uint32_t i = 0; i < idents->count; i++) {
        put(out, i == 0 ? "" : ", ");
        put_ident(out, idents->items[i]->text);
    }
    put(out, ")");
}

static void put_idents_if_any(Printer *out, const AstIdentList *idents) {
    if (idents->count > 0) {
        put(out, " ");
        put_idents(out, idents);
    }
}

static void put_type(Printer *out, const AstType *type) {
    static const char *const words[] = {"double precision", "interval", "time", "timestamp"};
    bool is_word = false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        is_word |= strcmp(words[i], type->name) == 0;
    }
    if (is_word) {
        put_upper(out, type->name);
    } else {
        put_ident(out, type->name);
    }
    for (uint32_t i = 0; i < type->modifier_count; i++) {
        put(out, i == 0 ? "(" : ", ");
        put_number(out, type->modifiers[i]);
    }
    put(out, type->modifier_count > 0 ? ")" : "");
    if (type->interval_fields != NULL) {
        put(out, " ");
        put_upper(out, type->interval_fields);
    }
}

/* --------------------------------------------------------------------------------------------------------------- expressions
 */

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

static void print_exprs(Printer *out, const AstExprList *exprs, uint32_t from) {
    for (uint32_t i = from; i < exprs->count; i++) {
        put(out, i == from ? "" : ", ");
        print_expr(out, exprs->items[i], LEVEL_ANY);
    }
}

static void print_order_items(Printer *out, const AstOrderList *order) {
    for (uint32_t i = 0; i < order->count; i++) {
        const AstOrderItem *item = order->items[i];
        put(out, i == 0 ? "" : ", ");
        if (item->expr == NULL) {
            put(out, "ALL");
        } else {
            print_expr(out, item->expr, LEVEL_ANY);
        }
        put(out, item->descending ? " DESC" : "");
        put(out, item->nulls == AST_NULLS_FIRST ? " NULLS FIRST" : item->nulls == AST_NULLS_LAST ? " NULLS LAST" : "");
    }
}

static void print_order_by(Printer *out, const AstOrderList *order) {
    if (order->count > 0) {
        put(out, " ORDER BY ");
        print_order_items(out, order);
    }
}

static void print_bound(Printer *out, const AstBound *bound) {
    static const char *const words[] = {"UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW", " FOLLOWING",
                                        "UNBOUNDED FOLLOWING"};
    if (bound->offset != NULL) {
        print_expr(out, bound->offset, LEVEL_OP);
    }
    put(out, words[bound->kind]);
}

static void print_frame(Printer *out, const AstFrame *frame) {
    static const char *const units[] = {"", "ROWS", "RANGE", "GROUPS"};
    static const char *const excludes[] = {"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"};
    put(out, units[frame->unit]);
    put(out, " BETWEEN ");
    print_bound(out, &frame->start);
    put(out, " AND ");
    print_bound(out, &frame->end);
    put(out, excludes[frame->exclude]);
}

static void print_window(Printer *out, const AstWindow *window) {
    const char *space = "";
    put(out, "(");
    if (window->base != NULL) {
        put_ident(out, window->base);
        space = " ";
    }
    if (window->partition_by.count > 0) {
        put(out, space);
        put(out, "PARTITION BY ");
        print_exprs(out, &window->partition_by, 0);
        space = " ";
    }
    if (window->order_by.count > 0) {
        put(out, space);
        put(out, "ORDER BY ");
        print_order_items(out, &window->order_by);
        space = " ";
    }
    if (window->frame.unit != AST_FRAME_NONE) {
        put(out, space);
        print_frame(out, &window->frame);
    }
    put(out, ")");
}

static bool call_has_tail(const AstCall *call) {
    return call->is_distinct || call->is_star || call->is_approximate || call->null_treatment != AST_NULLS_UNSPECIFIED ||
           call->order_by.count > 0 || call->within_group.count > 0 || call->filter != NULL || call->over != NULL;
}

static void print_call_tail(Printer *out, const AstCall *call) {
    if (call->within_group.count > 0) {
        put(out, " WITHIN GROUP (ORDER BY ");
        print_order_items(out, &call->within_group);
        put(out, ")");
    }
    put(out, call->null_treatment == AST_IGNORE_NULLS ? " IGNORE NULLS" : "");
    put(out, call->null_treatment == AST_RESPECT_NULLS ? " RESPECT NULLS" : "");
    if (call->filter != NULL) {
        put(out, " FILTER (WHERE ");
        print_expr(out, call->filter, LEVEL_ANY);
        put(out, ")");
    }
    if (call->over != NULL) {
        put(out, " OVER ");
        if (call->over->is_reference) {
            put_ident(out, call->over->base);
        } else {
            print_window(out, call->over);
        }
    }
}

static void print_function_name(Printer *out, const AstCall *call) {
    static const char *const keywords[] = {"day",     "hour",  "left",   "minute",    "month",
                                           "overlay", "right", "second", "substring", "year"};
    const char *name = call->name->parts[0].text;
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (call->name->count == 1 && !call_has_tail(call) && strcmp(name, keywords[i]) == 0) {
            put(out, name);
            return;
        }
    }
    put_name(out, call->name);
}

/* The forms with keywords between the arguments; false if the call has none. */
static bool print_special_call(Printer *out, const AstExpr *expr) {
    const AstCall *call = expr->call;
    const char *name = call->name->parts[0].text;
    if (call->is_bare) {
        put_upper(out, name);
        put(out, expr->args.count > 0 ? "(" : "");
        print_exprs(out, &expr->args, 0);
        put(out, expr->args.count > 0 ? ")" : "");
        return true;
    }
    if (call->name->count != 1 || expr->args.count != 2 || call_has_tail(call)) {
        return false;
    }
    if (strcmp(name, "extract") == 0 && expr->args.items[0]->kind == AST_STRING) {
        put(out, "EXTRACT(");
        put_string(out, expr->args.items[0]->text);
        put(out, " FROM ");
        print_expr(out, expr->args.items[1], LEVEL_ANY);
        put(out, ")");
        return true;
    }
    if (strcmp(name, "position") == 0) {
        put(out, "POSITION(");
        print_expr(out, expr->args.items[1], LEVEL_OP);
        put(out, " IN ");
        print_expr(out, expr->args.items[0], LEVEL_OP);
        put(out, ")");
        return true;
    }
    return false;
}

static void print_plain_call(Printer *out, const AstExpr *expr) {
    const AstCall *call = expr->call;
    put(out, call->is_approximate ? "APPROXIMATE " : "");
    print_function_name(out, call);
    put(out, call->is_star ? "(*" : call->is_distinct ? "(DISTINCT " : "(");
    print_exprs(out, &expr->args, 0);
    print_order_by(out, &call->order_by);
    put(out, ")");
    print_call_tail(out, call);
}

static void print_query_in_parens(Printer *out, const AstQuery *query) {
    put(out, "(");
    print_query(out, query);
    put(out, ")");
}

static void print_like(Printer *out, const AstExpr *expr) {
    static const char *const words[] = {" LIKE ", " ILIKE ", " SIMILAR TO "};
    print_expr(out, expr->args.items[0], LEVEL_LIKE + 1);
    put(out, expr->negated ? " NOT" : "");
    put(out, words[expr->like]);
    print_expr(out, expr->args.items[1], LEVEL_OP);
    if (expr->args.count > 2) {
        put(out, " ESCAPE ");
        print_expr(out, expr->args.items[2], LEVEL_OP);
    }
}

static void print_between(Printer *out, const AstExpr *expr) {
    print_expr(out, expr->args.items[0], LEVEL_LIKE + 1);
    put(out, expr->negated ? " NOT BETWEEN " : " BETWEEN ");
    put(out, expr->symmetric ? "SYMMETRIC " : "");
    print_expr(out, expr->args.items[1], LEVEL_LIKE + 1);
    put(out, " AND ");
    print_expr(out, expr->args.items[2], LEVEL_LIKE + 1);
}

static void print_in(Printer *out, const AstExpr *expr) {
    print_expr(out, expr->args.items[0], LEVEL_LIKE + 1);
    put(out, expr->negated ? " NOT IN (" : " IN (");
    if (expr->kind == AST_IN_QUERY) {
        print_query(out, expr->query);
    } else {
        print_exprs(out, &expr->args, 1);
    }
    put(out, ")");
}

static void print_is(Printer *out, const AstExpr *expr) {
    static const char *const truths[] = {"TRUE", "FALSE", "UNKNOWN"};
    print_expr(out, expr->args.items[0], LEVEL_IS + 1);
    put(out, expr->negated ? " IS NOT " : " IS ");
    if (expr->kind == AST_IS_NULL) {
        put(out, "NULL");
    } else if (expr->kind == AST_IS_BOOLEAN) {
        put(out, truths[expr->truth]);
    } else {
        put(out, "DISTINCT FROM ");
        print_expr(out, expr->args.items[1], LEVEL_IS + 1);
    }
}

static void print_logic(Printer *out, const AstExpr *expr, const char *word, int level) {
    for (uint32_t i = 0; i < expr->args.count; i++) {
        put(out, i == 0 ? "" : word);
        print_expr(out, expr->args.items[i], level + 1);
    }
}

static void print_unary(Printer *out, const AstExpr *expr) {
    const AstExpr *operand = expr->args.items[0];
    bool is_signed = expr_level(operand) == LEVEL_SIGN; /* two minus signs would be a comment */
    put(out, expr->symbol);
    put(out, is_signed || expr->symbol[0] == '~' ? " " : "");
    print_expr(out, operand, expr_level(expr) == LEVEL_SIGN ? LEVEL_SIGN : LEVEL_OP + 1);
}

static void print_binary(Printer *out, const AstExpr *expr) {
    int level = binary_level(expr->symbol);
    bool is_chain = level != LEVEL_COMPARE; /* a < b < c is no expression */
    print_expr(out, expr->args.items[0], is_chain ? level : level + 1);
    put(out, " ");
    put(out, expr->symbol);
    put(out, " ");
    print_expr(out, expr->args.items[1], level + 1);
}

static void print_quantified(Printer *out, const AstExpr *expr) {
    print_expr(out, expr->args.items[0], LEVEL_COMPARE + 1);
    put(out, " ");
    put(out, expr->symbol);
    put(out, expr->is_all ? " ALL " : " ANY ");
    print_query_in_parens(out, expr->query);
}

static void print_case(Printer *out, const AstExpr *expr) {
    uint32_t i = 0, end = expr->args.count - (expr->has_else ? 1 : 0);
    put(out, "CASE");
    if (expr->has_operand) {
        put(out, " ");
        print_expr(out, expr->args.items[i++], LEVEL_ANY);
    }
    for (; i + 1 < end; i += 2) {
        put(out, " WHEN ");
        print_expr(out, expr->args.items[i], LEVEL_ANY);
        put(out, " THEN ");
        print_expr(out, expr->args.items[i + 1], LEVEL_ANY);
    }
    if (expr->has_else) {
        put(out, " ELSE ");
        print_expr(out, expr->args.items[end], LEVEL_ANY);
    }
    put(out, " END");
}

static void print_cast(Printer *out, const AstExpr *expr) {
    put(out, expr->cast.is_try ? "TRY_CAST(" : "CAST(");
    print_expr(out, expr->args.items[0], LEVEL_ANY);
    put(out, " AS ");
    put_type(out, expr->cast.type);
    put(out, ")");
}

static void print_typed_literal(Printer *out, const AstExpr *expr) {
    AstType type = *expr->typed.type;
    type.interval_fields = NULL;
    put_type(out, &type);
    put(out, " ");
    put_string(out, expr->typed.text);
    if (expr->typed.type->interval_fields != NULL) {
        put(out, " ");
        put_upper(out, expr->typed.type->interval_fields);
    }
}

static void print_parameter(Printer *out, const AstExpr *expr) {
    put(out, "$");
    put_number(out, (int64_t)expr->parameter + 1);
}

static void print_star(Printer *out, const AstExpr *expr) {
    if (expr->star != NULL) {
        put_name(out, expr->star);
        put(out, ".");
    }
    put(out, "*");
}

static void print_row(Printer *out, const AstExpr *expr) {
    put(out, expr->args.count < 2 ? "ROW(" : "(");
    print_exprs(out, &expr->args, 0);
    put(out, ")");
}

static void print_bare_expr(Printer *out, const AstExpr *expr) {
    switch (expr->kind) {
    case AST_NULL: put(out, "NULL"); break;
    case AST_BOOLEAN: put(out, expr->boolean ? "TRUE" : "FALSE"); break;
    case AST_INTEGER:
    case AST_DECIMAL:
    case AST_DOUBLE: put(out, expr->text); break;
    case AST_STRING: put_string(out, expr->text); break;
    case AST_TYPED_LITERAL: print_typed_literal(out, expr); break;
    case AST_PARAMETER: print_parameter(out, expr); break;
    case AST_COLUMN: put_name(out, expr->name); break;
    case AST_STAR: print_star(out, expr); break;
    case AST_DEFAULT: put(out, "DEFAULT"); break;
    case AST_UNARY: print_unary(out, expr); break;
    case AST_BINARY: print_binary(out, expr); break;
    case AST_AND: print_logic(out, expr, " AND ", LEVEL_AND); break;
    case AST_OR: print_logic(out, expr, " OR ", LEVEL_OR); break;
    case AST_NOT:
        put(out, "NOT ");
        print_expr(out, expr->args.items[0], LEVEL_NOT);
        break;
    case AST_IS_NULL:
    case AST_IS_BOOLEAN:
    case AST_IS_DISTINCT: print_is(out, expr); break;
    case AST_BETWEEN: print_between(out, expr); break;
    case AST_LIKE: print_like(out, expr); break;
    case AST_IN:
    case AST_IN_QUERY: print_in(out, expr); break;
    case AST_EXISTS:
        put(out, "EXISTS ");
        print_query_in_parens(out, expr->query);
        break;
    case AST_SUBQUERY: print_query_in_parens(out, expr->query); break;
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
static void print_expr(Printer *out, const AstExpr *expr, int level) {
    bool in_parens = expr_level(expr) < level;
    put(out, in_parens ? "(" : "");
    print_bare_expr(out, expr);
    put(out, in_parens ? ")" : "");
}

/* ---------------------------------------------------------------------------------------------------------------------- FROM
 */

static void print_join(Printer *out, const AstFrom *from) {
    static const char *const words[] = {"JOIN ", "LEFT JOIN ", "RIGHT JOIN ", "FULL JOIN ", "CROSS JOIN "};
    bool right_in_parens = from->join.right->kind == AST_FROM_JOIN && from->join.right->alias == NULL;
    print_from(out, from->join.left);
    put(out, from->join.is_natural ? " NATURAL " : " ");
    put(out, words[from->join.type]);
    put(out, right_in_parens ? "(" : "");
    print_from(out, from->join.right);
    put(out, right_in_parens ? ")" : "");
    if (from->join.on != NULL) {
        put(out, " ON ");
        print_expr(out, from->join.on, LEVEL_ANY);
    } else if (from->join.using.count > 0) {
        put(out, " USING ");
        put_idents(out, &from->join.using);
    }
}

static void print_from_table(Printer *out, const AstFrom *from) {
    put_name(out, from->table.name);
    if (from->table.version != NULL) {
        put(out, " AT (VERSION ");
        print_expr(out, from->table.version, LEVEL_ANY);
        put(out, ")");
    }
}

static void print_from(Printer *out, const AstFrom *from) {
    put(out, from->is_lateral ? "LATERAL " : "");
    switch (from->kind) {
    case AST_FROM_TABLE: print_from_table(out, from); break;
    case AST_FROM_QUERY: print_query_in_parens(out, from->query); break;
    case AST_FROM_FUNCTION:
        put_name(out, from->function.call->call->name);
        put(out, from->function.call->call->is_star ? "(*" : from->function.call->call->is_distinct ? "(DISTINCT " : "(");
        print_exprs(out, &from->function.call->args, 0);
        print_order_by(out, &from->function.call->call->order_by);
        put(out, from->function.with_ordinality ? ") WITH ORDINALITY" : ")");
        break;
    case AST_FROM_FILE: put_string(out, from->file); break;
    case AST_FROM_JOIN:
        put(out, from->alias != NULL ? "(" : "");
        print_join(out, from);
        put(out, from->alias != NULL ? ")" : "");
        break;
    }
    if (from->alias != NULL) {
        put(out, " AS ");
        put_ident(out, from->alias);
        put_idents_if_any(out, &from->alias_columns);
    }
}

/* ------------------------------------------------------------------------------------------------------------------- queries
 */

static void print_select_items(Printer *out, const AstSelectItemList *items) {
    for (uint32_t i = 0; i < items->count; i++) {
        put(out, i == 0 ? "" : ", ");
        print_expr(out, items->items[i]->expr, LEVEL_ANY);
        if (items->items[i]->alias != NULL) {
            put(out, " AS ");
            put_ident(out, items->items[i]->alias);
        }
    }
}

static void print_group_item(Printer *out, const AstGroupItem *item) {
    static const char *const words[] = {"", "()", "ROLLUP (", "CUBE (", "GROUPING SETS ("};
    put(out, words[item->kind]);
    if (item->kind == AST_GROUP_EXPR) {
        print_expr(out, item->expr, LEVEL_ANY);
        return;
    }
    print_exprs(out, &item->exprs, 0);
    for (uint32_t i = 0; i < item->sets.count; i++) {
        put(out, i == 0 ? "" : ", ");
        print_group_item(out, item->sets.items[i]);
    }
    put(out, item->kind == AST_GROUP_EMPTY ? "" : ")");
}

static void print_group_by(Printer *out, const AstSelect *select) {
    put(out, select->group_all ? " GROUP BY ALL" : "");
    for (uint32_t i = 0; i < select->group_by.count; i++) {
        put(out, i == 0 ? " GROUP BY " : ", ");
        print_group_item(out, select->group_by.items[i]);
    }
}

static void print_windows(Printer *out, const AstWindowList *windows) {
    for (uint32_t i = 0; i < windows->count; i++) {
        put(out, i == 0 ? " WINDOW " : ", ");
        put_ident(out, windows->items[i]->name);
        put(out, " AS ");
        print_window(out, windows->items[i]);
    }
}

static void print_condition(Printer *out, const char *word, const AstExpr *condition) {
    if (condition != NULL) {
        put(out, word);
        print_expr(out, condition, LEVEL_ANY);
    }
}

static void print_select(Printer *out, const AstSelect *select) {
    put(out, "SELECT ");
    if (select->hints != NULL) {
        put(out, "/*+");
        put(out, select->hints);
        put(out, "*/ ");
    }
    put(out, select->distinct == AST_DISTINCT_NONE ? "" : "DISTINCT ");
    if (select->distinct == AST_DISTINCT_ON) {
        put(out, "ON (");
        print_exprs(out, &select->distinct_on, 0);
        put(out, ") ");
    }
    print_select_items(out, &select->items);
    for (uint32_t i = 0; i < select->from.count; i++) {
        put(out, i == 0 ? " FROM " : ", ");
        print_from(out, select->from.items[i]);
    }
    print_condition(out, " WHERE ", select->where);
    print_group_by(out, select);
    print_condition(out, " HAVING ", select->having);
    print_windows(out, &select->windows);
    print_condition(out, " QUALIFY ", select->qualify);
}

static void print_set_operation(Printer *out, const AstQuery *query) {
    static const char *const words[] = {" UNION ", " INTERSECT ", " EXCEPT "};
    for (uint32_t i = 0; i < query->set.inputs.count; i++) {
        const AstQuery *input = query->set.inputs.items[i];
        bool in_parens = input->kind == AST_QUERY_SET_OPERATION || input->with != NULL || input->order_by.count > 0 ||
                         input->limit != NULL || input->offset != NULL;
        put(out, i == 0 ? "" : words[query->set.op]);
        put(out, i > 0 && query->set.is_all ? "ALL " : "");
        put(out, in_parens ? "(" : "");
        print_query(out, input);
        put(out, in_parens ? ")" : "");
    }
}

static void print_values(Printer *out, const AstRowList *rows) {
    put(out, "VALUES ");
    for (uint32_t i = 0; i < rows->count; i++) {
        put(out, i == 0 ? "(" : ", (");
        print_exprs(out, &rows->items[i]->values, 0);
        put(out, ")");
    }
}

static void print_with(Printer *out, const AstWith *with) {
    static const char *const materialized[] = {"", "MATERIALIZED ", "NOT MATERIALIZED "};
    for (uint32_t i = 0; i < with->ctes.count; i++) {
        const AstCte *cte = with->ctes.items[i];
        put(out, i > 0 ? ", " : with->is_recursive ? "WITH RECURSIVE " : "WITH ");
        put_ident(out, cte->name);
        put_idents_if_any(out, &cte->columns);
        put(out, " AS ");
        put(out, materialized[cte->materialized]);
        print_query_in_parens(out, cte->query);
    }
    put(out, " ");
}

static void print_limit(Printer *out, const AstQuery *query) {
    print_condition(out, " OFFSET ", query->offset);
    if (query->with_ties) {
        print_condition(out, " FETCH FIRST (", query->limit);
        put(out, ") ROWS WITH TIES");
    } else {
        print_condition(out, " LIMIT ", query->limit);
    }
}

static void print_query(Printer *out, const AstQuery *query) {
    if (query->with != NULL) {
        print_with(out, query->with);
    }
    switch (query->kind) {
    case AST_QUERY_SELECT: print_select(out, query->select); break;
    case AST_QUERY_SET_OPERATION: print_set_operation(out, query); break;
    case AST_QUERY_VALUES: print_values(out, &query->values); break;
    }
    print_order_by(out, &query->order_by);
    print_limit(out, query);
}

/* ---------------------------------------------------------------------------------------------------------------- statements
 */

/* An option's name may be any word but those that begin something else in its place. */
static void put_option_name(Printer *out, const char *name) {
    static const char *const taken[] = {"only", "select", "table", "values", "with"};
    bool is_plain = is_plain_word(name);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        is_plain &= strcmp(name, taken[i]) != 0;
    }
    if (is_plain) {
        put_upper(out, name);
    } else {
        put_quoted(out, name, '"');
    }
}

static void put_option_value(Printer *out, const AstOption *option) {
    bool is_number = (option->value[0] >= '0' && option->value[0] <= '9') || option->value[0] == '.' || option->value[0] == '-';
    put(out, " ");
    if (option->is_quoted) {
        put_string(out, option->value);
    } else if (is_number || (is_plain_word(option->value) && strcmp(option->value, "as") != 0)) {
        put(out, option->value);
    } else {
        put_quoted(out, option->value, '"');
    }
}

static void print_options(Printer *out, const AstOptionList *options) {
    for (uint32_t i = 0; i < options->count; i++) {
        const AstOption *option = options->items[i];
        put(out, i == 0 ? "(" : ", ");
        put_option_name(out, option->name);
        if (option->value != NULL) {
            put_option_value(out, option);
        }
        put_idents_if_any(out, &option->columns);
    }
    put(out, ")");
}

static void print_constraint(Printer *out, const AstConstraint *constraint) {
    static const char *const words[] = {
        "NOT NULL", "NULL", "DEFAULT ", "CHECK (", "PRIMARY KEY", "UNIQUE", "FOREIGN KEY", "ENCODE ", "DISTKEY", "SORTKEY",
    };
    bool is_column_reference = constraint->kind == AST_CONSTRAINT_FOREIGN_KEY && constraint->columns.count == 0;
    if (constraint->name != NULL) {
        put(out, "CONSTRAINT ");
        put_ident(out, constraint->name);
        put(out, " ");
    }
    put(out, is_column_reference ? "" : words[constraint->kind]);
    put_idents_if_any(out, &constraint->columns);
    if (constraint->expr != NULL) {
        print_expr(out, constraint->expr, LEVEL_ANY);
        put(out, constraint->kind == AST_CONSTRAINT_CHECK ? ")" : "");
    }
    if (constraint->kind == AST_CONSTRAINT_ENCODE) {
        put_ident(out, constraint->text);
    }
    if (constraint->kind == AST_CONSTRAINT_FOREIGN_KEY) {
        put(out, is_column_reference ? "REFERENCES " : " REFERENCES ");
        put_name(out, constraint->target);
        put_idents_if_any(out, &constraint->target_columns);
    }
}

static void print_column_def(Printer *out, const AstColumnDef *column) {
    put_ident(out, column->name);
    if (column->type != NULL) {
        put(out, " ");
        put_type(out, column->type);
    }
    for (uint32_t i = 0; i < column->constraints.count; i++) {
        put(out, " ");
        print_constraint(out, column->constraints.items[i]);
    }
}

static void print_partition_items(Printer *out, const AstPartitionList *items) {
    static const char *const transforms[] = {"", "year(", "month(", "day(", "bucket(", "truncate("};
    for (uint32_t i = 0; i < items->count; i++) {
        const AstPartitionItem *item = items->items[i];
        put(out, i == 0 ? "" : ", ");
        put(out, transforms[item->transform]);
        if (item->transform == PARTITION_BUCKET || item->transform == PARTITION_TRUNCATE) {
            put_number(out, item->parameter);
            put(out, ", ");
        }
        put_ident(out, item->column->text);
        put(out, item->transform == PARTITION_IDENTITY ? "" : ")");
    }
}

static void print_attribute(Printer *out, const AstTableAttribute *attribute) {
    static const char *const styles[] = {[DIST_AUTO] = "AUTO", [DIST_EVEN] = "EVEN", [DIST_KEY] = "KEY", [DIST_ALL] = "ALL"};
    static const char *const sorts[] = {" COMPOUND SORTKEY", " INTERLEAVED SORTKEY", " SORTKEY AUTO"};
    switch (attribute->kind) {
    case AST_ATTRIBUTE_DISTSTYLE:
        put(out, " DISTSTYLE ");
        put(out, styles[attribute->dist_style]);
        break;
    case AST_ATTRIBUTE_DISTKEY:
        put(out, " DISTKEY");
        put_idents_if_any(out, &attribute->columns);
        break;
    case AST_ATTRIBUTE_SORTKEY:
        put(out, sorts[attribute->sort_style]);
        put_idents_if_any(out, &attribute->columns);
        break;
    case AST_ATTRIBUTE_PARTITION_BY:
        put(out, " PARTITION BY (");
        print_partition_items(out, &attribute->partitions);
        put(out, ")");
        break;
    case AST_ATTRIBUTE_ENCODE_AUTO: put(out, " ENCODE AUTO"); break;
    case AST_ATTRIBUTE_OPTIONS:
        put(out, " WITH ");
        print_options(out, &attribute->options);
        break;
    }
}

static void print_table_elements(Printer *out, const AstCreateTable *table) {
    const char *before = " (";
    for (uint32_t i = 0; i < table->columns.count; i++, before = ", ") {
        put(out, before);
        print_column_def(out, table->columns.items[i]);
    }
    for (uint32_t i = 0; i < table->constraints.count; i++, before = ", ") {
        put(out, before);
        print_constraint(out, table->constraints.items[i]);
    }
    if (table->like != NULL) {
        put(out, before);
        put(out, "LIKE ");
        put_name(out, table->like);
        put(out, table->like_with_defaults ? " INCLUDING DEFAULTS" : "");
        before = ", ";
    }
    put(out, before[0] == ',' ? ")" : "");
}

static void print_create_table(Printer *out, const AstCreateTable *table) {
    put(out, table->is_temporary ? "CREATE TEMP TABLE " : "CREATE TABLE ");
    put(out, table->if_not_exists ? "IF NOT EXISTS " : "");
    put_name(out, table->name);
    print_table_elements(out, table);
    for (uint32_t i = 0; i < table->attributes.count; i++) {
        print_attribute(out, table->attributes.items[i]);
    }
    if (table->query != NULL) {
        put(out, " AS ");
        print_query(out, table->query);
        put(out, table->with_no_data ? " WITH NO DATA" : "");
    }
}

static void print_drop_table(Printer *out, const AstDropTable *drop) {
    put(out, drop->if_exists ? "DROP TABLE IF EXISTS " : "DROP TABLE ");
    for (uint32_t i = 0; i < drop->names.count; i++) {
        put(out, i == 0 ? "" : ", ");
        put_name(out, drop->names.items[i]);
    }
    put(out, drop->cascade ? " CASCADE" : "");
}

static void print_insert(Printer *out, const AstInsert *insert) {
    put(out, "INSERT INTO ");
    put_name(out, insert->table);
    put_idents_if_any(out, &insert->columns);
    put(out, " ");
    if (insert->query == NULL) {
        put(out, "DEFAULT VALUES");
    } else {
        print_query(out, insert->query);
    }
}

static void print_copy(Printer *out, const AstCopy *copy) {
    put(out, "COPY ");
    if (copy->table != NULL) {
        put_name(out, copy->table);
    } else {
        print_query_in_parens(out, copy->query);
    }
    put_idents_if_any(out, &copy->columns);
    put(out, copy->is_to ? " TO " : " FROM ");
    if (copy->file != NULL) {
        put_string(out, copy->file);
    } else {
        put(out, copy->is_to ? "STDOUT" : "STDIN");
    }
    if (copy->options.count > 0) {
        put(out, " ");
        print_options(out, &copy->options);
    }
}

static void print_analyze(Printer *out, const AstAnalyze *analyze) {
    put(out, "ANALYZE");
    if (analyze->table != NULL) {
        put(out, " ");
        put_name(out, analyze->table);
        put_idents_if_any(out, &analyze->columns);
    }
}

static void print_transaction(Printer *out, const AstTransaction *transaction) {
    static const char *const words[] = {"BEGIN", "COMMIT", "ROLLBACK"};
    put(out, words[transaction->kind]);
    put(out, transaction->is_read_only ? " READ ONLY" : "");
}

static void put_setting(Printer *out, const AstIdent *name) {
    if (name == NULL) {
        put(out, "ALL");
    } else {
        put_ident(out, name->text);
    }
}

static void print_set(Printer *out, const AstSet *set) {
    put(out, set->is_local ? "SET LOCAL " : "SET ");
    put_setting(out, set->name);
    put(out, " = ");
    if (set->value == NULL) {
        put(out, "DEFAULT");
    } else {
        put_string(out, set->value);
    }
}

static void print_show(Printer *out, const AstShow *show) {
    static const char *const words[] = {"SHOW ", "SHOW ALL", "SHOW FUNCTIONS", "SHOW TABLES"};
    put(out, words[show->kind]);
    if (show->kind == AST_SHOW_SETTING) {
        put_setting(out, show->name);
    }
}

static void print_describe(Printer *out, const AstDescribe *describe) {
    if (describe->table != NULL) {
        put(out, "DESCRIBE ");
        put_name(out, describe->table);
    } else {
        put(out, "DESCRIBE FILE ");
        put_string(out, describe->file);
    }
}

static void print_statement(Printer *out, const AstStatement *statement) {
    switch (statement->kind) {
    case AST_STATEMENT_QUERY: print_query(out, statement->query); break;
    case AST_STATEMENT_EXPLAIN:
        put(out, "EXPLAIN ");
        if (statement->explain->options.count > 0) {
            print_options(out, &statement->explain->options);
            put(out, " ");
        }
        print_statement(out, statement->explain->statement);
        break;
    case AST_STATEMENT_CREATE_TABLE: print_create_table(out, statement->create_table); break;
    case AST_STATEMENT_DROP_TABLE: print_drop_table(out, statement->drop_table); break;
    case AST_STATEMENT_INSERT: print_insert(out, statement->insert); break;
    case AST_STATEMENT_COPY: print_copy(out, statement->copy); break;
    case AST_STATEMENT_ANALYZE: print_analyze(out, statement->analyze); break;
    case AST_STATEMENT_TRANSACTION: print_transaction(out, statement->transaction); break;
    case AST_STATEMENT_SET: print_set(out, statement->set); break;
    case AST_STATEMENT_RESET:
        put(out, "RESET ");
        put_setting(out, statement->set->name);
        break;
    case AST_STATEMENT_SHOW: print_show(out, statement->show); break;
    case AST_STATEMENT_DESCRIBE: print_describe(out, statement->describe); break;
    }
}

char *ast_print(const Context *cx, Arena *arena, const AstStatement *statement) {
    Printer out = {.cx = cx, .arena = arena};
    print_statement(&out, statement);
    return out.failed ? NULL : out.text;
}

char *ast_print_query(const Context *cx, Arena *arena, const AstQuery *query) {
    Printer out = {.cx = cx, .arena = arena};
    print_query(&out, query);
    return out.failed ? NULL : out.text;
}

char *ast_print_expr(const Context *cx, Arena *arena, const AstExpr *expr) {
    Printer out = {.cx = cx, .arena = arena};
    print_expr(&out, expr, LEVEL_ANY);
    return out.failed ? NULL : out.text;
}
