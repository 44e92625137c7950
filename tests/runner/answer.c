/* Rows are lists of cells on both sides. Where a form says how values are spelled (SQLite's), ours are spelled so first; in the
 * other forms cells are equal as text, as numbers or as booleans. */
#include "tests/runner/answer.h"

#include "tests/runner/md5.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ----------------------------------------------------------------------------------------------------------------- rows */

static Row *add_row(Answer *answer) {
    if (answer->count == answer->capacity) {
        answer->capacity = 2 * answer->capacity + 64;
        answer->rows = realloc(answer->rows, sizeof *answer->rows * answer->capacity);
    }
    Row *row = &answer->rows[answer->count++];
    *row = (Row){0};
    return row;
}

static void add_cell(Row *row, char *cell) {
    row->cells = realloc(row->cells, sizeof *row->cells * (row->count + 1));
    row->cells[row->count++] = cell;
}

/* As a query, a statement that changes rows answers how many (DuckDB). */
static void add_count(depot_statement *statement, Answer *answer) {
    static const char *const changes[] = {"INSERT", "DELETE", "UPDATE", "MERGE"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        if (strcmp(depot_statement_tag(statement), changes[i]) == 0) {
            char count[24];
            snprintf(count, sizeof count, "%llu", (unsigned long long)depot_rows(statement));
            answer->columns = 1;
            add_cell(add_row(answer), strdup(count));
        }
    }
}

depot_code answer_fetch(depot_statement *statement, Answer *answer) {
    depot_code code;
    answer->columns = depot_column_count(statement);
    while ((code = depot_step(statement)) == DEPOT_ROW) {
        Row *row = add_row(answer);
        for (uint32_t i = 0; i < answer->columns; i++) {
            const char *text = depot_column_text(statement, i);
            add_cell(row, strdup(text == NULL ? "NULL" : text[0] == 0 ? "(empty)" : text));
        }
    }
    if (code == DEPOT_DONE && answer->columns == 0) {
        add_count(statement, answer);
    }
    return code;
}

void answer_free(Answer *answer) {
    for (size_t i = 0; i < answer->count; i++) {
        for (size_t j = 0; j < answer->rows[i].count; j++) {
            free(answer->rows[i].cells[j]);
        }
        free(answer->rows[i].cells);
    }
    free(answer->rows);
    *answer = (Answer){0};
}

/* ---------------------------------------------------------------------------------------------------------------- cells */

static bool parse_number(const char *text, double *number) {
    char *end;
    *number = strtod(text, &end);
    return end != text && *end == 0;
}

static bool is_true(const char *text) {
    return strcmp(text, "t") == 0 || strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0;
}
static bool is_false(const char *text) {
    return strcmp(text, "f") == 0 || strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0;
}
static bool is_letter(const char *text) {
    return strcmp(text, "t") == 0 || strcmp(text, "f") == 0;
}

static bool numbers_equal(const char *expected, double a, double b, char type) {
    const char *point = strchr(expected, '.');
    if (type != 'R' && point == NULL && strpbrk(expected, "eE") == NULL) {
        return a == b && fabs(a) < 9e15;
    }
    bool is_rounded = type == 'R' && point != NULL && strlen(point + 1) == 3;
    double allowed = 1e-9 * fabs(a) + (is_rounded ? 0.5001e-3 : 0);
    return fabs(a - b) <= allowed || (isnan(a) && isnan(b)) || (isinf(a) && a == b);
}

/* Equal as text; numbers with a point to 1e-9 of their size; booleans in any spelling. */
static bool cells_equal(const char *expected, const char *actual, char type) {
    double a, b;
    if (strcmp(expected, actual) == 0) {
        return true;
    }
    if (is_letter(actual)) {
        return (is_true(expected) && is_true(actual)) || (is_false(expected) && is_false(actual));
    }
    return type != 'T' && parse_number(expected, &a) && parse_number(actual, &b) && numbers_equal(expected, a, b, type);
}

/* As SQLite's runner prints a value of a column. */
static char *sqlite_spelling(const char *cell, char type) {
    char text[64];
    double number;
    if (strcmp(cell, "NULL") == 0) {
        return strdup(cell);
    }
    if (type == 'I' || type == 'R') {
        cell = !is_letter(cell) ? cell : is_true(cell) ? "1" : "0";
        number = strtod(cell, NULL);
        if (type == 'I' && (strpbrk(cell, ".eE") != NULL || !parse_number(cell, &number))) {
            snprintf(text, sizeof text, "%.0f", trunc(number) + 0.0);
        } else if (type == 'I') {
            snprintf(text, sizeof text, "%s", cell);
        } else {
            snprintf(text, sizeof text, "%.3f", number);
        }
        return strdup(text);
    }
    char *copy = strdup(cell);
    for (char *at = copy; *at != 0; at++) {
        *at = *at < ' ' || *at > '~' ? '@' : *at;
    }
    return copy;
}

