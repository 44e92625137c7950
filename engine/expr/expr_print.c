/* Bound expressions as SQL text. Parentheses stand only where precedence asks for them. */
#include "expr/expr.h"

#include "expr/expr_table.h"
#include "expr/functions.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Text that grows in the arena; a failed allocation leaves it NULL and makes further writes do nothing. */
typedef struct Printer {
    const Context *cx;
    Arena *arena;
    char *text;
    size_t bytes, capacity;
} Printer;

static void put_bytes(Printer *printer, const char *data, size_t bytes) {
    if (printer->text == NULL) {
        return;
    }
    if (printer->bytes + bytes + 1 > printer->capacity) {
        size_t capacity = 2 * (printer->bytes + bytes + 1);
        char *grown = arena_alloc(printer->cx, printer->arena, capacity);
        if (grown != NULL) {
            memcpy(grown, printer->text, printer->bytes);
        }
        printer->text = grown;
        printer->capacity = capacity;
        if (grown == NULL) {
            return;
        }
    }
    memcpy(printer->text + printer->bytes, data, bytes);
    printer->bytes += bytes;
    printer->text[printer->bytes] = 0;
}

static void put(Printer *printer, const char *text) {
    put_bytes(printer, text, strlen(text));
}

static void put_type(Printer *printer, Type type) {
    char name[32];
    put(printer, type_name(type, name));
}

static void put_quoted(Printer *printer, const char *data, size_t bytes) {
    put(printer, "'");
    for (size_t start = 0; start < bytes;) {
        const char *quote = memchr(data + start, '\'', bytes - start);
        size_t run = quote != NULL ? (size_t)(quote - data) - start + 1 : bytes - start;
        put_bytes(printer, data + start, run);
        if (quote != NULL) {
            put(printer, "'");
        }
        start += run;
    }
    put(printer, "'");
}

static void put_constant(Printer *printer, const Value *value) {
    char buffer[VALUE_PRINT_MAX];
    const char *text;
    size_t bytes;
    if (value->is_null) {
        put(printer, "NULL");
        return;
    }
    if (value->type.id == TYPE_BOOLEAN) {
        put(printer, value->i64 ? "true" : "false");
        return;
    }
    value_print(value, buffer, &text, &bytes);
    if (type_is_numeric(value->type)) {
        put_bytes(printer, text, bytes);
        return;
    }
    if (!type_is_text(value->type)) {
        char name[32];
        for (const char *c = type_name(value->type, name); *c != 0; c++) {
            put_bytes(printer, (char[]){(char)toupper((unsigned char)*c)}, 1);
        }
        put(printer, " ");
    }
    put_quoted(printer, text, bytes);
}

/* Higher binds tighter. */
enum { LEVEL_OR, LEVEL_AND, LEVEL_NOT, LEVEL_COMPARE, LEVEL_LIKE, LEVEL_SUM, LEVEL_PRODUCT, LEVEL_POWER, LEVEL_ATOM };

static bool is_operator(const Function *function) {
    return strchr("+-*/%^|~", function->name[0]) != NULL;
}

static bool is_like_function(const Function *function) {
    return strcmp(function->name, "like_escape") == 0 || strcmp(function->name, "ilike_escape") == 0;
}

static int operator_level(const Function *function) {
    switch (function->name[0]) {
    case '+':
    case '-': return LEVEL_SUM;
    case '*':
    case '/':
    case '%': return LEVEL_PRODUCT;
    case '^': return LEVEL_POWER;
    default: return LEVEL_LIKE;
    }
}

static int expr_level(const Expr *expr) {
    switch (expr->kind) {
    case EXPR_OR: return LEVEL_OR;
    case EXPR_AND: return LEVEL_AND;
    case EXPR_NOT: return expr->args[0]->kind == EXPR_IS_NULL ? LEVEL_COMPARE : LEVEL_NOT;
    case EXPR_COMPARE:
    case EXPR_IS_NULL:
    case EXPR_DISTINCT:
    case EXPR_IN: return LEVEL_COMPARE;
    case EXPR_CALL:
        return is_operator(expr->function)        ? operator_level(expr->function)
               : is_like_function(expr->function) ? LEVEL_LIKE
                                                  : LEVEL_ATOM;
    default: return LEVEL_ATOM;
    }
}

static void put_expr(Printer *printer, const Expr *expr);

static void put_operand(Printer *printer, const Expr *expr, int level) {
    bool parentheses = expr_level(expr) < level;
    put(printer, parentheses ? "(" : "");
    put_expr(printer, expr);
    put(printer, parentheses ? ")" : "");
}

static void put_list(Printer *printer, Expr *const *exprs, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        put(printer, i > 0 ? ", " : "");
        put_expr(printer, exprs[i]);
    }
}

static void put_joined(Printer *printer, const Expr *expr, const char *word, int level) {
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        put(printer, i > 0 ? word : "");
        put_operand(printer, expr->args[i], level);
    }
}

