/* EXPLAIN (NODES 32, SCALE 10000, DISTKEY t(c)): what is to be supposed for a plan that never runs (plan/what_if.h). */
#include "bind/bind.h"
#include "session/session.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MAX 10000
#define SCALE_MAX 1e12

static bool is_named(const AstOption *option, const char *name) {
    return strcmp(option->name, name) == 0;
}

bool is_supposition(const AstOption *option) {
    return option->design != NULL || is_named(option, "nodes") || is_named(option, "scale");
}

static Status read_number(const Context *cx, const AstOption *option, double least, double most, double *number) {
    char *end = NULL;
    errno = 0;
    *number = option->value == NULL ? NAN : strtod(option->value, &end);
    bool is_number = option->value != NULL && end != option->value && *end == '\0' && errno == 0;
    if (is_number && *number >= least && *number <= most) {
        return OK;
    }
    return fail_at(cx, option->value == NULL ? option->pos : option->value_pos, INVALID_PARAMETER_VALUE,
                   "%s wants a number from %.10g to %.10g", option->name, least, most);
}

static Status suppose_design(const Context *cx, depot_statement *statement, const AstOption *option, WhatIf *what_if,
                             DesignChange *changes) {
    Run *run = &statement->run;
    DesignChange *change = &changes[what_if->change_count];
    TableSchema *schema;
    TRY(bind_design(cx, &run->arena, run->snapshot, option->design, &change->table, &schema));
    change->schema = schema;
    for (uint32_t i = 0; i < what_if->change_count; i++) {
        if (changes[i].table == change->table) {
            fail_at(cx, option->pos, SYNTAX_ERROR, "\"%s\" is given two designs", schema->name);
            return fail_hint(cx, "say all in one: TABLE %s DISTKEY … SORTKEY …", schema->name);
        }
    }
    what_if->change_count++;
    return OK;
}

static Status suppose_option(const Context *cx, depot_statement *statement, const AstOption *option, WhatIf *what_if,
                             DesignChange *changes) {
    double nodes;
    if (option->design != NULL) {
        return suppose_design(cx, statement, option, what_if, changes);
    }
    if (is_named(option, "scale")) {
        return read_number(cx, option, 1e-6, SCALE_MAX, &what_if->scale);
    }
    TRY(read_number(cx, option, 1, NODES_MAX, &nodes));
    if (nodes != floor(nodes)) {
        return fail_at(cx, option->value_pos, INVALID_PARAMETER_VALUE, "nodes wants a whole number");
    }
    what_if->nodes = (uint32_t)nodes;
    return OK;
}

static const AstOption *find_supposition(const AstOptionList *list) {
    for (uint32_t i = 0; i < list->count; i++) {
        if (is_supposition(list->items[i])) {
            return list->items[i];
        }
    }
    return NULL;
}

Status suppose(const Context *cx, depot_statement *statement, bool is_run) {
    const AstExplain *explain = statement->ast->explain;
    const AstOption *first = find_supposition(&explain->options);
    WhatIf *what_if;
    DesignChange *changes;
    if (first == NULL) {
        return OK;
    }
    if (is_run) {
        fail_at(cx, first->pos, FEATURE_NOT_SUPPORTED,
                "a plan for a warehouse that is not there cannot be run: leave out ANALYZE");
        return fail_hint(cx, "COMPARE (TABLE t DISTKEY c, DEFAULT) SELECT … builds a design and runs it");
    }
    if (explain->statement->kind != AST_STATEMENT_QUERY) {
        return fail_unsupported(cx, first->pos, "a what-if plan of a statement that changes rows");
    }
    TRY_NEW(cx, &statement->run.arena, what_if);
    TRY_NEW_ARRAY(cx, &statement->run.arena, changes, explain->options.count);
    *what_if = (WhatIf){.scale = 1, .changes = changes};
    for (uint32_t i = 0; i < explain->options.count; i++) {
        if (is_supposition(explain->options.items[i])) {
            TRY(suppose_option(cx, statement, explain->options.items[i], what_if, changes));
        }
    }
    statement->run.what_if = what_if;
    return OK;
}
