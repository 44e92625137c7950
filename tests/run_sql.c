/* depot test PATH…: runs SQL test files (sqllogictest, in SQLite's and DuckDB's spelling), each on a fresh warehouse in memory,
 * several files at once. Understood: statement ok|error, query TYPES [nosort|rowsort|valuesort], skipif/onlyif, halt, mode
 * skip, hash-threshold, loop and foreach, require (skips the rest, unless it is "topology NxM" and that is so), # comments.
 * Under a query's ---- stand rows (cells separated by tabs) or one value per line; NULL is NULL, empty text is (empty). Under
 * an error's ---- stands a part of the message, or the SQLSTATE in parentheses. */
#include "tools/tools.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] = "usage: depot test [--set NAME=VALUE]... [--nodes N] [--slices M] [-j N] [-v] PATH...\n";

typedef struct Lines {
    char *text; /* of the file; line ends are zeros */
    char **lines;
    size_t count;
} Lines;

typedef struct Options {
    depot_options open;
    const char *settings[64];
    int setting_count;
    int jobs;
    bool verbose;
} Options;

typedef struct Run { /* one file */
    const Options *options;
    const char *path;
    depot *db;
    Lines file;
    unsigned passed, failed, skipped;
    bool stop;
    const char *variable; /* of the innermost loop: ${name} */
    const char *variable_value;
    FILE *report;
} Run;

/* ---------------------------------------------------------------------------------------------------------------- lines */

static bool read_lines(const char *path, Lines *lines) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    fseek(file, 0, SEEK_END);
    long bytes = ftell(file);
    rewind(file);
    lines->text = malloc((size_t)bytes + 2);
    size_t got = fread(lines->text, 1, (size_t)bytes, file);
    fclose(file);
    lines->text[got] = 0;
    size_t count = 1;
    for (size_t i = 0; i < got; i++) {
        count += lines->text[i] == '\n';
    }
    lines->lines = calloc(count + 1, sizeof *lines->lines);
    char *at = lines->text;
    while (at != NULL) {
        char *line = at;
        at = strchr(at, '\n');
        if (at != NULL) {
            *at++ = 0;
        }
        size_t length = strlen(line);
        if (length > 0 && line[length - 1] == '\r') {
            line[length - 1] = 0;
        }
        lines->lines[lines->count++] = line;
    }
    return true;
}

typedef struct Text {
    char *data;
    size_t bytes, capacity;
} Text;

static void append(Text *text, const char *data, size_t bytes) {
    if (text->bytes + bytes + 1 > text->capacity) {
        text->capacity = 2 * (text->bytes + bytes) + 256;
        text->data = realloc(text->data, text->capacity);
    }
    memcpy(text->data + text->bytes, data, bytes);
    text->bytes += bytes;
    text->data[text->bytes] = 0;
}

/* Appends a line with the loop's variable put in. */
/* The first ${name} or {name} (DuckDB writes both) in `line`; *bytes is its length. */
static const char *find_variable(const char *line, const char *name, size_t *bytes) {
    char braced[64];
    *bytes = (size_t)snprintf(braced, sizeof braced, "{%s}", name);
    const char *hit = strstr(line, braced);
    if (hit != NULL && hit > line && hit[-1] == '$') {
        hit--;
        (*bytes)++;
    }
    return hit;
}

static void append_line(const Run *run, Text *text, const char *line) {
    const char *hit;
    size_t bytes;
    while (run->variable != NULL && (hit = find_variable(line, run->variable, &bytes)) != NULL) {
        append(text, line, (size_t)(hit - line));
        append(text, run->variable_value, strlen(run->variable_value));
        line = hit + bytes;
    }
    append(text, line, strlen(line));
}

/* ---------------------------------------------------------------------------------------------------------------- cells */

typedef struct Cells {
    char **items;
    size_t count, capacity;
    uint32_t columns;
} Cells;

static void cells_add(Cells *cells, char *item) {
    if (cells->count == cells->capacity) {
        cells->capacity = 2 * cells->capacity + 64;
        cells->items = realloc(cells->items, sizeof *cells->items * cells->capacity);
    }
    cells->items[cells->count++] = item;
}

static void cells_free(Cells *cells) {
    for (size_t i = 0; i < cells->count; i++) {
        free(cells->items[i]);
    }
    free(cells->items);
}

static char *cell_text(const char *text) {
    return strdup(text == NULL ? "NULL" : text[0] == 0 ? "(empty)" : text);
}

