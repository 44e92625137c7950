#include "tools/bench/answers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES_MAX 4096

typedef struct Row {
    char *text;
    char *key; /* the text with numbers rounded, so that equal rows of both engines sort alike */
} Row;

typedef struct Rows {
    Row *items;
    size_t count;
} Rows;

static bool parse_number(const char *cell, double *number) {
    char *end;
    *number = strtod(cell, &end);
    return end != cell && *end == 0;
}

static const char *spelling(const char *cell) {
    return strcmp(cell, "true") == 0 ? "t" : strcmp(cell, "false") == 0 ? "f" : cell;
}

static char *make_key(const char *text) {
    char key[KEY_BYTES_MAX], *copy = strdup(text), *rest = copy, *cell;
    size_t bytes = 0;
    while ((cell = strsep(&rest, "|")) != NULL && bytes < sizeof key - 1) {
        double number;
        if (parse_number(cell, &number)) {
            bytes += (size_t)snprintf(key + bytes, sizeof key - bytes, "%.7g|", number + 0.0);
        } else {
            bytes += (size_t)snprintf(key + bytes, sizeof key - bytes, "%s|", spelling(cell));
        }
    }
    free(copy);
    return strdup(key);
}

static int compare_rows(const void *a, const void *b) {
    return strcmp(((const Row *)a)->key, ((const Row *)b)->key);
}

static Rows split_rows(char *text) {
    Rows rows = {.items = malloc(sizeof(Row) * (strlen(text) + 1))};
    for (char *line; (line = strsep(&text, "\n")) != NULL && text != NULL;) {
        rows.items[rows.count++] = (Row){line, make_key(line)};
    }
    qsort(rows.items, rows.count, sizeof(Row), compare_rows);
    return rows;
}

static void free_rows(Rows *rows) {
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->items[i].key);
    }
    free(rows->items);
}

static bool cells_equal(const char *a, const char *b) {
    double x, y;
    if (strcmp(spelling(a), spelling(b)) == 0) {
        return true;
    }
    return parse_number(a, &x) && parse_number(b, &y) && fabs(x - y) <= 1e-9 * fmax(fabs(x), fabs(y));
}

static bool lines_equal(const char *a_, const char *b_) {
    char *a = strdup(a_), *b = strdup(b_), *rest_a = a, *rest_b = b;
    bool equal = true;
    while (equal && (rest_a != NULL || rest_b != NULL)) {
        equal = rest_a != NULL && rest_b != NULL && cells_equal(strsep(&rest_a, "|"), strsep(&rest_b, "|"));
    }
    free(a);
    free(b);
    return equal;
}

bool answers_equal(const char *name, char *ours, char *theirs) {
    Rows a = split_rows(ours), b = split_rows(theirs);
    bool equal = a.count == b.count;
    if (!equal) {
        fprintf(stderr, "%s: %zu rows, the other engine has %zu\n", name, a.count, b.count);
    }
    for (size_t i = 0; equal && i < a.count; i++) {
        equal = lines_equal(a.items[i].text, b.items[i].text);
        if (!equal) {
            fprintf(stderr, "%s: the answers differ\n    %s\n    %s\n", name, a.items[i].text, b.items[i].text);
        }
    }
    free_rows(&a);
    free_rows(&b);
    return equal;
}
