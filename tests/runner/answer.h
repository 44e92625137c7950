/* Answers of a test file: what an engine gave beside what the file expects, in the spelling of the file's form. */
#ifndef DEPOT_TESTS_RUNNER_ANSWER_H
#define DEPOT_TESTS_RUNNER_ANSWER_H

#include "engine/depot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who wrote the file. */
typedef enum Form {
    FORM_DEPOT,  /* our own: as DuckDB's, and rows separated by spaces; error messages are ours */
    FORM_SQLITE, /* a value per line; I as an integer, R with three places; checksums */
    FORM_DUCKDB, /* rows with tabs, or a value per line */
    FORM_RUST    /* sqllogictest-rs: rows separated by blanks; any types */
} Form;

typedef struct Row {
    char **cells; /* owned */
    size_t count;
} Row;

typedef struct Answer {
    Row *rows;
    size_t count, capacity;
    uint32_t columns;
} Answer;

/* Runs a prepared statement to its end; rows are added. */
depot_code answer_fetch(depot_statement *statement, Answer *answer);
void answer_free(Answer *answer);

typedef struct Expectation {
    Form form;
    const char *types, *mode; /* "IRT", "rowsort" */
    bool is_ordered;          /* the statement says in which order */
    char **lines;             /* under the ---- */
    size_t line_count;
} Expectation;

typedef enum Verdict { ANSWER_RIGHT, ANSWER_WRONG, ANSWER_COUNTED } Verdict; /* COUNTED: only the number of values is known */

/* Compares; sorts `actual`. What is wrong is written to `problem`. */
Verdict answer_check(const Expectation *expected, Answer *actual, char *problem, size_t problem_bytes);

#endif
