/* Reads records and runs them: statement ok|error|maybe|count N [CONNECTION], query TYPES [nosort|rowsort|valuesort] [LABEL],
 * query error, skipif/onlyif, halt, mode skip, hash-threshold, loop and foreach, connection, restart, reconnect, load, require
 * ("topology NxM" if that is so, "batch_rows N" unless batches have fewer, and what holds on every machine; anything else skips
 * the rest), # comments. Under a query's
 * ---- stands the answer (answer.h); under an error's, in our own files, a part of the message or the SQLSTATE in parentheses.
 * In other forms only that there is an error counts: the words are the other engine's.
 *
 * The log has a line per record: pass, fail, skip or count; file line; head; problem; SQL; the lines that were expected; and of
 * queries that failed our rows; separated by tabs, tabs, newlines and backslashes in them escaped. */
#include "tests/runner/script.h"

#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS_MAX 16
#define VARIABLES_MAX 8
#define PATH_BYTES_MAX 4096

typedef struct Connection {
    char name[64]; /* "" the first */
    depot *db;
} Connection;

typedef struct Variable { /* of a loop */
    const char *name, *value;
} Variable;

typedef struct Script {
    const ScriptOptions *options;
    const char *path;
    FILE *report;
    ScriptResult result;
    char *text; /* of the file; line ends are zeros */
    char **lines;
    size_t count;
    char folder[64];                /* {TEST_DIR}, and where the warehouse is if several connections see it; "" until needed */
    char warehouse[PATH_BYTES_MAX]; /* "": in memory */
    Connection connections[CONNECTIONS_MAX];
    size_t connection_count;
    char next_connection[64]; /* set by a "connection" line */
    Variable variables[VARIABLES_MAX];
    size_t variable_count;
    bool stop;
} Script;

/* ---------------------------------------------------------------------------------------------------------------- lines */

static bool read_lines(Script *script) {
    FILE *file = fopen(script->path, "r");
    size_t capacity = 0;
    ssize_t got = file == NULL ? -1 : getdelim(&script->text, &capacity, 0, file);
    if (file != NULL) {
        fclose(file);
    }
    if (got < 0) {
        return false;
    }
    size_t count = 1;
    for (const char *at = script->text; *at != 0; at++) {
        count += *at == '\n';
    }
    script->lines = calloc(count + 1, sizeof *script->lines);
    char *rest = script->text, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        size_t length = strlen(line);
        if (length > 0 && line[length - 1] == '\r') {
            line[length - 1] = 0;
        }
        script->lines[script->count++] = line;
    }
    return true;
}

static bool starts(const char *line, const char *word) {
    size_t bytes = strlen(word);
    return strncmp(line, word, bytes) == 0 && (line[bytes] == 0 || line[bytes] == ' ' || line[bytes] == '\t');
}

static const char *test_folder(Script *script) {
    if (script->folder[0] == 0) {
        strcpy(script->folder, "/tmp/depot-test-XXXXXX");
        if (mkdtemp(script->folder) == NULL) {
            script->folder[0] = 0;
        }
    }
    return script->folder;
}

/* The value of ${name} or {name} (DuckDB writes both) or __NAME__ at `at`; *bytes is the length of what it stands for. */
static const char *variable_at(Script *script, const char *at, size_t *bytes) {
    static const char *const folders[] = {"{TEST_DIR}", "{TEMP_DIR}", "__TEST_DIR__"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        *bytes = strlen(folders[i]);
        if (strncmp(at, folders[i], *bytes) == 0) {
            return test_folder(script);
        }
    }
    for (size_t i = 0; i < script->variable_count; i++) {
        const char *name = script->variables[i].name;
        size_t dollar = *at == '$';
        *bytes = strlen(name) + 2 + dollar;
        if (at[dollar] == '{' && strncmp(at + dollar + 1, name, strlen(name)) == 0 && at[*bytes - 1] == '}') {
            return script->variables[i].value;
        }
    }
    return NULL;
}

static void put_line(Script *script, FILE *out, const char *line) {
    while (*line != 0) {
        size_t bytes = 1;
        const char *value = *line == '$' || *line == '{' || *line == '_' ? variable_at(script, line, &bytes) : NULL;
        if (value != NULL) {
            fputs(value, out);
            line += bytes;
        } else {
            fputc(*line++, out);
        }
    }
}

