/* \g, \gx and \gset behind a query: they end it as a semicolon does, and say what becomes of its rows. */
#ifndef DEPOT_TOOLS_SHELL_QUERY_COMMAND_H
#define DEPOT_TOOLS_SHELL_QUERY_COMMAND_H

#include "engine/depot.h"
#include "tools/shell/variables.h"

#include <stdbool.h>

typedef enum QueryUse { USE_SHOW, USE_EXPAND, USE_STORE } QueryUse;

typedef struct QueryCommand {
    QueryUse use;
    char prefix[64]; /* of the variables that \gset sets */
    size_t at, end;  /* where it stands in the text: from its backslash to the end of its line */
} QueryCommand;

/* The first one in the text that stands behind a query, outside of quotes and comments. */
bool query_command_find(const char *text, size_t bytes, QueryCommand *command);
/* Does the text hold a statement that ends, by a semicolon or by such a command? *end is where. */
bool query_is_complete(const char *text, size_t bytes, size_t *end);
/* Is the line, typed behind an unfinished statement, a backslash command of its own? Not within quotes, and not \g and its kin,
 * which end the statement. */
bool query_is_interrupted(const char *unfinished, const char *line);
/* Runs the statement; the columns of its only row become variables. False if it failed: *why is NULL if the connection has the
 * error. */
bool query_store(depot_statement *statement, const char *prefix, ShellVariable **variables, const char **why);

#endif
