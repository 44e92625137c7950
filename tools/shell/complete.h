/* Tab at the prompt: what could stand where the cursor is, by the letters before it. */
#ifndef DEPOT_TOOLS_SHELL_COMPLETE_H
#define DEPOT_TOOLS_SHELL_COMPLETE_H

#include "tools/shell/shell.h"

/* For the lines that are read from now on. The shell is borrowed. */
void complete_from(Shell *shell);

#endif