static void spell_for_sqlite(Answer *answer, const char *types) {
    for (size_t i = 0; i < answer->count; i++) {
        for (size_t j = 0; j < answer->rows[i].count; j++) {
            char *cell = answer->rows[i].cells[j];
            answer->rows[i].cells[j] = sqlite_spelling(cell, types[j % strlen(types)]);
            free(cell);
        }
    }
}

/* -------------------------------------------------------------------------------------------------------------- sorting */

/* Equal cells in one place: numbers and booleans by one spelling. */
static int compare_cells(const char *a, const char *b) {
    char texts[2][40];
    const char *cells[2] = {a, b};
    double number;
    for (int i = 0; i < 2; i++) {
        if (strcmp(cells[i], "true") == 0 || strcmp(cells[i], "false") == 0) {
            texts[i][0] = cells[i][0];
            texts[i][1] = 0;
            cells[i] = texts[i];
        } else if (parse_number(cells[i], &number)) {
            snprintf(texts[i], sizeof texts[i], "%.9g", number + 0.0);
            cells[i] = texts[i];
        }
    }
    return strcmp(cells[0], cells[1]);
}

static int compare_rows(const void *a_, const void *b_) {
    const Row *a = a_, *b = b_;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        int order = compare_cells(a->cells[i], b->cells[i]);
        if (order != 0) {
            return order;
        }
    }
    return (a->count > b->count) - (a->count < b->count);
}

