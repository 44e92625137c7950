/* The shell's variables and what they stand for in statements. */
#ifndef DEPOT_TOOLS_SHELL_VARIABLES_H
#define DEPOT_TOOLS_SHELL_VARIABLES_H

#include <stddef.h>
#include <stdio.h>

typedef struct ShellVariable ShellVariable;

void variable_set(ShellVariable **list, const char *name, const char *value);
void variable_unset(ShellVariable **list, const char *name);
void variables_print(ShellVariable *list, FILE *out);
void variables_free(ShellVariable **list);
/* The text with variables replaced: the caller's to free; NULL if there was nothing to replace. */
char *variables_replace(ShellVariable *list, const char *text, size_t bytes);

#endif
