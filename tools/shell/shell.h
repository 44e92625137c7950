/* The shell: where statements come from (-c, -f, standard input, a person), and what is done with each. */
#ifndef DEPOT_TOOLS_SHELL_SHELL_H
#define DEPOT_TOOLS_SHELL_SHELL_H

#include "tools/shell/query_command.h"
#include "tools/shell/render.h"
#include "tools/shell/streams.h"
#include "tools/shell/variables.h"
#include "tools/tools.h"

typedef struct Shell {
    depot *db;
    const RenderFormat *format;
    RenderOptions render;
    FILE *out;
    FILE *in; /* where statements are read from; NULL: not from a stream */
    CopyStreams streams;
    QueryCommand query; /* what becomes of the running statement's rows */
    bool timing, cost, echo, keep_going, expanded;
    bool quit;
    int status; /* exit status so far */
    int include_depth;
    ShellVariable *variables; /* owned; \set */
} Shell;

/* Runs every statement and backslash command of a text. False if a statement failed and the rest was left. */
bool shell_run_text(Shell *shell, const char *text, size_t bytes);
bool shell_run_file(Shell *shell, const char *path); /* "-" is standard input */
/* A person at a terminal: line editing, history, prompts. */
void shell_run_interactive(Shell *shell);
/* One backslash command, without its line end. */
bool shell_run_command(Shell *shell, const char *line, size_t bytes);
/* Names of the commands, without the backslash: index 0, 1, … until NULL. */
const char *shell_command_name(uint32_t index);

/* While a statement runs, SIGINT cancels it. */
void shell_watch_interrupts(Shell *shell);

#endif
