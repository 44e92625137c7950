/* The shell's options, and how statements run. The contract of exit statuses and streams: results to standard output, all else
 * to standard error; everything a statement writes is out before the next is read. */
#include "tools/shell/shell.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char shell_usage[] =
    "usage: depot [WAREHOUSE] [-c SQL]... [-f FILE]... [options]\n"
    "  -c, --command SQL   run statements and leave      -f, --file FILE   the same from a file\n"
    "  --format NAME       box csv tsv json jsonl markdown html vertical line insert\n"
    "  --no-header --null TEXT --timing --echo --set NAME=VALUE --read-only --keep-going\n"
    "  --nodes N --slices M   topology of a warehouse that is created\n"
    "Without -c and -f statements are read from standard input. WAREHOUSE defaults to one in memory (:memory:).\n";

/* ---------------------------------------------------------------------------------------------------------- interrupts */

static depot *volatile interrupt_target;
static volatile sig_atomic_t statement_is_running;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    if (statement_is_running && interrupt_target != NULL) {
        depot_cancel(interrupt_target);
    }
}

void shell_watch_interrupts(Shell *shell) {
    interrupt_target = shell->db;
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

static void shell_set_running(bool running) {
    statement_is_running = running;
}

/* ----------------------------------------------------------------------------------------------------------- statements */

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void report_end(Shell *shell, double milliseconds) {
    print_notices(shell->db);
    if (shell->timing) {
        fprintf(stderr, "Time: %.3f ms\n", milliseconds);
    }
    fflush(shell->out);
    fflush(stderr);
}

/* Aligned formats tell that a statement without rows has run; the others print nothing. */
static void report_tag(Shell *shell, depot_statement *statement) {
    if (shell->format != &box_format || depot_column_count(statement) > 0 || shell->streams.has_written) {
        return;
    }
    const char *tag = depot_statement_tag(statement);
    fprintf(shell->out, "%s", tag);
    static const char *const counted[] = {"INSERT", "DELETE", "UPDATE", "MERGE", "COPY", "CREATE TABLE AS"};
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++) {
        if (strcmp(tag, counted[i]) == 0) {
            fprintf(shell->out, " %llu", (unsigned long long)depot_rows(statement));
        }
    }
    fprintf(shell->out, "\n");
}

static bool is_plan(depot_statement *statement) {
    return strcmp(depot_statement_tag(statement), "EXPLAIN") == 0;
}

/* A plan is read by people: its lines stand alone where a table of one column would frame them. */
static bool run_plan_lines(Shell *shell, depot_statement *statement) {
    depot_code code;
    while ((code = depot_step(statement)) == DEPOT_ROW) {
        const char *line = depot_column_text(statement, 0);
        fprintf(shell->out, "%s\n", line == NULL ? "" : line);
    }
    return code == DEPOT_DONE;
}

static bool store_row(Shell *shell, depot_statement *statement) {
    const char *why;
    bool ok = query_store(statement, shell->query.prefix, &shell->variables, &why);
    if (why != NULL) {
        fprintf(stderr, "%s\n", why);
        shell->status = EXIT_FAILED;
    }
    return ok || why != NULL;
}

static bool run_prepared(Shell *shell, depot_statement *statement) {
    if (shell->query.use == USE_STORE) {
        return store_row(shell, statement);
    }
    bool is_expanded = shell->expanded || shell->query.use == USE_EXPAND;
    const RenderFormat *format = is_expanded && shell->format == &box_format ? &vertical_format : shell->format;
    if (format == &box_format && is_plan(statement)) {
        return run_plan_lines(shell, statement);
    }
    return render_statement(format, &shell->render, statement, shell->out) == 0;
}

/* The first statement of the text; *tail is what follows. */
static bool run_first(Shell *shell, const char *text, size_t bytes, const char **tail) {
    depot_statement *statement;
    double started = now_ms();
    shell_set_running(true);
    bool ok = depot_prepare(shell->db, text, (int64_t)bytes, &statement, tail) == DEPOT_OK;
    bool ran = statement != NULL || !ok;
    if (shell->echo && ran) {
        fprintf(shell->out, "%.*s\n", (int)(*tail - text), text);
    }
    copy_streams_begin(&shell->streams, shell->in == NULL ? stdin : shell->in, shell->out);
    if (statement != NULL) {
        ok = run_prepared(shell, statement);
    }
    copy_streams_end(&shell->streams);
    shell_set_running(false);
    if (!ok) {
        fflush(shell->out);
        print_notices(shell->db);
        print_error(depot_last_error(shell->db));
        shell->status = EXIT_FAILED;
    } else if (statement != NULL) {
        report_tag(shell, statement);
    }
    double milliseconds = ok && statement != NULL ? depot_milliseconds(statement) : now_ms() - started;
    depot_finalize(statement);
    if (ran) {
        report_end(shell, milliseconds);
    }
    return ok || shell->keep_going;
}