/* --------------------------------------------------------------------------------------------------------- connections */

static bool open_connection(Script *script, Connection *connection) {
    depot_error error;
    const ScriptOptions *options = script->options;
    const char *path = script->warehouse[0] == 0 ? NULL : script->warehouse;
    if (depot_open(path, &options->open, &connection->db, &error) != DEPOT_OK) {
        fprintf(script->report, "%s: %s\n", script->path, error.message);
        return false;
    }
    for (int i = 0; i < options->setting_count; i++) {
        char name[64];
        const char *equals = strchr(options->settings[i], '=');
        snprintf(name, sizeof name, "%.*s", (int)(equals - options->settings[i]), options->settings[i]);
        if (depot_set(connection->db, name, equals + 1) != DEPOT_OK) {
            fprintf(script->report, "%s: %s\n", script->path, depot_last_error(connection->db)->message);
            return false;
        }
    }
    return true;
}

static void close_connections(Script *script) {
    for (size_t i = 0; i < script->connection_count; i++) {
        depot_close(script->connections[i].db);
    }
    script->connection_count = 0;
}

/* NULL if it cannot be opened. */
static depot *connection_named(Script *script, const char *name) {
    for (size_t i = 0; i < script->connection_count; i++) {
        if (strcmp(script->connections[i].name, name) == 0) {
            return script->connections[i].db;
        }
    }
    if (script->connection_count == CONNECTIONS_MAX) {
        return NULL;
    }
    Connection *connection = &script->connections[script->connection_count];
    *connection = (Connection){0};
    snprintf(connection->name, sizeof connection->name, "%s", name);
    if (!open_connection(script, connection)) {
        depot_close(connection->db);
        return NULL;
    }
    script->connection_count++;
    return connection->db;
}

/* "statement ok con1", "query I nosort con1" in DuckDB's files, whose labels are never of one record alone. */
static bool names_connection(const Script *script, const char *head, char *name) {
    char words[4][64] = {"", "", "", ""};
    int count = sscanf(head, "%63s %63s %63s %63s", words[0], words[1], words[2], words[3]);
    const char *last = strcmp(words[0], "statement") == 0 && count >= 3 ? words[2] : count == 4 ? words[3] : "";
    snprintf(name, 64, "%s", last);
    return script->options->form == FORM_DUCKDB && strncmp(last, "con", 3) == 0;
}

/* In memory, a warehouse has one connection and is gone when that is closed. */
static void choose_warehouse(Script *script) {
    char name[64];
    bool is_shared = false;
    for (size_t i = 0; i < script->count; i++) {
        const char *line = script->lines[i];
        is_shared |= starts(line, "restart") || starts(line, "reconnect") || starts(line, "connection");
        is_shared |= (starts(line, "statement") || starts(line, "query")) && names_connection(script, line, name);
    }
    if (is_shared) {
        snprintf(script->warehouse, sizeof script->warehouse, "%s/warehouse", test_folder(script));
    }
}

/* load PATH: another warehouse. */
static void load_warehouse(Script *script, const char *line) {
    char *path = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&path, &bytes);
    put_line(script, out, line + strcspn(line, " "));
    fclose(out);
    char *start = path + strspn(path, " ");
    start[strcspn(start, " ")] = 0;
    close_connections(script);
    snprintf(script->warehouse, sizeof script->warehouse, "%s", start);
    free(path);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* --------------------------------------------------------------------------------------------------------------- checks */

static void put_escaped(FILE *out, const char *text) {
    for (; *text != 0; text++) {
        if (*text == '\n' || *text == '\t' || *text == '\\') {
            fprintf(out, "\\%c", *text == '\n' ? 'n' : *text == '\t' ? 't' : '\\');
        } else {
            fputc(*text, out);
        }
    }
}

typedef struct Record {
    size_t line; /* of its head, from 0 */
    const char *head;
    char *sql;
    char **expected; /* under the ---- */
    size_t expected_count;
} Record;

