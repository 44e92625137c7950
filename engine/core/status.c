/* Errors: filling them in, and finding their place in the statement's text. */
#include "core/status.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *sqlstate;
} statuses[STATUS_COUNT] = {
    [OK] = {"OK", "00000"},
#define STATUS(name, sqlstate) [name] = {#name, sqlstate},
#include "core/status.def"
#undef STATUS
};

static Status fail_va(const Context *cx, SourcePos pos, Status status, const char *format, va_list args) {
    Error *error = cx->error;
    error->status = status;
    error->pos = pos;
    error->hint[0] = 0;
    vsnprintf(error->message, sizeof error->message, format, args);
    return status;
}

Status fail(const Context *cx, Status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail_va(cx, POS_NONE, status, format, args);
    va_end(args);
    return status;
}

Status fail_at(const Context *cx, SourcePos pos, Status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail_va(cx, pos, status, format, args);
    va_end(args);
    return status;
}

Status fail_hint(const Context *cx, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(cx->error->hint, sizeof cx->error->hint, format, args);
    va_end(args);
    return cx->error->status;
}

Status fail_unsupported(const Context *cx, SourcePos pos, const char *what) {
    return fail_at(cx, pos, FEATURE_NOT_SUPPORTED, "%s is not supported yet", what);
}

void error_set_pos_if_none(const Context *cx, SourcePos pos) {
    if (cx->error->pos == POS_NONE) {
        cx->error->pos = pos;
    }
}

Status check_cancel(const Context *cx) {
    if (cx->cancel != NULL && atomic_load_explicit(cx->cancel, memory_order_relaxed)) {
        return fail(cx, QUERY_CANCELED, "canceling statement due to user request");
    }
    return OK;
}

const char *status_sqlstate(Status status) {
    return statuses[status].sqlstate;
}
const char *status_name(Status status) {
    return statuses[status].name;
}

void error_clear(Error *error) {
    error->status = OK;
    error->pos = POS_NONE;
    error->message[0] = 0;
    error->hint[0] = 0;
}

void source_locate(const char *text, size_t bytes, SourcePos pos, uint32_t *line, uint32_t *column, size_t *line_start,
                   size_t *line_end) {
    size_t at = pos < bytes ? pos : bytes;
    size_t start = 0;
    *line = 1;
    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n') {
            (*line)++;
            start = i + 1;
        }
    }
    *column = 1;
    for (size_t i = start; i < at; i++) {
        *column += ((unsigned char)text[i] & 0xc0) != 0x80; /* count characters, not continuation bytes */
    }
    const char *end = bytes > start ? memchr(text + start, '\n', bytes - start) : NULL;
    *line_start = start;
    *line_end = end != NULL ? (size_t)(end - text) : bytes;
}
