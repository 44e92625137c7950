/* The subcommands of the program. Each gets its own arguments (argv[0] is its name) and returns the exit status of the CLI
 * contract: 0 done, 1 a statement failed, 2 wrong usage, 3 the warehouse cannot be opened. */
#ifndef DEPOT_TOOLS_TOOLS_H
#define DEPOT_TOOLS_TOOLS_H

#include "engine/depot.h"

#include <stdbool.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CANNOT_OPEN = 3 };

int tool_shell(int argc, char **argv);
extern const char shell_usage[];
int tool_gen(int argc, char **argv);
int tool_check(int argc, char **argv);
int tool_inspect(int argc, char **argv);
int tool_bench(int argc, char **argv);
int tool_test(int argc, char **argv); /* tests/run_sql.c */

/* True if --help is the first argument: a help that was asked for goes to standard output and ends with EXIT_DONE. */
bool asks_for_help(int argc, char **argv);

/* psql's shape, on standard error: ERROR:, LINE n:, caret, HINT:. */
void print_error(const depot_error *error);
/* NOTICE: lines not yet shown, on standard error. */
void print_notices(depot *db);

#endif