static depot_code fetch(depot_statement *statement, Cells *cells) {
    depot_code code;
    cells->columns = depot_column_count(statement);
    while ((code = depot_step(statement)) == DEPOT_ROW) {
        for (uint32_t i = 0; i < cells->columns; i++) {
            cells_add(cells, cell_text(depot_column_text(statement, i)));
        }
    }
    return code;
}

static bool parse_number(const char *text, double *number) {
    char *end;
    *number = strtod(text, &end);
    return end != text && *end == 0;
}

/* Equal as text; numbers of a column of type R equal to 1e-9 of their size; booleans in any spelling. */
static bool cell_equal(const char *expected, const char *actual, char type) {
    double a, b;
    if (strcmp(expected, actual) == 0) {
        return true;
    }
    if ((strcmp(expected, "true") == 0 || strcmp(expected, "1") == 0) && strcmp(actual, "t") == 0) {
        return true;
    }
    if ((strcmp(expected, "false") == 0 || strcmp(expected, "0") == 0) && strcmp(actual, "f") == 0) {
        return true;
    }
    if (type == 'T' || !parse_number(expected, &a) || !parse_number(actual, &b)) {
        return false;
    }
    if (type == 'R' || strchr(expected, '.') != NULL) {
        const char *point = strchr(expected, '.');
        double printed = point == NULL ? 0 : 0.5001 * pow(10, -(double)strlen(point + 1));
        double allowed = 1e-9 * fabs(a) + (type == 'R' && point != NULL && strlen(point + 1) == 3 ? printed : 0);
        return fabs(a - b) <= allowed;
    }
    return a == b && fabs(a) < 9e15;
}