/* The same with variables replaced in the first statement. */
static bool run_replaced(Shell *shell, const char *text, size_t bytes, const char **tail) {
    size_t end;
    if (shell->variables == NULL) {
        return run_first(shell, text, bytes, tail);
    }
    (void)depot_complete(text, bytes, &end);
    char *replaced = variables_replace(shell->variables, text, end);
    if (replaced == NULL) {
        return run_first(shell, text, bytes, tail);
    }
    bool ok = true;
    const char *at = replaced, *stop = replaced + strlen(replaced);
    while (ok && at < stop && !shell->quit) { /* a value may hold several statements */
        ok = run_first(shell, at, (size_t)(stop - at), &at);
    }
    free(replaced);
    *tail = text + end;
    return ok;
}

/* Blanks, and lines of comment: a backslash command may follow. */
static const char *skip_blank(const char *at, const char *end) {
    while (at < end) {
        bool is_comment = end - at >= 2 && at[0] == '-' && at[1] == '-';
        const char *line_end = is_comment ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        if (is_comment) {
            at = line_end == NULL ? end : line_end;
        } else if (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r' || *at == ';') {
            at++;
        } else {
            break;
        }
    }
    return at;
}

/* The same, ended by a semicolon or by a command that takes its rows. */
static bool run_statement(Shell *shell, const char *text, size_t bytes, const char **tail) {
    size_t end = bytes;
    (void)depot_complete(text, bytes, &end);
    end = end < bytes ? end : bytes;
    if (!query_command_find(text, end, &shell->query)) {
        shell->query = (QueryCommand){0};
        return run_replaced(shell, text, bytes, tail);
    }
    size_t command_end = shell->query.end;
    const char *ignored;
    bool ok = run_replaced(shell, text, shell->query.at, &ignored);
    shell->query = (QueryCommand){0};
    *tail = text + command_end;
    return ok;
}

