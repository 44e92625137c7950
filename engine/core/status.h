/* Errors as values. A function that can fail returns Status: OK (0) or the kind of failure; the details stand in the
 * Error that the call chain's Context carries. fail() fills the Error and returns the Status, TRY() passes it on. Nothing
 * below tools/ prints, and nothing jumps. */
#ifndef DEPOT_CORE_STATUS_H
#define DEPOT_CORE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum Status {
    OK = 0,
#define STATUS(name, sqlstate) name,
#include "core/status.def"
#undef STATUS
    STATUS_COUNT
} Status;

/* The values are to blame, not what the machine could do or the user's Ctrl-C: other values might not fail. */
static inline bool status_is_of_data(Status status) {
    return status != OUT_OF_MEMORY && status != INTERNAL_ERROR && status != QUERY_CANCELED;
}

/* Byte offset into the text of the statement; POS_NONE where an error has no place. */
typedef uint32_t SourcePos;
#define POS_NONE UINT32_MAX

typedef struct Error {
    Status status;
    SourcePos pos;
    char message[1024]; /* without "ERROR:", no final full stop */
    char hint[512];     /* empty if there is none */
} Error;

struct MemoryAccount;
struct Settings;
struct NoticeList;
struct TimeZone;
struct TimeZones;

/* What a call chain needs; the first parameter of nearly everything. One per thread of execution: the Error is private to
 * the thread, the rest is shared by all threads of a statement and safe to use from each. */
typedef struct Context {
    Error *error;                    /* borrowed, never NULL */
    struct MemoryAccount *memory;    /* borrowed; what allocations are charged to */
    const struct Settings *settings; /* borrowed; the statement's settings (core/settings.h) */
    const _Atomic(bool) *cancel;     /* borrowed; set by another thread to stop the statement; may be NULL */
    struct NoticeList *notices;      /* borrowed; may be NULL: notices are then dropped (core/notice.h) */
    int64_t now_micros; /* when the statement began, in microseconds since 1970 UTC: what now() gives; 0: the clock is read */
    bool *is_momentary; /* borrowed; set where a value holds for this statement alone: the time, the query log, a file's look;
                         * NULL: nobody asks */
    struct TimeZones *zones;     /* borrowed; time zones by name (core/timezone.h); may be NULL: only UTC is known */
    const struct TimeZone *zone; /* borrowed; the session's; NULL: UTC */
} Context;

#if defined(__GNUC__)
#define FORMAT_LIKE_PRINTF(at, first) __attribute__((__format__(printf, at, first)))
#define MUST_CHECK __attribute__((warn_unused_result))
#endif

#define TRY(call)                                                                                                              \
    do {                                                                                                                       \
        Status try_status_ = (call);                                                                                           \
        if (__builtin_expect(try_status_ != OK, 0)) {                                                                          \
            return try_status_;                                                                                                \
        }                                                                                                                      \
    } while (0)

/* In functions with one `done:` label that cleans up and returns `status`. */
#define TRY_GOTO(call)                                                                                                         \
    do {                                                                                                                       \
        status = (call);                                                                                                       \
        if (__builtin_expect(status != OK, 0)) {                                                                               \
            goto done;                                                                                                         \
        }                                                                                                                      \
    } while (0)

static inline void note_momentary(const Context *cx) {
    if (cx->is_momentary != NULL) {
        *cx->is_momentary = true;
    }
}

/* Fills the context's Error (position POS_NONE, no hint) and returns `status`. */
Status fail(const Context *cx, Status status, const char *format, ...) FORMAT_LIKE_PRINTF(3, 4);
/* The same, with a place in the statement's text. */
Status fail_at(const Context *cx, SourcePos pos, Status status, const char *format, ...) FORMAT_LIKE_PRINTF(4, 5);
/* Adds a hint to the error just filled; returns its status, so that `return fail_hint(cx, …)` follows fail(). */
Status fail_hint(const Context *cx, const char *format, ...) FORMAT_LIKE_PRINTF(2, 3);
/* Refuses a construct by name: 0A000, "<what> is not supported yet". `what` starts in lower case or is a SQL word. */
Status fail_unsupported(const Context *cx, SourcePos pos, const char *what);
/* Gives an error that has no place one (a callee knew none). */
void error_set_pos_if_none(const Context *cx, SourcePos pos);
/* QUERY_CANCELED if the cancel flag is set. Call once per batch or block, and in longer loops every CANCEL_ROWS rows: memory
 * that was never touched may take tens of milliseconds per MB. */
Status check_cancel(const Context *cx) MUST_CHECK;
#define CANCEL_ROWS 65536

const char *status_sqlstate(Status status); /* five characters, static */
const char *status_name(Status status);     /* the name in status.def, static */
void error_clear(Error *error);

/* Line and column (both from 1, column in characters) of `pos` in `text`, and the line itself: [*line_start, *line_end). */
void source_locate(const char *text, size_t bytes, SourcePos pos, uint32_t *line, uint32_t *column, size_t *line_start,
                   size_t *line_end);

#endif