static int compare_cells(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static uint32_t sorting_columns; /* only used under sort_lock */
static pthread_mutex_t sort_lock = PTHREAD_MUTEX_INITIALIZER;

static int compare_rows(const void *a_, const void *b_) {
    char *const *a = a_, *const *b = b_;
    for (uint32_t i = 0; i < sorting_columns; i++) {
        int order = strcmp(a[i], b[i]);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static void sort_cells(Cells *cells, const char *mode) {
    if (cells->count == 0) {
        return;
    }
    if (strcmp(mode, "valuesort") == 0) {
        qsort(cells->items, cells->count, sizeof *cells->items, compare_cells);
    } else if (strcmp(mode, "rowsort") == 0 && cells->columns > 0) {
        pthread_mutex_lock(&sort_lock);
        sorting_columns = cells->columns;
        qsort(cells->items, cells->count / cells->columns, sizeof *cells->items * cells->columns, compare_rows);
        pthread_mutex_unlock(&sort_lock);
    }
}

/* --------------------------------------------------------------------------------------------------------------- checks */

static void report(Run *run, size_t line, const char *sql, const char *problem) {
    run->failed++;
    fprintf(run->report, "%s:%zu: %s\n    %s\n", run->path, line + 1, problem, sql);
}

static depot_code run_all(Run *run, const char *sql, Cells *cells) {
    const char *at = sql, *end = sql + strlen(sql);
    depot_code code = DEPOT_OK;
    while (at < end && code != DEPOT_ERROR && code != DEPOT_MISUSE) {
        depot_statement *statement;
        code = depot_prepare(run->db, at, end - at, &statement, &at);
        if (code == DEPOT_OK && statement != NULL) {
            code = fetch(statement, cells);
        }
        depot_finalize(statement);
        if (statement == NULL && code == DEPOT_OK) {
            break;
        }
    }
    return code == DEPOT_ERROR || code == DEPOT_MISUSE ? DEPOT_ERROR : DEPOT_OK;
}

static void check_statement(Run *run, size_t line, bool wants_error, const char *sql, const char *expected) {
    Cells cells = {0};
    char problem[2048];
    bool ok = run_all(run, sql, &cells) == DEPOT_OK;
    const depot_error *error = depot_last_error(run->db);
    if (ok && wants_error) {
        report(run, line, sql, "an error was expected");
    } else if (!ok && !wants_error) {
        snprintf(problem, sizeof problem, "%s (%s)", error->message, error->sqlstate);
        report(run, line, sql, problem);
    } else {
        char full[1200];
        snprintf(full, sizeof full, "%s (%s)", error->message, error->sqlstate);
        if (!ok && expected[0] != 0 && strstr(full, expected) == NULL && strncmp(expected, "<REGEX>", 7) != 0) {
            snprintf(problem, sizeof problem, "expected the error \"%s\", got \"%s\"", expected, full);
            report(run, line, sql, problem);
        } else {
            run->passed++;
        }
    }
    cells_free(&cells);
}

static bool has_words(const char *line, uint32_t words) {
    uint32_t found = line[0] != 0;
    for (const char *at = line; *at != 0; at++) {
        found += *at == ' ';
    }
    return found == words;
}

/* What stands between the cells of a line: tabs, or single spaces (sqllogictest-rs) where every line then has a word for each
 * column and the result is that many rows long; 0 where each line is one value. */
static char cell_separator(char **lines, size_t count, const Cells *actual) {
    if (count == 0 || actual->columns < 2) {
        return 0;
    }
    if (strchr(lines[0], '\t') != NULL) {
        return '\t';
    }
    bool by_words = actual->count == count * actual->columns;
    for (size_t i = 0; by_words && i < count; i++) {
        by_words = has_words(lines[i], actual->columns);
    }
    return by_words ? ' ' : 0;
}

static void expected_cells(char **lines, size_t count, uint32_t columns, char separator, Cells *cells) {
    cells->columns = columns;
    for (size_t i = 0; i < count; i++) {
        const char *at = lines[i];
        while (separator != 0 && strchr(at, separator) != NULL) {
            const char *stop = strchr(at, separator);
            cells_add(cells, strndup(at, (size_t)(stop - at)));
            at = stop + 1;
        }
        cells_add(cells, strdup(at));
    }
}

static void check_query(Run *run, size_t line, const char *types, const char *mode, const char *sql, char **lines,
                        size_t count) {
    Cells actual = {0}, expected = {0};
    char problem[4096];
    if (run_all(run, sql, &actual) != DEPOT_OK) {
        const depot_error *error = depot_last_error(run->db);
        snprintf(problem, sizeof problem, "%s (%s)", error->message, error->sqlstate);
        report(run, line, sql, problem);
        cells_free(&actual);
        return;
    }
    char separator = cell_separator(lines, count, &actual);
    expected_cells(lines, count, actual.columns, separator, &expected);
    sort_cells(&actual, mode);
    sort_cells(&expected, mode);
    problem[0] = 0;
    bool only_counted = false;
    if (actual.columns != strlen(types) && separator != ' ') { /* sqllogictest-rs writes any types */
        snprintf(problem, sizeof problem, "%zu columns were expected, got %u", strlen(types), actual.columns);
    } else if (count == 1 && strstr(lines[0], " values hashing to ") != NULL) {
        if (strtoull(lines[0], NULL, 10) != actual.count) {
            snprintf(problem, sizeof problem, "%s were expected, got %zu values", lines[0], actual.count);
        } else {
            only_counted = true; /* the hash is of another engine's spelling */
        }
    } else if (actual.count != expected.count) {
        snprintf(problem, sizeof problem, "%zu values were expected, got %zu; the first is \"%.200s\"", expected.count,
                 actual.count, actual.count > 0 ? actual.items[0] : "");
    }
    for (size_t i = 0; problem[0] == 0 && !only_counted && i < expected.count && i < actual.count; i++) {
        char type = strcmp(mode, "valuesort") == 0 ? 'I' : types[i % strlen(types)];
        if (!cell_equal(expected.items[i], actual.items[i], type)) {
            snprintf(problem, sizeof problem, "row %zu, column %zu: expected \"%.800s\", got \"%.800s\"",
                     i / actual.columns + 1, i % actual.columns + 1, expected.items[i], actual.items[i]);
        }
    }
    if (problem[0] != 0) {
        report(run, line, sql, problem);
    } else if (only_counted) {
        run->skipped++;
    } else {
        run->passed++;
    }
    cells_free(&actual);
    cells_free(&expected);
}

/* ------------------------------------------------------------------------------------------------------------- records */

static bool starts(const char *line, const char *word) {
    size_t bytes = strlen(word);
    return strncmp(line, word, bytes) == 0 && (line[bytes] == 0 || line[bytes] == ' ' || line[bytes] == '\t');
}

/* The SQL of the record whose head is line `at`; *next is the line after it (---- or blank or the end). */
static Text record_sql(const Run *run, size_t at, size_t end, size_t *next) {
    Text sql = {0};
    append(&sql, "", 0);
    size_t i = at + 1;
    for (; i < end && run->file.lines[i][0] != 0 && strcmp(run->file.lines[i], "----") != 0; i++) {
        append_line(run, &sql, run->file.lines[i]);
        append(&sql, "\n", 1);
    }
    *next = i;
    return sql;
}

/* The block under ----, up to a blank line. */
static size_t result_lines(const Run *run, size_t *next, size_t end) {
    size_t first = *next;
    if (first < end && strcmp(run->file.lines[first], "----") == 0) {
        first++;
        *next = first;
        while (*next < end && run->file.lines[*next][0] != 0) {
            (*next)++;
        }
    }
    return first;
}

static void run_lines(Run *run, size_t at, size_t end);

static size_t loop_end(const Run *run, size_t at, size_t end) {
    unsigned depth = 1;
    for (size_t i = at + 1; i < end; i++) {
        depth += starts(run->file.lines[i], "loop") || starts(run->file.lines[i], "foreach");
        depth -= starts(run->file.lines[i], "endloop");
        if (depth == 0) {
            return i;
        }
    }
    return end;
}

/* loop VAR FROM TO, foreach VAR A B C. */
static size_t run_loop(Run *run, size_t at, size_t end) {
    char *copy = strdup(run->file.lines[at]);
    char *rest = copy;
    bool is_loop = strcmp(strsep(&rest, " "), "loop") == 0;
    const char *outer = run->variable, *outer_value = run->variable_value;
    size_t stop = loop_end(run, at, end);
    run->variable = strsep(&rest, " ");
    if (is_loop) {
        char *from = strsep(&rest, " "), *to = strsep(&rest, " ");
        long last = to == NULL ? 0 : strtol(to, NULL, 10);
        for (long i = from == NULL ? 0 : strtol(from, NULL, 10); i < last && !run->stop; i++) {
            char value[32];
            snprintf(value, sizeof value, "%ld", i);
            run->variable_value = value;
            run_lines(run, at + 1, stop);
        }
    } else {
        for (char *value; (value = strsep(&rest, " ")) != NULL && !run->stop;) {
            run->variable_value = value;
            run_lines(run, at + 1, stop);
        }
    }
    run->variable = outer;
    run->variable_value = outer_value;
    free(copy);
    return stop + 1;
}

static size_t run_record(Run *run, size_t at, size_t end, bool skip) {
    const char *head = run->file.lines[at];
    size_t next;
    Text sql = record_sql(run, at, end, &next);
    size_t first = result_lines(run, &next, end);
    char types[256] = "", mode[32] = "nosort", kind[32] = "";
    if (skip) {
        run->skipped++;
    } else if (starts(head, "statement")) {
        sscanf(head, "statement %31s", kind);
        bool wants_error = strcmp(kind, "error") == 0;
        const char *expected = wants_error && first < next ? run->file.lines[first] : "";
        check_statement(run, at, wants_error, sql.data, expected);
    } else {
        sscanf(head, "query %255s %31s", types, mode);
        check_query(run, at, types, mode, sql.data, run->file.lines + first, next - first);
    }
    free(sql.data);
    return next;
}

/* "require topology 1x2": nodes and slices per node of the run, whose default that is. */
static bool has_topology(const Run *run, const char *line) {
    const depot_options *open = &run->options->open;
    char wanted[32], topology[64];
    snprintf(topology, sizeof topology, "%ux%u", open->nodes == 0 ? 1 : open->nodes, open->slices == 0 ? 2 : open->slices);
    return sscanf(line, "require topology %31s", wanted) == 1 && strcmp(wanted, topology) == 0;
}

static void run_lines(Run *run, size_t at, size_t end) {
    bool skip_next = false, skip_all = false;
    while (at < end && !run->stop) {
        const char *line = run->file.lines[at];
        if (starts(line, "mode")) {
            skip_all = strstr(line, "unskip") == NULL && strstr(line, "skip") != NULL;
        } else if (starts(line, "skipif")) {
            skip_next |= strstr(line, "depot") != NULL;
        } else if (starts(line, "onlyif")) {
            skip_next |= strstr(line, "depot") == NULL;
        } else if (starts(line, "halt") && !skip_next) {
            run->stop = true;
        } else if (starts(line, "require") && !has_topology(run, line)) {
            run->stop = true;
            run->skipped++;
        } else if (starts(line, "loop") || starts(line, "foreach")) {
            at = run_loop(run, at, end);
            continue;
        } else if (starts(line, "statement") || starts(line, "query")) {
            at = run_record(run, at, end, skip_next || skip_all);
            skip_next = false;
            continue;
        }
        at++;
    }
}

/* ---------------------------------------------------------------------------------------------------------------- files */

static bool prepare_warehouse(Run *run) {
    depot_error error;
    if (depot_open(NULL, &run->options->open, &run->db, &error) != DEPOT_OK) {
        fprintf(run->report, "%s: %s\n", run->path, error.message);
        return false;
    }
    for (int i = 0; i < run->options->setting_count; i++) {
        char name[64];
        const char *equals = strchr(run->options->settings[i], '=');
        snprintf(name, sizeof name, "%.*s", (int)(equals - run->options->settings[i]), run->options->settings[i]);
        if (depot_set(run->db, name, equals + 1) != DEPOT_OK) {
            fprintf(run->report, "%s: %s\n", run->path, depot_last_error(run->db)->message);
            return false;
        }
    }
    return true;
}

typedef struct Suite {
    Options options;
    char **paths;
    size_t path_count, path_capacity;
    pthread_mutex_t lock; /* guards the rest */
    size_t next;
    unsigned passed, failed, skipped, files_failed;
} Suite;

static void run_file(Suite *suite, const char *path) {
    char *text = NULL;
    size_t bytes = 0;
    Run run = {.options = &suite->options, .path = path, .report = open_memstream(&text, &bytes)};
    if (!read_lines(path, &run.file) || !prepare_warehouse(&run)) {
        fprintf(run.report, "%s: cannot be run\n", path);
        run.failed++;
    } else {
        run_lines(&run, 0, run.file.count);
    }
    depot_close(run.db);
    free(run.file.text);
    free(run.file.lines);
    fclose(run.report);
    pthread_mutex_lock(&suite->lock);
    suite->passed += run.passed;
    suite->failed += run.failed;
    suite->skipped += run.skipped;
    suite->files_failed += run.failed > 0;
    fwrite(text, 1, bytes, stdout);
    if (suite->options.verbose) {
        printf("%s: %u passed, %u failed, %u skipped\n", path, run.passed, run.failed, run.skipped);
    }
    fflush(stdout);
    pthread_mutex_unlock(&suite->lock);
    free(text);
}

static void *suite_main(void *suite_) {
    Suite *suite = suite_;
    for (;;) {
        pthread_mutex_lock(&suite->lock);
        size_t index = suite->next++;
        pthread_mutex_unlock(&suite->lock);
        if (index >= suite->path_count) {
            return NULL;
        }
        run_file(suite, suite->paths[index]);
    }
}

static void add_path(Suite *suite, const char *path) {
    if (suite->path_count == suite->path_capacity) {
        suite->path_capacity = 2 * suite->path_capacity + 64;
        suite->paths = realloc(suite->paths, sizeof *suite->paths * suite->path_capacity);
    }
    suite->paths[suite->path_count++] = strdup(path);
}

static bool is_test_file(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot != NULL && (strcmp(dot, ".test") == 0 || strcmp(dot, ".slt") == 0);
}

static bool add_paths(Suite *suite, const char *path, bool is_given) {
    struct stat info;
    if (stat(path, &info) != 0) {
        fprintf(stderr, "depot test: there is no %s\n", path);
        return false;
    }
    if (!S_ISDIR(info.st_mode)) {
        if (is_given || is_test_file(path)) {
            add_path(suite, path);
        }
        return true;
    }
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char child[4096];
        snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            add_paths(suite, child, false);
        }
        free(entries[i]);
    }
    free(count >= 0 ? entries : NULL);
    return true;
}

static bool parse_options(Suite *suite, int argc, char **argv) {
    Options *options = &suite->options;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    options->jobs = processors < 1 ? 1 : (int)processors;
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "-v") == 0) {
            options->verbose = true;
        } else if (strcmp(argv[i], "--set") == 0 && has_value && strchr(argv[i + 1], '=') != NULL &&
                   options->setting_count < 64) {
            options->settings[options->setting_count++] = argv[++i];
        } else if (strcmp(argv[i], "--nodes") == 0 && has_value) {
            options->open.nodes = (uint32_t)atoi(argv[++i]);
        } else if (strcmp(argv[i], "--slices") == 0 && has_value) {
            options->open.slices = (uint32_t)atoi(argv[++i]);
        } else if (strcmp(argv[i], "-j") == 0 && has_value) {
            options->jobs = atoi(argv[++i]);
        } else if (argv[i][0] == '-' || !add_paths(suite, argv[i], true)) {
            return false;
        }
    }
    return suite->path_count > 0;
}

int tool_test(int argc, char **argv) {
    Suite suite = {.lock = PTHREAD_MUTEX_INITIALIZER};
    if (asks_for_help(argc, argv)) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (!parse_options(&suite, argc, argv)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    pthread_t threads[64];
    int started = 0;
    while (started + 1 < suite.options.jobs && started < 64 &&
           pthread_create(&threads[started], NULL, suite_main, &suite) == 0) {
        started++;
    }
    suite_main(&suite);
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("%zu files\n%u passed, %u failed, %u skipped\n", suite.path_count, suite.passed, suite.failed, suite.skipped);
    for (size_t i = 0; i < suite.path_count; i++) {
        free(suite.paths[i]);
    }
    free(suite.paths);
    return suite.failed > 0 || suite.passed == 0 ? EXIT_FAILED : EXIT_DONE;
}
