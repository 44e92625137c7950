/* The query log as tables, named and ordered as Amazon Redshift's: stl_query, svl_qlog, stl_querytext, sys_query_history. What
 * a warehouse of one user has not got (labels, queues, scaling) is empty there. */
#include "exec/system_log.h"

#include <unistd.h>

#define TEXT_PIECE_BYTES 200
#define QLOG_TEXT_BYTES 60

static Value part_of_text(const SystemFill *fill, const char *text, size_t from, size_t bytes) {
    size_t left = strlen(text) - from;
    return row_text(arena_copy_text(fill->cx, fill->arena, text + from, left < bytes ? left : bytes));
}

/* The end of a piece that begins at `from`: whole characters only. */
static size_t piece_bytes(const char *text, size_t from, size_t most) {
    size_t left = strlen(text) - from, bytes = left < most ? left : most;
    while (bytes < left && bytes > 0 && ((unsigned char)text[from + bytes] & 0xc0) == 0x80) {
        bytes--;
    }
    return bytes;
}

static bool is_in_stl(const LoggedQuery *query) {
    return query->has_plan && query->reads_tables;
}

static Status add_stl_query(void *fill_, const LoggedQuery *query) {
    SystemFill *fill = fill_;
    if (is_in_stl(query)) {
        ADD_ROW(fill, row_number(SYSTEM_USER_OID), row_number(query->id), row_text("default"), row_number(query->id),
                row_integer(getpid()), row_text(fill->database), row_text(query->text), row_moment(query->start_micros),
                row_moment(query->end_micros), row_number(query->error != NULL), row_number(0), row_number(0));
    }
    return OK;
}

static Status add_svl_qlog(void *fill_, const LoggedQuery *query) {
    SystemFill *fill = fill_;
    if (is_in_stl(query)) {
        ADD_ROW(fill, row_number(SYSTEM_USER_OID), row_number(query->id), row_number(query->id), row_integer(getpid()),
                row_moment(query->start_micros), row_moment(query->end_micros), row_number(query->elapsed_ns / 1000),
                row_number(query->error != NULL), row_text("default"),
                part_of_text(fill, query->text, 0, piece_bytes(query->text, 0, QLOG_TEXT_BYTES)), row_null(), row_null());
    }
    return OK;
}

static Status add_stl_querytext(void *fill_, const LoggedQuery *query) {
    SystemFill *fill = fill_;
    size_t from = 0;
    for (uint64_t sequence = 0; is_in_stl(query) && query->text[from] != 0; sequence++) {
        size_t bytes = piece_bytes(query->text, from, TEXT_PIECE_BYTES);
        ADD_ROW(fill, row_number(SYSTEM_USER_OID), row_number(query->id), row_integer(getpid()), row_number(query->id),
                row_number(sequence), part_of_text(fill, query->text, from, bytes));
        from += bytes;
    }
    return OK;
}

static Status add_sys_query_history(void *fill_, const LoggedQuery *query) {
    SystemFill *fill = fill_;
    ADD_ROW(fill, row_number(SYSTEM_USER_OID), row_number(query->id), row_text("default"), row_number(query->id),
            row_integer(getpid()), row_text(fill->database), row_text(query->tag),
            row_text(query->error == NULL ? "success" : "failed"), row_boolean(false), row_moment(query->start_micros),
            row_moment(query->end_micros), row_number(query->elapsed_ns / 1000), row_number(0),
            row_number(query->execution_ns / 1000), row_text(query->error), row_number(query->rows), row_null(),
            row_text(query->text), row_text("Depot " DEPOT_VERSION), row_null(), row_text("primary"), row_number(0),
            row_number(query->planning_ns / 1000), row_number(0), row_number(query->bytes_scanned),
            row_number(query->bytes_moved), row_number(query->bytes_to_leader), row_number(query->peak_memory_bytes),
            row_number(query->spilled_bytes));
    return OK;
}

FILL_FROM_LOG(stl_query, add_stl_query)
FILL_FROM_LOG(svl_qlog, add_svl_qlog)
FILL_FROM_LOG(stl_querytext, add_stl_querytext)
FILL_FROM_LOG(sys_query_history, add_sys_query_history)
