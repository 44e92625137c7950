/* What the tests of expressions share: a context, an arena, and short ways to build, bind and evaluate. */
#ifndef DEPOT_TESTS_EXPR_FIXTURE_H
#define DEPOT_TESTS_EXPR_FIXTURE_H

#include "core/settings.h"
#include "expr/aggregates.h"
#include "expr/functions.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static Error test_error;
static MemoryAccount test_account;
static Settings test_settings;
static Arena test_arena;
static Context test_context;
static const Context *const cx = &test_context;

static void fixture_open(void) {
    settings_init(&test_settings);
    memory_account_init(&test_account, NULL, "test", 0);
    arena_init(&test_arena);
    test_error = (Error){0};
    test_context = (Context){.error = &test_error, .memory = &test_account, .settings = &test_settings};
}

static void fixture_close(void) {
    arena_free(&test_arena);
    memory_account_close(&test_account);
}

static __attribute__((unused)) Expr *literal(const char *text) {
    Value value = value_text(type_varchar(0), text_view(text, (uint32_t)strlen(text)));
    Expr *expr = expr_constant(cx, &test_arena, &value, 0);
    expr->is_unknown = true;
    return expr;
}

/* A constant of a type, from text; NULL text is NULL. */
static __attribute__((unused)) Expr *constant(Type type, const char *text) {
    Value value = value_null(type);
    if (text != NULL) {
        cr_assert_eq(value_parse(cx, type, text, strlen(text), &value), OK, "%s: %s", text, test_error.message);
    }
    return expr_constant(cx, &test_arena, &value, 0);
}

static __attribute__((unused)) Type type_of(const char *name) {
    char base[32];
    int64_t modifiers[2];
    long long a = 0, b = 0;
    int count = sscanf(name, "%31[^(](%lld,%lld)", base, &a, &b);
    Type type;
    modifiers[0] = a;
    modifiers[1] = b;
    cr_assert_eq(type_from_name(cx, 0, base, modifiers, (uint32_t)(count - 1), &type), OK, "%s", test_error.message);
    return type;
}

static __attribute__((unused)) Expr *value_of(const char *type, const char *text) {
    return constant(type_of(type), text);
}

/* The text of a value, "NULL", or "ERROR: sqlstate message". */
static __attribute__((unused)) const char *show_value(const Value *value) {
    static char buffers[4][512];
    static int next;
    char *out = buffers[next++ % 4], print[VALUE_PRINT_MAX];
    const char *text;
    size_t bytes;
    if (value->is_null) {
        return "NULL";
    }
    value_print(value, print, &text, &bytes);
    snprintf(out, sizeof buffers[0], "%.*s", (int)bytes, text);
    return out;
}

static __attribute__((unused)) const char *show_error(void) {
    static char buffer[1200];
    snprintf(buffer, sizeof buffer, "ERROR: %s %s", status_sqlstate(test_error.status), test_error.message);
    error_clear(&test_error);
    return buffer;
}

static __attribute__((unused)) const char *evaluate(const Expr *expr) {
    Value value;
    return expr_eval_constant(cx, &test_arena, expr, &value) == OK ? show_value(&value) : show_error();
}

static __attribute__((unused)) const char *call_args(const char *name, uint32_t count, Expr **args) {
    Expr *call;
    return function_bind(cx, &test_arena, name, args, count, 0, &call) == OK ? evaluate(call) : show_error();
}
#define CALL(name, ...) call_args(name, sizeof((Expr *[]){__VA_ARGS__}) / sizeof(Expr *), (Expr *[]){__VA_ARGS__})

static __attribute__((unused)) const char *operate(const char *symbol, Expr *left, Expr *right) {
    Expr *out;
    return operator_bind(cx, &test_arena, symbol, left, right, 0, &out) == OK ? evaluate(out) : show_error();
}

#define cr_expect_text(actual, expected)                                                                                       \
    do {                                                                                                                       \
        const char *actual_ = (actual);                                                                                        \
        cr_expect(strcmp(actual_, (expected)) == 0, "%s: got \"%s\", want \"%s\"", #actual, actual_, (expected));              \
    } while (0)

#endif