static void put_log(FILE *log, const Record *record, const char *outcome, const char *problem, const Answer *answer) {
    fprintf(log, "%s\t%zu\t", outcome, record->line + 1);
    put_escaped(log, record->head);
    fputc('\t', log);
    put_escaped(log, problem);
    fputc('\t', log);
    put_escaped(log, record->sql);
    fputc('\t', log);
    for (size_t i = 0; i < record->expected_count; i++) {
        put_escaped(log, record->expected[i]);
        put_escaped(log, "\n");
    }
    fputc('\t', log);
    for (size_t i = 0; answer != NULL && i < answer->count; i++) {
        for (size_t j = 0; j < answer->rows[i].count; j++) {
            put_escaped(log, j > 0 ? "\t" : "");
            put_escaped(log, answer->rows[i].cells[j]);
        }
        put_escaped(log, "\n");
    }
    fputc('\n', log);
    fflush(log); /* a crash leaves what was before it */
}

static void note(Script *script, const Record *record, const char *outcome, const char *problem, const Answer *answer) {
    unsigned *counter = strcmp(outcome, "pass") == 0   ? &script->result.passed
                        : strcmp(outcome, "fail") == 0 ? &script->result.failed
                                                       : &script->result.skipped;
    (*counter)++;
    if (counter == &script->result.failed) {
        fprintf(script->report, "%s:%zu: %s\n    %s\n", script->path, record->line + 1, problem, record->sql);
    }
    if (script->options->log != NULL) {
        put_log(script->options->log, record, outcome, problem, counter == &script->result.failed ? answer : NULL);
    }
}

/* All statements of a text; the rows of the last that has some. */
static bool run_all(depot *db, const char *sql, Answer *answer) {
    const char *at = sql, *end = sql + strlen(sql);
    depot_code code = DEPOT_OK;
    while (at < end && code != DEPOT_ERROR && code != DEPOT_MISUSE) {
        depot_statement *statement;
        code = depot_prepare(db, at, end - at, &statement, &at);
        if (statement == NULL) {
            break;
        }
        if (code == DEPOT_OK) {
            answer_free(answer);
            code = answer_fetch(statement, answer);
        }
        depot_finalize(statement);
    }
    return code != DEPOT_ERROR && code != DEPOT_MISUSE;
}

static void check_error(Script *script, const Record *record, const char *full) {
    char problem[2048];
    const char *expected = record->expected_count > 0 ? record->expected[0] : "";
    bool is_own = script->options->form == FORM_DEPOT;
    if (is_own && strncmp(expected, "<REGEX>", 7) != 0 && strstr(full, expected) == NULL) {
        snprintf(problem, sizeof problem, "expected the error \"%s\", got \"%s\"", expected, full);
        note(script, record, "fail", problem, NULL);
    } else {
        note(script, record, "pass", full, NULL);
    }
}

static void check_statement(Script *script, depot *db, const Record *record, const char *kind) {
    Answer answer = {0};
    char full[1200];
    bool ok = run_all(db, record->sql, &answer);
    const depot_error *error = depot_last_error(db);
    snprintf(full, sizeof full, "%s (%s)", error->message, error->sqlstate);
    answer_free(&answer);
    if (strcmp(kind, "maybe") == 0) {
        note(script, record, "pass", ok ? "" : full, NULL);
    } else if (strcmp(kind, "error") != 0) {
        note(script, record, ok ? "pass" : "fail", ok ? "" : full, NULL);
    } else if (ok) {
        note(script, record, "fail", "an error was expected", NULL);
    } else {
        check_error(script, record, full);
    }
}

static bool has_order(const char *sql) {
    return strcasestr(sql, "order by") != NULL;
}

static void check_query(Script *script, depot *db, const Record *record) {
    Answer answer = {0};
    char problem[4096] = "", types[256] = "", mode[32] = "nosort";
    sscanf(record->head, "query %255s %31s", types, mode);
    if (!run_all(db, record->sql, &answer)) {
        const depot_error *error = depot_last_error(db);
        snprintf(problem, sizeof problem, "%s (%s)", error->message, error->sqlstate);
        note(script, record, "fail", problem, NULL);
        return;
    }
    bool is_mode = strcmp(mode, "rowsort") == 0 || strcmp(mode, "valuesort") == 0;
    Expectation expected = {.form = script->options->form,
                            .types = types,
                            .mode = is_mode ? mode : "nosort",
                            .is_ordered = has_order(record->sql),
                            .lines = record->expected,
                            .line_count = record->expected_count};
    Verdict verdict = answer_check(&expected, &answer, problem, sizeof problem);
    note(script, record, verdict == ANSWER_RIGHT ? "pass" : verdict == ANSWER_WRONG ? "fail" : "count", problem, &answer);
    answer_free(&answer);
}

