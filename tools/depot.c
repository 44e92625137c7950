/* The program: a table of subcommands; without one it is the shell. */
#include "tools/tools.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} subcommands[] = {
    {"gen", tool_gen, "make a built-in data set"},
    {"check", tool_check, "verify every checksum and invariant of a warehouse"},
    {"inspect", tool_inspect, "show a column file or manifest, block by block"},
    {"test", tool_test, "run SQL test files"},
    {"bench", tool_bench, "time the benchmark against DuckDB"},
};

static int print_help(void) {
    fputs(shell_usage, stdout);
    printf("\nother uses (depot COMMAND --help tells more):\n");
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
        printf("  depot %-8s %s\n", subcommands[i].name, subcommands[i].help);
    }
    printf("  depot --version\n");
    return EXIT_DONE;
}

int main(int argc, char **argv) {
    signal(SIGXFSZ, SIG_IGN); /* a write past the limit then fails as on a full disk, and the statement says so */
    if (asks_for_help(argc, argv)) {
        return print_help();
    }
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        printf("depot %s\n", depot_version());
        return EXIT_DONE;
    }
    for (size_t i = 0; argc > 1 && i < sizeof subcommands / sizeof *subcommands; i++) {
        if (strcmp(argv[1], subcommands[i].name) == 0) {
            return subcommands[i].run(argc - 1, argv + 1);
        }
    }
    return tool_shell(argc, argv);
}
