/* What EXPLAIN writes into: lines of text, or one JSON text (Explainer.json). A property goes to both; lines only to the
 * text, facts only to the JSON, where what a line tells in a sentence stands as values of their own. */
#include "plan/explain.h"

#include <stdarg.h>
#include <stdio.h>

static Status add_line(Explainer *e, const char *line) {
    TRY_APPEND(e->cx, e->arena, e->lines, e->capacity, e->count, line);
    return OK;
}

/* indent spaces, then the text. */
static Status format_text(Explainer *e, uint32_t indent, const char *format, va_list args, char **out) {
    va_list again;
    va_copy(again, args);
    int bytes = vsnprintf(NULL, 0, format, again);
    va_end(again);
    TRY_NEW_ARRAY(e->cx, e->arena, *out, indent + (uint32_t)bytes + 1);
    memset(*out, ' ', indent);
    vsnprintf(*out + indent, (size_t)bytes + 1, format, args);
    return OK;
}

Status explain_line(Explainer *e, uint32_t indent, const char *format, ...) {
    char *line;
    if (e->json != NULL) {
        return OK;
    }
    va_list args;
    va_start(args, format);
    Status status = format_text(e, indent, format, args, &line);
    va_end(args);
    TRY(status);
    return add_line(e, line);
}

Status explain_property(Explainer *e, uint32_t indent, const char *key, const char *format, ...) {
    char *value;
    va_list args;
    va_start(args, format);
    Status status = format_text(e, 0, format, args, &value);
    va_end(args);
    TRY(status);
    return e->json != NULL ? json_text(e->json, key, value) : explain_line(e, indent, "%s: %s", key, value);
}

Status explain_list(Explainer *e, uint32_t indent, const char *key, const char *const *items, uint32_t count) {
    if (e->json == NULL) {
        const char *all = NULL;
        for (uint32_t i = 0; i < count; i++) {
            TRY(explain_append(e, &all, ", ", "%s", items[i]));
        }
        return explain_line(e, indent, "%s: %s", key, all == NULL ? "" : all);
    }
    TRY(json_open(e->json, key, '['));
    for (uint32_t i = 0; i < count; i++) {
        TRY(json_text(e->json, NULL, items[i]));
    }
    return json_close(e->json, ']');
}

Status explain_append(Explainer *e, const char **text, const char *separator, const char *format, ...) {
    char *more;
    va_list args;
    va_start(args, format);
    Status status = format_text(e, 0, format, args, &more);
    va_end(args);
    TRY(status);
    *text = *text == NULL ? more : arena_format(e->cx, e->arena, "%s%s%s", *text, separator, more);
    return *text == NULL ? OUT_OF_MEMORY : OK;
}

Status explain_fact(Explainer *e, const char *key, uint64_t number) {
    return e->json == NULL ? OK : json_integer(e->json, key, number);
}

Status explain_fact_real(Explainer *e, const char *key, double number, int decimals) {
    return e->json == NULL ? OK : json_real(e->json, key, number, decimals);
}

Status explain_fact_text(Explainer *e, const char *key, const char *text) {
    return e->json == NULL ? OK : json_text(e->json, key, text);
}
