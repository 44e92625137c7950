/* Variables of the shell, as psql has them: \set name value, \unset name; in statements :name stands for the value as it is,
 * :'name' for a quoted text, :"name" for a quoted name. What is not set stays as it is written, and so do casts (::), quotes
 * and comments. */
#include "tools/shell/variables.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct ShellVariable {
    ShellVariable *next;
    char *name, *value;
};

static ShellVariable **find(ShellVariable **list, const char *name, size_t bytes) {
    ShellVariable **at = list;
    while (*at != NULL && (strncmp((*at)->name, name, bytes) != 0 || (*at)->name[bytes] != 0)) {
        at = &(*at)->next;
    }
    return at;
}

void variable_unset(ShellVariable **list, const char *name) {
    ShellVariable **at = find(list, name, strlen(name)), *removed = *at;
    if (removed != NULL) {
        *at = removed->next;
        free(removed->name);
        free(removed->value);
        free(removed);
    }
}

void variable_set(ShellVariable **list, const char *name, const char *value) {
    ShellVariable *variable = calloc(1, sizeof *variable);
    variable_unset(list, name);
    if (variable == NULL) {
        return;
    }
    *variable = (ShellVariable){.next = *list, .name = strdup(name), .value = strdup(value)};
    *list = variable;
}

void variables_print(ShellVariable *list, FILE *out) {
    for (const ShellVariable *variable = list; variable != NULL; variable = variable->next) {
        fprintf(out, "%s = '%s'\n", variable->name, variable->value);
    }
}

void variables_free(ShellVariable **list) {
    while (*list != NULL) {
        variable_unset(list, (*list)->name);
    }
}

/* ------------------------------------------------------------------------------------------------------------- replacing */

typedef struct Output {
    char *text;
    size_t bytes, capacity;
} Output;

static void put(Output *out, const char *text, size_t bytes) {
    if (out->bytes + bytes + 1 > out->capacity) {
        size_t capacity = 2 * (out->bytes + bytes) + 256;
        char *grown = realloc(out->text, capacity);
        if (grown == NULL) {
            return;
        }
        out->text = grown;
        out->capacity = capacity;
    }
    memcpy(out->text + out->bytes, text, bytes);
    out->bytes += bytes;
    out->text[out->bytes] = 0;
}

static void put_quoted(Output *out, const char *value, char quote) {
    put(out, &quote, 1);
    for (const char *c = value; *c != 0; c++) {
        put(out, c, 1);
        if (*c == quote) {
            put(out, c, 1);
        }
    }
    put(out, &quote, 1);
}

/* The end of a quoted piece or comment that begins at `at`; `at` itself if none does. */
static size_t skip_quoted(const char *text, size_t at, size_t bytes) {
    size_t i = at;
    if (text[i] == '\'' || text[i] == '"') {
        for (i++; i < bytes && text[i] != text[at]; i++) {
        }
        return i < bytes ? i + 1 : bytes;
    }
    if (text[i] == '-' && i + 1 < bytes && text[i + 1] == '-') {
        const char *end = memchr(text + i, '\n', bytes - i);
        return end == NULL ? bytes : (size_t)(end - text);
    }
    if (text[i] == '/' && i + 1 < bytes && text[i + 1] == '*') {
        const char *end = memmem(text + i + 2, bytes - i - 2, "*/", 2);
        return end == NULL ? bytes : (size_t)(end - text) + 2;
    }
    return at;
}

static size_t name_bytes(const char *text, size_t bytes) {
    size_t i = 0;
    while (i < bytes && (isalnum((unsigned char)text[i]) || text[i] == '_')) {
        i++;
    }
    return i;
}

/* Replaces the reference at text[at] == ':'; returns what it takes, 0 if it is none. */
static size_t replace(ShellVariable *list, const char *text, size_t at, size_t bytes, Output *out) {
    size_t start = at + 1;
    char quote = start < bytes && (text[start] == '\'' || text[start] == '"') ? text[start] : 0;
    start += quote != 0;
    size_t length = name_bytes(text + start, bytes - start);
    bool is_closed = quote == 0 || (start + length < bytes && text[start + length] == quote);
    const ShellVariable *variable = length == 0 || !is_closed ? NULL : *find(&list, text + start, length);
    if (variable == NULL) {
        return 0;
    }
    if (quote == 0) {
        put(out, variable->value, strlen(variable->value));
    } else {
        put_quoted(out, variable->value, quote);
    }
    return start + length + (quote != 0) - at;
}

char *variables_replace(ShellVariable *list, const char *text, size_t bytes) {
    Output out = {0};
    bool is_changed = false;
    for (size_t at = 0; list != NULL && at < bytes;) {
        size_t behind = skip_quoted(text, at, bytes), used = 0;
        if (behind == at && text[at] == ':') {
            bool is_cast = at + 1 < bytes && text[at + 1] == ':';
            used = is_cast ? 0 : replace(list, text, at, bytes, &out);
            behind = at + (is_cast ? 2 : 1);
        }
        if (used > 0) {
            is_changed = true;
            at += used;
            continue;
        }
        behind = behind == at ? at + 1 : behind;
        put(&out, text + at, behind - at);
        at = behind;
    }
    if (!is_changed) {
        free(out.text);
        return NULL;
    }
    return out.text;
}
