/* A person at a terminal: libedit for line editing, completion and history, one prompt per statement, another while it goes on.
 * A whole statement is one entry of the history. Ctrl-C throws the line away, Ctrl-D leaves. */
#include "tools/shell/complete.h"

#include <editline/readline.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_ENTRIES 1000

static sigjmp_buf prompt_again;
static volatile sig_atomic_t is_reading;

static void on_interrupt_at_prompt(int signal_number) {
    (void)signal_number;
    if (is_reading) {
        siglongjmp(prompt_again, 1);
    }
}

static void history_path(char *path, size_t bytes) {
    const char *home = getenv("HOME");
    snprintf(path, bytes, "%s/.depot_history", home == NULL ? "." : home);
}

/* Line ends become blanks: an entry is one line that can be edited. */
static void remember(const char *statement) {
    char *line = strdup(statement);
    if (line == NULL) {
        return;
    }
    for (char *c = line; *c != 0; c++) {
        *c = *c == '\n' ? ' ' : *c;
    }
    add_history(line);
    free(line);
}

static char *read_line(const char *prompt) {
    struct sigaction at_prompt = {.sa_handler = on_interrupt_at_prompt}, before;
    sigemptyset(&at_prompt.sa_mask);
    sigaction(SIGINT, &at_prompt, &before);
    is_reading = 1;
    char *line = readline(prompt);
    is_reading = 0;
    sigaction(SIGINT, &before, NULL);
    return line;
}

/* As psql's: a star inside a transaction, an exclamation mark in one that has failed. */
static const char *main_prompt(const depot *db) {
    switch (depot_transaction_state(db)) {
    case DEPOT_TRANSACTION_OPEN: return "depot*> ";
    case DEPOT_TRANSACTION_FAILED: return "depot!> ";
    case DEPOT_TRANSACTION_NONE: break;
    }
    return "depot> ";
}

/* Adds a line to the statement; NULL without memory. */
static char *append_line(char *statement, const char *line) {
    size_t bytes = statement == NULL ? 0 : strlen(statement);
    char *grown = realloc(statement, bytes + strlen(line) + 2);
    if (grown == NULL) {
        free(statement);
        return NULL;
    }
    strcpy(grown + bytes, line);
    strcat(grown, "\n");
    return grown;
}

void shell_run_interactive(Shell *shell) {
    char path[4096];
    char *volatile statement = NULL;
    history_path(path, sizeof path);
    using_history();
    stifle_history(HISTORY_ENTRIES);
    read_history(path);
    complete_from(shell);
    shell->keep_going = true;
    if (sigsetjmp(prompt_again, 1) != 0) {
        is_reading = 0;
        free(statement);
        statement = NULL;
        shell_watch_interrupts(shell);
        fputc('\n', stderr);
    }
    while (!shell->quit) {
        char *line = read_line(statement == NULL ? main_prompt(shell->db) : "   ... ");
        if (line == NULL) {
            break;
        }
        if (statement != NULL && query_is_interrupted(statement, line)) {
            shell_run_text(shell, line, strlen(line));
            free(line);
            continue;
        }
        statement = append_line(statement, line);
        free(line);
        if (statement == NULL) {
            break;
        }
        size_t end;
        bool is_command = statement[strspn(statement, " \t\n")] == '\\';
        bool is_blank = statement[strspn(statement, " \t\n;")] == 0;
        if (is_blank || is_command || query_is_complete(statement, strlen(statement), &end)) {
            if (!is_blank) {
                remember(statement);
                shell_run_text(shell, statement, strlen(statement));
            }
            free(statement);
            statement = NULL;
        }
    }
    free(statement);
    write_history(path);
    fputc('\n', stderr);
}