static void put_like(Printer *printer, const Expr *expr) {
    const Expr *escape = expr->args[2];
    put_operand(printer, expr->args[0], LEVEL_LIKE);
    put(printer, expr->function->name[0] == 'l' ? " LIKE " : " ILIKE ");
    put_operand(printer, expr->args[1], LEVEL_LIKE + 1);
    bool is_default = escape->kind == EXPR_CONSTANT && !escape->value.is_null && escape->value.text.bytes == 1 &&
                      text_data(&escape->value.text)[0] == '\\';
    if (!is_default) {
        put(printer, " ESCAPE ");
        put_operand(printer, escape, LEVEL_LIKE + 1);
    }
}

static void put_call(Printer *printer, const Expr *expr) {
    const char *name = expr->function->name;
    if (is_like_function(expr->function)) {
        put_like(printer, expr);
        return;
    }
    if (!is_operator(expr->function)) {
        put(printer, name);
        put(printer, "(");
        put_list(printer, expr->args, expr->arg_count);
        put(printer, ")");
        return;
    }
    int level = operator_level(expr->function);
    if (expr->arg_count == 1) {
        put(printer, name);
        put_operand(printer, expr->args[0], LEVEL_ATOM);
        return;
    }
    put_operand(printer, expr->args[0], level);
    put(printer, " ");
    put(printer, strcmp(name, "~~") == 0 ? "LIKE" : strcmp(name, "~~*") == 0 ? "ILIKE" : name);
    put(printer, " ");
    put_operand(printer, expr->args[1], level + 1);
}

static void put_case(Printer *printer, const Expr *expr) {
    put(printer, "CASE");
    for (uint32_t i = 0; i + 1 < expr->arg_count; i += 2) {
        put(printer, " WHEN ");
        put_expr(printer, expr->args[i]);
        put(printer, " THEN ");
        put_expr(printer, expr->args[i + 1]);
    }
    put(printer, " ELSE ");
    put_expr(printer, expr->args[expr->arg_count - 1]);
    put(printer, " END");
}

static void put_cast(Printer *printer, const Expr *expr) {
    put(printer, expr->is_try ? "TRY_CAST(" : "CAST(");
    put_expr(printer, expr->args[0]);
    put(printer, " AS ");
    put_type(printer, expr->type);
    put(printer, ")");
}

static void put_numbered(Printer *printer, const char *prefix, uint32_t number, const char *name) {
    char buffer[32];
    snprintf(buffer, sizeof buffer, "%s%u", prefix, number);
    put(printer, name != NULL ? name : buffer);
}

static void put_not(Printer *printer, const Expr *operand) {
    if (operand->kind == EXPR_IS_NULL) {
        put_operand(printer, operand->args[0], LEVEL_LIKE);
        put(printer, " IS NOT NULL");
        return;
    }
    put(printer, "NOT ");
    put_operand(printer, operand, LEVEL_NOT + 1);
}

static void put_expr(Printer *printer, const Expr *expr) {
    switch (expr->kind) {
    case EXPR_CONSTANT: put_constant(printer, &expr->value); break;
    case EXPR_COLUMN: put_numbered(printer, "#", expr->column, expr->name); break;
    case EXPR_SLOT: put_numbered(printer, "@", expr->slot, expr->name); break;
    case EXPR_PARAMETER: put_numbered(printer, "$", expr->parameter + 1, NULL); break;
    case EXPR_CALL: put_call(printer, expr); break;
    case EXPR_CAST: put_cast(printer, expr); break;
    case EXPR_COMPARE:
        put_operand(printer, expr->args[0], LEVEL_LIKE);
        put(printer, " ");
        put(printer, compare_symbol(expr->compare));
        put(printer, " ");
        put_operand(printer, expr->args[1], LEVEL_LIKE);
        break;
    case EXPR_AND: put_joined(printer, expr, " AND ", LEVEL_NOT); break;
    case EXPR_OR: put_joined(printer, expr, " OR ", LEVEL_AND); break;
    case EXPR_NOT: put_not(printer, expr->args[0]); break;
    case EXPR_IS_NULL:
        put_operand(printer, expr->args[0], LEVEL_LIKE);
        put(printer, " IS NULL");
        break;
    case EXPR_DISTINCT:
        put_operand(printer, expr->args[0], LEVEL_LIKE);
        put(printer, " IS DISTINCT FROM ");
        put_operand(printer, expr->args[1], LEVEL_LIKE);
        break;
    case EXPR_IN:
        put_operand(printer, expr->args[0], LEVEL_LIKE);
        put(printer, " IN (");
        put_list(printer, expr->args + 1, expr->arg_count - 1);
        put(printer, ")");
        break;
    case EXPR_CASE: put_case(printer, expr); break;
    case EXPR_COALESCE:
        put(printer, "coalesce(");
        put_list(printer, expr->args, expr->arg_count);
        put(printer, ")");
        break;
    case EXPR_TABLE: put_expr(printer, expr->table->of); break;
    case EXPR_AGGREGATE:
    case EXPR_WINDOW:
        put(printer, expr->name != NULL ? expr->name : "aggregate");
        put(printer, "(");
        put_list(printer, expr->args, expr->arg_count);
        put(printer, ")");
        break;
    }
}

char *expr_print(const Context *cx, Arena *arena, const Expr *expr) {
    Printer printer = {.cx = cx, .arena = arena, .capacity = 128};
    printer.text = arena_alloc(cx, arena, printer.capacity);
    put_expr(&printer, expr);
    return printer.text;
}
