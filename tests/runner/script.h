/* One test file: its records run on a warehouse of its own. */
#ifndef DEPOT_TESTS_RUNNER_SCRIPT_H
#define DEPOT_TESTS_RUNNER_SCRIPT_H

#include "tests/runner/answer.h"

#include <stdio.h>

typedef struct ScriptOptions {
    depot_options open;
    const char *settings[64]; /* NAME=VALUE */
    int setting_count;
    Form form;
    FILE *log; /* or NULL: a line per record, see script.c */
} ScriptOptions;

typedef struct ScriptResult {
    unsigned passed, failed, skipped;
} ScriptResult;

/* Failures are described in `report`. */
ScriptResult script_run(const ScriptOptions *options, const char *path, FILE *report);

#endif