/* -------------------------------------------------------------------------------------------------------------- records */

/* The SQL of the record whose head is line `at`; *next is the line after it (---- or blank or the end). */
static char *record_sql(Script *script, size_t at, size_t end, size_t *next) {
    char *text = NULL;
    size_t bytes = 0, i = at + 1;
    FILE *out = open_memstream(&text, &bytes);
    for (; i < end && script->lines[i][0] != 0 && strcmp(script->lines[i], "----") != 0; i++) {
        put_line(script, out, script->lines[i]);
        fputc('\n', out);
    }
    fclose(out);
    *next = i;
    return text;
}

/* The block under ----, up to a blank line. */
static void record_answer(const Script *script, Record *record, size_t *next, size_t end) {
    if (*next < end && strcmp(script->lines[*next], "----") == 0) {
        size_t first = ++*next;
        while (*next < end && script->lines[*next][0] != 0) {
            (*next)++;
        }
        record->expected = script->lines + first;
        record->expected_count = *next - first;
    }
}

static size_t run_record(Script *script, size_t at, size_t end, const char *skip) {
    size_t next;
    char kind[64] = "", name[64] = "";
    Record record = {.line = at, .head = script->lines[at], .sql = record_sql(script, at, end, &next)};
    record_answer(script, &record, &next, end);
    sscanf(record.head, "%*s %63s", kind);
    if (!names_connection(script, record.head, name)) {
        snprintf(name, sizeof name, "%s", script->next_connection);
    }
    script->next_connection[0] = 0;
    depot *db = skip != NULL ? NULL : connection_named(script, name);
    if (skip != NULL) {
        note(script, &record, "skip", skip, NULL);
    } else if (db == NULL) {
        note(script, &record, "fail", "the warehouse cannot be opened", NULL);
        script->stop = true;
    } else if (starts(record.head, "statement") || strcmp(kind, "error") == 0) {
        check_statement(script, db, &record, kind);
    } else {
        check_query(script, db, &record);
    }
    free(record.sql);
    return next;
}

/* ---------------------------------------------------------------------------------------------------------------- lines */

static void run_lines(Script *script, size_t at, size_t end);

static bool is_loop(const char *line) {
    return starts(line, "loop") || starts(line, "foreach") || starts(line, "concurrentloop") ||
           starts(line, "concurrentforeach");
}

static size_t loop_end(const Script *script, size_t at, size_t end) {
    unsigned depth = 1;
    for (size_t i = at + 1; i < end; i++) {
        depth += is_loop(script->lines[i]);
        depth -= starts(script->lines[i], "endloop");
        if (depth == 0) {
            return i;
        }
    }
    return end;
}

static void run_with(Script *script, const char *name, const char *value, size_t at, size_t end) {
    script->variables[script->variable_count++] = (Variable){name, value};
    run_lines(script, at, end);
    script->variable_count--;
}

/* loop VAR FROM TO, foreach VAR A B C; concurrent ones in turn. */
static size_t run_loop(Script *script, size_t at, size_t end) {
    char *copy = strdup(script->lines[at]), *rest = copy;
    bool counts = strstr(strsep(&rest, " "), "foreach") == NULL;
    const char *name = strsep(&rest, " ");
    size_t stop = loop_end(script, at, end);
    if (name == NULL || script->variable_count == VARIABLES_MAX) {
        script->stop = true;
    } else if (counts) {
        long from = 0, to = 0;
        sscanf(rest == NULL ? "" : rest, "%ld %ld", &from, &to);
        for (long i = from; i < to && !script->stop; i++) {
            char value[32];
            snprintf(value, sizeof value, "%ld", i);
            run_with(script, name, value, at + 1, stop);
        }
    } else {
        for (char *value; (value = strsep(&rest, " ")) != NULL && !script->stop;) {
            if (value[0] != 0) {
                run_with(script, name, value, at + 1, stop);
            }
        }
    }
    free(copy);
    return stop + 1;
}