/* As SQLite's runner sorts: by the bytes of what is printed. */
static int compare_bytes(const void *a_, const void *b_) {
    const Row *a = a_, *b = b_;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        int order = strcmp(a->cells[i], b->cells[i]);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

/* A row for every `columns` cells. */
static void regroup(Answer *answer, size_t columns) {
    Answer out = {.columns = (uint32_t)columns};
    Row *row = NULL;
    for (size_t i = 0; i < answer->count; i++) {
        for (size_t j = 0; j < answer->rows[i].count; j++) {
            row = row == NULL || row->count == columns ? add_row(&out) : row;
            add_cell(row, answer->rows[i].cells[j]);
        }
        free(answer->rows[i].cells);
    }
    free(answer->rows);
    *answer = out;
}

static void sort_answer(Answer *answer, Form form, const char *mode) {
    if (strcmp(mode, "valuesort") == 0) {
        regroup(answer, 1);
    }
    if (answer->count > 0 && strcmp(mode, "nosort") != 0) {
        qsort(answer->rows, answer->count, sizeof *answer->rows, form == FORM_SQLITE ? compare_bytes : compare_rows);
    }
}

/* ------------------------------------------------------------------------------------------------- what a file expects */

static void add_words(Row *row, const char *text) {
    char *copy = strdup(text), *rest = copy, *cell;
    while ((cell = strsep(&rest, " \t\n")) != NULL) {
        if (cell[0] != 0) {
            add_cell(row, strdup(cell));
        }
    }
    free(copy);
}

static void split_line(Row *row, const char *line, char separator) {
    const char *stop;
    while ((stop = strchr(line, separator)) != NULL) {
        add_cell(row, strndup(line, (size_t)(stop - line)));
        line = stop + 1;
    }
    add_cell(row, strdup(line));
}

/* Each line a row of words: ours is cut into words too. */
static void read_words(const Expectation *expected, Answer *out, Answer *actual) {
    for (size_t i = 0; i < expected->line_count; i++) {
        add_words(add_row(out), expected->lines[i]);
    }
    for (size_t i = 0; i < actual->count; i++) {
        Row words = {0}, *row = &actual->rows[i];
        for (size_t j = 0; j < row->count; j++) {
            add_words(&words, row->cells[j]);
            free(row->cells[j]);
        }
        free(row->cells);
        *row = words;
    }
}

static void read_values(const Expectation *expected, Answer *out, size_t columns) {
    for (size_t i = 0; i < expected->line_count; i++) {
        add_cell(add_row(out), strdup(expected->lines[i]));
    }
    regroup(out, columns == 0 ? 1 : columns);
}

static void read_expected(const Expectation *expected, Answer *out, Answer *actual) {
    size_t lines = expected->line_count, columns = actual->columns;
    bool has_tabs = lines > 0 && strchr(expected->lines[0], '\t') != NULL && columns > 1;
    if (expected->form == FORM_RUST) {
        read_words(expected, out, actual);
    } else if (has_tabs) {
        for (size_t i = 0; i < lines; i++) {
            split_line(add_row(out), expected->lines[i], '\t');
        }
    } else if (expected->form == FORM_DEPOT && columns > 1 && lines == actual->count) {
        read_words(expected, out, actual);
    } else {
        read_values(expected, out, columns);
    }
}

/* --------------------------------------------------------------------------------------------------------------- checks */

static size_t value_count(const Answer *answer) {
    return answer->count * answer->columns;
}

static Verdict check_hash(const Expectation *expected, const Answer *actual, char *problem, size_t problem_bytes) {
    const char *line = expected->lines[0], *wanted = strstr(line, " values hashing to ");
    char *text = NULL, hex[33];
    size_t bytes = 0, values = 0;
    FILE *out = open_memstream(&text, &bytes);
    for (size_t i = 0; i < actual->count; i++) {
        for (size_t j = 0; j < actual->rows[i].count; j++) {
            fprintf(out, "%s\n", actual->rows[i].cells[j]);
            values++;
        }
    }
    fclose(out);
    md5_hex(text, bytes, hex);
    free(text);
    if (strtoull(line, NULL, 10) != values) {
        snprintf(problem, problem_bytes, "%s were expected, got %zu values", line, values);
        return ANSWER_WRONG;
    }
    if (strncmp(wanted + strlen(" values hashing to "), hex, 32) == 0) {
        return ANSWER_RIGHT;
    }
    if (expected->form != FORM_SQLITE) {
        return ANSWER_COUNTED; /* the checksum is of another engine's spelling */
    }
    snprintf(problem, problem_bytes, "%s were expected, got %s", line, hex);
    return ANSWER_WRONG;
}

/* Patterns of DuckDB's files are not matched. */
static bool is_pattern(const char *cell) {
    return strncmp(cell, "<REGEX>:", 8) == 0 || strncmp(cell, "<!REGEX>:", 9) == 0;
}

static bool rows_differ(const Expectation *expected, const Answer *wanted, const Answer *actual, char *problem, size_t bytes) {
    size_t type_count = strlen(expected->types);
    bool is_untyped = strcmp(expected->mode, "valuesort") == 0 || expected->form == FORM_RUST;
    for (size_t i = 0; i < wanted->count; i++) {
        const Row *a = &wanted->rows[i], *b = &actual->rows[i];
        for (size_t j = 0; j < a->count || j < b->count; j++) {
            const char *expects = j < a->count ? a->cells[j] : "", *got = j < b->count ? b->cells[j] : "";
            char type = is_untyped || type_count == 0 ? 'I' : expected->types[j % type_count];
            if (expected->form == FORM_DUCKDB) {
                type = 'I'; /* its letters only count the columns */
            }
            if (!is_pattern(expects) && !cells_equal(expects, got, type)) {
                snprintf(problem, bytes, "row %zu, column %zu: expected \"%.800s\", got \"%.800s\"", i + 1, j + 1, expects,
                         got);
                return true;
            }
        }
    }
    return false;
}

static Verdict check_rows(const Expectation *expected, Answer *actual, char *problem, size_t bytes) {
    Answer wanted = {0};
    read_expected(expected, &wanted, actual);
    sort_answer(actual, expected->form, expected->mode);
    sort_answer(&wanted, expected->form, expected->mode);
    bool differ = wanted.count != actual->count;
    if (differ) {
        snprintf(problem, bytes, "%zu rows were expected, got %zu; the first value is \"%.200s\"", wanted.count, actual->count,
                 actual->count > 0 && actual->rows[0].count > 0 ? actual->rows[0].cells[0] : "");
    } else if (rows_differ(expected, &wanted, actual, problem, bytes)) {
        differ = true;
        if (!expected->is_ordered && expected->form != FORM_DEPOT) { /* no order was asked for */
            sort_answer(actual, FORM_DUCKDB, "rowsort");
            sort_answer(&wanted, FORM_DUCKDB, "rowsort");
            differ = rows_differ(expected, &wanted, actual, problem, bytes);
        }
    }
    answer_free(&wanted);
    return differ ? ANSWER_WRONG : ANSWER_RIGHT;
}

Verdict answer_check(const Expectation *expected, Answer *actual, char *problem, size_t problem_bytes) {
    size_t types = strlen(expected->types);
    bool is_empty = expected->line_count == 0 && actual->count == 0 && expected->form != FORM_DEPOT;
    if (expected->form != FORM_RUST && types != actual->columns && !is_empty) {
        bool is_by_words = expected->form == FORM_DEPOT && expected->line_count == actual->count && types > 0 &&
                           expected->line_count > 0 && strchr(expected->lines[0], '\t') == NULL && actual->columns > 1;
        if (!is_by_words) {
            snprintf(problem, problem_bytes, "%zu columns were expected, got %u", types, actual->columns);
            return ANSWER_WRONG;
        }
    }
    bool is_hash = expected->line_count == 1 && strstr(expected->lines[0], " values hashing to ") != NULL;
    if (expected->form == FORM_SQLITE && types > 0) {
        spell_for_sqlite(actual, expected->types);
    }
    if (is_hash) {
        if (expected->form == FORM_SQLITE) {
            sort_answer(actual, expected->form, expected->mode);
        } else if (value_count(actual) == 0) {
            actual->columns = (uint32_t)types;
        }
        return check_hash(expected, actual, problem, problem_bytes);
    }
    return check_rows(expected, actual, problem, problem_bytes);
}
