/* The backslash commands: commands.def has the list, this file one function each. */
#include "tools/shell/shell.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool switch_flag(bool *flag, const char *argument, const char *what) {
    *flag = argument[0] == 0 ? !*flag : strcmp(argument, "on") == 0;
    fprintf(stderr, "%s is %s.\n", what, *flag ? "on" : "off");
    return true;
}

static bool run_sql(Shell *shell, const char *sql) {
    return shell_run_text(shell, sql, strlen(sql));
}

static bool run_help(Shell *shell, const char *argument);

static bool run_describe(Shell *shell, const char *argument) {
    char sql[512];
    if (argument[0] == 0) {
        return run_sql(shell, "SHOW TABLES");
    }
    snprintf(sql, sizeof sql, "DESCRIBE %s", argument);
    return run_sql(shell, sql);
}

/* What \d shows, then size and design, then what COMMENT ON said of the relation and its columns. */
static bool run_describe_more(Shell *shell, const char *argument) {
    const char *point = strrchr(argument, '.'), *name = point == NULL ? argument : point + 1;
    char sql[2048], where[512];
    if (argument[0] == 0) {
        return run_sql(shell, "SHOW TABLES");
    }
    if (strchr(name, '\'') != NULL || strlen(name) > 128) {
        fprintf(stderr, "\\d+: this is no name\n");
        return false;
    }
    snprintf(where, sizeof where, point == NULL ? "'%s'" : "'%s' AND schema = '%.*s'", name, (int)(name - argument - 1),
             argument);
    snprintf(
        sql, sizeof sql,
        "DESCRIBE %s; SELECT diststyle, sortkey1, tbl_rows AS rows, size AS mb, skew_rows, stats_off FROM svv_table_info "
        "WHERE \"table\" = %s; SELECT coalesce(a.attname, c.relname) AS of, d.description AS comment FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_description d ON d.objoid = c.oid LEFT JOIN pg_attribute a "
        "ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0 CROSS JOIN LATERAL (SELECT n.nspname) s (schema) "
        "WHERE c.relname = %s ORDER BY d.objsubid",
        argument, where, where);
    return run_sql(shell, sql);
}

static bool run_list_tables(Shell *shell, const char *argument) {
    (void)argument;
    return run_sql(shell, "SHOW TABLES");
}

static bool run_list_functions(Shell *shell, const char *argument) {
    (void)argument;
    return run_sql(shell, "SHOW FUNCTIONS");
}

static bool run_list_views(Shell *shell, const char *argument) {
    (void)argument;
    return run_sql(shell, "SELECT schemaname AS schema, viewname AS view, definition FROM pg_views ORDER BY 1, 2");
}

static bool run_list_schemas(Shell *shell, const char *argument) {
    (void)argument;
    return run_sql(shell,
                   "SELECT n.nspname AS schema, count(c.oid) AS relations, max(d.description) AS comment FROM pg_namespace n "
                   "LEFT JOIN pg_class c ON c.relnamespace = n.oid LEFT JOIN pg_description d ON d.objoid = n.oid "
                   "AND d.objsubid = 0 GROUP BY 1 ORDER BY 1");
}

static bool run_list_databases(Shell *shell, const char *argument) {
    (void)argument;
    return run_sql(shell, "SELECT datname AS warehouse, datcollate AS collation FROM pg_database");
}

/* "name value": quotes around the value go, doubled ones inside are one. */
static bool run_set(Shell *shell, const char *argument) {
    char name[128];
    size_t bytes = strcspn(argument, " \t");
    if (bytes == 0) {
        variables_print(shell->variables, shell->out);
        return true;
    }
    if (bytes >= sizeof name) {
        fprintf(stderr, "\\set: the name is too long\n");
        return false;
    }
    memcpy(name, argument, bytes);
    name[bytes] = 0;
    const char *value = argument + bytes + strspn(argument + bytes, " \t");
    size_t length = strlen(value);
    char text[4096];
    bool is_quoted = length >= 2 && value[0] == '\'' && value[length - 1] == '\'';
    size_t at = is_quoted, end = length - is_quoted, kept = 0;
    while (at < end && kept + 1 < sizeof text) {
        at += is_quoted && value[at] == '\'' && at + 1 < end && value[at + 1] == '\'';
        text[kept++] = value[at++];
    }
    text[kept] = 0;
    variable_set(&shell->variables, name, text);
    return true;
}

static bool run_unset(Shell *shell, const char *argument) {
    variable_unset(&shell->variables, argument);
    return true;
}

static bool run_echo(Shell *shell, const char *argument) {
    char *replaced = variables_replace(shell->variables, argument, strlen(argument));
    fprintf(shell->out, "%s\n", replaced == NULL ? argument : replaced);
    fflush(shell->out);
    free(replaced);
    return true;
}

static bool run_format(Shell *shell, const char *argument) {
    const RenderFormat *format = render_format_find(argument);
    if (format == NULL) {
        fprintf(stderr, "there is no format \"%s\"\n", argument);
        return false;
    }
    shell->format = format;
    return true;
}

static bool run_include(Shell *shell, const char *argument) {
    if (shell->include_depth >= 16) {
        fprintf(stderr, "\\i: files include each other too deeply\n");
        return false;
    }
    shell->include_depth++;
    bool ok = shell_run_file(shell, argument);
    shell->include_depth--;
    return ok;
}

static bool run_quit(Shell *shell, const char *argument) {
    (void)argument;
    shell->quit = true;
    return true;
}

static bool run_timing(Shell *shell, const char *argument) {
    return switch_flag(&shell->timing, argument, "Timing");
}
static bool run_cost(Shell *shell, const char *argument) {
    return switch_flag(&shell->cost, argument, "Cost") &&
           depot_set(shell->db, "show_cost", shell->cost ? "on" : "off") == DEPOT_OK;
}
static bool run_expanded(Shell *shell, const char *argument) {
    return switch_flag(&shell->expanded, argument, "Expanded display");
}

static const struct {
    const char *name;
    bool (*run)(Shell *shell, const char *argument);
    const char *argument, *help;
} commands[] = {
#define COMMAND(name, function, argument, help) {name, run_##function, argument, help},
#include "tools/shell/commands.def"
#undef COMMAND
};

const char *shell_command_name(uint32_t index) {
    return index < sizeof commands / sizeof *commands ? commands[index].name : NULL;
}

static bool run_help(Shell *shell, const char *argument) {
    (void)argument;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        fprintf(shell->out, "  \\%-8s %-10s %s\n", commands[i].name, commands[i].argument, commands[i].help);
    }
    return true;
}

bool shell_run_command(Shell *shell, const char *line, size_t bytes) {
    char text[4096];
    bytes = bytes < sizeof text ? bytes : sizeof text - 1;
    memcpy(text, line, bytes);
    text[bytes] = 0;
    size_t end = strlen(text);
    while (end > 1 && (isspace((unsigned char)text[end - 1]) || text[end - 1] == ';')) {
        text[--end] = 0;
    }
    size_t name_bytes = strcspn(text + 1, " \t");
    const char *argument = text + 1 + name_bytes;
    argument += strspn(argument, " \t");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strlen(commands[i].name) == name_bytes && strncmp(commands[i].name, text + 1, name_bytes) == 0) {
            return commands[i].run(shell, argument);
        }
    }
    fprintf(stderr, "invalid command \\%.*s; \\? lists them\n", (int)name_bytes, text + 1);
    return false;
}
