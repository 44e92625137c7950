/* Behind a backslash the shell's commands; behind SET, SHOW and RESET settings; behind a point columns and relations; behind a
 * quote and \i files; else names of the warehouse, functions and keywords. What the warehouse has is asked for when Tab is
 * pressed. */
#include "tools/shell/complete.h"

#include <ctype.h>
#include <editline/readline.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static Shell *asked; /* libedit hands no argument on */

/* Candidates of one Tab, each a copy. */
static struct {
    char **items;
    size_t count, capacity, taken;
} words;

static void add_word(const char *before, size_t before_bytes, const char *name) {
    if (words.count == words.capacity) {
        size_t capacity = words.capacity * 2 + 64;
        char **grown = realloc(words.items, capacity * sizeof *grown);
        if (grown == NULL) {
            return; /* fewer are offered */
        }
        words.items = grown;
        words.capacity = capacity;
    }
    char *word = malloc(before_bytes + strlen(name) + 1);
    if (word != NULL) {
        memcpy(word, before, before_bytes);
        strcpy(word + before_bytes, name);
        words.items[words.count++] = word;
    }
}

static bool begins_with(const char *name, const char *letters) {
    return strncmp(name, letters, strlen(letters)) == 0;
}

/* The first column of a statement's rows. Nothing is asked in a transaction that has failed. */
static void add_rows(const char *sql, const char *before, size_t before_bytes, const char *letters) {
    depot_statement *statement = NULL;
    if (depot_transaction_state(asked->db) == DEPOT_TRANSACTION_FAILED ||
        depot_prepare(asked->db, sql, -1, &statement, NULL) != DEPOT_OK) {
        return;
    }
    while (depot_step(statement) == DEPOT_ROW) {
        const char *name = depot_column_text(statement, 0);
        if (name != NULL && begins_with(name, letters) && (isalpha((unsigned char)name[0]) || name[0] == '_')) {
            add_word(before, before_bytes, name);
        }
    }
    depot_finalize(statement);
}

/* As the letters are typed: SEL becomes SELECT, sel select. */
static void add_keywords(const char *letters) {
    const char *keyword;
    bool is_upper = isupper((unsigned char)letters[0]) != 0;
    for (uint32_t i = 0; (keyword = depot_keyword(i)) != NULL; i++) {
        char text[64];
        size_t bytes = strlen(keyword);
        if (bytes < sizeof text && strncasecmp(keyword, letters, strlen(letters)) == 0) {
            for (size_t k = 0; k <= bytes; k++) {
                text[k] = is_upper ? (char)toupper((unsigned char)keyword[k]) : keyword[k];
            }
            add_word("", 0, text);
        }
    }
}

static void add_names(const char *text) {
    static const char names[] = "SELECT table_name FROM information_schema.tables UNION "
                                "SELECT column_name FROM information_schema.columns UNION "
                                "SELECT nspname FROM pg_namespace";
    const char *point = strrchr(text, '.');
    size_t before = point == NULL ? 0 : (size_t)(point - text) + 1;
    add_rows(names, text, before, text + before);
    if (point == NULL && text[0] != 0) {
        add_rows("SHOW FUNCTIONS", "", 0, text);
        add_keywords(text);
    }
}

static bool follows(const char *line, size_t start, const char *word) {
    size_t bytes = strlen(word), end = start;
    while (end > 0 && isspace((unsigned char)line[end - 1])) {
        end--;
    }
    return end < start && end >= bytes && strncasecmp(line + end - bytes, word, bytes) == 0 &&
           (end == bytes || isspace((unsigned char)line[end - bytes - 1]));
}

static int compare_words(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In order, each once: overloaded functions have a row each, and columns of several tables one name. */
static void sort_words(void) {
    size_t kept = 0;
    if (words.count > 0) {
        qsort(words.items, words.count, sizeof *words.items, compare_words);
    }
    for (size_t i = 0; i < words.count; i++) {
        if (kept > 0 && strcmp(words.items[kept - 1], words.items[i]) == 0) {
            free(words.items[i]);
        } else {
            words.items[kept++] = words.items[i];
        }
    }
    words.count = kept;
}

/* libedit frees what it is given. */
static char *next_word(const char *text, int state) {
    (void)text;
    words.taken = state == 0 ? 0 : words.taken;
    return words.taken < words.count ? words.items[words.taken++] : NULL;
}

static char **complete(const char *text, int start, int end) {
    (void)end;
    const char *line = rl_line_buffer;
    size_t at = (size_t)start;
    if ((at > 0 && line[at - 1] == '\'') || follows(line, at, "\\i")) {
        return NULL; /* files: libedit's own */
    }
    rl_attempted_completion_over = 1;
    words.count = 0;
    if (at > 0 && line[at - 1] == '\\') {
        const char *name;
        for (uint32_t i = 0; (name = shell_command_name(i)) != NULL; i++) {
            if (begins_with(name, text)) {
                add_word("", 0, name);
            }
        }
    } else if (follows(line, at, "SET") || follows(line, at, "SHOW") || follows(line, at, "RESET")) {
        add_rows("SHOW ALL", "", 0, text);
    } else {
        add_names(text);
    }
    sort_words();
    return words.count == 0 ? NULL : rl_completion_matches(text, next_word);
}

void complete_from(Shell *shell) {
    asked = shell;
    rl_attempted_completion_function = complete;
    rl_completion_append_character = ' ';
}