/* The number of rows that the run's batches are set to have; without a setting as many as any file asks for. */
static long batch_rows(const Script *script) {
    static const char name[] = "batch_rows=";
    long rows = LONG_MAX;
    for (int i = 0; i < script->options->setting_count; i++) {
        const char *setting = script->options->settings[i];
        rows = strncmp(setting, name, sizeof name - 1) == 0 ? strtol(setting + sizeof name - 1, NULL, 10) : rows;
    }
    return rows;
}

/* "require topology 1x2" (nodes and slices per node of the run, whose default that is), "require batch_rows 7" (at least so
 * many: files of large tables would take minutes row by row), and what holds everywhere. */
static bool is_met(const Script *script, const char *line) {
    static const char *const met[] = {"no_alternative_verify",
                                      "skip_reload",
                                      "notwindows",
                                      "noforcestorage",
                                      "64bit",
                                      "vector_size",
                                      "block_size",
                                      "notmingw",
                                      "notmusl",
                                      "longdouble",
                                      "no_latest_storage",
                                      "no_vector_verification",
                                      "strinline",
                                      "no_extension_autoloading"};
    const depot_options *open = &script->options->open;
    char wanted[32] = "", value[32] = "", topology[64];
    sscanf(line, "require %31s %31s", wanted, value);
    snprintf(topology, sizeof topology, "%ux%u", open->nodes == 0 ? 1 : open->nodes, open->slices == 0 ? 2 : open->slices);
    for (size_t i = 0; i < sizeof met / sizeof *met; i++) {
        if (strcmp(wanted, met[i]) == 0) {
            return true;
        }
    }
    if (strcmp(wanted, "batch_rows") == 0) {
        return batch_rows(script) >= strtol(value, NULL, 10);
    }
    return strcmp(wanted, "topology") == 0 && strcmp(value, topology) == 0;
}

/* Depot answers to its own name and, in other engines' files, to PostgreSQL's. */
static bool means_us(const Script *script, const char *line) {
    char name[32] = "";
    sscanf(line, "%*s %31s", name);
    return strcmp(name, "depot") == 0 || (script->options->form != FORM_DEPOT && strcmp(name, "postgresql") == 0);
}

/* A line that only changes how the next are read. */
static void run_command(Script *script, const char *line) {
    if (starts(line, "halt")) {
        script->stop = true;
    } else if (starts(line, "require") && !is_met(script, line)) {
        script->stop = true;
        note(script, &(Record){.head = line, .sql = ""}, "skip", line, NULL);
    } else if (starts(line, "connection")) {
        sscanf(line, "connection %63s", script->next_connection);
    } else if (starts(line, "restart") || starts(line, "reconnect")) {
        close_connections(script);
    } else if (starts(line, "load")) {
        load_warehouse(script, line);
    }
}

static void run_lines(Script *script, size_t at, size_t end) {
    const char *skip_next = NULL, *skip_all = NULL;
    while (at < end && !script->stop) {
        const char *line = script->lines[at];
        if (starts(line, "statement") || starts(line, "query")) {
            at = run_record(script, at, end, skip_next != NULL ? skip_next : skip_all);
            skip_next = NULL;
            continue;
        }
        if (is_loop(line)) {
            at = run_loop(script, at, end);
            continue;
        }
        if (starts(line, "mode")) {
            skip_all = strstr(line, "unskip") == NULL && strstr(line, "skip") != NULL ? line : NULL;
        } else if (starts(line, "skipif") ? means_us(script, line) : starts(line, "onlyif") && !means_us(script, line)) {
            skip_next = line;
        } else if (skip_next == NULL) {
            run_command(script, line);
        }
        at++;
    }
}

ScriptResult script_run(const ScriptOptions *options, const char *path, FILE *report) {
    Script script = {.options = options, .path = path, .report = report};
    if (!read_lines(&script)) {
        fprintf(report, "%s: cannot be read\n", path);
        script.result.failed++;
    } else {
        choose_warehouse(&script);
        run_lines(&script, 0, script.count);
    }
    close_connections(&script);
    if (script.folder[0] != 0) {
        nftw(script.folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    }
    free(script.text);
    free(script.lines);
    return script.result;
}
