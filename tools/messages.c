/* Errors and notices in psql's shape, on standard error; what the subcommands share of their options. */
#include "tools/tools.h"

#include <stdio.h>
#include <string.h>

bool asks_for_help(int argc, char **argv) {
    return argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
}

void print_error(const depot_error *error) {
    fprintf(stderr, "ERROR:  %s", error->message);
    if (error->sqlstate[0] != 0) {
        fprintf(stderr, " (%s)", error->sqlstate);
    }
    fputc('\n', stderr);
    if (error->line > 0) {
        int prefix = fprintf(stderr, "LINE %u: ", error->line);
        fprintf(stderr, "%s\n%*s^\n", error->source, prefix + (int)error->caret, "");
    }
    if (error->hint[0] != 0) {
        fprintf(stderr, "HINT:  %s\n", error->hint);
    }
}

void print_notices(depot *db) {
    const char *notice;
    while ((notice = depot_next_notice(db)) != NULL) {
        bool is_warning = strncmp(notice, "WARNING:", 8) == 0;
        fprintf(stderr, "%s%s\n", is_warning ? "" : "NOTICE:  ", notice);
    }
}
