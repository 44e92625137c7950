/* A backslash outside of quotes is never SQL: what stands before it is a statement if a semicolon there would end one. */
#include "tools/shell/query_command.h"

#include <stdlib.h>
#include <string.h>

/* Would the text be a statement, ended here? */
static bool is_statement(const char *text, size_t bytes) {
    size_t end = 0;
    char *ended = malloc(bytes + 3);
    if (ended == NULL) {
        return false;
    }
    memcpy(ended, text, bytes);
    memcpy(ended + bytes, "\n;", 3);
    bool is_whole = depot_complete(ended, bytes + 2, &end) && end == bytes + 2 && strspn(ended, " \t\r\n;") < bytes + 2;
    free(ended);
    return is_whole;
}

/* "\gset prefix" from its backslash on. */
static bool read_command(const char *text, size_t bytes, QueryCommand *command) {
    static const struct {
        const char *name;
        QueryUse use;
    } names[] = {{"\\gset", USE_STORE}, {"\\gx", USE_EXPAND}, {"\\g", USE_SHOW}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t length = strlen(names[i].name);
        bool is_it = bytes >= length && memcmp(text, names[i].name, length) == 0 &&
                     (bytes == length || strchr(" \t\r\n;", text[length]) != NULL);
        if (is_it) {
            const char *line_end = memchr(text, '\n', bytes);
            size_t line = line_end == NULL ? bytes : (size_t)(line_end - text), from = length;
            while (from < line && (text[from] == ' ' || text[from] == '\t')) {
                from++;
            }
            size_t word = 0;
            while (from + word < line && strchr(" \t\r;", text[from + word]) == NULL && word + 1 < sizeof command->prefix) {
                word++;
            }
            memcpy(command->prefix, text + from, word);
            command->prefix[word] = 0;
            command->use = names[i].use;
            command->end = line;
            return true;
        }
    }
    return false;
}

bool query_command_find(const char *text, size_t bytes, QueryCommand *command) {
    for (size_t at = 0; at < bytes; at++) {
        const char *found = memchr(text + at, '\\', bytes - at);
        if (found == NULL) {
            return false;
        }
        at = (size_t)(found - text);
        *command = (QueryCommand){0};
        if (read_command(found, bytes - at, command) && is_statement(text, at)) {
            command->at = at;
            command->end += at;
            return true;
        }
    }
    return false;
}

bool query_is_complete(const char *text, size_t bytes, size_t *end) {
    QueryCommand command;
    if (depot_complete(text, bytes, end)) {
        return true;
    }
    bool is_taken = query_command_find(text, bytes, &command);
    *end = is_taken ? command.end : bytes;
    return is_taken;
}

bool query_is_interrupted(const char *unfinished, const char *line) {
    QueryCommand ending;
    line += strspn(line, " \t");
    return *line == '\\' && !read_command(line, strlen(line), &ending) && is_statement(unfinished, strlen(unfinished));
}

bool query_store(depot_statement *statement, const char *prefix, ShellVariable **variables, const char **why) {
    *why = NULL;
    depot_code code = depot_step(statement);
    if (code == DEPOT_DONE) {
        *why = "no rows returned for \\gset";
    }
    if (code != DEPOT_ROW) {
        return false;
    }
    uint32_t columns = depot_column_count(statement);
    char **values = calloc(columns + 1, sizeof *values);
    for (uint32_t i = 0; i < columns && values != NULL; i++) {
        const char *text = depot_column_text(statement, i);
        values[i] = text == NULL ? NULL : strdup(text);
    }
    code = depot_step(statement);
    if (code == DEPOT_ROW) {
        *why = "more than one row returned for \\gset";
    }
    for (uint32_t i = 0; i < columns && values != NULL; i++) {
        char name[256];
        snprintf(name, sizeof name, "%s%s", prefix, depot_column_name(statement, i));
        if (code == DEPOT_DONE && values[i] != NULL) {
            variable_set(variables, name, values[i]);
        } else if (code == DEPOT_DONE) {
            variable_unset(variables, name);
        }
        free(values[i]);
    }
    free(values);
    return code == DEPOT_DONE;
}