bool shell_run_text(Shell *shell, const char *text, size_t bytes) {
    const char *end = text + bytes;
    for (const char *at = skip_blank(text, end); at < end && !shell->quit; at = skip_blank(at, end)) {
        if (*at == '\\') {
            const char *line_end = memchr(at, '\n', (size_t)(end - at));
            size_t line_bytes = line_end == NULL ? (size_t)(end - at) : (size_t)(line_end - at);
            bool ok = shell_run_command(shell, at, line_bytes);
            if (!ok) {
                shell->status = EXIT_FAILED;
            }
            if (!ok && !shell->keep_going) {
                return false;
            }
            at += line_bytes;
        } else if (!run_statement(shell, at, (size_t)(end - at), &at)) {
            return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------------------------------------------------------- input */

typedef struct Buffer {
    char *text;
    size_t bytes, capacity;
} Buffer;

static bool buffer_append(Buffer *buffer, const char *text, size_t bytes) {
    if (buffer->bytes + bytes + 1 > buffer->capacity) {
        size_t capacity = 2 * (buffer->bytes + bytes) + 1024;
        char *grown = realloc(buffer->text, capacity);
        if (grown == NULL) {
            return false;
        }
        buffer->text = grown;
        buffer->capacity = capacity;
    }
    memcpy(buffer->text + buffer->bytes, text, bytes);
    buffer->bytes += bytes;
    buffer->text[buffer->bytes] = 0;
    return true;
}

/* Runs what is complete in the buffer and keeps the rest. */
static bool run_complete(Shell *shell, Buffer *buffer) {
    const char *at = buffer->text, *end = buffer->text + buffer->bytes;
    bool ok = true;
    while (ok && !shell->quit) {
        at = skip_blank(at, end);
        size_t length = (size_t)(end - at);
        if (at < end && *at == '\\') {
            const char *line_end = memchr(at, '\n', length);
            length = line_end == NULL ? length : (size_t)(line_end - at);
        } else if (at == end || !query_is_complete(at, length, &length)) {
            break;
        }
        ok = shell_run_text(shell, at, length);
        at += length;
    }
    size_t left = (size_t)(end - at);
    memmove(buffer->text, at, left);
    buffer->bytes = left;
    return ok;
}

/* Statement by statement from a stream, as lines come in. */
static bool shell_run_stream(Shell *shell, FILE *in) {
    Buffer buffer = {0};
    char *line = NULL;
    size_t capacity = 0;
    ssize_t bytes;
    bool ok = true;
    FILE *around = shell->in;
    shell->in = in;
    while (ok && !shell->quit && (bytes = getline(&line, &capacity, in)) >= 0) {
        /* Only these end what is not ended yet; a statement of many lines would else be read again with each of them. */
        bool may_end = memchr(line, ';', (size_t)bytes) != NULL || memchr(line, '\\', (size_t)bytes) != NULL;
        ok = buffer_append(&buffer, line, (size_t)bytes) && (!may_end || run_complete(shell, &buffer));
    }
    if (ok && !shell->quit && buffer.bytes > 0) {
        ok = shell_run_text(shell, buffer.text, buffer.bytes); /* the last one may lack its semicolon */
    }
    shell->in = around;
    free(buffer.text);
    free(line);
    return ok;
}

bool shell_run_file(Shell *shell, const char *path) {
    if (strcmp(path, "-") == 0) {
        return shell_run_stream(shell, stdin);
    }
    FILE *file = fopen(path, "r");
    bool ok = file != NULL && shell_run_stream(shell, file);
    if (file == NULL || ferror(file)) { /* a folder can be opened, but not read */
        fprintf(stderr, "cannot read %s: %s\n", path, strerror(errno));
        shell->status = EXIT_FAILED;
        ok = false;
    }
    if (file != NULL) {
        fclose(file);
    }
    return ok;
}

/* -------------------------------------------------------------------------------------------------------------- options */

typedef struct Arguments {
    const char *path;
    const char *banner;
    depot_options open;
    int source_count;
    struct {
        char kind; /* c or f */
        const char *value;
    } sources[256];
    int setting_count;
    const char *settings[64];
} Arguments;

static bool parse_count(const char *value, uint32_t *count) {
    char *end;
    unsigned long number = strtoul(value, &end, 10);
    *count = (uint32_t)number;
    return end != value && *end == 0 && number >= 1 && number <= 1024;
}

static bool parse_flag(Shell *shell, Arguments *arguments, const char *name) {
    if (strcmp(name, "--no-header") == 0) {
        shell->render.header = false;
    } else if (strcmp(name, "--timing") == 0) {
        shell->timing = true;
    } else if (strcmp(name, "--echo") == 0) {
        shell->echo = true;
    } else if (strcmp(name, "--keep-going") == 0) {
        shell->keep_going = true;
    } else if (strcmp(name, "--read-only") == 0) {
        arguments->open.read_only = 1;
    } else {
        return false;
    }
    return true;
}

static bool parse_valued(Shell *shell, Arguments *arguments, const char *name, const char *value) {
    bool is_command = strcmp(name, "-c") == 0 || strcmp(name, "--command") == 0;
    if (is_command || strcmp(name, "-f") == 0 || strcmp(name, "--file") == 0) {
        if (arguments->source_count == 256) {
            return false;
        }
        arguments->sources[arguments->source_count].kind = is_command ? 'c' : 'f';
        arguments->sources[arguments->source_count++].value = value;
        return true;
    }
    if (strcmp(name, "--format") == 0) {
        shell->format = render_format_find(value);
        return shell->format != NULL;
    }
    if (strcmp(name, "--null") == 0) {
        shell->render.null_text = value;
        return true;
    }
    if (strcmp(name, "--set") == 0) {
        bool ok = arguments->setting_count < 64 && strchr(value, '=') != NULL;
        arguments->settings[arguments->setting_count] = value;
        arguments->setting_count += ok;
        return ok;
    }
    if (strcmp(name, "--banner") == 0) {
        arguments->banner = value;
        return true;
    }
    if (strcmp(name, "--nodes") == 0) {
        return parse_count(value, &arguments->open.nodes);
    }
    return strcmp(name, "--slices") == 0 && parse_count(value, &arguments->open.slices);
}

/* --name=value as two words. */
static bool parse_assigned(Shell *shell, Arguments *arguments, const char *argument) {
    char name[32];
    const char *equals = strchr(argument, '=');
    if (equals == NULL || (size_t)(equals - argument) >= sizeof name || argument[1] != '-') {
        return false;
    }
    memcpy(name, argument, (size_t)(equals - argument));
    name[equals - argument] = 0;
    return parse_valued(shell, arguments, name, equals + 1);
}

static bool parse_arguments(Shell *shell, int argc, char **argv, Arguments *arguments) {
    for (int i = 1; i < argc; i++) {
        bool ok = true;
        if (argv[i][0] != '-') {
            ok = arguments->path == NULL;
            arguments->path = argv[i];
        } else if (parse_flag(shell, arguments, argv[i]) || parse_assigned(shell, arguments, argv[i])) {
            continue;
        } else {
            ok = i + 1 < argc && parse_valued(shell, arguments, argv[i], argv[i + 1]);
            i++;
        }
        if (!ok) {
            fprintf(stderr, "depot: wrong argument \"%s\"\n%s", argv[i < argc ? i : argc - 1], shell_usage);
            return false;
        }
    }
    return true;
}

static bool apply_settings(Shell *shell, const Arguments *arguments) {
    for (int i = 0; i < arguments->setting_count; i++) {
        char name[64];
        const char *equals = strchr(arguments->settings[i], '=');
        snprintf(name, sizeof name, "%.*s", (int)(equals - arguments->settings[i]), arguments->settings[i]);
        if (depot_set(shell->db, name, equals + 1) != DEPOT_OK) {
            print_error(depot_last_error(shell->db));
            return false;
        }
    }
    return true;
}

static void print_banner(const Shell *shell, const Arguments *arguments) {
    if (arguments->banner != NULL && strcmp(arguments->banner, "sample") == 0) {
        fprintf(
            stderr,
            "Depot %s: the Star Schema Benchmark at scale 0.1, twice: tuned (lineorder, part, …) and plain (plain_lineorder, "
            "…),\n"
            "and two facts by their common key (orders, lineitem) and dealt out one by one (orders_even, lineitem_even)\n"
            "%u nodes are simulated; for speed: ALTER WAREHOUSE RESIZE NODES 1\n"
            "Try:\n"
            "  \\d lineorder\n"
            "  EXPLAIN ANALYZE SELECT sum(lo_revenue) FROM lineorder, dates WHERE lo_orderdate = d_datekey AND d_year = 1993;\n"
            "  EXPLAIN ANALYZE SELECT sum(lo_revenue) FROM plain_lineorder, plain_dates WHERE lo_orderdate = d_datekey AND "
            "d_year = 1993;\n"
            "  EXPLAIN ANALYZE SELECT sum(l_tax) FROM orders JOIN lineitem ON o_orderkey = l_orderkey;\n"
            "  EXPLAIN ANALYZE SELECT sum(l_tax) FROM orders_even JOIN lineitem_even ON o_orderkey = l_orderkey;\n",
            depot_version(), depot_nodes(shell->db));
    } else {
        fprintf(stderr, "Depot %s. \\? for help, \\q to leave.\n", depot_version());
    }
}

static void run_sources(Shell *shell, const Arguments *arguments) {
    for (int i = 0; i < arguments->source_count && !shell->quit; i++) {
        const char *value = arguments->sources[i].value;
        bool ok =
            arguments->sources[i].kind == 'c' ? shell_run_text(shell, value, strlen(value)) : shell_run_file(shell, value);
        if (!ok && !shell->keep_going) {
            return;
        }
    }
}

int tool_shell(int argc, char **argv) {
    Shell shell = {.format = &box_format, .render = {.header = true, .footer = true}, .out = stdout};
    Arguments arguments = {0};
    if (!parse_arguments(&shell, argc, argv, &arguments)) {
        return EXIT_USAGE;
    }
    depot_error error;
    if (depot_open(arguments.path, &arguments.open, &shell.db, &error) != DEPOT_OK) {
        print_error(&error);
        return EXIT_CANNOT_OPEN;
    }
    depot_streams(shell.db, copy_streams_read, copy_streams_write, &shell.streams);
    bool from_person = arguments.source_count == 0 && isatty(STDIN_FILENO);
    depot_set(shell.db, "query_log", "steps"); /* people ask svl_query_summary; what it costs per query they do not feel */
    if (!apply_settings(&shell, &arguments)) {
        shell.status = EXIT_USAGE;
    } else {
        shell_watch_interrupts(&shell);
        if (from_person && depot_was_created(shell.db)) {
            fprintf(stderr, "NOTICE:  created with %u node%s of %u slices; --nodes N --slices M change that\n",
                    depot_nodes(shell.db), depot_nodes(shell.db) == 1 ? "" : "s", depot_slices_per_node(shell.db));
        }
        if (arguments.source_count > 0) {
            run_sources(&shell, &arguments);
        } else if (from_person) {
            print_banner(&shell, &arguments);
            shell_run_interactive(&shell);
        } else {
            shell_run_stream(&shell, stdin);
        }
    }
    interrupt_target = NULL;
    variables_free(&shell.variables);
    depot_close(shell.db);
    return shell.status;
}
