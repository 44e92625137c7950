/* depot check WAREHOUSE and depot inspect FILE: what the table functions depot_check() and depot_blocks('file') give. */
#include "tools/tools.h"

#include <stdio.h>
#include <string.h>

/* Prints the statement's rows under a header, tab between columns; returns their number or -1. */
static long print_rows(depot_statement *statement, depot *db) {
    depot_code code;
    long rows = 0;
    uint32_t columns = depot_column_count(statement);
    while ((code = depot_step(statement)) == DEPOT_ROW) {
        for (uint32_t i = 0; rows == 0 && i < columns; i++) {
            printf("%s%s", depot_column_name(statement, i), i + 1 < columns ? "\t" : "\n");
        }
        for (uint32_t i = 0; i < columns; i++) {
            const char *text = depot_column_text(statement, i);
            printf("%s%s", i > 0 ? "\t" : "", text == NULL ? "" : text);
        }
        printf("\n");
        rows++;
    }
    if (code != DEPOT_DONE) {
        print_error(depot_last_error(db));
        return -1;
    }
    return rows;
}

static long run_and_print(const char *path, const char *sql, const char *argument, int *status) {
    depot *db;
    depot_error error;
    depot_options options = {.read_only = 1};
    depot_statement *statement = NULL;
    long rows = -1;
    if (depot_open(path, path == NULL ? NULL : &options, &db, &error) != DEPOT_OK) {
        print_error(&error);
        *status = strcmp(error.sqlstate, "XX001") == 0 ? EXIT_FAILED : EXIT_CANNOT_OPEN; /* damage is what one looks for */
        return -1;
    }
    depot_code code = depot_prepare(db, sql, -1, &statement, NULL);
    if (code == DEPOT_OK && argument != NULL) {
        code = depot_bind_text(statement, 1, argument, -1);
    }
    if (code == DEPOT_OK && depot_column_count(statement) > 0) {
        rows = print_rows(statement, db);
    } else {
        print_error(depot_last_error(db));
    }
    *status = rows < 0 ? EXIT_FAILED : EXIT_DONE;
    depot_finalize(statement);
    depot_close(db);
    return rows;
}

int tool_check(int argc, char **argv) {
    int status;
    if (argc != 2 || argv[1][0] == '-') {
        fputs("usage: depot check WAREHOUSE\nverifies every checksum and invariant; exit status 1 if anything is wrong\n",
              asks_for_help(argc, argv) ? stdout : stderr);
        return asks_for_help(argc, argv) ? EXIT_DONE : EXIT_USAGE;
    }
    long problems = run_and_print(argv[1], "SELECT * FROM depot_check()", NULL, &status);
    if (problems == 0) {
        printf("no problem found\n");
    }
    return problems > 0 ? EXIT_FAILED : status;
}

int tool_inspect(int argc, char **argv) {
    int status;
    if (argc != 2 || argv[1][0] == '-') {
        fputs("usage: depot inspect FILE\nshows a column file, a packed segment or a manifest, block by block\n",
              asks_for_help(argc, argv) ? stdout : stderr);
        return asks_for_help(argc, argv) ? EXIT_DONE : EXIT_USAGE;
    }
    run_and_print(NULL, "SELECT * FROM depot_blocks($1)", argv[1], &status);
    return status;
}
