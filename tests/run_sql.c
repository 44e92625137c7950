/* depot test PATH…: runs SQL test files (sqllogictest, in our own, SQLite's, DuckDB's and sqllogictest-rs' spelling), each on a
 * fresh warehouse, several files at once. What a file may hold: runner/script.c. */
#include "tests/runner/script.h"
#include "tools/tools.h"

#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: depot test [--set NAME=VALUE]... [--nodes N] [--slices M] [-j N] [-v] [--form FORM] [--log FILE] "
    "PATH...\n"
    "FORM: depot (default), sqlite, duckdb, rust. --log: a line per record.\n";

typedef struct Suite {
    ScriptOptions options;
    int jobs;
    bool verbose;
    char **paths;
    size_t path_count, path_capacity;
    pthread_mutex_t lock; /* guards the rest */
    size_t next;
    unsigned passed, failed, skipped;
} Suite;

static void run_file(Suite *suite, const char *path) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *report = open_memstream(&text, &bytes);
    ScriptResult result = script_run(&suite->options, path, report);
    fclose(report);
    pthread_mutex_lock(&suite->lock);
    suite->passed += result.passed;
    suite->failed += result.failed;
    suite->skipped += result.skipped;
    fwrite(text, 1, bytes, stdout);
    if (suite->verbose) {
        printf("%s: %u passed, %u failed, %u skipped\n", path, result.passed, result.failed, result.skipped);
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

static bool parse_form(const char *name, Form *form) {
    static const char *const names[] = {"depot", "sqlite", "duckdb", "rust"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            *form = (Form)i;
            return true;
        }
    }
    return false;
}

static bool parse_options(Suite *suite, int argc, char **argv) {
    ScriptOptions *options = &suite->options;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    suite->jobs = processors < 1 ? 1 : (int)processors;
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "-v") == 0) {
            suite->verbose = true;
        } else if (strcmp(argv[i], "--set") == 0 && has_value && strchr(argv[i + 1], '=') != NULL &&
                   options->setting_count < 64) {
            options->settings[options->setting_count++] = argv[++i];
        } else if (strcmp(argv[i], "--nodes") == 0 && has_value) {
            options->open.nodes = (uint32_t)atoi(argv[++i]);
        } else if (strcmp(argv[i], "--slices") == 0 && has_value) {
            options->open.slices = (uint32_t)atoi(argv[++i]);
        } else if (strcmp(argv[i], "--form") == 0 && has_value) {
            if (!parse_form(argv[++i], &options->form)) {
                return false;
            }
        } else if (strcmp(argv[i], "--log") == 0 && has_value) {
            options->log = fopen(argv[++i], "w");
            if (options->log == NULL) {
                fprintf(stderr, "depot test: cannot write %s\n", argv[i]);
                return false;
            }
        } else if (strcmp(argv[i], "-j") == 0 && has_value) {
            suite->jobs = atoi(argv[++i]);
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
    while (started + 1 < suite.jobs && started < 64 && pthread_create(&threads[started], NULL, suite_main, &suite) == 0) {
        started++;
    }
    suite_main(&suite);
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    if (suite.options.log != NULL) {
        fclose(suite.options.log);
    }
    printf("%zu files\n%u passed, %u failed, %u skipped\n", suite.path_count, suite.passed, suite.failed, suite.skipped);
    for (size_t i = 0; i < suite.path_count; i++) {
        free(suite.paths[i]);
    }
    free(suite.paths);
    return suite.failed > 0 || suite.passed == 0 ? EXIT_FAILED : EXIT_DONE;
}
